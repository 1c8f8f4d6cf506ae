//! 1,000 rotations with schedules of their own: what planning one of them costs, what the server costs
//! while nothing happens, how soon an open page hears of hand-offs in the same second, and for how long
//! others wait while all of them go by another holiday.

use std::collections::HashMap;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::bench::events;
use crate::bench::sandbox::Sandbox;
use crate::bench::scale::seconds_now;
use crate::bench::table::{Table, percentile};
use crate::bench::visitor::Visitor;
use crate::bench::{Programs, database_in, server_command};
use crate::processes::{self, Process};
use crate::product::{self, Ports};
use crate::{http, report};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    programs: Programs,
    /// How many rotations there are
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    rotations: u32,
}

const PEOPLE: usize = 200;
const MEMBERS: usize = 4;
/// As many as one session may make without a pause.
const MADE_BY_ONE: usize = 20;
/// So many of them hand over at once while the page is open.
const HAND_OFFS: usize = 100;
/// For setting those schedules, which begin with the next full minute.
const LEAD_SECONDS: u64 = 40;
const MINUTE: u64 = 60;
/// The others hand over so many seconds from now.
const FAR_SECONDS: u64 = 12 * 3600;
const AT_REST: Duration = Duration::from_secs(60);
const LIMIT: Duration = Duration::from_secs(30);
/// How often somebody opens a page or changes something while all are planned anew.
const ASKED_EVERY: Duration = Duration::from_millis(20);

const PLAN_MILLIS: f64 = 2.0;
const CORE_PERCENT: f64 = 1.0;
const HAND_OFF_SECONDS: f64 = 1.0;
const REPLAN_SECONDS: f64 = 15.0;
const WAIT_SECONDS: f64 = 0.5;

pub fn measure(options: &Options) -> Result<()> {
    let built = options.programs.folder()?;
    let mut table = Table::default();
    plan(&mut table, built)?;
    let count = usize::try_from(options.rotations)?;
    report::step(&format!(
        "Preparing {count} rotations with schedules of their own"
    ));
    let sandbox = Sandbox::start(built)?;
    let crowd = serde_json::json!({ "users": PEOPLE, "schedules": 1 });
    sandbox.control("seed", &crowd)?;
    let folder = tempfile::tempdir()?;
    let ports = Ports {
        server: http::free_port()?,
        sandbox: sandbox.port,
    };
    let database = database_in(folder.path());
    let mut command = server_command(built, ports, &sandbox, &database, AT_REST)?;
    let server = product::start_server(&mut command, ports.server)?;
    let far = time_of_day(seconds_now()? + FAR_SECONDS);
    let rotations = make(ports.server, &sandbox, count, &far)?;
    rest(&mut table, &server, count)?;
    add_holiday(&mut table, ports.server, &sandbox, &rotations)?;
    hand_over(&mut table, ports.server, &sandbox, &rotations)?;
    table.finish()
}

fn plan(table: &mut Table, built: &str) -> Result<()> {
    report::step("Planning eight weeks of one rotation");
    let mut program = Command::new(format!("{built}/examples/bench_plan"));
    let printed = processes::printed_by("bench_plan", &mut program)?;
    let mut micros = printed.split_whitespace().map(str::parse::<f64>);
    let mut next = || {
        micros
            .next()
            .context("bench_plan told less than two numbers")
    };
    let (median, p99) = (next()??, next()??);
    table.at_most(
        "planning eight weeks, median",
        median / 1000.0,
        PLAN_MILLIS,
        "ms",
    );
    table.note(
        "planning eight weeks, p99",
        format!("{:.2} ms", p99 / 1000.0),
    );
    Ok(())
}

