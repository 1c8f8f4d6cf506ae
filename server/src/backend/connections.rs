//! The connection to PagerDuty: the panel, connecting, replacing the key,
//! disconnecting, and *Sync now*.

use super::{RoundRobin, failed, internal};
use crate::{
    audit::entry,
    pagerduty::Credential,
    store::{Connection, NewAuditEntry, NewConnection, credential_row},
    sync,
};
use app::{
    AppError,
    backend::{Answer, Caller, Connections},
};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use types::{
    ApiKeyInput, AuditAction, ConnectRefusal, ConnectionHealth, ConnectionMethod, ConnectionView,
    Disconnected, IntegrationsView, LiveTopic, Outcome,
};

/// How much of a key is kept readable, to tell keys apart.
const READABLE_CHARS: usize = 4;
/// Of a shorter key, those characters would give too much away.
const SHORTEST_SHOWN: usize = 8;

#[async_trait]
impl Connections for RoundRobin {
    async fn integrations(&self, caller: &Caller) -> Result<IntegrationsView, AppError> {
        let store = &self.services.store;
        let connection = store
            .connection(&caller.workspace)
            .await
            .map_err(failed(caller))?;
        let may_manage = caller.role.administers();
        let pagerduty = match connection {
            Some(connection) => Some(self.view_of(caller, connection, may_manage).await?),
            None => None,
        };
        Ok(IntegrationsView {
            may_manage,
            pagerduty,
        })
    }

