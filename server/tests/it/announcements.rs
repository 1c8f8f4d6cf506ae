//! Changes of duty in a Slack channel, from the choice of the channel to what is written there.

use crate::http::browser::Browser;
use crate::support::{bound_to, caller, databases, slack_output::Output, workspace};
use app::backend::{Caller, Channels, Rotations, Schedules};
use axum::http::StatusCode;
use serde_json::{Value, json};
use server::sync;
use types::{
    AnnouncementRefusal, ChannelRefusal, ChannelView, DaysWanted, Outcome, PersonId, Role,
    RotaInput, RotaKind, RotationField, RotationId, RotationInput, RotationRefusal, ScheduleChoice,
    TemplateProblem,
};

const CHANNEL: &str = "C02PLATFORM";
const PRIVATE: &str = "C05PAYLEADS";
const ARCHIVED: &str = "C06WAREHOU";
const BASE: [&str; 2] = ["users:read", "team:read"];
const ANN_AND_BOB: [(&str, &str); 2] = [("U1", "Ann"), ("U2", "Bob")];

impl Output {
    async fn choose(&self, id: &RotationId, channel: &str) -> Outcome<(), ChannelRefusal> {
        let (caller, channel) = (caller(), channel.to_owned());
        let choosing = self
            .backend
            .set_slack_channel(&caller, id.clone(), channel, String::new());
        choosing.await.unwrap().map(drop)
    }

    async fn view(&self, id: &RotationId) -> ChannelView {
        self.tried(id, "").await
    }

    /// With what a template makes.
    async fn tried(&self, id: &RotationId, template: &str) -> ChannelView {
        let (caller, template) = (caller(), template.to_owned());
        let asking = self.backend.slack_channel(&caller, id.clone(), template);
        asking.await.unwrap()
    }

    async fn say(&self, id: &RotationId, template: &str) -> Outcome<(), AnnouncementRefusal> {
        let (caller, template) = (caller(), template.to_owned());
        let setting = self
            .backend
            .set_announcement(&caller, id.clone(), template, String::new());
        setting.await.unwrap().map(drop)
    }

    /// What was written into the channel so far, without what isolates names.
    async fn written(&self) -> Vec<String> {
        let told = self.sandbox.ask(&format!("slack/channels/{CHANNEL}")).await;
        let messages = told["messages"].as_array().unwrap().iter();
        let text = |message: &Value| message["text"].as_str().unwrap().to_owned();
        messages
            .map(|message| text(message).replace(['\u{2068}', '\u{2069}'], ""))
            .collect()
    }

    async fn until_written(&self, count: usize) -> Vec<String> {
        let what = format!("{count} messages should be written");
        self.until(&what, async || {
            let written = self.written().await;
            (written.len() >= count).then_some(written)
        })
        .await
    }

    async fn until_trouble(&self, id: &RotationId, words: &str) {
        self.until(&format!("{words:?} should be said"), async || {
            let trouble = self.view(id).await.trouble.unwrap_or_default();
            trouble.contains(words).then_some(())
        })
        .await
    }
}

