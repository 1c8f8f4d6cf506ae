//! The one answer to *who is on duty, until when, who is next, and is there a gap*. Cards,
//! pages, timelines and histories read it here and nowhere else.

use crate::{
    Cause, Crew, Directory, Member, Plan, Record, Relation, SchedulePerson, Shift, link_of,
    next_by_hand,
};
use std::collections::HashMap;
use types::{
    Gap, Holder, MemberKey, NextOnDuty, OnDuty, Outlook, Override, Span, Stretch, Timestamp,
};

/// What is known of a rotation's time to come.
#[derive(Clone, Copy, Debug)]
pub enum Foresight<'a> {
    /// People hand over themselves, to so many at once.
    ByHand { duty_size: u32 },
    /// Its shifts, joined, without gaps and by start, are known until `known_until`.
    Shifts {
        stretches: &'a [Stretch],
        known_until: Timestamp,
    },
    /// What decides is not known here: whoever is stored as on duty is shown.
    Unknown,
}

impl Foresight<'_> {
    /// What it says of `now` where these are on the rotation.
    pub fn outlook(&self, crew: &Crew, now: Timestamp) -> Outlook {
        match *self {
            Self::ByHand { duty_size } => by_hand(crew, &next_by_hand(crew, duty_size)),
            Self::Unknown => by_hand(crew, &[]),
            Self::Shifts {
                stretches,
                known_until,
            } => planned_outlook(stretches, known_until, crew, now),
        }
    }

    /// Whether whoever stands so to a rotation takes turns in it, is on duty, or will be: an override
    /// puts on duty who is none of its people.
    pub fn is_of(&self, relation: Relation, key: &MemberKey, now: Timestamp) -> bool {
        relation.member || self.has_shift_of(key, now)
    }

    /// Somebody of this key has a shift that has not ended at `now`.
    fn has_shift_of(&self, key: &MemberKey, now: Timestamp) -> bool {
        let Self::Shifts { stretches, .. } = *self else {
            return false;
        };
        stretches.iter().any(|stretch| {
            let holder = stretch.holder.as_ref();
            stretch.ends_at.is_none_or(|end| end > now)
                && holder.is_some_and(|holder| holder.key == *key)
        })
    }

    /// The first time that begins after `now`, and before `until`, when by this plan somebody is to be
    /// on duty and nobody is planned. That nobody is on duty at present is for [`Self::outlook`] to say.
    pub fn next_gap(&self, plan: &Plan, now: Timestamp, until: Timestamp) -> Option<Gap> {
        let Self::Shifts {
            stretches,
            known_until,
        } = *self
        else {
            return None;
        };
        let gaps = gaps(stretches, now, Some(known_until));
        let gaps = gaps.iter().take_while(|gap| gap.starts_at < until);
        let mut missing = gaps.flat_map(|gap| {
            plan.staffed(Span {
                from: gap.starts_at,
                until: gap.ends_at.unwrap_or(known_until),
            })
        });
        let gap = missing.find(|gap| now < gap.from)?;
        (gap.from < until).then(|| Gap {
            from: gap.from,
            until: Some(gap.until).filter(|end| *end < known_until),
        })
    }
}

fn by_hand(crew: &Crew, next: &[&Member]) -> Outlook {
    let on_duty = crew.duties.iter().map(|duty| OnDuty {
        holder: duty.holder.clone(),
        since: duty.since,
        followed_from: None,
        until: duty.until,
        or_later: false,
        by_override: None,
    });
    Outlook {
        on_duty: on_duty.collect(),
        next: (!next.is_empty()).then(|| {
            let holders: Vec<_> = next.iter().map(|member| member.holder()).collect();
            NextOnDuty::new(&holders, None)
        }),
        ..Outlook::default()
    }
}

