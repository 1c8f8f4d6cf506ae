//! Keeps each workspace's people and roles as Slack has them, so that somebody
//! who is demoted or deactivated loses their rights within minutes.

use super::{
    error::SlackError,
    installation::{bot_token, remember_token_state},
};
use crate::{
    Services, clock,
    store::{StoreError, Workspace},
};
use std::collections::HashMap;
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};
use types::WorkspaceId;

/// Why a directory was not refreshed; it stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    #[error(transparent)]
    Slack(#[from] SlackError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Refreshes every installed workspace now and at each interval, until the
/// server stops.
pub async fn run(services: Services) {
    let mut ticks = interval(services.config.slack.directory_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut running = HashMap::new();
    while services
        .shutdown
        .run_until_cancelled(ticks.tick())
        .await
        .is_some()
    {
        match services.store.workspaces().await {
            Ok(workspaces) => start_refreshes(&services, workspaces, &mut running),
            Err(error) => tracing::error!(%error, "the workspaces cannot be read"),
        }
    }
}

/// Starts one task for each workspace, so that none waits for another, and
/// leaves alone those whose last refresh still goes on.
fn start_refreshes(
    services: &Services,
    workspaces: Vec<Workspace>,
    running: &mut HashMap<WorkspaceId, JoinHandle<()>>,
) {
    running.retain(|_, task| !task.is_finished());
    for workspace in workspaces {
        if workspace.installation.is_none() || running.contains_key(&workspace.id) {
            continue;
        }
        let id = workspace.id.clone();
        let services = services.clone();
        let task = services.tasks.clone().spawn(async move {
            let refreshed = services
                .shutdown
                .run_until_cancelled(refresh(&services, &workspace))
                .await;
            if let Some(Err(error)) = refreshed {
                tracing::warn!(workspace = %workspace.id, %error, "the directory was not refreshed");
            }
        });
        running.insert(id, task);
    }
}

/// Reads a workspace's people from Slack and makes the directory the same.
/// Does nothing for a workspace without a usable installation.
pub async fn refresh(services: &Services, workspace: &Workspace) -> Result<(), RefreshError> {
    let (Some(installation), Some(token)) =
        (&workspace.installation, bot_token(services, workspace))
    else {
        return Ok(());
    };
    let read_at = clock::now();
    let answer = services.slack.users_list(&token).await;
    remember_token_state(services, &workspace.id, installation, &answer).await?;
    let people = answer?.value;
    // Whoever installed the app is a person, so nobody at all is no answer.
    if people.is_empty() {
        return Err(SlackError::Unreadable.into());
    }
    services
        .store
        .replace_directory(&workspace.id, &people, read_at)
        .await?;
    Ok(())
}
