//! What needs somebody's attention: in a rotation, as the list and Home tell it, and of Slack.
//! What is merely unusual and mends itself is left out, so that what is told is read.

use crate::Standing;
use types::{
    Attention, Gap, Outlook, RotationMode, RotationNeed, SlackNeed, SlackProblem, Timestamp,
};

/// How far ahead a time with nobody on duty is told: long enough to find somebody.
pub const GAPS_TOLD_SECONDS: i64 = 14 * 24 * 3600;
/// How old what is known of people may be while Slack fails for the moment.
const PEOPLE_OLD_SECONDS: i64 = 3600;

/// How a rotation is.
#[derive(Clone, Copy, Debug)]
pub struct Condition<'a> {
    pub mode: RotationMode,
    pub outlook: &'a Outlook,
    /// Whether somebody is to be on duty: it is neither paused nor closed by its own schedule.
    pub is_staffed: bool,
    /// The next time, within [`GAPS_TOLD_SECONDS`], when nobody will be on duty and somebody is to be.
    pub gap: Option<Gap>,
    /// Why what its schedule says cannot be confirmed at present, if so.
    pub unconfirmed: Option<Attention>,
    /// How many of the people of its schedule are not linked to Slack.
    pub unlinked: u32,
    /// How many shifts of its schedule make no sense.
    pub left_out: u32,
}

