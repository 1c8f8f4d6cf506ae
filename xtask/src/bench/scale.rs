//! One large workspace: 1,000 rotations on 250 schedules and 2,000 people. What the
//! sync costs while nothing happens, how soon an override is seen, and how soon the
//! end of a shift.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::bench::runs::{last_runs, rest, wait_for_run};
use crate::bench::sandbox::Sandbox;
use crate::bench::table::{Table, percentile};
use crate::bench::visitor::Visitor;
use crate::bench::watch::Watch;
use crate::bench::{database_in, naive, server_command};
use crate::processes::{self, Process};
use crate::product::{self, Ports, credential};
use crate::{http, report};

const PEOPLE: usize = 2000;
const SCHEDULES: usize = 250;
const ROTATIONS: usize = 1000;
const INTERVAL: Duration = Duration::from_secs(60);
/// The share of what PagerDuty allows in a minute beyond which the sync asks nothing.
const OWN_SHARE: f64 = 576.0;
const MEMORY_MEGABYTES: f64 = 100.0;

const OVERRIDES: usize = 5;
/// From here on schedules get overrides; those before hand over.
const FIRST_OVERRIDDEN: usize = 200;
const OVERRIDE_SECONDS: f64 = 75.0;

const HAND_OFFS: usize = 100;
/// So many of them in the first second.
const AT_THE_SAME_SECOND: u64 = 20;
const HAND_OFF_SECONDS: f64 = 2.0;
/// Until the first: for setting them all and for the cycle that reads them.
const LEAD_SECONDS: u64 = 85;
/// What a page of PagerDuty's list of people holds.
const PAGE: f64 = 100.0;

pub fn measure(table: &mut Table, built: &str, cycles: u32) -> Result<()> {
    report::step("Preparing 1,000 rotations on 250 schedules, 2,000 people");
    let sandbox = Sandbox::start(built)?;
    let crowd = json!({ "users": PEOPLE, "schedules": SCHEDULES });
    let people = sandbox.control("seed", &crowd)?["users"]
        .as_f64()
        .unwrap_or(0.0);
    let folder = tempfile::tempdir()?;
    let ports = Ports {
        server: http::free_port()?,
        sandbox: sandbox.port,
    };
    let database = database_in(folder.path());
    let mut command = server_command(built, ports, &sandbox, &database, INTERVAL)?;
    let server = product::start_server(&mut command, ports.server)?;
    let visitor = Visitor::sign_in(ports.server, &sandbox)?;
    let rotations = bind_rotations(ports.server, &sandbox, &visitor)?;

    let mut bench = Bench {
        watch: Watch::open(&visitor)?,
        sandbox,
        server,
        visitor,
        rotations,
    };
    bench.steady_state(table, cycles, (people / PAGE).ceil())?;
    bench.hand_offs(table)?;
    let memory = format!("at its highest, {ROTATIONS} rotations");
    let highest = bench.server.memory("VmHWM")?;
    table.at_most(
        &format!("memory (VmHWM) {memory}"),
        highest,
        MEMORY_MEGABYTES,
        "MB",
    );
    naive::measure(table, &bench.sandbox, ROTATIONS, SCHEDULES)
}

/// As many as one session may bind without a pause.
const BOUND_BY_ONE: usize = 40;

/// Makes the rotations as people would, one by one, with a key that is replaced
/// afterwards: the measured one has asked nothing yet.
fn bind_rotations(port: u16, sandbox: &Sandbox, visitor: &Visitor) -> Result<Vec<String>> {
    sandbox.limit_requests(false)?;
    let key = credential(&sandbox.credentials, "pagerduty", "api_key")?;
    visitor.call("connect_with_api_key", &[("api_key", key)])?;
    let mut rotations = Vec::new();
    let mut visitor = visitor.clone();
    for number in 0..ROTATIONS {
        if number % BOUND_BY_ONE == 0 {
            visitor = Visitor::sign_in(port, sandbox)?;
        }
        let name = format!("Rotation {number:04}");
        let id = visitor.call("create_rotation", &[("input[name]", &name)])?;
        let id = id.as_str().context("a new rotation has no id")?.to_owned();
        let schedule = schedule(number % SCHEDULES);
        let binding = [
            ("id", id.as_str()),
            ("mode", "pagerduty"),
            ("schedule", &schedule),
        ];
        visitor.call("set_schedule", &binding)?;
        rotations.push(id);
        processes::stop_if_told()?;
    }
    sandbox.limit_requests(true)?;
    Ok(rotations)
}

