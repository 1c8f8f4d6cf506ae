//! Calls of cargo. The workspace is never built as a whole: that would unify
//! the features of the server's rendering with the browser's. So there is one
//! group of native packages, always built together so that their dependencies
//! are compiled once, and one group for the browser.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::{Result, anyhow};

use crate::{processes, toolchain};

/// `app` is rendered by the server here: `server` switches its feature `ssr` on.
pub const NATIVE: [&str; 10] = [
    "-p", "types", "-p", "app", "-p", "domain", "-p", "server", "-p", "sandbox",
];

/// Where every command looks for what cargo built, relative to the workspace.
const TARGET: &str = "target";

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    // Leptos would compile this name into the pages instead of the hashed one.
    command.env_remove("LEPTOS_OUTPUT_NAME");
    // Somebody's own settings may lead elsewhere, or to another platform.
    command.env("CARGO_TARGET_DIR", root().join(TARGET));
    command.env_remove("CARGO_BUILD_TARGET");
    // What cargo says of this program to it. Build scripts that look there would run anew, and what
    // hangs on them be built anew, each time somebody calls cargo by hand in between.
    let about_this = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    };
    for name in env::vars_os().map(|(name, _)| name).filter(about_this) {
        command.env_remove(name);
    }
    command
}

/// The workspace's folder.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

pub fn run(arguments: &[&str]) -> Result<()> {
    let status = processes::status("cargo", &mut command(arguments))?;
    if status.success() {
        Ok(())
    } else {
        Err(failure(arguments, status))
    }
}

pub fn build_native() -> Result<()> {
    run(&[&["build", "--bins"], &NATIVE[..]].concat())
}

/// Cargo's own messages are on the terminal already; what is left to say is
/// whether the network is to blame.
pub fn failure(arguments: &[&str], status: ExitStatus) -> anyhow::Error {
    let arguments = arguments.join(" ");
    if packages_are_downloaded() {
        anyhow!("`cargo {arguments}` failed ({status}), see above")
    } else {
        anyhow!(
            "`cargo {arguments}` failed ({status}) and not every Rust package is downloaded: \
             connect to the network (cargo obeys HTTPS_PROXY) and try again"
        )
    }
}

/// Of the packages for this machine: asked for the browser's as well, cargo would
/// miss some that only the server would need there.
fn packages_are_downloaded() -> bool {
    let mut fetch = command(&["fetch", "--offline", "--quiet"]);
    if let Some(host) = toolchain::host() {
        fetch.args(["--target", &host]);
    }
    processes::output(&mut fetch).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn what_is_built_lands_in_the_workspace_for_this_machine() {
        let command = command(&["build"]);
        let target = root().join("target");
        let variables: Vec<_> = command.get_envs().collect();
        assert!(variables.contains(&(OsStr::new("CARGO_TARGET_DIR"), Some(target.as_os_str()))));
        assert!(variables.contains(&(OsStr::new("CARGO_BUILD_TARGET"), None)));
        assert!(target.with_file_name("Cargo.toml").is_file());
    }
}
