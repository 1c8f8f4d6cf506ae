//! A rotation's own page: who is on duty, whose turn comes, who is in it, who
//! looks after it and what decides.

mod delete;
mod members;
mod on_duty;
mod owners;
mod person_picker;
mod schedule;
mod schedule_editor;
mod schedule_preview;
mod shifts;
mod stretches;

use super::{address::parameter, links::Links, person_select::people_of};
use crate::{
    components::{
        Badge, FailureNotice, FocusKeeper, ModeBadge, Notice, Tone, loaded_page, toast_when_done,
        use_title,
    },
    data::{DataMemo, Resource},
    error::Denial,
    forms::{FormOutcome, ServerAction, answers, failure, form_outcome},
    live::use_live,
    prefetch::use_prefetch,
    server_fns::{
        AddMember, AddOwner, DeleteRotation, MoveMember, People, PreviewSchedule, RemoveMember,
        RemoveOwner, Rotate, Rotation, SearchSchedules, SetOnDuty, SetSchedule,
    },
};
use delete::DeleteDialog;
use leptos::{html, prelude::*};
use leptos_router::hooks::use_params_map;
use members::Members;
use on_duty::OnDuty;
use owners::Owners;
use schedule::Schedule;
pub(crate) use schedule_editor::schedule_editor;
use shifts::{ComingShifts, DutyTimeline, History};
use types::{
    BindRefusal, Outcome, PersonView, RotationDetails, RotationId, RotationMode, RotationRefusal,
    ScheduleId, SchedulePreview, ScheduleSummary, Visibility,
};

/// What can be done on the page, and what it last came to.
#[derive(Clone, Copy)]
struct Actions {
    rotate: ServerAction<Rotate>,
    set_on_duty: ServerAction<SetOnDuty>,
    add_member: ServerAction<AddMember>,
    remove_member: ServerAction<RemoveMember>,
    move_member: ServerAction<MoveMember>,
    add_owner: ServerAction<AddOwner>,
    remove_owner: ServerAction<RemoveOwner>,
    set_schedule: ServerAction<SetSchedule>,
    delete: ServerAction<DeleteRotation>,
    links: Links,
    schedule_outcome: FormOutcome<(), BindRefusal>,
    /// Moves whenever something was done that the page shows.
    version: Signal<usize>,
}

impl Actions {
    fn new() -> Self {
        let rotate = ServerAction::new();
        let set_on_duty = ServerAction::new();
        let add_member = ServerAction::new();
        let remove_member = ServerAction::new();
        let move_member = ServerAction::new();
        let add_owner = ServerAction::new();
        let remove_owner = ServerAction::new();
        let set_schedule = ServerAction::new();
        for (outcome, text) in [
            (
                form_outcome(rotate),
                "Rotated. The next in turn is on duty.",
            ),
            (form_outcome(set_on_duty), "The duty was handed over."),
            (form_outcome(add_member), "The member was added."),
            (form_outcome(remove_member), "The member was removed."),
            (form_outcome(add_owner), "The owner was added."),
            (form_outcome(remove_owner), "The owner was removed."),
        ] {
            toast_when_done(outcome, text);
        }
        let schedule_outcome = form_outcome(set_schedule);
        toast_when_done(schedule_outcome, "The schedule was saved.");
        let links = Links::new();
        let [linked, unlinked] = links.versions();
        let versions = [
            answers(rotate),
            answers(set_on_duty),
            answers(add_member),
            answers(remove_member),
            answers(move_member),
            answers(add_owner),
            answers(remove_owner),
            answers(set_schedule),
            linked,
            unlinked,
        ];
        Self {
            rotate,
            set_on_duty,
            add_member,
            remove_member,
            move_member,
            add_owner,
            remove_owner,
            set_schedule,
            delete: ServerAction::new(),
            links,
            schedule_outcome,
            version: Signal::derive(move || versions.iter().map(Memo::get).sum()),
        }
    }

    /// A new attempt makes the failures of earlier ones old news.
    fn forget_results(self) {
        self.rotate.clear();
        self.set_on_duty.clear();
        self.add_member.clear();
        self.remove_member.clear();
        self.move_member.clear();
        self.add_owner.clear();
        self.remove_owner.clear();
        self.set_schedule.clear();
        self.links.forget_results();
    }

    /// The rotation is being deleted or is gone: there is nothing to load.
    fn deleting(self) -> bool {
        self.delete.pending().get() || self.delete.value().done().is_some()
    }
}

/// What the schedule editor works on; the address says which of it is wanted.
#[derive(Clone, Copy)]
struct Editor {
    editing: Memo<bool>,
    search: Memo<String>,
    chosen: Memo<String>,
    found: Resource<Outcome<Vec<ScheduleSummary>, BindRefusal>>,
    preview: Resource<Outcome<SchedulePreview, BindRefusal>>,
}

