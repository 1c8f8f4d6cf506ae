//! Statements name their columns. They are kept prepared, and a server of the next version may
//! add columns beneath this one while both serve.

use std::fs;
use std::path::Path;

/// What stands before a `*` that means all columns.
const BEFORE: [&str; 6] = ["select", "returning", "distinct", "all", ",", "."];

/// The lines, counted from 1, with a `*` that means all columns, as in `select *` or `p.*`.
fn stars(source: &str) -> Vec<usize> {
    let stars = source.match_indices('*').filter(|(at, star)| {
        let before = source[..*at].trim_end().to_ascii_lowercase();
        let after = source[at + star.len()..].chars().next();
        let follows = BEFORE.iter().any(|word| before.ends_with(word));
        follows && after.is_none_or(|next| next.is_whitespace() || "\"',;)".contains(next))
    });
    stars
        .map(|(at, _)| source[..at].matches('\n').count() + 1)
        .collect()
}

#[test]
fn a_star_is_found_wherever_it_means_all_columns() {
    for all_columns in [
        "\"select * from people\"",
        "SELECT *\nFROM people",
        "select\n    * from people",
        "select distinct * from people",
        "select p.*, r.name from people p",
        "select id, * from people",
        "delete from changes returning *\"",
        "returning changes.*;",
    ] {
        assert_eq!(stars(all_columns).len(), 1, "{all_columns}");
    }
    for other in [
        "select count(*) from people",
        "select 2 * price from books",
        "insert(&mut *transaction, &*entry)",
        "use super::*;",
        "// the list, *Newest* first",
    ] {
        assert_eq!(stars(other), [0; 0], "{other}");
    }
    assert_eq!(stars("a\nb\nselect *"), [3]);
}

#[test]
fn no_statement_asks_for_all_columns() {
    let mut found = Vec::new();
    look_through(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &mut found,
    );
    assert!(found.is_empty(), "name the columns in {found:?}");
}

fn look_through(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look_through(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let lines = stars(&source).into_iter();
            found.extend(lines.map(|line| format!("{}:{line}", path.display())));
        }
    }
}
