//! Situations that have gone wrong elsewhere, one test for each.

use crate::support::*;
use domain::rota::{
    CoverRefusal, CoverRequest, Days, Hours, OnDaysOff, OverrideKind, Segment, Weekdays, Zone,
};
use jiff::civil::Weekday;
use types::{LinkState, Timestamp};

fn hours(from: &str, until: &str) -> Option<Hours> {
    Some(Hours {
        from: from.parse().unwrap(),
        until: until.parse().unwrap(),
    })
}

fn chicago() -> Team {
    let fridays = weekly(Weekday::Friday, 1);
    team(
        cadence("America/Chicago", "2024-11-01", fridays, &["09:00"]),
        &["ann", "bob"],
    )
}

#[test]
fn the_week_in_which_clocks_are_put_back_has_169_hours() {
    let team = chicago();
    let begun = team.begun("2024-11-01T14:00Z");
    let segments = team.basis().segments(&begun, at("2024-11-15T15:00Z"));
    let shifts = team.basis().stretches(&segments);
    assert_eq!(shifts[0].starts_at, at("2024-11-01T14:00Z"));
    assert_eq!(shifts[0].ends_at, Some(at("2024-11-08T15:00Z")));
    assert_eq!(shifts[1].starts_at, at("2024-11-08T15:00Z"));
    let length = at("2024-11-08T15:00Z").seconds_since(shifts[0].starts_at);
    assert_eq!(length, 169 * 3600);
}

#[test]
fn the_week_in_which_clocks_are_put_forward_has_167_hours() {
    let told = hand_offs(&chicago().cadence, "2025-03-07T00:00Z", "2025-03-15T00:00Z");
    assert_eq!(told, ["03-07 15:00", "03-14 14:00"]);
    let length = at("2025-03-14T14:00Z").seconds_since(at("2025-03-07T15:00Z"));
    assert_eq!(length, 167 * 3600);
}

#[test]
fn a_day_made_in_summer_keeps_its_hours_in_winter() {
    let mut cadence = cadence("Europe/London", "2023-06-01", Days::Daily, &["08:30"]);
    cadence.hours = hours("08:30", "17:30");
    let team = team(cadence, &["ann", "bob"]);
    assert_eq!(
        team.planned("2023-10-28T07:30Z", "2023-10-30T20:00Z"),
        [
            "10-28 07:30 ann",
            "10-28 16:30 closed",
            "10-29 08:30 bob",
            "10-29 17:30 closed",
            "10-30 08:30 ann",
            "10-30 17:30 closed"
        ]
    );
}

#[test]
fn a_night_shift_across_a_change_of_clocks_ends_when_it_was_asked_to() {
    let mut cadence = cadence("Europe/Paris", "2026-03-28", Days::Daily, &["22:00"]);
    cadence.hours = hours("22:00", "06:00");
    let team = team(cadence, &["ann", "bob"]);
    let zone = &team.cadence.zone;
    let segments = team
        .basis()
        .segments(&team.begun("2026-03-28T21:00Z"), at("2026-03-30T06:00Z"));
    let shifts = team.basis().stretches(&segments);
    let ends: Vec<_> = shifts
        .iter()
        .map(|shift| zone.civil(shift.ends_at.unwrap()))
        .collect();
    let six: Vec<_> = ends.iter().map(|end| end.to_string()).collect();
    assert_eq!(six, ["2026-03-29T06:00:00", "2026-03-30T06:00:00"]);
    let hours = |place: usize| {
        let shift = &shifts[place];
        shift.ends_at.unwrap().seconds_since(shift.starts_at) / 3600
    };
    assert_eq!([hours(0), hours(1)], [7, 8]);
}

