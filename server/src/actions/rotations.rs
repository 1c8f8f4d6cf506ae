//! What rotations are like now: who is on duty, what is planned, and how far that can be
//! trusted.

use super::{Failure, connections, schedules::directory};
use crate::{
    Services, clock,
    store::{BoundSchedule, Connection, ListedRotation, ListedSchedule, Overview, StoredRecord},
    sync,
};
use domain::{
    Actor, Directory, Foresight, Member, Past, Record, Rotation, SchedulePerson, ScheduleSnapshot,
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use types::{
    Attention, Outlook, PagerDutyProblem, RotationFilter, RotationId, ScheduleHealth, ScheduleId,
    Span, Stretch, Timestamp,
};

const DAY_SECONDS: i64 = 24 * 3600;

/// The rotations that were found, in the order of the overview.
pub struct Listing {
    overview: Arc<Overview>,
    found: Vec<Listed>,
}

struct Listed {
    /// In the overview.
    place: usize,
    outlook: Outlook,
    attention: Option<Attention>,
}

impl Listing {
    /// Hands each to `show`: the rotation, what lies ahead, and why that cannot be confirmed
    /// at present, if so.
    pub fn shown<T>(
        self,
        show: impl Fn(&ListedRotation, Outlook, Option<Attention>) -> T,
    ) -> Vec<T> {
        let rotations = &self.overview.rotations;
        let found = self.found.into_iter();
        found
            .map(|listed| show(&rotations[listed.place], listed.outlook, listed.attention))
            .collect()
    }
}

/// A rotation, and all that there is to say about it.
pub struct RotationState {
    pub rotation: Rotation,
    /// The people of the workspace.
    pub directory: Arc<Directory>,
    /// The schedule that it follows.
    pub bound: Option<Bound>,
    /// What a schedule plans from now on, with its gaps.
    pub plan: Vec<Stretch>,
    pub outlook: Outlook,
    /// The latest first.
    pub history: Vec<Record>,
    pub timeline: Vec<Stretch>,
    pub connected: bool,
    pub may_edit: bool,
    pub may_link: bool,
}

/// A schedule that a rotation follows, as it is stored.
pub struct Bound {
    pub schedule: BoundSchedule,
    pub people: Vec<SchedulePerson>,
    pub plan: Vec<Stretch>,
    pub health: ScheduleHealth,
    /// When what is stored counts as stale, if PagerDuty has told it at all.
    pub stale_at: Option<Timestamp>,
    pub next_sync_at: Timestamp,
    /// What ails the schedule, or the whole connection.
    pub problem: Option<PagerDutyProblem>,
}

/// The rotations that the actor may see and that `filter` finds.
pub async fn list(
    services: &Services,
    actor: &Actor,
    filter: &RotationFilter,
) -> Result<Listing, Failure> {
    let present = Present::read(services, actor).await?;
    let rotations = present.overview.rotations.iter().enumerate();
    let found = rotations
        .filter(|(_, rotation)| is_seen(rotation, actor))
        .filter(|(_, rotation)| domain::matches(&rotation.details, rotation.plan.mode(), filter))
        .map(|(place, rotation)| Listed {
            place,
            outlook: present
                .foresight(rotation)
                .outlook(&rotation.crew, present.time_of(rotation)),
            attention: present.attention(rotation),
        })
        .collect();
    Ok(Listing {
        overview: present.overview,
        found,
    })
}

/// What the rotations of a workspace are read from, all at once.
pub(super) struct Present {
    pub(super) overview: Arc<Overview>,
    /// By PagerDuty's clock, or else ours.
    pub(super) now: Timestamp,
    /// By ours.
    own_now: Timestamp,
    connection: Option<Connection>,
    schedules: HashMap<ScheduleId, ListedSchedule>,
    /// How often schedules are read.
    interval: Duration,
}

impl Present {
    pub(super) async fn read(services: &Services, actor: &Actor) -> Result<Self, Failure> {
        let store = &services.store;
        let workspace = &actor.workspace;
        let connection = store.connection(workspace).await?;
        let overview = store.rotation_overview(workspace).await?;
        let schedules = match &connection {
            Some(_) => store.listed_schedules(workspace).await?,
            // Nothing follows a schedule where nothing is connected.
            None => HashMap::new(),
        };
        Ok(Self {
            overview,
            now: now(services, connection.as_ref()),
            own_now: clock::now(),
            connection,
            schedules,
            interval: services.config.pagerduty.poll_interval,
        })
    }

    /// By the clock that its duties go by.
    pub(super) fn time_of(&self, rotation: &ListedRotation) -> Timestamp {
        match rotation.plan.rota() {
            Some(_) => self.own_now,
            None => self.now,
        }
    }

    fn schedule(&self, rotation: &ListedRotation) -> Option<&ListedSchedule> {
        self.schedules.get(rotation.plan.schedule()?)
    }

    pub(super) fn foresight(&self, rotation: &ListedRotation) -> Foresight<'_> {
        let schedule = rotation.plan.schedule();
        let stretches = schedule.and_then(|schedule| self.overview.plans.get(schedule));
        let shifts = stretches
            .zip(self.schedule(rotation))
            .map(|(stretches, state)| {
                let until = known_until(state.known_until, state.confirmed_at);
                (stretches.as_slice(), until)
            });
        let own = self.overview.rotas.get(&rotation.id);
        let own = own.map(|(stretches, until)| (stretches.as_slice(), *until));
        let shifts = shifts.or(own);
        rotation.plan.foresight(rotation.details.duty_size, shifts)
    }

    /// Why what its schedule says cannot be confirmed at present, if so.
    pub(super) fn attention(&self, rotation: &ListedRotation) -> Option<Attention> {
        let (connection, schedule) = self.connection.as_ref().zip(self.schedule(rotation))?;
        attention(schedule, connection, self.now, self.interval)
    }
}

