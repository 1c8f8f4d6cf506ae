//! The program that asks for one page over and over, and what it measures.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{processes, product};

/// Where to ask, for what and as whom.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The folder with the program that asks.
    pub programs: &'a str,
    pub port: u16,
    pub path: &'a str,
    pub cookies: &'a str,
}

pub struct Measured {
    pub answers: f64,
    pub per_second: f64,
    pub median_millis: f64,
    pub p99_millis: f64,
}

impl Target<'_> {
    /// Asks over so many connections at once; every answer has to come.
    pub fn load(self, connections: usize, seconds: u64) -> Result<Measured> {
        processes::stop_if_told()?;
        let mut command = product::local_command(&format!("{}/examples/bench_load", self.programs));
        command
            .args(["--address", &format!("127.0.0.1:{}", self.port)])
            .args(["--path", self.path, "--cookie", self.cookies])
            .args(["--connections", &connections.to_string()])
            .args(["--seconds", &seconds.to_string()]);
        let report = processes::printed_by("the load", &mut command)?;
        let report: Value = serde_json::from_str(&report)?;
        let number = |name: &str| {
            let number = report[name].as_f64();
            number.with_context(|| format!("the load was not measured: {report}"))
        };
        Ok(Measured {
            answers: number("answers")?,
            per_second: number("per_second")?,
            median_millis: number("median_ms")?,
            p99_millis: number("p99_ms")?,
        })
    }
}
