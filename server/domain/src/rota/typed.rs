//! What somebody types for an override or an absence, checked. Its times are civil ones of a
//! zone that the form names: one that clocks jump over is refused, and of one that they show
//! twice it is asked which is meant.

use crate::{
    BarToCovering, Directory, Plan, Rotation, bar_to_covering,
    rota::{
        CoverRequest, Fold, Override, OverrideKind, OverrideProblem as SpanFault, Rota, Unclear,
        Zone, has_place, overrides::name_of,
    },
};
use jiff::civil::DateTime;
use types::{
    AbsenceField, AbsenceInput, AbsenceProblem, AbsenceRefusal, Holder, MemberKey, NOTE_MAX_CHARS,
    OverrideChoice, OverrideField, OverrideInput, OverrideProblem, OverrideRefusal, PersonId,
    RotationRefusal, Span, SpanField, SpanInput, SpanProblem, Timestamp, WhichOne,
};

/// How far ahead something may begin that somebody types: two years.
const FURTHEST_AHEAD_SECONDS: i64 = 2 * 366 * 24 * 3600;

/// The schedule of a rotation that has one of its own, or why nobody decides otherwise here.
pub fn own_rota(rotation: &Rotation) -> Result<&Rota, OverrideRefusal> {
    match &rotation.plan {
        Plan::Scheduled(rota) => Ok(rota),
        Plan::PagerDuty(_) => Err(OverrideRefusal::Bound),
        Plan::Manual => Err(OverrideRefusal::ByHand),
        Plan::Unknown => Err(RotationRefusal::UnknownMode.into()),
    }
}

/// The override of a rotation that was filled in at `now`, or everything that is wrong with it.
pub fn typed_override(
    input: &OverrideInput,
    rotation: &Rotation,
    directory: &Directory,
    now: Timestamp,
) -> Result<Override, OverrideRefusal> {
    let made = filled_in(input, rotation, directory, now)?;
    let by = made.by().map(|by| &by.key);
    let bar = by.and_then(|by| bar_of(by, rotation, directory));
    match bar {
        Some(BarToCovering::DoesNotSee) => Err(OverrideRefusal::Fields(vec![(
            OverrideField::Person,
            OverrideProblem::CannotSeeDuty,
        )])),
        // Whoever looks after the rotation may put a guest on duty, who then has to do with it.
        Some(BarToCovering::Guest) | None => Ok(made),
    }
}

/// The same, whoever it is that would be on duty.
fn filled_in(
    input: &OverrideInput,
    rotation: &Rotation,
    directory: &Directory,
    now: Timestamp,
) -> Result<Override, OverrideRefusal> {
    let rota = own_rota(rotation)?;
    let mut problems = Vec::new();
    let of = || {
        let of = MemberKey::parse(input.of.trim()).ok_or(OverrideProblem::NobodyChosen)?;
        let is_there = has_place(&of, &rotation.crew.members, &rota.overrides, now);
        is_there.then_some(of).ok_or(OverrideProblem::NotAMember)
    };
    let by = || {
        let by = PersonId::parse(input.person.trim()).ok_or(OverrideProblem::NobodyChosen)?;
        let person = directory.person(&by).ok_or(OverrideProblem::NotKnown)?;
        match person.deactivated {
            true => Err(OverrideProblem::Deactivated),
            false => Ok(Holder {
                key: MemberKey::of_person(&person.id),
                name: person.name.clone(),
            }),
        }
    };
    let mut noted = |problem, field| problems.push((field, problem));
    let kind = match input.kind {
        OverrideChoice::Add => by()
            .map_err(|problem| noted(problem, OverrideField::Person))
            .ok()
            .map(OverrideKind::Add),
        OverrideChoice::Empty => of()
            .map_err(|problem| noted(problem, OverrideField::Of))
            .ok()
            .map(|of| OverrideKind::Empty { of }),
        // A request is no override before somebody takes it.
        OverrideChoice::Cover => return Err(OverrideRefusal::NothingToPreview),
        OverrideChoice::Replace => {
            let of = of().map_err(|problem| noted(problem, OverrideField::Of));
            let by = by().map_err(|problem| noted(problem, OverrideField::Person));
            match (of, by) {
                (Ok(of), Ok(by)) if of == by.key => {
                    noted(OverrideProblem::Oneself, OverrideField::Person);
                    None
                }
                (Ok(of), Ok(by)) => Some(OverrideKind::Replace {
                    of,
                    by,
                    is_cover: false,
                }),
                _ => None,
            }
        }
    };
    let zone = &rota.terms.cadence.zone;
    let span = typed_span(&input.span, zone, now);
    match (span, kind) {
        (Ok(span), Some(kind)) => return Ok(Override { span, kind }),
        (Ok(_), None) => {}
        (Err(wrong), _) => problems.extend(
            wrong
                .into_iter()
                .map(|(field, problem)| (OverrideField::Span(field), problem.into())),
        ),
    }
    Err(OverrideRefusal::Fields(problems))
}

