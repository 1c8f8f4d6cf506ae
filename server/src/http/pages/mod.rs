//! What people reach with a browser: pages and their server functions, live events, choosing
//! colours and a time zone, signing out. All of it is behind the guards of this wing: requests come to the own
//! address, what changes something comes from the own pages, and a cookie says who asks.

pub mod addresses;
mod bodies;
pub mod cookies;
mod documents;
mod error_page;
mod events;
mod flash;
mod measure;
mod own_host;
mod own_pages;
pub mod refusals;
mod rpc;
pub mod session;
mod sign_out;
mod takeover;
mod theme;
mod zone;

use super::{Site, compression};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::Method,
    middleware::{from_fn, from_fn_with_state},
    routing::{any, get, post},
};
use tower::ServiceBuilder;
use tower_http::compression::{
    CompressionLayer, DefaultPredicate, Predicate as _, predicate::SizeAbove,
};

/// Every path of the wing, and an answer to those that nobody else has.
pub fn routes(site: &Site) -> Router<Site> {
    let documents = Router::new()
        .merge(documents::routes(site))
        .route(
            "/rpc/{*function}",
            any(rpc::call).layer(from_fn_with_state(site.clone(), bodies::only_text)),
        )
        .layer(from_fn(compression::with_brotli))
        .layer(
            CompressionLayer::new()
                .compress_when(DefaultPredicate::new().and(SizeAbove::new(compression::SHORTEST))),
        );
    let wing = Router::new()
        .merge(documents)
        .route(sign_out::PATH, post(sign_out::log_out))
        .route(theme::PATH, post(theme::choose))
        .route(zone::PATH, post(zone::choose))
        .route(takeover::PATH, post(takeover::report))
        .route(events::PATH, get(events::stream))
        .fallback(documents::not_found);
    guarded(wing, site)
}

/// Puts what needs to know who asks, or changes something, behind the guards of the wing. They
/// stand in the order in which they are written.
pub fn guarded(routes: Router<Site>, site: &Site) -> Router<Site> {
    routes.layer(
        ServiceBuilder::new()
            .layer(from_fn_with_state(site.clone(), own_host::lead))
            .layer(from_fn_with_state(site.clone(), own_pages::alone))
            .layer(from_fn_with_state(site.clone(), session::identify))
            .layer(from_fn_with_state(site.clone(), measure::keep))
            .layer(from_fn_with_state(site.clone(), bodies::whole))
            // The layer before has bounded every body.
            .layer(DefaultBodyLimit::disable()),
    )
}

/// Whether a request with this method changes nothing.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
