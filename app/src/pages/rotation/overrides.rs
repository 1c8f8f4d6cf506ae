//! Where somebody has decided otherwise than the schedule has it, and which members are away.

use super::Actions;
use crate::{
    components::{
        Card, FailureNotice, Tone, badge_markup, keep_times_true, redrawn, time_markup, use_clock,
    },
    data::DataMemo,
    forms::{ActionForm, failure, form_outcome},
    pages::proposal_form::ProposalForm,
    view,
};
use leptos::{html, prelude::*};
use maud::{Markup, html};
use types::{
    CoverView, MemberAbsence, OverrideChoice, OverrideView, RotationMode, RotationPage, Timestamp,
};

/// The forms that show what it brings to end one or to take what is asked for, and that withdraw that.
const END: &str = "end-override";
const TAKE: &str = "take-cover";
const WITHDRAW: &str = "withdraw-cover";

#[component]
pub(super) fn Overrides(page: DataMemo<RotationPage>, actions: Actions) -> impl IntoView {
    let id = page.with_untracked(|page| page.id.clone());
    let here = format!("/rotations/{id}/override");
    let mode = Memo::new(move |_| page.with(|page| page.mode));
    let may_make = Memo::new(move |_| page.with(|page| page.may_ask_for_cover));
    let clock = use_clock();
    let list = NodeRef::<html::Ul>::new();
    let rows = DataMemo::new(move || {
        page.with(|page| {
            let now = clock.drawn();
            let overrides = page.overrides.iter().map(|one| override_row(one, now));
            let absences = page.absences.iter().map(|one| absence_row(one, now));
            let covers = page.covers.iter().map(|one| cover_row(one, now));
            let rows = overrides
                .chain(covers)
                .chain(absences)
                .map(Markup::into_string);
            rows.collect::<String>()
        })
    });
    keep_times_true(list, move || rows.track());
    let failed = failure(form_outcome(actions.withdraw_cover));
    move || {
        let here = here.clone();
        let [to_end, to_take, to_withdraw] = [(); 3].map(|()| id.clone());
        (mode.get() == RotationMode::Scheduled).then(|| {
            view! {
                <Card id="overrides-heading" title="Overrides">
                    {redrawn(move || rows.with(String::is_empty).then(|| view! {
                        <p class="nobody">"Everybody takes their turns as planned."</p>
                    }))}
                    <ul class="shifts" translate="no" node_ref=list inner_html=move || rows.get()></ul>
                    <FailureNotice failure=failed/>
                    <div hidden>
                        <ProposalForm id=END rotation=to_end what="end"/>
                        <ProposalForm id=TAKE rotation=to_take what="take"/>
                        <ActionForm action=actions.withdraw_cover id=WITHDRAW>
                            <input type="hidden" name="rotation" value=to_withdraw.to_string()/>
                        </ActionForm>
                    </div>
                    {redrawn(move || may_make.get().then(|| view! {
                        <a class="button" href=here.clone()>"Override or ask for cover"</a>
                    }))}
                </Card>
            }
        })
    }
}

fn override_row(one: &OverrideView, now: Timestamp) -> Markup {
    let by = one.by.as_ref().map(|by| by.name.as_str());
    let of = one.of.as_deref().unwrap_or("somebody who has left");
    html! {
        li class=[one.runs.then_some("current")] {
            bdi class="person-name" { (by.unwrap_or("Nobody")) }
            @match one.kind {
                OverrideChoice::Add => { " in addition" }
                OverrideChoice::Cover => { " covers for " bdi { (of) } }
                OverrideChoice::Replace | OverrideChoice::Empty => { " in place of " bdi { (of) } }
            }
            @if one.has_left {
                (badge_markup(Tone::Warning, "Deactivated in Slack: does not count"))
            } @else if one.is_idle {
                (badge_markup(Tone::Neutral, "Changes nothing now"))
            } @else if one.runs {
                (badge_markup(Tone::Good, "Now"))
            }
            span class="hint" {
                (time_markup(one.starts_at, false, now)) " – " (time_markup(one.ends_at, false, now))
                @if let Some(made_by) = &one.made_by { ", made by " bdi { (made_by) } }
            }
            @if one.may_end {
                button type="submit" class="button small" form=(END) name="id" value=(one.id.as_str()) {
                    (if one.runs { "End now" } else { "Remove" })
                    span class="visually-hidden" translate="no" {
                        @match by {
                            Some(by) => { " " bdi { (by) } }
                            None => { " Nobody in place of " bdi { (of) } }
                        }
                    }
                }
            }
        }
    }
}

fn cover_row(one: &CoverView, now: Timestamp) -> Markup {
    let button = |form: &str, label: &str| {
        html! {
            button type="submit" class="button small" form=(form) name="id" value=(one.id.as_str()) {
                (label) span class="visually-hidden" { " " bdi translate="no" { (one.asked_by) } }
            }
        }
    };
    html! {
        li {
            bdi class="person-name" { (one.asked_by) } " asks "
            @match &one.asked { Some(asked) => { bdi { (asked) } }, None => { "anybody" } }
            " for cover"
            span class="hint" {
                (time_markup(one.starts_at, false, now)) " – " (time_markup(one.ends_at, false, now))
            }
            @if one.may_take { (button(TAKE, "Take it")) }
            @if one.may_withdraw { (button(WITHDRAW, "Withdraw")) }
        }
    }
}

fn absence_row(one: &MemberAbsence, now: Timestamp) -> Markup {
    html! {
        li {
            bdi class="person-name" { (one.name) } " is away"
            span class="hint" {
                (time_markup(one.starts_at, false, now)) " – " (time_markup(one.ends_at, false, now))
                @if !one.note.is_empty() { ", " bdi { (one.note) } }
            }
        }
    }
}
