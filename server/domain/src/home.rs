//! What Home tells one reader of all rotations that they may see: where they are on duty, which
//! shifts of theirs come, whose turn they are next, what they own, and what needs somebody. Of
//! what may be long only the first are told, with the number of all, so that Home is as light
//! with hundreds of rotations as with five.

use crate::{Crew, Foresight, Relation, next_by_hand, urgency};
use std::collections::HashSet;
use types::{First, MemberKey, Outlook, PersonId, RotationNeed, Stretch, Timestamp};

/// How many of each kind Home tells.
const TOLD: usize = 6;

/// A rotation that the reader may see, under the name `T` by which the caller knows it.
#[derive(Clone, Copy, Debug)]
pub struct SeenRotation<'a, T> {
    pub rotation: T,
    pub relation: Relation,
    pub crew: &'a Crew,
    pub foresight: Foresight<'a>,
    pub outlook: &'a Outlook,
    pub needs: &'a [RotationNeed],
    /// By the clock that its duties go by.
    pub now: Timestamp,
}

/// A shift of the reader's that has not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn<T> {
    pub rotation: T,
    pub starts_at: Timestamp,
    pub ends_at: Option<Timestamp>,
    /// The plan is not known beyond the end.
    pub or_later: bool,
}

/// What Home tells, by the names under which the rotations came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home<T> {
    pub rotations: u32,
    /// Where the reader takes turns, is on duty, or will be.
    pub mine: u32,
    /// Where the reader takes turns and it is not known who is on duty.
    pub unknown: u32,
    /// Where the reader is on duty, by the end of that.
    pub on_duty: First<T>,
    /// By start.
    pub coming: First<Turn<T>>,
    /// Where people hand over and it is the reader's turn next.
    pub in_turn: First<T>,
    pub owned: First<T>,
    /// The most urgent first.
    pub needs: First<T>,
    /// Rotations whose schedules cannot be confirmed.
    pub unconfirmed: u32,
    /// People on duty whom only PagerDuty knows.
    pub unlinked_on_duty: u32,
}

