//! The ways in which PagerDuty can fail to answer, each with the sentence that
//! people read: what happened, and what to do next.

use serde::{Deserialize, Serialize};
use std::fmt;

/// PagerDuty's service region: which of its two hosts knows the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Region {
    Us,
    Eu,
}

impl Region {
    /// The name under which the region is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Eu => "eu",
        }
    }

    /// The inverse of [`Region::code`].
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Us, Self::Eu]
            .into_iter()
            .find(|region| region.code() == code)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Us => "US",
            Self::Eu => "EU",
        })
    }
}

/// Why a request to PagerDuty brought nothing usable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PagerDutyProblem {
    #[error(
        "PagerDuty does not accept this key in either of its regions. Check that it was copied whole and is still enabled."
    )]
    Unauthorized,
    /// The stored key worked once and does not any more.
    #[error(
        "PagerDuty no longer accepts the stored key: it was revoked or disabled there. An admin can enter another one with Edit API Key under Settings → Integrations."
    )]
    KeyEnded,
    /// The stored login worked once and cannot be renewed any more.
    #[error(
        "PagerDuty has ended the login that Round Robin uses: it was revoked, it expired, or the person lost access. An admin can choose Reconnect under Settings → Integrations."
    )]
    LoginEnded,
    /// The stored client secret worked once and does not any more.
    #[error(
        "PagerDuty no longer accepts the Client ID and Client Secret of its app: the secret was replaced there, or the app was deleted. An admin can enter them again with Login using OAuth 2.0 under Settings → Integrations."
    )]
    ClientEnded,
    /// The stored credential may be good, but this server has no key that opens it.
    #[error(
        "This server cannot open the stored credential, because an encryption key is missing. Ask whoever runs Round Robin to restore it, or enter the credential again under Settings → Integrations."
    )]
    Sealed,
    #[error(
        "This PagerDuty account has no access to the API. Ask PagerDuty about your plan, or connect another account."
    )]
    NoApiAccess,
    #[error("{}", forbidden(missing_scopes.as_deref()))]
    Forbidden { missing_scopes: Option<String> },
    /// The schedules can be read all the same.
    #[error("{}", people_denied(missing_scopes.as_deref()))]
    PeopleDenied { missing_scopes: Option<String> },
    /// The credential may well read others.
    #[error(
        "PagerDuty denies this connection access to this schedule. Give the key, or the person who logged in, access to it in PagerDuty, or choose another schedule."
    )]
    ScheduleDenied,
    #[error(
        "PagerDuty does not show this schedule any more. It was deleted, or the connection may no longer see it. Choose another schedule, or ask a PagerDuty admin."
    )]
    NotFound,
    #[error(
        "PagerDuty is limiting how often this account may ask. Wait {}, then try again.", seconds(*retry_after_seconds)
    )]
    RateLimited { retry_after_seconds: u32 },
    /// Our own restraint, not PagerDuty's: other tools use the same credential.
    #[error(
        "Round Robin has used its share of PagerDuty's requests for this minute. Wait {}, then try again.", seconds(*retry_after_seconds)
    )]
    ShareSpent { retry_after_seconds: u32 },
    #[error("PagerDuty answered with an error (status {status}). Try again in a minute.")]
    Unavailable { status: u16 },
    #[error("PagerDuty did not answer within {limit_seconds} seconds. Try again in a minute.")]
    TimedOut { limit_seconds: u32 },
    #[error(
        "PagerDuty could not be reached. Check this server's connection to the internet, then try again."
    )]
    Unreachable,
    #[error(
        "The connection to PagerDuty broke off before its answer was there as a whole. Try again; if it stays, look at what stands between it and this server, such as a proxy."
    )]
    BrokenOff,
    #[error(
        "PagerDuty's answer could not be understood, so nothing was taken from it. Try again in a minute; if it stays, PagerDuty's support can say what its API sends."
    )]
    Unreadable,
    /// A page, a text or a redirect, which PagerDuty's API never sends.
    #[error("{}", interposed(host, *status, leads_to.as_deref()))]
    Interposed {
        /// The host that was asked.
        host: String,
        status: u16,
        /// The host that a redirect leads to.
        leads_to: Option<String>,
    },
    #[error(
        "PagerDuty answered with another schedule than the one that was asked for, so nothing was taken from it. Try again in a minute, or choose the schedule anew."
    )]
    AnotherSchedule,
    /// Another version of the server stored it.
    #[error(
        "Another version connected PagerDuty, in a way that this one does not know. Ask whoever runs Round Robin to run that version."
    )]
    UnknownMethod,
    /// Another version of the server noted something else here.
    #[error(
        "PagerDuty could not be asked, for a reason that this version does not know. It asks again by itself."
    )]
    Unknown,
}

