//! What the layers in front of the app let through and how they refuse.

pub mod browser;
mod connections;
mod limits;
mod listeners;

use crate::support::{Database, NOW, entry, reconcile, services, sqlite, workspace};
use app::{AppError, Flash};
use axum::{
    body::{Body, BodyDataStream},
    http::{Method, StatusCode, header},
};
use browser::{Answer, Browser, ORIGIN, fetch, page};
use futures::StreamExt as _;
use server::{Services, clock, crypto::token_key, metrics::Reading, store::NewSession};
use std::time::Instant;
use types::{AuditAction, AuditActor, LiveEvent, LiveTopic, PersonId, Timestamp};

pub const COOKIE: &str = "roundrobin_session";
const SESSION: &str = "the-secret-of-a-session";
const NO_PAGERDUTY: &str = "http://127.0.0.1:9";

async fn started() -> (Services, Database) {
    let database = sqlite();
    (services(&database, NO_PAGERDUTY).await, database)
}

/// A browser whose session began and was last used at `at`.
async fn signed_in(services: &Services, person: &str, at: Timestamp) -> Browser {
    signed_in_with(SESSION, services, person, at).await
}

pub async fn signed_in_with(
    secret: &str,
    services: &Services,
    person: &str,
    at: Timestamp,
) -> Browser {
    let (workspace, person) = (workspace(), PersonId::new(person));
    let session = NewSession {
        key: &token_key(secret),
        workspace: &workspace,
        person: &person,
        at,
        replaces: None,
    };
    services
        .store
        .sign_in(&session, NOW, &entry(AuditAction::SignedIn))
        .await
        .unwrap();
    Browser::new(services).with_cookie(COOKIE, secret)
}

fn error_of(answer: &Answer) -> AppError {
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn a_page_is_whole_and_runs_only_scripts_with_its_nonce() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    let answer = browser.open("/rotations").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("</html>"));
    let policy = answer.header("content-security-policy");
    let (_, rest) = policy.split_once("'nonce-").unwrap();
    let (nonce, _) = rest.split_once('\'').unwrap();
    assert!(answer.body.contains(&format!("nonce=\"{nonce}\"")));
    assert!(!policy.contains("unsafe-inline"));
    assert_eq!(answer.header("cache-control"), "no-store, no-transform");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_a_number() {
    let (services, _database) = started().await;
    let mut browser = Browser::new(&services);
    for path in [
        "/sign-in",
        "/nowhere",
        "/pkg/nothing.js",
        "/healthz",
        "/api/events",
    ] {
        let answer = browser.open(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .contains("default-src 'none'")
        );
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
    }
}

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_sign_in_and_back() {
    let (services, _database) = started().await;
    let mut browser = Browser::new(&services);
    let answer = browser.open("/rotations?mode=manual").await;
    assert_eq!(
        answer.location(),
        "/sign-in?return_to=%2Frotations%3Fmode%3Dmanual"
    );
    assert_eq!(browser.open("/sign-in").await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_is_signed_in_does_not_see_the_sign_in_page() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    assert_eq!(browser.open("/sign-in").await.location(), "/");
    let elsewhere = browser
        .open("/sign-in?return_to=https://evil.example/")
        .await;
    assert_eq!(elsewhere.location(), "/");
}

#[tokio::test]
async fn unknown_addresses_are_404_on_a_page_of_our_own() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    let nowhere = browser.open("/nowhere").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    assert!(nowhere.body.contains("</html>"));
    let rotation = browser.open("/rotations/none").await;
    assert_eq!(rotation.status, StatusCode::NOT_FOUND);
    assert_eq!(rotation.header("x-roundrobin-refused"), "");
}

#[tokio::test]
async fn what_another_site_sends_is_turned_away() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let mut request = fetch(Method::POST, "/api/auth/slack/logout", "");
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = browser.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.body.contains("nothing was changed"));
    }
    let mut silent = fetch(Method::POST, "/api/auth/slack/logout", "");
    silent.headers_mut().remove("sec-fetch-site");
    assert_eq!(browser.send(silent).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.open("/rotations").await.status, StatusCode::OK);
}

