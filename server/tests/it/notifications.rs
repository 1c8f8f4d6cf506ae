//! Direct messages to people about their own duty, from their choice to what they read in Slack.

use crate::http::browser::Browser;
use crate::support::{
    bound_to, caller, databases, directory_read, slack_output::Output, workspace,
};
use app::backend::{Audit, Caller, Feeds, Notifications, Overrides, Rotations, Schedules, Zones};
use axum::http::StatusCode;
use domain::Person;
use jiff::{Timestamp as Instant, ToSpan, tz::TimeZone};
use serde_json::{Value, json};
use server::sync;
use sqlx::{AnyConnection, Connection as _};
use std::time::Duration;
use types::{
    AuditAction, FeedSubject, Lead, MemberKey, NotificationInput, NotificationRefusal,
    NotificationsView, Outcome, OverrideChoice, OverrideInput, PagerDutyProblem, PersonId, Role,
    RotaInput, RotaKind, RotationId, ScheduleChoice, SpanInput, Timestamp, WorkspaceZoneRefusal,
};

const SCOPES: [&str; 2] = ["chat:write", "im:write"];
/// Of the sandbox's company.
const ADA: (&str, &str) = ("U01ADAOKAF", "Ada Okafor");
const TOMAS: (&str, &str) = ("U05TOMASHE", "Tomás Herrera");
const PRIYA: (&str, &str) = ("U03PRIYARA", "Priya Raman");
const ADA_AND_TOMAS: [(&str, &str); 2] = [ADA, TOMAS];
const OPEN: &str = "conversations.open";
const POST: &str = "chat.postMessage";

impl Output {
    /// With Ada and Tomás known in the workspace, as Slack tells of them.
    pub async fn with_company(database: &crate::support::Database, scopes: &[&str]) -> Self {
        Self::silent_company(database, scopes).await.telling()
    }

    /// The same, telling Slack nothing itself.
    pub async fn silent_company(database: &crate::support::Database, scopes: &[&str]) -> Self {
        let output = Self::silent(database, scopes).await;
        let people = [
            (ADA.0, ADA.1, Role::Member),
            (TOMAS.0, TOMAS.1, Role::Member),
            ("U1", "Ann", Role::Admin),
        ];
        let people = people.map(|(id, name, role)| Person {
            id: PersonId::new(id),
            name: name.to_owned(),
            email: Some(format!("{}@lighthouse-books.example", email(name))),
            role,
            deactivated: false,
        });
        let now = server::clock::now();
        directory_read(&output.services.store, &people, now).await;
        output
    }

    /// Has somebody else of the sandbox known.
    pub async fn meet_also(&self, (id, name): (&str, &str)) {
        let store = &self.services.store;
        let mut people = store
            .directory(&workspace())
            .await
            .unwrap()
            .people()
            .to_vec();
        people.push(Person {
            id: PersonId::new(id),
            name: name.to_owned(),
            email: None,
            role: Role::Member,
            deactivated: false,
        });
        directory_read(store, &people, server::clock::now()).await;
    }

    /// What somebody was written, without what isolates names and without the line about choices.
    pub async fn told(&self, person: &str) -> Vec<String> {
        let channel = format!("D{}", person.strip_prefix('U').unwrap());
        let told = self.sandbox.ask("slack/channels").await;
        let channels = told["channels"].as_array().unwrap();
        if channels.iter().all(|known| known["id"] != channel) {
            return Vec::new();
        }
        let told = self.sandbox.ask(&format!("slack/channels/{channel}")).await;
        let messages = told["messages"].as_array().unwrap().iter();
        let text = |message: &Value| {
            let text = message["text"].as_str().unwrap();
            let text = text.replace(['\u{2068}', '\u{2069}'], "");
            let (text, choices) = text.rsplit_once('\n').unwrap();
            assert!(choices.contains("/settings/notifications"), "{choices}");
            text.to_owned()
        };
        messages.map(text).collect()
    }

    async fn until_told(&self, person: &str, count: usize) -> Vec<String> {
        let what = format!("{person} should be told {count} times");
        self.until(&what, async || {
            let told = self.told(person).await;
            (told.len() >= count).then_some(told)
        })
        .await
    }

    async fn until_over(&self) {
        self.until("nothing more should be told", async || {
            let due = self.services.store.due_notices(&kinds()).await.unwrap();
            (!due.any).then_some(())
        })
        .await;
    }

    async fn rotate_now(&self, id: &RotationId) {
        let rotated = self.backend.rotate(&self.caller, id.clone()).await;
        assert!(rotated.unwrap().done().is_some());
    }

    async fn tell_me(&self, who: &Caller, choices: NotificationInput) {
        let choices = NotificationInput {
            asks_for_covers: true,
            ..choices
        };
        let chosen = self.backend.save_notifications(who, choices).await;
        assert_eq!(chosen.unwrap(), Outcome::Done(()));
    }

