//! Public holidays of countries and of parts of them, for some years, from a file that
//! `cargo xtask holidays` makes.

use crate::rota::{CountryDays, OwnDay, Weekdays};
use jiff::civil::{Date, Weekday};
use std::{collections::BTreeSet, ops::RangeInclusive, sync::LazyLock};

const FILE: &str = include_str!("holidays.txt");

static FILED: LazyLock<Filed> = LazyLock::new(|| Filed::read(FILE));

/// A country, or a part of one, whose holidays are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// As `DE`, or `DE-BY` for a part.
    pub code: &'static str,
    pub name: &'static str,
    weekend: &'static str,
    /// What it has in each of the years; of a part, what differs from its country.
    years: &'static str,
}

struct Filed {
    /// The release of the source that it was made from, so that later ones come later as text, and
    /// the FNV-1a hash of the file, in hexadecimal digits.
    version: String,
    first_year: i16,
    /// In the order of their codes, as bytes.
    regions: Vec<Region>,
}

impl Filed {
    fn read(file: &'static str) -> Self {
        let mut lines = file.lines().filter(|line| !line.starts_with('#'));
        let first_year = lines.next().and_then(|year| year.parse().ok());
        let mut regions: Vec<_> = lines.filter_map(region).collect();
        regions.sort_unstable_by_key(|region| region.code);
        let hash = file.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self {
            version: format!("{} {hash:016x}", release(file)),
            first_year: first_year.unwrap_or_default(),
            regions,
        }
    }
}

/// As the head of the file tells it: of `holidays 0.109`, `000000.000109`.
fn release(file: &str) -> String {
    let head = file.lines().take_while(|line| line.starts_with('#'));
    let mut words = head.flat_map(str::split_whitespace);
    let numbers = loop {
        match words.next() {
            Some("holidays") => {
                let next = words.next().unwrap_or_default().trim_end_matches(',');
                let numbers: Option<Vec<u32>> =
                    next.split('.').map(|number| number.parse().ok()).collect();
                if let Some(numbers) = numbers {
                    break numbers;
                }
            }
            Some(_) => {}
            None => break Vec::new(),
        }
    };
    let numbers: Vec<_> = numbers
        .iter()
        .map(|number| format!("{number:06}"))
        .collect();
    numbers.join(".")
}

fn region(line: &'static str) -> Option<Region> {
    let (code, rest) = line.split_once('|')?;
    let (name, rest) = rest.split_once('|')?;
    let (weekend, years) = match code.contains('-') {
        true => ("", rest),
        false => rest.split_once('|')?,
    };
    Some(Region {
        code,
        name,
        weekend,
        years,
    })
}

impl Region {
    /// The region with this code, in whatever case, or else the country with this name.
    pub fn named(text: &str) -> Option<Self> {
        let text = text.trim();
        let code = text.to_ascii_uppercase();
        let regions = &FILED.regions;
        let by_code = regions.binary_search_by_key(&code.as_str(), |region| region.code);
        let name = text.to_lowercase();
        let by_name = || {
            let mut countries = regions.iter().filter(|region| !region.is_part());
            countries.find(|region| region.name.to_lowercase() == name)
        };
        by_code
            .ok()
            .map(|place| &regions[place])
            .or_else(by_name)
            .copied()
    }

    /// All of them, each country before its parts.
    pub fn all() -> &'static [Self] {
        &FILED.regions
    }

    /// Another one wherever other holidays are known.
    pub fn data_version() -> &'static str {
        &FILED.version
    }

    /// The years whose holidays are known.
    pub fn years() -> RangeInclusive<i16> {
        let first = FILED.first_year;
        let years = FILED
            .regions
            .first()
            .map_or(0, |region| region.each_year().count());
        first..=first + i16::try_from(years).unwrap_or(0) - 1
    }

    pub fn is_part(&self) -> bool {
        self.code.contains('-')
    }

    /// As `Bavaria (DE-BY)`.
    pub fn in_words(&self) -> String {
        format!("{} ({})", self.name, self.code)
    }

    /// Its weekend and its holidays.
    pub fn days(&self) -> CountryDays {
        let country = self.country();
        let everywhere = country.dates();
        CountryDays {
            weekend: weekend(country.weekend),
            holidays: match self.is_part() {
                true => everywhere
                    .symmetric_difference(&self.dates())
                    .copied()
                    .collect(),
                false => everywhere,
            },
        }
    }

    /// The same with what a workspace has decided about it. What is decided about a part goes
    /// before what is about its country, and that before what is for all.
    pub fn days_with(&self, own: &[OwnDay]) -> CountryDays {
        let mut days = self.days();
        let everywhere = own.iter().filter(|day| day.off && day.region.is_none());
        days.holidays.extend(everywhere.map(|day| day.date));
        let part = self.is_part().then_some(*self);
        for of in std::iter::once(self.country()).chain(part) {
            let own = own.iter();
            for day in own.filter(|day| day.region.is_some_and(|region| region.code == of.code)) {
                if day.off {
                    days.holidays.insert(day.date);
                } else {
                    days.holidays.remove(&day.date);
                }
            }
        }
        days
    }

    /// Whether it is that region, or a part of it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.code == other.code || self.country().code == other.code
    }

    pub fn country(&self) -> Self {
        let code = self.code.split('-').next().unwrap_or(self.code);
        let regions = &FILED.regions;
        let place = regions.binary_search_by_key(&code, |region| region.code);
        place.map_or(*self, |place| regions[place])
    }

    fn each_year(&self) -> impl Iterator<Item = &'static str> {
        self.years.split('|')
    }

    /// The dates that its own line has.
    fn dates(&self) -> BTreeSet<Date> {
        let years = (FILED.first_year..).zip(self.each_year());
        let dates = years.flat_map(|(year, days)| {
            let days = days.as_bytes().chunks_exact(3);
            days.filter_map(move |day| date(year, day))
        });
        dates.collect()
    }
}

