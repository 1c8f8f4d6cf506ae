//! Servers of two versions on one database, as while one takes over from the other: what the
//! later one adds and writes takes nothing down at the earlier one.

use crate::{
    feeds::read,
    support::{Database, bound::Bound, caller, create, databases, workspace},
};
use app::backend::{
    Absences, Audit, Channels, Connections, DutyGroups, Feeds, Holidays, Notifications, Operation,
    Overrides, Rotations, Schedules, Topics, Weeks, Zones,
};
use server::{
    backend::RoundRobin,
    clock,
    limits::Limits,
    slack::{ANNOUNCEMENT, DUTY_GROUP, TOPIC},
    sync,
};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use types::{
    AbsenceInput, DaysWanted, FeedSubject, Outcome, OverrideChoice, OverrideInput, RotaInput,
    RotaKind, RotationFilter, RotationId, RotationMode, ScheduleChoice, SpanInput, WeekFilter,
};

const SCHEDULES: [&str; 2] = ["PPLATP1", "PPAYMN3"];
/// What no version knows, neither as a code nor as JSON.
const UNKNOWN: &str = "from-a-later-version";

/// Opens every page of a workspace with four rotations, and reads a feed of it.
async fn pages(bound: &Bound, after: &str) {
    let (backend, caller) = (bound.backend(), caller());
    let all = backend.rotations(&caller, RotationFilter::default()).await;
    let all = all.unwrap_or_else(|error| panic!("the list after {after}: {error}"));
    assert_eq!(all.cards.len(), 4, "after {after}");
    for card in all.cards {
        let page = backend
            .rotation(&caller, card.id.clone(), DaysWanted::default())
            .await;
        page.unwrap_or_else(|error| panic!("{} after {after}: {error}", card.name));
        pages_of_slack(&backend, &card.id, after).await;
    }
    let home = backend.home(&caller).await;
    let home = home.unwrap_or_else(|error| panic!("Home after {after}: {error}"));
    assert_eq!(home.rotations, 4, "after {after}");
    let panel = backend.integrations(&caller).await;
    let panel = panel.unwrap_or_else(|error| panic!("the panel after {after}: {error}"));
    assert!(panel.pagerduty.is_some(), "after {after}");
    let week = backend.week(&caller, WeekFilter::default()).await;
    let week = week.unwrap_or_else(|error| panic!("the week after {after}: {error}"));
    assert_eq!(week.rows.len(), 4, "after {after}");
    let people = backend.people(&caller, String::new(), Vec::new());
    for (what, error) in [
        ("the syncs", backend.sync_history(&caller).await.err()),
        ("the audit log", backend.audit(&caller, None).await.err()),
        ("people", people.await.err()),
        ("calendars", backend.feeds(&caller).await.err()),
        ("notifications", backend.notifications(&caller).await.err()),
        ("the zone", backend.workspace_zone(&caller).await.err()),
        (
            "holidays",
            backend.holidays(&caller, String::new()).await.err(),
        ),
        ("absences", backend.absences(&caller).await.err()),
        (
            "background work",
            backend.background_work(&caller).await.err(),
        ),
        ("Slack", backend.slack_settings(&caller).await.err()),
    ] {
        assert!(error.is_none(), "{what} after {after}: {error:?}");
    }
    let services = server::Services {
        // It is read more often here than calendars may.
        limits: Limits::default(),
        ..bound.services.clone()
    };
    for feed in backend.feeds(&caller).await.unwrap() {
        if let Some(address) = feed.address {
            let path = address.rfind("/ical/").map(|place| &address[place..]);
            let read = read(&services, path.unwrap()).await;
            assert_eq!(read.status, 200, "the feed after {after}: {}", read.body);
        }
    }
}

/// The parts of a rotation's page about Slack.
async fn pages_of_slack(backend: &RoundRobin, id: &RotationId, after: &str) {
    let caller = caller();
    let (none, rotation) = (String::new(), || id.clone());
    let group = backend.duty_group(&caller, rotation(), none.clone(), None);
    let announcements = backend.announcements(&caller, rotation(), none.clone());
    let topic = backend.topic(&caller, rotation(), none);
    for (what, error) in [
        ("the group", group.await.err()),
        ("the channels", announcements.await.err()),
        ("the topic", topic.await.err()),
    ] {
        assert!(error.is_none(), "{what} after {after}: {error:?}");
    }
}

