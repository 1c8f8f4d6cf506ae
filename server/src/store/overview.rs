//! What the list of rotations shows: of each rotation only whoever is on duty or
//! may come next, in one statement and one row. Rows cost more than what is in
//! them, so the people of a rotation come as JSON.
//!
//! The list is looked at far more often than anything in it changes, and by many. So
//! what was read is kept for as long as the workspace's revision stands. How well what a
//! schedule says is confirmed changes with every answer of PagerDuty's, and is read each time.

use super::{
    Engine, Result, Store,
    connections::read_problem,
    duties::{SINCE, STAND_INS, stand_ins_as_json},
    from_json,
    revisions::LONGEST_KEPT,
    rotas::{self, RotaRow, rota_columns},
    rotations::{crew, members_as_json, owners_as_json, read_people, visibility, who_they_are},
    schedules::{HeldRow, KNOWN_UNTIL, read_left_out},
};
use domain::{Crew, Directory, NaturalKey, Plan, Relation, planned};
use serde::Deserialize;
use sqlx::{AssertSqlSafe, FromRow};
use std::{collections::HashMap, sync::Arc, time::Instant};
use types::{
    LeftOut, PagerDutyProblem, PersonId, Role, RotationDetails, RotationId, RotationMode,
    ScheduleId, Stretch, Timestamp, WorkspaceId,
};

/// All rotations of a workspace, by name as people count, and what the schedules that they follow plan.
#[derive(Debug, Default)]
pub struct Overview {
    pub rotations: Vec<ListedRotation>,
    pub plans: HashMap<ScheduleId, Vec<Stretch>>,
    /// What the rotations' own schedules plan, and until when that is known.
    pub rotas: HashMap<RotationId, (Arc<[Stretch]>, Timestamp)>,
    /// Places in `rotations`.
    by_id: HashMap<RotationId, usize>,
}

impl Overview {
    pub fn has(&self, rotation: &RotationId) -> bool {
        self.by_id.contains_key(rotation)
    }

    /// Where a rotation's own schedule would plan from the same as in the one `before`, it is not
    /// reckoned again: mostly one of many has changed.
    fn new(
        mut rotations: Vec<ListedRotation>,
        plans: HashMap<ScheduleId, Vec<Stretch>>,
        before: Option<&Self>,
        now: Timestamp,
    ) -> Self {
        rotations.sort_by_cached_key(|rotation| NaturalKey::of(&rotation.details.name));
        let by_id = rotations.iter().enumerate();
        let by_id = by_id.map(|(place, rotation)| (rotation.id.clone(), place));
        let rotas = rotations.iter().filter_map(|rotation| {
            let until = rotation.plan.rota()?.horizon(now);
            let known = before.and_then(|before| before.planned_alike(rotation, until));
            let planned = match known {
                Some(planned) => planned,
                None => rotation.own_plan(until)?.into(),
            };
            Some((rotation.id.clone(), (planned, until)))
        });
        Self {
            by_id: by_id.collect(),
            rotas: rotas.collect(),
            rotations,
            plans,
        }
    }

    /// What was planned here until then, for a rotation of which all is alike that decides.
    fn planned_alike(&self, rotation: &ListedRotation, until: Timestamp) -> Option<Arc<[Stretch]>> {
        let same = &self.rotations[*self.by_id.get(&rotation.id)?];
        let (planned, known_until) = self.rotas.get(&rotation.id)?;
        let alike = *known_until == until
            && same.plan == rotation.plan
            && same.crew.members == rotation.crew.members
            && same.details.duty_size == rotation.details.duty_size;
        alike.then(|| Arc::clone(planned))
    }

    /// Whether there is such a rotation and a person of the workspace may see it.
    pub fn shows(&self, rotation: &RotationId, person: &PersonId, role: Role) -> bool {
        let place = self.by_id.get(rotation);
        place.is_some_and(|&place| self.rotations[place].is_seen_by(person, role))
    }
}

