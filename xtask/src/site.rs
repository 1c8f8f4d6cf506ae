//! What the browser loads: the WASM module and its chunks, their JavaScript and the
//! stylesheet, made without cargo-leptos, whose installation takes longer than this
//! whole build. All carry one hash of their contents in their names, so that a
//! browser may keep them for ever.

use std::cmp::Reverse;
use std::env;
use std::fmt::Write;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::chunks::{self, Parts};
use crate::{cargo, imports, node, processes, prune, report, stylesheet, toolchain};

/// The folder with the files for the browser.
pub const SITE: &str = "target/site";
const NEXT_SITE: &str = "target/site.new";
const LAST_SITE: &str = "target/site.old";
const STAMP: &str = "target/site.stamp";
const LOCK: &str = "target/site.lock";
const NAME: &str = "roundrobin";
/// The script in the head of every page, which a release has small.
const WATCH: &str = "app/src/takeover.js";

#[derive(Clone, Copy, PartialEq)]
pub enum Profile {
    Dev,
    Release,
    /// What a release sends, and the page that shows every component.
    Tested,
}

impl Profile {
    fn cargo_name(self) -> &'static str {
        match self {
            Self::Dev => "wasm-dev",
            Self::Release | Self::Tested => "wasm-release",
        }
    }

    const fn features(self) -> &'static [&'static str] {
        match self {
            Self::Dev | Self::Release => &[],
            Self::Tested => &["--features", "design"],
        }
    }
}

/// The server embeds the site, so even a check of the server needs the folder.
pub fn ensure_placeholder() -> Result<()> {
    let name = Path::new(SITE).join("output-name");
    if !name.exists() {
        fs::create_dir_all(Path::new(SITE).join("pkg"))?;
        fs::write(name, NAME)?;
    }
    Ok(())
}

pub fn build(profile: Profile) -> Result<()> {
    toolchain::ensure_wasm_target()?;
    report::step("Building what the browser runs");
    let built = [
        "build",
        "-p",
        "frontend",
        "--target",
        toolchain::WASM,
        "--profile",
        profile.cargo_name(),
    ];
    cargo::run(&[&built, profile.features()].concat())?;
    let module = format!(
        "target/{}/{}/frontend.wasm",
        toolchain::WASM,
        profile.cargo_name()
    );
    let css = stylesheet::bundle(Path::new("style/main.css"))?;

    let lock = File::create(LOCK)?;
    lock.lock()
        .context("cannot wait for another build of the site")?;
    let stamp = stamp(profile, Path::new(&module), &css)?;
    if Path::new(SITE).join("pkg").exists()
        && fs::read_to_string(STAMP).is_ok_and(|last| last == stamp)
    {
        return Ok(());
    }
    assemble(profile, Path::new(&module), &css)
        .context("cannot make the site from the compiled frontend")?;
    fs::write(STAMP, stamp)?;
    Ok(())
}

/// Everything that the site is made from, this program included.
fn stamp(profile: Profile, module: &Path, css: &str) -> Result<String> {
    let mut stamp = String::new();
    for path in [module, &env::current_exe()?, Path::new(WATCH)] {
        let metadata =
            fs::metadata(path).with_context(|| format!("cannot find {}", path.display()))?;
        let modified = metadata
            .modified()?
            .duration_since(SystemTime::UNIX_EPOCH)?;
        writeln!(stamp, "{} bytes of {}", metadata.len(), modified.as_nanos())?;
    }
    writeln!(
        stamp,
        "{} with {}",
        profile.cargo_name(),
        hash(&[css.into()])
    )?;
    Ok(stamp)
}

