//! The own permission of an admin's, by which user groups are written where a workspace lets nobody
//! else edit them. It is used for these writes alone; everything else is the bot's.

use super::{SlackError, SlackServices, client::Granted, error::LentTrouble};
use crate::store::{GroupWriter, StoreError, group_writer_row};
use domain::denials_apart;
use secrecy::{ExposeSecret, SecretString};
use types::{GROUP_WRITER_SCOPE, LiveTopic, WorkspaceId};

/// What is lent in a workspace.
pub(super) enum Lending {
    Nothing,
    /// Whoever lent it is deactivated, or administers no more. They may again, so it is kept.
    NotToUse,
    Lent(Lent),
}

/// A permission that serves, as far as is known.
pub(super) struct Lent {
    pub(super) token: SecretString,
    workspace: WorkspaceId,
    sealed: String,
    /// Slack has denied it of late.
    is_doubted: bool,
}

pub(super) async fn lent(
    services: &SlackServices,
    workspace: &WorkspaceId,
) -> Result<Lending, StoreError> {
    let writer = services.store.group_writer(workspace).await?;
    let Some((writer, sealed)) = writer.and_then(|writer| {
        let sealed = writer.token_sealed.clone()?;
        Some((writer, sealed))
    }) else {
        return Ok(Lending::Nothing);
    };
    if writer.is_gone || !writer.administers {
        return Ok(Lending::NotToUse);
    }
    let token = token_of(services, workspace, &sealed);
    Ok(token.map_or(Lending::Nothing, |token| {
        Lending::Lent(Lent {
            token,
            workspace: workspace.clone(),
            sealed,
            is_doubted: writer.denied_at.is_some(),
        })
    }))
}

/// The token that somebody has lent, if it can be opened.
pub fn token_of(
    services: &SlackServices,
    workspace: &WorkspaceId,
    sealed: &str,
) -> Option<SecretString> {
    let opened = services.keys.open(sealed, &group_writer_row(workspace));
    opened
        .inspect_err(|error| {
            tracing::error!(%workspace, %error, "the token that an admin lent cannot be opened");
        })
        .ok()
}

/// Has Slack end a token that is kept no more. Slack may give the same one twice, and one that serves
/// is left alone, in whichever workspace it does.
pub(super) async fn give_back(services: &SlackServices, token: &SecretString) {
    let writers = match services.store.group_writers().await {
        Ok(writers) => writers,
        // It may be one that serves.
        Err(error) => {
            tracing::warn!(%error, "a permission that is kept no more is not given back at Slack");
            return;
        }
    };
    let serves = |writer: &GroupWriter| {
        let sealed = writer.token_sealed.as_ref();
        let serving = sealed.and_then(|sealed| token_of(services, &writer.workspace, sealed));
        serving.is_some_and(|serving| serving.expose_secret() == token.expose_secret())
    };
    if writers.iter().any(serves) {
        return;
    }
    if let Err(error) = services.client.revoke(token).await {
        tracing::warn!(%error, "a permission that is kept no more was not given back at Slack");
    }
}

impl Lent {
    /// What it says of this permission that Slack has refused a write with this error, which wrote
    /// nothing.
    pub(super) async fn trouble(
        &self,
        services: &SlackServices,
        error: &SlackError,
    ) -> Result<Refusal, StoreError> {
        match error {
            SlackError::Refused { word } if word.as_str() == "permission_denied" => {
                return Ok(Refusal::Trouble(LentTrouble::Denied));
            }
            SlackError::MissingScope { .. } | SlackError::TokenRefused { .. } => {}
            _ => return Ok(Refusal::Other),
        }
        // One refusal counts for nothing: Slack is asked about the token itself, and once more
        // after a while.
        let is_denied = match services.client.auth_test(&self.token).await {
            Err(SlackError::TokenRefused { .. }) => true,
            Ok(Granted {
                scopes: Some(scopes),
                ..
            }) => !scopes.iter().any(|scope| scope == GROUP_WRITER_SCOPE),
            _ => false,
        };
        if is_denied && self.deny(services, &error.code()).await? {
            return Ok(Refusal::Ended);
        }
        Ok(Refusal::Trouble(LentTrouble::Refused))
    }

    async fn deny(&self, services: &SlackServices, why: &str) -> Result<bool, StoreError> {
        let (store, workspace) = (&services.store, &self.workspace);
        let apart = denials_apart(services.config.slack.directory_interval);
        let denying = store.deny_group_writer(workspace, &self.sealed, (why, apart));
        let has_ended = denying.await?;
        if has_ended {
            tracing::warn!(%workspace, why, "the permission to edit user groups that an admin lent has ended");
            services.live.publish(workspace, LiveTopic::Connection);
        }
        Ok(has_ended)
    }

    /// After Slack has taken it.
    pub(super) async fn accepted(&self, services: &SlackServices) -> Result<(), StoreError> {
        if self.is_doubted {
            let store = &services.store;
            store
                .accept_group_writer(&self.workspace, &self.sealed)
                .await?;
        }
        Ok(())
    }
}

/// What a refusal of Slack's says of a permission that was lent.
pub(super) enum Refusal {
    /// Nothing.
    Other,
    Ended,
    Trouble(LentTrouble),
}
