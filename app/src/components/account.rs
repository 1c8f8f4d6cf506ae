//! Who is signed in, and the menu in which they sign out. The forms are plain
//! ones: signing out has to work when nothing else does.

use super::{Avatar, Menu};
use crate::{data::from_page, view};
use leptos::prelude::*;
use types::SessionView;

#[derive(Clone)]
struct CurrentSession(Option<SessionView>);

/// Hands the session of the request to the whole page, the same on the server
/// and in the browser. Tells whether there is one.
pub(crate) fn provide_session() -> bool {
    let session = from_page(server_session);
    let signed_in = session.is_some();
    provide_context(CurrentSession(session));
    signed_in
}

pub(crate) fn use_session() -> Option<SessionView> {
    expect_context::<CurrentSession>().0
}

#[cfg(feature = "ssr")]
fn server_session() -> Option<SessionView> {
    crate::server_fns::from_request::<SessionView>()
}

#[cfg(not(feature = "ssr"))]
fn server_session() -> Option<SessionView> {
    None
}

#[component]
pub(crate) fn AccountMenu(session: SessionView) -> impl IntoView {
    let SessionView {
        workspace_name,
        person,
        ..
    } = session;
    let name = person.name.clone();
    view! {
        <form id="sign-out" method="post" action="/api/auth/slack/logout"></form>
        <Menu
            id="account-menu"
            class="account-button"
            label=view! {
                <Avatar name=name.clone()/>
                <span class="account-label">
                    <bdi translate="no">{name}</bdi><span class="visually-hidden">", your account"</span>
                </span>
            }
            .into_any()
        >
            <p class="menu-heading">
                <strong dir="auto" translate="no">{person.name}</strong>
                <span>{person.role.to_string()}" of "<bdi translate="no">{workspace_name}</bdi></span>
            </p>
            <button type="submit" form="sign-out" role="menuitem" autofocus=true>"Sign out"</button>
            <button type="submit" form="sign-out" role="menuitem" name="everywhere" value="true">
                "Sign out everywhere"
            </button>
        </Menu>
    }
}
