//! Content that comes from the server, in all its states: loading, there,
//! failed. Once there it stays while a newer version loads, and only the parts
//! that changed are drawn again, so open dialogs and typed text survive.

use super::{
    FailureNotice, FailureText, Notice, Skeleton, Tone, answered::once_answered, use_clock,
    use_title,
};
use crate::{
    AppError,
    data::{Data, DataMemo, Erased, Resource, Shared, Source, effect, erased},
    forms::Failure,
    view,
};
use leptos::{
    either::{Either, EitherOf3},
    prelude::*,
};
use std::sync::Arc;

#[derive(Clone, PartialEq)]
enum Stage {
    Loading,
    Ready,
    Broken(AppError),
}

/// Draws `body` as soon as `data` is there. Inside, resources and further
/// suspended parts must not be made: the server may draw it more than once, and
/// their numbers would not match those in the browser.
pub(crate) fn loaded<T, V>(
    data: Resource<T>,
    body: impl Fn(DataMemo<T>) -> V + Send + Sync + 'static,
) -> impl IntoView
where
    V: IntoView + 'static,
{
    in_all_states(data.source(), drawn(body), false)
}

/// The same for a page whose name comes with `data`: what stands in its place has
/// a name of its own.
pub(crate) fn loaded_page<T, V>(
    data: Resource<T>,
    body: impl Fn(DataMemo<T>) -> V + Send + Sync + 'static,
) -> impl IntoView
where
    V: IntoView + 'static,
{
    in_all_states(data.source(), drawn(body), true)
}

/// Data for a part of a page that may come later than the rest. Whatever is read inside
/// of [`loaded`] keeps the whole from being shown; this does so only in a page that the
/// server sends, where nothing can follow. To be made outside of [`loaded`].
pub(crate) struct Later<T> {
    data: Resource<T>,
    /// Read out here, where nothing waits for it.
    apart: Option<RwSignal<Option<Result<Erased, AppError>>>>,
}

impl<T> Clone for Later<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Later<T> {}

impl<T: 'static> Later<T> {
    pub(crate) fn new(data: Resource<T>) -> Self {
        let source = data.source();
        let apart = untrack(|| use_clock().in_browser()).then(|| {
            let apart = RwSignal::new(None);
            effect(move || apart.set(source.get()));
            apart
        });
        Self { data, apart }
    }

    pub(crate) fn get(self) -> Option<Result<Shared<T>, AppError>> {
        match self.apart {
            Some(apart) => Some(apart.get()?.map(Shared::from)),
            None => self.data.get(),
        }
    }

    /// Asks the same once more.
    pub(crate) fn ask_again(self) {
        self.data.ask_again();
    }
}

type Body = Arc<dyn Fn(Memo<Erased>) -> AnyView + Send + Sync>;

fn drawn<T, V>(body: impl Fn(DataMemo<T>) -> V + Send + Sync + 'static) -> Body
where
    V: IntoView + 'static,
{
    Arc::new(move |value| body(value.into()).into_any())
}

fn in_all_states(data: Source, body: Body, names_page: bool) -> impl IntoView {
    let content = move || {
        let stage = DataMemo::following(move |previous| stage(data.get(), previous));
        // A resource is tracked even by its untracked getter, where
        // something waits for it. Where data arrives on another thread
        // while the stage is worked out, as on the server, the stage can
        // miss it and say for ever that it is loading: what is there counts.
        let content = move || match (stage.get(), untrack(|| data.get_untracked())) {
            (Stage::Ready | Stage::Loading, Some(Ok(first))) => {
                EitherOf3::A(body(newest(first, move || data.get()?.ok())))
            }
            (Stage::Broken(error), _) | (Stage::Loading, Some(Err(error))) => {
                EitherOf3::B(view! { <Broken error names_page data/> })
            }
            _ => EitherOf3::C(Skeleton()),
        };
        view! {
            <FailureNotice failure=Signal::derive(move || stale(data.get()))/>
            {content}
        }
        .into_any()
    };
    once_answered(|| Skeleton().into_any(), content)
}

/// The newest value of `source`; the last one while it has none.
pub(crate) fn latest<T: Data>(
    first: T,
    source: impl Fn() -> Option<T> + Send + Sync + 'static,
) -> DataMemo<T> {
    newest(Erased::new(first), move || source().map(Erased::new)).into()
}

fn newest(
    first: Erased,
    source: impl Fn() -> Option<Erased> + Send + Sync + 'static,
) -> Memo<Erased> {
    erased(Box::new(move |previous| {
        source().unwrap_or_else(|| previous.unwrap_or(&first).clone())
    }))
}

fn stage<T>(data: Option<Result<T, AppError>>, previous: Option<&Stage>) -> Stage {
    match (data, previous) {
        (None, _) => Stage::Loading,
        (Some(Ok(_)), _) => Stage::Ready,
        (Some(Err(error)), Some(Stage::Ready)) if passes(&error) => Stage::Ready,
        (Some(Err(error)), _) => Stage::Broken(error),
    }
}

/// Whether what was shown before is still worth showing.
const fn passes(error: &AppError) -> bool {
    matches!(
        error,
        AppError::Unauthenticated | AppError::Offline | AppError::Internal { .. }
    )
}

/// Why the content on the page could not be brought up to date.
fn stale<T>(data: Option<Result<T, AppError>>) -> Option<Failure> {
    match data {
        Some(Err(error)) if passes(&error) => Some(Failure::Failed(error)),
        _ => None,
    }
}

#[component]
fn Broken(error: AppError, names_page: bool, data: Source) -> impl IntoView {
    let name = names_page.then(|| {
        let name = match &error {
            AppError::NotFound => "Page not found",
            AppError::Forbidden(_) => "Not allowed",
            _ => "This page could not be loaded",
        };
        use_title(|| name.to_owned());
        view! { <h1>{name}</h1> }
    });
    let clock = use_clock();
    let reason = if passes(&error) {
        // The reason is already told above the content.
        Either::Left(view! {
            <p>
                <button
                    type="button" class="button"
                    hidden=move || !clock.in_browser()
                    on:click=move |_| data.ask_again()
                >
                    "Try again"
                </button>
            </p>
        })
    } else {
        Either::Right(view! {
            <Notice tone=Tone::Bad>
                <p><FailureText failure=Failure::Failed(error)/></p>
                <p><a href="/">"Go to the start page"</a></p>
            </Notice>
        })
    };
    view! { {name}{reason} }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_stays_while_the_server_cannot_be_reached() {
        let broken = Some(Err::<(), _>(AppError::Offline));
        assert!(stage(broken, Some(&Stage::Ready)) == Stage::Ready);
    }

    #[test]
    fn content_goes_when_it_was_deleted() {
        let gone = Some(Err::<(), _>(AppError::NotFound));
        assert!(stage(gone, Some(&Stage::Ready)) == Stage::Broken(AppError::NotFound));
    }
}
