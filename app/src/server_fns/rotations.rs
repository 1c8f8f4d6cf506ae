//! Rotations: the list, one rotation, and what people do to it.

#[cfg(feature = "ssr")]
use super::request::{NOTHING_KEPT, call, submit};
use crate::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use types::{
    Changed, FoundPeople, HomeView, MemberKey, MoveDirection, Outcome, PersonId, RotationId,
    RotationInput, RotationList, RotationPage, RotationRefusal, UndoId,
};
#[cfg(feature = "ssr")]
use types::{DaysWanted, RotationFilter, RotationMode, Selection, SortBy};

/// The filter as an address has it. `mode` is a [`RotationMode::code`], `show` a
/// [`Selection::code`], `sort` a [`SortBy::code`]; anything else says nothing.
#[server(prefix = "/rpc", endpoint = "rotations", input = GetUrl)]
pub async fn rotations(
    #[server(default)] search: String,
    #[server(default)] mode: String,
    #[server(default)] show: String,
    #[server(default)] sort: String,
    #[server(default)] page: String,
) -> Result<RotationList, AppError> {
    let filter = RotationFilter {
        search,
        mode: RotationMode::from_code(&mode),
        selection: Selection::from_code(&show),
        sort: SortBy::from_code(&sort),
        page: page.parse().unwrap_or(1),
    };
    call(|backend, caller| async move { backend.rotations(&caller, filter).await }).await
}

#[server(prefix = "/rpc", endpoint = "home", input = GetUrl)]
pub async fn home() -> Result<HomeView, AppError> {
    call(|backend, caller| async move { backend.home(&caller).await }).await
}

/// `from`, `weeks` and `zone` are the days for which it is told who has duty, as in
/// [`DaysWanted`].
#[server(prefix = "/rpc", endpoint = "rotation", input = GetUrl)]
pub async fn rotation(
    id: RotationId,
    #[server(default)] from: String,
    #[server(default)] weeks: String,
    #[server(default)] zone: String,
) -> Result<RotationPage, AppError> {
    let days = DaysWanted { from, weeks, zone };
    call(|backend, caller| async move { backend.rotation(&caller, id, days).await }).await
}

impl Rotation {
    /// With the days around the present one, in this zone.
    pub(crate) const fn now(id: RotationId, zone: String) -> Self {
        Self {
            id,
            from: String::new(),
            weeks: String::new(),
            zone,
        }
    }
}

/// `chosen` has the ids of people who are to be named in any case, with commas between.
#[server(prefix = "/rpc", endpoint = "people", input = GetUrl)]
pub async fn people(
    #[server(default)] search: String,
    #[server(default)] chosen: String,
) -> Result<FoundPeople, AppError> {
    let named = chosen.split(',').filter_map(PersonId::parse).collect();
    call(|backend, caller| async move { backend.people(&caller, search, named).await }).await
}

