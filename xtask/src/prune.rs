//! Takes out of the module what the linker has to keep although nothing calls it: a boxed
//! view or route carries pointers to all that any program might want of it. A trap takes the
//! place of each such function, and it no longer refers to anything: what only it needed
//! gets into no part when the module is cut.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use anyhow::{Context, Result, ensure};
use rustc_demangle::demangle;
use wasm_encoder::{CustomSection, Encode, RawSection, Section};
use wasmparser::{
    FunctionBody, KnownCustom, Name, Operator, Parser, Payload, RelocationEntry, TypeRef,
};

/// Parts of the names of functions, and why the browser never runs them. What has the
/// same code as another function may have got its name from the compiler, so these have
/// to be functions that are like no other.
const NEVER_CALLED: [&str; 3] = [
    // Only `hydrate_lazy` waits while it takes a page over; we use `hydrate_body`.
    "hydrate_async",
    // Only the server lists its routes.
    "generate_routes",
    // Only where a view of several elements is given attributes from outside is each copied for
    // every element; we give them to single elements.
    "into_any_attr::clone",
];

/// The section that tells which bytes of the functions refer to what.
const REFERENCES: &str = "reloc.CODE";

/// What a trap is made of: no locals, `unreachable`, and what does nothing up to the end.
const NO_LOCALS: u8 = 0x00;
const UNREACHABLE: u8 = 0x00;
const NOTHING: u8 = 0x01;
const END: u8 = 0x0b;

/// The module without what nothing calls. It must be whole, with the names of its functions
/// and with what the linker was told to emit about references.
pub fn prune(module: &[u8]) -> Result<Vec<u8>> {
    let functions = Functions::of(module)?;
    let traps: Vec<Range<u64>> = functions.unused().collect();
    let mut bytes = module.to_vec();
    for body in &traps {
        fill_with_trap(&mut bytes[place(body)]);
    }
    let is_in_trap = |place: u64| traps.iter().any(|body| body.contains(&place));

    let mut pruned = module[..8].to_vec();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else {
            continue;
        };
        match &payload {
            Payload::CustomSection(custom) if custom.name() == REFERENCES => {
                let KnownCustom::Reloc(references) = custom.as_known() else {
                    anyhow::bail!("the section {REFERENCES} cannot be read");
                };
                let mut kept = Vec::new();
                for entry in references.entries() {
                    let entry = entry?;
                    if !is_in_trap(functions.start + u64::from(entry.offset)) {
                        kept.push(entry);
                    }
                }
                let data = encoded(references.section_index(), &kept).into();
                let name = REFERENCES.into();
                CustomSection { name, data }.append_to(&mut pruned);
            }
            _ => {
                let data = &bytes[place(&range)];
                RawSection { id, data }.append_to(&mut pruned);
            }
        }
    }
    Ok(pruned)
}

/// Where in memory the bytes of a file are.
fn place(range: &Range<u64>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// Fills the place of a function's body, whose length stays.
fn fill_with_trap(body: &mut [u8]) {
    if let [locals, trap, rest @ .., end] = body {
        (*locals, *trap, *end) = (NO_LOCALS, UNREACHABLE, END);
        rest.fill(NOTHING);
    }
}

fn encoded(section: u32, entries: &[RelocationEntry]) -> Vec<u8> {
    let mut data = Vec::new();
    section.encode(&mut data);
    entries.len().encode(&mut data);
    for entry in entries {
        data.push(entry.ty as u8);
        entry.offset.encode(&mut data);
        entry.index.encode(&mut data);
        if entry.ty.addend_kind() != wasmparser::RelocAddendKind::None {
            entry.addend.encode(&mut data);
        }
    }
    data
}

/// The functions of a module that has their code.
struct Functions<'a> {
    /// Where the code section begins, from which places in it are counted.
    start: u64,
    /// How many functions are imported, which are counted first.
    imported: u32,
    bodies: Vec<FunctionBody<'a>>,
    names: HashMap<u32, &'a str>,
}

