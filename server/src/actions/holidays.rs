//! The holidays of the workspace: admins say which days its schedules have off besides those that are
//! known of countries, and which of these they work.

use super::{Failure, Stop, rights::must_be_admin, zones};
use crate::{Services, audit::entry, rotas, store::NewAuditEntry};
use domain::{
    Actor, NaturalKey, Plan,
    rota::{
        HolidayWrite, OwnHoliday, Region, Shifted, Zone, preview_holidays, told_until,
        typed_holiday,
    },
};
use jiff::civil::Date;
use std::collections::BTreeMap;
use tokio::task;
use types::{AuditAction, Denial, HolidayInput, HolidayRefusal, Timestamp};

/// What the workspace has decided, and about which countries there is something to decide.
pub struct Holidays {
    pub today: Date,
    /// By date.
    pub own: Vec<OwnHoliday>,
    /// Those whose holidays its schedules skip, by code.
    pub regions: Vec<Region>,
}

/// What a change would bring.
pub struct Effects {
    /// The day and its place, in words.
    pub day: String,
    /// It is a holiday by it.
    pub off: bool,
    /// Where schedules have it otherwise all the same, by code.
    pub except: Vec<Region>,
    /// Up to which date was looked.
    pub until: Date,
    /// The day is not later than that.
    pub looked: bool,
    /// What changes in rotations in which anything does, by name.
    pub moved: Vec<(String, Shifted)>,
}

pub async fn shown(services: &Services, actor: &Actor) -> Result<Holidays, Failure> {
    must_be_admin(actor, Denial::ManageWorkspace)?;
    let (store, workspace) = (&services.store, &actor.workspace);
    let zone = zone(services, actor).await?;
    let own = store.own_holidays(workspace).await?;
    let overview = store.rotation_overview(workspace).await?;
    Ok(Holidays {
        today: zone.civil(services.store.time()).date(),
        own,
        regions: skipped(overview.rotations.iter().map(|rotation| &rotation.plan)),
    })
}

/// The regions whose holidays any of these plans skips, by code.
fn skipped<'a>(plans: impl Iterator<Item = &'a Plan>) -> Vec<Region> {
    let rotas = plans.filter_map(Plan::rota);
    let regions = rotas.flat_map(|rota| rota.terms.skips.regions.iter().copied());
    let regions: BTreeMap<_, _> = regions.map(|region| (region.code, region)).collect();
    regions.into_values().collect()
}

/// What the change would bring rotations, by the very rule that then makes it.
pub async fn preview(
    services: &Services,
    actor: &Actor,
    input: &HolidayInput,
) -> Result<Effects, Stop<HolidayRefusal>> {
    must_be_admin(actor, Denial::ManageWorkspace)?;
    let (store, workspace) = (&services.store, &actor.workspace);
    let (zone, now) = (zone(services, actor).await?, services.store.time());
    let present = store.own_holidays(workspace).await?;
    let write = decided(input, &present, (&zone, now)).map_err(Stop::Refused)?;
    let rotations = store.rotations(workspace).await?;
    let midnight = zone.planned(write.day().date.at(0, 0, 0, 0));
    let until = told_until(midnight, now);
    let (day, own) = (*write.day(), write.applied(&present));
    let regions = skipped(rotations.iter().map(|rotation| &rotation.plan));
    let concerned = rotations.into_iter().filter(|rotation| {
        let rota = rotation.plan.rota();
        rota.is_some_and(|rota| rota.terms.skips.is_concerned_by(&day))
    });
    let mut moved = Vec::new();
    for rotation in concerned {
        let shifted = preview_holidays(&rotation, &own, (now, until));
        if let Some(shifted) = shifted.filter(|shifted| *shifted != Shifted::default()) {
            moved.push((rotation.details.name, shifted));
        }
        // Of many rotations it takes a while, in which others are served.
        task::yield_now().await;
    }
    moved.sort_by_cached_key(|(name, _)| NaturalKey::of(name));
    Ok(Effects {
        day: day.in_words(),
        off: write.makes_off(),
        except: day.exceptions(write.makes_off(), &own, &regions),
        until: zone.civil(until).date(),
        looked: midnight < until,
        moved,
    })
}

/// Has a day be a holiday, or none.
pub async fn change(
    services: &Services,
    actor: &Actor,
    input: &HolidayInput,
) -> Result<(), Stop<HolidayRefusal>> {
    must_be_admin(actor, Denial::ManageWorkspace)?;
    let (store, workspace) = (&services.store, &actor.workspace);
    let zone = zone(services, actor).await?;
    let changed = store.change_holidays(workspace, |present, now| {
        let write = decided(input, present, (&zone, now))?;
        let action = match write.makes_off() {
            true => AuditAction::AddedHoliday,
            false => AuditAction::RemovedHoliday,
        };
        let day = write.day();
        let mut present = present.iter();
        let before = present.find(|holiday| holiday.day.is_about(day.date, day.region));
        let before = before.map(|holiday| holiday.name.clone());
        let after = match &write {
            HolidayWrite::Put(holiday) => Some(holiday.name.clone()),
            HolidayWrite::Drop(_) => None,
        };
        let entry = NewAuditEntry {
            before: before.filter(|name| !name.is_empty()),
            after: after.filter(|name| !name.is_empty()),
            ..entry(actor, action, Some(&write.day().in_words()))
        };
        Ok((write, entry))
    });
    changed.await?.map_err(Stop::Refused)?;
    loop {
        match rotas::go_on_by_holidays(store, &services.live, workspace).await {
            Ok(true) => {}
            Ok(false) => break,
            // It is decided all the same, and the clock goes on with it.
            Err(error) => {
                tracing::error!(%workspace, %error, "not all rotations go by a holiday yet");
                break;
            }
        }
    }
    services.sync.signals.clock.wake();
    Ok(())
}

fn decided(
    input: &HolidayInput,
    present: &[OwnHoliday],
    (zone, now): (&Zone, Timestamp),
) -> Result<HolidayWrite, HolidayRefusal> {
    typed_holiday(input, present, zone.civil(now).date())
}

/// By which it is said what day it is.
async fn zone(services: &Services, actor: &Actor) -> Result<Zone, Failure> {
    let zone = zones::of_workspace(services, &actor.workspace).await?;
    Ok(zone.unwrap_or(Zone::UTC))
}
