//! The entry point in the browser: takes over the page that the server sent, and loads
//! the code of other pages when they are wanted.

// The views of the pages are deeply nested types.
#![recursion_limit = "512"]

use app::{
    App,
    chunks::{
        Chunk, Lazy, Loader, Loading, NotLoaded, OccasionalPage, integrations_view, provide_loader,
        rotation_view, schedule_editor_view,
    },
    pause_after,
};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

/// Called by the page once this module is there.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    let chunks = Chunk::of(&path, &location.search().unwrap_or_default());
    if chunks.is_empty() {
        take_over();
    } else {
        take_over_with(chunks, 0);
    }
}

/// Takes the page over once its chunks are there. Until then it works as it does without
/// JavaScript, but does not follow what happens elsewhere.
fn take_over_with(chunks: &'static [Chunk], failures: u32) {
    spawn_local(async move {
        for chunk in chunks {
            if load(*chunk).await.is_err() {
                let again = move || take_over_with(chunks, failures.saturating_add(1));
                set_timeout(again, pause_after(failures));
                return;
            }
        }
        take_over();
    });
}

fn take_over() {
    leptos::mount::hydrate_body(|| {
        provide_loader(Loader { load, view });
        App()
    });
}

fn load(chunk: Chunk) -> Loading<()> {
    Box::pin(async move {
        let loaded = match chunk {
            Chunk::Rotation => load_rotation().await,
            Chunk::ScheduleEditor => load_schedule_editor().await,
            Chunk::Integrations => load_integrations().await,
            Chunk::Occasional => load_occasional().await,
        };
        loaded.map_err(|_| NotLoaded)
    })
}

fn view(wanted: Lazy) -> Loading<AnyView> {
    Box::pin(async move {
        let drawn = match wanted {
            Lazy::Rotation => rotation().await,
            Lazy::ScheduleEditor => schedule_editor().await,
            Lazy::Integrations => integrations().await,
            Lazy::Occasional(page) => occasional(page).await,
        };
        drawn.map_err(|_| NotLoaded)
    })
}

// The build cuts the module at these functions, each of which begins the chunk that it
// names. What calls them waits for the chunk.

#[wasm_split(rotation, fallible, preload(load_rotation))]
fn rotation() -> Result<AnyView, SplitLoaderError> {
    Ok(rotation_view())
}

#[wasm_split(schedule_editor, fallible, preload(load_schedule_editor))]
fn schedule_editor() -> Result<AnyView, SplitLoaderError> {
    Ok(schedule_editor_view())
}

#[wasm_split(integrations, fallible, preload(load_integrations))]
fn integrations() -> Result<AnyView, SplitLoaderError> {
    Ok(integrations_view())
}

#[wasm_split(occasional, fallible, preload(load_occasional))]
fn occasional(page: OccasionalPage) -> Result<AnyView, SplitLoaderError> {
    Ok(page.view())
}
