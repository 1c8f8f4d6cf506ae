//! One sync of one connection: first what the stored shifts say about now, then
//! what PagerDuty says. It takes no input but the connection, so running it
//! twice does no harm, and it writes nothing once the credential has changed.

use super::people::{self, People};
use crate::{
    Services, clock,
    pagerduty::{Account, Credential},
    rotations::{Directory, ScheduleSnapshot, members_of, next_change},
    store::{BoundSchedule, Connection, Person, Store, StoreError, credential_row},
};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use std::time::Duration;
use tokio::sync::Mutex;
use types::{LiveTopic, PagerDutyProblem, RotationId, Timestamp};

/// How long names and e-mails of the account's people are good for.
const ROSTER_AGE: Duration = Duration::from_secs(15 * 60);
/// How far ahead shifts are read and kept.
pub const WINDOW_SECONDS: i64 = 14 * 24 * 3600;
/// PagerDuty may answer with nothing for a window that begins right now.
pub const WINDOW_LEAD_SECONDS: i64 = 60;
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

/// The credential of a connection, ready to be used.
///
/// One that cannot be opened any more is as good as refused: entering it again
/// is what helps. The cause is logged.
pub fn account_of(
    services: &Services,
    connection: &Connection,
) -> Result<Account, PagerDutyProblem> {
    let row = credential_row(&connection.workspace);
    match services.keys.open(&connection.credential_sealed, &row) {
        Ok(secret) => Ok(Account {
            region: connection.region,
            credential: Credential::ApiKey(secret),
        }),
        Err(error) => {
            tracing::error!(workspace = %connection.workspace, %error, "the credential cannot be opened");
            Err(PagerDutyProblem::Unauthorized)
        }
    }
}

/// Runs a sync. With `ask` false only the stored shifts are applied.
pub async fn run(
    services: &Services,
    connection: &Connection,
    ask: bool,
) -> Result<RunOutcome, StoreError> {
    let directory = services.store.people(&connection.workspace).await?;
    let run = Run {
        services,
        connection,
        directory,
    };
    let mut outcome = run.hand_off().await?;
    if ask {
        match account_of(services, connection) {
            Ok(account) => run.ask(&account, &mut outcome).await?,
            Err(problem) => outcome.problem = Some(problem),
        }
    } else {
        outcome.problem = connection.problem.clone();
    }
    Ok(outcome)
}

