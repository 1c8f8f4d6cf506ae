//! Settings → Integrations: the connection to PagerDuty, how to make it, what
//! it is worth at the moment, and the way back.

mod connect;
mod connected;
mod disconnect;
mod key_fields;

use super::wording::count;
use crate::{
    components::{Badge, FailureNotice, Notice, Status, Tone, latest, loaded},
    error::Denial,
    forms::{FormOutcome, answers, done, failure, form_outcome},
    live::use_live,
    server_fns::{ConnectWithApiKey, DisconnectPagerduty, EditApiKey, SyncNow, integrations},
};
use connect::NotConnected;
use connected::Connected;
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use types::{ConnectRefusal, Disconnected, IntegrationsView, SyncReport};

/// What can be done on the panel, and what it last came to.
#[derive(Clone, Copy)]
struct Panel {
    connect: ServerAction<ConnectWithApiKey>,
    edit: ServerAction<EditApiKey>,
    disconnect: ServerAction<DisconnectPagerduty>,
    sync: ServerAction<SyncNow>,
    connect_outcome: FormOutcome<(), ConnectRefusal>,
    edit_outcome: FormOutcome<(), ConnectRefusal>,
    disconnect_outcome: FormOutcome<Disconnected, ConnectRefusal>,
    sync_outcome: FormOutcome<SyncReport, ConnectRefusal>,
    /// Moves whenever something was done.
    version: Signal<usize>,
}

impl Panel {
    fn new() -> Self {
        let connect = ServerAction::new();
        let edit = ServerAction::new();
        let disconnect = ServerAction::new();
        let sync = ServerAction::new();
        let versions = [
            answers(connect),
            answers(edit),
            answers(disconnect),
            answers(sync),
        ];
        Self {
            connect,
            edit,
            disconnect,
            sync,
            connect_outcome: form_outcome(connect),
            edit_outcome: form_outcome(edit),
            disconnect_outcome: form_outcome(disconnect),
            sync_outcome: form_outcome(sync),
            version: Signal::derive(move || versions.iter().map(Memo::get).sum()),
        }
    }

    /// What the last action achieved, as far as the panel does not show it.
    fn achieved(self, connected: bool) -> Option<String> {
        if !connected {
            let disconnected = done(self.disconnect_outcome).get()?;
            return Some(disconnected_message(disconnected.reverted));
        }
        if done(self.edit_outcome).get().is_some() {
            return Some(
                "The new key works and is in use. Every binding stayed as it was.".to_owned(),
            );
        }
        done(self.connect_outcome).get().map(|()| {
            "The key works and was saved. You can now bind rotations to schedules.".to_owned()
        })
    }
}

fn disconnected_message(reverted: u32) -> String {
    let reverted = usize::try_from(reverted).unwrap_or(usize::MAX);
    format!(
        "PagerDuty is disconnected. {} reverted to Manual.",
        count(reverted, "rotation", "rotations")
    )
}

#[component]
pub(crate) fn IntegrationsPage() -> impl IntoView {
    let panel = Panel::new();
    let live = use_live();
    let view = Resource::new(
        move || (panel.version.get(), live.connection()),
        |_| integrations(),
    );
    view! {
        <Title text="Integrations"/>
        <h1>"Integrations"</h1>
        {loaded(view, move |view: Memo<IntegrationsView>| {
            let connected = Memo::new(move |_| view.with(|view| view.pagerduty.is_some()));
            // Somebody else connected first, which took the dialog away.
            let refused = failure(panel.connect_outcome);
            let overtaken = Signal::derive(move || refused.get().filter(|_| connected.get()));
            view! {
                <Status message=Signal::derive(move || panel.achieved(connected.get()))/>
                <FailureNotice failure=overtaken/>
                <PagerDutyCard view connected panel/>
            }
        })}
    }
}

#[component]
fn PagerDutyCard(
    view: Memo<IntegrationsView>,
    connected: Memo<bool>,
    panel: Panel,
) -> impl IntoView {
    let may_manage = Memo::new(move |_| view.with(|view| view.may_manage));
    view! {
        <section class="card" aria-labelledby="pagerduty-heading">
            <div class="card-head">
                <h2 id="pagerduty-heading">"PagerDuty"</h2>
                {move || (!connected.get()).then(|| view! {
                    <Badge tone=Tone::Neutral text="Not connected"/>
                })}
            </div>
            <p>
                "Rotations can follow PagerDuty schedules: their members are the schedule's people, and \
                whoever is on call there is on duty here. Round Robin only reads from PagerDuty."
            </p>
            {move || (!may_manage.get()).then(|| view! {
                <Notice tone=Tone::Neutral><p>{Denial::ManageIntegrations.to_string()}</p></Notice>
            })}
            {move || {
                let (may_manage, _) = (may_manage.get(), connected.track());
                match view.with_untracked(|view| view.pagerduty.clone()) {
                    Some(first) => {
                        let connection = latest(first, move || view.get().pagerduty);
                        Either::Left(view! { <Connected connection may_manage panel/> })
                    }
                    None => Either::Right(may_manage.then(|| view! { <NotConnected panel/> })),
                }
            }}
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::disconnected_message;

    #[test]
    fn the_message_counts_in_words_that_fit() {
        for (reverted, expected) in [
            (
                0,
                "PagerDuty is disconnected. 0 rotations reverted to Manual.",
            ),
            (
                1,
                "PagerDuty is disconnected. 1 rotation reverted to Manual.",
            ),
            (
                2,
                "PagerDuty is disconnected. 2 rotations reverted to Manual.",
            ),
        ] {
            assert_eq!(disconnected_message(reverted), expected);
        }
    }
}
