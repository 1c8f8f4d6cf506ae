//! Duty that arrives in Slack: how soon after a shift's end in PagerDuty the user group, the topic, the
//! channel and whoever begins have it, and how long many rotations take that hand over at once and
//! feed groups, at the limits that Slack sets.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::bench::rotas::{hand_over_daily, time_of_day};
use crate::bench::sandbox::Sandbox;
use crate::bench::scale::{instant_near, seconds_now};
use crate::bench::table::{Table, percentile};
use crate::bench::visitor::Visitor;
use crate::bench::{Programs, database_in, server_command};
use crate::product::{self, Ports};
use crate::{http, processes, report};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    programs: Programs,
    /// Measure only this part
    #[arg(long)]
    only: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// From the end of a shift to the group, the topic, the message and the direct message
    HandOff,
    /// 200 rotations on 60 groups at once
    Rush,
}

/// How often PagerDuty is asked by itself.
const INTERVAL: Duration = Duration::from_secs(60);
const SCHEDULE: &str = "PPLATP1";
const GROUP: &str = "S01PLATFORM";
const CHANNEL: &str = "C02PLATFORM";
/// Who take turns: in PagerDuty, in Slack, and where Slack shows what they alone are told.
const PEOPLE: [(&str, &str, &str); 2] = [
    ("PADAOK1", "U01ADAOKAF", "D01ADAOKAF"),
    ("PTOMAS5", "U05TOMASHE", "D05TOMASHE"),
];
const HAND_OFFS: usize = 20;
/// A shift ends so many seconds after that was decided.
const LEAD_SECONDS: u64 = 4;
const LIMIT: Duration = Duration::from_secs(60);
const ARRIVAL_SECONDS: f64 = 3.0;

const ROTATIONS: usize = 200;
const GROUPS: usize = 60;
/// As many as one session may make without a pause.
const MADE_BY_ONE: usize = 12;
const RUSH_SECONDS: f64 = 200.0;
const FIRST_SECONDS: f64 = 3.0;
const MINUTE: u64 = 60;
/// For setting all schedules, which begin with the next full minute.
const RUSH_LEAD_SECONDS: u64 = 60;
const RUSH_LIMIT: Duration = Duration::from_secs(400);

pub fn measure(options: &Options) -> Result<()> {
    let built = options.programs.folder()?;
    let wants = |part| options.only.is_none_or(|only| only == part);
    let mut table = Table::default();
    if wants(Part::HandOff) {
        with_product(built, |port, sandbox| hand_off(&mut table, port, sandbox))?;
    }
    if wants(Part::Rush) {
        with_product(built, |port, sandbox| rush(&mut table, port, sandbox))?;
    }
    table.finish()
}

/// Measures with a product and a sandbox of their own.
fn with_product(built: &str, measure: impl FnOnce(u16, &Sandbox) -> Result<()>) -> Result<()> {
    let sandbox = Sandbox::start(built)?;
    let folder = tempfile::tempdir()?;
    let ports = Ports {
        server: http::free_port()?,
        sandbox: sandbox.port,
    };
    let database = database_in(folder.path());
    let mut command = server_command(built, ports, &sandbox, &database, INTERVAL)?;
    let _server = product::start_server(&mut command, ports.server)?;
    measure(ports.server, &sandbox)
}

/// What Slack shows of a hand-off.
#[derive(Clone, Copy, PartialEq)]
enum Sign {
    Group,
    Topic,
    Message,
    DirectMessage,
}

impl Sign {
    const ALL: [Self; 4] = [Self::Group, Self::Topic, Self::Message, Self::DirectMessage];

    const fn name(self) -> &'static str {
        match self {
            Self::Group => "user group",
            Self::Topic => "topic",
            Self::Message => "message in the channel",
            Self::DirectMessage => "direct message",
        }
    }
}

