//! Settings → Holidays: which days the workspace's schedules have off. Each change is shown before it
//! is saved, as the server answers what it would bring.

use super::{
    address::{address, parameter},
    settings::SettingsTabs,
    stretches::shift_effects,
};
use crate::{
    AppError,
    components::{
        ButtonKind, Card, Cell, FailureNotice, Row, SubmitButton, Table, TextField, Toasts, loaded,
        redrawn, rows, use_title,
    },
    data::{DataMemo, Resource},
    forms::{ActionForm, Forms, ServerAction, failure, form_input, form_outcome},
    server_fns::{ChangeHolidays, Holidays, decoded},
    view,
};
use leptos::prelude::*;
use serde::de::IgnoredAny;
use types::{
    HolidayField, HolidayInput, HolidayKind, HolidayPreview, HolidayProblem, HolidayRefusal,
    HolidaySet, HolidayView, HolidaysView, Outcome, holidays_known_until,
};

const ADDRESS: &str = "/settings/holidays";

#[component]
pub(crate) fn HolidaysPage() -> impl IntoView {
    let change = ServerAction::<ChangeHolidays>::telling_by(tell);
    let forms = Forms::of(vec![change.calls()]);
    let year = parameter("year");
    let view = Resource::following(
        move || forms.version() as u64,
        move || Holidays { year: year.get() },
    );
    let outcome = form_outcome(change);
    let preview = DataMemo::new(move || match outcome.done() {
        Some(HolidaySet::Previewed(preview)) => Some(*preview),
        _ => None,
    });
    // Each day that is added leaves an empty form behind: pressing again would say that it is there.
    let value = change.value();
    let changed = Memo::new(move |before: Option<&usize>| {
        let is_changed = matches!(value.done(), Some(HolidaySet::Changed { listed: false }));
        before.copied().unwrap_or_default() + usize::from(is_changed)
    });
    use_title(|| "Holidays".to_owned());
    view! {
        <h1>"Holidays"</h1>
        <SettingsTabs/>
        <p>
            "Schedules of rotations that skip the holidays of a country have these days off. A change holds for all of \
            them, from now on: what has been stays as it was, and whose shifts move is told once."
        </p>
        <FailureNotice failure=failure(outcome)/>
        <div role="status">
            {redrawn(move || preview.get().map(|preview| view! { <Previewed preview change/> }))}
        </div>
        {loaded(view, move |view: DataMemo<HolidaysView>| view! {
            {redrawn(move || view! { <Own view=view.get() change/> })}
            <Card id="add-holiday-heading" title="Add a day">
                {rows(move || vec![changed.get()], usize::to_string, move |_| view! {
                    <AddForm regions=view.with_untracked(|view| view.regions.clone()) change/>
                })}
            </Card>
            {redrawn(move || view! { <Known view=view.get() change/> })}
        })}
    }
}

fn tell(toasts: Toasts, answer: &str) {
    let answer = decoded::<Outcome<HolidaySet, IgnoredAny>>(answer);
    if let Ok(Outcome::Done(HolidaySet::Changed { .. })) = answer {
        toasts.say("The holidays were changed.");
    }
}

/// What a change would bring, and the button that makes it.
#[component]
fn Previewed(preview: HolidayPreview, change: ServerAction<ChangeHolidays>) -> impl IntoView {
    let HolidayPreview {
        input,
        words,
        until,
        looked,
        rotations,
        shifts,
        effects,
    } = preview;
    let counted = |count: u32, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    let told = effects.len();
    let sum = match rotations {
        _ if !looked => format!(
            "This day is too far ahead to tell whose shifts it moves: what comes until {until} was looked at."
        ),
        0 => format!("Nobody’s shifts change by it until {until}."),
        _ => format!(
            "Until {until}, {} in {} change hands by it.",
            counted(shifts, "shift", "shifts"),
            counted(rotations, "rotation", "rotations"),
        ),
    };
    let beyond =
        (rotations as usize > told).then(|| format!("The first {told} of these rotations:"));
    view! {
        <Card id="holiday-preview-heading" title="What this changes">
            <p translate="no">{words}"."</p>
            <p>{sum}</p>
            {beyond.map(|beyond| view! { <p>{beyond}</p> })}
            {shift_effects(effects)}
            <p class="hint">"Nothing is saved yet."</p>
            <ActionForm action=change>
                {fields(&input)}
                <div class="buttons">
                    <SubmitButton
                        label="Save this change" busy_label="Saving…" kind=ButtonKind::Primary
                        pending=change.pending()
                    />
                </div>
            </ActionForm>
        </Card>
    }
    .into_any()
}

/// What a form says that asks for nothing.
fn fields(input: &HolidayInput) -> AnyView {
    view! {
        <input type="hidden" name="what" value=code(input.what)/>
        <input type="hidden" name="date" value=input.date.clone()/>
        <input type="hidden" name="region" value=input.region.clone()/>
        <input type="hidden" name="name" value=input.name.clone()/>
        {input.listed.then(|| view! { <input type="hidden" name="listed" value="true"/> })}
    }
    .into_any()
}

fn code(what: HolidayKind) -> &'static str {
    match what {
        HolidayKind::Add => "add",
        HolidayKind::Remove => "remove",
    }
}

