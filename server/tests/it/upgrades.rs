//! Servers of two versions on one database, as while one takes over from the other: what the
//! later one adds and writes takes nothing down at the earlier one.

use crate::support::{Database, bound::Bound, caller, create, databases, workspace};
use app::backend::{Audit, Connections, Rotations};
use server::sync;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use types::{DaysWanted, RotationFilter, RotationMode};

const SCHEDULES: [&str; 2] = ["PPLATP1", "PPAYMN3"];
/// What no version knows, neither as a code nor as JSON.
const UNKNOWN: &str = "from-a-later-version";

/// Opens every page of a workspace with three rotations, and counts those in the list.
async fn pages(bound: &Bound, after: &str) {
    let (backend, caller) = (bound.backend(), caller());
    let all = backend.rotations(&caller, RotationFilter::default()).await;
    let all = all.unwrap_or_else(|error| panic!("the list after {after}: {error}"));
    assert_eq!(all.cards.len(), 3, "after {after}");
    for card in all.cards {
        let page = backend
            .rotation(&caller, card.id, DaysWanted::default())
            .await;
        page.unwrap_or_else(|error| panic!("{} after {after}: {error}", card.name));
    }
    let home = backend.home(&caller).await;
    let home = home.unwrap_or_else(|error| panic!("Home after {after}: {error}"));
    assert_eq!(home.rotations, 3, "after {after}");
    let panel = backend.integrations(&caller).await;
    let panel = panel.unwrap_or_else(|error| panic!("the panel after {after}: {error}"));
    assert!(panel.pagerduty.is_some(), "after {after}");
    let runs = backend.sync_history(&caller).await;
    runs.unwrap_or_else(|error| panic!("the syncs after {after}: {error}"));
    let log = backend.audit(&caller, None).await;
    log.unwrap_or_else(|error| panic!("the audit log after {after}: {error}"));
    let people = backend.people(&caller, String::new(), Vec::new()).await;
    people.unwrap_or_else(|error| panic!("people after {after}: {error}"));
}

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

async fn with_three_rotations(database: Database) -> Bound {
    let bound = Bound::to(database, &SCHEDULES).await;
    create(&bound.services.store, "By hand").await;
    bound.sync().await.unwrap();
    bound
}

#[tokio::test]
async fn a_column_that_another_version_adds_breaks_no_statement() {
    for database in databases().await {
        let bound = with_three_rotations(database).await;
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
        let bound = with_three_rotations(database).await;
        let mut other = AnyConnection::connect(&bound.database.url).await.unwrap();
        for (table, column) in [
            ("rotations", "mode"),
            ("rotations", "visibility"),
            ("people", "role"),
            ("audit", "action"),
            ("audit", "actor_kind"),
            ("rotation_members", "unlinked"),
            ("pagerduty_connections", "problem"),
            ("pagerduty_schedules", "problem"),
            ("pagerduty_schedules", "api_version"),
            ("pagerduty_schedules", "left_out"),
            ("sync_runs", "reason"),
            ("sync_runs", "problem"),
            ("workspaces", "directory_problem"),
        ] {
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
            let key = match table {
                "rotation_members" => {
                    "kept.rotation_id = rotation_members.rotation_id
                    and kept.key = rotation_members.key"
                }
                "pagerduty_connections" => "kept.workspace_id = pagerduty_connections.workspace_id",
                _ => &*format!("kept.id = {table}.id"),
            };
            let restore = format!(
                "update {table} set {column} = (select {column} from kept where {key})
                 where {column} = '{UNKNOWN}'"
            );
            for statement in [&restore, "drop table kept"] {
                execute(&mut other, statement).await;
            }
        }
        hand_over(&bound).await;
    }
}

#[tokio::test]
async fn a_rotation_of_an_unknown_mode_is_shown_and_left_alone() {
    for database in databases().await {
        let bound = with_three_rotations(database).await;
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
        let bound = with_three_rotations(database).await;
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
