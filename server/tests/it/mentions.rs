//! Mentions of the app in channels, as Slack tells of them.

use crate::commands::{SECRET, replied, replying, seconds_now, signature, signing};
use crate::http::browser::{Answer, Browser};
use crate::support::{databases, entry, slack_output::Output, sqlite, workspace};
use app::backend::Rotations;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};
use server::{
    Services,
    store::{Claimable, Delivery, Single, StoredMention, Subject},
};
use std::{convert::Infallible, time::Duration};
use types::{AuditAction, RotationId, Visibility};

const PATH: &str = "/api/slack/events";
const PRESSED: &str = "/api/slack/interactions";
const CHANNEL: &str = "C01GENERAL1";
const ADA: (&str, &str) = ("U01ADAOKAF", "Ada Okafor");
const TOMAS: (&str, &str) = ("U05TOMASHE", "Tomás Herrera");
const PRIYA: (&str, &str) = ("U03PRIYARA", "Priya Raman");
const POST: &str = "/api/chat.postMessage";
const SCOPES: [&str; 3] = ["app_mentions:read", "chat:write", "chat:write.public"];

async fn send(services: &Services, sent: &Value) -> Answer {
    post(services, (PATH, "application/json"), sent.to_string()).await
}

async fn post(services: &Services, (path, kind): (&str, &str), body: String) -> Answer {
    let seconds = seconds_now();
    let request = Request::post(path)
        .header(header::HOST, "127.0.0.1:3000")
        .header(header::CONTENT_TYPE, kind)
        .header("x-slack-request-timestamp", seconds)
        .header("x-slack-signature", signature(SECRET, seconds, &body))
        .body(Body::from(body))
        .unwrap();
    Browser::new(services).send(request).await
}

/// Has somebody press a button, whose answer goes to `reply_to`.
async fn press(services: &Services, button: (&str, &str, &str), (trigger, reply_to): (&str, &str)) {
    press_under(services, button, &Value::Null, (trigger, reply_to)).await;
}