#[tokio::test]
async fn another_host_leads_to_the_public_one_and_changes_nothing() {
    let (services, _database) = started().await;
    let mut browser = Browser::new(&services);
    let mut request = page("/rotations?mode=manual");
    request
        .headers_mut()
        .insert(header::HOST, "localhost:3000".parse().unwrap());
    let answer = browser.send(request).await;
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    let marked = format!("{ORIGIN}/rotations?mode=manual&led=here");
    assert_eq!(answer.header("location"), marked);
    let answer = browser.open("/rotations?mode=manual&led=here").await;
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.header("location"), "/rotations?mode=manual");

    let mut request = fetch(Method::POST, "/api/auth/slack/logout", "");
    request
        .headers_mut()
        .insert(header::HOST, "localhost:3000".parse().unwrap());
    assert_eq!(
        browser.send(request).await.status,
        StatusCode::MISDIRECTED_REQUEST
    );
}

#[tokio::test]
async fn a_proxy_that_replaces_the_host_is_told_of_instead_of_leading_round_and_round() {
    let (services, _database) = started().await;
    let mut browser = Browser::new(&services);
    let mut through_proxy = async |address: &str| {
        let mut request = page(address);
        let host = "roundrobin-backend:8080".parse().unwrap();
        request.headers_mut().insert(header::HOST, host);
        browser.send(request).await
    };
    // However often somebody begins anew, as a whole office may at one address.
    for _ in 0..5 {
        let answer = through_proxy("/rotations?mode=manual").await;
        assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
        let led = answer
            .header("location")
            .strip_prefix(ORIGIN)
            .unwrap()
            .to_owned();
        let answer = through_proxy(&led).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
        let there = format!("href=\"{ORIGIN}/rotations?mode=manual\"");
        for told in ["roundrobin-backend:8080", &there, "proxy_set_header Host"] {
            assert!(answer.body.contains(told), "{told}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn what_is_sent_to_a_function_is_text_or_refused() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    let raw = [b"name=\xc3(&description=".as_slice(), b"name=%FF"];
    for body in raw {
        let request = fetch(Method::POST, "/rpc/create_rotation", body.to_vec());
        let answer = browser.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.body.contains("UTF-8"), "{}", answer.body);
    }
    let read = fetch(Method::GET, "/rpc/rotations?filter[search]=%C3%28", "");
    assert_eq!(browser.send(read).await.status, StatusCode::BAD_REQUEST);
    let rotations = services.store.rotations(&workspace()).await.unwrap();
    assert!(rotations.is_empty());
    let sound = fetch(
        Method::POST,
        "/rpc/create_rotation",
        "input[name]=%C3%A9t%C3%A9",
    );
    assert_eq!(browser.send(sound).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_session_of_before_ports_were_in_its_cookies_name_goes_on() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    assert_eq!(browser.open("/rotations").await.status, StatusCode::OK);
    browser
        .submit("/api/auth/slack/logout", "", "/rotations")
        .await;
    assert_eq!(browser.cookie(COOKIE), None);
}

#[tokio::test]
async fn a_page_that_is_loaded_ahead_of_time_takes_no_outcome_away() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    let key = token_key(SESSION);
    services.store.keep_flash(&key, "{}").await.unwrap();
    let mut ahead = page("/rotations");
    let purpose = "prefetch;prerender".parse().unwrap();
    ahead.headers_mut().insert("sec-purpose", purpose);
    browser.send(ahead).await;
    let session = services.store.session(&key).await.unwrap().unwrap();
    assert_eq!(session.flash.as_deref(), Some("{}"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_a_sentence() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    let large = "x".repeat(600 * 1024);
    let mut request = fetch(Method::POST, "/rpc/connect_with_api_key", large.clone());
    request
        .headers_mut()
        .insert(header::CONTENT_LENGTH, large.len().into());
    let answer = browser.send(request).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.body.contains("512 KB"));

    let unannounced = fetch(Method::POST, "/rpc/connect_with_api_key", large);
    let answer = browser.send(unannounced).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.body.contains("512 KB"));

    let some = "x".repeat(20 * 1024);
    let of_a_stranger = fetch(Method::POST, "/rpc/connect_with_api_key", some);
    let answer = Browser::new(&services).send(of_a_stranger).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.body.contains("16 KB"));
}

#[tokio::test]
async fn each_failure_of_a_server_function_has_its_own_status() {
    let (services, _database) = started().await;
    let mut nobody = Browser::new(&services);
    let answer = nobody.send(fetch(Method::GET, "/rpc/rotations", "")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(error_of(&answer), AppError::Unauthenticated);

    let mut member = signed_in(&services, "U2", clock::now()).await;
    let answer = member
        .send(fetch(
            Method::POST,
            "/rpc/connect_with_api_key",
            "api_key=k",
        ))
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let answer = member
        .send(fetch(Method::POST, "/rpc/rotate", "id=none"))
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let answer = member
        .send(fetch(Method::POST, "/rpc/rotate", "what=ever"))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(error_of(&answer), AppError::BadRequest);
    let answer = member.send(fetch(Method::POST, "/rpc/nothing", "")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_form_without_javascript_is_refused_on_a_page_that_leads_back() {
    let (services, _database) = started().await;
    let mut member = signed_in(&services, "U2", clock::now()).await;
    let answer = member
        .submit(
            "/rpc/connect_with_api_key",
            "api_key=k",
            "/settings/integrations",
        )
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.body.contains("may manage integrations"));
    assert!(answer.body.contains("href=\"/settings/integrations\""));
    assert_eq!(answer.header("location"), "");
}

#[tokio::test]
async fn a_form_that_does_not_say_where_it_was_leads_home() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    let mut form = fetch(Method::POST, "/rpc/connect_with_api_key", "api_key=");
    form.headers_mut()
        .insert(header::ACCEPT, "text/html".parse().unwrap());
    let answer = browser.send(form).await;
    assert!(answer.status.is_redirection());
    assert_eq!(answer.header("location"), "/");

    let script = fetch(Method::POST, "/rpc/connect_with_api_key", "api_key=");
    assert_eq!(browser.send(script).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_form_sent_after_the_session_ended_leads_to_sign_in_and_back() {
    let (services, _database) = started().await;
    let mut nobody = Browser::new(&services);
    let answer = nobody
        .submit(
            "/rpc/connect_with_api_key",
            "api_key=k",
            "/settings/integrations",
        )
        .await;
    assert_eq!(
        answer.location(),
        "/sign-in?problem=session-ended&return_to=%2Fsettings%2Fintegrations"
    );
}

#[tokio::test]
async fn the_outcome_of_a_form_is_shown_once() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    let key = token_key(SESSION);
    let flash = Flash {
        form: "/rpc/sync_now".to_owned(),
        outcome: "null".to_owned(),
        input: None,
    };
    let json = serde_json::to_string(&flash).unwrap();
    let kept = async || {
        let session = services.store.session(&key).await.unwrap();
        session.unwrap().flash
    };
    services.store.keep_flash(&key, &json).await.unwrap();
    browser.send(fetch(Method::GET, "/rpc/rotations", "")).await;
    assert_eq!(kept().await, Some(json.clone()));

    browser.open("/rotations").await;
    assert_eq!(kept().await, None);
    assert!(!services.store.take_flash(&key, &json).await.unwrap());
}

#[tokio::test]
async fn a_session_unseen_for_a_week_has_ended() {
    let (services, _database) = started().await;
    let week_ago = clock::now().plus_seconds(-7 * 24 * 3600);
    let mut browser = signed_in(&services, "U1", week_ago).await;
    assert!(
        browser
            .open("/rotations")
            .await
            .location()
            .starts_with("/sign-in")
    );

    let recently = week_ago.plus_seconds(60);
    let mut browser = signed_in_with("again", &services, "U1", recently).await;
    assert_eq!(browser.open("/rotations").await.status, StatusCode::OK);
    let session = services
        .store
        .session(&token_key("again"))
        .await
        .unwrap()
        .unwrap();
    assert!(session.last_seen_at > recently);
}

#[tokio::test]
async fn an_open_page_does_not_keep_its_session_alive() {
    let (services, _database) = started().await;
    let earlier = clock::now().plus_seconds(-600);
    let mut browser = signed_in(&services, "U1", earlier).await;
    let last_seen = async || {
        let session = services.store.session(&token_key(SESSION)).await;
        session.unwrap().unwrap().last_seen_at
    };
    let stream = fetch(Method::GET, "/api/events", Body::empty());
    assert_eq!(browser.stream(stream).await.status(), StatusCode::OK);
    assert_eq!(last_seen().await, earlier);
    browser.open("/rotations").await;
    assert!(last_seen().await > earlier);
}

#[tokio::test]
async fn signing_out_ends_the_session_for_good() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    let answer = browser
        .submit("/api/auth/slack/logout", "", "/rotations")
        .await;
    assert_eq!(answer.location(), "/sign-in");
    assert_eq!(browser.cookie(COOKIE), None);
    let mut thief = Browser::new(&services).with_cookie(COOKIE, SESSION);
    assert!(
        thief
            .open("/rotations")
            .await
            .location()
            .starts_with("/sign-in")
    );
}

#[tokio::test]
async fn signing_out_everywhere_ends_the_sessions_of_other_browsers_too() {
    let (services, _database) = started().await;
    let mut here = signed_in(&services, "U1", clock::now()).await;
    let mut there = signed_in_with("elsewhere", &services, "U1", clock::now()).await;
    here.submit("/api/auth/slack/logout", "everywhere=true", "/rotations")
        .await;
    assert!(
        there
            .open("/rotations")
            .await
            .location()
            .starts_with("/sign-in")
    );
    let audit = services.store.audit_page(&workspace(), None).await.unwrap();
    assert_eq!(audit.entries[0].action, AuditAction::SignedOutEverywhere);
    let ann = AuditActor::Session("Ann".to_owned());
    assert_eq!(audit.entries[0].actor, ann);
}

#[tokio::test]
async fn a_page_says_what_nobody_is_to_make_of_it() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    let page = browser.open("/rotations").await.body;
    let (head, body) = page.split_once("<body>").unwrap();
    assert!(head.contains(
        "<meta name=\"format-detection\" content=\"telephone=no, date=no, address=no, email=no"
    ));
    let (before, rest) = body.split_once("<!--email_off-->").unwrap();
    let (fenced, _data) = rest.split_once("<!--/email_off-->").unwrap();
    assert_eq!(before, "");
    assert!(fenced.contains("<main"));
    assert!(!fenced.contains("<script"));
}

#[tokio::test]
async fn pages_that_are_not_live_are_counted_by_cause_and_nothing_else_is() {
    let (services, _database) = started().await;
    let mut browser = Browser::new(&services);
    for (report, status) in [
        ("broken", StatusCode::NO_CONTENT),
        ("broken", StatusCode::NO_CONTENT),
        ("late", StatusCode::NO_CONTENT),
        ("\"} 1\nforged", StatusCode::BAD_REQUEST),
        ("brokenbrokenbroken", StatusCode::BAD_REQUEST),
    ] {
        let answer = browser
            .send(fetch(Method::POST, "/api/takeover", report))
            .await;
        assert_eq!(answer.status, status, "{report}");
    }
    let mut foreign = fetch(Method::POST, "/api/takeover", "broken");
    let site = foreign.headers_mut().get_mut("sec-fetch-site").unwrap();
    *site = "cross-site".parse().unwrap();
    assert_eq!(browser.send(foreign).await.status, StatusCode::FORBIDDEN);
    let nothing = Reading {
        ages: &[],
        directories: &[],
        parts: &[],
        database_renewals: 0,
        tasks: &[],
    };
    let metrics = services.metrics.scraped(&nothing).unwrap();
    let counted: Vec<_> = metrics
        .lines()
        .filter(|line| line.starts_with("roundrobin_takeover_failures_total"))
        .collect();
    assert_eq!(counted.len(), 2, "{counted:?}");
    for line in [
        "roundrobin_takeover_failures_total{cause=\"broken\"} 2",
        "roundrobin_takeover_failures_total{cause=\"late\"} 1",
    ] {
        assert!(counted.contains(&line), "{counted:?}");
    }
}

#[tokio::test]
async fn live_events_need_a_session() {
    let (services, _database) = started().await;
    let answer = Browser::new(&services)
        .send(fetch(Method::GET, "/api/events", ""))
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn live_events_tell_the_version_then_changes_and_end_with_the_server() {
    let (services, _database) = started().await;
    services.live.publish(&workspace(), LiveTopic::Connection);
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    let response = browser
        .stream(fetch(Method::GET, "/api/events", Body::empty()))
        .await;
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/event-stream"
    );
    let mut stream = response.into_body().into_data_stream();
    let first = told(&mut stream).await.unwrap();
    assert_eq!(first.topic, None);
    assert_eq!(first.version, services.live.version(&workspace(), |_| true));
    services.live.publish(&workspace(), LiveTopic::Connection);
    let second = told(&mut stream).await.unwrap();
    assert_eq!(
        (second.version, second.topic),
        (first.version + 1, Some(LiveTopic::Connection))
    );
    services.shutdown.cancel();
    assert!(told(&mut stream).await.is_none());
}

/// What a stream tells next; nothing when it has ended.
async fn told(stream: &mut BodyDataStream) -> Option<LiveEvent> {
    let chunk = stream.next().await?.unwrap();
    let text = String::from_utf8(chunk.to_vec()).unwrap();
    let json = text.strip_prefix("data: ").unwrap().trim();
    Some(serde_json::from_str(json).unwrap())
}

#[tokio::test]
async fn proxies_are_told_to_pass_live_events_on_as_they_come() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    let response = browser
        .stream(fetch(Method::GET, "/api/events", Body::empty()))
        .await;
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let caching: Vec<_> = response
        .headers()
        .get_all(header::CACHE_CONTROL)
        .iter()
        .collect();
    assert_eq!(caching, ["no-store, no-transform"]);
}

#[tokio::test]
async fn a_silent_stream_repeats_the_last_version_every_ten_seconds() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    let response = browser
        .stream(fetch(Method::GET, "/api/events", Body::empty()))
        .await;
    let mut stream = response.into_body().into_data_stream();
    let begin = Instant::now();
    told(&mut stream).await.unwrap();
    services.live.publish(&workspace(), LiveTopic::Connection);
    let last = told(&mut stream).await.unwrap();
    let beat = told(&mut stream).await.unwrap();
    assert_eq!(beat.version, last.version);
    assert_eq!(beat.topic, None);
    let waited = begin.elapsed().as_secs_f64();
    assert!((9.5..14.0).contains(&waited), "{waited}");
}

