//! One test or more for each rule, named by its number.

use crate::support::*;
use domain::{
    Crew, Duty, Foresight, on_duty,
    rota::{
        CountryDays, Days, DaysOff, Fold, Hours, OnDaysOff, Override, OverrideProblem, PassedOver,
        Unclear, Weekdays, Zone,
    },
};
use jiff::civil::{Date, DateTime, Weekday};
use types::{LinkState, Timestamp};

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn civil(text: &str) -> DateTime {
    text.parse().unwrap()
}

#[test]
fn r1_a_hand_off_follows_from_the_start_and_its_number_alone() {
    let days = Days::Monthly {
        day: 31,
        every: every(1),
    };
    let off = DaysOff::default();
    let start = date("2026-01-31");
    for (number, expected) in [(0, "2026-01-31"), (1, "2026-02-28"), (2, "2026-03-31")] {
        assert_eq!(days.nth(start, number, &off), Some(date(expected)));
        assert_eq!(days.number_at(start, date(expected), &off), Some(number));
    }
    assert_eq!(days.nth(start, 1200, &off), Some(date("2126-01-31")));
    // A gap in March moves none of the others.
    let cadence = cadence("America/New_York", "2026-03-07", Days::Daily, &["02:30"]);
    let told = hand_offs(&cadence, "2026-03-07T00:00Z", "2026-03-10T00:00Z");
    assert_eq!(told, ["03-07 07:30", "03-08 07:30", "03-09 06:30"]);
}

#[test]
fn r2_a_time_that_clocks_jump_over_moves_by_the_jump_and_of_two_the_first_counts() {
    let zone = Zone::named("Australia/Lord_Howe").unwrap();
    // Half an hour there, and back.
    assert_eq!(
        zone.planned(civil("2026-10-04T02:15")),
        at("2026-10-03T15:45Z")
    );
    assert_eq!(
        zone.civil(at("2026-10-03T15:45Z")),
        civil("2026-10-04T02:45")
    );
    assert_eq!(
        zone.planned(civil("2026-04-05T01:45")),
        at("2026-04-04T14:45Z")
    );
    let zone = Zone::named("Europe/Paris").unwrap();
    assert_eq!(
        zone.planned(civil("2026-03-29T02:30")),
        at("2026-03-29T01:30Z")
    );
    assert_eq!(
        zone.planned(civil("2026-10-25T02:30")),
        at("2026-10-25T00:30Z")
    );
}

#[test]
fn r3_a_typed_time_that_clocks_jump_over_is_refused_with_the_nearest() {
    for (zone, typed, before, after) in [
        (
            "Europe/Paris",
            "2026-03-29T02:30",
            "2026-03-29T01:59",
            "2026-03-29T03:00",
        ),
        (
            "America/Santiago",
            "2026-09-06T00:00",
            "2026-09-05T23:59",
            "2026-09-06T01:00",
        ),
        (
            "Australia/Lord_Howe",
            "2026-10-04T02:29",
            "2026-10-04T01:59",
            "2026-10-04T02:30",
        ),
        // A whole day.
        (
            "Pacific/Apia",
            "2011-12-30T12:00",
            "2011-12-29T23:59",
            "2011-12-31T00:00",
        ),
    ] {
        let zone = Zone::named(zone).unwrap();
        let missing = Unclear::Missing {
            before: civil(before),
            after: civil(after),
        };
        for fold in [None, Some(Fold::First), Some(Fold::Second)] {
            assert_eq!(zone.typed(civil(typed), fold), Err(missing));
        }
        // The nearest times are such, a minute apart.
        let nearest = [before, after].map(|near| zone.typed(civil(near), None).unwrap());
        assert_eq!(nearest[1].seconds_since(nearest[0]), 60);
    }
}

#[test]
fn r3_of_a_typed_time_that_clocks_show_twice_one_has_to_be_chosen() {
    let zone = Zone::named("Europe/Paris").unwrap();
    let (first, second) = (at("2026-10-25T00:30Z"), at("2026-10-25T01:30Z"));
    let typed = |fold| zone.typed(civil("2026-10-25T02:30"), fold);
    assert_eq!(typed(None), Err(Unclear::Twice { first, second }));
    assert_eq!(typed(Some(Fold::First)), Ok(first));
    assert_eq!(typed(Some(Fold::Second)), Ok(second));
    // Elsewhere the choice means nothing.
    let plain = zone.typed(civil("2026-10-25T03:30"), Some(Fold::Second));
    assert_eq!(plain, Ok(at("2026-10-25T02:30Z")));
}

#[test]
fn r4_shifts_follow_each_other_and_those_at_one_moment_are_one() {
    // Both are at 03:30 on that day.
    let times = ["02:30", "03:30"];
    let cadence = cadence("America/New_York", "2026-03-07", Days::Daily, &times);
    let team = team(cadence, &["ann", "bob"]);
    assert_eq!(
        team.planned("2026-03-07T06:00Z", "2026-03-09T07:00Z"),
        [
            "03-07 06:00 not begun",
            "03-07 07:30 ann",
            "03-07 08:30 bob",
            "03-08 07:30 ann",
            "03-09 06:30 bob",
        ]
    );
}

