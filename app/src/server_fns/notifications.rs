//! Settings → My notifications: what the reader is told themselves.

#[cfg(feature = "ssr")]
use super::request::{call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::{NotificationInput, NotificationRefusal, NotificationsView, Outcome};

#[server(prefix = "/rpc", endpoint = "notifications", input = GetUrl)]
pub async fn notifications() -> Result<NotificationsView, AppError> {
    call(|backend, caller| async move { backend.notifications(&caller).await }).await
}

/// Without anything chosen, the reader is told nothing.
#[server(prefix = "/rpc", endpoint = "save_notifications")]
pub async fn save_notifications(
    #[server(default)] choices: NotificationInput,
) -> Result<Outcome<(), NotificationRefusal>, AppError> {
    let kept = choices.clone();
    submit::<SaveNotifications, _, _, _>(
        Some(&kept),
        |()| None,
        |backend, caller| async move { backend.save_notifications(&caller, choices).await },
    )
    .await
}
