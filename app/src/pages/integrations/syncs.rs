//! Settings → Integrations → Sync history: when PagerDuty was asked, what came of
//! it, and what that changed, so that nobody has to guess why a rotation moved.

use super::{ADDRESS as PANEL, health::UnreadableList};
use crate::{
    components::{
        Badge, Cell, EmptyState, Icon, Id, Row, Symbol, Table, Time, Tone, loaded, redrawn, rows,
        span, use_title,
    },
    data::{DataMemo, Resource},
    live::use_live,
    pages::{
        address::parameter,
        settings::SettingsTabs,
        wording::{count, counts, duration},
    },
    server_fns::SyncRuns,
    view,
};
use leptos::{either::Either, prelude::*};
use types::{SyncChange, SyncHistory, SyncReason, SyncRun, SyncRunState, Timestamp};

pub(super) const ADDRESS: &str = "/settings/integrations/syncs";
/// The parameter of the address that says which runs have a row of their own: the ones that are
/// worth a look, or all.
const SHOWN: &str = "runs";
const ALL: &str = "all";

#[component]
pub(crate) fn SyncHistoryPage() -> impl IntoView {
    let live = use_live();
    let history = Resource::following(move || live.connection() + live.rotations(), || SyncRuns {});
    let shown = parameter(SHOWN);
    let every_run = Memo::new(move |_| shown.with(|shown| shown == ALL));
    use_title(|| "Sync history".to_owned());
    view! {
        <h1>"Sync history"</h1>
        <SettingsTabs/>
        <p>
            "The last 50 times that Round Robin asked PagerDuty, the latest first. The server's log \
             names each run by its id. "
            <a href=PANEL>"Back to Integrations"</a>
        </p>
        <p>
            {redrawn(move || match every_run.get() {
                true => view! { <a href=ADDRESS>"Fold runs that changed nothing"</a> },
                false => view! { <a href=format!("{ADDRESS}?{SHOWN}={ALL}")>"Show every run"</a> },
            })}
        </p>
        {loaded(history, move |history: DataMemo<SyncHistory>| move || {
            if history.with(|history| history.runs.is_empty()) {
                Either::Left(view! { <Nothing/> })
            } else {
                Either::Right(view! { <Runs history every_run/> })
            }
        })}
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <EmptyState title="No sync yet">
            <p>"Once PagerDuty is connected, each sync is listed here with what it changed."</p>
            <p><a class="button" href=PANEL>"Open Integrations"</a></p>
        </EmptyState>
    }
}

#[component]
fn Runs(history: DataMemo<SyncHistory>, every_run: Memo<bool>) -> impl IntoView {
    let every = history.with_untracked(|history| history.every_seconds);
    let folds = move || {
        let runs = history.with(|history| history.runs.clone());
        match every_run.get() {
            true => runs.into_iter().map(Fold::One).collect(),
            false => folded(runs),
        }
    };
    view! {
        <Table
            label="Syncs"
            columns=&["When", "Why", "Took", "Outcome", "Requests", "What changed", "Run"]
        >
            // A run that ends is another row: what it came to is known only then.
            {rows(folds, Fold::key, move |fold| match fold {
                Fold::One(run) => Either::Left(view! { <Run run every/> }),
                Fold::Quiet(quiet) => Either::Right(view! { <QuietRuns quiet/> }),
            })}
        </Table>
    }
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fold {
    One(SyncRun),
    Quiet(Quiet),
}

/// Runs one after the other that went well and changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Quiet {
    count: u32,
    first_at: Timestamp,
    last_at: Timestamp,
    /// Unknown where one of them is.
    requests: Option<u32>,
}

impl Fold {
    fn key(&self) -> String {
        match self {
            Self::One(run) => format!("{} {}", run.id, run.state as u8),
            Self::Quiet(quiet) => format!("{} {}", quiet.first_at.as_millis(), quiet.count),
        }
    }
}

/// The runs, which come by their time, the latest first. One quiet run stays itself.
fn folded(runs: Vec<SyncRun>) -> Vec<Fold> {
    let mut folds = Vec::new();
    let mut runs = runs.into_iter().peekable();
    while let Some(run) = runs.next() {
        let is_quiet = |run: &SyncRun| standing(run) == Standing::Quiet;
        if !is_quiet(&run) || !runs.peek().is_some_and(is_quiet) {
            folds.push(Fold::One(run));
            continue;
        }
        let mut quiet = Quiet {
            count: 1,
            first_at: run.started_at,
            last_at: run.started_at,
            requests: run.requests,
        };
        while let Some(earlier) = runs.next_if(is_quiet) {
            quiet.count += 1;
            quiet.first_at = earlier.started_at;
            quiet.requests = quiet
                .requests
                .zip(earlier.requests)
                .map(|(one, other)| one + other);
        }
        folds.push(Fold::Quiet(quiet));
    }
    folds
}

