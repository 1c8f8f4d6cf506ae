//! Asking whether somebody means to switch to another account. The question belongs to the
//! session that brought the other credential, which it waits for, sealed and for a while.

use super::{
    Failure, Stop, connections,
    credentials::{OtherAccount, Replacement, put_in_place},
    rights::must_manage_integrations,
};
use crate::{
    Services,
    integrations::AcceptedCredential,
    store::{Connection, PendingSwitch, switch_row},
};
use domain::Actor;
use types::{AuditAction, ConnectRefusal, Replaced};

/// How long a question about another account stays open, in seconds.
const QUESTION_SECONDS: i64 = 10 * 60;

/// Asks the session, where a replacement did not come about since the account is another one.
pub async fn ask_where_needed(
    services: &Services,
    actor: &Actor,
    session: &str,
    replacement: Replacement,
) -> Result<Replaced, Stop<ConnectRefusal>> {
    let OtherAccount {
        replaces,
        accepted,
        action,
    } = match replacement {
        Replacement::InUse => return Ok(Replaced::InUse),
        Replacement::OtherAccount(other) => *other,
    };
    let store = &services.store;
    let pending = PendingSwitch {
        workspace: actor.workspace.clone(),
        replaces,
        action,
        credential: accepted.sealed(&services.keys, &switch_row(session)),
        expires_at: store.now().await?.plus_seconds(QUESTION_SECONDS),
    };
    match store.ask_about_switch(session, &pending).await? {
        true => Ok(Replaced::OtherAccount),
        false => Err(ConnectRefusal::ReplacedMeanwhile.into()),
    }
}

/// The credential of another account that the session has not decided about yet, in the place
/// of `connection`.
pub async fn open(
    services: &Services,
    session: &str,
    connection: &Connection,
) -> Result<Option<PendingSwitch>, Failure> {
    let pending = pending(services, session).await?;
    Ok(pending.filter(|pending| pending.replaces == connection.generation))
}

/// Replaces the credential although it opens another account.
pub async fn switch(
    services: &Services,
    actor: &Actor,
    session: &str,
) -> Result<(), Stop<ConnectRefusal>> {
    let asked = pending(services, session).await?;
    let action = asked.map_or(AuditAction::ReplacedApiKey, |asked| asked.action);
    must_manage_integrations(services, actor, action).await?;
    let pending = take(services, session).await?;
    let accepted =
        AcceptedCredential::open(&services.keys, &pending.credential, &switch_row(session));
    let accepted = accepted.ok_or(ConnectRefusal::QuestionClosed)?;
    let existing = connections::connected(services, actor).await?;
    if existing.generation != pending.replaces {
        return Err(ConnectRefusal::ReplacedMeanwhile.into());
    }
    put_in_place(services, actor, &existing, accepted, pending.action).await
}

/// Forgets the credential of another account. Only the session that brought it can.
pub async fn keep(services: &Services, session: &str) -> Result<(), Stop<ConnectRefusal>> {
    take(services, session).await.map(drop)
}

async fn pending(services: &Services, session: &str) -> Result<Option<PendingSwitch>, Failure> {
    let store = &services.store;
    let now = store.now().await?;
    Ok(store.pending_switch(session, now).await?)
}

async fn take(services: &Services, session: &str) -> Result<PendingSwitch, Stop<ConnectRefusal>> {
    let store = &services.store;
    let pending = store.take_switch(session, store.now().await?).await?;
    pending.ok_or_else(|| ConnectRefusal::QuestionClosed.into())
}
