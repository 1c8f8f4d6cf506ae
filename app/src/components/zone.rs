//! The zone in which times are told, and the forms that change it. They are plain ones: the zone
//! belongs to the document, which comes anew.

use super::{Card, redrawn, use_clock};
use crate::view;
use leptos::prelude::*;
use maud::{Markup, html};

/// Where the forms lead.
const ACTION: &str = "/api/zone";

/// The zone of a schedule as PagerDuty calls it, as text, with the way to read all times in it
/// where that is another one than now and can be done.
pub(crate) fn schedule_zone_markup(name: &str, may_read_in_it: bool) -> Markup {
    html! {
        span { (name) }
        @if may_read_in_it {
            form method="post" action=(ACTION) {
                input type="hidden" name="zone" value=(name);
                button type="submit" class="button small" { "Read times in it" }
            }
        }
    }
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
            <form method="post" action=ACTION class="picker">
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
                <form method="post" action=ACTION>
                    <input type="hidden" name="zone" value=""/>
                    <button type="submit" class="button small">"Use this browser’s own"</button>
                </form>
            })}
        </Card>
    }
}
