//! The questions that the product asks PagerDuty, one method each. They need no
//! more rights than reading schedules and users, so that keys and OAuth apps
//! with just these rights work, and never ask what only some credentials may.

use super::{
    account::{Account, Credential, Endpoints},
    clock::RemoteClock,
    model::{Opened, Schedule, User},
    parse,
    roster::{NextPage, ROWS_PER_PAGE, Roster},
    transport::Transport,
    wire, wire_v3,
};
use crate::{clock, metrics::Metrics, text::plain_up_to};
use domain::{AccountIdentity, ScheduleVersion};
use futures::future::join;
use std::{collections::HashSet, time::Instant};
use types::{
    FoundSchedules, MissingSchedules, PagerDutyProblem, PagerDutyUserId, Region,
    SEARCH_LIMIT_SECONDS, ScheduleId, ScheduleKind, Timestamp,
};

/// How far a search reads on. Whoever looks for something among more schedules
/// than this types more of its name.
const SEARCH_ROWS_MAX: usize = 500;

/// What a page of the search holds after a whole one did not come.
const ROWS_PER_SMALL_PAGE: usize = 25;

/// Enough small pages for as many rows; ends a list whose pages hold less.
const SEARCH_PAGES_MAX: usize = SEARCH_ROWS_MAX / ROWS_PER_SMALL_PAGE;

/// How many seconds PagerDuty has for the second question.
const SECOND_ANSWER_LIMIT_SECONDS: u32 = 5;

/// No name that is searched for is longer, and addresses have to stay short.
const SEARCH_MAX_CHARS: usize = 200;

/// The client of PagerDuty's REST API. Clones share their connections.
///
/// Every method fails with the [`PagerDutyProblem`] that says why no usable
/// answer came; none asks twice.
#[derive(Clone, Debug)]
pub struct PagerDuty {
    transport: Transport,
}

impl PagerDuty {
    /// # Panics
    ///
    /// When the process has not installed a default crypto provider of rustls.
    pub fn new(endpoints: Endpoints, metrics: Metrics) -> Self {
        Self {
            transport: Transport::new(endpoints, metrics),
        }
    }

    /// The same one for work that nobody waits for. It counts its own requests.
    #[must_use]
    pub fn for_routine(&self) -> Self {
        Self {
            transport: self.transport.for_routine(),
        }
    }

    /// The same one, waiting so many seconds for each answer instead of the usual
    /// [`super::ANSWER_LIMIT_SECONDS`].
    #[must_use]
    pub fn waiting_for(&self, limit_seconds: u32) -> Self {
        Self {
            transport: self.transport.waiting_for(limit_seconds),
        }
    }

    /// How many requests were sent since [`PagerDuty::for_routine`].
    pub fn requests(&self) -> u32 {
        self.transport.sent()
    }

    /// How many more requests the sync may make with this credential now; none
    /// with one that no header can carry.
    pub fn budget_left(&self, account: &Account) -> u32 {
        self.transport.budget_left(account).unwrap_or(0)
    }

    /// What time it is at PagerDuty, as far as its answers have told.
    pub fn now(&self, region: Region) -> Timestamp {
        self.at(region, clock::now())
    }

    /// What time it was at PagerDuty when it was `ours` here, as far as its answers have told
    /// by now: the answer to a question may tell when it was asked.
    pub fn at(&self, region: Region, ours: Timestamp) -> Timestamp {
        let ahead = self.clock(region).ahead_millis().unwrap_or(0);
        Timestamp::from_millis(ours.as_millis() + ahead)
    }

    /// The clock of a region.
    pub fn clock(&self, region: Region) -> &RemoteClock {
        self.transport.clock(region)
    }

    /// What the credential opens, if it may read schedules and users.
    ///
    /// Only a 401 from the US makes the EU be tried, since that is how a region
    /// answers to another region's key; once, and not when both have the same
    /// address. Then the EU's answer stands, but for having none: of the key, it is
    /// then known only that the US refuses it.
    pub async fn find_account(&self, credential: &Credential) -> Result<Opened, PagerDutyProblem> {
        let us = self.check(Region::Us, credential).await;
        let endpoints = self.transport.endpoints();
        let unknown = matches!(
            us,
            Err(PagerDutyProblem::Unauthorized | PagerDutyProblem::Interposed { status: 401, .. })
        );
        if !unknown || endpoints.us == endpoints.eu {
            return us;
        }
        match self.check(Region::Eu, credential).await {
            Err(problem) if problem.may_pass_at_any_moment() => us,
            eu => eu,
        }
    }

