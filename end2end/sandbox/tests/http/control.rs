//! The levers: each must change exactly what it says, and a misspelt one must be noticed.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::client::{API_KEY, Client, EU_API_KEY, people_on_call};

async fn on_call(client: &Client, schedule: &str) -> Value {
    let truth = client.told(&format!("/truth/{schedule}")).await["on_call"][0]["id"].clone();
    let shown = client
        .pagerduty(&format!("/schedules/{schedule}/users"))
        .await
        .json();
    assert_eq!(shown["users"][0]["id"], truth);
    truth
}

#[tokio::test]
async fn requests_are_counted_by_endpoint_and_method() {
    let client = Client::new();
    client.pagerduty("/schedules/PPLATP1").await;
    client.pagerduty("/schedules/PPAYMN3").await;
    client.pagerduty_with(EU_API_KEY, "/eu/users?limit=1").await;
    client.send("POST", "/schedules", &[], "").await;
    client.send("GET", "/favicon.ico", &[], "").await;
    client.send("POST", "/slack/api/users.list", &[], "").await;
    client.send("POST", "/slack/api/no.such", &[], "").await;
    let counters = client.told("/counters").await;
    assert_eq!(counters["pagerduty"]["total"], 5);
    assert_eq!(
        counters["pagerduty"]["by_method"],
        json!({"GET": 4, "POST": 1})
    );
    assert_eq!(
        counters["pagerduty"]["endpoints"],
        json!([
            {"method": "GET", "endpoint": "/eu/users", "count": 1},
            {"method": "GET", "endpoint": "/schedules/{id}", "count": 2},
            {"method": "GET", "endpoint": "unmatched", "count": 1},
            {"method": "POST", "endpoint": "/schedules", "count": 1},
        ])
    );
    assert_eq!(
        counters["slack"]["endpoints"],
        json!([
            {"method": "POST", "endpoint": "/api/users.list", "count": 1},
            {"method": "POST", "endpoint": "unmatched", "count": 1},
        ])
    );
    client.control("/counters/reset", json!({})).await;
    assert_eq!(client.told("/counters").await["pagerduty"]["total"], 0);
}

#[tokio::test]
async fn those_who_can_sign_in_are_told_by_name_and_role() {
    let client = Client::new();
    let told = client.told("/people").await;
    let people = told["people"].as_array().expect("people");
    assert_eq!(
        people[0],
        json!({"id": "U01ADAOKAF", "name": "Ada Okafor", "role": "Primary Owner", "team": "T01LIGHTHSE"})
    );
    assert_eq!(people.len(), 16);
    assert!(people.iter().all(|person| person["name"] != "Bruno Costa"));
}

#[tokio::test]
async fn a_fault_strikes_where_and_as_often_as_it_is_told() {
    let client = Client::new();
    let fault = json!({"side": "pagerduty", "path": "/schedules", "status": 503, "times": 2});
    client.control("/faults", fault).await;
    assert_eq!(client.pagerduty("/users").await.status, StatusCode::OK);
    for _ in 0..2 {
        assert_eq!(
            client.pagerduty("/schedules/PPLATP1").await.status,
            StatusCode::SERVICE_UNAVAILABLE
        );
    }
    assert_eq!(client.pagerduty("/schedules").await.status, StatusCode::OK);

    client
        .control(
            "/faults",
            json!({"side": "slack", "status": 429, "headers": {"retry-after": "7"}}),
        )
        .await;
    let limited = client.send("POST", "/slack/api/auth.test", &[], "").await;
    assert_eq!(
        (limited.status.as_u16(), limited.header("retry-after")),
        (429, "7")
    );
    assert_eq!(limited.json(), json!({"ok": false, "error": "ratelimited"}));
    client.control("/faults/clear", json!({})).await;
    let fault = json!({"side": "slack", "path": "/api/users.list", "status": 500});
    client.control("/faults", fault).await;
    let spared = client.send("POST", "/slack/api/auth.test", &[], "").await;
    let struck = client.send("POST", "/slack/api/users.list", &[], "").await;
    assert_eq!((spared.status.as_u16(), struck.status.as_u16()), (200, 500));
    client
        .control("/faults/clear", json!({"side": "slack"}))
        .await;
    assert_eq!(client.told("/faults").await["faults"], json!([]));
}

