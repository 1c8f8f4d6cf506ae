//! What the list of rotations shows: of each rotation only whoever is on duty or
//! may come next, in one statement and one row. Rows cost more than what is in
//! them, so the people of a rotation come as JSON.
//!
//! The list is looked at far more often than anything in it changes, and by many. So
//! what was read is kept for as long as the database says that nothing has been
//! written since, by whichever server or program.

use super::{
    Result, Store, StoreError,
    connections::read_problem,
    known,
    rotations::{MEMBER_COLUMNS, MemberRow},
};
use domain::{ComingShift, Member, Relation};
use serde::Deserialize;
use sqlx::{AssertSqlSafe, FromRow};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use types::{
    PagerDutyProblem, PagerDutyUserId, PersonId, RotationDetails, RotationId, RotationMode,
    Timestamp, Visibility, WorkspaceId,
};

/// A rotation in the list.
#[derive(Clone, Debug)]
pub struct ListedRotation {
    pub id: RotationId,
    pub details: RotationDetails,
    pub mode: RotationMode,
    owners: Vec<PersonId>,
    /// The Slack people among its members, on duty or not.
    member_people: Vec<PersonId>,
    pub member_count: u32,
    /// In the order of their turns: everybody in Manual mode, else those on duty.
    pub members: Vec<Member>,
    /// The bound schedule.
    pub schedule: Option<ListedSchedule>,
    /// The shifts of the bound schedule that begin next and are not of users on
    /// duty: several when they begin at the same time.
    pub coming: Vec<ComingShift>,
}

impl ListedRotation {
    /// What a person of the workspace is to it.
    pub fn relation_to(&self, person: &PersonId) -> Relation {
        Relation {
            owner: self.owners.contains(person),
            member: self.member_people.contains(person),
        }
    }
}

/// The lists that were read last, one for each workspace.
#[derive(Clone, Debug, Default)]
pub(super) struct Overviews(Arc<Mutex<HashMap<WorkspaceId, Overview>>>);

/// All rotations of a workspace, and for how long they are as they were read.
#[derive(Clone, Debug)]
struct Overview {
    /// What the database was like just before they were read.
    stamp: String,
    /// The time for which the coming shifts were chosen.
    read_for: Timestamp,
    rotations: Arc<Vec<ListedRotation>>,
}

impl Overview {
    fn holds(&self, stamp: &str, now: Timestamp) -> bool {
        let mut coming = self.rotations.iter().flat_map(|rotation| &rotation.coming);
        self.stamp == stamp && self.read_for <= now && coming.all(|shift| now < shift.starts_at)
    }
}

impl Overviews {
    fn get(
        &self,
        workspace: &WorkspaceId,
        stamp: &str,
        now: Timestamp,
    ) -> Option<Arc<Vec<ListedRotation>>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let overview = kept.get(workspace)?;
        overview
            .holds(stamp, now)
            .then(|| Arc::clone(&overview.rotations))
    }

    fn keep(&self, workspace: &WorkspaceId, overview: Overview) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(workspace.clone(), overview);
    }
}

/// How well the state of a bound schedule is known.
#[derive(Clone, Debug)]
pub struct ListedSchedule {
    /// When PagerDuty last answered for it, by PagerDuty's clock.
    pub confirmed_at: Option<Timestamp>,
    /// Why the last attempt to read it failed, if it did.
    pub problem: Option<PagerDutyProblem>,
    /// Failed attempts in a row.
    pub unanswered: u32,
}

#[derive(FromRow)]
struct Row {
    id: String,
    name: String,
    description: String,
    code: Option<String>,
    duty_size: i64,
    visibility: String,
    mode: String,
    owners: String,
    member_people: String,
    member_count: i64,
    members: String,
    schedule_id: Option<String>,
    confirmed_at: Option<i64>,
    problem: Option<String>,
    unanswered: Option<i64>,
    coming: String,
}

/// In the order in which the statement builds it.
#[derive(Deserialize)]
struct ComingShiftRow {
    user_id: String,
    person_id: Option<String>,
    name: String,
    email: Option<String>,
    starts_at: i64,
}

impl ComingShiftRow {
    fn shift(self) -> ComingShift {
        ComingShift {
            user: PagerDutyUserId::new(self.user_id),
            person: self.person_id.map(PersonId::new),
            name: self.name,
            email: self.email,
            starts_at: Timestamp::from_millis(self.starts_at),
        }
    }
}

