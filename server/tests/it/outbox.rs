//! What is to be told outside: written with the change from which it follows, told once and in
//! order, by a consumer that only these tests know.

use crate::support::{
    NOW, NOWHERE, ann, apply, asked, create, cut_after, databases, entry, hear_others,
    in_background, new_credential, on_each_database, postgres, rotation, services, snapshot,
    workspace,
};
use async_trait::async_trait;
use domain::{
    Addressee, Cause, Crew, Directory, Duty, Links, Occasion, Person, Rotation, ScheduleSnapshot,
    Shift, Subscription,
};
use futures::future::join_all;
use secrecy::SecretString;
use server::{
    Services,
    background::Background,
    outbox::{self, Attempt, Consumer, Deliverer, Posting},
    store::{BindEnd, Connection, Delivery, NewAuditEntry, PlanClock, Rule, Store, Turn},
};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use std::{
    convert::Infallible,
    mem,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time;
use types::{
    AuditAction, Holder, MemberKey, PagerDutyUserId, PersonId, Role, RotationId, ScheduleId,
    Stretch, Timestamp,
};

const CHANGE: &str = "test_change";
const GROUP: &str = "test_group";
const PERSONAL: &str = "test_personal";
const REMINDER: &str = "test_reminder";
const LEAD: Duration = Duration::from_secs(15);
const AN_HOUR: Duration = Duration::from_secs(3600);
/// What a busy machine takes.
const SETTLING: Duration = Duration::from_secs(20);

fn second(second: i64) -> Timestamp {
    NOW.plus_seconds(second)
}

/// Keeps what it was asked to tell, and says of it what it is made to say.
struct Listener {
    kind: &'static str,
    is_repeatable: bool,
    answer: Box<dyn Fn(&Delivery) -> Attempt + Send + Sync>,
    heard: Mutex<Vec<Delivery>>,
}

impl Listener {
    fn new(
        kind: &'static str,
        answer: impl Fn(&Delivery) -> Attempt + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::made(kind, false, answer)
    }

    fn made(
        kind: &'static str,
        is_repeatable: bool,
        answer: impl Fn(&Delivery) -> Attempt + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            kind,
            is_repeatable,
            answer: Box::new(answer),
            heard: Mutex::default(),
        })
    }

    /// What it heard, as `C1@20`: the target, and the second of the hand-off.
    fn heard(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        let heard = heard.iter();
        heard
            .map(|delivery| short(&delivery.target, delivery.occurrence.moment()))
            .collect()
    }
}

#[async_trait]
impl Consumer for Listener {
    fn kind(&self) -> &str {
        self.kind
    }

    fn is_repeatable(&self) -> bool {
        self.is_repeatable
    }

    async fn deliver(&self, delivery: &Delivery, posting: &Posting) -> Attempt {
        tokio::task::yield_now().await;
        if !self.is_repeatable && !posting.begins().await.unwrap() {
            return away(delivery);
        }
        self.heard.lock().unwrap().push(delivery.clone());
        tokio::task::yield_now().await;
        (self.answer)(delivery)
    }
}

/// Tells its target everything, whatever the notice is about, as a group or a topic is told.
struct Whole<Meanwhile> {
    listener: Arc<Listener>,
    /// What happens once it has looked at how things are.
    meanwhile: Meanwhile,
}

#[async_trait]
impl<Meanwhile: AsyncWork> Consumer for Whole<Meanwhile> {
    fn kind(&self) -> &str {
        self.listener.kind
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn tells_everything(&self) -> bool {
        true
    }

    async fn deliver(&self, delivery: &Delivery, posting: &Posting) -> Attempt {
        let answer = self.listener.deliver(delivery, posting).await;
        self.meanwhile.work().await;
        answer
    }
}

#[async_trait]
trait AsyncWork: Send + Sync {
    async fn work(&self) {}
}

impl AsyncWork for () {}

/// Somebody who wants a target told, once.
struct Presses {
    store: Store,
    rotation: RotationId,
    pressed: Mutex<bool>,
}

#[async_trait]
impl AsyncWork for Presses {
    async fn work(&self) {
        if !mem::replace(&mut *self.pressed.lock().unwrap(), true) {
            let (workspace, target) = (workspace(), (CHANGE, "C1"));
            let telling = self.store.tell_now(&workspace, &self.rotation, target);
            telling.await.unwrap();
        }
    }
}

/// Comes after the groups.
struct Last(Arc<Listener>);

#[async_trait]
impl Consumer for Last {
    fn kind(&self) -> &str {
        self.0.kind
    }

    fn is_repeatable(&self) -> bool {
        false
    }

    fn goes_after(&self) -> &[&str] {
        &[GROUP]
    }

    async fn deliver(&self, delivery: &Delivery, posting: &Posting) -> Attempt {
        self.0.deliver(delivery, posting).await
    }
}

/// Breaks off at its first attempt, before it has begun to write.
struct Stumbling(Arc<Listener>);

#[async_trait]
impl Consumer for Stumbling {
    fn kind(&self) -> &str {
        self.0.kind
    }

    fn is_repeatable(&self) -> bool {
        false
    }

    async fn deliver(&self, delivery: &Delivery, posting: &Posting) -> Attempt {
        assert!(delivery.attempt > 1, "it looks at what makes no sense");
        self.0.deliver(delivery, posting).await
    }
}

/// Writes in a lane of its own, and counts what is being written meanwhile. What is for `C1` breaks
/// off in the middle.
struct Writing {
    kind: &'static str,
    url: String,
    at_once: Arc<Mutex<Vec<i64>>>,
}

#[async_trait]
impl Consumer for Writing {
    fn kind(&self) -> &str {
        self.kind
    }

    fn is_repeatable(&self) -> bool {
        false
    }

    fn lane(&self) -> &str {
        self.kind
    }

