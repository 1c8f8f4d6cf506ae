//! What keeps Slack from serving a workspace, with the way out, and how the
//! integrations panel shows the installation and the directory.

use crate::{First, RefusedBySlack, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longer than any word of Slack's.
const LONGEST_WORD: usize = 64;

/// The word with which Slack refuses something, as Slack writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SlackWord(String);

/// What a word of Slack's means whatever was written there, or one of our own codes for what has
/// no word.
pub(crate) enum Hindrance {
    NotInstalled,
    TokenRefused,
    /// It is tried again by itself.
    Passing,
    /// Only the log says why.
    Unknown,
    /// It depends on what was written.
    Word(SlackWord),
}

impl Hindrance {
    pub(crate) fn of_word(word: &str) -> Self {
        match word {
            "not_installed" => Self::NotInstalled,
            word if SlackWord::is_passing(word) => Self::Passing,
            "rotation_gone" | "server_failed" | "broke_off" | "server_ended" => Self::Unknown,
            word => match SlackWord::parse(word) {
                Some(word) if word.refuses_token() => Self::TokenRefused,
                Some(word) => Self::Word(word),
                None => Self::Unknown,
            },
        }
    }
}

impl SlackWord {
    /// Whether what has this word, of Slack's or one of our own, is over once Slack answers again.
    pub fn is_passing(word: &str) -> bool {
        let is_own = matches!(
            word,
            "rate_limited" | "timed_out" | "unreachable" | "unreadable"
        );
        let is_slacks = matches!(
            word,
            "internal_error"
                | "fatal_error"
                | "service_unavailable"
                | "request_timeout"
                | "team_added_to_org"
                | "accesslimited"
                | "external_service_error"
        );
        is_own || is_slacks || word.starts_with("status_")
    }

    /// Nothing that does not look like one of Slack's words, since it is shown.
    pub fn parse(text: &str) -> Option<Self> {
        let plausible = (1..=LONGEST_WORD).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        plausible.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it says that the token is not good.
    pub fn refuses_token(&self) -> bool {
        matches!(
            self.as_str(),
            "invalid_auth"
                | "not_authed"
                | "account_inactive"
                | "token_revoked"
                | "token_expired"
                | "app_uninstalled"
        )
    }

    /// What somebody has to do about it.
    fn remedy(&self) -> &'static str {
        match self.as_str() {
            "team_access_not_granted" => {
                "Round Robin's app is not allowed in this workspace. An admin of the organisation has to grant the app access to the workspace, under Manage apps."
            }
            "org_login_required" => {
                "The workspace is being moved into an organisation. Try again when the move is over; an admin of the organisation knows."
            }
            "ekm_access_denied" => {
                "The organisation's administrators have suspended access to its data by Enterprise Key Management. Ask them to give it back."
            }
            "invalid_team_for_non_distributed_app" => {
                "Round Robin's Slack app serves only the workspace in which it was made. Sign in with that workspace, or have whoever runs Round Robin make an app in yours or activate its public distribution."
            }
            "missing_scope" => {
                "Round Robin's token lacks a permission. An Owner or Admin has to sign in again and choose Allow at Slack."
            }
            "no_permission" | "not_allowed_token_type" | "access_denied" | "restricted_action" => {
                "The workspace's settings do not allow this. An Owner or Admin has to approve Round Robin under Manage apps in Slack, then sign in again."
            }
            "two_factor_setup_required" => {
                "The workspace demands two-factor authentication. Set it up in Slack, then sign in again."
            }
            "team_not_found" | "user_not_found" | "users_not_found" | "user_not_visible" => {
                "Slack does not know this workspace or person any more. Ask an admin of the workspace."
            }
            "app_not_installed"
            | "app_missing_action_url"
            | "method_deprecated"
            | "deprecated_endpoint" => {
                "Round Robin and its Slack app do not fit together. Ask whoever runs Round Robin to look at the app's settings and at newer versions."
            }
            "invalid_client_id"
            | "bad_client_secret"
            | "bad_redirect_uri"
            | "invalid_grant_type"
            | "invalid_scope"
            | "invalid_scope_requested"
            | "invalid_redirect_uri" => {
                "Round Robin's Slack app is not set up correctly. Ask whoever runs Round Robin to check its client id, client secret, scopes and redirect URL."
            }
            _ => {
                "Round Robin does not know this word. An admin of the workspace finds it in Slack's documentation."
            }
        }
    }
}

impl fmt::Display for SlackWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SlackWord {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("this is no word of Slack's")
    }
}

