//! Whoever comes with a session's cookie or with the address of a feed, and whether that counts
//! at present. It does as long as the person does, and their workspace.

use crate::{Person, Standing};
use types::{Timestamp, WorkspaceId};

/// Somebody, and what has to hold for them to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    pub workspace: WorkspaceId,
    /// There is an installation of Round Robin in the workspace.
    pub installed: bool,
    /// Whether Slack still honours it.
    pub standing: Standing,
    /// The workspace that installed Round Robin first, whichever it is.
    pub first_workspace: Option<WorkspaceId>,
    /// As the directory knows them now, not as at sign-in.
    pub person: Person,
    /// The time at the database, by which all of this is measured.
    pub as_of: Timestamp,
}

impl Admission {
    /// Whether they may read here, if the deployment serves their workspace.
    pub fn may_read(&self) -> bool {
        self.installed && self.standing.is_readable(self.as_of) && !self.person.deactivated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Doubt, READABLE_SECONDS};
    use types::{PersonId, Role, SlackWord};

    const START: Timestamp = Timestamp::from_millis(0);

    fn admission(standing: Standing, seconds: i64) -> Admission {
        Admission {
            workspace: WorkspaceId::new("T1"),
            installed: true,
            standing,
            first_workspace: Some(WorkspaceId::new("T1")),
            person: Person {
                id: PersonId::new("U1"),
                name: "Ana".to_owned(),
                email: None,
                role: Role::Member,
                deactivated: false,
            },
            as_of: START.plus_seconds(seconds),
        }
    }

    fn word() -> SlackWord {
        SlackWord::parse("token_revoked").unwrap()
    }

    #[test]
    fn who_is_deactivated_is_let_in_nowhere() {
        let mut gone = admission(Standing::Sound, 0);
        assert!(gone.may_read());
        gone.person.deactivated = true;
        assert!(!gone.may_read());
    }

    #[test]
    fn nobody_of_a_workspace_that_removed_the_app_is_let_in() {
        let removed = Admission {
            installed: false,
            ..admission(Standing::Sound, 0)
        };
        assert!(!removed.may_read());
    }

    #[test]
    fn a_doubt_about_the_installation_keeps_nobody_out() {
        let doubted = Standing::Doubted(Doubt {
            word: word(),
            since: START,
            denials: 1,
            denied_at: Some(START),
        });
        assert!(admission(doubted, READABLE_SECONDS + 1).may_read());
    }

    #[test]
    fn after_the_end_of_the_installation_people_read_on_for_twelve_hours() {
        let ended = || Standing::Ended {
            word: word(),
            at: START,
        };
        assert!(admission(ended(), 12 * 3600 - 1).may_read());
        assert!(!admission(ended(), 12 * 3600).may_read());
    }
}
