//! The user group of Slack that holds whoever is on duty in a rotation.

use super::{
    Failure, Stop, publish_rotation,
    rights::{editable, must_edit},
    rotations::Present,
    schedules::directory,
    slack_settings,
};
use crate::{
    Services,
    audit::entry_about,
    slack::{self, AskError, DUTY_GROUP, FRESH, Installed, SEARCHED, SlackError, UserGroup},
    store::{DutyGroup, NewAuditEntry, StoreError},
};
use domain::{
    Actor, Directory, Feed, GroupPlan, GroupRules, GroupState, Member, Occasion, group_plan,
    has_every_word,
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use types::{
    AuditAction, GroupChoice, GroupHolds, GroupRefusal, GroupTrouble, NobodyOnDuty, PersonId,
    RotationId, SlackCapability, SlackGroupId, Standby, TAKEN_OUT_UNASKED, WhyLeftOut, WorkspaceId,
    typed_handle,
};

/// How many groups a search shows.
const SHOWN: usize = 10;
/// What the audit log calls whom a group holds.
const ALL_MEMBERS: &str = "all members";

/// The group of a rotation, or what there is to choose from.
pub struct RotationGroup {
    /// The rotation's name.
    pub rotation: String,
    pub kept: Option<Kept>,
    pub may_write: bool,
    /// The name of whoever lends their permission to edit groups, while that is of use.
    pub lent_by: Option<String>,
    /// Slack tells of groups that could be chosen.
    pub has_groups: bool,
    pub found: Vec<UserGroup>,
    /// Whether more are found.
    pub more: bool,
    pub chosen: Option<Chosen>,
    /// Why Slack does not tell of its groups.
    pub trouble: Option<GroupTrouble>,
    pub directory: Arc<Directory>,
}

/// A group that is kept.
pub struct Kept {
    pub group: DutyGroup,
    /// Whom of this rotation it holds.
    pub holds: GroupHolds,
    /// Who of this rotation belongs in the group and cannot be in it, by name. Those of others may
    /// be none of the reader's business.
    pub left_out: Vec<(String, WhyLeftOut)>,
    /// Something is to be written.
    pub waiting: bool,
}

/// A group that may be chosen.
pub struct Chosen {
    pub group: UserGroup,
    pub holds: GroupHolds,
    /// Absent where Slack does not tell of it.
    pub now: Option<GroupState>,
    pub plan: GroupPlan,
    /// Other rotations feed it too.
    pub is_shared: bool,
}

/// The group of a rotation, for actors who may choose another one. Without one, what a search
/// finds, which without a word is nothing, and what would become of the one that is `chosen`.
pub async fn group(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (search, chosen): (&str, Option<&(SlackGroupId, GroupHolds)>),
) -> Result<RotationGroup, Failure> {
    let (store, workspace) = (&services.store, &actor.workspace);
    let rotation = editable(services, actor, id).await?;
    let mut told = RotationGroup {
        rotation: rotation.details.name,
        kept: kept(services, actor, id).await?,
        may_write: false,
        lent_by: None,
        has_groups: false,
        found: Vec::new(),
        more: false,
        chosen: None,
        trouble: None,
        directory: directory(services, actor).await?,
    };
    let installed = match ready(services, workspace).await? {
        Ok(installed) => installed,
        Err(GroupTrouble::MissingScope) => return Ok(told),
        Err(trouble) => {
            told.trouble = Some(trouble);
            return Ok(told);
        }
    };
    told.may_write = true;
    if told.kept.is_some() {
        return Ok(told);
    }
    let groups = match groups(services, &installed, SEARCHED).await? {
        Ok(groups) => groups,
        Err(trouble) => {
            told.trouble = Some(trouble);
            return Ok(told);
        }
    };
    let lent = slack_settings::group_writer(services, actor).await?;
    let lent = lent.filter(|lent| lent.ended.is_none() && lent.refused_at.is_none());
    told.lent_by = lent.map(|lent| lent.name);
    let mut ours = groups.iter().filter(|group| !group.external);
    told.has_groups = ours.clone().next().is_some();
    let search = search.trim().trim_start_matches('@');
    if !search.is_empty() {
        let mut found = ours
            .clone()
            .filter(|group| has_every_word(search, [group.handle.as_str(), group.name.as_str()]));
        told.found = found.by_ref().take(SHOWN).cloned().collect();
        told.more = found.next().is_some();
    }
    let chosen = chosen.and_then(|(chosen, holds)| {
        let group = ours.find(|group| group.id == *chosen)?;
        Some((group, group.state.clone(), *holds))
    });
    if let Some((group, now, holds)) = chosen {
        let fed = store.duty_group(workspace, DUTY_GROUP, &group.id).await?;
        let (rules, mut feeds) = rules_of(fed);
        let is_shared = !feeds.is_empty();
        feeds.push((id.clone(), holds));
        let feeding = Feeding::read(services, workspace).await?;
        told.chosen = Some(Chosen {
            plan: feeding.plan(&rules, &feeds),
            group: group.clone(),
            holds,
            now,
            is_shared,
        });
    }
    Ok(told)
}

/// What all groups of a workspace should be follows from, read at once.
pub struct Feeding {
    present: Present,
    directory: Arc<Directory>,
}

impl Feeding {
    pub async fn read(services: &Services, workspace: &WorkspaceId) -> Result<Self, Failure> {
        Ok(Self {
            present: Present::read(services, workspace).await?,
            directory: services.store.directory(workspace).await?,
        })
    }

    /// How a group is, with its members by the ids by which they are known here.
    pub fn as_known(&self, state: &GroupState) -> GroupState {
        state.as_known(&self.directory)
    }

    /// What should become of a group that these rotations feed.
    pub fn plan(&self, rules: &GroupRules, feeds: &[(RotationId, GroupHolds)]) -> GroupPlan {
        let feeds = feeds.iter().filter_map(|(id, holds)| {
            let (place, rotation) = self.present.rotation(id)?;
            let outlook = self.present.listed(place, rotation).outlook;
            let on_duty = outlook.on_duty.into_iter();
            Some(Feed {
                holds: *holds,
                on_duty: on_duty.map(|duty| duty.holder).collect(),
                is_unknown: self.present.may_miss_somebody(rotation),
                members: rotation.crew.members.iter().map(Member::holder).collect(),
            })
        });
        group_plan(rules, &feeds.collect::<Vec<_>>(), &self.directory)
    }
}

/// Has a group hold people of a rotation. Where that takes out more than a few, only
/// if somebody has `confirmed` it.
pub async fn connect(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    choice: &GroupChoice,
    confirmed: bool,
) -> Result<(), Stop<GroupRefusal>> {
    editable(services, actor, id).await?;
    let installed = ready(services, &actor.workspace).await?;
    let installed = installed.map_err(GroupRefusal::from)?;
    let groups = groups(services, &installed, FRESH).await?;
    let groups = groups.map_err(GroupRefusal::from)?;
    let group = groups.iter().find(|group| group.id == choice.group);
    let group = group.ok_or(GroupRefusal::from(GroupTrouble::Gone))?;
    let kept = (choice.holds, choice.when_nobody);
    keep(services, actor, id, (group, kept), confirmed).await
}

/// Makes a group of this handle, and has it hold whoever is on duty in a rotation.
pub async fn make(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (handle, when_nobody): (&str, NobodyOnDuty),
) -> Result<(), Stop<GroupRefusal>> {
    editable(services, actor, id).await?;
    let handle = typed_handle(handle).ok_or(GroupRefusal::BadHandle)?;
    if group_of(services, &actor.workspace, id).await?.is_some() {
        return Err(GroupRefusal::ConnectedMeanwhile.into());
    }
    let installed = ready(services, &actor.workspace).await?;
    let installed = installed.map_err(GroupRefusal::from)?;
    let slack = &services.slack;
    let making = slack.user_groups.create(slack, &installed, &handle);
    let made = match making.await {
        Ok(made) => made,
        Err(AskError::Store(error)) => return Err(error.into()),
        Err(AskError::Slack(error)) => return Err(not_made(&error).into()),
    };
    let kept = (GroupHolds::default(), when_nobody);
    let keeping = keep(services, actor, id, (&made, kept), true).await;
    keeping.map_err(|stop| match stop {
        // It is there all the same.
        Stop::Refused(GroupRefusal::ConnectedMeanwhile) => {
            let handle = made.handle.clone();
            GroupRefusal::MadeMeanwhile { handle }.into()
        }
        stop => {
            tracing::warn!(group = %made.id, handle = made.handle, "a user group was made and is not connected");
            stop
        }
    })
}

fn not_made(error: &SlackError) -> GroupRefusal {
    match error.code().as_str() {
        "handle_already_exists" => GroupRefusal::HandleTaken,
        "bad_handle" => GroupRefusal::BadHandle,
        _ if error.may_have_acted() => GroupRefusal::MadeOrNot,
        word => GroupTrouble::of_word(word).into(),
    }
}

async fn keep(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (group, (holds, when_nobody)): (&UserGroup, (GroupHolds, NobodyOnDuty)),
    confirmed: bool,
) -> Result<(), Stop<GroupRefusal>> {
    let (store, workspace) = (&services.store, &actor.workspace);
    if group.external {
        return Err(GroupRefusal::from(GroupTrouble::External).into());
    }
    let fed = store.duty_group(workspace, DUTY_GROUP, &group.id).await?;
    let is_new = fed.is_none();
    let (mut rules, mut feeds) = rules_of(fed);
    if is_new {
        rules.when_nobody = when_nobody;
    }
    feed_with(&mut feeds, id, holds);
    if !confirmed {
        let state = group.state.as_ref();
        takes_out_few(services, workspace, (&rules, &feeds), state).await?;
    }
    if is_new {
        let named = (&group.id, group.handle.as_str());
        store.begin_group(workspace, named, when_nobody).await?;
    }
    let after = Some((&group.id, holds, format!("@{}", group.handle)));
    choose(services, actor, id, after).await?;
    let target = (DUTY_GROUP, group.id.as_str());
    store.tell_now(workspace, id, target).await?;
    Ok(())
}

/// Has a group hold these people of a rotation, whatever it held of it before.
fn feed_with(feeds: &mut Vec<(RotationId, GroupHolds)>, id: &RotationId, holds: GroupHolds) {
    feeds.retain(|(rotation, _)| rotation != id);
    feeds.push((id.clone(), holds));
}

/// Refuses where a group that is like this would lose more than a few people, or may, since it is not
/// known what it is like.
async fn takes_out_few(
    services: &Services,
    workspace: &WorkspaceId,
    (rules, feeds): (&GroupRules, &[(RotationId, GroupHolds)]),
    state: Option<&GroupState>,
) -> Result<(), Stop<GroupRefusal>> {
    let feeding = Feeding::read(services, workspace).await?;
    let plan = feeding.plan(rules, feeds);
    let state = state.map(|state| feeding.as_known(state));
    let taken_out = plan.goal.taken_out(state.as_ref());
    let taken_out = taken_out.ok_or(GroupRefusal::TakesOutUnknown)?.len();
    if taken_out > TAKEN_OUT_UNASKED {
        let count = u32::try_from(taken_out).unwrap_or(u32::MAX);
        return Err(GroupRefusal::TakesOut { count }.into());
    }
    Ok(())
}

/// Has a rotation feed no group any more. Whoever is in it stays, unless other rotations feed it.
pub async fn leave(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
) -> Result<(), Stop<GroupRefusal>> {
    choose(services, actor, id, None).await
}

/// Has a rotation feed this group, known by its handle, and no other.
async fn choose(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    chosen: Option<(&SlackGroupId, GroupHolds, String)>,
) -> Result<(), Stop<GroupRefusal>> {
    let (store, workspace) = (&services.store, &actor.workspace);
    let former = group_of(services, workspace, id).await?;
    let target = chosen.as_ref();
    let target = target.map(|(id, holds, _)| (id.as_str(), occasion(*holds)));
    let set = store
        .set_target(workspace, id, (DUTY_GROUP, target), |rotation, before| {
            must_edit(rotation, actor)?;
            // One is chosen where there is none.
            if let (Some((before, _)), Some((after, _))) = (before, target)
                && before != after
            {
                return Err(GroupRefusal::ConnectedMeanwhile.into());
            }
            Ok::<_, Stop<GroupRefusal>>(NewAuditEntry {
                before: former.as_ref().map(|group| format!("@{}", group.handle)),
                after: chosen.as_ref().map(|(_, holds, handle)| match holds {
                    GroupHolds::OnDuty => handle.clone(),
                    GroupHolds::Members => format!("{handle}, {ALL_MEMBERS}"),
                }),
                ..entry_about(actor, AuditAction::SetDutyGroup, rotation)
            })
        })
        .await?;
    if !set.ok_or(Failure::NotFound)?? {
        return Ok(());
    }
    // The former one holds whoever is on duty in the others from now on.
    if let Some(former) = former
        && target.is_none_or(|(target, _)| target != former.id.as_str())
        && let Some(other) = former.rotations().find(|other| *other != id)
    {
        let target = (DUTY_GROUP, former.id.as_str());
        store.tell_now(workspace, other, target).await?;
    }
    publish_rotation(services, actor, id);
    Ok(())
}

/// When a group that holds these people of a rotation is looked at.
fn occasion(holds: GroupHolds) -> Occasion {
    match holds {
        GroupHolds::OnDuty => Occasion::ChangeOfDuty,
        GroupHolds::Members => Occasion::ChangeOfPeople,
    }
}

/// Chooses whom of a rotation its group holds. Where that takes out more than a few, only if
/// somebody has `confirmed` it.
pub async fn set_holds(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    holds: GroupHolds,
    confirmed: bool,
) -> Result<(), Stop<GroupRefusal>> {
    let (store, workspace) = (&services.store, &actor.workspace);
    editable(services, actor, id).await?;
    let fed = group_of(services, workspace, id).await?;
    let fed = fed.ok_or(GroupRefusal::NotConnected)?;
    let group = fed.id.clone();
    if !confirmed {
        let state = present(services, workspace, &fed).await?;
        let (rules, mut feeds) = (fed.rules, fed.feeds);
        feed_with(&mut feeds, id, holds);
        takes_out_few(services, workspace, (&rules, &feeds), state.as_ref()).await?;
    }
    let after = match holds {
        GroupHolds::OnDuty => "whoever is on duty",
        GroupHolds::Members => ALL_MEMBERS,
    };
    let told = (DUTY_GROUP, Some((group.as_str(), occasion(holds))));
    let set = store
        .set_target(workspace, id, told, |rotation, before| {
            must_edit(rotation, actor)?;
            // Somebody may have disconnected it meanwhile, or connected another one.
            if before.is_none_or(|(before, _)| before != group.as_str()) {
                return Err(GroupRefusal::NotConnected.into());
            }
            Ok::<_, Stop<GroupRefusal>>(NewAuditEntry {
                after: Some(format!("Of {}: {after}", rotation.details.name)),
                ..entry_about(actor, AuditAction::ChangedDutyGroup, rotation)
            })
        })
        .await?;
    set.ok_or(Failure::NotFound)??;
    tell(services, actor, id, &group).await
}

/// Chooses what becomes of a rotation's group while nobody is on duty. Where that takes out more
/// than a few, only if somebody has `confirmed` it.
pub async fn set_when_nobody(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    when_nobody: NobodyOnDuty,
    confirmed: bool,
) -> Result<(), Stop<GroupRefusal>> {
    let after = format!("While nobody is on duty: {}", when_nobody.code());
    let choose = |rules: &mut GroupRules| rules.when_nobody = when_nobody;
    change(services, actor, id, (after, choose), confirmed).await
}

/// Has people in a rotation's group beside those on duty, or in their place, or no more. Where that
/// takes out more than a few, only if somebody has `confirmed` it.
pub async fn set_standby(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (standby, person): (Standby, &PersonId),
    is_in: bool,
    confirmed: bool,
) -> Result<(), Stop<GroupRefusal>> {
    let directory = directory(services, actor).await?;
    let known = directory.person(person);
    if is_in && known.is_none_or(|known| known.deactivated) {
        return Err(GroupRefusal::NobodyChosen.into());
    }
    let name = known.map_or(person.as_str(), |known| &known.name);
    let after = match (standby, is_in) {
        (Standby::Permanent, true) => format!("{name} is always in it"),
        (Standby::Permanent, false) => format!("{name} is in it while on duty"),
        (Standby::Fallback, true) => format!("{name} is in it while nobody is on duty"),
        (Standby::Fallback, false) => format!("{name} is not in it while nobody is on duty"),
    };
    let choose = |rules: &mut GroupRules| {
        let people = match standby {
            Standby::Permanent => &mut rules.permanent,
            Standby::Fallback => &mut rules.fallback,
        };
        match is_in {
            true => people.insert(person.clone()),
            false => people.remove(person),
        };
    };
    change(services, actor, id, (after, choose), confirmed).await
}

async fn change(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (after, change): (String, impl Fn(&mut GroupRules) + Send + Sync),
    confirmed: bool,
) -> Result<(), Stop<GroupRefusal>> {
    let rotation = editable(services, actor, id).await?;
    let fed = group_of(services, &actor.workspace, id).await?;
    let fed = fed.ok_or(GroupRefusal::NotConnected)?;
    let group = fed.id.clone();
    if !confirmed {
        let state = present(services, &actor.workspace, &fed).await?;
        let (mut rules, feeds) = (fed.rules, fed.feeds);
        change(&mut rules);
        takes_out_few(services, &actor.workspace, (&rules, &feeds), state.as_ref()).await?;
    }
    let entry = NewAuditEntry {
        after: Some(after),
        ..entry_about(actor, AuditAction::ChangedDutyGroup, &rotation)
    };
    if !services.store.change_group(&group, change, &entry).await? {
        return Err(GroupRefusal::NotConnected.into());
    }
    tell(services, actor, id, &group).await
}

/// Has a rotation's group written now, if it differs from what it should be.
pub async fn write_now(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
) -> Result<(), Stop<GroupRefusal>> {
    editable(services, actor, id).await?;
    let group = fed_by(services, id).await?;
    let (store, workspace) = (&services.store, &actor.workspace);
    // Whom Slack did not take then it may take now.
    store
        .note_not_taken(workspace, &group, &BTreeSet::new())
        .await?;
    tell(services, actor, id, &group).await
}

async fn tell(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    group: &SlackGroupId,
) -> Result<(), Stop<GroupRefusal>> {
    let target = (DUTY_GROUP, group.as_str());
    services
        .store
        .tell_now(&actor.workspace, id, target)
        .await?;
    publish_rotation(services, actor, id);
    Ok(())
}

/// The group that a rotation feeds.
pub(super) async fn group_of(
    services: &Services,
    workspace: &WorkspaceId,
    id: &RotationId,
) -> Result<Option<DutyGroup>, StoreError> {
    let store = &services.store;
    let Some(target) = store.target(id, DUTY_GROUP).await? else {
        return Ok(None);
    };
    let group = SlackGroupId::new(target);
    store.duty_group(workspace, DUTY_GROUP, &group).await
}

/// How a group is that rotations feed: as Slack tells, and where it does not, as it was last known.
async fn present(
    services: &Services,
    workspace: &WorkspaceId,
    group: &DutyGroup,
) -> Result<Option<GroupState>, Failure> {
    let told = match ready(services, workspace).await? {
        Ok(installed) => groups(services, &installed, FRESH).await?.ok(),
        Err(_) => None,
    };
    let told = told.and_then(|groups| {
        let present = groups.iter().find(|present| present.id == group.id)?;
        present.state.clone()
    });
    Ok(told.or_else(|| group.known.clone()))
}

async fn fed_by(services: &Services, id: &RotationId) -> Result<SlackGroupId, Stop<GroupRefusal>> {
    let target = services.store.target(id, DUTY_GROUP).await?;
    Ok(SlackGroupId::new(target.ok_or(GroupRefusal::NotConnected)?))
}

async fn kept(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
) -> Result<Option<Kept>, Failure> {
    let (store, workspace) = (&services.store, &actor.workspace);
    let Some(group) = group_of(services, workspace, id).await? else {
        return Ok(None);
    };
    let told = store.targets_told(workspace, DUTY_GROUP).await?;
    let own = group.feeds.iter().find(|(rotation, _)| rotation == id);
    let holds = own.map_or_else(GroupHolds::default, |(_, holds)| *holds);
    let feeding = Feeding::read(services, workspace).await?;
    let plan = feeding.plan(&group.rules, &[(id.clone(), holds)]);
    Ok(Some(Kept {
        left_out: plan.left_out,
        holds,
        waiting: told.contains(group.id.as_str()),
        group,
    }))
}

/// How a group is kept, if it is, and what feeds it.
fn rules_of(fed: Option<DutyGroup>) -> (GroupRules, Vec<(RotationId, GroupHolds)>) {
    fed.map_or_else(Default::default, |group| (group.rules, group.feeds))
}

/// Slack, as long as groups may be read and written there.
async fn ready(
    services: &Services,
    workspace: &WorkspaceId,
) -> Result<Result<Installed, GroupTrouble>, Failure> {
    let installed = slack::installed(&services.slack, workspace).await?;
    Ok(match installed {
        None => Err(GroupTrouble::NotInstalled),
        Some(installed) if installed.is_allowed(SlackCapability::Groups) => Ok(installed),
        Some(_) => Err(GroupTrouble::MissingScope),
    })
}

async fn groups(
    services: &Services,
    installed: &Installed,
    age: Duration,
) -> Result<Result<Arc<Vec<UserGroup>>, GroupTrouble>, Failure> {
    let slack = &services.slack;
    match slack.user_groups.of_late(slack, installed, age).await {
        Ok(groups) => Ok(Ok(groups)),
        Err(AskError::Slack(error)) => Ok(Err(GroupTrouble::of_word(&error.code()))),
        Err(AskError::Store(error)) => Err(error.into()),
    }
}
