//! A value whose type only those know who made it.

use std::{any::Any, marker::PhantomData, ops::Deref, sync::Arc};

/// What can be held without its type.
pub(crate) trait Data: Any + Send + Sync {
    fn same(&self, other: &dyn Data) -> bool;
}

impl<T: PartialEq + Send + Sync + 'static> Data for T {
    fn same(&self, other: &dyn Data) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref() == Some(self)
    }
}

#[derive(Clone)]
pub(crate) struct Erased(Arc<dyn Data>);

impl Erased {
    pub(crate) fn new(value: impl Data) -> Self {
        Self(Arc::new(value))
    }

    /// The value, which must have been made as a `T`.
    pub(super) fn get<T: Data>(&self) -> &T {
        let value: &dyn Any = &*self.0;
        value
            .downcast_ref()
            .expect("a value has the type it was made with")
    }
}

impl PartialEq for Erased {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.same(&*other.0)
    }
}

/// A value of the type `T` that is held without it.
pub(crate) struct Shared<T> {
    value: Erased,
    of: PhantomData<fn() -> T>,
}

impl<T> From<Erased> for Shared<T> {
    fn from(value: Erased) -> Self {
        Self {
            value,
            of: PhantomData,
        }
    }
}

impl<T: Data> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.get()
    }
}
