//! What the product asks of PagerDuty. It only ever reads: who the people are,
//! which schedules there are, and who is on call when. What PagerDuty sends is
//! judged here, once, so that the rest of the server works with sound values.

mod account;
mod client;
mod model;
mod parse;
mod refusal;
mod roster;
#[cfg(test)]
mod stub;
mod text;
mod transport;
mod wire;

pub use account::{Account, Credential, Endpoints};
pub use client::PagerDuty;
pub use model::{Schedule, Shift, User, UserReference};