/// Every column that holds one of some values or JSON, by table, with what tells its rows apart.
const VALUES: &[(&str, [&str; 2], &[&str])] = &[
    ("rotations", ["id", "id"], &["mode", "visibility"]),
    ("people", ["workspace_id", "id"], &["role", "time_zone"]),
    ("audit", ["id", "id"], &["action", "actor_kind"]),
    ("rotation_members", ["rotation_id", "key"], &["unlinked"]),
    (
        "pagerduty_connections",
        ["workspace_id", "workspace_id"],
        &["problem"],
    ),
    (
        "pagerduty_schedules",
        ["workspace_id", "id"],
        &["problem", "api_version", "left_out", "time_zone"],
    ),
    (
        "pagerduty_shifts",
        ["schedule_id", "starts_at"],
        &["override_of"],
    ),
    ("sync_runs", ["id", "id"], &["reason", "problem"]),
    (
        "workspaces",
        ["id", "id"],
        &["directory_problem", "time_zone", "token_refused_word"],
    ),
    (
        "rotas",
        ["rotation_id", "rotation_id"],
        &["terms", "turn", "zones"],
    ),
    ("overrides", ["id", "id"], &["kind"]),
    (
        "duty_history",
        ["rotation_id", "starts_at"],
        &["source", "holder"],
    ),
    (
        "past_overrides",
        ["rotation_id", "starts_at"],
        &["instead_of"],
    ),
    (
        "duty_groups",
        ["workspace_id", "group_id"],
        &[
            "when_nobody",
            "permanent",
            "fallback",
            "not_taken",
            "asked",
            "members",
            "problem",
        ],
    ),
    (
        "channel_topics",
        ["workspace_id", "channel_id"],
        &["problem"],
    ),
    ("outbox", ["id", "id"], &["kind", "subject_kind", "state"]),
    ("notifications", ["workspace_id", "person_id"], &["choices"]),
    (
        "workspace_holidays",
        ["workspace_id", "name"],
        &["day", "region"],
    ),
    (
        "group_writers",
        ["workspace_id", "workspace_id"],
        &["ended"],
    ),
    ("undos", ["id", "id"], &["before_change", "after_change"]),
];

/// Has everything read anew that is kept.
const REREAD: &str = "update revisions set people = people + 1, rotations = rotations + 1";

