//! The entry point in the browser: takes over the page that the server sent, and loads
//! the code of other pages when they are wanted.

// The views of the pages are deeply nested types.
#![recursion_limit = "512"]

use app::{
    App, CONTAINER,
    chunks::{
        Chunk, LazyPage, Loader, Loading, NotLoaded, OccasionalPage, OverviewPage, PersonalPage,
        RotationFormPage, edit_schedule_view, holidays_view, integrations_view, override_view,
        proposal_view, provide_loader, rotation_slack_view, rotation_view,
    },
    pause_after,
};
use leptos::{prelude::*, wasm_bindgen::JsCast as _, web_sys::Event};
use wasm_bindgen_futures::spawn_local;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

/// Called by the page once this module is there.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    let path = window().location().pathname().unwrap_or_default();
    match Chunk::of(&path) {
        None => take_over(),
        Some(chunk) => take_over_with(chunk, 0),
    }
}

/// Takes the page over once its chunk is there. Until then it works as it does without
/// JavaScript, but does not follow what happens elsewhere.
fn take_over_with(chunk: Chunk, failures: u32) {
    spawn_local(async move {
        if load(chunk).await.is_ok() {
            take_over();
        } else {
            tell("takeover-missing");
            let again = move || take_over_with(chunk, failures.saturating_add(1));
            set_timeout(again, pause_after(failures));
        }
    });
}

fn take_over() {
    let Some(container) = document()
        .get_element_by_id(CONTAINER)
        .and_then(|element| element.dyn_into().ok())
    else {
        return tell("takeover-missing");
    };
    let app = leptos::mount::hydrate_from(container, || {
        provide_loader(Loader { load, view });
        App()
    });
    app.forget();
    tell("takeover");
}

/// Tells the script in the page that watches how taking it over goes.
fn tell(event: &str) {
    if let Ok(event) = Event::new(event) {
        let _nobody_may_cancel_it = window().dispatch_event(&event);
    }
}

fn load(chunk: Chunk) -> Loading<()> {
    Box::pin(async move {
        let loaded = match chunk {
            Chunk::Overview => load_overview().await,
            Chunk::Rotation => load_rotation().await,
            Chunk::EditRotation => load_edit_rotation().await,
            Chunk::EditSchedule => load_edit_schedule().await,
            Chunk::Override => load_make_override().await,
            Chunk::Proposal => load_proposal().await,
            Chunk::RotationSlack => load_rotation_slack().await,
            Chunk::Integrations => load_integrations().await,
            Chunk::Holidays => load_holidays().await,
            Chunk::Personal => load_personal().await,
            Chunk::Occasional => load_occasional().await,
        };
        loaded.map_err(|_| NotLoaded)
    })
}

fn view(page: LazyPage) -> Loading<AnyView> {
    Box::pin(async move {
        let drawn = match page {
            LazyPage::Overview(page) => overview(page).await,
            LazyPage::Rotation => rotation().await,
            LazyPage::EditRotation(page) => edit_rotation(page).await,
            LazyPage::EditSchedule => edit_schedule().await,
            LazyPage::Override => make_override().await,
            LazyPage::Proposal => proposal().await,
            LazyPage::RotationSlack => rotation_slack().await,
            LazyPage::Integrations => integrations().await,
            LazyPage::Holidays => holidays().await,
            LazyPage::Personal(page) => personal(page).await,
            LazyPage::Occasional(page) => occasional(page).await,
        };
        drawn.map_err(|_| NotLoaded)
    })
}

// The build cuts the module at these functions, each of which begins the chunk that it
// names. What calls them waits for the chunk.

#[wasm_split(overview, fallible, preload(load_overview))]
fn overview(page: OverviewPage) -> Result<AnyView, SplitLoaderError> {
    Ok(page.view())
}

#[wasm_split(rotation, fallible, preload(load_rotation))]
fn rotation() -> Result<AnyView, SplitLoaderError> {
    Ok(rotation_view())
}

#[wasm_split(edit_rotation, fallible, preload(load_edit_rotation))]
fn edit_rotation(page: RotationFormPage) -> Result<AnyView, SplitLoaderError> {
    Ok(page.view())
}

#[wasm_split(edit_schedule, fallible, preload(load_edit_schedule))]
fn edit_schedule() -> Result<AnyView, SplitLoaderError> {
    Ok(edit_schedule_view())
}

#[wasm_split(make_override, fallible, preload(load_make_override))]
fn make_override() -> Result<AnyView, SplitLoaderError> {
    Ok(override_view())
}

#[wasm_split(proposal, fallible, preload(load_proposal))]
fn proposal() -> Result<AnyView, SplitLoaderError> {
    Ok(proposal_view())
}

#[wasm_split(rotation_slack, fallible, preload(load_rotation_slack))]
fn rotation_slack() -> Result<AnyView, SplitLoaderError> {
    Ok(rotation_slack_view())
}

#[wasm_split(integrations, fallible, preload(load_integrations))]
fn integrations() -> Result<AnyView, SplitLoaderError> {
    Ok(integrations_view())
}

#[wasm_split(holidays, fallible, preload(load_holidays))]
fn holidays() -> Result<AnyView, SplitLoaderError> {
    Ok(holidays_view())
}

#[wasm_split(personal, fallible, preload(load_personal))]
fn personal(page: PersonalPage) -> Result<AnyView, SplitLoaderError> {
    Ok(page.view())
}

#[wasm_split(occasional, fallible, preload(load_occasional))]
fn occasional(page: OccasionalPage) -> Result<AnyView, SplitLoaderError> {
    Ok(page.view())
}
