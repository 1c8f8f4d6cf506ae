//! The connection to PagerDuty: the panel, connecting with a key, replacing the
//! credential, disconnecting, and *Sync now*.

use super::{RoundRobin, actor, failed};
use crate::{
    audit::entry,
    integrations::{AcceptedCredential, Secrets},
    pagerduty::{Account, Credential},
    store::{
        BoundSchedule, Connection, NewAuditEntry, PendingSwitch, StoredCredential, StoredMethod,
        credential_row, switch_row,
    },
    sync::{self, Evidence},
};
use app::{
    AppError, Denial,
    backend::{Answer, Caller, Connections},
};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use types::{
    AccountQuestion, ApiKeyInput, AuditAction, ConnectRefusal, ConnectionAlert, ConnectionHealth,
    ConnectionView, Disconnected, Freshness, IntegrationsView, LiveTopic, Outcome, Rebound,
    Replaced, Role, SyncReport, SyncRun, UnreadableSchedule,
};

/// How much of a key is kept readable, to tell keys apart.
const READABLE_CHARS: usize = 4;
/// Of a shorter key, those characters would give too much away.
const SHORTEST_SHOWN: usize = 8;

/// Clocks that differ by less do not mislead anybody.
const CLOCK_TOLERANCE_SECONDS: i64 = 5;

/// How long a question about another account stays open, in seconds.
const QUESTION_SECONDS: i64 = 10 * 60;
/// So many bound schedules are asked for to know an account by.
pub(super) const SCHEDULES_TO_KNOW: usize = 3;

#[async_trait]
impl Connections for RoundRobin {
    async fn integrations(&self, caller: &Caller) -> Result<IntegrationsView, AppError> {
        let connection = self.connection(caller).await?;
        let may_manage = caller.role.administers();
        let question = match &connection {
            Some(connection) if may_manage => self.open_question(caller, connection).await?,
            _ => None,
        };
        let pagerduty = match connection {
            Some(connection) => Some(self.view_of(caller, connection, may_manage).await?),
            None => None,
        };
        Ok(IntegrationsView {
            may_manage,
            slack: self.slack(caller).await?,
            pagerduty,
            oauth: may_manage.then(|| self.oauth_setup()),
            question,
        })
    }

    async fn connect_with_api_key(
        &self,
        caller: &Caller,
        key: ApiKeyInput,
    ) -> Answer<(), ConnectRefusal> {
        self.must_manage_integrations(caller, AuditAction::ConnectedPagerDuty)
            .await?;
        match checked(&key) {
            Ok(key) => self.connect_key(caller, key).await,
            Err(refusal) => Ok(Outcome::Refused(refusal)),
        }
    }

    async fn edit_api_key(
        &self,
        caller: &Caller,
        key: ApiKeyInput,
    ) -> Answer<Replaced, ConnectRefusal> {
        self.must_manage_integrations(caller, AuditAction::ReplacedApiKey)
            .await?;
        match checked(&key) {
            Ok(key) => self.replace_with_key(caller, key).await,
            Err(refusal) => Ok(Outcome::Refused(refusal)),
        }
    }

    async fn switch_account(&self, caller: &Caller) -> Answer<(), ConnectRefusal> {
        let asked = self.asked_about(caller).await?;
        let action = asked.map_or(AuditAction::ReplacedApiKey, |asked| asked.action);
        self.must_manage_integrations(caller, action).await?;
        let store = &self.services.store;
        let pending = store
            .take_switch(&caller.session, self.database_now(caller).await?)
            .await
            .map_err(failed(caller))?;
        let accepted = pending.and_then(|pending| {
            let row = switch_row(&caller.session);
            let opened = AcceptedCredential::open(&self.services.keys, &pending.credential, &row);
            Some((opened?, pending))
        });
        let Some((accepted, pending)) = accepted else {
            return Ok(Outcome::Refused(ConnectRefusal::QuestionClosed));
        };
        let Some(existing) = self.connection(caller).await? else {
            return Ok(Outcome::Refused(ConnectRefusal::NotConnected));
        };
        if existing.generation != pending.replaces {
            return Ok(Outcome::Refused(ConnectRefusal::ReplacedMeanwhile));
        }
        self.put_in_place(caller, &existing, accepted, pending.action)
            .await
    }