#[component]
fn QuietRuns(quiet: Quiet) -> impl IntoView {
    view! {
        <Row>
            <Cell label="When">
                <span class="nowrap"><Time at=quiet.first_at/></span>" – "
                <span class="nowrap"><Time at=quiet.last_at relative=true listed=true/></span>
            </Cell>
            <Cell label="Why">"–"</Cell>
            <Cell label="Took">"–"</Cell>
            <Cell label="Outcome">
                <p>{count(quiet.count as usize, "run", "runs")}", all went well"</p>
            </Cell>
            <Cell label="Requests">{number(quiet.requests)}</Cell>
            <Cell label="What changed"><span class="nobody">"Nothing"</span></Cell>
            <Cell label="Run">"–"</Cell>
        </Row>
    }
}

fn number(known: Option<u32>) -> String {
    known.map_or_else(|| "–".to_owned(), |number| number.to_string())
}

/// Why PagerDuty was asked, where that is done at least every so many seconds.
fn why(run: &SyncRun, every: u32) -> String {
    match (run.reason, &run.asked_by) {
        (Some(SyncReason::Due), _) => match every {
            60 => "Every minute".to_owned(),
            seconds => format!("Every {}", span(seconds.into())),
        },
        (Some(SyncReason::HandOff), _) => "Shift ended or began".to_owned(),
        (Some(SyncReason::Request), Some(name)) => format!("Asked by {name}"),
        (Some(SyncReason::Request), None) => "Asked by somebody".to_owned(),
        (None, _) => "Not known".to_owned(),
    }
}

#[component]
fn Run(run: SyncRun, every: u32) -> impl IntoView {
    let ended = run.state == SyncRunState::Ended;
    let known = |value: String| if ended { value } else { "–".to_owned() };
    let (took, requests) = (
        known(duration(run.duration_millis)),
        known(number(run.requests)),
    );
    let why = why(&run, every);
    let (standing, outcome) = (standing(&run), outcome(&run));
    let named = if run.problem.is_none() {
        run.unreadable_schedules
    } else {
        Vec::new()
    };
    view! {
        <Row>
            <Cell label="When">
                <span class="nowrap"><Time at=run.started_at relative=true listed=true/></span>
            </Cell>
            <Cell label="Why"><bdi translate="no">{why}</bdi></Cell>
            <Cell label="Took"><span class="nowrap">{took}</span></Cell>
            <Cell label="Outcome">
                <Mark standing/>
                <p>{outcome}</p>
                <UnreadableList schedules=named/>
            </Cell>
            <Cell label="Requests">{requests}</Cell>
            <Cell label="What changed">
                {if ended {
                    Either::Left(view! { <Changes changes=run.changes/> })
                } else {
                    Either::Right("–")
                }}
            </Cell>
            <Cell label="Run"><Id text=run.id.to_string()/></Cell>
        </Row>
    }
}

const CUT_OFF: &str = "The server stopped, or the connection was changed, before this run ended. \
    What it had changed by then stays; the next run does the rest.";

/// What makes a run worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Running,
    CutOff,
    Failed,
    Incomplete,
    Changed,
    Quiet,
}

fn standing(run: &SyncRun) -> Standing {
    match run.state {
        SyncRunState::Running => return Standing::Running,
        SyncRunState::CutOff => return Standing::CutOff,
        SyncRunState::Ended => {}
    }
    if run.problem.is_some() {
        Standing::Failed
    } else if run.unreadable > 0 {
        Standing::Incomplete
    } else if !run.changes.is_empty() {
        Standing::Changed
    } else {
        Standing::Quiet
    }
}

#[component]
fn Mark(standing: Standing) -> impl IntoView {
    let (symbol, tone, text) = match standing {
        Standing::Running => (Symbol::Rotations, Tone::Neutral, "Running"),
        Standing::CutOff => (Symbol::Warning, Tone::Warning, "Cut off"),
        Standing::Failed => (Symbol::Warning, Tone::Bad, "Failed"),
        Standing::Incomplete => (Symbol::Warning, Tone::Warning, "Incomplete"),
        Standing::Changed => (Symbol::Rotations, Tone::Accent, "Changed"),
        Standing::Quiet => return None,
    };
    Some(view! {
        <p class=format!("standing {}", tone.class())><Icon symbol/><Badge tone text/></p>
    })
}

fn outcome(run: &SyncRun) -> String {
    match run.state {
        SyncRunState::Running => return "Not ended yet".to_owned(),
        SyncRunState::CutOff => return CUT_OFF.to_owned(),
        SyncRunState::Ended => {}
    }
    if let Some(problem) = &run.problem {
        return problem.to_string();
    }
    let told = [
        (run.confirmed, "schedule confirmed", "schedules confirmed"),
        (
            run.unreadable,
            "schedule could not be read",
            "schedules could not be read",
        ),
        (
            run.postponed,
            "schedule left to the next run",
            "schedules left to the next run",
        ),
    ];
    counts(told, ", ").unwrap_or_else(|| "No schedule is bound".to_owned())
}

