//! People, in Slack and in schedules, and who is who: by what admins said, and else by e-mail.

use std::collections::HashMap;
use types::{LinkState, PagerDutyUserId, PersonId, PersonView, Role, Timestamp};

/// Somebody of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    /// As Slack shows it; absent when Slack shows none.
    pub email: Option<String>,
    pub role: Role,
    /// Deactivated in Slack, or no member there any more.
    pub deactivated: bool,
}

impl From<Person> for PersonView {
    fn from(person: Person) -> Self {
        Self {
            id: person.id,
            name: person.name,
            email: person.email,
            role: person.role,
            deactivated: person.deactivated,
        }
    }
}

/// Somebody, and how well they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPerson {
    pub person: Person,
    /// The id that Slack also knows them by, in a company with several workspaces.
    pub other_id: Option<PersonId>,
    /// The name of the time zone in which Slack tells that they are.
    pub time_zone: Option<String>,
    /// When Slack was asked for what is known of them.
    pub read_at: Timestamp,
}

/// Somebody who has to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonChange {
    pub person: KnownPerson,
    /// Who was taken for another person until now, and is the same.
    pub absorbs: Option<PersonId>,
}

/// What people are matched by: the address without what cannot be seen of it, in lower
/// case.
pub fn email_key(email: &str) -> String {
    email.replace(types::is_invisible, "").to_lowercase()
}

/// People of Slack by the PagerDuty users that they were linked to by hand.
pub type Links = HashMap<PagerDutyUserId, PersonId>;

/// Somebody in a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchedulePerson {
    pub id: PagerDutyUserId,
    pub name: String,
    pub email: Option<String>,
    pub deleted: bool,
    /// PagerDuty was asked for them; else only a schedule names them, and whether they
    /// have an e-mail is not known.
    pub asked_for: bool,
}

/// A workspace's people, and who of PagerDuty is who among them: by what admins said, and else
/// by e-mail.
#[derive(Debug, Default)]
pub struct Directory {
    people: Vec<Person>,
    /// Places in `people`.
    by_email: HashMap<String, usize>,
    by_id: HashMap<PersonId, usize>,
    links: Links,
}

impl Directory {
    /// Where two share an e-mail, somebody active goes before somebody
    /// deactivated.
    pub fn new(people: Vec<Person>, links: Links) -> Self {
        let mut by_email: HashMap<String, usize> = HashMap::new();
        for (place, person) in people.iter().enumerate() {
            let Some(email) = &person.email else { continue };
            by_email
                .entry(email_key(email))
                .and_modify(|known| {
                    if people[*known].deactivated {
                        *known = place;
                    }
                })
                .or_insert(place);
        }
        let by_id = people.iter().enumerate();
        let by_id = by_id.map(|(place, person)| (person.id.clone(), place));
        Self {
            by_email,
            by_id: by_id.collect(),
            people,
            links,
        }
    }

    /// The same, where Slack also knows people by ids of which each is handed over before the one
    /// by which the person is known here.
    #[must_use]
    pub fn with_other_ids(mut self, ids: impl IntoIterator<Item = (PersonId, PersonId)>) -> Self {
        for (other, id) in ids {
            if let Some(&place) = self.by_id.get(&id) {
                self.by_id.entry(other).or_insert(place);
            }
        }
        self
    }

    /// Everybody, the deactivated too, as they were handed over.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Somebody by either of their ids.
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.by_id.get(id).map(|&place| &self.people[place])
    }

    /// The id by which somebody is known here; that of whoever is not stays.
    pub fn known_id(&self, id: &PersonId) -> PersonId {
        self.person(id).map_or(id, |known| &known.id).clone()
    }

    /// Whom an admin linked a PagerDuty user to.
    pub fn linked_by_hand(&self, user: &PagerDutyUserId) -> Option<&Person> {
        self.person(self.links.get(user)?)
    }

    fn by_email(&self, email: &str) -> Option<&Person> {
        let place = self.by_email.get(&email_key(email))?;
        Some(&self.people[*place])
    }
}

/// How somebody in a schedule relates to Slack. What an admin said goes before
/// what e-mails say.
pub fn link_of<'a>(
    person: &SchedulePerson,
    directory: &'a Directory,
) -> (LinkState, Option<&'a Person>) {
    if let Some(found) = directory.linked_by_hand(&person.id) {
        let state = if found.deactivated {
            LinkState::Deactivated
        } else {
            LinkState::LinkedByHand
        };
        return (state, Some(found));
    }
    let found = person
        .email
        .as_deref()
        .and_then(|email| directory.by_email(email));
    match found {
        Some(found) if found.deactivated => (LinkState::Deactivated, Some(found)),
        Some(found) => (LinkState::Linked, Some(found)),
        None if person.deleted => (LinkState::DeletedInPagerDuty, None),
        None if !person.asked_for => (LinkState::NotYetKnown, None),
        None if person.email.is_none() => (LinkState::NoEmail, None),
        None => (LinkState::NoMatch, None),
    }
}

#[cfg(test)]
pub(crate) mod examples {
    //! People for the tests of the rules.

    use super::*;

    pub fn user(id: &str, email: Option<&str>) -> SchedulePerson {
        SchedulePerson {
            id: PagerDutyUserId::new(id),
            name: format!("name of {id}"),
            email: email.map(str::to_owned),
            deleted: false,
            asked_for: true,
        }
    }

    pub fn slack(id: &str, email: &str) -> Person {
        Person {
            id: PersonId::new(id),
            name: format!("slack {id}"),
            email: Some(email.to_owned()),
            role: Role::Member,
            deactivated: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        examples::{slack, user},
        *,
    };

    #[test]
    fn somebody_is_known_by_either_of_their_ids_and_by_their_own_first() {
        let [ann, bob, stranger] = ["U1", "U2", "W9"].map(PersonId::new);
        let people = vec![
            slack("U1", "ann@example.com"),
            slack("U2", "bob@example.com"),
        ];
        let others = [
            (PersonId::new("W1"), ann.clone()),
            (bob.clone(), ann.clone()),
            (stranger.clone(), PersonId::new("UNOBODY")),
        ];
        let directory = Directory::new(people, Links::new()).with_other_ids(others);
        for (id, known) in [("U1", &ann), ("W1", &ann), ("U2", &bob), ("W9", &stranger)] {
            assert_eq!(directory.known_id(&PersonId::new(id)), *known);
        }
        assert_eq!(directory.person(&stranger), None);
        assert_eq!(directory.people().len(), 2);
    }

    #[test]
    fn somebody_active_goes_before_somebody_deactivated_with_the_same_email() {
        let mut gone = slack("U1", "ann@example.com");
        gone.deactivated = true;
        let people = vec![gone, slack("U2", "ann@example.com")];
        let directory = Directory::new(people, Links::new());
        let (link, found) = link_of(&user("P1", Some("ann@example.com")), &directory);
        assert_eq!(link, LinkState::Linked);
        assert_eq!(found.unwrap().id.as_str(), "U2");
    }
}
