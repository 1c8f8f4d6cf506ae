//! Somebody's own absences.

use crate::actions::absences::OwnAbsences;
use types::{AbsenceView, AbsencesView, RotationId};

pub(in crate::backend) fn absences(own: OwnAbsences) -> AbsencesView {
    let rotations = own.rotations;
    let name = |id: &RotationId| {
        let mut rotations = rotations.iter();
        let rotation = rotations.find(|rotation| rotation.id == *id)?;
        Some(rotation.details.name.clone())
    };
    let absences = own.absences.into_iter().map(|absence| AbsenceView {
        id: absence.id,
        starts_at: absence.span.from,
        ends_at: absence.span.until,
        everywhere: absence.rotations.is_none(),
        rotations: absence
            .rotations
            .iter()
            .flatten()
            .filter_map(name)
            .collect(),
        note: absence.note,
        runs: absence.span.holds(own.now),
    });
    let mut zones = rotations.iter().filter_map(|rotation| rotation.plan.rota());
    let zone = zones
        .next()
        .map_or("UTC", |rota| rota.terms.cadence.zone.name());
    AbsencesView {
        absences: absences.collect(),
        zone: zone.to_owned(),
        rotations: rotations
            .iter()
            .map(|rotation| (rotation.id.clone(), rotation.details.name.clone()))
            .collect(),
    }
}
