//! Who was on duty when: records that agree with each other and with what the
//! rotation showed.

use crate::support::{bound::Bound, caller, databases, entry, rotation, workspace};
use app::backend::{Connections, Links, Rotations, Schedules};
use serde_json::json;
use server::{
    clock,
    store::{NewAuditEntry, StoredRecord},
};
use std::convert::Infallible;
use types::{
    AuditAction, DaysWanted, Outcome, PagerDutyUserId, PersonId, RotationId, RotationMode,
    RotationPage, ScheduleChoice, ScheduleId, Stretch, Timestamp,
};

/// Its holder, Tomás, changes once a week, and not while a test runs.
const SCHEDULE: &str = "PPLATP1";
const PATH: &str = "schedules/PPLATP1/overrides";
const TOMAS: &str = "Tomás Herrera";
const ADA: &str = "Ada Okafor";

/// The records, the earliest first.
async fn records(bound: &Bound, id: &RotationId) -> Vec<StoredRecord> {
    let history = bound.services.store.duty_history(id).await.unwrap();
    let mut records = history.records;
    records.reverse();
    records
}

/// What the rotation's page shows.
async fn shown(bound: &Bound, id: &RotationId) -> RotationPage {
    let page = bound
        .backend()
        .rotation(&caller(), id.clone(), DaysWanted::default())
        .await;
    page.unwrap()
}

fn holds(record: &StoredRecord, at: Timestamp) -> bool {
    record.ends_at.is_none_or(|end| end > at)
}

/// Names of those whom the records have on duty now.
fn still_on_duty(records: &[StoredRecord]) -> Vec<&str> {
    let now = clock::now();
    let present = records.iter().filter(|record| holds(record, now));
    present.map(|record| record.name.as_str()).collect()
}

/// One after the other, without anybody's duty reaching into another's.
fn one_at_a_time(records: &[StoredRecord]) {
    for pair in records.windows(2) {
        let end = pair[0].ends_at.expect("only the last one goes on");
        assert!(end <= pair[1].starts_at, "{records:?}");
    }
}

fn names(records: &[StoredRecord]) -> Vec<&str> {
    records.iter().map(|record| record.name.as_str()).collect()
}

#[tokio::test]
async fn an_override_is_told_as_one_with_whose_place_it_takes_until_it_is_taken_back() {
    for database in databases().await {
        let bound = Bound::to(database, &[SCHEDULE]).await;
        let (_, id) = &bound.rotations[0];
        let on_duty = async || {
            let page = shown(&bound, id).await;
            let mut on_duty = page.outlook.on_duty;
            assert_eq!(on_duty.len(), 1);
            on_duty.remove(0)
        };
        assert_eq!(on_duty().await.by_override, None);

        let ada = json!({"user": "PADAOK1", "seconds": 3600});
        bound.sandbox.control(PATH, ada).await;
        bound.sync().await.unwrap();
        let ada = on_duty().await;
        assert_eq!(ada.holder.name, ADA);
        let told = ada.by_override.expect("an override");
        assert_eq!(told.instead_of, [TOMAS]);
        assert_eq!(Some(told.ends_at), ada.until);

        let clear = format!("{PATH}/clear");
        bound.sandbox.control(&clear, json!({})).await;
        bound.sync().await.unwrap();
        let tomas = on_duty().await;
        assert_eq!((&*tomas.holder.name, tomas.by_override), (TOMAS, None));

        // What it was stays in the history and in the past of the timeline.
        let page = shown(&bound, id).await;
        assert_eq!(page.history_sources[0], Some(RotationMode::PagerDuty));
        let history = page.history.iter();
        let past = history.chain(&page.coverage.stretches);
        // She has a turn of her own, which is to come.
        let soon = clock::now().plus_seconds(60);
        let is_ada = |one: &&Stretch| {
            let is_her = one.holder.as_ref().is_some_and(|one| one.name == ADA);
            is_her && one.starts_at < soon
        };
        let adas: Vec<_> = past.filter(is_ada).collect();
        assert_eq!(adas.len(), 2);
        for ada in adas {
            let [marked] = ada.overrides.as_slice() else {
                panic!("{ada:?}");
            };
            assert_eq!(marked.instead_of, [TOMAS]);
            assert_eq!(marked.ends_at, ada.ends_at.unwrap());
        }

        // Also when they turn out to be somebody of Slack.
        let (user, bob) = (PagerDutyUserId::new("PADAOK1"), PersonId::new("U2"));
        let linked = bound.backend().link_person(&caller(), user, bob).await;
        assert_eq!(linked.unwrap(), Outcome::Done(()));
        let page = shown(&bound, id).await;
        let history = page.history;
        let marked = history.iter().filter(|past| !past.overrides.is_empty());
        let names = marked.map(|past| past.holder.as_ref().unwrap().name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["Bob"]);
    }
}

#[tokio::test]
async fn an_override_ends_in_history_where_the_connection_to_pagerduty_does() {
    for database in databases().await {
        let bound = Bound::to(database, &[SCHEDULE]).await;
        let (_, id) = &bound.rotations[0];
        let ada = json!({"user": "PADAOK1", "seconds": 3600});
        bound.sandbox.control(PATH, ada).await;
        bound.sync().await.unwrap();
        let ended = bound.backend().disconnect_pagerduty(&caller()).await;
        assert!(ended.is_ok(), "{ended:?}");
        let page = shown(&bound, id).await;
        let history = page.history;
        assert_eq!(history[0].ends_at, None, "she stays on duty");
        let marked = history.iter().flat_map(|one| &one.overrides);
        let ends: Vec<_> = marked.map(|one| one.ends_at).collect();
        let [end] = ends.as_slice() else {
            panic!("{history:?}");
        };
        assert!(*end <= clock::now(), "{history:?}");
    }
}

