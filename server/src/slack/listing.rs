//! What Slack's list of people makes of the directory, page by page, and of whom
//! Slack has to be asked because the list leaves them out. Pure.

use super::shapes::{Account, Kind};
use domain::{KnownPerson, Person, PersonChange, email_key};
use std::collections::{HashMap, HashSet};
use types::{PersonId, Timestamp};

/// So many people whom the list leaves out are asked for after each reading.
const ASKED: usize = 20;
/// Of the others, whom Slack confirmed within this time, in seconds, it need not be
/// asked for yet.
const CONFIRMED_SECONDS: i64 = 3600;

/// A reading of the list, set against the people who are known.
#[derive(Debug)]
pub struct Listing {
    known: HashMap<PersonId, KnownPerson>,
    /// By the second id of those who have two.
    by_other_id: HashMap<PersonId, PersonId>,
    listed: HashSet<PersonId>,
    /// Known people whom the list calls programs or strangers.
    disowned: HashSet<PersonId>,
}

/// Known people whom a whole list leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unlisted {
    /// Who is asked for, after those whom the list disowns the one whom Slack told of
    /// the longest ago first.
    pub asked: Vec<PersonId>,
    /// How many more would have to be.
    pub left: usize,
    /// When Slack told of the others, who were all told of lately, at the earliest.
    pub others_told_at: Option<Timestamp>,
}

impl Listing {
    pub fn new(known: Vec<KnownPerson>) -> Self {
        let by_other_id = known
            .iter()
            .filter_map(|known| Some((known.other_id.clone()?, known.person.id.clone())))
            .collect();
        Self {
            known: known
                .into_iter()
                .map(|known| (known.person.id.clone(), known))
                .collect(),
            by_other_id,
            listed: HashSet::new(),
            disowned: HashSet::new(),
        }
    }

    /// Takes an account that Slack told of at `read_at`: what has to be written, if
    /// anything. Nobody is thrown out for being called a program or a stranger
    /// here; see [`Self::unlisted`].
    pub fn take(&mut self, account: &Account, read_at: Timestamp) -> Option<PersonChange> {
        let id = self.id_of(account);
        if account.kind != Kind::Person {
            self.disowned.extend(id);
            return None;
        }
        let known = id.as_ref().and_then(|id| self.known.get(id));
        let person = account.person(known.map(|known| &known.person));
        let absorbs = self.twin(account, &person);
        let other_id = match (&account.other_id, known) {
            // It may be the first of the two that Slack calls the person by now.
            _ if account.id != person.id => Some(account.id.clone()),
            (Some(other), _) if *other != person.id => Some(other.clone()),
            (_, known) => known.and_then(|known| known.other_id.clone()),
        };
        // The row of somebody else who goes by that id says that it is not theirs.
        let other_id = other_id
            .filter(|other| !self.known.contains_key(other) || Some(other) == absorbs.as_ref());
        let known_zone = || known.and_then(|known| known.time_zone.clone());
        let time_zone = account.time_zone().map(str::to_owned).or_else(known_zone);
        let unchanged = known.is_some_and(|known| {
            known.person == person && known.other_id == other_id && known.time_zone == time_zone
        }) && absorbs.is_none();
        let told = KnownPerson {
            person,
            other_id,
            time_zone,
            read_at,
        };
        self.remember(told.clone(), absorbs.as_ref());
        (!unchanged).then_some(PersonChange {
            person: told,
            absorbs,
        })
    }

    /// The known person whom an account belongs to that was taken.
    pub fn person(&self, account: &Account) -> Option<&Person> {
        let known = self.known.get(&self.id_of(account)?)?;
        Some(&known.person)
    }

    /// Whether an account that was taken is that of who goes by `id`, and not of
    /// somebody else whom Slack calls the same.
    pub fn is_of(&self, account: &Account, id: &PersonId) -> bool {
        let theirs = self.by_any_id(id).map(|known| &known.person.id);
        theirs.is_some() && theirs == self.id_of(account).as_ref()
    }

    /// The known person, by whichever id, whom the account belongs to.
    fn id_of(&self, account: &Account) -> Option<PersonId> {
        if self.known.contains_key(&account.id) {
            return Some(account.id.clone());
        }
        let ids = [Some(&account.id), account.other_id.as_ref()];
        ids.into_iter()
            .flatten()
            .filter_map(|id| self.by_any_id(id))
            .find(|known| may_be(account, known))
            .map(|known| known.person.id.clone())
    }

