//! How long it takes to plan eight weeks of one rotation, for `cargo xtask bench rotas`: twelve people,
//! two hand-offs a day but on weekends and holidays, and as many overrides and absences as fit.
//! Prints the median and the 99th percentile in microseconds.

use anyhow::Context;
use domain::{
    Crew, Member, Rotation,
    rota::{Absence, FilledIn, Override, OverrideKind, Rota},
};
use server::clock;
use std::time::Instant;
use types::{
    DayOff, LinkState, MemberKey, OVERRIDES_MAX, PersonId, RotaInput, RotaKind, RotationDetails,
    RotationId, Span, Visibility, WorkspaceId,
};

const PEOPLE: usize = 12;
const ROUNDS: usize = 2_000;
const HOUR: i64 = 3600;
const EIGHT_WEEKS: i64 = 8 * 7 * 24 * HOUR;

fn main() -> anyhow::Result<()> {
    let now = clock::now();
    let input = RotaInput {
        kind: RotaKind::Working,
        times: "09:00, 21:00".to_owned(),
        zone: "Europe/Paris".to_owned(),
        starts_on: "2026-01-01".to_owned(),
        weekends: true,
        holidays: "FR, DE-BY".to_owned(),
        on_days_off: DayOff::Nobody,
        duty_size: "2".to_owned(),
        ..RotaInput::default()
    };
    let filled_in = FilledIn::checked(&input, now).ok();
    let FilledIn { terms, duty_size } = filled_in.context("the rota makes no sense")?;
    let members: Vec<_> = (0..PEOPLE).map(member).collect();
    let rotation = Rotation {
        id: RotationId::new("r"),
        workspace: WorkspaceId::new("w"),
        details: RotationDetails {
            name: "Planned".to_owned(),
            description: String::new(),
            notes: String::new(),
            code: None,
            duty_size,
            visibility: Visibility::Public,
        },
        plan: domain::Plan::Manual,
        owners: Vec::new(),
        crew: Crew::new(members.clone(), Vec::new()),
        last_edit: None,
    };
    let span = |place: usize, hours: i64| {
        let from = now.plus_seconds(i64::try_from(place).unwrap_or(0) * 6 * HOUR);
        Span {
            from,
            until: from.plus_seconds(hours * HOUR),
        }
    };
    let overrides = (0..OVERRIDES_MAX).map(|place| Override {
        span: span(place, 4),
        kind: OverrideKind::Replace {
            of: members[place % PEOPLE].key.clone(),
            by: members[(place + 1) % PEOPLE].holder(),
            is_cover: false,
        },
    });
    let absences = (0..PEOPLE * 5).map(|place| Absence {
        who: members[place % PEOPLE].key.clone(),
        span: span(place * 3, 30),
    });
    let rota = Rota {
        overrides: overrides.collect(),
        absences: absences.collect(),
        ..Rota::begun(terms, &rotation, now)
    };
    let until = now.plus_seconds(EIGHT_WEEKS);
    let mut micros: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            let planned = rota.planned(&members, duty_size, until);
            assert!(!planned.is_empty(), "somebody has a turn in eight weeks");
            began.elapsed().as_micros()
        })
        .collect();
    micros.sort_unstable();
    println!("{} {}", micros[ROUNDS / 2], micros[ROUNDS * 99 / 100]);
    Ok(())
}

fn member(place: usize) -> Member {
    let person = PersonId::new(format!("U{place}"));
    Member {
        key: MemberKey::of_person(&person),
        person: Some(person),
        pagerduty_user: None,
        name: format!("Person {place}"),
        email: None,
        link: LinkState::Linked,
    }
}