    async fn mine(&self, who: &Caller) -> NotificationsView {
        self.backend.notifications(who).await.unwrap()
    }

    async fn until_said(&self, who: &Caller, words: &str) {
        self.until(&format!("{words:?} should be said"), async || {
            let trouble = self.mine(who).await.trouble.unwrap_or_default();
            trouble.contains(words).then_some(())
        })
        .await;
    }

    /// Waits until a message waits for the end of somebody's quiet hours.
    async fn until_quiet(&self, person: &str) {
        self.until("the message should wait", async || {
            let (store, target) = (&self.services.store, format!("slack:{person}"));
            let latest = store.latest_personal_notice(&workspace(), &target).await;
            let latest = latest.unwrap()?;
            let is_quiet = latest.problem.as_deref() == Some("quiet_hours");
            (latest.state == "waiting" && is_quiet).then_some(())
        })
        .await;
    }

    async fn times_asked(&self, method: &str) -> usize {
        let told = self
            .sandbox
            .ask(&format!("slack/calls?method={method}"))
            .await;
        told["calls"].as_array().unwrap().len()
    }

    async fn fault(&self, fault: Value) {
        self.sandbox.control("faults", fault).await;
    }
}

/// As the sandbox's PagerDuty has it before the @.
fn email(name: &str) -> String {
    name.to_lowercase().replace(' ', ".").replace('á', "a")
}

fn kinds() -> Vec<&'static str> {
    domain::PersonalNotice::all()
        .map(domain::PersonalNotice::kind)
        .collect()
}

fn as_person((id, name): (&str, &str)) -> Caller {
    Caller {
        person: PersonId::new(id),
        name: name.to_owned(),
        role: Role::Member,
        ..caller()
    }
}

/// Told of the beginning and of the end.
fn both() -> NotificationInput {
    NotificationInput {
        starts: true,
        ends: true,
        ..NotificationInput::default()
    }
}

#[tokio::test]
async fn whoever_begins_is_told_once_and_whoever_wants_to_be_when_it_ends() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let id = output.by_hand("Ops & <!channel>", &ADA_AND_TOMAS).await;
        let link = format!("/rotations/{id}|Ops &amp; &lt;!channel&gt;>");
        let first = output.until_told(ADA.0, 1).await;
        assert!(first[0].starts_with("You are on duty for <"), "{first:?}");
        assert!(first[0].contains(&link), "{first:?}");
        output.tell_me(&as_person(ADA), both()).await;
        output.rotate_now(&id).await;
        let told = output.until_told(ADA.0, 2).await;
        assert!(
            told[1].contains("has ended. On duty now: <@U05TOMASHE>."),
            "{told:?}"
        );
        output.until_told(TOMAS.0, 1).await;
        output
            .until("what she was told last should be kept", async || {
                let last = output.mine(&as_person(ADA)).await.last?;
                (last.about == "Duty ended: Ops & <!channel>").then_some(())
            })
            .await;
        let view = output.mine(&as_person(ADA)).await;
        assert_eq!((view.may_write, view.trouble), (true, None));

        // Whoever wants to hear nothing hears nothing.
        let nothing = NotificationInput::default();
        output.tell_me(&as_person(ADA), nothing).await;
        output.rotate_now(&id).await;
        output.rotate_now(&id).await;
        output.until_told(TOMAS.0, 2).await;
        output.until_over().await;
        assert_eq!(output.told(ADA.0).await.len(), 2);
        output.end().await;
    }
}

#[tokio::test]
async fn nobody_is_asked_for_anything_where_nothing_changes() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let id = output.by_hand("Ops", &ADA_AND_TOMAS).await;
        output.until_told(ADA.0, 1).await;
        output.until_over().await;
        let calls = (
            output.times_asked(OPEN).await,
            output.times_asked(POST).await,
        );
        assert_eq!(calls, (1, 1));
        let workspace = workspace();
        let renamed = output
            .services
            .store
            .change_rotation(&workspace, &id, |rotation| {
                rotation.details.description = "Other".to_owned();
                let action = types::AuditAction::EditedRotation;
                Ok::<_, std::convert::Infallible>(crate::support::entry(action))
            });
        assert_eq!(renamed.await.unwrap(), Some(Ok(true)));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(
            (
                output.times_asked(OPEN).await,
                output.times_asked(POST).await
            ),
            (1, 1)
        );
        output.end().await;
    }
}