    /// The schedules of both kinds that PagerDuty finds for `search`, by name; a blank
    /// search finds all. Of very many, and of those that take long, the first ones.
    ///
    /// Fails when neither kind can be listed.
    pub async fn search_schedules(
        &self,
        account: &Account,
        search: &str,
    ) -> Result<FoundSchedules, PagerDutyProblem> {
        let words = plain_up_to(SEARCH_MAX_CHARS, search);
        let words = words.as_deref();
        let (layer_based, shift_based) = join(
            self.list_schedules(account, &["schedules"], words),
            self.list_schedules(account, &["v3", "schedules"], words),
        )
        .await;
        if let (Some(problem), Some(_)) = (layer_based.refused(), shift_based.refused()) {
            return Err(problem.clone());
        }
        let cut = layer_based.cut || shift_based.cut;
        let failed = [
            (ScheduleKind::LayerBased, layer_based.failed),
            (ScheduleKind::ShiftBased, shift_based.failed),
        ];
        // One that is being upgraded may be in both lists.
        let mut rows = layer_based.rows;
        for schedule in shift_based.rows {
            if rows.iter().all(|known| known.id != schedule.id) {
                rows.push(schedule);
            }
        }
        let mut schedules = parse::summaries(rows);
        schedules.sort_by_cached_key(|schedule| schedule.name.to_lowercase());
        let failed = failed
            .into_iter()
            .filter_map(|(kind, problem)| Some((kind, problem?)))
            .map(|(kind, problem)| MissingSchedules::Failed { kind, problem });
        Ok(FoundSchedules {
            search: search.to_owned(),
            schedules,
            missing: failed.chain(cut.then_some(MissingSchedules::Cut)).collect(),
        })
    }

    /// Reads one list for as long as somebody can be expected to wait. What was read
    /// before it fails or takes too long stands.
    async fn list_schedules(
        &self,
        account: &Account,
        path: &[&str],
        search: Option<&str>,
    ) -> Listed {
        let started = Instant::now();
        let mut listed = Listed::default();
        let (mut known, mut rows, mut per_page) = (HashSet::new(), 0, ROWS_PER_PAGE);
        for _ in 0..SEARCH_PAGES_MAX {
            if rows >= SEARCH_ROWS_MAX {
                break;
            }
            let (limit, offset) = (per_page.to_string(), rows.to_string());
            let mut query = vec![("limit", limit.as_str()), ("offset", offset.as_str())];
            // A parameter without a value may mean anything.
            query.extend(search.map(|search| ("query", search)));
            let left = SEARCH_LIMIT_SECONDS.saturating_sub(whole_seconds_since(started));
            if left == 0 {
                break;
            }
            let patience = match per_page {
                ROWS_PER_PAGE => self.transport.answer_limit_seconds().min(left),
                _ => left,
            };
            let asked = self.transport.get_within(account, path, &query, patience);
            let page: wire::SchedulePage = match asked.await {
                Ok(page) => page,
                // A page that is long in coming may come when it is asked for less.
                Err(problem) if is_too_much(&problem) && per_page == ROWS_PER_PAGE => {
                    per_page = ROWS_PER_SMALL_PAGE;
                    continue;
                }
                Err(problem) => {
                    listed.failed = Some(of_a_list(problem));
                    return listed;
                }
            };
            if !page.makes_sense() {
                listed.failed = Some(PagerDutyProblem::Unreadable);
                return listed;
            }
            let received = page.schedules.len();
            rows += received;
            // Between two pages, a schedule may slip from one to the other.
            let schedules = page.schedules.into_iter().flatten();
            listed
                .rows
                .extend(schedules.filter(|schedule| known.insert(schedule.id.clone())));
            if !page.more || received == 0 {
                listed.cut = page.more;
                return listed;
            }
        }
        listed.cut = true;
        listed
    }

