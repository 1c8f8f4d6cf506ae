//! Rotations: reading them, and everything people do to them.

use super::{RoundRobin, actor, failed};
use crate::{
    audit::entry,
    clock,
    store::{
        BoundSchedule, Connection, ListedRotation, ListedSchedule, NewAuditEntry, StoreError,
        StoredRecord,
    },
    sync,
};
use app::{
    AppError, Denial,
    backend::{Answer, Caller, Rotations},
};
use async_trait::async_trait;
use domain::{Member, Person, Plan, Record, Rotation, SchedulePerson, ScheduleSnapshot};
use std::{collections::HashMap, time::Duration};
use types::{
    Attention, AuditAction, BindingView, FieldProblem, FoundPeople, LinkState, MemberKey,
    MemberView, MoveDirection, Outcome, Outlook, PagerDutyUserId, PersonId, PersonView, Role,
    RotationCard, RotationDetails, RotationField, RotationFilter, RotationId, RotationInput,
    RotationMode, RotationPage, RotationRefusal, ScheduleHealth, Stretch, Timestamp,
};
use uuid::Uuid;

/// How many people are offered at once to choose from.
const PEOPLE_LISTED: usize = 20;

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
    if !domain::may_see(rotation, &actor(caller)) {
        Err(AppError::NotFound)
    } else if !domain::may_edit(rotation, &actor(caller)) {
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
        let store = &self.services.store;
        let workspace = &caller.workspace;
        let connection = self.connection(caller).await?;
        let overview = store
            .rotation_overview(workspace)
            .await
            .map_err(failed(caller))?;
        let states = match &connection {
            Some(_) => store
                .listed_schedules(workspace)
                .await
                .map_err(failed(caller))?,
            // Nothing follows a schedule where nothing is connected.
            None => HashMap::new(),
        };
        let now = self.now(connection.as_ref());
        let interval = self.services.config.pagerduty.poll_interval;
        Ok(overview
            .rotations
            .iter()
            .filter(|rotation| rotation.is_seen_by(&caller.person, caller.role))
            .filter(|rotation| domain::matches(&rotation.details, rotation.mode, &filter))
            .map(|rotation| {
                let schedule = rotation.schedule.as_ref();
                let state = schedule.and_then(|schedule| states.get(schedule));
                let attention = connection
                    .as_ref()
                    .zip(state)
                    .and_then(|(connection, state)| attention(state, connection, now, interval));
                let stretches = schedule.and_then(|schedule| overview.plans.get(schedule));
                let plan = plan(
                    (rotation.mode, &rotation.details),
                    stretches.map(Vec::as_slice),
                    state.and_then(|state| state.confirmed_at),
                );
                card(rotation, plan.outlook(&rotation.members, now), attention)
            })
            .collect())
    }

    async fn rotation(&self, caller: &Caller, id: RotationId) -> Result<RotationPage, AppError> {
        // The id comes from the address and may be anything.
        let id = RotationId::parse(id.as_str()).ok_or(AppError::NotFound)?;
        let store = &self.services.store;
        let rotation = self.visible_rotation(caller, &id).await?;
        let directory = self.directory(caller).await?;
        let connection = self.connection(caller).await?;
        let now = self.now(connection.as_ref());
        let interval = self.services.config.pagerduty.poll_interval;
        let bound = match &connection {
            Some(connection) => {
                let bound = self.bound_to(caller, &id).await?;
                bound.map(|(schedule, snapshot)| {
                    let stretches = snapshot.plan(&directory);
                    let binding = binding_view(schedule, connection, now, interval);
                    (binding, snapshot.people, stretches)
                })
            }
            None => None,
        };
        let history = store.duty_history(&id).await.map_err(failed(caller))?;
        let history: Vec<_> = history
            .into_iter()
            .map(|stored| recorded(stored, &rotation.members))
            .collect();
        let stretches = bound.as_ref().map(|(_, _, stretches)| stretches.as_slice());
        let confirmed_at = bound
            .as_ref()
            .and_then(|(binding, _, _)| binding.confirmed_at);
        let plan = plan((rotation.mode, &rotation.details), stretches, confirmed_at);
        let mut outlook = plan.outlook(&rotation.members, now);
        domain::note_following(&mut outlook, &history);
        let timeline = domain::timeline(&history, stretches.unwrap_or_default(), now);
        let (binding, people, stretches) = bound.map_or_else(
            || (None, Vec::new(), Vec::new()),
            |(binding, people, stretches)| (Some(binding), people, stretches),
        );
        Ok(RotationPage {
            outlook,
            plan: domain::coming(&stretches, now),
            history: history.iter().map(Record::stretch).collect(),
            timeline,
            may_link: connection.is_some() && caller.role.administers(),
            may_edit: domain::may_edit(&rotation, &actor(caller)),
            pagerduty_connected: connection.is_some(),
            owners: owner_views(&rotation.owners, &directory),
            members: rotation
                .members
                .iter()
                .map(|member| member_view(member, &people))
                .collect(),
            id: rotation.id,
            details: rotation.details,
            mode: rotation.mode,
            binding,
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
                &actor(caller),
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
                    ..entry(&actor(caller), AuditAction::DeletedRotation, Some(name))
                })
            })
            .await
            .map_err(failed(caller))?;
        deleted.unwrap_or(Err(AppError::NotFound))?;
        self.publish_rotation(caller, &id);
        Ok(())
    }

    async fn rotate(&self, caller: &Caller, id: RotationId) -> Answer<(), RotationRefusal> {
        self.change(caller, &id, AuditAction::Rotated, |rotation, entry| {
            entry.before = Some(rotation.on_duty_names());
            domain::rotate(rotation, entry.at)?;
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
        self.change(caller, &id, AuditAction::SetOnDuty, |rotation, entry| {
            entry.before = Some(rotation.on_duty_names());
            domain::set_on_duty(rotation, &member, entry.at)?;
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
            domain::remove_owner(rotation, &person, &actor(caller))?;
            entry.before = name.or_else(|| Some(person.to_string()));
            Ok(())
        })
        .await
    }

    async fn people(&self, caller: &Caller, search: String) -> Result<FoundPeople, AppError> {
        // Every rotation page asks, whether or not its reader may choose anybody.
        match self.may_browse(caller).await {
            Err(AppError::Forbidden(_)) => return Ok(FoundPeople::default()),
            checked => checked?,
        }
        let directory = self.directory(caller).await?;
        let (people, more) = domain::find_people(directory.people(), &search, PEOPLE_LISTED);
        Ok(FoundPeople {
            people: told_apart(&people),
            more,
        })
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
                let mut entry = entry(&actor(caller), action, Some(&rotation.details.name));
                rule(rotation, &mut entry)?;
                Ok(entry)
            })
            .await;
        if matches!(changed, Ok(Some(Ok(true)))) {
            self.publish_rotation(caller, id);
        }
        match changed {
            Err(StoreError::CodeTaken) => Ok(Outcome::Refused(code_taken())),
            Err(error) => Err(failed(caller)(error)),
            Ok(changed) => answer(changed.map(|changed| changed.map(|_| ()))),
        }
    }

    /// What time it is for duties: PagerDuty's clock, or else ours.
    fn now(&self, connection: Option<&Connection>) -> Timestamp {
        connection.map_or_else(clock::now, |connection| {
            self.services.integrations.pagerduty_now(connection)
        })
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
            .filter(|rotation| domain::may_see(rotation, &actor(caller)))
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
        let overview = self
            .services
            .store
            .rotation_overview(&caller.workspace)
            .await
            .map_err(failed(caller))?;
        let mut relations = overview
            .rotations
            .iter()
            .map(|rotation| rotation.relation_to(&caller.person));
        if relations.any(|relation| relation.may_edit(caller.role)) {
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

/// Why what a schedule says cannot be confirmed at present, if so.
fn attention(
    schedule: &ListedSchedule,
    connection: &Connection,
    now: Timestamp,
    interval: Duration,
) -> Option<Attention> {
    let health = sync::schedule_health(connection.into(), schedule.into(), now, interval);
    (health >= ScheduleHealth::Stale).then_some(Attention {
        health,
        confirmed_at: schedule.confirmed_at,
    })
}

/// What decides who is on duty: the stretches that a bound schedule plans, as confirmed at
/// that time, or else the members by hand.
fn plan<'a>(
    (mode, details): (RotationMode, &RotationDetails),
    stretches: Option<&'a [Stretch]>,
    confirmed_at: Option<Timestamp>,
) -> Plan<'a> {
    match (mode, stretches) {
        (RotationMode::Manual, _) => Plan::ByHand {
            duty_size: details.duty_size,
        },
        (RotationMode::PagerDuty, Some(stretches)) => Plan::Planned {
            stretches,
            known_until: sync::window(confirmed_at.unwrap_or(Timestamp::from_millis(0))).1,
        },
        _ => Plan::Unknown,
    }
}

