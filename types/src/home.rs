//! Home: whether the reader is on duty, when they are next, what they own, and what somebody has
//! to look after. Of what may be long only the first are told, with the number of all.

use crate::{PagerDutyNeed, RotationCard, RotationId, SlackNeed, Timestamp};
use serde::{Deserialize, Serialize};

/// The first of several, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct First<T> {
    pub items: Vec<T>,
    pub all: u32,
}

impl<T> First<T> {
    /// The first `most` of `all`.
    pub fn of(all: Vec<T>, most: usize) -> Self {
        let number = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let mut items = all;
        items.truncate(most);
        Self { items, all: number }
    }

    /// How many are not told.
    pub fn others(&self) -> u32 {
        let told = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        self.all.saturating_sub(told)
    }

    /// The same of something that is made of each.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> First<U> {
        First {
            items: self.items.into_iter().map(make).collect(),
            all: self.all,
        }
    }
}

/// A shift of the reader's that has not begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComingShift {
    pub rotation: RotationId,
    pub rotation_name: String,
    pub starts_at: Timestamp,
    /// Absent while nobody knows.
    pub ends_at: Option<Timestamp>,
    /// The plan is not known beyond the end: it may go on.
    pub or_later: bool,
}

/// A rotation that needs somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedyRotation {
    /// With at least one need.
    pub card: RotationCard,
    /// The reader may change it.
    pub may_edit: bool,
}

/// Home, for one reader. It tells only of what they may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeView {
    /// How many rotations they may see.
    pub rotations: u32,
    /// In how many of them they take turns or are on duty.
    pub mine: u32,
    /// In how many of these it is not known who is on duty.
    pub unknown: u32,
    /// Where they are on duty, by the end of that.
    pub on_duty: First<RotationCard>,
    /// By start.
    pub coming: First<ComingShift>,
    /// Rotations by hand where it is their turn next.
    pub in_turn: First<RotationCard>,
    pub owned: First<RotationCard>,
    /// The most urgent first.
    pub needs: First<NeedyRotation>,
    pub pagerduty: Option<PagerDutyNeed>,
    pub slack: Option<SlackNeed>,
    /// How many people are on duty whom only PagerDuty knows. The reader may be one of them.
    pub unlinked_on_duty: u32,
}
