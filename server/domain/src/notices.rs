//! Who wants to be told of what, and what that makes of a change of duty and of a plan. A notice
//! holds no words: whoever tells it reads what is true then.

use crate::{ChangeOfDuty, Occurrence, ShiftChange};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use types::{MemberKey, RotationId, Stretch, Timestamp};

/// What is told to one target, again and again, of one rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub rotation: RotationId,
    /// The kind of notice, as the one who delivers it calls it. One kind has one occasion.
    pub kind: String,
    pub addressee: Addressee,
    pub occasion: Occasion,
}

/// To whom it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressee {
    /// Something outside, as whoever delivers it calls it: once for all who begin together.
    Target(String),
    /// Whoever begins, by the key of the member.
    Holder,
    /// The same of these people.
    People(Audience),
}

/// People of Slack who want to be told of something, by the keys of members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    Only(Arc<BTreeSet<MemberKey>>),
    AllBut(Arc<BTreeSet<MemberKey>>),
}

impl Audience {
    pub(crate) fn has(&self, key: &MemberKey) -> bool {
        match self {
            Self::Only(keys) => keys.contains(key),
            Self::AllBut(keys) => key.is_of_person() && !keys.contains(key),
        }
    }
}

impl Addressee {
    /// Whether it is whoever has a duty, and this one among them.
    fn is_holder(&self, key: &MemberKey) -> bool {
        match self {
            Self::Target(_) => false,
            Self::Holder => true,
            Self::People(audience) => audience.has(key),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Others are on duty.
    ChangeOfDuty,
    /// Others are on duty, or take turns.
    ChangeOfPeople,
    /// Somebody is on duty no more.
    EndOfDuty,
    /// A shift to come begins at another time.
    ShiftMoved,
    /// Other shifts to come are somebody's than before.
    ShiftsRearranged,
    /// A shift begins after so long.
    BeforeShift(Duration),
}

/// Something to be told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub key: NoticeKey,
    pub due_in: Duration,
    /// How long there is any use in telling it, where that ends by itself.
    pub expires_in: Option<Duration>,
}

/// What a rotation's notice is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoticeKey {
    pub occurrence: Occurrence,
    pub kind: String,
    pub target: String,
}

/// What a change of duty makes of the notices of a rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeNotices {
    /// These take the place of those of their kind and target that were not told yet: what is
    /// told is how things are then, and once is enough.
    pub due: Vec<Notice>,
    /// Of these kinds, which are for whoever is on duty, what was not told yet is of no use to
    /// anybody else than these targets.
    pub only_for: BTreeMap<String, BTreeSet<String>>,
}

/// What those who `subscriptions` are of are told of a change of duty.
pub fn notices_of_change(
    subscriptions: &[&Subscription],
    change: &ChangeOfDuty<'_>,
) -> ChangeNotices {
    let mut notices = ChangeNotices::default();
    let due = |kind: &str, target: &str| Notice {
        key: NoticeKey {
            occurrence: change.occurrence,
            kind: kind.to_owned(),
            target: target.to_owned(),
        },
        due_in: Duration::ZERO,
        expires_in: None,
    };
    for Subscription {
        kind,
        addressee,
        occasion,
        ..
    } in subscriptions
    {
        match (occasion, addressee) {
            (Occasion::BeforeShift(_) | Occasion::ShiftMoved | Occasion::ShiftsRearranged, _)
            | (Occasion::EndOfDuty, Addressee::Target(_))
            | (Occasion::ChangeOfPeople, Addressee::Holder | Addressee::People(_)) => {}
            (Occasion::ChangeOfDuty | Occasion::ChangeOfPeople, Addressee::Target(target)) => {
                notices.due.push(due(kind, target));
            }
            (Occasion::EndOfDuty, addressee) => {
                let ended = change.ended.iter().map(|holder| &holder.key);
                let ended = ended.filter(|key| addressee.is_holder(key));
                notices.due.extend(ended.map(|key| due(kind, key.as_str())));
            }
            (Occasion::ChangeOfDuty, addressee) => {
                let began = change.began.iter().map(|holder| &holder.key);
                let began = began.filter(|key| addressee.is_holder(key));
                notices.due.extend(began.map(|key| due(kind, key.as_str())));
                let on_duty = change.on_duty.iter();
                let on_duty = on_duty.map(|key| key.as_str().to_owned());
                notices.only_for.insert(kind.clone(), on_duty.collect());
            }
        }
    }
    notices
}

