//! The app as it is registered with PagerDuty: its client, where it may send browsers back to, and what it
//! may ask for.

use std::iter::once;

/// What every token has, whether the app asks for it or not.
const OPENID: &str = "openid";
const CALLBACK_PATH: &str = "/api/integrations/pagerduty/login/callback";
const THIS_MACHINE: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

pub struct App {
    pub client_id: String,
    pub client_secret: String,
    /// What may be asked for beside `openid`.
    pub scopes: Vec<String>,
    /// Without a list, the product's callback on any port of this machine.
    pub redirect_uris: Option<Vec<String>>,
}

impl Default for App {
    fn default() -> Self {
        Self {
            client_id: "a8f0c2d4-9b1e-4c57-8d36-11ab7f05e923".to_owned(),
            // Every character that a form must encode, and something that looks encoded already.
            client_secret: "Sx+Lighthouse&Secret%2026_Zq".to_owned(),
            scopes: ["schedules.read", "teams.read", "users.read"]
                .map(str::to_owned)
                .to_vec(),
            redirect_uris: None,
        }
    }
}

impl App {
    pub fn may_send_to(&self, address: &str) -> bool {
        match &self.redirect_uris {
            Some(registered) => registered.iter().any(|one| one == address),
            None => is_callback_here(address),
        }
    }

    /// One scope too many and nothing of it is granted, without a word: that is how the real one does it.
    pub fn granted(&self, asked: &[String]) -> Vec<String> {
        let wanted: Vec<&String> = asked.iter().filter(|scope| *scope != OPENID).collect();
        let known = wanted.iter().all(|scope| self.scopes.contains(scope));
        once(OPENID.to_owned())
            .chain(wanted.into_iter().filter(|_| known).cloned())
            .collect()
    }
}

/// Compared as text: what a parser would tidy up is another address.
fn is_callback_here(address: &str) -> bool {
    ["http://", "https://"]
        .into_iter()
        .find_map(|scheme| address.strip_prefix(scheme))
        .and_then(|rest| rest.strip_suffix(CALLBACK_PATH))
        .and_then(|authority| {
            THIS_MACHINE
                .into_iter()
                .find_map(|host| authority.strip_prefix(host))
        })
        .is_some_and(|port| port.is_empty() || is_port(port))
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|digits| {
        digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_callback_on_this_machine_is_registered() {
        let app = App::default();
        for good in [
            "http://127.0.0.1:3000/api/integrations/pagerduty/login/callback",
            "https://localhost/api/integrations/pagerduty/login/callback",
            "http://[::1]:8080/api/integrations/pagerduty/login/callback",
        ] {
            assert!(app.may_send_to(good), "{good}");
        }
        for bad in [
            "",
            "ftp://127.0.0.1/api/integrations/pagerduty/login/callback",
            "http://127.0.0.1:3000/api/integrations/pagerduty/login/callback/",
            "http://127.0.0.1:3000/api/integrations/pagerduty/login/callback?a=b",
            "http://127.0.0.1:3000/api/integrations/pagerduty/login/callback#a",
            "http://127.0.0.1:3000/x/../api/integrations/pagerduty/login/callback",
            "http://127.0.0.1:/api/integrations/pagerduty/login/callback",
            "http://127.0.0.1:+30/api/integrations/pagerduty/login/callback",
            "http://127.0.0.1:70000/api/integrations/pagerduty/login/callback",
            "http://127.0.0.1.evil.example/api/integrations/pagerduty/login/callback",
            "http://127.0.0.1@evil.example/api/integrations/pagerduty/login/callback",
            "http://evil.example/?http://127.0.0.1/api/integrations/pagerduty/login/callback",
            "http://127.0.0.1:3000/api/auth/slack/callback",
        ] {
            assert!(!app.may_send_to(bad), "{bad}");
        }
    }

    #[test]
    fn a_list_replaces_the_default_addresses() {
        let app = App {
            redirect_uris: Some(vec!["https://rr.example/back?x=1".to_owned()]),
            ..App::default()
        };
        assert!(app.may_send_to("https://rr.example/back?x=1"));
        assert!(!app.may_send_to("https://rr.example/back"));
        assert!(!app.may_send_to("http://localhost/api/integrations/pagerduty/login/callback"));
    }

    #[test]
    fn one_unknown_scope_loses_all() {
        let app = App::default();
        let granted = |asked: &[&str]| {
            let asked: Vec<String> = asked.iter().map(|scope| (*scope).to_owned()).collect();
            app.granted(&asked).join(" ")
        };
        assert_eq!(
            granted(&["users.read", "openid", "teams.read"]),
            "openid users.read teams.read"
        );
        assert_eq!(granted(&["users.read"]), "openid users.read");
        assert_eq!(granted(&["users.read", "users.write"]), "openid");
        assert_eq!(granted(&["openid"]), "openid");
    }
}
