//! The stream of live events that an open page listens to. It tells the current
//! version first, so that a page knows whether it missed anything.

use super::{Site, session};
use crate::Services;
use app::backend::Caller;
use axum::{
    Extension,
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response, Sse, sse::Event},
};
use futures::{
    FutureExt as _, Stream, StreamExt as _,
    future::{BoxFuture, OptionFuture},
    stream,
};
use std::{convert::Infallible, time::Duration};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};
use types::{LiveEvent, WorkspaceId};

pub const PATH: &str = "/api/events";
/// How often a silent stream repeats its version. It is an event and no comment, which
/// browsers keep from the page: a page that hears none knows that it is cut off.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// With every so many heartbeats it is looked up whether the session still counts.
const HEARTBEATS_PER_SESSION_CHECK: u32 = 2;
/// What keeps proxies from collecting a stream before they pass it on: nginx and its kin
/// by the first, those that compress by the second.
const UNHINDERED: [(HeaderName, &str); 2] = [
    (HeaderName::from_static("x-accel-buffering"), "no"),
    (header::CACHE_CONTROL, "no-store, no-transform"),
];

/// `GET /api/events`.
pub async fn stream(State(site): State<Site>, caller: Option<Extension<Caller>>) -> Response {
    let Some(Extension(caller)) = caller else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let events = events(site.services.clone(), caller).map(|event| {
        let event = Event::default().json_data(event);
        Ok::<_, Infallible>(event.unwrap_or_default())
    });
    (UNHINDERED, Sse::new(events)).into_response()
}

/// One open page.
struct Listener {
    services: Services,
    workspace: WorkspaceId,
    session: String,
    events: Receiver<LiveEvent>,
    /// The version that the page was told last. What is still to be told of is newer.
    told: u64,
    heartbeats: Interval,
    /// How many there were.
    beaten: u32,
    /// Whether the session has ended. A database that is slow to tell keeps nothing back.
    session_check: Option<BoxFuture<'static, bool>>,
}

fn events(services: Services, caller: Caller) -> impl Stream<Item = LiveEvent> {
    let (version, events) = services.live.subscribe(&caller.workspace);
    let mut heartbeats = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listener = Listener {
        services,
        workspace: caller.workspace,
        session: caller.session,
        events,
        told: version,
        heartbeats,
        beaten: 0,
        session_check: None,
    };
    let first = stream::iter([only_version(version)]);
    first.chain(stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        listener.told = event.version;
        Some((event, listener))
    }))
}

impl Listener {
    /// The next event; `None` when the stream is to end.
    async fn next(&mut self) -> Option<LiveEvent> {
        loop {
            tokio::select! {
                () = self.services.shutdown.cancelled() => return None,
                Some(ended) = OptionFuture::from(self.session_check.as_mut()) => {
                    self.session_check = None;
                    if ended {
                        return None;
                    }
                }
                event = self.events.recv() => return match event {
                    Ok(event) => Some(event),
                    Err(RecvError::Lagged(_)) => Some(self.start_over()),
                    Err(RecvError::Closed) => None,
                },
                _ = self.heartbeats.tick() => {
                    self.beaten = self.beaten.wrapping_add(1);
                    if self.beaten.is_multiple_of(HEARTBEATS_PER_SESSION_CHECK) {
                        let check = session_ended(self.services.clone(), self.session.clone());
                        self.session_check.get_or_insert_with(|| check.boxed());
                    }
                    return Some(only_version(self.told));
                }
            }
        }
    }

    /// Leaves out what a page that fell behind has not heard: the jump of the
    /// version makes it read everything anew.
    fn start_over(&mut self) -> LiveEvent {
        let (version, events) = self.services.live.subscribe(&self.workspace);
        self.events = events;
        only_version(version)
    }
}

/// A database that does not tell ends nothing.
async fn session_ended(services: Services, session: String) -> bool {
    let session = session::current(&services, &session).await;
    matches!(session, Ok(None))
}

const fn only_version(version: u64) -> LiveEvent {
    LiveEvent {
        version,
        topic: None,
    }
}
