//! Cover by commands: whoever cannot take a shift asks others for it, and one of them takes it. What
//! may be asked and taken, the actions of the pages decide.

use super::{found, known_as, reply::Reply};
use crate::{
    Services,
    actions::{Failure, Stop, overrides, rotations, zones},
    slack::{CoverWish, message::Writing},
    store::StoredCover,
};
use domain::{
    Actor,
    rota::{as_typed, own_rota},
};
use types::{DaysWanted, MemberKey, OverrideChoice, OverrideInput, Span, SpanInput};

/// How many characters of a request's id tell it from others that are open.
const TOLD_APART: usize = 5;

/// Asks others to cover a shift of the actor, or a part of it.
pub(super) async fn ask(
    services: &Services,
    actor: &Actor,
    (code, wish): (&str, &CoverWish),
    replies: &Reply<'_>,
) -> Result<String, Failure> {
    let Some(id) = found(services, actor, code).await? else {
        return Ok(replies.no_rotation(code));
    };
    let state = rotations::state(services, actor, &id, &DaysWanted::default()).await?;
    let rota = match own_rota(&state.rotation) {
        Ok(rota) => rota,
        Err(refusal) => {
            let schedule = state.bound.as_ref().map(|bound| &bound.schedule);
            let schedule = schedule.and_then(|schedule| schedule.url.as_deref());
            return Ok(replies.no_cover(&refusal, schedule));
        }
    };
    let (span, shift) = match &wish.times {
        Some((from, until)) => {
            let span = SpanInput {
                from: from.clone(),
                until: until.clone(),
                ..SpanInput::default()
            };
            (span, None)
        }
        None => {
            let me = actor.person().map(MemberKey::of_person);
            let mut shifts = state.plan.iter().filter(|shift| {
                let holder = shift.holder.as_ref().map(|holder| &holder.key);
                holder.is_some() && holder == me.as_ref()
            });
            let next = shifts.find_map(|shift| {
                let until = shift.ends_at.filter(|end| *end > state.now)?;
                let from = shift.starts_at.max(state.now);
                // Shifts that touch are told as one: who takes turns alone has a single one for ever.
                let next = rota.terms.cadence.next_hand_off(from, None);
                let until = next.map_or(until, |next| next.at.min(until));
                Some(Span { from, until })
            });
            match next {
                Some(span) => (as_typed(span, &rota.terms.cadence.zone), Some(span)),
                None => return Ok(replies.no_shift()),
            }
        }
    };
    let zone = rota.terms.cadence.zone.name();
    let by = match &wish.by {
        Some(person) => known_as(services, actor, person).await?.to_string(),
        None => String::new(),
    };
    let input = OverrideInput {
        kind: OverrideChoice::Cover,
        of: String::new(),
        person: by,
        span,
    };
    match overrides::ask_for_cover(services, actor, &id, &input).await {
        Ok(()) => {
            let writing = Writing::new(&state.directory, Some(&rota.terms.cadence.zone));
            Ok(replies.cover_asked(code, shift, writing))
        }
        Err(Stop::Refused(refusal)) => Ok(replies.cover_refused(&refusal, zone)),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// Takes what somebody wants cover for.
pub(super) async fn take(
    services: &Services,
    actor: &Actor,
    (code, which): (&str, Option<&str>),
    replies: &Reply<'_>,
) -> Result<String, Failure> {
    let Some(id) = found(services, actor, code).await? else {
        return Ok(replies.no_rotation(code));
    };
    let state = rotations::state(services, actor, &id, &DaysWanted::default()).await?;
    // Of one that is taken already it is said who was quicker.
    let all = services.store.covers(&[&id], state.now).await?;
    let all = all.into_values().flatten().collect::<Vec<_>>();
    let zone = zones::of_duty(services, &state).await?;
    let writing = Writing::new(&state.directory, zone.as_ref());
    let is_meant = |cover: &&StoredCover| match which {
        Some(which) => short(cover) == which,
        None => {
            overrides::is_open(cover)
                && overrides::may_take(actor, &state.rotation, cover, state.now)
        }
    };
    let meant: Vec<_> = all.iter().filter(is_meant).collect();
    match meant.as_slice() {
        [] => match own_rota(&state.rotation) {
            Ok(_) => Ok(replies.nothing_to_take(code, which)),
            Err(refusal) => {
                let schedule = state.bound.as_ref().map(|bound| &bound.schedule);
                let schedule = schedule.and_then(|schedule| schedule.url.as_deref());
                Ok(replies.no_cover(&refusal, schedule))
            }
        },
        [cover] => match overrides::take_cover(services, actor, &id, &cover.id).await {
            Ok(()) => {
                let span = cover.request.span;
                Ok(replies.cover_taken(&cover.asked_by_name, span, writing))
            }
            Err(Stop::Refused(refusal)) => Ok(replies.cover_refused(&refusal, "")),
            Err(Stop::Failed(failure)) => Err(failure),
        },
        several => {
            let several = several.iter().map(|cover| {
                let request = &cover.request;
                (short(cover), cover.asked_by_name.as_str(), request.span)
            });
            let several: Vec<_> = several.collect();
            Ok(replies.which_to_take(code, &several, writing))
        }
    }
}

/// By what people name one of several requests: the end of its id, which is left to chance.
fn short(cover: &StoredCover) -> &str {
    let id = cover.id.as_str();
    let begin = id.len().saturating_sub(TOLD_APART);
    id.get(begin..).unwrap_or(id)
}
