//! Rotations: reading them, and everything people do to them.

use super::{RoundRobin, failed};
use crate::{
    audit::entry,
    clock,
    pagerduty::ScheduleSnapshot,
    store::{BoundSchedule, Connection, ListedRotation, NewAuditEntry, StoreError},
    sync,
};
use app::{
    AppError, Denial,
    backend::{Answer, Caller, Rotations},
};
use async_trait::async_trait;
use domain::{Directory, Member, PeopleIndex, Person, Rotation, link_of};
use std::{collections::HashMap, time::Duration};
use types::{
    Attention, AuditAction, BindingView, FieldProblem, MemberKey, MoveDirection, NextOnDuty,
    OnDutyView, Outcome, PersonId, PersonView, Role, RotationCard, RotationField, RotationFilter,
    RotationId, RotationInput, RotationMode, RotationPage, RotationRefusal, ScheduleHealth,
    ShiftView, Timestamp,
};
use uuid::Uuid;

/// Why a change stops: the caller may not, or the rules refuse.
pub(super) enum Stop<R> {
    Error(AppError),
    Refused(R),
}

impl<R> From<R> for Stop<R> {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal)
    }
}

/// Lets owners and admins through. Whoever may not see the rotation is not told
/// that it exists.
pub(super) fn must_edit(rotation: &Rotation, caller: &Caller) -> Result<(), AppError> {
    if !domain::may_see(rotation, &caller.person, caller.role) {
        Err(AppError::NotFound)
    } else if !domain::may_edit(rotation, &caller.person, caller.role) {
        Err(AppError::Forbidden(Denial::EditRotation))
    } else {
        Ok(())
    }
}

/// The answer that a change inside the store came to.
pub(super) fn answer<R>(changed: Option<Result<(), Stop<R>>>) -> Answer<(), R> {
    match changed {
        None => Err(AppError::NotFound),
        Some(Ok(())) => Ok(Outcome::Done(())),
        Some(Err(Stop::Refused(refusal))) => Ok(Outcome::Refused(refusal)),
        Some(Err(Stop::Error(error))) => Err(error),
    }
}

fn code_taken() -> RotationRefusal {
    RotationRefusal::Fields(vec![(RotationField::Code, FieldProblem::CodeTaken)])
}

#[async_trait]
impl Rotations for RoundRobin {
    async fn rotations(
        &self,
        caller: &Caller,
        filter: RotationFilter,
    ) -> Result<Vec<RotationCard>, AppError> {
        let connection = self.connection(caller).await?;
        // Nothing has shifts where nothing is connected.
        let now = connection.as_ref().map_or_else(clock::now, |connection| {
            self.services.pagerduty_now(connection)
        });
        let all = self
            .services
            .store
            .rotation_overview(&caller.workspace, now)
            .await
            .map_err(failed(caller))?;
        let interval = self.services.config.pagerduty.poll_interval;
        Ok(all
            .iter()
            .filter(|rotation| {
                let relation = rotation.relation_to(&caller.person);
                relation.may_see(rotation.details.visibility, caller.role)
            })
            .filter(|rotation| domain::matches(&rotation.details, rotation.mode, &filter))
            .map(|rotation| {
                let attention = connection
                    .as_ref()
                    .and_then(|connection| attention(rotation, connection, now, interval));
                card(rotation, attention)
            })
            .collect())
    }

    async fn rotation(&self, caller: &Caller, id: RotationId) -> Result<RotationPage, AppError> {
        // The id comes from the address and may be anything.
        let id = RotationId::parse(id.as_str()).ok_or(AppError::NotFound)?;
        let store = &self.services.store;
        let rotation = self.visible_rotation(caller, &id).await?;
        let (people, links) = self.directory(caller).await?;
        let index = PeopleIndex::new(&people);
        let connection = self.connection(caller).await?;
        let bound = match &connection {
            Some(connection) => {
                let bound = self.bound_to(caller, &id).await?;
                bound.map(|(schedule, snapshot)| {
                    let now = self.services.pagerduty_now(connection);
                    let directory = Directory::new(&index, &links);
                    let shifts = shift_views(&snapshot, &directory, now);
                    let interval = self.services.config.pagerduty.poll_interval;
                    let binding = binding_view(schedule, connection, now, interval);
                    (binding, shifts)
                })
            }
            None => None,
        };
        let (binding, shifts) = bound.map_or_else(
            || (None, Vec::new()),
            |(binding, shifts)| (Some(binding), shifts),
        );
        let history = store.duty_history(&id).await.map_err(failed(caller))?;
        Ok(RotationPage {
            history,
            may_link: connection.is_some() && caller.role.administers(),
            may_edit: domain::may_edit(&rotation, &caller.person, caller.role),
            pagerduty_connected: connection.is_some(),
            owners: owner_views(&rotation.owners, &people),
            members: rotation.members.iter().map(Member::view).collect(),
            id: rotation.id,
            details: rotation.details,
            mode: rotation.mode,
            binding,
            shifts,
        })
    }

