//! The form for the topic that says who is on duty, with what its template makes at present.

use super::{
    allow, button,
    find_channel::{TOPIC, named},
    template::{Preview, TemplateField, tried},
    warning,
};
use crate::{
    components::{
        ButtonKind, Card, Facts, FailureNotice, SubmitButton, TextField, Time, loaded, redrawn,
    },
    data::{DataMemo, Resource},
    forms::{ActionForm, Failure, ServerAction, failure, first_failure, form_input, form_outcome},
    pages::{address::parameter, version::known},
    server_fns::{SetTopic, WriteTopic},
    view,
};
use leptos::prelude::*;
use types::{RotationId, SlackCapability, SlackChannelId, TopicRefusal, TopicView};

/// The id and the name of the field for the template.
pub(super) const FIELD: &str = "template";
/// The name of the one for the version of what it was drawn from.
pub(super) const DRAWN: &str = "template_drawn";

/// What can be done about a topic.
#[derive(Clone, Copy)]
pub(super) struct Actions {
    pub(super) set: ServerAction<SetTopic>,
    pub(super) write: ServerAction<WriteTopic>,
}

#[component]
pub(super) fn Topic(
    id: RotationId,
    topic: Resource<TopicView>,
    /// The template that the address asks about.
    asked: String,
    actions: Actions,
) -> impl IntoView {
    view! {
        {loaded(topic, move |view: DataMemo<TopicView>| {
            let (id, asked) = (id.to_string(), asked.clone());
            let of_state = id.clone();
            view! {
                <Card id="topic-heading" title="Channel topic">
                    {redrawn(move || state(view.get(), &of_state, actions))}
                    <TopicForm id view asked actions/>
                </Card>
            }
        })}
    }
}

/// What became of the topic.
fn state(view: TopicView, id: &str, actions: Actions) -> AnyView {
    let here = format!("/rotations/{id}/slack");
    let allow = (!view.may_write).then(|| allow(SlackCapability::Topics, "set topics", &here));
    let edited = view.is_edited.then(|| warning(
        "Somebody has set another topic by hand. This one takes its place again within five minutes, or at once with Write now.".to_owned()
    ));
    let set_back = view.edited_at.filter(|_| !view.is_edited).map(|at| {
        view! {
            <div><dt>"Set by hand"</dt><dd><Time at relative=true/>", and set back since"</dd></div>
        }
    });
    let written = match (view.written_at, view.waiting) {
        (_, true) => "Slack is being told".into_any(),
        (Some(at), _) => view! { <Time at relative=true/> }.into_any(),
        (None, _) => "Nothing had to be changed yet".into_any(),
    };
    let channel = view.channel.map(|channel| named(&channel, view.facts));
    let write = button(actions.write, id, "Write now", "Asking…");
    view! {
        {allow}
        {view.trouble.map(warning)}
        {edited}
        {channel.map(|channel| view! {
            <Facts><div><dt>"Channel"</dt><dd>{channel}</dd></div><div><dt>"Last written"</dt><dd>{written}</dd></div>{set_back}</Facts>
            <div class="buttons">{write}</div>
        })}
    }
    .into_any()
}

#[component]
fn TopicForm(
    id: String,
    view: DataMemo<TopicView>,
    asked: String,
    actions: Actions,
) -> impl IntoView {
    let outcome = form_outcome(actions.set);
    let refused = Signal::derive(move || outcome.refused());
    let problem = move |of_channel: bool| {
        Signal::derive(move || match refused.get()? {
            Ok(refusal) => {
                let is_channels = matches!(refusal, TopicRefusal::NoChannel | TopicRefusal::Taken);
                (is_channels == of_channel).then(|| refusal.to_string())
            }
            Err(_) => None,
        })
    };
    let failed = Signal::derive(move || match refused.get()? {
        Err(error) => Some(Failure::Failed(error)),
        Ok(_) => None,
    });
    let outcomes = vec![failed, failure(form_outcome(actions.write))];
    let typed = form_input::<SetTopic, (String, String, String)>();
    let (channel, template, began) = typed.unwrap_or_else(|| {
        let (channel, template, version) = view.with_untracked(|view| {
            let channel = view.channel.as_ref().or(view.offered.as_ref());
            let channel = channel.map(SlackChannelId::to_string);
            (
                channel.unwrap_or_default(),
                view.template.clone(),
                view.version.clone(),
            )
        });
        let chosen = parameter(TOPIC).get_untracked();
        let channel = match chosen.is_empty() {
            true => channel,
            false => chosen,
        };
        match asked.is_empty() {
            true => (channel, template, version),
            // It is still the form that was drawn before it was tried.
            false => (channel, asked, tried(DRAWN).unwrap_or(version)),
        }
    });
    let drawn = known(began, move || match refused.get() {
        Some(Ok(TopicRefusal::EditedMeanwhile(meanwhile))) => Some(meanwhile.version),
        _ => outcome.done(),
    });
    let here = format!("/rotations/{id}/slack");
    let preview =
        Signal::derive(move || view.with(|view| (view.preview.clone(), view.problem.clone())));
    view! {
        <ActionForm action=actions.set class="column">
            <FailureNotice failure=first_failure(outcomes)/>
            <input type="hidden" name="rotation" value=id/>
            <input type="hidden" name=DRAWN value=move || drawn.get()/>
            <TextField
                id="topic-channel" name="channel" label="Channel ID"
                hint="Copy the ID or the link from the channel's details in Slack. The topic takes the place of the present one."
                value=channel problem=problem(true)
            />
            <TemplateField
                name=FIELD hint="Such as: On duty: %USER% until %UNTIL%. Leave it empty for no topic."
                value=template problem=problem(false) until="in the time zone of the schedule" preview
            />
            <div class="buttons">
                <SubmitButton
                    label="Set topic" busy_label="Saving…"
                    kind=ButtonKind::Primary pending=actions.set.pending()
                />
                <Preview name=FIELD drawn=DRAWN here/>
            </div>
        </ActionForm>
    }
    .into_any()
}
