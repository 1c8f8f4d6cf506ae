//! A rotation's own schedule, called a rota, as a form asks for it and a page shows it. Dates,
//! times and zones are text here: calendars stay out of the browser's download.

use crate::{DUTY_SIZE_MAX, Stretch, WhichOne};
use serde::{Deserialize, Serialize};

/// How often duty changes hands at most: every so many weeks, months or working days.
pub const ROTA_EVERY_MAX: u16 = 52;
/// How many times a day duty changes hands at most.
pub const ROTA_TIMES_MAX: usize = 24;
/// Of how many countries, or parts of them, a rota has the holidays off at most.
pub const ROTA_REGIONS_MAX: usize = 10;
/// How many days off of its own a rota has at most.
pub const ROTA_DAYS_OFF_MAX: usize = 100;

/// On which days duty changes hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotaKind {
    #[default]
    Daily,
    /// Every so many working days.
    Working,
    /// Every so many weeks.
    Weekly,
    /// On a day of every so manieth month.
    Monthly,
    /// On, say, the third Tuesday of every so manieth month.
    NthWeekday,
    /// On some days of each week.
    Custom,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    #[default]
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Who is on duty on a day off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOff {
    /// Whoever was before.
    #[default]
    StaysOn,
    Nobody,
}

/// What becomes of the turn of somebody who is away when it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenAway {
    /// They are the first at the next hand-off.
    #[default]
    IsNext,
    LosesTurn,
}

/// The fields of the form, as somebody filled them in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotaInput {
    #[serde(default)]
    pub kind: RotaKind,
    /// Of the kinds that have one.
    #[serde(default)]
    pub weekday: Weekday,
    /// Of [`RotaKind::Custom`].
    #[serde(default)]
    pub days: Vec<Weekday>,
    /// Of [`RotaKind::Monthly`] the day, and of [`RotaKind::NthWeekday`] which one of the month:
    /// numbers as text, since a form can hold anything.
    #[serde(default)]
    pub day: String,
    #[serde(default)]
    pub nth: String,
    #[serde(default)]
    pub every: String,
    /// `HH:MM`, with commas or spaces between several.
    #[serde(default)]
    pub times: String,
    /// A name of the IANA data.
    #[serde(default)]
    pub zone: String,
    /// `YYYY-MM-DD`; today where it is empty.
    #[serde(default)]
    pub starts_on: String,
    /// Where clocks show the first time of the start date twice.
    #[serde(default)]
    pub starts_which: WhichOne,
    /// `HH:MM`, both or neither: from when until when somebody is on duty each day.
    #[serde(default)]
    pub from: String,
    #[serde(default)]
    pub until: String,
    /// Saturdays and Sundays, or what the countries have instead, are days off.
    #[serde(default)]
    pub weekends: bool,
    /// Countries by name or code, and parts of them by code, with commas between them. Their
    /// holidays are days off.
    #[serde(default)]
    pub holidays: String,
    /// One more country, by its code; empty for none.
    #[serde(default)]
    pub country: String,
    /// `YYYY-MM-DD`, with commas or spaces between several.
    #[serde(default)]
    pub days_off: String,
    #[serde(default)]
    pub on_days_off: DayOff,
    #[serde(default)]
    pub when_away: WhenAway,
    #[serde(default)]
    pub duty_size: String,
    #[serde(default)]
    pub paused: bool,
    /// The version of the rotation that the form began with; empty where nobody looked.
    #[serde(default)]
    pub version: String,
}

