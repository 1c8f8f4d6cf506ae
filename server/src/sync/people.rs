//! Puts names and e-mails to the user ids of a schedule, with as few questions
//! to PagerDuty as will do.

use crate::{
    Services,
    pagerduty::{Account, PagerDuty, Schedule, User, UserReference},
    rotations::{SchedulePerson, ScheduleSnapshot},
    store::{Connection, StoreError},
};
use futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
    time::Duration,
};
use tokio::sync::Mutex;
use types::{PagerDutyProblem, PagerDutyUserId, WorkspaceId};

/// So many people are asked for one by one while there is no list of everybody.
const ASKED_ONE_BY_ONE: usize = 5;
/// So many are asked for one by one when hardly anybody should be missing.
const MOST_ASKED_ONE_BY_ONE: usize = 20;
/// Questions at once.
const AT_ONCE: usize = 4;

/// People of a PagerDuty account by id.
pub type People = HashMap<PagerDutyUserId, SchedulePerson>;

/// How long names and e-mails of an account's people are good for, in seconds.
const FRESH_SECONDS: i64 = 15 * 60;

/// How long an account's people are left alone after our share of requests was
/// spent on listing them, so that something is left for the schedules.
const PUT_OFF: Duration = Duration::from_secs(5 * 60);

/// What is known of an account's people.
pub struct Roster {
    /// Those who need not be asked for.
    people: People,
    /// Everybody who was ever met, for when there is no better word.
    known: People,
    /// Everybody was listed not long ago, so that hardly anybody is missing.
    complete: bool,
    /// The credential may not list people, which no waiting changes.
    pub denied: Option<PagerDutyProblem>,
}

/// Whose turn it is to list a workspace's people: of many who want them at once,
/// one lists and the others take what came of it.
#[derive(Clone, Debug, Default)]
pub struct RosterTurns(Arc<std::sync::Mutex<HashMap<WorkspaceId, Arc<Mutex<()>>>>>);

impl RosterTurns {
    fn of(&self, workspace: &WorkspaceId) -> Arc<Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(workspace.clone()).or_default())
    }
}

/// The account's people: those known from earlier, or everybody anew when that is
/// too long ago. What is known will do while the list cannot be read.
pub async fn roster(
    services: &Services,
    pagerduty: &PagerDuty,
    connection: &Connection,
    account: &Account,
) -> Result<Result<Roster, PagerDutyProblem>, StoreError> {
    let store = &services.store;
    let workspace = &connection.workspace;
    let turn = services.roster_turns.of(workspace);
    let _turn = turn.lock().await;
    let known = store.pagerduty_users(workspace).await?;
    let from_earlier = |known: People, complete| Roster {
        people: known.clone(),
        known,
        complete,
        denied: None,
    };
    let present = store.connection(workspace).await?;
    let fresh = present.is_some_and(|present| {
        let age = |read_at| present.as_of.seconds_since(read_at);
        let read_at = present.roster_read_at;
        read_at.is_some_and(|read_at| age(read_at) < FRESH_SECONDS)
    });
    if fresh {
        return Ok(Ok(from_earlier(known, true)));
    }
    match pagerduty.users(account).await {
        Ok(users) => {
            let people: People = users.into_iter().map(keyed).collect();
            store.save_roster(connection, &people).await?;
            Ok(Ok(Roster {
                people,
                known,
                complete: true,
                denied: None,
            }))
        }
        Err(PagerDutyProblem::ShareSpent { .. }) => {
            let fresh = Duration::from_secs(FRESH_SECONDS.unsigned_abs());
            store
                .roster_was_read(connection, fresh.saturating_sub(PUT_OFF))
                .await?;
            Ok(Ok(from_earlier(known, true)))
        }
        Err(problem) if problem.concerns_connection() => Ok(Err(problem)),
        Err(problem) => {
            tracing::warn!(%problem, "the list of people cannot be read");
            let denied = Some(problem).filter(PagerDutyProblem::needs_reconnection);
            Ok(Ok(Roster {
                denied,
                ..from_earlier(known, false)
            }))
        }
    }
}

