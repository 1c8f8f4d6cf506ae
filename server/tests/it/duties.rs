//! Who is on duty, stored apart from who takes turns.

use crate::support::{
    NOW, asked, create, cut_after, databases, entry, member, new_credential, on_call, postgres,
    rotation, snapshot, wire::Wire, with_people, workspace,
};
use domain::{
    Addressee, Cause, Crew, Directory, Duty, Occasion, Rotation, ScheduleSnapshot, Shift,
    Subscription,
};
use server::store::{BindEnd, Connection, Rule, Store};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::{convert::Infallible, time::Duration};
use types::{
    AuditAction, Holder, MemberKey, PagerDutyUserId, PersonId, Role, RotationId, ScheduleId,
    SyncRunId, Timestamp,
};

const SHIFT_SECONDS: i64 = 10;

fn second(second: i64) -> Timestamp {
    NOW.plus_seconds(second)
}

/// A schedule in which `people` hand over to each other every ten seconds.
fn round(schedule: &str, people: usize) -> ScheduleSnapshot {
    let names: Vec<_> = (0..people).map(|place| format!("P{place}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let shifts = (0..40).map(|turn| Shift {
        user: PagerDutyUserId::new(names[usize::try_from(turn).unwrap() % people]),
        starts_at: second(turn * SHIFT_SECONDS),
        ends_at: second((turn + 1) * SHIFT_SECONDS),
        cause: Cause::Turn,
    });
    ScheduleSnapshot {
        shifts: shifts.collect(),
        ..snapshot(schedule, &names)
    }
}

async fn connected(store: &Store) -> Connection {
    let entry = entry(AuditAction::ConnectedPagerDuty);
    let credential = new_credential("sealed");
    assert!(store.connect(&credential, &entry).await.unwrap());
    store.connection(&workspace()).await.unwrap().unwrap()
}

async fn follow(store: &Store, connection: &Connection, schedule: &ScheduleSnapshot) -> RotationId {
    let id = create(store, &format!("Follows {}", schedule.id)).await;
    let directory = Directory::default();
    let rule = Rule {
        now: &|| second(1),
        directory: &directory,
    };
    let allow = |_: &Rotation| Ok::<_, ()>(entry(AuditAction::BoundSchedule));
    let reading = (schedule, asked(second(1)), Duration::from_secs(60));
    let bound = store.bind(connection, &id, reading, rule, allow);
    assert_eq!(bound.await.unwrap(), BindEnd::Bound);
    id
}

/// Hands over at `turn`, and returns how many rotations that changes.
async fn hand_off(
    store: &Store,
    connection: &Connection,
    schedules: &[ScheduleId],
    turn: i64,
) -> usize {
    let directory = Directory::default();
    let rule = Rule {
        now: &|| second(turn * SHIFT_SECONDS),
        directory: &directory,
    };
    let applied = store.apply_stored(connection, schedules, rule).await;
    applied.unwrap().unwrap().len()
}

#[tokio::test]
async fn however_much_hands_over_it_takes_as_many_statements() {
    let Some(database) = postgres().await else {
        return;
    };
    let wire = Wire::to(&database).await;
    let store = Store::open(&wire.database.url).await.unwrap();
    with_people(&store).await;
    let connection = connected(&store).await;
    let mut schedules = vec![round("S0", 2)];
    schedules.extend((1..5).map(|number| round(&format!("S{number}"), 30)));
    for schedule in &schedules {
        for _ in 0..4 {
            let id = follow(&store, &connection, schedule).await;
            // Whoever wants to be told costs no more for more rotations either.
            let subscription = Subscription {
                rotation: id,
                kind: "test".to_owned(),
                addressee: Addressee::Target("C1".to_owned()),
                occasion: Occasion::ChangeOfDuty,
            };
            let rule = Rule {
                now: &|| second(1),
                directory: &Directory::default(),
            };
            let subscribed = store.subscribe(&workspace(), &subscription, rule).await;
            assert!(subscribed.unwrap());
        }
    }
    let all: Vec<_> = schedules
        .iter()
        .map(|schedule| schedule.id.clone())
        .collect();
    // Of several, since a connection that meets a statement for the first time asks twice.
    let least = async |schedules: &[ScheduleId], turns: std::ops::Range<i64>| {
        let mut least = u64::MAX;
        for turn in turns {
            let before = wire.round_trips();
            let changed = hand_off(&store, &connection, schedules, turn).await;
            assert_eq!(changed, schedules.len() * 4);
            least = least.min(wire.round_trips() - before);
        }
        least
    };
    // Whichever connection comes next has met them all.
    least(&all, 2..12).await;
    let of_one = least(&all[..1], 12..22).await;
    let of_all = least(&all, 22..32).await;
    // On a busy machine, connections have been idle for so long that each is looked at before it is
    // lent. Sixteen rotations more would be sixteen statements more.
    let looks = 2;
    assert!(
        of_all.abs_diff(of_one) <= looks,
        "{of_one} statements for four rotations, {of_all} for twenty"
    );
    assert!(of_all < 25 + looks, "{of_all} statements");
    store.close().await;
}

