//! Cover: somebody asks others to take a shift of theirs, or a part of it.

use crate::{
    Member, Rotation,
    rota::{Override, OverrideKind, OverrideProblem},
};
use types::{Holder, MemberKey, Span, Timestamp};

/// Somebody wants to be covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverRequest {
    pub asked_by: MemberKey,
    pub span: Span,
    /// Those who are asked; anybody where there is none.
    pub asked: Option<MemberKey>,
    pub taken_by: Option<Holder>,
}

/// Why somebody cannot take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoverRefusal {
    /// Somebody was quicker.
    Taken(Holder),
    /// Who asks for cover cannot cover themselves.
    OwnRequest,
    SomebodyElseIsAsked,
    Time(OverrideProblem),
}

/// Whether somebody has a shift in a part of this time, as it is planned: only that can be covered.
pub fn has_shift(rotation: &Rotation, who: &MemberKey, span: Span) -> bool {
    let Some(rota) = rotation.plan.rota() else {
        return false;
    };
    let (members, duty_size) = (&rotation.crew.members, rotation.details.duty_size);
    let planned = rota.planned(members, duty_size, span.until);
    let is_theirs = |holder: &Holder| holder.key == *who;
    let mut shifts = planned.iter().filter(|shift| span.shows(shift));
    shifts.any(|shift| shift.holder.as_ref().is_some_and(is_theirs))
}

impl CoverRequest {
    /// Who is told that it is wanted: whoever is asked, or else those who take turns there.
    pub fn addressees<'a>(&'a self, members: &'a [Member]) -> Vec<&'a MemberKey> {
        let taking_turns = members.iter().filter(|member| {
            let may_take = member.link.can_be_on_duty() && member.key != self.asked_by;
            may_take && member.key.is_of_person()
        });
        match &self.asked {
            Some(asked) => vec![asked],
            None => taking_turns.map(|member| &member.key).collect(),
        }
    }

    /// Somebody takes it: the override that follows.
    pub fn take(&mut self, by: Holder, now: Timestamp) -> Result<Override, CoverRefusal> {
        if let Some(first) = &self.taken_by {
            return Err(CoverRefusal::Taken(first.clone()));
        }
        if by.key == self.asked_by {
            return Err(CoverRefusal::OwnRequest);
        }
        if self.asked.as_ref().is_some_and(|asked| *asked != by.key) {
            return Err(CoverRefusal::SomebodyElseIsAsked);
        }
        let span = Override::span(self.span, now).map_err(CoverRefusal::Time)?;
        self.taken_by = Some(by.clone());
        let of = self.asked_by.clone();
        Ok(Override {
            span,
            kind: OverrideKind::Replace {
                of,
                by,
                is_cover: true,
            },
        })
    }
}
