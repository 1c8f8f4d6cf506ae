//! The stream of live events as an open page takes it: what it has to read anew, and
//! nothing where a heartbeat repeats what the page knows.

use std::io::BufRead;
use std::sync::mpsc;
use std::thread;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::bench::visitor::Visitor;

/// What a page has to read anew.
#[derive(Debug, PartialEq)]
pub enum Change {
    Rotation(String),
    /// The page may have missed anything.
    Anything,
}

impl Change {
    pub fn concerns(&self, rotation: &str) -> bool {
        match self {
            Self::Rotation(changed) => changed == rotation,
            Self::Anything => true,
        }
    }
}

/// The changes that a stream tells of, until it ends.
pub fn changes(stream: impl BufRead) -> impl Iterator<Item = Result<Change>> {
    let mut known = None;
    stream.lines().filter_map(move |line| {
        let line = match line.context("the stream of events broke off") {
            Ok(line) => line,
            Err(error) => return Some(Err(error)),
        };
        let event = line.strip_prefix("data: ")?;
        let event: Value = serde_json::from_str(event).unwrap_or_default();
        let (topic, version) = (&event["topic"], event["version"].as_u64());
        if known.replace(version) == Some(version) {
            return None;
        }
        if topic.is_null() {
            return Some(Ok(Change::Anything));
        }
        let rotation = topic["Rotation"].as_str()?;
        Some(Ok(Change::Rotation(rotation.to_owned())))
    })
}

/// What an open page of the visitor's hears from now on, and when, until nobody listens.
pub fn heard(visitor: &Visitor) -> Result<mpsc::Receiver<(SystemTime, Result<Change>)>> {
    let stream = visitor.events()?;
    let (sender, heard) = mpsc::channel();
    thread::spawn(move || {
        for change in changes(stream) {
            if sender.send((SystemTime::now(), change)).is_err() {
                return;
            }
        }
    });
    Ok(heard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeats_and_what_concerns_no_rotation_are_no_changes() {
        let stream = r#"data: {"version":7,"topic":null}

data: {"version":8,"topic":{"Rotation":"a"}}
event: other
data: {"version":8,"topic":null}
data: {"version":9,"topic":"Connection"}
data: {"version":12,"topic":null}
"#;
        let changes: Vec<_> = changes(stream.as_bytes()).map(Result::unwrap).collect();
        let expected = [
            Change::Anything,
            Change::Rotation("a".to_owned()),
            Change::Anything,
        ];
        assert_eq!(changes, expected);
    }

    #[test]
    fn a_change_concerns_the_rotation_that_it_names() {
        assert!(Change::Rotation("a".to_owned()).concerns("a"));
        assert!(!Change::Rotation("a".to_owned()).concerns("b"));
        assert!(Change::Anything.concerns("b"));
    }
}
