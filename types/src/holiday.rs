//! Holidays of a workspace, as its admins choose them: days that its schedules have off besides
//! those that are known of countries, and days of countries that they do not have off. Dates are
//! text here: calendars stay out of the browser's download.

use crate::ShiftEffect;
use serde::{Deserialize, Serialize};

/// How many days of a workspace's own can be to come, those among them that countries have off and
/// its schedules do not.
pub const OWN_HOLIDAYS_MAX: usize = 400;
/// How far ahead such a day can be, in years.
pub const HOLIDAY_AHEAD_YEARS: i16 = 10;
pub const HOLIDAY_NAME_MAX_CHARS: usize = 60;

/// What becomes of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolidayKind {
    /// It is a holiday, be it one of the workspace's own or one of the country's that was removed
    /// before.
    #[default]
    Add,
    /// It is none.
    Remove,
}

/// The fields of the form, as somebody filled them in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidayInput {
    #[serde(default)]
    pub what: HolidayKind,
    /// `YYYY-MM-DD`.
    #[serde(default)]
    pub date: String,
    /// A country, or a part of one, by code or name; empty for all schedules that skip holidays.
    #[serde(default)]
    pub region: String,
    /// Of a day of the workspace's own.
    #[serde(default)]
    pub name: String,
    /// The day was not typed: it is one of those that are listed.
    #[serde(default)]
    pub listed: bool,
}

/// Until when holidays are known, where they are known until the end of this year.
pub fn holidays_known_until(year: i16) -> String {
    format!(
        "Holidays of countries are known until the end of {year}; later ones only as this workspace adds them."
    )
}

/// A field of [`HolidayInput`] that something can be said about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HolidayField {
    Date,
    Region,
    Name,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum HolidayProblem {
    /// Cause: The date does not exist, or is written in another way.
    #[error("Enter a date as year, month and day, such as 2026-12-24.")]
    Date,
    #[error(
        "This day is over, and what has been is not planned anew. Choose today or a later day."
    )]
    Over,
    #[error("This day is too far ahead. Choose one up to the end of {until}.")]
    TooFar { until: i16 },
    #[error("This day is a holiday there already. Choose another one.")]
    Already,
    #[error(
        "No holidays are known of “{0}”. Choose one of the countries, or all schedules that skip holidays."
    )]
    Region(String),
    /// Cause: Nothing was entered, or nothing that can be seen.
    #[error("Enter what the day is called, such as Company day.")]
    NoName,
    #[error(
        "This is too long for a name (at most {HOLIDAY_NAME_MAX_CHARS} characters). Shorten it."
    )]
    NameTooLong,
    #[error("This holds characters that cannot be shown. Type it anew instead of pasting it.")]
    NameUnprintable,
}

/// Why the holidays were not changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum HolidayRefusal {
    /// Remedy: Each of these fields says beside it what it needs.
    #[error("Some fields of the holiday need another look.")]
    Fields(Vec<(HolidayField, HolidayProblem)>),
    /// What is wrong with a listed day, which has no fields.
    #[error("{0}")]
    Day(HolidayProblem),
    #[error(
        "The workspace has {OWN_HOLIDAYS_MAX} days of its own to come, and no more fit. Remove some first, or wait until the next ones are over."
    )]
    TooMany,
    /// Remedy: none is needed: nothing was changed.
    #[error("This day is no holiday there any more: it was removed meanwhile.")]
    Gone,
}

/// What a change of the holidays would bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidayPreview {
    /// The change, for whoever then makes it.
    pub input: HolidayInput,
    /// What it says, as a sentence without its full stop.
    pub words: String,
    /// Up to which date it was looked, in words.
    pub until: String,
    /// The day is not later than that.
    pub looked: bool,
    /// In how many rotations how many shifts change hands by then.
    pub rotations: u32,
    pub shifts: u32,
    /// The first of these rotations, by name.
    pub effects: Vec<ShiftEffect>,
}

/// What a change of the holidays came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HolidaySet {
    Changed {
        /// As in [`HolidayInput`].
        listed: bool,
    },
    /// Nothing was saved.
    Previewed(Box<HolidayPreview>),
}

/// A day about which the workspace has decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidayView {
    /// `YYYY-MM-DD`, and the same in words.
    pub date: String,
    pub day: String,
    /// A code, and the country in words; empty, and absent, for all schedules that skip holidays.
    pub region: String,
    pub country: Option<String>,
    /// Empty where it is one of the country's own.
    pub name: String,
    /// What has been cannot be changed.
    pub over: bool,
}

/// The holidays that the workspace's schedules skip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidaysView {
    /// Of which year those of the countries are, and of which years they can be asked for.
    pub year: i16,
    pub years: Vec<i16>,
    /// The last year of which those of countries are known.
    pub known_until: i16,
    /// The days of the workspace's own that are not over, and those that countries have off and its
    /// schedules do not, by date.
    pub added: Vec<HolidayView>,
    pub removed: Vec<HolidayView>,
    /// Those that the countries have off in that year, by country and date.
    pub known: Vec<HolidayView>,
    /// The countries of the schedules, and parts of them, by code and in words.
    pub regions: Vec<(String, String)>,
}
