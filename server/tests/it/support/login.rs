//! A PagerDuty that is reached with the tokens of a login. It keeps book of them
//! strictly: an access token opens nothing after its end, a refresh token serves
//! once, and one that comes again ends the whole login.

use super::gate::{Gate, Passage, gate};
use axum::{
    Form, Json, Router,
    extract::{Path, Request, State},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use domain::AccountIdentity;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{
    Services,
    integrations::{OauthSecrets, term},
    store::{OauthLogin, StoredCredential, StoredMethod, credential_row},
};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::net::TcpListener;
use types::{AuditAction, Region};

pub const CLIENT_SECRET: &str = "Sx+&% é";

/// What the stub knows of tokens, and how it feels.
pub struct Book {
    /// How long access tokens live that are given out from now on.
    pub life: Duration,
    /// The status of the token endpoint's next answers instead of tokens.
    pub token_status: u16,
    /// Renewals that succeeded.
    pub refreshes: u32,
    /// Requests to the token endpoint.
    pub asked: u32,
    /// Refresh tokens that came a second time.
    pub reused: u32,
    /// Requests to the API whose token was not accepted.
    pub rejected: u32,
    /// Requests for a schedule that were answered.
    pub schedules_read: u32,
    access: HashMap<String, Instant>,
    refresh: Option<String>,
    spent: HashSet<String>,
    given: u32,
}

impl Book {
    fn give(&mut self) -> (String, String) {
        self.given += 1;
        let (access, refresh) = (
            format!("pdus+_0{}", self.given),
            format!("pdus+_1{}", self.given),
        );
        self.access
            .insert(access.clone(), Instant::now() + self.life);
        self.refresh = Some(refresh.clone());
        (access, refresh)
    }

    /// Makes every access token end now; the login goes on.
    pub fn expire(&mut self) {
        self.access.clear();
    }

    /// Ends the login for good.
    pub fn revoke(&mut self) {
        self.access.clear();
        self.refresh = None;
    }

    fn renew(&mut self, refresh_token: &str) -> Option<Value> {
        if self.spent.contains(refresh_token) {
            self.reused += 1;
            self.revoke();
            return None;
        }
        if self.refresh.as_deref() != Some(refresh_token) {
            return None;
        }
        self.spent.insert(refresh_token.to_owned());
        self.refreshes += 1;
        let (access_token, refresh_token) = self.give();
        Some(json!({
            "access_token": access_token, "refresh_token": refresh_token, "token_type": "bearer",
            "scope": "openid schedules.read teams.read users.read",
            "expires_in": self.life.as_secs(),
        }))
    }
}

/// A running stub.
pub struct LoginStub {
    pub url: String,
    book: Arc<Mutex<Book>>,
    gate: Gate,
}

#[derive(Clone)]
struct Stub {
    book: Arc<Mutex<Book>>,
    passage: Passage,
}

impl LoginStub {
    pub async fn start(life: Duration) -> Self {
        let book = Arc::new(Mutex::new(Book {
            life,
            token_status: 200,
            refreshes: 0,
            asked: 0,
            reused: 0,
            rejected: 0,
            schedules_read: 0,
            access: HashMap::new(),
            refresh: None,
            spent: HashSet::new(),
            given: 0,
        }));
        let (gate, passage) = gate();
        let stub = Stub {
            book: book.clone(),
            passage,
        };
        let api = Router::new()
            .route("/schedules", get(schedules))
            .route("/schedules/{id}", get(schedule))
            .route("/users", get(users))
            .layer(from_fn_with_state(stub.clone(), admit));
        let router = api
            .route("/identity/oauth/token", post(token))
            .with_state(stub);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, book, gate }
    }

    pub fn book<T>(&self, look: impl FnOnce(&mut Book) -> T) -> T {
        look(&mut self.book.lock().unwrap())
    }

    /// Lets answers with tokens hang, already given out, until [`LoginStub::answer`].
    pub fn hold_tokens(&self) {
        self.gate.close();
    }

    pub fn answer(&self) {
        self.gate.open();
    }

    /// Returns as soon as an answer with tokens hangs.
    pub async fn tokens_wait(&mut self) {
        self.gate.somebody_waits().await;
    }

    /// Connects the workspace with a login whose access token has just been given.
    pub async fn connect(&self, services: &Services) {
        let asked_at = server::clock::now();
        let (access_token, refresh_token, life) = self.book(|book| {
            let (access, refresh) = book.give();
            (access, refresh, book.life)
        });
        let secrets = OauthSecrets {
            client_secret: SecretString::from(CLIENT_SECRET),
            access_token: SecretString::from(access_token),
            refresh_token: Some(SecretString::from(refresh_token)),
        };
        let credential = StoredCredential {
            sealed: secrets.seal(&services.keys, &credential_row(&super::workspace())),
            method: StoredMethod::Oauth(OauthLogin {
                client_id: "client-1".to_owned(),
                authorised_as: Some("Ada".to_owned()),
                term: term(asked_at, Some(life)),
            }),
            region: Region::Us,
            account: AccountIdentity::default(),
        };
        let entry = super::entry(AuditAction::ConnectedPagerDuty);
        assert!(services.store.connect(&credential, &entry).await.unwrap());
    }
}

