//! From PagerDuty's shapes to the product's values, without any I/O. What cannot
//! be understood refuses the whole answer: a shift left out silently would
//! take somebody off duty.

use super::{
    model::{Schedule, Shift, User, UserReference},
    text::{plain, plain_up_to},
    wire,
};
use types::{PagerDutyProblem, ScheduleSummary, Timestamp};

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
    let shifts = shifts(&entries)?;

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
    let people = people(own.chain(layered).chain(on_call));

    Ok(Schedule {
        name: name(&[schedule.name, schedule.summary], schedule.id.as_str()),
        id: schedule.id,
        url: schedule
            .html_url
            .as_deref()
            .and_then(plain)
            .filter(|url| is_web_address(url)),
        time_zone: schedule.time_zone.as_deref().and_then(plain),
        people,
        shifts,
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
fn people(mentioned: impl Iterator<Item = wire::User>) -> Vec<UserReference> {
    let mut people: Vec<UserReference> = Vec::new();
    for mention in mentioned {
        let person = reference(mention);
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
