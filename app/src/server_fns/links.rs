//! Who of PagerDuty is who in Slack, where an admin has to say so.

#[cfg(feature = "ssr")]
use super::{
    request::{NOTHING_KEPT, submit},
    rotations::chosen,
};
use crate::AppError;
use leptos::prelude::*;
use types::{LinkRefusal, Outcome, PagerDutyUserId};

/// The address of the page opens the dialog, so success leads to the page without it.
#[server(prefix = "/rpc", endpoint = "link_person")]
pub async fn link_person(
    user: PagerDutyUserId,
    #[server(default)] person: String,
) -> Result<Outcome<(), LinkRefusal>, AppError> {
    submit::<LinkPerson, _, _, _>(
        NOTHING_KEPT,
        |()| Some("/settings/integrations".to_owned()),
        |backend, caller| async move {
            match chosen(person) {
                Some(person) => backend.link_person(&caller, user, person).await,
                None => Ok(Outcome::Refused(LinkRefusal::NobodyChosen)),
            }
        },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "unlink_person")]
pub async fn unlink_person(user: PagerDutyUserId) -> Result<Outcome<(), LinkRefusal>, AppError> {
    submit::<UnlinkPerson, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move { backend.unlink_person(&caller, user).await },
    )
    .await
}
