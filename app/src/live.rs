//! Open pages follow what happens elsewhere. The server's event stream carries
//! only numbers and ids; here they become counters, and resources that read a
//! counter load again when it moves. A page that hears nothing asks by itself, and says so.

use crate::data::{effect, from_page};
#[cfg(any(test, feature = "hydrate"))]
use crate::pause_after;
use leptos::prelude::*;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(any(test, feature = "hydrate"))]
use std::time::Duration;
#[cfg(any(test, feature = "hydrate"))]
use types::{LiveEvent, LiveTopic};
use types::{RotationId, Timestamp};

/// Counters that move when something changed.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    /// How often anything may have changed, since something may not have been heard.
    everything: RwSignal<u64>,
    connection: RwSignal<u64>,
    rotations: RwSignal<u64>,
    by_rotation: RwSignal<HashMap<RotationId, u64>>,
    contact: RwSignal<Contact>,
    /// The last question about the present was not answered, or not yet though it should be.
    unanswered: RwSignal<bool>,
    /// A question has been waiting for its answer for too long.
    overdue: RwSignal<bool>,
    /// What the page shows and could not be read anew.
    failing: RwSignal<HashSet<usize>>,
    /// When the page was last known to be up to date.
    current_at: RwSignal<Timestamp>,
    /// The browser has put other elements into parts that are not to be translated.
    translated: RwSignal<bool>,
    /// When duty changes next as far as the page knows: for each rotation on it, each end
    /// of a shift.
    /// Of each part of the page that watches, by a number of its own.
    duty_changes: StoredValue<Vec<(usize, Vec<Timestamp>)>>,
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
    /// The server answers, and what it tells by itself does not come through.
    Mute,
    /// The server cannot be reached; the page goes on trying.
    Lost,
    /// The server answers, and knows the session no more.
    SessionEnded,
}

impl Live {
    pub(crate) fn contact(self) -> Contact {
        self.contact.get()
    }

    pub(crate) fn unanswered(self) -> bool {
        self.unanswered.get()
    }

    /// When the page was last up to date, for one that is no more.
    pub(crate) fn current_at(self) -> Timestamp {
        self.current_at.get_untracked()
    }

    pub(crate) fn translated(self) -> bool {
        self.translated.get()
    }

    /// Whether the page shows what was, for all that is known.
    pub(crate) fn may_be_old(self) -> bool {
        self.contact() != Contact::Kept
            || self.translated()
            || self.overdue.get()
            || self.failing.with(|failing| !failing.is_empty())
    }

