//! Searching, previewing and binding PagerDuty schedules.

use super::{
    RoundRobin, actor, failed, internal,
    rotations::{Stop, answer, must_edit},
};
use crate::{
    audit::entry,
    integrations::{self, AccessProblem},
    pagerduty::ANSWER_LIMIT_SECONDS,
    store::{BindEnd, Connection, NewAuditEntry, Rule, StoreError},
    sync,
};
use app::{
    AppError,
    backend::{Answer, Caller, Schedules},
};
use async_trait::async_trait;
use domain::{Directory, Rotation, ScheduleSnapshot, coming, is_on_call, link_of, loss};
use std::sync::Arc;
use types::{
    AuditAction, BindRefusal, FoundSchedules, Outcome, PreviewPerson, RotationId, RotationMode,
    RotationRefusal, ScheduleChoice, ScheduleId, SchedulePreview, ScheduleSummary, Timestamp,
};

/// A schedule as PagerDuty had it a moment ago.
pub(super) struct Reading {
    pub snapshot: ScheduleSnapshot,
    /// By PagerDuty's clock.
    pub read_at: Timestamp,
}

#[async_trait]
impl Schedules for RoundRobin {
    async fn search_schedules(
        &self,
        caller: &Caller,
        search: String,
    ) -> Answer<FoundSchedules, BindRefusal> {
        self.may_browse(caller).await?;
        let Some(connection) = self.connection(caller).await? else {
            return Ok(Outcome::Refused(BindRefusal::NotConnected));
        };
        let pagerduty = &self.services.pagerduty;
        let search = search.trim();
        let found = integrations::asking(
            &self.services.integrations,
            &connection,
            |account| async move { pagerduty.search_schedules(&account, search).await },
        );
        settled(caller, found.await)
    }

