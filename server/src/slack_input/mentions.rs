//! Whoever mentions the app with a rotation's code has whoever is on duty there told, in the thread.
//! Of a private rotation only the one who asks is told anything, and of one that they may not see
//! nobody.

use super::{actor, found, reply::Reply};
use crate::{
    Services,
    actions::{Failure, rotations},
    crypto::token_key,
    slack::{self, Mention, admits, message::called},
    store::ChangeState,
};
use domain::Actor;
use types::{DaysWanted, RotationId, Visibility};

/// What is answered: to all in the thread, or to the one who asked.
enum Answer {
    InThread(String),
    Alone(String),
}

/// Answers a mention, once: Slack may tell of the same one several times, also as if it were
/// another one.
pub async fn answer(services: &Services, mention: &Mention, request_id: &str) {
    let (workspace, person) = (&mention.workspace, &mention.person);
    match try_to_answer(services, mention, request_id).await {
        Ok(()) => {}
        Err(Failure::Store(error)) => {
            tracing::error!(%workspace, %person, %error, "a mention was not answered");
        }
        Err(failure) => {
            let code = failure.code();
            tracing::info!(%workspace, %person, code, "a mention was not answered");
        }
    }
}

async fn try_to_answer(
    services: &Services,
    mention: &Mention,
    request_id: &str,
) -> Result<(), Failure> {
    let Mention {
        workspace,
        channel,
        ts,
        event,
        ..
    } = mention;
    for name in [
        format!("slack event {workspace} {event}"),
        format!("slack mention {workspace} {channel} {ts}"),
    ] {
        let key = token_key(&name);
        match services.store.begin_change(workspace, &key).await? {
            ChangeState::New => services.store.end_change(&key, Some("taken")).await?,
            ChangeState::Done(_) | ChangeState::UnderWay(_) | ChangeState::BrokenOff => {
                return Ok(());
            }
        }
    }
    let replies = Reply::new(|path| services.config.public_url.join(path));
    let answer = asked(services, mention, request_id, &replies).await;
    let answer = answer.unwrap_or_else(|failure| Answer::Alone(replies.failure(&failure)));
    send(services, mention, &answer).await
}

async fn asked(
    services: &Services,
    mention: &Mention,
    request_id: &str,
    replies: &Reply<'_>,
) -> Result<Answer, Failure> {
    let store = &services.store;
    let admission = store.admission(&mention.workspace, &mention.person).await?;
    let Some(admission) = admission else {
        return Ok(Answer::Alone(replies.stranger()));
    };
    if !admits(&services.config.slack.workspaces, &admission) {
        return Ok(Answer::Alone(replies.not_admitted()));
    }
    let actor = actor(admission, request_id);
    let Some(code) = &mention.code else {
        return Ok(Answer::Alone(replies.how_to_mention()));
    };
    match found(services, &actor, code).await? {
        Some(id) => call(services, &actor, &id, (mention, replies)).await,
        None => Ok(Answer::Alone(replies.no_rotation(code))),
    }
}

/// Calls whoever is on duty.
async fn call(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (mention, replies): (&Mention, &Reply<'_>),
) -> Result<Answer, Failure> {
    let state = rotations::state(services, actor, id, &DaysWanted::default()).await?;
    let details = &state.rotation.details;
    let called = called(
        &details.name,
        &mention.person,
        &state.outlook,
        &state.directory,
    );
    Ok(match details.visibility {
        Visibility::Public => Answer::InThread(called),
        Visibility::Private => Answer::Alone(replies.private(&called)),
    })
}

async fn send(services: &Services, mention: &Mention, answer: &Answer) -> Result<(), Failure> {
    let Some(installed) = slack::installed(&services.slack, &mention.workspace).await? else {
        return Ok(());
    };
    let (client, token) = (&services.slack.client, &installed.token);
    let Mention {
        channel,
        thread,
        person,
        ..
    } = mention;
    let writing = async || match answer {
        Answer::InThread(text) => client.reply(token, channel, thread, text).await,
        Answer::Alone(text) => client.whisper(token, (channel, thread), person, text).await,
    };
    let asked = slack::ask(&services.slack, &installed.workspace, token, writing).await?;
    if let Err(error) = asked {
        // Nobody knows whether it was written, or it was not: people ask again.
        tracing::warn!(%channel, %error, "a mention was not answered in Slack");
    }
    Ok(())
}
