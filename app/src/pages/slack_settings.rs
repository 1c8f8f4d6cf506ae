//! Settings → Slack: what Round Robin can do there, what that lacks, and the app that it takes.

use super::{address::parameter, allow::allow_address, settings::SettingsTabs};
use crate::{
    components::{
        Badge, ButtonKind, Card, Cell, Copyable, FailureNotice, Notice, Row, SubmitButton, Table,
        Time, Tone, loaded, redrawn, use_title,
    },
    data::{DataMemo, Resource},
    forms::{ActionForm, Forms, ServerAction, failure, form_outcome},
    live::use_live,
    server_fns::{SlackSettings, TakeBackPermission},
    view,
};
use leptos::prelude::*;
use types::{
    CapabilityView, CommandsState, GROUP_WRITER_SCOPE, GroupWriterView, LendProblem, PermissionEnd,
    SlackPermission, SlackSettingsView,
};

const HERE: &str = "/settings/slack";

#[component]
pub(crate) fn SlackSettingsPage() -> impl IntoView {
    let live = use_live();
    let take_back = ServerAction::<TakeBackPermission>::telling("The permission was given back.");
    let forms = Forms::of(vec![take_back.calls()]);
    let settings = Resource::following(
        move || live.connection() + forms.version() as u64,
        || SlackSettings {},
    );
    let failed = failure(form_outcome(take_back));
    let not_lent = parameter(LendProblem::PARAMETER);
    let not_lent = move || {
        let problem = LendProblem::from_code(&not_lent.get());
        problem.map(|problem| {
            view! { <Notice tone=Tone::Warning><p>{problem.to_string()}</p></Notice> }
        })
    };
    use_title(|| "Slack".to_owned());
    view! {
        <h1>"Slack"</h1>
        <SettingsTabs/>
        <p>
            "What Round Robin can do in Slack beside signing people in. Nobody has to allow it before it is wanted, and \
            what lacks a scope leaves the rest going."
        </p>
        <FailureNotice failure=failed/>
        {redrawn(not_lent)}
        {loaded(settings, move |view: DataMemo<SlackSettingsView>| move || {
            let view = view.get();
            let commands = view.commands;
            let capabilities = view.capabilities.into_iter();
            let capabilities = capabilities.map(move |view| capability(view, commands));
            view! {
                <Table label="What Round Robin can do in Slack" columns=&["What", "How it is", "Scopes", "Change"]>
                    {capabilities.collect_view()}
                    {lent(view.group_writer, take_back)}
                </Table>
                <p class="hint">
                    "Where a workspace lets only admins edit user groups, one Owner or Admin may let Round Robin edit them in \
                    their own name. That is used to edit user groups and for nothing else."
                </p>
                {commands_sentence(commands)}
                <Card id="manifest-heading" title="The Slack app">
                    <p>
                        "This manifest makes an app at Slack that may do all of this. An app that there is already takes \
                        it under App Manifest in its settings; afterwards choose Reinstall above."
                    </p>
                    <p>
                        <a class="button" href=view.creation_address rel="external">
                            "Make an app from it at Slack"
                        </a>
                    </p>
                    <details>
                        <summary>"Manifest"</summary>
                        <Copyable text=view.manifest what="the manifest"/>
                    </details>
                </Card>
            }
        })}
    }
}

fn capability(view: CapabilityView, commands: CommandsState) -> AnyView {
    let is_ready = commands == CommandsState::Ready || !view.capability.is_inbound();
    let (tone, label) = match (view.lacks.is_empty(), is_ready) {
        (true, true) => (Tone::Good, "Works"),
        (true, false) => (Tone::Neutral, "Not set up"),
        (false, _) => (Tone::Warning, "Lacks scopes"),
    };
    let link = allow_address(SlackPermission::OfBot(view.capability), HERE);
    let what = view.capability.in_words();
    view! {
        <Row>
            <Cell label="What">{what}</Cell>
            <Cell label="How it is">
                <Badge tone text=label/>
                " "<code translate="no">{view.lacks.join(" ")}</code>
            </Cell>
            <Cell label="Scopes"><code translate="no">{view.scopes.join(" ")}</code></Cell>
            <Cell label="Change">
                <a class="button small" href=link rel="external">
                    "Reinstall"<span class="visually-hidden">" for "{what}</span>
                </a>
            </Cell>
        </Row>
    }
    .into_any()
}

