//! How often each method may be called. Slack counts for each method and workspace by itself, and posting
//! for each channel; whoever asks too often is told how long to stay away.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::{Duration, Instant},
};

use super::call::Method;

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// Slack's names for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    Two,
    Three,
    Four,
    /// One message a second into each channel.
    Posting,
    /// Hundreds a minute, which nobody here comes near.
    Special,
}

impl Tier {
    /// How many calls within how long.
    fn allows(self) -> Option<(usize, Duration)> {
        match self {
            Self::Two => Some((20, MINUTE)),
            Self::Three => Some((50, MINUTE)),
            Self::Four => Some((100, MINUTE)),
            Self::Posting => Some((1, SECOND)),
            Self::Special => None,
        }
    }
}

/// Methods that read the directory. They are limited only once somebody sets a limit: most tests read it
/// far more often than any workspace would allow, to be quick.
const WITHOUT_LIMIT_AT_FIRST: [&str; 3] = ["team.info", "users.info", "users.list"];

/// The calls of one method in one workspace, and where it is a message, in one channel.
type Key = (String, &'static str, String);

pub struct Limits {
    pub enforced: bool,
    /// Calls a minute that were set for a method; `None` for no limit.
    set: BTreeMap<String, Option<usize>>,
    recent: HashMap<Key, VecDeque<Instant>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enforced: true,
            set: WITHOUT_LIMIT_AT_FIRST
                .iter()
                .map(|method| ((*method).to_owned(), None))
                .collect(),
            recent: HashMap::new(),
        }
    }
}

impl Limits {
    pub fn set(&mut self, method: &str, per_minute: Option<usize>) {
        self.set.insert(method.to_owned(), per_minute);
    }

    /// Counts the call, or says in how many seconds it may come again. A call that is refused does not count.
    pub fn admit(
        &mut self,
        team: &str,
        method: &Method,
        channel: Option<&str>,
        now: Instant,
    ) -> Result<(), u64> {
        let Some((calls, span)) = self.allowed(method).filter(|_| self.enforced) else {
            return Ok(());
        };
        let channel = match method.tier {
            Tier::Posting => channel.unwrap_or_default(),
            _ => "",
        };
        let recent = self
            .recent
            .entry((team.to_owned(), method.name, channel.to_owned()))
            .or_default();
        while recent
            .front()
            .is_some_and(|earlier| now.duration_since(*earlier) >= span)
        {
            recent.pop_front();
        }
        if recent.len() < calls {
            recent.push_back(now);
            return Ok(());
        }
        let wait = recent.front().map_or(span, |oldest| {
            span.saturating_sub(now.duration_since(*oldest))
        });
        Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }

    fn allowed(&self, method: &Method) -> Option<(usize, Duration)> {
        match self.set.get(method.name) {
            Some(per_minute) => per_minute.map(|calls| (calls, MINUTE)),
            None => method.tier.allows(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::methods;

    fn method(name: &str) -> &'static Method {
        methods::all()
            .find(|method| method.name == name)
            .expect("a method")
    }

    #[test]
    fn a_minute_slides_and_what_is_refused_does_not_count() {
        let mut limits = Limits::default();
        let update = method("usergroups.users.update");
        let start = Instant::now();
        let mut at =
            |seconds: u64| limits.admit("T1", update, None, start + Duration::from_secs(seconds));
        for second in 0..20 {
            assert_eq!(at(second), Ok(()));
        }
        assert_eq!(at(30), Err(30));
        assert_eq!(at(59), Err(1));
        assert_eq!(at(60), Ok(()));
        assert_eq!(at(60), Err(1));
        assert_eq!(limits.admit("T2", update, None, start), Ok(()));
    }

    #[test]
    fn messages_are_counted_for_each_channel() {
        let mut limits = Limits::default();
        let post = method("chat.postMessage");
        let now = Instant::now();
        assert_eq!(limits.admit("T1", post, Some("C1"), now), Ok(()));
        assert_eq!(limits.admit("T1", post, Some("C2"), now), Ok(()));
        assert_eq!(limits.admit("T1", post, Some("C1"), now), Err(1));
        assert_eq!(limits.admit("T1", post, Some("C1"), now + SECOND), Ok(()));
    }

    #[test]
    fn a_limit_can_be_set_and_lifted() {
        let mut limits = Limits::default();
        let now = Instant::now();
        limits.set("users.list", Some(1));
        assert_eq!(limits.admit("T1", method("users.list"), None, now), Ok(()));
        assert_eq!(limits.admit("T1", method("users.list"), None, now), Err(60));
        limits.set("users.list", None);
        assert_eq!(limits.admit("T1", method("users.list"), None, now), Ok(()));
    }
}
