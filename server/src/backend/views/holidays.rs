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
        words: match off {
            true => format!("A holiday: {day}"),
            false => format!("No holiday: {day}"),
        },
        until: until.strftime("%-d %B %Y").to_string(),
        looked,
        rotations: count(moved.len()),
        shifts: count(shifts),
        effects: moved.into_iter().take(TOLD).map(effect).collect(),
    }
}
