//! Open pages follow what happens elsewhere. The server's event stream carries
//! only numbers and ids; here they become counters, and resources that read a
//! counter load again when it moves.

use crate::data::from_page;
use leptos::prelude::*;
use std::collections::HashMap;
use types::RotationId;
#[cfg(any(test, feature = "hydrate"))]
use types::{LiveEvent, LiveTopic};

/// Counters that move when something changed.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    everything: RwSignal<u64>,
    connection: RwSignal<u64>,
    rotations: RwSignal<u64>,
    by_rotation: RwSignal<HashMap<RotationId, u64>>,
    contact: RwSignal<Contact>,
    /// How often contact was lost and is back.
    regained: RwSignal<u64>,
    #[cfg(feature = "hydrate")]
    clock: crate::components::Clock,
}

/// Whether the page hears of what happens.
#[cfg_attr(
    feature = "ssr",
    expect(dead_code, reason = "only a browser can lose it")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contact {
    Kept,
    /// The server cannot be reached; the page goes on trying.
    Lost,
    /// The server answers, and knows the session no more.
    SessionEnded,
}

impl Live {
    pub(crate) fn contact(self) -> Contact {
        self.contact.get()
    }

    /// Moves when the server can be reached again. For what does not follow any change
    /// and may have failed meanwhile.
    pub(crate) fn regained(self) -> u64 {
        self.regained.get()
    }

    /// Moves when the connection to PagerDuty changed.
    pub(crate) fn connection(self) -> u64 {
        self.everything.get() + self.connection.get()
    }

    /// Moves when any rotation changed.
    pub(crate) fn rotations(self) -> u64 {
        self.everything.get() + self.rotations.get()
    }

    /// Moves when this rotation changed.
    pub(crate) fn rotation(self, id: &RotationId) -> u64 {
        let changes = self
            .by_rotation
            .with(|changes| changes.get(id).copied().unwrap_or(0));
        self.everything.get() + changes
    }

    #[cfg(feature = "hydrate")]
    fn note(self, change: Change) {
        // What follows is drawn as of now, and not as of the last tick.
        self.clock.tick();
        match change {
            Change::Nothing => {}
            Change::Everything => self.everything.update(|count| *count += 1),
            Change::Topic(LiveTopic::Connection) => self.connection.update(|count| *count += 1),
            Change::Topic(LiveTopic::Rotation(id)) => {
                self.rotations.update(|count| *count += 1);
                self.by_rotation
                    .update(|changes| *changes.entry(id).or_default() += 1);
            }
        }
    }
}

/// What a page has to load again.
#[cfg(any(test, feature = "hydrate"))]
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    Nothing,
    Topic(LiveTopic),
    Everything,
}

/// What an event means to a page that knows everything up to version `known`.
///
/// Anything but the very next version means that something was missed.
#[cfg(any(test, feature = "hydrate"))]
fn change(known: Option<u64>, event: LiveEvent) -> Change {
    match (known, event.topic) {
        (Some(known), None) if known == event.version => Change::Nothing,
        (Some(known), Some(topic)) if known + 1 == event.version => Change::Topic(topic),
        _ => Change::Everything,
    }
}

/// Asks the server, by the cheapest of questions, what became of it and of the session.
#[cfg(not(feature = "ssr"))]
pub(crate) async fn ask_contact() -> Contact {
    use crate::{AppError, data::Question, server_fns::CheckSession};
    match Question::new(CheckSession {}).ask().await.value::<()>() {
        Ok(_) => Contact::Kept,
        Err(AppError::Unauthenticated) => Contact::SessionEnded,
        Err(_) => Contact::Lost,
    }
}

/// Puts [`Live`] into the context and, in a signed-in browser, follows the
/// server's events.
pub(crate) fn provide_live(signed_in: bool) {
    let rendered = from_page(rendered_version);
    let live = Live {
        everything: RwSignal::new(0),
        connection: RwSignal::new(0),
        rotations: RwSignal::new(0),
        by_rotation: RwSignal::new(HashMap::new()),
        contact: RwSignal::new(Contact::Kept),
        regained: RwSignal::new(0),
        #[cfg(feature = "hydrate")]
        clock: crate::components::use_clock(),
    };
    provide_context(live);
    if signed_in {
        Effect::new(move |_| follow(live, rendered));
    }
}

pub(crate) fn use_live() -> Live {
    expect_context()
}

/// The version that the page in this response shows, if the server tells it:
/// then the first event of the stream need not load everything again.
#[cfg(feature = "ssr")]
fn rendered_version() -> Option<u64> {
    crate::server_fns::from_request::<types::LiveEvent>().map(|event| event.version)
}

#[cfg(not(feature = "ssr"))]
fn rendered_version() -> Option<u64> {
    None
}

#[cfg(not(feature = "hydrate"))]
fn follow(_: Live, _: Option<u64>) {}

#[cfg(feature = "hydrate")]
fn follow(live: Live, rendered: Option<u64>) {
    stream::Stream::start(live, rendered);
}

#[cfg(feature = "hydrate")]
mod stream {
    //! The event stream in the browser: open while the tab is visible, opened
    //! anew after an error, and never twice.

