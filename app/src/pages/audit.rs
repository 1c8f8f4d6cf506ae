//! Settings → Audit: who did what, newest first, page by page. The address says where the page
//! begins, so it can be shared, and the links lead on without our code as well.

use super::{
    address::{address, parameter},
    settings::SettingsTabs,
};
use crate::{
    components::{
        Badge, Cell, EmptyState, Id, Row, Table, Time, Tone, day_in_words, loaded, redrawn,
        use_clock, use_title,
    },
    data::{DataMemo, Resource},
    server_fns::Audit,
    view,
};
use leptos::{either::Either, html, prelude::*};
use types::{AUDIT_KEPT_DAYS, AuditActor, AuditEntry, AuditId, AuditPage, audit_cursor};

const ADDRESS: &str = "/settings/audit";

#[component]
pub(crate) fn AuditLogPage() -> impl IntoView {
    let address = parameter("older_than");
    let older_than = DataMemo::new(move || address.with(|text| audit_cursor(text)));
    let page = Resource::new(move || Audit {
        older_than: older_than.get().map(String::from).unwrap_or_default(),
    });
    let title = move || match older_than.with(Option::is_some) {
        true => "Audit log, older entries",
        false => "Audit log",
    };
    use_title(move || title().to_owned());
    let heading = NodeRef::<html::H1>::new();
    // The address of the page stays the same, so nobody else moves the focus to its top.
    Effect::watch(
        move || older_than.get(),
        move |_, _, _| {
            if let Some(heading) = heading.get_untracked() {
                let _gone = heading.focus();
            }
        },
        false,
    );
    view! {
        <h1 tabindex="-1" node_ref=heading>{title}</h1>
        <SettingsTabs/>
        <p>{format!("Entries are kept for {AUDIT_KEPT_DAYS} days.")}</p>
        {loaded(page, move |page: DataMemo<AuditPage>| view! {
            {redrawn(move || {
                let AuditPage { entries, older_than } = page.get();
                if entries.is_empty() {
                    Either::Left(view! { <Nothing/> })
                } else {
                    Either::Right(view! { <Entries entries/><Older older_than/> })
                }
            })}
            {redrawn(move || older_than.with(Option::is_some).then(|| view! {
                <p><a href=ADDRESS>"Newest entries"</a></p>
            }))}
        })}
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <EmptyState title="Nothing here">
            <p>"What people do from now on is listed under the newest entries."</p>
        </EmptyState>
    }
}

#[component]
fn Older(older_than: Option<AuditId>) -> impl IntoView {
    older_than.map(|id| {
        let older = address(ADDRESS, &[("older_than", id.as_str())]);
        view! { <p><a class="button" href=older>"Older entries"</a></p> }
    })
}

#[component]
fn Entries(entries: Vec<AuditEntry>) -> impl IntoView {
    let clock = use_clock();
    view! {
        <Table label="Entries" columns=&["When", "Who", "What", "On what", "Change", "Request"]>
            {redrawn(move || {
                let days = by_day(entries.clone(), |entry| day_in_words(entry.at, clock));
                days.into_iter().map(|(day, entries)| view! {
                    <tr role="row" class="day"><th role="rowheader" colspan="6">{day}</th></tr>
                    {entries.into_iter().map(|entry| view! { <Entry entry/> }).collect_view()}
                }).collect_view()
            })}
        </Table>
    }
}

/// The entries, which come by their time, under the day of each.
fn by_day(
    entries: Vec<AuditEntry>,
    day: impl Fn(&AuditEntry) -> String,
) -> Vec<(String, Vec<AuditEntry>)> {
    let mut days: Vec<(String, Vec<AuditEntry>)> = Vec::new();
    for entry in entries {
        let day = day(&entry);
        match days.last_mut() {
            Some((last, entries)) if *last == day => entries.push(entry),
            _ => days.push((day, vec![entry])),
        }
    }
    days
}

#[component]
fn Who(actor: AuditActor) -> impl IntoView {
    let words = actor.to_string();
    match actor {
        AuditActor::System => Either::Left(words),
        AuditActor::Session(_)
        | AuditActor::Feed(_)
        | AuditActor::Command(_)
        | AuditActor::Unknown(_) => Either::Right(view! { <bdi translate="no">{words}</bdi> }),
    }
}

#[component]
fn Entry(entry: AuditEntry) -> impl IntoView {
    let change = match (entry.before, entry.after) {
        (Some(before), Some(after)) => Some(format!("{before} → {after}")),
        (only, None) | (None, only) => only,
    };
    view! {
        <Row>
            <Cell label="When"><span class="nowrap"><Time at=entry.at/></span></Cell>
            <Cell label="Who"><Who actor=entry.actor/></Cell>
            <Cell label="What">
                <span>
                    {entry.action.to_string()}
                    {entry.refused.then(|| view! { " "<Badge tone=Tone::Bad text="Refused"/> })}
                </span>
            </Cell>
            <Cell label="On what">
                {entry.target.map(|target| {
                    let target = view! { <bdi translate="no">{target}</bdi> };
                    match entry.rotation {
                        Some(id) => Either::Left(view! { <a href=format!("/rotations/{id}")>{target}</a> }),
                        None => Either::Right(target),
                    }
                })}
            </Cell>
            <Cell label="Change">{change.map(|change| view! { <bdi translate="no">{change}</bdi> })}</Cell>
            <Cell label="Request">{entry.request_id.map(|text| view! { <Id text/> })}</Cell>
        </Row>
    }
}
