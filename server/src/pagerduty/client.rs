//! The questions that the product asks PagerDuty, one method each. They need no
//! more rights than reading schedules and users, so that keys and OAuth apps
//! with just these rights work, and never ask what only some credentials may.

use super::{
    account::{Account, Credential, Endpoints},
    model::{AccountIdentity, Opened, Schedule, User},
    parse,
    roster::{NextPage, ROWS_PER_PAGE, Roster},
    text::plain_up_to,
    transport::Transport,
    wire,
};
use futures::future::try_join;
use std::collections::HashSet;
use types::{PagerDutyProblem, PagerDutyUserId, Region, ScheduleId, ScheduleSummary, Timestamp};

/// How far a search reads on. Whoever looks for something among more schedules
/// than this types more of its name.
const SEARCH_PAGES_MAX: usize = 5;

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
    pub fn new(endpoints: Endpoints) -> Self {
        Self {
            transport: Transport::new(endpoints),
        }
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

    /// The schedules whose name contains `search` in any case, by name; a blank
    /// search matches all. Of very many, the first pages only.
    pub async fn search_schedules(
        &self,
        account: &Account,
        search: &str,
    ) -> Result<Vec<ScheduleSummary>, PagerDutyProblem> {
        let search = plain_up_to(SEARCH_MAX_CHARS, search);
        let wanted = search.as_deref().unwrap_or_default().to_lowercase();
        let limit = ROWS_PER_PAGE.to_string();
        let (mut found, mut known, mut rows) = (Vec::new(), HashSet::new(), 0);
        for _ in 0..SEARCH_PAGES_MAX {
            let offset = rows.to_string();
            let mut query = vec![("limit", limit.as_str()), ("offset", offset.as_str())];
            // A parameter without a value may mean anything.
            query.extend(search.as_deref().map(|search| ("query", search)));
            let page: wire::SchedulePage =
                self.transport.get(account, &["schedules"], &query).await?;
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
        found.sort_by_cached_key(|schedule| schedule.name.to_lowercase());
        Ok(found)
    }

    /// One schedule with every shift that touches `[from, until)`, in one request.
    /// Both ends are rounded down to whole seconds.
    pub async fn schedule(
        &self,
        account: &Account,
        id: &ScheduleId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Schedule, PagerDutyProblem> {
        let (since, until) = (whole_seconds(from), whole_seconds(until));
        let path = ["schedules", id.as_str()];
        let query = [
            ("since", since.as_str()),
            ("until", until.as_str()),
            ("time_zone", "UTC"),
            ("overflow", "true"),
        ];
        let answer: wire::ScheduleAnswer = self.transport.get(account, &path, &query).await?;
        parse::schedule(answer.schedule)
    }

    /// Everybody of the account, up to the 10,000 whom PagerDuty lists.
    pub async fn users(&self, account: &Account) -> Result<Vec<User>, PagerDutyProblem> {
        let mut roster = Roster::default();
        while let Some(NextPage { offset, limit }) = roster.next_page() {
            let (offset, limit) = (offset.to_string(), limit.to_string());
            let query = [("limit", limit.as_str()), ("offset", offset.as_str())];
            roster.add(self.transport.get(account, &["users"], &query).await?)?;
        }
        Ok(roster.into_users())
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
