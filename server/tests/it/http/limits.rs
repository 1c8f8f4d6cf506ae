//! Who asks too often is told to wait, and whoever else asks is not kept waiting by it.

use super::{browser::Browser, error_of, signed_in, signed_in_with, started};
use crate::support::{NOW, caller, directory_read, sandbox::Sandbox, services, sqlite};
use app::{AppError, backend::Connections};
use axum::http::{Method, StatusCode};
use domain::Person;
use server::{Services, backend::RoundRobin, clock, http::Peer};
use types::{ApiKeyInput, Denial, PersonId, Role};

const SYNC: &str = "/rpc/sync_now";
const SIGN_IN: &str = "/api/auth/slack/login";

fn press() -> axum::http::Request<axum::body::Body> {
    super::fetch(Method::POST, SYNC, "")
}

#[tokio::test]
async fn sync_now_is_granted_to_each_session_with_measure() {
    let (services, _database) = started().await;
    let mut ann = signed_in(&services, "U1", clock::now()).await;
    let mut granted = 0;
    let refused = loop {
        let answer = ann.send(press()).await;
        match answer.status {
            StatusCode::OK => granted += 1,
            _ => break answer,
        }
        assert!(granted < 100, "nobody is ever refused");
    };
    assert!(granted >= 10, "{granted}");
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=6).contains(&wait), "{wait}");
    assert_eq!(
        error_of(&refused),
        AppError::TooOften { wait_seconds: wait }
    );

    let page = ann.submit(SYNC, "", "/settings/integrations").await;
    assert!(page.body.contains("Wait "), "{}", page.body);
    assert!(page.body.contains("href=\"/settings/integrations\""));

    let mut bob = signed_in_with("of-bob", &services, "U2", clock::now()).await;
    assert_eq!(bob.send(press()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn guests_do_not_sync_and_are_not_offered_it() {
    let (sandbox, database) = (Sandbox::start().await, sqlite());
    let services = services(&database, &sandbox.url).await;
    let key = ApiKeyInput::new(sandbox.api_key().await);
    let backend = RoundRobin::new(services.clone());
    backend.connect_with_api_key(&caller(), key).await.unwrap();
    let person = |id: &str, role| Person {
        id: PersonId::new(id),
        name: id.to_owned(),
        email: None,
        role,
        deactivated: false,
    };
    let people = [person("U2", Role::Member), person("U3", Role::Guest)];
    directory_read(&services.store, &people, NOW).await;
    let panel = "/settings/integrations";
    let mut member = signed_in_with("of-bob", &services, "U2", clock::now()).await;
    assert!(member.open(panel).await.body.contains("Sync now"));
    let mut guest = signed_in(&services, "U3", clock::now()).await;
    let shown = guest.open(panel).await.body;
    assert!(shown.contains("Sync history") && !shown.contains("Sync now"));
    let answer = guest.send(press()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(error_of(&answer), AppError::Forbidden(Denial::SyncAsGuest));
}

#[tokio::test]
async fn previewing_schedules_has_a_measure_too() {
    let (services, _database) = started().await;
    let mut ann = signed_in(&services, "U1", clock::now()).await;
    let mut statuses = Vec::new();
    for _ in 0..60 {
        let path = "/rpc/preview_schedule?rotation=none&schedule=S1";
        let preview = super::fetch(Method::GET, path, "");
        statuses.push(ann.send(preview).await.status);
    }
    assert!(statuses.contains(&StatusCode::NOT_FOUND));
    assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS));
}

#[tokio::test]
async fn sign_ins_from_one_address_do_not_hinder_those_from_another() {
    let (services, _database) = started().await;
    let begun_from = async |peer: &str, forwarded: Option<&str>| {
        let mut request = super::page(SIGN_IN);
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        if let Some(forwarded) = forwarded {
            let forwarded = forwarded.parse().unwrap();
            request.headers_mut().insert("x-forwarded-for", forwarded);
        }
        Browser::new(&services).send(request).await
    };
    let refused = loop {
        let answer = begun_from("192.0.2.1", None).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            break answer;
        }
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    };
    assert!(refused.body.contains("Wait "), "{}", refused.body);
    assert_ne!(refused.header("retry-after"), "");
    // Nobody in front is trusted, so what they say of themselves counts for nothing.
    let pretended = begun_from("192.0.2.1", Some("198.51.100.7")).await;
    assert_eq!(pretended.status, StatusCode::TOO_MANY_REQUESTS);
    let other = begun_from("192.0.2.2", None).await;
    assert_eq!(other.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_address_has_a_share_of_its_own() {
    let (services, _database) = started().await;
    let mut config = services.config.as_ref().clone();
    config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    let services = Services {
        config: config.into(),
        ..services
    };
    let begun_for = async |client: &str| {
        let mut request = super::page(SIGN_IN);
        request
            .extensions_mut()
            .insert(Peer("10.0.0.1".parse().unwrap()));
        let forwarded = client.parse().unwrap();
        request.headers_mut().insert("x-forwarded-for", forwarded);
        Browser::new(&services).send(request).await.status
    };
    while begun_for("203.0.113.5, 198.51.100.7").await == StatusCode::SEE_OTHER {}
    let forged = begun_for("203.0.113.6, 198.51.100.7").await;
    assert_eq!(forged, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(begun_for("198.51.100.8").await, StatusCode::SEE_OTHER);
}
