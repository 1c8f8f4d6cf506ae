//! Connecting, replacing the key and disconnecting, on both engines.

use crate::support::{
    NOW, ann, apply, asked, bound::Bound, caller, create, cut_after, databases, entry, member,
    new_credential, on_each_engine, rotation, snapshot, workspace,
};
use app::backend::Connections;
use domain::{Cause, Directory, Plan, Shift};
use server::store::{BindEnd, Connection, NewAuditEntry, Rule, Store, SyncEnd};
use std::{convert::Infallible, time::Duration};
use types::{
    ApiKeyInput, AuditAction, Outcome, PagerDutyUserId, Replaced, RotationId, RotationMode,
};

const A_MINUTE: Duration = Duration::from_secs(60);

async fn connect(store: &Store) -> Connection {
    let entry = entry(AuditAction::ConnectedPagerDuty);
    assert!(
        store
            .connect(&new_credential("sealed"), &entry)
            .await
            .unwrap()
    );
    store.connection(&workspace()).await.unwrap().unwrap()
}

async fn bind(store: &Store, connection: &Connection, rotation: &RotationId, schedule: &str) {
    let mut schedule = snapshot(schedule, &["P1", "P2"]);
    schedule.shifts = vec![Shift {
        user: PagerDutyUserId::new("P1"),
        starts_at: NOW,
        ends_at: NOW.plus_seconds(3600),
        cause: Cause::Turn,
    }];
    let bound = store
        .bind(
            connection,
            rotation,
            (&schedule, asked(NOW), A_MINUTE),
            Rule {
                now: &|| NOW,
                directory: &Directory::default(),
            },
            |_| Ok::<NewAuditEntry, Infallible>(entry(AuditAction::BoundSchedule)),
        )
        .await
        .unwrap();
    assert_eq!(bound, BindEnd::Bound);
}

async fn disconnect(store: &Store) -> Option<usize> {
    store
        .disconnect(&entry(AuditAction::DisconnectedPagerDuty))
        .await
        .unwrap()
        .map(|reverted| reverted.len())
}

#[tokio::test]
async fn of_two_who_connect_at_once_one_wins() {
    on_each_engine(async |store| {
        let entry = entry(AuditAction::ConnectedPagerDuty);
        let (first, second) = (new_credential("first"), new_credential("second"));
        let (one, other) = tokio::join!(
            store.connect(&first, &entry),
            store.connect(&second, &entry)
        );
        assert_ne!(one.unwrap(), other.unwrap());
        let log = store.audit_page(&workspace(), None).await.unwrap();
        let connects = log
            .entries
            .iter()
            .filter(|entry| entry.action == AuditAction::ConnectedPagerDuty);
        assert_eq!(connects.count(), 1);
    })
    .await;
}

