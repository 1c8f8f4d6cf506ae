//! The connections to PagerDuty: one per workspace, its sealed credential, and
//! the state of its sync.

use super::{
    DatabaseConnection, Engine, NewAuditEntry, Result, Store, StoredCredential, audit, bindings,
    credentials::{CREDENTIAL_COLUMNS, CredentialColumns, bind_credential},
    duration, former, millis,
    overview::{self, ListedSchedule},
};
use crate::clock;
use sqlx::{AssertSqlSafe, FromRow};
use std::{collections::HashMap, time::Duration};
use types::{
    AuditAction, PagerDutyProblem, PersonId, RevertedRotation, RotationId, RotationMode,
    ScheduleId, Timestamp, WorkspaceId,
};
use uuid::Uuid;

/// From where, and in pieces of how many, the list of people is read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RosterPlace {
    pub offset: usize,
    pub limit: usize,
}

/// A connected workspace.
#[derive(Clone, Debug)]
pub struct Connection {
    pub workspace: WorkspaceId,
    pub credential: StoredCredential,
    /// Names the credential: new with every connect and every edit, while a login
    /// that renews its tokens keeps it.
    pub generation: String,
    /// Counts the pairs of tokens of a login.
    pub token_version: i64,
    /// PagerDuty renews the login no more.
    pub login_ended: bool,
    /// The run that has the right to sync it now.
    pub lease: Option<String>,
    pub connected_at: Timestamp,
    pub connected_by: PersonId,
    pub connected_by_name: String,
    /// Why the last sync failed, if it did.
    pub problem: Option<PagerDutyProblem>,
    pub last_synced_at: Option<Timestamp>,
    pub next_sync_at: Timestamp,
    /// PagerDuty is not asked before; a hand-off from stored shifts may come
    /// sooner.
    pub ask_after: Timestamp,
    /// Failed syncs in a row that nobody asked for.
    pub failures: u32,
    /// Failed syncs in a row, whoever asked.
    pub unanswered: u32,
    pub roster_read_at: Option<Timestamp>,
    /// Where the next reading of the list of people begins, if not at its beginning.
    pub roster_from: Option<RosterPlace>,
    /// Schedules that the last run left to the next one.
    pub postponed: u32,
    /// Whether the credential showed any schedule when that was last looked at, which
    /// is while nothing is bound.
    pub sees_schedules: Option<bool>,
    /// By how many milliseconds PagerDuty's clock is ahead of the database's, as
    /// the last run found.
    pub clock_ahead_millis: i64,
    /// What time it was at the database when this was read.
    pub as_of: Timestamp,
    /// By how many milliseconds the database's clock is ahead of this server's.
    pub database_ahead_millis: i64,
}

impl Connection {
    /// What time it is at the database, which several servers agree on.
    pub fn database_now(&self) -> Timestamp {
        Timestamp::from_millis(clock::now().as_millis() + self.database_ahead_millis)
    }

    /// A time of the database's as PagerDuty's clock has it, which is the one that
    /// people are shown: a server whose clock is wrong must not mislead them.
    pub fn shown(&self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(at.as_millis() + self.clock_ahead_millis)
    }
}

/// How a sync went, as far as the connection as a whole is concerned.
#[derive(Clone, Debug)]
pub struct SyncEnd {
    /// PagerDuty was asked, or would have been; otherwise nothing was due.
    pub asked: bool,
    /// PagerDuty answered for something; otherwise all of it was postponed.
    pub reached: bool,
    pub problem: Option<PagerDutyProblem>,
    /// How long until the next run.
    pub next_in: Duration,
    /// How long PagerDuty is left alone, when it was asked.
    pub ask_in: Duration,
    /// Schedules left to the next run.
    pub postponed: u32,
    pub clock_ahead_millis: i64,
    /// Somebody asked for this run; its failure says nothing about how patient
    /// to be.
    pub on_request: bool,
}

