//! Mentions of the app in Slack, and what has become of the calls that they led to. A mention is kept,
//! and that it is to be answered, in one transaction with that it was heard: whoever mentions the app
//! is answered, also by a server that starts afterwards.

use super::{
    DatabaseConnection, Engine, Result, Store, as_json,
    deliveries::Subject,
    outbox::{self, Row},
};
use domain::{Call, Calling, Notice, NoticeKey, Occurrence};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, FromRow};
use std::time::Duration;
use types::{PersonId, RotationId, SlackChannelId, Timestamp, WorkspaceId};
use uuid::Uuid;

/// Somebody has mentioned the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMention {
    pub workspace: WorkspaceId,
    pub person: PersonId,
    pub channel: SlackChannelId,
    pub thread: String,
    pub code: Option<String>,
}

/// The same, as it is kept, and what has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMention {
    pub id: String,
    pub asked: NewMention,
    pub rotation: Option<RotationId>,
    pub calling: Calling,
    /// The message of each call.
    pub messages: Vec<CallMessage>,
}

/// What was written of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallMessage {
    pub text: String,
    /// By what Slack knows it, once it is known.
    pub ts: Option<String>,
    /// How much of what became of the call it says: so many changes.
    pub told: usize,
}

/// What came of a change to a mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MentionChange<R> {
    Done,
    Refused(R),
    /// The same was done before.
    Repeated,
    Gone,
}

/// What is to be told of a mention.
#[derive(Clone, Copy, Debug)]
pub struct MentionNotice {
    pub kind: &'static str,
    /// Grows with each notice of the kind.
    pub number: usize,
    /// After what time it is of no use, if ever.
    pub expires_in: Option<Duration>,
    /// It holds up nothing else that is said in the thread, and waits for none of it.
    pub is_apart: bool,
}

#[derive(Serialize, Deserialize)]
struct CallRow {
    people: Vec<PersonId>,
    #[serde(default)]
    passed: Vec<PersonId>,
    #[serde(default)]
    text: String,
    ts: Option<String>,
    #[serde(default)]
    told: usize,
}

#[derive(FromRow)]
struct MentionRow {
    id: String,
    workspace_id: String,
    person_id: String,
    channel: String,
    thread: String,
    code: Option<String>,
    rotation_id: Option<String>,
    calls: String,
    taken_by: Option<String>,
}

impl From<MentionRow> for StoredMention {
    fn from(row: MentionRow) -> Self {
        // What this version cannot read is as if nobody had been called.
        let calls: Vec<CallRow> = serde_json::from_str(&row.calls).unwrap_or_default();
        let (calls, messages) = calls
            .into_iter()
            .map(|call| {
                let CallRow {
                    people,
                    passed,
                    text,
                    ts,
                    told,
                } = call;
                (Call { people, passed }, CallMessage { text, ts, told })
            })
            .unzip();
        Self {
            id: row.id,
            asked: NewMention {
                workspace: WorkspaceId::new(row.workspace_id),
                person: PersonId::new(row.person_id),
                channel: SlackChannelId::new(row.channel),
                thread: row.thread,
                code: row.code,
            },
            rotation: row.rotation_id.map(RotationId::new),
            calling: Calling {
                calls,
                taken_by: row.taken_by.map(PersonId::new),
            },
            messages,
        }
    }
}

impl StoredMention {
    fn calls(&self) -> Vec<CallRow> {
        let calls = self.calling.calls.iter().zip(&self.messages);
        calls
            .map(|(call, message)| CallRow {
                people: call.people.clone(),
                passed: call.passed.clone(),
                text: message.text.clone(),
                ts: message.ts.clone(),
                told: message.told,
            })
            .collect()
    }

    /// To what in the outbox its answers go, one after the other, and what stands apart.
    fn target(&self, is_apart: bool) -> String {
        let thread = format!("{}/{}", self.asked.channel, self.asked.thread);
        match is_apart {
            true => format!("{thread}/{}", self.id),
            false => thread,
        }
    }

    /// Grows with each change of what its messages say, or of which of them are known.
    pub fn progress(&self) -> usize {
        let known = self.messages.iter().filter(|message| message.ts.is_some());
        self.calling.changes() + known.count()
    }
}

