//! Holds the code to the list of rooms in ARCHITECTURE.md: who may import whom is decided
//! there, once, and read from there. Between crates, cargo knows the arrows; between the
//! rooms of the server, which are one crate to the compiler, they are read from the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use serde_json::Value;

use crate::{cargo, processes, sources};

const LIST: &str = "ARCHITECTURE.md";
/// How the list begins.
const HEAD: [&str; 3] = ["Room", "Job", "May import"];
/// In the last column, what follows holds for tests alone.
const IN_TESTS: &str = "in tests";
/// The crate that has rooms of its own: its top-level modules.
const SERVER: &str = "server";
/// The rooms that are the roots of the server's library and of its binary.
const LIBRARY: &str = "lib";
const BINARY: &str = "main";

/// Arrows that close a circle and stand for now, with the reason.
const EXCUSED: [(&str, &str, &str); 2] = [
    ("replicas", "lib", "it is handed all services"),
    ("sync", "lib", "it is handed all services"),
];

/// Fails when the rooms, or what they import, are not what the list says.
pub fn check() -> Result<()> {
    let page = fs::read_to_string(LIST).with_context(|| format!("cannot read {LIST}"))?;
    let crates = Crates::of_workspace()?;
    let rooms = listed(&page, &crates.folders)?;
    let folder = Path::new(SERVER).join("src");
    let mut files = Vec::new();
    for path in sources::rust_files(&folder)? {
        let text = fs::read_to_string(&path)?;
        files.push((path.strip_prefix(&folder)?.to_owned(), text));
    }
    let mut present: BTreeSet<String> = files.iter().map(|(path, _)| room_of(path)).collect();
    let mut arrows = crates.arrows;
    for (path, text) in &files {
        let found = arrows_of(path, text, &present, &crates.folders)?;
        arrows.extend(found.into_iter().map(|arrow| Arrow {
            place: format!("{}/{}", folder.display(), arrow.place),
            ..arrow
        }));
    }
    present.extend(crates.folders.into_values());
    let folders = rooms.iter().filter(|room| Path::new(&room.name).is_dir());
    present.extend(folders.map(|room| room.name.clone()));
    let problems = judge(&rooms, &present, &arrows);
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Ok(())
}

/// A row of the list.
#[derive(Debug, PartialEq, Eq)]
struct Room {
    /// A package's name, a room of the server's, or a folder without a package.
    name: String,
    may_import: BTreeSet<String>,
    /// What only its tests may import.
    tests_may_import: BTreeSet<String>,
}

/// Somebody imports something of another room.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Arrow {
    from: String,
    to: String,
    in_tests: bool,
    /// File and line, or only the file.
    place: String,
}

struct Crates {
    /// Names by folder, as the list writes it.
    folders: BTreeMap<String, String>,
    arrows: Vec<Arrow>,
}

impl Crates {
    fn of_workspace() -> Result<Self> {
        let mut command = cargo::command(&["metadata", "--no-deps", "--format-version", "1"]);
        let metadata = processes::output(&mut command).context("cargo metadata failed")?;
        let told: Value = serde_json::from_str(&metadata)?;
        let root = cargo::root().canonicalize()?;
        let mut packages = Vec::new();
        for package in told["packages"].as_array().into_iter().flatten() {
            let name = package["name"].as_str().context("a package has no name")?;
            let manifest = package["manifest_path"].as_str().unwrap_or_default();
            let manifest = PathBuf::from(manifest).canonicalize()?;
            let manifest = manifest.strip_prefix(&root)?.to_owned();
            packages.push((name, manifest, &package["dependencies"]));
        }
        let names: BTreeSet<&str> = packages.iter().map(|(name, ..)| *name).collect();
        let mut arrows = Vec::new();
        let mut folders = BTreeMap::new();
        for (name, manifest, dependencies) in &packages {
            let folder = manifest.parent().unwrap_or(Path::new(""));
            folders.insert(format!("{}/", folder.display()), (*name).to_owned());
            for dependency in dependencies.as_array().into_iter().flatten() {
                let to = dependency["name"].as_str().unwrap_or_default();
                if names.contains(to) {
                    arrows.push(Arrow {
                        from: (*name).to_owned(),
                        to: to.to_owned(),
                        in_tests: dependency["kind"] == "dev",
                        place: manifest.display().to_string(),
                    });
                }
            }
        }
        Ok(Self { folders, arrows })
    }
}

