//! Who belongs in a user group of Slack that follows rotations, and what it takes to bring the
//! group there. Groups are written as whole lists, so a rule says who is in it, and not who comes
//! and goes.

use crate::Directory;
use std::collections::BTreeSet;
use types::{GroupHolds, Holder, NobodyOnDuty, PersonId, WhyLeftOut};

/// How a group is kept, as somebody chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupRules {
    pub when_nobody: NobodyOnDuty,
    /// Who is in it beside those on duty.
    pub permanent: BTreeSet<PersonId>,
    /// Who is in it while nobody is on duty, where that was chosen.
    pub fallback: BTreeSet<PersonId>,
    /// Those whom Slack did not take.
    pub not_taken: BTreeSet<PersonId>,
}

/// A rotation that feeds a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    pub holds: GroupHolds,
    pub on_duty: Vec<Holder>,
    /// Somebody may be on duty of whom it is not known, whoever else is.
    pub is_unknown: bool,
    /// Who takes turns in it.
    pub members: Vec<Holder>,
}

impl Feed {
    /// Whom of it the group should hold. Whoever is on duty without taking turns is to be reached
    /// as well.
    fn belonging(&self) -> impl Iterator<Item = &Holder> {
        let members = match self.holds {
            GroupHolds::OnDuty => &[][..],
            GroupHolds::Members => &self.members,
        };
        self.on_duty.iter().chain(members)
    }
}

/// A group as Slack has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupState {
    pub members: BTreeSet<PersonId>,
    /// A disabled group reaches nobody, and keeps its members.
    pub disabled: bool,
}

impl GroupState {
    /// The same, with its members by the ids by which they are known here: Slack may tell of
    /// somebody by their other one.
    #[must_use]
    pub fn as_known(&self, directory: &Directory) -> Self {
        let members = self.members.iter();
        Self {
            members: members.map(|member| directory.known_id(member)).collect(),
            disabled: self.disabled,
        }
    }
}

/// What a group should be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupGoal {
    /// Enabled, with these, of whom there is at least one.
    Members(BTreeSet<PersonId>),
    /// Whoever is in it stays, and these, of whom there is at least one, are in it too. A list that
    /// names one of the `barred` is not taken. One that `reaches` somebody on duty is enabled, and then
    /// reaches nobody who was in it while it was not.
    AtLeast {
        people: BTreeSet<PersonId>,
        barred: BTreeSet<PersonId>,
        reaches: bool,
    },
    Disabled,
    /// However it is.
    AsItIs,
}

/// Something to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupWrite {
    Members(BTreeSet<PersonId>),
    Enable,
    Disable,
}

/// What a group should be like, and who belongs in it and cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPlan {
    pub goal: GroupGoal,
    /// By name, each once.
    pub left_out: Vec<(String, WhyLeftOut)>,
}

/// What becomes of a group that these rotations feed. Whoever cannot be in it keeps nobody else
/// out.
pub fn group_plan(rules: &GroupRules, feeds: &[Feed], directory: &Directory) -> GroupPlan {
    let mut present = BTreeSet::new();
    let mut left_out = BTreeSet::new();
    for holder in feeds.iter().flat_map(Feed::belonging) {
        match rules.member(holder, directory) {
            Ok(person) => {
                present.insert(person);
            }
            Err(why) => {
                left_out.insert((holder.name.clone(), why));
            }
        }
    }
    let members = match (present.is_empty(), rules.when_nobody) {
        (false, _) => Some(present.clone()),
        (true, NobodyOnDuty::Fallback) => Some(rules.able(&rules.fallback, directory)),
        (true, NobodyOnDuty::Keep | NobodyOnDuty::Disable) => None,
    };
    let permanent = rules.able(&rules.permanent, directory);
    let is_unknown = |feed: &Feed| feed.is_unknown && feed.holds == GroupHolds::OnDuty;
    let goal = match members {
        // Whoever is in it may be the one: nobody is taken out for what is not known.
        _ if feeds.iter().any(is_unknown) => GroupGoal::AtLeast {
            reaches: !present.is_empty(),
            people: present.into_iter().chain(permanent).collect(),
            barred: rules.barred(directory),
        },
        Some(mut members) => {
            members.extend(permanent);
            GroupGoal::Members(members)
        }
        None if rules.when_nobody == NobodyOnDuty::Disable => GroupGoal::Disabled,
        None => GroupGoal::AtLeast {
            people: permanent,
            barred: rules.barred(directory),
            reaches: false,
        },
    };
    let goal = match goal {
        // Whether a group can be emptied is not certain.
        GroupGoal::Members(people) | GroupGoal::AtLeast { people, .. } if people.is_empty() => {
            GroupGoal::AsItIs
        }
        goal => goal,
    };
    GroupPlan {
        goal,
        left_out: left_out.into_iter().collect(),
    }
}