    async fn create_rotation(
        &self,
        caller: &Caller,
        input: RotationInput,
    ) -> Answer<RotationId, RotationRefusal> {
        if caller.role == Role::Guest {
            return Err(AppError::Forbidden(Denial::CreateRotation));
        }
        let details = match input.checked() {
            Ok(details) => details,
            Err(problems) => return Ok(Outcome::Refused(RotationRefusal::Fields(problems))),
        };
        let rotation = Rotation {
            id: RotationId::new(Uuid::now_v7().simple().to_string()),
            workspace: caller.workspace.clone(),
            mode: RotationMode::Manual,
            owners: vec![caller.person.clone()],
            members: Vec::new(),
            details,
        };
        let entry = NewAuditEntry {
            after: Some(described(&rotation)),
            ..entry(
                caller,
                AuditAction::CreatedRotation,
                Some(&rotation.details.name),
            )
        };
        match self.services.store.create_rotation(&rotation, &entry).await {
            Ok(()) => {
                self.publish_rotation(caller, &rotation.id);
                Ok(Outcome::Done(rotation.id))
            }
            Err(StoreError::CodeTaken) => Ok(Outcome::Refused(code_taken())),
            Err(error) => Err(failed(caller)(error)),
        }
    }

    async fn edit_rotation(
        &self,
        caller: &Caller,
        id: RotationId,
        input: RotationInput,
    ) -> Answer<(), RotationRefusal> {
        let details = input.checked();
        self.change(
            caller,
            &id,
            AuditAction::EditedRotation,
            |rotation, entry| {
                let before = described(rotation);
                rotation.details = details.map_err(RotationRefusal::Fields)?;
                entry.before = Some(before);
                entry.after = Some(described(rotation));
                Ok(())
            },
        )
        .await
    }

    async fn delete_rotation(&self, caller: &Caller, id: RotationId) -> Result<(), AppError> {
        let deleted = self
            .services
            .store
            .delete_rotation(&caller.workspace, &id, |rotation| {
                must_edit(rotation, caller)?;
                let name = &rotation.details.name;
                Ok(NewAuditEntry {
                    before: Some(described(rotation)),
                    ..entry(caller, AuditAction::DeletedRotation, Some(name))
                })
            })
            .await
            .map_err(failed(caller))?;
        deleted.unwrap_or(Err(AppError::NotFound))?;
        self.publish_rotation(caller, &id);
        Ok(())
    }

    async fn rotate(&self, caller: &Caller, id: RotationId) -> Answer<(), RotationRefusal> {
        let now = clock::now();
        self.change(caller, &id, AuditAction::Rotated, |rotation, entry| {
            entry.before = Some(rotation.on_duty_names());
            domain::rotate(rotation, now)?;
            entry.after = Some(rotation.on_duty_names());
            Ok(())
        })
        .await
    }

    async fn set_on_duty(
        &self,
        caller: &Caller,
        id: RotationId,
        member: MemberKey,
    ) -> Answer<(), RotationRefusal> {
        let now = clock::now();
        self.change(caller, &id, AuditAction::SetOnDuty, |rotation, entry| {
            entry.before = Some(rotation.on_duty_names());
            domain::set_on_duty(rotation, &member, now)?;
            entry.after = Some(rotation.on_duty_names());
            Ok(())
        })
        .await
    }

    async fn add_member(
        &self,
        caller: &Caller,
        id: RotationId,
        person: PersonId,
    ) -> Answer<(), RotationRefusal> {
        let person = self.person(caller, &person).await?;
        self.change(caller, &id, AuditAction::AddedMember, |rotation, entry| {
            let person = person.ok_or(RotationRefusal::NobodyChosen)?;
            domain::add_member(rotation, &person)?;
            entry.after = Some(person.name);
            Ok(())
        })
        .await
    }

    async fn remove_member(
        &self,
        caller: &Caller,
        id: RotationId,
        member: MemberKey,
    ) -> Answer<(), RotationRefusal> {
        self.change(
            caller,
            &id,
            AuditAction::RemovedMember,
            |rotation, entry| {
                entry.before = Some(domain::remove_member(rotation, &member)?);
                Ok(())
            },
        )
        .await
    }

