//! From PagerDuty's shapes to the product's values, without any I/O. What cannot
//! be understood refuses the whole answer: a shift left out silently would
//! take somebody off duty.

use super::{
    model::{Schedule, Shift, User, UserReference},
    wire,
};
use types::{PagerDutyProblem, ScheduleSummary, Timestamp};

/// A schedule as the search lists it.
pub fn summary(schedule: wire::Schedule) -> ScheduleSummary {
    let name = first_filled([schedule.name, schedule.summary], schedule.id.as_str());
    ScheduleSummary {
        id: schedule.id,
        name,
        time_zone: schedule.time_zone,
    }
}

/// A schedule with its people and shifts.
///
/// [`PagerDutyProblem::Unreadable`] when a shift's time cannot be read, or it ends before it starts.
pub fn schedule(schedule: wire::Schedule) -> Result<Schedule, PagerDutyProblem> {
    let entries = schedule
        .final_schedule
        .and_then(|rendering| rendering.rendered_schedule_entries)
        .unwrap_or_default();
    let shifts = shifts(&entries)?;

    let own = schedule.users.into_iter().flatten();
    let layered = schedule
        .schedule_layers
        .into_iter()
        .flatten()
        .flat_map(|layer| layer.users.unwrap_or_default())
        .map(|member| member.user);
    let on_call = entries.into_iter().map(|entry| entry.user);
    let people = people(own.chain(layered).chain(on_call));

    Ok(Schedule {
        name: first_filled([schedule.name, schedule.summary], schedule.id.as_str()),
        id: schedule.id,
        url: schedule.html_url.filter(|url| is_web_address(url)),
        time_zone: schedule.time_zone,
        people,
        shifts,
    })
}

/// Somebody of the roster.
pub fn user(user: wire::User) -> User {
    let UserReference { id, name, deleted } = reference(&user);
    User {
        id,
        name,
        email: user.email.filter(|email| !email.trim().is_empty()),
        deleted,
    }
}

/// Everybody mentioned, once, where they are first mentioned. One mention that
/// tells of a deletion is enough: the others only say less.
fn people(mentioned: impl Iterator<Item = wire::User>) -> Vec<UserReference> {
    let mut people: Vec<UserReference> = Vec::new();
    for mention in mentioned {
        let person = reference(&mention);
        match people.iter_mut().find(|known| known.id == person.id) {
            Some(known) => known.deleted |= person.deleted,
            None => people.push(person),
        }
    }
    people
}

fn reference(user: &wire::User) -> UserReference {
    UserReference {
        id: user.id.clone(),
        name: first_filled([user.name.clone(), user.summary.clone()], user.id.as_str()),
        deleted: is_deleted(user),
    }
}

/// Deduced, not documented, hence only here: a deleted user stays in schedules
/// with a date of deletion, or as a reference that leads nowhere, neither in the
/// API nor on the web. One missing link alone is allowed for the living too.
fn is_deleted(user: &wire::User) -> bool {
    let is_reference = user.kind.as_deref() == Some("user_reference");
    let leads_nowhere = user.api_url.is_none() && user.html_url.is_none();
    user.deleted_at.is_some() || (is_reference && leads_nowhere)
}

fn shifts(entries: &[wire::Entry]) -> Result<Vec<Shift>, PagerDutyProblem> {
    let mut shifts = entries.iter().map(shift).collect::<Result<Vec<_>, _>>()?;
    // Half-open, such a shift holds no instant: nobody is on call in it.
    shifts.retain(|shift| shift.starts_at < shift.ends_at);
    shifts.sort();
    Ok(shifts)
}

fn shift(entry: &wire::Entry) -> Result<Shift, PagerDutyProblem> {
    let shift = Shift {
        starts_at: instant(&entry.start)?,
        ends_at: instant(&entry.end)?,
        user: entry.user.id.clone(),
    };
    if shift.ends_at < shift.starts_at {
        return Err(PagerDutyProblem::Unreadable);
    }
    Ok(shift)
}

fn instant(text: &str) -> Result<Timestamp, PagerDutyProblem> {
    let instant: jiff::Timestamp = text.parse().map_err(|_| PagerDutyProblem::Unreadable)?;
    Ok(Timestamp::from_millis(instant.as_millisecond()))
}

/// The links of an answer end up in pages, where a `javascript:` address would run.
fn is_web_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}

fn first_filled(texts: [Option<String>; 2], otherwise: &str) -> String {
    texts
        .into_iter()
        .flatten()
        .find(|text| !text.trim().is_empty())
        .unwrap_or_else(|| otherwise.to_owned())
}

#[cfg(test)]
mod tests;
