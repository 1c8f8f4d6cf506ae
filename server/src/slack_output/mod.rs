//! Tells Slack what becomes of duty: the consumers of the outbox whose notices go there. What each
//! says is pure; this part says what Slack's answer means for a notice.

pub mod announcements;
pub mod direct;
mod group_watch;
pub mod groups;
mod not_taken;
mod outage_watch;
mod topic_watch;
pub mod topics;

pub use group_watch::{compare_groups, task as group_watch};
pub use outage_watch::task as outage_watch;
pub use topic_watch::{Rounds, look_at_topics, task as topic_watch};

use crate::{
    Services,
    background::{Lease, Periodic, Task},
    outbox::{Attempt, Posting},
    slack::{self, AskError, Installed, LentTrouble, Message, SlackError},
    store::StoreError,
};
use std::{error::Error, future::Future, time::Duration};
use types::{LiveTopic, RotationId, SlackCapability, SlackWord, Timestamp, WorkspaceId};

/// What Slack refused a watch does not have tried again sooner, in seconds.
const AGAIN_AFTER_SECONDS: i64 = 10 * 60;

/// Codes of what is wrong where Slack has no word for it.
pub(crate) const GONE: &str = "rotation_gone";
const MISSING_SCOPE: &str = "missing_scope";
pub(crate) const NOT_INSTALLED: &str = "not_installed";
pub(crate) const FAILED: &str = "server_failed";

/// A task of one server of several that looks at Slack each `interval`, beginning at once, since
/// Slack tells nobody what others do there. A server that dies is replaced after `lease`.
fn watch<Looking, E>(
    services: &Services,
    (code, about): (&'static str, &'static str),
    (interval, lease): (Duration, Duration),
    look: impl Fn(Services) -> Looking + Send + Sync + 'static,
) -> Task
where
    Looking: Future<Output = Result<(), E>> + Send + 'static,
    E: Error + Send + Sync + 'static,
{
    let lease = Lease::new(&services.store, code, lease);
    let services = services.clone();
    let step = move || {
        let looking = look(services.clone());
        async move {
            looking.await?;
            Ok(interval)
        }
    };
    Periodic::new(code, about, interval, step)
        .under(lease)
        .into()
}

/// Slack, where Round Robin is installed and may do that.
async fn allowed(
    services: &Services,
    workspace: &WorkspaceId,
    capability: SlackCapability,
) -> Result<Option<Installed>, StoreError> {
    let installed = slack::installed(&services.slack, workspace).await?;
    Ok(installed.filter(|installed| installed.is_allowed(capability)))
}

/// Whether a watch that is allowed to look may have tried again at `now` what came to nothing
/// before, for this reason and at that time.
fn may_be_tried(problem: Option<&(String, Timestamp)>, now: Timestamp) -> bool {
    problem.is_none_or(|(word, at)| {
        // That is allowed by now, or Slack answers again.
        word == MISSING_SCOPE
            || SlackWord::is_passing(word)
            || now.seconds_since(*at) >= AGAIN_AFTER_SECONDS
    })
}

/// Has open pages read these rotations anew.
fn publish<'a>(
    services: &Services,
    workspace: &WorkspaceId,
    rotations: impl IntoIterator<Item = &'a RotationId>,
) {
    for rotation in rotations {
        let topic = LiveTopic::Rotation(rotation.clone());
        services.live.publish(workspace, topic);
    }
}

/// Writes a message, once.
async fn post(
    services: &Services,
    installed: &Installed,
    message: Message<'_>,
    posting: &Posting,
) -> Result<Attempt, StoreError> {
    if !posting.begins().await? {
        return Ok(failed(FAILED));
    }
    Ok(
        match slack::post_message(&services.slack, installed, message).await {
            Ok(_) => Attempt::Delivered,
            Err(error) => attempt_to_write(error),
        },
    )
}

/// What an attempt to write a message comes to that ended with this.
pub(crate) fn attempt_to_write(error: AskError) -> Attempt {
    match error {
        AskError::Slack(error) => attempt(&error),
        // What Slack said of the token could not be written: it has answered by then.
        AskError::Store(error) => {
            tracing::error!(%error, "what Slack answered could not be kept");
            Attempt::Unclear {
                problem: FAILED.to_owned(),
            }
        }
    }
}

pub(crate) fn refused(problem: &str) -> Attempt {
    Attempt::Refused {
        problem: problem.to_owned(),
    }
}

pub(crate) fn failed(problem: &str) -> Attempt {
    Attempt::Failed {
        problem: problem.to_owned(),
        wait: None,
    }
}

/// What an attempt comes to that Slack answered with this.
pub(crate) fn attempt(error: &SlackError) -> Attempt {
    let problem = error.code();
    match error {
        error if error.may_have_acted() => Attempt::Unclear { problem },
        SlackError::RateLimited { retry_after } => Attempt::Failed {
            problem,
            wait: Some(*retry_after),
        },
        // Whether the token has ended is for others to find out.
        SlackError::TokenRefused { .. }
        | SlackError::Lent(LentTrouble::Refused)
        | SlackError::Passing { .. }
        | SlackError::Unreachable
        | SlackError::Unavailable { .. } => failed(&problem),
        _ => refused(&problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn word(word: &str) -> SlackWord {
        SlackWord::parse(word).unwrap()
    }

    #[test]
    fn what_slack_surely_did_not_write_is_told_from_what_it_may_have() {
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
            assert_eq!(attempt(&error), expected);
        }
    }
}
