//! What people are told themselves, by direct messages in Slack, and when they want to be left
//! alone.

use crate::{SlackWord, Timestamp, slack::Hindrance};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;

/// How long before a shift begins somebody is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lead {
    #[serde(rename = "15m")]
    QuarterOfAnHour,
    #[serde(rename = "30m")]
    HalfAnHour,
    #[serde(rename = "1h")]
    AnHour,
    #[serde(rename = "4h")]
    FourHours,
    #[serde(rename = "1d")]
    ADay,
    #[serde(rename = "2d")]
    TwoDays,
    #[serde(rename = "7d")]
    AWeek,
}

impl Lead {
    pub const ALL: [Self; 7] = [
        Self::QuarterOfAnHour,
        Self::HalfAnHour,
        Self::AnHour,
        Self::FourHours,
        Self::ADay,
        Self::TwoDays,
        Self::AWeek,
    ];

    /// As it is sent and stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::QuarterOfAnHour => "15m",
            Self::HalfAnHour => "30m",
            Self::AnHour => "1h",
            Self::FourHours => "4h",
            Self::ADay => "1d",
            Self::TwoDays => "2d",
            Self::AWeek => "7d",
        }
    }

    pub const fn in_words(self) -> &'static str {
        match self {
            Self::QuarterOfAnHour => "15 minutes before",
            Self::HalfAnHour => "30 minutes before",
            Self::AnHour => "1 hour before",
            Self::FourHours => "4 hours before",
            Self::ADay => "1 day before",
            Self::TwoDays => "2 days before",
            Self::AWeek => "1 week before",
        }
    }

    pub const fn seconds(self) -> u64 {
        const HOUR: u64 = 3600;
        match self {
            Self::QuarterOfAnHour => HOUR / 4,
            Self::HalfAnHour => HOUR / 2,
            Self::AnHour => HOUR,
            Self::FourHours => 4 * HOUR,
            Self::ADay => 24 * HOUR,
            Self::TwoDays => 48 * HOUR,
            Self::AWeek => 168 * HOUR,
        }
    }
}

/// A time of the day, in minutes since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct MinuteOfDay(u16);

impl TryFrom<u16> for MinuteOfDay {
    type Error = &'static str;

    fn try_from(minutes: u16) -> Result<Self, Self::Error> {
        match minutes < 24 * 60 {
            true => Ok(Self(minutes)),
            false => Err("no day has as many minutes"),
        }
    }
}

impl From<MinuteOfDay> for u16 {
    fn from(minute: MinuteOfDay) -> Self {
        minute.0
    }
}

