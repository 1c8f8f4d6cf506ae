//! What is drawn of a rotation's coverage: duties, gaps, and where nothing is known, each with
//! its lane and colour. Both a rotation's timeline and the week over all of them draw it.

use super::{avatar::shade_number, names::who, overrides::override_words};
use crate::duty::OR_LATER;
use types::{Coverage, MemberKey, Remark, RemarkKind, Span, Stretch, Timestamp};

/// Places instants along the width of a drawing of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale(pub(crate) Span);

impl Scale {
    /// How far from the left an instant lies, as SVG wants it: `12.34%`.
    pub(crate) fn percent(self, at: Timestamp) -> String {
        percent(self.share(at))
    }

    /// How much of it lies between two instants.
    pub(crate) fn width(self, from: Timestamp, until: Timestamp) -> String {
        percent(self.share(until) - self.share(from))
    }

    /// How much of it a stretch takes, and at least as much as can be seen.
    pub(crate) fn width_of(self, stretch: &Stretch) -> String {
        let end = stretch.ends_at.unwrap_or(self.0.until);
        percent((self.share(end) - self.share(stretch.starts_at)).max(SEEN))
    }

    /// How far from the left in hundredths of a percent, not beyond the edges.
    fn share(self, at: Timestamp) -> i64 {
        let Span { from, until } = self.0;
        let whole = (until.as_millis() - from.as_millis()).max(1);
        let part = at.as_millis() - from.as_millis();
        (part * 10_000 / whole).clamp(0, 10_000)
    }
}

/// The least that can be seen, in hundredths of a percent.
const SEEN: i64 = 30;

fn percent(share: i64) -> String {
    format!("{}.{:02}%", share / 100, share % 100)
}

/// A piece of the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) kind: PieceKind,
    /// Nobody has it unless the kind is a duty.
    pub(crate) stretch: Stretch,
    /// What is planned is not known beyond its end.
    pub(crate) or_later: bool,
    /// Of a remark, who it is about and how they are.
    remark: Option<String>,
    /// From the top: those that overlap lie below each other.
    pub(crate) lane: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// In one of the shades that people have.
    Duty {
        shade: usize,
    },
    Nobody,
    /// The rotation was not followed here yet.
    NotFollowed,
    /// The plan is not known so far ahead.
    NotKnown,
    /// Below the duties: what is known of people beside them.
    Away,
    CoverWanted,
}

impl PieceKind {
    /// Whether it tells who has duty, or that nobody has.
    pub(crate) const fn is_of_duty(self) -> bool {
        matches!(self, Self::Duty { .. } | Self::Nobody)
    }

    /// Whether it is about somebody who need not have duty.
    pub(crate) const fn is_remark(self) -> bool {
        matches!(self, Self::Away | Self::CoverWanted)
    }
}

impl From<RemarkKind> for PieceKind {
    fn from(kind: RemarkKind) -> Self {
        match kind {
            RemarkKind::Away => Self::Away,
            RemarkKind::CoverWanted => Self::CoverWanted,
        }
    }
}

impl Piece {
    /// What the style sheet has for it at `now`.
    pub(crate) fn class(&self, now: Timestamp) -> String {
        let kind = match self.kind {
            PieceKind::Duty { shade } => format!("shade-{shade}"),
            PieceKind::Nobody => "gap".to_owned(),
            PieceKind::NotFollowed | PieceKind::NotKnown => "unknown".to_owned(),
            PieceKind::Away => "away".to_owned(),
            PieceKind::CoverWanted => "cover".to_owned(),
        };
        let when = match self.stretch.ends_at {
            None => " open",
            Some(end) if end <= now => " past",
            Some(_) => "",
        };
        format!("stretch {kind}{when}")
    }

    /// What stands in it.
    pub(crate) fn label(&self) -> &str {
        match self.kind {
            PieceKind::Duty { .. } | PieceKind::Nobody => who(&self.stretch),
            PieceKind::NotFollowed => "Not followed",
            PieceKind::NotKnown => "Not known",
            PieceKind::Away | PieceKind::CoverWanted => self.remark.as_deref().unwrap_or_default(),
        }
    }

