//! What is worked out of what the pages show, and kept while it stays the same.

use super::{Data, Erased};
use leptos::prelude::{Get, GetUntracked, Memo, Track};
use std::marker::PhantomData;

pub(crate) struct DataMemo<T> {
    memo: Memo<Erased>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for DataMemo<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for DataMemo<T> {}

impl<T> From<Memo<Erased>> for DataMemo<T> {
    fn from(memo: Memo<Erased>) -> Self {
        Self {
            memo,
            of: PhantomData,
        }
    }
}

impl<T: Data> DataMemo<T> {
    pub(crate) fn new(value: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self::from(erased(Box::new(move |_| Erased::new(value()))))
    }

    /// Works the value out of what it was before.
    pub(crate) fn following(value: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Self {
        Self::from(erased(Box::new(move |previous| {
            Erased::new(value(previous.map(Erased::get)))
        })))
    }

    pub(crate) fn with<U>(self, read: impl FnOnce(&T) -> U) -> U {
        read(self.memo.get().get())
    }

    pub(crate) fn with_untracked<U>(self, read: impl FnOnce(&T) -> U) -> U {
        read(self.memo.get_untracked().get())
    }

    pub(crate) fn track(self) {
        self.memo.track();
    }
}

impl<T: Data + Clone> DataMemo<T> {
    pub(crate) fn get(self) -> T {
        self.with(T::clone)
    }

    pub(crate) fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }
}

/// Works a value out, maybe of what it was before.
type Value = Box<dyn Fn(Option<&Erased>) -> Erased + Send + Sync>;

/// The one memo behind all.
pub(crate) fn erased(value: Value) -> Memo<Erased> {
    Memo::new(value)
}
