//! Bringing a credential: connecting with a key, and putting another credential in the place
//! of the present one. Nothing is saved before PagerDuty has accepted it, but a trace of one
//! that it did not accept.

use super::{
    Failure, Stop, connections, former, publish_connection,
    rights::{must_manage_integrations, note_not_accepted},
};
use crate::{
    Services,
    audit::entry,
    integrations::{AcceptedCredential, Secrets},
    pagerduty::{Account, Credential},
    store::{Connection, NewAuditEntry, StoredCredential, StoredMethod, credential_row},
};
use domain::Actor;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use types::{ApiKeyInput, AuditAction, ConnectRefusal};

/// How much of a key is kept readable, to tell keys apart.
const READABLE_CHARS: usize = 4;
/// Of a shorter key, those characters would give too much away.
const SHORTEST_SHOWN: usize = 8;

/// So many bound schedules are asked for to know an account by.
pub(super) const SCHEDULES_TO_KNOW: usize = 3;

/// What replacing a credential came to.
pub enum Replacement {
    InUse,
    /// Nothing was replaced yet.
    OtherAccount(Box<OtherAccount>),
}

/// A credential that PagerDuty accepted, of another account than the connected one: whoever
/// brought it has to say whether they mean to switch.
pub struct OtherAccount {
    /// The generation of the connection that it would replace.
    pub(super) replaces: String,
    pub(super) accepted: AcceptedCredential,
    /// What the audit log calls it when it is done.
    pub(super) action: AuditAction,
}

/// Connects a workspace that is not connected.
pub async fn connect_with_key(
    services: &Services,
    actor: &Actor,
    key: &ApiKeyInput,
) -> Result<(), Stop<ConnectRefusal>> {
    must_manage_integrations(services, actor, AuditAction::ConnectedPagerDuty).await?;
    let key = checked(key)?;
    if let Some(existing) = connections::present(services, actor).await? {
        return connected_already(services, actor, &key, &existing);
    }
    let accepted = accepted(services, actor, &key).await?;
    match connect(services, actor, accepted).await? {
        Ok(()) => Ok(()),
        Err(Some(existing)) => connected_already(services, actor, &key, &existing),
        Err(None) => Err(ConnectRefusal::NotConnected.into()),
    }
}

/// Connects a workspace that was not connected a moment ago; otherwise the
/// connection that was quicker, unless it is gone again.
pub(super) async fn connect(
    services: &Services,
    actor: &Actor,
    accepted: AcceptedCredential,
) -> Result<Result<(), Option<Connection>>, Failure> {
    let new = accepted.sealed(&services.keys, &credential_row(&actor.workspace));
    let entry = credential_entry(actor, AuditAction::ConnectedPagerDuty, &new);
    if services.store.connect(&new, &entry).await? {
        // The connection stands, whatever becomes of this.
        if let Err(failure) = former::recognise(services, actor).await {
            tracing::error!(?failure, "what was reverted could not be looked for");
        }
        changed(services, actor);
        return Ok(Ok(()));
    }
    Ok(Err(connections::present(services, actor).await?))
}

/// Replaces whatever credential there is with this key.
pub async fn replace_with_key(
    services: &Services,
    actor: &Actor,
    key: &ApiKeyInput,
) -> Result<Replacement, Stop<ConnectRefusal>> {
    must_manage_integrations(services, actor, AuditAction::ReplacedApiKey).await?;
    let key = checked(key)?;
    let existing = connections::connected(services, actor).await?;
    let accepted = accepted(services, actor, &key).await?;
    let action = match existing.credential.method {
        StoredMethod::ApiKey { .. } => AuditAction::ReplacedApiKey,
        StoredMethod::Oauth(_) | StoredMethod::Unknown => AuditAction::SwitchedToApiKey,
    };
    match replace(services, actor, &existing, accepted, action).await {
        Err(Stop::Refused(ConnectRefusal::ReplacedMeanwhile)) => {
            let present = connections::connected(services, actor).await?;
            match is_the_key(services, &key, &present) {
                // Pressed twice.
                true => Ok(Replacement::InUse),
                false => Err(ConnectRefusal::ReplacedMeanwhile.into()),
            }
        }
        replaced => replaced,
    }
}

/// Puts an accepted credential in the place of `existing`, unless it opens another account.
pub(super) async fn replace(
    services: &Services,
    actor: &Actor,
    existing: &Connection,
    accepted: AcceptedCredential,
    action: AuditAction,
) -> Result<Replacement, Stop<ConnectRefusal>> {
    if accepted.is_of_another_account(&existing.credential)
        && !knows_what_is_bound(services, existing, &accepted).await?
    {
        return Ok(Replacement::OtherAccount(Box::new(OtherAccount {
            replaces: existing.generation.clone(),
            accepted,
            action,
        })));
    }
    let known = existing.credential.account.clone();
    let same_account = AcceptedCredential {
        account: accepted.account.clone().or(known),
        ..accepted
    };
    put_in_place(services, actor, existing, same_account, action).await?;
    Ok(Replacement::InUse)
}

