//! The fields of a rotation's own schedule. The style sheet shows those of the chosen kind.

use super::rota_preview::Previewed;
use crate::{
    AppError,
    components::{Checkbox, Later, TextField, redrawn},
    data::DataMemo,
    pages::span_fields::which_one,
    view,
};
use leptos::prelude::*;
use types::{BindRefusal, RotaField, RotaInput, RotaKind, RotaPreview, RotaProblem};

type Options = &'static [(&'static str, &'static str)];

/// In the order of [`RotaKind`].
const KINDS: Options = &[
    ("daily", "Every day"),
    ("working", "Every so many working days"),
    ("weekly", "Every so many weeks"),
    ("monthly", "On a day of the month"),
    ("nth_weekday", "On a weekday of the month"),
    ("custom", "On some days of each week"),
];
/// In the order of [`Weekday`].
const WEEK: Options = &[
    ("monday", "Monday"),
    ("tuesday", "Tuesday"),
    ("wednesday", "Wednesday"),
    ("thursday", "Thursday"),
    ("friday", "Friday"),
    ("saturday", "Saturday"),
    ("sunday", "Sunday"),
];
const NTHS: Options = &[
    ("1", "First"),
    ("2", "Second"),
    ("3", "Third"),
    ("4", "Fourth"),
    ("5", "Last"),
];
/// In the order of [`DayOff`].
const ON_DAYS_OFF: Options = &[
    ("stays_on", "Whoever was on duty stays so"),
    ("nobody", "Nobody is on duty"),
];

/// In the order of [`WhenAway`].
const WHEN_AWAY: Options = &[
    ("is_next", "Is the first at the next hand-off"),
    ("loses_turn", "Loses this turn"),
];

/// What the form begins with where there is no schedule yet.
pub(super) fn first_input() -> RotaInput {
    RotaInput {
        kind: RotaKind::Weekly,
        every: "1".to_owned(),
        day: "1".to_owned(),
        times: "09:00".to_owned(),
        zone: "UTC".to_owned(),
        ..RotaInput::default()
    }
}

#[component]
pub(super) fn RotaFields(
    initial: RotaInput,
    refused: Signal<Option<Result<BindRefusal, AppError>>>,
    preview: DataMemo<Option<RotaPreview>>,
    countries: KnownCountries,
) -> impl IntoView {
    let none = Signal::stored(None::<String>);
    let problem = move |field| Signal::derive(move || problem_of(refused.get(), field));
    let days = initial.days;
    view! {
        <div class="rota">
            {select("rota-kind", "rota[kind]", "Duty changes hands", KINDS, KINDS[initial.kind as usize].0)}
            <div class="rota-every">
                <TextField
                    id="rota-every" name="rota[every]" label="Every" inputmode="numeric"
                    hint="How many working days, weeks or months a turn lasts, counted from the start."
                    value=initial.every problem=problem(RotaField::Every)
                />
            </div>
            <div class="rota-nth">
                {select("rota-nth", "rota[nth]", "Which one of the month", NTHS, &initial.nth)}
            </div>
            <div class="rota-weekday">
                {select("rota-weekday", "rota[weekday]", "Day of the week", WEEK, WEEK[initial.weekday as usize].0)}
            </div>
            <div class="rota-day">
                <TextField
                    id="rota-day" name="rota[day]" label="Day of the month" inputmode="numeric"
                    hint="From 1 to 31. In a shorter month it is the last day."
                    value=initial.day problem=problem(RotaField::Day)
                />
            </div>
            <fieldset class="rota-days" aria-describedby="rota-days-problem">
                <legend>"Days of the week"</legend>
                {WEEK.iter().enumerate().map(|(place, &(value, label))| view! {
                    <Checkbox
                        id=format!("rota-{value}") name="rota[days][]" value label
                        checked=days.iter().any(|day| *day as usize == place)
                    />
                }).collect_view()}
                <p class="problem" id="rota-days-problem" role="alert">{
                    let problem = problem(RotaField::Days);
                    move || problem.get()
                }</p>
            </fieldset>
            <TextField
                id="rota-times" name="rota[times]" label="Time of day"
                hint="Hours and minutes of the day. Several are possible, with commas between them."
                value=initial.times problem=problem(RotaField::Times)
            />
            {which_one(
                ("rota-starts-which", "rota[starts_which]", "Which of the two times on the start date"),
                initial.starts_which,
                move || twice(refused.get()),
            )}
            <TextField
                id="rota-zone" name="rota[zone]" label="Time zone"
                hint="By continent and city, as Europe/Paris. All times of the schedule are meant there."
                value=initial.zone problem=problem(RotaField::Zone)
            />
            <TextField
                id="rota-starts-on" name="rota[starts_on]" label="Starts on" kind="date"
                hint="Today, where it stays empty. Whoever is on duty stays so until the first hand-off."
                value=initial.starts_on problem=problem(RotaField::StartsOn)
            />
            <fieldset aria-describedby="rota-hours-problem">
                <legend>"Hours of duty"</legend>
                <p class="hint">"Round the clock, where both stay empty. Hours never change whose turn it is."</p>
                <TextField
                    id="rota-from" name="rota[from]" label="From"
                    value=initial.from problem=problem(RotaField::Hours)
                />
                <TextField id="rota-until" name="rota[until]" label="Until" value=initial.until problem=none/>
            </fieldset>
            <fieldset>
                <legend>"Days off"</legend>
                <p class="hint">"They use nobody's turn. A day is off where any of these has it off."</p>
                <Checkbox id="rota-weekends" name="rota[weekends]" label="Weekends" checked=initial.weekends/>
                <TextField
                    id="rota-holidays" name="rota[holidays]" label="Public holidays of"
                    hint="Countries by name or code, such as France or FR, and parts of them by code, such as DE-BY, with commas between."
                    value=initial.holidays problem=problem(RotaField::Holidays)
                />
                {country(countries, initial.country)}
                <TextField
                    id="rota-days-off" name="rota[days_off]" label="Other days"
                    hint="As 2026-12-24, with commas between."
                    value=initial.days_off problem=problem(RotaField::DaysOff)
                />
                {select("rota-on-days-off", "rota[on_days_off]", "On days off", ON_DAYS_OFF, ON_DAYS_OFF[initial.on_days_off as usize].0)}
            </fieldset>
            {select("rota-when-away", "rota[when_away]", "Whoever is away when their turn begins", WHEN_AWAY, WHEN_AWAY[initial.when_away as usize].0)}
            <TextField
                id="rota-duty-size" name="rota[duty_size]" label="Duty size" inputmode="numeric"
                hint="How many people are on duty at once."
                value=initial.duty_size problem=problem(RotaField::DutySize)
            />
            <Checkbox id="rota-paused" name="rota[paused]" label="Paused: nobody is on duty, and whoever's turn it is keeps it" checked=initial.paused/>
            <div class="buttons">
                <button type="submit" class="button" name="preview" value="true">"Preview"</button>
            </div>
            <div role="status">{redrawn(move || preview.get().map(|preview| view! { <Previewed heading="The next eight weeks" preview/> }))}</div>
        </div>
    }
    .into_any()
}