#[tokio::test]
async fn bodies_break_in_every_shape() {
    let client = Client::new();
    let mut seen = Vec::new();
    for (body, status) in [
        ("error_string", Some(400)),
        ("error_array", Some(400)),
        ("errors_string", Some(400)),
        ("errors_map", Some(400)),
        ("missing_scopes", Some(403)),
        ("html", Some(401)),
        ("empty", Some(401)),
        ("truncated", None),
        ("wrong_types", None),
        ("cut_off", None),
    ] {
        client
            .control(
                "/faults",
                json!({"side": "pagerduty", "status": status, "body": body, "times": 1}),
            )
            .await;
        let answer = client.pagerduty("/schedules").await;
        assert_eq!(answer.status.as_u16(), status.unwrap_or(200), "{body}");
        seen.push(answer);
    }
    assert!(seen[0].json()["error"].is_string());
    assert!(seen[1].json()["error"].is_array());
    assert!(seen[2].json()["error"]["errors"].is_string());
    assert!(seen[3].json()["error"]["errors"].is_object());
    assert!(seen[4].json()["error"]["required_scopes"].is_string());
    assert_eq!(seen[5].header("content-type"), "text/html");
    assert_eq!(seen[6].text(), "");
    assert!(serde_json::from_str::<Value>(seen[7].text()).is_err());
    assert!(seen[8].json()["schedules"][0]["id"].is_number());
    assert!(seen[9].body.is_err());
}

#[tokio::test]
async fn headers_go_missing_and_answers_are_late() {
    let client = Client::new();
    let fault = json!({"side": "pagerduty", "without_headers": true, "delay_ms": 120, "times": 1});
    client.control("/faults", fault).await;
    let started = std::time::Instant::now();
    let answer = client.pagerduty("/users").await;
    assert!(started.elapsed().as_millis() >= 120);
    assert_eq!(
        (answer.status, answer.header("ratelimit-limit")),
        (StatusCode::OK, "")
    );
}

#[tokio::test]
async fn an_override_changes_who_is_on_call() {
    let client = Client::new();
    assert_eq!(on_call(&client, "PPLATP1").await, "PTOMAS5");
    let order = json!({"user": "MARTA.kowalczyk@lighthouse-books.example", "seconds": 60});
    client.control("/schedules/PPLATP1/overrides", order).await;
    assert_eq!(on_call(&client, "PPLATP1").await, "PMARTA4");
    client
        .control("/schedules/PPLATP1/overrides/clear", json!({}))
        .await;
    assert_eq!(on_call(&client, "PPLATP1").await, "PTOMAS5");
}

