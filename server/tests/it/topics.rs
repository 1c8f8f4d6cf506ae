//! Topics of Slack channels that say who is on duty, from the template to the channel.

use crate::http::browser::Browser;
use crate::support::{Database, databases, slack_output::Output, workspace};
use app::backend::{Rotations, Topics};
use axum::http::StatusCode;
use serde_json::json;
use server::{
    slack::TOPIC,
    slack_output::{self, Rounds},
};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::time::Duration;
use types::{Outcome, RotationId, TemplateProblem, TopicRefusal, TopicTrouble, TopicView};

const CHANNEL: &str = "C02PLATFORM";
const OTHER: &str = "C03PAYMENTS";
const ARCHIVED: &str = "C06WAREHOU";
const SCOPES: [&str; 3] = ["channels:read", "channels:write.topic", "channels:join"];
const ANN_AND_BOB: [(&str, &str); 2] = [("U1", "Ann"), ("U2", "Bob")];
const SET: &str = "conversations.setTopic";

impl Output {
    /// A channel whose topic is *Ann*, who is on duty before Bob.
    async fn with_topic(database: &Database) -> (Self, RotationId) {
        let output = Self::new(database, &SCOPES).await;
        let id = output.by_hand("Ops", &ANN_AND_BOB).await;
        output.set_topic(&id, CHANNEL, "%USER%").await;
        output.until_topic(CHANNEL, "Ann").await;
        output.until_at_rest(&id).await;
        (output, id)
    }

    async fn set_topic(
        &self,
        id: &RotationId,
        channel: &str,
        template: &str,
    ) -> Outcome<(), TopicRefusal> {
        let (channel, template) = (channel.to_owned(), template.to_owned());
        let setting =
            self.backend
                .set_topic(&self.caller, id.clone(), channel, template, String::new());
        setting.await.unwrap().map(drop)
    }

    async fn topic(&self, id: &RotationId, template: &str) -> TopicView {
        let template = template.to_owned();
        let asking = self.backend.topic(&self.caller, id.clone(), template);
        asking.await.unwrap()
    }

    async fn until_at_rest(&self, id: &RotationId) {
        self.until("nothing more should be written", async || {
            (!self.topic(id, "").await.waiting).then_some(())
        })
        .await;
    }

    async fn until_forgotten(&self) {
        self.until("the topic should be forgotten", async || {
            let store = &self.services.store;
            let topics = store.topics(&workspace(), TOPIC, None).await.unwrap();
            topics.is_empty().then_some(())
        })
        .await;
    }

    async fn look_at_topics(&self) {
        let rounds = Rounds::default();
        let looking = slack_output::look_at_topics(&self.services, &rounds);
        looking.await.unwrap();
    }

    async fn topics_set(&self) -> usize {
        let told = self.sandbox.ask(&format!("slack/calls?method={SET}")).await;
        told["calls"].as_array().unwrap().len()
    }

    async fn by_hand_in(&self, channel: &str, topic: &str) {
        let path = format!("slack/channels/{channel}/topic");
        self.sandbox.control(&path, json!({"topic": topic})).await;
    }
}

#[tokio::test]
async fn a_topic_follows_the_rotation_is_set_once_for_each_change_and_cleared_in_the_end() {
    for database in databases().await {
        let output = Output::new(&database, &SCOPES).await;
        let id = output.by_hand("Ops & <!channel>", &ANN_AND_BOB).await;
        let set = output.set_topic(&id, CHANNEL, "%NAME%: %USER%").await;
        assert_eq!(set, Outcome::Done(()));
        output
            .until_topic(CHANNEL, "Ops &amp; &lt;!channel&gt;: Ann")
            .await;
        let rotated = output.backend.rotate(&output.caller, id.clone()).await;
        assert!(rotated.unwrap().done().is_some());
        output
            .until_topic(CHANNEL, "Ops &amp; &lt;!channel&gt;: Bob")
            .await;
        output.until_at_rest(&id).await;
        for _ in 0..2 {
            output.look_at_topics().await;
        }
        output.until_at_rest(&id).await;
        // The first time, Round Robin was not in the channel.
        assert_eq!(output.topics_set().await, 3);
        assert!(output.topic(&id, "").await.written_at.is_some());

        // Another channel, and then none.
        output.set_topic(&id, OTHER, "%USER%").await;
        output.until_topic(CHANNEL, "").await;
        output.until_topic(OTHER, "Bob").await;
        output.set_topic(&id, OTHER, "").await;
        output.until_topic(OTHER, "").await;
        output.end().await;
    }
}