#[tokio::test]
async fn a_shift_that_is_taken_up_again_is_two_stretches() {
    for database in databases().await {
        let bound = Bound::to(database, &[SCHEDULE]).await;
        let (_, id) = &bound.rotations[0];
        let ada = json!({"user": "PADAOK1", "seconds": 3600});
        bound.sandbox.control(PATH, ada).await;
        bound.sync().await.unwrap();
        let during = records(&bound, id).await;
        assert_eq!(names(&during), [TOMAS, ADA]);
        assert_eq!(still_on_duty(&during), [ADA]);
        one_at_a_time(&during);

        bound
            .sandbox
            .control(&format!("{PATH}/clear"), json!({}))
            .await;
        bound.sync().await.unwrap();
        let after = records(&bound, id).await;
        assert_eq!(names(&after), [TOMAS, ADA, TOMAS], "{after:?}");
        assert_eq!(still_on_duty(&after), [TOMAS]);
        one_at_a_time(&after);
        // What was over stays as it was.
        assert_eq!(after[0], during[0]);

        // The stretch that goes on is the one that Manual mode goes on with.
        bound
            .backend()
            .set_schedule(&caller(), id.clone(), ScheduleChoice::Manual.into())
            .await
            .unwrap();
        let manual = records(&bound, id).await;
        let ends: Vec<_> = manual.iter().map(|record| record.ends_at).collect();
        assert_eq!(ends, [after[0].ends_at, after[1].ends_at, None]);
        bound
            .services
            .store
            .change_rotation(&workspace(), id, |rotation| {
                rotation.crew.duties.clear();
                Ok::<_, Infallible>(NewAuditEntry {
                    at: clock::now(),
                    ..entry(AuditAction::SetOnDuty)
                })
            })
            .await
            .unwrap();
        let relieved = records(&bound, id).await;
        assert!(still_on_duty(&relieved).is_empty(), "{relieved:?}");
        one_at_a_time(&relieved);
    }
}

#[tokio::test]
async fn two_schedule_users_of_one_person_have_one_duty_however_they_are_linked() {
    for database in databases().await {
        let mut bound = Bound::to(database, &[]).await;
        // Whoever is on duty is not the first in the schedule.
        let ada = json!({"user": "PADAOK1", "seconds": 3600});
        bound.sandbox.control(PATH, ada).await;
        bound.bind(SCHEDULE).await;
        let (_, id) = &bound.rotations[0];
        let backend = bound.backend();
        let users: Vec<PagerDutyUserId> = rotation(&bound.services.store, id)
            .await
            .crew
            .members
            .into_iter()
            .filter_map(|member| member.pagerduty_user)
            .collect();
        let bob = PersonId::new("U2");
        let before = records(&bound, id).await;
        assert_eq!(names(&before), [ADA]);
        assert_ne!(users[0].as_str(), "PADAOK1");
        // Everybody in the schedule becomes Bob, and nobody does any more.
        for user in &users {
            let linked = backend
                .link_person(&caller(), user.clone(), bob.clone())
                .await
                .unwrap();
            assert_eq!(linked, Outcome::Done(()));
            let now = records(&bound, id).await;
            assert_eq!(still_on_duty(&now).len(), 1, "linked {user}: {now:?}");
        }
        bound.sync().await.unwrap();
        assert_eq!(
            rotation(&bound.services.store, id).await.crew.members.len(),
            1
        );
        for user in &users {
            let undone = backend
                .unlink_person(&caller(), user.clone())
                .await
                .unwrap();
            assert_eq!(undone, Outcome::Done(()));
            let now = records(&bound, id).await;
            assert_eq!(still_on_duty(&now).len(), 1, "unlinked {user}: {now:?}");
        }
        bound.sync().await.unwrap();
        // Whoever they were said to be, it was one duty.
        assert_eq!(records(&bound, id).await, before);
    }
}

#[tokio::test]
async fn the_records_of_a_rotation_begin_with_its_binding() {
    for database in databases().await {
        let mut bound = Bound::to(database, &[SCHEDULE]).await;
        let early = bound.rotations[0].1.clone();
        let first = records(&bound, &early).await;
        bound.bind(SCHEDULE).await;
        let late = bound.rotations[1].1.clone();
        let second = records(&bound, &late).await;

        // The card says since when the shift has been going on.
        let crew = rotation(&bound.services.store, &late).await.crew;
        let duty = crew.duties.first().unwrap();
        for records in [&first, &second] {
            assert_eq!(names(records), [TOMAS]);
            assert!(records[0].starts_at > duty.since, "{records:?}");
            assert_eq!(records[0].ends_at, duty.until);
        }
        assert!(first[0].starts_at <= second[0].starts_at);
        assert_eq!(records(&bound, &early).await, first, "as it was before");

        // Binding anew what is bound begins nothing anew.
        let again = ScheduleChoice::PagerDuty(ScheduleId::new(SCHEDULE));
        bound
            .backend()
            .set_schedule(&caller(), late.clone(), again.into())
            .await
            .unwrap();
        assert_eq!(records(&bound, &late).await, second);
    }
}
