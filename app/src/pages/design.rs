//! Settings → Design, in development builds only: every component in each of its
//! states on one page, to be looked at when the style sheet changes.

use super::settings::SettingsTabs;
use crate::{
    components::{
        Avatar, Badge, ButtonKind, CancelButton, Card, Cell, Choice, Copyable, Dialog,
        DialogButton, EmptyState, Facts, Id, Menu, ModeBadge, Notice, Offer, Person, Row, Skeleton,
        SubmitButton, Symbol, Table, TextArea, TextField, Time, Timeline, Tone, use_clock,
        use_title, use_toasts,
    },
    data::DataMemo,
    view,
};
use leptos::prelude::*;
use maud::html;
use types::{
    Coverage, Day, Days, Holder, MemberKey, Remark, RemarkKind, RotationMode, Stretch, Timestamp,
};

const DIALOG: &str = "design-dialog";
const HOUR_SECONDS: i64 = 3600;

#[component]
pub(crate) fn DesignPage() -> impl IntoView {
    use_title(|| "Design".to_owned());
    view! {
        <h1>"Design"</h1>
        <SettingsTabs/>
        <Buttons/>
        <Fields/>
        <DialogsAndMenus/>
        <People/>
        <Badges/>
        <Messages/>
        <TableOfRows/>
        <Times/>
        <EmptyState title="Empty state">
            <p>"Says why nothing is here, and what to do first."</p>
            <p><a class="button primary" href="/rotations">"Go on"</a></p>
        </EmptyState>
        <Card id="design-skeleton" title="Skeleton"><Skeleton/></Card>
    }
}

#[component]
fn Buttons() -> impl IntoView {
    let kinds = [
        ("Primary", ButtonKind::Primary),
        ("Plain", ButtonKind::Plain),
        ("Small", ButtonKind::Small),
        ("Danger", ButtonKind::Danger),
    ];
    view! {
        <Card id="design-buttons" title="Buttons">
            <div class="buttons">
                {kinds.map(|(label, kind)| view! { <SubmitButton label kind pending=false/> }).collect_view()}
            </div>
            <div class="buttons">
                {kinds.map(|(label, kind)| view! {
                    <SubmitButton label busy_label="Saving…" kind pending=true/>
                }).collect_view()}
            </div>
            <div class="buttons">
                <a class="button" href="/settings">"A link"</a>
                <button type="button" class="button" disabled=true>"Disabled"</button>
                <button type="button" class="button" aria-pressed="true">"Pressed"</button>
            </div>
        </Card>
    }
}

#[component]
fn Fields() -> impl IntoView {
    view! {
        <Card id="design-fields" title="Fields">
            <TextField
                id="design-empty" name="empty" label="Text" hint="What belongs here."
                value=String::new() problem=None
            />
            <TextField
                id="design-wrong" name="wrong" label="Text that is not accepted"
                value="half a key".to_owned() problem=Some("Say what is wrong and what to do.".to_owned())
            />
            <TextArea id="design-area" name="area" label="Several lines" value=String::new() problem=None/>
            <fieldset>
                <legend>"One of several"</legend>
                <Choice
                    id="design-first" name="choice" value="first" label="First"
                    hint="What choosing it means." checked=true
                />
                <Choice id="design-second" name="choice" value="second" label="Second" checked=false/>
            </fieldset>
            <ul class="boxes" aria-label="Several of many">
                {["First", "Second"].map(|label| view! {
                    <li><label><input type="checkbox" checked=label == "First"/>{label}</label></li>
                }).collect_view()}
            </ul>
            <Copyable text="to be pasted elsewhere" what="the example"/>
        </Card>
    }
}

#[component]
fn DialogsAndMenus() -> impl IntoView {
    view! {
        <Card id="design-dialogs" title="Dialogs and menus">
            <div class="buttons">
                <DialogButton dialog=DIALOG class="button">"Open a dialog"</DialogButton>
                <Menu id="design-menu" class="button" label="Menu".into_any()>
                    <button type="button" role="menuitem" autofocus=true>"An entry"</button>
                    <button type="button" role="menuitem" class="danger">"A dangerous entry"</button>
                </Menu>
                <Menu
                    id="design-row-menu" class="button small" symbol=Symbol::More
                    label=view! { <span class="visually-hidden">"Change a row"</span> }.into_any()
                >
                    <button type="button" role="menuitem" autofocus=true>"An entry"</button>
                    <p class="menu-note">"What an entry brings with it."</p>
                </Menu>
            </div>
            <Dialog id=DIALOG title="A question">
                <p>"What will happen, in full."</p>
                <form method="dialog" class="buttons">
                    <SubmitButton label="Confirm" kind=ButtonKind::Danger pending=false/>
                    <CancelButton dialog=DIALOG autofocus=true busy=false/>
                </form>
            </Dialog>
        </Card>
    }
}

#[component]
fn People() -> impl IntoView {
    let names = [
        "Ann Lee",
        "Bob",
        "Çem Yılmaz",
        "דנה לוי",
        "Zoë Ødegård",
        "李 伟",
    ];
    view! {
        <Card id="design-people" title="People">
            <div class="buttons">
                {names.map(|name| view! { <Avatar name/> }).collect_view()}
                <Avatar name="Ann Lee" on_duty=true/>
            </div>
            <ul class="people">
                <li>
                    <Person name="דנה לוי" email=Some("dana@example.com".to_owned()) on_duty=true>
                        <Badge tone=Tone::Good text="On duty"/>
                    </Person>
                </li>
                <li><Person name="Bob" email=None/></li>
            </ul>
        </Card>
    }
}