#[test]
fn r4_times_that_a_jump_puts_in_another_order_change_hands_by_the_clock() {
    // 02:45 is at 03:45 on that day, after 03:15.
    let times = ["02:45", "03:15"];
    let cadence = cadence("America/New_York", "2026-03-08", Days::Daily, &times);
    let told = hand_offs(&cadence, "2026-03-08T00:00Z", "2026-03-09T07:00Z");
    assert_eq!(told, ["03-08 07:15", "03-08 07:45", "03-09 06:45"]);
}

#[test]
fn r4_a_day_that_a_place_left_out_has_no_shift() {
    let cadence = cadence("Pacific/Apia", "2011-12-28", Days::Daily, &["09:00"]);
    let team = team(cadence, &["ann", "bob", "cy"]);
    // 30 December 2011 was none in Samoa.
    assert_eq!(
        team.planned("2011-12-28T19:00Z", "2012-01-01T00:00Z"),
        [
            "12-28 19:00 ann",
            "12-29 19:00 bob",
            "12-30 19:00 cy",
            "12-31 19:00 ann"
        ]
    );
}

#[test]
fn r5_days_count_by_date_however_long_they_are() {
    let lord_howe = cadence("Australia/Lord_Howe", "2026-04-04", Days::Daily, &["12:00"]);
    let hand_offs = lord_howe.hand_offs(at("2026-04-03T12:00Z"), at("2026-04-06T12:00Z"));
    let lengths: Vec<_> = hand_offs
        .windows(2)
        .map(|pair| pair[1].at.seconds_since(pair[0].at) / 60)
        .collect();
    assert_eq!(lengths, [24 * 60 + 30, 24 * 60]);
}

#[test]
fn r6_a_day_beyond_the_months_end_is_its_last_and_a_missing_fifth_weekday_the_last() {
    let off = DaysOff::default();
    let days = |days: Days, start: &str, count: i64| -> Vec<String> {
        let dates = (0..count).map(|number| days.nth(date(start), number, &off).unwrap());
        dates.map(|date| date.to_string()).collect()
    };
    let monthly = |day, number| Days::Monthly {
        day,
        every: every(number),
    };
    assert_eq!(
        days(monthly(30, 1), "2028-01-30", 3),
        ["2028-01-30", "2028-02-29", "2028-03-30"]
    );
    // A start on the last day of a shorter month is the first.
    assert_eq!(
        days(monthly(31, 1), "2026-04-30", 2),
        ["2026-04-30", "2026-05-31"]
    );
    let fifth = Days::NthWeekday {
        nth: 5,
        weekday: Weekday::Friday,
        every: every(1),
    };
    assert_eq!(
        days(fifth, "2026-01-01", 3),
        ["2026-01-30", "2026-02-27", "2026-03-27"]
    );
}

#[test]
fn r7_every_so_many_weeks_or_months_counts_from_the_start() {
    let two_weeks = cadence("UTC", "2026-06-03", weekly(Weekday::Monday, 2), &["09:00"]);
    let expected = ["06-08 09:00", "06-22 09:00", "07-06 09:00"];
    let told = hand_offs(&two_weeks, "2026-06-01T00:00Z", "2026-07-10T00:00Z");
    assert_eq!(told, expected);
    // Whenever one looks, or saves.
    let told = hand_offs(&two_weeks, "2026-06-16T00:00Z", "2026-07-10T00:00Z");
    assert_eq!(told, expected[1..]);
    let days = Days::Monthly {
        day: 10,
        every: every(3),
    };
    let quarterly = cadence("UTC", "2026-01-15", days, &["09:00"]);
    let told = hand_offs(&quarterly, "2026-03-01T00:00Z", "2026-12-31T00:00Z");
    assert_eq!(told, ["05-10 09:00", "08-10 09:00", "11-10 09:00"]);
}

#[test]
fn r7_every_so_many_working_days_counts_working_days() {
    let days = Days::Working { every: every(3) };
    let mut cadence = cadence("UTC", "2026-06-04", days, &["09:00"]);
    cadence.off = weekends_off();
    cadence.off.dates.insert(date("2026-06-08"));
    let told = hand_offs(&cadence, "2026-06-01T00:00Z", "2026-06-19T00:00Z");
    assert_eq!(
        told,
        ["06-04 09:00", "06-10 09:00", "06-15 09:00", "06-18 09:00"]
    );
}

#[test]
fn r8_on_a_day_off_whoever_was_on_stays_or_nobody_is() {
    let mut team = daily();
    team.cadence.off = weekends_off();
    assert_eq!(
        team.planned("2026-06-05T09:00Z", "2026-06-09T12:00Z"),
        ["06-05 09:00 ann", "06-08 09:00 bob", "06-09 09:00 cy"]
    );
    team.cadence.on_days_off = OnDaysOff::Nobody;
    assert_eq!(
        team.planned("2026-06-05T09:00Z", "2026-06-09T12:00Z"),
        [
            "06-05 09:00 ann",
            "06-06 09:00 day off",
            "06-08 09:00 bob",
            "06-09 09:00 cy"
        ]
    );
}