    async fn keep_account(&self, caller: &Caller) -> Answer<(), ConnectRefusal> {
        // Only the session that brought the other credential can forget it.
        let pending = self
            .services
            .store
            .take_switch(&caller.session, self.database_now(caller).await?)
            .await
            .map_err(failed(caller))?;
        Ok(pending
            .map(drop)
            .ok_or(ConnectRefusal::QuestionClosed)
            .into())
    }

    async fn pagerduty_alert(&self, caller: &Caller) -> Result<Option<ConnectionAlert>, AppError> {
        if !caller.role.administers() {
            return Ok(None);
        }
        let connection = self.connection(caller).await?;
        Ok(connection.and_then(|connection| {
            let problem = Evidence::from(&connection).needs_reconnection()?;
            Some(ConnectionAlert {
                problem: problem.clone(),
                last_synced_at: connection.last_synced_at,
            })
        }))
    }

    async fn disconnect_pagerduty(&self, caller: &Caller) -> Answer<Disconnected, ConnectRefusal> {
        self.must_manage_integrations(caller, AuditAction::DisconnectedPagerDuty)
            .await?;
        self.disconnect(caller).await
    }

    async fn sync_now(&self, caller: &Caller) -> Answer<SyncReport, ConnectRefusal> {
        if !may_sync(caller) {
            return Err(AppError::Forbidden(Denial::SyncAsGuest));
        }
        let synced = sync::sync_now(&self.services.sync, &caller.workspace)
            .await
            .map_err(failed(caller))?;
        Ok(match synced {
            Ok(synced) => Outcome::Done(self.visible(caller).await?.of_report(&synced)),
            Err(refusal) => Outcome::Refused(refusal),
        })
    }

    async fn sync_runs(&self, caller: &Caller) -> Result<Vec<SyncRun>, AppError> {
        let store = &self.services.store;
        let workspace = &caller.workspace;
        let connection = self.connection(caller).await?;
        let shown = |at| {
            connection
                .as_ref()
                .map_or(at, |connection| connection.shown(at))
        };
        let runs = store.runs(workspace).await.map_err(failed(caller))?;
        let visible = self.visible(caller).await?;
        let runs = runs.into_iter().filter_map(|run| visible.of_run(run));
        Ok(runs
            .map(|run| SyncRun {
                started_at: shown(run.started_at),
                ..run
            })
            .collect())
    }

    async fn rebind_former(&self, caller: &Caller) -> Answer<Rebound, ConnectRefusal> {
        self.must_manage_integrations(caller, AuditAction::ReboundSchedules)
            .await?;
        self.rebind(caller).await
    }

    async fn forget_former(&self, caller: &Caller) -> Answer<(), ConnectRefusal> {
        self.must_manage_integrations(caller, AuditAction::LeftManual)
            .await?;
        self.services
            .store
            .forget_former_bindings(&entry(
                &actor(caller),
                AuditAction::LeftManual,
                Some("PagerDuty"),
            ))
            .await
            .map_err(failed(caller))?;
        self.services
            .live
            .publish(&caller.workspace, LiveTopic::Connection);
        Ok(Outcome::Done(()))
    }
}

