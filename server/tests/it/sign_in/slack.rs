//! A Slack that gives out codes and tokens, for tests that have to know what is
//! in them. What its pages show is the sandbox's business.

use axum::{
    Json, Router,
    extract::{Query, RawForm, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use server::clock;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, sync::Semaphore};
use url::form_urlencoded;

pub const CLIENT_ID: &str = "1.2";
pub const CLIENT_SECRET: &str = "slack-client-secret";
pub const BOT_TOKEN: &str = "xoxb-installed";
pub const ALL_SCOPES: &str = "users:read,users:read.email,team:read";

/// What Slack knows.
#[derive(Clone)]
pub struct World {
    pub people: Vec<Value>,
    /// Whom the list leaves out, and asked for by themselves are known.
    pub unlisted: Vec<&'static str>,
    pub scopes: &'static str,
    /// With which word the token is refused, by every method.
    pub token_refused: Option<&'static str>,
    /// Methods whose next call is refused, each with the word, the last first.
    pub refusals: Vec<(&'static str, &'static str)>,
    /// Fields of what an installation is answered with that differ.
    pub installation: Value,
    /// Every method that was called, in order.
    pub calls: Vec<String>,
    /// Every call fails with this status.
    pub down: Option<u16>,
    /// After how many seconds to come back, for each of the next lists of people.
    pub rate_limits: Vec<u64>,
    /// So many pages are answered before that.
    pub unlimited_pages: usize,
    /// So many calls are answered before one is refused.
    pub accepted_first: usize,
    /// What is told of one person hangs until there is a permit.
    pub held: Option<Arc<Semaphore>>,
    /// How many people each list was asked for.
    pub page_sizes: Vec<String>,
    codes: HashMap<String, Code>,
}

/// What a code is good for.
#[derive(Clone)]
pub enum Code {
    Identity {
        team: &'static str,
        person: &'static str,
        nonce: String,
    },
    Installation {
        team: &'static str,
        person: &'static str,
    },
}

#[derive(Clone)]
pub struct Slack {
    pub url: String,
    world: Arc<Mutex<World>>,
}

impl Slack {
    pub async fn start(people: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let slack = Self {
            url: format!("http://{}/slack", listener.local_addr().unwrap()),
            world: Arc::new(Mutex::new(World {
                people,
                unlisted: Vec::new(),
                scopes: ALL_SCOPES,
                token_refused: None,
                refusals: Vec::new(),
                installation: json!({}),
                calls: Vec::new(),
                down: None,
                rate_limits: Vec::new(),
                unlimited_pages: 0,
                accepted_first: 0,
                held: None,
                page_sizes: Vec::new(),
                codes: HashMap::new(),
            })),
        };
        let api = Router::new()
            .route("/openid.connect.token", post(identity))
            .route("/oauth.v2.access", post(installation))
            .route("/users.list", get(users_list))
            .route("/users.info", get(users_info))
            .route("/auth.test", get(auth_test))
            .route("/auth.revoke", post(auth_revoke))
            .with_state(slack.clone());
        let router = Router::new().nest("/slack/api", api);
        tokio::spawn(async move { axum::serve(listener, router).await });
        slack
    }

    pub fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.world.lock().unwrap());
    }

    /// A new code, as the person's browser would bring it.
    pub fn code(&self, code: Code) -> String {
        let mut world = self.world.lock().unwrap();
        let name = format!("code-{}", world.codes.len());
        world.codes.insert(name.clone(), code);
        name
    }

    /// How often a method was called.
    pub fn calls_of(&self, method: &str) -> usize {
        let world = self.world();
        world.calls.iter().filter(|call| *call == method).count()
    }

    /// Counts a call, and gives the word with which it is to be refused.
    fn refusal(&self, method: &str) -> Option<&'static str> {
        let mut world = self.world.lock().unwrap();
        world.calls.push(method.to_owned());
        let next = world.refusals.iter().rposition(|(of, _)| *of == method)?;
        if world.accepted_first > 0 {
            world.accepted_first -= 1;
            return None;
        }
        Some(world.refusals.remove(next).1)
    }

    fn world(&self) -> World {
        self.world.lock().unwrap().clone()
    }

    fn exchanged(&self, form: &[u8]) -> Result<Code, &'static str> {
        let form: HashMap<String, String> = form_urlencoded::parse(form).into_owned().collect();
        if form["client_id"] != CLIENT_ID || form["client_secret"] != CLIENT_SECRET {
            return Err("bad_client_secret");
        }
        let mut world = self.world.lock().unwrap();
        world.codes.remove(&form["code"]).ok_or("invalid_code")
    }
}

