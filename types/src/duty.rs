//! Duty as pages tell it: who has it, from when until when, who comes next, and when nobody
//! has it. Stretches of time are half-open: `[starts_at, ends_at)`.

use crate::{LeftOut, MemberKey, Timestamp};
use serde::{Deserialize, Serialize};

/// Who has a duty: told apart by the key, since names may be shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub key: MemberKey,
    pub name: String,
}

/// Somebody's duty without a break, or a gap; past, present or planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Nobody in a gap.
    pub holder: Option<Holder>,
    pub starts_at: Timestamp,
    /// Absent while nobody knows: it lasts until somebody ends it.
    pub ends_at: Option<Timestamp>,
    /// Its parts that are overrides, by start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
}

/// A time for which somebody has duty otherwise than the order has it: `[starts_at, ends_at)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// The names of those whose place it takes, by their turn. None where nobody said whose.
    pub instead_of: Vec<String>,
    /// The name of whoever made it, where that is known of what has been.
    #[serde(default)]
    pub made_by: Option<String>,
    /// Whoever has it took it because the other asked for cover.
    #[serde(default)]
    pub is_cover: bool,
}

impl Override {
    pub fn holds(&self, at: Timestamp) -> bool {
        self.starts_at <= at && at < self.ends_at
    }
}

impl Stretch {
    pub fn holds(&self, at: Timestamp) -> bool {
        self.starts_at <= at && self.ends_at.is_none_or(|end| at < end)
    }

    /// What is planned is not known beyond its end, so it may go on.
    pub fn may_go_on(&self, known_until: Option<Timestamp>) -> bool {
        let ends = self.ends_at.zip(known_until);
        ends.is_some_and(|(end, known_until)| end >= known_until)
    }

    /// The same as far as somebody has said so: where duty changed and nobody has told how,
    /// the plan alone puts nobody on duty.
    pub fn is_known_to_hold(&self, at: Timestamp, changed_at: Option<Timestamp>) -> bool {
        self.holds(at) && changed_at.is_none_or(|changed| self.starts_at < changed)
    }
}

/// A part of time, `[from, until)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub from: Timestamp,
    pub until: Timestamp,
}

impl Span {
    pub fn holds(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Whether they have a part in common.
    pub fn meets(self, other: Self) -> bool {
        self.from < other.until && other.from < self.until
    }

    /// Whether a part of the stretch lies in it.
    pub fn shows(self, stretch: &Stretch) -> bool {
        stretch.starts_at < self.until && stretch.ends_at.is_none_or(|end| self.from < end)
    }
}

/// Who has the duty of a rotation during a span.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Those that the span shows, whole and by their start, gaps among them.
    pub stretches: Vec<Stretch>,
    /// Before this, the rotation was not followed here: of that time only what the stretches
    /// tell is known.
    pub known_from: Timestamp,
    /// From this on, who has duty is not known. Absent where it stays as it is until somebody
    /// changes it.
    pub known_until: Option<Timestamp>,
    /// What else is known of its people during the span, by start.
    #[serde(default)]
    pub remarks: Vec<Remark>,
}

/// Something about somebody of a rotation for a time, `[starts_at, ends_at)`, beside who has duty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    pub kind: RemarkKind,
    /// Of the person.
    pub name: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemarkKind {
    /// They are not there for duty.
    Away,
    /// They want to be covered, and nobody has taken it.
    CoverWanted,
}

/// What is said of a moment: who is on duty, who is next, and whether nobody is in between.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// In the order of the members' turns.
    pub on_duty: Vec<OnDuty>,
    /// Absent where everybody who could take over is on duty, or nobody is planned.
    pub next: Option<NextOnDuty>,
    /// Where the present duty ends and nobody takes over at once.
    pub gap: Option<Gap>,
    /// Where nobody is on duty since everybody who could be is away: when the first of them is back.
    #[serde(default)]
    pub away_until: Option<Timestamp>,
    /// Somebody has paused the rotation's own schedule: nobody is on duty by it until somebody lets it
    /// go on.
    #[serde(default)]
    pub paused: bool,
    /// Where the rotation's own schedule has nobody on duty at present, as outside its hours: from when
    /// on somebody is planned.
    #[serde(default)]
    pub planned_from: Option<Timestamp>,
    /// Nobody is known to be on duty, and somebody may be all the same: shifts of its schedule that may
    /// be of now make no sense.
    #[serde(default)]
    pub is_unknown: bool,
}

