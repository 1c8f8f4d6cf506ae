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

/// Columns of text that no version can find unknown: they name something, seal it, or are what people
/// wrote. All others hold one of some values, or JSON.
fn is_free(table: &str, column: &str) -> bool {
    const ENDINGS: [&str; 16] = [
        "id",
        "key",
        "name",
        "_by",
        "_sealed",
        "_session",
        "holder",
        "lease",
        "email",
        "handle",
        "subdomain",
        "channel",
        "thread",
        "address",
        "last_four",
        "generation",
    ];
    const WORDS: &[(&str, &[&str])] = &[
        ("absences", &["note"]),
        ("announcement_templates", &["template"]),
        ("audit", &["target"]),
        ("channel_topics", &["template", "written", "shown", "sent"]),
        ("duties", &["name"]),
        ("duty_history", &["person"]),
        ("feed_events", &["uid", "content"]),
        // A rotation, among others.
        ("feeds", &["subject"]),
        ("late_answers", &["text"]),
        ("mentions", &["code", "posting"]),
        ("outbox", &["target", "said"]),
        ("overrides", &["relieved"]),
        ("pagerduty_connections", &["authorised_as"]),
        ("pagerduty_schedules", &["url"]),
        ("pending_authorisations", &["replaces"]),
        ("pending_sign_ins", &["return_to"]),
        ("pending_switches", &["replaces", "authorised_as"]),
        ("rotations", &["description", "code", "notes"]),
        ("subscriptions", &["target"]),
        ("task_leases", &["task"]),
        ("write_tries", &["padding"]),
    ];
    let written = WORDS.iter().find(|(of, _)| *of == table);
    ENDINGS.iter().any(|ending| column.ends_with(ending))
        || written.is_some_and(|(_, columns)| columns.contains(&column))
}

/// A connection of an unknown kind is not followed, which a test of its own is about.
const ASIDE: [(&str, &str); 2] = [
    ("pagerduty_connections", "method"),
    ("pagerduty_connections", "region"),
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
        format!(
            "insert into announcement_templates (rotation_id, template) values ('{own}', '%USER%')"
        ),
        format!(
            "insert into changes (key, workspace_id, begun_at, outcome, ended)
             values ('c1', '{workspace}', 1, '{{}}', 1)"
        ),
        format!(
            "insert into former_bindings (rotation_id, workspace_id, schedule_id, schedule_name,
                 region, reverted_at)
             values ('{own}', '{workspace}', 'PPLATP1', 'Platform', 'us', 1)"
        ),
        format!(
            "insert into holidays_unplanned (rotation_id, workspace_id, day, region)
             values ('{own}', '{workspace}', '2026-12-24', '')"
        ),
        format!(
            "insert into mentions (id, workspace_id, person_id, channel, thread, taken_at,
                 rotation_id, calls)
             values ('m1', '{workspace}', '{person}', 'C1', '1.2', 1, '{own}', '[]')"
        ),
        "insert into pending_sign_ins (state_key, browser_key, step, return_to, expires_at)
             values ('p1', 'b1', 'person', '/', 1)"
            .to_owned(),
        format!(
            "insert into pending_authorisations (state_key, session_key, workspace_id, purpose,
                 client_id, secrets_sealed, expires_at)
             values ('p1', 's1', '{workspace}', 'connect', 'c', 's', 1)"
        ),
        format!(
            "insert into pending_switches (session_key, workspace_id, replaces, action, method,
                 credential_sealed, last_four, region, expires_at)
             values ('s1', '{workspace}', '', 'connect', 'api_key', 's', '1234', 'us', 1)"
        ),
        format!(
            "insert into sessions (key, workspace_id, person_id, created_at, last_seen_at, flash)
             values ('s1', '{workspace}', '{person}', 1, 1, '{{}}')"
        ),
        format!(
            "insert into undos (id, workspace_id, rotation_id, person_id, made_at, before_change,
                 after_change)
             values ('u1', '{workspace}', '{own}', '{person}', 9000000000000, '{{}}', '{{}}')"
        ),
    ] {
        execute(&mut other, &statement).await;
    }
    bound.sync().await.unwrap();
    // Of a sync.
    for statement in [
        "insert into sync_unreadable (run_id, position, schedule_id, schedule_name, problem)
             select min(id), 1, 'PPLATP1', 'Platform', '\"not_found\"' from sync_runs",
        "insert into sync_changes (run_id, position, rotation_id, rotation_name, what)
             select min(id), 1000, 'r', 'Platform', 'changed' from sync_runs",
    ] {
        execute(&mut other, statement).await;
    }
    bound
}

struct Column {
    table: String,
    name: String,
    is_text: bool,
    is_key: bool,
}

