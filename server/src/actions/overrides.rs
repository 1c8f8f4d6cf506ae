//! Overrides of rotations' own schedules. Owners and admins make them for anybody; a member takes
//! over somebody's place themselves.

use super::{Failure, Stop, publish_rotation, rotations::visible, schedules::directory};
use crate::{
    Services,
    audit::entry_about,
    store::{Decided, NewAuditEntry, OverrideWrite, StoredCover, StoredOverride},
};
use domain::{
    Actor, BarToCovering, Directory, Principal, Rotation, bar_to_covering,
    rota::{
        CoverRefusal, CoverRequest, Override, OverrideKind, has_place, has_shift, own_rota,
        preview_override, typed_cover, typed_override,
    },
};
use types::{
    AuditAction, COVERS_MAX, CoverId, Denial, Holder, MemberKey, OVERRIDES_KEPT_MAX, OVERRIDES_MAX,
    OverrideId, OverrideInput, OverrideRefusal, RotaPreview, RotationId, Span, Timestamp,
};
use uuid::Uuid;

/// What an override would bring a rotation.
pub async fn preview(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    input: &OverrideInput,
) -> Result<RotaPreview, Stop<OverrideRefusal>> {
    let rotation = visible(services, actor, id).await?;
    let directory = directory(services, actor).await?;
    let now = services.store.time();
    let made = wanted(actor, input, &rotation, &directory, now)?;
    let words = made.in_words(&rotation);
    Ok(preview_override(made, words, &rotation, now))
}

pub async fn make(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    input: &OverrideInput,
) -> Result<(), Stop<OverrideRefusal>> {
    let directory = directory(services, actor).await?;
    decide(services, actor, id, |rotation, present, now| {
        let made = wanted(actor, input, rotation, &directory, now)?;
        written(actor, rotation, present, (made, None))
    })
    .await
}

/// What it would bring the rotation to end an override, or to remove one that is to come, and
/// whether it is to come.
pub(super) async fn preview_end(
    services: &Services,
    actor: &Actor,
    rotation: &Rotation,
    one: &OverrideId,
) -> Result<(RotaPreview, bool), Stop<OverrideRefusal>> {
    own_rota(rotation)?;
    let store = &services.store;
    let now = store.time();
    let present = store.overrides(&rotation.id, now).await?;
    let ended = &to_be_ended(actor, rotation, &present, one)?.made;
    let words = format!("No longer: {}", ended.in_words(rotation));
    let preview = domain::rota::preview_end(ended, words, rotation, now);
    Ok((preview, now < ended.span.from))
}

/// An override of these that the actor may end.
fn to_be_ended<'a>(
    actor: &Actor,
    rotation: &Rotation,
    present: &'a [StoredOverride],
    one: &OverrideId,
) -> Result<&'a StoredOverride, OverrideRefusal> {
    let mut present = present.iter();
    let present = present.find(|present| present.id == *one);
    let present = present.ok_or(OverrideRefusal::Gone)?;
    match may_end(actor, rotation, present) {
        true => Ok(present),
        false => Err(OverrideRefusal::OnlyYourself),
    }
}

/// Ends an override that runs, or removes one that is to come.
pub async fn end(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    one: &OverrideId,
) -> Result<(), Stop<OverrideRefusal>> {
    decide(services, actor, id, |rotation, present, _| {
        let present = to_be_ended(actor, rotation, &present.overrides, one)?;
        let entry = NewAuditEntry {
            before: Some(present.made.in_words(rotation)),
            ..entry_about(actor, AuditAction::EndedOverride, rotation)
        };
        Ok((OverrideWrite::End(present.id.clone()), entry))
    })
    .await
}