    async fn move_member(
        &self,
        caller: &Caller,
        id: RotationId,
        member: MemberKey,
        direction: MoveDirection,
    ) -> Answer<(), RotationRefusal> {
        self.change(caller, &id, AuditAction::MovedMember, |rotation, entry| {
            entry.after = Some(domain::move_member(rotation, &member, direction)?);
            Ok(())
        })
        .await
    }

    async fn add_owner(
        &self,
        caller: &Caller,
        id: RotationId,
        person: PersonId,
    ) -> Answer<(), RotationRefusal> {
        let person = self.person(caller, &person).await?;
        self.change(caller, &id, AuditAction::AddedOwner, |rotation, entry| {
            let person = person.ok_or(RotationRefusal::NobodyChosen)?;
            domain::add_owner(rotation, &person)?;
            entry.after = Some(person.name);
            Ok(())
        })
        .await
    }

    async fn remove_owner(
        &self,
        caller: &Caller,
        id: RotationId,
        person: PersonId,
    ) -> Answer<(), RotationRefusal> {
        let name = self
            .person(caller, &person)
            .await?
            .map(|person| person.name);
        self.change(caller, &id, AuditAction::RemovedOwner, |rotation, entry| {
            domain::remove_owner(rotation, &person, &caller.person)?;
            entry.before = name.or_else(|| Some(person.to_string()));
            Ok(())
        })
        .await
    }

    async fn people(&self, caller: &Caller) -> Result<Vec<PersonView>, AppError> {
        // Every rotation page asks, whether or not its reader may choose anybody.
        match self.may_browse(caller).await {
            Err(AppError::Forbidden(_)) => return Ok(Vec::new()),
            checked => checked?,
        }
        let people = self
            .services
            .store
            .people(&caller.workspace)
            .await
            .map_err(failed(caller))?;
        Ok(people
            .into_iter()
            .filter(|person| !person.deactivated)
            .map(PersonView::from)
            .collect())
    }
}

impl RoundRobin {
    /// Changes a rotation by `rule`, for callers who may edit it, and tells the
    /// open pages.
    async fn change(
        &self,
        caller: &Caller,
        id: &RotationId,
        action: AuditAction,
        rule: impl FnOnce(&mut Rotation, &mut NewAuditEntry) -> Result<(), RotationRefusal> + Send,
    ) -> Answer<(), RotationRefusal> {
        let changed = self
            .services
            .store
            .change_rotation(&caller.workspace, id, |rotation| {
                must_edit(rotation, caller).map_err(Stop::Error)?;
                let mut entry = entry(caller, action, Some(&rotation.details.name));
                rule(rotation, &mut entry)?;
                Ok(entry)
            })
            .await;
        let outcome = match changed {
            Err(StoreError::CodeTaken) => Ok(Outcome::Refused(code_taken())),
            Err(error) => Err(failed(caller)(error)),
            Ok(changed) => answer(changed),
        }?;
        if outcome.done().is_some() {
            self.publish_rotation(caller, id);
        }
        Ok(outcome)
    }

    /// A rotation that the caller may see; nobody is told that others exist.
    pub(super) async fn visible_rotation(
        &self,
        caller: &Caller,
        id: &RotationId,
    ) -> Result<Rotation, AppError> {
        let rotation = self
            .services
            .store
            .rotation(&caller.workspace, id)
            .await
            .map_err(failed(caller))?;
        rotation
            .filter(|rotation| domain::may_see(rotation, &caller.person, caller.role))
            .ok_or(AppError::NotFound)
    }

    async fn person(&self, caller: &Caller, id: &PersonId) -> Result<Option<PersonView>, AppError> {
        let found = self
            .services
            .store
            .person(&caller.workspace, id)
            .await
            .map_err(failed(caller))?;
        Ok(found.map(PersonView::from))
    }

    /// Whoever may edit some rotation may look for people and schedules to put
    /// into it. A full member can always make one.
    pub(super) async fn may_browse(&self, caller: &Caller) -> Result<(), AppError> {
        if caller.role != Role::Guest {
            return Ok(());
        }
        let rotations = self
            .services
            .store
            .rotations(&caller.workspace)
            .await
            .map_err(failed(caller))?;
        if rotations
            .iter()
            .any(|rotation| domain::may_edit(rotation, &caller.person, caller.role))
        {
            Ok(())
        } else {
            Err(AppError::Forbidden(Denial::BrowseAsGuest))
        }
    }

    /// The schedule that a rotation is bound to, with its people and shifts.
    async fn bound_to(
        &self,
        caller: &Caller,
        id: &RotationId,
    ) -> Result<Option<(BoundSchedule, ScheduleSnapshot)>, AppError> {
        let store = &self.services.store;
        let Some(schedule) = store
            .schedule_of(&caller.workspace, id)
            .await
            .map_err(failed(caller))?
        else {
            return Ok(None);
        };
        let snapshot = store
            .schedule_snapshot(&caller.workspace, schedule.clone())
            .await
            .map_err(failed(caller))?;
        Ok(Some((schedule, snapshot)))
    }
}