/// Makes the rotations as people would, one by one.
fn make(port: u16, sandbox: &Sandbox, count: usize, at: &str) -> Result<Vec<String>> {
    let mut rotations = Vec::with_capacity(count);
    let mut visitor = Visitor::sign_in(port, sandbox)?;
    for number in 0..count {
        processes::stop_if_told()?;
        if number % MADE_BY_ONE == MADE_BY_ONE - 1 {
            visitor = Visitor::sign_in(port, sandbox)?;
        }
        let name = format!("Rotation {number:04}");
        let id = visitor.call("create_rotation", &[("input[name]", &name)])?;
        let id = id.as_str().context("a new rotation has no id")?.to_owned();
        let people: Vec<_> = (0..MEMBERS)
            .map(|place| {
                let person = format!("UG{:07}", (number * 3 + place) % PEOPLE + 1);
                (format!("people[{place}]"), person)
            })
            .collect();
        let people = people.iter().map(|(name, id)| (name.as_str(), id.as_str()));
        let members: Vec<_> = [("id", id.as_str())].into_iter().chain(people).collect();
        visitor.call("add_members", &members)?;
        hand_over_daily(&visitor, &id, (at, "FR"))?;
        rotations.push(id);
    }
    Ok(rotations)
}

/// Has a rotation hand over each day at this time of UTC, but for the holidays of these countries.
pub fn hand_over_daily(visitor: &Visitor, id: &str, (at, holidays): (&str, &str)) -> Result<()> {
    let daily = [
        ("id", id),
        ("mode", "scheduled"),
        ("rota[kind]", "daily"),
        ("rota[times]", at),
        ("rota[zone]", "UTC"),
        ("rota[holidays]", holidays),
    ];
    visitor.call("set_schedule", &daily)?;
    Ok(())
}

