//! What somebody's first visit loads over the network, and how much of it there
//! may be: a page that is heavy on a phone becomes so one feature at a time.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The most that the first load of any page may weigh, compressed, in bytes.
pub const FIRST_LOAD_LIMIT: u64 = 300_000;

/// Kept free for the HTML where no page has been measured, in bytes. The largest that
/// `cargo xtask bench page` has seen had 7,400.
pub const HTML_RESERVE: u64 = 9_000;

/// The compressed bytes of one page and of every file that it makes a browser load.
/// WASM is what every page needs and the files of the page's chunk.
#[derive(Debug, PartialEq)]
pub struct FirstLoad {
    html: u64,
    css: u64,
    js: u64,
    wasm: u64,
}

impl FirstLoad {
    /// The page with the heaviest chunk, if its HTML has `html` bytes when compressed,
    /// with the files of the release in the folder `site`. Fails when those are not a
    /// release.
    pub fn heaviest(site: &Path, html: u64) -> Result<Self> {
        let read = |file: &str| {
            fs::read_to_string(site.join(file))
                .with_context(|| format!("there is no site in {}", site.display()))
        };
        let size = |file: &str| compressed_size(&site.join(format!("pkg/{file}.br")));
        let name = read("output-name")?;
        let chunks = read("chunks")?;
        // A page needs one chunk, which names all of its files.
        let mut heaviest = 0;
        for chunk in chunks.lines() {
            let sizes = chunk.split(' ').skip(1).map(size);
            heaviest = heaviest.max(sizes.sum::<Result<u64>>()?);
        }
        Ok(Self {
            html,
            css: size(&format!("{name}.css"))?,
            js: size(&format!("{name}.js"))?,
            wasm: size(&format!("{name}_bg.wasm"))? + heaviest,
        })
    }

    pub fn total(&self) -> u64 {
        self.html + self.css + self.js + self.wasm
    }

    /// Fails when the whole is over [`FIRST_LOAD_LIMIT`].
    pub fn check(&self) -> Result<()> {
        let total = self.total();
        if total > FIRST_LOAD_LIMIT {
            bail!(
                "the first load weighs {}, which is {} bytes over the limit of {}: {}",
                kilobytes(total),
                total - FIRST_LOAD_LIMIT,
                kilobytes(FIRST_LOAD_LIMIT),
                self.shares()
            );
        }
        Ok(())
    }

    /// How much of it each file is, in words.
    pub fn shares(&self) -> String {
        [
            ("WASM", self.wasm),
            ("JavaScript", self.js),
            ("CSS", self.css),
            ("HTML", self.html),
        ]
        .map(|(what, bytes)| format!("{what} {}", kilobytes(bytes)))
        .join(", ")
    }
}

fn compressed_size(file: &Path) -> Result<u64> {
    match fs::metadata(file) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "{} is missing: only a release can be weighed, and `cargo xtask build` makes one",
            file.display()
        ),
        Err(error) => Err(error).with_context(|| format!("cannot weigh {}", file.display())),
    }
}

fn kilobytes(bytes: u64) -> String {
    format!("{:.1} KB", bytes as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(wasm: u64) -> FirstLoad {
        FirstLoad {
            html: 10_000,
            css: 20_000,
            js: 30_000,
            wasm,
        }
    }

    #[test]
    fn the_limit_itself_is_allowed() {
        load(240_000).check().unwrap();
    }

    #[test]
    fn one_byte_more_fails_and_tells_each_files_share() {
        let message = load(240_001).check().unwrap_err().to_string();
        for part in [
            "1 bytes over the limit of 300.0 KB",
            "WASM 240.0 KB",
            "JavaScript 30.0 KB",
            "CSS 20.0 KB",
            "HTML 10.0 KB",
        ] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn the_compressed_files_of_one_page_count_and_nothing_else() {
        let site = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: usize| {
            fs::write(site.path().join(name), vec![b'x'; bytes]).unwrap();
        };
        fs::create_dir(site.path().join("pkg")).unwrap();
        fs::write(site.path().join("output-name"), "roundrobin-1").unwrap();
        let chunks = "rotation both.wasm a.wasm\noccasional both.wasm b.wasm\n";
        fs::write(site.path().join("chunks"), chunks).unwrap();
        for (name, bytes) in [
            ("pkg/both.wasm.br", 100),
            ("pkg/a.wasm.br", 30),
            ("pkg/b.wasm.br", 20),
            ("pkg/roundrobin-1.css", 500),
            ("pkg/roundrobin-1.css.br", 5),
            ("pkg/roundrobin-1.js.br", 6),
            ("pkg/roundrobin-1_bg.wasm.br", 7),
            ("pkg/roundrobin-0_bg.wasm.br", 900),
        ] {
            write(name, bytes);
        }

        let load = FirstLoad::heaviest(site.path(), 4).unwrap();

        let expected = FirstLoad {
            html: 4,
            css: 5,
            js: 6,
            wasm: 137,
        };
        assert_eq!(load, expected);
        assert_eq!(load.total(), 152);
    }

    #[test]
    fn a_site_that_is_no_release_is_not_weighed() {
        let site = tempfile::tempdir().unwrap();
        fs::create_dir(site.path().join("pkg")).unwrap();
        fs::write(site.path().join("output-name"), "roundrobin").unwrap();
        fs::write(site.path().join("chunks"), "").unwrap();
        fs::write(site.path().join("pkg/roundrobin.css"), "a").unwrap();

        let message = FirstLoad::heaviest(site.path(), 0).unwrap_err().to_string();

        assert!(
            message.contains("only a release can be weighed"),
            "{message}"
        );
    }
}
