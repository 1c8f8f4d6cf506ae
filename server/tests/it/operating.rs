//! What `docs/operating` has to copy from, read by the programs that it is for.

use crate::support::{databases, process::ServerProcess, programs::installed};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// How exposed a process of the unit may be, in tenths.
const MOST_EXPOSED: &str = "--threshold=30";

fn unit_file() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join("docs")
        .join("operating")
        .join("roundrobin.service")
}

#[test]
fn systemd_finds_nothing_to_say_against_the_unit() {
    let Some(systemd) = installed("systemd-analyze", "the test of the systemd unit") else {
        return;
    };
    let unit = fs::read_to_string(unit_file()).unwrap();
    let program = "ExecStart=/usr/local/bin/roundrobin ";
    assert!(unit.contains(program));
    // The program is not installed where it is tested.
    let here = unit.replace(program, "ExecStart=/bin/sh ");
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("roundrobin.service");
    let ask = |arguments: &[&str], unit: &str| -> Output {
        fs::write(&copy, unit).unwrap();
        let mut asking = Command::new(&systemd);
        asking.args(arguments).arg(&copy).output().unwrap()
    };
    let verify = ["verify", "--man=no"];
    let verified = ask(&verify, &here);
    let said = complaints(&verified);
    assert!(verified.status.success() && said.is_empty(), "{said:?}");
    let misspelt = here.replace("ProtectClock=", "ProtectClocks=");
    assert!(!complaints(&ask(&verify, &misspelt)).is_empty());

    let security = ["security", "--offline=true", "--no-pager", MOST_EXPOSED];
    let exposed = ask(&security, &here);
    let said = String::from_utf8_lossy(&exposed.stdout);
    assert!(exposed.status.success(), "{said}");
}

#[tokio::test]
async fn a_log_that_cannot_be_written_takes_nothing_with_it() {
    for database in databases().await {
        // It has answered and looked for what is due by the time that it is ready.
        let server = ServerProcess::start_on_a_full_disk(&database).await;
        for path in ["/readyz", "/sign-in", "/nowhere"] {
            let answer = reqwest::get(format!("{}{path}", server.url)).await;
            assert!(answer.unwrap().status().as_u16() < 500, "{path}");
        }
    }
}

/// What was said of our unit: other units of the system may have their faults.
fn complaints(verified: &Output) -> Vec<String> {
    String::from_utf8_lossy(&verified.stderr)
        .lines()
        .filter(|line| line.contains("roundrobin"))
        .map(str::to_owned)
        .collect()
}
