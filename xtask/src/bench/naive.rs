//! The same task as a simple product would do it: in each interval the list of
//! everybody, and for each rotation its schedule, one after the other.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::bench::sandbox::Sandbox;
use crate::bench::scale::schedule;
use crate::bench::table::Table;
use crate::http::{self, Request};
use crate::{processes, report};

const TOO_MANY: u16 = 429;

pub fn measure(
    table: &mut Table,
    sandbox: &Sandbox,
    rotations: usize,
    schedules: usize,
) -> Result<()> {
    report::step("Doing the same without care for requests");
    let now = sandbox.control("clock", &json!({ "ahead_seconds": 0 }))?;
    let now = now["now"]
        .as_str()
        .context("the sandbox's clock tells no time")?;
    let mut poller = Poller {
        port: sandbox.port,
        key: sandbox.new_key()?,
        requests: 0,
        refused: 0,
    };
    let start = Instant::now();
    poller.read_everybody()?;
    for rotation in 0..rotations {
        let schedule = schedule(rotation % schedules);
        poller.get(&format!(
            "/schedules/{schedule}?time_zone=UTC&since={now}&until={now}"
        ))?;
        processes::stop_if_told()?;
    }
    let took = start.elapsed().as_secs_f64();
    let Poller {
        requests, refused, ..
    } = poller;
    table.note(
        "a simple product: requests per cycle of a minute",
        requests.to_string(),
    );
    table.note(
        "a simple product: of these answered 429",
        refused.to_string(),
    );
    table.note("a simple product: time per cycle", format!("{took:.2} s"));
    Ok(())
}

struct Poller {
    port: u16,
    key: String,
    requests: u32,
    refused: u32,
}

impl Poller {
    fn read_everybody(&mut self) -> Result<()> {
        let mut offset = 0;
        loop {
            let page = self.get(&format!("/users?limit=100&offset={offset}"))?;
            if page["more"] != true {
                return Ok(());
            }
            offset += 100;
        }
    }

    /// What PagerDuty says, or nothing when it will not be asked more.
    fn get(&mut self, path: &str) -> Result<Value> {
        let authorization = format!("Token token={}", self.key);
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Accept", "application/vnd.pagerduty+json;version=2"),
        ];
        self.requests += 1;
        let answer = http::send(self.port, &Request::get(path, &headers))?;
        if answer.status == TOO_MANY {
            self.refused += 1;
            return Ok(Value::Null);
        }
        let (status, body) = (answer.status, &answer.body);
        ensure!(status == 200, "{path} answered {status}: {body}");
        serde_json::from_str(body).with_context(|| format!("{path} answered with {body}"))
    }
}
