//! The questions that the product asks PagerDuty, one method each. They need no
//! more rights than reading schedules and users, so that keys and OAuth apps
//! with just these rights work, and never ask what only some credentials may.

use super::{
    account::{Account, Credential, Endpoints},
    model::{Schedule, User},
    parse,
    roster::{NextPage, ROWS_PER_PAGE, Roster},
    transport::Transport,
    wire,
};
use types::{PagerDutyProblem, PagerDutyUserId, Region, ScheduleId, ScheduleSummary, Timestamp};

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

    /// The region that knows the credential and lets it read schedules and users.
    ///
    /// Only [`PagerDutyProblem::Unauthorized`] from the US makes the EU be tried,
    /// since that is how a region answers to another region's key; once, and not
    /// when both have the same address. Then the EU's answer stands.
    pub async fn find_region(&self, credential: &Credential) -> Result<Region, PagerDutyProblem> {
        let us = self.check(Region::Us, credential).await;
        let endpoints = self.transport.endpoints();
        if us == Err(PagerDutyProblem::Unauthorized) && endpoints.us != endpoints.eu {
            return self.check(Region::Eu, credential).await;
        }
        us
    }

    /// The first 100 schedules whose name matches `search`, in PagerDuty's order;
    /// a blank search matches all.
    pub async fn search_schedules(
        &self,
        account: &Account,
        search: &str,
    ) -> Result<Vec<ScheduleSummary>, PagerDutyProblem> {
        let limit = ROWS_PER_PAGE.to_string();
        let query = [("limit", limit.as_str()), ("query", search.trim())];
        // A parameter without a value may mean anything.
        let query = if search.trim().is_empty() {
            &query[..1]
        } else {
            &query
        };
        let page: wire::SchedulePage = self.transport.get(account, &["schedules"], query).await?;
        Ok(page.schedules.into_iter().map(parse::summary).collect())
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

    /// Reads one schedule and one user, the two things that every sync needs.
    async fn check(
        &self,
        region: Region,
        credential: &Credential,
    ) -> Result<Region, PagerDutyProblem> {
        let account = Account {
            region,
            credential: credential.clone(),
        };
        let one = [("limit", "1")];
        let _: wire::SchedulePage = self.transport.get(&account, &["schedules"], &one).await?;
        let _: wire::UserPage = self.transport.get(&account, &["users"], &one).await?;
        Ok(region)
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