/// Asks others to take the place of whoever asks, or, by those who may edit, of anybody.
pub async fn ask_for_cover(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    input: &OverrideInput,
) -> Result<(), Stop<OverrideRefusal>> {
    let directory = directory(services, actor).await?;
    decide(services, actor, id, |rotation, present, now| {
        let request = wanted_cover(actor, input, rotation, &directory, now)?;
        let open = present.covers.iter().filter(|cover| is_open(cover));
        if open.count() >= COVERS_MAX {
            return Err(OverrideRefusal::TooManyRequests.into());
        }
        if is_asked_already(present, &request) {
            return Err(OverrideRefusal::AskedAlready.into());
        }
        if !has_shift(rotation, &request.asked_by, request.span) {
            return Err(OverrideRefusal::NoShiftThen.into());
        }
        let empty = Override {
            span: request.span,
            kind: OverrideKind::Empty {
                of: request.asked_by.clone(),
            },
        };
        let cover = StoredCover {
            id: CoverId::new(Uuid::now_v7().simple().to_string()),
            asked_by_name: empty.relieved_name(rotation).unwrap_or_default(),
            asked_name: None,
            request,
        };
        let entry = NewAuditEntry {
            after: Some(empty.in_words(rotation)),
            ..entry_about(actor, AuditAction::AskedForCover, rotation)
        };
        Ok((OverrideWrite::Ask(cover), entry))
    })
    .await
}

/// Whether the same person has asked for a part of the same time before, and it is open, or whoever
/// took it stands in: a second one who took it would put the first out.
fn is_asked_already(present: &Decided, request: &CoverRequest) -> bool {
    let stands_in = |taken_by: &Holder, span: Span| {
        let mut made = present.overrides.iter().filter(|made| !made.has_left);
        made.any(|StoredOverride { made, .. }| match &made.kind {
            OverrideKind::Replace { of, by, .. } => {
                *of == request.asked_by && by.key == taken_by.key && made.span.meets(span)
            }
            _ => false,
        })
    };
    let mut before = present.covers.iter().map(|cover| &cover.request);
    before.any(|before| {
        let is_same = before.asked_by == request.asked_by && before.span.meets(request.span);
        let taken_by = before.taken_by.as_ref();
        is_same && taken_by.is_none_or(|by| stands_in(by, request.span))
    })
}

/// Takes a shift for which cover is wanted. Of two who do, the second is told who was quicker.
pub async fn take_cover(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    one: &CoverId,
) -> Result<(), Stop<OverrideRefusal>> {
    decide(services, actor, id, |rotation, present, now| {
        let made = taken_now(actor, rotation, found(&present.covers, one)?, now)?;
        written(actor, rotation, present, (made, Some(one)))
    })
    .await
}

/// What it would bring the rotation that the actor takes what others are asked for.
pub(super) async fn preview_taking(
    services: &Services,
    actor: &Actor,
    rotation: &Rotation,
    one: &CoverId,
) -> Result<RotaPreview, Stop<OverrideRefusal>> {
    own_rota(rotation)?;
    let store = &services.store;
    let now = store.time();
    let covers = store.covers(&[&rotation.id], now).await?;
    let covers = covers.get(&rotation.id).map_or(&[][..], Vec::as_slice);
    let made = taken_now(actor, rotation, found(covers, one)?, now)?;
    let words = made.in_words(rotation);
    Ok(preview_override(made, words, rotation, now))
}

/// The override that follows when the actor takes it at `now`. What was planned may have changed
/// since it was asked for.
fn taken_now(
    actor: &Actor,
    rotation: &Rotation,
    cover: &StoredCover,
    now: Timestamp,
) -> Result<Override, Stop<OverrideRefusal>> {
    let made = taken(actor, rotation, cover, now)?;
    match has_shift(rotation, &cover.request.asked_by, made.span) {
        true => Ok(made),
        false => Err(OverrideRefusal::NoShiftAnyMore(cover.asked_by_name.clone()).into()),
    }
}

