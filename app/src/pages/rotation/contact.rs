//! How somebody on duty is reached: in Slack, and by a mention to put into a message.

use crate::{components::Copyable, view};
use leptos::prelude::*;
use types::SlackContact;

#[component]
pub(super) fn Contact(contact: SlackContact, name: String) -> impl IntoView {
    let SlackContact {
        person, address, ..
    } = contact;
    let mention = format!("<@{person}>");
    let what = format!("the mention of {name}");
    view! {
        <span class="reach">
            <a class="button small" href=address target="_blank" rel="external noopener noreferrer">
                "Message in Slack"<span class="visually-hidden">" "<bdi translate="no">{name}</bdi></span>
            </a>
            <Copyable text=mention what/>
        </span>
    }
    .into_any()
}
