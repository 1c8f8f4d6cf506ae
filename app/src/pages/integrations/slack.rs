//! The card of Slack, where people come from: what Round Robin may do there, whether
//! it is still installed, and how old what it knows of people is.

use crate::{
    components::{Badge, Card, Facts, Notice, Time, Tone, redrawn},
    data::DataMemo,
    pages::{
        rotations,
        wording::{count, refused_by_slack},
    },
    view,
};
use leptos::{either::Either, prelude::*};
use maud::html;
use types::{
    First, InstallationView, IntegrationsView, RefusedBySlack, Selection, SlackScope, SlackView,
};

#[component]
pub(super) fn SlackCard(view: DataMemo<IntegrationsView>) -> impl IntoView {
    let slack = DataMemo::new(move || view.with(|view| view.slack.clone()));
    let may_manage = Memo::new(move |_| view.with(|view| view.may_manage));
    view! {
        <Card id="slack-heading" title="Slack">
            {redrawn(move || body(slack.get(), may_manage.get()))}
        </Card>
    }
}

fn body(slack: SlackView, may_manage: bool) -> AnyView {
    let (tone, label, sentence) = installation_words(&slack.installation);
    let lacking = slack.scopes.iter().any(|scope| !scope.granted);
    let again = lacking || !matches!(slack.installation, InstallationView::Sound);
    view! {
        <div class="health" role="status" translate="no">
            <Badge tone text=label/>
            {(!sentence.is_empty()).then(|| view! { <p>{sentence}</p> })}
        </div>
        {slack.directory_problem.map(|problem| view! {
            <Notice tone=Tone::Warning>
                <p translate="no">
                    {problem.to_string()}
                    " What was read stays, and the rest is read by itself."
                </p>
            </Notice>
        })}
        <Facts>
            <div><dt>"Workspace"</dt><dd><bdi translate="no">{slack.workspace_name}</bdi></dd></div>
            <div>
                <dt>"People and roles read"</dt>
                <dd>
                    {match slack.directory_read_at {
                        Some(at) => Either::Left(view! { <Time at relative=true/> }),
                        None => Either::Right("not completely yet"),
                    }}
                </dd>
            </div>
        </Facts>
        {refused(&slack.refused)}
        <ul class="changes">
            {slack.scopes.into_iter().map(scope_line).collect_view()}
        </ul>
        {(again && may_manage).then(|| view! {
            <p>
                <a href="/api/auth/slack/login?return_to=/settings/integrations" rel="external">
                    "Sign in again and choose Allow at Slack"
                </a>
                " to put this right."
            </p>
        })}
    }
    .into_any()
}

/// What Slack does not take of what rotations tell there.
fn refused(refused: &First<RefusedBySlack>) -> Option<AnyView> {
    let others = refused.others();
    let told = refused.items.iter().map(|one| {
        let words = refused_by_slack(&one.rotation, one.part, (&one.name, &one.cause));
        html! { p { strong { bdi translate="no" { (one.rotation_name) } } } (words) }
    });
    let told = html! {
        p { "Slack does not take all that rotations tell there:" }
        @for one in told { (one) }
        @if others > 0 {
            p {
                (count(others, "more", "more")) ", which "
                a href=(format!("{}?show={}", rotations::ADDRESS, Selection::Attention.code())) {
                    "the list of rotations"
                }
                " tells under Needs attention."
            }
        }
    };
    (refused.all > 0).then(|| {
        let told = told.into_string();
        view! { <Notice tone=Tone::Warning><div inner_html=told></div></Notice> }.into_any()
    })
}

fn scope_line(scope: SlackScope) -> impl IntoView {
    let state = if scope.granted {
        "is granted"
    } else {
        "is not granted, so this does not work"
    };
    let rest = format!(" {state}: {}.", scope.purpose);
    view! { <li><code translate="no">{scope.name}</code>{rest}</li> }
}

fn installation_words(installation: &InstallationView) -> (Tone, &'static str, String) {
    match installation {
        InstallationView::Sound => (Tone::Good, "Installed", String::new()),
        InstallationView::Doubted { word } => (
            Tone::Warning,
            "Being checked",
            format!(
                "Slack refused Round Robin's token ({word}). It is asked again before that is believed; everything goes on meanwhile."
            ),
        ),
        InstallationView::Ended(ended) => (
            Tone::Bad,
            "Not installed any more",
            format!(
                "Slack says that Round Robin's token has ended ({}). Nothing can be changed until an Owner or Admin adds Round Robin again.",
                ended.word
            ),
        ),
    }
}
