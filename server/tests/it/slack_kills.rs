//! The server's process killed at any moment while it tells Slack what becomes of duty: nothing is
//! lost, nothing is told twice, and of one message at most nobody knows, wherever it goes.

use crate::commands::{
    ANN, LONG_AGO, SECRET, form, ops, replied, seconds_now, signature, taking_replies,
    until_all_are_answered,
};
use crate::database::keep_locked;
use crate::mentions::{self, ACK, ADA, PASS};
use crate::support::{
    Database, NOWHERE, databases, entry,
    ports::free_port,
    process::ServerProcess,
    services,
    slack_output::{CHANNELS_AND_GROUPS, Output, holding_those_on_duty},
    soaking, workspace,
};
use app::backend::{Channels, DutyGroups, Rotations, Topics};
use domain::PersonalNotice;
use futures::future::join_all;
use serde_json::{Value, json};
use server::{
    slack::{ANNOUNCEMENT, CALL, DUTY_GROUP, Event, Interaction, MENTION, TOPIC},
    slack_input::{answer_press, take_mention},
};
use std::{
    collections::BTreeSet,
    convert::Infallible,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, time};
use types::{AuditAction, Outcome, RotationId, SlackGroupId, Visibility};

/// Each with its channels. Both feed the group, and each sets the topic of its first channel.
const CHANNELS: [[&str; 2]; 2] = [
    ["C02PLATFORM", "C04INCIDENT"],
    ["C03PAYMENTS", "C01GENERAL1"],
];
const GROUP: &str = "S01PLATFORM";
pub const TOMAS_AND_JUERGEN: [(&str, &str); 2] = [
    ("U05TOMASHE", "Tomás Herrera"),
    ("U08JUERGEN", "Jürgen Weiß"),
];
const PRIYA_AND_WEI: [(&str, &str); 2] =
    [("U03PRIYARA", "Priya Raman"), ("U07WEIZHAN", "Wei Zhang")];
/// A dead server's claim, its lease, and a busy machine.
const RECOVERY: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_while_it_tells_slack_loses_nothing_and_tells_nothing_twice() {
    let rounds = if soaking() { 50 } else { 10 };
    let engines = databases().await.into_iter();
    let tests = engines.map(|database| tokio::spawn(kill_again_and_again(database, rounds)));
    for ended in join_all(tests).await {
        ended.unwrap();
    }
}

