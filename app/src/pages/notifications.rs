//! Settings → My notifications: of what the reader is told by direct messages in Slack, and when
//! they want to be left alone.

use super::{allow::allow, settings::SettingsTabs};
use crate::{
    components::{
        ButtonKind, Card, Checkbox, Facts, FailureNotice, Notice, SubmitButton, TextField, Time,
        Tone, loaded, redrawn, use_title,
    },
    data::{DataMemo, Resource},
    forms::{ActionForm, Failure, Forms, ServerAction, first_failure, form_input, form_outcome},
    server_fns::{Notifications, SaveNotifications},
    view,
};
use leptos::{either::Either, prelude::*};
use types::{Lead, NotificationInput, NotificationRefusal, NotificationsView, SlackCapability};

const HERE: &str = "/settings/notifications";

#[component]
pub(crate) fn NotificationsPage() -> impl IntoView {
    let save = ServerAction::<SaveNotifications>::telling("Your choice was saved.");
    let forms = Forms::of(vec![save.calls()]);
    let view = Resource::following(move || forms.version() as u64, || Notifications {});
    use_title(|| "My notifications".to_owned());
    view! {
        <h1>"My notifications"</h1>
        <SettingsTabs/>
        <p>
            "Round Robin writes to you in Slack about your own duty, in every rotation. Until you choose something \
            else, you are told when your duty begins and of cover, and of nothing else."
        </p>
        {loaded(view, move |view: DataMemo<NotificationsView>| view! {
            {redrawn(move || state(view.get()))}
            <Choices view save/>
        })}
    }
}

/// How it goes.
fn state(view: NotificationsView) -> AnyView {
    let allow = (!view.may_write).then(|| {
        allow(
            SlackCapability::DirectMessages,
            "write direct messages",
            HERE,
        )
    });
    let trouble = view.trouble.map(|sentence| {
        view! { <Notice tone=Tone::Warning><p>{sentence}</p></Notice> }
    });
    let last = match view.last {
        Some(last) => Either::Left(view! {
            <Time at=last.at relative=true/>" · "<bdi translate="no">{last.about}</bdi>
        }),
        None => Either::Right("None yet"),
    };
    let as_admin = view.administers.then(|| {
        view! {
            <p>
                "As an admin you are also told when PagerDuty needs to be reconnected, whatever you choose: once each \
                time, and after quiet hours."
            </p>
        }
    });
    view! {
        {as_admin}
        {allow}
        {trouble}
        <Card id="last-heading" title="Last message">
            <Facts><div><dt>"Written"</dt><dd>{last}</dd></div></Facts>
        </Card>
    }
    .into_any()
}

#[component]
fn Choices(
    view: DataMemo<NotificationsView>,
    save: ServerAction<SaveNotifications>,
) -> impl IntoView {
    let outcome = form_outcome(save);
    let refused = Signal::derive(move || outcome.refused());
    let problem = move |of_beginning: bool| {
        Signal::derive(move || match refused.get()? {
            Ok(refusal) => {
                let is_ends = refusal == NotificationRefusal::WholeDay;
                (is_ends != of_beginning).then(|| refusal.to_string())
            }
            Err(_) => None,
        })
    };
    let failed = Signal::derive(move || match refused.get()? {
        Err(error) => Some(Failure::Failed(error)),
        Ok(_) => None,
    });
    let initial = form_input::<SaveNotifications, _>()
        .unwrap_or_else(|| view.with_untracked(|view| NotificationInput::from(&view.choices)));
    let leads = initial.leads;
    let zone = move || {
        let (zone, is_slacks, is_workspaces) = view.with(|view| {
            let whose = (view.zone_is_slacks, view.zone_is_workspaces);
            (view.zone.clone(), whose.0, whose.1)
        });
        let whose = match is_slacks {
            true => ", the time zone that Slack has for you.",
            false if is_workspaces => {
                ", the time zone of the workspace, since Slack tells none of yours that is known here."
            }
            false => ", since Slack tells no time zone of yours that is known here.",
        };
        view! { "They are times in "<strong translate="no">{zone}</strong>{whose} }
    };
    view! {
        <ActionForm action=save class="card form">
            <FailureNotice failure=first_failure(vec![failed])/>
            <fieldset>
                <legend>"Tell me"</legend>
                <Checkbox
                    id="tell-starts" name="choices[starts]" label="When my duty begins" checked=initial.starts
                />
                <Checkbox id="tell-ends" name="choices[ends]" label="When my duty ends" checked=initial.ends/>
                <Checkbox
                    id="tell-moves" name="choices[moves]" label="When shifts of mine that are to come move, come or go"
                    hint="A shift of yours begins at another time, is somebody else's now, or has become yours."
                    checked=initial.moves
                />
                <input type="hidden" name="choices[asks_for_covers]" value="true"/>
                <Checkbox
                    id="tell-covers" name="choices[covers]" label="When cover is asked for or taken"
                    hint="Somebody asks for cover in a rotation in which you take turns, or takes over what you asked for."
                    checked=initial.covers
                />
            </fieldset>
            <fieldset>
                <legend>"Remind me of a shift"</legend>
                {Lead::ALL.into_iter().map(|lead| view! {
                    <Checkbox
                        id=format!("lead-{}", lead.code()) name="choices[leads][]" value=lead.code()
                        label=lead.in_words() checked=leads.contains(&lead)
                    />
                }).collect_view()}
                <p class="hint">
                    "Rotations in which people hand over by hand have no shifts to come, so of them you are told when \
                    your duty begins."
                </p>
            </fieldset>
            <fieldset>
                <legend>"Quiet hours"</legend>
                <p class="hint">{zone}</p>
                <div class="column">
                    <TextField
                        id="quiet-from" name="choices[quiet_from]" label="From"
                        hint="In hours and minutes, with a colon between them. Leave both empty to be told at any time."
                        value=initial.quiet_from problem=problem(true)
                    />
                    <TextField
                        id="quiet-until" name="choices[quiet_until]" label="Until"
                        value=initial.quiet_until problem=problem(false)
                    />
                </div>
                <p class="hint">
                    "When they end you are told what is still true: that you are on duty, that a shift is to come, \
                    and that one begins at another time. That your duty ended within them, and reminders of a shift \
                    that began meanwhile, are left out."
                </p>
            </fieldset>
            <div class="buttons">
                <SubmitButton
                    label="Save" busy_label="Saving…"
                    kind=ButtonKind::Primary pending=save.pending()
                />
            </div>
        </ActionForm>
    }
    .into_any()
}