impl From<SlackWord> for String {
    fn from(word: SlackWord) -> Self {
        word.0
    }
}

/// Slack refused, and waiting changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SlackRefusal(pub SlackWord);

impl fmt::Display for SlackRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slack refused: {}. {}", self.0, self.0.remedy())
    }
}

/// Why people could not be read from Slack.
///
/// Remedy: the panel adds that what was read stays and the rest is read by itself. Where it
/// lasts, see whether this server reaches Slack; `roundrobin check` asks it once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum SlackProblem {
    #[error("Slack could not be reached.")]
    Unreachable,
    #[error("Slack did not answer in time.")]
    TimedOut,
    #[error("Slack, or something between it and Round Robin, answered with status {status}.")]
    Unavailable { status: u16 },
    #[error("Slack asked to wait {seconds} seconds before it is asked for more people.")]
    RateLimited { seconds: u64 },
    #[error("Slack's answer could not be understood.")]
    Unreadable,
    #[error("Slack failed for the moment ({0}).")]
    Passing(SlackWord),
    /// Whoever is asked about the token itself says otherwise.
    #[error(
        "Slack refuses Round Robin's token when asked for people ({0}), though it calls the token good. If this lasts, an Owner or Admin has to remove Round Robin in Slack, under Manage apps, then sign in and add it again."
    )]
    TokenRefused(SlackWord),
    #[error("{0}")]
    Refused(SlackRefusal),
    /// So many people are not on Slack's list, and Slack was not asked for each of
    /// them yet.
    #[error(
        "Slack's list lacked {people} people whom it listed before. They stay as they were until Slack says what became of them."
    )]
    ShortList { people: u32 },
}

/// How sure it is that Round Robin is installed in the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InstallationView {
    Sound,
    /// Slack refused the token with this word, and is being asked again.
    Doubted {
        word: SlackWord,
    },
    Ended(EndedInstallation),
}

/// Slack said more than once that Round Robin's token is not good any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedInstallation {
    pub word: SlackWord,
    /// Until when people who are signed in can go on reading.
    pub readable_until: Timestamp,
}

/// A scope of the bot token that Round Robin asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlackScope {
    pub name: String,
    /// What does not work without it.
    pub purpose: String,
    pub granted: bool,
}

/// What Round Robin can do in Slack beside what it takes to sign people in. Nobody has to allow
/// it before it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SlackCapability {
    /// Writing messages into channels.
    Messages,
    /// Writing the members of user groups.
    Groups,
    /// Setting the topics of channels.
    Topics,
    /// Writing to people themselves.
    DirectMessages,
    /// Answering to what people type after `/rr`.
    Commands,
    /// Calling whoever is on duty where somebody mentions the app.
    Mentions,
}

impl SlackCapability {
    pub const ALL: [Self; 6] = [
        Self::Messages,
        Self::Groups,
        Self::Topics,
        Self::DirectMessages,
        Self::Commands,
        Self::Mentions,
    ];