#[tokio::test]
async fn what_somebody_set_by_hand_is_said_and_set_back() {
    for database in databases().await {
        let (output, id) = Output::with_topic(&database).await;
        output.by_hand_in(CHANNEL, "Lunch at noon").await;
        output.look_at_topics().await;
        output.until_topic(CHANNEL, "Ann").await;
        output.until_at_rest(&id).await;
        let told = output.topic(&id, "").await;
        assert!(told.edited_at.is_some() && !told.is_edited);

        // Also where it is seen only as duty changes, or asked for.
        for name in ["Bob", "Ann"] {
            output.by_hand_in(CHANNEL, "Lunch at noon").await;
            let rotated = output.backend.rotate(&output.caller, id.clone()).await;
            assert!(rotated.unwrap().done().is_some());
            output.until_topic(CHANNEL, name).await;
        }
        output.until_at_rest(&id).await;
        output.by_hand_in(CHANNEL, "Lunch at noon").await;
        let asked = output.backend.write_topic(&output.caller, id.clone()).await;
        assert_eq!(asked.unwrap(), Outcome::Done(()));
        output.until_topic(CHANNEL, "Ann").await;
        output.until_at_rest(&id).await;

        // Whatever somebody else has set stays when the rotation goes.
        output.by_hand_in(CHANNEL, "Lunch at noon").await;
        let deleted = output.backend.delete_rotation(&output.caller, id).await;
        deleted.unwrap();
        output.until_forgotten().await;
        output.until_topic(CHANNEL, "Lunch at noon").await;
        output.end().await;
    }
}

#[tokio::test]
async fn a_topic_is_cleared_as_its_rotation_goes() {
    for database in databases().await {
        let (output, id) = Output::with_topic(&database).await;
        output.until_topic(CHANNEL, "Ann").await;
        output.until_at_rest(&id).await;
        let deleted = output.backend.delete_rotation(&output.caller, id).await;
        deleted.unwrap();
        // Nobody looks at the topics meanwhile.
        output.until_forgotten().await;
        output.until_topic(CHANNEL, "").await;
        output.end().await;
    }
}

#[tokio::test]
async fn what_slack_made_of_a_topic_is_nobody_elses_where_the_server_ended_before_it_knew() {
    for database in databases().await {
        let (output, id) = Output::with_topic(&database).await;
        output.set_topic(&id, CHANNEL, "🔥 %USER%, 9:30").await;
        output.until_topic(CHANNEL, "🔥 Ann, 9:30").await;
        output.until_at_rest(&id).await;
        let set = output.topics_set().await;
        let forget = async |statement: &'static str| {
            let mut other = AnyConnection::connect(&database.url).await.unwrap();
            other.execute(statement).await.unwrap();
            other.close().await.unwrap();
            output.by_hand_in(CHANNEL, ":fire: Ann, 9:30").await;
        };
        // Killed between the two, and then one that Slack did not hand back.
        for statement in [
            "update channel_topics set sent = written, written = 'Bob', shown = 'Bob'",
            "update channel_topics set sent = written, shown = null",
        ] {
            forget(statement).await;
            output.look_at_topics().await;
            output.until_at_rest(&id).await;
            let told = output.topic(&id, "").await;
            assert_eq!(
                (told.edited_at, told.is_edited),
                (None, false),
                "{statement}"
            );
            assert_eq!(output.topics_set().await, set, "{statement}");
        }
        // What it is known to be is set back, once somebody else has set another one.
        output.by_hand_in(CHANNEL, "Lunch at noon").await;
        output.look_at_topics().await;
        output.until_topic(CHANNEL, "🔥 Ann, 9:30").await;
        output.until_at_rest(&id).await;
        assert!(output.topic(&id, "").await.edited_at.is_some());

        // And while it is not known what became of the last one that was sent.
        forget("update channel_topics set sent = written, shown = 'Bob', written = 'Bob', edited_at = null").await;
        output.by_hand_in(CHANNEL, "Lunch at two").await;
        output.look_at_topics().await;
        output.until_topic(CHANNEL, "🔥 Ann, 9:30").await;
        output.until_at_rest(&id).await;
        assert!(output.topic(&id, "").await.edited_at.is_some());

        // The rotation goes, and with it the first that it ever set, of which nothing is known.
        forget("update channel_topics set sent = written, written = null, shown = null").await;
        let deleted = output.backend.delete_rotation(&output.caller, id).await;
        deleted.unwrap();
        output.look_at_topics().await;
        output.until_forgotten().await;
        output.until_topic(CHANNEL, "").await;
        output.end().await;
    }
}

