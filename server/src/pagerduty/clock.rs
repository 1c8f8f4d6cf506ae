//! What time it is at PagerDuty. Shifts end by its clock, and ours may be wrong, so
//! the `Date` header of each answer corrects ours by what is certain and no more.

use http::{
    HeaderMap,
    header::{AGE, DATE},
};
use jiff::fmt::rfc2822;
use std::sync::{Mutex, PoisonError};
use types::Timestamp;

/// A clock that is said to be further off is not believed: hand-offs would go
/// astray by more than a wrong clock of ours could make them.
const BELIEVED_MILLIS: i64 = 24 * 3600 * 1000;

/// The header tells whole seconds.
const RESOLUTION_MILLIS: i64 = 1000;

/// By how much one answer alone moves the clock at most. Everybody's duty goes by it, and what stands
/// between may put its own time into an answer.
const UNCONFIRMED_MILLIS: u64 = 5000;

/// PagerDuty's clock as far as its answers tell.
#[derive(Debug, Default)]
pub struct RemoteClock(Mutex<Known>);

/// By how many milliseconds it is ahead of ours.
#[derive(Debug, Default)]
struct Known {
    ahead: Option<i64>,
    /// What the last answer said, where that is far from what was known, and nothing has confirmed
    /// it.
    doubtful: Option<i64>,
}

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learnt {
    /// It agrees with what was known, narrows it down, or says nothing.
    Enough,
    /// It moves the clock by far, and counts once another answer says so, too.
    Doubtful,
}

impl RemoteClock {
    /// By how many milliseconds PagerDuty's clock is ahead of this server's;
    /// `None` before the first answer.
    pub fn ahead_millis(&self) -> Option<i64> {
        self.lock().ahead
    }

    /// What was known before this process began, until an answer tells more.
    pub fn assume(&self, ahead_millis: i64) {
        self.lock().ahead.get_or_insert(ahead_millis);
    }

