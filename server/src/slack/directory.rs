//! Keeps each workspace's people and roles as Slack has them, so that somebody
//! who is demoted or deactivated loses their rights within minutes.

use super::{
    SlackServices,
    client::{Granted, UsersPage},
    error::SlackError,
    installation::{ask, bot_token, test_token},
    listing::{Listing, Unlisted},
    shapes::{Account, Kind, PageEnd},
};
use crate::{
    background::{Periodic, Task},
    store::{StoreError, Workspace},
};
use domain::{KnownPerson, Person};
use secrecy::SecretString;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{task::JoinHandle, time::sleep};
use types::{LiveTopic, PersonId, Role, SlackProblem, Timestamp, WorkspaceId};
use uuid::Uuid;

/// A role that Slack told longer ago than this, in seconds, is asked for again
/// before it opens anything that only some may do.
const TRUSTED_SECONDS: i64 = 5 * 60;
/// What Slack advises for `users.list`, and all that most workspaces need.
const FIRST_PAGE_PEOPLE: u32 = 200;
/// Below the 1000 that Slack allows: with the advised size, ten thousand people
/// would take more requests than there are in the minutes between two refreshes.
const NEXT_PAGE_PEOPLE: u32 = 900;
/// More pages than any workspace has; ends a cursor that leads nowhere.
const MOST_PAGES: usize = 1_000;
/// The sizes with which a page is tried again that failed.
const SMALLER_PAGES: [u32; 2] = [200, 50];
/// What is waited before a page is tried again.
const PAGE_AGAIN: Duration = Duration::from_secs(1);
/// The longest wait that a reading sits out, as often as Slack asks. After a longer
/// one its cursor is hardly worth anything.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// Waiting less would ask Slack in a circle.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// How long others wait for a reader that does not come back. Longer than a page
/// may take, or a question that is put again.
const RESERVED: Duration = Duration::from_secs(45);

/// Why Slack's word did not get into the directory, which stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error(transparent)]
    Slack(#[from] SlackError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why no directory is being read anew.
#[derive(Debug, thiserror::Error)]
#[error(
    "the workspaces whose people are to be read are not known; it is tried again, and the log says why"
)]
struct WorkspacesUnread(#[from] StoreError);

/// Refreshing every installed workspace at the start and at each interval.
pub fn task(services: &SlackServices) -> Task {
    let interval = services.config.slack.directory_interval;
    let services = services.clone();
    let running = Arc::<Mutex<HashMap<_, _>>>::default();
    let step = move || {
        let (services, running) = (services.clone(), Arc::clone(&running));
        async move {
            let workspaces = services.store.workspaces().await;
            let workspaces = workspaces.map_err(WorkspacesUnread)?;
            let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
            start_refreshes(&services, workspaces, &mut running);
            Ok(interval)
        }
    };
    let about = "Starts reading the people of each Slack workspace";
    Periodic::new("slack_directory", about, interval, step).into()
}

/// Starts one task for each workspace, so that none waits for another, and
/// leaves alone those whose last refresh still goes on.
fn start_refreshes(
    services: &SlackServices,
    workspaces: Vec<Workspace>,
    running: &mut HashMap<WorkspaceId, JoinHandle<()>>,
) {
    running.retain(|_, task| !task.is_finished());
    for workspace in workspaces {
        if workspace.installation.is_none() || running.contains_key(&workspace.id) {
            continue;
        }
        running.insert(workspace.id.clone(), start_refresh(services, workspace));
    }
}

/// Refreshes a workspace in a task of its own, which ends with the server.
pub fn start_refresh(services: &SlackServices, workspace: Workspace) -> JoinHandle<()> {
    let services = services.clone();
    services.tasks.clone().spawn(async move {
        let refreshed = services
            .shutdown
            .run_until_cancelled(refresh(&services, &workspace))
            .await;
        if let Some(Err(error)) = refreshed {
            tracing::warn!(workspace = %workspace.id, %error, "the directory was not refreshed");
        }
    })
}

/// Reads a workspace's people from Slack and makes the directory the same, page by
/// page, so that what was read is kept whatever comes after it. Does nothing for a
/// workspace without an installation, nor while somebody else reads.
pub async fn refresh(
    services: &SlackServices,
    workspace: &Workspace,
) -> Result<(), DirectoryError> {
    let Some(token) = bot_token(services, workspace) else {
        return Ok(());
    };
    if !workspace.standing.is_sound() {
        test_token(services, workspace, &token).await??;
    }
    let (store, id) = (&services.store, &workspace.id);
    let reader = Uuid::now_v7().simple().to_string();
    if !store.reserve_directory(id, &reader, RESERVED).await? {
        return Ok(());
    }
    let began = store.now().await?;
    let reading = Reading {
        services,
        workspace,
        token: &token,
        reader: &reader,
        began,
    };
    let read = reading.everybody().await;
    let Some(stored) = store.workspace(id).await? else {
        return Ok(());
    };
    let (complete, problem, pause) = match &read {
        // An earlier whole reading told of everybody as well.
        Ok(Told::Everybody { since }) => {
            let since = Some(*since).max(stored.directory_synced_at);
            (since.min(Some(began)), None, Duration::ZERO)
        }
        Ok(Told::Gap(gap)) => (None, Some(gap.clone()), Duration::ZERO),
        // Where the token is in doubt, the state of the installation says it.
        Err(DirectoryError::Slack(SlackError::TokenRefused { .. }))
            if !stored.standing.is_sound() =>
        {
            (None, None, Duration::ZERO)
        }
        Err(DirectoryError::Slack(error)) => (None, error.problem(), pause_after(error)),
        Err(DirectoryError::Store(_)) => (None, None, Duration::ZERO),
    };
    store
        .end_reading(id, &reader, complete, problem.as_ref(), pause)
        .await?;
    if problem != stored.directory_problem {
        publish(services, id);
    }
    read.map(|_| ())
}

fn pause_after(error: &SlackError) -> Duration {
    match error {
        SlackError::RateLimited { retry_after } => *retry_after,
        _ => Duration::ZERO,
    }
}

/// One reading of everybody, by whoever has reserved the directory.
struct Reading<'a> {
    services: &'a SlackServices,
    workspace: &'a Workspace,
    token: &'a SecretString,
    reader: &'a str,
    began: Timestamp,
}

