//! Who takes turns in a rotation, and who is on duty: apart, since whoever is on duty need not
//! be one of those who take turns.

use crate::Directory;
use std::collections::{BTreeSet, HashMap};
use types::{Holder, LinkState, MemberKey, PagerDutyUserId, PersonId, Timestamp};

/// Somebody who takes turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub key: MemberKey,
    /// The Slack person behind them, when there is one.
    pub person: Option<PersonId>,
    /// The PagerDuty user they came from, when they came from a schedule.
    pub pagerduty_user: Option<PagerDutyUserId>,
    pub name: String,
    pub email: Option<String>,
    pub link: LinkState,
}

/// Being on duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    pub holder: Holder,
    pub since: Timestamp,
    /// The end of the shift; absent when somebody put them on duty by hand.
    pub until: Option<Timestamp>,
}

/// The people of a rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crew {
    /// In the order of their turns.
    pub members: Vec<Member>,
    /// One for each holder: those of members in their order, then those of others, by key.
    pub duties: Vec<Duty>,
}

impl Duty {
    /// Since when somebody is on duty who had this duty, and is said to have one from `start`
    /// on: whose duty goes on without a break has it since it began.
    pub(crate) fn begin(&self, start: Timestamp) -> Timestamp {
        let goes_on = self.since <= start && self.until.is_some_and(|until| start <= until);
        if goes_on { self.since } else { start }
    }
}

impl Member {
    /// Who they are in a plan and on the pages.
    pub fn holder(&self) -> Holder {
        Holder {
            key: self.key.clone(),
            name: self.name.clone(),
        }
    }

    /// Who they are in the history: the PagerDuty user, or the member where there is none,
    /// since being linked to Slack does not make somebody another person.
    pub fn identity(&self) -> &str {
        match &self.pagerduty_user {
            Some(user) => user.as_str(),
            None => self.key.as_str(),
        }
    }
}

impl Crew {
    /// The people, with the duties in their order.
    pub fn new(members: Vec<Member>, mut duties: Vec<Duty>) -> Self {
        let places: HashMap<_, _> = members.iter().map(|member| &member.key).zip(0..).collect();
        duties.sort_by_cached_key(|duty| {
            let key = &duty.holder.key;
            let place = places.get(key).copied().unwrap_or(usize::MAX);
            (place, key.as_str().to_owned())
        });
        Self { members, duties }
    }

    pub fn duty_of(&self, key: &MemberKey) -> Option<&Duty> {
        self.duties.iter().find(|duty| duty.holder.key == *key)
    }

    pub fn is_on_duty(&self, key: &MemberKey) -> bool {
        self.duty_of(key).is_some()
    }

    /// Whether the same take turns, in whatever order.
    pub fn has_same_members(&self, other: &Self) -> bool {
        let keys = |crew: &Self| -> BTreeSet<MemberKey> {
            crew.members
                .iter()
                .map(|member| member.key.clone())
                .collect()
        };
        keys(self) == keys(other)
    }

    /// In their order.
    pub fn names_on_duty(&self) -> Vec<&str> {
        let duties = self.duties.iter();
        duties.map(|duty| duty.holder.name.as_str()).collect()
    }

    /// Whether a person of the workspace takes turns or is on duty.
    pub fn includes(&self, person: &PersonId) -> bool {
        let key = MemberKey::of_person(person);
        let is_them = |member: &Member| member.person.as_ref() == Some(person);
        self.members.iter().any(is_them) || self.is_on_duty(&key)
    }

    /// [`Member::identity`] of whoever has a duty.
    pub fn identity_of<'a>(&'a self, holder: &'a Holder) -> &'a str {
        let mut members = self.members.iter();
        let member = members.find(|member| member.key == holder.key);
        member.map_or(holder.key.as_str(), Member::identity)
    }

    /// Puts these members on duty from `now` on, until somebody relieves them, and nobody else.
    /// Whoever is on duty already stays so.
    pub(crate) fn put_on_duty(&mut self, places: &[usize], now: Timestamp) {
        let members = places.iter().map(|&place| &self.members[place]);
        let duties = members.map(|member| {
            self.duty_of(&member.key).cloned().unwrap_or(Duty {
                holder: member.holder(),
                since: now,
                until: None,
            })
        });
        let duties = duties.collect();
        *self = Self::new(std::mem::take(&mut self.members), duties);
    }

    /// Takes a member out, and off duty.
    pub(crate) fn remove(&mut self, place: usize) -> Member {
        let member = self.members.remove(place);
        self.duties.retain(|duty| duty.holder.key != member.key);
        member
    }
}

/// The same where it was recorded who that was in Slack, whoever the rotation's members are by now.
pub fn holder_of_past(
    (identity, name): (&str, &str),
    recorded: Option<&MemberKey>,
    members: &[Member],
    directory: &Directory,
) -> Holder {
    let is_member = members.iter().any(|member| member.identity() == identity);
    match recorded.filter(|_| !is_member) {
        Some(key) => Holder {
            key: key.clone(),
            name: key
                .person()
                .and_then(|person| directory.person(&person))
                .map_or(name, |person| &person.name)
                .to_owned(),
        },
        None => holder_of(identity, name, members),
    }
}

/// Who somebody of the history is now, by [`Member::identity`]; whoever is no member any more
/// is called as they were.
pub fn holder_of(identity: &str, name: &str, members: &[Member]) -> Holder {
    let mut members = members.iter();
    if let Some(member) = members.find(|member| member.identity() == identity) {
        return member.holder();
    }
    // A key of a member names its kind, which the id of a PagerDuty user does not.
    let key = if identity.contains(':') {
        MemberKey::new(identity)
    } else {
        MemberKey::of_pagerduty_user(&PagerDutyUserId::new(identity))
    };
    Holder {
        key,
        name: name.to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod examples {
    //! People for the tests of the rules.

    use super::*;

    pub fn person(name: &str) -> PersonId {
        PersonId::new(format!("U{}", name.to_uppercase()))
    }

    pub fn key(name: &str) -> MemberKey {
        MemberKey::of_person(&person(name))
    }

    pub fn member(name: &str) -> Member {
        Member {
            key: key(name),
            person: Some(person(name)),
            pagerduty_user: None,
            name: name.to_owned(),
            email: None,
            link: LinkState::Linked,
        }
    }

    pub fn duty(name: &str, since: Timestamp, until: impl Into<Option<Timestamp>>) -> Duty {
        Duty {
            holder: member(name).holder(),
            since,
            until: until.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        examples::{duty, member, person},
        *,
    };
    use crate::shifts::examples::at;

    #[test]
    fn members_on_duty_come_in_their_order_and_others_after_them() {
        let duties = ["eve", "bob", "dan", "ann"].map(|name| duty(name, at(0), None));
        let crew = Crew::new(vec![member("bob"), member("ann")], duties.to_vec());
        assert_eq!(crew.names_on_duty(), ["bob", "ann", "dan", "eve"]);
    }

    #[test]
    fn whoever_stands_in_belongs_to_the_rotation_and_takes_no_turn() {
        let crew = Crew::new(vec![member("ann")], vec![duty("eve", at(0), at(10))]);
        assert!(crew.includes(&person("eve")) && crew.includes(&person("ann")));
        assert!(!crew.includes(&person("bob")));
        assert_eq!(crew.identity_of(&member("eve").holder()), "slack:UEVE");
    }
}
