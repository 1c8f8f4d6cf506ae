//! Shift-based schedules: another version of the API, several people at once, and slots of nobody.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::client::{API_KEY, Client, EU_API_KEY, people_on_call};

const COMMAND: &str = "Q3INCIDENTCMD1";
const WATCH: &str = "Q3NIGHTWATCH02";

fn range(hours: i64) -> String {
    let now = Timestamp::now();
    let until = now + SignedDuration::from_hours(hours);
    format!("since={now}&until={until}&time_zone=UTC&include%5B%5D=final_schedule")
}

async fn shifts(client: &Client, schedule: &str, query: &str) -> Value {
    let shown = client
        .pagerduty(&format!("/v3/schedules/{schedule}?{query}"))
        .await;
    assert_eq!(shown.status, StatusCode::OK, "{:?}", shown.body);
    shown.json()["schedule"]["final_schedule"].clone()
}

fn holders(shifts: &Value) -> Vec<&Value> {
    shifts["computed_shift_assignments"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["member"])
        .collect()
}

fn user(id: &str) -> Value {
    json!({"type": "user_member", "user_id": id})
}

#[tokio::test]
async fn each_version_lists_its_own_kind() {
    let client = Client::new();
    let list = client.pagerduty("/v3/schedules?total=true").await.json();
    assert_eq!(
        list,
        json!({
            "schedules": [
                {
                    "id": COMMAND,
                    "type": "schedule_v3_reference",
                    "summary": "Incident Command",
                    "self": "https://api.pagerduty.com/v3/schedules/Q3INCIDENTCMD1",
                    "html_url": "https://lighthouse-books.pagerduty.com/schedules/Q3INCIDENTCMD1",
                },
                {
                    "id": WATCH,
                    "type": "schedule_v3_reference",
                    "summary": "Night Watch",
                    "self": "https://api.pagerduty.com/v3/schedules/Q3NIGHTWATCH02",
                    "html_url": "https://lighthouse-books.pagerduty.com/schedules/Q3NIGHTWATCH02",
                },
            ],
            "limit": 100,
            "offset": 0,
            "more": false,
            "total": 2,
        })
    );
    let found = client.pagerduty("/v3/schedules?query=watch").await.json();
    assert_eq!(found["schedules"].as_array().map(Vec::len), Some(1));
    let layered = client.pagerduty("/schedules?limit=100").await.json();
    assert_eq!(layered["schedules"].as_array().map(Vec::len), Some(8));
    let european = client.pagerduty_with(EU_API_KEY, "/eu/v3/schedules").await;
    assert_eq!(european.json()["schedules"], json!([]));
}

#[tokio::test]
async fn pages_are_longer_and_a_limit_beyond_is_refused() {
    let client = Client::new();
    client
        .control(
            "/seed",
            json!({"users": 20, "schedules": 120, "shift_based": 110}),
        )
        .await;
    let first = client.pagerduty("/v3/schedules").await.json();
    assert_eq!(
        (first["schedules"].as_array().map(Vec::len), &first["more"]),
        (Some(100), &json!(true))
    );
    let last = client
        .pagerduty("/v3/schedules?limit=1000&offset=100")
        .await
        .json();
    assert_eq!(
        (last["schedules"].as_array().map(Vec::len), &last["more"]),
        (Some(12), &json!(false))
    );
    let refused = client.pagerduty("/v3/schedules?limit=1001").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.json()["error"]["errors"]["limit"][0].is_string());
}

#[tokio::test]
async fn shifts_come_only_when_included_and_with_a_range() {
    let client = Client::new();
    let bare = client
        .pagerduty(&format!("/v3/schedules/{COMMAND}"))
        .await
        .json();
    let schedule = &bare["schedule"];
    assert_eq!(schedule["type"], "schedule_v3");
    assert_eq!(schedule["time_zone"], "Europe/Berlin");
    assert!(schedule.get("final_schedule").is_none());
    assert_eq!(
        schedule["rotations"][0]["events"][0]["assignment_strategy"],
        json!({
            "type": "every_member_assignment_strategy",
            "members": [user("PADAOK1"), user("PHENRI2")],
        })
    );
    let without_range = shifts(&client, COMMAND, "include%5B%5D=final_schedule").await;
    assert_eq!(without_range["computed_shift_assignments"], json!([]));

    let shown = shifts(&client, COMMAND, &range(1)).await;
    assert_eq!(holders(&shown), [&user("PADAOK1"), &user("PHENRI2")]);
    assert_eq!(shown["rendered_coverage_percentage"], 100.0);
    let one = &shown["computed_shift_assignments"][0];
    let whole = shifts(&client, COMMAND, &format!("{}&overflow=true", range(1))).await;
    assert_ne!(
        whole["computed_shift_assignments"][0]["start_time"],
        one["start_time"]
    );
}