/// The request for cover that was filled in at `now`, or everything that is wrong with it.
pub fn typed_cover(
    input: &OverrideInput,
    rotation: &Rotation,
    directory: &Directory,
    now: Timestamp,
) -> Result<CoverRequest, OverrideRefusal> {
    // It is checked as the override that it becomes, if somebody takes it; an empty place names
    // nobody who would.
    let asks_somebody = !input.person.trim().is_empty();
    let kind = match asks_somebody {
        true => OverrideChoice::Replace,
        false => OverrideChoice::Empty,
    };
    let input = OverrideInput {
        kind,
        ..input.clone()
    };
    let Override { span, kind } = filled_in(&input, rotation, directory, now)?;
    if let OverrideKind::Replace { by, .. } = &kind
        && let Some(problem) = cannot_cover(&by.key, rotation, directory)
    {
        let problems = vec![(OverrideField::Person, problem)];
        return Err(OverrideRefusal::Fields(problems));
    }
    let (asked_by, asked) = match kind {
        OverrideKind::Replace { of, by, .. } => (of, Some(by.key)),
        OverrideKind::Empty { of } => (of, None),
        OverrideKind::Add(by) => (by.key, None),
    };
    Ok(CoverRequest {
        asked_by,
        span,
        asked,
        taken_by: None,
    })
}

/// Why whoever is asked could not take it.
fn cannot_cover(
    asked: &MemberKey,
    rotation: &Rotation,
    directory: &Directory,
) -> Option<OverrideProblem> {
    Some(match bar_of(asked, rotation, directory)? {
        BarToCovering::DoesNotSee => OverrideProblem::CannotSee,
        BarToCovering::Guest => OverrideProblem::Guest,
    })
}

/// What bars somebody from a place in a rotation.
fn bar_of(key: &MemberKey, rotation: &Rotation, directory: &Directory) -> Option<BarToCovering> {
    let person = directory.person(&key.person()?)?;
    bar_to_covering(rotation, &person.id, person.role)
}

/// The span and the note of an absence that was filled in at `now`, or everything that is wrong
/// with it.
pub fn typed_absence(
    input: &AbsenceInput,
    now: Timestamp,
) -> Result<(Span, String), AbsenceRefusal> {
    let mut problems = Vec::new();
    let note = input.note.trim();
    if note.chars().count() > NOTE_MAX_CHARS {
        problems.push((AbsenceField::Note, AbsenceProblem::NoteTooLong));
    } else if note.chars().any(char::is_control) {
        problems.push((AbsenceField::Note, AbsenceProblem::NoteUnprintable));
    }
    let Some(zone) = Zone::named(input.zone.trim()) else {
        problems.push((AbsenceField::Zone, AbsenceProblem::Zone));
        return Err(AbsenceRefusal::Fields(problems));
    };
    match typed_span(&input.span, &zone, now) {
        Ok(span) if problems.is_empty() => return Ok((span, note.to_owned())),
        Ok(_) => {}
        Err(wrong) => problems.extend(
            wrong
                .into_iter()
                .map(|(field, problem)| (AbsenceField::Span(field), problem.into())),
        ),
    }
    Err(AbsenceRefusal::Fields(problems))
}

