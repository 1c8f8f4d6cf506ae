//! Saying by hand who somebody of PagerDuty is in Slack, on the panel, to which a
//! rotation's page leads. The address names whom the dialog is about, so the dialog
//! opens without our code as well.

use super::{
    address::{address, parameter, use_leaving_query},
    integrations::ADDRESS,
    person_select::{PeopleSearch, PersonSelect},
};
use crate::{
    components::{
        ButtonKind, CancelButton, Dialog, FailureNotice, Notice, Status, SubmitButton, Tone,
        redrawn,
    },
    data::DataMemo,
    forms::{ActionForm, Calls, FormOutcome, Forms, ServerAction, failure, form_outcome},
    server_fns::{LinkPerson, UnlinkPerson},
    view,
};
use leptos::{ev::SubmitEvent, prelude::*, wasm_bindgen::JsCast};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use types::{LinkRefusal, LinkState, PagerDutyUserId};
use web_sys::HtmlButtonElement;

const DIALOG: &str = "link-person";
/// The parameter of the address that names the PagerDuty user.
const PARAMETER: &str = "link";
/// The forms that the buttons of all rows send.
const LINK_FORM: &str = "link-form";
const UNLINK_FORM: &str = "unlink-form";

/// What can be done about links, and what it last came to.
#[derive(Clone, Copy)]
pub(super) struct Links {
    link: ServerAction<LinkPerson>,
    unlink: ServerAction<UnlinkPerson>,
    link_outcome: FormOutcome<(), LinkRefusal>,
    unlink_outcome: FormOutcome<(), LinkRefusal>,
    /// Whom the address asks about; empty when it does not.
    pub(super) wanted: Memo<String>,
    forms: Forms,
}

impl Links {
    pub(super) fn new() -> Self {
        let link = ServerAction::new();
        let unlink = ServerAction::new();
        Self {
            link,
            unlink,
            link_outcome: form_outcome(link),
            unlink_outcome: form_outcome(unlink),
            wanted: parameter(PARAMETER),
            forms: Forms::of(vec![link.calls(), unlink.calls()]),
        }
    }

    pub(super) const fn calls(self) -> [Calls; 2] {
        [self.link.calls(), self.unlink.calls()]
    }

    /// The one of `linkable` whom the address asks about.
    pub(super) fn asked(self, linkable: Signal<Vec<Linkable>>) -> DataMemo<Option<Linkable>> {
        DataMemo::new(move || {
            let wanted = self.wanted.get();
            linkable.with(|people| {
                people
                    .iter()
                    .find(|person| person.user.as_str() == wanted)
                    .cloned()
            })
        })
    }
}

/// Somebody of PagerDuty who can be linked by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Linkable {
    pub(super) user: PagerDutyUserId,
    pub(super) name: String,
}

/// What the buttons about links send, once on a page. They are forms, so that the buttons
/// work without our code as well.
#[component]
pub(super) fn LinkForms(links: Links) -> impl IntoView {
    let navigate = use_navigate();
    view! {
        <div hidden>
            <form id=LINK_FORM method="get" action=ADDRESS on:submit=move |event| {
                event.prevent_default();
                let dialog = address(ADDRESS, &[(PARAMETER, &chosen(&event))]);
                navigate(&dialog, NavigateOptions { scroll: false, ..NavigateOptions::default() });
            }></form>
            <ActionForm action=links.unlink id=UNLINK_FORM>""</ActionForm>
        </div>
    }
    .into_any()
}

/// The value of the button that sends a form.
fn chosen(event: &SubmitEvent) -> String {
    let button = event
        .submitter()
        .and_then(|button| button.dyn_into::<HtmlButtonElement>().ok());
    button.map(|button| button.value()).unwrap_or_default()
}

/// What can be done about the link of somebody: the form, its field and the words for it.
const fn offered(state: LinkState) -> Option<(&'static str, &'static str, &'static str)> {
    match state {
        LinkState::Linked => None,
        LinkState::LinkedByHand => Some((UNLINK_FORM, "user", "Undo link")),
        _ => Some((LINK_FORM, PARAMETER, "Link to Slack…")),
    }
}

