//! The user group that holds whoever is on duty: what became of it, what is wrong, and who else is
//! in it.

use super::{Actions, Choices, button, holds_choices, nobody_choices, warning};
use crate::{
    components::{
        Badge, ButtonKind, Checkbox, Facts, SubmitButton, Time, Tone, names_markup, redrawn,
    },
    forms::{ActionForm, form_outcome},
    pages::person_select::{PeopleSearch, PersonSelect},
    view,
};
use leptos::prelude::*;
use types::{
    MemberKey, NobodyOnDuty, PersonId, Standby, StandbyForm, StandbyRefusal, TAKEN_OUT_UNASKED,
    WhyLeftOut,
};

#[component]
pub(super) fn KeptGroup(
    kept: types::KeptGroup,
    id: String,
    actions: Actions,
    choices: Choices,
) -> impl IntoView {
    let members = match &kept.members {
        None => "Not known yet".into_any(),
        Some(members) if members.is_empty() => "Nobody".into_any(),
        Some(members) => {
            let names = names_markup(members).into_string();
            view! { <span translate="no" inner_html=names></span> }.into_any()
        }
    };
    let written = match (kept.written_at, kept.waiting) {
        (_, true) => "Slack is being told".into_any(),
        (Some(at), _) => view! { <Time at relative=true/> }.into_any(),
        (None, _) => "Nothing had to be changed yet".into_any(),
    };
    let edited = kept.edited.map(|(at, by)| {
        view! {
            <div>
                <dt>"Changed by hand"</dt>
                <dd>
                    <Time at relative=true/>
                    {by.map(|by| view! { " by "<bdi translate="no">{by}</bdi> })}
                </dd>
            </div>
        }
    });
    let in_vain = kept.trouble_since.map(|at| {
        view! { <div><dt>"In vain since"</dt><dd><Time at relative=true/></dd></div> }
    });
    let left_out = kept.left_out.into_iter().map(|(name, why)| {
        let why = match why {
            WhyLeftOut::NotLinked => {
                "belongs in the group and is not in it: nobody in Slack is known to be them."
            }
            WhyLeftOut::Deactivated => {
                "belongs in the group and is not in it: their account in Slack is deactivated."
            }
            WhyLeftOut::NotTaken => {
                "belongs in the group and is not in it: Slack does not take them into user groups."
            }
        };
        view! { <p class="hint"><bdi translate="no">{name}</bdi>" "{why}</p> }
    });
    let left_out = left_out.collect_view();
    let shared = kept.is_shared.then(|| view! {
        <p class="hint">
            "This group is fed by others, too. Whom of this rotation it holds is chosen here for this one alone, all \
            else for all of them."
        </p>
    });
    let stays = (kept.when_nobody == NobodyOnDuty::Keep && !kept.permanent.is_empty()).then(|| {
        view! {
            <p class="hint">
                "Whoever is removed here while nobody is on duty stays in the group until somebody is."
            </p>
        }
    });
    let permanent = (Standby::Permanent, kept.permanent);
    let permanent = standby(permanent, &id, actions, choices.permanent);
    let fallback = (kept.when_nobody == NobodyOnDuty::Fallback).then(|| {
        standby(
            (Standby::Fallback, kept.fallback),
            &id,
            actions,
            choices.fallback,
        )
    });
    let write = button(actions.write, &id, "Write now", "Asking…");
    let of_holds = id.clone();
    let leave = button(actions.leave, &id, "Disconnect group", "Disconnecting…");
    view! {
        {kept.trouble.map(warning)}
        <Facts>
            <div>
                <dt>"Group"</dt>
                <dd>
                    <bdi translate="no">{format!("@{}", kept.handle)}</bdi>" "
                    {kept.disabled.then(|| view! { <Badge tone=Tone::Neutral text="Disabled"/> })}
                </dd>
            </div>
            <div><dt>"In it"</dt><dd>{members}</dd></div>
            <div><dt>"Last written"</dt><dd>{written}</dd></div>
            {edited}
            {in_vain}
        </Facts>
        {left_out}
        {shared}
        <div class="buttons">
            {write}
            {leave}
        </div>
        <p class="hint">
            "Once it is disconnected, whoever is in the group stays until somebody changes it in Slack."
        </p>
        <ActionForm action=actions.holds class="column">
            <input type="hidden" name="rotation" value=of_holds/>
            {holds_choices(kept.holds)}
            {confirmation("confirm-holds".to_owned())}
            <div class="buttons">
                <SubmitButton
                    label="Save" target="who is in the group" busy_label="Saving…"
                    pending=actions.holds.pending()
                />
            </div>
        </ActionForm>
        <ActionForm action=actions.when_nobody class="column">
            <input type="hidden" name="rotation" value=id/>
            {nobody_choices(kept.when_nobody)}
            {confirmation("confirm-nobody".to_owned())}
            <div class="buttons">
                <SubmitButton label="Save" busy_label="Saving…" pending=actions.when_nobody.pending()/>
            </div>
        </ActionForm>
        {fallback}
        {permanent}
        {stays}
    }
    .into_any()
}