async fn kill_again_and_again(database: Database, kills: usize) {
    let output = Output::silent(
        &database,
        &[&["app_mentions:read", "im:write"], &CHANNELS_AND_GROUPS[..]].concat(),
    )
    .await;
    let sandbox = &output.sandbox;
    sandbox
        .control("slack/limits", json!({"enforced": false}))
        .await;
    // What was sent is often not yet answered when the server dies.
    let slow = json!({"side": "slack", "path": "/api/", "delay_ms": 40, "after": true});
    sandbox.fault(slow).await;
    output.meet(&TOMAS_AND_JUERGEN).await;
    output.meet(&PRIYA_AND_WEI).await;
    output.meet(&[ADA]).await;
    let rotations = [
        output.by_hand("Platform", &TOMAS_AND_JUERGEN).await,
        output.by_hand("Payments", &PRIYA_AND_WEI).await,
    ];
    for (id, [channel, other]) in rotations.iter().zip(CHANNELS) {
        tell_slack_of(&output, id, channel).await;
        announce_in(&output, id, other).await;
    }
    output.name_with_code(&rotations[0]).await;
    let slack = format!("{}/slack", sandbox.url);
    let start = || ServerProcess::start_with_slack(&database, &sandbox.url, &slack);
    let mut server = start().await;
    for number in 0..kills {
        output.call(number).await;
        for again in 0..2 {
            output.press_some_button(3 * number + again).await;
        }
        for _ in 0..3 {
            change_duty(&output, &rotations).await;
        }
        until_something_is_sent(&database).await;
        // Any moment of it will do.
        time::sleep(Duration::from_millis(random_below(300))).await;
        server.kill();
        let unclear = being_written(&database).await;
        assert!(unclear.len() <= 1, "nobody knows of {unclear:?}");
        output.press_some_button(3 * number + 2).await;
        change_duty(&output, &rotations).await;
        long_gone(&database).await;
        server = start().await;
    }
    until_nothing_waits(&database).await;

    let presses = every_call_was_made_once(&output, &database).await;
    let mut told = nobody_was_told_twice(&output, &database).await;
    let told_in = rotations.iter().zip(CHANNELS);
    for (id, channel) in told_in.flat_map(|(id, all)| all.map(|channel| (id, channel))) {
        let ends = ends(&database, id, channel).await;
        let written = messages(&output, channel).await;
        let delivered = ends.iter().filter(|end| *end == "delivered").count();
        let unclear = ends.iter().filter(|end| *end == "in_doubt").count();
        assert_eq!(delivered + unclear, ends.len(), "{ends:?}");
        assert!(
            (delivered..=delivered + unclear).contains(&written),
            "{written} messages for {delivered} notices and {unclear} in doubt"
        );
        told += written;
    }
    let in_doubt = in_doubt(&database).await;
    assert!(in_doubt.len() <= kills, "{in_doubt:?} after {kills} kills");
    assert_eq!(in_group(&output).await, on_duty(&output, &rotations).await);
    let topic = output
        .sandbox
        .ask(&format!("slack/channels/{}", CHANNELS[0][0]))
        .await;
    let [holder] = &on_duty_in(&output, &rotations[0]).await[..] else {
        panic!("somebody is on duty");
    };
    assert_eq!(topic["topic"], holder.1.as_str());
    let engine = database.url.split(':').next().unwrap_or_default();
    println!(
        "{engine}: {kills} kills, {told} messages, {} in doubt, {presses} presses",
        in_doubt.len()
    );
    server.kill();
    output.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_gave_a_command_is_answered_also_where_the_server_is_killed_meanwhile() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let id = ops(&services, Visibility::Public).await;
        let on_duty = async || {
            let rotation = crate::support::rotation(&services.store, &id).await;
            rotation.crew.names_on_duty().join(", ")
        };
        // Nobody takes answers there yet.
        let port = free_port();
        let slack = format!("http://127.0.0.1:{port}");
        let start = || ServerProcess::start_signing(&database, &slack, SECRET);
        let server = start().await;
        let lock = keep_locked(&database, "changes").await;
        let first = rotate_late(&server, &slack, "1").await;
        assert!(first.contains("The answer follows here"), "{first}");
        drop(lock);
        until_some(
            &database,
            "select text from late_answers where text is not null",
        )
        .await;
        assert_eq!(on_duty().await, "Bob");
        server.kill();
        long_gone(&database).await;
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let said = taking_replies(listener, &[]);
        let mut server = start().await;
        let answer = replied(&said).await;
        assert!(answer.starts_with("Done. On duty for Ops"), "{answer}");
        until_all_are_answered(&database).await;

        // One that is killed while it does what was asked for. A locked file lets no other begin.
        if database.url.starts_with("postgres") {
            let lock = keep_locked(&database, "rotations").await;
            rotate_late(&server, &slack, "2").await;
            until_some(&database, "select id from late_answers").await;
            server.kill();
            drop(lock);
            for statement in LONG_AGO {
                database.execute(statement).await;
            }
            long_gone(&database).await;
            server = start().await;
            let answer = replied(&said).await;
            assert!(answer.contains("may have been done"), "{answer}");
            until_all_are_answered(&database).await;
        }
        assert_eq!(on_duty().await, "Bob");
        assert!(said.lock().unwrap().is_empty());
        server.kill();
    }
}

/// Has a rotation go on by a command of Ann's, with this trigger. What is answered in time.
async fn rotate_late(server: &ServerProcess, slack: &str, trigger: &str) -> String {
    let body = form(ANN, "ops rotate", trigger);
    let body = format!("{body}&response_url={slack}/replies");
    let (seconds, client) = (seconds_now(), reqwest::Client::new());
    let asking = client
        .post(format!("{}/api/slack/commands", server.url))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-slack-request-timestamp", seconds)
        .header("x-slack-signature", signature(SECRET, seconds, &body))
        .body(body);
    asking.send().await.unwrap().text().await.unwrap()
}

async fn announce_in(output: &Output, id: &RotationId, channel: &str) {
    let adding = output
        .backend
        .add_slack_channel(&output.caller, id.clone(), channel.to_owned());
    assert_eq!(adding.await.unwrap(), Outcome::Done(()));
}

/// Has a rotation announced in its channel, whose topic says who is on duty, and feed the group.
pub async fn tell_slack_of(output: &Output, id: &RotationId, channel: &str) {
    announce_in(output, id, channel).await;
    let (backend, caller) = (&output.backend, &output.caller);
    let (topic, template) = (channel.to_owned(), "%USER%".to_owned());
    let set = backend.set_topic(caller, id.clone(), topic, template, String::new());
    assert!(set.await.unwrap().done().is_some());
    let group = holding_those_on_duty(SlackGroupId::new(GROUP));
    let connected = backend.connect_duty_group(caller, id.clone(), group, true);
    assert_eq!(connected.await.unwrap(), Outcome::Done(()));
}