#[tokio::test]
async fn each_part_says_what_it_is() {
    let client = Client::new();
    let path = format!("/v3/schedules/{COMMAND}?{}", range(1));
    let answer = client.pagerduty(&path).await.json();
    for (part, kind) in [
        ("", "schedule_v3"),
        ("/rotations/0", "schedule_rotation"),
        ("/rotations/0/events/0", "schedule_event"),
        ("/final_schedule", "final_schedule"),
        (
            "/final_schedule/computed_shift_assignments/0",
            "computed_shift_assignment",
        ),
        (
            "/final_schedule/computed_shift_assignments/0/source",
            "schedule_rotation",
        ),
    ] {
        let told = answer.pointer(&format!("/schedule{part}/type"));
        assert_eq!(told, Some(&json!(kind)), "{part}");
    }
}

#[tokio::test]
async fn an_empty_slot_has_its_turn() {
    let client = Client::new();
    let shown = shifts(&client, WATCH, &range(72)).await;
    let holders = holders(&shown);
    assert_eq!(
        holders[..3],
        [
            &user("PWEIZH7"),
            &json!({"type": "empty_member"}),
            &user("PKENJIC")
        ]
    );
    let coverage = shown["rendered_coverage_percentage"].as_f64();
    assert!(coverage.is_some_and(|share| share > 60.0 && share < 70.0));
    client
        .control("/clock", json!({"ahead_seconds": 86_400}))
        .await;
    assert_eq!(people_on_call(&client, WATCH).await, [""; 0]);
}

#[tokio::test]
async fn the_other_version_is_named_where_the_schedule_is_not() {
    let client = Client::new();
    for path in ["", "/users", "/overrides?since=x&until=y"] {
        let refused = client.pagerduty(&format!("/schedules/{WATCH}{path}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{path}");
        let error = &refused.json()["error"];
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains("v3 Schedules API"), "{message}");
        assert!(error["errors"].is_array());
    }
    let refused = client.pagerduty("/v3/schedules/PPLATP1").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let error = &refused.json()["error"];
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains("v2 Schedules API"), "{message}");
    assert!(error["errors"].is_object() && error["code"].is_number());
}

#[tokio::test]
async fn errors_are_maps_and_plain_json_is_accepted() {
    let client = Client::new();
    for (path, status) in [
        ("/v3/schedules/PNOTHIN", 404),
        ("/v3/rotations", 404),
        ("/v3/schedules/Q3NIGHTWATCH02?since=yesterday", 400),
    ] {
        let refused = client.pagerduty(path).await;
        assert_eq!(refused.status.as_u16(), status, "{path}");
        assert!(refused.json()["error"]["errors"].is_object(), "{path}");
    }
    let token = format!("Token token={API_KEY}");
    for (accept, status) in [("application/json", 200), ("text/html", 400)] {
        let headers = [("authorization", token.as_str()), ("accept", accept)];
        let answer = client.send("GET", "/v3/schedules", &headers, "").await;
        assert_eq!(answer.status.as_u16(), status, "{accept}");
    }
}

