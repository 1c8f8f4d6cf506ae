//! The connection of a workspace to PagerDuty, as the integrations panel shows
//! and changes it.

use crate::{
    AccountQuestion, AuthorisationProblem, BindRefusal, LinkView, OauthClientProblem, OauthSetup,
    PagerDutyProblem, Region, RotationId, ScheduleId, SlackView, SyncRunId, Timestamp,
    is_invisible,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longer than any key PagerDuty makes (20 characters), shorter than abuse.
const API_KEY_MAX_CHARS: usize = 256;

/// An API key as somebody typed it. Its `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiKeyInput(String);

impl fmt::Debug for ApiKeyInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyInput(…)")
    }
}

/// What can be said about a key without asking PagerDuty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ApiKeyProblem {
    #[error(
        "Paste the API key here. You find it in PagerDuty under Integrations → API Access Keys."
    )]
    Empty,
    #[error(
        "This is too long for an API key (at most {API_KEY_MAX_CHARS} characters). Copy the key alone."
    )]
    TooLong,
    #[error(
        "An API key has no spaces, line breaks, invisible characters or accented letters. Copy the key alone."
    )]
    Malformed,
}

impl ApiKeyInput {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The key without what it may have been copied with, if it could be one: blanks
    /// and what cannot be seen, quotes, and the words that a header begins with.
    ///
    /// PagerDuty promises no length and no alphabet, so only what can never be
    /// sent in a header is refused.
    pub fn checked(&self) -> Result<&str, ApiKeyProblem> {
        let key = unwrapped(&self.0);
        if key.is_empty() {
            Err(ApiKeyProblem::Empty)
        } else if key.len() > API_KEY_MAX_CHARS {
            Err(ApiKeyProblem::TooLong)
        } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            Err(ApiKeyProblem::Malformed)
        } else {
            Ok(key)
        }
    }
}

/// What may stand before a key where it is used, in any case.
const BEFORE_KEY: [&str; 3] = ["authorization:", "token token=", "token="];
/// What may stand around a key in a file of settings.
const AROUND_KEY: [char; 6] = ['"', '\'', '`', '“', '”', ','];

fn unwrapped(text: &str) -> &str {
    let mut key = text;
    loop {
        let bare = key.trim_matches(|one| is_invisible(one) || AROUND_KEY.contains(&one));
        let bare = BEFORE_KEY
            .iter()
            .find_map(|words| {
                let (start, rest) = bare.split_at_checked(words.len())?;
                start.eq_ignore_ascii_case(words).then_some(rest)
            })
            .unwrap_or(bare);
        if bare == key {
            return key;
        }
        key = bare;
    }
}

/// Why connecting, replacing the credential or disconnecting did not happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ConnectRefusal {
    #[error(transparent)]
    Key(#[from] ApiKeyProblem),
    #[error(transparent)]
    OauthClient(#[from] OauthClientProblem),
    #[error(transparent)]
    Authorisation(#[from] AuthorisationProblem),
    #[error(transparent)]
    PagerDuty(#[from] PagerDutyProblem),
    #[error(
        "{by} connected PagerDuty in the meantime. What you entered was not saved; look at that connection first, then replace it if it is not the right one."
    )]
    AlreadyConnected { by: String },
    #[error(
        "PagerDuty is not connected any more, so there was nothing to change. Reload to connect it again."
    )]
    NotConnected,
    #[error(
        "The connection was changed in the meantime, so this change was not made. Look at the present one first, then try again."
    )]
    ReplacedMeanwhile,
    /// There is no login that could be renewed: the connection uses a key.
    #[error("This connection uses an API key, so there is no login to renew. Reload to see it.")]
    NotALogin,
    /// The question about another account was answered, or its time ran out.
    #[error(
        "This question is no longer open: it was answered, or more than 10 minutes have passed. Enter the credential again if you still want to switch."
    )]
    QuestionClosed,
    #[error("A sync is still running. Its outcome appears here when it ends.")]
    StillSyncing,
    #[error(
        "This cannot be undone any more: it was too long ago, or the rotations are bound again or gone. Each can be bound on its own page."
    )]
    NothingToUndo,
}

/// What replacing a credential came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Replaced {
    InUse,
    /// It opens another account than the connected one, which the panel asks about.
    OtherAccount,
}

