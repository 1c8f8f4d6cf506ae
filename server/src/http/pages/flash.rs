//! What a form came to, which the session's next page shows once.

use crate::http::Site;
use app::{Flash, backend::Caller};

/// What a form of this session came to, as JSON, that no page has shown yet.
#[derive(Clone)]
pub struct PendingFlash(pub String);

/// What the form that led here came to. A page without it is better than none,
/// so a failure is only logged.
pub async fn take(site: &Site, caller: &Caller, pending: &PendingFlash) -> Option<Flash> {
    let store = &site.services.store;
    match store.take_flash(&caller.session, &pending.0).await {
        Ok(true) => serde_json::from_str(&pending.0).ok(),
        Ok(false) => None,
        Err(error) => {
            tracing::error!(%error, "the outcome of a form could not be read");
            None
        }
    }
}
