//! The card of a connected PagerDuty: how, since when, by whom, how well, and
//! what can be done about it.

use super::{
    Panel,
    disconnect::DisconnectDialog,
    former::FormerBindings,
    health::Health,
    key_fields::KeyFields,
    oauth_fields::{OauthFieldIds, OauthFields, OauthGuide},
};
use crate::{
    components::{
        Badge, ButtonKind, Dialog, DialogButton, Facts, FailureNotice, Menu, Status, SubmitButton,
        Time, Tone, redrawn,
    },
    data::DataMemo,
    forms::{ActionForm, failure, form_input},
    pages::wording::{count, counts},
    server_fns::SwitchToOauth,
    view,
};
use leptos::{either::Either, prelude::*};
use types::{
    ConnectionHealth, ConnectionMethod, ConnectionView, OauthSetup, PagerDutyProblem, SyncReport,
};

const EDIT_DIALOG: &str = "edit-key";
const SWITCH_DIALOG: &str = "switch-oauth";
const SWITCH_IDS: OauthFieldIds = OauthFieldIds {
    client_id: "switch-oauth-id",
    client_secret: "switch-oauth-secret",
};
const MENU: &str = "pagerduty-menu";
pub(super) const MENU_BUTTON: &str = "pagerduty-menu-button";
pub(super) const DISCONNECT_DIALOG: &str = "disconnect";

#[component]
pub(super) fn Connected(
    connection: DataMemo<ConnectionView>,
    may_manage: bool,
    setup: Option<OauthSetup>,
    panel: Panel,
) -> impl IntoView {
    let former = DataMemo::new(move || {
        if may_manage {
            connection.with(|connection| connection.former_bindings.clone())
        } else {
            Vec::new()
        }
    });
    view! {
        {if may_manage {
            Either::Left(view! { <Management connection setup panel/> })
        } else {
            Either::Right(view! { <p><Badge tone=Tone::Good text="Connected to PagerDuty"/></p> })
        }}
        {redrawn(move || {
            let bindings = former.get();
            (!bindings.is_empty()).then(|| view! { <FormerBindings bindings panel/> })
        })}
        <Health connection/>
        <About connection/>
        <SyncNowForm connection panel/>
    }
    .into_any()
}

#[component]
fn Management(
    connection: DataMemo<ConnectionView>,
    setup: Option<OauthSetup>,
    panel: Panel,
) -> impl IntoView {
    let has_login = Memo::new(move |_| {
        connection.with(|connection| matches!(connection.method, ConnectionMethod::Oauth { .. }))
    });
    // A secret that PagerDuty refuses is refused again when it is used again.
    let ended = Memo::new(move |_| {
        connection.with(
            |connection| match (&connection.health, &connection.method) {
                (ConnectionHealth::NeedsReconnection(problem), ConnectionMethod::Oauth { .. }) => {
                    *problem != PagerDutyProblem::ClientEnded
                }
                _ => false,
            },
        )
    });
    view! {
        <div class="buttons">
            <Menu id=MENU class="button connected" label="Connected to PagerDuty".into_any()>
                {redrawn(move || has_login.get().then(|| view! { <ReconnectForm panel in_menu=true/> }))}
                <DialogButton dialog=EDIT_DIALOG class="" in_menu=true>
                    {redrawn(move || edit_label(has_login.get()))}
                </DialogButton>
                <DialogButton dialog=SWITCH_DIALOG class="" in_menu=true>"Login using OAuth 2.0"</DialogButton>
                <DialogButton dialog=DISCONNECT_DIALOG class="danger" in_menu=true>
                    "Disconnect from PagerDuty"
                </DialogButton>
            </Menu>
            // What mends it is in sight.
            {redrawn(move || ended.get().then(|| view! { <ReconnectForm panel in_menu=false/> }))}
        </div>
        {redrawn(move || view! { <EditDialog panel has_login=has_login.get()/> })}
        {setup.map(|setup| view! { <SwitchDialog connection panel setup/> })}
        <DisconnectDialog connection panel/>
    }
}

/// The button that opens the dialog for a key, and the title of that dialog.
const fn edit_label(has_login: bool) -> &'static str {
    if has_login {
        "Login using an API Key"
    } else {
        "Edit API Key"
    }
}

