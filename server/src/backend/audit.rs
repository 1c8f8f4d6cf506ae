//! Reading the audit log.

use super::{RoundRobin, actor, answers::told};
use crate::actions::workspace;
use app::{
    AppError,
    backend::{Audit, Caller},
};
use async_trait::async_trait;
use types::{AuditId, AuditPage};

#[async_trait]
impl Audit for RoundRobin {
    async fn audit(
        &self,
        caller: &Caller,
        older_than: Option<AuditId>,
    ) -> Result<AuditPage, AppError> {
        let page = workspace::audit_log(&self.services, &actor(caller), older_than.as_ref()).await;
        told(caller, page)
    }
}
