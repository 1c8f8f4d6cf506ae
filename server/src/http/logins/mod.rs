//! Where a sign-in at Slack or a login at PagerDuty begins and ends, each of which works once.
//! Browsers come here with the session of the pages, so it is behind the same guards, and one
//! more.

mod meant;
mod pagerduty;
mod slack;

use super::{Site, pages};
use crate::{backend, slack::sign_in};
use axum::{Router, middleware::from_fn_with_state, routing::get};

/// Every path of the wing.
pub fn routes(site: &Site) -> Router<Site> {
    let wing = Router::new()
        .route("/api/auth/slack/login", get(slack::log_in))
        .route(sign_in::CALLBACK_PATH, get(slack::come_back))
        .route(backend::CALLBACK_PATH, get(pagerduty::come_back))
        .route_layer(from_fn_with_state(site.clone(), meant::meant));
    pages::guarded(wing, site)
}
