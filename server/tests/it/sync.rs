//! The reconciler against a PagerDuty that can be held, broken and changed.

use crate::support::{
    Database, NOW, NOWHERE, asked, bound::Bound, bound_to, caller, create, databases, entry, keys,
    new_credential, on_call, on_each_engine, pagerduty::PagerDutyStub, reconcile, rotation,
    sandbox::Sandbox, services, snapshot, sqlite, workspace,
};
use app::backend::{Connections, Rotations, Schedules};
use domain::{Cause, Directory, Rotation, Shift};
use secrecy::SecretString;
use serde_json::json;
use server::{
    Services,
    backend::RoundRobin,
    clock,
    store::{BindEnd, Rule, credential_row},
    sync,
};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::time::Duration;
use types::{
    AuditAction, ConnectRefusal, DaysWanted, Gap, Outcome, Outlook, PagerDutyProblem,
    PagerDutyUserId, PersonId, RotationFilter, RotationId, RotationMode, ScheduleChoice,
    ScheduleId, Timestamp,
};

fn second() -> i64 {
    clock::now().as_millis() / 1000
}

/// A workspace that is connected, and a rotation bound to the stub's schedule.
async fn bound(database: &Database, stub: &PagerDutyStub) -> (Services, RotationId) {
    let services = services(database, &stub.url).await;
    let sealed = keys().seal(&SecretString::from("key"), &credential_row(&workspace()));
    let connected = entry(AuditAction::ConnectedPagerDuty);
    services
        .store
        .connect(&new_credential(&sealed), &connected)
        .await
        .unwrap();
    let id = create(&services.store, "Ops").await;
    let choice = ScheduleChoice::PagerDuty(ScheduleId::new("S1"));
    let outcome = RoundRobin::new(services.clone())
        .set_schedule(&caller(), id.clone(), choice.into())
        .await
        .unwrap();
    assert_eq!(outcome, Outcome::Done(()));
    (services, id)
}

fn on_duty(rotation: &Rotation) -> Vec<&str> {
    rotation.crew.names_on_duty()
}

#[tokio::test]
async fn a_sync_brings_what_changed_in_pagerduty() {
    for database in databases().await {
        let now = second();
        let stub = PagerDutyStub::start(vec![("P1", now - 60, now + 3600)]).await;
        let (services, id) = bound(&database, &stub).await;
        assert_eq!(on_duty(&rotation(&services.store, &id).await), ["Ann"]);

        stub.change(|world| world.shifts = vec![("P2", now - 60, now + 3600)]);
        let report = sync::sync_now(&services.sync, &workspace(), None)
            .await
            .unwrap()
            .unwrap()
            .report;
        assert_eq!(report.changed, 1);
        assert_eq!(on_duty(&rotation(&services.store, &id).await), ["Bob"]);

        let again = sync::sync_now(&services.sync, &workspace(), None)
            .await
            .unwrap()
            .unwrap()
            .report;
        assert_eq!(again.changed, 0);
    }
}

/// What the card of a rotation says.
async fn outlook(services: &Services, id: &RotationId) -> Outlook {
    let backend = RoundRobin::new(services.clone());
    let all = RotationFilter::default();
    let cards = backend.rotations(&caller(), all).await.unwrap();
    let card = cards.cards.into_iter().find(|card| card.id == *id).unwrap();
    card.outlook
}

/// The names and times of those who come next.
async fn next(services: &Services, id: &RotationId) -> Option<(String, Option<i64>)> {
    outlook(services, id).await.next.map(|next| {
        let starts_at = next.starts_at.map(|at| at.as_millis() / 1000);
        (next.names.join(" and "), starts_at)
    })
}

#[tokio::test]
async fn a_card_names_who_has_the_next_shift_and_is_not_on_duty() {
    for database in databases().await {
        let now = second();
        let (soon, later) = (now + 600, now + 3600);
        let own = [("P1", now - 60, soon), ("P1", soon, later)];
        let stub = PagerDutyStub::start(own.to_vec()).await;
        let (services, id) = bound(&database, &stub).await;
        assert_eq!(next(&services, &id).await, None);

        let others = [("P2", later, later + 60), ("P2", later + 600, later + 900)];
        stub.change(|world| world.shifts.extend(others));
        sync::sync_now(&services.sync, &workspace(), None)
            .await
            .unwrap()
            .unwrap();
        let expected = Some(("Bob".to_owned(), Some(later)));
        assert_eq!(next(&services, &id).await, expected);
    }
}

