//! Settings → My absences: when the reader is away, so that schedules pass them over.

use super::{settings::SettingsTabs, span_fields::SpanFields, stretches::shift_effects};
use crate::{
    AppError,
    components::{
        ButtonKind, Card, Cell, FailureNotice, Row, SubmitButton, Table, TextField, Time, Toasts,
        loaded, redrawn, rows, use_title,
    },
    data::{DataMemo, Resource},
    forms::{ActionForm, Forms, ServerAction, failure, form_input, form_outcome},
    server_fns::{Absences, NoteAbsence, RemoveAbsence, decoded},
    view,
};
use leptos::{ev::SubmitEvent, prelude::*};
use serde::de::IgnoredAny;
use types::{
    AbsenceField, AbsenceId, AbsenceInput, AbsenceProblem, AbsenceRefusal, AbsenceSet, AbsenceView,
    AbsencesView, Outcome, RotationId, ShiftEffect,
};

#[component]
pub(crate) fn AbsencesPage() -> impl IntoView {
    let note = ServerAction::<NoteAbsence>::telling_by(tell);
    let remove = ServerAction::<RemoveAbsence>::telling_by(tell);
    let forms = Forms::of(vec![note.calls(), remove.calls()]);
    let absences = Resource::following(move || forms.version() as u64, || Absences {});
    // Each that is noted leaves an empty form behind: pressing again would note it twice.
    let value = note.value();
    let noted = Memo::new(move |before: Option<&usize>| {
        let is_noted = matches!(value.done(), Some(AbsenceSet::Noted));
        before.copied().unwrap_or_default() + usize::from(is_noted)
    });
    let removal = form_outcome(remove);
    let without = DataMemo::new(move || match removal.done() {
        Some(AbsenceSet::PreviewedWithout { id, effects }) => Some((id, effects)),
        _ => None,
    });
    // The one that the last form was to remove.
    let removing = RwSignal::new(None::<AbsenceId>);
    use_title(|| "My absences".to_owned());
    view! {
        <h1>"My absences"</h1>
        <SettingsTabs/>
        <p>
            "Schedules of rotations pass you over while you are away: whoever is next takes the turn. Owners of your \
            rotations and the workspace's admins see when you are away. Your note is for the admins, and for the owners \
            of the rotations that you choose."
        </p>
        <FailureNotice failure=failure(removal)/>
        {loaded(absences, move |view: DataMemo<AbsencesView>| view! {
            <div class="column" on:submit=move |_| forms.forget_results()>
                {redrawn(move || view! {
                    <Noted absences=view.with(|view| view.absences.clone()) remove removing/>
                })}
                <div role="status">{redrawn(move || {
                    let (id, effects) = without.get()?;
                    let absence = view.with(|view| {
                        view.absences.iter().find(|absence| absence.id == id).cloned()
                    })?;
                    Some(previewed_without(&absence, effects))
                })}</div>
                <Card id="absence-heading" title="Be away">
                    {rows(move || vec![noted.get()], usize::to_string, move |_| view! {
                        <NoteForm view=view.get_untracked() note/>
                    })}
                </Card>
            </div>
        })}
    }
}

fn tell(toasts: Toasts, answer: &str) {
    match decoded::<Outcome<AbsenceSet, IgnoredAny>>(answer) {
        Ok(Outcome::Done(AbsenceSet::Noted)) => toasts.say("Your absence was noted."),
        Ok(Outcome::Done(AbsenceSet::Removed)) => toasts.say("The absence was removed."),
        _ => {}
    }
}

#[component]
fn Noted(
    absences: Vec<AbsenceView>,
    remove: ServerAction<RemoveAbsence>,
    removing: RwSignal<Option<AbsenceId>>,
) -> impl IntoView {
    (!absences.is_empty()).then(|| {
        let rows = absences
            .into_iter()
            .map(move |absence| view! { <Absence absence remove removing/> });
        view! {
            <Table label="Your absences" columns=&["From", "Until", "Rotations", "Note", "Change"]>
                {rows.collect_view()}
            </Table>
        }
    })
}

#[component]
fn Absence(
    absence: AbsenceView,
    remove: ServerAction<RemoveAbsence>,
    removing: RwSignal<Option<AbsenceId>>,
) -> impl IntoView {
    let rotations = match absence.everywhere {
        true => "All".to_owned(),
        false => absence.rotations.join(", "),
    };
    let (label, busy_label) = match absence.runs {
        true => ("End now", "Ending…"),
        false => ("Remove", "Removing…"),
    };
    let without = told_apart(" without the absence from ", &absence);
    let id = absence.id.to_string();
    // All rows share one action, and a preview removes nothing.
    let (asked, own) = (absence.id.clone(), absence.id);
    let pending = remove.pending();
    let is_removed = Signal::derive(move || {
        pending.get() && removing.with(|removing| removing.as_ref() == Some(&own))
    });
    let ask = move |event: SubmitEvent| {
        if !pending.get_untracked() {
            removing.set((!is_preview(&event)).then(|| asked.clone()));
        }
    };
    view! {
        <Row>
            <Cell label="From"><Time at=absence.starts_at/></Cell>
            <Cell label="Until"><Time at=absence.ends_at/></Cell>
            <Cell label="Rotations"><bdi translate="no">{rotations}</bdi></Cell>
            <Cell label="Note"><bdi translate="no">{absence.note}</bdi></Cell>
            <Cell label="Change">
                <div on:submit:capture=ask>
                    <ActionForm action=remove>
                        <input type="hidden" name="id" value=id/>
                        <SubmitButton label busy_label pending=is_removed/>
                        <button type="submit" class="button" name="preview" value="true">
                            "Preview"<span class="visually-hidden">{without}</span>
                        </button>
                    </ActionForm>
                </div>
            </Cell>
        </Row>
    }
    .into_any()
}

