//! One server for many workspaces, each with people, sessions, a connection and
//! bound rotations of its own, got as anybody gets them.

use super::proxy::Proxy;
use crate::{
    http::browser::{Browser, page},
    support::{Database, keys, reconcile, sandbox::Sandbox},
};
use app::backend::{Authorisations, Caller, Connections, Rotations, Schedules};
use axum::{
    body::Body,
    http::{HeaderValue, Request, StatusCode, header},
};
use clap::Parser;
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{
    Services,
    backend::{LoginAnswer, RoundRobin},
    config::Settings,
    storage::Storage,
    store::Expect,
};
use sqlx::{AnyPool, AssertSqlSafe, any::AnyPoolOptions};
use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicU32, AtomicUsize, Ordering},
};
use tokio::task::JoinHandle;
use types::{
    ApiKeyInput, ClientSecretInput, ConnectRefusal, OauthStep, Outcome, Role, RotationId,
    RotationInput, ScheduleChoice, ScheduleId, Visibility, WorkspaceId,
};
use url::Url;

/// How often the server asks PagerDuty. Long, so that what a test sees was
/// brought by what it did.
pub const INTERVAL_SECONDS: i64 = 60;

/// Schedules whose answers are spoilt: layer-based, and shift-based with two on call.
pub const SPOILT: [&str; 2] = ["PMUTATED", "Q3INCIDENTCMD1"];
/// Schedules that must not suffer from it.
pub const OTHERS: [&str; 2] = ["PPAYMN3", "PSHIFTED"];
/// Everybody's colleague, whom PagerDuty's list of people leaves out.
pub const UNLISTED: &str = "PKENJIC";

/// One for each role, by their id in Slack, the Primary Owner first.
pub const PEOPLE: [(&str, Role); 5] = [
    ("U01ADAOKAF", Role::PrimaryOwner),
    ("U02HENRIKL", Role::Owner),
    ("U03PRIYARA", Role::Admin),
    ("U05TOMASHE", Role::Member),
    ("U14SAMCART", Role::Guest),
];

/// How a workspace is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    ApiKey,
    Login,
}

/// A running server with its PagerDuty and its Slack.
pub struct World {
    pub sandbox: Sandbox,
    pub proxy: Proxy,
    pub services: Services,
    pub database: AnyPool,
    credentials: Value,
    tenants: AtomicUsize,
    addresses: AtomicU32,
    reconciler: JoinHandle<()>,
    _database: Database,
}

impl World {
    pub async fn start(database: Database) -> Self {
        #[derive(Parser)]
        struct Command {
            #[command(flatten)]
            settings: Settings,
        }
        let sandbox = Sandbox::start().await;
        prepare(&sandbox).await;
        let proxy = Proxy::start(&sandbox, SPOILT, UNLISTED).await;
        let credentials = sandbox.ask("credentials").await;
        let slack = |name: &str| credentials["slack"][name].as_str().unwrap();
        let command = Command::parse_from([
            "roundrobin",
            "--pagerduty-api-url",
            &proxy.url,
            "--pagerduty-eu-api-url",
            &proxy.url,
            "--pagerduty-identity-url",
            &format!("{}/identity", proxy.url),
            "--pagerduty-poll-seconds",
            &INTERVAL_SECONDS.to_string(),
            "--slack-url",
            &format!("{}/slack", proxy.url),
            "--slack-client-id",
            slack("client_id"),
            "--slack-client-secret",
            slack("client_secret"),
            "--slack-workspaces",
            "any",
            // Whoever asks without a connection comes from here.
            "--trusted-proxies",
            "0.0.0.0/32",
        ]);
        let storage = Storage {
            database_url: SecretString::from(database.url.as_str()),
            keys: keys(),
            new_key_file: None,
            expect: Expect::Anything,
        };
        let services = Services::open(command.settings.checked().unwrap(), storage)
            .await
            .unwrap();
        let pool = AnyPoolOptions::new().max_connections(4);
        Self {
            reconciler: tokio::spawn(reconcile(services.clone())),
            sandbox,
            proxy,
            services,
            database: pool.connect(&database.url).await.unwrap(),
            credentials,
            tenants: AtomicUsize::new(0),
            addresses: AtomicU32::new(0),
            _database: database,
        }
    }

    pub async fn stop(self) {
        self.services.shutdown.cancel();
        self.reconciler.await.unwrap();
        self.database.close().await;
    }

