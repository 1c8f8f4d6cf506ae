//! The choice of a schedule in PagerDuty: search, what it finds, and what choosing one
//! of them would bring.

use super::{Wanted, preview::Preview};
use crate::{
    AppError,
    components::{Choice, FailureText, Notice, Tone, lowercase, rows, use_clock},
    data::{Data, DataMemo, Shared},
    forms::Failure,
    pages::address::address,
};
use leptos::{
    either::{Either, EitherOf3},
    html,
    prelude::*,
    wasm_bindgen::JsCast,
};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use std::time::Duration;
use types::{BindRefusal, Outcome, SchedulePreview, ScheduleSummary};
use web_sys::HtmlInputElement;

/// Search, results and details of the chosen schedule. The style sheet shows it
/// while *PagerDuty* is chosen.
#[component]
pub(super) fn Picker(
    /// The address of the page.
    here: String,
    wanted: Wanted,
) -> impl IntoView {
    let search_box = NodeRef::<html::Input>::new();
    let navigate = use_navigate();
    let action = here.clone();
    let apply = Callback::new(move |()| {
        // Late input may come after the page has gone.
        let Some(search_box) = search_box.try_get_untracked().flatten() else {
            return;
        };
        let search = search_box.value();
        let chosen = chosen_in_form(&search_box).unwrap_or_else(|| wanted.chosen.get_untracked());
        if search == wanted.search.get_untracked() && chosen == wanted.chosen.get_untracked() {
            return;
        }
        let address = address(&here, &[("search", &search), ("schedule", &chosen)]);
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&address, options);
    });
    // What was typed and chosen before this code ran counts as well.
    Effect::new(move |_| apply.run(()));
    let typed = RwSignal::new(wanted.search.get_untracked());
    let mut apply_soon = debounce(Duration::from_millis(250), move |()| {
        apply.try_run(());
    });
    view! {
        <div class="schedule-picker">
            <div class="field">
                <label for="search-schedules">"Search schedules"</label>
                <div class="field-row">
                    <input
                        type="search" id="search-schedules" name="search" autocomplete="off" dir="auto"
                        value=wanted.search.get_untracked()
                        node_ref=search_box
                        on:input=move |event| {
                            typed.set(event_target_value(&event));
                            apply_soon(());
                        }
                    />
                    <button
                        type="submit" class="button"
                        formmethod="get" formaction=action.clone()
                        on:click=move |event| {
                            event.prevent_default();
                            apply.run(());
                        }
                    >
                        "Search"
                    </button>
                </div>
            </div>
            <Results wanted typed apply/>
            <ShowDetails action/>
            <Details wanted/>
        </div>
    }
    .into_any()
}

/// The schedule that is chosen in the form of the search box.
fn chosen_in_form(search_box: &HtmlInputElement) -> Option<String> {
    let chosen = search_box
        .form()?
        .query_selector("[name=schedule]:checked")
        .ok()??;
    Some(chosen.dyn_into::<HtmlInputElement>().ok()?.value())
}

/// Without our code, choosing a schedule shows nothing by itself.
#[component]
fn ShowDetails(action: String) -> impl IntoView {
    let clock = use_clock();
    view! {
        <button
            type="submit" class="button"
            formmethod="get" formaction=action
            hidden=move || clock.in_browser()
        >
            "Show details"
        </button>
    }
}

#[component]
fn Results(wanted: Wanted, typed: RwSignal<String>, apply: Callback<()>) -> impl IntoView {
    let choices = DataMemo::new(move || choices(wanted, &typed.get()));
    let message = move || match wanted.found.get() {
        None => Some(EitherOf3::A(view! { <p class="hint">"Searching…"</p> })),
        Some(answer) => match refusal(&answer) {
            Some(failure) => Some(EitherOf3::B(view! { <p><FailureText failure/></p> })),
            None => choices.with(Vec::is_empty).then(|| {
                EitherOf3::C(view! {
                    <p class="nobody">"No schedule has this in its name. Try fewer letters."</p>
                })
            }),
        },
    };
    view! {
        <fieldset class="results">
            <legend>"Schedules"</legend>
            <div role="status">{message}</div>
            {rows(
                move || choices.get(),
                |schedule| schedule.id.to_string(),
                move |schedule| view! { <ScheduleChoice schedule wanted apply/> },
            )}
        </fieldset>
    }
}

#[component]
fn ScheduleChoice(schedule: ScheduleSummary, wanted: Wanted, apply: Callback<()>) -> impl IntoView {
    let id = schedule.id.to_string();
    view! {
        <Choice
            id=format!("schedule-{id}") name="schedule"
            checked=wanted.chosen.with_untracked(|chosen| *chosen == id)
            value=id label=schedule.name hint=schedule.time_zone.unwrap_or_default() on_choose=apply
        />
    }
}

/// What was found, and the chosen schedule even if the search has moved on: what
/// is chosen must stay in the form.
///
/// The list follows every letter at once, so that the answer, when it comes,
/// does not move a schedule away from under the pointer.
fn choices(wanted: Wanted, typed: &str) -> Vec<ScheduleSummary> {
    let found = wanted.found.get();
    let mut choices = found.and_then(answered).unwrap_or_default();
    let typed = lowercase(typed.trim());
    choices.retain(|schedule| lowercase(&schedule.name).contains(&typed));
    let chosen: Option<SchedulePreview> = wanted.preview.get().and_then(answered);
    if let Some(SchedulePreview { schedule, .. }) = chosen
        && choices.iter().all(|choice| choice.id != schedule.id)
    {
        choices.insert(0, schedule);
    }
    choices
}

#[component]
fn Details(wanted: Wanted) -> impl IntoView {
    move || {
        let answer = wanted.preview.get()?;
        Some(match refusal(&answer) {
            Some(failure) => Either::Left(view! {
                <Notice tone=Tone::Warning><p><FailureText failure/></p></Notice>
            }),
            None => Either::Right(answered(answer).map(|preview| view! { <Preview preview/> })),
        })
    }
}

/// What PagerDuty answered.
type Answer<T> = Result<Shared<Outcome<T, BindRefusal>>, AppError>;

fn answered<T>(answer: Answer<T>) -> Option<T>
where
    Outcome<T, BindRefusal>: Data,
    T: Clone,
{
    answer.ok()?.done().cloned()
}

fn refusal<T>(answer: &Answer<T>) -> Option<Failure>
where
    Outcome<T, BindRefusal>: Data,
{
    match answer {
        Ok(outcome) => Some(Failure::Refused(outcome.refused()?.to_string())),
        Err(error) => Some(Failure::Failed(error.clone())),
    }
}