/// What a reading that came to its end tells of.
enum Told {
    /// Everybody, none of them longer ago than this.
    Everybody { since: Timestamp },
    /// Somebody remains of whom it is not clear what became of them.
    Gap(SlackProblem),
}

impl Reading<'_> {
    /// Reads all pages and asks for those whom they leave out.
    async fn everybody(&self) -> Result<Told, DirectoryError> {
        let store = &self.services.store;
        let mut listing = Listing::new(store.known_people(&self.workspace.id).await?);
        let (mut cursor, mut accounts, mut unreadable) = (None::<String>, 0, 0);
        let mut begun_again = false;
        let mut passed = HashSet::new();
        for _ in 0..MOST_PAGES {
            let read_at = store.now().await?;
            let page = match self.page(cursor.as_deref()).await {
                Err(DirectoryError::Slack(SlackError::Refused { word }))
                    if word.as_str() == "invalid_cursor" && cursor.is_some() && !begun_again =>
                {
                    // It was too old. What was read until now stays.
                    (cursor, begun_again) = (None, true);
                    passed.clear();
                    continue;
                }
                page => page?,
            };
            accounts += page.accounts.len();
            unreadable += page.unreadable;
            self.keep(&mut listing, &page.accounts, read_at).await?;
            match page.end {
                // One that was there before leads round in a circle, of however many.
                PageEnd::Next(next) if passed.insert(next.clone()) => cursor = Some(next),
                PageEnd::Last if accounts > 0 => {
                    if unreadable > 0 {
                        tracing::warn!(workspace = %self.workspace.id, unreadable, "Slack listed accounts that cannot be read");
                    }
                    return self.ask_for_unlisted(&mut listing).await;
                }
                // Whoever installed the app is a person, so nobody at all is no answer.
                _ => return Err(SlackError::Unreadable.into()),
            }
        }
        Err(SlackError::Unreadable.into())
    }

    /// One page: with patience when Slack asks to wait, and smaller when it fails.
    async fn page(&self, cursor: Option<&str>) -> Result<UsersPage, DirectoryError> {
        let mut limits = SMALLER_PAGES.into_iter();
        let mut limit = match cursor {
            None => FIRST_PAGE_PEOPLE,
            Some(_) => NEXT_PAGE_PEOPLE,
        };
        loop {
            self.reserve(RESERVED).await?;
            let id = &self.workspace.id;
            let question = || {
                self.services
                    .client
                    .users_page(self.token, id, cursor, limit)
            };
            let answer = ask(self.services, self.workspace, self.token, question).await?;
            let wait = match answer {
                Ok(page) => return Ok(page.value),
                Err(SlackError::RateLimited { retry_after }) if retry_after <= LONGEST_WAIT => {
                    self.say_it_waits(retry_after).await?;
                    retry_after.max(SHORTEST_WAIT)
                }
                Err(error) if error.passes() => match limits.next() {
                    Some(smaller) => {
                        limit = limit.min(smaller);
                        PAGE_AGAIN
                    }
                    None => return Err(error.into()),
                },
                Err(error) => return Err(error.into()),
            };
            self.reserve(RESERVED + wait).await?;
            sleep(wait).await;
        }
    }

    /// Tells whoever wonders why the directory does not become newer.
    async fn say_it_waits(&self, retry_after: Duration) -> Result<(), StoreError> {
        let seconds = retry_after.as_secs();
        let id = &self.workspace.id;
        tracing::info!(workspace = %id, seconds, "Slack asks to wait before more people are read");
        let problem = SlackProblem::RateLimited { seconds };
        let store = &self.services.store;
        store
            .note_directory_problem(id, self.reader, &problem)
            .await?;
        publish(self.services, id);
        Ok(())
    }

    /// Keeps others from reading meanwhile.
    async fn reserve(&self, reserved: Duration) -> Result<(), StoreError> {
        let (store, id) = (&self.services.store, &self.workspace.id);
        store
            .reserve_directory(id, self.reader, reserved)
            .await
            .map(|_| ())
    }

    async fn keep(
        &self,
        listing: &mut Listing,
        accounts: &[Account],
        read_at: Timestamp,
    ) -> Result<(), StoreError> {
        let changes: Vec<_> = accounts
            .iter()
            .filter_map(|account| listing.take(account, read_at))
            .collect();
        let (store, id) = (&self.services.store, &self.workspace.id);
        store.save_told(id, &changes).await?;
        if !changes.is_empty() {
            publish(self.services, id);
        }
        Ok(())
    }

    /// Nobody is gone because a list lacks them: Slack has to say so of each.
    async fn ask_for_unlisted(&self, listing: &mut Listing) -> Result<Told, DirectoryError> {
        let store = &self.services.store;
        let id = &self.workspace.id;
        let Unlisted {
            asked,
            left,
            others_told_at,
        } = listing.unlisted(store.now().await?);
        let mut unclear = left;
        for person in &asked {
            self.reserve(RESERVED).await?;
            let read_at = store.now().await?;
            let question = || self.services.client.user_info(self.token, id, person);
            let is_member = match ask(self.services, self.workspace, self.token, question).await? {
                Ok(Granted {
                    value: Some(account),
                    ..
                }) if account.kind == Kind::Person => {
                    let accounts = std::slice::from_ref(&account);
                    self.keep(listing, accounts, read_at).await?;
                    if !listing.is_of(&account, person) {
                        tracing::warn!(workspace = %id, %person, "Slack told of somebody else than it was asked for");
                        unclear += 1;
                        continue;
                    }
                    !account.is_deleted()
                }
                Ok(_) => false,
                // The next question would fare no better.
                Err(error @ (SlackError::RateLimited { .. } | SlackError::TokenRefused { .. })) => {
                    return Err(error.into());
                }
                Err(error) => {
                    tracing::warn!(workspace = %id, %person, %error, "Slack does not say what became of somebody whom its list lacks");
                    unclear += 1;
                    continue;
                }
            };
            if store.confirm_person(id, person, is_member, read_at).await? {
                publish(self.services, id);
            }
        }
        Ok(match u32::try_from(unclear).unwrap_or(u32::MAX) {
            0 => Told::Everybody {
                since: others_told_at.unwrap_or(self.began),
            },
            people => Told::Gap(SlackProblem::ShortList { people }),
        })
    }
}

