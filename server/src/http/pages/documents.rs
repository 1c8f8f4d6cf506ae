//! The pages, rendered whole on the server. Which paths there are is the app's
//! business; here it is decided who may see them and with which status.

use super::{
    addresses::{self, HOME, ReturnPath, SIGN_IN},
    flash::{self, PendingFlash},
    refusals::Reader,
    theme, zone,
};
use crate::http::{
    Site, ahead_of_time::is_ahead_of_time, request_id::request_id, response_headers::page_policy,
};
use app::{App, AppError, Shell, backend::Caller, server_fns::REFUSED_HEADER};
use axum::{
    Router,
    extract::{Request, State},
    http::{Method, StatusCode, Uri, header, uri::PathAndQuery},
    middleware::{Next, from_fn_with_state},
    response::{Html, IntoResponse, Redirect, Response},
};
use leptos::{context::provide_context, nonce::Nonce};
use leptos_axum::{AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list};
use std::{
    mem,
    sync::{LazyLock, PoisonError},
    time::Duration,
};
use tokio::time::timeout;

/// Longer than all that a page asks PagerDuty for may take.
const LONGEST_RENDERING: Duration = Duration::from_secs(45);

/// Listed once in a process: while Leptos does that, resources load nothing, also those of
/// pages that another server in the same process is just drawing.
static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

/// Every page of the app.
pub fn routes(site: &Site) -> Router<Site> {
    Router::new()
        .leptos_routes_with_handler(ROUTES.clone(), show)
        .route_layer(from_fn_with_state(site.clone(), admit))
}

/// Lets in who is signed in, and sends everybody else to sign in and then back.
async fn admit(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let wanted = request.uri().path_and_query().map(PathAndQuery::as_str);
    let caller = request.extensions().get::<Caller>().cloned();
    let at_sign_in = request.uri().path() == SIGN_IN;
    match caller {
        None if at_sign_in => next.run(request).await,
        None => {
            let back = wanted.and_then(ReturnPath::checked);
            Redirect::to(&addresses::sign_in(None, back.as_ref())).into_response()
        }
        Some(_) if at_sign_in => {
            Redirect::to(&after_sign_in(request.uri().query())).into_response()
        }
        Some(caller) => {
            if *request.method() == Method::GET
                && !is_ahead_of_time(request.headers())
                && let Some(pending) = request.extensions_mut().remove::<PendingFlash>()
                && let Some(flash) = flash::take(&site, &caller, &pending).await
            {
                request.extensions_mut().insert(flash);
            }
            next.run(request).await
        }
    }
}

fn after_sign_in(query: Option<&str>) -> String {
    addresses::parameter(query, "return_to")
        .and_then(|path| ReturnPath::checked(&path))
        .map_or_else(|| HOME.to_owned(), |path| path.as_str().to_owned())
}

async fn show(State(site): State<Site>, request: Request) -> Response {
    let reader = Reader::of(&site, request.headers());
    let back = request
        .uri()
        .path_and_query()
        .and_then(|path| ReturnPath::checked(path.as_str()));
    let mut response = render(site, request).await;
    let refused = response.headers_mut().remove(REFUSED_HEADER);
    let status = refused.and_then(|status| StatusCode::from_bytes(status.as_bytes()).ok());
    match status {
        // The session ended between the layer in front and the page's reads.
        Some(StatusCode::UNAUTHORIZED) => {
            reader.returning_to(back).refuse(&AppError::Unauthenticated)
        }
        Some(status) => {
            *response.status_mut() = status;
            response
        }
        None => response,
    }
}

/// Leads from an address with slashes at its end to the one without, and else draws the
/// app's own page for an address that it does not know.
pub async fn not_found(State(site): State<Site>, request: Request) -> Response {
    if *request.method() == Method::GET
        && let Some(meant) = without_last_slash(request.uri())
    {
        return Redirect::permanent(&meant).into_response();
    }
    let mut response = render(site, request).await;
    response.headers_mut().remove(REFUSED_HEADER);
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

/// Nothing for the address `/`, nor for one that a browser would take for another host's.
fn without_last_slash(uri: &Uri) -> Option<String> {
    let path = uri.path().strip_suffix('/')?.trim_end_matches('/');
    if path.is_empty() || path.starts_with("//") || path.contains('\\') {
        return None;
    }
    Some(match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    })
}

/// Whatever keeps a page from being drawn, its reader gets an answer.
async fn render(site: Site, request: Request) -> Response {
    let reader = Reader::of(&site, request.headers());
    let request_id = request_id(&request);
    match timeout(LONGEST_RENDERING, draw(site, request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!("a page was not drawn in {LONGEST_RENDERING:?}");
            reader.refuse(&AppError::Internal { request_id })
        }
    }
}

async fn draw(site: Site, request: Request) -> Response {
    let theme = theme::chosen(&site, request.headers());
    let zone = zone::of_page(&site, request.headers());
    let note_zone = zone::noting_script(&site);
    let chunks = site.chunks.of_page(request.uri());
    let address = request.uri().to_string();
    let (mut parts, _) = request.into_parts();
    parts.extensions.insert(theme);
    parts.extensions.insert(zone);
    let nonce = Nonce::new();
    let options = ResponseOptions::default();
    let page = app::draw(&address, || {
        provide_context(parts);
        provide_context(options.clone());
        provide_context(site.backend.clone());
    });
    let page = page.await;
    let shell = Shell {
        options: &site.leptos,
        watch: &site.watch,
        chunks,
        theme,
        note_zone: &note_zone,
        nonce: nonce.as_inner(),
    };
    let policy = (
        header::CONTENT_SECURITY_POLICY,
        page_policy(nonce.as_inner()),
    );
    let mut response = ([policy], Html(shell.around(&page))).into_response();
    let mut told = options.0.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(status) = told.status {
        *response.status_mut() = status;
    }
    response.headers_mut().extend(mem::take(&mut told.headers));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_at_the_end_are_left_out_and_lead_nowhere_else() {
        for (asked, meant) in [
            ("/rotations/", Some("/rotations")),
            ("/rotations//?search=a/", Some("/rotations?search=a/")),
            ("/rotations", None),
            ("/", None),
            ("//", None),
            ("//evil.example/", None),
        ] {
            let uri: Uri = asked.parse().unwrap();
            assert_eq!(without_last_slash(&uri).as_deref(), meant, "{asked}");
        }
    }
}
