//! Settings → Integrations: the connection to PagerDuty, how to make it, what
//! it is worth at the moment, and the way back.

mod connect;
mod connected;
mod disconnect;
mod former;
mod health;
mod key_fields;
mod oauth_fields;
mod people;
mod question;
mod secret_field;
mod slack;
mod syncs;

use super::{
    links::{LinkResults, Links},
    person_select::PeopleSearch,
    settings::SettingsTabs,
    wording::count,
};
use crate::{
    components::{
        Badge, Card, FailureNotice, FocusKeeper, Notice, Status, Tone, latest, loaded, redrawn,
        use_title,
    },
    data::{DataMemo, Resource},
    forms::{
        Failure, FormOutcome, Forms, LOGIN_CALLBACK_FORM, ServerAction, failure, first_failure,
        flashed_outcome, form_outcome,
    },
    live::use_live,
    server_fns::{
        ConnectWithApiKey, ConnectWithOauth, DisconnectPagerduty, EditApiKey, ForgetFormer,
        Integrations, KeepAccount, RebindFormer, ReconnectOauth, SwitchAccount, SwitchToOauth,
        SyncNow, UndoForgetFormer,
    },
    view,
};
use connect::NotConnected;
use connected::Connected;
use former::{FormerFailures, UndoLeaving, rebound_message};
use leptos::{either::Either, html, prelude::*};
use people::{People, linkable};
use question::{Question, QuestionFailure};
use slack::SlackCard;
pub(crate) use syncs::SyncHistoryPage;
use types::{
    ConnectRefusal, ConnectionMethod, Denial, Disconnected, IntegrationsView, OauthStep, Rebound,
    Replaced, SyncReport,
};

pub(super) const ADDRESS: &str = "/settings/integrations";

/// What can be done on the panel, and what it last came to.
#[derive(Clone, Copy)]
struct Panel {
    connect: ServerAction<ConnectWithApiKey>,
    edit: ServerAction<EditApiKey>,
    oauth: ServerAction<ConnectWithOauth>,
    switch: ServerAction<SwitchToOauth>,
    reconnect: ServerAction<ReconnectOauth>,
    switch_account: ServerAction<SwitchAccount>,
    keep_account: ServerAction<KeepAccount>,
    disconnect: ServerAction<DisconnectPagerduty>,
    sync: ServerAction<SyncNow>,
    rebind: ServerAction<RebindFormer>,
    leave_manual: ServerAction<ForgetFormer>,
    undo_leaving: ServerAction<UndoForgetFormer>,
    connect_outcome: FormOutcome<(), ConnectRefusal>,
    edit_outcome: FormOutcome<Replaced, ConnectRefusal>,
    oauth_outcome: FormOutcome<OauthStep, ConnectRefusal>,
    switch_outcome: FormOutcome<OauthStep, ConnectRefusal>,
    reconnect_outcome: FormOutcome<OauthStep, ConnectRefusal>,
    /// Of a login that nobody knows any more.
    callback_outcome: FormOutcome<OauthStep, ConnectRefusal>,
    switch_account_outcome: FormOutcome<(), ConnectRefusal>,
    keep_account_outcome: FormOutcome<(), ConnectRefusal>,
    disconnect_outcome: FormOutcome<Disconnected, ConnectRefusal>,
    sync_outcome: FormOutcome<SyncReport, ConnectRefusal>,
    rebind_outcome: FormOutcome<Rebound, ConnectRefusal>,
    leave_manual_outcome: FormOutcome<Vec<String>, ConnectRefusal>,
    undo_leaving_outcome: FormOutcome<(), ConnectRefusal>,
    links: Links,
    /// All of them.
    forms: Forms,
}

