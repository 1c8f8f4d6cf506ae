//! The stand-in from outside, request by request: what it promises is what the product's tests rely on.

mod client;
mod control;
mod identity;
mod oauth_control;
mod pagerduty;
mod process;
mod shifts;
mod slack;
