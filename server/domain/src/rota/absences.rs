//! Who is away, and when.

use crate::Member;
use std::collections::HashMap;
use types::{MemberKey, Span, Timestamp};

/// A time for which somebody is not there for any duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    pub who: MemberKey,
    pub span: Span,
}

/// Who is there.
pub(crate) struct Availability<'a>(HashMap<&'a MemberKey, Vec<Span>>);

impl<'a> Availability<'a> {
    pub fn of(absences: &'a [Absence]) -> Self {
        let mut away: HashMap<_, Vec<_>> = HashMap::new();
        for absence in absences {
            away.entry(&absence.who).or_default().push(absence.span);
        }
        Self(away)
    }

    pub fn is_away(&self, who: &MemberKey, at: Timestamp) -> bool {
        let spans = self.0.get(who).into_iter().flatten();
        spans.into_iter().any(|span| span.holds(at))
    }

    /// Whether a member can be on duty at a moment. Whoever has left Slack cannot.
    pub fn is_there(&self, member: &Member, at: Timestamp) -> bool {
        member.link.can_be_on_duty() && !self.is_away(&member.key, at)
    }
}
