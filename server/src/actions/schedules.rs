//! Searching, previewing and binding PagerDuty schedules, and schedules of a rotation's own.

use super::{
    Failure, Stop, connections,
    editing::told_of_edit,
    publish_rotation, reads_since,
    rights::{editable, must_browse, must_edit},
    rotations,
};
use crate::{
    Services,
    audit::entry_about,
    clock,
    integrations::{self, AccessProblem},
    pagerduty::ANSWER_LIMIT_SECONDS,
    store::{Asked, BindEnd, Connection, NewAuditEntry, Rule, StoreError},
    sync,
};
use domain::{
    Actor, Directory, Plan, Rotation, ScheduleSnapshot, Window,
    rota::{FilledIn, OwnDay, Rota},
};
use std::sync::Arc;
use types::{
    AuditAction, BindRefusal, FoundSchedules, RotaInput, RotaPreview, RotationId, RotationMode,
    RotationRefusal, ScheduleChoice, ScheduleId, ScheduleWish, Timestamp,
};

/// A schedule as PagerDuty had it a moment ago.
pub struct Reading {
    pub snapshot: ScheduleSnapshot,
    pub asked: Asked,
}

/// What binding a rotation to a schedule would start from.
pub struct Preview {
    pub reading: Reading,
    pub rotation: Rotation,
    pub directory: Arc<Directory>,
    /// The name of the schedule that the rotation follows now, if it is another one.
    pub present_schedule: Option<String>,
}

pub async fn search(
    services: &Services,
    actor: &Actor,
    search: &str,
) -> Result<FoundSchedules, Stop<BindRefusal>> {
    must_browse(services, actor).await?;
    let connection = connected(services, actor).await?;
    let pagerduty = &services.pagerduty;
    let search = search.trim();
    let found = integrations::asking(&services.integrations, &connection, |account| async move {
        pagerduty.search_schedules(&account, search).await
    });
    Ok(found.await?)
}

pub async fn preview(
    services: &Services,
    actor: &Actor,
    rotation: &RotationId,
    schedule: &ScheduleId,
) -> Result<Preview, Stop<BindRefusal>> {
    must_browse(services, actor).await?;
    let rotation = rotations::visible(services, actor, rotation).await?;
    let connection = connected(services, actor).await?;
    let reading = read(services, &connection, schedule).await?;
    let store = &services.store;
    let present = store.schedule_of(&actor.workspace, &rotation.id).await?;
    Ok(Preview {
        reading,
        rotation,
        directory: directory(services, actor).await?,
        present_schedule: present
            .filter(|present| present.id != *schedule)
            .map(|present| present.name),
    })
}

/// Has a rotation follow a schedule, PagerDuty's or its own, or its members by hand.
pub async fn set(
    services: &Services,
    actor: &Actor,
    rotation: &RotationId,
    wish: &ScheduleWish,
) -> Result<(), Stop<BindRefusal>> {
    // Answered before PagerDuty is asked. The change itself looks again.
    editable(services, actor, rotation).await?;
    let seen = wish.version.as_str();
    let set = match &wish.choice {
        ScheduleChoice::Manual => unbind(services, actor, rotation, seen).await,
        ScheduleChoice::Scheduled(input) => {
            set_rota(services, actor, rotation, (input, seen)).await
        }
        ScheduleChoice::PagerDuty(schedule) => {
            let connection = connected(services, actor).await?;
            let reading = read(services, &connection, schedule).await?;
            bind(services, actor, &connection, rotation, (&reading, seen)).await
        }
    };
    match set {
        Err(Stop::Refused(BindRefusal::Rotation(refusal))) => {
            let refusal = told_of_edit(services, actor, refusal).await?;
            return Err(BindRefusal::from(refusal).into());
        }
        set => set?,
    }
    publish_rotation(services, actor, rotation);
    services.sync.wake();
    services.sync.signals.clock.wake();
    Ok(())
}

/// What a schedule of its own would bring a rotation.
pub async fn preview_rota(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    input: &RotaInput,
) -> Result<RotaPreview, Stop<BindRefusal>> {
    let rotation = editable(services, actor, id).await?;
    let store = &services.store;
    let own = store.own_holidays(&actor.workspace).await?;
    let own: Vec<_> = own.into_iter().map(|holiday| holiday.day).collect();
    let now = store.time();
    let filled_in = filled_in(input, &own, now)?;
    let absences = store.absences_of_members(&rotation, now).await?;
    Ok(domain::rota::preview(filled_in, &rotation, absences, now))
}

/// What it would bring a rotation that somebody rotates by hand from now on.
pub(super) fn preview_manual(services: &Services, rotation: &Rotation) -> RotaPreview {
    let words = "Somebody rotates by hand".to_owned();
    domain::rota::preview_by_hand(words, rotation, services.store.time())
}

async fn unbind(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    seen: &str,
) -> Result<(), Stop<BindRefusal>> {
    let unbound = services
        .store
        .unbind(&actor.workspace, id, |rotation| {
            let manual = RotationMode::Manual.to_string();
            schedule_entry(
                actor,
                rotation,
                seen,
                (AuditAction::UnboundSchedule, manual),
            )
        })
        .await?;
    unbound.ok_or(Failure::NotFound)?
}