/// The part of a time that is still to come: what has been stays as it was.
fn typed_span(
    input: &SpanInput,
    zone: &Zone,
    now: Timestamp,
) -> Result<Span, Vec<(SpanField, SpanProblem)>> {
    let mut problems = Vec::new();
    let mut moment = |text: &str, which, field| {
        let moment = typed(text, which, zone);
        moment.map_err(|problem| problems.push((field, problem)))
    };
    let from = match input.from.trim() {
        "" => Ok(now),
        from => moment(from, input.from_which, SpanField::From),
    };
    let until = moment(&input.until, input.until_which, SpanField::Until);
    let (Ok(from), Ok(until)) = (from, until) else {
        return Err(problems);
    };
    // Whoever previews it has all that is planned until then.
    if from > now.plus_seconds(FURTHEST_AHEAD_SECONDS) {
        return Err(vec![(SpanField::From, SpanProblem::TooFar)]);
    }
    Override::span(Span { from, until }, now).map_err(|fault| {
        let problem = match fault {
            SpanFault::EndsBeforeStart => SpanProblem::EndsBeforeStart,
            SpanFault::IsOver => SpanProblem::IsOver,
            SpanFault::TooLong => SpanProblem::TooLong,
        };
        vec![(SpanField::Until, problem)]
    })
}

/// A span as somebody types it who means this one.
pub fn as_typed(span: Span, zone: &Zone) -> SpanInput {
    let typed = |at: Timestamp| {
        let civil = zone.civil(at);
        let which = match zone.typed(civil, None) {
            Err(Unclear::Twice { first, .. }) if first == at => WhichOne::First,
            Err(Unclear::Twice { .. }) => WhichOne::Second,
            _ => WhichOne::Unasked,
        };
        (civil.strftime("%Y-%m-%dT%H:%M:%S").to_string(), which)
    };
    let ((from, from_which), (until, until_which)) = (typed(span.from), typed(span.until));
    SpanInput {
        from,
        from_which,
        until,
        until_which,
    }
}

fn typed(text: &str, which: WhichOne, zone: &Zone) -> Result<Timestamp, SpanProblem> {
    let text = text.trim();
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"];
    let mut read = forms
        .iter()
        .filter_map(|form| DateTime::strptime(form, text).ok());
    let civil = read.next().ok_or(SpanProblem::NoMoment)?;
    let fold = match which {
        WhichOne::Unasked => None,
        WhichOne::First => Some(Fold::First),
        WhichOne::Second => Some(Fold::Second),
    };
    let written = |civil: DateTime| civil.strftime("%Y-%m-%d %H:%M").to_string();
    zone.typed(civil, fold).map_err(|unclear| match unclear {
        Unclear::Missing { before, after } => SpanProblem::Missing {
            before: written(before),
            after: written(after),
        },
        Unclear::Twice { first, second } => SpanProblem::Twice {
            first: zone.ahead_in_words(first),
            second: zone.ahead_in_words(second),
        },
        Unclear::TooFar => SpanProblem::TooFar,
    })
}

impl Override {
    /// What the one whose place it is about is called, if the rotation has them.
    pub fn relieved_name(&self, rotation: &Rotation) -> Option<String> {
        let overrides = rotation.plan.rota().map_or(&[][..], |rota| &rota.overrides);
        name_of(self.of()?, &rotation.crew.members, overrides).map(str::to_owned)
    }

