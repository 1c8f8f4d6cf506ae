//! Identifiers as types, so that a person's id cannot be passed where a
//! rotation's is wanted. Their text is opaque: it is compared, never taken apart.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Longer than any id of Slack, PagerDuty or ours.
const MAX_BYTES: usize = 128;

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// An id from a source that is trusted to make ids.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// An id that somebody typed or sent, unless it cannot be one: it
            /// is empty, endless, or holds control characters, which databases
            /// choke on.
            pub fn parse(text: &str) -> Option<Self> {
                let plausible = !text.is_empty()
                    && text.len() <= MAX_BYTES
                    && !text.chars().any(char::is_control);
                plausible.then(|| Self(text.to_owned()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text).ok_or("this cannot be an id")
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

opaque_id!(
    /// A Slack workspace (`T…`), which is also our tenant.
    WorkspaceId
);
opaque_id!(
    /// A person of a Slack workspace (`U…`), unique within the workspace.
    PersonId
);
opaque_id!(
    /// A channel of Slack (`C…`, or `G…` for some private ones).
    SlackChannelId
);
opaque_id!(
    /// A user group of Slack (`S…`).
    SlackGroupId
);
opaque_id!(
    /// A rotation; made by the server.
    RotationId
);
opaque_id!(
    /// A row of the audit log; made by the server, ascending with time.
    AuditId
);
opaque_id!(
    /// What takes back a change that somebody made; made by the server.
    UndoId
);
opaque_id!(
    /// An override of a rotation's own schedule; made by the server.
    OverrideId
);
opaque_id!(
    /// A request for cover; made by the server.
    CoverId
);
opaque_id!(
    /// A time for which somebody is away; made by the server.
    AbsenceId
);
opaque_id!(
    /// A sync; made by the server, ascending with time. The log names it too.
    SyncRunId
);
opaque_id!(
    /// A PagerDuty schedule. Both the 7-character and the longer form occur.
    ScheduleId
);
opaque_id!(
    /// A PagerDuty user.
    PagerDutyUserId
);
opaque_id!(
    /// A member of one rotation: a Slack person (`slack:U…`) or somebody whom
    /// only PagerDuty knows (`pagerduty:P…`).
    MemberKey
);

impl MemberKey {
    pub fn of_person(person: &PersonId) -> Self {
        Self(format!("slack:{person}"))
    }

    /// Whether it is a Slack person's.
    pub fn is_of_person(&self) -> bool {
        self.0.starts_with("slack:")
    }

    pub fn of_pagerduty_user(user: &PagerDutyUserId) -> Self {
        Self(format!("pagerduty:{user}"))
    }

    /// The person of the workspace whose key it is, if it is one's.
    pub fn person(&self) -> Option<PersonId> {
        self.0.strip_prefix("slack:").and_then(PersonId::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::RotationId;

    #[test]
    fn what_cannot_be_an_id_is_refused_on_the_wire_too() {
        for text in ["", "a\0b", "line\nbreak", &"x".repeat(129)] {
            assert_eq!(RotationId::parse(text), None, "{text:?}");
            let json = serde_json::to_string(text).unwrap();
            assert!(
                serde_json::from_str::<RotationId>(&json).is_err(),
                "{text:?}"
            );
        }
        assert!(RotationId::parse("01a20994b8a576b58372a89646332991").is_some());
    }
}
