//! Databases, a workspace with people, and a PagerDuty to talk to.

pub mod bound;
pub mod contents;
pub mod disk;
mod gate;
pub mod inspector;
pub mod login;
pub mod pagerduty;
pub mod ports;
pub mod process;
pub mod programs;
pub mod replica;
pub mod sandbox;
pub mod script;
pub mod slack_output;
pub mod wire;

use app::backend::{Caller, Connections, Schedules};
use clap::Parser;
use domain::{
    AccountIdentity, Actor, Crew, Directory, KnownPerson, Member, Person, PersonChange, Plan,
    Principal, Rotation, SchedulePerson, ScheduleSnapshot, ScheduleVersion, Through, Window,
};
use sandbox::Sandbox;
use secrecy::SecretString;
use server::{
    Services,
    backend::RoundRobin,
    background::{self, Task},
    clock,
    config::Settings,
    crypto::{KeyRing, token_key},
    hand_offs, replicas,
    storage::Storage,
    store::{
        Asked, Connection, Expect, Installation, NewAuditEntry, NewSession, Rule, Store,
        StoredCredential, StoredMethod,
    },
    sync,
};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};
use types::{
    ApiKeyInput, AuditAction, LinkState, MemberKey, Outcome, PagerDutyUserId, PersonId, Region,
    Role, RotationDetails, RotationId, ScheduleChoice, ScheduleId, SyncChange, Timestamp,
    Visibility, WorkspaceId,
};
use uuid::Uuid;

/// An address at which nobody listens.
pub const NOWHERE: &str = "http://127.0.0.1:9";

pub const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);

/// An empty database at a URL.
pub struct Database {
    pub url: String,
    /// Removed with the value.
    _folder: Option<tempfile::TempDir>,
}

impl Database {
    /// One that is there already.
    pub fn at(url: String) -> Self {
        Self { url, _folder: None }
    }
}

/// A new database on SQLite, and one on Postgres if there is a server to make
/// it on. CI has one, so there nothing is skipped.
pub async fn databases() -> Vec<Database> {
    let mut databases = vec![sqlite()];
    match std::env::var("ROUNDROBIN_TEST_POSTGRES_URL") {
        Ok(server) => databases.push(new_postgres(&server).await),
        Err(_) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            panic!("ROUNDROBIN_TEST_POSTGRES_URL is not set, and CI must test Postgres too")
        }
        Err(_) => eprintln!("skipping Postgres: ROUNDROBIN_TEST_POSTGRES_URL is not set"),
    }
    databases
}

pub fn sqlite() -> Database {
    let folder = tempfile::tempdir().unwrap();
    Database {
        url: format!("sqlite://{}/rr.db", folder.path().display()),
        _folder: Some(folder),
    }
}

/// For what only several servers can show: SQLite belongs to one process.
pub async fn postgres() -> Option<Database> {
    let on_postgres = |database: &Database| database.url.starts_with("postgres");
    databases().await.into_iter().find(on_postgres)
}

/// The databases of a run vanish with the cluster that xtask made for it.
async fn new_postgres(server: &str) -> Database {
    server::store::install_drivers();
    let name = format!("rr_{}", Uuid::now_v7().simple());
    let mut admin = AnyConnection::connect(server).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("create database {name}"));
    admin.execute(create).await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    Database::at(format!("{base}/{name}"))
}

/// Runs a test of the store on each engine.
pub async fn on_each_engine(test: impl AsyncFn(Store)) {
    on_each_database(async |store, _| test(store).await).await;
}

/// The same for a test that also opens the store's database, at its URL, by itself.
pub async fn on_each_database(test: impl AsyncFn(Store, &str)) {
    for database in databases().await {
        eprintln!("on {}", database.url);
        let store = Store::open(&database.url).await.unwrap();
        with_people(&store).await;
        test(store.clone(), &database.url).await;
        store.close().await;
    }
}

/// Where a server finds PagerDuty's two regions and Slack, and how often it asks.
#[derive(Clone)]
pub struct Setup<'a> {
    pub pagerduty: &'a str,
    pub eu: &'a str,
    pub slack: &'a str,
    pub poll_seconds: u32,
}

impl<'a> Setup<'a> {
    /// Both regions at one address, asked every second, and no Slack.
    pub const fn at(pagerduty: &'a str) -> Self {
        Self {
            pagerduty,
            eu: pagerduty,
            slack: NOWHERE,
            poll_seconds: 1,
        }
    }
}

/// The server's parts over a database, with PagerDuty at `pagerduty`, and a
/// workspace with people in it.
pub async fn services(database: &Database, pagerduty: &str) -> Services {
    services_with(database, &Setup::at(pagerduty)).await
}

pub async fn services_with(database: &Database, setup: &Setup<'_>) -> Services {
    let services = open_services(&database.url, setup).await;
    with_people(&services.store).await;
    services
}

/// The reconciler and the clock of what it reads, until the shutdown.
pub async fn reconcile(services: Services) {
    let tasks = vec![sync::task(&services.sync), clock_of_schedules(&services)];
    in_background(&services, tasks).await;
}

