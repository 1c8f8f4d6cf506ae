//! Has admins told when PagerDuty needs to be reconnected: whoever finds that out asks PagerDuty, and
//! has no time for more.

use super::watch;
use crate::{Services, background::Task, store::StoreError};
use std::time::Duration;

/// What the background work calls this.
const TASK: &str = "outage_watch";
const INTERVAL: Duration = Duration::from_secs(10);
const LEASE: Duration = Duration::from_secs(30);

/// Why the watch did not look.
#[derive(Debug, thiserror::Error)]
#[error(
    "whether PagerDuty needs to be reconnected could not be looked at; it is tried again, and the log says why"
)]
struct NotLooked(#[from] StoreError);

/// Looking, by one server of several.
pub fn task(services: &Services) -> Task {
    let about = "Tells admins when PagerDuty needs to be reconnected";
    watch(
        services,
        (TASK, about),
        (INTERVAL, LEASE),
        |services| async move { services.store.follow_outages().await.map_err(NotLooked) },
    )
}
