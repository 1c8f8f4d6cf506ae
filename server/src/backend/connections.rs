//! The integrations panel: how the connection is, connecting and replacing, disconnecting,
//! syncing, and binding back.

use super::{
    RoundRobin, actor,
    answers::{answer, told},
    views,
};
use crate::actions::{
    Failure, Stop, account_questions, authorisations, connections, credentials, former,
    slack_needs, workspace,
};
use app::{
    AppError,
    backend::{Answer, Caller, Connections},
};
use async_trait::async_trait;
use types::{
    ApiKeyInput, ConnectRefusal, ConnectionAlert, Disconnected, IntegrationsView, Outcome, Rebound,
    Replaced, SyncHistory, SyncReport,
};

#[async_trait]
impl Connections for RoundRobin {
    async fn integrations(&self, caller: &Caller) -> Result<IntegrationsView, AppError> {
        told(caller, self.panel(caller).await)
    }

    async fn connect_with_api_key(
        &self,
        caller: &Caller,
        key: ApiKeyInput,
    ) -> Answer<(), ConnectRefusal> {
        let connected = credentials::connect_with_key(&self.services, &actor(caller), &key).await;
        answer(caller, connected)
    }

    async fn edit_api_key(
        &self,
        caller: &Caller,
        key: ApiKeyInput,
    ) -> Answer<Replaced, ConnectRefusal> {
        answer(caller, self.replace_key(caller, &key).await)
    }

    async fn switch_account(&self, caller: &Caller) -> Answer<(), ConnectRefusal> {
        let actor = actor(caller);
        let switched = account_questions::switch(&self.services, &actor, &caller.session);
        answer(caller, switched.await)
    }

    async fn keep_account(&self, caller: &Caller) -> Answer<(), ConnectRefusal> {
        let kept = account_questions::keep(&self.services, &caller.session);
        answer(caller, kept.await)
    }

    async fn pagerduty_alert(&self, caller: &Caller) -> Result<Option<ConnectionAlert>, AppError> {
        let alert = connections::alert(&self.services, &actor(caller)).await;
        told(caller, alert)
    }

    async fn disconnect_pagerduty(&self, caller: &Caller) -> Answer<Disconnected, ConnectRefusal> {
        let ended = connections::disconnect(&self.services, &actor(caller)).await;
        answer(caller, ended.map(views::disconnected))
    }

    async fn sync_now(&self, caller: &Caller) -> Answer<SyncReport, ConnectRefusal> {
        let synced = connections::sync_now(&self.services, &actor(caller)).await;
        answer(caller, synced)
    }

    async fn sync_history(&self, caller: &Caller) -> Result<SyncHistory, AppError> {
        let history = connections::sync_history(&self.services, &actor(caller)).await;
        told(caller, history)
    }

    async fn rebind_former(&self, caller: &Caller) -> Answer<Rebound, ConnectRefusal> {
        let rebound = former::bind_back(&self.services, &actor(caller)).await;
        answer(caller, rebound)
    }

    async fn undo_forget_former(&self, caller: &Caller) -> Answer<(), ConnectRefusal> {
        let undone = former::undo_forget(&self.services, &actor(caller)).await;
        answer(caller, undone)
    }

    async fn forget_former(&self, caller: &Caller) -> Answer<Vec<String>, ConnectRefusal> {
        let forgotten = former::forget(&self.services, &actor(caller)).await;
        told(caller, forgotten).map(Outcome::Done)
    }
}

impl RoundRobin {
    async fn panel(&self, caller: &Caller) -> Result<IntegrationsView, Failure> {
        let (services, actor) = (&self.services, actor(caller));
        let state = connections::state(services, &actor).await?;
        let may_manage = actor.administers();
        let question = match &state {
            Some(state) if may_manage => {
                let connection = &state.connection;
                account_questions::open(services, &caller.session, connection)
                    .await?
                    .map(|pending| views::question(connection, &pending))
            }
            _ => None,
        };
        Ok(IntegrationsView {
            may_manage,
            slack: views::slack(
                workspace::state(services, &actor).await?,
                slack_needs::refused(services, &actor).await?,
            ),
            pagerduty: state.map(views::connection),
            oauth: may_manage.then(|| authorisations::oauth_setup(services)),
            question,
        })
    }

    async fn replace_key(
        &self,
        caller: &Caller,
        key: &ApiKeyInput,
    ) -> Result<Replaced, Stop<ConnectRefusal>> {
        let (services, actor) = (&self.services, actor(caller));
        let replacement = credentials::replace_with_key(services, &actor, key).await?;
        let session = &caller.session;
        account_questions::ask_where_needed(services, &actor, session, replacement).await
    }
}