fn assemble(profile: Profile, module: &Path, css: &str) -> Result<()> {
    remove_folder(NEXT_SITE)?;
    let folder = Path::new(NEXT_SITE).join("pkg");
    let (script, bound) = (format!("{NAME}.js"), format!("{NAME}_bg.wasm"));
    let uncut = Path::new(NEXT_SITE).join("main.wasm");
    let mut module =
        fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    if profile != Profile::Dev {
        module = prune::prune(&module)?;
    }
    let (parts, loader) = chunks::cut(&module, &uncut, &folder, &script)?;
    Bindgen::new()
        .input_path(&uncut)
        // Chunks use the memory and the table of functions.
        .keep_lld_exports(true)
        .web(true)?
        .typescript(false)
        .out_name(NAME)
        .generate(&folder)?;
    fs::remove_file(uncut)?;
    let (script, stylesheet) = (folder.join(script), folder.join(format!("{NAME}.css")));
    fs::write(&stylesheet, css)?;
    let javascript = fs::read_to_string(&script)?;
    fs::write(&script, chunks::join(&loader, &javascript, &parts)?)?;
    if profile != Profile::Dev {
        imports::shorten(&folder.join(&bound), &script)?;
        report::step("Making the WASM modules small");
        optimise(&folder, parts.files().chain([bound.as_str()]).collect())?;
        for text in [&script, &stylesheet] {
            minify(text, text)?;
        }
        let watch = Path::new(NEXT_SITE).join("takeover.js");
        minify(Path::new(WATCH), &watch)?;
    }
    parts.pack(&folder)?;
    let name = name_by_contents(&folder, &parts)?;
    fs::write(Path::new(NEXT_SITE).join("output-name"), &name)?;
    fs::write(Path::new(NEXT_SITE).join("chunks"), parts.list(&name))?;
    if profile != Profile::Dev {
        compress(&folder)?;
    }
    swap()
}

/// Renames the files after their contents, which gives the name of the whole.
fn name_by_contents(folder: &Path, parts: &Parts) -> Result<String> {
    let unnamed = |suffix: &str| folder.join(format!("{NAME}{suffix}"));
    let mut javascript = fs::read_to_string(unnamed(".js"))?;
    let mut contents = vec![
        javascript.clone().into_bytes(),
        fs::read(unnamed("_bg.wasm"))?,
        fs::read(unnamed(".css"))?,
    ];
    for (_, chunk) in parts.packed() {
        contents.push(fs::read(folder.join(chunk))?);
    }
    let name = format!("{NAME}-{}", &hash(&contents)[..16]);

    for (_, chunk) in parts.packed() {
        let named = chunks::named(&name, chunk);
        fs::rename(folder.join(chunk), folder.join(&named))?;
        javascript = javascript.replace(&format!("\"./{chunk}\""), &format!("\"./{named}\""));
    }
    // The script imports itself. Modules are told apart by another mention of its name,
    // which stands in the compiled module as well.
    for from in ["from ", "from"] {
        javascript = javascript.replace(
            &format!("{from}\"./{NAME}.js\""),
            &format!("{from}\"./{name}.js\""),
        );
    }
    javascript = javascript.replace(&format!("{NAME}_bg.wasm"), &format!("{name}_bg.wasm"));
    let named = |suffix: &str| folder.join(format!("{name}{suffix}"));
    fs::remove_file(unnamed(".js"))?;
    fs::write(named(".js"), javascript)?;
    for suffix in ["_bg.wasm", ".css"] {
        fs::rename(unnamed(suffix), named(suffix))?;
    }
    Ok(name)
}

