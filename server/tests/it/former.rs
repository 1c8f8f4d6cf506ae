//! Binding back what a disconnect reverted.

use crate::support::{bound::Bound, caller, databases};
use app::backend::Connections;
use types::{ApiKeyInput, Outcome, RotationMode};

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
