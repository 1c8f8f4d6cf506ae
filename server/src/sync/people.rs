//! Puts names and e-mails to the user ids of a schedule, with as few questions
//! to PagerDuty as will do.

use super::SyncServices;
use crate::{
    pagerduty::{
        Account, NextPage, PagerDuty, Reading, Roster as Listing, Schedule, User, UserReference,
    },
    store::{Connection, RosterPlace, Store, StoreError},
};
use domain::{SchedulePerson, ScheduleSnapshot};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::Mutex, time};
use tokio_util::sync::CancellationToken;
use types::{PagerDutyProblem, PagerDutyUserId, WorkspaceId};

/// So many people are asked for one by one while there is no list of everybody.
const ASKED_ONE_BY_ONE: usize = 5;
/// With a list hardly anybody is missing; of one schedule, no more than so many are
/// asked for at a time.
const ASKED_BESIDE_THE_LIST: usize = 20;
/// Questions at once.
const AT_ONCE: usize = 4;

/// People of a PagerDuty account by id.
pub type People = HashMap<PagerDutyUserId, SchedulePerson>;

/// How long names and e-mails of an account's people are good for, in seconds.
const FRESH_SECONDS: i64 = 15 * 60;

/// How long an account's people are left alone after requests were refused for
/// want of a share, so that something is left for the schedules.
const PUT_OFF: Duration = Duration::from_secs(5 * 60);

/// No page of the list is begun later than this: the next run reads on.
const LISTING_LIMIT: Duration = Duration::from_secs(8);
/// So long a schedule with somebody unknown waits for the list.
const LISTED_LIMIT: Duration = Duration::from_secs(6);
/// So long the people of a schedule are asked for one by one.
const ASKING_LIMIT: Duration = Duration::from_secs(4);

