//! The choice of a schedule in PagerDuty: search, what it finds, and what choosing one
//! of them would bring.

use super::{Browsing, preview::Preview};
use crate::{
    AppError,
    components::{Choice, FailureText, Notice, Tone, lowercase, rows, use_clock},
    data::{Data, DataMemo, Shared, effect},
    duty::watch_duty,
    forms::Failure,
    pages::{address::address, typing::once_typed},
    view,
};
use leptos::{
    either::{Either, EitherOf3},
    html,
    prelude::*,
    wasm_bindgen::JsCast,
};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use std::time::Duration;
use types::{
    BindRefusal, FoundSchedules, MissingSchedules, Outcome, RotationPage, SEARCH_LIMIT_SECONDS,
    ScheduleId, SchedulePreview, ScheduleSummary,
};
use web_sys::HtmlInputElement;

/// Search, results and details of the chosen schedule. The style sheet shows it
/// while *PagerDuty* is chosen.
#[component]
pub(super) fn Picker(
    /// The address of the page.
    here: String,
    page: DataMemo<RotationPage>,
    browsing: Browsing,
) -> impl IntoView {
    let search_box = NodeRef::<html::Input>::new();
    let navigate = use_navigate();
    let action = here.clone();
    // Tells whether there was something to apply.
    let applied = Callback::new(move |()| {
        // Late input may come after the page has gone.
        let Some(search_box) = search_box.try_get_untracked().flatten() else {
            return false;
        };
        let search = search_box.value();
        let chosen = chosen_in_form(&search_box).unwrap_or_else(|| browsing.chosen.get_untracked());
        if search == browsing.search.get_untracked() && chosen == browsing.chosen.get_untracked() {
            return false;
        }
        let address = address(&here, &[("search", &search), ("schedule", &chosen)]);
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&address, options);
        true
    });
    let apply = Callback::new(move |()| {
        applied.run(());
    });
    // What was typed and chosen before this code ran counts as well.
    effect(move || apply.run(()));
    let typed = RwSignal::new(browsing.search.get_untracked());
    let mut apply_soon = once_typed(move |_| {
        apply.try_run(());
    });
    view! {
        <div class="schedule-picker">
            <div class="field">
                <label for="search-schedules">"Search schedules"</label>
                <div class="field-row">
                    <input
                        type="search" id="search-schedules" name="search" autocomplete="off" dir="auto"
                        value=browsing.search.get_untracked()
                        node_ref=search_box
                        on:input=move |event| {
                            let text = event_target_value(&event);
                            typed.set(text.clone());
                            apply_soon(text);
                        }
                    />
                    <button
                        type="submit" class="button"
                        formmethod="get" formaction=action.clone()
                        on:click=move |event| {
                            event.prevent_default();
                            if !applied.run(()) {
                                browsing.ask_again();
                            }
                        }
                    >
                        "Search"
                    </button>
                </div>
            </div>
            <SearchTime browsing/>
            <Results page browsing typed apply/>
            <ShowDetails action/>
            <div class="details"><Details browsing/></div>
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
fn Results(
    page: DataMemo<RotationPage>,
    browsing: Browsing,
    typed: RwSignal<String>,
    apply: Callback<()>,
) -> impl IntoView {
    let choices = DataMemo::new(move || choices(browsing, &typed.get()));
    // Until another one is chosen, that is the schedule of today.
    let today = page.with_untracked(|page| page.bound_schedule().map(ToString::to_string));
    let today = today.unwrap_or_default();
    let is_chosen = move |schedule: &ScheduleId| {
        let chosen = browsing.chosen.get_untracked();
        let chosen = if chosen.is_empty() { &today } else { &chosen };
        chosen == schedule.as_str()
    };
    // The list follows what is typed, before PagerDuty is asked for it.
    let is_answered =
        move |found: &FoundSchedules| typed.with(|typed| typed.trim() == found.search.trim());
    let message = move || match browsing.found.get() {
        None => Some(EitherOf3::A(view! {
            <p class="hint">"Searching… With many schedules, PagerDuty may take half a minute."</p>
        })),
        Some(answer) => match refusal(&answer) {
            Some(failure) => Some(EitherOf3::B(view! { <p><FailureText failure/></p> })),
            None => {
                let none = choices.with(Vec::is_empty)
                    && answered(answer).is_some_and(|found| is_answered(&found));
                none.then(|| EitherOf3::C(view! {
                    <p class="nobody">"PagerDuty finds no schedule for this. Try fewer letters."</p>
                }))
            }
        },
    };
    let missing = move || {
        let missing = browsing.found.get().and_then(answered)?.missing;
        let told = |missing: MissingSchedules| view! { <p class="hint">{missing.to_string()}</p> };
        Some(missing.into_iter().map(told).collect_view())
    };
    view! {
        <fieldset class="results">
            <legend>"Schedules"</legend>
            <div role="status">{message}{missing}</div>
            {rows(
                move || choices.get(),
                |schedule| schedule.id.to_string(),
                move |schedule| {
                    let checked = is_chosen(&schedule.id);
                    view! { <ScheduleChoice schedule checked apply/> }
                },
            )}
        </fieldset>
    }
}

/// For how long PagerDuty has been asked, from the first second on: how far it is, it does not
/// say. Its place is kept, so that nothing moves.
#[component]
fn SearchTime(browsing: Browsing) -> impl IntoView {
    let clock = use_clock();
    let seconds = RwSignal::new(0u32);
    effect(move || {
        seconds.set(0);
        let Some(since) = browsing.searched_since.get() else {
            return;
        };
        let count = move || {
            let passed = clock.exactly().seconds_since(since);
            seconds.try_set(u32::try_from(passed).unwrap_or(0));
        };
        if let Ok(counting) = set_interval_with_handle(count, Duration::from_secs(1)) {
            on_cleanup(move || counting.clear());
        }
    });
    view! {
        <progress
            class="search-time" class:shown=move || { seconds.get() > 0 }
            max=SEARCH_LIMIT_SECONDS
            prop:value=move || seconds.get()
            aria-label="Seconds that the search has taken, of about 30"
        />
    }
}

#[component]
fn ScheduleChoice(schedule: ScheduleSummary, checked: bool, apply: Callback<()>) -> impl IntoView {
    let id = schedule.id.to_string();
    let hint: Vec<String> = schedule
        .told_apart
        .into_iter()
        .chain(schedule.time_zone)
        .collect();
    view! {
        <Choice
            id=format!("schedule-{id}") name="schedule"
            checked
            value=id label=schedule.name hint=hint.join(" · ") on_choose=apply
        />
    }
}

/// What was found, and the chosen schedule even if the search has moved on: what
/// is chosen must stay in the form.
///
/// The list follows every letter at once, so that the answer, when it comes, hardly
/// ever moves a schedule away from under the pointer. What PagerDuty found for just
/// these letters stands: its rules are its own.
fn choices(browsing: Browsing, typed: &str) -> Vec<ScheduleSummary> {
    let found = browsing.found.get();
    let FoundSchedules {
        search,
        schedules: mut choices,
        ..
    } = found.and_then(answered).unwrap_or_default();
    let typed = typed.trim();
    if typed != search.trim() {
        let typed = lowercase(typed);
        choices.retain(|schedule| lowercase(&schedule.name).contains(&typed));
    }
    let chosen: Option<SchedulePreview> = browsing.preview.get().and_then(answered);
    if let Some(SchedulePreview { schedule, .. }) = chosen
        && choices.iter().all(|choice| choice.id != schedule.id)
    {
        choices.insert(0, schedule);
    }
    choices
}

#[component]
fn Details(browsing: Browsing) -> impl IntoView {
    let changes = DataMemo::new(move || {
        let preview: Option<SchedulePreview> = browsing.preview.get().and_then(answered);
        preview.map_or_else(Vec::new, |preview| preview.duty_changes())
    });
    // One that cannot be read anew is not shown any more.
    let watch = watch_duty(changes, || false);
    provide_context(watch);
    move || {
        let answer = browsing.preview.get()?;
        Some(match refusal(&answer) {
            Some(failure) => Either::Left(view! {
                <Notice tone=Tone::Warning><p><FailureText failure/></p></Notice>
            }),
            None => {
                Either::Right(answered(answer).map(|preview| view! { <Preview preview watch/> }))
            }
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
