//! How often one credential asks PagerDuty. It allows so many requests a minute
//! to all tools that share the credential, so Round Robin keeps to a share of
//! them, asks few things at once, and lets people go before routine.

use http::{HeaderMap, StatusCode};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, SemaphorePermit};
use types::PagerDutyProblem;

/// What PagerDuty allows in a minute unless its answers say otherwise.
const USUAL_LIMIT: u32 = 960;
/// The part of it beyond which the sync asks for nothing, in percent.
const ROUTINE_PERCENT: u32 = 60;
/// The part of it beyond which not even people who wait are served, in percent.
const PEOPLE_PERCENT: u32 = 90;
/// The part of the limit that is the sync's however much other tools use, in percent.
const FLOOR_PERCENT: u32 = 10;
/// The time that limits are about.
const MINUTE: Duration = Duration::from_secs(60);
/// Requests at once, and how many of them may be routine.
const AT_ONCE: usize = 4;
const ROUTINE_AT_ONCE: usize = 3;
/// A credential that was not used for this long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody in front of a page.
    #[default]
    Person,
    /// Nobody in particular: the sync.
    Routine,
}

/// What is known of the requests of one credential within the last minute.
#[derive(Debug)]
pub struct Budget {
    limit: u32,
    /// When ours were sent, and for whom.
    sent: VecDeque<(Instant, Urgency)>,
    told: Option<Told>,
}

/// What PagerDuty said is left for all tools together, until its window ends.
#[derive(Clone, Copy, Debug)]
struct Told {
    remaining: u32,
    until: Instant,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            limit: USUAL_LIMIT,
            sent: VecDeque::new(),
            told: None,
        }
    }
}

impl Budget {
    /// Spends one request, or says after how long there may be one again.
    pub fn spend(&mut self, now: Instant, urgency: Urgency) -> Result<(), Duration> {
        let left = self.left(now, urgency);
        if left.own > 0 && left.common > 0 {
            self.sent.push_back((now, urgency));
            if let Some(told) = &mut self.told {
                told.remaining = told.remaining.saturating_sub(1);
            }
            return Ok(());
        }
        // Whichever holds it up the longest.
        let ours = self.sent.front().map(|(sent, _)| *sent + MINUTE);
        let theirs = self.told.map(|told| told.until);
        let again = [
            ours.filter(|_| left.own == 0),
            theirs.filter(|_| left.common == 0),
        ];
        let again = again.into_iter().flatten().max();
        Err(again.map_or(MINUTE, |again| again.saturating_duration_since(now)))
    }

    /// How many more requests `urgency` may make now.
    pub fn left(&mut self, now: Instant, urgency: Urgency) -> Left {
        self.forget_the_past(now);
        self.left_for(urgency)
    }

    /// Takes in what an answer tells of PagerDuty's own count. That nothing is left is
    /// not taken from a refusal, which may be about one kind of question alone: whoever
    /// is refused decides what follows.
    pub fn learn(&mut self, now: Instant, status: StatusCode, headers: &HeaderMap) {
        let number = |name: &str| -> Option<u32> {
            let text = headers.get(name)?.to_str().ok()?.trim();
            let number: f64 = text.parse().ok()?;
            (0.0..1e9).contains(&number).then_some(number.ceil() as u32)
        };
        if let Some(limit) = number("ratelimit-limit").filter(|limit| *limit > 0) {
            self.limit = limit;
        }
        let refused = status == StatusCode::TOO_MANY_REQUESTS;
        if let Some(remaining) = number("ratelimit-remaining").filter(|_| !refused) {
            let reset = number("ratelimit-reset").unwrap_or(60);
            self.told = Some(Told {
                remaining,
                until: now + Duration::from_secs(reset.into()).min(MINUTE),
            });
        }
    }

    fn forget_the_past(&mut self, now: Instant) {
        while self
            .sent
            .front()
            .is_some_and(|(sent, _)| now.saturating_duration_since(*sent) >= MINUTE)
        {
            self.sent.pop_front();
        }
        self.told = self.told.filter(|told| told.until > now);
    }

    fn left_for(&self, urgency: Urgency) -> Left {
        let percent = |share: u32| self.limit.saturating_mul(share) / 100;
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let spent = count(self.sent.len());
        let remaining = self.told.map_or(u32::MAX, |told| told.remaining);
        if urgency == Urgency::Person {
            return Left {
                own: percent(PEOPLE_PERCENT).max(1).saturating_sub(spent),
                common: remaining,
            };
        }
        let routine = self.sent.iter().filter(|(_, who)| *who == urgency);
        let floor = percent(FLOOR_PERCENT).saturating_sub(count(routine.count()));
        let share = percent(ROUTINE_PERCENT).max(1);
        // Several servers, or other tools: together they keep to the share too, as
        // far as that leaves each of them something.
        let by_all = self
            .told
            .map_or(0, |told| self.limit.saturating_sub(told.remaining));
        Left {
            own: share.saturating_sub(spent).max(floor),
            common: share.saturating_sub(by_all).max(floor).min(remaining),
        }
    }
}

