//! Cases written down by hand with a calendar beside them: every expected time is a literal, so that an
//! error in the arithmetic cannot also be in the expectation. Local times stand in the comments.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a literal timestamp")
}

fn window(since: &str, until: &str) -> Window {
    Window {
        since: at(since),
        until: at(until),
    }
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a known time zone")
}

fn layer(virtual_start: &str, turn_length_seconds: i64, users: &[&str]) -> Layer {
    Layer {
        id: "PLAYER1".to_owned(),
        name: "Layer 1".to_owned(),
        start: at(virtual_start),
        end: None,
        rotation_virtual_start: at(virtual_start),
        turn_length_seconds,
        members: users.iter().map(|user| Some((*user).to_owned())).collect(),
        strategy: Strategy::TakingTurns,
        restrictions: Vec::new(),
    }
}

fn daily(start: civil::Time, duration_seconds: i64) -> Restriction {
    Restriction {
        weekday: None,
        start,
        duration_seconds,
    }
}

fn weekly(weekday: Weekday, start: civil::Time, duration_seconds: i64) -> Restriction {
    Restriction {
        weekday: Some(weekday),
        start,
        duration_seconds,
    }
}

fn replacement(start: &str, end: &str, user: &str) -> Override {
    Override {
        id: "QOVERRIDE".to_owned(),
        start: at(start),
        end: at(end),
        users: vec![user.to_owned()],
    }
}

fn rendered(
    zone: &TimeZone,
    layers: &[Layer],
    overrides: &[Override],
    window: Window,
) -> Vec<String> {
    side_by_side(zone, &[rotation(layers)], overrides, window)
}

fn rotation(layers: &[Layer]) -> Rotation {
    Rotation {
        id: "PROTATE".to_owned(),
        layers: layers.to_vec(),
    }
}

fn side_by_side(
    zone: &TimeZone,
    rotations: &[Rotation],
    overrides: &[Override],
    window: Window,
) -> Vec<String> {
    told(&final_entries(
        &Plan {
            zone,
            rotations,
            overrides,
        },
        window,
    ))
}

fn told(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| format!("{} {} {}", entry.start, entry.end, entry.user))
        .collect()
}

#[test]
fn berlin_hands_over_at_nine_when_clocks_go_forward() {
    // Clocks: 2026-03-29 02:00 +01:00 becomes 03:00 +02:00.
    let daily_turns = [layer("2026-03-27T08:00:00Z", 86_400, &["ada", "bo"])];
    assert_eq!(
        rendered(
            &zone("Europe/Berlin"),
            &daily_turns,
            &[],
            window("2026-03-28T08:00:00Z", "2026-03-31T07:00:00Z")
        ),
        [
            "2026-03-28T08:00:00Z 2026-03-29T07:00:00Z bo", // 09:00 +01:00 to 09:00 +02:00: 23 hours
            "2026-03-29T07:00:00Z 2026-03-30T07:00:00Z ada",
            "2026-03-30T07:00:00Z 2026-03-31T07:00:00Z bo",
        ]
    );
}

#[test]
fn berlin_hands_over_at_nine_when_clocks_go_back() {
    // Clocks: 2026-10-25 03:00 +02:00 becomes 02:00 +01:00.
    let weekly_turns = [layer("2026-10-12T07:00:00Z", 604_800, &["ada", "bo"])];
    assert_eq!(
        rendered(
            &zone("Europe/Berlin"),
            &weekly_turns,
            &[],
            window("2026-10-19T07:00:00Z", "2026-11-02T08:00:00Z")
        ),
        [
            "2026-10-19T07:00:00Z 2026-10-26T08:00:00Z bo", // 09:00 +02:00 to 09:00 +01:00: a week and an hour
            "2026-10-26T08:00:00Z 2026-11-02T08:00:00Z ada",
        ]
    );
}

