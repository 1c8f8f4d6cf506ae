//! Keeps each workspace's people and roles as Slack has them, so that somebody
//! who is demoted or deactivated loses their rights within minutes.

use super::{
    client::Granted,
    error::SlackError,
    installation::{bot_token, remember_token_state},
};
use crate::{
    Services, clock,
    store::{Installation, Person, StoreError, Workspace},
};
use secrecy::SecretString;
use std::collections::HashMap;
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};
use types::{LiveTopic, PersonId, Role, WorkspaceId};

/// A role that Slack told longer ago than this, in seconds, is asked for again
/// before it opens anything that only some may do.
const TRUSTED_SECONDS: i64 = 5 * 60;

/// Why Slack's word did not get into the directory, which stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
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
        running.insert(workspace.id.clone(), start_refresh(services, workspace));
    }
}

/// Refreshes a workspace in a task of its own, which ends with the server.
pub fn start_refresh(services: &Services, workspace: Workspace) -> JoinHandle<()> {
    let services = services.clone();
    services.tasks.clone().spawn(async move {
        let refreshed = services
            .shutdown
            .run_until_cancelled(refresh(&services, &workspace))
            .await;
        if let Some(Err(error)) = refreshed {
            tracing::warn!(workspace = %workspace.id, %error, "the directory was not refreshed");
        }
    })
}

/// Reads a workspace's people from Slack and makes the directory the same.
/// Does nothing for a workspace without a usable installation.
pub async fn refresh(services: &Services, workspace: &Workspace) -> Result<(), DirectoryError> {
    let (Some(installation), Some(token)) =
        (&workspace.installation, bot_token(services, workspace))
    else {
        return Ok(());
    };
    let read_at = clock::now();
    let answer = services.slack.users_list(&token).await;
    remember_token_state(services, &workspace.id, installation, &answer).await?;
    let listing = answer?.value;
    // Whoever installed the app is a person, so nobody at all is no answer.
    if listing.people.is_empty() {
        return Err(SlackError::Unreadable.into());
    }
    let (store, id) = (&services.store, &workspace.id);
    let changed = if listing.unreadable == 0 {
        store
            .replace_directory(id, &listing.people, read_at)
            .await?
    } else {
        let unreadable = listing.unreadable;
        tracing::warn!(workspace = %id, unreadable, "Slack listed people who cannot be read, so nobody counts as gone");
        store.add_to_directory(id, &listing.people, read_at).await?
    };
    if changed {
        publish(services, id);
    }
    Ok(())
}

/// Asks Slack for one person, and keeps what it tells about them and the token.
/// `None` when the workspace does not know them as a person.
pub async fn look_up(
    services: &Services,
    workspace: &WorkspaceId,
    installation: &Installation,
    token: &SecretString,
    person: &PersonId,
) -> Result<Granted<Option<Person>>, DirectoryError> {
    let read_at = clock::now();
    let answer = services.slack.user_info(token, person).await;
    remember_token_state(services, workspace, installation, &answer).await?;
    let answer = answer?;
    if let Some(found) = &answer.value {
        let known = services.store.person(workspace, person).await?;
        services
            .store
            .save_person(workspace, found, read_at)
            .await?;
        if known.as_ref() != Some(found) {
            publish(services, workspace);
        }
    }
    Ok(answer)
}

/// The role of a person who is about to do what only some may. A stored role
/// that has become old is asked for again; while Slack does not answer, it
/// stands. `None` when they are no active person of the workspace any more.
pub async fn confirm_role(
    services: &Services,
    workspace: &WorkspaceId,
    person: &PersonId,
) -> Result<Option<Role>, StoreError> {
    let Some((known, read_at)) = services.store.person_with_age(workspace, person).await? else {
        return Ok(None);
    };
    let current = if clock::now().seconds_since(read_at) < TRUSTED_SECONDS {
        Some(known)
    } else {
        ask_again(services, workspace, known).await?
    };
    Ok(current
        .filter(|person| !person.deactivated)
        .map(|person| person.role))
}

async fn ask_again(
    services: &Services,
    workspace: &WorkspaceId,
    known: Person,
) -> Result<Option<Person>, StoreError> {
    let Some(stored) = services.store.workspace(workspace).await? else {
        return Ok(Some(known));
    };
    let (Some(installation), Some(token)) = (&stored.installation, bot_token(services, &stored))
    else {
        return Ok(Some(known));
    };
    match look_up(services, workspace, installation, &token, &known.id).await {
        Ok(answer) => Ok(answer.value),
        Err(DirectoryError::Slack(error)) => {
            tracing::warn!(%workspace, %error, "a role could not be confirmed, so it stands");
            Ok(Some(known))
        }
        Err(DirectoryError::Store(error)) => Err(error),
    }
}

/// Names and roles are on all pages that show a connection or a rotation, and
/// those follow this topic.
fn publish(services: &Services, workspace: &WorkspaceId) {
    services.live.publish(workspace, LiveTopic::Connection);
}
