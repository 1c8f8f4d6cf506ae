//! Whether what ails some schedules ails PagerDuty or the credential as a whole. One
//! odd answer never speaks for everything: when answers make it doubtful that asking
//! on makes sense, a second question, about no schedule in particular, decides.

use std::time::Duration;
use types::PagerDutyProblem;

/// When so many schedules could not be read and none could, PagerDuty itself may be
/// ill.
const FAILURES_THAT_TELL: u32 = 4;
/// Failures that come fast cost little, so so many of them are taken before the
/// others have to wait for the second question.
const FAST_FAILURES_THAT_TELL: u32 = 20;
/// What takes longer than this is not fast.
const FAST: Duration = Duration::from_secs(5);

/// What the answers of one run say so far.
#[derive(Debug, Default)]
pub struct Doubt {
    confirmed: bool,
    failures: u32,
    last: Option<PagerDutyProblem>,
    /// What an answer said of the credential, or of its limit.
    suspicion: Option<PagerDutyProblem>,
    /// The second question was answered well: from now on each answer is about its
    /// schedule alone.
    dispelled: bool,
}

impl Doubt {
    /// A schedule was read.
    pub const fn confirmed(&mut self) {
        self.confirmed = true;
    }

    /// A schedule could not be read. That it is not there says nothing of others.
    pub fn failed(&mut self, problem: &PagerDutyProblem) {
        if self.suspects(problem) {
            self.suspicion = Some(problem.clone());
        } else if *problem != PagerDutyProblem::NotFound {
            self.failures += 1;
            self.last = Some(problem.clone());
        }
    }

    /// Whether this is only to be believed of the schedule that it was said of once
    /// the second question was answered well.
    pub const fn suspects(&self, problem: &PagerDutyProblem) -> bool {
        !self.dispelled && problem.concerns_connection()
    }

    /// Whether to ask for more schedules, so long after the run has begun, without
    /// the second question.
    pub fn may_go_on(&self, elapsed: Duration) -> bool {
        let enough = if elapsed < FAST {
            FAST_FAILURES_THAT_TELL
        } else {
            FAILURES_THAT_TELL
        };
        self.dispelled || (self.suspicion.is_none() && (self.confirmed || self.failures < enough))
    }

    /// Whether the second question has to be asked when every answer is there, of a
    /// workspace in which so many schedules are bound.
    pub fn remains(&self, bound: u32) -> bool {
        let enough = FAILURES_THAT_TELL.min(bound).max(1);
        !self.dispelled
            && (self.suspicion.is_some() || (!self.confirmed && self.failures >= enough))
    }

    /// Whether to ask the second question once more: what was said of the credential is
    /// neither confirmed nor denied by an answer that did not come.
    pub fn is_left_open_by(&self, second: &Result<(), PagerDutyProblem>) -> bool {
        let passes = |problem: &PagerDutyProblem| problem.may_pass_at_any_moment();
        self.suspicion.is_some() && second.as_ref().is_err_and(passes)
    }

