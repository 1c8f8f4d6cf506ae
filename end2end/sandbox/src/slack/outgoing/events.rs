//! Events on their way to the app: in their envelope, again when they were not taken, and again although
//! they were, where that is switched on.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Answer,
    request::{Parcel, send},
};
use crate::{
    clock::Clock,
    minting,
    slack::{APP_ID, BOT_USER_ID, app::Repeats},
    world::Sandbox,
};

/// Which the app hears of even when nothing is installed any more.
const OUTLIVES_INSTALLATION: [&str; 2] = ["app_uninstalled", "tokens_revoked"];

/// Sends what has happened since the last time, to an app that has subscribed to it and is installed.
pub fn send_events(sandbox: &Sandbox) {
    let mut world = sandbox.world();
    let slack = &mut world.slack;
    let mut due = Vec::new();
    for workspace in &mut slack.workspaces {
        let happened = std::mem::take(&mut workspace.events);
        due.extend(happened.into_iter().map(|one| (workspace.id.clone(), one)));
    }
    due.retain(|(team, event)| {
        let name = event.subscription.as_str();
        slack.app.events_url.is_some()
            && slack.app.bot_events.iter().any(|one| one == name)
            && (OUTLIVES_INSTALLATION.contains(&name) || slack.bot_token(team).is_some())
    });
    drop(world);
    for (team, event) in due {
        let sandbox = sandbox.clone();
        tokio::spawn(async move {
            deliver(&sandbox, &envelope(&team, &event.event)).await;
        });
    }
}

/// Sends one event once, and waits for what the app says; `None` while no address is known.
pub async fn send_event(
    sandbox: &Sandbox,
    team: &str,
    event: &Value,
    event_id: Option<&str>,
) -> Option<Answer> {
    let url = sandbox.world().slack.app.events_url.clone()?;
    let mut envelope = envelope(team, event);
    if let Some(id) = event_id {
        envelope["event_id"] = json!(id);
    }
    Some(send(sandbox, Parcel::json("event", &url, &envelope)).await)
}

fn envelope(team: &str, event: &Value) -> Value {
    json!({
        "token": "deprecated",
        "team_id": team,
        "context_team_id": team,
        "context_enterprise_id": null,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": new_id(),
        "event_time": Clock::machine().as_second(),
        "authorizations": [{
            "enterprise_id": null,
            "team_id": team,
            "user_id": BOT_USER_ID,
            "is_bot": true,
            "is_enterprise_install": false,
        }],
        "is_ext_shared_channel": false,
    })
}

fn new_id() -> String {
    format!("Ev{}", minting::hex(5).to_uppercase())
}

async fn deliver(sandbox: &Sandbox, envelope: &Value) {
    let Some((url, retries, repeats)) = ({
        let world = sandbox.world();
        let app = &world.slack.app;
        let url = app.events_url.clone();
        url.map(|url| (url, app.retry_seconds.clone(), app.repeats))
    }) else {
        return;
    };
    let parcel = || Parcel::json("event", &url, envelope);
    let mut answer = send(sandbox, parcel()).await;
    for (seconds, retry) in retries.iter().zip(1..) {
        let Err(reason) = answer.taken() else {
            break;
        };
        tokio::time::sleep(Duration::from_secs(*seconds)).await;
        answer = send(
            sandbox,
            Parcel {
                retry,
                retry_reason: Some(reason),
                ..parcel()
            },
        )
        .await;
    }
    if answer.taken().is_err() {
        return;
    }
    match repeats {
        Repeats::Never => {}
        Repeats::SameId => {
            let again = Parcel {
                retry: 1,
                retry_reason: Some("http_timeout"),
                ..parcel()
            };
            send(sandbox, again).await;
        }
        Repeats::OtherId => {
            let mut again = envelope.clone();
            again["event_id"] = json!(new_id());
            send(sandbox, Parcel::json("event", &url, &again)).await;
        }
    }
}

/// Asks the address of events whether it is the app's: it has to answer with the challenge.
pub async fn verify_address(sandbox: &Sandbox) -> Result<(), String> {
    let Some(url) = sandbox.world().slack.app.events_url.clone() else {
        return Ok(());
    };
    let challenge = minting::hex(16);
    let question =
        json!({"token": "deprecated", "challenge": challenge, "type": "url_verification"});
    let answer = send(sandbox, Parcel::json("url_verification", &url, &question)).await;
    let body = answer
        .taken()
        .map_err(|word| format!("The address {url} does not answer as it should: {word}."))?;
    let told = String::from_utf8_lossy(body);
    if told.trim() == challenge
        || answer
            .json()
            .is_some_and(|said| said["challenge"] == *challenge)
    {
        return Ok(());
    }
    Err(format!(
        "The address {url} does not answer with the challenge."
    ))
}
