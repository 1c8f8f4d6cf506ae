//! Choosing what decides who is on duty: one form whose *Save* binds, while *Search*
//! and *Show details* only change the address. So it works before our code has loaded
//! and without it; with it, search and details follow by themselves.

mod override_page;
mod picker;
mod preview;
mod proposal_page;
mod rota;
mod rota_preview;

use super::{
    address::{parameter, use_rotation_id},
    current_schedule::CurrentSchedule,
    version::version,
    wording::count,
};
#[cfg(feature = "ssr")]
use crate::{AppError, data::Answer};
use crate::{
    components::{
        ButtonKind, Card, Choice, FailureNotice, Later, Notice, SubmitButton, Toasts, Tone,
        loaded_page, names_markup, redrawn, use_clock, use_session, use_title,
    },
    data::{Asking, DataMemo, Question, Resource},
    forms::{ActionForm, ServerAction, failure, form_input, form_outcome},
    live::use_live,
    server_fns::{Countries, PreviewSchedule, Rotation, SearchSchedules, SetSchedule, decoded},
    view,
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::{use_location, use_navigate};
pub(crate) use override_page::OverridePage;
use picker::Picker;
pub(crate) use proposal_page::ProposalPage;
use rota::{KnownCountries, RotaFields};
use serde::de::IgnoredAny;
use types::{
    BindRefusal, Denial, FoundSchedules, Outcome, RotaInput, RotationId, RotationMode,
    RotationPage, ScheduleId, SchedulePreview, ScheduleSet, Timestamp,
};

const CANCEL_FORM: &str = "cancel-schedule";

/// What is looked for and chosen, as the address says, and what PagerDuty answers.
#[derive(Clone, Copy)]
struct Browsing {
    search: Memo<String>,
    chosen: Memo<String>,
    found: Later<Outcome<FoundSchedules, BindRefusal>>,
    /// Since when PagerDuty has been asked what it is asked now.
    searched_since: RwSignal<Option<Timestamp>>,
    preview: Later<Outcome<SchedulePreview, BindRefusal>>,
    countries: KnownCountries,
}

impl Browsing {
    fn new(page: Resource<RotationPage>, rotation: DataMemo<RotationId>) -> Self {
        let search = parameter("search");
        let chosen = parameter("schedule");
        // Whoever goes on to another page changes the address before this one is gone.
        let path = use_location().pathname;
        let open = Memo::new(move |_| path.with(|path| path.ends_with("/schedule")));
        let ask = move |question| if_editable(page, question);
        let searched_since = RwSignal::new(None);
        let clock = use_clock();
        let search_for =
            move |question| timed(if_editable(page, question), clock.exactly(), searched_since);
        let found = Resource::optional_asking(search_for, move || {
            open.get().then(|| SearchSchedules {
                search: search.get(),
            })
        });
        let preview = Resource::optional_asking(ask, move || {
            let schedule = chosen.get();
            (open.get() && !schedule.is_empty()).then(|| PreviewSchedule {
                rotation: rotation.get(),
                schedule: ScheduleId::new(schedule),
            })
        });
        Self {
            search,
            chosen,
            found: Later::new(found),
            searched_since,
            preview: Later::new(preview),
            countries: Later::new(Resource::new(|| Countries {})),
        }
    }

    /// Asks PagerDuty for the same once more.
    fn ask_again(self) {
        self.found.ask_again();
        self.preview.ask_again();
    }
}

/// PagerDuty is not troubled for those who get no editor, and their page does not wait
/// for it.
#[cfg(feature = "ssr")]
fn if_editable(page: Resource<RotationPage>, question: Question) -> Asking {
    Box::pin(async move {
        match page.ready().await {
            Some(Ok(page)) if page.may_edit => question.ask().await,
            Some(Err(error)) => Answer::failed(error),
            _ => Answer::failed(AppError::Forbidden(Denial::EditRotation)),
        }
    })
}

/// In a browser only those come here from another page who are offered the editor, and
/// whoever waits for `page` would keep it alive beyond its time.
#[cfg(not(feature = "ssr"))]
fn if_editable(_: Resource<RotationPage>, question: Question) -> Asking {
    question.ask()
}

/// Notes that it has begun `now`, until it has ended or another one has begun.
fn timed(asking: Asking, now: Timestamp, since: RwSignal<Option<Timestamp>>) -> Asking {
    since.set(Some(now));
    Box::pin(async move {
        let answer = asking.await;
        // The page may have gone meanwhile.
        if since.try_get_untracked() == Some(Some(now)) {
            since.set(None);
        }
        answer
    })
}

#[component]
pub(crate) fn EditSchedulePage() -> impl IntoView {
    let id = use_rotation_id();
    let live = use_live();
    let page = Resource::following(
        move || live.connection() + live.rotation(&id.get()),
        move || Rotation::now(id.get(), String::new()),
    );
    let browsing = Browsing::new(page, id);
    Effect::new(move |before: Option<Option<bool>>| {
        let now = page
            .get()
            .and_then(Result::ok)
            .map(|page| page.pagerduty_connected);
        if now == Some(true) && before == Some(Some(false)) {
            browsing.ask_again();
        }
        now.or(before.flatten())
    });
    let save = ServerAction::<SetSchedule>::telling_by(tell);
    view! {
        {loaded_page(page, move |page| view! { <Content page browsing save/> })}
    }
}

/// Says what was saved, by the answer.
fn tell(toasts: Toasts, answer: &str) {
    match decoded::<Outcome<ScheduleSet, IgnoredAny>>(answer) {
        Ok(Outcome::Done(ScheduleSet::Saved)) => toasts.say("The schedule was saved."),
        Ok(Outcome::Done(ScheduleSet::MadeManual)) => toasts
            .say("The rotation is Manual. Its members and whoever is on duty stayed as they were."),
        _ => {}
    }
}

#[component]
fn Content(
    page: DataMemo<RotationPage>,
    browsing: Browsing,
    save: ServerAction<SetSchedule>,
) -> impl IntoView {
    let name = move || page.with(|page| page.details.name.clone());
    let rotation = page.with_untracked(|page| format!("/rotations/{}", page.id));
    let may_edit = Memo::new(move |_| page.with(|page| page.may_edit));
    use_title(move || format!("Schedule of {}", name()));
    view! {
        <div class="page-head">
            <div>
                <p class="way-back"><a href=rotation>"Back to the rotation"</a></p>
                <h1>"Schedule of "<bdi translate="no">{name}</bdi></h1>
            </div>
        </div>
        <Card id="schedule-heading" title="Schedule">
            <CurrentSchedule page/>
            {redrawn(move || if may_edit.get() {
                Either::Left(view! { <Editor page browsing save/> })
            } else {
                Either::Right(view! {
                    <Notice tone=Tone::Neutral><p>{Denial::EditRotation.to_string()}</p></Notice>
                })
            })}
        </Card>
    }
}

#[component]
fn Editor(
    page: DataMemo<RotationPage>,
    browsing: Browsing,
    save: ServerAction<SetSchedule>,
) -> impl IntoView {
    let id = page.with_untracked(|page| page.id.to_string());
    let rotation = format!("/rotations/{id}");
    let here = format!("{rotation}/schedule");
    let offered = Memo::new(move |_| page.with(|page| page.pagerduty_connected));
    let session = use_session();
    let administers = session.is_some_and(|session| session.person.role.administers());
    let mode = page.with_untracked(|page| page.mode);
    let moves_on = mode.has_shifts();
    let outcome = form_outcome(save);
    let refused = Signal::derive(move || outcome.refused());
    let preview = DataMemo::new(move || match outcome.done() {
        Some(ScheduleSet::Previewed(preview)) => Some(preview),
        _ => None,
    });
    // What was typed comes back with what is wrong about it, or with what it would bring.
    let typed = form_input::<SetSchedule, RotaInput>();
    // Whoever searched or chose meant PagerDuty, bound or not; so does the form that asks
    // without our code, even if nothing was typed.
    let wanted = parameter("mode");
    let follows = wanted.with_untracked(|mode| mode == RotationMode::PagerDuty.code())
        || browsing.chosen.with_untracked(|chosen| !chosen.is_empty())
        || browsing.search.with_untracked(|search| !search.is_empty())
        || mode == RotationMode::PagerDuty;
    let follows = follows && typed.is_none() && offered.get_untracked();
    let scheduled = !follows && (typed.is_some() || mode == RotationMode::Scheduled);
    let present = page.with_untracked(|page| decoded(&page.rota.as_ref()?.input).ok());
    let known = page.with_untracked(|page| page.version.clone());
    let began = typed.as_ref().map_or(known, |typed| typed.version.clone());
    let version = version(began, move || match outcome.refused()? {
        Ok(BindRefusal::Rotation(refusal)) => Some(refusal),
        _ => None,
    });
    let rota = typed.or(present).unwrap_or_else(rota::first_input);
    let by_hand = match moves_on {
        true => {
            "Somebody rotates by hand. The members and whoever is on duty stay as they are now."
        }
        false => "Somebody rotates by hand.",
    };
    view! {
        <ActionForm action=save class="schedule-editor">
            <input type="hidden" name="id" value=id/>
            <input type="hidden" name="rota[version]" value=move || version.get()/>
            <fieldset>
                <legend>"Who decides"</legend>
                <Choice
                    id="mode-manual" name="mode" value=RotationMode::Manual.code() label="Manual"
                    hint=by_hand checked=!follows && !scheduled
                />
                <Choice
                    id="mode-scheduled" name="mode" value=RotationMode::Scheduled.code()
                    label="Scheduled" hint="Its members take turns by themselves, in their order."
                    checked=scheduled
                />
                {redrawn(move || if offered.get() {
                    Either::Left(view! {
                        <Choice
                            id="mode-pagerduty" name="mode" value=RotationMode::PagerDuty.code()
                            label="PagerDuty" hint="A schedule there says who is in and who is on duty."
                            checked=follows
                        />
                    })
                } else {
                    Either::Right(not_connected(administers))
                })}
            </fieldset>
            {moves_on.then(|| view! { <Kept page/> })}
            {redrawn(move || offered.get().then(|| view! { <Picker here=here.clone() page browsing/> }))}
            <RotaFields initial=rota refused preview countries=browsing.countries/>
            <FailureNotice failure=failure(outcome)/>
            <div class="buttons">
                <SubmitButton
                    label="Save" busy_label="Saving…" kind=ButtonKind::Primary pending=save.pending()
                />
                <button type="submit" class="button" form=CANCEL_FORM>"Cancel"</button>
            </div>
        </ActionForm>
        <CancelForm rotation/>
    }
    .into_any()
}

/// Whoever can connect PagerDuty is led there.
fn not_connected(administers: bool) -> impl IntoView {
    let what = if administers {
        Either::Left(view! {
            "PagerDuty is not connected. "
            <a href="/settings/integrations">"Connect it under Settings → Integrations"</a>"."
        })
    } else {
        Either::Right(BindRefusal::NotConnected.to_string())
    };
    view! { <p class="hint">{what}</p> }
}

/// What stays of a rotation that leaves its schedule, before that is saved. The style sheet
/// shows it while *Manual* is chosen.
#[component]
fn Kept(page: DataMemo<RotationPage>) -> impl IntoView {
    let members = DataMemo::new(move || page.with(|page| page.members.len()));
    let shown_at = page.with_untracked(|page| {
        let is_scheduled = page.mode == RotationMode::Scheduled;
        is_scheduled.then(|| format!("/rotations/{}/change?what=manual", page.id))
    });
    let on_duty = DataMemo::new(move || {
        page.with(|page| {
            let duties = page.outlook.on_duty.iter();
            let names: Vec<_> = duties.map(|duty| duty.holder.name.clone()).collect();
            match names.is_empty() {
                true => "nobody".to_owned(),
                false => names_markup(&names).into_string(),
            }
        })
    });
    view! {
        <div class="kept">
            <Notice tone=Tone::Neutral>
                <p translate="no">
                    "Kept: "{redrawn(move || count(members.get() as u32, "member", "members"))}
                    " in their order, and on duty "<span inner_html=move || on_duty.get()></span>"."
                </p>
                <p>
                    "The schedule's later shifts change nothing any more, and nobody takes over until somebody \
                    rotates."
                </p>
                {shown_at.map(|page| view! {
                    <p><a href=page>"Show who loses and gains which shifts"</a></p>
                })}
            </Notice>
        </div>
    }
    .into_any()
}

/// Leads back to the rotation.
#[component]
fn CancelForm(rotation: String) -> impl IntoView {
    let navigate = use_navigate();
    let action = rotation.clone();
    view! {
        <form id=CANCEL_FORM method="get" action=action on:submit=move |event| {
            event.prevent_default();
            navigate(&rotation, Default::default());
        }></form>
    }
}