#[test]
fn r8_a_longer_turn_whose_first_day_is_off_begins_on_its_first_that_is_not() {
    let weekly = cadence("UTC", "2026-06-01", weekly(Weekday::Monday, 1), &["09:00"]);
    let mut team = team(weekly, &["ann", "bob", "cy"]);
    team.cadence.off.dates.insert(date("2026-06-08"));
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-16T00:00Z"),
        ["06-01 09:00 ann", "06-09 09:00 bob", "06-15 09:00 cy"]
    );
    // And one whose days are all off uses nobody's turn.
    let week = (8..15).map(|day| date("2026-06-01").with().day(day).build().unwrap());
    team.cadence.off.dates.extend(week);
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-16T00:00Z"),
        ["06-01 09:00 ann", "06-15 09:00 bob"]
    );
}

#[test]
fn r8_several_turns_a_day_are_off_together() {
    let twice = cadence("UTC", "2026-06-01", Days::Daily, &["09:00", "21:00"]);
    let mut team = team(twice, &["ann", "bob", "cy"]);
    team.cadence.off = weekends_off();
    team.cadence.on_days_off = OnDaysOff::Nobody;
    assert_eq!(
        team.planned("2026-06-05T09:00Z", "2026-06-08T12:00Z"),
        [
            "06-05 09:00 ann",
            "06-05 21:00 bob",
            "06-06 09:00 day off",
            "06-08 09:00 cy"
        ]
    );
}

#[test]
fn r8_where_every_day_is_off_nobody_searches_for_ever() {
    let mut team = daily();
    team.cadence.off.weekend =
        Weekdays::of(&Weekday::Monday.cycle_forward().take(7).collect::<Vec<_>>());
    assert_eq!(
        team.cadence.next_hand_off(at("2026-06-01T00:00Z"), None),
        None
    );
    team.cadence.days = Days::Working { every: every(1) };
    assert_eq!(
        team.planned("2026-06-01T00:00Z", "2026-07-01T00:00Z"),
        ["06-01 00:00 not begun"]
    );
}

#[test]
fn r9_a_day_is_off_where_any_of_the_countries_has_it_off() {
    let germany = CountryDays {
        weekend: Weekdays::WEEKEND,
        holidays: [date("2026-05-01")].into(),
    };
    let israel = CountryDays {
        weekend: Weekdays::of(&[Weekday::Friday, Weekday::Saturday]),
        holidays: [date("2026-04-22")].into(),
    };
    let off = DaysOff::of_countries([&germany, &israel]);
    for (day, expected) in [
        ("2026-05-01", true),
        ("2026-04-22", true),
        ("2026-04-24", true),
        ("2026-04-26", true),
        ("2026-04-23", false),
    ] {
        assert_eq!(off.includes(date(day)), expected, "{day}");
    }
}

#[test]
fn r10_who_is_on_duty_does_not_move_when_somebody_joins_before_them() {
    let mut team = daily();
    let turn = team.begun("2026-06-02T10:00Z");
    let turn = team.basis().advanced(&turn, at("2026-06-04T10:00Z"));
    let before = team.members.clone();
    for (place, next) in [(0, "cy"), (1, "cy"), (2, "new"), (3, "cy")] {
        team.members = before.clone();
        team.members.insert(place, member("new"));
        let turn = team
            .basis()
            .rearranged(&turn, &before, at("2026-06-04T12:00Z"));
        assert_eq!(
            team.planned_from(&turn, "2026-06-05T10:00Z"),
            ["06-04 12:00 bob".to_owned(), format!("06-05 09:00 {next}")],
            "{place}"
        );
    }
}

#[test]
fn r10_whoever_is_removed_hands_over_to_the_next_at_once() {
    for (removed, left) in [(0, "bob cy"), (1, "cy ann"), (2, "ann bob")] {
        let mut team = daily();
        let turn = team.begun("2026-06-01T08:00Z");
        let now = [
            "2026-06-01T10:00Z",
            "2026-06-02T10:00Z",
            "2026-06-03T10:00Z",
        ][removed];
        let turn = team.basis().advanced(&turn, at(now));
        let before = team.members.clone();
        team.members.remove(removed);
        let turn = team.basis().rearranged(&turn, &before, at(now));
        let day_after = at(now).plus_seconds(24 * 3600);
        let planned = team.basis().segments(&turn, day_after);
        let names: Vec<_> = planned.iter().map(in_words).collect();
        let names: Vec<_> = names.iter().map(|words| &words[12..]).collect();
        assert_eq!(names.join(" "), left);
    }
}

/// Ann, Bob, Cy and Dan, of whom Ann was away when it was her turn: it is Bob's, and Ann is next.
fn owing_ann_a_turn() -> Team {
    let mut team = daily();
    team.members.push(member("dan"));
    team.away("ann", "2026-06-01T00:00Z", "2026-06-01T12:00Z");
    team
}