impl Store {
    /// Keeps a mention, to be answered by this notice after a while, unless one of its
    /// `names` was heard before. False when it was.
    pub async fn take_mention(
        &self,
        asked: &NewMention,
        names: &[String],
        (notice, wait): (MentionNotice, Duration),
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        for name in names {
            if !claim(&mut tx, self.engine, &asked.workspace, name).await? {
                return Ok(false);
            }
        }
        let mention = StoredMention {
            id: Uuid::now_v7().to_string(),
            asked: asked.clone(),
            rotation: None,
            calling: Calling::default(),
            messages: Vec::new(),
        };
        let statement = format!(
            "insert into mentions (id, workspace_id, person_id, channel, thread, code, taken_at,
                 calls)
             values ($1, $2, $3, $4, $5, $6, {}, '[]')",
            self.engine.now()
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(&mention.id)
            .bind(asked.workspace.as_str())
            .bind(asked.person.as_str())
            .bind(asked.channel.as_str())
            .bind(&asked.thread)
            .bind(&asked.code)
            .execute(&mut *tx)
            .await?;
        tell(&mut tx, self.engine, &mention, (notice, wait)).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub async fn mention(&self, id: &str) -> Result<Option<StoredMention>> {
        let mut connection = self.pool.acquire().await?;
        load(&mut connection, id, "").await
    }

    /// Changes what has become of a mention by a rule, and has told what follows from that, once
    /// for each `name`.
    pub async fn change_mention<R>(
        &self,
        id: &str,
        name: Option<&str>,
        rule: impl FnOnce(&mut StoredMention) -> std::result::Result<Vec<MentionNotice>, R> + Send,
    ) -> Result<MentionChange<R>> {
        let mut tx = self.begin().await?;
        let held = match self.engine {
            Engine::Sqlite => "",
            Engine::Postgres => "for update",
        };
        let Some(mut mention) = load(&mut tx, id, held).await? else {
            return Ok(MentionChange::Gone);
        };
        if let Some(name) = name
            && !claim(&mut tx, self.engine, &mention.asked.workspace, name).await?
        {
            return Ok(MentionChange::Repeated);
        }
        let notices = match rule(&mut mention) {
            Ok(notices) => notices,
            Err(refusal) => return Ok(MentionChange::Refused(refusal)),
        };
        sqlx::query(
            "update mentions set rotation_id = $2, calls = $3, taken_by = $4 where id = $1",
        )
        .bind(&mention.id)
        .bind(mention.rotation.as_ref().map(RotationId::as_str))
        .bind(as_json(&mention.calls()))
        .bind(mention.calling.taken_by.as_ref().map(PersonId::as_str))
        .execute(&mut *tx)
        .await?;
        for notice in notices {
            tell(&mut tx, self.engine, &mention, (notice, Duration::ZERO)).await?;
        }
        tx.commit().await?;
        Ok(MentionChange::Done)
    }

    /// Forgets mentions that were heard before `before`.
    pub async fn purge_mentions(&self, before: Timestamp) -> Result<()> {
        sqlx::query("delete from mentions where taken_at < $1")
            .bind(before.as_millis())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

async fn load(
    connection: &mut DatabaseConnection,
    id: &str,
    held: &'static str,
) -> Result<Option<StoredMention>> {
    let statement = format!(
        "select id, workspace_id, person_id, channel, thread, code, rotation_id, calls, taken_by
         from mentions where id = $1 {held}"
    );
    let row: Option<MentionRow> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(id)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(StoredMention::from))
}

/// Whether nobody has claimed this before. What claims it is undone with the transaction.
async fn claim(
    connection: &mut DatabaseConnection,
    engine: Engine,
    workspace: &WorkspaceId,
    name: &str,
) -> Result<bool> {
    // Nothing where there is no such workspace, as after a beginning anew.
    let statement = format!(
        "insert into changes (key, workspace_id, begun_at, outcome, ended)
         select $1, id, {}, 'taken', 1 from workspaces where id = $2
         on conflict (key) do nothing",
        engine.now()
    );
    let claimed = sqlx::query(AssertSqlSafe(statement))
        .bind(name)
        .bind(workspace.as_str())
        .execute(connection)
        .await?;
    Ok(claimed.rows_affected() == 1)
}

async fn tell(
    connection: &mut DatabaseConnection,
    engine: Engine,
    mention: &StoredMention,
    (notice, wait): (MentionNotice, Duration),
) -> Result<()> {
    let number = i64::try_from(notice.number).unwrap_or(i64::MAX);
    let expires_in = notice.expires_in.map(|after| wait.saturating_add(after));
    let notice = Notice {
        key: NoticeKey {
            occurrence: Occurrence::at(Timestamp::from_millis(number)),
            kind: notice.kind.to_owned(),
            target: mention.target(notice.is_apart),
        },
        due_in: wait,
        expires_in,
    };
    let subject = Subject::Mention(mention.id.clone());
    let row = Row::new(&mention.asked.workspace, &subject, &notice);
    outbox::insert(connection, engine, &[row]).await
}