/// A rotation in the list.
#[derive(Clone, Debug)]
pub struct ListedRotation {
    pub id: RotationId,
    pub details: RotationDetails,
    pub plan: Plan,
    owners: Vec<PersonId>,
    /// The Slack people among its members, on duty or not.
    member_people: Vec<PersonId>,
    pub member_count: u32,
    /// Members in the order of their turns: everybody where that order decides, else those on
    /// duty.
    pub crew: Crew,
}

impl ListedRotation {
    pub fn is_seen_by(&self, person: &PersonId, role: Role) -> bool {
        let relation = self.relation_to(person);
        relation.may_see(self.details.visibility, role)
    }

    /// How many of its members are nobody in Slack, as far as is known.
    pub fn unlinked_count(&self) -> u32 {
        let linked = u32::try_from(self.member_people.len()).unwrap_or(u32::MAX);
        self.member_count.saturating_sub(linked)
    }

    /// The shifts by a schedule of its own until then, joined and by start, if it has one.
    pub fn own_plan(&self, until: Timestamp) -> Option<Vec<Stretch>> {
        let rota = self.plan.rota()?;
        Some(rota.planned(&self.crew.members, self.details.duty_size, until))
    }

    /// What a person of the workspace is to it.
    pub fn relation_to(&self, person: &PersonId) -> Relation {
        Relation {
            owner: self.owners.contains(person),
            member: self.member_people.contains(person) || self.crew.includes(person),
        }
    }
}

/// What a bound schedule is called, and how well its state is known.
#[derive(Clone, Debug)]
pub struct ListedSchedule {
    pub name: String,
    /// When PagerDuty last answered for it, by PagerDuty's clock.
    pub confirmed_at: Option<Timestamp>,
    /// Why the last attempt to read it failed, if it did.
    pub problem: Option<PagerDutyProblem>,
    /// Failed attempts in a row.
    pub unanswered: u32,
    /// See [`super::BoundSchedule::known_until`].
    pub known_until: Option<Timestamp>,
    pub time_zone: Option<String>,
    /// The shifts of it that make no sense.
    pub left_out: Option<LeftOut>,
}

/// In the order in which the statement builds it.
#[derive(Deserialize)]
struct StateRow {
    id: String,
    name: String,
    confirmed_at: Option<i64>,
    problem: Option<String>,
    unanswered: i64,
    known_until: Option<i64>,
    time_zone: Option<String>,
    left_out: Option<String>,
}

impl StateRow {
    fn state(self) -> (ScheduleId, ListedSchedule) {
        let state = ListedSchedule {
            name: self.name,
            confirmed_at: self.confirmed_at.map(Timestamp::from_millis),
            problem: read_problem(self.problem),
            unanswered: u32::try_from(self.unanswered).unwrap_or(u32::MAX),
            known_until: self.known_until.map(Timestamp::from_millis),
            time_zone: self.time_zone,
            left_out: read_left_out(self.left_out),
        };
        (ScheduleId::new(self.id), state)
    }
}

#[derive(FromRow)]
struct Row {
    id: String,
    name: String,
    description: String,
    notes: String,
    code: Option<String>,
    duty_size: i64,
    visibility: String,
    mode: String,
    owners: String,
    member_people: String,
    member_count: i64,
    members: String,
    stand_ins: String,
    schedule_id: Option<String>,
    #[sqlx(flatten)]
    rota: RotaRow,
}

impl Row {
    fn rotation(self) -> Result<ListedRotation> {
        Ok(ListedRotation {
            id: RotationId::new(self.id),
            details: RotationDetails {
                name: self.name,
                description: self.description,
                notes: self.notes,
                code: self.code,
                duty_size: u32::try_from(self.duty_size).unwrap_or(1),
                visibility: visibility(&self.visibility),
            },
            plan: Plan::stored(
                &self.mode,
                self.schedule_id.map(ScheduleId::new),
                rotas::read(self.rota),
            ),
            owners: read_people(&self.owners)?,
            member_people: read_people(&self.member_people)?,
            member_count: u32::try_from(self.member_count).unwrap_or(u32::MAX),
            crew: crew(&self.members, &self.stand_ins)?,
        })
    }
}