impl Row {
    fn rotation(self) -> Result<ListedRotation> {
        let members: Vec<MemberRow> = read(&self.members, "members")?;
        let members: Result<_> = members.into_iter().map(MemberRow::member).collect();
        let coming: Vec<ComingShiftRow> = read(&self.coming, "shifts")?;
        let problem = read_problem(self.problem)?;
        Ok(ListedRotation {
            id: RotationId::new(self.id),
            details: RotationDetails {
                name: self.name,
                description: self.description,
                code: self.code,
                duty_size: u32::try_from(self.duty_size).unwrap_or(1),
                visibility: known(Visibility::from_code(&self.visibility), "a visibility")?,
            },
            mode: known(RotationMode::from_code(&self.mode), "a rotation mode")?,
            owners: read_people(&self.owners)?,
            member_people: read_people(&self.member_people)?,
            member_count: u32::try_from(self.member_count).unwrap_or(u32::MAX),
            members: members?,
            schedule: self.schedule_id.map(|_| ListedSchedule {
                confirmed_at: self.confirmed_at.map(Timestamp::from_millis),
                problem,
                unanswered: u32::try_from(self.unanswered.unwrap_or(0)).unwrap_or(u32::MAX),
            }),
            coming: coming.into_iter().map(ComingShiftRow::shift).collect(),
        })
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a str, what: &'static str) -> Result<T> {
    serde_json::from_str(json).map_err(|_| StoreError::Unreadable { what })
}

/// Of rows with nothing but a person's id.
fn read_people(json: &str) -> Result<Vec<PersonId>> {
    let rows: Vec<(String,)> = read(json, "people")?;
    Ok(rows.into_iter().map(|(id,)| PersonId::new(id)).collect())
}

impl Store {
    /// Every rotation of the workspace by name, as it is at the time `now` of
    /// PagerDuty's clock.
    pub async fn rotation_overview(
        &self,
        workspace: &WorkspaceId,
        now: Timestamp,
    ) -> Result<Arc<Vec<ListedRotation>>> {
        // Before the rotations: what is written in between makes the next who asks
        // read again, and nobody sees less than there was.
        let (stamp,): (String,) = sqlx::query_as(self.engine.stamp())
            .fetch_one(&self.stamps)
            .await?;
        if let Some(rotations) = self.overviews.get(workspace, &stamp, now) {
            return Ok(rotations);
        }
        let rotations = Arc::new(self.read_overview(workspace, now).await?);
        let overview = Overview {
            stamp,
            read_for: now,
            rotations: Arc::clone(&rotations),
        };
        self.overviews.keep(workspace, overview);
        Ok(rotations)
    }

    async fn read_overview(
        &self,
        workspace: &WorkspaceId,
        now: Timestamp,
    ) -> Result<Vec<ListedRotation>> {
        let owners = self.engine.json_rows("o.person_id", "o.person_id");
        let member_people = self.engine.json_rows("m.person_id", "m.person_id");
        let members = self.engine.json_rows(MEMBER_COLUMNS, "m.position");
        let coming = self.engine.json_rows(
            "n.user_id, coalesce(m.person_id, l.person_id), coalesce(p.name, m.name, u.name),
             u.email, n.starts_at",
            "n.user_id",
        );
        let statement = format!(
            "select r.id, r.name, r.description, r.code, r.duty_size, r.visibility, r.mode,
                 (select {owners} from rotation_owners o where o.rotation_id = r.id) as owners,
                 (select {member_people} from rotation_members m
                  where m.rotation_id = r.id and m.person_id is not null) as member_people,
                 (select count(*) from rotation_members m where m.rotation_id = r.id)
                     as member_count,
                 (select {members} from rotation_members m
                  left join people p on p.workspace_id = m.workspace_id and p.id = m.person_id
                  left join person_links l on l.workspace_id = m.workspace_id
                      and l.pagerduty_user_id = m.pagerduty_user_id
                  where m.rotation_id = r.id
                      and (m.on_duty_since is not null or r.mode = $3)) as members,
                 b.schedule_id, s.confirmed_at, s.problem, s.unanswered,
                 (select {coming} from pagerduty_shifts n
                  join pagerduty_users u on u.workspace_id = n.workspace_id and u.id = n.user_id
                  left join rotation_members m on m.rotation_id = r.id
                      and m.pagerduty_user_id = n.user_id
                  left join person_links l on l.workspace_id = n.workspace_id
                      and l.pagerduty_user_id = n.user_id
                  left join people p on p.workspace_id = n.workspace_id
                      and p.id = coalesce(m.person_id, l.person_id)
                  where n.workspace_id = b.workspace_id and n.schedule_id = b.schedule_id
                      and n.starts_at =
                          (select min(e.starts_at) from pagerduty_shifts e
                           where e.workspace_id = b.workspace_id and e.schedule_id = b.schedule_id
                               and e.starts_at > $2 and not exists
                                   (select 1 from rotation_members d
                                    where d.rotation_id = r.id
                                        and d.pagerduty_user_id = e.user_id
                                        and d.on_duty_since is not null))) as coming
             from rotations r
             left join bindings b on b.rotation_id = r.id
             left join pagerduty_schedules s on s.workspace_id = b.workspace_id
                 and s.id = b.schedule_id
             where r.workspace_id = $1 order by lower(r.name), r.id"
        );
        let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(now.as_millis())
            .bind(RotationMode::Manual.code())
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(Row::rotation).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    /// A list that was read at [`START`], with a shift that begins 60 seconds later.
    fn overview() -> Overview {
        let shift = ComingShift {
            user: PagerDutyUserId::new("P1"),
            person: None,
            name: "Ana".to_owned(),
            email: None,
            starts_at: START.plus_seconds(60),
        };
        let details = RotationDetails {
            name: "Ops".to_owned(),
            description: String::new(),
            code: None,
            duty_size: 1,
            visibility: Visibility::Public,
        };
        let rotation = ListedRotation {
            id: RotationId::new("r"),
            details,
            mode: RotationMode::PagerDuty,
            owners: Vec::new(),
            member_people: Vec::new(),
            member_count: 0,
            members: Vec::new(),
            schedule: None,
            coming: vec![shift],
        };
        Overview {
            stamp: "1".to_owned(),
            read_for: START,
            rotations: Arc::new(vec![rotation]),
        }
    }

    #[test]
    fn it_holds_until_a_coming_shift_begins() {
        assert!(overview().holds("1", START));
        assert!(overview().holds("1", START.plus_seconds(59)));
        assert!(!overview().holds("1", START.plus_seconds(60)));
    }

    #[test]
    fn it_holds_neither_for_an_earlier_time_nor_after_a_write() {
        assert!(!overview().holds("1", START.plus_seconds(-1)));
        assert!(!overview().holds("2", START));
    }
}
