//! The list of the last syncs.

use crate::support::{
    bound::Bound, caller, databases, entry, keys, new_credential, reconcile, replica::Replica,
    sandbox::Sandbox, services,
};
use app::backend::{Caller, Connections};
use secrecy::SecretString;
use serde_json::json;
use server::store::{Installation, credential_row};
use std::time::Duration;
use tokio::time;
use types::{
    AuditAction, Outcome, PagerDutyProblem, PersonId, Role, SyncReason, SyncRunState, Timestamp,
    WorkspaceId,
};

#[tokio::test]
async fn the_last_fifty_syncs_are_listed_with_what_they_changed_and_why_they_failed() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        for _ in 0..50 {
            bound.sync().await.unwrap();
        }
        bound
            .sandbox
            .fault(json!({"side": "pagerduty", "status": 503}))
            .await;
        bound.sync().await.unwrap_err();
        bound.sandbox.clear_faults().await;
        let ada = json!({"user": "PADAOK1", "seconds": 3600});
        bound
            .sandbox
            .control("schedules/PPLATP1/overrides", ada)
            .await;
        bound.sync().await.unwrap();

        let runs = bound.backend().sync_history(&caller()).await.unwrap().runs;
        assert_eq!(runs.len(), 50);
        let newest_first = runs.is_sorted_by(|one, next| one.started_at >= next.started_at);
        assert!(newest_first);
        let requested =
            |reason, state| (reason, state) == (Some(SyncReason::Request), SyncRunState::Ended);
        assert!(runs.iter().all(|run| requested(run.reason, run.state)));
        let (changing, failed) = (&runs[0], &runs[1]);
        assert_eq!((changing.confirmed, changing.requests), (1, Some(1)));
        let (_, id) = &bound.rotations[0];
        let [change] = &changing.changes[..] else {
            panic!("one change: {:?}", changing.changes);
        };
        assert_eq!(&change.rotation, id);
        assert_eq!(change.rotation_name, "Bound to PPLATP1");
        assert_eq!(change.what, "On duty: Tomás Herrera → Ada Okafor");
        let unavailable = PagerDutyProblem::Unavailable { status: 503 };
        assert_eq!(failed.problem, Some(unavailable));
        assert_eq!((failed.confirmed, failed.unreadable), (0, 1));
        assert!(
            runs[2..]
                .iter()
                .all(|run| run.problem.is_none() && run.changes.is_empty())
        );
    }
}

#[tokio::test]
async fn a_run_is_listed_from_its_beginning_and_one_that_was_killed_as_cut_off() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        // Nothing else is due while the test presses.
        bound.sync().await.unwrap();
        let slow = json!({"side": "pagerduty", "path": "/schedules", "delay_ms": 30_000});
        bound.sandbox.fault(slow).await;
        let url = &bound.sandbox.url;
        let replica = Replica::start(&bound.database.url, url, url).await;
        let pressing =
            replica.act(|backend| async move { backend.sync_now(&caller()).await.unwrap() });
        tokio::select! {
            outcome = pressing => panic!("it takes longer than this: {outcome:?}"),
            () = bound.until_last_run_is(SyncRunState::Running) => {}
        }
        let running = bound.last_run().await;
        assert_eq!(running.reason, Some(SyncReason::Request));
        drop(replica);
        bound.sandbox.clear_faults().await;

        bound.until_last_run_is(SyncRunState::CutOff).await;
        assert_eq!(bound.last_run().await.id, running.id);
        bound.sync().await.unwrap();
        let runs = bound.backend().sync_history(&caller()).await.unwrap().runs;
        let states: Vec<_> = runs[..2].iter().map(|run| run.state).collect();
        assert_eq!(states, [SyncRunState::Ended, SyncRunState::CutOff]);
    }
}

