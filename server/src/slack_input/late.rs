//! Answers that come later than Slack waits for them, given at an address that Slack has named for
//! that. They go through the outbox, so that whoever asked is answered also where the server ends
//! meanwhile: with what it found out, or that nobody knows any more.

use super::reply::Reply;
use crate::{
    Services,
    outbox::{Attempt, Consumer, Posting},
    slack::{ANSWER, ReplyAddress, SlackError},
    slack_output::{FAILED, GONE, attempt, failed, refused},
    store::{
        ChangeState, Delivery, LONGEST_CHANGE, LateAnswer, StoreError, Subject, late_answer_row,
    },
};
use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use types::WorkspaceId;
use uuid::Uuid;

/// What has no answer after so long is looked after: whoever was to give it may be gone.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Slack takes answers for half an hour after somebody asked.
const OF_USE: Duration = Duration::from_secs(25 * 60);

/// Why it is not answered yet.
const NOT_YET_KNOWN: &str = "not_yet_known";

/// An answer to somebody alone that is to come.
#[derive(Clone)]
pub struct Late {
    services: Services,
    address: ReplyAddress,
    answer: LateAnswer,
}

impl Late {
    /// At an address, in a thread if that is where whoever asked is. What came of a change is known
    /// under its key.
    pub fn new(
        services: &Services,
        workspace: &WorkspaceId,
        address: ReplyAddress,
        (thread, change): (Option<String>, Option<String>),
    ) -> Self {
        let id = Uuid::now_v7().to_string();
        let plain = SecretString::from(address.as_str().to_owned());
        let answer = LateAnswer {
            address_sealed: services.keys.seal(&plain, &late_answer_row(&id)),
            id,
            workspace: workspace.clone(),
            thread,
            text: None,
            change,
        };
        Self {
            services: services.clone(),
            address,
            answer,
        }
    }

    /// Keeps that there is an answer to come. Where none does, it is said after a while what is known.
    pub async fn expect(&self) {
        if let Err(error) = self.keep(&self.answer, PATIENCE).await {
            tracing::warn!(%error, "that somebody waits for an answer could not be kept");
        }
    }

    /// Has this answered.
    pub async fn give(&self, text: &str) {
        let answer = LateAnswer {
            text: Some(text.to_owned()),
            ..self.answer.clone()
        };
        match self.keep(&answer, Duration::ZERO).await {
            Ok(true) => return,
            // Whoever asked is of a workspace that nobody knows here.
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "somebody's answer could not be kept; it is tried once to give it");
            }
        }
        let (client, thread) = (&self.services.slack.client, answer.thread.as_deref());
        if let Err(error) = client.respond(&self.address, thread, text).await {
            tracing::warn!(%error, "somebody's answer could not be given to Slack");
        }
    }

    /// That it was answered in time.
    pub async fn is_given(&self) {
        let forgetting = self.services.store.forget_late_answer(&self.answer.id);
        if let Err(error) = forgetting.await {
            tracing::warn!(%error, "somebody may be answered a second time");
        }
    }

    async fn keep(&self, answer: &LateAnswer, wait: Duration) -> Result<bool, StoreError> {
        let store = &self.services.store;
        store.keep_late_answer(answer, ANSWER, (wait, OF_USE)).await
    }
}

/// Gives late answers: the consumer of the outbox's `slack_answer`.
pub struct LateAnswers(pub Services);

#[async_trait]
impl Consumer for LateAnswers {
    fn kind(&self) -> &str {
        ANSWER
    }

    /// Whoever asked alone reads it, and the same twice does no harm; that nothing comes does, and
    /// what it tells of is not done again.
    fn is_repeatable(&self) -> bool {
        true
    }

    async fn deliver(&self, delivery: &Delivery, _posting: &Posting) -> Attempt {
        let giving = self.answer(delivery).await;
        giving.unwrap_or_else(|error| {
            tracing::error!(%error, "somebody's answer could not be read");
            failed(FAILED)
        })
    }
}

impl LateAnswers {
    async fn answer(&self, delivery: &Delivery) -> Result<Attempt, StoreError> {
        let Self(services) = self;
        let Subject::Answer(id) = &delivery.subject else {
            return Ok(refused(GONE));
        };
        let Some(answer) = services.store.late_answer(id).await? else {
            return Ok(refused(GONE));
        };
        let text = match &answer.text {
            Some(text) => text.clone(),
            None => match without_answer(services, &answer).await? {
                Some(text) => text,
                None => {
                    return Ok(Attempt::Later {
                        reason: NOT_YET_KNOWN.to_owned(),
                        wait: LOOK_AGAIN,
                    });
                }
            },
        };
        let attempt = match address_of(services, &answer) {
            Some(address) => {
                let client = &services.slack.client;
                let responding = client.respond(&address, answer.thread.as_deref(), &text);
                responding
                    .await
                    .map_or_else(|error| attempt_to_answer(&error), |()| Attempt::Delivered)
            }
            None => refused(GONE),
        };
        if matches!(attempt, Attempt::Delivered | Attempt::Refused { .. }) {
            services.store.forget_late_answer(id).await?;
        }
        Ok(attempt)
    }
}

/// What is said where no answer came; nothing as long as one may.
async fn without_answer(
    services: &Services,
    answer: &LateAnswer,
) -> Result<Option<String>, StoreError> {
    let replies = Reply::new(|path| services.config.public_url.join(path));
    let Some(key) = &answer.change else {
        return Ok(Some(replies.nothing_done()));
    };
    let store = &services.store;
    Ok(match store.begin_change(&answer.workspace, key).await? {
        ChangeState::Done(text) => Some(text),
        ChangeState::UnderWay(age) if age <= LONGEST_CHANGE => None,
        ChangeState::UnderWay(_) | ChangeState::BrokenOff => Some(replies.broken_off()),
        // Nobody came to it, and from now on nobody does.
        ChangeState::New => {
            let text = replies.nothing_done();
            store.end_change(key, Some(&text)).await?;
            Some(text)
        }
    })
}

/// What an attempt comes to that Slack answered with this. An address that takes nothing takes
/// nothing later.
fn attempt_to_answer(error: &SlackError) -> Attempt {
    match error {
        SlackError::Unavailable { status: 400..=499 } => refused(&error.code()),
        error => attempt(error),
    }
}

fn address_of(services: &Services, answer: &LateAnswer) -> Option<ReplyAddress> {
    let sealed = &answer.address_sealed;
    match services.keys.open(sealed, &late_answer_row(&answer.id)) {
        Ok(address) => ReplyAddress::read(address.expose_secret(), &services.config.slack.url),
        Err(error) => {
            tracing::warn!(%error, "where somebody's answer is to be given cannot be read any more");
            None
        }
    }
}