#[component]
fn Badges() -> impl IntoView {
    let tones = [
        ("Neutral", Tone::Neutral),
        ("Accent", Tone::Accent),
        ("Good", Tone::Good),
        ("Warning", Tone::Warning),
        ("Bad", Tone::Bad),
    ];
    view! {
        <Card
            id="design-badges" title="Badges and facts"
            aside=view! { <Badge tone=Tone::Neutral text="Beside the heading"/> }.into_any()
        >
            <p class="badges">
                {tones.map(|(text, tone)| view! { <Badge tone text/> }).collect_view()}
                <ModeBadge mode=RotationMode::Manual/>
                <ModeBadge mode=RotationMode::Scheduled/>
                <ModeBadge mode=RotationMode::PagerDuty/>
            </p>
            <Facts>
                <div><dt>"Name"</dt><dd>"Value"</dd></div>
                <div><dt>"Other name"</dt><dd>"Other value"</dd></div>
            </Facts>
        </Card>
    }
}

#[component]
fn Messages() -> impl IntoView {
    let toasts = use_toasts();
    let tones = [Tone::Neutral, Tone::Good, Tone::Warning, Tone::Bad];
    view! {
        <Card id="design-messages" title="Notices and toasts">
            {tones.map(|tone| view! {
                <Notice tone><p>"What happened, and what to do next."</p></Notice>
            }).collect_view()}
            <div class="buttons">
                <button type="button" class="button" on:click=move |_| toasts.say("Something was done.")>
                    "Show a toast"
                </button>
                <button type="button" class="button" on:click=move |_| {
                    let undo = Offer::new(move || toasts.say("Undone."));
                    toasts.offer(html! { bdi { "Ada Okafor" } " is on duty now." }, Some(undo));
                }>
                    "Show one that offers something"
                </button>
                <button type="button" class="button" on:click=move |_| {
                    toasts.warn("Something went wrong, which is said until it is dismissed.", None);
                }>
                    "Show one that stays"
                </button>
            </div>
        </Card>
    }
}

#[component]
fn TableOfRows() -> impl IntoView {
    view! {
        <Table label="Rows" columns=&["What", "Id"]>
            {["First", "Second"].map(|what| view! {
                <Row>
                    <Cell label="What">{what}</Cell>
                    <Cell label="Id"><Id text="0193f2d0a1b2c3d4e5f60718293a4b5c".to_owned()/></Cell>
                </Row>
            }).collect_view()}
        </Table>
    }
}

/// Half past two in the night of 31 October 2027 in Berlin, in summer and in winter time.
const TWICE: [i64; 2] = [1_824_942_600_000, 1_824_946_200_000];

#[component]
fn Times() -> impl IntoView {
    let clock = use_clock();
    let now = untrack(|| clock.now());
    let at = move |hours: i64| now.plus_seconds(hours * HOUR_SECONDS);
    let stretch = move |name: Option<&str>, from, to: Option<i64>| Stretch {
        holder: name.map(|name| Holder {
            key: MemberKey::new(name),
            name: name.to_owned(),
        }),
        starts_at: at(from),
        ends_at: to.map(at),
        overrides: Vec::new(),
    };
    let stretches = vec![
        stretch(Some("Ann Lee"), -30, Some(-10)),
        stretch(Some("Bob"), -10, Some(6)),
        stretch(Some("דנה לוי"), -2, Some(12)),
        stretch(None, 12, Some(20)),
        stretch(Some("Zoë Ødegård"), 20, None),
    ];
    let remark = |kind, name: &str, from, to| Remark {
        kind,
        name: name.to_owned(),
        starts_at: at(from),
        ends_at: at(to),
    };
    let coverage = Coverage {
        stretches,
        known_from: at(-40),
        known_until: Some(at(60)),
        remarks: vec![
            remark(RemarkKind::Away, "Ann Lee", -5, 4),
            remark(RemarkKind::CoverWanted, "Zoë Ødegård", 24, 30),
        ],
    };
    let dates = ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"];
    let days = dates.iter().zip(0..).map(|(date, place)| Day {
        date: (*date).to_owned(),
        starts_at: at(place * 24 - 30),
    });
    let days = Days {
        zone: "UTC".to_owned(),
        weeks: 1,
        days: days.collect(),
        until: at(66),
        previous: None,
        next: None,
        problem: None,
    };
    view! {
        <Card id="design-times" title="Times and timeline">
            <p><Time at=now.plus_seconds(-90)/>", "<Time at=at(30) relative=true/></p>
            <Timeline
                label="An example" coverage=DataMemo::new(move || coverage.clone())
                days=DataMemo::new(move || days.clone())
            />
            <p class="hint">"From "<Time at=Timestamp::from_millis(0)/>" on."</p>
            <p id="design-turned-back">
                "When Berlin turns its clocks back: "
                <Time at=Timestamp::from_millis(TWICE[0])/>" – "<Time at=Timestamp::from_millis(TWICE[1])/>
            </p>
        </Card>
    }
}
