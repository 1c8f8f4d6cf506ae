//! What decides who is on duty at present, and how fresh what is known of it is.

use crate::{
    components::{Badge, Facts, Notice, Time, Tone, span, use_clock},
    data::DataMemo,
};
use leptos::{either::Either, prelude::*};
use types::{BindingView, RotationPage, Timestamp};

/// Even while PagerDuty does not answer it is asked this often, so what is older
/// has missed a turn.
const STALE_SECONDS: i64 = 5 * 60;

#[component]
pub(super) fn CurrentSchedule(page: DataMemo<RotationPage>) -> impl IntoView {
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
            <a href=url rel="external noreferrer" target="_blank" dir="auto" translate="no">{binding.schedule_name}</a>
        }),
        None => Either::Right(
            view! { <strong dir="auto" translate="no">{binding.schedule_name}</strong> },
        ),
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
