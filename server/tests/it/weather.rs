//! Whatever the weather: scripts of what may go wrong at PagerDuty, here and
//! between, with what must never be looked for all the time, and what must be in
//! the end. `ROUNDROBIN_WEATHER_SEED` plays one script again.

use crate::support::{
    Database, caller, create, databases,
    inspector::Inspector,
    on_call,
    replica::Replica,
    rotation,
    sandbox::Sandbox,
    script::{Click, LINKS, ROTATIONS, SCHEDULES, Script, Step, What},
    services, soaking,
};
use app::backend::{Authorisations, Connections, Links, Schedules};
use futures::{StreamExt, stream};
use serde_json::json;
use server::backend::RoundRobin;
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio::time;
use types::{
    ApiKeyInput, ClientSecretInput, Outcome, PagerDutyUserId, PersonId, RotationId, ScheduleChoice,
    ScheduleId,
};

/// The interval between two syncs in these tests.
const INTERVAL: Duration = Duration::from_secs(1);
/// What a busy machine may add, with several scripts at once.
const ALLOWANCE: Duration = Duration::from_secs(4);
/// A hand-off takes two seconds at most, and here half a machine.
const GRACE: Duration = Duration::from_secs(5);
/// After a crash the lease has to run out first.
const GRACE_AFTER_CRASH: Duration = Duration::from_secs(20);
/// How long a crash waits for a run to strike.
const SOON: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_ever_wrong_and_in_the_end_all_is_as_pagerduty_says() {
    let (scripts, at_once) = if soaking() { (120, 6) } else { (2, 4) };
    let replay = std::env::var("ROUNDROBIN_WEATHER_SEED")
        .ok()
        .map(|seed| seed.parse().expect("a number"));
    let seeds: Vec<u64> = match replay {
        Some(seed) => vec![seed],
        None => (0..scripts).map(|_| getrandom::u64().unwrap()).collect(),
    };
    let mut runs = Vec::new();
    for seed in seeds {
        for database in databases().await {
            runs.push(play_and_tell(seed, database));
        }
    }
    let count = runs.len();
    let mut ends = stream::iter(runs).buffer_unordered(at_once);
    let mut failed = 0;
    while let Some(well) = ends.next().await {
        failed += u32::from(!well);
    }
    assert_eq!(
        failed, 0,
        "of {count} scripts failed; their seeds are above"
    );
}

/// Plays a script in a task of its own, and says how to play it again if it fails.
async fn play_and_tell(seed: u64, database: Database) -> bool {
    let on_postgres = database.url.starts_with("postgres");
    let script = Script::of(seed, if on_postgres { 3 } else { 2 });
    let told = format!("{script:#?}");
    let ended = tokio::spawn(play(script, database)).await;
    if let Err(error) = &ended {
        eprintln!("ROUNDROBIN_WEATHER_SEED={seed} (on Postgres: {on_postgres}): {error}\n{told}");
    }
    ended.is_ok()
}

async fn play(script: Script, database: Database) {
    let grace = if script.has_crash() {
        GRACE_AFTER_CRASH
    } else {
        GRACE
    };
    let mut world = World::new(&database, script.replicas, grace).await;
    let watch = Inspector::new(&database, grace).await.watch();
    for (number, step) in script.steps.iter().enumerate() {
        world.take(step).await;
        let wrongs = world.inspector.wrongs().await;
        assert!(wrongs.is_empty(), "after step {number}: {wrongs:?}");
        // The weather's own time, not a wait for anything.
        time::sleep(step.pause).await;
    }
    world.clear_up().await;
    world.must_settle(script.impatient).await;
    let looks = watch.end().await;
    assert!(looks.is_ok(), "{looks:?}");
}

