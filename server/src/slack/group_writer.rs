//! The own permission of an admin's, by which user groups are written where a workspace lets nobody
//! else edit them. It is used for these writes alone; everything else is the bot's.

use super::{SlackError, SlackServices};
use crate::store::{GroupWriter, StoreError, group_writer_row};
use secrecy::SecretString;
use types::{GROUP_WRITER_GONE, LiveTopic, WorkspaceId};

/// A permission that serves, as far as is known.
pub(super) struct Lent {
    pub(super) token: SecretString,
    workspace: WorkspaceId,
    sealed: String,
}

/// What is lent in a workspace. Where whoever lent it is deactivated, it has ended.
pub(super) async fn lent(
    services: &SlackServices,
    workspace: &WorkspaceId,
) -> Result<Option<Lent>, StoreError> {
    let writer = services.store.group_writer(workspace).await?;
    let Some((writer, sealed)) = writer.and_then(|writer| {
        let sealed = writer.token_sealed.clone()?;
        Some((writer, sealed))
    }) else {
        return Ok(None);
    };
    let Some(token) = token_of(services, &writer) else {
        return Ok(None);
    };
    let lent = Lent {
        token,
        workspace: workspace.clone(),
        sealed,
    };
    if writer.is_gone {
        lent.end(services, GROUP_WRITER_GONE).await?;
        return Ok(None);
    }
    Ok(Some(lent))
}

/// The token of somebody who lends their permission, if it has not ended and can be opened.
pub fn token_of(services: &SlackServices, writer: &GroupWriter) -> Option<SecretString> {
    let (workspace, sealed) = (&writer.workspace, writer.token_sealed.as_ref()?);
    let opened = services.keys.open(sealed, &group_writer_row(workspace));
    opened
        .inspect_err(|error| {
            tracing::error!(%workspace, %error, "the token that an admin lent cannot be opened");
        })
        .ok()
}

impl Lent {
    /// Whether it has ended, after Slack has refused it with this error. One refusal counts for
    /// nothing: Slack is asked about the token itself.
    pub(super) async fn has_ended(
        &self,
        services: &SlackServices,
        error: &SlackError,
    ) -> Result<bool, StoreError> {
        match error {
            SlackError::MissingScope { .. } => {}
            SlackError::TokenRefused { .. } => match services.client.auth_test(&self.token).await {
                Err(SlackError::TokenRefused { .. }) => {}
                _ => return Ok(false),
            },
            _ => return Ok(false),
        }
        self.end(services, &error.code()).await?;
        Ok(true)
    }

    async fn end(&self, services: &SlackServices, why: &str) -> Result<(), StoreError> {
        let (store, workspace) = (&services.store, &self.workspace);
        if store.end_group_writer(workspace, &self.sealed, why).await? {
            tracing::warn!(%workspace, why, "the permission to edit user groups that an admin lent has ended");
            services.live.publish(workspace, LiveTopic::Connection);
        }
        Ok(())
    }
}