#[tokio::test]
async fn each_change_is_written_once_into_the_channel_and_nobody_smuggles_a_mention_in() {
    for database in databases().await {
        let all = ["chat:write", "chat:write.public"];
        let output = Output::new(&database, &all).await;
        let id = output.by_hand("Ops & <!channel>", &ANN_AND_BOB).await;
        assert_eq!(output.choose(&id, CHANNEL).await, Outcome::Done(()));
        assert!(
            output.written().await.is_empty(),
            "only changes are announced"
        );
        let rotate = async || {
            let rotated = output.backend.rotate(&caller(), id.clone()).await;
            assert!(rotated.unwrap().done().is_some());
        };
        rotate().await;
        let expected = "On duty for Ops &amp; &lt;!channel&gt;: <@U2>. Next: Ann.";
        assert_eq!(output.until_written(1).await, [expected]);
        rotate().await;
        let written = output.until_written(2).await;
        assert!(written[1].contains("<@U1>. Next: Bob."), "{written:?}");
        let channel = output.view(&id).await;
        assert_eq!(channel.channel.unwrap().as_str(), CHANNEL);
        assert_eq!((channel.may_write, channel.trouble), (true, None));

        // Given up, nothing is written any more.
        assert_eq!(output.choose(&id, " ").await, Outcome::Done(()));
        rotate().await;
        assert_eq!(output.view(&id).await.channel, None);
        assert_eq!(output.written().await.len(), 2);
        output.end().await;
    }
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
        assert_eq!(output.choose(&id, CHANNEL).await, Outcome::Done(()));
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
        assert_eq!(output.choose(&id, CHANNEL).await, Outcome::Done(()));
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
        let rotate = async || {
            let rotated = output.backend.rotate(&caller(), id.clone()).await;
            assert!(rotated.unwrap().done().is_some());
        };
        output.choose(&id, CHANNEL).await;
        assert!(!output.view(&id).await.may_write);
        rotate().await;
        let store = &output.services.store;
        let problem = output
            .until("the message should be given up", async || {
                let latest = store.latest_notice(&id, "slack_announcement", CHANNEL);
                let latest = latest.await.unwrap().unwrap();
                (latest.state == "given_up").then_some(latest.problem)
            })
            .await;
        assert_eq!(problem.as_deref(), Some("missing_scope"));
        let view = output.view(&id).await;
        assert_eq!((view.may_write, view.trouble), (false, None), "said once");

        output.install(&["chat:write"]).await;
        for (channel, words) in [
            (CHANNEL, "/invite"),
            (PRIVATE, "/invite"),
            (ARCHIVED, "archived"),
            ("C0NOSUCHCHANNEL", "does not know this channel"),
        ] {
            output.choose(&id, channel).await;
            rotate().await;
            output.until_trouble(&id, words).await;
        }
        assert!(output.written().await.is_empty());
        output.install(&["chat:write", "chat:write.public"]).await;
        output.choose(&id, CHANNEL).await;
        rotate().await;
        output.until_written(1).await;
        output.end().await;
    }
}

#[tokio::test]
async fn what_slack_may_have_written_is_not_written_again() {
    for database in databases().await {
        let all = ["chat:write", "chat:write.public"];
        let output = Output::new(&database, &all).await;
        let id = output.by_hand("Ops & <!channel>", &ANN_AND_BOB).await;
        output.choose(&id, CHANNEL).await;
        let path = "/api/chat.postMessage";
        let odd = json!({"side": "slack", "path": path, "status": 502, "times": 1});
        output.sandbox.control("faults", odd).await;
        let rotated = output.backend.rotate(&caller(), id.clone()).await;
        assert!(rotated.unwrap().done().is_some());
        output.until_trouble(&id, "did not say clearly").await;
        assert!(output.written().await.is_empty());

        // It asks to wait, and is asked again.
        let busy = json!({
            "side": "slack", "path": path, "status": 429, "times": 1,
            "headers": {"retry-after": "1"},
        });
        output.sandbox.control("faults", busy).await;
        let rotated = output.backend.rotate(&caller(), id.clone()).await;
        assert!(rotated.unwrap().done().is_some());
        output.until_written(1).await;
        assert_eq!(output.view(&id).await.trouble, None);
        output.end().await;
    }
}

#[tokio::test]
async fn announcements_say_what_somebody_wrote_and_what_that_is_can_be_tried() {
    for database in databases().await {
        let all = ["chat:write", "chat:write.public"];
        let output = Output::new(&database, &all).await;
        let id = output.by_hand("Ops & <!channel>", &ANN_AND_BOB).await;
        output.choose(&id, CHANNEL).await;
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
        let rotate = async || {
            let rotated = output.backend.rotate(&caller(), id.clone()).await;
            assert!(rotated.unwrap().done().is_some());
        };
        rotate().await;
        let expected = "*<@U2>* &lt;!channel&gt; has Ops &amp; &lt;!channel&gt;";
        assert_eq!(output.until_written(1).await, [expected]);
        assert_eq!(output.say(&id, " ").await, Outcome::Done(()));
        rotate().await;
        let written = output.until_written(2).await;
        assert!(written[1].starts_with("On duty for Ops"), "{written:?}");
        output.end().await;
    }
}