    /// What it does, as `Bob instead of Ann, 2026-06-01 09:00 to 2026-06-01 17:00, Europe/Paris`.
    pub fn in_words(&self, rotation: &Rotation) -> String {
        let relieved = self.relieved_name(rotation);
        let relieved = relieved.as_deref().unwrap_or("somebody who has left");
        let what = match &self.kind {
            OverrideKind::Replace { by, .. } => format!("{} instead of {relieved}", by.name),
            OverrideKind::Add(by) => format!("{} in addition", by.name),
            OverrideKind::Empty { .. } => format!("Nobody in the place of {relieved}"),
        };
        match rotation.plan.rota() {
            Some(rota) => {
                let when = rota.terms.cadence.zone.span_in_words(self.span);
                format!("{what}, {when}")
            }
            None => what,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, until: &str) -> SpanInput {
        SpanInput {
            from: from.to_owned(),
            until: until.to_owned(),
            ..SpanInput::default()
        }
    }

    fn checked(input: &SpanInput) -> Result<Span, Vec<(SpanField, SpanProblem)>> {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let now = zone.planned(DateTime::constant(2026, 3, 1, 12, 0, 0, 0));
        typed_span(input, &zone, now)
    }

    #[test]
    fn times_are_those_of_the_zone_and_what_has_been_is_left_out() {
        let span = checked(&span("2026-02-01T00:00", "2026-03-02 08:00")).unwrap();
        let hours = span.until.seconds_since(span.from) / 3600;
        assert_eq!(hours, 20);
    }

    #[test]
    fn a_time_that_clocks_jump_over_is_refused_with_the_nearest_ones() {
        let refused = checked(&span("2026-03-29T02:30", "2026-03-30T00:00")).unwrap_err();
        let missing = SpanProblem::Missing {
            before: "2026-03-29 01:59".to_owned(),
            after: "2026-03-29 03:00".to_owned(),
        };
        assert_eq!(refused, [(SpanField::From, missing)]);
    }

    #[test]
    fn a_midnight_that_a_day_does_not_have_is_refused_and_one_that_it_has_twice_is_asked_about() {
        let typed = |zone: &str, text: &str| {
            let zone = Zone::named(zone).unwrap();
            typed(text, WhichOne::Unasked, &zone).unwrap_err()
        };
        for (zone, date, before) in [
            ("America/Santiago", "2026-09-06", "2026-09-05 23:59"),
            ("Africa/Cairo", "2026-04-24", "2026-04-23 23:59"),
            ("Asia/Beirut", "2026-03-29", "2026-03-28 23:59"),
        ] {
            let missing = SpanProblem::Missing {
                before: before.to_owned(),
                after: format!("{date} 01:00"),
            };
            assert_eq!(typed(zone, &format!("{date}T00:00")), missing, "{zone}");
        }
        let twice = |first: &str, second: &str| SpanProblem::Twice {
            first: first.to_owned(),
            second: second.to_owned(),
        };
        let azores = typed("Atlantic/Azores", "2026-10-25T00:30");
        assert_eq!(azores, twice("+00:00", "-01:00"));
        let beirut = typed("Asia/Beirut", "2026-10-24T23:30");
        assert_eq!(beirut, twice("+03:00", "+02:00"));
    }

    #[test]
    fn of_a_time_that_clocks_show_twice_it_is_asked_which_is_meant() {
        let twice = span("2026-10-24T00:00", "2026-10-25T02:30");
        let refused = checked(&twice).unwrap_err();
        let problem = SpanProblem::Twice {
            first: "+02:00".to_owned(),
            second: "+01:00".to_owned(),
        };
        assert_eq!(refused, [(SpanField::Until, problem)]);
        let told = |until_which| {
            let told = SpanInput {
                until_which,
                ..twice.clone()
            };
            checked(&told).unwrap().until
        };
        let (first, second) = (told(WhichOne::First), told(WhichOne::Second));
        assert_eq!(second.seconds_since(first), 3600);
    }

    #[test]
    fn what_ends_before_it_begins_is_over_or_too_long_is_refused_at_its_end() {
        let problem = |from: &str, until: &str| {
            let refused = checked(&span(from, until)).unwrap_err();
            let [(SpanField::Until, problem)] = refused.as_slice() else {
                panic!("{refused:?}");
            };
            problem.clone()
        };
        let cases = [
            (
                "2026-04-02T00:00",
                "2026-04-01T00:00",
                SpanProblem::EndsBeforeStart,
            ),
            ("2026-02-01T00:00", "2026-02-02T00:00", SpanProblem::IsOver),
            ("2026-04-01T00:00", "2036-04-01T00:00", SpanProblem::TooLong),
        ];
        let far = checked(&span("9998-01-01T00:00", "9998-02-01T00:00"));
        assert_eq!(far.unwrap_err(), [(SpanField::From, SpanProblem::TooFar)]);
        for (from, until, expected) in cases {
            assert_eq!(problem(from, until), expected);
        }
    }

    #[test]
    fn what_is_no_moment_is_said_to_be_none() {
        let odd = ["tomorrow", "2026-13-01T00:00", "2026-04-01"];
        for text in odd {
            let refused = checked(&span(text, "2026-04-02T00:00")).unwrap_err();
            assert_eq!(
                refused,
                [(SpanField::From, SpanProblem::NoMoment)],
                "{text}"
            );
        }
    }
}
