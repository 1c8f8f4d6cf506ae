//! What Slack does not let Round Robin do yet, with the way to it.

use super::address::address;
use crate::{
    components::{Notice, Tone},
    view,
};
use leptos::prelude::*;
use types::{SlackCapability, SlackPermission};

/// Where an admin lets Round Robin do something in Slack, and comes back from.
pub(super) fn allow_address(permission: SlackPermission, here: &str) -> String {
    address(
        "/api/auth/slack/login",
        &[("allow", permission.code()), ("return_to", here)],
    )
}

/// The link by which an admin lets Round Robin do something in Slack.
pub(super) fn allow(capability: SlackCapability, what: &'static str, here: &str) -> AnyView {
    let link = allow_address(SlackPermission::OfBot(capability), here);
    view! {
        <Notice tone=Tone::Warning>
            <p>
                "Slack does not let Round Robin "{what}" yet. An Owner or Admin of the workspace can "
                <a href=link rel="external">"allow it at Slack"</a>"."
            </p>
        </Notice>
    }
    .into_any()
}
