//! From PagerDuty's shapes to the product's values, without any I/O. The sound part of
//! an answer counts. A shift that makes no sense is left out and told of, since it may
//! take somebody off duty; where no shift makes sense, nothing is known.

use super::{
    model::{Schedule, User, UserReference},
    wire, wire_v3,
};
use crate::text::{plain, plain_up_to};
use domain::{Cause, ScheduleVersion, Shift};
use std::{borrow::Cow, collections::HashMap};
use types::{
    LeftOut, PagerDutyProblem, PagerDutyUserId, ScheduleId, ScheduleSummary, ShiftOddity, Timestamp,
};

/// Longer names have no place to be shown in.
const NAME_MAX_CHARS: usize = 300;

/// So many people tell a schedule from another one of its name.
const PEOPLE_TOLD: usize = 3;

/// Schedules as the search lists them. Those that share a name are told apart by their
/// teams, their people and their id.
pub fn summaries(schedules: Vec<wire::ListedSchedule>) -> Vec<ScheduleSummary> {
    let mut read: Vec<(ScheduleSummary, String)> = schedules.into_iter().map(summary).collect();
    let mut of_name: HashMap<String, usize> = HashMap::new();
    for (schedule, _) in &read {
        *of_name.entry(schedule.name.to_lowercase()).or_default() += 1;
    }
    for (schedule, told) in &mut read {
        if of_name[&schedule.name.to_lowercase()] > 1 {
            schedule.told_apart = Some(std::mem::take(told));
        }
    }
    read.into_iter().map(|(schedule, _)| schedule).collect()
}

/// One schedule, and what would tell it from another one of its name.
fn summary(schedule: wire::ListedSchedule) -> (ScheduleSummary, String) {
    let mut told = named(schedule.teams);
    let mut people = named(schedule.users);
    if people.len() > PEOPLE_TOLD {
        let others = people.len() - PEOPLE_TOLD;
        people.truncate(PEOPLE_TOLD);
        people.push(format!("{others} more"));
    }
    told.extend((!people.is_empty()).then(|| people.join(", ")));
    told.push(schedule.id.to_string());
    let name = name(&[schedule.name, schedule.summary], schedule.id.as_str());
    let summary = ScheduleSummary {
        id: schedule.id,
        name,
        time_zone: schedule.time_zone.as_deref().and_then(plain),
        told_apart: None,
    };
    (summary, told.join(" · "))
}

/// The names of those that have one.
fn named(references: Vec<Option<wire::Named>>) -> Vec<String> {
    let texts = references.into_iter().flatten();
    texts
        .filter_map(|reference| first_plain(&[reference.summary, reference.name]))
        .collect()
}

/// The schedule `asked` for, with its people and shifts.
///
/// [`PagerDutyProblem::AnotherSchedule`] when it is another one,
/// [`PagerDutyProblem::Unreadable`] when it has shifts, of which none makes sense.
pub fn schedule(
    asked: &ScheduleId,
    schedule: wire::Schedule,
) -> Result<Schedule, PagerDutyProblem> {
    let id = answered_for(asked, schedule.id)?;
    let layers: Vec<_> = schedule.schedule_layers.into_iter().flatten().collect();
    let plan = Plan::new(&layers, schedule.overrides_subschedule.as_ref());
    let mut shifts = Shifts::default();
    let mut on_call = Vec::new();
    for entry in schedule.final_schedule.rendered_schedule_entries {
        let Some(entry) = entry else {
            shifts.leave_out(ShiftOddity::Unreadable, None);
            continue;
        };
        let user = entry.user.as_ref().map(|user| user.id.clone());
        let user = user.ok_or(ShiftOddity::NobodyNamed);
        let (start, end) = (entry.start.as_deref(), entry.end.as_deref());
        shifts.add(start, end, user, Cause::Turn);
        on_call.extend(entry.user);
    }
    for shift in &mut shifts.sound {
        shift.cause = plan.cause_of(shift);
    }

    let own = schedule.users.into_iter().flatten();
    let layered = layers
        .into_iter()
        .flat_map(|layer| layer.users)
        .flatten()
        .filter_map(|member| member.user);
    let mentioned = own.chain(layered).chain(on_call).map(reference);

    let (shifts, left_out) = shifts.sound()?;
    Ok(Schedule {
        name: name(&[schedule.name, schedule.summary], id.as_str()),
        id,
        version: ScheduleVersion::V2,
        url: page(schedule.html_url.as_deref()),
        time_zone: schedule.time_zone.as_deref().and_then(plain),
        people: people(mentioned),
        shifts,
        left_out,
    })
}