/// What those who `subscriptions` are of are told where others take turns from `now` on, and the
/// same people are on duty.
pub fn notices_of_members(subscriptions: &[&Subscription], now: Timestamp) -> ChangeNotices {
    let due = subscriptions.iter().filter_map(|subscription| {
        match (subscription.occasion, &subscription.addressee) {
            (Occasion::ChangeOfPeople, Addressee::Target(target)) => Some(Notice {
                key: NoticeKey {
                    occurrence: Occurrence::at(now),
                    kind: subscription.kind.clone(),
                    target: target.clone(),
                },
                due_in: Duration::ZERO,
                expires_in: None,
            }),
            _ => None,
        }
    });
    ChangeNotices {
        due: due.collect(),
        only_for: BTreeMap::new(),
    }
}

/// The shifts of a plan, and until when those that begin are all that there are. Without that it is
/// not known who has which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPlan<'a> {
    pub shifts: &'a [Stretch],
    pub until: Option<Timestamp>,
}

impl KnownPlan<'_> {
    /// Whether it tells of a shift of another plan that is its own, too, from whenever on.
    fn would_have(&self, shift: &Stretch) -> bool {
        let Some(until) = self.until.filter(|until| shift.starts_at < *until) else {
            return false;
        };
        // Who follows those who are on duty then is not known: it may be that shift, begun later.
        let goes_on = |end| shift.ends_at.is_some_and(|theirs| theirs <= end);
        let is_last =
            |one: &&Stretch| one.starts_at < until && one.ends_at.is_none_or(|end| end >= until);
        let mut last = self.shifts.iter().filter(is_last);
        last.all(|one| one.ends_at.is_none_or(goes_on))
    }
}

/// What a plan makes of the notices of a rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanNotices {
    /// What is known under another key now, told or not.
    pub moved: Vec<(NoticeKey, Occurrence)>,
    /// All that is to be told before a shift begins. What is not among them and was not told yet
    /// is told no more. Beside it, what is to be told now of shifts that moved.
    pub due: Vec<Notice>,
}

