//! A hundred rotations hand over in the same second: how soon an open page hears of
//! each. What it heard counts once the list shows who took over.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::bench::distance;
use crate::bench::events::{Change, heard};
use crate::bench::lists::{AT_REST, Build, Engine, at_once, prepare};
use crate::bench::runs::wait_for_run;
use crate::bench::scale::{instant_near, schedule, seconds_now};
use crate::bench::table::percentile;
use crate::bench::workspace::{Database, Layout, Workspace};
use crate::postgres::Cluster;
use crate::{processes, product, report};

const LAYOUT: Layout = Layout {
    people: 60,
    schedules: 20,
    shift_based: 0,
    rotations: 100,
    bound_of_five: 5,
};
/// What a database elsewhere takes longer for each round trip.
const DISTANCE: Duration = Duration::from_millis(2);
const TURNS: usize = 2;
/// Until the shifts end: for setting that, for the start of the server and for the run that
/// reads it, which on Postgres has to wait for thousands of round trips in some builds.
const LEAD: Duration = Duration::from_secs(8);
const LEAD_FROM_AFAR: Duration = Duration::from_secs(18);
/// So much later the shifts of the next build end, when the hand-offs of this one are over.
const APART: Duration = Duration::from_secs(8);
const LIMIT: Duration = Duration::from_secs(60);
const P99_SECONDS: f64 = 1.0;

pub fn measure(builds: &mut [Build]) -> Result<()> {
    for engine in Engine::ALL {
        let (of, lead) = match engine {
            Engine::Sqlite => ("100 hand over at once, SQLite", LEAD),
            Engine::Postgres => ("100 hand over at once, Postgres 2 ms away", LEAD_FROM_AFAR),
        };
        let mut subjects = Vec::new();
        let workspaces = prepare(builds, engine, LAYOUT, of)?;
        for (build, workspace) in builds.iter_mut().zip(workspaces) {
            if let Some(workspace) = workspace {
                subjects.push(Subject {
                    build,
                    database: url_from_afar(workspace.database())?,
                    workspace,
                    delays: Ok(Vec::new()),
                });
            }
        }
        report::step(&format!("{of}: {TURNS} times"));
        for _ in 0..TURNS {
            let heard = at_once(subjects.iter().enumerate(), |(place, subject)| {
                let lead = lead + APART * u32::try_from(place)?;
                hand_over(&subject.workspace, &subject.database, lead)
            });
            for (subject, heard) in subjects.iter_mut().zip(heard) {
                subject.take(heard);
            }
        }
        for subject in subjects {
            subject.tell(of)?;
        }
    }
    Ok(())
}

/// A build's workspace with what was measured of it, or why that failed.
struct Subject<'a> {
    build: &'a mut Build,
    workspace: Workspace,
    database: String,
    /// In seconds, of all rotations and turns.
    delays: Result<Vec<f64>>,
}

impl Subject<'_> {
    fn take(&mut self, heard: Result<Vec<f64>>) {
        match (&mut self.delays, heard) {
            (Ok(delays), Ok(heard)) => delays.extend(heard),
            (Ok(_), Err(error)) => self.delays = Err(error),
            (Err(_), _) => {}
        }
    }

    fn tell(self, of: &str) -> Result<()> {
        let table = &mut self.build.table;
        let Some(delays) = table.take(of, self.delays)? else {
            return Ok(());
        };
        let told = |share| format!("{:.2} s", percentile(&delays, share));
        table.note(&format!("{of}: heard, median"), told(0.5));
        let p99 = percentile(&delays, 0.99);
        table.at_most(&format!("{of}: heard, p99"), p99, P99_SECONDS, "s");
        table.note(&format!("{of}: heard, longest"), told(1.0));
        Ok(())
    }
}

/// How the measured server reaches the database; it was filled without a detour.
fn url_from_afar(database: &Database) -> Result<String> {
    match database {
        Database::Sqlite(_) => Ok(database.url()),
        Database::Postgres(cluster) => {
            let port = distance::lead_to(cluster.port(), DISTANCE)?;
            Ok(Cluster::url_at(port))
        }
    }
}

/// For how many seconds after the end of its shift an open page did not know of each
/// rotation's hand-off.
fn hand_over(workspace: &Workspace, database: &str, lead: Duration) -> Result<Vec<f64>> {
    let ordered = SystemTime::now();
    let end = seconds_now()? + lead.as_secs();
    for place in 0..workspace.schedules() {
        end_shift(workspace, place, end)?;
    }
    let mut command = workspace.command_with_interval(database, AT_REST)?;
    let _server = product::start_server(&mut command, workspace.ports.server)?;
    workspace.visitor.call("sync_now", &[])?;
    wait_for_run(&workspace.visitor, workspace.schedules(), ordered, lead)?;
    ensure!(
        seconds_now()? < end,
        "the shifts ended before all were read"
    );

    let end = UNIX_EPOCH + Duration::from_secs(end);
    let heard = heard(&workspace.visitor)?;
    let mut page = Page::awaiting(&workspace.rotations, end);
    loop {
        processes::pause()?;
        for (at, change) in heard.try_iter() {
            let change = change?;
            page.hear(at, &change);
        }
        if page.awaited.is_empty() {
            let late = not_handed_over(workspace)?;
            if late.is_empty() {
                break;
            }
            page.await_again(late);
        }
        if SystemTime::now() > end + LIMIT {
            let missing = page.awaited.len();
            bail!("{missing} hand-offs were not heard of");
        }
    }
    Ok(page.delays())
}

