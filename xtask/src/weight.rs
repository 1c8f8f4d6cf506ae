//! What somebody's first visit loads over the network, and how much of it there
//! may be: a page that is heavy on a phone becomes so one feature at a time.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The most that the first load of any page may weigh, compressed, in bytes.
pub const FIRST_LOAD_LIMIT: u64 = 300 * KILOBYTE;

/// The most of that which every page loads, whichever it is: without HTML and chunks.
pub const EVERY_PAGE_LIMIT: u64 = 200 * KILOBYTE;

const KILOBYTE: u64 = 1_024;

/// Kept free for the HTML where no page has been measured, in bytes. The largest that
/// `cargo xtask bench page` has seen had 9,876.
pub const HTML_RESERVE: u64 = 10_000;

/// The compressed bytes of one page and of every file that it makes a browser load.
#[derive(Debug, PartialEq)]
pub struct FirstLoad {
    html: u64,
    css: u64,
    js: u64,
    /// The part for every page.
    wasm: u64,
    chunk: u64,
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
            wasm: size(&format!("{name}_bg.wasm"))?,
            chunk: heaviest,
        })
    }

    pub fn total(&self) -> u64 {
        self.html + self.every_page() + self.chunk
    }

    /// What every page loads.
    pub fn every_page(&self) -> u64 {
        self.css + self.js + self.wasm
    }

    /// Fails when the whole is over [`FIRST_LOAD_LIMIT`], or what every page loads over
    /// [`EVERY_PAGE_LIMIT`].
    pub fn check(&self) -> Result<()> {
        for (what, bytes, limit) in [
            ("the first load", self.total(), FIRST_LOAD_LIMIT),
            ("what every page loads", self.every_page(), EVERY_PAGE_LIMIT),
        ] {
            if bytes > limit {
                bail!(
                    "{what} weighs {}, which is {} bytes over the limit of {}: {}",
                    kilobytes(bytes),
                    bytes - limit,
                    kilobytes(limit),
                    self.shares()
                );
            }
        }
        Ok(())
    }

    /// How much of it each file is, in words.
    pub fn shares(&self) -> String {
        [
            ("WASM", self.wasm),
            ("chunk", self.chunk),
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
    format!("{:.1} KB", bytes as f64 / KILOBYTE as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(wasm: u64, chunk: u64) -> FirstLoad {
        FirstLoad {
            html: 10 * KILOBYTE,
            css: 20 * KILOBYTE,
            js: 30 * KILOBYTE,
            wasm,
            chunk,
        }
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        let (wasm, chunk) = (150 * KILOBYTE, 90 * KILOBYTE);
        load(wasm, chunk).check().unwrap();
    }

    #[test]
    fn one_byte_more_fails_and_tells_each_files_share() {
        let (wasm, chunk) = (150 * KILOBYTE, 90 * KILOBYTE + 1);
        let message = load(wasm, chunk).check().unwrap_err().to_string();
        for part in [
            "the first load weighs 300.0 KB, which is 1 bytes over the limit of 300.0 KB",
            "WASM 150.0 KB",
            "chunk 90.0 KB",
            "JavaScript 30.0 KB",
            "CSS 20.0 KB",
            "HTML 10.0 KB",
        ] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn what_every_page_loads_has_a_limit_of_its_own() {
        let message = load(150 * KILOBYTE + 1, 0).check().unwrap_err().to_string();
        let over =
            "what every page loads weighs 200.0 KB, which is 1 bytes over the limit of 200.0 KB";
        assert!(message.contains(over), "{message}");
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
            wasm: 7,
            chunk: 130,
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
