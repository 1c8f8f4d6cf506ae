//! Settings → Audit.

#[cfg(feature = "ssr")]
use super::request::call;
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::AuditPage;
#[cfg(feature = "ssr")]
use types::audit_cursor;

/// `older_than` continues an earlier page ([`audit_cursor`]); anything else starts with the
/// newest entry.
#[server(prefix = "/rpc", endpoint = "audit", input = GetUrl)]
pub async fn audit(#[server(default)] older_than: String) -> Result<AuditPage, AppError> {
    let older_than = audit_cursor(&older_than);
    call(|backend, caller| async move { backend.audit(&caller, older_than).await }).await
}
