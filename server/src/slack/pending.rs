//! A sign-in on its way through Slack. The browser that began it keeps it, sealed: it can
//! be neither read nor changed there, it ends where it began, and anybody may begin one
//! without a row being written.

use crate::crypto::{KeyRing, token_key};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use types::{PersonId, SlackCapability, Timestamp, WorkspaceId};

/// So much of a state's hash tells sign-ins of one browser apart, in characters.
const ID_CHARS: usize = 16;
/// What is kept in the place of a sign-in that has ended.
const USED: &str = "used";

/// A sign-in that waits for the browser to come back from Slack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSignIn {
    pub step: SignInStep,
    /// The path to open once signed in.
    pub return_to: String,
    /// By the database's clock.
    pub expires_at: Timestamp,
}

/// What Slack was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInStep {
    /// Who it is. The ID token must carry the nonce with this hash.
    Identify {
        nonce_key: String,
        /// What Round Robin shall be allowed.
        #[serde(default)]
        wanted: Option<SlackCapability>,
        /// Whether they want to lend their own permission to edit user groups.
        #[serde(default)]
        lends: bool,
    },
    /// To install Round Robin in the workspace of the person identified before.
    Install {
        workspace: WorkspaceId,
        person: PersonId,
    },
    /// To let Round Robin edit user groups in the name of the person identified before.
    Lend {
        workspace: WorkspaceId,
        person: PersonId,
    },
}

/// The name under which the browser keeps the sign-in with this state.
pub fn id(state: &SecretString) -> String {
    let mut key = token_key(state.expose_secret());
    key.truncate(ID_CHARS);
    key
}

/// What the browser keeps from now on of a sign-in that has ended.
pub fn used() -> SecretString {
    SecretString::from(USED)
}

impl PendingSignIn {
    /// Seals it for this state and no other.
    pub fn seal(&self, keys: &KeyRing, state: &SecretString) -> SecretString {
        let json = serde_json::to_string(self).expect("a pending sign-in is plain JSON");
        SecretString::from(keys.seal(&SecretString::from(json), &row(state)))
    }

    /// What the browser kept for this state, if it is a sign-in that is still good at
    /// `now`.
    pub fn open(
        keys: &KeyRing,
        state: &SecretString,
        kept: &SecretString,
        now: Timestamp,
    ) -> Option<Self> {
        let opened = keys.open(kept.expose_secret(), &row(state)).ok()?;
        let pending: Self = serde_json::from_str(opened.expose_secret()).ok()?;
        (pending.expires_at > now).then_some(pending)
    }
}

fn row(state: &SecretString) -> String {
    format!("sign_in:{}", token_key(state.expose_secret()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn keys() -> KeyRing {
        KeyRing::parse(KeyRing::generate().expose_secret()).unwrap()
    }

    fn pending() -> PendingSignIn {
        PendingSignIn {
            step: SignInStep::Install {
                workspace: WorkspaceId::new("T1"),
                person: PersonId::new("U1"),
            },
            return_to: "/settings".to_owned(),
            expires_at: NOW.plus_seconds(1),
        }
    }

    #[test]
    fn what_a_browser_keeps_opens_for_its_state_until_it_expires() {
        let keys = keys();
        let (state, other) = (SecretString::from("s1"), SecretString::from("s2"));
        let kept = pending().seal(&keys, &state);
        let open = |state, now| PendingSignIn::open(&keys, state, &kept, now);
        assert_eq!(open(&state, NOW), Some(pending()));
        assert_eq!(open(&state, NOW.plus_seconds(1)), None);
        assert_eq!(open(&other, NOW), None);
        assert_ne!(id(&state), id(&other));
    }

    #[test]
    fn nothing_can_be_read_in_it_and_nothing_else_opens() {
        let state = SecretString::from("s1");
        let kept = pending().seal(&keys(), &state);
        assert!(!kept.expose_secret().contains("settings"));
        for kept in [kept, used(), SecretString::from("")] {
            assert_eq!(PendingSignIn::open(&keys(), &state, &kept, NOW), None);
        }
    }
}
