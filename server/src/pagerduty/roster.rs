//! The account's people, put together from pages. It decides which page comes next
//! and when to stop: for a page that fails, for one that fails whatever is done, and
//! for a server whose pages never end.

use super::{model::User, parse, wire};
use std::collections::HashSet;
use types::{PagerDutyProblem, PagerDutyUserId};

/// The most rows that PagerDuty puts on one page.
pub const ROWS_PER_PAGE: usize = 100;

/// The rows of a page that is asked for after a whole one has failed.
const ROWS_PER_SMALL_PAGE: usize = 10;

/// PagerDuty refuses pages that reach beyond this row.
const LAST_ROW: usize = 10_000;

/// Twice what the largest readable roster takes when its pages are full.
const PAGES_MAX: usize = 2 * LAST_ROW / ROWS_PER_PAGE;

/// After so many failures in a row, nothing more is tried for now: the whole page
/// twice, a small one, one row alone, and the row after it.
const FAILURES_MAX: usize = 5;

/// The next rows to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextPage {
    pub offset: usize,
    pub limit: usize,
}

impl Default for NextPage {
    /// Where the list begins.
    fn default() -> Self {
        Self {
            offset: 0,
            limit: ROWS_PER_PAGE,
        }
    }
}

/// How far a reading of the list has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    UnderWay,
    /// Everybody whom PagerDuty lists was read, but for rows that fail by themselves.
    Whole,
    /// The next reading goes on here.
    Stopped(NextPage),
}

/// Reads the list of people, from wherever the last reading stopped.
#[derive(Debug)]
pub struct Roster {
    offset: usize,
    /// Up to which row pages are small, or of one row, since a larger one failed.
    small_until: usize,
    single_until: usize,
    whole_page_failed: bool,
    /// The present page is asked for a second time.
    again: bool,
    /// Failures in a row, and the row at which they began.
    failures: usize,
    failing_from: usize,
    /// The page before had more to come and yet nobody new.
    nobody_new: bool,
    known: HashSet<PagerDutyUserId>,
    pages: usize,
    reading: Reading,
}

impl Roster {
    /// Begins with `first`.
    pub fn from(first: NextPage) -> Self {
        let NextPage { offset, limit } = first;
        let small = limit < ROWS_PER_PAGE;
        Self {
            offset: offset.min(LAST_ROW - 1),
            small_until: if small { offset + ROWS_PER_PAGE } else { 0 },
            single_until: 0,
            whole_page_failed: false,
            again: false,
            failures: 0,
            failing_from: 0,
            nobody_new: false,
            known: HashSet::new(),
            pages: 0,
            reading: Reading::UnderWay,
        }
    }

    /// What to ask for now; `None` when the reading has ended.
    pub fn next_page(&self) -> Option<NextPage> {
        (self.reading == Reading::UnderWay).then(|| NextPage {
            offset: self.offset,
            limit: self.limit().min(LAST_ROW - self.offset),
        })
    }

    const fn limit(&self) -> usize {
        if self.offset < self.single_until {
            1
        } else if self.offset < self.small_until {
            ROWS_PER_SMALL_PAGE
        } else {
            ROWS_PER_PAGE
        }
    }

    /// Takes in the page that [`Roster::next_page`] asked for, and returns those on it
    /// whom no page before had. People beyond the last row that PagerDuty lists are
    /// left out. A list that promises more and brings nobody new, twice, has ended.
    pub fn add(&mut self, page: wire::UserPage) -> Vec<User> {
        self.pages += 1;
        let rows = page.users.len();
        let users: Vec<User> = page
            .users
            .into_iter()
            .flatten()
            .map(parse::user)
            .filter(|user| self.known.insert(user.id.clone()))
            .collect();
        if page.more && users.is_empty() && std::mem::replace(&mut self.nobody_new, true) {
            self.reading = Reading::Whole;
            return users;
        }
        self.nobody_new &= users.is_empty();
        (self.again, self.failures) = (false, 0);
        self.offset += rows;
        if !page.more || self.offset >= LAST_ROW {
            if page.more {
                tracing::warn!("PagerDuty lists no more people of this account");
            }
            self.reading = Reading::Whole;
        } else if self.pages >= PAGES_MAX {
            self.stop();
        }
        users
    }

    /// Notes that the page that [`Roster::next_page`] asked for did not come: it is
    /// asked for again, then in smaller pages, and a row that fails alone is left out.
    /// What concerns more than the page, or takes long, stops the reading.
    pub fn failed(&mut self, problem: &PagerDutyProblem) {
        if self.failures == 0 {
            self.failing_from = self.offset;
        }
        self.failures += 1;
        let in_time = !matches!(problem, PagerDutyProblem::TimedOut { .. });
        // A page that cannot be read may be too large; one that failed may come now.
        let worth_the_same = in_time && *problem != PagerDutyProblem::Unreadable;
        if worth_the_same && !self.again {
            self.again = true;
        } else {
            self.shrink();
        }
        let denied = problem.needs_reconnection() && self.failures > 1;
        if !in_time || denied || problem.concerns_connection() || self.failures >= FAILURES_MAX {
            self.stop();
        }
    }

