//! How this server's background work goes, for admins.

use super::RoundRobin;
use crate::background::{Outcome, Report};
use app::{
    AppError, Denial,
    backend::{Caller, Operation},
};
use async_trait::async_trait;
use types::BackgroundTask;

#[async_trait]
impl Operation for RoundRobin {
    async fn background_work(&self, caller: &Caller) -> Result<Vec<BackgroundTask>, AppError> {
        caller.must_administer(Denial::SeeBackgroundWork)?;
        let reports = self.services.background.reports().into_iter();
        Ok(reports.map(view).collect())
    }
}

fn view(report: Report) -> BackgroundTask {
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
