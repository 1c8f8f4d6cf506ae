//! What decides who is on duty at present, and how fresh what is known of it is. It is read and
//! hardly ever acted in, so it is written as text.

use crate::{
    components::{
        Tone, badge_markup, keep_times_true, schedule_zone_markup, span, time_markup, use_clock,
    },
    data::DataMemo,
    view,
};
use leptos::{html, prelude::*};
use maud::{Markup, html as markup};
use types::{BindingView, LeftOut, RotationPage, Timestamp};

#[component]
pub(super) fn CurrentSchedule(page: DataMemo<RotationPage>) -> impl IntoView {
    let clock = use_clock();
    let part = NodeRef::<html::Div>::new();
    let decides =
        DataMemo::new(move || page.with(|page| (page.binding.clone(), page.rota.clone())));
    // Not with each tick, since it is written anew as a whole.
    let stale = Memo::new(move |_| {
        decides.with(|(binding, _)| {
            let binding = binding.as_ref()?;
            let (confirmed_at, stale_at) = (binding.confirmed_at?, binding.stale_at?);
            let now = clock.now();
            (stale_at <= now).then(|| format!("{} old", span(now.seconds_since(confirmed_at))))
        })
    });
    let said = Memo::new(move |_| {
        decides.with(|(binding, rota)| match (binding, rota) {
            (Some(binding), _) => {
                let zone = clock.zone_name();
                bound(binding, stale.get().as_deref(), &zone, clock.drawn()).into_string()
            }
            (None, Some(rota)) => {
                let read_in_it = rota.zone != clock.zone_name();
                markup! {
                    p { (rota.words) "." }
                    @if read_in_it { dl class="facts" { (zone_fact(&rota.zone, true)) } }
                }
                .into_string()
            }
            (None, None) => {
                let words = "Somebody presses Rotate, or sets a member on duty, whenever the turn passes on.";
                markup! { p { (words) } }.into_string()
            }
        })
    });
    keep_times_true(part, move || said.track());
    view! { <div class="current-schedule" translate="no" node_ref=part inner_html=move || said.get()></div> }
}

/// `zone` is that of the page.
fn bound(binding: &BindingView, stale: Option<&str>, zone: &str, now: Timestamp) -> Markup {
    markup! {
        p class="bound" {
            "Bound to "
            @match &binding.schedule_url {
                Some(url) => {
                    a href=(url) rel="external noreferrer" target="_blank" dir="auto" { (binding.schedule_name) }
                }
                None => { strong dir="auto" { (binding.schedule_name) } }
            }
        }
        @if let Some(problem) = &binding.problem {
            div class="notice warning" {
                p { strong { (binding.health.label()) ". " } (problem) }
                p { "The rotation keeps what it last had." }
            }
        }
        @if let Some(left_out) = &binding.left_out { (left_out_markup(left_out, now)) }
        dl class="facts" {
            @if let Some(own) = &binding.time_zone {
                (zone_fact(own, binding.zone_is_known && own != zone))
            }
            div {
                dt { "Last confirmed" }
                dd {
                    @match binding.confirmed_at {
                        Some(at) => {
                            (time_markup(at, true, now))
                            @if let Some(stale) = stale { " " (badge_markup(Tone::Warning, stale)) }
                        }
                        None => { "Not yet" }
                    }
                }
            }
            div {
                dt { "Asked next" }
                dd { (time_markup(binding.next_sync_at, true, now)) }
            }
        }
    }
}

fn zone_fact(zone: &str, may_read_in_it: bool) -> Markup {
    markup! {
        div {
            dt { "Time zone of the schedule" }
            dd class="zone" { (schedule_zone_markup(zone, may_read_in_it)) }
        }
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

fn left_out_markup(left_out: &LeftOut, now: Timestamp) -> Markup {
    markup! {
        div class="notice warning" {
            p {
                (left_out)
                @if let Some(at) = left_out.from { " It starts " (time_markup(at, false, now)) "." }
            }
        }
    }
}

/// What of the schedule made no sense.
#[component]
pub(super) fn LeftOutNotice(left_out: LeftOut) -> impl IntoView {
    let part = NodeRef::<html::Div>::new();
    let said = left_out_markup(&left_out, use_clock().drawn()).into_string();
    keep_times_true(part, || ());
    view! { <div translate="no" node_ref=part inner_html=said></div> }
}