/// Somebody who is on duty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnDuty {
    pub holder: Holder,
    pub since: Timestamp,
    /// When they were followed here first, where their shift in PagerDuty began before that.
    pub followed_from: Option<Timestamp>,
    /// When their duty ends; unknown of whoever was put on duty by hand.
    pub until: Option<Timestamp>,
    /// The plan is not known beyond `until`: they may go on.
    pub or_later: bool,
    /// The override by which they are on duty, if it is one.
    pub by_override: Option<Override>,
}

/// Who takes over next, all at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextOnDuty {
    /// At least one.
    pub names: Vec<String>,
    /// By what each of them is known. Pages only name them, so they are not sent this.
    #[serde(skip)]
    pub keys: Vec<MemberKey>,
    /// Unknown where people rotate by hand.
    pub starts_at: Option<Timestamp>,
}

impl NextOnDuty {
    /// These, who take over at that time.
    pub fn new<'a>(
        holders: impl IntoIterator<Item = &'a Holder>,
        starts_at: Option<Timestamp>,
    ) -> Self {
        let holders = holders.into_iter();
        let (names, keys) = holders
            .map(|holder| (holder.name.clone(), holder.key.clone()))
            .unzip();
        Self {
            names,
            keys,
            starts_at,
        }
    }

    /// Who they are, where that is known and not their names alone.
    pub fn holders(&self) -> impl Iterator<Item = Holder> {
        let known = self.keys.iter().cloned().zip(self.names.iter().cloned());
        known.map(|(key, name)| Holder { key, name })
    }
}

/// When nobody will be on duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub from: Timestamp,
    /// Absent where nobody comes after it, as far as the plan is known.
    pub until: Option<Timestamp>,
}

impl Outlook {
    /// The same at that moment, where these shifts of the schedule make no sense.
    #[must_use]
    pub fn without(self, left_out: Option<&LeftOut>, now: Timestamp) -> Self {
        let may_be_on = left_out.is_some_and(|left_out| left_out.may_be_of(now));
        Self {
            is_unknown: self.on_duty.is_empty() && may_be_on,
            ..self
        }
    }

    /// When those on duty end, and when somebody else begins, as far as the plan tells.
    pub fn changes(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let ends = self.on_duty.iter().filter_map(|duty| duty.until);
        let next = self.next.as_ref().and_then(|next| next.starts_at);
        ends.chain(next)
    }

    pub fn of(&self, key: &MemberKey) -> Option<&OnDuty> {
        self.on_duty.iter().find(|duty| duty.holder.key == *key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn stretch(starts_at: i64, ends_at: impl Into<Option<i64>>) -> Stretch {
        Stretch {
            holder: None,
            starts_at: at(starts_at),
            ends_at: ends_at.into().map(at),
            overrides: Vec::new(),
        }
    }

    #[test]
    fn a_stretch_holds_until_its_end() {
        let bounded = stretch(10, 20);
        assert!(!bounded.holds(at(9)));
        assert!(bounded.holds(at(10)));
        assert!(!bounded.holds(at(20)));
        assert!(stretch(10, None).holds(at(1_000)));
    }

    #[test]
    fn what_begins_at_a_change_that_nobody_has_confirmed_is_not_said_to_hold() {
        let next = stretch(20, 30);
        assert!(next.is_known_to_hold(at(25), None));
        assert!(!next.is_known_to_hold(at(25), Some(at(20))));
        assert!(stretch(10, 40).is_known_to_hold(at(25), Some(at(20))));
    }
}
