//! Who calls a method: the app's bot in a workspace, or a person who let the app act for them. What a call
//! may do depends on the scopes of its token, and what it changes is changed in the caller's name.

use serde_json::{Value, json};

use super::{BOT_USER_ID, Slack, TokenState, params::Params};

/// What a method refuses with: Slack's word for it, and more fields for some words.
#[derive(Debug)]
pub struct Refusal(pub Value);

impl From<&str> for Refusal {
    fn from(error: &str) -> Self {
        Self(json!({"ok": false, "error": error}))
    }
}

#[derive(Clone, Debug)]
pub struct Caller {
    pub team: String,
    /// The bot's own user, or the person.
    pub user: String,
    pub is_bot: bool,
    pub scopes: Vec<String>,
}

impl Caller {
    pub fn of(slack: &Slack, params: &Params) -> Result<Self, &'static str> {
        let token = params.token().ok_or("not_authed")?;
        if let Some(installation) = slack.installations.iter().find(|one| one.token == token) {
            installation.state.check()?;
            return Ok(Self {
                team: installation.team.clone(),
                user: BOT_USER_ID.to_owned(),
                is_bot: true,
                scopes: installation.scopes.clone(),
            });
        }
        let user_token = slack.user_tokens.get(token).ok_or("invalid_auth")?;
        user_token.state.check()?;
        let (workspace, person) = slack.person(&user_token.person).ok_or("invalid_auth")?;
        if person.deactivated {
            return Err("account_inactive");
        }
        Ok(Self {
            team: workspace.id.clone(),
            user: person.id.clone(),
            is_bot: false,
            scopes: user_token.scopes.clone(),
        })
    }

    pub fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|one| one == scope)
    }

    /// Any of the scopes will do; where none is named, none is needed.
    pub fn needs(&self, any_of: &[&str]) -> Result<(), Refusal> {
        if any_of.is_empty() || any_of.iter().any(|scope| self.has(scope)) {
            return Ok(());
        }
        Err(Refusal(json!({
            "ok": false,
            "error": "missing_scope",
            "needed": any_of.join(","),
            "provided": self.scopes.join(","),
        })))
    }
}

impl TokenState {
    /// Slack's word for a token that has ended.
    pub fn check(self) -> Result<(), &'static str> {
        match self {
            Self::Live => Ok(()),
            Self::Revoked => Err("token_revoked"),
            Self::Expired => Err("token_expired"),
            Self::Uninstalled => Err("account_inactive"),
        }
    }
}