#[tokio::test]
async fn a_shift_ends_when_told() {
    let client = Client::new();
    let ended = client
        .control("/schedules/PPLATP1/end-shift", json!({"seconds": 1}))
        .await;
    assert_eq!(
        (&ended["from"], &ended["to"]),
        (&json!("PTOMAS5"), &json!("PJUERG8"))
    );
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(on_call(&client, "PPLATP1").await, "PJUERG8");
    // Longer than the shift would last by itself: it is prolonged.
    let later = client
        .control("/schedules/PPLATS2/end-shift", json!({"seconds": 172_800}))
        .await;
    assert_eq!(later["overrides"].as_array().map(Vec::len), Some(2));
    let nobody = client
        .send(
            "POST",
            "/_control/schedules/PWAREH6/end-shift",
            &[],
            r#"{"seconds":1}"#,
        )
        .await;
    assert_eq!(nobody.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_shift_ends_soon_once_its_button_on_the_home_page_was_pressed() {
    let client = Client::new();
    let ends_at = async || {
        let truth = client.send("GET", "/_control/truth/PPLATP1", &[], "").await;
        let end = truth.json()["on_call"][0]["end"].clone();
        end.as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
    };
    let soon = || jiff::Timestamp::now() + jiff::SignedDuration::from_secs(11);
    assert!(ends_at().await > soon());
    let home = client.send("GET", "/", &[], "").await;
    assert!(home.text().contains("action=\"/end-shift/PPLATP1\""));
    let pressed = client.send("POST", "/end-shift/PPLATP1", &[], "").await;
    assert_eq!(
        (pressed.status, pressed.header("location")),
        (StatusCode::FOUND, "/")
    );
    assert!(ends_at().await <= soon());
    // Nobody is on call there, so there is nothing to press.
    assert!(!home.text().contains("/end-shift/PWAREH6"));
    let nobody = client.send("POST", "/end-shift/PWAREH6", &[], "").await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn schedules_are_renamed_hidden_and_deleted() {
    let client = Client::new();
    client
        .control("/schedules/PPLATP1/rename", json!({"name": "Core"}))
        .await;
    assert_eq!(
        client.pagerduty("/schedules/PPLATP1").await.json()["schedule"]["name"],
        "Core"
    );
    client
        .control("/schedules/PPLATP1/hide", json!({"hidden": true}))
        .await;
    assert_eq!(
        client.pagerduty("/schedules/PPLATP1").await.status,
        StatusCode::NOT_FOUND
    );
    client
        .control("/schedules/PPLATP1/hide", json!({"hidden": false}))
        .await;
    assert_eq!(
        client.pagerduty("/schedules/PPLATP1").await.status,
        StatusCode::OK
    );
    client.control("/schedules/PPLATP1/delete", json!({})).await;
    let gone = client.pagerduty("/schedules/PPLATP1").await;
    assert_eq!(
        (gone.status, &gone.json()["error"]["code"]),
        (StatusCode::NOT_FOUND, &json!(3004))
    );
    assert_eq!(
        client.pagerduty("/schedules?total=true").await.json()["total"],
        7
    );
}

#[tokio::test]
async fn keys_are_revoked_and_rotated() {
    let client = Client::new();
    client.control("/pagerduty/keys/revoke", json!({})).await;
    assert_eq!(
        client.pagerduty("/users").await.status,
        StatusCode::UNAUTHORIZED
    );
    let fresh = client.control("/pagerduty/keys/rotate", json!({})).await["api_key"].clone();
    assert_eq!(
        client.told("/credentials").await["pagerduty"]["api_key"],
        fresh
    );
    let fresh = fresh.as_str().expect("a key");
    assert_eq!(fresh.len(), 20);
    assert_eq!(
        client.pagerduty_with(fresh, "/users").await.status,
        StatusCode::OK
    );
    client.control("/reset", json!({})).await;
    assert_eq!(client.pagerduty("/users").await.status, StatusCode::OK);
}

#[tokio::test]
async fn people_change() {
    let client = Client::new();
    client
        .control(
            "/pagerduty/users/PADAOK1/email",
            json!({"email": "ada@new.example"}),
        )
        .await;
    assert_eq!(
        client.pagerduty("/users/PADAOK1").await.json()["user"]["email"],
        "ada@new.example"
    );
    client
        .control("/pagerduty/users/ada@new.example/delete", json!({}))
        .await;
    assert_eq!(
        client.pagerduty("/users/PADAOK1").await.status,
        StatusCode::NOT_FOUND
    );
    client
        .control("/slack/people/U01ADAOKAF/role", json!({"role": "member"}))
        .await;
    client
        .control("/slack/people/U13LEILAHA/deactivate", json!({}))
        .await;
    client
        .control(
            "/slack/people/U05TOMASHE/email",
            json!({"email": "tomas@new.example"}),
        )
        .await;
    let home = client.send("GET", "/", &[], "").await;
    for text in [
        "<bdi>Ada Okafor</bdi></td><td>Member",
        "<bdi>Leila Haddad</bdi></td><td>Deactivated",
        "tomas@new.example",
    ] {
        assert!(home.text().contains(text), "{text}");
    }
}

#[tokio::test]
async fn misspelt_orders_are_refused() {
    let client = Client::new();
    for (path, body, status) in [
        ("/faults", r#"{"side":"pagerduty","statos":500}"#, 400),
        ("/faults", r#"{"side":"pagerduty","status":42}"#, 400),
        (
            "/schedules/PPLATP1/overrides",
            r#"{"user":"nobody","seconds":5}"#,
            404,
        ),
        ("/schedules/PPLATP1/overrides", r#"{"user":"PADAOK1"}"#, 400),
        ("/slack/people/U01ADAOKAF/role", r#"{"role":"king"}"#, 400),
        ("/slack/uninstall", "", 409),
        ("/seed", r#"{"schedules":1}"#, 400),
        ("/seed", r#"{"users":9,"schedules":1,"shift_based":2}"#, 400),
        ("/schedules/PNOTHIN/upgrade", "", 404),
        (
            "/schedules",
            r#"{"name":"x","users":["nobody"],"turn_seconds":5}"#,
            404,
        ),
        (
            "/schedules",
            r#"{"name":"x","users":[],"turn_seconds":0}"#,
            400,
        ),
        (
            "/schedules",
            r#"{"id":"PPLATP1","name":"x","users":[],"turn_seconds":5}"#,
            409,
        ),
        ("/pagerduty/users", r#"{"name":"x"}"#, 400),
        (
            "/pagerduty/users",
            r#"{"id":"PADAOK1","name":"x","email":null}"#,
            409,
        ),
        ("/pagerduty/users/PADAOK1/email", "", 400),
        ("/pagerduty/keys", r#"{"key":"u+LighthouseKey_K7Qa"}"#, 409),
        ("/clock", "", 400),
        ("/nothing", "", 404),
    ] {
        let answer = client
            .send("POST", &format!("/_control{path}"), &[], body)
            .await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert!(answer.json()["error"].is_string());
    }
}

#[tokio::test]
async fn a_crowd_joins_with_short_shifts() {
    let client = Client::new();
    let size = client
        .control(
            "/seed",
            json!({"users": 20, "schedules": 30, "turn_seconds": 5}),
        )
        .await;
    assert_eq!(size, json!({"users": 35, "schedules": 40}));
    let found = client
        .pagerduty("/schedules?query=crowd&limit=100")
        .await
        .json();
    assert_eq!(found["schedules"].as_array().map(Vec::len), Some(30));
    let truth = client.told("/truth/PS00001").await;
    let [start, end] = ["start", "end"].map(|side| {
        truth["on_call"][0][side]
            .as_str()
            .expect("a time")
            .parse::<jiff::Timestamp>()
            .expect("a timestamp")
    });
    assert_eq!(end.duration_since(start).as_secs(), 5);
    client.control("/seed", json!({"schedules": 2})).await;
    assert_eq!(
        client.told("/truth").await["schedules"]
            .as_array()
            .map(Vec::len),
        Some(10 + 30 + 2 + 2)
    );
}

#[tokio::test]
async fn a_schedule_is_added_in_the_middle_of_a_turn() {
    let client = Client::new();
    let order = json!({
        "id": "PNEWONE",
        "name": "New one",
        "users": ["PADAOK1", "henrik.lindqvist@lighthouse-books.example"],
        "turn_seconds": 600,
        "offset_seconds": 570,
        "time_zone": "Tokyo",
    });
    let added = client.control("/schedules", order).await;
    assert_eq!(added, json!({"id": "PNEWONE"}));
    assert_eq!(on_call(&client, "PNEWONE").await, "PADAOK1");
    client.control("/clock", json!({"ahead_seconds": 31})).await;
    assert_eq!(on_call(&client, "PNEWONE").await, "PHENRI2");
    let unnamed = json!({"name": "Other", "users": [], "turn_seconds": 60});
    let id = client.control("/schedules", unnamed).await["id"].clone();
    let id = id.as_str().expect("an id");
    assert_eq!(people_on_call(&client, id).await, [""; 0]);
}

#[tokio::test]
async fn users_are_added_without_an_address_or_with_a_taken_one() {
    let client = Client::new();
    for (id, email) in [
        ("PNOMAIL", Value::Null),
        ("PTWICE1", json!("ada.okafor@lighthouse-books.example")),
    ] {
        let order = json!({"id": id, "name": "New Colleague", "email": email});
        let added = client.control("/pagerduty/users", order).await;
        assert_eq!(added["id"], id);
        let shown = client.pagerduty(&format!("/users/{id}")).await.json();
        assert_eq!(shown["user"].get("email"), Some(&email));
    }
    let found = client.pagerduty("/users?query=ada.okafor").await.json();
    assert_eq!(found["users"].as_array().map(Vec::len), Some(2));
    client
        .control("/pagerduty/users/PADAOK1/email", json!({"email": null}))
        .await;
    let shown = client.pagerduty("/users/PADAOK1").await.json();
    assert_eq!(shown["user"]["email"], Value::Null);
}

fn date_of(answer: &crate::client::Answer) -> jiff::Timestamp {
    jiff::fmt::rfc2822::parse(answer.header("date"))
        .expect("a date")
        .timestamp()
}

#[tokio::test]
async fn the_clock_is_moved_for_pagerduty_and_its_identity_service() {
    let client = Client::new();
    let now = jiff::Timestamp::now();
    client
        .control("/clock", json!({"ahead_seconds": -7200}))
        .await;
    let fault = json!({"side": "pagerduty", "path": "/teams", "status": 503});
    client.control("/faults", fault).await;
    for answer in [
        client.pagerduty("/users").await,
        client.pagerduty("/teams").await,
        client.send("POST", "/identity/oauth/token", &[], "").await,
    ] {
        let behind = now.duration_since(date_of(&answer)).as_secs();
        assert!((7190..=7200).contains(&behind), "{behind}");
    }
    let truth = client.told("/truth/PPLATP1").await;
    let at: jiff::Timestamp = truth["at"].as_str().expect("a time").parse().expect("one");
    assert!(now.duration_since(at).as_secs() > 7190);

    // An override starts by this clock, and so it is over by any other.
    let order = json!({"user": "PMARTA4", "seconds": 60});
    client.control("/schedules/PPLATP1/overrides", order).await;
    assert_eq!(on_call(&client, "PPLATP1").await, "PMARTA4");
    client.control("/clock", json!({"ahead_seconds": 0})).await;
    assert_eq!(on_call(&client, "PPLATP1").await, "PTOMAS5");

    client
        .control("/clock", json!({"ahead_seconds": 500}))
        .await;
    client.control("/reset", json!({})).await;
    let ahead = date_of(&client.pagerduty("/users").await).duration_since(now);
    assert!(ahead.as_secs() < 100);
    let silent = json!({"side": "pagerduty", "without_headers": true});
    client.control("/faults", silent).await;
    assert_eq!(client.pagerduty("/users").await.header("date"), "");
}

#[tokio::test]
async fn pagerduty_refuses_in_every_way() {
    let client = Client::new();
    for status in [400, 402, 408, 429, 500, 503] {
        let fault = json!({"side": "pagerduty", "path": "/schedules/PPLATP1", "status": status, "times": 1});
        client.control("/faults", fault).await;
        assert_eq!(client.pagerduty("/schedules/PPAYMN3").await.status, 200);
        let struck = client.pagerduty("/schedules/PPLATP1").await;
        assert_eq!(struck.status, status);
        assert!(struck.json()["error"]["code"].is_number());
    }
    for (without_headers, reset) in [(false, "1"), (true, "")] {
        let fault = json!({"side": "pagerduty", "path": "/v3/schedules/Q3NIGHTWATCH02", "status": 429,
            "without_headers": without_headers, "times": 1});
        client.control("/faults", fault).await;
        let limited = client.pagerduty("/v3/schedules/Q3NIGHTWATCH02").await;
        assert_eq!(limited.header("ratelimit-reset"), reset);
    }
    for body in ["html", "empty", "truncated", "wrong_types"] {
        let fault = json!({"side": "pagerduty", "body": body, "times": 1});
        client.control("/faults", fault).await;
        assert_eq!(client.pagerduty("/users").await.status, 200, "{body}");
    }
}

#[tokio::test]
async fn silence_lasts() {
    let client = Client::new();
    let fault = json!({"side": "pagerduty", "delay_ms": 30_000});
    client.control("/faults", fault).await;
    let patience = std::time::Duration::from_millis(200);
    let asked = tokio::time::timeout(patience, client.pagerduty("/users"));
    assert!(asked.await.is_err());
}

#[tokio::test]
async fn a_fault_strikes_one_key_among_several() {
    let client = Client::new();
    let added = client.control("/pagerduty/keys", json!({})).await;
    let other = added["api_key"].as_str().expect("a key");
    assert_eq!(
        client.told("/credentials").await["pagerduty"]["api_key"],
        API_KEY
    );
    let fault = json!({"side": "pagerduty", "token": other, "status": 500});
    client.control("/faults", fault).await;
    assert_eq!(client.pagerduty("/users").await.status, 200);
    assert_eq!(client.pagerduty_with(other, "/users").await.status, 500);
    client.control("/faults/clear", json!({})).await;

    let rate = json!({"per_minute": 2});
    client.control("/pagerduty/rate-limit", rate).await;
    while client.pagerduty("/users").await.status == 200 {}
    assert_eq!(client.pagerduty_with(other, "/users").await.status, 200);
    let rotated = client.control("/pagerduty/keys/rotate", json!({})).await;
    assert_eq!(
        client.told("/credentials").await["pagerduty"]["api_key"],
        rotated["api_key"]
    );
    let named = json!({"key": "k+MyOwnKey", "region": "eu"});
    client.control("/pagerduty/keys", named).await;
    assert_eq!(
        client
            .pagerduty_with("k+MyOwnKey", "/eu/users")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn peaks_are_counted_for_each_key() {
    let client = Client::new();
    let fault = json!({"side": "pagerduty", "delay_ms": 50});
    client.control("/faults", fault).await;
    tokio::join!(
        client.pagerduty("/users"),
        client.pagerduty("/teams"),
        client.pagerduty_with(EU_API_KEY, "/eu/users"),
    );
    client.pagerduty("/users").await;
    let told = client.told("/counters").await["pagerduty"].clone();
    assert_eq!(
        (&told["busiest_minute"], &told["at_once"]),
        (&json!(4), &json!(3))
    );
    assert_eq!(
        told["keys"],
        json!([
            {"ending": "E5Tz", "total": 1, "busiest_minute": 1, "at_once": 1},
            {"ending": "K7Qa", "total": 3, "busiest_minute": 3, "at_once": 2},
        ])
    );
}