fn planned_outlook(
    stretches: &[Stretch],
    known_until: Timestamp,
    crew: &Crew,
    now: Timestamp,
) -> Outlook {
    let mut on_duty: Vec<_> = stretches
        .iter()
        .filter(|stretch| stretch.holds(now))
        .filter_map(|stretch| {
            let holder = stretch.holder.clone()?;
            let known = crew.duty_of(&holder.key);
            Some(OnDuty {
                // A plan tells of the time before it was read no more.
                since: known.map_or(stretch.starts_at, |duty| duty.begin(stretch.starts_at)),
                followed_from: None,
                until: stretch.ends_at,
                or_later: stretch.may_go_on(Some(known_until)),
                by_override: stretch.overrides.iter().find(|one| one.holds(now)).cloned(),
                holder,
            })
        })
        .collect();
    let place = |duty: &OnDuty| {
        let place = |member: &Member| member.key == duty.holder.key;
        crew.members.iter().position(place).unwrap_or(usize::MAX)
    };
    on_duty.sort_by_key(place);
    let coming = stretches.iter().filter(|stretch| stretch.starts_at > now);
    let starts_at = coming.clone().map(|stretch| stretch.starts_at).min();
    let next = starts_at.map(|starts_at| {
        let next = coming.filter(|stretch| stretch.starts_at == starts_at);
        NextOnDuty::new(
            next.filter_map(|stretch| stretch.holder.as_ref()),
            Some(starts_at),
        )
    });
    let ends: Option<Vec<_>> = on_duty.iter().map(|duty| duty.until).collect();
    let ends_at = ends.into_iter().flatten().max();
    let gap = ends_at
        .filter(|&end| starts_at.is_none_or(|start| end < start) && end < known_until)
        .map(|from| Gap {
            from,
            until: starts_at,
        });
    Outlook {
        on_duty,
        next,
        gap,
        ..Outlook::default()
    }
}

/// What a schedule plans: for each of its people, or whoever they are in Slack, their shifts
/// joined where they touch or overlap, since at the seam nobody takes over; by start.
pub fn planned(people: &[SchedulePerson], shifts: &[Shift], directory: &Directory) -> Vec<Stretch> {
    let holders: HashMap<_, _> = people
        .iter()
        .map(|person| (&person.id, holder(person, directory)))
        .collect();
    let name = |user| holders.get(user).map(|holder: &Holder| holder.name.clone());
    let stretches = shifts.iter().filter_map(|shift| {
        let overrides = match &shift.cause {
            Cause::Turn => Vec::new(),
            Cause::Override { instead_of } => vec![Override {
                starts_at: shift.starts_at,
                ends_at: shift.ends_at,
                instead_of: instead_of.iter().filter_map(name).collect(),
                made_by: None,
                is_cover: false,
            }],
        };
        Some(Stretch {
            holder: Some(holders.get(&shift.user)?.clone()),
            starts_at: shift.starts_at,
            ends_at: Some(shift.ends_at),
            overrides,
        })
    });
    joined(stretches.collect())
}

/// Who somebody of a schedule is here.
fn holder(person: &SchedulePerson, directory: &Directory) -> Holder {
    match link_of(person, directory).1 {
        Some(found) => Holder {
            key: MemberKey::of_person(&found.id),
            name: found.name.clone(),
        },
        None => Holder {
            key: MemberKey::of_pagerduty_user(&person.id),
            name: person.name.clone(),
        },
    }
}

/// The stretches by start, with those of one holder that touch or overlap as one.
pub fn joined(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    sort(&mut stretches);
    let mut joined: Vec<Stretch> = Vec::with_capacity(stretches.len());
    let mut last_of: HashMap<Option<MemberKey>, usize> = HashMap::new();
    for stretch in stretches {
        let key = stretch.holder.as_ref().map(|holder| holder.key.clone());
        let last = last_of.get(&key).map(|&place| &mut joined[place]);
        match last {
            Some(last) if last.ends_at.is_none_or(|end| stretch.starts_at <= end) => {
                last.ends_at = last.ends_at.and_then(|end| Some(end.max(stretch.ends_at?)));
                for one in stretch.overrides {
                    note(one, &mut last.overrides);
                }
            }
            _ => {
                last_of.insert(key, joined.len());
                joined.push(stretch);
            }
        }
    }
    joined
}