/// Whether the credential shows a schedule that is bound. An account can be
/// renamed, and ids are its own; where both told the account's id, that decides.
async fn knows_what_is_bound(
    services: &Services,
    existing: &Connection,
    accepted: &AcceptedCredential,
) -> Result<bool, Failure> {
    let known = &existing.credential;
    if accepted.region != known.region
        || accepted.account.account_id.is_some() && known.account.account_id.is_some()
    {
        return Ok(false);
    }
    let bound = services.store.bound_schedules(&existing.workspace).await?;
    let account = Account {
        region: accepted.region,
        credential: accepted.secrets.credential(),
    };
    let now = services.integrations.pagerduty_now(existing);
    let until = now.plus_seconds(1);
    for schedule in bound.iter().take(SCHEDULES_TO_KNOW) {
        let pagerduty = &services.pagerduty;
        let asked = pagerduty.schedule(&account, &schedule.id, schedule.version, now, until);
        if asked.await.is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Puts an accepted credential in the place of `existing`, of whatever account it is.
pub(super) async fn put_in_place(
    services: &Services,
    actor: &Actor,
    existing: &Connection,
    accepted: AcceptedCredential,
    action: AuditAction,
) -> Result<(), Stop<ConnectRefusal>> {
    let new = accepted.sealed(&services.keys, &credential_row(&actor.workspace));
    let entry = NewAuditEntry {
        before: Some(described(&existing.credential)),
        ..credential_entry(actor, action, &new)
    };
    let store = &services.store;
    let replaced = store.replace_credential(&existing.generation, &new, &entry);
    if !replaced.await? {
        return Err(ConnectRefusal::ReplacedMeanwhile.into());
    }
    changed(services, actor);
    Ok(())
}

/// Asks PagerDuty whether the key is good, before anything is saved but a trace of
/// one that is not.
async fn accepted(
    services: &Services,
    actor: &Actor,
    key: &SecretString,
) -> Result<AcceptedCredential, Stop<ConnectRefusal>> {
    let credential = Credential::ApiKey(key.clone());
    let opened = match services.pagerduty.find_account(&credential).await {
        Ok(opened) => opened,
        Err(problem) => {
            let refusal = ConnectRefusal::from(problem);
            note_not_accepted(services, actor, AuditAction::TriedApiKey, &refusal).await?;
            return Err(refusal.into());
        }
    };
    Ok(AcceptedCredential {
        secrets: Secrets::ApiKey(key.clone()),
        method: StoredMethod::ApiKey {
            last_four: last_four(key),
        },
        region: opened.region,
        account: opened.account,
    })
}

/// What to say to somebody who connects a connected workspace. The same
/// person with the same key has pressed twice and got what they wanted.
fn connected_already(
    services: &Services,
    actor: &Actor,
    key: &SecretString,
    existing: &Connection,
) -> Result<(), Stop<ConnectRefusal>> {
    if actor.is(&existing.connected_by) && is_the_key(services, key, existing) {
        Ok(())
    } else {
        Err(connected_by(actor, existing).into())
    }
}

/// That somebody was quicker, which may have been the same person in another tab.
pub(super) fn connected_by(actor: &Actor, existing: &Connection) -> ConnectRefusal {
    let by = match actor.is(&existing.connected_by) {
        true => "You".to_owned(),
        false => existing.connected_by_name.clone(),
    };
    ConnectRefusal::AlreadyConnected { by }
}

fn is_the_key(services: &Services, key: &SecretString, connection: &Connection) -> bool {
    if !matches!(connection.credential.method, StoredMethod::ApiKey { .. }) {
        return false;
    }
    let row = credential_row(&connection.workspace);
    let sealed = &connection.credential.sealed;
    services.keys.open(sealed, &row).is_ok_and(|present| {
        let (present, given) = (present.expose_secret(), key.expose_secret());
        bool::from(present.as_bytes().ct_eq(given.as_bytes()))
    })
}

fn changed(services: &Services, actor: &Actor) {
    publish_connection(services, actor);
    services.sync.wake();
}

fn checked(key: &ApiKeyInput) -> Result<SecretString, ConnectRefusal> {
    Ok(SecretString::from(key.checked()?))
}

fn last_four(key: &SecretString) -> String {
    let key = key.expose_secret();
    if key.len() < SHORTEST_SHOWN {
        return String::new();
    }
    let start = key.len() - READABLE_CHARS;
    // A key is ASCII, so this cannot cut a character.
    key[start..].to_owned()
}

/// A credential as the audit log shows it, with its account, so that a switch to
/// another one can be seen.
pub(super) fn described(credential: &StoredCredential) -> String {
    format!("{}, {}", credential.view(), credential.account_name())
}

fn credential_entry(actor: &Actor, action: AuditAction, new: &StoredCredential) -> NewAuditEntry {
    NewAuditEntry {
        after: Some(described(new)),
        ..entry(actor, action, Some("PagerDuty"))
    }
}