/// What is planned after somebody was removed at 14:00 on the first day.
fn removed(mut team: Team, name: &str) -> Vec<String> {
    let now = at("2026-06-01T14:00Z");
    let turn = team.begun("2026-06-01T09:00Z");
    let turn = team.basis().advanced(&turn, now);
    let before = team.members.clone();
    team.members.retain(|member| member.name != name);
    let turn = team.basis().rearranged(&turn, &before, now);
    team.planned_from(&turn, "2026-06-04T10:00Z")
}

#[test]
fn r10_whoever_is_removed_hands_over_to_whom_r12_has_next_and_that_one_is_not_on_again() {
    let team = owing_ann_a_turn();
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-02T10:00Z")[1],
        "06-02 09:00 ann"
    );
    assert_eq!(
        removed(team, "bob"),
        [
            "06-01 14:00 ann",
            "06-02 09:00 cy",
            "06-03 09:00 dan",
            "06-04 09:00 ann"
        ]
    );
}

#[test]
fn r12_whoever_is_away_when_somebody_is_removed_is_passed_over_and_first_at_the_next_hand_off() {
    let mut team = daily();
    team.away("bob", "2026-06-01T12:00Z", "2026-06-01T18:00Z");
    let planned = removed(team.clone(), "ann");
    assert_eq!(
        planned[..3],
        ["06-01 14:00 cy", "06-02 09:00 bob", "06-03 09:00 cy"]
    );
    team.passed_over = PassedOver::LosesTurn;
    let planned = removed(team, "ann");
    assert_eq!(planned[..2], ["06-01 14:00 cy", "06-02 09:00 bob"]);
}

#[test]
fn r12_whoever_is_owed_a_turn_and_away_still_is_passed_over_again_when_somebody_is_removed() {
    let mut team = owing_ann_a_turn();
    team.away("ann", "2026-06-01T12:00Z", "2026-06-01T18:00Z");
    assert_eq!(
        removed(team, "bob")[..3],
        ["06-01 14:00 cy", "06-02 09:00 ann", "06-03 09:00 dan"]
    );
}

#[test]
fn r12_whoever_takes_over_out_of_order_is_owed_nothing_any_more() {
    // It is Ann's turn by what she is owed, and by the order as well where nobody else is there.
    let mut team = owing_ann_a_turn();
    for name in ["cy", "dan"] {
        team.away(name, "2026-06-01T12:00Z", "2026-06-01T18:00Z");
    }
    assert_eq!(
        removed(team, "bob"),
        [
            "06-01 14:00 ann",
            "06-02 09:00 cy",
            "06-03 09:00 dan",
            "06-04 09:00 ann"
        ]
    );
}

#[test]
fn r10_somebody_else_who_is_removed_changes_nothing_now() {
    let mut team = daily();
    let turn = team
        .basis()
        .advanced(&team.begun("2026-06-01T08:00Z"), at("2026-06-01T10:00Z"));
    let before = team.members.clone();
    team.members.remove(1);
    let turn = team
        .basis()
        .rearranged(&turn, &before, at("2026-06-01T10:00Z"));
    assert_eq!(
        team.planned_from(&turn, "2026-06-02T10:00Z"),
        ["06-01 10:00 ann", "06-02 09:00 cy"]
    );
}

#[test]
fn r10_the_first_to_join_an_empty_rota_is_on_duty_at_once() {
    let mut team = daily();
    let members = std::mem::take(&mut team.members);
    let turn = team
        .basis()
        .advanced(&team.begun("2026-06-01T08:00Z"), at("2026-06-01T10:00Z"));
    assert_eq!(
        team.planned_from(&turn, "2026-06-02T10:00Z"),
        ["06-01 10:00 no members"]
    );
    team.members = members;
    let turn = team.basis().rearranged(&turn, &[], at("2026-06-01T12:00Z"));
    assert_eq!(
        team.planned_from(&turn, "2026-06-02T10:00Z"),
        ["06-01 12:00 ann", "06-02 09:00 bob"]
    );
}

#[test]
fn r11_so_many_have_a_turn_together_and_with_fewer_all_of_them_once() {
    let mut team = daily();
    let planned = |team: &Team| team.planned("2026-06-01T09:00Z", "2026-06-04T10:00Z");
    team.duty_size = 2;
    assert_eq!(
        planned(&team),
        [
            "06-01 09:00 ann+bob",
            "06-02 09:00 cy+ann",
            "06-03 09:00 bob+cy",
            "06-04 09:00 ann+bob"
        ]
    );
    for duty_size in [3, 7] {
        team.duty_size = duty_size;
        let all = team.planned("2026-06-01T09:00Z", "2026-06-01T10:00Z");
        assert_eq!(all, ["06-01 09:00 ann+bob+cy"]);
    }
}

