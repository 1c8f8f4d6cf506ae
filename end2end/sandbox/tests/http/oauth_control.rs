//! The levers on the identity service, and the bad weather that tests make there.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    client::{CHALLENGE, Client},
    identity::{
        CALLBACK, CLIENT_ID, SCOPE, TOKEN, assert_refused, claims, code, exchanged, refresh,
        refreshed, status_with, text, tokens,
    },
};

#[tokio::test]
async fn a_code_comes_without_a_browser() {
    let client = Client::new();
    let order = json!({
        "user": "TOMAS.herrera@lighthouse-books.example",
        "redirect_uri": CALLBACK,
        "scope": "users.read",
        "code_challenge": CHALLENGE,
        "state": "s 1",
    });
    let given = client.control("/oauth/authorise", order.clone()).await;
    let code = text(&given["code"]);
    let back = text(&given["redirect_to"]);
    assert!(back.starts_with(CALLBACK) && back.contains(&code) && back.ends_with("&state=s+1"));
    let tokens = exchanged(&client, &code).await.json();
    assert_eq!(claims(&tokens)["user_id"], "PTOMAS5");

    for (name, value, status) in [
        ("user", "PFATIMH", 404),
        ("redirect_uri", "https://evil.example/", 400),
        ("scope", "", 400),
        ("code_challenge", "short", 400),
        ("verifier", "x", 400),
    ] {
        let mut order = order.clone();
        order[name] = json!(value);
        let answer = client
            .send("POST", "/_control/oauth/authorise", &[], &order.to_string())
            .await;
        assert_eq!(answer.status.as_u16(), status, "{name}");
    }
}

#[tokio::test]
async fn lifetimes_hold_for_what_is_issued_later() {
    let client = Client::new();
    let before = tokens(&client, SCOPE).await;
    client
        .control(
            "/oauth/lifetimes",
            json!({"access_seconds": 0, "code_seconds": 60}),
        )
        .await;
    assert_eq!(client.told("/oauth").await["access_seconds"], 0);
    let after = tokens(&client, SCOPE).await;
    assert_eq!(after["expires_in"], 0);
    assert_eq!(status_with(&client, &before, "/users").await, 200);
    assert_eq!(status_with(&client, &after, "/users").await, 401);

    client
        .control(
            "/oauth/lifetimes",
            json!({"access_seconds": 60, "refresh_seconds": 0}),
        )
        .await;
    let stale = refreshed(&client, &after["refresh_token"]).await.json();
    assert_eq!(status_with(&client, &stale, "/users").await, 200);
    let refused = refreshed(&client, &stale["refresh_token"]).await;
    assert_refused(&refused, 400, "invalid_grant");

    client
        .control("/oauth/lifetimes", json!({"code_seconds": 0}))
        .await;
    let late = exchanged(&client, &code(&client, SCOPE).await).await;
    assert_refused(&late, 400, "invalid_grant");
}

#[tokio::test]
async fn access_tokens_expire_at_once_when_told() {
    let client = Client::new();
    let first = tokens(&client, SCOPE).await;
    client.control("/oauth/expire", json!({})).await;
    assert_eq!(status_with(&client, &first, "/users").await, 401);
    assert_eq!(
        client.told("/oauth").await["families"][0]["access_tokens"],
        0
    );
    let second = refreshed(&client, &first["refresh_token"]).await.json();
    assert_eq!(status_with(&client, &second, "/users").await, 200);
}

#[tokio::test]
async fn everything_is_revoked_when_told() {
    let client = Client::new();
    let first = tokens(&client, SCOPE).await;
    client.control("/oauth/revoke", json!({})).await;
    assert_eq!(status_with(&client, &first, "/users/me").await, 401);
    let refused = refreshed(&client, &first["refresh_token"]).await;
    assert_refused(&refused, 400, "invalid_grant");
    assert_eq!(client.told("/oauth").await["families"][0]["revoked"], true);
    let second = tokens(&client, SCOPE).await;
    assert_eq!(status_with(&client, &second, "/users").await, 200);
}

#[tokio::test]
async fn tokens_end_with_their_person() {
    let client = Client::new();
    let waiting = code(&client, SCOPE).await;
    let tokens = tokens(&client, SCOPE).await;
    client
        .control("/pagerduty/users/PADAOK1/delete", json!({}))
        .await;
    assert_eq!(status_with(&client, &tokens, "/users").await, 401);
    let refused = refreshed(&client, &tokens["refresh_token"]).await;
    assert_refused(&refused, 400, "invalid_grant");
    assert_refused(&exchanged(&client, &waiting).await, 400, "invalid_grant");
}

