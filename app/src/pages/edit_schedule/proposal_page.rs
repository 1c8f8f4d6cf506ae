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
    forms::{ActionForm, Forms, ServerAction, failure, first_failure, form_outcome},
    live::use_live,
    pages::{
        addition,
        address::{parameter, parameters, use_rotation_id},
        changed,
        version::known,
    },
    server_fns::{
        AddMembers, EndOverride, MoveMember, PreviewChange, RemoveMember, SetSchedule, TakeCover,
    },
    view,
};
use leptos::{prelude::*, server_fn::ServerFn};
use types::{Outcome, OverrideRefusal, ProposalView, RotationId, RotationMode, RotationRefusal};

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
        add: ServerAction::telling_by(addition::tell),
        remove: ServerAction::telling_by(changed::tell),
        move_by_one: ServerAction::telling("The order was changed."),
        end: ServerAction::telling_of(
            "The override was ended.",
            &["to_come=true"],
            "The override was removed.",
        ),
        take: ServerAction::telling("You have taken it."),
        make_manual: ServerAction::telling_by(tell),
    };
    let forms = Forms::of(vec![
        actions.add.calls(),
        actions.remove.calls(),
        actions.move_by_one.calls(),
        actions.end.calls(),
        actions.take.calls(),
        actions.make_manual.calls(),
    ]);
    let (rotation, asked) = (wanted.rotation.clone(), wanted.clone());
    let proposed = Resource::following(
        move || live.rotation(&rotation) + forms.version() as u64,
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
    let back = rotation.clone();
    let preview =
        DataMemo::new(move || proposed.with(|proposed| Some(proposed.done()?.preview.clone())));
    let refusal = DataMemo::new(move || proposed.with(|proposed| proposed.refused().map(sentence)));
    let shown = Shown {
        version: known(String::new(), move || {
            proposed.with(|proposed| Some(proposed.done()?.version.clone()))
        }),
        to_come: Memo::new(move |_| {
            proposed.with(|proposed| proposed.done().is_some_and(|done| done.to_come))
        }),
    };
    let failed = first_failure(vec![
        failure(form_outcome(actions.add)),
        failure(form_outcome(actions.remove)),
        failure(form_outcome(actions.move_by_one)),
        failure(form_outcome(actions.end)),
        failure(form_outcome(actions.take)),
        failure(form_outcome(actions.make_manual)),
    ]);
    // What is said of the change by now is not said of the attempt as well.
    let failed = Signal::derive(move || {
        let failed = failed.get()?;
        let said = refusal.get() == Some(failed.to_string());
        (!said).then_some(failed)
    });
    use_title(move || format!("What changes in {}", name()));
    view! {
        <div class="page-head">
            <div>
                <p class="way-back"><a href=rotation>"Back to the rotation"</a></p>
                <h1>"What changes in "<bdi translate="no">{name}</bdi></h1>
            </div>
        </div>
        <Card id="change-heading" title="Before it is done">
            {redrawn(move || preview.get().map(|preview| view! {
                <Previewed heading="What is planned with it" preview/>
            }))}
            <div role="status">
                {redrawn(move || refusal.get().map(|refusal| {
                    let back = back.clone();
                    view! {
                        <Notice tone=Tone::Neutral>
                            <p>{refusal}</p>
                            <p><a class="button" href=back>"Back to the rotation"</a></p>
                        </Notice>
                    }
                }))}
            </div>
            // Drawn once, apart from what is shown above, so that its button keeps the focus.
            <div hidden=move || refusal.with(Option::is_some)>{confirming(&wanted, shown, actions)}</div>
            <FailureNotice failure=failed/>
        </Card>
    }
    .into_any()
}

/// Why it cannot be done, and the way out where that is not on this page.
fn sentence(refusal: &OverrideRefusal) -> String {
    match refusal {
        OverrideRefusal::Rotation(RotationRefusal::NobodyChosen) => {
            "Nobody was chosen who could be added. Go back to the rotation and tick somebody."
                .to_owned()
        }
        refusal => refusal.to_string(),
    }
}

/// What the form goes by of what is shown.
#[derive(Clone, Copy)]
struct Shown {
    /// [`ProposalView::version`].
    version: DataMemo<String>,
    /// [`ProposalView::to_come`].
    to_come: Memo<bool>,
}

/// The form that makes the change.
fn confirming(wanted: &Wanted, shown: Shown, actions: Actions) -> AnyView {
    let Wanted { rotation, what, of } = wanted;
    let Shown { version, to_come } = shown;
    let direction = what.clone();
    match what.as_str() {
        "add" => form(
            actions.add,
            ("Add", "Adding…"),
            rotation,
            of_members(rotation, ("people[]", of)),
        ),
        "remove" => form(
            actions.remove,
            ("Remove", "Removing…"),
            rotation,
            of_members(rotation, ("member", of)),
        ),
        "up" | "down" => {
            let label = if direction == "up" {
                "Move up"
            } else {
                "Move down"
            };
            let fields = view! {
                {of_members(rotation, ("member", of))}
                <input type="hidden" name="direction" value=direction/>
            };
            form(actions.move_by_one, (label, "Moving…"), rotation, fields)
        }
        "end" => {
            let (rotation, of) = (rotation.clone(), of.clone());
            redrawn(move || {
                let to_come = to_come.get();
                let labels = match to_come {
                    true => ("Remove", "Removing…"),
                    false => ("End override", "Ending…"),
                };
                let fields = view! {
                    {fields("rotation", &rotation, ("id", &of))}
                    <input type="hidden" name="to_come" value=to_come.to_string()/>
                };
                form(actions.end, labels, &rotation, fields)
            })
        }
        "take" => form(
            actions.take,
            ("Take it", "Taking it…"),
            rotation,
            fields("rotation", rotation, ("id", of)),
        ),
        _ => {
            let fields = view! {
                {fields("id", rotation, ("mode", &[RotationMode::Manual.code().to_owned()]))}
                <input type="hidden" name="rota[version]" value=move || version.get()/>
            };
            let labels = ("Make it Manual", "Saving…");
            form(actions.make_manual, labels, rotation, fields)
        }
    }
}

/// The hidden fields of a change of members, which leads to the rotation where it was shown what it
/// brings.
fn of_members(rotation: &RotationId, of: (&'static str, &[String])) -> AnyView {
    view! {
        {fields("id", rotation, of)}
        <input type="hidden" name="shown" value="true"/>
    }
}

/// The hidden fields that say in which rotation, and whom or what it is about.
fn fields(
    name: &'static str,
    rotation: &RotationId,
    (of, values): (&'static str, &[String]),
) -> AnyView {
    let values = values.iter().cloned();
    let values = values.map(|value| view! { <input type="hidden" name=of value=value/> });
    view! {
        <input type="hidden" name=name value=rotation.to_string()/>
        {values.collect_view()}
    }
    .into_any()
}

fn form<F: ServerFn<Error = AppError> + 'static>(
    action: ServerAction<F>,
    (label, busy_label): (&'static str, &'static str),
    rotation: &RotationId,
    fields: AnyView,
) -> AnyView {
    let back = format!("/rotations/{rotation}");
    view! {
        <ActionForm action>
            {fields}
            <div class="buttons">
                <SubmitButton label busy_label kind=ButtonKind::Primary pending=action.pending()/>
                <a class="button" href=back>"Cancel"</a>
            </div>
        </ActionForm>
    }
    .into_any()
}
