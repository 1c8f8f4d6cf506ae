//! Settings → Integrations → Login using OAuth 2.0. Each function begins a login
//! and sends the browser on to PagerDuty.

#[cfg(feature = "ssr")]
use super::request::{NOTHING_KEPT, submit};
use crate::AppError;
use leptos::prelude::*;
use types::{ClientSecretInput, ConnectRefusal, OauthStep, Outcome};

#[server(prefix = "/rpc", endpoint = "connect_with_oauth")]
pub async fn connect_with_oauth(
    #[server(default)] client_id: String,
    #[server(default)] client_secret: ClientSecretInput,
) -> Result<Outcome<OauthStep, ConnectRefusal>, AppError> {
    submit::<ConnectWithOauth, _, _, _>(
        Some(&client_id.clone()),
        address_at_pagerduty,
        |backend, caller| async move {
            backend
                .connect_with_oauth(&caller, client_id, client_secret)
                .await
        },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "switch_to_oauth")]
pub async fn switch_to_oauth(
    #[server(default)] client_id: String,
    #[server(default)] client_secret: ClientSecretInput,
) -> Result<Outcome<OauthStep, ConnectRefusal>, AppError> {
    submit::<SwitchToOauth, _, _, _>(
        Some(&client_id.clone()),
        address_at_pagerduty,
        |backend, caller| async move {
            backend
                .switch_to_oauth(&caller, client_id, client_secret)
                .await
        },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "reconnect_oauth")]
pub async fn reconnect_oauth() -> Result<Outcome<OauthStep, ConnectRefusal>, AppError> {
    submit::<ReconnectOauth, _, _, _>(
        NOTHING_KEPT,
        address_at_pagerduty,
        |backend, caller| async move { backend.reconnect_oauth(&caller).await },
    )
    .await
}

/// Where the browser goes on, with our code as without it.
#[cfg(feature = "ssr")]
fn address_at_pagerduty(step: &OauthStep) -> Option<String> {
    match step {
        OauthStep::AtPagerDuty { address } => Some(address.clone()),
        OauthStep::Connected | OauthStep::OtherAccount => None,
    }
}