#[tokio::test]
async fn a_missing_scope_is_said_and_leaves_the_rest_going() {
    for database in databases().await {
        let output = Output::with_company(&database, &["chat:write"]).await;
        let id = output.by_hand("Ops", &ADA_AND_TOMAS).await;
        output.rotate_now(&id).await;
        output.until_over().await;
        assert!(!output.mine(&as_person(ADA)).await.may_write);
        assert_eq!(
            (
                output.times_asked(OPEN).await,
                output.times_asked(POST).await
            ),
            (0, 0)
        );

        output.install(&SCOPES).await;
        output.rotate_now(&id).await;
        assert_eq!(output.until_told(ADA.0, 1).await.len(), 1);
        assert!(output.mine(&as_person(ADA)).await.may_write);

        // Slack takes it away again.
        let dropped = json!({"scope": "im:write"});
        output
            .sandbox
            .control("slack/token/drop-scope", dropped)
            .await;
        output.rotate_now(&id).await;
        output
            .until("that it is gone should be noticed", async || {
                let may_write = output.mine(&as_person(TOMAS)).await.may_write;
                (!may_write).then_some(())
            })
            .await;
        assert_eq!(
            output.mine(&as_person(TOMAS)).await.trouble,
            None,
            "said once"
        );
        output.end().await;
    }
}

#[tokio::test]
async fn what_may_have_been_told_is_not_told_again_and_what_was_not_is() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let id = output.by_hand("Ops", &ADA_AND_TOMAS).await;
        output.until_told(ADA.0, 1).await;
        let path = format!("/api/{POST}");
        output
            .fault(json!({"side": "slack", "path": path, "status": 502, "times": 1}))
            .await;
        output.rotate_now(&id).await;
        output
            .until_said(&as_person(TOMAS), "did not say clearly")
            .await;
        assert!(output.told(TOMAS.0).await.is_empty());

        // Opening the conversation writes nothing, so it is tried again.
        let path = format!("/api/{OPEN}");
        output
            .fault(json!({"side": "slack", "path": path, "status": 502, "times": 1}))
            .await;
        output.rotate_now(&id).await;
        output.until_told(ADA.0, 2).await;

        // It asks to wait, and is asked again.
        let busy = json!({
            "side": "slack", "path": path, "status": 429, "times": 1,
            "headers": {"retry-after": "1"},
        });
        output.fault(busy).await;
        output.rotate_now(&id).await;
        output.until_told(TOMAS.0, 1).await;
        assert_eq!(output.mine(&as_person(TOMAS)).await.trouble, None);
        output.end().await;
    }
}

#[tokio::test]
async fn whom_slack_does_not_let_be_reached_is_told_why_and_nobody_else_waits() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let id = output.by_hand("Ops", &ADA_AND_TOMAS).await;
        output.until_told(ADA.0, 1).await;
        let hide = format!("slack/people/{}/hide", TOMAS.0);
        output.sandbox.control(&hide, json!({"hidden": true})).await;
        output.rotate_now(&id).await;
        output
            .until_said(&as_person(TOMAS), "deactivated or cannot be seen")
            .await;
        output.rotate_now(&id).await;
        output.until_told(ADA.0, 2).await;
        let deactivate = format!("slack/people/{}/deactivate", ADA.0);
        output.sandbox.control(&deactivate, json!({})).await;
        output.rotate_now(&id).await;
        output.rotate_now(&id).await;
        output
            .until_said(&as_person(ADA), "deactivated or cannot be seen")
            .await;
        output.end().await;
    }
}

#[tokio::test]
async fn several_rotations_are_told_of_in_one_message() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let path = format!("/api/{OPEN}");
        let busy = json!({
            "side": "slack", "path": path, "status": 429, "times": 1,
            "headers": {"retry-after": "1"},
        });
        output.fault(busy).await;
        for name in ["One", "Two", "Three"] {
            output.by_hand(name, &ADA_AND_TOMAS).await;
        }
        let told = output.until_told(ADA.0, 1).await;
        output.until_over().await;
        let lines: Vec<_> = told.iter().flat_map(|message| message.lines()).collect();
        assert_eq!(lines.len(), 3, "{told:?}");
        assert!(output.told(ADA.0).await.len() < 3);
        output.end().await;
    }
}

/// Quiet hours of Ada's, who is in the time zone of the sandbox's: from an hour ago until in two
/// hours, or until in some seconds where these are to end.
fn quiet_now(zone: &str) -> NotificationInput {
    let zone = TimeZone::get(zone).unwrap();
    let time = |hours: i64| {
        let at = Instant::now().checked_add(hours.hours()).unwrap();
        at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
    };
    NotificationInput {
        quiet_from: time(-1),
        quiet_until: time(2),
        ..both()
    }
}

