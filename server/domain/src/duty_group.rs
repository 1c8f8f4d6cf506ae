//! Who belongs in a user group of Slack that follows rotations, and what it takes to bring the
//! group there. Groups are written as whole lists, so a rule says who is in it, and not who comes
//! and goes.

use crate::Directory;
use std::collections::BTreeSet;
use types::{Holder, NobodyOnDuty, PersonId, WhyLeftOut};

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

/// A group as Slack has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupState {
    pub members: BTreeSet<PersonId>,
    /// A disabled group reaches nobody, and keeps its members.
    pub disabled: bool,
}

/// What a group should be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupGoal {
    /// Enabled, with these, of whom there is at least one.
    Members(BTreeSet<PersonId>),
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

/// What a group should be like, and who is on duty and cannot be in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPlan {
    pub goal: GroupGoal,
    /// By name, each once.
    pub left_out: Vec<(String, WhyLeftOut)>,
}

/// What becomes of a group while these are on duty in the rotations that feed it. Whoever cannot
/// be in it keeps nobody else out.
pub fn group_plan<'a>(
    rules: &GroupRules,
    on_duty: impl IntoIterator<Item = &'a Holder>,
    directory: &Directory,
) -> GroupPlan {
    let mut present = BTreeSet::new();
    let mut left_out = BTreeSet::new();
    for holder in on_duty {
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
        (false, _) => Some(present),
        (true, NobodyOnDuty::Fallback) => Some(rules.able(&rules.fallback, directory)),
        (true, NobodyOnDuty::Keep | NobodyOnDuty::Disable) => None,
    };
    let members = members.map(|mut members| {
        members.extend(rules.able(&rules.permanent, directory));
        members
    });
    let goal = match members {
        // Whether a group can be emptied is not certain.
        Some(members) if members.is_empty() => GroupGoal::AsItIs,
        Some(members) => GroupGoal::Members(members),
        None if rules.when_nobody == NobodyOnDuty::Disable => GroupGoal::Disabled,
        None => GroupGoal::AsItIs,
    };
    GroupPlan {
        goal,
        left_out: left_out.into_iter().collect(),
    }
}

impl GroupRules {
    /// Whom somebody on duty is in the group.
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
        let is_active = |person: &&PersonId| {
            let known = directory.person(person);
            known.is_some_and(|known| !known.deactivated)
        };
        let able = people.difference(&self.not_taken).filter(is_active);
        able.cloned().collect()
    }
}

impl GroupGoal {
    /// What is to be written where the group is like this, in this order: a group that is enabled
    /// again reaches nobody who was in it before.
    pub fn writes(&self, state: &GroupState) -> Vec<GroupWrite> {
        let mut writes = Vec::new();
        match self {
            Self::Members(members) => {
                if state.members != *members {
                    writes.push(GroupWrite::Members(members.clone()));
                }
                if state.disabled {
                    writes.push(GroupWrite::Enable);
                }
            }
            Self::Disabled if !state.disabled => writes.push(GroupWrite::Disable),
            Self::Disabled | Self::AsItIs => {}
        }
        writes
    }

    /// Who is in the group no more once it is brought there.
    pub fn takes_out(&self, state: &GroupState) -> BTreeSet<PersonId> {
        match self {
            Self::Members(members) => state.members.difference(members).cloned().collect(),
            Self::Disabled | Self::AsItIs => BTreeSet::new(),
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

    fn goal(rules: &GroupRules, on_duty: &[&str]) -> GroupGoal {
        let holders: Vec<_> = on_duty.iter().map(|name| member(name).holder()).collect();
        group_plan(rules, &holders, &directory()).goal
    }

    fn members(names: &[&str]) -> GroupGoal {
        GroupGoal::Members(people(names))
    }

    fn state(names: &[&str], disabled: bool) -> GroupState {
        GroupState {
            members: people(names),
            disabled,
        }
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
        let mut on_duty: Vec<_> = ["gone", "cy", "ann"]
            .map(|name| member(name).holder())
            .to_vec();
        on_duty.extend([unlinked("zoe"), unlinked("zoe")]);
        let plan = group_plan(&rules, &on_duty, &directory());
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
    fn while_nobody_who_can_be_in_it_is_on_duty_it_goes_by_what_was_chosen() {
        let rules = |when_nobody| GroupRules {
            when_nobody,
            permanent: people(&["cy"]),
            fallback: people(&["bob", "gone"]),
            ..GroupRules::default()
        };
        for on_duty in [&[][..], &["gone"]] {
            assert_eq!(goal(&rules(NobodyOnDuty::Keep), on_duty), GroupGoal::AsItIs);
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
    }

    #[test]
    fn only_another_list_of_members_takes_people_out() {
        let before = state(&["ann", "bob"], false);
        assert_eq!(members(&["ann", "cy"]).takes_out(&before), people(&["bob"]));
        assert_eq!(GroupGoal::Disabled.takes_out(&before), people(&[]));
    }
}
