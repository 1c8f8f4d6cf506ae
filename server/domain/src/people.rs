//! People, in Slack and in schedules, and who is who: by what admins said, and else by e-mail.

use std::collections::HashMap;
use types::{LinkState, PagerDutyUserId, PersonId, PersonView, Role};

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

/// The workspace's people, by e-mail and by id.
pub struct PeopleIndex<'a> {
    by_email: HashMap<String, &'a Person>,
    by_id: HashMap<&'a PersonId, &'a Person>,
}

impl<'a> PeopleIndex<'a> {
    /// Where two share an e-mail, somebody active goes before somebody
    /// deactivated.
    pub fn new(people: &'a [Person]) -> Self {
        let mut by_email: HashMap<String, &'a Person> = HashMap::new();
        for person in people {
            let Some(email) = &person.email else { continue };
            by_email
                .entry(email_key(email))
                .and_modify(|known| {
                    if known.deactivated {
                        *known = person;
                    }
                })
                .or_insert(person);
        }
        let by_id = people.iter().map(|person| (&person.id, person)).collect();
        Self { by_email, by_id }
    }
}

/// Who of PagerDuty is who in Slack: by what admins said, and else by e-mail.
#[derive(Clone, Copy)]
pub struct Directory<'a> {
    people: &'a PeopleIndex<'a>,
    links: &'a Links,
}

impl<'a> Directory<'a> {
    pub const fn new(people: &'a PeopleIndex<'a>, links: &'a Links) -> Self {
        Self { people, links }
    }

    fn by_email(&self, email: &str) -> Option<&'a Person> {
        self.people.by_email.get(&email_key(email)).copied()
    }

    fn by_hand(&self, user: &PagerDutyUserId) -> Option<&'a Person> {
        let person = self.links.get(user)?;
        self.people.by_id.get(person).copied()
    }
}

/// How somebody in a schedule relates to Slack. What an admin said goes before
/// what e-mails say.
pub fn link_of<'a>(
    person: &SchedulePerson,
    directory: &Directory<'a>,
) -> (LinkState, Option<&'a Person>) {
    if let Some(found) = directory.by_hand(&person.id) {
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
    fn somebody_active_goes_before_somebody_deactivated_with_the_same_email() {
        let mut gone = slack("U1", "ann@example.com");
        gone.deactivated = true;
        let people = [gone, slack("U2", "ann@example.com")];
        let (people, links) = (PeopleIndex::new(&people), Links::new());
        let (link, found) = link_of(
            &user("P1", Some("ann@example.com")),
            &Directory::new(&people, &links),
        );
        assert_eq!(link, LinkState::Linked);
        assert_eq!(found.unwrap().id.as_str(), "U2");
    }
}
