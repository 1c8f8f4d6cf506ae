//! The clock of every rotation, by a plan that only these tests know: people take turns every
//! 300 ms, and every third turn is that of somebody who is no member. PagerDuty has no part in it.

use crate::support::{
    NOWHERE, caller, create, cut_after, databases, in_background, postgres, rotation, services,
    workspace,
};
use app::backend::Rotations;
use async_trait::async_trait;
use domain::{Duty, Rotation};
use server::{
    Services,
    backend::RoundRobin,
    background::Background,
    clock, hand_offs,
    hand_offs::{ClockSignal, Due, Source},
    store::{PlanClock, Store, StoreError, Turn},
};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{task::JoinHandle, time};
use tokio_util::task::TaskTracker;
use types::{
    DaysWanted, Holder, LiveTopic, MemberKey, PersonId, RotationId, RotationMode, RotationRefusal,
    Timestamp, WorkspaceId,
};

const KIND: &str = "test_turns";
const TURN_MILLIS: i64 = 300;
/// What a busy machine takes.
const SETTLING: Duration = Duration::from_secs(20);

fn turn(_: &Rotation, now: Timestamp) -> Option<Turn> {
    Some(turn_at(now))
}

/// Who is on duty at `now`, of a plan that began with the epoch.
fn turn_at(now: Timestamp) -> Turn {
    let number = now.as_millis() / TURN_MILLIS;
    let (starts_at, ends_at) = (number * TURN_MILLIS, (number + 1) * TURN_MILLIS);
    let holder = ["U1", "U2", "PSTANDIN"][usize::try_from(number % 3).unwrap()];
    let key = match holder {
        "PSTANDIN" => MemberKey::new("pagerduty:PSTANDIN"),
        person => MemberKey::of_person(&PersonId::new(person)),
    };
    Turn {
        duties: vec![Duty {
            holder: Holder {
                key,
                name: holder.to_owned(),
            },
            since: Timestamp::from_millis(starts_at),
            until: Some(Timestamp::from_millis(ends_at)),
        }],
        next_change_at: Some(Timestamp::from_millis(ends_at)),
        plan: Vec::new(),
        known_until: None,
        rota: None,
    }
}

struct Turns(Services);

#[async_trait]
impl Source for Turns {
    fn kind(&self) -> &str {
        KIND
    }

    async fn hand_over(&self, workspace: &WorkspaceId) -> Result<Due, StoreError> {
        let store = &self.0.store;
        let changed = store
            .hand_over(workspace, KIND, PlanClock::Databases, &turn)
            .await?;
        let any = !changed.is_empty();
        for changed in changed {
            self.0
                .live
                .publish_here(workspace, LiveTopic::Rotation(changed));
        }
        let left = TURN_MILLIS - clock::now().as_millis() % TURN_MILLIS;
        let left = Duration::from_millis(u64::try_from(left).unwrap());
        Ok(if any { Due::Now } else { Due::In(left) })
    }
}

/// A source that never hands over, each in its own way.
#[derive(Clone, Copy, Debug)]
enum Odd {
    Fails,
    Panics,
    Hangs,
    /// By its own clock it is not time yet.
    Waits,
}

struct OddSource {
    odd: Odd,
    kind: &'static str,
    asked: AtomicUsize,
}

#[async_trait]
impl Source for OddSource {
    fn kind(&self) -> &str {
        self.kind
    }

    async fn hand_over(&self, _: &WorkspaceId) -> Result<Due, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.odd {
            Odd::Fails => Err(StoreError::Unreadable { what: "a plan" }),
            Odd::Panics => panic!("a plan that makes no sense"),
            Odd::Hangs => std::future::pending().await,
            Odd::Waits => Ok(Due::In(Duration::from_secs(60))),
        }
    }
}

/// A rotation whose plan is of a kind, and whose clock stands at the epoch.
async fn planned(services: &Services, url: &str, name: &str, kind: &str) -> RotationId {
    let id = create(&services.store, name).await;
    let mut other = AnyConnection::connect(url).await.unwrap();
    let plan =
        format!("update rotations set mode = '{kind}', next_change_at = 0 where id = '{id}'");
    other.execute(AssertSqlSafe(plan)).await.unwrap();
    other.close().await.unwrap();
    id
}

/// Where the clock's tasks are, and what is kept of them.
fn kept(services: &Services) -> (&TaskTracker, &Background) {
    (&services.tasks, &services.background)
}

fn clock_of(services: &Services) -> JoinHandle<()> {
    let source = Arc::new(Turns(services.clone()));
    let signal = ClockSignal::default();
    let task = hand_offs::task(&services.store, &signal, kept(services), vec![source]);
    let services = services.clone();
    tokio::spawn(async move { in_background(&services, vec![task]).await })
}