fn hand_off(table: &mut Table, port: u16, sandbox: &Sandbox) -> Result<()> {
    report::step("Preparing a rotation that Slack is told of");
    let mut visitor = Visitor::sign_in(port, sandbox)?;
    for what in ["groups", "messages", "topics", "direct_messages"] {
        visitor.allow(what)?;
    }
    let key = sandbox.credentials["pagerduty"]["api_key"].as_str();
    let key = key.context("the sandbox has no API key")?;
    visitor.call("connect_with_api_key", &[("api_key", key)])?;
    let id = visitor.call("create_rotation", &[("input[name]", "Platform")])?;
    let id = id.as_str().context("a new rotation has no id")?;
    let binding = [("id", id), ("mode", "pagerduty"), ("schedule", SCHEDULE)];
    visitor.call("set_schedule", &binding)?;
    connect(&visitor, id, GROUP)?;
    let channel = [("rotation", id), ("channel", CHANNEL)];
    visitor.call("add_slack_channel", &channel)?;
    let topic = [&channel[..], &[("template", "On duty: %USER%")]].concat();
    visitor.call("set_topic", &topic)?;

    let mut delays = Sign::ALL.map(|_| Vec::new());
    for turn in 0..HAND_OFFS {
        report::step(&format!("Shift {} of {HAND_OFFS} ends", turn + 1));
        let (next, person, own) = PEOPLE[turn % PEOPLE.len()];
        let before = told(sandbox, own)?;
        let end = seconds_now()? + LEAD_SECONDS;
        let order = json!({ "seconds": LEAD_SECONDS, "next": next });
        let answer = sandbox.control(&format!("schedules/{SCHEDULE}/end-shift"), &order)?;
        let ends_at = answer["ends_at"].as_str().context("a shift has no end")?;
        let ends_at = instant_near(ends_at, end)?;
        visitor.call("sync_now", &[])?;
        ensure!(
            SystemTime::now() < ends_at,
            "the shift ended before it was read"
        );
        for (sign, after) in arrivals(sandbox, (person, own), &before, ends_at)? {
            let place = Sign::ALL.iter().position(|one| *one == sign);
            delays[place.context("a sign is none of all")?].push(after);
        }
    }
    for (sign, delays) in Sign::ALL.iter().zip(&delays) {
        let what = |share: &str| format!("shift's end to {}, {share}", sign.name());
        let median = format!("{:.2} s", percentile(delays, 0.5));
        table.note(&what("median"), median);
        let slowest = percentile(delays, 0.99);
        table.at_most(&what("p99 of 20"), slowest, ARRIVAL_SECONDS, "s");
    }
    Ok(())
}

/// What Slack has before a hand-off.
struct Before {
    topic: Value,
    messages: u64,
    direct: u64,
}

fn told(sandbox: &Sandbox, own: &str) -> Result<Before> {
    let channel = sandbox.ask(&format!("slack/channels/{CHANNEL}"))?;
    // Before the first message there is no such conversation.
    let direct = sandbox.ask(&format!("slack/channels/{own}"));
    let direct = direct.map_or(0, |direct| count(&direct));
    Ok(Before {
        messages: count(&channel),
        topic: channel["topic"].clone(),
        direct,
    })
}

fn count(channel: &Value) -> u64 {
    let messages = channel["messages"].as_array();
    messages.map_or(0, |messages| messages.len() as u64)
}

/// How many seconds after the end of the shift each sign of it was there.
fn arrivals(
    sandbox: &Sandbox,
    (person, own): (&str, &str),
    before: &Before,
    ends_at: SystemTime,
) -> Result<Vec<(Sign, f64)>> {
    let mut seen: Vec<(Sign, f64)> = Vec::new();
    while seen.len() < Sign::ALL.len() {
        processes::stop_if_told()?;
        let now = SystemTime::now();
        let group = sandbox.ask(&format!("slack/groups/{GROUP}"))?;
        let after = told(sandbox, own)?;
        for sign in Sign::ALL {
            let is_there = match sign {
                Sign::Group => group["users"] == json!([person]),
                Sign::Topic => after.topic != before.topic,
                Sign::Message => after.messages > before.messages,
                Sign::DirectMessage => after.direct > before.direct,
            };
            if is_there && !seen.iter().any(|(one, _)| *one == sign) {
                let late = now.duration_since(ends_at).unwrap_or_default();
                seen.push((sign, late.as_secs_f64()));
            }
        }
        let missing = Sign::ALL
            .into_iter()
            .find(|sign| !seen.iter().any(|(one, _)| one == sign));
        ensure!(
            missing.is_none() || now < ends_at + LIMIT,
            "Slack does not have the {} a minute after the shift's end",
            missing.map_or("", Sign::name)
        );
    }
    Ok(seen)
}

