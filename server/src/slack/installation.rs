//! What it takes for a workspace to be served: that this deployment is for it,
//! and that its bot token still works and may do what we need.

use super::{SlackServices, client::Granted, error::SlackError, holds::Counted};
use crate::{
    config::ServedWorkspaces,
    store::{StoreError, Workspace, bot_token_row},
};
use domain::{Admission, Standing, denials_apart};
use secrecy::SecretString;
use std::future::Future;
use types::{LiveTopic, SlackCapability, SlackScope, Timestamp, WorkspaceId};

/// What the bot token must be allowed to do.
pub const NEEDED_SCOPES: [&str; 3] = ["users:read", "users:read.email", "team:read"];

/// The same with what does not work without it; the one first that people miss most.
const PURPOSES: [(&str, &str); 3] = [
    (
        "users:read.email",
        "people of PagerDuty are matched by e-mail address",
    ),
    ("users:read", "people and their roles are read"),
    ("team:read", "the workspace's name is read"),
];

/// Whether somebody may read here: their workspace is served, and they count in it.
pub fn admits(served: &ServedWorkspaces, admission: &Admission) -> bool {
    let first = admission.first_workspace.as_ref();
    admission.may_read() && is_served(served, first, &admission.workspace)
}

/// Whether this deployment serves the workspace; `first` installed first.
pub(super) fn is_served(
    served: &ServedWorkspaces,
    first: Option<&WorkspaceId>,
    workspace: &WorkspaceId,
) -> bool {
    match served {
        ServedWorkspaces::FirstInstalled => first.is_none_or(|first| first == workspace),
        ServedWorkspaces::Listed(listed) => listed.contains(workspace),
        ServedWorkspaces::Any => true,
    }
}

/// The one workspace that this deployment serves, if it serves exactly one.
pub fn only_served<'a>(
    served: &'a ServedWorkspaces,
    first: Option<&'a WorkspaceId>,
) -> Option<&'a WorkspaceId> {
    match served {
        ServedWorkspaces::FirstInstalled => first,
        ServedWorkspaces::Listed(listed) => match listed.as_slice() {
            [one] => Some(one),
            _ => None,
        },
        ServedWorkspaces::Any => None,
    }
}

pub fn has_needed(scopes: &[String]) -> bool {
    NEEDED_SCOPES
        .iter()
        .all(|needed| scopes.iter().any(|scope| scope == needed))
}

/// Whether a bot token with these scopes may do that.
pub fn is_allowed(capability: SlackCapability, scopes: &[String]) -> bool {
    capability.is_granted(scopes)
}

/// The scopes to ask for: what is needed, and what somebody wants or has allowed before. Nobody
/// has to allow more to sign in.
pub fn scopes_to_ask(granted: &[String], wanted: Option<SlackCapability>) -> Vec<&'static str> {
    let mut scopes = NEEDED_SCOPES.to_vec();
    for capability in SlackCapability::ALL {
        if wanted == Some(capability) || is_allowed(capability, granted) {
            scopes.extend(capability.scopes());
        }
    }
    scopes
}

/// The scopes that are needed, and which of them are granted.
pub fn scopes_in_words(granted: &[String]) -> Vec<SlackScope> {
    let scope = |(name, purpose): (&str, &str)| SlackScope {
        name: name.to_owned(),
        purpose: purpose.to_owned(),
        granted: granted.iter().any(|granted| granted == name),
    };
    PURPOSES.into_iter().map(scope).collect()
}

/// A workspace in which Round Robin is installed, and its bot token.
#[derive(Clone)]
pub struct Installed {
    pub workspace: Workspace,
    pub token: SecretString,
}

/// Why Slack told nothing.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error(transparent)]
    Slack(#[from] SlackError),
    /// What Slack said of the token could not be read or kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Installed {
    /// Whether the bot token may do that.
    pub fn is_allowed(&self, capability: SlackCapability) -> bool {
        let installation = self.workspace.installation.as_ref();
        installation.is_some_and(|installation| is_allowed(capability, &installation.scopes))
    }

    /// Whether the bot token has this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        let installation = self.workspace.installation.as_ref();
        installation.is_some_and(|known| known.scopes.iter().any(|known| known == scope))
    }

    /// Asks Slack by a method of its, or in one channel by it, as [`ask`] does, when it wants to be
    /// asked.
    pub async fn ask<T, Answer>(
        &self,
        services: &SlackServices,
        counted: impl Into<Counted>,
        question: impl Fn() -> Answer,
    ) -> Result<T, AskError>
    where
        Answer: Future<Output = Result<Granted<T>, SlackError>>,
    {
        let (workspace, token) = (&self.workspace, &self.token);
        let counted = counted.into();
        let question = || {
            services
                .holds
                .kept(&workspace.id, counted.clone(), question())
        };
        Ok(ask(services, workspace, token, question).await??.value)
    }
}

