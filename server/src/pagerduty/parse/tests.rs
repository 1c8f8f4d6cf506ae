//! Cases written out by hand, in the shapes that PagerDuty has been seen to send.

use super::*;
use serde_json::{Value, json};

fn read(value: Value) -> Result<Schedule, PagerDutyProblem> {
    let answer: wire::ScheduleAnswer =
        serde_json::from_value(json!({ "schedule": value })).expect("the shape of a schedule");
    schedule(&asked(), answer.schedule)
}

/// The schedule that is asked for.
fn asked() -> ScheduleId {
    ScheduleId::new("PSCHED1")
}

/// A schedule that nobody is on call for, with `fields` besides.
fn idle(fields: Value) -> Value {
    let mut schedule = with_entries(json!([]));
    for (name, value) in fields.as_object().expect("fields") {
        schedule[name] = value.clone();
    }
    schedule
}

fn listed(fields: Value) -> ScheduleSummary {
    listed_all(json!([fields])).remove(0)
}

fn listed_all(schedules: Value) -> Vec<ScheduleSummary> {
    let page: wire::SchedulePage =
        serde_json::from_value(json!({ "schedules": schedules })).expect("the shape of a page");
    summaries(page.schedules.into_iter().flatten().collect())
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

/// Who stands in for whom: `PZ for PA+PB`, `PA`.
fn causes(schedule: &Schedule) -> Vec<String> {
    let told = |shift: &Shift| match &shift.cause {
        Cause::Turn => shift.user.to_string(),
        Cause::Override { instead_of } => {
            let instead_of: Vec<_> = instead_of.iter().map(PagerDutyUserId::as_str).collect();
            format!("{} for {}", shift.user, instead_of.join("+"))
        }
    };
    schedule.shifts.iter().map(told).collect()
}

/// A schedule of one person a day from the 1st of March on.
fn days(users: &[&str]) -> Vec<Value> {
    let days = users.iter().zip(1..);
    days.map(|(id, day)| {
        let midnight = |day| format!("2026-03-{day:02}T00:00:00Z");
        entry(&midnight(day), &midnight(day + 1), living(id, id))
    })
    .collect()
}

#[test]
fn an_override_is_told_from_a_turn_and_whose_place_it_takes() {
    let read = |layers: &[&[&str]], overrides: Value| {
        let layers: Vec<_> = layers
            .iter()
            .map(|users| json!({"rendered_schedule_entries": days(users)}))
            .collect();
        let schedule = json!({
            "id": "PSCHED1",
            "schedule_layers": layers,
            "overrides_subschedule": overrides,
            "final_schedule": {"rendered_schedule_entries": days(&["PA", "PZ", "PC"])},
        });
        causes(&read(schedule).expect("a sound schedule"))
    };
    let second = |user| {
        let (start, end) = ("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z");
        json!({"rendered_schedule_entries": [Value::Null, {}, entry(start, end, living(user, "Zoe"))]})
    };
    let one_layer: &[&[&str]] = &[&["PA", "PB", "PC"]];
    assert_eq!(read(one_layer, second("PZ")), ["PA", "PZ for PB", "PC"]);
    // An override of somebody else, as where one was overridden again, is none of theirs.
    assert_eq!(read(one_layer, second("PY")), ["PA", "PZ", "PC"]);
    // Two layers name two people, and which one counts is not said.
    let layers: &[&[&str]] = &[&["PA", "PB", "PC"], &["PD", "PE", "PF"]];
    assert_eq!(read(layers, second("PZ")), ["PA", "PZ for ", "PC"]);
    assert_eq!(read(&[], second("PZ")), ["PA", "PZ for ", "PC"]);
    for odd in [
        Value::Null,
        json!("x"),
        json!({}),
        json!({"rendered_schedule_entries": 1}),
    ] {
        assert_eq!(read(one_layer, odd), ["PA", "PZ", "PC"]);
    }
}

#[test]
fn an_override_of_two_turns_takes_the_place_of_both() {
    let read = read(json!({
        "id": "PSCHED1",
        "schedule_layers": [{"rendered_schedule_entries": days(&["PA", "PB", "PZ", "PA"])}],
        "overrides_subschedule": {"rendered_schedule_entries": [
            entry("2026-03-01T12:00:00Z", "2026-03-04T12:00:00Z", living("PZ", "Zoe")),
        ]},
        "final_schedule": {"rendered_schedule_entries": [
            entry("2026-03-01T12:00:00Z", "2026-03-04T12:00:00Z", living("PZ", "Zoe")),
        ]},
    }));
    assert_eq!(causes(&read.expect("a sound schedule")), ["PZ for PA+PB"]);
}

#[test]
fn times_with_any_offset_mean_the_same_instant() {
    let noon = at("2026-07-01T12:00:00Z");
    for text in [
        "2026-07-01T14:00:00+02:00",
        "2026-07-01T05:00:00-07:00",
        "2026-07-01T17:45:00+05:45",
        "2026-07-01T12:00:00.000Z",
        "2026-07-01T12:00:00.000000000999Z",
        "2026-07-01T14:00:00,000000000000000+02:00",
    ] {
        assert_eq!(at(text), noon, "{text}");
    }
}

/// A day of Ada's, which is sound.
fn sound_entry() -> Value {
    entry(
        "2026-06-01T00:00:00Z",
        "2026-06-02T00:00:00Z",
        living("PA", "Ada"),
    )
}

#[test]
fn a_shift_that_makes_no_sense_is_left_out_and_told_of_and_the_others_count() {
    let (start, end) = ("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z");
    let bo = living("PB", "Bo");
    let from = Some(at(start));
    for (odd, first, from) in [
        (
            entry(start, end, Value::Null),
            ShiftOddity::NobodyNamed,
            from,
        ),
        (
            entry(start, end, json!({"summary": "Bo"})),
            ShiftOddity::NobodyNamed,
            from,
        ),
        (
            entry(start, end, json!(["PB"])),
            ShiftOddity::NobodyNamed,
            from,
        ),
        (
            json!({"start": start, "end": null, "user": bo}),
            ShiftOddity::NoEnd,
            from,
        ),
        (
            json!({"start": start, "user": bo}),
            ShiftOddity::NoEnd,
            from,
        ),
        (
            json!({"start": 7, "end": end, "user": bo}),
            ShiftOddity::NoStart,
            None,
        ),
        (entry("soon", end, bo.clone()), ShiftOddity::NoStart, None),
        (entry("", end, bo.clone()), ShiftOddity::NoStart, None),
        (
            entry("2026-07-01", end, bo.clone()),
            ShiftOddity::NoStart,
            None,
        ),
        (
            entry("2026-07-01T12:00:00", end, bo.clone()),
            ShiftOddity::NoStart,
            None,
        ),
        (
            entry("2026-13-01T12:00:00Z", end, bo.clone()),
            ShiftOddity::NoStart,
            None,
        ),
        (
            entry(start, "2026-06-30T00:00:00Z", bo.clone()),
            ShiftOddity::EndsBeforeItStarts,
            from,
        ),
        (Value::Null, ShiftOddity::Unreadable, None),
        (json!("PB"), ShiftOddity::Unreadable, None),
    ] {
        for entries in [json!([sound_entry(), odd]), json!([odd, sound_entry()])] {
            let read = read(with_entries(entries)).expect("a sound part");
            assert_eq!(read.shifts.len(), 1, "{odd}");
            assert_eq!(read.shifts[0].user.as_str(), "PA");
            assert_eq!(
                read.left_out,
                Some(LeftOut {
                    shifts: 1,
                    first,
                    from
                }),
                "{odd}"
            );
        }
    }
    let both = json!([
        entry(start, end, Value::Null),
        sound_entry(),
        entry(end, start, bo)
    ]);
    let left_out = read(with_entries(both)).expect("a sound part").left_out;
    assert_eq!(left_out.map(|left_out| left_out.shifts), Some(2));
}

#[test]
fn where_no_shift_makes_sense_nothing_is_known() {
    let odd = entry("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z", Value::Null);
    for entries in [json!([odd]), json!([null, odd])] {
        let read = read(with_entries(entries));
        assert_eq!(read, Err(PagerDutyProblem::Unreadable));
    }
}

#[test]
fn whoever_an_odd_shift_names_is_one_of_the_people_all_the_same() {
    let odd = json!({"start": null, "end": null, "user": living("PB", "Bo")});
    let read = read(with_entries(json!([sound_entry(), odd]))).expect("a sound part");
    assert_eq!(ids(&read.people), ["PA", "PB"]);
}

#[test]
fn an_answer_about_another_schedule_is_not_taken_for_this_one() {
    let other = read(idle(json!({"id": "PSCHED2"})));
    assert_eq!(other, Err(PagerDutyProblem::AnotherSchedule));
    for silent in [
        Value::Null,
        json!(7),
        json!(""),
        json!(["PSCHED1"]),
        json!({}),
    ] {
        let read = read(idle(json!({"id": silent}))).expect("a schedule");
        assert_eq!(read.id, asked(), "{silent}");
    }
    let mut nameless = idle(json!({}));
    nameless.as_object_mut().expect("fields").remove("id");
    assert_eq!(read(nameless).expect("a schedule").id, asked());
}

#[test]
fn schedules_of_one_name_are_told_apart_by_team_people_and_id() {
    let found = listed_all(json!([
        {"id": "P1", "name": "Primary", "teams": [{"summary": "Payments"}, null, 7],
            "users": [{"summary": "Ada"}, {"summary": "Bo"}, {"name": "Cy"}, {"summary": "Di"}]},
        {"id": "P2", "name": "primary", "teams": "none", "users": {}},
        {"id": "P3", "name": "Ops", "teams": [{"summary": "Ops"}]},
    ]));
    let told: Vec<_> = found.iter().map(|one| one.told_apart.as_deref()).collect();
    let first = "Payments · Ada, Bo, Cy, 1 more · P1";
    assert_eq!(told, [Some(first), Some("P2"), None]);
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
fn only_an_empty_list_of_entries_says_that_nobody_is_on_call() {
    let read = read(with_entries(json!([]))).expect("a sound schedule");
    assert!(read.shifts.is_empty() && read.people.is_empty());
    for rendering in [
        Value::Null,
        json!({}),
        json!([]),
        json!({"rendered_schedule_entries": null}),
        json!({"rendered_schedule_entries": {}}),
        json!({"rendered_schedule_entries": "none"}),
    ] {
        let schedule = json!({"id": "PA", "final_schedule": rendering});
        assert!(serde_json::from_value::<wire::Schedule>(schedule).is_err());
    }
    assert!(serde_json::from_value::<wire::Schedule>(json!({"id": "PA"})).is_err());
}

#[test]
fn without_a_name_the_summary_and_without_both_the_id_is_shown() {
    for nameless in [
        Value::Null,
        json!(" \u{0}"),
        json!("\u{200b}\u{202e}"),
        json!(7),
    ] {
        let fields = json!({"name": nameless, "summary": "Primary"});
        let named = read(idle(fields)).expect("a sound schedule");
        assert_eq!(named.name, "Primary");
        let fields = json!({"name": nameless, "summary": nameless});
        let named = read(idle(fields)).expect("a sound schedule");
        assert_eq!(named.name, "PSCHED1");
    }
}

#[test]
fn a_field_of_another_type_is_as_good_as_absent_and_takes_nothing_else_along() {
    let sound = json!({
        "name": "Primary", "summary": "Summary", "html_url": "https://acme.pagerduty.com/s",
        "time_zone": "UTC", "users": [living("PA", "Ada")],
        "schedule_layers": [{"users": [{"user": living("PB", "Bo")}]}],
    });
    for odd in [json!(7), json!(true), json!(["x"]), json!({"x": 1})] {
        for field in [
            "name",
            "summary",
            "html_url",
            "time_zone",
            "users",
            "schedule_layers",
        ] {
            let mut fields = sound.clone();
            fields[field] = odd.clone();
            let read = read(idle(fields)).expect("a schedule");
            let name = if field == "name" {
                "Summary"
            } else {
                "Primary"
            };
            assert_eq!(read.name, name, "{field}");
            assert_eq!(read.url.is_some(), field != "html_url");
            assert_eq!(read.time_zone.is_some(), field != "time_zone");
            let people = ids(&read.people);
            assert_eq!(people.contains(&"PA"), field != "users");
            assert_eq!(people.contains(&"PB"), field != "schedule_layers");
        }
        let user = read_user(json!({"id": "PA", "name": "Ada", "email": odd, "deleted_at": odd}));
        assert_eq!(
            (user.name.as_str(), user.email, user.deleted),
            ("Ada", None, false)
        );
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
fn a_reference_without_links_is_alive_until_a_date_of_deletion_is_given() {
    let bare = json!({"id": "PX", "type": "user_reference", "summary": null, "self": null, "html_url": null});
    let mut undeleted = bare.clone();
    undeleted["id"] = json!("PY");
    undeleted["deleted_at"] = Value::Null;
    let mut deleted = bare.clone();
    deleted["id"] = json!("PZ");
    deleted["deleted_at"] = json!("2026-01-01T00:00:00Z");
    let read = read(idle(json!({"users": [bare, undeleted, deleted]}))).expect("a schedule");
    let deleted: Vec<_> = read.people.iter().map(|person| person.deleted).collect();
    assert_eq!(deleted, [false, false, true]);
}

#[test]
fn empty_places_among_the_people_are_passed_over() {
    for fields in [json!({}), json!({"users": null, "schedule_layers": null})] {
        let nobody = read(idle(fields)).expect("a schedule");
        assert!(nobody.people.is_empty());
    }
    let layers =
        json!([null, {}, {"users": [null, {"user": null}, {}, {"user": living("PB", "Bo")}]}]);
    let users = json!([null, living("PA", "Ada")]);
    let read = read(idle(json!({"users": users, "schedule_layers": layers}))).expect("a schedule");
    assert_eq!(ids(&read.people), ["PA", "PB"]);
}

#[test]
fn what_is_read_holds_no_control_characters_and_no_endless_names() {
    let zoe = json!({"id": "PZ", "summary": "\u{0}Zo\u{7}e\n"});
    let read = read(idle(json!({
        "name": format!(" {}\u{0}", "é".repeat(400)), "time_zone": "\u{0}UTC ",
        "html_url": " https://acme.pagerduty.com/\u{0}schedules", "users": [zoe],
    })))
    .expect("a schedule");
    assert_eq!(read.name, "é".repeat(300));
    assert_eq!(read.time_zone.as_deref(), Some("UTC"));
    let url = "https://acme.pagerduty.com/schedules";
    assert_eq!(read.url.as_deref(), Some(url));
    assert_eq!(read.people[0].name, "Zoe");
    let ada = read_user(json!({"id": "PA", "name": "A\u{0}da", "email": " ada@acme.example\u{0}"}));
    assert_eq!(ada.name, "Ada");
    assert_eq!(ada.email.as_deref(), Some("ada@acme.example"));
    let found = listed(json!({"id": "PA", "name": "Pri\u{0}mary", "time_zone": "\u{0}"}));
    assert_eq!((found.name.as_str(), found.time_zone), ("Primary", None));
}

#[test]
fn a_number_for_an_id_is_its_digits_and_what_cannot_be_asked_for_is_no_id() {
    let read = read(idle(json!({"users": [{"id": 7}]}))).expect("a schedule");
    assert_eq!(ids(&read.people), ["7"]);
    assert_eq!(listed(json!({"id": 123, "name": "Ops"})).id.as_str(), "123");
    for odd in [
        Value::Null,
        json!(""),
        json!("P\u{0}"),
        json!("P".repeat(129)),
        json!(["PA"]),
    ] {
        assert!(listed_all(json!([{"id": odd, "name": "Ops"}])).is_empty());
        let users = json!([{"id": odd}, living("PA", "Ada")]);
        let read = self::read(idle(json!({ "users": users }))).expect("a schedule");
        assert_eq!(ids(&read.people), ["PA"]);
    }
}

#[test]
fn a_link_that_is_no_web_address_is_left_out() {
    for link in [
        json!("javascript:alert(1)"),
        json!("/schedules/PA"),
        json!(""),
        Value::Null,
    ] {
        let read = read(idle(json!({"html_url": link}))).expect("a schedule");
        assert_eq!(read.url, None);
    }
}

#[test]
fn a_user_without_an_address_or_with_a_blank_one_has_no_email() {
    for email in [Value::Null, json!(""), json!("  ")] {
        let read = read_user(json!({"id": "PA", "type": "user", "name": "Ada", "email": email}));
        assert_eq!((read.email, read.email_told), (None, true));
        assert!(!read.deleted);
    }
    let read = read_user(json!({"id": "PA", "name": "Ada", "email": "Ada@Acme.example"}));
    assert_eq!(read.email.as_deref(), Some("Ada@Acme.example"));
}

#[test]
fn an_address_that_is_missing_or_no_text_is_not_told() {
    for user in [
        json!({"id": "PA", "name": "Ada"}),
        json!({"id": "PA", "name": "Ada", "email": 7}),
        json!({"id": "PA", "name": "Ada", "email": {}}),
    ] {
        let read = read_user(user);
        assert_eq!((read.email, read.email_told), (None, false));
    }
}

#[test]
fn a_name_that_is_there_twice_hides_nothing() {
    let body = br#"{"users":[],"users":[{"id":"PA","id":"PA","name":"Ada"}],"more":false}"#;
    let page: wire::UserPage = wire::answer(body).expect("a page");
    assert_eq!(page.users.into_iter().flatten().count(), 1);
}

#[test]
fn a_search_result_carries_id_name_and_time_zone_whatever_else_it_holds() {
    let found = listed(json!({
        "id": "PA", "name": null, "summary": "Primary <b>", "time_zone": "Europe/Vilnius",
        "users": {"odd": true}, "schedule_layers": 7, "final_schedule": null, "html_url": [],
    }));
    assert_eq!(found.id.as_str(), "PA");
    assert_eq!(found.name, "Primary <b>");
    assert_eq!(found.time_zone.as_deref(), Some("Europe/Vilnius"));
}

#[test]
fn an_account_is_named_by_the_address_of_its_pages() {
    for (page, expected) in [
        ("https://acme.pagerduty.com/schedules#P1", Some("acme")),
        ("https://Acme.eu.pagerduty.com/users/P1", Some("acme")),
        (
            "https://books.pagerduty.example/users/P1",
            Some("books.pagerduty.example"),
        ),
        ("https://app.pagerduty.com/users/P1", None),
        ("https://app.eu.pagerduty.com/users/P1", None),
        ("http://localhost:3900/users/P1", None),
        ("http://127.0.0.1:3900/users/P1", None),
        ("/users/P1", None),
        ("", None),
    ] {
        assert_eq!(subdomain(page).as_deref(), expected, "{page}");
    }
}
