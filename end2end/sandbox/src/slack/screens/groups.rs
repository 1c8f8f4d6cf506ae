//! The user groups of a workspace, and whom each reaches.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};

use super::{channel::navigation, for_visitor};
use crate::{
    html::{escape, page},
    slack::{
        blocks::Reader,
        params::Params,
        settings::{GroupEditors, Plan},
    },
    world::Sandbox,
};

pub async fn show(
    State(sandbox): State<Sandbox>,
    Path(team): Path<String>,
    params: Params,
) -> Response {
    let world = sandbox.world();
    for_visitor(&world.slack, &params, &team, |workspace, person| {
        let reader = Reader::new(&world.slack, workspace, &person.time_zone);
        let rows: String = workspace
            .groups
            .iter()
            .map(|group| {
                let names: Vec<String> = group
                    .users
                    .iter()
                    .map(|id| reader.person(id).unwrap_or_else(|| id.clone()))
                    .map(|name| format!("<bdi>{}</bdi>", escape(&name)))
                    .collect();
                let state = match (group.external, group.deleted) {
                    (true, _) => "of another organisation",
                    (_, 0) => "",
                    _ => "disabled",
                };
                format!(
                    "<tr><th>@{}</th><td><bdi>{}</bdi></td><td>{}</td><td>{state}</td><td><code>{}</code></td></tr>\n",
                    escape(&group.handle),
                    escape(&group.name),
                    names.join(", "),
                    group.id,
                )
            })
            .collect();
        let plan = match workspace.settings.plan {
            Plan::Paid => "paid",
            Plan::Free => "free, which has no user groups",
        };
        let editors = match workspace.settings.group_editors {
            GroupEditors::Everyone => "everyone",
            GroupEditors::Admins => "owners and admins",
        };
        let body = format!(
            "{}<p>Plan: {plan}. Groups are changed by {editors}.</p>\n\
             <table><tr><th>Handle</th><th>Name</th><th>Members</th><th>State</th><th>Id</th></tr>\n{rows}</table>\n",
            navigation(workspace, person),
        );
        page("User groups", &body).into_response()
    })
}