/// One script's surroundings, and what is expected of them.
struct World {
    sandbox: Sandbox,
    database_url: String,
    replicas: Vec<Replica>,
    inspector: Inspector,
    rotations: Vec<RotationId>,
    /// The key that PagerDuty accepts, and the one that is stored here.
    key: String,
    entered: String,
    connected: bool,
    bound: BTreeSet<(RotationId, ScheduleId)>,
    /// What disconnects have reverted.
    former: BTreeSet<(RotationId, ScheduleId)>,
}

impl World {
    /// Connected, with the first rotation bound.
    async fn new(database: &Database, replicas: usize, grace: Duration) -> Self {
        let sandbox = Sandbox::start().await;
        let setup = services(database, &sandbox.url).await;
        let mut rotations = Vec::new();
        for number in 0..ROTATIONS {
            rotations.push(create(&setup.store, &format!("Rotation {number}")).await);
        }
        setup.store.close().await;
        let inspector = Inspector::new(database, grace).await;
        inspector.journal(database).await;
        let key = sandbox.api_key().await;
        let mut world = Self {
            entered: key.clone(),
            key,
            sandbox,
            database_url: database.url.clone(),
            replicas: Vec::new(),
            inspector,
            rotations,
            connected: false,
            bound: BTreeSet::new(),
            former: BTreeSet::new(),
        };
        for _ in 0..replicas {
            let replica = world.start_replica().await;
            world.replicas.push(replica);
        }
        world.click(Click::Connect, 0).await;
        world.click(Click::Bind(0, 0), 0).await;
        world
    }

    async fn start_replica(&self) -> Replica {
        let us = &self.sandbox.url;
        Replica::start(&self.database_url, us, &format!("{us}/eu")).await
    }

    async fn take(&mut self, step: &Step) {
        let replica = step.replica % self.replicas.len();
        match &step.what {
            What::AtPagerDuty(path, body) => {
                self.sandbox.attempt(path, body.clone()).await;
            }
            What::NewKey => {
                let made = self.sandbox.control("pagerduty/keys/rotate", json!({}));
                self.key = made.await["api_key"].as_str().unwrap().to_owned();
            }
            What::Click(click) => self.click(*click, replica).await,
            What::DisconnectDuring(click) => self.disconnect_during(*click, replica).await,
            What::Crash => self.crash(replica).await,
        }
    }

    /// Does what a person would, and holds what is bound against what they were told.
    async fn click(&mut self, click: Click, replica: usize) {
        let done = self.start(click, replica).await;
        match click {
            Click::Connect | Click::EnterKey if done => {
                self.connected = true;
                self.entered.clone_from(&self.key);
            }
            Click::Disconnect => self.disconnected(),
            Click::Bind(rotation, schedule) if done => {
                let rotation = self.rotations[rotation].clone();
                self.bound.retain(|(bound, _)| *bound != rotation);
                self.former.retain(|(reverted, _)| *reverted != rotation);
                self.bound
                    .insert((rotation, ScheduleId::new(SCHEDULES[schedule])));
            }
            Click::Unbind(rotation) => {
                let rotation = &self.rotations[rotation];
                self.bound.retain(|(bound, _)| bound != rotation);
            }
            Click::Rebind => {
                let bound = self.inspector.bindings().await;
                let back: BTreeSet<_> = bound.difference(&self.bound).cloned().collect();
                assert!(bound.is_superset(&self.bound) && back.is_subset(&self.former));
                self.former.retain(|former| !back.contains(former));
                self.bound = bound;
            }
            _ => {}
        }
        self.must_be_bound_as_told(click).await;
    }

    /// Whatever somebody else does meanwhile, a disconnect wins.
    async fn disconnect_during(&mut self, click: Click, replica: usize) {
        let disconnector = (replica + 1) % self.replicas.len();
        let during = self.start(click, replica);
        let disconnect = self.start(Click::Disconnect, disconnector);
        tokio::join!(during, disconnect);
        // Connecting may have come after it, and has then come to stay.
        let statement = "select count(*) from pagerduty_connections";
        self.disconnected();
        self.connected = self.inspector.number(statement).await == 1;
        if self.connected {
            assert!(matches!(click, Click::Connect));
            self.entered.clone_from(&self.key);
        }
        if matches!(click, Click::Bind(..) | Click::Rebind | Click::Unbind(_)) {
            // It may have come before, and was then reverted with the others.
            for rotation in &self.rotations {
                for schedule in SCHEDULES {
                    let former = (rotation.clone(), ScheduleId::new(schedule));
                    self.former.insert(former);
                }
            }
        }
        self.must_be_bound_as_told(click).await;
    }

