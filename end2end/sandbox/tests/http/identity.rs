//! PagerDuty's identity service: letting the app in, exchanging, refreshing, and what tokens open.

use axum::http::StatusCode;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use url::Url;

use crate::client::{API_KEY, Answer, CHALLENGE, Client, VERIFIER};

pub const CLIENT_ID: &str = "a8f0c2d4-9b1e-4c57-8d36-11ab7f05e923";
pub const CLIENT_SECRET: &str = "Sx+Lighthouse&Secret%2026_Zq";
pub const CALLBACK: &str = "http://127.0.0.1:3000/api/integrations/pagerduty/login/callback";
const AUTHORIZE: &str = "/identity/oauth/authorize";
pub const TOKEN: &str = "/identity/oauth/token";
pub const SCOPE: &str = "openid schedules.read teams.read users.read";

type Fields<'a> = Vec<(&'a str, &'a str)>;

fn ask() -> Fields<'static> {
    vec![
        ("client_id", CLIENT_ID),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", SCOPE),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "the state & more"),
    ]
}

fn exchange(code: &str) -> Fields<'_> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

pub fn refresh(token: &str) -> Fields<'_> {
    vec![
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("refresh_token", token),
    ]
}

/// The same fields with another value for one of them; nothing takes the field out.
fn but<'a>(fields: &Fields<'a>, name: &str, value: &'a str) -> Fields<'a> {
    fields
        .iter()
        .map(|field| {
            if field.0 == name {
                (field.0, value)
            } else {
                *field
            }
        })
        .filter(|field| !field.1.is_empty())
        .collect()
}

async fn asked(client: &Client, ask: &Fields<'_>) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(ask)
        .finish();
    client
        .send("GET", &format!("{AUTHORIZE}?{query}"), &[], "")
        .await
}

/// The parameters of the address that the browser is sent to.
fn sent_back(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::FOUND);
    let target = Url::parse(answer.header("location")).expect("an address");
    assert!(target.as_str().starts_with(CALLBACK));
    Value::Object(
        target
            .query_pairs()
            .map(|(name, value)| (name.into_owned(), json!(value)))
            .collect(),
    )
}

/// A code without the page.
pub async fn code(client: &Client, scope: &str) -> String {
    let order = json!({"redirect_uri": CALLBACK, "scope": scope, "code_challenge": CHALLENGE});
    text(&client.control("/oauth/authorise", order).await["code"])
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

pub async fn exchanged(client: &Client, code: &str) -> Answer {
    client.form(TOKEN, &[], &exchange(code)).await
}

pub async fn refreshed(client: &Client, token: &Value) -> Answer {
    client.form(TOKEN, &[], &refresh(&text(token))).await
}

/// The tokens of a new login.
pub async fn tokens(client: &Client, scope: &str) -> Value {
    let answer = exchanged(client, &code(client, scope).await).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()
}

pub async fn status_with(client: &Client, tokens: &Value, path: &str) -> u16 {
    let token = text(&tokens["access_token"]);
    client.with_token(&token, path).await.status.as_u16()
}

fn part(id_token: &Value, place: usize) -> Value {
    let token = text(id_token);
    let part = token.split('.').nth(place).expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

pub fn claims(tokens: &Value) -> Value {
    part(&tokens["id_token"], 1)
}

pub fn assert_refused(answer: &Answer, status: u16, error: &str) {
    let body = answer.json();
    assert_eq!(
        (answer.status.as_u16(), &body["error"]),
        (status, &json!(error)),
        "{body}"
    );
    assert!(body["error_description"].is_string());
}

#[tokio::test]
async fn the_page_lets_somebody_of_the_account_decide() {
    let client = Client::new();
    let page = asked(&client, &ask()).await;
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "<label for=\"user\">Log in as</label>",
        "<select id=\"user\" name=\"user\">",
        "<option value=\"PADAOK1\" selected>Ada Okafor – owner</option>",
        "<option value=\"PSIOBHB\">Siobhán O&#39;Neill – limited_user</option>",
        "Round Robin",
        "lighthouse-books",
        "<code>schedules.read</code>",
        "value=\"the state &amp; more\"",
        "value=\"allow\">Allow</button>",
        "value=\"deny\">Deny</button>",
    ] {
        assert!(page.text().contains(text), "{text}");
    }
    assert!(!page.text().contains("Fatima") && !page.text().contains("<script"));
}

#[tokio::test]
async fn nothing_of_the_request_becomes_markup() {
    let client = Client::new();
    let scope = but(&ask(), "scope", "<i>users.read</i>");
    let state = but(&ask(), "state", "\"><i>");
    for fields in [scope, state] {
        let page = asked(&client, &fields).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.text().contains("<i>") && page.text().contains("&lt;i&gt;"));
    }
}