    /// As it is sent.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Groups => "groups",
            Self::Topics => "topics",
            Self::DirectMessages => "direct_messages",
            Self::Commands => "commands",
            Self::Mentions => "mentions",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// The bot scopes without which it does not work at all.
    pub const fn needed_scopes(self) -> &'static [&'static str] {
        match self {
            Self::Messages => &["chat:write"],
            Self::Groups => &["usergroups:read", "usergroups:write"],
            Self::Topics => &["channels:read", "channels:write.topic"],
            Self::DirectMessages => &["chat:write", "im:write"],
            Self::Commands => &["commands"],
            Self::Mentions => &["app_mentions:read", "chat:write"],
        }
    }

    /// What people call it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Messages => "Announcements in channels",
            Self::Groups => "On-duty groups",
            Self::Topics => "Topics of channels",
            Self::DirectMessages => "Direct messages",
            Self::Commands => "The command /rr",
            Self::Mentions => "Mentions of Round Robin",
        }
    }

    /// Whether Slack has to reach the server for it. Everything else works behind a firewall.
    pub const fn is_inbound(self) -> bool {
        matches!(self, Self::Commands | Self::Mentions)
    }

    /// Whether it works with these scopes.
    pub fn is_granted(self, scopes: &[String]) -> bool {
        let is_granted = |needed: &&str| scopes.iter().any(|scope| scope == needed);
        self.needed_scopes().iter().all(is_granted)
    }

    /// All bot scopes that are asked for.
    pub const fn scopes(self) -> &'static [&'static str] {
        match self {
            // The second one is for public channels that the bot is not in.
            Self::Messages => &["chat:write", "chat:write.public"],
            Self::Groups | Self::DirectMessages | Self::Commands | Self::Mentions => {
                self.needed_scopes()
            }
            // The others are for private channels, and for joining public ones.
            Self::Topics => &[
                "channels:read",
                "channels:write.topic",
                "channels:join",
                "groups:read",
                "groups:write.topic",
            ],
        }
    }
}

/// The user scope by which Round Robin edits user groups in the name of an admin who lets it. Nobody
/// is asked for it to sign in.
pub const GROUP_WRITER_SCOPE: &str = "usergroups:write";
/// The code of what has ended since whoever lent it is deactivated.
pub const GROUP_WRITER_GONE: &str = "deactivated";
/// The same where whoever has lent it administers no more.
pub const GROUP_WRITER_NO_ADMIN: &str = "no_admin";

/// What an admin can let Round Robin do on a page of Slack's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlackPermission {
    OfBot(SlackCapability),
    /// Editing user groups in their own name.
    OwnGroupWrites,
}

impl SlackPermission {
    /// As it is sent.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OfBot(capability) => capability.code(),
            Self::OwnGroupWrites => "own_group_writes",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "own_group_writes" => Some(Self::OwnGroupWrites),
            code => SlackCapability::from_code(code).map(Self::OfBot),
        }
    }
}

/// By whose own permission user groups are edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupWriterView {
    pub name: String,
    pub since: Timestamp,
    /// Why it serves no more.
    pub ended: Option<PermissionEnd>,
    /// When Slack has refused it, where it serves as far as is known: one refusal has been wrong before.
    pub refused_at: Option<Timestamp>,
}

/// Why a permission that somebody lent has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PermissionEnd {
    Deactivated,
    /// Whoever lent it administers no more.
    NoAdmin,
    /// Slack refuses it with this word.
    Refused(SlackWord),
    Unknown,
}

impl PermissionEnd {
    pub fn of_code(code: &str) -> Self {
        match code {
            GROUP_WRITER_GONE => Self::Deactivated,
            GROUP_WRITER_NO_ADMIN => Self::NoAdmin,
            code => SlackWord::parse(code).map_or(Self::Unknown, Self::Refused),
        }
    }
}

/// Why nobody's permission to edit user groups was lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LendProblem {
    #[error(
        "It was not allowed at Slack, so nothing has changed. Choose Allow again if Round Robin should edit user groups in your name."
    )]
    Cancelled,
    #[error(
        "At Slack somebody else allowed it than who signed in here. Sign in there as yourself, then choose Allow once more."
    )]
    SomebodyElse,
    #[error(
        "Slack did not grant {GROUP_WRITER_SCOPE}. Whoever runs Round Robin adds this user scope to the Slack app, as it is in the manifest below; then choose Allow once more."
    )]
    NoScope,
    #[error(
        "Only an Owner or Admin of the workspace lets Round Robin edit user groups in their own name, and you are none any more. Ask one of them."
    )]
    NoAdmin,
    #[error(
        "Token rotation is switched on for the Slack app, so a permission would end after hours. Whoever runs Round Robin makes a new Slack app without token rotation."
    )]
    TokenRotation,
    #[error("Slack did not give the permission. Choose Allow once more in a minute.")]
    Failed,
}