#[tokio::test]
async fn what_a_server_of_the_version_before_wrote_last_holds() {
    for database in databases().await {
        let store = Store::open(&database.url).await.unwrap();
        with_people(&store).await;
        let connection = connected(&store).await;
        let schedule = round("S0", 3);
        let id = follow(&store, &connection, &schedule).await;
        assert_eq!(on_call(&rotation(&store, &id).await), ["P0"]);

        // It knows members alone, and writes all of them anew.
        let mut other = AnyConnection::connect(&database.url).await.unwrap();
        let since = second(SHIFT_SECONDS).as_millis();
        let hand_over = format!(
            "update rotation_members set duty_kept = 0,
                 on_duty_since = case when key = 'pagerduty:P1' then {since} end,
                 on_duty_until = null"
        );
        other.execute(sqlx::AssertSqlSafe(hand_over)).await.unwrap();
        assert_eq!(on_call(&rotation(&store, &id).await), ["P1"]);
        assert_eq!(hand_off(&store, &connection, &[schedule.id], 2).await, 1);
        assert_eq!(on_call(&rotation(&store, &id).await), ["P2"]);

        // And it is told what this version wrote.
        let told: (String,) =
            sqlx::query_as("select key from rotation_members where on_duty_since is not null")
                .fetch_one(&mut other)
                .await
                .unwrap();
        assert_eq!(told.0, "pagerduty:P2");
        store.close().await;
    }
}

#[tokio::test]
async fn whoever_stands_in_is_on_duty_without_taking_turns() {
    for database in databases().await {
        let store = Store::open(&database.url).await.unwrap();
        with_people(&store).await;
        let id = create(&store, "Ops").await;
        let change = async |rule: &(dyn Fn(&mut Rotation) + Sync)| {
            let entry = |rotation: &mut Rotation| {
                rule(rotation);
                Ok::<_, Infallible>(entry(AuditAction::SetOnDuty))
            };
            let changed = store.change_rotation(&workspace(), &id, entry).await;
            assert_eq!(changed.unwrap(), Some(Ok(true)));
        };
        // One is a person of the workspace, and the other one is not.
        let stand_in = |key: MemberKey, name: &str| Duty {
            holder: Holder {
                key,
                name: name.to_owned(),
            },
            since: NOW,
            until: Some(second(60)),
        };
        let duties = vec![
            stand_in(MemberKey::of_person(&PersonId::new("U2")), "Bob"),
            stand_in(MemberKey::new("pagerduty:PX"), "Xenia"),
        ];
        change(&|rotation| {
            let members = vec![member("A"), member("B")];
            rotation.crew = Crew::new(members, duties.clone());
        })
        .await;
        let stored = rotation(&store, &id).await.crew;
        assert_eq!(stored.members.len(), 2);
        assert_eq!(stored.names_on_duty(), ["Xenia", "Bob"]);
        let overview = store.rotation_overview(&workspace()).await.unwrap();
        assert_eq!(overview.rotations[0].crew.duties, stored.duties);
        assert_eq!(overview.rotations[0].member_count, 2);
        assert!(overview.shows(&id, &PersonId::new("U2"), Role::Guest));
        let recorded = async || {
            let records = store.duty_history(&id).await.unwrap().records;
            let mut ends: Vec<_> = records
                .into_iter()
                .map(|record| (record.name, record.ends_at))
                .collect();
            ends.sort();
            ends
        };
        let ends =
            [("Bob", 60), ("Xenia", 60)].map(|(name, end)| (name.to_owned(), Some(second(end))));
        assert_eq!(recorded().await, ends);

        // A server of the version before knows members alone.
        let mut other = AnyConnection::connect(&database.url).await.unwrap();
        let hand_over = "update rotation_members set duty_kept = 0";
        other.execute(hand_over).await.unwrap();
        assert!(rotation(&store, &id).await.crew.duties.is_empty());
        let keep = "update rotation_members set duty_kept = 1";
        other.execute(keep).await.unwrap();

        change(&|rotation| domain::rotate(rotation, second(5)).unwrap()).await;
        assert_eq!(rotation(&store, &id).await.crew.names_on_duty(), ["A"]);
        let ends = [
            ("A", None),
            ("Bob", Some(second(5))),
            ("Xenia", Some(second(5))),
        ];
        assert_eq!(
            recorded().await,
            ends.map(|(name, end)| (name.to_owned(), end))
        );
        store.close().await;
    }
}

#[tokio::test]
async fn a_hand_off_that_breaks_off_between_any_two_steps_does_all_or_nothing() {
    for database in databases().await {
        let store = Store::open(&database.url).await.unwrap();
        with_people(&store).await;
        let connection = connected(&store).await;
        let schedule = round("S0", 3);
        let id = follow(&store, &connection, &schedule).await;
        let directory = Directory::default();
        let mut cut_in_the_middle = false;
        // A busy machine may have each step done before it is looked at.
        for turn in 1..20 {
            let now = || second(i64::from(turn) * SHIFT_SECONDS);
            let rule = Rule {
                now: &now,
                directory: &directory,
            };
            let run = SyncRunId::new(format!("run {turn}"));
            let whose = |turn: i32| vec![format!("P{}", turn % 3)];
            let records = usize::try_from(turn).unwrap();
            let before = (whose(turn - 1), records, records - 1, true);
            let after = (whose(turn), records + 1, records, false);
            let mut broken_off = 0;
            while cut_after(broken_off, store.hand_over_due(&connection, &run, rule))
                .await
                .is_none()
            {
                let duty = on_call(&rotation(&store, &id).await);
                let records = store.duty_history(&id).await.unwrap().records.len();
                let listed = store.runs(&workspace()).await.unwrap().len();
                let next = store.next_hand_off_at(&workspace()).await.unwrap();
                let state = (duty, records, listed, next == Some(now()));
                assert!(
                    state == before || state == after,
                    "after {broken_off} steps: {state:?}"
                );
                broken_off += 1;
            }
            // However often it was begun, it was done once.
            let records = store.duty_history(&id).await.unwrap().records;
            assert_eq!(records.len(), after.1);
            assert_eq!(records[1].ends_at, Some(now()));
            cut_in_the_middle = broken_off > 1;
            if cut_in_the_middle {
                break;
            }
        }
        assert!(cut_in_the_middle, "it was never cut in the middle");
        store.close().await;
    }
}