#[component]
fn ReconnectForm(panel: Panel, in_menu: bool) -> impl IntoView {
    let kind = if in_menu {
        ButtonKind::Entry
    } else {
        ButtonKind::Primary
    };
    view! {
        <ActionForm action=panel.reconnect>
            <SubmitButton
                label="Reconnect" busy_label="Going to PagerDuty…" kind
                pending=panel.reconnect.pending()
            />
        </ActionForm>
    }
}

/// Logs in with whichever app, in the place of the present credential. Mostly it
/// is the same app with a new secret.
#[component]
fn SwitchDialog(
    connection: DataMemo<ConnectionView>,
    panel: Panel,
    setup: OauthSetup,
) -> impl IntoView {
    let refused = failure(panel.switch_outcome);
    let present = connection.with_untracked(|connection| match &connection.method {
        ConnectionMethod::Oauth { client_id, .. } => Some(client_id.clone()),
        ConnectionMethod::ApiKey { .. } | ConnectionMethod::Unknown => None,
    });
    let typed: Option<String> = form_input::<SwitchToOauth, _>();
    view! {
        <Dialog
            id=SWITCH_DIALOG title="Login using OAuth 2.0" focus_after=MENU_BUTTON
            open=refused.get_untracked().is_some()
            on_close=panel.switch.forgetting(refused) busy=panel.switch.pending()
            focus_title=refused.get_untracked().is_none()
        >
            <p>"What is in use now stays until the new login works. Bound rotations stay bound."</p>
            <OauthGuide setup/>
            <ActionForm action=panel.switch>
                <OauthFields
                    dialog=SWITCH_DIALOG ids=SWITCH_IDS
                    client_id=typed.or(present)
                    outcome=panel.switch_outcome pending=panel.switch.pending()
                />
            </ActionForm>
        </Dialog>
    }
}

#[component]
fn EditDialog(panel: Panel, has_login: bool) -> impl IntoView {
    let refused = failure(panel.edit_outcome);
    view! {
        <Dialog
            id=EDIT_DIALOG title=edit_label(has_login) focus_after=MENU_BUTTON
            open=refused.get_untracked().is_some()
            on_close=panel.edit.forgetting(refused) busy=panel.edit.pending()
            close_when=Signal::derive(move || panel.edit_outcome.succeeded())
        >
            <p>
                {has_login.then_some("The key takes the place of the login. ")}
                "The new key is tried at PagerDuty first. Bound rotations stay bound."
            </p>
            <ActionForm action=panel.edit>
                <KeyFields dialog=EDIT_DIALOG failure=refused pending=panel.edit.pending()/>
            </ActionForm>
        </Dialog>
    }
}

#[component]
fn About(connection: DataMemo<ConnectionView>) -> impl IntoView {
    move || {
        let connection = connection.get();
        view! {
            <Facts>
                {connection.account.map(|account| view! {
                    <div><dt>"Account"</dt><dd><bdi translate="no">{account}</bdi>" in PagerDuty"</dd></div>
                })}
                <div><dt>"How"</dt><dd translate="no"><Method method=connection.method/></dd></div>
                <div>
                    <dt>"Since"</dt>
                    <dd><Time at=connection.connected_at/>", by "<bdi translate="no">{connection.connected_by}</bdi></dd>
                </div>
                <div><dt>"Service region"</dt><dd translate="no">{connection.region.to_string()}</dd></div>
                <div>
                    <dt>"Last sync"</dt>
                    <dd translate="no">{match connection.last_synced_at {
                        Some(at) => Either::Left(view! { <Time at relative=true/> }),
                        None => Either::Right("None yet"),
                    }}</dd>
                </div>
                <div><dt>"Next sync"</dt><dd><Time at=connection.next_sync_at relative=true/></dd></div>
                <div>
                    <dt>"Bound rotations"</dt>
                    <dd translate="no">{connection.bound_rotation_count}</dd>
                </div>
            </Facts>
        }
    }
}

