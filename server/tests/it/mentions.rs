//! Mentions of the app in channels, as Slack tells of them.

use crate::commands::{SECRET, seconds_now, signature, signing};
use crate::http::browser::{Answer, Browser};
use crate::support::{databases, entry, slack_output::Output, sqlite, workspace};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};
use server::Services;
use std::{convert::Infallible, time::Duration};
use types::{AuditAction, RotationId, Visibility};

const PATH: &str = "/api/slack/events";
const CHANNEL: &str = "C01GENERAL1";
const ADA: (&str, &str) = ("U01ADAOKAF", "Ada Okafor");
const TOMAS: (&str, &str) = ("U05TOMASHE", "Tomás Herrera");
const SCOPES: [&str; 3] = ["app_mentions:read", "chat:write", "chat:write.public"];

async fn send(services: &Services, sent: &Value) -> Answer {
    let (body, seconds) = (sent.to_string(), seconds_now());
    let request = Request::post(PATH)
        .header(header::HOST, "127.0.0.1:3000")
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-slack-request-timestamp", seconds)
        .header("x-slack-signature", signature(SECRET, seconds, &body))
        .body(Body::from(body))
        .unwrap();
    Browser::new(services).send(request).await
}

impl Output {
    /// A rotation with a code, of which Tomás is on duty.
    async fn coded(&self, visibility: Visibility) -> RotationId {
        let id = self.by_hand("Ops", &[TOMAS, ADA]).await;
        let (store, workspace) = (&self.services.store, workspace());
        let changing = store.change_rotation(&workspace, &id, |rotation| {
            rotation.details.code = Some("OPS".to_owned());
            rotation.details.visibility = visibility;
            Ok::<_, Infallible>(entry(AuditAction::EditedRotation))
        });
        assert_eq!(changing.await.unwrap(), Some(Ok(true)));
        id
    }

    /// Has Ada write something, and gives the time of her message.
    async fn ada_writes(&self, text: &str) -> String {
        let line = json!({"person": ADA.0, "channel": CHANNEL, "line": text});
        self.sandbox.control("slack/lines", line).await;
        let messages = self.messages().await;
        messages.last().unwrap()["ts"].as_str().unwrap().to_owned()
    }

    async fn messages(&self) -> Vec<Value> {
        let told = self.sandbox.ask(&format!("slack/channels/{CHANNEL}")).await;
        told["messages"].as_array().unwrap().clone()
    }

    /// What was answered so far in the thread of that message: to whom alone, if so, and what.
    async fn answers(&self, ts: &str) -> Vec<(Option<String>, String)> {
        let messages = self.messages().await.into_iter();
        let answers = messages.filter(|message| message["thread_ts"] == ts);
        let answer = |message: Value| {
            let text = message["text"].as_str().unwrap().to_owned();
            let alone = message["only_for"].as_str().map(str::to_owned);
            (alone, text.replace(['\u{2068}', '\u{2069}'], ""))
        };
        answers.map(answer).collect()
    }

    async fn until_answered(&self, ts: &str) -> (Option<String>, String) {
        self.until("it should be answered", async || {
            self.answers(ts).await.pop()
        })
        .await
    }
}

fn told(ts: &str, text: &str, event: &str) -> Value {
    json!({
        "type": "event_callback", "team_id": "T1", "event_id": event,
        "event": {
            "type": "app_mention", "user": ADA.0, "channel": CHANNEL, "ts": ts, "text": text,
        },
    })
}

#[tokio::test]
async fn whoever_is_on_duty_is_called_once_however_often_slack_tells() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let services = signing(output.services.clone());
        output.coded(Visibility::Public).await;
        let ts = output.ada_writes("the printer burns").await;
        let text = "<@U0RRBOT001> ops the printer burns";
        for event in ["Ev1", "Ev1", "Ev2"] {
            let answer = send(&services, &told(&ts, text, event)).await;
            assert_eq!(answer.status, StatusCode::OK);
        }
        let called = "<@U05TOMASHE>: <@U01ADAOKAF> asks for whoever is on duty for Ops.";
        assert_eq!(output.until_answered(&ts).await, (None, called.to_owned()));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(output.answers(&ts).await.len(), 1);

        for (text, words) in [
            ("<@U0RRBOT001>", "Name the code"),
            ("<@U0RRBOT001> nosuch", "no rotation with the code `NOSUCH`"),
        ] {
            let ts = output.ada_writes("hello").await;
            send(&services, &told(&ts, text, &ts)).await;
            let (alone, answer) = output.until_answered(&ts).await;
            assert_eq!(alone.as_deref(), Some(ADA.0));
            assert!(answer.contains(words), "{words:?} in {answer:?}");
        }
        output.end().await;
    }
}

#[tokio::test]
async fn of_a_private_rotation_only_whoever_asks_is_told() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let services = signing(output.services.clone());
        let id = output.coded(Visibility::Private).await;
        let ts = output.ada_writes("hello").await;
        send(&services, &told(&ts, "<@U0RRBOT001> OPS", "Ev1")).await;
        let (alone, answer) = output.until_answered(&ts).await;
        assert_eq!(alone.as_deref(), Some(ADA.0));
        assert!(answer.contains("nobody was told"), "{answer}");

        // Ada is in it no more.
        let (store, workspace) = (&output.services.store, workspace());
        let leaving = store.change_rotation(&workspace, &id, |rotation| {
            rotation.crew.members.truncate(1);
            Ok::<_, Infallible>(entry(AuditAction::RemovedMember))
        });
        leaving.await.unwrap().unwrap().unwrap();
        let ts = output.ada_writes("hello again").await;
        send(&services, &told(&ts, "<@U0RRBOT001> OPS", "Ev2")).await;
        let (alone, answer) = output.until_answered(&ts).await;
        assert_eq!(alone.as_deref(), Some(ADA.0));
        assert!(answer.contains("no rotation with the code"), "{answer}");
        output.end().await;
    }
}

#[tokio::test]
async fn slack_is_answered_its_challenge_and_what_else_it_tells_is_taken() {
    let database = sqlite();
    let output = Output::new(&database, &[]).await;
    let services = signing(output.services.clone());
    let asked = json!({"type": "url_verification", "challenge": "3eZbrw1a"});
    let answer = send(&services, &asked).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::OK, "3eZbrw1a")
    );
    let other = json!({"type": "event_callback", "event": {"type": "tea_time"}});
    assert_eq!(send(&services, &other).await.status, StatusCode::OK);
    assert_eq!(
        send(&services, &json!([])).await.status,
        StatusCode::BAD_REQUEST
    );
    let unset = send(&output.services, &asked).await;
    assert_eq!(unset.status, StatusCode::SERVICE_UNAVAILABLE);
    output.end().await;
}