/// The schedule with its people's names and e-mails. Whoever is not in `roster`
/// is asked for and added to it; meanwhile it is free for others.
pub async fn resolve(
    pagerduty: &PagerDuty,
    account: &Account,
    schedule: Schedule,
    roster: &Mutex<Roster>,
) -> Result<ScheduleSnapshot, PagerDutyProblem> {
    let missing = roster.lock().await.missing(&schedule);
    let questions: Vec<BoxFuture<'_, _>> = missing
        .iter()
        .map(|person| ask(pagerduty, account, person).boxed())
        .collect();
    let answers: Vec<(PagerDutyUserId, Answer)> = stream::iter(questions)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut roster = roster.lock().await;
    for (id, answer) in answers {
        let person = roster.told(&id, answer);
        roster.people.extend(person.map(|person| (id, person)));
    }
    let people = schedule
        .people
        .iter()
        .map(|person| match roster.people.get(&person.id) {
            Some(found) => SchedulePerson {
                deleted: found.deleted || person.deleted,
                ..found.clone()
            },
            None => roster.last_known(person),
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

impl Roster {
    /// Whom to ask for. Without a list that may be any number of people; then the
    /// next run will list them.
    fn missing(&self, schedule: &Schedule) -> Vec<UserReference> {
        let missing = schedule
            .people
            .iter()
            .filter(|person| !person.deleted && !self.people.contains_key(&person.id));
        let mut missing: Vec<UserReference> = missing.cloned().collect();
        if self.complete {
            missing.truncate(MOST_ASKED_ONE_BY_ONE);
            missing
        } else if missing.len() <= ASKED_ONE_BY_ONE {
            missing
        } else {
            Vec::new()
        }
    }

    /// What an answer makes of somebody; `None` when it says nothing of them.
    fn told(&self, id: &PagerDutyUserId, answer: Answer) -> Option<SchedulePerson> {
        match answer {
            Answer::Found(person) => Some(person),
            Answer::Gone(reference) => Some(SchedulePerson {
                deleted: true,
                ..self.last_known(&reference)
            }),
            // What cannot be found out must not undo what is known.
            Answer::Unclear => self.known.get(id).cloned(),
        }
    }

    /// The last word on somebody, at least that of the schedule.
    fn last_known(&self, person: &UserReference) -> SchedulePerson {
        match self.known.get(&person.id) {
            Some(known) => SchedulePerson {
                deleted: known.deleted || person.deleted,
                ..known.clone()
            },
            None => SchedulePerson {
                id: person.id.clone(),
                name: person.name.clone(),
                email: None,
                deleted: person.deleted,
            },
        }
    }
}

/// What PagerDuty says of one person.
enum Answer {
    Found(SchedulePerson),
    Gone(UserReference),
    Unclear,
}

/// Asks for one person. Only what would fail for everybody fails.
async fn ask(
    pagerduty: &PagerDuty,
    account: &Account,
    person: &UserReference,
) -> Result<(PagerDutyUserId, Answer), PagerDutyProblem> {
    let answer = match pagerduty.user(account, &person.id).await {
        Ok(Some(user)) => Answer::Found(keyed(user).1),
        Ok(None) => Answer::Gone(person.clone()),
        Err(problem) if problem.concerns_connection() => return Err(problem),
        Err(_) => Answer::Unclear,
    };
    Ok((person.id.clone(), answer))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pagerduty::ScheduleVersion;
    use types::ScheduleId;

    fn of_people(count: usize) -> Schedule {
        let person = |number: usize| UserReference {
            id: PagerDutyUserId::new(format!("P{number}")),
            name: "Ada".to_owned(),
            deleted: false,
        };
        Schedule {
            id: ScheduleId::new("S1"),
            name: "Ops".to_owned(),
            url: None,
            version: ScheduleVersion::V2,
            time_zone: None,
            people: (0..count).map(person).collect(),
            shifts: Vec::new(),
        }
    }

    #[test]
    fn however_many_are_unknown_few_are_asked_for_one_by_one() {
        let roster = |complete| Roster {
            people: People::new(),
            known: People::new(),
            complete,
            denied: None,
        };
        for (complete, people, asked) in [
            (true, 3, 3),
            (true, 1_000, 20),
            (false, 5, 5),
            (false, 6, 0),
        ] {
            let missing = roster(complete).missing(&of_people(people));
            assert_eq!(missing.len(), asked, "{complete} {people}");
        }
    }
}