/// A month from `1` to `c`, and two digits.
fn date(year: i16, day: &[u8]) -> Option<Date> {
    let digit = |place: usize| char::from(day[place]).to_digit(13);
    let number = digit(1)? * 10 + digit(2)?;
    let month = i8::try_from(digit(0)?).ok()?;
    Date::new(year, month, i8::try_from(number).ok()?).ok()
}

fn weekend(days: &str) -> Weekdays {
    let days = days.chars().filter_map(|day| day.to_digit(10));
    let days = days.filter_map(|day| Weekday::from_monday_one_offset(i8::try_from(day).ok()?).ok());
    Weekdays::of(&days.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_release_of_the_source_is_a_later_version() {
        assert_eq!(
            release("# package holidays 0.109, which\n2025"),
            "000000.000109"
        );
        assert!(release("# holidays 0.98") < release("# holidays 0.109"));
        assert!(release("# holidays 0.109") < release("# holidays 1.2"));
        assert_eq!(release("# of the holidays that there are\n2025"), "");
        assert_ne!(release(FILE), "");
    }

    fn has(code: &str, date: &str) -> bool {
        let region = Region::named(code).unwrap();
        region.days().holidays.contains(&date.parse().unwrap())
    }

    #[test]
    fn holidays_of_a_country_and_of_its_parts_are_known() {
        assert!(has("DE", "2026-05-01"));
        assert!(has("DE", "2031-12-25"));
        assert!(!has("DE", "2026-01-06"));
        assert!(has("de-by", "2026-01-06"));
        assert!(has("DE-BY", "2026-05-01"));
        // Scotland has not what England has on Easter Monday.
        assert!(has("GB-ENG", "2026-04-06"));
        assert!(!has("GB-SCT", "2026-04-06"));
    }

    #[test]
    fn a_region_is_found_by_its_code_and_a_country_by_its_name() {
        for name in ["FR", " fr ", "france", "France"] {
            assert_eq!(Region::named(name).map(|region| region.code), Some("FR"));
        }
        for nowhere in ["", "Atlantis", "FR-", "XX"] {
            assert_eq!(Region::named(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn weekends_are_those_of_the_country() {
        let weekend = |code| Region::named(code).unwrap().days().weekend;
        assert_eq!(weekend("US-CA"), Weekdays::WEEKEND);
        let friday_and_saturday = [Weekday::Friday, Weekday::Saturday];
        assert_eq!(weekend("EG"), Weekdays::of(&friday_and_saturday));
    }

    #[test]
    fn other_data_have_another_version() {
        let version = |file| Filed::read(file).version;
        assert_eq!(version(FILE), Region::data_version());
        assert_eq!(version(""), " cbf29ce484222325");
        assert_ne!(version("2026"), version("2027"));
    }

    #[test]
    fn every_line_of_the_file_is_read_whole() {
        let years = Region::years().count();
        assert_eq!(years, 7);
        let lines = FILE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(Region::all().len() + 1, lines);
        for region in Region::all() {
            assert_eq!(region.each_year().count(), years, "{}", region.code);
            let written: usize = region.each_year().map(|days| days.len() / 3).sum();
            assert_eq!(region.dates().len(), written, "{}", region.code);
            assert!(region.is_part() || !region.days().holidays.is_empty());
        }
    }
}
