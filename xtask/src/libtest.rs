//! What Rust's test harness prints, read: how many tests passed, and in which words those
//! failed that did, which in a long run are far from its end.

use std::collections::VecDeque;

use crate::report::Tests;

/// How many lines of what a failed test said are kept: from its panic on, or else the last.
const WORDS_LIMIT: usize = 12;
/// How the names of failed tests stand in the list of them.
const LISTED: &str = "    ";

/// What is known of the test programs so far, line by line.
#[derive(Default)]
pub struct Reading {
    pub tests: Tests,
    /// Each failed test with its words, in several lines.
    pub failures: Vec<String>,
    failed: Option<Failed>,
    /// The last words were spoken, and names follow.
    is_listing: bool,
}

/// A failed test whose words are being printed.
struct Failed {
    name: String,
    words: VecDeque<String>,
    has_panicked: bool,
}

impl Failed {
    fn add(&mut self, line: &str) {
        if !self.has_panicked && line.contains("panicked at") {
            self.has_panicked = true;
            // What it logged before is left to the whole output.
            self.words.clear();
        }
        if self.words.len() == WORDS_LIMIT {
            if self.has_panicked {
                return;
            }
            self.words.pop_front();
        }
        self.words.push_back(line.to_owned());
    }
}

impl Reading {
    pub fn line(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.end_failed();
            self.is_listing = false;
            self.add_up(result);
        } else if let Some(name) = failed_name(line) {
            self.end_failed();
            self.failed = Some(Failed {
                name: name.to_owned(),
                words: VecDeque::new(),
                has_panicked: false,
            });
        } else if line == "failures:" {
            self.end_failed();
            self.is_listing = true;
        } else if let Some(name) = line.strip_prefix(LISTED).filter(|_| self.is_listing) {
            self.note_failed(name);
        } else if let Some(failed) = &mut self.failed {
            failed.add(line);
        }
    }

    fn end_failed(&mut self) {
        if let Some(Failed { name, words, .. }) = self.failed.take() {
            let words = Vec::from(words).join("\n");
            self.failures.push(format!("{name}\n{}", words.trim_end()));
        }
    }

    /// With `--nocapture`, the list is all that tells which tests failed.
    fn note_failed(&mut self, name: &str) {
        let mut known = self.failures.iter();
        if !known.any(|failure| failure.lines().next() == Some(name)) {
            self.failures.push(name.to_owned());
        }
    }

    /// Adds what follows in lines like `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn add_up(&mut self, result: &str) {
        let number = |word: &str| {
            let before = result
                .split(word)
                .next()
                .filter(|before| before.len() < result.len())?;
            before.trim().rsplit(' ').next()?.parse::<u64>().ok()
        };
        self.tests.passed += number(" passed").unwrap_or_default();
        self.tests.failed += number(" failed").unwrap_or_default();
        self.tests.skipped += number(" ignored").unwrap_or_default();
    }
}

/// The test of which what follows was said.
fn failed_name(line: &str) -> Option<&str> {
    line.strip_prefix("---- ")?.strip_suffix(" stdout ----")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(lines: &[&str]) -> Reading {
        let mut reading = Reading::default();
        for line in lines {
            reading.line(line);
        }
        reading
    }

    #[test]
    fn results_of_several_test_programs_are_added_up() {
        let reading = reading(&[
            "running 5 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 12 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ]);
        assert_eq!(
            reading.tests,
            Tests {
                passed: 15,
                failed: 2,
                skipped: 1
            }
        );
        assert!(reading.failures.is_empty());
    }

    #[test]
    fn a_failed_test_is_kept_with_its_words_from_the_panic_on() {
        let reading = reading(&[
            "test pooler::lends ... FAILED",
            "",
            "failures:",
            "",
            "---- pooler::lends stdout ----",
            "on postgres://127.0.0.1/rr",
            "thread 'pooler::lends' panicked at server/tests/it/pooler.rs:126:21:",
            "no \"pooler\" in Ended",
            "",
            "---- pooler::serves stdout ----",
            "thread 'pooler::serves' panicked at server/tests/it/pooler.rs:9:1:",
            "failures:",
            "    pooler::lends",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ]);
        assert_eq!(
            reading.failures,
            [
                "pooler::lends\nthread 'pooler::lends' panicked at server/tests/it/pooler.rs:126:21:\nno \"pooler\" in Ended",
                "pooler::serves\nthread 'pooler::serves' panicked at server/tests/it/pooler.rs:9:1:",
            ]
        );
    }

    #[test]
    fn what_is_not_captured_is_named_all_the_same() {
        let reading = reading(&[
            "failures:",
            "",
            "failures:",
            "    mutation::whatever",
            "",
            "test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "    no name",
        ]);
        assert_eq!(reading.failures, ["mutation::whatever"]);
    }

    #[test]
    fn of_many_words_the_last_are_kept_or_those_from_the_panic_on() {
        let logged: Vec<String> = (0..20).map(|number| format!("line {number}")).collect();
        for (panic, first) in [(None, "line 8"), (Some("panicked at x"), "panicked at x")] {
            let mut reading = Reading::default();
            reading.line("---- a stdout ----");
            logged.iter().for_each(|line| reading.line(line));
            panic.into_iter().for_each(|line| reading.line(line));
            reading.line("test result: FAILED. 0 passed; 1 failed");
            assert_eq!(reading.failures[0].lines().nth(1), Some(first));
        }
    }
}
