//! What a rota would bring its rotation, by the very function that then runs.

use crate::{
    Crew, Member, Plan, Rotation,
    outlook::{gaps, sort},
    rota::{
        Absence, FilledIn, Override, OwnDay, Region, Rota, Zone, rotation::PLANNED_AHEAD_SECONDS,
    },
};
use types::{RotaPreview, Stretch, Timestamp};

/// How many shifts are told of each list.
const TOLD: usize = 100;
const AFTER_THE_DAY_SECONDS: i64 = 14 * 24 * 3600;
const YEAR_SECONDS: i64 = 366 * 24 * 3600;

/// Which shifts change hands by something, each by start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shifted {
    pub gained: Vec<Stretch>,
    pub lost: Vec<Stretch>,
    /// When nobody is on duty by it.
    pub nobody: Vec<Stretch>,
    /// How many there are that somebody gains or loses, whichever are more.
    pub moved: usize,
}

/// What the next eight weeks would be by what was filled in while members are away at these times,
/// and who has other shifts by it.
pub fn preview(
    filled_in: FilledIn,
    rotation: &Rotation,
    absences: Vec<Absence>,
    now: Timestamp,
) -> RotaPreview {
    let FilledIn { terms, duty_size } = filled_in;
    let words = terms.in_words();
    let skips_holidays = !terms.skips.regions.is_empty();
    let mut changed = rotation.clone();
    changed.details.duty_size = duty_size;
    let rota = Rota {
        absences,
        ..Rota::begun(terms, &changed, now)
    };
    changed.plan = Plan::Scheduled(Box::new(rota));
    let until = now.plus_seconds(PLANNED_AHEAD_SECONDS);
    RotaPreview {
        holidays_until: skips_holidays.then(|| *Region::years().end()),
        ..compared(words, rotation, &changed, (now, until))
    }
}

/// The same of an override, which `words` tells, and at least until it ends.
pub fn preview_override(
    made: Override,
    words: String,
    rotation: &Rotation,
    now: Timestamp,
) -> RotaPreview {
    let until = now.plus_seconds(PLANNED_AHEAD_SECONDS);
    let until = until.max(made.span.until);
    let mut changed = rotation.clone();
    if let Plan::Scheduled(rota) = &mut changed.plan {
        rota.overrides.push(made);
    }
    compared(words, rotation, &changed, (now, until))
}

/// The same of ending an override of the rotation, or of removing one that is to come.
pub fn preview_end(
    ended: &Override,
    words: String,
    rotation: &Rotation,
    now: Timestamp,
) -> RotaPreview {
    let until = now.plus_seconds(PLANNED_AHEAD_SECONDS);
    let until = until.max(ended.span.until);
    let mut changed = rotation.clone();
    if let Plan::Scheduled(rota) = &mut changed.plan {
        let overrides = &mut rota.overrides;
        // Two that are alike do alike, whichever of them ends.
        if let Some(place) = overrides.iter().position(|one| one == ended) {
            match ended.cut_short(now) {
                Some(left) => overrides[place] = left,
                None => drop(overrides.remove(place)),
            }
        }
    }
    compared(words, rotation, &changed, (now, until))
}

/// The same of other members, or of another order of them: those of `changed`, who are away at
/// these times.
pub fn preview_members(
    mut changed: Rotation,
    absences: Vec<Absence>,
    words: String,
    rotation: &Rotation,
    now: Timestamp,
) -> RotaPreview {
    if let Some(rota) = changed.plan.rota() {
        let mut rota = Rota {
            absences,
            ..rota.clone()
        };
        let before = &rotation.crew.members;
        rota.turn = rota.up_to_date(&changed, before, now).turn;
        changed.plan = Plan::Scheduled(Box::new(rota));
    }
    let until = now.plus_seconds(PLANNED_AHEAD_SECONDS);
    compared(words, rotation, &changed, (now, until))
}

/// The same of a rotation that becomes Manual: whoever is on duty at `now` stays so.
pub fn preview_by_hand(words: String, rotation: &Rotation, now: Timestamp) -> RotaPreview {
    let mut changed = rotation.clone();
    if let Some(rota) = rotation.plan.rota() {
        let members = &rotation.crew.members;
        changed.crew.duties = rota.up_to_date(rotation, members, now).duties;
    }
    changed.plan = Plan::Manual;
    let until = now.plus_seconds(PLANNED_AHEAD_SECONDS);
    compared(words, rotation, &changed, (now, until))
}

