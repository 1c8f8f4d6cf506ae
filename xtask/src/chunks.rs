//! Cuts the module into what every page needs and chunks that some pages need. The cuts
//! are the functions of `frontend` that say so; what only they reach goes with them, and
//! what several of them reach becomes a part of its own.
//!
//! A chunk travels as one file with all of its parts, each a custom section: many small files
//! are a fifth larger when compressed. What two chunks share is in the files of both, and is
//! started once.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use wasm_encoder::{CustomSection, Module};
use wasm_split_cli_support::{Options, transform};

/// The parts of a module besides the one that every page needs.
#[derive(Default)]
pub struct Parts {
    /// The names of the files that a chunk consists of, by its name. The last one is its own.
    files: BTreeMap<String, Vec<String>>,
}

impl Parts {
    /// The names of the files with parts, as long as they are not packed.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let mut files: Vec<&str> = self.files.values().flatten().map(String::as_str).collect();
        files.sort_unstable();
        files.dedup();
        files.into_iter()
    }

    /// The names of the chunks, and of the files that they are packed into.
    pub fn packed(&self) -> impl Iterator<Item = (&str, &str)> {
        let chunks = self.files.iter();
        chunks.filter_map(|(chunk, files)| Some((chunk.as_str(), files.last()?.as_str())))
    }

    /// For the server, a line for each chunk: its name and its file, which is called
    /// by the name of the whole.
    pub fn list(&self, name: &str) -> String {
        let mut list = String::new();
        for (chunk, file) in self.packed() {
            let _infallible = writeln!(list, "{chunk} {}", named(name, file));
        }
        list
    }

    /// Packs the parts of each chunk in `folder` into one file.
    pub fn pack(&self, folder: &Path) -> Result<()> {
        let mut contents = BTreeMap::new();
        for file in self.files() {
            let path = folder.join(file);
            contents.insert(file, fs::read(&path)?);
            fs::remove_file(path)?;
        }
        for (chunk, file) in self.packed() {
            let mut packed = Module::new();
            for part in &self.files[chunk] {
                packed.section(&CustomSection {
                    name: part.into(),
                    data: contents[part.as_str()].as_slice().into(),
                });
            }
            fs::write(folder.join(file), packed.finish())?;
        }
        Ok(())
    }

    /// For the script, the parts of each file: `[["./b.wasm", ["both.wasm", "b.wasm"]]]`.
    fn contents(&self) -> String {
        let files = self.packed().map(|(chunk, file)| {
            let parts = self.files[chunk].iter().map(|part| format!("\"{part}\""));
            let parts: Vec<_> = parts.collect();
            format!("[\"./{file}\", [{}]]", parts.join(", "))
        });
        format!("[{}]", files.collect::<Vec<_>>().join(", "))
    }
}

/// What the file of a chunk is called once the whole has its name.
pub fn named(name: &str, file: &str) -> String {
    format!("{name}_{file}")
}

/// Cuts the module, writes what every page needs to the file `main` and the chunks into
/// `folder`, and returns what loads them: a part of `script`, the JavaScript that
/// wasm-bindgen will make there.
pub fn cut(module: &[u8], main: &Path, folder: &Path, script: &str) -> Result<(Parts, String)> {
    let script = format!("./{script}");
    fs::create_dir_all(folder)?;
    let mut options = Options::new(module);
    options.output_dir = folder;
    options.main_out_path = main;
    options.link_name = &script;
    options.main_module = &script;
    let cut = transform(options)
        .map_err(|error| anyhow!("{error:#}"))
        .context("cannot cut the module into chunks")?;
    let loader = fs::read_to_string(folder.join(&script))?;
    let files = cut.prefetch_map.into_iter().map(|(chunk, names)| {
        let files = names.iter().map(|name| format!("{name}.wasm")).collect();
        (chunk, files)
    });
    Ok((
        Parts {
            files: files.collect(),
        },
        loader,
    ))
}

/// How the library that cuts starts a part, and how wasm-bindgen starts the rest, which does
/// so whatever it is given.
const STARTING_PARTS: &str = "WebAssembly.instantiateStreaming(src, imports)";
const STARTING_THE_REST: &str = "__wbg_load(await src, imports)";

/// How the library that cuts asks for a part, and how we do.
const ASKING_FOR_A_PART: [&str; 2] = ["fetch(new URL(\"./", "\", import.meta.url))"];
const ASKING_OUR_WAY: [&str; 2] = ["part(\"", "\")"];
/// All parts of a chunk that are not there yet are asked for in one go, its own among them, which
/// says what file they are in.
const ASKING: &str = "
let asked = [];
const part = (name) => new Promise((found, failed) => {
  if (!asked.length) queueMicrotask(fetchAsked);
  asked.push({ name, found, failed });
});
const fetchAsked = () => {
  const parts = asked;
  asked = [];
  for (const [file, names] of packed) {
    if (!parts.some(({ name }) => name === names.at(-1))) continue;
    const module = compiled(file);
    for (const { name, found, failed } of parts) {
      if (names.includes(name)) module.then((module) => found(WebAssembly.Module.customSections(module, name)[0])).catch(failed);
    }
  }
};
const compiled = async (file) => {
  const answer = await fetch(new URL(file, import.meta.url));
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  return WebAssembly.compile(await answer.arrayBuffer());
};
";

/// Where wasm-bindgen keeps what it calls of the module.
const MODULE: &str = "let wasmModule, wasmInstance, wasm;";
/// Once the module has broken off, what calls it finds nothing, whatever it is: timers, the
/// stream, listeners, which then keep the browser from nothing. Calling it again would panic
/// again, or redraw a part of the page.
const LETTING_GO: &str = "
const nothing = new Proxy(() => [], { get: () => nothing });
addEventListener('takeover-broken', () => { wasm = nothing; });
";