/// Of the rotations, which come by name. While the connection to PagerDuty is ill as a whole,
/// that its schedules cannot be confirmed is no need of each rotation.
pub fn home<T: Copy>(
    seen: &[SeenRotation<'_, T>],
    reader: &PersonId,
    connection_is_ill: bool,
) -> Home<T> {
    let me = MemberKey::of_person(reader);
    let is_mine = |one: &&SeenRotation<'_, T>| one.foresight.is_of(one.relation, &me, one.now);
    let mine = seen.iter().filter(is_mine);
    let unknown = seen.iter().filter(|one| one.outlook.is_unknown);
    let owned = seen.iter().filter(|one| one.relation.owner);
    let unconfirmed = seen
        .iter()
        .filter(|one| one.needs.iter().any(is_unconfirmed));
    Home {
        rotations: count(seen.len()),
        mine: count(mine.count()),
        unknown: count(unknown.filter(is_mine).count()),
        on_duty: on_duty(seen, &me),
        coming: coming(seen, &me),
        in_turn: in_turn(seen, &me),
        owned: First::of(owned.map(|one| one.rotation).collect(), TOLD),
        needs: needy(seen, connection_is_ill),
        unconfirmed: count(unconfirmed.count()),
        unlinked_on_duty: unlinked_on_duty(seen),
    }
}

fn on_duty<T: Copy>(seen: &[SeenRotation<'_, T>], me: &MemberKey) -> First<T> {
    let mut on_duty: Vec<_> = seen
        .iter()
        .filter_map(|one| Some((one.outlook.of(me)?.until, one.rotation)))
        .collect();
    on_duty.sort_by_key(|(until, _)| (until.is_none(), *until));
    let on_duty = on_duty.into_iter().map(|(_, rotation)| rotation);
    First::of(on_duty.collect(), TOLD)
}

fn coming<T: Copy>(seen: &[SeenRotation<'_, T>], me: &MemberKey) -> First<Turn<T>> {
    let is_mine = |stretch: &Stretch, now| {
        let holder = stretch.holder.as_ref();
        stretch.starts_at > now && holder.is_some_and(|holder| holder.key == *me)
    };
    let turns = seen.iter().flat_map(|one| {
        let (stretches, known_until) = match one.foresight {
            Foresight::Shifts {
                stretches,
                known_until,
            } => (stretches, Some(known_until)),
            Foresight::ByHand { .. } | Foresight::Unknown => (&[][..], None),
        };
        let mine = stretches
            .iter()
            .filter(move |stretch| is_mine(stretch, one.now));
        mine.map(move |stretch| Turn {
            rotation: one.rotation,
            starts_at: stretch.starts_at,
            ends_at: stretch.ends_at,
            or_later: stretch.may_go_on(known_until),
        })
    });
    let mut turns: Vec<_> = turns.collect();
    turns.sort_by_key(|turn| turn.starts_at);
    First::of(turns, TOLD)
}

fn in_turn<T: Copy>(seen: &[SeenRotation<'_, T>], me: &MemberKey) -> First<T> {
    let in_turn = seen.iter().filter(|one| match one.foresight {
        Foresight::ByHand { duty_size } => {
            let next = next_by_hand(one.crew, duty_size);
            next.iter().any(|member| member.key == *me)
        }
        Foresight::Shifts { .. } | Foresight::Unknown => false,
    });
    First::of(in_turn.map(|one| one.rotation).collect(), TOLD)
}

fn needy<T: Copy>(seen: &[SeenRotation<'_, T>], connection_is_ill: bool) -> First<T> {
    let mut needy: Vec<_> = seen
        .iter()
        .filter_map(|one| {
            let own = |need: &&RotationNeed| !(connection_is_ill && is_unconfirmed(need));
            let most = one.needs.iter().filter(own).map(urgency).min()?;
            Some((most, one.rotation))
        })
        .collect();
    needy.sort_by_key(|(most, _)| *most);
    First::of(
        needy.into_iter().map(|(_, rotation)| rotation).collect(),
        TOLD,
    )
}

fn is_unconfirmed(need: &RotationNeed) -> bool {
    matches!(need, RotationNeed::Unconfirmed(_))
}

fn unlinked_on_duty<T>(seen: &[SeenRotation<'_, T>]) -> u32 {
    let holders = seen.iter().flat_map(|one| &one.outlook.on_duty);
    let keys: HashSet<_> = holders
        .map(|duty| &duty.holder.key)
        .filter(|key| !key.is_of_person())
        .collect();
    count(keys.len())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crew::examples::{duty, member, person},
        shifts::examples::at,
    };
    use types::{Attention, Gap, Holder, ScheduleHealth};

    const NOW: i64 = 100;
    const KNOWN_UNTIL: i64 = 1_000;
    const NOBODYS: Relation = Relation {
        owner: false,
        member: false,
    };

    /// A rotation with shifts of these people, each from and until when.
    fn stretches(shifts: &[(&str, i64, i64)]) -> Vec<Stretch> {
        let stretch = |&(name, starts_at, ends_at): &(&str, i64, i64)| Stretch {
            holder: Some(member(name).holder()),
            starts_at: at(starts_at),
            ends_at: Some(at(ends_at)),
            overrides: Vec::new(),
        };
        shifts.iter().map(stretch).collect()
    }

    fn shifts(stretches: &[Stretch]) -> Foresight<'_> {
        Foresight::Shifts {
            stretches,
            known_until: at(KNOWN_UNTIL),
        }
    }

    /// Home of ann, with these rotations.
    fn told<T: Copy>(
        rotations: &[(T, Relation, &Crew, Foresight<'_>, &[RotationNeed])],
        connection_is_ill: bool,
    ) -> Home<T> {
        let outlooks: Vec<_> = rotations
            .iter()
            .map(|(_, _, crew, foresight, _)| foresight.outlook(crew, at(NOW)))
            .collect();
        let seen = rotations.iter().zip(&outlooks);
        let seen: Vec<_> = seen
            .map(
                |(&(rotation, relation, crew, foresight, needs), outlook)| SeenRotation {
                    rotation,
                    relation,
                    crew,
                    foresight,
                    outlook,
                    needs,
                    now: at(NOW),
                },
            )
            .collect();
        home(&seen, &person("ann"), connection_is_ill)
    }

    #[test]
    fn my_shifts_are_told_by_when_they_end_and_begin() {
        let crew = Crew::default();
        let one = stretches(&[("ann", 0, 200), ("bob", 200, 300), ("ann", 300, 400)]);
        let other = stretches(&[("ann", 50, 150), ("bob", 150, 250), ("ann", 250, 1_000)]);
        let home = told(
            &[
                ("one", NOBODYS, &crew, shifts(&one), &[]),
                ("other", NOBODYS, &crew, shifts(&other), &[]),
            ],
            false,
        );
        assert_eq!(home.on_duty.items, ["other", "one"]);
        let coming: Vec<_> = home
            .coming
            .items
            .iter()
            .map(|turn| (turn.rotation, turn.starts_at, turn.or_later))
            .collect();
        assert_eq!(coming, [("other", at(250), true), ("one", at(300), false)]);
    }

    #[test]
    fn whoever_has_the_same_name_is_somebody_else() {
        let crew = Crew::default();
        let mut namesake = stretches(&[("ann", 0, 200)]);
        namesake[0].holder = Some(Holder {
            key: MemberKey::new("pagerduty:P1"),
            name: "ann".to_owned(),
        });
        let home = told(&[(1, NOBODYS, &crew, shifts(&namesake), &[])], false);
        assert_eq!(home.on_duty.all, 0);
        assert_eq!(home.unlinked_on_duty, 1);
    }

    #[test]
    fn by_hand_it_is_told_whose_turn_is_next_and_nothing_of_when() {
        let crew = |on_duty: &str| {
            let members = ["ann", "bob"].map(member).to_vec();
            Crew::new(members, vec![duty(on_duty, at(0), None)])
        };
        let (mine, bobs) = (crew("ann"), crew("bob"));
        let by_hand = Foresight::ByHand { duty_size: 1 };
        let rotations = [
            ("mine", NOBODYS, &mine, by_hand, &[][..]),
            ("bobs", NOBODYS, &bobs, by_hand, &[]),
            // Who is next is not known where something else decides.
            ("unknown", NOBODYS, &bobs, Foresight::Unknown, &[]),
        ];
        let home = told(&rotations, false);
        assert_eq!(home.on_duty.items, ["mine"]);
        assert_eq!(home.in_turn.items, ["bobs"]);
        assert_eq!(home.coming.all, 0);
    }

    #[test]
    fn what_is_most_urgent_comes_first() {
        let crew = Crew::default();
        let gap = |from| {
            [RotationNeed::Gap(Gap {
                from: at(from),
                until: None,
            })]
        };
        let (early, late) = (gap(200), gap(300));
        let nobody = [RotationNeed::Nobody, RotationNeed::Unlinked { people: 1 }];
        let row = |name, needs| (name, NOBODYS, &crew, Foresight::Unknown, needs);
        let rotations = [
            row("late", &late[..]),
            row("well", &[]),
            row("early", &early),
            row("nobody", &nobody),
        ];
        let home = told(&rotations, false);
        assert_eq!(home.needs.items, ["nobody", "early", "late"]);
        assert_eq!(home.rotations, 4);
    }

    #[test]
    fn an_ill_connection_is_told_once_and_not_of_each_rotation() {
        let crew = Crew::default();
        let unconfirmed = RotationNeed::Unconfirmed(Attention {
            health: ScheduleHealth::NeedsAttention,
            confirmed_at: None,
        });
        let both = [RotationNeed::Nobody, unconfirmed.clone()];
        let row = |name, needs| (name, NOBODYS, &crew, Foresight::Unknown, needs);
        let alone = [unconfirmed];
        let rotations = [row("one", &alone[..]), row("other", &both)];
        let home = told(&rotations, true);
        assert_eq!(home.needs.items, ["other"]);
        assert_eq!(home.unconfirmed, 2);
        assert_eq!(told(&rotations, false).needs.all, 2);
    }

    #[test]
    fn of_many_only_the_first_are_told() {
        let crew = Crew::default();
        let owner = Relation {
            owner: true,
            member: true,
        };
        let needs = [RotationNeed::Nobody];
        let rotations: Vec<_> = (0..500)
            .map(|number| (number, owner, &crew, Foresight::Unknown, &needs[..]))
            .collect();
        let home = told(&rotations, false);
        assert_eq!((home.owned.items.len(), home.owned.all), (TOLD, 500));
        assert_eq!(home.needs.items.len(), TOLD);
        assert_eq!(home.needs.others() as usize, 500 - TOLD);
        assert_eq!((home.rotations, home.mine), (500, 500));
    }
}