/// How well what each bound schedule of the workspace `$1` says is known, as JSON for
/// [`read_schedules`].
pub(super) fn listed_schedules(engine: Engine) -> String {
    let states = format!(
        "s.id, s.name, s.confirmed_at, s.problem, s.unanswered, {KNOWN_UNTIL}, s.time_zone,
             s.left_out"
    );
    let states = engine.json_rows(&states, "s.id");
    format!("select {states} from pagerduty_schedules s where s.workspace_id = $1")
}

pub(super) fn read_schedules(json: &str) -> Result<HashMap<ScheduleId, ListedSchedule>> {
    let states: Vec<StateRow> = from_json(json, "the state of a schedule")?;
    Ok(states.into_iter().map(StateRow::state).collect())
}

impl Store {
    /// Every rotation of the workspace, and what decides who is on duty.
    pub async fn rotation_overview(&self, workspace: &WorkspaceId) -> Result<Arc<Overview>> {
        self.rotation_overview_since(workspace, Instant::now())
            .await
    }

    /// The same as it was at `since`, or later.
    pub async fn rotation_overview_since(
        &self,
        workspace: &WorkspaceId,
        since: Instant,
    ) -> Result<Arc<Overview>> {
        let revision = async { Ok(self.revisions(workspace).await?.rotations) };
        let read = |before: Option<Arc<Overview>>| async move {
            let directory = self.directory(workspace).await?;
            Ok(Overview::new(
                self.listed_rotations(workspace).await?,
                self.plans(workspace, &directory).await?,
                before.as_deref(),
                self.time(),
            ))
        };
        let overviews = &self.overviews;
        overviews
            .renewed_since(workspace, since, revision, read)
            .await
    }

    /// The same as it was some seconds ago: for those who will be told of what changed.
    pub async fn recent_rotation_overview(&self, workspace: &WorkspaceId) -> Result<Arc<Overview>> {
        let now = Instant::now();
        let since = now.checked_sub(LONGEST_KEPT).unwrap_or(now);
        self.rotation_overview_since(workspace, since).await
    }

