//! The session itself.

use super::Read;
#[cfg(feature = "ssr")]
use super::request::call;
use crate::AppError;
use leptos::prelude::*;

/// Fails when nobody is signed in any more.
#[server(prefix = "/rpc", endpoint = "session", protocol = Read)]
pub async fn check_session() -> Result<(), AppError> {
    call(|_, _| async { Ok(()) }).await
}
