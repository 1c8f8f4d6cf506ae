//! The user group of Slack that holds whoever is on duty in a rotation.

#[cfg(feature = "ssr")]
use super::{
    request::{NOTHING_KEPT, call, submit},
    rotations::chosen,
};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::{DutyGroupView, GroupRefusal, Outcome, RotationId, StandbyRefusal};
#[cfg(feature = "ssr")]
use types::{GroupChoice, GroupHolds, NobodyOnDuty, SlackGroupId, Standby, StandbyForm};

/// Without a group, what a search finds, and what would become of the group that is named.
/// `holds` is a [`GroupHolds::code`].
#[server(prefix = "/rpc", endpoint = "duty_group", input = GetUrl)]
pub async fn duty_group(
    rotation: RotationId,
    #[server(default)] search: String,
    #[server(default)] group: String,
    #[server(default)] holds: String,
) -> Result<DutyGroupView, AppError> {
    let chosen = SlackGroupId::parse(&group).map(|group| {
        // Nothing is written by it.
        (group, GroupHolds::from_code(&holds).unwrap_or_default())
    });
    call(
        |backend, caller| async move { backend.duty_group(&caller, rotation, search, chosen).await },
    )
    .await
}

/// `holds` is a [`GroupHolds::code`], `when_nobody` a [`NobodyOnDuty::code`]. Success leads to the page without the choice.
#[server(prefix = "/rpc", endpoint = "connect_duty_group")]
pub async fn connect_duty_group(
    rotation: RotationId,
    #[server(default)] group: String,
    #[server(default)] holds: String,
    #[server(default)] when_nobody: String,
    #[server(default)] confirmed: bool,
) -> Result<Outcome<(), GroupRefusal>, AppError> {
    let page = page(&rotation);
    submit::<ConnectDutyGroup, _, _, _>(
        NOTHING_KEPT,
        |()| Some(page),
        |backend, caller| async move {
            let Some(group) = SlackGroupId::parse(&group) else {
                return Ok(Outcome::Refused(GroupRefusal::NothingChosen));
            };
            let Some((holds, when_nobody)) = given(&holds, GroupHolds::from_code)
                .zip(given(&when_nobody, NobodyOnDuty::from_code))
            else {
                return Ok(Outcome::Refused(GroupRefusal::UnknownChoice));
            };
            let choice = GroupChoice {
                group,
                holds,
                when_nobody,
            };
            backend
                .connect_duty_group(&caller, rotation, choice, confirmed)
                .await
        },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "make_duty_group")]
pub async fn make_duty_group(
    rotation: RotationId,
    #[server(default)] handle: String,
    #[server(default)] when_nobody: String,
) -> Result<Outcome<(), GroupRefusal>, AppError> {
    let page = page(&rotation);
    let kept = handle.clone();
    submit::<MakeDutyGroup, _, _, _>(
        Some(&kept),
        |()| Some(page),
        |backend, caller| async move {
            let Some(when_nobody) = given(&when_nobody, NobodyOnDuty::from_code) else {
                return Ok(Outcome::Refused(GroupRefusal::UnknownChoice));
            };
            let made = (handle, when_nobody);
            backend.make_duty_group(&caller, rotation, made).await
        },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "leave_duty_group")]
pub async fn leave_duty_group(rotation: RotationId) -> Result<Outcome<(), GroupRefusal>, AppError> {
    submit::<LeaveDutyGroup, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move { backend.leave_duty_group(&caller, rotation).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "write_duty_group")]
pub async fn write_duty_group(rotation: RotationId) -> Result<Outcome<(), GroupRefusal>, AppError> {
    submit::<WriteDutyGroup, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move { backend.write_duty_group(&caller, rotation).await },
    )
    .await
}

/// `holds` is a [`GroupHolds::code`].
#[server(prefix = "/rpc", endpoint = "set_group_holds")]
pub async fn set_group_holds(
    rotation: RotationId,
    #[server(default)] holds: String,
    #[server(default)] confirmed: bool,
) -> Result<Outcome<(), GroupRefusal>, AppError> {
    submit::<SetGroupHolds, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move {
            let Some(holds) = GroupHolds::from_code(&holds) else {
                return Ok(Outcome::Refused(GroupRefusal::UnknownChoice));
            };
            backend
                .set_group_holds(&caller, rotation, holds, confirmed)
                .await
        },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "set_when_nobody")]
pub async fn set_when_nobody(
    rotation: RotationId,
    #[server(default)] when_nobody: String,
    #[server(default)] confirmed: bool,
) -> Result<Outcome<(), GroupRefusal>, AppError> {
    submit::<SetWhenNobody, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move {
            let Some(when_nobody) = NobodyOnDuty::from_code(&when_nobody) else {
                return Ok(Outcome::Refused(GroupRefusal::UnknownChoice));
            };
            backend
                .set_when_nobody(&caller, rotation, when_nobody, confirmed)
                .await
        },
    )
    .await
}

/// `standby` is a [`Standby::code`].
#[server(prefix = "/rpc", endpoint = "set_standby")]
pub async fn set_standby(
    rotation: RotationId,
    #[server(default)] standby: String,
    #[server(default)] person: String,
    #[server(default)] is_in: bool,
    #[server(default)] confirmed: bool,
) -> Result<Outcome<(), StandbyRefusal>, AppError> {
    let form = StandbyForm {
        standby: standby.clone(),
        person: (!is_in).then(|| person.clone()),
    };
    submit::<SetStandby, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move {
            let outcome = match Standby::from_code(&standby).zip(chosen(person)) {
                Some(whom) => {
                    backend
                        .set_standby(&caller, rotation, whom, is_in, confirmed)
                        .await?
                }
                None => Outcome::Refused(GroupRefusal::NobodyChosen),
            };
            Ok(match outcome {
                Outcome::Done(()) => Outcome::Done(()),
                Outcome::Refused(refusal) => Outcome::Refused(StandbyRefusal { refusal, form }),
            })
        },
    )
    .await
}

#[cfg(feature = "ssr")]
fn page(rotation: &RotationId) -> String {
    format!("/rotations/{rotation}/slack")
}

/// What a form says that may leave it out. A code that is not known is not taken for any other.
#[cfg(feature = "ssr")]
fn given<T: Default>(code: &str, from_code: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    match code {
        "" => Some(T::default()),
        code => from_code(code),
    }
}
