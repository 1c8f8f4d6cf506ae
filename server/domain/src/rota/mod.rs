//! A rotation's own schedule, called a rota: when duty changes hands, whose turn it then is, and
//! who really is on duty, with overrides and absences. What PagerDuty keeps is called a schedule.
//!
//! The rules are written down in `docs/duty.md`, by the numbers that the tests name.

mod absences;
mod cadence;
mod cover;
mod days;
mod days_off;
mod input;
mod overrides;
mod planning;
mod rotation;
mod turn;
mod zone;

pub use absences::Absence;
pub use cadence::{Cadence, HandOff, Hours, OnDaysOff, Times};
pub use cover::{CoverRefusal, CoverRequest};
pub use days::{Days, Weekdays};
pub use days_off::{CountryDays, DaysOff};
pub use overrides::{LONGEST_OVERRIDE_DAYS, Override, OverrideKind, OverrideProblem};
pub use planning::{Nobody, Placed, Segment, Staffing, Why, stretches};
pub use rotation::{Rota, UpToDate};
pub use turn::{Basis, PassedOver, Turn};
pub use zone::{Fold, Unclear, Zone};
