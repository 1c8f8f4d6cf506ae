//! The pages whose code a browser loads when it first needs one of them, and when that
//! is. The code itself is loaded by whoever starts the app in the browser: see
//! [`Loader`].

use crate::pages::{
    AuditLogPage, EditRotationPage, IntegrationsPage, NewRotationPage, RotationPage, SettingsPage,
    SyncHistoryPage, schedule_editor, value_in,
};
use leptos::prelude::*;
use std::{future::Future, pin::Pin};

/// A part of the code that is loaded as a whole. The pages that most people look at most
/// of the time are in the part that every page loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// A rotation's own page.
    Rotation,
    /// The editor in that page.
    ScheduleEditor,
    Integrations,
    /// Pages that are opened now and then.
    Occasional,
}

impl Chunk {
    /// As the build calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rotation => "rotation",
            Self::ScheduleEditor => "schedule_editor",
            Self::Integrations => "integrations",
            Self::Occasional => "occasional",
        }
    }

    /// What the page at this address needs, whose query may begin with its `?`. An address
    /// that leads nowhere may need something as well.
    pub fn of(path: &str, query: &str) -> &'static [Self] {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let [first, second, third] = [(); 3].map(|()| segments.next());
        match (first, second, third) {
            (Some("rotations"), Some("new"), _) | (Some("rotations"), Some(_), Some(_)) => {
                &[Self::Occasional]
            }
            (Some("rotations"), Some(_), None) if value_in(query, "edit") == "schedule" => {
                &[Self::Rotation, Self::ScheduleEditor]
            }
            (Some("rotations"), Some(_), None) => &[Self::Rotation],
            (Some("settings"), Some("integrations"), None) => &[Self::Integrations],
            (Some("settings"), ..) => &[Self::Occasional],
            _ => &[],
        }
    }
}

/// What is drawn by code outside the part that every page loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lazy {
    Rotation,
    ScheduleEditor,
    Integrations,
    Occasional(OccasionalPage),
}

/// The pages of [`Chunk::Occasional`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OccasionalPage {
    NewRotation,
    EditRotation,
    Settings,
    SyncHistory,
    AuditLog,
}

impl Lazy {
    /// Where its code is.
    pub const fn chunk(self) -> Chunk {
        match self {
            Self::Rotation => Chunk::Rotation,
            Self::ScheduleEditor => Chunk::ScheduleEditor,
            Self::Integrations => Chunk::Integrations,
            Self::Occasional(_) => Chunk::Occasional,
        }
    }
}

/// What [`Chunk::Rotation`] begins with.
pub fn rotation_view() -> AnyView {
    RotationPage().into_any()
}

/// What [`Chunk::ScheduleEditor`] begins with.
pub fn schedule_editor_view() -> AnyView {
    schedule_editor()
}

/// What [`Chunk::Integrations`] begins with.
pub fn integrations_view() -> AnyView {
    IntegrationsPage().into_any()
}

impl OccasionalPage {
    /// What [`Chunk::Occasional`] begins with.
    pub fn view(self) -> AnyView {
        match self {
            Self::NewRotation => NewRotationPage().into_any(),
            Self::EditRotation => EditRotationPage().into_any(),
            Self::Settings => SettingsPage().into_any(),
            Self::SyncHistory => SyncHistoryPage().into_any(),
            Self::AuditLog => AuditLogPage().into_any(),
        }
    }
}

/// The code could not be loaded: there is no way to the server, or it has another
/// version of it by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotLoaded;

/// Ends when a chunk is there, or could not be loaded.
pub type Loading<T> = Pin<Box<dyn Future<Output = Result<T, NotLoaded>>>>;

/// What loads chunks. Each answers at once when the chunk is there already.
#[derive(Clone, Copy)]
pub struct Loader {
    /// Loads the chunk; one that failed is tried again.
    pub load: fn(Chunk) -> Loading<()>,
    /// Loads the chunk and draws what is in it.
    pub view: fn(Lazy) -> Loading<AnyView>,
}

/// Must be called before the app is drawn in a browser.
pub fn provide_loader(loader: Loader) {
    provide_context(loader);
}

/// What was asked for, as soon as its code is there.
pub(crate) fn lazy(wanted: Lazy) -> AnyView {
    arrival::view(wanted)
}

/// Loads the code of a page to which a link leads, ahead of its being followed.
pub(crate) use arrival::load_ahead;

#[cfg(feature = "ssr")]
mod arrival {
    //! The server has all of the code.

    use super::{Lazy, integrations_view, rotation_view, schedule_editor_view};
    use leptos::{ev::Event, prelude::*};