async fn identity(State(slack): State<Slack>, RawForm(form): RawForm) -> Response {
    if let Some(status) = slack.world().down {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    if let Some(word) = slack.refusal("openid.connect.token") {
        return refused(word);
    }
    match slack.exchanged(&form) {
        Ok(Code::Identity {
            team,
            person,
            nonce,
        }) => {
            let claims = json!({
                "iss": "https://slack.com", "aud": CLIENT_ID, "nonce": nonce, "sub": person,
                "exp": clock::now().as_millis() / 1000 + 300,
                "https://slack.com/team_id": team, "https://slack.com/user_id": person,
            });
            let id_token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
            Json(json!({
                "ok": true, "access_token": "xoxp-1", "token_type": "Bearer", "id_token": id_token,
            }))
            .into_response()
        }
        Ok(_) => refused("invalid_code"),
        Err(word) => refused(word),
    }
}

async fn installation(State(slack): State<Slack>, RawForm(form): RawForm) -> Response {
    match slack.exchanged(&form) {
        Ok(Code::Installation { team, person }) => {
            let mut answer = json!({
                "ok": true, "access_token": BOT_TOKEN, "token_type": "bot",
                "scope": slack.world().scopes,
                "team": {"id": team, "name": format!("Team {team}")},
                "authed_user": {"id": person}, "enterprise": null,
                "is_enterprise_install": false,
            });
            for (field, value) in slack.world().installation.as_object().unwrap() {
                answer[field] = value.clone();
            }
            Json(answer).into_response()
        }
        Ok(_) => refused("invalid_code"),
        Err(word) => refused(word),
    }
}

/// Two people a page, to have pages.
async fn users_list(
    State(slack): State<Slack>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    {
        let mut world = slack.world.lock().unwrap();
        if world.unlimited_pages > 0 {
            world.unlimited_pages -= 1;
        } else if let Some(seconds) = world.rate_limits.pop() {
            world.calls.push("users.list".to_owned());
            let wait = [("retry-after", seconds.to_string())];
            return (StatusCode::TOO_MANY_REQUESTS, wait).into_response();
        }
        world.page_sizes.push(query["limit"].clone());
    }
    called(&slack, "users.list", &headers, |world| {
        let start: usize = query["cursor"].parse().unwrap_or(0);
        let listed = world.people.iter().filter(|person| {
            let id = person["id"].as_str().unwrap_or_default();
            !world.unlisted.contains(&id)
        });
        let members: Vec<_> = listed.skip(start).take(2).collect();
        let next = if start + 2 < world.people.len() - world.unlisted.len() {
            (start + 2).to_string()
        } else {
            String::new()
        };
        json!({"ok": true, "members": members, "response_metadata": {"next_cursor": next}})
    })
}

async fn users_info(
    State(slack): State<Slack>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let told = called(&slack, "users.info", &headers, |world| {
        match world.people.iter().find(|person| {
            person["id"] == query["user"] || person["enterprise_user"]["id"] == query["user"]
        }) {
            Some(user) => json!({"ok": true, "user": user}),
            None => json!({"ok": false, "error": "user_not_found"}),
        }
    });
    if let Some(held) = slack.world().held {
        held.acquire().await.unwrap().forget();
    }
    told
}

async fn auth_revoke(State(slack): State<Slack>, headers: HeaderMap) -> Response {
    called(&slack, "auth.revoke", &headers, |_| json!({"ok": true}))
}

async fn auth_test(State(slack): State<Slack>, headers: HeaderMap) -> Response {
    called(&slack, "auth.test", &headers, |_| json!({"ok": true}))
}

fn called(
    slack: &Slack,
    method: &str,
    headers: &HeaderMap,
    answer: impl FnOnce(&World) -> Value,
) -> Response {
    if let Some(word) = slack.refusal(method) {
        return refused(word);
    }
    let world = slack.world();
    if let Some(status) = world.down {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    if let Some(word) = world.token_refused {
        return refused(word);
    }
    if headers["authorization"] != format!("Bearer {BOT_TOKEN}") {
        return refused("invalid_auth");
    }
    ([("x-oauth-scopes", world.scopes)], Json(answer(&world))).into_response()
}

fn refused(word: &str) -> Response {
    Json(json!({"ok": false, "error": word})).into_response()
}
