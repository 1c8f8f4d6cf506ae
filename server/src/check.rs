//! `roundrobin check`: looks at everything that a server needs, changes nothing, and
//! says of each whether it is well and what to do. Shows no secret.

use crate::{
    config::{Config, Settings},
    crypto::KeyRing,
    prepare_tls,
    reencrypt::{self, Sealed},
    slack::{NEEDED_SCOPES, SlackClient, SlackError},
    storage::{Storage, StorageError},
    store::{self, Inspection, Store, Workspace, bot_token_row},
};
use secrecy::ExposeSecret;
use std::fmt;
use types::SlackRefusal;

/// A disk with less room than this is told of.
const LITTLE_ROOM: u64 = 100 << 20;

/// What was found, in the order in which it was looked at.
#[derive(Debug, Default)]
pub struct Report(Vec<Finding>);

#[derive(Debug)]
struct Finding {
    part: &'static str,
    state: State,
    /// What is, and if it is not well, what to do.
    words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Well,
    Ill,
    /// It could not be looked at, or may be meant.
    Open,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { part, state, words } in &self.0 {
            let state = match state {
                State::Well => "well",
                State::Ill => "ILL ",
                State::Open => "?   ",
            };
            writeln!(f, "{state}  {part:<9} {words}")?;
        }
        Ok(())
    }
}

impl Report {
    /// Nothing that was looked at is ill.
    pub fn is_well(&self) -> bool {
        self.0.iter().all(|finding| finding.state != State::Ill)
    }

    fn add(&mut self, part: &'static str, state: State, words: impl fmt::Display) {
        let words = words.to_string();
        self.0.push(Finding { part, state, words });
    }
}

/// Looks at the settings and at all that they name.
pub async fn check(settings: &Settings) -> Report {
    prepare_tls();
    let mut report = Report::default();
    let config = match settings.checked() {
        Ok(config) => {
            look_at_settings(&config, &mut report);
            Some(config)
        }
        Err(error) => {
            report.add("settings", State::Ill, error);
            None
        }
    };
    let storage = match settings.storage() {
        Ok(storage) => storage,
        Err(error) => {
            report.add("settings", State::Ill, error);
            return report;
        }
    };
    match Storage::as_it_is(&storage) {
        Ok(Some(storage)) => look_at_storage(config.as_ref(), &storage, &mut report).await,
        Ok(None) => report.add(
            "database",
            State::Open,
            "there is none yet, and no key: the first start makes both",
        ),
        Err(error) => report.add(part_of(&error), State::Ill, error),
    }
    report
}

/// What keeps the data from being opened is about.
const fn part_of(error: &StorageError) -> &'static str {
    match error {
        StorageError::Database(_) => "database",
        StorageError::Keys(_)
        | StorageError::KeysNeeded
        | StorageError::KeyFile { .. }
        | StorageError::KeyFileLost { .. } => "keys",
    }
}

fn look_at_settings(config: &Config, report: &mut Report) {
    let (listen, origin) = (config.listen, config.public_url.origin());
    let words = format!("listens on {listen}, browsers reach it at {origin}");
    report.add("settings", State::Well, words);
    if !config.public_url.is_https() && config.slack.url.scheme() == "https" {
        report.add(
            "settings",
            State::Open,
            "browsers reach it over plain http; put it behind https and set ROUNDROBIN_PUBLIC_URL",
        );
    }
    match &config.slack.app {
        Some(app) if app.signing_secret.is_none() => report.add(
            "settings",
            State::Open,
            "/rr in Slack does not work until ROUNDROBIN_SLACK_SIGNING_SECRET is set; nothing else needs it",
        ),
        _ => {}
    }
    if config.slack.app.is_none() {
        report.add(
            "settings",
            State::Ill,
            "nobody can sign in until ROUNDROBIN_SLACK_CLIENT_ID and ROUNDROBIN_SLACK_CLIENT_SECRET are set",
        );
    }
}

