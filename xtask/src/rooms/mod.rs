//! Holds the code to the list of rooms in ARCHITECTURE.md: who may import whom is decided
//! there, once, and read from there. Between crates, cargo knows the arrows; between the
//! rooms of the server, which are one crate to the compiler, they are read from the sources.

mod claims;
mod crates;
mod list;
mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::sources;
use crates::Crates;
use list::{PAGE, Room};

/// The crate that has rooms of its own: its top-level modules.
const SERVER: &str = "server";

/// Fails when the rooms, or what they import, are not what the page says.
pub fn check() -> Result<()> {
    let page = fs::read_to_string(PAGE).with_context(|| format!("cannot read {PAGE}"))?;
    let outside = list::outside(&page)?;
    let Crates {
        folders,
        mut arrows,
    } = Crates::of_workspace(&outside)?;
    let rooms = list::rooms(&page, &folders)?;
    let sources = Path::new(SERVER).join("src");
    let mut files = Vec::new();
    for path in sources::rust_files(&sources)? {
        let text = fs::read_to_string(&path)?;
        files.push((path.strip_prefix(&sources)?.to_owned(), text));
    }
    let mut present: BTreeSet<String> =
        files.iter().map(|(path, _)| paths::room_of(path)).collect();
    let crates = folders.values().chain(outside.keys());
    let crates = crates.map(String::as_str).collect();
    for (path, text) in &files {
        let found = paths::arrows_of(path, text, &present, &crates)?;
        arrows.extend(found.into_iter().map(|arrow| Arrow {
            place: format!("{}/{}", sources.display(), arrow.place),
            ..arrow
        }));
    }
    present.extend(folders.into_values());
    let without_package = rooms.iter().filter(|room| Path::new(&room.name).is_dir());
    present.extend(without_package.map(|room| room.name.clone()));
    let (arrows, outwards): (Vec<_>, Vec<_>) = arrows
        .into_iter()
        .partition(|arrow| !outside.contains_key(&arrow.to));
    let mut problems = judge(&rooms, &present, &arrows);
    problems.extend(judge_outwards(&outside, &outwards));
    problems.extend(claims::judge(&page, &rooms)?);
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Ok(())
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

/// Everything that is wrong, each in a sentence.
fn judge(rooms: &[Room], present: &BTreeSet<String>, arrows: &[Arrow]) -> Vec<String> {
    let mut problems = Vec::new();
    let names: BTreeSet<&String> = rooms.iter().map(|room| &room.name).collect();
    for name in present.iter().filter(|name| !names.contains(name)) {
        problems.push(format!(
            "{PAGE} does not list the room {name}: give it a row with its job and what it may import"
        ));
    }
    for name in names.iter().filter(|name| !present.contains(**name)) {
        problems.push(format!("{PAGE} lists a room {name}, which does not exist"));
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
                "{place}: {from} imports {to}, and {PAGE} lists no arrow {from} → {to}"
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
                        "{PAGE} lists an arrow {} → {to} that nobody uses",
                        room.name
                    ));
                }
            }
        }
    }
    problems.extend(
        circle(rooms)
            .map(|circle| format!("the arrows of {PAGE} make a circle: {}", circle.join(" → "))),
    );
    problems
}

/// What is wrong with the use of crates from outside.
fn judge_outwards(outside: &BTreeMap<String, BTreeSet<String>>, arrows: &[Arrow]) -> Vec<String> {
    let mut problems = Vec::new();
    for Arrow {
        from, to, place, ..
    } in arrows
    {
        if !outside[to].contains(from) {
            problems.push(format!(
                "{place}: {from} uses {to}, which {PAGE} has elsewhere only"
            ));
        }
    }
    for (name, rooms) in outside {
        let uses = |room: &&String| {
            let mut arrows = arrows.iter();
            arrows.any(|arrow| arrow.from == **room && arrow.to == *name)
        };
        for room in rooms.iter().filter(|room| !uses(room)) {
            problems.push(format!(
                "{PAGE} has {name} in {room}, which does not use it"
            ));
        }
    }
    problems
}

/// A circle among the arrows of the list; its first room is also its last.
fn circle(rooms: &[Room]) -> Option<Vec<&str>> {
    let arrows: BTreeMap<&str, Vec<&str>> = rooms
        .iter()
        .map(|room| (room.name.as_str(), room.may_import.iter()))
        .map(|(from, to)| (from, to.map(String::as_str).collect()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn room(name: &str, may_import: &[&str]) -> Room {
        Room {
            name: name.to_owned(),
            job: String::new(),
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
            | `server/` | | `types`; in tests `sandbox` |\n| `text` | | |\n\nMore.";
        let folders = [("server/".to_owned(), "server".to_owned())].into();
        let rooms = list::rooms(page, &folders).unwrap();
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

    #[test]
    fn what_comes_from_outside_stays_where_the_list_has_it() {
        let page = "| Crate | Only in |\n|---|---|\n| `sqlx` | `store`, `attic` |\n";
        let outside = list::outside(page).unwrap();
        let arrows = [arrow("store", "sqlx"), arrow("text", "sqlx")];
        assert_eq!(
            judge_outwards(&outside, &arrows),
            [
                "text.rs:1: text uses sqlx, which ARCHITECTURE.md has elsewhere only",
                "ARCHITECTURE.md has sqlx in attic, which does not use it"
            ]
        );
    }
}
