//! The stand-in from outside, request by request: what it promises is what the product's tests rely on.

mod app;
mod channels;
mod client;
mod control;
mod identity;
mod messages;
mod oauth_control;
mod pagerduty;
mod process;
mod screens;
mod shifts;
mod slack;
mod user_groups;
