//! A rotation's own page: who is on duty, whose turn comes, who is in it, who
//! looks after it and what decides.

mod contact;
mod description;
mod members;
mod on_duty;
mod overrides;
mod schedule;
mod shifts;

use super::{
    address::{parameter, use_rotation_id},
    changed::{self, FlashedChange},
    owner_list::OwnerList,
    person_select::PeopleSearch,
};
use crate::{
    components::{
        Badge, Card, FailureNotice, FocusKeeper, ModeBadge, Notice, Tone, loaded_page, redrawn,
        use_clock, use_title, use_toasts,
    },
    data::{DataMemo, Resource, Source},
    duty::{failed, watch_duty},
    forms::{Failure, Forms, ServerAction, first_failure},
    live::use_live,
    prefetch::use_prefetch,
    server_fns::{
        AddMembers, MoveMember, RemoveMember, Rotate, Rotation, SetOnDuty, Undo, WithdrawCover,
    },
    view,
};
use description::Description;
use leptos::{html, prelude::*};
use members::Members;
use on_duty::OnDuty;
use overrides::Overrides;
use schedule::Schedule;
use shifts::{ComingShifts, DutyTimeline, History};
use types::{Denial, RotationDetails, RotationMode, Visibility};

/// What can be done on the page, and what it last came to.
#[derive(Clone, Copy)]
struct Actions {
    rotate: ServerAction<Rotate>,
    set_on_duty: ServerAction<SetOnDuty>,
    add_members: ServerAction<AddMembers>,
    remove_member: ServerAction<RemoveMember>,
    move_member: ServerAction<MoveMember>,
    undo: ServerAction<Undo>,
    withdraw_cover: ServerAction<WithdrawCover>,
    /// Those of which the page shows what they do.
    forms: Forms,
}

impl Actions {
    fn new() -> Self {
        let rotate = ServerAction::telling_by(changed::tell);
        let set_on_duty = ServerAction::telling_by(changed::tell);
        let add_members = ServerAction::telling_by(changed::tell);
        let remove_member = ServerAction::telling_by(changed::tell);
        let undo = ServerAction::telling_by(changed::tell);
        let move_member = ServerAction::new();
        let withdraw_cover = ServerAction::telling("The request was withdrawn.");
        let calls = vec![
            rotate.calls(),
            set_on_duty.calls(),
            add_members.calls(),
            remove_member.calls(),
            move_member.calls(),
            undo.calls(),
            withdraw_cover.calls(),
        ];
        Self {
            rotate,
            set_on_duty,
            add_members,
            remove_member,
            move_member,
            undo,
            withdraw_cover,
            forms: Forms::of(calls),
        }
    }
}

#[component]
pub(crate) fn RotationPage() -> impl IntoView {
    let id = use_rotation_id();
    let actions = Actions::new();
    let (live, toasts) = (use_live(), use_toasts());
    let wanted = DataMemo::new(move || {
        let heard = live.connection() + live.rotation(&id.get()) + toasts.taken_up();
        (id.get(), actions.forms.version() as u64 + heard)
    });
    let prefetch = use_prefetch();
    let clock = use_clock();
    let (from, weeks) = (parameter("from"), parameter("weeks"));
    let page = Resource::asking(
        move |question| prefetch.ask(question),
        move || wanted.with(|(_, version)| *version),
        move || Rotation {
            id: wanted.with(|(id, _)| id.clone()),
            from: from.get(),
            weeks: weeks.get(),
            zone: clock.zone_name(),
        },
    );
    let people = PeopleSearch::once_searched("find-member");
    view! {
        {
            let source = page.source();
            loaded_page(page, move |page| view! { <Content page source actions people/> })
        }
    }
}

