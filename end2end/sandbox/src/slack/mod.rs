//! Slack, as much of it as the product needs: two workspaces with channels and user groups, one registered
//! app, and the tokens that were given out.

pub mod app;
mod authorisation;
pub mod blocks;
mod call;
mod caller;
pub mod commands;
mod consent;
pub mod conversation;
mod deeds;
pub mod group;
pub mod interactions;
mod journal;
mod limits;
pub mod methods;
pub mod outgoing;
mod paging;
pub mod params;
mod replies;
mod screens;
pub mod settings;
mod sign_in;
mod text;
mod tokens;
mod user_info;
pub mod view;

use std::collections::HashMap;

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use self::{
    app::App, conversation::Conversation, deeds::Event, group::UserGroup, journal::Journal,
    limits::Limits, outgoing::Deliveries, replies::ReplyAddress, settings::Settings, view::Views,
};
use crate::{counters::Side, entrance::watched, minting, world::Sandbox};

pub const CLIENT_ID: &str = "2150112233.4860112233";
pub const CLIENT_SECRET: &str = "5a11b0a7c0ffee5a11b0a7c0ffee5a11";
pub const SIGNING_SECRET: &str = "51675a11b0a7c0ffee51675a11b0a7c0";
const APP_ID: &str = "A04860RRBOT";
/// The product's own bot, in every workspace that has the app.
pub const BOT_USER_ID: &str = "U0RRBOT001";
const BOT_ID: &str = "B0RRBOT001";
const CODE_LIFETIME: SignedDuration = SignedDuration::from_mins(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    PrimaryOwner,
    Owner,
    Admin,
    Member,
    Guest,
}

impl Role {
    pub const ALL: [Self; 5] = [
        Self::PrimaryOwner,
        Self::Owner,
        Self::Admin,
        Self::Member,
        Self::Guest,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::PrimaryOwner => "Primary Owner",
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Member => "Member",
            Self::Guest => "Guest",
        }
    }

    /// Slack's flags include one another: a primary owner is an owner, and an owner is an admin.
    fn is_owner(self) -> bool {
        matches!(self, Self::PrimaryOwner | Self::Owner)
    }

    fn is_admin(self) -> bool {
        self.is_owner() || self == Self::Admin
    }
}

#[derive(Clone, Debug)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub time_zone: String,
    pub deactivated: bool,
    /// Has signed in to the product, which Slack calls authorising the app.
    pub is_app_user: bool,
    /// The list of people leaves them out; asked for by themselves they are known.
    pub unlisted: bool,
    /// The app may not write to them.
    pub invisible: bool,
    /// Fields of theirs that are shown otherwise than they would be.
    pub shown_as: Map<String, Value>,
}

impl Person {
    pub fn new(id: &str, name: &str, email: &str, role: Role, time_zone: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            email: email.to_owned(),
            role,
            time_zone: time_zone.to_owned(),
            deactivated: false,
            is_app_user: false,
            unlisted: false,
            invisible: false,
            shown_as: Map::new(),
        }
    }

    /// Slack's older name of theirs, in small letters and unique.
    pub fn user_name(&self) -> String {
        match self.email.split_once('@') {
            Some((mailbox, _)) => mailbox.to_owned(),
            None => self.name.to_lowercase().replace(' ', "_"),
        }
    }
}

/// The app's bot as Slack lists it among the people.
pub fn bot_user() -> Person {
    Person::new(BOT_USER_ID, "Round Robin", "", Role::Member, "UTC")
}

#[derive(Clone, Debug)]
pub struct Workspace {
    pub id: String,
    pub name: String,
    pub domain: String,
    pub people: Vec<Person>,
    pub conversations: Vec<Conversation>,
    pub groups: Vec<UserGroup>,
    pub settings: Settings,
    pub views: Views,
    replies: Vec<ReplyAddress>,
    /// What has happened and was not sent yet.
    events: Vec<Event>,
    /// The time of the latest message, in microseconds.
    latest_ts: i64,
}

