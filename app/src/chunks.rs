//! The pages whose code a browser loads when it first needs one of them, and when that
//! is. The code itself is loaded by whoever starts the app in the browser: see
//! [`Loader`].

use crate::pages::{
    AbsencesPage, AuditLogPage, BackgroundWorkPage, CalendarsPage, DesignPage, EditRotationPage,
    EditSchedulePage, HolidaysPage, HomePage, IntegrationsPage, NewRotationPage, NotificationsPage,
    OverridePage, ProposalPage, RotationPage, RotationSlackPage, RotationsPage, SettingsPage,
    SlackSettingsPage, SyncHistoryPage, WeekPage,
};
use leptos::prelude::*;
use std::{future::Future, pin::Pin};

/// A part of the code that is loaded as a whole. The part that every page loads has what stands
/// around a page, and the few pages that need nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// Home, the week and the list of rotations, which lead to each other: pages that are looked at
    /// together are one, since each chunk brings along what it shares with others.
    Overview,
    /// A rotation's own page.
    Rotation,
    /// What a rotation is called and who owns it.
    EditRotation,
    /// The choice of what decides who is on duty.
    EditSchedule,
    /// Who is on duty instead for a while.
    Override,
    /// What a change would bring, before it is made.
    Proposal,
    /// What Slack is told of a rotation.
    RotationSlack,
    Integrations,
    /// Which days the workspace's schedules have off.
    Holidays,
    /// What somebody chooses for themselves.
    Personal,
    /// Pages that are opened now and then.
    Occasional,
}

impl Chunk {
    /// As the build calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Rotation => "rotation",
            Self::EditRotation => "edit_rotation",
            Self::EditSchedule => "edit_schedule",
            Self::Override => "make_override",
            Self::Proposal => "proposal",
            Self::RotationSlack => "rotation_slack",
            Self::Integrations => "integrations",
            Self::Holidays => "holidays",
            Self::Personal => "personal",
            Self::Occasional => "occasional",
        }
    }

    /// What the page at this address needs besides the part that every page loads. An
    /// address that leads nowhere may need something as well.
    pub fn of(path: &str) -> Option<Self> {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let [first, second, third] = [(); 3].map(|()| segments.next());
        match (first, second, third) {
            (None, ..) | (Some("rotations"), None, _) => Some(Self::Overview),
            (Some("rotations"), Some("new"), None) => Some(Self::EditRotation),
            (Some("rotations"), Some(_), None) => Some(Self::Rotation),
            (Some("rotations"), Some(_), Some("schedule")) => Some(Self::EditSchedule),
            (Some("rotations"), Some(_), Some("override")) => Some(Self::Override),
            (Some("rotations"), Some(_), Some("change")) => Some(Self::Proposal),
            (Some("rotations"), Some(_), Some("slack")) => Some(Self::RotationSlack),
            (Some("rotations"), Some(_), Some(_)) => Some(Self::EditRotation),
            (Some("settings"), Some("integrations"), None) => Some(Self::Integrations),
            (Some("settings"), Some("holidays"), None) => Some(Self::Holidays),
            (Some("settings"), Some("notifications" | "absences" | "calendars"), None) => {
                Some(Self::Personal)
            }
            (Some("settings"), ..) => Some(Self::Occasional),
            (Some("week"), None, None) => Some(Self::Overview),
            _ => None,
        }
    }
}

/// The pages whose code is outside the part that every page loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LazyPage {
    Overview(OverviewPage),
    Rotation,
    EditRotation(RotationFormPage),
    EditSchedule,
    Override,
    Proposal,
    RotationSlack,
    Integrations,
    Holidays,
    Personal(PersonalPage),
    Occasional(OccasionalPage),
}

/// The pages of [`Chunk::Overview`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverviewPage {
    Home,
    Rotations,
    Week,
}

/// The pages of [`Chunk::EditRotation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationFormPage {
    New,
    Existing,
}

/// The pages of [`Chunk::Personal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalPage {
    Notifications,
    Absences,
    Calendars,
}

/// The pages of [`Chunk::Occasional`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OccasionalPage {
    Settings,
    SyncHistory,
    AuditLog,
    BackgroundWork,
    SlackSettings,
    /// Nothing is there in a release.
    Design,
}

impl LazyPage {
    /// Where its code is.
    pub const fn chunk(self) -> Chunk {
        match self {
            Self::Overview(_) => Chunk::Overview,
            Self::Rotation => Chunk::Rotation,
            Self::EditRotation(_) => Chunk::EditRotation,
            Self::EditSchedule => Chunk::EditSchedule,
            Self::Override => Chunk::Override,
            Self::Proposal => Chunk::Proposal,
            Self::RotationSlack => Chunk::RotationSlack,
            Self::Integrations => Chunk::Integrations,
            Self::Holidays => Chunk::Holidays,
            Self::Personal(_) => Chunk::Personal,
            Self::Occasional(_) => Chunk::Occasional,
        }
    }
}