#[component]
fn Content(
    page: DataMemo<types::RotationPage>,
    source: Source,
    actions: Actions,
    people: PeopleSearch,
) -> impl IntoView {
    let changes = DataMemo::new(move || page.with(|page| page.outlook.changes().collect()));
    let watch = watch_duty(changes, move || failed(source));
    provide_context(watch);
    let may_edit = Memo::new(move |_| page.with(|page| page.may_edit));
    let people = people.beside(DataMemo::new(move || {
        page.with(|page| page.candidates.clone())
    }));
    // Who may not choose anybody need not know.
    let nobody = Signal::derive(move || people.failure().filter(|_| may_edit.get()));
    let column = NodeRef::<html::Div>::new();
    let focus = FocusKeeper::new(column);
    view! {
        <Head page may_edit/>
        {redrawn(move || (!may_edit.get()).then(|| view! {
            <Notice tone=Tone::Neutral><p>{Denial::EditRotation.to_string()}</p></Notice>
        }))}
        <div
            class="column"
            node_ref=column
            on:submit:capture=move |event| focus.remember(&event)
            on:submit=move |_| actions.forms.forget_results()
            on:focusin=move |_| focus.forget()
        >
            <FlashedChange undo=actions.undo/>
            <div class="columns">
                <OnDuty page may_edit watch actions/>
                <Schedule page may_edit/>
            </div>
            <DutyTimeline page/>
            <FailureNotice failure=nobody/>
            <div class="columns">
                <div class="column">
                    <Members page watch actions people/>
                    <Owners page may_edit/>
                </div>
                <div class="column">
                    <Overrides page actions/>
                    <ComingShifts page/>
                    <History page/>
                </div>
            </div>
        </div>
    }
}

#[component]
fn Head(page: DataMemo<types::RotationPage>, may_edit: Memo<bool>) -> impl IntoView {
    let details = DataMemo::new(move || page.with(|page| page.details.clone()));
    let mode = DataMemo::new(move || page.with(|page| page.mode));
    let paused = Memo::new(move |_| page.with(|page| page.outlook.paused));
    let (edit, slack, calendar) = page.with_untracked(|page| {
        let id = &page.id;
        (
            format!("/rotations/{id}/edit"),
            format!("/rotations/{id}/slack"),
            format!("/settings/calendars?rotation={id}"),
        )
    });
    use_title(move || details.with(|details| details.name.clone()));
    view! {
        <div class="page-head">
            <div>
                <p class="way-back"><a href="/rotations">"All rotations"</a></p>
                <h1 dir="auto" translate="no">{redrawn(move || details.with(|details| details.name.clone()))}</h1>
                {redrawn(move || view! { <Labels mode=mode.get() paused=paused.get() details=details.get()/> })}
            </div>
            <div class="buttons">
                <a class="button" href=calendar>"Calendar"</a>
                {redrawn(move || may_edit.get().then(|| view! {
                    <a class="button" href=slack.clone()>"Slack"</a>
                    <a class="button" href=edit.clone()>"Edit"</a>
                }))}
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Labels(mode: RotationMode, paused: bool, details: RotationDetails) -> impl IntoView {
    view! {
        <p class="badges">
            <ModeBadge mode/>
            {paused.then(|| view! { <Badge tone=Tone::Neutral text="Paused"/> })}
            {(details.visibility == Visibility::Private)
                .then(|| view! { <Badge tone=Tone::Neutral text="Private"/> })}
            {details.code.map(|code| view! { <code translate="no">{code}</code> })}
            {mode.members_are_ours().then(|| view! {
                <span class="hint">{format!("{} on duty at once", details.duty_size)}</span>
            })}
        </p>
        <Description text=details.description/>
        {(!details.notes.is_empty()).then(|| view! {
            <Card id="notes-heading" title="Notes"><Description text=details.notes/></Card>
        })}
    }
}

/// Who looks after the rotation. They are changed where its details are.
#[component]
fn Owners(page: DataMemo<types::RotationPage>, may_edit: Memo<bool>) -> impl IntoView {
    let owners = DataMemo::new(move || page.with(|page| page.owners.clone()));
    let edit = page.with_untracked(|page| format!("/rotations/{}/edit", page.id));
    view! {
        <Card id="owners-heading" title="Owners">
            {redrawn(move || view! { <OwnerList owners=owners.get()/> })}
            {redrawn(move || may_edit.get().then(|| view! {
                <p><a href=edit.clone()>"Change owners"</a></p>
            }))}
        </Card>
    }
    .into_any()
}

/// Why the last of several actions of one section failed.
#[component]
fn SectionFailure(failures: Vec<Signal<Option<Failure>>>) -> impl IntoView {
    view! { <FailureNotice failure=first_failure(failures)/> }
}
