//! Announces each change of duty in the Slack channel that was chosen for the rotation: the consumer
//! of the outbox's `slack_announcement`.

mod message;

use crate::{
    Services,
    actions::{Failure, rotations},
    outbox::{Attempt, Consumer},
    slack::{self, ANNOUNCEMENT, SlackError},
    store::Delivery,
};
use async_trait::async_trait;
use domain::{Actor, Principal};
use message::announcement;
use types::{DaysWanted, SlackChannelId};

/// Codes of what is wrong where Slack has no word for it.
const GONE: &str = "rotation_gone";
const NOT_INSTALLED: &str = "not_installed";
const FAILED: &str = "server_failed";

/// Tells channels.
pub struct Announcements(pub Services);

#[async_trait]
impl Consumer for Announcements {
    fn kind(&self) -> &str {
        ANNOUNCEMENT
    }

    /// Slack takes every message for a new one.
    fn is_repeatable(&self) -> bool {
        false
    }

    async fn deliver(&self, delivery: &Delivery) -> Attempt {
        match self.announce(delivery).await {
            Ok(attempt) => attempt,
            Err(Failure::NotFound) => refused(GONE),
            // Whatever has failed came before the message.
            Err(error) => {
                tracing::error!(?error, "a change of duty could not be announced");
                Attempt::Failed {
                    problem: FAILED.to_owned(),
                    wait: None,
                }
            }
        }
    }
}

impl Announcements {
    async fn announce(&self, delivery: &Delivery) -> Result<Attempt, Failure> {
        let Self(services) = self;
        let everything = Actor {
            workspace: delivery.workspace.clone(),
            principal: Principal::System,
            request_id: None,
        };
        let now = DaysWanted::default();
        let state = rotations::state(services, &everything, &delivery.rotation, &now).await?;
        let name = &state.rotation.details.name;
        let text = announcement(name, &state.outlook, &state.directory);
        let installed = services.store.workspace(&delivery.workspace).await?;
        let serving = installed.filter(|workspace| workspace.standing.ended_at().is_none());
        let token = serving
            .as_ref()
            .and_then(|workspace| slack::bot_token(&services.slack, workspace));
        let (Some(workspace), Some(token)) = (&serving, token) else {
            return Ok(refused(NOT_INSTALLED));
        };
        let (client, channel) = (
            &services.slack.client,
            SlackChannelId::new(&delivery.target),
        );
        let posting = || client.post_message(&token, &channel, &text);
        let posted = match slack::ask(&services.slack, workspace, &token, posting).await {
            Ok(posted) => posted,
            // What Slack said of the token could not be written: it has answered by then.
            Err(error) => {
                tracing::error!(%error, "what Slack answered could not be kept");
                return Ok(Attempt::Unclear {
                    problem: FAILED.to_owned(),
                });
            }
        };
        Ok(attempt(posted.map(drop)))
    }
}

fn refused(problem: &str) -> Attempt {
    Attempt::Refused {
        problem: problem.to_owned(),
    }
}

/// What Slack's answer says of a message.
fn attempt(posted: Result<(), SlackError>) -> Attempt {
    let Err(error) = posted else {
        return Attempt::Delivered;
    };
    let problem = match &error {
        SlackError::Refused { word }
        | SlackError::Passing { word }
        | SlackError::TokenRefused { word } => word.to_string(),
        SlackError::MissingScope { .. } => "missing_scope".to_owned(),
        SlackError::RateLimited { .. } => "rate_limited".to_owned(),
        SlackError::TimedOut => "timed_out".to_owned(),
        SlackError::Unreachable => "unreachable".to_owned(),
        SlackError::Unavailable { status } => format!("status_{status}"),
        SlackError::Unreadable => "unreadable".to_owned(),
        SlackError::NoApp | SlackError::TokenRotation | SlackError::OrganisationWide => {
            NOT_INSTALLED.to_owned()
        }
    };
    match error {
        error if error.may_have_acted() => Attempt::Unclear { problem },
        SlackError::RateLimited { retry_after } => Attempt::Failed {
            problem,
            wait: Some(retry_after),
        },
        // Whether the token has ended is for others to find out.
        SlackError::TokenRefused { .. }
        | SlackError::Passing { .. }
        | SlackError::Unreachable
        | SlackError::Unavailable { .. } => Attempt::Failed {
            problem,
            wait: None,
        },
        _ => Attempt::Refused { problem },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use types::SlackWord;

    fn word(word: &str) -> SlackWord {
        SlackWord::parse(word).unwrap()
    }

    #[test]
    fn only_what_slack_surely_did_not_write_is_tried_again() {
        let failed = |problem: &str, wait| Attempt::Failed {
            problem: problem.to_owned(),
            wait,
        };
        let unclear = |problem: &str| Attempt::Unclear {
            problem: problem.to_owned(),
        };
        let retry_after = Duration::from_secs(30);
        for (error, expected) in [
            (SlackError::Unreachable, failed("unreachable", None)),
            (
                SlackError::RateLimited { retry_after },
                failed("rate_limited", Some(retry_after)),
            ),
            (
                SlackError::Passing {
                    word: word("service_unavailable"),
                },
                failed("service_unavailable", None),
            ),
            (
                SlackError::TokenRefused {
                    word: word("token_revoked"),
                },
                failed("token_revoked", None),
            ),
            (SlackError::TimedOut, unclear("timed_out")),
            (SlackError::Unreadable, unclear("unreadable")),
            (
                SlackError::Passing {
                    word: word("fatal_error"),
                },
                unclear("fatal_error"),
            ),
            (
                SlackError::Unavailable { status: 502 },
                unclear("status_502"),
            ),
            (
                SlackError::Unavailable { status: 403 },
                failed("status_403", None),
            ),
            (
                SlackError::Refused {
                    word: word("not_in_channel"),
                },
                refused("not_in_channel"),
            ),
            (
                SlackError::MissingScope { granted: None },
                refused("missing_scope"),
            ),
        ] {
            assert_eq!(attempt(Err(error)), expected);
        }
        assert_eq!(attempt(Ok(())), Attempt::Delivered);
    }
}
