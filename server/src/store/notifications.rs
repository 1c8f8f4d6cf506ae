//! What people are told themselves: what each has chosen, and what they were told last. What waits
//! to be told is in the outbox.

use super::{
    DatabaseConnection, Engine, NoticeState, Result, Store, as_json, outbox,
    workspaces::split_scopes,
};
use domain::{Audiences, PersonalNotice, Subscription};
use sqlx::{AssertSqlSafe, FromRow};
use std::collections::HashMap;
use types::{
    MemberKey, NotificationChoices, PersonId, RotationId, SlackCapability, Timestamp, ToldDirectly,
    WorkspaceId,
};

/// Of what somebody is told, and how that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notifications {
    pub choices: NotificationChoices,
    /// The name of the time zone that Slack tells of them, whether or not there is such a zone.
    pub time_zone: Option<String>,
    /// The same of the one that was chosen for the workspace.
    pub workspace_zone: Option<String>,
    pub last: Option<ToldDirectly>,
}

#[derive(FromRow)]
struct Row {
    choices: Option<String>,
    time_zone: Option<String>,
    workspace_zone: Option<String>,
    told_about: Option<String>,
    told_at: Option<i64>,
}

/// What this version cannot read is as if nothing had been chosen.
fn choices(json: Option<&str>) -> NotificationChoices {
    let read = json.and_then(|json| serde_json::from_str(json).ok());
    read.unwrap_or_default()
}

impl Store {
    pub async fn notifications(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
    ) -> Result<Notifications> {
        let row: Option<Row> = sqlx::query_as(
            "select n.choices, p.time_zone, w.time_zone as workspace_zone, n.told_about, n.told_at
             from people p join workspaces w on w.id = p.workspace_id left join notifications n
                 on n.workspace_id = p.workspace_id and n.person_id = p.id
             where p.workspace_id = $1 and p.id = $2",
        )
        .bind(workspace.as_str())
        .bind(person.as_str())
        .fetch_optional(&self.pool)
        .await?;
        let row = row.unwrap_or(Row {
            choices: None,
            time_zone: None,
            workspace_zone: None,
            told_about: None,
            told_at: None,
        });
        let told_at = row.told_at.map(Timestamp::from_millis);
        let last = row.told_about.zip(told_at);
        Ok(Notifications {
            choices: choices(row.choices.as_deref()),
            time_zone: row.time_zone,
            workspace_zone: row.workspace_zone,
            last: last.map(|(about, at)| ToldDirectly { at, about }),
        })
    }

    /// Has somebody told of this from now on, also of the shifts that are planned already.
    pub async fn save_notification_choices(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
        choices: &NotificationChoices,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "insert into notifications (workspace_id, person_id, choices) values ($1, $2, $3)
             on conflict (workspace_id, person_id) do update set choices = excluded.choices",
        )
        .bind(workspace.as_str())
        .bind(person.as_str())
        .bind(as_json(choices))
        .execute(&mut *tx)
        .await?;
        plan_again(&mut tx, self.engine, workspace, Some(person)).await?;
        // What waits for the end of quiet hours may wait for nothing any more.
        let statement = format!(
            "update outbox set retry_at = 0 where id in (select id from outbox
                 where workspace_id = $1 and target = $2 and kind in {} and state = 'waiting' {})",
            self.engine.texts_of_json("$3"),
            self.engine.held_unless_taken()
        );
        let waiting = sqlx::query(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(MemberKey::of_person(person).as_str())
            .bind(as_json(&kinds()))
            .execute(&mut *tx)
            .await?;
        if waiting.rows_affected() > 0 {
            outbox::announce(&mut tx, self.engine).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Keeps what somebody was told just now.
    pub async fn note_told_directly(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
        about: &str,
    ) -> Result<()> {
        let statement = format!(
            "insert into notifications (workspace_id, person_id, told_about, told_at)
             values ($1, $2, $3, {})
             on conflict (workspace_id, person_id) do update set
                 told_about = excluded.told_about, told_at = excluded.told_at",
            self.engine.now()
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(person.as_str())
            .bind(about)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// How far what somebody is told has come that was tried last, or is tried again.
    pub async fn latest_personal_notice(
        &self,
        workspace: &WorkspaceId,
        target: &str,
    ) -> Result<Option<NoticeState>> {
        let statement = format!(
            "select state, problem from outbox
             where workspace_id = $1 and target = $2 and kind in {} and attempts > 0
             order by coalesce(ended_at, retry_at) desc, id desc limit 1",
            self.engine.texts_of_json("$3")
        );
        let row: Option<(String, Option<String>)> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(workspace.as_str())
            .bind(target)
            .bind(as_json(&kinds()))
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|(state, problem)| NoticeState { state, problem }))
    }
}

fn kinds() -> Vec<&'static str> {
    PersonalNotice::all().map(PersonalNotice::kind).collect()
}

