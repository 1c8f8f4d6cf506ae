//! What ARCHITECTURE.md says of files, held against the files: that they are there, and
//! which of them are pure.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::SERVER;
use super::list::{PAGE, Room, names_in};

/// How the paragraph begins that lists the pure files.
const PURE: &str = "Pure ";
const ENDINGS: [&str; 5] = [".rs", ".js", ".css", ".md", "/"];
/// Made by tools, and large.
const NOT_OURS: [&str; 2] = ["target", "node_modules"];

/// What does I/O, waits, or asks for the time or for chance.
const IMPURE: [&str; 12] = [
    "async",
    "await",
    "fs",
    "getrandom",
    "net",
    "now_v7",
    "reqwest",
    "sqlx",
    "sqlx_postgres",
    "sqlx_sqlite",
    "tokio",
    "SystemTime",
];

/// Everything that is wrong, each in a sentence.
pub fn judge(page: &str, rooms: &[Room]) -> Result<Vec<String>> {
    let mut tree = Vec::new();
    grow(Path::new(""), &mut tree)?;
    let mut problems = missing(page, rooms, &tree);
    for file in pure_files(page)? {
        for path in in_tree(&file, &tree) {
            let text = fs::read_to_string(path)?;
            let tokens: TokenStream = text
                .parse()
                .map_err(|error| anyhow!("cannot parse {path}: {error}"))?;
            if let Some((word, line)) = impurity(tokens) {
                problems.push(format!(
                    "{path}:{line}: {PAGE} calls it pure, and it has `{word}`"
                ));
            }
        }
    }
    Ok(problems)
}

/// Every path beneath `folder`; those of folders end with a slash.
fn grow(folder: &Path, tree: &mut Vec<String>) -> Result<()> {
    let read = if folder == Path::new("") {
        Path::new(".")
    } else {
        folder
    };
    let entries = fs::read_dir(read).with_context(|| format!("no {}", read.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        let path = folder.join(&name);
        if entry.file_type()?.is_dir() {
            tree.push(format!("{}/", path.display()));
            grow(&path, tree)?;
        } else {
            tree.push(path.display().to_string());
        }
    }
    Ok(())
}

/// Files and folders that the page names and nobody finds. What the row of a room of the
/// server's names has to be in that room.
fn missing(page: &str, rooms: &[Room], tree: &[String]) -> Vec<String> {
    let is_top = |name: &str| {
        let top = name.split_once('/').map(|(top, _)| format!("{top}/"));
        top.is_some_and(|top| tree.contains(&top))
    };
    let is_file = |name: &&str| {
        !name.contains(' ') && (ENDINGS.iter().any(|ending| name.ends_with(ending)) || is_top(name))
    };
    let is_there = |name: &str, beneath: &str| {
        let name = name.trim_end_matches('/');
        tree.iter().any(|path| {
            let path = path.trim_end_matches('/');
            let folder = path.strip_suffix(name);
            folder.is_some_and(|folder| {
                folder.starts_with(beneath) && (folder.is_empty() || folder.ends_with('/'))
            })
        })
    };
    let mut problems = Vec::new();
    for line in page.lines() {
        for name in names_in(line).into_iter().filter(is_file) {
            if !name.starts_with('/') && !is_there(name, "") {
                problems.push(format!("{PAGE} names {name}, which does not exist"));
            }
        }
    }
    for room in rooms {
        let folder = format!("{SERVER}/src/{}/", room.name);
        if tree.contains(&folder) {
            for name in names_in(&room.job).into_iter().filter(is_file) {
                if !is_there(name, &folder) {
                    let room = &room.name;
                    problems.push(format!(
                        "{PAGE} names {name} in the row of {room}, where it is not"
                    ));
                }
            }
        }
    }
    problems
}

/// The files and folders that the page calls pure.
fn pure_files(page: &str) -> Result<Vec<String>> {
    let paragraph = page.lines().skip_while(|line| !line.starts_with(PURE));
    let paragraph: Vec<&str> = paragraph.take_while(|line| !line.is_empty()).collect();
    let names: Vec<String> = paragraph
        .iter()
        .flat_map(|line| names_in(line))
        .map(str::to_owned)
        .collect();
    if names.is_empty() {
        bail!("{PAGE} has no paragraph that begins with “{PURE}” and lists the pure files");
    }
    Ok(names)
}

/// The files of Rust that a name of the page means.
fn in_tree<'a>(name: &str, tree: &'a [String]) -> Vec<&'a str> {
    let in_server = format!("{SERVER}/src/{name}");
    let is_meant = |path: &&str| {
        *path == in_server || *path == name || (name.ends_with('/') && path.starts_with(name))
    };
    let paths = tree.iter().map(String::as_str).filter(is_meant);
    paths.filter(|path| path.ends_with(".rs")).collect()
}

