//! Whose turn it is in Manual mode.

use crate::{Crew, Member, Rotation};
use types::{MemberKey, RotationRefusal, Timestamp};

/// Moves the rotation on: those after the last ones on duty take over, as many
/// as the duty size asks for. Whoever left Slack is passed over.
pub fn rotate(rotation: &mut Rotation, now: Timestamp) -> Result<(), RotationRefusal> {
    rotation.plan.people_hand_over()?;
    let next = next_turn(&rotation.crew, rotation.details.duty_size);
    if next.is_empty() {
        return Err(RotationRefusal::NobodyToRotateTo);
    }
    rotation.crew.put_on_duty(&next, now);
    Ok(())
}

/// Of those whom *Rotate* would put on duty, who is not on duty now, in order.
pub fn next_by_hand(crew: &Crew, duty_size: u32) -> Vec<&Member> {
    next_turn(crew, duty_size)
        .into_iter()
        .map(|index| &crew.members[index])
        .filter(|member| !crew.is_on_duty(&member.key))
        .collect()
}

/// The places of those whose turn is next, in order: as many as the duty size asks
/// for, without whoever left Slack.
fn next_turn(crew: &Crew, duty_size: u32) -> Vec<usize> {
    let members = &crew.members;
    let takers: Vec<usize> = (0..members.len())
        .filter(|&index| members[index].link.can_be_on_duty())
        .collect();
    let size = (duty_size as usize).min(takers.len());
    let first = first_taker(crew, &takers);
    (0..size)
        .map(|step| takers[(first + step) % takers.len()])
        .collect()
}

/// Where in `takers` the next turn begins: right after the end of the run of
/// members who are on duty, which may wrap around the end of the list.
fn first_taker(crew: &Crew, takers: &[usize]) -> usize {
    let on_duty = |index: usize| crew.is_on_duty(&crew.members[index].key);
    let count = crew.members.len();
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
    rotation.plan.people_hand_over()?;
    let chosen = rotation.position_of(key)?;
    if !rotation.crew.members[chosen].link.can_be_on_duty() {
        return Err(RotationRefusal::Deactivated);
    }
    rotation.crew.put_on_duty(&[chosen], now);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Plan,
        crew::examples::{duty, key},
        rotation::examples::rotation,
    };
    use types::{LinkState, ScheduleId};

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn on_duty(rotation: &Rotation) -> Vec<&str> {
        rotation.crew.names_on_duty()
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
        rotation.crew.members[1].link = LinkState::Deactivated;
        rotate(&mut rotation, NOW).unwrap();
        rotate(&mut rotation, NOW).unwrap();
        assert_eq!(on_duty(&rotation), ["cy"]);
    }

    #[test]
    fn a_turn_of_somebody_who_left_ends_at_the_next_rotate() {
        let mut rotation = rotation(&["ann", "bob"]);
        rotate(&mut rotation, NOW).unwrap();
        rotation.crew.members[0].link = LinkState::Deactivated;
        rotate(&mut rotation, NOW).unwrap();
        assert_eq!(on_duty(&rotation), ["bob"]);
    }

    #[test]
    fn an_only_member_stays_on_duty_since_the_same_time() {
        let mut rotation = rotation(&["ann"]);
        rotate(&mut rotation, NOW).unwrap();
        rotate(&mut rotation, NOW.plus_seconds(60)).unwrap();
        assert_eq!(rotation.crew.duties[0].since, NOW);
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
                let next = next_by_hand(&before.crew, duty_size);
                assert!(!next.is_empty());
                rotate(&mut rotation, NOW).unwrap();
                for member in next {
                    assert!(!before.crew.is_on_duty(&member.key));
                    assert!(rotation.crew.is_on_duty(&member.key));
                }
            }
        }
    }

    #[test]
    fn nobody_is_next_where_everybody_is_on_duty_already() {
        let mut rotation = rotation(&["ann"]);
        assert_eq!(next_by_hand(&rotation.crew, 1)[0].name, "ann");
        rotate(&mut rotation, NOW).unwrap();
        assert!(next_by_hand(&rotation.crew, 1).is_empty());
        assert!(next_by_hand(&Crew::default(), 1).is_empty());
    }

    #[test]
    fn whoever_stands_in_is_relieved_by_whose_turn_is_next() {
        let mut rotation = rotation(&["ann", "bob"]);
        rotation.crew.duties = vec![duty("eve", NOW, None)];
        assert_eq!(next_by_hand(&rotation.crew, 1)[0].name, "ann");
        rotate(&mut rotation, NOW).unwrap();
        assert_eq!(on_duty(&rotation), ["ann"]);
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
        rotation.plan = Plan::PagerDuty(ScheduleId::new("PS"));
        assert_eq!(rotate(&mut rotation, NOW), Err(RotationRefusal::Bound));
        assert_eq!(
            set_on_duty(&mut rotation, &key("ann"), NOW),
            Err(RotationRefusal::Bound)
        );
    }
}