fn connect(visitor: &Visitor, rotation: &str, group: &str) -> Result<()> {
    let chosen = [
        ("rotation", rotation),
        ("group", group),
        ("holds", "on_duty"),
        ("when_nobody", "keep"),
        ("confirmed", "true"),
    ];
    visitor.call("connect_duty_group", &chosen)?;
    Ok(())
}

fn rush(table: &mut Table, port: u16, sandbox: &Sandbox) -> Result<()> {
    report::step(&format!(
        "Preparing {ROTATIONS} rotations on {GROUPS} groups"
    ));
    sandbox.control("slack/limits", &json!({ "enforced": false }))?;
    let groups: Vec<_> = (0..GROUPS).map(|number| format!("SRUSH{number}")).collect();
    for group in &groups {
        let order = json!({ "id": group, "handle": group.to_lowercase() });
        sandbox.control("slack/groups", &order)?;
    }
    let mut visitor = Visitor::sign_in(port, sandbox)?;
    visitor.allow("groups")?;
    let [(_, first, _), (_, second, _)] = PEOPLE;
    let mut made = Vec::with_capacity(ROTATIONS);
    for number in 0..ROTATIONS {
        processes::stop_if_told()?;
        if number % MADE_BY_ONE == MADE_BY_ONE - 1 {
            visitor = Visitor::sign_in(port, sandbox)?;
        }
        let name = format!("Rush {number:03}");
        let id = visitor.call("create_rotation", &[("input[name]", &name)])?;
        let id = id.as_str().context("a new rotation has no id")?.to_owned();
        let people = [("people[0]", first), ("people[1]", second)];
        visitor.call(
            "add_members",
            &[&[("id", id.as_str())][..], &people].concat(),
        )?;
        connect(&visitor, &id, &groups[number % GROUPS])?;
        made.push((visitor.clone(), id));
    }
    let moment = (seconds_now()? + RUSH_LEAD_SECONDS).next_multiple_of(MINUTE);
    for (visitor, id) in &made {
        processes::stop_if_told()?;
        hand_over_daily(visitor, id, (&time_of_day(moment), ""))?;
    }
    ensure!(
        seconds_now()? < moment,
        "it was time before all schedules were set"
    );
    sandbox.control("slack/limits", &json!({ "enforced": true }))?;
    report::step("Handing all of them over in the same second");
    let moment = UNIX_EPOCH + Duration::from_secs(moment);
    let soonest = until(sandbox, &groups, first, 1, moment)?.as_secs_f64();
    table.at_most("the first group is right", soonest, FIRST_SECONDS, "s");
    let all = until(sandbox, &groups, first, GROUPS, moment)?.as_secs_f64();
    table.at_most("all 60 groups are right", all, RUSH_SECONDS, "s");
    Ok(())
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// How long after the moment as many of the groups hold `person` alone.
fn until(
    sandbox: &Sandbox,
    groups: &[String],
    person: &str,
    wanted: usize,
    moment: SystemTime,
) -> Result<Duration> {
    loop {
        processes::stop_if_told()?;
        let told = sandbox.ask("slack/groups")?;
        let right = told["groups"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|group| {
                let is_ours = group["id"]
                    .as_str()
                    .is_some_and(|id| groups.iter().any(|one| one == id));
                is_ours && group["users"] == json!([person])
            });
        let right = right.count();
        let elapsed = SystemTime::now().duration_since(moment);
        let elapsed = elapsed.unwrap_or_default();
        if right >= wanted {
            return Ok(elapsed);
        }
        ensure!(
            elapsed < RUSH_LIMIT,
            "{right} of {wanted} groups are right after {}",
            seconds(elapsed)
        );
    }
}
