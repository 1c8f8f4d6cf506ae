//! Changes of duty in Slack channels, from the choice of a channel to what is written there.

use crate::http::browser::Browser;
use crate::support::{
    bound_to, caller, databases, entry, postgres, slack_output::Output, workspace,
};
use app::backend::{Audit, Caller, Channels, Connections, Rotations, Schedules, Topics};
use axum::http::StatusCode;
use domain::Occasion;
use serde_json::{Value, json};
use server::{slack::ANNOUNCEMENT, sync};
use types::{
    AnnouncementRefusal, AnnouncementView, AuditAction, CHANNELS_MOST, ChannelRefusal, ChannelView,
    DaysWanted, LeftOut, Outcome, PersonId, Role, RotaInput, RotaKind, RotationField,
    RotationFilter, RotationId, RotationInput, RotationNeed, RotationRefusal, ScheduleChoice,
    Selection, ShiftOddity, SlackChannelId, SlackPart, TemplateProblem,
};

const CHANNEL: &str = "C02PLATFORM";
const OTHER: &str = "C03PAYMENTS";
/// All that announcements take, and topics.
const SCOPES: [&str; 5] = [
    "chat:write",
    "chat:write.public",
    "channels:read",
    "channels:join",
    "channels:write.topic",
];
const PRIVATE: &str = "C05PAYLEADS";
const ARCHIVED: &str = "C06WAREHOU";
/// Somebody who is in the private channel, and somebody who is not.
const INSIDER: &str = "U01ADAOKAF";
const OUTSIDER: &str = "U05TOMASHE";
const BOT: &str = "U0RRBOT001";
const BASE: [&str; 2] = ["users:read", "team:read"];
const ANN_AND_BOB: [(&str, &str); 2] = [("U1", "Ann"), ("U2", "Bob")];

impl Output {
    async fn add(&self, id: &RotationId, channel: &str) -> Outcome<(), ChannelRefusal> {
        let (caller, channel) = (caller(), channel.to_owned());
        let adding = self.backend.add_slack_channel(&caller, id.clone(), channel);
        adding.await.unwrap()
    }

    async fn remove(&self, id: &RotationId, channel: &str) -> Outcome<(), ChannelRefusal> {
        let (caller, channel) = (caller(), SlackChannelId::new(channel));
        let backend = &self.backend;
        let removing = backend.remove_slack_channel(&caller, id.clone(), channel);
        removing.await.unwrap()
    }

    async fn view(&self, id: &RotationId) -> AnnouncementView {
        self.tried(id, "").await
    }

    /// The ids of the channels.
    async fn channels(&self, id: &RotationId) -> Vec<String> {
        let channels = self.view(id).await.channels.into_iter();
        channels.map(|channel| channel.id.to_string()).collect()
    }

    async fn channel(&self, id: &RotationId, channel: &str) -> ChannelView {
        let mut channels = self.view(id).await.channels.into_iter();
        let known = channels.find(|known| known.id.as_str() == channel);
        known.expect("changes are announced there")
    }

    /// With what a template makes.
    async fn tried(&self, id: &RotationId, template: &str) -> AnnouncementView {
        let (caller, template) = (caller(), template.to_owned());
        let asking = self.backend.announcements(&caller, id.clone(), template);
        asking.await.unwrap()
    }

    async fn say(&self, id: &RotationId, template: &str) -> Outcome<(), AnnouncementRefusal> {
        let (caller, template) = (caller(), template.to_owned());
        let setting = self
            .backend
            .set_announcement(&caller, id.clone(), template, String::new());
        setting.await.unwrap().map(drop)
    }

    /// What was written into the first channel so far, without what isolates names.
    async fn written(&self) -> Vec<String> {
        self.written_in(CHANNEL).await
    }

    async fn written_in(&self, channel: &str) -> Vec<String> {
        let told = self.sandbox.ask(&format!("slack/channels/{channel}")).await;
        let messages = told["messages"].as_array().unwrap().iter();
        let text = |message: &Value| message["text"].as_str().unwrap().to_owned();
        messages
            .map(|message| text(message).replace(['\u{2068}', '\u{2069}'], ""))
            .collect()
    }

    async fn until_written(&self, count: usize) -> Vec<String> {
        self.until_written_in(CHANNEL, count).await
    }

    async fn until_written_in(&self, channel: &str, count: usize) -> Vec<String> {
        let what = format!("{count} messages should be written in {channel}");
        self.until(&what, async || {
            let written = self.written_in(channel).await;
            (written.len() >= count).then_some(written)
        })
        .await
    }

    async fn until_trouble(&self, id: &RotationId, channel: &str, words: &str) {
        self.until(&format!("{words:?} should be said"), async || {
            let trouble = self.channel(id, channel).await.trouble;
            trouble.unwrap_or_default().contains(words).then_some(())
        })
        .await
    }

