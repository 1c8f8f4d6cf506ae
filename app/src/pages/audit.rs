//! Settings → Audit: who did what, newest first.

use super::address::{address, parameter};
use crate::{
    components::{Badge, EmptyState, Time, Tone, loaded},
    server_fns::audit,
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use types::{AuditEntry, AuditPage};

const ADDRESS: &str = "/settings/audit";

#[component]
pub(crate) fn AuditLogPage() -> impl IntoView {
    let older_than = parameter("older_than");
    let page = Resource::new(move || older_than.get(), audit);
    view! {
        <Title text="Audit log"/>
        <h1>"Audit log"</h1>
        {loaded(page, move |page: Memo<AuditPage>| view! {
            {move || {
                let AuditPage { entries, older_than } = page.get();
                if entries.is_empty() {
                    Either::Left(view! { <Nothing/> })
                } else {
                    Either::Right(view! { <Entries entries/><Older older_than/> })
                }
            }}
            {move || (!older_than.with(String::is_empty)).then(|| view! {
                <p><a href=ADDRESS>"Back to the newest entries"</a></p>
            })}
        })}
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <EmptyState title="Nothing here">
            <p>"What people do from now on is listed here."</p>
        </EmptyState>
    }
}

#[component]
fn Older(older_than: Option<types::AuditId>) -> impl IntoView {
    older_than.map(|id| {
        let older = address(ADDRESS, &[("older_than", id.as_str())]);
        view! { <p><a class="button" href=older>"Older entries"</a></p> }
    })
}

#[component]
fn Entries(entries: Vec<AuditEntry>) -> impl IntoView {
    view! {
        <div class="table-scroll" role="region" aria-label="Entries" tabindex="0">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        <th scope="col">"Who"</th>
                        <th scope="col">"What"</th>
                        <th scope="col">"On what"</th>
                        <th scope="col">"Change"</th>
                        <th scope="col">"Request"</th>
                    </tr>
                </thead>
                <tbody>
                    {entries.into_iter().map(|entry| view! { <Entry entry/> }).collect_view()}
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Entry(entry: AuditEntry) -> impl IntoView {
    let change = match (entry.before, entry.after) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => String::new(),
    };
    view! {
        <tr>
            <td class="nowrap"><Time at=entry.at/></td>
            <td dir="auto">{entry.actor}</td>
            <td>
                {entry.action.to_string()}
                {entry.refused.then(|| view! { " "<Badge tone=Tone::Bad text="Refused"/> })}
            </td>
            <td dir="auto">{entry.target}</td>
            <td dir="auto">{change}</td>
            <td><code>{entry.request_id}</code></td>
        </tr>
    }
}