/// Reads the list from the page. `folders` gives the names of packages.
fn listed(page: &str, folders: &BTreeMap<String, String>) -> Result<Vec<Room>> {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_matches('|');
        inner
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    let mut lines = page.lines().skip_while(|line| cells(line) != HEAD);
    if lines.next().is_none() {
        bail!("{LIST} has no table “{}”", HEAD.join(" | "));
    }
    let mut rooms: Vec<Room> = Vec::new();
    for line in lines.skip(1).take_while(|line| line.starts_with('|')) {
        let cells = cells(line);
        let [room, _, arrows] = cells.as_slice() else {
            bail!("{LIST}: a row has another number of cells than the table's head: {line}");
        };
        let [name] = names_in(room)[..] else {
            bail!("{LIST}: a row begins with one room in backticks: {line}");
        };
        let (always, tests) = arrows.split_once(IN_TESTS).unwrap_or((arrows, ""));
        let owned = |text| names_in(text).into_iter().map(str::to_owned).collect();
        let name = folders.get(name).map_or(name, String::as_str).to_owned();
        if rooms.iter().any(|room| room.name == name) {
            bail!("{LIST} lists {name} twice");
        }
        rooms.push(Room {
            name,
            may_import: owned(always),
            tests_may_import: owned(tests),
        });
    }
    Ok(rooms)
}

