//! What the list of rotations shows: of each rotation only whoever is on duty or
//! may come next, in one statement and one row. Rows cost more than what is in
//! them, so the people of a rotation come as JSON.

use super::{
    Result, Store, StoreError,
    connections::read_problem,
    known,
    rotations::{MEMBER_COLUMNS, MemberRow},
};
use crate::rotations::{ComingShift, Member, Relation};
use serde::Deserialize;
use sqlx::{AssertSqlSafe, FromRow};
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
    /// What the person who asks is to it.
    pub relation: Relation,
    pub member_count: u32,
    /// In the order of their turns: everybody in Manual mode, else those on duty.
    pub members: Vec<Member>,
    /// The bound schedule.
    pub schedule: Option<ListedSchedule>,
    /// The shifts of the bound schedule that begin next and are not of users on
    /// duty: several when they begin at the same time.
    pub coming: Vec<ComingShift>,
}

/// How well the state of a bound schedule is known.
#[derive(Clone, Debug)]
pub struct ListedSchedule {
    /// When PagerDuty last answered for it, by PagerDuty's clock.
    pub confirmed_at: Option<Timestamp>,
    /// Why the last attempt to read it failed, if it did.
    pub problem: Option<PagerDutyProblem>,
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
    is_owner: i64,
    is_member: i64,
    member_count: i64,
    members: String,
    schedule_id: Option<String>,
    confirmed_at: Option<i64>,
    problem: Option<String>,
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
            relation: Relation {
                owner: self.is_owner != 0,
                member: self.is_member != 0,
            },
            member_count: u32::try_from(self.member_count).unwrap_or(u32::MAX),
            members: members?,
            schedule: self.schedule_id.map(|_| ListedSchedule {
                confirmed_at: self.confirmed_at.map(Timestamp::from_millis),
                problem,
            }),
            coming: coming.into_iter().map(ComingShiftRow::shift).collect(),
        })
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a str, what: &'static str) -> Result<T> {
    serde_json::from_str(json).map_err(|_| StoreError::Unreadable { what })
}

impl Store {
    /// Every rotation of the workspace by name, as `person` finds it in the list at
    /// the time `now` of PagerDuty's clock.
    pub async fn rotation_overview(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Vec<ListedRotation>> {
        let members = self.engine.json_rows(MEMBER_COLUMNS, "m.position");
        let coming = self.engine.json_rows(
            "n.user_id, coalesce(m.person_id, l.person_id), coalesce(p.name, m.name, u.name),
             u.email, n.starts_at",
            "n.user_id",
        );
        let statement = format!(
            "select r.id, r.name, r.description, r.code, r.duty_size, r.visibility, r.mode,
                 case when exists (select 1 from rotation_owners o
                     where o.rotation_id = r.id and o.person_id = $2) then 1 else 0 end as is_owner,
                 case when exists (select 1 from rotation_members m
                     where m.rotation_id = r.id and m.person_id = $2) then 1 else 0 end as is_member,
                 (select count(*) from rotation_members m where m.rotation_id = r.id)
                     as member_count,
                 (select {members} from rotation_members m
                  left join people p on p.workspace_id = m.workspace_id and p.id = m.person_id
                  left join person_links l on l.workspace_id = m.workspace_id
                      and l.pagerduty_user_id = m.pagerduty_user_id
                  where m.rotation_id = r.id
                      and (m.on_duty_since is not null or r.mode = $4)) as members,
                 b.schedule_id, s.confirmed_at, s.problem,
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
                               and e.starts_at > $3 and not exists
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
            .bind(person.as_str())
            .bind(now.as_millis())
            .bind(RotationMode::Manual.code())
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(Row::rotation).collect()
    }
}
