//! Whose turn it is in Manual mode.

use crate::{Duty, Member, Rotation};
use types::{MemberKey, RotationRefusal, Timestamp};

/// Moves the rotation on: those after the last ones on duty take over, as many
/// as the duty size asks for. Whoever left Slack is passed over.
pub fn rotate(rotation: &mut Rotation, now: Timestamp) -> Result<(), RotationRefusal> {
    rotation.must_be_manual()?;
    let next = next_turn(&rotation.members, rotation.details.duty_size);
    if next.is_empty() {
        return Err(RotationRefusal::NobodyToRotateTo);
    }
    for (index, member) in rotation.members.iter_mut().enumerate() {
        member.duty = next.contains(&index).then(|| {
            member.duty.unwrap_or(Duty {
                since: now,
                until: None,
            })
        });
    }
    Ok(())
}

/// Of those whom *Rotate* would put on duty, who is not on duty now, in order.
pub fn next_by_hand(members: &[Member], duty_size: u32) -> Vec<&Member> {
    next_turn(members, duty_size)
        .into_iter()
        .map(|index| &members[index])
        .filter(|member| member.duty.is_none())
        .collect()
}

/// The places of those whose turn is next, in order: as many as the duty size asks
/// for, without whoever left Slack.
fn next_turn(members: &[Member], duty_size: u32) -> Vec<usize> {
    let takers: Vec<usize> = (0..members.len())
        .filter(|&index| members[index].link.can_be_on_duty())
        .collect();
    let size = (duty_size as usize).min(takers.len());
    let first = first_taker(members, &takers);
    (0..size)
        .map(|step| takers[(first + step) % takers.len()])
        .collect()
}

/// Where in `takers` the next turn begins: right after the end of the run of
/// members who are on duty, which may wrap around the end of the list.
fn first_taker(members: &[Member], takers: &[usize]) -> usize {
    let on_duty = |index: usize| members[index].duty.is_some();
    let count = members.len();
    let end_of_run = (0..count).find(|&index| on_duty(index) && !on_duty((index + 1) % count));
    match end_of_run {
        Some(end) => takers.iter().position(|&taker| taker > end).unwrap_or(0),
        None => 0,
    }
}

/// Puts one member on duty, alone.
pub fn set_on_duty(
    rotation: &mut Rotation,
    key: &MemberKey,
    now: Timestamp,
) -> Result<(), RotationRefusal> {
    rotation.must_be_manual()?;
    let chosen = rotation.position_of(key)?;
    if !rotation.members[chosen].link.can_be_on_duty() {
        return Err(RotationRefusal::Deactivated);
    }
    for (index, member) in rotation.members.iter_mut().enumerate() {
        member.duty = (index == chosen).then(|| {
            member.duty.unwrap_or(Duty {
                since: now,
                until: None,
            })
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        names_on_duty,
        rotation::examples::{key, rotation},
    };
    use types::{LinkState, RotationMode};

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn on_duty(rotation: &Rotation) -> Vec<&str> {
        names_on_duty(&rotation.members)
    }

    #[test]
    fn turns_go_round_in_order() {
        let mut rotation = rotation(&["ann", "bob", "cy"]);
        for expected in ["ann", "bob", "cy", "ann"] {
            rotate(&mut rotation, NOW).unwrap();
            assert_eq!(on_duty(&rotation), [expected]);
        }
    }

    #[test]
    fn several_take_over_at_once_and_wrap_around() {
        let mut rotation = rotation(&["ann", "bob", "cy"]);
        rotation.details.duty_size = 2;
        for expected in [["ann", "bob"], ["ann", "cy"], ["bob", "cy"], ["ann", "bob"]] {
            rotate(&mut rotation, NOW).unwrap();
            assert_eq!(on_duty(&rotation), expected);
        }
    }

    #[test]
    fn whoever_left_slack_is_passed_over() {
        let mut rotation = rotation(&["ann", "bob", "cy"]);
        rotation.members[1].link = LinkState::Deactivated;
        rotate(&mut rotation, NOW).unwrap();
        rotate(&mut rotation, NOW).unwrap();
        assert_eq!(on_duty(&rotation), ["cy"]);
    }

    #[test]
    fn a_turn_of_somebody_who_left_ends_at_the_next_rotate() {
        let mut rotation = rotation(&["ann", "bob"]);
        rotate(&mut rotation, NOW).unwrap();
        rotation.members[0].link = LinkState::Deactivated;
        rotate(&mut rotation, NOW).unwrap();
        assert_eq!(on_duty(&rotation), ["bob"]);
    }

    #[test]
    fn an_only_member_stays_on_duty_since_the_same_time() {
        let mut rotation = rotation(&["ann"]);
        rotate(&mut rotation, NOW).unwrap();
        rotate(&mut rotation, NOW.plus_seconds(60)).unwrap();
        assert_eq!(rotation.members[0].duty.unwrap().since, NOW);
    }

    #[test]
    fn nobody_can_take_over_in_an_empty_rotation() {
        assert_eq!(
            rotate(&mut rotation(&[]), NOW),
            Err(RotationRefusal::NobodyToRotateTo)
        );
    }

    #[test]
    fn who_is_next_is_whom_rotate_puts_on_duty() {
        let mut rotation = rotation(&["ann", "bob", "cy"]);
        for duty_size in [1, 2] {
            rotation.details.duty_size = duty_size;
            for _ in 0..3 {
                let before = rotation.clone();
                let next = next_by_hand(&before.members, duty_size);
                assert!(!next.is_empty());
                rotate(&mut rotation, NOW).unwrap();
                for member in next {
                    assert_eq!(member.duty, None);
                    let index = rotation.position_of(&member.key).unwrap();
                    assert!(rotation.members[index].duty.is_some());
                }
            }
        }
    }

    #[test]
    fn nobody_is_next_where_everybody_is_on_duty_already() {
        let mut rotation = rotation(&["ann"]);
        assert_eq!(next_by_hand(&rotation.members, 1)[0].name, "ann");
        rotate(&mut rotation, NOW).unwrap();
        assert!(next_by_hand(&rotation.members, 1).is_empty());
        assert!(next_by_hand(&[], 1).is_empty());
    }

    #[test]
    fn setting_on_duty_relieves_everybody_else() {
        let mut rotation = rotation(&["ann", "bob"]);
        rotate(&mut rotation, NOW).unwrap();
        set_on_duty(&mut rotation, &key("bob"), NOW).unwrap();
        assert_eq!(on_duty(&rotation), ["bob"]);
        assert_eq!(
            set_on_duty(&mut rotation, &key("eve"), NOW),
            Err(RotationRefusal::NotAMember)
        );
    }

    #[test]
    fn pagerduty_decides_in_a_bound_rotation() {
        let mut rotation = rotation(&["ann"]);
        rotation.mode = RotationMode::PagerDuty;
        assert_eq!(rotate(&mut rotation, NOW), Err(RotationRefusal::Bound));
        assert_eq!(
            set_on_duty(&mut rotation, &key("ann"), NOW),
            Err(RotationRefusal::Bound)
        );
    }
}
