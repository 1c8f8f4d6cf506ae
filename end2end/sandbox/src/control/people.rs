//! Levers on people and their rights: users and keys of PagerDuty, members of Slack.

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Order, Refused, done};
use crate::{
    account::{Account, ApiKey, Region, User},
    minting,
    slack::{Person, Role},
    world::{Sandbox, World},
};

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/people", get(people))
        .route("/pagerduty/keys", post(add_key))
        .route("/pagerduty/keys/revoke", post(revoke_key))
        .route("/pagerduty/keys/rotate", post(rotate_key))
        .route("/pagerduty/rate-limit", post(limit_rate))
        .route("/pagerduty/users", post(add_user))
        .route("/pagerduty/users/{user}/email", post(change_user_email))
        .route("/pagerduty/users/{user}/delete", post(delete_user))
        .route("/slack/people/{person}/role", post(change_role))
        .route("/slack/people/{person}/email", post(change_person_email))
        .route("/slack/people/{person}/deactivate", post(deactivate))
        .route("/slack/people/{person}/list", post(list))
        .route("/slack/people/{person}/show-as", post(show_as))
        .route("/slack/people/{person}/hide", post(hide))
}

/// Who can sign in, as the sign-in page names them.
async fn people(State(sandbox): State<Sandbox>) -> Json<Value> {
    let world = sandbox.world();
    let people: Vec<Value> = world
        .slack
        .workspaces
        .iter()
        .flat_map(|workspace| {
            workspace
                .people
                .iter()
                .map(move |person| (workspace, person))
        })
        .filter(|(_, person)| !person.deactivated)
        .map(|(workspace, person)| {
            json!({
                "id": person.id,
                "name": person.name,
                "role": person.role.title(),
                "team": workspace.id,
            })
        })
        .collect();
    Json(json!({"people": people}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyOrder {
    key: Option<String>,
    region: Option<Region>,
}

impl KeyOrder {
    fn account<'a>(&self, world: &'a mut World) -> &'a mut Account {
        world.account_mut(self.region.unwrap_or(Region::Us))
    }

    /// Removes the key that is meant: the account's own when none is named.
    fn revoke(&self, account: &mut Account) -> Result<(), Refused> {
        let key = match &self.key {
            Some(key) => key.clone(),
            None => account
                .current_key()
                .ok_or_else(|| Refused::impossible("The account has no key."))?
                .to_owned(),
        };
        let before = account.keys.len();
        account.keys.retain(|known| known.key != key);
        if account.keys.len() == before {
            return Err(Refused::unknown("key", &key));
        }
        Ok(())
    }
}

async fn revoke_key(State(sandbox): State<Sandbox>, Order(order): Order<KeyOrder>) -> Answer {
    let mut world = sandbox.world();
    order.revoke(order.account(&mut world))?;
    done()
}

async fn rotate_key(State(sandbox): State<Sandbox>, Order(order): Order<KeyOrder>) -> Answer {
    let mut world = sandbox.world();
    let account = order.account(&mut world);
    if order.key.is_some() || account.current_key().is_some() {
        order.revoke(account)?;
    }
    let key = new_key();
    // Before keys that were added, so that it takes the place of the account's own.
    account.keys.insert(0, ApiKey::of_account(&key));
    Ok(Json(json!({"api_key": key})))
}

async fn add_key(State(sandbox): State<Sandbox>, Order(order): Order<KeyOrder>) -> Answer {
    let mut world = sandbox.world();
    let key = order.key.clone().unwrap_or_else(new_key);
    let account = order.account(&mut world);
    if account.keys.iter().any(|known| known.key == key) {
        return Err(Refused::impossible("The account has this key."));
    }
    account.keys.push(ApiKey::of_account(&key));
    Ok(Json(json!({"api_key": key})))
}

fn new_key() -> String {
    format!("rr+{}_{}", minting::hex(6), minting::hex(2).to_uppercase())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateLimit {
    per_minute: u32,
}

async fn limit_rate(State(sandbox): State<Sandbox>, Order(order): Order<RateLimit>) -> Answer {
    sandbox.world().allowance.per_minute = order.per_minute;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Email {
    email: String,
}

/// The address has to be given, and may be null.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserEmail {
    #[serde(deserialize_with = "Option::deserialize")]
    email: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUser {
    id: Option<String>,
    name: String,
    #[serde(deserialize_with = "Option::deserialize")]
    email: Option<String>,
}

/// To the US account.
async fn add_user(State(sandbox): State<Sandbox>, Order(order): Order<NewUser>) -> Answer {
    let mut world = sandbox.world();
    let id = order.id.unwrap_or_else(minting::pagerduty_id);
    if world.us.user(&id).is_some() {
        return Err(Refused::impossible("There is a user with this id."));
    }
    world.us.users.push(User {
        id: id.clone(),
        name: order.name,
        email: order.email,
        time_zone: "Europe/London".to_owned(),
        role: "limited_user",
        job_title: "Engineer".to_owned(),
        teams: Vec::new(),
        deleted_at: None,
    });
    Ok(Json(json!({"id": id})))
}

/// The user in whichever account has them.
fn user<'a>(world: &'a mut World, who: &str) -> Result<&'a mut User, Refused> {
    let World { us, eu, .. } = world;
    us.users
        .iter_mut()
        .chain(&mut eu.users)
        .find(|user| user.deleted_at.is_none() && user.is(who))
        .ok_or_else(|| Refused::unknown("user", who))
}

async fn change_user_email(
    State(sandbox): State<Sandbox>,
    Path(who): Path<String>,
    Order(order): Order<UserEmail>,
) -> Answer {
    user(&mut sandbox.world(), &who)?.email = order.email;
    done()
}

async fn delete_user(State(sandbox): State<Sandbox>, Path(who): Path<String>) -> Answer {
    let mut world = sandbox.world();
    let now = world.now();
    let user = user(&mut world, &who)?;
    user.deleted_at = Some(now);
    let id = user.id.clone();
    world.identity.grants.end_with(&id);
    done()
}

fn person<'a>(world: &'a mut World, who: &str) -> Result<&'a mut Person, Refused> {
    world
        .slack
        .person_mut(who)
        .ok_or_else(|| Refused::unknown("person", who))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRole {
    role: String,
}

