//! Has user groups of Slack hold whoever is on duty: the consumer of the outbox's
//! `slack_duty_group`. Whatever the notice is about, the whole group is brought where it should be,
//! so however many rotations change at once, it is written once.

use super::{FAILED, NOT_INSTALLED, attempt, failed, publish, refused};
use crate::{
    Services,
    actions::{Failure, duty_groups::Feeding},
    outbox::{Attempt, Consumer, Posting},
    slack::{self, AskError, DUTY_GROUP, FRESH, Installed, SlackError, directory},
    store::{Delivery, DutyGroup},
};
use async_trait::async_trait;
use domain::{GroupRules, GroupWrite};
use futures::{StreamExt, stream};
use std::collections::BTreeSet;
use types::{PersonId, Role, SlackGroupId, WorkspaceId};

/// How often a group is looked at before and after a write, in one attempt.
const LOOKS: usize = 4;
/// Of whom Slack is asked what is the matter with them, and of how many at once: a delivery takes
/// 20 seconds at most.
const MOST_ASKED_ABOUT: usize = 30;
const ASKED_AT_ONCE: usize = 8;

/// Codes of what is wrong where Slack has no word for it.
const EXTERNAL: &str = "external_group";
const UNREADABLE: &str = "unreadable";
/// What was written is not what Slack tells.
const NOT_YET_SO: &str = "not_yet_so";

/// Keeps groups.
pub struct DutyGroups(pub Services);

#[async_trait]
impl Consumer for DutyGroups {
    fn kind(&self) -> &str {
        DUTY_GROUP
    }

    /// A group is written as a whole list.
    fn is_repeatable(&self) -> bool {
        true
    }

    fn tells_everything(&self) -> bool {
        true
    }

    async fn deliver(&self, delivery: &Delivery, _posting: &Posting) -> Attempt {
        let Self(services) = self;
        let workspace = &delivery.workspace;
        let id = SlackGroupId::new(&delivery.target);
        let brought = match services.store.duty_group(workspace, DUTY_GROUP, &id).await {
            Ok(Some(group)) => bring_right(services, workspace, &group).await,
            // No rotation feeds it any more.
            Ok(None) => Ok(Attempt::Delivered),
            Err(error) => Err(error.into()),
        };
        brought.unwrap_or_else(|error| {
            tracing::error!(?error, group = %id, "a user group could not be brought right");
            failed(FAILED)
        })
    }
}

/// Brings a group where it should be, and keeps what came of it.
async fn bring_right(
    services: &Services,
    workspace: &WorkspaceId,
    group: &DutyGroup,
) -> Result<Attempt, Failure> {
    let attempt = match slack::installed(&services.slack, workspace).await? {
        Some(installed) => write(services, &installed, group).await?,
        None => refused(NOT_INSTALLED),
    };
    if let Attempt::Failed { problem, .. }
    | Attempt::Refused { problem }
    | Attempt::Unclear { problem } = &attempt
    {
        let noting = services
            .store
            .note_group_problem(workspace, &group.id, problem);
        noting.await?;
    }
    publish(services, workspace, group.rotations());
    Ok(attempt)
}

/// Reads, writes what differs, and reads again what Slack made of it.
async fn write(
    services: &Services,
    installed: &Installed,
    group: &DutyGroup,
) -> Result<Attempt, Failure> {
    let (slack, store) = (&services.slack, &services.store);
    let workspace = &installed.workspace.id;
    let mut rules = group.rules.clone();
    let (mut written, mut has_asked) = (false, false);
    for _ in 0..LOOKS {
        let groups = match slack.user_groups.of_late(slack, installed, FRESH).await {
            Ok(groups) => groups,
            Err(error) => return answered(error),
        };
        let Some(present) = groups.iter().find(|present| present.id == group.id) else {
            return Ok(refused("no_such_subteam"));
        };
        if present.external {
            return Ok(refused(EXTERNAL));
        }
        let Some(state) = &present.state else {
            return Ok(failed(UNREADABLE));
        };
        let feeding = Feeding::read(services, workspace).await?;
        let goal = feeding.plan(&rules, &group.feeds).goal;
        let writes = goal.writes(state);
        if writes.is_empty() {
            let named = (&group.id, present.handle.as_str());
            store.note_group(workspace, named, state, written).await?;
            return Ok(Attempt::Delivered);
        }
        for step in &writes {
            let writing = slack.user_groups.write(slack, installed, &group.id, step);
            match writing.await {
                Ok(_) => written = true,
                Err(AskError::Slack(SlackError::Refused { word }))
                    if word.as_str() == "invalid_users" && !has_asked =>
                {
                    has_asked = true;
                    let not_taken = not_taken(services, installed, step, &rules).await?;
                    store
                        .note_not_taken(workspace, &group.id, &not_taken)
                        .await?;
                    rules.not_taken = not_taken;
                    break;
                }
                Err(error) => return answered(error),
            }
        }
    }
    Ok(failed(NOT_YET_SO))
}

fn answered(error: AskError) -> Result<Attempt, Failure> {
    match error {
        // The whole list is written again.
        AskError::Slack(SlackError::Refused { word })
            if word.as_str() == "failed_for_some_users" =>
        {
            Ok(failed(word.as_str()))
        }
        AskError::Slack(error) => Ok(attempt(&error)),
        AskError::Store(error) => Err(error.into()),
    }
}

/// Slack does not say whom it refuses, so it is asked about each of those on the list
/// that it refused. Whoever turns out to be deactivated is left out by the rules; who is not known there,
/// and, where nobody else explains it, who is a guest, is among these.
async fn not_taken(
    services: &Services,
    installed: &Installed,
    refused: &GroupWrite,
    rules: &GroupRules,
) -> Result<BTreeSet<PersonId>, Failure> {
    let Installed { workspace, token } = installed;
    let mut not_taken = rules.not_taken.clone();
    let GroupWrite::Members(members) = refused else {
        return Ok(not_taken);
    };
    let (mut guests, mut explained) = (Vec::new(), false);
    let people: Vec<_> = members.iter().take(MOST_ASKED_ABOUT).collect();
    let mut asking = Vec::new();
    for person in &people {
        asking.push(directory::look_up(
            &services.slack,
            workspace,
            token,
            person,
        ));
    }
    let answers = stream::iter(asking).buffered(ASKED_AT_ONCE);
    let answers: Vec<_> = answers.collect().await;
    for (person, told) in people.into_iter().zip(answers) {
        match told {
            Ok(told) => match told.member {
                None => {
                    not_taken.insert(person.clone());
                    explained = true;
                }
                Some(member) if member.deactivated => explained = true,
                Some(member) if member.role == Role::Guest => guests.push(person.clone()),
                Some(_) => {}
            },
            Err(directory::DirectoryError::Store(error)) => return Err(error.into()),
            Err(directory::DirectoryError::Slack(error)) => {
                tracing::warn!(%person, %error, "Slack does not say what is the matter with somebody whom it may have refused");
            }
        }
    }
    if !explained {
        not_taken.extend(guests);
    }
    Ok(not_taken)
}
