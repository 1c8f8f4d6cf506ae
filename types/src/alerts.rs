//! What every page tells above its content: something that duty depends on needs somebody
//! to act, whatever page they look at.

use crate::{EndedInstallation, PagerDutyProblem, Timestamp};
use serde::{Deserialize, Serialize};

/// All that somebody has to act on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertsView {
    /// Round Robin is not installed any more, so there is nothing but reading.
    pub installation: Option<EndedInstallation>,
    /// For those alone who can mend it.
    pub pagerduty: Option<ConnectionAlert>,
}

/// The connection needs somebody to act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionAlert {
    pub problem: PagerDutyProblem,
    pub last_synced_at: Option<Timestamp>,
}