pub async fn withdraw_cover(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    one: &CoverId,
) -> Result<(), Stop<OverrideRefusal>> {
    decide(services, actor, id, |rotation, present, _| {
        let cover = found(&present.covers, one)?;
        if let Some(by) = &cover.request.taken_by {
            return Err(OverrideRefusal::Taken(by.name.clone()).into());
        }
        if !may_withdraw(actor, rotation, cover) {
            return Err(OverrideRefusal::NotYourShift.into());
        }
        let entry = entry_about(actor, AuditAction::WithdrewCover, rotation);
        Ok((OverrideWrite::Withdraw(one.clone()), entry))
    })
    .await
}

/// An override that is made, and the request that it answers, if it fits beside those that there
/// are.
fn written(
    actor: &Actor,
    rotation: &Rotation,
    present: &Decided,
    (made, takes): (Override, Option<&CoverId>),
) -> Result<(OverrideWrite, NewAuditEntry), Stop<OverrideRefusal>> {
    if present.overrides.len() >= OVERRIDES_MAX {
        return Err(OverrideRefusal::TooMany.into());
    }
    if present.kept >= OVERRIDES_KEPT_MAX {
        return Err(OverrideRefusal::TooManyLately.into());
    }
    let action = match takes {
        Some(_) => AuditAction::TookCover,
        None => AuditAction::MadeOverride,
    };
    let entry = NewAuditEntry {
        after: Some(made.in_words(rotation)),
        ..entry_about(actor, action, rotation)
    };
    let write = OverrideWrite::Make {
        id: OverrideId::new(Uuid::now_v7().simple().to_string()),
        relieved_name: made.relieved_name(rotation),
        takes: takes.cloned(),
        made,
    };
    Ok((write, entry))
}

/// Writes what is decided about a rotation that the actor may see, and tells the open pages.
async fn decide(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    rule: impl FnOnce(
        &Rotation,
        &Decided,
        Timestamp,
    ) -> Result<(OverrideWrite, NewAuditEntry), Stop<OverrideRefusal>>
    + Send,
) -> Result<(), Stop<OverrideRefusal>> {
    let decided = services
        .store
        .change_overrides(
            &actor.workspace,
            id,
            |rotation, present, now| match domain::may_see(rotation, actor) {
                true => {
                    own_rota(rotation)?;
                    rule(rotation, present, now)
                }
                false => Err(Failure::NotFound.into()),
            },
        )
        .await?;
    decided.ok_or(Failure::NotFound)??;
    publish_rotation(services, actor, id);
    services.sync.signals.clock.wake();
    Ok(())
}

fn found<'a>(covers: &'a [StoredCover], one: &CoverId) -> Result<&'a StoredCover, OverrideRefusal> {
    let cover = covers.iter().find(|cover| cover.id == *one);
    cover.ok_or(OverrideRefusal::RequestGone)
}

/// What was filled in, if this actor may have it. A member asks for themselves.
fn wanted_cover(
    actor: &Actor,
    input: &OverrideInput,
    rotation: &Rotation,
    directory: &Directory,
    now: Timestamp,
) -> Result<CoverRequest, Stop<OverrideRefusal>> {
    let own = own_key(actor);
    let mut input = input.clone();
    if input.of.trim().is_empty() {
        input.of = own.as_ref().map(MemberKey::to_string).unwrap_or_default();
    }
    let request = typed_cover(&input, rotation, directory, now)?;
    let is_own = own.as_ref() == Some(&request.asked_by);
    match is_own || domain::may_edit(rotation, actor) {
        true => Ok(request),
        false => Err(OverrideRefusal::NotYourShift.into()),
    }
}

/// Nobody has taken it.
pub const fn is_open(cover: &StoredCover) -> bool {
    cover.request.taken_by.is_none()
}

/// Whether the actor could take what is wanted at `now`.
pub fn may_take(actor: &Actor, rotation: &Rotation, cover: &StoredCover, now: Timestamp) -> bool {
    taken(actor, rotation, cover, now).is_ok()
}

