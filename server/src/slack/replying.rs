//! Addresses at which Slack takes an answer for half an hour. They come in what Slack has signed, and
//! are looked at all the same before anything is sent there.

use super::{SlackError, SlackServices};
use std::time::Duration;
use tokio::time;
use url::Url;

/// What is waited after a first failure; twice as long after each further one, up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How long it is tried. Whoever reads nothing until then has looked at the pages.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

const SLACK_HOST: &str = "slack.com";

/// An address of Slack's, which takes answers from whoever knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyAddress(Url);

/// Whoever knows it may answer there.
impl std::fmt::Debug for ReplyAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReplyAddress(…)")
    }
}

impl ReplyAddress {
    /// What Slack has named, if it is Slack's: of its own hosts, or of the Slack at `base` that this
    /// server asks.
    pub fn read(named: &str, base: &Url) -> Option<Self> {
        let url = Url::parse(named).ok()?;
        let host = url.host_str()?;
        let of_slack = host == SLACK_HOST || host.ends_with(&format!(".{SLACK_HOST}"));
        let is_slacks = of_slack && url.scheme() == "https" && url.port().is_none();
        (is_slacks || url.origin() == base.origin()).then_some(Self(url))
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }
}

/// Answers there, for one person alone to see, in a thread if that is where they are. What Slack may
/// take later is tried again for some minutes, for which nobody waits; a server that ends tries it once
/// more at once. Where that fails nobody is told: it is logged.
pub async fn respond(
    services: &SlackServices,
    address: &ReplyAddress,
    thread: Option<&str>,
    text: &str,
) {
    let Err(error) = services.client.respond(address, thread, text).await else {
        return;
    };
    let (services, address) = (services.clone(), address.clone());
    let (thread, text) = (thread.map(str::to_owned), text.to_owned());
    let tasks = services.tasks.clone();
    tasks.spawn(async move {
        if let Err(error) =
            respond_again(&services, &address, (thread.as_deref(), &text), error).await
        {
            tracing::warn!(%error, "somebody's answer could not be given to Slack");
        }
    });
}

async fn respond_again(
    services: &SlackServices,
    address: &ReplyAddress,
    (thread, text): (Option<&str>, &str),
    mut error: SlackError,
) -> Result<(), SlackError> {
    let (mut usual, mut waited) = (SHORTEST_PAUSE, Duration::ZERO);
    while let Some(pause) = pause_after(&error, usual, waited) {
        let ends = time::timeout(pause, services.shutdown.cancelled())
            .await
            .is_ok();
        waited = waited.saturating_add(pause);
        usual = usual.saturating_mul(2).min(LONGEST_PAUSE);
        match services.client.respond(address, thread, text).await {
            Ok(()) => return Ok(()),
            Err(next) => error = next,
        }
        if ends {
            break;
        }
    }
    Err(error)
}

/// What to wait until it is tried again, if it is, after as much as was `waited`.
fn pause_after(error: &SlackError, usual: Duration, waited: Duration) -> Option<Duration> {
    let pause = match error {
        SlackError::RateLimited { retry_after } => usual.max(*retry_after),
        error if error.passes() => usual,
        _ => return None,
    };
    (waited.saturating_add(pause) <= PATIENCE).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_tried_again_for_some_minutes() {
        let usual = SHORTEST_PAUSE;
        let pause = |error: &SlackError, waited| pause_after(error, usual, waited);
        for passing in [
            SlackError::Unreachable,
            SlackError::TimedOut,
            SlackError::Unavailable { status: 503 },
        ] {
            assert_eq!(pause(&passing, Duration::ZERO), Some(usual));
            assert_eq!(pause(&passing, PATIENCE), None);
        }
        let retry_after = Duration::from_secs(30);
        let busy = SlackError::RateLimited { retry_after };
        assert_eq!(pause(&busy, Duration::ZERO), Some(retry_after));
        let gone = SlackError::Unavailable { status: 404 };
        assert_eq!(pause(&gone, Duration::ZERO), None);
    }

    #[test]
    fn nothing_is_answered_but_slack() {
        let base = Url::parse("http://127.0.0.1:3900/slack").unwrap();
        for (named, is_slacks) in [
            ("https://hooks.slack.com/commands/T1/2/x", true),
            ("https://slack.com/x", true),
            ("http://127.0.0.1:3900/slack/replies/T1/x", true),
            ("http://hooks.slack.com/commands", false),
            ("https://hooks.slack.com:8443/commands", false),
            ("https://hooks.slack.com.example/x", false),
            ("https://evilslack.com/x", false),
            ("http://127.0.0.1:3901/x", false),
            ("http://169.254.169.254/latest", false),
            ("file:///etc/passwd", false),
            ("", false),
        ] {
            let read = ReplyAddress::read(named, &base);
            assert_eq!(read.is_some(), is_slacks, "{named}");
        }
    }
}
