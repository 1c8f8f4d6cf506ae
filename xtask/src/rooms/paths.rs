//! What the server's sources import. To the compiler its rooms are modules of one crate,
//! so nobody else looks at the arrows between them.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{Arrow, SERVER};

/// The rooms that are the roots of the server's library and of its binary.
const LIBRARY: &str = "lib";
const BINARY: &str = "main";

/// The room of a file of the server's, whose path is relative to its sources.
pub fn room_of(path: &Path) -> String {
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

/// What a file of the server's imports of other rooms and of `crates`. Tests
/// count like the rest: they live in the room.
pub fn arrows_of(
    path: &Path,
    text: &str,
    rooms: &BTreeSet<String>,
    crates: &BTreeSet<&str>,
) -> Result<Vec<Arrow>> {
    let tokens: TokenStream = text
        .parse()
        .map_err(|error| anyhow!("cannot parse {}: {error}", path.display()))?;
    let mut paths = Paths {
        rooms,
        crates,
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
    crates: &'a BTreeSet<&'a str>,
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
                // What a branch of `use` is called here leads nowhere.
                TokenTree::Ident(word) if *word == "as" && !before.is_empty() => {
                    after.get(1..).unwrap_or_default()
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The rooms that a file leads to, and the lines.
    fn led_to(path: &str, text: &str) -> Vec<(String, usize)> {
        let rooms = ["store", "slack", "http", "limits", "lib", "main"];
        let rooms = rooms.map(str::to_owned).into();
        let crates = ["types", "domain", "server", "sqlx"].into();
        let arrows = arrows_of(Path::new(path), text, &rooms, &crates).unwrap();
        let line = |place: &str| place.rsplit_once(':').unwrap().1.parse().unwrap();
        let found = arrows.into_iter();
        found.map(|arrow| (arrow.to, line(&arrow.place))).collect()
    }

    #[test]
    fn every_branch_of_a_nested_use_is_an_arrow() {
        let text = "use crate::{\n    slack::{directory::{self, Listing}, Standing},\n    http::*,\n    store::Store,\n    Services,\n};";
        let expected = [("slack", 2), ("http", 3), ("lib", 5)];
        let expected = expected.map(|(room, line)| (room.to_owned(), line));
        assert_eq!(led_to("store/people.rs", text), expected);
    }

    #[test]
    fn another_name_for_what_is_imported_is_no_path() {
        let text = "use crate::{slack::Told as _, http as pages};";
        let expected = ["slack", "http"].map(|room| (room.to_owned(), 1));
        assert_eq!(led_to("store/mod.rs", text), expected);
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
        let text = "use types::Timestamp;\nuse http::StatusCode;\nuse sqlx::{Any, Pool};\nfn f(types: u8) -> ::domain::Person {}";
        assert_eq!(
            led_to("store/mod.rs", text),
            [("types", 1), ("sqlx", 3), ("domain", 4)].map(|(to, line)| (to.to_owned(), line))
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
}