#[component]
fn Changes(changes: Vec<SyncChange>) -> impl IntoView {
    if changes.is_empty() {
        return Either::Left(view! { <span class="nobody">"Nothing"</span> });
    }
    Either::Right(view! {
        <ul class="changes">
            {changes.into_iter().map(|change| view! {
                <li>
                    <a href=format!("/rotations/{}", change.rotation) dir="auto" translate="no">{change.rotation_name}</a>
                    ": "<bdi translate="no">{change.what}</bdi>
                </li>
            }).collect_view()}
        </ul>
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{PagerDutyProblem, SyncRunId};

    fn run() -> SyncRun {
        SyncRun {
            id: SyncRunId::new("019368a4-7c00-7000-8000-5bb1c0ffee01"),
            reason: Some(SyncReason::Due),
            asked_by: None,
            started_at: Timestamp::from_millis(0),
            state: SyncRunState::Ended,
            duration_millis: 840,
            problem: None,
            confirmed: 12,
            unreadable: 0,
            unreadable_schedules: Vec::new(),
            postponed: 0,
            requests: Some(14),
            changes: Vec::new(),
        }
    }

    fn at(second: i64, changes: usize) -> SyncRun {
        let change = SyncChange {
            rotation: types::RotationId::new("r"),
            rotation_name: "Payments".to_owned(),
            what: "Ada is on duty".to_owned(),
        };
        SyncRun {
            id: SyncRunId::new(second.to_string()),
            started_at: Timestamp::from_millis(second * 1000),
            changes: vec![change; changes],
            ..run()
        }
    }

    #[test]
    fn runs_that_changed_nothing_are_folded_where_there_are_several() {
        let runs = vec![
            at(60, 0),
            at(50, 1),
            at(40, 0),
            at(30, 0),
            at(20, 0),
            at(10, 1),
        ];
        let [newest, changed, .., oldest] = &runs[..] else {
            panic!("there are six");
        };
        let quiet = Quiet {
            count: 3,
            first_at: Timestamp::from_millis(20_000),
            last_at: Timestamp::from_millis(40_000),
            requests: Some(42),
        };
        assert_eq!(
            folded(runs.clone()),
            [
                Fold::One(newest.clone()),
                Fold::One(changed.clone()),
                Fold::Quiet(quiet),
                Fold::One(oldest.clone()),
            ]
        );
    }

    #[test]
    fn it_is_told_why_pagerduty_was_asked() {
        let because = |reason, asked_by: Option<&str>| SyncRun {
            reason,
            asked_by: asked_by.map(str::to_owned),
            ..run()
        };
        for (run, every, expected) in [
            (run(), 60, "Every minute"),
            (run(), 300, "Every 5 minutes"),
            (run(), 30, "Every 30 seconds"),
            (
                because(Some(SyncReason::HandOff), None),
                60,
                "Shift ended or began",
            ),
            (
                because(Some(SyncReason::Request), Some("Ada")),
                60,
                "Asked by Ada",
            ),
            (
                because(Some(SyncReason::Request), None),
                60,
                "Asked by somebody",
            ),
            (because(None, None), 60, "Not known"),
        ] {
            assert_eq!(why(&run, every), expected);
        }
    }

    #[test]
    fn an_outcome_tells_only_what_there_is_to_tell() {
        assert_eq!(outcome(&run()), "12 schedules confirmed");
        let partly = SyncRun {
            unreadable: 1,
            postponed: 40,
            ..run()
        };
        assert_eq!(
            outcome(&partly),
            "12 schedules confirmed, 1 schedule could not be read, 40 schedules left to the next run"
        );
        assert_eq!(standing(&partly), Standing::Incomplete);
    }

    #[test]
    fn a_failure_is_told_by_its_own_sentence() {
        let failed = SyncRun {
            problem: Some(PagerDutyProblem::Unreachable),
            ..run()
        };
        assert_eq!(outcome(&failed), PagerDutyProblem::Unreachable.to_string());
        assert_eq!(standing(&failed), Standing::Failed);
    }

    #[test]
    fn what_has_not_ended_claims_no_outcome() {
        let running = SyncRun {
            state: SyncRunState::Running,
            ..run()
        };
        assert_eq!(standing(&running), Standing::Running);
        assert_eq!(outcome(&running), "Not ended yet");
        let cut_off = SyncRun {
            state: SyncRunState::CutOff,
            ..run()
        };
        assert_eq!(standing(&cut_off), Standing::CutOff);
        assert_eq!(outcome(&cut_off), CUT_OFF);
    }
}
