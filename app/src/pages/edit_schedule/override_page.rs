//! Making an override: who is on duty instead, for how long, and what that would bring.

use super::rota_preview::Previewed;
use crate::{
    AppError,
    components::{
        ButtonKind, Card, Choice, FailureNotice, Notice, ProblemText, SubmitButton, Toasts, Tone,
        loaded_page, redrawn, use_title,
    },
    data::{DataMemo, Resource},
    forms::{ActionForm, ServerAction, failure, form_input, form_outcome},
    live::use_live,
    pages::{
        address::{parameter, use_rotation_id},
        current_schedule::open_in_pagerduty,
        person_select::{PeopleSearch, PersonSelect},
        span_fields::SpanFields,
    },
    server_fns::{MakeOverride, Rotation, decoded},
    view,
};
use leptos::{either::EitherOf3, prelude::*};
use serde::de::IgnoredAny;
use types::{
    Denial, Holder, MemberKey, Outcome, OverrideChoice, OverrideField, OverrideInput,
    OverrideProblem, OverrideRefusal, OverrideSet, PersonId, RotationMode, RotationPage, SpanInput,
    SpanProblem,
};

/// In the order of [`OverrideChoice`].
const KINDS: [(&str, &str, &str); 4] = [
    (
        "replace",
        "Somebody takes a place",
        "Somebody else is on duty in the place of a member.",
    ),
    (
        "add",
        "Somebody comes in addition",
        "Whoever has the turn stays on duty.",
    ),
    (
        "empty",
        "A place stays empty",
        "Nobody is on duty in the place of a member.",
    ),
    (
        "cover",
        "Ask for cover",
        "Everything stays as it is until somebody takes the place. Anybody may, where nobody is chosen.",
    ),
];

#[component]
pub(crate) fn OverridePage() -> impl IntoView {
    let id = use_rotation_id();
    let live = use_live();
    let page = Resource::following(
        move || live.rotation(&id.get()),
        move || Rotation::now(id.get(), String::new()),
    );
    let people = PeopleSearch::new("find-person", || true);
    let make = ServerAction::<MakeOverride>::telling_by(tell);
    view! { {loaded_page(page, move |page| view! { <Content page people make/> })} }
}

fn tell(toasts: Toasts, answer: &str) {
    let answer = decoded::<Outcome<OverrideSet, IgnoredAny>>(answer);
    match answer {
        Ok(Outcome::Done(OverrideSet::Made)) => toasts.say("The override was made."),
        Ok(Outcome::Done(OverrideSet::Asked)) => toasts.say("Cover is asked for."),
        _ => {}
    }
}

#[component]
fn Content(
    page: DataMemo<RotationPage>,
    people: PeopleSearch,
    make: ServerAction<MakeOverride>,
) -> impl IntoView {
    let name = move || page.with(|page| page.details.name.clone());
    let rotation = page.with_untracked(|page| format!("/rotations/{}", page.id));
    use_title(move || format!("Override in {}", name()));
    let (mode, may) = page.with_untracked(|page| (page.mode, page.may_ask_for_cover));
    let form = match (mode, may) {
        (RotationMode::Scheduled, true) => EitherOf3::A(view! { <Form page people make/> }),
        (RotationMode::PagerDuty, _) => EitherOf3::B(in_pagerduty(page)),
        _ => EitherOf3::C(view! {
            <Notice tone=Tone::Neutral><p>{refusal(mode)}</p></Notice>
        }),
    };
    view! {
        <div class="page-head">
            <div>
                <p class="way-back"><a href=rotation>"Back to the rotation"</a></p>
                <h1>"Override in "<bdi translate="no">{name}</bdi></h1>
            </div>
        </div>
        <Card id="override-heading" title="Who is on duty instead">{form}</Card>
    }
    .into_any()
}

/// Why there is nothing to fill in.
fn refusal(mode: RotationMode) -> String {
    match mode {
        RotationMode::Manual => OverrideRefusal::ByHand.to_string(),
        RotationMode::Scheduled => Denial::EditRotation.to_string(),
        RotationMode::PagerDuty | RotationMode::Unknown => mode.refusal().to_string(),
    }
}

fn in_pagerduty(page: DataMemo<RotationPage>) -> AnyView {
    view! {
        <Notice tone=Tone::Neutral>
            <p>{OverrideRefusal::Bound.to_string()}</p>
            {open_in_pagerduty(page).map(|link| view! { <p>{link}</p> })}
        </Notice>
    }
    .into_any()
}

