//! One sync of one connection: what the stored shifts say about now, at once and
//! whenever a shift ends, and what PagerDuty says. It takes no input but the
//! connection, so running it twice does no harm, and it writes nothing once the
//! credential has changed.

use super::people::{self, People};
use crate::{
    Services, clock,
    integrations::{self, AccessProblem},
    pagerduty::Account,
    rotations::{Directory, ScheduleSnapshot, members_of, next_change},
    store::{BoundSchedule, Connection, Store, StoreError},
};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use std::time::Duration;
use tokio::{sync::Mutex, time};
use tokio_util::sync::CancellationToken;
use types::{LiveTopic, PagerDutyProblem, RotationId, Timestamp};

/// How long names and e-mails of the account's people are good for, in seconds.
const ROSTER_SECONDS: i64 = 15 * 60;
/// How far ahead shifts are read and kept.
const WINDOW_SECONDS: i64 = 14 * 24 * 3600;
/// PagerDuty may answer with nothing for a window that begins right now.
const WINDOW_LEAD_SECONDS: i64 = 60;
/// Questions at once per credential.
const AT_ONCE: usize = 4;

/// What a run came to.
#[derive(Debug, Default)]
pub struct RunOutcome {
    pub changed: u32,
    pub unreadable: u32,
    pub problem: Option<PagerDutyProblem>,
    pub roster_read_at: Option<Timestamp>,
    pub next_change: Option<Timestamp>,
}

/// The stretch of time that shifts are read for.
pub fn window(now: Timestamp) -> (Timestamp, Timestamp) {
    (
        now.plus_seconds(-WINDOW_LEAD_SECONDS),
        now.plus_seconds(WINDOW_SECONDS),
    )
}

/// Runs a sync. With `ask` false only the stored shifts are applied.
pub async fn run(
    services: &Services,
    connection: &Connection,
    ask: bool,
) -> Result<RunOutcome, StoreError> {
    let people = services.store.people(&connection.workspace).await?;
    let run = Run {
        services,
        connection,
        directory: Directory::new(&people),
    };
    let handed_off = run.hand_off().await?;
    if !ask {
        return Ok(RunOutcome {
            problem: connection.problem.clone(),
            ..handed_off
        });
    }
    run.ask_while_handing_off(handed_off).await
}

struct Run<'a> {
    services: &'a Services,
    connection: &'a Connection,
    directory: Directory<'a>,
}