#[tokio::test]
async fn in_quiet_hours_nothing_is_told_and_afterwards_what_is_still_true() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let id = output.by_hand("Ops", &[TOMAS, ADA]).await;
        output.until_told(TOMAS.0, 1).await;
        let ada = as_person(ADA);
        assert_eq!(output.mine(&ada).await.zone, "UTC");
        output.tell_me(&ada, quiet_now("UTC")).await;
        output.rotate_now(&id).await;
        output.until_quiet(ADA.0).await;
        let view = output.mine(&ada).await;
        assert_eq!((view.trouble, view.last), (None, None));
        // Her duty ends within them, which is not told.
        output.rotate_now(&id).await;
        output.rotate_now(&id).await;
        output.until_quiet(ADA.0).await;
        assert!(output.told(ADA.0).await.is_empty());
        // There are none any more.
        output.tell_me(&ada, both()).await;
        let told = output.until_told(ADA.0, 1).await;
        assert!(told[0].starts_with("You are on duty"), "{told:?}");
        output.until_over().await;
        assert_eq!(output.told(ADA.0).await.len(), 1);
        output.end().await;
    }
}

#[tokio::test]
async fn a_time_zone_is_slacks_where_it_tells_one() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let set = "update people set time_zone = 'Europe/Berlin' where id = 'U01ADAOKAF'";
        database.execute(set).await;
        database
            .execute("update people set time_zone = 'Nowhere/Odd' where id = 'U05TOMASHE'")
            .await;
        let ada = output.mine(&as_person(ADA)).await;
        assert_eq!(
            (ada.zone.as_str(), ada.zone_is_slacks),
            ("Europe/Berlin", true)
        );
        let tomas = output.mine(&as_person(TOMAS)).await;
        assert_eq!((tomas.zone.as_str(), tomas.zone_is_slacks), ("UTC", false));
        output.end().await;
    }
}

#[tokio::test]
async fn of_a_pagerduty_schedule_people_are_reminded_and_told_of_the_hand_off() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let (services, sandbox) = (&output.services, &output.sandbox);
        let ada = as_person(ADA);
        let choices = NotificationInput {
            starts: true,
            leads: vec![Lead::AWeek, Lead::QuarterOfAnHour],
            ..NotificationInput::default()
        };
        output.tell_me(&ada, choices).await;
        bound_to(services, sandbox, "PPLATP1").await;
        let reconciler = tokio::spawn(crate::support::reconcile(services.clone()));
        let order = json!({"seconds": 4, "next": "PADAOK1"});
        sandbox.control("schedules/PPLATP1/end-shift", order).await;
        let synced = sync::sync_now(&services.sync, &workspace(), None).await;
        assert!(synced.unwrap().is_ok());
        let told = output.until_told(ADA.0, 2).await;
        assert!(told[0].starts_with("Your shift for <"), "{told:?}");
        assert!(told[0].contains("begins <!date^"), "{told:?}");
        assert!(told[1].starts_with("You are on duty for <"), "{told:?}");
        assert!(told[1].contains("until <!date^"), "{told:?}");
        output.until_over().await;
        assert_eq!(
            output.told(ADA.0).await.len(),
            2,
            "one reminder, though two were due"
        );
        output.end().await;
        reconciler.await.unwrap();
    }
}

#[tokio::test]
async fn of_a_schedule_that_moves_people_are_told_once_if_they_want_to_be() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let id = output.by_hand("Ops", &ADA_AND_TOMAS).await;
        output.until_told(ADA.0, 1).await;
        let choices = NotificationInput {
            moves: true,
            ..NotificationInput::default()
        };
        output.tell_me(&as_person(ADA), choices.clone()).await;
        output
            .tell_me(&as_person(TOMAS), NotificationInput::default())
            .await;
        let at = async |time: &str| {
            let input = RotaInput {
                kind: RotaKind::Daily,
                times: time.to_owned(),
                zone: "Pacific/Auckland".to_owned(),
                starts_on: "2026-01-01".to_owned(),
                ..RotaInput::default()
            };
            let choice = ScheduleChoice::Scheduled(Box::new(input));
            let set = output
                .backend
                .set_schedule(&output.caller, id.clone(), choice.into());
            assert_eq!(set.await.unwrap(), Outcome::Done(()));
        };
        at("00:00").await;
        output.until_over().await;
        assert_eq!(
            output.told(ADA.0).await.len(),
            1,
            "it is new, and did not move"
        );
        at("00:30").await;
        let told = output.until_told(ADA.0, 2).await;
        output.until_over().await;
        assert_eq!(output.told(ADA.0).await.len(), 2);
        assert!(
            told[1].contains("begins at another time now: <!date^"),
            "{told:?}"
        );
        assert!(told[1].ends_with("So do later ones."), "{told:?}");
        // There, elsewhere, and back there.
        at("01:00").await;
        output.until_told(ADA.0, 3).await;
        output.until_over().await;
        at("00:30").await;
        let told = output.until_told(ADA.0, 4).await;
        output.until_over().await;
        assert_eq!(output.told(ADA.0).await.len(), 4);
        assert_eq!(told[3], told[1]);
        assert!(output.told(TOMAS.0).await.is_empty());
        output.end().await;
    }
}