fn hash(contents: &[Vec<u8>]) -> String {
    let mut hasher = Sha256::new();
    for content in contents {
        hasher.update((content.len() as u64).to_le_bytes());
        hasher.update(content);
    }
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// In as many processes as there are processors, each with about as much to do.
fn optimise(folder: &Path, files: Vec<&str>) -> Result<()> {
    let mut files: Vec<_> = files
        .into_iter()
        .map(|file| folder.join(file))
        .map(|path| Ok((fs::metadata(&path)?.len(), path)))
        .collect::<Result<_>>()?;
    files.sort_by_key(|(size, _)| Reverse(*size));
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let mut shares = vec![(0, Vec::new()); workers];
    for (size, path) in files {
        if let Some((taken, share)) = shares.iter_mut().min_by_key(|(taken, _)| *taken) {
            *taken += size;
            share.push(path);
        }
    }
    thread::scope(|scope| {
        let shares = shares.into_iter().filter(|(taken, _)| *taken > 0);
        let workers: Vec<_> = shares
            .map(|(_, share)| scope.spawn(move || optimise_share(&share)))
            .collect();
        let mut results = workers.into_iter().map(|worker| worker.join());
        results.try_for_each(|result| {
            result.unwrap_or_else(|_| bail!("binaryen could not be waited for"))
        })
    })
}

fn optimise_share(files: &[PathBuf]) -> Result<()> {
    let mut command = Command::new("node");
    command.arg("xtask/optimise.mjs").args(files);
    processes::succeed("binaryen", &mut command, "Its message above says why.")
}

/// Takes out of a script or stylesheet what only people read, and leaves what the oldest
/// browsers need that are named in the README.
fn minify(file: &Path, small: &Path) -> Result<()> {
    let mut command = Command::new(node::installed_program("esbuild"));
    command
        .args(["--minify", "--target=chrome123,firefox120,safari17.5"])
        // wasm-bindgen names one module several times, each time the same.
        .arg("--log-override:duplicate-object-key=silent")
        .args(["--log-level=warning", "--allow-overwrite"])
        .arg(format!("--outfile={}", small.display()))
        .arg(file);
    processes::succeed("esbuild", &mut command, "Its message above says why.")
}

fn compress(folder: &Path) -> Result<()> {
    let mut command = Command::new("node");
    command.arg("xtask/compress.mjs").arg(folder);
    processes::succeed("node", &mut command, "The site could not be compressed.")
}

/// A server that reads the folder meanwhile finds the old files or the new.
fn swap() -> Result<()> {
    remove_folder(LAST_SITE)?;
    match fs::rename(SITE, LAST_SITE) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => fs::rename(NEXT_SITE, SITE)?,
    }
    remove_folder(LAST_SITE)
}

fn remove_folder(folder: &str) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {folder}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_follows_the_contents_of_all_files() {
        let name = |js: &str, wasm: &str, chunk: &str, css: &str| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("roundrobin.js"), js).unwrap();
            fs::write(folder.path().join("roundrobin_bg.wasm"), wasm).unwrap();
            fs::write(folder.path().join("chunk.wasm"), chunk).unwrap();
            fs::write(folder.path().join("roundrobin.css"), css).unwrap();
            name_by_contents(folder.path(), &Parts::of(&[("c", "chunk.wasm")])).unwrap()
        };
        let first = name("a", "b", "c", "d");
        assert_eq!(first, name("a", "b", "c", "d"));
        assert_eq!(first.len(), "roundrobin-".len() + 16);
        for other in [
            name("x", "b", "c", "d"),
            name("a", "x", "c", "d"),
            name("a", "b", "x", "d"),
            name("a", "b", "c", "x"),
            name("ab", "", "c", "d"),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn the_javascript_names_the_renamed_chunks_and_itself() {
        let folder = tempfile::tempdir().unwrap();
        let javascript = "import { a } from \"./roundrobin.js\"; \
            import{b}from\"./roundrobin.js\"; fetch(\"./chunk.wasm\"); \
            const modules = { \"./roundrobin.js\": a };";
        fs::write(folder.path().join("roundrobin.js"), javascript).unwrap();
        for file in ["roundrobin_bg.wasm", "roundrobin.css", "chunk.wasm"] {
            fs::write(folder.path().join(file), "").unwrap();
        }

        let parts = Parts::of(&[("c", "chunk.wasm")]);
        let name = name_by_contents(folder.path(), &parts).unwrap();

        let renamed = fs::read_to_string(folder.path().join(format!("{name}.js"))).unwrap();
        let expected = format!(
            "import {{ a }} from \"./{name}.js\"; \
            import{{b}}from\"./{name}.js\"; fetch(\"./{name}_chunk.wasm\"); \
            const modules = {{ \"./roundrobin.js\": a }};"
        );
        assert_eq!(renamed, expected);
        assert!(folder.path().join(format!("{name}_chunk.wasm")).exists());
    }

    #[test]
    fn the_javascript_names_the_renamed_module() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("roundrobin.js"),
            "new URL('roundrobin_bg.wasm', import.meta.url)",
        )
        .unwrap();
        for file in ["roundrobin_bg.wasm", "roundrobin.css"] {
            fs::write(folder.path().join(file), "").unwrap();
        }

        let name = name_by_contents(folder.path(), &Parts::default()).unwrap();

        let js = fs::read_to_string(folder.path().join(format!("{name}.js"))).unwrap();
        assert_eq!(js, format!("new URL('{name}_bg.wasm', import.meta.url)"));
        assert!(!folder.path().join("roundrobin.js").exists());
    }
}
