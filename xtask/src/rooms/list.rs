//! Reads from ARCHITECTURE.md which rooms there are and what each may import.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

/// The page that is the map.
pub const PAGE: &str = "ARCHITECTURE.md";
/// How the list of rooms begins.
const ROOMS: [&str; 3] = ["Room", "Job", "May import"];
/// How the list begins of what comes from outside and is used in few rooms.
const OUTSIDE: [&str; 2] = ["Crate", "Only in"];
/// In the last column, what follows holds for tests alone.
const IN_TESTS: &str = "in tests";

/// A row of the list.
#[derive(Debug, PartialEq, Eq)]
pub struct Room {
    /// A package's name, a room of the server's, or a folder without a package.
    pub name: String,
    pub job: String,
    pub may_import: BTreeSet<String>,
    /// What only its tests may import.
    pub tests_may_import: BTreeSet<String>,
}

/// Reads the list from the page. `folders` gives the names of packages.
pub fn rooms(page: &str, folders: &BTreeMap<String, String>) -> Result<Vec<Room>> {
    let mut rooms: Vec<Room> = Vec::new();
    for [room, job, arrows] in table(page, &ROOMS)? {
        let [name] = names_in(room)[..] else {
            bail!("{PAGE}: a row begins with one room in backticks, not with {room}");
        };
        let (always, tests) = arrows.split_once(IN_TESTS).unwrap_or((arrows, ""));
        let name = folders.get(name).map_or(name, String::as_str).to_owned();
        if rooms.iter().any(|room| room.name == name) {
            bail!("{PAGE} lists {name} twice");
        }
        rooms.push(Room {
            name,
            job: job.to_owned(),
            may_import: owned(always),
            tests_may_import: owned(tests),
        });
    }
    Ok(rooms)
}

/// Crates from outside, as code writes their names, with the rooms that may use them.
pub fn outside(page: &str) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut outside = BTreeMap::new();
    for [names, only_in] in table(page, &OUTSIDE)? {
        for name in names_in(names) {
            outside.insert(name.to_owned(), owned(only_in));
        }
    }
    Ok(outside)
}

/// The rows of the table that begins with `head`.
fn table<'a, const COLUMNS: usize>(
    page: &'a str,
    head: &[&str; COLUMNS],
) -> Result<Vec<[&'a str; COLUMNS]>> {
    let mut lines = page.lines().skip_while(|line| cells(line) != head);
    if lines.next().is_none() {
        bail!("{PAGE} has no table “{}”", head.join(" | "));
    }
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    let rows = rows.map(|line| match <[&str; COLUMNS]>::try_from(cells(line)) {
        Ok(row) => Ok(row),
        Err(_) => bail!("{PAGE}: a row has more or fewer cells than the table's head: {line}"),
    });
    rows.collect()
}

fn cells(line: &str) -> Vec<&str> {
    let inner = line.trim().trim_matches('|');
    inner.split('|').map(str::trim).collect()
}

fn owned(text: &str) -> BTreeSet<String> {
    names_in(text).into_iter().map(str::to_owned).collect()
}

/// What stands in backticks.
pub fn names_in(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}
