//! The form for the time zone of the workspace, which admins choose.

use crate::{
    components::{ButtonKind, Card, FailureNotice, SubmitButton, TextField, loaded},
    data::{DataMemo, Resource},
    forms::{ActionForm, Failure, ServerAction, form_input, form_outcome},
    server_fns::{SetWorkspaceZone, WorkspaceZone},
    view,
};
use leptos::prelude::*;
use types::WorkspaceZoneView;

#[component]
pub(super) fn WorkspaceZoneCard() -> impl IntoView {
    let set = ServerAction::<SetWorkspaceZone>::telling("The time zone was saved.");
    let view = Resource::new(|| WorkspaceZone {});
    view! {
        <Card id="workspace-zone-heading" title="Time zone of the workspace">
            <p>
                "It holds where nothing nearer is known: in topics of channels whose rotation has no schedule with a \
                zone, and for the quiet hours of people of whom Slack tells none."
            </p>
            {loaded(view, move |view: DataMemo<WorkspaceZoneView>| view! {
                <ZoneForm view=view.get_untracked() set/>
            })}
        </Card>
    }
    .into_any()
}

#[component]
fn ZoneForm(view: WorkspaceZoneView, set: ServerAction<SetWorkspaceZone>) -> impl IntoView {
    let outcome = form_outcome(set);
    let refused = Signal::derive(move || outcome.refused());
    let problem = Signal::derive(move || match refused.get()? {
        Ok(refusal) => Some(refusal.to_string()),
        Err(_) => None,
    });
    let failure = Signal::derive(move || match refused.get()? {
        Err(error) => Some(Failure::Failed(error)),
        Ok(_) => None,
    });
    let value = form_input::<SetWorkspaceZone, String>().unwrap_or(view.zone);
    view! {
        <ActionForm action=set class="column">
            <FailureNotice failure/>
            <TextField
                id="workspace-zone" name="zone" label="Zone"
                hint="By continent and city, such as Europe/Paris. Leave it empty for UTC."
                value problem
            />
            <div class="buttons">
                <SubmitButton
                    label="Save zone" busy_label="Saving…"
                    kind=ButtonKind::Primary pending=set.pending()
                />
            </div>
        </ActionForm>
    }
    .into_any()
}
