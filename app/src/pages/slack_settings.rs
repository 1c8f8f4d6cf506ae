//! Settings → Slack: what Round Robin can do there, what that lacks, and the app that it takes.

use super::{allow::allow_address, settings::SettingsTabs};
use crate::{
    components::{Badge, Card, Cell, Copyable, Notice, Row, Table, Tone, loaded, use_title},
    data::{DataMemo, Resource},
    live::use_live,
    server_fns::SlackSettings,
    view,
};
use leptos::prelude::*;
use types::{CapabilityView, CommandsState, SlackSettingsView};

const HERE: &str = "/settings/slack";

#[component]
pub(crate) fn SlackSettingsPage() -> impl IntoView {
    let live = use_live();
    let settings = Resource::following(move || live.connection(), || SlackSettings {});
    use_title(|| "Slack".to_owned());
    view! {
        <h1>"Slack"</h1>
        <SettingsTabs/>
        <p>
            "What Round Robin can do in Slack beside signing people in. Nobody has to allow it before it is wanted, and \
            what lacks a scope leaves the rest going."
        </p>
        {loaded(settings, |view: DataMemo<SlackSettingsView>| move || {
            let view = view.get();
            let commands = view.commands;
            let capabilities = view.capabilities.into_iter();
            let capabilities = capabilities.map(move |view| capability(view, commands));
            view! {
                <Table label="What Round Robin can do in Slack" columns=&["What", "How it is", "Scopes", "Change"]>
                    {capabilities.collect_view()}
                </Table>
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
    let link = allow_address(view.capability, HERE);
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
