//! A disk of a few megabytes that can be filled, as a file system in memory. Only
//! root may mount one.

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

impl Disk {
    /// `None`, said loudly, where nothing may be mounted. In CI that is a failure.
    pub fn of_megabytes(size: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(folder.path())
            .status()
            .is_ok_and(|status| status.success());
        if mounted {
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
        let mut mount = Command::new("mount");
        let mount = mount.args(["-o", "remount,ro"]).arg(self.path());
        assert!(mount.status().unwrap().success());
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: somebody may still have a file open.
        let unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            eprintln!("{} is still mounted", self.path().display());
        }
    }
}
