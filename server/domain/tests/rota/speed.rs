//! How long it takes to plan, by a rota as large as they are.

use crate::support::*;
use domain::rota::{Days, Hours, OnDaysOff};
use std::time::{Duration, Instant};

/// Of one rota, for eight weeks.
const PLANNED_WITHIN: Duration = Duration::from_millis(2);
/// How many times slower than a release the tests' own build may be.
const UNOPTIMISED: u32 = if cfg!(debug_assertions) { 6 } else { 1 };
const TRIES: usize = 20;

#[test]
fn eight_weeks_are_planned_within_two_milliseconds() {
    let names: Vec<String> = (0..30).map(|number| format!("p{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let times = ["08:00", "20:00"];
    let mut team = team(
        cadence("Europe/Paris", "2016-01-04", Days::Daily, &times),
        &names,
    );
    team.duty_size = 2;
    team.cadence.off = weekends_off();
    team.cadence.on_days_off = OnDaysOff::Nobody;
    team.cadence.hours = Some(Hours {
        from: "07:00".parse().unwrap(),
        until: "23:00".parse().unwrap(),
    });
    for (place, name) in names.iter().enumerate() {
        let day = format!("2026-06-{:02}T10:00Z", place % 28 + 1);
        let end = format!("2026-07-{:02}T10:00Z", place % 28 + 1);
        team.away(name, &day, &end);
        team.replace(name, "p0", &day, &end);
    }
    let turn = team.begun("2026-06-01T00:00Z");
    let until = at("2026-07-27T00:00Z");
    let mut fastest = Duration::MAX;
    for _ in 0..TRIES {
        let began = Instant::now();
        let segments = team.basis().segments(&turn, until);
        fastest = fastest.min(began.elapsed());
        assert!(segments.len() > 50, "{}", segments.len());
    }
    println!("eight weeks planned in {fastest:?}");
    assert!(fastest <= PLANNED_WITHIN * UNOPTIMISED, "{fastest:?}");
}
