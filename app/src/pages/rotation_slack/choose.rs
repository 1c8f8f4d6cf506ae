//! Choosing the user group that holds whoever is on duty: a search, what would become of the group
//! that is chosen, and a form that makes one.

use super::{Actions, kept::confirmation, nobody_choices, search_form, use_elsewhere, warning};
use crate::{
    components::{
        ButtonKind, Cell, Checkbox, Facts, Notice, Row, SubmitButton, Table, TextField, Tone,
        names_markup, redrawn,
    },
    forms::{ActionForm, form_input, form_outcome},
    pages::address::parameter,
    server_fns::MakeDutyGroup,
    view,
};
use leptos::prelude::*;
use types::{
    DutyGroupView, GroupHolds, GroupPreview, GroupRefusal, GroupSummary, NobodyOnDuty,
    TAKEN_OUT_UNASKED,
};

#[component]
pub(super) fn Choose(view: DutyGroupView, id: String, actions: Actions) -> impl IntoView {
    let here = format!("/rotations/{id}/slack");
    let search = parameter("search").get_untracked();
    let results = results(&view, &here, &search);
    view! {
        <p>
            "One handle, such as @payments-oncall, reaches whoever is on duty. Choose a user group of Slack, or make one."
        </p>
        {roads(&view)}
        {search_form(&here, ("search-groups", "search"), "Search user groups", (search, &["group", "holds"]))}
        {results}
        {view.chosen.map(|chosen| view! { <Preview chosen id=id.clone() actions/> })}
        <Make id actions/>
    }
    .into_any()
}

/// In whose name groups are edited, and what it takes where Slack does not let that be. What holds in a
/// workspace Slack tells once something is written, and not before.
fn roads(view: &DutyGroupView) -> AnyView {
    let road = match &view.lent_by {
        Some(name) => view! {
            <p class="hint">
                "Round Robin edits user groups in the name of "<bdi translate="no">{name.clone()}</bdi>
                ", who has allowed that under Settings → Slack."
            </p>
        }
        .into_any(),
        None => view! {
            <p class="hint">
                "Round Robin edits user groups in its own name. Where only admins may edit them, Slack refuses that, \
                and there are two ways: an Owner or Admin lets everybody edit them, in Slack's workspace settings \
                under Permissions → User groups, or lets Round Robin edit them in their own name, here under \
                Settings → Slack."
            </p>
        }
        .into_any(),
    };
    let plan = (!view.has_groups).then(|| {
        view! {
            <p class="hint">
                "Slack has user groups in its paid plans only. On a free one a group can neither be made nor \
                connected; announcements and the topic do without."
            </p>
        }
    });
    view! { {road}{plan} }.into_any()
}

fn results(view: &DutyGroupView, here: &str, search: &str) -> AnyView {
    if view.found.is_empty() {
        let words = match (view.has_groups, search.trim().is_empty()) {
            (false, _) => "The workspace has no user groups yet.",
            (true, true) => {
                "Type a part of its handle or name. What would become of it is shown before anything changes."
            }
            (true, false) => "No user group is found.",
        };
        return view! { <p class="hint">{words}</p> }.into_any();
    }
    let elsewhere = use_elsewhere(here);
    let rows = view.found.iter().map(|group| {
        let chosen = [
            ("search", search),
            ("group", group.id.as_str()),
            ("holds", ""),
        ];
        let link = elsewhere(&chosen);
        row(handle(group), group.name.clone(), link)
    });
    let rows: Vec<_> = rows.collect();
    let more = view.more;
    view! {
        <Table label="User groups" columns=&["Handle", "Name", "Choose"]>{rows}</Table>
        {more.then(|| view! {
            <p class="hint">"There are more. Search for a part of the handle or name."</p>
        })}
    }
    .into_any()
}

fn row(handle: String, name: String, link: String) -> AnyView {
    let target = handle.clone();
    view! {
        <Row>
            <Cell label="Handle"><bdi translate="no">{handle}</bdi></Cell>
            <Cell label="Name"><bdi translate="no">{name}</bdi></Cell>
            <Cell label="Choose">
                <a class="button small" href=link>
                    "Choose"<span class="visually-hidden">" "<bdi translate="no">{target}</bdi></span>
                </a>
            </Cell>
        </Row>
    }
    .into_any()
}

fn handle(group: &GroupSummary) -> String {
    format!("@{}", group.handle)
}

/// Of the box by which somebody says that many may be taken out.
const CONFIRM: &str = "confirm-taking-out";

