//! Searching, previewing and binding PagerDuty schedules.

use super::{
    RoundRobin, failed, internal,
    rotations::{Stop, answer, must_edit, shift_views},
};
use crate::{
    audit::entry,
    clock,
    integrations::{self, AccessProblem},
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
    AuditAction, BindRefusal, Outcome, PreviewPerson, RotationId, RotationMode, ScheduleChoice,
    ScheduleId, SchedulePreview, ScheduleSummary, Timestamp,
};

#[async_trait]
impl Schedules for RoundRobin {
    async fn search_schedules(
        &self,
        caller: &Caller,
        search: String,
    ) -> Answer<Vec<ScheduleSummary>, BindRefusal> {
        self.may_browse(caller).await?;
        let Some(connection) = self.connection(caller).await? else {
            return Ok(Outcome::Refused(BindRefusal::NotConnected));
        };
        let pagerduty = &self.services.pagerduty;
        let search = search.trim();
        let found = integrations::asking(&self.services, &connection, |account| async move {
            pagerduty.search_schedules(&account, search).await
        });
        settled(caller, found.await)
    }

    async fn preview_schedule(
        &self,
        caller: &Caller,
        schedule: ScheduleId,
    ) -> Answer<SchedulePreview, BindRefusal> {
        self.may_browse(caller).await?;
        let Some(connection) = self.connection(caller).await? else {
            return Ok(Outcome::Refused(BindRefusal::NotConnected));
        };
        let read = self.read(caller, &connection, &schedule).await?;
        let people = self.directory(caller).await?;
        settled(
            caller,
            read.map(|snapshot| preview(snapshot, &people, clock::now())),
        )
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
        let Some(connection) = self.connection(caller).await? else {
            return Ok(Outcome::Refused(BindRefusal::NotConnected));
        };
        let snapshot = match self.read(caller, &connection, schedule).await? {
            Ok(snapshot) => snapshot,
            Err(problem) => return settled(caller, Err(problem)),
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

    /// Reads a schedule as it is now, with the names of its people.
    async fn read(
        &self,
        caller: &Caller,
        connection: &Connection,
        schedule: &ScheduleId,
    ) -> Result<Result<ScheduleSnapshot, AccessProblem>, AppError> {
        let known = self
            .services
            .store
            .pagerduty_users(&connection.workspace)
            .await
            .map_err(failed(caller))?;
        let (pagerduty, known) = (&self.services.pagerduty, &known);
        let (from, until) = sync::window(clock::now());
        let read = integrations::asking(&self.services, connection, |account| async move {
            let answer = pagerduty.schedule(&account, schedule, from, until).await?;
            sync::resolve(pagerduty, &account, answer, &mut known.clone()).await
        });
        Ok(read.await)
    }

    async fn directory(&self, caller: &Caller) -> Result<Vec<Person>, AppError> {
        self.services
            .store
            .people(&caller.workspace)
            .await
            .map_err(failed(caller))
    }
}

/// What came of asking PagerDuty, as the caller is told it.
fn settled<T>(caller: &Caller, asked: Result<T, AccessProblem>) -> Answer<T, BindRefusal> {
    match asked {
        Ok(value) => Ok(Outcome::Done(value)),
        Err(AccessProblem::PagerDuty(problem)) => Ok(Outcome::Refused(problem.into())),
        Err(AccessProblem::NotConnected) => Ok(Outcome::Refused(BindRefusal::NotConnected)),
        Err(AccessProblem::Store(error)) => Err(internal(caller, &error)),
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
