//! What a workspace decides about holidays: days that its schedules have off besides those that
//! are known of countries, and days of countries that they work.

use crate::rota::{Days, Region, Zone, input::shortened};
use jiff::civil::Date;
use types::{
    HOLIDAY_AHEAD_YEARS, HOLIDAY_NAME_MAX_CHARS, HolidayField, HolidayInput, HolidayKind,
    HolidayProblem, HolidayRefusal, OWN_HOLIDAYS_MAX, Timestamp, is_invisible,
};

/// A day about which a workspace has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnDay {
    pub date: Date,
    /// Absent where it is for all rotas that have holidays off.
    pub region: Option<Region>,
    /// It is a holiday there; else it is none, whatever is known of the region.
    pub off: bool,
}

/// The same with what it is called; one that is none has no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnHoliday {
    pub day: OwnDay,
    pub name: String,
}

/// What is to become of what a workspace has decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HolidayWrite {
    Put(OwnHoliday),
    /// What is known of the region holds again.
    Drop(OwnDay),
}

impl OwnDay {
    /// Whether both are about the same day of the same place.
    pub fn is_about(&self, date: Date, region: Option<Region>) -> bool {
        let code = |region: Option<Region>| region.map(|region| region.code);
        self.date == date && code(self.region) == code(region)
    }

    /// As `Thursday, 24 December 2026, in Germany (DE)`.
    pub fn in_words(&self) -> String {
        let day = self.date.strftime("%A, %-d %B %Y");
        match self.region {
            Some(region) => format!("{day}, in {}", region.in_words()),
            None => format!("{day}, everywhere"),
        }
    }

    /// Those of the regions in which it counts, and that have the day otherwise all the same where it is
    /// decided to be off, or not, and this is all that is: what is said of a country goes before what is
    /// said for all.
    pub fn exceptions(&self, off: bool, own: &[Self], regions: &[Region]) -> Vec<Region> {
        let counts = |region: &&Region| self.region.is_none_or(|of| region.is_within(&of));
        let has_otherwise =
            |region: &&Region| region.days_with(own).holidays.contains(&self.date) != off;
        let regions = regions.iter().filter(counts).filter(has_otherwise);
        regions.copied().collect()
    }
}

impl HolidayWrite {
    /// The day that it is about.
    pub fn day(&self) -> &OwnDay {
        match self {
            Self::Put(holiday) => &holiday.day,
            Self::Drop(day) => day,
        }
    }

    /// Whether the day is a holiday by it.
    pub fn makes_off(&self) -> bool {
        match self {
            Self::Put(holiday) => holiday.day.off,
            Self::Drop(day) => !day.off,
        }
    }

    /// What the workspace has decided after it, by date.
    pub fn applied(&self, present: &[OwnHoliday]) -> Vec<OwnDay> {
        let changed = self.day();
        let mut days: Vec<_> = present.iter().map(|holiday| holiday.day).collect();
        days.retain(|day| !day.is_about(changed.date, changed.region));
        if let Self::Put(holiday) = self {
            days.push(holiday.day);
        }
        days.sort_by_key(|day| (day.date, day.region.map(|region| region.code)));
        days
    }
}

/// For how long days that are over are kept in any case.
const KEPT_SECONDS: i64 = 2 * 366 * 24 * 3600;
/// What a day is called that is put back and that nothing is known of any more.
const PUT_BACK: &str = "Holiday";

/// The change that was filled in when it was `today`, where `present` is what was decided before, or
/// everything that is wrong with it. What is wrong with a day that was not typed is told of it as a
/// whole: there is no field to tell it at.
pub fn typed_holiday(
    input: &HolidayInput,
    present: &[OwnHoliday],
    today: Date,
) -> Result<HolidayWrite, HolidayRefusal> {
    checked(input, present, today).map_err(|refusal| match refusal {
        HolidayRefusal::Fields(problems) if input.listed => problems
            .first()
            .cloned()
            .map_or(HolidayRefusal::Gone, |(_, problem)| {
                HolidayRefusal::Day(problem)
            }),
        refusal => refusal,
    })
}

