//! What a schedule makes of a rotation: its people become the members, and whoever is on call
//! is on duty. Somebody without a match in Slack is kept by name, never dropped.

use crate::{
    Crew, Directory, Duty, Member, SchedulePerson, Shift, is_on_call, link_of, outlook::planned,
};
use types::{BindingLoss, MemberKey, PersonId, Stretch, Timestamp};

/// What a schedule's people and shifts make at the time `now`: members in the order of the
/// people, and those of them on duty who are on call.
///
/// Two PagerDuty users who are one Slack person make one member, who is on duty
/// when either is, and is then the one that is.
pub fn crew_of(
    people: &[SchedulePerson],
    shifts: &[Shift],
    directory: &Directory,
    now: Timestamp,
) -> Crew {
    let mut members: Vec<Member> = Vec::with_capacity(people.len());
    for person in people {
        let member = member(person, directory);
        match members.iter_mut().find(|known| known.key == member.key) {
            Some(known) => {
                let on_call = |user: &_| is_on_call(shifts, user, now);
                if !known.pagerduty_user.as_ref().is_some_and(on_call) && on_call(&person.id) {
                    *known = member;
                }
            }
            None => members.push(member),
        }
    }
    Crew::new(members, on_duty(planned(people, shifts, directory), now))
}

/// Who is on duty at `now` by what is planned: joined, so nobody is there twice.
pub fn on_duty(stretches: Vec<Stretch>, now: Timestamp) -> Vec<Duty> {
    let present = stretches.into_iter().filter(|stretch| stretch.holds(now));
    present
        .filter_map(|stretch| {
            Some(Duty {
                holder: stretch.holder?,
                since: stretch.starts_at,
                until: stretch.ends_at,
            })
        })
        .collect()
}

/// The people `coming` as they follow those who are `present`: whose duty goes on without a
/// break is on duty since it began, also where a schedule tells of the shift before no more.
pub fn going_on(present: &Crew, coming: &Crew) -> Crew {
    let duties = coming.duties.iter().map(|duty| {
        let before = present.duty_of(&duty.holder.key);
        Duty {
            since: before.map_or(duty.since, |before| before.begin(duty.since)),
            ..duty.clone()
        }
    });
    Crew {
        members: coming.members.clone(),
        duties: duties.collect(),
    }
}

/// The people `coming` where nobody has come on duty since those who are `present` before
/// `certain`: a plan that was made otherwise meanwhile says nothing of the time before.
pub fn begun_from(present: &Crew, mut coming: Crew, certain: Timestamp) -> Crew {
    for duty in &mut coming.duties {
        if !present.is_on_duty(&duty.holder.key) {
            duty.since = duty.since.max(certain);
        }
    }
    coming
}

fn member(person: &SchedulePerson, directory: &Directory) -> Member {
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
    }
}

/// What a rotation with the people `present` loses when it gets those who are
/// `coming`. `schedule` is the name of the one that it leaves.
pub fn loss(present: &Crew, coming: &Crew, schedule: Option<String>) -> BindingLoss {
    let duties = present.duties.iter();
    let relieved = duties.filter(|duty| !coming.is_on_duty(&duty.holder.key));
    BindingLoss {
        members: left_out(&present.members, &coming.members),
        on_duty: relieved.map(|duty| duty.holder.name.clone()).collect(),
        schedule,
    }
}

/// The names of those of `these` who are not among `those`.
pub fn left_out(these: &[Member], those: &[Member]) -> Vec<String> {
    these
        .iter()
        .filter(|member| those.iter().all(|other| other.key != member.key))
        .map(|member| member.name.clone())
        .collect()
}