/// The workspace, as long as Slack has not said that Round Robin is installed there no more.
pub async fn installed(
    services: &SlackServices,
    workspace: &WorkspaceId,
) -> Result<Option<Installed>, StoreError> {
    let workspace = services.store.workspace(workspace).await?;
    let serving = workspace.filter(|workspace| workspace.standing.ended_at().is_none());
    Ok(serving.and_then(|workspace| {
        let token = bot_token(services, &workspace)?;
        Some(Installed { workspace, token })
    }))
}

/// The workspace's bot token, when there is one that can be opened.
pub fn bot_token(services: &SlackServices, workspace: &Workspace) -> Option<SecretString> {
    let installation = workspace.installation.as_ref()?;
    match services.keys.open(
        &installation.bot_token_sealed,
        &bot_token_row(&workspace.id),
    ) {
        Ok(token) => Some(token),
        Err(error) => {
            tracing::error!(workspace = %workspace.id, %error, "the bot token cannot be opened");
            None
        }
    }
}

/// Asks Slack with the workspace's token, and keeps what the answer tells about
/// it. When Slack refuses the token, but says that it is good when asked about the
/// token itself, the question is put once more.
pub async fn ask<T, Answer>(
    services: &SlackServices,
    workspace: &Workspace,
    token: &SecretString,
    question: impl Fn() -> Answer,
) -> Result<Result<Granted<T>, SlackError>, StoreError>
where
    Answer: Future<Output = Result<Granted<T>, SlackError>>,
{
    let mut answer = question().await;
    if let Err(SlackError::TokenRefused { word }) = &answer {
        let refused = |standing: Standing, now| standing.refused(word.clone(), now);
        change_standing(services, workspace, refused).await?;
        if test_token(services, workspace, token).await?.is_ok() {
            answer = question().await;
        }
    }
    if answer.is_ok() && !workspace.standing.is_sound() {
        accept(services, workspace).await?;
    }
    let scopes = match &answer {
        Ok(Granted { scopes, .. }) => scopes,
        Err(SlackError::MissingScope { granted }) => granted,
        Err(_) => &None,
    };
    if let Some(scopes) = scopes {
        keep_scopes(services, workspace, scopes).await?;
    }
    Ok(answer)
}

/// Asks Slack whether the token itself is good, and keeps what it says.
pub async fn test_token(
    services: &SlackServices,
    workspace: &Workspace,
    token: &SecretString,
) -> Result<Result<(), SlackError>, StoreError> {
    match services.client.auth_test(token).await {
        Ok(_) => {
            accept(services, workspace).await?;
            Ok(Ok(()))
        }
        Err(SlackError::TokenRefused { word }) => {
            let apart = denials_apart(services.config.slack.directory_interval);
            let denied = |standing: Standing, now| standing.denied(word.clone(), now, apart);
            change_standing(services, workspace, denied).await?;
            Ok(Err(SlackError::TokenRefused { word }))
        }
        Err(error) => Ok(Err(error)),
    }
}

async fn accept(services: &SlackServices, workspace: &Workspace) -> Result<(), StoreError> {
    change_standing(services, workspace, |_, _| Standing::Sound).await
}

