//! What comes before every answer: the request is counted, and a fault may strike it. And what comes after:
//! PagerDuty's and its identity service's answers carry the time of the stand-in's own clock.

use std::{future::Future, time::Instant};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};

use crate::{
    clock::http_date,
    counters::{Side, UNMATCHED},
    faults::{Target, weathered},
    slack::params::{Fields, LONGEST_BODY, fields_of, in_form},
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
    let (request, params) = match side {
        Side::Slack => match with_params(request).await {
            Ok(read) => read,
            Err(_) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        },
        _ => (request, Fields::new()),
    };
    let arrival = Arrival {
        side,
        method: request.method().clone(),
        endpoint: request
            .extensions()
            .get::<MatchedPath>()
            .map(MatchedPath::as_str)
            .and_then(|path| path.strip_prefix(prefix))
            .filter(|path| !path.contains('{'))
            .unwrap_or(UNMATCHED)
            .to_owned(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        authorization: authorization(request.headers()).to_owned(),
        params,
    };
    arrival.answered(&sandbox, next.run(request)).await
}

/// The request as it was, and what its query and its body say.
async fn with_params(request: Request) -> Result<(Request, Fields), axum::Error> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST_BODY).await?;
    let mut params = in_form(parts.uri.query().unwrap_or_default().as_bytes());
    params.extend(fields_of(&parts.headers, &body));
    Ok((Request::from_parts(parts, Body::from(body)), params))
}

/// What the header says, or nothing.
pub fn authorization(headers: &HeaderMap) -> &str {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// A request as counters and faults see it.
pub struct Arrival {
    pub side: Side,
    pub method: Method,
    /// Under which it is counted.
    pub endpoint: String,
    pub path: String,
    /// What follows the question mark, as it is written.
    pub query: String,
    pub authorization: String,
    /// What Slack is asked for, wherever the request says it; empty on the other sides.
    pub params: Fields,
}

impl Arrival {
    pub async fn answered(
        self,
        sandbox: &Sandbox,
        truth: impl Future<Output = Response>,
    ) -> Response {
        let (fault, _flight) = {
            let mut world = sandbox.world();
            let counters = &mut world.counters;
            counters.count(self.side, self.method.as_str(), &self.endpoint);
            let flight = (self.side == Side::PagerDuty)
                .then(|| counters.traffic.arrival(self.credential(), Instant::now()));
            let fault = world.faults.strike(Target {
                side: self.side,
                path: &self.path,
                query: &self.query,
                authorization: &self.authorization,
                params: &self.params,
            });
            (fault, flight)
        };
        let dated =
            self.side != Side::Slack && fault.as_ref().is_none_or(|fault| !fault.without_headers);
        let mut response = weathered(fault, truth).await;
        if dated && let Ok(date) = HeaderValue::from_str(&http_date(sandbox.world().now())) {
            // A fault may have set another one.
            response.headers_mut().entry(header::DATE).or_insert(date);
        }
        response
    }

    /// The key or token without what introduces it.
    fn credential(&self) -> Option<&str> {
        let given = self.authorization.as_str();
        let bare = ["Token token=", "Bearer "]
            .into_iter()
            .find_map(|introduction| given.strip_prefix(introduction));
        Some(bare.unwrap_or(given)).filter(|credential| !credential.is_empty())
    }
}