/// What Slack says of one person.
pub struct LookedUp {
    /// `None` when it knows no such member.
    pub member: Option<Person>,
    /// What the token may do, when Slack tells.
    pub scopes: Option<Vec<String>>,
}

/// Asks Slack for one person, and keeps what it tells about them and the token.
/// That it knows no such member is left to the next reading of everybody, since
/// one answer is not enough to throw somebody out.
pub async fn look_up(
    services: &SlackServices,
    workspace: &Workspace,
    token: &SecretString,
    person: &PersonId,
) -> Result<LookedUp, DirectoryError> {
    let (store, id) = (&services.store, &workspace.id);
    let read_at = store.now().await?;
    let question = || async {
        match services.client.user_info(token, id, person).await {
            // Somebody is waiting, and has waited long enough for what did not come.
            Err(error) if error.passes() && error != SlackError::TimedOut => {
                services.client.user_info(token, id, person).await
            }
            answer => answer,
        }
    };
    let Granted { value, scopes } = ask(services, workspace, token, question).await??;
    let member = match value {
        Some(account) if account.kind == Kind::Person => {
            let kept = keep_one(services, id, person, &account, read_at).await?;
            Some(kept.ok_or(SlackError::Unreadable)?)
        }
        _ => None,
    };
    Ok(LookedUp { member, scopes })
}

