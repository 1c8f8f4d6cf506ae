//! Which rotations and which people a search finds.

use crate::Person;
use types::{OnDuty, RotationDetails, RotationFilter, RotationMode};

/// Whether a rotation is of the mode that is asked for, and every word of the search occurs in
/// the name, the code or the description, in the name of the schedule that it follows, or in
/// those of the people who are on duty or take turns, in any case.
pub fn matches(
    details: &RotationDetails,
    mode: RotationMode,
    schedule: Option<&str>,
    on_duty: &[OnDuty],
    members: &[String],
    filter: &RotationFilter,
) -> bool {
    if filter.mode.is_some_and(|wanted| wanted != mode) {
        return false;
    }
    let names = on_duty.iter().map(|duty| duty.holder.name.as_str());
    let names = names.chain(members.iter().map(String::as_str));
    let texts = [details.name.as_str(), details.description.as_str()];
    let texts = texts.into_iter().chain(details.code.as_deref());
    has_every_word(&filter.search, texts.chain(schedule).chain(names))
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

/// Whether every word of the search occurs in one of these texts, in any case.
pub fn has_every_word<'a>(search: &str, texts: impl IntoIterator<Item = &'a str>) -> bool {
    if search.trim().is_empty() {
        return true;
    }
    let texts: Vec<_> = texts.into_iter().collect();
    let text = texts.join("\n").to_lowercase();
    search
        .to_lowercase()
        .split_whitespace()
        .all(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crew::examples::member, people::examples::slack, rotation::examples::rotation,
        shifts::examples::at,
    };

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

    fn search(search: &str) -> RotationFilter {
        RotationFilter {
            search: search.to_owned(),
            ..RotationFilter::default()
        }
    }

    #[test]
    fn words_are_found_in_any_field_and_any_case() {
        let mut details = rotation(&[]).details;
        details.name = "Überwachung Nacht".to_owned();
        details.code = Some("OPS-1".to_owned());
        let on_duty = ["Ann Lee", "Bob"].map(|name| OnDuty {
            holder: member(name).holder(),
            since: at(0),
            followed_from: None,
            until: None,
            or_later: false,
            by_override: None,
        });
        let members = ["Cyril".to_owned()];
        for (text, found) in [
            ("", true),
            ("überw", true),
            ("NACHT ops", true),
            ("ann", true),
            ("bob secondary", true),
            ("ops-1 lee", true),
            // Who only takes turns.
            ("ops-1 cyril", true),
            ("tag", false),
            // No word reaches from one text into the next.
            ("leebob", false),
        ] {
            let schedule = Some("Platform Secondary");
            let filter = search(text);
            let mode = RotationMode::PagerDuty;
            let matches = matches(&details, mode, schedule, &on_duty, &members, &filter);
            assert_eq!(matches, found, "{text}");
        }
    }

    #[test]
    fn the_mode_narrows_the_list() {
        let filter = RotationFilter {
            mode: Some(RotationMode::PagerDuty),
            ..search("")
        };
        let details = rotation(&[]).details;
        assert!(!matches(
            &details,
            RotationMode::Manual,
            None,
            &[],
            &[],
            &filter
        ));
    }
}
