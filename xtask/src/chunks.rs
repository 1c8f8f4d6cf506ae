//! Cuts the module into what every page needs and chunks that some pages need. The cuts
//! are the functions of `frontend` that say so; what only they reach goes with them, and
//! what several of them reach becomes a chunk of its own.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use wasm_split_cli_support::{Options, transform};

/// The parts of a module besides the one that every page needs.
#[derive(Default)]
pub struct Parts {
    /// The names of the files that a page needs, by the name of its chunk.
    files: BTreeMap<String, Vec<String>>,
}

impl Parts {
    /// The names of all files with chunks.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let mut files: Vec<&str> = self.files.values().flatten().map(String::as_str).collect();
        files.sort_unstable();
        files.dedup();
        files.into_iter()
    }

    /// For the server, a line for each chunk: its name and its files, which are called
    /// by the name of the whole.
    pub fn list(&self, name: &str) -> String {
        let mut list = String::new();
        for (chunk, files) in &self.files {
            list.push_str(chunk);
            for file in files {
                let _infallible = write!(list, " {}", named(name, file));
            }
            list.push('\n');
        }
        list
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

/// How the library that cuts loads chunks, and how wasm-bindgen loads the rest, which also
/// does so from servers that call the files something else than `application/wasm`.
const LOADING_CHUNKS: &str = "WebAssembly.instantiateStreaming(src, imports)";
const LOADING_THE_REST: &str = "__wbg_load(await src, imports)";

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
/// loaded in one way, and let go together.
pub fn join(loader: &str, javascript: &str) -> Result<String> {
    let (import, loader) = loader.split_once('\n').unwrap_or_default();
    ensure!(
        import.starts_with("import { initSync } from "),
        "what loads chunks begins with something else than its import: {import}"
    );
    ensure!(
        loader.contains(LOADING_CHUNKS) && javascript.contains("async function __wbg_load("),
        "chunks, or the rest, are loaded in another way than before"
    );
    ensure!(
        javascript.contains(MODULE),
        "the script keeps its module elsewhere than before"
    );
    let loader = loader.replace(LOADING_CHUNKS, LOADING_THE_REST);
    Ok(format!("{javascript}\n{loader}{LETTING_GO}"))
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

    fn parts() -> Parts {
        Parts::of(&[
            ("b", "both.wasm"),
            ("b", "b.wasm"),
            ("a", "both.wasm"),
            ("a", "a.wasm"),
        ])
    }

    #[test]
    fn the_list_names_the_files_of_each_chunk() {
        assert_eq!(
            parts().list("x-1"),
            "a x-1_both.wasm x-1_a.wasm\nb x-1_both.wasm x-1_b.wasm\n"
        );
    }

    #[test]
    fn a_file_that_two_need_is_there_once() {
        let parts = parts();
        assert_eq!(
            parts.files().collect::<Vec<_>>(),
            ["a.wasm", "b.wasm", "both.wasm"]
        );
    }

    const LOADER: &str = "import { initSync } from \"./x.js\";\n\
        export const load = async (imports) => WebAssembly.instantiateStreaming(src, imports);\n";
    const JAVASCRIPT: &str = "let wasmModule, wasmInstance, wasm;\nfunction initSync() {}\nasync function __wbg_load(module, imports) {}\nexport { initSync };";

    #[test]
    fn the_script_does_not_import_from_itself_what_it_declares() {
        let joined = join(LOADER, JAVASCRIPT).unwrap();
        assert_eq!(joined.matches("import {").count(), 0);
        assert!(joined.contains("export const load"));
        join("const changed = 1;\n", JAVASCRIPT).unwrap_err();
    }

    #[test]
    fn chunks_are_loaded_as_the_rest_is() {
        let joined = join(LOADER, JAVASCRIPT).unwrap();
        assert!(joined.contains("(imports) => __wbg_load(await src, imports)"));
        assert!(!joined.contains("instantiateStreaming"));
        join(LOADER, "function initSync() {}").unwrap_err();
        let changed = LOADER.replace("instantiateStreaming", "compileStreaming");
        join(&changed, JAVASCRIPT).unwrap_err();
    }

    #[test]
    fn a_module_that_broke_off_is_let_go() {
        let joined = join(LOADER, JAVASCRIPT).unwrap();
        assert!(joined.contains("{ wasm = nothing; }"));
        join(LOADER, &JAVASCRIPT.replace("wasm;", "exports;")).unwrap_err();
    }
}