#[tokio::test]
async fn a_wrong_ask_stays_on_an_error_page() {
    let client = Client::new();
    for (name, value) in [
        ("client_id", "somebody.else"),
        ("client_id", ""),
        (
            "redirect_uri",
            "https://evil.example/api/integrations/pagerduty/login/callback",
        ),
        (
            "redirect_uri",
            "http://127.0.0.1:3000/api/integrations/pagerduty/login/callback?a=b",
        ),
        (
            "redirect_uri",
            "http://127.0.0.1:3000/api/auth/slack/callback",
        ),
        ("redirect_uri", ""),
        ("response_type", "token"),
        ("response_type", ""),
        ("scope", ""),
        ("scope", "  "),
        ("code_challenge", ""),
        ("code_challenge", "too-short"),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
        ),
        ("code_challenge_method", "plain"),
        ("code_challenge_method", ""),
    ] {
        let mut fields = but(&ask(), name, value);
        let page = asked(&client, &fields).await;
        fields.extend([("user", "PADAOK1"), ("decision", "allow")]);
        let posted = client.form(AUTHORIZE, &[], &fields).await;
        for answer in [page, posted] {
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}={value}");
            assert_eq!(answer.header("location"), "");
            assert!(answer.text().contains("role=\"alert\"") && answer.text().contains(name));
        }
    }
    let mut twice = ask();
    twice.push(("scope", "openid"));
    let page = asked(&client, &twice).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.text().contains("scope is given twice"));
}

#[tokio::test]
async fn denying_tells_the_app() {
    let client = Client::new();
    let mut fields = ask();
    fields.extend([("user", "PADAOK1"), ("decision", "deny")]);
    let told = sent_back(&client.form(AUTHORIZE, &[], &fields).await);
    assert_eq!(
        (&told["error"], &told["state"]),
        (&json!("access_denied"), &json!("the state & more"))
    );
    assert!(told["error_description"].is_string() && told.get("code").is_none());
}

