//! Puts names and e-mails to the user ids of a schedule, with as few questions
//! to PagerDuty as will do.

use crate::{
    pagerduty::{Account, PagerDuty, Schedule, User, UserReference},
    rotations::{SchedulePerson, ScheduleSnapshot},
    store::{Connection, Store, StoreError},
};
use futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use std::collections::HashMap;
use types::{PagerDutyProblem, PagerDutyUserId};

/// So many people are asked for one by one while there is no list of everybody.
const ASKED_ONE_BY_ONE: usize = 5;
/// Questions at once.
const AT_ONCE: usize = 4;

/// People of a PagerDuty account by id.
pub type People = HashMap<PagerDutyUserId, SchedulePerson>;

/// How long names and e-mails of an account's people are good for, in seconds.
const FRESH_SECONDS: i64 = 15 * 60;

/// What is known of an account's people.
pub struct Roster {
    people: People,
    /// Everybody was listed not long ago, so that hardly anybody is missing.
    complete: bool,
}

/// The account's people: those known from earlier, or everybody anew when that is
/// too long ago. What is known will do while the list cannot be read.
pub async fn roster(
    store: &Store,
    pagerduty: &PagerDuty,
    connection: &Connection,
    account: &Account,
) -> Result<Result<Roster, PagerDutyProblem>, StoreError> {
    let known = store.pagerduty_users(&connection.workspace).await?;
    let age = |read_at| connection.as_of.seconds_since(read_at);
    let complete = connection
        .roster_read_at
        .is_some_and(|read_at| age(read_at) < FRESH_SECONDS);
    if complete {
        return Ok(Ok(Roster {
            people: known,
            complete,
        }));
    }
    match pagerduty.users(account).await {
        Ok(users) => {
            let people: People = users.into_iter().map(keyed).collect();
            store.save_roster(connection, &people).await?;
            Ok(Ok(Roster {
                people,
                complete: true,
            }))
        }
        Err(problem @ PagerDutyProblem::ShareSpent { .. }) if known.is_empty() => Ok(Err(problem)),
        Err(problem)
            if problem.concerns_connection()
                && !matches!(problem, PagerDutyProblem::ShareSpent { .. }) =>
        {
            Ok(Err(problem))
        }
        Err(problem) => {
            tracing::warn!(%problem, "the list of people cannot be read");
            Ok(Ok(Roster {
                people: known,
                complete,
            }))
        }
    }
}

/// The schedule with its people's names and e-mails. Whoever is not in `roster`
/// is asked for and added to it.
pub async fn resolve(
    pagerduty: &PagerDuty,
    account: &Account,
    schedule: Schedule,
    roster: &mut Roster,
) -> Result<ScheduleSnapshot, PagerDutyProblem> {
    let missing: Vec<&UserReference> = schedule
        .people
        .iter()
        .filter(|person| !person.deleted && !roster.people.contains_key(&person.id))
        .collect();
    // Without a list there may be any number of them; the next run lists them.
    if roster.complete || missing.len() <= ASKED_ONE_BY_ONE {
        let questions: Vec<BoxFuture<'_, _>> = missing
            .into_iter()
            .map(|person| ask(pagerduty, account, person).boxed())
            .collect();
        let asked: Vec<SchedulePerson> = stream::iter(questions)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let asked = asked.into_iter().map(|person| (person.id.clone(), person));
        roster.people.extend(asked);
    }
    let people = schedule
        .people
        .iter()
        .map(|person| match roster.people.get(&person.id) {
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
        version: schedule.version,
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