struct Run<'a> {
    services: &'a Services,
    connection: &'a Connection,
    directory: Vec<Person>,
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
        let workspace = &self.connection.workspace;
        let now = clock::now();
        let mut outcome = RunOutcome::default();
        for schedule in self.store().bound_schedules(workspace).await? {
            let snapshot = self.store().schedule_snapshot(workspace, &schedule).await?;
            let members = members_of(&snapshot, &Directory::new(&self.directory), now);
            let changed = self
                .store()
                .apply_members(self.connection, &schedule.id, &members)
                .await?;
            outcome.changed += self.publish(changed);
            outcome.expect_change(&snapshot, now);
        }
        Ok(outcome)
    }

    /// Asks PagerDuty for every bound schedule.
    async fn ask(&self, account: &Account, outcome: &mut RunOutcome) -> Result<(), StoreError> {
        let schedules = self
            .store()
            .bound_schedules(&self.connection.workspace)
            .await?;
        if schedules.is_empty() {
            outcome.problem = self.still_connected(account).await.err();
            return Ok(());
        }
        let people = match self.people(account, outcome).await? {
            Ok(people) => Mutex::new(people),
            Err(problem) => {
                outcome.problem = Some(problem);
                return Ok(());
            }
        };
        let (read, failed) = self
            .ask_for_each(account, &schedules, &people, outcome)
            .await?;
        // One schedule that cannot be read says nothing about the connection.
        if read == 0 && outcome.problem.is_none() {
            outcome.problem = failed;
        }
        Ok(())
    }

    /// Reads the schedules, a few at once, and applies each as it comes. Returns
    /// how many could be read, and a failure that was not the schedule's own.
    async fn ask_for_each(
        &self,
        account: &Account,
        schedules: &[BoundSchedule],
        people: &Mutex<People>,
        outcome: &mut RunOutcome,
    ) -> Result<(usize, Option<PagerDutyProblem>), StoreError> {
        // Boxed one by one: the compiler cannot tell that a closure over
        // references makes futures that may move between threads.
        let questions: Vec<BoxFuture<'_, _>> = schedules
            .iter()
            .map(|schedule| self.read(account, schedule, people).boxed())
            .collect();
        let mut answers = stream::iter(questions).buffer_unordered(AT_ONCE);
        let (mut read, mut failed) = (0, None);
        while let Some((schedule, answer)) = answers.next().await {
            match answer {
                Ok(snapshot) => {
                    read += 1;
                    self.apply(&snapshot, outcome).await?;
                }
                Err(problem) if concerns_connection(&problem) => {
                    outcome.problem = Some(problem);
                    break;
                }
                Err(problem) => {
                    outcome.unreadable += 1;
                    let flagged = self
                        .store()
                        .flag_schedule(self.connection, schedule, &problem)
                        .await?;
                    self.publish(flagged);
                    if problem != PagerDutyProblem::NotFound {
                        failed = Some(problem);
                    }
                }
            }
        }
        Ok((read, failed))
    }

    async fn read<'s>(
        &self,
        account: &Account,
        schedule: &'s BoundSchedule,
        people: &Mutex<People>,
    ) -> (
        &'s BoundSchedule,
        Result<ScheduleSnapshot, PagerDutyProblem>,
    ) {
        let pagerduty = &self.services.pagerduty;
        let (from, until) = window(clock::now());
        let answer = match pagerduty.schedule(account, &schedule.id, from, until).await {
            Ok(answer) => answer,
            Err(problem) => return (schedule, Err(problem)),
        };
        let mut people = people.lock().await;
        let snapshot = people::resolve(pagerduty, account, answer, &mut people).await;
        (schedule, snapshot)
    }

    async fn apply(
        &self,
        snapshot: &ScheduleSnapshot,
        outcome: &mut RunOutcome,
    ) -> Result<(), StoreError> {
        let now = clock::now();
        let members = members_of(snapshot, &Directory::new(&self.directory), now);
        let changed = self
            .store()
            .apply_schedule(self.connection, snapshot, &members, now)
            .await?;
        outcome.changed += self.publish(changed.unwrap_or_default());
        outcome.expect_change(snapshot, now);
        Ok(())
    }

    /// The account's people: those known from earlier, or everybody anew when
    /// that is too long ago.
    async fn people(
        &self,
        account: &Account,
        outcome: &mut RunOutcome,
    ) -> Result<Result<People, PagerDutyProblem>, StoreError> {
        let now = clock::now();
        let fresh = self.connection.roster_read_at.is_some_and(|read_at| {
            now.seconds_since(read_at) < i64::try_from(ROSTER_AGE.as_secs()).unwrap_or(i64::MAX)
        });
        if fresh {
            let known = self
                .store()
                .pagerduty_users(&self.connection.workspace)
                .await?;
            return Ok(Ok(known));
        }
        let roster = people::read_roster(&self.services.pagerduty, account).await;
        if roster.is_ok() {
            outcome.roster_read_at = Some(now);
        }
        Ok(roster)
    }

    /// With nothing bound there is nothing to read, but the card shall still say
    /// whether the credential works.
    async fn still_connected(&self, account: &Account) -> Result<(), PagerDutyProblem> {
        self.services
            .pagerduty
            .search_schedules(account, "")
            .await?;
        Ok(())
    }
}

impl RunOutcome {
    fn expect_change(&mut self, snapshot: &ScheduleSnapshot, now: Timestamp) {
        let change = next_change(&snapshot.shifts, now);
        self.next_change = [self.next_change, change].into_iter().flatten().min();
    }
}

/// The stretch of time that shifts are read for.
pub fn window(now: Timestamp) -> (Timestamp, Timestamp) {
    (
        now.plus_seconds(-WINDOW_LEAD_SECONDS),
        now.plus_seconds(WINDOW_SECONDS),
    )
}

/// Whether asking for another schedule would fail in the same way.
fn concerns_connection(problem: &PagerDutyProblem) -> bool {
    problem.needs_reconnection()
        || matches!(
            problem,
            PagerDutyProblem::RateLimited { .. } | PagerDutyProblem::Unreachable
        )
}