impl GroupRules {
    /// Whom somebody who belongs in it is in the group.
    fn member(&self, holder: &Holder, directory: &Directory) -> Result<PersonId, WhyLeftOut> {
        let person = holder.key.person();
        let known = person.as_ref().and_then(|person| directory.person(person));
        let known = known.ok_or(WhyLeftOut::NotLinked)?;
        if known.deactivated {
            return Err(WhyLeftOut::Deactivated);
        }
        match self.not_taken.contains(&known.id) {
            true => Err(WhyLeftOut::NotTaken),
            false => Ok(known.id.clone()),
        }
    }

    fn able(&self, people: &BTreeSet<PersonId>, directory: &Directory) -> BTreeSet<PersonId> {
        let known = people.iter().filter_map(|person| directory.person(person));
        let able = known.filter(|known| !known.deactivated && !self.not_taken.contains(&known.id));
        able.map(|known| known.id.clone()).collect()
    }

    /// Who cannot be in the group, however they came into it. Whoever is not known here can, as far
    /// as is known.
    fn barred(&self, directory: &Directory) -> BTreeSet<PersonId> {
        let people = directory.people().iter();
        let deactivated = people.filter(|person| person.deactivated);
        let deactivated = deactivated.map(|person| person.id.clone());
        deactivated.chain(self.not_taken.iter().cloned()).collect()
    }
}

impl GroupGoal {
    /// What is to be written where the group is like this, in this order: a group that is enabled
    /// again reaches nobody who was in it before.
    pub fn writes(&self, state: &GroupState) -> Vec<GroupWrite> {
        let mut writes = Vec::new();
        if let Some(members) = self.members(Some(state))
            && members != state.members
        {
            writes.push(GroupWrite::Members(members));
        }
        match self {
            Self::Members(_) | Self::AtLeast { reaches: true, .. } if state.disabled => {
                writes.push(GroupWrite::Enable);
            }
            Self::Disabled if !state.disabled => writes.push(GroupWrite::Disable),
            _ => {}
        }
        writes
    }

    /// Who is in the group no more once it is brought there.
    pub fn takes_out(&self, state: &GroupState) -> BTreeSet<PersonId> {
        let members = self.members(Some(state));
        let members = members.as_ref().unwrap_or(&state.members);
        state.members.difference(members).cloned().collect()
    }

    /// The same from however it is now; absent where that is not known, and matters.
    pub fn taken_out(&self, state: Option<&GroupState>) -> Option<BTreeSet<PersonId>> {
        match (self, state) {
            (_, Some(state)) => Some(self.takes_out(state)),
            (Self::Disabled | Self::AsItIs, None) => Some(BTreeSet::new()),
            (
                Self::AtLeast {
                    barred,
                    reaches: false,
                    ..
                },
                None,
            ) if barred.is_empty() => Some(BTreeSet::new()),
            (Self::Members(_) | Self::AtLeast { .. }, None) => None,
        }
    }

