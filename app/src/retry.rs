//! How long what failed is left alone before it is tried again.

use std::time::Duration;

const LONGEST_SECONDS: u64 = 60;

/// The pause after a failure that so many others preceded: a second at first, then twice
/// as long each time, up to a minute.
pub fn pause_after(failures: u32) -> Duration {
    Duration::from_secs(2_u64.saturating_pow(failures).min(LONGEST_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let pauses = [0, 1, 2, 5, 6, u32::MAX].map(|failures| pause_after(failures).as_secs());
        assert_eq!(pauses, [1, 2, 4, 32, 60, 60]);
    }
}
