//! Mentions of the app in channels, as Slack tells of them.

use crate::commands::{SECRET, Said, replied, replying, seconds_now, signature, signing};
use crate::http::browser::{Answer, Browser};
use crate::support::{
    Database, databases, entry,
    slack_output::{Output, person_named},
    sqlite, told as told_of, workspace,
};
use app::backend::Rotations;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};
use server::{
    Services, clock,
    store::{Claimable, Delivery, Single, StoredMention},
};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::{convert::Infallible, time::Duration};
use types::{AuditAction, PersonId, RotationId, Visibility};

const PATH: &str = "/api/slack/events";
const PRESSED: &str = "/api/slack/interactions";
const CHANNEL: &str = "C01GENERAL1";
pub const ADA: (&str, &str) = ("U01ADAOKAF", "Ada Okafor");
const TOMAS: (&str, &str) = ("U05TOMASHE", "Tomás Herrera");
const PRIYA: (&str, &str) = ("U03PRIYARA", "Priya Raman");
const POST: &str = "/api/chat.postMessage";
pub const ACK: &str = "mention_ack";
pub const PASS: &str = "mention_pass";
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

/// What Slack sends where somebody presses a button.
pub fn pressed(
    (person, action, value): (&str, &str, &str),
    message: &Value,
    (trigger, reply_to): (&str, &str),
) -> String {
    let payload = json!({
        "type": "block_actions", "team": {"id": "T1"}, "user": {"id": person},
        "trigger_id": trigger, "response_url": reply_to,
        "container": {"channel_id": CHANNEL, "message_ts": message["ts"]},
        "actions": [{
            "action_id": action, "value": value, "block_id": message["blocks"][1]["block_id"],
        }],
    });
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish()
}

