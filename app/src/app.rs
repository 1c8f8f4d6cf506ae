//! The routes. Every route is rendered whole on the server, so
//! pages work without JavaScript and carry true status codes.

#[cfg(feature = "ssr")]
use crate::data::provide_asked;
use crate::{
    chunks::{LazyPage, OccasionalPage, OverviewPage, PersonalPage, RotationFormPage, lazy},
    components::{Frame, provide_clock, provide_session, provide_toasts},
    forms::provide_flash,
    live::provide_live,
    pages::{NotFoundPage, ROTATIONS, SignInPage},
    place::provide_place,
    prefetch::provide_prefetch,
    view,
};
use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

/// The id of the element in which the app is. What others put beside it in the document,
/// as extensions do, is not in its way.
pub const CONTAINER: &str = "app";

#[component]
pub fn App() -> impl IntoView {
    #[cfg(feature = "ssr")]
    provide_asked();
    provide_flash();
    let signed_in = provide_session();
    provide_clock();
    provide_toasts();
    provide_live(signed_in);
    provide_prefetch();
    provide_place(ROTATIONS);
    view! {
        <Router>
            <Frame>
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=|| lazy(LazyPage::Overview(OverviewPage::Home)) ssr=SsrMode::Async/>
                    <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                    <Route path=path!("/week") view=|| lazy(LazyPage::Overview(OverviewPage::Week)) ssr=SsrMode::Async/>
                    <Route path=path!("/rotations") view=|| lazy(LazyPage::Overview(OverviewPage::Rotations)) ssr=SsrMode::Async/>
                    <Route path=path!("/rotations/new") view=|| lazy(LazyPage::EditRotation(RotationFormPage::New)) ssr=SsrMode::Async/>
                    <Route path=path!("/rotations/:id") view=|| lazy(LazyPage::Rotation) ssr=SsrMode::Async/>
                    <Route path=path!("/rotations/:id/edit") view=|| lazy(LazyPage::EditRotation(RotationFormPage::Existing)) ssr=SsrMode::Async/>
                    <Route path=path!("/rotations/:id/schedule") view=|| lazy(LazyPage::EditSchedule) ssr=SsrMode::Async/>
                    <Route path=path!("/rotations/:id/override") view=|| lazy(LazyPage::Override) ssr=SsrMode::Async/>
                    <Route path=path!("/rotations/:id/change") view=|| lazy(LazyPage::Proposal) ssr=SsrMode::Async/>
                    <Route path=path!("/rotations/:id/slack") view=|| lazy(LazyPage::RotationSlack) ssr=SsrMode::Async/>
                    <Route path=path!("/settings") view=|| lazy(LazyPage::Occasional(OccasionalPage::Settings)) ssr=SsrMode::Async/>
                    <Route path=path!("/settings/integrations") view=|| lazy(LazyPage::Integrations) ssr=SsrMode::Async/>
                    <Route path=path!("/settings/integrations/syncs") view=|| lazy(LazyPage::Occasional(OccasionalPage::SyncHistory)) ssr=SsrMode::Async/>
                    <Route path=path!("/settings/design") view=|| lazy(LazyPage::Occasional(OccasionalPage::Design)) ssr=SsrMode::Async/>
                    <Route path=path!("/settings/background") view=|| lazy(LazyPage::Occasional(OccasionalPage::BackgroundWork)) ssr=SsrMode::Async/>
                    <Route path=path!("/settings/calendars") view=|| lazy(LazyPage::Personal(PersonalPage::Calendars)) ssr=SsrMode::Async/>
                    <Route path=path!("/settings/slack") view=|| lazy(LazyPage::Occasional(OccasionalPage::SlackSettings)) ssr=SsrMode::Async/>
                    <Route path=path!("/settings/notifications") view=|| lazy(LazyPage::Personal(PersonalPage::Notifications)) ssr=SsrMode::Async/>
                    <Route path=path!("/settings/absences") view=|| lazy(LazyPage::Personal(PersonalPage::Absences)) ssr=SsrMode::Async/>
                    <Route path=path!("/settings/holidays") view=|| lazy(LazyPage::Holidays) ssr=SsrMode::Async/>
                    <Route path=path!("/settings/audit") view=|| lazy(LazyPage::Occasional(OccasionalPage::AuditLog)) ssr=SsrMode::Async/>
                </Routes>
            </Frame>
        </Router>
    }
}