async fn execute(other: &mut AnyConnection, statement: &str) {
    let done = other.execute(AssertSqlSafe(statement.to_owned())).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

async fn hand_over(bound: &Bound) {
    let ada = serde_json::json!({"user": "PADAOK1", "seconds": 3600});
    let override_at = "schedules/PPLATP1/overrides";
    bound.sandbox.control(override_at, ada).await;
    bound.sync().await.unwrap();
    assert_eq!(bound.on_duty("PPLATP1").await, ["PADAOK1"]);
}

/// Of each kind of plan one or two, with all that people do about them.
async fn with_four_rotations(database: Database) -> Bound {
    let bound = Bound::to(database, &SCHEDULES).await;
    create(&bound.services.store, "By hand").await;
    let own = create(&bound.services.store, "Own").await;
    let (backend, caller) = (bound.backend(), caller());
    let daily = RotaInput {
        kind: RotaKind::Daily,
        times: "09:00".to_owned(),
        zone: "UTC".to_owned(),
        starts_on: "2026-01-01".to_owned(),
        ..RotaInput::default()
    };
    let daily = ScheduleChoice::Scheduled(Box::new(daily));
    let set = backend.set_schedule(&caller, own.clone(), daily.into());
    assert_eq!(set.await.unwrap(), Outcome::Done(()));
    let added = backend.add_members(&caller, own.clone(), vec![caller.person.clone()]);
    assert!(added.await.unwrap().done().is_some());
    let civil = |days: i64| {
        let at = clock::now().plus_seconds(days * 24 * 3600).as_millis();
        let at = jiff::Timestamp::from_millisecond(at).unwrap();
        at.strftime("%Y-%m-%dT00:00").to_string()
    };
    let span = |from, until| SpanInput {
        from: civil(from),
        until: civil(until),
        ..SpanInput::default()
    };
    let add = OverrideInput {
        kind: OverrideChoice::Add,
        person: caller.person.to_string(),
        span: span(0, 2),
        ..OverrideInput::default()
    };
    let made = backend.make_override(&caller, own.clone(), add);
    assert_eq!(made.await.unwrap(), Outcome::Done(()));
    let cover = OverrideInput {
        kind: OverrideChoice::Cover,
        of: format!("slack:{}", caller.person),
        span: span(3, 5),
        ..OverrideInput::default()
    };
    let asked = backend.ask_for_cover(&caller, own.clone(), cover);
    assert_eq!(asked.await.unwrap(), Outcome::Done(()));
    let absence = AbsenceInput {
        zone: "UTC".to_owned(),
        span: span(7, 9),
        ..AbsenceInput::default()
    };
    let noted = backend.note_absence(&caller, absence).await;
    assert_eq!(noted.unwrap(), Outcome::Done(()));
    let feed = backend.make_feed(&caller, FeedSubject::Everything).await;
    feed.unwrap();
    let mut other = AnyConnection::connect(&bound.database.url).await.unwrap();
    let (workspace, person) = (workspace(), &caller.person);
    for statement in [
        format!(
            "insert into duty_groups (workspace_id, group_id, handle, when_nobody, permanent,
                 fallback, not_taken, members, disabled)
             values ('{workspace}', 'S1', 'ops', 'keep', '[]', '[]', '[]', '[]', 0)"
        ),
        format!(
            "insert into subscriptions (rotation_id, workspace_id, kind, target)
             values ('{own}', '{workspace}', '{DUTY_GROUP}', 'S1'),
                 ('{own}', '{workspace}', '{ANNOUNCEMENT}', 'C1'),
                 ('{own}', '{workspace}', '{TOPIC}', 'C1')"
        ),
        format!(
            "insert into channel_topics (workspace_id, channel_id, rotation_id, template)
             values ('{workspace}', 'C1', '{own}', '%USER%')"
        ),
        format!(
            "insert into notifications (workspace_id, person_id, choices)
             values ('{workspace}', '{person}', '{{}}')"
        ),
        format!(
            "insert into outbox (id, workspace_id, subject_kind, subject_id, occurrence, kind,
                 target, state, attempts, not_before, retry_at)
             values ('o1', '{workspace}', 'rotation', '{own}', 1, '{ANNOUNCEMENT}', 'C1',
                 'waiting', 0, 0, 0)"
        ),
        format!(
            "insert into workspace_holidays (workspace_id, day, region, is_off, name)
             values ('{workspace}', '2026-12-24', '', 1, 'Eve')"
        ),
        format!(
            "insert into group_writers (workspace_id, person_id, granted_at)
             values ('{workspace}', '{person}', 1)"
        ),
    ] {
        execute(&mut other, &statement).await;
    }
    bound.sync().await.unwrap();
    bound
}

#[tokio::test]
async fn a_column_that_another_version_adds_breaks_no_statement() {
    for database in databases().await {
        let bound = with_four_rotations(database).await;
        // Every statement is prepared by now.
        pages(&bound, "the beginning").await;
        let mut other = AnyConnection::connect(&bound.database.url).await.unwrap();
        let of_sqlite = "select name from sqlite_master where type = 'table'
             and name not like 'sqlite%' and name not like '!_%' escape '!'";
        let of_postgres = "select cast(table_name as text) from information_schema.tables
             where table_schema = current_schema() and table_name not like '!_%' escape '!'";
        let tables = match bound.database.url.starts_with("sqlite") {
            true => of_sqlite,
            false => of_postgres,
        };
        let tables: Vec<(String,)> = sqlx::query_as(tables).fetch_all(&mut other).await.unwrap();
        assert!(tables.len() > 15, "{tables:?}");
        for (table,) in &tables {
            let statement = format!("alter table {table} add column of_a_later_version text");
            execute(&mut other, &statement).await;
        }
        execute(&mut other, REREAD).await;
        pages(&bound, "a column more in each table").await;
        hand_over(&bound).await;
        pages(&bound, "a hand-off").await;
    }
}

