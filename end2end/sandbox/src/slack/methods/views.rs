//! Modals, opened in answer to what a person did, and the app's home.

use serde_json::{Value, json};

use crate::{
    clock::Clock,
    slack::{
        blocks::{self, Surface, with_ids},
        call::{Call, Method, Outcome},
        caller::Refusal,
        limits::Tier,
        view::{DEEPEST, View},
    },
};

pub const METHODS: [Method; 4] = [
    method("views.open", open),
    method("views.push", push),
    method("views.update", update),
    method("views.publish", publish),
];

const fn method(name: &'static str, run: fn(&mut Call<'_>) -> Outcome) -> Method {
    Method {
        name,
        scopes: &[],
        tier: Tier::Four,
        reads_json: true,
        run,
    }
}

/// The view that was sent, if Slack takes it.
pub fn checked(view: &str, kind: &str) -> Result<Value, Refusal> {
    let mut view: Value = serde_json::from_str(view).map_err(|_| "invalid_arguments")?;
    if view["type"] != kind {
        return Err("invalid_arguments".into());
    }
    let title = view["title"]["text"].as_str().unwrap_or_default();
    let title_fits = (1..=24).contains(&title.chars().count());
    if kind == "modal" && !title_fits {
        return Err("invalid_arguments".into());
    }
    blocks::check(&view["blocks"], Surface::View).map_err(blocks::Flaw::refusal)?;
    view["blocks"] = with_ids(view["blocks"].take());
    Ok(view)
}

fn sent(call: &Call<'_>, kind: &str) -> Result<Value, Refusal> {
    checked(call.wanted("view")?, kind)
}

fn told(call: &Call<'_>, view: &View) -> Outcome {
    Ok(json!({"view": view.shown(&call.workspace.id)}))
}

fn open(call: &mut Call<'_>) -> Outcome {
    opened(call, true)
}

fn push(call: &mut Call<'_>) -> Outcome {
    opened(call, false)
}

fn opened(call: &mut Call<'_>, alone: bool) -> Outcome {
    let content = sent(call, "modal")?;
    let trigger = call.wanted("trigger_id")?.to_owned();
    let views = &mut call.workspace.views;
    let person = views.use_trigger(&trigger, Clock::machine())?;
    if alone {
        views.close_all(&person);
    } else if views.of(&person).count() >= DEEPEST {
        return Err("push_limit_reached".into());
    }
    let view = View::new(&person, content);
    views.open.push(view.clone());
    told(call, &view)
}

fn update(call: &mut Call<'_>) -> Outcome {
    let content = sent(call, "modal")?;
    let params = call.params;
    let views = &mut call.workspace.views;
    let view = views
        .open
        .iter_mut()
        .find(|view| match params.given("view_id") {
            Some(id) => view.id == id,
            None => params
                .given("external_id")
                .is_some_and(|id| view.content["external_id"] == id),
        });
    let view = view.ok_or("not_found")?;
    if params.given("hash").is_some_and(|hash| hash != view.hash) {
        return Err("hash_conflict".into());
    }
    view.replace(content);
    let view = view.clone();
    told(call, &view)
}

fn publish(call: &mut Call<'_>) -> Outcome {
    if !call.app.home_tab {
        return Err("not_enabled".into());
    }
    let content = sent(call, "home")?;
    let person = call.wanted("user_id")?.to_owned();
    if !call.workspace.people.iter().any(|one| one.id == person) {
        return Err("user_not_found".into());
    }
    let hash = call.params.given("hash");
    let homes = &mut call.workspace.views.homes;
    let view = homes
        .entry(person.clone())
        .or_insert_with(|| View::new(&person, Value::Null));
    if hash.is_some_and(|hash| hash != view.hash) {
        return Err("hash_conflict".into());
    }
    view.replace(content);
    let view = view.clone();
    told(call, &view)
}
