//! The stream of live events that an open page listens to. It tells the current
//! version first, so that a page knows whether it missed anything, and of rotations only what
//! its reader may see: those that they see now, or saw when they were told last.

use super::session;
use crate::{
    Services,
    http::Site,
    live::Published,
    store::{Overview, Session},
};
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
use std::{
    collections::VecDeque,
    convert::Infallible,
    mem,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{self, Interval, MissedTickBehavior},
};
use types::{LiveEvent, LiveTopic, PersonId, Role, RotationId, WorkspaceId};

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
    let reader = Reader::from(&caller);
    let overview = reader.recently_saw(&site.services).await;
    let events = events(site.services.clone(), reader, caller.session, overview).map(|event| {
        let event = Event::default().json_data(event);
        Ok::<_, Infallible>(event.unwrap_or_default())
    });
    (UNHINDERED, Sse::new(events)).into_response()
}

/// The version of what a page of this session shows.
pub async fn version(services: &Services, session: &Session) -> u64 {
    let reader = Reader {
        workspace: session.admission.workspace.clone(),
        person: session.admission.person.id.clone(),
        role: session.admission.person.role,
    };
    let overview = reader.recently_saw(services).await;
    let live = &services.live;
    // Where the rotations could not be read there are none to go by.
    let known = overview.rotations.len();
    if known > 0 {
        live.forget_gone(&reader.workspace, known, |id| overview.has(id));
    }
    live.version(&reader.workspace, |id| reader.sees(&overview, id))
}

pub const fn only_version(version: u64) -> LiveEvent {
    LiveEvent {
        version,
        topic: None,
    }
}

/// Who looks at an open page.
struct Reader {
    workspace: WorkspaceId,
    person: PersonId,
    role: Role,
}

impl From<&Caller> for Reader {
    fn from(caller: &Caller) -> Self {
        Self {
            workspace: caller.workspace.clone(),
            person: caller.person.clone(),
            role: caller.role,
        }
    }
}

impl Reader {
    fn sees(&self, overview: &Overview, rotation: &RotationId) -> bool {
        overview.shows(rotation, &self.person, self.role)
    }

    /// What a page shows that has just been read, or will be told of what changed since. While
    /// rotations cannot be read they see none, and hear of the rest.
    async fn recently_saw(&self, services: &Services) -> Arc<Overview> {
        let overview = services.store.recent_rotation_overview(&self.workspace);
        overview.await.unwrap_or_else(|error| {
            tracing::error!(%error, "it cannot be told which rotations an open page may hear of");
            Arc::default()
        })
    }
}

/// The rotations, and since when they are certain to be so; nothing where the database does
/// not tell.
type Looked = Option<(Instant, Arc<Overview>)>;

/// One open page.
struct Listener {
    services: Services,
    reader: Reader,
    session: String,
    events: Receiver<Published>,
    /// What has happened and is still to be told, or to be kept from the page, in order.
    waiting: VecDeque<Published>,
    /// What its reader saw when nothing was waiting.
    before: Arc<Overview>,
    now: Arc<Overview>,
    now_since: Instant,
    looking: Option<BoxFuture<'static, Looked>>,
    /// Something that the versions counted until now is not seen any more. The next heartbeat
    /// tells another version than the page expects, which makes it read everything anew.
    recount: bool,
    /// The version that the page was told last.
    told: u64,
    heartbeats: Interval,
    /// How many there were.
    beaten: u32,
    /// The role, unless the session has ended. A database that is slow to tell keeps nothing
    /// back.
    session_check: Option<BoxFuture<'static, Option<Role>>>,
}

