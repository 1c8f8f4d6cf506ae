//! Who has the duty of a rotation during a span: what the history tells of the past and the
//! plan of the rest, the gaps in between, and where nothing is known. Week, timelines and
//! whatever else looks at more than a moment read it here.

use crate::{
    Crew, Foresight,
    outlook::{gaps, joined, sort},
};
use types::{Coverage, Holder, MemberKey, Override, Span, Stretch, Timestamp};

/// A stretch of duty that the history holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub holder: Holder,
    /// When the duty began, perhaps before it was followed here.
    pub duty_since: Timestamp,
    pub starts_at: Timestamp,
    pub ends_at: Option<Timestamp>,
    /// Its parts that were overrides, by start.
    pub overrides: Vec<Override>,
}

/// An override by which somebody has had duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastOverride {
    pub holder: MemberKey,
    pub had: Override,
}

impl Record {
    pub fn stretch(&self) -> Stretch {
        Stretch {
            holder: Some(self.holder.clone()),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            overrides: self.overrides.clone(),
        }
    }

    /// Notes those of the overrides by which its holder had this duty.
    pub fn note_overrides(&mut self, overrides: &[PastOverride]) {
        let (from, until) = (self.starts_at, self.ends_at);
        let theirs = overrides.iter().filter(|one| one.holder == self.holder.key);
        let parts = theirs.map(|one| Override {
            starts_at: one.had.starts_at.max(from),
            ends_at: until.map_or(one.had.ends_at, |until| until.min(one.had.ends_at)),
            ..one.had.clone()
        });
        let parts = parts.filter(|part| part.starts_at < part.ends_at);
        self.overrides = parts.collect();
    }

    /// The same from the beginning of the duty, unless the history knows of others then.
    fn whole(&self, history: &[Self]) -> Stretch {
        let others = history.iter().filter(|other| *other != self);
        Stretch {
            starts_at: believed(self.duty_since, self.starts_at, others),
            ..self.stretch()
        }
    }
}

/// When a duty began that is certain from `certain` on and said to have begun at `said`: what
/// is said of the past holds where the history knows nothing of it.
fn believed<'a>(
    said: Timestamp,
    certain: Timestamp,
    history: impl IntoIterator<Item = &'a Record>,
) -> Timestamp {
    let known = history
        .into_iter()
        .any(|record| record.starts_at < certain && record.ends_at.is_none_or(|end| said < end));
    if known { certain } else { said.min(certain) }
}

/// The past of a rotation, as it was recorded.
#[derive(Clone, Debug)]
pub struct Past {
    /// Those of the span that is asked for, and the last ones before it.
    pub records: Vec<Record>,
    /// Nothing was recorded before.
    pub begins_at: Timestamp,
}

impl Past {
    /// For spans that lie ahead.
    pub const fn none(now: Timestamp) -> Self {
        Self {
            records: Vec::new(),
            begins_at: now,
        }
    }
}

impl Foresight<'_> {
    /// Who has duty during `span` where these are on the rotation now, and this was its past.
    pub fn coverage(&self, crew: &Crew, past: &Past, span: Span, now: Timestamp) -> Coverage {
        let (plan, known_until) = match *self {
            Self::Shifts {
                stretches,
                known_until,
            } => (stretches.to_vec(), Some(known_until)),
            Self::ByHand { .. } => (present(crew), None),
            Self::Unknown => (present(crew), Some(now)),
        };
        let planned = plan
            .into_iter()
            .map(|stretch| match stretch.starts_at < now {
                true => Stretch {
                    starts_at: believed(stretch.starts_at, now, &past.records),
                    ..stretch
                },
                false => stretch,
            });
        let planned = planned.filter(|stretch| {
            let starts_at = stretch.starts_at;
            stretch.ends_at.is_none_or(|end| starts_at < end)
        });
        let recorded = past
            .records
            .iter()
            .map(|record| record.whole(&past.records));
        let mut stretches = joined(recorded.chain(planned).collect());
        let nobody = gaps(&stretches, past.begins_at, known_until);
        stretches.extend(nobody);
        stretches.retain(|stretch| span.shows(stretch));
        sort(&mut stretches);
        Coverage {
            stretches,
            known_from: past.begins_at,
            known_until,
            remarks: Vec::new(),
        }
    }
}

