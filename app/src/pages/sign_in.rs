//! The way in: one link to Slack, and why the last attempt failed.

use super::address::{address, parameter};
use crate::{
    components::{Mark, Notice, Tone, redrawn, use_title},
    view,
};
use leptos::prelude::*;
use types::SignInProblem;

/// The sign-in page that leads back to `return_to`.
pub(crate) fn sign_in_address(return_to: &str) -> String {
    address("/sign-in", &[("return_to", return_to)])
}

#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let problem = parameter("problem");
    let word = parameter("word");
    let return_to = parameter("return_to");
    let problem = move || SignInProblem::from_code(&problem.get(), &word.get());
    let slack = move || address("/api/auth/slack/login", &[("return_to", &return_to.get())]);
    use_title(|| "Sign in".to_owned());
    view! {
        <div class="sign-in card">
            <Mark/>
            <h1>"Round Robin"</h1>
            <p class="lead">"Who is on duty, and who is next."</p>
            {redrawn(move || problem().map(|problem| view! {
                <div role="alert">
                    <Notice tone=Tone::Warning><p>{problem.to_string()}</p></Notice>
                </div>
            }))}
            <a class="button primary" href=slack rel="external">"Sign in with Slack"</a>
            <p class="hint">
                "Your name, e-mail address and role come from your Slack workspace. Round Robin asks Slack \
                for nothing else about you."
            </p>
        </div>
    }
}