    /// Who is to be in the group once it is brought there; absent where it is left as it is, or
    /// whoever is in it stays and is not known.
    pub fn members(&self, state: Option<&GroupState>) -> Option<BTreeSet<PersonId>> {
        match self {
            Self::Members(members) => Some(members.clone()),
            Self::AtLeast {
                people,
                barred,
                reaches,
            } => Some(with_those(people, (barred, *reaches), state?)),
            Self::Disabled | Self::AsItIs => None,
        }
    }
}

/// Who is in a group that these are added to. As long as they are in it, nothing is written, and
/// nobody is taken out.
fn with_those(
    people: &BTreeSet<PersonId>,
    (barred, reaches): (&BTreeSet<PersonId>, bool),
    state: &GroupState,
) -> BTreeSet<PersonId> {
    match people.is_subset(&state.members) {
        _ if reaches && state.disabled => people.clone(),
        true => state.members.clone(),
        false => {
            let staying = state.members.difference(barred);
            staying.chain(people).cloned().collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Links, Person,
        crew::examples::{member, person},
    };
    use types::{MemberKey, PagerDutyUserId, Role};

    fn directory() -> Directory {
        let known = |(name, deactivated)| Person {
            id: person(name),
            name: name.to_owned(),
            email: None,
            role: Role::Member,
            deactivated,
        };
        let people = [
            ("ann", false),
            ("bob", false),
            ("cy", false),
            ("gone", true),
        ];
        Directory::new(people.map(known).to_vec(), Links::new())
    }

    fn people(names: &[&str]) -> BTreeSet<PersonId> {
        names.iter().map(|name| person(name)).collect()
    }

    fn unlinked(name: &str) -> Holder {
        Holder {
            key: MemberKey::of_pagerduty_user(&PagerDutyUserId::new(name)),
            name: name.to_owned(),
        }
    }

    fn holders(names: &[&str]) -> Vec<Holder> {
        names.iter().map(|name| member(name).holder()).collect()
    }

    fn feed(holds: GroupHolds, on_duty: &[&str], members: &[&str]) -> Feed {
        Feed {
            holds,
            on_duty: holders(on_duty),
            is_unknown: false,
            members: holders(members),
        }
    }

    fn goal(rules: &GroupRules, on_duty: &[&str]) -> GroupGoal {
        let feed = feed(GroupHolds::OnDuty, on_duty, &["ann", "bob", "cy"]);
        group_plan(rules, &[feed], &directory()).goal
    }

    fn members(names: &[&str]) -> GroupGoal {
        GroupGoal::Members(people(names))
    }

    fn at_least(names: &[&str], barred: &[&str]) -> GroupGoal {
        GroupGoal::AtLeast {
            people: people(names),
            barred: people(barred),
            reaches: false,
        }
    }

    fn state(names: &[&str], disabled: bool) -> GroupState {
        GroupState {
            members: people(names),
            disabled,
        }
    }

    #[test]
    fn of_a_group_that_nobody_knows_it_is_known_only_where_nobody_can_be_taken_out() {
        let full = state(&["ann", "bob", "cy"], false);
        for (goal, of_full, of_unknown) in [
            (members(&["ann"]), Some(2), None),
            (at_least(&["ann"], &["bob"]), Some(0), None),
            (at_least(&["ann"], &[]), Some(0), Some(0)),
            (GroupGoal::Disabled, Some(0), Some(0)),
            (GroupGoal::AsItIs, Some(0), Some(0)),
        ] {
            let count = |state| goal.taken_out(state).map(|people| people.len());
            assert_eq!(count(Some(&full)), of_full, "{goal:?}");
            assert_eq!(count(None), of_unknown, "{goal:?}");
        }
    }

    #[test]
    fn nobody_is_taken_out_for_what_is_not_known() {
        let odd = Feed {
            is_unknown: true,
            ..feed(GroupHolds::OnDuty, &[], &["ann", "bob"])
        };
        let known = feed(GroupHolds::OnDuty, &["cy"], &[]);
        for when_nobody in NobodyOnDuty::ALL {
            let rules = GroupRules {
                when_nobody,
                fallback: people(&["dee"]),
                ..GroupRules::default()
            };
            let goal = |feeds: &[Feed]| group_plan(&rules, feeds, &directory()).goal;
            assert_eq!(goal(std::slice::from_ref(&odd)), GroupGoal::AsItIs);
            let both = goal(&[odd.clone(), known.clone()]);
            let writes = both.writes(&state(&["ann"], false));
            let members = |names| GroupWrite::Members(people(names));
            assert_eq!(writes, [members(&["ann", "cy"])]);
            // One that reached nobody reaches whoever is known to be on duty.
            let writes = both.writes(&state(&["ann"], true));
            assert_eq!(writes, [members(&["cy"]), GroupWrite::Enable]);
        }
        // Of a group that holds all members, it matters to nobody.
        let all = Feed {
            holds: GroupHolds::Members,
            ..odd
        };
        let goal = group_plan(&GroupRules::default(), &[all], &directory()).goal;
        assert_eq!(goal, members(&["ann", "bob"]));
    }

    #[test]
    fn those_on_duty_in_any_rotation_are_in_it_once_beside_those_who_always_are() {
        let rules = GroupRules {
            permanent: people(&["cy", "gone", "nobody"]),
            ..GroupRules::default()
        };
        assert_eq!(
            goal(&rules, &["ann", "bob", "ann"]),
            members(&["ann", "bob", "cy"])
        );
    }

    #[test]
    fn whoever_cannot_be_in_it_keeps_nobody_else_out_and_is_named() {
        let rules = GroupRules {
            not_taken: people(&["cy"]),
            ..GroupRules::default()
        };
        let mut feed = feed(GroupHolds::Members, &["ann"], &["gone", "cy"]);
        feed.members.extend([unlinked("zoe"), unlinked("zoe")]);
        let plan = group_plan(&rules, &[feed], &directory());
        assert_eq!(plan.goal, members(&["ann"]));
        let left_out = [
            ("cy", WhyLeftOut::NotTaken),
            ("gone", WhyLeftOut::Deactivated),
            ("zoe", WhyLeftOut::NotLinked),
        ];
        assert_eq!(
            plan.left_out,
            left_out.map(|(name, why)| (name.to_owned(), why))
        );
    }

    #[test]
    fn of_one_rotation_all_may_be_in_it_and_of_another_those_on_duty() {
        let rules = GroupRules::default();
        let whole = feed(GroupHolds::Members, &["cy"], &["ann"]);
        let other = feed(GroupHolds::OnDuty, &["bob"], &["bob", "gone"]);
        let plan = group_plan(&rules, &[whole.clone(), other], &directory());
        assert_eq!(plan.goal, members(&["ann", "bob", "cy"]));
        assert_eq!(plan.left_out, []);
        // It is no gap where those who take turns are in it all the same.
        let gap = feed(GroupHolds::Members, &[], &["ann"]);
        let disabled = GroupRules {
            when_nobody: NobodyOnDuty::Disable,
            ..rules
        };
        let plan = group_plan(&disabled, &[gap], &directory());
        assert_eq!(plan.goal, members(&["ann"]));
    }

    #[test]
    fn while_nobody_who_can_be_in_it_is_on_duty_it_goes_by_what_was_chosen() {
        let rules = |when_nobody| GroupRules {
            when_nobody,
            permanent: people(&["cy"]),
            fallback: people(&["bob", "gone"]),
            ..GroupRules::default()
        };
        for on_duty in [&[][..], &["gone"]] {
            let kept = goal(&rules(NobodyOnDuty::Keep), on_duty);
            assert_eq!(kept, at_least(&["cy"], &["gone"]));
            assert_eq!(
                goal(&rules(NobodyOnDuty::Disable), on_duty),
                GroupGoal::Disabled
            );
            let fallback = goal(&rules(NobodyOnDuty::Fallback), on_duty);
            assert_eq!(fallback, members(&["bob", "cy"]));
        }
        let without_anybody = GroupRules {
            when_nobody: NobodyOnDuty::Fallback,
            ..GroupRules::default()
        };
        assert_eq!(goal(&without_anybody, &[]), GroupGoal::AsItIs);
        assert_eq!(goal(&GroupRules::default(), &[]), GroupGoal::AsItIs);
    }

    #[test]
    fn nobody_is_written_because_slack_tells_of_them_by_another_id() {
        let others = ["ann", "cy"].map(|name| (person(&format!("other{name}")), person(name)));
        let directory = directory().with_other_ids(others);
        let rules = GroupRules {
            permanent: people(&["othercy"]),
            ..GroupRules::default()
        };
        let feed = feed(GroupHolds::OnDuty, &["otherann"], &[]);
        let goal = group_plan(&rules, &[feed], &directory).goal;
        assert_eq!(goal, members(&["ann", "cy"]));
        for told in [["ann", "othercy"], ["otherann", "othercy"]] {
            let told = state(&told, false).as_known(&directory);
            assert_eq!(goal.writes(&told), []);
            assert_eq!(goal.takes_out(&told), people(&[]));
        }
        let stranger = state(&["otherann", "stranger"], true);
        let known = state(&["ann", "stranger"], true);
        assert_eq!(stranger.as_known(&directory), known);
    }

    #[test]
    fn only_what_differs_is_written_and_nobody_of_before_is_reached_meanwhile() {
        let ann = members(&["ann"]);
        let writes = [GroupWrite::Members(people(&["ann"])), GroupWrite::Enable];
        assert_eq!(ann.writes(&state(&["bob"], true)), writes);
        assert_eq!(ann.writes(&state(&["bob"], false)), writes[..1]);
        assert_eq!(ann.writes(&state(&["ann"], true)), writes[1..]);
        assert_eq!(ann.writes(&state(&["ann"], false)), []);
        let disabled = GroupGoal::Disabled.writes(&state(&["ann"], false));
        assert_eq!(disabled, [GroupWrite::Disable]);
        assert_eq!(GroupGoal::Disabled.writes(&state(&["ann"], true)), []);
        assert_eq!(GroupGoal::AsItIs.writes(&state(&[], true)), []);
        let cy_too = at_least(&["cy"], &["gone"]);
        let added = [GroupWrite::Members(people(&["ann", "cy"]))];
        assert_eq!(cy_too.writes(&state(&["ann"], false)), added);
        assert_eq!(cy_too.writes(&state(&["ann", "cy"], true)), []);
    }

    #[test]
    fn whoever_cannot_be_in_it_is_left_out_of_what_is_written_while_others_are_kept() {
        let rules = GroupRules {
            permanent: people(&["cy"]),
            not_taken: people(&["bob"]),
            ..GroupRules::default()
        };
        let goal = goal(&rules, &[]);
        assert_eq!(goal, at_least(&["cy"], &["bob", "gone"]));
        // Whoever is not known here stays.
        let before = state(&["ann", "bob", "gone", "stranger"], false);
        let written = people(&["ann", "cy", "stranger"]);
        assert_eq!(goal.writes(&before), [GroupWrite::Members(written.clone())]);
        assert_eq!(goal.members(Some(&before)), Some(written));
        assert_eq!(goal.members(None), None);
        assert_eq!(goal.takes_out(&before), people(&["bob", "gone"]));
        // As long as nothing has to be written, nobody is taken out.
        let right = state(&["bob", "cy", "gone"], false);
        assert_eq!(goal.writes(&right), []);
        assert_eq!(goal.takes_out(&right), people(&[]));
    }

    #[test]
    fn only_another_list_of_members_takes_people_out() {
        let before = state(&["ann", "bob"], false);
        assert_eq!(members(&["ann", "cy"]).takes_out(&before), people(&["bob"]));
        assert_eq!(GroupGoal::Disabled.takes_out(&before), people(&[]));
    }
}
