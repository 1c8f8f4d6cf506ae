//! What a page loads from the server.

#[cfg(feature = "ssr")]
use super::asked;
use super::{
    Answer, Asking, Data, Erased, Question, Reads, Shared,
    answer::{Decode, InPage, decode},
};
use crate::{
    AppError,
    live::{Live, use_live},
};
use leptos::{
    prelude::{Get, GetUntracked, on_cleanup},
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
        Self::answered(Answers::of(
            Box::new(move || Some(Question::new(question()))),
            None,
            Box::new(Question::ask),
            decode::<T>,
        ))
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
            None,
            Box::new(ask),
            decode::<T>,
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
            Some(Box::new(version)),
            Box::new(ask),
            decode::<T>,
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
    /// What follows a `version` is what the page is about: where it cannot be read anew, the
    /// page may be wrong.
    fn of(
        question: Box<dyn Fn() -> Option<Question> + Send + Sync>,
        version: Option<Box<dyn Fn() -> u64 + Send + Sync>>,
        ask: Box<dyn Fn(Question) -> Asking + Send + Sync>,
        decode: Decode,
    ) -> Self {
        let live = use_live();
        let reading = version.is_some().then(|| Reading::new(live));
        let version = move || version.as_ref().map_or(0, |version| version());
        let answers = Self(LeptosResource::new_with_options(
            // What follows nothing may be old as well, or have failed meanwhile.
            move || (question(), version() + live.everything()),
            move |(question, _)| {
                let asking = question.map(&ask);
                async move {
                    let answer = asking?.await;
                    if let Some(reading) = reading {
                        reading.ended(answer.erased(decode).err());
                    }
                    Some(answer)
                }
            },
            false,
        ));
        #[cfg(feature = "ssr")]
        asked::note(async move {
            let _noted = answers.0.await;
        });
        answers
    }
}

/// The readings of one resource, as [`Live`] knows them.
#[derive(Clone, Copy)]
struct Reading {
    live: Live,
    number: usize,
}

impl Reading {
    fn new(live: Live) -> Self {
        let number = Live::new_number();
        on_cleanup(move || live.note_reading(number, false));
        Self { live, number }
    }

    /// Notes what it came to, in browsers: what a server reads for its page is told in it.
    fn ended(self, failure: Option<AppError>) {
        let may_pass = matches!(failure, Some(AppError::Offline | AppError::Internal { .. }));
        self.live
            .note_reading(self.number, cfg!(feature = "hydrate") && may_pass);
    }
}