#[tokio::test]
async fn nobody_else_can_allow_it() {
    let client = Client::new();
    for (user, decision) in [
        ("PFATIMH", "allow"),
        ("PEUMART", "allow"),
        ("", "allow"),
        ("PADAOK1", "perhaps"),
        ("PADAOK1", ""),
    ] {
        let mut fields = ask();
        fields.extend([("user", user), ("decision", decision)]);
        let answer = client.form(AUTHORIZE, &[], &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{user} {decision}");
    }
}

#[tokio::test]
async fn a_login_gives_tokens_of_whoever_was_chosen() {
    let client = Client::new();
    let mut fields = ask();
    fields.extend([("user", "PPRIYA3"), ("decision", "allow")]);
    let told = sent_back(&client.form(AUTHORIZE, &[], &fields).await);
    assert_eq!(told["state"], "the state & more");
    assert_eq!(
        told["iss"],
        "https://app.pagerduty.com/global/oauth/anonymous"
    );

    let answer = exchanged(&client, &text(&told["code"])).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let tokens = answer.json();
    for (name, value) in [
        ("client_info", json!("prefix_legacy_app")),
        ("token_type", json!("bearer")),
        ("scope", json!(SCOPE)),
        ("expires_in", json!(86_400)),
    ] {
        assert_eq!(tokens[name], value, "{name}");
    }
    for (name, prefix) in [
        ("access_token", "pdus+_0XBPWQQ_"),
        ("refresh_token", "pdus+_1XBPWQQ_"),
    ] {
        let token = text(&tokens[name]);
        assert_eq!(
            token.strip_prefix(prefix).map(str::len),
            Some(36),
            "{token}"
        );
    }
    let me = client
        .with_token(&text(&tokens["access_token"]), "/users/me")
        .await;
    assert_eq!(me.json()["user"]["id"], "PPRIYA3");
}

#[tokio::test]
async fn the_id_token_says_who_logged_in_and_where() {
    let client = Client::new();
    let tokens = tokens(&client, SCOPE).await;
    let header = part(&tokens["id_token"], 0);
    assert_eq!(header["alg"], "RS256");
    assert!(header["kid"].is_string() && header["x5t"].is_string());
    let claims = claims(&tokens);
    for (name, value) in [
        (
            "iss",
            json!("https://app.pagerduty.com/global/oauth/anonymous"),
        ),
        ("aud", json!(["https://api.pagerduty.com", CLIENT_ID])),
        ("azp", json!(CLIENT_ID)),
        ("sub", json!("PADAOK1")),
        ("user_id", json!("PADAOK1")),
        ("account_id", json!("PLHBKUS")),
        ("subdomain", json!("lighthouse-books")),
        ("region", json!("us")),
        ("purpose", json!("id")),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    let number = |name: &str| claims[name].as_i64().expect("a number");
    assert_eq!(number("exp") - number("iat"), 3600);
    assert!(number("nbf") <= number("iat") && number("auth_time") <= number("iat"));
    assert!(claims["jti"].is_string() && claims["sid"].is_string());
}

#[tokio::test]
async fn an_absent_state_is_not_echoed() {
    let client = Client::new();
    let mut fields = but(&ask(), "state", "");
    fields.extend([("user", "PADAOK1"), ("decision", "allow")]);
    let told = sent_back(&client.form(AUTHORIZE, &[], &fields).await);
    assert!(told["code"].is_string() && told.get("state").is_none());
}

#[tokio::test]
async fn the_client_must_be_in_the_body() {
    let client = Client::new();
    let code = code(&client, SCOPE).await;
    for (name, value) in [
        ("client_id", "other"),
        ("client_id", ""),
        ("client_secret", "wrong"),
        ("client_secret", "Sx Lighthouse&Secret 26_Zq"),
        ("client_secret", ""),
    ] {
        let fields = but(&exchange(&code), name, value);
        let answer = client.form(TOKEN, &[], &fields).await;
        assert_refused(&answer, 401, "invalid_client");
    }
    let basic = format!(
        "Basic {}",
        STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"))
    );
    let without = but(&but(&exchange(&code), "client_id", ""), "client_secret", "");
    for fields in [exchange(&code), without] {
        let answer = client
            .form(TOKEN, &[("authorization", &basic)], &fields)
            .await;
        assert_refused(&answer, 401, "invalid_client");
    }
    // None of these attempts got as far as the code.
    assert_eq!(exchanged(&client, &code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_incomplete_exchange_is_refused_and_costs_no_code() {
    let client = Client::new();
    let code = code(&client, SCOPE).await;
    for (name, value, error) in [
        ("grant_type", "", "invalid_request"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("code", "", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("code_verifier", "", "invalid_request"),
    ] {
        let fields = but(&exchange(&code), name, value);
        assert_refused(&client.form(TOKEN, &[], &fields).await, 400, error);
    }
    let mut twice = exchange(&code);
    twice.push(("code", "another"));
    assert_refused(
        &client.form(TOKEN, &[], &twice).await,
        400,
        "invalid_request",
    );

    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(exchange(&code))
        .finish();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let in_address = client
        .send("POST", &format!("{TOKEN}?{query}"), &form, "")
        .await;
    assert_refused(&in_address, 401, "invalid_client");
    let json = [("content-type", "application/json")];
    let as_json = client.send("POST", TOKEN, &json, "{}").await;
    assert_refused(&as_json, 400, "invalid_request");
    assert_eq!(exchanged(&client, &code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_exchange_uses_the_code_up() {
    let client = Client::new();
    let too_long = "x".repeat(129);
    let too_short = &VERIFIER[1..];
    for (name, value) in [
        (
            "redirect_uri",
            "http://localhost:3000/api/integrations/pagerduty/login/callback",
        ),
        ("code_verifier", CHALLENGE),
        ("code_verifier", too_short),
        ("code_verifier", &too_long),
    ] {
        let code = code(&client, SCOPE).await;
        let fields = but(&exchange(&code), name, value);
        assert_refused(
            &client.form(TOKEN, &[], &fields).await,
            400,
            "invalid_grant",
        );
        assert_refused(&exchanged(&client, &code).await, 400, "invalid_grant");
    }
    assert_refused(
        &exchanged(&client, "no-such-code").await,
        400,
        "invalid_grant",
    );
    assert_eq!(client.told("/oauth").await["grants"], 0);
}

#[tokio::test]
async fn a_code_used_twice_ends_the_tokens_that_it_gave() {
    let client = Client::new();
    let code = code(&client, SCOPE).await;
    let tokens = exchanged(&client, &code).await.json();
    assert_eq!(status_with(&client, &tokens, "/schedules").await, 200);
    assert_refused(&exchanged(&client, &code).await, 400, "invalid_grant");
    assert_eq!(status_with(&client, &tokens, "/schedules").await, 401);
    let again = refreshed(&client, &tokens["refresh_token"]).await;
    assert_refused(&again, 400, "invalid_grant");
}

#[tokio::test]
async fn refreshing_gives_a_new_pair() {
    let client = Client::new();
    let first = tokens(&client, "openid users.read").await;
    let second = refreshed(&client, &first["refresh_token"]).await.json();
    assert!(second.get("id_token").is_none());
    assert_eq!(
        (&second["scope"], &second["expires_in"]),
        (&json!("openid users.read"), &json!(86_400))
    );
    for name in ["access_token", "refresh_token"] {
        assert_ne!(first[name], second[name]);
    }
    // What was given out before lives to its own end.
    for tokens in [&first, &second] {
        assert_eq!(status_with(&client, tokens, "/users").await, 200);
    }
    for (name, value, status, error) in [
        ("refresh_token", "", 400, "invalid_request"),
        (
            "refresh_token",
            "pdus+_1XBPWQQ_unknown",
            400,
            "invalid_grant",
        ),
        ("client_secret", "wrong", 401, "invalid_client"),
    ] {
        let token = text(&second["refresh_token"]);
        let fields = but(&refresh(&token), name, value);
        assert_refused(&client.form(TOKEN, &[], &fields).await, status, error);
    }
    let third = refreshed(&client, &second["refresh_token"]).await;
    assert_eq!(third.status, StatusCode::OK);
}

#[tokio::test]
async fn a_used_refresh_token_ends_the_whole_login() {
    let client = Client::new();
    let first = tokens(&client, SCOPE).await;
    let other = tokens(&client, SCOPE).await;
    let second = refreshed(&client, &first["refresh_token"]).await.json();
    let reused = refreshed(&client, &first["refresh_token"]).await;
    assert_refused(&reused, 400, "invalid_grant");
    for tokens in [&first, &second] {
        assert_eq!(status_with(&client, tokens, "/users").await, 401);
    }
    let renewed = refreshed(&client, &second["refresh_token"]).await;
    assert_refused(&renewed, 400, "invalid_grant");
    assert_eq!(status_with(&client, &other, "/users").await, 200);
    let told = client.told("/oauth").await;
    assert_eq!(
        (&told["grants"], &told["refreshes"], &told["reused"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(
        told["families"][0],
        json!({"user": "PADAOK1", "scope": SCOPE, "revoked": true, "access_tokens": 0, "refreshes": 1})
    );
}

#[tokio::test]
async fn an_unknown_scope_leaves_only_openid() {
    let client = Client::new();
    let tokens = tokens(&client, "openid schedules.read oncalls.read").await;
    assert_eq!(tokens["scope"], "openid");
    assert_eq!(status_with(&client, &tokens, "/schedules").await, 403);
    assert_eq!(status_with(&client, &tokens, "/users/me").await, 200);
}

#[tokio::test]
async fn a_token_opens_what_its_scopes_name() {
    let client = Client::new();
    let scopes = [
        "schedules.read",
        "users.read",
        "teams.read",
        "oncalls.read",
        "abilities.read",
    ];
    client
        .control("/oauth/app", json!({"scopes": scopes}))
        .await;
    for granted in scopes {
        let token = text(&tokens(&client, granted).await["access_token"]);
        for (path, needed) in [
            ("/schedules", "schedules.read"),
            ("/schedules/PPLATP1", "schedules.read"),
            (
                "/schedules/PPLATP1/overrides?since=2026-06-01T00:00:00Z&until=2026-06-02T00:00:00Z",
                "schedules.read",
            ),
            ("/schedules/PPLATP1/users", "users.read"),
            ("/users", "users.read"),
            ("/users/PADAOK1", "users.read"),
            ("/teams", "teams.read"),
            ("/oncalls", "oncalls.read"),
            ("/abilities", "abilities.read"),
        ] {
            let answer = client.with_token(&token, path).await;
            if granted == needed {
                assert_eq!(answer.status, StatusCode::OK, "{granted} at {path}");
                continue;
            }
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{granted} at {path}");
            let error = answer.json()["error"].clone();
            assert_eq!(error["required_scopes"], needed);
            assert!(error["message"].is_string() && error.get("code").is_none());
        }
        assert_eq!(
            client.with_token(&token, "/users/me").await.status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_like_a_wrong_key() {
    let client = Client::new();
    let tokens = tokens(&client, SCOPE).await;
    let wrong_key = client.pagerduty_with("wrong", "/schedules").await;
    let access = text(&tokens["access_token"]);
    for (token, path) in [
        ("wrong", "/schedules"),
        (API_KEY, "/schedules"),
        (&text(&tokens["refresh_token"]), "/schedules"),
        (&access.replace('+', " "), "/schedules"),
        (&access, "/eu/schedules"),
    ] {
        let answer = client.with_token(token, path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token} at {path}");
        assert_eq!(answer.json(), wrong_key.json());
    }
    assert_eq!(
        client.pagerduty_with(&access, "/schedules").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn only_the_right_methods_and_paths_are_there() {
    let client = Client::new();
    for (method, path, status) in [
        ("GET", TOKEN, 405),
        ("PUT", TOKEN, 405),
        ("DELETE", AUTHORIZE, 405),
        ("GET", "/identity/oauth/revoke", 404),
        ("GET", "/identity", 404),
    ] {
        let answer = client.send(method, path, &[], "").await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}");
    }
}