#[test]
fn r11_whoever_joins_a_turn_for_which_there_were_too_few_takes_part_in_it_at_once() {
    let mut team = daily();
    team.duty_size = 2;
    let all = std::mem::take(&mut team.members);
    team.members = all[..1].to_vec();
    let turn = team
        .basis()
        .advanced(&team.begun("2026-06-01T08:00Z"), at("2026-06-01T10:00Z"));
    let before = team.members.clone();
    team.members = all.clone();
    let turn = team
        .basis()
        .rearranged(&turn, &before, at("2026-06-01T12:00Z"));
    assert_eq!(
        team.planned_from(&turn, "2026-06-02T10:00Z"),
        ["06-01 12:00 ann+bob", "06-02 09:00 cy+ann"]
    );
    // A turn that has all whom it needs stays as it is.
    team.duty_size = 1;
    team.members = all[..2].to_vec();
    let turn = team
        .basis()
        .advanced(&team.begun("2026-06-01T08:00Z"), at("2026-06-01T10:00Z"));
    let before = team.members.clone();
    team.members = all;
    let turn = team
        .basis()
        .rearranged(&turn, &before, at("2026-06-01T12:00Z"));
    assert_eq!(
        team.planned_from(&turn, "2026-06-02T10:00Z"),
        ["06-01 12:00 ann", "06-02 09:00 bob"]
    );
}

#[test]
fn r12_where_everybody_is_away_and_loses_the_turn_the_order_goes_on() {
    let mut team = daily();
    team.passed_over = PassedOver::LosesTurn;
    for name in ["ann", "bob", "cy"] {
        team.away(name, "2026-06-01T00:00Z", "2026-06-02T12:00Z");
    }
    let planned = team.planned("2026-06-01T09:00Z", "2026-06-04T10:00Z");
    let begins = |time: &str| {
        planned
            .iter()
            .find(|shift| shift.starts_with(time))
            .cloned()
    };
    assert_eq!(begins("06-03 09:00").as_deref(), Some("06-03 09:00 cy"));
    assert_eq!(begins("06-04 09:00").as_deref(), Some("06-04 09:00 ann"));
}

#[test]
fn r12_somebody_who_is_away_is_passed_over_and_first_at_the_next_hand_off() {
    let mut team = daily();
    team.away("ann", "2026-06-01T00:00Z", "2026-06-01T12:00Z");
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-05T10:00Z"),
        [
            "06-01 09:00 bob",
            "06-02 09:00 ann",
            "06-03 09:00 cy",
            "06-04 09:00 ann",
            "06-05 09:00 bob"
        ]
    );
    team.passed_over = PassedOver::LosesTurn;
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-04T10:00Z"),
        [
            "06-01 09:00 bob",
            "06-02 09:00 cy",
            "06-03 09:00 ann",
            "06-04 09:00 bob"
        ]
    );
}

#[test]
fn r12_of_two_the_one_who_was_passed_over_is_not_on_duty_twice_running() {
    let mut team = daily();
    team.members.pop();
    team.away("ann", "2026-06-01T00:00Z", "2026-06-01T12:00Z");
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-04T10:00Z"),
        [
            "06-01 09:00 bob",
            "06-02 09:00 ann",
            "06-03 09:00 bob",
            "06-04 09:00 ann"
        ]
    );
}

#[test]
fn r12_whoever_is_away_during_their_turn_is_stood_in_for_and_comes_back() {
    let mut team = daily();
    team.away("ann", "2026-06-01T12:00Z", "2026-06-01T14:00Z");
    team.away("bob", "2026-06-01T13:00Z", "2026-06-01T15:00Z");
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-02T10:00Z"),
        [
            "06-01 09:00 ann",
            "06-01 12:00 bob for ann",
            "06-01 13:00 cy for ann",
            "06-01 14:00 ann",
            "06-02 09:00 bob"
        ]
    );
}

#[test]
fn r12_where_everybody_is_away_nobody_is_on_duty_and_it_is_said() {
    let mut team = daily();
    for name in ["ann", "bob", "cy"] {
        team.away(name, "2026-06-01T00:00Z", "2026-06-03T00:00Z");
    }
    team.away("ann", "2026-06-03T00:00Z", "2026-06-03T10:00Z");
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-05T10:00Z"),
        [
            "06-01 09:00 all away",
            // Whose turn it is, and who is back.
            "06-03 00:00 bob",
            "06-03 09:00 cy",
            "06-04 09:00 ann",
            "06-05 09:00 bob"
        ]
    );
}

#[test]
fn r13_an_override_goes_before_absences_and_these_before_the_order() {
    let mut team = daily();
    team.away("ann", "2026-06-01T00:00Z", "2026-06-09T00:00Z");
    team.away("cy", "2026-06-01T00:00Z", "2026-06-09T00:00Z");
    // Somebody who is away can be asked all the same, and whom they replace keeps the turn.
    team.replace("ann", "cy", "2026-06-01T09:00Z", "2026-06-01T12:00Z");
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-02T10:00Z"),
        [
            "06-01 09:00 cy",
            "06-01 12:00 bob for ann",
            "06-02 09:00 bob"
        ]
    );
}

#[test]
fn r13_whoever_is_covered_while_away_is_covered_by_that_one_in_any_order_of_edits() {
    let mut team = daily();
    let (from, until) = ("2026-06-01T09:00Z", "2026-06-02T09:00Z");
    team.replace("ann", "cy", from, until);
    let expected = ["06-01 09:00 cy", "06-02 09:00 bob", "06-03 09:00 cy"];
    assert_eq!(team.planned(from, "2026-06-03T10:00Z"), expected);
    team.away("ann", from, until);
    assert_eq!(team.planned(from, "2026-06-03T10:00Z"), expected);
}

