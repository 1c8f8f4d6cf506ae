//! Identifiers as types, so that a person's id cannot be passed where a
//! rotation's is wanted. Their text is opaque: it is compared, never parsed.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
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

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
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
    /// A rotation; made by the server.
    RotationId
);
opaque_id!(
    /// A row of the audit log; made by the server, ascending with time.
    AuditId
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

    pub fn of_pagerduty_user(user: &PagerDutyUserId) -> Self {
        Self(format!("pagerduty:{user}"))
    }
}
