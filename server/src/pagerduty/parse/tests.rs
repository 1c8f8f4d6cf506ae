//! Cases written out by hand, in the shapes that PagerDuty has been seen to send.

use super::*;
use serde_json::{Value, json};

fn read(value: Value) -> Result<Schedule, PagerDutyProblem> {
    let answer: wire::ScheduleAnswer =
        serde_json::from_value(json!({ "schedule": value })).expect("the shape of a schedule");
    schedule(answer.schedule)
}

fn read_user(value: Value) -> User {
    user(serde_json::from_value(value).expect("the shape of a user"))
}

fn living(id: &str, name: &str) -> Value {
    json!({
        "id": id, "type": "user_reference", "summary": name,
        "self": format!("https://api.pagerduty.com/users/{id}"),
        "html_url": format!("https://acme.pagerduty.com/users/{id}"),
    })
}

fn entry(start: &str, end: &str, user: Value) -> Value {
    json!({"start": start, "end": end, "user": user})
}

fn with_entries(entries: Value) -> Value {
    json!({
        "id": "PSCHED1", "name": "Primary",
        "final_schedule": {"name": "Final Schedule", "rendered_schedule_entries": entries},
    })
}

fn at(text: &str) -> Timestamp {
    instant(text).expect("a time")
}

fn ids(people: &[UserReference]) -> Vec<&str> {
    people.iter().map(|person| person.id.as_str()).collect()
}

#[test]
fn a_whole_schedule_becomes_its_name_people_and_shifts() {
    let read = read(json!({
        "id": "PSCHED1", "type": "schedule", "name": "Primary", "summary": "Primary", "tomorrow": {"new": 1},
        "html_url": "https://acme.pagerduty.com/schedules/PSCHED1", "time_zone": "Pacific Time (US & Canada)",
        "users": [living("PB", "Bo"), living("PA", "Ada")],
        "schedule_layers": [
            {"id": "L2", "users": [{"user": living("PA", "Ada")}, {"user": living("PC", "Cy")}]},
            {"id": "L1", "users": null},
        ],
        "final_schedule": {"rendered_schedule_entries": [
            entry("2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z", living("PA", "Ada")),
            entry("2026-03-01T09:00:00Z", "2026-03-02T09:00:00Z", living("PB", "Bo")),
        ]},
    }))
    .expect("a sound schedule");
    assert_eq!(read.id.as_str(), "PSCHED1");
    assert_eq!(read.name, "Primary");
    assert_eq!(
        read.url.as_deref(),
        Some("https://acme.pagerduty.com/schedules/PSCHED1")
    );
    assert_eq!(
        read.time_zone.as_deref(),
        Some("Pacific Time (US & Canada)")
    );
    assert_eq!(ids(&read.people), ["PB", "PA", "PC"]);
    let shifts: Vec<_> = read
        .shifts
        .iter()
        .map(|shift| shift.user.as_str())
        .collect();
    assert_eq!(shifts, ["PB", "PA"], "sorted by start");
    assert_eq!(read.shifts[0].ends_at, read.shifts[1].starts_at);
}

#[test]
fn an_outsider_whom_only_an_override_names_is_one_of_the_people() {
    let read = read(json!({
        "id": "PSCHED1", "name": "Primary", "users": [living("PA", "Ada")],
        "final_schedule": {"rendered_schedule_entries": [
            entry("2026-03-01T09:00:00Z", "2026-03-02T09:00:00Z", living("PZ", "Zoe")),
        ]},
    }))
    .expect("a sound schedule");
    assert_eq!(ids(&read.people), ["PA", "PZ"]);
    assert_eq!(read.people[1].name, "Zoe");
}

#[test]
fn times_with_any_offset_mean_the_same_instant() {
    let noon = at("2026-07-01T12:00:00Z");
    for text in [
        "2026-07-01T14:00:00+02:00",
        "2026-07-01T05:00:00-07:00",
        "2026-07-01T17:45:00+05:45",
        "2026-07-01T12:00:00.000Z",
    ] {
        assert_eq!(at(text), noon, "{text}");
    }
}

#[test]
fn a_time_that_cannot_be_read_makes_the_whole_answer_unreadable() {
    for start in [
        "soon",
        "",
        "2026-07-01",
        "2026-07-01T12:00:00",
        "2026-13-01T12:00:00Z",
    ] {
        let read = read(with_entries(json!([
            entry(
                "2026-06-01T00:00:00Z",
                "2026-06-02T00:00:00Z",
                living("PA", "Ada")
            ),
            entry(start, "2026-07-02T00:00:00Z", living("PB", "Bo")),
        ])));
        assert_eq!(read, Err(PagerDutyProblem::Unreadable), "{start:?}");
    }
}

#[test]
fn a_shift_that_ends_before_it_starts_makes_the_whole_answer_unreadable() {
    let read = read(with_entries(json!([entry(
        "2026-07-02T00:00:00Z",
        "2026-07-01T00:00:00Z",
        living("PA", "Ada")
    )])));
    assert_eq!(read, Err(PagerDutyProblem::Unreadable));
}

