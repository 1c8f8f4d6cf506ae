//! The document and its routes. Every route is rendered whole on the server, so
//! pages work without JavaScript and carry true status codes.

use crate::{
    components::{Frame, provide_clock, provide_session, provide_toasts},
    forms::provide_flash,
    live::provide_live,
    pages::{
        AuditLogPage, DesignPage, EditRotationPage, IntegrationsPage, NewRotationPage,
        NotFoundPage, RotationPage, RotationsPage, SettingsPage, SignInPage, SyncHistoryPage,
    },
    prefetch::provide_prefetch,
};
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Redirect, Route, Router, Routes},
    path,
};
use types::Theme;

/// A drawing inside the page: there is no file to ask for.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E\
    %3Crect width='24' height='24' rx='6' fill='%230f766e'/%3E\
    %3Cpath d='M7 12a5 5 0 0 1 8.5-3.5L17 10M17 12a5 5 0 0 1-8.5 3.5L7 14' fill='none' stroke='white' \
    stroke-width='2' stroke-linecap='round'/%3E%3C/svg%3E";

/// The HTML document around the app.
pub fn shell(options: LeptosOptions, theme: Theme) -> impl IntoView {
    let stylesheet = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.code()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href=ICON/>
                <link rel="stylesheet" href=stylesheet/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body><App/></body>
        </html>
    }
}

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_flash();
    let signed_in = provide_session();
    provide_clock();
    provide_toasts();
    provide_live(signed_in);
    provide_prefetch();
    view! {
        <Title formatter=|page: String| {
            if page.is_empty() { "Round Robin".to_owned() } else { format!("{page} · Round Robin") }
        }/>
        <Router>
            <Frame>
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=Start ssr=SsrMode::Async/>
                    <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                    <Route path=path!("/rotations") view=RotationsPage ssr=SsrMode::Async/>
                    <Route path=path!("/rotations/new") view=NewRotationPage ssr=SsrMode::Async/>
                    <Route path=path!("/rotations/:id") view=RotationPage ssr=SsrMode::Async/>
                    <Route path=path!("/rotations/:id/edit") view=EditRotationPage ssr=SsrMode::Async/>
                    <Route path=path!("/settings") view=SettingsPage ssr=SsrMode::Async/>
                    <Route path=path!("/settings/integrations") view=IntegrationsPage ssr=SsrMode::Async/>
                    <Route path=path!("/settings/integrations/syncs") view=SyncHistoryPage ssr=SsrMode::Async/>
                    <Route path=path!("/settings/design") view=DesignPage ssr=SsrMode::Async/>
                    <Route path=path!("/settings/audit") view=AuditLogPage ssr=SsrMode::Async/>
                </Routes>
            </Frame>
        </Router>
    }
}

#[component]
fn Start() -> impl IntoView {
    view! { <Redirect path="/rotations"/> }
}
