//! PagerDuty's side: as strict as the real one where a careless client would otherwise get away.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::client::{API_KEY, Client, EU_API_KEY, VERSION_2};

fn ids(list: &Value) -> Vec<&str> {
    list.as_array()
        .expect("a list")
        .iter()
        .map(|one| one["id"].as_str().expect("an id"))
        .collect()
}

#[tokio::test]
async fn only_the_exact_authorization_is_let_in() {
    let client = Client::new();
    for authorization in [
        API_KEY.to_owned(),
        format!("Token {API_KEY}"),
        format!("Token token={API_KEY} "),
        format!("Token token=\"{API_KEY}\""),
        format!("Bearer {API_KEY}"),
        "Token token=wrong".to_owned(),
    ] {
        let headers = [
            ("authorization", authorization.as_str()),
            ("accept", VERSION_2),
        ];
        let answer = client.send("GET", "/schedules", &headers, "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{authorization}");
        assert_eq!(answer.json()["error"]["code"], 2006);
    }
    let answer = client
        .send("GET", "/schedules", &[("accept", VERSION_2)], "")
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn version_two_must_be_asked_for() {
    let client = Client::new();
    let token = format!("Token token={API_KEY}");
    for accept in ["application/json", "*/*", "application/vnd.pagerduty+json"] {
        let headers = [("authorization", token.as_str()), ("accept", accept)];
        let answer = client.send("GET", "/users", &headers, "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{accept}");
        assert_eq!(answer.json()["error"]["code"], 2001);
    }
}

#[tokio::test]
async fn keys_open_what_they_should_and_only_in_their_region() {
    let client = Client::new();
    for (key, path, status) in [
        (API_KEY, "/schedules", 200),
        (API_KEY, "/eu/schedules", 401),
        (EU_API_KEY, "/schedules", 401),
        (EU_API_KEY, "/eu/schedules", 200),
        ("n+LighthouseKey_N402", "/schedules", 402),
        ("f+LighthouseKey_F403", "/schedules", 403),
        ("p+LighthouseKey_P9Wm", "/users/me", 200),
    ] {
        let answer = client.pagerduty_with(key, path).await;
        assert_eq!(answer.status.as_u16(), status, "{key} at {path}");
        assert_eq!(answer.header("ratelimit-limit"), "960");
        assert!(
            !answer.header("ratelimit-remaining").is_empty()
                && !answer.header("ratelimit-reset").is_empty()
        );
        assert!(!answer.header("x-request-id").is_empty());
    }
    let nobody = client.pagerduty("/users/me").await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST);
    assert!(nobody.json()["error"].is_string());
}

#[tokio::test]
async fn everything_but_reading_known_paths_is_refused_in_the_envelope() {
    let client = Client::new();
    let token = format!("Token token={API_KEY}");
    let headers = [("authorization", token.as_str()), ("accept", VERSION_2)];
    for (method, path, status) in [
        ("POST", "/schedules", 405),
        ("DELETE", "/users/PADAOK1", 405),
        ("POST", "/", 404),
        ("GET", "/incidents", 404),
        ("GET", "/users/PNOBODY", 404),
        ("GET", "/users/PFATIMH", 404),
        ("GET", "/schedules/PNOTHIN", 404),
    ] {
        let answer = client.send(method, path, &headers, "").await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}");
        assert!(
            answer.json()["error"]["code"].is_number()
                && answer.json()["error"]["message"].is_string()
        );
    }
}

