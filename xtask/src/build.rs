//! The release: one file that needs nothing beside it, the site inside it and
//! already compressed.

use std::fs;
use std::path::Path;
use std::thread;

use anyhow::Result;
use clap::Args;

use crate::site::Profile;
use crate::weight::{FirstLoad, HTML_RESERVE};
use crate::{cargo, node, report, site};

#[derive(Args)]
pub struct Options {
    /// Build quickly and without optimisation into target/debug; this one reads the site from target/site
    #[arg(long)]
    debug: bool,
}

pub fn build(options: &Options) -> Result<()> {
    let binary = if options.debug {
        build_debug()?
    } else {
        build_release()?
    };
    let size = fs::metadata(binary)?.len() as f64 / 1_000_000.0;
    println!("\n{binary}, {size:.1} MB");
    Ok(())
}

fn build_debug() -> Result<&'static str> {
    site_and_programs(Profile::Dev)?;
    Ok("target/debug/roundrobin")
}

/// What the browser loads, and server and sandbox without optimisation. Either waits for one large
/// crate for a good part of its time, so they are compiled beside each other.
pub fn site_and_programs(profile: Profile) -> Result<()> {
    report::step("Building server and sandbox, and beside them what the browser runs");
    thread::scope(|scope| {
        let programs = scope.spawn(cargo::build_native);
        let compiled = site::compile(profile);
        let programs = programs.join().expect("cargo is waited for");
        compiled?;
        programs
    })?;
    // Only now: the server is compiled while the folder is there.
    site::make(profile)
}

fn build_release() -> Result<&'static str> {
    node::ensure_packages()?;
    site::build(Profile::Release)?;
    weigh()?;
    report::step("Building the server");
    cargo::run(&["build", "--release", "-p", "server", "--bin", "roundrobin"])?;
    Ok("target/release/roundrobin")
}

/// Says what the first load of the heaviest page weighs. Too much of it is no reason to be
/// left without a binary; it fails where pages are measured.
fn weigh() -> Result<()> {
    let first_load = FirstLoad::heaviest(Path::new(site::SITE), HTML_RESERVE)?;
    println!(
        "The first load of the heaviest page: {}",
        first_load.shares()
    );
    if let Err(too_heavy) = first_load.check() {
        eprintln!("warning: {too_heavy}");
    }
    Ok(())
}