/// What stands in backticks.
fn names_in(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The room of a file of the server's, whose path is relative to its sources.
fn room_of(path: &Path) -> String {
    module_of(path).into_iter().next().unwrap_or_else(|| {
        if path == Path::new("main.rs") {
            BINARY.to_owned()
        } else {
            LIBRARY.to_owned()
        }
    })
}

/// The path of the module that a file is, from the root of its crate.
fn module_of(path: &Path) -> Vec<String> {
    let path = path.with_extension("");
    let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
    let mut parts: Vec<String> = parts.collect();
    let is_root = parts.len() == 1 && [LIBRARY, BINARY].contains(&parts[0].as_str());
    if is_root || parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

/// What a file of the server's imports of other rooms and of the other crates. Tests
/// count like the rest: they live in the room.
fn arrows_of(
    path: &Path,
    text: &str,
    rooms: &BTreeSet<String>,
    crates: &BTreeMap<String, String>,
) -> Result<Vec<Arrow>> {
    let tokens: TokenStream = text
        .parse()
        .map_err(|error| anyhow::anyhow!("cannot parse {}: {error}", path.display()))?;
    let mut paths = Paths {
        rooms,
        crates: crates.values().map(String::as_str).collect(),
        own: room_of(path),
        found: Vec::new(),
    };
    paths.walk(tokens, &module_of(path));
    let own = paths.own;
    let arrows = paths.found.into_iter().map(|(to, line)| Arrow {
        from: own.clone(),
        to,
        in_tests: false,
        place: format!("{}:{line}", path.display()),
    });
    Ok(arrows.collect())
}

/// Looks for paths among tokens and not in a syntax tree, since so those in macros are
/// found too.
struct Paths<'a> {
    rooms: &'a BTreeSet<String>,
    crates: BTreeSet<&'a str>,
    /// The room that is looked through.
    own: String,
    /// Other rooms and crates that a path leads to, and the line.
    found: Vec<(String, usize)>,
}

impl Paths<'_> {
    /// Looks through what is in the module `module`.
    fn walk(&mut self, tokens: TokenStream, module: &[String]) {
        self.walk_on(tokens, module, &[]);
    }

    /// The same where each path goes on from `before`: `before::{…}`.
    fn walk_on(&mut self, tokens: TokenStream, module: &[String], before: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = tokens.as_slice();
        while let Some((token, after)) = rest.split_first() {
            rest = match token {
                TokenTree::Group(group) => {
                    self.walk(group.stream(), module);
                    after
                }
                TokenTree::Ident(word) if *word == "mod" => match after {
                    [TokenTree::Ident(name), TokenTree::Group(body), after @ ..] => {
                        let inner = [module, &[name.to_string()]].concat();
                        self.walk(body.stream(), &inner);
                        after
                    }
                    _ => after,
                },
                TokenTree::Ident(_) => self.path(rest, module, before),
                TokenTree::Punct(star) if !before.is_empty() && star.as_char() == '*' => {
                    self.path(rest, module, before)
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => after,
            };
        }
    }

    /// Takes the path with which the tokens begin, and returns those behind it.
    fn path<'t>(
        &mut self,
        tokens: &'t [TokenTree],
        module: &[String],
        before: &[String],
    ) -> &'t [TokenTree] {
        let mut path = before.to_vec();
        let mut rest = tokens;
        let line = tokens[0].span().start().line;
        loop {
            match rest {
                [TokenTree::Ident(name), after @ ..] => {
                    path.push(name.to_string());
                    rest = after;
                }
                [TokenTree::Group(group), after @ ..] if group.delimiter() == Delimiter::Brace => {
                    self.walk_on(group.stream(), module, &path);
                    return after;
                }
                [TokenTree::Punct(star), after @ ..] if star.as_char() == '*' => {
                    path.push("*".to_owned());
                    rest = after;
                }
                // The arguments of something generic.
                _ => break,
            }
            match rest {
                [TokenTree::Punct(one), TokenTree::Punct(two), after @ ..]
                    if one.as_char() == ':' && two.as_char() == ':' =>
                {
                    rest = after;
                }
                _ => break,
            }
        }
        self.note(&path, line, module);
        rest
    }

    /// Notes what a path in `module` leads to, if that is not in this room.
    fn note(&mut self, path: &[String], line: usize, module: &[String]) {
        let is_binary = self.own == BINARY;
        let mut base = module.to_vec();
        let mut rest = path;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "crate" => base.clear(),
                "super" => {
                    base.pop();
                }
                "self" => {}
                _ => break,
            }
            rest = after;
        }
        // A word alone is a variable, or says in `pub(crate)` who may see something.
        if path.len() < 2 {
            return;
        }
        let to = match rest.first().map(String::as_str) {
            Some(name) if rest.len() == path.len() => match name {
                SERVER if is_binary => self.room(rest.get(1)),
                name if self.crates.contains(name) => name.to_owned(),
                // Only the root of the library sees rooms by their bare names.
                name if module.is_empty() && !is_binary && self.rooms.contains(name) => {
                    name.to_owned()
                }
                _ => return,
            },
            _ if is_binary => return,
            next => self.room(
                base.first()
                    .map(String::as_str)
                    .or(next)
                    .map(str::to_owned)
                    .as_ref(),
            ),
        };
        let found = (to, line);
        if found.0 != self.own && !self.found.contains(&found) {
            self.found.push(found);
        }
    }

    /// The room that a name at the root of the server's library belongs to.
    fn room(&self, name: Option<&String>) -> String {
        let known = name.filter(|name| self.rooms.contains(*name));
        known.map_or_else(|| LIBRARY.to_owned(), String::clone)
    }
}

/// Everything that is wrong, each in a sentence.
fn judge(rooms: &[Room], present: &BTreeSet<String>, arrows: &[Arrow]) -> Vec<String> {
    let mut problems = Vec::new();
    let names: BTreeSet<&String> = rooms.iter().map(|room| &room.name).collect();
    for name in present.iter().filter(|name| !names.contains(name)) {
        problems.push(format!(
            "{LIST} does not list the room {name}: give it a row with its job and what it may import"
        ));
    }
    for name in names.iter().filter(|name| !present.contains(**name)) {
        problems.push(format!("{LIST} lists a room {name}, which does not exist"));
    }
    for Arrow {
        from,
        to,
        in_tests,
        place,
    } in arrows
    {
        let Some(room) = rooms.iter().find(|room| room.name == *from) else {
            continue;
        };
        if !(room.may_import.contains(to) || (*in_tests && room.tests_may_import.contains(to))) {
            problems.push(format!(
                "{place}: {from} imports {to}, and {LIST} lists no arrow {from} → {to}"
            ));
        }
    }
    for room in rooms {
        for (listed, in_tests) in [(&room.may_import, false), (&room.tests_may_import, true)] {
            for to in listed {
                let is_used = arrows.iter().any(|arrow| {
                    arrow.from == room.name && arrow.to == *to && arrow.in_tests == in_tests
                });
                if !is_used {
                    problems.push(format!(
                        "{LIST} lists an arrow {} → {to} that nobody uses",
                        room.name
                    ));
                }
            }
        }
    }
    problems.extend(
        circle(rooms)
            .map(|circle| format!("the arrows of {LIST} make a circle: {}", circle.join(" → "))),
    );
    problems
}