    /// In words, where `tell` says an instant.
    pub(crate) fn words(&self, tell: impl Fn(Timestamp) -> String) -> String {
        let name = self.label();
        let start = tell(self.stretch.starts_at);
        match (self.kind, self.stretch.ends_at) {
            (PieceKind::NotFollowed, Some(end)) => {
                format!("Not followed here before {}", tell(end))
            }
            (PieceKind::NotKnown | PieceKind::NotFollowed, _) => {
                format!("Not known from {start} on")
            }
            (_, Some(end)) => {
                let overrides = self.stretch.overrides.iter();
                let overrides = overrides.map(|one| override_words(one, &self.stretch, &tell));
                let later = if self.or_later { OR_LATER } else { "" };
                let mut words = vec![format!("{name}, {start} to {}{later}", tell(end))];
                words.extend(overrides);
                words.join(", ")
            }
            (_, None) => format!("{name}, since {start}, until somebody takes over"),
        }
    }
}

/// The pieces that lie in the span, by their start.
pub(crate) fn pieces(coverage: &Coverage, span: Span) -> Vec<Piece> {
    let stretches: Vec<_> = coverage
        .stretches
        .iter()
        .filter(|one| span.shows(one) && !is_a_moments_gap(one))
        .collect();
    let first = stretches.iter().map(|one| one.starts_at).min();
    let unfollowed = coverage
        .known_from
        .min(first.unwrap_or(span.until))
        .min(span.until);
    let before = nobodys(PieceKind::NotFollowed, span.from, unfollowed);
    let ends = stretches
        .iter()
        .map(|one| one.ends_at.unwrap_or(span.until));
    let after = coverage.known_until.and_then(|known_until| {
        let told = ends.max().unwrap_or(span.from).max(span.from);
        nobodys(PieceKind::NotKnown, told.max(known_until), span.until)
    });
    let (lanes, shades) = (lanes(&stretches), shades(&stretches));
    let told = stretches.into_iter().zip(lanes.into_iter().zip(shades));
    let told = told.map(|(stretch, (lane, shade))| Piece {
        kind: match stretch.holder {
            Some(_) => PieceKind::Duty { shade },
            None => PieceKind::Nobody,
        },
        stretch: stretch.clone(),
        or_later: stretch.may_go_on(coverage.known_until),
        remark: None,
        lane,
    });
    let mut pieces: Vec<_> = before.into_iter().chain(told).chain(after).collect();
    let below = pieces.iter().map(|piece| piece.lane + 1).max();
    pieces.extend(remarks(&coverage.remarks, span, below.unwrap_or(1)));
    pieces
}

/// What is known beside duties, in lanes from this one on.
fn remarks(remarks: &[Remark], span: Span, first_lane: usize) -> Vec<Piece> {
    let stretches = remarks.iter().map(|remark| {
        let stretch = Stretch {
            holder: None,
            starts_at: remark.starts_at,
            ends_at: Some(remark.ends_at),
            overrides: Vec::new(),
        };
        (remark, stretch)
    });
    let shown: Vec<_> = stretches.filter(|(_, one)| span.shows(one)).collect();
    let lanes = lanes(&shown.iter().map(|(_, stretch)| stretch).collect::<Vec<_>>());
    let pieces = shown
        .iter()
        .zip(lanes)
        .map(|((remark, stretch), lane)| Piece {
            kind: remark.kind.into(),
            stretch: stretch.clone(),
            or_later: false,
            remark: Some(match remark.kind {
                RemarkKind::Away => format!("{} is away", remark.name),
                RemarkKind::CoverWanted => format!("{} wants cover", remark.name),
            }),
            lane: first_lane + lane,
        });
    pieces.collect()
}

/// Clocks tell minutes: a gap that is shorter would be told as beginning when it ends.
fn is_a_moments_gap(stretch: &Stretch) -> bool {
    let seconds = stretch
        .ends_at
        .map(|end| end.seconds_since(stretch.starts_at));
    stretch.holder.is_none() && seconds.is_some_and(|seconds| seconds < 60)
}