impl Editor {
    fn new(rotation: DataMemo<RotationId>) -> Self {
        let edit = parameter("edit");
        let editing = Memo::new(move |_| edit.with(|edit| edit == "schedule"));
        let search = parameter("search");
        let chosen = parameter("schedule");
        let found = Resource::optional(move || {
            editing.get().then(|| SearchSchedules {
                search: search.get(),
            })
        });
        let preview = Resource::optional(move || {
            let wanted = editing.get() && chosen.with(|chosen| !chosen.is_empty());
            wanted.then(|| PreviewSchedule {
                rotation: rotation.get(),
                schedule: ScheduleId::new(chosen.get()),
            })
        });
        Self {
            editing,
            search,
            chosen,
            found,
            preview,
        }
    }
}

#[component]
pub(crate) fn RotationPage() -> impl IntoView {
    let params = use_params_map();
    let id = DataMemo::new(move || RotationId::new(params.read().get("id").unwrap_or_default()));
    let actions = Actions::new();
    let editor = Editor::new(id);
    let live = use_live();
    let wanted = DataMemo::following(move |previous: Option<&(RotationId, u64)>| match previous {
        Some(previous) if actions.deleting() => previous.clone(),
        _ => {
            let heard = live.connection() + live.rotation(&id.get());
            (id.get(), actions.version.get() as u64 + heard)
        }
    });
    let prefetch = use_prefetch();
    let page = Resource::asking(
        move |question| prefetch.ask(question),
        move || wanted.with(|(_, version)| *version),
        move || Rotation {
            id: wanted.with(|(id, _)| id.clone()),
        },
    );
    let everybody = Resource::new(|| People {});
    view! {
        {loaded_page(page, move |page| view! { <Content page actions editor everybody/> })}
    }
}

#[component]
fn Content(
    page: DataMemo<types::RotationPage>,
    actions: Actions,
    editor: Editor,
    everybody: Resource<Vec<PersonView>>,
) -> impl IntoView {
    let id = page.with_untracked(|page| page.id.clone());
    let may_edit = Memo::new(move |_| page.with(|page| page.may_edit));
    // The list loads once; without it the pickers are empty, nothing worse.
    let everybody = Signal::derive(move || people_of(everybody));
    let column = NodeRef::<html::Div>::new();
    let focus = FocusKeeper::new(column);
    view! {
        <Head page/>
        {move || (!may_edit.get()).then(|| view! {
            <Notice tone=Tone::Neutral><p>{Denial::EditRotation.to_string()}</p></Notice>
        })}
        <div
            class="column"
            node_ref=column
            on:submit:capture=move |event| focus.remember(&event)
            on:submit=move |_| actions.forget_results()
            on:focusin=move |_| focus.forget()
        >
            <div class="columns">
                <OnDuty page actions/>
                <Schedule page actions editor/>
            </div>
            <DutyTimeline page/>
            <div class="columns">
                <div class="column">
                    <Members page actions everybody/>
                    <Owners page actions everybody/>
                </div>
                <div class="column">
                    <ComingShifts page/>
                    <History page/>
                </div>
            </div>
        </div>
        <DeleteDialog id actions/>
    }
}

#[component]
fn Head(page: DataMemo<types::RotationPage>) -> impl IntoView {
    let details = DataMemo::new(move || page.with(|page| page.details.clone()));
    let mode = DataMemo::new(move || page.with(|page| page.mode));
    let may_edit = Memo::new(move |_| page.with(|page| page.may_edit));
    let edit = page.with_untracked(|page| format!("/rotations/{}/edit", page.id));
    use_title(move || details.with(|details| details.name.clone()));
    view! {
        <div class="page-head">
            <div>
                <h1 dir="auto">{move || details.with(|details| details.name.clone())}</h1>
                {move || view! { <Labels mode=mode.get() details=details.get()/> }}
            </div>
            {move || may_edit.get().then(|| view! {
                <div class="buttons">
                    <a class="button" href=edit.clone()>"Edit"</a>
                    <button
                        type="button" class="button danger"
                        commandfor=delete::DIALOG command="show-modal"
                    >
                        "Delete"
                    </button>
                </div>
            })}
        </div>
    }
    .into_any()
}

#[component]
fn Labels(mode: RotationMode, details: RotationDetails) -> impl IntoView {
    view! {
        <p class="badges">
            <ModeBadge mode/>
            {(details.visibility == Visibility::Private)
                .then(|| view! { <Badge tone=Tone::Neutral text="Private"/> })}
            {details.code.map(|code| view! { <code>{code}</code> })}
            {(mode == RotationMode::Manual).then(|| view! {
                <span class="hint">{format!("{} on duty at once", details.duty_size)}</span>
            })}
        </p>
        {(!details.description.is_empty()).then(|| view! {
            <p class="description" dir="auto">{details.description}</p>
        })}
    }
}

/// Why the last of several actions of one section failed.
#[component]
fn SectionFailure<const N: usize>(
    outcomes: [FormOutcome<(), RotationRefusal>; N],
) -> impl IntoView {
    let failures = outcomes.map(failure);
    view! {
        <FailureNotice failure=Signal::derive(move || {
            failures.iter().find_map(|failure| failure.get())
        })/>
    }
}