async fn admit(State(stub): State<Stub>, request: Request, next: Next) -> Response {
    let token = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let accepted = {
        let mut book = stub.book.lock().unwrap();
        let end = token.and_then(|token| book.access.get(token).copied());
        let accepted = end.is_some_and(|end| Instant::now() < end);
        book.rejected += u32::from(!accepted);
        accepted
    };
    if accepted {
        next.run(request).await
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

async fn token(State(stub): State<Stub>, Form(form): Form<HashMap<String, String>>) -> Response {
    let error =
        |status: StatusCode, error: &str| (status, Json(json!({"error": error}))).into_response();
    let tokens = {
        let mut book = stub.book.lock().unwrap();
        book.asked += 1;
        if book.token_status != 200 {
            return StatusCode::from_u16(book.token_status)
                .unwrap()
                .into_response();
        }
        let field = |name: &str| form.get(name).map(String::as_str);
        if field("client_id") != Some("client-1") || field("client_secret") != Some(CLIENT_SECRET) {
            return error(StatusCode::UNAUTHORIZED, "invalid_client");
        }
        if field("grant_type") != Some("refresh_token") {
            return error(StatusCode::BAD_REQUEST, "unsupported_grant_type");
        }
        match book.renew(field("refresh_token").unwrap_or_default()) {
            Some(tokens) => tokens,
            None => return error(StatusCode::BAD_REQUEST, "invalid_grant"),
        }
    };
    stub.passage.pass().await;
    Json(tokens).into_response()
}

async fn schedules() -> Json<Value> {
    Json(json!({"schedules": [{"id": "S1", "name": "Ops"}], "more": false}))
}

/// Ann is on call for the hour.
async fn schedule(State(stub): State<Stub>, Path(id): Path<String>) -> Json<Value> {
    stub.book.lock().unwrap().schedules_read += 1;
    let now = Timestamp::now().as_second();
    let at = |second: i64| Timestamp::from_second(second).unwrap().to_string();
    let entry = json!({"start": at(now / 3600 * 3600), "end": at(now / 3600 * 3600 + 3600), "user": {"id": "P1"}});
    Json(json!({"schedule": {
        "id": id, "name": "Ops", "time_zone": "UTC", "users": [{"id": "P1"}], "schedule_layers": [],
        "final_schedule": {"rendered_schedule_entries": [entry]},
    }}))
}

async fn users() -> Json<Value> {
    let ann = json!({"id": "P1", "name": "Ann", "email": "ann@example.com"});
    Json(json!({"users": [ann], "more": false}))
}
