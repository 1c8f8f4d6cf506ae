//! People at a glance: their initials, and their name beside them. No pictures
//! are fetched, so nothing leaks to another host.

use super::letters::{is_alphanumeric, uppercase};
use crate::view;
use leptos::prelude::*;
use maud::{Markup, html};

/// A person's initials in a circle; decoration beside the name.
#[component]
pub(crate) fn Avatar(
    #[prop(into)] name: String,
    /// Rings it, where words say the same.
    #[prop(optional)]
    on_duty: bool,
) -> impl IntoView {
    view! { <span class=class(&name, on_duty) aria-hidden="true" translate="no">{initials(&name)}</span> }
}

/// An [`Avatar`] as text, for lists whose items are written as text.
pub(crate) fn avatar_markup(name: &str, on_duty: bool) -> Markup {
    html! { span class=(class(name, on_duty)) aria-hidden="true" { (initials(name)) } }
}

fn class(name: &str, on_duty: bool) -> String {
    let ring = if on_duty { " on-duty-now" } else { "" };
    format!("avatar {}{ring}", shade(name))
}

/// A person's initials, name and e-mail, with room for more below.
#[component]
pub(crate) fn Person(
    #[prop(into)] name: String,
    email: Option<String>,
    /// Rings the avatar, where words say the same.
    #[prop(optional)]
    on_duty: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="person">
            <Avatar name=name.clone() on_duty/>
            <div class="person-text">
                <bdi class="person-name" translate="no">{name}</bdi>
                {email.map(|email| view! { <span class="person-email" translate="no">{email}</span> })}
                {children.map(|children| children())}
            </div>
        </div>
    }
}

/// A [`Person`] as text, with `more` below.
pub(crate) fn person_markup(name: &str, email: Option<&str>, more: Markup) -> Markup {
    html! {
        div class="person" {
            (avatar_markup(name, false))
            div class="person-text" {
                bdi class="person-name" translate="no" { (name) }
                @if let Some(email) = email { span class="person-email" translate="no" { (email) } }
                (more)
            }
        }
    }
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|char| is_alphanumeric(*char)));
    let first = words.next();
    let last = words.next_back();
    let letters: String = first.into_iter().chain(last).collect();
    match letters.is_empty() {
        true => "?".to_owned(),
        false => uppercase(&letters),
    }
}

/// The class of one of six shades, always the same for the same name.
fn shade(name: &str) -> String {
    format!("shade-{}", shade_number(name))
}

/// The number of that shade.
pub(crate) fn shade_number(name: &str) -> usize {
    let sum = name.chars().fold(0_u32, |sum, char| {
        sum.wrapping_mul(31).wrapping_add(u32::from(char))
    });
    usize::try_from(sum % 6).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_come_from_the_first_and_the_last_word() {
        assert_eq!(initials("Ada King Lovelace"), "AL");
        assert_eq!(initials("  plato "), "P");
        assert_eq!(initials("(ops) łukasz"), "OŁ");
        assert_eq!(initials("דנה לוי"), "דל");
    }

    #[test]
    fn a_name_without_letters_still_has_an_avatar() {
        assert_eq!(initials("…"), "?");
        assert_eq!(initials(""), "?");
    }
}
