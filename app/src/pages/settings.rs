//! What concerns the whole workspace, and the way to integrations and audit.

use crate::components::use_session;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub(crate) fn SettingsPage() -> impl IntoView {
    let session = use_session();
    let administers = session
        .as_ref()
        .is_some_and(|session| session.person.role.administers());
    view! {
        <Title text="Settings"/>
        <h1>"Settings"</h1>
        {session.map(|session| view! {
            <section class="card" aria-labelledby="general-heading">
                <h2 id="general-heading">"General"</h2>
                <dl class="facts">
                    <div><dt>"Workspace"</dt><dd dir="auto">{session.workspace_name}</dd></div>
                    <div><dt>"Your role in Slack"</dt><dd>{session.person.role.to_string()}</dd></div>
                </dl>
            </section>
        })}
        <section class="card" aria-labelledby="connected-services-heading">
            <h2 id="connected-services-heading">"Other services"</h2>
            <p>"Let a PagerDuty schedule decide who is on duty in a rotation."</p>
            <p><a class="button primary" href="/settings/integrations">"Integrations (Manage & Connect)"</a></p>
        </section>
        {administers.then(|| view! {
            <section class="card" aria-labelledby="audit-heading">
                <h2 id="audit-heading">"What people did"</h2>
                <p>"Who connected, changed or removed something, and when."</p>
                <p><a class="button" href="/settings/audit">"Audit log"</a></p>
            </section>
        })}
    }
}