    /// One schedule with every shift that touches `[from, until)`, in one request
    /// when it is of the `expected` kind, and two when it was upgraded. Both ends
    /// are rounded down to whole seconds.
    pub async fn schedule(
        &self,
        account: &Account,
        id: &ScheduleId,
        expected: ScheduleVersion,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Schedule, PagerDutyProblem> {
        let window = (whole_seconds(from), whole_seconds(until));
        let answer = self.schedule_of(account, id, expected, &window).await;
        match answer {
            Err(problem) if may_be_of_the_other_kind(&problem) => {
                let other = self.schedule_of(account, id, expected.other(), &window);
                match other.await {
                    // Neither shows it; what the expected one said of it stands, unless it
                    // said nothing.
                    Err(PagerDutyProblem::NotFound) if is_mute(&problem) => {
                        Err(PagerDutyProblem::NotFound)
                    }
                    Err(other) if is_refusal(&other) => Err(problem),
                    other => other,
                }
            }
            // A whole credential is denied when another question is, too.
            Err(PagerDutyProblem::Forbidden {
                missing_scopes: None,
            }) => Err(PagerDutyProblem::ScheduleDenied),
            answer => answer,
        }
    }

    /// Whether PagerDuty answers this credential at all: the second question, after
    /// an answer from which nothing shall be concluded alone. Whoever has waited for
    /// that one does not wait as long again.
    pub async fn answers(&self, account: &Account) -> Result<(), PagerDutyProblem> {
        let one = [("limit", "1")];
        let limit = SECOND_ANSWER_LIMIT_SECONDS;
        let asked = self
            .transport
            .get_within(account, &["schedules"], &one, limit);
        let page: wire::SchedulePage = asked.await?;
        match page.makes_sense() {
            true => Ok(()),
            false => Err(PagerDutyProblem::Unreadable),
        }
    }

    async fn schedule_of(
        &self,
        account: &Account,
        id: &ScheduleId,
        version: ScheduleVersion,
        (since, until): &(String, String),
    ) -> Result<Schedule, PagerDutyProblem> {
        let mut query = vec![
            ("since", since.as_str()),
            ("until", until.as_str()),
            ("time_zone", "UTC"),
            ("overflow", "true"),
        ];
        match version {
            ScheduleVersion::V2 => {
                let path = ["schedules", id.as_str()];
                let answer: wire::ScheduleAnswer =
                    self.transport.get(account, &path, &query).await?;
                parse::schedule(id, answer.schedule)
            }
            ScheduleVersion::V3 => {
                query.push(("include[]", "final_schedule"));
                let path = ["v3", "schedules", id.as_str()];
                let answer: wire_v3::ScheduleAnswer =
                    self.transport.get(account, &path, &query).await?;
                parse::schedule_v3(id, answer.schedule)
            }
        }
    }

    /// The next page of a reading of the account's people: those on it who are new.
    /// One that fails is noted in `roster`, which knows what to ask for then.
    pub async fn next_users(
        &self,
        account: &Account,
        roster: &mut Roster,
    ) -> Result<Vec<User>, PagerDutyProblem> {
        let Some(NextPage { offset, limit }) = roster.next_page() else {
            return Ok(Vec::new());
        };
        let (offset, limit) = (offset.to_string(), limit.to_string());
        let query = [("limit", limit.as_str()), ("offset", offset.as_str())];
        match self.transport.get(account, &["users"], &query).await {
            Ok(page) => Ok(roster.add(page)),
            Err(problem) => {
                roster.failed(&problem);
                Err(problem)
            }
        }
    }

    /// One person; `None` when PagerDuty knows nobody of that id (any more).
    ///
    /// [`PagerDutyProblem::Unreadable`] when it answers with somebody else.
    pub async fn user(
        &self,
        account: &Account,
        id: &PagerDutyUserId,
    ) -> Result<Option<User>, PagerDutyProblem> {
        match self.user_called(account, id.as_str()).await? {
            Some(other) if other.id != *id => Err(PagerDutyProblem::Unreadable),
            user => Ok(user),
        }
    }

    /// Whom the access token acts as; `None` when PagerDuty does not say.
    pub async fn me(&self, account: &Account) -> Result<Option<User>, PagerDutyProblem> {
        self.user_called(account, "me").await
    }

    async fn user_called(
        &self,
        account: &Account,
        name: &str,
    ) -> Result<Option<User>, PagerDutyProblem> {
        let path = ["users", name];
        let asked = self.transport.get::<wire::UserAnswer>(account, &path, &[]);
        match asked.await {
            Ok(answer) => Ok(Some(parse::user(answer.user))),
            Err(PagerDutyProblem::NotFound) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Reads one schedule and one user in this region, the two things that every
    /// sync needs; at once, since somebody is waiting.
    pub async fn check(
        &self,
        region: Region,
        credential: &Credential,
    ) -> Result<Opened, PagerDutyProblem> {
        let account = Account {
            region,
            credential: credential.clone(),
        };
        let one = [("limit", "1")];
        let (schedules, users) = join(
            self.transport
                .get::<wire::SchedulePage>(&account, &["schedules"], &one),
            self.transport
                .get::<wire::UserPage>(&account, &["users"], &one),
        )
        .await;
        let schedules = schedules.map_err(of_a_list)?;
        let users = users.map_err(|problem| of_a_list(problem).of_people_alone())?;
        let sees_schedules = self.shows_any(&account, &schedules).await;
        let schedule = schedules.schedules.into_iter().flatten().next();
        let user = users.users.into_iter().flatten().next();
        let pages = [
            schedule.and_then(|schedule| schedule.html_url),
            user.and_then(|user| user.html_url),
        ];
        Ok(Opened {
            region,
            account: AccountIdentity {
                subdomain: pages
                    .into_iter()
                    .flatten()
                    .find_map(|page| parse::subdomain(&page)),
                account_id: None,
            },
            sees_schedules,
        })
    }

    /// Whether the account shows any schedule; `None` when that cannot be found out. Fails
    /// where schedules cannot be listed at all, which speaks for the credential.
    pub async fn sees_schedules(
        &self,
        account: &Account,
    ) -> Result<Option<bool>, PagerDutyProblem> {
        let asked = self
            .transport
            .get(account, &["schedules"], &[("limit", "1")]);
        let page = asked.await.map_err(of_a_list)?;
        Ok(self.shows_any(account, &page).await)
    }

    async fn shows_any(&self, account: &Account, page: &wire::SchedulePage) -> Option<bool> {
        match page.schedules.is_empty() {
            false => Some(true),
            true => self.sees_shift_based(account).await,
        }
    }

    /// Whether there is a schedule that only version 3 of the API lists; `None` when
    /// it cannot be asked.
    async fn sees_shift_based(&self, account: &Account) -> Option<bool> {
        let path = ["v3", "schedules"];
        let asked = self.transport.get(account, &path, &[("limit", "1")]).await;
        let page: wire::SchedulePage = asked.ok()?;
        Some(!page.schedules.is_empty())
    }
}

/// PagerDuty says of a schedule of the other kind that the request is bad (400)
/// or, some time ago, that there is none (404, with words or without).
fn may_be_of_the_other_kind(problem: &PagerDutyProblem) -> bool {
    matches!(
        problem,
        PagerDutyProblem::NotFound | PagerDutyProblem::Unavailable { status: 400 | 404 }
    )
}

/// A 404 without a word.
const fn is_mute(problem: &PagerDutyProblem) -> bool {
    matches!(problem, PagerDutyProblem::Unavailable { status: 404 })
}

/// PagerDuty has understood, and does not give what was asked for.
fn is_refusal(problem: &PagerDutyProblem) -> bool {
    matches!(
        problem,
        PagerDutyProblem::NotFound
            | PagerDutyProblem::NoApiAccess
            | PagerDutyProblem::Forbidden { .. }
            | PagerDutyProblem::Unavailable { status: 400..=499 }
    )
}

fn whole_seconds_since(start: Instant) -> u32 {
    u32::try_from(start.elapsed().as_secs()).unwrap_or(u32::MAX)
}

/// Asking for less may help.
fn is_too_much(problem: &PagerDutyProblem) -> bool {
    matches!(
        problem,
        PagerDutyProblem::TimedOut { .. }
            | PagerDutyProblem::Unreadable
            | PagerDutyProblem::Unreachable
            | PagerDutyProblem::BrokenOff
            | PagerDutyProblem::Unavailable { status: 500.. }
    )
}

/// That a list is not found says nothing of any schedule.
fn of_a_list(problem: PagerDutyProblem) -> PagerDutyProblem {
    match problem {
        PagerDutyProblem::NotFound => PagerDutyProblem::Unavailable { status: 404 },
        problem => problem,
    }
}

/// What came of reading a list of schedules.
#[derive(Default)]
struct Listed {
    rows: Vec<wire::ListedSchedule>,
    /// There are more than we read.
    cut: bool,
    /// Why reading ended early.
    failed: Option<PagerDutyProblem>,
}

impl Listed {
    /// Why there is nothing at all, when that says nothing about what there is.
    fn refused(&self) -> Option<&PagerDutyProblem> {
        self.failed.as_ref().filter(|_| self.rows.is_empty())
    }
}

/// ISO 8601 in UTC. Instants beyond the calendar become its first or last second.
fn whole_seconds(at: Timestamp) -> String {
    let (first, last) = (jiff::Timestamp::MIN, jiff::Timestamp::MAX);
    let seconds = at.as_millis().div_euclid(1000);
    let seconds = seconds.clamp(first.as_second(), last.as_second());
    jiff::Timestamp::from_second(seconds)
        .expect("clamped to the calendar")
        .to_string()
}

#[cfg(test)]
mod tests;
