//! The holidays of the workspace.

use crate::actions::holidays::{Effects, Holidays};
use domain::rota::{OwnDay, OwnHoliday, Region};
use jiff::civil::Date;
use types::{HolidayInput, HolidayPreview, HolidayView, HolidaysView, ShiftEffect};

/// Of how many rotations it is told which shifts change hands.
const TOLD: usize = 5;

pub(in crate::backend) fn holidays(shown: &Holidays, year: &str) -> HolidaysView {
    let Holidays {
        today,
        own,
        regions,
    } = shown;
    let known = Region::years();
    let years: Vec<_> = (today.year()..=*known.end()).collect();
    let asked = year.parse().ok().filter(|year| years.contains(year));
    let year = asked.unwrap_or(today.year());
    let days: Vec<_> = own.iter().map(|holiday| holiday.day).collect();
    let coming = |off| {
        let own = own.iter();
        let coming =
            own.filter(move |holiday| holiday.day.off == off && holiday.day.date >= *today);
        coming.map(|holiday| of_own(holiday, *today)).collect()
    };
    HolidaysView {
        year,
        years,
        known_until: *known.end(),
        added: coming(true),
        removed: coming(false),
        known: regions
            .iter()
            .flat_map(|region| of_region(region, &days, (year, *today)))
            .collect(),
        regions: choices(regions),
    }
}

fn of_own(holiday: &OwnHoliday, today: Date) -> HolidayView {
    let OwnDay { date, region, .. } = holiday.day;
    HolidayView {
        name: holiday.name.clone(),
        ..view(date, region, today)
    }
}

/// What a region has off in a year and the workspace has, too.
fn of_region(region: &Region, own: &[OwnDay], (year, today): (i16, Date)) -> Vec<HolidayView> {
    let kept = region.days_with(own).holidays;
    let known = region.days().holidays.into_iter();
    let known = known.filter(|date| date.year() == year && kept.contains(date));
    known.map(|date| view(date, Some(*region), today)).collect()
}

fn view(date: Date, region: Option<Region>, today: Date) -> HolidayView {
    HolidayView {
        date: date.to_string(),
        day: date.strftime("%A, %-d %B %Y").to_string(),
        region: region.map_or("", |region| region.code).to_owned(),
        country: region.map(|region| region.in_words()),
        name: String::new(),
        over: date < today,
    }
}

/// The regions with the countries of which they are parts.
fn choices(regions: &[Region]) -> Vec<(String, String)> {
    let with_country = |region: &Region| [region.country(), *region];
    let mut choices: Vec<_> = regions.iter().flat_map(with_country).collect();
    choices.sort_by_key(|region| region.code);
    choices.dedup();
    let choice = |region: Region| (region.code.to_owned(), region.in_words());
    choices.into_iter().map(choice).collect()
}

pub(in crate::backend) fn holiday_preview(input: HolidayInput, effects: Effects) -> HolidayPreview {
    let Effects {
        day,
        off,
        except,
        until,
        looked,
        moved,
    } = effects;
    let shifts: usize = moved.iter().map(|(_, shifted)| shifted.moved).sum();
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let effect = |(name, shifted): (String, domain::rota::Shifted)| ShiftEffect {
        name,
        gained: shifted.gained,
        lost: shifted.lost,
        nobody: shifted.nobody,
    };
    HolidayPreview {
        input,
        words: words(&day, off, &except),
        until: until.strftime("%-d %B %Y").to_string(),
        looked,
        rotations: count(moved.len()),
        shifts: count(shifts),
        effects: moved.into_iter().take(TOLD).map(effect).collect(),
    }
}

/// As `No holiday: Friday, 1 May 2026, everywhere but in France (FR), where it stays one`.
fn words(day: &str, off: bool, except: &[Region]) -> String {
    let what = if off { "A holiday" } else { "No holiday" };
    let names: Vec<_> = except.iter().map(Region::in_words).collect();
    let places = match names.as_slice() {
        [] => return format!("{what}: {day}"),
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    };
    let there = if off { "it is worked" } else { "it stays one" };
    format!("{what}: {day} but in {places}, where {there}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_day_is_otherwise_is_said() {
        let regions = ["DE", "DE-BY", "FR"].map(|code| Region::named(code).unwrap());
        let day = "Friday, 1 May 2026, everywhere";
        for (off, except, expected) in [
            (true, 0, "A holiday: Friday, 1 May 2026, everywhere"),
            (false, 0, "No holiday: Friday, 1 May 2026, everywhere"),
            (
                true,
                1,
                "A holiday: Friday, 1 May 2026, everywhere but in Germany (DE), where it is worked",
            ),
            (
                false,
                3,
                "No holiday: Friday, 1 May 2026, everywhere but in Germany (DE), Bayern (DE-BY) and France \
                 (FR), where it stays one",
            ),
        ] {
            assert_eq!(words(day, off, &regions[..except]), expected);
        }
    }
}