/// A field of [`RotaInput`] that something can be said about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RotaField {
    Days,
    Day,
    Nth,
    Every,
    Times,
    Zone,
    StartsOn,
    Hours,
    Holidays,
    DaysOff,
    DutySize,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum RotaProblem {
    /// Cause: No day of the week was chosen.
    #[error("Choose at least one day.")]
    NoDays,
    /// Cause: The day of the month is no number, or out of bounds.
    #[error("Enter a day of the month from 1 to 31.")]
    Day,
    /// Cause: Which weekday of the month is meant is no number, or out of bounds.
    #[error("Choose the first to the fifth.")]
    Nth,
    /// Cause: The number of weeks, months or working days is no number, or out of bounds.
    #[error("Enter a whole number from 1 to {ROTA_EVERY_MAX}.")]
    Every,
    /// Cause: What was typed are no times of day, or none was.
    #[error("Enter times of day from 00:00 to 23:59, such as 09:00. Put a comma between several.")]
    Times,
    /// Cause: More times of day were typed than a day has hours.
    #[error("Enter at most {ROTA_TIMES_MAX} times of day.")]
    TooManyTimes,
    #[error(
        "There is no time zone of this name. Enter one by continent and city, such as Europe/Paris, or UTC."
    )]
    Zone,
    /// Cause: The date does not exist, or is written in another way.
    #[error("Enter a date as year, month and day, such as 2026-06-01.")]
    Date,
    /// Cause: The date lies too far away to be meant.
    #[error("Choose a date from the year {from} to the year {until}.")]
    DateFarOff { from: i16, until: i16 },
    /// Cause: Clocks are put forward over the time of the first hand-off.
    #[error(
        "On that day clocks jump over this time. The nearest that there are: {before} and {after}. Choose one of these, or start a day later."
    )]
    Gap { before: String, after: String },
    /// Cause: Clocks are put back over the time of the first hand-off.
    #[error(
        "On that day clocks show this time twice: first at UTC{first}, then at UTC{second}. Choose with which one the schedule starts."
    )]
    Twice { first: String, second: String },
    /// Cause: What was typed is no time of day, or only one of the two was.
    #[error("Enter both times of day, such as 08:00 and 18:00, or none of them.")]
    Hours,
    #[error(
        "No holidays are known of “{0}”. Enter countries by name or code, such as France or FR, and parts of them by code, such as DE-BY, with commas between them."
    )]
    NoHolidays(String),
    /// Cause: The schedule starts behind the last year of which holidays are known.
    #[error(
        "Holidays are known until the end of {until} only. Start before that, or leave the countries out and enter other days."
    )]
    HolidaysEnd { until: i16 },
    /// Cause: More countries were typed than a schedule can have.
    #[error("Choose at most {ROTA_REGIONS_MAX} countries.")]
    TooManyRegions,
    #[error(
        "“{0}” is no date. Enter days as year, month and day, such as 2026-12-24, with commas between them."
    )]
    DayOff(String),
    /// Cause: More days were typed than a schedule can have.
    #[error("Enter at most {ROTA_DAYS_OFF_MAX} days.")]
    TooManyDaysOff,
    /// Cause: The weekends of the countries make up the whole week.
    #[error(
        "With these countries every day is off. Choose fewer, or leave weekends as days of duty."
    )]
    EveryDayOff,
    /// Cause: The duty size is no number, or out of bounds.
    #[error("Enter a whole number from 1 to {DUTY_SIZE_MAX}.")]
    DutySize,
}

/// What a rota would bring its rotation in the coming eight weeks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotaPreview {
    /// [`RotaView::words`] of it.
    pub words: String,
    /// The first shifts, by start, with their gaps.
    pub plan: Vec<Stretch>,
    /// The first shifts to come that somebody has by it and not without it, and the other way
    /// round.
    pub gained: Vec<Stretch>,
    pub lost: Vec<Stretch>,
    /// The version of the time-zone data, as `2026a`.
    pub zone_data: String,
    /// The last year of which the holidays that it skips are known; absent where it skips none.
    pub holidays_until: Option<i16>,
    /// Whom the words are about, where these do not name them themselves: names may be written from
    /// right to left, so each is drawn apart.
    pub names: Vec<String>,
    /// There were planned shifts to compare with; else nobody gains or loses any.
    pub compared: bool,
}

/// A rota on the page of its rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotaView {
    /// When duty changes hands, as a sentence without its full stop.
    pub words: String,
    /// In which its times are.
    pub zone: String,
    /// The [`RotaInput`] for the form that changes it, as JSON: of the pages that get it only the
    /// one with the form has the code to read it.
    pub input: String,
}
