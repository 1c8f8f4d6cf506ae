//! Rotas for the tests, and what is planned in words.

use domain::{
    Crew, Member, Plan, Rotation,
    rota::{
        Absence, Basis, Cadence, Days, DaysOff, Nobody, OnDaysOff, Override, OverrideKind,
        PassedOver, Rota, Segment, Skips, Staffing, Terms, Times, Turn, Weekdays, Why, Zone,
    },
};
use jiff::civil::Weekday;
use std::num::NonZeroU16;
use types::{
    LinkState, MemberKey, PersonId, RotationDetails, RotationId, Span, Timestamp, Visibility,
    WorkspaceId,
};

/// A rota that owns what it is made of.
#[derive(Clone, Debug)]
pub struct Team {
    pub cadence: Cadence,
    pub duty_size: u32,
    pub members: Vec<Member>,
    pub passed_over: PassedOver,
    pub absences: Vec<Absence>,
    pub overrides: Vec<Override>,
    pub paused: bool,
}

/// A moment, as `2026-03-08T07:30Z`.
pub fn at(text: &str) -> Timestamp {
    let at: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_millis(at.as_millisecond())
}

pub fn span(from: &str, until: &str) -> Span {
    Span {
        from: at(from),
        until: at(until),
    }
}

pub fn key(name: &str) -> MemberKey {
    MemberKey::of_person(&PersonId::new(name))
}

pub fn member(name: &str) -> Member {
    Member {
        key: key(name),
        person: Some(PersonId::new(name)),
        pagerduty_user: None,
        name: name.to_owned(),
        email: None,
        link: LinkState::Linked,
    }
}

pub fn every(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

pub fn weekly(weekday: Weekday, number: u16) -> Days {
    Days::Weekly {
        weekday,
        every: every(number),
    }
}

pub fn cadence(zone: &str, starts_on: &str, days: Days, times: &[&str]) -> Cadence {
    Cadence {
        zone: Zone::named(zone).unwrap(),
        starts_on: starts_on.parse().unwrap(),
        starts_at_second: false,
        days,
        times: Times::new(times.iter().map(|time| time.parse().unwrap()).collect()).unwrap(),
        hours: None,
        off: DaysOff::default(),
        on_days_off: OnDaysOff::StaysOn,
    }
}

pub fn weekends_off() -> DaysOff {
    DaysOff {
        weekend: Weekdays::WEEKEND,
        ..DaysOff::default()
    }
}

pub fn team(cadence: Cadence, names: &[&str]) -> Team {
    Team {
        cadence,
        duty_size: 1,
        members: names.iter().map(|name| member(name)).collect(),
        passed_over: PassedOver::IsNext,
        absences: Vec::new(),
        overrides: Vec::new(),
        paused: false,
    }
}

/// Ann, Bob and Cy, one each day from 1 June 2026 on at 09:00 UTC.
pub fn daily() -> Team {
    let cadence = cadence("UTC", "2026-06-01", Days::Daily, &["09:00"]);
    team(cadence, &["ann", "bob", "cy"])
}

impl Team {
    pub fn basis(&self) -> Basis<'_> {
        Basis {
            cadence: &self.cadence,
            duty_size: self.duty_size,
            members: &self.members,
            passed_over: self.passed_over,
            absences: &self.absences,
            overrides: &self.overrides,
            paused: self.paused,
        }
    }

    /// A rotation with this rota, and nobody on duty.
    pub fn rotation(&self, turn: Turn) -> Rotation {
        let terms = Terms {
            cadence: self.cadence.clone(),
            skips: Skips::default(),
            passed_over: self.passed_over,
            paused: self.paused,
        };
        let rota = Rota {
            terms,
            turn,
            overrides: self.overrides.clone(),
            absences: self.absences.clone(),
        };
        Rotation {
            id: RotationId::new("r1"),
            workspace: WorkspaceId::new("T1"),
            details: RotationDetails {
                name: "Ops".to_owned(),
                description: String::new(),
                notes: String::new(),
                code: None,
                duty_size: self.duty_size,
                visibility: Visibility::Public,
            },
            plan: Plan::Scheduled(Box::new(rota)),
            owners: Vec::new(),
            crew: Crew::new(self.members.clone(), Vec::new()),
            last_edit: None,
        }
    }

    /// The turn of a rota that was made at a moment, when nobody was on duty.
    pub fn begun(&self, now: &str) -> Turn {
        let crew = Crew::new(self.members.clone(), Vec::new());
        self.basis().begin(&crew, at(now))
    }

    /// What is planned at a moment for a rota that was made then.
    pub fn planned(&self, now: &str, until: &str) -> Vec<String> {
        self.planned_from(&self.begun(now), until)
    }

    pub fn planned_from(&self, turn: &Turn, until: &str) -> Vec<String> {
        let segments = self.basis().segments(turn, at(until));
        segments.iter().map(in_words).collect()
    }

    pub fn away(&mut self, name: &str, from: &str, until: &str) {
        self.absences.push(Absence {
            who: key(name),
            span: span(from, until),
        });
    }

    pub fn replace(&mut self, of: &str, by: &str, from: &str, until: &str) {
        self.overrides.push(Override {
            span: span(from, until),
            kind: OverrideKind::Replace {
                of: key(of),
                by: member(by).holder(),
                is_cover: false,
            },
        });
    }

    pub fn add(&mut self, who: &str, from: &str, until: &str) {
        self.overrides.push(Override {
            span: span(from, until),
            kind: OverrideKind::Add(member(who).holder()),
        });
    }

    pub fn empty(&mut self, of: &str, from: &str, until: &str) {
        self.overrides.push(Override {
            span: span(from, until),
            kind: OverrideKind::Empty { of: key(of) },
        });
    }
}

/// `06-01 09:00 ann+bob for cy`, in UTC and by when it begins.
pub fn in_words(segment: &Segment) -> String {
    let who = match &segment.on {
        Staffing::These(on) => {
            let names = on.iter().map(|one| match &one.why {
                Why::StandsInFor(other) => format!("{} for {}", one.holder.name, other.name),
                Why::Turn | Why::Override(_) => one.holder.name.clone(),
            });
            names.collect::<Vec<_>>().join("+")
        }
        Staffing::Nobody(why) => match why {
            Nobody::Paused => "paused",
            Nobody::DayOff => "day off",
            Nobody::OutsideHours => "closed",
            Nobody::NotBegun => "not begun",
            Nobody::NoMembers => "no members",
            Nobody::EverybodyAway => "all away",
            Nobody::LeftEmpty => "left empty",
        }
        .to_owned(),
    };
    format!("{} {who}", clock(segment.span.from))
}

/// `06-01 09:00`, in UTC.
pub fn clock(at: Timestamp) -> String {
    let utc = Zone::named("UTC").unwrap().civil(at);
    utc.strftime("%m-%d %H:%M").to_string()
}

/// When duty changes hands, in UTC.
pub fn hand_offs(cadence: &Cadence, after: &str, until: &str) -> Vec<String> {
    let hand_offs = cadence.hand_offs(at(after), at(until));
    hand_offs.iter().map(|one| clock(one.at)).collect()
}