#[server(prefix = "/rpc", endpoint = "create_rotation")]
pub async fn create_rotation(
    input: RotationInput,
) -> Result<Outcome<RotationId, RotationRefusal>, AppError> {
    let kept = input.clone();
    submit::<CreateRotation, _, _, _>(
        Some(&kept),
        |id| Some(format!("/rotations/{id}")),
        |backend, caller| async move { backend.create_rotation(&caller, input).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "edit_rotation")]
pub async fn edit_rotation(
    id: RotationId,
    input: RotationInput,
) -> Result<Outcome<(), RotationRefusal>, AppError> {
    let kept = input.clone();
    let page = rotation_page(&id);
    submit::<EditRotation, _, _, _>(
        Some(&kept),
        |()| Some(page),
        |backend, caller| async move { backend.edit_rotation(&caller, id, input).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "delete_rotation")]
pub async fn delete_rotation(id: RotationId) -> Result<Outcome<(), RotationRefusal>, AppError> {
    submit::<DeleteRotation, _, _, _>(
        NOTHING_KEPT,
        |()| Some("/rotations".to_owned()),
        |backend, caller| async move {
            backend
                .delete_rotation(&caller, id)
                .await
                .map(Outcome::Done)
        },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "rotate")]
pub async fn rotate(id: RotationId) -> Result<Outcome<Changed, RotationRefusal>, AppError> {
    submit::<Rotate, _, _, _>(
        NOTHING_KEPT,
        |_| None,
        |backend, caller| async move { backend.rotate(&caller, id).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "set_on_duty")]
pub async fn set_on_duty(
    id: RotationId,
    member: MemberKey,
) -> Result<Outcome<Changed, RotationRefusal>, AppError> {
    submit::<SetOnDuty, _, _, _>(
        NOTHING_KEPT,
        |_| None,
        |backend, caller| async move { backend.set_on_duty(&caller, id, member).await },
    )
    .await
}

/// What cannot be the id of a person is nobody. Where it was `shown` what it brings, the rotation
/// comes next.
#[server(prefix = "/rpc", endpoint = "add_members")]
pub async fn add_members(
    id: RotationId,
    #[server(default)] people: Vec<String>,
    #[server(default)] shown: bool,
) -> Result<Outcome<Changed, RotationRefusal>, AppError> {
    let people = people.iter().filter_map(|id| PersonId::parse(id)).collect();
    let page = rotation_page(&id);
    submit::<AddMembers, _, _, _>(
        NOTHING_KEPT,
        |_| shown.then_some(page),
        |backend, caller| async move { backend.add_members(&caller, id, people).await },
    )
    .await
}

/// Where it was `shown` what it brings, the rotation comes next.
#[server(prefix = "/rpc", endpoint = "remove_member")]
pub async fn remove_member(
    id: RotationId,
    member: MemberKey,
    #[server(default)] shown: bool,
) -> Result<Outcome<Changed, RotationRefusal>, AppError> {
    let page = rotation_page(&id);
    submit::<RemoveMember, _, _, _>(
        NOTHING_KEPT,
        |_| shown.then_some(page),
        |backend, caller| async move { backend.remove_member(&caller, id, member).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "undo")]
pub async fn undo(id: UndoId) -> Result<Outcome<Changed, RotationRefusal>, AppError> {
    submit::<Undo, _, _, _>(
        NOTHING_KEPT,
        |_| None,
        |backend, caller| async move { backend.undo(&caller, id).await },
    )
    .await
}

/// Where it was `shown` what it brings, the rotation comes next.
#[server(prefix = "/rpc", endpoint = "move_member")]
pub async fn move_member(
    id: RotationId,
    member: MemberKey,
    direction: MoveDirection,
    #[server(default)] shown: bool,
) -> Result<Outcome<(), RotationRefusal>, AppError> {
    let page = rotation_page(&id);
    submit::<MoveMember, _, _, _>(
        NOTHING_KEPT,
        |()| shown.then_some(page),
        |backend, caller| async move { backend.move_member(&caller, id, member, direction).await },
    )
    .await
}

/// What cannot be the id of a person is nobody.
#[server(prefix = "/rpc", endpoint = "add_owners")]
pub async fn add_owners(
    id: RotationId,
    #[server(default)] people: Vec<String>,
) -> Result<Outcome<Changed, RotationRefusal>, AppError> {
    let people = people.iter().filter_map(|id| PersonId::parse(id)).collect();
    submit::<AddOwners, _, _, _>(
        NOTHING_KEPT,
        |_| None,
        |backend, caller| async move { backend.add_owners(&caller, id, people).await },
    )
    .await
}

#[server(prefix = "/rpc", endpoint = "remove_owner")]
pub async fn remove_owner(
    id: RotationId,
    person: PersonId,
) -> Result<Outcome<(), RotationRefusal>, AppError> {
    submit::<RemoveOwner, _, _, _>(
        NOTHING_KEPT,
        |()| None,
        |backend, caller| async move { backend.remove_owner(&caller, id, person).await },
    )
    .await
}

/// Where the page of a rotation is.
#[cfg(feature = "ssr")]
pub(super) fn rotation_page(rotation: &RotationId) -> String {
    format!("/rotations/{rotation}")
}

/// A select whose first entry stands for nobody sends an empty value.
#[cfg(feature = "ssr")]
pub(super) fn chosen(person: String) -> Option<PersonId> {
    PersonId::parse(person.trim())
}