    /// Has Slack ask for `seconds` of rest whenever something is to be written in this channel.
    async fn keep_busy(&self, channel: &str, seconds: u32) {
        let busy = json!({
            "side": "slack", "path": "/api/chat.postMessage", "params": {"channel": channel},
            "status": 429, "headers": {"retry-after": seconds.to_string()},
        });
        self.sandbox.fault(busy).await;
    }
}

#[tokio::test]
async fn each_change_is_written_once_into_the_channel_and_nobody_smuggles_a_mention_in() {
    for database in databases().await {
        let all = ["chat:write", "chat:write.public"];
        let output = Output::new(&database, &all).await;
        let id = output.by_hand("Ops & <!channel>", &ANN_AND_BOB).await;
        assert_eq!(output.add(&id, CHANNEL).await, Outcome::Done(()));
        assert!(
            output.written().await.is_empty(),
            "only changes are announced"
        );
        output.rotate(&id).await;
        let expected = "On duty for Ops &amp; &lt;!channel&gt;: <@U2>. Next: Ann.";
        assert_eq!(output.until_written(1).await, [expected]);
        output.rotate(&id).await;
        let written = output.until_written(2).await;
        assert!(written[1].contains("<@U1>. Next: Bob."), "{written:?}");
        let channel = output
            .until("what was written should be kept", async || {
                let channel = output.channel(&id, CHANNEL).await;
                let said = channel.written.as_deref()?;
                let said = said.replace(['\u{2068}', '\u{2069}'], "");
                said.contains("@Ann. Next: Bob.").then_some(channel)
            })
            .await;
        assert!(channel.written_at.is_some());
        assert_eq!(channel.trouble, None);
        assert!(output.view(&id).await.may_write);

        // Once it is removed, nothing is written any more.
        assert_eq!(output.remove(&id, CHANNEL).await, Outcome::Done(()));
        output.rotate(&id).await;
        assert_eq!(output.view(&id).await.channels, []);
        assert_eq!(output.written().await.len(), 2);
        output.end().await;
    }
}

#[tokio::test]
async fn in_several_channels_each_change_is_written_once_and_what_waits_in_one_holds_up_no_other() {
    for database in databases().await {
        let output = Output::new(&database, &SCOPES).await;
        let id = output.by_hand("Ops", &ANN_AND_BOB).await;
        for channel in [CHANNEL, OTHER, ARCHIVED, CHANNEL] {
            assert_eq!(output.add(&id, channel).await, Outcome::Done(()));
        }
        assert_eq!(output.channels(&id).await, [CHANNEL, OTHER, ARCHIVED]);
        output.rotate(&id).await;
        for channel in [CHANNEL, OTHER] {
            let written = output.until_written_in(channel, 1).await;
            assert!(written[0].contains("<@U2>"), "{written:?}");
        }
        output.until_trouble(&id, ARCHIVED, "archived").await;

        // What waits in one is replaced by the next change, and the others are told of each.
        output.keep_busy(CHANNEL, 2).await;
        output.rotate(&id).await;
        output.until_written_in(OTHER, 2).await;
        output.until_trouble(&id, CHANNEL, "tried again").await;
        output.rotate(&id).await;
        output.until_written_in(OTHER, 3).await;
        assert_eq!(output.channel(&id, OTHER).await.trouble, None);
        assert_eq!(output.written().await.len(), 1);
        output.sandbox.clear_faults().await;
        let written = output.until_written(2).await;
        assert!(written[1].contains("<@U2>"), "{written:?}");
        output.until_settled().await;
        assert_eq!(output.written().await.len(), 2);
        assert_eq!(output.written_in(OTHER).await.len(), 3);
        assert!(output.written_in(ARCHIVED).await.is_empty());

        let log = output.backend.audit(&output.caller, None).await.unwrap();
        let added = log.entries.iter();
        let added = added.filter(|entry| entry.action == AuditAction::AddedSlackChannel);
        let added: Vec<_> = added.filter_map(|entry| entry.after.as_deref()).collect();
        assert_eq!(added, [ARCHIVED, OTHER, CHANNEL]);

        // Of one that is chosen again nothing is known yet.
        assert_eq!(output.remove(&id, ARCHIVED).await, Outcome::Done(()));
        assert_eq!(output.add(&id, ARCHIVED).await, Outcome::Done(()));
        assert_eq!(output.channel(&id, ARCHIVED).await.trouble, None);
        output.end().await;
    }
}

