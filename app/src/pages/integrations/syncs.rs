//! Settings → Integrations → Sync history: when PagerDuty was asked, what came of
//! it, and what that changed, so that nobody has to guess why a rotation moved.

use super::ADDRESS as PANEL;
use crate::{
    components::{Badge, Cell, EmptyState, Icon, Row, Symbol, Table, Time, Tone, loaded},
    live::use_live,
    pages::{settings::SettingsTabs, wording::counts},
    server_fns::sync_runs,
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use types::{SyncChange, SyncRun};

pub(super) const ADDRESS: &str = "/settings/integrations/syncs";

#[component]
pub(crate) fn SyncHistoryPage() -> impl IntoView {
    let live = use_live();
    let runs = Resource::new(move || live.connection(), |_| sync_runs());
    view! {
        <Title text="Sync history"/>
        <h1>"Sync history"</h1>
        <SettingsTabs/>
        <p>
            "The last 50 times that Round Robin asked PagerDuty, the latest first. "
            <a href=PANEL>"Back to Integrations"</a>
        </p>
        {loaded(runs, move |runs: Memo<Vec<SyncRun>>| move || {
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
fn Runs(runs: Memo<Vec<SyncRun>>) -> impl IntoView {
    view! {
        <Table
            label="Syncs"
            columns=&["When", "Why", "Took", "Outcome", "Requests", "What changed"]
        >
            <For each=move || runs.get() key=|run| run.id.clone() let:run><Run run/></For>
        </Table>
    }
}

#[component]
fn Run(run: SyncRun) -> impl IntoView {
    let (standing, outcome) = (standing(&run), outcome(&run));
    view! {
        <Row>
            <Cell label="When">
                <span class="nowrap"><Time at=run.started_at relative=true listed=true/></span>
            </Cell>
            <Cell label="Why">{run.reason.to_string()}</Cell>
            <Cell label="Took"><span class="nowrap">{duration(run.duration_millis)}</span></Cell>
            <Cell label="Outcome">
                <Mark standing/>
                <p>{outcome}</p>
            </Cell>
            <Cell label="Requests">{run.requests}</Cell>
            <Cell label="What changed"><Changes changes=run.changes/></Cell>
        </Row>
    }
}

/// What makes a run worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Failed,
    Incomplete,
    Changed,
    Quiet,
}

fn standing(run: &SyncRun) -> Standing {
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
                    <a href=format!("/rotations/{}", change.rotation) dir="auto">{change.rotation_name}</a>
                    ": "<bdi>{change.what}</bdi>
                </li>
            }).collect_view()}
        </ul>
    })
}

/// `840 ms`, `1.2 s`.
fn duration(millis: u32) -> String {
    match millis {
        0..1000 => format!("{millis} ms"),
        _ => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{PagerDutyProblem, SyncReason, SyncRunId, Timestamp};

    fn run() -> SyncRun {
        SyncRun {
            id: SyncRunId::new("1"),
            reason: SyncReason::Due,
            started_at: Timestamp::from_millis(0),
            duration_millis: 840,
            problem: None,
            confirmed: 12,
            unreadable: 0,
            postponed: 0,
            requests: 14,
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
    fn durations_are_short() {
        assert_eq!(duration(840), "840 ms");
        assert_eq!(duration(1_250), "1.2 s");
    }
}