#[tokio::test]
async fn disconnecting_reverts_every_bound_rotation_and_drops_nobody() {
    on_each_engine(async |store| {
        let (bound, other, manual) = (
            create(&store, "Bound").await,
            create(&store, "Other").await,
            create(&store, "Manual").await,
        );
        let connection = connect(&store).await;
        bind(&store, &connection, &bound, "S1").await;
        bind(&store, &connection, &other, "S1").await;
        assert_eq!(
            rotation(&store, &bound).await.plan.mode(),
            RotationMode::PagerDuty
        );

        assert_eq!(disconnect(&store).await, Some(2));

        assert!(store.connection(&workspace()).await.unwrap().is_none());
        assert!(store.bindings(&workspace()).await.unwrap().is_empty());
        assert!(
            store
                .bound_schedules(&workspace())
                .await
                .unwrap()
                .is_empty()
        );
        for id in [&bound, &other] {
            let reverted = rotation(&store, id).await;
            assert_eq!(reverted.plan, Plan::Manual);
            assert_eq!(reverted.crew.members.len(), 2);
            let duty = reverted.crew.duty_of(&member("P1").key).unwrap();
            assert_eq!((duty.since, duty.until), (NOW, None));
        }
        assert_eq!(rotation(&store, &manual).await.plan, Plan::Manual);
        let log = store.audit_page(&workspace(), None).await.unwrap();
        let reverts = log
            .entries
            .iter()
            .filter(|entry| entry.action == AuditAction::RevertedToManual);
        assert_eq!(reverts.count(), 2);
        assert_eq!(disconnect(&store).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_disconnect_that_breaks_off_between_any_two_steps_does_all_or_nothing() {
    on_each_engine(async |store| {
        let id = create(&store, "Ops").await;
        let entry = entry(AuditAction::DisconnectedPagerDuty);
        // How often it waits depends on how quickly the database answers, on a busy machine
        // perhaps never.
        for _ in 0..20 {
            let connection = connect(&store).await;
            bind(&store, &connection, &id, "S1").await;
            let mut broken_off = 0;
            while cut_after(broken_off, store.disconnect(&entry))
                .await
                .is_none()
            {
                let connected = store.connection(&workspace()).await.unwrap().is_some();
                let bound = store.bindings(&workspace()).await.unwrap().len();
                let rotation = rotation(&store, &id).await;
                let (mode, bindings) = if connected {
                    (RotationMode::PagerDuty, 1)
                } else {
                    (RotationMode::Manual, 0)
                };
                assert_eq!(
                    (rotation.plan.mode(), bound),
                    (mode, bindings),
                    "after {broken_off} steps"
                );
                assert_eq!(rotation.crew.members.len(), 2);
                if !connected {
                    break;
                }
                broken_off += 1;
            }
            assert_eq!(rotation(&store, &id).await.plan, Plan::Manual);
            if broken_off > 1 {
                return;
            }
        }
        panic!("it was never cut in the middle");
    })
    .await;
}

#[tokio::test]
async fn what_was_read_before_a_disconnect_is_not_written_after_it() {
    on_each_engine(async |store| {
        let id = create(&store, "Ops").await;
        let before = connect(&store).await;
        bind(&store, &before, &id, "S1").await;
        disconnect(&store).await;
        let after = connect(&store).await;
        bind(&store, &after, &id, "S1").await;

        let reading = snapshot("S1", &["P9"]);
        let late = apply(&store, &before, &reading, NOW).await;
        assert_eq!(late, None);
        assert_eq!(rotation(&store, &id).await.crew.members.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn another_key_keeps_the_bindings_and_discards_what_the_old_one_read() {
    on_each_engine(async |store| {
        let id = create(&store, "Ops").await;
        let old = connect(&store).await;
        bind(&store, &old, &id, "S1").await;
        let entry = entry(AuditAction::ReplacedApiKey);
        assert!(
            store
                .replace_credential(&old.generation, &new_credential("new"), &entry)
                .await
                .unwrap()
        );
        let late = store
            .replace_credential(&old.generation, &new_credential("late"), &entry)
            .await
            .unwrap();
        assert!(!late, "two edits at once: the second is told");
        let now = store.connection(&workspace()).await.unwrap().unwrap();
        assert_eq!(now.connected_by, ann());
        assert_eq!(now.credential.sealed, "new");
        assert_eq!(
            rotation(&store, &id).await.plan.mode(),
            RotationMode::PagerDuty
        );
        for (connection, written) in [(&old, false), (&now, true)] {
            let reading = snapshot("S1", &["P9"]);
            let applied = apply(&store, connection, &reading, NOW).await;
            assert_eq!(applied.is_some(), written);
        }
    })
    .await;
}

#[tokio::test]
async fn a_schedule_is_forgotten_with_its_last_binding() {
    on_each_engine(async |store| {
        let (one, other) = (create(&store, "One").await, create(&store, "Other").await);
        let connection = connect(&store).await;
        bind(&store, &connection, &one, "S1").await;
        bind(&store, &connection, &other, "S1").await;
        let unbind = async |id: &RotationId| {
            store
                .unbind(&workspace(), id, |_| {
                    Ok::<NewAuditEntry, Infallible>(entry(AuditAction::UnboundSchedule))
                })
                .await
                .unwrap()
        };
        unbind(&one).await;
        assert_eq!(store.bound_schedules(&workspace()).await.unwrap().len(), 1);
        unbind(&other).await;
        assert!(
            store
                .bound_schedules(&workspace())
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(rotation(&store, &other).await.plan, Plan::Manual);
        assert_eq!(rotation(&store, &other).await.crew.members.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn one_run_at_a_time_and_a_dead_one_is_replaced() {
    on_each_engine(async |store| {
        connect(&store).await;
        let workspace = workspace();
        let take = async |lease| store.take_lease(&workspace, lease).await.unwrap();
        let first = take(Duration::from_secs(10)).await.unwrap();
        assert!(take(A_MINUTE).await.is_none());
        assert!(store.due_connections().await.unwrap().is_empty());

        // It gives no further sign of life.
        assert!(store.renew_lease(&first, Duration::ZERO).await.unwrap());
        let second = take(A_MINUTE).await.unwrap();
        assert!(!store.renew_lease(&first, A_MINUTE).await.unwrap());
        store.release_lease(&first, Duration::ZERO).await.unwrap();
        let end = SyncEnd {
            asked: true,
            reached: true,
            on_request: false,
            problem: None,
            next_in: A_MINUTE,
            ask_in: Duration::ZERO,
            postponed: 0,
            clock_ahead_millis: 0,
        };
        assert!(!store.end_sync(&first, &end).await.unwrap());
        assert!(store.end_sync(&second, &end).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn an_older_reading_does_not_replace_a_later_one() {
    on_each_engine(async |store| {
        let id = create(&store, "Ops").await;
        let connection = connect(&store).await;
        bind(&store, &connection, &id, "S1").await;
        let read = async |name: &str, asked_at| {
            let reading = snapshot("S1", &[name]);
            apply(&store, &connection, &reading, asked_at).await
        };
        let changed = read("P8", NOW.plus_seconds(2)).await.unwrap();
        assert_eq!(changed[0].rotation, id);
        assert_eq!(
            changed[0].what,
            "On duty: P1 → nobody; Joined: P8; Left: P1, P2"
        );
        assert_eq!(read("P9", NOW.plus_seconds(1)).await, None);
        assert_eq!(rotation(&store, &id).await.crew.members[0].name, "P8");
    })
    .await;
}

#[tokio::test]
async fn disconnects_and_syncs_at_once_never_leave_something_in_between() {
    on_each_engine(async |store| {
        let id = create(&store, "Ops").await;
        for round in 0..10 {
            let connection = connect(&store).await;
            bind(&store, &connection, &id, "S1").await;
            let name = format!("P{round}");
            let snapshot = snapshot("S1", &[name.as_str()]);
            let (applied, reverted) = tokio::join!(
                apply(&store, &connection, &snapshot, NOW),
                disconnect(&store)
            );
            let applied = applied.is_some();
            assert_eq!(reverted, Some(1));
            let rotation = rotation(&store, &id).await;
            let first = rotation.crew.members[0].name.as_str();
            assert_eq!(first, if applied { name.as_str() } else { "P1" });
            assert_eq!(rotation.plan, Plan::Manual);
            assert!(store.bindings(&workspace()).await.unwrap().is_empty());
            assert!(
                store
                    .bound_schedules(&workspace())
                    .await
                    .unwrap()
                    .is_empty()
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_switch_to_another_account_is_logged_with_the_names_of_both() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        let keys = bound.sandbox.ask("credentials").await;
        let of_europe = keys["pagerduty"]["eu_api_key"].as_str().unwrap();
        let backend = bound.backend();
        let asked = backend
            .edit_api_key(&caller(), ApiKeyInput::new(of_europe))
            .await
            .unwrap();
        assert_eq!(asked, Outcome::Done(Replaced::OtherAccount));
        let switched = backend.switch_account(&caller()).await.unwrap();
        assert_eq!(switched, Outcome::Done(()));

        let store = &bound.services.store;
        let log = store.audit_page(&workspace(), None).await.unwrap();
        let entry = &log.entries[0];
        assert_eq!(entry.action, AuditAction::ReplacedApiKey);
        let told = (entry.before.as_deref(), entry.after.as_deref());
        let expected = (
            Some("API key ending in ••••K7Qa, lighthouse-books (US region)"),
            Some("API key ending in ••••E5Tz, lighthouse-books-eu (EU region)"),
        );
        assert_eq!(told, expected);
    }
}
