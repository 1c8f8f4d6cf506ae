//! Signing out, of one session or of all that the person has.

use super::{
    addresses,
    cookies::{self, OurCookie},
    refusals::Reader,
};
use crate::{audit, backend, http::Site, store::StoreError};
use app::{AppError, backend::Caller};
use axum::{Extension, body::Bytes, extract::State, http::HeaderMap, response::Response};
use types::AuditAction;
use url::form_urlencoded;

pub const PATH: &str = "/api/auth/slack/logout";

/// `POST /api/auth/slack/logout`, with `everywhere=true` for all of the
/// person's sessions.
pub async fn log_out(
    State(site): State<Site>,
    caller: Option<Extension<Caller>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let everywhere =
        form_urlencoded::parse(&body).any(|(name, value)| name == "everywhere" && value == "true");
    if let Some(Extension(caller)) = caller
        && let Err(error) = end_sessions(&site, &caller, everywhere).await
    {
        tracing::error!(%error, "somebody could not be signed out");
        let request_id = caller.request_id;
        return Reader::of(&site, &headers).refuse(&AppError::Internal { request_id });
    }
    cookies::redirect(addresses::SIGN_IN, OurCookie::Session.clear(&site))
}

async fn end_sessions(site: &Site, caller: &Caller, everywhere: bool) -> Result<(), StoreError> {
    let store = &site.services.store;
    let actor = backend::actor(caller);
    if everywhere {
        let entry = audit::entry(&actor, AuditAction::SignedOutEverywhere, None);
        store.sign_out_everywhere(&entry).await
    } else {
        let entry = audit::entry(&actor, AuditAction::SignedOut, None);
        store.sign_out(&caller.session, &entry).await
    }
}
