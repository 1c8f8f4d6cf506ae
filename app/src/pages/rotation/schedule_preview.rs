//! What binding the chosen schedule would bring, before it is saved.

use super::shifts::Shifts;
use crate::{
    components::{Badge, LinkBadge, Person, Tone},
    pages::wording::linked_count,
};
use leptos::prelude::*;
use types::{PreviewPerson, SchedulePreview};

#[component]
pub(super) fn Preview(preview: SchedulePreview) -> impl IntoView {
    let SchedulePreview {
        schedule,
        people,
        shifts,
        ..
    } = preview;
    let linked = people
        .iter()
        .filter(|person| person.link.is_linked())
        .count();
    let nobody = !people.iter().any(|person| person.on_duty);
    view! {
        <div class="preview">
            <h3 dir="auto">{schedule.name}</h3>
            <p class="hint">{linked_count((linked, people.len()))}</p>
            {nobody.then(|| view! { <p class="nobody">"Nobody is on duty at the moment."</p> })}
            <ul class="people">
                {people.into_iter().map(|person| view! { <PreviewRow person/> }).collect_view()}
            </ul>
            <h4>"Next shifts"</h4>
            <Shifts shifts/>
        </div>
    }
    .into_any()
}

#[component]
fn PreviewRow(person: PreviewPerson) -> impl IntoView {
    view! {
        <li>
            <Person name=person.name email=person.email>
                <span class="badges">
                    {person.on_duty.then(|| view! { <Badge tone=Tone::Good text="On duty now"/> })}
                    <LinkBadge link=person.link/>
                </span>
            </Person>
        </li>
    }
}