impl MinuteOfDay {
    /// `HH:MM`, as forms send it.
    pub fn typed(text: &str) -> Option<Self> {
        let (hours, minutes) = text.trim().split_once(':')?;
        let part = |text: &str, below: u16| {
            let is_number =
                (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            let number = is_number.then(|| text.parse().ok()).flatten();
            number.filter(|number: &u16| *number < below)
        };
        Some(Self(part(hours, 24)? * 60 + part(minutes, 60)?))
    }

    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// As fields for a time show it.
    pub fn in_words(self) -> String {
        format!("{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// From when until when somebody is left alone each day. They end the next day where they end
/// earlier than they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    pub from: MinuteOfDay,
    pub until: MinuteOfDay,
}

/// Of what somebody is told. What another version has stored is read as far as this one knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotificationChoices {
    pub starts: bool,
    pub ends: bool,
    pub moves: bool,
    /// That somebody wants cover that they could give, and that theirs was taken.
    pub covers: bool,
    #[serde(deserialize_with = "known_leads")]
    pub leads: BTreeSet<Lead>,
    pub quiet: Option<QuietHours>,
}

/// Those that this version knows.
fn known_leads<'de, D: Deserializer<'de>>(leads: D) -> Result<BTreeSet<Lead>, D::Error> {
    let codes = Vec::<String>::deserialize(leads)?;
    let known = Lead::ALL.into_iter();
    Ok(known
        .filter(|lead| codes.iter().any(|code| code == lead.code()))
        .collect())
}

/// What holds for whoever has chosen nothing.
impl Default for NotificationChoices {
    fn default() -> Self {
        Self {
            starts: true,
            ends: false,
            moves: false,
            covers: true,
            leads: BTreeSet::new(),
            quiet: None,
        }
    }
}

/// The fields of the form, as somebody filled them in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationInput {
    #[serde(default)]
    pub starts: bool,
    #[serde(default)]
    pub ends: bool,
    #[serde(default)]
    pub moves: bool,
    #[serde(default)]
    pub covers: bool,
    /// Whether the form asks for `covers`, as that of an older version does not.
    #[serde(default)]
    pub asks_for_covers: bool,
    #[serde(default)]
    pub leads: Vec<Lead>,
    /// `HH:MM`, both or neither.
    #[serde(default)]
    pub quiet_from: String,
    #[serde(default)]
    pub quiet_until: String,
}

impl NotificationInput {
    /// What is chosen where `before` was: what the form does not ask for stays.
    pub fn checked(
        &self,
        before: &NotificationChoices,
    ) -> Result<NotificationChoices, NotificationRefusal> {
        let (from, until) = (self.quiet_from.trim(), self.quiet_until.trim());
        let quiet = match (from.is_empty(), until.is_empty()) {
            (true, true) => None,
            (false, false) => {
                let typed = |text| MinuteOfDay::typed(text).ok_or(NotificationRefusal::NoTime);
                let (from, until) = (typed(from)?, typed(until)?);
                if from == until {
                    return Err(NotificationRefusal::WholeDay);
                }
                Some(QuietHours { from, until })
            }
            _ => return Err(NotificationRefusal::HalfQuiet),
        };
        Ok(NotificationChoices {
            starts: self.starts,
            ends: self.ends,
            moves: self.moves,
            covers: match self.asks_for_covers {
                true => self.covers,
                false => before.covers,
            },
            leads: self.leads.iter().copied().collect(),
            quiet,
        })
    }
}

impl From<&NotificationChoices> for NotificationInput {
    fn from(choices: &NotificationChoices) -> Self {
        let quiet = |time: fn(QuietHours) -> MinuteOfDay| {
            let time = choices.quiet.map(|quiet| time(quiet).in_words());
            time.unwrap_or_default()
        };
        Self {
            starts: choices.starts,
            ends: choices.ends,
            moves: choices.moves,
            covers: choices.covers,
            asks_for_covers: true,
            leads: choices.leads.iter().copied().collect(),
            quiet_from: quiet(|quiet| quiet.from),
            quiet_until: quiet(|quiet| quiet.until),
        }
    }
}

/// Why choices were not saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum NotificationRefusal {
    #[error("Quiet hours need a beginning and an end. Fill in both, or leave both empty.")]
    HalfQuiet,
    #[error("This is no time of the day. Write hours and minutes, such as 22:00.")]
    NoTime,
    #[error(
        "Quiet hours that end when they begin would be the whole day. To be told of nothing, take away the choices above."
    )]
    WholeDay,
}

/// A direct message that arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldDirectly {
    pub at: Timestamp,
    /// What it was about, in words.
    pub about: String,
}

/// Of what the reader is told, and how that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationsView {
    pub choices: NotificationChoices,
    /// The time zone of the quiet hours, by name.
    pub zone: String,
    /// Slack told that zone of the reader; else it is what holds for whoever is in none.
    pub zone_is_slacks: bool,
    /// An admin has chosen it for the whole workspace.
    pub zone_is_workspaces: bool,
    /// Whether Slack lets Round Robin write to people at all.
    pub may_write: bool,
    /// The reader is told when PagerDuty needs to be reconnected.
    pub administers: bool,
    pub last: Option<ToldDirectly>,
    /// What was wrong with the last message, in a sentence.
    pub trouble: Option<String>,
}

/// Why somebody was not told, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectTrouble {
    #[error(
        "When it was last tried, Slack said that Round Robin lacks a permission to write direct messages. The next one is tried again; if it stays so, an Owner or Admin of the workspace has to install it anew, under Settings → Slack."
    )]
    MayNotWrite,
    #[error(
        "Slack says that your account there is deactivated or cannot be seen by Round Robin. Ask an admin of the workspace."
    )]
    Unreachable,
    #[error(
        "The app of Round Robin takes no messages in Slack: its Messages tab is switched off. Whoever runs Round Robin switches it on under App Home in the app's settings at Slack."
    )]
    MessagesTabOff,
    #[error(
        "The workspace's settings do not let apps write direct messages. An Owner or Admin of the workspace can change that in Slack."
    )]
    Restricted,
    #[error(
        "Round Robin is not installed in Slack any more. An Owner or Admin signs in and adds it."
    )]
    NotInstalled,
    #[error(
        "Slack refuses Round Robin's token. It is asked again by itself; if this lasts, an Owner or Admin signs in and adds Round Robin again."
    )]
    TokenRefused,
    /// Cause: no clear answer came from Slack, and a second message would be one too many.
    #[error(
        "Slack did not say clearly whether the last message arrived, so it was not repeated. Look into your messages from Round Robin; you are told of the next change again."
    )]
    InDoubt,
    #[error("Slack does not take messages at the moment. The last one is tried again by itself.")]
    Waiting,
    #[error(
        "Slack refused the last message: {0}. Slack's documentation of conversations.open and chat.postMessage tells more."
    )]
    Refused(SlackWord),
    #[error(
        "The last message came to nothing. The log says why; you are told of the next change again."
    )]
    Unknown,
}

