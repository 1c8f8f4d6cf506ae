//! Takes out of the module what the linker has to keep although nothing calls
//! it: a boxed view, attribute or route carries pointers to all that any program
//! might want of it. A trap takes the place of each such function, and wasm-opt
//! drops what only they needed.

use std::path::Path;

use anyhow::{Context, Result};
use rustc_demangle::demangle;
use walrus::{FunctionBuilder, FunctionId, FunctionKind, LocalFunction, Module};

/// Parts of the names of functions, and why the browser never runs them.
const NEVER_CALLED: [&str; 4] = [
    // Only `hydrate_lazy` waits while it takes a page over; we use `hydrate_body`.
    "hydrate_async",
    // Only the `template!` macro makes views out of templates.
    "hydrate_from_template",
    // Only the server lists its routes.
    "generate_routes",
    // Only where attributes are added to a view from outside is one copied; our
    // components take them as parameters.
    "IntoAnyAttribute>::into_any_attr::clone",
];

/// What the names of more such functions end with: a view is asked for its elements
/// for the same reason only.
const NEVER_CALLED_EITHER: &str = "::elements";

/// Rewrites the module in `file`, which must still have the names of its functions.
pub fn prune(file: &Path) -> Result<()> {
    let mut module = Module::from_file(file)
        .with_context(|| format!("cannot read the module {}", file.display()))?;
    let unused: Vec<FunctionId> = module
        .funcs
        .iter_local()
        .map(|(id, _)| id)
        .filter(|id| {
            let name = module.funcs.get(*id).name.as_deref();
            name.is_some_and(is_never_called)
        })
        .collect();
    for id in unused {
        replace_by_trap(&mut module, id);
    }
    module
        .emit_wasm_file(file)
        .with_context(|| format!("cannot write the module {}", file.display()))
}

fn is_never_called(function: &str) -> bool {
    let name = format!("{:#}", demangle(function));
    name.ends_with(NEVER_CALLED_EITHER) || NEVER_CALLED.iter().any(|part| name.contains(part))
}

fn replace_by_trap(module: &mut Module, id: FunctionId) {
    let signature = module.types.get(module.funcs.get(id).ty());
    let (parameters, results) = (signature.params().to_vec(), signature.results().to_vec());
    let trap = trap(module, &parameters, &results);
    module.funcs.get_mut(id).kind = FunctionKind::Local(trap);
}

fn trap(
    module: &mut Module,
    parameters: &[walrus::ValType],
    results: &[walrus::ValType],
) -> LocalFunction {
    let mut builder = FunctionBuilder::new(&mut module.types, parameters, results);
    builder.func_body().unreachable();
    let arguments = parameters
        .iter()
        .map(|kind| module.locals.add(*kind))
        .collect();
    builder.local_func(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use walrus::ir::Instr;

    /// A function of this name that returns the number it is given.
    fn add_function(module: &mut Module, name: &str) {
        let number = [walrus::ValType::I32];
        let argument = module.locals.add(walrus::ValType::I32);
        let mut builder = FunctionBuilder::new(&mut module.types, &number, &number);
        builder.name(name.to_owned());
        builder.func_body().local_get(argument);
        let id = builder.finish(vec![argument], &mut module.funcs);
        module.exports.add(name, id);
    }

    fn traps(module: &Module, name: &str) -> bool {
        let function = module.exports.get_func(name).unwrap();
        let function = module.funcs.get(function).kind.unwrap_local();
        let first = &function.block(function.entry_block()).instrs[0].0;
        matches!(first, Instr::Unreachable(_))
    }

    #[test]
    fn only_what_is_never_called_becomes_a_trap() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("module.wasm");
        let unused = [
            "<T as tachys::view::any_view::IntoAny>::into_any::hydrate_async",
            "_ZN6tachys4view8any_view8elements17haa6552dca8759cdeE",
        ];
        let used = [
            "<T as tachys::view::any_view::IntoAny>::into_any::build",
            "_ZN6tachys4html7element8elements4form17haa6552dca8759cdeE",
        ];
        let mut module = Module::default();
        for name in unused.iter().chain(&used) {
            add_function(&mut module, name);
        }
        module.emit_wasm_file(&file).unwrap();

        prune(&file).unwrap();

        let module = Module::from_file(&file).unwrap();
        assert!(unused.iter().all(|name| traps(&module, name)));
        assert!(!used.iter().any(|name| traps(&module, name)));
    }
}
