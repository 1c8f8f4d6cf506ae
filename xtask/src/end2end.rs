//! The tests in a real browser: Playwright against this build of the server and
//! of the sandbox, which the tests start for themselves.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::other_browsers::OtherBrowsers;
use crate::report::{Outcome, Report, Tests};
use crate::site::Profile;
use crate::{browser, cargo, nginx, node, processes, report, site};

const RESULTS: &str = "end2end/test-results/results.json";
/// The tag of the tests that only take pictures.
const SCREENSHOTS: &str = "@screenshots";

pub fn add_to(report: &mut Report, arguments: &[String]) -> Result<()> {
    let mut others = OtherBrowsers::default();
    // All of them run with what a release sends: only that is pruned and made small, by
    // programs that could break it. Whoever chooses tests wants them soon.
    let profile = match arguments {
        [] => Profile::Tested,
        _ => Profile::Dev,
    };
    let prepared = report.run("preparing the browser tests", || {
        prepare(profile)?;
        others = OtherBrowsers::obtain()?;
        Ok(Outcome::PASSED_CHECK)
    })?;
    for missing in &others.missing {
        report.warn(missing.clone());
    }
    if !prepared {
        return Ok(());
    }
    if nginx::ensure()?.is_none() {
        report.warn(nginx::MISSING.to_owned());
    }
    report.run("types of the browser tests", check_types)?;
    report.run("browser tests", || run(arguments, &others))?;
    Ok(())
}

pub fn take_screenshots() -> Result<()> {
    prepare(Profile::Dev)?;
    report::step("Taking the pictures");
    let pictures = env::current_dir()?.join("docs/screenshots");
    fs::create_dir_all(&pictures)?;
    let mut command = playwright()?;
    command
        .args(["--grep", SCREENSHOTS])
        .env("ROUNDROBIN_SCREENSHOTS", pictures);
    processes::succeed(
        "Playwright",
        &mut command,
        "Not every picture could be taken, see above.",
    )
}

fn prepare(profile: Profile) -> Result<()> {
    node::ensure_packages()?;
    site::build(profile)?;
    report::step("Building server and sandbox");
    cargo::build_native()
}

fn check_types() -> Result<Outcome> {
    let mut command = Command::new(node::installed_program("tsc"));
    command.args(["--noEmit", "--project", "end2end"]);
    processes::succeed(
        "tsc",
        &mut command,
        "The tests do not fit their types, see above.",
    )?;
    Ok(Outcome::PASSED_CHECK)
}

fn run(arguments: &[impl AsRef<OsStr>], others: &OtherBrowsers) -> Result<Outcome> {
    remove_results()?;
    let mut command = playwright()?;
    others.name_to(&mut command);
    command
        .args(["--pass-with-no-tests", "--grep-invert", SCREENSHOTS])
        .args(arguments);
    let status = processes::status("Playwright", &mut command)?;
    let Ok(results) = fs::read_to_string(RESULTS) else {
        bail!("Playwright ended without results ({status}), see above");
    };
    let (tests, failures) =
        read(&results).with_context(|| format!("{RESULTS} is not what Playwright writes"))?;
    Ok(Outcome {
        tests,
        success: status.success(),
        failures,
    })
}

/// Results of an earlier run must not pass for this one's.
fn remove_results() -> Result<()> {
    if Path::new(RESULTS).exists() {
        fs::remove_file(RESULTS)?;
    }
    Ok(())
}

fn playwright() -> Result<Command> {
    let root = env::current_dir()?;
    let mut command = Command::new(root.join(node::installed_program("playwright")));
    command.arg("test").current_dir("end2end");
    command.env(
        "ROUNDROBIN_SERVER_BIN",
        root.join("target/debug/roundrobin"),
    );
    command.env("ROUNDROBIN_SANDBOX_BIN", root.join("target/debug/sandbox"));
    if let Some(program) = browser::ensure()? {
        command.env("ROUNDROBIN_CHROMIUM", program);
    }
    if let Some(program) = nginx::ensure()? {
        command.env("ROUNDROBIN_NGINX", program);
    }
    Ok(command)
}

/// How many tests there were, and each that failed at some attempt with why.
fn read(results: &str) -> Option<(Tests, Vec<String>)> {
    let results: Value = serde_json::from_str(results).ok()?;
    let stats = results.get("stats")?;
    let number = |name: &str| stats.get(name)?.as_u64();
    let tests = Tests {
        passed: number("expected")?,
        failed: number("unexpected")? + number("flaky")?,
        skipped: number("skipped")?,
    };
    let mut failures: Vec<String> = items(&results, "errors").filter_map(words).collect();
    add_failures(&results, "", &mut failures);
    Some((tests, failures))
}

fn items<'r>(of: &'r Value, name: &str) -> impl Iterator<Item = &'r Value> {
    of[name].as_array().into_iter().flatten()
}

fn words(error: &Value) -> Option<String> {
    error["message"].as_str().map(str::to_owned)
}

/// Suites, the outermost of which are files, hold suites and specifications; these hold tests
/// with an error for each attempt.
fn add_failures(within: &Value, place: &str, failures: &mut Vec<String>) {
    let titled = |of: &Value| format!("{place} › {}", of["title"].as_str().unwrap_or_default());
    for suite in items(within, "suites") {
        add_failures(suite, &titled(suite), failures);
    }
    for specification in items(within, "specs") {
        let tests = items(specification, "tests").filter(|test| test["status"] != "expected");
        let attempts = tests.flat_map(|test| items(test, "results"));
        let said = attempts.filter_map(|attempt| words(&attempt["error"]));
        failures.extend(said.map(|words| format!("{}\n{words}", titled(specification))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_passed_only_when_repeated_counts_as_failed() {
        let results = r#"{"stats":{"expected":7,"unexpected":1,"flaky":2,"skipped":3},
            "errors":[{"message":"no such file"}],
            "suites":[{"title":"a.spec.ts","suites":[{"title":"the page","specs":[
                {"title":"says who","tests":[{"status":"flaky","results":[
                    {"error":{"message":"nobody"}},{}]}]},
                {"title":"fails","tests":[{"status":"expected","results":[
                    {"error":{"message":"as it should"}}]}]}]}]}]}"#;
        let tests = Tests {
            passed: 7,
            failed: 3,
            skipped: 3,
        };
        let failures = ["no such file", " › a.spec.ts › the page › says who\nnobody"];
        let failures = failures.map(str::to_owned).to_vec();
        assert_eq!(read(results), Some((tests, failures)));
    }
}