/// The beginning of a day so many days from now, as it is typed.
fn day(ahead: i64) -> String {
    let at = server::clock::now().plus_seconds(ahead * 24 * 3600);
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap();
    at.strftime("%Y-%m-%dT00:00").to_string()
}

#[tokio::test]
async fn whose_shifts_to_come_change_hands_is_told_once_which_they_are_now() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let id = output.by_hand("Ops", &ADA_AND_TOMAS).await;
        output.until_told(ADA.0, 1).await;
        for person in ADA_AND_TOMAS {
            let choices = NotificationInput {
                moves: true,
                ..NotificationInput::default()
            };
            output.tell_me(&as_person(person), choices).await;
        }
        let daily = RotaInput {
            kind: RotaKind::Daily,
            times: "00:00".to_owned(),
            zone: "Pacific/Auckland".to_owned(),
            starts_on: "2026-01-01".to_owned(),
            ..RotaInput::default()
        };
        let choice = ScheduleChoice::Scheduled(Box::new(daily));
        let set = output
            .backend
            .set_schedule(&output.caller, id.clone(), choice.into());
        assert_eq!(set.await.unwrap(), Outcome::Done(()));
        output.until_over().await;
        let (ada, tomas) = (output.told(ADA.0).await, output.told(TOMAS.0).await);
        let replace = OverrideInput {
            kind: OverrideChoice::Replace,
            of: format!("slack:{}", ADA.0),
            person: TOMAS.0.to_owned(),
            span: SpanInput {
                from: day(2),
                until: day(5),
                ..SpanInput::default()
            },
        };
        let check = async |times: usize| {
            for (person, before) in [(ADA, &ada), (TOMAS, &tomas)] {
                let told = output.until_told(person.0, before.len() + times).await;
                output.until_over().await;
                assert_eq!(output.told(person.0).await.len(), before.len() + times);
                let told = told.last().unwrap();
                assert!(told.contains("Your shifts to come for <"), "{told}");
                assert!(told.contains("have changed. They begin <!date^"), "{told}");
            }
        };
        let made = output
            .backend
            .make_override(&output.caller, id.clone(), replace);
        assert_eq!(made.await.unwrap(), Outcome::Done(()));
        check(1).await;
        // Taken back, it is told as well: whoever was told that they have none has them again.
        let state =
            output
                .backend
                .rotation(&output.caller, id.clone(), types::DaysWanted::default());
        let one = state.await.unwrap().overrides.remove(0).id;
        let ended = output.backend.end_override(&output.caller, id.clone(), one);
        assert_eq!(ended.await.unwrap(), Outcome::Done(()));
        check(2).await;
        // Who loses all of them is told as well, though nothing that is known comes after these.
        let key = MemberKey::of_person(&PersonId::new(TOMAS.0));
        let removed = output
            .backend
            .remove_member(&output.caller, id.clone(), key);
        assert!(matches!(removed.await.unwrap(), Outcome::Done(_)));
        let told = output.until_told(TOMAS.0, tomas.len() + 3).await;
        let told = told.last().unwrap();
        assert!(
            told.ends_with("have changed. You have none, as far as the days ahead are known."),
            "{told}"
        );
        output.end().await;
    }
}

#[tokio::test]
async fn whoever_is_covered_is_told_by_whom_and_not_once_more_that_their_shifts_changed() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let id = output.by_hand("Ops", &ADA_AND_TOMAS).await;
        output.until_told(ADA.0, 1).await;
        let (ada, tomas) = (as_person(ADA), as_person(TOMAS));
        let daily = RotaInput {
            kind: RotaKind::Daily,
            times: "00:00".to_owned(),
            zone: "UTC".to_owned(),
            starts_on: "2026-01-01".to_owned(),
            ..RotaInput::default()
        };
        let choice = ScheduleChoice::Scheduled(Box::new(daily));
        let set = output
            .backend
            .set_schedule(&output.caller, id.clone(), choice.into());
        assert_eq!(set.await.unwrap(), Outcome::Done(()));
        output.tell_me(&tomas, NotificationInput::default()).await;
        let cover = async |covers: bool, from: i64| {
            let choices = NotificationInput {
                moves: true,
                covers,
                ..NotificationInput::default()
            };
            output.tell_me(&ada, choices).await;
            output.until_over().await;
            let before = output.told(ADA.0).await.len();
            let input = OverrideInput {
                kind: OverrideChoice::Cover,
                of: format!("slack:{}", ADA.0),
                span: SpanInput {
                    from: day(from),
                    until: day(from + 3),
                    ..SpanInput::default()
                },
                ..OverrideInput::default()
            };
            let asking = output.backend.ask_for_cover(&ada, id.clone(), input);
            assert_eq!(asking.await.unwrap(), Outcome::Done(()));
            let now = server::clock::now();
            let covers = output.services.store.covers(&[&id], now).await.unwrap();
            let mut covers = covers.into_values().flatten();
            let cover = covers.find(|cover| cover.request.taken_by.is_none());
            let taken = output
                .backend
                .take_cover(&tomas, id.clone(), cover.unwrap().id);
            assert_eq!(taken.await.unwrap(), Outcome::Done(()));
            output.until_told(ADA.0, before + 1).await;
            output.until_over().await;
            output.told(ADA.0).await.split_off(before)
        };
        let told = cover(true, 2).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("<@U05TOMASHE> covers you for"), "{told:?}");
        // Who wants to hear of shifts alone is told of these.
        let told = cover(false, 10).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("Your shifts to come for <"), "{told:?}");
        output.end().await;
    }
}