/// The id of a generated schedule, counted from 0.
pub fn schedule(place: usize) -> String {
    format!("PS{:05}", place + 1)
}

struct Bench {
    sandbox: Sandbox,
    server: Process,
    visitor: Visitor,
    watch: Watch,
    /// Rotation n follows schedule n modulo the number of schedules.
    rotations: Vec<String>,
}

impl Bench {
    fn steady_state(&mut self, table: &mut Table, cycles: u32, pages: f64) -> Result<()> {
        report::step(&format!(
            "Watching {cycles} intervals of {} s",
            INTERVAL.as_secs()
        ));
        let key = self.sandbox.new_key()?;
        self.sandbox.forget_traffic()?;
        self.visitor.call("edit_api_key", &[("api_key", &key)])?;
        // Until now, a run may have read everything with the other key.
        let first = self.run_since(SystemTime::now())?;
        let mut roster_requests = self.sandbox.count("/users")?;
        self.sandbox.forget_traffic()?;

        let start = Instant::now();
        let wanted = usize::try_from(cycles)?;
        let pause_between = INTERVAL * cycles / u32::try_from(OVERRIDES)?;
        let (mut overrides, mut memory, mut measured) = (Vec::new(), 0.0_f64, None);
        while measured.is_none() || overrides.len() < OVERRIDES || !self.watch.has_seen_all()? {
            rest()?;
            self.server.expect_running()?;
            memory = memory.max(self.server.memory("VmRSS")?);
            let runs = self.runs_after(&first)?;
            if measured.is_none() && runs.len() >= wanted {
                let traffic = self.sandbox.traffic(&key)?;
                let schedules = self.sandbox.count("/schedules/{id}")?;
                roster_requests += self.sandbox.count("/users")?;
                measured = Some((traffic, schedules, start.elapsed(), runs));
            }
            let due = pause_between.mul_f64(overrides.len() as f64 + 0.3);
            if overrides.len() < OVERRIDES && start.elapsed() > due {
                overrides.push(self.override_one(overrides.len())?);
            }
            ensure!(
                start.elapsed() < INTERVAL * (cycles + 4),
                "the runs or the overrides of {cycles} intervals did not all come"
            );
        }
        let (traffic, schedules, took, runs) = measured.context("nothing was measured")?;
        let count = runs.len() as f64;
        let minutes = took.as_secs_f64() / 60.0;
        table.at_most(
            "requests for schedules, per cycle",
            schedules / count,
            SCHEDULES as f64,
            "",
        );
        table.at_most(
            &format!("times the list of people was read ({pages} pages), in all"),
            (roster_requests / pages).floor(),
            1.0,
            "",
        );
        table.note(
            "requests per minute",
            format!("{:.0}", traffic.total / minutes),
        );
        table.at_most(
            "requests in the busiest minute",
            traffic.busiest_minute,
            OWN_SHARE,
            "",
        );
        table.note(
            "requests at once, at most",
            format!("{:.0}", traffic.at_once),
        );
        let seconds: Vec<_> = runs
            .iter()
            .filter_map(|run| Some(run["duration_millis"].as_f64()? / 1000.0))
            .collect();
        table.note("time per cycle, median", told(percentile(&seconds, 0.5)));
        table.note("time per cycle, longest", told(percentile(&seconds, 1.0)));
        table.at_most(
            "memory (VmRSS) meanwhile, at most",
            memory,
            MEMORY_MEGABYTES,
            "MB",
        );

        let delays = self.delays(&overrides)?;
        table.note("override to seen, median", told(percentile(&delays, 0.5)));
        let slowest = percentile(&delays, 1.0);
        table.at_most("override to seen, longest", slowest, OVERRIDE_SECONDS, "s");
        Ok(())
    }

    /// Waits for the end of a run that began after `start` and read everything.
    fn run_since(&self, start: SystemTime) -> Result<Value> {
        wait_for_run(&self.visitor, SCHEDULES, start, INTERVAL * 2)
    }

    /// The runs after `first` that asked PagerDuty for everything.
    fn runs_after(&self, first: &Value) -> Result<Vec<Value>> {
        let runs = last_runs(&self.visitor)?;
        Ok(runs
            .into_iter()
            .take_while(|run| run["id"] != first["id"])
            .filter(|run| run["confirmed"] == SCHEDULES)
            .collect())
    }

