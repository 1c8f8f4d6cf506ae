//! Everything that browsers and machines reach over HTTP. The paths are in wings, each behind
//! guards of its own, since what is asked of a browser's request is not what is asked of a
//! machine's: `pages/`, `logins/`, `feeds.rs` and `commands.rs`, and beside them files and health,
//! which are for everybody.
//! What is the same for all stands here.

mod ahead_of_time;
mod assets;
mod client_address;
mod commands;
mod compression;
mod connections;
mod feeds;
mod health;
mod logins;
pub mod metrics;
mod pages;
mod request_id;
mod response_headers;

pub use client_address::Peer;
pub use connections::{as_many_as_possible, serve};
pub use pages::session::LONGEST_SECONDS as LONGEST_SESSION_SECONDS;

use crate::Services;
use app::{WatchScript, backend::SharedBackend};
use axum::{
    Router,
    extract::{FromRef, State},
    http::HeaderMap,
    middleware::{from_fn, from_fn_with_state},
    response::Response,
    routing::get,
};
use leptos::config::LeptosOptions;
use std::{ops::Deref, sync::Arc};
use tower::ServiceBuilder;

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
        .merge(pages::routes(&site))
        .merge(logins::routes(&site))
        .merge(feeds::routes())
        .merge(commands::routes())
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
