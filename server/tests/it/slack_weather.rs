//! Bad weather over what Slack is told: whatever happens there, each target ends as it should be,
//! nothing is told twice, and what is wrong is said with the way out.

use crate::slack_kills::tell_slack_of;
use crate::support::{
    bound_to, databases, entry, postgres,
    slack_output::{CHANNELS_AND_GROUPS, Output},
    workspace,
};
use app::backend::{Channels, DutyGroups, Rotations, Topics};
use domain::{Crew, Duty, Member};
use serde_json::{Value, json};
use server::sync;
use std::{convert::Infallible, time::Duration};
use types::{
    AuditAction, GroupTrouble, LinkState, MemberKey, Outcome, PagerDutyUserId, PersonId,
    RotationId, TEMPLATE_MAX_CHARS, TemplateProblem,
};

const CHANNEL: &str = "C02PLATFORM";
const GROUP: &str = "S01PLATFORM";
const TOMAS: (&str, &str) = ("U05TOMASHE", "Tomás Herrera");
const JUERGEN: (&str, &str) = ("U08JUERGEN", "Jürgen Weiß");

/// A rotation of which Slack is told everything that it can be told, with Tomás on duty.
struct Told {
    output: Output,
    id: RotationId,
}

impl Told {
    async fn of(output: Output) -> Self {
        output.meet(&[TOMAS, JUERGEN]).await;
        let id = output.by_hand("Ops", &[TOMAS, JUERGEN]).await;
        tell_slack_of(&output, &id, CHANNEL).await;
        Self { output, id }
    }

    async fn rotate(&self) {
        let Output {
            backend, caller, ..
        } = &self.output;
        let rotated = backend.rotate(caller, self.id.clone()).await;
        assert!(rotated.unwrap().done().is_some());
    }

    /// Waits until the group and the topic are about this person, and so many changes were
    /// announced, the last one theirs.
    async fn until_all_say(&self, (person, name): (&str, &str), announced: usize) {
        let output = &self.output;
        output
            .until(&format!("all should say {name}"), async || {
                let group = output.sandbox.ask(&format!("slack/groups/{GROUP}")).await;
                let topic = topic(output).await;
                let written = announcements(output).await;
                let is_so = group["users"] == json!([person])
                    && topic == name
                    && written.len() == announced
                    && written.last().is_none_or(|last| last.contains(person));
                is_so.then_some(())
            })
            .await;
    }

    /// Waits until this is said to be wrong with the channel.
    async fn until_trouble(&self, words: &str) {
        let Output {
            backend, caller, ..
        } = &self.output;
        let what = format!("{words:?} should be said");
        self.output
            .until(&what, async || {
                let view = backend.announcements(caller, self.id.clone(), String::new());
                let channel = view.await.unwrap().channels.pop().unwrap();
                let trouble = channel.trouble.unwrap_or_default();
                trouble.contains(words).then_some(())
            })
            .await;
    }

    async fn control_channel(&self, what: &str, order: Value) {
        let path = format!("slack/channels/{CHANNEL}/{what}");
        self.output.sandbox.control(&path, order).await;
    }

    /// Puts all of these on duty, and nobody else takes turns.
    async fn put_on_duty(&self, members: Vec<Member>) {
        let store = &self.output.services.store;
        let workspace = workspace();
        let changing = store.change_rotation(&workspace, &self.id, |rotation| {
            let since = server::clock::now();
            let duty = |member: &Member| Duty {
                holder: member.holder(),
                since,
                until: None,
            };
            let duties = members.iter().map(duty).collect();
            rotation.crew = Crew::new(members, duties);
            Ok::<_, Infallible>(server::store::NewAuditEntry {
                at: since,
                ..entry(AuditAction::SetOnDuty)
            })
        });
        assert_eq!(changing.await.unwrap(), Some(Ok(true)));
    }
}

async fn channel(output: &Output) -> Value {
    output
        .sandbox
        .ask(&format!("slack/channels/{CHANNEL}"))
        .await
}

async fn topic(output: &Output) -> String {
    let channel = channel(output).await;
    channel["topic"].as_str().unwrap_or_default().to_owned()
}

/// What was announced so far.
async fn announcements(output: &Output) -> Vec<String> {
    let channel = channel(output).await;
    let messages = channel["messages"].as_array().unwrap().iter();
    let texts = messages.filter_map(|message| message["text"].as_str());
    let ours = texts.filter(|text| text.starts_with("On duty for"));
    ours.map(|text| text.replace(['\u{2068}', '\u{2069}'], ""))
        .collect()
}

fn member(id: &str, name: &str) -> Member {
    let user = PagerDutyUserId::new(id);
    Member {
        key: MemberKey::of_pagerduty_user(&user),
        person: None,
        pagerduty_user: Some(user),
        name: name.to_owned(),
        email: None,
        link: LinkState::NoEmail,
    }
}

