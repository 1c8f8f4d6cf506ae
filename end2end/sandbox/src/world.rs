//! Everything the stand-in remembers, behind one lock. All of it is in memory, so that a restart or a
//! reset gives the same company again, dated from that moment.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::{
    account::{Account, Region, Schedule},
    clock::Clock,
    company,
    counters::Counters,
    faults::Faults,
    identity::Identity,
    pagerduty::Allowance,
    slack::Slack,
};

pub struct World {
    pub clock: Clock,
    pub us: Account,
    pub eu: Account,
    pub identity: Identity,
    pub slack: Slack,
    pub faults: Faults,
    pub counters: Counters,
    pub allowance: Allowance,
}

impl World {
    pub fn new(now: Timestamp) -> Self {
        Self {
            clock: Clock::default(),
            us: company::american_account(now),
            eu: company::european_account(now),
            identity: Identity::default(),
            slack: Slack::new(company::workspaces()),
            faults: Faults::default(),
            counters: Counters::new(now),
            allowance: Allowance::default(),
        }
    }

    /// PagerDuty's time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn account(&self, region: Region) -> &Account {
        match region {
            Region::Us => &self.us,
            Region::Eu => &self.eu,
        }
    }

    pub fn account_mut(&mut self, region: Region) -> &mut Account {
        match region {
            Region::Us => &mut self.us,
            Region::Eu => &mut self.eu,
        }
    }

    /// Ids are unique over both accounts. Hidden and deleted schedules are found too.
    pub fn region_of_schedule(&self, id: &str) -> Option<Region> {
        [Region::Us, Region::Eu].into_iter().find(|region| {
            self.account(*region)
                .schedules
                .iter()
                .any(|schedule| schedule.id == id)
        })
    }

    pub fn schedule_mut(&mut self, id: &str) -> Option<&mut Schedule> {
        self.us
            .schedules
            .iter_mut()
            .chain(&mut self.eu.schedules)
            .find(|schedule| schedule.id == id)
    }
}

/// A handle on the world that requests share.
#[derive(Clone)]
pub struct Sandbox {
    world: Arc<Mutex<World>>,
    base_url: Arc<str>,
}

impl Sandbox {
    /// `base_url` is the address under which browsers reach the stand-in, without a slash at its end.
    pub fn new(base_url: &str, now: Timestamp) -> Self {
        Self {
            world: Arc::new(Mutex::new(World::new(now))),
            base_url: base_url.into(),
        }
    }

    /// A request that panicked must not end the stand-in for all others.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}
