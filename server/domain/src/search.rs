//! Which rotations a search finds.

use types::{RotationDetails, RotationFilter, RotationMode};

/// Every word of the search occurs in the name, the code or the description,
/// in any case.
pub fn matches(details: &RotationDetails, mode: RotationMode, filter: &RotationFilter) -> bool {
    if filter.mode.is_some_and(|wanted| wanted != mode) {
        return false;
    }
    if filter.search.trim().is_empty() {
        return true;
    }
    let text = [
        details.name.as_str(),
        details.code.as_deref().unwrap_or_default(),
        details.description.as_str(),
    ]
    .join("\n")
    .to_lowercase();
    filter
        .search
        .to_lowercase()
        .split_whitespace()
        .all(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::examples::rotation;

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
