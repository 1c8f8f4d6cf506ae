//! How often somebody may ask for what costs: requests to PagerDuty, sign-ins at
//! Slack, calendar feeds, commands from Slack. Each session has a share of its own, and who has none shares
//! that of their address. What is remembered of each is bounded.

use app::AppError;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::HashMapStateStore,
};
use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

/// So many sessions or addresses are told apart for each kind. Those beyond share
/// one share until others have been quiet for a while.
const REMEMBERED: usize = 10_000;

/// Something that has to be asked for with measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Costly {
    /// *Sync now*: a request to PagerDuty for each bound schedule.
    Sync,
    /// A key or a login that is tried at PagerDuty.
    Credential,
    /// Searching schedules: a request or two to PagerDuty.
    Search,
    /// Previewing a schedule: some requests to PagerDuty, for its people too.
    Preview,
    /// Going to Slack to sign in.
    SignIn,
    /// Reading a calendar feed, or an address that finds none.
    Feed,
    /// A command from Slack, or what only claims to be one.
    Command,
}

impl Costly {
    /// How many may come at once, and how long it takes until one more may.
    const fn share(self) -> (u32, Duration) {
        match self {
            Self::Sync => (10, Duration::from_secs(6)),
            Self::Credential => (30, Duration::from_secs(2)),
            Self::Search => (300, Duration::from_secs(1)),
            Self::Preview => (40, Duration::from_secs(1)),
            // An office has one address and comes to work at one time.
            Self::SignIn => (60, Duration::from_secs(1)),
            Self::Feed => (20, Duration::from_secs(10)),
            Self::Command => (20, Duration::from_secs(3)),
        }
    }
}

/// It was asked for too often; after so many seconds, at least 1, it may be again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOften {
    pub wait_seconds: u32,
}

impl From<TooOften> for AppError {
    fn from(TooOften { wait_seconds }: TooOften) -> Self {
        Self::TooOften { wait_seconds }
    }
}

/// The shares of this process. Cloning it is cheap.
#[derive(Clone)]
pub struct Limits(Arc<Shares>);

struct Shares {
    sync: Share,
    credential: Share,
    search: Share,
    preview: Share,
    sign_in: Share,
    feed: Share,
    command: Share,
}

impl Default for Limits {
    fn default() -> Self {
        let share = |costly: Costly| Share::new(costly.share(), DefaultClock::default());
        Self(Arc::new(Shares {
            sync: share(Costly::Sync),
            credential: share(Costly::Credential),
            search: share(Costly::Search),
            preview: share(Costly::Preview),
            sign_in: share(Costly::SignIn),
            feed: share(Costly::Feed),
            command: share(Costly::Command),
        }))
    }
}

impl Limits {
    /// Takes one from the share of `whose`: a session's key, or what
    /// [`of_address`] makes of an address.
    pub fn take(&self, costly: Costly, whose: &str) -> Result<(), TooOften> {
        let shares = &self.0;
        match costly {
            Costly::Sync => &shares.sync,
            Costly::Credential => &shares.credential,
            Costly::Search => &shares.search,
            Costly::Preview => &shares.preview,
            Costly::SignIn => &shares.sign_in,
            Costly::Feed => &shares.feed,
            Costly::Command => &shares.command,
        }
        .take(whose)
    }
}

/// Whose share an address takes from. Of IPv6, one customer has at least a network
/// of 64 bits, so single addresses would bound nothing.
pub fn of_address(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// One kind's shares.
struct Share<C: Clock = DefaultClock> {
    limiter: RateLimiter<
        String,
        HashMapStateStore<String>,
        C,
        governor::middleware::NoOpMiddleware<C::Instant>,
    >,
    clock: C,
}

impl<C: Clock + Clone> Share<C> {
    fn new((at_once, one_more_after): (u32, Duration), clock: C) -> Self {
        let quota = Quota::with_period(one_more_after)
            .zip(NonZeroU32::new(at_once))
            .map(|(quota, at_once)| quota.allow_burst(at_once))
            .expect("every share is of something and grows again");
        Self {
            limiter: RateLimiter::hashmap_with_clock(quota, clock.clone()),
            clock,
        }
    }

    fn take(&self, whose: &str) -> Result<(), TooOften> {
        let whose = if self.is_full() { "" } else { whose };
        self.limiter.check_key(&whose.to_owned()).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            TooOften {
                wait_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
            }
        })
    }

    /// Forgets those whose share is whole again before it says so.
    fn is_full(&self) -> bool {
        if self.limiter.len() < REMEMBERED {
            return false;
        }
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        self.limiter.len() >= REMEMBERED
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn share(at_once: u32, one_more_after: u64) -> (Share<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let share = Share::new(
            (at_once, Duration::from_secs(one_more_after)),
            clock.clone(),
        );
        (share, clock)
    }

    #[test]
    fn a_share_that_is_spent_says_how_long_to_wait_and_grows_again() {
        let (share, clock) = share(2, 6);
        assert!(share.take("a").is_ok() && share.take("a").is_ok());
        assert_eq!(share.take("a"), Err(TooOften { wait_seconds: 6 }));
        assert!(share.take("b").is_ok(), "another one has their own");
        clock.advance(Duration::from_millis(4_500));
        assert_eq!(share.take("a"), Err(TooOften { wait_seconds: 2 }));
        clock.advance(Duration::from_millis(1_500));
        assert!(share.take("a").is_ok());
        assert!(share.take("a").is_err());
    }

    #[test]
    fn however_many_ask_what_is_remembered_of_them_is_bounded() {
        let (share, clock) = share(1, 6);
        for number in 0..3 * REMEMBERED {
            let _ = share.take(&number.to_string());
        }
        assert!(share.limiter.len() <= REMEMBERED + 1);
        assert!(share.take("somebody else").is_err(), "the rest share one");
        clock.advance(Duration::from_secs(60));
        assert!(share.take("somebody else").is_ok());
        assert!(share.limiter.len() < 3, "who was quiet is forgotten");
    }

    #[test]
    fn an_address_of_ipv6_is_as_good_as_its_network() {
        let of = |text: &str| of_address(text.parse().unwrap());
        assert_eq!(of("192.0.2.7"), of("::ffff:192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    }
}
