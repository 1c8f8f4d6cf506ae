//! Who is in a rotation, in which order, and who owns it.

use crate::{Actor, Crew, Member, Rotation};
use std::mem;
use types::{LinkState, MemberKey, MoveDirection, PersonId, PersonView, RotationRefusal};

/// Adds a person of the workspace at the end.
pub fn add_member(rotation: &mut Rotation, person: &PersonView) -> Result<(), RotationRefusal> {
    rotation.plan.members_are_ours()?;
    if person.deactivated {
        return Err(RotationRefusal::Deactivated);
    }
    let key = MemberKey::of_person(&person.id);
    if rotation.position_of(&key).is_ok() {
        return Err(RotationRefusal::AlreadyAMember);
    }
    rotation.crew.members.push(Member {
        key,
        person: Some(person.id.clone()),
        pagerduty_user: None,
        name: person.name.clone(),
        email: person.email.clone(),
        link: LinkState::Linked,
    });
    Ok(())
}

/// Takes a member out, returning their name.
pub fn remove_member(rotation: &mut Rotation, key: &MemberKey) -> Result<String, RotationRefusal> {
    rotation.plan.members_are_ours()?;
    let index = rotation.position_of(key)?;
    Ok(rotation.crew.remove(index).name)
}

/// Moves a member one place; at the end of the list it stays where it is.
pub fn move_member(
    rotation: &mut Rotation,
    key: &MemberKey,
    direction: MoveDirection,
) -> Result<String, RotationRefusal> {
    rotation.plan.members_are_ours()?;
    let index = rotation.position_of(key)?;
    let target = match direction {
        MoveDirection::Up => index.saturating_sub(1),
        MoveDirection::Down => (index + 1).min(rotation.crew.members.len() - 1),
    };
    let Crew {
        mut members,
        duties,
    } = mem::take(&mut rotation.crew);
    members.swap(index, target);
    let name = members[target].name.clone();
    rotation.crew = Crew::new(members, duties);
    Ok(name)
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
    use crate::{
        Plan,
        actor::examples::actor,
        crew::examples::{key, person},
        rotation::examples::rotation,
    };
    use types::{Role, ScheduleId};

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
        let members = rotation.crew.members.iter();
        members.map(|member| member.name.as_str()).collect()
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
        rotation.plan = Plan::PagerDuty(ScheduleId::new("PS"));
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
