//! What the server functions do: may this caller do it, then do it. One file
//! per area; authorisation stands at the top of each method.

mod audit;
mod authorisations;
mod background;
mod changes;
mod connections;
mod former;
mod links;
mod rotations;
mod schedules;
mod slack;
mod visible;

pub use authorisations::{CALLBACK_PATH, LoginAnswer, LoginEnd};

use crate::{
    Services,
    audit::entry,
    slack::directory,
    store::{Connection, NewAuditEntry, StoreError},
};
use app::{
    AppError, Denial, Flash,
    backend::{Caller, Flashes},
};
use async_trait::async_trait;
use domain::{Actor, Principal};
use std::fmt;
use types::{AuditAction, ConnectRefusal, LiveTopic, RotationId, Timestamp};

/// The implementation of [`app::backend::Backend`].
pub struct RoundRobin {
    services: Services,
}

impl RoundRobin {
    pub fn new(services: Services) -> Self {
        Self { services }
    }

    async fn must_manage_integrations(
        &self,
        caller: &Caller,
        action: AuditAction,
    ) -> Result<(), AppError> {
        self.must_administer(caller, action, Denial::ManageIntegrations)
            .await
    }

    /// Refuses whoever does not administer the workspace, by a role that Slack
    /// has confirmed lately, and writes down that they tried.
    async fn must_administer(
        &self,
        caller: &Caller,
        action: AuditAction,
        denial: Denial,
    ) -> Result<(), AppError> {
        let role = directory::confirm_role(&self.services.slack, &caller.workspace, &caller.person)
            .await
            .map_err(failed(caller))?
            .ok_or(AppError::Unauthenticated)?;
        let confirmed = Caller {
            role,
            ..caller.clone()
        };
        let allowed = confirmed.must_administer(denial);
        if allowed.is_err() {
            self.note_refusal(caller, &entry(&actor(caller), action, None))
                .await?;
        }
        allowed
    }

    async fn note_refusal(&self, caller: &Caller, entry: &NewAuditEntry) -> Result<(), AppError> {
        let noted = self.services.store.record_refusal(entry).await;
        noted.map_err(failed(caller))
    }

    /// Writes down that PagerDuty did not accept what the caller brought, and why.
    async fn note_not_accepted(
        &self,
        caller: &Caller,
        action: AuditAction,
        refusal: &ConnectRefusal,
    ) -> Result<(), AppError> {
        let entry = NewAuditEntry {
            after: Some(refusal.to_string()),
            ..entry(&actor(caller), action, Some("PagerDuty"))
        };
        self.note_refusal(caller, &entry).await
    }

    /// The workspace's connection, if it is connected.
    async fn connection(&self, caller: &Caller) -> Result<Option<Connection>, AppError> {
        self.services
            .store
            .connection(&caller.workspace)
            .await
            .map_err(failed(caller))
    }

    /// The clock that all servers agree on, for until when something is good.
    async fn database_now(&self, caller: &Caller) -> Result<Timestamp, AppError> {
        let now = self.services.store.now().await;
        now.map_err(failed(caller))
    }

    fn publish_rotation(&self, caller: &Caller, rotation: &RotationId) {
        self.services
            .live
            .publish_here(&caller.workspace, LiveTopic::Rotation(rotation.clone()));
    }
}

/// Whoever asks through a browser, apart from what is their session's.
pub fn actor(caller: &Caller) -> Actor {
    Actor {
        workspace: caller.workspace.clone(),
        principal: Principal::Session {
            person: caller.person.clone(),
            name: caller.name.clone(),
            role: caller.role,
        },
        request_id: Some(caller.request_id.clone()),
    }
}

/// What the caller sees of a failure on our side: the request's id, under which
/// the log has the cause.
fn internal(caller: &Caller, error: &dyn fmt::Display) -> AppError {
    tracing::error!(request_id = %caller.request_id, %error, "a request failed");
    AppError::Internal {
        request_id: caller.request_id.clone(),
    }
}

fn failed(caller: &Caller) -> impl Fn(StoreError) -> AppError {
    move |error| internal(caller, &error)
}

#[async_trait]
impl Flashes for RoundRobin {
    async fn keep_flash(&self, caller: &Caller, flash: Flash) -> Result<(), AppError> {
        let json = serde_json::to_string(&flash).map_err(|error| internal(caller, &error))?;
        self.services
            .store
            .keep_flash(&caller.session, &json)
            .await
            .map_err(failed(caller))
    }
}
