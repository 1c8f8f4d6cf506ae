//! How often each endpoint was called. Tests prove by it that the product only ever reads from PagerDuty,
//! and how many requests a synchronisation costs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::traffic::Traffic;

/// Which of the services a request was meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    PagerDuty,
    /// Where PagerDuty's OAuth tokens come from.
    Identity,
    Slack,
}

/// Stands for every path that names no endpoint.
pub const UNMATCHED: &str = "unmatched";

pub struct Counters {
    since: Timestamp,
    requests: BTreeMap<(Side, String, String), u64>,
    /// Of PagerDuty's REST API alone.
    pub traffic: Traffic,
}

impl Counters {
    pub fn new(since: Timestamp) -> Self {
        Self {
            since,
            requests: BTreeMap::new(),
            traffic: Traffic::default(),
        }
    }

    pub fn count(&mut self, side: Side, method: &str, endpoint: &str) {
        *self
            .requests
            .entry((side, method.to_owned(), endpoint.to_owned()))
            .or_default() += 1;
    }

    pub fn report(&self) -> Value {
        let mut pagerduty = self.report_on(Side::PagerDuty);
        self.traffic.report(&mut pagerduty);
        json!({
            "since": self.since.to_string(),
            "pagerduty": pagerduty,
            "identity": self.report_on(Side::Identity),
            "slack": self.report_on(Side::Slack),
        })
    }

    fn report_on(&self, side: Side) -> Value {
        let mut total = 0;
        let mut by_method: BTreeMap<&str, u64> = BTreeMap::new();
        let mut endpoints = Vec::new();
        for ((_, method, endpoint), count) in
            self.requests.iter().filter(|((of, ..), _)| *of == side)
        {
            total += count;
            *by_method.entry(method).or_default() += count;
            endpoints.push(json!({"method": method, "endpoint": endpoint, "count": count}));
        }
        json!({"total": total, "by_method": by_method, "endpoints": endpoints})
    }
}
