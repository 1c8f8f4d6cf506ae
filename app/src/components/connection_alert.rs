//! Tells those who can mend it, on every page, that PagerDuty needs them: nobody
//! should learn at 3 a.m. that a login ended days ago.

use super::{Notice, Time, Tone};
use crate::{data::Resource, live::use_live, server_fns::PagerdutyAlert};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use types::ConnectionAlert;

/// Where it is mended, and where the card already says so.
const PANEL: &str = "/settings/integrations";

#[component]
pub(crate) fn ConnectionAlertBanner() -> impl IntoView {
    let live = use_live();
    let alert = Resource::following(move || live.connection(), || PagerdutyAlert {});
    let path = use_location().pathname;
    let elsewhere = Memo::new(move |_| path.with(|path| path != PANEL));
    view! {
        <Transition>
            <div role="status">
                {move || {
                    let alert = alert.get().and_then(Result::ok);
                    let alert = alert.and_then(|alert| alert.as_ref().cloned());
                    alert.filter(|_| elsewhere.get()).map(|alert| view! { <Banner alert/> })
                }}
            </div>
        </Transition>
    }
}

#[component]
fn Banner(alert: ConnectionAlert) -> impl IntoView {
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
}