    fn disconnected(&mut self) {
        self.connected = false;
        self.former.append(&mut self.bound);
    }

    async fn must_be_bound_as_told(&mut self, click: Click) {
        let bound = self.inspector.bindings().await;
        assert_eq!(bound, self.bound, "after {click:?}");
    }

    /// Sends a click to a replica; whether it was granted.
    fn start(&self, click: Click, replica: usize) -> impl Future<Output = bool> + use<'_> {
        let backend = &self.replicas[replica];
        let key = ApiKeyInput::new(self.key.clone());
        let rotations = self.rotations.clone();
        let other = self.sandbox.ask("credentials");
        async move {
            let other = match click {
                Click::OfferOtherAccount => other.await["pagerduty"]["eu_api_key"]
                    .as_str()
                    .map(|key| ApiKeyInput::new(key.to_owned())),
                _ => None,
            };
            let act = move |backend| perform(backend, click, rotations, other.unwrap_or(key));
            backend.act(act).await
        }
    }

    /// Kills a replica in the middle of a run where there is one, and starts
    /// another in its place.
    async fn crash(&mut self, replica: usize) {
        let slow = json!({"side": "pagerduty", "path": "/", "delay_ms": 400, "times": 6});
        self.sandbox.control("faults", slow).await;
        let began = Instant::now();
        while self.connected && began.elapsed() < SOON && self.inspector.lease().await.is_none() {
            time::sleep(Duration::from_millis(5)).await;
        }
        drop(self.replicas.remove(replica));
        let another = self.start_replica().await;
        self.replicas.push(another);
    }

    /// Ends the bad weather: PagerDuty is well, the key works, something is bound.
    async fn clear_up(&mut self) {
        self.sandbox.clear_faults().await;
        for schedule in SCHEDULES {
            let path = format!("schedules/{schedule}/hide");
            self.sandbox.control(&path, json!({"hidden": false})).await;
        }
        if !self.connected {
            self.insist(Click::Connect, |world| world.connected).await;
            self.click(Click::Rebind, 0).await;
        }
        if self.entered != self.key {
            let entered = |world: &Self| world.entered == world.key;
            self.insist(Click::EnterKey, entered).await;
        }
        if self.bound.is_empty() {
            self.insist(Click::Bind(0, 0), |world| !world.bound.is_empty())
                .await;
        }
    }

    /// Clicks until it works, which takes no longer than a rate limit that PagerDuty
    /// has spoken of lasts.
    async fn insist(&mut self, click: Click, done: impl Fn(&Self) -> bool) {
        let limited = Instant::now() + ALLOWANCE;
        loop {
            self.click(click, 0).await;
            if done(self) {
                return;
            }
            assert!(Instant::now() < limited, "{click:?} is refused");
            time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// All is as PagerDuty says within one interval after what is waited for
    /// already, or at once when somebody presses *Sync now*.
    async fn must_settle(&mut self, impatient: bool) {
        if impatient {
            let limited = Instant::now() + ALLOWANCE;
            while !self.start(Click::SyncNow, 0).await {
                assert!(Instant::now() < limited, "a sync on request fails");
            }
        }
        // What the bad weather has begun ends as it may: a run, or a dead one's lease.
        let running = self.inspector.lease().await;
        while running.is_some() && self.inspector.lease().await == running {
            time::sleep(Duration::from_millis(20)).await;
        }
        let back_off = self.inspector.back_off().await;
        let (began, limit) = (Instant::now(), back_off + INTERVAL + ALLOWANCE);
        loop {
            let differences = self.differences().await;
            if differences.is_empty() {
                break;
            }
            assert!(
                began.elapsed() < limit,
                "after {limit:?}, of which {back_off:?} were back-off: {differences:?}"
            );
            time::sleep(Duration::from_millis(50)).await;
        }
        self.must_be_bound_as_told(Click::SyncNow).await;
        let wrongs = self.inspector.wrongs().await;
        assert!(wrongs.is_empty(), "in the end: {wrongs:?}");
    }

    /// In what the bound rotations are not what PagerDuty says.
    async fn differences(&self) -> Vec<String> {
        let mut differences = Vec::new();
        let store = &self.replicas[0].services.store;
        for (id, schedule) in &self.bound {
            let rotation = rotation(store, id).await;
            let truth = self.sandbox.on_call(schedule.as_str()).await;
            let on_duty = on_call(&rotation);
            if on_duty != truth {
                differences.push(format!("{schedule}: {on_duty:?} instead of {truth:?}"));
                continue;
            }
            let (preview_of, schedule) = (id.clone(), schedule.clone());
            let act = |backend: RoundRobin| async move {
                let caller = caller();
                let preview = backend.preview_schedule(&caller, preview_of, schedule);
                preview.await.unwrap()
            };
            let Outcome::Done(preview) = self.replicas[0].act(act).await else {
                differences.push("no preview".to_owned());
                continue;
            };
            let told: Vec<String> = preview
                .people
                .into_iter()
                .map(|person| person.slack_name.unwrap_or(person.name))
                .collect();
            let members: Vec<&String> = rotation
                .crew
                .members
                .iter()
                .map(|member| &member.name)
                .collect();
            if members != told.iter().collect::<Vec<_>>() {
                differences.push(format!("{members:?} instead of {told:?}"));
            }
        }
        differences
    }
}

/// Does it; whether it was granted. That it is refused may be due to the weather.
async fn perform(
    backend: RoundRobin,
    click: Click,
    rotations: Vec<RotationId>,
    key: ApiKeyInput,
) -> bool {
    let caller = caller();
    let link = |number: usize| {
        let (user, person) = LINKS[number];
        (PagerDutyUserId::new(user), PersonId::new(person))
    };
    match click {
        Click::Connect => granted(backend.connect_with_api_key(&caller, key).await),
        Click::EnterKey | Click::OfferOtherAccount => {
            granted(backend.edit_api_key(&caller, key).await)
        }
        Click::BeginLogin => {
            let secret = ClientSecretInput::new("secret".to_owned());
            let begun = backend.switch_to_oauth(&caller, "client-1".to_owned(), secret);
            granted(begun.await)
        }
        Click::Disconnect => granted(backend.disconnect_pagerduty(&caller).await),
        Click::Bind(rotation, schedule) => {
            let choice = ScheduleChoice::PagerDuty(ScheduleId::new(SCHEDULES[schedule]));
            let rotation = rotations[rotation].clone();
            granted(backend.set_schedule(&caller, rotation, choice.into()).await)
        }
        Click::Unbind(rotation) => {
            let rotation = rotations[rotation].clone();
            let unbound = backend.set_schedule(&caller, rotation, ScheduleChoice::Manual.into());
            granted(unbound.await)
        }
        Click::Rebind => granted(backend.rebind_former(&caller).await),
        Click::Link(number) => {
            let (user, person) = link(number);
            granted(backend.link_person(&caller, user, person).await)
        }
        Click::Unlink(number) => granted(backend.unlink_person(&caller, link(number).0).await),
        Click::SyncNow => granted(backend.sync_now(&caller).await),
    }
}

fn granted<T, R>(answer: app::backend::Answer<T, R>) -> bool {
    let outcome = answer.unwrap_or_else(|error| panic!("more than PagerDuty fails: {error}"));
    outcome.done().is_some()
}
