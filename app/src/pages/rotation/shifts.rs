//! The shifts that the bound schedule brings.

use crate::components::{Badge, Time, Tone, use_clock};
use leptos::prelude::*;
use types::{RotationMode, RotationPage, ShiftView};

#[component]
pub(super) fn ComingShifts(page: Memo<RotationPage>) -> impl IntoView {
    let shifts = Memo::new(move |_| page.with(|page| page.shifts.clone()));
    let bound = Memo::new(move |_| page.with(|page| page.mode == RotationMode::PagerDuty));
    move || {
        bound.get().then(|| {
            view! {
                <section class="card" aria-labelledby="shifts-heading">
                    <h2 id="shifts-heading">"Coming shifts"</h2>
                    {move || view! { <Shifts shifts=shifts.get()/> }}
                </section>
            }
        })
    }
}

#[component]
pub(super) fn Shifts(shifts: Vec<ShiftView>) -> impl IntoView {
    let clock = use_clock();
    let none = shifts.is_empty();
    view! {
        {none.then(|| view! { <p class="nobody">"The schedule plans no shifts for the days ahead."</p> })}
        <ol class="shifts">
            {shifts.into_iter().map(|shift| {
                let is_now = move || {
                    let now = clock.now();
                    shift.starts_at <= now && now < shift.ends_at
                };
                view! {
                    <li class:current=is_now>
                        <span class="person-name" dir="auto">{shift.name}</span>
                        {move || is_now().then(|| view! { <Badge tone=Tone::Good text="Now"/> })}
                        <span class="hint"><Time at=shift.starts_at/>" – "<Time at=shift.ends_at/></span>
                    </li>
                }
            }).collect_view()}
        </ol>
    }
}