/// Notes an override that is told several times, as far as each who tells it knows, once.
fn note(one: Override, known: &mut Vec<Override>) {
    let same = known.iter_mut().find(|known| {
        // One that lasts over a hand-off is told in parts.
        let touch = one.starts_at <= known.ends_at && known.starts_at <= one.ends_at;
        let makers = known.made_by.as_ref().zip(one.made_by.as_ref());
        touch
            && known.instead_of == one.instead_of
            && known.is_cover == one.is_cover
            && makers.is_none_or(|(one, other)| one == other)
    });
    match same {
        Some(known) => {
            known.starts_at = known.starts_at.min(one.starts_at);
            known.ends_at = known.ends_at.max(one.ends_at);
            known.made_by = known.made_by.take().or(one.made_by);
        }
        None => known.push(one),
    }
}

pub(crate) fn sort(stretches: &mut [Stretch]) {
    stretches.sort_by(|one, other| {
        let place = |stretch: &Stretch| {
            (
                stretch.starts_at,
                stretch.ends_at.is_none(),
                stretch.ends_at,
            )
        };
        place(one).cmp(&place(other)).then_with(|| {
            let key = |stretch: &Stretch| Some(stretch.holder.as_ref()?.key.as_str().to_owned());
            key(one).cmp(&key(other))
        })
    });
}

/// Notes since when those on duty were followed here, where that was later than their duty
/// began.
pub fn note_following(outlook: &mut Outlook, history: &[Record]) {
    for duty in &mut outlook.on_duty {
        let runs = |record: &&Record| {
            record.holder.key == duty.holder.key
                && record.ends_at.is_none_or(|end| Some(end) >= duty.until)
        };
        let record = history.iter().find(runs);
        duty.followed_from = record
            .map(|record| record.starts_at)
            .filter(|&from| from > duty.since);
    }
}

/// How far ahead a page lists what begins.
const TOLD_AHEAD_SECONDS: i64 = 14 * 24 * 3600;

/// What a plan holds from `now` on, with its gaps: what begins within two weeks, and in any case
/// whoever is next.
pub fn coming(plan: &[Stretch], now: Timestamp) -> Vec<Stretch> {
    let ahead = |stretch: &&Stretch| stretch.ends_at.is_none_or(|end| end > now);
    let mut stretches: Vec<_> = plan.iter().filter(ahead).cloned().collect();
    let last = stretches.iter().filter_map(|stretch| stretch.ends_at).max();
    let between = gaps(&stretches, now, last.or(Some(now)));
    stretches.extend(between);
    sort(&mut stretches);
    let end = now.plus_seconds(TOLD_AHEAD_SECONDS);
    let within = stretches.partition_point(|stretch| stretch.starts_at <= end);
    let is_next = |stretch: &Stretch| stretch.starts_at > now && stretch.holder.is_some();
    let next = stretches.iter().position(is_next);
    stretches.truncate(within.max(next.map_or(0, |next| next + 1)));
    stretches
}

/// Of what a plan holds at `now`, says since when: a plan tells of the time before it was reckoned no
/// more, and the history does, whose latest records these are.
pub fn begun(plan: &mut [Stretch], outlook: &Outlook, history: &[Record], now: Timestamp) {
    let ended = history.iter().filter_map(|record| record.ends_at);
    let nobody_since = ended.filter(|end| *end <= now).max();
    for stretch in plan.iter_mut().filter(|stretch| stretch.holds(now)) {
        let Some(holder) = &stretch.holder else {
            stretch.starts_at = nobody_since
                .unwrap_or(stretch.starts_at)
                .min(stretch.starts_at);
            continue;
        };
        if let Some(duty) = outlook.of(&holder.key) {
            stretch.starts_at = stretch.starts_at.min(duty.since);
        }
        let runs = |record: &&Record| record.ends_at.is_none() && record.holder.key == holder.key;
        for had in history
            .iter()
            .filter(runs)
            .flat_map(|record| &record.overrides)
        {
            note(had.clone(), &mut stretch.overrides);
        }
        stretch.overrides.sort_by_key(|one| one.starts_at);
    }
}

