//! The ways in which Slack can fail to answer. Slack refuses with status 200
//! and a word in the body, so the word decides.

use std::{fmt, time::Duration};
use types::{SignInProblem, SlackProblem, SlackRefusal, SlackWord};

/// What is waited when Slack asks to wait, but not for how long.
pub(super) const USUAL_WAIT: Duration = Duration::from_secs(5);

/// Why a call of Slack's API brought nothing. Holds no token and no body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlackError {
    /// Remedy: set ROUNDROBIN_SLACK_CLIENT_ID and ROUNDROBIN_SLACK_CLIENT_SECRET.
    #[error("no Slack app is configured")]
    NoApp,
    /// Remedy: it is asked again by itself; if it lasts, see whether this server may
    /// connect to slack.com.
    #[error("Slack cannot be reached")]
    Unreachable,
    /// Remedy: it is asked again by itself; if it lasts, see whether this server may
    /// connect to slack.com.
    #[error("Slack did not answer in time")]
    TimedOut,
    /// Remedy: it is asked again by itself; if it lasts, look at the proxy between, and at
    /// Slack's own status.
    #[error("Slack answered with status {status}")]
    Unavailable { status: u16 },
    /// Remedy: none is needed: it is asked again after that.
    #[error("Slack asks to wait {} s", retry_after.as_secs())]
    RateLimited { retry_after: Duration },
    /// The token may not do this; `granted` is what it may do, when Slack tells.
    ///
    /// Remedy: add the scopes that the README lists to the Slack app, then an Owner or
    /// Admin signs in.
    #[error("the token lacks a scope")]
    MissingScope { granted: Option<Vec<String>> },
    /// The word says that the token is not good, which has been wrong before.
    ///
    /// Remedy: it is asked again before that is believed; if Slack stays with it, an Owner
    /// or Admin signs in and adds Round Robin again.
    #[error("Slack refuses the token: {word}")]
    TokenRefused { word: SlackWord },
    /// Remedy: it is asked again by itself.
    #[error("Slack failed: {word}")]
    Passing { word: SlackWord },
    /// Remedy: see `SlackRefusal` for what the word asks of an admin.
    #[error("Slack refused: {word}")]
    Refused { word: SlackWord },
    /// Remedy: it is asked again by itself; if it lasts, see whether a proxy answers in
    /// Slack's place.
    #[error("Slack's answer could not be read")]
    Unreadable,
    /// The app's tokens end after hours.
    ///
    /// Remedy: make a new Slack app without token rotation.
    #[error("token rotation is switched on for the Slack app")]
    TokenRotation,
    /// By the permission that an admin has lent nothing can be written, and not by the bot's either.
    ///
    /// Remedy: see `GroupTrouble` for what it asks of an admin.
    #[error("the permission that an admin lent does not serve: {0}")]
    Lent(LentTrouble),
    /// Remedy: install it in a single workspace.
    #[error("the app was installed for a whole organisation")]
    OrganisationWide,
}

/// Why nothing is written by the permission that an admin has lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LentTrouble {
    /// Slack refuses it, which has been wrong before.
    Refused,
    /// Slack does not let whoever lent it edit the group.
    Denied,
    /// Whoever lent it administers no more, or is deactivated.
    NoAdmin,
}

impl LentTrouble {
    const fn code(self) -> &'static str {
        match self {
            Self::Refused => "lent_refused",
            Self::Denied => "lender_denied",
            Self::NoAdmin => "lender_no_admin",
        }
    }
}

impl fmt::Display for LentTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl SlackError {
    /// The error for the word that Slack refuses with.
    pub(super) fn of_word(word: &str, granted: impl FnOnce() -> Option<Vec<String>>) -> Self {
        let Some(known) = SlackWord::parse(word) else {
            return Self::Unreadable;
        };
        match word {
            "missing_scope" => Self::MissingScope { granted: granted() },
            _ if known.refuses_token() => Self::TokenRefused { word: known },
            "ratelimited" | "rate_limited" => Self::RateLimited {
                retry_after: USUAL_WAIT,
            },
            word if SlackWord::is_passing(word) => Self::Passing { word: known },
            _ => Self::Refused { word: known },
        }
    }