/// Has the clock look at the plans of rotations, so that what is to be told of them is written:
/// of those in which somebody takes turns, or of all in the workspace.
pub(super) async fn plan_again(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    person: Option<&PersonId>,
) -> Result<()> {
    let now = engine.now();
    let statement = format!(
        "update rotations set next_change_at = {now} where id in (select id from rotations
             where workspace_id = $1 and next_change_at > {now}
                 and ($2 = '' or id in (select rotation_id from rotation_members
                     where workspace_id = $1 and person_id = $2))
             {})",
        engine.held_in_order()
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(workspace.as_str())
        .bind(person.map(PersonId::as_str).unwrap_or_default())
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether Slack lets Round Robin write to the people of a workspace.
pub(super) async fn may_write(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
) -> Result<bool> {
    let row: Option<(Option<String>,)> =
        sqlx::query_as("select bot_scopes from workspaces where id = $1")
            .bind(workspace.as_str())
            .fetch_optional(connection)
            .await?;
    let scopes = row.and_then(|(scopes,)| scopes).unwrap_or_default();
    Ok(SlackCapability::DirectMessages.is_granted(&split_scopes(&scopes)))
}

/// Whether somebody wants to be told this, and can be.
pub(super) async fn is_told(
    connection: &mut DatabaseConnection,
    workspace: &WorkspaceId,
    key: &MemberKey,
    notice: PersonalNotice,
) -> Result<bool> {
    let Some(person) = key.person() else {
        return Ok(false);
    };
    let row: Option<(Option<String>,)> = sqlx::query_as(
        "select choices from notifications where workspace_id = $1 and person_id = $2",
    )
    .bind(workspace.as_str())
    .bind(person.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let json = row.and_then(|(json,)| json);
    let is_wanted = notice.is_wanted(&choices(json.as_deref()));
    Ok(is_wanted && may_write(connection, workspace).await?)
}

/// What people want to be told themselves, for each of the rotations in whose workspace Slack lets
/// Round Robin write to them.
pub(super) async fn subscriptions(
    connection: &mut DatabaseConnection,
    engine: Engine,
    rotations: &[&RotationId],
) -> Result<Vec<Subscription>> {
    let statement = format!(
        "select r.id, r.workspace_id, w.bot_scopes from rotations r
         join workspaces w on w.id = r.workspace_id where r.id in {}",
        engine.texts_of_json("$1")
    );
    let rows: Vec<(String, String, Option<String>)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(as_json(rotations))
        .fetch_all(&mut *connection)
        .await?;
    let told = rows
        .into_iter()
        .filter_map(|(rotation, workspace, scopes)| {
            let scopes = split_scopes(scopes.as_deref().unwrap_or_default());
            let may_write = SlackCapability::DirectMessages.is_granted(&scopes);
            may_write.then_some((RotationId::new(rotation), workspace))
        });
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let statement = format!(
        "select workspace_id, person_id, choices from notifications
         where choices is not null and workspace_id in {} order by workspace_id, person_id",
        engine.texts_of_json("$1")
    );
    let workspaces: Vec<_> = told.iter().map(|(_, workspace)| workspace).collect();
    let rows: Vec<(String, String, Option<String>)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(as_json(&workspaces))
        .fetch_all(connection)
        .await?;
    let mut chosen: HashMap<_, Vec<_>> = HashMap::new();
    for (workspace, person, json) in rows {
        let of_workspace = chosen.entry(workspace).or_default();
        of_workspace.push((PersonId::new(person), choices(json.as_deref())));
    }
    let nobody = Vec::new();
    let mut audiences = HashMap::new();
    for (_, workspace) in &told {
        let chosen = chosen.get(workspace).unwrap_or(&nobody);
        audiences
            .entry(workspace)
            .or_insert_with(|| Audiences::of(chosen));
    }
    let subscriptions = told
        .iter()
        .flat_map(|(rotation, workspace)| audiences[workspace].subscriptions(rotation));
    Ok(subscriptions.collect())
}