#[tokio::test]
async fn what_was_about_to_be_set_is_kept_until_it_is_known_what_became_of_it() {
    for database in databases().await {
        let (output, id) = Output::with_topic(&database).await;
        let sent = async || {
            let store = &output.services.store;
            let topics = store.topics(&workspace(), TOPIC, None).await.unwrap();
            topics[0].sent.clone()
        };
        assert_eq!(sent().await, None);
        for (fault, is_kept) in [
            (json!({"status": 502, "after": true}), true),
            (json!({"status": 429}), false),
        ] {
            let mut fault = fault;
            fault["side"] = json!("slack");
            fault["path"] = json!(format!("/api/{SET}"));
            output.sandbox.fault(fault).await;
            let rotated = output.backend.rotate(&output.caller, id.clone()).await;
            assert!(rotated.unwrap().done().is_some());
            output
                .until("that Slack does not answer should be said", async || {
                    let told = output.topic(&id, "").await.trouble;
                    (told == Some(TopicTrouble::Waiting.to_string())).then_some(())
                })
                .await;
            assert_eq!(sent().await.is_some(), is_kept);
            output.sandbox.clear_faults().await;
            let asked = output.backend.write_topic(&output.caller, id.clone()).await;
            assert_eq!(asked.unwrap(), Outcome::Done(()));
            output
                .until("it should be set", async || {
                    let told = output.topic(&id, "").await;
                    (told.trouble.is_none() && !told.waiting).then_some(())
                })
                .await;
            assert_eq!(sent().await, None);
        }
        output.end().await;
    }
}

#[tokio::test]
async fn a_look_that_takes_long_blames_nobody_for_what_was_set_meanwhile() {
    for database in databases().await {
        let (output, id) = Output::with_topic(&database).await;
        let slow = json!({
            "side": "slack", "path": "/api/conversations.info", "delay_ms": 2_000, "after": true,
            "times": 1,
        });
        output.sandbox.fault(slow).await;
        let meanwhile = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let rotated = output.backend.rotate(&output.caller, id.clone()).await;
            assert!(rotated.unwrap().done().is_some());
            output.until_topic(CHANNEL, "Bob").await;
            output.until_at_rest(&id).await;
        };
        let set = output.topics_set().await;
        tokio::join!(output.look_at_topics(), meanwhile);
        let told = output.topic(&id, "").await;
        assert_eq!((told.edited_at, told.waiting), (None, false));
        assert_eq!(output.topics_set().await, set + 1);
        output.end().await;
    }
}

#[tokio::test]
async fn a_topic_that_was_never_set_by_us_is_not_cleared() {
    for database in databases().await {
        let output = Output::new(&database, &SCOPES).await;
        let id = output.by_hand("Ops", &ANN_AND_BOB).await;
        output.by_hand_in(CHANNEL, "Lunch at noon").await;
        let busy = json!({"side": "slack", "path": format!("/api/{SET}"), "status": 429});
        output.sandbox.control("faults", busy).await;
        output.set_topic(&id, CHANNEL, "%USER%").await;
        output
            .until("that Slack asks to wait should be said", async || {
                let told = output.topic(&id, "").await.trouble;
                (told == Some(TopicTrouble::Waiting.to_string())).then_some(())
            })
            .await;
        let ended = output.set_topic(&id, CHANNEL, "").await;
        assert_eq!(ended, Outcome::Done(()));
        output.until_forgotten().await;
        output.until_topic(CHANNEL, "Lunch at noon").await;
        output.end().await;
    }
}

#[tokio::test]
async fn a_template_that_only_another_version_can_read_leaves_the_topic_as_it_is() {
    for database in databases().await {
        let (output, id) = Output::with_topic(&database).await;
        let mut other = AnyConnection::connect(&database.url).await.unwrap();
        let odd = "update channel_topics set template = '%MOON_PHASE%'";
        other.execute(odd).await.unwrap();
        let set = output.topics_set().await;
        output.look_at_topics().await;
        let asked = output.backend.write_topic(&output.caller, id.clone()).await;
        assert_eq!(asked.unwrap(), Outcome::Done(()));
        let trouble = Some(TopicTrouble::UnreadableTemplate.to_string());
        output
            .until("that it cannot be read should be said", async || {
                (output.topic(&id, "").await.trouble == trouble).then_some(())
            })
            .await;
        assert_eq!(output.topics_set().await, set);
        output.until_topic(CHANNEL, "Ann").await;
        output.end().await;
    }
}