/// Gives a rotation a schedule of its own, or changes the one that it has.
async fn set_rota(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (input, seen): (&RotaInput, &str),
) -> Result<(), Stop<BindRefusal>> {
    let set = services
        .store
        .set_rota(&actor.workspace, id, |rotation, own, now| {
            let FilledIn { terms, duty_size } = filled_in(input, own, now)?;
            let words = terms.in_words();
            let entry = schedule_entry(actor, rotation, seen, (AuditAction::SetRota, words))?;
            rotation.details.duty_size = duty_size;
            let rota = Rota::begun(terms, rotation, now);
            rotation.plan = Plan::Scheduled(Box::new(rota));
            Ok::<_, Stop<BindRefusal>>(entry)
        })
        .await?;
    set.ok_or(Failure::NotFound)?
}

/// What was filled in, in a workspace that has decided this about holidays.
fn filled_in(input: &RotaInput, own: &[OwnDay], now: Timestamp) -> Result<FilledIn, BindRefusal> {
    let FilledIn { terms, duty_size } = FilledIn::checked(input, now).map_err(BindRefusal::Rota)?;
    Ok(FilledIn {
        terms: terms.with_holidays(own),
        duty_size,
    })
}

/// Binds a rotation to a schedule that was just read.
pub(super) async fn bind(
    services: &Services,
    actor: &Actor,
    connection: &Connection,
    id: &RotationId,
    (reading, seen): (&Reading, &str),
) -> Result<(), Stop<BindRefusal>> {
    let Reading { snapshot, asked } = reading;
    let directory = directory(services, actor).await?;
    let rule = Rule {
        now: &|| services.integrations.pagerduty_now(connection),
        directory: &directory,
    };
    let store = &services.store;
    let interval = services.config.pagerduty.poll_interval;
    // Along with the others, so that one run goes on reading them all.
    let poll_in = store
        .next_poll_in(&actor.workspace)
        .await?
        .filter(|next| !next.is_zero())
        .map_or(interval, |next| next.min(interval));
    let bound = store
        .bind(
            connection,
            id,
            (snapshot, *asked, poll_in),
            rule,
            |rotation| {
                let name = snapshot.name.clone();
                schedule_entry(actor, rotation, seen, (AuditAction::BoundSchedule, name))
            },
        )
        .await?;
    match bound {
        BindEnd::Bound => Ok(store.request_sync(&actor.workspace).await?),
        BindEnd::Refused(stop) => Err(stop),
        BindEnd::RotationGone => Err(Failure::NotFound.into()),
        BindEnd::ConnectionChanged => Err(BindRefusal::ConnectionChanged.into()),
    }
}

/// Reads a schedule as it is now, with the names of its people.
pub(super) async fn read(
    services: &Services,
    connection: &Connection,
    schedule: &ScheduleId,
) -> Result<Reading, AccessProblem> {
    let pagerduty = &services.pagerduty;
    let asked_at = clock::now();
    let Window { from, until } = Window::long(services.integrations.pagerduty_now(connection));
    let known = services
        .store
        .bound_schedule(&connection.workspace, schedule)
        .await?;
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
    let snapshot: Result<ScheduleSnapshot, StoreError> = read.await?;
    Ok(Reading {
        snapshot: snapshot?,
        asked: Asked {
            at: pagerduty.at(connection.credential.region, asked_at),
            until,
        },
    })
}

/// The people of Slack, and who of PagerDuty is who among them.
pub(super) async fn directory(
    services: &Services,
    actor: &Actor,
) -> Result<Arc<Directory>, StoreError> {
    let since = reads_since(actor);
    services
        .store
        .directory_since(&actor.workspace, since)
        .await
}

async fn connected(services: &Services, actor: &Actor) -> Result<Connection, Stop<BindRefusal>> {
    let connection = connections::present(services, actor).await?;
    connection.ok_or_else(|| BindRefusal::NotConnected.into())
}

/// The audit entry of a change of schedule, for actors who may make it and have `seen` the version
/// that there is.
fn schedule_entry(
    actor: &Actor,
    rotation: &Rotation,
    seen: &str,
    (action, after): (AuditAction, String),
) -> Result<NewAuditEntry, Stop<BindRefusal>> {
    must_edit(rotation, actor)?;
    if rotation.plan == Plan::Unknown {
        return Err(BindRefusal::from(RotationRefusal::UnknownMode).into());
    }
    if let Some(edit) = rotation.edited_since(seen) {
        return Err(BindRefusal::from(RotationRefusal::edited_meanwhile(edit)).into());
    }
    let words = rotation.plan.rota().map(|rota| rota.terms.in_words());
    Ok(NewAuditEntry {
        before: words.or_else(|| Some(rotation.plan.mode().to_string())),
        after: Some(after),
        ..entry_about(actor, action, rotation)
    })
}
