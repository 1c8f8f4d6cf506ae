//! Compares user groups with what they should be, since people and other apps may write them too,
//! and what brought them right may have been missed. Slack tells of all groups of a workspace in
//! one answer. What differs goes through the outbox like everything else.

use super::{allowed, groups::GROUP_GONE, may_be_tried, publish, watch};
use crate::{
    Services,
    actions::{Failure, duty_groups::Feeding},
    background::Task,
    slack::{AskError, DUTY_GROUP, UserGroup},
    store::{DutyGroup, StoreError},
};
use domain::{GroupGoal, GroupState};
use std::time::{Duration, Instant};
use types::{SlackCapability, Timestamp, WorkspaceId};

/// What the background work calls this.
const TASK: &str = "slack_groups";
const INTERVAL: Duration = Duration::from_secs(60);
/// A server that dies is replaced after so long.
const LEASE: Duration = Duration::from_secs(3 * 60);

/// Why groups were not compared.
#[derive(Debug, thiserror::Error)]
#[error(
    "the user groups that are kept in Slack are not known; it is tried again, and the log says why"
)]
struct NotCompared(#[from] StoreError);

/// Comparing at the start and at each interval, by one server of several.
pub fn task(services: &Services) -> Task {
    let about = "Compares user groups in Slack with who is on duty";
    watch(
        services,
        (TASK, about),
        (INTERVAL, LEASE),
        async |services| compare_groups(&services).await.map_err(NotCompared),
    )
}

/// Compares the groups of all workspaces.
pub async fn compare_groups(services: &Services) -> Result<(), StoreError> {
    for workspace in services.store.workspaces_with_groups(DUTY_GROUP).await? {
        if let Err(error) = compare(services, &workspace).await {
            tracing::warn!(%workspace, ?error, "user groups were not compared with who is on duty");
        }
    }
    Ok(())
}

async fn compare(services: &Services, workspace: &WorkspaceId) -> Result<(), Failure> {
    let (slack, store) = (&services.slack, &services.store);
    let Some(installed) = allowed(services, workspace, SlackCapability::Groups).await? else {
        return Ok(());
    };
    let before = store.duty_groups(workspace, DUTY_GROUP).await?;
    let mut told = store.targets_told(workspace, DUTY_GROUP).await?;
    let since = Some(Instant::now());
    let groups = match slack.user_groups.told_since(slack, &installed, since).await {
        Ok(groups) => groups,
        Err(AskError::Store(error)) => return Err(error.into()),
        Err(AskError::Slack(error)) => {
            tracing::warn!(%workspace, %error, "Slack does not tell of its user groups");
            if store.note_groups_untold(workspace, &error.code()).await? {
                let groups = before.iter().flat_map(DutyGroup::rotations);
                publish(services, workspace, groups);
            }
            return Ok(());
        }
    };
    let now = store.now().await?;
    let after = store.duty_groups(workspace, DUTY_GROUP).await?;
    told.extend(store.targets_told(workspace, DUTY_GROUP).await?);
    // What Slack told of a group that was written meanwhile may be of before or after that.
    let at_rest = after
        .iter()
        .filter(|group| before.contains(group) && !told.contains(group.id.as_str()));
    let feeding = Feeding::read(services, workspace).await?;
    for group in at_rest {
        let present = groups.iter().find(|present| present.id == group.id);
        let goal = feeding.plan(&group.rules, &group.feeds).goal;
        let known = group.known.as_ref();
        let known = known.map(|known| feeding.as_known(known));
        let wanted = (group, known.as_ref(), &goal);
        compare_one(services, workspace, wanted, (present, now)).await?;
    }
    Ok(())
}

async fn compare_one(
    services: &Services,
    workspace: &WorkspaceId,
    (group, known, goal): (&DutyGroup, Option<&GroupState>, &GroupGoal),
    (present, now): (Option<&UserGroup>, Timestamp),
) -> Result<(), Failure> {
    let store = &services.store;
    let state = match present {
        Some(present) if present.state.is_none() => return Ok(()),
        present => present.and_then(|present| Some((present, present.state.as_ref()?))),
    };
    let mut is_news = false;
    if let Some((present, state)) = state
        && let Some(known) = known
        && known != state
    {
        let by = present.updated_by.as_ref();
        tracing::info!(%workspace, group = %group.id, ?by, "a user group was changed by somebody else");
        store
            .note_group_edited(workspace, &group.id, state, by)
            .await?;
        is_news = true;
    }
    match state {
        Some((present, state)) if goal.writes(state).is_empty() => {
            let named = (&group.id, present.handle.as_str());
            if group.problem.is_some() || group.known.is_none() || group.handle != present.handle {
                store.note_group(workspace, named, state, false).await?;
                is_news = true;
            }
        }
        // One that is gone, too: whoever writes says what is wrong.
        _ => {
            let problem = group.problem.as_ref();
            // Slack had left it out, and tells of it again.
            let is_back = present.is_some() && problem.is_some_and(|(word, _)| word == GROUP_GONE);
            if is_back || may_be_tried(problem, now) {
                let target = (DUTY_GROUP, group.id.as_str());
                let (rotation, _) = &group.feeds[0];
                store.tell_now(workspace, rotation, target).await?;
            }
        }
    }
    if is_news {
        publish(services, workspace, group.rotations());
    }
    Ok(())
}