fn checked(
    input: &HolidayInput,
    present: &[OwnHoliday],
    today: Date,
) -> Result<HolidayWrite, HolidayRefusal> {
    let mut problems = Vec::new();
    let date = date(&input.date, today).map_err(|problem| {
        problems.push((HolidayField::Date, problem));
    });
    let region = region(&input.region).map_err(|problem| {
        problems.push((HolidayField::Region, problem));
    });
    let (Ok(date), Ok(region)) = (date, region) else {
        if input.what == HolidayKind::Add
            && let Err(problem) = name(&input.name)
        {
            problems.push((HolidayField::Name, problem));
        }
        return Err(HolidayRefusal::Fields(problems));
    };
    let own: Vec<_> = present.iter().map(|holiday| holiday.day).collect();
    let mut same = own.iter().filter(|day| day.is_about(date, region));
    let decided = same.next().copied();
    let wrong = |field, problem| Err(HolidayRefusal::Fields(vec![(field, problem)]));
    let is_off = |own: &[OwnDay]| match region {
        Some(region) => region.days_with(own).holidays.contains(&date),
        None => own.iter().any(|day| day.off && day.is_about(date, None)),
    };
    let put = |off, name| {
        let others = own.iter().filter(|day| !day.is_about(date, region));
        if others.filter(|day| day.date >= today).count() >= OWN_HOLIDAYS_MAX {
            return Err(HolidayRefusal::TooMany);
        }
        let day = OwnDay { date, region, off };
        Ok(HolidayWrite::Put(OwnHoliday { day, name }))
    };
    let off = match (input.what, is_off(&own)) {
        (HolidayKind::Add, true) => return wrong(HolidayField::Date, HolidayProblem::Already),
        (HolidayKind::Remove, false) => return Err(HolidayRefusal::Gone),
        (HolidayKind::Add, false) => true,
        (HolidayKind::Remove, true) => false,
    };
    // It is enough to drop what was decided where the day is then as it is asked for: what is known
    // of the country may have changed since, and what is for all holds in each.
    let dropped = decided.map(HolidayWrite::Drop);
    if let Some(dropped) = dropped.filter(|write| is_off(&write.applied(present)) == off) {
        return Ok(dropped);
    }
    if !off {
        return put(false, String::new());
    }
    match name(&input.name) {
        Ok(name) => put(true, name),
        // Whoever puts a day back types no name.
        Err(HolidayProblem::NoName) if decided.is_some() => put(true, PUT_BACK.to_owned()),
        Err(problem) => wrong(HolidayField::Name, problem),
    }
}

/// From which date on it is needed what a workspace has decided about holidays, where its schedules go by
/// such days and began then. Only those that count working days count them since they began. Nothing where
/// that is not known, as of one that this version cannot read.
pub fn holidays_needed_from(
    schedules: impl IntoIterator<Item = Option<(Days, Date)>>,
    now: Timestamp,
) -> Option<Date> {
    let mut needed = Zone::UTC.civil(now.plus_seconds(-KEPT_SECONDS)).date();
    for schedule in schedules {
        let (days, starts_on) = schedule?;
        if matches!(days, Days::Working { .. }) {
            needed = needed.min(starts_on);
        }
    }
    Some(needed)
}

fn date(text: &str, today: Date) -> Result<Date, HolidayProblem> {
    let date = Date::strptime("%Y-%m-%d", text.trim()).map_err(|_| HolidayProblem::Date)?;
    let until = today.year() + HOLIDAY_AHEAD_YEARS;
    if date < today {
        Err(HolidayProblem::Over)
    } else if date.year() > until {
        Err(HolidayProblem::TooFar { until })
    } else {
        Ok(date)
    }
}

fn region(text: &str) -> Result<Option<Region>, HolidayProblem> {
    match text.trim() {
        "" => Ok(None),
        text => Region::named(text)
            .map(Some)
            .ok_or_else(|| HolidayProblem::Region(shortened(text))),
    }
}

