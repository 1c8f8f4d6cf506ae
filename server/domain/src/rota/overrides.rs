//! Overrides: somebody else takes a place, somebody comes in addition, or a place stays empty.
//! The order in which they were made decides where they overlap.

use crate::Member;
use types::{Holder, MemberKey, Span, Timestamp};

/// How long an override may be.
pub const LONGEST_OVERRIDE_DAYS: i64 = types::SPAN_MAX_DAYS;

/// What somebody has decided about who is on duty for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub span: Span,
    pub kind: OverrideKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OverrideKind {
    /// Does nothing while `of` is not on duty, and nobody took their place.
    Replace {
        of: MemberKey,
        by: Holder,
        /// `of` wanted to be covered, and `by` took it.
        is_cover: bool,
    },
    Add(Holder),
    /// Nobody takes the place of `of`.
    Empty {
        of: MemberKey,
    },
}

/// Why a time cannot be that of an override.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverrideProblem {
    EndsBeforeStart,
    IsOver,
    TooLong,
}

impl Override {
    /// The part of a span that an override made at `now` can be about: the past stays as it was.
    pub fn span(asked: Span, now: Timestamp) -> Result<Span, OverrideProblem> {
        let longest = asked.from.as_millis() + LONGEST_OVERRIDE_DAYS * 24 * 3600 * 1000;
        if asked.until <= asked.from {
            Err(OverrideProblem::EndsBeforeStart)
        } else if asked.until <= now {
            Err(OverrideProblem::IsOver)
        } else if asked.until.as_millis() > longest {
            Err(OverrideProblem::TooLong)
        } else {
            let from = asked.from.max(now);
            Ok(Span { from, ..asked })
        }
    }

    /// What is left of it when it ends at `at` already; nothing where it has not begun by then.
    pub fn cut_short(&self, at: Timestamp) -> Option<Self> {
        let until = self.span.until.min(at);
        (self.span.from < until).then(|| Self {
            span: Span { until, ..self.span },
            kind: self.kind.clone(),
        })
    }

    /// Whoever is on duty by it.
    pub fn by(&self) -> Option<&Holder> {
        match &self.kind {
            OverrideKind::Replace { by, .. } | OverrideKind::Add(by) => Some(by),
            OverrideKind::Empty { .. } => None,
        }
    }

    /// Whether somebody who wanted to be covered is.
    pub const fn is_cover(&self) -> bool {
        matches!(self.kind, OverrideKind::Replace { is_cover: true, .. })
    }

    /// Whose place it is about.
    pub fn of(&self) -> Option<&MemberKey> {
        match &self.kind {
            OverrideKind::Replace { of, .. } | OverrideKind::Empty { of } => Some(of),
            OverrideKind::Add(_) => None,
        }
    }
}

/// Whether somebody has, or comes to have, a place in a rotation with these overrides at `now`: as a
/// member, or by one of the overrides.
pub fn has_place(
    key: &MemberKey,
    members: &[Member],
    overrides: &[Override],
    now: Timestamp,
) -> bool {
    let mut coming = overrides.iter().filter(|one| now < one.span.until);
    members.iter().any(|member| member.key == *key)
        || coming.any(|one| one.by().is_some_and(|by| by.key == *key))
}

/// What a member is called, or somebody who is put on duty by an override.
pub(super) fn name_of<'a>(
    key: &MemberKey,
    members: &'a [Member],
    overrides: &'a [Override],
) -> Option<&'a str> {
    let members = members.iter().map(|member| (&member.key, &member.name));
    let others = overrides.iter().filter_map(Override::by);
    let mut all = members.chain(others.map(|by| (&by.key, &by.name)));
    all.find(|(one, _)| *one == key)
        .map(|(_, name)| name.as_str())
}

/// One of the places of a duty, at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place<T> {
    /// Who had it before, by the order in which they were relieved.
    pub before: Vec<MemberKey>,
    /// Whoever has it, and why.
    pub now: Option<(Holder, T)>,
}

impl<T: Clone> Place<T> {
    fn is_of(&self, key: &MemberKey) -> bool {
        self.now
            .as_ref()
            .is_some_and(|(holder, _)| holder.key == *key)
    }

    fn take(&mut self, by: Option<(Holder, T)>) {
        let relieved = std::mem::replace(&mut self.now, by);
        self.before.extend(relieved.map(|(holder, _)| holder.key));
    }
}

/// Has an override done to the places, after those made before it.
pub(crate) fn apply<T: Clone>(kind: &OverrideKind, why: T, places: &mut Vec<Place<T>>) {
    let (of, by) = match kind {
        OverrideKind::Add(who) => {
            places.push(Place {
                before: Vec::new(),
                now: Some((who.clone(), why)),
            });
            return;
        }
        OverrideKind::Replace { of, by, .. } => (of, Some((by.clone(), why))),
        OverrideKind::Empty { of } => (of, None),
    };
    // Whoever is there now goes first. One who was relieved before had the place all the same.
    if places.iter().any(|place| place.is_of(of)) {
        let theirs = places.iter_mut().filter(|place| place.is_of(of));
        theirs.for_each(|place| place.take(by.clone()));
    } else if let Some(place) = places.iter_mut().find(|place| place.before.contains(of)) {
        place.take(by);
    }
}
