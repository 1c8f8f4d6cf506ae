//! Choosing what decides who is on duty: one form whose *Save* binds, while *Search*
//! and *Show details* only change the address. So it works before our code has loaded
//! and without it; with it, search and details follow by themselves.

mod picker;
mod preview;

use super::{
    address::parameter,
    rotation::{CurrentSchedule, use_rotation_id},
};
use crate::{
    components::{
        ButtonKind, Card, Choice, FailureNotice, Notice, SubmitButton, Tone, loaded_page, use_title,
    },
    data::{DataMemo, Resource},
    error::Denial,
    forms::{ActionForm, ServerAction, failure, form_outcome},
    live::use_live,
    server_fns::{PreviewSchedule, Rotation, SearchSchedules, SetSchedule},
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_navigate;
use picker::Picker;
use types::{
    BindRefusal, Outcome, RotationId, RotationMode, RotationPage, ScheduleId, SchedulePreview,
    ScheduleSummary,
};

const CANCEL_FORM: &str = "cancel-schedule";

/// What the address says is looked for and chosen, and what PagerDuty answers to it.
#[derive(Clone, Copy)]
struct Wanted {
    search: Memo<String>,
    chosen: Memo<String>,
    found: Resource<Outcome<Vec<ScheduleSummary>, BindRefusal>>,
    preview: Resource<Outcome<SchedulePreview, BindRefusal>>,
}

impl Wanted {
    fn new(rotation: DataMemo<RotationId>) -> Self {
        let search = parameter("search");
        let chosen = parameter("schedule");
        let found = Resource::new(move || SearchSchedules {
            search: search.get(),
        });
        let preview = Resource::optional(move || {
            let schedule = chosen.get();
            (!schedule.is_empty()).then(|| PreviewSchedule {
                rotation: rotation.get(),
                schedule: ScheduleId::new(schedule),
            })
        });
        Self {
            search,
            chosen,
            found,
            preview,
        }
    }
}

#[component]
pub(crate) fn EditSchedulePage() -> impl IntoView {
    let id = use_rotation_id();
    let live = use_live();
    let page = Resource::following(
        move || live.connection() + live.rotation(&id.get()),
        move || Rotation { id: id.get() },
    );
    let wanted = Wanted::new(id);
    let save = ServerAction::<SetSchedule>::telling("The schedule was saved.");
    view! {
        {loaded_page(page, move |page| view! { <Content page wanted save/> })}
    }
}

#[component]
fn Content(
    page: DataMemo<RotationPage>,
    wanted: Wanted,
    save: ServerAction<SetSchedule>,
) -> impl IntoView {
    let name = move || page.with(|page| page.details.name.clone());
    let may_edit = Memo::new(move |_| page.with(|page| page.may_edit));
    use_title(move || format!("Schedule of {}", name()));
    view! {
        <h1 dir="auto">{name}</h1>
        <Card id="schedule-heading" title="Schedule">
            <CurrentSchedule page/>
            {move || if may_edit.get() {
                Either::Left(view! { <Editor page wanted save/> })
            } else {
                Either::Right(view! {
                    <Notice tone=Tone::Neutral><p>{Denial::EditRotation.to_string()}</p></Notice>
                })
            }}
        </Card>
    }
}

#[component]
fn Editor(
    page: DataMemo<RotationPage>,
    wanted: Wanted,
    save: ServerAction<SetSchedule>,
) -> impl IntoView {
    let id = page.with_untracked(|page| page.id.to_string());
    let rotation = format!("/rotations/{id}");
    let here = format!("{rotation}/schedule");
    let offered = Memo::new(move |_| page.with(|page| page.pagerduty_connected));
    // Whoever searched or chose meant PagerDuty, bound or not.
    let follows = wanted.chosen.with_untracked(|chosen| !chosen.is_empty())
        || wanted.search.with_untracked(|search| !search.is_empty())
        || page.with_untracked(|page| page.mode == RotationMode::PagerDuty);
    view! {
        <ActionForm action=save class="schedule-editor">
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
            {move || offered.get().then(|| view! { <Picker here=here.clone() wanted/> })}
            <FailureNotice failure=failure(form_outcome(save))/>
            <div class="buttons">
                <SubmitButton
                    label="Save" busy_label="Saving…" kind=ButtonKind::Primary pending=save.pending()
                />
                <button type="submit" class="button" form=CANCEL_FORM>"Cancel"</button>
            </div>
        </ActionForm>
        <CancelForm rotation/>
    }
    .into_any()
}

/// Leads back to the rotation.
#[component]
fn CancelForm(rotation: String) -> impl IntoView {
    let navigate = use_navigate();
    let action = rotation.clone();
    view! {
        <form id=CANCEL_FORM method="get" action=action on:submit=move |event| {
            event.prevent_default();
            navigate(&rotation, Default::default());
        }></form>
    }
}
