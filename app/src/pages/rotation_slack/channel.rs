//! The Slack channels in which a rotation's changes of duty are announced, each with what was written
//! there last and what is wrong with it, and the form for what is said there.

use super::{
    allow,
    find_channel::{ANNOUNCE, TOPIC, fill_in, named},
    template::{Preview, TemplateField, tried},
    use_elsewhere, warning,
};
use crate::{
    AppError,
    components::{
        ButtonKind, Card, FailureNotice, SubmitButton, TextField, Time, loaded, redrawn, rows,
    },
    data::{DataMemo, Resource},
    forms::{ActionForm, Failure, ServerAction, failure, first_failure, form_input, form_outcome},
    pages::{address::parameter, version::known},
    server_fns::{AddSlackChannel, RemoveSlackChannel, SetAnnouncement, WriteAnnouncement},
    view,
};
use leptos::{ev::SubmitEvent, prelude::*, server_fn::ServerFn};
use types::{
    AnnouncementRefusal, AnnouncementView, ChannelFacts, ChannelView, RotationId, SlackCapability,
};

/// The id and the name of the field for the template.
pub(super) const FIELD: &str = "announcement";
/// The name of the one for the version of what it was drawn from.
pub(super) const DRAWN: &str = "announcement_drawn";

/// The channel, as it is called, about which something was asked last.
type Asked = RwSignal<Option<String>>;

/// What can be done about announcements.
#[derive(Clone, Copy)]
pub(super) struct Actions {
    pub(super) add: ServerAction<AddSlackChannel>,
    pub(super) remove: ServerAction<RemoveSlackChannel>,
    pub(super) write: ServerAction<WriteAnnouncement>,
    pub(super) set_text: ServerAction<SetAnnouncement>,
}

#[component]
pub(super) fn Announced(
    id: RotationId,
    announcements: Resource<AnnouncementView>,
    /// The template that the address asks about.
    asked: String,
    actions: Actions,
) -> impl IntoView {
    view! {
        {loaded(announcements, move |view: DataMemo<AnnouncementView>| view! {
            <Channels id=id.to_string() view actions/>
            <TextForm id=id.clone() view asked=asked.clone() set=actions.set_text/>
        })}
    }
}