pub(crate) fn seconds(count: u32) -> String {
    match count {
        1 => "1 second".to_owned(),
        count => format!("{count} seconds"),
    }
}

fn interposed(host: &str, status: u16, leads_to: Option<&str>) -> String {
    let answer = match leads_to {
        Some(other) => format!("leads to {other}"),
        None => "is not what PagerDuty's API sends".to_owned(),
    };
    let otherwise = match status {
        401 | 403 => " If nothing stands between them, the credential may have ended in PagerDuty.",
        _ => "",
    };
    format!(
        "Something between this server and PagerDuty seems to answer in its place: what came from {host} (status {status}) {answer}. Ask whoever runs Round Robin to look at its proxy or firewall.{otherwise}"
    )
}

fn forbidden(missing_scopes: Option<&str>) -> String {
    match missing_scopes {
        Some(scopes) => format!(
            "PagerDuty refuses this access because it lacks the scopes {scopes}. Add them to the app in PagerDuty, then connect again."
        ),
        None => "PagerDuty knows this credential but denies it access. Use a general access key, or log in as a person who may see schedules and users.".to_owned(),
    }
}

fn people_denied(missing_scopes: Option<&str>) -> String {
    match missing_scopes {
        Some(scopes) => format!(
            "PagerDuty lets this connection read schedules, but not the list of people: it lacks the scopes {scopes}, so e-mail addresses may be missing or old. Add them to the app in PagerDuty, then connect again."
        ),
        None => "PagerDuty lets this connection read schedules, but not the list of people, so e-mail addresses may be missing or old. Give the key, or the person who logged in, the right to see users in PagerDuty.".to_owned(),
    }
}

impl PagerDutyProblem {
    /// Whether any other request with the same credential would fail alike, so
    /// that there is no point in asking on. A 403 may be about one schedule, and a
    /// connection may break at one schedule's answer, time and again.
    pub const fn concerns_connection(&self) -> bool {
        self.concerns_credential()
            || matches!(self, Self::RateLimited { .. } | Self::ShareSpent { .. })
    }

    /// Waiting does not help: somebody has to renew the credential or its rights.
    pub const fn needs_reconnection(&self) -> bool {
        self.concerns_credential() || matches!(self, Self::Forbidden { .. })
    }

    /// The schedules are read as ever, and nothing is said about them.
    pub const fn concerns_people_alone(&self) -> bool {
        matches!(self, Self::PeopleDenied { .. })
    }

    /// It may be over at any moment, and asking again does no harm. A limit is
    /// not: PagerDuty has said how long it lasts.
    pub const fn may_pass_at_any_moment(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. }
                | Self::TimedOut { .. }
                | Self::Unreachable
                | Self::BrokenOff
                | Self::Unreadable
                | Self::Interposed { .. }
                | Self::AnotherSchedule
                | Self::Unknown
        )
    }

    /// What is left of it when it was said of one thing only, and another question
    /// with the same credential was answered well.
    #[must_use]
    pub fn of_one_alone(self) -> Self {
        match self {
            Self::Unauthorized | Self::KeyEnded | Self::LoginEnded | Self::ClientEnded => {
                Self::Unavailable { status: 401 }
            }
            Self::NoApiAccess => Self::Unavailable { status: 402 },
            other => other,
        }
    }

    /// What it means of a question about people, where schedules can be read.
    #[must_use]
    pub fn of_people_alone(self) -> Self {
        match self {
            Self::Forbidden { missing_scopes } => Self::PeopleDenied { missing_scopes },
            other => other,
        }
    }

    /// The credential as a whole opens nothing.
    const fn concerns_credential(&self) -> bool {
        matches!(
            self,
            Self::Unauthorized
                | Self::KeyEnded
                | Self::LoginEnded
                | Self::ClientEnded
                | Self::Sealed
                | Self::NoApiAccess
        )
    }
}
