//! Why somebody could not be signed in. The reason travels in the address of
//! the sign-in page, so it is a short code there and a sentence on screen.

use crate::{SlackRefusal, SlackWord};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
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
    #[error("Slack is asked too often at the moment. Nothing is wrong with your account: try again in {}.", crate::pagerduty::seconds(*.seconds))]
    SlackBusy { seconds: u32 },
    #[error(
        "No Slack app is set up for Round Robin, so nobody can sign in. Ask whoever runs Round Robin to set its client id and client secret."
    )]
    Misconfigured,
    /// Slack refused with this word, and waiting changes nothing.
    #[error("{0}")]
    Refused(SlackRefusal),
    #[error(
        "This Round Robin serves another Slack workspace than the one you chose. At Slack, choose the right workspace at the top of the page; if it is not there, sign in to it first, or ask its admins."
    )]
    WorkspaceNotServed,
    #[error(
        "Round Robin has to be added to your Slack workspace first, which was cancelled or is not for you to do. If you may add apps, sign in again and choose Allow. Ask an Owner or Admin of the workspace to sign in once if you may not."
    )]
    NotInstalled,
    #[error(
        "You cancelled adding Round Robin to your Slack workspace. Sign in again and choose Allow: without it nobody can sign in."
    )]
    InstallationCancelled,
    #[error(
        "Round Robin was not added: token rotation is switched on for its Slack app, which Round Robin does not support and Slack cannot switch off again. Whoever runs Round Robin has to make a new Slack app without token rotation."
    )]
    TokenRotation,
    #[error(
        "Round Robin was not added: it was approved for a whole organisation, and it serves single workspaces. An admin of the organisation has to install it in one workspace; then sign in again and choose that workspace at Slack."
    )]
    OrganisationWide,
    #[error("Your account is deactivated in Slack. Ask an admin of the workspace.")]
    Deactivated,
    #[error(
        "Slack says who you are, but not that you are a member of this workspace. Guests of shared channels cannot sign in; ask an admin of the workspace."
    )]
    NoMember,
    #[error("Your session has ended. Sign in again to go on where you were.")]
    SessionEnded,
}

impl SignInProblem {
    /// The code in the address.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Stale => "stale",
            Self::NoCookies => "no-cookies",
            Self::SlackUnavailable => "slack-unavailable",
            Self::SlackBusy { .. } => "slack-busy",
            Self::Misconfigured => "misconfigured",
            Self::Refused(_) => "refused",
            Self::WorkspaceNotServed => "workspace-not-served",
            Self::NotInstalled => "not-installed",
            Self::InstallationCancelled => "installation-cancelled",
            Self::TokenRotation => "token-rotation",
            Self::OrganisationWide => "organisation-wide",
            Self::Deactivated => "deactivated",
            Self::NoMember => "no-member",
            Self::SessionEnded => "session-ended",
        }
    }

    /// What stands beside the code in the address as `word`: Slack's, or the seconds to wait.
    pub fn word(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Refused(SlackRefusal(word)) => Some(word.as_str().into()),
            Self::SlackBusy { seconds } => Some(seconds.to_string().into()),
            _ => None,
        }
    }

    /// The inverse of [`Self::code`] and [`Self::word`].
    pub fn from_code(code: &str, word: &str) -> Option<Self> {
        Some(match code {
            "cancelled" => Self::Cancelled,
            "stale" => Self::Stale,
            "no-cookies" => Self::NoCookies,
            "slack-unavailable" => Self::SlackUnavailable,
            "slack-busy" => Self::SlackBusy {
                seconds: word.parse().ok()?,
            },
            "misconfigured" => Self::Misconfigured,
            "refused" => Self::Refused(SlackRefusal(SlackWord::parse(word)?)),
            "workspace-not-served" => Self::WorkspaceNotServed,
            "not-installed" => Self::NotInstalled,
            "installation-cancelled" => Self::InstallationCancelled,
            "token-rotation" => Self::TokenRotation,
            "organisation-wide" => Self::OrganisationWide,
            "deactivated" => Self::Deactivated,
            "no-member" => Self::NoMember,
            "session-ended" => Self::SessionEnded,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_comes_back_from_its_address() {
        let refusal = SlackRefusal(SlackWord::parse("org_login_required").unwrap());
        for problem in [
            SignInProblem::Cancelled,
            SignInProblem::Stale,
            SignInProblem::NoCookies,
            SignInProblem::SlackUnavailable,
            SignInProblem::SlackBusy { seconds: 90 },
            SignInProblem::Misconfigured,
            SignInProblem::Refused(refusal),
            SignInProblem::WorkspaceNotServed,
            SignInProblem::NotInstalled,
            SignInProblem::InstallationCancelled,
            SignInProblem::TokenRotation,
            SignInProblem::OrganisationWide,
            SignInProblem::Deactivated,
            SignInProblem::NoMember,
            SignInProblem::SessionEnded,
        ] {
            let word = problem.word().unwrap_or_default();
            let read = SignInProblem::from_code(problem.code(), &word);
            assert_eq!(read, Some(problem));
        }
    }

    #[test]
    fn what_waiting_does_not_mend_is_never_to_be_tried_again_in_a_minute() {
        for problem in [
            SignInProblem::TokenRotation,
            SignInProblem::OrganisationWide,
            SignInProblem::from_code("refused", "team_access_not_granted").unwrap(),
        ] {
            assert!(!problem.to_string().contains("in a minute"));
        }
    }
}
