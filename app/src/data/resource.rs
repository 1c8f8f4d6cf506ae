//! What a page loads from the server.

use super::{
    Answer, Asking, Data, Erased, Question, Reads, Shared,
    answer::{Decode, InPage, decode},
};
use crate::{AppError, live::use_live};
use leptos::{
    prelude::{Get, GetUntracked},
    server::Resource as LeptosResource,
};
use serde::{Serialize, de::DeserializeOwned};
use std::marker::PhantomData;

/// The answer to a question, which is asked again whenever it becomes another one.
pub(crate) struct Resource<T> {
    source: Source,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Resource<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Resource<T> {}

impl<T: Data + Serialize + DeserializeOwned> Resource<T> {
    pub(crate) fn new<F: Reads<T>>(question: impl Fn() -> F + Send + Sync + 'static) -> Self {
        Self::following(|| 0, question)
    }

    /// Asks nothing while there is no question.
    pub(crate) fn optional<F: Reads<T>>(
        question: impl Fn() -> Option<F> + Send + Sync + 'static,
    ) -> Self {
        Self::optional_asking(Question::ask, question)
    }

    /// The same where `ask` may know better than to ask.
    pub(crate) fn optional_asking<F: Reads<T>>(
        ask: impl Fn(Question) -> Asking + Send + Sync + 'static,
        question: impl Fn() -> Option<F> + Send + Sync + 'static,
    ) -> Self {
        Self::answered(Answers::of(
            Box::new(move || question().map(Question::new)),
            Box::new(|| 0),
            Box::new(ask),
        ))
    }

    /// Asks again also when `version` moves.
    pub(crate) fn following<F: Reads<T>>(
        version: impl Fn() -> u64 + Send + Sync + 'static,
        question: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        Self::asking(Question::ask, version, question)
    }

    /// The same where `ask` may know the answer already.
    pub(crate) fn asking<F: Reads<T>>(
        ask: impl Fn(Question) -> Asking + Send + Sync + 'static,
        version: impl Fn() -> u64 + Send + Sync + 'static,
        question: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        Self::answered(Answers::of(
            Box::new(move || Some(Question::new(question()))),
            Box::new(version),
            Box::new(ask),
        ))
    }

    fn answered(answers: Answers) -> Self {
        Self {
            source: Source {
                answers,
                decode: decode::<T>,
            },
            of: PhantomData,
        }
    }
}

impl<T> Resource<T> {
    /// The answer, once there is one.
    pub(crate) fn get(self) -> Option<Result<Shared<T>, AppError>> {
        Some(self.source.get()?.map(Shared::from))
    }

    /// Waits for the answer, unless nothing was asked.
    #[cfg(feature = "ssr")]
    pub(crate) async fn ready(self) -> Option<Result<Shared<T>, AppError>> {
        let answer = self.source.answers.0.await?;
        Some(answer.erased(self.source.decode).map(Shared::from))
    }

    /// Asks the same once more.
    pub(crate) fn ask_again(self) {
        self.source.ask_again();
    }

    pub(crate) const fn source(self) -> Source {
        self.source
    }
}

/// A resource, whatever it holds.
#[derive(Clone, Copy)]
pub(crate) struct Source {
    answers: Answers,
    decode: Decode,
}

impl Source {
    pub(crate) fn get(self) -> Option<Result<Erased, AppError>> {
        Some(self.answers.0.get()??.erased(self.decode))
    }

    pub(crate) fn get_untracked(self) -> Option<Result<Erased, AppError>> {
        Some(self.answers.0.get_untracked()??.erased(self.decode))
    }

    pub(crate) fn ask_again(self) {
        self.answers.0.refetch();
    }
}

#[derive(Clone, Copy)]
struct Answers(LeptosResource<Option<Answer>, InPage>);

impl Answers {
    fn of(
        question: Box<dyn Fn() -> Option<Question> + Send + Sync>,
        version: Box<dyn Fn() -> u64 + Send + Sync>,
        ask: Box<dyn Fn(Question) -> Asking + Send + Sync>,
    ) -> Self {
        let live = use_live();
        Self(LeptosResource::new_with_options(
            // What follows nothing may be old as well, or have failed meanwhile.
            move || (question(), version() + live.everything()),
            move |(question, _)| {
                let asking = question.map(&ask);
                async move { Some(asking?.await) }
            },
            false,
        ))
    }
}
