//! Tells on every page, also one that has long been open, what somebody has to mend
//! before duty can be trusted: nobody should learn at 3 a.m. that a login ended days ago.

use super::{Notice, Time, Tone, answered::once_answered, use_session};
use crate::{data::Resource, live::use_live, server_fns::Alerts, view};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_location;
use types::{ConnectionAlert, EndedInstallation};

/// Where PagerDuty's connection is mended.
const PANEL: &str = "/settings/integrations";
/// Pages that say themselves what ails PagerDuty.
const SAY_SO: [&str; 2] = [PANEL, "/"];

#[component]
pub(crate) fn AlertBanners() -> impl IntoView {
    let live = use_live();
    let alerts = Resource::following(move || live.connection(), || Alerts {});
    let path = use_location().pathname;
    let elsewhere = Memo::new(move |_| path.with(|path| !SAY_SO.contains(&path.as_str())));
    let administers = use_session().is_some_and(|session| session.person.role.administers());
    let banners = move || {
        let alerts = alerts.get().and_then(Result::ok)?;
        let pagerduty = alerts.pagerduty.clone().filter(|_| elsewhere.get());
        Some(view! {
            {alerts.installation.clone().map(|ended| installation(ended, administers))}
            {pagerduty.map(connection)}
        })
    };
    let content = move || view! { <div role="status">{banners}</div> }.into_any();
    once_answered(|| ().into_any(), content)
}

/// Says why nothing can be changed, until when what is here can be read, and the
/// way out.
fn installation(ended: EndedInstallation, administers: bool) -> AnyView {
    view! {
        <Notice tone=Tone::Bad>
            <p translate="no">
                <strong>"Round Robin is not installed in Slack any more"</strong>
                {format!(" (Slack says {}). ", ended.word)}
                "Nothing can be changed, and reading ends "<Time at=ended.readable_until/>". "
                {if administers {
                    Either::Left(view! {
                        <a href="/api/auth/slack/login" rel="external">
                            "Sign in again and add Round Robin"
                        </a>
                    })
                } else {
                    Either::Right("Ask an Owner or Admin to sign in again and add it.")
                }}
            </p>
        </Notice>
    }
    .into_any()
}

fn connection(alert: ConnectionAlert) -> AnyView {
    view! {
        <Notice tone=Tone::Bad>
            <p translate="no">
                <strong>"PagerDuty needs reconnection. "</strong>
                {alert.problem.to_string()}
            </p>
            <p translate="no">
                "Bound rotations go on with the shifts that are known"
                {alert.last_synced_at.map(|at| view! { ", as of "<Time at relative=true/> })}
                ". "<a href=PANEL>"Open Integrations"</a>
            </p>
        </Notice>
    }
    .into_any()
}
