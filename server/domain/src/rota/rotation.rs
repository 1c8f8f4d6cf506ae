//! A rotation that has a rota: what is planned for it, and what there is to store when time
//! has passed or its people have changed.

use crate::{
    Duty, Member, Rotation, on_duty,
    rota::{
        Absence, Basis, Cadence, Nobody, Override, OwnDay, Staffing, Terms, Turn,
        absences::Availability,
    },
};
use std::collections::BTreeSet;
use types::{MemberKey, Stretch, Timestamp};

/// How far ahead it is planned, and in any case until the next hand-off.
pub(super) const PLANNED_AHEAD_SECONDS: i64 = 8 * 7 * 24 * 3600;
/// Whoever asks within the same hour is told the same.
const HOUR_MILLIS: i64 = 3_600_000;

/// A rotation's own schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rota {
    pub terms: Terms,
    pub turn: Turn,
    /// In the order in which they were made.
    pub overrides: Vec<Override>,
    /// Of its members.
    pub absences: Vec<Absence>,
}

/// What a rota makes of its rotation at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpToDate {
    pub turn: Turn,
    pub duties: Vec<Duty>,
    /// The shifts from then on, joined and by start.
    pub plan: Vec<Stretch>,
    /// See [`Rota::known_until`].
    pub known_until: Option<Timestamp>,
    /// When any of it changes next.
    pub next_change_at: Option<Timestamp>,
}

impl Rota {
    /// The rota with which a rotation begins at `now`, in the place of whatever decided before.
    /// One that it has already goes on by other terms.
    pub fn begun(terms: Terms, rotation: &Rotation, now: Timestamp) -> Self {
        let (members, duty_size) = (&rotation.crew.members, rotation.details.duty_size);
        match rotation.plan.rota() {
            Some(present) => {
                let turn = present.up_to_date(rotation, members, now).turn;
                present.going_on_by(terms, rotation, turn)
            }
            None => Self {
                turn: terms.basis(members, duty_size).begin(&rotation.crew, now),
                terms,
                overrides: Vec::new(),
                absences: Vec::new(),
            },
        }
    }

    /// The rota of this rotation where its workspace has decided this about holidays from now on, when
    /// this is whose turn it is by those before.
    #[must_use]
    pub fn with_holidays(&self, own: &[OwnDay], rotation: &Rotation, turn: Turn) -> Self {
        let terms = self.terms.clone().with_holidays(own);
        self.going_on_by(terms, rotation, turn)
    }

    /// The same by other terms from now on, when this is whose turn it is by those before. A hand-off
    /// that is due since a day turned out not to be off comes late; otherwise a turn would be lost.
    fn going_on_by(&self, terms: Terms, rotation: &Rotation, turn: Turn) -> Self {
        let was = &self.terms.cadence;
        let other_days_off = Cadence {
            off: terms.cadence.off.clone(),
            ..was.clone()
        };
        let members = &rotation.crew.members;
        let mut changed = Self {
            terms,
            ..self.clone()
        };
        changed.turn = if other_days_off == changed.terms.cadence {
            let basis = changed.basis(members, rotation.details.duty_size);
            basis.caught_up(turn, was)
        } else {
            turn
        };
        changed
    }

    fn basis<'a>(&'a self, members: &'a [Member], duty_size: u32) -> Basis<'a> {
        Basis {
            absences: &self.absences,
            overrides: &self.overrides,
            ..self.terms.basis(members, duty_size)
        }
    }

    /// The shifts from when the turn was reckoned on until `until`, joined and by start.
    pub fn planned(&self, members: &[Member], duty_size: u32, until: Timestamp) -> Vec<Stretch> {
        let basis = self.basis(members, duty_size);
        basis.stretches(&basis.segments(&self.turn, until))
    }