/// What those who `subscriptions` are of are told before the shifts of a `plan`, which differs from
/// the `former` one by `changes`. Whoever is `told_otherwise` of these by another message, as that somebody
/// covers them, is not told of them once more.
pub fn notices_of_plan(
    subscriptions: &[&Subscription],
    (former, plan): (KnownPlan<'_>, KnownPlan<'_>),
    (changes, told_otherwise): (&[ShiftChange<'_>], Option<&MemberKey>),
    now: Timestamp,
) -> PlanNotices {
    let mut due = BTreeMap::new();
    let mut moved = BTreeMap::new();
    let (mut told, mut personal) = (Vec::new(), BTreeMap::new());
    let rearranged = rearranged(former, plan, changes);
    for subscription in subscriptions {
        let lead = match subscription.occasion {
            Occasion::BeforeShift(lead) => {
                if let Addressee::People(_) = subscription.addressee {
                    personal.insert(subscription.kind.as_str(), lead);
                }
                lead
            }
            Occasion::ShiftMoved => {
                let moves = moves(subscription, changes, now);
                let is_told = |notice: &Notice| !rearranged.contains(notice.key.target.as_str());
                told.extend(moves.filter(is_told));
                continue;
            }
            Occasion::ShiftsRearranged => {
                let addressee = &subscription.addressee;
                let theirs = rearranged.iter().map(|key| MemberKey::new(*key));
                let theirs = theirs.filter(|key| addressee.is_holder(key));
                told.extend(theirs.map(|key| Notice {
                    key: NoticeKey {
                        occurrence: Occurrence::at(now),
                        kind: subscription.kind.clone(),
                        target: key.as_str().to_owned(),
                    },
                    due_in: Duration::ZERO,
                    expires_in: None,
                }));
                continue;
            }
            Occasion::ChangeOfDuty | Occasion::ChangeOfPeople | Occasion::EndOfDuty => continue,
        };
        let coming = plan.shifts.iter().filter(|shift| shift.starts_at > now);
        for shift in coming {
            if let Some(key) = key_of(subscription, shift) {
                let starts_in = between(now, shift.starts_at);
                let notice = Notice {
                    key: key.clone(),
                    due_in: starts_in.saturating_sub(lead),
                    expires_in: Some(starts_in),
                };
                due.insert(key, notice);
            }
        }
        for change in changes {
            if let ShiftChange::Moved { before, after } = change
                && after.starts_at > now
                && let Some(from) = key_of(subscription, before)
            {
                moved.insert(from, Occurrence::at(after.starts_at));
            }
        }
    }
    // Somebody else may begin when it did before.
    moved.retain(|from, _| !due.contains_key(from));
    only_nearest(&mut due, &personal);
    let is_told = |key: &MemberKey, notice: &Notice| notice.key.target == key.as_str();
    told.retain(|notice| told_otherwise.is_none_or(|key| !is_told(key, notice)));
    PlanNotices {
        moved: moved.into_iter().collect(),
        due: due.into_values().chain(told).collect(),
    }
}

/// Those who have shifts to come that they had not, or have not some that they had. What one of the
/// plans does not know is not known to have changed.
fn rearranged<'a>(
    former: KnownPlan<'_>,
    plan: KnownPlan<'_>,
    changes: &[ShiftChange<'a>],
) -> BTreeSet<&'a str> {
    let theirs = changes.iter().filter_map(|change| match change {
        ShiftChange::Came(shift) if former.would_have(shift) => shift.holder.as_ref(),
        ShiftChange::Went(shift) if plan.would_have(shift) => shift.holder.as_ref(),
        _ => None,
    });
    theirs.map(|holder| holder.key.as_str()).collect()
}

/// Whoever wants to be reminded several times and learns of a shift late is reminded once: of what
/// is due already, what would have been due last is enough. `personal` has the kinds of such
/// reminders, each with how long before the shift it is.
fn only_nearest(due: &mut BTreeMap<NoticeKey, Notice>, personal: &BTreeMap<&str, Duration>) {
    let mut nearest = BTreeMap::new();
    for notice in due.values().filter(|notice| notice.due_in.is_zero()) {
        let NoticeKey {
            occurrence,
            kind,
            target,
        } = &notice.key;
        if let Some(lead) = personal.get(kind.as_str()) {
            let least = nearest.entry((*occurrence, target.clone()));
            let least = least.or_insert(*lead);
            *least = (*least).min(*lead);
        }
    }
    due.retain(|key, notice| {
        let lead = personal.get(key.kind.as_str());
        let shift = (key.occurrence, key.target.clone());
        !notice.due_in.is_zero() || lead.is_none_or(|lead| nearest[&shift] == *lead)
    });
}

/// What whoever wants to hear of shifts that begin at another time is told now, each of each shift.
fn moves(
    subscription: &Subscription,
    changes: &[ShiftChange<'_>],
    now: Timestamp,
) -> impl Iterator<Item = Notice> {
    let notices = changes.iter().filter_map(move |change| match change {
        ShiftChange::Moved { after, .. } if after.starts_at > now => Some(Notice {
            key: key_of(subscription, after)?,
            due_in: Duration::ZERO,
            expires_in: Some(between(now, after.starts_at)),
        }),
        _ => None,
    });
    notices.collect::<Vec<_>>().into_iter()
}

/// By what a subscription's notice of a shift is known; none of a gap.
fn key_of(subscription: &Subscription, shift: &Stretch) -> Option<NoticeKey> {
    let holder = shift.holder.as_ref()?;
    let target = match &subscription.addressee {
        Addressee::Target(target) => target.clone(),
        addressee if addressee.is_holder(&holder.key) => holder.key.as_str().to_owned(),
        Addressee::Holder | Addressee::People(_) => return None,
    };
    Some(NoticeKey {
        occurrence: Occurrence::at(shift.starts_at),
        kind: subscription.kind.clone(),
        target,
    })
}

fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    let millis = later.as_millis().saturating_sub(earlier.as_millis());
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Crew, change_of_duty,
        crew::examples::{duty, member},
        shift_changes,
        shifts::examples::at,
    };
    use proptest::{collection::vec, prelude::*};

    const LEAD: Duration = Duration::from_secs(15);

    fn subscription(kind: &str, target: Option<&str>, occasion: Occasion) -> Subscription {
        Subscription {
            rotation: RotationId::new("r1"),
            kind: kind.to_owned(),
            addressee: target.map_or(Addressee::Holder, |target| {
                Addressee::Target(target.to_owned())
            }),
            occasion,
        }
    }

    fn reminder(target: Option<&str>) -> Subscription {
        subscription("reminder", target, Occasion::BeforeShift(LEAD))
    }

    fn shift(name: &str, starts_at: i64, ends_at: i64) -> Stretch {
        Stretch {
            holder: Some(member(name).holder()),
            starts_at: at(starts_at),
            ends_at: Some(at(ends_at)),
            overrides: Vec::new(),
        }
    }

    fn short(key: &NoticeKey) -> String {
        let seconds = key.occurrence.moment().as_millis() / 1000;
        let target = key.target.replace("slack:U", "").to_lowercase();
        format!("{target}@{seconds}")
    }

    fn keys(notices: &[Notice]) -> Vec<String> {
        notices.iter().map(|notice| short(&notice.key)).collect()
    }

    fn of_plan(subscription: &Subscription, before: &[Stretch], after: &[Stretch]) -> PlanNotices {
        let changes = shift_changes(before, after, at(0));
        let plans = (known(before, 100), known(after, 100));
        notices_of_plan(&[subscription], plans, (&changes, None), at(0))
    }

    fn known(shifts: &[Stretch], until: impl Into<Option<i64>>) -> KnownPlan<'_> {
        let until = until.into().map(at);
        KnownPlan { shifts, until }
    }

    /// Who is told that their shifts are others than before, by which plan known until when.
    fn told_rearranged(
        (before, was_known): (&[Stretch], Option<i64>),
        (after, is_known): (&[Stretch], Option<i64>),
    ) -> Vec<String> {
        let rearranged = Subscription {
            addressee: Addressee::Holder,
            ..subscription("rearranged", None, Occasion::ShiftsRearranged)
        };
        let changes = shift_changes(before, after, at(0));
        let plans = (known(before, was_known), known(after, is_known));
        let notices = notices_of_plan(&[&rearranged], plans, (&changes, None), at(0));
        let due = notices.due.iter();
        assert!(due.clone().all(|notice| notice.expires_in.is_none()));
        keys(&notices.due)
    }

    #[test]
    fn before_a_shift_its_holder_is_told_in_time_or_at_once() {
        let plan = [
            shift("ann", -5, 10),
            shift("bob", 10, 50),
            shift("cy", 50, 90),
        ];
        let notices = of_plan(&reminder(None), &[], &plan);
        assert_eq!(keys(&notices.due), ["bob@10", "cy@50"]);
        let times: Vec<_> = notices
            .due
            .iter()
            .map(|notice| {
                (
                    notice.due_in.as_secs(),
                    notice.expires_in.unwrap().as_secs(),
                )
            })
            .collect();
        assert_eq!(times, [(0, 10), (35, 50)]);
    }

    #[test]
    fn those_who_begin_together_are_one_notice_for_a_target_and_one_each_for_holders() {
        let plan = [shift("ann", 10, 50), shift("bob", 10, 50)];
        let for_target = of_plan(&reminder(Some("C1")), &[], &plan);
        assert_eq!(keys(&for_target.due), ["c1@10"]);
        let for_holders = of_plan(&reminder(None), &[], &plan);
        assert_eq!(keys(&for_holders.due), ["ann@10", "bob@10"]);
    }

    #[test]
    fn a_notice_moves_with_its_shift() {
        let before = [shift("ann", 10, 50), shift("bob", 50, 90)];
        let after = [shift("ann", 10, 52), shift("bob", 52, 90)];
        for (target, from) in [(None, "bob@50"), (Some("C1"), "c1@50")] {
            let notices = of_plan(&reminder(target), &before, &after);
            let [(key, to)] = notices.moved.as_slice() else {
                panic!("{notices:?}");
            };
            assert_eq!((short(key).as_str(), *to), (from, Occurrence::at(at(52))));
        }
    }

    #[test]
    fn a_targets_notice_stays_where_somebody_else_begins_at_its_time() {
        let before = [shift("ann", 10, 50), shift("bob", 10, 50)];
        let after = [shift("ann", 12, 50), shift("bob", 10, 50)];
        let notices = of_plan(&reminder(Some("C1")), &before, &after);
        assert_eq!(notices.moved, []);
        assert_eq!(keys(&notices.due), ["c1@10", "c1@12"]);
        let for_holders = of_plan(&reminder(None), &before, &after);
        assert_eq!(for_holders.moved.len(), 1);
    }

    #[test]
    fn another_holder_leaves_a_targets_notice_as_it_is() {
        let (before, after) = ([shift("ann", 10, 50)], [shift("bob", 10, 60)]);
        let same = of_plan(&reminder(Some("C1")), &before, &before);
        assert_eq!(of_plan(&reminder(Some("C1")), &before, &after), same);
        let for_holders = of_plan(&reminder(None), &before, &after);
        assert_eq!(keys(&for_holders.due), ["bob@10"]);
    }

    fn ann_alone() -> Addressee {
        let ann = member("ann").key;
        Addressee::People(Audience::Only(Arc::new([ann].into())))
    }

    #[test]
    fn of_a_shift_that_moves_its_holder_is_told_at_once_if_they_want_to_be() {
        let before = [shift("ann", 10, 50), shift("bob", 50, 90)];
        let after = [shift("ann", 12, 52), shift("bob", 52, 90)];
        let moved = |addressee| Subscription {
            addressee,
            ..subscription("moved", None, Occasion::ShiftMoved)
        };
        let notices = of_plan(&moved(Addressee::Holder), &before, &after);
        assert_eq!(keys(&notices.due), ["ann@12", "bob@52"]);
        let notices = of_plan(&moved(ann_alone()), &before, &after);
        assert_eq!(
            (keys(&notices.due), notices.moved),
            (vec!["ann@12".to_owned()], vec![])
        );
        assert_eq!(
            (notices.due[0].due_in, notices.due[0].expires_in),
            (Duration::ZERO, Some(Duration::from_secs(12)))
        );
        let notices = of_plan(&moved(ann_alone()), &after, &after);
        assert_eq!(notices.due, []);
    }

    #[test]
    fn whoever_gets_or_loses_shifts_to_come_is_told_once_and_of_nothing_beyond_what_was_known() {
        let told = |before: &[Stretch], after: &[Stretch]| {
            told_rearranged((before, Some(60)), (after, Some(60)))
        };
        let in_turns = |names: [&str; 4]| {
            let mut start = 10;
            names.map(|name| {
                start += 10;
                shift(name, start, start + 10)
            })
        };
        let plan = in_turns(["ann", "bob", "ann", "bob"]);
        let swapped = in_turns(["bob", "ann", "bob", "ann"]);
        assert_eq!(told(&plan, &swapped), ["ann@0", "bob@0"]);
        let covered = in_turns(["cy", "bob", "ann", "bob"]);
        assert_eq!(told(&plan, &covered), ["ann@0", "cy@0"]);
        // The last shift that is known, and all of them.
        assert_eq!(told(&plan, &plan[..3]), ["bob@0"]);
        assert_eq!(told(&plan[..3], &plan), ["bob@0"]);
        assert_eq!(told(&plan, &[]), ["ann@0", "bob@0"]);
        // What is known now that was not known before, and the other way round.
        let (some, all) = ((&plan[..2], Some(40)), (&plan[..], Some(60)));
        let (none, unknown) = ((&[][..], None), (&plan[..], None));
        for (one, other) in [(some, all), (none, all), (unknown, all)] {
            assert!(told_rearranged(one, other).is_empty());
            assert!(told_rearranged(other, one).is_empty());
        }
        // A shift that begins later than is known is not lost, and nor is one that is cut off there.
        let later = [shift("ann", 20, 34), shift("bob", 34, 44)];
        assert!(told_rearranged((&plan, Some(50)), (&later, Some(44))).is_empty());
        let long = [shift("ann", 20, 30), shift("bob", 30, 90)];
        let lost = [shift("ann", 20, 90)];
        let known = Some(60);
        assert_eq!(told_rearranged((&long, known), (&lost, known)), ["bob@0"]);
        assert_eq!(
            told_rearranged((&long, known), (&[], known)),
            ["ann@0", "bob@0"]
        );
        // That their shift begins at another time, too, is told with it.
        let rearranged = Subscription {
            addressee: Addressee::Holder,
            ..subscription("rearranged", None, Occasion::ShiftsRearranged)
        };
        let moved = Subscription {
            addressee: Addressee::Holder,
            ..subscription("moved", None, Occasion::ShiftMoved)
        };
        let later = [shift("ann", 22, 30), shift("ann", 50, 60)];
        let changes = shift_changes(&plan, &later, at(0));
        let plans = (self::known(&plan, 60), self::known(&later, 60));
        let both = notices_of_plan(&[&moved, &rearranged], plans, (&changes, None), at(0));
        let kinds: Vec<_> = both.due.iter().map(|notice| &*notice.key.kind).collect();
        assert_eq!(kinds, ["rearranged", "rearranged"]);
        // Whoever hears of it by another message is told of neither.
        for subscription in [&moved, &rearranged] {
            let ann = member("ann").key;
            let told = |by: Option<&MemberKey>| {
                let changes = (changes.as_slice(), by);
                notices_of_plan(&[subscription], plans, changes, at(0)).due
            };
            let rest = told(Some(&ann));
            assert!(keys(&rest).iter().all(|key| !key.starts_with("ann")));
            assert_eq!(told(Some(&member("eve").key)), told(None));
        }
        let (before, after) = (&plan[..1], &later[..1]);
        let changes = shift_changes(before, after, at(0));
        let plans = (self::known(before, 60), self::known(after, 60));
        let told = |by| {
            notices_of_plan(&[&moved], plans, (&changes, by), at(0))
                .due
                .len()
        };
        assert_eq!((told(None), told(Some(&member("ann").key))), (1, 0));
    }

    #[test]
    fn whoever_learns_late_of_a_shift_is_reminded_of_it_once() {
        let plan = [shift("ann", 20, 50), shift("ann", 60, 90)];
        let reminder = |kind: &str, lead| Subscription {
            kind: kind.to_owned(),
            addressee: ann_alone(),
            ..subscription(kind, None, Occasion::BeforeShift(Duration::from_secs(lead)))
        };
        let reminders = [
            reminder("short", 25),
            reminder("long", 40),
            reminder("last", 5),
        ];
        let reminders: Vec<_> = reminders.iter().collect();
        let due = |now| {
            let notices = notices_of_plan(
                &reminders,
                (known(&plan, 100), known(&plan, 100)),
                (&[], None),
                at(now),
            );
            let told = notices.due.iter();
            let told = told.map(|notice| format!("{} {}", short(&notice.key), notice.key.kind));
            told.collect::<Vec<_>>()
        };
        assert_eq!(
            due(0),
            [
                "ann@20 last",
                "ann@20 short",
                "ann@60 last",
                "ann@60 long",
                "ann@60 short"
            ]
        );
        assert_eq!(due(18)[..2], ["ann@20 last", "ann@60 last"]);
    }

    #[test]
    fn reminders_are_for_those_who_want_them() {
        let plan = [shift("ann", 10, 50), shift("bob", 50, 90)];
        let reminder = Subscription {
            addressee: ann_alone(),
            ..reminder(None)
        };
        assert_eq!(keys(&of_plan(&reminder, &[], &plan).due), ["ann@10"]);
    }

    #[test]
    fn whoever_wants_to_know_who_takes_turns_is_told_of_that_and_of_changes_of_duty() {
        let subscriptions = [
            subscription("group", Some("S1"), Occasion::ChangeOfPeople),
            subscription("channel", Some("C1"), Occasion::ChangeOfDuty),
            subscription("personal", None, Occasion::ChangeOfPeople),
        ];
        let subscriptions: Vec<_> = subscriptions.iter().collect();
        let notices = notices_of_members(&subscriptions, at(9));
        assert_eq!(keys(&notices.due), ["s1@9"]);
        assert!(notices.only_for.is_empty());
        let before = Crew::new(vec![member("ann")], vec![duty("ann", at(0), None)]);
        let after = Crew::new(vec![member("bob")], vec![duty("bob", at(5), None)]);
        let change = change_of_duty(&before, &after, at(5), at(5)).unwrap();
        let notices = notices_of_change(&subscriptions, &change);
        assert_eq!(keys(&notices.due), ["s1@5", "c1@5"]);
    }

    #[test]
    fn a_change_is_told_to_targets_and_to_whoever_began() {
        let crew = |duties: &[&str]| {
            let duties = duties.iter().map(|name| duty(name, at(0), at(50)));
            Crew::new(Vec::new(), duties.collect())
        };
        let (before, after) = (crew(&["ann", "bob"]), crew(&["bob", "cy"]));
        let change = change_of_duty(&before, &after, at(10), at(20)).unwrap();
        let announcement = subscription("channel", Some("C1"), Occasion::ChangeOfDuty);
        let personal = subscription("personal", None, Occasion::ChangeOfDuty);
        let reminder = reminder(None);
        let notices = notices_of_change(&[&announcement, &personal, &reminder], &change);
        assert_eq!(keys(&notices.due), ["c1@20", "cy@20"]);
        let on_duty = ["slack:UBOB", "slack:UCY"].map(str::to_owned);
        let only_for = BTreeMap::from([("personal".to_owned(), BTreeSet::from(on_duty))]);
        assert_eq!(notices.only_for, only_for);

        let ended = subscription("ended", None, Occasion::EndOfDuty);
        let notices = notices_of_change(&[&ended], &change);
        assert_eq!(keys(&notices.due), ["ann@20"]);
        let nobody = Subscription {
            addressee: Addressee::People(Audience::AllBut(Arc::new([member("ann").key].into()))),
            ..ended
        };
        assert_eq!(notices_of_change(&[&nobody], &change).due, []);
    }
    const NAMES: [&str; 3] = ["ann", "bob", "cy"];

    /// Somebody's shifts after each other, some of them with nobody in between, on and on beyond
    /// whatever is known.
    fn plans() -> impl Strategy<Value = Vec<Stretch>> {
        vec((0..=NAMES.len(), 1..8_i64), 12..20).prop_map(|pieces| {
            let mut start = 1;
            let mut plan: Vec<Stretch> = Vec::new();
            for (who, length) in pieces {
                let end = start + length;
                if let Some(name) = NAMES.get(who) {
                    match plan.last_mut() {
                        Some(last)
                            if last.ends_at == Some(at(start))
                                && last.holder == shift(name, 0, 1).holder =>
                        {
                            last.ends_at = Some(at(end));
                        }
                        _ => plan.push(shift(name, start, end)),
                    }
                }
                start = end;
            }
            plan
        })
    }

    /// What is known of a plan until then.
    fn until(plan: &[Stretch], known: i64) -> Vec<Stretch> {
        let begins = |shift: &&Stretch| shift.starts_at < at(known);
        plan.iter().filter(begins).cloned().collect()
    }

    proptest! {
        #[test]
        fn whoever_is_told_has_other_shifts_and_whoever_lost_one_that_both_plans_know_is_told(
            (before, after) in (plans(), plans()), was in 0..60_i64, is in 0..60_i64,
        ) {
            let told = told_rearranged(
                (&until(&before, was), Some(was)),
                (&until(&after, is), Some(is)),
            );
            for name in NAMES {
                let theirs = |plan: &[Stretch]| -> Vec<Stretch> {
                    let holder = shift(name, 0, 1).holder;
                    plan.iter().filter(|one| one.holder == holder).cloned().collect()
                };
                let (had, have) = (theirs(&before), theirs(&after));
                let is_told = told.contains(&format!("{name}@0"));
                let starts = |shifts: &[Stretch]| -> Vec<_> {
                    shifts.iter().map(|shift| shift.starts_at).collect()
                };
                prop_assert!(!is_told || starts(&had) != starts(&have), "{name}: {told:?}");
                let known = at(was.min(is));
                let overlaps = |one: &Stretch, other: &Stretch| {
                    Some(one.starts_at) < other.ends_at && Some(other.starts_at) < one.ends_at
                };
                let lacks = |one: &Stretch, others: &[Stretch]| {
                    one.ends_at <= Some(known) && others.iter().all(|other| !overlaps(one, other))
                };
                let is_other = had.iter().any(|one| lacks(one, &have))
                    || have.iter().any(|one| lacks(one, &had));
                prop_assert!(is_told || !is_other, "{name}: {told:?}");
            }
        }

        #[test]
        fn of_a_plan_that_is_known_further_or_less_far_nobody_is_told(
            plan in plans(), was in 0..60_i64, is in 0..60_i64,
        ) {
            let (before, after) = (until(&plan, was), until(&plan, is));
            let told = told_rearranged((&before, Some(was)), (&after, Some(is)));
            prop_assert!(told.is_empty(), "{told:?}");
        }
    }
}