/// The clock of rotations that follow a schedule.
pub fn clock_of_schedules(services: &Services) -> Task {
    let schedules = sync::Schedules(services.sync.clone());
    let signal = &services.sync.signals.clock;
    let tasks = (&services.tasks, &services.background);
    hand_offs::task(&services.store, signal, tasks, vec![Arc::new(schedules)])
}

/// Telling other servers and hearing from them alone, until the shutdown.
pub async fn hear_others(services: Services, database_url: SecretString) {
    let task = replicas::task(&services.store, &services.live, database_url);
    in_background(&services, Vec::from_iter(task)).await;
}

/// Tasks as the server runs its own, until the shutdown.
pub async fn in_background(services: &Services, tasks: Vec<Task>) {
    let (kept, stop) = (services.background.clone(), services.shutdown.clone());
    background::run(kept, stop, tasks).await;
}

/// The server's parts over a database as it is. Where Slack is nowhere, what it said last
/// stands.
pub async fn open_services(database_url: &str, setup: &Setup<'_>) -> Services {
    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        settings: Settings,
    }
    let command = Command::parse_from([
        "roundrobin",
        "--pagerduty-api-url",
        setup.pagerduty,
        "--pagerduty-eu-api-url",
        setup.eu,
        "--pagerduty-identity-url",
        &format!("{}/identity", setup.pagerduty),
        "--pagerduty-poll-seconds",
        &setup.poll_seconds.to_string(),
        "--slack-url",
        setup.slack,
    ]);
    let storage = Storage {
        database_url: SecretString::from(database_url),
        keys: keys(),
        new_key_file: None,
        expect: Expect::Anything,
    };
    Services::open(command.settings.checked().unwrap(), storage)
        .await
        .unwrap()
}

/// The same server with another key ring, in each of its parts.
pub fn with_keys(services: Services, keys: &str) -> Services {
    let keys = KeyRing::parse(keys).unwrap();
    let mut other = Services {
        keys: keys.clone(),
        ..services
    };
    other.slack.keys = keys.clone();
    other.integrations.keys = keys;
    other.sync.integrations = other.integrations.clone();
    other
}

/// Whether the long tests run at full length, as under `cargo xtask soak`.
pub fn soaking() -> bool {
    std::env::var_os("ROUNDROBIN_SOAK").is_some()
}

/// Signs Ann in and gives her session's cookie.
pub async fn cookie(store: &Store) -> String {
    let token = "5e551011".repeat(8);
    let session = NewSession {
        key: &token_key(&token),
        workspace: &workspace(),
        person: &ann(),
        at: clock::now(),
        replaces: None,
    };
    let entry = entry(AuditAction::SignedIn);
    store.sign_in(&session, entry.at, &entry).await.unwrap();
    format!("roundrobin_session={token}")
}

pub const ENCRYPTION_KEYS: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub fn keys() -> KeyRing {
    KeyRing::parse(ENCRYPTION_KEYS).unwrap()
}

/// Ann, as the session layer presents her.
pub fn caller() -> Caller {
    Caller {
        workspace: workspace(),
        person: ann(),
        name: "Ann".to_owned(),
        role: Role::Admin,
        session: "session".to_owned(),
        request_id: "request".to_owned(),
        admitted_at: None,
    }
}

pub fn workspace() -> WorkspaceId {
    WorkspaceId::new("T1")
}

pub fn ann() -> PersonId {
    PersonId::new("U1")
}

/// Ann, who administers, and Bob, who does not.
pub async fn with_people(store: &Store) {
    let installation = Installation {
        bot_token_sealed: keys().seal(
            &SecretString::from("xoxb-test"),
            &server::store::bot_token_row(&workspace()),
        ),
        scopes: Vec::new(),
        installed_at: NOW,
        installed_by: ann(),
    };
    let entry = entry(AuditAction::InstalledInSlack);
    store
        .save_installation(&workspace(), "Acme", &installation, false, &entry)
        .await
        .unwrap();
    let people = [("U1", "Ann", Role::Admin), ("U2", "Bob", Role::Member)];
    let people: Vec<Person> = people
        .into_iter()
        .map(|(id, name, role)| Person {
            id: PersonId::new(id),
            name: name.to_owned(),
            email: Some(format!("{}@example.com", name.to_lowercase())),
            role,
            deactivated: false,
        })
        .collect();
    directory_read(store, &people, NOW).await;
}

/// Writes people as if Slack had listed them, and nobody else, at a time.
pub async fn directory_read(store: &Store, people: &[Person], at: Timestamp) {
    let changes: Vec<PersonChange> = people.iter().map(|person| told(person, at)).collect();
    let id = workspace();
    store.save_told(&id, &changes).await.unwrap();
    let a_minute = Duration::from_secs(60);
    assert!(
        store
            .reserve_directory(&id, "test", a_minute)
            .await
            .unwrap()
    );
    store
        .end_reading(&id, "test", Some(at), None, Duration::ZERO)
        .await
        .unwrap();
}