/// How the workspace is connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionMethod {
    /// A static key, of which only the last four characters are kept readable.
    ApiKey { last_four: String },
    /// A login, acting as a person.
    Oauth {
        client_id: String,
        /// The person's name in PagerDuty, when it could be read.
        authorised_as: Option<String>,
    },
    /// In a way that another version knows and this one does not.
    Unknown,
}

impl fmt::Display for ConnectionMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiKey { last_four } => write!(f, "API key ending in ••••{last_four}"),
            Self::Unknown => f.write_str("a way that this version does not know"),
            Self::Oauth {
                authorised_as: Some(name),
                ..
            } => write!(f, "OAuth as {name}"),
            Self::Oauth { .. } => f.write_str("OAuth"),
        }
    }
}

/// Whether the data from PagerDuty can be trusted at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionHealth {
    /// Connected, and the first sync has not ended yet.
    AwaitingFirstSync,
    Healthy,
    /// Something could not be read the last time, or nothing for this reason; it is
    /// asked for again, and what is shown is not old.
    AskingAgain(Option<PagerDutyProblem>),
    /// Something was not confirmed for longer than it takes while all is well.
    Stale,
    /// Something cannot be read, time and again, or nothing for this reason.
    NeedsAttention(Option<PagerDutyProblem>),
    /// The credential or its rights ended; somebody has to renew it.
    NeedsReconnection(PagerDutyProblem),
}

/// A connected workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionView {
    pub method: ConnectionMethod,
    pub region: Region,
    pub connected_at: Timestamp,
    pub connected_by: String,
    pub health: ConnectionHealth,
    pub last_synced_at: Option<Timestamp>,
    pub next_sync_at: Timestamp,
    /// The caller may have PagerDuty asked before that.
    pub may_sync: bool,
    /// The account's subdomain in PagerDuty, when it is known.
    pub account: Option<String>,
    pub freshness: Freshness,
    /// The schedules that cannot be read and that the caller may know of, by name.
    pub unreadable: Vec<UnreadableSchedule>,
    /// The credential shows no schedule at all.
    pub sees_no_schedules: bool,
    /// By how many seconds this server's clock is ahead of PagerDuty's, negative
    /// when it is behind; absent while they agree.
    pub clock_ahead_seconds: Option<i64>,
    /// The rotations that the disconnect before reverted and that the caller may
    /// see, when this is the same account again.
    pub former_bindings: Vec<FormerBinding>,
    /// For those who may link: who is not linked to Slack, or by hand, by name.
    pub links: Vec<LinkView>,
    /// The names of the rotations that a disconnect would revert to Manual and
    /// that the caller may see, and the number of all of them.
    pub bound_rotations: Vec<RevertedRotation>,
    pub bound_rotation_count: u32,
}

/// How old what is known of the bound schedules is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    pub schedules: u32,
    /// Of those whose last reading did not fail: when the one that was confirmed
    /// the longest ago was confirmed.
    pub oldest_confirmed_at: Option<Timestamp>,
    /// Schedules whose last reading failed.
    pub unreadable: u32,
    /// Schedules that the last run left to the next, since Round Robin's share of
    /// PagerDuty's requests was spent: they are confirmed less often.
    pub postponed: u32,
}

/// A bound schedule whose last reading failed; its rotations keep what they had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadableSchedule {
    pub schedule: ScheduleId,
    pub name: String,
    pub problem: PagerDutyProblem,
}

/// A rotation that was bound before PagerDuty was disconnected and is Manual now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerBinding {
    pub rotation: RotationId,
    pub rotation_name: String,
    pub schedule_name: String,
}

/// What binding rotations back came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebound {
    pub bound: u32,
    /// The names of rotations that could not be bound, each with the reason.
    pub failed: Vec<(String, BindRefusal)>,
}

/// Why a sync ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyncReason {
    /// Its time had come.
    Due,
    /// A shift began or ended. Nobody was asked for it.
    HandOff,
    /// Somebody pressed *Sync now*.
    Request,
}

impl SyncReason {
    const ALL: [Self; 3] = [Self::Due, Self::HandOff, Self::Request];

