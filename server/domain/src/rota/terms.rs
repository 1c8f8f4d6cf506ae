//! What somebody has decided about a rota. Which days are off follows from it by the holidays
//! that are known, so these can be made anew.

use crate::rota::{Cadence, DaysOff, OwnDay, PassedOver, Region, Weekdays};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// What somebody has decided about a rota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Its days off are those of `skips`.
    pub cadence: Cadence,
    pub skips: Skips,
    pub passed_over: PassedOver,
    pub paused: bool,
}

/// Which days are off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skips {
    /// Saturdays and Sundays, or the weekends of the regions where there are any.
    pub weekends: bool,
    /// Their holidays.
    pub regions: Vec<Region>,
    /// What its workspace has decided about the holidays of these regions.
    pub own: Vec<OwnDay>,
    /// Days of its own.
    pub dates: BTreeSet<Date>,
}

impl Terms {
    /// The same where the workspace has decided this about holidays.
    #[must_use]
    pub fn with_holidays(self, own: &[OwnDay]) -> Self {
        let skips = self.skips.with_own(own);
        Self {
            cadence: Cadence {
                off: skips.days_off(),
                ..self.cadence
            },
            skips,
            ..self
        }
    }
}

impl Skips {
    /// The same with those of these days that are about its regions.
    #[must_use]
    pub fn with_own(self, own: &[OwnDay]) -> Self {
        let own = own.iter().filter(|day| self.is_concerned_by(day));
        let mut own: Vec<_> = own.copied().collect();
        own.sort_by_key(|day| (day.date, day.region.map(|region| region.code)));
        Self { own, ..self }
    }

    /// Whether a day about which a workspace decides counts here: one for all does wherever
    /// holidays are skipped.
    pub fn is_concerned_by(&self, day: &OwnDay) -> bool {
        let mut regions = self.regions.iter();
        regions.any(|region| day.region.is_none_or(|of| region.is_within(&of)))
    }

    pub fn days_off(&self) -> DaysOff {
        let regions = self.regions.iter();
        let regions: Vec<_> = regions.map(|region| region.days_with(&self.own)).collect();
        let mut off = DaysOff::of_countries(&regions);
        off.weekend = match (self.weekends, regions.is_empty()) {
            (false, _) => Weekdays::default(),
            (true, true) => Weekdays::WEEKEND,
            (true, false) => off.weekend,
        };
        off.dates.extend(&self.dates);
        off
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn off(weekends: bool, regions: &[&str], date: &str) -> bool {
        let regions = regions.iter().filter_map(|code| Region::named(code));
        let skips = Skips {
            weekends,
            regions: regions.collect(),
            own: Vec::new(),
            dates: ["2026-03-03".parse().unwrap()].into(),
        };
        skips.days_off().includes(date.parse().unwrap())
    }

    #[test]
    fn weekends_are_saturday_and_sunday_unless_a_country_has_others() {
        let (friday, sunday) = ("2026-06-05", "2026-06-07");
        assert!(off(true, &[], sunday) && !off(true, &[], friday));
        assert!(off(true, &["EG"], friday) && !off(true, &["EG"], sunday));
        assert!(off(true, &["EG", "FR"], sunday));
        assert!(!off(false, &["FR"], sunday));
    }

    #[test]
    fn holidays_and_days_of_its_own_are_off_whether_or_not_weekends_are() {
        for weekends in [false, true] {
            assert!(off(weekends, &["FR"], "2026-07-14"));
            assert!(!off(weekends, &["DE"], "2026-07-14"));
            assert!(off(weekends, &[], "2026-03-03"));
        }
    }
}
