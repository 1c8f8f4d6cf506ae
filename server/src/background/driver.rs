//! Runs the tasks until the shutdown, whatever becomes of each of them.

use super::{Background, Failure, Lasting, Lease, Outcome, Periodic, Signs, Task, record::whole};
use crate::store::StoreError;
use futures::future::{join_all, pending};
use std::{any::Any, sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    task::JoinError,
    time::{self, Instant},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// What is waited before a task is started again that has broken off for the first time.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// What is waited at most, and how long a task that lasts has to go on until it counts as
/// having run well.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Why a run came to nothing for which the task itself has no words.
#[derive(Debug, thiserror::Error)]
enum BrokenOff {
    #[error("it broke off at a fault of the program; it is started again, and the log says where")]
    Panicked,
    #[error("it ended by itself; it is started again, and the log says when it began to do so")]
    Ended,
    #[error(
        "the database did not tell whether another server does it; it is tried again, and the log says why"
    )]
    LeaseUnknown(#[source] StoreError),
}

/// Runs `tasks` until `stop`, and keeps in `background` what becomes of them. Ends when
/// the steps that are being taken then have ended.
pub async fn run(background: Background, stop: CancellationToken, tasks: Vec<Task>) {
    let driven = tasks.into_iter().map(|task| {
        let signs = background.begin(*task.about());
        drive(task, signs, stop.clone())
    });
    join_all(driven.collect::<Vec<_>>()).await;
}

async fn drive(task: Task, signs: Signs, stop: CancellationToken) {
    match task {
        Task::Periodic(task) => take_steps(&task, &signs, &stop).await,
        Task::Lasting(task) => keep_going(&task, &signs, &stop).await,
    }
}

/// What a run came to.
enum End {
    /// The next one is due after so long.
    Done(Duration),
    Elsewhere,
    Failed(Failure),
    Panicked(String),
}

async fn take_steps(task: &Periodic, signs: &Signs, stop: &CancellationToken) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        signs.begins();
        let end = step(task).await;
        let well = matches!(end, End::Done(_) | End::Elsewhere);
        failures = if well { 0 } else { failures + 1 };
        let (outcome, rest) = match end {
            End::Done(rest) => (Outcome::Succeeded, rest.min(task.period)),
            End::Elsewhere => (Outcome::Elsewhere, task.period),
            End::Failed(failure) => {
                let rest = back_off(failures).min(task.retried_within);
                (failed(task.about.code, &failure, rest), rest)
            }
            End::Panicked(words) => {
                let rest = back_off(failures);
                (panicked(task.about.code, &words, rest), rest)
            }
        };
        signs.ends(outcome, rest);
        if !well && let Some(lease) = &task.lease {
            // Another server may fare better.
            lease.give_back().await;
        }
        // A signal must not have a task that fails run without a rest.
        let signal = task.signal.as_deref().filter(|_| well);
        tokio::select! {
            () = stop.cancelled() => {}
            () = given(signal) => {}
            () = time::sleep(rest) => {}
        }
    }
    if let Some(lease) = &task.lease {
        lease.give_back().await;
    }
}

async fn given(signal: Option<&Notify>) {
    match signal {
        Some(signal) => signal.notified().await,
        None => pending().await,
    }
}

/// One step, in a task of tokio's, which catches what it may panic with.
async fn step(task: &Periodic) -> End {
    if let Some(lease) = &task.lease {
        match lease.take().await {
            Ok(true) => {}
            Ok(false) => return End::Elsewhere,
            Err(error) => return End::Failed(BrokenOff::LeaseUnknown(error).into()),
        }
    }
    let step = Arc::clone(&task.step);
    let step = AbortOnDropHandle::new(tokio::spawn(async move { step().await }));
    let joined = tokio::select! {
        joined = step => joined,
        () = lost(task.lease.as_deref()) => return End::Elsewhere,
    };
    match joined {
        Ok(Ok(rest)) => End::Done(rest),
        Ok(Err(failure)) => End::Failed(failure),
        Err(error) => End::Panicked(panic_words(error)),
    }
}

async fn lost(lease: Option<&Lease>) {
    match lease {
        Some(lease) => lease.lost().await,
        None => pending().await,
    }
}

async fn keep_going(task: &Lasting, signs: &Signs, stop: &CancellationToken) {
    let mut failures = 0;
    loop {
        signs.begins();
        let began = Instant::now();
        let joined = AbortOnDropHandle::new(tokio::spawn({
            let (work, signs, stop) = (Arc::clone(&task.work), signs.clone(), stop.clone());
            async move { stop.run_until_cancelled(work(signs)).await }
        }))
        .await;
        if began.elapsed() >= LONGEST_WAIT {
            failures = 0;
        }
        failures += 1;
        let rest = back_off(failures);
        let outcome = match joined {
            Ok(None) => return,
            Ok(Some(Err(failure))) => broken_off(task.about.code, &failure, rest),
            Ok(Some(Ok(()))) => broken_off(task.about.code, &BrokenOff::Ended.into(), rest),
            Err(error) => panicked(task.about.code, &panic_words(error), rest),
        };
        signs.ends(outcome, rest);
        if stop.run_until_cancelled(time::sleep(rest)).await.is_none() {
            return;
        }
    }
}

/// What to wait after so many failures in a row.
fn back_off(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    SHORTEST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT)
}

fn failed(task: &str, failure: &Failure, rest: Duration) -> Outcome {
    let (cause, wait) = (whole(&**failure), rest.as_secs());
    tracing::error!(
        task,
        cause,
        wait,
        "a task of the background work failed; it is tried again after so many seconds"
    );
    Outcome::Failed(failure.to_string())
}

fn broken_off(task: &str, failure: &Failure, rest: Duration) -> Outcome {
    let (cause, wait) = (whole(&**failure), rest.as_secs());
    tracing::error!(
        task,
        cause,
        wait,
        "a task of the background work ended; it is started again after so many seconds"
    );
    Outcome::BrokeOff(failure.to_string())
}

fn panicked(task: &str, panic: &str, rest: Duration) -> Outcome {
    let wait = rest.as_secs();
    tracing::error!(
        task,
        panic,
        wait,
        "a task of the background work panicked; it is started again after so many seconds"
    );
    Outcome::BrokeOff(BrokenOff::Panicked.to_string())
}

/// What a task said when it panicked. It may hold anything, so it is for the log alone.
fn panic_words(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(payload) => words(&*payload),
        // Only the end of the process cuts a task off.
        Err(error) => error.to_string(),
    }
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_minute() {
        let waits = [1, 2, 3, 6, 7, 40].map(|failures| back_off(failures).as_secs());
        assert_eq!(waits, [1, 2, 4, 32, 60, 60]);
    }
}
