//! One sync of one connection: what PagerDuty says of the schedules that are due.
//! It takes no input but the connection, so running it twice does no harm, and it
//! writes nothing once the credential has changed.

use super::{
    SyncServices,
    doubt::Doubt,
    pace,
    people::{self, Roster},
    publish, publish_rotations, slow,
};
use crate::{
    clock,
    integrations::{self, AccessProblem},
    pagerduty::{ANSWER_LIMIT_SECONDS, Account, PagerDuty, Schedule},
    store::{Asked, BoundSchedule, Connection, Rule, Store, StoreError},
};
use domain::{ScheduleSnapshot, Window};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use std::{
    collections::BTreeSet,
    pin::pin,
    time::{Duration, Instant},
};
use tokio::{sync::Mutex, time};
use types::{
    PagerDutyProblem, PagerDutyUserId, RotationId, SyncChange, SyncReason, Timestamp,
    UnreadableSchedule,
};

/// Schedules that are read at once.
const AT_ONCE: usize = 4;
/// So long the list of people is read before schedules are asked for beside it.
const LISTING_HEAD_START: Duration = Duration::from_secs(2);
/// However soon a request may be made again, with less than this there would be
/// a run for each.
const SHORTEST_BUDGET_REST: Duration = Duration::from_secs(10);

/// What a run came to.
#[derive(Debug, Default)]
pub struct RunOutcome {
    /// PagerDuty was asked, or would have been with a credential.
    pub asked: bool,
    pub changes: Vec<SyncChange>,
    pub confirmed: u32,
    pub unreadable: Vec<UnreadableSchedule>,
    pub postponed: u32,
    /// Schedules that are slow to answer and are read beside the run.
    pub awaited: u32,
    /// Why the run failed as a whole.
    pub problem: Option<PagerDutyProblem>,
    /// How long until there are requests to make again, when some were postponed.
    pub budget_in: Option<Duration>,
    /// Requests to PagerDuty.
    pub requests: u32,
    /// What the credential may still ask for within the minute, when it was used.
    pub budget_left: Option<u32>,
}

impl RunOutcome {
    /// Goes on from what an earlier part of the same run came to.
    fn after(self, earlier: Self) -> Self {
        let mut changes = earlier.changes;
        changes.extend(self.changes);
        Self {
            changes,
            confirmed: self.confirmed + earlier.confirmed,
            budget_left: self.budget_left.or(earlier.budget_left),
            ..self
        }
    }
}

/// Runs a sync. `jitter`, between 0 and 1, shortens the time until the schedules are read
/// again.
pub async fn run(
    services: &SyncServices,
    connection: &Connection,
    reason: SyncReason,
    jitter: f64,
) -> Result<RunOutcome, StoreError> {
    let run = Run {
        services,
        connection,
        reason,
        pagerduty: services.pagerduty.for_routine(),
        started: Instant::now(),
        period: pace::period(services.poll_interval, jitter),
    };
    let asked = run.ask_with_access().await?;
    Ok(RunOutcome {
        requests: run.pagerduty.requests(),
        ..asked
    })
}

/// Reads one schedule that is slow to answer, and remembers how long it takes.
pub async fn read_slow(
    services: &SyncServices,
    connection: &Connection,
    account: &Account,
    reason: SyncReason,
    schedule: &BoundSchedule,
) -> Result<RunOutcome, StoreError> {
    let limit = schedule
        .answer_limit_seconds
        .unwrap_or(ANSWER_LIMIT_SECONDS);
    let routine = services.pagerduty.for_routine();
    let run = Run {
        services,
        connection,
        reason,
        pagerduty: routine.waiting_for(limit),
        started: Instant::now(),
        period: services.poll_interval,
    };
    let mut outcome = RunOutcome::default();
    let (_, asked, answer) = run.answer(account, schedule).await;
    let took = run.started.elapsed();
    match answer {
        Ok(answer) => {
            let roster = people::roster(services, &routine, connection, account).await?;
            let snapshot = people::resolve(&run.pagerduty, account, answer, &roster).await;
            outcome.confirmed = 1;
            run.apply(&snapshot, asked, &mut outcome).await?;
            services.store.note_synced(connection).await?;
        }
        // It is due again as it is.
        Err(PagerDutyProblem::ShareSpent { .. }) => return Ok(outcome),
        Err(problem) => {
            if matches!(problem, PagerDutyProblem::TimedOut { .. }) {
                run.wait_for(schedule, Some(pace::longer_limit(limit)))
                    .await?;
            }
            run.unreadable(schedule, problem, &mut outcome).await?;
        }
    }
    if pace::is_quick(took) {
        run.wait_for(schedule, None).await?;
    }
    outcome.requests = run.pagerduty.requests();
    Ok(outcome)
}

