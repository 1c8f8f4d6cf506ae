//! What a browser loads that has never been here: the page and whatever it names,
//! as compressed as they travel. Headers are not counted.

use std::collections::{BTreeSet, HashMap};

use anyhow::{Result, ensure};

use crate::bench::page::PAGE;
use crate::bench::scale;
use crate::bench::table::Table;
use crate::bench::workspace::Workspace;
use crate::http::{self, Request};
use crate::report;
use crate::weight::{EVERY_PAGE_LIMIT, FIRST_LOAD_LIMIT};

/// What the names of files end with that browsers load by themselves.
const LOADED: [&str; 9] = [
    ".css", ".js", ".mjs", ".wasm", ".svg", ".png", ".ico", ".woff2", ".json",
];

pub fn measure(table: &mut Table, workspace: &Workspace) -> Result<()> {
    report::step("Weighing the first load of each page");
    let _server = workspace.start()?;
    let bound = format!("{PAGE}/{}", workspace.bound_rotation());
    let editor = format!("{bound}/schedule?schedule={}", scale::schedule(0));
    let [slack, edit, change] =
        ["slack", "edit", "change?what=manual"].map(|page| format!("{bound}/{page}"));
    let cookies = workspace.visitor.cookie_header();
    let mut scales = Scales {
        port: workspace.ports.server,
        known: HashMap::new(),
    };
    let (mut heaviest, mut every_page) = (0.0_f64, f64::INFINITY);
    for (name, path, cookies) in [
        ("/sign-in", "/sign-in", ""),
        ("/", "/", cookies.as_str()),
        (PAGE, PAGE, &cookies),
        ("/rotations/{id}", &bound, &cookies),
        ("/rotations/{id}/schedule?schedule={id}", &editor, &cookies),
        ("/rotations/{id}/slack", &slack, &cookies),
        ("/rotations/{id}/edit", &edit, &cookies),
        ("/rotations/{id}/change?what=manual", &change, &cookies),
        ("/rotations/new", "/rotations/new", &cookies),
        ("/week?weeks=4", "/week?weeks=4", &cookies),
        ("/settings", "/settings", &cookies),
        ("/settings/integrations", "/settings/integrations", &cookies),
        (
            "/settings/integrations/syncs",
            "/settings/integrations/syncs",
            &cookies,
        ),
        ("/settings/audit", "/settings/audit", &cookies),
        ("/settings/holidays", "/settings/holidays", &cookies),
        ("/settings/background", "/settings/background", &cookies),
        ("/settings/slack", "/settings/slack", &cookies),
        (
            "/settings/notifications",
            "/settings/notifications",
            &cookies,
        ),
        ("/settings/absences", "/settings/absences", &cookies),
        ("/settings/calendars", "/settings/calendars", &cookies),
    ] {
        let (page, files) = scales.weigh_page(path, cookies)?;
        let all = page + files;
        heaviest = heaviest.max(all as f64);
        // Pages of the part for every page load nothing else.
        every_page = every_page.min(files as f64);
        table.note(
            &format!("first load of {name}: page and files"),
            format!("{page} + {files}"),
        );
    }
    table.at_most(
        "first load of the heaviest page, compressed",
        heaviest,
        FIRST_LOAD_LIMIT as f64,
        "bytes",
    );
    table.at_most(
        "what every page loads, compressed",
        every_page,
        EVERY_PAGE_LIMIT as f64,
        "bytes",
    );
    Ok(())
}

struct Scales {
    port: u16,
    /// Compressed bytes by path.
    known: HashMap<String, usize>,
}

impl Scales {
    /// The bytes of a page, and those of the files that it leads to.
    fn weigh_page(&mut self, path: &str, cookies: &str) -> Result<(usize, usize)> {
        let page = self.load(path, cookies, "br")?.len();
        let html = text(self.load(path, cookies, "")?)?;
        let mut waiting = references(&html, path);
        let mut weighed = BTreeSet::new();
        let mut files = 0;
        while let Some(file) = waiting.pop_first() {
            if !weighed.insert(file.clone()) {
                continue;
            }
            files += self.weigh(&file)?;
            if file.ends_with("js") {
                waiting.append(&mut references(&text(self.load(&file, "", "")?)?, &file));
            }
        }
        ensure!(files > 0, "{path} names no files");
        Ok((page, files))
    }

    fn weigh(&mut self, file: &str) -> Result<usize> {
        if let Some(known) = self.known.get(file) {
            return Ok(*known);
        }
        let bytes = self.load(file, "", "br")?.len();
        self.known.insert(file.to_owned(), bytes);
        Ok(bytes)
    }

    fn load(&self, path: &str, cookies: &str, encoding: &str) -> Result<Vec<u8>> {
        let headers = [("Accept-Encoding", encoding), ("Cookie", cookies)];
        let (answer, body) = http::bytes(self.port, &Request::get(path, &headers))?;
        ensure!(answer.status == 200, "{path} answered {}", answer.status);
        Ok(body)
    }
}

fn text(bytes: Vec<u8>) -> Result<String> {
    Ok(String::from_utf8(bytes)?)
}

/// The files of this server that a page or a script names, in quotes. A script also
/// imports those that lie beside it; other such names in it lead nowhere.
fn references(source: &str, from: &str) -> BTreeSet<String> {
    let (folder, _) = from.rsplit_once('/').unwrap_or_default();
    let pieces: Vec<_> = source.split(['"', '\'', '`']).collect();
    pieces
        .windows(2)
        .filter(|piece| LOADED.iter().any(|ending| piece[1].ends_with(ending)))
        .filter_map(|piece| {
            let (before, name) = (piece[0].trim_end(), piece[1]);
            let imported = ["from", "import", "import("]
                .iter()
                .any(|word| before.ends_with(word));
            match name.strip_prefix("./") {
                Some(beside) => imported.then(|| format!("{folder}/{beside}")),
                None => (name.starts_with('/') && !name.starts_with("//")).then(|| name.to_owned()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_wherever_a_page_or_a_script_names_them() {
        let page = r#"<link rel="icon" href="data:image/svg+xml,x.svg">
            <link rel="stylesheet" href="/pkg/a.css"><a href="/settings">Settings</a>
            <a href="https://example.com/b.js"></a><script>import('/pkg/c.js')
            .then(m => m.default({module_or_path: `/pkg/c.wasm`}))</script>"#;
        let found: Vec<_> = references(page, "/rotations").into_iter().collect();
        assert_eq!(found, ["/pkg/a.css", "/pkg/c.js", "/pkg/c.wasm"]);
        let script =
            "import { x } from './snippets/d.js'; new URL('e.wasm', here); { './f.js': x }";
        let found: Vec<_> = references(script, "/pkg/c.js").into_iter().collect();
        assert_eq!(found, ["/pkg/snippets/d.js"]);
    }
}
