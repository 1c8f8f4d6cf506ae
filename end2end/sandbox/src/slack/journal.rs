//! What was called, with what, and what came of it. Counters tell how often; that nothing was done twice,
//! and in which order and how soon things were done, only shows here.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{caller::Caller, params::Params};

const LONGEST: usize = 10_000;

#[derive(Default)]
pub struct Journal {
    calls: VecDeque<Entry>,
    forgotten: usize,
}

struct Entry {
    at: Timestamp,
    method: &'static str,
    team: Option<String>,
    user: Option<String>,
    params: Value,
    /// `None` when it was done.
    error: Option<String>,
}

impl Journal {
    pub fn note(
        &mut self,
        method: &'static str,
        caller: Option<&Caller>,
        params: &Params,
        answer: &Value,
        at: Timestamp,
    ) {
        self.calls.push_back(Entry {
            at,
            method,
            team: caller.map(|caller| caller.team.clone()),
            user: caller.map(|caller| caller.user.clone()),
            params: params.without_token(),
            error: answer["error"].as_str().map(str::to_owned),
        });
        if self.calls.len() > LONGEST {
            self.calls.pop_front();
            self.forgotten += 1;
        }
    }

    /// The oldest first; `method` is the beginning of a method's name.
    pub fn report(&self, method: &str) -> Value {
        let calls: Vec<Value> = self
            .calls
            .iter()
            .filter(|call| call.method.starts_with(method))
            .map(|call| {
                json!({
                    "at": call.at.to_string(),
                    "method": call.method,
                    "team": call.team,
                    "user": call.user,
                    "params": call.params,
                    "error": call.error,
                })
            })
            .collect();
        json!({"calls": calls, "forgotten": self.forgotten})
    }
}
