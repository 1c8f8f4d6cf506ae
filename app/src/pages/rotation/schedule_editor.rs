//! Choosing what decides: one form whose *Save* binds, while *Search* and *Show
//! details* only change the address. So it works before our code has loaded and
//! without it; with it, search and details follow by themselves.

use super::{Actions, Editor, schedule_preview::Preview};
use crate::{
    AppError,
    components::{
        ButtonKind, Choice, FailureNotice, FailureText, Notice, SubmitButton, Tone, lowercase,
        rows, use_clock,
    },
    data::{Data, DataMemo, Shared},
    forms::{ActionForm, Failure, failure},
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
use types::{BindRefusal, Outcome, RotationMode, RotationPage, SchedulePreview, ScheduleSummary};
use web_sys::HtmlInputElement;

const CANCEL_FORM: &str = "cancel-schedule";

/// What the editor works on. It travels in the context, since the editor's code may
/// have to be loaded first.
#[derive(Clone, Copy)]
pub(super) struct Editing {
    pub(super) page: DataMemo<RotationPage>,
    pub(super) actions: Actions,
    pub(super) editor: Editor,
}

pub(crate) fn schedule_editor() -> AnyView {
    let Editing {
        page,
        actions,
        editor,
    } = expect_context();
    let id = page.with_untracked(|page| page.id.to_string());
    let path = format!("/rotations/{id}");
    let offered = Memo::new(move |_| page.with(|page| page.pagerduty_connected));
    // Whoever searched or chose meant PagerDuty, bound or not.
    let follows = editor.chosen.with_untracked(|chosen| !chosen.is_empty())
        || editor.search.with_untracked(|search| !search.is_empty())
        || page.with_untracked(|page| page.mode == RotationMode::PagerDuty);
    let picker_path = path.clone();
    view! {
        <ActionForm action=actions.set_schedule class="schedule-editor">
            <input type="hidden" name="id" value=id/>
            <fieldset>
                <legend>"Who decides"</legend>
                <Choice
                    id="mode-manual" name="mode" value=RotationMode::Manual.code() label="Manual"
                    hint="Somebody rotates by hand." checked=!(follows && offered.get_untracked())
                />
                {move || if offered.get() {
                    Either::Left(view! {
                        <Choice
                            id="mode-pagerduty" name="mode" value=RotationMode::PagerDuty.code()
                            label="PagerDuty" hint="A schedule there says who is in and who is on duty."
                            checked=follows
                        />
                    })
                } else {
                    Either::Right(view! { <p class="hint">{BindRefusal::NotConnected.to_string()}</p> })
                }}
            </fieldset>
            {move || offered.get().then(|| view! { <Picker path=picker_path.clone() editor/> })}
            <FailureNotice failure=failure(actions.schedule_outcome)/>
            <div class="buttons">
                <SubmitButton
                    label="Save" busy_label="Saving…"
                    kind=ButtonKind::Primary pending=actions.set_schedule.pending()
                />
                <button type="submit" class="button" form=CANCEL_FORM>"Cancel"</button>
            </div>
        </ActionForm>
        <CancelForm path/>
    }
    .into_any()
}

/// Leads back to the page without the editor.
#[component]
fn CancelForm(path: String) -> impl IntoView {
    let navigate = use_navigate();
    let action = path.clone();
    view! {
        <form id=CANCEL_FORM method="get" action=action on:submit=move |event| {
            event.prevent_default();
            navigate(&path, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }></form>
    }
}

/// Search, results and details of the chosen schedule. The style sheet shows it
/// while *PagerDuty* is chosen.
#[component]
fn Picker(path: String, editor: Editor) -> impl IntoView {
    let search_box = NodeRef::<html::Input>::new();
    let navigate = use_navigate();
    let action = path.clone();
    let apply = Callback::new(move |()| {
        // Late input may come after the page has gone.
        let Some(search_box) = search_box.try_get_untracked().flatten() else {
            return;
        };
        let search = search_box.value();
        let chosen = chosen_in_form(&search_box).unwrap_or_else(|| editor.chosen.get_untracked());
        if search == editor.search.get_untracked() && chosen == editor.chosen.get_untracked() {
            return;
        }
        let wanted = address(
            &path,
            &[
                ("edit", "schedule"),
                ("search", &search),
                ("schedule", &chosen),
            ],
        );
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&wanted, options);
    });
    // What was typed and chosen before this code ran counts as well.
    Effect::new(move |_| apply.run(()));
    let typed = RwSignal::new(editor.search.get_untracked());
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
                        value=editor.search.get_untracked()
                        node_ref=search_box
                        on:input=move |event| {
                            typed.set(event_target_value(&event));
                            apply_soon(());
                        }
                    />
                    <button
                        type="submit" class="button" name="edit" value="schedule"
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
            <Results editor typed apply/>
            <ShowDetails action/>
            <Details editor/>
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
            type="submit" class="button" name="edit" value="schedule"
            formmethod="get" formaction=action
            hidden=move || clock.in_browser()
        >
            "Show details"
        </button>
    }
}

#[component]
fn Results(editor: Editor, typed: RwSignal<String>, apply: Callback<()>) -> impl IntoView {
    let choices = DataMemo::new(move || choices(editor, &typed.get()));
    let message = move || match editor.found.get() {
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
                move |schedule| view! { <ScheduleChoice schedule editor apply/> },
            )}
        </fieldset>
    }
}

#[component]
fn ScheduleChoice(schedule: ScheduleSummary, editor: Editor, apply: Callback<()>) -> impl IntoView {
    let id = schedule.id.to_string();
    view! {
        <Choice
            id=format!("schedule-{id}") name="schedule"
            checked=editor.chosen.with_untracked(|chosen| *chosen == id)
            value=id label=schedule.name hint=schedule.time_zone.unwrap_or_default() on_choose=apply
        />
    }
}

/// What was found, and the chosen schedule even if the search has moved on: what
/// is chosen must stay in the form.
///
/// The list follows every letter at once, so that the answer, when it comes,
/// does not move a schedule away from under the pointer.
fn choices(editor: Editor, typed: &str) -> Vec<ScheduleSummary> {
    let found = editor.found.get();
    let mut choices = found.and_then(answered).unwrap_or_default();
    let typed = lowercase(typed.trim());
    choices.retain(|schedule| lowercase(&schedule.name).contains(&typed));
    let chosen: Option<SchedulePreview> = editor.preview.get().and_then(answered);
    if let Some(SchedulePreview { schedule, .. }) = chosen
        && choices.iter().all(|choice| choice.id != schedule.id)
    {
        choices.insert(0, schedule);
    }
    choices
}

#[component]
fn Details(editor: Editor) -> impl IntoView {
    move || {
        let answer = editor.preview.get()?;
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