/// Applies what was said of a person's link to the schedules that name them.
pub async fn apply_link(
    services: &SyncServices,
    connection: &Connection,
    user: &PagerDutyUserId,
) -> Result<(), StoreError> {
    let store = &services.store;
    let workspace = &connection.workspace;
    let directory = store.directory(workspace).await?;
    let rule = Rule {
        now: &|| services.integrations.pagerduty_now(connection),
        directory: &directory,
    };
    let naming = store.schedules_naming(workspace, user).await?;
    let changed = store.apply_stored(connection, &naming, rule).await?;
    let changed = changed.iter().flatten().map(|(_, change)| change);
    publish(services, workspace, changed);
    services.wake();
    Ok(())
}

/// A schedule, what was asked for, and what came.
type Answered<'s> = (&'s BoundSchedule, Asked, Result<Schedule, PagerDutyProblem>);

/// How far a schedule has come.
enum Step<'s> {
    Answered(Answered<'s>),
    /// As it was when it was asked for, with its people.
    Resolved(Asked, ScheduleSnapshot),
}

struct Run<'a> {
    services: &'a SyncServices,
    connection: &'a Connection,
    reason: SyncReason,
    pagerduty: PagerDuty,
    started: Instant,
    /// From this run until its schedules are read again.
    period: Duration,
}

