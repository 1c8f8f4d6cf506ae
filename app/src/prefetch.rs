//! The rotation that somebody points at is loaded before they click, so that its page
//! is there at once. It is used once, only while it is fresh, and not when anything
//! has changed since.

use crate::{
    components::{Clock, use_clock},
    data::{Asking, Question},
    live::{Live, use_live},
    pages::ROTATIONS,
    server_fns::Rotation,
};
use futures::future::{FutureExt, Shared};
use leptos::{ev::PointerEvent, prelude::*, task::spawn_local, wasm_bindgen::JsCast};
use types::{RotationId, Timestamp};
use web_sys::Element;

/// How long what was loaded ahead counts.
const FRESH_SECONDS: i64 = 10;

#[derive(Clone, Copy)]
pub(crate) struct Prefetch {
    ahead: StoredValue<Option<Ahead>>,
    live: Live,
    clock: Clock,
}

/// What was asked for ahead, whether or not it has arrived.
#[derive(Clone)]
struct Ahead {
    id: RotationId,
    question: Question,
    /// What the page had heard of by then.
    heard: u64,
    asked_at: Timestamp,
    page: Shared<Asking>,
}

pub(crate) fn provide_prefetch() {
    provide_context(Prefetch {
        ahead: StoredValue::new(None),
        live: use_live(),
        clock: use_clock(),
    });
}

pub(crate) fn use_prefetch() -> Prefetch {
    expect_context()
}

impl Prefetch {
    /// Asks for the rotation, unless that was just done.
    fn point_at(self, id: RotationId) {
        let zone = untrack(|| self.clock.zone_name());
        let question = Question::new(Rotation::now(id.clone(), zone));
        if self.fresh(&question).is_some() {
            return;
        }
        let page = question.clone().ask().shared();
        self.ahead.set_value(Some(Ahead {
            heard: self.heard(&id),
            asked_at: self.now(),
            page: page.clone(),
            question,
            id,
        }));
        spawn_local(async move {
            let _whoever_takes_it_reads_it = page.await;
        });
    }

    /// Asks for the rotation to whose page the link leads that the pointer is on.
    pub(crate) fn follow(self, event: &PointerEvent) {
        let id = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .filter(|element| element.tag_name() == "A")
            .and_then(|link| link.get_attribute("href"))
            .and_then(|path| {
                let id = path.strip_prefix(ROTATIONS)?.strip_prefix('/')?;
                (!id.contains('/')).then(|| RotationId::new(id))
            });
        if let Some(id) = id {
            self.point_at(id);
        }
    }

    /// The answer, from what was asked ahead if that still counts.
    pub(crate) fn ask(self, question: Question) -> Asking {
        match self.fresh(&question) {
            Some(ahead) => {
                self.ahead.set_value(None);
                Box::pin(async move {
                    match ahead.page.await {
                        answer if answer.is_failure() => question.ask().await,
                        answer => answer,
                    }
                })
            }
            None => question.ask(),
        }
    }

    fn fresh(self, question: &Question) -> Option<Ahead> {
        let ahead = self
            .ahead
            .get_value()
            .filter(|ahead| ahead.question == *question)?;
        let age = self.now().seconds_since(ahead.asked_at);
        (age < FRESH_SECONDS && ahead.heard == self.heard(&ahead.id)).then_some(ahead)
    }

    fn heard(self, id: &RotationId) -> u64 {
        untrack(|| self.live.connection() + self.live.rotation(id))
    }

    fn now(self) -> Timestamp {
        self.clock.tick();
        untrack(|| self.clock.now())
    }
}