    /// Slack's word for it, or one of ours where it has none.
    pub fn code(&self) -> String {
        match self {
            Self::Refused { word } | Self::Passing { word } | Self::TokenRefused { word } => {
                word.to_string()
            }
            Self::MissingScope { .. } => "missing_scope".to_owned(),
            Self::RateLimited { .. } => "rate_limited".to_owned(),
            Self::TimedOut => "timed_out".to_owned(),
            Self::Unreachable => "unreachable".to_owned(),
            Self::Unavailable { status } => format!("status_{status}"),
            Self::Unreadable => "unreadable".to_owned(),
            Self::Lent(trouble) => trouble.code().to_owned(),
            Self::NoApp | Self::TokenRotation | Self::OrganisationWide => {
                "not_installed".to_owned()
            }
        }
    }

    /// Whether the same question may well be answered in a moment.
    pub const fn passes(&self) -> bool {
        matches!(
            self,
            Self::Unreachable
                | Self::TimedOut
                | Self::Unavailable { status: 500..=599 }
                | Self::Passing { .. }
                | Self::Unreadable
        )
    }

    /// Whether Slack would answer most other questions of the workspace alike: then there is no use in
    /// going on with the next one.
    pub const fn ails_all(&self) -> bool {
        match self {
            Self::NoApp
            | Self::Unreachable
            | Self::TimedOut
            | Self::Unavailable { .. }
            | Self::RateLimited { .. }
            | Self::MissingScope { .. }
            | Self::TokenRefused { .. }
            | Self::TokenRotation
            | Self::OrganisationWide => true,
            // An error within Slack may be one of what was asked about.
            Self::Passing { .. } | Self::Refused { .. } | Self::Unreadable | Self::Lent(_) => false,
        }
    }

    /// Whether Slack may have done what it was asked for all the same.
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::TimedOut | Self::Unreadable | Self::Unavailable { status: 500..=599 } => true,
            Self::Passing { word } => matches!(word.as_str(), "internal_error" | "fatal_error"),
            _ => false,
        }
    }

    /// What a sign-in that fails with this tells the person.
    pub fn sign_in_problem(&self) -> SignInProblem {
        match self {
            Self::Refused { word } => match word.as_str() {
                "invalid_code" | "code_already_used" | "code_expired" => SignInProblem::Stale,
                _ => SignInProblem::Refused(SlackRefusal(word.clone())),
            },
            Self::MissingScope { .. } => {
                missing_scope().map_or(SignInProblem::SlackUnavailable, SignInProblem::Refused)
            }
            Self::NoApp => SignInProblem::Misconfigured,
            Self::TokenRotation => SignInProblem::TokenRotation,
            Self::OrganisationWide => SignInProblem::OrganisationWide,
            Self::RateLimited { retry_after } => SignInProblem::SlackBusy {
                // Slack may ask for none, and then means soon.
                seconds: u32::try_from(retry_after.as_secs())
                    .unwrap_or(u32::MAX)
                    .max(1),
            },
            Self::Unreachable
            | Self::TimedOut
            | Self::Unavailable { .. }
            | Self::TokenRefused { .. }
            | Self::Passing { .. }
            | Self::Lent(_)
            | Self::Unreadable => SignInProblem::SlackUnavailable,
        }
    }

    /// What the panel tells when people cannot be read for this reason; nothing for
    /// what no question about people is answered with.
    pub fn problem(&self) -> Option<SlackProblem> {
        Some(match self {
            Self::Unreachable => SlackProblem::Unreachable,
            Self::TimedOut => SlackProblem::TimedOut,
            Self::Unavailable { status } => SlackProblem::Unavailable { status: *status },
            Self::RateLimited { retry_after } => SlackProblem::RateLimited {
                seconds: retry_after.as_secs(),
            },
            Self::MissingScope { .. } => SlackProblem::Refused(missing_scope()?),
            Self::Passing { word } => SlackProblem::Passing(word.clone()),
            Self::TokenRefused { word } => SlackProblem::TokenRefused(word.clone()),
            Self::Refused { word } => SlackProblem::Refused(SlackRefusal(word.clone())),
            Self::Unreadable => SlackProblem::Unreadable,
            Self::NoApp | Self::TokenRotation | Self::OrganisationWide | Self::Lent(_) => {
                return None;
            }
        })
    }
}