    fn shrink(&mut self) {
        // Of failures in a row, the first was worth another try as it was.
        self.again = true;
        match self.limit() {
            1 => self.offset = (self.offset + 1).min(LAST_ROW - 1),
            ROWS_PER_SMALL_PAGE => self.single_until = self.offset + ROWS_PER_SMALL_PAGE,
            _ => {
                let seldom = !std::mem::replace(&mut self.whole_page_failed, true);
                self.small_until = if seldom {
                    self.offset + ROWS_PER_PAGE
                } else {
                    LAST_ROW
                };
            }
        }
    }

    /// Ends the reading for now.
    pub fn stop(&mut self) {
        let offset = if self.failures == 0 {
            self.offset
        } else {
            self.failing_from
        };
        let limit = if offset < self.small_until {
            ROWS_PER_SMALL_PAGE
        } else {
            ROWS_PER_PAGE
        };
        self.reading = Reading::Stopped(NextPage { offset, limit });
    }

    pub const fn reading(&self) -> Reading {
        self.reading
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::ops::Range;

    const AWAY: PagerDutyProblem = PagerDutyProblem::Unavailable { status: 500 };

    fn page(ids: Range<usize>, more: Option<bool>) -> wire::UserPage {
        let users: Vec<_> = ids
            .map(|number| json!({"id": format!("P{number}"), "type": "user", "name": "Ada"}))
            .collect();
        serde_json::from_value(json!({"users": users, "more": more, "total": null}))
            .expect("the shape of a page")
    }

    fn next(offset: usize, limit: usize) -> Option<NextPage> {
        Some(NextPage { offset, limit })
    }

    fn begun() -> Roster {
        Roster::from(NextPage::default())
    }

    /// Reads on among `people` people, while what `fails` says so fails; how many were
    /// read, and in how many requests.
    fn read(
        roster: &mut Roster,
        people: usize,
        fails: impl Fn(NextPage) -> Option<PagerDutyProblem>,
    ) -> (usize, usize) {
        let (mut read, mut requests) = (0, 0);
        while let Some(asked) = roster.next_page() {
            requests += 1;
            if let Some(problem) = fails(asked) {
                roster.failed(&problem);
            } else {
                let end = (asked.offset + asked.limit).min(people);
                let rows = asked.offset.min(end)..end;
                read += roster.add(page(rows, Some(end < people))).len();
            }
        }
        (read, requests)
    }

    #[test]
    fn the_next_page_starts_after_the_rows_received_not_those_asked_for() {
        let mut roster = begun();
        assert_eq!(roster.next_page(), next(0, 100));
        assert_eq!(roster.add(page(0..25, Some(true))).len(), 25);
        assert_eq!(roster.next_page(), next(25, 100));
        assert_eq!(roster.add(page(25..40, Some(false))).len(), 15);
        assert_eq!(roster.next_page(), None);
        assert_eq!(roster.reading(), Reading::Whole);
    }

    #[test]
    fn somebody_who_slipped_onto_two_pages_is_counted_once() {
        let mut roster = begun();
        roster.add(page(0..100, Some(true)));
        assert_eq!(roster.add(page(99..120, Some(false))).len(), 20);
    }

    #[test]
    fn a_page_that_does_not_say_whether_more_follow_is_the_last() {
        let mut roster = begun();
        roster.add(page(0..3, None));
        assert_eq!(roster.next_page(), None);
    }

    #[test]
    fn a_row_that_holds_nobody_counts_as_a_row_and_is_passed_over() {
        let mut roster = begun();
        let page = json!({"users": [null, {"id": "PA"}, null], "more": true});
        let page = serde_json::from_value(page).expect("the shape of a page");
        assert_eq!(roster.add(page).len(), 1);
        assert_eq!(roster.next_page(), next(3, 100));
    }

    #[test]
    fn of_what_a_page_says_about_itself_only_a_true_more_counts() {
        for odd in [
            json!("true"),
            json!(1),
            json!("yes"),
            json!([true]),
            json!({}),
        ] {
            let page = json!({"users": [], "more": odd, "limit": "x", "offset": [], "total": {}});
            let page = serde_json::from_value(page).expect("the shape of a page");
            let mut roster = begun();
            roster.add(page);
            assert_eq!(roster.next_page(), None, "{odd}");
        }
    }

    #[test]
    fn no_page_reaches_beyond_the_last_row_that_pagerduty_lists() {
        let mut roster = begun();
        let mut people = roster.add(page(0..50, Some(true))).len();
        while let Some(asked) = roster.next_page() {
            assert!(asked.offset + asked.limit <= LAST_ROW);
            let rows = asked.offset..asked.offset + asked.limit;
            people += roster.add(page(rows, Some(true))).len();
        }
        assert_eq!((people, roster.reading()), (LAST_ROW, Reading::Whole));
    }

    #[test]
    fn a_list_that_promises_more_and_brings_nobody_new_twice_has_ended() {
        for repeated in [0..0, 0..25] {
            let mut roster = begun();
            roster.add(page(0..25, Some(true)));
            assert!(roster.add(page(repeated.clone(), Some(true))).is_empty());
            assert_eq!(roster.reading(), Reading::UnderWay);
            assert!(roster.add(page(repeated, Some(true))).is_empty());
            assert_eq!(roster.reading(), Reading::Whole);
        }
    }

    #[test]
    fn a_page_that_is_empty_once_is_asked_for_again() {
        let mut roster = begun();
        roster.add(page(0..100, Some(true)));
        roster.add(page(0..0, Some(true)));
        assert_eq!(roster.next_page(), next(100, 100));
        assert_eq!(roster.add(page(100..130, Some(false))).len(), 30);
    }

    #[test]
    fn a_trickle_of_one_person_a_page_is_read_on_another_time() {
        let mut roster = begun();
        for number in 0..PAGES_MAX {
            assert_eq!(roster.add(page(number..number + 1, Some(true))).len(), 1);
        }
        let place = NextPage {
            offset: PAGES_MAX,
            limit: 100,
        };
        assert_eq!(roster.reading(), Reading::Stopped(place));
    }

    #[test]
    fn a_page_that_failed_once_is_asked_for_again() {
        let mut roster = begun();
        roster.failed(&AWAY);
        assert_eq!(roster.next_page(), next(0, 100));
        roster.add(page(0..100, Some(true)));
        assert_eq!(roster.next_page(), next(100, 100));
    }

    #[test]
    fn a_row_that_always_fails_costs_itself_alone() {
        let mut roster = begun();
        let bad = |asked: NextPage| {
            let rows = asked.offset..asked.offset + asked.limit;
            rows.contains(&157).then_some(AWAY)
        };
        let (people, requests) = read(&mut roster, 1000, bad);
        assert_eq!((people, roster.reading()), (999, Reading::Whole));
        assert!(requests < 40, "{requests} requests");
    }

    #[test]
    fn a_page_whose_beginning_always_fails_costs_one_row() {
        let mut roster = begun();
        let bad = |asked: NextPage| (asked.offset == 100).then_some(AWAY);
        assert_eq!(read(&mut roster, 300, bad).0, 299);
        assert_eq!(roster.reading(), Reading::Whole);
    }

    #[test]
    fn pages_that_are_too_large_come_small() {
        let mut roster = begun();
        let large = |asked: NextPage| (asked.limit > 10).then_some(PagerDutyProblem::Unreadable);
        let (people, requests) = read(&mut roster, 1000, large);
        assert_eq!((people, roster.reading()), (1000, Reading::Whole));
        // Nobody insists on what is too large.
        assert_eq!(requests, 102);
    }

    #[test]
    fn where_nothing_comes_the_next_reading_goes_on_where_this_one_stopped() {
        let mut roster = begun();
        let (people, requests) = read(&mut roster, 1000, |asked| {
            (asked.offset >= 300).then_some(AWAY)
        });
        assert_eq!((people, requests), (300, 3 + FAILURES_MAX));
        let Reading::Stopped(place) = roster.reading() else {
            panic!("{:?}", roster.reading());
        };
        assert_eq!((place.offset, place.limit), (300, 10));
        let mut next = Roster::from(place);
        assert_eq!(read(&mut next, 1000, |_| None).0, 700);
        assert_eq!(next.reading(), Reading::Whole);
    }

    #[test]
    fn what_takes_long_or_concerns_more_than_the_page_is_not_insisted_on() {
        let limited = PagerDutyProblem::RateLimited {
            retry_after_seconds: 5,
        };
        let silent = PagerDutyProblem::TimedOut { limit_seconds: 10 };
        for (problem, limit) in [(limited, 100), (silent, 10)] {
            let mut roster = begun();
            roster.add(page(0..100, Some(true)));
            roster.failed(&problem);
            let place = NextPage { offset: 100, limit };
            assert_eq!(roster.reading(), Reading::Stopped(place), "{problem:?}");
        }
    }
}