#[tokio::test]
async fn after_hand_offs_that_were_missed_only_the_present_state_is_told() {
    for database in databases().await {
        let output = Output::with_company(&database, &[]).await;
        let id = output.by_hand("Ops", &ADA_AND_TOMAS).await;
        output.services.shutdown.cancel();
        // Without anybody who delivers, duty changes hands three times.
        output.install(&SCOPES).await;
        for _ in 0..3 {
            output.rotate_now(&id).await;
        }
        let store = &output.services.store;
        let due = store.due_notices(&kinds()).await.unwrap();
        assert!(due.any);
        let (tasks, background) = (&output.services.tasks, &output.services.background);
        let _ = tasks;
        let consumers = server::slack_output::direct::DirectMessages::all(&output.services);
        let deliverer = server::outbox::Deliverer::new(store, background, consumers.collect());
        for delivery in deliverer.claim().await.unwrap() {
            deliverer.deliver(delivery).await;
        }
        assert!(output.told(ADA.0).await.is_empty());
        assert_eq!(output.told(TOMAS.0).await.len(), 1);
        output.end().await;
    }
}

#[tokio::test]
async fn choices_are_made_without_javascript_and_what_is_wrong_with_them_is_said() {
    let database = crate::support::sqlite();
    let output = Output::with_company(&database, &["chat:write"]).await;
    let cookie = crate::support::cookie(&output.services.store).await;
    let (name, value) = cookie.split_once('=').unwrap();
    let mut ann = Browser::new(&output.services).with_cookie(name, value);
    let page = "/settings/notifications";
    let first = ann.open(page).await;
    assert_eq!(first.status, StatusCode::OK);
    let allow = "allow=direct_messages&amp;return_to=%2Fsettings%2Fnotifications";
    for words in ["write direct messages", allow, "None yet", "UTC"] {
        assert!(first.body.contains(words), "{words:?} in {}", first.body);
    }
    let choose = async |ann: &mut Browser, form: &str| {
        let answer = ann.submit("/rpc/save_notifications", form, page).await;
        assert!(answer.status.is_redirection(), "{}", answer.body);
        ann.open(page).await.body
    };
    let wrong = "change=a&choices[leads][]=1d&choices[quiet_from]=22:00&choices[quiet_until]=";
    let body = choose(&mut ann, wrong).await;
    let sentence = NotificationRefusal::HalfQuiet.to_string();
    assert!(
        body.contains(&sentence) && body.contains("value=\"22:00\""),
        "{body}"
    );
    let right = "change=b&choices[ends]=true&choices[leads][]=1d&choices[leads][]=15m&choices[quiet_from]=22:00&choices[quiet_until]=07:00";
    choose(&mut ann, right).await;
    let view = output.mine(&output.caller).await;
    let expected = NotificationInput {
        ends: true,
        leads: vec![Lead::QuarterOfAnHour, Lead::ADay],
        quiet_from: "22:00".to_owned(),
        quiet_until: "07:00".to_owned(),
        // The form of another version does not ask for that.
        covers: true,
        asks_for_covers: true,
        ..NotificationInput::default()
    };
    assert_eq!(NotificationInput::from(&view.choices), expected);
    choose(&mut ann, "change=c&choices[asks_for_covers]=true").await;
    assert!(!output.mine(&output.caller).await.choices.covers);
    output.end().await;
}

/// Whoever is absorbed keeps what they chose.
#[tokio::test]
async fn whoever_turns_out_to_be_somebody_else_keeps_their_choice() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        output.tell_me(&as_person(ADA), both()).await;
        let (backend, ada) = (&output.backend, as_person(ADA));
        let made = backend.make_feed(&ada, FeedSubject::Mine).await;
        made.unwrap();
        let store = &output.services.store;
        let known = store
            .person(&workspace(), &PersonId::new(ADA.0))
            .await
            .unwrap();
        let same = domain::PersonChange {
            person: domain::KnownPerson {
                person: Person {
                    id: PersonId::new("W9"),
                    ..known.unwrap()
                },
                other_id: Some(PersonId::new(ADA.0)),
                time_zone: None,
                read_at: Timestamp::from_millis(i64::MAX / 2),
            },
            absorbs: Some(PersonId::new(ADA.0)),
        };
        store.save_told(&workspace(), &[same]).await.unwrap();
        let view = output.mine(&as_person(("W9", "Ada"))).await;
        assert!(view.choices.ends);
        let feeds = output.backend.feeds(&as_person(("W9", "Ada"))).await;
        assert_eq!(feeds.unwrap().len(), 1);
        output.end().await;
    }
}

