//! Carries live events between the servers that share a Postgres database, so
//! that a page follows whichever server did something, and wakes whichever delivers
//! what is to be told outside. Postgres itself brings
//! them: LISTEN and NOTIFY. SQLite serves one process, which needs none of this.

use crate::{
    background::{Background, Lasting, Signs, Task},
    live::Live,
    store::{Announcement, CHANNEL, GIVING_UP, OUTBOX_CHANNEL, Store},
};
use secrecy::{ExposeSecret, SecretString};
use sqlx::Executor as _;
use sqlx_postgres::PgListener;
use std::{convert::Infallible, time::Duration};
use tokio::{sync::mpsc, time};
use types::{LiveTopic, TaskState, WorkspaceId};

/// What the background work calls this.
const TASK: &str = "live_events";

/// Where servers speak only so that somebody is heard.
const ECHO_CHANNEL: &str = "roundrobin_echo";
/// How often each server speaks there.
const ECHO_EVERY: Duration = Duration::from_secs(5);
/// A listening connection on which nothing was heard for so long is deaf: Postgres
/// brings everybody's own notices back, too.
const LONGEST_SILENCE: Duration = Duration::from_secs(15);
/// How long making a listening connection may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long to rest before the database is tried again.
const REST: Duration = Duration::from_secs(1);
/// Without a sign of life for so long, nobody even tries to hear.
const STUCK_AFTER: Duration = Duration::from_secs(60);

/// Why a server does not hear from the others.
///
/// Remedy: the connection is made anew until it hears, and open pages start over then; if it
/// lasts, see whether Postgres takes connections and what stands between.
#[derive(Debug, thiserror::Error)]
enum Unheard {
    #[error("the connection was lost")]
    Lost,
    #[error("the connection has been silent for {} seconds", LONGEST_SILENCE.as_secs())]
    Deaf,
    #[error("Postgres did not take a connection within {} seconds", CONNECT_LIMIT.as_secs())]
    NoAnswer,
    #[error("Postgres did not give or keep the connection")]
    Database(#[from] sqlx::Error),
}

/// Telling and hearing; nothing with SQLite.
pub fn task(store: &Store, live: &Live, database_url: SecretString) -> Option<Task> {
    if !store.is_shared() {
        return None;
    }
    let (store, live) = (store.clone(), live.clone());
    let work = move |signs| {
        let (store, live, url) = (store.clone(), live.clone(), database_url.clone());
        async move {
            let mut outbox = live.outbox().await;
            tokio::join!(
                tell(&store, &live, &mut outbox),
                echo(&store),
                hear(&store, &live, &signs, url.expose_secret())
            );
            Ok(())
        }
    };
    let about = "Carries what changes between the servers";
    Some(Lasting::new(TASK, about, STUCK_AFTER, work).into())
}

/// Whether this server hears from the others; true where there is nobody to hear from,
/// too.
pub fn is_hearing(background: &Background) -> bool {
    let report = background.report(TASK);
    report.is_none_or(|report| report.state == TaskState::Ok)
}

async fn tell(store: &Store, live: &Live, outbox: &mut mpsc::Receiver<(WorkspaceId, LiveTopic)>) {
    while let Some((workspace, topic)) = outbox.recv().await {
        let topic = (!live.take_overflow()).then_some(topic);
        while let Err(error) = store.announce(&workspace, topic.clone()).await {
            tracing::warn!(%error, "the other servers could not be told of a change");
            time::sleep(REST).await;
        }
    }
}

/// Says something now and then, for this server itself to hear.
async fn echo(store: &Store) {
    loop {
        time::sleep(ECHO_EVERY).await;
        if let Err(error) = store.notify(ECHO_CHANNEL, "").await {
            tracing::debug!(%error, "no echo could be sent");
        }
    }
}

async fn hear(store: &Store, live: &Live, signs: &Signs, url: &str) {
    loop {
        let Err(cause) = listen(store, live, signs, url).await;
        signs.ill(cause);
        time::sleep(REST).await;
    }
}

/// Hears until the connection is lost or deaf. Whatever was said while nobody heard is
/// made up for by having every page read everything anew.
async fn listen(
    store: &Store,
    live: &Live,
    signs: &Signs,
    url: &str,
) -> Result<Infallible, Unheard> {
    let listening = async {
        let mut listener = PgListener::connect(url).await?;
        for statement in GIVING_UP {
            listener.execute(*statement).await?;
        }
        listener
            .listen_all([CHANNEL, ECHO_CHANNEL, OUTBOX_CHANNEL])
            .await?;
        Ok::<_, sqlx::Error>(listener)
    };
    let mut listener = time::timeout(CONNECT_LIMIT, listening)
        .await
        .map_err(|_| Unheard::NoAnswer)??;
    signs.well();
    live.start_over();
    loop {
        let notification = time::timeout(LONGEST_SILENCE, listener.try_recv())
            .await
            .map_err(|_| Unheard::Deaf)??
            .ok_or(Unheard::Lost)?;
        signs.well();
        match notification.channel() {
            ECHO_CHANNEL => continue,
            OUTBOX_CHANNEL => {
                store.outbox_signal().notify_one();
                continue;
            }
            _ => {}
        }
        let Ok(told) = serde_json::from_str::<Announcement>(notification.payload()) else {
            tracing::warn!("another server said what this version cannot read");
            live.start_over();
            continue;
        };
        match &told.topic {
            _ if store.made(&told) => {}
            Some(topic) => live.publish_here(&told.workspace, topic.clone()),
            None => live.start_over(),
        }
    }
}