async fn change_role(
    State(sandbox): State<Sandbox>,
    Path(who): Path<String>,
    Order(order): Order<NewRole>,
) -> Answer {
    let wanted = order.role.replace('_', " ");
    let role = Role::ALL
        .into_iter()
        .find(|role| role.title().eq_ignore_ascii_case(&wanted))
        .ok_or_else(|| {
            Refused::invalid("role must be primary_owner, owner, admin, member or guest.")
        })?;
    person(&mut sandbox.world(), &who)?.role = role;
    done()
}

async fn change_person_email(
    State(sandbox): State<Sandbox>,
    Path(who): Path<String>,
    Order(order): Order<Email>,
) -> Answer {
    person(&mut sandbox.world(), &who)?.email = order.email;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deactivate {
    #[serde(default = "yes")]
    deactivated: bool,
}

fn yes() -> bool {
    true
}

async fn deactivate(
    State(sandbox): State<Sandbox>,
    Path(who): Path<String>,
    Order(order): Order<Deactivate>,
) -> Answer {
    person(&mut sandbox.world(), &who)?.deactivated = order.deactivated;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    listed: bool,
}

async fn list(
    State(sandbox): State<Sandbox>,
    Path(who): Path<String>,
    Order(order): Order<Listed>,
) -> Answer {
    person(&mut sandbox.world(), &who)?.unlisted = !order.listed;
    done()
}

async fn show_as(
    State(sandbox): State<Sandbox>,
    Path(who): Path<String>,
    Order(fields): Order<Map<String, Value>>,
) -> Answer {
    person(&mut sandbox.world(), &who)?.shown_as = fields;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hide {
    hidden: bool,
}

/// Whether the app may write to them.
async fn hide(
    State(sandbox): State<Sandbox>,
    Path(who): Path<String>,
    Order(order): Order<Hide>,
) -> Answer {
    person(&mut sandbox.world(), &who)?.invisible = order.hidden;
    done()
}