    async fn preview_schedule(
        &self,
        caller: &Caller,
        rotation: RotationId,
        schedule: ScheduleId,
    ) -> Answer<SchedulePreview, BindRefusal> {
        self.may_browse(caller).await?;
        let store = &self.services.store;
        let rotation = self.visible_rotation(caller, &rotation).await?;
        let Some(connection) = self.connection(caller).await? else {
            return Ok(Outcome::Refused(BindRefusal::NotConnected));
        };
        let read = self.read(caller, &connection, &schedule).await?;
        let present = store
            .schedule_of(&caller.workspace, &rotation.id)
            .await
            .map_err(failed(caller))?
            .filter(|present| present.id != schedule)
            .map(|present| present.name);
        let directory = self.directory(caller).await?;
        settled(
            caller,
            read.map(|reading| preview(reading, &directory, &rotation, present)),
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
        match self.read(caller, &connection, schedule).await? {
            Ok(reading) => self.bind_to(caller, &connection, id, &reading).await,
            Err(problem) => settled(caller, Err(problem)),
        }
    }

    /// Binds a rotation to a schedule that was just read.
    pub(super) async fn bind_to(
        &self,
        caller: &Caller,
        connection: &Connection,
        id: &RotationId,
        reading: &Reading,
    ) -> Answer<(), BindRefusal> {
        let Reading { snapshot, read_at } = reading;
        let directory = self.directory(caller).await?;
        let rule = Rule {
            now: &|| self.services.integrations.pagerduty_now(connection),
            members: &|snapshot, now| snapshot.members(&directory, now),
        };
        let store = &self.services.store;
        let interval = self.services.config.pagerduty.poll_interval;
        // Along with the others, so that one run goes on reading them all.
        let poll_in = store
            .next_poll_in(&caller.workspace)
            .await
            .map_err(failed(caller))?
            .filter(|next| !next.is_zero())
            .map_or(interval, |next| next.min(interval));
        let bound = store
            .bind(
                connection,
                id,
                (snapshot, *read_at, poll_in),
                rule,
                |rotation| {
                    let name = snapshot.name.clone();
                    schedule_entry(caller, rotation, AuditAction::BoundSchedule, name)
                },
            )
            .await
            .map_err(failed(caller))?;
        match bound {
            BindEnd::Bound => {
                store
                    .request_sync(&caller.workspace)
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
    pub(super) async fn read(
        &self,
        caller: &Caller,
        connection: &Connection,
        schedule: &ScheduleId,
    ) -> Result<Result<Reading, AccessProblem>, AppError> {
        let services = &self.services;
        let pagerduty = &services.pagerduty;
        let read_at = services.integrations.pagerduty_now(connection);
        let (from, until) = sync::window(read_at);
        let known = services
            .store
            .bound_schedule(&connection.workspace, schedule)
            .await
            .map_err(failed(caller))?;
        let limit = known.as_ref().and_then(|known| known.answer_limit_seconds);
        let patient = pagerduty.waiting_for(limit.unwrap_or(ANSWER_LIMIT_SECONDS));
        let patient = &patient;
        let version = known.map(|known| known.version).unwrap_or_default();
        let read = integrations::asking(&services.integrations, connection, |account| async move {
            let answer = patient
                .schedule(&account, schedule, version, from, until)
                .await?;
            let roster = sync::roster(&services.sync, pagerduty, connection, &account).await;
            let roster = match roster {
                Ok(roster) => roster,
                Err(error) => return Ok(Err(error)),
            };
            Ok(Ok(sync::resolve(pagerduty, &account, answer, &roster).await))
        });
        let snapshot: Result<Result<ScheduleSnapshot, StoreError>, AccessProblem> = read.await;
        Ok(match snapshot {
            Ok(snapshot) => Ok(Reading {
                snapshot: snapshot.map_err(failed(caller))?,
                read_at,
            }),
            Err(problem) => Err(problem),
        })
    }

    /// The people of Slack, and who of PagerDuty is who among them.
    pub(super) async fn directory(&self, caller: &Caller) -> Result<Arc<Directory>, AppError> {
        let directory = self.services.store.directory(&caller.workspace).await;
        directory.map_err(failed(caller))
    }
}

/// What came of asking PagerDuty, as the caller is told it.
pub(super) fn settled<T>(
    caller: &Caller,
    asked: Result<T, AccessProblem>,
) -> Answer<T, BindRefusal> {
    match asked {
        Ok(value) => Ok(Outcome::Done(value)),
        Err(AccessProblem::PagerDuty(problem)) => Ok(Outcome::Refused(problem.into())),
        Err(AccessProblem::NotConnected) => Ok(Outcome::Refused(BindRefusal::NotConnected)),
        Err(AccessProblem::Stopping) => Err(AppError::Offline),
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
    if rotation.mode == RotationMode::Unknown {
        return Err(BindRefusal::from(RotationRefusal::UnknownMode).into());
    }
    Ok(NewAuditEntry {
        before: Some(rotation.mode.to_string()),
        after: Some(after),
        ..entry(&actor(caller), action, Some(&rotation.details.name))
    })
}

fn preview(
    reading: Reading,
    directory: &Directory,
    rotation: &Rotation,
    present_schedule: Option<String>,
) -> SchedulePreview {
    let Reading { snapshot, read_at } = reading;
    let members = snapshot.members(directory, read_at);
    let people = snapshot.people.iter().map(|person| {
        let (link, found) = link_of(person, directory);
        PreviewPerson {
            name: person.name.clone(),
            email: person.email.clone(),
            link,
            slack_name: found.map(|found| found.name.clone()),
            on_duty: is_on_call(&snapshot.shifts, &person.id, read_at),
        }
    });
    SchedulePreview {
        people: people.collect(),
        plan: coming(&snapshot.plan(directory), read_at),
        loss: loss(&rotation.members, &members, present_schedule),
        schedule: ScheduleSummary {
            id: snapshot.id,
            name: snapshot.name,
            time_zone: snapshot.time_zone,
            told_apart: None,
        },
        left_out: snapshot.left_out,
        read_at,
    }
}
