//! Binding back what a disconnect reverted, once the same account is connected
//! again.

use super::{
    RoundRobin, actor,
    connections::SCHEDULES_TO_KNOW,
    failed,
    schedules::{Reading, settled},
};
use crate::{
    audit::entry,
    integrations::{self, AccessProblem},
    store::{Connection, Former, NewAuditEntry},
};
use app::{
    AppError,
    backend::{Answer, Caller},
};
use domain::ScheduleVersion;
use futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use std::collections::{HashMap, HashSet};
use types::{
    AuditAction, BindRefusal, ConnectRefusal, FormerBinding, LiveTopic, Outcome, Rebound,
    ScheduleId,
};

/// Schedules that are read at once.
const READ_AT_ONCE: usize = 4;

impl RoundRobin {
    /// What the panel offers to bind back.
    pub(super) async fn former_bindings(
        &self,
        caller: &Caller,
        connection: &Connection,
    ) -> Result<Vec<FormerBinding>, AppError> {
        let offered = self.offered(caller, connection).await?;
        Ok(offered
            .into_iter()
            .map(|former| FormerBinding {
                rotation: former.rotation,
                rotation_name: former.rotation_name,
                schedule_name: former.schedule_name,
            })
            .collect())
    }

    /// Binds back everything that is offered. One that cannot be bound hinders no
    /// other, and stays on offer.
    pub(super) async fn rebind(&self, caller: &Caller) -> Answer<Rebound, ConnectRefusal> {
        let Some(connection) = self.connection(caller).await? else {
            return Ok(Outcome::Refused(ConnectRefusal::NotConnected));
        };
        let offered = self.offered(caller, &connection).await?;
        let readings = self.read_all(caller, &connection, &offered).await?;
        let mut rebound = Rebound {
            bound: 0,
            failed: Vec::new(),
        };
        for former in offered {
            match self
                .bind_back(caller, &connection, &former, &readings)
                .await?
            {
                None => {}
                Some(Ok(())) => {
                    rebound.bound += 1;
                    self.publish_rotation(caller, &former.rotation);
                }
                Some(Err(refusal)) => rebound.failed.push((former.rotation_name, refusal)),
            }
        }
        self.note_rebinding(caller, &rebound).await?;
        self.services
            .live
            .publish(&caller.workspace, LiveTopic::Connection);
        self.services.sync.wake();
        Ok(Outcome::Done(rebound))
    }

    /// Every schedule that is offered, read once however many rotations followed it.
    async fn read_all(
        &self,
        caller: &Caller,
        connection: &Connection,
        offered: &[Former],
    ) -> Result<HashMap<ScheduleId, Result<Reading, AccessProblem>>, AppError> {
        let schedules: HashSet<&ScheduleId> =
            offered.iter().map(|former| &former.schedule).collect();
        // Boxed, as the futures of several borrows have to be to move between threads.
        let readings: Vec<BoxFuture<'_, _>> = schedules
            .into_iter()
            .map(|schedule| {
                async move {
                    let reading = self.read(caller, connection, schedule).await?;
                    Ok((schedule.clone(), reading))
                }
                .boxed()
            })
            .collect();
        stream::iter(readings)
            .buffer_unordered(READ_AT_ONCE)
            .try_collect()
            .await
    }

    /// `None` when the rotation was deleted at this very moment.
    async fn bind_back(
        &self,
        caller: &Caller,
        connection: &Connection,
        former: &Former,
        readings: &HashMap<ScheduleId, Result<Reading, AccessProblem>>,
    ) -> Result<Option<Result<(), BindRefusal>>, AppError> {
        let bound = match readings.get(&former.schedule) {
            Some(Ok(reading)) => {
                let bound = self.bind_to(caller, connection, &former.rotation, reading);
                bound.await
            }
            Some(Err(problem)) => settled(caller, Err(problem.clone())),
            None => return Ok(None),
        };
        match bound {
            Ok(Outcome::Done(())) => Ok(Some(Ok(()))),
            Ok(Outcome::Refused(refusal)) => Ok(Some(Err(refusal))),
            Err(AppError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn note_rebinding(&self, caller: &Caller, rebound: &Rebound) -> Result<(), AppError> {
        let entry = NewAuditEntry {
            after: Some(format!(
                "{} bound, {} not",
                rebound.bound,
                rebound.failed.len()
            )),
            ..entry(
                &actor(caller),
                AuditAction::ReboundSchedules,
                Some("PagerDuty"),
            )
        };
        self.services
            .store
            .record(&entry)
            .await
            .map_err(failed(caller))
    }

    /// Looks whether what was reverted is in the account that was just connected under
    /// another subdomain: an account can be renamed, and ids are its own. Where both told
    /// the account's id, that decides.
    pub(super) async fn recognise_former(&self, caller: &Caller) -> Result<(), AppError> {
        let Some(connection) = self.connection(caller).await? else {
            return Ok(());
        };
        let store = &self.services.store;
        let workspace = &caller.workspace;
        let former = store.former_bindings(workspace).await;
        let present = &connection.credential;
        let unsure: Vec<_> = former
            .map_err(failed(caller))?
            .into_iter()
            .filter(|former| {
                former.region == Some(present.region)
                    && !former.account.is_certainly(&present.account)
                    && (former.account.account_id.is_none() || present.account.account_id.is_none())
            })
            .collect();
        for former in unsure.iter().take(SCHEDULES_TO_KNOW) {
            if self.shows(&connection, &former.schedule).await {
                let account = present.account.clone().or(former.account.clone());
                return store
                    .rename_former_account(workspace, &former.account, &account)
                    .await
                    .map_err(failed(caller));
            }
        }
        Ok(())
    }

    /// Whether the credential shows this schedule.
    async fn shows(&self, connection: &Connection, schedule: &ScheduleId) -> bool {
        let services = &self.services;
        let now = services.integrations.pagerduty_now(connection);
        let until = now.plus_seconds(1);
        let version = ScheduleVersion::default();
        let asked =
            integrations::asking(&services.integrations, connection, |account| async move {
                let pagerduty = &services.pagerduty;
                pagerduty
                    .schedule(&account, schedule, version, now, until)
                    .await
            });
        asked.await.is_ok()
    }

    /// What the disconnects reverted on the account that is connected now.
    async fn offered(
        &self,
        caller: &Caller,
        connection: &Connection,
    ) -> Result<Vec<Former>, AppError> {
        let present = &connection.credential;
        let former = self
            .services
            .store
            .former_bindings(&caller.workspace)
            .await
            .map_err(failed(caller))?;
        Ok(former
            .into_iter()
            .filter(|former| {
                former.region == Some(present.region)
                    && former.account.is_certainly(&present.account)
            })
            .collect())
    }
}
