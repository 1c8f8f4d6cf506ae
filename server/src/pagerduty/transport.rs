//! The only place that sends anything to PagerDuty's REST API, and it can send
//! nothing but a GET. It bounds time and size and turns every failure into a problem that
//! can be shown; neither credentials nor bodies reach the log.

use super::{
    account::{Account, Endpoints},
    budget::{Budgets, CredentialBudget, Urgency},
    clock::{Learnt, RemoteClock},
    refusal::{interposed, is_page, refusal},
    wire,
};
use crate::{clock, crypto, metrics::Metrics};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, AUTHORIZATION},
};
use reqwest::{Client, Response, redirect};
use serde::de::DeserializeOwned;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use types::{PagerDutyProblem, Region};
use url::Url;

/// How many seconds PagerDuty has for a whole answer, the connection included.
pub const ANSWER_LIMIT_SECONDS: u32 = 10;

/// A host that does not even accept the connection in this time is not there.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// No id of PagerDuty's comes near this length.
const SEGMENT_LIMIT_BYTES: usize = 128;

/// No sound answer comes near this size.
const BODY_LIMIT_BYTES: usize = 32 * 1024 * 1024;

/// The version of the API whose shapes are read.
const ACCEPTED: HeaderValue = HeaderValue::from_static("application/vnd.pagerduty+json;version=2");

/// Clones share their connections, budgets and clocks.
#[derive(Clone, Debug)]
pub struct Transport {
    http: Client,
    endpoints: Arc<Endpoints>,
    clocks: Arc<[RemoteClock; 2]>,
    budgets: Budgets,
    metrics: Metrics,
    /// How many seconds a whole answer may take.
    answer_limit_seconds: u32,
    urgency: Urgency,
    /// Requests that were sent, by the clones for one purpose.
    sent: Arc<AtomicU32>,
}

impl Transport {
    pub fn new(endpoints: Endpoints, metrics: Metrics) -> Self {
        Self::with_limit(endpoints, metrics, ANSWER_LIMIT_SECONDS)
    }

    /// With another limit than PagerDuty's, so that tests need not wait for it.
    pub(super) fn with_limit(
        endpoints: Endpoints,
        metrics: Metrics,
        answer_limit_seconds: u32,
    ) -> Self {
        let headers = HeaderMap::from_iter([(ACCEPT, ACCEPTED)]);
        Self {
            http: client(answer_limit_seconds, headers),
            answer_limit_seconds,
            endpoints: Arc::new(endpoints),
            clocks: Arc::default(),
            budgets: Budgets::default(),
            metrics,
            urgency: Urgency::Person,
            sent: Arc::default(),
        }
    }

    /// The same one for work that nobody waits for, with a count of its own.
    pub fn for_routine(&self) -> Self {
        Self {
            urgency: Urgency::Routine,
            sent: Arc::default(),
            ..self.clone()
        }
    }

    /// The same one, for the same purpose, that gives each whole answer so many seconds.
    pub fn waiting_for(&self, answer_limit_seconds: u32) -> Self {
        Self {
            answer_limit_seconds,
            ..self.clone()
        }
    }

    /// How many seconds a whole answer may take, unless it is asked for otherwise.
    pub const fn answer_limit_seconds(&self) -> u32 {
        self.answer_limit_seconds
    }

    /// How many requests were sent for this purpose so far.
    pub fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The clock of a region's host.
    pub fn clock(&self, region: Region) -> &RemoteClock {
        match region {
            Region::Us => &self.clocks[0],
            Region::Eu => &self.clocks[1],
        }
    }

    /// How many more requests the sync may make with this credential now.
    pub fn budget_left(&self, account: &Account) -> Result<u32, PagerDutyProblem> {
        let authorization = account.credential.authorization()?;
        Ok(self.budget(&authorization).left())
    }

    fn budget(&self, authorization: &HeaderValue) -> CredentialBudget {
        let text = String::from_utf8_lossy(authorization.as_bytes());
        self.budgets.of(crypto::token_key(&text))
    }