#[test]
fn the_first_week_of_a_rota_that_starts_in_mid_week_is_as_long_as_any_other() {
    let wednesdays = weekly(Weekday::Wednesday, 1);
    let cadence = cadence("Europe/Paris", "2026-03-25", wednesdays, &["09:00"]);
    let team = team(cadence, &["ann", "bob"]);
    // Clocks are put forward on the 29th.
    assert_eq!(
        team.planned("2026-03-25T08:00Z", "2026-04-02T00:00Z"),
        ["03-25 08:00 ann", "04-01 07:00 bob"]
    );
}

#[test]
fn two_people_alternate_on_weekdays_and_are_never_on_together() {
    let mut cadence = cadence("Europe/Paris", "2026-06-01", Days::Daily, &["09:00"]);
    cadence.off = weekends_off();
    let team = team(cadence, &["ann", "bob"]);
    let planned = team.planned("2026-06-01T07:00Z", "2026-06-13T00:00Z");
    let names: Vec<_> = planned.iter().map(|words| &words[12..]).collect();
    let expected: Vec<_> = ["ann", "bob"].into_iter().cycle().take(10).collect();
    assert_eq!(names, expected);
    assert_eq!(planned[5], "06-08 07:00 bob");
}

#[test]
fn a_time_of_the_other_season_is_shown_by_the_clocks_of_that_day() {
    let zone = Zone::named("America/New_York").unwrap();
    let shown = |moment| zone.civil(at(moment)).time().to_string();
    assert_eq!(shown("2026-01-15T14:00Z"), "09:00:00");
    assert_eq!(shown("2026-07-15T13:00Z"), "09:00:00");
    assert_eq!(zone.ahead_in_words(at("2026-01-15T14:00Z")), "-05:00");
    assert_eq!(zone.ahead_in_words(at("2026-07-15T13:00Z")), "-04:00");
}

#[test]
fn monday_wednesday_and_friday_are_these_days_again() {
    let days = [Weekday::Monday, Weekday::Wednesday, Weekday::Friday];
    // Whatever day they are chosen on, and in whatever order.
    let chosen = Weekdays::of(&[days[2], days[0], days[1]]);
    assert_eq!(chosen.iter().collect::<Vec<_>>(), days);
    let start = "2026-06-04";
    let cadence = cadence("UTC", start, Days::Custom(chosen), &["09:00"]);
    let told = hand_offs(&cadence, "2026-06-01T00:00Z", "2026-06-13T00:00Z");
    assert_eq!(
        told,
        ["06-05 09:00", "06-08 09:00", "06-10 09:00", "06-12 09:00"]
    );
}

