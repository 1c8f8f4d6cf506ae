//! The search for a channel, which fills in the field of one of the forms below it. It is a form of
//! its own, so it works without our code.

use super::{allow, search_form, use_elsewhere, warning};
use crate::{
    components::{Badge, Card, Cell, Row, Table, Tone, loaded, redrawn},
    data::{DataMemo, Resource},
    pages::address::parameter,
    server_fns::SlackChannels,
    view,
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use types::{
    ChannelFacts, ChannelSummary, ChannelsFound, RotationId, SlackCapability, SlackChannelId,
};

/// The parameters of the page's address: what is searched for, and which channel was chosen for what.
pub(super) const SEARCH: &str = "channels";
pub(super) const ANNOUNCE: &str = "announce_in";
pub(super) const TOPIC: &str = "topic_in";

#[component]
pub(super) fn FindChannel(id: RotationId) -> impl IntoView {
    let here = format!("/rotations/{id}/slack");
    let search = parameter(SEARCH);
    let found = Resource::new(move || SlackChannels {
        rotation: id.clone(),
        search: search.get(),
    });
    view! {
        <Card id="find-channel-heading" title="Find a channel">
            {search_form(&here, ("search-channels", SEARCH), "Search channels", (search.get_untracked(), &[]))}
            {loaded(found, move |found: DataMemo<ChannelsFound>| {
                let (here, address) = (here.clone(), use_location().search);
                redrawn(move || {
                    // The links hold what is chosen beside it, also later.
                    address.track();
                    results(found.get(), &here, &search.get())
                })
            })}
        </Card>
    }
}

fn results(view: ChannelsFound, here: &str, search: &str) -> AnyView {
    if let Some(trouble) = view.trouble {
        return warning(trouble);
    }
    if !view.may_read {
        return allow(SlackCapability::Topics, "read the list of channels", here);
    }
    let not_all = (!view.searched_all).then(|| {
        view! {
            <p class="hint">
                "Slack has more channels than were read, so one may be missing here. Its ID can be typed below all the same."
            </p>
        }
    });
    let is_nothing = view.found.is_empty();
    let words = match (is_nothing, search.trim().is_empty()) {
        (true, true) => Some(
            "Type a part of its name. What you choose is filled in below, and saved when you save it there.",
        ),
        (true, false) if view.searched_private => Some(
            "No channel is found, neither a public one nor a private one that both you and Round Robin are in. An ID can be typed below all the same.",
        ),
        (true, false) => {
            Some("No public channel is found. Private ones are not listed: type the ID below.")
        }
        (false, _) if view.more => Some("There are more. Search for more of the name."),
        (false, _) => None,
    };
    let elsewhere = use_elsewhere(here);
    let rows = view
        .found
        .into_iter()
        .map(|channel| row(channel, search, &elsewhere));
    let rows: Vec<_> = rows.collect();
    view! {
        {(!is_nothing).then(|| view! {
            <Table label="Channels" columns=&["Channel", "ID", "Choose"]>{rows}</Table>
        })}
        {words.map(|words| view! { <p class="hint">{words}</p> })}
        {not_all}
    }
    .into_any()
}

fn row(
    channel: ChannelSummary,
    search: &str,
    elsewhere: &impl Fn(&[(&str, &str)]) -> String,
) -> AnyView {
    let ChannelSummary {
        id,
        name,
        is_private,
    } = channel;
    let choose = |parameter, field, label| {
        let link = elsewhere(&[(SEARCH, search), (parameter, id.as_str())]);
        fill_in(link, field, label, name.clone())
    };
    let choices = [
        choose(ANNOUNCE, "channel", "Announcements"),
        choose(TOPIC, "topic-channel", "Topic"),
    ];
    view! {
        <Row>
            <Cell label="Channel">
                <bdi translate="no">{format!("#{name}")}</bdi>
                {is_private.then(|| view! { " "<Badge tone=Tone::Neutral text="Private"/> })}
            </Cell>
            <Cell label="ID"><code translate="no">{id.to_string()}</code></Cell>
            <Cell label="Choose"><div class="buttons">{choices.into_iter().collect_view()}</div></Cell>
        </Row>
    }
    .into_any()
}

/// A link to this page by which a channel is filled in in the form with this field.
pub(super) fn fill_in(
    link: String,
    field: &'static str,
    label: &'static str,
    channel: String,
) -> AnyView {
    // The page begins anew, at the field that is filled in.
    let link = format!("{link}#{field}");
    view! {
        <a class="button small" href=link rel="external">
            {label}<span class="visually-hidden">" in "<bdi translate="no">{channel}</bdi></span>
        </a>
    }
    .into_any()
}

/// A channel that was chosen, as far as Slack has told of it.
pub(super) fn named(id: &SlackChannelId, facts: Option<ChannelFacts>) -> AnyView {
    let id = view! { <code translate="no">{id.to_string()}</code> };
    let Some(facts) = facts else {
        return id.into_any();
    };
    let name = facts.name.map(|name| {
        view! { <bdi translate="no">{format!("#{name}")}</bdi>" " }
    });
    let badge = |is_so: bool, text: &'static str| {
        is_so.then(|| view! { " "<Badge tone=Tone::Neutral text/> })
    };
    view! {
        {name}{id}
        {badge(facts.is_private && facts.is_member, "Private")}
        {badge(facts.is_archived, "Archived")}
    }
    .into_any()
}
