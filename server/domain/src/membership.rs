//! What a schedule makes of a rotation: its people become the members, and whoever is on call
//! is on duty. Somebody without a match in Slack is kept by name, never dropped.

use crate::{Directory, Duty, Member, SchedulePerson, Shift, duty_of, link_of, names_on_duty};
use types::{BindingLoss, MemberKey, PersonId, Timestamp};

/// The members that a schedule's people and shifts make at the time `now`, in the order of
/// the people.
///
/// Two PagerDuty users who are one Slack person make one member, who is on duty
/// when either is, and is then the one that is.
pub fn members_of(
    people: &[SchedulePerson],
    shifts: &[Shift],
    directory: &Directory<'_>,
    now: Timestamp,
) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::with_capacity(people.len());
    for person in people {
        let member = member(person, directory, duty_of(shifts, &person.id, now));
        match members.iter_mut().find(|known| known.key == member.key) {
            Some(known) if known.duty.is_none() && member.duty.is_some() => *known = member,
            Some(_) => {}
            None => members.push(member),
        }
    }
    members
}

fn member(person: &SchedulePerson, directory: &Directory<'_>, duty: Option<Duty>) -> Member {
    let (link, found) = link_of(person, directory);
    let slack_id: Option<PersonId> = found.map(|found| found.id.clone());
    Member {
        key: match &slack_id {
            Some(id) => MemberKey::of_person(id),
            None => MemberKey::of_pagerduty_user(&person.id),
        },
        person: slack_id,
        pagerduty_user: Some(person.id.clone()),
        name: found.map_or_else(|| person.name.clone(), |found| found.name.clone()),
        email: found.map_or_else(|| person.email.clone(), |found| found.email.clone()),
        link,
        duty,
    }
}

/// What a rotation with the members `present` loses when it gets the members
/// `coming`. `schedule` is the name of the one that it leaves.
pub fn loss(present: &[Member], coming: &[Member], schedule: Option<String>) -> BindingLoss {
    let on_duty_then = |member: &&Member| {
        let same = coming.iter().find(|other| other.key == member.key);
        same.is_some_and(|same| same.duty.is_some())
    };
    BindingLoss {
        members: left_out(present, coming),
        on_duty: present
            .iter()
            .filter(|member| member.duty.is_some() && !on_duty_then(member))
            .map(|member| member.name.clone())
            .collect(),
        schedule,
    }
}

/// The names of those of `these` who are not among `those`.
fn left_out(these: &[Member], those: &[Member]) -> Vec<String> {
    these
        .iter()
        .filter(|member| those.iter().all(|other| other.key != member.key))
        .map(|member| member.name.clone())
        .collect()
}

/// What changes for people when the members `before` become those `after`, in
/// words.
pub fn difference(before: &[Member], after: &[Member]) -> String {
    let mut parts = Vec::new();
    let (was, is) = (names_on_duty(before), names_on_duty(after));
    if was != is {
        parts.push(format!("On duty: {} → {}", listed(&was), listed(&is)));
    }
    let (joined, left) = (left_out(after, before), left_out(before, after));
    if !joined.is_empty() {
        parts.push(format!("Joined: {}", joined.join(", ")));
    }
    if !left.is_empty() {
        parts.push(format!("Left: {}", left.join(", ")));
    }
    if parts.is_empty() {
        let turn_moved = before.iter().any(|member| {
            let same = after.iter().find(|other| other.key == member.key);
            same.is_some_and(|same| same.duty != member.duty)
        });
        parts.push(if turn_moved {
            format!("A new shift of {}", listed(&is))
        } else {
            "Details of members".to_owned()
        });
    }
    parts.join("; ")
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        "nobody".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Links, PeopleIndex, Person,
        people::examples::{slack, user},
        shifts::examples::{at, shift},
    };
    use types::{LinkState, PagerDutyUserId};

    type Schedule = (Vec<SchedulePerson>, Vec<Shift>);

    fn members((people, shifts): &Schedule, known: &[Person], second: i64) -> Vec<Member> {
        let (index, links) = (PeopleIndex::new(known), Links::new());
        members_of(people, shifts, &Directory::new(&index, &links), at(second))
    }

    fn on_duty(members: &[Member]) -> Vec<&str> {
        members
            .iter()
            .filter(|member| member.duty.is_some())
            .map(|member| member.key.as_str())
            .collect()
    }

    #[test]
    fn people_match_by_email_whatever_its_case() {
        let people = [slack("U1", "Ann@Example.com ")];
        let schedule = (vec![user("P1", Some("ann@example.COM"))], Vec::new());
        let members = members(&schedule, &people, 0);
        assert_eq!(members[0].key.as_str(), "slack:U1");
        assert_eq!(members[0].link, LinkState::Linked);
        assert_eq!(members[0].name, "slack U1");
    }

    #[test]
    fn nobody_without_a_match_is_dropped_and_each_has_a_reason() {
        let mut left = slack("U2", "left@example.com");
        left.deactivated = true;
        let people = [left];
        let mut deleted = user("P4", None);
        deleted.deleted = true;
        let mut unasked = user("P5", None);
        unasked.asked_for = false;
        let schedule = (
            vec![
                user("P1", Some("nobody@example.com")),
                user("P2", Some("left@example.com")),
                user("P3", None),
                deleted,
                unasked,
            ],
            vec![shift("P1", 0, 10)],
        );
        let members = members(&schedule, &people, 5);
        let links: Vec<_> = members.iter().map(|member| member.link).collect();
        assert_eq!(
            links,
            [
                LinkState::NoMatch,
                LinkState::Deactivated,
                LinkState::NoEmail,
                LinkState::DeletedInPagerDuty,
                LinkState::NotYetKnown,
            ]
        );
        assert_eq!(on_duty(&members), ["pagerduty:P1"]);
        assert_eq!(members[0].name, "name of P1");
        assert_eq!(members[0].email.as_deref(), Some("nobody@example.com"));
    }

    #[test]
    fn a_shift_includes_its_start_and_excludes_its_end() {
        let schedule = (
            vec![user("P1", None), user("P2", None)],
            vec![shift("P1", 0, 10), shift("P2", 10, 20)],
        );
        for (second, expected) in [
            (0, "pagerduty:P1"),
            (9, "pagerduty:P1"),
            (10, "pagerduty:P2"),
        ] {
            let members = members(&schedule, &[], second);
            assert_eq!(on_duty(&members), [expected], "at second {second}");
        }
    }

    #[test]
    fn several_or_nobody_on_duty_are_both_legal() {
        let schedule = (
            vec![user("P1", None), user("P2", None)],
            vec![shift("P1", 0, 10), shift("P2", 5, 10)],
        );
        assert_eq!(on_duty(&members(&schedule, &[], 7)).len(), 2);
        assert!(on_duty(&members(&schedule, &[], 30)).is_empty());
    }

    #[test]
    fn two_pagerduty_users_of_one_person_make_one_member() {
        let people = [slack("U1", "ann@example.com")];
        let schedule = (
            vec![
                user("P1", Some("ann@example.com")),
                user("P2", Some("ANN@example.com")),
            ],
            vec![shift("P2", 0, 10)],
        );
        let members = members(&schedule, &people, 1);
        assert_eq!(members.len(), 1);
        assert_eq!(on_duty(&members), ["slack:U1"]);
        assert_eq!(members[0].pagerduty_user, Some(PagerDutyUserId::new("P2")));
    }
}
