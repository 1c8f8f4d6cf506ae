//! Rotations as pages show them, and the input that makes and edits them with
//! its rules. The same rules run in the browser (early) and on the server
//! (always).

use crate::{
    AuditId, BindingView, CoverView, Coverage, Days, FoundPeople, LinkState, MemberAbsence,
    MemberKey, Outlook, OverrideView, PagerDutyUserId, PersonId, PersonView, RotaView, RotationId,
    ScheduleId, Stretch, is_invisible,
};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

pub const NAME_MAX_CHARS: usize = 120;
pub const DESCRIPTION_MAX_CHARS: usize = 2000;
pub const NOTES_MAX_CHARS: usize = 2000;
pub const CODE_MAX_CHARS: usize = 40;
pub const DUTY_SIZE_MAX: u32 = 50;

/// What decides who takes turns in a rotation, and who is on duty: its kind of plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RotationMode {
    /// Somebody presses *Rotate*.
    Manual,
    /// A PagerDuty schedule decides.
    PagerDuty,
    /// A schedule of its own decides whose turn it is.
    Scheduled,
    /// Something decides that another version knows and this one does not. Such a rotation is
    /// shown as it is stored and left alone.
    Unknown,
}

impl RotationMode {
    /// The name under which the mode is stored and filtered by.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::PagerDuty => "pagerduty",
            Self::Scheduled => "scheduled",
            Self::Unknown => "unknown",
        }
    }

    /// The inverse of [`RotationMode::code`], for what can be chosen.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Manual, Self::PagerDuty, Self::Scheduled]
            .into_iter()
            .find(|mode| mode.code() == code)
    }

    /// Whether who takes turns, and in which order, is decided here.
    pub const fn members_are_ours(self) -> bool {
        matches!(self, Self::Manual | Self::Scheduled)
    }

    /// Whether people hand over by hand; else nobody presses *Rotate*.
    pub const fn people_hand_over(self) -> bool {
        matches!(self, Self::Manual)
    }

    /// How whoever has duty came to it by this, for example `by hand`.
    pub const fn decided_in_words(self) -> Option<&'static str> {
        match self {
            Self::Manual => Some("by hand"),
            Self::PagerDuty => Some("by PagerDuty’s schedule"),
            Self::Scheduled => Some("by its own schedule"),
            Self::Unknown => None,
        }
    }

    /// Why people do not decide here, where they do not.
    pub const fn refusal(self) -> RotationRefusal {
        match self {
            Self::PagerDuty => RotationRefusal::Bound,
            Self::Scheduled => RotationRefusal::Scheduled,
            Self::Manual | Self::Unknown => RotationRefusal::UnknownMode,
        }
    }

    /// Whether it is planned ahead who is on duty, and who comes next.
    pub const fn has_shifts(self) -> bool {
        matches!(self, Self::PagerDuty | Self::Scheduled)
    }
}

impl fmt::Display for RotationMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Manual => "Manual",
            Self::PagerDuty => "PagerDuty",
            Self::Scheduled => "Scheduled",
            Self::Unknown => "Unknown mode",
        })
    }
}

/// Who sees a rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    #[default]
    Public,
    /// Only its members and owners, and workspace admins.
    Private,
}

impl Visibility {
    /// The name under which the visibility is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    /// The inverse of [`Visibility::code`].
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Public, Self::Private]
            .into_iter()
            .find(|visibility| visibility.code() == code)
    }
}

/// One step in the order of the members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveDirection {
    Up,
    Down,
}

/// The fields of the rotation form, as somebody filled them in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationInput {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub description: String,
    /// Absent where the form knows of no notes, as that of an older version: then they stay.
    #[serde(
        default,
        deserialize_with = "filled_in",
        skip_serializing_if = "Option::is_none"
    )]
    pub notes: Option<String>,
    #[serde(default)]
    pub code: String,
    /// A number as text, since a form can hold anything.
    #[serde(default)]
    pub duty_size: String,
    #[serde(default)]
    pub visibility: Visibility,
    /// The version of the rotation that the form began with; empty where nobody looked.
    #[serde(default)]
    pub version: String,
}

/// A field that is there, if only empty: in a form that is not the same as one that is not.
fn filled_in<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    String::deserialize(field).map(Some)
}