    /// Of somebody who has not been here yet: one address may not sign in without end.
    fn new_address(&self) -> HeaderValue {
        let number = self.addresses.fetch_add(1, Ordering::Relaxed);
        let address = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 1).to_bits() + number);
        HeaderValue::from_str(&address.to_string()).unwrap()
    }

    /// A workspace that has not installed anything.
    pub fn newcomer(&self) -> Visitor<'_> {
        let number = self.tenants.fetch_add(1, Ordering::Relaxed);
        let workspace = format!("TMUTANT{number}X");
        Visitor {
            world: self,
            line: self.proxy.line(&workspace),
            workspace: WorkspaceId::new(workspace),
        }
    }

    /// A workspace with everything, all of it well.
    pub async fn tenant(&self, method: Method) -> Tenant<'_> {
        let visitor = self.newcomer();
        let mut sessions = Vec::new();
        for (person, _) in PEOPLE {
            let mut browser = Browser::new(&self.services);
            let signed_in = visitor.sign_in(&mut browser, person).await;
            assert_eq!(signed_in, SignIn::Done);
            sessions.push(browser);
        }
        let workspace = visitor.workspace.clone();
        let sealed = format!(
            "select key from sessions where workspace_id = '{workspace}' and person_id = '{}'",
            PEOPLE[0].0
        );
        let (session,): (String,) = sqlx::query_as(AssertSqlSafe(sealed))
            .fetch_one(&self.database)
            .await
            .unwrap();
        let mut tenant = Tenant {
            caller: Caller {
                workspace,
                person: types::PersonId::new(PEOPLE[0].0),
                name: "Ada Okafor".to_owned(),
                role: PEOPLE[0].1,
                session,
                request_id: "request".to_owned(),
                admitted_at: None,
            },
            backend: RoundRobin::new(self.services.clone()),
            visitor,
            sessions,
            rotations: Vec::new(),
            key: String::new(),
            method,
        };
        tenant.connect().await;
        for schedule in SPOILT.iter().chain(&OTHERS) {
            tenant.bind(schedule).await;
        }
        tenant
    }
}

/// Adds schedules with a turn a day, so that there are many entries in what is
/// read, and lets as much be asked as the tests like.
async fn prepare(sandbox: &Sandbox) {
    let gone = json!({"id": "PLEFTUS", "name": "Lea Gone", "email": "lea@elsewhere.example"});
    sandbox.control("pagerduty/users", gone).await;
    let users = [
        "PADAOK1", "PTOMAS5", "PJUERG8", "PROBING", "PLEFTUS", UNLISTED,
    ];
    let shifted = ["PWEIZH7", "PNOABD6", "PPRIYA3", "PBRUNOF"];
    for (id, users) in [(SPOILT[0], &users[..]), (OTHERS[1], &shifted[..])] {
        let schedule = json!({
            "id": id, "name": format!("Daily {id}"), "users": users,
            "turn_seconds": 86_400, "offset_seconds": 3_600,
        });
        sandbox.control("schedules", schedule).await;
    }
    let path = "pagerduty/users/PLEFTUS/delete";
    sandbox.control(path, json!({})).await;
    let path = format!("schedules/{}/upgrade", OTHERS[1]);
    sandbox.control(&path, json!({})).await;
    let unlimited = json!({"per_minute": 10_000_000});
    sandbox.control("pagerduty/rate-limit", unlimited).await;
}

/// What a sign-in came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    Done,
    /// The address of the page that says what is wrong.
    Refused(String),
    /// Something else than going on, and being told.
    Lost(String),
}

/// Somebody of a workspace who has a browser.
pub struct Visitor<'w> {
    world: &'w World,
    pub line: usize,
    pub workspace: WorkspaceId,
}

impl Visitor<'_> {
    /// Clicks *Sign in with Slack* and agrees to everything that Slack asks.
    pub async fn sign_in(&self, browser: &mut Browser, person: &str) -> SignIn {
        const STEPS: usize = 5;
        let mut request = page("/api/auth/slack/login?return_to=/settings");
        request
            .headers_mut()
            .insert("x-forwarded-for", self.world.new_address());
        let mut answer = browser.send(request).await;
        for _ in 0..STEPS {
            if !answer.status.is_redirection() {
                return SignIn::Lost(format!("{}", answer.status));
            }
            let location = answer.header("location").to_owned();
            if location == "/settings" {
                return SignIn::Done;
            }
            if !location.starts_with(&self.world.proxy.url) {
                return SignIn::Refused(location);
            }
            match self.agree(&location, person).await {
                Ok(back) => answer = browser.open(&back).await,
                Err(status) => {
                    return SignIn::Lost(format!("Slack answers {location} with {status}"));
                }
            }
        }
        SignIn::Lost("in circles".to_owned())
    }

    /// What the person does at Slack: the address to come back with, or with which status
    /// Slack refused to go on.
    async fn agree(&self, address: &str, person: &str) -> Result<String, StatusCode> {
        let proxy = &self.world.proxy;
        let url = Url::parse(address).unwrap();
        let query = proxy.inward(self.line, url.query().unwrap());
        let form = if url.path().ends_with("/oauth/v2/authorize") {
            format!("{query}&decision=allow")
        } else {
            format!("{query}&person={person}")
        };
        let request = Request::post(url.path())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            // Not everybody may install; whoever may not asks somebody who may.
            .header(header::COOKIE, format!("sandbox_person={}", PEOPLE[0].0))
            .body(Body::from(form))
            .unwrap();
        let answer = self.world.sandbox.answer(request).await;
        let back = answer.headers().get(header::LOCATION);
        let back = back.ok_or(answer.status())?.to_str().unwrap();
        let back = Url::parse(back).unwrap();
        let code = parameter(&back, "code");
        proxy.belongs(&code, self.line);
        Ok(format!("{}?{}", back.path(), back.query().unwrap()))
    }
}