impl Workspace {
    pub fn new(id: &str, name: &str, domain: &str, people: Vec<Person>) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            domain: domain.to_owned(),
            people,
            conversations: Vec::new(),
            groups: Vec::new(),
            settings: Settings::default(),
            views: Views::default(),
            replies: Vec::new(),
            events: Vec::new(),
            latest_ts: 0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenState {
    Live,
    Revoked,
    Expired,
    Uninstalled,
}

/// One consent, and the bot token that it gave.
#[derive(Clone, Debug)]
pub struct Installation {
    pub token: String,
    pub team: String,
    pub scopes: Vec<String>,
    pub state: TokenState,
}

/// What a code may be exchanged for.
#[derive(Clone, Debug)]
enum Grant {
    SignIn { nonce: Option<String> },
    Install,
}

#[derive(Clone, Debug)]
struct Code {
    grant: Grant,
    person: String,
    scopes: Vec<String>,
    /// For what the app does in the person's own name.
    user_scopes: Vec<String>,
    redirect_uri: String,
    issued: Timestamp,
}

/// What a person's own token opens.
#[derive(Clone, Debug)]
pub struct UserToken {
    pub person: String,
    pub scopes: Vec<String>,
    pub state: TokenState,
}

impl UserToken {
    /// Whether the app acts by it in the person's name, and does not only know who they are.
    pub fn is_for_acting(&self) -> bool {
        !self.scopes.iter().any(|scope| scope == "openid")
    }
}

pub struct Slack {
    pub workspaces: Vec<Workspace>,
    pub installations: Vec<Installation>,
    pub app: App,
    pub limits: Limits,
    pub journal: Journal,
    pub deliveries: Deliveries,
    codes: HashMap<String, Code>,
    pub user_tokens: HashMap<String, UserToken>,
}

impl Slack {
    pub fn new(workspaces: Vec<Workspace>) -> Self {
        Self {
            workspaces,
            installations: Vec::new(),
            app: App::default(),
            limits: Limits::default(),
            journal: Journal::default(),
            deliveries: Deliveries::default(),
            codes: HashMap::new(),
            user_tokens: HashMap::new(),
        }
    }

    pub fn workspace_mut(&mut self, id: &str) -> Option<&mut Workspace> {
        self.workspaces
            .iter_mut()
            .find(|workspace| workspace.id == id)
    }

    pub fn person(&self, id: &str) -> Option<(&Workspace, &Person)> {
        self.workspaces.iter().find_map(|workspace| {
            workspace
                .people
                .iter()
                .find(|person| person.id == id)
                .map(|person| (workspace, person))
        })
    }

    /// By id, or by address in any case.
    pub fn person_mut(&mut self, who: &str) -> Option<&mut Person> {
        self.workspaces
            .iter_mut()
            .flat_map(|workspace| &mut workspace.people)
            .find(|person| person.id == who || person.email.eq_ignore_ascii_case(who))
    }

    /// The token of the latest installation that still works.
    pub fn bot_token(&self, team: &str) -> Option<&str> {
        self.installations
            .iter()
            .rev()
            .find(|one| one.team == team && one.state == TokenState::Live)
            .map(|one| one.token.as_str())
    }

    /// Ends a token of the bot's or of a person's.
    fn revoke(&mut self, token: &str) {
        if let Some(installation) = self.installations.iter_mut().find(|one| one.token == token) {
            installation.state = TokenState::Revoked;
        }
        if let Some(user_token) = self.user_tokens.get_mut(token) {
            user_token.state = TokenState::Revoked;
        }
    }

    fn issue_code(&mut self, code: Code) -> String {
        let now = code.issued;
        self.codes
            .retain(|_, old| now.duration_since(old.issued) < CODE_LIFETIME);
        let name = format!("{}.{}", CLIENT_ID, minting::hex(24));
        self.codes.insert(name.clone(), code);
        name
    }

    /// A code works once, and is gone whatever comes of it.
    fn take_code(&mut self, name: &str, now: Timestamp) -> Option<Code> {
        self.codes
            .remove(name)
            .filter(|code| now.duration_since(code.issued) < CODE_LIFETIME)
    }
}

pub fn routes(sandbox: &Sandbox) -> Router<Sandbox> {
    let routes = Router::new()
        .route(
            "/openid/connect/authorize",
            get(sign_in::ask).post(sign_in::decide),
        )
        .route(
            "/oauth/v2/authorize",
            get(consent::ask).post(consent::decide),
        )
        .route("/api/openid.connect.token", post(tokens::for_sign_in))
        .route("/api/oauth.v2.access", post(tokens::for_install))
        .route(
            "/api/openid.connect.userInfo",
            get(user_info::show).post(user_info::show),
        )
        .merge(methods::routes())
        .fallback(unknown);
    watched(routes, sandbox, Side::Slack, "/slack").merge(screens::routes())
}

async fn unknown(request: Request) -> Response {
    if request.uri().path().contains("/api/") {
        return axum::Json(serde_json::json!({"ok": false, "error": "unknown_method"}))
            .into_response();
    }
    StatusCode::NOT_FOUND.into_response()
}
