//! What stands around every page: the way between pages and the account. Those
//! who are not signed in see the page alone.

use super::{
    Icon, Mark, Notice, Symbol, Time, ToastRegion, Tone, account::AccountMenu,
    alerts::AlertBanners, redrawn, slash::lead_to_search, time::ZoneNote, use_session, use_toasts,
};
use crate::{
    AppError,
    chunks::{Loader, load_ahead},
    components::FailureText,
    data::DataMemo,
    forms::{Failure, use_flash},
    live::{Contact, use_live},
    view,
};
use leptos::{either::EitherOf4, html, prelude::*};
use leptos_router::{components::A, hooks::use_location};

#[component]
pub(crate) fn Frame(children: Children) -> impl IntoView {
    let session = use_session();
    let signed_in = session.is_some();
    let class = if signed_in { "frame" } else { "frame alone" };
    let main = NodeRef::<html::Main>::new();
    follow_page_changes(main);
    lead_to_search();
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
                    <a class="brand" href="/"><Mark/><span translate="no">"Round Robin"</span></a>
                    <nav aria-label="Main">
                        <A href="/" exact=true><Icon symbol=Symbol::Home/>"Home"</A>
                        <A href="/week"><Icon symbol=Symbol::Week/>"Week"</A>
                        <A href="/rotations"><Icon symbol=Symbol::Rotations/>"Rotations"</A>
                        <A href="/settings"><Icon symbol=Symbol::Settings/>"Settings"</A>
                    </nav>
                    <div class="account"><AccountMenu session/></div>
                </header>
            })}
            <main id="main" tabindex="-1" node_ref=main>
                <ContactBar/>
                {signed_in.then(|| view! { <AlertBanners/> })}
                {children()}
            </main>
            {signed_in.then(|| view! { <footer class="hint"><ZoneNote/></footer> })}
        </div>
        <ToastRegion/>
    }
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
            {redrawn(move || match contact.get() {
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
            })}
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
