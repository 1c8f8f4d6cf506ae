//! A little chance, so that those who wait for the same thing do not all ask at once.

/// Between 0 and 1.
pub fn jitter() -> f64 {
    f64::from(getrandom::u32().unwrap_or(0)) / f64::from(u32::MAX)
}