/// What is known of an account's people.
#[derive(Default)]
pub struct Roster {
    /// Those who need not be asked for.
    people: People,
    /// What schedules call others, of whom PagerDuty has told nothing else.
    names: HashMap<PagerDutyUserId, String>,
    /// Everybody was listed not long ago, so that hardly anybody is missing.
    complete: bool,
    /// An answer said that it is of no use to ask for people now.
    closed: bool,
    /// Whether it is as complete as it gets.
    listed: CancellationToken,
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

/// The account's people: those known from earlier, with everybody read anew when that
/// is too long ago. Whatever becomes of the list, those who are known will do.
pub async fn roster(
    services: &SyncServices,
    pagerduty: &PagerDuty,
    connection: &Connection,
    account: &Account,
) -> Result<Mutex<Roster>, StoreError> {
    let roster = known(services, &connection.workspace).await?;
    list(services, pagerduty, connection, account, &roster).await?;
    Ok(roster)
}

/// Those who are known from earlier. What wants more than them waits for [`list`].
pub async fn known(
    services: &SyncServices,
    workspace: &WorkspaceId,
) -> Result<Mutex<Roster>, StoreError> {
    let known = services.store.pagerduty_users(workspace).await?;
    let (people, named): (People, People) =
        known.into_iter().partition(|(_, person)| person.asked_for);
    let names = named.into_iter().map(|(id, person)| (id, person.name));
    Ok(Mutex::new(Roster {
        people,
        names: names.collect(),
        ..Roster::default()
    }))
}

/// Those whom PagerDuty has told of themselves, and not only as a name in a schedule.
async fn asked_for(store: &Store, workspace: &WorkspaceId) -> Result<People, StoreError> {
    let mut people = store.pagerduty_users(workspace).await?;
    people.retain(|_, person| person.asked_for);
    Ok(people)
}

/// Completes `roster` by everybody's list when that was read too long ago. Gives why
/// the credential may not list people, as it seems.
pub async fn list(
    services: &SyncServices,
    pagerduty: &PagerDuty,
    connection: &Connection,
    account: &Account,
    roster: &Mutex<Roster>,
) -> Result<Option<PagerDutyProblem>, StoreError> {
    let _listed = roster.lock().await.listed.clone().drop_guard();
    let store = &services.store;
    let workspace = &connection.workspace;
    let turn = services.roster_turns.of(workspace);
    let _turn = turn.lock().await;
    let present = store.connection(workspace).await?;
    // With another credential another run reads the list and asks for people.
    let Some(present) = present.filter(|present| present.generation == connection.generation)
    else {
        roster.lock().await.closed = true;
        return Ok(None);
    };
    let mut people = asked_for(store, workspace).await?;
    let age = |read_at| present.as_of.seconds_since(read_at);
    if present
        .roster_read_at
        .is_some_and(|at| age(at) < FRESH_SECONDS)
    {
        roster.lock().await.learn(people);
        return Ok(None);
    }
    let mut listing = Listing::from(present.roster_from.map_or_else(NextPage::default, page));
    let (mut listed, failed) = pages(pagerduty, account, &mut listing).await;
    let nobody_came = listed.is_empty();
    // Where an e-mail is not told, what is known of it stands.
    listed.retain(|id, person| person.asked_for || !people.contains_key(id));
    store.save_people(connection, &listed).await?;
    people.extend(listed);
    let mut roster = roster.lock().await;
    roster.learn(people);
    let mut denied = None;
    let fresh = Duration::from_secs(FRESH_SECONDS.unsigned_abs());
    match (listing.reading(), failed) {
        (Reading::Whole, _) => store.roster_was_read(connection, Duration::ZERO).await?,
        (Reading::Stopped(next), Some(PagerDutyProblem::ShareSpent { .. })) => {
            store.read_roster_from(connection, place(next)).await?;
            let ago = fresh.saturating_sub(PUT_OFF);
            store.roster_was_read(connection, ago).await?;
        }
        (
            Reading::Stopped(next),
            Some(PagerDutyProblem::RateLimited {
                retry_after_seconds,
            }),
        ) => {
            let wait = Duration::from_secs(retry_after_seconds.into());
            store.read_roster_from(connection, place(next)).await?;
            let ago = fresh.saturating_sub(wait);
            store.roster_was_read(connection, ago).await?;
            (roster.complete, roster.closed) = (false, true);
        }
        (Reading::Stopped(next), failed) => {
            store.read_roster_from(connection, place(next)).await?;
            roster.complete = false;
            // Of the whole credential only the schedules tell.
            denied = failed
                .filter(|_| nobody_came)
                .map(PagerDutyProblem::of_people_alone)
                .filter(PagerDutyProblem::concerns_people_alone);
        }
        (Reading::UnderWay, _) => roster.complete = false,
    }
    Ok(denied)
}

const fn page(RosterPlace { offset, limit }: RosterPlace) -> NextPage {
    NextPage { offset, limit }
}

const fn place(NextPage { offset, limit }: NextPage) -> RosterPlace {
    RosterPlace { offset, limit }
}

/// Reads on until the list or the time for it has ended, or nothing comes any more.
/// The people of the pages that came, and why the last one did not.
async fn pages(
    pagerduty: &PagerDuty,
    account: &Account,
    listing: &mut Listing,
) -> (People, Option<PagerDutyProblem>) {
    let began = Instant::now();
    let (mut people, mut failed) = (People::new(), None);
    while listing.reading() == Reading::UnderWay {
        match pagerduty.next_users(account, listing).await {
            Ok(users) => {
                people.extend(users.into_iter().map(keyed));
                failed = None;
            }
            Err(problem) => {
                tracing::warn!(%problem, "a page of the list of people cannot be read");
                failed = Some(problem);
            }
        }
        if listing.reading() == Reading::UnderWay && began.elapsed() > LISTING_LIMIT {
            listing.stop();
        }
    }
    (people, failed)
}

/// The schedule with its people's names and e-mails. Whoever is not in `roster` once it
/// is complete is asked for and added to it; meanwhile it is free for others. Whatever
/// comes of that, and however long it would take, the schedule is what PagerDuty said.
pub async fn resolve(
    pagerduty: &PagerDuty,
    account: &Account,
    schedule: Schedule,
    roster: &Mutex<Roster>,
) -> ScheduleSnapshot {
    if !roster.lock().await.knows_all(&schedule) {
        let listed = roster.lock().await.listed.clone();
        let _so_long = time::timeout(LISTED_LIMIT, listed.cancelled()).await;
    }
    let missing = roster.lock().await.missing(&schedule);
    let questions: Vec<BoxFuture<'_, _>> = missing
        .iter()
        .map(|person| ask(pagerduty, account, person, roster).boxed())
        .collect();
    let asking = stream::iter(questions).buffer_unordered(AT_ONCE);
    let asked = time::timeout(ASKING_LIMIT, asking.collect::<()>()).await;
    let mut roster = roster.lock().await;
    roster.closed |= asked.is_err();
    let people = schedule
        .people
        .iter()
        .map(|person| match roster.people.get(&person.id) {
            Some(found) => SchedulePerson {
                deleted: found.deleted || person.deleted,
                ..found.clone()
            },
            None => roster.named(person),
        })
        .collect();
    ScheduleSnapshot {
        id: schedule.id,
        name: schedule.name,
        url: schedule.url,
        version: schedule.version,
        time_zone: schedule.time_zone,
        people,
        shifts: schedule.shifts,
        left_out: schedule.left_out,
    }
}

impl Roster {
    /// Takes in a list that tells of everybody.
    fn learn(&mut self, people: People) {
        self.people.extend(people);
        self.complete = true;
    }

