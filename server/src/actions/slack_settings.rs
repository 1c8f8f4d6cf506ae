//! What Round Robin can do in Slack, for those who can let it do more.

use super::{Failure, Stop, rights::must_be_admin};
use crate::{
    Services,
    audit::entry,
    slack::{Inbound, creation_address, is_reachable, lent_token, manifest},
    store::NewAuditEntry,
};
use domain::Actor;
use types::{
    AuditAction, CapabilityView, CommandsState, Denial, GROUP_WRITER_GONE, GROUP_WRITER_NO_ADMIN,
    GroupWriterView, LiveTopic, PermissionEnd, PermissionRefusal, PersonId, SlackCapability,
    SlackSettingsView, SlackWord,
};

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
        group_writer: group_writer(services, actor).await?,
        commands,
        manifest: format!("{manifest:#}"),
        creation_address: creation_address(slack, &manifest).into(),
    })
}

/// By whose own permission user groups are edited.
pub(super) async fn group_writer(
    services: &Services,
    actor: &Actor,
) -> Result<Option<GroupWriterView>, Failure> {
    let Some(writer) = services.store.group_writer(&actor.workspace).await? else {
        return Ok(None);
    };
    let ended = match &writer.ended {
        Some(why) => Some(why.as_str()),
        None if writer.is_gone => Some(GROUP_WRITER_GONE),
        None if !writer.administers => Some(GROUP_WRITER_NO_ADMIN),
        None => None,
    };
    Ok(Some(GroupWriterView {
        name: name_of(services, actor, &writer.person).await?,
        since: writer.granted_at,
        refused_at: writer.denied_at.filter(|_| ended.is_none()),
        ended: ended.map(PermissionEnd::of_code),
    }))
}

async fn name_of(services: &Services, actor: &Actor, person: &PersonId) -> Result<String, Failure> {
    let known = services.store.person(&actor.workspace, person).await?;
    Ok(known.map_or_else(|| person.to_string(), |known| known.name))
}

/// Gives back, here and at Slack, the permission that an admin has lent.
pub async fn take_back_permission(
    services: &Services,
    actor: &Actor,
) -> Result<(), Stop<PermissionRefusal>> {
    must_be_admin(actor, Denial::ManageIntegrations)?;
    let (store, workspace) = (&services.store, &actor.workspace);
    let writer = store.group_writer(workspace).await?;
    let writer = writer.ok_or(PermissionRefusal::NotLent)?;
    let entry = NewAuditEntry {
        target: Some(name_of(services, actor, &writer.person).await?),
        ..entry(actor, AuditAction::TookBackGroupPermission, None)
    };
    if !store.forget_group_writer(&writer, &entry).await? {
        return Err(PermissionRefusal::NotLent.into());
    }
    services.live.publish(workspace, LiveTopic::Connection);
    let sealed = writer.token_sealed.as_ref();
    let token = sealed.and_then(|sealed| lent_token(&services.slack, workspace, sealed));
    let Some(token) = token else {
        // Slack itself said that it has ended, or nobody told Slack.
        let word = writer.ended.as_deref().and_then(SlackWord::parse);
        return match word.is_some_and(|word| word.refuses_token()) {
            true => Ok(()),
            false => Err(PermissionRefusal::StillAtSlack.into()),
        };
    };
    if let Err(error) = services.slack.client.revoke(&token).await {
        tracing::warn!(%workspace, %error, "a permission was not given back at Slack");
        return Err(PermissionRefusal::StillAtSlack.into());
    }
    Ok(())
}
