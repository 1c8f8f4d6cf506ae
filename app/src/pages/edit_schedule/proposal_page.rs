//! What a change would bring that is made without a form of its own, as removing a member: shown
//! before it is made, and made by the one button here.

use super::{rota_preview::Previewed, tell};
use crate::{
    AppError,
    components::{
        ButtonKind, Card, FailureNotice, Notice, SubmitButton, Tone, loaded_page, redrawn,
        use_title,
    },
    data::{DataMemo, Resource},
    forms::{ActionForm, ServerAction, failure, first_failure, form_outcome},
    live::use_live,
    pages::{
        addition::NotAdded,
        address::{parameter, parameters, use_rotation_id},
        changed,
    },
    server_fns::{
        AddMembers, EndOverride, MoveMember, PreviewChange, RemoveMember, SetSchedule, TakeCover,
    },
    view,
};
use leptos::{prelude::*, server_fn::ServerFn};
use types::{Outcome, OverrideRefusal, ProposalView, RotationId, RotationMode};

/// What the address says.
#[derive(Clone)]
struct Wanted {
    rotation: RotationId,
    /// As [`types::Proposal::read`] has it.
    what: String,
    /// Whom or what it is about.
    of: Vec<String>,
}

impl Wanted {
    /// As it is when the page is drawn: whoever goes on changes the address before it is gone.
    fn here() -> Self {
        let what = parameter("what").get_untracked();
        let of = match what.as_str() {
            "add" => parameters("people[]"),
            "end" | "take" => parameters("id"),
            _ => parameters("member"),
        };
        Self {
            rotation: use_rotation_id().get_untracked(),
            what,
            of,
        }
    }
}

/// Each change that is made here.
#[derive(Clone, Copy)]
struct Actions {
    add: ServerAction<AddMembers>,
    remove: ServerAction<RemoveMember>,
    move_by_one: ServerAction<MoveMember>,
    end: ServerAction<EndOverride>,
    take: ServerAction<TakeCover>,
    make_manual: ServerAction<SetSchedule>,
}

#[component]
pub(crate) fn ProposalPage() -> impl IntoView {
    let wanted = Wanted::here();
    let live = use_live();
    let actions = Actions {
        add: ServerAction::telling_by(changed::tell),
        remove: ServerAction::telling_by(changed::tell),
        move_by_one: ServerAction::telling("The order was changed."),
        end: ServerAction::telling("The override was ended."),
        take: ServerAction::telling("You have taken it."),
        make_manual: ServerAction::telling_by(tell),
    };
    let (rotation, asked) = (wanted.rotation.clone(), wanted.clone());
    let proposed = Resource::following(
        move || live.rotation(&rotation),
        move || PreviewChange {
            rotation: asked.rotation.clone(),
            what: asked.what.clone(),
            of: asked.of.join(","),
        },
    );
    view! {
        {loaded_page(proposed, move |proposed| view! { <Content proposed wanted=wanted.clone() actions/> })}
    }
}

#[component]
fn Content(
    proposed: DataMemo<Outcome<ProposalView, OverrideRefusal>>,
    wanted: Wanted,
    actions: Actions,
) -> impl IntoView {
    let name = move || {
        proposed.with(|proposed| {
            let done = proposed.done();
            done.map_or_else(|| "the rotation".to_owned(), |done| done.name.clone())
        })
    };
    let rotation = format!("/rotations/{}", wanted.rotation);
    let added = form_outcome(actions.add);
    let failed = first_failure(vec![
        failure(added),
        failure(form_outcome(actions.remove)),
        failure(form_outcome(actions.move_by_one)),
        failure(form_outcome(actions.end)),
        failure(form_outcome(actions.take)),
        failure(form_outcome(actions.make_manual)),
    ]);
    use_title(move || format!("What changes in {}", name()));
    view! {
        <div class="page-head">
            <div>
                <p class="way-back"><a href=rotation>"Back to the rotation"</a></p>
                <h1>"What changes in "<bdi translate="no">{name}</bdi></h1>
            </div>
        </div>
        <NotAdded added/>
        <Card id="change-heading" title="Before it is done">
            {redrawn(move || match proposed.get() {
                Outcome::Done(ProposalView { preview, version, .. }) => {
                    let is_same = preview.gained.is_empty() && preview.lost.is_empty();
                    view! {
                        {is_same.then(|| view! { <p>"Nobody’s shifts change by it."</p> })}
                        <Previewed heading="What is planned with it" preview/>
                        {confirming(&wanted, version, actions)}
                    }
                    .into_any()
                }
                Outcome::Refused(refusal) => view! {
                    <Notice tone=Tone::Neutral><p>{refusal.to_string()}</p></Notice>
                }
                .into_any(),
            })}
            <FailureNotice failure=failed/>
        </Card>
    }
    .into_any()
}

/// The form that makes the change.
fn confirming(wanted: &Wanted, version: String, actions: Actions) -> AnyView {
    let Wanted { rotation, what, of } = wanted;
    let direction = what.clone();
    let to = rotation.to_string();
    match what.as_str() {
        "add" => form(
            actions.add,
            ("Add", "Adding…"),
            fields("id", to, ("people[]", of)),
        ),
        "remove" => form(
            actions.remove,
            ("Remove", "Removing…"),
            fields("id", to, ("member", of)),
        ),
        "up" | "down" => {
            let label = if direction == "up" {
                "Move up"
            } else {
                "Move down"
            };
            let fields = view! {
                {fields("id", to, ("member", of))}
                <input type="hidden" name="direction" value=direction/>
            };
            form(actions.move_by_one, (label, "Moving…"), fields.into_any())
        }
        "end" => form(
            actions.end,
            ("End override", "Ending…"),
            fields("rotation", to, ("id", of)),
        ),
        "take" => form(
            actions.take,
            ("Take it", "Taking it…"),
            fields("rotation", to, ("id", of)),
        ),
        _ => {
            let fields = view! {
                {fields("id", to, ("mode", &[RotationMode::Manual.code().to_owned()]))}
                <input type="hidden" name="rota[version]" value=version/>
            };
            form(
                actions.make_manual,
                ("Make it Manual", "Saving…"),
                fields.into_any(),
            )
        }
    }
}

/// The hidden fields that say in which rotation, and whom or what it is about.
fn fields(
    name: &'static str,
    rotation: String,
    (of, values): (&'static str, &[String]),
) -> AnyView {
    let values = values.iter().cloned();
    let values = values.map(|value| view! { <input type="hidden" name=of value=value/> });
    view! {
        <input type="hidden" name=name value=rotation/>
        {values.collect_view()}
    }
    .into_any()
}

fn form<F: ServerFn<Error = AppError> + 'static>(
    action: ServerAction<F>,
    (label, busy_label): (&'static str, &'static str),
    fields: AnyView,
) -> AnyView {
    view! {
        <ActionForm action>
            {fields}
            <input type="hidden" name="shown" value="true"/>
            <div class="buttons">
                <SubmitButton label busy_label kind=ButtonKind::Primary pending=action.pending()/>
            </div>
        </ActionForm>
    }
    .into_any()
}
