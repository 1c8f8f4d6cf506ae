//! Who is in a rotation, in which order, and who owns it.

use crate::{Actor, Member, Rotation};
use types::{LinkState, MemberKey, MoveDirection, PersonId, PersonView, RotationRefusal};

/// Adds a person of the workspace at the end.
pub fn add_member(rotation: &mut Rotation, person: &PersonView) -> Result<(), RotationRefusal> {
    rotation.must_be_manual()?;
    if person.deactivated {
        return Err(RotationRefusal::Deactivated);
    }
    let key = MemberKey::of_person(&person.id);
    if rotation.position_of(&key).is_ok() {
        return Err(RotationRefusal::AlreadyAMember);
    }
    rotation.members.push(Member {
        key,
        person: Some(person.id.clone()),
        pagerduty_user: None,
        name: person.name.clone(),
        email: person.email.clone(),
        link: LinkState::Linked,
        duty: None,
    });
    Ok(())
}

/// Takes a member out, returning their name.
pub fn remove_member(rotation: &mut Rotation, key: &MemberKey) -> Result<String, RotationRefusal> {
    rotation.must_be_manual()?;
    let index = rotation.position_of(key)?;
    Ok(rotation.members.remove(index).name)
}

/// Moves a member one place; at the end of the list it stays where it is.
pub fn move_member(
    rotation: &mut Rotation,
    key: &MemberKey,
    direction: MoveDirection,
) -> Result<String, RotationRefusal> {
    rotation.must_be_manual()?;
    let index = rotation.position_of(key)?;
    let target = match direction {
        MoveDirection::Up => index.saturating_sub(1),
        MoveDirection::Down => (index + 1).min(rotation.members.len() - 1),
    };
    rotation.members.swap(index, target);
    Ok(rotation.members[target].name.clone())
}

/// Makes somebody an owner. An owner is not thereby a member.
pub fn add_owner(rotation: &mut Rotation, person: &PersonView) -> Result<(), RotationRefusal> {
    if person.deactivated {
        return Err(RotationRefusal::Deactivated);
    }
    if rotation.owners.contains(&person.id) {
        return Err(RotationRefusal::AlreadyAnOwner);
    }
    rotation.owners.push(person.id.clone());
    Ok(())
}

/// Takes an owner's rights away, but never one's own.
pub fn remove_owner(
    rotation: &mut Rotation,
    person: &PersonId,
    by: &Actor,
) -> Result<(), RotationRefusal> {
    if by.is(person) {
        return Err(RotationRefusal::CannotRemoveYourself);
    }
    rotation.owners.retain(|owner| owner != person);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::examples::actor;
    use crate::rotation::examples::{key, person, rotation};
    use types::{Role, RotationMode};

    fn view(name: &str) -> PersonView {
        PersonView {
            id: person(name),
            name: name.to_owned(),
            email: None,
            role: Role::Member,
            deactivated: false,
        }
    }

    fn names(rotation: &Rotation) -> Vec<&str> {
        rotation
            .members
            .iter()
            .map(|member| member.name.as_str())
            .collect()
    }

    #[test]
    fn members_join_once_and_at_the_end() {
        let mut rotation = rotation(&["ann"]);
        add_member(&mut rotation, &view("bob")).unwrap();
        assert_eq!(names(&rotation), ["ann", "bob"]);
        assert_eq!(
            add_member(&mut rotation, &view("bob")),
            Err(RotationRefusal::AlreadyAMember)
        );
    }

    #[test]
    fn moving_stops_at_the_ends() {
        let mut rotation = rotation(&["ann", "bob"]);
        move_member(&mut rotation, &key("bob"), MoveDirection::Up).unwrap();
        assert_eq!(names(&rotation), ["bob", "ann"]);
        move_member(&mut rotation, &key("bob"), MoveDirection::Up).unwrap();
        move_member(&mut rotation, &key("ann"), MoveDirection::Down).unwrap();
        assert_eq!(names(&rotation), ["bob", "ann"]);
    }

    #[test]
    fn members_of_a_bound_rotation_are_pagerdutys_to_change() {
        let mut rotation = rotation(&["ann", "bob"]);
        rotation.mode = RotationMode::PagerDuty;
        assert_eq!(
            add_member(&mut rotation, &view("cy")),
            Err(RotationRefusal::Bound)
        );
        assert_eq!(
            remove_member(&mut rotation, &key("ann")),
            Err(RotationRefusal::Bound)
        );
        assert_eq!(
            move_member(&mut rotation, &key("bob"), MoveDirection::Up),
            Err(RotationRefusal::Bound)
        );
    }

    #[test]
    fn nobody_removes_themselves_as_owner() {
        let mut rotation = rotation(&[]);
        rotation.owners = vec![person("ann"), person("bob")];
        let ann = actor("ann", Role::Member);
        assert_eq!(
            remove_owner(&mut rotation, &person("ann"), &ann),
            Err(RotationRefusal::CannotRemoveYourself)
        );
        remove_owner(&mut rotation, &person("bob"), &ann).unwrap();
        assert_eq!(rotation.owners, [person("ann")]);
    }

    #[test]
    fn somebody_deactivated_can_neither_join_nor_own() {
        let gone = PersonView {
            deactivated: true,
            ..view("gil")
        };
        let mut rotation = rotation(&[]);
        assert_eq!(
            add_member(&mut rotation, &gone),
            Err(RotationRefusal::Deactivated)
        );
        assert_eq!(
            add_owner(&mut rotation, &gone),
            Err(RotationRefusal::Deactivated)
        );
    }
}
