//! Everything that browsers and machines reach over HTTP: pages, server
//! functions, sign-in, live events, files and health, and the layers in front
//! that decide what gets through.

mod addresses;
mod assets;
mod auth;
mod client_address;
mod compression;
mod connections;
mod cookies;
mod error_page;
mod events;
mod guards;
mod health;
mod measure;
pub mod metrics;
mod pagerduty_login;
mod pages;
mod refusals;
mod request_id;
mod response_headers;
mod rpc;
mod session;
mod takeover;
mod theme;

pub use client_address::Peer;
pub use connections::{as_many_as_possible, serve};
pub use session::LONGEST_SECONDS as LONGEST_SESSION_SECONDS;

use crate::Services;
use app::{WatchScript, backend::SharedBackend};
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, State},
    http::HeaderMap,
    middleware::{from_fn, from_fn_with_state},
    response::Response,
    routing::{any, get, post},
};
use leptos::config::LeptosOptions;
use std::{ops::Deref, sync::Arc};
use tower::ServiceBuilder;
use tower_http::compression::{
    CompressionLayer, DefaultPredicate, Predicate as _, predicate::SizeAbove,
};

const LOG_OUT_PATH: &str = "/api/auth/slack/logout";

/// What the handlers share. Each layer takes it along, with each request.
#[derive(Clone)]
pub(crate) struct Site(Arc<Shared>);

pub(crate) struct Shared {
    services: Services,
    backend: SharedBackend,
    leptos: LeptosOptions,
    chunks: assets::ChunkAddresses,
    watch: WatchScript,
}

impl Deref for Site {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<Site> for LeptosOptions {
    fn from_ref(site: &Site) -> Self {
        site.leptos.clone()
    }
}

/// The whole server: every path, with all layers in front.
pub fn router(services: Services, backend: SharedBackend) -> Router {
    let site = Site(Arc::new(Shared {
        services,
        backend,
        leptos: assets::leptos_options(),
        chunks: assets::ChunkAddresses::of_site(),
        watch: assets::watch_script(),
    }));
    Router::new()
        .route("/pkg/{*file}", get(assets::serve))
        .merge(guarded(&site))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics_page))
        .layer(
            ServiceBuilder::new()
                .layer(from_fn(request_id::number_and_log))
                .layer(from_fn_with_state(site.clone(), response_headers::add)),
        )
        .with_state(site)
}

async fn metrics_page(State(site): State<Site>, headers: HeaderMap) -> Response {
    metrics::beside_the_pages(&site.services, &headers).await
}

/// What needs to know who asks, or changes something. The layers run in the
/// order in which they are written.
fn guarded(site: &Site) -> Router<Site> {
    let documents = Router::new()
        .merge(pages::routes(site))
        .route(
            "/rpc/{*function}",
            any(rpc::call).layer(from_fn_with_state(site.clone(), guards::only_text)),
        )
        .layer(from_fn(compression::with_brotli))
        .layer(
            CompressionLayer::new()
                .compress_when(DefaultPredicate::new().and(SizeAbove::new(compression::SHORTEST))),
        );
    Router::new()
        .merge(documents)
        .merge(logins(site))
        .route(LOG_OUT_PATH, post(auth::log_out))
        .route(theme::PATH, post(theme::choose))
        .route(takeover::PATH, post(takeover::report))
        .route(events::PATH, get(events::stream))
        .fallback(pages::not_found)
        .layer(
            ServiceBuilder::new()
                .layer(from_fn_with_state(site.clone(), guards::own_host))
                .layer(from_fn_with_state(site.clone(), guards::own_pages))
                .layer(from_fn_with_state(site.clone(), session::identify))
                .layer(from_fn_with_state(site.clone(), measure::keep))
                .layer(from_fn_with_state(site.clone(), guards::whole_bodies))
                // The layer before has bounded every body.
                .layer(DefaultBodyLimit::disable()),
        )
}

/// Where a sign-in or a login begins and ends, each of which works once.
fn logins(site: &Site) -> Router<Site> {
    Router::new()
        .route("/api/auth/slack/login", get(auth::log_in))
        .route(crate::slack::sign_in::CALLBACK_PATH, get(auth::come_back))
        .route(
            crate::backend::CALLBACK_PATH,
            get(pagerduty_login::come_back),
        )
        .route_layer(from_fn_with_state(site.clone(), guards::meant))
}