impl Output {
    /// Gives a rotation the code by which it is mentioned.
    async fn name_with_code(&self, id: &RotationId) {
        let store = &self.services.store;
        let workspace = workspace();
        let changing = store.change_rotation(&workspace, id, |rotation| {
            rotation.details.code = Some("OPS".to_owned());
            Ok::<_, Infallible>(entry(AuditAction::EditedRotation))
        });
        assert_eq!(changing.await.unwrap(), Some(Ok(true)));
    }

    /// Ada has whoever is on duty called; Slack tells of it twice.
    async fn call(&self, number: usize) {
        let ts = self.ada_writes("the printer burns").await;
        for again in 0..2 {
            let event = format!("Ev{number}-{again}");
            let told = mentions::told(&ts, "<@U0RRBOT001> ops", &event).to_string();
            let Event::Mention(mention) = Event::read(told.as_bytes()) else {
                panic!("it is a mention");
            };
            let taking = take_mention(&self.services, &mention, Duration::ZERO);
            taking.await.unwrap();
        }
    }

    /// Somebody, who may have been called or not, takes a call or passes it on, and Slack tells of
    /// it twice.
    async fn press_some_button(&self, number: usize) {
        let messages = self.messages().await;
        let button = |message: &Value| {
            let value = &message["blocks"][1]["elements"][0]["value"];
            Some((message.clone(), value.as_str()?.to_owned()))
        };
        let open: Vec<_> = messages.iter().filter_map(button).collect();
        let Some((message, value)) = open.last() else {
            return;
        };
        let [person, action] = [random_below(2), random_below(2)].map(|one| one == 0);
        let (person, _) = TOMAS_AND_JUERGEN[usize::from(person)];
        let action = if action { ACK } else { PASS };
        let trigger = number.to_string();
        for _ in 0..2 {
            let pressed = (person, action, value.as_str());
            let form = mentions::pressed(pressed, message, (&trigger, ""));
            let Interaction::Press(press) = Interaction::read(form.as_bytes()) else {
                panic!("it is a press");
            };
            answer_press(&self.services, &press, "press").await;
        }
    }
}

/// The messages that have begun to be written, and of which it is not kept what came of them. What
/// one message tells of several rotations counts once; what can be written twice is never in doubt.
async fn being_written(database: &Database) -> Vec<String> {
    let repeatable = repeatable();
    let sent = format!(
        "select distinct kind || ' ' || target from outbox
         where state = 'sending' and posting = attempts and kind not in ({repeatable})"
    );
    database.texts(&sent).await
}

/// The messages of which nobody knows whether they were written.
async fn in_doubt(database: &Database) -> Vec<String> {
    let never = format!(
        "select kind from outbox where state = 'in_doubt' and kind in ({})",
        repeatable()
    );
    assert_eq!(database.texts(&never).await, [""; 0]);
    let doubtful = "select distinct kind || ' ' || target || ' ' || cast(ended_at as text)
         from outbox where state = 'in_doubt'";
    database.texts(doubtful).await
}

/// The kinds of what Slack is brought to and not told.
fn repeatable() -> String {
    let kinds = [DUTY_GROUP, TOPIC, CALL].map(|kind| format!("'{kind}'"));
    kinds.join(", ")
}

/// The kinds of what people are told themselves.
fn personal() -> String {
    let kinds = PersonalNotice::all().map(|notice| format!("'{}'", notice.kind()));
    kinds.collect::<Vec<_>>().join(", ")
}

/// Holds that nobody read more messages than there was to tell them. How many were read.
async fn nobody_was_told_twice(output: &Output, database: &Database) -> usize {
    let mut read = 0;
    for (person, _) in TOMAS_AND_JUERGEN.into_iter().chain(PRIYA_AND_WEI) {
        let ended = format!(
            "select state from outbox where kind in ({}) and target = 'slack:{person}'",
            personal()
        );
        let ended = database.texts(&ended).await;
        let told = output.told(person).await.len();
        assert!(told <= ended.len(), "{told} messages for {ended:?}");
        read += told;
    }
    assert!(read > 0, "nobody was told of their duty");
    read
}