#[tokio::test]
async fn whoever_could_give_cover_is_told_and_whoever_wants_it_hears_who_does() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        output.meet_also(PRIYA).await;
        let people = [ADA, TOMAS, PRIYA];
        let id = output.by_hand("Ops", &people).await;
        output.until_told(ADA.0, 1).await;
        let nothing = NotificationInput::default();
        output.tell_me(&as_person(PRIYA), nothing.clone()).await;
        for who in [ADA, TOMAS] {
            let only_cover = NotificationInput {
                covers: true,
                ..nothing.clone()
            };
            output.tell_me(&as_person(who), only_cover).await;
        }
        let rota = RotaInput {
            kind: RotaKind::Daily,
            times: "00:00".to_owned(),
            zone: "UTC".to_owned(),
            starts_on: "2026-01-01".to_owned(),
            ..RotaInput::default()
        };
        let choice = ScheduleChoice::Scheduled(Box::new(rota));
        let set = output
            .backend
            .set_schedule(&output.caller, id.clone(), choice.into());
        assert_eq!(set.await.unwrap(), Outcome::Done(()));
        let (ada, tomas) = (as_person(ADA), as_person(TOMAS));
        // So long that a turn of hers is among them.
        let ask = async |month: &str| {
            let input = OverrideInput {
                kind: OverrideChoice::Cover,
                of: format!("slack:{}", ADA.0),
                span: SpanInput {
                    from: format!("{month}-01T10:00"),
                    until: format!("{month}-04T18:00"),
                    ..SpanInput::default()
                },
                ..OverrideInput::default()
            };
            let asking = output.backend.ask_for_cover(&ada, id.clone(), input);
            assert_eq!(asking.await.unwrap(), Outcome::Done(()));
            let now = server::clock::now();
            let covers = output.services.store.covers(&[&id], now).await.unwrap();
            covers
                .into_values()
                .flatten()
                .find(|cover| cover.request.taken_by.is_none())
                .unwrap()
                .id
        };
        let cover = ask("2027-06").await;
        let told = output.until_told(TOMAS.0, 1).await;
        assert!(
            told[0].contains("<@U01ADAOKAF> asks for cover for"),
            "{told:?}"
        );
        let taking = output.backend.take_cover(&tomas, id.clone(), cover.clone());
        assert_eq!(taking.await.unwrap(), Outcome::Done(()));
        let told = output.until_told(ADA.0, 2).await;
        assert!(told[1].contains("<@U05TOMASHE> covers you for"), "{told:?}");
        output.until_over().await;
        assert_eq!(output.told(TOMAS.0).await.len(), 1);
        assert!(
            output.told(PRIYA.0).await.is_empty(),
            "she chose not to be told"
        );

        // Whoever gives it no more is told nothing, and all others that it is wanted again.
        let only_cover = NotificationInput {
            covers: true,
            ..nothing.clone()
        };
        output.tell_me(&as_person(PRIYA), only_cover).await;
        let days = types::DaysWanted::default();
        let page = output.backend.rotation(&output.caller, id.clone(), days);
        let given = page.await.unwrap().overrides[0].id.clone();
        let ended = output.backend.end_override(&tomas, id.clone(), given);
        assert_eq!(ended.await.unwrap(), Outcome::Done(()));
        let told = output.until_told(ADA.0, 3).await;
        assert!(told[2].starts_with("Nobody covers you for"), "{told:?}");
        let told = output.until_told(PRIYA.0, 1).await;
        assert!(told[0].contains("asks for cover for"), "{told:?}");
        output.until_over().await;
        assert_eq!(output.told(TOMAS.0).await.len(), 1);
        output.tell_me(&as_person(PRIYA), nothing.clone()).await;
        let open = output.backend.withdraw_cover(&ada, id.clone(), cover).await;
        assert_eq!(open.unwrap(), Outcome::Done(()), "it was open again");

        // What is withdrawn before it is told is told to nobody.
        output.services.shutdown.cancel();
        let cover = ask("2027-07").await;
        let gone = output.backend.withdraw_cover(&ada, id.clone(), cover).await;
        assert_eq!(gone.unwrap(), Outcome::Done(()));
        let (store, background) = (&output.services.store, &output.services.background);
        let consumers = server::slack_output::direct::DirectMessages::all(&output.services);
        let deliverer = server::outbox::Deliverer::new(store, background, consumers.collect());
        for delivery in deliverer.claim().await.unwrap() {
            deliverer.deliver(delivery).await;
        }
        assert_eq!(output.told(TOMAS.0).await.len(), 1);
        output.end().await;
    }
}

