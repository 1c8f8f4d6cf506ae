//! Binding back what a disconnect reverted, once the same account is connected
//! again.

use super::{
    Failure, Stop, connections,
    credentials::SCHEDULES_TO_KNOW,
    outcome, publish_connection, publish_rotation,
    rights::must_manage_integrations,
    schedules::{self, Reading},
};
use crate::{
    Services,
    audit::entry,
    integrations,
    store::{Connection, Former, NewAuditEntry},
};
use domain::{Actor, ScheduleVersion};
use futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use std::collections::{HashMap, HashSet};
use types::{AuditAction, BindRefusal, ConnectRefusal, Outcome, Rebound, ScheduleId};

/// Schedules that are read at once.
const READ_AT_ONCE: usize = 4;

/// Each schedule that was asked for, or why it could not be read.
type Readings = HashMap<ScheduleId, Outcome<Reading, BindRefusal>>;

/// Binds back everything that is offered. One that cannot be bound hinders no
/// other, and stays on offer.
pub async fn bind_back(
    services: &Services,
    actor: &Actor,
) -> Result<Rebound, Stop<ConnectRefusal>> {
    let action = AuditAction::ReboundSchedules;
    must_manage_integrations(services, actor, action).await?;
    let connection = connections::connected(services, actor).await?;
    let offered = offered(services, actor, &connection).await?;
    let readings = read_all(services, &connection, &offered).await?;
    let mut rebound = Rebound {
        bound: 0,
        failed: Vec::new(),
    };
    for former in offered {
        let bound = bind_one(services, actor, &connection, &former, &readings);
        match bound.await {
            Ok(()) => {
                rebound.bound += 1;
                publish_rotation(services, actor, &former.rotation);
            }
            Err(Stop::Refused(refusal)) => rebound.failed.push((former.rotation_name, refusal)),
            // The rotation was deleted at this very moment.
            Err(Stop::Failed(Failure::NotFound)) => {}
            Err(Stop::Failed(failure)) => return Err(failure.into()),
        }
    }
    let (bound, failed) = (rebound.bound, rebound.failed.len());
    let entry = NewAuditEntry {
        after: Some(format!("{bound} bound, {failed} not")),
        ..entry(actor, action, Some("PagerDuty"))
    };
    services.store.record(&entry).await?;
    publish_connection(services, actor);
    services.sync.wake();
    Ok(rebound)
}

/// Leaves those rotations Manual, and offers it no more. Gives their names.
pub async fn forget(services: &Services, actor: &Actor) -> Result<Vec<String>, Failure> {
    let action = AuditAction::LeftManual;
    must_manage_integrations(services, actor, action).await?;
    let entry = entry(actor, action, Some("PagerDuty"));
    let left = services.store.give_up_former_bindings(&entry).await?;
    publish_connection(services, actor);
    Ok(left)
}

/// Takes that back: what is still as it was then is offered again.
pub async fn undo_forget(services: &Services, actor: &Actor) -> Result<(), Stop<ConnectRefusal>> {
    let action = AuditAction::UndidChange;
    must_manage_integrations(services, actor, action).await?;
    let entry = NewAuditEntry {
        before: Some(AuditAction::LeftManual.to_string()),
        ..entry(actor, action, Some("PagerDuty"))
    };
    match services.store.take_up_former_bindings(&entry).await? {
        true => publish_connection(services, actor),
        false => return Err(ConnectRefusal::NothingToUndo.into()),
    }
    Ok(())
}

/// Every schedule that is offered, read once however many rotations followed it.
async fn read_all(
    services: &Services,
    connection: &Connection,
    offered: &[Former],
) -> Result<Readings, Failure> {
    let schedules: HashSet<&ScheduleId> = offered.iter().map(|former| &former.schedule).collect();
    // Boxed, as the futures of several borrows have to be to move between threads.
    let readings: Vec<BoxFuture<'_, _>> = schedules
        .into_iter()
        .map(|schedule| {
            async move {
                let reading = schedules::read(services, connection, schedule).await;
                Ok((schedule.clone(), outcome(reading.map_err(Stop::from))?))
            }
            .boxed()
        })
        .collect();
    stream::iter(readings)
        .buffer_unordered(READ_AT_ONCE)
        .try_collect()
        .await
}

async fn bind_one(
    services: &Services,
    actor: &Actor,
    connection: &Connection,
    former: &Former,
    readings: &Readings,
) -> Result<(), Stop<BindRefusal>> {
    match readings.get(&former.schedule).ok_or(Failure::NotFound)? {
        Outcome::Done(reading) => {
            // Nobody looked at the rotation itself.
            let unseen = (reading, "");
            schedules::bind(services, actor, connection, &former.rotation, unseen).await
        }
        Outcome::Refused(refusal) => Err(refusal.clone().into()),
    }
}

/// Looks whether what was reverted is in the account that was just connected under
/// another subdomain: an account can be renamed, and ids are its own. Where both told
/// the account's id, that decides.
pub(super) async fn recognise(services: &Services, actor: &Actor) -> Result<(), Failure> {
    let Some(connection) = connections::present(services, actor).await? else {
        return Ok(());
    };
    let store = &services.store;
    let workspace = &actor.workspace;
    let former = store.former_bindings(workspace).await?;
    let present = &connection.credential;
    let unsure: Vec<_> = former
        .into_iter()
        .filter(|former| {
            former.region == Some(present.region)
                && !former.account.is_certainly(&present.account)
                && (former.account.account_id.is_none() || present.account.account_id.is_none())
        })
        .collect();
    for former in unsure.iter().take(SCHEDULES_TO_KNOW) {
        if shows(services, &connection, &former.schedule).await {
            let account = present.account.clone().or(former.account.clone());
            let renamed = store.rename_former_account(workspace, &former.account, &account);
            return Ok(renamed.await?);
        }
    }
    Ok(())
}

/// Whether the credential shows this schedule.
async fn shows(services: &Services, connection: &Connection, schedule: &ScheduleId) -> bool {
    let now = services.integrations.pagerduty_now(connection);
    let until = now.plus_seconds(1);
    let version = ScheduleVersion::default();
    let asked = integrations::asking(&services.integrations, connection, |account| async move {
        let pagerduty = &services.pagerduty;
        pagerduty
            .schedule(&account, schedule, version, now, until)
            .await
    });
    asked.await.is_ok()
}

/// What the disconnects reverted on the account that is connected now.
pub(super) async fn offered(
    services: &Services,
    actor: &Actor,
    connection: &Connection,
) -> Result<Vec<Former>, Failure> {
    let present = &connection.credential;
    let former = services.store.former_bindings(&actor.workspace).await?;
    Ok(former
        .into_iter()
        .filter(|former| {
            former.region == Some(present.region) && former.account.is_certainly(&present.account)
        })
        .collect())
}
