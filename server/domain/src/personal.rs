//! What people are told themselves of their own duty: who wants to be told of what, as
//! subscriptions of their rotations, and when somebody is to be left alone.

use crate::{Addressee, Audience, Occasion, Subscription, rota::Zone};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use types::{Lead, MemberKey, NotificationChoices, PersonId, QuietHours, RotationId, Timestamp};

/// Something that somebody is told of their own duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalNotice {
    Starts,
    Ends,
    /// A shift to come begins at another time.
    Moves,
    /// Shifts to come have become others', or others' theirs.
    Rearranged,
    /// Somebody wants cover that they could give.
    CoverWanted,
    /// Somebody gives the cover that they wanted.
    CoverTaken,
    /// Whoever gave it does so no more, and it is wanted again.
    CoverGone,
    /// PagerDuty needs to be reconnected, which is for admins.
    Reconnect,
    Before(Lead),
}

impl PersonalNotice {
    pub fn all() -> impl Iterator<Item = Self> {
        let leads = Lead::ALL.into_iter().map(Self::Before);
        let others = [
            Self::Starts,
            Self::Ends,
            Self::Moves,
            Self::Rearranged,
            Self::CoverWanted,
            Self::CoverTaken,
            Self::CoverGone,
            Self::Reconnect,
        ];
        others.into_iter().chain(leads)
    }

    /// The kind of notice, as it is stored.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Starts => "slack_dm_starts",
            Self::Ends => "slack_dm_ends",
            Self::Moves => "slack_dm_moves",
            Self::Rearranged => "slack_dm_rearranged",
            Self::CoverWanted => "slack_dm_cover_wanted",
            Self::CoverTaken => "slack_dm_cover_taken",
            Self::CoverGone => "slack_dm_cover_gone",
            Self::Reconnect => "slack_dm_reconnect",
            Self::Before(lead) => match lead {
                Lead::QuarterOfAnHour => "slack_dm_before_15m",
                Lead::HalfAnHour => "slack_dm_before_30m",
                Lead::AnHour => "slack_dm_before_1h",
                Lead::FourHours => "slack_dm_before_4h",
                Lead::ADay => "slack_dm_before_1d",
                Lead::TwoDays => "slack_dm_before_2d",
                Lead::AWeek => "slack_dm_before_7d",
            },
        }
    }

    pub fn is_wanted(self, choices: &NotificationChoices) -> bool {
        match self {
            Self::Starts => choices.starts,
            Self::Ends => choices.ends,
            Self::Moves | Self::Rearranged => choices.moves,
            Self::CoverWanted | Self::CoverTaken | Self::CoverGone => choices.covers,
            // Nobody else may see to it.
            Self::Reconnect => true,
            Self::Before(lead) => choices.leads.contains(&lead),
        }
    }

    /// Whether it is of use when quiet hours have ended, as long as it is still true.
    pub const fn outlasts_quiet_hours(self) -> bool {
        !matches!(self, Self::Ends)
    }

    /// What becomes of duty that makes it, if it is that.
    fn occasion(self) -> Option<Occasion> {
        Some(match self {
            Self::Starts => Occasion::ChangeOfDuty,
            Self::Ends => Occasion::EndOfDuty,
            Self::Moves => Occasion::ShiftMoved,
            Self::Rearranged => Occasion::ShiftsRearranged,
            Self::Before(lead) => Occasion::BeforeShift(Duration::from_secs(lead.seconds())),
            Self::CoverWanted | Self::CoverTaken | Self::CoverGone | Self::Reconnect => {
                return None;
            }
        })
    }
}

/// Who of a workspace wants to be told of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audiences(Vec<(PersonalNotice, Occasion, Audience)>);

impl Audiences {
    /// From what some have chosen. For everybody else holds what holds without a choice.
    pub fn of(chosen: &[(PersonId, NotificationChoices)]) -> Self {
        let usual = NotificationChoices::default();
        let audience = |notice: PersonalNotice| {
            let occasion = notice.occasion()?;
            let is_usual = notice.is_wanted(&usual);
            let others = chosen
                .iter()
                .filter(|(_, choices)| notice.is_wanted(choices) != is_usual);
            let others: BTreeSet<_> = others.map(|(id, _)| MemberKey::of_person(id)).collect();
            match is_usual {
                true => Some((notice, occasion, Audience::AllBut(Arc::new(others)))),
                false if others.is_empty() => None,
                false => Some((notice, occasion, Audience::Only(Arc::new(others)))),
            }
        };
        Self(PersonalNotice::all().filter_map(audience).collect())
    }