#[tokio::test]
async fn a_value_that_another_version_wrote_takes_no_more_down_than_itself() {
    for database in databases().await {
        let bound = with_four_rotations(database).await;
        let mut other = AnyConnection::connect(&bound.database.url).await.unwrap();
        for (table, key, columns) in VALUES {
            for column in *columns {
                let after = format!("{table}.{column}");
                let kept = format!("create table kept as select * from {table}");
                let spoil = format!("update {table} set {column} = '{UNKNOWN}'");
                for statement in [&kept, &spoil, REREAD] {
                    execute(&mut other, statement).await;
                }
                pages(&bound, &after).await;
                let synced = bound.sync().await;
                assert_eq!(synced.unwrap().confirmed, 2, "{after}");
                pages(&bound, &after).await;
                let same = key.map(|key| format!("kept.{key} = {table}.{key}"));
                let restore = format!(
                    "update {table} set {column} = (select max({column}) from kept where {})
                     where {column} = '{UNKNOWN}'",
                    same.join(" and ")
                );
                for statement in [&restore, "drop table kept"] {
                    execute(&mut other, statement).await;
                }
            }
        }
        hand_over(&bound).await;
    }
}

#[tokio::test]
async fn a_rotation_of_an_unknown_mode_is_shown_and_left_alone() {
    for database in databases().await {
        let bound = with_four_rotations(database).await;
        let mut other = AnyConnection::connect(&bound.database.url).await.unwrap();
        let (_, id) = bound.rotations[0].clone();
        let statement = format!("update rotations set mode = '{UNKNOWN}' where id = '{id}'");
        execute(&mut other, &statement).await;
        let before = bound.rotation(SCHEDULES[0]).await;
        let (backend, caller) = (bound.backend(), caller());
        let page = backend
            .rotation(&caller, id.clone(), DaysWanted::default())
            .await
            .unwrap();
        assert_eq!(page.mode, RotationMode::Unknown);
        let on_duty: Vec<_> = page.outlook.on_duty.iter().collect();
        assert_eq!(on_duty.len(), 1, "whoever is stored: {on_duty:?}");
        assert_eq!(page.outlook.next, None);
        let rotated = backend.rotate(&caller, id.clone()).await.unwrap();
        assert!(rotated.refused().is_some());
        let ada = serde_json::json!({"user": "PADAOK1", "seconds": 3600});
        let override_at = "schedules/PPLATP1/overrides";
        bound.sandbox.control(override_at, ada).await;
        bound.sync().await.unwrap();
        assert_eq!(bound.rotation(SCHEDULES[0]).await, before);
    }
}

#[tokio::test]
async fn a_connection_of_an_unknown_kind_is_named_and_asked_patiently() {
    for database in databases().await {
        let bound = with_four_rotations(database).await;
        let mut other = AnyConnection::connect(&bound.database.url).await.unwrap();
        for (column, usual) in [("method", "api_key"), ("region", "us")] {
            let set =
                |value: &str| format!("update pagerduty_connections set {column} = '{value}'");
            execute(&mut other, &set(UNKNOWN)).await;
            pages(&bound, column).await;
            let refused = sync::sync_now(&bound.services.sync, &workspace(), None)
                .await
                .unwrap();
            let sentence = refused.unwrap_err().to_string();
            assert!(
                sentence.contains("in a way that this one does not know"),
                "{sentence}"
            );
            let connection = bound.connection().await;
            let wait = connection.next_sync_at.seconds_since(connection.as_of);
            assert!(wait > 5, "asked again in {wait} seconds");
            execute(&mut other, &set(usual)).await;
            bound.sync().await.unwrap();
        }
    }
}
