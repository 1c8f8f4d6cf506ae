//! Has user groups of Slack hold whoever is on duty: the consumer of the outbox's
//! `slack_duty_group`. Whatever the notice is about, the whole group is brought where it should be,
//! so however many rotations change at once, it is written once.

use super::{
    FAILED, NOT_INSTALLED, attempt, failed,
    not_taken::{self, Meant, RefusedList},
    publish, refused,
};
use crate::{
    Services,
    actions::{Failure, duty_groups::Feeding},
    outbox::{Attempt, Consumer, Posting},
    slack::{self, AskError, DUTY_GROUP, FRESH, Installed, SlackError},
    store::{Delivery, DutyGroup},
};
use async_trait::async_trait;
use domain::GroupWrite;
use std::time::Duration;
use tokio::time::{self, Instant};
use types::{SlackGroupId, WorkspaceId};

/// How often a group is looked at before and after a write, in one attempt.
const LOOKS: usize = 4;
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// How long one attempt takes at most: a delivery takes 20 seconds, and what came of it is still to be
/// written then.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(18);
/// Until when in one Slack is asked whom it refuses: what it told by then is not asked again.
const ASKING_LIMIT: Duration = Duration::from_secs(15);

/// Codes of what is wrong where Slack has no word for it.
const EXTERNAL: &str = "external_group";
const UNREADABLE: &str = "unreadable_group";
/// Slack's word for a group that it does not have.
pub(super) const GROUP_GONE: &str = "no_such_subteam";
/// What was written is not what Slack tells.
const NOT_YET_SO: &str = "not_yet_so";
const TIMED_OUT: &str = "timed_out";
const PEOPLE_REFUSED: &str = "invalid_users";

/// Keeps groups.
pub struct DutyGroups {
    services: Services,
}

impl DutyGroups {
    pub fn new(services: &Services) -> Self {
        Self {
            services: services.clone(),
        }
    }
}

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
        let workspace = &delivery.workspace;
        let id = SlackGroupId::new(&delivery.target);
        let store = &self.services.store;
        let brought = match store.duty_group(workspace, DUTY_GROUP, &id).await {
            Ok(Some(group)) => self.bring_right(workspace, &group).await,
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

impl DutyGroups {
    /// Brings a group where it should be, and keeps what came of it.
    async fn bring_right(
        &self,
        workspace: &WorkspaceId,
        group: &DutyGroup,
    ) -> Result<Attempt, Failure> {
        let services = &self.services;
        let attempt = match slack::installed(&services.slack, workspace).await? {
            Some(installed) => {
                let writing = self.write(&installed, group);
                let written = time::timeout(ATTEMPT_LIMIT, writing).await;
                written.unwrap_or_else(|_| {
                    Ok(Attempt::Unclear {
                        problem: TIMED_OUT.to_owned(),
                    })
                })?
            }
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
    async fn write(&self, installed: &Installed, group: &DutyGroup) -> Result<Attempt, Failure> {
        let services = &self.services;
        let (slack, store) = (&services.slack, &services.store);
        let workspace = &installed.workspace.id;
        let until = Instant::now() + ASKING_LIMIT;
        let (mut rules, mut answers) = (group.rules.clone(), group.asked.clone());
        let (mut written, mut missed, mut unlike) = (false, false, false);
        // What is to be written once only, unless duty changes meanwhile.
        let mut last = None;
        for _ in 0..LOOKS {
            // Slack takes a moment to tell what was written, and may leave a group out once.
            let age = match unlike || missed {
                true => {
                    time::sleep(BETWEEN_LOOKS).await;
                    Duration::ZERO
                }
                false => FRESH,
            };
            let groups = match slack.user_groups.of_late(slack, installed, age).await {
                Ok(groups) => groups,
                Err(error) => return answered(error),
            };
            let Some(present) = groups.iter().find(|present| present.id == group.id) else {
                if missed {
                    return Ok(refused(GROUP_GONE));
                }
                missed = true;
                continue;
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
                if rules.not_taken.is_empty() && !group.doubted.is_disjoint(&state.members) {
                    // It takes them by now.
                    let doubted = group.doubted.difference(&state.members);
                    let doubted = doubted.cloned().collect();
                    store.note_taken_but(workspace, &group.id, &doubted).await?;
                }
                return Ok(Attempt::Delivered);
            }
            missed = false;
            if last.as_ref() == Some(&writes) {
                unlike = true;
                continue;
            }
            last = Some(writes.clone());
            for step in &writes {
                let writing = slack.user_groups.write(slack, installed, &group.id, step);
                match (writing.await, step) {
                    (Ok(_), _) => written = true,
                    (
                        Err(AskError::Slack(SlackError::Refused { word })),
                        GroupWrite::Members(people),
                    ) if word.as_str() == PEOPLE_REFUSED => {
                        let list = RefusedList {
                            group: &group.id,
                            people,
                            doubted: &group.doubted,
                        };
                        let asking =
                            not_taken::whom(services, installed, list, &mut answers, until);
                        match asking.await? {
                            Meant::These(people) => {
                                rules.not_taken.extend(people);
                                let not_taken = &rules.not_taken;
                                store
                                    .note_not_taken(workspace, &group.id, not_taken)
                                    .await?;
                            }
                            Meant::Nobody => return Ok(refused(PEOPLE_REFUSED)),
                            Meant::NotYetKnown { wait } => {
                                return Ok(Attempt::Failed {
                                    problem: PEOPLE_REFUSED.to_owned(),
                                    wait,
                                });
                            }
                        }
                        break;
                    }
                    (Err(error), _) => return answered(error),
                }
            }
        }
        Ok(failed(NOT_YET_SO))
    }
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
