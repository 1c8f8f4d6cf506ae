//! The week over all rotations, as its page shows it.

use crate::{Attention, Coverage, Days, DaysWanted, RotationId, Span, Visibility};
use serde::{Deserialize, Serialize};

/// What somebody wants to see of the rotations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WeekFilter {
    pub days: DaysWanted,
    /// Only those that the reader owns or is in.
    pub mine: bool,
    /// Words as those of a [`crate::RotationFilter`].
    pub search: String,
    /// From 0 on, each with [`ROWS_PER_PAGE`] rotations.
    pub page: u32,
}

/// How many rotations a page shows at most.
pub const ROWS_PER_PAGE: u32 = 50;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekView {
    pub days: Days,
    /// By name.
    pub rows: Vec<WeekRow>,
    /// How many rotations there are on all pages.
    pub found: u32,
    /// From 0 on: the last one, where the address asks for one behind it.
    pub page: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekRow {
    pub id: RotationId,
    pub name: String,
    pub visibility: Visibility,
    pub coverage: Coverage,
    /// When somebody is to be on duty from now on and nobody is, as far as that is known; apart, and by
    /// time.
    pub missing: Vec<Span>,
    /// In which zone its schedule is made, where it says so.
    pub time_zone: Option<String>,
    /// Why what its schedule says cannot be confirmed at present, if so.
    pub attention: Option<Attention>,
}

impl WeekView {
    /// How many pages there are; at least one.
    pub fn pages(&self) -> u32 {
        self.found.div_ceil(ROWS_PER_PAGE).max(1)
    }
}
