//! A time from one moment to another, as forms ask for it: both in the zone that the form names.
//! Where clocks show one of them twice, it is asked which is meant.

use crate::{components::TextField, data::DataMemo, view};
use leptos::prelude::*;
use types::{SpanField, SpanInput, SpanProblem, WhichOne};

/// What tells the two moments apart that clocks show alike: how far ahead of UTC they are.
type Twice = (String, String);

/// What is asked right below the moment itself.
const WHICH: &str = "Which of the two";

#[component]
pub(super) fn SpanFields(
    initial: SpanInput,
    /// What is wrong with one of them.
    problem: Callback<SpanField, Option<SpanProblem>>,
) -> impl IntoView {
    let SpanInput {
        from,
        from_which,
        until,
        until_which,
    } = initial;
    view! {
        {moment(
            ("from", "span[from]", "From"), "Now, where it stays empty.",
            from, move || problem.run(SpanField::From),
        )}
        {which_one(
            ("from-which", "span[from_which]", WHICH), from_which,
            move || twice(problem.run(SpanField::From)),
        )}
        {moment(
            ("until", "span[until]", "Until"), "As on clocks there.",
            until, move || problem.run(SpanField::Until),
        )}
        {which_one(
            ("until-which", "span[until_which]", WHICH), until_which,
            move || twice(problem.run(SpanField::Until)),
        )}
    }
    .into_any()
}

fn moment(
    (id, name, label): (&'static str, &'static str, &'static str),
    hint: &'static str,
    value: String,
    problem: impl Fn() -> Option<SpanProblem> + Send + Sync + 'static,
) -> AnyView {
    let problem = Signal::derive(move || problem().map(|problem| problem.to_string()));
    view! { <TextField id name label hint kind="datetime-local" value problem/> }.into_any()
}

fn twice(problem: Option<SpanProblem>) -> Option<Twice> {
    match problem {
        Some(SpanProblem::Twice { first, second }) => Some((first, second)),
        _ => None,
    }
}

/// Which of two moments is meant that clocks show alike. It stays once it was asked for.
pub(super) fn which_one(
    (id, name, asking): (&'static str, &'static str, &'static str),
    chosen: WhichOne,
    twice: impl Fn() -> Option<Twice> + Send + Sync + 'static,
) -> AnyView {
    let asked = DataMemo::following(move |before: Option<&Option<Twice>>| {
        twice().or_else(|| match before {
            Some(before) => before.clone(),
            None => (chosen != WhichOne::Unasked).then(Twice::default),
        })
    });
    let label = |which: &str, ahead: String| match ahead.is_empty() {
        true => format!("The {which} one"),
        false => format!("The {which} one, at UTC{ahead}"),
    };
    let shown = move || {
        asked.get().map(|(first, second)| {
            view! {
                <div class="field">
                    <label for=id>{asking}</label>
                    <select id=id name=name>
                        <option value="first" selected=chosen == WhichOne::First>
                            {label("first", first)}
                        </option>
                        <option value="second" selected=chosen == WhichOne::Second>
                            {label("second", second)}
                        </option>
                    </select>
                </div>
            }
        })
    };
    shown.into_any()
}
