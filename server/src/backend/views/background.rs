//! A task that the server does by itself, for admins.

use crate::background::{Outcome, Report};
use types::BackgroundTask;

pub(in crate::backend) fn background_task(report: Report) -> BackgroundTask {
    let (ran_at, took) = match (report.running_since, report.last) {
        (Some(since), _) => (Some(since), None),
        // It only asked whose turn it is.
        (None, Some(run)) if run.outcome == Outcome::Elsewhere => (None, None),
        (None, Some(run)) => (Some(run.began_at), Some(run.took)),
        (None, None) => (None, None),
    };
    BackgroundTask {
        about: report.words.to_owned(),
        state: report.state,
        ran_at,
        took_millis: took.map(|took| u32::try_from(took.as_millis()).unwrap_or(u32::MAX)),
        cause: report.cause.map(|cause| sentence(&cause)),
        restarts: report.restarts,
    }
}

/// Causes begin in lower case, as errors do.
fn sentence(cause: &str) -> String {
    let mut rest = cause.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    first.chain(rest.as_str().chars()).chain(['.']).collect()
}
