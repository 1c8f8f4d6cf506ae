//! Who may see and who may change a rotation.

use super::Rotation;
use types::{PersonId, Role, Visibility};

/// Everybody sees a public rotation; a private one is for its members, its
/// owners and workspace admins.
pub fn may_see(rotation: &Rotation, person: &PersonId, role: Role) -> bool {
    rotation.details.visibility == Visibility::Public
        || may_edit(rotation, person, role)
        || rotation
            .members
            .iter()
            .any(|member| member.person.as_ref() == Some(person))
}

/// Owners and workspace admins edit.
pub fn may_edit(rotation: &Rotation, person: &PersonId, role: Role) -> bool {
    role.administers() || rotation.owners.contains(person)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotations::examples::{person, rotation};

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
            assert_eq!(
                may_see(&private, &person(name), role),
                sees,
                "{name} {role}"
            );
            assert_eq!(
                may_edit(&private, &person(name), role),
                edits,
                "{name} {role}"
            );
        }
    }

    #[test]
    fn everybody_sees_a_public_rotation() {
        assert!(may_see(&rotation(&[]), &person("eve"), Role::Guest));
    }
}
