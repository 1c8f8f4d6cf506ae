//! What a PagerDuty schedule makes of a rotation: its people become the
//! members, and whoever is on call is on duty. People are matched to Slack by
//! e-mail; somebody without a match is kept by name, never dropped.

use super::{Duty, Member};
use crate::{
    pagerduty::{ScheduleVersion, Shift},
    store::{Links, Person, email_key},
};
use std::collections::HashMap;
use types::{
    BindingLoss, LeftOut, LinkState, MemberKey, PagerDutyUserId, PersonId, ScheduleId, Timestamp,
};

/// A schedule as last read, its people resolved to names and e-mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleSnapshot {
    pub id: ScheduleId,
    pub name: String,
    pub url: Option<String>,
    pub version: ScheduleVersion,
    pub time_zone: Option<String>,
    pub people: Vec<SchedulePerson>,
    /// By start. Several may overlap.
    pub shifts: Vec<Shift>,
    /// What of the answer made no sense.
    pub left_out: Option<LeftOut>,
}

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

/// The members that the schedule makes at the time `now`, in its order.
///
/// Two PagerDuty users who are one Slack person make one member, who is on duty
/// when either is, and is then the one that is.
pub fn members_of(
    schedule: &ScheduleSnapshot,
    directory: &Directory<'_>,
    now: Timestamp,
) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::with_capacity(schedule.people.len());
    for person in &schedule.people {
        let member = member(person, directory, duty_of(schedule, &person.id, now));
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

/// The shift that covers `now`. Its end is excluded: at the very second at
/// which a shift ends, the next one has begun.
pub fn duty_of(
    schedule: &ScheduleSnapshot,
    user: &PagerDutyUserId,
    now: Timestamp,
) -> Option<Duty> {
    schedule
        .shifts
        .iter()
        .find(|shift| shift.user == *user && shift.starts_at <= now && now < shift.ends_at)
        .map(|shift| Duty {
            since: shift.starts_at,
            until: Some(shift.ends_at),
        })
}

/// When who is on duty changes next, as far as the shifts are known.
pub fn next_change(shifts: &[Shift], now: Timestamp) -> Option<Timestamp> {
    shifts
        .iter()
        .flat_map(|shift| [shift.starts_at, shift.ends_at])
        .filter(|&boundary| boundary > now)
        .min()
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
    let (was, is) = (on_duty(before), on_duty(after));
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

fn on_duty(members: &[Member]) -> Vec<&str> {
    members
        .iter()
        .filter(|member| member.duty.is_some())
        .map(|member| member.name.as_str())
        .collect()
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
    use types::Role;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn user(id: &str, email: Option<&str>) -> SchedulePerson {
        SchedulePerson {
            id: PagerDutyUserId::new(id),
            name: format!("name of {id}"),
            email: email.map(str::to_owned),
            deleted: false,
            asked_for: true,
        }
    }

    fn shift(user: &str, from: i64, until: i64) -> Shift {
        Shift {
            user: PagerDutyUserId::new(user),
            starts_at: at(from),
            ends_at: at(until),
        }
    }

    fn schedule(people: Vec<SchedulePerson>, shifts: Vec<Shift>) -> ScheduleSnapshot {
        ScheduleSnapshot {
            id: ScheduleId::new("S"),
            name: "Primary".to_owned(),
            url: None,
            version: ScheduleVersion::V2,
            time_zone: None,
            people,
            shifts,
            left_out: None,
        }
    }

    fn slack(id: &str, email: &str) -> Person {
        Person {
            id: PersonId::new(id),
            name: format!("slack {id}"),
            email: Some(email.to_owned()),
            role: Role::Member,
            deactivated: false,
        }
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
        let schedule = schedule(vec![user("P1", Some("ann@example.COM"))], Vec::new());
        let members = members_of(
            &schedule,
            &Directory::new(&PeopleIndex::new(&people), &Links::new()),
            at(0),
        );
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
        let schedule = schedule(
            vec![
                user("P1", Some("nobody@example.com")),
                user("P2", Some("left@example.com")),
                user("P3", None),
                deleted,
                unasked,
            ],
            vec![shift("P1", 0, 10)],
        );
        let members = members_of(
            &schedule,
            &Directory::new(&PeopleIndex::new(&people), &Links::new()),
            at(5),
        );
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
        let schedule = schedule(
            vec![user("P1", None), user("P2", None)],
            vec![shift("P1", 0, 10), shift("P2", 10, 20)],
        );
        let (people, links) = (PeopleIndex::new(&[]), Links::new());
        let directory = Directory::new(&people, &links);
        for (second, expected) in [
            (0, "pagerduty:P1"),
            (9, "pagerduty:P1"),
            (10, "pagerduty:P2"),
        ] {
            let members = members_of(&schedule, &directory, at(second));
            assert_eq!(on_duty(&members), [expected], "at second {second}");
        }
    }

    #[test]
    fn several_or_nobody_on_duty_are_both_legal() {
        let schedule = schedule(
            vec![user("P1", None), user("P2", None)],
            vec![shift("P1", 0, 10), shift("P2", 5, 10)],
        );
        let (people, links) = (PeopleIndex::new(&[]), Links::new());
        let directory = Directory::new(&people, &links);
        assert_eq!(on_duty(&members_of(&schedule, &directory, at(7))).len(), 2);
        assert!(on_duty(&members_of(&schedule, &directory, at(30))).is_empty());
    }

    #[test]
    fn two_pagerduty_users_of_one_person_make_one_member() {
        let people = [slack("U1", "ann@example.com")];
        let schedule = schedule(
            vec![
                user("P1", Some("ann@example.com")),
                user("P2", Some("ANN@example.com")),
            ],
            vec![shift("P2", 0, 10)],
        );
        let members = members_of(
            &schedule,
            &Directory::new(&PeopleIndex::new(&people), &Links::new()),
            at(1),
        );
        assert_eq!(members.len(), 1);
        assert_eq!(on_duty(&members), ["slack:U1"]);
        assert_eq!(members[0].pagerduty_user, Some(PagerDutyUserId::new("P2")));
    }

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

    #[test]
    fn the_next_change_is_the_nearest_boundary_to_come() {
        let shifts = [shift("P1", 0, 10), shift("P2", 12, 20)];
        assert_eq!(next_change(&shifts, at(3)), Some(at(10)));
        assert_eq!(next_change(&shifts, at(10)), Some(at(12)));
        assert_eq!(next_change(&shifts, at(20)), None);
    }
}
