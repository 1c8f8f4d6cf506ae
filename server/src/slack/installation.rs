//! What it takes for a workspace to be served: that this deployment is for it,
//! and that its bot token still works and may do what we need.

use super::{client::Granted, error::SlackError};
use crate::{
    Services,
    config::ServedWorkspaces,
    store::{Installation, StoreError, Workspace, bot_token_row},
};
use secrecy::SecretString;
use types::WorkspaceId;

/// What the bot token must be allowed to do.
pub const NEEDED_SCOPES: [&str; 3] = ["users:read", "users:read.email", "team:read"];

/// Whether this deployment serves the workspace; `first` installed first.
pub fn is_served(
    served: &ServedWorkspaces,
    first: Option<&WorkspaceId>,
    workspace: &WorkspaceId,
) -> bool {
    match served {
        ServedWorkspaces::FirstInstalled => first.is_none_or(|first| first == workspace),
        ServedWorkspaces::Listed(listed) => listed.contains(workspace),
        ServedWorkspaces::Any => true,
    }
}

pub fn has_needed(scopes: &[String]) -> bool {
    NEEDED_SCOPES
        .iter()
        .all(|needed| scopes.iter().any(|scope| scope == needed))
}

/// The workspace's bot token, when there is one that can be opened.
pub fn bot_token(services: &Services, workspace: &Workspace) -> Option<SecretString> {
    let installation = workspace.installation.as_ref()?;
    match services.keys.open(
        &installation.bot_token_sealed,
        &bot_token_row(&workspace.id),
    ) {
        Ok(token) => Some(token),
        Err(error) => {
            tracing::error!(workspace = %workspace.id, %error, "the bot token cannot be opened");
            None
        }
    }
}

/// Keeps what an answer tells about the token, so that the next sign-in goes
/// through the installation when the token has ended or lacks a scope.
pub async fn remember_token_state<T>(
    services: &Services,
    workspace: &WorkspaceId,
    installation: &Installation,
    answer: &Result<Granted<T>, SlackError>,
) -> Result<(), StoreError> {
    let scopes = match answer {
        Err(SlackError::TokenEnded) => {
            tracing::warn!(%workspace, "the bot token has ended; the next sign-in installs again");
            return services
                .store
                .end_installation(workspace, &installation.bot_token_sealed)
                .await;
        }
        Err(SlackError::MissingScope { granted }) => granted,
        Ok(Granted {
            scopes: Some(scopes),
            ..
        }) => scopes,
        _ => return Ok(()),
    };
    if *scopes == installation.scopes {
        return Ok(());
    }
    services
        .store
        .set_bot_scopes(workspace, &installation.bot_token_sealed, scopes)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> WorkspaceId {
        WorkspaceId::new(text)
    }

    #[test]
    fn the_first_workspace_owns_a_deployment_without_a_list() {
        let served = ServedWorkspaces::FirstInstalled;
        assert!(is_served(&served, None, &id("T1")));
        assert!(is_served(&served, Some(&id("T1")), &id("T1")));
        assert!(!is_served(&served, Some(&id("T1")), &id("T2")));
    }

    #[test]
    fn a_list_serves_who_is_on_it_whoever_was_first() {
        let served = ServedWorkspaces::Listed(vec![id("T1"), id("T2")]);
        assert!(is_served(&served, Some(&id("T1")), &id("T2")));
        assert!(!is_served(&served, None, &id("T3")));
        assert!(is_served(
            &ServedWorkspaces::Any,
            Some(&id("T1")),
            &id("T3")
        ));
    }

    #[test]
    fn every_needed_scope_has_to_be_there() {
        let all: Vec<_> = NEEDED_SCOPES.map(str::to_owned).to_vec();
        assert!(has_needed(&all));
        for missing in 0..all.len() {
            let mut scopes = all.clone();
            scopes.remove(missing);
            assert!(!has_needed(&scopes));
        }
    }
}