#[test]
fn new_york_hands_over_at_noon_across_both_changes() {
    // Clocks: forward on 2026-03-08, back on 2026-11-01.
    let spring = [layer("2026-03-02T17:00:00Z", 604_800, &["ada", "bo"])];
    assert_eq!(
        rendered(
            &zone("America/New_York"),
            &spring,
            &[],
            window("2026-03-02T17:00:00Z", "2026-03-16T16:00:00Z")
        ),
        [
            "2026-03-02T17:00:00Z 2026-03-09T16:00:00Z ada", // 12:00 -05:00 to 12:00 -04:00
            "2026-03-09T16:00:00Z 2026-03-16T16:00:00Z bo",
        ]
    );
    let autumn = [layer("2026-10-31T16:00:00Z", 86_400, &["ada", "bo"])];
    assert_eq!(
        rendered(
            &zone("America/New_York"),
            &autumn,
            &[],
            window("2026-10-31T16:00:00Z", "2026-11-02T17:00:00Z")
        ),
        [
            "2026-10-31T16:00:00Z 2026-11-01T17:00:00Z ada", // 12:00 -04:00 to 12:00 -05:00: 25 hours
            "2026-11-01T17:00:00Z 2026-11-02T17:00:00Z bo",
        ]
    );
}

#[test]
fn turns_shorter_than_a_day_are_exact_seconds_across_the_change() {
    let twelve_hours = [layer("2026-03-28T20:00:00Z", 43_200, &["ada", "bo"])];
    assert_eq!(
        rendered(
            &zone("Europe/Berlin"),
            &twelve_hours,
            &[],
            window("2026-03-28T20:00:00Z", "2026-03-29T20:00:00Z")
        ),
        [
            "2026-03-28T20:00:00Z 2026-03-29T08:00:00Z ada", // 21:00 +01:00 to 10:00 +02:00
            "2026-03-29T08:00:00Z 2026-03-29T20:00:00Z bo",
        ]
    );
}

#[test]
fn handover_in_the_hour_that_clocks_skip_happens_an_hour_later() {
    let at_half_past_two = [layer("2026-03-27T01:30:00Z", 86_400, &["ada", "bo"])];
    assert_eq!(
        rendered(
            &zone("Europe/Berlin"),
            &at_half_past_two,
            &[],
            window("2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z")
        ),
        [
            "2026-03-28T01:30:00Z 2026-03-29T01:30:00Z bo", // 02:30 +01:00 to 03:30 +02:00
            "2026-03-29T01:30:00Z 2026-03-30T00:30:00Z ada", // to 02:30 +02:00
        ]
    );
}

#[test]
fn turns_count_from_the_virtual_start_though_the_layer_starts_later() {
    let mut late = layer("2026-05-04T08:00:00Z", 604_800, &["ada", "bo", "cy"]);
    late.start = at("2026-05-13T12:00:00Z");
    assert_eq!(
        rendered(
            &TimeZone::UTC,
            &[late],
            &[],
            window("2026-05-04T08:00:00Z", "2026-05-25T08:00:00Z")
        ),
        [
            "2026-05-13T12:00:00Z 2026-05-18T08:00:00Z bo",
            "2026-05-18T08:00:00Z 2026-05-25T08:00:00Z cy",
        ]
    );
}

#[test]
fn daily_restriction_leaves_the_rest_of_the_day_uncovered() {
    let mut office = layer("2026-06-01T07:00:00Z", 86_400, &["ada", "bo"]);
    office.restrictions = vec![daily(civil::time(9, 0, 0, 0), 28_800)];
    assert_eq!(
        rendered(
            &zone("Europe/Berlin"),
            &[office],
            &[],
            window("2026-06-01T00:00:00Z", "2026-06-03T00:00:00Z")
        ),
        [
            "2026-06-01T07:00:00Z 2026-06-01T15:00:00Z ada", // 09:00 to 17:00 +02:00
            "2026-06-02T07:00:00Z 2026-06-02T15:00:00Z bo",
        ]
    );
}

