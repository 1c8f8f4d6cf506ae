//! When Slack wants to be asked again. It limits each method in each workspace apart, so one that
//! is asked too often keeps no other one waiting.

use super::SlackError;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use types::WorkspaceId;

/// Until when Slack does not want to be asked. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Holds(Arc<Mutex<HashMap<Limited, Instant>>>);

/// What has a limit of its own.
type Limited = (WorkspaceId, &'static str);

impl Holds {
    /// Puts a question, unless Slack wants to be left alone with such, and keeps it if it does
    /// from now on.
    pub(super) async fn kept<T>(
        &self,
        workspace: &WorkspaceId,
        method: &'static str,
        question: impl Future<Output = Result<T, SlackError>>,
    ) -> Result<T, SlackError> {
        let limited = (workspace.clone(), method);
        if let Some(retry_after) = self.left(&limited) {
            return Err(SlackError::RateLimited { retry_after });
        }
        let answer = question.await;
        if let Err(SlackError::RateLimited { retry_after }) = &answer {
            self.lock().insert(limited, Instant::now() + *retry_after);
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
    async fn only_the_method_that_was_asked_too_often_is_left_alone() {
        let (holds, workspace) = (Holds::default(), WorkspaceId::new("T1"));
        let busy = async {
            Err::<(), _>(SlackError::RateLimited {
                retry_after: Duration::from_secs(60),
            })
        };
        assert!(holds.kept(&workspace, "a", busy).await.is_err());
        let unasked = async { panic!("Slack wants to be left alone") };
        let refused = holds.kept::<()>(&workspace, "a", unasked).await;
        assert!(matches!(refused, Err(SlackError::RateLimited { .. })));
        for (workspace, method) in [(workspace, "b"), (WorkspaceId::new("T2"), "a")] {
            assert!(
                holds
                    .kept(&workspace, method, async { Ok(()) })
                    .await
                    .is_ok()
            );
        }
    }
}
