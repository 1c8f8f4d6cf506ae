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

    /// Why somebody cannot take the place of whoever wants to be covered, if so. Guests can in
    /// rotations that they have to do with, as in those they take over from others, too.
    pub fn bar_to_covering(self, visibility: Visibility, role: Role) -> Option<BarToCovering> {
        if !self.may_see(visibility, role) {
            Some(BarToCovering::DoesNotSee)
        } else if role == Role::Guest && !self.owner && !self.member {
            Some(BarToCovering::Guest)
        } else {
            None
        }
    }

    /// Owners and workspace admins edit.
    pub fn may_edit(self, role: Role) -> bool {
        role.administers() || self.owner
    }
}

/// Why somebody can take nobody's place in a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarToCovering {
    DoesNotSee,
    /// Of the Slack workspace, and without anything to do with the rotation.
    Guest,
}

/// [`Relation::bar_to_covering`] of a rotation that is at hand as a whole. Whoever is asked, whoever
/// takes and whoever is shown that they could go by it.
pub fn bar_to_covering(
    rotation: &Rotation,
    person: &PersonId,
    role: Role,
) -> Option<BarToCovering> {
    let visibility = rotation.details.visibility;
    Relation::of(person, rotation).bar_to_covering(visibility, role)
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
    fn whoever_sees_it_covers_and_of_guests_those_in_it() {
        let mut rotation = rotation(&["ann"]);
        rotation.owners = vec![person("olu")];
        let (guest, hidden) = (Some(BarToCovering::Guest), Some(BarToCovering::DoesNotSee));
        for (name, role, in_public, in_private) in [
            ("ann", Role::Guest, None, None),
            ("olu", Role::Guest, None, None),
            ("eve", Role::Guest, guest, hidden),
            ("eve", Role::Member, None, hidden),
            ("eve", Role::Admin, None, None),
        ] {
            for (visibility, bar) in [
                (Visibility::Public, in_public),
                (Visibility::Private, in_private),
            ] {
                rotation.details.visibility = visibility;
                let found = bar_to_covering(&rotation, &person(name), role);
                assert_eq!(found, bar, "{name} {role} {visibility:?}");
            }
        }
    }

    #[test]
    fn everybody_sees_a_public_rotation() {
        assert!(may_see(&rotation(&[]), &actor("eve", Role::Guest)));
    }
}
