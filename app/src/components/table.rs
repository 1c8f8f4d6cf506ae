//! Rows of facts. On narrow screens each row becomes a block that names its cells,
//! so nothing has to be read sideways.

use crate::view;
use leptos::prelude::*;

/// The roles are said although the elements have them: where the style sheet stacks
/// the cells, browsers forget that this is a table.
#[component]
pub(crate) fn Table(
    label: &'static str,
    columns: &'static [&'static str],
    /// The rows, each a [`Row`].
    children: Children,
) -> impl IntoView {
    view! {
        <div class="table-scroll" role="region" aria-label=label tabindex="0">
            <table class="stacking" role="table">
                <thead role="rowgroup">
                    <tr role="row">
                        {columns.iter().map(|name| view! {
                            <th scope="col" role="columnheader">{*name}</th>
                        }).collect_view()}
                    </tr>
                </thead>
                <tbody role="rowgroup">{children()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
pub(crate) fn Row(children: Children) -> impl IntoView {
    view! { <tr role="row">{children()}</tr> }
}

#[component]
pub(crate) fn Cell(
    /// The name of its column.
    label: &'static str,
    children: Children,
) -> impl IntoView {
    view! { <td role="cell" data-label=label>{children()}</td> }
}

/// An id, of which the end is shown; whole on hover, and when it is copied.
#[component]
pub(crate) fn Id(text: String) -> impl IntoView {
    let title = text.clone();
    view! { <code class="id" translate="no" title=title>{text}</code> }
}
