//! What decides who is on duty: the people themselves, or a schedule.

use crate::{
    components::{Card, redrawn},
    data::DataMemo,
    pages::{
        address::address,
        current_schedule::{CurrentSchedule, open_in_pagerduty},
    },
    view,
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use types::RotationPage;

#[component]
pub(super) fn Schedule(page: DataMemo<RotationPage>, may_edit: Memo<bool>) -> impl IntoView {
    let bound = Memo::new(move |_| page.with(|page| page.binding.is_some()));
    view! {
        <Card id="schedule-heading" title="Schedule">
            <CurrentSchedule page/>
            {redrawn(move || may_edit.get().then(|| view! { <EditButton page/> }))}
            {redrawn(move || (may_edit.get() && bound.get()).then(|| view! {
                <p class="hint">
                    "Overrides are made in PagerDuty, and shown here soon after. "
                    {open_in_pagerduty(page)}
                </p>
            }))}
        </Card>
    }
}

/// A form, so that the button works without our code as well. The editor begins with
/// the schedule of today.
#[component]
fn EditButton(page: DataMemo<RotationPage>) -> impl IntoView {
    let editor = page.with_untracked(|page| format!("/rotations/{}/schedule", page.id));
    let bound = Memo::new(move |_| {
        page.with(|page| {
            page.bound_schedule()
                .map(ToString::to_string)
                .unwrap_or_default()
        })
    });
    let navigate = use_navigate();
    let action = editor.clone();
    view! {
        <form method="get" action=action on:submit=move |event| {
            event.prevent_default();
            let editor = address(&editor, &[("schedule", &bound.get_untracked())]);
            navigate(&editor, NavigateOptions::default());
        }>
            <input type="hidden" name="schedule" value=move || bound.get()/>
            <button type="submit" class="button">"Edit schedule"</button>
        </form>
    }
}