impl LendProblem {
    const ALL: [Self; 6] = [
        Self::Cancelled,
        Self::SomebodyElse,
        Self::NoScope,
        Self::NoAdmin,
        Self::TokenRotation,
        Self::Failed,
    ];
    /// The parameter of an address that says it.
    pub const PARAMETER: &str = "not_lent";

    /// As it is sent.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::SomebodyElse => "somebody_else",
            Self::NoScope => "no_scope",
            Self::NoAdmin => "no_admin",
            Self::TokenRotation => "token_rotation",
            Self::Failed => "failed",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// Why a permission that was lent was not given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PermissionRefusal {
    #[error(
        "Round Robin has forgotten the permission and uses it no more, but Slack did not confirm that it ended there. Whoever gave it removes it in Slack, under Manage apps."
    )]
    StillAtSlack,
    #[error("Nobody lends Round Robin their permission any more. Reload the page.")]
    NotLent,
}

/// Something that Round Robin can do in Slack, and what it lacks for that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityView {
    pub capability: SlackCapability,
    /// All scopes that are asked for it.
    pub scopes: Vec<String>,
    /// Those of them without which it does not work, and that are not granted.
    pub lacks: Vec<String>,
}

/// What Round Robin can do in Slack, and the app that it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlackSettingsView {
    pub capabilities: Vec<CapabilityView>,
    /// By whose own permission user groups are edited, if an admin lends it.
    pub group_writer: Option<GroupWriterView>,
    /// What keeps commands from being answered beside a scope.
    pub commands: CommandsState,
    /// The manifest of the app, for people to read.
    pub manifest: String,
    /// The address that makes an app from it.
    pub creation_address: String,
}

/// Whether commands that Slack sends are answered here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandsState {
    Ready,
    /// Whoever runs the server has not set the secret by which they are known to be Slack's.
    NoSecret,
    /// Slack knows no way to the server.
    Unreachable,
}

/// Slack, as the integrations panel shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlackView {
    pub workspace_name: String,
    pub installation: InstallationView,
    /// The e-mail scope first.
    pub scopes: Vec<SlackScope>,
    /// Slack told of everybody then or later.
    pub directory_read_at: Option<Timestamp>,
    /// Why the last reading did not come to its end.
    pub directory_problem: Option<SlackProblem>,
    /// What it does not take of rotations that the reader may change.
    pub refused: First<RefusedBySlack>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_word_of_slacks_is_shown() {
        for text in ["", "a b", "<b>", "call 555", &"x".repeat(65)] {
            assert_eq!(SlackWord::parse(text), None, "{text:?}");
        }
        assert!(SlackWord::parse("team_access_not_granted").is_some());
    }

    #[test]
    fn what_passes_by_itself_is_told_from_what_depends_on_what_was_written() {
        for word in [
            "request_timeout",
            "accesslimited",
            "timed_out",
            "status_502",
        ] {
            let hindrance = Hindrance::of_word(word);
            assert!(matches!(hindrance, Hindrance::Passing), "{word}");
        }
        for word in ["token_revoked", "not_installed", "is_archived", "broke_off"] {
            assert!(!SlackWord::is_passing(word), "{word}");
        }
    }

    #[test]
    fn a_refusal_names_the_word_and_what_to_do() {
        for word in ["org_login_required", "something_new"] {
            let sentence = SlackRefusal(SlackWord::parse(word).unwrap()).to_string();
            assert!(sentence.starts_with(&format!("Slack refused: {word}. ")));
            assert!(sentence.contains("dmin"), "{sentence}");
        }
    }
}