/// A field of [`RotationInput`] that something can be said about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RotationField {
    Name,
    Description,
    Notes,
    Code,
    DutySize,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum FieldProblem {
    /// Cause: The field for the name is empty.
    #[error("Give the rotation a name.")]
    NameEmpty,
    #[error("This is {chars} characters long; at most {max} fit. Shorten it.")]
    TooLong { chars: usize, max: usize },
    #[error("This holds characters that cannot be shown. Type it anew instead of pasting it.")]
    ControlCharacters,
    /// Cause: The code holds other characters.
    #[error("Use letters A to Z, digits and hyphens only.")]
    CodeCharacters,
    #[error("Another rotation already has this code. Choose another one.")]
    CodeTaken,
    /// Cause: The number of people on duty at once is no number, or out of bounds.
    #[error("Enter a whole number from 1 to {DUTY_SIZE_MAX}.")]
    DutySize,
}

/// A [`RotationInput`] that passed its rules: trimmed, the code in upper case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationDetails {
    pub name: String,
    pub description: String,
    /// What whoever is on duty should know; may be empty.
    #[serde(default)]
    pub notes: String,
    /// Unique in the workspace; absent when none was given.
    pub code: Option<String>,
    /// How many people are on duty at once after *Rotate*.
    pub duty_size: u32,
    pub visibility: Visibility,
}

impl RotationInput {
    /// The details, or everything that is wrong, by field.
    pub fn checked(&self) -> Result<RotationDetails, Vec<(RotationField, FieldProblem)>> {
        let mut problems = Vec::new();
        let name = one_line(&self.name);
        let name = name.as_str();
        if name.chars().all(is_invisible) {
            problems.push((RotationField::Name, FieldProblem::NameEmpty));
        }
        let description = self.description.trim();
        let notes = self.notes.as_deref().unwrap_or_default().trim();
        let code = self.code.trim().to_ascii_uppercase();
        for (field, text, max) in [
            (RotationField::Name, name, NAME_MAX_CHARS),
            (
                RotationField::Description,
                description,
                DESCRIPTION_MAX_CHARS,
            ),
            (RotationField::Notes, notes, NOTES_MAX_CHARS),
            (RotationField::Code, code.as_str(), CODE_MAX_CHARS),
        ] {
            let chars = text.chars().count();
            if chars > max {
                problems.push((field, FieldProblem::TooLong { chars, max }));
            }
        }
        for (field, text) in [
            (RotationField::Name, name),
            (RotationField::Description, description),
            (RotationField::Notes, notes),
        ] {
            if text.chars().any(is_unprintable) {
                problems.push((field, FieldProblem::ControlCharacters));
            }
        }
        if !code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            problems.push((RotationField::Code, FieldProblem::CodeCharacters));
        }
        let duty_size = match self.duty_size.trim() {
            "" => Some(1),
            text => text
                .parse()
                .ok()
                .filter(|size| (1..=DUTY_SIZE_MAX).contains(size)),
        };
        match duty_size {
            Some(duty_size) if problems.is_empty() => Ok(RotationDetails {
                name: name.to_owned(),
                description: description.to_owned(),
                notes: notes.to_owned(),
                code: (!code.is_empty()).then_some(code),
                duty_size,
                visibility: self.visibility,
            }),
            Some(_) => Err(problems),
            None => {
                problems.push((RotationField::DutySize, FieldProblem::DutySize));
                Err(problems)
            }
        }
    }
}

/// The text with its line breaks and tabs, which fields of one line cannot hold, as
/// spaces.
fn one_line(text: &str) -> String {
    let lines = text.split(['\n', '\r', '\t', '\u{2028}', '\u{2029}']);
    let lines: Vec<&str> = lines
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(" ")
}

/// Line breaks and tabs are for descriptions; no database takes a NUL.
fn is_unprintable(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\r' | '\t')
}

impl From<&RotationDetails> for RotationInput {
    fn from(details: &RotationDetails) -> Self {
        Self {
            name: details.name.clone(),
            description: details.description.clone(),
            notes: Some(details.notes.clone()),
            code: details.code.clone().unwrap_or_default(),
            duty_size: details.duty_size.to_string(),
            visibility: details.visibility,
            version: String::new(),
        }
    }
}

