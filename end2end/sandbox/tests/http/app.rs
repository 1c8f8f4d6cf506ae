//! What Slack sends to the app: signed, again when it was not taken, and with an address to answer at.

use std::time::Duration;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};

use crate::client::Client;

/// A request as the app got it.
struct Got {
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    fn field(&self, name: &str) -> String {
        let mut fields = url::form_urlencoded::parse(self.body.as_bytes());
        let found = fields.find(|(of, _)| of == name);
        found.expect("the field").1.into_owned()
    }

    fn payload(&self) -> Value {
        serde_json::from_str(&self.field("payload")).expect("JSON")
    }

    fn is_signed(&self, secret: &str) -> bool {
        let Some(moment) = self.header("x-slack-request-timestamp") else {
            return false;
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(format!("v0:{moment}:{}", self.body).as_bytes());
        let digest = mac.finalize().into_bytes();
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.header("x-slack-signature") == Some(&format!("v0={digits}"))
    }
}

/// What the app answers with; a challenge it always repeats.
type Answers = (StatusCode, &'static str);

#[derive(Clone)]
struct Ear {
    heard: UnboundedSender<Got>,
    answers: Answers,
}

/// An app that listens on this machine.
struct App {
    address: String,
    heard: UnboundedReceiver<Got>,
}

impl App {
    async fn answering(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (sender, heard) = unbounded_channel();
        let ear = Ear {
            heard: sender,
            answers,
        };
        let router = Router::new().fallback(hear).with_state(ear);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, heard }
    }

    /// The next request, which must come soon.
    async fn next(&mut self) -> Got {
        let next = timeout(Duration::from_secs(10), self.heard.recv());
        next.await.expect("a request").expect("the app listens")
    }

    fn manifest(&self) -> Value {
        let address = &self.address;
        json!({
            "display_information": {"name": "Round Robin"},
            "features": {
                "app_home": {"messages_tab_enabled": true, "home_tab_enabled": false},
                "slash_commands": [
                    {"command": "/rr", "url": format!("{address}/command"), "should_escape": true},
                    {"command": "/plain", "url": format!("{address}/command")},
                ],
            },
            "settings": {
                "event_subscriptions": {
                    "request_url": format!("{address}/events"),
                    "bot_events": ["app_mention", "channel_rename", "message.im", "subteam_members_changed", "app_uninstalled"],
                },
                "interactivity": {"is_enabled": true, "request_url": format!("{address}/interactivity")},
            },
        })
    }

    /// The app as it is registered at a stand-in of its own, installed and asked for its challenge.
    async fn registered(answers: Answers) -> (Client, Self) {
        let client = Client::new();
        let mut app = Self::answering(answers).await;
        let report = client.control("/slack/app/manifest", app.manifest()).await;
        assert_eq!(app.next().await.json()["type"], "url_verification");
        assert_eq!(report["not_verified"], Value::Null);
        (client, app)
    }
}

async fn hear(State(ear): State<Ear>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8_lossy(&body).into_owned();
    let challenge = serde_json::from_str::<Value>(&body)
        .ok()
        .and_then(|said| said["challenge"].as_str().map(str::to_owned));
    let _ = ear.heard.send(Got {
        path: uri.path().to_owned(),
        headers,
        body,
    });
    match challenge {
        Some(challenge) => challenge.into_response(),
        None => ear.answers.into_response(),
    }
}

const TAKEN: Answers = (StatusCode::OK, "");

async fn signing_secret(client: &Client) -> String {
    let credentials = client.told("/credentials").await;
    let secret = credentials["slack"]["signing_secret"].as_str();
    secret.expect("a secret").to_owned()
}

async fn say(client: &Client, line: &str) -> Value {
    let order = json!({"person": "U09OLIVIAB", "channel": "C03PAYMENTS", "line": line});
    client.control("/slack/lines", order).await
}

#[tokio::test]
async fn a_mention_is_sent_signed_in_its_envelope() {
    let (client, mut app) = App::registered(TAKEN).await;
    client.bot("app_mentions:read").await;
    say(&client, "nothing for you").await;
    say(&client, "@Round Robin PAY").await;
    let got = app.next().await;
    assert!(got.is_signed(&signing_secret(&client).await));
    assert_eq!(
        (got.path.as_str(), got.header("x-slack-retry-num")),
        ("/events", None)
    );
    let envelope = got.json();
    assert_eq!(
        (
            &envelope["type"],
            &envelope["team_id"],
            &envelope["event"]["type"]
        ),
        (
            &json!("event_callback"),
            &json!("T01LIGHTHSE"),
            &json!("app_mention")
        )
    );
    assert_eq!(envelope["event"]["text"], "<@U0RRBOT001|round_robin> PAY");
    assert_eq!(envelope["event"]["user"], "U09OLIVIAB");
}

#[tokio::test]
async fn what_is_not_taken_comes_again_and_says_so() {
    let (client, mut app) = App::registered((StatusCode::INTERNAL_SERVER_ERROR, "")).await;
    client.bot("app_mentions:read").await;
    let soon = json!({"retry_seconds": [0, 0, 0]});
    client.control("/slack/app", soon).await;
    say(&client, "@Round Robin PAY").await;
    let first = app.next().await;
    for retry in ["1", "2", "3"] {
        let again = app.next().await;
        assert_eq!(again.header("x-slack-retry-num"), Some(retry));
        assert_eq!(again.header("x-slack-retry-reason"), Some("http_error"));
        assert_eq!(again.body, first.body);
    }
}

#[tokio::test]
async fn an_event_that_was_taken_can_come_twice() {
    for (repeats, same_id, retry) in [("same_id", true, Some("1")), ("other_id", false, None)] {
        let (client, mut app) = App::registered(TAKEN).await;
        client.bot("channels:read").await;
        client
            .control("/slack/app", json!({"repeats": repeats}))
            .await;
        let name = json!({"name": "pay"});
        client
            .control("/slack/channels/C03PAYMENTS/rename", name)
            .await;
        let (first, second) = (app.next().await, app.next().await);
        assert_eq!(second.header("x-slack-retry-num"), retry);
        let (first, second) = (first.json(), second.json());
        assert_eq!(first["event"], second["event"]);
        assert_eq!(first["event_id"] == second["event_id"], same_id);
    }
}

#[tokio::test]
async fn events_stop_with_the_installation_and_say_that_it_ended() {
    let (client, mut app) = App::registered(TAKEN).await;
    client.bot("usergroups:read").await;
    let by_hand = json!({"users": ["U09OLIVIAB"], "by": "U03PRIYARA"});
    let edit = || client.control("/slack/groups/S02PAYMENTS/users", by_hand.clone());
    edit().await;
    let event = app.next().await.json()["event"].clone();
    assert_eq!(
        (
            &event["subteam_id"],
            &event["added_users"],
            &event["removed_users"]
        ),
        (
            &json!("S02PAYMENTS"),
            &json!(["U09OLIVIAB"]),
            &json!(["U11SIOBHAN"])
        )
    );
    client.control("/slack/uninstall", json!({})).await;
    edit().await;
    assert_eq!(app.next().await.json()["event"]["type"], "app_uninstalled");
    client.bot("usergroups:read").await;
    edit().await;
    assert_eq!(
        app.next().await.json()["event"]["type"],
        "subteam_members_changed"
    );
}

#[tokio::test]
async fn signatures_can_be_wrong_old_and_missing() {
    let (client, mut app) = App::registered(TAKEN).await;
    let secret = signing_secret(&client).await;
    for (signing, is_signed) in [("wrong", false), ("old", true), ("missing", false)] {
        client
            .control("/slack/app", json!({"signing": signing}))
            .await;
        let event = json!({"event": {"type": "app_mention"}, "event_id": "Ev1"});
        let told = client.control("/slack/events", event).await;
        assert_eq!(told["status"], 200);
        let got = app.next().await;
        assert_eq!(got.is_signed(&secret), is_signed, "{signing}");
        if signing == "old" {
            let moment: i64 = got
                .header("x-slack-request-timestamp")
                .and_then(|text| text.parse().ok())
                .expect("a moment");
            assert!(jiff::Timestamp::now().as_second() - moment > 300);
        }
    }
}

#[tokio::test]
async fn a_command_is_answered_at_once_and_later() {
    let said = r#"{"response_type":"in_channel","text":"Olivia is on duty"}"#;
    let (client, mut app) = App::registered((StatusCode::OK, said)).await;
    let told = say(&client, "/rr PAY @Tomás Herrera").await;
    assert_eq!(
        (&told["status"], &told["said"]["text"]),
        (&json!(200), &json!("Olivia is on duty"))
    );
    let got = app.next().await;
    assert!(got.is_signed(&signing_secret(&client).await));
    for (name, value) in [
        ("command", "/rr"),
        ("text", "PAY <@U05TOMASHE|tomas.herrera>"),
        ("channel_id", "C03PAYMENTS"),
        ("user_id", "U09OLIVIAB"),
    ] {
        assert_eq!(got.field(name), value);
    }
    say(&client, "/plain @Tomás Herrera").await;
    assert_eq!(app.next().await.field("text"), "@Tomás Herrera");

    let url = got.field("response_url");
    let path = url
        .strip_prefix("http://127.0.0.1:3900")
        .expect("the stand-in's address");
    let later = json!({"text": "and Siobhán is next"}).to_string();
    for (number, status) in [(1, 200), (2, 200), (3, 200), (4, 200), (5, 200), (6, 404)] {
        let answer = client.send("POST", path, &[], &later).await;
        assert_eq!(answer.status.as_u16(), status, "use {number}");
    }
    let channel = client.told("/slack/channels/C03PAYMENTS").await;
    let messages = channel["messages"].as_array().expect("messages");
    assert_eq!(messages.len(), 2 + 5);
    assert_eq!(
        (&messages[0]["only_for"], &messages[2]["only_for"]),
        (&Value::Null, &json!("U09OLIVIAB"))
    );
}

#[tokio::test]
async fn a_command_that_fails_says_so_to_the_person_alone() {
    let (client, _app) = App::registered((StatusCode::INTERNAL_SERVER_ERROR, "")).await;
    say(&client, "/rr").await;
    let channel = client.told("/slack/channels/C03PAYMENTS").await;
    let message = &channel["messages"][0];
    assert_eq!(
        message["text"],
        "/rr failed with the error \"dispatch_failed\""
    );
    assert_eq!(message["only_for"], "U09OLIVIAB");
    let in_thread = json!({"person": "U09OLIVIAB", "channel": "C03PAYMENTS", "line": "/rr", "thread_ts": "1.000000"});
    let refused = client
        .send("POST", "/_control/slack/lines", &[], &in_thread.to_string())
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_button_opens_a_form_and_the_form_is_sent() {
    let (client, mut app) = App::registered(TAKEN).await;
    let token = client.bot("chat:write,chat:write.public").await;
    let blocks = json!([{"type": "actions", "elements": [
        {"type": "button", "action_id": "ack", "value": "r1:7", "text": {"type": "plain_text", "text": "ACK"}},
    ]}]);
    let blocks = blocks.to_string();
    let message = [
        ("channel", "C03PAYMENTS"),
        ("text", "x"),
        ("blocks", blocks.as_str()),
    ];
    let ts = client.done(&token, "chat.postMessage", &message).await["ts"].clone();
    let press =
        json!({"person": "U09OLIVIAB", "channel": "C03PAYMENTS", "ts": ts, "action_id": "ack"});
    client.control("/slack/presses", press).await;
    let payload = app.next().await.payload();
    assert_eq!(
        (
            &payload["type"],
            &payload["user"]["id"],
            &payload["message"]["ts"]
        ),
        (&json!("block_actions"), &json!("U09OLIVIAB"), &ts)
    );
    assert_eq!(payload["actions"][0]["value"], "r1:7");

    let replaced = json!({"replace_original": true, "text": "Olivia is on it"}).to_string();
    let url = payload["response_url"].as_str().expect("an address");
    let path = url
        .strip_prefix("http://127.0.0.1:3900")
        .expect("the stand-in's address");
    client.send("POST", path, &[], &replaced).await;
    let channel = client.told("/slack/channels/C03PAYMENTS").await;
    assert_eq!(channel["messages"][0]["shown"], "Olivia is on it");

    let view = json!({
        "type": "modal",
        "callback_id": "rotate",
        "title": {"type": "plain_text", "text": "Set on duty"},
        "submit": {"type": "plain_text", "text": "Save"},
        "blocks": [{
            "type": "input", "block_id": "who",
            "label": {"type": "plain_text", "text": "Who"},
            "element": {"type": "users_select", "action_id": "person"},
        }],
    });
    let view = view.to_string();
    let trigger = payload["trigger_id"].as_str().expect("a trigger");
    let open = [("trigger_id", trigger), ("view", view.as_str())];
    client.done(&token, "views.open", &open).await;
    assert_eq!(
        client.refusal(&token, "views.open", &open).await,
        "exchanged_trigger_id"
    );
    let views = client.told("/slack/views?person=U09OLIVIAB").await;
    let id = views["open"][0]["id"].as_str().expect("an id");
    let stale = [("view_id", id), ("view", view.as_str()), ("hash", "1.old")];
    assert_eq!(
        client.refusal(&token, "views.update", &stale).await,
        "hash_conflict"
    );
    let home = [("user_id", "U09OLIVIAB"), ("view", view.as_str())];
    assert_eq!(
        client.refusal(&token, "views.publish", &home).await,
        "not_enabled"
    );

    let values = json!({"who|person": ["U05TOMASHE"]});
    let submission = json!({"person": "U09OLIVIAB", "values": values});
    client.control("/slack/submissions", submission).await;
    let payload = app.next().await.payload();
    assert_eq!(payload["type"], "view_submission");
    assert_eq!(
        payload["view"]["state"]["values"]["who"]["person"]["selected_user"],
        "U05TOMASHE"
    );
    let views = client.told("/slack/views?person=U09OLIVIAB").await;
    assert_eq!(views["open"], json!([]));
}

#[tokio::test]
async fn a_form_that_the_app_refuses_stays_open() {
    let said = r#"{"response_action":"errors","errors":{"who":"Not in this rotation."}}"#;
    let (client, mut app) = App::registered((StatusCode::OK, said)).await;
    let token = client.bot("commands").await;
    say(&client, "/rr").await;
    let trigger = app.next().await.field("trigger_id");
    let view = json!({
        "type": "modal",
        "title": {"type": "plain_text", "text": "Set on duty"},
        "submit": {"type": "plain_text", "text": "Save"},
        "blocks": [{
            "type": "input", "block_id": "who",
            "label": {"type": "plain_text", "text": "Who"},
            "element": {"type": "plain_text_input", "action_id": "name", "initial_value": "Wei"},
        }],
    });
    let view = view.to_string();
    let open = [("trigger_id", trigger.as_str()), ("view", view.as_str())];
    let opened = client.done(&token, "views.open", &open).await;
    let cookie = [("cookie", "sandbox_person=U09OLIVIAB")];
    let path = "/slack/client/T01LIGHTHSE/C03PAYMENTS";
    let page = client.send("GET", path, &cookie, "").await;
    assert!(page.text().contains("<h2>Set on duty</h2>"));
    assert!(
        page.text()
            .contains("name=\"who|name\" aria-label=\"Who\" value=\"Wei\"")
    );
    let id = opened["view"]["id"].as_str().expect("an id");
    let form = [
        ("view", id),
        ("channel", "C03PAYMENTS"),
        ("who|name", "Kenji"),
    ];
    let refused = client
        .form("/slack/client/T01LIGHTHSE/submit", &cookie, &form)
        .await;
    assert!(refused.text().contains("Not in this rotation."));
    let state = &app.next().await.payload()["view"]["state"]["values"];
    assert_eq!(
        *state,
        json!({"who": {"name": {"type": "plain_text_input", "value": "Kenji"}}})
    );
    let views = client.told("/slack/views?person=U09OLIVIAB").await;
    assert_eq!(views["open"][0]["id"], id);
}

#[tokio::test]
async fn the_home_is_shown_beside_the_direct_messages_and_can_be_used() {
    let (client, mut app) = App::registered(TAKEN).await;
    let token = client.bot("im:write").await;
    client
        .control("/slack/app", json!({"home_tab": true}))
        .await;
    let view = json!({"type": "home", "blocks": [{"type": "actions", "block_id": "b", "elements": [
        {"type": "button", "action_id": "refresh", "text": {"type": "plain_text", "text": "Refresh"}},
    ]}]});
    let view = view.to_string();
    let home = [("user_id", "U09OLIVIAB"), ("view", view.as_str())];
    let published = client.done(&token, "views.publish", &home).await;
    let direct = [("users", "U09OLIVIAB")];
    let opened = client.done(&token, "conversations.open", &direct).await;
    let channel = opened["channel"]["id"].as_str().expect("an id");
    let cookie = [("cookie", "sandbox_person=U09OLIVIAB")];
    let path = format!("/slack/client/T01LIGHTHSE/{channel}");
    let page = client.send("GET", &path, &cookie, "").await;
    assert!(page.text().contains("value=\"b|refresh\">Refresh</button>"));
    let id = published["view"]["id"].as_str().expect("an id");
    let form = [("view", id), ("channel", channel), ("use", "b|refresh")];
    let used = client
        .form("/slack/client/T01LIGHTHSE/submit", &cookie, &form)
        .await;
    assert_eq!(used.header("location"), path);
    let payload = app.next().await.payload();
    assert_eq!(
        (&payload["type"], &payload["view"]["id"]),
        (&json!("block_actions"), &json!(id))
    );
    assert_eq!(payload["actions"][0]["action_id"], "refresh");
}

#[tokio::test]
async fn a_manifest_that_leads_elsewhere_is_refused() {
    let client = Client::new();
    let app = App::answering(TAKEN).await;
    let mut manifest = app.manifest();
    manifest["settings"]["interactivity"]["request_url"] = json!("http://rr.example/interactivity");
    let refused = client
        .send(
            "POST",
            "/_control/slack/app/manifest",
            &[],
            &manifest.to_string(),
        )
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().contains("no address on this machine"));
}