#[tokio::test]
async fn a_seam_between_shifts_of_one_person_is_no_hand_off() {
    for database in databases().await {
        let now = second();
        let (seam, end, back) = (now + 2, now + 600, now + 600 + 24 * 3600);
        let shifts = [
            ("P1", now - 60, seam),
            ("P1", seam, end),
            ("P2", back, back + 60),
        ];
        let stub = PagerDutyStub::start(shifts.to_vec()).await;
        let (services, id) = bound(&database, &stub).await;
        let at = |second: i64| Timestamp::from_millis(second * 1000);
        let said = |outlook: &Outlook| {
            let ann = &outlook.on_duty[0];
            (ann.since, ann.until, ann.or_later, outlook.gap)
        };
        let gap = Gap {
            from: at(end),
            until: Some(at(back)),
        };
        let expected = (at(now - 60), Some(at(end)), false, Some(gap));
        assert_eq!(said(&outlook(&services, &id).await), expected);
        while second() <= seam {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // What PagerDuty tells from now on begins at the seam.
        stub.change(|world| world.shifts.retain(|(_, _, until)| *until != seam));
        sync::sync_now(&services.sync, &workspace(), None)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(said(&outlook(&services, &id).await), expected);
        let history = services.store.duty_history(&id).await.unwrap().records;
        assert_eq!(history.len(), 1, "{history:?}");
        assert_eq!(history[0].ends_at, Some(at(end)));
        // The page says the same, and how long nobody will be on duty.
        let backend = RoundRobin::new(services.clone());
        let page = backend
            .rotation(&caller(), id.clone(), DaysWanted::default())
            .await
            .unwrap();
        assert_eq!(said(&page.outlook), expected);
        let followed = page.outlook.on_duty[0].followed_from.unwrap();
        assert_eq!(followed, page.history[0].starts_at);
        let holders: Vec<_> = page
            .plan
            .iter()
            .map(|stretch| stretch.holder.as_ref().map(|holder| holder.name.as_str()))
            .collect();
        assert_eq!(holders, [Some("Ann"), None, Some("Bob")]);
    }
}

#[tokio::test]
async fn a_card_names_whom_rotate_would_put_on_duty() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let id = create(&services.store, "Ops").await;
        assert_eq!(next(&services, &id).await, None);
        let backend = RoundRobin::new(services.clone());
        for person in ["U1", "U2"] {
            let (caller, person) = (caller(), PersonId::new(person));
            let added = backend.add_members(&caller, id.clone(), vec![person]).await;
            assert!(added.unwrap().done().is_some());
        }
        for expected in ["Ann", "Bob", "Ann"] {
            let named = Some((expected.to_owned(), None));
            assert_eq!(next(&services, &id).await, named);
            backend.rotate(&caller(), id.clone()).await.unwrap();
            assert_eq!(on_duty(&rotation(&services.store, &id).await), [expected]);
        }
    }
}

#[tokio::test]
async fn a_disconnect_during_a_sync_wins() {
    for database in databases().await {
        let now = second();
        let mut stub = PagerDutyStub::start(vec![("P1", now - 60, now + 3600)]).await;
        let (services, id) = bound(&database, &stub).await;
        stub.change(|world| world.shifts = vec![("P2", now - 60, now + 3600)]);
        stub.hold();
        let running = tokio::spawn({
            let services = services.clone();
            async move {
                sync::sync_now(&services.sync, &workspace(), None)
                    .await
                    .unwrap()
            }
        });
        stub.somebody_waits().await;

        let outcome = RoundRobin::new(services.clone())
            .disconnect_pagerduty(&caller())
            .await
            .unwrap();
        assert_eq!(outcome.done().unwrap().reverted, 1);
        stub.answer();

        assert_eq!(running.await.unwrap(), Err(ConnectRefusal::NotConnected));
        let after = rotation(&services.store, &id).await;
        assert_eq!(after.plan.mode(), RotationMode::Manual);
        assert_eq!(on_duty(&after), ["Ann"]);
        assert!(
            services
                .store
                .connection(&workspace())
                .await
                .unwrap()
                .is_none()
        );
    }
}