    /// Whether one of its overrides runs at `now` and nobody is on duty otherwise than without it.
    pub fn is_idle(
        &self,
        made: &Override,
        members: &[Member],
        duty_size: u32,
        now: Timestamp,
    ) -> bool {
        let place = self.overrides.iter().position(|one| one == made);
        let Some(place) = place.filter(|_| made.span.holds(now)) else {
            return false;
        };
        let on_duty = |rota: &Self| -> BTreeSet<MemberKey> {
            let moment = Timestamp::from_millis(now.as_millis().saturating_add(1));
            let planned = rota.planned(members, duty_size, moment);
            let on = planned.into_iter().filter(|stretch| stretch.holds(now));
            on.filter_map(|stretch| Some(stretch.holder?.key)).collect()
        };
        let mut without = self.clone();
        without.overrides.remove(place);
        on_duty(self) == on_duty(&without)
    }

    /// Until when it is planned at `now`, where nobody asks for more.
    pub fn horizon(&self, now: Timestamp) -> Timestamp {
        let next = self.terms.cadence.next_hand_off(now, self.turn.began);
        let next = next.map_or(now, |next| next.at);
        let until = now.max(self.turn.as_of).plus_seconds(PLANNED_AHEAD_SECONDS);
        let hours = (until.as_millis() - 1).div_euclid(HOUR_MILLIS) + 1;
        Timestamp::from_millis(hours * HOUR_MILLIS).max(next.plus_seconds(1))
    }

    /// Until when what is planned at `now` says who has which shift. While it is paused nobody has
    /// any, and who will have them once it goes on is not known.
    pub fn known_until(&self, now: Timestamp) -> Option<Timestamp> {
        (!self.terms.paused).then(|| self.horizon(now))
    }

    /// Where nobody is on duty at `now` since everybody who could be is away: when the first of them
    /// is back.
    pub fn away_until(
        &self,
        members: &[Member],
        duty_size: u32,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let basis = self.basis(members, duty_size);
        let turn = basis.advanced(&self.turn, now);
        let now = turn.as_of;
        let moment = Timestamp::from_millis(now.as_millis().saturating_add(1));
        let segments = basis.segments(&turn, moment);
        let on = segments.first().map(|segment| &segment.on);
        match on {
            Some(Staffing::Nobody(Nobody::EverybodyAway)) => {
                Availability::of(&self.absences).first_back_at(members, now)
            }
            _ => None,
        }
    }

    /// When whose turn it is, or who is on duty, changes first since it was reckoned, if it does.
    pub fn due(&self, members: &[Member], duty_size: u32) -> Option<Timestamp> {
        let until = self.horizon(self.turn.as_of);
        self.basis(members, duty_size)
            .next_change(&self.turn, until)
    }

    /// Its rotation at `now`, whose members were those `before` until then.
    pub fn up_to_date(&self, rotation: &Rotation, before: &[Member], now: Timestamp) -> UpToDate {
        // A clock that is behind the one by which it was reckoned knows nothing earlier.
        let now = now.max(self.turn.as_of);
        let (members, duty_size) = (&rotation.crew.members, rotation.details.duty_size);
        let (was, is) = (
            self.basis(before, duty_size),
            self.basis(members, duty_size),
        );
        let until = self.horizon(now);
        let advanced = was.advanced(&self.turn, now);
        let (turn, segments) = if before == members {
            (advanced, was.segments(&self.turn, until))
        } else {
            let turn = is.rearranged(&advanced, before, now);
            let segments = is.segments(&turn, until);
            (turn, segments)
        };
        let plan = is.stretches(&segments);
        UpToDate {
            duties: on_duty(plan.clone(), now),
            plan,
            known_until: self.known_until(now),
            next_change_at: is.next_change(&turn, until),
            turn,
        }
    }
}