    fn by_any_id(&self, id: &PersonId) -> Option<&KnownPerson> {
        let by_other_id = || self.known.get(self.by_other_id.get(id)?);
        self.known.get(id).or_else(by_other_id)
    }

    /// Who is known as somebody of their own, and is `person`, the account's, by
    /// another id. Slack's word alone would do to mix up two people, so their
    /// addresses have to agree.
    fn twin(&self, account: &Account, person: &Person) -> Option<PersonId> {
        let other = [Some(&account.id), account.other_id.as_ref()]
            .into_iter()
            .flatten()
            .filter(|other| **other != person.id)
            .find_map(|other| self.known.get(other))?;
        let [theirs, address] = [&other.person, person].map(|person| person.email.as_deref());
        have_same_address(theirs, address)?.then(|| other.person.id.clone())
    }

    fn remember(&mut self, told: KnownPerson, absorbed: Option<&PersonId>) {
        if let Some(absorbed) = absorbed {
            self.known.remove(absorbed);
        }
        let id = told.person.id.clone();
        if let Some(other) = &told.other_id {
            self.by_other_id.insert(other.clone(), id.clone());
        }
        self.listed.insert(id.clone());
        self.known.insert(id, told);
    }

    /// Whom a list that came to its end at `now` leaves out.
    pub fn unlisted(&self, now: Timestamp) -> Unlisted {
        let is_disowned = |known: &KnownPerson| self.disowned.contains(&known.person.id);
        let mut missing: Vec<&KnownPerson> = self
            .known
            .values()
            .filter(|known| !known.person.deactivated)
            .filter(|known| !self.listed.contains(&known.person.id))
            .collect();
        missing.sort_by_key(|known| (!is_disowned(known), known.read_at, known.person.id.clone()));
        let (asked, others) = missing.split_at(missing.len().min(ASKED));
        let unclear = others.iter().filter(|known| {
            is_disowned(known) || now.seconds_since(known.read_at) >= CONFIRMED_SECONDS
        });
        Unlisted {
            asked: asked.iter().map(|known| known.person.id.clone()).collect(),
            left: unclear.count(),
            others_told_at: others.iter().map(|known| known.read_at).min(),
        }
    }
}

/// Whether an account that names somebody, or is named by them, by a second id alone
/// can be theirs. One odd id must not make one person another, so their addresses
/// decide. Where one has none, the account must name nobody else, nor be called
/// something else when it is met for the first time.
fn may_be(account: &Account, known: &KnownPerson) -> bool {
    let KnownPerson {
        person, other_id, ..
    } = known;
    have_same_address(account.email(), person.email.as_deref()).unwrap_or_else(|| {
        let names = |id: &PersonId| *id == person.id || Some(id) == other_id.as_ref();
        let was_met = other_id.as_ref() == Some(&account.id);
        account.other_id.as_ref().is_none_or(names)
            && (was_met || account.person(Some(person)).name == person.name)
    })
}

