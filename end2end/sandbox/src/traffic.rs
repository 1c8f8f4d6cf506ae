//! How dense requests were. PagerDuty advises serial requests and limits them by the minute, so the product
//! must not only ask seldom but also not all at once.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);
const SHOWN_OF_KEY: usize = 4;

/// All requests of PagerDuty's side, and those with each key or token.
#[derive(Default)]
pub struct Traffic {
    all: Stream,
    by_key: BTreeMap<String, Stream>,
}

#[derive(Default)]
struct Stream {
    total: u64,
    last_minute: VecDeque<Instant>,
    busiest_minute: usize,
    /// Shared with every request that is under way, so that its references count them.
    under_way: Arc<()>,
    at_once: usize,
}

/// Held by a request until it is answered or abandoned.
pub struct Flight {
    _holds: Vec<Arc<()>>,
}

impl Traffic {
    /// `key` is what the request authorises itself by, if it does.
    pub fn arrival(&mut self, key: Option<&str>, now: Instant) -> Flight {
        let mut holds = vec![self.all.arrival(now)];
        if let Some(key) = key {
            let stream = self.by_key.entry(key.to_owned()).or_default();
            holds.push(stream.arrival(now));
        }
        Flight { _holds: holds }
    }

    /// Adds the peaks to what is said about the side.
    pub fn report(&self, side: &mut Value) {
        side["busiest_minute"] = json!(self.all.busiest_minute);
        side["at_once"] = json!(self.all.at_once);
        side["keys"] = self
            .by_key
            .iter()
            .map(|(key, stream)| {
                json!({
                    "ending": ending(key),
                    "total": stream.total,
                    "busiest_minute": stream.busiest_minute,
                    "at_once": stream.at_once,
                })
            })
            .collect();
    }
}

impl Stream {
    fn arrival(&mut self, now: Instant) -> Arc<()> {
        self.total += 1;
        while self
            .last_minute
            .front()
            .is_some_and(|earlier| now.duration_since(*earlier) >= MINUTE)
        {
            self.last_minute.pop_front();
        }
        self.last_minute.push_back(now);
        self.busiest_minute = self.busiest_minute.max(self.last_minute.len());
        let hold = self.under_way.clone();
        self.at_once = self.at_once.max(Arc::strong_count(&self.under_way) - 1);
        hold
    }
}

fn ending(key: &str) -> &str {
    let from = key.char_indices().rev().nth(SHOWN_OF_KEY - 1);
    &key[from.map_or(0, |(place, _)| place)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(traffic: &Traffic) -> Value {
        let mut side = json!({});
        traffic.report(&mut side);
        side
    }

    #[test]
    fn the_busiest_minute_slides_over_the_clock() {
        let mut traffic = Traffic::default();
        let start = Instant::now();
        for seconds in [0, 50, 59, 61, 62, 200] {
            traffic.arrival(Some("key-one"), start + Duration::from_secs(seconds));
        }
        let told = told(&traffic);
        assert_eq!(told["busiest_minute"], 4);
        assert_eq!(told["at_once"], 1);
        assert_eq!(
            told["keys"],
            json!([{"ending": "-one", "total": 6, "busiest_minute": 4, "at_once": 1}])
        );
    }

    #[test]
    fn those_under_way_together_are_counted_until_they_end() {
        let mut traffic = Traffic::default();
        let now = Instant::now();
        let first = traffic.arrival(Some("one"), now);
        let second = traffic.arrival(Some("two"), now);
        drop(first);
        let third = traffic.arrival(None, now);
        drop((second, third));
        let told = told(&traffic);
        assert_eq!(told["at_once"], 2);
        assert_eq!(told["keys"][0]["at_once"], 1);
    }
}
