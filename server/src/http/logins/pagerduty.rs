//! The address that PagerDuty sends browsers back to. What the login came to is
//! told on the integrations panel, so the browser goes on there at once: loading
//! this address again finds the state used and changes nothing.

use crate::{
    backend::{LoginAnswer, LoginEnd, RoundRobin},
    http::{
        Site,
        pages::{
            addresses::{ReturnPath, parameter},
            refusals::Reader,
        },
        request_id::request_id,
    },
    store::AuthorisationPurpose,
};
use app::{
    AppError, Flash, LOGIN_CALLBACK_FORM,
    backend::{Caller, Flashes},
    server_fns::{ConnectWithOauth, ReconnectOauth, SwitchToOauth},
};
use axum::{
    Extension,
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use leptos::server_fn::ServerFn;
use secrecy::SecretString;

const PANEL: &str = "/settings/integrations";

/// `GET` of [`crate::backend::CALLBACK_PATH`]. The work goes on in a task of its
/// own when the browser leaves meanwhile.
pub async fn come_back(
    State(site): State<Site>,
    caller: Option<Extension<Caller>>,
    request: Request,
) -> Response {
    let reader = Reader::of(&site, request.headers()).returning_to(ReturnPath::checked(PANEL));
    let Some(Extension(caller)) = caller else {
        return reader.refuse(&AppError::Unauthenticated);
    };
    let query = request.uri().query();
    let answer = LoginAnswer {
        state: parameter(query, "state").map(SecretString::from),
        code: parameter(query, "code").map(SecretString::from),
        error: parameter(query, "error"),
        issuer: parameter(query, "iss"),
    };
    let request_id = request_id(&request);
    let backend = RoundRobin::new(site.services.clone());
    let task = site.services.tasks.spawn(async move {
        let end = backend.finish_login(&caller, &answer).await?;
        backend.keep_flash(&caller, flash(end)).await
    });
    match task.await {
        Ok(Ok(())) => Redirect::to(PANEL).into_response(),
        Ok(Err(error)) => reader.refuse(&error),
        Err(error) => {
            tracing::error!(%request_id, %error, "a login at PagerDuty broke off");
            reader.refuse(&AppError::Internal { request_id })
        }
    }
}

/// The outcome, for the form that began the login to show it.
fn flash(end: LoginEnd) -> Flash {
    let form = match end.purpose {
        Some(AuthorisationPurpose::Connect) => ConnectWithOauth::PATH,
        Some(AuthorisationPurpose::Switch) => SwitchToOauth::PATH,
        Some(AuthorisationPurpose::Reconnect) => ReconnectOauth::PATH,
        None => LOGIN_CALLBACK_FORM,
    };
    Flash {
        form: form.to_owned(),
        outcome: serde_json::to_string(&end.outcome).expect("an outcome is plain JSON"),
        input: end
            .outcome
            .refused()
            .and(end.client_id)
            .map(|id| serde_json::Value::String(id).to_string()),
    }
}
