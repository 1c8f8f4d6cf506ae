//! People to choose from.

use crate::actions::members::Found;
use domain::Person;
use types::{FoundPeople, PersonId};

pub(in crate::backend) fn found_people(found: Found) -> FoundPeople {
    FoundPeople {
        people: told_apart(&found.people),
        more: found.more,
        chosen: told_apart(&found.named),
    }
}

/// The names, each with the e-mail where somebody else has the same.
fn told_apart(people: &[Person]) -> Vec<(PersonId, String)> {
    let told = people.iter().map(|person| {
        let namesakes = people.iter().filter(|other| other.name == person.name);
        let name = match &person.email {
            Some(email) if namesakes.count() > 1 => format!("{} ({email})", person.name),
            _ => person.name.clone(),
        };
        (person.id.clone(), name)
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::Role;

    #[test]
    fn namesakes_are_told_apart() {
        let person = |id: &str, name: &str| Person {
            id: PersonId::new(id),
            name: name.to_owned(),
            email: Some(format!("{id}@a.com")),
            role: Role::Member,
            deactivated: false,
        };
        let all = [
            person("U1", "Ann"),
            person("U2", "Ann"),
            person("U3", "Bob"),
        ];
        let told = told_apart(&all);
        let names: Vec<_> = told.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["Ann (U1@a.com)", "Ann (U2@a.com)", "Bob"]);
    }
}
