//! Whose turn it is in a rota, and whose it is next. The order is the list of members with a
//! place in it; who has a turn is decided when it begins, and kept, so that what has been is
//! never reckoned again.

use crate::{
    Crew, Member, next_by_hand,
    rota::{Absence, Cadence, HandOff, Override, absences::Availability},
};
use types::{Holder, MemberKey, Timestamp};

/// What a plan is reckoned from: all that decides who is on duty, but for whose turn it was last.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    pub cadence: &'a Cadence,
    /// How many people have a turn together; all members where they are fewer.
    pub duty_size: u32,
    /// In the order of their turns.
    pub members: &'a [Member],
    pub passed_over: PassedOver,
    pub absences: &'a [Absence],
    /// In the order in which they were made.
    pub overrides: &'a [Override],
    /// Nobody is on duty, and no turn ends.
    pub paused: bool,
}

/// What becomes of the turn of somebody who is away when it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PassedOver {
    /// They are the first at the next hand-off.
    #[default]
    IsNext,
    LosesTurn,
}

/// Whose turn it is, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub holders: Vec<Holder>,
    /// After whom of the members the order goes on; from the first one where there is nobody.
    pub last: Option<MemberKey>,
    /// Those who were passed over and come first, in their order.
    pub owed: Vec<MemberKey>,
    /// [`HandOff::turn`]; absent while the rota has not begun, and whoever was on duty before
    /// still is.
    pub began: Option<Timestamp>,
    /// Until when it has been reckoned; what comes later can still change.
    pub as_of: Timestamp,
}

