//! What a browser makes of the pages: when there is something to see, and what
//! Lighthouse says. Both run in the Chromium of the tests.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::bench::page::PAGE;
use crate::bench::table::Table;
use crate::bench::workspace::Workspace;
use crate::{browser, processes, report};

const HOME: &str = "/";
const WEEK: &str = "/week";
const SETTINGS: &str = "/settings/integrations";
const PAINT_MILLIS: f64 = 300.0;
const DESKTOP_SCORE: f64 = 97.0;
const MOBILE_PERFORMANCE: f64 = 90.0;

pub fn measure_paint(table: &mut Table, workspace: &Workspace) -> Result<()> {
    report::step("Looking at 50 rotations with a browser that has nothing of ours");
    let _server = workspace.start()?;
    for page in [HOME, WEEK, PAGE] {
        let paint = script(workspace, page, "paint.mjs", &[])?;
        for (name, what) in [
            (
                "first",
                "first content seen, cold in an idle window, median of 5",
            ),
            ("largest", "largest content seen, the same"),
        ] {
            let millis = paint[name].as_f64();
            let millis = millis.with_context(|| format!("no paint was measured: {paint}"))?;
            table.at_most(&format!("{page}: {what}"), millis, PAINT_MILLIS, "ms");
        }
    }
    Ok(())
}

pub fn measure_lighthouse(table: &mut Table, workspace: &Workspace) -> Result<()> {
    report::step("Asking Lighthouse, five times each");
    let _server = workspace.start()?;
    for page in [HOME, PAGE, SETTINGS] {
        for device in ["desktop", "mobile"] {
            let told = script(workspace, page, "lighthouse.mjs", &[device])?;
            for category in ["performance", "accessibility", "best-practices"] {
                let limit = match (device, category) {
                    ("desktop", _) => Some(DESKTOP_SCORE),
                    (_, "performance") => Some(MOBILE_PERFORMANCE),
                    _ => None,
                };
                let score = told["scores"][category].as_f64();
                let score = score.with_context(|| format!("Lighthouse gave no score: {told}"))?;
                let what = format!("Lighthouse, {page}, {device}: {category}");
                match limit {
                    Some(limit) => table.at_least(&what, score, limit, ""),
                    None => table.note(&what, score.to_string()),
                }
            }
            for cost in told["cost"].as_array().into_iter().flatten() {
                println!("        {}", cost.as_str().unwrap_or_default());
            }
        }
    }
    Ok(())
}

/// What a script of `end2end/measure` prints about a page.
fn script(workspace: &Workspace, page: &str, name: &str, arguments: &[&str]) -> Result<Value> {
    let url = format!("http://127.0.0.1:{}{page}", workspace.ports.server);
    let mut command = Command::new("node");
    command
        .arg(format!("measure/{name}"))
        .args(arguments)
        .current_dir("end2end")
        .env("ROUNDROBIN_URL", url)
        .env("ROUNDROBIN_COOKIE", workspace.visitor.cookie_header());
    if let Some(program) = browser::ensure()? {
        command.env("ROUNDROBIN_CHROMIUM", program);
    }
    let printed = processes::printed_by(name, &mut command)?;
    serde_json::from_str(&printed).with_context(|| format!("{name} printed {printed}"))
}
