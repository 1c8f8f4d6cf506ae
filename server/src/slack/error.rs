//! The ways in which Slack can fail to answer. Slack refuses with status 200
//! and a word in the body, so the word decides.

use std::time::Duration;
use types::SignInProblem;

/// Why a call of Slack's API brought nothing. Holds no token and no body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlackError {
    #[error("no Slack app is configured")]
    NoApp,
    #[error("Slack cannot be reached")]
    Unreachable,
    #[error("Slack did not answer in time")]
    TimedOut,
    #[error("Slack answered with status {status}")]
    Unavailable { status: u16 },
    #[error("Slack asks to wait {} s", retry_after.as_secs())]
    RateLimited { retry_after: Duration },
    /// The token may not do this; `granted` is what it may do.
    #[error("the token lacks a scope")]
    MissingScope { granted: Vec<String> },
    #[error("the token is not valid any more")]
    TokenEnded,
    #[error("Slack refused: {error}")]
    Refused { error: String },
    #[error("Slack's answer could not be read")]
    Unreadable,
}

impl SlackError {
    /// The error for the word that Slack refuses with.
    pub(super) fn of_word(word: &str, granted: impl FnOnce() -> Vec<String>) -> Self {
        match word {
            "missing_scope" => Self::MissingScope { granted: granted() },
            "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked"
            | "token_expired" => Self::TokenEnded,
            _ => Self::Refused {
                error: word.to_owned(),
            },
        }
    }

    /// What a sign-in that fails with this tells the person.
    pub fn sign_in_problem(&self) -> SignInProblem {
        match self {
            Self::Refused { error } => match error.as_str() {
                "invalid_code" | "code_already_used" | "code_expired" => SignInProblem::Stale,
                "invalid_client_id" | "bad_client_secret" | "bad_redirect_uri"
                | "invalid_grant_type" | "invalid_scope" => SignInProblem::Misconfigured,
                _ => SignInProblem::SlackUnavailable,
            },
            Self::NoApp => SignInProblem::Misconfigured,
            Self::Unreachable
            | Self::TimedOut
            | Self::Unavailable { .. }
            | Self::RateLimited { .. }
            | Self::MissingScope { .. }
            | Self::TokenEnded
            | Self::Unreadable => SignInProblem::SlackUnavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_code_asks_to_start_again_and_a_wrong_secret_to_ask_the_operator() {
        for (word, problem) in [
            ("invalid_code", SignInProblem::Stale),
            ("bad_client_secret", SignInProblem::Misconfigured),
            ("fatal_error", SignInProblem::SlackUnavailable),
        ] {
            assert_eq!(
                SlackError::of_word(word, Vec::new).sign_in_problem(),
                problem
            );
        }
    }

    #[test]
    fn a_revoked_token_is_told_from_one_without_the_scope() {
        assert_eq!(
            SlackError::of_word("token_revoked", Vec::new),
            SlackError::TokenEnded
        );
        assert_eq!(
            SlackError::of_word("missing_scope", || vec!["team:read".to_owned()]),
            SlackError::MissingScope {
                granted: vec!["team:read".to_owned()]
            }
        );
    }
}
