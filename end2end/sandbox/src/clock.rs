//! What time it is. PagerDuty's clock can be moved, so that a product that trusts its own clock is found
//! out, and so that no test waits for a hand-over. Slack keeps this machine's time: it is another company.

use jiff::{SignedDuration, Timestamp};

#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    ahead: SignedDuration,
}

impl Clock {
    pub fn ahead_by(ahead: SignedDuration) -> Self {
        Self { ahead }
    }

    pub fn now(self) -> Timestamp {
        let machine = Self::machine();
        machine.saturating_add(self.ahead).unwrap_or(machine)
    }

    pub fn machine() -> Timestamp {
        Timestamp::now()
    }
}

/// Whole seconds, since that is what the wire formats can say.
pub fn whole_second(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

/// As the header `Date` has it.
pub fn http_date(instant: Timestamp) -> String {
    instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
