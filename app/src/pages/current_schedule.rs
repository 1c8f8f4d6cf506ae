//! What decides who is on duty at present, and how fresh what is known of it is.

use crate::{
    components::{Badge, Facts, Notice, ScheduleZone, Time, Tone, redrawn, span, use_clock},
    data::DataMemo,
    view,
};
use leptos::{either::Either, prelude::*};
use types::{BindingView, LeftOut, RotationPage, Timestamp};

#[component]
pub(super) fn CurrentSchedule(page: DataMemo<RotationPage>) -> impl IntoView {
    let binding = DataMemo::new(move || page.with(|page| page.binding.clone()));
    let rota =
        DataMemo::new(move || page.with(|page| page.rota.as_ref().map(|rota| rota.words.clone())));
    move || match (binding.get(), rota.get()) {
        (Some(binding), _) => Either::Left(view! { <Bound binding/> }),
        (None, rota) => Either::Right(view! {
            <p translate="no">{match rota {
                Some(words) => format!("{words}."),
                None => "Somebody presses Rotate, or sets a member on duty, whenever the turn passes on.".to_owned(),
            }}</p>
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
                <p translate="no">
                    <strong>{binding.health.label()}". "</strong>
                    {problem.to_string()}
                </p>
                <p>"The rotation keeps what it last had."</p>
            </Notice>
        })}
        {binding.left_out.map(|left_out| view! { <LeftOutNotice left_out/> })}
        <Facts>
            {binding.time_zone.map(|zone| view! {
                <div>
                    <dt>"Time zone of the schedule"</dt>
                    <dd class="zone"><ScheduleZone name=zone known=binding.zone_is_known/></dd>
                </div>
            })}
            <div>
                <dt>"Last confirmed"</dt>
                <dd translate="no">{match binding.confirmed_at {
                    Some(at) => Either::Left(view! { <Confirmed at stale_at=binding.stale_at/> }),
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

/// The schedule of a rotation that follows PagerDuty, there.
pub(super) fn open_in_pagerduty(page: DataMemo<RotationPage>) -> Option<AnyView> {
    let binding = page.with_untracked(|page| page.binding.clone())?;
    let (url, name) = (binding.schedule_url?, binding.schedule_name);
    let link = view! {
        <a href=url rel="external noreferrer" target="_blank">
            "Open "<bdi translate="no">{name}</bdi>" in PagerDuty"
        </a>
    };
    Some(link.into_any())
}

/// What of the schedule made no sense.
#[component]
pub(super) fn LeftOutNotice(left_out: LeftOut) -> impl IntoView {
    view! {
        <Notice tone=Tone::Warning>
            <p translate="no">
                {left_out.to_string()}
                {left_out.from.map(|at| view! { " It starts "<Time at/>"." })}
            </p>
        </Notice>
    }
}

/// When PagerDuty last confirmed it, marked once that is too long ago.
#[component]
fn Confirmed(at: Timestamp, stale_at: Option<Timestamp>) -> impl IntoView {
    let clock = use_clock();
    let stale = Memo::new(move |_| {
        let now = clock.now();
        let is_stale = stale_at.is_some_and(|stale_at| stale_at <= now);
        is_stale.then(|| format!("{} old", span(now.seconds_since(at))))
    });
    view! {
        <Time at relative=true/>
        {redrawn(move || stale.get().map(|text| view! { " "<Badge tone=Tone::Warning text/> }))}
    }
}
