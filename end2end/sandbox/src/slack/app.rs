//! The app's registration: where Slack sends what happens, which events it has subscribed to, which
//! commands it has. All of it comes from a manifest, as at Slack.

use axum::http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

#[derive(Clone, Debug, Serialize)]
pub struct Command {
    /// With its slash.
    pub command: String,
    pub url: String,
    pub description: String,
    pub usage_hint: String,
    /// Names in what is typed become references; without it they are plain text.
    pub should_escape: bool,
}

/// How an event that was taken comes again. Slack promises once and delivers at least once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeats {
    #[default]
    Never,
    /// As a retry, whose header says so.
    SameId,
    /// As if it were another one: a new id and no header.
    OtherId,
}

/// What is wrong with the signature of what is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    #[default]
    Right,
    Wrong,
    /// Right for a request of six minutes ago.
    Old,
    Missing,
}

pub struct App {
    pub manifest: Value,
    pub events_url: Option<String>,
    pub interactivity_url: Option<String>,
    pub commands: Vec<Command>,
    pub bot_events: Vec<String>,
    pub messages_tab: bool,
    pub home_tab: bool,
    pub repeats: Repeats,
    /// After how long an event that was not taken comes again, each time.
    pub retry_seconds: Vec<u64>,
    pub signing: Signing,
}

impl Default for App {
    fn default() -> Self {
        Self {
            manifest: Value::Null,
            events_url: None,
            interactivity_url: None,
            commands: Vec::new(),
            bot_events: Vec::new(),
            messages_tab: true,
            home_tab: true,
            repeats: Repeats::default(),
            retry_seconds: vec![0, 60, 300],
            signing: Signing::default(),
        }
    }
}

impl App {
    /// Takes the registration from a manifest of Slack's form, or says what is wrong with it.
    pub fn register(&mut self, manifest: &Value) -> Result<(), String> {
        if !manifest["display_information"]["name"].is_string() {
            return Err("The manifest lacks display_information.name.".to_owned());
        }
        let settings = &manifest["settings"];
        let features = &manifest["features"];
        let events_url = url(&settings["event_subscriptions"]["request_url"])?;
        let interactivity = &settings["interactivity"];
        let interactivity_url = url(&interactivity["request_url"])?;
        let commands = rows(&features["slash_commands"])
            .map(command)
            .collect::<Result<Vec<_>, _>>()?;
        self.events_url = events_url;
        self.interactivity_url = interactivity_url.filter(|_| interactivity["is_enabled"] == true);
        self.commands = commands;
        self.bot_events = rows(&settings["event_subscriptions"]["bot_events"])
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let home = &features["app_home"];
        self.messages_tab = home["messages_tab_enabled"] == true;
        self.home_tab = home["home_tab_enabled"] == true;
        self.manifest = manifest.clone();
        Ok(())
    }

    pub fn report(&self) -> Value {
        json!({
            "events_url": self.events_url,
            "interactivity_url": self.interactivity_url,
            "commands": self.commands,
            "bot_events": self.bot_events,
            "messages_tab": self.messages_tab,
            "home_tab": self.home_tab,
            "repeats": self.repeats,
            "retry_seconds": self.retry_seconds,
            "signing": self.signing,
        })
    }
}

fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn command(row: &Value) -> Result<Command, String> {
    let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let name = text("command");
    if !name.starts_with('/') || name.len() < 2 || name.contains(' ') {
        return Err(format!("{name:?} is no command."));
    }
    Ok(Command {
        url: url(&row["url"])?.ok_or_else(|| format!("The command {name} has no url."))?,
        command: name,
        description: text("description"),
        usage_hint: text("usage_hint"),
        should_escape: row["should_escape"] == true,
    })
}

/// An address that the stand-in may call: on this machine, since nothing leaves it.
fn url(value: &Value) -> Result<Option<String>, String> {
    let Some(text) = value.as_str().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let is_here = Url::parse(text).is_ok_and(|url| {
        url.scheme() == "http"
            && matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
    });
    // Both have to understand it, since one judges it and the other calls it.
    if is_here && text.parse::<Uri>().is_ok() {
        return Ok(Some(text.to_owned()));
    }
    Err(format!(
        "{text:?} is no address on this machine; it must begin with http:// and 127.0.0.1, localhost or [::1]."
    ))
}
