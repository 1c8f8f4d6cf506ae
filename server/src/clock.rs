//! The one place that asks what time it is; everything else is told.

use jiff::Timestamp as Instant;
use types::Timestamp;

pub fn now() -> Timestamp {
    Timestamp::from_millis(Instant::now().as_millisecond())
}