impl Panel {
    fn new() -> Self {
        let connect = ServerAction::new();
        let edit = ServerAction::new();
        let oauth = ServerAction::new();
        let switch = ServerAction::new();
        let reconnect = ServerAction::new();
        let switch_account = ServerAction::new();
        let keep_account = ServerAction::new();
        let disconnect = ServerAction::new();
        let sync = ServerAction::new();
        let rebind = ServerAction::new();
        let leave_manual = ServerAction::telling_by(former::tell);
        let undo_leaving = ServerAction::new();
        let links = Links::new();
        let [link, unlink] = links.calls();
        let calls = vec![
            connect.calls(),
            edit.calls(),
            oauth.calls(),
            switch.calls(),
            reconnect.calls(),
            switch_account.calls(),
            keep_account.calls(),
            disconnect.calls(),
            sync.calls(),
            rebind.calls(),
            leave_manual.calls(),
            undo_leaving.calls(),
            link,
            unlink,
        ];
        Self {
            connect,
            edit,
            oauth,
            switch,
            reconnect,
            switch_account,
            keep_account,
            disconnect,
            sync,
            rebind,
            leave_manual,
            undo_leaving,
            connect_outcome: form_outcome(connect),
            edit_outcome: form_outcome(edit),
            oauth_outcome: form_outcome(oauth),
            switch_outcome: form_outcome(switch),
            reconnect_outcome: form_outcome(reconnect),
            callback_outcome: flashed_outcome(LOGIN_CALLBACK_FORM),
            switch_account_outcome: form_outcome(switch_account),
            keep_account_outcome: form_outcome(keep_account),
            disconnect_outcome: form_outcome(disconnect),
            sync_outcome: form_outcome(sync),
            rebind_outcome: form_outcome(rebind),
            leave_manual_outcome: form_outcome(leave_manual),
            undo_leaving_outcome: form_outcome(undo_leaving),
            links,
            forms: Forms::of(calls),
        }
    }

    /// What the last action achieved, as far as the panel does not show it.
    fn achieved(self, connected: bool) -> Option<String> {
        if !connected {
            return self
                .disconnect_outcome
                .done()
                .map(|disconnected| disconnected_message(&disconnected));
        }
        if let Some(rebound) = self.rebind_outcome.done() {
            return rebound_message(&rebound);
        }
        let logins = [
            self.oauth_outcome,
            self.switch_outcome,
            self.reconnect_outcome,
        ];
        let message = if self.switch_account_outcome.succeeded() {
            "The other account is connected now. Bind those rotations anew whose schedules are not in it."
        } else if self.keep_account_outcome.succeeded() {
            "The connection stayed as it was."
        } else if self.edit_outcome.done() == Some(Replaced::InUse) {
            "The new key works and is in use. Every binding stayed as it was."
        } else if logins
            .iter()
            .any(|login| login.done() == Some(OauthStep::Connected))
        {
            "The login works and was saved. Round Robin renews it by itself."
        } else if self.undo_leaving_outcome.succeeded() {
            former::taken_back()
        } else if self.connect_outcome.succeeded() {
            "The key works and was saved. You can now bind rotations to schedules."
        } else {
            return None;
        };
        Some(message.to_owned())
    }

    /// Why the last action failed that has no dialog, or whose dialog is not there
    /// because somebody else has connected or disconnected meanwhile.
    fn failed(self, connected: Memo<bool>) -> Signal<Option<Failure>> {
        let logins = [self.callback_outcome, self.reconnect_outcome];
        let without_dialog = first_failure(logins.map(failure).into());
        let not_connected_dialogs = first_failure(vec![
            failure(self.connect_outcome),
            failure(self.oauth_outcome),
        ]);
        let connected_dialogs = first_failure(vec![
            failure(self.edit_outcome),
            failure(self.switch_outcome),
        ]);
        Signal::derive(move || {
            without_dialog.get().or_else(|| match connected.get() {
                true => not_connected_dialogs.get(),
                false => connected_dialogs.get(),
            })
        })
    }
}

fn disconnected_message(disconnected: &Disconnected) -> String {
    let reverted = match disconnected.reverted {
        0 => "No rotation was bound, so none reverted to Manual.".to_owned(),
        reverted => format!(
            "{} reverted to Manual.",
            count(reverted, "rotation", "rotations")
        ),
    };
    format!(
        "PagerDuty is disconnected. {reverted} {}",
        how_to_revoke(&disconnected.method)
    )
}