impl Run<'_> {
    fn store(&self) -> &Store {
        &self.services.store
    }

    /// What time it is at PagerDuty.
    fn now(&self) -> Timestamp {
        self.services.integrations.pagerduty_now(self.connection)
    }

    /// How long until what is read now is read again. What one run reads stays
    /// together, however long the run takes.
    fn poll_in(&self) -> Duration {
        self.period.saturating_sub(self.started.elapsed())
    }

    /// Makes the credential ready and asks; once more with renewed tokens when
    /// PagerDuty does not accept those it had.
    async fn ask_with_access(&self) -> Result<RunOutcome, StoreError> {
        let due = self.due().await?;
        if due.as_ref().is_some_and(Vec::is_empty) {
            return Ok(RunOutcome::default());
        }
        let access = match integrations::access(&self.services.integrations, self.connection).await
        {
            Ok(access) => access,
            Err(problem) => return without_access(problem, RunOutcome::default()),
        };
        let asked = self.ask(&access.account, due.as_deref()).await?;
        let may_be_over =
            |problem: &PagerDutyProblem| integrations::may_be_over(&access.connection, problem);
        if !asked.problem.as_ref().is_some_and(may_be_over) {
            return Ok(asked);
        }
        let renewed =
            match integrations::renewed(&self.services.integrations, &access.connection).await {
                Ok(renewed) => renewed,
                Err(problem) => return without_access(problem, asked),
            };
        let again = self.ask(&renewed.account, due.as_deref()).await?;
        let ended = |problem| integrations::ended(&renewed.connection, problem);
        Ok(RunOutcome {
            problem: again.problem.clone().map(ended),
            ..again.after(asked)
        })
    }

    /// The schedules to ask for now; `None` when nothing is bound. Whoever presses
    /// *Sync now* means all of them.
    async fn due(&self) -> Result<Option<Vec<BoundSchedule>>, StoreError> {
        let workspace = &self.connection.workspace;
        let slack = match self.reason {
            SyncReason::Request => ALL_ARE_DUE,
            SyncReason::Due | SyncReason::HandOff => pace::slack(self.services.poll_interval),
        };
        let due = self.store().due_schedules(workspace, slack).await?;
        if due.is_empty() && self.store().next_poll_in(workspace).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(due))
    }

    /// Asks PagerDuty for the schedules, or whether the credential works when
    /// there are none: the card shall still say so.
    async fn ask(
        &self,
        account: &Account,
        due: Option<&[BoundSchedule]>,
    ) -> Result<RunOutcome, StoreError> {
        let mut outcome = RunOutcome {
            asked: true,
            ..RunOutcome::default()
        };
        let asked = match due {
            None => match self.still_connected(account).await {
                Ok(sees_schedules) => {
                    let store = self.store();
                    store.note_sight(self.connection, sees_schedules).await?;
                    Ok(())
                }
                Err(problem) => Err(problem),
            },
            Some(schedules) => {
                self.ask_with_people(account, schedules, &mut outcome)
                    .await?
            }
        };
        if let Err(problem) = asked {
            outcome.settle(problem, due.map_or(0, <[_]>::len));
        }
        outcome.budget_left = Some(self.pagerduty.budget_left(account));
        Ok(outcome)
    }

    async fn ask_with_people(
        &self,
        account: &Account,
        schedules: &[BoundSchedule],
        outcome: &mut RunOutcome,
    ) -> Result<Result<(), PagerDutyProblem>, StoreError> {
        let roster = people::known(self.services, &self.connection.workspace).await?;
        let mut listing = pin!(people::list(
            self.services,
            &self.pagerduty,
            self.connection,
            account,
            &roster,
        ));
        // As a rule it is there at once, and what it says of people shows in the same run.
        let at_once = time::timeout(LISTING_HEAD_START, listing.as_mut()).await;
        let asking = self.ask_for_each(account, schedules, &roster, outcome);
        let (asked, denied) = match at_once {
            Ok(denied) => (asking.await?, denied?),
            Err(_) => tokio::try_join!(asking, listing)?,
        };
        // Schedules whose people stay unknown are not all that there should be.
        Ok(asked.and(denied.map_or(Ok(()), Err)))
    }

    /// Reads the schedules, a few at once, and applies each as it comes, or as its people
    /// become known, which keeps no other one waiting. One that
    /// cannot be read says nothing about the others: what is under way is always
    /// waited for, and what ails the connection as a whole is decided by a second
    /// question.
    async fn ask_for_each(
        &self,
        account: &Account,
        schedules: &[BoundSchedule],
        roster: &Mutex<Roster>,
        outcome: &mut RunOutcome,
    ) -> Result<Result<(), PagerDutyProblem>, StoreError> {
        let workspace = &self.connection.workspace;
        let bound = self.store().bound_schedule_count(workspace).await?;
        let mut doubt = Doubt::default();
        let (mut suspected, mut silent) = (Vec::new(), Vec::new());
        let slow = |schedule: &&BoundSchedule| schedule.answer_limit_seconds.is_some();
        let (slow, usual): (Vec<_>, Vec<_>) = schedules.iter().partition(slow);
        self.read_beside(account, slow, outcome).await?;
        let mut waiting = usual.into_iter();
        let mut asking = FuturesUnordered::new();
        let mut unanswered = 0;
        loop {
            while unanswered < AT_ONCE
                && doubt.may_go_on(self.started.elapsed())
                && let Some(schedule) = waiting.next()
            {
                // Boxed one by one: the compiler cannot tell that a closure over
                // references makes futures that may move between threads.
                asking.push(self.answer(account, schedule).map(Step::Answered).boxed());
                unanswered += 1;
            }
            let Some(step) = asking.next().await else {
                if !doubt.remains(bound) {
                    // PagerDuty is there, and only these take long.
                    for schedule in silent {
                        let limit = pace::longer_limit(ANSWER_LIMIT_SECONDS);
                        self.wait_for(schedule, Some(limit)).await?;
                    }
                    return Ok(Ok(()));
                }
                let mut second = self.pagerduty.answers(account).await;
                if doubt.is_left_open_by(&second) {
                    second = self.pagerduty.answers(account).await;
                }
                if let Some(problem) = doubt.settle(second) {
                    return Ok(Err(problem));
                }
                for (schedule, problem) in suspected.drain(..) {
                    self.unreadable(schedule, problem, outcome).await?;
                }
                continue;
            };
            let (schedule, asked, answer) = match step {
                Step::Answered(answered) => answered,
                Step::Resolved(asked, snapshot) => {
                    outcome.confirmed += 1;
                    self.apply(&snapshot, asked, outcome).await?;
                    continue;
                }
            };
            unanswered -= 1;
            match answer {
                Ok(answer) => {
                    doubt.confirmed();
                    let people = people::resolve(&self.pagerduty, account, answer, roster);
                    let resolved = people.map(move |people| Step::Resolved(asked, people));
                    asking.push(resolved.boxed());
                }
                Err(PagerDutyProblem::ShareSpent {
                    retry_after_seconds,
                }) => outcome.postpone(1, retry_after_seconds),
                Err(problem) => {
                    if matches!(problem, PagerDutyProblem::TimedOut { .. }) {
                        silent.push(schedule);
                    }
                    let suspects = doubt.suspects(&problem);
                    doubt.failed(&problem);
                    if suspects {
                        suspected.push((schedule, problem));
                    } else {
                        self.unreadable(schedule, problem, outcome).await?;
                    }
                }
            }
        }
    }

    /// Has the schedules that are slow to answer read without anybody waiting for it.
    async fn read_beside(
        &self,
        account: &Account,
        slow: Vec<&BoundSchedule>,
        outcome: &mut RunOutcome,
    ) -> Result<(), StoreError> {
        if slow.is_empty() {
            return Ok(());
        }
        outcome.awaited = u32::try_from(slow.len()).unwrap_or(u32::MAX);
        for schedule in &slow {
            let wait = self.period;
            self.store()
                .put_off_schedule(self.connection, &schedule.id, wait)
                .await?;
        }
        let (services, connection) = (self.services, self.connection);
        let slow = slow.into_iter().cloned().collect();
        slow::begin(services, connection, account, self.reason, slow);
        Ok(())
    }

    async fn wait_for(
        &self,
        schedule: &BoundSchedule,
        limit_seconds: Option<u32>,
    ) -> Result<(), StoreError> {
        self.store()
            .wait_for_schedule(self.connection, &schedule.id, limit_seconds)
            .await
    }

    /// Notes that one schedule cannot be read, and why.
    async fn unreadable(
        &self,
        schedule: &BoundSchedule,
        problem: PagerDutyProblem,
        outcome: &mut RunOutcome,
    ) -> Result<(), StoreError> {
        let problem = problem.of_one_alone();
        self.flag(schedule, &problem).await?;
        outcome.unreadable.push(UnreadableSchedule {
            schedule: schedule.id.clone(),
            name: schedule.name.clone(),
            problem,
        });
        Ok(())
    }

    async fn answer<'s>(&self, account: &Account, schedule: &'s BoundSchedule) -> Answered<'s> {
        let asked_at = clock::now();
        let Window { from, until } = Window::next(self.now(), schedule.known_until);
        let pagerduty = &self.pagerduty;
        let answer = pagerduty
            .schedule(account, &schedule.id, schedule.version, from, until)
            .await;
        let region = self.connection.credential.region;
        let asked = Asked {
            at: pagerduty.at(region, asked_at),
            until,
        };
        (schedule, asked, answer)
    }

    async fn apply(
        &self,
        snapshot: &ScheduleSnapshot,
        asked: Asked,
        outcome: &mut RunOutcome,
    ) -> Result<(), StoreError> {
        // Looked up each time: an admin may link somebody while a long run goes on.
        let directory = self.store().directory(&self.connection.workspace).await?;
        let rule = Rule {
            now: &|| self.now(),
            directory: &directory,
        };
        let changed = self
            .store()
            .apply_schedule(self.connection, snapshot, rule, asked, self.poll_in())
            .await?
            .unwrap_or_default();
        publish(self.services, &self.connection.workspace, &changed);
        self.services.signals.clock.wake();
        outcome.changes.extend(changed);
        Ok(())
    }

    async fn flag(
        &self,
        schedule: &BoundSchedule,
        problem: &PagerDutyProblem,
    ) -> Result<(), StoreError> {
        // With the readings of all others: one request more or less burdens nobody, and it is
        // known within an interval that it can be read again.
        let wait = pace::obeying(self.poll_in(), problem);
        // That somebody is impatient says nothing about how often it failed.
        let (failures, wait) = match self.reason {
            SyncReason::Request => {
                let planned = until(schedule.poll_at, self.connection.as_of);
                let planned = planned.saturating_sub(self.started.elapsed());
                let wait = pace::no_later(wait, Some(planned), problem);
                (schedule.failures, wait)
            }
            SyncReason::Due | SyncReason::HandOff => (schedule.failures.saturating_add(1), wait),
        };
        let flagged = self
            .store()
            .flag_schedule(self.connection, schedule, problem, (failures, wait))
            .await?;
        publish_rotations(self.services, &self.connection.workspace, flagged);
        Ok(())
    }

    /// Whether the credential, which works, shows any schedule. Asked twice before
    /// anything is said of the credential. People are not asked for: with nothing bound
    /// nobody needs them, and what they are denied says nothing about schedules.
    async fn still_connected(&self, account: &Account) -> Result<Option<bool>, PagerDutyProblem> {
        let sees = self.pagerduty.sees_schedules(account).await;
        if !sees
            .as_ref()
            .is_err_and(PagerDutyProblem::needs_reconnection)
        {
            return sees;
        }
        self.pagerduty.sees_schedules(account).await
    }
}