/// The shift-based schedule `asked` for with its people, known by id alone, and
/// shifts.
///
/// Fails as [`schedule`] does.
pub fn schedule_v3(
    asked: &ScheduleId,
    schedule: wire_v3::Schedule,
) -> Result<Schedule, PagerDutyProblem> {
    let id = answered_for(asked, schedule.id)?;
    let members = schedule
        .rotations
        .into_iter()
        .flatten()
        .flat_map(|rotation| rotation.events)
        .flatten()
        .filter_map(|event| event.assignment_strategy)
        .flat_map(|strategy| strategy.members)
        .flatten()
        .filter_map(wire_v3::Member::user);
    let mut shifts = Shifts::default();
    for assignment in schedule.final_schedule.computed_shift_assignments {
        let Some(assignment) = assignment else {
            shifts.leave_out(ShiftOddity::Unreadable, None);
            continue;
        };
        let user = match assignment.member.map(wire_v3::Member::meant) {
            Some(wire_v3::Meant::User(user)) => Ok(user),
            Some(wire_v3::Meant::Unclear) => Err(ShiftOddity::UnknownKind),
            None => Err(ShiftOddity::NobodyNamed),
            // An empty slot is the absence of a shift.
            Some(wire_v3::Meant::Nobody) => {
                shifts.understood = true;
                continue;
            }
        };
        let (start, end) = (assignment.start_time, assignment.end_time);
        let is_override = assignment.source.is_some_and(|one| one.is_override());
        // Whose place it takes is not said here.
        let cause = match is_override {
            true => Cause::Override {
                instead_of: Vec::new(),
            },
            false => Cause::Turn,
        };
        shifts.add(start.as_deref(), end.as_deref(), user, cause);
    }
    let (shifts, left_out) = shifts.sound()?;
    let on_call = shifts.iter().map(|shift| shift.user.clone());
    let people = people(members.chain(on_call).map(known_by_id));

    Ok(Schedule {
        name: name(&[schedule.name, schedule.summary], id.as_str()),
        id,
        version: ScheduleVersion::V3,
        url: page(schedule.html_url.as_deref()),
        time_zone: schedule.time_zone.as_deref().and_then(plain),
        people,
        shifts,
        left_out,
    })
}

/// What a final schedule is made of: the turns of all layers, and what takes their place.
struct Plan {
    turns: Vec<Shift>,
    overrides: Vec<Shift>,
}

impl Plan {
    /// An odd entry hides no more than why somebody has a shift.
    fn new(layers: &[wire::Layer], overrides: Option<&wire::Overrides>) -> Self {
        let sound = |entry: &wire::Entry| {
            let user = entry.user.as_ref().map(|user| user.id.clone());
            let (starts_at, ends_at) = (entry.start.as_deref(), entry.end.as_deref());
            shift(
                starts_at.and_then(instant),
                ends_at.and_then(instant),
                user.ok_or(ShiftOddity::NobodyNamed),
                Cause::Turn,
            )
            .ok()
        };
        let turns = layers
            .iter()
            .flat_map(|layer| &layer.rendered_schedule_entries);
        let overrides = overrides
            .into_iter()
            .flat_map(|overrides| &overrides.rendered_schedule_entries);
        Self {
            turns: in_order(turns.flatten().filter_map(sound).collect()),
            overrides: overrides.flatten().filter_map(sound).collect(),
        }
    }