/// What changes for these members of a rota when one of them is away, by the very function that then
/// runs: from `now` on for eight weeks, and at least until the absence is over.
pub fn preview_absence(
    rota: &Rota,
    team: (&[Member], u32),
    absence: Absence,
    now: Timestamp,
) -> Shifted {
    let until = absence.span.until;
    let mut changed = rota.clone();
    changed.absences.push(absence);
    shifted_at_least_until((rota, &changed), team, (now, until))
}

/// The same when this absence of one of them ends, or never begins.
pub fn preview_return(
    rota: &Rota,
    team: (&[Member], u32),
    absence: &Absence,
    now: Timestamp,
) -> Shifted {
    let mut changed = rota.clone();
    let absences = &mut changed.absences;
    if let Some(place) = absences.iter().position(|one| one == absence) {
        match absence.span.from < now {
            true => absences[place].span.until = absence.span.until.min(now),
            false => drop(absences.remove(place)),
        }
    }
    shifted_at_least_until((rota, &changed), team, (now, absence.span.until))
}

fn shifted_at_least_until(
    rotas: (&Rota, &Rota),
    team: (&[Member], u32),
    (now, until): (Timestamp, Timestamp),
) -> Shifted {
    let ahead = now.plus_seconds(PLANNED_AHEAD_SECONDS);
    shifted(rotas, team, (now, ahead.max(until)))
}

/// What changes in a rotation with a rota when its workspace decides this about holidays, by the very
/// function that then runs: from `now` on for eight weeks, and at least `until` then.
pub fn preview_holidays(
    rotation: &Rotation,
    own: &[OwnDay],
    (now, until): (Timestamp, Timestamp),
) -> Option<Shifted> {
    let rota = rotation.plan.rota()?;
    let turn = rota.up_to_date(rotation, &rotation.crew.members, now).turn;
    let changed = rota.with_holidays(own, rotation, turn);
    let team = (rotation.crew.members.as_slice(), rotation.details.duty_size);
    Some(shifted((rota, &changed), team, (now, until)))
}

/// Until when it is told what a change brings that is about one day: for eight weeks, and for two
/// weeks after that day where it is less than a year ahead.
pub fn told_until(day: Timestamp, now: Timestamp) -> Timestamp {
    let at_least = now.plus_seconds(PLANNED_AHEAD_SECONDS);
    let at_most = now.plus_seconds(YEAR_SECONDS);
    let after = day.plus_seconds(AFTER_THE_DAY_SECONDS);
    match after <= at_most {
        true => at_least.max(after),
        false => at_least,
    }
}

/// What changes from one moment until another for these members from one rota to the other.
fn shifted(
    (rota, changed): (&Rota, &Rota),
    (members, duty_size): (&[Member], u32),
    span: (Timestamp, Timestamp),
) -> Shifted {
    let planned = |rota: &Rota| rota.planned(members, duty_size, span.1);
    let (before, after) = (planned(rota), planned(changed));
    let was_open = gaps(&before, span.0, Some(span.1));
    let mut nobody = gaps(&after, span.0, Some(span.1));
    nobody.retain(|gap| !was_open.contains(gap));
    let (gained, lost) = (beyond(&after, &before, span), beyond(&before, &after, span));
    Shifted {
        moved: gained.len().max(lost.len()),
        gained: first(gained),
        lost: first(lost),
        nobody: first(nobody),
    }
}

/// What is planned for `changed`, and what differs from `rotation` by it.
fn compared(
    words: String,
    rotation: &Rotation,
    changed: &Rotation,
    (now, until): (Timestamp, Timestamp),
) -> RotaPreview {
    let planned = |rotation: &Rotation| match rotation.plan.rota() {
        Some(rota) => {
            let (members, size) = (&rotation.crew.members, rotation.details.duty_size);
            rota.planned(members, size, until)
        }
        None => staying(&rotation.crew),
    };
    let (before, mut plan) = (planned(rotation), planned(changed));
    let (gained, lost) = match rotation.plan.rota() {
        Some(_) => (
            beyond(&plan, &before, (now, until)),
            beyond(&before, &plan, (now, until)),
        ),
        None => (Vec::new(), Vec::new()),
    };
    let nobody = gaps(&plan, now, Some(until));
    plan.extend(nobody);
    plan.retain(|stretch| stretch.ends_at.is_none_or(|end| now < end));
    sort(&mut plan);
    RotaPreview {
        words,
        plan: first(plan),
        gained: first(gained),
        lost: first(lost),
        zone_data: Zone::data_version().to_owned(),
        holidays_until: None,
        names: Vec::new(),
        compared: rotation.plan.rota().is_some(),
    }
}

