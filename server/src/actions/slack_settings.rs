//! What Round Robin can do in Slack, for those who can let it do more.

use super::{Failure, rights::must_be_admin};
use crate::{
    Services,
    slack::{Inbound, creation_address, is_reachable, manifest},
};
use domain::Actor;
use types::{CapabilityView, CommandsState, Denial, SlackCapability, SlackSettingsView};

/// Where Slack sends commands.
pub const COMMANDS_PATH: &str = "/api/slack/commands";
/// Where Slack tells what happens in channels.
pub const EVENTS_PATH: &str = "/api/slack/events";
/// Where Slack tells which buttons people press.
pub const INTERACTIONS_PATH: &str = "/api/slack/interactions";

/// What works, what it lacks, and the app that it takes.
pub async fn state(services: &Services, actor: &Actor) -> Result<SlackSettingsView, Failure> {
    must_be_admin(actor, Denial::ManageIntegrations)?;
    let workspace = services.store.workspace(&actor.workspace).await?;
    let installation = workspace.and_then(|workspace| workspace.installation);
    let granted = installation.map(|installation| installation.scopes);
    let granted = granted.unwrap_or_default();
    let config = &services.config;
    let (slack, public_url) = (&config.slack.url, config.public_url.origin());
    let app = config.slack.app.as_ref();
    let reachable = is_reachable(slack, public_url);
    let commands = match app.and_then(|app| app.signing_secret.as_ref()) {
        _ if !reachable => CommandsState::Unreachable,
        None => CommandsState::NoSecret,
        Some(_) => CommandsState::Ready,
    };
    let [commands_at, events_at, interactions_at] =
        [COMMANDS_PATH, EVENTS_PATH, INTERACTIONS_PATH].map(|path| config.public_url.join(path));
    let inbound = reachable.then_some(Inbound {
        commands: &commands_at,
        events: &events_at,
        interactions: &interactions_at,
    });
    let manifest = manifest(public_url, inbound);
    let capability = |capability: SlackCapability| {
        let text = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let mut lacks: Vec<String> = text(capability.needed_scopes());
        lacks.retain(|needed| !granted.contains(needed));
        CapabilityView {
            capability,
            scopes: text(capability.scopes()),
            lacks,
        }
    };
    Ok(SlackSettingsView {
        capabilities: SlackCapability::ALL.into_iter().map(capability).collect(),
        commands,
        manifest: format!("{manifest:#}"),
        creation_address: creation_address(slack, &manifest).into(),
    })
}
