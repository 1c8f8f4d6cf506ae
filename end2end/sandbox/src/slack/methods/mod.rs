//! Slack's Web API, method by method: one table feeds the routes, the scopes and the limits.

pub mod chat;
pub mod conversations;
pub mod directory;
pub mod user_groups;
pub mod views;

use axum::{Router, extract::State, routing::get};

use super::{
    call::{Method, answer},
    params::Params,
};
use crate::world::Sandbox;

pub fn all() -> impl Iterator<Item = &'static Method> {
    [
        &directory::METHODS[..],
        &conversations::METHODS[..],
        &chat::METHODS[..],
        &user_groups::METHODS[..],
        &views::METHODS[..],
    ]
    .into_iter()
    .flatten()
}

pub fn routes() -> Router<Sandbox> {
    all().fold(Router::new(), |routes, method| {
        let run =
            move |State(sandbox): State<Sandbox>, params: Params| answer(sandbox, method, params);
        routes.route(&format!("/api/{}", method.name), get(run).post(run))
    })
}