fn known((id, name): (&str, &str)) -> Member {
    let person = PersonId::new(id);
    Member {
        key: MemberKey::of_person(&person),
        person: Some(person),
        pagerduty_user: None,
        link: LinkState::Linked,
        ..member(id, name)
    }
}

#[tokio::test]
async fn an_app_that_is_removed_and_added_again_tells_how_things_are_then() {
    for database in databases().await {
        let told = Told::of(Output::new(&database, &CHANNELS_AND_GROUPS).await).await;
        told.rotate().await;
        told.until_all_say(JUERGEN, 1).await;
        let Output {
            backend, caller, ..
        } = &told.output;
        told.output
            .sandbox
            .control("slack/uninstall", json!({}))
            .await;
        told.rotate().await;
        told.output
            .until("that should be said", async || {
                let looking = backend.duty_group(caller, told.id.clone(), String::new(), None);
                let trouble = looking.await.unwrap().kept?.trouble?;
                (trouble == GroupTrouble::TokenRefused.to_string()).then_some(())
            })
            .await;
        told.rotate().await;
        told.rotate().await;
        told.output.install(&CHANNELS_AND_GROUPS).await;
        database.execute("update outbox set retry_at = 0").await;
        told.until_all_say(TOMAS, 2).await;
        told.output.end().await;
    }
}

#[tokio::test]
async fn a_channel_that_is_renamed_made_private_or_archived_is_told_again_once_it_can_be() {
    for database in databases().await {
        let told = Told::of(Output::new(&database, &CHANNELS_AND_GROUPS).await).await;
        told.control_channel("rename", json!({"name": "other"}))
            .await;
        told.rotate().await;
        let until_announced = async |count: usize| {
            let output = &told.output;
            let what = format!("{count} changes should be announced");
            output
                .until(&what, async || {
                    (announcements(output).await.len() == count).then_some(())
                })
                .await;
        };
        until_announced(1).await;
        told.control_channel("make-private", json!({})).await;
        told.control_channel("members", json!({"remove": ["U0RRBOT001"]}))
            .await;
        told.rotate().await;
        told.until_trouble("/invite").await;
        told.control_channel("members", json!({"add": ["U0RRBOT001"]}))
            .await;
        told.rotate().await;
        until_announced(2).await;
        told.control_channel("archive", json!({})).await;
        told.rotate().await;
        told.until_trouble("archived").await;
        told.control_channel("archive", json!({"archived": false}))
            .await;
        told.rotate().await;
        until_announced(3).await;
        told.output.end().await;
    }
}

#[tokio::test]
async fn fifty_people_with_odd_names_are_on_duty_and_nobody_is_kept_out_by_them() {
    for database in databases().await {
        let told = Told::of(Output::new(&database, &CHANNELS_AND_GROUPS).await).await;
        let long = "x".repeat(300);
        let odd = [
            "<!channel>",
            "*Bo* _ld_ `&`",
            &long,
            "\u{5d0}\u{5d1} \u{202e}abc",
        ];
        let mut members: Vec<_> = (odd.iter().enumerate())
            .map(|(number, name)| member(&format!("PODD{number}"), name))
            .collect();
        members.extend((0..45).map(|number| {
            let name = format!("Somebody with number {number}");
            member(&format!("P{number}"), &name)
        }));
        members.push(known(JUERGEN));
        told.put_on_duty(members).await;
        let output = &told.output;
        let text = output
            .until("the change should be announced", async || {
                announcements(output).await.pop()
            })
            .await;
        assert!(text.len() < 12_000, "{}", text.len());
        assert!(text.contains("&lt;!channel&gt;") && !text.contains("<!channel>"));
        let in_group = format!("slack/groups/{GROUP}");
        output
            .until("whoever can be in the group should be", async || {
                let group = output.sandbox.ask(&in_group).await;
                (group["users"] == json!([JUERGEN.0])).then_some(())
            })
            .await;
        let topic = topic(output).await;
        assert!((1..=250).contains(&topic.chars().count()), "{topic}");
        told.output.end().await;
    }
}

#[tokio::test]
async fn a_template_of_four_thousand_characters_is_told_as_far_as_slack_takes_it() {
    for database in databases().await {
        let told = Told::of(Output::new(&database, &CHANNELS_AND_GROUPS).await).await;
        let Output {
            backend, caller, ..
        } = &told.output;
        let template = "On duty for %NAME%. ".repeat(TEMPLATE_MAX_CHARS / 20);
        assert_eq!(template.chars().count(), TEMPLATE_MAX_CHARS);
        let set =
            backend.set_announcement(caller, told.id.clone(), template.clone(), String::new());
        assert!(set.await.unwrap().done().is_some());
        let too_long = format!("{template}.");
        let set = backend.set_announcement(caller, told.id.clone(), too_long, String::new());
        assert_eq!(
            set.await.unwrap(),
            Outcome::Refused(TemplateProblem::TooLong.into())
        );
        let (channel, id) = (CHANNEL.to_owned(), told.id.clone());
        let set = backend
            .set_topic(caller, id, channel, template, String::new())
            .await;
        assert!(set.unwrap().done().is_some());
        told.rotate().await;
        let output = &told.output;
        let written = output
            .until("it should be announced", async || {
                announcements(output).await.pop()
            })
            .await;
        assert!(written.starts_with("On duty for Ops. On duty for Ops."));
        output.until_settled().await;
        let view = backend.announcements(caller, told.id.clone(), String::new());
        let shown = view.await.unwrap().channels.remove(0).written.unwrap();
        assert!(shown.starts_with("On duty for ") && shown.ends_with('…'));
        assert!(shown.chars().count() <= 300, "{shown}");
        output
            .until("the topic should be set", async || {
                let topic = topic(output).await;
                let is_set = topic.starts_with("On duty for Ops.");
                (is_set && topic.chars().count() <= 250).then_some(())
            })
            .await;
        told.output.end().await;
    }
}