fn fourteen() -> Team {
    let names: Vec<String> = (0..14).map(|number| format!("p{number:02}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut cadence = cadence("Europe/Paris", "2026-01-05", Days::Daily, &["09:00"]);
    cadence.off = weekends_off();
    team(cadence, &names)
}

#[test]
fn of_fourteen_people_on_weekdays_none_loses_a_turn_at_a_weekend() {
    let team = fourteen();
    let segments = team
        .basis()
        .segments(&team.begun("2026-01-05T08:00Z"), at("2026-04-20T00:00Z"));
    let names: Vec<_> = segments
        .iter()
        .map(|segment| in_words(segment)[12..].to_owned())
        .collect();
    assert_eq!(names.len(), 15 * 5);
    for (place, name) in names.iter().enumerate() {
        assert_eq!(*name, format!("p{:02}", place % 14));
    }
}

#[test]
fn of_three_people_the_one_after_friday_has_monday() {
    let mut team = daily();
    team.cadence.off = weekends_off();
    assert_eq!(
        team.planned("2026-06-05T09:00Z", "2026-06-08T12:00Z"),
        ["06-05 09:00 ann", "06-08 09:00 bob"]
    );
}

#[test]
fn a_window_that_begins_on_a_saturday_night_shows_what_the_whole_calendar_shows() {
    for on_days_off in [OnDaysOff::StaysOn, OnDaysOff::Nobody] {
        let mut team = fourteen();
        team.cadence.on_days_off = on_days_off;
        let began = team.begun("2026-01-05T08:00Z");
        let end = at("2026-04-20T00:00Z");
        let whole = team.basis().segments(&began, end);
        let from = at("2026-02-07T23:00Z");
        let turn = team.basis().advanced(&began, from);
        let window = team.basis().segments(&turn, end);
        let rest: Vec<_> = whole
            .into_iter()
            .filter(|segment| segment.span.until > from)
            .map(|mut segment| {
                segment.span.from = segment.span.from.max(from);
                segment
            })
            .collect();
        assert_eq!(window, rest);
    }
}

#[test]
fn an_override_of_an_override_ends_and_the_first_one_goes_on() {
    for of in ["ann", "bob"] {
        let mut team = daily();
        team.replace("ann", "bob", "2026-06-01T09:00Z", "2026-06-02T09:00Z");
        team.replace(of, "cy", "2026-06-01T12:00Z", "2026-06-01T13:00Z");
        assert_eq!(
            team.planned("2026-06-01T09:00Z", "2026-06-02T08:00Z"),
            ["06-01 09:00 bob", "06-01 12:00 cy", "06-01 13:00 bob"]
        );
    }
}

#[test]
fn an_override_in_one_rotation_leaves_another_as_it_is() {
    let (mut one, other) = (daily(), daily());
    let planned = |team: &Team| team.planned("2026-06-01T09:00Z", "2026-06-04T00:00Z");
    let before = planned(&other);
    one.replace("ann", "bob", "2026-06-01T09:00Z", "2026-06-02T09:00Z");
    assert_ne!(planned(&one), before);
    assert_eq!(planned(&other), before);
}

#[test]
fn of_two_who_want_the_same_shift_the_second_is_refused() {
    let now = at("2026-06-01T08:00Z");
    let mut request = CoverRequest {
        asked_by: key("ann"),
        span: span("2026-06-01T09:00Z", "2026-06-02T09:00Z"),
        asked: None,
        taken_by: None,
    };
    let holder = |name: &str| member(name).holder();
    assert_eq!(
        request.take(holder("ann"), now),
        Err(CoverRefusal::OwnRequest)
    );
    let taken = request.take(holder("bob"), now).unwrap();
    let (of, by) = (key("ann"), holder("bob"));
    assert_eq!(
        taken.kind,
        OverrideKind::Replace {
            of,
            by,
            is_cover: true
        }
    );
    let second = request.take(holder("cy"), now);
    assert_eq!(second, Err(CoverRefusal::Taken(holder("bob"))));
    request.taken_by = None;
    request.asked = Some(key("bob"));
    let other = request.take(holder("cy"), now);
    assert_eq!(other, Err(CoverRefusal::SomebodyElseIsAsked));
}

#[test]
fn a_gap_before_an_edit_is_nothing_to_warn_of() {
    let mut team = daily();
    team.empty("ann", "2026-06-02T04:00Z", "2026-06-02T05:00Z");
    let now = at("2026-06-02T10:00Z");
    let turn = team.basis().advanced(&team.begun("2026-06-01T08:00Z"), now);
    let segments = team.basis().segments(&turn, at("2026-06-04T00:00Z"));
    let is_gap = |segment: &&Segment| in_words(segment).ends_with("left empty");
    assert_eq!(segments.iter().find(is_gap), None);
    assert_eq!(segments[0].span.from, now);
}

#[test]
fn half_past_two_on_the_day_without_one_is_an_hour_later() {
    let cadence = cadence("America/New_York", "2026-03-01", Days::Daily, &["02:30"]);
    let told = hand_offs(&cadence, "2026-03-08T00:00Z", "2026-03-10T00:00Z");
    assert_eq!(told, ["03-08 07:30", "03-09 06:30"]);
}

#[test]
fn half_past_one_on_the_day_with_two_comes_once() {
    let cadence = cadence("America/New_York", "2026-10-01", Days::Daily, &["01:30"]);
    let told = hand_offs(&cadence, "2026-11-01T00:00Z", "2026-11-02T00:00Z");
    assert_eq!(told, ["11-01 05:30"]);
}

#[test]
fn midnight_on_a_day_without_one_is_when_the_day_begins() {
    let cadence = cadence("America/Santiago", "2026-09-01", Days::Daily, &["00:00"]);
    let told = hand_offs(&cadence, "2026-09-05T12:00Z", "2026-09-07T12:00Z");
    assert_eq!(told, ["09-06 04:00", "09-07 03:00"]);
}

#[test]
fn a_rota_that_starts_today_after_its_time_begins_with_the_next_hand_off() {
    let team = daily();
    assert_eq!(
        team.planned("2026-06-01T10:00Z", "2026-06-03T10:00Z"),
        [
            "06-01 10:00 not begun",
            "06-02 09:00 ann",
            "06-03 09:00 bob"
        ]
    );
    // At the very moment it is to come.
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-01T10:00Z"),
        ["06-01 09:00 ann"]
    );
}

#[test]
fn somebody_who_leaves_the_workspace_is_not_on_duty_any_more() {
    let mut team = daily();
    let turn = team
        .basis()
        .advanced(&team.begun("2026-06-01T08:00Z"), at("2026-06-01T12:00Z"));
    team.members[0].link = LinkState::Deactivated;
    assert_eq!(
        team.planned_from(&turn, "2026-06-04T12:00Z"),
        [
            "06-01 12:00 bob for ann",
            "06-02 09:00 bob",
            "06-03 09:00 cy",
            "06-04 09:00 bob"
        ]
    );
    for member in &mut team.members {
        member.link = LinkState::Deactivated;
    }
    let nobody = team.planned_from(&turn, "2026-06-04T12:00Z");
    assert_eq!(nobody, ["06-01 12:00 no members"]);
}

#[test]
fn the_same_moment_in_other_words_is_no_change() {
    let mut team = daily();
    team.replace("ann", "bob", "2026-06-01T09:00+01:00", "2026-06-01T12:00Z");
    let mut same = daily();
    same.replace("ann", "bob", "2026-06-01T08:00Z", "2026-06-01T14:00+02:00");
    assert_eq!(team.overrides, same.overrides);
}

#[test]
fn a_thousand_overrides_of_one_shift_leave_the_last_one() {
    let mut team = daily();
    for number in 0..1000 {
        let by = format!("p{number}");
        team.replace("ann", &by, "2026-06-01T09:00Z", "2026-06-02T09:00Z");
    }
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-02T10:00Z"),
        ["06-01 09:00 p999", "06-02 09:00 bob"]
    );
}

