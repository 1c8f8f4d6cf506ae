//! What rotations are like now: who is on duty, what is planned, and how far that can be
//! trusted.

use super::{
    Failure, connections, coverage, overrides, reads_since, schedules::directory,
    slack_needs::SlackNeeds,
};
use crate::{
    Services,
    store::{
        BoundSchedule, Connection, ListedRotation, ListedSchedule, Overview, PastReach,
        StoredAbsence, StoredCover, StoredOverride, StoredRecord,
    },
    sync,
};
use domain::{
    Actor, Condition, Directory, Foresight, Member, Past, Record, Rotation, SchedulePerson,
    ScheduleSnapshot, Traits,
};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use types::{
    Attention, Coverage, Days, DaysWanted, MemberKey, Outlook, PagerDutyProblem, RotationFilter,
    RotationId, RotationMode, RotationNeed, ScheduleHealth, ScheduleId, SlackContact, Span,
    Stretch, Timestamp, WorkspaceId,
};

/// How many weeks a rotation's page shows where nobody says how many: on a Sunday, too, what
/// comes is among them.
const USUAL_WEEKS: u32 = 2;

/// A page of the list of rotations.
pub struct Listing {
    present: Present,
    page: domain::Listing<Listed>,
}

/// A rotation of the overview as it is now.
pub(super) struct Listed {
    /// In the overview.
    pub(super) place: usize,
    pub(super) outlook: Outlook,
    /// The most urgent first.
    pub(super) needs: Vec<RotationNeed>,
}

impl Listing {
    /// Hands each to `show`: the rotation, what lies ahead, and what it needs somebody for.
    pub fn shown<T>(
        self,
        show: impl Fn(&ListedRotation, Outlook, Vec<RotationNeed>) -> T,
    ) -> domain::Listing<T> {
        let rotations = &self.present.overview.rotations;
        self.page
            .map(|listed| show(&rotations[listed.place], listed.outlook, listed.needs))
    }

    /// Hands each to `show`: the rotation, what lies ahead, and in which zone its schedule is made,
    /// where it says so.
    pub fn in_zones<T>(
        self,
        show: impl Fn(&ListedRotation, Outlook, Option<&str>) -> T,
    ) -> domain::Listing<T> {
        let present = &self.present;
        self.page.map(|listed| {
            let rotation = &present.overview.rotations[listed.place];
            show(rotation, listed.outlook, present.time_zone(rotation))
        })
    }
}

/// A rotation, and all that there is to say about it.
pub struct RotationState {
    pub rotation: Rotation,
    /// The people of the workspace.
    pub directory: Arc<Directory>,
    /// The schedule that it follows.
    pub bound: Option<Bound>,
    /// By the clock that duties go by.
    pub now: Timestamp,
    /// What a schedule plans, as far ahead as that is known.
    pub plan: Vec<Stretch>,
    pub outlook: Outlook,
    /// The latest first.
    pub history: Vec<(Record, Option<RotationMode>)>,
    pub days: Days,
    /// Who has duty on these days.
    pub coverage: Coverage,
    /// Those on duty who are in Slack.
    pub contacts: Vec<SlackContact>,
    /// Those that are not over, by start.
    pub overrides: Vec<StoredOverride>,
    /// Open requests for cover, by start.
    pub covers: Vec<StoredCover>,
    /// Members' absences that are not over, by start, for those who may edit.
    pub absences: Vec<StoredAbsence>,
    pub connected: bool,
    pub may_take_over: bool,
    pub may_ask_for_cover: bool,
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
    let present = Present::read_for(services, actor).await?;
    let searched = Searched::read(services, actor, filter).await?;
    let slack = SlackNeeds::read(services, actor).await?;
    let found = present.seen_by(actor).filter_map(|(place, rotation)| {
        let mut listed = present.listed(place, rotation);
        slack.add(actor, rotation, &mut listed);
        searched
            .finds(&present, rotation, &listed)
            .then(|| (traits(&present, rotation, &listed, actor), listed))
    });
    let page = domain::listing(found.collect(), filter);
    Ok(Listing { present, page })
}

/// What somebody searches for among rotations, and what else that needs to be known of them.
pub(super) struct Searched<'a> {
    filter: &'a RotationFilter,
    members: HashMap<RotationId, Vec<String>>,
}

