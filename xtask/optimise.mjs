// Makes WASM modules small, in place. One process takes many: wasm-opt is a program of ten megabytes of WASM
// itself, which takes longer to start than most parts of the site to be made small.
import { readFileSync, writeFileSync } from 'node:fs';
import binaryen from '../end2end/node_modules/binaryen/index.js';

// What rustc and wasm-bindgen may emit; every current browser has it.
const { BulkMemory, BulkMemoryOpt, NontrappingFPToInt, SignExt, MutableGlobals, ReferenceTypes, Multivalue } = binaryen.Features;
const FEATURES = BulkMemory | BulkMemoryOpt | NontrappingFPToInt | SignExt | MutableGlobals | ReferenceTypes | Multivalue;

// All of this is for the compressed size, which is what travels. Functions of one name, made from one source for many
// types, are much alike, and brotli makes more of them side by side; the same is why a shrink level of one, as of -Os,
// beats two, and why a function stays one although it is called once. Very small ones are longer as a call with its
// arguments. What is flat between the passes is cut into loops and branches anew, and is then smaller.
binaryen.setOptimizeLevel(2);
binaryen.setShrinkLevel(1);
binaryen.setOneCallerInlineMaxSize(20);
binaryen.setAlwaysInlineMaxSize(4);
// The first kilobyte of memory is the far end of the stack.
binaryen.setLowMemoryUnused(true);

for (const file of process.argv.slice(2)) {
  const module = binaryen.readBinary(readFileSync(file));
  module.setFeatures(FEATURES);
  module.optimize();
  module.runPasses(['flatten', 'rereloop']);
  module.optimize();
  module.optimize();
  // Who made a module, and for which features of the engine, stands in each part.
  module.runPasses(['reorder-functions-by-name', 'strip-producers', 'strip-target-features']);
  writeFileSync(file, module.emitBinary());
  module.dispose();
}