/// The times from `from` on that none of the stretches holds, which come by their start: those
/// between them, and the one after all of them. What is to come is known until `known_until`,
/// or stays as it is where there is no such time.
pub(crate) fn gaps(
    stretches: &[Stretch],
    from: Timestamp,
    known_until: Option<Timestamp>,
) -> Vec<Stretch> {
    let mut gaps = Vec::new();
    let mut add = |from: Timestamp, until: Option<Timestamp>| {
        let until = match (until, known_until) {
            (Some(until), Some(known)) => Some(until.min(known)),
            (until, known) => until.or(known),
        };
        if until.is_none_or(|until| from < until) {
            gaps.push(Stretch {
                holder: None,
                starts_at: from,
                ends_at: until,
                overrides: Vec::new(),
            });
        }
    };
    let mut covered = from;
    for stretch in stretches {
        add(covered, Some(stretch.starts_at));
        match stretch.ends_at {
            Some(end) => covered = covered.max(end),
            None => return gaps,
        }
    }
    add(covered, None);
    gaps
}

#[cfg(test)]
pub(crate) mod examples {
    //! Stretches for the tests of the rules.

    use super::*;
    use crate::{crew::examples::member, shifts::examples::at};

    pub fn stretch(name: &str, starts_at: i64, ends_at: impl Into<Option<i64>>) -> Stretch {
        Stretch {
            holder: Some(member(name).holder()),
            starts_at: at(starts_at),
            ends_at: ends_at.into().map(at),
            overrides: Vec::new(),
        }
    }

    pub fn gap(starts_at: i64, ends_at: i64) -> Stretch {
        Stretch {
            holder: None,
            ..stretch("", starts_at, ends_at)
        }
    }