#[tokio::test]
async fn a_channel_that_is_removed_takes_along_what_waits_and_its_topic() {
    for database in databases().await {
        let output = Output::new(&database, &SCOPES).await;
        let id = output.by_hand("Ops", &ANN_AND_BOB).await;
        for channel in [OTHER, CHANNEL] {
            assert_eq!(output.add(&id, channel).await, Outcome::Done(()));
        }
        let topic = async || {
            let asking = output
                .backend
                .topic(&output.caller, id.clone(), String::new());
            asking.await.unwrap()
        };
        let offered = topic().await.offered;
        assert_eq!(offered.as_ref().map(SlackChannelId::as_str), Some(CHANNEL));
        let (channel, template) = (CHANNEL.to_owned(), "%USER%".to_owned());
        let set =
            output
                .backend
                .set_topic(&output.caller, id.clone(), channel, template, String::new());
        assert!(set.await.unwrap().done().is_some());
        output.until_topic(CHANNEL, "Ann").await;

        // The other one is not the topic's.
        assert_eq!(output.remove(&id, OTHER).await, Outcome::Done(()));
        let set = topic().await.channel;
        assert_eq!(set.as_ref().map(SlackChannelId::as_str), Some(CHANNEL));
        assert_eq!(output.add(&id, OTHER).await, Outcome::Done(()));

        output.keep_busy(CHANNEL, 1).await;
        output.rotate(&id).await;
        output.until_topic(CHANNEL, "Bob").await;
        output.until_written_in(OTHER, 1).await;
        output.until_trouble(&id, CHANNEL, "tried again").await;
        assert_eq!(output.remove(&id, CHANNEL).await, Outcome::Done(()));
        let refused = output.remove(&id, CHANNEL).await;
        assert_eq!(refused, Outcome::Refused(ChannelRefusal::Gone));
        output.sandbox.clear_faults().await;
        output.until_topic(CHANNEL, "").await;
        let topic = topic().await;
        assert_eq!((topic.channel, topic.template.as_str()), (None, ""));
        let offered = topic.offered;
        assert_eq!(offered.as_ref().map(SlackChannelId::as_str), Some(OTHER));
        output.until_settled().await;
        let written = output.written().await;
        let announced = written.iter().any(|text| text.starts_with("On duty"));
        assert!(!announced, "{written:?}");
        let log = output.backend.audit(&output.caller, None).await.unwrap();
        let what = |action| {
            let mut entries = log.entries.iter();
            let entry = entries.find(|entry| entry.action == action).unwrap();
            (entry.before.as_deref(), entry.after.as_deref())
        };
        let removed = what(AuditAction::RemovedSlackChannel);
        assert_eq!(removed, (Some(CHANNEL), None));
        let cleared = what(AuditAction::SetSlackTopic);
        assert_eq!(cleared, (Some("C02PLATFORM: %USER%"), None));

        // One that was being told when it was removed, and comes back.
        output.keep_busy(OTHER, 1).await;
        output.rotate(&id).await;
        output.until_trouble(&id, OTHER, "tried again").await;
        let left = format!("delete from subscriptions where target = '{OTHER}'");
        database.execute(&left).await;
        output.sandbox.clear_faults().await;
        output.until_settled().await;
        assert_eq!(output.written_in(OTHER).await.len(), 1);
        assert_eq!(output.add(&id, OTHER).await, Outcome::Done(()));
        assert_eq!(output.channel(&id, OTHER).await.trouble, None);

        // The rotation takes all of it along.
        output.keep_busy(OTHER, 1).await;
        output.rotate(&id).await;
        output.until_trouble(&id, OTHER, "tried again").await;
        let deleted = output.backend.delete_rotation(&output.caller, id).await;
        deleted.unwrap();
        output.sandbox.clear_faults().await;
        output.until_settled().await;
        let left = "select target from subscriptions where kind = 'slack_announcement'";
        assert_eq!(database.texts(left).await, [""; 0]);
        assert_eq!(output.written_in(OTHER).await.len(), 1);
        output.end().await;
    }
}

#[tokio::test]
async fn there_are_so_many_channels_at_most_also_where_several_are_added_at_once() {
    for database in databases().await {
        let output = Output::new(&database, &BASE).await;
        let id = output.by_hand("Ops", &ANN_AND_BOB).await;
        let all = (0..CHANNELS_MOST + 3).map(|number| format!("C0NUMBER{number:02}"));
        let all: Vec<_> = all.collect();
        let adding = all.iter().map(|channel| output.add(&id, channel));
        let added = futures::future::join_all(adding).await;
        let refused = added.iter().filter_map(Outcome::refused);
        assert_eq!(refused.collect::<Vec<_>>(), [&ChannelRefusal::TooMany; 3]);
        let channels = output.channels(&id).await;
        assert_eq!(channels.len(), CHANNELS_MOST);
        // Those that are there are no more than there are.
        assert_eq!(output.add(&id, &channels[0]).await, Outcome::Done(()));
        assert_eq!(output.remove(&id, &channels[0]).await, Outcome::Done(()));
        assert_eq!(output.add(&id, CHANNEL).await, Outcome::Done(()));
        output.end().await;
    }
}