#[tokio::test]
async fn a_page_without_live_events_can_ask_for_the_version() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    let mut version = async || {
        let answer = browser.send(fetch(Method::GET, "/rpc/session", "")).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.body.parse::<u64>().unwrap()
    };
    let before = version().await;
    assert_eq!(before, services.live.version(&workspace(), |_| true));
    services.live.publish(&workspace(), LiveTopic::Connection);
    assert_eq!(version().await, before + 1);
}

#[tokio::test]
async fn a_page_knows_the_version_that_it_shows() {
    let (services, _database) = started().await;
    let mut browser = signed_in(&services, "U1", clock::now()).await;
    services.live.publish(&workspace(), LiveTopic::Connection);
    let version = services.live.version(&workspace(), |_| true).to_string();
    let page = browser.open("/rotations").await.body;
    assert!(page.contains(&version), "{page}");
}

#[tokio::test]
async fn readiness_names_its_parts() {
    let (services, _database) = started().await;
    let mut browser = Browser::new(&services);
    let answer = browser.open("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let parts = r#"{"ready":false,"database":"ok","sync":"failing","hand_offs":"failing","live_events":"ok","server":"ok","causes":{"hand_offs":"#;
    assert!(answer.body.starts_with(parts), "{}", answer.body);
    tokio::spawn(reconcile(services.clone()));
    while browser.open("/readyz").await.status != StatusCode::OK {
        tokio::task::yield_now().await;
    }
    services.shutdown.cancel();
    let answer = browser.open("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(browser.open("/healthz").await.status, StatusCode::OK);
}
