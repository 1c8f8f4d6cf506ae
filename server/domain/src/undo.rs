//! Taking back what somebody changed by hand, as long as nothing else has changed since.

use crate::{Crew, Duty, Member, Rotation};
use types::{MemberKey, RotationRefusal, Timestamp};

/// The people of a rotation before a change and after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    pub before: Crew,
    pub after: Crew,
}

/// Puts back who took turns, in which order, and where people hand over by hand, who was on duty.
/// Whoever comes back on duty is so from `now` on: who was on duty meanwhile stays in the history.
/// Where a schedule of its own decides who is on duty, it goes on with the people put back.
pub fn undo(rotation: &mut Rotation, undo: &Undo, now: Timestamp) -> Result<(), RotationRefusal> {
    rotation.plan.members_are_ours()?;
    let by_hand = rotation.plan.people_hand_over().is_ok();
    let present = &rotation.crew;
    let same_duties = || duties(present) == duties(&undo.after);
    if members(present) != members(&undo.after) || by_hand && !same_duties() {
        return Err(RotationRefusal::ChangedSince);
    }
    let as_known_now = |member: &Member| {
        let mut known = present.members.iter();
        let known = known.find(|known| known.key == member.key);
        known.unwrap_or(member).clone()
    };
    let members: Vec<_> = undo.before.members.iter().map(as_known_now).collect();
    if !by_hand {
        let duties = present.duties.clone();
        rotation.crew = Crew::new(members, duties);
        return Ok(());
    }
    let back = |duty: &Duty| match present.duty_of(&duty.holder.key) {
        Some(going_on) => Ok(going_on.clone()),
        None => back_on_duty(duty, &members, now),
    };
    let duties = undo.before.duties.iter().map(back);
    let duties = duties.collect::<Result<_, _>>()?;
    rotation.crew = Crew::new(members, duties);
    Ok(())
}

/// Who take turns, in their order, whatever they are called.
fn members(crew: &Crew) -> Vec<&MemberKey> {
    crew.members.iter().map(|member| &member.key).collect()
}

fn duties(crew: &Crew) -> Vec<(&MemberKey, Timestamp)> {
    let duties = crew.duties.iter();
    duties.map(|duty| (&duty.holder.key, duty.since)).collect()
}

fn back_on_duty(duty: &Duty, members: &[Member], now: Timestamp) -> Result<Duty, RotationRefusal> {
    let mut members = members.iter();
    let member = members.find(|member| member.key == duty.holder.key);
    if member.is_some_and(|member| !member.link.can_be_on_duty()) {
        return Err(RotationRefusal::Deactivated);
    }
    Ok(Duty {
        holder: member.map_or_else(|| duty.holder.clone(), Member::holder),
        since: now,
        until: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Plan, crew::examples::key, move_member, remove_member, rotate, rotation::examples::rotation,
    };
    use types::{LinkState, MoveDirection, ScheduleId};

    const THEN: Timestamp = Timestamp::from_millis(1_000);
    const CHANGED: Timestamp = Timestamp::from_millis(5_000);
    const NOW: Timestamp = Timestamp::from_millis(9_000);

    /// Three people, of whom the first is on duty, changed by `rule`; and how to take it back.
    fn changed(
        rule: impl FnOnce(&mut Rotation) -> Result<(), RotationRefusal>,
    ) -> (Rotation, Undo) {
        let mut rotation = rotation(&["ann", "bob", "cy"]);
        rotate(&mut rotation, THEN).unwrap();
        let before = rotation.crew.clone();
        rule(&mut rotation).unwrap();
        let after = rotation.crew.clone();
        (rotation, Undo { before, after })
    }

    fn members(rotation: &Rotation) -> Vec<&str> {
        let members = rotation.crew.members.iter();
        members.map(|member| member.name.as_str()).collect()
    }

    #[test]
    fn whoever_was_relieved_comes_back_from_now_on() {
        let (mut rotation, kept) = changed(|rotation| rotate(rotation, CHANGED));
        assert_eq!(rotation.crew.names_on_duty(), ["bob"]);
        undo(&mut rotation, &kept, NOW).unwrap();
        assert_eq!(rotation.crew.names_on_duty(), ["ann"]);
        assert_eq!(rotation.crew.duties[0].since, NOW);
    }

    #[test]
    fn whoever_stayed_on_duty_is_so_since_the_same_time() {
        let (mut rotation, kept) = changed(|rotation| {
            rotation.details.duty_size = 3;
            rotate(rotation, CHANGED)
        });
        assert_eq!(rotation.crew.names_on_duty(), ["ann", "bob", "cy"]);
        undo(&mut rotation, &kept, NOW).unwrap();
        assert_eq!(rotation.crew.names_on_duty(), ["ann"]);
        assert_eq!(rotation.crew.duties[0].since, THEN);
    }

    #[test]
    fn a_member_who_was_taken_out_comes_back_to_their_place_and_on_duty() {
        let remove = |rotation: &mut Rotation| remove_member(rotation, &key("ann")).map(drop);
        let (mut rotation, kept) = changed(remove);
        assert_eq!(rotation.crew.names_on_duty(), [""; 0]);
        undo(&mut rotation, &kept, NOW).unwrap();
        assert_eq!(members(&rotation), ["ann", "bob", "cy"]);
        assert_eq!(rotation.crew.names_on_duty(), ["ann"]);
    }

    #[test]
    fn people_are_called_as_they_are_now() {
        let (mut rotation, kept) = changed(|rotation| rotate(rotation, CHANGED));
        rotation.crew.members[0].name = "Anna".to_owned();
        undo(&mut rotation, &kept, NOW).unwrap();
        assert_eq!(rotation.crew.names_on_duty(), ["Anna"]);
    }

    #[test]
    fn nothing_is_undone_once_something_else_has_changed() {
        let others: [fn(&mut Rotation); 4] = [
            |rotation| rotate(rotation, NOW).unwrap(),
            |rotation| drop(move_member(rotation, &key("cy"), MoveDirection::Up).unwrap()),
            |rotation| drop(remove_member(rotation, &key("cy")).unwrap()),
            // All around, to the same person again.
            |rotation| (0..3).for_each(|_| rotate(rotation, NOW).unwrap()),
        ];
        for other in others {
            let (mut rotation, kept) = changed(|rotation| rotate(rotation, CHANGED));
            other(&mut rotation);
            let before = rotation.clone();
            let undone = undo(&mut rotation, &kept, NOW);
            assert_eq!(undone, Err(RotationRefusal::ChangedSince));
            assert_eq!(rotation, before);
        }
    }

    #[test]
    fn what_is_undone_is_not_undone_again() {
        let (mut rotation, kept) = changed(|rotation| rotate(rotation, CHANGED));
        undo(&mut rotation, &kept, NOW).unwrap();
        let again = undo(&mut rotation, &kept, NOW);
        assert_eq!(again, Err(RotationRefusal::ChangedSince));
    }

    #[test]
    fn nobody_comes_back_on_duty_who_left_slack_or_to_a_rotation_that_is_bound() {
        let (mut rotation, kept) = changed(|rotation| rotate(rotation, CHANGED));
        rotation.crew.members[0].link = LinkState::Deactivated;
        let undone = undo(&mut rotation, &kept, NOW);
        assert_eq!(undone, Err(RotationRefusal::Deactivated));
        rotation.plan = Plan::PagerDuty(ScheduleId::new("PS"));
        let undone = undo(&mut rotation, &kept, NOW);
        assert_eq!(undone, Err(RotationRefusal::Bound));
    }
}