impl<'a> Searched<'a> {
    /// Whoever takes turns is read for a search alone.
    pub(super) async fn read(
        services: &Services,
        actor: &Actor,
        filter: &'a RotationFilter,
    ) -> Result<Self, Failure> {
        let mut searched = Self {
            filter,
            members: HashMap::new(),
        };
        if !searched.finds_all() {
            searched.members = services.store.names_of_members(&actor.workspace).await?;
        }
        Ok(searched)
    }

    /// There is no search.
    pub(super) fn finds_all(&self) -> bool {
        self.filter.search.trim().is_empty()
    }

    pub(super) fn finds(
        &self,
        present: &Present,
        rotation: &ListedRotation,
        listed: &Listed,
    ) -> bool {
        let members = self.members.get(&rotation.id);
        let schedule = present.schedule(rotation);
        domain::matches(
            &rotation.details,
            rotation.plan.mode(),
            schedule.map(|schedule| schedule.name.as_str()),
            &listed.outlook.on_duty,
            members.map_or(&[], Vec::as_slice),
            self.filter,
        )
    }
}

/// The rotation of this code, in whichever case, among those that the actor may see.
pub async fn with_code(
    services: &Services,
    actor: &Actor,
    code: &str,
) -> Result<RotationId, Failure> {
    let overview = services.store.rotation_overview(&actor.workspace).await?;
    let mut seen = overview
        .rotations
        .iter()
        .filter(|rotation| is_seen(rotation, actor));
    let has_code = |rotation: &&ListedRotation| {
        let known = rotation.details.code.as_deref();
        known.is_some_and(|known| known.eq_ignore_ascii_case(code))
    };
    let found = seen.find(has_code);
    found
        .map(|rotation| rotation.id.clone())
        .ok_or(Failure::NotFound)
}

/// What a rotation is to the actor, and how it is.
fn traits(present: &Present, rotation: &ListedRotation, listed: &Listed, actor: &Actor) -> Traits {
    let now = present.time_of(rotation);
    let person = actor.person();
    let me = person.map(MemberKey::of_person);
    let outlook = &listed.outlook;
    let Concern { turns, owned } = present.concern(rotation, actor);
    Traits {
        mine: turns,
        owned,
        on_duty: me.is_some_and(|me| outlook.of(&me).is_some()),
        nobody: outlook.on_duty.is_empty() && !outlook.is_unknown,
        needs_attention: !listed.needs.is_empty(),
        changes_at: outlook.changes().filter(|at| *at > now).min(),
    }
}

/// What a rotation is to somebody.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Concern {
    /// They take turns in it, are on duty, or will be.
    pub(super) turns: bool,
    pub(super) owned: bool,
}

/// What the rotations of a workspace are read from, all at once.
pub struct Present {
    pub(super) overview: Arc<Overview>,
    /// By the clock that schedules which are followed go by.
    pub(super) now: Timestamp,
    /// By the database's, which all servers share.
    own_now: Timestamp,
    pub(super) connection: Option<Connection>,
    schedules: HashMap<ScheduleId, ListedSchedule>,
    /// How often schedules are read.
    interval: Duration,
}

impl Present {
    /// As they are now, or were when who asks was let in to read.
    pub async fn read_for(services: &Services, actor: &Actor) -> Result<Self, Failure> {
        Self::since(services, &actor.workspace, reads_since(actor)).await
    }

    pub async fn read(services: &Services, workspace: &WorkspaceId) -> Result<Self, Failure> {
        Self::since(services, workspace, Instant::now()).await
    }

    async fn since(
        services: &Services,
        workspace: &WorkspaceId,
        since: Instant,
    ) -> Result<Self, Failure> {
        let store = &services.store;
        let overview = store.rotation_overview_since(workspace, since).await?;
        // Nothing follows a schedule where nothing is connected.
        let (connection, schedules) = store.listed_schedules(workspace).await?.unzip();
        Ok(Self {
            overview,
            now: followed_now(services, connection.as_ref()),
            own_now: store.time(),
            connection,
            schedules: schedules.unwrap_or_default(),
            interval: services.config.pagerduty.poll_interval,
        })
    }

    /// By the clock that its duties go by.
    pub(super) fn time_of(&self, rotation: &ListedRotation) -> Timestamp {
        match rotation.plan.schedule() {
            Some(_) => self.now,
            None => self.own_now,
        }
    }