#[test]
fn r13_hours_close_a_duty_and_move_no_turn() {
    let mut team = daily();
    let all_day = team.planned("2026-06-01T09:00Z", "2026-06-08T00:00Z");
    team.cadence.hours = Some(Hours {
        from: "10:00".parse().unwrap(),
        until: "12:00".parse().unwrap(),
    });
    let open = team.planned("2026-06-01T09:00Z", "2026-06-08T00:00Z");
    assert_eq!(
        open[..4],
        [
            "06-01 09:00 closed",
            "06-01 10:00 ann",
            "06-01 12:00 closed",
            "06-02 10:00 bob"
        ]
    );
    let names = |words: &[String]| -> Vec<String> {
        let on = words.iter().filter(|words| !words.ends_with("closed"));
        on.map(|words| words[12..].to_owned()).collect()
    };
    assert_eq!(names(&open), names(&all_day));
    // Nobody's place can be taken then, but somebody can be asked to come.
    team.replace("ann", "cy", "2026-06-01T11:00Z", "2026-06-01T13:00Z");
    team.add("bob", "2026-06-01T12:30Z", "2026-06-01T13:00Z");
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-02T00:00Z")[1..],
        [
            "06-01 10:00 ann",
            "06-01 11:00 cy",
            "06-01 12:00 closed",
            "06-01 12:30 bob",
            "06-01 13:00 closed"
        ]
    );
}

#[test]
fn r14_an_override_takes_a_place_adds_somebody_or_leaves_a_place_empty() {
    let mut team = daily();
    team.replace("ann", "dan", "2026-06-01T10:00Z", "2026-06-01T11:00Z");
    team.add("eve", "2026-06-01T12:00Z", "2026-06-01T13:00Z");
    team.empty("ann", "2026-06-01T14:00Z", "2026-06-01T15:00Z");
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-01T20:00Z"),
        [
            "06-01 09:00 ann",
            "06-01 10:00 dan",
            "06-01 11:00 ann",
            "06-01 12:00 ann+eve",
            "06-01 13:00 ann",
            "06-01 14:00 left empty",
            "06-01 15:00 ann"
        ]
    );
}

#[test]
fn r14_where_two_overlap_the_later_made_wins() {
    let (from, until) = ("2026-06-01T09:00Z", "2026-06-01T20:00Z");
    let mut team = daily();
    team.replace("ann", "bob", from, until);
    team.replace("ann", "cy", from, until);
    assert_eq!(team.planned(from, until), ["06-01 09:00 cy"]);
    team.empty("ann", from, until);
    assert_eq!(team.planned(from, until), ["06-01 09:00 left empty"]);
    team.replace("ann", "ann", from, until);
    assert_eq!(team.planned(from, until), ["06-01 09:00 ann"]);
}

#[test]
fn r14_one_that_is_cut_short_leaves_the_rest_as_it_was() {
    let mut team = daily();
    team.replace("ann", "bob", "2026-06-01T10:00Z", "2026-06-01T20:00Z");
    let whole = team.planned("2026-06-01T09:00Z", "2026-06-03T00:00Z");
    assert_eq!(
        whole,
        [
            "06-01 09:00 ann",
            "06-01 10:00 bob",
            "06-01 20:00 ann",
            "06-02 09:00 bob"
        ]
    );
    team.overrides = Vec::from_iter(team.overrides[0].cut_short(at("2026-06-01T15:00Z")));
    let cut = team.planned("2026-06-01T09:00Z", "2026-06-03T00:00Z");
    assert_eq!(
        cut,
        [
            "06-01 09:00 ann",
            "06-01 10:00 bob",
            "06-01 15:00 ann",
            "06-02 09:00 bob"
        ]
    );
    assert_eq!(team.overrides[0].cut_short(at("2026-06-01T10:00Z")), None);
}

#[test]
fn r14_the_place_of_somebody_who_is_not_on_duty_adds_nobody() {
    let mut team = daily();
    team.replace("bob", "dan", "2026-06-01T09:00Z", "2026-06-02T12:00Z");
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-02T20:00Z"),
        ["06-01 09:00 ann", "06-02 09:00 dan", "06-02 12:00 bob"]
    );
}

#[test]
fn r14_somebody_who_takes_the_place_of_another_one_on_duty_is_there_once() {
    let mut team = daily();
    team.duty_size = 2;
    team.replace("ann", "bob", "2026-06-01T10:00Z", "2026-06-01T11:00Z");
    team.add("bob", "2026-06-01T10:00Z", "2026-06-01T11:00Z");
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-01T20:00Z"),
        [
            "06-01 09:00 ann+bob",
            "06-01 10:00 bob",
            "06-01 11:00 ann+bob"
        ]
    );
    // Who relieves them then does so altogether.
    team.replace("bob", "cy", "2026-06-01T10:00Z", "2026-06-01T11:00Z");
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-01T20:00Z")[1],
        "06-01 10:00 cy"
    );
}