    /// Takes in the headers of what is an answer of PagerDuty's, to a request that was sent at `sent`
    /// and came back at `received`, both by this server's clock.
    pub fn learn(&self, headers: &HeaderMap, sent: Timestamp, received: Timestamp) -> Learnt {
        let Some(date) = date(headers) else {
            return Learnt::Enough;
        };
        let mut known = self.lock();
        let ahead = known.ahead.unwrap_or(0);
        let Some(said) = corrected(ahead, date, sent, received) else {
            return Learnt::Enough;
        };
        let is_near = |one: i64, other: i64| one.abs_diff(other) <= UNCONFIRMED_MILLIS;
        let confirmed = known.doubtful.take().and_then(|doubtful| {
            let again = corrected(doubtful, date, sent, received)?;
            is_near(again, doubtful).then_some(again)
        });
        match confirmed.or(is_near(said, ahead).then_some(said)) {
            Some(certain) => {
                known.ahead = Some(certain);
                Learnt::Enough
            }
            None => {
                known.doubtful = Some(said);
                Learnt::Doubtful
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that was kept on the way, and says so by its age, tells the time of then.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    if headers.contains_key(AGE) {
        return None;
    }
    let text = headers.get(DATE)?.to_str().ok()?;
    let date = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from_millis(date.as_millisecond()))
}

/// The difference that agrees with an answer, where `ahead` does not. What the header
/// says held at some moment between sending and receiving, for up to a second
/// more; each answer narrows that down, and a difference that agrees stays.
///
/// Where clocks differ, the least difference is taken, so that later answers only raise it: were
/// PagerDuty's time to go back for us, duty would go back to whoever had it, and what was read
/// later would count as older.
fn corrected(ahead: i64, date: Timestamp, sent: Timestamp, received: Timestamp) -> Option<i64> {
    let least = date.as_millis() - received.as_millis();
    let most = date.as_millis() + RESOLUTION_MILLIS - sent.as_millis();
    if least > most {
        // Our own clock was set back in between.
        return None;
    }
    let corrected = match ahead {
        // By a hair: clocks do not run alike.
        ahead if ahead > most && ahead - most <= RESOLUTION_MILLIS => most,
        ahead if ahead > most => least,
        ahead => ahead.max(least),
    };
    (corrected.abs() <= BELIEVED_MILLIS).then_some(corrected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_780_000_000_000 + millis)
    }

    #[test]
    fn clocks_that_may_agree_are_left_alone() {
        assert_eq!(corrected(0, at(0), at(100), at(300)), Some(0));
        assert_eq!(corrected(0, at(0), at(900), at(1300)), Some(0));
    }

    #[test]
    fn a_clock_that_is_ten_minutes_off_is_corrected_to_within_the_answer() {
        let ahead = corrected(0, at(600_000), at(100), at(300)).unwrap();
        assert_eq!(ahead, 599_700);
        let behind = corrected(0, at(-600_000), at(100), at(300)).unwrap();
        assert_eq!(behind, -600_300);
    }

    #[test]
    fn each_answer_narrows_the_difference_down_and_a_slow_one_does_not_widen_it() {
        let ahead = corrected(599_700, at(600_000), at(0), at(9_000)).unwrap();
        assert_eq!(ahead, 599_700);
        assert_eq!(
            corrected(599_700, at(602_000), at(1_990), at(2_010)),
            Some(599_990)
        );
    }

    #[test]
    fn the_time_at_pagerduty_does_not_go_back_while_it_becomes_certain() {
        // It is 600.5 seconds behind, and its header tells whole seconds.
        let answer = |sent: i64| {
            let there = at(sent + 20 - 600_500).as_millis();
            Timestamp::from_millis(there - there.rem_euclid(1000))
        };
        let mut ahead = 0;
        for (place, sent) in [0, 130, 310, 870, 1490, 2950].into_iter().enumerate() {
            let learnt = corrected(ahead, answer(sent), at(sent), at(sent + 40)).unwrap();
            assert!(place == 0 || learnt >= ahead, "{learnt} after {ahead}");
            assert!(learnt <= -600_480, "{learnt}");
            ahead = learnt;
        }
        assert!(ahead > -600_700, "{ahead}");
        // One that runs faster than ours is followed by a hair at a time.
        assert_eq!(corrected(-500, at(-1_510), at(0), at(10)), Some(-510));
    }

    #[test]
    fn what_would_move_hand_offs_by_more_than_a_day_is_not_believed() {
        assert_eq!(corrected(0, at(90_000_000), at(0), at(100)), None);
        let clock = RemoteClock::default();
        for odd in ["Thu, 01 Jan 1970 00:00:00 GMT", "soon", ""] {
            let headers = HeaderMap::from_iter([(DATE, odd.parse().unwrap())]);
            assert_eq!(clock.learn(&headers, at(0), at(100)), Learnt::Enough);
            assert_eq!(clock.ahead_millis(), None, "{odd:?}");
        }
    }

    #[test]
    fn what_was_known_before_holds_until_an_answer_tells_more() {
        let clock = RemoteClock::default();
        clock.assume(600_000);
        clock.assume(0);
        assert_eq!(clock.ahead_millis(), Some(600_000));
        clock.learn(&dated(0), at(0), at(100));
        clock.learn(&dated(0), at(0), at(100));
        assert_eq!(clock.ahead_millis(), Some(-100));
    }

    /// The headers of an answer that was dated so.
    fn dated(millis: i64) -> HeaderMap {
        let date = jiff::Timestamp::from_millisecond(at(millis).as_millis()).unwrap();
        let date = rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&date)
            .unwrap();
        HeaderMap::from_iter([(DATE, date.parse().unwrap())])
    }

    #[test]
    fn one_answer_alone_does_not_move_the_clock_by_far() {
        let clock = RemoteClock::default();
        let answer = |millis: i64| clock.learn(&dated(millis), at(0), at(100));
        assert_eq!(answer(0), Learnt::Enough);
        // One among others is wrong, and then two that do not agree.
        for (said, learnt) in [
            (21_600_000, Learnt::Doubtful),
            (0, Learnt::Enough),
            (21_600_000, Learnt::Doubtful),
            (-7_200_000, Learnt::Doubtful),
            (0, Learnt::Enough),
        ] {
            assert_eq!(answer(said), learnt, "{said}");
            assert!(clock.ahead_millis().unwrap().abs() <= 1000, "{said}");
        }
        assert_eq!(answer(600_000), Learnt::Doubtful);
        assert_eq!(answer(601_000), Learnt::Enough);
        assert!(clock.ahead_millis().unwrap().abs_diff(600_000) <= 1000);
    }

    #[test]
    fn what_was_kept_on_the_way_does_not_tell_the_time() {
        let clock = RemoteClock::default();
        let mut headers = dated(-4_000);
        headers.insert(AGE, "4".parse().unwrap());
        clock.learn(&headers, at(0), at(100));
        assert_eq!(clock.ahead_millis(), None);
    }
}