#[tokio::test]
async fn a_channel_is_chosen_without_javascript_and_the_page_says_what_is_wrong() {
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
    };
    sees(&mut ann, &["Announcements", "Channel ID"]).await;
    let choose = async |ann: &mut Browser, change: &str, channel: &str| {
        let form = format!("rotation={id}&change={change}&channel={channel}");
        let answer = ann.submit("/rpc/set_slack_channel", &form, &page).await;
        assert!(answer.status.is_redirection(), "{}", answer.body);
    };
    choose(&mut ann, "a", "%23on-call").await;
    sees(&mut ann, &["no channel's ID", "value=\"#on-call\""]).await;
    choose(&mut ann, "b", CHANNEL).await;
    let allow = format!("allow=messages&amp;return_to=%2Frotations%2F{id}%2Fslack");
    let value = format!("value=\"{CHANNEL}\"");
    sees(&mut ann, &[&value, "write messages", &allow]).await;

    // Of a form that was drawn before that, what was typed stays, and may be saved then.
    let drawn = output.view(&id).await.version;
    choose(&mut ann, "c", "C03PAYMENTS").await;
    sees(&mut ann, &["value=\"C03PAYMENTS\""]).await;
    let late = |version: &str| format!("C04WEBSHOP&drawn={version}");
    choose(&mut ann, "d", &late(&drawn)).await;
    let present = output.view(&id).await;
    assert_eq!(present.channel.unwrap().as_str(), "C03PAYMENTS");
    let version = format!("name=\"drawn\" value=\"{}\"", present.version);
    let typed = "value=\"C04WEBSHOP\"";
    sees(
        &mut ann,
        &["Meanwhile Ann has changed this", typed, &version],
    )
    .await;
    choose(&mut ann, "e", &late(&present.version)).await;
    sees(&mut ann, &[typed]).await;
    let chosen = output.view(&id).await.channel;
    assert_eq!(chosen.unwrap().as_str(), "C04WEBSHOP");
    output.end().await;
}

#[tokio::test]
async fn a_channel_is_chosen_by_those_who_may_edit_and_only_an_id_is_one() {
    for database in databases().await {
        let output = Output::new(&database, &BASE).await;
        let id = output.by_hand("Ops & <!channel>", &ANN_AND_BOB).await;
        let refused = output.choose(&id, "#on-call").await;
        assert_eq!(refused, Outcome::Refused(ChannelRefusal::NoId));
        let bob = Caller {
            person: PersonId::new("U2"),
            name: "Bob".to_owned(),
            role: Role::Member,
            ..caller()
        };
        let backend = &output.backend;
        let set = backend.set_slack_channel(&bob, id.clone(), CHANNEL.to_owned(), String::new());
        assert!(set.await.is_err());
        let asked = backend.slack_channel(&bob, id.clone(), String::new());
        assert!(asked.await.is_err());
        let said = backend.set_announcement(&bob, id.clone(), "%USER%".to_owned(), String::new());
        assert!(said.await.is_err());
        assert_eq!(output.view(&id).await.channel, None);
        let link = format!("https://acme.slack.com/archives/{CHANNEL}");
        assert_eq!(output.choose(&id, &link).await, Outcome::Done(()));
        let channel = output.view(&id).await.channel;
        assert_eq!(channel.unwrap().as_str(), CHANNEL);
        output.end().await;
    }
}

#[tokio::test]
async fn of_two_who_save_at_once_the_later_one_is_told_and_may_save_again() {
    for database in databases().await {
        let output = Output::new(&database, &BASE).await;
        let id = output.by_hand("Ops", &ANN_AND_BOB).await;
        let (backend, caller) = (&output.backend, caller());
        let drawn = output.view(&id).await;
        assert_eq!(output.choose(&id, CHANNEL).await, Outcome::Done(()));
        assert_eq!(output.say(&id, "%USER%, hello").await, Outcome::Done(()));

        let other = || "C03PAYMENTS".to_owned();
        let set =
            |version: String| backend.set_slack_channel(&caller, id.clone(), other(), version);
        let set = async |version| set(version).await.unwrap();
        let Outcome::Refused(ChannelRefusal::EditedMeanwhile(meanwhile)) =
            set(drawn.version.clone()).await
        else {
            panic!("somebody was faster");
        };
        assert_eq!(meanwhile.what, CHANNEL);
        assert!(meanwhile.by.contains("Ann"), "{}", meanwhile.by);
        let present = output.view(&id).await;
        assert_eq!(present.channel.as_ref().unwrap().as_str(), CHANNEL);
        assert_eq!(present.version, meanwhile.version);
        let Outcome::Done(version) = set(meanwhile.version).await else {
            panic!("they know by now");
        };
        assert_eq!(version, output.view(&id).await.version);
        // What both have chosen is no matter.
        assert!(set(drawn.version).await.done().is_some());

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
