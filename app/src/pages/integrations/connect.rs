//! The two ways to connect PagerDuty, with what speaks for each where the
//! choice is made.

use super::{
    Panel,
    key_fields::KeyFields,
    oauth_fields::{OauthFieldIds, OauthFields, OauthGuide},
};
use crate::{
    components::{Dialog, DialogButton},
    forms::{ActionForm, failure, form_input},
    server_fns::ConnectWithOauth,
    view,
};
use leptos::prelude::*;
use types::OauthSetup;

const DIALOG: &str = "connect-key";
const OAUTH_DIALOG: &str = "connect-oauth";
const OAUTH_IDS: OauthFieldIds = OauthFieldIds {
    client_id: "connect-oauth-id",
    client_secret: "connect-oauth-secret",
};

#[component]
pub(super) fn NotConnected(panel: Panel, setup: Option<OauthSetup>) -> impl IntoView {
    view! {
        <div class="ways">
            <div class="way">
                <h3>"With a key"</h3>
                <p>
                    "The quick way: create a key in PagerDuty and paste it here. A read-only key is enough. \
                    A key stays valid until somebody revokes it, so somebody has to look after it."
                </p>
                <DialogButton dialog=DIALOG class="button primary">"Login using an API Key"</DialogButton>
            </div>
            <div class="way">
                <h3>"As a person"</h3>
                <p>
                    "The safer way: nothing to look after, as access is short-lived and renews itself. Round \
                    Robin then sees what the person sees who logs in, so that has to be a PagerDuty admin if \
                    every schedule and user is to be visible."
                </p>
                <DialogButton dialog=OAUTH_DIALOG class="button">"Login using OAuth 2.0"</DialogButton>
            </div>
        </div>
        <ConnectDialog panel/>
        {setup.map(|setup| view! { <OauthDialog panel setup/> })}
    }
    .into_any()
}

#[component]
fn ConnectDialog(panel: Panel) -> impl IntoView {
    let refused = failure(panel.connect_outcome);
    view! {
        <Dialog
            id=DIALOG title="Login using an API Key"
            open=refused.get_untracked().is_some()
            on_close=panel.connect.forgetting(refused) busy=panel.connect.pending()
        >
            <ol class="guide">
                <li>"In PagerDuty, open Integrations, then API Access Keys. An Admin or Account Owner can do that."</li>
                <li>
                    "Create a new key, described for example as Round Robin. Tick read-only: nothing is ever \
                    written to PagerDuty."
                </li>
                <li>"Copy the key, which PagerDuty shows only once, and paste it here."</li>
            </ol>
            <ActionForm action=panel.connect>
                <KeyFields dialog=DIALOG failure=refused pending=panel.connect.pending()/>
            </ActionForm>
        </Dialog>
    }
}

#[component]
fn OauthDialog(panel: Panel, setup: OauthSetup) -> impl IntoView {
    let refused = failure(panel.oauth_outcome);
    let typed: Option<String> = form_input::<ConnectWithOauth, _>();
    view! {
        <Dialog
            id=OAUTH_DIALOG title="Login using OAuth 2.0"
            open=refused.get_untracked().is_some()
            on_close=panel.oauth.forgetting(refused) busy=panel.oauth.pending()
            focus_title=refused.get_untracked().is_none()
        >
            <OauthGuide setup/>
            <ActionForm action=panel.oauth>
                <OauthFields
                    dialog=OAUTH_DIALOG ids=OAUTH_IDS
                    client_id=typed
                    outcome=panel.oauth_outcome pending=panel.oauth.pending()
                />
            </ActionForm>
        </Dialog>
    }
}
