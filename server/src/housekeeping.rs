//! Deletes what has outlived its use, so that nothing secret lies about longer
//! than it has to.

use crate::{Services, clock};
use std::time::Duration;
use tokio::time;

const INTERVAL: Duration = Duration::from_secs(60);

/// Cleans up at the start and then every minute, until the shutdown.
pub async fn run(services: Services) {
    let mut interval = time::interval(INTERVAL);
    loop {
        tokio::select! {
            () = services.shutdown.cancelled() => return,
            _ = interval.tick() => {}
        }
        if let Err(error) = services.store.purge_authorisations(clock::now()).await {
            tracing::error!(%error, "unfinished logins could not be deleted");
        }
    }
}