#[test]
fn r14_an_odd_time_is_no_override() {
    let now = at("2026-06-01T12:00Z");
    let asked = |from, until| Override::span(span(from, until), now);
    for (from, until, problem) in [
        (
            "2026-06-02T00:00Z",
            "2026-06-01T23:00Z",
            OverrideProblem::EndsBeforeStart,
        ),
        (
            "2026-06-02T00:00Z",
            "2026-06-02T00:00Z",
            OverrideProblem::EndsBeforeStart,
        ),
        (
            "2026-06-01T00:00Z",
            "2026-06-01T12:00Z",
            OverrideProblem::IsOver,
        ),
        (
            "2026-06-02T00:00Z",
            "2036-06-02T00:00Z",
            OverrideProblem::TooLong,
        ),
    ] {
        assert_eq!(asked(from, until), Err(problem));
    }
    // What is over of it is not touched any more.
    let rest = asked("2026-06-01T00:00Z", "2026-06-01T13:00Z");
    assert_eq!(rest, Ok(span("2026-06-01T12:00Z", "2026-06-01T13:00Z")));
}

#[test]
fn r15_what_has_been_is_not_reckoned_again() {
    let mut team = daily();
    let turn = team
        .basis()
        .advanced(&team.begun("2026-06-01T08:00Z"), at("2026-06-02T12:00Z"));
    // Bob has had his turn since nine. That today is a day off after all uses up no other one.
    team.cadence.off.dates.insert(date("2026-06-02"));
    team.away("ann", "2026-06-01T00:00Z", "2026-06-02T00:00Z");
    assert_eq!(
        team.planned_from(&turn, "2026-06-03T12:00Z"),
        ["06-02 12:00 bob", "06-03 09:00 cy"]
    );
    // Nor does a longer turn that began today begin again tomorrow.
    let mut week = daily();
    week.cadence.days = weekly(Weekday::Tuesday, 1);
    let turn = week
        .basis()
        .advanced(&week.begun("2026-06-01T08:00Z"), at("2026-06-02T12:00Z"));
    week.cadence.off.dates.insert(date("2026-06-02"));
    assert_eq!(
        week.planned_from(&turn, "2026-06-09T12:00Z"),
        ["06-02 12:00 ann", "06-09 09:00 bob"]
    );
}

#[test]
fn r16_whoever_asks_is_told_the_same() {
    let mut team = daily();
    team.replace("bob", "dan", "2026-06-02T10:00Z", "2026-06-02T11:00Z");
    let segments = team
        .basis()
        .segments(&team.begun("2026-06-01T08:00Z"), at("2026-06-09T00:00Z"));
    let plan = team.basis().stretches(&segments);
    let crew = Crew::new(team.members.clone(), Vec::new());
    for segment in &segments {
        let now = segment.span.from;
        let outlook = Foresight::Shifts {
            stretches: &plan,
            known_until: at("2026-06-09T00:00Z"),
        }
        .outlook(&crew, now);
        let shown: Vec<_> = outlook
            .on_duty
            .into_iter()
            .map(|duty| duty.holder)
            .collect();
        let stored: Vec<_> = on_duty(plan.clone(), now)
            .into_iter()
            .map(|duty| duty.holder)
            .collect();
        let planned: Vec<_> = match &segment.on {
            domain::rota::Staffing::These(on) => on.iter().map(|one| one.holder.clone()).collect(),
            domain::rota::Staffing::Nobody(_) => Vec::new(),
        };
        assert_eq!(shown, planned);
        assert_eq!(stored, planned);
    }
}

#[test]
fn r17_hand_offs_that_were_missed_lead_to_the_truth_at_once() {
    let team = daily();
    let began = team.begun("2026-06-01T09:00Z");
    let mut seen = began.clone();
    for hour in 0..24 * 20 {
        seen = team
            .basis()
            .advanced(&seen, at("2026-06-01T09:00Z").plus_seconds(hour * 3600));
    }
    let asleep = team.basis().advanced(&began, seen.as_of);
    assert_eq!(asleep, seen);
    assert_eq!(asleep.holders.len(), 1);
}

#[test]
fn r18_another_zone_keeps_the_civil_time() {
    let mut cadence = cadence("Europe/Paris", "2026-06-01", Days::Daily, &["09:00"]);
    let told = |cadence: &_| hand_offs(cadence, "2026-06-10T00:00Z", "2026-06-11T00:00Z");
    assert_eq!(told(&cadence), ["06-10 07:00"]);
    cadence.zone = Zone::named("asia/kolkata").unwrap();
    assert_eq!(told(&cadence), ["06-10 03:30"]);
    assert_eq!(cadence.zone.name(), "Asia/Kolkata");
}

#[test]
fn r18_a_zone_that_does_not_exist_is_none() {
    for name in [
        "",
        "Mars/Olympus",
        "Etc/Unknown",
        "Factory",
        "+02:00",
        "CEST",
        "../etc/passwd",
    ] {
        assert_eq!(Zone::named(name), None, "{name}");
    }
    let names = Zone::names();
    assert!(names.len() > 400, "{names:?}");
    for name in &names {
        assert_eq!(Zone::named(name).unwrap().name(), name);
    }
}