#[test]
fn an_hour_in_a_day_without_that_hour_is_none() {
    let mut cadence = cadence("America/New_York", "2026-03-07", Days::Daily, &["00:00"]);
    cadence.hours = hours("02:30", "03:15");
    let team = team(cadence, &["ann"]);
    assert_eq!(
        team.planned("2026-03-08T05:00Z", "2026-03-09T12:00Z"),
        [
            "03-08 05:00 closed",
            "03-09 06:30 ann",
            "03-09 07:15 closed"
        ]
    );
}

#[test]
fn a_member_twice_has_one_turn() {
    let mut team = daily();
    team.members.push(member("ann"));
    team.duty_size = 4;
    let all = team.planned("2026-06-01T09:00Z", "2026-06-01T10:00Z");
    assert_eq!(all, ["06-01 09:00 ann+bob+cy"]);
}

#[test]
fn a_moment_beyond_all_calendars_does_no_harm() {
    let team = daily();
    let turn = team.begun("2026-06-01T09:00Z");
    let never = Timestamp::from_millis(i64::MAX);
    assert_eq!(team.cadence.next_hand_off(never, None), None);
    assert_eq!(
        team.basis()
            .advanced(&turn, at("2036-06-01T09:00Z"))
            .holders
            .len(),
        1
    );
}