fn nobodys(kind: PieceKind, from: Timestamp, until: Timestamp) -> Option<Piece> {
    (from < until).then_some(Piece {
        kind,
        stretch: Stretch {
            holder: None,
            starts_at: from,
            ends_at: Some(until),
            overrides: Vec::new(),
        },
        or_later: false,
        remark: None,
        lane: 0,
    })
}

/// The lane of each stretch. The stretches come by their start.
fn lanes(stretches: &[&Stretch]) -> Vec<usize> {
    // When the last stretch of each lane ends; one without an end fills its lane.
    let mut ends: Vec<Option<Timestamp>> = Vec::new();
    stretches
        .iter()
        .map(|stretch| {
            let free = ends
                .iter()
                .position(|end| end.is_some_and(|end| end <= stretch.starts_at));
            match free {
                Some(lane) => {
                    ends[lane] = stretch.ends_at;
                    lane
                }
                None => {
                    ends.push(stretch.ends_at);
                    ends.len() - 1
                }
            }
        })
        .collect()
}

/// How many shades there are.
const SHADES: usize = 6;

/// The shade of each stretch: for each person one, their own where nobody beside them has it. Who
/// has more different people beside them than there are shades, has more than one. Beside are those
/// whose stretches touch or overlap.
fn shades(stretches: &[&Stretch]) -> Vec<usize> {
    let mut given: Vec<(&MemberKey, usize)> = Vec::new();
    let mut shades: Vec<usize> = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        let Some(holder) = &stretch.holder else {
            shades.push(0);
            continue;
        };
        if let Some((_, shade)) = given.iter().find(|(known, _)| **known == holder.key) {
            shades.push(*shade);
            continue;
        }
        let is_theirs = |one: &Stretch| key(one) == Some(&holder.key);
        let own: Vec<_> = stretches.iter().filter(|one| is_theirs(one)).collect();
        // Whether somebody else has it already, in a stretch beside one of these.
        let taken = |shade: usize, own: &[&&Stretch]| {
            let mut others = stretches.iter().zip(&shades);
            let mut promised = stretches.iter().filter(|other| {
                let mut given = given.iter();
                given.any(|(known, of)| *of == shade && key(other) == Some(known))
            });
            let is_near = |other: &Stretch| own.iter().any(|own| beside(own, other));
            others.any(|(other, of)| {
                *of == shade && other.holder.is_some() && !is_theirs(other) && is_near(other)
            }) || promised.any(|other| is_near(other))
        };
        let first = shade_number(&holder.name);
        let mut choices = (0..SHADES).map(|step| (first + step) % SHADES);
        let shade = match choices.clone().find(|shade| !taken(*shade, &own)) {
            Some(shade) => {
                given.push((&holder.key, shade));
                shade
            }
            None => choices
                .clone()
                .find(|shade| !taken(*shade, &[stretch]))
                .or_else(|| choices.find(|shade| shades.last() != Some(shade)))
                .unwrap_or(first),
        };
        shades.push(shade);
    }
    shades
}

fn beside(one: &Stretch, other: &Stretch) -> bool {
    let reaches = |end: Option<Timestamp>, start| end.is_none_or(|end| start <= end);
    reaches(one.ends_at, other.starts_at) && reaches(other.ends_at, one.starts_at)
}

