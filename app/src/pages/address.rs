//! Addresses with a query, and what a page reads from its own.

use crate::data::DataMemo;
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_params_map},
};
use types::RotationId;
use url::form_urlencoded::{self, Serializer};

/// `path` with those parameters that have a value.
pub(super) fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let query = Serializer::new(String::new())
        .extend_pairs(parameters.iter().filter(|(_, value)| !value.is_empty()))
        .finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// A parameter of the page's address; empty when it is absent. Read from the
/// query itself, since the router's map decodes values twice.
pub(crate) fn parameter(name: &'static str) -> Memo<String> {
    let search = use_location().search;
    Memo::new(move |_| search.with(|search| value_in(search, name)))
}

/// All values of a parameter of the page's address, as they are at present.
pub(super) fn parameters(name: &str) -> Vec<String> {
    let search = use_location().search;
    search.with_untracked(|search| values_in(search, name).collect())
}

/// Those of these parameters that the page's address has, as they are whenever it is asked.
pub(super) fn use_parameters(
    names: &'static [&'static str],
) -> impl Fn() -> Vec<(&'static str, String)> + Copy {
    let search = use_location().search;
    move || {
        let value =
            |name: &&'static str| (*name, search.with_untracked(|text| value_in(text, name)));
        let mut values: Vec<_> = names.iter().map(value).collect();
        values.retain(|(_, value)| !value.is_empty());
        values
    }
}

/// Goes on to the same page without a query, in the place of the address with it.
pub(crate) fn use_leaving_query() -> impl Fn() + Clone + Send + Sync {
    let (navigate, path) = (use_navigate(), use_location().pathname);
    move || {
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&path.get_untracked(), options);
    }
}

/// The rotation that the page is about.
pub(super) fn use_rotation_id() -> DataMemo<RotationId> {
    let params = use_params_map();
    DataMemo::new(move || RotationId::new(params.read().get("id").unwrap_or_default()))
}

/// The address of the page, without its server.
pub(crate) fn use_here() -> impl Fn() -> String {
    let location = use_location();
    move || {
        let (path, query) = (location.pathname.get(), location.search.get());
        if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        }
    }
}

/// The first value of the parameter in a query, with or without its `?`.
fn value_in(query: &str, name: &str) -> String {
    values_in(query, name).next().unwrap_or_default()
}

fn values_in(query: &str, name: &str) -> impl Iterator<Item = String> {
    form_urlencoded::parse(query.trim_start_matches('?').as_bytes())
        .filter(move |(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::{address, value_in};

    #[test]
    fn absent_values_leave_no_trace() {
        assert_eq!(address("/rotations", &[("search", "")]), "/rotations");
    }

    #[test]
    fn values_cannot_break_out_of_their_parameter() {
        assert_eq!(
            address("/a", &[("search", "x&mode=é /"), ("mode", "manual")]),
            "/a?search=x%26mode%3D%C3%A9+%2F&mode=manual"
        );
    }

    #[test]
    fn a_value_is_decoded_once() {
        let there_and_back = address("/a", &[("search", "100%25 & %41")]);
        let (_, query) = there_and_back.split_once('?').unwrap();
        assert_eq!(value_in(query, "search"), "100%25 & %41");
        assert_eq!(value_in(query, "mode"), "");
    }
}
