//! Random codes, tokens and request ids. They only have to be unguessable enough that a test cannot pass
//! by chance, but a real generator costs nothing.

use std::fmt::Write;

/// Random digits in the shape of a UUID.
pub fn uuid() -> String {
    let digits = hex(16);
    let (first, rest) = digits.split_at(8);
    format!(
        "{first}-{}-{}-{}-{}",
        &rest[..4],
        &rest[4..8],
        &rest[8..12],
        &rest[12..]
    )
}

/// Like those of PagerDuty's users and schedules.
pub fn pagerduty_id() -> String {
    format!("P{}", hex(3).to_uppercase())
}

pub fn hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    // Without randomness from the system nothing here can go on sensibly.
    getrandom::fill(&mut random).expect("the operating system gives random bytes");
    random.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