#[component]
fn TextForm(
    id: RotationId,
    view: DataMemo<AnnouncementView>,
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
        let of_view =
            |view: &AnnouncementView| (view.template.clone(), view.template_version.clone());
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
        let what_of = |view: &AnnouncementView| (view.preview.clone(), view.problem.clone());
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
fn Channels(id: String, view: DataMemo<AnnouncementView>, actions: Actions) -> impl IntoView {
    let outcome = form_outcome(actions.add);
    let failed = Signal::derive(move || match outcome.refused()? {
        Err(error) => Some(Failure::Failed(error)),
        Ok(_) => None,
    });
    let of_rows = RowActions {
        remove: (actions.remove, asked_before::<RemoveSlackChannel>(view)),
        write: (actions.write, asked_before::<WriteAnnouncement>(view)),
    };
    let ((remove, removed), (write, written)) = (of_rows.remove, of_rows.write);
    let failures = vec![
        failed,
        naming(removed, failure(form_outcome(remove))),
        naming(written, failure(form_outcome(write))),
    ];
    // Whoever adds one may want to add another one.
    let added = actions.add.value();
    let times_added = Memo::new(move |before: Option<&usize>| {
        before.copied().unwrap_or_default() + usize::from(added.succeeded())
    });
    let of_list = id.clone();
    view! {
        <Card id="announcements-heading" title="Announcements">
            <FailureNotice failure=first_failure(failures)/>
            {redrawn(move || list(view.get(), &of_list, of_rows))}
            {rows(move || vec![times_added.get()], usize::to_string, move |times| view! {
                <AddForm id=id.clone() is_first=times == 0 add=actions.add/>
            })}
        </Card>
    }
    .into_any()
}

/// What can be done about one of the channels, and about which it was asked last.
#[derive(Clone, Copy)]
struct RowActions {
    remove: (ServerAction<RemoveSlackChannel>, Asked),
    write: (ServerAction<WriteAnnouncement>, Asked),
}

/// The channel about which the form was sent before the page was there.
fn asked_before<F: ServerFn>(view: DataMemo<AnnouncementView>) -> Asked {
    let id = form_input::<F, String>();
    RwSignal::new(id.map(|id| {
        view.with_untracked(|view| {
            let mut channels = view.channels.iter();
            let known = channels.find(|channel| channel.id.as_str() == id);
            known.map_or_else(|| id.clone(), called)
        })
    }))
}

/// A failure above all channels, with the one that was refused something.
fn naming(asked: Asked, failure: Signal<Option<Failure>>) -> Signal<Option<Failure>> {
    Signal::derive(move || {
        let failure = failure.get()?;
        Some(match (failure, asked.get()) {
            (Failure::Refused(reason), Some(channel)) => {
                Failure::Refused(format!("{channel}: {reason}"))
            }
            (failure, _) => failure,
        })
    })
}

/// What people know the channel by, as far as Slack has told it.
fn called(channel: &ChannelView) -> String {
    let facts = channel.facts.as_ref();
    match facts.and_then(|facts| facts.name.as_ref()) {
        Some(name) => format!("#{name}"),
        None => channel.id.to_string(),
    }
}

/// The channels, and what can be done about each.
fn list(view: AnnouncementView, id: &str, actions: RowActions) -> AnyView {
    let here = format!("/rotations/{id}/slack");
    let allow =
        (!view.may_write).then(|| allow(SlackCapability::Messages, "write messages", &here));
    if view.channels.is_empty() {
        return view! {
            {allow}
            <p class="hint">"Changes of duty are announced nowhere yet."</p>
        }
        .into_any();
    }
    let (elsewhere, may_write) = (use_elsewhere(&here), view.may_write);
    let rows = view.channels.into_iter().map(|channel| {
        let link = elsewhere(&[(TOPIC, channel.id.as_str())]);
        row(channel, may_write, (id, link), actions)
    });
    let rows: Vec<_> = rows.collect();
    view! {
        {allow}
        <ul class="people">{rows}</ul>
        <p class="hint">
            "In a channel that is removed nothing more is announced, and the topic is cleared where this rotation has set it."
        </p>
    }
    .into_any()
}

fn row(
    channel: ChannelView,
    may_write: bool,
    (rotation, topic): (&str, String),
    actions: RowActions,
) -> AnyView {
    let (id, name) = (channel.id.to_string(), called(&channel));
    let last = match channel.written_at {
        Some(at) => {
            let said = channel.written.map(|said| {
                view! { ": "<bdi translate="no">{said}</bdi> }
            });
            view! { "Last written "<Time at relative=true/>{said} }.into_any()
        }
        None => view! { "Nothing is known to have been written there in the last seven days." }
            .into_any(),
    };
    let topic = fill_in(topic, "topic-channel", "Topic", name.clone());
    let write = button_of(actions.write, (rotation, &id, &name), "Write now");
    let remove = button_of(actions.remove, (rotation, &id, &name), "Remove");
    let facts = channel.facts.as_ref();
    let is_outside = may_write
        && channel.trouble.is_none()
        && facts.is_some_and(ChannelFacts::is_written_from_outside);
    view! {
        <li id=format!("announced-{id}")>
            <div>
                {named(&channel.id, channel.facts)}
                <p class="hint">{last}</p>
                {is_outside.then(|| view! {
                    <p class="hint">"Round Robin is not in this channel, and writes there all the same, since it is public."</p>
                })}
                {channel.trouble.map(warning)}
            </div>
            <div class="row-buttons">
                {topic}
                {write}
                {remove}
            </div>
        </li>
    }
    .into_any()
}

/// A button in a form of its own that does something about one channel.
fn button_of<F: ServerFn<Error = AppError> + 'static>(
    (action, asked): (ServerAction<F>, Asked),
    (rotation, channel, name): (&str, &str, &str),
    label: &'static str,
) -> AnyView {
    let (rotation, channel) = (rotation.to_owned(), channel.to_owned());
    let (target, name) = (name.to_owned(), name.to_owned());
    let pending = action.pending();
    // Until one is answered, no other is sent.
    let ask = move |_: SubmitEvent| {
        if !pending.get_untracked() {
            asked.set(Some(name.clone()));
        }
    };
    view! {
        <div on:submit:capture=ask>
            <ActionForm action>
                <input type="hidden" name="rotation" value=rotation/>
                <input type="hidden" name="channel" value=channel/>
                <SubmitButton label target kind=ButtonKind::Small pending/>
            </ActionForm>
        </div>
    }
    .into_any()
}

#[component]
fn AddForm(
    id: String,
    /// None was added since the page was opened, so what was typed or chosen before is not there yet.
    is_first: bool,
    add: ServerAction<AddSlackChannel>,
) -> impl IntoView {
    let outcome = form_outcome(add);
    let problem = Signal::derive(move || match outcome.refused()? {
        Ok(refusal) => Some(refusal.to_string()),
        Err(_) => None,
    });
    let chosen = || parameter(ANNOUNCE).get_untracked();
    let value = match is_first {
        true => form_input::<AddSlackChannel, String>().unwrap_or_else(chosen),
        false => String::new(),
    };
    view! {
        <ActionForm action=add class="column">
            <input type="hidden" name="rotation" value=id/>
            <TextField
                id="channel" name="channel" label="Channel ID"
                hint="Everybody in this channel is told who is on duty whenever that changes. Search for it above, or copy the ID or the link from the channel's details in Slack."
                value problem
            />
            <div class="buttons">
                <SubmitButton
                    label="Add channel" busy_label="Adding…"
                    kind=ButtonKind::Primary pending=add.pending()
                />
            </div>
        </ActionForm>
    }
    .into_any()
}