/// The time of its day in UTC, of seconds since 1970.
pub fn time_of_day(seconds: u64) -> String {
    let minutes = seconds / MINUTE;
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

fn rest(table: &mut Table, server: &Process, count: usize) -> Result<()> {
    report::step(&format!(
        "Watching the server at rest for {} s",
        AT_REST.as_secs()
    ));
    let (began, before) = (Instant::now(), server.processor_time()?);
    while began.elapsed() < AT_REST {
        processes::pause()?;
    }
    let taken = server.processor_time()? - before;
    let percent = taken.as_secs_f64() / began.elapsed().as_secs_f64() * 100.0;
    let what = format!("at rest with {count} rotations, of one core");
    table.at_most(&what, percent, CORE_PERCENT, "%");
    Ok(())
}

/// For how long after the moment an open page did not know of each hand-off.
fn hand_over(table: &mut Table, port: u16, sandbox: &Sandbox, rotations: &[String]) -> Result<()> {
    let handing: Vec<_> = rotations.iter().take(HAND_OFFS).collect();
    report::step(&format!("Handing {} over at once", handing.len()));
    let moment = (seconds_now()? + LEAD_SECONDS).next_multiple_of(MINUTE);
    let mut visitor = Visitor::sign_in(port, sandbox)?;
    for (number, rotation) in handing.iter().enumerate() {
        if number % MADE_BY_ONE == MADE_BY_ONE - 1 {
            visitor = Visitor::sign_in(port, sandbox)?;
        }
        hand_over_daily(&visitor, rotation, (&time_of_day(moment), ""))?;
    }
    ensure!(seconds_now()? < moment, "it was time before all were set");
    let moment = UNIX_EPOCH + Duration::from_secs(moment);
    let heard = events::heard(&visitor)?;
    let mut delays = HashMap::new();
    while delays.len() < handing.len() {
        processes::pause()?;
        for (at, change) in heard.try_iter() {
            let change = change?;
            let Ok(delay) = at.duration_since(moment) else {
                continue;
            };
            for rotation in handing.iter().filter(|rotation| change.concerns(rotation)) {
                delays.entry(*rotation).or_insert(delay.as_secs_f64());
            }
        }
        if SystemTime::now() > moment + LIMIT {
            let missing = handing.len() - delays.len();
            bail!("{missing} hand-offs were not heard of");
        }
    }
    // What was heard counts where the page shows it.
    thread::sleep(Duration::from_secs(1));
    for rotation in &handing {
        let page = visitor.ask("rotation", &[("id", rotation)])?;
        let on_duty = page["outlook"]["on_duty"].as_array();
        ensure!(
            on_duty.is_some_and(|on_duty| on_duty.len() == 1),
            "nobody took over in {rotation}"
        );
    }
    let delays: Vec<_> = delays.into_values().collect();
    let told = |share| format!("{:.2} s", percentile(&delays, share));
    table.note("hand-off heard, median", told(0.5));
    let p99 = percentile(&delays, 0.99);
    table.at_most("hand-off heard, p99", p99, HAND_OFF_SECONDS, "s");
    table.note("hand-off heard, longest", told(1.0));
    Ok(())
}

/// For how long others wait, to read and to write, while all rotations are planned anew by a holiday of
/// the workspace.
fn add_holiday(
    table: &mut Table,
    port: u16,
    sandbox: &Sandbox,
    rotations: &[String],
) -> Result<()> {
    report::step(&format!(
        "Adding a holiday that moves {} rotations",
        rotations.len()
    ));
    let admin = Visitor::sign_in(port, sandbox)?;
    let other = Visitor::sign_in(port, sandbox)?;
    let date = day_to_take(&admin, rotations)?;
    let holiday = holiday(&date);
    let alone = asked(&other, &rotations[0], 0)?;
    let began = Instant::now();
    let (taken, waits) = thread::scope(|scope| {
        let change = scope.spawn(|| {
            let changed = admin.call("change_holidays", &holiday);
            changed.map(|_| began.elapsed())
        });
        let mut waits = Vec::new();
        while !change.is_finished() {
            let rotation = &rotations[waits.len() % rotations.len()];
            waits.push(asked(&other, rotation, waits.len() + 1)?);
            thread::sleep(ASKED_EVERY);
        }
        let taken = change.join().ok().context("the change broke off")??;
        anyhow::Ok((taken, waits))
    })?;
    table.at_most(
        "all planned anew by a holiday",
        taken.as_secs_f64(),
        REPLAN_SECONDS,
        "s",
    );
    for (what, alone, waits) in [
        ("a page", alone.0, waits.iter().map(|(read, _)| *read).max()),
        (
            "a change",
            alone.1,
            waits.iter().map(|(_, written)| *written).max(),
        ),
    ] {
        let longest = waits.unwrap_or_default().as_secs_f64();
        let told = format!("{what} meanwhile, longest");
        table.at_most(&told, longest, WAIT_SECONDS, "s");
        table.note(
            &format!("{what} alone"),
            format!("{:.2} s", alone.as_secs_f64()),
        );
    }
    Ok(())
}

fn holiday(date: &str) -> [(&str, &str); 3] {
    [("what", "add"), ("date", date), ("name", "Company day")]
}

/// A day that is to come, of those that a page shows, by which shifts of all of them change hands.
fn day_to_take(admin: &Visitor, rotations: &[String]) -> Result<String> {
    let page = admin.ask("rotation", &[("id", &rotations[0])])?;
    let days = page["days"]["days"].as_array().into_iter().flatten();
    let days: Vec<_> = days.filter_map(|day| day["date"].as_str()).collect();
    for date in days.iter().rev() {
        let preview = [&holiday(date)[..], &[("preview", "true")]].concat();
        let told = admin.call("change_holidays", &preview)?;
        if told["Previewed"]["rotations"].as_u64() == u64::try_from(rotations.len()).ok() {
            return Ok((*date).to_owned());
        }
    }
    bail!("no day of the page would move all of them")
}

/// How long a page takes, and a change of something else.
fn asked(visitor: &Visitor, rotation: &str, number: usize) -> Result<(Duration, Duration)> {
    let began = Instant::now();
    visitor.ask("rotation", &[("id", rotation)])?;
    let read = began.elapsed();
    let began = Instant::now();
    let name = format!("Renamed {number}");
    visitor.call("edit_rotation", &[("id", rotation), ("input[name]", &name)])?;
    Ok((read, began.elapsed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_as_the_time_of_its_day() {
        assert_eq!(time_of_day(0), "00:00");
        assert_eq!(time_of_day(24 * 3600 + 9 * 3600 + 5 * 60), "09:05");
    }
}
