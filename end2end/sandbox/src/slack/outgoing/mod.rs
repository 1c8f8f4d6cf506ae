//! What Slack sends to the app: events, commands and what people press, each signed with the app's secret.
//! All of it is remembered with what the app said.

mod events;
mod request;
mod signature;

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use events::{send_event, send_events, verify_address};
pub use request::{Answer, Parcel, send};

const LONGEST: usize = 1000;

/// One attempt to deliver something.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub at: Timestamp,
    /// `event`, `command`, `block_actions`, `view_submission` or `url_verification`.
    pub kind: String,
    pub url: String,
    pub body: Value,
    /// Which retry it is; 0 at first.
    pub retry: usize,
    pub answer: Answer,
}

#[derive(Default)]
pub struct Deliveries(VecDeque<Delivery>);

impl Deliveries {
    fn note(&mut self, delivery: Delivery) {
        self.0.push_back(delivery);
        if self.0.len() > LONGEST {
            self.0.pop_front();
        }
    }

    pub fn report(&self) -> Vec<Value> {
        self.0
            .iter()
            .map(|one| {
                json!({
                    "at": one.at.to_string(),
                    "kind": one.kind,
                    "url": one.url,
                    "body": one.body,
                    "retry": one.retry,
                    "status": one.answer.status().ok(),
                    "failure": one.answer.status().err(),
                    "took_ms": one.answer.took_ms,
                })
            })
            .collect()
    }
}
