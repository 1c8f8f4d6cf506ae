//! The zone in which times are told, and the forms that change it. They are plain ones: the zone
//! belongs to the document, which comes anew.

use super::{Card, redrawn, use_clock};
use crate::view;
use leptos::prelude::*;

/// Has this browser read all times in another zone.
#[component]
fn ReadIn(
    /// Its name; empty for the browser's own.
    zone: String,
    #[prop(into)] label: String,
) -> impl IntoView {
    view! {
        <form method="post" action="/api/zone">
            <input type="hidden" name="zone" value=zone/>
            <button type="submit" class="button small">{label}</button>
        </form>
    }
}

/// The zone of a schedule, where it is another one than that of the page, with the way to read in
/// it where that can be done.
#[component]
pub(crate) fn ScheduleZone(
    /// As PagerDuty calls it.
    name: String,
    known: bool,
) -> impl IntoView {
    let clock = use_clock();
    let differs = {
        let name = name.clone();
        Memo::new(move |_| clock.zone_name() != name)
    };
    view! {
        <span translate="no">{name.clone()}</span>
        {redrawn(move || (known && differs.get()).then(|| view! {
            <ReadIn zone=name.clone() label="Read times in it"/>
        }))}
    }
    .into_any()
}

/// Choosing one by its name.
#[component]
pub(crate) fn ZoneCard() -> impl IntoView {
    let clock = use_clock();
    view! {
        <Card id="zone-heading" title="Time zone">
            <p>
                "Of this browser only. Times are in "
                <strong translate="no">{redrawn(move || clock.zone_name())}</strong>
                {if clock.zone_is_chosen() { ", as was chosen here." } else { "." }}
            </p>
            <form method="post" action="/api/zone" class="picker">
                <div class="field">
                    <label for="zone">"Another time zone"</label>
                    <p class="hint" id="zone-hint">"Such as Europe/Berlin, America/New_York or UTC."</p>
                    <input
                        type="text" id="zone" name="zone" autocomplete="off" spellcheck="false"
                        aria-describedby="zone-hint" required=true
                    />
                </div>
                <button type="submit" class="button">"Use it"</button>
            </form>
            {clock.zone_is_chosen().then(|| view! {
                <ReadIn zone=String::new() label="Use this browser’s own"/>
            })}
        </Card>
    }
}
