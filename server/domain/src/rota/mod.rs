//! A rotation's own schedule, called a rota: when duty changes hands, whose turn it then is, and
//! who really is on duty, with overrides and absences. What PagerDuty keeps is called a schedule.
//!
//! The rules are written down in `docs/duty.md`, by the numbers that the tests name.

mod absences;
mod cadence;
mod cover;
mod days;
mod days_off;
mod holidays;
mod input;
mod overrides;
mod own_holidays;
mod planning;
mod preview;
mod rotation;
mod terms;
mod turn;
mod typed;
mod zone;

pub use absences::Absence;
pub use cadence::{Cadence, HandOff, Hours, OnDaysOff, Times};
pub use cover::{CoverRefusal, CoverRequest, has_shift};
pub use days::{Days, Weekdays};
pub use days_off::{CountryDays, DaysOff};
pub use holidays::Region;
pub use input::FilledIn;
pub use overrides::{LONGEST_OVERRIDE_DAYS, Override, OverrideKind, OverrideProblem, has_place};
pub use own_holidays::{HolidayWrite, OwnDay, OwnHoliday, holidays_needed_from, typed_holiday};
pub use planning::{Nobody, Placed, Segment, Staffing, Why};
pub use preview::{
    Shifted, preview, preview_absence, preview_by_hand, preview_end, preview_holidays,
    preview_members, preview_override, preview_return, told_until,
};
pub use rotation::{Rota, UpToDate};
pub use terms::{Skips, Terms};
pub use turn::{Basis, PassedOver, Turn};
pub use typed::{as_typed, own_rota, typed_absence, typed_cover, typed_override};
pub use zone::{Fold, Unclear, Zone};