#[component]
fn Form(
    page: DataMemo<RotationPage>,
    people: PeopleSearch,
    make: ServerAction<MakeOverride>,
) -> impl IntoView {
    let (id, zone, may_edit, may_take_over) = page.with_untracked(|page| {
        let zone = page.rota.as_ref().map(|rota| rota.zone.clone());
        let zone = zone.unwrap_or_default();
        (page.id.to_string(), zone, page.may_edit, page.may_take_over)
    });
    let here = format!("/rotations/{id}/override");
    let back = format!("/rotations/{id}");
    let outcome = form_outcome(make);
    let preview = DataMemo::new(move || match outcome.done() {
        Some(OverrideSet::Previewed(preview)) => Some(preview),
        _ => None,
    });
    let typed = form_input::<MakeOverride, OverrideInput>().unwrap_or_else(searched);
    let problem = move |field| Signal::derive(move || problem_of(outcome.refused(), field));
    let text = move |field| {
        let problem = problem(field);
        Signal::derive(move || problem.get().map(|problem| problem.to_string()))
    };
    let in_span = Callback::new(
        move |field| match problem(OverrideField::Span(field)).get() {
            Some(OverrideProblem::Span(problem)) => Some::<SpanProblem>(problem),
            _ => None,
        },
    );
    let chosen = PersonId::parse(&typed.person);
    view! {
        <ActionForm action=make class="override-form">
            <input type="hidden" name="rotation" value=id/>
            {kinds(typed.kind, (may_edit, may_take_over))}
            <div class="override-of">
                {places(page, typed.of, text(OverrideField::Of))}
            </div>
            <div class="override-by">
                <PersonSelect
                    id="override-person" label="On duty instead" people here chosen
                    problem=text(OverrideField::Person)
                />
                {(!may_edit).then(|| view! {
                    <p class="hint">
                        {if may_take_over {
                            "Leave it as it is to take a place yourself. You can choose somebody to ask for cover."
                        } else {
                            "Leave it as it is to ask anybody, or choose whom you ask for cover."
                        }}
                    </p>
                })}
            </div>
            <p>"Times are those of the schedule’s zone, "<strong translate="no">{zone}</strong>"."</p>
            <SpanFields initial=typed.span problem=in_span/>
            <FailureNotice failure=failure(outcome)/>
            <div class="buttons">
                <SubmitButton
                    label="Save" busy_label="Saving…" kind=ButtonKind::Primary
                    pending=make.pending()
                />
                <button type="submit" class="button" name="preview" value="true">"Preview"</button>
                <a class="button" href=back>"Cancel"</a>
            </div>
            <div role="status">{redrawn(move || preview.get().map(|preview| view! {
                <Previewed heading="What is planned with it" preview/>
            }))}</div>
        </ActionForm>
    }
    .into_any()
}

/// A member who may not edit takes a place over, or asks for cover; whoever is no member asks for cover.
fn kinds(chosen: OverrideChoice, (may_edit, may_take_over): (bool, bool)) -> AnyView {
    let offered: &[usize] = match (may_edit, may_take_over) {
        (true, _) => &[0, 1, 2, 3],
        (false, true) => &[0, 3],
        (false, false) => &[3],
    };
    let chosen = chosen as usize;
    let chosen = *offered
        .iter()
        .find(|place| **place == chosen)
        .unwrap_or(&offered[0]);
    let kinds = KINDS.into_iter().enumerate();
    let choices = kinds.filter(|(place, _)| offered.contains(place)).map(
        |(place, (value, label, hint))| {
            let checked = chosen == place;
            view! { <Choice id=format!("override-{value}") name="kind" value label hint checked/> }
        },
    );
    view! {
        <fieldset>
            <legend>"What it does"</legend>
            {choices.collect_view()}
        </fieldset>
    }
    .into_any()
}

/// The members, and those who are put on duty by other overrides.
fn places(
    page: DataMemo<RotationPage>,
    chosen: String,
    problem: Signal<Option<String>>,
) -> AnyView {
    let mut holders: Vec<Holder> = page.with_untracked(|page| {
        let members = page.members.iter().map(|member| Holder {
            key: member.key.clone(),
            name: member.name.clone(),
        });
        let others = page.overrides.iter().filter_map(|one| one.by.clone());
        members.chain(others).collect()
    });
    let mut known: Vec<MemberKey> = Vec::new();
    holders.retain(|holder| {
        let is_new = !known.contains(&holder.key);
        known.push(holder.key.clone());
        is_new
    });
    view! {
        <div class="field">
            <label for="override-of">"In the place of"</label>
            <select
                id="override-of" name="of" aria-describedby="override-of-problem"
                aria-invalid=move || problem.get().map(|_| "true")
            >
                <option value="">"Choose a person"</option>
                {holders.into_iter().map(|holder| {
                    let key = holder.key.to_string();
                    let selected = key == chosen;
                    view! { <option value=key selected=selected translate="no">{holder.name}</option> }
                }).collect_view()}
            </select>
            <ProblemText id="override-of-problem".to_owned() problem/>
        </div>
    }
    .into_any()
}

/// What was filled in before somebody searched for a person without our code.
fn searched() -> OverrideInput {
    let typed = |name| parameter(name).get_untracked();
    let kind = match typed("kind").as_str() {
        "add" => OverrideChoice::Add,
        "empty" => OverrideChoice::Empty,
        "cover" => OverrideChoice::Cover,
        _ => OverrideChoice::Replace,
    };
    OverrideInput {
        kind,
        of: typed("of"),
        person: typed("person"),
        span: SpanInput {
            from: typed("span[from]"),
            until: typed("span[until]"),
            ..SpanInput::default()
        },
    }
}

/// What is wrong with `field`.
fn problem_of(
    refused: Option<Result<OverrideRefusal, AppError>>,
    field: OverrideField,
) -> Option<OverrideProblem> {
    match refused {
        Some(Ok(OverrideRefusal::Fields(problems))) => problems
            .into_iter()
            .find(|(wrong, _)| *wrong == field)
            .map(|(_, problem)| problem),
        _ => None,
    }
}