/// Nothing where one of the two has no address.
fn have_same_address(one: Option<&str>, other: Option<&str>) -> Option<bool> {
    Some(email_key(one?) == email_key(other?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use types::{Role, WorkspaceId};

    const LONG_AGO: Timestamp = Timestamp::from_millis(0);
    const NOW: Timestamp = LONG_AGO.plus_seconds(CONFIRMED_SECONDS);

    fn id(text: &str) -> PersonId {
        PersonId::new(text)
    }

    fn known(text: &str, read_at: Timestamp) -> KnownPerson {
        let person = Person {
            id: id(text),
            name: text.to_owned(),
            email: Some("ana@example.com".to_owned()),
            role: Role::Member,
            deactivated: false,
        };
        KnownPerson {
            person,
            other_id: None,
            time_zone: None,
            read_at,
        }
    }

    fn take(listing: &mut Listing, user: &Value) -> Option<PersonChange> {
        listing.take(&Account::read(user, &WorkspaceId::new("T1")).unwrap(), NOW)
    }

    #[test]
    fn whoever_is_listed_is_written_when_something_differs() {
        let mut listing = Listing::new(vec![known("U1", LONG_AGO)]);
        let as_known = json!({"id": "U1", "profile": {"real_name": "U1"}});
        assert_eq!(take(&mut listing, &as_known), None);
        let renamed = json!({"id": "U1", "profile": {"real_name": "Ana"}});
        let change = take(&mut listing, &renamed).unwrap();
        assert_eq!(change.person.person.name, "Ana");
        assert_eq!(take(&mut listing, &renamed), None, "a doubled entry");
        assert_eq!(listing.unlisted(NOW), Unlisted::default());
    }

    #[test]
    fn of_those_left_out_some_are_asked_for_the_oldest_first() {
        let people =
            (0..30).map(|number| known(&format!("U{number:02}"), LONG_AGO.plus_seconds(-number)));
        let unlisted = Listing::new(people.collect()).unlisted(NOW);
        assert_eq!(unlisted.asked.len(), ASKED);
        assert_eq!(unlisted.asked[0], id("U29"));
        assert_eq!(unlisted.left, 10);
    }

    #[test]
    fn with_many_left_out_those_confirmed_not_long_ago_can_wait() {
        let people = (0..30).map(|number| known(&format!("U{number:02}"), NOW));
        let unlisted = Listing::new(people.collect()).unlisted(NOW);
        assert_eq!((unlisted.asked.len(), unlisted.left), (ASKED, 0));
        assert_eq!(unlisted.others_told_at, Some(NOW));
    }

    #[test]
    fn of_those_who_can_wait_it_is_told_since_when_they_do() {
        let told_at = |number: i64| NOW.plus_seconds(number - 60);
        let people = (0..30).map(|number| known(&format!("U{number:02}"), told_at(number)));
        let unlisted = Listing::new(people.collect()).unlisted(NOW);
        assert_eq!(unlisted.others_told_at, Some(told_at(20)));
    }

    #[test]
    fn who_is_called_a_program_or_a_stranger_is_asked_for_first() {
        for user in [
            json!({"id": "U1", "is_bot": true}),
            json!({"id": "U1", "is_stranger": true}),
        ] {
            let others = (10..40).map(|number| known(&format!("U{number}"), LONG_AGO));
            let people = others.chain([known("U1", NOW)]);
            let mut listing = Listing::new(people.collect());
            assert_eq!(take(&mut listing, &user), None);
            assert_eq!(listing.unlisted(NOW).asked[0], id("U1"));
        }
    }

    #[test]
    fn strangers_and_programs_are_never_let_in() {
        let mut listing = Listing::new(Vec::new());
        for user in [
            json!({"id": "U1", "is_bot": true}),
            json!({"id": "U2", "team_id": "T2"}),
        ] {
            assert_eq!(take(&mut listing, &user), None);
        }
    }

    #[test]
    fn two_ids_of_one_person_are_one_person() {
        for (first, second) in [("U1", "W1"), ("W1", "U1")] {
            let mut listing = Listing::new(vec![known(first, NOW)]);
            let by_the_other = json!({
                "id": second, "enterprise_user": {"id": first}, "profile": {"real_name": first},
            });
            let change = take(&mut listing, &by_the_other).unwrap();
            assert_eq!(change.person.person.id, id(first));
            assert_eq!(change.person.other_id, Some(id(second)));
            let both = json!({
                "id": first, "enterprise_user": {"id": second}, "profile": {"real_name": first},
            });
            assert_eq!(take(&mut listing, &both), None);
            let alone = json!({"id": second, "profile": {"real_name": first}});
            assert_eq!(take(&mut listing, &alone), None);
        }
    }

    #[test]
    fn who_was_taken_for_two_people_becomes_one_when_the_addresses_agree() {
        let mut listing = Listing::new(vec![known("U1", NOW), known("W1", NOW)]);
        let user = json!({"id": "U1", "enterprise_user": {"id": "W1"}});
        let change = take(&mut listing, &user).unwrap();
        assert_eq!(change.absorbs, Some(id("W1")));
        assert_eq!(change.person.other_id, Some(id("W1")));
    }

    #[test]
    fn two_people_are_not_mixed_up_by_one_odd_id() {
        let mut bob = known("U2", NOW);
        bob.person.email = Some("bob@example.com".to_owned());
        let mut listing = Listing::new(vec![known("U1", NOW), bob]);
        let user = json!({
            "id": "U1", "enterprise_user": {"id": "U2"}, "profile": {"real_name": "U1"},
        });
        assert_eq!(take(&mut listing, &user), None);
    }

    /// Two people of one company, as Slack lists them.
    fn ana() -> Value {
        json!({"id": "U9", "profile": {"real_name": "Ana", "email": "ana@example.com"}})
    }

    fn bob() -> Value {
        json!({"id": "U2", "profile": {"real_name": "Bob", "email": "bob@example.com"}})
    }

    /// The same, who is said to be the one with `other`.
    fn said_to_be(mut user: Value, other: &str) -> Value {
        user["enterprise_user"] = json!({"id": other});
        user
    }

    /// Who is known after each of the lists was read, by id.
    fn after(lists: &[&[Value]]) -> Vec<KnownPerson> {
        let mut known: Vec<KnownPerson> = Vec::new();
        for list in lists {
            let mut listing = Listing::new(known);
            for user in *list {
                take(&mut listing, user);
            }
            known = listing.known.into_values().collect();
            known.sort_by_key(|known| known.person.id.clone());
        }
        known
    }

    #[test]
    fn one_odd_second_id_makes_nobody_another_and_is_forgotten() {
        let sound = after(&[&[bob(), ana()]]);
        let (odd_ana, odd_bob) = (said_to_be(ana(), "U2"), said_to_be(bob(), "U9"));
        for odd in [
            [bob(), odd_ana.clone()],
            [odd_ana, bob()],
            [odd_bob.clone(), ana()],
            [ana(), odd_bob],
        ] {
            // Whoever of the two was known before, and in whichever order they come.
            for before in [&[][..], &[bob()], &[ana()], &[ana(), bob()]] {
                for later in [[ana(), bob()], [bob(), ana()]] {
                    let known = after(&[before, &odd, &later]);
                    assert_eq!(known, sound, "{before:?}, {odd:?}, {later:?}");
                }
            }
        }
    }

    #[test]
    fn without_addresses_a_second_id_makes_nobody_another_who_has_another_name() {
        let without_address = |mut user: Value| {
            user["profile"].as_object_mut().unwrap().remove("email");
            user
        };
        let (ana, bob) = (without_address(ana()), without_address(bob()));
        let sound = after(&[&[bob.clone(), ana.clone()]]);
        let odd = said_to_be(ana.clone(), "U2");
        assert_eq!(
            after(&[std::slice::from_ref(&bob), &[odd], &[ana, bob.clone()]]),
            sound
        );
    }

    #[test]
    fn a_time_zone_is_news_and_one_that_is_not_told_stays() {
        let mut listing = Listing::new(vec![known("U1", NOW)]);
        let mut told = |user: Value| Some(take(&mut listing, &user)?.person.time_zone);
        let berlin = Some("Europe/Berlin".to_owned());
        let moved = told(json!({"id": "U1", "tz": "Europe/Berlin"}));
        assert_eq!(moved, Some(berlin));
        for odd in [json!(null), json!(7), json!("")] {
            assert_eq!(told(json!({"id": "U1", "tz": odd})), None, "{odd}");
        }
    }

    #[test]
    fn a_second_id_is_dropped_when_its_account_names_somebody_else() {
        let known_by_two = KnownPerson {
            other_id: Some(id("W1")),
            ..known("U1", NOW)
        };
        let mut listing = Listing::new(vec![known_by_two]);
        let other = json!({"id": "W1", "enterprise_user": {"id": "U7"}});
        let change = take(&mut listing, &other).unwrap();
        assert_eq!(change.person.person.id, id("W1"));
        let change = take(&mut listing, &json!({"id": "U1"})).unwrap();
        assert_eq!(change.person.other_id, None);
    }

    #[test]
    fn who_got_another_address_and_has_two_ids_is_one_person_in_the_end() {
        let first = said_to_be(ana(), "W9");
        let mut second = said_to_be(ana(), "U9");
        second["id"] = json!("W9");
        second["profile"]["email"] = json!("lima@example.com");
        let mut renamed = first.clone();
        renamed["profile"]["email"] = json!("lima@example.com");
        let known = after(&[&[first], &[second], &[renamed]]);
        assert_eq!(known.len(), 1);
        assert_eq!(known[0].person.email.as_deref(), Some("lima@example.com"));
        assert_eq!(known[0].other_id, Some(id("W9")));
    }

    #[test]
    fn an_account_tells_only_of_whom_it_belongs_to() {
        let mut listing = Listing::new(after(&[&[bob()]]));
        let read = |user: &Value| Account::read(user, &WorkspaceId::new("T1")).unwrap();
        let odd = read(&said_to_be(ana(), "U2"));
        listing.take(&odd, NOW);
        assert!(!listing.is_of(&odd, &id("U2")));
        let by_another_id = read(&json!({"id": "W2", "enterprise_user": {"id": "U2"}}));
        listing.take(&by_another_id, NOW);
        assert!(listing.is_of(&by_another_id, &id("U2")));
    }
}