/// The row's name when its credential is sealed.
pub fn credential_row(workspace: &WorkspaceId) -> String {
    format!("pagerduty_connections/{workspace}/credential")
}

/// The columns of [`Row`] apart from its credential.
const COLUMNS: &str = "workspace_id, generation, token_version, login_ended, lease_holder,
    connected_at, connected_by, connected_by_name, problem, last_synced_at, next_sync_at,
    ask_after, failures, unanswered, roster_read_at, roster_offset, roster_limit, postponed,
    sees_schedules, clock_ahead_millis";

#[derive(FromRow)]
struct Row {
    workspace_id: String,
    #[sqlx(flatten)]
    credential: CredentialColumns,
    generation: String,
    token_version: i64,
    login_ended: i64,
    lease_holder: Option<String>,
    connected_at: i64,
    connected_by: String,
    connected_by_name: String,
    problem: Option<String>,
    last_synced_at: Option<i64>,
    next_sync_at: i64,
    ask_after: i64,
    failures: i64,
    unanswered: i64,
    roster_read_at: Option<i64>,
    roster_offset: Option<i64>,
    roster_limit: Option<i64>,
    postponed: i64,
    sees_schedules: Option<i64>,
    clock_ahead_millis: i64,
    as_of: i64,
}

/// A connection and the states of the bound schedules, as JSON.
#[derive(FromRow)]
struct WithSchedules {
    #[sqlx(flatten)]
    row: Row,
    schedules: String,
}

impl Row {
    fn connection(self) -> Connection {
        Connection {
            workspace: WorkspaceId::new(self.workspace_id),
            credential: self.credential.credential(),
            generation: self.generation,
            token_version: self.token_version,
            login_ended: self.login_ended != 0,
            lease: self.lease_holder,
            connected_at: Timestamp::from_millis(self.connected_at),
            connected_by: PersonId::new(self.connected_by),
            connected_by_name: self.connected_by_name,
            problem: read_problem(self.problem),
            last_synced_at: self.last_synced_at.map(Timestamp::from_millis),
            next_sync_at: Timestamp::from_millis(self.next_sync_at),
            ask_after: Timestamp::from_millis(self.ask_after),
            failures: u32::try_from(self.failures).unwrap_or(u32::MAX),
            unanswered: u32::try_from(self.unanswered).unwrap_or(u32::MAX),
            roster_read_at: self.roster_read_at.map(Timestamp::from_millis),
            roster_from: place(self.roster_offset, self.roster_limit),
            postponed: u32::try_from(self.postponed).unwrap_or(u32::MAX),
            sees_schedules: self.sees_schedules.map(|sees| sees != 0),
            clock_ahead_millis: self.clock_ahead_millis,
            as_of: Timestamp::from_millis(self.as_of),
            database_ahead_millis: self.as_of - clock::now().as_millis(),
        }
    }
}

fn place(offset: Option<i64>, limit: Option<i64>) -> Option<RosterPlace> {
    Some(RosterPlace {
        offset: usize::try_from(offset?).ok()?,
        limit: usize::try_from(limit?).ok()?,
    })
}

/// A problem as it is stored.
pub(super) fn write_problem(problem: Option<&PagerDutyProblem>) -> Option<String> {
    problem.map(|problem| serde_json::to_string(problem).expect("a problem is plain JSON"))
}

pub(super) fn read_problem(stored: Option<String>) -> Option<PagerDutyProblem> {
    stored.map(|json| known_problem(&json))
}

/// What another version noted and this one does not know is a problem all the same.
pub(super) fn known_problem(json: &str) -> PagerDutyProblem {
    serde_json::from_str(json).unwrap_or(PagerDutyProblem::Unknown)
}

