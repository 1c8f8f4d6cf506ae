//! Settings → Calendars: addresses by which calendar programs read who is on duty.

#[cfg(feature = "ssr")]
use super::request::{NOTHING_KEPT, call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
#[cfg(feature = "ssr")]
use types::FeedSubject;
use types::{Denial, FeedView, Outcome};

/// The feeds of whoever asks.
#[server(prefix = "/rpc", endpoint = "feeds", input = GetUrl)]
pub async fn feeds() -> Result<Vec<FeedView>, AppError> {
    call(|backend, caller| async move { backend.feeds(&caller).await }).await
}

/// `subject` is a [`FeedSubject::code`]. An address that the feed had ends.
#[server(prefix = "/rpc", endpoint = "make_feed")]
pub async fn make_feed(
    #[server(default)] subject: String,
) -> Result<Outcome<(), Denial>, AppError> {
    submit::<MakeFeed, _, _, _>(
        NOTHING_KEPT,
        |()| Some("/settings/calendars".to_owned()),
        |backend, caller| async move {
            let subject = FeedSubject::from_code(&subject).ok_or(AppError::NotFound)?;
            let made = backend.make_feed(&caller, subject).await;
            made.map(Outcome::Done)
        },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "revoke_feed")]
pub async fn revoke_feed(
    #[server(default)] subject: String,
) -> Result<Outcome<(), Denial>, AppError> {
    submit::<RevokeFeed, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move {
            let subject = FeedSubject::from_code(&subject).ok_or(AppError::NotFound)?;
            let revoked = backend.revoke_feed(&caller, subject).await;
            revoked.map(Outcome::Done)
        },
    )
    .await
}
