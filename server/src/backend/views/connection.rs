//! The connection to PagerDuty, as the integrations panel shows it.

use super::count;
use crate::{
    actions::{
        connections::{ConnectionState, Disconnection, Managed},
        links::LinkedPerson,
    },
    store::{BoundSchedule, Connection, Former, PendingSwitch},
};
use types::{
    AccountQuestion, ConnectionView, Disconnected, FormerBinding, Freshness, LinkView,
    UnreadableSchedule,
};

pub(in crate::backend) fn connection(state: ConnectionState) -> ConnectionView {
    let ConnectionState {
        connection,
        schedules,
        bound,
        managed,
        ..
    } = state;
    let bound_rotation_count = count(bound.len());
    // Whoever may disconnect is told what that would revert.
    let bound_rotations = match &managed {
        Some(_) => bound,
        None => Vec::new(),
    };
    let (former, unlinked) = match managed {
        Some(Managed { former, unlinked }) => (former, unlinked),
        None => (Vec::new(), Vec::new()),
    };
    ConnectionView {
        health: state.health,
        freshness: freshness(&connection, &schedules),
        unreadable: unreadable(schedules),
        // It is asked only while nothing is bound.
        sees_no_schedules: connection.sees_schedules == Some(false) && bound_rotation_count == 0,
        clock_ahead_seconds: state.clock_ahead_seconds,
        former_bindings: former.into_iter().map(former_binding).collect(),
        links: unlinked.into_iter().map(link).collect(),
        account: connection.credential.account.subdomain.clone(),
        method: connection.credential.view(),
        region: connection.credential.region,
        connected_at: connection.connected_at,
        last_synced_at: connection.last_synced_at.map(|at| connection.shown(at)),
        next_sync_at: connection.shown(connection.next_sync_at.max(connection.ask_after)),
        may_sync: state.may_sync,
        connected_by: connection.connected_by_name,
        bound_rotation_count,
        bound_rotations,
    }
}

/// The question about another account, which waits for an answer.
pub(in crate::backend) fn question(
    connection: &Connection,
    pending: &PendingSwitch,
) -> AccountQuestion {
    AccountQuestion {
        connected: connection.credential.account_name(),
        offered: pending.credential.account_name(),
    }
}

pub(in crate::backend) fn disconnected(ended: Disconnection) -> Disconnected {
    Disconnected {
        reverted: count(ended.reverted),
        method: ended.method,
    }
}

fn former_binding(former: Former) -> FormerBinding {
    FormerBinding {
        rotation: former.rotation,
        rotation_name: former.rotation_name,
        schedule_name: former.schedule_name,
    }
}

fn link(linked: LinkedPerson) -> LinkView {
    let LinkedPerson {
        person,
        link,
        by_hand,
    } = linked;
    LinkView {
        user: person.id,
        name: person.name,
        email: person.email,
        link,
        linked_to: by_hand.map(|found| (found.id, found.name)),
    }
}

fn freshness(connection: &Connection, schedules: &[BoundSchedule]) -> Freshness {
    let unreadable = schedules
        .iter()
        .filter(|schedule| schedule.problem.is_some());
    Freshness {
        schedules: count(schedules.len()),
        oldest_confirmed_at: schedules
            .iter()
            .filter(|schedule| schedule.problem.is_none())
            .filter_map(|schedule| schedule.confirmed_at)
            .min(),
        unreadable: count(unreadable.count()),
        postponed: connection.postponed.min(count(schedules.len())),
    }
}

/// The schedules that cannot be read, by name.
fn unreadable(schedules: Vec<BoundSchedule>) -> Vec<UnreadableSchedule> {
    let mut unreadable: Vec<_> = schedules
        .into_iter()
        .filter_map(|schedule| {
            Some(UnreadableSchedule {
                problem: schedule.problem?,
                schedule: schedule.id,
                name: schedule.name,
            })
        })
        .collect();
    unreadable.sort_by_cached_key(|schedule| schedule.name.to_lowercase());
    unreadable
}
