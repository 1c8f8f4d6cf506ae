//! A rotation and everybody on it.

use crate::{Crew, Plan};
use types::{MemberKey, PersonId, RotationDetails, RotationId, RotationRefusal, WorkspaceId};

/// A rotation with everybody on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub id: RotationId,
    pub workspace: WorkspaceId,
    pub details: RotationDetails,
    pub plan: Plan,
    pub owners: Vec<PersonId>,
    pub crew: Crew,
}

impl Rotation {
    /// The names of those on duty, for the audit log.
    pub fn on_duty_names(&self) -> String {
        let names = self.crew.names_on_duty();
        if names.is_empty() {
            "Nobody".to_owned()
        } else {
            names.join(", ")
        }
    }

    pub(crate) fn position_of(&self, key: &MemberKey) -> Result<usize, RotationRefusal> {
        let mut members = self.crew.members.iter();
        members
            .position(|member| member.key == *key)
            .ok_or(RotationRefusal::NotAMember)
    }
}

#[cfg(test)]
pub(crate) mod examples {
    //! Rotations for the tests of the rules.

    use super::*;
    use crate::crew::examples::member;
    use types::Visibility;

    pub fn rotation(names: &[&str]) -> Rotation {
        Rotation {
            id: RotationId::new("r1"),
            workspace: WorkspaceId::new("T1"),
            details: RotationDetails {
                name: "Ops".to_owned(),
                description: String::new(),
                code: None,
                duty_size: 1,
                visibility: Visibility::Public,
            },
            plan: Plan::Manual,
            owners: Vec::new(),
            crew: Crew {
                members: names.iter().map(|name| member(name)).collect(),
                duties: Vec::new(),
            },
        }
    }
}
