//! The stream of live events that an open page listens to. It tells the current
//! version first, so that a page knows whether it missed anything.

use super::{Site, session};
use crate::Services;
use app::backend::Caller;
use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{Stream, StreamExt as _, stream};
use std::{convert::Infallible, time::Duration};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, Interval, interval_at},
};
use types::{LiveEvent, WorkspaceId};

pub const PATH: &str = "/api/events";
/// How often something is said on a silent stream, so that nothing between
/// closes it, and whether the session still counts is looked up.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// `GET /api/events`.
pub async fn stream(State(site): State<Site>, caller: Option<Extension<Caller>>) -> Response {
    let Some(Extension(caller)) = caller else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let events = events(site.services, caller).map(|event| {
        let event = Event::default().json_data(event);
        Ok::<_, Infallible>(event.unwrap_or_default())
    });
    Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response()
}

/// One open page.
struct Listener {
    services: Services,
    workspace: WorkspaceId,
    session: String,
    events: Receiver<LiveEvent>,
    session_checks: Interval,
}

fn events(services: Services, caller: Caller) -> impl Stream<Item = LiveEvent> {
    let (version, events) = services.live.subscribe(&caller.workspace);
    let listener = Listener {
        services,
        workspace: caller.workspace,
        session: caller.session,
        events,
        session_checks: interval_at(Instant::now() + HEARTBEAT, HEARTBEAT),
    };
    let first = stream::iter([only_version(version)]);
    first.chain(stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((event, listener))
    }))
}

impl Listener {
    /// The next event; `None` when the stream is to end.
    async fn next(&mut self) -> Option<LiveEvent> {
        loop {
            tokio::select! {
                () = self.services.shutdown.cancelled() => return None,
                _ = self.session_checks.tick() => {
                    let session = session::current(&self.services, &self.session).await;
                    if matches!(session, Ok(None)) {
                        return None;
                    }
                }
                event = self.events.recv() => return match event {
                    Ok(event) => Some(event),
                    Err(RecvError::Lagged(_)) => Some(self.start_over()),
                    Err(RecvError::Closed) => None,
                },
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

const fn only_version(version: u64) -> LiveEvent {
    LiveEvent {
        version,
        topic: None,
    }
}