    pub(super) fn view(wanted: Lazy) -> AnyView {
        match wanted {
            Lazy::Rotation => rotation_view(),
            Lazy::ScheduleEditor => schedule_editor_view(),
            Lazy::Integrations => integrations_view(),
            Lazy::Occasional(page) => page.view(),
        }
    }

    pub(crate) fn load_ahead(_: &Event, _: Option<super::Loader>) {}
}

#[cfg(not(feature = "ssr"))]
mod arrival {
    use super::{Chunk, Lazy, Loader, NotLoaded};
    use crate::{
        components::{Notice, Skeleton, Tone, use_title},
        pages::use_here,
    };
    use futures::future::FutureExt;
    use leptos::{ev::Event, prelude::*, task::spawn_local, wasm_bindgen::JsCast};
    use web_sys::Element;

    /// At once where the code is there, as when a page is taken over from the server.
    pub(super) fn view(wanted: Lazy) -> AnyView {
        let loader: Loader = expect_context();
        if let Some(Ok(view)) = (loader.view)(wanted).now_or_never() {
            return view;
        }
        let loaded = RwSignal::new(None);
        spawn_local(async move {
            let result = (loader.load)(wanted.chunk()).await;
            let _gone_elsewhere = loaded.try_set(Some(result));
        });
        let content = move || match loaded.get() {
            None => waiting(wanted).into_any(),
            // What is drawn reads for itself what it follows.
            Some(Ok(())) => untrack(|| (loader.view)(wanted).now_or_never())
                .and_then(Result::ok)
                .into_any(),
            Some(Err(NotLoaded)) => could_not_load(wanted).into_any(),
        };
        content.into_any()
    }

    const fn is_page(wanted: Lazy) -> bool {
        !matches!(wanted, Lazy::ScheduleEditor)
    }

    fn waiting(wanted: Lazy) -> impl IntoView {
        if is_page(wanted) {
            use_title(|| "Loading…".to_owned());
        }
        Skeleton()
    }

    fn could_not_load(wanted: Lazy) -> impl IntoView {
        const HEADING: &str = "This page could not be loaded";
        let heading = is_page(wanted).then(|| {
            use_title(|| HEADING.to_owned());
            view! { <h1>{HEADING}</h1> }
        });
        let here = use_here();
        view! {
            {heading}
            <div role="alert">
                <Notice tone=Tone::Bad>
                    <p>
                        "What belongs here could not be loaded: Round Robin could not be reached, or has a new \
                        version. Check your connection, then "
                        <a href=here rel="external">"load the page anew"</a>"."
                    </p>
                </Notice>
            </div>
        }
    }

    pub(crate) fn load_ahead(event: &Event, loader: Option<Loader>) {
        let address = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .and_then(|element| element.closest("a[href]").ok()?)
            .and_then(|link| link.get_attribute("href"));
        let (Some(loader), Some(address)) = (loader, address) else {
            return;
        };
        let (path, query) = address.split_once('?').unwrap_or((&address, ""));
        for chunk in Chunk::of(path, query) {
            spawn_local(async move {
                let _told_when_the_page_is_wanted = (loader.load)(*chunk).await;
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_needs_what_draws_its_page() {
        use Chunk::{Integrations, Occasional, Rotation, ScheduleEditor};
        let expected: [(&str, &str, &[Chunk]); 16] = [
            ("/", "", &[]),
            ("/sign-in", "return_to=%2Fsettings", &[]),
            ("/rotations", "", &[]),
            ("/rotations", "search=edit=schedule", &[]),
            ("/rotations/", "", &[]),
            ("/rotations/0191", "search=edit%3Dschedule", &[Rotation]),
            ("/rotations/new", "", &[Occasional]),
            ("/rotations/0191/edit", "", &[Occasional]),
            ("/rotations/0191", "", &[Rotation]),
            (
                "/rotations/0191",
                "schedule=P1&edit=schedule",
                &[Rotation, ScheduleEditor],
            ),
            (
                "/rotations/0191",
                "?edit=sched%75le",
                &[Rotation, ScheduleEditor],
            ),
            ("/settings", "", &[Occasional]),
            ("/settings/audit", "older_than=7", &[Occasional]),
            ("/settings/integrations", "", &[Integrations]),
            ("/settings/integrations", "link=P1", &[Integrations]),
            ("/settings/integrations/syncs", "", &[Occasional]),
        ];
        for (path, query, chunks) in expected {
            assert_eq!(Chunk::of(path, query), chunks, "{path}?{query}");
        }
    }
}
