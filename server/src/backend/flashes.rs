//! What a form came to, kept for the next page of the session.

use super::{RoundRobin, answers};
use app::{
    AppError, Flash,
    backend::{Caller, Flashes},
};
use async_trait::async_trait;

#[async_trait]
impl Flashes for RoundRobin {
    async fn keep_flash(&self, caller: &Caller, flash: Flash) -> Result<(), AppError> {
        let json =
            serde_json::to_string(&flash).map_err(|error| answers::internal(caller, &error))?;
        let kept = self.services.store.keep_flash(&caller.session, &json).await;
        answers::told(caller, kept.map_err(Into::into))
    }
}
