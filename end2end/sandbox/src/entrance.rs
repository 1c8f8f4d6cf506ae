//! What comes before every answer of Slack and of the identity service: the request is counted, and a
//! fault may strike it. PagerDuty's REST API does both itself, since its paths are no routes of axum.

use axum::{
    Router,
    extract::{MatchedPath, Request},
    middleware::{self, Next},
    response::Response,
};

use crate::{
    counters::{Side, UNMATCHED},
    faults::weathered,
    world::Sandbox,
};

/// `prefix` is where the routes are nested; counters and faults name paths without it.
pub fn watched(
    routes: Router<Sandbox>,
    sandbox: &Sandbox,
    side: Side,
    prefix: &'static str,
) -> Router<Sandbox> {
    let sandbox = sandbox.clone();
    routes.layer(middleware::from_fn(move |request, next| {
        pass(sandbox.clone(), side, prefix, request, next)
    }))
}

async fn pass(
    sandbox: Sandbox,
    side: Side,
    prefix: &'static str,
    request: Request,
    next: Next,
) -> Response {
    let fault = {
        let mut world = sandbox.world();
        let endpoint = request
            .extensions()
            .get::<MatchedPath>()
            .map(MatchedPath::as_str)
            .and_then(|path| path.strip_prefix(prefix))
            .filter(|path| !path.contains('{'))
            .unwrap_or(UNMATCHED);
        world
            .counters
            .count(side, request.method().as_str(), endpoint);
        world.faults.strike(side, request.uri().path())
    };
    weathered(fault, next.run(request)).await
}
