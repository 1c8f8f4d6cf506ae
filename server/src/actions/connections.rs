//! The connection to PagerDuty: how it is, when it was synced, syncing now, and disconnecting.

use super::{
    Failure, Stop, credentials, former,
    links::{self, LinkedPerson},
    publish_connection, publish_rotation,
    rights::{may_sync, must_manage_integrations},
    visible::Visible,
};
use crate::{
    Services,
    audit::entry,
    store::{BoundSchedule, Connection, Former, NewAuditEntry, StoreError},
    sync::{self, Evidence},
};
use domain::Actor;
use types::{
    AuditAction, ConnectRefusal, ConnectionAlert, ConnectionHealth, ConnectionMethod, Denial,
    RevertedRotation, SyncHistory, SyncReport, SyncRun,
};

/// Clocks that differ by less do not mislead anybody.
const CLOCK_TOLERANCE_SECONDS: i64 = 5;

/// How the connection is, as far as the actor may know.
pub struct ConnectionState {
    pub connection: Connection,
    pub health: ConnectionHealth,
    /// The schedules that rotations follow, and these rotations.
    pub schedules: Vec<BoundSchedule>,
    pub bound: Vec<RevertedRotation>,
    /// By how much this server's clock is wrong, if that is worth a word.
    pub clock_ahead_seconds: Option<i64>,
    pub may_sync: bool,
    /// For those who manage integrations.
    pub managed: Option<Managed>,
}

/// What is to be decided about a connection.
pub struct Managed {
    /// What can be bound back.
    pub former: Vec<Former>,
    /// Who is not linked to Slack, or by hand.
    pub unlinked: Vec<LinkedPerson>,
}

/// What a disconnect came to.
pub struct Disconnection {
    pub reverted: usize,
    pub method: ConnectionMethod,
}

/// The workspace's connection, if it is connected.
pub(super) async fn present(
    services: &Services,
    actor: &Actor,
) -> Result<Option<Connection>, StoreError> {
    services.store.connection(&actor.workspace).await
}

/// The workspace's connection, for what needs one.
pub(super) async fn connected(
    services: &Services,
    actor: &Actor,
) -> Result<Connection, Stop<ConnectRefusal>> {
    let connection = present(services, actor).await?;
    connection.ok_or_else(|| ConnectRefusal::NotConnected.into())
}

/// The connection with all that depends on it, if the workspace is connected.
pub async fn state(services: &Services, actor: &Actor) -> Result<Option<ConnectionState>, Failure> {
    let Some(connection) = present(services, actor).await? else {
        return Ok(None);
    };
    let store = &services.store;
    let workspace = &actor.workspace;
    let visible = Visible::to(services, actor).await?;
    let mut bound = store.bound_rotations(workspace).await?;
    bound.retain(|bound| visible.rotation(&bound.id));
    let mut schedules = store.bound_schedules(workspace).await?;
    schedules.retain(|schedule| visible.schedule(&schedule.id));
    let managed = match actor.administers() {
        true => Some(Managed {
            former: former::offered(services, actor, &connection).await?,
            unlinked: links::unlinked(services, actor).await?,
        }),
        false => None,
    };
    Ok(Some(ConnectionState {
        health: health(services, &connection, &schedules),
        clock_ahead_seconds: clock_ahead_seconds(services, &connection),
        may_sync: may_sync(actor),
        connection,
        schedules,
        bound,
        managed,
    }))
}

/// What is wrong with the connection, for those who can mend it.
pub async fn alert(services: &Services, actor: &Actor) -> Result<Option<ConnectionAlert>, Failure> {
    if !actor.administers() {
        return Ok(None);
    }
    let connection = present(services, actor).await?;
    Ok(connection.and_then(|connection| {
        let problem = Evidence::from(&connection).needs_reconnection()?;
        Some(ConnectionAlert {
            problem: problem.clone(),
            last_synced_at: connection.last_synced_at,
        })
    }))
}

pub async fn disconnect(
    services: &Services,
    actor: &Actor,
) -> Result<Disconnection, Stop<ConnectRefusal>> {
    let action = AuditAction::DisconnectedPagerDuty;
    must_manage_integrations(services, actor, action).await?;
    let connection = connected(services, actor).await?;
    let entry = NewAuditEntry {
        before: Some(credentials::described(&connection.credential)),
        ..entry(actor, action, Some("PagerDuty"))
    };
    let reverted = services.store.disconnect(&entry).await?;
    let reverted = reverted.ok_or(ConnectRefusal::NotConnected)?;
    publish_connection(services, actor);
    for rotation in &reverted {
        publish_rotation(services, actor, &rotation.id);
    }
    Ok(Disconnection {
        reverted: reverted.len(),
        method: connection.credential.view(),
    })
}

/// Everybody but guests may ask. It only reads at PagerDuty.
pub async fn sync_now(
    services: &Services,
    actor: &Actor,
) -> Result<SyncReport, Stop<ConnectRefusal>> {
    if !may_sync(actor) {
        return Err(Failure::Denied(Denial::SyncAsGuest).into());
    }
    let synced = sync::sync_now(&services.sync, &actor.workspace, actor.name());
    let synced = synced.await??;
    let visible = Visible::to(services, actor).await?;
    Ok(visible.of_report(&synced))
}

/// The last syncs, the latest first.
pub async fn sync_history(services: &Services, actor: &Actor) -> Result<SyncHistory, Failure> {
    let connection = present(services, actor).await?;
    let shown = |at| {
        connection
            .as_ref()
            .map_or(at, |connection| connection.shown(at))
    };
    let runs = services.store.runs(&actor.workspace).await?;
    let visible = Visible::to(services, actor).await?;
    let runs = runs.into_iter().filter_map(|run| visible.of_run(run));
    let interval = services.config.pagerduty.poll_interval;
    Ok(SyncHistory {
        runs: runs
            .map(|run| SyncRun {
                started_at: shown(run.started_at),
                ..run
            })
            .collect(),
        every_seconds: u32::try_from(interval.as_secs()).unwrap_or(u32::MAX),
    })
}

fn health(
    services: &Services,
    connection: &Connection,
    schedules: &[BoundSchedule],
) -> ConnectionHealth {
    let interval = services.config.pagerduty.poll_interval;
    let now = services.integrations.pagerduty_now(connection);
    let of = |schedule: &BoundSchedule| {
        sync::schedule_health(connection.into(), schedule.into(), now, interval)
    };
    let has_synced = connection.last_synced_at.is_some();
    let schedules = schedules.iter().map(of);
    sync::connection_health(connection.into(), has_synced, schedules, now, interval)
}

fn clock_ahead_seconds(services: &Services, connection: &Connection) -> Option<i64> {
    let clock = services.pagerduty.clock(connection.credential.region);
    let behind = clock
        .ahead_millis()
        .unwrap_or(connection.clock_ahead_millis);
    let ahead_seconds = -behind / 1000;
    (ahead_seconds.abs() >= CLOCK_TOLERANCE_SECONDS).then_some(ahead_seconds)
}