/// Waits until the history has this many stretches, and holds that each is that of its turn,
/// whole, and there once. Where the machine was too busy for a turn, nobody had it.
async fn until_recorded(store: &Store, id: &RotationId, count: usize) {
    let recorded = async {
        loop {
            let mut records = store.duty_history(id).await.unwrap().records;
            if records.len() >= count {
                records.reverse();
                return records;
            }
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    let records = time::timeout(SETTLING, recorded).await.unwrap();
    let mut turns: Vec<_> = records.iter().map(|record| record.starts_at).collect();
    turns.dedup();
    assert_eq!(turns.len(), records.len(), "{records:?}");
    for record in records {
        let planned = turn_at(record.starts_at);
        let [duty] = planned.duties.as_slice() else {
            unreachable!("one has each turn");
        };
        assert_eq!(
            (&record.name, record.starts_at),
            (&duty.holder.name, duty.since)
        );
        assert_eq!(record.ends_at, duty.until);
    }
}

#[tokio::test]
async fn a_workspace_without_pagerduty_has_a_clock_that_moves_on() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let id = planned(&services, &database.url, "Turns", KIND).await;
        let unknown = planned(&services, &database.url, "Lunar", "lunar").await;
        let (_, mut events) = services.live.subscribe(&workspace(), |_| true);
        let clock = clock_of(&services);
        until_recorded(&services.store, &id, 5).await;
        assert!(events.try_recv().is_ok(), "open pages hear of it");

        // Whoever takes no turns is on duty like anybody else, on the card and on the page.
        let backend = RoundRobin::new(services.clone());
        let seen = async {
            loop {
                let page = backend
                    .rotation(&caller(), id.clone(), DaysWanted::default())
                    .await
                    .unwrap();
                let cards = backend
                    .rotations(&caller(), Default::default())
                    .await
                    .unwrap();
                let card = cards.cards.into_iter().find(|card| card.id == id).unwrap();
                let [page, card] = [page.outlook, card.outlook].map(|outlook| outlook.on_duty);
                if page
                    .iter()
                    .chain(&card)
                    .all(|duty| duty.holder.name == "PSTANDIN")
                {
                    assert_eq!((page.len(), card.len()), (1, 1));
                    return;
                }
                time::sleep(Duration::from_millis(20)).await;
            }
        };
        time::timeout(SETTLING, seen).await.unwrap();
        // This version does not know the plan, so nobody presses a button in its way.
        let rotated = backend.rotate(&caller(), id.clone()).await.unwrap();
        assert_eq!(
            rotated,
            types::Outcome::Refused(RotationRefusal::UnknownMode)
        );

        let lunar = rotation(&services.store, &unknown).await;
        assert_eq!(lunar.plan.mode(), RotationMode::Unknown);
        assert!(
            lunar.crew.duties.is_empty(),
            "what nobody knows is left alone"
        );
        services.shutdown.cancel();
        clock.await.unwrap();
    }
}

#[tokio::test]
async fn one_that_cannot_hand_over_keeps_no_other_one_waiting_and_is_not_asked_in_circles() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let id = planned(&services, &database.url, "Turns", KIND).await;
        let mut odd = Vec::new();
        for (way, kind) in [
            (Odd::Fails, "test_fails"),
            (Odd::Panics, "test_panics"),
            (Odd::Hangs, "test_hangs"),
            (Odd::Waits, "test_waits"),
        ] {
            planned(&services, &database.url, kind, kind).await;
            let asked = AtomicUsize::new(0);
            odd.push(Arc::new(OddSource {
                odd: way,
                kind,
                asked,
            }));
        }
        let mut sources: Vec<Arc<dyn Source>> = vec![Arc::new(Turns(services.clone()))];
        sources.extend(odd.iter().map(|odd| Arc::clone(odd) as Arc<dyn Source>));
        let began = Instant::now();
        let signal = ClockSignal::default();
        let task = hand_offs::task(&services.store, &signal, kept(&services), sources);
        let clock = tokio::spawn({
            let services = services.clone();
            async move { in_background(&services, vec![task]).await }
        });
        until_recorded(&services.store, &id, 6).await;
        for odd in odd {
            let asked = odd.asked.load(Ordering::Relaxed);
            let most = 2 + usize::try_from(began.elapsed().as_secs()).unwrap();
            assert!((1..=most).contains(&asked), "{:?}: {asked} times", odd.odd);
        }
        assert!(hand_offs::is_alive(&services.background));
        let report = services.background.report("hand_offs").unwrap();
        assert!(report.restarts > 0, "what broke off is counted");
        services.shutdown.cancel();
        clock.await.unwrap();
    }
}

#[tokio::test]
async fn two_servers_hand_over_once_each() {
    let Some(database) = postgres().await else {
        return;
    };
    let one = services(&database, NOWHERE).await;
    let other = services(&database, NOWHERE).await;
    let id = planned(&one, &database.url, "Turns", KIND).await;
    let clocks = [clock_of(&one), clock_of(&other)];
    until_recorded(&one.store, &id, 8).await;
    for services in [one, other] {
        services.shutdown.cancel();
    }
    for clock in clocks {
        clock.await.unwrap();
    }
}

#[tokio::test]
async fn a_clock_that_breaks_off_between_any_two_steps_has_done_all_or_nothing() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let id = planned(&services, &database.url, "Turns", KIND).await;
        let store = &services.store;
        let mut cut = 0;
        // A machine that is busy elsewhere may have each step done before it is looked at.
        for number in 10..60 {
            let now = || Timestamp::from_millis(number * TURN_MILLIS);
            let mut steps = 0;
            while cut_after(
                steps,
                store.hand_over(&workspace(), KIND, PlanClock::Own(&now), &turn),
            )
            .await
            .is_none()
            {
                let known = rotation(store, &id).await.crew.duties;
                let records = store.duty_history(&id).await.unwrap().records;
                let since = records.first().map(|record| record.starts_at);
                let known: Vec<_> = known.iter().map(|duty| duty.since).collect();
                assert_eq!(known, Vec::from_iter(since), "after {steps} steps");
                steps += 1;
            }
            cut += usize::from(steps > 1);
            let again = store
                .hand_over(&workspace(), KIND, PlanClock::Own(&now), &turn)
                .await;
            assert!(again.unwrap().is_empty());
            if cut == 3 {
                break;
            }
        }
        assert_eq!(cut, 3, "it was hardly ever cut in the middle");
    }
}
