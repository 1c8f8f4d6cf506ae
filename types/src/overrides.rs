//! Overrides and absences as forms ask for them and pages show them. Times are text here, and
//! mean something only together with a zone that the form names: calendars stay out of the
//! browser's download.

use crate::{
    AbsenceId, CoverId, Holder, OverrideId, RotaPreview, RotationId, RotationRefusal, Stretch,
    Timestamp,
};
use serde::{Deserialize, Serialize};

/// How long an override or an absence can be, in days.
pub const SPAN_MAX_DAYS: i64 = 366;
/// How many overrides of a rotation can run or be to come.
pub const OVERRIDES_MAX: usize = 200;
/// How many absences of a person can run or be to come.
pub const ABSENCES_MAX: usize = 100;
/// How many overrides of a rotation, and absences of a person, are kept, with those that are over: for
/// a month after their end.
pub const OVERRIDES_KEPT_MAX: usize = 1_000;
pub const ABSENCES_KEPT_MAX: usize = 500;
/// How many requests for cover of a rotation can be open.
pub const COVERS_MAX: usize = 100;
pub const NOTE_MAX_CHARS: usize = 200;

/// What an override does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideChoice {
    /// Somebody takes another's place.
    #[default]
    Replace,
    /// Somebody comes in addition.
    Add,
    /// A place is left empty.
    Empty,
    /// Somebody wants another to take their place, and nothing changes until one does. Of one that is
    /// made, one did.
    Cover,
}

/// Which of two moments is meant where clocks show a time twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhichOne {
    #[default]
    Unasked,
    First,
    Second,
}

/// A time from one moment to another, as somebody filled it in: `YYYY-MM-DDTHH:MM` each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanInput {
    #[serde(default)]
    pub from: String,
    #[serde(default)]
    pub from_which: WhichOne,
    #[serde(default)]
    pub until: String,
    #[serde(default)]
    pub until_which: WhichOne,
}

/// A field of [`SpanInput`] that something can be said about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpanField {
    From,
    Until,
}

/// What is wrong with a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum SpanProblem {
    /// Cause: Nothing was typed, or it is no date with a time of day.
    #[error("Enter a date and a time of day, such as 2026-06-01 09:00.")]
    NoMoment,
    #[error(
        "Clocks jump over this time on that day. The nearest that there are: {before} and {after}. Choose one of these."
    )]
    Missing { before: String, after: String },
    #[error(
        "Clocks show this time twice on that day: first at UTC{first}, then at UTC{second}. Choose which one is meant."
    )]
    Twice { first: String, second: String },
    #[error("This is more than two years ahead, which is too far. Choose a nearer time.")]
    TooFar,
    #[error("It ends before it begins. Choose an end that comes after the beginning.")]
    EndsBeforeStart,
    #[error("This is over already. Choose an end that is still to come.")]
    IsOver,
    #[error("This is longer than {SPAN_MAX_DAYS} days. Choose a nearer end.")]
    TooLong,
}

/// The fields of an override, as somebody filled them in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverrideInput {
    #[serde(default)]
    pub kind: OverrideChoice,
    /// The key of the member whose place it is about.
    #[serde(default)]
    pub of: String,
    /// The id of the person who is on duty by it, or is asked for cover; of anybody where none is.
    #[serde(default)]
    pub person: String,
    #[serde(default)]
    pub span: SpanInput,
}

/// A field of [`OverrideInput`] that something can be said about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OverrideField {
    Of,
    Person,
    Span(SpanField),
}

/// What is wrong with a field of an override.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum OverrideProblem {
    /// Cause: Nobody was chosen.
    #[error("Choose a person from the list.")]
    NobodyChosen,
    #[error("This person is not in the rotation any more. Choose somebody who is.")]
    NotAMember,
    #[error("Slack does not know this person any more. Choose somebody else.")]
    NotKnown,
    #[error("This person is deactivated in Slack and cannot go on duty. Choose somebody else.")]
    Deactivated,
    #[error("Nobody can take their own place. Choose somebody else.")]
    Oneself,
    #[error(
        "This rotation is private and this person is not in it, so they could not see the request. Choose somebody who is, or ask anybody."
    )]
    CannotSee,
    #[error(
        "This rotation is private and this person is not in it, so they could not see their duty. Choose somebody who is, or make them a member or an owner first."
    )]
    CannotSeeDuty,
    #[error(
        "This person is a guest of the Slack workspace and not in this rotation, so they could not take the place. Choose somebody else, or ask anybody."
    )]
    Guest,
    #[error("{0}")]
    Span(#[from] SpanProblem),
}