fn parameter(url: &Url, name: &str) -> String {
    let mut pairs = url.query_pairs();
    let (_, value) = pairs.find(|(key, _)| key == name).unwrap();
    value.into_owned()
}

/// A workspace with everything.
pub struct Tenant<'w> {
    pub visitor: Visitor<'w>,
    pub backend: RoundRobin,
    pub caller: Caller,
    /// In the order of [`PEOPLE`].
    pub sessions: Vec<Browser>,
    /// Each with its schedule.
    pub rotations: Vec<(&'static str, RotationId)>,
    pub method: Method,
    key: String,
}

impl<'w> Tenant<'w> {
    pub fn world(&self) -> &'w World {
        self.visitor.world
    }

    pub fn workspace(&self) -> &WorkspaceId {
        &self.caller.workspace
    }

    async fn connect(&mut self) {
        match self.method {
            Method::ApiKey => {
                let sandbox = &self.world().sandbox;
                let new = sandbox.control("pagerduty/keys", json!({})).await;
                self.key = new["api_key"].as_str().unwrap().to_owned();
                self.world().proxy.belongs(&self.key, self.visitor.line);
                let key = ApiKeyInput::new(self.key.clone());
                let connected = self.backend.connect_with_api_key(&self.caller, key);
                assert_eq!(connected.await.unwrap(), Outcome::Done(()));
            }
            Method::Login => {
                let app = &self.world().credentials["pagerduty"];
                let text = |name: &str| app[name].as_str().unwrap().to_owned();
                let secret = ClientSecretInput::new(text("client_secret"));
                let id = text("client_id");
                let begun = self.backend.connect_with_oauth(&self.caller, id, secret);
                let begun = begun.await.unwrap();
                let connected = self.finish_login(begun).await;
                assert_eq!(connected, Outcome::Done(OauthStep::Connected));
            }
        }
    }

    /// Enters the key again that connects the workspace.
    pub async fn enter_key_again(&self) -> Outcome<types::Replaced, ConnectRefusal> {
        let key = ApiKeyInput::new(self.key.clone());
        let entered = self.backend.edit_api_key(&self.caller, key);
        entered.await.unwrap()
    }

    /// Logs in once more at PagerDuty.
    pub async fn log_in_again(&self) -> Outcome<OauthStep, ConnectRefusal> {
        let begun = self.backend.reconnect_oauth(&self.caller).await.unwrap();
        self.finish_login(begun).await
    }

    async fn finish_login(
        &self,
        begun: Outcome<OauthStep, ConnectRefusal>,
    ) -> Outcome<OauthStep, ConnectRefusal> {
        let Outcome::Done(OauthStep::AtPagerDuty { address }) = begun else {
            return begun;
        };
        let asked = Url::parse(&address).unwrap();
        let order = json!({
            "redirect_uri": parameter(&asked, "redirect_uri"), "scope": parameter(&asked, "scope"),
            "code_challenge": parameter(&asked, "code_challenge"),
        });
        let allowed = self.world().sandbox.control("oauth/authorise", order).await;
        let code = allowed["code"].as_str().unwrap();
        self.world().proxy.belongs(code, self.visitor.line);
        let answer = LoginAnswer {
            state: Some(parameter(&asked, "state").into()),
            code: Some(code.into()),
            ..LoginAnswer::default()
        };
        let end = self.backend.finish_login(&self.caller, &answer);
        end.await.unwrap().outcome
    }

    async fn bind(&mut self, schedule: &'static str) {
        let input = RotationInput {
            name: format!("Bound to {schedule}"),
            description: String::new(),
            notes: Some(String::new()),
            code: String::new(),
            duty_size: "1".to_owned(),
            visibility: Visibility::Public,
            version: String::new(),
        };
        let created = self.backend.create_rotation(&self.caller, input).await;
        let Outcome::Done(id) = created.unwrap() else {
            panic!("a rotation can be created")
        };
        let choice = ScheduleChoice::PagerDuty(ScheduleId::new(schedule));
        let bound = self
            .backend
            .set_schedule(&self.caller, id.clone(), choice.into())
            .await;
        assert_eq!(bound.unwrap(), Outcome::Done(()));
        self.rotations.push((schedule, id));
    }

    /// Runs a statement about this workspace, which it calls `$1`.
    pub async fn execute(&self, statement: &str) {
        sqlx::query(AssertSqlSafe(statement.to_owned()))
            .bind(self.workspace().as_str())
            .execute(&self.world().database)
            .await
            .unwrap();
    }
}
