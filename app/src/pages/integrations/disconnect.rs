//! The way back: what a disconnect will do, by name, before it is confirmed.

use super::{
    Panel,
    connected::{DISCONNECT_DIALOG, MENU_BUTTON},
    how_to_revoke,
};
use crate::{
    components::{ButtonKind, CancelButton, Dialog, FailureNotice, SubmitButton, redrawn},
    data::DataMemo,
    forms::{ActionForm, failure},
    pages::wording::count,
    view,
};
use leptos::{either::Either, prelude::*};
use types::{ConnectionView, RevertedRotation};

#[component]
pub(super) fn DisconnectDialog(
    connection: DataMemo<ConnectionView>,
    panel: Panel,
) -> impl IntoView {
    let refused = failure(panel.disconnect_outcome);
    let bound = DataMemo::new(move || {
        connection.with(|connection| {
            (
                connection.bound_rotations.clone(),
                usize::try_from(connection.bound_rotation_count).unwrap_or(usize::MAX),
            )
        })
    });
    view! {
        <Dialog
            id=DISCONNECT_DIALOG title="Disconnect from PagerDuty"
            open=refused.get_untracked().is_some()
            busy=panel.disconnect.pending()
            focus_after=MENU_BUTTON
        >
            {redrawn(move || {
                let (named, all) = bound.get();
                view! { <Reverting named all/> }
            })}
            <p>
                "Round Robin deletes its copy of what it logged in with. "
                {redrawn(move || connection.with(|connection| how_to_revoke(&connection.method)))}
            </p>
            <FailureNotice failure=refused/>
            <ActionForm action=panel.disconnect class="buttons">
                <SubmitButton
                    label="Confirm" busy_label="Disconnecting…"
                    kind=ButtonKind::Danger pending=panel.disconnect.pending()
                />
                <CancelButton
                    dialog=DISCONNECT_DIALOG autofocus=true busy=panel.disconnect.pending()
                />
            </ActionForm>
        </Dialog>
    }
}

/// The rotations that go back to Manual. Those that the reader may not see are
/// counted only.
#[component]
fn Reverting(named: Vec<RevertedRotation>, all: usize) -> impl IntoView {
    if all == 0 {
        return Either::Left(view! {
            <p>"No rotation is bound to a schedule, so none of them changes."</p>
        });
    }
    let unnamed = all.saturating_sub(named.len());
    let what = count(all, "rotation reverts", "rotations revert");
    Either::Right(view! {
        <p>
            {what}" to Manual, keeping the last members and whoever is on duty now:"
        </p>
        <ul>
            {named.into_iter().map(|rotation| view! { <li><bdi translate="no">{rotation.name}</bdi></li> }).collect_view()}
            {(unnamed > 0).then(|| view! {
                <li>{count(unnamed, "private rotation", "private rotations")}" you cannot see"</li>
            })}
        </ul>
    })
}