    async fn deliver(&self, delivery: &Delivery, posting: &Posting) -> Attempt {
        assert!(posting.begins().await.unwrap());
        let written = "select count(*) from outbox where state = 'sending' and posting = attempts";
        let rows: Vec<(i64,)> = query(&self.url, written).await;
        let counts = rows.into_iter().map(|(count,)| count);
        self.at_once.lock().unwrap().extend(counts);
        time::sleep(Duration::from_millis(10)).await;
        assert_ne!(delivery.target, "C1", "it breaks off");
        Attempt::Delivered
    }
}

fn delivered(_: &Delivery) -> Attempt {
    Attempt::Delivered
}

fn away(_: &Delivery) -> Attempt {
    Attempt::Failed {
        problem: "away".to_owned(),
        wait: Some(AN_HOUR),
    }
}

fn short(target: &str, moment: Timestamp) -> String {
    format!("{target}@{}", moment.seconds_since(NOW))
}

fn named(rotation: &RotationId, kind: &str, target: &str, occasion: Occasion) -> Subscription {
    Subscription {
        rotation: rotation.clone(),
        kind: kind.to_owned(),
        addressee: Addressee::Target(target.to_owned()),
        occasion,
    }
}

async fn subscribe(store: &Store, subscription: &Subscription) {
    let rule = Rule {
        now: &|| NOW,
        directory: &Directory::default(),
    };
    let subscribed = store.subscribe(&workspace(), subscription, rule).await;
    assert!(subscribed.unwrap());
}

/// Has a target told of the changes of duty of a rotation.
async fn announced(store: &Store, rotation: &RotationId, target: &str) {
    let subscription = named(rotation, CHANGE, target, Occasion::ChangeOfDuty);
    subscribe(store, &subscription).await;
}

fn duty(name: &str, since: i64) -> Duty {
    Duty {
        holder: Holder {
            key: MemberKey::of_person(&PersonId::new(name)),
            name: name.to_owned(),
        },
        since: second(since),
        until: None,
    }
}

/// Puts these people on duty by hand, and nobody else.
async fn put_on_duty(store: &Store, id: &RotationId, names: &[&str], at: i64) {
    let workspace = workspace();
    let changing = store.change_rotation(&workspace, id, |rotation| {
        let present = &rotation.crew;
        let duties = names.iter().map(|name| {
            let new = duty(name, at);
            present.duty_of(&new.holder.key).cloned().unwrap_or(new)
        });
        rotation.crew = Crew::new(Vec::new(), duties.collect());
        let entry = entry(AuditAction::SetOnDuty);
        Ok::<_, Infallible>(NewAuditEntry {
            at: second(at),
            ..entry
        })
    });
    assert_eq!(changing.await.unwrap(), Some(Ok(true)));
}

fn delivering(store: &Store, consumers: Vec<Arc<dyn Consumer>>) -> Deliverer {
    Deliverer::new(store, &Background::default(), consumers)
}

/// Sends everything that is due, in turn, as often as there is something.
async fn deliver_all(deliverer: &Deliverer) {
    loop {
        let claimed = deliverer.claim().await.unwrap();
        if claimed.is_empty() {
            return;
        }
        for delivery in claimed {
            deliverer.deliver(delivery).await;
        }
    }
}

/// What the outbox holds, as `C1@20 waiting`.
async fn held(url: &str) -> Vec<String> {
    let rows: Vec<(String, i64, String)> =
        query(url, "select target, occurrence, state from outbox").await;
    let rows = rows.into_iter().map(|(target, occurrence, state)| {
        let target = target.replace("pagerduty:", "").replace("slack:", "");
        format!(
            "{} {state}",
            short(&target, Timestamp::from_millis(occurrence))
        )
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

async fn query<Row>(url: &str, statement: &str) -> Vec<Row>
where
    Row: for<'r> sqlx::FromRow<'r, sqlx::any::AnyRow> + Send + Unpin,
{
    let mut other = AnyConnection::connect(url).await.unwrap();
    let rows = sqlx::query_as(AssertSqlSafe(statement.to_owned()));
    let rows = rows.fetch_all(&mut other).await.unwrap();
    other.close().await.unwrap();
    rows
}

async fn execute(url: &str, statement: &'static str) {
    let mut other = AnyConnection::connect(url).await.unwrap();
    other.execute(statement).await.unwrap();
    other.close().await.unwrap();
}

/// As if the server that was sending had been gone for long, and every wait was over.
const LATER: &str = "update outbox set claimed_until = 0, retry_at = 0";

#[tokio::test]
async fn what_nobody_subscribed_to_is_not_written() {
    on_each_database(async |store, url| {
        let id = create(&store, "Ops").await;
        put_on_duty(&store, &id, &["A"], 10).await;
        assert!(held(url).await.is_empty());
        announced(&store, &id, "C1").await;
        assert!(held(url).await.is_empty(), "only changes are told");
        put_on_duty(&store, &id, &["B"], 20).await;
        assert_eq!(held(url).await, ["C1@20 waiting"]);
        // Of that, nobody hears who is on duty.
        let other = create(&store, "Other").await;
        put_on_duty(&store, &other, &["A"], 30).await;
        assert_eq!(held(url).await.len(), 1);
        store
            .unsubscribe(&id, CHANGE, &Addressee::Target("C1".to_owned()))
            .await
            .unwrap();
        assert!(held(url).await.is_empty());
        put_on_duty(&store, &id, &["A"], 40).await;
        assert!(held(url).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn each_change_is_told_once_to_each_target_and_the_same_people_are_no_change() {
    on_each_database(async |store, url| {
        let id = create(&store, "Ops").await;
        announced(&store, &id, "C1").await;
        announced(&store, &id, "C2").await;
        let listener = Listener::new(CHANGE, delivered);
        let deliverer = delivering(&store, vec![listener.clone()]);
        put_on_duty(&store, &id, &["A"], 10).await;
        deliver_all(&deliverer).await;
        // The beginning of a duty is another one, and the holder is the same.
        let workspace = workspace();
        let changing = store.change_rotation(&workspace, &id, |rotation| {
            rotation.crew.duties[0].since = second(5);
            Ok::<_, Infallible>(entry(AuditAction::SetOnDuty))
        });
        assert_eq!(changing.await.unwrap(), Some(Ok(true)));
        deliver_all(&deliverer).await;
        put_on_duty(&store, &id, &["A", "B"], 20).await;
        put_on_duty(&store, &id, &["B"], 30).await;
        deliver_all(&deliverer).await;
        put_on_duty(&store, &id, &["A"], 40).await;
        deliver_all(&deliverer).await;
        let mut heard = listener.heard();
        heard.sort();
        // Of two changes that nobody was told of yet, the later one is told.
        assert_eq!(
            heard,
            ["C1@10", "C1@30", "C1@40", "C2@10", "C2@30", "C2@40"]
        );
        let first = listener.heard.lock().unwrap()[0].clone();
        assert_eq!((first.rotation(), first.attempt), (Some(&id), 1));
        assert_eq!(first.workspace, workspace);
        assert_eq!(held(url).await.len(), 6);
    })
    .await;
}

#[tokio::test]
async fn after_an_outage_a_target_is_told_how_things_are_and_nobody_that_they_were_on_duty() {
    on_each_database(async |store, url| {
        let id = create(&store, "Ops").await;
        announced(&store, &id, "C1").await;
        let personal = Subscription {
            addressee: Addressee::Holder,
            ..named(&id, PERSONAL, "", Occasion::ChangeOfDuty)
        };
        subscribe(&store, &personal).await;
        let slack = [Listener::new(CHANGE, away), Listener::new(PERSONAL, away)];
        let consumers = slack.map(|listener| listener as Arc<dyn Consumer>);
        let deliverer = delivering(&store, consumers.into());
        for (name, at) in [("A", 10), ("B", 20), ("C", 30)] {
            put_on_duty(&store, &id, &[name], at).await;
            deliver_all(&deliverer).await;
        }
        assert_eq!(held(url).await, ["C1@30 waiting", "C@30 waiting"]);

        execute(url, LATER).await;
        let back = [
            Listener::new(CHANGE, delivered),
            Listener::new(PERSONAL, delivered),
        ];
        let consumers = back.clone().map(|listener| listener as Arc<dyn Consumer>);
        deliver_all(&delivering(&store, consumers.into())).await;
        let [channel, person] = back.map(|listener| listener.heard());
        assert_eq!(channel, ["C1@30"]);
        assert_eq!(person, ["slack:C@30"]);
    })
    .await;
}

#[tokio::test]
async fn a_target_is_told_in_order_and_keeps_no_other_one_waiting() {
    on_each_database(async |store, url| {
        let one = create(&store, "One").await;
        let two = create(&store, "Two").await;
        for (id, target) in [(&one, "C1"), (&two, "C1"), (&two, "C2")] {
            announced(&store, id, target).await;
        }
        let ill = Listener::new(CHANGE, |delivery| match delivery.target.as_str() {
            "C1" => away(delivery),
            _ => Attempt::Delivered,
        });
        let deliverer = delivering(&store, vec![ill.clone()]);
        put_on_duty(&store, &one, &["A"], 10).await;
        put_on_duty(&store, &two, &["B"], 20).await;
        deliver_all(&deliverer).await;
        // What is not due yet does not hold up what is.
        let heard = ill.heard();
        assert_eq!(heard.len(), 2, "{heard:?}");
        assert!(heard.contains(&"C1@10".to_owned()) && heard.contains(&"C2@20".to_owned()));
        let kept = ["C1@10 waiting", "C1@20 waiting", "C2@20 delivered"];
        assert_eq!(held(url).await, kept);

        execute(url, LATER).await;
        let well = Listener::new(CHANGE, delivered);
        deliver_all(&delivering(&store, vec![well.clone()])).await;
        assert_eq!(well.heard(), ["C1@10", "C1@20"]);
    })
    .await;
}

#[tokio::test]
async fn what_broke_off_before_it_was_written_is_told_again() {
    on_each_database(async |store, url| {
        let id = create(&store, "Ops").await;
        announced(&store, &id, "C1").await;
        put_on_duty(&store, &id, &["A"], 10).await;
        let listener = Listener::new(CHANGE, delivered);
        let stumbling = Arc::new(Stumbling(listener.clone()));
        let deliverer = delivering(&store, vec![stumbling]);
        deliver_all(&deliverer).await;
        assert_eq!(held(url).await, ["C1@10 waiting"]);
        execute(url, LATER).await;
        deliver_all(&deliverer).await;
        assert_eq!(held(url).await, ["C1@10 delivered"]);
        assert_eq!(listener.heard(), ["C1@10"]);
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_or_unclear_ends_and_the_next_is_told() {
    on_each_database(async |store, url| {
        let id = create(&store, "Ops").await;
        announced(&store, &id, "C1").await;
        announced(&store, &id, "C2").await;
        announced(&store, &id, "C3").await;
        let problem = || "odd".to_owned();
        let ill = Listener::new(CHANGE, move |delivery| match delivery.target.as_str() {
            "C1" => Attempt::Refused { problem: problem() },
            "C2" => Attempt::Unclear { problem: problem() },
            _ => panic!("a consumer that makes no sense"),
        });
        let deliverer = delivering(&store, vec![ill.clone()]);
        put_on_duty(&store, &id, &["A"], 10).await;
        deliver_all(&deliverer).await;
        let kept = ["C1@10 given_up", "C2@10 in_doubt", "C3@10 in_doubt"];
        assert_eq!(held(url).await, kept);
        let mut problems: Vec<(String,)> = query(url, "select problem from outbox").await;
        problems.sort();
        assert_eq!(
            problems,
            ["broke_off", "odd", "odd"].map(|code| (code.to_owned(),))
        );
        put_on_duty(&store, &id, &["B"], 20).await;
        deliver_all(&deliverer).await;
        assert_eq!(ill.heard().len(), 6);
    })
    .await;
}

#[tokio::test]
async fn of_what_cannot_be_told_twice_one_is_sent_at_a_time() {
    on_each_database(async |store, _| {
        for (name, channel, group) in [("A", "C1", "G1"), ("B", "C2", "G2")] {
            let id = create(&store, name).await;
            announced(&store, &id, channel).await;
            subscribe(&store, &named(&id, GROUP, group, Occasion::ChangeOfDuty)).await;
            put_on_duty(&store, &id, &["A"], 10).await;
        }
        let consumers: Vec<Arc<dyn Consumer>> = vec![
            Listener::new(CHANGE, delivered),
            Listener::made(GROUP, true, delivered),
        ];
        let deliverer = delivering(&store, consumers);
        let claimed = deliverer.claim().await.unwrap();
        let targets = |claimed: &[Delivery]| {
            let mut targets: Vec<_> = claimed.iter().map(|one| one.target.clone()).collect();
            targets.sort();
            targets
        };
        assert_eq!(targets(&claimed), ["C1", "G1", "G2"]);
        assert_eq!(deliverer.claim().await.unwrap(), []);
        for delivery in claimed {
            deliverer.deliver(delivery).await;
        }
        assert_eq!(targets(&deliverer.claim().await.unwrap()), ["C2"]);
    })
    .await;
}

#[tokio::test]
async fn of_all_lanes_one_notice_is_being_written_at_a_time() {
    on_each_database(async |store, url| {
        let kinds = [CHANGE, PERSONAL, REMINDER];
        let targets = ["C1", "C2", "C3"];
        for (turn, name) in ["A", "B", "C"].into_iter().enumerate() {
            let id = create(&store, name).await;
            for (place, kind) in kinds.into_iter().enumerate() {
                let target = targets[(turn + place) % targets.len()];
                subscribe(&store, &named(&id, kind, target, Occasion::ChangeOfDuty)).await;
            }
            put_on_duty(&store, &id, &["A"], 10).await;
        }
        let at_once = Arc::<Mutex<Vec<i64>>>::default();
        let consumers = kinds.map(|kind| {
            let (url, at_once) = (url.to_owned(), Arc::clone(&at_once));
            Arc::new(Writing { kind, url, at_once }) as Arc<dyn Consumer>
        });
        let deliverer = delivering(&store, consumers.to_vec());
        for _ in 0..3 {
            let claimed = deliverer.claim().await.unwrap();
            assert_eq!(
                claimed.len(),
                3,
                "one in each lane is made ready: {claimed:?}"
            );
            join_all(claimed.into_iter().map(|one| deliverer.deliver(one))).await;
        }
        assert_eq!(*at_once.lock().unwrap(), [1; 9]);
        let ended = ["C1@10 in_doubt", "C2@10 delivered", "C3@10 delivered"];
        assert_eq!(held(url).await, ended.map(|end| [end; 3]).concat());
    })
    .await;
}

/// A rotation of which `C1` could not be told while somebody else came on duty, and waits.
async fn not_told_while_duty_changed(store: &Store) -> RotationId {
    let id = create(store, "Ops").await;
    announced(store, &id, "C1").await;
    let slow = delivering(store, vec![Listener::new(CHANGE, away)]);
    put_on_duty(store, &id, &["A"], 10).await;
    let claimed = slow.claim().await.unwrap();
    put_on_duty(store, &id, &["B"], 20).await;
    for delivery in claimed {
        slow.deliver(delivery).await;
    }
    id
}

#[tokio::test]
async fn what_was_not_told_while_duty_changed_is_told_with_what_it_is_by_then() {
    on_each_database(async |store, url| {
        let id = not_told_while_duty_changed(&store).await;
        assert_eq!(held(url).await, ["C1@10 waiting", "C1@20 waiting"]);
        put_on_duty(&store, &id, &["C"], 30).await;
        let listener = Listener::new(CHANGE, delivered);
        let deliverer = delivering(&store, vec![listener.clone()]);
        deliver_all(&deliverer).await;
        // One tells of the latest change, and waits as long as the other one had to.
        assert_eq!(held(url).await, ["C1@30 waiting"]);
        assert_eq!(listener.heard(), [""; 0]);
        execute(url, LATER).await;
        deliver_all(&deliverer).await;
        assert_eq!(listener.heard(), ["C1@30"]);
    })
    .await;
}

#[tokio::test]
async fn what_comes_back_beside_a_later_notice_is_not_told_twice() {
    on_each_database(async |store, url| {
        let id = not_told_while_duty_changed(&store).await;
        let workspace = workspace();
        let telling = store.tell_now(&workspace, &id, (CHANGE, "C1"));
        telling.await.unwrap();
        execute(url, LATER).await;
        let listener = Listener::new(CHANGE, delivered);
        deliver_all(&delivering(&store, vec![listener.clone()])).await;
        assert_eq!(listener.heard().len(), 1);
        assert_eq!(held(url).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_wanted_while_a_target_is_told_is_told_afterwards() {
    on_each_database(async |store, url| {
        let [first, second] = [create(&store, "A").await, create(&store, "B").await];
        for id in [&first, &second] {
            announced(&store, id, "C1").await;
            put_on_duty(&store, id, &["A"], 10).await;
        }
        let listener = Listener::new(CHANGE, delivered);
        let whole = Whole {
            listener: listener.clone(),
            meanwhile: Presses {
                store: store.clone(),
                rotation: second.clone(),
                pressed: Mutex::default(),
            },
        };
        deliver_all(&delivering(&store, vec![Arc::new(whole)])).await;
        assert_eq!(listener.heard().len(), 2);
        let ended = held(url).await;
        assert!(
            ended.iter().all(|notice| notice.ends_with("delivered")),
            "{ended:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_given_up_for_being_late_takes_nothing_with_it_that_is_not() {
    on_each_database(async |store, url| {
        let [first, second] = [create(&store, "A").await, create(&store, "B").await];
        announced(&store, &first, "C1").await;
        announced(&store, &second, "C1").await;
        put_on_duty(&store, &first, &["A"], 10).await;
        execute(url, "update outbox set not_before = 0").await;
        put_on_duty(&store, &second, &["A"], 20).await;
        let whole = Whole {
            listener: Listener::new(CHANGE, away),
            meanwhile: (),
        };
        deliver_all(&delivering(&store, vec![Arc::new(whole)])).await;
        assert_eq!(held(url).await, ["C1@10 given_up", "C1@20 waiting"]);
    })
    .await;
}

#[tokio::test]
async fn what_goes_first_holds_up_nothing_while_its_target_waits_for_another_rotation() {
    on_each_database(async |store, _| {
        let announcements = Listener::new(CHANGE, delivered);
        let consumers: Vec<Arc<dyn Consumer>> = vec![
            Arc::new(Last(announcements.clone())),
            Arc::new(Whole {
                listener: Listener::new(GROUP, away),
                meanwhile: (),
            }),
        ];
        let deliverer = delivering(&store, consumers);
        for (name, channel, at) in [("A", "C1", 10), ("B", "C2", 20)] {
            let id = create(&store, name).await;
            announced(&store, &id, channel).await;
            subscribe(&store, &named(&id, GROUP, "G1", Occasion::ChangeOfDuty)).await;
            put_on_duty(&store, &id, &["A"], at).await;
            deliver_all(&deliverer).await;
        }
        assert_eq!(announcements.heard(), ["C1@10", "C2@20"]);
    })
    .await;
}

#[tokio::test]
async fn a_kind_that_nobody_here_consumes_is_left_alone_and_holds_up_no_other() {
    on_each_database(async |store, url| {
        let id = create(&store, "Ops").await;
        subscribe(&store, &named(&id, "lunar", "C1", Occasion::ChangeOfDuty)).await;
        announced(&store, &id, "C1").await;
        put_on_duty(&store, &id, &["A"], 10).await;
        let listener = Listener::new(CHANGE, delivered);
        deliver_all(&delivering(&store, vec![listener.clone()])).await;
        assert_eq!(listener.heard(), ["C1@10"]);
        assert_eq!(held(url).await, ["C1@10 delivered", "C1@10 waiting"]);
    })
    .await;
}

/// A plan that only these tests know: people take turns every ten seconds.
fn turn(_: &Rotation, now: Timestamp) -> Option<Turn> {
    let number = now.seconds_since(NOW) / 10;
    let shift = |number: i64| {
        let name = ["A", "B", "C"][usize::try_from(number % 3).unwrap()];
        (duty(name, number * 10), second((number + 1) * 10))
    };
    let (present, ends_at) = shift(number);
    let plan = (number..number + 3)
        .map(shift)
        .map(|(duty, ends_at)| Stretch {
            holder: Some(duty.holder),
            starts_at: duty.since,
            ends_at: Some(ends_at),
            overrides: Vec::new(),
        });
    Some(Turn {
        duties: vec![Duty {
            until: Some(ends_at),
            ..present
        }],
        next_change_at: Some(ends_at),
        plan: plan.collect(),
        known_until: None,
        rota: None,
    })
}

const PLANNED: &str = "update rotations set mode = 'test_turns', next_change_at = 0";

#[tokio::test]
async fn duty_history_and_outbox_agree_wherever_a_hand_off_is_cut() {
    on_each_database(async |store, url| {
        let id = create(&store, "Turns").await;
        announced(&store, &id, "C1").await;
        let lead = Occasion::BeforeShift(LEAD);
        subscribe(&store, &named(&id, REMINDER, "C9", lead)).await;
        execute(url, PLANNED).await;
        let (workspace, mut cut) = (workspace(), 0);
        // A machine that is busy elsewhere may have each step done before it is looked at.
        for number in 1..40 {
            let now = || second(number * 10);
            let hand_over =
                || store.hand_over(&workspace, "test_turns", PlanClock::Own(&now), &turn);
            let mut steps = 0;
            while cut_after(steps, hand_over()).await.is_none() {
                agrees(&store, url, &id).await;
                steps += 1;
            }
            agrees(&store, url, &id).await;
            assert!(hand_over().await.unwrap().is_empty());
            cut += usize::from(steps > 1);
            if cut == 3 {
                break;
            }
        }
        assert_eq!(cut, 3, "it was hardly ever cut in the middle");
    })
    .await;
}

/// Holds that who is on duty, the history and what is to be told are of one moment.
async fn agrees(store: &Store, url: &str, id: &RotationId) {
    let duties = rotation(store, id).await.crew.duties;
    let records = store.duty_history(id).await.unwrap().records;
    let since = duties.first().map(|duty| duty.since);
    assert_eq!(records.first().map(|record| record.starts_at), since);
    let mut expected = Vec::new();
    if let Some(since) = since {
        expected.push(format!("{} waiting", short("C1", since)));
        for seconds in [10, 20] {
            let next = since.plus_seconds(seconds);
            expected.push(format!("{} waiting", short("C9", next)));
        }
    }
    expected.sort();
    assert_eq!(held(url).await, expected);
}

#[tokio::test]
async fn whoever_dies_while_telling_leaves_nothing_untold_and_nothing_told_twice() {
    on_each_database(async |store, url| {
        for is_repeatable in [false, true] {
            let id = create(&store, &format!("Repeatable: {is_repeatable}")).await;
            announced(&store, &id, "C1").await;
            let mut doubts = 0;
            let mut at = 0;
            // A database that answers at once leaves no step between claim and end: it is asked again.
            for _ in 0..20 {
                let mut finished = 0;
                // At the first number of steps at which it comes to its end there is none between.
                for steps in 0.. {
                    execute(url, "delete from outbox").await;
                    at += 1;
                    let names = [["A"], ["B"]][usize::from(at % 2 == 0)];
                    put_on_duty(&store, &id, &names, at).await;
                    let listener = Listener::made(CHANGE, is_repeatable, delivered);
                    let dying = delivering(&store, vec![listener.clone()]);
                    let ended = cut_after(steps, deliver_all(&dying)).await.is_some();

                    execute(url, LATER).await;
                    let next = delivering(&store, vec![listener.clone()]);
                    next.recover().await.unwrap();
                    deliver_all(&next).await;
                    let (heard, held) = (listener.heard().len(), held(url).await);
                    let [row] = held.as_slice() else {
                        panic!("{held:?}");
                    };
                    let is_told = row.ends_with("delivered");
                    let is_in_doubt = row.ends_with("in_doubt");
                    if is_repeatable {
                        assert!(is_told && (1..=2).contains(&heard), "{row}, {heard} times");
                    } else {
                        assert!(is_told || is_in_doubt, "{row}");
                        assert!(
                            heard == 1 || is_in_doubt && heard == 0,
                            "{row}, {heard} times"
                        );
                    }
                    doubts += usize::from(is_in_doubt);
                    finished += usize::from(ended);
                    if finished == 3 {
                        break;
                    }
                }
                if is_repeatable || doubts > 0 {
                    break;
                }
            }
            assert_eq!(doubts > 0, !is_repeatable, "{doubts} in doubt");
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_comes_back_too_late_changes_nothing() {
    on_each_database(async |store, url| {
        let id = create(&store, "Ops").await;
        announced(&store, &id, "C1").await;
        put_on_duty(&store, &id, &["A"], 10).await;
        let listener = Listener::made(CHANGE, true, delivered);
        let deliverer = delivering(&store, vec![listener.clone()]);
        let claimed = deliverer.claim().await.unwrap();
        let [late] = claimed.as_slice() else {
            panic!("{claimed:?}");
        };
        assert!(deliverer.claim().await.unwrap().is_empty());
        deliverer.recover().await.unwrap();
        assert_eq!(held(url).await, ["C1@10 sending"], "it is not gone yet");
        execute(url, LATER).await;
        deliverer.recover().await.unwrap();
        let again = deliverer.claim().await.unwrap();
        assert_eq!(again[0].attempt, 2);
        let ended = store.end_delivery(late, &server::store::DeliveryEnd::Delivered);
        assert!(!ended.await.unwrap());
        assert_eq!(held(url).await, ["C1@10 sending"]);
    })
    .await;
}

#[tokio::test]
async fn two_servers_tell_once_each() {
    let Some(database) = postgres().await else {
        return;
    };
    let one = services(&database, NOWHERE).await;
    let other = services(&database, NOWHERE).await;
    let (targets, rounds) = (["C1", "C2", "C3"], 20);
    let id = create(&one.store, "Ops").await;
    for target in targets {
        announced(&one.store, &id, target).await;
    }
    let listener = Listener::new(CHANGE, delivered);
    let servers = [&one, &other].map(|services| {
        let deliverer = delivering(&services.store, vec![listener.clone()]);
        tokio::spawn(async move {
            let mut claims = 0;
            while claims < 400 {
                deliver_all(&deliverer).await;
                claims += 1;
            }
        })
    });
    for round in 1..=rounds {
        let names = [["A"], ["B"]][usize::try_from(round % 2).unwrap()];
        put_on_duty(&other.store, &id, &names, round).await;
    }
    for server in servers {
        server.await.unwrap();
    }
    let mut heard = listener.heard();
    let all = heard.len();
    for target in targets {
        let last = short(target, second(rounds));
        assert!(heard.contains(&last), "{last} in {heard:?}");
    }
    heard.sort();
    heard.dedup();
    assert_eq!(heard.len(), all);
}

/// The tasks of a server that delivers, until the shutdown.
async fn serve(services: Services, listener: Arc<Listener>) {
    let task = outbox::task(
        &services.store,
        (&services.tasks, &services.background),
        vec![listener],
    );
    in_background(&services, Vec::from_iter(task)).await;
}

#[tokio::test]
async fn the_task_tells_by_itself_and_another_server_goes_on_for_one_that_ends() {
    for database in databases().await {
        let id = create(&services(&database, NOWHERE).await.store, "Ops").await;
        let listener = Listener::new(CHANGE, delivered);
        let until_heard = async |expected: &str| {
            let hearing = async {
                while listener.heard().last().map(String::as_str) != Some(expected) {
                    time::sleep(Duration::from_millis(20)).await;
                }
            };
            time::timeout(SETTLING, hearing).await.unwrap();
        };
        let is_shared = database.url.starts_with("postgres");
        let one = services(&database, NOWHERE).await;
        announced(&one.store, &id, "C1").await;
        let first = tokio::spawn(serve(one.clone(), listener.clone()));
        put_on_duty(&one.store, &id, &["A"], 10).await;
        until_heard("C1@10").await;
        let other = match is_shared {
            true => services(&database, NOWHERE).await,
            false => Services {
                shutdown: Default::default(),
                ..one.clone()
            },
        };
        let second = tokio::spawn(serve(other.clone(), listener.clone()));
        one.shutdown.cancel();
        first.await.unwrap();
        put_on_duty(&other.store, &id, &["B"], 20).await;
        until_heard("C1@20").await;
        other.shutdown.cancel();
        second.await.unwrap();
        assert_eq!(listener.heard(), ["C1@10", "C1@20"]);
    }
}

#[tokio::test]
async fn the_deliverer_is_woken_when_something_is_written_and_not_before() {
    for database in databases().await {
        let one = services(&database, NOWHERE).await;
        let id = create(&one.store, "Ops").await;
        let (waking, other) = (
            one.store.outbox_signal(),
            services(&database, NOWHERE).await,
        );
        put_on_duty(&one.store, &id, &["A"], 10).await;
        let woken = time::timeout(Duration::ZERO, waking.notified()).await;
        assert!(woken.is_err(), "there is nothing to tell");
        announced(&one.store, &id, "C1").await;
        put_on_duty(&one.store, &id, &["B"], 20).await;
        let woken = time::timeout(Duration::ZERO, waking.notified()).await;
        assert!(woken.is_ok(), "by the time that it is committed");

        if database.url.starts_with("postgres") {
            let hears = other.store.outbox_signal();
            let url = SecretString::from(database.url.clone());
            let hearing = tokio::spawn(hear_others(other.clone(), url));
            // What is written before the other one listens is found when it looks.
            let woken = async {
                for round in 0.. {
                    let names = [["A"], ["B"]][round % 2];
                    let at = 30 + i64::try_from(round).unwrap();
                    put_on_duty(&one.store, &id, &names, at).await;
                    let soon = Duration::from_millis(200);
                    if time::timeout(soon, hears.notified()).await.is_ok() {
                        break;
                    }
                }
            };
            time::timeout(SETTLING, woken).await.unwrap();
            other.shutdown.cancel();
            hearing.await.unwrap();
        }
    }
}

/// A rotation that follows a schedule.
struct Following<'a> {
    store: &'a Store,
    url: &'a str,
    connection: Connection,
    id: RotationId,
}

impl<'a> Following<'a> {
    async fn new(store: &'a Store, url: &'a str, schedule: &ScheduleSnapshot) -> Self {
        let connected = entry(AuditAction::ConnectedPagerDuty);
        let credential = new_credential("sealed");
        assert!(store.connect(&credential, &connected).await.unwrap());
        let connection = store.connection(&workspace()).await.unwrap().unwrap();
        let id = create(store, "Follows").await;
        let following = Self {
            store,
            url,
            connection,
            id,
        };
        following.bind(schedule).await;
        following
    }

    async fn bind(&self, schedule: &ScheduleSnapshot) {
        let rule = Rule {
            now: &|| NOW,
            directory: &Directory::default(),
        };
        let allow = |_: &Rotation| Ok::<_, ()>(entry(AuditAction::BoundSchedule));
        let reading = (schedule, asked(NOW), AN_HOUR);
        let bound = self
            .store
            .bind(&self.connection, &self.id, reading, rule, allow);
        assert_eq!(bound.await.unwrap(), BindEnd::Bound);
    }

    async fn remind(&self, addressee: Addressee) {
        let subscription = Subscription {
            addressee,
            ..named(&self.id, REMINDER, "", Occasion::BeforeShift(LEAD))
        };
        subscribe(self.store, &subscription).await;
    }

    /// Reads the schedule with these shifts: user, start and end.
    async fn read(&self, shifts: &[(&str, i64, i64)], at: i64) {
        let schedule = planned(shifts);
        let applied = apply(self.store, &self.connection, &schedule, second(at)).await;
        assert!(applied.is_some());
    }

    async fn held(&self) -> Vec<String> {
        held(self.url).await
    }

    /// As if the reminders for everything before this time had been told.
    async fn tell_before(&self, at: i64) {
        let mut other = AnyConnection::connect(self.url).await.unwrap();
        let told = format!(
            "update outbox set state = 'delivered', attempts = 1, ended_at = 1
             where occurrence < {}",
            second(at).as_millis()
        );
        other.execute(AssertSqlSafe(told)).await.unwrap();
        other.close().await.unwrap();
    }
}

fn planned(shifts: &[(&str, i64, i64)]) -> ScheduleSnapshot {
    let shifts = shifts.iter().map(|(user, starts_at, ends_at)| Shift {
        user: PagerDutyUserId::new(*user),
        starts_at: second(*starts_at),
        ends_at: second(*ends_at),
        cause: Cause::Turn,
    });
    ScheduleSnapshot {
        shifts: shifts.collect(),
        ..snapshot("S1", &["A", "B", "C"])
    }
}

fn channel() -> Addressee {
    Addressee::Target("C1".to_owned())
}

#[tokio::test]
async fn an_override_of_ten_minutes_in_the_middle_of_the_night_is_told_where_it_begins_and_ends() {
    let night = [("A", -3_600, 28_800)];
    let stood_in_for_twice = [
        ("A", -3_600, 10_800),
        ("C", 10_800, 11_400),
        ("A", 11_400, 14_400),
        ("C", 14_400, 15_000),
        ("A", 15_000, 28_800),
    ];
    on_each_database(async |store, url| {
        let following = Following::new(&store, url, &planned(&night)).await;
        announced(&store, &following.id, "C1").await;
        let holder = Subscription {
            addressee: Addressee::Holder,
            ..named(&following.id, PERSONAL, "", Occasion::ChangeOfDuty)
        };
        subscribe(&store, &holder).await;
        let (channel, people) = (
            Listener::new(CHANGE, delivered),
            Listener::new(PERSONAL, delivered),
        );
        let deliverer = delivering(&store, vec![channel.clone(), people.clone()]);
        // Of the plan alone nobody is told.
        following.read(&stood_in_for_twice, 1).await;
        assert_eq!(following.held().await, [""; 0]);
        for at in [10_800, 11_400] {
            following.read(&stood_in_for_twice, at).await;
            deliver_all(&deliverer).await;
        }
        let both = ["C1@10800", "C1@11400"];
        assert_eq!(channel.heard(), both);
        let began = ["pagerduty:C@10800", "pagerduty:A@11400"];
        assert_eq!(people.heard(), began);
        // The second one comes and goes while no server runs: whoever was on duty still is.
        following.read(&stood_in_for_twice, 15_000).await;
        deliver_all(&deliverer).await;
        assert_eq!(channel.heard(), both);
        assert_eq!(people.heard(), began);
    })
    .await;
}

#[tokio::test]
async fn a_reminder_follows_its_shift_and_is_told_once() {
    on_each_database(async |store, url| {
        let plan = [("A", -10, 100), ("B", 100, 200), ("C", 200, 300)];
        let following = Following::new(&store, url, &planned(&plan)).await;
        following.remind(channel()).await;
        let both = ["C1@100 waiting", "C1@200 waiting"];
        assert_eq!(following.held().await, both, "what is planned already");

        // Another end, and another holder, are no other shift.
        following
            .read(&[("A", -10, 100), ("C", 100, 200), ("B", 200, 310)], 1)
            .await;
        assert_eq!(following.held().await, both);
        following
            .read(&[("A", -10, 105), ("C", 105, 210), ("B", 210, 310)], 2)
            .await;
        let moved = ["C1@105 waiting", "C1@210 waiting"];
        assert_eq!(following.held().await, moved);
        // What was told is not told again because the shift begins a little later.
        following.tell_before(110).await;
        following
            .read(&[("A", -10, 107), ("C", 107, 210), ("B", 210, 310)], 90)
            .await;
        let told = ["C1@107 delivered", "C1@210 waiting"];
        assert_eq!(following.held().await, told);
        // An override in the middle begins, and then the shift is taken up again.
        following
            .read(
                &[
                    ("A", -10, 107),
                    ("C", 107, 150),
                    ("A", 150, 160),
                    ("C", 160, 210),
                    ("B", 210, 310),
                ],
                91,
            )
            .await;
        let split = [
            "C1@107 delivered",
            "C1@150 waiting",
            "C1@160 waiting",
            "C1@210 waiting",
        ];
        assert_eq!(following.held().await, split);
        following.read(&[("A", -10, 107)], 92).await;
        assert_eq!(following.held().await, ["C1@107 delivered"]);
    })
    .await;
}

#[tokio::test]
async fn each_holder_is_reminded_of_their_own_shifts() {
    on_each_database(async |store, url| {
        let plan = [("A", 50, 100), ("B", 50, 100), ("C", 100, 200)];
        let following = Following::new(&store, url, &planned(&plan)).await;
        following.remind(Addressee::Holder).await;
        let held = ["A@50 waiting", "B@50 waiting", "C@100 waiting"];
        assert_eq!(following.held().await, held);
        following
            .read(&[("C", 50, 100), ("B", 50, 100), ("A", 100, 200)], 1)
            .await;
        let held = ["A@100 waiting", "B@50 waiting", "C@50 waiting"];
        assert_eq!(following.held().await, held);

        // Somebody is known in Slack from now on, which is no news of the schedule.
        let known = Person {
            id: ann(),
            name: "Ann".to_owned(),
            email: None,
            role: Role::Member,
            deactivated: false,
        };
        let links = Links::from([(PagerDutyUserId::new("B"), ann())]);
        let rule = Rule {
            now: &|| second(2),
            directory: &Directory::new(vec![known], links),
        };
        let schedules = [ScheduleId::new("S1")];
        let applied = store.apply_stored(&following.connection, &schedules, rule);
        assert!(applied.await.unwrap().is_some());
        let held = ["A@100 waiting", "C@50 waiting", "U1@50 waiting"];
        assert_eq!(following.held().await, held);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_reminded_of_what_is_not_planned_any_more() {
    on_each_database(async |store, url| {
        let plan = [("A", 50, 100), ("B", 100, 200)];
        let schedule = planned(&plan);
        let following = Following::new(&store, url, &schedule).await;
        following.remind(channel()).await;
        announced(&store, &following.id, "C2").await;
        put_on_duty(&store, &following.id, &["Z"], 5).await;
        let both = ["C1@100 waiting", "C1@50 waiting", "C2@5 waiting"];
        assert_eq!(following.held().await, both);
        let allow = |_: &Rotation| Ok::<_, ()>(entry(AuditAction::UnboundSchedule));
        let unbound = store.unbind(&workspace(), &following.id, allow).await;
        assert_eq!(unbound.unwrap(), Some(Ok(())));
        // Who is on duty is told all the same.
        assert_eq!(following.held().await, ["C2@5 waiting"]);
        following.bind(&schedule).await;
        assert_eq!(following.held().await.len(), 3);
        let disconnected = entry(AuditAction::DisconnectedPagerDuty);
        store.disconnect(&disconnected).await.unwrap().unwrap();
        assert_eq!(following.held().await.len(), 1);
        let allow = |_: &Rotation| Ok::<_, ()>(entry(AuditAction::DeletedRotation));
        let deleted = store
            .delete_rotation(&workspace(), &following.id, &[], allow)
            .await;
        assert_eq!(deleted.unwrap(), Some(Ok(())));
        assert!(following.held().await.is_empty());
        let subscribed: Vec<(i64,)> = query(url, "select count(*) from subscriptions").await;
        assert_eq!(subscribed, [(0,)]);
    })
    .await;
}

#[tokio::test]
async fn a_reminder_is_told_in_time_and_of_no_use_once_the_shift_has_begun() {
    on_each_database(async |store, url| {
        let plan = [("A", 10, 1000), ("B", 1000, 2000), ("C", 3000, 4000)];
        let following = Following::new(&store, url, &planned(&plan)).await;
        following.remind(channel()).await;
        announced(&store, &following.id, "C1").await;
        let listener = Listener::new(REMINDER, delivered);
        let changes = Listener::new(CHANGE, delivered);
        let consumers: Vec<Arc<dyn Consumer>> = vec![listener.clone(), changes.clone()];
        let deliverer = delivering(&store, consumers);
        deliver_all(&deliverer).await;
        assert_eq!(listener.heard(), ["C1@10"]);
        let kinds = [REMINDER];
        let due = store.due_notices(&kinds).await.unwrap();
        let next = due.next_in.unwrap();
        assert!(!due.any && (900..=985).contains(&next.as_secs()), "{due:?}");
        // What is to be told later does not hold up what is due.
        put_on_duty(&store, &following.id, &["Z"], 5).await;
        deliver_all(&deliverer).await;
        assert_eq!(changes.heard(), ["C1@5"]);

        let begun = "update outbox set not_before = 1, expires_at = 2 where state = 'waiting'";
        execute(url, begun).await;
        deliver_all(&deliverer).await;
        assert_eq!(listener.heard().len(), 1);
        put_on_duty(&store, &following.id, &["Y"], 6).await;
        deliver_all(&deliverer).await;
        assert_eq!(changes.heard().len(), 2, "nor does it hold up others");
    })
    .await;
}

#[tokio::test]
async fn what_has_ended_is_kept_until_it_cannot_be_told_again() {
    on_each_database(async |store, url| {
        let plan = [("A", 10, 1000), ("B", 1000, 2000), ("C", 3000, 4000)];
        let following = Following::new(&store, url, &planned(&plan)).await;
        following.remind(channel()).await;
        announced(&store, &following.id, "C1").await;
        let now = store.now().await.unwrap();
        let long_ago = now.plus_seconds(-30);
        following.tell_before(2000).await;
        store.purge_outbox(long_ago).await.unwrap();
        assert_eq!(following.held().await.len(), 3, "their shifts are to come");
        execute(url, "update outbox set expires_at = 5").await;
        store.purge_outbox(long_ago).await.unwrap();
        assert!(following.held().await.is_empty());
        // What was told just now is kept.
        put_on_duty(&store, &following.id, &["Z"], 5).await;
        let listener = Listener::new(CHANGE, delivered);
        deliver_all(&delivering(&store, vec![listener])).await;
        store.purge_outbox(long_ago).await.unwrap();
        assert_eq!(following.held().await, ["C1@5 delivered"]);
        store.purge_outbox(now.plus_seconds(60)).await.unwrap();
        assert!(following.held().await.is_empty());
    })
    .await;
}
