//! What Slack is told of a rotation: the user group that holds whoever is on duty, and the channels
//! in which each change is announced.

mod channel;
mod choose;
mod find_channel;
mod kept;
mod template;
mod topic;

use super::{
    address::{address, parameter, use_parameters, use_rotation_id},
    allow::allow,
    person_select::PeopleSearch,
};
use crate::{
    AppError,
    components::{
        Card, Choice, FailureNotice, FocusKeeper, Notice, SubmitButton, Tone, loaded_page, redrawn,
        use_title,
    },
    data::{DataMemo, Resource},
    forms::{ActionForm, Forms, ServerAction, failure, first_failure, form_outcome},
    live::use_live,
    server_fns::{
        self, Announcements, ConnectDutyGroup, DutyGroup, LeaveDutyGroup, MakeDutyGroup,
        SetGroupHolds, SetStandby, SetWhenNobody, WriteDutyGroup,
    },
    view,
};
use channel::Announced;
use choose::Choose;
use find_channel::{ANNOUNCE, FindChannel, TOPIC};
use kept::KeptGroup;

use leptos::{html, prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_location;
use types::{DutyGroupView, GroupHolds, NobodyOnDuty, SlackCapability};

/// What the address of this page holds: what is searched for, chosen and tried, and not saved yet.
const HELD: [&str; 10] = [
    "search",
    "group",
    "holds",
    find_channel::SEARCH,
    ANNOUNCE,
    TOPIC,
    channel::FIELD,
    channel::DRAWN,
    topic::FIELD,
    topic::DRAWN,
];

/// What can be done about a group.
#[derive(Clone, Copy)]
struct Actions {
    connect: ServerAction<ConnectDutyGroup>,
    make: ServerAction<MakeDutyGroup>,
    leave: ServerAction<LeaveDutyGroup>,
    write: ServerAction<WriteDutyGroup>,
    holds: ServerAction<SetGroupHolds>,
    when_nobody: ServerAction<SetWhenNobody>,
    standby: ServerAction<SetStandby>,
}

/// Whom one can have in a group beside those on duty, and in their place.
#[derive(Clone, Copy)]
struct Choices {
    permanent: PeopleSearch,
    fallback: PeopleSearch,
}

#[component]
pub(crate) fn RotationSlackPage() -> impl IntoView {
    let (id, live) = (use_rotation_id(), use_live());
    let actions = Actions {
        connect: ServerAction::telling("The group follows the rotation from now on."),
        make: ServerAction::telling("The group was made, and follows the rotation from now on."),
        leave: ServerAction::telling("The group follows the rotation no more."),
        write: ServerAction::telling("Slack is told now."),
        holds: ServerAction::telling("The choice was saved."),
        when_nobody: ServerAction::telling("The choice was saved."),
        standby: ServerAction::telling("The group was changed."),
    };
    let forms = Forms::of(vec![
        actions.connect.calls(),
        actions.make.calls(),
        actions.leave.calls(),
        actions.write.calls(),
        actions.holds.calls(),
        actions.when_nobody.calls(),
        actions.standby.calls(),
    ]);
    let (search, chosen, holds) = (parameter("search"), parameter("group"), parameter("holds"));
    let group = Resource::following(
        move || live.connection() + live.rotation(&id.get()) + forms.version() as u64,
        move || DutyGroup {
            rotation: id.get(),
            search: search.get(),
            group: chosen.get(),
            holds: holds.get(),
        },
    );
    let channel_actions = channel::Actions {
        add: ServerAction::telling("Changes of duty are announced there from now on."),
        remove: ServerAction::telling("Nothing more is announced there."),
        write: ServerAction::telling("It is tried again now."),
        set_text: ServerAction::telling("The text was saved."),
    };
    let channel_forms = Forms::of(vec![
        channel_actions.add.calls(),
        channel_actions.remove.calls(),
        channel_actions.write.calls(),
        channel_actions.set_text.calls(),
    ]);
    let announcement = parameter("announcement");
    let announcements = Resource::following(
        move || live.connection() + live.rotation(&id.get()) + channel_forms.version() as u64,
        move || Announcements {
            rotation: id.get(),
            template: announcement.get(),
        },
    );
    let topic_actions = topic::Actions {
        set: ServerAction::telling("The topic was saved."),
        write: ServerAction::telling("Slack is told now."),
    };
    // A channel that is removed takes its topic along.
    let topic_forms = Forms::of(vec![
        topic_actions.set.calls(),
        topic_actions.write.calls(),
        channel_actions.remove.calls(),
    ]);
    let template = parameter("template");
    let topic = Resource::following(
        move || live.connection() + live.rotation(&id.get()) + topic_forms.version() as u64,
        move || server_fns::Topic {
            rotation: id.get(),
            template: template.get(),
        },
    );
    let choices = Choices {
        permanent: PeopleSearch::new("find_permanent", || true),
        fallback: PeopleSearch::new("find_fallback", || true),
    };
    view! {
        {loaded_page(group, move |view: DataMemo<DutyGroupView>| {
            let column = NodeRef::<html::Div>::new();
            let focus = FocusKeeper::new(column);
            view! {
                <div
                    class="column"
                    node_ref=column
                    on:submit:capture=move |event| focus.remember(&event)
                    on:focusin=move |_| focus.forget()
                >
                    <Content view id=id.get_untracked().to_string() actions choices/>
                    <FindChannel id=id.get_untracked()/>
                    <Announced
                        id=id.get_untracked() announcements asked=announcement.get_untracked()
                        actions=channel_actions
                    />
                    <topic::Topic
                        id=id.get_untracked() topic asked=template.get_untracked()
                        actions=topic_actions
                    />
                </div>
            }
        })}
    }
}

#[component]
fn Content(
    view: DataMemo<DutyGroupView>,
    id: String,
    actions: Actions,
    choices: Choices,
) -> impl IntoView {
    let name = move || view.with(|view| view.rotation.clone());
    use_title(move || format!("Slack of {}", name()));
    let made = failure(form_outcome(actions.make));
    let outcomes = vec![
        failure(form_outcome(actions.connect)),
        failure(form_outcome(actions.leave)),
        failure(form_outcome(actions.write)),
        failure(form_outcome(actions.holds)),
        failure(form_outcome(actions.when_nobody)),
        failure(form_outcome(actions.standby)),
        // It is said at its field, as long as that is there.
        Signal::derive(move || made.get().filter(|_| view.with(|view| view.kept.is_some()))),
    ];
    let rotation = format!("/rotations/{id}");
    let here = format!("{rotation}/slack");
    view! {
        <div class="page-head">
            <div>
                <p class="way-back"><a href=rotation>"Back to the rotation"</a></p>
                <h1>"Slack of "<bdi translate="no">{name}</bdi></h1>
            </div>
        </div>
        <Card id="group-heading" title="On-duty group">
            <FailureNotice failure=first_failure(outcomes)/>
            {redrawn(move || {
                let view = view.get();
                let trouble = view.trouble.clone().map(warning);
                let allow = (!view.may_write && view.trouble.is_none())
                    .then(|| allow(SlackCapability::Groups, "change user groups", &here));
                let content = match view.kept.clone() {
                    Some(kept) => view! {
                        <KeptGroup kept id=id.clone() actions choices/>
                    }.into_any(),
                    None if view.may_write && view.trouble.is_none() => view! {
                        <Choose view id=id.clone() actions/>
                    }.into_any(),
                    None => view! {
                        <p class="hint">
                            "One handle, such as @payments-oncall, then reaches whoever is on duty."
                        </p>
                    }.into_any(),
                };
                view! { {trouble}{allow}{content} }
            })}
        </Card>
    }
    .into_any()
}

/// This page with other parameters, and all that was chosen on it beside these.
fn use_elsewhere(here: &str) -> impl Fn(&[(&str, &str)]) -> String + Clone + use<> {
    let (held, here) = (use_parameters(&HELD), here.to_owned());
    move |changed| {
        let held = held();
        let others = held
            .iter()
            .filter(|(name, _)| changed.iter().all(|(other, _)| other != name))
            .map(|(name, value)| (*name, value.as_str()));
        let parameters: Vec<_> = others.chain(changed.iter().copied()).collect();
        address(&here, &parameters)
    }
}

/// A search that opens this page with what is found. What is there `instead` of what was chosen
/// from other results goes; all else that was chosen stays.
fn search_form(
    here: &str,
    (id, name): (&'static str, &'static str),
    label: &'static str,
    (value, instead): (String, &[&'static str]),
) -> AnyView {
    let here = here.to_owned();
    let others = held_fields(instead.iter().copied().chain([name]).collect());
    view! {
        <form method="get" action=here class="field">
            {others}
            <label for=id>{label}</label>
            <div class="field-row">
                <input type="search" id=id name=name autocomplete="off" dir="auto" value=value/>
                <button type="submit" class="button">"Search"</button>
            </div>
        </form>
    }
    .into_any()
}

/// All that was chosen on this page but for these, as fields of a form that opens it anew.
fn held_fields(left_out: Vec<&'static str>) -> AnyView {
    let (held, search) = (use_parameters(&HELD), use_location().search);
    redrawn(move || {
        // What is chosen later goes along as well.
        search.track();
        let others = held().into_iter();
        let others = others.filter(|(name, _)| !left_out.contains(name));
        let field = |(name, value)| view! { <input type="hidden" name=name value=value/> };
        others.map(field).collect_view()
    })
}

fn warning(sentence: String) -> AnyView {
    view! { <Notice tone=Tone::Warning><p>{sentence}</p></Notice> }.into_any()
}

/// Whom of the rotation the group holds, to choose from.
fn holds_choices(chosen: GroupHolds) -> AnyView {
    let choices = GroupHolds::ALL.map(|one| {
        let (label, hint) = match one {
            GroupHolds::OnDuty => ("Whoever is on duty", ""),
            GroupHolds::Members => (
                "All members of the rotation",
                "And whoever is on duty without being a member.",
            ),
        };
        (one.code(), label, hint, one == chosen)
    });
    choice_of(("In the group", None), "holds", &choices)
}

/// What becomes of the group while nobody is on duty, to choose from.
fn nobody_choices(chosen: NobodyOnDuty) -> AnyView {
    let choices = NobodyOnDuty::ALL.map(|one| {
        let (label, hint) = match one {
            NobodyOnDuty::Keep => ("Keep whoever was in it last", ""),
            NobodyOnDuty::Fallback => (
                "Have other people in it",
                "You choose them once the group is connected. Who is always in it stays.",
            ),
            NobodyOnDuty::Disable => (
                "Disable the handle",
                "It reaches nobody then, not even who is always in it, and comes back with the next shift.",
            ),
        };
        (one.code(), label, hint, one == chosen)
    });
    let hint = "This holds while nobody is in the group as a member of a rotation either.";
    choice_of(
        ("While nobody is on duty", Some(hint)),
        "when_nobody",
        &choices,
    )
}

/// One of some, each with its code, label and hint, and whether it is chosen.
fn choice_of(
    (legend, hint): (&'static str, Option<&'static str>),
    name: &'static str,
    choices: &[(&'static str, &'static str, &'static str, bool)],
) -> AnyView {
    let choices = choices.iter().map(|&(code, label, hint, checked)| {
        view! { <Choice id=format!("{name}-{code}") name value=code label hint checked/> }
    });
    view! {
        <fieldset>
            <legend>{legend}</legend>
            {hint.map(|hint| view! { <p class="hint">{hint}</p> })}
            {choices.collect_view()}
        </fieldset>
    }
}

/// A button in a form of its own that does something to the rotation's group.
fn button<F: ServerFn<Error = AppError> + 'static>(
    action: ServerAction<F>,
    id: &str,
    label: &'static str,
    busy_label: &'static str,
) -> AnyView {
    let id = id.to_owned();
    view! {
        <ActionForm action>
            <input type="hidden" name="rotation" value=id/>
            <SubmitButton label busy_label pending=action.pending()/>
        </ActionForm>
    }
    .into_any()
}
