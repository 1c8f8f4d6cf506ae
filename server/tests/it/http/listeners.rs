//! What an open page hears, and what of a private rotation it does not.

use super::{browser::Browser, fetch, signed_in, signed_in_with, started, told};
use crate::support::{create, entry, workspace};
use axum::{
    body::{Body, BodyDataStream},
    http::Method,
};
use server::{Services, clock};
use types::{AuditAction, LiveTopic, RotationId, Visibility};

async fn listen(browser: &mut Browser) -> BodyDataStream {
    let response = browser
        .stream(fetch(Method::GET, "/api/events", Body::empty()))
        .await;
    response.into_body().into_data_stream()
}

async fn version(browser: &mut Browser) -> u64 {
    let answer = browser.send(fetch(Method::GET, "/rpc/session", "")).await;
    answer.body.parse().unwrap()
}

async fn become_visible(services: &Services, id: &RotationId, visibility: Visibility) {
    let workspace = workspace();
    let changed = services.store.change_rotation(&workspace, id, |rotation| {
        rotation.details.visibility = visibility;
        Ok::<_, ()>(entry(AuditAction::EditedRotation))
    });
    changed.await.unwrap().unwrap().unwrap();
    change(services, id);
}

fn change(services: &Services, id: &RotationId) {
    let topic = LiveTopic::Rotation(id.clone());
    services.live.publish(&workspace(), topic);
}

#[tokio::test]
async fn of_a_private_rotation_nobody_else_hears_even_that_it_changes() {
    let (services, _database) = started().await;
    let public = create(&services.store, "Public").await;
    let private = create(&services.store, "Private").await;
    become_visible(&services, &private, Visibility::Private).await;
    let mut admin = signed_in(&services, "U1", clock::now()).await;
    let mut member = signed_in_with("another", &services, "U2", clock::now()).await;
    let (mut admins, mut members) = (listen(&mut admin).await, listen(&mut member).await);
    let start = told(&mut members).await.unwrap().version;
    let admins_start = told(&mut admins).await.unwrap().version;

    change(&services, &private);
    assert_eq!(version(&mut member).await, start);
    assert_eq!(version(&mut admin).await, admins_start + 1);
    change(&services, &public);
    let heard = told(&mut members).await.unwrap();
    assert_eq!(heard.topic, Some(LiveTopic::Rotation(public.clone())));
    assert_eq!(heard.version, start + 1);
    for id in [&private, &public] {
        let heard = told(&mut admins).await.unwrap();
        assert_eq!(heard.topic, Some(LiveTopic::Rotation(id.clone())));
    }
    assert_eq!(version(&mut member).await, start + 1);
}

#[tokio::test]
async fn whoever_gains_or_loses_sight_of_a_rotation_is_told() {
    let (services, _database) = started().await;
    let id = create(&services.store, "Ours").await;
    let mut member = signed_in(&services, "U2", clock::now()).await;
    let mut members = listen(&mut member).await;
    let mut known = told(&mut members).await.unwrap().version;
    for _ in 0..2 {
        become_visible(&services, &id, Visibility::Private).await;
        let heard = told(&mut members).await.unwrap();
        assert_eq!(heard.topic, Some(LiveTopic::Rotation(id.clone())));
        assert_eq!(heard.version, known + 1);
        known = version(&mut member).await;
        become_visible(&services, &id, Visibility::Public).await;
        let heard = told(&mut members).await.unwrap();
        assert_ne!(heard.version, known);
        known = version(&mut member).await;
        assert_eq!(heard.version, known);
    }
    let workspace = workspace();
    let new = create(&services.store, "New").await;
    change(&services, &new);
    let heard = told(&mut members).await.unwrap();
    assert_eq!(heard.topic, Some(LiveTopic::Rotation(new.clone())));
    let allow = |_: &_| Ok::<_, ()>(entry(AuditAction::DeletedRotation));
    let deleted = services.store.delete_rotation(&workspace, &new, &[], allow);
    deleted.await.unwrap().unwrap().unwrap();
    change(&services, &new);
    let heard = told(&mut members).await.unwrap();
    assert_eq!(heard.topic, Some(LiveTopic::Rotation(new)));
}

#[tokio::test]
async fn whoever_cannot_be_told_of_rotations_hears_of_the_rest() {
    let (services, database) = started().await;
    create(&services.store, "Ours").await;
    let spoil = "update rotations set name = cast(x'ff' as text)";
    database.execute(spoil).await;
    let mut member = signed_in(&services, "U2", clock::now()).await;
    let mut members = listen(&mut member).await;
    let start = told(&mut members).await.unwrap().version;
    services.live.publish(&workspace(), LiveTopic::Connection);
    let heard = told(&mut members).await.unwrap();
    assert_eq!(heard.topic, Some(LiveTopic::Connection));
    assert_eq!(heard.version, start + 1);
}
