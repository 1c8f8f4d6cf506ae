//! The user group of a rotation, or those to choose from, with people by their names.

use crate::{
    actions::duty_groups::{Chosen, Kept, RotationGroup},
    slack::UserGroup,
};
use domain::Directory;
use types::{DutyGroupView, GroupPreview, GroupSummary, GroupTrouble, KeptGroup, PersonId};

pub(in crate::backend) fn duty_group(group: RotationGroup) -> DutyGroupView {
    let directory = &group.directory;
    DutyGroupView {
        rotation: group.rotation,
        kept: group
            .kept
            .map(|kept| kept_group(kept, (directory, group.may_write))),
        may_write: group.may_write,
        lent_by: group.lent_by,
        has_groups: group.has_groups,
        found: group.found.iter().map(summary).collect(),
        more: group.more,
        chosen: group.chosen.map(|chosen| preview(chosen, directory)),
        trouble: group.trouble.map(|trouble| trouble.to_string()),
    }
}

fn summary(group: &UserGroup) -> GroupSummary {
    GroupSummary {
        id: group.id.clone(),
        handle: group.handle.clone(),
        name: group.name.clone(),
        disabled: group.state.as_ref().is_some_and(|state| state.disabled),
    }
}

fn kept_group(
    Kept {
        group,
        holds,
        left_out,
        waiting,
    }: Kept,
    (directory, may_write): (&Directory, bool),
) -> KeptGroup {
    let trouble = group.problem.map(|(word, _)| GroupTrouble::of_word(&word));
    // That is said already where it is allowed.
    let trouble = trouble.filter(|trouble| may_write || *trouble != GroupTrouble::MissingScope);
    KeptGroup {
        id: group.id,
        handle: group.handle,
        holds,
        when_nobody: group.rules.when_nobody,
        permanent: named(&group.rules.permanent, directory),
        fallback: named(&group.rules.fallback, directory),
        members: group
            .known
            .as_ref()
            .map(|known| names(&known.members, directory)),
        disabled: group.known.is_some_and(|known| known.disabled),
        written_at: group.written_at,
        edited: group.edited.map(|(at, by)| {
            let known = by.as_ref().and_then(|by| directory.person(by));
            (at, known.map(|known| known.name.clone()))
        }),
        left_out,
        trouble_since: trouble.as_ref().and(group.problem_since),
        trouble: trouble.map(|trouble| trouble.to_string()),
        waiting,
        is_shared: group.feeds.len() > 1,
    }
}

fn preview(chosen: Chosen, directory: &Directory) -> GroupPreview {
    let Chosen {
        group,
        holds,
        now,
        plan,
        is_shared,
    } = chosen;
    GroupPreview {
        group: summary(&group),
        holds,
        now: now.as_ref().map(|now| names(&now.members, directory)),
        taken_out: plan
            .goal
            .taken_out(now.as_ref())
            .map(|people| names(&people, directory)),
        then: plan
            .goal
            .members(now.as_ref())
            .map(|people| names(&people, directory)),
        joins_channels: group.joins_channels,
        is_shared,
    }
}

/// By name; whoever is not known by their id.
fn named<'a>(
    people: impl IntoIterator<Item = &'a PersonId>,
    directory: &Directory,
) -> Vec<(PersonId, String)> {
    let named = people.into_iter().map(|person| {
        let known = directory.person(person);
        let name = known.map_or_else(|| person.to_string(), |known| known.name.clone());
        (person.clone(), name)
    });
    let mut named: Vec<_> = named.collect();
    named.sort_by_cached_key(|(_, name)| name.to_lowercase());
    named
}

fn names<'a>(people: impl IntoIterator<Item = &'a PersonId>, directory: &Directory) -> Vec<String> {
    let named = named(people, directory).into_iter();
    named.map(|(_, name)| name).collect()
}
