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

    /// Until when somebody stays away who is away at a moment.
    fn back_at(&self, who: &MemberKey, at: Timestamp) -> Timestamp {
        let mut back = at;
        let spans = || self.0.get(who).into_iter().flatten();
        // One may follow another, or overlap it.
        while let Some(span) = spans().find(|span| span.holds(back)) {
            back = span.until;
        }
        back
    }

    /// When the first of the members is back who are away at a moment.
    pub fn first_back_at(&self, members: &[Member], at: Timestamp) -> Option<Timestamp> {
        let members = members.iter();
        let members = members.filter(|member| member.link.can_be_on_duty());
        members.map(|member| self.back_at(&member.key, at)).min()
    }

    /// Whether a member can be on duty at a moment. Whoever has left Slack cannot.
    pub fn is_there(&self, member: &Member, at: Timestamp) -> bool {
        member.link.can_be_on_duty() && !self.is_away(&member.key, at)
    }
}
