//! Settings → General: the time zone of the workspace.

#[cfg(feature = "ssr")]
use super::request::{call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::{Outcome, WorkspaceZoneRefusal, WorkspaceZoneView};

#[server(prefix = "/rpc", endpoint = "workspace_zone", input = GetUrl)]
pub async fn workspace_zone() -> Result<WorkspaceZoneView, AppError> {
    call(|backend, caller| async move { backend.workspace_zone(&caller).await }).await
}

/// Without a name, UTC holds.
#[server(prefix = "/rpc", endpoint = "set_workspace_zone")]
pub async fn set_workspace_zone(
    #[server(default)] zone: String,
) -> Result<Outcome<(), WorkspaceZoneRefusal>, AppError> {
    let kept = zone.clone();
    submit::<SetWorkspaceZone, _, _, _>(
        Some(&kept),
        |()| None,
        |backend, caller| async move { backend.set_workspace_zone(&caller, zone).await },
    )
    .await
}
