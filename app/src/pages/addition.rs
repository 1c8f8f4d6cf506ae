//! Adding several people at once, as members or as owners: they are searched for, ticked, and
//! added with one press.

use super::{
    changed,
    person_select::{PeopleBoxes, PeopleSearch},
    proposal_form::ProposalForm,
    wording::count,
};
use crate::{
    AppError,
    components::{Notice, Toasts, Tone, redrawn},
    forms::{ActionForm, FormOutcome, ServerAction},
    server_fns::decoded,
    view,
};
use leptos::{either::Either, prelude::*, server_fn::ServerFn};
use maud::{Markup, html};
use serde::de::IgnoredAny;
use types::{Change, Changed, MemberKey, Outcome, RotationId, RotationRefusal};

/// Folded up while there is somebody, and open for whoever searches without our code.
#[component]
pub(super) fn Addition<F: ServerFn<Error = AppError> + 'static>(
    action: ServerAction<F>,
    id: RotationId,
    label: &'static str,
    people: PeopleSearch,
    /// Who is not offered.
    present: Signal<Vec<MemberKey>>,
    /// The address of the page.
    here: String,
    /// What it brings is shown before anybody is added.
    #[prop(optional)]
    shown_first: bool,
) -> impl IntoView {
    let pending = action.pending();
    let rotation = id.clone();
    let fields = fields((id, label), people, (present, here), pending.into());
    let open = present.with_untracked(Vec::is_empty) || people.is_asked();
    view! {
        <details class="addition" open=open>
            <summary class="button">{label}</summary>
            {match shown_first {
                true => Either::Left(view! {
                    <ProposalForm rotation what="add">{fields}</ProposalForm>
                }),
                false => Either::Right(view! { <ActionForm action>{fields}</ActionForm> }),
            }}
        </details>
    }
    .into_any()
}

fn fields(
    (id, label): (RotationId, &'static str),
    people: PeopleSearch,
    (present, here): (Signal<Vec<MemberKey>>, String),
    pending: Signal<bool>,
) -> AnyView {
    let ticked = RwSignal::new(None::<Vec<_>>);
    let label = move || match ticked.with(|ticked| ticked.as_ref().map_or(0, Vec::len)) {
        0 => label.to_owned(),
        chosen => format!("Add {}", count(chosen as u32, "person", "people")),
    };
    view! {
        <input type="hidden" name="id" value=id.to_string()/>
        <PeopleBoxes people left_out=present here ticked/>
        <button type="submit" class="button primary" aria-busy=move || pending.get().then_some("true")>
            {label}
        </button>
    }
    .into_any()
}

/// Who could not be added while others were, and why.
#[component]
pub(super) fn NotAdded(added: FormOutcome<Changed, RotationRefusal>) -> impl IntoView {
    let told = move || left_out(added.done()?);
    view! {
        <div role="alert">
            {redrawn(move || told().map(|left_out| view! {
                <Notice tone=Tone::Warning>
                    {left_out.iter().map(|one| view! {
                        <p inner_html=not_added(one).into_string()></p>
                    }).collect_view()}
                </Notice>
            }))}
        </div>
    }
    .into_any()
}

/// Says who was added and who was not, by the answer to a form that leads to another page: there
/// [`NotAdded`] tells it only without our code.
pub(super) fn tell(toasts: Toasts, answer: &str) {
    changed::tell(toasts, answer);
    if let Ok(Outcome::Done(changed)) = decoded::<Outcome<Changed, IgnoredAny>>(answer)
        && let Some(left_out) = left_out(changed)
    {
        toasts.warn_of(html! {
            @for one in &left_out { (not_added(one)) " " }
        });
    }
}

/// Nothing where nobody was.
fn left_out(Changed { what, .. }: Changed) -> Option<Vec<(String, RotationRefusal)>> {
    match what {
        Change::Added { left_out, .. } if !left_out.is_empty() => Some(left_out),
        _ => None,
    }
}

fn not_added((name, reason): &(String, RotationRefusal)) -> Markup {
    html! { bdi translate="no" { (name) } " was not added. " (reason.to_string()) }
}