fn card(rotation: &ListedRotation, outlook: Outlook, attention: Option<Attention>) -> RotationCard {
    RotationCard {
        id: rotation.id.clone(),
        name: rotation.details.name.clone(),
        code: rotation.details.code.clone(),
        mode: rotation.mode,
        visibility: rotation.details.visibility,
        member_count: rotation.member_count,
        outlook,
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

/// The names, each with the e-mail where somebody else has the same.
fn told_apart(people: &[&Person]) -> Vec<(PersonId, String)> {
    let told = people.iter().map(|person| {
        let namesakes = people.iter().filter(|other| other.name == person.name);
        let name = match &person.email {
            Some(email) if namesakes.count() > 1 => format!("{} ({email})", person.name),
            _ => person.name.clone(),
        };
        (person.id.clone(), name)
    });
    told.collect()
}

fn recorded(stored: StoredRecord, members: &[Member]) -> Record {
    Record {
        holder: domain::holder_of(&stored.person, &stored.name, members),
        duty_since: stored.duty_since,
        starts_at: stored.starts_at,
        ends_at: stored.ends_at,
    }
}

/// A member, and what PagerDuty calls them where an admin linked them to another name.
fn member_view(member: &Member, people: &[SchedulePerson]) -> MemberView {
    let other_name = |user: &PagerDutyUserId| {
        let person = people.iter().find(|person| person.id == *user)?;
        (member.link == LinkState::LinkedByHand && person.name != member.name)
            .then(|| person.name.clone())
    };
    MemberView {
        key: member.key.clone(),
        pagerduty_user: member.pagerduty_user.clone(),
        pagerduty_name: member.pagerduty_user.as_ref().and_then(other_name),
        name: member.name.clone(),
        email: member.email.clone(),
        link: member.link,
    }
}

/// By name.
fn owner_views(owners: &[PersonId], directory: &domain::Directory) -> Vec<PersonView> {
    let mut owners: Vec<_> = owners
        .iter()
        .filter_map(|owner| directory.person(owner).cloned())
        .map(PersonView::from)
        .collect();
    owners.sort_by_cached_key(|owner| owner.name.to_lowercase());
    owners
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namesakes_are_told_apart() {
        let person = |id: &str, name: &str| Person {
            id: PersonId::new(id),
            name: name.to_owned(),
            email: Some(format!("{id}@a.com")),
            role: Role::Member,
            deactivated: false,
        };
        let all = [
            person("U1", "Ann"),
            person("U2", "Ann"),
            person("U3", "Bob"),
        ];
        let told = told_apart(&all.iter().collect::<Vec<_>>());
        let names: Vec<_> = told.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["Ann (U1@a.com)", "Ann (U2@a.com)", "Bob"]);
    }
}