    /// Tells one part of a page from all others, those that are just going included.
    pub(crate) fn new_number() -> usize {
        static NUMBERS: AtomicUsize = AtomicUsize::new(0);
        NUMBERS.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes whether something that the page shows, known by a number of its own, could not
    /// be read anew. It is asked for again by itself.
    pub(crate) fn note_reading(self, number: usize, failed: bool) {
        if self
            .failing
            .with_untracked(|failing| failing.contains(&number))
            == failed
        {
            return;
        }
        self.failing.update(|failing| {
            if failed {
                failing.insert(number);
            } else {
                failing.remove(&number);
            }
        });
    }

    /// Has the page ask when one of these instants comes, which take the place of those
    /// that were given under the same number.
    pub(crate) fn expect_duty_changes(self, number: usize, changes: Vec<Timestamp>) {
        self.duty_changes.update_value(|all| {
            all.retain(|(other, _)| *other != number);
            all.push((number, changes));
        });
    }

    /// Moves when anything may have changed, as when the server can be reached again: also
    /// for what does not follow any change and may have failed meanwhile.
    pub(crate) fn everything(self) -> u64 {
        self.everything.get()
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

/// How long a page hears nothing before it counts as cut off: longer than the server is
/// ever silent.
#[cfg(any(test, feature = "hydrate"))]
const SILENCE: Duration = Duration::from_secs(15);
/// The longest pause between two questions of a page that is cut off.
#[cfg(any(test, feature = "hydrate"))]
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long a page waits after it has asked so many times in a row, at least once. Where a
/// known shift is over and the server has not said what came after, it is asked soon again.
#[cfg(any(test, feature = "hydrate"))]
fn pause_between_questions(asked: u32, shift_is_over: bool) -> Duration {
    if shift_is_over {
        pause_after(asked.saturating_sub(1))
    } else {
        SILENCE
            .saturating_mul(2_u32.saturating_pow(asked))
            .min(LONGEST_PAUSE)
    }
}

/// How long a page waits at most before it reads all anew that it missed.
#[cfg(any(test, feature = "hydrate"))]
const LONGEST_JITTER: Duration = Duration::from_secs(2);

/// How long a page waits before it reads everything anew. The pages that one break cut off
/// hear again in the same second, as when a server starts again, and must not all ask in
/// it; `chance` is from 0 to 1. Whoever comes back to a page waits for nothing.
#[cfg(any(test, feature = "hydrate"))]
fn jitter(after_break: bool, chance: f64) -> Duration {
    match after_break {
        true => LONGEST_JITTER.mul_f64(chance),
        false => Duration::ZERO,
    }
}

/// Pauses of pages that began at once end apart; `chance` is from 0 to 1.
#[cfg(any(test, feature = "hydrate"))]
fn spread(pause: Duration, chance: f64) -> Duration {
    pause.mul_f64(1.0 - chance / 4.0)
}

/// Asks the server, by the cheapest of questions, for the version of what it has to show,
/// or else learns what became of it and of the session.
#[cfg(not(feature = "ssr"))]
async fn ask_version() -> Result<u64, Contact> {
    use crate::{AppError, data::Question, server_fns::CheckSession};
    match Question::new(CheckSession {}).ask().await.value::<u64>() {
        Ok(version) => Ok(*version),
        Err(AppError::Unauthenticated) => Err(Contact::SessionEnded),
        Err(_) => Err(Contact::Lost),
    }
}

/// The same where the version does not matter.
#[cfg(not(feature = "ssr"))]
pub(crate) async fn ask_contact() -> Contact {
    ask_version().await.err().unwrap_or(Contact::Kept)
}

/// Puts [`Live`] into the context and, in a signed-in browser, follows the
/// server's events.
pub(crate) fn provide_live(signed_in: bool) {
    let rendered = from_page(rendered_version);
    let clock = crate::components::use_clock();
    let live = Live {
        everything: RwSignal::new(0),
        connection: RwSignal::new(0),
        rotations: RwSignal::new(0),
        by_rotation: RwSignal::new(HashMap::new()),
        contact: RwSignal::new(Contact::Kept),
        unanswered: RwSignal::new(false),
        overdue: RwSignal::new(false),
        failing: RwSignal::new(HashSet::new()),
        current_at: RwSignal::new(clock.drawn()),
        translated: RwSignal::new(false),
        duty_changes: StoredValue::new(Vec::new()),
        #[cfg(feature = "hydrate")]
        clock,
    };
    provide_context(live);
    if signed_in {
        effect(move || follow(live, rendered));
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
    //! The event stream in the browser: open while the tab is visible, opened anew after an
    //! error, and never twice. Where it stays silent, questions take its place.

    use super::{
        Change, Contact, Live, SILENCE, ask_version, change, jitter, pause_between_questions,
        spread,
    };
    use crate::{pause_after, server_fns::decoded};
    use leptos::{
        leptos_dom::helpers::TimeoutHandle,
        prelude::*,
        task::spawn_local,
        wasm_bindgen::{JsCast, prelude::Closure},
    };
    use std::{
        cell::{Cell, RefCell},
        collections::HashSet,
        rc::Rc,
        time::Duration,
    };
    use types::{LiveEvent, Timestamp};
    use web_sys::{EventSource, MessageEvent, Node};

    const ADDRESS: &str = "/api/events";
    /// How often the page looks whether it still hears, and whether a shift is over.
    const LOOK: Duration = Duration::from_secs(1);
    /// Between two looks that lie further apart the machine slept, or its clock was set.
    const LONGEST_BETWEEN_LOOKS: i64 = 10_000;
    /// A connection that tells something after so many milliseconds brings more than the
    /// greeting that some proxies let through.
    const PROVEN: i64 = 5_000;
    /// How many milliseconds an answer may take before it counts as missing.
    const PATIENCE: i64 = 5_000;
    /// After so many milliseconds a question is given up and may be asked again.
    const GIVEN_UP: i64 = 15_000;
    /// Elements that pages are never made of, where nothing is to be translated.
    const TRANSLATIONS: &str = "[translate=no] font";
    /// What stands on every page, is not to be translated and never written to.
    const STILL: &str = ".brand [translate=no]";

    pub(super) struct Stream {
        live: Live,
        /// The last version heard of.
        known: Cell<Option<u64>>,
        /// Dropping it closes the connection.
        connection: RefCell<Option<Connection>>,
        /// How many there were.
        opened: Cell<u32>,
        /// When the last one was opened. All times are in milliseconds.
        opened_at: Cell<i64>,
        /// It has told something.
        told: Cell<bool>,
        /// A reopening that is due later.
        reopening: Cell<Option<TimeoutHandle>>,
        failures: Cell<u32>,
        /// When something was told last, or the page began to listen.
        heard_at: Cell<i64>,
        /// Nothing was told for too long; a greeting alone does not make up for that.
        cut_off: Cell<bool>,
        looked_at: Cell<i64>,
        /// The number of the question whose answer is awaited, and when it was asked.
        awaited: Cell<Option<(u32, i64)>>,
        /// How many questions there were.
        asked: Cell<u32>,
        /// How many there were in a row because nothing was told.
        asked_in_row: Cell<u32>,
        ask_at: Cell<i64>,
        /// The latest end of a shift that has passed and is still shown as coming.
        shift_over: Cell<Option<Timestamp>>,
        /// When what could not be read is read again.
        read_again_at: Cell<Option<i64>>,
        /// How often that was done, in a row.
        read_again: Cell<u32>,
        /// The stream broke off, and what was missed has not been read since.
        broken: Cell<bool>,
        /// What was missed is about to be read, which says what else happens meanwhile.
        reading_soon: Cell<bool>,
        /// A text that goes only where all texts are replaced, by whatever elements.
        still: Option<Node>,
    }

    struct Connection {
        source: EventSource,
        _on_message: Closure<dyn Fn(MessageEvent)>,
        _on_error: Closure<dyn Fn()>,
    }

    impl Drop for Connection {
        fn drop(&mut self) {
            self.source.close();
        }
    }

    impl Stream {
        pub(super) fn start(live: Live, rendered: Option<u64>) {
            let now = live.clock.exactly().as_millis();
            let stream = Rc::new(Self {
                live,
                known: Cell::new(rendered),
                connection: RefCell::new(None),
                opened: Cell::new(0),
                opened_at: Cell::new(now),
                told: Cell::new(false),
                reopening: Cell::new(None),
                failures: Cell::new(0),
                heard_at: Cell::new(now),
                cut_off: Cell::new(false),
                looked_at: Cell::new(now),
                awaited: Cell::new(None),
                asked: Cell::new(0),
                asked_in_row: Cell::new(0),
                ask_at: Cell::new(after(now, SILENCE)),
                shift_over: Cell::new(None),
                read_again_at: Cell::new(None),
                read_again: Cell::new(0),
                broken: Cell::new(false),
                reading_soon: Cell::new(false),
                still: document()
                    .query_selector(STILL)
                    .ok()
                    .flatten()
                    .and_then(|element| element.first_child()),
            });
            // A browser grants few connections per host; a tab that nobody sees has none.
            if !document().hidden() {
                stream.open();
            }
            let looking = stream.clone();
            set_interval(move || looking.look(), LOOK);
            for event in ["visibilitychange", "online", "offline"] {
                let listener = stream.clone();
                let _lives_as_long_as_the_page =
                    window_event_listener_untyped(event, move |event| {
                        listener.react(&event.type_());
                    });
            }
        }

        fn react(self: &Rc<Self>, event: &str) {
            if event == "offline" {
                self.close();
                self.lose(Contact::Lost);
                self.live.unanswered.set(true);
            } else if document().hidden() {
                self.close();
            } else {
                // A network that is there again is so for many pages at once.
                self.broken.set(event == "online");
                self.come_back();
            }
        }

        fn now(&self) -> i64 {
            self.live.clock.exactly().as_millis()
        }

        fn is_silent(&self) -> bool {
            self.now() >= after(self.heard_at.get(), SILENCE)
        }

        fn close(&self) {
            if let Some(timeout) = self.reopening.take() {
                timeout.clear();
            }
            self.connection.take();
        }

        /// Nothing was heard for a while, so nothing counts as known any more.
        fn come_back(self: &Rc<Self>) {
            let now = self.now();
            self.looked_at.set(now);
            self.listen_from(now);
            self.known.set(None);
            self.reading_soon.set(false);
            self.failures.set(0);
            self.live.unanswered.set(true);
            self.live.clock.tick();
            self.open();
            self.awaited.set(None);
            self.ask();
        }

        fn listen_from(&self, now: i64) {
            self.heard_at.set(now);
            self.cut_off.set(false);
            // That nothing happened is no answer to what came after a shift.
            if self.shift_over.get().is_none() {
                self.asked_in_row.set(0);
                self.ask_at.set(after(now, SILENCE));
            }
        }

        fn open(self: &Rc<Self>) {
            self.close();
            let number = self.opened.get().wrapping_add(1);
            self.opened.set(number);
            self.opened_at.set(self.now());
            self.told.set(false);
            let Ok(source) = EventSource::new(ADDRESS) else {
                return;
            };
            let stream = self.clone();
            let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
                if let Some(text) = message.data().as_string() {
                    stream.hear(&text);
                }
            });
            let stream = self.clone();
            let on_error = Closure::<dyn Fn()>::new(move || {
                // What goes on here drops this very closure.
                let stream = stream.clone();
                spawn_local(async move { stream.fail(number) });
            });
            source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
            source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
            self.connection.replace(Some(Connection {
                source,
                _on_message: on_message,
                _on_error: on_error,
            }));
        }

        fn hear(self: &Rc<Self>, text: &str) {
            let Ok(event) = decoded::<LiveEvent>(text) else {
                return;
            };
            let now = self.now();
            self.told.set(true);
            self.heard_at.set(now);
            let proven = now - self.opened_at.get() >= PROVEN;
            if proven {
                self.failures.set(0);
            }
            let was_lost = self.live.contact.get_untracked() == Contact::Lost;
            let keeps_contact = proven || was_lost || !self.cut_off.get();
            if keeps_contact {
                self.listen_from(now);
            }
            self.live.overdue.set(false);
            if self.shift_over.get().is_none() {
                self.live.unanswered.set(false);
            }
            let known = self.known.replace(Some(event.version));
            self.take(change(known, event), keeps_contact.then_some(Contact::Kept));
        }

        /// The server has told something or answered, by which there is `contact`. What the page
        /// missed is read before it says that it is up to date.
        fn take(self: &Rc<Self>, change: Change, contact: Option<Contact>) {
            if self.reading_soon.get() {
                return;
            }
            let change = match (self.live.contact.get_untracked(), contact) {
                (Contact::Lost | Contact::SessionEnded, Some(_)) => Change::Everything,
                _ => change,
            };
            let missed = change == Change::Everything;
            let pause = jitter(missed && self.broken.get(), js_sys::Math::random());
            if pause.is_zero() {
                self.note(change, contact);
                return;
            }
            self.reading_soon.set(true);
            let stream = self.clone();
            set_timeout(
                move || {
                    if stream.reading_soon.replace(false) {
                        stream.note(change, contact);
                    }
                },
                pause,
            );
        }

        fn note(&self, change: Change, contact: Option<Contact>) {
            let live = self.live;
            self.broken.set(false);
            if let Some(contact) = contact {
                live.current_at.set(Timestamp::from_millis(self.now()));
                if live.contact.get_untracked() != contact {
                    live.contact.set(contact);
                }
            }
            live.note(change);
        }

        fn lose(&self, contact: Contact) {
            self.broken.set(true);
            self.reading_soon.set(false);
            self.live.contact.set(contact);
        }

        fn look(self: &Rc<Self>) {
            let now = self.now();
            let passed = now - self.looked_at.replace(now);
            if document().hidden() {
                return;
            }
            if !(0..LONGEST_BETWEEN_LOOKS).contains(&passed) {
                self.come_back();
                return;
            }
            self.notice_translation();
            if self
                .awaited
                .get()
                .is_some_and(|(_, since)| now - since >= PATIENCE)
            {
                self.live.unanswered.set(true);
                self.live.overdue.set(true);
            }
            self.read_again(now);
            self.notice_shift_over(now);
            if now < self.ask_at.get() {
                return;
            }
            if self.is_silent() {
                self.cut_off.set(true);
                self.open();
            }
            self.ask();
            let asked = self.asked_in_row.get().saturating_add(1);
            self.asked_in_row.set(asked);
            let pause = pause_between_questions(asked, self.shift_over.get().is_some());
            self.ask_at
                .set(after(now, spread(pause, js_sys::Math::random())));
        }

        fn notice_translation(&self) {
            let translated = self.live.translated;
            let replaced = || self.still.as_ref().is_some_and(|text| !text.is_connected());
            let wrapped = || matches!(document().query_selector(TRANSLATIONS), Ok(Some(_)));
            if !translated.get_untracked() && (replaced() || wrapped()) {
                translated.set(true);
            }
        }

        /// Reads anew, ever less often, while something could not be read.
        fn read_again(&self, now: i64) {
            let fails = |failing: &HashSet<usize>| !failing.is_empty();
            if !self.live.failing.with_untracked(fails) {
                self.read_again_at.set(None);
                self.read_again.set(0);
                return;
            }
            let times = self.read_again.get();
            match self.read_again_at.get() {
                Some(at) if now < at => {}
                due => {
                    if due.is_some() {
                        self.read_again.set(times.saturating_add(1));
                        self.live.note(Change::Everything);
                    }
                    let pause = spread(pause_after(times), js_sys::Math::random());
                    self.read_again_at.set(Some(after(now, pause)));
                }
            }
        }

        fn notice_shift_over(&self, now: i64) {
            let latest = self.live.duty_changes.with_value(|changes| {
                let all = changes.iter().flat_map(|(_, changes)| changes);
                let passed = all.filter(|at| at.as_millis() <= now);
                passed.max().copied()
            });
            if self.shift_over.replace(latest) != latest && latest.is_some() {
                self.live.clock.tick();
                self.asked_in_row.set(0);
                self.ask_at.set(now);
            }
        }

        fn ask(self: &Rc<Self>) {
            let now = self.now();
            if self
                .awaited
                .get()
                .is_some_and(|(_, since)| now - since < GIVEN_UP)
            {
                return;
            }
            let number = self.asked.get().wrapping_add(1);
            self.asked.set(number);
            self.awaited.set(Some((number, now)));
            let stream = self.clone();
            spawn_local(async move {
                let answer = ask_version().await;
                if stream.awaited.get().is_some_and(|(last, _)| last == number) {
                    stream.awaited.set(None);
                    stream.take_answer(answer);
                }
            });
        }

        fn take_answer(self: &Rc<Self>, answer: Result<u64, Contact>) {
            self.live.unanswered.set(answer.is_err());
            self.live.overdue.set(answer.is_err());
            match answer {
                Ok(version) => {
                    let contact = match self.cut_off.get() {
                        true => Contact::Mute,
                        false => Contact::Kept,
                    };
                    let event = LiveEvent {
                        version,
                        topic: None,
                    };
                    let known = self.known.replace(Some(version));
                    let change = match self.shift_over.get() {
                        // What changes by itself has no version.
                        Some(_) => Change::Everything,
                        None => change(known, event),
                    };
                    self.take(change, Some(contact));
                }
                // A server that goes on telling is there.
                Err(Contact::Lost)
                    if self.told.get() && !self.cut_off.get() && !self.is_silent() => {}
                Err(contact) => self.lose(contact),
            }
        }

        /// The stream itself does not tell why it was refused, or went away.
        fn fail(self: &Rc<Self>, number: u32) {
            if number != self.opened.get() {
                return;
            }
            self.close();
            self.told.set(false);
            self.broken.set(true);
            let failures = self.failures.get();
            self.failures.set(failures.saturating_add(1));
            // The next question opens it anew.
            if self.live.contact.get_untracked() == Contact::Mute {
                return;
            }
            // One that only came to its end is opened anew without ado.
            if failures > 0 {
                self.ask();
            }
            let stream = self.clone();
            let pause = spread(pause_after(failures), js_sys::Math::random());
            let timeout = set_timeout_with_handle(move || stream.open(), pause);
            self.reopening.set(timeout.ok());
        }
    }

    fn after(instant: i64, pause: Duration) -> i64 {
        instant + i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)
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

    #[test]
    fn a_heartbeat_tells_nothing_new() {
        let told = change(Some(7), event(8, Some(LiveTopic::Connection)));
        assert_eq!(told, Change::Topic(LiveTopic::Connection));
        assert_eq!(change(Some(8), event(8, None)), Change::Nothing);
    }

    #[test]
    fn a_page_that_hears_nothing_asks_ever_less_and_at_least_once_a_minute() {
        let pauses = [1, 2, 3, u32::MAX].map(|asked| pause_between_questions(asked, false));
        assert_eq!(pauses.map(|pause| pause.as_secs()), [30, 60, 60, 60]);
    }

    #[test]
    fn at_the_end_of_a_shift_a_page_asks_at_once_and_then_ever_less() {
        let pauses = [1, 2, 3, 7, u32::MAX].map(|asked| pause_between_questions(asked, true));
        assert_eq!(pauses.map(|pause| pause.as_secs()), [1, 2, 4, 60, 60]);
    }

    #[test]
    fn after_a_break_pages_read_anew_within_two_seconds_and_not_in_the_same() {
        let pauses = [0.0, 0.25, 1.0].map(|chance| jitter(true, chance).as_millis());
        assert_eq!(pauses, [0, 500, 2_000]);
    }

    #[test]
    fn without_a_break_nobody_waits() {
        for chance in [0.0, 0.5, 1.0] {
            assert_eq!(jitter(false, chance), Duration::ZERO);
        }
    }

    #[test]
    fn pages_that_began_together_ask_apart() {
        let pause = Duration::from_secs(60);
        assert_eq!(spread(pause, 0.0), pause);
        assert_eq!(spread(pause, 1.0), Duration::from_secs(45));
    }
}