/// What a rotation needs somebody for, the most urgent first.
pub fn needs(condition: &Condition<'_>) -> Vec<RotationNeed> {
    let unknown = condition.mode == RotationMode::Unknown;
    let nobody = condition.is_staffed && condition.outlook.on_duty.is_empty();
    let (unlinked, left_out) = (condition.unlinked, condition.left_out);
    [
        // Whoever has a shift that makes no sense may well be on duty.
        (nobody && !condition.outlook.is_unknown).then_some(RotationNeed::Nobody),
        (left_out > 0).then_some(RotationNeed::LeftOut { shifts: left_out }),
        unknown.then_some(RotationNeed::UnknownMode),
        condition.unconfirmed.map(RotationNeed::Unconfirmed),
        condition.gap.map(RotationNeed::Gap),
        (unlinked > 0).then_some(RotationNeed::Unlinked { people: unlinked }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How urgent a need is among those of all rotations, the least first: what is so now, then the
/// gaps by their start.
pub fn urgency(need: &RotationNeed) -> (u8, Option<Timestamp>) {
    match need {
        RotationNeed::Nobody | RotationNeed::LeftOut { .. } => (0, None),
        RotationNeed::UnknownMode => (1, None),
        RotationNeed::Unconfirmed(_) => (2, None),
        RotationNeed::Slack { .. } => (3, None),
        RotationNeed::Gap(gap) => (4, Some(gap.from)),
        RotationNeed::Unlinked { .. } => (5, None),
    }
}

/// What Slack needs somebody for, where its people were last read whole at `read_at`, and the
/// last reading came to a `problem`.
pub fn slack_need(
    standing: &Standing,
    problem: Option<&SlackProblem>,
    read_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<SlackNeed> {
    match standing {
        Standing::Ended { .. } => return Some(SlackNeed::Ended),
        Standing::Doubted(doubt) => return Some(SlackNeed::Doubted(doubt.word.clone())),
        Standing::Sound => {}
    }
    let problem = problem?;
    let lasts = matches!(
        problem,
        SlackProblem::TokenRefused(_) | SlackProblem::Refused(_)
    );
    let old = read_at.is_none_or(|at| now.seconds_since(at) >= PEOPLE_OLD_SECONDS);
    (lasts || old).then(|| SlackNeed::PeopleUnread {
        problem: problem.clone(),
        read_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Doubt, crew::examples::member, shifts::examples::at};
    use types::{LeftOut, OnDuty, ScheduleHealth, ShiftOddity, SlackRefusal, SlackWord};

    fn somebody() -> Outlook {
        Outlook {
            on_duty: vec![OnDuty {
                holder: member("ann").holder(),
                since: at(0),
                followed_from: None,
                until: None,
                or_later: false,
                by_override: None,
            }],
            ..Outlook::default()
        }
    }

    fn well(outlook: &Outlook) -> Condition<'_> {
        Condition {
            mode: RotationMode::PagerDuty,
            outlook,
            is_staffed: true,
            gap: None,
            unconfirmed: None,
            unlinked: 0,
            left_out: 0,
        }
    }

    #[test]
    fn who_may_have_a_shift_that_makes_no_sense_is_not_told_to_be_nobody() {
        let shifts = |from| LeftOut {
            shifts: 2,
            first: ShiftOddity::NobodyNamed,
            from: Some(at(from)),
        };
        let outlook = |from| Outlook::default().without(Some(&shifts(from)), at(10));
        let (of_now, of_later) = (outlook(10), outlook(11));
        let condition = Condition {
            left_out: 2,
            ..well(&of_now)
        };
        let left_out = RotationNeed::LeftOut { shifts: 2 };
        assert_eq!(needs(&condition), [left_out.clone()]);
        // One that is to come leaves it certain.
        let to_come = Condition {
            outlook: &of_later,
            ..condition
        };
        assert_eq!(needs(&to_come), [RotationNeed::Nobody, left_out]);
    }

    #[test]
    fn a_rotation_that_is_well_needs_nobody() {
        assert_eq!(needs(&well(&somebody())), []);
    }

    #[test]
    fn that_nobody_is_on_duty_while_nobody_is_to_be_needs_nobody() {
        let empty = Outlook::default();
        let closed = Condition {
            is_staffed: false,
            ..well(&empty)
        };
        assert_eq!(needs(&closed), []);
    }

    #[test]
    fn everything_that_is_wrong_is_told_the_most_urgent_first() {
        let gap = Gap {
            from: at(10),
            until: None,
        };
        let attention = Attention {
            health: ScheduleHealth::Stale,
            confirmed_at: None,
        };
        let empty = Outlook::default();
        let ill = Condition {
            gap: Some(gap),
            unconfirmed: Some(attention),
            unlinked: 2,
            ..well(&empty)
        };
        let told = needs(&ill);
        let expected = [
            RotationNeed::Nobody,
            RotationNeed::Unconfirmed(attention),
            RotationNeed::Gap(gap),
            RotationNeed::Unlinked { people: 2 },
        ];
        assert_eq!(told, expected);
        assert!(told.is_sorted_by_key(urgency));
    }

    #[test]
    fn a_mode_of_another_version_is_told() {
        let outlook = somebody();
        let condition = Condition {
            mode: RotationMode::Unknown,
            ..well(&outlook)
        };
        assert_eq!(needs(&condition), [RotationNeed::UnknownMode]);
    }

    #[test]
    fn of_two_gaps_the_earlier_is_more_urgent() {
        let gap = |from| {
            RotationNeed::Gap(Gap {
                from: at(from),
                until: None,
            })
        };
        assert!(urgency(&gap(5)) < urgency(&gap(6)));
        assert!(urgency(&RotationNeed::Nobody) < urgency(&gap(0)));
    }

    #[test]
    fn slack_is_told_of_when_it_does_not_mend_itself() {
        let word = || SlackWord::parse("invalid_auth").unwrap();
        let doubted = Standing::Doubted(Doubt {
            word: word(),
            since: at(0),
            denials: 0,
            denied_at: None,
        });
        let ended = Standing::Ended {
            word: word(),
            at: at(0),
        };
        let now = at(10_000);
        let away = SlackProblem::Unreachable;
        let refused = SlackProblem::Refused(SlackRefusal(word()));
        let unread = |problem: &SlackProblem, read_at| SlackNeed::PeopleUnread {
            problem: problem.clone(),
            read_at,
        };
        let (fresh, old) = (Some(at(9_000)), Some(at(6_400)));
        for (standing, problem, read_at, expected) in [
            (&Standing::Sound, None, None, None),
            (&Standing::Sound, Some(&away), fresh, None),
            (&Standing::Sound, Some(&away), old, Some(unread(&away, old))),
            (
                &Standing::Sound,
                Some(&away),
                None,
                Some(unread(&away, None)),
            ),
            (
                &Standing::Sound,
                Some(&refused),
                fresh,
                Some(unread(&refused, fresh)),
            ),
            (
                &doubted,
                Some(&away),
                fresh,
                Some(SlackNeed::Doubted(word())),
            ),
            (&ended, None, fresh, Some(SlackNeed::Ended)),
        ] {
            let need = slack_need(standing, problem, read_at, now);
            assert_eq!(need, expected, "{standing:?} {problem:?} {read_at:?}");
        }
    }
}
