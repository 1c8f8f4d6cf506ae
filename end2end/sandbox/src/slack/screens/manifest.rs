//! Where an app is made from a manifest, which the product's settings lead to with the manifest in hand.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde_json::Value;

use crate::{
    html::{escape, page, refusal},
    slack::{outgoing, params::Params},
    world::Sandbox,
};

const TITLE: &str = "Your app's manifest";

pub async fn show(State(sandbox): State<Sandbox>, params: Params) -> Response {
    let written = match params.given("manifest_json") {
        Some(given) => given.to_owned(),
        None => match &sandbox.world().slack.app.manifest {
            Value::Null => String::new(),
            manifest => format!("{manifest:#}"),
        },
    };
    let body = format!(
        "<p>The sandbox has one app already; a manifest changes it. Addresses must be on this machine.</p>\n\
         <form method=\"post\" action=\"/slack/apps\">\n\
         <textarea name=\"manifest_json\" rows=\"20\" aria-label=\"Manifest\">{}</textarea>\n\
         <button>Create</button>\n</form>",
        escape(&written)
    );
    page(TITLE, &body).into_response()
}

pub async fn register(State(sandbox): State<Sandbox>, params: Params) -> Response {
    let written = params.get("manifest_json").unwrap_or_default();
    let Ok(manifest) = serde_json::from_str::<Value>(written) else {
        return refusal(TITLE, "The manifest is no JSON.");
    };
    let registered = sandbox.world().slack.app.register(&manifest);
    if let Err(sentence) = registered {
        return refusal(TITLE, &sentence);
    }
    match outgoing::verify_address(&sandbox).await {
        Ok(()) => page(TITLE, "<p>The app is registered like this now.</p>").into_response(),
        Err(sentence) => refusal(TITLE, &sentence),
    }
}
