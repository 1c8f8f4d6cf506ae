//! What the product asks of PagerDuty. It only ever reads: who the people are,
//! which schedules there are, and who is on call when. What PagerDuty sends is
//! judged here, once, so that the rest of the server works with sound values.

mod account;
mod budget;
mod client;
mod clock;
mod id_token;
mod identity;
mod model;
mod parse;
mod refusal;
mod roster;
#[cfg(test)]
mod stub;
mod transport;
mod wire;
mod wire_v3;

pub use account::{Account, Credential, Endpoints};
pub use client::PagerDuty;
pub use clock::RemoteClock;
pub use identity::{Grant, IdentityClient, OauthApp, TokenProblem, shown_reason};
pub use model::{Opened, Schedule, User, UserReference};
pub use roster::{NextPage, Reading, Roster};
pub use transport::ANSWER_LIMIT_SECONDS;
