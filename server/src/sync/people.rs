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
            Some(found) if !person.deleted => found.clone(),
            _ => gone(person),
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

async fn ask(
    pagerduty: &PagerDuty,
    account: &Account,
    person: &UserReference,
) -> Result<SchedulePerson, PagerDutyProblem> {
    let found = pagerduty.user(account, &person.id).await?;
    Ok(found.map_or_else(|| gone(person), |user| keyed(user).1))
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

/// Somebody whom the schedule still names and the account no longer has.
fn gone(person: &UserReference) -> SchedulePerson {
    SchedulePerson {
        id: person.id.clone(),
        name: person.name.clone(),
        email: None,
        deleted: true,
    }
}
