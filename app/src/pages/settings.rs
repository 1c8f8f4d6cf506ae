//! Settings: what concerns the whole workspace and this browser, and the tabs that
//! lead to integrations, audit and background work.

use super::workspace_zone::WorkspaceZoneCard;
use crate::{
    components::{Card, Facts, Tab, Tabs, ZoneCard, use_session, use_title},
    data::from_page,
    view,
};
use leptos::prelude::*;
use types::Theme;

const GENERAL: Tab = Tab {
    href: "/settings",
    label: "General",
    exact: true,
};
const INTEGRATIONS: Tab = Tab {
    href: "/settings/integrations",
    label: "Integrations",
    exact: false,
};
const SLACK: Tab = Tab {
    href: "/settings/slack",
    label: "Slack",
    exact: true,
};
const CALENDARS: Tab = Tab {
    href: "/settings/calendars",
    label: "Calendars",
    exact: true,
};
const NOTIFICATIONS: Tab = Tab {
    href: "/settings/notifications",
    label: "My notifications",
    exact: true,
};
const ABSENCES: Tab = Tab {
    href: "/settings/absences",
    label: "My absences",
    exact: true,
};
const HOLIDAYS: Tab = Tab {
    href: "/settings/holidays",
    label: "Holidays",
    exact: true,
};
const AUDIT: Tab = Tab {
    href: "/settings/audit",
    label: "Audit",
    exact: true,
};

const BACKGROUND: Tab = Tab {
    href: "/settings/background",
    label: "Background work",
    exact: true,
};

/// The tabs that the reader may open.
#[component]
pub(super) fn SettingsTabs() -> impl IntoView {
    let administers = use_session().is_some_and(|session| session.person.role.administers());
    let mut tabs = vec![GENERAL, INTEGRATIONS, NOTIFICATIONS, ABSENCES, CALENDARS];
    if administers {
        tabs.extend([SLACK, HOLIDAYS, AUDIT, BACKGROUND]);
    }
    view! { <Tabs label="Parts of the settings" tabs/> }
}

#[component]
pub(crate) fn SettingsPage() -> impl IntoView {
    let session = use_session();
    let administers = session
        .as_ref()
        .is_some_and(|session| session.person.role.administers());
    use_title(|| "Settings".to_owned());
    view! {
        <h1>"Settings"</h1>
        <SettingsTabs/>
        {session.map(|session| view! {
            <Card id="general-heading" title="General">
                <Facts>
                    <div><dt>"Workspace"</dt><dd dir="auto" translate="no">{session.workspace_name}</dd></div>
                    <div><dt>"Signed in as"</dt><dd dir="auto" translate="no">{session.person.name}</dd></div>
                    <div><dt>"Your role in Slack"</dt><dd>{session.person.role.to_string()}</dd></div>
                </Facts>
            </Card>
        })}
        <Card id="connected-services-heading" title="Other services">
            <p>"Let a PagerDuty schedule decide who is on duty in a rotation."</p>
            <p><a class="button primary" href="/settings/integrations">"Integrations (Manage & Connect)"</a></p>
        </Card>
        <Appearance/>
        <ZoneCard/>
        {administers.then(|| view! { <WorkspaceZoneCard/> })}
        {administers.then(|| view! {
            <Card id="audit-heading" title="What people did">
                <p>"Who connected, changed or removed something, and when."</p>
                <p><a class="button" href="/settings/audit">"Audit log"</a></p>
            </Card>
        })}
    }
}

/// A plain form: the colours belong to the document, which comes anew.
#[component]
fn Appearance() -> impl IntoView {
    let chosen = from_page(chosen_theme);
    view! {
        <Card id="appearance-heading" title="Colours">
            <p>"Of this browser only. Others keep theirs."</p>
            <form method="post" action="/api/theme" class="buttons">
                {Theme::ALL.map(|theme| view! {
                    <button
                        type="submit" class="button" name="theme" value=theme.code()
                        aria-pressed=(theme == chosen).to_string()
                    >
                        {theme.label()}
                    </button>
                }).collect_view()}
            </form>
        </Card>
    }
}

#[cfg(feature = "ssr")]
fn chosen_theme() -> Theme {
    crate::server_fns::from_request::<Theme>().unwrap_or_default()
}

/// In a page that came without the settings the document itself knows.
#[cfg(not(feature = "ssr"))]
fn chosen_theme() -> Theme {
    document()
        .document_element()
        .and_then(|document| document.get_attribute("data-theme"))
        .and_then(|code| Theme::from_code(&code))
        .unwrap_or_default()
}
