//! The form for the Slack channel in which a rotation's changes of duty are announced.

use super::address::address;
use crate::{
    components::{ButtonKind, FailureNotice, Notice, SubmitButton, TextField, Tone, loaded},
    data::{DataMemo, Resource},
    forms::{ActionForm, Failure, ServerAction, form_input, form_outcome},
    server_fns::{SetSlackChannel, SlackChannel},
};
use leptos::prelude::*;
use types::{ChannelView, RotationId, SlackChannelId};

#[component]
pub(super) fn EditChannel(id: RotationId) -> impl IntoView {
    let set = ServerAction::<SetSlackChannel>::telling("The channel was saved.");
    let rotation = id.clone();
    let view = Resource::new(move || SlackChannel {
        rotation: rotation.clone(),
    });
    view! {
        {loaded(view, move |view: DataMemo<ChannelView>| view! {
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
    let back = format!("/rotations/{id}/edit");
    let allow = address(
        "/api/auth/slack/login",
        &[("writes", "true"), ("return_to", &back)],
    );
    view! {
        <ActionForm action=set class="card form">
            <h2>"Announcements in Slack"</h2>
            <FailureNotice failure/>
            <input type="hidden" name="rotation" value=id.to_string()/>
            <TextField
                id="channel" name="channel" label="Channel ID"
                hint="Everybody in this channel is told who is on duty whenever that changes. Copy the ID or the link from the channel's details in Slack; leave it empty for no announcements."
                value=value.unwrap_or_default() problem
            />
            {view.trouble.map(|trouble| view! {
                <Notice tone=Tone::Warning><p>{trouble}</p></Notice>
            })}
            {(view.channel.is_some() && !view.may_write).then(|| view! {
                <Notice tone=Tone::Warning>
                    <p>
                        "Slack does not let Round Robin write messages yet. An Owner or Admin of the workspace can "
                        <a href=allow rel="external">"allow it at Slack"</a>"."
                    </p>
                </Notice>
            })}
            <div class="buttons">
                <SubmitButton
                    label="Set channel" busy_label="Saving…"
                    kind=ButtonKind::Primary pending=set.pending()
                />
            </div>
        </ActionForm>
    }
}