#[test]
fn daily_restriction_crosses_midnight_and_keeps_local_hours_when_clocks_go_back() {
    // 22:00 to 06:00 every night; the night of 2026-10-25 is an hour longer.
    let mut night = layer("2026-10-24T10:00:00Z", 86_400, &["ada", "bo"]);
    night.restrictions = vec![daily(civil::time(22, 0, 0, 0), 28_800)];
    assert_eq!(
        rendered(
            &zone("Europe/Berlin"),
            &[night],
            &[],
            window("2026-10-24T10:00:00Z", "2026-10-26T11:00:00Z")
        ),
        [
            "2026-10-24T20:00:00Z 2026-10-25T05:00:00Z ada", // 22:00 +02:00 to 06:00 +01:00
            "2026-10-25T21:00:00Z 2026-10-26T05:00:00Z bo",
        ]
    );
}

#[test]
fn a_handover_inside_restricted_hours_splits_them() {
    // Hand-over at midnight, hours from 22:00 to 02:00.
    let mut night = layer("2026-06-01T00:00:00Z", 86_400, &["ada", "bo"]);
    night.restrictions = vec![daily(civil::time(22, 0, 0, 0), 14_400)];
    assert_eq!(
        rendered(
            &TimeZone::UTC,
            &[night],
            &[],
            window("2026-06-01T12:00:00Z", "2026-06-02T12:00:00Z")
        ),
        [
            "2026-06-01T22:00:00Z 2026-06-02T00:00:00Z ada",
            "2026-06-02T00:00:00Z 2026-06-02T02:00:00Z bo",
        ]
    );
}

#[test]
fn weekly_restriction_crosses_the_end_of_the_week() {
    // Friday 18:00 to Monday 08:00, New York in summer time; 2026-06-05 is a Friday.
    let mut weekend = layer("2026-06-03T13:00:00Z", 604_800, &["ada", "bo"]);
    weekend.restrictions = vec![weekly(Weekday::Friday, civil::time(18, 0, 0, 0), 223_200)];
    assert_eq!(
        rendered(
            &zone("America/New_York"),
            &[weekend],
            &[],
            window("2026-06-03T13:00:00Z", "2026-06-17T13:00:00Z")
        ),
        [
            "2026-06-05T22:00:00Z 2026-06-08T12:00:00Z ada",
            "2026-06-12T22:00:00Z 2026-06-15T12:00:00Z bo",
        ]
    );
}

#[test]
fn weekly_restrictions_that_touch_are_one_stretch() {
    // Monday and Tuesday, whole days; 2026-06-01 is a Monday.
    let mut early_week = layer("2026-06-01T00:00:00Z", 604_800, &["ada"]);
    early_week.restrictions = vec![
        weekly(Weekday::Monday, civil::time(0, 0, 0, 0), 86_400),
        weekly(Weekday::Tuesday, civil::time(0, 0, 0, 0), 86_400),
    ];
    assert_eq!(
        rendered(
            &TimeZone::UTC,
            &[early_week],
            &[],
            window("2026-06-01T00:00:00Z", "2026-06-08T00:00:00Z")
        ),
        ["2026-06-01T00:00:00Z 2026-06-03T00:00:00Z ada"]
    );
}

#[test]
fn an_override_cuts_a_turn_in_three() {
    let turns = [layer("2026-06-01T09:00:00Z", 604_800, &["ada", "bo"])];
    let swap = [replacement(
        "2026-06-03T10:00:00Z",
        "2026-06-03T12:00:00Z",
        "cy",
    )];
    assert_eq!(
        rendered(
            &TimeZone::UTC,
            &turns,
            &swap,
            window("2026-06-01T09:00:00Z", "2026-06-08T09:00:00Z")
        ),
        [
            "2026-06-01T09:00:00Z 2026-06-03T10:00:00Z ada",
            "2026-06-03T10:00:00Z 2026-06-03T12:00:00Z cy",
            "2026-06-03T12:00:00Z 2026-06-08T09:00:00Z ada",
        ]
    );
}

#[test]
fn the_override_made_last_wins_where_two_overlap() {
    let swaps = [
        replacement("2026-06-03T10:00:00Z", "2026-06-03T14:00:00Z", "cy"),
        replacement("2026-06-03T12:00:00Z", "2026-06-03T16:00:00Z", "di"),
    ];
    assert_eq!(
        rendered(
            &TimeZone::UTC,
            &[],
            &swaps,
            window("2026-06-03T00:00:00Z", "2026-06-04T00:00:00Z")
        ),
        [
            "2026-06-03T10:00:00Z 2026-06-03T12:00:00Z cy",
            "2026-06-03T12:00:00Z 2026-06-03T16:00:00Z di",
        ]
    );
}

