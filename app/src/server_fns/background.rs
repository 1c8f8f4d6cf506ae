//! Settings → Background work.

#[cfg(feature = "ssr")]
use super::request::call;
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::BackgroundTask;

#[server(prefix = "/rpc", endpoint = "background_work", input = GetUrl)]
pub async fn background_work() -> Result<Vec<BackgroundTask>, AppError> {
    call(|backend, caller| async move { backend.background_work(&caller).await }).await
}