/// By whose own permission user groups are edited.
fn lent(writer: Option<GroupWriterView>, take_back: ServerAction<TakeBackPermission>) -> AnyView {
    let state = writer.as_ref();
    let (tone, label) = match state.map(|writer| (&writer.ended, writer.refused_at)) {
        None => (Tone::Neutral, "Not given"),
        Some((None, None)) => (Tone::Good, "Works"),
        Some((None, Some(_))) => (Tone::Warning, "Refused"),
        Some((Some(PermissionEnd::Deactivated | PermissionEnd::NoAdmin), _)) => {
            (Tone::Warning, "Not used")
        }
        Some((Some(_), _)) => (Tone::Warning, "Ended"),
    };
    let is_given = writer.is_some();
    let by = writer.map(|writer| {
        let ended = writer.ended.map(|ended| match ended {
            PermissionEnd::Deactivated => {
                ", whose account in Slack is deactivated. It is not used meanwhile; another admin can give it.".to_owned()
            }
            PermissionEnd::NoAdmin => {
                ", who is no Owner or Admin any more. It is not used meanwhile; another admin can give it.".to_owned()
            }
            PermissionEnd::Refused(word) => {
                format!(", until Slack refused it ({word}). An admin can give it anew.")
            }
            PermissionEnd::Unknown => ", and has ended. An admin can give it anew.".to_owned(),
        });
        let refused = writer.refused_at.map(|at| view! {
            ". Slack refused it "<Time at relative=true/>". It is tried again by itself; if this lasts, an Owner or Admin gives it anew."
        });
        view! {
            " by "<bdi translate="no">{writer.name}</bdi>", given "<Time at=writer.since relative=true/>
            {ended}
            {refused}
        }
    });
    let link = allow_address(SlackPermission::OwnGroupWrites, HERE);
    view! {
        <Row>
            <Cell label="What">"User groups in an admin's name"</Cell>
            <Cell label="How it is"><Badge tone text=label/>{by}</Cell>
            <Cell label="Scopes"><code translate="no">{GROUP_WRITER_SCOPE}</code>" of a person"</Cell>
            <Cell label="Change">
                <div class="buttons">
                    <a class="button small" href=link rel="external">
                        "Allow"<span class="visually-hidden">" to edit user groups in my name"</span>
                    </a>
                    {is_given.then(|| view! {
                        <ActionForm action=take_back>
                            <SubmitButton
                                label="Give back" kind=ButtonKind::Small
                                target="the permission to edit user groups" pending=take_back.pending()
                            />
                        </ActionForm>
                    })}
                </div>
            </Cell>
        </Row>
    }
    .into_any()
}

fn commands_sentence(commands: CommandsState) -> Option<AnyView> {
    let sentence = match commands {
        CommandsState::Ready => return None,
        CommandsState::NoSecret => {
            "Commands and mentions are not answered yet: whoever runs Round Robin has to set ROUNDROBIN_SLACK_SIGNING_SECRET to the \
            signing secret of the Slack app."
        }
        CommandsState::Unreachable => {
            "Slack sends commands and mentions only to addresses that begin with https and that it can reach from outside. Whoever \
            runs Round Robin has to give it such an address, in ROUNDROBIN_PUBLIC_URL. Everything else works without."
        }
    };
    Some(view! { <Notice tone=Tone::Neutral><p>{sentence}</p></Notice> }.into_any())
}