impl<'a> Functions<'a> {
    fn of(module: &'a [u8]) -> Result<Self> {
        let mut functions = Self {
            start: 0,
            imported: 0,
            bodies: Vec::new(),
            names: HashMap::new(),
        };
        for payload in Parser::new(0).parse_all(module) {
            match payload.context("cannot read the module")? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        if matches!(import?.ty, TypeRef::Func(_)) {
                            functions.imported += 1;
                        }
                    }
                }
                Payload::CodeSectionStart { range, .. } => functions.start = range.start,
                Payload::CodeSectionEntry(body) => functions.bodies.push(body),
                Payload::CustomSection(custom) => {
                    if let KnownCustom::Name(names) = custom.as_known() {
                        for subsection in names {
                            if let Name::Function(names) = subsection? {
                                for naming in names {
                                    let naming = naming?;
                                    functions.names.insert(naming.index, naming.name);
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        ensure!(
            !functions.names.is_empty(),
            "the module has no names of functions"
        );
        Ok(functions)
    }

    /// The bodies of those that are never called: without those that others call by
    /// themselves and not by a pointer. These serve several purposes, and one of them has
    /// given the name.
    fn unused(&self) -> impl Iterator<Item = Range<u64>> {
        let all = self.imported..self.imported + self.bodies.len() as u32;
        let mut unused: HashSet<u32> = all.clone().filter(|id| self.is_never_called(*id)).collect();
        let mut used: Vec<u32> = all.filter(|id| !unused.contains(id)).collect();
        while let Some(id) = used.pop() {
            used.extend(self.callees(id).filter(|callee| unused.remove(callee)));
        }
        unused
            .into_iter()
            .filter_map(|id| Some(self.body(id)?.range()))
    }

    fn body(&self, id: u32) -> Option<&FunctionBody<'a>> {
        self.bodies.get(id.checked_sub(self.imported)? as usize)
    }

    fn is_never_called(&self, id: u32) -> bool {
        self.names.get(&id).is_some_and(|name| {
            let name = demangle(name).to_string();
            NEVER_CALLED.iter().any(|part| name.contains(part))
        })
    }

    /// What a function calls by itself.
    fn callees(&self, id: u32) -> impl Iterator<Item = u32> {
        let operators = self
            .body(id)
            .and_then(|body| body.get_operators_reader().ok());
        operators
            .into_iter()
            .flatten()
            .filter_map(|operator| match operator {
                Ok(Operator::Call { function_index }) => Some(function_index),
                _ => None,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        CodeSection, Function, FunctionSection, ImportSection, Module, NameMap, NameSection,
        TypeSection,
    };
    use wasmparser::RelocationType;

    /// A module with an imported function, number 0, and these: their names, and the number
    /// of the one that each calls, to which the module says that it refers.
    fn module(functions: &[(&str, u32)]) -> Vec<u8> {
        let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
        types.ty().function([], []);
        imports.import("page", "imported", wasm_encoder::EntityType::Function(0));
        let (mut signatures, mut code) = (FunctionSection::new(), CodeSection::new());
        let mut names = NameMap::new();
        for (id, (name, callee)) in (1..).zip(functions) {
            signatures.function(0);
            names.append(id, name);
            let mut function = Function::new([]);
            function.instructions().call(*callee).end();
            code.function(&function);
        }
        let mut all_names = NameSection::new();
        all_names.functions(&names);

        let mut module = Module::new();
        module.section(&types).section(&imports);
        module.section(&signatures).section(&code);
        let data = encoded(3, &references(module.as_slice())).into();
        let name = REFERENCES.into();
        module.section(&CustomSection { name, data });
        module.section(&all_names);
        module.finish()
    }

    /// One for each function, which is about what it calls.
    fn references(module: &[u8]) -> Vec<RelocationEntry> {
        let mut start = 0;
        let mut references = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            match payload.unwrap() {
                Payload::CodeSectionStart { range, .. } => start = range.start,
                // Behind the number of locals and the operator.
                Payload::CodeSectionEntry(body) => references.push(RelocationEntry {
                    ty: RelocationType::MemoryAddrLeb,
                    offset: (body.range().start + 2 - start) as u32,
                    index: references.len() as u32,
                    addend: -3,
                }),
                _ => {}
            }
        }
        references
    }

    /// Of each function whether it is a trap, and the references that are left.
    fn outcome(pruned: &[u8]) -> (Vec<bool>, Vec<RelocationEntry>) {
        let functions = Functions::of(pruned).unwrap();
        let is_trap = |body: &FunctionBody| {
            let mut operators = body.get_operators_reader().unwrap();
            matches!(operators.read().unwrap(), Operator::Unreachable)
        };
        let mut references = Vec::new();
        for payload in Parser::new(0).parse_all(pruned) {
            if let Payload::CustomSection(custom) = payload.unwrap()
                && let KnownCustom::Reloc(section) = custom.as_known()
            {
                references.extend(section.entries().into_iter().map(Result::unwrap));
            }
        }
        (functions.bodies.iter().map(is_trap).collect(), references)
    }

    #[test]
    fn what_is_never_called_becomes_a_trap_and_refers_to_nothing() {
        let whole = module(&[
            ("<T as tachys::view::any_view::IntoAny>::into_any::build", 0),
            (
                "<T as tachys::view::any_view::IntoAny>::into_any::hydrate_async",
                4,
            ),
            ("_ZN6tachys13hydrate_async6shared17haa6552dca8759cdeE", 0),
            ("hydrate_async::own", 0),
            (
                "<T as tachys::view::any_view::IntoAny>::into_any::rebuild",
                3,
            ),
        ]);

        let pruned = prune(&whole).unwrap();

        wasmparser::Validator::new().validate_all(&pruned).unwrap();
        let (traps, references) = outcome(&pruned);
        // The third is called by the last, whose code serves two purposes.
        assert_eq!(traps, [false, true, false, true, false]);
        let mut expected = outcome(&whole).1;
        expected.retain(|reference| [0, 2, 4].contains(&reference.index));
        assert_eq!(references, expected);
        assert_eq!(pruned.len(), whole.len() - 2 * 4);
    }

    #[test]
    fn a_module_without_names_is_not_pruned_in_vain() {
        assert!(prune(&Module::new().finish()).is_err());
    }
}
