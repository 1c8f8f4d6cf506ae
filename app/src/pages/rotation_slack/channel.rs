//! The forms for the Slack channel in which a rotation's changes of duty are announced, and for what
//! is said there.

use super::{
    allow,
    find_channel::ANNOUNCE,
    template::{Preview, TemplateField, tried},
    warning,
};
use crate::{
    components::{ButtonKind, FailureNotice, SubmitButton, TextField, loaded},
    data::{DataMemo, Resource},
    forms::{ActionForm, Failure, ServerAction, form_input, form_outcome},
    pages::{address::parameter, version::known},
    server_fns::{SetAnnouncement, SetSlackChannel},
    view,
};
use leptos::prelude::*;
use types::{
    AnnouncementRefusal, ChannelRefusal, ChannelView, RotationId, SlackCapability, SlackChannelId,
};

/// The id and the name of the field for the template.
pub(super) const FIELD: &str = "announcement";
/// The name of the one for the version of what it was drawn from.
pub(super) const DRAWN: &str = "announcement_drawn";

#[component]
pub(super) fn Channel(
    id: RotationId,
    channel: Resource<ChannelView>,
    /// The template that the address asks about.
    asked: String,
    set: ServerAction<SetSlackChannel>,
    set_text: ServerAction<SetAnnouncement>,
) -> impl IntoView {
    view! {
        {loaded(channel, move |view: DataMemo<ChannelView>| view! {
            <ChannelForm id=id.clone() view=view.get_untracked() set/>
            <TextForm id=id.clone() view asked=asked.clone() set=set_text/>
        })}
    }
}

#[component]
fn TextForm(
    id: RotationId,
    view: DataMemo<ChannelView>,
    asked: String,
    set: ServerAction<SetAnnouncement>,
) -> impl IntoView {
    let outcome = form_outcome(set);
    let refused = Signal::derive(move || outcome.refused());
    let problem = Signal::derive(move || match refused.get()? {
        Ok(problem) => Some(problem.to_string()),
        Err(_) => None,
    });
    let failure = Signal::derive(move || match refused.get()? {
        Err(error) => Some(Failure::Failed(error)),
        Ok(_) => None,
    });
    let typed = form_input::<SetAnnouncement, (String, String)>();
    let (value, began) = typed.unwrap_or_else(|| {
        let of_view = |view: &ChannelView| (view.template.clone(), view.template_version.clone());
        let (template, version) = view.with_untracked(of_view);
        match asked.is_empty() {
            true => (template, version),
            // It is still the form that was drawn before it was tried.
            false => (asked, tried(DRAWN).unwrap_or(version)),
        }
    });
    let drawn = known(began, move || match refused.get() {
        Some(Ok(AnnouncementRefusal::EditedMeanwhile(meanwhile))) => Some(meanwhile.version),
        _ => outcome.done(),
    });
    let preview = Signal::derive(move || {
        let what_of = |view: &ChannelView| (view.preview.clone(), view.problem.clone());
        view.with(what_of)
    });
    let here = format!("/rotations/{id}/slack");
    view! {
        <ActionForm action=set class="card">
            <h2>"Text of announcements"</h2>
            <FailureNotice failure/>
            <input type="hidden" name="rotation" value=id.to_string()/>
            <input type="hidden" name=DRAWN value=move || drawn.get()/>
            <TemplateField
                name=FIELD
                hint="Such as: %USER% is on duty until %UNTIL%. Leave it empty for the usual text. *Bold* and _italic_ are as in Slack."
                value problem until="in each reader's own time zone" preview
            />
            <div class="buttons">
                <SubmitButton
                    label="Set text" busy_label="Saving…"
                    kind=ButtonKind::Primary pending=set.pending()
                />
                <Preview name=FIELD drawn=DRAWN here/>
            </div>
        </ActionForm>
    }
    .into_any()
}

#[component]
fn ChannelForm(
    id: RotationId,
    view: ChannelView,
    set: ServerAction<SetSlackChannel>,
) -> impl IntoView {
    let outcome = form_outcome(set);
    let typed = form_input::<SetSlackChannel, (String, String)>();
    let (typed, began) = match typed {
        Some((typed, began)) => (Some(typed), began),
        None => (None, view.version.clone()),
    };
    let chosen = Some(parameter(ANNOUNCE).get_untracked()).filter(|chosen| !chosen.is_empty());
    let value = typed
        .or(chosen)
        .or_else(|| view.channel.as_ref().map(SlackChannelId::to_string));
    let refused = Signal::derive(move || outcome.refused());
    let drawn = known(began, move || match refused.get() {
        Some(Ok(ChannelRefusal::EditedMeanwhile(meanwhile))) => Some(meanwhile.version),
        _ => outcome.done(),
    });
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
        <ActionForm action=set class="card">
            <h2>"Announcements"</h2>
            <FailureNotice failure/>
            <input type="hidden" name="rotation" value=id.to_string()/>
            <input type="hidden" name="drawn" value=move || drawn.get()/>
            <TextField
                id="channel" name="channel" label="Channel ID"
                hint="Everybody in this channel is told who is on duty whenever that changes. Search for it above, or copy the ID or the link from the channel's details in Slack; leave it empty for no announcements."
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
