//! The levers of Slack's side: what a workspace has and allows, what the app did in it, and what people do.

mod app;
mod channels;
mod deeds;
mod groups;
mod tokens;
mod workspace;

use axum::Router;
use serde::Deserialize;

use super::{Answer, Order, Refused, done};
use crate::{
    company::PRIMARY_TEAM,
    slack::{Slack, Workspace},
    world::{Sandbox, World},
};

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .merge(app::routes())
        .merge(channels::routes())
        .merge(deeds::routes())
        .merge(groups::routes())
        .merge(tokens::routes())
        .merge(workspace::routes())
}

/// Lighthouse Books, unless another workspace is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TeamOrder {
    team: Option<String>,
}

fn workspace<'a>(world: &'a mut World, team: Option<&str>) -> Result<&'a mut Workspace, Refused> {
    let team = team.unwrap_or(PRIMARY_TEAM);
    world
        .slack
        .workspace_mut(team)
        .ok_or_else(|| Refused::unknown("workspace", team))
}

/// Ids of channels are unique over all workspaces.
fn workspace_of_channel<'a>(
    slack: &'a mut Slack,
    channel: &str,
) -> Result<&'a mut Workspace, Refused> {
    let mut workspaces = slack.workspaces.iter_mut();
    workspaces
        .find(|one| one.conversation(channel).is_some())
        .ok_or_else(|| Refused::unknown("channel", channel))
}

fn yes() -> bool {
    true
}