#[component]
fn Method(method: ConnectionMethod) -> impl IntoView {
    let of_a_key = |words: &'static str, code: String| {
        Either::Left(view! { {words}<code translate="no">{code}</code> })
    };
    match method {
        ConnectionMethod::Unknown => of_a_key("Unknown to this version", String::new()),
        ConnectionMethod::ApiKey { last_four } => {
            of_a_key("Key ending in ", format!("••••{last_four}"))
        }
        ConnectionMethod::Oauth {
            authorised_as,
            client_id,
        } => Either::Right(view! {
            "OAuth"
            {authorised_as.map(|name| view! { " as "<bdi translate="no">{name}</bdi> })}
            ", app "<code translate="no">{client_id}</code>
            <p class="hint">"It sees what this person sees in PagerDuty."</p>
        }),
    }
}

#[component]
fn SyncNowForm(connection: DataMemo<ConnectionView>, panel: Panel) -> impl IntoView {
    let may_sync = Memo::new(move |_| connection.with(|connection| connection.may_sync));
    let report = move |readable: bool| {
        Signal::derive(move || {
            let report = panel.sync_outcome.done();
            let report = report.filter(|report| (report.unreadable == 0) == readable);
            report.map(|report| report_words(&report))
        })
    };
    view! {
        <div class="buttons">
            {redrawn(move || may_sync.get().then(|| view! {
                <ActionForm action=panel.sync>
                    <SubmitButton label="Sync now" busy_label="Syncing…" pending=panel.sync.pending()/>
                </ActionForm>
            }))}
            <a class="button" href=super::syncs::ADDRESS>"Sync history"</a>
        </div>
        <Status message=report(true)/>
        <Status message=report(false) tone=Tone::Warning/>
        <FailureNotice failure=failure(panel.sync_outcome)/>
    }
}

/// What changed, and how much of what is bound that is said about. Of what was not
/// read nobody knows whether it has changed.
fn report_words(report: &SyncReport) -> String {
    let whole = report.unreadable + report.postponed + report.awaited == 0;
    let outcome = match (report.changed, whole, report.confirmed) {
        (0, true, _) => "Synced: nothing had changed".to_owned(),
        (0, false, 0) => "Not synced: nothing could be read".to_owned(),
        (0, false, _) => "Synced in part: what could be read had not changed".to_owned(),
        (changed, ..) => {
            let how = if whole { "Synced" } else { "Synced in part" };
            let changed = count(changed, "rotation", "rotations");
            format!("{how}: {changed} changed")
        }
    };
    let told = [
        (
            report.confirmed,
            "schedule was confirmed",
            "schedules were confirmed",
        ),
        (
            report.unreadable,
            "schedule could not be read, so its rotations stay as they were",
            "schedules could not be read, so their rotations stay as they were",
        ),
        (
            report.postponed,
            "schedule waits for the next run, as Round Robin's share of requests is spent",
            "schedules wait for the next run, as Round Robin's share of requests is spent",
        ),
        (
            report.awaited,
            "schedule is slow to answer and follows by itself",
            "schedules are slow to answer and follow by themselves",
        ),
    ];
    match counts(told, "; ") {
        Some(told) => format!("{outcome}. {told}."),
        None => format!("{outcome}. No rotation is bound to a schedule."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_what_changed_and_about_how_much_that_is_said() {
        for ([changed, confirmed, unreadable, postponed, awaited], expected) in [
            (
                [0, 0, 0, 0, 0],
                "Synced: nothing had changed. No rotation is bound to a schedule.",
            ),
            (
                [0, 7, 1, 0, 0],
                "Synced in part: what could be read had not changed. 7 schedules were confirmed; 1 schedule could not be read, so its rotations stay as they were.",
            ),
            (
                [0, 0, 1, 0, 0],
                "Not synced: nothing could be read. 1 schedule could not be read, so its rotations stay as they were.",
            ),
            (
                [1, 1, 0, 0, 0],
                "Synced: 1 rotation changed. 1 schedule was confirmed.",
            ),
            (
                [0, 4, 0, 0, 1],
                "Synced in part: what could be read had not changed. 4 schedules were confirmed; 1 schedule is slow to answer and follows by itself.",
            ),
            (
                [2, 12, 1, 40, 0],
                "Synced in part: 2 rotations changed. 12 schedules were confirmed; 1 schedule could not be read, so its rotations stay as they were; 40 schedules wait for the next run, as Round Robin's share of requests is spent.",
            ),
        ] {
            assert_eq!(
                report_words(&SyncReport {
                    changed,
                    confirmed,
                    unreadable,
                    postponed,
                    awaited,
                }),
                expected
            );
        }
    }
}
