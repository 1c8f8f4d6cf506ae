//! Who may see and who may change a rotation.

use crate::{Actor, Rotation};
use types::{PersonId, Role, Visibility};

/// What somebody is to a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relation {
    pub owner: bool,
    /// They take turns, or are on duty.
    pub member: bool,
}

impl Relation {
    /// What somebody has to do with a rotation that is at hand as a whole.
    pub fn of(person: &PersonId, rotation: &Rotation) -> Self {
        Self {
            owner: rotation.owners.contains(person),
            member: rotation.crew.includes(person),
        }
    }

    /// Everybody sees a public rotation; a private one is for its members, its
    /// owners and workspace admins.
    pub fn may_see(self, visibility: Visibility, role: Role) -> bool {
        visibility == Visibility::Public || self.may_edit(role) || self.member
    }

    /// Owners and workspace admins edit.
    pub fn may_edit(self, role: Role) -> bool {
        role.administers() || self.owner
    }
}

/// [`Relation::may_see`] of a rotation that is at hand as a whole.
pub fn may_see(rotation: &Rotation, actor: &Actor) -> bool {
    let visibility = rotation.details.visibility;
    actor.may_see(visibility, |person| Relation::of(person, rotation))
}

/// Owners and workspace admins edit.
pub fn may_edit(rotation: &Rotation, actor: &Actor) -> bool {
    actor.may_edit(|person| Relation::of(person, rotation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{actor::examples::actor, crew::examples::person, rotation::examples::rotation};

    #[test]
    fn a_private_rotation_is_for_members_owners_and_admins() {
        let mut private = rotation(&["ann"]);
        private.details.visibility = Visibility::Private;
        private.owners = vec![person("olu")];
        for (name, role, sees, edits) in [
            ("ann", Role::Member, true, false),
            ("olu", Role::Member, true, true),
            ("eve", Role::Member, false, false),
            ("eve", Role::Guest, false, false),
            ("eve", Role::Admin, true, true),
        ] {
            assert_eq!(may_see(&private, &actor(name, role)), sees, "{name} {role}");
            assert_eq!(
                may_edit(&private, &actor(name, role)),
                edits,
                "{name} {role}"
            );
        }
    }

    #[test]
    fn everybody_sees_a_public_rotation() {
        assert!(may_see(&rotation(&[]), &actor("eve", Role::Guest)));
    }
}