impl Store {
    pub async fn connection(&self, workspace: &WorkspaceId) -> Result<Option<Connection>> {
        let now = self.engine.now();
        let statement = format!(
            "select {COLUMNS}, {CREDENTIAL_COLUMNS}, {now} as as_of from pagerduty_connections
             where workspace_id = $1"
        );
        let row: Option<Row> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(Row::connection))
    }

    /// The workspace's connection if it is connected, and how well what each bound schedule says
    /// is known.
    pub async fn listed_schedules(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<Option<(Connection, HashMap<ScheduleId, ListedSchedule>)>> {
        let now = self.engine.now();
        let schedules = overview::listed_schedules(self.engine);
        let statement = format!(
            "select {COLUMNS}, {CREDENTIAL_COLUMNS}, {now} as as_of, ({schedules}) as schedules
             from pagerduty_connections where workspace_id = $1"
        );
        let row: Option<WithSchedules> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .fetch_optional(&self.pool)
            .await?;
        let Some(WithSchedules { row, schedules }) = row else {
            return Ok(None);
        };
        Ok(Some((
            row.connection(),
            overview::read_schedules(&schedules)?,
        )))
    }

    pub async fn connections(&self) -> Result<Vec<Connection>> {
        let now = self.engine.now();
        let statement = format!(
            "select {COLUMNS}, {CREDENTIAL_COLUMNS}, {now} as as_of from pagerduty_connections"
        );
        let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(Row::connection).collect())
    }

    /// Connects the workspace of `entry`, whose actor connected it. False, and
    /// nothing is written, when it is connected already: of two people who
    /// connect at once, one wins.
    pub async fn connect(&self, new: &StoredCredential, entry: &NewAuditEntry) -> Result<bool> {
        let mut tx = self.begin_durable().await?;
        let now = self.engine.now();
        let statement = format!(
            "insert into pagerduty_connections (method, credential_sealed, last_four, client_id,
                 authorised_as, refresh_at, token_expires_at, region, subdomain, account_id,
                 workspace_id, generation, connected_at, connected_by, connected_by_name,
                 next_sync_at, ask_after, failures)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, {now},
                 {now}, 0)
             on conflict (workspace_id) do nothing"
        );
        let inserted = bind_credential(sqlx::query(AssertSqlSafe(statement)), new)
            .bind(entry.workspace().as_str())
            .bind(Uuid::now_v7().to_string())
            .bind(entry.at.as_millis())
            .bind(entry.actor_id())
            .bind(entry.actor_name())
            .execute(&mut *tx)
            .await?;
        if inserted.rows_affected() == 0 {
            return Ok(false);
        }
        audit::insert(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Puts another credential in the place of the one of `generation`; bindings
    /// stay. False when that one was replaced or disconnected meanwhile.
    pub async fn replace_credential(
        &self,
        generation: &str,
        new: &StoredCredential,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        let mut tx = self.begin_durable().await?;
        let now = self.engine.now();
        let statement = format!(
            "update pagerduty_connections set method = $1, credential_sealed = $2, last_four = $3,
                 client_id = $4, authorised_as = $5, refresh_at = $6, token_expires_at = $7,
                 region = $8, subdomain = $9, account_id = $10, generation = $11,
                 token_version = token_version + 1, login_ended = 0, token_lease_holder = null,
                 token_lease_until = null, problem = null, failures = 0, unanswered = 0,
                 last_synced_at = null, postponed = 0, sees_schedules = null,
                 next_sync_at = {now}, ask_after = {now}, roster_read_at = null,
                 roster_offset = null, roster_limit = null, lease_holder = null, lease_until = null
             where workspace_id = $12 and generation = $13"
        );
        let updated = bind_credential(sqlx::query(AssertSqlSafe(statement)), new)
            .bind(Uuid::now_v7().to_string())
            .bind(entry.workspace().as_str())
            .bind(generation)
            .execute(&mut *tx)
            .await?;
        if updated.rows_affected() == 0 {
            return Ok(false);
        }
        // With another credential everything is worth another try.
        sqlx::query(
            "update pagerduty_schedules set poll_at = 0, failures = 0, unanswered = 0
             where workspace_id = $1",
        )
        .bind(entry.workspace().as_str())
        .execute(&mut *tx)
        .await?;
        audit::insert(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Notes whether the credential of `connection` shows any schedule.
    pub async fn note_sight(
        &self,
        connection: &Connection,
        sees_schedules: Option<bool>,
    ) -> Result<()> {
        if sees_schedules == connection.sees_schedules {
            return Ok(());
        }
        sqlx::query(
            "update pagerduty_connections set sees_schedules = $1
             where workspace_id = $2 and generation = $3",
        )
        .bind(sees_schedules.map(i64::from))
        .bind(connection.workspace.as_str())
        .bind(&connection.generation)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Notes that PagerDuty has just confirmed something to the credential of
    /// `connection`, outside of a run.
    pub async fn note_synced(&self, connection: &Connection) -> Result<()> {
        let now = self.engine.now();
        let statement = format!(
            "update pagerduty_connections set last_synced_at = {now}
             where workspace_id = $1 and generation = $2"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(connection.workspace.as_str())
            .bind(&connection.generation)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Ends the connection of `entry`'s workspace: the credential and everything
    /// read from PagerDuty are deleted, and bound rotations become Manual with
    /// the members and the people on duty that they have. All or nothing; `None`
    /// when the workspace is not connected.
    pub async fn disconnect(&self, entry: &NewAuditEntry) -> Result<Option<Vec<RevertedRotation>>> {
        let workspace = entry.workspace();
        let mut tx = self.begin_durable().await?;
        // Waits for a sync that is being applied, and makes the next one wait.
        if !hold(&mut tx, workspace).await? {
            return Ok(None);
        }
        let reverted = bound_rotations(&mut tx, workspace).await?;
        former::remember_all(&mut tx, workspace, entry.at).await?;
        let rotations: Vec<_> = reverted.iter().map(|rotation| &rotation.id).collect();
        bindings::become_manual(&mut tx, self.engine, &rotations).await?;
        let statements = [
            "delete from pagerduty_connections where workspace_id = $1",
            // Logins on their way would bring back what was just ended.
            "delete from pending_authorisations where workspace_id = $1",
            "delete from pending_switches where workspace_id = $1",
        ];
        for statement in statements {
            sqlx::query(statement)
                .bind(workspace.as_str())
                .execute(&mut *tx)
                .await?;
        }
        audit::insert(&mut tx, entry).await?;
        for rotation in &reverted {
            let entry = NewAuditEntry {
                actor: entry.actor.followed_by_system(),
                action: AuditAction::RevertedToManual,
                target: Some(rotation.name.clone()),
                rotation: Some(rotation.id.clone()),
                before: Some(RotationMode::PagerDuty.to_string()),
                after: Some(RotationMode::Manual.to_string()),
                ..entry.clone()
            };
            audit::insert(&mut tx, &entry).await?;
        }
        self.rotations_changed(&mut tx, workspace, rotations)
            .await?;
        tx.commit().await?;
        Ok(Some(reverted))
    }

    /// The rotations that a disconnect would revert, by name.
    pub async fn bound_rotations(&self, workspace: &WorkspaceId) -> Result<Vec<RevertedRotation>> {
        let mut connection = self.pool.acquire().await?;
        bound_rotations(&mut connection, workspace).await
    }

    /// Workspaces whose next sync is due and that nobody else works on, those that
    /// wait the longest first.
    pub async fn due_connections(&self) -> Result<Vec<WorkspaceId>> {
        let now = self.engine.now();
        let statement = format!(
            "select workspace_id from pagerduty_connections
             where next_sync_at <= {now} and (lease_until is null or lease_until <= {now})
             order by next_sync_at"
        );
        let rows: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(statement))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|(id,)| WorkspaceId::new(id)).collect())
    }

    /// How long until the next sync of any connection is due, leases included.
    pub async fn next_due_in(&self) -> Result<Option<Duration>> {
        let now = self.engine.now();
        let statement = format!(
            "select min(case when lease_until > next_sync_at then lease_until
                             else next_sync_at end) - {now}
             from pagerduty_connections"
        );
        let (wait,): (Option<i64>,) = sqlx::query_as(AssertSqlSafe(statement))
            .fetch_one(&self.pool)
            .await?;
        Ok(wait.map(duration))
    }

    /// Takes the right to sync a connection for as long as `lease`, for one run;
    /// `None` when another run has it or the workspace is not connected. The
    /// database's clock decides, so that servers whose clocks differ agree.
    pub async fn take_lease(
        &self,
        workspace: &WorkspaceId,
        lease: Duration,
    ) -> Result<Option<Connection>> {
        let now = self.engine.now();
        let statement = format!(
            "update pagerduty_connections set lease_holder = $1, lease_until = {now} + $2
             where workspace_id = $3 and (lease_until is null or lease_until <= {now})
             returning {COLUMNS}, {CREDENTIAL_COLUMNS}, {now} as as_of"
        );
        let row: Option<Row> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(Uuid::now_v7().to_string())
            .bind(millis(lease))
            .bind(workspace.as_str())
            .fetch_optional(&self.writer)
            .await?;
        Ok(row.map(Row::connection))
    }

    /// Keeps a lease for as long as `lease` from now. False when another run has
    /// taken it meanwhile, or the connection has changed or gone.
    pub async fn renew_lease(&self, connection: &Connection, lease: Duration) -> Result<bool> {
        let now = self.engine.now();
        let statement = format!(
            "update pagerduty_connections set lease_until = {now} + $1
             where workspace_id = $2 and lease_holder = $3"
        );
        let renewed = sqlx::query(AssertSqlSafe(statement))
            .bind(millis(lease))
            .bind(connection.workspace.as_str())
            .bind(connection.lease.as_deref())
            .execute(&self.writer)
            .await?;
        Ok(renewed.rows_affected() == 1)
    }

    /// Gives back the lease of a run that was broken off; others may begin after
    /// `rest`.
    pub async fn release_lease(&self, connection: &Connection, rest: Duration) -> Result<()> {
        let now = self.engine.now();
        let statement = format!(
            "update pagerduty_connections set lease_holder = null, lease_until = {now} + $1
             where workspace_id = $2 and lease_holder = $3"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(millis(rest))
            .bind(connection.workspace.as_str())
            .bind(connection.lease.as_deref())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Has the connection looked at, at once and also when a run is under way.
    pub async fn request_sync(&self, workspace: &WorkspaceId) -> Result<()> {
        let now = self.engine.now();
        let statement = format!(
            "update pagerduty_connections set next_sync_at = {now} where workspace_id = $1"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Has PagerDuty asked for everything within `wait`, although earlier failures
    /// would have it left alone for longer. Nothing comes later than it was to come,
    /// so however many servers do this at once, and however often, each connection
    /// is asked for no more than once within `wait`.
    pub async fn retry_within(&self, workspace: &WorkspaceId, wait: Duration) -> Result<()> {
        let mut tx = self.begin().await?;
        let now = self.engine.now();
        let statements = [
            format!(
                "update pagerduty_connections set
                     ask_after = case when ask_after > {now} + $1 then {now} + $1
                                      else ask_after end,
                     next_sync_at = case when next_sync_at > {now} + $1 then {now} + $1
                                         else next_sync_at end
                 where workspace_id = $2"
            ),
            format!(
                "update pagerduty_schedules set poll_at = {now} + $1
                 where workspace_id = $2 and poll_at > {now} + $1"
            ),
        ];
        for statement in statements {
            sqlx::query(AssertSqlSafe(statement))
                .bind(millis(wait))
                .bind(workspace.as_str())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Writes how a sync went and gives the lease back. False when the run lost
    /// its lease, as it does when the credential changes or goes: then nothing
    /// is written.
    ///
    /// A sync that was requested while this one ran stays requested.
    pub async fn end_sync(&self, connection: &Connection, end: &SyncEnd) -> Result<bool> {
        // Without the list of people the schedules were read as ever.
        let failed = end
            .problem
            .as_ref()
            .is_some_and(|problem| !problem.concerns_people_alone());
        let failures = match (end.asked, failed) {
            (false, _) => connection.failures,
            (true, true) if end.on_request => connection.failures,
            (true, true) => connection.failures.saturating_add(1),
            (true, false) => 0,
        };
        let now = self.engine.now();
        // A login that ended while the run went on stays ended.
        let statement = format!(
            "update pagerduty_connections set
                 problem = case when login_ended = 1 then problem else $1 end,
                 next_sync_at = case when next_sync_at = $2 then {now} + $3 else next_sync_at end,
                 ask_after = case when $11 = 1 then {now} + $4 else ask_after end,
                 last_synced_at = case when $5 = 1 then {now} else last_synced_at end,
                 unanswered = case when $11 = 0 then unanswered
                                   when $12 = 1 then unanswered + 1 else 0 end,
                 failures = $6, postponed = $7, clock_ahead_millis = $8,
                 lease_holder = null, lease_until = null
             where workspace_id = $9 and lease_holder = $10"
        );
        let updated = sqlx::query(AssertSqlSafe(statement))
            .bind(write_problem(end.problem.as_ref()))
            .bind(connection.next_sync_at.as_millis())
            .bind(millis(end.next_in))
            .bind(millis(end.ask_in))
            .bind(i64::from(end.asked && !failed && end.reached))
            .bind(i64::from(failures))
            .bind(i64::from(end.postponed))
            .bind(end.clock_ahead_millis)
            .bind(connection.workspace.as_str())
            .bind(connection.lease.as_deref())
            .bind(i64::from(end.asked))
            .bind(i64::from(end.problem.is_some()))
            .execute(&self.writer)
            .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Puts the same credential, sealed anew, in the place of `old_sealed`; false
    /// when it was replaced meanwhile.
    pub async fn reseal_credential(
        &self,
        workspace: &WorkspaceId,
        old_sealed: &str,
        new_sealed: &str,
    ) -> Result<bool> {
        let updated = sqlx::query(
            "update pagerduty_connections set credential_sealed = $1
             where workspace_id = $2 and credential_sealed = $3",
        )
        .bind(new_sealed)
        .bind(workspace.as_str())
        .bind(old_sealed)
        .execute(&self.durable_writer)
        .await?;
        Ok(updated.rows_affected() == 1)
    }
}

async fn bound_rotations(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
) -> Result<Vec<RevertedRotation>> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select r.id, r.name from bindings b join rotations r on r.id = b.rotation_id
         where b.workspace_id = $1 order by lower(r.name), r.id",
    )
    .bind(workspace.as_str())
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, name)| RevertedRotation {
            id: RotationId::new(id),
            name,
        })
        .collect())
}

/// Has PagerDuty asked as soon as it may be.
pub(super) async fn ask_soon(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
) -> Result<()> {
    let now = engine.now();
    let statement = format!(
        "update pagerduty_connections set
             next_sync_at = case when ask_after > {now} then ask_after else {now} end
         where workspace_id = $1"
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Holds the connection's row, if there is one, until the transaction ends.
/// Whatever touches bindings takes it before any rotation, so that two
/// transactions cannot wait for each other.
pub(super) async fn hold(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
) -> Result<bool> {
    let held = sqlx::query(
        "update pagerduty_connections set generation = generation where workspace_id = $1",
    )
    .bind(workspace.as_str())
    .execute(connection)
    .await?;
    Ok(held.rows_affected() == 1)
}

/// Like [`hold`], for what was read with one credential. False when the
/// connection is gone, or when its credential is not the one of `generation` any more.
pub(super) async fn lock(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    generation: &str,
) -> Result<bool> {
    let held = sqlx::query(
        "update pagerduty_connections set generation = generation
         where workspace_id = $1 and generation = $2",
    )
    .bind(workspace.as_str())
    .bind(generation)
    .execute(connection)
    .await?;
    Ok(held.rows_affected() == 1)
}