/// The first word of code, apart from its tests, that has a pure file no more, and its line.
fn impurity(tokens: TokenStream) -> Option<(String, usize)> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut rest = tokens.as_slice();
    let mut before = None;
    while let Some((token, after)) = rest.split_first() {
        let mut next = after;
        match token {
            TokenTree::Punct(sign) if sign.as_char() == '#' && is_for_tests(after) => {
                let is_end = |token: &TokenTree| match token {
                    TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                    TokenTree::Punct(sign) => sign.as_char() == ';',
                    _ => false,
                };
                let end = after.iter().position(is_end);
                next = end.map_or(&[], |end| &after[end + 1..]);
            }
            TokenTree::Ident(word) => {
                let word_text = word.to_string();
                // `Instant::now()` and `clock.now()`, not a parameter `now`.
                let asks = word_text == "now"
                    && matches!(before, Some(':' | '.'))
                    && matches!(after, [TokenTree::Group(_), ..]);
                if asks || IMPURE.contains(&word_text.as_str()) {
                    return Some((word_text, word.span().start().line));
                }
            }
            TokenTree::Group(group) => {
                let found = impurity(group.stream());
                if found.is_some() {
                    return found;
                }
            }
            _ => {}
        }
        before = match token {
            TokenTree::Punct(sign) => Some(sign.as_char()),
            _ => None,
        };
        rest = next;
    }
    None
}

/// Whether the tokens behind a `#` say `[cfg(test)]`.
fn is_for_tests(tokens: &[TokenTree]) -> bool {
    match tokens {
        [TokenTree::Group(group), ..] => {
            let words = group.stream().to_string().replace(' ', "");
            words == "cfg(test)"
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn impure(text: &str) -> Option<(String, usize)> {
        impurity(text.parse().unwrap())
    }

    #[test]
    fn a_file_is_pure_whose_tests_alone_are_not() {
        let text = "fn f(now: Timestamp, at: &dyn Fn() -> Timestamp) -> bool { at() > now }
            #[cfg(test)]
            mod tests { async fn f() { tokio::time::sleep(Instant::now()).await } }";
        assert_eq!(impure(text), None);
    }

    #[test]
    fn waiting_and_asking_for_the_time_are_impure() {
        for (text, word) in [
            ("fn f() {}\nasync fn g() {}", "async"),
            ("fn f() {}\nfn g() -> Instant { Instant::now() }", "now"),
            ("fn f() {}\nfn g(clock: Clock) { h(clock.now()) }", "now"),
            (
                "#[cfg(test)]\nuse tokio::time; fn f() { std::fs::read(file) }",
                "fs",
            ),
        ] {
            assert_eq!(impure(text), Some((word.to_owned(), 2)), "{text}");
        }
    }

    #[test]
    fn what_the_page_names_exists_and_is_in_its_room() {
        let tree = [
            "server/",
            "server/src/",
            "server/src/store/",
            "server/src/store/pool.rs",
            "app/",
            "app/src/",
            "app/src/live.rs",
        ];
        let tree = tree.map(str::to_owned);
        let room = |job: &str| Room {
            name: "store".to_owned(),
            job: job.to_owned(),
            may_import: BTreeSet::new(),
            tests_may_import: BTreeSet::new(),
        };
        let told = |page: &str, job: &str| missing(page, &[room(job)], &tree).len();
        let sound = "`app/src/live.rs` and `store/pool.rs`, `live.rs`, `a/b`, `/readyz`, `app/src`";
        assert_eq!(told(sound, "`pool.rs` lends"), 0);
        assert_eq!(told("`cool.rs`", ""), 1);
        assert_eq!(told("`app/src/pages`", ""), 1);
        // `l.rs` is the end of a name, and not one.
        assert_eq!(told("`l.rs`", ""), 1);
        assert_eq!(told("", "`live.rs` tells"), 1);
    }

    #[test]
    fn the_list_of_pure_files_names_files_and_folders() {
        let page =
            "Text.\n\nPure files are `sync/pace.rs` and\nall of `server/domain/src/`.\n\n`x.rs`";
        let files = pure_files(page).unwrap();
        assert_eq!(files, ["sync/pace.rs", "server/domain/src/"]);
        let tree = [
            "server/src/sync/pace.rs",
            "server/domain/src/turns.rs",
            "server/domain/src/a.md",
        ];
        let tree = tree.map(str::to_owned);
        assert_eq!(in_tree(&files[0], &tree), [&tree[0]]);
        assert_eq!(in_tree(&files[1], &tree), [&tree[1]]);
        assert!(pure_files("Nothing.").is_err());
    }
}
