//! Slack as the integrations panel shows it: whether Round Robin is still
//! installed, what it may do, and how old what it knows of people is.

use crate::{slack::scopes_in_words, store::Workspace};
use domain::{Standing, readable_until};
use types::{EndedInstallation, First, InstallationView, RefusedBySlack, SlackView};

pub(in crate::backend) fn slack(workspace: Workspace, refused: First<RefusedBySlack>) -> SlackView {
    let granted = workspace
        .installation
        .map(|installation| installation.scopes);
    SlackView {
        workspace_name: workspace.name,
        installation: in_words(workspace.standing),
        scopes: scopes_in_words(&granted.unwrap_or_default()),
        directory_read_at: workspace.directory_synced_at,
        directory_problem: workspace.directory_problem,
        refused,
    }
}

fn in_words(standing: Standing) -> InstallationView {
    match standing {
        Standing::Sound => InstallationView::Sound,
        Standing::Doubted(doubt) => InstallationView::Doubted { word: doubt.word },
        Standing::Ended { word, at } => InstallationView::Ended(EndedInstallation {
            word,
            readable_until: readable_until(at),
        }),
    }
}