    /// What that makes of the subscriptions of a rotation.
    pub fn subscriptions<'a>(
        &'a self,
        rotation: &'a RotationId,
    ) -> impl Iterator<Item = Subscription> + 'a {
        let audiences = self.0.iter();
        audiences.map(move |(notice, occasion, audience)| Subscription {
            rotation: rotation.clone(),
            kind: notice.kind().to_owned(),
            addressee: Addressee::People(audience.clone()),
            occasion: *occasion,
        })
    }
}

/// When the quiet hours end that it is now; `None` where it is none.
pub fn quiet_until(quiet: QuietHours, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
    let civil = zone.civil(now);
    let time = |minutes: u16| {
        let part = |number: u16| i8::try_from(number).unwrap_or_default();
        jiff::civil::Time::constant(part(minutes / 60), part(minutes % 60), 0, 0)
    };
    let (from, until) = (time(quiet.from.minutes()), time(quiet.until.minutes()));
    let present = civil.time();
    let is_quiet = match from < until {
        true => (from..until).contains(&present),
        false => present >= from || present < until,
    };
    let today = civil.date();
    let day = match present < until {
        true => Some(today),
        false => today.tomorrow().ok(),
    };
    let end = zone.planned(day?.to_datetime(until));
    // Where clocks are put back, the end may be over although they show an earlier time again.
    (is_quiet && end > now).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Crew, KnownPlan, Occurrence, PlanNotices, ShiftChange, change_of_duty,
        crew::examples::{duty, member},
        notices_of_plan, shift_changes,
    };
    use types::{MinuteOfDay, NotificationInput, Stretch};

    fn person(id: &str) -> PersonId {
        PersonId::new(id)
    }

    fn has(audiences: &Audiences, notice: PersonalNotice, id: &str) -> bool {
        let key = MemberKey::of_person(&person(id));
        let mut audiences = audiences.0.iter();
        audiences.any(|(one, _, audience)| *one == notice && audience.has(&key))
    }

    #[test]
    fn whoever_chose_nothing_is_told_when_a_shift_begins_and_of_nothing_else() {
        let audiences = Audiences::of(&[]);
        for notice in PersonalNotice::all() {
            let is_told = has(&audiences, notice, "U1");
            assert_eq!(is_told, notice == PersonalNotice::Starts, "{notice:?}");
        }
    }

    #[test]
    fn choices_hold_for_those_who_made_them() {
        let choices = NotificationInput {
            ends: true,
            leads: vec![Lead::AnHour],
            ..NotificationInput::default()
        };
        let audiences = Audiences::of(&[(
            person("U1"),
            choices.checked(&NotificationChoices::default()).unwrap(),
        )]);
        let before = PersonalNotice::Before(Lead::AnHour);
        for (notice, ann, bob) in [
            (PersonalNotice::Starts, false, true),
            (PersonalNotice::Ends, true, false),
            (before, true, false),
            (PersonalNotice::Before(Lead::ADay), false, false),
        ] {
            assert_eq!(has(&audiences, notice, "U1"), ann, "{notice:?}");
            assert_eq!(has(&audiences, notice, "U2"), bob, "{notice:?}");
        }
        let rotation = RotationId::new("r");
        let made: Vec<_> = audiences.subscriptions(&rotation).collect();
        assert_eq!(made.len(), 3);
        assert_eq!(
            made[2].occasion,
            Occasion::BeforeShift(Duration::from_secs(3600))
        );
    }

    #[test]
    fn each_kind_is_one_notices_alone() {
        let kinds: BTreeSet<_> = PersonalNotice::all().map(PersonalNotice::kind).collect();
        assert_eq!(kinds.len(), PersonalNotice::all().count());
        for lead in Lead::ALL {
            assert!(PersonalNotice::Before(lead).kind().ends_with(lead.code()));
        }
    }

    fn hours(from: &str, until: &str) -> QuietHours {
        let typed = |text| MinuteOfDay::typed(text).unwrap();
        QuietHours {
            from: typed(from),
            until: typed(until),
        }
    }

    fn at(text: &str) -> Timestamp {
        let instant: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_millis(instant.as_millisecond())
    }

    /// Ann has the night in which clocks go on by an hour at two, and Bob ten minutes around that.
    #[test]
    fn an_override_of_ten_minutes_in_the_middle_of_the_night_wakes_nobody_who_sleeps() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let quiet = hours("22:00", "07:00");
        let (evening, morning) = (at("2026-03-28T17:00:00Z"), at("2026-03-29T07:00:00Z"));
        let (begins, ends) = (at("2026-03-29T00:55:00Z"), at("2026-03-29T01:05:00Z"));
        let asked_at = at("2026-03-28T20:00:00Z");
        let shift = |name: &str, starts_at, ends_at| Stretch {
            holder: Some(member(name).holder()),
            starts_at,
            ends_at: Some(ends_at),
            overrides: Vec::new(),
        };
        let before = [shift("ann", evening, morning)];
        let after = [
            shift("ann", evening, begins),
            shift("bob", begins, ends),
            shift("ann", ends, morning),
        ];
        let changes = shift_changes(&before, &after, asked_at);
        let came = [ShiftChange::Came(&after[1]), ShiftChange::Came(&after[2])];
        assert_eq!(changes, came);

        // Both could be reminded, in quiet hours that outlast what they are reminded of.
        let lead = PersonalNotice::Before(Lead::QuarterOfAnHour);
        let reminder = Subscription {
            rotation: RotationId::new("r"),
            kind: lead.kind().to_owned(),
            addressee: Addressee::Holder,
            occasion: lead.occasion().unwrap(),
        };
        let known = |shifts| KnownPlan {
            shifts,
            until: Some(morning),
        };
        let plans = (known(&before), known(&after));
        let PlanNotices { due, .. } =
            notices_of_plan(&[&reminder], plans, (&changes, None), asked_at);
        let minutes = |span: Duration| span.as_secs() / 60;
        let times: Vec<_> = due
            .iter()
            .map(|notice| (minutes(notice.due_in), notice.expires_in.map(minutes)))
            .collect();
        assert_eq!(times, [(280, Some(295)), (290, Some(305))]);
        for notice in &due {
            let moment = |span: Duration| {
                let seconds = i64::try_from(span.as_secs()).unwrap();
                asked_at.plus_seconds(seconds)
            };
            let woken = quiet_until(quiet, &berlin, moment(notice.due_in)).unwrap();
            assert_eq!(woken, at("2026-03-29T05:00:00Z"));
            assert!(moment(notice.expires_in.unwrap()) < woken);
        }

        // Each hand-off is one change, from one to the other.
        let crew = |name: &str, since, until| {
            let members = vec![member("ann"), member("bob")];
            Crew::new(members, vec![duty(name, since, Some(until))])
        };
        let (first, second) = (crew("ann", evening, begins), crew("bob", begins, ends));
        let third = crew("ann", ends, morning);
        for (was, is, moment, began) in [
            (&first, &second, begins, "bob"),
            (&second, &third, ends, "ann"),
        ] {
            let change = change_of_duty(was, is, moment.plus_seconds(-1), moment).unwrap();
            assert_eq!(change.occurrence, Occurrence::at(moment));
            let names: Vec<_> = change.began.iter().map(|holder| &holder.name).collect();
            assert_eq!(names, [began]);
        }
        // That it began is told when they wake, to whoever is on duty still, and that it ended is not.
        assert!(PersonalNotice::Starts.outlasts_quiet_hours());
        assert!(!PersonalNotice::Ends.outlasts_quiet_hours());
        // Where the server slept as well, nothing has changed.
        let slept = crew("ann", ends, morning);
        assert!(change_of_duty(&first, &slept, begins, ends).is_none());
    }

    #[test]
    fn quiet_hours_are_those_of_the_zone_and_may_go_over_midnight() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        for (from, until, now, end) in [
            (
                "22:00",
                "07:00",
                "2026-06-01T20:00:00Z",
                Some("2026-06-02T05:00:00Z"),
            ),
            (
                "22:00",
                "07:00",
                "2026-06-02T04:59:59Z",
                Some("2026-06-02T05:00:00Z"),
            ),
            ("22:00", "07:00", "2026-06-02T05:00:00Z", None),
            ("22:00", "07:00", "2026-06-01T19:59:59Z", None),
            (
                "12:00",
                "13:30",
                "2026-06-01T10:00:00Z",
                Some("2026-06-01T11:30:00Z"),
            ),
            ("12:00", "13:30", "2026-06-01T11:30:00Z", None),
            // Clocks go on to 03:00 at 02:00, and back to 02:00 at 03:00.
            (
                "22:00",
                "02:30",
                "2026-03-28T23:00:00Z",
                Some("2026-03-29T01:30:00Z"),
            ),
            (
                "01:00",
                "02:30",
                "2026-10-25T00:00:00Z",
                Some("2026-10-25T00:30:00Z"),
            ),
            ("01:00", "02:30", "2026-10-25T01:10:00Z", None),
        ] {
            let told = quiet_until(hours(from, until), &berlin, at(now));
            assert_eq!(told, end.map(at), "{from} {until} {now}");
        }
    }
}