    pub fn record(
        name: &str,
        duty_since: i64,
        starts_at: i64,
        ends_at: impl Into<Option<i64>>,
    ) -> Record {
        Record {
            holder: member(name).holder(),
            duty_since: at(duty_since),
            starts_at: at(starts_at),
            ends_at: ends_at.into().map(at),
            overrides: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        examples::{gap, record, stretch},
        *,
    };
    use crate::{
        Links,
        crew::examples::{duty, member},
        people::examples::{slack, user},
        shifts::examples::{at, shift},
    };

    /// `ann 0-20, bob 5-; next cy 30; nobody 20-30`.
    fn told(plan: &[Stretch], crew: &Crew, now: i64) -> String {
        let plan = Foresight::Shifts {
            stretches: plan,
            known_until: at(100),
        };
        let seconds = |at: Timestamp| (at.as_millis() / 1000).to_string();
        let end = |at: Option<Timestamp>| at.map(seconds).unwrap_or_default();
        let outlook = plan.outlook(crew, at(now));
        let mut parts: Vec<_> = outlook
            .on_duty
            .iter()
            .map(|duty| {
                let later = if duty.or_later { "+" } else { "" };
                let name = &duty.holder.name;
                format!("{name} {}-{}{later}", seconds(duty.since), end(duty.until))
            })
            .collect();
        if let Some(next) = outlook.next {
            parts.push(format!(
                "next {} {}",
                next.names.join("&"),
                end(next.starts_at)
            ));
        }
        if let Some(gap) = outlook.gap {
            parts.push(format!("nobody {}-{}", seconds(gap.from), end(gap.until)));
        }
        parts.join(", ")
    }

    #[test]
    fn shifts_of_one_person_that_touch_or_overlap_are_one_stretch() {
        let people = [user("P1", None), user("P2", None)];
        let shifts = [
            shift("P1", 0, 10),
            shift("P2", 5, 12),
            shift("P1", 10, 20),
            shift("P1", 15, 18),
            shift("P1", 30, 40),
            shift("P3", 0, 100),
        ];
        let plan = planned(&people, &shifts, &Directory::default());
        let told: Vec<_> = plan
            .iter()
            .map(|stretch| {
                let key = stretch.holder.as_ref().unwrap().key.as_str().to_owned();
                (key, stretch.starts_at, stretch.ends_at.unwrap())
            })
            .collect();
        let p = |user: &str| format!("pagerduty:{user}");
        assert_eq!(
            told,
            [
                (p("P1"), at(0), at(20)),
                (p("P2"), at(5), at(12)),
                (p("P1"), at(30), at(40)),
            ]
        );
    }

    #[test]
    fn two_pagerduty_users_of_one_person_have_one_stretch() {
        let people = [
            user("P1", Some("ann@example.com")),
            user("P2", Some("ANN@example.com")),
        ];
        let directory = Directory::new(vec![slack("U1", "ann@example.com")], Links::new());
        let plan = planned(
            &people,
            &[shift("P1", 0, 10), shift("P2", 10, 20)],
            &directory,
        );
        assert_eq!(plan.len(), 1);
        assert_eq!(plan[0].holder.as_ref().unwrap().key.as_str(), "slack:U1");
        assert_eq!(plan[0].ends_at, Some(at(20)));
    }

    #[test]
    fn an_overrides_end_is_no_end_where_the_same_person_stays() {
        // Ann overrides Bob until her own shift begins.
        let plan = joined(vec![
            stretch("bob", 0, 10),
            stretch("ann", 10, 15),
            stretch("ann", 15, 40),
            stretch("bob", 40, 50),
        ]);
        assert_eq!(told(&plan, &Crew::default(), 12), "ann 10-40, next bob 40");
    }

    #[test]
    fn an_override_that_lasts_over_a_hand_off_is_one() {
        let part = |from: i64, until: i64, made_by: Option<&str>| Override {
            starts_at: at(from),
            ends_at: at(until),
            instead_of: Vec::new(),
            made_by: made_by.map(str::to_owned),
            is_cover: false,
        };
        let during = |from, until, made_by| Stretch {
            overrides: vec![part(from, until, made_by)],
            ..stretch("ann", from, until)
        };
        let plan = joined(vec![during(0, 10, None), during(10, 25, Some("Bob"))]);
        assert_eq!(plan.len(), 1);
        assert_eq!(plan[0].overrides, [part(0, 25, Some("Bob"))]);
        // Of two who made one each, both are told.
        let plan = joined(vec![during(0, 10, Some("Cy")), during(10, 25, Some("Bob"))]);
        assert_eq!(plan[0].overrides.len(), 2);
    }

    #[test]
    fn what_runs_began_when_the_history_says_and_not_when_it_was_reckoned() {
        let had = |from, until| Override {
            starts_at: at(from),
            ends_at: at(until),
            instead_of: vec!["Bob".to_owned()],
            made_by: Some("Cy".to_owned()),
            is_cover: false,
        };
        let history = [
            Record {
                overrides: vec![had(2, 16)],
                ..record("ann", 0, 0, None)
            },
            record("bob", -20, -20, 0),
        ];
        let planned = Stretch {
            overrides: vec![had(16, 30)],
            ..stretch("ann", 16, 40)
        };
        let plan = [planned.clone(), stretch("bob", 40, 50)];
        let foreseen = Foresight::Shifts {
            stretches: &plan,
            known_until: at(100),
        };
        let mut crew = Crew::default();
        crew.duties.push(duty("ann", at(0), at(40)));
        let outlook = foreseen.outlook(&crew, at(20));
        let mut told = coming(&plan, at(20));
        begun(&mut told, &outlook, &history, at(20));
        let whole = Stretch {
            overrides: vec![had(2, 30)],
            ..stretch("ann", 0, 40)
        };
        assert_eq!(told, [whole, plan[1].clone()]);
        // A time without anybody began when the last duty ended.
        let mut told = coming(&[stretch("bob", 40, 50)], at(20));
        begun(&mut told, &Outlook::default(), &history[1..], at(20));
        assert_eq!(told[0], gap(0, 40));
        // Unless nothing is known of before.
        let mut told = coming(&[stretch("bob", 40, 50)], at(20));
        begun(&mut told, &Outlook::default(), &[], at(20));
        assert_eq!(told[0], gap(20, 40));
    }

    #[test]
    fn whoever_has_a_shift_to_come_has_one_until_it_has_ended() {
        let plan = [stretch("ann", 5, 40), stretch("bob", 40, None)];
        let foreseen = Foresight::Shifts {
            stretches: &plan,
            known_until: at(100),
        };
        let nothing = Relation {
            owner: false,
            member: false,
        };
        let has = |name: &str, now| foreseen.is_of(nothing, &member(name).key, at(now));
        assert!(has("ann", 0) && has("ann", 39) && has("bob", 100));
        assert!(!has("ann", 40) && !has("cy", 0));
        let by_hand = Foresight::ByHand { duty_size: 1 };
        assert!(!by_hand.is_of(nothing, &member("ann").key, at(0)));
    }

    #[test]
    fn where_everybody_goes_on_there_is_no_next() {
        let plan = joined(vec![stretch("ann", 0, 10), stretch("ann", 10, 100)]);
        assert_eq!(told(&plan, &Crew::default(), 5), "ann 0-100+");
    }

    #[test]
    fn nobody_in_between_is_said() {
        let plan = [stretch("ann", 0, 10), stretch("bob", 34, 50)];
        assert_eq!(
            told(&plan, &Crew::default(), 5),
            "ann 0-10, next bob 34, nobody 10-34"
        );
        // Also where the same person comes back, and where nobody comes any more.
        let plan = [stretch("ann", 0, 10), stretch("ann", 34, 50)];
        assert_eq!(
            told(&plan, &Crew::default(), 5),
            "ann 0-10, next ann 34, nobody 10-34"
        );
        assert_eq!(told(&plan, &Crew::default(), 40), "ann 34-50, nobody 50-");
    }

    #[test]
    fn the_next_gap_is_told_however_many_take_over_before_it() {
        let gap = |stretches: &[Stretch], now| {
            let shifts = Foresight::Shifts {
                stretches,
                known_until: at(100),
            };
            let gap = shifts.next_gap(&Plan::Manual, at(now), at(60))?;
            let seconds = |at: Timestamp| at.as_millis() / 1000;
            Some((seconds(gap.from), gap.until.map(seconds)))
        };
        let plan = [
            stretch("ann", 0, 20),
            stretch("bob", 10, 15),
            stretch("cy", 20, 30),
            stretch("ann", 40, 50),
        ];
        assert_eq!(gap(&plan, 5), Some((30, Some(40))));
        // Nobody is on duty now: the next time after somebody was.
        assert_eq!(gap(&plan, 35), Some((50, None)));
        assert_eq!(gap(&plan, -10), Some((30, Some(40))));
        // Too far ahead, without an end, as far as it is known, and over.
        assert_eq!(gap(&[stretch("ann", 0, 60)], 5), None);
        assert_eq!(gap(&[stretch("ann", 0, None)], 5), None);
        assert_eq!(gap(&[stretch("ann", 0, 100)], 70), None);
        assert_eq!(gap(&[stretch("ann", 0, 20)], 30), None);
        assert_eq!(gap(&[], 5), None);
        let by_hand = Foresight::ByHand { duty_size: 1 };
        assert_eq!(by_hand.next_gap(&Plan::Manual, at(5), at(60)), None);
    }

    #[test]
    fn a_gap_further_on_is_not_what_comes_then() {
        let plan = [
            stretch("ann", 0, 10),
            stretch("bob", 10, 20),
            stretch("cy", 30, 40),
        ];
        assert_eq!(told(&plan, &Crew::default(), 5), "ann 0-10, next bob 10");
    }

    #[test]
    fn with_nobody_on_duty_the_next_is_told_all_the_same() {
        let plan = [
            stretch("ann", 0, 10),
            stretch("bob", 34, 50),
            stretch("cy", 34, 60),
        ];
        assert_eq!(told(&plan, &Crew::default(), 10), "next bob&cy 34");
        assert_eq!(told(&plan, &Crew::default(), 60), "");
    }

    #[test]
    fn by_hand_somebody_who_takes_no_turn_is_on_duty_like_any_other() {
        let crew = Crew::new(
            vec![member("ann"), member("bob")],
            vec![duty("eve", at(0), at(10)), duty("ann", at(2), None)],
        );
        let outlook = Foresight::ByHand { duty_size: 1 }.outlook(&crew, at(5));
        let names = outlook.on_duty.iter().map(|duty| duty.holder.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["ann", "eve"]);
        assert_eq!(outlook.next.unwrap().names, ["bob"]);
    }

    #[test]
    fn several_are_on_duty_in_the_order_of_their_turns() {
        let plan = [
            stretch("bob", 0, 20),
            stretch("ann", 5, 10),
            stretch("eve", 6, 12),
        ];
        let crew = Crew::new(vec![member("ann"), member("bob")], Vec::new());
        assert_eq!(
            told(&plan, &crew, 7),
            "ann 5-10, bob 0-20, eve 6-12, nobody 20-"
        );
    }

    #[test]
    fn whose_duty_began_before_what_the_plan_tells_is_on_duty_since_then() {
        let ann = Crew::new(vec![member("ann")], vec![duty("ann", at(0), at(10))]);
        let plan = [stretch("ann", 10, 20)];
        assert_eq!(told(&plan, &ann, 15), "ann 0-20, nobody 20-");
        let plan = [stretch("ann", 11, 20)];
        assert_eq!(told(&plan, &ann, 15), "ann 11-20, nobody 20-");
    }

    #[test]
    fn what_comes_is_listed_for_two_weeks() {
        let last = 20 + TOLD_AHEAD_SECONDS;
        let plan = [
            stretch("ann", 10, last),
            stretch("bob", last, last + 9),
            stretch("ann", last + 9, last + 20),
            stretch("bob", last + 20, last + 30),
        ];
        assert_eq!(coming(&plan, at(20)), plan[..2]);
        // Whoever is next is told however far off.
        let plan = [stretch("ann", 10, 30), stretch("bob", last + 9, last + 20)];
        let told = coming(&plan, at(20));
        assert_eq!(told, [plan[0].clone(), gap(30, last + 9), plan[1].clone()]);
    }

    #[test]
    fn what_is_over_is_not_to_come_and_that_nobody_is_on_duty_now_is() {
        let plan = [
            stretch("ann", 0, 10),
            stretch("bob", 2, 5),
            stretch("cy", 12, 20),
        ];
        let [ann, bob, cy] = plan.clone();
        assert_eq!(coming(&plan, at(3)), [ann, bob, gap(10, 12), cy.clone()]);
        assert_eq!(coming(&plan, at(10)), [gap(10, 12), cy]);
        assert_eq!(coming(&plan, at(20)), []);
        assert_eq!(coming(&[], at(20)), []);
    }

    #[test]
    fn since_when_somebody_is_followed_is_told_where_their_duty_began_before() {
        let plan = [stretch("ann", 5, 40)];
        let plan = Foresight::Shifts {
            stretches: &plan,
            known_until: at(100),
        };
        for (from, followed) in [(20, Some(at(20))), (5, None)] {
            let mut outlook = plan.outlook(&Crew::default(), at(25));
            note_following(&mut outlook, &[record("ann", 5, from, 40)]);
            assert_eq!(outlook.on_duty[0].followed_from, followed);
        }
    }
}
