//! What somebody is told themselves, by direct messages: their own choice, and how it goes.

use super::{Failure, Stop, workspace::is_allowed};
use crate::{
    Services,
    store::{NoticeState, Notifications},
};
use domain::{Actor, rota::Zone};
use types::{
    DirectTrouble, MemberKey, NotificationInput, NotificationRefusal, NotificationsView,
    SlackCapability, Timestamp,
};

/// Why a message waits for the end of somebody's quiet hours, as it is stored.
pub const QUIET_HOURS: &str = "quiet_hours";

/// The time zone that Slack tells of somebody, if there is such a zone.
fn own_zone(known: &Notifications) -> Option<Zone> {
    known.time_zone.as_deref().and_then(Zone::named)
}

/// The same of the one that was chosen for the workspace, which holds for whoever is in none. Where
/// there is none either, quiet hours are in UTC.
fn shared_zone(known: &Notifications) -> Option<Zone> {
    known.workspace_zone.as_deref().and_then(Zone::named)
}

/// When somebody's quiet hours end that it is now.
pub fn quiet_until(known: &Notifications, now: Timestamp) -> Option<Timestamp> {
    let zone = own_zone(known).or_else(|| shared_zone(known));
    let zone = zone.unwrap_or(Zone::UTC);
    domain::quiet_until(known.choices.quiet?, &zone, now)
}

/// What the actor is told.
pub async fn mine(services: &Services, actor: &Actor) -> Result<NotificationsView, Failure> {
    let person = actor.person().ok_or(Failure::SignedOut)?;
    let (store, workspace) = (&services.store, &actor.workspace);
    let known = store.notifications(workspace, person).await?;
    let target = MemberKey::of_person(person);
    let latest = store
        .latest_personal_notice(workspace, target.as_str())
        .await?;
    let may_write = is_allowed(services, workspace, SlackCapability::DirectMessages).await?;
    let (own, shared) = (own_zone(&known), shared_zone(&known));
    let (zone_is_slacks, zone_is_workspaces) = (own.is_some(), own.is_none() && shared.is_some());
    let zone = own.or(shared);
    // That it may not write is said once.
    let trouble = latest.and_then(trouble);
    let trouble = trouble.filter(|trouble| may_write || *trouble != DirectTrouble::MayNotWrite);
    Ok(NotificationsView {
        choices: known.choices,
        zone_is_slacks,
        zone_is_workspaces,
        zone: zone.unwrap_or(Zone::UTC).name().to_owned(),
        may_write,
        administers: actor.administers(),
        last: known.last,
        trouble: trouble.map(|trouble| trouble.to_string()),
    })
}

fn trouble(latest: NoticeState) -> Option<DirectTrouble> {
    let NoticeState { state, problem } = latest;
    let of_word = || DirectTrouble::of_word(problem.as_deref().unwrap_or_default());
    match state.as_str() {
        "in_doubt" => Some(DirectTrouble::InDoubt),
        "given_up" => Some(of_word()),
        "waiting" if problem.as_deref() == Some(QUIET_HOURS) => None,
        "waiting" => Some(of_word()),
        _ => None,
    }
}

/// Has the actor told of what they choose, from now on.
pub async fn choose(
    services: &Services,
    actor: &Actor,
    input: &NotificationInput,
) -> Result<(), Stop<NotificationRefusal>> {
    let person = actor.person().ok_or(Failure::SignedOut)?;
    let (store, workspace) = (&services.store, &actor.workspace);
    let before = store.notifications(workspace, person).await?.choices;
    let choices = input.checked(&before)?;
    store
        .save_notification_choices(workspace, person, &choices)
        .await?;
    services.sync.signals.clock.wake();
    Ok(())
}