async fn look_at_storage(config: Option<&Config>, storage: &Storage, report: &mut Report) {
    let url = storage.database_url.expose_secret();
    let found = match store::inspect(url, storage.expect).await {
        Ok(found) => found,
        Err(error) => return report.add("database", State::Ill, error),
    };
    look_at_database(&found, report);
    if found.schema != found.known_schema {
        return;
    }
    // With this version's schema, opening changes nothing.
    match Store::open(url).await {
        Ok(store) => {
            look_at_contents(config, &store, &storage.keys, report).await;
            store.close().await;
        }
        Err(error) => report.add("database", State::Ill, error),
    }
}

fn look_at_database(found: &Inspection, report: &mut Report) {
    report.add("database", State::Well, &found.mode);
    for words in &found.doubts {
        report.add("database", State::Ill, words);
    }
    if let Some(free) = found.free_bytes {
        let megabytes = free >> 20;
        let words = format!("{megabytes} MB are free on its disk");
        if free < LITTLE_ROOM {
            let words = format!("only {words}; make space, or nothing can be written soon");
            report.add("disk", State::Ill, words);
        } else {
            report.add("disk", State::Well, words);
        }
    }
    let (schema, known) = (found.schema, found.known_schema);
    if schema == known {
        report.add(
            "schema",
            State::Well,
            format!("version {schema}, as it has to be"),
        );
    } else {
        let words = format!(
            "version {schema}; the next start brings it to {known}. Back the database up before"
        );
        report.add("schema", State::Open, words);
    }
}

async fn look_at_contents(
    config: Option<&Config>,
    store: &Store,
    keys: &KeyRing,
    report: &mut Report,
) {
    match reencrypt::sealed(store, keys).await {
        Ok(sealed) => look_at_sealed(&sealed, report),
        Err(error) => report.add("keys", State::Ill, error),
    }
    let workspaces = match store.workspaces().await {
        Ok(workspaces) => workspaces,
        Err(error) => return report.add("database", State::Ill, error),
    };
    let Some(config) = config else {
        return;
    };
    let slack = SlackClient::new(&config.slack);
    for workspace in &workspaces {
        look_at_installation(&slack, workspace, keys, report).await;
    }
}

fn look_at_sealed(sealed: &[Sealed], report: &mut Report) {
    let mut opened = 0;
    for Sealed { row, opens } in sealed {
        match opens {
            Ok(()) => opened += 1,
            Err(error) => {
                let words =
                    format!("the secret of {row}: {error}; put the key that sealed it back");
                report.add("keys", State::Ill, words);
            }
        }
    }
    if opened == sealed.len() {
        let words = format!("all {opened} sealed secrets open");
        report.add("keys", State::Well, words);
    }
}

async fn look_at_installation(
    slack: &SlackClient,
    workspace: &Workspace,
    keys: &KeyRing,
    report: &mut Report,
) {
    let id = &workspace.id;
    let Some(installation) = &workspace.installation else {
        let words = format!("{id}: not installed; an Owner or Admin has to sign in");
        return report.add("Slack", State::Ill, words);
    };
    let row = bot_token_row(id);
    let Ok(token) = keys.open(&installation.bot_token_sealed, &row) else {
        // Told with the keys.
        return;
    };
    match slack.granted_to(&token).await {
        Ok(granted) => {
            let missing: Vec<_> = NEEDED_SCOPES
                .iter()
                .filter(|needed| !granted.iter().any(|scope| scope == *needed))
                .copied()
                .collect();
            if missing.is_empty() {
                let words = format!("{id}: the bot may {}", granted.join(", "));
                report.add("Slack", State::Well, words);
            } else {
                let words = format!(
                    "{id}: the bot lacks {}; add them to the Slack app and have an Owner or Admin sign in",
                    missing.join(", ")
                );
                report.add("Slack", State::Ill, words);
            }
        }
        Err(error @ (SlackError::TokenRefused { .. } | SlackError::MissingScope { .. })) => {
            let words = format!("{id}: {error}; an Owner or Admin has to sign in anew");
            report.add("Slack", State::Ill, words);
        }
        Err(SlackError::Refused { word }) => {
            let words = format!("{id}: {}", SlackRefusal(word));
            report.add("Slack", State::Ill, words);
        }
        Err(error) => {
            let words = format!("{id}: not looked at, since {error}");
            report.add("Slack", State::Open, words);
        }
    }
}