/// The same, with what Slack says of the message.
async fn press_under(
    services: &Services,
    (person, action, value): (&str, &str, &str),
    message: &Value,
    (trigger, reply_to): (&str, &str),
) {
    let payload = json!({
        "type": "block_actions", "team": {"id": "T1"}, "user": {"id": person},
        "trigger_id": trigger, "response_url": reply_to,
        "container": {"channel_id": CHANNEL, "message_ts": message["ts"]},
        "actions": [{
            "action_id": action, "value": value, "block_id": message["blocks"][1]["block_id"],
        }],
    });
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish();
    let kind = "application/x-www-form-urlencoded";
    let answer = post(services, (PRESSED, kind), form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

impl Output {
    /// A rotation with a code, of which Tomás is on duty.
    async fn coded(&self, visibility: Visibility) -> RotationId {
        self.coded_with(visibility, &[TOMAS, ADA]).await
    }

    /// The same with other members, of whom the first is on duty.
    async fn coded_with(&self, visibility: Visibility, people: &[(&str, &str)]) -> RotationId {
        let id = self.by_hand("Ops", people).await;
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

    /// Waits until the answers in the thread are these, to all.
    async fn until_thread_says(&self, ts: &str, expected: &[&str]) {
        let mut said = Vec::new();
        let saying = async {
            loop {
                said = self.answers(ts).await;
                let texts = said.iter().map(|(_, text)| text.as_str());
                if texts.eq(expected.iter().copied()) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(20), saying).await;
        assert!(in_time.is_ok(), "{expected:#?} instead of {said:#?}");
    }

    /// The last answer in the thread, as Slack has it.
    async fn last_answer(&self, ts: &str) -> Value {
        let mut messages = self.messages().await.into_iter();
        let last = messages.rfind(|message| message["thread_ts"] == ts);
        last.unwrap()
    }

    /// The mention with this id, once it is known by what Slack knows its last call.
    async fn kept_mention(&self, id: &str) -> StoredMention {
        self.until("it should be written", async || {
            let mention = self.services.store.mention(id).await.unwrap()?;
            mention.messages.last()?.ts.is_some().then_some(mention)
        })
        .await
    }

    /// Claims what of these kinds is due, as a server that is gone at once.
    async fn claim(&self, singly: &[Single<'_>]) -> Vec<Delivery> {
        let kinds: Vec<_> = singly.iter().map(|single| single.kind).collect();
        let claimable = Claimable {
            kinds: &kinds,
            singly,
            precedences: &[],
        };
        let claiming = self
            .services
            .store
            .claim_notices(claimable, 9, Duration::ZERO);
        claiming.await.unwrap()
    }

    /// What the buttons of the last answer in the thread stand for; none where it has none.
    async fn button(&self, ts: &str) -> Option<String> {
        let mut messages = self.messages().await.into_iter();
        let last = messages.rfind(|message| message["thread_ts"] == ts)?;
        let button = &last["blocks"][1]["elements"][0]["value"];
        button.as_str().map(str::to_owned)
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
async fn whoever_mentions_the_app_is_answered_by_a_server_that_starts_later() {
    for database in databases().await {
        let output = Output::silent_company(&database, &SCOPES).await;
        let services = signing(output.services.clone());
        output.coded(Visibility::Public).await;
        let ts = output.ada_writes("the printer burns").await;
        let mention = told(&ts, "<@U0RRBOT001> ops", "Ev1");
        assert_eq!(send(&services, &mention).await.status, StatusCode::OK);
        assert!(output.answers(&ts).await.is_empty());
        // Slack wants to be left alone at first.
        let busy = json!({
            "side": "slack", "path": POST, "status": 429, "times": 1,
            "headers": {"retry-after": "1"},
        });
        output.sandbox.fault(busy).await;
        let output = output.telling();
        output.until_answered(&ts).await;
        send(&services, &mention).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(output.answers(&ts).await.len(), 1);
        output.end().await;
    }
}

#[tokio::test]
async fn whoever_asks_very_often_waits_for_an_answer_and_gets_one() {
    let database = sqlite();
    let output = Output::with_company(&database, &SCOPES).await;
    let services = signing(output.services.clone());
    output.coded(Visibility::Public).await;
    let limits = json!({"enforced": false});
    output.sandbox.control("slack/limits", limits).await;
    let ts = output.ada_writes("the printer burns").await;
    for number in 0..22 {
        let event = format!("Ev{number}");
        let mut mention = told(&format!("{number}.1"), "<@U0RRBOT001> ops", &event);
        mention["event"]["thread_ts"] = json!(ts);
        assert_eq!(send(&services, &mention).await.status, StatusCode::OK);
    }
    output
        .until("all should be answered", async || {
            (output.answers(&ts).await.len() == 22).then_some(())
        })
        .await;
    output.end().await;
}

#[tokio::test]
async fn whoever_is_called_passes_it_on_until_somebody_takes_it() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        output.meet_also(PRIYA).await;
        let (services, reply_to, said) = replying(signing(output.services.clone())).await;
        output
            .coded_with(Visibility::Public, &[TOMAS, ADA, PRIYA])
            .await;
        let ts = output.ada_writes("the printer burns").await;
        send(&services, &told(&ts, "<@U0RRBOT001> ops", "Ev1")).await;
        output.until_answered(&ts).await;
        let button = output.button(&ts).await.unwrap();
        let to = |trigger| (trigger, reply_to.as_str());

        // Nobody asked Priya yet.
        press(&services, (PRIYA.0, "mention_ack", &button), to("1")).await;
        assert!(replied(&said).await.contains("Only those who are called"));
        // The same press comes twice.
        for _ in 0..2 {
            press(&services, (TOMAS.0, "mention_pass", &button), to("2")).await;
        }
        let first = "<@U05TOMASHE>: <@U01ADAOKAF> asks for whoever is on duty for Ops.\n\
            <@U05TOMASHE> passed it on.";
        let next = "<@U03PRIYARA>: <@U01ADAOKAF> asks for somebody for Ops. Whoever was called \
            before has passed it on to you.";
        output.until_thread_says(&ts, &[first, next]).await;
        assert_eq!(output.button(&ts).await.as_ref(), Some(&button));
        press(&services, (TOMAS.0, "mention_pass", &button), to("3")).await;
        assert!(replied(&said).await.contains("passed it on already"));

        press(&services, (PRIYA.0, "mention_ack", &button), to("4")).await;
        let taken = "\n<@U03PRIYARA> sees to it.";
        let (first, next) = (format!("{first}{taken}"), format!("{next}{taken}"));
        output.until_thread_says(&ts, &[&first, &next]).await;
        assert_eq!(output.button(&ts).await, None);
        press(&services, (TOMAS.0, "mention_ack", &button), to("5")).await;
        let late = replied(&said).await;
        assert!(late.contains("<@U03PRIYARA> sees to it already"), "{late}");
        press(&services, (TOMAS.0, "mention_ack", "nosuch"), to("6")).await;
        assert!(replied(&said).await.contains("too long ago"));
        output.end().await;
    }
}

#[tokio::test]
async fn once_everybody_has_passed_it_on_that_is_said() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let (services, reply_to, said) = replying(signing(output.services.clone())).await;
        let id = output.coded(Visibility::Public).await;
        let mention = async |event| {
            let ts = output.ada_writes("the printer burns").await;
            send(&services, &told(&ts, "<@U0RRBOT001> ops", event)).await;
            output.until_answered(&ts).await;
            (output.button(&ts).await.unwrap(), ts)
        };
        let (button, ts) = mention("Ev1").await;
        let to = |trigger| (trigger, reply_to.as_str());
        press(&services, (TOMAS.0, "mention_pass", &button), to("1")).await;
        output
            .until("it should be said", async || {
                let (_, last) = output.answers(&ts).await.pop()?;
                last.contains("nobody else takes turns there").then_some(())
            })
            .await;

        // Of a rotation that is gone nothing can be taken.
        let (button, _) = mention("Ev2").await;
        let deleting = output.backend.delete_rotation(&output.caller, id);
        deleting.await.unwrap();
        press(&services, (TOMAS.0, "mention_ack", &button), to("2")).await;
        assert!(replied(&said).await.contains("The rotation is gone"));
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
async fn a_press_says_which_message_it_was_where_nobody_kept_that() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let (services, reply_to, _) = replying(signing(output.services.clone())).await;
        output.coded(Visibility::Public).await;
        let ts = output.ada_writes("the printer burns").await;
        send(&services, &told(&ts, "<@U0RRBOT001> ops", "Ev1")).await;
        output.until_answered(&ts).await;
        let button = output.button(&ts).await.unwrap();
        output.kept_mention(&button).await;
        // As if the server had ended in between.
        database
            .execute(r#"update mentions set calls = replace(calls, '"ts":', '"was":')"#)
            .await;
        let message = output.last_answer(&ts).await;
        let ack = (TOMAS.0, "mention_ack", button.as_str());
        press_under(&services, ack, &message, ("1", &reply_to)).await;
        let taken = "<@U05TOMASHE>: <@U01ADAOKAF> asks for whoever is on duty for Ops.\n\
            <@U05TOMASHE> sees to it.";
        output.until_thread_says(&ts, &[taken]).await;
        assert_eq!(output.button(&ts).await, None);
        output.end().await;
    }
}

#[tokio::test]
async fn a_message_that_slack_refuses_to_change_spoils_no_other() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        output.meet_also(PRIYA).await;
        let (services, reply_to, _) = replying(signing(output.services.clone())).await;
        output
            .coded_with(Visibility::Public, &[TOMAS, ADA, PRIYA])
            .await;
        let ts = output.ada_writes("the printer burns").await;
        send(&services, &told(&ts, "<@U0RRBOT001> ops", "Ev1")).await;
        output.until_answered(&ts).await;
        let button = output.button(&ts).await.unwrap();
        let pass = (TOMAS.0, "mention_pass", button.as_str());
        press(&services, pass, ("1", &reply_to)).await;
        let first = "<@U05TOMASHE>: <@U01ADAOKAF> asks for whoever is on duty for Ops.\n\
            <@U05TOMASHE> passed it on.";
        let next = "<@U03PRIYARA>: <@U01ADAOKAF> asks for somebody for Ops. Whoever was called \
            before has passed it on to you.";
        output.until_thread_says(&ts, &[first, next]).await;
        let gone = output.kept_mention(&button).await.messages[0]
            .ts
            .clone()
            .unwrap();
        let statement = format!("update mentions set calls = replace(calls, '{gone}', '1.000001')");
        database.execute(&statement).await;
        let ack = (PRIYA.0, "mention_ack", button.as_str());
        press(&services, ack, ("2", &reply_to)).await;
        let taken = format!("{next}\n<@U03PRIYARA> sees to it.");
        output.until_thread_says(&ts, &[first, &taken]).await;
        // That is not tried again.
        output
            .until("both should count as told", async || {
                let mention = output.kept_mention(&button).await;
                let told = mention.messages.iter().map(|message| message.told);
                told.eq([2, 1]).then_some(())
            })
            .await;
        output.end().await;
    }
}

#[tokio::test]
async fn what_was_asked_hours_ago_calls_nobody() {
    for database in databases().await {
        let output = Output::silent_company(&database, &SCOPES).await;
        let services = signing(output.services.clone());
        output.coded(Visibility::Public).await;
        let old = output.ada_writes("the printer burns").await;
        send(&services, &told(&old, "<@U0RRBOT001> ops", "Ev1")).await;
        let left = output.ada_writes("and the other one").await;
        send(&services, &told(&left, "<@U0RRBOT001> ops", "Ev2")).await;
        // One of them was left behind by a version that let nothing expire.
        for statement in [
            "update outbox set not_before = not_before - 18000000, \
                 expires_at = expires_at - 18000000 where kind = 'slack_mention'"
                .to_owned(),
            format!("update outbox set expires_at = null where target like '%/{left}'"),
        ] {
            database.execute(&statement).await;
        }
        let output = output.telling();
        let now = output.ada_writes("and now the third").await;
        send(&services, &told(&now, "<@U0RRBOT001> ops", "Ev3")).await;
        output.until_answered(&now).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        for ts in [old, left] {
            assert!(output.answers(&ts).await.is_empty());
        }
        output.end().await;
    }
}

#[tokio::test]
async fn what_a_server_that_is_gone_has_not_begun_to_write_is_written() {
    const ENDED: &str = "server_ended";
    let mention = Single {
        kind: "slack_mention",
        lane: "slack_mention",
    };
    for database in databases().await {
        let output = Output::silent_company(&database, &SCOPES).await;
        let services = signing(output.services.clone());
        output.coded(Visibility::Public).await;
        let (store, kinds) = (services.store.clone(), [mention.kind]);
        let begun = output.ada_writes("the printer burns").await;
        send(&services, &told(&begun, "<@U0RRBOT001> ops", "Ev1")).await;
        for number in 1..=2 {
            let claimed = output.claim(&[mention]).await;
            assert_eq!(claimed[0].attempt, number);
            if number == 2 {
                let Subject::Mention(id) = &claimed[0].subject else {
                    panic!("it is about a mention");
                };
                store.note_posting(id, &claimed[0]).await.unwrap();
            }
            let recovering = store.recover_deliveries(&kinds, &[], ENDED);
            assert_eq!(recovering.await.unwrap(), u64::from(number == 2));
        }
        let not_begun = output.ada_writes("and the other one").await;
        send(&services, &told(&not_begun, "<@U0RRBOT001> ops", "Ev2")).await;
        assert_eq!(output.claim(&[mention]).await.len(), 1);
        let output = output.telling();
        output.until_answered(&not_begun).await;
        assert!(output.answers(&begun).await.is_empty());
        output.end().await;
    }
}

#[tokio::test]
async fn mentions_do_not_wait_for_what_is_announced() {
    let single = |kind, lane| Single { kind, lane };
    for database in databases().await {
        let output = Output::silent_company(&database, &SCOPES).await;
        let services = signing(output.services.clone());
        database
            .execute(
                "insert into outbox (id, workspace_id, subject_kind, subject_id, occurrence, kind,
                     target, state, attempts, not_before, retry_at, claimed_until)
                 select 'x', id, 'workspace', id, 1, 'slack_announcement', 'C1', 'sending', 1, 1, 0,
                     9000000000000000 from workspaces",
            )
            .await;
        let ts = output.ada_writes("the printer burns").await;
        send(&services, &told(&ts, "<@U0RRBOT001> ops", "Ev1")).await;
        let announcement = single("slack_announcement", "");
        let shared = [announcement, single("slack_mention", "")];
        assert!(output.claim(&shared).await.is_empty());
        let own = [announcement, single("slack_mention", "mentions")];
        assert_eq!(output.claim(&own).await.len(), 1);
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
