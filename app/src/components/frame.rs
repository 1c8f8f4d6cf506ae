//! What stands around every page: the way between pages and the account. Those
//! who are not signed in see the page alone.

use super::{
    Icon, Mark, Notice, Symbol, Time, ToastRegion, Tone, account::AccountMenu,
    connection_alert::ConnectionAlertBanner, use_session, use_toasts,
};
use crate::{
    AppError,
    chunks::{Loader, load_ahead},
    components::FailureText,
    data::DataMemo,
    forms::{Failure, use_flash},
    live::{Contact, use_live},
};
use leptos::{
    either::{Either, EitherOf4},
    html,
    prelude::*,
};
use leptos_router::{components::A, hooks::use_location};
use types::EndedInstallation;

#[component]
pub(crate) fn Frame(children: Children) -> impl IntoView {
    let session = use_session();
    let class = if session.is_some() {
        "frame"
    } else {
        "frame alone"
    };
    let administers = session
        .as_ref()
        .is_some_and(|session| session.person.role.administers());
    let ended = session.as_ref().and_then(|session| session.ended.clone());
    let main = NodeRef::<html::Main>::new();
    follow_page_changes(main);
    let loader = use_context::<Loader>();
    view! {
        // The router would move the page, and not the focus.
        <a class="skip-link" href="#main" rel="external">"Skip to the content"</a>
        <div
            class=class
            on:pointerover=move |event| load_ahead(&event, loader)
            on:focusin=move |event| load_ahead(&event, loader)
        >
            {session.map(|session| view! {
                <header class="bar">
                    <a class="brand" href="/rotations"><Mark/><span translate="no">"Round Robin"</span></a>
                    <nav aria-label="Main">
                        <A href="/rotations"><Icon symbol=Symbol::Rotations/>"Rotations"</A>
                        <A href="/settings"><Icon symbol=Symbol::Settings/>"Settings"</A>
                    </nav>
                    <div class="account"><AccountMenu session/></div>
                </header>
            })}
            <main id="main" tabindex="-1" node_ref=main>
                <ContactBar/>
                {ended.map(|ended| view! { <EndedNotice ended administers/> })}
                {administers.then(|| view! { <ConnectionAlertBanner/> })}
                {children()}
            </main>
        </div>
        <ToastRegion/>
    }
}

/// Says why nothing can be changed, until when what is here can be read, and the
/// way out.
#[component]
fn EndedNotice(ended: EndedInstallation, administers: bool) -> impl IntoView {
    view! {
        <Notice tone=Tone::Bad>
            <p>
                <strong>"Round Robin is not installed in Slack any more"</strong>
                {format!(" (Slack says {}). ", ended.word)}
                "Nothing can be changed, and reading ends "<Time at=ended.readable_until/>". "
                {if administers {
                    Either::Left(view! {
                        <a href="/api/auth/slack/login" rel="external">
                            "Sign in again and add Round Robin"
                        </a>
                    })
                } else {
                    Either::Right("Ask an Owner or Admin to sign in again and add it.")
                }}
            </p>
        </Notice>
    }
    .into_any()
}

/// The browser has translated what is not to be translated.
const TRANSLATED: &str = "This page was translated by your browser, also who is on duty, which may stay as it was. Turn the translation off for this page, then load the page anew.";
/// The server answers, and what it tells by itself does not come through.
const MUTE: &str = "This page is not live. Something between it and Round Robin, such as a proxy or an extension, holds back what happens elsewhere. The page asks by itself, at least once a minute.";
/// The server cannot be reached. The time of what is shown follows.
const LOST: &str = "No connection to Round Robin. The page tries again by itself and catches up.";

/// Says so while what the page shows may be old, since it does not hear of what happens
/// elsewhere or cannot write where the browser has translated; and says so when it hears again.
#[component]
fn ContactBar() -> impl IntoView {
    let live = use_live();
    let toasts = use_toasts();
    let contact = DataMemo::new(move || live.contact());
    Effect::watch(
        move || contact.get(),
        move |now, before, _| {
            if *now == Contact::Kept && matches!(before, Some(Contact::Lost | Contact::Mute)) {
                toasts.say("Connected again.");
            }
        },
        false,
    );
    view! {
        <div class="contact" role="status" translate="no">
            // Each in elements of its own: what is translated all the same cannot be written to.
            {move || match contact.get() {
                Contact::Kept if live.translated() => Some(EitherOf4::A(warning(TRANSLATED, ()))),
                Contact::Kept => None,
                Contact::Mute => Some(EitherOf4::B(warning(MUTE, ()))),
                Contact::Lost => Some(EitherOf4::C(warning(LOST, view! {
                    " What you see is from "<Time at=live.current_at()/>" and may be old."
                }))),
                Contact::SessionEnded => Some(EitherOf4::D(view! {
                    <Notice tone=Tone::Warning>
                        <p><FailureText failure=Failure::Failed(AppError::Unauthenticated)/></p>
                    </Notice>
                })),
            }}
        </div>
    }
    .into_any()
}

/// What is said first of all stands out.
fn warning(sentences: &'static str, more: impl IntoView + 'static) -> AnyView {
    let first = sentences.find(". ").map_or(0, |end| end + 2);
    let (what, then) = sentences.split_at(first);
    view! { <Notice tone=Tone::Warning><p><strong>{what}</strong>{then}{more}</p></Notice> }
        .into_any()
}

/// A new page within the same document: the focus goes to its content, as it
/// would with a new document, and what concerned the old page is forgotten.
fn follow_page_changes(main: NodeRef<html::Main>) {
    let path = use_location().pathname;
    let flash = use_flash();
    Effect::watch(
        move || path.get(),
        move |_, _, _| {
            flash.forget();
            if let Some(main) = main.get_untracked() {
                let _gone = main.focus();
            }
        },
        false,
    );
}