impl Terms {
    /// Without what was decided about single days and people.
    fn basis<'a>(&'a self, members: &'a [Member], duty_size: u32) -> Basis<'a> {
        Basis {
            cadence: &self.cadence,
            duty_size,
            members,
            passed_over: self.passed_over,
            absences: &[],
            overrides: &[],
            paused: self.paused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Foresight, Plan,
        crew::examples::{duty, member},
        rota::{Days, DaysOff, OnDaysOff, OverrideKind, PassedOver, Region, Skips, Times, Zone},
        rotation::examples::rotation,
    };
    use jiff::civil::{Date, Time};
    use types::Span;

    const HOUR: i64 = 3600;

    /// Hours of the first days of 1970.
    fn hour(hours: i64) -> Timestamp {
        Timestamp::from_millis(hours * HOUR * 1000)
    }

    /// Ann, Bob and Cy, each for a day from midnight on.
    fn daily() -> Rotation {
        let mut rotation = rotation(&["ann", "bob", "cy"]);
        let cadence = Cadence {
            zone: Zone::named("UTC").unwrap(),
            starts_on: Date::constant(1970, 1, 1),
            starts_at_second: false,
            days: Days::Daily,
            times: Times::new(vec![Time::midnight()]).unwrap(),
            hours: None,
            off: DaysOff::default(),
            on_days_off: OnDaysOff::StaysOn,
        };
        let terms = Terms {
            cadence,
            skips: Skips::default(),
            passed_over: PassedOver::default(),
            paused: false,
        };
        let rota = Rota::begun(terms, &rotation, hour(0));
        rotation.plan = Plan::Scheduled(Box::new(rota));
        rotation
    }

    fn rota(rotation: &Rotation) -> &Rota {
        rotation.plan.rota().unwrap()
    }

    #[test]
    fn a_duty_is_stored_from_its_hand_off_and_not_from_when_one_looked() {
        let rotation = daily();
        let members = &rotation.crew.members;
        let now = rota(&rotation).up_to_date(&rotation, members, hour(50));
        assert_eq!(now.duties, [duty("cy", hour(48), hour(72))]);
        assert_eq!(now.next_change_at, Some(hour(72)));
        assert_eq!(now.turn.as_of, hour(50));
    }

    #[test]
    fn a_clock_that_is_behind_takes_nobody_off_duty() {
        let mut rotation = daily();
        let members = rotation.crew.members.clone();
        let later = rota(&rotation).up_to_date(&rotation, &members, hour(50));
        if let Plan::Scheduled(rota) = &mut rotation.plan {
            rota.turn = later.turn.clone();
        }
        let now = rota(&rotation).up_to_date(&rotation, &members, hour(49));
        assert_eq!(now.duties, [duty("cy", hour(50), hour(72))]);
        assert_eq!(now.turn, later.turn);
    }

    #[test]
    fn an_override_holds_from_its_start_to_its_end_and_the_clock_looks_at_both() {
        let mut rotation = daily();
        let members = rotation.crew.members.clone();
        if let Plan::Scheduled(rota) = &mut rotation.plan {
            rota.overrides.push(Override {
                span: Span {
                    from: hour(3),
                    until: hour(5),
                },
                kind: OverrideKind::Replace {
                    of: member("ann").key,
                    by: member("eve").holder(),
                    is_cover: false,
                },
            });
        }
        let at = |now: i64| rota(&rotation).up_to_date(&rotation, &members, hour(now));
        assert_eq!(at(1).duties, [duty("ann", hour(0), hour(3))]);
        assert_eq!(at(1).next_change_at, Some(hour(3)));
        assert_eq!(at(4).duties, [duty("eve", hour(3), hour(5))]);
        assert_eq!(at(4).next_change_at, Some(hour(5)));
        assert_eq!(at(5).duties, [duty("ann", hour(5), hour(24))]);
    }

    #[test]
    fn whoever_is_away_is_passed_over_while_that_lasts() {
        let mut rotation = daily();
        let members = rotation.crew.members.clone();
        if let Plan::Scheduled(rota) = &mut rotation.plan {
            rota.absences.push(Absence {
                who: member("ann").key,
                span: Span {
                    from: hour(3),
                    until: hour(5),
                },
            });
        }
        let at = |now: i64| rota(&rotation).up_to_date(&rotation, &members, hour(now));
        assert_eq!(at(4).duties, [duty("bob", hour(3), hour(5))]);
        assert_eq!(at(5).duties, [duty("ann", hour(5), hour(24))]);
    }

    #[test]
    fn r12_where_everybody_is_away_it_is_said_until_when() {
        let mut rotation = daily();
        let members = rotation.crew.members.clone();
        if let Plan::Scheduled(rota) = &mut rotation.plan {
            let away = [("ann", 3, 9), ("ann", 9, 20), ("bob", 4, 30), ("cy", 0, 40)];
            rota.absences.extend(away.map(|(who, from, until)| Absence {
                who: member(who).key,
                span: Span {
                    from: hour(from),
                    until: hour(until),
                },
            }));
        }
        let away = |rotation: &Rotation, now| {
            let nothing = Foresight::Shifts {
                stretches: &[],
                known_until: hour(90),
            };
            let outlook = (rotation.plan).outlook(&nothing, &rotation.crew, 1, hour(now));
            let told = rota(rotation).away_until(&members, 1, hour(now));
            assert_eq!(outlook.away_until, told);
            told
        };
        assert_eq!(away(&rotation, 3), None);
        assert_eq!(away(&rotation, 4), Some(hour(20)));
        assert_eq!(away(&rotation, 19), Some(hour(20)));
        assert_eq!(away(&rotation, 20), None);
        let mut paused = rotation.clone();
        if let Plan::Scheduled(rota) = &mut rotation.plan {
            rota.overrides.push(Override {
                span: Span {
                    from: hour(5),
                    until: hour(6),
                },
                kind: OverrideKind::Add(member("eve").holder()),
            });
        }
        assert_eq!(away(&rotation, 5), None);
        // For another reason nobody would be on duty, were they there or not.
        if let Plan::Scheduled(rota) = &mut paused.plan {
            rota.terms.paused = true;
        }
        assert_eq!(away(&paused, 5), None);
    }

    #[test]
    fn whoever_is_removed_is_relieved_at_once() {
        let mut rotation = daily();
        let before = rotation.crew.members.clone();
        rotation.crew.members.remove(0);
        let now = rota(&rotation).up_to_date(&rotation, &before, hour(5));
        assert_eq!(now.duties, [duty("bob", hour(5), hour(24))]);
        rotation.crew.members.insert(0, member("dan"));
        assert_eq!(now.next_change_at, Some(hour(24)));
    }

    #[test]
    fn r15_holidays_of_the_workspace_change_only_what_comes_after_now() {
        let mut rotation = daily();
        if let Plan::Scheduled(rota) = &mut rotation.plan {
            rota.terms.cadence.on_days_off = OnDaysOff::Nobody;
            rota.terms.skips.regions = Vec::from_iter(Region::named("FR"));
        }
        let day = |date| OwnDay {
            date: Date::constant(1970, 1, date),
            region: None,
            off: true,
        };
        let members = rotation.crew.members.clone();
        let was = rota(&rotation).up_to_date(&rotation, &members, hour(50));
        let turn = was.turn.clone();
        // With the second day off from the beginning it would be Bob's turn now.
        let now = rota(&rotation).with_holidays(&[day(2), day(4)], &rotation, turn);
        assert_eq!(now.turn, was.turn);
        let at = |hours| now.up_to_date(&rotation, &members, hour(hours)).duties;
        assert_eq!(at(51), [duty("cy", hour(50), hour(72))]);
        assert_eq!(at(80), []);
        assert_eq!(at(97), [duty("ann", hour(96), hour(120))]);
        // Once the workspace has none any more, all is as it was.
        let turn = now.up_to_date(&rotation, &members, hour(51)).turn;
        let back = now.with_holidays(&[], &rotation, turn);
        let plan = back.planned(&members, 1, hour(120));
        let names = plan.iter().filter_map(|one| one.holder.as_ref());
        let names: Vec<_> = names.map(|holder| holder.name.as_str()).collect();
        assert_eq!(names, ["cy", "ann", "bob"].map(|name| member(name).name));
    }

    #[test]
    fn r8_a_holiday_that_is_taken_back_loses_nobody_a_turn() {
        let own = [OwnDay {
            date: Date::constant(1970, 1, 2),
            region: None,
            off: true,
        }];
        for on_days_off in [OnDaysOff::StaysOn, OnDaysOff::Nobody] {
            let mut rotation = daily();
            let members = rotation.crew.members.clone();
            if let Plan::Scheduled(rota) = &mut rotation.plan {
                let mut terms = rota.terms.clone();
                terms.cadence.on_days_off = on_days_off;
                terms.skips.regions = Vec::from_iter(Region::named("FR"));
                rota.terms = terms.with_holidays(&own);
            }
            let by = |rota: &Rota, own: &[OwnDay], now| {
                let turn = rota.up_to_date(&rotation, &members, hour(now)).turn;
                rota.with_holidays(own, &rotation, turn)
            };
            let back = by(rota(&rotation), &[], 36);
            let names = |rota: &Rota, now| {
                let duties = rota.up_to_date(&rotation, &members, hour(now)).duties;
                duties
                    .into_iter()
                    .map(|duty| (duty.holder.name, duty.since))
                    .collect::<Vec<_>>()
            };
            let name = |name| member(name).name;
            assert_eq!(names(&back, 40), [(name("bob"), hour(36))]);
            assert_eq!(names(&back, 50), [(name("cy"), hour(48))]);
            // Decided anew the same day, it is nobody's turn again.
            let again = by(&by(&back, &own, 37), &[], 38);
            assert_eq!(again.turn.holders, back.turn.holders);
            // An edit of the schedule that leaves out the countries does the same.
            let mut terms = rota(&rotation).terms.clone();
            terms.skips.regions.clear();
            let edited = Rota::begun(terms.with_holidays(&[]), &rotation, hour(36));
            assert_eq!(edited.turn, back.turn);
        }
    }

    #[test]
    fn r15_a_holiday_of_the_past_that_moves_all_working_days_hands_nothing_over_now() {
        let mut rotation = daily();
        let members = rotation.crew.members.clone();
        if let Plan::Scheduled(rota) = &mut rotation.plan {
            rota.terms.cadence.days = Days::Working {
                every: std::num::NonZero::new(3).unwrap(),
            };
            rota.terms.skips.regions = Vec::from_iter(Region::named("FR"));
        }
        let turn = rota(&rotation).up_to_date(&rotation, &members, hour(80));
        let own = [OwnDay {
            date: Date::constant(1970, 1, 2),
            region: None,
            off: true,
        }];
        for now in [80, 100, 130] {
            let was = rota(&rotation).up_to_date(&rotation, &members, hour(now));
            let changed = rota(&rotation).with_holidays(&own, &rotation, was.turn.clone());
            assert_eq!(changed.turn, was.turn, "{now}");
        }
        assert_eq!(turn.duties.len(), 1);
    }

    #[test]
    fn r19_what_was_missed_in_a_pause_is_not_made_up_for_by_other_holidays() {
        let mut rotation = daily();
        let paused = |rotation: &Rotation, paused, now| {
            let mut terms = rota(rotation).terms.clone();
            terms.paused = paused;
            terms.skips.regions = Vec::from_iter(Region::named("FR"));
            Rota::begun(terms.with_holidays(&[]), rotation, hour(now))
        };
        let rota = paused(&rotation, true, 5);
        rotation.plan = Plan::Scheduled(Box::new(rota));
        let rota = paused(&rotation, false, 30);
        let members = rotation.crew.members.clone();
        let turn = rota.up_to_date(&rotation, &members, hour(40)).turn;
        let own = [OwnDay {
            date: Date::constant(1970, 1, 9),
            region: None,
            off: true,
        }];
        assert_eq!(rota.with_holidays(&own, &rotation, turn.clone()).turn, turn);
    }

    #[test]
    fn it_is_planned_for_eight_weeks_and_until_the_next_hand_off() {
        let mut rotation = daily();
        let known_until = |rotation: &Rotation| rota(rotation).horizon(hour(0));
        assert_eq!(known_until(&rotation), hour(8 * 7 * 24));
        if let Plan::Scheduled(rota) = &mut rotation.plan {
            rota.terms.cadence.days = Days::Monthly {
                day: 1,
                every: std::num::NonZeroU16::new(3).unwrap(),
            };
        }
        assert_eq!(known_until(&rotation), hour(90 * 24).plus_seconds(1));
    }
}
