//! Changes are done once, however often they are sent. A change is begun in the
//! database before it is done, and how it ended is written afterwards: what a server
//! that dies in between leaves behind may have been done, and is not done again.

use super::{RoundRobin, answers::told};
use crate::{
    crypto::token_key,
    store::{ChangeState, LONGEST_CHANGE},
};
use app::{
    AppError,
    backend::{Begun, Caller, ChangeEnd, ChangeKey, Changes, SentChange},
};
use async_trait::async_trait;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long whoever sends a change again waits for the one who is doing it: less than a
/// browser waits for an answer.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

#[async_trait]
impl Changes for RoundRobin {
    async fn begin_change(
        &self,
        caller: &Caller,
        path: &str,
        sent: &SentChange,
    ) -> Result<Begun, AppError> {
        let key = key(caller, path, sent);
        let deadline = Instant::now() + LONGEST_WAIT;
        loop {
            let state = self.services.store.begin_change(&caller.workspace, &key);
            match told(caller, state.await.map_err(Into::into))? {
                ChangeState::New => return Ok(Begun::Now(ChangeKey(key))),
                ChangeState::Done(outcome) => return Ok(Begun::Before(outcome)),
                ChangeState::BrokenOff => return Err(AppError::Unfinished),
                ChangeState::UnderWay(age) if age > LONGEST_CHANGE => {
                    return Err(AppError::Unfinished);
                }
                ChangeState::UnderWay(_) if Instant::now() > deadline => {
                    return Err(AppError::Unanswered);
                }
                ChangeState::UnderWay(_) => sleep(LOOK_AGAIN).await,
            }
        }
    }

    async fn end_change(&self, caller: &Caller, ChangeKey(key): ChangeKey, end: ChangeEnd) {
        let store = &self.services.store;
        let kept = match end {
            ChangeEnd::With(outcome) => store.end_change(&key, Some(&outcome)).await,
            ChangeEnd::Unknown => store.end_change(&key, None).await,
            ChangeEnd::Forgotten => store.forget_change(&key).await,
        };
        if let Err(error) = kept {
            tracing::error!(request_id = %caller.request_id, %error, "how a change ended could not be kept");
        }
    }
}

fn key(caller: &Caller, path: &str, SentChange(sent): &SentChange) -> String {
    let Caller {
        workspace, person, ..
    } = caller;
    token_key(&format!("{workspace}\n{person}\n{path}\n{sent}"))
}
