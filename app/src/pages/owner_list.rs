//! Who looks after a rotation, on its page and where they are changed. They change seldom,
//! so they are written as text.

use crate::{
    components::{Tone, badge_markup, person_markup, use_session},
    view,
};
use leptos::{either::Either, prelude::*};
use maud::{Markup, html};
use types::PersonView;

#[component]
pub(super) fn OwnerList(
    owners: Vec<PersonView>,
    /// The form that the buttons send which remove one, for those who may.
    #[prop(optional_no_strip)]
    removal: Option<&'static str>,
) -> impl IntoView {
    if owners.is_empty() {
        return Either::Left(view! {
            <p class="nobody">"Nobody but the workspace admins looks after this rotation."</p>
        });
    }
    let own_id = use_session().map(|session| session.person.id);
    let rows = owners.iter().map(|owner| {
        let is_reader = own_id.as_ref() == Some(&owner.id);
        row(owner, is_reader, removal.filter(|_| !is_reader)).into_string()
    });
    let rows: String = rows.collect();
    let anew = rows.clone();
    // Set once more as the page is taken over, which leaves alone what is written as text: a
    // proxy may have hidden the addresses.
    Either::Right(view! { <ul class="people" inner_html=rows prop:innerHTML=anew></ul> })
}

fn row(owner: &PersonView, is_reader: bool, removal: Option<&str>) -> Markup {
    let badges = html! {
        @if is_reader { (badge_markup(Tone::Neutral, "You")) }
        @if owner.deactivated { (badge_markup(Tone::Warning, "Deactivated in Slack")) }
    };
    html! {
        li id={ "owner-" (owner.id.as_str()) } {
            (person_markup(&owner.name, owner.email.as_deref(), badges))
            @if let Some(form) = removal {
                div class="row-buttons" {
                    button type="submit" class="button small" form=(form) name="person" value=(owner.id.as_str()) {
                        "Remove"
                        span class="visually-hidden" { " " bdi translate="no" { (owner.name) } }
                    }
                }
            }
        }
    }
}