impl OverviewPage {
    /// What [`Chunk::Overview`] begins with.
    pub fn view(self) -> AnyView {
        match self {
            Self::Home => HomePage().into_any(),
            Self::Rotations => RotationsPage().into_any(),
            Self::Week => WeekPage().into_any(),
        }
    }
}

/// What [`Chunk::Rotation`] begins with.
pub fn rotation_view() -> AnyView {
    RotationPage().into_any()
}

impl RotationFormPage {
    /// What [`Chunk::EditRotation`] begins with.
    pub fn view(self) -> AnyView {
        match self {
            Self::New => NewRotationPage().into_any(),
            Self::Existing => EditRotationPage().into_any(),
        }
    }
}

/// What [`Chunk::EditSchedule`] begins with.
pub fn edit_schedule_view() -> AnyView {
    EditSchedulePage().into_any()
}

/// What [`Chunk::Override`] begins with.
pub fn override_view() -> AnyView {
    OverridePage().into_any()
}

/// What [`Chunk::Proposal`] begins with.
pub fn proposal_view() -> AnyView {
    ProposalPage().into_any()
}

/// What [`Chunk::RotationSlack`] begins with.
pub fn rotation_slack_view() -> AnyView {
    RotationSlackPage().into_any()
}

/// What [`Chunk::Integrations`] begins with.
pub fn integrations_view() -> AnyView {
    IntegrationsPage().into_any()
}

/// What [`Chunk::Holidays`] begins with.
pub fn holidays_view() -> AnyView {
    HolidaysPage().into_any()
}

impl PersonalPage {
    /// What [`Chunk::Personal`] begins with.
    pub fn view(self) -> AnyView {
        match self {
            Self::Notifications => NotificationsPage().into_any(),
            Self::Absences => AbsencesPage().into_any(),
            Self::Calendars => CalendarsPage().into_any(),
        }
    }
}

