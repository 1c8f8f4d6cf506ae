//! Every answer that the product reads, spoilt in every way: one odd part must
//! never speak for the whole, whichever part it is. A proxy between the server and
//! the stand-in for PagerDuty and Slack spoils one answer of one workspace at a
//! time, of many workspaces at once.

mod answers;
mod deeds;
mod invariants;
mod plan;
mod proxy;
mod run;
mod tenant;

use crate::support::{databases, soaking};
use futures::future::join_all;
use plan::Extent;
use run::Report;

/// Each field and status once, in another way on each engine; the whole matrix under
/// `cargo xtask soak`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_one_answer_says_nobody_else_suffers_and_an_interval_later_all_is_well() {
    let engines = databases().await.into_iter().enumerate();
    let runs = engines.map(|(number, database)| {
        let extent = if soaking() {
            Extent::Everything
        } else {
            Extent::EachOnce(number * 3)
        };
        run::on(database, extent)
    });
    let report: Report = join_all(runs).await.into_iter().sum();
    println!("{report}");
    assert!(report.wrongs.is_empty(), "{report}");
}