/// By what somebody says that many may be taken out of the group.
pub(super) fn confirmation(id: String) -> AnyView {
    let label =
        format!("Also where it takes more than {TAKEN_OUT_UNASKED} people out of the group");
    view! { <Checkbox id name="confirmed" label checked=false/> }.into_any()
}

/// The same in one of many forms: once it has asked for it.
fn confirmation_where_asked(id: String, form: StandbyForm, actions: Actions) -> AnyView {
    let outcome = form_outcome(actions.standby);
    redrawn(move || {
        let refused = outcome.refused().and_then(Result::ok);
        let asks = refused
            .is_some_and(|refused: StandbyRefusal| refused.form == form && refused.refusal.asks());
        asks.then(|| confirmation(id.clone()))
    })
}

/// People who are in the group beside those on duty, or in their place.
fn standby(
    (standby, people): (Standby, Vec<(PersonId, String)>),
    id: &str,
    actions: Actions,
    search: PeopleSearch,
) -> AnyView {
    let (heading, field, label) = match standby {
        Standby::Permanent => (
            "Always in it",
            "add-permanent",
            "Have somebody always in it",
        ),
        Standby::Fallback => (
            "In it while nobody is on duty",
            "add-fallback",
            "Have somebody in it while nobody is on duty",
        ),
    };
    let code = standby.code();
    let present: Vec<_> = people
        .iter()
        .map(|(id, _)| MemberKey::of_person(id))
        .collect();
    let is_empty = people.is_empty();
    let rows = people.into_iter();
    let rows = rows.map(|(person, name)| row(code, person, name, id.to_owned(), actions));
    let rows: Vec<_> = rows.collect();
    let (id, here) = (id.to_owned(), format!("/rotations/{id}/slack"));
    let form = StandbyForm {
        standby: code.to_owned(),
        person: None,
    };
    let confirm = confirmation_where_asked(format!("confirm-{code}"), form, actions);
    view! {
        <h3>{heading}</h3>
        {is_empty.then(|| view! { <p class="hint">"Nobody."</p> })}
        {(!is_empty).then(|| view! { <ul class="people">{rows}</ul> })}
        <ActionForm action=actions.standby class="picker">
            <input type="hidden" name="rotation" value=id/>
            <input type="hidden" name="standby" value=code/>
            <input type="hidden" name="is_in" value="true"/>
            <PersonSelect
                id=field label people=search left_out=Signal::stored(present)
                here
            />
            {confirm}
            <SubmitButton label="Add" target=heading pending=actions.standby.pending()/>
        </ActionForm>
    }
    .into_any()
}

fn row(
    standby: &'static str,
    person: PersonId,
    name: String,
    rotation: String,
    actions: Actions,
) -> AnyView {
    let target = name.clone();
    let form = StandbyForm {
        standby: standby.to_owned(),
        person: Some(person.to_string()),
    };
    let confirm = confirmation_where_asked(format!("confirm-{standby}-{person}"), form, actions);
    view! {
        <li>
            <bdi translate="no">{name}</bdi>
            <div class="row-buttons">
                <ActionForm action=actions.standby>
                    <input type="hidden" name="rotation" value=rotation/>
                    <input type="hidden" name="standby" value=standby/>
                    <input type="hidden" name="person" value=person.to_string()/>
                    <input type="hidden" name="is_in" value="false"/>
                    {confirm}
                    <SubmitButton
                        label="Remove" target kind=ButtonKind::Small
                        pending=actions.standby.pending()
                    />
                </ActionForm>
            </div>
        </li>
    }
    .into_any()
}