fn name(text: &str) -> Result<String, HolidayProblem> {
    let name = text.trim();
    if name.chars().all(is_invisible) {
        Err(HolidayProblem::NoName)
    } else if name.chars().count() > HOLIDAY_NAME_MAX_CHARS {
        Err(HolidayProblem::NameTooLong)
    } else if name.chars().any(char::is_control) {
        Err(HolidayProblem::NameUnprintable)
    } else {
        Ok(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 3, 1);

    fn day(date: &str, region: &str, off: bool) -> OwnDay {
        OwnDay {
            date: date.parse().unwrap(),
            region: Region::named(region),
            off,
        }
    }

    fn called(day: OwnDay, name: &str) -> OwnHoliday {
        OwnHoliday {
            day,
            name: name.to_owned(),
        }
    }

    fn input(what: HolidayKind, date: &str, region: &str) -> HolidayInput {
        HolidayInput {
            what,
            date: date.to_owned(),
            region: region.to_owned(),
            name: "Company day".to_owned(),
            listed: false,
        }
    }

    fn has(region: &str, own: &[OwnDay], date: &str) -> bool {
        let days = Region::named(region).unwrap().days_with(own);
        days.holidays.contains(&date.parse().unwrap())
    }

    #[test]
    fn days_of_a_country_hold_in_its_parts_and_not_the_other_way_round() {
        let own = [
            day("2026-05-01", "DE", false),
            day("2026-08-10", "DE-BY", true),
            day("2026-09-01", "", true),
        ];
        for (region, may_day, of_the_part) in [
            ("DE", false, false),
            ("DE-BY", false, true),
            ("FR", true, false),
        ] {
            assert_eq!(has(region, &own, "2026-05-01"), may_day, "{region}");
            assert_eq!(has(region, &own, "2026-08-10"), of_the_part, "{region}");
            assert!(has(region, &own, "2026-09-01"), "{region}");
        }
    }

    #[test]
    fn what_is_decided_about_a_part_goes_before_what_is_about_its_country() {
        let mut own = vec![
            day("2026-05-01", "DE-BY", true),
            day("2026-05-01", "DE", false),
        ];
        for _ in 0..2 {
            assert!(has("DE-BY", &own, "2026-05-01"));
            assert!(!has("DE-BE", &own, "2026-05-01"));
            own.reverse();
        }
    }

    #[test]
    fn a_day_is_added_removed_and_put_back() {
        use HolidayKind::{Add, Remove};
        let own = called(day("2026-09-01", "", true), "Company day");
        let added = typed_holiday(&input(Add, " 2026-09-01 ", ""), &[], TODAY);
        assert_eq!(added, Ok(HolidayWrite::Put(own.clone())));
        let present = std::slice::from_ref(&own);
        let removed = typed_holiday(&input(Remove, "2026-09-01", ""), present, TODAY);
        assert_eq!(removed, Ok(HolidayWrite::Drop(own.day)));
        let may_day = called(day("2026-05-01", "FR", false), "");
        let off = typed_holiday(&input(Remove, "2026-05-01", "france"), &[], TODAY).unwrap();
        assert_eq!(off, HolidayWrite::Put(may_day.clone()));
        assert_eq!(off.applied(present), [may_day.day, own.day]);
        let decided = [may_day.clone()];
        let back = typed_holiday(&input(Add, "2026-05-01", "FR"), &decided, TODAY).unwrap();
        assert_eq!(back, HolidayWrite::Drop(may_day.day));
        assert!(back.makes_off() && back.applied(&decided).is_empty());
        let again = typed_holiday(&input(Remove, "2026-05-01", "FR"), &decided, TODAY);
        assert_eq!(again, Err(HolidayRefusal::Gone));
    }

    #[test]
    fn a_day_that_is_dropped_for_all_stays_one_where_a_country_has_it() {
        let regions = ["DE", "DE-BY", "FR"].map(|code| Region::named(code).unwrap());
        let codes = |day: OwnDay, off, own: &[OwnDay]| {
            let exceptions = day.exceptions(off, own, &regions);
            let codes = exceptions.iter().map(|region| region.code);
            codes.collect::<Vec<_>>()
        };
        let none: [&str; 0] = [];
        // The first of May is a holiday of both; the eighth is one of France.
        let may_day = day("2026-05-01", "", true);
        assert_eq!(codes(may_day, false, &[]), ["DE", "DE-BY", "FR"]);
        assert_eq!(codes(day("2026-05-08", "", true), false, &[]), ["FR"]);
        assert_eq!(codes(day("2026-09-01", "", true), false, &[]), none);
        // One that is added for all is worked where that was decided.
        let all = day("2026-09-01", "", true);
        let works = [all, day("2026-09-01", "DE", false)];
        assert_eq!(codes(all, true, &works), ["DE", "DE-BY"]);
        assert_eq!(codes(all, true, &[all]), none);
        // What is dropped of a country may be a holiday of its part.
        let of_both = [day("2026-09-01", "DE-BY", true)];
        let of_country = day("2026-09-01", "DE", true);
        assert_eq!(codes(of_country, false, &of_both), ["DE-BY"]);
    }

    #[test]
    fn a_day_is_as_it_was_asked_for_whatever_else_is_known_of_it() {
        use HolidayKind::{Add, Remove};
        let all = called(day("2026-09-01", "", true), "Company day");
        let own = called(day("2026-09-01", "DE", true), "Our day");
        let known = called(day("2026-05-01", "DE", true), "May day");
        let stale = called(day("2026-09-02", "DE", false), "");
        for (what, date, region, present) in [
            // What is for all, or for the country, has it.
            (Remove, "2026-09-01", "DE", vec![all.clone()]),
            (
                Remove,
                "2026-09-01",
                "DE-BY",
                vec![all.clone(), own.clone()],
            ),
            // So do they where the workspace has added it there as well.
            (Remove, "2026-09-01", "DE", vec![all.clone(), own]),
            (Remove, "2026-05-01", "DE", vec![known]),
            // It was removed, and the country has it no longer.
            (Add, "2026-09-02", "DE", vec![stale.clone()]),
        ] {
            for name in ["Company day", ""] {
                let asked = HolidayInput {
                    name: name.to_owned(),
                    ..input(what, date, region)
                };
                let write = typed_holiday(&asked, &present, TODAY).unwrap();
                let applied = write.applied(&present);
                assert_eq!(has(region, &applied, date), what == Add, "{write:?}");
                assert_eq!(write.makes_off(), what == Add);
            }
        }
        // It stays so where it is for all, and comes back with a name or without.
        let removed = [all.day, day("2026-09-01", "DE", false)];
        assert!(!has("DE", &removed, "2026-09-01") && has("FR", &removed, "2026-09-01"));
        let back = input(Add, "2026-09-01", "DE");
        let present = [all, called(removed[1], "")];
        let back = typed_holiday(&back, &present, TODAY);
        assert_eq!(back, Ok(HolidayWrite::Drop(removed[1])));
    }

    #[test]
    fn what_is_wrong_with_a_listed_day_is_told_as_a_whole() {
        let over = HolidayInput {
            listed: true,
            ..input(HolidayKind::Remove, "2026-02-28", "")
        };
        let refused = typed_holiday(&over, &[], TODAY);
        assert_eq!(refused, Err(HolidayRefusal::Day(HolidayProblem::Over)));
    }

    #[test]
    fn days_that_make_no_sense_are_refused_by_field() {
        use HolidayKind::Add;
        let own = [called(day("2026-09-01", "", true), "Company day")];
        let until = 2026 + HOLIDAY_AHEAD_YEARS;
        for (date, problem) in [
            ("2026-02-30", HolidayProblem::Date),
            ("tomorrow", HolidayProblem::Date),
            ("", HolidayProblem::Date),
            ("2026-02-28", HolidayProblem::Over),
            ("2037-01-01", HolidayProblem::TooFar { until }),
            ("2026-09-01", HolidayProblem::Already),
        ] {
            let refused = typed_holiday(&input(Add, date, ""), &own, TODAY);
            let expected = HolidayRefusal::Fields(vec![(HolidayField::Date, problem)]);
            assert_eq!(refused, Err(expected), "{date}");
        }
        // What is a holiday of a country, or everywhere, is one of its parts.
        for (date, region) in [("2026-05-01", "DE-BY"), ("2026-09-01", "FR")] {
            let refused = typed_holiday(&input(Add, date, region), &own, TODAY);
            let expected = vec![(HolidayField::Date, HolidayProblem::Already)];
            assert_eq!(refused, Err(HolidayRefusal::Fields(expected)));
        }
        let nameless = HolidayInput {
            name: "\u{200b} ".to_owned(),
            ..input(Add, "2026-02-30", "Atlantis")
        };
        let expected = vec![
            (HolidayField::Date, HolidayProblem::Date),
            (
                HolidayField::Region,
                HolidayProblem::Region("Atlantis".to_owned()),
            ),
            (HolidayField::Name, HolidayProblem::NoName),
        ];
        let refused = typed_holiday(&nameless, &own, TODAY);
        assert_eq!(refused, Err(HolidayRefusal::Fields(expected)));
    }

    #[test]
    fn days_are_needed_for_two_years_and_where_working_days_are_counted_since_then() {
        use crate::Rotation;
        use crate::{
            Plan,
            rota::{FilledIn, Rota},
            rotation::examples::rotation,
        };
        use types::{RotaInput, RotaKind};
        let now = Zone::UTC.planned(TODAY.at(12, 0, 0, 0));
        let scheduled = |kind, starts_on: &str| {
            let input = RotaInput {
                kind,
                every: "1".to_owned(),
                times: "9:00".to_owned(),
                zone: "UTC".to_owned(),
                starts_on: starts_on.to_owned(),
                holidays: "FR".to_owned(),
                ..RotaInput::default()
            };
            let mut rotation = rotation(&["ann"]);
            let terms = FilledIn::checked(&input, now).unwrap().terms;
            let rota = Rota::begun(terms, &rotation, now);
            rotation.plan = Plan::Scheduled(Box::new(rota));
            rotation
        };
        let needed = |rotations: &[Rotation]| {
            let schedules = rotations.iter().map(|rotation| {
                let cadence = &rotation.plan.rota()?.terms.cadence;
                Some((cadence.days, cadence.starts_on))
            });
            holidays_needed_from(schedules, now).map(|date| date.to_string())
        };
        let two_years = Some("2024-02-28".to_owned());
        let daily = scheduled(RotaKind::Daily, "2020-01-01");
        assert_eq!(needed(&[]), two_years);
        assert_eq!(needed(std::slice::from_ref(&daily)), two_years);
        let young = scheduled(RotaKind::Working, "2026-01-01");
        assert_eq!(needed(&[daily.clone(), young]), two_years);
        let old = scheduled(RotaKind::Working, "2021-01-01");
        assert_eq!(needed(&[old, daily]).as_deref(), Some("2021-01-01"));
        assert_eq!(needed(&[rotation(&["ann"])]), None);
    }

    #[test]
    fn so_many_days_fit_and_those_that_are_over_do_not_count() {
        let dates = TODAY.series(jiff::Span::new().days(1));
        let coming: Vec<_> = dates.take(OWN_HOLIDAYS_MAX).collect();
        let own = |date| OwnHoliday {
            day: OwnDay {
                date,
                region: None,
                off: true,
            },
            name: "Day".to_owned(),
        };
        let mut full: Vec<_> = coming.into_iter().map(own).collect();
        let add = input(HolidayKind::Add, "2029-01-01", "");
        let refused = typed_holiday(&add, &full, TODAY);
        assert_eq!(refused, Err(HolidayRefusal::TooMany));
        full[0] = own(Date::constant(2026, 2, 1));
        assert!(typed_holiday(&add, &full, TODAY).is_ok());
    }
}
