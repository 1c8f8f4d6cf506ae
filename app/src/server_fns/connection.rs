//! Settings → Integrations.

#[cfg(feature = "ssr")]
use super::request::{NOTHING_KEPT, call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::{
    ApiKeyInput, ConnectRefusal, Disconnected, IntegrationsView, Outcome, Rebound, Replaced,
    SyncHistory, SyncReport,
};

#[server(prefix = "/rpc", endpoint = "integrations", input = GetUrl)]
pub async fn integrations() -> Result<IntegrationsView, AppError> {
    call(|backend, caller| async move { backend.integrations(&caller).await }).await
}

#[server(prefix = "/rpc", endpoint = "connect_with_api_key")]
pub async fn connect_with_api_key(
    #[server(default)] api_key: ApiKeyInput,
) -> Result<Outcome<(), ConnectRefusal>, AppError> {
    submit::<ConnectWithApiKey, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move { backend.connect_with_api_key(&caller, api_key).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "edit_api_key")]
pub async fn edit_api_key(
    #[server(default)] api_key: ApiKeyInput,
) -> Result<Outcome<Replaced, ConnectRefusal>, AppError> {
    submit::<EditApiKey, _, _, _>(
        NOTHING_KEPT,
        |_| None,
        |backend, caller| async move { backend.edit_api_key(&caller, api_key).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "switch_account")]
pub async fn switch_account() -> Result<Outcome<(), ConnectRefusal>, AppError> {
    submit::<SwitchAccount, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move { backend.switch_account(&caller).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "keep_account")]
pub async fn keep_account() -> Result<Outcome<(), ConnectRefusal>, AppError> {
    submit::<KeepAccount, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move { backend.keep_account(&caller).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "disconnect_pagerduty")]
pub async fn disconnect_pagerduty() -> Result<Outcome<Disconnected, ConnectRefusal>, AppError> {
    submit::<DisconnectPagerduty, _, _, _>(
        NOTHING_KEPT,
        |_| None,
        |backend, caller| async move { backend.disconnect_pagerduty(&caller).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "sync_now")]
pub async fn sync_now() -> Result<Outcome<SyncReport, ConnectRefusal>, AppError> {
    submit::<SyncNow, _, _, _>(
        NOTHING_KEPT,
        |_| None,
        |backend, caller| async move { backend.sync_now(&caller).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "sync_runs", input = GetUrl)]
pub async fn sync_runs() -> Result<SyncHistory, AppError> {
    call(|backend, caller| async move { backend.sync_history(&caller).await }).await
}

#[server(prefix = "/rpc", endpoint = "rebind_former")]
pub async fn rebind_former() -> Result<Outcome<Rebound, ConnectRefusal>, AppError> {
    submit::<RebindFormer, _, _, _>(
        NOTHING_KEPT,
        |_| None,
        |backend, caller| async move { backend.rebind_former(&caller).await },
    )
    .await
}

/// Gives the names of the rotations that stay as they are.
#[server(prefix = "/rpc", endpoint = "forget_former")]
pub async fn forget_former() -> Result<Outcome<Vec<String>, ConnectRefusal>, AppError> {
    submit::<ForgetFormer, _, _, _>(
        NOTHING_KEPT,
        |_| None,
        |backend, caller| async move { backend.forget_former(&caller).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "undo_forget_former")]
pub async fn undo_forget_former() -> Result<Outcome<(), ConnectRefusal>, AppError> {
    submit::<UndoForgetFormer, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move { backend.undo_forget_former(&caller).await },
    )
    .await
}
