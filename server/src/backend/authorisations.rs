//! Connecting as a person: logins at PagerDuty, each of which belongs to the browser's session.

use super::{RoundRobin, actor, answers};
use crate::actions::authorisations::{self, LoginAnswer, LoginEnd};
use app::{
    AppError,
    backend::{Answer, Authorisations, Caller},
};
use async_trait::async_trait;
use types::{ClientSecretInput, ConnectRefusal, OauthStep};

#[async_trait]
impl Authorisations for RoundRobin {
    async fn connect_with_oauth(
        &self,
        caller: &Caller,
        client_id: String,
        client_secret: ClientSecretInput,
    ) -> Answer<OauthStep, ConnectRefusal> {
        let (actor, app) = (actor(caller), (&*client_id, &client_secret));
        let session = &caller.session;
        let begun = authorisations::begin_to_connect(&self.services, &actor, session, app);
        answers::answer(caller, begun.await)
    }

    async fn switch_to_oauth(
        &self,
        caller: &Caller,
        client_id: String,
        client_secret: ClientSecretInput,
    ) -> Answer<OauthStep, ConnectRefusal> {
        let (actor, app) = (actor(caller), (&*client_id, &client_secret));
        let session = &caller.session;
        let begun = authorisations::begin_to_switch(&self.services, &actor, session, app);
        answers::answer(caller, begun.await)
    }

    async fn reconnect_oauth(&self, caller: &Caller) -> Answer<OauthStep, ConnectRefusal> {
        let (actor, session) = (actor(caller), &caller.session);
        let begun = authorisations::begin_to_reconnect(&self.services, &actor, session);
        answers::answer(caller, begun.await)
    }
}

impl RoundRobin {
    /// Ends a login with what PagerDuty sent the browser back with. Must not be
    /// cut in the middle: state and code work once.
    pub async fn finish_login(
        &self,
        caller: &Caller,
        answer: &LoginAnswer,
    ) -> Result<LoginEnd, AppError> {
        let (actor, session) = (actor(caller), &caller.session);
        let end = authorisations::finish(&self.services, &actor, session, answer);
        answers::told(caller, end.await)
    }
}