#[tokio::test]
async fn once_a_topic_is_right_again_nothing_is_said_to_be_wrong() {
    for database in databases().await {
        let (output, id) = Output::with_topic(&database).await;
        let path = format!("slack/channels/{CHANNEL}/refuse");
        let restricted = json!({"topics": true});
        output.sandbox.control(&path, restricted).await;
        output.by_hand_in(CHANNEL, "Lunch at noon").await;
        output.look_at_topics().await;
        output
            .until("that it is restricted should be said", async || {
                let told = output.topic(&id, "").await;
                let trouble = Some(TopicTrouble::Restricted.to_string());
                (told.trouble == trouble && told.is_edited).then_some(())
            })
            .await;
        // What Slack refused is not tried again at once.
        let set = output.topics_set().await;
        output.look_at_topics().await;
        assert!(!output.topic(&id, "").await.waiting);
        assert_eq!(output.topics_set().await, set);
        output.by_hand_in(CHANNEL, "Ann").await;
        output.look_at_topics().await;
        let told = output.topic(&id, "").await;
        assert_eq!((told.trouble, told.is_edited), (None, false));
        output.end().await;
    }
}

#[tokio::test]
async fn what_cannot_be_a_topic_is_refused_and_what_slack_refuses_is_said() {
    for database in databases().await {
        let output = Output::new(&database, &SCOPES).await;
        let id = output.by_hand("Ops", &ANN_AND_BOB).await;
        let unknown = TemplateProblem::UnknownToken("USR".to_owned());
        for (channel, template, refusal) in [
            ("#ops", "%USER%", TopicRefusal::NoChannel),
            (CHANNEL, "%USR%", unknown.clone().into()),
            (CHANNEL, &"x".repeat(4_001), TemplateProblem::TooLong.into()),
        ] {
            let set = output.set_topic(&id, channel, template).await;
            assert_eq!(set, Outcome::Refused(refusal));
        }
        let asked = output.topic(&id, "%NEXT_USER% after %USER%, %UNTIL%").await;
        assert_eq!(asked.preview.as_deref(), Some("Bob after Ann, N/A"));
        let asked = output.topic(&id, "%USR%").await;
        assert_eq!(asked.problem, Some(unknown.to_string()));

        output.set_topic(&id, ARCHIVED, "%USER%").await;
        let archived = Some(TopicTrouble::Archived.to_string());
        output
            .until("that it is archived should be said", async || {
                (output.topic(&id, "").await.trouble == archived).then_some(())
            })
            .await;
        output.set_topic(&id, CHANNEL, "%USER%").await;
        output.until_topic(CHANNEL, "Ann").await;
        let other = output.by_hand("Other", &ANN_AND_BOB).await;
        let set = output.set_topic(&other, CHANNEL, "%USER%").await;
        assert_eq!(set, Outcome::Refused(TopicRefusal::Taken));
        output.end().await;
    }
}

#[tokio::test]
async fn of_two_who_set_a_topic_at_once_the_later_one_is_told_and_may_set_it_again() {
    for database in databases().await {
        let (output, id) = Output::with_topic(&database).await;
        let drawn = output.topic(&id, "").await.version;
        output.set_topic(&id, CHANNEL, "Now: %USER%").await;
        let set = async |version: String| {
            let (channel, template) = (CHANNEL.to_owned(), "%USER% it is".to_owned());
            let setting =
                output
                    .backend
                    .set_topic(&output.caller, id.clone(), channel, template, version);
            setting.await.unwrap()
        };
        let Outcome::Refused(TopicRefusal::EditedMeanwhile(meanwhile)) = set(drawn).await else {
            panic!("somebody was faster");
        };
        assert_eq!(meanwhile.what, format!("{CHANNEL}: Now: %USER%"));
        output.until_topic(CHANNEL, "Now: Ann").await;
        let Outcome::Done(version) = set(meanwhile.version).await else {
            panic!("they know by now");
        };
        assert_eq!(output.topic(&id, "").await.version, version);
        output.until_topic(CHANNEL, "Ann it is").await;
        output.end().await;
    }
}

#[tokio::test]
async fn a_topic_is_tried_and_set_without_javascript() {
    let database = crate::support::sqlite();
    let output = Output::new(&database, &SCOPES).await;
    let id = output.by_hand("Ops", &ANN_AND_BOB).await;
    let cookie = crate::support::cookie(&output.services.store).await;
    let (name, value) = cookie.split_once('=').unwrap();
    let mut ann = Browser::new(&output.services).with_cookie(name, value);
    let page = format!("/rotations/{id}/slack");
    let tried = ann.open(&format!("{page}?template=Now+%25USER%25")).await;
    assert_eq!(tried.status, StatusCode::OK);
    assert!(tried.body.contains("Now Ann"), "{}", tried.body);
    let form = format!("rotation={id}&change=a&channel={CHANNEL}&template=Now+%25USER%25");
    let answer = ann.submit("/rpc/set_topic", &form, &page).await;
    assert!(answer.status.is_redirection(), "{}", answer.body);
    output.until_topic(CHANNEL, "Now Ann").await;
    output.end().await;
}