    /// What those are called who take turns in each rotation of the workspace.
    pub async fn names_of_members(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<HashMap<RotationId, Vec<String>>> {
        let names = "m.rotation_id, coalesce(p.name, m.name)";
        let names = self.engine.json_rows(names, "m.rotation_id");
        let statement = format!(
            "select {names} from rotation_members m
             left join people p on p.workspace_id = m.workspace_id and p.id = m.person_id
             where m.workspace_id = $1"
        );
        let names: String = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .fetch_one(&self.pool)
            .await?;
        let names: Vec<(String, String)> = from_json(&names, "the members of rotations")?;
        let mut members: HashMap<_, Vec<_>> = HashMap::new();
        for (rotation, name) in names {
            members
                .entry(RotationId::new(rotation))
                .or_default()
                .push(name);
        }
        Ok(members)
    }

    async fn listed_rotations(&self, workspace: &WorkspaceId) -> Result<Vec<ListedRotation>> {
        let owners = owners_as_json(self.engine);
        let member_people = self.engine.json_rows("m.person_id", "m.person_id");
        let members = members_as_json(self.engine);
        let stand_ins = stand_ins_as_json(self.engine);
        let who_they_are = who_they_are();
        let rota = rota_columns(self.engine);
        let statement = format!(
            "select r.id, r.name, r.description, r.notes, r.code, r.duty_size, r.visibility, r.mode,
                 (select {owners} from rotation_owners o where o.rotation_id = r.id) as owners,
                 (select {member_people} from rotation_members m
                  where m.rotation_id = r.id and m.person_id is not null) as member_people,
                 (select count(*) from rotation_members m where m.rotation_id = r.id)
                     as member_count,
                 (select {members} from rotation_members m {who_they_are}
                  where m.rotation_id = r.id
                      and ({SINCE} is not null or r.mode in ($2, $3))) as members,
                 (select {stand_ins} from {STAND_INS} and d.rotation_id = r.id) as stand_ins,
                 b.schedule_id, {rota}
             from rotations r
             left join bindings b on b.rotation_id = r.id
             left join rotas t on t.rotation_id = r.id
             where r.workspace_id = $1 order by r.name, r.id"
        );
        let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(RotationMode::Manual.code())
            .bind(RotationMode::Scheduled.code())
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(Row::rotation).collect()
    }

    async fn plans(
        &self,
        workspace: &WorkspaceId,
        directory: &Directory,
    ) -> Result<HashMap<ScheduleId, Vec<Stretch>>> {
        let statement = format!(
            "select {} from pagerduty_schedules s where s.workspace_id = $1",
            HeldRow::columns(self.engine)
        );
        let rows: Vec<HeldRow> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .fetch_all(&self.pool)
            .await?;
        let plans = rows.into_iter().map(|row| {
            let (schedule, held) = row.held()?;
            Ok((schedule, planned(&held.people, &held.shifts, directory)))
        });
        plans.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use domain::{
        Member, Rotation,
        rota::{FilledIn, Rota},
    };
    use types::{LinkState, MemberKey, RotaInput, Visibility};

    fn member(name: &str) -> Member {
        let person = PersonId::new(name);
        Member {
            key: MemberKey::of_person(&person),
            name: name.to_owned(),
            person: Some(person),
            pagerduty_user: None,
            email: None,
            link: LinkState::Linked,
        }
    }

    /// One that Ann and Bob hand over once a week.
    fn listed(id: &str) -> ListedRotation {
        let now = clock::now();
        let input = RotaInput {
            times: "09:00".to_owned(),
            zone: "Europe/Paris".to_owned(),
            holidays: "FR".to_owned(),
            ..RotaInput::default()
        };
        let FilledIn { terms, duty_size } = FilledIn::checked(&input, now).unwrap();
        let details = RotationDetails {
            name: id.to_owned(),
            description: String::new(),
            notes: String::new(),
            code: None,
            duty_size,
            visibility: Visibility::Public,
        };
        let crew = Crew::new(vec![member("ann"), member("bob")], Vec::new());
        let rotation = Rotation {
            id: RotationId::new(id),
            workspace: WorkspaceId::new("T1"),
            details: details.clone(),
            plan: Plan::Manual,
            owners: Vec::new(),
            crew: crew.clone(),
            last_edit: None,
        };
        ListedRotation {
            id: rotation.id.clone(),
            details,
            plan: Plan::Scheduled(Box::new(Rota::begun(terms, &rotation, now))),
            owners: Vec::new(),
            member_people: Vec::new(),
            member_count: 2,
            crew,
        }
    }

    #[test]
    fn only_the_plans_of_what_has_changed_are_reckoned_anew() {
        let now = clock::now();
        let mut rotations = vec![listed("a"), listed("b"), listed("c")];
        let before = Overview::new(rotations.clone(), HashMap::new(), None, now);
        rotations[1].crew.members.reverse();
        rotations[2].details.name = "d".to_owned();
        let after = Overview::new(rotations, HashMap::new(), Some(&before), now);
        let kept = |id: &str| {
            let plan = |overview: &Overview| overview.rotas[&RotationId::new(id)].0.clone();
            Arc::ptr_eq(&plan(&before), &plan(&after))
        };
        assert_eq!([kept("a"), kept("b"), kept("c")], [true, false, true]);
        let fresh = Overview::new(after.rotations.clone(), HashMap::new(), None, now);
        assert_eq!(fresh.rotas, after.rotas);
    }

    /// How long it takes to make the overview of a thousand rotations with schedules of their own,
    /// and how long after one of them has changed. By hand, in a release:
    /// `cargo test --release -p server --lib a_thousand -- --ignored --nocapture`.
    #[test]
    #[ignore = "it measures"]
    fn a_thousand_rotations_are_planned_once() {
        let now = clock::now();
        let mut rotations: Vec<_> = (0..1000).map(|one| listed(&one.to_string())).collect();
        let began = Instant::now();
        let before = Overview::new(rotations.clone(), HashMap::new(), None, now);
        let first = began.elapsed();
        rotations[500].crew.members.reverse();
        let began = Instant::now();
        let after = Overview::new(rotations, HashMap::new(), Some(&before), now);
        let again = began.elapsed();
        println!("{first:?} at first, {again:?} after a change");
        assert_eq!(after.rotas.len(), 1000);
        assert!(again * 3 < first);
    }
}
