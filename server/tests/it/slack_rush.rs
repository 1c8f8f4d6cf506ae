//! Many rotations change hands at the same moment, as at nine in the morning, and feed groups
//! that Slack lets be written some twenty times a minute.

use crate::support::{
    Database, databases,
    slack_output::{Output, holding_those_on_duty},
    soaking,
};
use app::backend::{DutyGroups, Rotations};
use futures::future::join_all;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time;
use types::{Outcome, RotationId, SlackGroupId};

const SCOPES: [&str; 3] = ["users:read", "usergroups:read", "usergroups:write"];
const PEOPLE: [(&str, &str); 2] = [
    ("U05TOMASHE", "Tomás Herrera"),
    ("U08JUERGEN", "Jürgen Weiß"),
];
const WRITE: &str = "usergroups.users.update";

/// How many rotations feed how many groups, and by when all of these are right.
struct Rush {
    rotations: usize,
    groups: usize,
    within: Duration,
    /// Whether Slack limits what it is asked.
    limited: bool,
}

const USUAL: Rush = Rush {
    rotations: 20,
    groups: 6,
    within: Duration::from_secs(30),
    limited: false,
};
const SOAK: Rush = Rush {
    rotations: 200,
    groups: 60,
    within: Duration::from_secs(200),
    limited: true,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_all_change_hands_at_once_each_group_is_written_once() {
    let rush = if soaking() { &SOAK } else { &USUAL };
    for database in databases().await {
        rush_of(rush, database).await;
    }
}

/// As many as rush, each group with the first of the people.
struct Arranged {
    output: Output,
    groups: Vec<String>,
    rotations: Vec<RotationId>,
}

impl Arranged {
    async fn of(rush: &Rush, database: &Database) -> Self {
        let output = Output::new(database, &SCOPES).await;
        limit(&output, false).await;
        output.meet(&PEOPLE).await;
        let groups: Vec<_> = (0..rush.groups)
            .map(|number| format!("SRUSH{number}"))
            .collect();
        for group in &groups {
            let order = json!({"id": group, "handle": group.to_lowercase()});
            output.sandbox.control("slack/groups", order).await;
        }
        let mut rotations = Vec::new();
        for number in 0..rush.rotations {
            let id = output.by_hand(&format!("Rush {number}"), &PEOPLE).await;
            connect(&output, &id, &groups[number % rush.groups]).await;
            rotations.push(id);
        }
        let until = Instant::now() + rush.within;
        until_all_have(&output, &groups, PEOPLE[0].0, until).await;
        Self {
            output,
            groups,
            rotations,
        }
    }

    /// Has all change hands at the same moment.
    async fn rotate(&self) {
        let Output {
            backend, caller, ..
        } = &self.output;
        let handed_over = self.rotations.iter().map(async |id| {
            let rotated = backend.rotate(caller, id.clone()).await;
            assert!(rotated.unwrap().done().is_some());
        });
        join_all(handed_over).await;
    }
}

/// Has Slack limit what it is asked, or not.
async fn limit(output: &Output, enforced: bool) {
    let order = json!({"enforced": enforced});
    output.sandbox.control("slack/limits", order).await;
}

async fn rush_of(rush: &Rush, database: Database) {
    let arranged = Arranged::of(rush, &database).await;
    let Arranged { output, groups, .. } = &arranged;
    let before = writes(output).await;

    limit(output, rush.limited).await;
    let began = Instant::now();
    arranged.rotate().await;
    let first = until_one_has(output, groups, PEOPLE[1].0, began + rush.within).await;
    until_all_have(output, groups, PEOPLE[1].0, began + rush.within).await;
    let (took, written) = (began.elapsed(), writes(output).await - before);
    let engine = database.url.split(':').next().unwrap_or_default();
    println!(
        "{engine}: {} rotations on {} groups: the first after {:?}, all after {took:?}, {written} writes",
        rush.rotations,
        rush.groups,
        first.duration_since(began)
    );
    // Some were written while others of theirs had not changed yet.
    assert!(
        written <= 2 * rush.groups,
        "{written} writes of {} groups",
        rush.groups
    );
    arranged.output.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slack_that_asks_to_wait_while_all_change_hands_is_left_alone_and_then_told_all() {
    let (rush, wait) = match soaking() {
        true => (&SOAK, Duration::from_secs(60)),
        false => (&USUAL, Duration::from_secs(3)),
    };
    for database in databases().await {
        let arranged = Arranged::of(rush, &database).await;
        let Arranged { output, groups, .. } = &arranged;
        let busy = json!({
            "side": "slack", "path": format!("/api/{WRITE}"), "status": 429,
            "seconds": wait.as_secs(),
        });
        let (began, before) = (Instant::now(), writes(output).await);
        output.sandbox.fault(busy).await;
        arranged.rotate().await;
        until_all_have(output, groups, PEOPLE[1].0, began + wait + rush.within).await;
        assert!(began.elapsed() >= wait, "{:?}", began.elapsed());
        let written = writes(output).await - before;
        // Each by one write, beside those that Slack refused before it was left alone.
        assert!(written <= 3 * rush.groups, "{written} writes");
        arranged.output.end().await;
    }
}

async fn connect(output: &Output, id: &RotationId, group: &str) {
    let chosen = holding_those_on_duty(SlackGroupId::new(group));
    let connecting = output
        .backend
        .connect_duty_group(&output.caller, id.clone(), chosen, true);
    assert_eq!(connecting.await.unwrap(), Outcome::Done(()));
}

/// Who is in the groups of the rush, each told once.
async fn members(output: &Output, groups: &[String]) -> Vec<Vec<String>> {
    let told = output.sandbox.ask("slack/groups").await;
    let told = told["groups"].as_array().unwrap();
    let ours = told.iter().filter(|group| {
        let id = group["id"].as_str().unwrap();
        groups.iter().any(|ours| ours == id)
    });
    let users = ours.map(|group| group["users"].as_array().unwrap().iter());
    users
        .map(|users| {
            users
                .map(|user| user.as_str().unwrap().to_owned())
                .collect()
        })
        .collect()
}

async fn until_all_have(output: &Output, groups: &[String], person: &str, until: Instant) {
    loop {
        let members = members(output, groups).await;
        let right = members
            .iter()
            .filter(|members| **members == [person])
            .count();
        if right == groups.len() {
            return;
        }
        assert!(
            Instant::now() < until,
            "{right} of {} are right",
            groups.len()
        );
        time::sleep(Duration::from_millis(50)).await;
    }
}

async fn until_one_has(
    output: &Output,
    groups: &[String],
    person: &str,
    until: Instant,
) -> Instant {
    loop {
        let members = members(output, groups).await;
        if members
            .iter()
            .any(|members| members.iter().any(|one| one == person))
        {
            return Instant::now();
        }
        assert!(Instant::now() < until, "no group is right");
        time::sleep(Duration::from_millis(20)).await;
    }
}

async fn writes(output: &Output) -> usize {
    let told = output
        .sandbox
        .ask(&format!("slack/calls?method={WRITE}"))
        .await;
    told["calls"].as_array().unwrap().len()
}

#[tokio::test]
async fn whoever_begins_is_told_themselves_within_seconds_of_the_hand_off() {
    const TURNS: usize = 20;
    let within = Duration::from_secs(if soaking() { 3 } else { 20 });
    let people = [("U01ADAOKAF", "Ada Okafor"), PEOPLE[0]];
    for database in databases().await {
        let output = Output::with_company(&database, &["chat:write", "im:write"]).await;
        let unlimited = json!({"enforced": false});
        output.sandbox.control("slack/limits", unlimited).await;
        let id = output.by_hand("Rush", &people).await;
        let until_told = async |person: &str, times: usize| {
            let what = format!("{person} should be told {times} times");
            output
                .until(&what, async || {
                    (output.told(person).await.len() == times).then_some(())
                })
                .await;
        };
        until_told(people[0].0, 1).await;
        let mut took = Vec::new();
        for turn in 1..=TURNS {
            let (person, _) = people[turn % 2];
            let began = Instant::now();
            let rotated = output.backend.rotate(&output.caller, id.clone()).await;
            assert!(rotated.unwrap().done().is_some());
            until_told(person, turn / 2 + 1).await;
            took.push(began.elapsed());
        }
        took.sort();
        let engine = database.url.split(':').next().unwrap_or_default();
        let (median, p99) = (took[TURNS / 2], took[TURNS - 1]);
        println!("{engine}: from a hand-off to a direct message: median {median:?}, p99 {p99:?}");
        assert!(p99 < within, "{took:?}");
        output.end().await;
    }
}