#[tokio::test]
async fn people_log_in_to_either_region() {
    let client = Client::new();
    client
        .control("/oauth/audience", json!({"region": "eu"}))
        .await;
    let tokens = tokens(&client, SCOPE).await;
    let claims = claims(&tokens);
    assert_eq!(
        claims["aud"],
        json!(["https://api.eu.pagerduty.com", CLIENT_ID])
    );
    for (name, value) in [
        ("user_id", "PEUMART"),
        ("account_id", "PLHBKEU"),
        ("subdomain", "lighthouse-books-eu"),
        ("region", "eu"),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_eq!(status_with(&client, &tokens, "/eu/schedules").await, 200);
    assert_eq!(status_with(&client, &tokens, "/schedules").await, 401);
}

#[tokio::test]
async fn the_audience_takes_every_shape() {
    let client = Client::new();
    for (shape, audience) in [
        ("string", json!("https://api.pagerduty.com")),
        ("none", json!([CLIENT_ID])),
        (
            "foreign",
            json!(["https://api.pagerduty.example", CLIENT_ID]),
        ),
        ("list", json!(["https://api.pagerduty.com", CLIENT_ID])),
    ] {
        client
            .control("/oauth/audience", json!({"shape": shape}))
            .await;
        assert_eq!(
            client.told("/oauth").await["audience"],
            json!({"region": "us", "shape": shape})
        );
        assert_eq!(claims(&tokens(&client, SCOPE).await)["aud"], audience);
    }
}

#[tokio::test]
async fn the_app_is_registered_anew() {
    let client = Client::new();
    let (id, secret) = ("the app & more", "ü+&%=€ 100%25");
    client
        .control(
            "/oauth/app",
            json!({
                "client_id": id,
                "client_secret": secret,
                "scopes": ["oncalls.read"],
                "redirect_uris": ["https://rr.example/back"],
            }),
        )
        .await;
    let credentials = client.told("/credentials").await["pagerduty"].clone();
    assert_eq!(
        (&credentials["client_id"], &credentials["client_secret"]),
        (&json!(id), &json!(secret))
    );
    let told = client.told("/oauth").await;
    assert_eq!(
        (&told["client_id"], &told["scopes"], &told["redirect_uris"]),
        (
            &json!(id),
            &json!(["oncalls.read"]),
            &json!(["https://rr.example/back"])
        )
    );
    let home = client.send("GET", "/", &[], "").await;
    for text in [
        "the app &amp; more",
        "ü+&amp;%=€ 100%25",
        "<code>oncalls.read</code>",
        "<code>http://127.0.0.1:3900/identity</code>",
    ] {
        assert!(home.text().contains(text), "{text}");
    }

    let order = json!({
        "redirect_uri": "https://rr.example/back",
        "scope": "oncalls.read",
        "code_challenge": CHALLENGE,
    });
    let code = text(&client.control("/oauth/authorise", order).await["code"]);
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", id),
        ("client_secret", secret),
        ("code", &code),
        ("redirect_uri", "https://rr.example/back"),
        ("code_verifier", crate::client::VERIFIER),
    ];
    let answer = client.form(TOKEN, &[], &fields).await;
    assert_eq!(answer.json()["scope"], "openid oncalls.read");
}

#[tokio::test]
async fn the_default_addresses_come_back_with_null() {
    let client = Client::new();
    client
        .control(
            "/oauth/app",
            json!({"redirect_uris": ["https://rr.example/back"]}),
        )
        .await;
    let ask = json!({"redirect_uri": CALLBACK, "scope": "openid", "code_challenge": CHALLENGE});
    let refused = client
        .send("POST", "/_control/oauth/authorise", &[], &ask.to_string())
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    client.control("/oauth/app", json!({"scopes": []})).await;
    assert!(client.told("/oauth").await["redirect_uris"].is_array());
    client
        .control("/oauth/app", json!({"redirect_uris": null}))
        .await;
    client.control("/oauth/authorise", ask).await;
}

#[tokio::test]
async fn every_token_is_told_in_one_place_only() {
    let client = Client::new();
    let first = tokens(&client, SCOPE).await;
    let second = refreshed(&client, &first["refresh_token"]).await.json();
    let issued = client.told("/oauth/tokens").await["issued"].clone();
    assert_eq!(
        issued,
        json!([
            first["access_token"],
            first["refresh_token"],
            second["access_token"],
            second["refresh_token"]
        ])
    );
    assert!(!client.told("/oauth").await.to_string().contains("pdus"));
}

#[tokio::test]
async fn a_reset_forgets_every_login() {
    let client = Client::new();
    let fresh = client.told("/oauth").await;
    let tokens = tokens(&client, SCOPE).await;
    client
        .control(
            "/oauth/app",
            json!({"client_id": "x", "scopes": [], "redirect_uris": []}),
        )
        .await;
    client
        .control("/oauth/audience", json!({"region": "eu", "shape": "none"}))
        .await;
    client
        .control("/oauth/lifetimes", json!({"access_seconds": 5}))
        .await;
    client.control("/reset", json!({})).await;
    assert_eq!(client.told("/oauth").await, fresh);
    assert_eq!(client.told("/oauth/tokens").await, json!({"issued": []}));
    assert_eq!(status_with(&client, &tokens, "/users").await, 401);
}

