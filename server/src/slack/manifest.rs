//! The manifest of the Slack app that this server needs, from the same constants by which scopes
//! are asked for. Pure.

use super::{NEEDED_SCOPES, sign_in::CALLBACK_PATH};
use serde_json::{Value, json};
use types::{GROUP_WRITER_SCOPE, SlackCapability};
use url::Url;

/// What Slack is asked for with a sign-in, and what an admin may lend beside.
const USER_SCOPES: [&str; 4] = ["openid", "profile", "email", GROUP_WRITER_SCOPE];
/// Slack's own, where apps are made; another Slack has it beside the rest.
const SLACK_HOST: &str = "slack.com";
const APPS_AT_SLACK: &str = "https://api.slack.com/apps";
const NAME: &str = "Round Robin";

/// Whether Slack sends anything to addresses like this one: its own servers only know https.
pub fn is_reachable(slack: &Url, public_url: &str) -> bool {
    slack.host_str() != Some(SLACK_HOST) || public_url.starts_with("https://")
}

/// Where Slack sends what happens there.
#[derive(Clone, Copy, Debug)]
pub struct Inbound<'a> {
    pub commands: &'a str,
    pub events: &'a str,
    pub interactions: &'a str,
}

/// The manifest of an app for the server that browsers reach at `public_url`, and that Slack sends
/// something to, if it can.
pub fn manifest(public_url: &str, inbound: Option<Inbound<'_>>) -> Value {
    let mut bot_scopes = NEEDED_SCOPES.to_vec();
    let wanted = |one: &SlackCapability| inbound.is_some() || !one.is_inbound();
    for capability in SlackCapability::ALL.into_iter().filter(wanted) {
        for scope in capability.scopes() {
            if !bot_scopes.contains(scope) {
                bot_scopes.push(scope);
            }
        }
    }
    let mut features = json!({
        "bot_user": {"display_name": NAME, "always_online": true},
        // Without this tab nobody can be written to.
        "app_home": {
            "home_tab_enabled": false,
            "messages_tab_enabled": true,
            "messages_tab_read_only_enabled": true,
        },
    });
    let mut settings = json!({
        "org_deploy_enabled": false,
        "socket_mode_enabled": false,
        "token_rotation_enabled": false,
    });
    if let Some(Inbound {
        commands,
        events,
        interactions,
    }) = inbound
    {
        settings["interactivity"] = json!({"is_enabled": true, "request_url": interactions});
        settings["event_subscriptions"] =
            json!({"request_url": events, "bot_events": ["app_mention"]});
        features["slash_commands"] = json!([{
            "command": "/rr",
            "url": commands,
            "description": "Who is on duty",
            "usage_hint": "[CODE] [rotate | me | set @somebody | cover | take] or help",
            // Without it, names would arrive as plain text.
            "should_escape": true,
        }]);
    }
    json!({
        "display_information": {
            "name": NAME,
            "description": "Says who is on duty, and tells people when they are",
        },
        "features": features,
        "oauth_config": {
            "redirect_urls": [format!("{public_url}{CALLBACK_PATH}")],
            "scopes": {"bot": bot_scopes, "user": USER_SCOPES},
        },
        "settings": settings,
    })
}

/// Slack's page that makes an app from a manifest.
pub fn creation_address(slack: &Url, manifest: &Value) -> Url {
    let mut url = match slack.host_str() {
        Some(SLACK_HOST) => Url::parse(APPS_AT_SLACK).expect("it is an address"),
        _ => crate::oauth::address(slack, "/apps"),
    };
    url.query_pairs_mut()
        .append_pair("new_app", "1")
        .append_pair("manifest_json", &manifest.to_string());
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = "https://rr.example.com";

    #[test]
    fn it_asks_for_what_signing_in_needs_and_all_that_can_be_allowed() {
        let inbound = Inbound {
            commands: "https://rr.example.com/commands",
            events: "https://rr.example.com/events",
            interactions: "https://rr.example.com/interactions",
        };
        let manifest = manifest(PUBLIC, Some(inbound));
        let scopes = manifest["oauth_config"]["scopes"]["bot"]
            .as_array()
            .unwrap();
        let has = |scope: &str| scopes.iter().any(|known| known == scope);
        assert!(NEEDED_SCOPES.iter().all(|scope| has(scope)));
        for capability in SlackCapability::ALL {
            assert!(capability.scopes().iter().all(|scope| has(scope)));
        }
        let mut apart: Vec<_> = scopes.iter().map(Value::to_string).collect();
        apart.sort();
        apart.dedup();
        assert_eq!(apart.len(), scopes.len());
        let tab = &manifest["features"]["app_home"]["messages_tab_enabled"];
        assert_eq!(tab, true);
        let command = &manifest["features"]["slash_commands"][0];
        assert_eq!(command["should_escape"], true);
        let events = &manifest["settings"]["event_subscriptions"];
        assert_eq!(events["request_url"], inbound.events);
        let interactivity = &manifest["settings"]["interactivity"];
        assert_eq!(interactivity["is_enabled"], true);
        assert_eq!(interactivity["request_url"], inbound.interactions);
    }

    #[test]
    fn slack_sends_no_commands_where_it_cannot_reach_the_server() {
        let slack = Url::parse("https://slack.com").unwrap();
        assert!(!is_reachable(&slack, "http://127.0.0.1:3000"));
        assert!(is_reachable(&slack, PUBLIC));
        let sandbox = Url::parse("http://127.0.0.1:3900/slack").unwrap();
        assert!(is_reachable(&sandbox, "http://127.0.0.1:3000"));
        let manifest = manifest("http://127.0.0.1:3000", None);
        assert!(manifest["features"]["slash_commands"].is_null());
        assert!(!manifest.to_string().contains("\"commands\""));
        let address = creation_address(&slack, &manifest);
        assert!(
            address
                .as_str()
                .starts_with("https://api.slack.com/apps?new_app=1&manifest_json=%7B")
        );
        let address = creation_address(&sandbox, &manifest);
        assert!(
            address
                .as_str()
                .starts_with("http://127.0.0.1:3900/slack/apps?new_app=1")
        );
    }
}
