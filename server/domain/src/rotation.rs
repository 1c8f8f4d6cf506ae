//! A rotation and whoever takes turns in it.

use types::{
    LinkState, MemberKey, MemberView, PagerDutyUserId, PersonId, RotationDetails, RotationId,
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

impl Member {
    pub fn view(&self) -> MemberView {
        MemberView {
            key: self.key.clone(),
            pagerduty_user: self.pagerduty_user.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            link: self.link,
            on_duty_since: self.duty.map(|duty| duty.since),
            on_duty_until: self.duty.and_then(|duty| duty.until),
        }
    }
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