#[tokio::test]
async fn misspelt_oauth_orders_are_refused() {
    let client = Client::new();
    for (path, body) in [
        ("/oauth/app", r#"{"scope":["users.read"]}"#),
        ("/oauth/app", r#"{"redirect_uris":["/back"]}"#),
        ("/oauth/lifetimes", r#"{"access_seconds":-1}"#),
        ("/oauth/lifetimes", r#"{"seconds":1}"#),
        ("/oauth/audience", r#"{"region":"asia"}"#),
        ("/oauth/audience", r#"{"shape":"set"}"#),
        ("/oauth/authorise", "{}"),
        ("/faults", r#"{"side":"identity","afterwards":true}"#),
    ] {
        let answer = client
            .send("POST", &format!("/_control{path}"), &[], body)
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {body}");
    }
}

#[tokio::test]
async fn logging_in_is_counted_apart_from_the_api() {
    let client = Client::new();
    let tokens = tokens(&client, SCOPE).await;
    refreshed(&client, &tokens["refresh_token"]).await;
    client
        .send("GET", "/identity/oauth/authorize", &[], "")
        .await;
    client.send("GET", "/identity/nothing", &[], "").await;
    status_with(&client, &tokens, "/users").await;
    let counters = client.told("/counters").await;
    assert_eq!(
        counters["identity"],
        json!({
            "total": 4,
            "by_method": {"GET": 2, "POST": 2},
            "endpoints": [
                {"method": "GET", "endpoint": "/oauth/authorize", "count": 1},
                {"method": "GET", "endpoint": "unmatched", "count": 1},
                {"method": "POST", "endpoint": "/oauth/token", "count": 2},
            ],
        })
    );
    assert_eq!(counters["pagerduty"]["by_method"], json!({"GET": 1}));
}

/// What becomes of a refresh while a fault stands, and whether it was done.
async fn refreshed_under(fault: Value) -> (u16, String, bool) {
    let client = Client::new();
    let tokens = tokens(&client, SCOPE).await;
    client.control("/faults", fault).await;
    let answer = refreshed(&client, &tokens["refresh_token"]).await;
    let done = client.told("/oauth").await["refreshes"] == 1;
    (answer.status.as_u16(), answer.text().to_owned(), done)
}

#[tokio::test]
async fn faults_strike_the_token_endpoint() {
    for (status, error) in [
        (400, "invalid_request"),
        (401, "invalid_client"),
        (500, "server_error"),
        (503, "temporarily_unavailable"),
    ] {
        let fault = json!({"side": "identity", "path": "/oauth/token", "status": status});
        let (seen, body, done) = refreshed_under(fault).await;
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!((seen, done), (status, false));
        assert_eq!(body["error"], error);
        assert!(body["error_description"].is_string());
    }
    let elsewhere = json!({"side": "identity", "path": "/oauth/authorize", "status": 500});
    assert_eq!(refreshed_under(elsewhere).await.0, 200);
    let of_the_api = json!({"side": "pagerduty", "status": 500});
    assert_eq!(refreshed_under(of_the_api).await.0, 200);
}

#[tokio::test]
async fn answers_with_tokens_get_lost_in_every_shape() {
    let under = |body: &str| refreshed_under(json!({"side": "identity", "body": body}));
    let (status, html, done) = under("html").await;
    assert!(status == 200 && html.starts_with("<!doctype html>") && done);
    let (status, empty, done) = under("empty").await;
    assert!(status == 200 && empty.is_empty() && done);
    let (status, half, done) = under("truncated").await;
    assert!(status == 200 && serde_json::from_str::<Value>(&half).is_err() && done);
    let (status, swapped, done) = under("wrong_types").await;
    let swapped: Value = serde_json::from_str(&swapped).expect("JSON");
    assert!(status == 200 && swapped["access_token"].is_number() && done);
    assert!(swapped["expires_in"].is_string());
}

#[tokio::test]
async fn a_client_that_goes_away_loses_the_pair_only_if_it_was_made_before_the_delay() {
    for (after, refreshes) in [(false, 0), (true, 1)] {
        let client = Client::new();
        let tokens = tokens(&client, SCOPE).await;
        let fault = json!({"side": "identity", "delay_ms": 60_000, "after": after, "times": 1});
        client.control("/faults", fault).await;
        let token = text(&tokens["refresh_token"]);
        let fields = refresh(&token);
        let waiting = client.form(TOKEN, &[], &fields);
        assert!(timeout(Duration::from_millis(100), waiting).await.is_err());
        assert_eq!(client.told("/oauth").await["refreshes"], refreshes);
        let retried = refreshed(&client, &tokens["refresh_token"]).await;
        assert_eq!(retried.status == StatusCode::OK, !after);
    }
}

#[tokio::test]
async fn a_late_answer_is_a_true_one() {
    for after in [false, true] {
        let started = std::time::Instant::now();
        let fault = json!({"side": "identity", "delay_ms": 120, "after": after});
        let (status, body, done) = refreshed_under(fault).await;
        assert!(started.elapsed().as_millis() >= 120);
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert!(status == 200 && body["refresh_token"].is_string() && done);
    }
}