fn events(
    services: Services,
    reader: Reader,
    session: String,
    overview: Arc<Overview>,
) -> impl Stream<Item = LiveEvent> {
    let sees = |id: &RotationId| reader.sees(&overview, id);
    let (version, events) = services.live.subscribe(&reader.workspace, sees);
    let start = time::Instant::now() + HEARTBEAT;
    let mut heartbeats = time::interval_at(start, HEARTBEAT);
    heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listener = Listener {
        services,
        reader,
        session,
        events,
        waiting: VecDeque::new(),
        before: Arc::clone(&overview),
        now: overview,
        // Only what happens from here on will be told.
        now_since: Instant::now(),
        looking: None,
        recount: false,
        told: version,
        heartbeats,
        beaten: 0,
        session_check: None,
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
            if let Some(event) = self.next_of_waiting() {
                return Some(event);
            }
            tokio::select! {
                () = self.services.shutdown.cancelled() => return None,
                Some(role) = OptionFuture::from(self.session_check.as_mut()) => {
                    self.session_check = None;
                    self.reader.role = role?;
                }
                Some(looked) = OptionFuture::from(self.looking.as_mut()) => {
                    self.looking = None;
                    let Some(looked) = looked else {
                        return Some(self.start_over());
                    };
                    (self.now_since, self.now) = looked;
                }
                event = self.events.recv() => match event {
                    Ok(published) => self.waiting.push_back(published),
                    Err(RecvError::Lagged(_)) => return Some(self.start_over()),
                    Err(RecvError::Closed) => return None,
                },
                _ = self.heartbeats.tick() => {
                    self.beaten = self.beaten.wrapping_add(1);
                    if self.beaten.is_multiple_of(HEARTBEATS_PER_SESSION_CHECK) {
                        self.check_session();
                    }
                    return Some(only_version(self.told));
                }
            }
        }
    }

    /// What can be told of what is waiting. Begins to look where it must be known first who
    /// sees a rotation now.
    fn next_of_waiting(&mut self) -> Option<LiveEvent> {
        while let Some(published) = self.waiting.front() {
            match &published.topic {
                None => return Some(self.start_over()),
                Some(LiveTopic::Rotation(_)) if self.now_since < published.at => {
                    self.look();
                    return None;
                }
                Some(LiveTopic::Rotation(id)) => {
                    let saw = self.reader.sees(&self.before, id);
                    match (saw, self.reader.sees(&self.now, id)) {
                        (true, true) => return self.tell_first(),
                        // Gone, or gone from sight.
                        (true, false) => {
                            self.recount = true;
                            return self.tell_first();
                        }
                        (false, false) => drop(self.waiting.pop_front()),
                        (false, true) if self.is_all_that_is_new() => return self.tell_first(),
                        // It has had changes that the page was not told.
                        (false, true) => return Some(self.start_over()),
                    }
                }
                Some(LiveTopic::Connection) => return self.tell_first(),
            }
        }
        if !Arc::ptr_eq(&self.before, &self.now) {
            self.before = Arc::clone(&self.now);
        }
        if self.recount && self.events.is_empty() {
            self.recount = false;
            let sees = |id: &RotationId| self.reader.sees(&self.now, id);
            self.told = self.services.live.version(&self.reader.workspace, sees);
        }
        None
    }

    /// Whether what is waiting is the one change since the page was told: so it is where a
    /// rotation is new, and not where it has had changes that the page was not told.
    fn is_all_that_is_new(&self) -> bool {
        let sees = |id: &RotationId| self.reader.sees(&self.now, id);
        let version = self.services.live.version(&self.reader.workspace, sees);
        self.waiting.len() == 1 && self.events.is_empty() && version == self.told + 1
    }

    fn tell_first(&mut self) -> Option<LiveEvent> {
        let published = self.waiting.pop_front()?;
        self.told += 1;
        Some(LiveEvent {
            version: self.told,
            topic: published.topic,
        })
    }

    fn look(&mut self) {
        let (services, workspace) = (self.services.clone(), self.reader.workspace.clone());
        let look = || {
            let now = Instant::now();
            async move {
                let store = &services.store;
                match store.rotation_overview_since(&workspace, now).await {
                    Ok(overview) => Some((now, overview)),
                    Err(error) => {
                        tracing::warn!(%error, "an open page is told to read everything anew");
                        None
                    }
                }
            }
            .boxed()
        };
        self.looking.get_or_insert_with(look);
    }

    fn check_session(&mut self) {
        let (services, session) = (self.services.clone(), self.session.clone());
        let role = self.reader.role;
        let check = || role_in(services, session, role).boxed();
        self.session_check.get_or_insert_with(check);
    }

    /// Leaves out what a page has not heard: another version than it expects makes it read
    /// everything anew.
    fn start_over(&mut self) -> LiveEvent {
        self.waiting.clear();
        self.before = Arc::clone(&self.now);
        let sees = |id: &RotationId| self.reader.sees(&self.now, id);
        let live = &self.services.live;
        let (version, events) = live.subscribe(&self.reader.workspace, sees);
        self.events = events;
        let expected = mem::replace(&mut self.told, version);
        only_version(match version == expected {
            true => expected + 2,
            false => version,
        })
    }
}

/// The role in a session that has not ended; `known` where the database does not tell.
async fn role_in(services: Services, session: String, known: Role) -> Option<Role> {
    match session::current(&services, &session).await {
        Ok(session) => session.map(|session| session.admission.person.role),
        Err(_) => Some(known),
    }
}