#[test]
fn a_later_layer_covers_an_earlier_one_only_in_its_hours() {
    let base = layer("2026-06-01T00:00:00Z", 604_800, &["ada"]);
    let mut office = layer("2026-06-01T00:00:00Z", 86_400, &["bo", "cy"]);
    office.restrictions = vec![daily(civil::time(9, 0, 0, 0), 28_800)];
    assert_eq!(
        rendered(
            &TimeZone::UTC,
            &[base, office],
            &[],
            window("2026-06-01T00:00:00Z", "2026-06-02T12:00:00Z")
        ),
        [
            "2026-06-01T00:00:00Z 2026-06-01T09:00:00Z ada",
            "2026-06-01T09:00:00Z 2026-06-01T17:00:00Z bo",
            "2026-06-01T17:00:00Z 2026-06-02T09:00:00Z ada",
            "2026-06-02T09:00:00Z 2026-06-02T17:00:00Z cy",
        ]
    );
}

#[test]
fn between_a_layer_that_ended_and_the_next_nobody_is_on_call() {
    let mut first = layer("2026-06-01T09:00:00Z", 86_400, &["ada"]);
    first.end = Some(at("2026-06-02T18:00:00Z"));
    let second = layer("2026-06-09T09:00:00Z", 604_800, &["bo"]);
    let rotations = [rotation(&[first, second])];
    let plan = Plan {
        zone: &TimeZone::UTC,
        rotations: &rotations,
        overrides: &[],
    };
    assert_eq!(
        told(&final_entries(
            &plan,
            window("2026-06-02T09:00:00Z", "2026-06-10T00:00:00Z")
        )),
        [
            "2026-06-02T09:00:00Z 2026-06-02T18:00:00Z ada",
            "2026-06-09T09:00:00Z 2026-06-16T09:00:00Z bo",
        ]
    );
    assert_eq!(on_call_at(&plan, at("2026-06-02T18:00:00Z")), []);
    assert_eq!(on_call_at(&plan, at("2026-06-09T08:59:59Z")), []);
    assert_eq!(
        told(&on_call_at(&plan, at("2026-06-09T09:00:00Z"))),
        ["2026-06-09T09:00:00Z 2026-06-16T09:00:00Z bo"]
    );
}

#[test]
fn without_overflow_entries_end_with_the_range_and_with_it_they_are_whole() {
    let turns = [layer("2026-06-01T09:00:00Z", 604_800, &["ada", "bo"])];
    // The override lies outside the range, and yet it is where the real entry ends.
    let swap = [replacement(
        "2026-06-05T00:00:00Z",
        "2026-06-06T00:00:00Z",
        "cy",
    )];
    let range = window("2026-06-02T00:00:00Z", "2026-06-03T00:00:00Z");
    let rotations = [rotation(&turns)];
    let plan = Plan {
        zone: &TimeZone::UTC,
        rotations: &rotations,
        overrides: &swap,
    };
    let whole = final_entries(&plan, range);
    assert_eq!(
        told(&whole),
        ["2026-06-01T09:00:00Z 2026-06-05T00:00:00Z ada"]
    );
    assert_eq!(
        told(&clipped(whole, range)),
        ["2026-06-02T00:00:00Z 2026-06-03T00:00:00Z ada"]
    );
}

#[test]
fn ranges_are_half_open() {
    let turns = [layer("2026-06-01T09:00:00Z", 86_400, &["ada", "bo"])];
    assert_eq!(
        rendered(
            &TimeZone::UTC,
            &turns,
            &[],
            window("2026-06-02T09:00:00Z", "2026-06-03T09:00:00Z")
        ),
        ["2026-06-02T09:00:00Z 2026-06-03T09:00:00Z bo"]
    );
    // The same instant twice asks for that instant.
    assert_eq!(
        rendered(
            &TimeZone::UTC,
            &turns,
            &[],
            Window::at(at("2026-06-02T09:00:00Z"))
        ),
        ["2026-06-02T09:00:00Z 2026-06-03T09:00:00Z bo"]
    );
}

