//! Who is on duty when, by a rota: overrides first, then who is there, then whose turn it is.
//! The one function behind every page, list and message, and behind what is stored when duty
//! changes hands.

use crate::{
    Member,
    outlook::joined,
    rota::{
        Basis, Override, Turn,
        absences::Availability,
        overrides::{Place, apply, name_of},
        turn::in_order,
    },
};
use std::collections::BTreeSet;
use types::{Holder, Span, Stretch, Timestamp};

/// A part of time during which the same people are on duty for the same reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub span: Span,
    pub on: Staffing,
}

/// Who is on duty at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Staffing {
    /// Each once, in the order of the turn.
    These(Vec<Placed>),
    Nobody(Nobody),
}

/// Somebody on duty, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub holder: Holder,
    pub why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    Turn,
    /// This one has the turn, and cannot be there.
    StandsInFor(Holder),
    /// An override, by its place among those of the rota.
    Override(usize),
}

/// Why nobody is on duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nobody {
    Paused,
    DayOff,
    OutsideHours,
    /// It is nobody's turn yet.
    NotBegun,
    /// Nobody of the rotation can take a turn.
    NoMembers,
    EverybodyAway,
    /// An override says so.
    LeftEmpty,
}

impl Basis<'_> {
    /// Who is on duty from when the turn was reckoned until `until`: without gaps or overlaps,
    /// and by time. No two that follow each other are the same.
    pub fn segments(&self, turn: &Turn, until: Timestamp) -> Vec<Segment> {
        let within = Span {
            from: turn.as_of,
            until,
        };
        if within.until <= within.from {
            return Vec::new();
        }
        if self.paused {
            let on = Staffing::Nobody(Nobody::Paused);
            return vec![Segment { span: within, on }];
        }
        let availability = Availability::of(self.absences);
        let hand_offs = self.hand_offs(turn, until);
        let (free, open) = (self.cadence.free(within), self.cadence.open(within));
        let mut cuts = BTreeSet::from([within.from, within.until]);
        cuts.extend(hand_offs.iter().map(|hand_off| hand_off.at));
        let spans = free.iter().chain(&open).copied();
        let spans = spans.chain(self.absences.iter().map(|absence| absence.span));
        let spans = spans.chain(self.overrides.iter().map(|one| one.span));
        let cut = |at: &Timestamp| within.holds(*at);
        cuts.extend(spans.flat_map(|span| [span.from, span.until]).filter(cut));

        let mut hand_offs = hand_offs.into_iter().peekable();
        let mut overrides = Running::of(self.overrides);
        let (mut free, mut open) = (Cursor(&free), Cursor(&open));
        let mut turn = turn.clone();
        let mut segments: Vec<Segment> = Vec::new();
        let cuts: Vec<_> = cuts.into_iter().collect();
        for (&from, &until) in cuts.iter().zip(&cuts[1..]) {
            if let Some(hand_off) = hand_offs.next_if(|hand_off| hand_off.at <= from) {
                turn = self.next_turn(&turn, hand_off, &availability);
            }
            let closed = match turn.began {
                Some(_) if free.holds(from) => Some(Nobody::DayOff),
                Some(_) if !open.holds(from) => Some(Nobody::OutsideHours),
                _ => None,
            };
            let running = overrides.at(from);
            let on = self.on_duty(&turn, closed, running, &availability, from);
            match segments.last_mut() {
                Some(last) if last.on == on => last.span.until = until,
                _ => segments.push(Segment {
                    span: Span { from, until },
                    on,
                }),
            }
        }
        segments
    }

    /// When the next thing happens that changes whose turn it is or who is on duty, if anything
    /// is planned. `until` bounds how far overrides and absences are looked at.
    pub fn next_change(&self, turn: &Turn, until: Timestamp) -> Option<Timestamp> {
        if self.paused {
            return None;
        }
        let hand_off = self.cadence.next_hand_off(turn.as_of, turn.began);
        let hand_off = hand_off.map(|hand_off| hand_off.at);
        let until = hand_off.map_or(until, |hand_off| until.min(hand_off));
        let segments = self.segments(turn, until);
        let change = segments.first().map(|segment| segment.span.until);
        change.filter(|&change| change < until).or(hand_off)
    }

    fn on_duty(
        &self,
        turn: &Turn,
        closed: Option<Nobody>,
        overrides: impl Iterator<Item = usize>,
        availability: &Availability<'_>,
        at: Timestamp,
    ) -> Staffing {
        let mut places = match closed {
            Some(_) => Vec::new(),
            None => self.places(turn, availability, at),
        };
        let nobody = closed.unwrap_or_else(|| self.nobody(turn));
        let mut nobody = nobody;
        for place in overrides {
            let was_empty = places.iter().all(|place| place.now.is_none());
            apply(
                &self.overrides[place].kind,
                Why::Override(place),
                &mut places,
            );
            if !was_empty && places.iter().all(|place| place.now.is_none()) {
                nobody = Nobody::LeftEmpty;
            }
        }
        let mut on: Vec<Placed> = Vec::with_capacity(places.len());
        for (holder, why) in places.into_iter().filter_map(|place| place.now) {
            if on.iter().all(|placed| placed.holder.key != holder.key) {
                on.push(Placed { holder, why });
            }
        }
        if on.is_empty() {
            Staffing::Nobody(nobody)
        } else {
            Staffing::These(on)
        }
    }

    /// Why nobody is on duty where nobody is, and nothing closed it.
    fn nobody(&self, turn: &Turn) -> Nobody {
        let can = |member: &Member| member.link.can_be_on_duty();
        if !self.members.iter().any(can) {
            Nobody::NoMembers
        } else if turn.holders.is_empty() {
            Nobody::NotBegun
        } else {
            Nobody::EverybodyAway
        }
    }

    /// Those who have the turn; for each who is away the next who is there, if there is one.
    fn places(
        &self,
        turn: &Turn,
        availability: &Availability<'_>,
        at: Timestamp,
    ) -> Vec<Place<Why>> {
        let members = in_order(self.members, turn.last.as_ref());
        let mut others =
            members.filter(|member| !turn.has(&member.key) && availability.is_there(member, at));
        let place = |holder: &Holder| {
            let mut members = self.members.iter();
            let member = members.find(|member| member.key == holder.key);
            let left = member.is_some_and(|member| !member.link.can_be_on_duty());
            // By the name that they have now.
            let holder = member.map_or_else(|| holder.clone(), Member::holder);
            if !left && !availability.is_away(&holder.key, at) {
                return Place {
                    before: Vec::new(),
                    now: Some((holder, Why::Turn)),
                };
            }
            let stands_in = others.next();
            Place {
                before: vec![holder.key.clone()],
                now: stands_in.map(|member| (member.holder(), Why::StandsInFor(holder))),
            }
        };
        turn.holders.iter().map(place).collect()
    }
}

