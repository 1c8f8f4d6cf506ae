//! A server of which Slack knows everything: while nothing changes it writes nothing there, and asks
//! no more often because there are more rotations.

use crate::{
    slack_kills::{TOMAS_AND_JUERGEN, tell_slack_of, until_nothing_waits},
    support::{
        Database, caller, databases,
        process::ServerProcess,
        slack_output::{CHANNELS_AND_GROUPS, Output},
        soaking,
    },
};
use app::backend::Rotations;
use futures::future::join_all;
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};
use tokio::time;

const CHANNELS: [&str; 2] = ["C02PLATFORM", "C03PAYMENTS"];
/// The directory, and what groups hold: both are read now and then, however many rotations there are.
const LOOKS: [&str; 5] = [
    "auth.test",
    "team.info",
    "usergroups.list",
    "usergroups.users.list",
    "users.list",
];
/// How often each topic may be looked at, in seconds.
const TOPIC_SECONDS: u64 = 300;

#[tokio::test]
async fn while_nothing_changes_slack_is_told_nothing() {
    let seconds = if soaking() { 600 } else { 60 };
    let engines = databases().await.into_iter();
    let tests = engines.map(|database| tokio::spawn(at_rest(database, seconds)));
    for ended in join_all(tests).await {
        ended.unwrap();
    }
}

async fn at_rest(database: Database, seconds: u64) {
    let output = Output::silent(
        &database,
        &[&["im:write"], &CHANNELS_AND_GROUPS[..]].concat(),
    )
    .await;
    output.meet(&TOMAS_AND_JUERGEN).await;
    let mut rotations = Vec::new();
    for (name, channel) in ["Platform", "Payments"].into_iter().zip(CHANNELS) {
        let id = output.by_hand(name, &TOMAS_AND_JUERGEN).await;
        tell_slack_of(&output, &id, channel).await;
        rotations.push(id);
    }
    let slack = format!("{}/slack", output.sandbox.url);
    let server = ServerProcess::start_with_slack(&database, &output.sandbox.url, &slack).await;
    // What there is to tell has been told before it counts.
    for id in &rotations {
        let rotated = output.backend.rotate(&caller(), id.clone()).await;
        assert!(rotated.unwrap().done().is_some());
    }
    until_nothing_waits(&database).await;
    let before = calls(&output).await.len();
    assert!(before > 0, "Slack was told of the change");

    time::sleep(Duration::from_secs(seconds)).await;

    let mut asked = BTreeMap::new();
    for method in calls(&output).await.split_off(before) {
        *asked.entry(method).or_insert(0_u64) += 1;
    }
    println!("{seconds} seconds at rest: {asked:?}");
    asked.retain(|method, _| !LOOKS.contains(&method.as_str()));
    let topics = u64::try_from(CHANNELS.len()).unwrap() * (seconds / TOPIC_SECONDS + 1);
    let looked_at = asked.remove("conversations.info").unwrap_or_default();
    assert!(
        looked_at <= topics,
        "topics were looked at {looked_at} times"
    );
    assert_eq!(asked, BTreeMap::new(), "nothing has changed");
    server.kill();
    output.end().await;
}

/// The methods that Slack was asked for, one after the other.
async fn calls(output: &Output) -> Vec<String> {
    let told = output.sandbox.ask("slack/calls").await;
    let calls = told["calls"].as_array().unwrap().iter();
    let method = |call: &Value| call["method"].as_str().unwrap().to_owned();
    calls.map(method).collect()
}