/// The shifts of those on duty where nobody takes over before somebody rotates.
fn staying(crew: &Crew) -> Vec<Stretch> {
    let duties = crew.duties.iter();
    let shifts = duties.map(|duty| Stretch {
        holder: Some(duty.holder.clone()),
        starts_at: duty.since,
        ends_at: None,
        overrides: Vec::new(),
    });
    shifts.collect()
}

/// When people have duty by `plan`, from one moment until another, and do not have it by `other`.
fn beyond(
    plan: &[Stretch],
    other: &[Stretch],
    (from, until): (Timestamp, Timestamp),
) -> Vec<Stretch> {
    let mut beyond = Vec::new();
    for stretch in plan {
        let Some(holder) = &stretch.holder else {
            continue;
        };
        let is_theirs =
            |one: &&Stretch| one.holder.as_ref().is_some_and(|one| one.key == holder.key);
        let mut starts_at = stretch.starts_at.max(from);
        let ends_at = stretch.ends_at.unwrap_or(until).min(until);
        let piece = |starts_at: Timestamp, ends_at: Timestamp| Stretch {
            starts_at,
            ends_at: Some(ends_at),
            ..stretch.clone()
        };
        let mut theirs: Vec<_> = other.iter().filter(is_theirs).collect();
        theirs.sort_by_key(|one| one.starts_at);
        for one in theirs {
            if starts_at < one.starts_at.min(ends_at) {
                beyond.push(piece(starts_at, one.starts_at.min(ends_at)));
            }
            starts_at = starts_at.max(one.ends_at.unwrap_or(until));
        }
        if starts_at < ends_at {
            beyond.push(piece(starts_at, ends_at));
        }
    }
    sort(&mut beyond);
    beyond
}

fn first(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.truncate(TOLD);
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crew::examples::member, shifts::examples::at};

    #[test]
    fn what_a_day_changes_is_told_for_eight_weeks_and_beyond_a_day_of_this_year() {
        const DAY: i64 = 24 * 3600;
        let told = |day: i64| told_until(at(day * DAY), at(0));
        assert_eq!(told(3), at(56 * DAY));
        assert_eq!(told(200), at(214 * DAY));
        assert_eq!(told(3000), at(56 * DAY), "so far nobody plans");
    }

    fn stretch(name: &str, starts_at: i64, ends_at: i64) -> Stretch {
        Stretch {
            holder: Some(member(name).holder()),
            starts_at: at(starts_at),
            ends_at: Some(at(ends_at)),
            overrides: Vec::new(),
        }
    }

    /// What everybody has by the one and not by the other, as `ann 2-5`.
    fn told(plan: &[Stretch], other: &[Stretch]) -> Vec<String> {
        let beyond = beyond(plan, other, (at(1), at(100)));
        let beyond = beyond.iter().map(|one| {
            let name = one.holder.as_ref().unwrap().name.as_str();
            let second = |moment: Timestamp| moment.seconds_since(at(0));
            format!(
                "{name} {}-{}",
                second(one.starts_at),
                second(one.ends_at.unwrap())
            )
        });
        beyond.collect()
    }

    #[test]
    fn an_override_of_a_part_takes_that_part_and_gives_nothing_back() {
        let before = [stretch("ann", 0, 50), stretch("bob", 50, 80)];
        let after = [
            stretch("ann", 0, 20),
            stretch("bob", 20, 30),
            stretch("ann", 30, 50),
            stretch("bob", 50, 80),
        ];
        assert_eq!(told(&before, &after), ["ann 20-30"]);
        assert_eq!(told(&after, &before), ["bob 20-30"]);
    }

    #[test]
    fn from_now_on_and_until_the_end_of_a_shift_it_is_told_as_well() {
        let before = [stretch("ann", 0, 50)];
        let after = [stretch("bob", 0, 30), stretch("ann", 30, 50)];
        assert_eq!(told(&before, &after), ["ann 1-30"]);
        assert_eq!(told(&after, &before), ["bob 1-30"]);
        let shorter = [stretch("ann", 0, 20)];
        assert_eq!(told(&before, &shorter), ["ann 20-50"]);
        assert_eq!(told(&shorter, &before), [""; 0]);
        assert_eq!(told(&before, &before), [""; 0]);
    }
}