#[tokio::test]
async fn the_one_channel_that_an_earlier_version_knows_goes_on_and_its_server_beside_as_well() {
    for database in databases().await {
        let output = Output::new(&database, &SCOPES).await;
        let id = output.by_hand("Ops", &ANN_AND_BOB).await;
        let (store, workspace) = (&output.services.store, workspace());
        let point = async |channel: &str| {
            let told = (ANNOUNCEMENT, Some((channel, Occasion::ChangeOfDuty)));
            let set = store.set_target(&workspace, &id, told, |_, _| {
                Ok::<_, ()>(entry(AuditAction::SetSlackChannel))
            });
            assert_eq!(set.await.unwrap(), Some(Ok(true)));
        };
        point(CHANNEL).await;
        output.rotate(&id).await;
        output.until_written(1).await;
        output.until_settled().await;
        database.execute("update outbox set said = null").await;
        let channel = output.channel(&id, CHANNEL).await;
        assert!(channel.written_at.is_some() && channel.written.is_none());

        // It shows and changes the first, and tells all.
        assert_eq!(output.add(&id, OTHER).await, Outcome::Done(()));
        point("C01GENERAL1").await;
        assert_eq!(output.channels(&id).await, ["C01GENERAL1", OTHER]);
        output.rotate(&id).await;
        output.until_written_in(OTHER, 1).await;
        output.until_written_in("C01GENERAL1", 1).await;
        assert_eq!(output.written().await.len(), 1);
        output.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_write_each_change_once_in_each_channel() {
    let Some(database) = postgres().await else {
        return;
    };
    let output = Output::new(&database, &SCOPES).await;
    let id = output.by_hand("Ops", &ANN_AND_BOB).await;
    for channel in [CHANNEL, OTHER] {
        assert_eq!(output.add(&id, channel).await, Outcome::Done(()));
    }
    let (other, telling) = output.beside(&database).await;
    for turn in 1..=3 {
        output.rotate(&id).await;
        for channel in [CHANNEL, OTHER] {
            output.until_written_in(channel, turn).await;
        }
        if turn == 2 {
            other.shutdown.cancel();
        }
    }
    telling.await.unwrap();
    output.until_settled().await;
    for channel in [CHANNEL, OTHER] {
        assert_eq!(output.written_in(channel).await.len(), 3);
    }
    output.end().await;
}

/// Whatever else is said of changes.
#[tokio::test]
async fn of_a_rotation_that_is_paused_only_that_is_announced() {
    for database in databases().await {
        let all = ["chat:write", "chat:write.public"];
        let output = Output::new(&database, &all).await;
        let id = output.by_hand("Ops", &ANN_AND_BOB).await;
        let plan = async |paused| {
            let input = RotaInput {
                kind: RotaKind::Daily,
                times: "09:00".to_owned(),
                zone: "UTC".to_owned(),
                starts_on: "2026-01-01".to_owned(),
                paused,
                ..RotaInput::default()
            };
            let choice = ScheduleChoice::Scheduled(Box::new(input));
            let set = output
                .backend
                .set_schedule(&output.caller, id.clone(), choice.into());
            assert_eq!(set.await.unwrap(), Outcome::Done(()));
        };
        plan(false).await;
        assert_eq!(output.add(&id, CHANNEL).await, Outcome::Done(()));
        let said = output.say(&id, "%USER% has it, then %NEXT_USER%").await;
        assert_eq!(said, Outcome::Done(()));
        plan(true).await;
        let paused = "Ops is paused: nobody is on duty until somebody lets it go on.";
        assert_eq!(output.until_written(1).await, [paused]);
        plan(false).await;
        let written = output.until_written(2).await;
        assert!(written[1].contains(" has it, then "), "{written:?}");
        output.end().await;
    }
}

#[tokio::test]
async fn the_end_of_a_shift_is_announced_with_who_is_on_until_when() {
    for database in databases().await {
        let all = ["chat:write", "chat:write.public"];
        let output = Output::new(&database, &all).await;
        let (services, sandbox) = (&output.services, &output.sandbox);
        let id = bound_to(services, sandbox, "PPLATP1").await;
        let reconciler = tokio::spawn(crate::support::reconcile(services.clone()));
        assert_eq!(output.add(&id, CHANNEL).await, Outcome::Done(()));
        let order = json!({"seconds": 2, "next": "PADAOK1"});
        sandbox.control("schedules/PPLATP1/end-shift", order).await;
        let synced = sync::sync_now(&services.sync, &workspace(), None).await;
        assert!(synced.unwrap().is_ok());
        let written = output.until_written(1).await;
        assert!(
            written[0].contains("Ada Okafor until <!date^"),
            "{written:?}"
        );
        output.end().await;
        reconciler.await.unwrap();
    }
}

#[tokio::test]
async fn what_slack_refuses_is_said_with_the_way_out_and_the_next_change_is_announced() {
    for database in databases().await {
        let output = Output::new(&database, &BASE).await;
        let id = output.by_hand("Ops & <!channel>", &ANN_AND_BOB).await;
        output.add(&id, CHANNEL).await;
        assert!(!output.view(&id).await.may_write);
        output.rotate(&id).await;
        let store = &output.services.store;
        let problem = output
            .until("the message should be given up", async || {
                let mut told = store.last_told(&id, ANNOUNCEMENT).await.unwrap();
                let latest = told.remove(CHANNEL).unwrap().latest;
                (latest.state == "given_up").then_some(latest.problem)
            })
            .await;
        assert_eq!(problem.as_deref(), Some("missing_scope"));
        let view = output.view(&id).await;
        assert!(!view.may_write);
        assert_eq!(view.channels[0].trouble, None, "said once");

        output.install(&["chat:write"]).await;
        for (channel, words) in [
            (CHANNEL, "/invite"),
            (PRIVATE, "/invite"),
            (ARCHIVED, "archived"),
            ("C0NOSUCHCHANNEL", "does not know this channel"),
        ] {
            output.add(&id, channel).await;
            output.rotate(&id).await;
            output.until_trouble(&id, channel, words).await;
        }
        assert!(output.written().await.is_empty());
        output.install(&["chat:write", "chat:write.public"]).await;
        output.rotate(&id).await;
        output.until_written(1).await;
        // Each is said beside the channel that has it.
        output.until_trouble(&id, PRIVATE, "/invite").await;
        output.until_trouble(&id, ARCHIVED, "archived").await;
        output
            .until("nothing should be wrong any more", async || {
                let trouble = output.channel(&id, CHANNEL).await.trouble;
                trouble.is_none().then_some(())
            })
            .await;
        output.end().await;
    }
}

#[tokio::test]
async fn what_slack_may_have_written_is_not_written_again() {
    for database in databases().await {
        let all = ["chat:write", "chat:write.public"];
        let output = Output::new(&database, &all).await;
        let id = output.by_hand("Ops & <!channel>", &ANN_AND_BOB).await;
        output.add(&id, CHANNEL).await;
        let path = "/api/chat.postMessage";
        let odd = json!({"side": "slack", "path": path, "status": 502, "times": 1});
        output.sandbox.control("faults", odd).await;
        output.rotate(&id).await;
        output
            .until_trouble(&id, CHANNEL, "did not say clearly")
            .await;
        assert!(output.written().await.is_empty());

        // It asks to wait, and is asked again.
        let busy = json!({
            "side": "slack", "path": path, "status": 429, "times": 1,
            "headers": {"retry-after": "1"},
        });
        output.sandbox.control("faults", busy).await;
        output.rotate(&id).await;
        output.until_written(1).await;
        output.until_settled().await;
        assert_eq!(output.channel(&id, CHANNEL).await.trouble, None);
        output.end().await;
    }
}

#[tokio::test]
async fn announcements_say_what_somebody_wrote_and_what_that_is_can_be_tried() {
    for database in databases().await {
        let all = ["chat:write", "chat:write.public"];
        let output = Output::new(&database, &all).await;
        let id = output.by_hand("Ops & <!channel>", &ANN_AND_BOB).await;
        output.add(&id, CHANNEL).await;
        let usual = output.view(&id).await.preview.unwrap();
        assert!(usual.contains("On duty for"), "{usual}");
        assert!(usual.contains("@Ann"), "{usual}");
        let tried = output
            .tried(&id, "%USER% for %NAME%, then %NEXT_USER%")
            .await;
        let preview = tried.preview.unwrap().replace(['\u{2068}', '\u{2069}'], "");
        assert_eq!(preview, "@Ann for Ops & <!channel>, then @Bob");
        let unknown = TemplateProblem::UnknownToken("USR".to_owned());
        assert_eq!(
            output.tried(&id, "%USR%").await.problem,
            Some(unknown.to_string())
        );
        assert_eq!(
            output.say(&id, "%USR%").await,
            Outcome::Refused(unknown.into())
        );
        let long = "x".repeat(4_001);
        let refused = output.say(&id, &long).await;
        assert_eq!(refused, Outcome::Refused(TemplateProblem::TooLong.into()));

        assert_eq!(
            output
                .tried(&id, "%ROTATION_NOTES%")
                .await
                .preview
                .as_deref(),
            Some("N/A")
        );
        let noted = async |notes: &str| {
            let input = RotationInput {
                name: "Ops & <!channel>".to_owned(),
                notes: Some(notes.to_owned()),
                ..RotationInput::default()
            };
            let edited = output
                .backend
                .edit_rotation(&output.caller, id.clone(), input);
            edited.await.unwrap()
        };
        let too_long = noted(&"x".repeat(2_001)).await;
        let Outcome::Refused(RotationRefusal::Fields(problems)) = too_long else {
            panic!("{too_long:?}");
        };
        assert_eq!(problems[0].0, RotationField::Notes);
        assert_eq!(
            noted(" see <!here> & there\nor ask ").await,
            Outcome::Done(())
        );
        let tried = output.tried(&id, "%ROTATION_NOTES%").await;
        let notes = "see <!here> & there\nor ask";
        assert_eq!(tried.preview.as_deref(), Some(notes));
        let page = output
            .backend
            .rotation(&output.caller, id.clone(), DaysWanted::default());
        assert_eq!(page.await.unwrap().details.notes, notes);

        let template = "*%USER%* <!channel> has %NAME%";
        assert_eq!(output.say(&id, template).await, Outcome::Done(()));
        assert_eq!(output.view(&id).await.template, template);
        output.rotate(&id).await;
        let expected = "*<@U2>* &lt;!channel&gt; has Ops &amp; &lt;!channel&gt;";
        assert_eq!(output.until_written(1).await, [expected]);
        assert_eq!(output.say(&id, " ").await, Outcome::Done(()));
        output.rotate(&id).await;
        let written = output.until_written(2).await;
        assert!(written[1].starts_with("On duty for Ops"), "{written:?}");
        output.end().await;
    }
}

#[tokio::test]
async fn channels_are_added_and_removed_without_javascript_and_the_page_says_what_is_wrong() {
    let database = crate::support::sqlite();
    let output = Output::new(&database, &BASE).await;
    let id = output.by_hand("Ops & <!channel>", &ANN_AND_BOB).await;
    let cookie = crate::support::cookie(&output.services.store).await;
    let (name, value) = cookie.split_once('=').unwrap();
    let mut ann = Browser::new(&output.services).with_cookie(name, value);
    let page = format!("/rotations/{id}/slack");
    let sees = async |ann: &mut Browser, words: &[&str]| {
        let answer = ann.open(&page).await;
        assert_eq!(answer.status, StatusCode::OK);
        for words in words {
            assert!(answer.body.contains(words), "{words:?} in {}", answer.body);
        }
        answer.body
    };
    sees(&mut ann, &["announced nowhere yet", "Channel ID"]).await;
    let submit = async |ann: &mut Browser, what: &str, change: &str, channel: &str| {
        let form = format!("rotation={id}&change={change}&channel={channel}");
        let answer = ann.submit(&format!("/rpc/{what}"), &form, &page).await;
        assert!(answer.status.is_redirection(), "{}", answer.body);
    };
    let (add, remove) = ("add_slack_channel", "remove_slack_channel");
    submit(&mut ann, add, "a", "%23on-call").await;
    sees(&mut ann, &["no channel's ID", "value=\"#on-call\""]).await;
    submit(&mut ann, add, "b", CHANNEL).await;
    let allow = format!("allow=messages&amp;return_to=%2Frotations%2F{id}%2Fslack");
    let unknown = "Nothing is known to have been written there";
    sees(&mut ann, &[CHANNEL, "write messages", &allow, unknown]).await;
    for change in ["c", "d"] {
        submit(&mut ann, add, change, OTHER).await;
    }
    sees(&mut ann, &[CHANNEL, OTHER]).await;
    assert_eq!(output.channels(&id).await, [CHANNEL, OTHER]);

    // Of two who remove it the later one is told, and of a form that is sent twice nothing.
    for change in ["e", "e"] {
        submit(&mut ann, remove, change, CHANNEL).await;
    }
    let body = sees(&mut ann, &[OTHER]).await;
    assert!(!body.contains("somebody has removed it"), "{body}");
    submit(&mut ann, remove, "f", CHANNEL).await;
    sees(&mut ann, &["somebody has removed it before you", OTHER]).await;
    assert_eq!(output.channels(&id).await, [OTHER]);
    output.end().await;
}

#[tokio::test]
async fn a_channel_is_chosen_by_those_who_may_edit_and_only_an_id_is_one() {
    for database in databases().await {
        let output = Output::new(&database, &BASE).await;
        let id = output.by_hand("Ops & <!channel>", &ANN_AND_BOB).await;
        for typed in ["#on-call", " "] {
            let refused = output.add(&id, typed).await;
            assert_eq!(refused, Outcome::Refused(ChannelRefusal::NoId));
        }
        let bob = Caller {
            person: PersonId::new("U2"),
            name: "Bob".to_owned(),
            role: Role::Member,
            ..caller()
        };
        let backend = &output.backend;
        let added = backend.add_slack_channel(&bob, id.clone(), CHANNEL.to_owned());
        assert!(added.await.is_err());
        let removed = backend.remove_slack_channel(&bob, id.clone(), SlackChannelId::new(CHANNEL));
        assert!(removed.await.is_err());
        let asked = backend.announcements(&bob, id.clone(), String::new());
        assert!(asked.await.is_err());
        let said = backend.set_announcement(&bob, id.clone(), "%USER%".to_owned(), String::new());
        assert!(said.await.is_err());
        assert_eq!(output.view(&id).await.channels, []);
        let link = format!("https://acme.slack.com/archives/{CHANNEL}");
        assert_eq!(output.add(&id, &link).await, Outcome::Done(()));
        assert_eq!(output.channels(&id).await, [CHANNEL]);
        output.end().await;
    }
}

#[tokio::test]
async fn of_two_who_save_a_text_at_once_the_later_one_is_told_and_may_save_again() {
    for database in databases().await {
        let output = Output::new(&database, &BASE).await;
        let id = output.by_hand("Ops", &ANN_AND_BOB).await;
        let (backend, caller) = (&output.backend, caller());
        let drawn = output.view(&id).await;
        assert_eq!(output.say(&id, "%USER%, hello").await, Outcome::Done(()));

        let say = async |text: &str, version: String| {
            let saying = backend.set_announcement(&caller, id.clone(), text.to_owned(), version);
            saying.await.unwrap()
        };
        let Outcome::Refused(AnnouncementRefusal::EditedMeanwhile(meanwhile)) =
            say("Mine", drawn.template_version).await
        else {
            panic!("somebody was faster");
        };
        assert_eq!(meanwhile.what, "%USER%, hello");
        assert!(meanwhile.by.contains("Ann"), "{}", meanwhile.by);
        assert_eq!(output.view(&id).await.template, "%USER%, hello");
        assert!(say("Mine", meanwhile.version).await.done().is_some());
        assert_eq!(output.view(&id).await.template, "Mine");
        output.end().await;
    }
}

#[tokio::test]
async fn channels_are_searched_among_those_that_round_robin_may_know_of() {
    let database = crate::support::sqlite();
    let output = Output::new(&database, &["chat:write"]).await;
    let id = output.by_hand("Ops", &ANN_AND_BOB).await;
    let search = async |words: &str| {
        let found = output
            .backend
            .slack_channels(&output.caller, id.clone(), words.to_owned());
        found.await.unwrap()
    };
    assert!(!search("platform").await.may_read);
    assert!(!search("").await.may_read);
    // The right to know of private ones is there for other things.
    let scopes = ["chat:write", "channels:read", "groups:read"];
    output.install(&scopes).await;
    let busy = json!({
        "side": "slack", "path": "/api/conversations.list", "status": 429, "times": 1,
        "headers": {"retry-after": "1"},
    });
    output.sandbox.control("faults", busy).await;
    let trouble = search("platform").await.trouble.unwrap();
    assert!(trouble.contains("type the channel's ID"), "{trouble}");
    let asked = async || {
        let asked = "slack/calls?method=conversations.list";
        let asked = output.sandbox.ask(asked).await;
        asked["calls"].as_array().unwrap().len()
    };
    let before = asked().await;
    // It is asked again once Slack said that it may be.
    while search("platform").await.trouble.is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let found = search("#PLATFORM").await;
    assert!(found.may_read && found.searched_all && !found.more);
    assert_eq!(found.found[0].id.as_str(), CHANNEL);
    assert!(found.found.iter().all(|one| one.name.contains("platform")));
    // It is never all of them, nor one that is archived or that the app is not in.
    assert_eq!(search(" ").await.found, []);
    for hidden in ["warehou", "leads"] {
        assert_eq!(search(hidden).await.found, [], "{hidden}");
    }
    assert_eq!(asked().await, before + 1, "it is remembered");
    // A private one is for whoever is in it, and that only once the app is.
    let search_as = async |person: &str| {
        let caller = Caller {
            person: PersonId::new(person),
            ..caller()
        };
        let backend = &output.backend;
        let found = backend.slack_channels(&caller, id.clone(), "leads".to_owned());
        found.await.unwrap()
    };
    let before = search_as(OUTSIDER).await;
    assert!(before.searched_private && before.found.is_empty());
    let invite = json!({"add": [BOT]});
    let members = format!("slack/channels/{PRIVATE}/members");
    output.sandbox.control(&members, invite).await;
    assert_eq!(search_as(OUTSIDER).await.found, []);
    let found = search_as(INSIDER).await.found;
    assert_eq!((found.len(), found[0].id.as_str()), (1, PRIVATE));
    assert!(found[0].is_private);
    // Whoever types its id learns no name by that, unless they are in it.
    assert_eq!(output.add(&id, PRIVATE).await, Outcome::Done(()));
    let name_for = async |person: &str| {
        let caller = Caller {
            person: PersonId::new(person),
            ..caller()
        };
        let backend = &output.backend;
        let view = backend.announcements(&caller, id.clone(), String::new());
        let channel = view.await.unwrap().channels.remove(0);
        let facts = channel.facts.unwrap();
        assert!(facts.is_private && facts.is_member && !facts.is_archived);
        facts.name
    };
    assert_eq!(name_for(OUTSIDER).await, None);
    assert_eq!(name_for(INSIDER).await.as_deref(), Some("payments-leads"));
    // Nobody else may choose.
    let bob = Caller {
        person: PersonId::new("U2"),
        role: Role::Member,
        ..caller()
    };
    let denied = output
        .backend
        .slack_channels(&bob, id.clone(), "platform".to_owned());
    assert!(denied.await.is_err());

    output.end().await;
}

#[tokio::test]
async fn what_slack_does_not_take_is_told_on_home_to_those_who_may_mend_it_and_tried_again_once() {
    for database in databases().await {
        let output = Output::new(&database, &SCOPES).await;
        let id = output.by_hand("Ops", &ANN_AND_BOB).await;
        output.add(&id, ARCHIVED).await;
        let (backend, ann) = (&output.backend, &output.caller);
        let write = async |channel: &str| {
            let channel = SlackChannelId::new(channel);
            let writing = backend.write_announcement(ann, id.clone(), channel);
            writing.await.unwrap()
        };
        let nothing = Outcome::Refused(ChannelRefusal::NothingWaits);
        assert_eq!(write(ARCHIVED).await, nothing);
        assert_eq!(write(CHANNEL).await, Outcome::Refused(ChannelRefusal::Gone));
        output.rotate(&id).await;
        output.until_trouble(&id, ARCHIVED, "archived").await;

        let needs = async |caller: &Caller| {
            let needs = backend.home(caller).await.unwrap().needs;
            let filter = RotationFilter::default();
            let listed = backend.rotations(caller, filter).await.unwrap();
            let listed = listed.counts.of(Selection::Attention);
            assert_eq!(listed, needs.all, "the list says the same");
            let needs = needs.items.into_iter().flat_map(|needy| needy.card.needs);
            needs.collect::<Vec<_>>()
        };
        let told = needs(ann).await;
        let [RotationNeed::Slack { part, name, cause }] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(*part, SlackPart::Announcements);
        assert_eq!(name, "#warehouse-move-2019");
        assert!(cause.contains("archived"), "{cause}");
        let bob = Caller {
            person: PersonId::new("U2"),
            role: Role::Member,
            ..caller()
        };
        assert_eq!(needs(&bob).await, [], "he could change nothing about it");
        let panel = async |caller: &Caller| {
            let refused = backend.integrations(caller).await.unwrap().slack.refused;
            refused
                .items
                .into_iter()
                .map(|one| (one.rotation, one.name))
        };
        let told: Vec<_> = panel(ann).await.collect();
        assert_eq!(told, [(id.clone(), name.clone())]);
        assert_eq!(panel(&bob).await.count(), 0);

        // A topic there is a need of its own.
        let (channel, template) = (ARCHIVED.to_owned(), "%USER%".to_owned());
        let setting = backend.set_topic(ann, id.clone(), channel, template, String::new());
        assert!(setting.await.unwrap().done().is_some());
        output
            .until("both should be told", async || {
                (needs(ann).await.len() == 2).then_some(())
            })
            .await;

        // Once it is mended, what could not be announced is, and that once.
        let back = json!({"archived": false});
        let path = format!("slack/channels/{ARCHIVED}/archive");
        output.sandbox.control(&path, back).await;
        assert_eq!(write(ARCHIVED).await, Outcome::Done(()));
        let written = output.until_written_in(ARCHIVED, 1).await;
        assert!(written[0].contains("<@U2>"), "{written:?}");
        output
            .until("it should be settled", async || {
                (write(ARCHIVED).await == nothing).then_some(())
            })
            .await;
        output.until_settled().await;
        assert_eq!(output.written_in(ARCHIVED).await.len(), 1);
        output.end().await;
    }
}

#[tokio::test]
async fn where_shifts_make_no_sense_nobody_is_told_that_nobody_is_on_duty() {
    for database in databases().await {
        let output = Output::new(&database, &SCOPES).await;
        let (services, sandbox) = (&output.services, &output.sandbox);
        let id = bound_to(services, sandbox, "PPLATP1").await;
        output.add(&id, CHANNEL).await;
        let (channel, template) = (OTHER.to_owned(), "On duty: %USER%".to_owned());
        let backend = &output.backend;
        let setting =
            backend.set_topic(&output.caller, id.clone(), channel, template, String::new());
        assert!(setting.await.unwrap().done().is_some());
        let store = &services.store;
        let connection = store.connection(&workspace()).await.unwrap().unwrap();
        let followed = store.followed_schedule(&workspace(), &id).await;
        let (known, mut snapshot) = followed.unwrap().unwrap();
        snapshot.shifts.clear();
        snapshot.left_out = Some(LeftOut {
            shifts: 1,
            first: ShiftOddity::NobodyNamed,
            from: None,
        });
        let later = known.confirmed_at.unwrap().plus_seconds(1);
        let applied = crate::support::apply(store, &connection, &snapshot, later).await;
        assert!(applied.is_some());
        let written = output.until_written(1).await;
        let expected = "It is not known who is on duty for Bound to PPLATP1";
        assert!(written[0].starts_with(expected), "{written:?}");
        output.until_topic(OTHER, "On duty: not known").await;
        let home = backend.home(&output.caller).await.unwrap();
        assert!(home.owned.items[0].outlook.is_unknown);
        let nobody = RotationFilter {
            selection: Selection::Nobody,
            ..RotationFilter::default()
        };
        let listed = backend.rotations(&output.caller, nobody).await.unwrap();
        assert_eq!(listed.cards, []);
        output.end().await;
    }
}