    /// The configured addresses.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Asks the account's region for `path`, whose segments and `query` are encoded
    /// here, and reads the answer as `T`.
    pub async fn get<T: DeserializeOwned>(
        &self,
        account: &Account,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, PagerDutyProblem> {
        let limit_seconds = self.answer_limit_seconds;
        self.get_within(account, path, query, limit_seconds).await
    }

    /// Like [`Transport::get`], for a question that has another limit than
    /// [`ANSWER_LIMIT_SECONDS`].
    pub async fn get_within<T: DeserializeOwned>(
        &self,
        account: &Account,
        path: &[&str],
        query: &[(&str, &str)],
        limit_seconds: u32,
    ) -> Result<T, PagerDutyProblem> {
        let url = address(self.endpoints.of(account.region), path, query)?;
        let (answer, learnt) = self.ask(account, url.clone(), limit_seconds).await?;
        match learnt {
            Learnt::Enough => Ok(answer),
            // Whatever comes of asking again.
            Learnt::Doubtful => match self.ask(account, url, limit_seconds).await {
                Ok((again, _)) => Ok(again),
                Err(_) => Ok(answer),
            },
        }
    }

    /// Asks once. Only what is an answer of PagerDuty's tells its time.
    async fn ask<T: DeserializeOwned>(
        &self,
        account: &Account,
        url: Url,
        limit_seconds: u32,
    ) -> Result<(T, Learnt), PagerDutyProblem> {
        let path = url.path().to_owned();
        let authorization = account.credential.authorization()?;
        let budget = self.budget(&authorization);
        let turn = budget.turn(self.urgency).await?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        let (started, sent_at) = (Instant::now(), clock::now());
        let request = self.http.get(url).header(AUTHORIZATION, authorization);
        let request = request.timeout(Duration::from_secs(limit_seconds.into()));
        let (answer, received_at) = match request.send().await {
            Ok(response) => {
                let received_at = clock::now();
                turn.learn(response.status(), response.headers());
                self.metrics.answered(response.status());
                (Answer::read(response, limit_seconds).await, received_at)
            }
            Err(error) => {
                self.metrics.unanswered();
                return Err(unanswered(error, &path, limit_seconds));
            }
        };
        tracing::debug!(
            method = "GET",
            path,
            status = answer.status.as_u16(),
            request_id = answer.request_id(),
            duration_ms = started.elapsed().as_millis(),
            "PagerDuty answered"
        );
        let headers = answer.headers.clone();
        let read = answer.parsed()?;
        let clock = self.clock(account.region);
        Ok((read, clock.learn(&headers, sent_at, received_at)))
    }
}

/// A client that waits for so many seconds, for what is not the REST API.
pub fn plain_client(answer_limit_seconds: u32) -> Client {
    client(answer_limit_seconds, HeaderMap::new())
}

fn client(answer_limit_seconds: u32, headers: HeaderMap) -> Client {
    Client::builder()
        .user_agent(concat!("RoundRobin/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_LIMIT)
        .timeout(Duration::from_secs(answer_limit_seconds.into()))
        .build()
        .expect("rustls can start with the provider of this process")
}

/// An answer whose head has arrived; its body may still be missing.
struct Answer {
    host: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Result<Vec<u8>, PagerDutyProblem>,
}

impl Answer {
    async fn read(response: Response, limit_seconds: u32) -> Self {
        Self {
            host: response.url().host_str().unwrap_or_default().to_owned(),
            status: response.status(),
            headers: response.headers().clone(),
            body: bounded_body(response, limit_seconds).await,
        }
    }

    /// PagerDuty's own name for the request, to be given to its support.
    fn request_id(&self) -> Option<&str> {
        self.headers.get("x-request-id")?.to_str().ok()
    }

    /// A refusal stands even when its body did not arrive; only that there is none has to be
    /// said in words.
    fn parsed<T: DeserializeOwned>(self) -> Result<T, PagerDutyProblem> {
        let body_so_far = self.body.as_deref().unwrap_or_default();
        if let Some(problem) = refusal(&self.host, self.status, &self.headers, body_so_far) {
            return Err(problem);
        }
        let body = self.body?;
        wire::answer(&body).ok_or_else(|| {
            if is_page(&self.headers, &body) {
                interposed(&self.host, self.status, &self.headers)
            } else {
                PagerDutyProblem::Unreadable
            }
        })
    }
}

/// The whole body, if it is of a sound size.
pub async fn bounded_body(
    mut response: Response,
    limit_seconds: u32,
) -> Result<Vec<u8>, PagerDutyProblem> {
    let path = response.url().path().to_owned();
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| unanswered(error, &path, limit_seconds))?
    {
        if body.len() + chunk.len() > BODY_LIMIT_BYTES {
            return Err(PagerDutyProblem::Unreadable);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The address of `path` below `base`. Segments cannot climb out of it.
///
/// [`PagerDutyProblem::NotFound`] when a segment is nothing that PagerDuty could
/// know: ids come from forms, and need not have come from PagerDuty before.
fn address(base: &Url, path: &[&str], query: &[(&str, &str)]) -> Result<Url, PagerDutyProblem> {
    if !path.iter().all(|segment| is_askable(segment)) {
        return Err(PagerDutyProblem::NotFound);
    }
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| PagerDutyProblem::Unreachable)?
        .pop_if_empty()
        .extend(path);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

/// Whether there can be something of this name. Dots and nothing at all would
/// drop out of the address, which then stood for the whole list.
fn is_askable(segment: &str) -> bool {
    (1..=SEGMENT_LIMIT_BYTES).contains(&segment.len())
        && !segment.contains(char::is_control)
        && !matches!(segment, "." | "..")
}

/// Why no whole answer came.
pub fn unanswered(error: reqwest::Error, path: &str, limit_seconds: u32) -> PagerDutyProblem {
    // The address is left out: its query holds what people searched for.
    let error = error.without_url();
    tracing::debug!(path, ?error, "PagerDuty did not answer");
    if error.is_connect() {
        PagerDutyProblem::Unreachable
    } else if error.is_timeout() {
        PagerDutyProblem::TimedOut { limit_seconds }
    } else {
        PagerDutyProblem::BrokenOff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under(base: &str, path: &[&str], query: &[(&str, &str)]) -> String {
        let base = Url::parse(base).expect("an address");
        address(&base, path, query)
            .expect("a base for paths")
            .into()
    }

    #[test]
    fn an_address_keeps_the_path_of_its_base() {
        let base = "https://api.pagerduty.com";
        let expected = "https://api.pagerduty.com/users/PA";
        assert_eq!(under(base, &["users", "PA"], &[]), expected);
        let expected = "http://127.0.0.1:3900/eu/users?limit=1";
        for base in ["http://127.0.0.1:3900/eu", "http://127.0.0.1:3900/eu/"] {
            assert_eq!(under(base, &["users"], &[("limit", "1")]), expected);
        }
    }

    #[test]
    fn what_cannot_be_an_id_is_in_no_address() {
        let base = Url::parse("https://api.pagerduty.com").expect("an address");
        let too_long = "P".repeat(129);
        for id in ["", ".", "..", "P\0", "P\r\nX: 1", &too_long] {
            let outcome = address(&base, &["schedules", id], &[]);
            assert_eq!(outcome, Err(PagerDutyProblem::NotFound), "{id:?}");
        }
    }

    #[test]
    fn what_people_type_stays_inside_its_segment_or_parameter() {
        let base = "https://api.pagerduty.com";
        let longest = "Q".repeat(128);
        assert!(under(base, &["schedules", &longest], &[]).ends_with(&longest));
        let expected = "https://api.pagerduty.com/schedules/a%2F..%2F%3Fb";
        assert_eq!(under(base, &["schedules", "a/../?b"], &[]), expected);
        assert_eq!(
            under(base, &["schedules"], &[("query", "a&b=c+d é")]),
            "https://api.pagerduty.com/schedules?query=a%26b%3Dc%2Bd+%C3%A9"
        );
    }
}
