//! Commands that people type in Slack, mentions of the app there, and buttons that people press under
//! what it says. Slack sends them from its own servers, so no cookie counts here: what it has signed does, and nothing is parsed before that is
//! known.

use super::{Site, client_address, request_id::request_id};
use crate::{
    actions::slack_settings::{COMMANDS_PATH, EVENTS_PATH, INTERACTIONS_PATH},
    clock,
    limits::{Costly, TooOften, of_address},
    slack::{self, Interaction, Invocation, ReplyAddress},
    slack_input,
};
use axum::{
    Json, Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::json;
use std::time::Duration;
use tokio::{task::JoinError, time::timeout};

/// No command is as long, nor a message with all that Slack tells of it.
const LONGEST_BODY: usize = 256 * 1024;
/// Slack waits for three seconds, and the way takes some time.
const PATIENCE: Duration = Duration::from_millis(2_500);
/// What has no answer after so long may come late: that there is one to come is kept by then.
const MAY_COME_LATE: Duration = Duration::from_millis(1_500);

const SIGNED_AT: &str = "x-slack-request-timestamp";
const SIGNATURE: &str = "x-slack-signature";

const NOT_SET_UP: &str = "Commands are not set up here. Whoever runs Round Robin sets \
    ROUNDROBIN_SLACK_SIGNING_SECRET to the signing secret of the Slack app.";
const NOT_WHOLE: &str = "What was sent did not arrive whole, or is too long for a command. \
    Type it again, and shorter.";
const ODD: &str = "This is no command as Slack sends them. Compare the Slack app with the \
    manifest under Settings → Slack.";
const ORGANISATION: &str = "Round Robin's Slack app is installed for a whole organisation, which \
    does not work. Install it in this workspace alone.";
const STILL_AT_IT: &str = "Round Robin is still at it, and Slack waits no longer. Look at its \
    pages whether it was done.";
const ANSWER_FOLLOWS: &str = "Round Robin is working on it. The answer follows here. If nothing \
    follows within two minutes, look at its pages whether it was done.";
const BROKE_OFF: &str = "Round Robin broke this off. Look at its pages whether it was done, and \
    try again if it was not.";
const NOT_KEPT: &str = "This could not be kept just now. Send it again.";

/// Every path of the wing.
pub fn routes() -> Router<Site> {
    Router::new()
        .route(COMMANDS_PATH, post(run))
        .route(EVENTS_PATH, post(hear))
        .route(INTERACTIONS_PATH, post(pressed))
}

async fn run(State(site): State<Site>, request: Request) -> Response {
    let id = request_id(&request);
    let body = match signed(&site, request).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    match slack::Request::read(&body) {
        slack::Request::Probe => StatusCode::OK.into_response(),
        slack::Request::Odd => (StatusCode::BAD_REQUEST, ODD).into_response(),
        slack::Request::Organisation => shown(ORGANISATION),
        slack::Request::Command(invocation) => answer(&site, invocation, id).await,
    }
}

/// Slack is told that it was heard once that is kept, or it tells again; what follows is done
/// afterwards, by the outbox.
async fn hear(State(site): State<Site>, request: Request) -> Response {
    let body = match signed(&site, request).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    match slack::Event::read(&body) {
        slack::Event::Challenge(challenge) => challenge.into_response(),
        slack::Event::Odd => (StatusCode::BAD_REQUEST, ODD).into_response(),
        slack::Event::Other => StatusCode::OK.into_response(),
        slack::Event::Mention(mention) => {
            let services = &site.services;
            let whose = format!("{}/{}", mention.workspace, mention.person);
            // Whoever asks for help is not left without an answer, but waits for it.
            let wait = match services.limits.take(Costly::Command, &whose) {
                Ok(()) => Duration::ZERO,
                Err(TooOften { wait_seconds }) => Duration::from_secs(wait_seconds.into()),
            };
            match slack_input::take_mention(services, &mention, wait).await {
                Ok(()) => StatusCode::OK.into_response(),
                Err(error) => {
                    tracing::error!(%error, "a mention could not be kept; Slack sends it again");
                    (StatusCode::SERVICE_UNAVAILABLE, NOT_KEPT).into_response()
                }
            }
        }
    }
}

/// What somebody pressed a button for is done before Slack is answered, where that is in time: a
/// press that is lost is one that Slack says failed.
async fn pressed(State(site): State<Site>, request: Request) -> Response {
    let id = request_id(&request);
    let body = match signed(&site, request).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let press = match Interaction::read(&body) {
        Interaction::Odd => return (StatusCode::BAD_REQUEST, ODD).into_response(),
        Interaction::Other => return StatusCode::OK.into_response(),
        Interaction::Press(press) => press,
    };
    let services = &site.services;
    let whose = format!("{}/{}", press.workspace, press.person);
    if let Err(too_often) = services.limits.take(Costly::Command, &whose) {
        return turned_away(too_often);
    }
    let pressing = services.tasks.spawn({
        let services = services.clone();
        async move { slack_input::answer_press(&services, &press, &id).await }
    });
    if let Ok(Err(error)) = timeout(PATIENCE, pressing).await {
        tracing::error!(%error, "what a button is for broke off");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    StatusCode::OK.into_response()
}

/// What Slack has sent, as soon as it is known that it was Slack.
async fn signed(site: &Site, request: Request) -> Result<Bytes, Response> {
    let services = &site.services;
    let app = services.config.slack.app.as_ref();
    let Some(secret) = app.and_then(|app| app.signing_secret.as_ref()) else {
        return Err((StatusCode::SERVICE_UNAVAILABLE, NOT_SET_UP).into_response());
    };
    let address = of_address(client_address::of_request(site, &request));
    let headers = request.headers().clone();
    let body = whole(site, request).await;
    let body = body.map_err(|status| (status, NOT_WHOLE).into_response())?;
    let signed = (text(&headers, SIGNED_AT), text(&headers, SIGNATURE));
    if let Err(unsigned) = slack::verify(secret, signed, &body, clock::now()) {
        // Whoever guesses shares what their address has.
        services
            .limits
            .take(Costly::Command, &address)
            .map_err(turned_away)?;
        tracing::warn!(%unsigned, "something was not believed to come from Slack");
        let why = format!("This is not believed to come from Slack: {unsigned}.");
        return Err((StatusCode::UNAUTHORIZED, why).into_response());
    }
    Ok(body)
}

/// Answers in time. What takes longer is not cut off by that: its answer follows at the address that
/// Slack has named for it.
async fn answer(site: &Site, invocation: Invocation, id: String) -> Response {
    let services = &site.services;
    let whose = format!("{}/{}", invocation.workspace, invocation.person);
    if let Err(TooOften { wait_seconds }) = services.limits.take(Costly::Command, &whose) {
        let sentence = format!("That was too often. Try again in {wait_seconds} seconds.");
        return shown(&sentence);
    }
    let named = invocation.reply_to.as_deref().unwrap_or_default();
    let address = ReplyAddress::read(named, &services.config.slack.url);
    let late = address.map(|address| slack_input::late_answer(services, &invocation, address));
    let mut answering = services.tasks.spawn({
        let services = services.clone();
        async move { slack_input::answer(&services, &invocation, &id).await }
    });
    if let Ok(answered) = timeout(MAY_COME_LATE, &mut answering).await {
        return shown(&whole_answer(answered));
    }
    let left = PATIENCE.saturating_sub(MAY_COME_LATE);
    let Some(late) = late else {
        let answered = timeout(left, &mut answering).await;
        return shown(&answered.map_or(STILL_AT_IT.to_owned(), whole_answer));
    };
    let expecting = services.tasks.spawn({
        let late = late.clone();
        async move { late.expect().await }
    });
    let in_time = timeout(left, &mut answering).await;
    let answered = in_time.ok().map(whole_answer);
    let is_given = answered.is_some();
    services.tasks.spawn(async move {
        // What follows builds upon what that has kept.
        let text = match is_given {
            true => None,
            false => Some(whole_answer(answering.await)),
        };
        if let Err(error) = expecting.await {
            tracing::error!(%error, "keeping that an answer is to come broke off");
        }
        match text {
            Some(text) => late.give(&text).await,
            None => late.is_given().await,
        }
    });
    shown(answered.as_deref().unwrap_or(ANSWER_FOLLOWS))
}

fn whole_answer(answered: Result<String, JoinError>) -> String {
    answered.unwrap_or_else(|error| {
        tracing::error!(%error, "answering a command broke off");
        BROKE_OFF.to_owned()
    })
}

async fn whole(site: &Site, request: Request) -> Result<Bytes, StatusCode> {
    let reading = to_bytes(request.into_body(), LONGEST_BODY);
    match timeout(site.services.config.connections.body, reading).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Slack shows it to whoever gave the command, and to nobody else.
fn shown(text: &str) -> Response {
    Json(json!({"response_type": "ephemeral", "text": text})).into_response()
}

fn turned_away(TooOften { wait_seconds }: TooOften) -> Response {
    let wait = [(header::RETRY_AFTER, wait_seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, wait).into_response()
}
