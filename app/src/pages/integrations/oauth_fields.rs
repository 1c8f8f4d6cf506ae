//! What a dialog that begins a login contains, whether it is the first connection
//! or replaces another: what to do in PagerDuty, what to copy there, and the two
//! values that come back from there.

use super::secret_field::SecretField;
use crate::{
    AppError,
    components::{ButtonKind, CancelButton, Copyable, FailureNotice, SubmitButton, TextField},
    forms::{Failure, FormOutcome, failure},
    view,
};
use leptos::prelude::*;
use types::{ConnectRefusal, OauthSetup, OauthStep};

/// How to register the app in PagerDuty.
#[component]
pub(super) fn OauthGuide(setup: OauthSetup) -> impl IntoView {
    view! {
        <ol class="guide">
            <li>
                "In PagerDuty, open Integrations, then App Registration, and make a new app with OAuth 2.0. \
                A Manager, Global Admin or the Account Owner can do that."
            </li>
            <li>"Choose Scoped OAuth and add this redirect URL:"
                <div><Copyable text=setup.redirect_url what="the redirect URL"/></div>
            </li>
            <li>"Give it these four scopes, all of which only read:"
                <ul class="scopes">
                    {setup.scopes.into_iter().map(|scope| {
                        let what = format!("the scope {scope}");
                        view! { <li><Copyable text=scope what/></li> }
                    }).collect_view()}
                </ul>
            </li>
            <li>
                "Press Register App and paste the two values that PagerDuty shows. It shows the secret only \
                once, so keep it until you are connected."
            </li>
        </ol>
        <p>
            "After saving, PagerDuty asks you to log in. Round Robin then sees exactly what you see there, so \
            this should be done by a PagerDuty admin; otherwise schedules and people may be missing."
        </p>
    }
}

#[component]
pub(super) fn OauthFields(
    /// The dialog that these fields stand in.
    dialog: &'static str,
    ids: OauthFieldIds,
    /// What was typed before the page came back with a refusal.
    client_id: Option<String>,
    outcome: FormOutcome<OauthStep, ConnectRefusal>,
    #[prop(into)] pending: Signal<bool>,
) -> impl IntoView {
    let failure = failure(outcome);
    let place = Signal::derive(move || place_of(outcome.refused()));
    let at = move |wanted| Signal::derive(move || failure.get().filter(|_| place.get() == wanted));
    let id_problem = at(Place::ClientId);
    // The dialog comes with what is wrong, so nobody has to read the guide again.
    let refused = failure.get_untracked().is_some();
    view! {
        <FailureNotice failure=at(Place::Form)/>
        <TextField
            id=ids.client_id name="client_id" label="Client ID" required=true autofocus=refused
            value=client_id.unwrap_or_default()
            problem=Signal::derive(move || id_problem.get().as_ref().map(Failure::to_string))
        />
        <SecretField
            id=ids.client_secret name="client_secret" label="Client Secret"
            failure=at(Place::ClientSecret)
        />
        <div class="buttons">
            <SubmitButton label="Save" busy_label="Going to PagerDuty…" kind=ButtonKind::Primary pending/>
            <CancelButton dialog busy=pending/>
        </div>
    }
}

/// The ids of the fields, which differ between the dialogs of one page.
#[derive(Clone, Copy)]
pub(super) struct OauthFieldIds {
    pub(super) client_id: &'static str,
    pub(super) client_secret: &'static str,
}

/// Where a refusal is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    ClientId,
    ClientSecret,
    Form,
}

fn place_of(refused: Option<Result<ConnectRefusal, AppError>>) -> Place {
    match refused {
        Some(Ok(ConnectRefusal::OauthClient(problem))) => {
            if problem.concerns_id() {
                Place::ClientId
            } else {
                Place::ClientSecret
            }
        }
        _ => Place::Form,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{AuthorisationProblem, OauthClientProblem};

    #[test]
    fn a_refusal_is_told_at_the_field_that_it_is_about() {
        for (refusal, place) in [
            (OauthClientProblem::IdEmpty.into(), Place::ClientId),
            (OauthClientProblem::SecretEmpty.into(), Place::ClientSecret),
            (AuthorisationProblem::Denied.into(), Place::Form),
        ] {
            let named = format!("{refusal:?}");
            assert_eq!(place_of(Some(Ok(refusal))), place, "{named}");
        }
    }
}