impl Basis<'_> {
    /// The people on duty as pages show them: for each their time joined, by start, with the parts
    /// of it that come from overrides. Gaps are none.
    pub fn stretches(&self, segments: &[Segment]) -> Vec<Stretch> {
        let stretches = segments.iter().flat_map(|segment| {
            let on = match &segment.on {
                Staffing::These(on) => on.as_slice(),
                Staffing::Nobody(_) => &[],
            };
            on.iter().map(|placed| Stretch {
                holder: Some(placed.holder.clone()),
                starts_at: segment.span.from,
                ends_at: Some(segment.span.until),
                overrides: Vec::from_iter(self.mark(segment.span, &placed.why)),
            })
        });
        joined(stretches.collect())
    }

    /// The override by which somebody is on duty, if it is one.
    fn mark(&self, span: Span, why: &Why) -> Option<types::Override> {
        let Why::Override(place) = *why else {
            return None;
        };
        let made = self.overrides.get(place)?;
        Some(types::Override {
            starts_at: span.from,
            ends_at: span.until,
            instead_of: made
                .of()
                .and_then(|of| name_of(of, self.members, self.overrides))
                .map(str::to_owned)
                .into_iter()
                .collect(),
            made_by: None,
            is_cover: made.is_cover(),
        })
    }
}

/// Spans that are apart and by time, asked about moments that only come later.
struct Cursor<'a>(&'a [Span]);

impl Cursor<'_> {
    fn holds(&mut self, at: Timestamp) -> bool {
        while let [first, rest @ ..] = self.0 {
            if at < first.until {
                return first.holds(at);
            }
            self.0 = rest;
        }
        false
    }
}

/// The overrides that hold, asked about moments that only come later.
struct Running<'a> {
    overrides: &'a [Override],
    /// Places of those to come, the next one last.
    coming: Vec<usize>,
    /// Places, in the order in which they were made.
    running: BTreeSet<usize>,
}

impl<'a> Running<'a> {
    fn of(overrides: &'a [Override]) -> Self {
        let mut coming: Vec<_> = (0..overrides.len()).collect();
        coming.sort_by_key(|&place| std::cmp::Reverse(overrides[place].span.from));
        Self {
            overrides,
            coming,
            running: BTreeSet::new(),
        }
    }

    fn at(&mut self, at: Timestamp) -> impl Iterator<Item = usize> {
        let overrides = self.overrides;
        let begun = |place: &mut usize| overrides[*place].span.from <= at;
        while let Some(place) = self.coming.pop_if(begun) {
            self.running.insert(place);
        }
        self.running
            .retain(|&place| at < overrides[place].span.until);
        self.running.iter().copied()
    }
}
