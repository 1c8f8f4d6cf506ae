//! Puts names and e-mails to the user ids of a schedule, with as few questions
//! to PagerDuty as will do.

use crate::{
    pagerduty::{Account, PagerDuty, Schedule, User, UserReference},
    rotations::{SchedulePerson, ScheduleSnapshot},
};
use futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use std::collections::HashMap;
use types::{PagerDutyProblem, PagerDutyUserId};

/// Above this many unknown people, reading the whole account is cheaper than
/// asking for each.
const ASK_ONE_BY_ONE: usize = 5;
/// Questions at once per credential.
const AT_ONCE: usize = 4;

/// The people of a PagerDuty account, as far as known.
pub type People = HashMap<PagerDutyUserId, SchedulePerson>;

/// Everybody in the account.
pub async fn read_roster(
    pagerduty: &PagerDuty,
    account: &Account,
) -> Result<People, PagerDutyProblem> {
    let users = pagerduty.users(account).await?;
    Ok(users.into_iter().map(keyed).collect())
}

/// The schedule with its people's names and e-mails. Whoever is not in `known`
/// is asked for and added to it.
pub async fn resolve(
    pagerduty: &PagerDuty,
    account: &Account,
    schedule: Schedule,
    known: &mut People,
) -> Result<ScheduleSnapshot, PagerDutyProblem> {
    let missing: Vec<&UserReference> = schedule
        .people
        .iter()
        .filter(|person| !person.deleted && !known.contains_key(&person.id))
        .collect();
    if missing.len() > ASK_ONE_BY_ONE {
        known.extend(read_roster(pagerduty, account).await?);
    } else {
        // What cannot be found out about one person must not hide the schedule.
        let questions: Vec<BoxFuture<'_, _>> = missing
            .into_iter()
            .map(|person| ask(pagerduty, account, person).boxed())
            .collect();
        let asked: Vec<SchedulePerson> = stream::iter(questions)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        known.extend(asked.into_iter().map(|person| (person.id.clone(), person)));
    }
    let people = schedule
        .people
        .iter()
        .map(|person| match known.get(&person.id) {
            Some(found) => SchedulePerson {
                deleted: found.deleted || person.deleted,
                ..found.clone()
            },
            None => unknown(person, person.deleted),
        })
        .collect();
    Ok(ScheduleSnapshot {
        id: schedule.id,
        name: schedule.name,
        url: schedule.url,
        time_zone: schedule.time_zone,
        people,
        shifts: schedule.shifts,
    })
}

/// What PagerDuty says of one person. Only what would fail for everybody fails.
async fn ask(
    pagerduty: &PagerDuty,
    account: &Account,
    person: &UserReference,
) -> Result<SchedulePerson, PagerDutyProblem> {
    match pagerduty.user(account, &person.id).await {
        Ok(Some(user)) => Ok(keyed(user).1),
        Ok(None) => Ok(unknown(person, true)),
        Err(problem) if problem.concerns_connection() => Err(problem),
        Err(_) => Ok(unknown(person, false)),
    }
}

fn keyed(user: User) -> (PagerDutyUserId, SchedulePerson) {
    let person = SchedulePerson {
        id: user.id.clone(),
        name: user.name,
        email: user.email,
        deleted: user.deleted,
    };
    (user.id, person)
}

/// Somebody of whom only the schedule's reference is known.
fn unknown(person: &UserReference, deleted: bool) -> SchedulePerson {
    SchedulePerson {
        id: person.id.clone(),
        name: person.name.clone(),
        email: None,
        deleted,
    }
}