/// What the migrations have made, in the order of its names.
async fn columns(bound: &Bound, other: &mut AnyConnection) -> Vec<Column> {
    let of_sqlite = "select t.name, c.name,
             case when lower(c.type) = 'text' then 1 else 0 end,
             case when c.pk > 0 then 1 else 0 end
         from sqlite_master t join pragma_table_info(t.name) c
         where t.type = 'table' and t.name not like 'sqlite%' and t.name not like '!_%' escape '!'
         order by 1, 2";
    let of_postgres = "select cast(c.table_name as text),
             cast(c.column_name as text),
             cast(case when c.data_type = 'text' then 1 else 0 end as bigint),
             cast(case when exists (select 1 from information_schema.table_constraints k
                 join information_schema.key_column_usage u
                     on u.constraint_schema = k.constraint_schema
                         and u.constraint_name = k.constraint_name
                 where k.constraint_type = 'PRIMARY KEY' and k.table_schema = c.table_schema
                     and u.table_name = c.table_name and u.column_name = c.column_name)
                 then 1 else 0 end as bigint)
         from information_schema.columns c
         where c.table_schema = current_schema() and c.table_name not like '!_%' escape '!'
         order by 1, 2";
    let statement = match bound.database.url.starts_with("sqlite") {
        true => of_sqlite,
        false => of_postgres,
    };
    let columns = sqlx::query_as(statement).fetch_all(other).await.unwrap();
    assert!(columns.len() > 150, "{}", columns.len());
    let column = |(table, name, is_text, is_key): (String, String, i64, i64)| Column {
        table,
        name,
        is_text: is_text == 1,
        is_key: is_key == 1,
    };
    columns.into_iter().map(column).collect()
}

#[tokio::test]
async fn a_column_that_another_version_adds_breaks_no_statement() {
    for database in databases().await {
        let bound = with_four_rotations(database).await;
        // Every statement is prepared by now.
        pages(&bound, "the beginning").await;
        let mut other = AnyConnection::connect(&bound.database.url).await.unwrap();
        let mut tables = columns(&bound, &mut other).await;
        tables.dedup_by(|one, before| one.table == before.table);
        for Column { table, .. } in &tables {
            let statement = format!("alter table {table} add column of_a_later_version text");
            execute(&mut other, &statement).await;
        }
        execute(&mut other, REREAD).await;
        pages(&bound, "a column more in each table").await;
        hand_over(&bound).await;
        pages(&bound, "a hand-off").await;
    }
}

/// What stands in a column, each with the condition that its row alone meets.
async fn values(
    other: &mut AnyConnection,
    (table, column): (&str, &str),
    keys: &[&str],
) -> Vec<(String, Option<String>)> {
    let key = |key: &&str| format!("'{key} = ''' || cast({key} as text) || ''''");
    let keys: Vec<_> = keys.iter().map(key).collect();
    let row = keys.join(" || ' and ' || ");
    let statement = format!("select {row}, {column} from {table}");
    let read = sqlx::query_as(AssertSqlSafe(statement.clone()));
    let read = read.fetch_all(other).await;
    read.unwrap_or_else(|error| panic!("{statement}: {error}"))
}

#[tokio::test]
async fn a_value_that_another_version_wrote_takes_no_more_down_than_itself() {
    for database in databases().await {
        let bound = with_four_rotations(database).await;
        let mut other = AnyConnection::connect(&bound.database.url).await.unwrap();
        let all = columns(&bound, &mut other).await;
        let mut tried = 0;
        for column in all.iter().filter(|column| column.is_text) {
            let Column {
                table,
                name,
                is_key,
                ..
            } = column;
            if is_free(table, name) || ASIDE.contains(&(table, name)) {
                continue;
            }
            tried += 1;
            let after = format!("{table}.{name}");
            let keys = all.iter().filter(|one| one.table == *table && one.is_key);
            let keys: Vec<_> = keys.map(|key| key.name.as_str()).collect();
            let mut rows = values(&mut other, (table, name), &keys).await;
            assert!(!rows.is_empty(), "there is a row of {table}");
            // Of what tells rows apart, only one can be the same unknown value.
            if *is_key {
                rows.truncate(1);
            }
            for (row, _) in &rows {
                let spoil = format!("update {table} set {name} = '{UNKNOWN}' where {row}");
                execute(&mut other, &spoil).await;
            }
            execute(&mut other, REREAD).await;
            pages(&bound, &after).await;
            let synced = bound.sync().await;
            assert_eq!(synced.unwrap().confirmed, 2, "{after}");
            pages(&bound, &after).await;
            for (row, value) in &rows {
                // What was written anew meanwhile stays.
                let spoiled = format!("{name} = '{UNKNOWN}'");
                let row = if *is_key {
                    &spoiled
                } else {
                    &format!("{row} and {spoiled}")
                };
                let restore = format!("update {table} set {name} = $1 where {row}");
                let restore = sqlx::query(AssertSqlSafe(restore)).bind(value);
                restore.execute(&mut other).await.unwrap();
            }
        }
        assert!(tried > 50, "{tried}");
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