/// The override that follows when the actor takes what is wanted at `now`.
fn taken(
    actor: &Actor,
    rotation: &Rotation,
    cover: &StoredCover,
    now: Timestamp,
) -> Result<Override, Stop<OverrideRefusal>> {
    let Principal::Person {
        person, name, role, ..
    } = &actor.principal
    else {
        return Err(Failure::NotFound.into());
    };
    match bar_to_covering(rotation, person, *role) {
        None => {}
        Some(BarToCovering::DoesNotSee) => return Err(Failure::NotFound.into()),
        Some(BarToCovering::Guest) => return Err(OverrideRefusal::Guest.into()),
    }
    let by = Holder {
        key: MemberKey::of_person(person),
        name: name.clone(),
    };
    let mut request = cover.request.clone();
    let made = request.take(by, now).map_err(|refusal| match refusal {
        CoverRefusal::Taken(by) => OverrideRefusal::Taken(by.name),
        CoverRefusal::OwnRequest => OverrideRefusal::OwnRequest,
        CoverRefusal::SomebodyElseIsAsked => OverrideRefusal::SomebodyElseIsAsked,
        CoverRefusal::Time(_) => OverrideRefusal::RequestOver,
    });
    Ok(made?)
}

pub fn may_withdraw(actor: &Actor, rotation: &Rotation, cover: &StoredCover) -> bool {
    let own = own_key(actor).is_some_and(|own| own == cover.request.asked_by);
    own || domain::may_edit(rotation, actor)
}

/// The person who acts, as somebody on duty.
fn own_key(actor: &Actor) -> Option<MemberKey> {
    actor.person().map(MemberKey::of_person)
}

/// Whoever made an override, or is on duty by it, can end it; and whoever may edit the rotation.
pub fn may_end(actor: &Actor, rotation: &Rotation, one: &StoredOverride) -> bool {
    let made = one.made_by.as_ref().is_some_and(|by| actor.is(by));
    made || is_by(actor, &one.made) || domain::may_edit(rotation, actor)
}

/// Whether the actor may put at least themselves in the place of a member.
pub fn may_take_over(actor: &Actor, rotation: &Rotation) -> bool {
    // Whoever only stands in for a time is no member.
    let is_in = |person| {
        let mut members = rotation.crew.members.iter();
        members.any(|member| member.person.as_ref() == Some(person))
    };
    rotation.plan.rota().is_some()
        && (domain::may_edit(rotation, actor) || actor.person().is_some_and(is_in))
}

/// Whether the actor could ask for cover of a shift of theirs, or of anybody's.
pub fn may_ask_for_cover(actor: &Actor, rotation: &Rotation, now: Timestamp) -> bool {
    let members = &rotation.crew.members;
    rotation.plan.rota().is_some_and(|rota| {
        let is_in = |own: MemberKey| has_place(&own, members, &rota.overrides, now);
        domain::may_edit(rotation, actor) || own_key(actor).is_some_and(is_in)
    })
}

/// What was filled in, if this actor may have it.
fn wanted(
    actor: &Actor,
    input: &OverrideInput,
    rotation: &Rotation,
    directory: &Directory,
    now: Timestamp,
) -> Result<Override, Stop<OverrideRefusal>> {
    let edits = domain::may_edit(rotation, actor);
    if !edits && rotation.plan.rota().is_some() && !may_take_over(actor, rotation) {
        return Err(Failure::Denied(Denial::EditRotation).into());
    }
    let mut input = input.clone();
    if !edits && input.person.trim().is_empty() {
        let own = actor.person().map(ToString::to_string);
        input.person = own.unwrap_or_default();
    }
    let made = typed_override(&input, rotation, directory, now)?;
    let takes_over = matches!(made.kind, OverrideKind::Replace { .. }) && is_by(actor, &made);
    match edits || takes_over {
        true => Ok(made),
        false => Err(OverrideRefusal::OnlyYourself.into()),
    }
}

fn is_by(actor: &Actor, one: &Override) -> bool {
    let by = one.by().and_then(|by| by.key.person());
    by.is_some_and(|by| actor.is(&by))
}