    /// What the rotation is to the actor.
    pub(super) fn concern(&self, rotation: &ListedRotation, actor: &Actor) -> Concern {
        let Some(person) = actor.person() else {
            return Concern::default();
        };
        let relation = rotation.relation_to(person);
        let me = MemberKey::of_person(person);
        let now = self.time_of(rotation);
        Concern {
            turns: self.foresight(rotation).is_of(relation, &me, now),
            owned: relation.owner,
        }
    }

    /// The rotations that the actor may see, with their places in the overview.
    pub(super) fn seen_by(
        &self,
        actor: &Actor,
    ) -> impl Iterator<Item = (usize, &ListedRotation)> + use<'_> {
        let actor = actor.clone();
        let rotations = self.overview.rotations.iter().enumerate();
        rotations.filter(move |(_, rotation)| is_seen(rotation, &actor))
    }

    /// One of the rotations, with its place in the overview.
    pub(super) fn rotation(&self, id: &RotationId) -> Option<(usize, &ListedRotation)> {
        let mut rotations = self.overview.rotations.iter().enumerate();
        rotations.find(|(_, rotation)| rotation.id == *id)
    }

    /// One of the rotations as it is now.
    pub(super) fn listed(&self, place: usize, rotation: &ListedRotation) -> Listed {
        let (foresight, now) = (self.foresight(rotation), self.time_of(rotation));
        let size = rotation.details.duty_size;
        let schedule = self.schedule(rotation);
        let left_out = schedule.and_then(|schedule| schedule.left_out.as_ref());
        let outlook = (rotation.plan).outlook(&foresight, &rotation.crew, size, now);
        let outlook = outlook.without(left_out, now);
        let gaps_until = now.plus_seconds(domain::GAPS_TOLD_SECONDS);
        let needs = domain::needs(&Condition {
            mode: rotation.plan.mode(),
            outlook: &outlook,
            is_staffed: !outlook.on_duty.is_empty() || rotation.plan.is_staffed(now),
            gap: foresight.next_gap(&rotation.plan, now, gaps_until),
            unconfirmed: self.attention(rotation),
            unlinked: match rotation.plan.schedule() {
                Some(_) => rotation.unlinked_count(),
                None => 0,
            },
            left_out: left_out.map_or(0, |left_out| left_out.shifts),
        });
        Listed {
            place,
            outlook,
            needs,
        }
    }

    /// When, of what is covered, somebody is to be on duty and nobody is. Where shifts of its schedule
    /// make no sense, nobody knows.
    pub(super) fn missing(&self, rotation: &ListedRotation, coverage: &Coverage) -> Vec<Span> {
        let schedule = self.schedule(rotation);
        match schedule.is_some_and(|schedule| schedule.left_out.is_some()) {
            true => Vec::new(),
            false => rotation.plan.unstaffed(coverage, self.time_of(rotation)),
        }
    }

    /// Whether somebody may be on duty whom nobody knows: a shift of its schedule that may be of now makes
    /// no sense.
    pub(super) fn may_miss_somebody(&self, rotation: &ListedRotation) -> bool {
        let left_out = self
            .schedule(rotation)
            .and_then(|schedule| schedule.left_out.as_ref());
        left_out.is_some_and(|left_out| left_out.may_be_of(self.time_of(rotation)))
    }

    fn schedule(&self, rotation: &ListedRotation) -> Option<&ListedSchedule> {
        self.schedules.get(rotation.plan.schedule()?)
    }

    pub(super) fn foresight(&self, rotation: &ListedRotation) -> Foresight<'_> {
        let own = self.overview.rotas.get(&rotation.id);
        let own = own.map(|(stretches, until)| (&**stretches, *until));
        let shifts = self.followed(rotation).or(own);
        rotation.plan.foresight(rotation.details.duty_size, shifts)
    }

    /// Who has its duty during `span`. Its own schedule is reckoned for as long as that lasts.
    pub(super) fn coverage(&self, rotation: &ListedRotation, past: &Past, span: Span) -> Coverage {
        let (crew, now) = (&rotation.crew, self.time_of(rotation));
        let known = self.overview.rotas.get(&rotation.id);
        let further = known.is_some_and(|(_, until)| *until < span.until);
        let own = further.then(|| rotation.own_plan(span.until)).flatten();
        let foresight = match &own {
            Some(stretches) => {
                let shifts = Some((stretches.as_slice(), span.until));
                rotation.plan.foresight(rotation.details.duty_size, shifts)
            }
            None => self.foresight(rotation),
        };
        foresight.coverage(crew, past, span, now)
    }

    /// The shifts of the schedule that it follows, and until when they are known.
    fn followed(&self, rotation: &ListedRotation) -> Option<(&[Stretch], Timestamp)> {
        let stretches = self.overview.plans.get(rotation.plan.schedule()?)?;
        let state = self.schedule(rotation)?;
        let until = known_until(state.known_until, state.confirmed_at);
        Some((stretches.as_slice(), until))
    }

    /// In which zone its schedule is made, where it says so.
    pub(super) fn time_zone<'a>(&'a self, rotation: &'a ListedRotation) -> Option<&'a str> {
        match rotation.plan.rota() {
            Some(rota) => Some(rota.terms.cadence.zone.name()),
            None => self.schedule(rotation)?.time_zone.as_deref(),
        }
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

/// A rotation that is read by itself, with what decides who has its duty.
struct Alone {
    rotation: Rotation,
    directory: Arc<Directory>,
    connection: Option<Connection>,
    bound: Option<Bound>,
    /// By the clock that its duties go by.
    now: Timestamp,
}

impl Alone {
    async fn read(services: &Services, actor: &Actor, id: &RotationId) -> Result<Self, Failure> {
        let rotation = visible(services, actor, id).await?;
        let directory = directory(services, actor).await?;
        let connection = connections::present(services, actor).await?;
        let now = match rotation.plan.schedule() {
            Some(_) => followed_now(services, connection.as_ref()),
            None => services.store.time(),
        };
        let bound = match &connection {
            Some(connection) => {
                let bound = services
                    .store
                    .followed_schedule(&actor.workspace, id)
                    .await?;
                bound.map(|bound| in_use(services, bound, &directory, connection, now))
            }
            None => None,
        };
        Ok(Self {
            rotation,
            directory,
            connection,
            bound,
            now,
        })
    }

    /// What is planned at least until then, as far as anything is known, and until when it is.
    fn planned(&self, until: Timestamp) -> Option<(Vec<Stretch>, Timestamp)> {
        if let Some(bound) = &self.bound {
            let schedule = &bound.schedule;
            let until = known_until(schedule.known_until, schedule.confirmed_at);
            return Some((bound.plan.clone(), until));
        }
        let rota = self.rotation.plan.rota()?;
        let until = rota.horizon(self.now).max(until);
        let (members, size) = (&self.rotation.crew.members, self.rotation.details.duty_size);
        Some((rota.planned(members, size, until), until))
    }

    fn foresight<'a>(&self, planned: Option<&'a (Vec<Stretch>, Timestamp)>) -> Foresight<'a> {
        let shifts = planned.map(|(plan, until)| (plan.as_slice(), *until));
        let Rotation { plan, details, .. } = &self.rotation;
        plan.foresight(details.duty_size, shifts)
    }
}