impl Run<'_> {
    fn store(&self) -> &Store {
        &self.services.store
    }

    fn publish(&self, rotations: Vec<RotationId>) -> u32 {
        let count = rotations.len();
        for rotation in rotations {
            self.services
                .live
                .publish(&self.connection.workspace, LiveTopic::Rotation(rotation));
        }
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Puts whoever the stored shifts name on duty, whether PagerDuty is there or
    /// not.
    async fn hand_off(&self) -> Result<RunOutcome, StoreError> {
        let now = clock::now();
        let mut outcome = RunOutcome::default();
        let schedules = self
            .store()
            .bound_schedules(&self.connection.workspace)
            .await?;
        for schedule in schedules {
            let handed_off = self
                .store()
                .hand_off(self.connection, &schedule.id, |snapshot| {
                    members_of(snapshot, &self.directory, now)
                })
                .await?;
            if let Some((changed, snapshot)) = handed_off {
                outcome.changed += self.publish(changed);
                outcome.expect_change(&snapshot, now);
            }
        }
        Ok(outcome)
    }

    /// Asks PagerDuty, however long it takes, and does not let that delay the
    /// shifts that end meanwhile.
    async fn ask_while_handing_off(
        &self,
        handed_off: RunOutcome,
    ) -> Result<RunOutcome, StoreError> {
        let answered = CancellationToken::new();
        let asking = async {
            let asked = self.ask_with_access().await;
            answered.cancel();
            asked
        };
        let (asked, meanwhile) = tokio::join!(asking, self.hand_off_until(&answered, handed_off));
        let (asked, meanwhile) = (asked?, meanwhile?);
        Ok(RunOutcome {
            changed: asked.changed + meanwhile.changed,
            next_change: earlier(asked.next_change, meanwhile.next_change),
            ..asked
        })
    }

    async fn hand_off_until(
        &self,
        answered: &CancellationToken,
        mut outcome: RunOutcome,
    ) -> Result<RunOutcome, StoreError> {
        loop {
            let Some(change) = outcome.next_change else {
                return Ok(outcome);
            };
            tokio::select! {
                () = answered.cancelled() => return Ok(outcome),
                () = time::sleep(until(change)) => {}
            }
            let next = self.hand_off().await?;
            outcome.changed += next.changed;
            outcome.next_change = next.next_change;
        }
    }

    /// Makes the credential ready and asks; once more with renewed tokens when
    /// PagerDuty does not accept those it had.
    async fn ask_with_access(&self) -> Result<RunOutcome, StoreError> {
        let access = match integrations::access(self.services, self.connection).await {
            Ok(access) => access,
            Err(problem) => return without_access(problem, RunOutcome::default()),
        };
        let asked = self.ask(&access.account).await?;
        if asked.problem != Some(PagerDutyProblem::Unauthorized) {
            return Ok(asked);
        }
        let renewed = match integrations::renewed(self.services, &access.connection).await {
            Ok(renewed) => renewed,
            Err(problem) => return without_access(problem, asked),
        };
        let again = self.ask(&renewed.account).await?;
        let ended = |problem| integrations::ended(&renewed.connection, problem);
        Ok(RunOutcome {
            changed: asked.changed + again.changed,
            next_change: earlier(asked.next_change, again.next_change),
            problem: again.problem.map(ended),
            ..again
        })
    }

    /// Asks PagerDuty for every bound schedule.
    async fn ask(&self, account: &Account) -> Result<RunOutcome, StoreError> {
        let mut outcome = RunOutcome::default();
        let schedules = self
            .store()
            .bound_schedules(&self.connection.workspace)
            .await?;
        if schedules.is_empty() {
            outcome.problem = self.still_connected(account).await.err();
            return Ok(outcome);
        }
        match self.people(account, &mut outcome).await? {
            Ok(people) => {
                let people = Mutex::new(people);
                self.ask_for_each(account, &schedules, &people, &mut outcome)
                    .await?;
            }
            Err(problem) => outcome.problem = Some(problem),
        }
        Ok(outcome)
    }

    /// Reads the schedules, a few at once, and applies each as it comes. One that
    /// cannot be read says nothing about the others; when none can, that is the
    /// connection's problem.
    async fn ask_for_each(
        &self,
        account: &Account,
        schedules: &[BoundSchedule],
        people: &Mutex<People>,
        outcome: &mut RunOutcome,
    ) -> Result<(), StoreError> {
        // Boxed one by one: the compiler cannot tell that a closure over
        // references makes futures that may move between threads.
        let questions: Vec<BoxFuture<'_, _>> = schedules
            .iter()
            .map(|schedule| self.read(account, schedule, people).boxed())
            .collect();
        let mut answers = stream::iter(questions).buffer_unordered(AT_ONCE);
        let (mut any_read, mut failed) = (false, None);
        while let Some((schedule, asked_at, answer)) = answers.next().await {
            match answer {
                Ok(snapshot) => {
                    any_read = true;
                    self.apply(&snapshot, asked_at, outcome).await?;
                }
                Err(problem) if problem.concerns_connection() => {
                    outcome.problem = Some(problem);
                    return Ok(());
                }
                Err(problem) => {
                    outcome.unreadable += 1;
                    self.flag(schedule, &problem).await?;
                    if problem != PagerDutyProblem::NotFound {
                        failed = Some(problem);
                    }
                }
            }
        }
        outcome.problem = failed.filter(|_| !any_read);
        Ok(())
    }

    async fn read<'s>(
        &self,
        account: &Account,
        schedule: &'s BoundSchedule,
        people: &Mutex<People>,
    ) -> (
        &'s BoundSchedule,
        Timestamp,
        Result<ScheduleSnapshot, PagerDutyProblem>,
    ) {
        let pagerduty = &self.services.pagerduty;
        let asked_at = clock::now();
        let (from, until) = window(asked_at);
        let answer = match pagerduty.schedule(account, &schedule.id, from, until).await {
            Ok(answer) => answer,
            Err(problem) => return (schedule, asked_at, Err(problem)),
        };
        let mut people = people.lock().await;
        let snapshot = people::resolve(pagerduty, account, answer, &mut people).await;
        (schedule, asked_at, snapshot)
    }

    async fn apply(
        &self,
        snapshot: &ScheduleSnapshot,
        asked_at: Timestamp,
        outcome: &mut RunOutcome,
    ) -> Result<(), StoreError> {
        let now = clock::now();
        let members = members_of(snapshot, &self.directory, now);
        let changed = self
            .store()
            .apply_schedule(self.connection, snapshot, &members, asked_at)
            .await?;
        outcome.changed += self.publish(changed.unwrap_or_default());
        outcome.expect_change(snapshot, now);
        Ok(())
    }

    async fn flag(
        &self,
        schedule: &BoundSchedule,
        problem: &PagerDutyProblem,
    ) -> Result<(), StoreError> {
        let flagged = self
            .store()
            .flag_schedule(self.connection, schedule, problem)
            .await?;
        self.publish(flagged);
        Ok(())
    }

    /// The account's people: those known from earlier, or everybody anew when
    /// that is too long ago. What is known will do while the list cannot be read.
    async fn people(
        &self,
        account: &Account,
        outcome: &mut RunOutcome,
    ) -> Result<Result<People, PagerDutyProblem>, StoreError> {
        let now = clock::now();
        let fresh = self
            .connection
            .roster_read_at
            .is_some_and(|read_at| now.seconds_since(read_at) < ROSTER_SECONDS);
        if !fresh {
            match people::read_roster(&self.services.pagerduty, account).await {
                Ok(roster) => {
                    outcome.roster_read_at = Some(now);
                    return Ok(Ok(roster));
                }
                Err(problem) if problem.concerns_connection() => return Ok(Err(problem)),
                Err(problem) => {
                    tracing::warn!(workspace = %self.connection.workspace, %problem, "the list of people cannot be read");
                }
            }
        }
        let known = self
            .store()
            .pagerduty_users(&self.connection.workspace)
            .await?;
        Ok(Ok(known))
    }

    /// With nothing bound there is nothing to read, but the card shall still say
    /// whether the credential works.
    async fn still_connected(&self, account: &Account) -> Result<(), PagerDutyProblem> {
        self.services
            .pagerduty
            .check(account.region, &account.credential)
            .await?;
        Ok(())
    }
}

/// How a run ends that has no credential to go on with, after `so_far`.
fn without_access(problem: AccessProblem, so_far: RunOutcome) -> Result<RunOutcome, StoreError> {
    let problem = match problem {
        AccessProblem::PagerDuty(problem) => Some(problem),
        // The run has lost its lease with the connection; nothing of it counts.
        AccessProblem::NotConnected => None,
        AccessProblem::Store(error) => return Err(StoreError::Shared(error)),
    };
    Ok(RunOutcome { problem, ..so_far })
}

impl RunOutcome {
    fn expect_change(&mut self, snapshot: &ScheduleSnapshot, now: Timestamp) {
        self.next_change = earlier(self.next_change, next_change(&snapshot.shifts, now));
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}

/// How long it is until `at`; nothing when that has passed.
pub fn until(at: Timestamp) -> Duration {
    let millis = at.as_millis() - clock::now().as_millis();
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
