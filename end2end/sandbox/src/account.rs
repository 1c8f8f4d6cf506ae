//! A PagerDuty account as the stand-in remembers it: people, teams, schedules, escalation policies, keys.
//! Plain data and look-ups; how it is shown on the wire is the business of `pagerduty`.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::rendering::{Layer, Override, Plan, Rotation};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Region {
    Us,
    Eu,
}

impl Region {
    /// Where the region's routes begin on the stand-in.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Us => "",
            Self::Eu => "/eu",
        }
    }

    /// What the real service would call its API; only ever printed, never called.
    pub fn api_url(self) -> &'static str {
        match self {
            Self::Us => "https://api.pagerduty.com",
            Self::Eu => "https://api.eu.pagerduty.com",
        }
    }

    fn web_domain(self) -> &'static str {
        match self {
            Self::Us => "pagerduty.com",
            Self::Eu => "eu.pagerduty.com",
        }
    }
}

#[derive(Clone, Debug)]
pub struct User {
    pub id: String,
    pub name: String,
    /// `None` as PagerDuty shows users whose address is withheld.
    pub email: Option<String>,
    pub time_zone: String,
    pub role: &'static str,
    pub job_title: String,
    pub teams: Vec<String>,
    pub deleted_at: Option<Timestamp>,
}

impl User {
    /// By id, or by e-mail address in any case.
    pub fn is(&self, who: &str) -> bool {
        let address = self.email.as_deref();
        self.id == who || address.is_some_and(|email| email.eq_ignore_ascii_case(who))
    }
}

#[derive(Clone, Debug)]
pub struct Team {
    pub id: String,
    pub name: String,
    pub description: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Shown,
    /// As for somebody who is not in the private team that it belongs to.
    Hidden,
    Deleted,
}

/// Which of PagerDuty's two APIs for schedules knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Version 2; all its layers are one rotation.
    LayerBased,
    /// Version 3.
    ShiftBased,
}

#[derive(Clone, Debug)]
pub struct Schedule {
    pub id: String,
    pub name: String,
    pub description: String,
    /// As the account spells it, which may be a Rails name.
    pub time_zone: String,
    pub zone: TimeZone,
    pub teams: Vec<String>,
    pub kind: Kind,
    pub rotations: Vec<Rotation>,
    pub overrides: Vec<Override>,
    pub presence: Presence,
}

impl Schedule {
    pub fn plan(&self) -> Plan<'_> {
        Plan {
            zone: &self.zone,
            rotations: &self.rotations,
            overrides: &self.overrides,
        }
    }

    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.rotations.iter().flat_map(|rotation| &rotation.layers)
    }

    /// The people of all layers in order, each once. People of overrides are not among them.
    pub fn roster(&self) -> Vec<&str> {
        let mut people: Vec<&str> = Vec::new();
        for user in self.layers().flat_map(Layer::users) {
            if !people.contains(&user) {
                people.push(user);
            }
        }
        people
    }
}

#[derive(Clone, Debug)]
pub enum Target {
    Schedule(String),
    User(String),
}

#[derive(Clone, Debug)]
pub struct Policy {
    pub id: String,
    pub name: String,
    /// The first level is number one.
    pub levels: Vec<Vec<Target>>,
}

impl Policy {
    pub fn calls(&self, schedule: &str) -> bool {
        self.levels
            .iter()
            .flatten()
            .any(|target| matches!(target, Target::Schedule(id) if id == schedule))
    }
}

/// Whose key it is decides what it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    Account,
    Person(String),
    PlanWithoutApi,
    NoPermission,
}

#[derive(Clone, Debug)]
pub struct ApiKey {
    pub key: String,
    pub holder: Holder,
}

impl ApiKey {
    pub fn of_account(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            holder: Holder::Account,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Account {
    pub region: Region,
    pub account_id: String,
    pub subdomain: String,
    pub users: Vec<User>,
    pub teams: Vec<Team>,
    pub schedules: Vec<Schedule>,
    pub policies: Vec<Policy>,
    pub keys: Vec<ApiKey>,
    pub overrides_made: u32,
}

impl Account {
    pub fn web_url(&self) -> String {
        format!("https://{}.{}", self.subdomain, self.region.web_domain())
    }

    /// Deleted users included: schedules may still name them.
    pub fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// Nobody who is deleted; `who` is an id or an address.
    pub fn employee(&self, who: &str) -> Option<&User> {
        self.employees().find(|user| user.is(who))
    }

    pub fn employees(&self) -> impl Iterator<Item = &User> {
        self.users.iter().filter(|user| user.deleted_at.is_none())
    }

    pub fn visible_schedules(&self) -> impl Iterator<Item = &Schedule> {
        self.schedules
            .iter()
            .filter(|schedule| schedule.presence == Presence::Shown)
    }

    pub fn visible_schedule(&self, id: &str) -> Option<&Schedule> {
        self.visible_schedules().find(|schedule| schedule.id == id)
    }

    /// The key to paste; `None` when it was revoked and none was made since.
    pub fn current_key(&self) -> Option<&str> {
        self.keys
            .iter()
            .find(|key| key.holder == Holder::Account)
            .map(|key| key.key.as_str())
    }

    pub fn next_override_id(&mut self) -> String {
        self.overrides_made += 1;
        format!("QOVR{:010}", self.overrides_made)
    }
}