#[tokio::test]
async fn an_upgrade_keeps_the_id_and_the_people() {
    let client = Client::new();
    for schedule in ["PPLATP1", "PDATAI7", "Q1MOBILEEU2026"] {
        let query = range(24 * 14);
        let before = client
            .pagerduty(&format!("/schedules/{schedule}?{query}"))
            .await
            .json();
        let upgrade = format!("/schedules/{schedule}/upgrade");
        client.control(&upgrade, json!({})).await;
        let after = shifts(&client, schedule, &query).await;
        let entries = &before["schedule"]["final_schedule"]["rendered_schedule_entries"];
        let told: Vec<Value> = entries
            .as_array()
            .expect("a list")
            .iter()
            .map(|entry| {
                json!([
                    entry["start"],
                    entry["end"],
                    user(entry["user"]["id"].as_str().expect("an id"))
                ])
            })
            .collect();
        let shown: Vec<Value> = after["computed_shift_assignments"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| json!([one["start_time"], one["end_time"], one["member"]]))
            .collect();
        assert_eq!(told, shown, "{schedule}");
        let again = client
            .send("POST", &format!("/_control{upgrade}"), &[], "")
            .await;
        assert_eq!(again.status, StatusCode::CONFLICT);
    }
    assert_eq!(
        client.pagerduty("/schedules/PPLATP1").await.status,
        StatusCode::BAD_REQUEST
    );
    let oncalls = client
        .pagerduty("/oncalls?schedule_ids%5B%5D=PPLATP1")
        .await
        .json();
    assert_eq!(
        oncalls["oncalls"][0]["schedule"]["type"],
        "schedule_v3_reference"
    );
}

#[tokio::test]
async fn the_truth_tells_all_on_call() {
    let client = Client::new();
    assert_eq!(
        people_on_call(&client, COMMAND).await,
        ["PADAOK1", "PHENRI2"]
    );
    let truth = client.told(&format!("/truth/{COMMAND}")).await;
    assert_eq!(truth["shift_based"], true);
    let order = json!({"user": "PMARTA4", "seconds": 60});
    client
        .control(&format!("/schedules/{COMMAND}/overrides"), order)
        .await;
    assert_eq!(people_on_call(&client, COMMAND).await, ["PMARTA4"]);
    let shown = shifts(&client, COMMAND, &range(1)).await;
    let first = &shown["computed_shift_assignments"][0];
    assert_eq!(
        (&first["member"], &first["source"]["type"]),
        (&user("PMARTA4"), &json!("schedule_rotation_override"))
    );
    client
        .control(&format!("/schedules/{COMMAND}/overrides/clear"), json!({}))
        .await;
    assert_eq!(people_on_call(&client, COMMAND).await.len(), 2);
    client
        .control(
            &format!("/schedules/{WATCH}/rename"),
            json!({"name": "Owls"}),
        )
        .await;
    client
        .control(
            &format!("/schedules/{COMMAND}/hide"),
            json!({"hidden": true}),
        )
        .await;
    let list = client.pagerduty("/v3/schedules").await.json();
    assert_eq!(list["schedules"].as_array().map(Vec::len), Some(1));
    assert_eq!(list["schedules"][0]["summary"], "Owls");
}

#[tokio::test]
async fn a_shift_of_several_ends_for_all() {
    let client = Client::new();
    let path = format!("/schedules/{COMMAND}/end-shift");
    let ended = client
        .control(&path, json!({"seconds": 60, "next": "PMARTA4"}))
        .await;
    assert_eq!(ended["from"], "PADAOK1");
    assert_eq!(ended["all_from"], json!(["PADAOK1", "PHENRI2"]));
    client.control("/clock", json!({"ahead_seconds": 61})).await;
    assert_eq!(people_on_call(&client, COMMAND).await, ["PMARTA4"]);

    // Longer than the shift itself, and nobody else in the schedule.
    client.control("/reset", json!({})).await;
    let ended = client.control(&path, json!({"seconds": 30 * 86_400})).await;
    assert_eq!(ended["to"], "PHENRI2");
    assert_eq!(ended["overrides"].as_array().map(Vec::len), Some(3));
    client
        .control("/clock", json!({"ahead_seconds": 29 * 86_400}))
        .await;
    assert_eq!(
        people_on_call(&client, COMMAND).await,
        ["PADAOK1", "PHENRI2"]
    );
    client
        .control("/clock", json!({"ahead_seconds": 30 * 86_400 + 1}))
        .await;
    assert_eq!(people_on_call(&client, COMMAND).await, ["PHENRI2"]);
}

#[tokio::test]
async fn half_of_a_crowd_schedule_is_on_call_beside_the_other() {
    let client = Client::new();
    let size = client
        .control(
            "/seed",
            json!({"users": 20, "schedules": 3, "shift_based": 2}),
        )
        .await;
    assert_eq!(size["schedules"], 13);
    assert_eq!(people_on_call(&client, "PS00001").await.len(), 2);
    assert_eq!(people_on_call(&client, "PS00003").await.len(), 1);
}
