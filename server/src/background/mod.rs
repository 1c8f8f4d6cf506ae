//! Work that a server does without being asked. One driver runs all tasks of it: whatever
//! ends one of them is said, and it is started again, so that none dies unnoticed. What
//! became of each is kept for `/readyz`, `/metrics` and a page for admins.
//!
//! The rooms that have something to do make the tasks; this one knows none of them.

use std::time::Duration;

mod driver;
mod jitter;
mod lease;
mod record;
mod task;
#[cfg(test)]
mod tests;

pub use driver::run;
pub use jitter::jitter;
pub use lease::Lease;
pub use record::{Background, Outcome, Report, Run, Signs};
pub use task::{Failure, Lasting, Periodic, Task};

/// What is waited at most where somebody outside wants to be left alone, however long that is: then
/// they are asked whether they still do, and it is seen in time that nobody waits for an answer any more.
pub const LONGEST_DEMANDED: Duration = Duration::from_secs(3600);
