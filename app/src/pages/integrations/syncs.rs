//! Settings → Integrations → Sync history: when PagerDuty was asked, what came of
//! it, and what that changed, so that nobody has to guess why a rotation moved.

use super::{ADDRESS as PANEL, health::UnreadableList};
use crate::{
    components::{
        Badge, Cell, EmptyState, Icon, Id, Row, Symbol, Table, Time, Tone, loaded, rows, use_title,
    },
    data::{DataMemo, Resource},
    live::use_live,
    pages::{
        settings::SettingsTabs,
        wording::{counts, duration},
    },
    server_fns::SyncRuns,
};
use leptos::{either::Either, prelude::*};
use types::{SyncChange, SyncRun, SyncRunState};

pub(super) const ADDRESS: &str = "/settings/integrations/syncs";

#[component]
pub(crate) fn SyncHistoryPage() -> impl IntoView {
    let live = use_live();
    let runs = Resource::following(move || live.connection(), || SyncRuns {});
    use_title(|| "Sync history".to_owned());
    view! {
        <h1>"Sync history"</h1>
        <SettingsTabs/>
        <p>
            "The last 50 times that Round Robin asked PagerDuty, the latest first. The server's log \
             names each run by its id. "
            <a href=PANEL>"Back to Integrations"</a>
        </p>
        {loaded(runs, move |runs: DataMemo<Vec<SyncRun>>| move || {
            if runs.with(Vec::is_empty) {
                Either::Left(view! { <Nothing/> })
            } else {
                Either::Right(view! { <Runs runs/> })
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
fn Runs(runs: DataMemo<Vec<SyncRun>>) -> impl IntoView {
    view! {
        <Table
            label="Syncs"
            columns=&["When", "Why", "Took", "Outcome", "Requests", "What changed", "Run"]
        >
            // A run that ends is another row: what it came to is known only then.
            {rows(
                move || runs.get(),
                |run| format!("{} {}", run.id, run.state as u8),
                |run| view! { <Run run/> },
            )}
        </Table>
    }
}

#[component]
fn Run(run: SyncRun) -> impl IntoView {
    let ended = run.state == SyncRunState::Ended;
    let known = |value: String| if ended { value } else { "–".to_owned() };
    let (took, requests) = (
        known(duration(run.duration_millis)),
        known(
            run.requests
                .map_or_else(|| "–".to_owned(), |requests| requests.to_string()),
        ),
    );
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
            <Cell label="Why">{run.reason.map_or_else(|| "Not known".to_owned(), |reason| reason.to_string())}</Cell>
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
    use types::{PagerDutyProblem, SyncReason, SyncRunId, Timestamp};

    fn run() -> SyncRun {
        SyncRun {
            id: SyncRunId::new("019368a4-7c00-7000-8000-5bb1c0ffee01"),
            reason: Some(SyncReason::Due),
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
