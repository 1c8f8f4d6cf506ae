//! Shortens the names under which the module imports from its JavaScript. Each
//! carries a hash, which no compression can shrink, and stands in both files.

use std::collections::HashMap;
use std::fs;
use std::mem;
use std::path::Path;

use anyhow::{Context, Result};
use walrus::Module;

/// Renames the imports in the file `module` and in `javascript`, the file that
/// wasm-bindgen made for it.
pub fn shorten(module: &Path, javascript: &Path) -> Result<()> {
    let mut wasm = Module::from_file(module)
        .with_context(|| format!("cannot read the module {}", module.display()))?;
    let mut short_names = HashMap::new();
    for (number, import) in wasm.imports.iter_mut().enumerate() {
        let short = format!("i{number}");
        short_names.insert(mem::replace(&mut import.name, short.clone()), short);
    }
    let code = fs::read_to_string(javascript)?;
    fs::write(javascript, rename(&code, &short_names))?;
    wasm.emit_wasm_file(module)
        .with_context(|| format!("cannot write the module {}", module.display()))
}

/// Replaces whole identifiers of the code.
fn rename(code: &str, names: &HashMap<String, String>) -> String {
    let is_part = |character: char| character.is_alphanumeric() || "_$".contains(character);
    let mut renamed = String::with_capacity(code.len());
    let mut rest = code;
    while !rest.is_empty() {
        let end = rest.find(|character| !is_part(character));
        let (identifier, after) = rest.split_at(end.unwrap_or(rest.len()));
        renamed.push_str(names.get(identifier).map_or(identifier, String::as_str));
        let between = after.find(is_part).unwrap_or(after.len());
        renamed.push_str(&after[..between]);
        rest = &after[between..];
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;
    use walrus::FunctionId;

    fn add_import(module: &mut Module, name: &str) -> FunctionId {
        let signature = module.types.add(&[], &[]);
        let (function, _) = module.add_import_func("./site_bg.js", name, signature);
        function
    }

    #[test]
    fn both_files_name_an_import_alike() {
        let folder = tempfile::tempdir().unwrap();
        let module = folder.path().join("site_bg.wasm");
        let javascript = folder.path().join("site.js");
        let mut wasm = Module::default();
        for name in ["__wbg_body_5f97", "__wbg_bodyUsed_1a"] {
            let function = add_import(&mut wasm, name);
            wasm.exports.add(name, function);
        }
        wasm.emit_wasm_file(&module).unwrap();
        let code = "const a = {\n __wbg_body_5f97: (b) => b.body,\n __wbg_bodyUsed_1a: c,\n};";
        fs::write(&javascript, code).unwrap();

        shorten(&module, &javascript).unwrap();

        let wasm = Module::from_file(&module).unwrap();
        let names: Vec<_> = wasm.imports.iter().map(|import| &import.name).collect();
        assert_eq!(names, ["i0", "i1"]);
        assert_eq!(
            fs::read_to_string(&javascript).unwrap(),
            "const a = {\n i0: (b) => b.body,\n i1: c,\n};"
        );
    }

    #[test]
    fn a_name_within_another_stays() {
        let names = HashMap::from([("add".to_owned(), "i0".to_owned())]);
        assert_eq!(
            rename("add(added, $add, _add); x.add", &names),
            "i0(added, $add, _add); x.i0"
        );
    }
}
