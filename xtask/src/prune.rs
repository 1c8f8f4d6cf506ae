//! Takes out of the module what the linker has to keep although nothing calls
//! it: a boxed view or route carries pointers to all that any program might want of
//! it. A trap takes the place of each such function, and wasm-opt drops what only
//! they needed.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result};
use rustc_demangle::demangle;
use walrus::ir::{Visitor, dfs_in_order};
use walrus::{FunctionBuilder, FunctionId, FunctionKind, LocalFunction, Module};

/// Parts of the names of functions, and why the browser never runs them. What has the
/// same code as another function may have got its name from the compiler, so these have
/// to be functions that are like no other.
const NEVER_CALLED: [&str; 2] = [
    // Only `hydrate_lazy` waits while it takes a page over; we use `hydrate_body`.
    "hydrate_async",
    // Only the server lists its routes.
    "generate_routes",
];

/// The names of functions that a trap can take the place of.
pub struct Unused(HashSet<String>);

impl Unused {
    /// The functions of `module`, which must be whole, that are never called: without
    /// those that others call by themselves and not by a pointer. These serve several
    /// purposes, and one of them has given the name.
    pub fn of(module: &Path) -> Result<Self> {
        let module = read(module)?;
        let mut unused = HashSet::new();
        let mut used = Vec::new();
        for (id, _) in module.funcs.iter_local() {
            let name = module.funcs.get(id).name.as_deref();
            if name.is_some_and(is_never_called) {
                unused.insert(id);
            } else {
                used.push(id);
            }
        }
        while let Some(id) = used.pop() {
            let mut callees = Callees::default();
            if let FunctionKind::Local(function) = &module.funcs.get(id).kind {
                dfs_in_order(&mut callees, function, function.entry_block());
            }
            used.extend(callees.0.into_iter().filter(|id| unused.remove(id)));
        }
        let names = unused.into_iter().filter_map(|id| name(&module, id));
        Ok(Self(names.collect()))
    }

    /// Rewrites the module in `file`, the whole or a part of it, which must still have
    /// the names of its functions.
    pub fn prune(&self, file: &Path) -> Result<()> {
        let mut module = read(file)?;
        let local: Vec<FunctionId> = module.funcs.iter_local().map(|(id, _)| id).collect();
        for id in local {
            if name(&module, id).is_some_and(|name| self.0.contains(&name)) {
                replace_by_trap(&mut module, id);
            }
        }
        module
            .emit_wasm_file(file)
            .with_context(|| format!("cannot write the module {}", file.display()))
    }
}

fn read(file: &Path) -> Result<Module> {
    Module::from_file(file).with_context(|| format!("cannot read the module {}", file.display()))
}

/// As wasm-bindgen writes it, with the hash that tells functions of one name apart.
fn name(module: &Module, id: FunctionId) -> Option<String> {
    let name = module.funcs.get(id).name.as_deref()?;
    Some(demangle(name).to_string())
}

/// What a function calls by itself.
#[derive(Default)]
struct Callees(HashSet<FunctionId>);

impl<'a> Visitor<'a> for Callees {
    fn visit_function_id(&mut self, function: &FunctionId) {
        self.0.insert(*function);
    }
}

fn is_never_called(function: &str) -> bool {
    NEVER_CALLED.iter().any(|part| function.contains(part))
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

    /// A function of this name that returns the number it is given, or what `callee`
    /// makes of that.
    fn add_function(module: &mut Module, name: &str, callee: Option<FunctionId>) -> FunctionId {
        let number = [walrus::ValType::I32];
        let argument = module.locals.add(walrus::ValType::I32);
        let mut builder = FunctionBuilder::new(&mut module.types, &number, &number);
        builder.name(name.to_owned());
        builder.func_body().local_get(argument);
        if let Some(callee) = callee {
            builder.func_body().call(callee);
        }
        let id = builder.finish(vec![argument], &mut module.funcs);
        module.exports.add(name, id);
        id
    }

    fn traps(module: &Module, name: &str) -> bool {
        let function = module.exports.get_func(name).unwrap();
        let function = module.funcs.get(function).kind.unwrap_local();
        let first = &function.block(function.entry_block()).instrs[0].0;
        matches!(first, Instr::Unreachable(_))
    }

    #[test]
    fn what_is_never_called_becomes_a_trap_with_what_only_that_calls() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("module.wasm");
        let [own, unused, shared, used, other] = [
            "hydrate_async::own",
            "<T as tachys::view::any_view::IntoAny>::into_any::hydrate_async",
            "_ZN6tachys13hydrate_async6shared17haa6552dca8759cdeE",
            "<T as tachys::view::any_view::IntoAny>::into_any::build",
            "<T as tachys::view::any_view::IntoAny>::into_any::rebuild",
        ];
        let mut module = Module::default();
        let callee = add_function(&mut module, own, None);
        add_function(&mut module, unused, Some(callee));
        let callee = add_function(&mut module, shared, None);
        add_function(&mut module, used, Some(callee));
        add_function(&mut module, other, None);
        module.emit_wasm_file(&file).unwrap();

        let part = folder.path().join("part.wasm");
        let mut module = Module::default();
        add_function(&mut module, own, None);
        add_function(&mut module, shared, None);
        module.emit_wasm_file(&part).unwrap();

        let names = Unused::of(&file).unwrap();
        names.prune(&file).unwrap();
        names.prune(&part).unwrap();

        let module = Module::from_file(&file).unwrap();
        assert!([own, unused].iter().all(|name| traps(&module, name)));
        assert!(
            ![shared, used, other]
                .iter()
                .any(|name| traps(&module, name))
        );
    }
}