    use super::{Contact, Live, ask_contact, change};
    use crate::{pause_after, server_fns::decoded};
    use futures::StreamExt;
    use gloo_net::eventsource::{State, futures::EventSource};
    use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*, task::spawn_local};
    use std::{
        cell::{Cell, RefCell},
        rc::Rc,
        time::Duration,
    };
    use types::LiveEvent;

    const ADDRESS: &str = "/api/events";
    /// How often the page looks whether it still hears.
    const LOOK: Duration = Duration::from_secs(3);

    pub(super) struct Stream {
        live: Live,
        /// The last version heard of.
        known: Cell<Option<u64>>,
        /// Dropping it closes the connection.
        source: RefCell<Option<EventSource>>,
        /// A reopening that is due later.
        reopening: Cell<Option<TimeoutHandle>>,
        failures: Cell<u32>,
        /// At the last look the browser was connecting.
        connecting: Cell<bool>,
        /// The number of the question about the server whose answer is awaited.
        asking: Cell<Option<u32>>,
        /// How many there were.
        asked: Cell<u32>,
    }

    impl Stream {
        pub(super) fn start(live: Live, rendered: Option<u64>) {
            let stream = Rc::new(Self {
                live,
                known: Cell::new(rendered),
                source: RefCell::new(None),
                reopening: Cell::new(None),
                failures: Cell::new(0),
                connecting: Cell::new(false),
                asking: Cell::new(None),
                asked: Cell::new(0),
            });
            stream.clone().follow_visibility();
            let looking = stream.clone();
            set_interval(move || looking.look(), LOOK);
            for event in ["visibilitychange", "online", "offline"] {
                let listener = stream.clone();
                let _lives_as_long_as_the_page =
                    window_event_listener_untyped(event, move |event| {
                        listener.clone().react(&event.type_());
                    });
            }
        }

        fn react(self: Rc<Self>, event: &str) {
            match event {
                "offline" => {
                    self.close();
                    self.live.contact.set(Contact::Lost);
                }
                "online" => {
                    self.close();
                    self.follow_visibility();
                }
                _ => self.follow_visibility(),
            }
        }

        /// A browser grants few connections per host; a tab that nobody sees
        /// gives its own back.
        fn follow_visibility(self: Rc<Self>) {
            if document().hidden() {
                self.close();
            } else if self.source.borrow().is_none() {
                self.open();
            }
        }

        /// What happens until the next connection is not heard, so nothing
        /// counts as known any more.
        fn close(&self) {
            if let Some(timeout) = self.reopening.take() {
                timeout.clear();
            }
            self.source.take();
            self.known.set(None);
        }

        fn open(self: Rc<Self>) {
            let Ok(mut source) = EventSource::new(ADDRESS) else {
                return;
            };
            let Ok(mut messages) = source.subscribe("message") else {
                return;
            };
            self.source.replace(Some(source));
            spawn_local(async move {
                while let Some(Ok((_, message))) = messages.next().await {
                    if let Some(text) = message.data().as_string() {
                        self.hear(&text);
                    }
                }
                // Closing on purpose also ends the messages; only a source
                // that is still ours has failed.
                if self.source.borrow().is_some() {
                    self.reopen_later();
                }
            });
        }

        fn hear(&self, text: &str) {
            let Ok(event) = decoded::<LiveEvent>(text) else {
                return;
            };
            self.failures.set(0);
            // An answer that is still awaited is about what was before.
            self.asking.set(None);
            let Live {
                contact, regained, ..
            } = self.live;
            if contact.get_untracked() != Contact::Kept {
                contact.set(Contact::Kept);
                regained.update(|count| *count += 1);
            }
            let known = self.known.replace(Some(event.version));
            self.live.note(change(known, event));
        }

        /// A connection that broke the browser makes anew by itself, and tells nobody
        /// how long it has been trying.
        fn look(self: &Rc<Self>) {
            let state = self.source.borrow().as_ref().map(EventSource::state);
            let connecting = state == Some(State::Connecting);
            if self.connecting.replace(connecting) && connecting {
                self.ask_why();
            }
        }

        /// The stream itself does not tell why it was refused or went away.
        fn ask_why(self: &Rc<Self>) {
            if self.asking.get().is_some() {
                return;
            }
            let number = self.asked.get().wrapping_add(1);
            self.asked.set(number);
            self.asking.set(Some(number));
            let stream = self.clone();
            spawn_local(async move {
                let contact = ask_contact().await;
                if stream.asking.get() != Some(number) {
                    return;
                }
                stream.asking.set(None);
                // The stream itself tells when it is back.
                if contact != Contact::Kept {
                    stream.live.contact.set(contact);
                }
            });
        }

        fn reopen_later(self: Rc<Self>) {
            self.close();
            self.ask_why();
            let failures = self.failures.get();
            self.failures.set(failures.saturating_add(1));
            let stream = self.clone();
            let timeout = set_timeout_with_handle(move || stream.open(), pause_after(failures));
            self.reopening.set(timeout.ok());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(version: u64, topic: Option<LiveTopic>) -> LiveEvent {
        LiveEvent { version, topic }
    }

    #[test]
    fn the_next_version_concerns_its_topic_only() {
        assert_eq!(
            change(Some(7), event(8, Some(LiveTopic::Connection))),
            Change::Topic(LiveTopic::Connection)
        );
    }

    #[test]
    fn a_gap_concerns_everything() {
        assert_eq!(
            change(Some(7), event(9, Some(LiveTopic::Connection))),
            Change::Everything
        );
    }

    #[test]
    fn a_connection_concerns_everything_unless_the_version_is_the_page_s() {
        assert_eq!(change(Some(7), event(7, None)), Change::Nothing);
        assert_eq!(change(Some(7), event(8, None)), Change::Everything);
        assert_eq!(change(None, event(7, None)), Change::Everything);
    }

    #[test]
    fn a_restarted_server_counts_from_zero() {
        assert_eq!(change(Some(7), event(0, None)), Change::Everything);
    }
}
