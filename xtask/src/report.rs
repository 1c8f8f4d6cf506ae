//! What a person reads while a command works: a line before each step, and
//! after many steps a table of how each went.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::processes::Interrupted;

pub fn step(what: &str) {
    println!("\n==> {what}");
}

/// How many tests a step ran. Checks that are not tests count none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tests {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

/// The outcome of a step that ran: failed tests are not an error of the step.
pub struct Outcome {
    pub tests: Tests,
    pub success: bool,
    /// Each test that failed, with what it said.
    pub failures: Vec<String>,
}

impl Outcome {
    pub const PASSED_CHECK: Self = Self {
        tests: Tests {
            passed: 0,
            failed: 0,
            skipped: 0,
        },
        success: true,
        failures: Vec::new(),
    };
}

#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    warnings: Vec<String>,
}

struct Row {
    name: String,
    time: Duration,
    tests: Tests,
    success: bool,
    failures: Vec<String>,
}

impl Report {
    /// Runs one step and notes how it went. Later steps run even when this one
    /// failed, so that one run shows everything that is wrong; only an
    /// interruption ends the whole.
    pub fn run(&mut self, name: &str, work: impl FnOnce() -> Result<Outcome>) -> Result<bool> {
        step(name);
        let start = Instant::now();
        let outcome = match work() {
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => {
                eprintln!("\nerror: {error:#}");
                Outcome {
                    tests: Tests::default(),
                    success: false,
                    failures: vec![format!("{error:#}")],
                }
            }
            Ok(outcome) => outcome,
        };
        let mut tests = outcome.tests;
        if !outcome.success && tests.failed == 0 {
            tests.failed = 1;
        }
        let success = outcome.success && tests.failed == 0;
        let time = start.elapsed();
        println!("    {name}: {} in {}", word(success), seconds(time));
        self.rows.push(Row {
            name: name.to_owned(),
            time,
            tests,
            success,
            failures: outcome.failures,
        });
        Ok(success)
    }

    /// Said at once and again under the table, where it is not scrolled away.
    pub fn warn(&mut self, warning: String) {
        eprintln!("\n!!! {warning}");
        self.warnings.push(warning);
    }

    pub fn finish(self) -> Result<()> {
        println!();
        for row in &self.rows {
            let Row {
                name,
                time,
                tests,
                success,
                failures: _,
            } = row;
            println!(
                "{:<34} {:<6} {:>9}   {:>4} passed {:>4} failed {:>4} skipped",
                name,
                word(*success),
                seconds(*time),
                tests.passed,
                tests.failed,
                tests.skipped
            );
        }
        for warning in &self.warnings {
            println!("\n!!! {warning}");
        }
        // Here again, where nothing has scrolled it away.
        for failure in self.rows.iter().flat_map(|row| &row.failures) {
            println!("\nFAILED: {failure}");
        }
        let passed: u64 = self.rows.iter().map(|row| row.tests.passed).sum();
        let failed: u64 = self.rows.iter().map(|row| row.tests.failed).sum();
        println!("\n{passed} passed, {failed} failed");
        if failed > 0 {
            bail!("not everything passed, see the table");
        }
        Ok(())
    }
}

fn word(success: bool) -> &'static str {
    if success { "ok" } else { "FAILED" }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
