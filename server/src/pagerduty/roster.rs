//! The account's people, put together from pages. It decides which page comes
//! next and when to stop, also for a server whose pages never end.

use super::{model::User, parse, wire};
use std::collections::HashSet;
use types::{PagerDutyProblem, PagerDutyUserId};

/// The most rows that PagerDuty puts on one page.
pub const ROWS_PER_PAGE: usize = 100;

/// PagerDuty refuses pages that reach beyond this row.
const LAST_ROW: usize = 10_000;

/// Twice what the largest readable roster takes when its pages are full.
const PAGES_MAX: usize = 2 * LAST_ROW / ROWS_PER_PAGE;

/// The next rows to ask for.
#[derive(Debug, PartialEq, Eq)]
pub struct NextPage {
    pub offset: usize,
    pub limit: usize,
}

/// People by PagerDuty's order, each once.
#[derive(Default)]
pub struct Roster {
    users: Vec<User>,
    known: HashSet<PagerDutyUserId>,
    rows: usize,
    pages: usize,
    complete: bool,
}

impl Roster {
    /// What to ask for now; `None` when the roster is complete.
    pub fn next_page(&self) -> Option<NextPage> {
        (!self.complete).then(|| NextPage {
            offset: self.rows,
            limit: ROWS_PER_PAGE.min(LAST_ROW - self.rows),
        })
    }

    /// Takes in the page that [`Roster::next_page`] asked for.
    ///
    /// [`PagerDutyProblem::Unreadable`] when more is promised than ever comes.
    /// People beyond the last row that PagerDuty lists are left out.
    pub fn add(&mut self, page: wire::UserPage) -> Result<(), PagerDutyProblem> {
        let people_before = self.users.len();
        self.rows += page.users.len();
        self.pages += 1;
        for user in page.users.into_iter().flatten() {
            if self.known.insert(user.id.clone()) {
                self.users.push(parse::user(user));
            }
        }
        let nobody_new = self.users.len() == people_before;
        if page.more && (nobody_new || self.pages >= PAGES_MAX) {
            return Err(PagerDutyProblem::Unreadable);
        }
        if page.more && self.rows >= LAST_ROW {
            tracing::warn!(
                people = self.users.len(),
                "PagerDuty lists no more people of this account"
            );
        }
        self.complete = !page.more || self.rows >= LAST_ROW;
        Ok(())
    }

    pub fn into_users(self) -> Vec<User> {
        self.users
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::ops::Range;

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

    #[test]
    fn the_next_page_starts_after_the_rows_received_not_those_asked_for() {
        let mut roster = Roster::default();
        assert_eq!(roster.next_page(), next(0, 100));
        roster.add(page(0..25, Some(true))).expect("a sound page");
        assert_eq!(roster.next_page(), next(25, 100));
        roster.add(page(25..40, Some(false))).expect("a sound page");
        assert_eq!(roster.next_page(), None);
        assert_eq!(roster.into_users().len(), 40);
    }

    #[test]
    fn somebody_who_slipped_onto_two_pages_is_counted_once() {
        let mut roster = Roster::default();
        roster.add(page(0..100, Some(true))).expect("a sound page");
        roster
            .add(page(99..120, Some(false)))
            .expect("a sound page");
        assert_eq!(roster.into_users().len(), 120);
    }

    #[test]
    fn a_page_that_does_not_say_whether_more_follow_is_the_last() {
        let mut roster = Roster::default();
        roster.add(page(0..3, None)).expect("a sound page");
        assert_eq!(roster.next_page(), None);
    }

    #[test]
    fn a_row_that_holds_nobody_counts_as_a_row_and_is_passed_over() {
        let mut roster = Roster::default();
        let page = json!({"users": [null, {"id": "PA"}, null], "more": true});
        let page = serde_json::from_value(page).expect("the shape of a page");
        roster.add(page).expect("a sound page");
        assert_eq!(roster.next_page(), next(3, 100));
        assert_eq!(roster.into_users().len(), 1);
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
            let mut roster = Roster::default();
            roster.add(page).expect("a sound page");
            assert_eq!(roster.next_page(), None, "{odd}");
        }
    }

    #[test]
    fn no_page_reaches_beyond_the_last_row_that_pagerduty_lists() {
        let mut roster = Roster::default();
        roster.add(page(0..50, Some(true))).expect("a sound page");
        let mut row = 50;
        while let Some(asked) = roster.next_page() {
            assert!(asked.offset == row && asked.offset + asked.limit <= LAST_ROW);
            row += asked.limit;
            let rows = asked.offset..row;
            roster.add(page(rows, Some(true))).expect("a sound page");
        }
        assert_eq!(roster.into_users().len(), LAST_ROW);
    }

    #[test]
    fn pages_that_promise_more_but_bring_nobody_new_are_unreadable() {
        for repeated in [0..0, 0..25] {
            let mut roster = Roster::default();
            roster.add(page(0..25, Some(true))).expect("a sound page");
            let outcome = roster.add(page(repeated, Some(true)));
            assert_eq!(outcome, Err(PagerDutyProblem::Unreadable));
        }
    }

    #[test]
    fn a_trickle_of_one_person_a_page_ends_as_unreadable() {
        let mut roster = Roster::default();
        let outcome =
            (0..PAGES_MAX).try_for_each(|number| roster.add(page(number..number + 1, Some(true))));
        assert_eq!(outcome, Err(PagerDutyProblem::Unreadable));
    }
}