/// What changes for people when those `before` become those `after`, in words.
pub fn difference(before: &Crew, after: &Crew) -> String {
    let mut parts = Vec::new();
    let (was, is) = (before.names_on_duty(), after.names_on_duty());
    if was != is {
        parts.push(format!("On duty: {} → {}", listed(&was), listed(&is)));
    }
    let joined = left_out(&after.members, &before.members);
    let left = left_out(&before.members, &after.members);
    if !joined.is_empty() {
        parts.push(format!("Joined: {}", joined.join(", ")));
    }
    if !left.is_empty() {
        parts.push(format!("Left: {}", left.join(", ")));
    }
    if parts.is_empty() {
        let times = |crew: &Crew| -> Vec<_> {
            let duties = crew.duties.iter();
            duties.map(|duty| (duty.since, duty.until)).collect()
        };
        parts.push(if times(before) != times(after) {
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
        Links, Person,
        people::examples::{slack, user},
        shifts::examples::{at, shift},
    };
    use types::{LinkState, PagerDutyUserId};

    type Schedule = (Vec<SchedulePerson>, Vec<Shift>);

    fn crew((people, shifts): &Schedule, known: &[Person], second: i64) -> Crew {
        let directory = Directory::new(known.to_vec(), Links::new());
        crew_of(people, shifts, &directory, at(second))
    }

    fn keys_on_duty(crew: &Crew) -> Vec<&str> {
        let duties = crew.duties.iter();
        duties.map(|duty| duty.holder.key.as_str()).collect()
    }

    #[test]
    fn people_match_by_email_whatever_its_case() {
        let people = [slack("U1", "Ann@Example.com ")];
        let schedule = (vec![user("P1", Some("ann@example.COM"))], Vec::new());
        let crew = crew(&schedule, &people, 0);
        assert_eq!(crew.members[0].key.as_str(), "slack:U1");
        assert_eq!(crew.members[0].link, LinkState::Linked);
        assert_eq!(crew.members[0].name, "slack U1");
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
        let crew = crew(&schedule, &people, 5);
        let links: Vec<_> = crew.members.iter().map(|member| member.link).collect();
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
        assert_eq!(keys_on_duty(&crew), ["pagerduty:P1"]);
        assert_eq!(crew.members[0].name, "name of P1");
        assert_eq!(crew.members[0].email.as_deref(), Some("nobody@example.com"));
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
            let crew = crew(&schedule, &[], second);
            assert_eq!(keys_on_duty(&crew), [expected], "at second {second}");
        }
    }

    #[test]
    fn several_or_nobody_on_duty_are_both_legal() {
        let schedule = (
            vec![user("P1", None), user("P2", None)],
            vec![shift("P1", 0, 10), shift("P2", 5, 10)],
        );
        assert_eq!(keys_on_duty(&crew(&schedule, &[], 7)).len(), 2);
        assert!(keys_on_duty(&crew(&schedule, &[], 30)).is_empty());
    }

    #[test]
    fn whose_duty_goes_on_is_on_duty_since_it_began() {
        let people = vec![user("P1", None), user("P2", None)];
        let at_first = (
            people.clone(),
            vec![shift("P1", 0, 10), shift("P1", 10, 20)],
        );
        let later = (
            people,
            vec![
                shift("P1", 10, 20),
                shift("P1", 20, 30),
                shift("P2", 12, 30),
            ],
        );
        let before = crew(&at_first, &[], 5);
        let after = going_on(&before, &crew(&later, &[], 15));
        let since = |crew: &Crew, place: usize| crew.duties[place].since;
        assert_eq!(since(&after, 0), at(0));
        assert_eq!(after.duties[0].until, Some(at(30)));
        assert_eq!(since(&after, 1), at(12));
        // After a break it is another duty.
        let again = (at_first.0, vec![shift("P1", 31, 40)]);
        assert_eq!(since(&going_on(&after, &crew(&again, &[], 35)), 0), at(31));
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
        let crew = crew(&schedule, &people, 1);
        assert_eq!(crew.members.len(), 1);
        assert_eq!(keys_on_duty(&crew), ["slack:U1"]);
        assert_eq!(
            crew.members[0].pagerduty_user,
            Some(PagerDutyUserId::new("P2"))
        );
    }
}
