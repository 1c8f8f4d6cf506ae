#![doc = include_str!("../API.md")]

mod account;
mod clock;
mod company;
mod control;
mod counters;
mod crowd;
mod entrance;
mod faults;
mod gathering;
mod home;
mod html;
mod identity;
mod jwt;
mod minting;
mod pagerduty;
mod rendering;
mod slack;
mod traffic;
mod world;
mod zones;

use axum::{
    Router,
    routing::{get, post},
};

pub use world::Sandbox;

/// All routes. What belongs to nothing else is taken as meant for PagerDuty.
pub fn router(sandbox: Sandbox) -> Router {
    Router::new()
        .route("/", get(home::show).fallback(pagerduty::answer))
        .route("/avatars/{id}", get(home::avatar))
        .route("/end-shift/{schedule}", post(home::end_shift))
        .nest("/_control", control::routes())
        .nest("/identity", identity::routes(&sandbox))
        .nest("/slack", slack::routes(&sandbox))
        .fallback(pagerduty::answer)
        .with_state(sandbox)
}