#[tokio::test]
async fn while_pagerduty_is_away_the_last_known_state_stays() {
    for database in databases().await {
        let now = second();
        let stub = PagerDutyStub::start(vec![("P1", now - 60, now + 3600)]).await;
        let (services, id) = bound(&database, &stub).await;
        for (status, problem) in [
            (500, PagerDutyProblem::Unavailable { status: 500 }),
            (401, PagerDutyProblem::KeyEnded),
        ] {
            stub.change(|world| world.status = status);
            let report = sync::sync_now(&services.sync, &workspace(), None)
                .await
                .unwrap();
            assert_eq!(report, Err(ConnectRefusal::PagerDuty(problem.clone())));
            let connection = services
                .store
                .connection(&workspace())
                .await
                .unwrap()
                .unwrap();
            assert_eq!(connection.problem, Some(problem));
            assert_eq!(on_duty(&rotation(&services.store, &id).await), ["Ann"]);
        }
        stub.change(|world| world.status = 200);
        sync::sync_now(&services.sync, &workspace(), None)
            .await
            .unwrap()
            .unwrap();
        let connection = services
            .store
            .connection(&workspace())
            .await
            .unwrap()
            .unwrap();
        assert_eq!((connection.problem, connection.failures), (None, 0));
    }
}

#[tokio::test]
async fn a_deleted_schedule_is_flagged_and_touches_nothing() {
    for database in databases().await {
        let now = second();
        let stub = PagerDutyStub::start(vec![("P1", now - 60, now + 3600)]).await;
        let (services, id) = bound(&database, &stub).await;
        stub.change(|world| world.status = 404);
        let report = sync::sync_now(&services.sync, &workspace(), None)
            .await
            .unwrap()
            .unwrap()
            .report;
        assert_eq!((report.changed, report.unreadable), (0, 1));
        let schedule = services
            .store
            .schedule_of(&workspace(), &id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(schedule.problem, Some(PagerDutyProblem::NotFound));
        let rotation = rotation(&services.store, &id).await;
        assert_eq!(rotation.plan.mode(), RotationMode::PagerDuty);
        assert_eq!(on_duty(&rotation), ["Ann"]);
    }
}

#[tokio::test]
async fn a_hand_off_happens_while_pagerduty_is_away() {
    for database in databases().await {
        let now = second();
        let stub =
            PagerDutyStub::start(vec![("P1", now - 60, now + 3), ("P2", now + 3, now + 60)]).await;
        let (services, id) = bound(&database, &stub).await;
        stub.change(|world| world.status = 503);
        let (_, mut events) = services.live.subscribe(&workspace(), |_| true);
        let reconciler = tokio::spawn(reconcile(services.clone()));
        while on_duty(&rotation(&services.store, &id).await) != ["Bob"] {
            events.recv().await.unwrap();
        }
        let late = clock::now().as_millis() - (now + 3) * 1000;
        assert!((0..2000).contains(&late), "{late} ms after the shift's end");
        services.shutdown.cancel();
        reconciler.await.unwrap();
    }
}

#[tokio::test]
async fn two_rotations_on_one_schedule_cost_one_question() {
    for database in databases().await {
        let now = second();
        let stub = PagerDutyStub::start(vec![("P1", now - 60, now + 3600)]).await;
        let (services, _) = bound(&database, &stub).await;
        let other = create(&services.store, "Other").await;
        let choice = ScheduleChoice::PagerDuty(ScheduleId::new("S1"));
        RoundRobin::new(services.clone())
            .set_schedule(&caller(), other.clone(), choice.into())
            .await
            .unwrap();
        let before = stub.asked();
        stub.change(|world| world.shifts = vec![("P2", now - 60, now + 3600)]);
        let report = sync::sync_now(&services.sync, &workspace(), None)
            .await
            .unwrap()
            .unwrap()
            .report;
        assert_eq!(report.changed, 2);
        assert_eq!(stub.asked() - before, 1);
    }
}

#[tokio::test]
async fn a_bound_schedule_that_is_upgraded_goes_on_without_anyone_noticing() {
    let sandbox = Sandbox::start().await;
    for database in databases().await {
        sandbox.control("reset", json!({})).await;
        let services = services(&database, &sandbox.url).await;
        let id = bound_to(&services, &sandbox, "PPLATP1").await;
        let before = rotation(&services.store, &id).await;
        assert_eq!(on_call(&before), sandbox.on_call("PPLATP1").await);

        sandbox
            .control("schedules/PPLATP1/upgrade", json!({}))
            .await;
        let report = sync::sync_now(&services.sync, &workspace(), None)
            .await
            .unwrap();
        let report = report.unwrap().report;
        assert_eq!(
            (report.changed, report.unreadable, report.confirmed),
            (0, 0, 1)
        );
        assert_eq!(rotation(&services.store, &id).await, before);

        // From then on it is asked for in one request.
        sandbox.control("counters/reset", json!({})).await;
        sync::sync_now(&services.sync, &workspace(), None)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(sandbox.ask("counters").await["pagerduty"]["total"], 1);
    }
}

#[tokio::test]
async fn several_on_call_and_an_empty_slot_are_what_a_shift_based_schedule_says() {
    let sandbox = Sandbox::start().await;
    let database = sqlite();
    let services = services(&database, &sandbox.url).await;
    for schedule in ["Q3INCIDENTCMD1", "Q3NIGHTWATCH02"] {
        let id = bound_to(&services, &sandbox, schedule).await;
        let bound = rotation(&services.store, &id).await;
        assert_eq!(on_call(&bound), sandbox.on_call(schedule).await);
    }
    assert_eq!(sandbox.on_call("Q3INCIDENTCMD1").await.len(), 2);
}

#[tokio::test]
async fn an_answer_that_a_hand_off_overtook_does_not_undo_it() {
    on_each_engine(async |store| {
        let at = |second| NOW.plus_seconds(second);
        let shift = |user: &str, from, until| Shift {
            user: PagerDutyUserId::new(user),
            starts_at: at(from),
            ends_at: at(until),
            cause: Cause::Turn,
        };
        let mut schedule = snapshot("S1", &["ann", "bob"]);
        schedule.shifts = vec![shift("ann", -60, 10), shift("bob", 10, 60)];
        let directory = Directory::default();
        let poll_in = Duration::from_secs(60);

        let connected = entry(AuditAction::ConnectedPagerDuty);
        let credential = new_credential("sealed");
        assert!(store.connect(&credential, &connected).await.unwrap());
        let connection = store.connection(&workspace()).await.unwrap().unwrap();
        let id = create(&store, "Ops").await;
        let allow = |_: &Rotation| Ok::<_, ()>(entry(AuditAction::BoundSchedule));
        let before = Rule {
            now: &|| at(0),
            directory: &directory,
        };
        let reading = (&schedule, asked(at(0)), poll_in);
        let bound = store.bind(&connection, &id, reading, before, allow);
        assert_eq!(bound.await.unwrap(), BindEnd::Bound);

        // Asked before the shift's end, and written after the hand-off at it.
        let after = Rule {
            now: &|| at(11),
            directory: &directory,
        };
        let handed = store
            .apply_stored(&connection, &[schedule.id.clone()], after)
            .await;
        assert!(handed.unwrap().is_some());
        let late = store.apply_schedule(&connection, &schedule, after, asked(at(9)), poll_in);
        assert!(late.await.unwrap().unwrap().is_empty());

        assert_eq!(on_duty(&rotation(&store, &id).await), ["bob"]);
        let next = store.next_hand_off_at(&workspace()).await.unwrap();
        assert!(next.is_none_or(|next| next > at(11)));
        assert_eq!(store.duty_history(&id).await.unwrap().records.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_newer_reading_is_never_overwritten_by_an_older_one_however_late_it_comes() {
    on_each_engine(async |store| {
        let at = |second| NOW.plus_seconds(second);
        let reading = |user: &str| {
            let mut schedule = snapshot("S1", &["ann", "bob"]);
            schedule.shifts = vec![Shift {
                user: PagerDutyUserId::new(user),
                starts_at: at(-60),
                ends_at: at(36_000),
                cause: Cause::Turn,
            }];
            schedule
        };
        let directory = Directory::default();
        let poll_in = Duration::from_secs(60);
        let connected = entry(AuditAction::ConnectedPagerDuty);
        let credential = new_credential("sealed");
        assert!(store.connect(&credential, &connected).await.unwrap());
        let connection = store.connection(&workspace()).await.unwrap().unwrap();
        let allow = |_: &Rotation| Ok::<_, ()>(entry(AuditAction::BoundSchedule));
        // Binding back many reads them all before the first is written.
        let rule = Rule {
            now: &|| at(600),
            directory: &directory,
        };
        let (first, second) = (create(&store, "One").await, create(&store, "Two").await);
        let (newer, older) = (reading("bob"), reading("ann"));
        let bound = store.bind(
            &connection,
            &first,
            (&newer, asked(at(590)), poll_in),
            rule,
            allow,
        );
        assert_eq!(bound.await.unwrap(), BindEnd::Bound);
        let bound = store.bind(
            &connection,
            &second,
            (&older, asked(at(1)), poll_in),
            rule,
            allow,
        );
        assert_eq!(bound.await.unwrap(), BindEnd::Bound);
        let late = store.apply_schedule(&connection, &older, rule, asked(at(2)), poll_in);
        assert!(late.await.unwrap().is_none());
        for id in [&first, &second] {
            assert_eq!(on_duty(&rotation(&store, id).await), ["bob"]);
        }

        // What was read by a clock that was an hour ahead is not taken for newer.
        let wrong = store.apply_schedule(&connection, &newer, rule, asked(at(4200)), poll_in);
        assert!(wrong.await.unwrap().is_some());
        let right = store.apply_schedule(&connection, &older, rule, asked(at(600)), poll_in);
        assert!(right.await.unwrap().is_some());
        assert_eq!(on_duty(&rotation(&store, &first).await), ["ann"]);
    })
    .await;
}

#[tokio::test]
async fn shifts_are_known_five_weeks_ahead_and_far_ahead_is_asked_once_an_hour() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        let store = &bound.services.store;
        let (_, rotation) = &bound.rotations[0];
        // Until when shifts are known, and whether there are any up to then.
        let known = async || {
            let followed = store.followed_schedule(&workspace(), rotation).await;
            let (schedule, snapshot) = followed.unwrap().unwrap();
            let until = schedule.known_until;
            let last = snapshot.shifts.last().unwrap().ends_at;
            (until, last.seconds_since(clock::now()) > 34 * 24 * 3600)
        };
        let (bound_until, all) = known().await;
        assert!(all);
        for _ in 0..2 {
            bound.sync_whole().await;
            assert_eq!(
                known().await,
                (bound_until, true),
                "not asked that far, and kept"
            );
        }

        // A server of the version before reads less far ahead.
        let mut other = AnyConnection::connect(&bound.database.url).await.unwrap();
        let written = "update pagerduty_schedules set applied_at = applied_at + 1";
        other.execute(written).await.unwrap();
        // And sets no clocks: here, of an earlier hand-off that it has read.
        let next = store.next_hand_off_at(&workspace()).await.unwrap();
        let clock = "update rotations set next_change_at = next_change_at + 1000000";
        other.execute(clock).await.unwrap();
        assert_eq!(store.next_hand_off_at(&workspace()).await.unwrap(), next);
        let none = "update rotations set next_change_at = null";
        other.execute(none).await.unwrap();
        assert_eq!(store.next_hand_off_at(&workspace()).await.unwrap(), next);
        assert_eq!(known().await.0, None);
        bound.sync_whole().await;
        let (until, all) = known().await;
        assert!(until > bound_until && all);
        let known = store
            .bound_schedule(&workspace(), &ScheduleId::new("PPLATP1"))
            .await;
        let next = store.next_hand_off_at(&workspace()).await.unwrap();
        assert_eq!(next, known.unwrap().unwrap().next_change_at);
    }
}
