//! User groups: who is in them now, and what people do to them by hand.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Order, Refused, TeamOrder, done, workspace, yes};
use crate::{
    clock::Clock,
    minting,
    slack::{Workspace, group::UserGroup, outgoing::send_events},
    world::Sandbox,
};

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/groups", get(list).post(add))
        .route("/groups/{group}", get(show))
        .route("/groups/{group}/users", post(set_users))
        .route("/groups/{group}/disable", post(disable))
        .route("/groups/{group}/half-fail", post(half_fail))
}

async fn list(State(sandbox): State<Sandbox>, Query(order): Query<TeamOrder>) -> Answer {
    let mut world = sandbox.world();
    let workspace = workspace(&mut world, order.team.as_deref())?;
    let groups: Vec<Value> = workspace.groups.iter().map(told).collect();
    Ok(Json(json!({"groups": groups})))
}

fn told(group: &UserGroup) -> Value {
    json!({
        "id": group.id,
        "handle": group.handle,
        "name": group.name,
        "description": group.description,
        "users": group.users,
        "channels": group.channels,
        "external": group.external,
        "disabled": group.deleted != 0,
        "updated_by": group.updated_by,
    })
}

/// Ids of groups are unique over all workspaces.
fn workspace_of<'a>(
    workspaces: &'a mut [Workspace],
    group: &str,
) -> Result<&'a mut Workspace, Refused> {
    workspaces
        .iter_mut()
        .find(|one| one.group(group).is_some())
        .ok_or_else(|| Refused::unknown("group", group))
}

async fn show(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Answer {
    let mut world = sandbox.world();
    let workspace = workspace_of(&mut world.slack.workspaces, &id)?;
    let group = workspace.group(&id);
    Ok(Json(group.map(told).unwrap_or_default()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewGroup {
    id: Option<String>,
    handle: String,
    name: Option<String>,
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    channels: Vec<String>,
    #[serde(default)]
    external: bool,
    team: Option<String>,
}

async fn add(State(sandbox): State<Sandbox>, Order(order): Order<NewGroup>) -> Answer {
    let mut world = sandbox.world();
    let id = order
        .id
        .unwrap_or_else(|| format!("S{}", minting::hex(5).to_uppercase()));
    if workspace_of(&mut world.slack.workspaces, &id).is_ok() {
        return Err(Refused::impossible("There is a group with this id."));
    }
    let workspace = workspace(&mut world, order.team.as_deref())?;
    workspace
        .check_handle(&order.handle, None)
        .map_err(|word| Refused::invalid(&format!("Slack would say {word}.")))?;
    let name = order.name.as_deref().unwrap_or(&order.handle);
    let users: Vec<&str> = order.users.iter().map(String::as_str).collect();
    let owner = workspace.people.first().map_or("", |one| one.id.as_str());
    let group = UserGroup {
        channels: order.channels,
        external: order.external,
        ..UserGroup::new(&id, &order.handle, name, owner, &users)
    };
    workspace.groups.push(group);
    Ok(Json(json!({"id": id})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Users {
    users: Vec<String>,
    by: Option<String>,
}

/// As a person edits the group in Slack, who may take everybody out of it.
async fn set_users(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    Order(order): Order<Users>,
) -> Answer {
    {
        let mut world = sandbox.world();
        let workspace = workspace_of(&mut world.slack.workspaces, &id)?;
        let owner = workspace.people.first().map(|one| one.id.clone());
        let by = order.by.or(owner).unwrap_or_default();
        workspace.set_group_users(&id, order.users, &by);
    }
    send_events(&sandbox);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Disable {
    #[serde(default = "yes")]
    disabled: bool,
}

async fn disable(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    Order(order): Order<Disable>,
) -> Answer {
    {
        let mut world = sandbox.world();
        let workspace = workspace_of(&mut world.slack.workspaces, &id)?;
        if let Some(group) = workspace.group_mut(&id) {
            group.deleted = match order.disabled {
                true => Clock::machine().as_second(),
                false => 0,
            };
        }
        workspace.tell_group(&id, "updated");
    }
    send_events(&sandbox);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HalfFail {
    times: Option<u32>,
}

async fn half_fail(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    Order(order): Order<HalfFail>,
) -> Answer {
    let mut world = sandbox.world();
    let workspace = workspace_of(&mut world.slack.workspaces, &id)?;
    if let Some(group) = workspace.group_mut(&id) {
        group.half_fails = order.times.unwrap_or(1);
    }
    done()
}
