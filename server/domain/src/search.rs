//! Which rotations and which people a search finds.

use crate::Person;
use types::{RotationDetails, RotationFilter, RotationMode};

/// Every word of the search occurs in the name, the code or the description,
/// in any case.
pub fn matches(details: &RotationDetails, mode: RotationMode, filter: &RotationFilter) -> bool {
    if filter.mode.is_some_and(|wanted| wanted != mode) {
        return false;
    }
    has_every_word(
        &filter.search,
        [
            details.name.as_str(),
            details.code.as_deref().unwrap_or_default(),
            details.description.as_str(),
        ],
    )
}

/// The first `most` active people, of those in whose name or e-mail every word of the search
/// occurs, in any case; and whether there are more.
pub fn find_people<'a>(people: &'a [Person], search: &str, most: usize) -> (Vec<&'a Person>, bool) {
    let mut found = people.iter().filter(|person| {
        let email = person.email.as_deref().unwrap_or_default();
        !person.deactivated && has_every_word(search, [person.name.as_str(), email])
    });
    let first = found.by_ref().take(most).collect();
    (first, found.next().is_some())
}

fn has_every_word<const N: usize>(search: &str, texts: [&str; N]) -> bool {
    if search.trim().is_empty() {
        return true;
    }
    let text = texts.join("\n").to_lowercase();
    search
        .to_lowercase()
        .split_whitespace()
        .all(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{people::examples::slack, rotation::examples::rotation};

    #[test]
    fn people_are_found_by_name_and_email_as_long_as_they_are_active() {
        let mut people: Vec<_> = ["ann@a.com", "bob@a.com", "anna@b.com"]
            .map(|email| slack(email, email))
            .to_vec();
        people[1].deactivated = true;
        for (search, most, found, more) in [
            ("", 5, 2, false),
            ("", 1, 1, true),
            ("ANN", 5, 2, false),
            ("b.com ann", 5, 1, false),
            ("slack bob", 5, 0, false),
        ] {
            let (people, told) = find_people(&people, search, most);
            assert_eq!((people.len(), told), (found, more), "{search}");
        }
    }

    #[test]
    fn words_are_found_in_any_field_and_any_case() {
        let mut details = rotation(&[]).details;
        details.name = "Überwachung Nacht".to_owned();
        details.code = Some("OPS-1".to_owned());
        for (search, found) in [
            ("", true),
            ("überw", true),
            ("NACHT ops", true),
            ("tag", false),
        ] {
            let filter = RotationFilter {
                search: search.to_owned(),
                mode: None,
            };
            assert_eq!(
                matches(&details, RotationMode::Manual, &filter),
                found,
                "{search}"
            );
        }
    }

    #[test]
    fn the_mode_narrows_the_list() {
        let filter = RotationFilter {
            search: String::new(),
            mode: Some(RotationMode::PagerDuty),
        };
        assert!(!matches(
            &rotation(&[]).details,
            RotationMode::Manual,
            &filter
        ));
    }
}