#[tokio::test]
async fn after_three_hand_offs_without_a_server_only_who_is_on_duty_then_is_told() {
    for database in databases().await {
        let mut told = Told::of(Output::silent(&database, &CHANNELS_AND_GROUPS).await).await;
        for _ in 0..3 {
            told.rotate().await;
        }
        told.output = told.output.telling();
        told.until_all_say(JUERGEN, 1).await;
        let calls = "slack/calls?method=usergroups.users.update";
        let writes = told.output.sandbox.ask(calls).await;
        assert_eq!(writes["calls"].as_array().unwrap().len(), 1);
        told.output.end().await;
    }
}

#[tokio::test]
async fn an_override_of_a_few_minutes_is_told_where_it_begins_and_where_it_ends() {
    for database in databases().await {
        let output = Output::new(&database, &CHANNELS_AND_GROUPS).await;
        let (services, sandbox) = (&output.services, &output.sandbox);
        let id = bound_to(services, sandbox, "PPLATP1").await;
        let added =
            output
                .backend
                .add_slack_channel(&output.caller, id.clone(), CHANNEL.to_owned());
        assert_eq!(added.await.unwrap(), Outcome::Done(()));
        let before = crate::support::rotation(&services.store, &id).await;
        let before = before.crew.names_on_duty().join(", ");
        let reconciler = tokio::spawn(crate::support::reconcile(services.clone()));
        let (path, order) = (
            "schedules/PPLATP1/overrides",
            json!({"user": "PADAOK1", "seconds": 4}),
        );
        sandbox.control(path, order).await;
        let synced = sync::sync_now(&services.sync, &workspace(), None).await;
        assert!(synced.unwrap().is_ok());
        let written = output
            .until("both changes should be announced", async || {
                let written = announcements(&output).await;
                (written.len() == 2).then_some(written)
            })
            .await;
        assert!(written[0].contains("Ada Okafor"), "{written:?}");
        assert!(written[1].contains(&before), "{before} in {written:?}");
        output.end().await;
        reconciler.await.unwrap();
    }
}

#[tokio::test]
async fn whoever_goes_on_with_another_shift_is_no_change() {
    for database in databases().await {
        let output = Output::new(&database, &CHANNELS_AND_GROUPS).await;
        let (services, sandbox) = (&output.services, &output.sandbox);
        let id = bound_to(services, sandbox, "PPLATP1").await;
        tell_slack_of(&output, &id, CHANNEL).await;
        output
            .until("the topic should be set", async || {
                (!topic(&output).await.is_empty()).then_some(())
            })
            .await;
        let reconciler = tokio::spawn(crate::support::reconcile(services.clone()));
        let on_call = sandbox.on_call("PPLATP1").await;
        let written = async || {
            let mut calls = Vec::new();
            for method in [
                "usergroups.users.update",
                "conversations.setTopic",
                "chat.postMessage",
            ] {
                let told = sandbox.ask(&format!("slack/calls?method={method}")).await;
                calls.push(told["calls"].as_array().unwrap().len());
            }
            calls
        };
        let before = written().await;
        // The shift ends, and the next is the same person's.
        let order = json!({"seconds": 2, "next": on_call[0]});
        sandbox.control("schedules/PPLATP1/end-shift", order).await;
        let synced = sync::sync_now(&services.sync, &workspace(), None).await;
        assert!(synced.unwrap().is_ok());
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(sandbox.on_call("PPLATP1").await, on_call);
        assert_eq!(written().await, before);
        output.end().await;
        reconciler.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_tell_slack_of_each_change_once() {
    let Some(database) = postgres().await else {
        return;
    };
    let told = Told::of(Output::new(&database, &CHANNELS_AND_GROUPS).await).await;
    let (other, telling) = told.output.beside(&database).await;
    for (turn, person) in [JUERGEN, TOMAS, JUERGEN].into_iter().enumerate() {
        told.rotate().await;
        told.until_all_say(person, turn + 1).await;
    }
    // One of them ends.
    told.output.services.shutdown.cancel();
    told.rotate().await;
    told.until_all_say(TOMAS, 4).await;
    other.shutdown.cancel();
    telling.await.unwrap();
    told.output.end().await;
}