/// A circle among the arrows of the list; its first room is also its last.
fn circle(rooms: &[Room]) -> Option<Vec<&str>> {
    let arrows: BTreeMap<&str, Vec<&str>> = rooms
        .iter()
        .map(|room| (room.name.as_str(), room.may_import.iter()))
        .map(|(from, to)| (from, to.map(String::as_str)))
        .map(|(from, to)| (from, to.filter(|to| !is_excused(from, to)).collect()))
        .collect();
    // Whoever leads only to those that are in no circle is in none either.
    let mut left: BTreeSet<&str> = arrows.keys().copied().collect();
    loop {
        let is_end = |room: &&str| !arrows[room].iter().any(|to| left.contains(to));
        let ends: Vec<&str> = left.iter().copied().filter(is_end).collect();
        if ends.is_empty() {
            break;
        }
        left.retain(|room| !ends.contains(room));
    }
    let mut way = vec![*left.first()?];
    loop {
        let next = arrows[way.last()?].iter().find(|to| left.contains(**to))?;
        let begin = way.iter().position(|room| room == next);
        way.push(next);
        if let Some(begin) = begin {
            return Some(way.split_off(begin));
        }
    }
}

fn is_excused(from: &str, to: &str) -> bool {
    EXCUSED
        .iter()
        .any(|(one, other, _)| (*one, *other) == (from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn crates() -> BTreeMap<String, String> {
        let pairs = [
            ("types/", "types"),
            ("server/domain/", "domain"),
            ("server/", "server"),
        ];
        let owned = |(folder, name): (&str, &str)| (folder.to_owned(), name.to_owned());
        pairs.into_iter().map(owned).collect()
    }

    /// The rooms that a file leads to, and the lines.
    fn led_to(path: &str, text: &str) -> Vec<(String, usize)> {
        let rooms = set(&["store", "slack", "http", "limits", "lib", "main"]);
        let arrows = arrows_of(Path::new(path), text, &rooms, &crates()).unwrap();
        let line = |place: &str| place.rsplit_once(':').unwrap().1.parse().unwrap();
        let found = arrows.into_iter();
        found.map(|arrow| (arrow.to, line(&arrow.place))).collect()
    }

    fn room(name: &str, may_import: &[&str]) -> Room {
        Room {
            name: name.to_owned(),
            may_import: set(may_import),
            tests_may_import: BTreeSet::new(),
        }
    }

    fn arrow(from: &str, to: &str) -> Arrow {
        Arrow {
            from: from.to_owned(),
            to: to.to_owned(),
            in_tests: false,
            place: format!("{from}.rs:1"),
        }
    }

    #[test]
    fn every_branch_of_a_nested_use_is_an_arrow() {
        let text = "use crate::{\n    slack::{directory::{self, Listing}, Standing},\n    http::*,\n    store::Store,\n    Services,\n};";
        let expected = [("slack", 2), ("http", 3), ("lib", 5)];
        let expected = expected.map(|(room, line)| (room.to_owned(), line));
        assert_eq!(led_to("store/people.rs", text), expected);
    }

    #[test]
    fn a_path_in_an_expression_a_type_or_a_macro_is_an_arrow() {
        for text in [
            "fn f() { let told = crate::slack::told(1); }",
            "fn f(told: Option<&crate::slack::Told>) {}",
            "fn f() { tokio::select! { _ = crate::slack::told() => {} } }",
            "impl From<crate::slack::Told> for u8 {}",
            "#[derive(Clone)] pub(crate) struct Told(crate::slack::Told);",
        ] {
            assert_eq!(
                led_to("store/mod.rs", text),
                [("slack".to_owned(), 1)],
                "{text}"
            );
        }
    }

    #[test]
    fn paths_within_a_room_are_none() {
        let text = "use super::{Store, people::Person};
            use crate::store::Result;
            use self::inner::Thing;
            pub(super) fn f(store: u8) -> u8 { super::millis(store) }
            mod tests { use super::super::*; use super::*; }";
        assert_eq!(led_to("store/people.rs", text), []);
    }

    #[test]
    fn super_leaves_the_room_where_it_goes_far_enough() {
        let to = |room: &str| vec![(room.to_owned(), 1)];
        assert_eq!(
            led_to("store/mod.rs", "use super::slack::Told;"),
            to("slack")
        );
        assert_eq!(led_to("limits.rs", "use super::*;"), to("lib"));
        assert_eq!(
            led_to(
                "store/people.rs",
                "mod tests { use super::super::super::slack; }"
            ),
            to("slack")
        );
        assert_eq!(led_to("limits.rs", "mod tests { use super::*; }"), []);
    }

    #[test]
    fn crates_are_rooms_too_and_others_are_none() {
        let text =
            "use types::Timestamp;\nuse http::StatusCode;\nfn f(types: u8) -> ::domain::Person {}";
        assert_eq!(
            led_to("store/mod.rs", text),
            [("types".to_owned(), 1), ("domain".to_owned(), 3)]
        );
    }

    #[test]
    fn the_roots_of_library_and_binary_are_rooms() {
        let to = |room: &str| vec![(room.to_owned(), 1)];
        assert_eq!(
            led_to("lib.rs", "pub mod store; pub use store::Store;"),
            to("store")
        );
        assert_eq!(led_to("main.rs", "use server::slack;"), to("slack"));
        assert_eq!(led_to("main.rs", "use server::Services;"), to("lib"));
        assert_eq!(
            led_to("main.rs", "fn f() { store::open(); crate::f() }"),
            []
        );
    }

    #[test]
    fn what_the_list_does_not_allow_is_named_with_its_place() {
        let rooms = [room("store", &[]), room("slack", &["store"])];
        let present = set(&["store", "slack"]);
        let arrows = [arrow("store", "slack"), arrow("slack", "store")];
        let problems = judge(&rooms, &present, &arrows);
        assert_eq!(
            problems,
            ["store.rs:1: store imports slack, and ARCHITECTURE.md lists no arrow store → slack"]
        );
    }

    #[test]
    fn a_circle_is_named_even_where_all_of_it_is_used() {
        let rooms = [
            room("porch", &["hall"]),
            room("hall", &["kitchen"]),
            room("kitchen", &["cellar", "stairs"]),
            room("stairs", &["hall"]),
            room("cellar", &[]),
        ];
        assert_eq!(
            circle(&rooms),
            Some(vec!["hall", "kitchen", "stairs", "hall"])
        );
        assert_eq!(circle(&rooms[..3]), None);
    }

    #[test]
    fn list_and_house_have_the_same_rooms_and_no_arrow_is_listed_in_vain() {
        let rooms = [room("store", &["text"]), room("cellar", &[])];
        let problems = judge(&rooms, &set(&["store", "attic"]), &[]);
        assert_eq!(problems.len(), 3, "{problems:?}");
        for (problem, name) in problems.iter().zip(["attic", "cellar", "store → text"]) {
            assert!(problem.contains(name), "{problem}");
        }
    }

    #[test]
    fn what_is_for_tests_alone_is_for_them_alone() {
        let page = "# Map\n\n| Room | Job | May import |\n|---|---|---|\n\
            | `server/` | it all | `types`; in tests `sandbox` |\n| `text` | words | |\n\nMore.";
        let rooms = listed(page, &crates()).unwrap();
        let server = Room {
            tests_may_import: set(&["sandbox"]),
            ..room("server", &["types"])
        };
        assert_eq!(rooms, [server, room("text", &[])]);
        let uses = |in_tests| {
            let to_types = arrow("server", "types");
            let to_sandbox = Arrow {
                in_tests,
                ..arrow("server", "sandbox")
            };
            judge(&rooms, &set(&["server", "text"]), &[to_types, to_sandbox])
        };
        assert_eq!(uses(true), [""; 0]);
        assert_eq!(uses(false).len(), 2);
    }
}