impl Basis<'_> {
    /// The turn with which the rota begins at `now`: until the first hand-off, which is never in
    /// the past, whoever is on duty stays so, and their order goes on.
    pub fn begin(&self, crew: &Crew, now: Timestamp) -> Turn {
        let next = next_by_hand(crew, 1);
        let members = &crew.members;
        let place = next.first().and_then(|next| place_of(members, &next.key));
        let before = |place: usize| (place + members.len() - 1) % members.len();
        let last = place.filter(|_| !crew.duties.is_empty());
        let turn = Turn {
            holders: crew.duties.iter().map(|duty| duty.holder.clone()).collect(),
            last: last.map(|place| members[before(place)].key.clone()),
            owed: Vec::new(),
            began: None,
            // One at this very moment is to come.
            as_of: Timestamp::from_millis(now.as_millis() - 1),
        };
        self.advanced(&turn, now)
    }

    /// The turn at `now`, after all hand-offs since it was reckoned, however many they are.
    pub fn advanced(&self, turn: &Turn, now: Timestamp) -> Turn {
        let availability = Availability::of(self.absences);
        let mut turn = turn.clone();
        if !self.paused {
            for hand_off in self.hand_offs(&turn, now) {
                turn = self.next_turn(&turn, hand_off, &availability);
            }
        }
        turn.as_of = turn.as_of.max(now);
        turn
    }

    /// This turn, or else the last one that is due by now on a day that was off by the cadence before,
    /// and was not due by that: it begins now. As long as nothing has begun, what is to come begins.
    /// Where turns are counted by working days, other days off move past ones, too, which changes
    /// nothing of what has been.
    pub(crate) fn caught_up(&self, turn: Turn, before: &Cadence) -> Turn {
        let Some(began) = turn.began.filter(|_| !self.paused) else {
            return turn;
        };
        let now = turn.as_of;
        let due = |cadence: &Cadence| {
            let mut due = cadence.hand_offs(began, now);
            due.retain(|hand_off| hand_off.turn > began);
            due
        };
        let is_worked_now = |hand_off: &HandOff| {
            let date = self.cadence.zone.civil(hand_off.at).date();
            before.off.includes(date) && !self.cadence.off.includes(date)
        };
        let mut late = due(self.cadence);
        late.retain(is_worked_now);
        let last = late.into_iter().max_by_key(|last| last.turn);
        let was_due = |turn| due(before).iter().any(|was| was.turn >= turn);
        match last.filter(|last| !was_due(last.turn)) {
            Some(last) => {
                let late = HandOff { at: now, ..last };
                self.next_turn(&turn, late, &Availability::of(self.absences))
            }
            None => turn,
        }
    }

    /// The hand-offs after a turn, up to `until` and with it.
    pub(crate) fn hand_offs(&self, turn: &Turn, until: Timestamp) -> Vec<HandOff> {
        let mut hand_offs = self.cadence.hand_offs(turn.as_of, until);
        hand_offs.retain(|hand_off| Some(hand_off.turn) > turn.began);
        hand_offs
    }

    /// The turn at `now` when those who were members `before` have become those of this rota.
    /// Whoever is on duty stays so, and whoever left hands over to the next at once.
    pub fn rearranged(&self, turn: &Turn, before: &[Member], now: Timestamp) -> Turn {
        let is_member = |key: &MemberKey| place_of(self.members, key).is_some();
        let has_left = |key: &MemberKey| place_of(before, key).is_some() && !is_member(key);
        let mut turn = turn.clone();
        if let Some(last) = turn.last.as_ref().filter(|last| !is_member(last)) {
            let place = place_of(before, last).unwrap_or(0);
            let earlier = before[..place].iter().rev();
            let mut earlier = earlier.chain(before[place..].iter().rev());
            let stays = earlier.find(|member| is_member(&member.key));
            turn.last = stays.map(|member| member.key.clone());
        }
        turn.owed.retain(is_member);
        let had = turn.holders.len();
        // There were too few for the turn, so whoever joins takes part in it.
        let mut able = before.iter().filter(|member| member.link.can_be_on_duty());
        let was_short = able.all(|member| turn.has(&member.key));
        turn.holders.retain(|holder| !has_left(&holder.key));
        let size = match turn.began {
            Some(_) if was_short => had.max(self.duty_size as usize),
            _ => had,
        };
        let availability = Availability::of(self.absences);
        self.fill(&mut turn, size, (&availability, now));
        turn.as_of = turn.as_of.max(now);
        turn
    }

    /// The turn that begins with a hand-off.
    pub(crate) fn next_turn(
        &self,
        turn: &Turn,
        hand_off: HandOff,
        availability: &Availability<'_>,
    ) -> Turn {
        let mut next = Turn {
            holders: Vec::new(),
            began: Some(hand_off.turn),
            as_of: hand_off.at,
            ..turn.clone()
        };
        let size = self.duty_size as usize;
        self.fill(&mut next, size, (availability, hand_off.at));
        next
    }

    /// Gives a turn to those who come next at a moment until so many have it, or all: those who were
    /// passed over before, then the members in their order.
    fn fill(
        &self,
        turn: &mut Turn,
        size: usize,
        (availability, at): (&Availability<'_>, Timestamp),
    ) {
        let members = in_order(self.members, turn.last.as_ref());
        let able: Vec<_> = members
            .filter(|member| member.link.can_be_on_duty())
            .collect();
        let waiting = able.iter().filter(|member| !turn.has(&member.key)).count();
        let size = size.saturating_sub(turn.holders.len()).min(waiting);
        if size == 0 {
            return;
        }
        let is_there = |key: &MemberKey| !availability.is_away(key, at) || self.is_covered(key, at);
        let mut taking: Vec<&Member> = Vec::with_capacity(size);
        let mut away: Vec<&Member> = Vec::new();
        let owed = turn.owed.iter().filter(|key| !turn.has(key));
        let owed = owed.filter_map(|key| able.iter().find(|member| member.key == *key));
        for member in owed {
            if !is_there(&member.key) || taking.len() == size {
                away.push(member);
            } else {
                taking.push(member);
            }
        }
        let mut last = turn.last.clone();
        for member in &able {
            let among = |those: &[&Member]| those.iter().any(|those| those.key == member.key);
            // Whoever has had a turn out of order, and is next, has it once.
            if !turn.has(&member.key) && !among(&taking) {
                if taking.len() == size {
                    break;
                }
                if !is_there(&member.key) {
                    if !among(&away) {
                        away.push(member);
                    }
                    continue;
                }
                taking.push(member);
            }
            last = Some(member.key.clone());
        }
        // Where too few are there, it is the turn of some who may come back before it ends.
        let missing = away.len().min(size - taking.len());
        if taking.is_empty()
            && turn.holders.is_empty()
            && let (PassedOver::LosesTurn, Some(padded)) =
                (self.passed_over, away[..missing].last())
        {
            // Nobody is there, and the order goes on all the same: otherwise it would be the turn
            // of the same ones again and again.
            last = Some(padded.key.clone());
        }
        taking.extend(away.drain(..missing));
        turn.holders.extend(taking.into_iter().map(Member::holder));
        turn.last = last;
        let away = away.into_iter().map(|member| member.key.clone());
        turn.owed = match self.passed_over {
            PassedOver::IsNext => away.collect(),
            PassedOver::LosesTurn => Vec::new(),
        };
    }

    /// Whether an override decides about the place of somebody at a moment.
    fn is_covered(&self, key: &MemberKey, at: Timestamp) -> bool {
        let overrides = self.overrides.iter();
        let mut theirs = overrides.filter(|one| one.of() == Some(key));
        theirs.any(|one| one.span.holds(at))
    }
}

impl Turn {
    pub(crate) fn has(&self, key: &MemberKey) -> bool {
        self.holders.iter().any(|holder| holder.key == *key)
    }
}

/// All members once, from the one after `last`.
pub(crate) fn in_order<'a>(
    members: &'a [Member],
    last: Option<&MemberKey>,
) -> impl Iterator<Item = &'a Member> + Clone {
    let place = last.and_then(|last| place_of(members, last));
    let (earlier, later) = members.split_at(place.map_or(0, |place| place + 1));
    later.iter().chain(earlier)
}

fn place_of(members: &[Member], key: &MemberKey) -> Option<usize> {
    members.iter().position(|member| member.key == *key)
}