/// Keeps what Slack told when it was asked for one person, and gives them as they are
/// known by then; nobody when it told of somebody else.
async fn keep_one(
    services: &SlackServices,
    workspace: &WorkspaceId,
    asked: &PersonId,
    account: &Account,
    read_at: Timestamp,
) -> Result<Option<Person>, StoreError> {
    let store = &services.store;
    let mut known: Vec<KnownPerson> = Vec::new();
    for id in [Some(&account.id), account.other_id.as_ref()] {
        if let Some(id) = id
            && let Some(found) = store.known_person(workspace, id).await?
            && known.iter().all(|known| known.person.id != found.person.id)
        {
            known.push(found);
        }
    }
    let mut listing = Listing::new(known);
    let change = listing.take(account, read_at);
    let person = listing.person(account).cloned();
    match (change, &person) {
        (Some(change), _) => {
            store.save_told(workspace, &[change]).await?;
            publish(services, workspace);
        }
        (None, Some(same)) => {
            let is_member = !same.deactivated;
            let confirmed = store.confirm_person(workspace, &same.id, is_member, read_at);
            if confirmed.await? {
                publish(services, workspace);
            }
        }
        (None, None) => {}
    }
    Ok(person.filter(|_| listing.is_of(account, asked)))
}

/// The role of a person who is about to do what only some may. A stored role
/// that has become old is asked for again; while Slack does not answer, it
/// stands. `None` when they are no active person of the workspace any more.
pub async fn confirm_role(
    services: &SlackServices,
    workspace: &WorkspaceId,
    person: &PersonId,
) -> Result<Option<Role>, StoreError> {
    let store = &services.store;
    let Some(KnownPerson {
        person, read_at, ..
    }) = store.known_person(workspace, person).await?
    else {
        return Ok(None);
    };
    let age = store.now().await?.seconds_since(read_at);
    let current = if (0..TRUSTED_SECONDS).contains(&age) {
        person
    } else {
        ask_again(services, workspace, person).await?
    };
    Ok((!current.deactivated).then_some(current.role))
}

async fn ask_again(
    services: &SlackServices,
    workspace: &WorkspaceId,
    known: Person,
) -> Result<Person, StoreError> {
    let Some(stored) = services.store.workspace(workspace).await? else {
        return Ok(known);
    };
    let Some(token) = bot_token(services, &stored) else {
        return Ok(known);
    };
    match look_up(services, &stored, &token, &known.id).await {
        Ok(LookedUp {
            member: Some(member),
            ..
        }) => Ok(member),
        Ok(LookedUp { member: None, .. }) => {
            tracing::warn!(%workspace, person = %known.id, "Slack knows no such member; the next reading decides");
            Ok(known)
        }
        Err(DirectoryError::Slack(error)) => {
            tracing::warn!(%workspace, %error, "a role could not be confirmed, so it stands");
            Ok(known)
        }
        Err(DirectoryError::Store(error)) => Err(error),
    }
}

/// Names and roles are on all pages that show a connection or a rotation, and
/// those follow this topic.
fn publish(services: &SlackServices, workspace: &WorkspaceId) {
    services.live.publish(workspace, LiveTopic::Connection);
}
