//! A rotation and whoever takes turns in it.

use types::{
    Holder, LinkState, MemberKey, PagerDutyUserId, PersonId, RotationDetails, RotationId,
    RotationMode, RotationRefusal, Timestamp, WorkspaceId,
};

/// A rotation with everybody on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub id: RotationId,
    pub workspace: WorkspaceId,
    pub details: RotationDetails,
    pub mode: RotationMode,
    pub owners: Vec<PersonId>,
    /// In the order of their turns.
    pub members: Vec<Member>,
}

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
    pub duty: Option<Duty>,
}

/// Being on duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duty {
    pub since: Timestamp,
    /// The end of the shift; absent when somebody put them on duty by hand.
    pub until: Option<Timestamp>,
}

impl Duty {
    /// Since when somebody is on duty who had this duty, and is said to have one from `start`
    /// on: whose duty goes on without a break has it since it began.
    pub(crate) fn begin(self, start: Timestamp) -> Timestamp {
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

/// Whether these are the same people in the same order as those, whoever is on duty.
pub fn same_roster(these: &[Member], those: &[Member]) -> bool {
    let off_duty = |member: &Member| Member {
        duty: None,
        ..member.clone()
    };
    these.iter().map(off_duty).eq(those.iter().map(off_duty))
}

/// The names of those of `members` who are on duty, in their order.
pub fn names_on_duty(members: &[Member]) -> Vec<&str> {
    members
        .iter()
        .filter(|member| member.duty.is_some())
        .map(|member| member.name.as_str())
        .collect()
}

impl Rotation {
    /// The names of those on duty, for the audit log.
    pub fn on_duty_names(&self) -> String {
        let names = names_on_duty(&self.members);
        if names.is_empty() {
            "Nobody".to_owned()
        } else {
            names.join(", ")
        }
    }

    /// Members and turns are ours to change in Manual mode only.
    pub(crate) fn must_be_manual(&self) -> Result<(), RotationRefusal> {
        match self.mode {
            RotationMode::Manual => Ok(()),
            RotationMode::PagerDuty => Err(RotationRefusal::Bound),
            RotationMode::Unknown => Err(RotationRefusal::UnknownMode),
        }
    }

    pub(crate) fn position_of(&self, key: &MemberKey) -> Result<usize, RotationRefusal> {
        self.members
            .iter()
            .position(|member| member.key == *key)
            .ok_or(RotationRefusal::NotAMember)
    }
}

#[cfg(test)]
pub(crate) mod examples {
    //! Rotations for the tests of the rules.

    use super::*;
    use types::Visibility;

    pub fn person(name: &str) -> PersonId {
        PersonId::new(format!("U{}", name.to_uppercase()))
    }

    pub fn member(name: &str) -> Member {
        let person = person(name);
        Member {
            key: MemberKey::of_person(&person),
            person: Some(person),
            pagerduty_user: None,
            name: name.to_owned(),
            email: None,
            link: LinkState::Linked,
            duty: None,
        }
    }

    pub fn rotation(names: &[&str]) -> Rotation {
        Rotation {
            id: RotationId::new("r1"),
            workspace: WorkspaceId::new("T1"),
            details: RotationDetails {
                name: "Ops".to_owned(),
                description: String::new(),
                code: None,
                duty_size: 1,
                visibility: Visibility::Public,
            },
            mode: RotationMode::Manual,
            owners: Vec::new(),
            members: names.iter().map(|name| member(name)).collect(),
        }
    }

    pub fn key(name: &str) -> MemberKey {
        MemberKey::of_person(&person(name))
    }
}