fn key(stretch: &Stretch) -> Option<&MemberKey> {
    stretch.holder.as_ref().map(|holder| &holder.key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::override_note;
    use types::{Holder, Override};

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    fn stretch(name: &str, starts_at: i64, ends_at: impl Into<Option<i64>>) -> Stretch {
        Stretch {
            holder: (!name.is_empty()).then(|| Holder {
                key: MemberKey::new(name),
                name: name.to_owned(),
            }),
            starts_at: at(starts_at),
            ends_at: ends_at.into().map(at),
            overrides: Vec::new(),
        }
    }

    fn drawn(stretches: &[Stretch], known: (i64, impl Into<Option<i64>>)) -> Vec<Piece> {
        let coverage = Coverage {
            stretches: stretches.to_vec(),
            known_from: at(known.0),
            known_until: known.1.into().map(at),
            remarks: Vec::new(),
        };
        let span = Span {
            from: at(0),
            until: at(100),
        };
        pieces(&coverage, span)
    }

    fn words(pieces: &[Piece]) -> Vec<String> {
        let minutes = |at: Timestamp| (at.as_millis() / 60_000).to_string();
        pieces.iter().map(|piece| piece.words(minutes)).collect()
    }

    #[test]
    fn instants_are_placed_along_the_span_and_not_beyond_it() {
        let scale = Scale(Span {
            from: at(100),
            until: at(200),
        });
        for (minutes, expected) in [
            (100, "0.00%"),
            (133, "33.00%"),
            (50, "0.00%"),
            (900, "100.00%"),
        ] {
            assert_eq!(scale.percent(at(minutes)), expected);
        }
        assert_eq!(scale.width_of(&stretch("ann", 50, 133)), "33.00%");
        assert_eq!(scale.width_of(&stretch("ann", 150, None)), "50.00%");
        assert_eq!(scale.width_of(&stretch("ann", 199, 200)), "1.00%");
    }

    #[test]
    fn where_nothing_is_known_it_is_said() {
        let stretches = [stretch("ann", 20, 40), stretch("", 40, 70)];
        assert_eq!(
            words(&drawn(&stretches, (20, 70))),
            [
                "Not followed here before 20",
                "ann, 20 to 40",
                "Nobody, 40 to 70 or later",
                "Not known from 70 on"
            ]
        );
        assert_eq!(
            words(&drawn(&[], (200, 300))),
            ["Not followed here before 100"]
        );
        assert_eq!(words(&drawn(&[], (-9, -5))), ["Not known from 0 on"]);
        // A shift that began before is known as a whole, and one that ends after what is known may go on.
        assert_eq!(
            words(&drawn(&[stretch("ann", -5, 120)], (20, 70))),
            ["ann, -5 to 120 or later"]
        );
    }

    #[test]
    fn a_gap_of_some_seconds_is_none() {
        let mut moment = stretch("", 10, 11);
        moment.ends_at = Some(at(10).plus_seconds(59));
        assert_eq!(words(&drawn(&[moment], (0, None))), [""; 0]);
        assert_eq!(
            words(&drawn(&[stretch("", 10, 11)], (0, None))),
            ["Nobody, 10 to 11"]
        );
    }

    #[test]
    fn an_override_is_told_with_whose_place_it_takes_and_when_it_is_a_part() {
        let mut zoe = stretch("zoe", 20, 40);
        let over = |starts_at, ends_at, instead_of: &[&str]| Override {
            starts_at: at(starts_at),
            ends_at: at(ends_at),
            instead_of: instead_of.iter().map(ToString::to_string).collect(),
            made_by: None,
            is_cover: false,
        };
        zoe.overrides = vec![over(20, 40, &["ann", "bob"])];
        let told = words(&drawn(&[zoe.clone()], (0, None)));
        assert_eq!(told, ["zoe, 20 to 40, override in place of ann and bob"]);
        zoe.overrides = vec![over(20, 25, &[]), over(30, 35, &["ann"])];
        let told = words(&drawn(&[zoe], (0, None)));
        assert_eq!(
            told,
            ["zoe, 20 to 40, override from 20 to 25, override in place of ann from 30 to 35"]
        );
        let cover = |starts_at, ends_at| Override {
            is_cover: true,
            ..over(starts_at, ends_at, &["ann"])
        };
        let mut yan = stretch("yan", 40, 60);
        yan.overrides = vec![cover(40, 60)];
        assert_eq!(override_note(&yan), Some("\u{a0}(cover)"));
        let told = words(&drawn(&[yan.clone()], (0, None)));
        assert_eq!(told, ["yan, 40 to 60, covers for ann"]);
        yan.overrides = vec![cover(40, 50), over(50, 60, &["ann"])];
        let told = words(&drawn(&[yan], (0, None)));
        assert_eq!(
            told,
            ["yan, 40 to 60, covers for ann from 40 to 50, override in place of ann from 50 to 60"]
        );
    }

    #[test]
    fn absences_and_open_requests_lie_below_the_duties_and_are_told_in_words() {
        let remark = |kind, name: &str, starts_at, ends_at| Remark {
            kind,
            name: name.to_owned(),
            starts_at: at(starts_at),
            ends_at: at(ends_at),
        };
        let coverage = Coverage {
            stretches: vec![stretch("ann", 0, 50), stretch("bob", 20, 40)],
            known_from: at(0),
            known_until: Some(at(100)),
            remarks: vec![
                remark(RemarkKind::Away, "cy", 5, 30),
                remark(RemarkKind::CoverWanted, "ann", 10, 20),
                remark(RemarkKind::Away, "bob", 30, 60),
                remark(RemarkKind::Away, "dan", 100, 200),
            ],
        };
        let span = Span {
            from: at(0),
            until: at(100),
        };
        let drawn = pieces(&coverage, span);
        let below = &drawn[drawn.len() - 3..];
        assert_eq!(
            words(below),
            [
                "cy is away, 5 to 30",
                "ann wants cover, 10 to 20",
                "bob is away, 30 to 60"
            ]
        );
        let lanes: Vec<_> = below.iter().map(|piece| piece.lane).collect();
        assert_eq!(lanes, [2, 3, 2]);
        assert!(below.iter().all(|piece| !piece.kind.is_of_duty()));
        let class = below[1].class(at(0));
        assert_eq!(class, "stretch cover");
    }

    #[test]
    fn by_hand_it_stays_as_it_is() {
        let told = words(&drawn(&[stretch("ann", 20, None)], (0, None)));
        assert_eq!(told, ["ann, since 20, until somebody takes over"]);
    }

    #[test]
    fn those_who_follow_each_other_share_a_lane_and_those_who_overlap_do_not() {
        let stretches = [
            stretch("a", 0, 10),
            stretch("b", 5, 15),
            stretch("c", 10, 20),
            stretch("d", 12, None),
            stretch("e", 30, 40),
        ];
        let lanes: Vec<_> = drawn(&stretches, (0, 100))
            .iter()
            .map(|piece| piece.lane)
            .collect();
        assert_eq!(lanes, [0, 1, 0, 2, 0]);
    }

    #[test]
    fn neighbours_never_share_a_shade_and_everybody_keeps_theirs() {
        // More people than shades, all of whose own shade may be the same.
        let names: Vec<_> = (0..20).map(|number| format!("p{}", number * 6)).collect();
        let mut stretches: Vec<_> = names
            .iter()
            .zip(0..)
            .map(|(name, place)| stretch(name, place * 4, place * 4 + 5))
            .collect();
        stretches.push(stretch(&names[0], 81, 90));
        let drawn = drawn(&stretches, (0, 100));
        for pair in drawn.windows(2) {
            assert_ne!(pair[0].kind, pair[1].kind, "{pair:?}");
        }
        assert_eq!(drawn[0].kind, drawn[20].kind);
    }

    #[test]
    fn whoever_has_more_neighbours_than_there_are_shades_shares_none_with_those_beside() {
        // Ann between each of ten others, and between Bob and Cy, who are beside each other.
        let names: Vec<_> = (0..10).map(|number| format!("p{number}")).collect();
        let mut stretches: Vec<_> = names
            .iter()
            .zip(0..)
            .flat_map(|(name, place)| {
                [
                    stretch("ann", place * 8, place * 8 + 4),
                    stretch(name, place * 8 + 4, place * 8 + 8),
                ]
            })
            .collect();
        stretches.push(stretch("ann", 80, 100));
        let drawn = drawn(&stretches, (0, 100));
        for pair in drawn.windows(2) {
            assert_ne!(pair[0].kind, pair[1].kind, "{pair:?}");
        }
        // With more at once than there are shades, those that are drawn one below the other differ.
        let crowd: Vec<_> = (0..12)
            .map(|number| stretch(&format!("p{number}"), 0, 100))
            .collect();
        let crowd = super::tests::drawn(&crowd, (0, 100));
        for pair in crowd.windows(2) {
            assert_ne!(pair[0].kind, pair[1].kind, "{pair:?}");
        }
    }
}
