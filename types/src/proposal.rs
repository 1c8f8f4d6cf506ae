//! Changes of a rotation with a schedule of its own that have no form to preview them in: each is
//! shown on a page of its own before it is made.

use crate::{CoverId, MemberKey, MoveDirection, OverrideId, PersonId, RotaPreview};
use serde::{Deserialize, Serialize};

/// A change that somebody wants to see before it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposal {
    /// These take turns as well.
    Add(Vec<PersonId>),
    Remove(MemberKey),
    Move(MemberKey, MoveDirection),
    /// An override that runs ends, or one that is to come is removed.
    End(OverrideId),
    /// The caller takes what others are asked for.
    Take(CoverId),
    /// Somebody rotates by hand from now on.
    MakeManual,
}

impl Proposal {
    /// What an address says, and whom or what it is about: several with commas between.
    pub fn read(what: &str, of: &str) -> Option<Self> {
        Some(match what {
            "add" => Self::Add(of.split(',').filter_map(PersonId::parse).collect()),
            "remove" => Self::Remove(MemberKey::parse(of)?),
            "up" => Self::Move(MemberKey::parse(of)?, MoveDirection::Up),
            "down" => Self::Move(MemberKey::parse(of)?, MoveDirection::Down),
            "end" => Self::End(OverrideId::new(of)),
            "take" => Self::Take(CoverId::new(of)),
            "manual" => Self::MakeManual,
            _ => return None,
        })
    }
}

/// What a change would bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalView {
    /// Of the rotation.
    pub name: String,
    /// What decides about it is of this version: see [`crate::RotationPage::version`].
    pub version: String,
    pub preview: RotaPreview,
    /// It is the end of an override that has not begun, which is removed by that.
    pub to_come: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_change_and_whom_it_is_about() {
        let (ann, bob) = (PersonId::new("U1"), PersonId::new("U2"));
        let key = MemberKey::of_person(&ann);
        let cases = [
            ("add", "U1,U2,,", Some(Proposal::Add(vec![ann, bob]))),
            ("remove", key.as_str(), Some(Proposal::Remove(key.clone()))),
            (
                "down",
                key.as_str(),
                Some(Proposal::Move(key.clone(), MoveDirection::Down)),
            ),
            ("manual", "", Some(Proposal::MakeManual)),
            ("remove", "", None),
            ("explode", "U1", None),
            ("", "", None),
        ];
        for (what, of, expected) in cases {
            assert_eq!(Proposal::read(what, of), expected, "{what} {of}");
        }
    }
}
