//! The session itself.

#[cfg(feature = "ssr")]
use super::request::call;
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// Fails when nobody is signed in any more.
#[server(prefix = "/rpc", endpoint = "session", input = GetUrl)]
pub async fn check_session() -> Result<(), AppError> {
    call(|_, _| async { Ok(()) }).await
}