/// Who has the duty of one rotation during `span`, without reading the others.
pub(super) async fn covered(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    span: Span,
    reach: PastReach,
) -> Result<(Rotation, Coverage), Failure> {
    let read = Alone::read(services, actor, id).await?;
    let mut pasts = coverage::pasts(services, actor, &[id], (span, reach), read.now).await?;
    let past = pasts.remove(id).unwrap_or_else(|| Past::none(read.now));
    let planned = read.planned(span.until);
    let foresight = read.foresight(planned.as_ref());
    let coverage = foresight.coverage(&read.rotation.crew, &past, reach.covered(span), read.now);
    Ok((read.rotation, coverage))
}

/// One rotation. Its id comes from an address and may be anything.
pub async fn state(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    days: &DaysWanted,
) -> Result<RotationState, Failure> {
    let id = RotationId::parse(id.as_str()).ok_or(Failure::NotFound)?;
    let read = Alone::read(services, actor, &id).await?;
    let now = read.now;
    let days = domain::days(days, USUAL_WEEKS, now);
    let span = days.span();
    let mut pasts = coverage::pasts(services, actor, &[&id], (span, PastReach::Span), now).await?;
    let past = pasts.remove(&id).unwrap_or_else(|| Past::none(now));
    let history = services.store.duty_history(&id).await?;
    let sources: Vec<_> = history.records.iter().map(|stored| stored.source).collect();
    let history: Vec<_> = history
        .records
        .into_iter()
        .map(|stored| {
            let mut record = recorded(stored, &read.rotation.crew.members, &read.directory);
            record.note_overrides(&history.overrides);
            record
        })
        .collect();
    let planned = read.planned(span.until);
    let foresight = read.foresight(planned.as_ref());
    let Alone {
        rotation,
        directory,
        connection,
        bound,
        ..
    } = &read;
    let size = rotation.details.duty_size;
    let left_out = bound.as_ref();
    let left_out = left_out.and_then(|bound| bound.schedule.left_out.as_ref());
    let outlook = (rotation.plan).outlook(&foresight, &rotation.crew, size, now);
    let mut outlook = outlook.without(left_out, now);
    domain::note_following(&mut outlook, &history);
    let mut coverage = foresight.coverage(&rotation.crew, &past, span, now);
    let may_edit = domain::may_edit(rotation, actor);
    let store = &services.store;
    let (mut overrides, mut covers, mut absences) = (Vec::new(), Vec::new(), Vec::new());
    if rotation.plan.rota().is_some() {
        overrides = store.overrides(&id, now).await?;
        let theirs = store.covers(&[&id], now).await?.remove(&id);
        covers = theirs.unwrap_or_default();
        covers.retain(overrides::is_open);
        let own = [&id];
        let told = if may_edit { &own[..] } else { &[] };
        let mut remarks = coverage::remarks(services, (&own, told), span).await?;
        coverage.remarks = remarks.remove(&id).unwrap_or_default();
        if may_edit {
            let theirs = store.absences_in(&actor.workspace, &id, now).await?;
            let told =
                |absence: StoredAbsence| match actor.administers() || actor.is(&absence.person) {
                    true => absence,
                    false => absence.without_private_note(),
                };
            absences = theirs.into_iter().map(told).collect();
        }
    }
    Ok(RotationState {
        overrides,
        covers,
        absences,
        may_take_over: overrides::may_take_over(actor, rotation),
        may_ask_for_cover: overrides::may_ask_for_cover(actor, rotation, now),
        contacts: contacts(services, rotation, directory, &outlook),
        plan: planned.map(|(plan, _)| plan).unwrap_or_default(),
        connected: connection.is_some(),
        may_edit,
        may_link: connection.is_some() && actor.administers(),
        rotation: read.rotation,
        directory: read.directory,
        bound: read.bound,
        now,
        outlook,
        history: history.into_iter().zip(sources).collect(),
        days,
        coverage,
    })
}