/// The countries whose holidays are known, each by its code and what it is called.
pub(super) type KnownCountries = Later<Vec<(String, String)>>;

/// The countries by name, for whoever does not know how they are written.
fn country(known: KnownCountries, chosen: String) -> AnyView {
    let options = move || {
        let known = known.get().and_then(Result::ok);
        let option = |(code, name): &(String, String)| {
            let selected = *code == chosen;
            view! { <option value=code.clone() selected=selected>{name.clone()}</option> }
        };
        known.map(|known| known.iter().map(option).collect_view())
    };
    view! {
        <div class="field">
            <label for="rota-country">"Add a country"</label>
            <select id="rota-country" name="rota[country]">
                <option value="">"None"</option>
                {redrawn(options)}
            </select>
        </div>
    }
    .into_any()
}

fn select(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    options: Options,
    chosen: &str,
) -> AnyView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select id=id name=name>
                {options.iter().map(|&(value, label)| view! {
                    <option value=value selected=value == chosen>{label}</option>
                }).collect_view()}
            </select>
        </div>
    }
    .into_any()
}

/// The two moments of which it has to be said with which one the schedule starts.
fn twice(refused: Option<Result<BindRefusal, AppError>>) -> Option<(String, String)> {
    match refused {
        Some(Ok(BindRefusal::Rota(problems))) => {
            problems.into_iter().find_map(|(_, problem)| match problem {
                RotaProblem::Twice { first, second } => Some((first, second)),
                _ => None,
            })
        }
        _ => None,
    }
}

/// What is wrong with `field`.
fn problem_of(refused: Option<Result<BindRefusal, AppError>>, field: RotaField) -> Option<String> {
    match refused {
        Some(Ok(BindRefusal::Rota(problems))) => problems
            .iter()
            .find(|(wrong, _)| *wrong == field)
            .map(|(_, problem)| problem.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use types::{DayOff, Weekday, WhenAway};

    fn code(value: impl Serialize) -> String {
        serde_json::to_value(value)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn each_choice_stands_where_its_value_does() {
        for (kind, place) in [
            RotaKind::Daily,
            RotaKind::Working,
            RotaKind::Weekly,
            RotaKind::Monthly,
            RotaKind::NthWeekday,
            RotaKind::Custom,
        ]
        .into_iter()
        .zip(0..)
        {
            assert_eq!(
                (kind as usize, KINDS[place].0),
                (place, code(kind).as_str())
            );
        }
        for (weekday, place) in [Weekday::Monday, Weekday::Tuesday, Weekday::Sunday]
            .into_iter()
            .zip([0, 1, 6])
        {
            let value = WEEK[place].0;
            assert_eq!((weekday as usize, value), (place, code(weekday).as_str()));
        }
        for (when_away, place) in [WhenAway::IsNext, WhenAway::LosesTurn].into_iter().zip(0..) {
            let value = WHEN_AWAY[place].0;
            assert_eq!(
                (when_away as usize, value),
                (place, code(when_away).as_str())
            );
        }
        for (on_days_off, place) in [DayOff::StaysOn, DayOff::Nobody].into_iter().zip(0..) {
            let value = ON_DAYS_OFF[place].0;
            assert_eq!(
                (on_days_off as usize, value),
                (place, code(on_days_off).as_str())
            );
        }
    }
}
