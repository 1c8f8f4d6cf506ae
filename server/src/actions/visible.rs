//! What of the sync somebody may know: of private rotations, and of the schedules that only
//! such follow, neither names nor numbers.

use super::{Failure, rotations::is_seen};
use crate::{Services, sync::Synced};
use domain::Actor;
use std::collections::HashSet;
use types::{RotationId, ScheduleId, SyncReason, SyncReport, SyncRun};

/// What the actor may know of.
pub(super) enum Visible {
    Everything,
    Only {
        rotations: HashSet<RotationId>,
        /// Those that one of the rotations follows.
        schedules: HashSet<ScheduleId>,
    },
}

impl Visible {
    pub(super) async fn to(services: &Services, actor: &Actor) -> Result<Self, Failure> {
        if actor.administers() {
            return Ok(Self::Everything);
        }
        let overview = services.store.rotation_overview(&actor.workspace).await?;
        let all = overview.rotations.iter();
        let seen: Vec<_> = all.filter(|rotation| is_seen(rotation, actor)).collect();
        if seen.len() == overview.rotations.len() {
            return Ok(Self::Everything);
        }
        let schedules = seen
            .iter()
            .filter_map(|rotation| rotation.plan.schedule().cloned());
        Ok(Self::Only {
            rotations: seen.iter().map(|rotation| rotation.id.clone()).collect(),
            schedules: schedules.collect(),
        })
    }

    pub(super) fn rotation(&self, id: &RotationId) -> bool {
        match self {
            Self::Everything => true,
            Self::Only { rotations, .. } => rotations.contains(id),
        }
    }

    pub(super) fn schedule(&self, id: &ScheduleId) -> bool {
        match self {
            Self::Everything => true,
            Self::Only { schedules, .. } => schedules.contains(id),
        }
    }

    /// What a run came to as far as the actor may know of it; `None` where there was no
    /// other reason for it than a hand-off that they may not know of.
    pub(super) fn of_run(&self, run: SyncRun) -> Option<SyncRun> {
        let Self::Only { schedules, .. } = self else {
            return Some(run);
        };
        let changed_any = !run.changes.is_empty();
        let mut shown = SyncRun {
            // Each schedule takes some, so their number tells how many there are.
            requests: None,
            ..run
        };
        shown
            .changes
            .retain(|change| self.rotation(&change.rotation));
        let hidden = changed_any && shown.changes.is_empty();
        if hidden && shown.reason == Some(SyncReason::HandOff) {
            return None;
        }
        let unreadable = &mut shown.unreadable_schedules;
        unreadable.retain(|unreadable| self.schedule(&unreadable.schedule));
        shown.unreadable = count(unreadable.len());
        let others = count(schedules.len()).saturating_sub(shown.unreadable);
        shown.confirmed = shown.confirmed.min(others);
        shown.postponed = shown.postponed.min(others - shown.confirmed);
        Some(shown)
    }

    /// What a requested sync, which asks for all that is bound, came to as far as the actor
    /// may know of it.
    pub(super) fn of_report(&self, synced: &Synced) -> SyncReport {
        let Self::Only { schedules, .. } = self else {
            return synced.report.clone();
        };
        let seen = synced.changed.iter().filter(|id| self.rotation(id));
        let unreadable = synced.unreadable.iter().filter(|id| self.schedule(id));
        let unreadable = count(unreadable.count());
        let others = count(schedules.len()).saturating_sub(unreadable);
        let report = &synced.report;
        let left = report.postponed + report.awaited;
        let confirmed = match left {
            0 => others,
            _ => report.confirmed.min(others),
        };
        let postponed = report.postponed.min(others - confirmed);
        SyncReport {
            changed: count(seen.count()),
            confirmed,
            unreadable,
            postponed,
            awaited: report.awaited.min(others - confirmed - postponed),
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