#[tokio::test]
async fn lists_are_paged() {
    let client = Client::new();
    client.control("/seed", json!({"users": 150})).await;
    let first = client.pagerduty("/users").await.json();
    assert_eq!(
        (&first["limit"], &first["offset"], &first["more"]),
        (&json!(25), &json!(0), &json!(true))
    );
    assert_eq!(first["users"].as_array().map(Vec::len), Some(25));
    assert_eq!(first["total"], Value::Null);
    let clamped = client.pagerduty("/users?limit=500&total=true").await.json();
    assert_eq!(
        (&clamped["limit"], &clamped["total"]),
        (&json!(100), &json!(165))
    );
    let last = client.pagerduty("/users?limit=100&offset=100").await.json();
    assert_eq!(
        (&last["more"], last["users"].as_array().map(Vec::len)),
        (&json!(false), Some(65))
    );
    for bad in [
        "limit=100&offset=9901",
        "limit=0",
        "limit=ten",
        "offset=-1",
        "total=True",
    ] {
        let answer = client.pagerduty(&format!("/users?{bad}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    assert_eq!(
        client
            .pagerduty("/users?limit=100&offset=9900")
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn lists_are_searched_by_name() {
    let client = Client::new();
    let found = client.pagerduty("/schedules?query=PLATFORM").await.json();
    assert_eq!(ids(&found["schedules"]), ["PPLATP1", "PPLATS2"]);
    assert!(found["schedules"][0].get("final_schedule").is_none());
    assert_eq!(
        ids(&client.pagerduty("/users?query=o%27neill").await.json()["users"]),
        ["PSIOBHB"]
    );
    let of_team = client
        .pagerduty("/schedules?team_ids%5B%5D=PTEAMPA")
        .await
        .json();
    assert_eq!(ids(&of_team["schedules"]), ["PPAYMN3"]);
}

#[tokio::test]
async fn the_list_wants_a_time_zone_with_a_range() {
    let client = Client::new();
    let range = "since=2026-06-01T00:00:00Z&until=2026-06-02T00:00:00Z";
    assert_eq!(
        client
            .pagerduty(&format!("/schedules?{range}"))
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        client
            .pagerduty(&format!("/schedules?{range}&time_zone=UTC"))
            .await
            .status,
        StatusCode::OK
    );
    for bad in [
        "since=2026-06-01",
        "since=2026-06-01T00:00:00",
        "since=2026-06-02T00:00:00Z&until=2026-06-01T00:00:00Z",
        "since=2026-01-01T00:00:00Z&until=2026-06-01T00:00:00Z",
        "time_zone=Mars/Base",
        "overflow=yes",
    ] {
        let answer = client.pagerduty(&format!("/schedules/PPLATP1?{bad}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn entries_come_only_with_a_range_and_are_cut_unless_they_may_overflow() {
    let client = Client::new();
    let bare = client.pagerduty("/schedules/PPLATP1").await.json();
    assert_eq!(
        bare["schedule"]["final_schedule"]["rendered_schedule_entries"],
        json!([])
    );
    assert_eq!(
        ids(&bare["schedule"]["users"]),
        ["PTOMAS5", "PJUERG8", "PADAOK1", "PPRIYA3"]
    );

    let now = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).expect("a time");
    let range = format!(
        "since={now}&until={}&time_zone=UTC",
        now + jiff::SignedDuration::from_hours(1)
    );
    let cut = client
        .pagerduty(&format!("/schedules/PPLATP1?{range}"))
        .await
        .json();
    let entry = &cut["schedule"]["final_schedule"]["rendered_schedule_entries"][0];
    assert_eq!(
        (&entry["start"], &entry["user"]["id"]),
        (&json!(now.to_string()), &json!("PTOMAS5"))
    );
    assert_eq!(
        cut["schedule"]["final_schedule"]["rendered_coverage_percentage"],
        100.0
    );
    let whole = client
        .pagerduty(&format!("/schedules/PPLATP1?{range}&overflow=true"))
        .await
        .json();
    let entry = &whole["schedule"]["final_schedule"]["rendered_schedule_entries"][0];
    let start: jiff::Timestamp = entry["start"]
        .as_str()
        .expect("a start")
        .parse()
        .expect("a time");
    assert!(start < now);
    assert_eq!(
        entry,
        &whole["schedule"]["schedule_layers"][0]["rendered_schedule_entries"][0]
    );
}

#[tokio::test]
async fn people_on_call_are_not_the_roster() {
    let client = Client::new();
    let on_call = client.pagerduty("/schedules/PPLATP1/users").await.json();
    assert_eq!(ids(&on_call["users"]), ["PTOMAS5"]);
    let nobody = client.pagerduty("/schedules/PWAREH6/users").await.json();
    assert_eq!(nobody["users"], json!([]));

    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 14);
    let since = jiff::Timestamp::now();
    let soon = client
        .pagerduty(&format!(
            "/schedules/PPAYMN3/users?since={since}&until={until}"
        ))
        .await
        .json();
    assert_eq!(ids(&soon["users"]), ["POLIVI9", "PFATIMH", "PSIOBHB"]);
    let deleted = &soon["users"][1];
    assert_eq!(deleted["type"], "user_reference");
    assert!(deleted["deleted_at"].is_string() && deleted.get("email").is_none());
}

#[tokio::test]
async fn overrides_need_a_range() {
    let client = Client::new();
    assert_eq!(
        client
            .pagerduty("/schedules/PDATAI7/overrides")
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
    let now = jiff::Timestamp::now();
    let found = client
        .pagerduty(&format!(
            "/schedules/PDATAI7/overrides?since={now}&until={now}"
        ))
        .await
        .json();
    assert_eq!(found["overrides"][0]["user"]["id"], "PHENRI2");
}

#[tokio::test]
async fn oncalls_repeat_per_policy_and_omit_schedules_without_one() {
    let client = Client::new();
    let all = client.pagerduty("/oncalls").await.json();
    let schedules: Vec<Option<&str>> = all["oncalls"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["schedule"]["id"].as_str())
        .collect();
    assert_eq!(
        schedules,
        [
            Some("PPLATP1"),
            Some("PPLATS2"),
            Some("PPAYMN3"),
            Some("PPLATS2"),
            None,
            Some("Q1MOBILEEU2026"),
            Some("PSTORE5"),
        ]
    );
    let one = client
        .pagerduty("/oncalls?schedule_ids%5B%5D=PPAYMN3&include%5B%5D=users")
        .await
        .json();
    assert_eq!(
        one["oncalls"][0]["user"]["email"],
        "olivia.bennett@lighthouse-books.example"
    );
    assert_eq!(one["oncalls"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_key_has_so_many_requests_a_minute() {
    let client = Client::new();
    client
        .control("/pagerduty/rate-limit", json!({"per_minute": 0}))
        .await;
    let answer = client.pagerduty("/users").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.json()["error"]["code"], 2020);
    assert_eq!(answer.header("ratelimit-remaining"), "0");
}