/// Where PagerDuty lets somebody end a credential for good.
fn how_to_revoke(method: &ConnectionMethod) -> &'static str {
    match method {
        ConnectionMethod::ApiKey { .. } | ConnectionMethod::Unknown => {
            "The key itself stays valid until somebody deletes it in PagerDuty under Integrations → API Access Keys."
        }
        ConnectionMethod::Oauth { .. } => {
            "PagerDuty's own record of the login stays until somebody revokes it there: Integrations → App Registration → your app → Revoke All Tokens."
        }
    }
}

#[component]
pub(crate) fn IntegrationsPage() -> impl IntoView {
    let panel = Panel::new();
    let live = use_live();
    let view = Resource::following(
        move || panel.forms.version() as u64 + live.connection(),
        || Integrations {},
    );
    // People are asked for once somebody is to be linked.
    let people = PeopleSearch::new("find-person", move || {
        !panel.links.wanted.with(String::is_empty)
    });
    use_title(|| "Integrations".to_owned());
    view! {
        <h1>"Integrations"</h1>
        <SettingsTabs/>
        {loaded(view, move |view: DataMemo<IntegrationsView>| {
            let connected = Memo::new(move |_| view.with(|view| view.pagerduty.is_some()));
            let asked = panel.links.asked(Signal::derive(move || view.with(linkable)));
            let column = NodeRef::<html::Div>::new();
            let focus = FocusKeeper::new(column);
            view! {
                <LinkResults links=panel.links asked/>
                <Status message=Signal::derive(move || panel.achieved(connected.get()))/>
                <FailureNotice failure=panel.failed(connected)/>
                <QuestionFailure panel/>
                <UndoLeaving panel/>
                <FormerFailures panel/>
                <div
                    class="column"
                    node_ref=column
                    on:submit:capture=move |event| focus.remember(&event)
                    on:submit=move |_| panel.forms.forget_results()
                    on:focusin=move |_| focus.forget()
                >
                    <PagerDutyCard view connected panel/>
                    <People view asked people panel/>
                    <SlackCard view/>
                </div>
            }
        })}
    }
}

#[component]
fn PagerDutyCard(
    view: DataMemo<IntegrationsView>,
    connected: Memo<bool>,
    panel: Panel,
) -> impl IntoView {
    let may_manage = Memo::new(move |_| view.with(|view| view.may_manage));
    let state = move || {
        (!connected.get()).then(|| view! { <Badge tone=Tone::Neutral text="Not connected"/> })
    };
    view! {
        <Card id="pagerduty-heading" title="PagerDuty" aside=state.into_any()>
            <p>
                "Rotations can follow PagerDuty schedules: their members are the schedule's people, and \
                whoever is on call there is on duty here. Round Robin only reads from PagerDuty."
            </p>
            {redrawn(move || (!may_manage.get()).then(|| view! {
                <Notice tone=Tone::Neutral><p>{Denial::ManageIntegrations.to_string()}</p></Notice>
            }))}
            {
                let question = DataMemo::new(move || view.with(|view| view.question.clone()));
                move || question.get().map(|question| view! { <Question question panel/> })
            }
            {redrawn(move || {
                let (may_manage, _) = (may_manage.get(), connected.track());
                let setup = view.with_untracked(|view| view.oauth.clone());
                match view.with_untracked(|view| view.pagerduty.clone()) {
                    Some(first) => {
                        let connection = latest(first, move || view.get().pagerduty);
                        Either::Left(view! { <Connected connection may_manage setup panel/> })
                    }
                    None => Either::Right(may_manage.then(|| view! { <NotConnected panel setup/> })),
                }
            })}
        </Card>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_counts_in_words_that_fit_and_says_where_to_revoke() {
        for (reverted, expected) in [
            (
                0,
                "PagerDuty is disconnected. No rotation was bound, so none reverted to Manual.",
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
            let method = ConnectionMethod::Oauth {
                client_id: "app".to_owned(),
                authorised_as: None,
            };
            let message = disconnected_message(&Disconnected { reverted, method });
            assert!(message.starts_with(expected), "{message}");
            assert!(message.contains("Revoke All Tokens"), "{message}");
        }
    }
}
