//! What a page asks while the server draws it: once, though two parts may ask the same, and
//! all of it before any part is drawn.

use super::{Asking, Question};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared, join_all},
};
use leptos::prelude::*;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All that the page has asked by now.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    questions: Vec<(Question, Shared<Asking>)>,
    awaited: Vec<Shared<BoxFuture<'static, ()>>>,
}

impl Asked {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn provide_asked() {
    provide_context(Asked::default());
}

/// The answer that somebody else waits for already, or else what `ask` gives.
pub(super) fn once(question: &Question, ask: impl FnOnce() -> Asking) -> Asking {
    let asked: Asked = expect_context();
    let mut asked = asked.lock();
    let same = asked.questions.iter().find(|(other, _)| other == question);
    if let Some((_, asking)) = same {
        return asking.clone().boxed();
    }
    let asking = ask().shared();
    asked.questions.push((question.clone(), asking.clone()));
    asking.boxed()
}

/// Notes that an answer is on its way, until which `answered` waits.
pub(super) fn note(answered: impl Future<Output = ()> + Send + 'static) {
    let answered = answered.boxed().shared();
    expect_context::<Asked>().lock().awaited.push(answered);
}

/// Waits for all that the page has asked by now.
pub(crate) async fn all_answered() {
    let awaited = expect_context::<Asked>().lock().awaited.clone();
    join_all(awaited).await;
}
