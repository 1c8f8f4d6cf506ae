//! What a schedule of the rotation's own, or an override, would bring before it is saved.

use crate::{
    components::names_markup,
    pages::stretches::{PlannedShifts, changed_shifts},
    view,
};
use leptos::prelude::*;
use types::{RotaPreview, holidays_known_until};

#[component]
pub(super) fn Previewed(heading: &'static str, preview: RotaPreview) -> impl IntoView {
    let RotaPreview {
        words,
        plan,
        gained,
        lost,
        zone_data,
        holidays_until,
        names,
        compared,
    } = preview;
    let moves_nothing = compared && gained.is_empty() && lost.is_empty();
    view! {
        <div class="preview">
            <h3>{heading}</h3>
            <p translate="no">
                {words}
                {(!names.is_empty()).then(|| view! {
                    ": "<span inner_html=names_markup(&names).into_string()></span>
                })}
                "."
            </p>
            <PlannedShifts plan/>
            {moves_nothing.then(|| view! {
                <p>"It gives nobody another shift in the next eight weeks, and takes none away."</p>
            })}
            {changed_shifts("Shifts that somebody gains", gained)}
            {changed_shifts("Shifts that somebody loses", lost)}
            {holidays_until.map(|until| view! {
                <p class="hint">{holidays_known_until(until)}</p>
            })}
            <p class="hint">{format!("Nothing is saved yet. Time zones as of {zone_data}.")}</p>
        </div>
    }
    .into_any()
}
