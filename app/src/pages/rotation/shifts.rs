//! Who has been on duty and who will be, drawn and listed.

use crate::{
    components::{Card, Timeline, redrawn},
    data::DataMemo,
    pages::{
        days_controls::DaysControls,
        stretches::{FoldedStretches, PlannedShifts},
    },
    view,
};
use leptos::{either::Either, prelude::*};
use types::RotationPage;

/// Weeks of what has been and what is planned, and the ways to others.
#[component]
pub(super) fn DutyTimeline(page: DataMemo<RotationPage>) -> impl IntoView {
    let path = page.with_untracked(|page| format!("/rotations/{}", page.id));
    let days = DataMemo::new(move || page.with(|page| page.days.clone()));
    let coverage = DataMemo::new(move || page.with(|page| page.coverage.clone()));
    view! {
        <Card id="timeline-heading" title="Timeline">
            {redrawn(move || view! { <DaysControls path=path.clone() days=days.get() others=Vec::new()/> })}
            <Timeline label="Who is on duty, along the days" coverage days/>
        </Card>
    }
}

#[component]
pub(super) fn ComingShifts(page: DataMemo<RotationPage>) -> impl IntoView {
    let plan = DataMemo::new(move || {
        page.with(|page| {
            (
                page.plan.clone(),
                page.plan_beyond,
                page.coverage.known_until,
            )
        })
    });
    let bound = Memo::new(move |_| page.with(|page| page.mode.has_shifts()));
    move || {
        bound.get().then(|| {
            view! {
                <Card id="shifts-heading" title="Coming shifts">
                    {redrawn(move || {
                        let (plan, beyond, known_until) = plan.get();
                        view! { <PlannedShifts plan known_until beyond/> }
                    })}
                </Card>
            }
        })
    }
}

/// Who was on duty, by hand or by schedule.
#[component]
pub(super) fn History(page: DataMemo<RotationPage>) -> impl IntoView {
    let history = DataMemo::new(move || {
        page.with(|page| (page.history.clone(), page.history_sources.clone()))
    });
    view! {
        <Card id="history-heading" title="History">
            {redrawn(move || {
                let (stretches, sources) = history.get();
                match stretches.is_empty() {
                    true => Either::Left(view! {
                        <p class="nobody">"Nobody has been on duty yet."</p>
                    }),
                    false => Either::Right(view! {
                        <FoldedStretches
                            notes=sources.into_iter().map(|source| source?.decided_in_words()).collect()
                            stretches
                            current="Still on duty" more="Earlier"
                        />
                    }),
                }
            })}
        </Card>
    }
}
