//! A rotation and everybody on it.

use crate::{Crew, Plan};
use types::{
    AuditId, MemberKey, PersonId, RotationDetails, RotationId, RotationRefusal, WorkspaceId,
};

/// The version of a rotation of which no change is known.
const NEVER_EDITED: &str = "0";

/// A rotation with everybody on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub id: RotationId,
    pub workspace: WorkspaceId,
    pub details: RotationDetails,
    pub plan: Plan,
    pub owners: Vec<PersonId>,
    pub crew: Crew,
    /// The last change of its details or of what decides.
    pub last_edit: Option<AuditId>,
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

    /// What a form that shows it sends back, to be told of what others have changed meanwhile.
    pub fn version(&self) -> String {
        let edit = self.last_edit.as_ref().map(AuditId::to_string);
        edit.unwrap_or_else(|| NEVER_EDITED.to_owned())
    }

    /// The version that there is where a form shows another one. One that tells none is not asked,
    /// and of what was changed too long ago nothing is known.
    pub fn edited_since(&self, version: &str) -> Option<AuditId> {
        let shown = version.trim();
        let edit = self.last_edit.clone()?;
        (!shown.is_empty() && shown != edit.as_str()).then_some(edit)
    }

    pub(crate) fn position_of(&self, key: &MemberKey) -> Result<usize, RotationRefusal> {
        let mut members = self.crew.members.iter();
        members
            .position(|member| member.key == *key)
            .ok_or(RotationRefusal::NotAMember)
    }
}

#[cfg(test)]
mod tests {
    use super::{examples::rotation, *};

    #[test]
    fn whoever_shows_another_version_than_there_is_is_told() {
        let mut rotation = rotation(&["ann"]);
        let first = rotation.version();
        assert_eq!(rotation.edited_since(&first), None);
        let edit = AuditId::new("019368a4-7c00-7000-8000-5bb1c0ffee01");
        rotation.last_edit = Some(edit.clone());
        assert_eq!(rotation.edited_since(&first), Some(edit));
        assert_eq!(rotation.edited_since(&rotation.version()), None);
        assert_eq!(rotation.edited_since(""), None);
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
                notes: String::new(),
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
            last_edit: None,
        }
    }
}
