//! Reading the audit log.

use super::{RoundRobin, failed};
use app::{
    AppError, Denial,
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
        caller.must_administer(Denial::ReadAudit)?;
        self.services
            .store
            .audit_page(&caller.workspace, older_than.as_ref())
            .await
            .map_err(failed(caller))
    }
}