/// Why an override was not made or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum OverrideRefusal {
    #[error(transparent)]
    Rotation(#[from] RotationRefusal),
    #[error(
        "PagerDuty decides who is on duty in this rotation, and Round Robin only reads there. Make the override in PagerDuty; it is shown here soon after."
    )]
    Bound,
    #[error(
        "In a Manual rotation nothing is planned that could be overridden. Rotate, or set somebody on duty, when the time comes; or choose Scheduled under Edit schedule."
    )]
    ByHand,
    #[error(
        "You may put yourself in somebody's place. Ask the rotation's owners or a workspace admin for anything else."
    )]
    OnlyYourself,
    /// Remedy: each of these fields says beside it what it needs.
    #[error("Some fields of the override need another look.")]
    Fields(Vec<(OverrideField, OverrideProblem)>),
    #[error(
        "This rotation has {OVERRIDES_MAX} overrides that run or are to come, and no more fit. Remove some first."
    )]
    TooMany,
    #[error(
        "This rotation has had {OVERRIDES_KEPT_MAX} overrides lately, and no more fit. Each is forgotten a month after its end: make this one once the oldest are."
    )]
    TooManyLately,
    /// Remedy: none is needed: nothing was changed.
    #[error("This override is over or was removed meanwhile.")]
    Gone,
    #[error(
        "You may ask for cover of your own shifts. Ask the rotation's owners or a workspace admin for anything else."
    )]
    NotYourShift,
    #[error(
        "This rotation has {COVERS_MAX} open requests for cover, and no more fit. Take or withdraw some first."
    )]
    TooManyRequests,
    #[error(
        "Cover is asked for already, or was given, for this time or a part of it. Withdraw that request or end that override first, or ask the rotation's owners to, or choose another time."
    )]
    AskedAlready,
    #[error(
        "Whoever is to be covered has no shift at that time, so there is nothing to cover. Choose a time in which they have one: the rotation's page shows the shifts to come."
    )]
    NoShiftThen,
    #[error(
        "{0} has no shift at that time any more, so there is nothing to cover. The schedule has changed since cover was asked for: the request can be withdrawn."
    )]
    NoShiftAnyMore(String),
    /// Remedy: none is needed: somebody is there.
    #[error("{0} was quicker and has taken this already.")]
    Taken(String),
    #[error("You cannot cover yourself. Withdraw the request if you are there after all.")]
    OwnRequest,
    #[error("Somebody else is asked for this. Ask whoever made the request to ask you.")]
    SomebodyElseIsAsked,
    #[error(
        "Guests of the Slack workspace take the place of others only in rotations that they are in. Ask the rotation's owners or a workspace admin to add you, or a full member to take it."
    )]
    Guest,
    /// Remedy: none is needed: nothing was changed.
    #[error("This request for cover was withdrawn meanwhile.")]
    RequestGone,
    /// Remedy: none is needed: nothing was changed.
    #[error("The time for which cover was wanted is over.")]
    RequestOver,
    #[error(
        "Asking for cover changes nothing until somebody takes it, so there is nothing to show ahead. Save to ask."
    )]
    NothingToPreview,
}

/// What an override that was filled in came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OverrideSet {
    Made,
    /// Cover is asked for.
    Asked,
    /// Nothing was saved.
    Previewed(RotaPreview),
}

