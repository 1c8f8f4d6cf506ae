//! Levers on PagerDuty's identity service: the app's registration, how long tokens live, when they die, and
//! a way to a code without a browser.

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use url::Url;

use super::{Answer, Order, Refused, done};
use crate::{
    account::Region,
    identity::{Ask, AudienceShape, Fields, allow, usual_user},
    world::Sandbox,
};

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/oauth", get(overview))
        .route("/oauth/tokens", get(tokens))
        .route("/oauth/app", post(change_app))
        .route("/oauth/lifetimes", post(change_lifetimes))
        .route("/oauth/expire", post(expire))
        .route("/oauth/revoke", post(revoke))
        .route("/oauth/audience", post(change_audience))
        .route("/oauth/authorise", post(authorise))
}

async fn overview(State(sandbox): State<Sandbox>) -> Json<Value> {
    let world = sandbox.world();
    let identity = &world.identity;
    let families = identity.grants.families(world.now());
    Json(json!({
        "client_id": identity.app.client_id,
        "scopes": identity.app.scopes,
        "redirect_uris": identity.app.redirect_uris,
        "access_seconds": identity.grants.lifetimes.access,
        "audience": identity.audience,
        "grants": families.len(),
        "refreshes": identity.grants.refreshes(),
        "reused": identity.grants.reused(),
        "families": families,
    }))
}

/// So that a test can look for them where no token may ever be, in files and logs.
async fn tokens(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({"issued": sandbox.world().identity.grants.issued()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppOrder {
    client_id: Option<String>,
    client_secret: Option<String>,
    scopes: Option<Vec<String>>,
    /// Null brings the default addresses back.
    #[serde(default, deserialize_with = "present")]
    redirect_uris: Option<Option<Vec<String>>>,
}

/// Tells null from a field that was left out.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

async fn change_app(State(sandbox): State<Sandbox>, Order(order): Order<AppOrder>) -> Answer {
    if let Some(address) = order
        .redirect_uris
        .iter()
        .flatten()
        .flatten()
        .find(|address| Url::parse(address).is_err())
    {
        return Err(Refused::invalid(&format!("{address:?} is no address.")));
    }
    let app = &mut sandbox.world().identity.app;
    if let Some(client_id) = order.client_id {
        app.client_id = client_id;
    }
    if let Some(client_secret) = order.client_secret {
        app.client_secret = client_secret;
    }
    if let Some(scopes) = order.scopes {
        app.scopes = scopes;
    }
    if let Some(redirect_uris) = order.redirect_uris {
        app.redirect_uris = redirect_uris;
    }
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LifetimesOrder {
    access_seconds: Option<u32>,
    refresh_seconds: Option<u32>,
    code_seconds: Option<u32>,
}

async fn change_lifetimes(
    State(sandbox): State<Sandbox>,
    Order(order): Order<LifetimesOrder>,
) -> Answer {
    let lifetimes = &mut sandbox.world().identity.grants.lifetimes;
    for (lifetime, seconds) in [
        (&mut lifetimes.access, order.access_seconds),
        (&mut lifetimes.refresh, order.refresh_seconds),
        (&mut lifetimes.code, order.code_seconds),
    ] {
        *lifetime = seconds.unwrap_or(*lifetime);
    }
    done()
}

async fn expire(State(sandbox): State<Sandbox>) -> Answer {
    let mut world = sandbox.world();
    let now = world.now();
    world.identity.grants.expire_access(now);
    done()
}

async fn revoke(State(sandbox): State<Sandbox>) -> Answer {
    sandbox.world().identity.grants.revoke_all();
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AudienceOrder {
    region: Option<Region>,
    shape: Option<AudienceShape>,
}

async fn change_audience(
    State(sandbox): State<Sandbox>,
    Order(order): Order<AudienceOrder>,
) -> Answer {
    let audience = &mut sandbox.world().identity.audience;
    audience.region = order.region.unwrap_or(audience.region);
    audience.shape = order.shape.unwrap_or(audience.shape);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthoriseOrder {
    /// Who the page would propose, without it.
    user: Option<String>,
    redirect_uri: String,
    scope: String,
    code_challenge: String,
    #[serde(default)]
    state: String,
}

/// Checked like the page's own request.
async fn authorise(State(sandbox): State<Sandbox>, Order(order): Order<AuthoriseOrder>) -> Answer {
    let mut world = sandbox.world();
    let fields = Fields::of_pairs(&[
        ("client_id", &world.identity.app.client_id),
        ("redirect_uri", &order.redirect_uri),
        ("response_type", "code"),
        ("scope", &order.scope),
        ("code_challenge", &order.code_challenge),
        ("code_challenge_method", "S256"),
        ("state", &order.state),
    ]);
    let ask =
        Ask::read(&fields, &world.identity.app).map_err(|sentence| Refused::invalid(&sentence))?;
    let proposed = usual_user(world.account(world.identity.audience.region));
    let who = order
        .user
        .or_else(|| proposed.map(|user| user.id.clone()))
        .ok_or_else(|| Refused::impossible("The account has nobody to log in."))?;
    let now = world.now();
    let code = allow(&mut world, &ask, &who, now).ok_or_else(|| Refused::unknown("user", &who))?;
    Ok(Json(
        json!({"redirect_to": ask.granted(&code), "code": code}),
    ))
}