/// Has somebody press a button, whose answer goes to `reply_to`, with what Slack says of the message.
async fn press_under(
    services: &Services,
    button: (&str, &str, &str),
    message: &Value,
    answered: (&str, &str),
) {
    let form = pressed(button, message, answered);
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
    pub async fn ada_writes(&self, text: &str) -> String {
        let line = json!({"person": ADA.0, "channel": CHANNEL, "line": text});
        self.sandbox.control("slack/lines", line).await;
        let messages = self.messages().await;
        messages.last().unwrap()["ts"].as_str().unwrap().to_owned()
    }

    pub async fn messages(&self) -> Vec<Value> {
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

pub fn told(ts: &str, text: &str, event: &str) -> Value {
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

/// What is said of a call to Tomás, and of the next one, to Priya.
const FIRST: &str = "<@U05TOMASHE>: <@U01ADAOKAF> asks for whoever is on duty for Ops.";
const NEXT: &str = "<@U03PRIYARA>: <@U01ADAOKAF> asks for somebody for Ops. Whoever was called \
    before has passed it on to you.";

/// A call that a mention of Ada's has led to.
struct Called {
    output: Output,
    services: Services,
    /// Where Slack takes what is said to whoever presses alone, and what was said there.
    reply_to: String,
    said: Said,
    id: RotationId,
    /// Of Ada's message.
    ts: String,
    button: String,
}

impl Called {
    /// Of a rotation in which these take turns, of whom the first is called.
    async fn new(database: &Database, people: &[(&str, &str)]) -> Self {
        let mut output = Output::silent_company(database, &SCOPES).await;
        output.meet_also(PRIYA).await;
        let (services, reply_to, said) = replying(signing(output.services.clone())).await;
        output.services = services.clone();
        let output = output.telling();
        let id = output.coded_with(Visibility::Public, people).await;
        let mut call = Self {
            output,
            services,
            reply_to,
            said,
            id,
            ts: String::new(),
            button: String::new(),
        };
        call.mention_again("Ev1").await;
        call
    }

    /// Ada mentions the app in another message.
    async fn mention_again(&mut self, event: &str) {
        self.ts = self.output.ada_writes("the printer burns").await;
        let mention = told(&self.ts, "<@U0RRBOT001> ops", event);
        send(&self.services, &mention).await;
        self.output.until_answered(&self.ts).await;
        self.button = self.output.button(&self.ts).await.unwrap();
    }

    async fn press(&self, person: (&str, &str), action: &str, trigger: &str) {
        self.press_under(person, action, (&Value::Null, trigger))
            .await;
    }

    /// The same, with what Slack says of the message.
    async fn press_under(
        &self,
        (person, _): (&str, &str),
        action: &str,
        (message, trigger): (&Value, &str),
    ) {
        let button = (person, action, self.button.as_str());
        press_under(&self.services, button, message, (trigger, &self.reply_to)).await;
    }

    async fn until_thread_says(&self, expected: &[&str]) {
        self.output.until_thread_says(&self.ts, expected).await;
    }

    /// As if the server had ended before it kept by what Slack knows its messages.
    async fn forget_messages(&self, database: &Database) {
        self.output.kept_mention(&self.button).await;
        let statement = r#"update mentions set calls = replace(calls, '"ts":', '"was":')"#;
        database.execute(statement).await;
    }
}

#[tokio::test]
async fn whoever_is_called_passes_it_on_until_somebody_takes_it() {
    for database in databases().await {
        let call = Called::new(&database, &[TOMAS, ADA, PRIYA]).await;
        let said = async || replied(&call.said).await;
        // Nobody asked Priya yet.
        call.press(PRIYA, ACK, "1").await;
        assert!(said().await.contains("Only those who are called"));
        // The same press comes twice.
        for _ in 0..2 {
            call.press(TOMAS, PASS, "2").await;
        }
        let first = format!("{FIRST}\n<@U05TOMASHE> passed it on.");
        call.until_thread_says(&[&first, NEXT]).await;
        let (output, ts) = (&call.output, &call.ts);
        assert_eq!(output.button(ts).await.as_ref(), Some(&call.button));
        call.press(TOMAS, PASS, "3").await;
        assert!(said().await.contains("passed it on already"));

        call.press(PRIYA, ACK, "4").await;
        let taken = "\n<@U03PRIYARA> sees to it.";
        let (first, next) = (format!("{first}{taken}"), format!("{NEXT}{taken}"));
        call.until_thread_says(&[&first, &next]).await;
        assert_eq!(output.button(ts).await, None);
        call.press(TOMAS, ACK, "5").await;
        let late = said().await;
        assert!(late.contains("<@U03PRIYARA> sees to it already"), "{late}");
        let unknown = (TOMAS.0, ACK, "nosuch");
        let answered = ("6", call.reply_to.as_str());
        press_under(&call.services, unknown, &Value::Null, answered).await;
        assert!(said().await.contains("too long ago"));
        call.output.end().await;
    }
}

#[tokio::test]
async fn once_everybody_has_passed_it_on_that_is_said() {
    for database in databases().await {
        let mut call = Called::new(&database, &[TOMAS, ADA]).await;
        call.press(TOMAS, PASS, "1").await;
        call.output
            .until("it should be said", async || {
                let (_, last) = call.output.answers(&call.ts).await.pop()?;
                last.contains("nobody else takes turns there").then_some(())
            })
            .await;

        // Of a rotation that is gone nothing can be taken.
        call.mention_again("Ev2").await;
        let Output {
            backend, caller, ..
        } = &call.output;
        backend
            .delete_rotation(caller, call.id.clone())
            .await
            .unwrap();
        call.press(TOMAS, ACK, "2").await;
        assert!(replied(&call.said).await.contains("The rotation is gone"));
        call.output.end().await;
    }
}

#[tokio::test]
async fn whoever_asks_is_not_called_themselves_by_whichever_id_slack_told_of_them() {
    for database in databases().await {
        let call = Called::new(&database, &[TOMAS, ADA, PRIYA]).await;
        let mut ada = told_of(&person_named(ADA), clock::now());
        ada.person.other_id = Some(PersonId::new("W01ADAOKAF"));
        let store = &call.output.services.store;
        store.save_told(&workspace(), &[ada]).await.unwrap();
        let mut other = AnyConnection::connect(&database.url).await.unwrap();
        let asked = "update mentions set person_id = 'W01ADAOKAF'";
        other.execute(asked).await.unwrap();
        other.close().await.unwrap();
        call.press(TOMAS, PASS, "1").await;
        let first = format!("{FIRST}\n<@U05TOMASHE> passed it on.");
        call.until_thread_says(&[&first, NEXT]).await;
        call.output.end().await;
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
        let call = Called::new(&database, &[TOMAS, ADA]).await;
        call.forget_messages(&database).await;
        let message = call.output.last_answer(&call.ts).await;
        call.press_under(TOMAS, ACK, (&message, "1")).await;
        let taken = format!("{FIRST}\n<@U05TOMASHE> sees to it.");
        call.until_thread_says(&[&taken]).await;
        assert_eq!(call.output.button(&call.ts).await, None);
        call.output.end().await;
    }
}

#[tokio::test]
async fn a_press_that_is_refused_says_so_too_and_the_message_loses_its_buttons() {
    for database in databases().await {
        let call = Called::new(&database, &[TOMAS, ADA]).await;
        call.forget_messages(&database).await;
        // Of the press that counts Slack does not say under which message it was.
        call.press(TOMAS, ACK, "1").await;
        let told = async |output: &Output| {
            let mention = output.services.store.mention(&call.button).await;
            mention.unwrap().unwrap().calling.taken_by
        };
        call.output
            .until("it should be taken", async || told(&call.output).await)
            .await;
        let message = call.output.last_answer(&call.ts).await;
        assert_eq!(call.output.answers(&call.ts).await[0].1, FIRST);
        call.press_under(PRIYA, ACK, (&message, "2")).await;
        assert!(
            replied(&call.said)
                .await
                .contains("Only those who are called")
        );
        let taken = format!("{FIRST}\n<@U05TOMASHE> sees to it.");
        call.until_thread_says(&[&taken]).await;
        assert_eq!(call.output.button(&call.ts).await, None);
        call.output.end().await;
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_changed_yet_does_not_keep_the_next_one_from_being_called() {
    for database in databases().await {
        let call = Called::new(&database, &[TOMAS, ADA, PRIYA]).await;
        let away = json!({"side": "slack", "path": "/api/chat.update", "status": 503});
        call.output.sandbox.fault(away).await;
        call.press(TOMAS, PASS, "1").await;
        call.until_thread_says(&[FIRST, NEXT]).await;
        call.output.sandbox.clear_faults().await;
        let first = format!("{FIRST}\n<@U05TOMASHE> passed it on.");
        call.until_thread_says(&[&first, NEXT]).await;
        call.output.end().await;
    }
}

#[tokio::test]
async fn a_call_that_is_taken_while_it_is_written_loses_its_buttons() {
    for database in databases().await {
        let call = Called::new(&database, &[TOMAS, ADA, PRIYA]).await;
        // Slack takes a message a second, and one that it does not take would be the late one.
        let unlimited = json!({"enforced": false});
        call.output.sandbox.control("slack/limits", unlimited).await;
        let late = json!({
            "side": "slack", "path": POST, "delay_ms": 4_000, "after": true, "times": 1,
        });
        call.output.sandbox.fault(late).await;
        call.press(TOMAS, PASS, "1").await;
        call.output
            .until("the next one should be asked", async || {
                let (_, last) = call.output.answers(&call.ts).await.pop()?;
                (last == NEXT).then_some(())
            })
            .await;
        let writing = call.output.services.store.mention(&call.button).await;
        assert_eq!(writing.unwrap().unwrap().messages[1].ts, None);
        call.press(TOMAS, ACK, "2").await;
        let taken = "\n<@U05TOMASHE> sees to it.";
        let first = format!("{FIRST}\n<@U05TOMASHE> passed it on.{taken}");
        let next = format!("{NEXT}{taken}");
        call.until_thread_says(&[&first, &next]).await;
        assert_eq!(call.output.button(&call.ts).await, None);
        call.output.end().await;
    }
}

#[tokio::test]
async fn a_message_that_slack_refuses_to_change_spoils_no_other() {
    for database in databases().await {
        let call = Called::new(&database, &[TOMAS, ADA, PRIYA]).await;
        call.press(TOMAS, PASS, "1").await;
        let first = format!("{FIRST}\n<@U05TOMASHE> passed it on.");
        call.until_thread_says(&[&first, NEXT]).await;
        let mention = call.output.kept_mention(&call.button).await;
        let gone = mention.messages[0].ts.as_ref().unwrap();
        let statement = format!("update mentions set calls = replace(calls, '{gone}', '1.000001')");
        database.execute(&statement).await;
        call.press(PRIYA, ACK, "2").await;
        let taken = format!("{NEXT}\n<@U03PRIYARA> sees to it.");
        call.until_thread_says(&[&first, &taken]).await;
        // That is not tried again.
        call.output
            .until("both should count as told", async || {
                let mention = call.output.kept_mention(&call.button).await;
                let told = mention.messages.iter().map(|message| message.told);
                told.eq([2, 1]).then_some(())
            })
            .await;
        call.output.end().await;
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
                assert!(store.note_posting(&claimed[0], &[]).await.unwrap());
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