/// What the workspace has decided.
#[component]
fn Own(view: HolidaysView, change: ServerAction<ChangeHolidays>) -> impl IntoView {
    let HolidaysView { added, removed, .. } = view;
    let row = move |what| move |day: HolidayView| view! { <Day day what change/> };
    let (adds, removes) = (row(HolidayKind::Remove), row(HolidayKind::Add));
    view! {
        <Card id="own-holidays-heading" title="Days of this workspace">
            {if added.is_empty() {
                view! { <p>"None has been added."</p> }.into_any()
            } else {
                view! {
                    <Table label="Added days" columns=&["Day", "Name", "Where", "Change"]>
                        {added.into_iter().map(adds).collect_view()}
                    </Table>
                }
                .into_any()
            }}
        </Card>
        {(!removed.is_empty()).then(|| view! {
            <Card id="removed-holidays-heading" title="Removed days">
                <p>
                    "These would be off, as holidays of the country or as days of this workspace for all. Schedules \
                    that skip the holidays of the country do not have them off."
                </p>
                <Table label="Days that are worked" columns=&["Day", "Where", "Change"]>
                    {removed.into_iter().map(removes).collect_view()}
                </Table>
            </Card>
        })}
    }
    .into_any()
}

/// What countries have off.
#[component]
fn Known(view: HolidaysView, change: ServerAction<ChangeHolidays>) -> impl IntoView {
    let HolidaysView {
        year,
        years,
        known_until,
        known,
        regions,
        ..
    } = view;
    let link = |one: i16| {
        let text = one.to_string();
        let href = address(ADDRESS, &[("year", &text)]);
        view! { <a href=href data-noscroll="" aria-current=(one == year).then_some("true")>{text}</a> }
    };
    let content = if regions.is_empty() {
        view! {
            <p>
                "No schedule of this workspace skips the holidays of a country. Choose countries where you edit the \
                schedule of a rotation."
            </p>
        }
        .into_any()
    } else {
        view! {
            <p>{holidays_known_until(known_until)}</p>
            <nav aria-label="Years" class="tabs">{years.into_iter().map(link).collect_view()}</nav>
            <Table label="Holidays of the year" columns=&["Day", "Where", "Change"]>
                {known.into_iter().map(|day| view! {
                    <Day day what=HolidayKind::Remove change/>
                }).collect_view()}
            </Table>
        }
        .into_any()
    };
    view! {
        <Card id="known-holidays-heading" title="Holidays of countries">{content}</Card>
    }
    .into_any()
}

/// A day, and the button that asks what it would bring to have it another way.
#[component]
fn Day(day: HolidayView, what: HolidayKind, change: ServerAction<ChangeHolidays>) -> impl IntoView {
    let HolidayView {
        date,
        day,
        region,
        country,
        name,
        over,
    } = day;
    let label = match what {
        HolidayKind::Add => "Put back…",
        HolidayKind::Remove => "Remove…",
    };
    let target = day.clone();
    let (input, has_name) = (
        HolidayInput {
            what,
            date,
            region,
            name: String::new(),
            listed: true,
        },
        !name.is_empty(),
    );
    let place = country.unwrap_or_else(|| "Everywhere".to_owned());
    view! {
        <Row>
            <Cell label="Day">{day}</Cell>
            {has_name.then(|| view! { <Cell label="Name"><bdi translate="no">{name}</bdi></Cell> })}
            <Cell label="Where">{place}</Cell>
            <Cell label="Change">
                {if over {
                    view! { <span class="hint">"Over"</span> }.into_any()
                } else {
                    view! {
                        <ActionForm action=change>
                            {fields(&input)}
                            <input type="hidden" name="preview" value="true"/>
                            <SubmitButton label target busy_label="Asking…" pending=change.pending()/>
                        </ActionForm>
                    }
                    .into_any()
                }}
            </Cell>
        </Row>
    }
    .into_any()
}

#[component]
fn AddForm(regions: Vec<(String, String)>, change: ServerAction<ChangeHolidays>) -> impl IntoView {
    let outcome = form_outcome(change);
    // What a button in a row said is not what somebody typed here.
    let typed = form_input::<ChangeHolidays, HolidayInput>()
        .filter(|typed| !typed.listed)
        .unwrap_or_default();
    let problem = move |field| {
        Signal::derive(move || {
            problem_of(outcome.refused(), field).map(|problem| problem.to_string())
        })
    };
    let chosen = typed.region;
    let option = |(code, name): (String, String)| {
        let selected = code == chosen;
        view! { <option value=code selected=selected>{name}</option> }
    };
    let options = regions.into_iter().map(option).collect_view();
    let region_problem = problem(HolidayField::Region);
    view! {
        <ActionForm action=change class="column form">
            <input type="hidden" name="what" value=code(HolidayKind::Add)/>
            <TextField
                id="holiday-date" name="date" label="Day" kind="date"
                hint="Today or later."
                value=typed.date problem=problem(HolidayField::Date)
            />
            <TextField
                id="holiday-name" name="name" label="Name"
                value=typed.name problem=problem(HolidayField::Name)
            />
            <div class="field">
                <label for="holiday-region">"Where"</label>
                <select id="holiday-region" name="region" aria-describedby="holiday-region-problem">
                    <option value="">"Everywhere: all schedules that skip holidays"</option>
                    {options}
                </select>
                <p class="problem" id="holiday-region-problem" role="alert">
                    {redrawn(move || region_problem.get())}
                </p>
            </div>
            <div class="buttons">
                <SubmitButton
                    label="Add day" busy_label="Saving…" kind=ButtonKind::Primary
                    pending=change.pending()
                />
                <button type="submit" class="button" name="preview" value="true">"Preview"</button>
            </div>
        </ActionForm>
    }
    .into_any()
}

/// What is wrong with `field`.
fn problem_of(
    refused: Option<Result<HolidayRefusal, AppError>>,
    field: HolidayField,
) -> Option<HolidayProblem> {
    match refused {
        Some(Ok(HolidayRefusal::Fields(problems))) => problems
            .into_iter()
            .find(|(wrong, _)| *wrong == field)
            .map(|(_, problem)| problem),
        _ => None,
    }
}
