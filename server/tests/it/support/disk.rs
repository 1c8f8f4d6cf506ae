//! A disk of a few megabytes that can be filled, as a file system in memory. Only
//! root may mount one, and whoever may become root without a password.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

/// Unmounted with the value.
pub struct Disk {
    folder: tempfile::TempDir,
}

/// Runs a program on a path as root; whether it did what it was to do.
fn as_root(program: &str, arguments: &[&str], path: &Path) -> bool {
    let attempts: [&[&str]; 2] = [&[program], &["sudo", "-n", program]];
    attempts.into_iter().any(|attempt| {
        Command::new(attempt[0])
            .args(&attempt[1..])
            .args(arguments)
            .arg(path)
            .status()
            .is_ok_and(|status| status.success())
    })
}

impl Disk {
    /// `None`, said loudly, where nothing may be mounted. In CI that is a failure.
    pub fn of_megabytes(size: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}m");
        let arguments = ["-t", "tmpfs", "-o", &options, "tmpfs"];
        if as_root("mount", &arguments, folder.path()) {
            return Some(Self { folder });
        }
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "no disk could be mounted, and CI must test a full one");
        eprintln!("SKIPPING the tests of a full disk: only root may mount one");
        None
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves room for nothing.
    pub fn fill(&self) {
        let mut filler = File::create(self.filler()).unwrap();
        for size in [64 << 10, 4 << 10, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Gives the room back.
    pub fn make_space(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    /// Takes no writes any more, not even root's.
    pub fn make_read_only(&self) {
        assert!(as_root("mount", &["-o", "remount,ro"], self.path()));
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: somebody may still have a file open.
        if !as_root("umount", &["-l"], self.path()) {
            eprintln!("{} is still mounted", self.path().display());
        }
    }
}
