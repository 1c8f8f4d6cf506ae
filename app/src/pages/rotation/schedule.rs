//! What decides who is on duty: the people themselves, or a schedule.

use crate::{
    components::{Badge, Card, Facts, Notice, Time, Tone, span, use_clock},
    data::DataMemo,
    pages::address::address,
};
use leptos::{either::Either, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use types::{BindingView, RotationPage, Timestamp};

/// Even while PagerDuty does not answer it is asked this often, so what is older
/// has missed a turn.
const STALE_SECONDS: i64 = 5 * 60;

#[component]
pub(super) fn Schedule(page: DataMemo<RotationPage>) -> impl IntoView {
    let may_edit = Memo::new(move |_| page.with(|page| page.may_edit));
    view! {
        <Card id="schedule-heading" title="Schedule">
            <CurrentSchedule page/>
            {move || may_edit.get().then(|| view! { <EditButton page/> })}
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

#[component]
pub(crate) fn CurrentSchedule(page: DataMemo<RotationPage>) -> impl IntoView {
    let binding = DataMemo::new(move || page.with(|page| page.binding.clone()));
    move || match binding.get() {
        Some(binding) => Either::Left(view! { <Bound binding/> }),
        None => Either::Right(view! {
            <p>"Somebody presses Rotate, or sets a member on duty, whenever the turn passes on."</p>
        }),
    }
}

#[component]
fn Bound(binding: BindingView) -> impl IntoView {
    let name = match binding.schedule_url {
        Some(url) => Either::Left(view! {
            <a href=url rel="external noreferrer" target="_blank" dir="auto">{binding.schedule_name}</a>
        }),
        None => Either::Right(view! { <strong dir="auto">{binding.schedule_name}</strong> }),
    };
    view! {
        <p class="bound">"Bound to "{name}</p>
        {binding.problem.map(|problem| view! {
            <Notice tone=Tone::Warning>
                <p>
                    {problem.needs_reconnection().then(|| view! { <strong>"Needs reconnection. "</strong> })}
                    {problem.to_string()}
                </p>
                <p>"The rotation keeps what it last had."</p>
            </Notice>
        })}
        <Facts>
            {binding.time_zone.map(|zone| view! {
                <div><dt>"Time zone"</dt><dd>{zone}</dd></div>
            })}
            <div>
                <dt>"Last confirmed"</dt>
                <dd>{match binding.confirmed_at {
                    Some(at) => Either::Left(view! { <Confirmed at/> }),
                    None => Either::Right("Not yet"),
                }}</dd>
            </div>
            <div>
                <dt>"Asked next"</dt>
                <dd><Time at=binding.next_sync_at relative=true/></dd>
            </div>
        </Facts>
    }
}

/// When PagerDuty last confirmed it, marked once that is too long ago.
#[component]
fn Confirmed(at: Timestamp) -> impl IntoView {
    let clock = use_clock();
    let stale = Memo::new(move |_| {
        let age = clock.now().seconds_since(at);
        (age > STALE_SECONDS).then(|| format!("{} old", span(age)))
    });
    view! {
        <Time at relative=true/>
        {move || stale.get().map(|text| view! { " "<Badge tone=Tone::Warning text/> })}
    }
}