/// Whether the actor may see a rotation of the overview.
pub(super) fn is_seen(rotation: &ListedRotation, actor: &Actor) -> bool {
    actor.may_see(rotation.details.visibility, |person| {
        rotation.relation_to(person)
    })
}

/// One rotation. Its id comes from an address and may be anything.
pub async fn state(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
) -> Result<RotationState, Failure> {
    let id = RotationId::parse(id.as_str()).ok_or(Failure::NotFound)?;
    let rotation = visible(services, actor, &id).await?;
    let directory = directory(services, actor).await?;
    let connection = connections::present(services, actor).await?;
    let now = match rotation.plan.rota() {
        Some(_) => clock::now(),
        None => now(services, connection.as_ref()),
    };
    let bound = match &connection {
        Some(connection) => {
            let bound = bound_to(services, actor, &id).await?;
            bound.map(|bound| in_use(services, bound, &directory, connection, now))
        }
        None => None,
    };
    let span = Span {
        from: now.plus_seconds(-DAY_SECONDS),
        until: now.plus_seconds(7 * DAY_SECONDS),
    };
    let pasts = services.store.pasts(&actor.workspace, &[&id], span).await?;
    let past = pasts
        .into_values()
        .next()
        .unwrap_or_else(|| Past::none(now));
    let history = services.store.duty_history(&id).await?;
    let history: Vec<_> = history
        .into_iter()
        .map(|stored| recorded(stored, &rotation.crew.members))
        .collect();
    let duty_size = rotation.details.duty_size;
    let followed = bound.as_ref().map(|bound| {
        let schedule = &bound.schedule;
        let until = known_until(schedule.known_until, schedule.confirmed_at);
        (bound.plan.clone(), until)
    });
    let own = rotation.plan.rota();
    let own = own.map(|rota| rota.planned(&rotation.crew.members, duty_size, now));
    let planned = followed.or(own);
    let shifts = planned
        .as_ref()
        .map(|(plan, until)| (plan.as_slice(), *until));
    let foresight = rotation.plan.foresight(duty_size, shifts);
    let mut outlook = foresight.outlook(&rotation.crew, now);
    domain::note_following(&mut outlook, &history);
    let timeline = foresight
        .coverage(&rotation.crew, &past, span, now)
        .stretches;
    let plan = planned.map(|(plan, _)| domain::coming(&plan, now));
    Ok(RotationState {
        plan: plan.unwrap_or_default(),
        connected: connection.is_some(),
        may_edit: domain::may_edit(&rotation, actor),
        may_link: connection.is_some() && actor.administers(),
        rotation,
        directory,
        bound,
        outlook,
        history,
        timeline,
    })
}

/// A rotation that the actor may see. Nobody is told that others exist.
pub(super) async fn visible(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
) -> Result<Rotation, Failure> {
    let rotation = services.store.rotation(&actor.workspace, id).await?;
    rotation
        .filter(|rotation| domain::may_see(rotation, actor))
        .ok_or(Failure::NotFound)
}

/// What time it is for duties: PagerDuty's clock, or else ours.
fn now(services: &Services, connection: Option<&Connection>) -> Timestamp {
    connection.map_or_else(clock::now, |connection| {
        services.integrations.pagerduty_now(connection)
    })
}

/// The schedule that a rotation is bound to, with its people and shifts.
async fn bound_to(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
) -> Result<Option<(BoundSchedule, ScheduleSnapshot)>, Failure> {
    let store = &services.store;
    let workspace = &actor.workspace;
    let Some(schedule) = store.schedule_of(workspace, id).await? else {
        return Ok(None);
    };
    let snapshot = store.schedule_snapshot(workspace, schedule.clone()).await?;
    Ok(Some((schedule, snapshot)))
}

fn in_use(
    services: &Services,
    (schedule, snapshot): (BoundSchedule, ScheduleSnapshot),
    directory: &Directory,
    connection: &Connection,
    now: Timestamp,
) -> Bound {
    let interval = services.config.pagerduty.poll_interval;
    let health = sync::schedule_health(connection.into(), (&schedule).into(), now, interval);
    let stale_at = |confirmed_at| sync::stale_at(confirmed_at, interval);
    // One that is overdue is asked for as soon as may be.
    let next = schedule.poll_at.max(connection.ask_after);
    let next = next.max(connection.as_of);
    Bound {
        plan: snapshot.plan(directory),
        people: snapshot.people,
        health,
        stale_at: schedule.confirmed_at.map(stale_at),
        next_sync_at: connection.shown(next),
        problem: connection
            .problem
            .clone()
            .or_else(|| schedule.problem.clone())
            .filter(|_| health >= ScheduleHealth::NeedsAttention),
        schedule,
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

/// Until when the shifts of a schedule are known, which was confirmed at that time.
fn known_until(known_until: Option<Timestamp>, confirmed_at: Option<Timestamp>) -> Timestamp {
    let confirmed_at = confirmed_at.unwrap_or(Timestamp::from_millis(0));
    known_until.unwrap_or_else(|| domain::known_at_least_until(confirmed_at))
}

fn recorded(stored: StoredRecord, members: &[Member]) -> Record {
    Record {
        holder: domain::holder_of(&stored.person, &stored.name, members),
        duty_since: stored.duty_since,
        starts_at: stored.starts_at,
        ends_at: stored.ends_at,
    }
}