impl DirectTrouble {
    /// What a word of Slack's means where somebody is written to, or one of our own codes for
    /// what has no word.
    pub fn of_word(word: &str) -> Self {
        match word {
            "missing_scope" => Self::MayNotWrite,
            "user_disabled" | "user_not_found" | "user_not_visible" | "users_not_found" => {
                Self::Unreachable
            }
            "messages_tab_disabled" => Self::MessagesTabOff,
            "restricted_action" | "not_allowed_token_type" => Self::Restricted,
            word => match Hindrance::of_word(word) {
                Hindrance::NotInstalled => Self::NotInstalled,
                Hindrance::TokenRefused => Self::TokenRefused,
                Hindrance::Passing => Self::Waiting,
                Hindrance::Unknown => Self::Unknown,
                Hindrance::Word(word) => Self::Refused(word),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before() -> NotificationChoices {
        NotificationChoices::default()
    }

    fn input(from: &str, until: &str) -> NotificationInput {
        NotificationInput {
            quiet_from: from.to_owned(),
            quiet_until: until.to_owned(),
            ..NotificationInput::default()
        }
    }

    #[test]
    fn quiet_hours_are_two_times_of_the_day_or_none() {
        assert_eq!(input("", " ").checked(&before()).unwrap().quiet, None);
        let quiet = input("22:00", "7:05")
            .checked(&before())
            .unwrap()
            .quiet
            .unwrap();
        assert_eq!((quiet.from.minutes(), quiet.until.minutes()), (1320, 425));
        assert_eq!(quiet.until.in_words(), "07:05");
        for (from, until, refusal) in [
            ("22:00", "", NotificationRefusal::HalfQuiet),
            ("", "22:00", NotificationRefusal::HalfQuiet),
            ("22:00", "24:00", NotificationRefusal::NoTime),
            ("22", "07:00", NotificationRefusal::NoTime),
            ("+1:00", "07:00", NotificationRefusal::NoTime),
            ("07:00", "7:00", NotificationRefusal::WholeDay),
        ] {
            assert_eq!(
                input(from, until).checked(&before()),
                Err(refusal),
                "{from} {until}"
            );
        }
    }

    #[test]
    fn what_was_chosen_is_what_the_form_begins_with() {
        let choices = NotificationChoices {
            ends: true,
            leads: [Lead::ADay, Lead::AnHour].into(),
            ..input("22:00", "07:00").checked(&before()).unwrap()
        };
        assert_eq!(
            NotificationInput::from(&choices).checked(&before()),
            Ok(choices)
        );
    }

    #[test]
    fn a_form_that_does_not_ask_for_it_leaves_it_as_it_is() {
        for covers in [true, false] {
            let before = NotificationChoices { covers, ..before() };
            assert_eq!(input("", "").checked(&before).unwrap().covers, covers);
            let asked = NotificationInput {
                covers: !covers,
                asks_for_covers: true,
                ..input("", "")
            };
            assert_eq!(asked.checked(&before).unwrap().covers, !covers);
        }
    }

    #[test]
    fn each_lead_is_stored_as_it_is_sent() {
        for lead in Lead::ALL {
            assert_eq!(serde_json::to_value(lead).unwrap(), lead.code());
        }
    }

    #[test]
    fn each_word_that_somebody_can_do_something_about_has_a_sentence_of_its_own() {
        for (word, trouble) in [
            ("missing_scope", DirectTrouble::MayNotWrite),
            ("user_disabled", DirectTrouble::Unreachable),
            ("messages_tab_disabled", DirectTrouble::MessagesTabOff),
            ("restricted_action", DirectTrouble::Restricted),
            ("token_revoked", DirectTrouble::TokenRefused),
            ("rate_limited", DirectTrouble::Waiting),
            ("not_installed", DirectTrouble::NotInstalled),
        ] {
            assert_eq!(DirectTrouble::of_word(word), trouble, "{word}");
        }
        let unknown = DirectTrouble::of_word("too_many_users").to_string();
        assert!(unknown.contains("too_many_users"));
    }
}
