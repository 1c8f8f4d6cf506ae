//! What to do where there is no rotation yet: by who reads it, so that an admin is not told to
//! ask one.

use crate::{
    components::{EmptyState, use_session},
    view,
};
use leptos::{either::Either, prelude::*};
use types::Role;

#[component]
pub(super) fn FirstSteps() -> impl IntoView {
    let role = use_session().map_or(Role::Guest, |session| session.person.role);
    if role == Role::Guest {
        return view! {
            <EmptyState title="There is nothing for you yet">
                <p>
                    "A rotation is a group of people who take turns being on duty for something. Those that \
                    you may see appear here."
                </p>
            </EmptyState>
        };
    }
    let by_schedule = if role.administers() {
        Either::Left(view! {
            <a href="/settings/integrations">"Connect PagerDuty"</a>
            ", and a schedule there can do that."
        })
    } else {
        Either::Right(
            "Once an Owner or Admin has connected PagerDuty, a schedule there can do that.",
        )
    };
    view! {
        <EmptyState title="Nobody takes turns yet">
            <p>"A rotation is a group of people who take turns being on duty for something."</p>
            <ol>
                <li>"Create the first one and give it a name that the others know."</li>
                <li>"Add its members, in the order of their turns."</li>
                <li>"Press Rotate whenever the next person takes over. "{by_schedule}</li>
            </ol>
            <p><a class="button primary" href="/rotations/new">"Create the first one"</a></p>
        </EmptyState>
    }
}