    /// The name under which the reason is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::HandOff => "hand_off",
            Self::Request => "request",
        }
    }

    /// The inverse of [`SyncReason::code`].
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// How far a sync has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SyncRunState {
    Running,
    Ended,
    /// It will never end: the server stopped, or the connection was changed under it.
    CutOff,
}

/// The syncs of late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncHistory {
    /// The latest first.
    pub runs: Vec<SyncRun>,
    /// How often PagerDuty is asked without a reason of its own.
    pub every_seconds: u32,
}

/// One sync, as the list of the last ones shows it. What it came to is known when
/// it has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRun {
    pub id: SyncRunId,
    /// Absent where another version noted one that this one does not know.
    pub reason: Option<SyncReason>,
    /// Who asked for it, where somebody did and it is known.
    pub asked_by: Option<String>,
    pub started_at: Timestamp,
    pub state: SyncRunState,
    /// 0 until it has ended.
    pub duration_millis: u32,
    /// Why it failed as a whole, if it did.
    pub problem: Option<PagerDutyProblem>,
    /// Schedules that PagerDuty confirmed, as far as the caller may know of them, like all
    /// that follows.
    pub confirmed: u32,
    /// Schedules that could not be read.
    pub unreadable: u32,
    pub unreadable_schedules: Vec<UnreadableSchedule>,
    /// Schedules left to the next run.
    pub postponed: u32,
    /// Requests to PagerDuty; absent for whoever may not know of all that is asked for.
    pub requests: Option<u32>,
    /// What it changed in rotations that the caller may see.
    pub changes: Vec<SyncChange>,
}

/// What a sync changed in one rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncChange {
    pub rotation: RotationId,
    pub rotation_name: String,
    /// In words, for example "On duty: Ann → Bob".
    pub what: String,
}

/// The integrations panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationsView {
    /// The caller may connect, edit and disconnect.
    pub may_manage: bool,
    pub slack: SlackView,
    pub pagerduty: Option<ConnectionView>,
    /// What an app in PagerDuty needs; for those who may connect.
    pub oauth: Option<OauthSetup>,
    /// What the caller has to decide before the credential is replaced.
    pub question: Option<AccountQuestion>,
}

/// A rotation that a disconnect reverts, or has reverted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevertedRotation {
    pub id: RotationId,
    pub name: String,
}

/// What a disconnect did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disconnected {
    /// How many rotations went back to Manual.
    pub reverted: u32,
    /// How the workspace was connected.
    pub method: ConnectionMethod,
}

/// What *Sync now* came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncReport {
    /// Bound rotations whose members or people on duty changed.
    pub changed: u32,
    /// Schedules that PagerDuty confirmed.
    pub confirmed: u32,
    /// Schedules that could not be read; their rotations keep what they had.
    pub unreadable: u32,
    /// Schedules left to the next run, since Round Robin's share of requests is
    /// spent.
    pub postponed: u32,
    /// Schedules that are slow to answer; they follow by themselves.
    pub awaited: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_freed_from_what_it_was_copied_with() {
        let key = "u+Ab_cd-efghijklmnop";
        for copied in [
            " u+Ab_cd-efghijklmnop\r\n",
            "\u{feff}u+Ab_cd-efghijklmnop\u{200b}",
            "Token token=u+Ab_cd-efghijklmnop",
            "Authorization: Token token=u+Ab_cd-efghijklmnop",
            "token token=\"u+Ab_cd-efghijklmnop\"",
            "\"u+Ab_cd-efghijklmnop\",",
            "'u+Ab_cd-efghijklmnop'",
            "“u+Ab_cd-efghijklmnop”",
        ] {
            assert_eq!(ApiKeyInput::new(copied).checked(), Ok(key), "{copied:?}");
        }
    }

    #[test]
    fn what_holds_no_key_is_told_apart_from_what_cannot_be_one() {
        for (text, problem) in [
            ("", ApiKeyProblem::Empty),
            (" \u{feff}", ApiKeyProblem::Empty),
            ("Token token=", ApiKeyProblem::Empty),
            ("u+Ab cd", ApiKeyProblem::Malformed),
            ("u+Ab\u{200b}cd", ApiKeyProblem::Malformed),
            ("schlüssel", ApiKeyProblem::Malformed),
        ] {
            assert_eq!(ApiKeyInput::new(text).checked(), Err(problem), "{text:?}");
        }
    }
}
