//! What decides who takes turns in a rotation, and who is on duty. A kind of plan answers the
//! same few questions as any other, so nothing else has to ask which kind it is.

use crate::{Crew, Foresight, rota::Rota};
use types::{
    Coverage, Outlook, RotationMode, RotationRefusal, ScheduleId, Span, Stretch, Timestamp,
};

/// What decides who takes turns in a rotation, and who is on duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// People hand over themselves.
    Manual,
    /// Both come from a PagerDuty schedule.
    PagerDuty(ScheduleId),
    /// A schedule of its own says whose turn it is among its members.
    Scheduled(Box<Rota>),
    /// Something of which only another version knows. It is left alone.
    Unknown,
}

impl Plan {
    /// What is stored of a plan: the name of its kind, the schedule that is followed, and the
    /// schedule of its own, if this version can read it.
    pub fn stored(mode: &str, schedule: Option<ScheduleId>, rota: Option<Rota>) -> Self {
        match (RotationMode::from_code(mode), schedule, rota) {
            (Some(RotationMode::Manual), ..) => Self::Manual,
            (Some(RotationMode::PagerDuty), Some(schedule), _) => Self::PagerDuty(schedule),
            (Some(RotationMode::Scheduled), _, Some(rota)) => Self::Scheduled(Box::new(rota)),
            _ => Self::Unknown,
        }
    }

    /// Its kind.
    pub const fn mode(&self) -> RotationMode {
        match self {
            Self::Manual => RotationMode::Manual,
            Self::PagerDuty(_) => RotationMode::PagerDuty,
            Self::Scheduled(_) => RotationMode::Scheduled,
            Self::Unknown => RotationMode::Unknown,
        }
    }

    /// The schedule that is followed.
    pub const fn schedule(&self) -> Option<&ScheduleId> {
        match self {
            Self::PagerDuty(schedule) => Some(schedule),
            Self::Manual | Self::Scheduled(_) | Self::Unknown => None,
        }
    }

    /// The schedule of its own.
    pub fn rota(&self) -> Option<&Rota> {
        match self {
            Self::Scheduled(rota) => Some(rota),
            Self::Manual | Self::PagerDuty(_) | Self::Unknown => None,
        }
    }

    /// Whether nobody is on duty because somebody has stopped it for a while.
    pub fn is_paused(&self) -> bool {
        self.rota().is_some_and(|rota| rota.terms.paused)
    }

    /// When, within a span, somebody is to be on duty; apart, and by time. Nobody is missed while it is
    /// paused, on a day off on which nobody is to be, or outside its hours.
    pub fn staffed(&self, within: Span) -> Vec<Span> {
        match self.rota() {
            Some(rota) if rota.terms.paused => Vec::new(),
            Some(rota) => rota.terms.cadence.staffed(within),
            None => vec![within],
        }
    }

    /// When, of what is covered from `now` on, somebody is to be on duty and nobody is; apart, and by
    /// time. When somebody was to be on duty before that, the plan of now does not say.
    pub fn unstaffed(&self, coverage: &Coverage, now: Timestamp) -> Vec<Span> {
        let gaps = coverage.stretches.iter();
        let gaps = gaps.filter(|stretch| stretch.holder.is_none());
        let spans = gaps.filter_map(|gap| {
            Some(Span {
                from: gap.starts_at.max(now),
                until: gap.ends_at?,
            })
        });
        let spans = spans.filter(|span| span.from < span.until);
        spans.flat_map(|gap| self.staffed(gap)).collect()
    }

    /// Whether somebody is to be on duty at a moment.
    pub fn is_staffed(&self, at: Timestamp) -> bool {
        let until = Timestamp::from_millis(at.as_millis() + 1);
        !self.staffed(Span { from: at, until }).is_empty()
    }

    /// Whether who takes turns, and in which order, is decided here.
    pub fn members_are_ours(&self) -> Result<(), RotationRefusal> {
        self.unless_refused(self.mode().members_are_ours())
    }