/// What Slack told of a person at a time.
pub fn told(person: &Person, at: Timestamp) -> PersonChange {
    PersonChange {
        person: KnownPerson {
            person: person.clone(),
            other_id: None,
            time_zone: None,
            read_at: at,
        },
        absorbs: None,
    }
}

/// An admin, by a session.
pub fn actor(person: PersonId, name: &str) -> Actor {
    Actor {
        workspace: workspace(),
        principal: Principal::Person {
            person,
            name: name.to_owned(),
            role: Role::Admin,
            through: Through::Session,
        },
        request_id: None,
        admitted_at: None,
    }
}

pub fn entry(action: AuditAction) -> NewAuditEntry {
    NewAuditEntry::new(actor(ann(), "Ann"), action, NOW)
}

pub fn new_credential(sealed: &str) -> StoredCredential {
    StoredCredential {
        sealed: sealed.to_owned(),
        method: StoredMethod::ApiKey {
            last_four: "1234".to_owned(),
        },
        region: Region::Us,
        account: AccountIdentity::default(),
    }
}

pub fn member(name: &str) -> Member {
    Member {
        key: MemberKey::new(format!("pagerduty:{name}")),
        person: None,
        pagerduty_user: Some(PagerDutyUserId::new(name)),
        name: name.to_owned(),
        email: Some(format!("{name}@elsewhere.example")),
        link: LinkState::NoMatch,
    }
}

/// A reading as far ahead as any.
pub fn asked(at: Timestamp) -> Asked {
    Asked {
        at,
        until: Window::long(at).until,
    }
}

/// Applies a schedule that was asked for, and is written, at one time; none of its people is
/// linked.
pub async fn apply(
    store: &Store,
    connection: &Connection,
    schedule: &ScheduleSnapshot,
    at: Timestamp,
) -> Option<Vec<SyncChange>> {
    let rule = Rule {
        now: &|| at,
        directory: &Directory::default(),
    };
    let poll_in = Duration::from_secs(60);
    let applied = store.apply_schedule(connection, schedule, rule, asked(at), poll_in);
    applied.await.unwrap()
}

pub fn snapshot(schedule: &str, people: &[&str]) -> ScheduleSnapshot {
    ScheduleSnapshot {
        id: ScheduleId::new(schedule),
        name: format!("Schedule {schedule}"),
        url: None,
        version: ScheduleVersion::V2,
        time_zone: Some("UTC".to_owned()),
        people: people
            .iter()
            .map(|name| SchedulePerson {
                id: PagerDutyUserId::new(*name),
                name: (*name).to_owned(),
                email: Some(format!("{name}@elsewhere.example")),
                deleted: false,
                asked_for: true,
            })
            .collect(),
        shifts: Vec::new(),
        left_out: None,
    }
}

/// A Manual rotation that is in the store.
pub async fn create(store: &Store, name: &str) -> RotationId {
    let rotation = Rotation {
        id: RotationId::new(Uuid::now_v7().simple().to_string()),
        workspace: workspace(),
        details: RotationDetails {
            name: name.to_owned(),
            description: String::new(),
            notes: String::new(),
            code: None,
            duty_size: 1,
            visibility: Visibility::Public,
        },
        plan: Plan::Manual,
        owners: vec![ann()],
        last_edit: None,
        crew: Crew::default(),
    };
    let entry = entry(AuditAction::CreatedRotation);
    store.create_rotation(&rotation, &entry).await.unwrap();
    rotation.id
}

/// A rotation that is bound to a schedule of the stand-in, whose key connects the
/// workspace unless it is connected.
pub async fn bound_to(services: &Services, sandbox: &Sandbox, schedule: &str) -> RotationId {
    let backend = RoundRobin::new(services.clone());
    if services
        .store
        .connection(&workspace())
        .await
        .unwrap()
        .is_none()
    {
        let key = ApiKeyInput::new(sandbox.api_key().await);
        let connected = backend.connect_with_api_key(&caller(), key).await.unwrap();
        assert_eq!(connected, Outcome::Done(()));
    }
    let id = create(&services.store, &format!("Bound to {schedule}")).await;
    let choice = ScheduleChoice::PagerDuty(ScheduleId::new(schedule));
    let bound = backend
        .set_schedule(&caller(), id.clone(), choice.into())
        .await;
    assert_eq!(bound.unwrap(), Outcome::Done(()));
    id
}

/// The PagerDuty ids of those who are on duty, in order.
pub fn on_call(rotation: &Rotation) -> Vec<String> {
    let members = rotation.crew.members.iter();
    let mut ids: Vec<String> = members
        .filter(|member| rotation.crew.is_on_duty(&member.key))
        .filter_map(|member| member.pagerduty_user.as_ref())
        .map(ToString::to_string)
        .collect();
    ids.sort();
    ids
}

pub async fn rotation(store: &Store, id: &RotationId) -> Rotation {
    store.rotation(&workspace(), id).await.unwrap().unwrap()
}

/// Drops `future` after it was polled `polls` times, as a crash would end it at
/// that point; `None` when it had not finished by then.
pub async fn cut_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}
