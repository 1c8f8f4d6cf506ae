//! Searching, previewing and binding PagerDuty schedules.

use super::{
    RoundRobin, failed,
    rotations::{Stop, answer, must_edit, shift_views},
};
use crate::{
    audit::entry,
    clock,
    pagerduty::Account,
    rotations::{Directory, Rotation, ScheduleSnapshot, members_of},
    store::{BindEnd, Connection, NewAuditEntry, Person},
    sync,
};
use app::{
    AppError,
    backend::{Answer, Caller, Schedules},
};
use async_trait::async_trait;
use types::{
    AuditAction, BindRefusal, Outcome, PagerDutyProblem, PreviewPerson, RotationId, RotationMode,
    ScheduleChoice, ScheduleId, SchedulePreview, ScheduleSummary, Timestamp,
};

#[async_trait]
impl Schedules for RoundRobin {
    async fn search_schedules(
        &self,
        caller: &Caller,
        search: String,
    ) -> Answer<Vec<ScheduleSummary>, BindRefusal> {
        self.may_browse(caller).await?;
        let account = match self.account(caller).await? {
            Ok((_, account)) => account,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        let found = self
            .services
            .pagerduty
            .search_schedules(&account, search.trim())
            .await;
        Ok(found.map_err(BindRefusal::from).into())
    }

    async fn preview_schedule(
        &self,
        caller: &Caller,
        schedule: ScheduleId,
    ) -> Answer<SchedulePreview, BindRefusal> {
        self.may_browse(caller).await?;
        let (connection, account) = match self.account(caller).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        let read = self.read(caller, &connection, &account, &schedule).await?;
        let people = self.directory(caller).await?;
        Ok(read
            .map(|snapshot| preview(snapshot, &people, clock::now()))
            .map_err(BindRefusal::from)
            .into())
    }

    async fn set_schedule(
        &self,
        caller: &Caller,
        rotation: RotationId,
        choice: ScheduleChoice,
    ) -> Answer<(), BindRefusal> {
        self.may_set_schedule(caller, &rotation).await?;
        let outcome = match choice {
            ScheduleChoice::Manual => self.unbind(caller, &rotation).await?,
            ScheduleChoice::PagerDuty(schedule) => self.bind(caller, &rotation, &schedule).await?,
        };
        if outcome.done().is_some() {
            self.publish_rotation(caller, &rotation);
            self.services.sync.wake();
        }
        Ok(outcome)
    }
}

impl RoundRobin {
    /// Answers before PagerDuty is asked; the change itself looks again.
    async fn may_set_schedule(&self, caller: &Caller, id: &RotationId) -> Result<(), AppError> {
        let rotation = self
            .services
            .store
            .rotation(&caller.workspace, id)
            .await
            .map_err(failed(caller))?
            .ok_or(AppError::NotFound)?;
        must_edit(&rotation, caller)
    }

    async fn unbind(&self, caller: &Caller, id: &RotationId) -> Answer<(), BindRefusal> {
        let unbound = self
            .services
            .store
            .unbind(&caller.workspace, id, |rotation| {
                let manual = RotationMode::Manual.to_string();
                schedule_entry(caller, rotation, AuditAction::UnboundSchedule, manual)
            })
            .await
            .map_err(failed(caller))?;
        answer(unbound)
    }

    async fn bind(
        &self,
        caller: &Caller,
        id: &RotationId,
        schedule: &ScheduleId,
    ) -> Answer<(), BindRefusal> {
        let (connection, account) = match self.account(caller).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        let snapshot = match self.read(caller, &connection, &account, schedule).await? {
            Ok(snapshot) => snapshot,
            Err(problem) => return Ok(Outcome::Refused(problem.into())),
        };
        let people = self.directory(caller).await?;
        let members = members_of(&snapshot, &Directory::new(&people), clock::now());
        let store = &self.services.store;
        let bound = store
            .bind(&connection, id, &snapshot, members, |rotation| {
                let name = snapshot.name.clone();
                schedule_entry(caller, rotation, AuditAction::BoundSchedule, name)
            })
            .await
            .map_err(failed(caller))?;
        match bound {
            BindEnd::Bound => {
                store
                    .request_sync(&caller.workspace, clock::now())
                    .await
                    .map_err(failed(caller))?;
                Ok(Outcome::Done(()))
            }
            BindEnd::Refused(stop) => answer(Some(Err(stop))),
            BindEnd::RotationGone => Err(AppError::NotFound),
            BindEnd::ConnectionChanged => Ok(Outcome::Refused(BindRefusal::ConnectionChanged)),
        }
    }

    /// The connection and its credential, or why there is none to use.
    async fn account(
        &self,
        caller: &Caller,
    ) -> Result<Result<(Connection, Account), BindRefusal>, AppError> {
        let connection = self
            .services
            .store
            .connection(&caller.workspace)
            .await
            .map_err(failed(caller))?;
        Ok(match connection {
            None => Err(BindRefusal::NotConnected),
            Some(connection) => sync::account_of(&self.services, &connection)
                .map(|account| (connection, account))
                .map_err(BindRefusal::from),
        })
    }

    /// Reads a schedule as it is now, with the names of its people.
    async fn read(
        &self,
        caller: &Caller,
        connection: &Connection,
        account: &Account,
        schedule: &ScheduleId,
    ) -> Result<Result<ScheduleSnapshot, PagerDutyProblem>, AppError> {
        let pagerduty = &self.services.pagerduty;
        let (from, until) = sync::window(clock::now());
        let answer = match pagerduty.schedule(account, schedule, from, until).await {
            Ok(answer) => answer,
            Err(problem) => return Ok(Err(problem)),
        };
        let mut known = self
            .services
            .store
            .pagerduty_users(&connection.workspace)
            .await
            .map_err(failed(caller))?;
        Ok(sync::resolve(pagerduty, account, answer, &mut known).await)
    }

    async fn directory(&self, caller: &Caller) -> Result<Vec<Person>, AppError> {
        self.services
            .store
            .people(&caller.workspace)
            .await
            .map_err(failed(caller))
    }
}

/// The audit entry of a change of schedule, for callers who may make it.
fn schedule_entry(
    caller: &Caller,
    rotation: &Rotation,
    action: AuditAction,
    after: String,
) -> Result<NewAuditEntry, Stop<BindRefusal>> {
    must_edit(rotation, caller).map_err(Stop::Error)?;
    Ok(NewAuditEntry {
        before: Some(rotation.mode.to_string()),
        after: Some(after),
        ..entry(caller, action, Some(&rotation.details.name))
    })
}

fn preview(snapshot: ScheduleSnapshot, people: &[Person], now: Timestamp) -> SchedulePreview {
    let members = members_of(&snapshot, &Directory::new(people), now);
    SchedulePreview {
        shifts: shift_views(&snapshot, people, now),
        people: members
            .into_iter()
            .map(|member| PreviewPerson {
                on_duty: member.duty.is_some(),
                name: member.name,
                email: member.email,
                link: member.link,
            })
            .collect(),
        schedule: ScheduleSummary {
            id: snapshot.id,
            name: snapshot.name,
            time_zone: snapshot.time_zone,
        },
    }
}
