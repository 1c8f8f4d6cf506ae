//! What a workspace has and allows, and what nobody knows for sure about Slack: each is chosen here, so
//! that somebody who tries the product sees what it makes of it.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{CLIENT, channel::navigation, for_visitor, visitor};
use crate::{
    html::{page, redirect, refusal},
    slack::params::Params,
    world::Sandbox,
};

const TITLE: &str = "What this Slack is like";

/// A setting by its name, and what can be chosen, as it is stored.
type Choice = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const CHOICES: [Choice; 5] = [
    (
        "plan",
        "The workspace's plan",
        &[("paid", "Paid"), ("free", "Free, without user groups")],
    ),
    (
        "plan_refusal",
        "How a free plan refuses user groups",
        &[
            ("plan_upgrade_required", "plan_upgrade_required"),
            ("paid_teams_only", "paid_teams_only"),
        ],
    ),
    (
        "group_editors",
        "Who may change user groups",
        &[
            ("everyone", "Everyone, apps too"),
            ("admins", "Owners and admins alone"),
        ],
    ),
    (
        "emptying_groups",
        "A user group that is written without anybody",
        &[
            ("refused", "Is refused, as the reference says"),
            (
                "by_brackets",
                "Is emptied by the value [], as a newer library has it",
            ),
            (
                "done_with_error",
                "Is emptied, and the answer is an error, as some report",
            ),
        ],
    ),
    (
        "equal_topic_posts",
        "A topic that is set to what it is already",
        &[
            ("true", "Posts a line all the same"),
            ("false", "Posts nothing"),
        ],
    ),
];

fn address(team: &str) -> String {
    format!("{CLIENT}/{team}/settings")
}

pub async fn show(
    State(sandbox): State<Sandbox>,
    Path(team): Path<String>,
    params: Params,
) -> Response {
    let world = sandbox.world();
    for_visitor(&world.slack, &params, &team, |workspace, person| {
        let present = json!(workspace.settings);
        let fields: String = CHOICES
            .iter()
            .map(|(name, label, options)| {
                let options: String = options
                    .iter()
                    .map(|(value, words)| {
                        let chosen = match is_chosen(&present[*name], value) {
                            true => " selected",
                            false => "",
                        };
                        format!("<option value=\"{value}\"{chosen}>{words}</option>")
                    })
                    .collect();
                format!("<label>{label}<br><select name=\"{name}\">{options}</select></label>\n")
            })
            .collect();
        let body = format!(
            "{}<form method=\"post\" action=\"{}\">\n{fields}<button>Save</button></form>\n",
            navigation(workspace, person),
            address(&team),
        );
        page(TITLE, &body).into_response()
    })
}

fn is_chosen(present: &Value, value: &str) -> bool {
    match present {
        Value::Bool(present) => present.to_string() == value,
        present => present == value,
    }
}

pub async fn save(
    State(sandbox): State<Sandbox>,
    Path(team): Path<String>,
    params: Params,
) -> Response {
    let mut world = sandbox.world();
    if visitor(&world.slack, &params, &team).is_none() {
        return redirect(CLIENT);
    }
    let Some(workspace) = world.slack.workspace_mut(&team) else {
        return redirect(CLIENT);
    };
    let chosen = CHOICES.iter().filter_map(|(name, ..)| {
        let value = match params.get(name)? {
            "true" => json!(true),
            "false" => json!(false),
            value => json!(value),
        };
        Some(((*name).to_owned(), value))
    });
    match workspace.settings.with(chosen.collect::<Map<_, _>>()) {
        Ok(settings) => {
            workspace.settings = settings;
            redirect(&address(&team))
        }
        Err(error) => refusal(TITLE, &format!("{error}.")),
    }
}
