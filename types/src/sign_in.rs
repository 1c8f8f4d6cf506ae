//! Why somebody could not be signed in. The reason travels in the address of
//! the sign-in page, so it is a short code there and a sentence on screen.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum SignInProblem {
    #[error("Slack was asked, but the sign-in was cancelled there. Try again when you are ready.")]
    Cancelled,
    #[error(
        "This sign-in was started too long ago, in another browser, or was already used. Start again."
    )]
    Stale,
    #[error(
        "The browser sent back no cookie of this sign-in: it keeps no cookies for this address, or the sign-in began in another browser or more than 10 minutes ago. Allow cookies, then start again."
    )]
    NoCookies,
    #[error("Slack could not be reached or gave no usable answer. Try again in a minute.")]
    SlackUnavailable,
    #[error(
        "Slack refused this sign-in because Round Robin's Slack app is not set up correctly. Ask whoever runs Round Robin to check its client id, client secret and redirect URL."
    )]
    Misconfigured,
    #[error(
        "This Round Robin serves another Slack workspace. Sign in with a person of that workspace, or ask its admins."
    )]
    WorkspaceNotServed,
    #[error(
        "Round Robin has to be added to your Slack workspace first. Ask an Owner or Admin of the workspace to sign in once."
    )]
    NotInstalled,
    #[error("Your account is deactivated in Slack. Ask an admin of the workspace.")]
    Deactivated,
    #[error("Your session has ended. Sign in again to go on where you were.")]
    SessionEnded,
}

impl SignInProblem {
    const ALL: [Self; 9] = [
        Self::Cancelled,
        Self::Stale,
        Self::NoCookies,
        Self::SlackUnavailable,
        Self::Misconfigured,
        Self::WorkspaceNotServed,
        Self::NotInstalled,
        Self::Deactivated,
        Self::SessionEnded,
    ];

    /// The code in the address.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Stale => "stale",
            Self::NoCookies => "no-cookies",
            Self::SlackUnavailable => "slack-unavailable",
            Self::Misconfigured => "misconfigured",
            Self::WorkspaceNotServed => "workspace-not-served",
            Self::NotInstalled => "not-installed",
            Self::Deactivated => "deactivated",
            Self::SessionEnded => "session-ended",
        }
    }

    /// The inverse of [`SignInProblem::code`].
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|problem| problem.code() == code)
    }
}