    /// A shift that lies in an override of the same user is one.
    fn cause_of(&self, shift: &Shift) -> Cause {
        let is_it = |one: &Shift| {
            one.user == shift.user
                && one.starts_at <= shift.starts_at
                && shift.ends_at <= one.ends_at
        };
        match self.overrides.iter().any(is_it) {
            true => Cause::Override {
                instead_of: self.turns_during(shift),
            },
            false => Cause::Turn,
        }
    }

    /// Whose turns a shift takes, by their turns. Nobody's where layers name several at once, since
    /// the answer does not say which of them counts.
    fn turns_during(&self, shift: &Shift) -> Vec<PagerDutyUserId> {
        let overlaps =
            |one: &&Shift| one.starts_at < shift.ends_at && shift.starts_at < one.ends_at;
        let turns: Vec<_> = self.turns.iter().filter(overlaps).collect();
        let several =
            |pair: &[&Shift]| pair[1].starts_at < pair[0].ends_at && pair[0].user != pair[1].user;
        if turns.windows(2).any(several) {
            return Vec::new();
        }
        let mut instead_of = Vec::new();
        for turn in turns {
            if turn.user != shift.user && !instead_of.contains(&turn.user) {
                instead_of.push(turn.user.clone());
            }
        }
        instead_of
    }
}

/// The id of the schedule `asked` for, unless the answer is about another one.
fn answered_for(
    asked: &ScheduleId,
    answered: Option<String>,
) -> Result<ScheduleId, PagerDutyProblem> {
    let answered = answered.and_then(|id| ScheduleId::try_from(id).ok());
    match answered {
        Some(other) if other != *asked => Err(PagerDutyProblem::AnotherSchedule),
        _ => Ok(asked.clone()),
    }
}

/// The shifts of an answer, read one by one.
#[derive(Default)]
struct Shifts {
    sound: Vec<Shift>,
    /// Something was said that makes sense, if only that nobody is on call.
    understood: bool,
    left_out: Option<LeftOut>,
}

impl Shifts {
    fn add(
        &mut self,
        start: Option<&str>,
        end: Option<&str>,
        user: Result<PagerDutyUserId, ShiftOddity>,
        cause: Cause,
    ) {
        let starts_at = start.and_then(instant);
        match shift(starts_at, end.and_then(instant), user, cause) {
            Ok(shift) => {
                self.understood = true;
                self.sound.push(shift);
            }
            Err(oddity) => self.leave_out(oddity, starts_at),
        }
    }

    fn leave_out(&mut self, oddity: ShiftOddity, from: Option<Timestamp>) {
        match &mut self.left_out {
            Some(left_out) => left_out.shifts += 1,
            None => {
                self.left_out = Some(LeftOut {
                    shifts: 1,
                    first: oddity,
                    from,
                });
            }
        }
    }

    /// The sound ones in order, and what was left out.
    fn sound(self) -> Result<(Vec<Shift>, Option<LeftOut>), PagerDutyProblem> {
        if self.left_out.is_some() && !self.understood {
            return Err(PagerDutyProblem::Unreadable);
        }
        Ok((in_order(self.sound), self.left_out))
    }
}

fn shift(
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    user: Result<PagerDutyUserId, ShiftOddity>,
    cause: Cause,
) -> Result<Shift, ShiftOddity> {
    let shift = Shift {
        user: user?,
        starts_at: starts_at.ok_or(ShiftOddity::NoStart)?,
        ends_at: ends_at.ok_or(ShiftOddity::NoEnd)?,
        cause,
    };
    if shift.ends_at < shift.starts_at {
        return Err(ShiftOddity::EndsBeforeItStarts);
    }
    Ok(shift)
}

/// Somebody of the roster.
pub fn user(user: wire::User) -> User {
    let email = user.email.clone();
    let UserReference { id, name, deleted } = reference(user);
    User {
        id,
        name,
        email_told: email.is_some(),
        email: email.flatten().as_deref().and_then(plain),
        deleted,
    }
}

