//! Addresses at which Slack takes an answer for half an hour. They come in what Slack has signed, and
//! are looked at all the same before anything is sent there.

use url::Url;

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

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
