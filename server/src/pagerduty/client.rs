//! The questions that the product asks PagerDuty, one method each. They need no
//! more rights than reading schedules and users, so that keys and OAuth apps
//! with just these rights work, and never ask what only some credentials may.

use super::{
    account::{Account, Credential, Endpoints},
    clock::RemoteClock,
    model::{AccountIdentity, Opened, Schedule, ScheduleVersion, User},
    parse,
    roster::{NextPage, ROWS_PER_PAGE, Roster},
    text::plain_up_to,
    transport::Transport,
    wire, wire_v3,
};
use crate::{clock, metrics::Metrics};
use futures::future::try_join;
use std::collections::HashSet;
use types::{PagerDutyProblem, PagerDutyUserId, Region, ScheduleId, ScheduleSummary, Timestamp};

/// How far a search reads on. Whoever looks for something among more schedules
/// than this types more of its name.
const SEARCH_PAGES_MAX: usize = 5;

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
        let ahead = self.clock(region).ahead_millis().unwrap_or(0);
        Timestamp::from_millis(clock::now().as_millis() + ahead)
    }

    /// The clock of a region.
    pub fn clock(&self, region: Region) -> &RemoteClock {
        self.transport.clock(region)
    }

    /// What the credential opens, if it may read schedules and users.
    ///
    /// Only [`PagerDutyProblem::Unauthorized`] from the US makes the EU be tried,
    /// since that is how a region answers to another region's key; once, and not
    /// when both have the same address. Then the EU's answer stands, but for having
    /// none: of the key, it is then known only that the US refuses it.
    pub async fn find_account(&self, credential: &Credential) -> Result<Opened, PagerDutyProblem> {
        let us = self.check(Region::Us, credential).await;
        let endpoints = self.transport.endpoints();
        if us != Err(PagerDutyProblem::Unauthorized) || endpoints.us == endpoints.eu {
            return us;
        }
        match self.check(Region::Eu, credential).await {
            Err(
                PagerDutyProblem::Unreachable
                | PagerDutyProblem::TimedOut { .. }
                | PagerDutyProblem::Unavailable { .. },
            ) => us,
            eu => eu,
        }
    }

    /// The schedules of both kinds whose name contains `search` in any case, by
    /// name; a blank search matches all. Of very many, the first pages only.
    pub async fn search_schedules(
        &self,
        account: &Account,
        search: &str,
    ) -> Result<Vec<ScheduleSummary>, PagerDutyProblem> {
        let search = plain_up_to(SEARCH_MAX_CHARS, search);
        let (layer_based, shift_based) = try_join(
            self.list_schedules(account, &["schedules"], search.as_deref()),
            async {
                let listed = self.list_schedules(account, &["v3", "schedules"], search.as_deref());
                listed.await.or_else(without_v3)
            },
        )
        .await?;
        // One that is being upgraded may be in both lists.
        let mut found: Vec<ScheduleSummary> = layer_based;
        for schedule in shift_based {
            if found.iter().all(|known| known.id != schedule.id) {
                found.push(schedule);
            }
        }
        found.sort_by_cached_key(|schedule| schedule.name.to_lowercase());
        Ok(found)
    }

    async fn list_schedules(
        &self,
        account: &Account,
        path: &[&str],
        search: Option<&str>,
    ) -> Result<Vec<ScheduleSummary>, PagerDutyProblem> {
        let wanted = search.unwrap_or_default().to_lowercase();
        let limit = ROWS_PER_PAGE.to_string();
        let (mut found, mut known, mut rows) = (Vec::new(), HashSet::new(), 0);
        for _ in 0..SEARCH_PAGES_MAX {
            let offset = rows.to_string();
            let mut query = vec![("limit", limit.as_str()), ("offset", offset.as_str())];
            // A parameter without a value may mean anything.
            query.extend(search.map(|search| ("query", search)));
            let page: wire::SchedulePage = self.transport.get(account, path, &query).await?;
            let received = page.schedules.len();
            rows += received;
            // Not every server looks at the query; and between two pages, a schedule
            // may slip from one to the other.
            let listed = page.schedules.into_iter().flatten().map(parse::summary);
            found.extend(listed.filter(|schedule| {
                schedule.name.to_lowercase().contains(&wanted) && known.insert(schedule.id.clone())
            }));
            if !page.more || received == 0 {
                break;
            }
        }
        Ok(found)
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
                    // Neither shows it; what the expected one said of it stands.
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
        let page =
            self.transport
                .get_within::<wire::SchedulePage>(account, &["schedules"], &one, limit);
        page.await.map(drop)
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
                parse::schedule(answer.schedule)
            }
            ScheduleVersion::V3 => {
                query.push(("include[]", "final_schedule"));
                let path = ["v3", "schedules", id.as_str()];
                let answer: wire_v3::ScheduleAnswer =
                    self.transport.get(account, &path, &query).await?;
                parse::schedule_v3(answer.schedule)
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
    pub async fn user(
        &self,
        account: &Account,
        id: &PagerDutyUserId,
    ) -> Result<Option<User>, PagerDutyProblem> {
        let path = ["users", id.as_str()];
        match self
            .transport
            .get::<wire::UserAnswer>(account, &path, &[])
            .await
        {
            Ok(answer) => Ok(Some(parse::user(answer.user))),
            Err(PagerDutyProblem::NotFound) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Whom the access token acts as; `None` when PagerDuty does not say.
    pub async fn me(&self, account: &Account) -> Result<Option<User>, PagerDutyProblem> {
        self.user(account, &PagerDutyUserId::new("me")).await
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
        let (schedules, users) = try_join(
            self.transport
                .get::<wire::SchedulePage>(&account, &["schedules"], &one),
            self.transport
                .get::<wire::UserPage>(&account, &["users"], &one),
        )
        .await?;
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
        })
    }
}

/// PagerDuty says of a schedule of the other kind that the request is bad (400)
/// or, some time ago, that there is none (404).
fn may_be_of_the_other_kind(problem: &PagerDutyProblem) -> bool {
    matches!(
        problem,
        PagerDutyProblem::NotFound | PagerDutyProblem::Unavailable { status: 400 }
    )
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

/// An account, or a credential, that knows no shift-based schedules has none.
fn without_v3(problem: PagerDutyProblem) -> Result<Vec<ScheduleSummary>, PagerDutyProblem> {
    if is_refusal(&problem) || problem == PagerDutyProblem::Unreadable {
        tracing::debug!(%problem, "no list of shift-based schedules");
        return Ok(Vec::new());
    }
    Err(problem)
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
