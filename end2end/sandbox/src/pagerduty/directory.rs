//! People, teams and abilities of an account.

use serde_json::{Value, json};

use super::{Call, gate::Problem, shapes};
use crate::account::{Holder, User};

pub fn abilities() -> Value {
    json!({"abilities": ["teams", "urgencies", "read_only_users", "time_based_alert_grouping"]})
}

pub fn users(call: &Call<'_>) -> Result<Value, Problem> {
    let page = call.query.page()?;
    let text = call.query.one("query").unwrap_or_default().to_lowercase();
    let wanted = call
        .account
        .employees()
        // Documented as a match of the name, used by PagerDuty's own library for addresses too.
        .filter(|user| {
            user.name.to_lowercase().contains(&text)
                || user
                    .email
                    .as_ref()
                    .is_some_and(|email| email.to_lowercase().contains(&text))
        })
        .filter(|user| {
            let teams: Vec<&str> = user.teams.iter().map(String::as_str).collect();
            call.query.admits("team_ids[]", &teams)
        });
    Ok(page.of("users", wanted, |user| shown(call, user)))
}

pub fn me(call: &Call<'_>) -> Result<Value, Problem> {
    match call.holder {
        Holder::Person(id) => user(call, id),
        _ => Err(Problem::account_key_is_nobody()),
    }
}

pub fn user(call: &Call<'_>, id: &str) -> Result<Value, Problem> {
    let user = call
        .account
        .user(id)
        .filter(|user| user.deleted_at.is_none())
        .ok_or_else(|| Problem::not_found("The user"))?;
    Ok(json!({"user": shown(call, user)}))
}

pub fn teams(call: &Call<'_>) -> Result<Value, Problem> {
    let page = call.query.page()?;
    let text = call.query.one("query").unwrap_or_default().to_lowercase();
    let wanted = call
        .account
        .teams
        .iter()
        .filter(|team| team.name.to_lowercase().contains(&text));
    Ok(page.of("teams", wanted, |team| shapes::team(call.account, team)))
}

fn shown(call: &Call<'_>, user: &User) -> Value {
    shapes::user(
        call.account,
        user,
        call.base_url,
        call.query.includes("teams"),
    )
}