/// Those on duty, as long as nobody changes it.
fn present(crew: &Crew) -> Vec<Stretch> {
    let duties = crew.duties.iter();
    duties
        .map(|duty| Stretch {
            holder: Some(duty.holder.clone()),
            starts_at: duty.since,
            ends_at: duty.until,
            overrides: Vec::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crew::examples::{duty, member},
        outlook::examples::{gap, record, stretch},
        shifts::examples::at,
    };

    /// What is known from 0 until 100 of a rotation with these on it, of all time.
    fn covered(records: &[Record], plan: &[Stretch], now: i64) -> Vec<Stretch> {
        covered_in((i64::MIN / 1000, 1_000), records, plan, now).stretches
    }

    fn covered_in(span: (i64, i64), records: &[Record], plan: &[Stretch], now: i64) -> Coverage {
        let plan = Foresight::Shifts {
            stretches: plan,
            known_until: at(100),
        };
        plan.coverage(&Crew::default(), &past(records), self::span(span), at(now))
    }

    fn past(records: &[Record]) -> Past {
        Past {
            records: records.to_vec(),
            begins_at: at(0),
        }
    }

    fn span((from, until): (i64, i64)) -> Span {
        Span {
            from: at(from),
            until: at(until),
        }
    }

    #[test]
    fn a_stretch_that_has_begun_is_told_once_and_as_it_was_recorded() {
        let history = [
            record("ann", 12, 12, 30),
            record("bob", 5, 5, 12),
            record("ann", 0, 0, 5),
        ];
        // The plan has Ann since 10, when Bob was on duty here.
        let plan = [stretch("ann", 10, 30), stretch("bob", 30, 100)];
        assert_eq!(
            covered(&history, &plan, 20),
            [
                stretch("ann", 0, 5),
                stretch("bob", 5, 12),
                stretch("ann", 12, 30),
                stretch("bob", 30, 100),
            ]
        );
    }

    #[test]
    fn an_override_that_runs_is_told_once_and_one_that_is_over_with_who_made_it() {
        let over = |starts_at, ends_at, made_by: Option<&str>| Override {
            starts_at: at(starts_at),
            ends_at: at(ends_at),
            instead_of: vec!["ann".to_owned()],
            made_by: made_by.map(str::to_owned),
            is_cover: false,
        };
        let past = |starts_at, ends_at, made_by| PastOverride {
            holder: member("bob").key,
            had: over(starts_at, ends_at, Some(made_by)),
        };
        let mut history = [
            record("bob", 12, 12, 30),
            record("ann", 8, 8, 12),
            record("bob", 0, 0, 8),
        ];
        let overrides = [past(2, 9, "cy"), past(12, 25, "dan"), past(40, 50, "cy")];
        for record in &mut history {
            record.note_overrides(&overrides);
        }
        // What is planned is known from now on, and nobody knows there who made it.
        let plan = [Stretch {
            overrides: vec![over(20, 25, None)],
            ..stretch("bob", 20, 30)
        }];
        let told = covered(&history, &plan, 20);
        let parts: Vec<_> = told.iter().map(|one| one.overrides.clone()).collect();
        let expected = [
            vec![over(2, 8, Some("cy"))],
            Vec::new(),
            vec![over(12, 25, Some("dan"))],
            Vec::new(),
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn what_nobody_recorded_is_told_as_it_was_planned() {
        let plan = [stretch("ann", 0, 10), stretch("bob", 10, 100)];
        assert_eq!(covered(&[], &plan, 20), plan);
        // Who had it then is in the history; who has it now will be in a moment.
        let history = [record("cy", 0, 0, 19)];
        let now = [stretch("cy", 0, 19), gap(19, 20), stretch("bob", 20, 100)];
        assert_eq!(covered(&history, &plan, 20), now);
    }

    #[test]
    fn several_at_once_are_told_each() {
        let history = [
            record("ann", 0, 0, 30),
            record("bob", 5, 5, 30),
            record("cy", 8, 8, 40),
        ];
        let plan = [
            stretch("ann", 0, 30),
            stretch("bob", 5, 30),
            stretch("cy", 8, 40),
        ];
        let told = [&plan[..], &[gap(40, 100)]].concat();
        assert_eq!(covered(&history, &plan, 20), told);
    }

    #[test]
    fn two_people_of_one_name_do_not_cut_each_other() {
        let mut namesake = record("bob", 0, 0, 15);
        namesake.holder.name = "ann".to_owned();
        let plan = [stretch("ann", 12, 100)];
        let drawn = covered(&[namesake.clone()], &plan, 12);
        assert_eq!(drawn, [namesake.stretch(), plan[0].clone()]);
    }

    #[test]
    fn the_time_before_a_binding_is_told_as_pagerduty_had_it() {
        // Bound at 20, while Ann was on call since -5; then Bob took over.
        let history = [record("bob", 40, 40, 100), record("ann", -5, 20, 40)];
        let plan = [stretch("bob", 40, 100)];
        assert_eq!(
            covered(&history, &plan, 50),
            [stretch("ann", -5, 40), stretch("bob", 40, 100)]
        );
        // Where somebody else was on duty here until then, that is what has been.
        let history = [record("ann", 5, 20, 100), record("cy", 0, 0, 20)];
        for plan in [&[][..], &[stretch("ann", 5, 100)]] {
            assert_eq!(
                covered(&history, plan, 30),
                [stretch("cy", 0, 20), stretch("ann", 20, 100)]
            );
        }
    }

    #[test]
    fn by_hand_it_stays_as_it_is_until_somebody_changes_it() {
        let by_hand = |crew: &Crew, records: &[Record]| {
            let by_hand = Foresight::ByHand { duty_size: 1 };
            by_hand.coverage(crew, &past(records), span((0, 100)), at(20))
        };
        let crew = Crew::new(vec![member("ann")], vec![duty("ann", at(10), None)]);
        let history = [record("ann", 10, 10, None), record("bob", 0, 0, 8)];
        let told = by_hand(&crew, &history);
        let [ann, bob] = [stretch("ann", 10, None), stretch("bob", 0, 8)];
        assert_eq!(told.stretches, [bob, gap(8, 10), ann.clone()]);
        assert_eq!(told.known_until, None);
        // Also where the history lacks it.
        assert_eq!(by_hand(&crew, &[]).stretches, [gap(0, 10), ann]);
        // That nobody is on duty stays so, too.
        let nobody = by_hand(&Crew::default(), &[record("bob", 0, 0, 8)]);
        let open = Stretch {
            ends_at: None,
            ..gap(8, 8)
        };
        assert_eq!(nobody.stretches, [stretch("bob", 0, 8), open]);
    }

    #[test]
    fn a_gap_lies_between_the_end_of_all_before_and_the_next_start() {
        let plan = [
            stretch("ann", 0, 10),
            stretch("bob", 2, 5),
            stretch("cy", 12, 120),
        ];
        let [ann, bob, cy] = plan.clone();
        assert_eq!(covered(&[], &plan, 3), [ann, bob, gap(10, 12), cy]);
    }

    #[test]
    fn beyond_what_is_known_there_is_no_gap() {
        let plan = [stretch("ann", 0, 50)];
        let told = covered_in((0, 200), &[], &plan, 3);
        assert_eq!(told.stretches, [plan[0].clone(), gap(50, 100)]);
        assert_eq!(told.known_until, Some(at(100)));
        // Nor before it was followed.
        assert_eq!(covered_in((-50, 0), &[], &plan, 3).stretches, []);
        assert_eq!(told.known_from, at(0));
        // What decides is not known: nothing is said of what comes.
        let unknown = Foresight::Unknown;
        let told = unknown.coverage(&Crew::default(), &past(&[]), span((0, 100)), at(20));
        assert_eq!(told.stretches, [gap(0, 20)]);
        assert_eq!(told.known_until, Some(at(20)));
    }

    #[test]
    fn a_span_has_what_reaches_into_it_whole() {
        let plan = [
            stretch("ann", 0, 30),
            stretch("bob", 30, 40),
            stretch("cy", 50, 100),
        ];
        let told = |span| covered_in(span, &[], &plan, 3).stretches;
        assert_eq!(told((20, 30)), plan[..1]);
        assert_eq!(told((30, 45)), [plan[1].clone(), gap(40, 50)]);
        assert_eq!(told((45, 51)), [gap(40, 50), plan[2].clone()]);
    }

    #[test]
    fn there_is_no_gap_behind_somebody_without_an_end() {
        let plan = [stretch("ann", 0, None), stretch("bob", 20, 30)];
        assert_eq!(covered(&[], &plan, 5), plan);
    }

    /// Hours that each has in the span; nobody's are a dash's.
    fn hours(coverage: &Coverage, span: Span) -> Vec<(String, i64)> {
        let mut hours = std::collections::BTreeMap::new();
        for stretch in &coverage.stretches {
            let end = stretch.ends_at.unwrap_or(span.until).min(span.until);
            let seconds = end.seconds_since(stretch.starts_at.max(span.from));
            let holder = stretch.holder.as_ref();
            let name = holder.map_or("-", |holder| holder.name.as_str());
            *hours.entry(name.to_owned()).or_default() += seconds / 3600;
        }
        hours.into_iter().collect()
    }

    /// The week from 19 October 2026 in Berlin, whose clocks are turned back on its Sunday. People
    /// hand over at nine in the morning there. Zoe's shift ends on Monday. Ann has Monday to
    /// Wednesday, of which Bob takes four hours over. From Wednesday to Thursday three are on at
    /// once, from Thursday to Friday nobody is, and Bob has the weekend until the next Monday.
    #[test]
    fn a_week_with_a_change_of_clocks_an_override_three_at_once_and_a_gap_adds_up() {
        let at = |text: &str| {
            let instant: jiff::Timestamp = text.parse().unwrap();
            Timestamp::from_millis(instant.as_millisecond())
        };
        let stretch = |name: &str, from: &str, until: &str| Stretch {
            holder: Some(member(name).holder()),
            starts_at: at(from),
            ends_at: Some(at(until)),
            overrides: Vec::new(),
        };
        let plan = [
            stretch("zoe", "2026-10-16T07:00:00Z", "2026-10-19T07:00:00Z"),
            stretch("ann", "2026-10-19T07:00:00Z", "2026-10-20T07:00:00Z"),
            stretch("bob", "2026-10-20T07:00:00Z", "2026-10-20T11:00:00Z"),
            stretch("ann", "2026-10-20T11:00:00Z", "2026-10-21T07:00:00Z"),
            stretch("cy", "2026-10-21T07:00:00Z", "2026-10-22T07:00:00Z"),
            stretch("dan", "2026-10-21T07:00:00Z", "2026-10-22T07:00:00Z"),
            stretch("eve", "2026-10-21T07:00:00Z", "2026-10-22T07:00:00Z"),
            // At nine of winter time.
            stretch("bob", "2026-10-23T07:00:00Z", "2026-10-26T08:00:00Z"),
        ];
        let foresight = Foresight::Shifts {
            stretches: &plan,
            known_until: at("2026-11-20T00:00:00Z"),
        };
        let now = at("2026-10-19T06:00:00Z");
        let wanted = types::DaysWanted {
            zone: "Europe/Berlin".to_owned(),
            ..types::DaysWanted::default()
        };
        let span = crate::days(&wanted, 1, now).span();
        assert_eq!(span.until.seconds_since(span.from), 169 * 3600);
        let past = Past {
            begins_at: at("2026-01-01T00:00:00Z"),
            records: Vec::new(),
        };
        let week = foresight.coverage(&Crew::default(), &past, span, now);
        let expected = [
            ("-", 24),
            ("ann", 24 + 20),
            ("bob", 4 + 15 + 24 + 25),
            ("cy", 24),
            ("dan", 24),
            ("eve", 24),
            ("zoe", 9),
        ];
        let expected = expected.map(|(name, hours)| (name.to_owned(), hours));
        assert_eq!(hours(&week, span), expected);
        // Once it is over, the history says the same of it.
        let records = plan.iter().map(|stretch| Record {
            holder: stretch.holder.clone().unwrap(),
            duty_since: stretch.starts_at,
            starts_at: stretch.starts_at,
            ends_at: stretch.ends_at,
            overrides: Vec::new(),
        });
        let past = Past {
            records: records.collect(),
            ..past
        };
        let foresight = Foresight::Shifts {
            stretches: &[],
            known_until: at("2027-01-20T00:00:00Z"),
        };
        let later = at("2026-12-20T00:00:00Z");
        let week = foresight.coverage(&Crew::default(), &past, span, later);
        assert_eq!(hours(&week, span), expected);
    }
}