#[test]
fn a_schedule_of_nobody_renders_to_nothing() {
    let range = window("2026-06-01T00:00:00Z", "2026-06-15T00:00:00Z");
    assert_eq!(
        rendered(&TimeZone::UTC, &[], &[], range),
        Vec::<String>::new()
    );
    let unmanned = [layer("2026-06-01T00:00:00Z", 86_400, &[])];
    assert_eq!(
        rendered(&TimeZone::UTC, &unmanned, &[], range),
        Vec::<String>::new()
    );
}

#[test]
fn coverage_is_the_share_of_the_range() {
    let mut office = layer("2026-06-01T00:00:00Z", 86_400, &["ada"]);
    office.restrictions = vec![daily(civil::time(9, 0, 0, 0), 28_800)];
    let range = window("2026-06-01T00:00:00Z", "2026-06-03T00:00:00Z");
    let entries = layer_entries(&office, &TimeZone::UTC, range);
    assert!((coverage(&entries, range) - 33.3).abs() < f64::EPSILON);
}

#[test]
fn rotations_run_side_by_side_and_an_override_takes_the_place_of_all() {
    let mut pair = layer("2026-06-01T00:00:00Z", 604_800, &["ada", "bo"]);
    pair.strategy = Strategy::AllAtOnce;
    let rotations = [
        rotation(&[pair]),
        rotation(&[layer("2026-06-01T00:00:00Z", 86_400, &["cy", "di"])]),
    ];
    let swap = [replacement(
        "2026-06-01T12:00:00Z",
        "2026-06-01T18:00:00Z",
        "ed",
    )];
    assert_eq!(
        side_by_side(
            &TimeZone::UTC,
            &rotations,
            &swap,
            window("2026-06-01T06:00:00Z", "2026-06-02T06:00:00Z")
        ),
        [
            "2026-06-01T00:00:00Z 2026-06-01T12:00:00Z ada",
            "2026-06-01T00:00:00Z 2026-06-01T12:00:00Z bo",
            "2026-06-01T00:00:00Z 2026-06-01T12:00:00Z cy",
            "2026-06-01T12:00:00Z 2026-06-01T18:00:00Z ed",
            "2026-06-01T18:00:00Z 2026-06-08T00:00:00Z ada",
            "2026-06-01T18:00:00Z 2026-06-08T00:00:00Z bo",
            "2026-06-01T18:00:00Z 2026-06-02T00:00:00Z cy",
            "2026-06-02T00:00:00Z 2026-06-03T00:00:00Z di",
        ]
    );
}

#[test]
fn an_empty_slot_is_a_turn_of_nobody() {
    let mut nights = layer("2026-06-01T00:00:00Z", 86_400, &["ada", "bo"]);
    nights.members.insert(1, None);
    let rotations = [rotation(&[nights])];
    let plan = Plan {
        zone: &TimeZone::UTC,
        rotations: &rotations,
        overrides: &[],
    };
    let range = window("2026-06-01T00:00:00Z", "2026-06-04T00:00:00Z");
    let people: Vec<Option<&str>> = assignments(&plan, range)
        .iter()
        .map(|assignment| assignment.user)
        .collect();
    assert_eq!(people, [Some("ada"), None, Some("bo")]);
    let entries = final_entries(&plan, range);
    assert_eq!(entries.len(), 2);
    assert!((coverage(&entries, range) - 66.7).abs() < f64::EPSILON);
}

#[test]
fn two_at_once_do_not_cover_more_than_one() {
    let mut pair = layer("2026-06-01T00:00:00Z", 43_200, &["ada", "bo"]);
    pair.strategy = Strategy::AllAtOnce;
    pair.end = Some(at("2026-06-01T12:00:00Z"));
    let range = window("2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z");
    let entries = layer_entries(&pair, &TimeZone::UTC, range);
    assert_eq!(entries.len(), 2);
    assert!((coverage(&entries, range) - 50.0).abs() < f64::EPSILON);
}
