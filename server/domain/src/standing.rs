//! Whether a workspace's bot token still serves. Slack has been known to refuse a good one
//! for a moment, so one refusal counts for nothing: Slack is asked about the token
//! itself, twice, some time apart, before an installation is given up. Pure.

use std::time::Duration;
use types::{SlackWord, Timestamp};

/// How often Slack has to say, when asked about the token, that it is not good.
const DENIALS: u32 = 2;
/// How long people who are signed in can go on reading after the installation has
/// ended, in seconds.
pub const READABLE_SECONDS: i64 = 12 * 3600;
/// The least time between two denials that both count.
const LONGEST_APART: Duration = Duration::from_secs(60);

/// How sure it is that the token is good. Times are the database's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    #[default]
    Sound,
    Doubted(Doubt),
    /// Slack said so often enough. It is asked on all the same: whoever was wrong
    /// can be right again.
    Ended {
        word: SlackWord,
        at: Timestamp,
    },
}

/// A token that Slack has refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// With which word, first.
    pub word: SlackWord,
    pub since: Timestamp,
    /// How often Slack denied it since, when asked about the token itself.
    pub denials: u32,
    pub denied_at: Option<Timestamp>,
}

impl Standing {
    /// Whether Slack said of the token itself, at least once, that it is not good.
    pub const fn is_denied(&self) -> bool {
        match self {
            Self::Sound => false,
            Self::Doubted(doubt) => doubt.denials > 0,
            Self::Ended { .. } => true,
        }
    }

    /// After a method refused the token with `word`.
    pub fn refused(self, word: SlackWord, now: Timestamp) -> Self {
        match self {
            Self::Sound => Self::Doubted(Doubt {
                word,
                since: now,
                denials: 0,
                denied_at: None,
            }),
            doubted_or_ended => doubted_or_ended,
        }
    }

    /// After Slack was asked about the token itself and denied it. Another denial
    /// within `apart` of the last one says nothing new.
    pub fn denied(self, word: SlackWord, now: Timestamp, apart: Duration) -> Self {
        match self.refused(word, now) {
            Self::Doubted(doubt) if counts(&doubt, now, apart) => {
                let denials = doubt.denials + 1;
                if denials >= DENIALS {
                    return Self::Ended {
                        word: doubt.word,
                        at: now,
                    };
                }
                Self::Doubted(Doubt {
                    denials,
                    denied_at: Some(now),
                    ..doubt
                })
            }
            unchanged => unchanged,
        }
    }

    pub const fn is_sound(&self) -> bool {
        matches!(self, Self::Sound)
    }

    /// The time at which the installation ended, if it has.
    pub const fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Ended { at, .. } => Some(*at),
            Self::Sound | Self::Doubted(_) => None,
        }
    }

    /// Whether those who were let in before may read at `now`.
    pub fn is_readable(&self, now: Timestamp) -> bool {
        self.ended_at().is_none_or(|at| now < readable_until(at))
    }
}

fn counts(doubt: &Doubt, now: Timestamp, apart: Duration) -> bool {
    let apart = i64::try_from(apart.as_millis()).unwrap_or(i64::MAX);
    doubt
        .denied_at
        .is_none_or(|last| now.as_millis().saturating_sub(last.as_millis()) >= apart)
}

/// How far apart two denials have to be, where Slack is asked at each `interval`.
pub fn denials_apart(interval: Duration) -> Duration {
    interval.min(LONGEST_APART)
}

/// Until when people who are signed in can read after the end.
pub const fn readable_until(ended_at: Timestamp) -> Timestamp {
    ended_at.plus_seconds(READABLE_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);
    const APART: Duration = Duration::from_secs(60);

    fn word(text: &str) -> SlackWord {
        SlackWord::parse(text).unwrap()
    }

    fn doubted() -> Standing {
        Standing::Sound.refused(word("invalid_auth"), START)
    }

    fn denied(standing: Standing, seconds: i64) -> Standing {
        let now = START.plus_seconds(seconds);
        standing.denied(word("token_revoked"), now, APART)
    }

    #[test]
    fn however_often_methods_refuse_it_is_only_a_doubt() {
        let mut standing = doubted();
        for seconds in 0..10 {
            standing = standing.refused(word("not_authed"), START.plus_seconds(seconds * 1000));
        }
        assert_eq!(standing, doubted());
    }

    #[test]
    fn it_ends_when_slack_denies_the_token_twice_some_time_apart() {
        let once = denied(doubted(), 1);
        assert!(matches!(&once, Standing::Doubted(doubt) if doubt.denials == 1));
        assert_eq!(
            denied(once.clone(), 60),
            once,
            "too soon to say anything new"
        );
        assert_eq!(
            denied(once, 61),
            Standing::Ended {
                word: word("invalid_auth"),
                at: START.plus_seconds(61)
            }
        );
    }

    #[test]
    fn an_end_stays_where_it_began() {
        let ended = denied(denied(doubted(), 0), 60);
        assert_eq!(denied(ended.clone(), 6_000), ended);
        assert_eq!(ended.ended_at(), Some(START.plus_seconds(60)));
    }

    #[test]
    fn a_short_interval_makes_denials_count_sooner() {
        assert_eq!(
            denials_apart(Duration::from_secs(1)),
            Duration::from_secs(1)
        );
        assert_eq!(denials_apart(Duration::from_secs(120)), LONGEST_APART);
    }
}