/// Says who somebody is in Slack, or takes that back.
#[component]
pub(super) fn LinkButton(who: Linkable, state: LinkState) -> impl IntoView {
    offered(state).map(|(form, name, label)| {
        view! {
            <button type="submit" class="button small" form=form name=name value=who.user.to_string()>
                {label}<span class="visually-hidden">" "<bdi translate="no">{who.name}</bdi></span>
            </button>
        }
    })
}

/// Leads from elsewhere to where that is said.
#[component]
pub(super) fn LinkOffer(user: PagerDutyUserId, name: String, state: LinkState) -> impl IntoView {
    let (label, href) = match state {
        LinkState::Linked => return None,
        LinkState::LinkedByHand => ("Change link", ADDRESS.to_owned()),
        _ => (
            "Link to Slack…",
            address(ADDRESS, &[(PARAMETER, user.as_str())]),
        ),
    };
    Some(view! {
        <a class="button small" href=href>
            {label}<span class="visually-hidden">" "<bdi translate="no">{name}</bdi></span>
        </a>
    })
}

/// The dialog, while the address asks about somebody.
#[component]
pub(super) fn LinkDialog(
    links: Links,
    asked: DataMemo<Option<Linkable>>,
    people: PeopleSearch,
) -> impl IntoView {
    let leave_query = use_leaving_query();
    let leave = Callback::new(move |()| {
        links.forms.forget_results();
        leave_query();
    });
    move || {
        asked.get().map(|who| {
            view! {
                <OpenDialog who links people leave/>
            }
        })
    }
}

#[component]
fn OpenDialog(
    who: Linkable,
    links: Links,
    people: PeopleSearch,
    leave: Callback<()>,
) -> impl IntoView {
    let here = use_location().pathname.get_untracked();
    view! {
        <Dialog
            id=DIALOG title="Link to Slack" open=true
            on_close=leave busy=links.link.pending()
        >
            <p>
                "Who in Slack is "<bdi translate="no">{who.name}</bdi>" of PagerDuty? Every rotation shows them as that \
                person from then on, until somebody undoes the link."
            </p>
            <FailureNotice failure=Signal::derive(move || people.failure())/>
            <FailureNotice failure=failure(links.link_outcome)/>
            <ActionForm action=links.link>
                <input type="hidden" name="user" value=who.user.to_string()/>
                // A search without our code comes back to this dialog.
                <input type="hidden" name=PARAMETER value=who.user.to_string()/>
                <PersonSelect id="link-to" label="Person in Slack" people here autofocus=true/>
                <div class="buttons">
                    <SubmitButton
                        label="Link" busy_label="Linking…"
                        kind=ButtonKind::Primary pending=links.link.pending()
                    />
                    <CancelButton dialog=DIALOG busy=links.link.pending()/>
                </div>
            </ActionForm>
        </Dialog>
    }
    .into_any()
}

/// What linking or undoing it came to, as far as no dialog tells it.
#[component]
pub(super) fn LinkResults(links: Links, asked: DataMemo<Option<Linkable>>) -> impl IntoView {
    let message = move || {
        let message = if links.link_outcome.succeeded() {
            "Linked. Every rotation shows them as this person of Slack from now on."
        } else if links.unlink_outcome.succeeded() {
            "The link was undone. From now on their e-mail alone says who they are in Slack."
        } else {
            return None;
        };
        Some(message.to_owned())
    };
    let not_linked = failure(links.link_outcome);
    let not_undone = failure(links.unlink_outcome);
    let failed = move || {
        let told_here = asked.with(Option::is_none);
        not_undone
            .get()
            .or_else(|| not_linked.get().filter(|_| told_here))
    };
    // Whoever follows an older link is not left to wonder why nothing opens.
    let needless = move || {
        let is_asked = !links.wanted.with(String::is_empty);
        let is_needless = is_asked && asked.with(Option::is_none) && message().is_none();
        is_needless.then(|| view! {
            <Notice tone=Tone::Neutral>
                <p>
                    "Whoever this address asks about needs no link: their e-mail says who they are in Slack, an admin has \
                    linked them already, or no bound schedule names them any more."
                </p>
            </Notice>
        })
    };
    view! {
        <Status message=Signal::derive(message)/>
        {redrawn(needless)}
        <FailureNotice failure=Signal::derive(failed)/>
    }
}
