//! Programs of the system that some tests need.

use std::path::PathBuf;

/// `None`, said loudly, where it is not installed. In CI that is a failure.
pub fn installed(name: &str, tests: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    // Where systems keep what they show to administrators only.
    let found = std::env::split_paths(&folders)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|program| program.is_file());
    if found.is_none() {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "{name} is not installed, and CI must have {tests}");
        eprintln!("SKIPPING {tests}: {name} is not installed");
    }
    found
}