/// Whether the form was sent by the one of its buttons that has a name.
fn is_preview(event: &SubmitEvent) -> bool {
    let button = event.submitter();
    button.is_some_and(|button| button.has_attribute("name"))
}

/// Which of the reader's absences it is, after the words for what is about it.
fn told_apart(words: &'static str, absence: &AbsenceView) -> AnyView {
    let rotations = match (absence.everywhere, &absence.rotations[..]) {
        (true, _) => view! { " for all rotations" },
        // The reader takes turns there no more.
        (false, []) => ().into_any(),
        (false, names) => view! { " for "<bdi translate="no">{names.join(", ")}</bdi> },
    };
    view! {
        {words}<Time at=absence.starts_at/>" until "<Time at=absence.ends_at/>{rotations}
    }
    .into_any()
}

/// What would change without an absence.
fn previewed_without(absence: &AbsenceView, effects: Vec<ShiftEffect>) -> AnyView {
    view! {
        <section class="card" aria-labelledby="removal-heading">
            <h2 id="removal-heading">{told_apart("Without the absence from ", absence)}</h2>
            {previewed(effects)}
        </section>
    }
    .into_any()
}

#[component]
fn NoteForm(view: AbsencesView, note: ServerAction<NoteAbsence>) -> impl IntoView {
    let outcome = form_outcome(note);
    let typed = form_input::<NoteAbsence, AbsenceInput>().unwrap_or_else(|| AbsenceInput {
        zone: view.zone,
        ..AbsenceInput::default()
    });
    let problem = move |field| problem_of(outcome.refused(), field);
    let text =
        move |field| Signal::derive(move || problem(field).map(|problem| problem.to_string()));
    let preview = DataMemo::new(move || match outcome.done() {
        Some(AbsenceSet::Previewed(effects)) => Some(effects),
        _ => None,
    });
    let in_span = Callback::new(move |field| match problem(AbsenceField::Span(field)) {
        Some(AbsenceProblem::Span(problem)) => Some(problem),
        _ => None,
    });
    view! {
        <ActionForm action=note class="column form">
            <SpanFields initial=typed.span problem=in_span/>
            <TextField
                id="absence-zone" name="zone" label="Time zone"
                hint="By continent and city, as Europe/Paris. Both times are meant there."
                value=typed.zone problem=text(AbsenceField::Zone)
            />
            {rotation_boxes(view.rotations, &typed.rotations)}
            <TextField
                id="absence-note" name="note" label="Note"
                hint="For the admins, and the owners of the rotations that you tick. May stay empty."
                value=typed.note problem=text(AbsenceField::Note)
            />
            <FailureNotice failure=failure(outcome)/>
            <div class="buttons">
                <SubmitButton
                    label="Note absence" busy_label="Saving…" kind=ButtonKind::Primary
                    pending=note.pending()
                />
                <button type="submit" class="button" name="preview" value="true">"Preview"</button>
            </div>
            <div role="status">{redrawn(move || preview.get().map(previewed))}</div>
        </ActionForm>
    }
    .into_any()
}

/// What would change, rotation by rotation.
fn previewed(effects: Vec<ShiftEffect>) -> AnyView {
    let is_empty = effects.is_empty();
    view! {
        <div class="preview">
            {shift_effects(effects)}
            {is_empty.then(|| view! { <p>"Nobody’s shifts change by it."</p> })}
            <p class="hint">"Nothing is saved yet."</p>
        </div>
    }
    .into_any()
}

fn rotation_boxes(rotations: Vec<(RotationId, String)>, chosen: &[String]) -> Option<AnyView> {
    let boxes = |(id, name): (RotationId, String)| {
        let id = id.to_string();
        let checked = chosen.contains(&id);
        view! {
            <li>
                <label>
                    <input type="checkbox" name="rotations[]" value=id checked=checked/>
                    <bdi translate="no">{name}</bdi>
                </label>
            </li>
        }
    };
    (!rotations.is_empty()).then(|| {
        view! {
            <fieldset>
                <legend>"For which rotations"</legend>
                <p class="hint">"For all, also those to come, where none is ticked."</p>
                <ul class="boxes">{rotations.into_iter().map(boxes).collect_view()}</ul>
            </fieldset>
        }
        .into_any()
    })
}

/// What is wrong with `field`.
fn problem_of(
    refused: Option<Result<AbsenceRefusal, AppError>>,
    field: AbsenceField,
) -> Option<AbsenceProblem> {
    match refused {
        Some(Ok(AbsenceRefusal::Fields(problems))) => problems
            .into_iter()
            .find(|(wrong, _)| *wrong == field)
            .map(|(_, problem)| problem),
        _ => None,
    }
}