/// Holds that each call stands in its thread once, or is in doubt, and that what is known to stand
/// there says what became of it. How often a press counted.
async fn every_call_was_made_once(output: &Output, database: &Database) -> usize {
    let ended = |state: &str| {
        format!("select subject_id from outbox where kind = '{MENTION}' and state = '{state}'")
    };
    let doubtful = database.texts(&ended("in_doubt")).await;
    let lost = database.texts(&ended("given_up")).await;
    assert!(lost.is_empty(), "{lost:?}");
    let mut presses = 0;
    let messages = output.messages().await;
    let text = |message: &Value| message["text"].as_str().unwrap().to_owned();
    for id in database.texts("select id from mentions").await {
        let mention = output.services.store.mention(&id).await.unwrap().unwrap();
        let thread = messages
            .iter()
            .filter(|message| message["thread_ts"] == mention.asked.thread.as_str());
        let said: Vec<_> = thread.map(text).collect();
        let firsts = said.iter().filter_map(|text| text.lines().next());
        let apart: BTreeSet<_> = firsts.collect();
        assert_eq!(apart.len(), said.len(), "told twice: {said:?}");
        presses += mention.calling.changes();
        let unclear = doubtful.iter().filter(|one| **one == id).count();
        let calls = mention.calling.calls.len();
        assert!(calls > 0 && calls <= said.len() + unclear, "{said:?}");
        for written in &mention.messages {
            let Some(ts) = &written.ts else { continue };
            let message = messages.iter().find(|message| message["ts"] == ts.as_str());
            let says = text(message.expect("it was written"));
            let is_taken = mention.calling.taken_by.is_some();
            assert_eq!(says.contains("sees to it"), is_taken, "{says}");
        }
    }
    presses
}

async fn change_duty(output: &Output, rotations: &[RotationId]) {
    let place = usize::try_from(random_below(2)).unwrap();
    let rotated = output
        .backend
        .rotate(&output.caller, rotations[place].clone());
    assert!(rotated.await.unwrap().done().is_some());
}

fn random_below(limit: u64) -> u64 {
    getrandom::u64().unwrap() % limit
}

/// What became of what was to be said of a rotation in this channel.
async fn ends(database: &Database, id: &RotationId, channel: &str) -> Vec<String> {
    let of_rotation =
        format!("kind = '{ANNOUNCEMENT}' and subject_id = '{id}' and target = '{channel}'");
    let ended = format!("select state from outbox where {of_rotation}");
    database.texts(&ended).await
}

/// As if the server that was killed had been gone for as long as its claims and its lease last.
async fn long_gone(database: &Database) {
    for statement in [
        "update outbox set claimed_until = 0, retry_at = 0 where state <> 'delivered'",
        "update task_leases set held_until = 0",
    ] {
        database.execute(statement).await;
    }
}

/// Waits until the server is at it.
async fn until_something_is_sent(database: &Database) {
    until_some(database, "select id from outbox where state = 'sending'").await;
}

/// Waits until the statement selects something.
async fn until_some(database: &Database, statement: &str) {
    let began = Instant::now();
    while database.texts(statement).await.is_empty() {
        assert!(began.elapsed() < RECOVERY, "{statement}");
        time::sleep(Duration::from_millis(5)).await;
    }
}

pub async fn until_nothing_waits(database: &Database) {
    let began = Instant::now();
    let waiting = format!(
        "select kind || ' ' || state || ' ' || coalesce(problem, '') from outbox
         where kind in ('{ANNOUNCEMENT}', '{MENTION}', {}, {}) and state in ('waiting', 'sending')",
        repeatable(),
        personal()
    );
    loop {
        let left = database.texts(&waiting).await;
        if left.is_empty() {
            return;
        }
        assert!(began.elapsed() < RECOVERY, "still to be told: {left:?}");
        time::sleep(Duration::from_millis(100)).await;
    }
}

async fn messages(output: &Output, channel: &str) -> usize {
    let told = output
        .sandbox
        .ask(&format!("slack/channels/{channel}"))
        .await;
    let messages = told["messages"].as_array().unwrap();
    let ours = messages.iter().filter(|message| {
        let text = message["text"].as_str().unwrap_or_default();
        text.starts_with("On duty for")
    });
    ours.count()
}

/// The ids and names of those on duty.
async fn on_duty_in(output: &Output, id: &RotationId) -> Vec<(String, String)> {
    let rotation = crate::support::rotation(&output.services.store, id).await;
    let duties = rotation.crew.duties.iter();
    let holders = duties.map(|duty| {
        let person = duty.holder.key.person().unwrap();
        (person.to_string(), duty.holder.name.clone())
    });
    holders.collect()
}

async fn on_duty(output: &Output, rotations: &[RotationId]) -> BTreeSet<String> {
    let mut people = BTreeSet::new();
    for id in rotations {
        people.extend(on_duty_in(output, id).await.into_iter().map(|(id, _)| id));
    }
    people
}

async fn in_group(output: &Output) -> BTreeSet<String> {
    let store = &output.services.store;
    let id = SlackGroupId::new(GROUP);
    let kept = store.duty_group(&workspace(), DUTY_GROUP, &id).await;
    let known = kept.unwrap().unwrap().known.unwrap().members;
    let told = output.sandbox.ask(&format!("slack/groups/{GROUP}")).await;
    let told: BTreeSet<_> = told["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        known
            .iter()
            .map(ToString::to_string)
            .collect::<BTreeSet<_>>(),
        told
    );
    told
}