/// Names of PagerDuty's own, which say nothing about the account.
const SHARED_HOSTS: [&str; 4] = ["api", "app", "identity", "www"];

/// The subdomain of the account that a page of PagerDuty's belongs to. `None` for a
/// page that could be any account's.
pub fn subdomain(page: &str) -> Option<String> {
    let url = url::Url::parse(page).ok()?;
    let host = url.domain()?;
    let own = [".eu.pagerduty.com", ".pagerduty.com"]
        .into_iter()
        .find_map(|domain| host.strip_suffix(domain))
        .unwrap_or(host);
    let names_nobody = SHARED_HOSTS.contains(&own) || own == "eu" || own == "localhost";
    plain_up_to(NAME_MAX_CHARS, own).filter(|_| !names_nobody)
}

/// Everybody mentioned, once, where they are first mentioned. One mention that
/// tells of a deletion is enough: the others only say less.
fn people(mentioned: impl Iterator<Item = UserReference>) -> Vec<UserReference> {
    let mut people: Vec<UserReference> = Vec::new();
    for person in mentioned {
        match people.iter_mut().find(|known| known.id == person.id) {
            Some(known) => known.deleted |= person.deleted,
            None => people.push(person),
        }
    }
    people
}

/// Only a date of deletion tells of one: references to the living may lack links
/// too, since both of them are nullable.
fn reference(user: wire::User) -> UserReference {
    UserReference {
        name: name(&[user.name, user.summary], user.id.as_str()),
        id: user.id,
        deleted: user.deleted_at.as_deref().and_then(plain).is_some(),
    }
}

fn known_by_id(id: PagerDutyUserId) -> UserReference {
    UserReference {
        name: id.to_string(),
        id,
        deleted: false,
    }
}

/// By start, without those that hold no instant. Where one person has two that
/// begin together, as several rotations of a schedule can have it, the longer
/// one says it all.
fn in_order(mut shifts: Vec<Shift>) -> Vec<Shift> {
    // Half-open, such a shift holds no instant: nobody is on call in it.
    shifts.retain(|shift| shift.starts_at < shift.ends_at);
    shifts.sort_by(|one, other| {
        let by_start = one.starts_at.cmp(&other.starts_at);
        by_start.then_with(|| (&one.user, other.ends_at).cmp(&(&other.user, one.ends_at)))
    });
    shifts.dedup_by(|next, first| next.starts_at == first.starts_at && next.user == first.user);
    shifts.sort();
    shifts
}

fn instant(text: &str) -> Option<Timestamp> {
    let instant: jiff::Timestamp = in_nanoseconds(text).parse().ok()?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

/// A time without what is finer than anybody reads: a fraction may have any number of digits.
fn in_nanoseconds(time: &str) -> Cow<'_, str> {
    const DIGITS: usize = 9;
    let Some((whole, fraction)) = time.split_once(['.', ',']) else {
        return Cow::from(time);
    };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    match digits > DIGITS {
        true => Cow::from(format!(
            "{whole}.{}{}",
            &fraction[..DIGITS],
            &fraction[digits..]
        )),
        false => Cow::from(time),
    }
}

/// A schedule's page in PagerDuty.
fn page(url: Option<&str>) -> Option<String> {
    url.and_then(plain).filter(|url| is_web_address(url))
}

/// The links of an answer end up in pages, where a `javascript:` address would run.
fn is_web_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}

/// The first of `texts` that holds something to show.
fn name(texts: &[Option<String>], otherwise: &str) -> String {
    first_plain(texts).unwrap_or_else(|| otherwise.to_owned())
}

fn first_plain(texts: &[Option<String>]) -> Option<String> {
    let mut texts = texts.iter().flatten();
    texts.find_map(|text| plain_up_to(NAME_MAX_CHARS, text))
}

#[cfg(test)]
mod tests;