#[tokio::test]
async fn what_a_run_could_not_read_is_named_to_those_who_may_see_it() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1", "PPAYMN3"]).await;
        bound
            .sandbox
            .control("schedules/PPLATP1/hide", json!({"hidden": true}))
            .await;
        let report = bound.sync().await.unwrap();
        assert_eq!((report.confirmed, report.unreadable), (1, 1));

        let named = [("Platform Primary".to_owned(), PagerDutyProblem::NotFound)];
        let names = |unreadable: Vec<types::UnreadableSchedule>| {
            let named = unreadable.into_iter();
            let named = named.map(|schedule| (schedule.name, schedule.problem));
            named.collect::<Vec<_>>()
        };
        let card = bound.card().await;
        assert_eq!(names(card.unreadable), named);
        // What cannot be read does not make the others old.
        let other = bound.schedule("PPAYMN3").await.confirmed_at;
        assert_eq!(card.freshness.oldest_confirmed_at, other);
        let run = bound.last_run().await;
        assert_eq!(names(run.unreadable_schedules), named);

        // Bob sees public rotations alone, and what those are bound to.
        let bob = Caller {
            person: PersonId::new("U2"),
            role: Role::Member,
            ..caller()
        };
        let seen = async || {
            let backend = bound.backend();
            let panel = backend.integrations(&bob).await.unwrap().pagerduty.unwrap();
            let run = backend.sync_history(&bob).await.unwrap().runs.remove(0);
            assert_eq!(panel.freshness.unreadable, run.unreadable);
            let counts = [
                panel.bound_rotation_count,
                panel.freshness.schedules,
                panel.freshness.unreadable,
                run.confirmed,
            ];
            let named = (names(panel.unreadable), names(run.unreadable_schedules));
            (named, counts, run.requests, panel.health)
        };
        let (seen_by_all, counts, requests, health) = seen().await;
        assert_eq!(seen_by_all, (named.to_vec(), named.to_vec()));
        assert_eq!((counts, requests.is_some()), ([2, 2, 1, 1], true));

        for (hidden, left) in [
            ("Bound to PPLATP1", [1, 1, 0, 1]),
            ("Bound to PPAYMN3", [0, 0, 0, 0]),
        ] {
            let hide =
                format!("update rotations set visibility = 'private' where name = '{hidden}'");
            bound.database.execute(&hide).await;
            let reread = "update revisions set rotations = rotations + 1";
            bound.database.execute(reread).await;
            let (named, counts, requests, now) = seen().await;
            assert_eq!(named, (Vec::new(), Vec::new()));
            assert_eq!((counts, requests), (left, None));
            assert_ne!(now, health, "what cannot be read is none of theirs");
            let report = bound.backend().sync_now(&bob).await.unwrap();
            let Outcome::Done(report) = report else {
                panic!("{report:?}");
            };
            assert_eq!([report.confirmed, report.unreadable], [left[3], left[2]]);
        }
    }
}

#[tokio::test]
async fn a_hand_off_of_a_private_rotation_is_listed_for_those_who_see_it() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        let member = Caller {
            person: PersonId::new("U2"),
            role: Role::Member,
            ..caller()
        };
        let runs = async |caller: &Caller| {
            bound
                .backend()
                .sync_history(caller)
                .await
                .unwrap()
                .runs
                .len()
        };
        bound.sync().await.unwrap();
        bound
            .database
            .execute("update rotations set visibility = 'private'")
            .await;
        let (of_admin, of_member) = (runs(&caller()).await, runs(&member).await);
        let hand_off = "insert into sync_runs (id, workspace_id, reason, started_at, ended_at,
                ended, confirmed, unreadable, postponed, requests)
            values ('z', 'T1', 'hand_off', 1, 1, 1, 0, 0, 0, 0)";
        let id = &bound.rotations[0].1;
        let change = format!(
            "insert into sync_changes (run_id, position, rotation_id, rotation_name, what)
             values ('z', 0, '{id}', 'Private', 'On duty: Ada → Bob')"
        );
        for statement in [
            hand_off,
            &change,
            "update revisions set rotations = rotations + 1",
        ] {
            bound.database.execute(statement).await;
        }
        assert_eq!(runs(&caller()).await, of_admin + 1);
        assert_eq!(runs(&member).await, of_member);
    }
}

#[tokio::test]
async fn runs_of_many_workspaces_start_a_few_at_a_time() {
    for database in databases().await {
        let sandbox = Sandbox::start().await;
        let services = services(&database, &sandbox.url).await;
        let store = &services.store;
        let key = SecretString::from(sandbox.api_key().await);
        let workspaces = (0..20).map(|number| WorkspaceId::new(format!("TMANY{number}")));
        let workspaces: Vec<_> = workspaces.collect();
        for workspace in &workspaces {
            let entry = |action| {
                let mut entry = entry(action);
                entry.actor.workspace = workspace.clone();
                entry
            };
            let installation = Installation {
                bot_token_sealed: String::new(),
                scopes: Vec::new(),
                installed_at: Timestamp::from_millis(0),
                installed_by: PersonId::new("U1"),
            };
            let installed = entry(AuditAction::InstalledInSlack);
            let saved =
                store.save_installation(workspace, "Acme", &installation, false, &installed);
            saved.await.unwrap();
            let credential = new_credential(&keys().seal(&key, &credential_row(workspace)));
            let connected = entry(AuditAction::ConnectedPagerDuty);
            assert!(store.connect(&credential, &connected).await.unwrap());
        }
        // No run ends before all have begun.
        let slow = json!({"side": "pagerduty", "path": "/", "delay_ms": 3000});
        sandbox.fault(slow).await;
        let reconciler = tokio::spawn(reconcile(services.clone()));
        let all_begun = async {
            loop {
                let mut begun = Vec::new();
                for workspace in &workspaces {
                    begun.extend(store.runs(workspace).await.unwrap());
                }
                if begun.len() == workspaces.len() {
                    return begun;
                }
                time::sleep(Duration::from_millis(20)).await;
            }
        };
        let begun = time::timeout(Duration::from_secs(20), all_begun);
        let mut begun: Vec<_> = begun
            .await
            .unwrap()
            .into_iter()
            .map(|run| {
                assert_eq!(run.state, SyncRunState::Running);
                run.started_at.as_millis()
            })
            .collect();
        begun.sort_unstable();
        // A run is written some milliseconds after it was started.
        let apart = begun.windows(9).map(|some| some[8] - some[0]);
        assert!(apart.clone().all(|apart| apart > 50), "{begun:?}");
        services.shutdown.cancel();
        reconciler.await.unwrap();
    }
}
