//! The form for the Slack channel in which a rotation's changes of duty are announced.

use super::{allow, warning};
use crate::{
    components::{ButtonKind, FailureNotice, SubmitButton, TextField, loaded},
    data::{DataMemo, Resource},
    forms::{ActionForm, Failure, ServerAction, form_input, form_outcome},
    server_fns::SetSlackChannel,
};
use leptos::prelude::*;
use types::{ChannelView, RotationId, SlackCapability, SlackChannelId};

#[component]
pub(super) fn Channel(
    id: RotationId,
    channel: Resource<ChannelView>,
    set: ServerAction<SetSlackChannel>,
) -> impl IntoView {
    view! {
        {loaded(channel, move |view: DataMemo<ChannelView>| view! {
            <ChannelForm id=id.clone() view=view.get_untracked() set/>
        })}
    }
}

#[component]
fn ChannelForm(
    id: RotationId,
    view: ChannelView,
    set: ServerAction<SetSlackChannel>,
) -> impl IntoView {
    let outcome = form_outcome(set);
    let typed = form_input::<SetSlackChannel, String>();
    let value = typed.or_else(|| view.channel.as_ref().map(SlackChannelId::to_string));
    let refused = Signal::derive(move || outcome.refused());
    let problem = Signal::derive(move || match refused.get() {
        Some(Ok(refusal)) => Some(refusal.to_string()),
        _ => None,
    });
    let failure = Signal::derive(move || match refused.get() {
        Some(Err(error)) => Some(Failure::Failed(error)),
        _ => None,
    });
    let here = format!("/rotations/{id}/slack");
    let may_not_write = view.channel.is_some() && !view.may_write;
    view! {
        <ActionForm action=set class="card form">
            <h2>"Announcements"</h2>
            <FailureNotice failure/>
            <input type="hidden" name="rotation" value=id.to_string()/>
            <TextField
                id="channel" name="channel" label="Channel ID"
                hint="Everybody in this channel is told who is on duty whenever that changes. Copy the ID or the link from the channel's details in Slack; leave it empty for no announcements."
                value=value.unwrap_or_default() problem
            />
            {view.trouble.map(warning)}
            {may_not_write.then(|| allow(SlackCapability::Messages, "write messages", &here))}
            <div class="buttons">
                <SubmitButton
                    label="Set channel" busy_label="Saving…"
                    kind=ButtonKind::Primary pending=set.pending()
                />
            </div>
        </ActionForm>
    }
}