/// One script of both, which import each other: one file needs one request. All parts are
/// started in one way, and let go together.
pub fn join(loader: &str, javascript: &str, parts: &Parts) -> Result<String> {
    let (import, loader) = loader.split_once('\n').unwrap_or_default();
    ensure!(
        import.starts_with("import { initSync } from "),
        "what loads chunks begins with something else than its import: {import}"
    );
    ensure!(
        loader.contains(STARTING_PARTS) && javascript.contains("async function __wbg_load("),
        "parts, or the rest, are started in another way than before"
    );
    ensure!(
        loader.matches(ASKING_FOR_A_PART[0]).count() == parts.files().count(),
        "parts are asked for in another way than before"
    );
    ensure!(
        javascript.contains(MODULE),
        "the script keeps its module elsewhere than before"
    );
    let loader = loader
        .replace(STARTING_PARTS, STARTING_THE_REST)
        .replace(ASKING_FOR_A_PART[0], ASKING_OUR_WAY[0])
        .replace(ASKING_FOR_A_PART[1], ASKING_OUR_WAY[1]);
    let packed = parts.contents();
    Ok(format!(
        "{javascript}\nconst packed = {packed};{ASKING}{loader}{LETTING_GO}"
    ))
}

#[cfg(test)]
impl Parts {
    /// Chunks by their names, each with one file; those of one name together.
    pub fn of(chunks: &[(&str, &str)]) -> Self {
        let mut files = BTreeMap::<String, Vec<String>>::new();
        for (chunk, file) in chunks {
            files
                .entry((*chunk).to_owned())
                .or_default()
                .push((*file).to_owned());
        }
        Self { files }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmparser::{Parser, Payload};

    fn parts() -> Parts {
        Parts::of(&[
            ("b", "both.wasm"),
            ("b", "b.wasm"),
            ("a", "both.wasm"),
            ("a", "a.wasm"),
        ])
    }

    #[test]
    fn the_list_names_the_file_of_each_chunk() {
        assert_eq!(parts().list("x-1"), "a x-1_a.wasm\nb x-1_b.wasm\n");
    }

    #[test]
    fn a_part_that_two_need_is_there_once_until_it_is_packed() {
        let parts = parts();
        assert_eq!(
            parts.files().collect::<Vec<_>>(),
            ["a.wasm", "b.wasm", "both.wasm"]
        );
    }

    #[test]
    fn a_packed_chunk_is_a_module_with_each_part_as_a_section() {
        let folder = tempfile::tempdir().unwrap();
        for part in parts().files() {
            fs::write(folder.path().join(part), format!("code of {part}")).unwrap();
        }
        parts().pack(folder.path()).unwrap();
        let packed = fs::read(folder.path().join("a.wasm")).unwrap();
        let sections = Parser::new(0).parse_all(&packed).filter_map(|part| {
            let Ok(Payload::CustomSection(section)) = part else {
                return None;
            };
            let data = String::from_utf8_lossy(section.data()).into_owned();
            Some((section.name().to_owned(), data))
        });
        let expected =
            ["both.wasm", "a.wasm"].map(|part| (part.to_owned(), format!("code of {part}")));
        assert_eq!(sections.collect::<Vec<_>>(), expected);
        assert!(!folder.path().join("both.wasm").exists());
    }

    const LOADER: &str = "import { initSync } from \"./x.js\";\n\
        export const load = () => { const src = fetch(new URL(\"./a.wasm\", import.meta.url));\n\
        return async (imports) => (WebAssembly.instantiateStreaming(src, imports)); };\n";
    const JAVASCRIPT: &str = "let wasmModule, wasmInstance, wasm;\nfunction initSync() {}\nasync function __wbg_load(module, imports) {}\nexport { initSync };";

    fn joined(loader: &str, javascript: &str) -> Result<String> {
        join(loader, javascript, &Parts::of(&[("a", "a.wasm")]))
    }

    #[test]
    fn the_script_does_not_import_from_itself_what_it_declares() {
        let script = joined(LOADER, JAVASCRIPT).unwrap();
        assert_eq!(script.matches("import {").count(), 0);
        assert!(script.contains("export const load"));
        joined("const changed = 1;\n", JAVASCRIPT).unwrap_err();
    }

    #[test]
    fn parts_are_asked_for_in_their_file_and_started_as_the_rest_is() {
        let script = joined(LOADER, JAVASCRIPT).unwrap();
        assert!(script.contains("const packed = [[\"./a.wasm\", [\"a.wasm\"]]];"));
        assert!(script.contains("const src = part(\"a.wasm\");"));
        assert!(script.contains("(imports) => (__wbg_load(await src, imports))"));
        assert!(!script.contains("instantiateStreaming"));
        joined(LOADER, "function initSync() {}").unwrap_err();
        for (from, to) in [
            ("instantiateStreaming", "compileStreaming"),
            ("new URL", "URL.parse"),
        ] {
            joined(&LOADER.replace(from, to), JAVASCRIPT).unwrap_err();
        }
    }

    #[test]
    fn a_module_that_broke_off_is_let_go() {
        let script = joined(LOADER, JAVASCRIPT).unwrap();
        assert!(script.contains("{ wasm = nothing; }"));
        joined(LOADER, &JAVASCRIPT.replace("wasm;", "exports;")).unwrap_err();
    }
}