/// How many requests may still be made: as far as our own count goes, and as far
/// as what PagerDuty tells of everybody's goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    own: u32,
    common: u32,
}

impl Left {
    pub fn requests(self) -> u32 {
        self.own.min(self.common)
    }
}

/// The budget of one credential, and its places in the queue.
#[derive(Debug)]
struct Purse {
    budget: Mutex<Budget>,
    places: Semaphore,
    routine_places: Semaphore,
    used_at: Mutex<Instant>,
}

impl Purse {
    fn new() -> Self {
        Self {
            budget: Mutex::default(),
            places: Semaphore::new(AT_ONCE),
            routine_places: Semaphore::new(ROUTINE_AT_ONCE),
            used_at: Mutex::new(Instant::now()),
        }
    }
}

/// The budgets of all credentials that this process uses, by a hash of each.
#[derive(Clone, Debug, Default)]
pub struct Budgets(Arc<Mutex<HashMap<String, Arc<Purse>>>>);

/// A request that may be sent: keeps its place until it is answered.
pub struct Turn<'a> {
    purse: &'a CredentialBudget,
    _place: SemaphorePermit<'a>,
    _routine_place: Option<SemaphorePermit<'a>>,
}

/// One credential's budget, held while it is used.
pub struct CredentialBudget(Arc<Purse>);

impl Budgets {
    /// The budget of the credential whose hash is `credential`.
    pub fn of(&self, credential: String) -> CredentialBudget {
        let now = Instant::now();
        let mut purses = lock(&self.0);
        if !purses.contains_key(&credential) {
            purses.retain(|_, purse| {
                now.saturating_duration_since(*lock(&purse.used_at)) < FORGOTTEN_AFTER
            });
        }
        let purse = purses
            .entry(credential)
            .or_insert_with(|| Arc::new(Purse::new()));
        *lock(&purse.used_at) = now;
        CredentialBudget(Arc::clone(purse))
    }
}

impl CredentialBudget {
    /// Waits for a place and spends one request.
    ///
    /// [`PagerDutyProblem::ShareSpent`] when none is left.
    pub async fn turn(&self, urgency: Urgency) -> Result<Turn<'_>, PagerDutyProblem> {
        let closed = |_| PagerDutyProblem::Unreachable;
        let routine_place = match urgency {
            Urgency::Person => None,
            Urgency::Routine => Some(self.0.routine_places.acquire().await.map_err(closed)?),
        };
        let place = self.0.places.acquire().await.map_err(closed)?;
        lock(&self.0.budget)
            .spend(Instant::now(), urgency)
            .map_err(|wait| PagerDutyProblem::ShareSpent {
                retry_after_seconds: whole_seconds(wait),
            })?;
        Ok(Turn {
            purse: self,
            _place: place,
            _routine_place: routine_place,
        })
    }

    /// How many more requests the sync may make now.
    pub fn left(&self) -> u32 {
        let left = lock(&self.0.budget).left(Instant::now(), Urgency::Routine);
        left.requests()
    }
}

impl Turn<'_> {
    /// Takes in what the answer tells of PagerDuty's own count.
    pub fn learn(&self, status: StatusCode, headers: &HeaderMap) {
        lock(&self.purse.0.budget).learn(Instant::now(), status, headers);
    }
}

fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
        .unwrap_or(u32::MAX)
        .max(1)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(limit: u32, remaining: u32, reset: u32) -> HeaderMap {
        HeaderMap::from_iter([
            (
                http::HeaderName::from_static("ratelimit-limit"),
                limit.into(),
            ),
            (
                http::HeaderName::from_static("ratelimit-remaining"),
                remaining.into(),
            ),
            (
                http::HeaderName::from_static("ratelimit-reset"),
                reset.into(),
            ),
        ])
    }

    /// Spends until refused; how many went out.
    fn spend_all(budget: &mut Budget, now: Instant, urgency: Urgency) -> u32 {
        (0..10_000)
            .take_while(|_| budget.spend(now, urgency).is_ok())
            .count() as u32
    }

    #[test]
    fn the_sync_stops_at_three_fifths_of_the_limit_and_people_a_little_before_its_end() {
        let (mut budget, now) = (Budget::default(), Instant::now());
        assert_eq!(spend_all(&mut budget, now, Urgency::Routine), 576);
        assert_eq!(spend_all(&mut budget, now, Urgency::Person), 288);
        assert_eq!(budget.spend(now, Urgency::Person), Err(MINUTE));
        let later = now + MINUTE;
        assert_eq!(spend_all(&mut budget, later, Urgency::Routine), 576);
    }

    #[test]
    fn what_people_asked_counts_against_the_sync_but_leaves_a_floor() {
        let (mut budget, now) = (Budget::default(), Instant::now());
        assert_eq!(spend_all(&mut budget, now, Urgency::Person), 864);
        assert_eq!(spend_all(&mut budget, now, Urgency::Routine), 96);
    }

    #[test]
    fn the_limit_is_the_one_that_the_answers_tell() {
        let (mut budget, now) = (Budget::default(), Instant::now());
        budget.learn(now, StatusCode::OK, &headers(100, 100, 60));
        assert_eq!(spend_all(&mut budget, now, Urgency::Routine), 60);
    }

    #[test]
    fn what_others_spend_counts_but_leaves_a_floor() {
        let (mut budget, now) = (Budget::default(), Instant::now());
        budget.learn(now, StatusCode::OK, &headers(1000, 600, 30));
        assert_eq!(spend_all(&mut budget, now, Urgency::Routine), 200);
        let (mut budget, now) = (Budget::default(), Instant::now());
        budget.learn(now, StatusCode::OK, &headers(1000, 300, 30));
        assert_eq!(spend_all(&mut budget, now, Urgency::Routine), 100);
        let wait = budget.spend(now, Urgency::Routine);
        assert_eq!(wait, Err(Duration::from_secs(30)));
    }

    #[test]
    fn with_nothing_remaining_nothing_goes_out_until_the_window_ends() {
        let (mut budget, now) = (Budget::default(), Instant::now());
        budget.learn(now, StatusCode::OK, &headers(960, 0, 17));
        let wait = Duration::from_secs(17);
        assert_eq!(budget.spend(now, Urgency::Person), Err(wait));
        assert_eq!(budget.spend(now + wait, Urgency::Person), Ok(()));
    }

    #[test]
    fn a_refusal_of_one_kind_of_question_does_not_end_the_others() {
        let (mut budget, now) = (Budget::default(), Instant::now());
        let refused = StatusCode::TOO_MANY_REQUESTS;
        budget.learn(now, refused, &headers(960, 0, 30));
        assert_eq!(budget.left(now, Urgency::Routine).requests(), 576);
    }

    #[test]
    fn odd_headers_change_nothing() {
        let (mut budget, now) = (Budget::default(), Instant::now());
        for odd in ["", "many", "-1", "NaN", "1e99"] {
            let value: http::HeaderValue = odd.parse().unwrap();
            let name = http::HeaderName::from_static;
            budget.learn(
                now,
                StatusCode::OK,
                &HeaderMap::from_iter([
                    (name("ratelimit-limit"), value.clone()),
                    (name("ratelimit-remaining"), value.clone()),
                    (name("ratelimit-reset"), value),
                ]),
            );
        }
        assert_eq!(budget.left(now, Urgency::Routine).requests(), 576);
    }

    proptest! {
        #[test]
        fn no_stretch_of_a_minute_ever_holds_more_than_the_share(
            limit in 50u32..400,
            gaps in prop::collection::vec(0u64..400, 1..2000)
        ) {
            let (mut budget, mut now) = (Budget::default(), Instant::now());
            budget.learn(now, StatusCode::OK, &headers(limit, limit, 1));
            let mut sent: Vec<Instant> = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                if budget.spend(now, Urgency::Routine).is_ok() {
                    sent.push(now);
                }
            }
            for (index, first) in sent.iter().enumerate() {
                let within = sent[index..].iter().take_while(|at| **at < *first + MINUTE).count();
                prop_assert!(within <= (limit * 60 / 100) as usize);
            }
        }
    }

    #[tokio::test]
    async fn four_at_once_and_routine_leaves_one_place_free() {
        let budgets = Budgets::default();
        let budget = budgets.of("key".to_owned());
        let mut turns = Vec::new();
        for _ in 0..3 {
            turns.push(budget.turn(Urgency::Routine).await.unwrap());
        }
        assert!(futures::FutureExt::now_or_never(budget.turn(Urgency::Routine)).is_none());
        turns.push(budget.turn(Urgency::Person).await.unwrap());
        assert!(futures::FutureExt::now_or_never(budget.turn(Urgency::Person)).is_none());
        turns.pop();
        assert!(futures::FutureExt::now_or_never(budget.turn(Urgency::Person)).is_some());
    }
}
