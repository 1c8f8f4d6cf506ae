//! Settings → Calendars: addresses by which calendar programs read who is on duty. An address is
//! shown for some minutes after it was made, and then to nobody.

use super::{address::parameter, settings::SettingsTabs};
use crate::{
    AppError,
    components::{
        ButtonKind, Card, Cell, Copyable, FailureNotice, Row, SubmitButton, Table, Time, loaded,
        redrawn, use_title,
    },
    data::{DataMemo, Resource},
    forms::{ActionForm, Forms, ServerAction, failure, first_failure, form_outcome},
    server_fns::{Feeds, MakeFeed, RevokeFeed},
    view,
};
use leptos::{either::Either, prelude::*, server_fn::ServerFn};
use types::{FeedSubject, FeedView, RotationId};

/// The parameter of the address that names the rotation from whose page somebody comes.
const ROTATION: &str = "rotation";

/// What can be done about feeds.
#[derive(Clone, Copy)]
struct Actions {
    make: ServerAction<MakeFeed>,
    revoke: ServerAction<RevokeFeed>,
}

#[component]
pub(crate) fn CalendarsPage() -> impl IntoView {
    let actions = Actions {
        make: ServerAction::telling("The address is there to be copied for ten minutes."),
        revoke: ServerAction::telling("Nobody can read that calendar any more."),
    };
    let forms = Forms::of(vec![actions.make.calls(), actions.revoke.calls()]);
    let feeds = Resource::following(move || forms.version() as u64, || Feeds {});
    let from_rotation = parameter(ROTATION);
    let asked = DataMemo::new(move || {
        let id = from_rotation.with(|id| RotationId::parse(id));
        id.map(FeedSubject::Rotation)
    });
    let outcomes = vec![
        failure(form_outcome(actions.make)),
        failure(form_outcome(actions.revoke)),
    ];
    use_title(|| "Calendars".to_owned());
    view! {
        <h1>"Calendars"</h1>
        <SettingsTabs/>
        <p>
            "See who is on duty in the calendar that you use anyway: give it an address from here to subscribe to. \
            It reads what you may see, as long as you may."
        </p>
        <p class="hint">
            "Of a PagerDuty schedule the next 35 days are known. Calendars ask for changes when they like: Google's \
            after 8 to 24 hours. They leave out alarms, so nobody should be woken by this."
        </p>
        <FailureNotice failure=first_failure(outcomes)/>
        {loaded(feeds, move |feeds: DataMemo<Vec<FeedView>>| view! {
            {redrawn(move || feeds.with(|feeds| feeds.iter().filter_map(new_address).collect_view()))}
            {redrawn(move || {
                let made = feeds.get();
                let asked = asked.get();
                view! { <Made made=made.clone() actions/><Offered made asked actions/> }
            })}
        })}
    }
}

/// The address of a feed that was made just now.
fn new_address(feed: &FeedView) -> Option<AnyView> {
    let address = feed.address.clone()?;
    let name = name(feed);
    let what = format!("the address of {name}");
    let card = view! {
        <Card id="new-address-heading" title="New address">
            <p><bdi translate="no">{name}</bdi></p>
            <p><Copyable text=address what/></p>
            <p class="hint">
                "Whoever knows it reads this calendar without signing in. Copy it now: in ten minutes it is shown to \
                nobody any more, and then a new one has to be made."
            </p>
        </Card>
    };
    Some(card.into_any())
}

#[component]
fn Made(made: Vec<FeedView>, actions: Actions) -> impl IntoView {
    (!made.is_empty()).then(|| {
        let rows = made.into_iter().map(move |feed| view! { <Feed feed actions/> });
        view! {
            <Table label="Your calendars" columns=&["Calendar", "Address made", "Last read", "Change"]>
                {rows.collect_view()}
            </Table>
        }
    })
}

#[component]
fn Feed(feed: FeedView, actions: Actions) -> impl IntoView {
    let name = name(&feed);
    let subject = &feed.subject;
    let again = button(actions.make, "New address", "Making…", subject, &name);
    let end = button(actions.revoke, "Revoke", "Revoking…", subject, &name);
    view! {
        <Row>
            <Cell label="Calendar"><bdi translate="no">{name}</bdi></Cell>
            <Cell label="Address made"><Time at=feed.made_at/></Cell>
            <Cell label="Last read">
                {match feed.read_at {
                    Some(at) => Either::Left(view! { <Time at relative=true/> }),
                    None => Either::Right("Never"),
                }}
            </Cell>
            <Cell label="Change"><div class="buttons">{again}{end}</div></Cell>
        </Row>
    }
    .into_any()
}

/// A small form that does one thing to the feed of this name.
fn button<F: ServerFn<Error = AppError> + 'static>(
    action: ServerAction<F>,
    label: &'static str,
    busy_label: &'static str,
    subject: &FeedSubject,
    name: &str,
) -> AnyView {
    let (code, target) = (subject.code().to_owned(), name.to_owned());
    view! {
        <ActionForm action>
            <input type="hidden" name="subject" value=code/>
            <SubmitButton label busy_label target kind=ButtonKind::Small pending=action.pending()/>
        </ActionForm>
    }
    .into_any()
}

/// What there is no address of yet.
#[component]
fn Offered(made: Vec<FeedView>, asked: Option<FeedSubject>, actions: Actions) -> impl IntoView {
    let offered: Vec<_> = asked
        .into_iter()
        .chain([FeedSubject::Mine, FeedSubject::Everything])
        .filter(|subject| made.iter().all(|feed| feed.subject != *subject))
        .collect();
    (!offered.is_empty()).then(|| {
        view! {
            <Card id="offered-heading" title="Make an address">
                <div class="buttons">
                    {offered.into_iter().map(|subject| view! {
                        <ActionForm action=actions.make>
                            <input type="hidden" name="subject" value=subject.code().to_owned()/>
                            <SubmitButton
                                label=offer(&subject) busy_label="Making…" kind=ButtonKind::Plain
                                pending=actions.make.pending()
                            />
                        </ActionForm>
                    }).collect_view()}
                </div>
                <p class="hint">"A single rotation has a link to here on its own page."</p>
            </Card>
        }
    })
}

const fn offer(subject: &FeedSubject) -> &'static str {
    match subject {
        FeedSubject::Mine => "My shifts",
        FeedSubject::Everything => "All rotations that I may see",
        FeedSubject::Rotation(_) => "The rotation that I came from",
    }
}

fn name(feed: &FeedView) -> String {
    match (&feed.subject, &feed.rotation) {
        (FeedSubject::Rotation(_), Some(rotation)) => rotation.clone(),
        (FeedSubject::Rotation(_), None) => {
            "A rotation that is gone, or that you may not see any more".to_owned()
        }
        (subject, _) => offer(subject).to_owned(),
    }
}
