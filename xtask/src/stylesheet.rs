//! One stylesheet from many files. The browser would fetch each `@import` in
//! turn before it draws anything, so they are resolved here, in the order in
//! which `style/main.css` names them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

pub fn bundle(main: &Path) -> Result<String> {
    let folder = main.parent().context("the stylesheet has no folder")?;
    let mut bundle = String::new();
    for line in read(main)?.lines() {
        match imported(line)? {
            Some(name) => bundle.push_str(&read(&folder.join(name))?),
            None => bundle.push_str(line),
        }
        bundle.push('\n');
    }
    Ok(bundle)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path)
        .with_context(|| format!("cannot read the stylesheet {}", path.display()))
}

/// The file that a line imports, or nothing for any other line.
fn imported(line: &str) -> Result<Option<&str>> {
    let Some(rest) = line.trim().strip_prefix("@import") else {
        return Ok(None);
    };
    let name = rest.trim().strip_suffix(';').and_then(|quoted| {
        let quote = quoted
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''))?;
        quoted.strip_prefix(quote)?.strip_suffix(quote)
    });
    match name {
        Some(name) if name.ends_with(".css") => Ok(Some(name)),
        _ => bail!("`{line}` is not understood: write `@import \"file.css\";`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_replaced_where_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write(
            "main.css",
            "@layer base, page;\n@import \"base.css\";\n@import 'page.css';\nh1 { margin: 0 }\n",
        );
        write("base.css", "body { margin: 0 }");
        write("page.css", "main { margin: 0 }");

        let bundle = bundle(&folder.path().join("main.css")).unwrap();

        assert_eq!(
            bundle,
            "@layer base, page;\nbody { margin: 0 }\nmain { margin: 0 }\nh1 { margin: 0 }\n"
        );
    }

    #[test]
    fn an_import_that_a_browser_would_have_to_fetch_is_refused() {
        for line in [
            "@import url(base.css);",
            "@import \"https://example.com/a\";",
            "@import \"base.css\" print;",
        ] {
            assert!(imported(line).is_err(), "{line}");
        }
    }
}
