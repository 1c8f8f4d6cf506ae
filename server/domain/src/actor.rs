//! Who acts in a workspace: what a rule asks about rights, and what the audit log keeps. It
//! knows nothing of cookies and forms, so that whatever acts in other ways asks the same rules.

use crate::Relation;
use std::time::Instant;
use types::{PersonId, Role, Visibility, WorkspaceId};

/// Somebody or something that acts in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub workspace: WorkspaceId,
    pub principal: Principal,
    /// The request that they act by, under whose id the log has it. Absent where nobody asked.
    pub request_id: Option<String>,
    /// When they were let in, of those who only read: what was known to hold then is new enough
    /// for them. Absent where it has to hold when it is read.
    pub admitted_at: Option<Instant>,
}

/// Who it is, and through what they act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    Person {
        person: PersonId,
        name: String,
        /// As Slack last told it.
        role: Role,
        through: Through,
    },
    /// Round Robin itself, which may do everything.
    System,
}

/// What a person acts through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// A session of the pages.
    Session,
    /// The address of a calendar feed, which only reads.
    Feed,
    /// A command in Slack.
    Command,
}

impl Actor {
    /// Round Robin itself, which sees all rotations of the workspace; nobody asked.
    pub fn system(workspace: &WorkspaceId) -> Self {
        Self {
            workspace: workspace.clone(),
            principal: Principal::System,
            request_id: None,
            admitted_at: None,
        }
    }

    /// Round Robin, where it goes on with what this actor began.
    #[must_use]
    pub fn followed_by_system(&self) -> Self {
        Self {
            principal: Principal::System,
            ..self.clone()
        }
    }

    /// The person who acts, if it is one.
    pub const fn person(&self) -> Option<&PersonId> {
        match &self.principal {
            Principal::Person { person, .. } => Some(person),
            Principal::System => None,
        }
    }

    /// What the person who acts is called, if it is one.
    pub fn name(&self) -> Option<&str> {
        match &self.principal {
            Principal::Person { name, .. } => Some(name),
            Principal::System => None,
        }
    }

    /// Whether it is this person who acts.
    pub fn is(&self, person: &PersonId) -> bool {
        self.person() == Some(person)
    }

    /// Whether they may do what is for workspace admins.
    pub fn administers(&self) -> bool {
        match &self.principal {
            Principal::Person { role, .. } => role.administers(),
            Principal::System => true,
        }
    }

    /// Whether it is a guest of the Slack workspace.
    pub fn is_guest(&self) -> bool {
        matches!(
            self.principal,
            Principal::Person {
                role: Role::Guest,
                ..
            }
        )
    }

    /// Whether they may see a rotation to which a person has this `relation`.
    pub fn may_see(
        &self,
        visibility: Visibility,
        relation: impl FnOnce(&PersonId) -> Relation,
    ) -> bool {
        match &self.principal {
            Principal::Person { person, role, .. } => relation(person).may_see(visibility, *role),
            Principal::System => true,
        }
    }

    /// Whether they may edit a rotation to which a person has this `relation`.
    pub fn may_edit(&self, relation: impl FnOnce(&PersonId) -> Relation) -> bool {
        match &self.principal {
            Principal::Person { person, role, .. } => relation(person).may_edit(*role),
            Principal::System => true,
        }
    }
}

#[cfg(test)]
pub(crate) mod examples {
    use super::*;
    use crate::crew::examples::person;

    /// A person of this name and role, by a session.
    pub(crate) fn actor(name: &str, role: Role) -> Actor {
        Actor {
            workspace: WorkspaceId::new("T1"),
            principal: Principal::Person {
                person: person(name),
                name: name.to_owned(),
                role,
                through: Through::Session,
            },
            request_id: Some("request".to_owned()),
            admitted_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{examples::actor, *};
    use crate::crew::examples::person;

    #[test]
    fn what_the_system_goes_on_with_belongs_to_the_same_request() {
        let ann = actor("ann", Role::Guest);
        let system = ann.followed_by_system();
        assert_eq!(system.request_id, ann.request_id);
        assert_eq!(system.workspace, ann.workspace);
        assert_eq!(system.person(), None);
    }

    #[test]
    fn the_system_may_do_everything_and_is_nobody() {
        let system = actor("ann", Role::Guest).followed_by_system();
        let stranger = |_: &PersonId| Relation {
            owner: false,
            member: false,
        };
        assert!(system.administers() && !system.is_guest());
        assert!(system.may_see(Visibility::Private, stranger) && system.may_edit(stranger));
        assert!(!system.is(&person("ann")));
    }
}