/// More than any schedule is ever ahead of its next reading.
const ALL_ARE_DUE: Duration = Duration::from_secs(366 * 24 * 3600);

impl RunOutcome {
    /// Each once.
    pub fn changed_rotations(&self) -> BTreeSet<&RotationId> {
        let changes = self.changes.iter();
        changes.map(|change| &change.rotation).collect()
    }

    pub fn changed_count(&self) -> u32 {
        u32::try_from(self.changed_rotations().len()).unwrap_or(u32::MAX)
    }

    pub fn unreadable_count(&self) -> u32 {
        u32::try_from(self.unreadable.len()).unwrap_or(u32::MAX)
    }

    /// Ends as failed, unless only our own share of requests is spent.
    fn settle(&mut self, problem: PagerDutyProblem, due: usize) {
        match problem {
            PagerDutyProblem::ShareSpent {
                retry_after_seconds,
            } => self.postpone(u32::try_from(due).unwrap_or(u32::MAX), retry_after_seconds),
            problem => self.problem = Some(problem),
        }
    }

    fn postpone(&mut self, schedules: u32, retry_after_seconds: u32) {
        self.postponed += schedules;
        let wait = Duration::from_secs(retry_after_seconds.into()).max(SHORTEST_BUDGET_REST);
        self.budget_in = Some(self.budget_in.map_or(wait, |known| known.max(wait)));
    }
}

/// How a run ends that has no credential to go on with, after `so_far`.
fn without_access(problem: AccessProblem, so_far: RunOutcome) -> Result<RunOutcome, StoreError> {
    let problem = match problem {
        AccessProblem::PagerDuty(problem) => Some(problem),
        // The run has lost its lease with the connection, or ends with the process;
        // nothing of it counts.
        AccessProblem::NotConnected | AccessProblem::Stopping => None,
        AccessProblem::Store(error) => return Err(StoreError::Shared(error)),
    };
    Ok(RunOutcome {
        asked: true,
        problem,
        ..so_far
    })
}

/// How long it is from `now` until `at`; nothing when that has passed.
pub fn until(at: Timestamp, now: Timestamp) -> Duration {
    let millis = at.as_millis() - now.as_millis();
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
