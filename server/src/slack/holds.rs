//! When Slack wants to be asked again. It limits each method in each workspace apart, and messages in
//! each channel, so what is asked too often keeps nothing else waiting.

use super::SlackError;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use types::{SlackChannelId, WorkspaceId};

/// Until when Slack does not want to be asked. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Holds(Arc<Mutex<HashMap<Limited, Instant>>>);

/// What Slack counts by itself in a workspace: the calls of a method, or those in one channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Counted {
    method: &'static str,
    channel: Option<SlackChannelId>,
}

impl Counted {
    pub(super) fn in_channel(method: &'static str, channel: &SlackChannelId) -> Self {
        Self {
            method,
            channel: Some(channel.clone()),
        }
    }
}

impl From<&'static str> for Counted {
    fn from(method: &'static str) -> Self {
        Self {
            method,
            channel: None,
        }
    }
}

/// What has a limit of its own.
type Limited = (WorkspaceId, Counted);

impl Holds {
    /// Puts a question, unless Slack wants to be left alone with such, and keeps it if it does
    /// from now on.
    pub(super) async fn kept<T>(
        &self,
        workspace: &WorkspaceId,
        counted: Counted,
        question: impl Future<Output = Result<T, SlackError>>,
    ) -> Result<T, SlackError> {
        let limited = (workspace.clone(), counted);
        if let Some(retry_after) = self.left(&limited) {
            return Err(SlackError::RateLimited { retry_after });
        }
        let answer = question.await;
        if let Err(SlackError::RateLimited { retry_after }) = &answer {
            let now = Instant::now();
            let mut holds = self.lock();
            // There are many channels, and what is over may never be asked for again.
            holds.retain(|_, until| *until > now);
            if let Some(until) = now.checked_add(*retry_after) {
                holds.insert(limited, until);
            }
        }
        answer
    }

    fn left(&self, limited: &Limited) -> Option<Duration> {
        let mut holds = self.lock();
        let left = holds
            .get(limited)?
            .saturating_duration_since(Instant::now());
        if left.is_zero() {
            holds.remove(limited);
            return None;
        }
        Some(left)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Limited, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_beyond_all_clocks_is_none() {
        let (holds, workspace) = (Holds::default(), WorkspaceId::new("T1"));
        let busy = async {
            Err::<(), _>(SlackError::RateLimited {
                retry_after: Duration::MAX,
            })
        };
        assert!(holds.kept(&workspace, "a".into(), busy).await.is_err());
        let asked = holds.kept(&workspace, "a".into(), async { Ok(()) }).await;
        assert!(asked.is_ok());
    }

    #[tokio::test]
    async fn only_what_was_asked_too_often_is_left_alone() {
        let (holds, workspace) = (Holds::default(), WorkspaceId::new("T1"));
        let in_channel = |id| Counted::in_channel("c", &SlackChannelId::new(id));
        for counted in [Counted::from("a"), in_channel("C1")] {
            let busy = async {
                Err::<(), _>(SlackError::RateLimited {
                    retry_after: Duration::from_secs(60),
                })
            };
            let asked = holds.kept(&workspace, counted.clone(), busy).await;
            assert!(asked.is_err());
            let unasked = async { panic!("Slack wants to be left alone") };
            let refused = holds.kept::<()>(&workspace, counted, unasked).await;
            assert!(matches!(refused, Err(SlackError::RateLimited { .. })));
        }
        for (workspace, counted) in [
            (&workspace, Counted::from("b")),
            (&workspace, in_channel("C2")),
            (&WorkspaceId::new("T2"), Counted::from("a")),
            (&WorkspaceId::new("T2"), in_channel("C1")),
        ] {
            let asked = holds.kept(workspace, counted, async { Ok(()) }).await;
            assert!(asked.is_ok());
        }
    }
}