/// Why a change to a rotation did not happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum RotationRefusal {
    /// Remedy: each of these fields says beside it what it needs.
    #[error("Some fields need another look.")]
    Fields(Vec<(RotationField, FieldProblem)>),
    #[error(
        "PagerDuty decides who is in this rotation and who is on duty. Change the schedule in PagerDuty, or stop following it under Edit schedule."
    )]
    Bound,
    #[error(
        "This rotation moves on by its schedule. Change the schedule or the order of its members, or choose Manual under Edit schedule."
    )]
    Scheduled,
    #[error(
        "Another version made this rotation, in a way that this one does not know. Ask whoever runs Round Robin to run that version."
    )]
    UnknownMode,
    #[error("Nobody in this rotation can take over. Add a member who is active in Slack first.")]
    NobodyToRotateTo,
    #[error("This person is deactivated in Slack and cannot go on duty. Choose somebody else.")]
    Deactivated,
    #[error("This person is not in the rotation any more. Reload to see its current members.")]
    NotAMember,
    /// Remedy: none is needed: nothing was changed.
    #[error("This person is already in the rotation.")]
    AlreadyAMember,
    /// Remedy: none is needed: nothing was changed.
    #[error("This person is already an owner.")]
    AlreadyAnOwner,
    #[error("You cannot remove yourself as an owner. Ask another owner or a workspace admin.")]
    CannotRemoveYourself,
    /// Cause: Nobody was chosen.
    #[error("Choose a person from the list.")]
    NobodyChosen,
    #[error(
        "This rotation has changed since, so nothing was undone. Look at it as it is now, and change what is not right."
    )]
    ChangedSince,
    #[error(
        "{by} has changed this rotation while you were at it. Nothing of yours was saved, and it is still here: save again to have it in the place of theirs, which is: {what}."
    )]
    EditedMeanwhile {
        version: AuditId,
        by: String,
        what: String,
    },
    #[error(
        "This cannot be undone any more. Look at the rotation as it is now, and change what is not right."
    )]
    UndoGone,
}

impl RotationRefusal {
    /// Before it is known who it was.
    pub const fn edited_meanwhile(version: AuditId) -> Self {
        Self::EditedMeanwhile {
            version,
            by: String::new(),
            what: String::new(),
        }
    }
}

/// A member of a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberView {
    pub key: MemberKey,
    /// The PagerDuty user they came from, when they came from a schedule.
    pub pagerduty_user: Option<PagerDutyUserId>,
    pub name: String,
    pub email: Option<String>,
    pub link: LinkState,
    /// What PagerDuty calls them, where an admin linked them to somebody of another name.
    pub pagerduty_name: Option<String>,
}

/// How somebody on duty is reached in Slack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlackContact {
    pub key: MemberKey,
    pub person: PersonId,
    /// Leads to a conversation with them.
    pub address: String,
}

/// A rotation's own page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationPage {
    pub id: RotationId,
    pub details: RotationDetails,
    /// For the forms that change these, or what decides.
    pub version: String,
    pub mode: RotationMode,
    /// In order of their turns.
    pub members: Vec<MemberView>,
    pub owners: Vec<PersonView>,
    /// Present in PagerDuty mode.
    pub binding: Option<BindingView>,
    /// Present in Scheduled mode.
    pub rota: Option<RotaView>,
    pub outlook: Outlook,
    /// Those on duty who are in Slack.
    pub contacts: Vec<SlackContact>,
    /// What a schedule plans from now on, by start, with its gaps: as much as is listed.
    pub plan: Vec<Stretch>,
    /// How many stretches more are planned.
    pub plan_beyond: u32,
    /// Who was on duty, the latest first; the last 20.
    pub history: Vec<Stretch>,
    /// What decided when each of these began, where it is known. Beside them, since a page that is open
    /// reads what servers of the versions before and after answer.
    #[serde(default)]
    pub history_sources: Vec<Option<RotationMode>>,
    /// The days that were asked for, and who has duty on them.
    pub days: Days,
    pub coverage: Coverage,
    /// Those that run or are to come, by start.
    pub overrides: Vec<OverrideView>,
    /// Open ones, by start.
    pub covers: Vec<CoverView>,
    /// Members who are away or will be, by start, for those who may edit.
    pub absences: Vec<MemberAbsence>,
    /// The caller may put at least themselves in the place of a member.
    pub may_take_over: bool,
    /// The caller may ask others to cover a shift of theirs: also whoever is on duty by an override
    /// alone, and takes no turns.
    pub may_ask_for_cover: bool,
    /// The caller may link people of PagerDuty to people of Slack.
    pub may_link: bool,
    /// The caller may edit, rotate, set on duty, bind and delete.
    pub may_edit: bool,
    /// PagerDuty is connected, so that it can be chosen as schedule.
    pub pagerduty_connected: bool,
    /// Whom one may choose from before anything is searched for, where the caller adds members.
    #[serde(default)]
    pub candidates: FoundPeople,
}

