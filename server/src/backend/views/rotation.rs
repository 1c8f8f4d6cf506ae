//! A rotation in the list, and on its own page.

use super::{count, people::found_people};
use crate::{
    actions::{
        members,
        overrides::{may_end, may_take, may_withdraw},
        proposals::Proposed,
        rotations::{Bound, RotationState},
    },
    store::ListedRotation,
};
use domain::{
    Actor, Directory, Listing, Member, Record, SchedulePerson,
    rota::{OverrideKind, Rota},
};
use types::{
    BindingView, CoverView, FoundPeople, LinkState, MemberAbsence, MemberView, Outlook,
    OverrideChoice, OverrideView, PagerDutyUserId, PersonId, PersonView, ProposalView, RotaView,
    RotationCard, RotationList, RotationNeed, RotationPage, Timestamp,
};

pub(in crate::backend) fn card(
    rotation: &ListedRotation,
    outlook: Outlook,
    needs: Vec<RotationNeed>,
) -> RotationCard {
    RotationCard {
        id: rotation.id.clone(),
        name: rotation.details.name.clone(),
        code: rotation.details.code.clone(),
        mode: rotation.plan.mode(),
        visibility: rotation.details.visibility,
        member_count: rotation.member_count,
        outlook,
        needs,
    }
}

pub(in crate::backend) fn rotation_list(listing: Listing<RotationCard>) -> RotationList {
    RotationList {
        cards: listing.items,
        counts: listing.counts,
        before: count(listing.before),
        page: count(listing.page),
        pages: count(listing.pages),
    }
}

/// How much of a plan a rotation's page lists. Of shifts of a few hours there are a hundred and more in
/// five weeks, and the timeline has them.
const PLAN_LISTED: usize = 24;

pub(in crate::backend) fn rotation_page(actor: &Actor, state: RotationState) -> RotationPage {
    let bound = state.bound.as_ref();
    let people = bound.map_or(&[][..], |bound| &bound.people);
    let rotation = state.rotation;
    let name = |person: &PersonId| {
        let person = state.directory.person(person);
        person.map(|person| person.name.clone())
    };
    let overrides = state.overrides.into_iter().map(|stored| OverrideView {
        may_end: may_end(actor, &rotation, &stored),
        starts_at: stored.made.span.from,
        ends_at: stored.made.span.until,
        kind: match stored.made.kind {
            OverrideKind::Replace { is_cover: true, .. } => OverrideChoice::Cover,
            OverrideKind::Replace { .. } => OverrideChoice::Replace,
            OverrideKind::Add(_) => OverrideChoice::Add,
            OverrideKind::Empty { .. } => OverrideChoice::Empty,
        },
        by: stored.made.by().cloned(),
        of: stored.relieved_name,
        has_left: stored.has_left,
        made_by: stored.made_by.as_ref().and_then(name),
        runs: stored.made.span.holds(state.now),
        is_idle: rotation.plan.rota().is_some_and(|rota| {
            let size = rotation.details.duty_size;
            rota.is_idle(&stored.made, &rotation.crew.members, size, state.now)
        }),
        id: stored.id,
    });
    let absences = state.absences.into_iter().map(|absence| MemberAbsence {
        name: name(&absence.person).unwrap_or_default(),
        starts_at: absence.span.from,
        ends_at: absence.span.until,
        note: absence.note,
    });
    let covers = state.covers.into_iter().map(|cover| CoverView {
        may_take: may_take(actor, &rotation, &cover, state.now),
        may_withdraw: may_withdraw(actor, &rotation, &cover),
        id: cover.id,
        starts_at: cover.request.span.from,
        ends_at: cover.request.span.until,
        asked_by: cover.asked_by_name,
        asked: cover.asked_name,
    });
    let (overrides, covers) = (overrides.collect(), covers.collect());
    let absences = absences.collect();
    let duty_size = rotation.details.duty_size;
    let mut plan = domain::coming(&state.plan, state.now);
    let (history, history_sources): (Vec<_>, Vec<_>) = state.history.into_iter().unzip();
    domain::begun(&mut plan, &state.outlook, &history, state.now);
    let plan_beyond = count(plan.len().saturating_sub(PLAN_LISTED));
    plan.truncate(PLAN_LISTED);
    RotationPage {
        outlook: state.outlook,
        contacts: state.contacts,
        plan,
        plan_beyond,
        history: history.iter().map(Record::stretch).collect(),
        history_sources,
        days: state.days,
        coverage: state.coverage,
        overrides,
        covers,
        absences,
        may_take_over: state.may_take_over,
        may_ask_for_cover: state.may_ask_for_cover,
        may_link: state.may_link,
        may_edit: state.may_edit,
        pagerduty_connected: state.connected,
        candidates: match state.may_edit && rotation.plan.mode().members_are_ours() {
            true => found_people(members::found(&state.directory, "", &[])),
            false => FoundPeople::default(),
        },
        owners: owners(&rotation.owners, &state.directory),
        members: rotation
            .crew
            .members
            .iter()
            .map(|one| member(one, people))
            .collect(),
        version: rotation.version(),
        id: rotation.id,
        details: rotation.details,
        mode: rotation.plan.mode(),
        rota: rotation.plan.rota().map(|planned| rota(planned, duty_size)),
        binding: state.bound.map(|bound| binding(bound, state.now)),
    }
}

pub(in crate::backend) fn proposal(proposed: Proposed) -> ProposalView {
    let Proposed {
        rotation,
        preview,
        to_come,
    } = proposed;
    ProposalView {
        version: rotation.version(),
        name: rotation.details.name,
        preview,
        to_come,
    }
}

fn rota(rota: &Rota, duty_size: u32) -> RotaView {
    let input = rota.terms.input(duty_size);
    RotaView {
        words: rota.terms.in_words(),
        zone: input.zone.clone(),
        input: serde_json::to_string(&input).unwrap_or_default(),
    }
}

fn binding(bound: Bound, now: Timestamp) -> BindingView {
    let schedule = bound.schedule;
    let zone = schedule.time_zone.as_ref();
    let zone_is_known = zone.is_some_and(|zone| domain::zone(zone, now).is_some());
    BindingView {
        schedule: schedule.id,
        schedule_name: schedule.name,
        schedule_url: schedule.url,
        time_zone: schedule.time_zone,
        zone_is_known,
        confirmed_at: schedule.confirmed_at,
        stale_at: bound.stale_at,
        health: bound.health,
        next_sync_at: bound.next_sync_at,
        problem: bound.problem,
        left_out: schedule.left_out,
    }
}

/// A member, and what PagerDuty calls them where an admin linked them to another name.
fn member(member: &Member, people: &[SchedulePerson]) -> MemberView {
    let other_name = |user: &PagerDutyUserId| {
        let person = people.iter().find(|person| person.id == *user)?;
        (member.link == LinkState::LinkedByHand && person.name != member.name)
            .then(|| person.name.clone())
    };
    MemberView {
        key: member.key.clone(),
        pagerduty_user: member.pagerduty_user.clone(),
        pagerduty_name: member.pagerduty_user.as_ref().and_then(other_name),
        name: member.name.clone(),
        email: member.email.clone(),
        link: member.link,
    }
}

/// By name.
fn owners(owners: &[PersonId], directory: &Directory) -> Vec<PersonView> {
    let mut owners: Vec<_> = owners
        .iter()
        .filter_map(|owner| directory.person(owner).cloned())
        .map(PersonView::from)
        .collect();
    owners.sort_by_cached_key(|owner| owner.name.to_lowercase());
    owners
}