/// Why the state of a bound rotation cannot be confirmed at present, if so.
fn attention(
    rotation: &ListedRotation,
    connection: &Connection,
    now: Timestamp,
    interval: Duration,
) -> Option<Attention> {
    let schedule = rotation.schedule.as_ref()?;
    let health = sync::schedule_health(connection.into(), schedule.into(), now, interval);
    (health >= ScheduleHealth::Stale).then_some(Attention {
        health,
        confirmed_at: schedule.confirmed_at,
    })
}

/// Who takes over next.
fn next_on_duty(rotation: &ListedRotation) -> Option<NextOnDuty> {
    let members = &rotation.members;
    match rotation.mode {
        RotationMode::Manual => {
            domain::next_by_hand(members, rotation.details.duty_size).map(|member| NextOnDuty {
                name: member.name.clone(),
                starts_at: None,
            })
        }
        RotationMode::PagerDuty => {
            domain::next_by_schedule(members, &rotation.coming).map(|shift| NextOnDuty {
                name: shift.name.clone(),
                starts_at: Some(shift.starts_at),
            })
        }
    }
}

fn card(rotation: &ListedRotation, attention: Option<Attention>) -> RotationCard {
    let on_duty = rotation.members.iter().filter_map(|member| {
        member.duty.as_ref().map(|duty| OnDutyView {
            name: member.name.clone(),
            since: duty.since,
            until: duty.until,
        })
    });
    RotationCard {
        id: rotation.id.clone(),
        name: rotation.details.name.clone(),
        code: rotation.details.code.clone(),
        mode: rotation.mode,
        visibility: rotation.details.visibility,
        member_count: rotation.member_count,
        on_duty: on_duty.collect(),
        next: next_on_duty(rotation),
        attention,
    }
}

fn binding_view(
    schedule: BoundSchedule,
    connection: &Connection,
    now: Timestamp,
    interval: Duration,
) -> BindingView {
    let health = sync::schedule_health(connection.into(), (&schedule).into(), now, interval);
    let stale_at = |confirmed_at| sync::stale_at(confirmed_at, interval);
    // One that is overdue is asked for as soon as may be.
    let next = schedule.poll_at.max(connection.ask_after);
    let next = next.max(connection.as_of);
    BindingView {
        schedule: schedule.id,
        schedule_name: schedule.name,
        schedule_url: schedule.url,
        time_zone: schedule.time_zone,
        confirmed_at: schedule.confirmed_at,
        stale_at: schedule.confirmed_at.map(stale_at),
        health,
        next_sync_at: connection.shown(next),
        // What ails the connection ails every schedule of it.
        problem: connection
            .problem
            .clone()
            .or(schedule.problem)
            .filter(|_| health >= ScheduleHealth::NeedsAttention),
        left_out: schedule.left_out,
    }
}

/// The shifts that have not ended at `now`, under the names that the page uses.
pub(super) fn shift_views(
    snapshot: &ScheduleSnapshot,
    directory: &Directory<'_>,
    now: Timestamp,
) -> Vec<ShiftView> {
    let named: HashMap<_, _> = snapshot
        .people
        .iter()
        .map(|person| {
            let (_, found) = link_of(person, directory);
            let (key, name) = match found {
                Some(found) => (MemberKey::of_person(&found.id), &found.name),
                None => (MemberKey::of_pagerduty_user(&person.id), &person.name),
            };
            (&person.id, (key, name))
        })
        .collect();
    snapshot
        .shifts
        .iter()
        .filter(|shift| shift.ends_at > now)
        .filter_map(|shift| {
            let (member, name) = named.get(&shift.user)?;
            Some(ShiftView {
                member: member.clone(),
                name: (*name).clone(),
                starts_at: shift.starts_at,
                ends_at: shift.ends_at,
            })
        })
        .collect()
}

fn owner_views(owners: &[PersonId], people: &[Person]) -> Vec<PersonView> {
    people
        .iter()
        .filter(|person| owners.contains(&person.id))
        .cloned()
        .map(PersonView::from)
        .collect()
}

/// A rotation's details in words, for the audit log.
fn described(rotation: &Rotation) -> String {
    let details = &rotation.details;
    let code = details.code.as_deref().unwrap_or("no code");
    format!(
        "{} ({code}), {}, duty size {}",
        details.name,
        details.visibility.code(),
        details.duty_size
    )
}