fn missing_scope() -> Option<SlackRefusal> {
    SlackWord::parse("missing_scope").map(SlackRefusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str) -> SlackError {
        SlackError::of_word(word, || None)
    }

    #[test]
    fn a_used_code_asks_to_start_again_and_a_wrong_secret_to_ask_the_operator() {
        assert_eq!(of("invalid_code").sign_in_problem(), SignInProblem::Stale);
        assert_eq!(
            of("fatal_error").sign_in_problem(),
            SignInProblem::SlackUnavailable
        );
        assert_eq!(
            of("ratelimited").sign_in_problem(),
            SignInProblem::SlackBusy { seconds: 5 }
        );
        let sentence = of("bad_client_secret").sign_in_problem().to_string();
        assert!(sentence.contains("bad_client_secret"));
        assert!(sentence.contains("Ask whoever runs Round Robin"));
    }

    #[test]
    fn lasting_words_say_what_an_admin_has_to_do_and_unknown_ones_are_shown() {
        for word in [
            "team_access_not_granted",
            "org_login_required",
            "invalid_team_for_non_distributed_app",
            "ekm_access_denied",
            "a_word_of_tomorrow",
        ] {
            let problem = of(word).sign_in_problem();
            assert_eq!(problem.word().as_deref(), Some(word));
            assert!(!problem.to_string().contains("in a minute"));
            assert!(of(word).problem().unwrap().to_string().contains(word));
            assert!(!of(word).passes());
        }
    }

    #[test]
    fn passing_words_are_tried_again() {
        for word in [
            "internal_error",
            "fatal_error",
            "service_unavailable",
            "request_timeout",
            "team_added_to_org",
            "accesslimited",
            "external_service_error",
        ] {
            assert!(of(word).passes(), "{word}");
            let told = of(word).problem().unwrap().to_string();
            assert_eq!(told, format!("Slack failed for the moment ({word})."));
        }
        assert_eq!(
            of("ratelimited"),
            SlackError::RateLimited {
                retry_after: USUAL_WAIT
            }
        );
    }

    #[test]
    fn what_slack_says_it_did_not_do_is_told_from_what_nobody_knows() {
        for word in ["internal_error", "fatal_error", "<b>odd</b>"] {
            assert!(of(word).may_have_acted(), "{word}");
        }
        for word in [
            "not_in_channel",
            "ratelimited",
            "service_unavailable",
            "token_revoked",
        ] {
            assert!(!of(word).may_have_acted(), "{word}");
        }
        assert!(SlackError::TimedOut.may_have_acted());
        assert!(SlackError::Unavailable { status: 504 }.may_have_acted());
        assert!(!SlackError::Unavailable { status: 403 }.may_have_acted());
        assert!(!SlackError::Unreachable.may_have_acted());
    }

    #[test]
    fn a_refused_token_is_told_from_one_without_the_scope() {
        for word in [
            "invalid_auth",
            "not_authed",
            "account_inactive",
            "token_revoked",
            "app_uninstalled",
        ] {
            assert!(matches!(of(word), SlackError::TokenRefused { .. }));
        }
        assert_eq!(
            SlackError::of_word("missing_scope", || Some(vec!["team:read".to_owned()])),
            SlackError::MissingScope {
                granted: Some(vec!["team:read".to_owned()])
            }
        );
    }

    #[test]
    fn what_ails_one_thing_is_told_from_what_ails_all_of_slack() {
        for error in [
            SlackError::Unreachable,
            SlackError::TimedOut,
            of("ratelimited"),
            of("missing_scope"),
            of("token_revoked"),
        ] {
            assert!(error.ails_all(), "{error}");
        }
        for word in ["channel_not_found", "no_such_subteam", "internal_error"] {
            assert!(!of(word).ails_all(), "{word}");
        }
    }

    #[test]
    fn what_is_no_word_is_not_repeated() {
        for text in ["", "<b>call us</b>", &"x".repeat(1_000)] {
            assert_eq!(of(text), SlackError::Unreadable);
        }
    }
}