async fn change_standing(
    services: &SlackServices,
    workspace: &Workspace,
    rule: impl FnOnce(Standing, Timestamp) -> Standing,
) -> Result<(), StoreError> {
    let Some(installation) = &workspace.installation else {
        return Ok(());
    };
    let (id, sealed) = (&workspace.id, &installation.bot_token_sealed);
    let changed = services.store.change_standing(id, sealed, rule).await?;
    let Some((before, after)) = changed.filter(|(before, after)| before != after) else {
        return Ok(());
    };
    match &after {
        Standing::Sound => tracing::info!(workspace = %id, "Slack accepts the bot token again"),
        Standing::Doubted(doubt) => {
            let (word, denials) = (&doubt.word, doubt.denials);
            tracing::warn!(workspace = %id, %word, denials, "Slack refuses the bot token; it is asked again");
        }
        Standing::Ended { word, .. } => {
            tracing::error!(workspace = %id, %word, "the installation has ended; an admin has to sign in and add Round Robin again");
        }
    }
    // How often it was denied is no news to a page.
    if before.is_sound() != after.is_sound() || before.ended_at() != after.ended_at() {
        services.live.publish(id, LiveTopic::Connection);
    }
    Ok(())
}

async fn keep_scopes(
    services: &SlackServices,
    workspace: &Workspace,
    scopes: &[String],
) -> Result<(), StoreError> {
    match &workspace.installation {
        Some(installation) if installation.scopes != scopes => {
            let sealed = &installation.bot_token_sealed;
            let id = &workspace.id;
            services.store.set_bot_scopes(id, sealed, scopes).await?;
            services.live.publish(id, LiveTopic::Connection);
            Ok(())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> WorkspaceId {
        WorkspaceId::new(text)
    }

    #[test]
    fn the_first_workspace_owns_a_deployment_without_a_list() {
        let served = ServedWorkspaces::FirstInstalled;
        assert!(is_served(&served, None, &id("T1")));
        assert!(is_served(&served, Some(&id("T1")), &id("T1")));
        assert!(!is_served(&served, Some(&id("T1")), &id("T2")));
    }

    #[test]
    fn a_list_serves_who_is_on_it_whoever_was_first() {
        let served = ServedWorkspaces::Listed(vec![id("T1"), id("T2")]);
        assert!(is_served(&served, Some(&id("T1")), &id("T2")));
        assert!(!is_served(&served, None, &id("T3")));
        assert!(is_served(
            &ServedWorkspaces::Any,
            Some(&id("T1")),
            &id("T3")
        ));
    }

    #[test]
    fn slack_is_asked_for_a_workspace_when_exactly_one_is_served() {
        let (one, two) = (id("T1"), id("T2"));
        let listed = |ids: &[&WorkspaceId]| {
            ServedWorkspaces::Listed(ids.iter().map(|id| (*id).clone()).collect())
        };
        let first = ServedWorkspaces::FirstInstalled;
        assert_eq!(only_served(&first, Some(&one)), Some(&one));
        assert_eq!(only_served(&first, None), None);
        assert_eq!(only_served(&listed(&[&two]), Some(&one)), Some(&two));
        assert_eq!(only_served(&listed(&[&one, &two]), Some(&one)), None);
        assert_eq!(only_served(&ServedWorkspaces::Any, Some(&one)), None);
    }

    #[test]
    fn every_needed_scope_has_to_be_there() {
        let all: Vec<_> = NEEDED_SCOPES.map(str::to_owned).to_vec();
        assert!(has_needed(&all));
        for missing in 0..all.len() {
            let mut scopes = all.clone();
            scopes.remove(missing);
            assert!(!has_needed(&scopes));
        }
    }

    #[test]
    fn more_is_asked_for_where_somebody_wants_it_or_allowed_it_before() {
        assert_eq!(scopes_to_ask(&[], None), NEEDED_SCOPES);
        let messages = SlackCapability::Messages;
        let granted = ["chat:write".to_owned()];
        for (granted, wanted) in [(&granted[..], None), (&[], Some(messages))] {
            assert_eq!(scopes_to_ask(granted, wanted).len(), 5);
        }
        let both = scopes_to_ask(&granted, Some(SlackCapability::Groups));
        assert!(both.contains(&"chat:write") && both.contains(&"usergroups:write"));
    }

    #[test]
    fn every_needed_scope_is_told_with_its_purpose_the_e_mail_scope_first() {
        let told = scopes_in_words(&["users:read".to_owned()]);
        assert_eq!(told[0].name, "users:read.email");
        assert!(!told[0].granted);
        for needed in NEEDED_SCOPES {
            let scope = told.iter().find(|scope| scope.name == needed).unwrap();
            assert_eq!(scope.granted, needed == "users:read");
        }
        assert_eq!(told.len(), NEEDED_SCOPES.len());
    }
}