impl OccasionalPage {
    /// What [`Chunk::Occasional`] begins with.
    pub fn view(self) -> AnyView {
        match self {
            Self::Settings => SettingsPage().into_any(),
            Self::SyncHistory => SyncHistoryPage().into_any(),
            Self::AuditLog => AuditLogPage().into_any(),
            Self::BackgroundWork => BackgroundWorkPage().into_any(),
            Self::SlackSettings => SlackSettingsPage().into_any(),
            Self::Design => DesignPage().into_any(),
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
    /// Loads the page's chunk and draws the page.
    pub view: fn(LazyPage) -> Loading<AnyView>,
}

/// Must be called before the app is drawn in a browser.
pub fn provide_loader(loader: Loader) {
    provide_context(loader);
}

/// The page, as soon as its code is there.
pub(crate) fn lazy(page: LazyPage) -> AnyView {
    arrival::view(page)
}

/// Loads the code of a page to which a link or a form leads, ahead of its being followed.
pub(crate) use arrival::load_ahead;

#[cfg(feature = "ssr")]
mod arrival {
    //! The server has all of the code.

    use super::{
        LazyPage, edit_schedule_view, holidays_view, integrations_view, override_view,
        proposal_view, rotation_slack_view, rotation_view,
    };
    use leptos::{ev::Event, prelude::*};

    pub(super) fn view(page: LazyPage) -> AnyView {
        match page {
            LazyPage::Overview(page) => page.view(),
            LazyPage::Rotation => rotation_view(),
            LazyPage::EditRotation(page) => page.view(),
            LazyPage::EditSchedule => edit_schedule_view(),
            LazyPage::Override => override_view(),
            LazyPage::Proposal => proposal_view(),
            LazyPage::RotationSlack => rotation_slack_view(),
            LazyPage::Integrations => integrations_view(),
            LazyPage::Holidays => holidays_view(),
            LazyPage::Personal(page) => page.view(),
            LazyPage::Occasional(page) => page.view(),
        }
    }

    pub(crate) fn load_ahead(_: &Event, _: Option<super::Loader>) {}
}

#[cfg(not(feature = "ssr"))]
mod arrival {
    use super::{Chunk, LazyPage, Loader, NotLoaded};
    use crate::{
        components::{Notice, Skeleton, Tone, use_title},
        data::effect,
        live::{Contact, ask_contact, use_live},
        pages::use_here,
        view,
    };
    use futures::future::FutureExt;
    use leptos::{ev::Event, prelude::*, task::spawn_local, wasm_bindgen::JsCast};
    use std::time::Duration;
    use web_sys::Element;

    /// How long code is waited for before something is said. It is taken when it comes.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// At once where the code is there, as when a page is taken over from the server.
    pub(super) fn view(page: LazyPage) -> AnyView {
        let loader: Loader = expect_context();
        if let Some(Ok(view)) = (loader.view)(page).now_or_never() {
            return view;
        }
        let loaded = RwSignal::new(None);
        let live = use_live();
        effect(move || {
            live.everything();
            if !matches!(loaded.get_untracked(), Some(Ok(()))) {
                spawn_local(arrive(loader, page.chunk(), loaded));
                set_timeout(move || lose_patience(loaded), PATIENCE);
            }
        });
        let content = move || match loaded.get() {
            None => waiting().into_any(),
            // What is drawn reads for itself what it follows.
            Some(Ok(())) => untrack(|| (loader.view)(page).now_or_never())
                .and_then(Result::ok)
                .into_any(),
            Some(Err(NotLoaded)) => could_not_load().into_any(),
        };
        content.into_any()
    }

    /// What came of loading, once something did.
    type Loaded = RwSignal<Option<Result<(), NotLoaded>>>;

    /// Code that neither comes nor fails may be on its way for ever.
    fn lose_patience(loaded: Loaded) {
        if loaded.try_get_untracked() == Some(None) {
            loaded.set(Some(Err(NotLoaded)));
        }
    }

    async fn arrive(loader: Loader, chunk: Chunk, loaded: Loaded) {
        let result = (loader.load)(chunk).await;
        // A server that answers has another version of the code, and sends a page that
        // knows its own. Whoever has gone elsewhere meanwhile stays there.
        let replaced = result.is_err()
            && ask_contact().await != Contact::Lost
            && !loaded.is_disposed()
            && window().location().reload().is_ok();
        if !replaced {
            let _gone_elsewhere = loaded.try_set(Some(result));
        }
    }

    fn waiting() -> impl IntoView {
        use_title(|| "Loading…".to_owned());
        Skeleton()
    }

    fn could_not_load() -> impl IntoView {
        const HEADING: &str = "This page could not be loaded";
        use_title(|| HEADING.to_owned());
        let here = use_here();
        view! {
            <h1>{HEADING}</h1>
            <div role="alert">
                <Notice tone=Tone::Bad>
                    <p>
                        "What belongs here could not be loaded: Round Robin did not answer. Check your connection, \
                        then "
                        <a href=here rel="external">"load the page anew"</a>"."
                    </p>
                </Notice>
            </div>
        }
    }

    /// The address of a link or of a form by GET, or of the one that a button sends.
    fn leads_to(link: &Element) -> Option<String> {
        if let Some(form) = link.get_attribute("form") {
            let form = document().get_element_by_id(&form)?;
            let leads = form
                .get_attribute("method")
                .is_some_and(|method| method == "get");
            return form.get_attribute("action").filter(|_| leads);
        }
        link.get_attribute("href").or(link.get_attribute("action"))
    }

    pub(crate) fn load_ahead(event: &Event, loader: Option<Loader>) {
        let address = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .and_then(|element| {
                element
                    .closest("a[href], form[method=get], button[form]")
                    .ok()?
            })
            .and_then(|link| leads_to(&link));
        let (Some(loader), Some(address)) = (loader, address) else {
            return;
        };
        let path = address.split('?').next().unwrap_or_default();
        if let Some(chunk) = Chunk::of(path) {
            spawn_local(async move {
                let _told_when_the_page_is_wanted = (loader.load)(chunk).await;
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_needs_what_draws_its_page() {
        use Chunk::{
            EditRotation, EditSchedule, Holidays, Integrations, Occasional, Override, Overview,
            Proposal, Rotation, RotationSlack,
        };
        let expected = [
            ("/", Some(Overview)),
            ("", Some(Overview)),
            ("/sign-in", None),
            ("/rotations", Some(Overview)),
            ("/rotations/", Some(Overview)),
            ("/rotations/new", Some(EditRotation)),
            ("/rotations/new/edit", Some(EditRotation)),
            ("/rotations/new/schedule", Some(EditSchedule)),
            ("/rotations/0191", Some(Rotation)),
            ("/rotations/0191/", Some(Rotation)),
            ("/rotations/0191/edit", Some(EditRotation)),
            ("/rotations/0191/schedule", Some(EditSchedule)),
            ("/rotations/0191/override", Some(Override)),
            ("/rotations/0191/change", Some(Proposal)),
            ("/rotations/0191/slack", Some(RotationSlack)),
            ("/week", Some(Overview)),
            ("/week/1", None),
            ("/settings", Some(Occasional)),
            ("/settings/audit", Some(Occasional)),
            ("/settings/background", Some(Occasional)),
            ("/settings/holidays", Some(Holidays)),
            ("/settings/integrations", Some(Integrations)),
            ("/settings/integrations/syncs", Some(Occasional)),
        ];
        for (path, chunk) in expected {
            assert_eq!(Chunk::of(path), chunk, "{path}");
        }
    }
}
