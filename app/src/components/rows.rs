//! A list whose rows stay on the page as long as their keys are in it. Leptos would
//! compile all of it anew for each type of what is listed.

use crate::view;
use leptos::prelude::*;

struct Row {
    key: String,
    draw: Box<dyn FnOnce() -> AnyView + Send>,
}

pub(crate) fn rows<T, V>(
    items: impl Fn() -> Vec<T> + Send + 'static,
    key: impl Fn(&T) -> String + Send + 'static,
    row: impl Fn(T) -> V + Clone + Send + 'static,
) -> impl IntoView
where
    T: Send + 'static,
    V: IntoView + 'static,
{
    let drawn = move |item| {
        let (key, row) = (key(&item), row.clone());
        let draw = Box::new(move || row(item).into_any());
        Row { key, draw }
    };
    list(Box::new(move || items().into_iter().map(&drawn).collect()))
}

fn list(rows: Box<dyn Fn() -> Vec<Row> + Send>) -> impl IntoView {
    view! { <For each=rows key=|row: &Row| row.key.clone() children=|row: Row| (row.draw)()/> }
}
