//! The list of rotations: what somebody asks of it, and what it shows. All that is asked is in
//! the page's address, so odd values are read as if nothing had been said.

use crate::{Attention, Gap, Outlook, RotationId, RotationMode, RotationNeed, Visibility};
use serde::{Deserialize, Serialize};

/// Some of the rotations that a reader may see, by what they are to the reader or by how they
/// are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Selection {
    #[default]
    All,
    /// The reader takes turns in them, is on duty, or will be.
    Mine,
    Owned,
    /// The reader is on duty.
    OnDuty,
    /// Nobody is on duty.
    Nobody,
    /// Somebody has to look after them.
    Attention,
}

impl Selection {
    /// In the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::All,
        Self::Mine,
        Self::Owned,
        Self::OnDuty,
        Self::Nobody,
        Self::Attention,
    ];

    /// The name under which it stands in an address; the usual one leaves no trace.
    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Mine => "mine",
            Self::Owned => "owned",
            Self::OnDuty => "on-duty",
            Self::Nobody => "nobody",
            Self::Attention => "attention",
        }
    }

    /// The inverse of [`Selection::code`]; anything else selects all.
    pub fn from_code(code: &str) -> Self {
        let known = Self::ALL.into_iter().find(|one| one.code() == code);
        known.unwrap_or_default()
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Mine => "Mine",
            Self::Owned => "I own",
            Self::OnDuty => "I am on duty now",
            Self::Nobody => "Nobody on duty",
            Self::Attention => "Needs attention",
        }
    }
}

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SortBy {
    /// As people count: *Team 2* before *Team 10*.
    #[default]
    Name,
    /// Where duty changes hands next comes first, and where nobody knows when last.
    Change,
}

impl SortBy {
    pub const ALL: [Self; 2] = [Self::Name, Self::Change];

    /// The name under which it stands in an address; the usual one leaves no trace.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Name => "",
            Self::Change => "change",
        }
    }

    /// The inverse of [`SortBy::code`]; anything else sorts by name.
    pub fn from_code(code: &str) -> Self {
        let known = Self::ALL.into_iter().find(|one| one.code() == code);
        known.unwrap_or_default()
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Change => "Next change",
        }
    }
}

/// Which rotations the list shows, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationFilter {
    /// Words that all occur in the name, the code, the description, the schedule's name or the
    /// names of those on duty, in any case.
    pub search: String,
    pub mode: Option<RotationMode>,
    pub selection: Selection,
    pub sort: SortBy,
    /// From 1; one that is not there is the nearest that is.
    pub page: u32,
}

/// How many of the rotations that were searched for are in each selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionCounts([u32; Selection::ALL.len()]);

impl SelectionCounts {
    pub const fn of(&self, selection: Selection) -> u32 {
        self.0[selection as usize]
    }

    /// Counts one more in it.
    pub const fn add(&mut self, selection: Selection) {
        self.0[selection as usize] += 1;
    }
}

/// A page of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationList {
    pub cards: Vec<RotationCard>,
    pub counts: SelectionCounts,
    /// How many come before the first of `cards`.
    pub before: u32,
    /// From 1.
    pub page: u32,
    /// At least one.
    pub pages: u32,
}

/// A rotation in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationCard {
    pub id: RotationId,
    pub name: String,
    pub code: Option<String>,
    pub mode: RotationMode,
    pub visibility: Visibility,
    pub member_count: u32,
    pub outlook: Outlook,
    /// The most urgent first.
    pub needs: Vec<RotationNeed>,
}

impl RotationCard {
    /// Why what is shown cannot be confirmed at present, if so.
    pub fn attention(&self) -> Option<Attention> {
        self.needs.iter().find_map(|need| match need {
            RotationNeed::Unconfirmed(attention) => Some(*attention),
            _ => None,
        })
    }

    /// Whether somebody may be missing, since shifts of its schedule make no sense.
    pub fn shifts_left_out(&self) -> bool {
        let mut needs = self.needs.iter();
        needs.any(|need| matches!(need, RotationNeed::LeftOut { .. }))
    }

    /// Whether Slack does not take something that it tells there.
    pub fn is_refused_by_slack(&self) -> bool {
        let mut needs = self.needs.iter();
        needs.any(|need| matches!(need, RotationNeed::Slack { .. }))
    }

    /// The next time, within days, when nobody will be on duty.
    pub fn gap(&self) -> Option<Gap> {
        self.needs.iter().find_map(|need| match need {
            RotationNeed::Gap(gap) => Some(*gap),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_says_is_read_back_and_anything_else_is_as_nothing() {
        for selection in Selection::ALL {
            assert_eq!(Selection::from_code(selection.code()), selection);
        }
        for sort in SortBy::ALL {
            assert_eq!(SortBy::from_code(sort.code()), sort);
        }
        assert_eq!(Selection::from_code("banana"), Selection::All);
        assert_eq!(SortBy::from_code("NAME"), SortBy::Name);
    }

    #[test]
    fn each_selection_has_a_count_of_its_own() {
        let mut counts = SelectionCounts::default();
        for (selection, number) in Selection::ALL.into_iter().zip(1..) {
            (0..number).for_each(|_| counts.add(selection));
        }
        for (selection, number) in Selection::ALL.into_iter().zip(1..) {
            assert_eq!(counts.of(selection), number);
        }
    }
}