#[test]
fn r19_while_it_is_paused_nobody_is_on_duty_and_the_order_stays() {
    let mut team = daily();
    let turn = team
        .basis()
        .advanced(&team.begun("2026-06-01T08:00Z"), at("2026-06-02T12:00Z"));
    team.paused = true;
    team.add("dan", "2026-06-02T12:00Z", "2026-06-10T00:00Z");
    assert_eq!(
        team.planned_from(&turn, "2026-06-10T00:00Z"),
        ["06-02 12:00 paused"]
    );
    assert_eq!(
        team.basis().next_change(&turn, at("2026-06-10T00:00Z")),
        None
    );
    let turn = team.basis().advanced(&turn, at("2026-06-05T12:00Z"));
    team.paused = false;
    team.overrides.clear();
    assert_eq!(
        team.planned_from(&turn, "2026-06-06T12:00Z"),
        ["06-05 12:00 bob", "06-06 09:00 cy"]
    );
}

#[test]
fn whoever_is_on_duty_by_hand_stays_until_the_rota_begins_and_their_order_goes_on() {
    let team = daily();
    let now = at("2026-06-02T12:00Z");
    let duty = |name: &str| Duty {
        holder: member(name).holder(),
        since: Timestamp::from_millis(0),
        until: None,
    };
    let begun = |name| {
        let crew = Crew::new(team.members.clone(), vec![duty(name)]);
        let turn = team.basis().begin(&crew, now);
        team.planned_from(&turn, "2026-06-03T12:00Z")
    };
    assert_eq!(begun("bob"), ["06-02 12:00 bob", "06-03 09:00 cy"]);
    assert_eq!(begun("cy"), ["06-02 12:00 cy", "06-03 09:00 ann"]);
    // Somebody who takes no turns, too.
    assert_eq!(begun("eve"), ["06-02 12:00 eve", "06-03 09:00 ann"]);
}

#[test]
fn whoever_cannot_be_on_duty_is_owed_no_turn() {
    let mut team = daily();
    team.members[0].link = LinkState::Deactivated;
    assert_eq!(
        team.planned("2026-06-01T09:00Z", "2026-06-03T10:00Z"),
        ["06-01 09:00 bob", "06-02 09:00 cy", "06-03 09:00 bob"]
    );
}

/// When nobody is on duty who is to be, of what is told ahead at a moment.
fn next_gap(team: &Team, now: &str) -> Option<String> {
    let rotation = team.rotation(team.begun(now));
    let rota = rotation.plan.rota().unwrap();
    let (now, until) = (at(now), at(now).plus_seconds(14 * 24 * 3600));
    let known_until = rota.horizon(now);
    let stretches = rota.planned(&rotation.crew.members, team.duty_size, known_until);
    let foresight = Foresight::Shifts {
        stretches: &stretches,
        known_until,
    };
    let gap = foresight.next_gap(&rotation.plan, now, until)?;
    let end = gap.until.map(clock).unwrap_or_default();
    Some(format!("{} - {end}", clock(gap.from)))
}

#[test]
fn r13_hours_and_days_off_on_which_nobody_is_to_be_are_no_gap() {
    let mut team = daily();
    team.cadence.hours = Some(Hours {
        from: "09:00".parse().unwrap(),
        until: "17:00".parse().unwrap(),
    });
    team.cadence.off = weekends_off();
    team.cadence.on_days_off = OnDaysOff::Nobody;
    let staffed = |team: &Team, moment| {
        let rotation = team.rotation(team.begun("2026-06-01T09:00Z"));
        rotation.plan.is_staffed(at(moment))
    };
    for (moment, is_staffed) in [
        ("2026-06-01T08:59Z", false),
        ("2026-06-01T09:00Z", true),
        ("2026-06-01T17:00Z", false),
        ("2026-06-06T10:00Z", false),
        ("2026-06-07T10:00Z", false),
        ("2026-06-08T10:00Z", true),
    ] {
        assert_eq!(staffed(&team, moment), is_staffed, "{moment}");
    }
    assert_eq!(next_gap(&team, "2026-06-01T09:00Z"), None);
    // Where everybody is away it is one, as long as somebody is to be on duty.
    for name in ["ann", "bob", "cy"] {
        team.away(name, "2026-06-02T12:00Z", "2026-06-03T08:00Z");
    }
    let gap = next_gap(&team, "2026-06-01T09:00Z");
    assert_eq!(gap.as_deref(), Some("06-02 12:00 - 06-02 17:00"));
    let at_night = next_gap(&team, "2026-06-01T20:00Z");
    assert_eq!(at_night, gap);
}

#[test]
fn r19_nobody_is_missed_while_it_is_paused() {
    let mut team = daily();
    team.paused = true;
    let rotation = team.rotation(team.begun("2026-06-01T09:00Z"));
    assert!(!rotation.plan.is_staffed(at("2026-06-01T10:00Z")));
    assert_eq!(next_gap(&team, "2026-06-01T09:00Z"), None);
}