/// An override that runs or is to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverrideView {
    pub id: OverrideId,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub kind: OverrideChoice,
    /// Whose place it is about, by name.
    pub of: Option<String>,
    /// Who is on duty by it.
    pub by: Option<Holder>,
    /// Who has left Slack cannot be on duty, and it holds no more.
    pub has_left: bool,
    pub made_by: Option<String>,
    pub runs: bool,
    /// It runs, and nobody is on duty otherwise than without it.
    pub is_idle: bool,
    /// The caller may end or remove it.
    pub may_end: bool,
}

/// An open request for cover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverView {
    pub id: CoverId,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// Who wants to be covered, by name.
    pub asked_by: String,
    /// Who is asked, by name; anybody where there is none.
    pub asked: Option<String>,
    pub may_take: bool,
    pub may_withdraw: bool,
}

/// The fields of an absence, as somebody filled them in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsenceInput {
    /// A name of the IANA data, in which the times are meant.
    #[serde(default)]
    pub zone: String,
    #[serde(default)]
    pub span: SpanInput,
    /// The ids of the rotations that it is for; for all where there are none.
    #[serde(default)]
    pub rotations: Vec<String>,
    #[serde(default)]
    pub note: String,
}

/// A field of [`AbsenceInput`] that something can be said about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AbsenceField {
    Zone,
    Note,
    Span(SpanField),
}

/// What is wrong with a field of an absence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AbsenceProblem {
    #[error(
        "There is no time zone of this name. Enter one by continent and city, such as Europe/Paris, or UTC."
    )]
    Zone,
    #[error("This is too long for a note (at most {NOTE_MAX_CHARS} characters). Shorten it.")]
    NoteTooLong,
    #[error("This holds characters that cannot be shown. Type it anew instead of pasting it.")]
    NoteUnprintable,
    #[error("{0}")]
    Span(#[from] SpanProblem),
}

/// Why an absence was not noted or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AbsenceRefusal {
    /// Remedy: each of these fields says beside it what it needs.
    #[error("Some fields of the absence need another look.")]
    Fields(Vec<(AbsenceField, AbsenceProblem)>),
    #[error(
        "You have {ABSENCES_MAX} absences that run or are to come, and no more fit. Remove some first."
    )]
    TooMany,
    #[error(
        "You have had {ABSENCES_KEPT_MAX} absences lately, and no more fit. Each is forgotten a month after its end: note this one once the oldest are."
    )]
    TooManyLately,
    #[error("You have noted just that already. Change the times or the rotations of this one.")]
    NotedAlready,
    /// Remedy: none is needed: nothing was changed.
    #[error("This absence is over or was removed meanwhile.")]
    Gone,
    /// Remedy: the page read anew shows those that there are.
    #[error(
        "You take turns in one of the chosen rotations no more, so nothing was noted. Load the page anew and choose again."
    )]
    NotYourRotation,
}

/// What something that decides about schedules, as an absence or a holiday, would bring one of the
/// rotations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftEffect {
    /// Of the rotation.
    pub name: String,
    /// The first shifts to come that somebody has by it and not without it, and the other way
    /// round.
    pub gained: Vec<Stretch>,
    pub lost: Vec<Stretch>,
    /// When nobody is on duty by it.
    pub nobody: Vec<Stretch>,
}

/// What an absence that was filled in came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AbsenceSet {
    Noted,
    /// It was ended, or removed.
    Removed,
    /// Nothing was saved. Those rotations in which something changes, by name.
    Previewed(Vec<ShiftEffect>),
    /// The same for what the end or the removal of this one would bring.
    PreviewedWithout {
        id: AbsenceId,
        effects: Vec<ShiftEffect>,
    },
}

/// An absence that runs or is to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsenceView {
    pub id: AbsenceId,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// It is for all rotations; else for those of these names.
    pub everywhere: bool,
    pub rotations: Vec<String>,
    pub note: String,
    pub runs: bool,
}

/// Somebody's own absences, and what the form begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsencesView {
    /// By start.
    pub absences: Vec<AbsenceView>,
    /// Those in which the person takes turns by a schedule, by name.
    pub rotations: Vec<(RotationId, String)>,
    /// The zone of one of their schedules.
    pub zone: String,
}

/// A member's absence on a rotation's page, for those who look after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberAbsence {
    pub name: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub note: String,
}
