//! One rule for card, page, panel and badge: how far what is shown can be trusted.

use crate::support::{bound::Bound, caller, databases};
use app::backend::{Connections, Rotations};
use serde_json::json;
use types::{ConnectionHealth, DaysWanted, PagerDutyProblem, RotationFilter, ScheduleHealth};

const SCHEDULES: [&str; 2] = ["PPLATP1", "PPAYMN3"];

/// What each place shows: the card of the first rotation, its page, and the panel.
async fn shown(bound: &Bound) -> (ScheduleHealth, ScheduleHealth, ConnectionHealth) {
    let (backend, (_, id)) = (bound.backend(), &bound.rotations[0]);
    let everything = RotationFilter::default();
    let cards = backend.rotations(&caller(), everything).await.unwrap();
    let card = cards.cards.into_iter().find(|card| card.id == *id).unwrap();
    let page = backend
        .rotation(&caller(), id.clone(), DaysWanted::default())
        .await
        .unwrap();
    let binding = page.binding.unwrap();
    let named = binding.health >= ScheduleHealth::NeedsAttention;
    assert_eq!(binding.problem.is_some(), named);
    let on_card = card.attention().map(|attention| attention.health);
    let panel = bound.card().await;
    if panel.freshness.unreadable > 0 {
        assert_ne!(panel.health, ConnectionHealth::Healthy);
    }
    // A card shows nothing of what asks nobody to look.
    let on_card = on_card.unwrap_or(binding.health.min(ScheduleHealth::AskingAgain));
    (on_card, binding.health, panel.health)
}

async fn everywhere(bound: &Bound, schedule: ScheduleHealth, panel: ConnectionHealth) {
    assert_eq!(shown(bound).await, (schedule, schedule, panel));
}

async fn four_minutes_pass(bound: &Bound) {
    let statement = "update pagerduty_schedules set confirmed_at = confirmed_at - 240000";
    bound.database.execute(statement).await;
}

#[tokio::test]
async fn a_schedule_that_cannot_be_read_is_told_alike_in_every_place() {
    use ScheduleHealth::{AskingAgain, Healthy, NeedsAttention};
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        bound.sync_whole().await;
        everywhere(&bound, Healthy, ConnectionHealth::Healthy).await;
        let fault = json!({"side": "pagerduty", "path": "/schedules/PPLATP1", "status": 500});
        bound.sandbox.fault(fault).await;
        for _ in 0..4 {
            bound.sync().await.unwrap();
            // However often somebody presses, three intervals have not passed.
            everywhere(&bound, AskingAgain, ConnectionHealth::AskingAgain(None)).await;
        }
        four_minutes_pass(&bound).await;
        bound.sync().await.unwrap();
        everywhere(
            &bound,
            NeedsAttention,
            ConnectionHealth::NeedsAttention(None),
        )
        .await;
        bound.sandbox.clear_faults().await;
        bound.sync().await.unwrap();
        everywhere(&bound, Healthy, ConnectionHealth::Healthy).await;
    }
}

#[tokio::test]
async fn a_pagerduty_that_is_away_is_told_alike_in_every_place() {
    use ScheduleHealth::{AskingAgain, NeedsAttention, Stale};
    let away = PagerDutyProblem::Unavailable { status: 503 };
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        bound.sync_whole().await;
        let fault = json!({"side": "pagerduty", "status": 503});
        bound.sandbox.fault(fault).await;
        bound.sync().await.unwrap_err();
        let again = ConnectionHealth::AskingAgain(Some(away.clone()));
        everywhere(&bound, AskingAgain, again).await;
        four_minutes_pass(&bound).await;
        everywhere(&bound, Stale, ConnectionHealth::Stale).await;
        for _ in 0..2 {
            bound.sync().await.unwrap_err();
        }
        let attention = ConnectionHealth::NeedsAttention(Some(away.clone()));
        everywhere(&bound, NeedsAttention, attention).await;
    }
}

#[tokio::test]
async fn a_credential_that_ended_is_told_at_once_in_every_place() {
    for database in databases().await {
        let bound = Bound::to(database, &SCHEDULES).await;
        bound.sync_whole().await;
        bound
            .sandbox
            .control("pagerduty/keys/revoke", json!({}))
            .await;
        bound.sync().await.unwrap_err();
        let ended = ConnectionHealth::NeedsReconnection(PagerDutyProblem::KeyEnded);
        everywhere(&bound, ScheduleHealth::NeedsReconnection, ended).await;
        let alert = bound.backend().pagerduty_alert(&caller()).await.unwrap();
        assert_eq!(alert.unwrap().problem, PagerDutyProblem::KeyEnded);
    }
}