#[test]
fn a_shift_of_no_length_holds_nobody_and_a_gap_is_no_shift() {
    let read = read(with_entries(json!([
        entry(
            "2026-07-01T00:00:00Z",
            "2026-07-01T00:00:00Z",
            living("PA", "Ada")
        ),
        entry(
            "2026-07-01T00:00:00Z",
            "2026-07-02T00:00:00Z",
            living("PB", "Bo")
        ),
        entry(
            "2026-07-05T00:00:00Z",
            "2026-07-06T00:00:00Z",
            living("PB", "Bo")
        ),
    ])))
    .expect("a sound schedule");
    assert_eq!(read.shifts.len(), 2);
    assert_eq!(read.shifts[0].ends_at, at("2026-07-02T00:00:00Z"));
    assert_eq!(read.shifts[1].starts_at, at("2026-07-05T00:00:00Z"));
}

#[test]
fn adjoining_shifts_of_one_person_stay_apart() {
    let read = read(with_entries(json!([
        entry(
            "2026-07-01T00:00:00Z",
            "2026-07-02T00:00:00Z",
            living("PA", "Ada")
        ),
        entry(
            "2026-07-02T00:00:00Z",
            "2026-07-03T00:00:00Z",
            living("PA", "Ada")
        ),
    ])))
    .expect("a sound schedule");
    assert_eq!(read.shifts.len(), 2);
    assert_eq!(ids(&read.people), ["PA"]);
}

#[test]
fn a_schedule_that_was_not_rendered_has_no_shifts() {
    for rendering in [
        Value::Null,
        json!({}),
        json!({"rendered_schedule_entries": null}),
        json!({"rendered_schedule_entries": []}),
    ] {
        let read = read(json!({"id": "Q0123456789ABC", "final_schedule": rendering}))
            .expect("a sound schedule");
        assert!(read.shifts.is_empty() && read.people.is_empty());
        assert_eq!(read.name, "Q0123456789ABC", "without a name, the id");
    }
}

#[test]
fn a_user_with_a_date_of_deletion_is_deleted_wherever_that_is_said() {
    let mut gone = living("PA", "Ada");
    gone["deleted_at"] = json!("2026-01-01T00:00:00Z");
    let read = read(json!({
        "id": "PSCHED1", "users": [living("PA", "Ada"), living("PB", "Bo")],
        "final_schedule": {"rendered_schedule_entries": [
            entry("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z", gone),
        ]},
    }))
    .expect("a sound schedule");
    let deleted: Vec<_> = read.people.iter().map(|person| person.deleted).collect();
    assert_eq!(deleted, [true, false]);
    assert_eq!(read.shifts.len(), 1, "the shift stays theirs");
}

#[test]
fn a_reference_that_leads_nowhere_is_deleted_but_one_missing_link_is_not_enough() {
    let nowhere = json!({"id": "PX", "type": "user_reference", "summary": null, "self": null, "html_url": null});
    let no_page = json!({"id": "PY", "type": "user_reference", "summary": "Yu", "self": "https://api.pagerduty.com/users/PY", "html_url": null, "deleted_at": null});
    let read = read(json!({"id": "PSCHED1", "users": [nowhere, no_page]})).expect("a schedule");
    assert!(read.people[0].deleted && !read.people[1].deleted);
    assert_eq!(read.people[0].name, "PX", "without a name, the id");
}

#[test]
fn a_link_that_is_no_web_address_is_left_out() {
    for link in [
        json!("javascript:alert(1)"),
        json!("/schedules/PA"),
        json!(""),
        Value::Null,
    ] {
        let read = read(json!({"id": "PA", "html_url": link})).expect("a schedule");
        assert_eq!(read.url, None);
    }
}

#[test]
fn a_user_without_an_address_or_with_a_blank_one_has_no_email() {
    for email in [Value::Null, json!(""), json!("  ")] {
        let read = read_user(json!({"id": "PA", "type": "user", "name": "Ada", "email": email}));
        assert_eq!(read.email, None);
        assert!(!read.deleted, "a whole user is no bare reference");
    }
    let read = read_user(json!({"id": "PA", "name": "Ada", "email": "Ada@Acme.example"}));
    assert_eq!(read.email.as_deref(), Some("Ada@Acme.example"));
}

#[test]
fn a_search_result_carries_id_name_and_time_zone() {
    let listed = summary(
        serde_json::from_value(json!({
            "id": "PA", "name": null, "summary": "Primary <b>", "time_zone": "Europe/Vilnius", "users": [],
        }))
        .expect("the shape of a schedule"),
    );
    assert_eq!(listed.id.as_str(), "PA");
    assert_eq!(listed.name, "Primary <b>");
    assert_eq!(listed.time_zone.as_deref(), Some("Europe/Vilnius"));
}

#[test]
fn an_entry_without_a_user_and_a_user_without_an_id_are_not_accepted() {
    let without_user =
        json!({"start": "2026-07-01T00:00:00Z", "end": "2026-07-02T00:00:00Z", "user": null});
    for schedule in [
        with_entries(json!([without_user])),
        json!({"id": "PA", "users": [{"summary": "Ada"}]}),
        json!({"name": "no id"}),
    ] {
        assert!(serde_json::from_value::<wire::Schedule>(schedule).is_err());
    }
}