    /// Takes in the answer to the second question. What ails the connection as a
    /// whole, if it does.
    pub fn settle(&mut self, second: Result<(), PagerDutyProblem>) -> Option<PagerDutyProblem> {
        let limited = matches!(self.suspicion, Some(PagerDutyProblem::RateLimited { .. }));
        let whole = match second {
            Ok(()) => None,
            // PagerDuty had said so, and our own count says it too.
            Err(PagerDutyProblem::ShareSpent { .. }) if limited => self.suspicion.clone(),
            // It was not asked, so nothing is known.
            Err(PagerDutyProblem::ShareSpent { .. }) => None,
            Err(problem) if problem.concerns_connection() || problem.needs_reconnection() => {
                Some(problem)
            }
            // What was said of the credential is not confirmed.
            Err(problem) => Some(self.last.clone().unwrap_or(problem)),
        };
        self.dispelled = whole.is_none();
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWAY: PagerDutyProblem = PagerDutyProblem::Unavailable { status: 500 };
    const SILENT: PagerDutyProblem = PagerDutyProblem::TimedOut { limit_seconds: 10 };
    const LIMITED: PagerDutyProblem = PagerDutyProblem::RateLimited {
        retry_after_seconds: 7,
    };
    const SPENT: PagerDutyProblem = PagerDutyProblem::ShareSpent {
        retry_after_seconds: 7,
    };
    const SLOW: Duration = Duration::from_secs(10);

    fn after(problems: &[PagerDutyProblem]) -> Doubt {
        let mut doubt = Doubt::default();
        for problem in problems {
            doubt.failed(problem);
        }
        doubt
    }

    #[test]
    fn a_few_that_fail_at_once_keep_nobody_from_asking_for_the_others() {
        for count in 0..20 {
            assert!(after(&vec![AWAY; count]).may_go_on(Duration::ZERO));
        }
        assert!(!after(&vec![AWAY; 20]).may_go_on(Duration::ZERO));
        assert!(after(&vec![SILENT; 3]).may_go_on(SLOW));
        assert!(!after(&vec![SILENT; 4]).may_go_on(SLOW));
    }

    #[test]
    fn where_something_was_read_pagerduty_is_there() {
        let mut doubt = after(&vec![AWAY; 50]);
        doubt.confirmed();
        assert!(doubt.may_go_on(SLOW) && !doubt.remains(50));
    }

    #[test]
    fn when_nothing_that_is_bound_could_be_read_there_is_a_second_question() {
        assert!(after(&[AWAY]).remains(1));
        assert!(!after(&[AWAY]).remains(2));
        assert!(after(&vec![AWAY; 4]).remains(100));
        assert!(!after(&vec![PagerDutyProblem::NotFound; 4]).remains(4));
        assert!(!after(&[]).remains(0));
    }

    #[test]
    fn one_answer_never_says_that_a_credential_has_ended() {
        let mut doubt = after(&[PagerDutyProblem::Unauthorized]);
        assert!(!doubt.may_go_on(Duration::ZERO) && doubt.remains(5));
        assert_eq!(doubt.settle(Ok(())), None);
        assert!(doubt.may_go_on(SLOW) && !doubt.remains(5));
        assert!(!doubt.suspects(&PagerDutyProblem::Unauthorized));

        let mut doubt = after(&[PagerDutyProblem::Unauthorized]);
        let ended = Err(PagerDutyProblem::Unauthorized);
        assert_eq!(doubt.settle(ended), Some(PagerDutyProblem::Unauthorized));
        let mut doubt = after(&[PagerDutyProblem::Unauthorized]);
        assert_eq!(doubt.settle(Err(AWAY)), Some(AWAY));
    }

    #[test]
    fn a_limit_is_one_when_the_second_question_meets_it_or_may_not_be_asked() {
        assert_eq!(after(&[LIMITED]).settle(Ok(())), None);
        assert_eq!(after(&[LIMITED]).settle(Err(LIMITED)), Some(LIMITED));
        assert_eq!(after(&[LIMITED]).settle(Err(SPENT)), Some(LIMITED));
        assert_eq!(after(&[AWAY]).settle(Err(SPENT)), None);
    }

    #[test]
    fn a_second_question_that_fails_says_nothing_of_a_credential() {
        let suspicious = after(&[PagerDutyProblem::Unauthorized]);
        assert!(suspicious.is_left_open_by(&Err(AWAY)));
        assert!(!suspicious.is_left_open_by(&Ok(())));
        assert!(!suspicious.is_left_open_by(&Err(PagerDutyProblem::Unauthorized)));
        assert!(!after(&[AWAY]).is_left_open_by(&Err(AWAY)));
    }

    #[test]
    fn bad_weather_is_called_what_the_schedules_met() {
        assert_eq!(after(&[SILENT]).settle(Err(AWAY)), Some(SILENT));
        let denied = PagerDutyProblem::Forbidden {
            missing_scopes: None,
        };
        let settled = after(&[PagerDutyProblem::ScheduleDenied]).settle(Err(denied.clone()));
        assert_eq!(settled, Some(denied));
    }
}
