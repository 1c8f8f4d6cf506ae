//! Who is called because somebody asks for whoever is on duty, who takes it, and who is asked next.
//! Being called, taking it and passing it on change nobody's duty.

use crate::Member;
use types::PersonId;

/// Those who are called by one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    pub people: Vec<PersonId>,
    /// Those of them who have passed it on.
    pub passed: Vec<PersonId>,
}

/// What has become of what somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calling {
    /// One after the other.
    pub calls: Vec<Call>,
    pub taken_by: Option<PersonId>,
}

/// Why what somebody pressed does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallRefusal {
    NotCalled,
    TakenBy(PersonId),
    PassedAlready,
}

impl Call {
    /// Whether somebody may still answer to it.
    pub fn is_open(&self) -> bool {
        self.people
            .iter()
            .any(|person| !self.passed.contains(person))
    }
}

impl Calling {
    /// Has somebody take it. Whoever has passed it on may think better of it.
    pub fn acknowledge(&mut self, person: &PersonId) -> Result<(), CallRefusal> {
        self.open_to(person)?;
        self.taken_by = Some(person.clone());
        Ok(())
    }

    /// Has somebody pass it on. True when nobody is left of those who were called, so that somebody
    /// else is to be.
    pub fn pass(&mut self, person: &PersonId) -> Result<bool, CallRefusal> {
        self.open_to(person)?;
        let mut calls = self.calls.iter_mut();
        let call = calls.find(|call| {
            let is_called = call.people.contains(person);
            is_called && !call.passed.contains(person)
        });
        let call = call.ok_or(CallRefusal::PassedAlready)?;
        call.passed.push(person.clone());
        Ok(!call.is_open())
    }

    /// How often something has become of it, which grows with each change.
    pub fn changes(&self) -> usize {
        let passed = self.calls.iter().map(|call| call.passed.len());
        passed.sum::<usize>() + usize::from(self.taken_by.is_some())
    }

    /// Who of the members is called next: the first who was not and has not asked, in the order of
    /// their turns after the one who was called last.
    pub fn next(&self, members: &[Member], asker: &PersonId) -> Option<PersonId> {
        let was_called = |person: &PersonId| {
            let mut calls = self.calls.iter();
            calls.any(|call| call.people.contains(person))
        };
        let last = members.iter().rposition(|member| {
            let call = self.calls.last();
            let person = member.person.as_ref().zip(call);
            person.is_some_and(|(person, call)| call.people.contains(person))
        });
        let (before, after) = members.split_at(last.map_or(0, |last| last + 1));
        after.iter().chain(before).find_map(|member| {
            let person = member.person.clone()?;
            let may_be = member.link.can_be_on_duty() && person != *asker;
            (may_be && !was_called(&person)).then_some(person)
        })
    }

    fn open_to(&self, person: &PersonId) -> Result<(), CallRefusal> {
        if !self.calls.iter().any(|call| call.people.contains(person)) {
            return Err(CallRefusal::NotCalled);
        }
        match &self.taken_by {
            Some(taker) => Err(CallRefusal::TakenBy(taker.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crew::examples::{member, person};
    use types::LinkState;

    fn calling(calls: &[&[&str]]) -> Calling {
        let calls = calls.iter().map(|people| Call {
            people: people.iter().map(|name| person(name)).collect(),
            passed: Vec::new(),
        });
        Calling {
            calls: calls.collect(),
            taken_by: None,
        }
    }

    fn next(calling: &Calling, members: &[Member]) -> Option<String> {
        let person = calling.next(members, &person("zoe"))?;
        Some(person.as_str().trim_start_matches('U').to_lowercase())
    }

    #[test]
    fn one_takes_it_and_nobody_else_does() {
        let mut calling = calling(&[&["ann", "bob"]]);
        let eve = calling.acknowledge(&person("eve"));
        assert_eq!(eve, Err(CallRefusal::NotCalled));
        assert_eq!(calling.pass(&person("eve")), Err(CallRefusal::NotCalled));
        assert_eq!(calling.acknowledge(&person("bob")), Ok(()));
        let taken = CallRefusal::TakenBy(person("bob"));
        for name in ["ann", "bob"] {
            assert_eq!(calling.acknowledge(&person(name)), Err(taken.clone()));
            assert_eq!(calling.pass(&person(name)), Err(taken.clone()));
        }
        assert_eq!(calling.changes(), 1);
    }

    #[test]
    fn somebody_else_is_called_once_all_have_passed() {
        let mut calling = calling(&[&["ann", "bob"]]);
        assert_eq!(calling.pass(&person("ann")), Ok(false));
        let again = calling.pass(&person("ann"));
        assert_eq!(again, Err(CallRefusal::PassedAlready));
        assert_eq!(calling.pass(&person("bob")), Ok(true));
        assert!(!calling.calls[0].is_open());
        assert_eq!(calling.changes(), 2);
        // Ann has time after all.
        assert_eq!(calling.acknowledge(&person("ann")), Ok(()));
    }

    #[test]
    fn turns_say_who_is_called_next_and_nobody_is_called_twice() {
        let mut members = ["ann", "bob", "cy", "dan"].map(member);
        members[2].link = LinkState::Deactivated;
        let mut calling = calling(&[&["bob"]]);
        assert_eq!(next(&calling, &members).as_deref(), Some("dan"));
        let for_dan = calling.next(&members, &person("dan"));
        assert_eq!(for_dan, Some(person("ann")), "who asks is not called");
        for (name, then) in [("dan", Some("ann")), ("ann", None)] {
            calling.calls.push(Call {
                people: vec![person(name)],
                passed: Vec::new(),
            });
            assert_eq!(next(&calling, &members).as_deref(), then);
        }
    }

    #[test]
    fn after_one_who_stands_in_the_first_member_is_called() {
        let members = ["ann", "bob"].map(member);
        let mut stand_in = calling(&[&["eve"]]);
        assert_eq!(next(&stand_in, &members).as_deref(), Some("ann"));
        stand_in.calls.push(calling(&[&["ann"]]).calls.remove(0));
        assert_eq!(next(&stand_in, &members).as_deref(), Some("bob"));
        let unlinked = Member {
            person: None,
            ..member("bob")
        };
        assert_eq!(next(&stand_in, &[unlinked]), None);
    }
}
