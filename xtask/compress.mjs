// Writes a brotli copy beside every file of the folder. Node is on the machine
// for binaryen anyway, and an unoptimised compressor in xtask would take a minute.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const [folder] = process.argv.slice(2);
const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());

for (const file of files) {
  const path = join(file.parentPath ?? file.path, file.name);
  const contents = readFileSync(path);
  const compressed = brotliCompressSync(contents, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: contents.length,
    },
  });
  writeFileSync(`${path}.br`, compressed);
}
