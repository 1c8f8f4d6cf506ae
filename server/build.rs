//! Makes the folder that the server embeds, so that the server compiles before
//! the site was ever built, and has it embedded anew when the site changes.

use std::{env, fs, path::Path};

const SITE: &str = "../target/site";

fn main() -> std::io::Result<()> {
    let name = Path::new(SITE).join("output-name");
    if !name.exists() {
        fs::create_dir_all(Path::new(SITE).join("pkg"))?;
        fs::write(&name, "roundrobin")?;
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=migrations");
    // The name holds a hash of the site's files. A debug build reads them when
    // it runs and needs no new compilation.
    if env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo::rerun-if-changed={}", name.display());
    }
    Ok(())
}
