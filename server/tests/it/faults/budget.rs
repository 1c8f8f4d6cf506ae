//! More schedules than Round Robin may ask for within a minute.

use crate::support::{
    NOW, asked, bound::Bound, caller, create, entry, keys, new_credential, sandbox::Sandbox,
    snapshot, sqlite, workspace,
};
use app::backend::Schedules;
use domain::{Cause, Directory, ScheduleSnapshot, Shift};
use secrecy::SecretString;
use serde_json::json;
use server::{
    clock,
    store::{BindEnd, NewAuditEntry, Rule, credential_row},
};
use std::{collections::HashSet, convert::Infallible, time::Duration};
use types::{AuditAction, PagerDutyUserId, ScheduleId};

const SCHEDULES: usize = 65;

/// Rotations for all the crowd's schedules, none of which was ever asked for.
async fn crowd() -> Bound {
    let sandbox = Sandbox::start().await;
    let crowd = json!({"users": 40, "schedules": SCHEDULES});
    sandbox.control("seed", crowd).await;
    let mut bound = Bound::in_company(sandbox, sqlite(), &[]).await;
    let key = SecretString::from(bound.sandbox.api_key().await);
    let sealed = keys().seal(&key, &credential_row(&workspace()));
    let connected = entry(AuditAction::ConnectedPagerDuty);
    let store = &bound.services.store;
    assert!(
        store
            .connect(&new_credential(&sealed), &connected)
            .await
            .unwrap()
    );
    for number in 1..=SCHEDULES {
        let id = format!("PS{number:05}");
        // Due in this order, the first since longest ago.
        let due_in = Duration::from_millis(number as u64);
        bind_unread(&mut bound, &snapshot(&id, &["PG00001"]), due_in).await;
    }
    bound
}

/// Binds a rotation as if its schedule had been read.
async fn bind_unread(bound: &mut Bound, schedule: &ScheduleSnapshot, due_in: Duration) {
    let store = &bound.services.store;
    let id = create(store, schedule.id.as_str()).await;
    let directory = Directory::default();
    let rule = Rule {
        now: &clock::now,
        directory: &directory,
    };
    let connection = bound.connection().await;
    let binding = store.bind(
        &connection,
        &id,
        (schedule, asked(NOW), due_in),
        rule,
        |_| Ok::<NewAuditEntry, Infallible>(entry(AuditAction::BoundSchedule)),
    );
    assert_eq!(binding.await.unwrap(), BindEnd::Bound);
    bound.rotations.push((schedule.id.to_string(), id));
}

async fn confirmed(bound: &Bound) -> HashSet<ScheduleId> {
    let schedules = bound.all_schedules().await.into_iter();
    let confirmed = schedules.filter(|known| known.confirmed_at != Some(NOW));
    confirmed.map(|known| known.id).collect()
}

/// As many requests a minute as PagerDuty allows from now on, which it tells with
/// its next answer.
async fn allow(bound: &Bound, per_minute: u32) {
    let limit = json!({"per_minute": per_minute});
    bound.sandbox.control("pagerduty/rate-limit", limit).await;
    let search = bound
        .backend()
        .search_schedules(&caller(), String::new())
        .await;
    assert!(search.unwrap().done().is_some());
}

#[tokio::test]
async fn a_sync_leaves_pagerduty_its_share_and_comes_round_to_every_schedule() {
    let mut bound = crowd().await;
    let few = json!({"per_minute": 50});
    bound.sandbox.control("pagerduty/rate-limit", few).await;

    let report = bound.sync().await.unwrap();
    let left = u32::try_from(SCHEDULES).unwrap() - report.confirmed;
    assert_eq!((report.postponed, report.unreadable), (left, 0));
    let traffic = bound.sandbox.ask("counters").await["pagerduty"].clone();
    assert_eq!(traffic["busiest_minute"], 30, "60 % of 50");
    assert!(traffic["at_once"].as_u64().unwrap() <= 4);
    let card = bound.card().await;
    // None of those that wait was ever confirmed but long ago.
    assert_eq!(card.health, types::ConnectionHealth::Stale);
    assert_eq!(card.freshness.postponed, left);
    let run = bound.last_run().await;
    assert_eq!((run.postponed, run.problem), (left, None));
    let first = confirmed(&bound).await;
    let oldest: HashSet<ScheduleId> = (1..=first.len())
        .map(|number| ScheduleId::new(format!("PS{number:05}")))
        .collect();
    assert_eq!(first, oldest);

    // Hand-offs need no requests.
    let now = clock::now();
    let mut changing = snapshot("PCHANGE", &["PG00001", "PG00002"]);
    changing.shifts = [("PG00001", -60, 2), ("PG00002", 2, 3600)]
        .map(|(user, from, until)| Shift {
            starts_at: now.plus_seconds(from),
            ends_at: now.plus_seconds(until),
            user: PagerDutyUserId::new(user),
            cause: Cause::Turn,
        })
        .to_vec();
    bind_unread(&mut bound, &changing, Duration::from_secs(60)).await;
    bound
        .services
        .store
        .request_sync(&workspace())
        .await
        .unwrap();
    let reconciler = bound.reconcile();
    bound.until_on_duty("PCHANGE", &["PG00002"]).await;
    reconciler.stop().await;
    let traffic = bound.sandbox.ask("counters").await["pagerduty"].clone();
    assert_eq!(traffic["total"], 30);
}

#[tokio::test]
async fn what_was_left_comes_first_in_the_next_run() {
    let bound = crowd().await;
    let few = json!({"per_minute": 50});
    bound.sandbox.control("pagerduty/rate-limit", few).await;
    bound.sync().await.unwrap();
    let first = confirmed(&bound).await;

    allow(&bound, 100).await;
    let again = bound.sync().await.unwrap();
    assert!(again.confirmed > 0 && again.postponed > 0, "{again:?}");
    // None was read a second time while others waited for their first.
    let second = confirmed(&bound).await;
    assert_eq!(second.len(), first.len() + again.confirmed as usize);
    let traffic = bound.sandbox.ask("counters").await["pagerduty"].clone();
    assert!(traffic["busiest_minute"].as_u64().unwrap() <= 60);

    allow(&bound, 960).await;
    assert_eq!(bound.sync().await.unwrap().postponed, 0);
    assert_eq!(confirmed(&bound).await.len(), SCHEDULES);
    bound.agrees_with_pagerduty().await;
    assert_eq!(bound.card().await.freshness.postponed, 0);
}
