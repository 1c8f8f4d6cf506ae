//! From PagerDuty's shapes to the product's values, without any I/O. What cannot
//! be understood refuses the whole answer: a shift left out silently would
//! take somebody off duty.

use super::{
    model::{Schedule, ScheduleVersion, Shift, User, UserReference},
    text::{plain, plain_up_to},
    wire, wire_v3,
};
use types::{PagerDutyProblem, PagerDutyUserId, ScheduleSummary, Timestamp};

/// Longer names have no place to be shown in.
const NAME_MAX_CHARS: usize = 300;

/// A schedule as the search lists it.
pub fn summary(schedule: wire::ListedSchedule) -> ScheduleSummary {
    let name = name(&[schedule.name, schedule.summary], schedule.id.as_str());
    ScheduleSummary {
        id: schedule.id,
        name,
        time_zone: schedule.time_zone.as_deref().and_then(plain),
    }
}

/// A schedule with its people and shifts.
///
/// [`PagerDutyProblem::Unreadable`] when a shift's time cannot be read, or it ends before it starts.
pub fn schedule(schedule: wire::Schedule) -> Result<Schedule, PagerDutyProblem> {
    let entries = schedule.final_schedule.rendered_schedule_entries;
    let shifts = entries
        .iter()
        .map(|entry| shift(&entry.start, &entry.end, entry.user.id.clone()))
        .collect::<Result<_, _>>()?;

    let own = schedule.users.into_iter().flatten().flatten();
    let layered = schedule
        .schedule_layers
        .into_iter()
        .flatten()
        .flatten()
        .flat_map(|layer| layer.users.unwrap_or_default())
        .flatten()
        .filter_map(|member| member.user);
    let on_call = entries.into_iter().map(|entry| entry.user);
    let mentioned = own.chain(layered).chain(on_call).map(reference);

    Ok(Schedule {
        name: name(&[schedule.name, schedule.summary], schedule.id.as_str()),
        id: schedule.id,
        version: ScheduleVersion::V2,
        url: page(schedule.html_url.as_deref()),
        time_zone: schedule.time_zone.as_deref().and_then(plain),
        people: people(mentioned),
        shifts: in_order(shifts),
    })
}

/// A shift-based schedule with its people, known by id alone, and shifts.
///
/// [`PagerDutyProblem::Unreadable`] as for [`schedule`].
pub fn schedule_v3(schedule: wire_v3::Schedule) -> Result<Schedule, PagerDutyProblem> {
    let members = schedule
        .rotations
        .into_iter()
        .flatten()
        .flatten()
        .flat_map(|rotation| rotation.events.unwrap_or_default())
        .flatten()
        .filter_map(|event| event.assignment_strategy)
        .flat_map(|strategy| strategy.members.unwrap_or_default())
        .flatten()
        .filter_map(wire_v3::Member::user);
    let mut shifts = Vec::new();
    for assignment in schedule.final_schedule.computed_shift_assignments {
        // An empty slot is the absence of a shift.
        if let Some(user) = assignment.member.user() {
            shifts.push(shift(&assignment.start_time, &assignment.end_time, user)?);
        }
    }
    let on_call = shifts.iter().map(|shift| shift.user.clone());
    let people = people(members.chain(on_call).map(known_by_id));

    Ok(Schedule {
        name: name(&[schedule.name, schedule.summary], schedule.id.as_str()),
        id: schedule.id,
        version: ScheduleVersion::V3,
        url: page(schedule.html_url.as_deref()),
        time_zone: schedule.time_zone.as_deref().and_then(plain),
        people,
        shifts: in_order(shifts),
    })
}

/// Somebody of the roster.
pub fn user(user: wire::User) -> User {
    let email = user.email.as_deref().and_then(plain);
    let UserReference { id, name, deleted } = reference(user);
    User {
        id,
        name,
        email,
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
        deleted: user.deleted_at.is_some(),
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

fn shift(start: &str, end: &str, user: PagerDutyUserId) -> Result<Shift, PagerDutyProblem> {
    let shift = Shift {
        starts_at: instant(start)?,
        ends_at: instant(end)?,
        user,
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
    texts
        .iter()
        .flatten()
        .find_map(|text| plain_up_to(NAME_MAX_CHARS, text))
        .unwrap_or_else(|| otherwise.to_owned())
}

#[cfg(test)]
mod tests;