#[tokio::test]
async fn admins_are_told_once_that_pagerduty_needs_to_be_reconnected() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        output.meet_also(PRIYA).await;
        bound_to(&output.services, &output.sandbox, "PPLATP1").await;
        let (store, ada) = (&output.services.store, as_person(ADA));
        let role = async |id: &str, role| {
            let mut people = store
                .directory(&workspace())
                .await
                .unwrap()
                .people()
                .to_vec();
            for person in people.iter_mut().filter(|person| person.id.as_str() == id) {
                person.role = role;
            }
            directory_read(store, &people, server::clock::now()).await;
        };
        role(ADA.0, Role::Admin).await;
        role(TOMAS.0, Role::Owner).await;
        let find = async |problem: Option<PagerDutyProblem>| {
            let mut other = AnyConnection::connect(&database.url).await.unwrap();
            let json = problem.map(|problem| serde_json::to_string(&problem).unwrap());
            sqlx::query("update pagerduty_connections set problem = $1")
                .bind(json)
                .execute(&mut other)
                .await
                .unwrap();
            other.close().await.unwrap();
            let (one, other) = tokio::join!(store.follow_outages(), store.follow_outages());
            one.and(other).unwrap();
        };
        find(Some(PagerDutyProblem::Unreachable)).await;
        find(Some(PagerDutyProblem::LoginEnded)).await;
        // They may be told of the rotation's duty too.
        let told = async |person: &str| {
            let mut told = output.told(person).await;
            told.retain(|text| text.contains("PagerDuty needs"));
            told
        };
        let until_told = async |person: &str, count: usize| {
            output
                .until("admins should be told", async || {
                    let told = told(person).await;
                    (told.len() >= count).then_some(told)
                })
                .await
        };
        for person in [ADA.0, TOMAS.0] {
            let told = until_told(person, 1).await;
            assert!(
                told[0].contains("needs to be reconnected. PagerDuty has ended"),
                "{told:?}"
            );
            assert!(
                told[0].ends_with("/settings/integrations|Reconnect it>"),
                "{told:?}"
            );
        }
        // It is well and ill again within the hour.
        find(None).await;
        find(Some(PagerDutyProblem::LoginEnded)).await;
        output.until_over().await;
        assert_eq!(told(ADA.0).await.len(), 1);
        assert!(told(PRIYA.0).await.is_empty());
        let mut other = AnyConnection::connect(&database.url).await.unwrap();
        find(None).await;
        sqlx::query("update outages set well_since = well_since - 3600000")
            .execute(&mut other)
            .await
            .unwrap();
        other.close().await.unwrap();
        // Whoever is no admin any more is not told, nor is anybody of what is over.
        role(TOMAS.0, Role::Member).await;
        find(Some(PagerDutyProblem::LoginEnded)).await;
        until_told(ADA.0, 2).await;
        output.until_over().await;
        assert_eq!(told(TOMAS.0).await.len(), 1);
        let as_admin = Caller {
            role: Role::Admin,
            ..ada.clone()
        };
        assert!(output.mine(&as_admin).await.administers);
        assert!(!output.mine(&ada).await.administers);
        output.end().await;
    }
}

#[tokio::test]
async fn the_zone_of_the_workspace_holds_for_whom_slack_tells_none() {
    for database in databases().await {
        let output = Output::with_company(&database, &SCOPES).await;
        let (backend, ann) = (&output.backend, &output.caller);
        let ada = as_person(ADA);
        let before = output.mine(&ada).await;
        assert_eq!(
            (before.zone.as_str(), before.zone_is_workspaces),
            ("UTC", false)
        );
        let set =
            async |who: &Caller, zone: &str| backend.set_workspace_zone(who, zone.to_owned()).await;
        assert!(set(&ada, "Europe/Paris").await.is_err());
        let refused = set(ann, "Europe/Atlantis").await.unwrap();
        assert_eq!(refused, Outcome::Refused(WorkspaceZoneRefusal::NoZone));
        assert_eq!(set(ann, " Europe/Paris ").await.unwrap(), Outcome::Done(()));
        assert_eq!(
            backend.workspace_zone(ann).await.unwrap().zone,
            "Europe/Paris"
        );
        assert!(backend.workspace_zone(&ada).await.is_err());
        let after = output.mine(&ada).await;
        assert_eq!(
            (after.zone.as_str(), after.zone_is_workspaces),
            ("Europe/Paris", true)
        );
        let entries = backend.audit(ann, None).await.unwrap().entries;
        assert_eq!(entries[0].action, AuditAction::SetWorkspaceZone);
        assert_eq!(set(ann, "").await.unwrap(), Outcome::Done(()));
        assert_eq!(output.mine(&ada).await.zone, "UTC");
        output.end().await;
    }
}
