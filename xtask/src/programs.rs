//! Finding programs, and saying who we are: both decide how a missing tool can
//! be installed.

use std::env;
use std::path::PathBuf;

/// Where systems keep what they show to administrators only.
const FOR_ADMINISTRATORS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    find_in(env::split_paths(&path), name)
}

/// The same, also where it is not on the PATH of everybody.
pub fn find_for_administrators(name: &str) -> Option<PathBuf> {
    find(name).or_else(|| find_in(FOR_ADMINISTRATORS.map(PathBuf::from), name))
}

fn find_in(folders: impl IntoIterator<Item = PathBuf>, name: &str) -> Option<PathBuf> {
    folders
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether this runs for a continuous-integration service, where a test that is
/// left out must not look like one that passed.
pub fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false")
}