/// How those on duty are reached in Slack, as far as they are there.
fn contacts(
    services: &Services,
    rotation: &Rotation,
    directory: &Directory,
    outlook: &Outlook,
) -> Vec<SlackContact> {
    let person_of = |key: &MemberKey| {
        let mut members = rotation.crew.members.iter();
        let member = members.find(|member| member.key == *key);
        let person = match member {
            Some(member) => directory.person(member.person.as_ref()?),
            None => directory.person(&key.person()?),
        };
        person.filter(|person| !person.deactivated)
    };
    let on_duty = outlook.on_duty.iter().map(|duty| &duty.holder.key);
    on_duty
        .filter_map(|key| {
            let person = person_of(key)?.id.clone();
            let client = &services.slack.client;
            let address = client.conversation_address(&rotation.workspace, &person);
            Some(SlackContact {
                key: key.clone(),
                person,
                address: address.into(),
            })
        })
        .collect()
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

/// What time it is for the duties of a schedule that is followed: PagerDuty's clock.
fn followed_now(services: &Services, connection: Option<&Connection>) -> Timestamp {
    match connection {
        Some(connection) => services.integrations.pagerduty_now(connection),
        None => services.store.time(),
    }
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

fn recorded(stored: StoredRecord, members: &[Member], directory: &Directory) -> Record {
    Record {
        holder: domain::holder_of_past(
            (&stored.person, &stored.name),
            stored.holder.as_ref(),
            members,
            directory,
        ),
        duty_since: stored.duty_since,
        starts_at: stored.starts_at,
        ends_at: stored.ends_at,
        overrides: Vec::new(),
    }
}
