//! What a workspace has paid for and allows, and switches for what nobody knows for sure about Slack, so
//! that the product can be tried against each answer.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    Paid,
    Free,
}

/// Slack's two words for a plan without user groups; which one comes when is not written anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanRefusal {
    PlanUpgradeRequired,
    PaidTeamsOnly,
}

impl PlanRefusal {
    pub fn word(self) -> &'static str {
        match self {
            Self::PlanUpgradeRequired => "plan_upgrade_required",
            Self::PaidTeamsOnly => "paid_teams_only",
        }
    }
}

/// Who may change user groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupEditors {
    /// Members and bots too, guests not.
    Everyone,
    /// A bot is none of them.
    Admins,
}

/// What comes of writing a group without anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Emptying {
    /// As the reference says.
    Refused,
    /// As a newer library has it: by the value `[]`.
    ByBrackets,
    /// As some report: the answer is an error, and the group is empty all the same.
    DoneWithError,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub plan: Plan,
    pub plan_refusal: PlanRefusal,
    pub group_editors: GroupEditors,
    /// The most people that a group may have.
    pub group_size: usize,
    pub emptying_groups: Emptying,
    /// Whether a topic that is set to what it is posts a line nevertheless.
    pub equal_topic_posts: bool,
    /// For how long a message can be changed; for ever without it.
    pub edit_window_seconds: Option<i64>,
}

impl Settings {
    /// The same with these changed, by their names.
    pub fn with(&self, changed: Map<String, Value>) -> serde_json::Result<Self> {
        let mut all = json!(self);
        for (name, value) in changed {
            all[name] = value;
        }
        serde_json::from_value(all)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            plan: Plan::Paid,
            plan_refusal: PlanRefusal::PlanUpgradeRequired,
            group_editors: GroupEditors::Everyone,
            group_size: 1000,
            emptying_groups: Emptying::Refused,
            equal_topic_posts: true,
            edit_window_seconds: None,
        }
    }
}
