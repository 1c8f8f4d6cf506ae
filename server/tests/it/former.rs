//! Binding back what a disconnect reverted.

use crate::support::{bound::Bound, caller, databases};
use app::{
    AppError,
    backend::{Caller, Connections, Schedules},
};
use server::housekeeping;
use types::{
    ApiKeyInput, ConnectRefusal, Outcome, PersonId, RotationMode, ScheduleChoice, ScheduleId,
};

const SCHEDULES: [&str; 2] = ["PPAYMN3", "PPLATP1"];

async fn disconnected(bound: &Bound) {
    let done = bound.backend().disconnect_pagerduty(&caller()).await;
    assert_eq!(done.unwrap().done().unwrap().reverted, 2);
}

async fn connect(bound: &Bound, key: &str) {
    let credentials = bound.sandbox.ask("credentials").await;
    let key = credentials["pagerduty"][key].as_str().unwrap();
    let key = ApiKeyInput::new(key);
    let done = bound.backend().connect_with_api_key(&caller(), key).await;
    assert_eq!(done.unwrap(), Outcome::Done(()));
}

#[tokio::test]
async fn the_same_account_again_can_have_its_rotations_back() {
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        disconnected(&bound).await;
        connect(&bound, "api_key").await;
        let offered = bound.card().await.former_bindings;
        let named: Vec<_> = offered
            .iter()
            .map(|former| (former.rotation_name.as_str(), former.schedule_name.as_str()))
            .collect();
        let expected = [
            ("Bound to PPAYMN3", "Payments"),
            ("Bound to PPLATP1", "Platform Primary"),
        ];
        assert_eq!(named, expected);

        let rebound = bound.backend().rebind_former(&caller()).await.unwrap();
        let rebound = rebound.done().unwrap();
        assert_eq!((rebound.bound, &rebound.failed[..]), (2, &[][..]));
        assert!(bound.card().await.former_bindings.is_empty());
        for rotation in bound.all_rotations().await {
            assert_eq!(rotation.plan.mode(), RotationMode::PagerDuty);
        }
        bound.agrees_with_pagerduty().await;
        assert_eq!(bound.sync_whole().await.confirmed, 2);
    }
}

#[tokio::test]
async fn the_same_account_under_a_new_subdomain_is_known_by_its_schedules() {
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        let renamed = "update pagerduty_connections set subdomain = 'formerly-so'";
        bound.database.execute(renamed).await;
        disconnected(&bound).await;
        connect(&bound, "api_key").await;
        assert_eq!(bound.card().await.former_bindings.len(), 2);
    }
}

#[tokio::test]
async fn another_account_is_offered_nothing() {
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        disconnected(&bound).await;
        connect(&bound, "eu_api_key").await;
        assert!(bound.card().await.former_bindings.is_empty());
        let rebound = bound.backend().rebind_former(&caller()).await.unwrap();
        assert_eq!(rebound.done().unwrap().bound, 0);
        for rotation in bound.all_rotations().await {
            assert_eq!(rotation.plan.mode(), RotationMode::Manual);
        }
    }
}

#[tokio::test]
async fn leaving_rotations_manual_is_undone_as_far_as_they_are_as_they_were() {
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        disconnected(&bound).await;
        connect(&bound, "api_key").await;
        let backend = bound.backend();
        let too_late = Outcome::Refused(ConnectRefusal::NothingToUndo);
        let undo = async || backend.undo_forget_former(&caller()).await.unwrap();
        assert_eq!(undo().await, too_late);
        backend.forget_former(&caller()).await.unwrap();
        assert!(bound.card().await.former_bindings.is_empty());
        let other = Caller {
            person: PersonId::new("U2"),
            ..caller()
        };
        let denied = backend.undo_forget_former(&other).await;
        assert!(matches!(denied, Err(AppError::Forbidden(_))), "{denied:?}");
        // One of them is bound meanwhile.
        let (schedule, rotation) = bound.rotations[0].clone();
        let choice = ScheduleChoice::PagerDuty(ScheduleId::new(schedule));
        let set = backend
            .set_schedule(&caller(), rotation, choice.into())
            .await;
        assert_eq!(set.unwrap(), Outcome::Done(()));
        assert_eq!(undo().await, Outcome::Done(()));
        assert_eq!(bound.card().await.former_bindings.len(), 1);
        assert_eq!(undo().await, too_late);
        backend.forget_former(&caller()).await.unwrap();
        let later = "update former_bindings set given_up_at = given_up_at - 3600001";
        bound.database.execute(later).await;
        assert_eq!(undo().await, too_late);
        housekeeping::clean_up(&bound.services.store).await.unwrap();
        assert!(bound.database.contents(&[]).await["former_bindings"].is_empty());
    }
}
