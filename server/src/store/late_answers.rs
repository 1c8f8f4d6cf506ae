//! Answers to what people did in Slack that come later than Slack waits for them. That there is one to
//! come is kept before it is known, with the notice that tells it, so whoever asked is answered by
//! another server where the one that they asked ends.

use super::{
    Result, Store,
    deliveries::Subject,
    outbox::{self, Row},
};
use domain::{Notice, NoticeKey, Occurrence};
use sqlx::{AssertSqlSafe, FromRow};
use std::time::Duration;
use types::{Timestamp, WorkspaceId};

/// After so long Slack takes no answer any more at the address that it has named.
pub const LATE_ANSWERS_KEPT_SECONDS: i64 = 30 * 60;

/// An answer, known or not, and where it is to be given.
#[derive(Clone, Debug)]
pub struct LateAnswer {
    pub id: String,
    pub workspace: WorkspaceId,
    /// Opens for [`late_answer_row`] only.
    pub address_sealed: String,
    pub thread: Option<String>,
    /// Once it is known.
    pub text: Option<String>,
    /// Under which key it is known what came of what was to be changed, if anything was.
    pub change: Option<String>,
}

/// What the address of an answer is sealed for.
pub fn late_answer_row(id: &str) -> String {
    format!("late_answers/{id}/address")
}

#[derive(FromRow)]
struct AnswerRow {
    id: String,
    workspace_id: String,
    address_sealed: String,
    thread: Option<String>,
    text: Option<String>,
    change_key: Option<String>,
}

impl From<AnswerRow> for LateAnswer {
    fn from(row: AnswerRow) -> Self {
        Self {
            id: row.id,
            workspace: WorkspaceId::new(row.workspace_id),
            address_sealed: row.address_sealed,
            thread: row.thread,
            text: row.text,
            change: row.change_key,
        }
    }
}

impl Store {
    /// Keeps an answer, or that there is one to come, and has it told by a notice of this kind after
    /// a while, as long as it is of use. False where nothing is known of its workspace, for which
    /// nothing can be kept.
    pub async fn keep_late_answer(
        &self,
        answer: &LateAnswer,
        kind: &str,
        (wait, of_use): (Duration, Duration),
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        let known: Option<(String,)> = sqlx::query_as("select id from workspaces where id = $1")
            .bind(answer.workspace.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        if known.is_none() {
            return Ok(false);
        }
        let statement = format!(
            "insert into late_answers (id, workspace_id, address_sealed, thread, text, change_key,
                 kept_at)
             values ($1, $2, $3, $4, $5, $6, {})
             on conflict (id) do update set text = excluded.text",
            self.engine.now()
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(&answer.id)
            .bind(answer.workspace.as_str())
            .bind(&answer.address_sealed)
            .bind(&answer.thread)
            .bind(&answer.text)
            .bind(&answer.change)
            .execute(&mut *tx)
            .await?;
        let notice = Notice {
            key: NoticeKey {
                // What is said where none came does not stand in its way.
                occurrence: Occurrence::at(Timestamp::from_millis(answer.text.is_some().into())),
                kind: kind.to_owned(),
                target: answer.id.clone(),
            },
            due_in: wait,
            expires_in: Some(of_use),
        };
        let subject = Subject::Answer(answer.id.clone());
        let row = Row::new(&answer.workspace, &subject, &notice);
        outbox::insert(&mut tx, self.engine, &[row]).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub async fn late_answer(&self, id: &str) -> Result<Option<LateAnswer>> {
        let row: Option<AnswerRow> = sqlx::query_as(
            "select id, workspace_id, address_sealed, thread, text, change_key
             from late_answers where id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(LateAnswer::from))
    }

    /// Forgets an answer that was given, and that it was to be.
    pub async fn forget_late_answer(&self, id: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        for statement in [
            "delete from outbox where subject_kind = 'late_answer' and subject_id = $1
                 and state = 'waiting'",
            "delete from late_answers where id = $1",
        ] {
            sqlx::query(statement).bind(id).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Forgets answers that were kept before `before`, given or not.
    pub async fn purge_late_answers(&self, before: Timestamp) -> Result<()> {
        sqlx::query("delete from late_answers where kept_at < $1")
            .bind(before.as_millis())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