/// Ends the shift of a schedule in this very second.
fn end_shift(workspace: &Workspace, place: usize, end: u64) -> Result<()> {
    let path = format!("schedules/{}/end-shift", schedule(place));
    loop {
        let order = json!({ "seconds": end.saturating_sub(seconds_now()?) });
        let answer = workspace.sandbox.control(&path, &order)?;
        let ends_at = answer["ends_at"].as_str().context("a shift has no end")?;
        // Between the question and the answer a second may have begun.
        if instant_near(ends_at, end)? == UNIX_EPOCH + Duration::from_secs(end) {
            return Ok(());
        }
    }
}

/// The rotations whose list entry does not show who is on call in PagerDuty.
fn not_handed_over(workspace: &Workspace) -> Result<Vec<String>> {
    let on_call: Vec<_> = (0..workspace.schedules())
        .map(|place| {
            let truth = workspace
                .sandbox
                .ask(&format!("truth/{}", schedule(place)))?;
            Ok(names(&truth["on_call"], |person| &person["name"]))
        })
        .collect::<Result<_>>()?;
    let list = workspace.visitor.ask("rotations", &[])?;
    // Builds from before the list had parts, which others are compared with, answer it by itself.
    let cards = list.as_array().or_else(|| list["cards"].as_array());
    let cards = cards.context("the list is none")?;
    let shown: HashMap<_, _> = cards
        .iter()
        .filter_map(|card| Some((card["id"].as_str()?, names_on_duty(card))))
        .collect();
    let mut late = Vec::new();
    for (number, rotation) in workspace.rotations.iter().enumerate() {
        let place = workspace.schedule_of(number);
        let expected = place.and_then(|place| on_call.get(place));
        if shown.get(rotation.as_str()) != expected {
            late.push(rotation.clone());
        }
    }
    Ok(late)
}

/// Whom the list shows on duty. Builds from before the outlook, which others are compared
/// with, tell of them in the card itself.
fn names_on_duty(card: &Value) -> BTreeSet<String> {
    match &card["outlook"] {
        Value::Null => names(&card["on_duty"], |duty| &duty["name"]),
        outlook => names(&outlook["on_duty"], |duty| &duty["holder"]["name"]),
    }
}

fn names(people: &Value, name: impl Fn(&Value) -> &Value) -> BTreeSet<String> {
    let people = people.as_array().into_iter().flatten();
    people
        .filter_map(|person| name(person).as_str())
        .map(str::to_owned)
        .collect()
}

/// What an open page knows of hand-offs.
struct Page {
    end: SystemTime,
    awaited: BTreeSet<String>,
    heard: HashMap<String, SystemTime>,
}

impl Page {
    fn awaiting(rotations: &[String], end: SystemTime) -> Self {
        Self {
            end,
            awaited: rotations.iter().cloned().collect(),
            heard: HashMap::new(),
        }
    }

    /// What comes before the end of the shifts is about something else.
    fn hear(&mut self, at: SystemTime, change: &Change) {
        if at < self.end {
            return;
        }
        let concerned: Vec<_> = self
            .awaited
            .extract_if(.., |rotation| change.concerns(rotation))
            .collect();
        for rotation in concerned {
            self.heard.insert(rotation, at);
        }
    }

    /// What was told of these was not their hand-off.
    fn await_again(&mut self, rotations: Vec<String>) {
        for rotation in rotations {
            self.heard.remove(&rotation);
            self.awaited.insert(rotation);
        }
    }

    fn delays(&self) -> Vec<f64> {
        let since = |at: &SystemTime| at.duration_since(self.end).unwrap_or_default();
        self.heard
            .values()
            .map(|at| since(at).as_secs_f64())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_off_counts_when_it_was_first_heard_of_after_the_end_of_the_shift() {
        let end = UNIX_EPOCH + Duration::from_secs(100);
        let after = |millis| end + Duration::from_millis(millis);
        let of = |rotation: &str| Change::Rotation(rotation.to_owned());
        let mut page = Page::awaiting(&["a".to_owned(), "b".to_owned()], end);
        page.hear(end - Duration::from_millis(1), &Change::Anything);
        page.hear(after(250), &of("a"));
        page.hear(after(300), &of("c"));
        page.hear(after(750), &of("a"));
        assert_eq!(page.awaited.len(), 1);
        page.hear(after(500), &Change::Anything);
        assert!(page.awaited.is_empty());
        let mut delays = page.delays();
        delays.sort_by(f64::total_cmp);
        assert_eq!(delays, [0.25, 0.5]);

        page.await_again(vec!["a".to_owned()]);
        page.hear(after(1000), &of("a"));
        let mut delays = page.delays();
        delays.sort_by(f64::total_cmp);
        assert_eq!(delays, [0.5, 1.0]);
    }

    #[test]
    fn who_is_on_duty_is_read_from_cards_of_both_shapes() {
        let expected = BTreeSet::from(["Ada".to_owned(), "Wei".to_owned()]);
        let card = json!({"on_duty": [{"name": "Wei"}, {"name": "Ada"}]});
        assert_eq!(names_on_duty(&card), expected);
        let on_duty = json!([{"holder": {"name": "Ada"}}, {"holder": {"name": "Wei"}}]);
        let card = json!({"outlook": {"on_duty": on_duty}});
        assert_eq!(names_on_duty(&card), expected);
    }
}