impl RotationPage {
    /// The members who are linked to Slack, and all of them.
    pub fn linked_count(&self) -> (usize, usize) {
        let linked = self
            .members
            .iter()
            .filter(|member| member.link.is_linked())
            .count();
        (linked, self.members.len())
    }

    pub fn bound_schedule(&self) -> Option<&ScheduleId> {
        self.binding.as_ref().map(|binding| &binding.schedule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> RotationInput {
        RotationInput {
            name: name.to_owned(),
            ..RotationInput::default()
        }
    }

    #[test]
    fn a_name_is_enough() {
        let details = named("  Platform on-call ").checked().unwrap();
        assert_eq!(details.name, "Platform on-call");
        assert_eq!(details.duty_size, 1);
        assert_eq!(details.code, None);
        assert_eq!(details.visibility, Visibility::Public);
    }

    #[test]
    fn right_to_left_and_html_are_names_like_any_other() {
        for name in ["כוננות פלטפורמה", "<script>alert(1)</script>"] {
            assert_eq!(named(name).checked().unwrap().name, name);
        }
    }

    #[test]
    fn every_wrong_field_is_reported_at_once() {
        let input = RotationInput {
            name: "x".repeat(10_000),
            code: "on call".to_owned(),
            duty_size: "0".to_owned(),
            ..RotationInput::default()
        };
        assert_eq!(
            input.checked().unwrap_err(),
            vec![
                (
                    RotationField::Name,
                    FieldProblem::TooLong {
                        chars: 10_000,
                        max: 120
                    }
                ),
                (RotationField::Code, FieldProblem::CodeCharacters),
                (RotationField::DutySize, FieldProblem::DutySize),
            ]
        );
    }

    #[test]
    fn an_empty_name_is_asked_for() {
        for nothing_to_see in ["", " \t", "\u{200b}", "\u{2067}\u{3164} \u{2069}"] {
            assert_eq!(
                named(nothing_to_see).checked().unwrap_err(),
                vec![(RotationField::Name, FieldProblem::NameEmpty)],
                "{nothing_to_see:?}"
            );
        }
        for name in ["👩\u{200d}🚒", "\u{2067}א\u{2069}"] {
            assert_eq!(named(name).checked().unwrap().name, name);
        }
    }

    #[test]
    fn what_cannot_be_shown_cannot_be_a_name() {
        assert_eq!(
            named("a\0b").checked().unwrap_err(),
            vec![(RotationField::Name, FieldProblem::ControlCharacters)]
        );
    }

    #[test]
    fn a_name_is_of_one_line_and_a_description_of_many() {
        for (typed, kept) in [
            ("Ops\nnight", "Ops night"),
            ("Ops \r\n\r\n\t night\n", "Ops night"),
            ("\u{2028}Ops\u{2029}night", "Ops night"),
            ("Ops  night", "Ops  night"),
        ] {
            assert_eq!(named(typed).checked().unwrap().name, kept, "{typed:?}");
        }
        let input = RotationInput {
            description: "one\ntwo".to_owned(),
            ..named("Ops")
        };
        assert_eq!(input.checked().unwrap().description, "one\ntwo");
    }

    #[test]
    fn a_code_is_stored_in_upper_case() {
        let input = RotationInput {
            code: " ops-1 ".to_owned(),
            ..named("Ops")
        };
        assert_eq!(input.checked().unwrap().code.as_deref(), Some("OPS-1"));
    }
}