    /// Whether people hand over by hand.
    pub fn people_hand_over(&self) -> Result<(), RotationRefusal> {
        self.unless_refused(self.mode().people_hand_over())
    }

    /// What is said of `now` by what is foreseen; of its own schedule, whether it is paused, and where it
    /// has nobody on duty, until when everybody is away or nobody is planned.
    pub fn outlook(
        &self,
        foresight: &Foresight<'_>,
        crew: &Crew,
        duty_size: u32,
        now: Timestamp,
    ) -> Outlook {
        let outlook = foresight.outlook(crew, now);
        let rota = self.rota().filter(|_| outlook.on_duty.is_empty());
        let away_until = rota.and_then(|rota| rota.away_until(&crew.members, duty_size, now));
        let next = outlook.next.as_ref().and_then(|next| next.starts_at);
        Outlook {
            away_until,
            paused: self.is_paused(),
            planned_from: next.filter(|_| rota.is_some() && away_until.is_none()),
            ..outlook
        }
    }

    fn unless_refused(&self, allowed: bool) -> Result<(), RotationRefusal> {
        allowed.then_some(()).ok_or(self.mode().refusal())
    }

    /// What can be said of who is on duty and who comes next: by hand, whose turn it is; else
    /// from the `shifts`, if there are any, and the time until which they are known.
    pub fn foresight<'a>(
        &self,
        duty_size: u32,
        shifts: Option<(&'a [Stretch], Timestamp)>,
    ) -> Foresight<'a> {
        match (self.mode(), shifts) {
            (mode, _) if mode.people_hand_over() => Foresight::ByHand { duty_size },
            (mode, Some((stretches, known_until))) if mode.has_shifts() => Foresight::Shifts {
                stretches,
                known_until,
            },
            _ => Foresight::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> ScheduleId {
        ScheduleId::new("PS")
    }

    #[test]
    fn a_plan_is_read_back_as_it_is_stored() {
        for plan in [Plan::Manual, Plan::PagerDuty(schedule())] {
            let schedule = plan.schedule().cloned();
            assert_eq!(Plan::stored(plan.mode().code(), schedule, None), plan);
        }
    }

    #[test]
    fn a_kind_of_another_version_and_a_binding_to_nothing_are_not_known() {
        let stored = |mode, schedule| Plan::stored(mode, schedule, None);
        assert_eq!(stored("lunar", Some(schedule())), Plan::Unknown);
        assert_eq!(stored("pagerduty", None), Plan::Unknown);
        assert_eq!(stored("scheduled", None), Plan::Unknown);
    }

    #[test]
    fn each_kind_says_why_people_may_not_decide() {
        for (plan, answer) in [
            (Plan::Manual, Ok(())),
            (Plan::PagerDuty(schedule()), Err(RotationRefusal::Bound)),
            (Plan::Unknown, Err(RotationRefusal::UnknownMode)),
        ] {
            assert_eq!(plan.members_are_ours(), answer);
            assert_eq!(plan.people_hand_over(), answer);
        }
    }

    #[test]
    fn shifts_are_asked_for_what_comes_only_where_the_plan_has_some() {
        let shifts = || Some((&[][..], Timestamp::from_millis(0)));
        let kind = |plan: Plan, shifts| match plan.foresight(1, shifts) {
            Foresight::ByHand { .. } => "by hand",
            Foresight::Shifts { .. } => "shifts",
            Foresight::Unknown => "unknown",
        };
        assert_eq!(kind(Plan::Manual, shifts()), "by hand");
        assert_eq!(kind(Plan::PagerDuty(schedule()), shifts()), "shifts");
        assert_eq!(kind(Plan::PagerDuty(schedule()), None), "unknown");
        assert_eq!(kind(Plan::Unknown, shifts()), "unknown");
    }
}