    fn knows_all(&self, schedule: &Schedule) -> bool {
        let mut people = schedule.people.iter();
        people.all(|person| person.deleted || self.people.contains_key(&person.id))
    }

    /// Somebody of whom PagerDuty has told nothing. Schedules of one kind tell the id alone,
    /// which takes the place of no name.
    fn named(&self, person: &UserReference) -> SchedulePerson {
        let only = named_only(person);
        match self.names.get(&person.id) {
            Some(name) if only.name == person.id.as_str() => SchedulePerson {
                name: name.clone(),
                ..only
            },
            _ => only,
        }
    }

    /// Whom to ask for, a few at a time.
    fn missing(&self, schedule: &Schedule) -> Vec<UserReference> {
        let at_most = match (self.closed, self.complete) {
            (true, _) => 0,
            (false, true) => ASKED_BESIDE_THE_LIST,
            (false, false) => ASKED_ONE_BY_ONE,
        };
        let missing = schedule
            .people
            .iter()
            .filter(|person| !person.deleted && !self.people.contains_key(&person.id));
        missing.take(at_most).cloned().collect()
    }
}

/// Somebody of whom PagerDuty has told nothing but what stands in the schedule.
fn named_only(person: &UserReference) -> SchedulePerson {
    SchedulePerson {
        id: person.id.clone(),
        name: person.name.clone(),
        email: None,
        deleted: person.deleted,
        asked_for: false,
    }
}

/// Asks for one person, unless an answer meanwhile said that this is of no use. What
/// cannot be found out now leaves them as the schedule names them.
async fn ask(
    pagerduty: &PagerDuty,
    account: &Account,
    person: &UserReference,
    roster: &Mutex<Roster>,
) {
    if roster.lock().await.closed {
        return;
    }
    let answer = pagerduty.user(account, &person.id).await;
    let mut roster = roster.lock().await;
    let told = match answer {
        Ok(Some(user)) => keyed(user).1,
        // Not for good: the next run asks again.
        Ok(None) => SchedulePerson {
            deleted: true,
            ..named_only(person)
        },
        Err(problem) => {
            roster.closed |= problem.concerns_connection() || problem.needs_reconnection();
            return;
        }
    };
    roster.people.insert(person.id.clone(), told);
}

fn keyed(user: User) -> (PagerDutyUserId, SchedulePerson) {
    let person = SchedulePerson {
        id: user.id.clone(),
        name: user.name,
        email: user.email,
        deleted: user.deleted,
        asked_for: user.email_told,
    };
    (user.id, person)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ScheduleVersion;
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
            left_out: None,
        }
    }

    #[test]
    fn whom_a_schedule_tells_by_id_alone_keeps_the_name_that_another_gave() {
        let id = PagerDutyUserId::new("PADA");
        let roster = Roster {
            names: HashMap::from([(id.clone(), "Ada Okafor".to_owned())]),
            ..Roster::default()
        };
        for (told, shown) in [("PADA", "Ada Okafor"), ("Ada O.", "Ada O.")] {
            let person = UserReference {
                id: id.clone(),
                name: told.to_owned(),
                deleted: false,
            };
            assert_eq!(roster.named(&person).name, shown);
        }
        let stranger = UserReference {
            id: PagerDutyUserId::new("PBO"),
            name: "PBO".to_owned(),
            deleted: false,
        };
        assert_eq!(roster.named(&stranger).name, "PBO");
    }

    #[test]
    fn however_many_are_unknown_few_are_asked_for_one_by_one() {
        let roster = |complete| Roster {
            complete,
            ..Roster::default()
        };
        for (complete, people, asked) in [
            (true, 3, 3),
            (true, 1_000, 20),
            (false, 5, 5),
            (false, 6, 5),
        ] {
            let missing = roster(complete).missing(&of_people(people));
            assert_eq!(missing.len(), asked, "{complete} {people}");
        }
    }
}
