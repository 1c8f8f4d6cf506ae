//! PagerDuty's identity service: where somebody of an account lets the app in, and where codes and refresh
//! tokens are changed for new tokens. It is stricter than it needs to be wherever a careless client would
//! lose a connection at a customer's.

mod app;
mod authorise;
mod fields;
pub mod grants;
mod id_token;
mod pkce;
mod token;

use axum::{
    Router,
    http::StatusCode,
    routing::{get, post},
};

pub use app::App;
pub use authorise::{Ask, allow, usual_user};
pub use fields::Fields;
use grants::Grants;
pub use id_token::{Audience, AudienceShape};

use crate::{counters::Side, entrance::watched, world::Sandbox};

/// Not the host that serves it: the real one says so too, in its discovery document and in its tokens.
const ISSUER: &str = "https://app.pagerduty.com/global/oauth/anonymous";

/// All of what the service remembers. Both regions share it, as they do at PagerDuty.
#[derive(Default)]
pub struct Identity {
    pub app: App,
    pub audience: Audience,
    pub grants: Grants,
}

pub fn routes(sandbox: &Sandbox) -> Router<Sandbox> {
    let routes = Router::new()
        .route(
            "/oauth/authorize",
            get(authorise::ask).post(authorise::decide),
        )
        .route("/oauth/token", post(token::exchange))
        .fallback(|| async { StatusCode::NOT_FOUND });
    watched(routes, sandbox, Side::Identity, "/identity")
}
