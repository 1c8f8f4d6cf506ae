//! The list of the last syncs.

use crate::support::{bound::Bound, caller, databases};
use app::backend::Connections;
use serde_json::json;
use types::{PagerDutyProblem, SyncReason};

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

        let runs = bound.backend().sync_runs(&caller()).await.unwrap();
        assert_eq!(runs.len(), 50);
        let newest_first = runs.is_sorted_by(|one, next| one.started_at >= next.started_at);
        assert!(newest_first);
        assert!(runs.iter().all(|run| run.reason == SyncReason::Request));
        let (changing, failed) = (&runs[0], &runs[1]);
        assert_eq!((changing.confirmed, changing.requests), (1, 1));
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
