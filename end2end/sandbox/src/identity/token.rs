//! Codes and refresh tokens for new tokens. The client has to be in the body, and every refusal is one of
//! OAuth's words with a sentence.

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{App, Fields, grants::Pair, id_token::id_token};
use crate::world::{Sandbox, World};

struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
}

impl Refusal {
    fn because(error: &'static str, description: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            description: description.into(),
        }
    }

    fn request(description: impl Into<String>) -> Self {
        Self::because("invalid_request", description)
    }

    fn grant(description: &str) -> Self {
        Self::because("invalid_grant", description)
    }

    fn client(description: &str) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            ..Self::because("invalid_client", description)
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({"error": self.error, "error_description": self.description});
        (self.status, Json(body)).into_response()
    }
}

pub async fn exchange(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let mut world = sandbox.world();
    let now = world.now();
    let outcome = exchanged(&mut world, &headers, &body, now).map(Json);
    ([(header::CACHE_CONTROL, "no-store")], outcome)
}

fn exchanged(
    world: &mut World,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Value, Refusal> {
    let fields = Fields::of_form(headers, body).map_err(Refusal::request)?;
    check_client(&world.identity.app, headers, &fields)?;
    match fields.required("grant_type").map_err(Refusal::request)? {
        "authorization_code" => with_code(world, &fields, now),
        "refresh_token" => with_refresh_token(world, &fields, now),
        _ => Err(Refusal::because(
            "unsupported_grant_type",
            "The grant_type must be authorization_code or refresh_token",
        )),
    }
}

fn check_client(app: &App, headers: &HeaderMap, fields: &Fields) -> Result<(), Refusal> {
    if headers.contains_key(header::AUTHORIZATION) {
        return Err(Refusal::client(
            "The client belongs in the body, not in a header",
        ));
    }
    if fields.given("client_id") != Some(&app.client_id)
        || fields.given("client_secret") != Some(&app.client_secret)
    {
        return Err(Refusal::client(
            "The client_id and client_secret are not those of an app",
        ));
    }
    Ok(())
}

fn with_code(world: &mut World, fields: &Fields, now: Timestamp) -> Result<Value, Refusal> {
    let required = |name| fields.required(name).map_err(Refusal::request);
    let pair = world
        .identity
        .grants
        .exchange(
            required("code")?,
            required("redirect_uri")?,
            required("code_verifier")?,
            now,
        )
        .map_err(Refusal::grant)?;
    let mut answer = shown(&pair);
    answer["id_token"] = json!(id_token(
        &pair.login,
        world.account(pair.login.region),
        &world.identity.app.client_id,
        world.identity.audience.shape,
        now,
    ));
    Ok(answer)
}

fn with_refresh_token(
    world: &mut World,
    fields: &Fields,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let token = fields.required("refresh_token").map_err(Refusal::request)?;
    let pair = world
        .identity
        .grants
        .refresh(token, now)
        .map_err(Refusal::grant)?;
    Ok(shown(&pair))
}

fn shown(pair: &Pair) -> Value {
    json!({
        "client_info": "prefix_legacy_app",
        "token_type": "bearer",
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "scope": pair.login.scopes.join(" "),
        "expires_in": pair.expires_in,
    })
}
