//! The shifts that the bound schedule brings, and what has come of them.

use super::stretches::{FoldedStretches, Stretch, Stretches};
use leptos::{either::Either, prelude::*};
use types::{RotationMode, RotationPage};

pub(super) const NO_SHIFTS: &str = "The schedule plans no shifts for the days ahead.";

#[component]
pub(super) fn ComingShifts(page: Memo<RotationPage>) -> impl IntoView {
    let shifts = Memo::new(move |_| page.with(|page| page.shifts.clone()));
    let bound = Memo::new(move |_| page.with(|page| page.mode == RotationMode::PagerDuty));
    let list = move || {
        let stretches: Vec<_> = shifts.get().into_iter().map(Stretch::from).collect();
        match stretches.is_empty() {
            true => Either::Left(view! { <p class="nobody">{NO_SHIFTS}</p> }),
            false => Either::Right(view! { <Stretches stretches current="Now"/> }),
        }
    };
    move || {
        bound.get().then(|| {
            view! {
                <section class="card" aria-labelledby="shifts-heading">
                    <h2 id="shifts-heading">"Coming shifts"</h2>
                    {list}
                </section>
            }
        })
    }
}

/// Who was on duty, by hand or by schedule.
#[component]
pub(super) fn History(page: Memo<RotationPage>) -> impl IntoView {
    let history = Memo::new(move |_| page.with(|page| page.history.clone()));
    view! {
        <section class="card" aria-labelledby="history-heading">
            <h2 id="history-heading">"History"</h2>
            {move || {
                let stretches: Vec<_> = history.get().into_iter().map(Stretch::from).collect();
                match stretches.is_empty() {
                    true => Either::Left(view! {
                        <p class="nobody">"Nobody has been on duty yet."</p>
                    }),
                    false => Either::Right(view! {
                        <FoldedStretches stretches current="Still on duty" more="Earlier"/>
                    }),
                }
            }}
        </section>
    }
    .into_any()
}