#[component]
fn Preview(chosen: GroupPreview, id: String, actions: Actions) -> impl IntoView {
    let taken_out = chosen.taken_out.as_ref().map(Vec::len);
    let others = chosen.is_shared.then_some(
        "This group is fed by others, too. Whoever belongs in it by any of them is in it, and what was chosen for it stays.",
    );
    let is_new = !chosen.is_shared;
    let outcome = form_outcome(actions.connect);
    // What the group holds may have become unknown since it was looked at.
    let asked = move || {
        let refused = outcome.refused().and_then(Result::ok);
        refused.is_some_and(|refusal: GroupRefusal| refusal.asks())
    };
    let confirmation = redrawn(move || {
        let confirmation = match taken_out {
            Some(many) if many > TAKEN_OUT_UNASKED => {
                let label = format!("Yes, take these {many} people out of the group");
                view! { <Checkbox id=CONFIRM name="confirmed" label checked=false/> }.into_any()
            }
            None => confirmation(CONFIRM.to_owned()),
            Some(_) if asked() => confirmation(CONFIRM.to_owned()),
            Some(_) => return None,
        };
        Some(view! { <Notice tone=Tone::Warning>{confirmation}</Notice> })
    });
    let then = match (chosen.then, &chosen.now) {
        (Some(then), _) => people(&then),
        (None, Some(_)) => "It stays as it is until somebody is on duty.".into_any(),
        (None, None) => "Whoever is in it stays until somebody is on duty.".into_any(),
    };
    let now = match chosen.now {
        Some(now) => people(&now),
        None => "Not known: Slack does not say who is in it at present.".into_any(),
    };
    let taken_out_now = match chosen.taken_out {
        Some(nobody) if nobody.is_empty() => None,
        Some(some) => Some(people(&some)),
        None => Some("Not known: whoever is in it now and does not belong in it.".into_any()),
    };
    let here = format!("/rotations/{id}/slack");
    let (holds, other) = match chosen.holds {
        GroupHolds::OnDuty => ("Whoever is on duty", GroupHolds::Members),
        GroupHolds::Members => ("All members of the rotation", GroupHolds::OnDuty),
    };
    let to_other = match other {
        GroupHolds::OnDuty => "Look at it with whoever is on duty instead",
        GroupHolds::Members => "Look at it with all members of the rotation instead",
    };
    let link =
        use_elsewhere(&here)(&[("group", chosen.group.id.as_str()), ("holds", other.code())]);
    view! {
        <ActionForm action=actions.connect class="column">
            <h3 translate="no"><bdi>{handle(&chosen.group)}</bdi></h3>
            <input type="hidden" name="rotation" value=id/>
            <input type="hidden" name="group" value=chosen.group.id.to_string()/>
            <input type="hidden" name="holds" value=chosen.holds.code()/>
            <Facts>
                <div>
                    <dt>"Who belongs in it"</dt>
                    <dd>{holds}". "<a href=link>{to_other}</a></dd>
                </div>
                <div><dt>"In it now"</dt><dd>{now}</dd></div>
                <div><dt>"In it then"</dt><dd>{then}</dd></div>
                {taken_out_now.map(|people| view! { <div><dt>"Taken out"</dt><dd>{people}</dd></div> })}
            </Facts>
            {others.map(|others| view! { <p class="hint">{others}</p> })}
            {chosen.joins_channels.then(|| warning(
                "The group has channels of its own: whoever comes into it is made to join these.".to_owned()
            ))}
            {is_new.then(|| nobody_choices(NobodyOnDuty::default()))}
            {confirmation}
            <div class="buttons">
                <SubmitButton
                    label="Connect group" busy_label="Connecting…"
                    kind=ButtonKind::Primary pending=actions.connect.pending()
                />
            </div>
        </ActionForm>
    }
    .into_any()
}

/// Names, in an element of its own each.
fn people(names: &[String]) -> AnyView {
    match names {
        [] => "Nobody".into_any(),
        names => {
            let names = names_markup(names).into_string();
            view! { <span translate="no" inner_html=names></span> }.into_any()
        }
    }
}

#[component]
fn Make(id: String, actions: Actions) -> impl IntoView {
    let outcome = form_outcome(actions.make);
    let problem = Signal::derive(move || match outcome.refused()? {
        Ok(refusal) => Some(refusal.to_string()),
        Err(error) => Some(error.to_string()),
    });
    let value = form_input::<MakeDutyGroup, String>().unwrap_or_default();
    view! {
        <ActionForm action=actions.make class="column">
            <h3>"Make a group"</h3>
            <input type="hidden" name="rotation" value=id/>
            <TextField
                id="handle" name="handle" label="Handle"
                hint="Small letters, digits and hyphens, such as payments-oncall."
                value problem
            />
            <div class="buttons">
                <SubmitButton label="Make group" busy_label="Making…" pending=actions.make.pending()/>
            </div>
        </ActionForm>
    }
    .into_any()
}