    async fn connect_with_api_key(
        &self,
        caller: &Caller,
        key: ApiKeyInput,
    ) -> Answer<(), ConnectRefusal> {
        self.must_manage_integrations(caller, AuditAction::ConnectedPagerDuty)
            .await?;
        let key = match checked(&key) {
            Ok(key) => key,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        self.connect(caller, key).await
    }

    async fn edit_api_key(&self, caller: &Caller, key: ApiKeyInput) -> Answer<(), ConnectRefusal> {
        self.must_manage_integrations(caller, AuditAction::ReplacedApiKey)
            .await?;
        let key = match checked(&key) {
            Ok(key) => key,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        self.replace_key(caller, key).await
    }

    async fn disconnect_pagerduty(&self, caller: &Caller) -> Answer<Disconnected, ConnectRefusal> {
        self.must_manage_integrations(caller, AuditAction::DisconnectedPagerDuty)
            .await?;
        self.disconnect(caller).await
    }

    async fn sync_now(&self, caller: &Caller) -> Answer<types::SyncReport, ConnectRefusal> {
        sync::sync_now(&self.services, &caller.workspace)
            .await
            .map(Outcome::from)
            .map_err(failed(caller))
    }
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

impl RoundRobin {
    async fn connect(&self, caller: &Caller, key: SecretString) -> Answer<(), ConnectRefusal> {
        let store = &self.services.store;
        if let Some(existing) = store
            .connection(&caller.workspace)
            .await
            .map_err(failed(caller))?
        {
            return Ok(self.connected_already(caller, &key, &existing).into());
        }
        let new = match self.accepted(caller, &key).await {
            Ok(new) => new,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        let entry = credential_entry(caller, AuditAction::ConnectedPagerDuty, &new);
        if store.connect(&new, &entry).await.map_err(failed(caller))? {
            self.credential_changed(caller);
            return Ok(Outcome::Done(()));
        }
        let existing = store
            .connection(&caller.workspace)
            .await
            .map_err(failed(caller))?;
        Ok(match existing {
            Some(existing) => self.connected_already(caller, &key, &existing).into(),
            None => Outcome::Refused(ConnectRefusal::NotConnected),
        })
    }

    async fn replace_key(&self, caller: &Caller, key: SecretString) -> Answer<(), ConnectRefusal> {
        let store = &self.services.store;
        let Some(existing) = store
            .connection(&caller.workspace)
            .await
            .map_err(failed(caller))?
        else {
            return Ok(Outcome::Refused(ConnectRefusal::NotConnected));
        };
        let new = match self.accepted(caller, &key).await {
            Ok(new) => new,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        let mut entry = credential_entry(caller, AuditAction::ReplacedApiKey, &new);
        entry.before = Some(described(&existing.last_four, existing.region));
        if store
            .replace_credential(&existing, &new, &entry)
            .await
            .map_err(failed(caller))?
        {
            self.credential_changed(caller);
            return Ok(Outcome::Done(()));
        }
        let present = store
            .connection(&caller.workspace)
            .await
            .map_err(failed(caller))?;
        Ok(match present {
            Some(present) if self.is_the_key(&key, &present) => Outcome::Done(()),
            Some(_) => Outcome::Refused(ConnectRefusal::ReplacedMeanwhile),
            None => Outcome::Refused(ConnectRefusal::NotConnected),
        })
    }

    async fn disconnect(&self, caller: &Caller) -> Answer<Disconnected, ConnectRefusal> {
        let entry = entry(
            caller,
            AuditAction::DisconnectedPagerDuty,
            Some("PagerDuty"),
        );
        let reverted = self
            .services
            .store
            .disconnect(&entry)
            .await
            .map_err(failed(caller))?;
        let Some(reverted) = reverted else {
            return Ok(Outcome::Refused(ConnectRefusal::NotConnected));
        };
        let live = &self.services.live;
        live.publish(&caller.workspace, LiveTopic::Connection);
        for rotation in &reverted {
            self.publish_rotation(caller, &rotation.id);
        }
        Ok(Outcome::Done(Disconnected {
            reverted: u32::try_from(reverted.len()).unwrap_or(u32::MAX),
        }))
    }

    /// Asks PagerDuty whether the key is good, before anything is saved.
    async fn accepted(
        &self,
        caller: &Caller,
        key: &SecretString,
    ) -> Result<NewConnection, ConnectRefusal> {
        let credential = Credential::ApiKey(key.clone());
        let region = self.services.pagerduty.find_region(&credential).await?;
        Ok(NewConnection {
            credential_sealed: self
                .services
                .keys
                .seal(key, &credential_row(&caller.workspace)),
            last_four: last_four(key),
            region,
        })
    }

    /// What to say to somebody who connects a connected workspace. The same
    /// person with the same key has pressed twice and got what they wanted.
    fn connected_already(
        &self,
        caller: &Caller,
        key: &SecretString,
        existing: &Connection,
    ) -> Result<(), ConnectRefusal> {
        if existing.connected_by == caller.person && self.is_the_key(key, existing) {
            Ok(())
        } else {
            Err(ConnectRefusal::AlreadyConnected {
                by: existing.connected_by_name.clone(),
            })
        }
    }

    fn is_the_key(&self, key: &SecretString, connection: &Connection) -> bool {
        let row = credential_row(&connection.workspace);
        let opened = self.services.keys.open(&connection.credential_sealed, &row);
        opened.is_ok_and(|present| {
            let (present, given) = (present.expose_secret(), key.expose_secret());
            bool::from(present.as_bytes().ct_eq(given.as_bytes()))
        })
    }

    fn credential_changed(&self, caller: &Caller) {
        self.services
            .live
            .publish(&caller.workspace, LiveTopic::Connection);
        self.services.sync.wake();
    }

    async fn view_of(
        &self,
        caller: &Caller,
        connection: Connection,
        with_names: bool,
    ) -> Result<ConnectionView, AppError> {
        let bound = self
            .services
            .store
            .bound_rotations(&caller.workspace)
            .await
            .map_err(|error| internal(caller, &error))?;
        Ok(ConnectionView {
            health: health(&connection),
            method: ConnectionMethod::ApiKey {
                last_four: connection.last_four,
            },
            region: connection.region,
            connected_at: connection.connected_at,
            connected_by: connection.connected_by_name,
            last_synced_at: connection.last_synced_at,
            next_sync_at: connection.next_sync_at,
            bound_rotation_count: u32::try_from(bound.len()).unwrap_or(u32::MAX),
            // Names of private rotations are for those who may see them.
            bound_rotations: if with_names { bound } else { Vec::new() },
        })
    }
}

fn health(connection: &Connection) -> ConnectionHealth {
    match &connection.problem {
        Some(problem) if problem.needs_reconnection() => {
            ConnectionHealth::NeedsReconnection(problem.clone())
        }
        Some(problem) => ConnectionHealth::Failing(problem.clone()),
        None if connection.last_synced_at.is_none() => ConnectionHealth::AwaitingFirstSync,
        None => ConnectionHealth::Healthy,
    }
}

fn described(last_four: &str, region: types::Region) -> String {
    format!("API key ending in ••••{last_four}, {region} region")
}

fn credential_entry(caller: &Caller, action: AuditAction, new: &NewConnection) -> NewAuditEntry {
    NewAuditEntry {
        after: Some(described(&new.last_four, new.region)),
        ..entry(caller, action, Some("PagerDuty"))
    }
}