    /// Puts somebody from elsewhere on call; says whose rotation shows it, and when
    /// that was.
    fn override_one(&mut self, place: usize) -> Result<(String, SystemTime)> {
        let place = FIRST_OVERRIDDEN + place;
        let rotation = self.rotations[place].clone();
        let person = format!("PG{:05}", PEOPLE / 2);
        self.watch.expect(&rotation, &person);
        let at = SystemTime::now();
        self.sandbox.control(
            &format!("schedules/{}/overrides", schedule(place)),
            &json!({ "user": person, "seconds": 7200 }),
        )?;
        Ok((rotation, at))
    }

    /// Ends shifts whose end the server has read before. Each schedule is followed by
    /// four rotations; one of them has a page open.
    fn hand_offs(&mut self, table: &mut Table) -> Result<()> {
        report::step(&format!("Handing over {HAND_OFFS} schedules"));
        let first_end = seconds_now()? + LEAD_SECONDS;
        let mut ends = Vec::new();
        for (place, number) in (0..HAND_OFFS).zip(0u64..) {
            // Two in each second after the many at once.
            let end = first_end + number.saturating_sub(AT_THE_SAME_SECOND).div_ceil(2);
            let answer = self.sandbox.control(
                &format!("schedules/{}/end-shift", schedule(place)),
                &json!({ "seconds": end - seconds_now()? }),
            )?;
            let told = |name: &str| answer[name].as_str().context("a shift has no end");
            let rotation = self.rotations[place].clone();
            self.watch.expect(&rotation, told("to")?);
            ends.push((rotation, instant_near(told("ends_at")?, end)?));
        }
        self.run_since(SystemTime::now())?;
        ensure!(
            seconds_now()? < first_end,
            "the first shift ended before all were read"
        );
        self.watch
            .wait_for_all(Duration::from_secs(LEAD_SECONDS + 120))?;
        let delays = self.delays(&ends)?;
        table.note(
            "end of a shift to seen, median",
            told(percentile(&delays, 0.5)),
        );
        table.at_most(
            "end of a shift to seen, 99th percentile of 100",
            percentile(&delays, 0.99),
            HAND_OFF_SECONDS,
            "s",
        );
        table.note(
            "end of a shift to seen, longest",
            told(percentile(&delays, 1.0)),
        );
        Ok(())
    }

    fn delays(&self, starts: &[(String, SystemTime)]) -> Result<Vec<f64>> {
        starts
            .iter()
            .map(|(rotation, start)| self.watch.seconds_since(rotation, *start))
            .collect()
    }
}

fn told(seconds: f64) -> String {
    format!("{seconds:.2} s")
}

pub fn seconds_now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

const DAY: u64 = 24 * 3600;

/// The instant that a time like `2026-11-24T12:00:00Z` names, which is less than half
/// a day from `near`, in seconds since 1970.
pub fn instant_near(stamp: &str, near: u64) -> Result<SystemTime> {
    let part = |from: usize| stamp.get(from..from + 2)?.parse::<u64>().ok();
    let (Some(hours), Some(minutes), Some(seconds)) = (part(11), part(14), part(17)) else {
        anyhow::bail!("{stamp} is no time");
    };
    let of_day = hours * 3600 + minutes * 60 + seconds;
    let ahead = (of_day + DAY + DAY / 2 - near % DAY) % DAY;
    Ok(UNIX_EPOCH + Duration::from_secs(near + ahead - DAY / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_taken_for_the_nearest_instant() {
        let noon = 20_000 * DAY + DAY / 2;
        for (stamp, near, instant) in [
            ("2024-10-04T12:00:03Z", noon, noon + 3),
            ("2024-10-04T11:59:58Z", noon, noon - 2),
            ("2024-10-05T00:00:01Z", 20_001 * DAY - 1, 20_001 * DAY + 1),
            ("2024-10-04T23:59:59Z", 20_001 * DAY, 20_001 * DAY - 1),
        ] {
            let expected = UNIX_EPOCH + Duration::from_secs(instant);
            assert_eq!(instant_near(stamp, near).unwrap(), expected, "{stamp}");
        }
        assert!(instant_near("soon", noon).is_err());
    }
}