/// What PagerDuty is asked comes out of one share for the whole workspace.
fn may_sync(caller: &Caller) -> bool {
    caller.role != Role::Guest
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
    async fn connect_key(&self, caller: &Caller, key: SecretString) -> Answer<(), ConnectRefusal> {
        if let Some(existing) = self.connection(caller).await? {
            return Ok(self.connected_already(caller, &key, &existing).into());
        }
        let accepted = match self.accepted(caller, &key).await? {
            Ok(accepted) => accepted,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        match self.connect(caller, accepted).await? {
            Ok(()) => Ok(Outcome::Done(())),
            Err(Some(existing)) => Ok(self.connected_already(caller, &key, &existing).into()),
            Err(None) => Ok(Outcome::Refused(ConnectRefusal::NotConnected)),
        }
    }

    /// Connects a workspace that was not connected a moment ago; otherwise the
    /// connection that was quicker, unless it is gone again.
    pub(super) async fn connect(
        &self,
        caller: &Caller,
        accepted: AcceptedCredential,
    ) -> Result<Result<(), Option<Connection>>, AppError> {
        let store = &self.services.store;
        let new = accepted.sealed(&self.services.keys, &credential_row(&caller.workspace));
        let entry = credential_entry(caller, AuditAction::ConnectedPagerDuty, &new);
        if store.connect(&new, &entry).await.map_err(failed(caller))? {
            // The connection stands, whatever becomes of this; a failure is in the log.
            let _ = self.recognise_former(caller).await;
            self.credential_changed(caller);
            return Ok(Ok(()));
        }
        Ok(Err(self.connection(caller).await?))
    }

    async fn replace_with_key(
        &self,
        caller: &Caller,
        key: SecretString,
    ) -> Answer<Replaced, ConnectRefusal> {
        let Some(existing) = self.connection(caller).await? else {
            return Ok(Outcome::Refused(ConnectRefusal::NotConnected));
        };
        let accepted = match self.accepted(caller, &key).await? {
            Ok(accepted) => accepted,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        let action = match existing.credential.method {
            StoredMethod::ApiKey { .. } => AuditAction::ReplacedApiKey,
            StoredMethod::Oauth(_) | StoredMethod::Unknown => AuditAction::SwitchedToApiKey,
        };
        match self.replace(caller, &existing, accepted, action).await? {
            Outcome::Refused(ConnectRefusal::ReplacedMeanwhile) => {
                let present = self.connection(caller).await?;
                Ok(match present {
                    // Pressed twice.
                    Some(present) if self.is_the_key(&key, &present) => {
                        Outcome::Done(Replaced::InUse)
                    }
                    Some(_) => Outcome::Refused(ConnectRefusal::ReplacedMeanwhile),
                    None => Outcome::Refused(ConnectRefusal::NotConnected),
                })
            }
            outcome => Ok(outcome),
        }
    }

    /// Puts an accepted credential in the place of `existing`, or asks first when
    /// it opens another account.
    pub(super) async fn replace(
        &self,
        caller: &Caller,
        existing: &Connection,
        accepted: AcceptedCredential,
        action: AuditAction,
    ) -> Answer<Replaced, ConnectRefusal> {
        if accepted.is_of_another_account(&existing.credential)
            && !self
                .knows_what_is_bound(caller, existing, &accepted)
                .await?
        {
            let asked = self.ask_about_account(caller, existing, accepted, action);
            return Ok(if asked.await? {
                Outcome::Done(Replaced::OtherAccount)
            } else {
                Outcome::Refused(ConnectRefusal::ReplacedMeanwhile)
            });
        }
        let known = existing.credential.account.clone();
        let same_account = AcceptedCredential {
            account: accepted.account.clone().or(known),
            ..accepted
        };
        Ok(
            match self
                .put_in_place(caller, existing, same_account, action)
                .await?
            {
                Outcome::Done(()) => Outcome::Done(Replaced::InUse),
                Outcome::Refused(refusal) => Outcome::Refused(refusal),
            },
        )
    }

    /// Whether the credential shows a schedule that is bound. An account can be
    /// renamed, and ids are its own; where both told the account's id, that decides.
    async fn knows_what_is_bound(
        &self,
        caller: &Caller,
        existing: &Connection,
        accepted: &AcceptedCredential,
    ) -> Result<bool, AppError> {
        let known = &existing.credential;
        if accepted.region != known.region
            || accepted.account.account_id.is_some() && known.account.account_id.is_some()
        {
            return Ok(false);
        }
        let services = &self.services;
        let bound = services
            .store
            .bound_schedules(&caller.workspace)
            .await
            .map_err(failed(caller))?;
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

    async fn put_in_place(
        &self,
        caller: &Caller,
        existing: &Connection,
        accepted: AcceptedCredential,
        action: AuditAction,
    ) -> Answer<(), ConnectRefusal> {
        let store = &self.services.store;
        let new = accepted.sealed(&self.services.keys, &credential_row(&caller.workspace));
        let mut entry = credential_entry(caller, action, &new);
        entry.before = Some(described(&existing.credential));
        let replaced = store
            .replace_credential(&existing.generation, &new, &entry)
            .await
            .map_err(failed(caller))?;
        if !replaced {
            return Ok(Outcome::Refused(ConnectRefusal::ReplacedMeanwhile));
        }
        self.credential_changed(caller);
        Ok(Outcome::Done(()))
    }

    /// False when `existing` was replaced or disconnected meanwhile.
    async fn ask_about_account(
        &self,
        caller: &Caller,
        existing: &Connection,
        accepted: AcceptedCredential,
        action: AuditAction,
    ) -> Result<bool, AppError> {
        let row = switch_row(&caller.session);
        let pending = PendingSwitch {
            workspace: caller.workspace.clone(),
            replaces: existing.generation.clone(),
            action,
            credential: accepted.sealed(&self.services.keys, &row),
            expires_at: self
                .database_now(caller)
                .await?
                .plus_seconds(QUESTION_SECONDS),
        };
        self.services
            .store
            .ask_about_switch(&caller.session, &pending)
            .await
            .map_err(failed(caller))
    }

    /// What the caller was asked about another account and has not decided yet.
    async fn open_question(
        &self,
        caller: &Caller,
        connection: &Connection,
    ) -> Result<Option<AccountQuestion>, AppError> {
        let pending = self.asked_about(caller).await?;
        let pending = pending.filter(|pending| pending.replaces == connection.generation);
        Ok(pending.map(|pending| AccountQuestion {
            connected: connection.credential.account_name(),
            offered: pending.credential.account_name(),
        }))
    }

    /// The credential of another account that the caller has not decided about yet.
    async fn asked_about(&self, caller: &Caller) -> Result<Option<PendingSwitch>, AppError> {
        let now = self.database_now(caller).await?;
        let pending = self.services.store.pending_switch(&caller.session, now);
        pending.await.map_err(failed(caller))
    }

    async fn disconnect(&self, caller: &Caller) -> Answer<Disconnected, ConnectRefusal> {
        let Some(connection) = self.connection(caller).await? else {
            return Ok(Outcome::Refused(ConnectRefusal::NotConnected));
        };
        let action = AuditAction::DisconnectedPagerDuty;
        let entry = NewAuditEntry {
            before: Some(described(&connection.credential)),
            ..entry(&actor(caller), action, Some("PagerDuty"))
        };
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
            method: connection.credential.view(),
        }))
    }

    /// Asks PagerDuty whether the key is good, before anything is saved but a trace of
    /// one that is not.
    async fn accepted(
        &self,
        caller: &Caller,
        key: &SecretString,
    ) -> Result<Result<AcceptedCredential, ConnectRefusal>, AppError> {
        let credential = Credential::ApiKey(key.clone());
        let opened = match self.services.pagerduty.find_account(&credential).await {
            Ok(opened) => opened,
            Err(problem) => {
                let refusal = ConnectRefusal::from(problem);
                self.note_not_accepted(caller, AuditAction::TriedApiKey, &refusal)
                    .await?;
                return Ok(Err(refusal));
            }
        };
        Ok(Ok(AcceptedCredential {
            secrets: Secrets::ApiKey(key.clone()),
            method: StoredMethod::ApiKey {
                last_four: last_four(key),
            },
            region: opened.region,
            account: opened.account,
        }))
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
            Err(connected_by(caller, existing))
        }
    }

    fn is_the_key(&self, key: &SecretString, connection: &Connection) -> bool {
        if !matches!(connection.credential.method, StoredMethod::ApiKey { .. }) {
            return false;
        }
        let row = credential_row(&connection.workspace);
        let sealed = &connection.credential.sealed;
        self.services.keys.open(sealed, &row).is_ok_and(|present| {
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
        let store = &self.services.store;
        let workspace = &caller.workspace;
        let visible = self.visible(caller).await?;
        let mut bound = store
            .bound_rotations(workspace)
            .await
            .map_err(failed(caller))?;
        bound.retain(|bound| visible.rotation(&bound.id));
        let mut schedules = store
            .bound_schedules(workspace)
            .await
            .map_err(failed(caller))?;
        schedules.retain(|schedule| visible.schedule(&schedule.id));
        let (former_bindings, links) = if with_names {
            let former = self.former_bindings(caller, &connection).await?;
            (former, self.unlinked_people(caller).await?)
        } else {
            (Vec::new(), Vec::new())
        };
        Ok(ConnectionView {
            health: self.health(&connection, &schedules),
            freshness: freshness(&connection, &schedules),
            unreadable: unreadable(schedules),
            sees_no_schedules: connection.sees_schedules == Some(false),
            clock_ahead_seconds: self.clock_ahead_seconds(&connection),
            former_bindings,
            links,
            account: connection.credential.account.subdomain.clone(),
            method: connection.credential.view(),
            region: connection.credential.region,
            connected_at: connection.connected_at,
            last_synced_at: connection.last_synced_at.map(|at| connection.shown(at)),
            next_sync_at: connection.shown(connection.next_sync_at.max(connection.ask_after)),
            may_sync: may_sync(caller),
            connected_by: connection.connected_by_name,
            bound_rotation_count: u32::try_from(bound.len()).unwrap_or(u32::MAX),
            // Whoever may disconnect is told what that would revert.
            bound_rotations: if with_names { bound } else { Vec::new() },
        })
    }

    fn health(&self, connection: &Connection, schedules: &[BoundSchedule]) -> ConnectionHealth {
        let interval = self.services.config.pagerduty.poll_interval;
        let now = self.services.integrations.pagerduty_now(connection);
        let of = |schedule: &BoundSchedule| {
            sync::schedule_health(connection.into(), schedule.into(), now, interval)
        };
        let has_synced = connection.last_synced_at.is_some();
        let schedules = schedules.iter().map(of);
        sync::connection_health(connection.into(), has_synced, schedules, now, interval)
    }

    /// By how much this server's clock is wrong, if that is worth a word.
    fn clock_ahead_seconds(&self, connection: &Connection) -> Option<i64> {
        let clock = self.services.pagerduty.clock(connection.credential.region);
        let behind = clock
            .ahead_millis()
            .unwrap_or(connection.clock_ahead_millis);
        let ahead_seconds = -behind / 1000;
        (ahead_seconds.abs() >= CLOCK_TOLERANCE_SECONDS).then_some(ahead_seconds)
    }
}

fn freshness(connection: &Connection, schedules: &[BoundSchedule]) -> Freshness {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let unreadable = schedules
        .iter()
        .filter(|schedule| schedule.problem.is_some());
    Freshness {
        schedules: count(schedules.len()),
        oldest_confirmed_at: schedules
            .iter()
            .filter(|schedule| schedule.problem.is_none())
            .filter_map(|schedule| schedule.confirmed_at)
            .min(),
        unreadable: count(unreadable.count()),
        postponed: connection.postponed.min(count(schedules.len())),
    }
}

/// The schedules that cannot be read, by name.
fn unreadable(schedules: Vec<BoundSchedule>) -> Vec<UnreadableSchedule> {
    let mut unreadable: Vec<_> = schedules
        .into_iter()
        .filter_map(|schedule| {
            Some(UnreadableSchedule {
                problem: schedule.problem?,
                schedule: schedule.id,
                name: schedule.name,
            })
        })
        .collect();
    unreadable.sort_by_cached_key(|schedule| schedule.name.to_lowercase());
    unreadable
}

/// That somebody was quicker, which may have been the same person in another tab.
pub(super) fn connected_by(caller: &Caller, existing: &Connection) -> ConnectRefusal {
    let by = if existing.connected_by == caller.person {
        "You".to_owned()
    } else {
        existing.connected_by_name.clone()
    };
    ConnectRefusal::AlreadyConnected { by }
}

/// A credential as the audit log shows it, with its account, so that a switch to
/// another one can be seen.
fn described(credential: &StoredCredential) -> String {
    format!("{}, {}", credential.view(), credential.account_name())
}

fn credential_entry(caller: &Caller, action: AuditAction, new: &StoredCredential) -> NewAuditEntry {
    NewAuditEntry {
        after: Some(described(new)),
        ..entry(&actor(caller), action, Some("PagerDuty"))
    }
}
