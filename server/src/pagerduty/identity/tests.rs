//! The login against a stand-in on this machine: what is sent to the token
//! endpoint, and what is made of every kind of answer and of none.

use super::*;
use crate::pagerduty::{
    Endpoints,
    stub::{Stub, streaming},
};
use http::header;
use oauth2::url::form_urlencoded;
use serde_json::json;
use types::Region;

const REDIRECT_URL: &str = "https://rr.example/api/integrations/pagerduty/login/callback";
const TOKENS: &str = r#"{"access_token":"pdus+_0A","refresh_token":"pdus+_1R","token_type":"bearer",
    "expires_in":86400,"scope":"openid users.read","client_info":"prefix_legacy_app"}"#;

fn client(url: &Url) -> IdentityClient {
    // Whichever test comes first installs it; the others are told so.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut identity = url.clone();
    identity.set_path("/identity/");
    IdentityClient::new(Endpoints {
        us: url.clone(),
        eu: url.clone(),
        identity,
    })
}

fn app() -> OauthApp {
    OauthApp {
        client_id: "client-1".to_owned(),
        client_secret: SecretString::from("Sx+&%é 鍵"),
    }
}

async fn exchange(stub: &Stub) -> Result<Grant, TokenProblem> {
    let verifier = SecretString::from("v".repeat(43));
    client(&stub.url)
        .exchange(&app(), "c+de", &verifier, REDIRECT_URL)
        .await
}

async fn refresh(stub: &Stub) -> Result<Grant, TokenProblem> {
    let refresh_token = SecretString::from("pdus+_1R");
    client(&stub.url).refresh(&app(), &refresh_token).await
}

fn form(body: &str) -> Vec<(String, String)> {
    let mut fields: Vec<_> = form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    fields.sort();
    fields
}

fn fields(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields: Vec<_> = expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    fields.sort();
    fields
}

#[test]
fn the_address_asks_for_a_code_with_a_challenge_and_without_any_secret() {
    let base = Url::parse("https://identity.example").expect("an address");
    let state = SecretString::from("st4te");
    let request = client(&base).request("client-1", REDIRECT_URL, &state);
    assert_eq!(request.address.path(), "/identity/oauth/authorize");
    let sent: Vec<(String, String)> = request.address.query_pairs().into_owned().collect();
    let challenge = sent
        .iter()
        .find(|(name, _)| name == "code_challenge")
        .map(|(_, value)| value.as_str())
        .expect("a challenge");
    assert_eq!(challenge.len(), 43);
    let expected = [
        ("response_type", "code"),
        ("client_id", "client-1"),
        ("redirect_uri", REDIRECT_URL),
        ("scope", "openid schedules.read teams.read users.read"),
        ("state", "st4te"),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
    ];
    let mut sent = sent.clone();
    sent.sort();
    assert_eq!(sent, fields(&expected));
    let verifier = request.verifier.expose_secret();
    assert!((43..=128).contains(&verifier.len()));
    assert!(!request.address.as_str().contains(verifier));
}

#[tokio::test]
async fn a_code_goes_out_with_client_and_verifier_in_the_body_alone() {
    let stub = Stub::always(200, TOKENS).await;
    let grant = exchange(&stub).await.expect("tokens");
    assert_eq!(grant.access_token.expose_secret(), "pdus+_0A");
    let refresh_token = grant.refresh_token.expect("a refresh token");
    assert_eq!(refresh_token.expose_secret(), "pdus+_1R");
    assert_eq!(grant.expires_in, Some(Duration::from_secs(86_400)));
    assert_eq!(grant.scopes.expect("scopes"), ["openid", "users.read"]);

    let [asked] = &stub.asked()[..] else {
        panic!("one request")
    };
    assert_eq!(asked.method, http::Method::POST);
    assert_eq!(asked.target, "/identity/oauth/token");
    assert!(!asked.headers.contains_key(header::AUTHORIZATION));
    let expected = [
        ("grant_type", "authorization_code"),
        ("client_id", "client-1"),
        ("client_secret", "Sx+&%é 鍵"),
        ("code", "c+de"),
        ("redirect_uri", REDIRECT_URL),
        ("code_verifier", &"v".repeat(43)),
    ];
    assert_eq!(form(&asked.body), fields(&expected));
}

#[tokio::test]
async fn a_refresh_sends_the_token_and_the_client() {
    let stub = Stub::always(200, TOKENS).await;
    refresh(&stub).await.expect("tokens");
    let expected = [
        ("grant_type", "refresh_token"),
        ("client_id", "client-1"),
        ("client_secret", "Sx+&%é 鍵"),
        ("refresh_token", "pdus+_1R"),
    ];
    assert_eq!(form(&stub.asked()[0].body), fields(&expected));
}

#[tokio::test]
async fn an_answer_that_leaves_out_what_it_may_is_read_all_the_same() {
    for answer in [
        json!({"access_token": "a", "token_type": "Bearer"}),
        json!({"access_token": "a"}),
        json!({"access_token": "a", "refresh_token": "", "id_token": 7}),
        json!({"access_token": "a", "refresh_token": null, "id_token": {}}),
        json!({"access_token": "a", "token_type": null, "scope": 7}),
    ] {
        let stub = Stub::start(move |_| answer.to_string()).await;
        let grant = exchange(&stub).await.expect("tokens");
        assert!(grant.refresh_token.is_none() && grant.expires_in.is_none());
        assert_eq!(grant.scopes, None);
        assert_eq!(grant.identity, LoginIdentity::default());
    }
}

#[tokio::test]
async fn scopes_are_read_between_spaces_or_commas() {
    for scope in [
        "openid users.read",
        "openid,users.read",
        "openid, users.read",
    ] {
        let answer = json!({"access_token": "a", "token_type": "bearer", "scope": scope});
        let stub = Stub::start(move |_| answer.to_string()).await;
        let mut scopes = exchange(&stub)
            .await
            .expect("tokens")
            .scopes
            .expect("scopes");
        scopes.retain(|scope| !scope.is_empty());
        assert_eq!(scopes, ["openid", "users.read"], "{scope}");
    }
}

#[tokio::test]
async fn a_life_is_read_as_a_number_a_text_or_with_a_fraction() {
    for (expires_in, seconds) in [
        (json!(7), Some(7)),
        (json!("7"), Some(7)),
        (json!(7.9), Some(7)),
        (json!(0), Some(0)),
        (json!(null), None),
        (json!(-1), None),
        (json!("soon"), None),
        (json!(1e300), None),
        (json!([7]), None),
    ] {
        let answer = json!({"access_token": "a", "token_type": "bearer", "expires_in": expires_in});
        let stub = Stub::start(move |_| answer.to_string()).await;
        let grant = exchange(&stub).await.expect("tokens");
        assert_eq!(
            grant.expires_in.map(|life| life.as_secs()),
            seconds,
            "{expires_in}"
        );
    }
}

#[tokio::test]
async fn an_id_token_that_makes_no_sense_does_not_spoil_the_login() {
    for id_token in [json!(null), json!("x.y.z"), json!("")] {
        let answer = json!({"access_token": "a", "token_type": "bearer", "id_token": id_token});
        let stub = Stub::start(move |_| answer.to_string()).await;
        let grant = exchange(&stub).await.expect("tokens");
        assert_eq!(grant.identity, LoginIdentity::default());
    }
}

#[tokio::test]
async fn the_id_token_names_the_region() {
    // {"aud":["https://api.eu.pagerduty.com","client-1"],"user_id":"PADA01"}
    let id_token = "e30.eyJhdWQiOlsiaHR0cHM6Ly9hcGkuZXUucGFnZXJkdXR5LmNvbSIsImNsaWVudC0xIl0sInVzZXJfaWQiOiJQQURBMDEifQ.c2ln";
    let answer = json!({"access_token": "a", "token_type": "bearer", "id_token": id_token});
    let stub = Stub::start(move |_| answer.to_string()).await;
    let identity = exchange(&stub).await.expect("tokens").identity;
    assert_eq!(identity.region, Some(Region::Eu));
    assert_eq!(identity.user, Some(types::PagerDutyUserId::new("PADA01")));
}

fn oauth_error(error: &str) -> Value {
    json!({"error": error, "error_description": "in other words"})
}

#[tokio::test]
async fn refusals_of_the_standard_are_told_apart_whatever_their_status() {
    let refused = |reason: &str| TokenProblem::Refused {
        reason: reason.to_owned(),
    };
    for (status, error, problem) in [
        (401, "invalid_client", TokenProblem::Client),
        (400, "invalid_client", TokenProblem::Client),
        (400, "unauthorized_client", TokenProblem::Client),
        (400, "invalid_grant", TokenProblem::Grant),
        (401, "invalid_grant", TokenProblem::Grant),
        (400, "invalid_request", refused("invalid_request")),
        (403, "something\u{7}_new", refused("something_new")),
        (200, "invalid_grant", TokenProblem::Grant),
    ] {
        let body = oauth_error(error).to_string();
        let stub = Stub::start(move |_| {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, body.clone())
        })
        .await;
        assert_eq!(exchange(&stub).await.unwrap_err(), problem, "{error}");
        assert_eq!(refresh(&stub).await.unwrap_err(), problem, "{error}");
    }
}

#[tokio::test]
async fn everything_else_is_judged_by_its_status() {
    let unavailable = |status| PagerDutyProblem::Unavailable { status };
    let interposed = |status| PagerDutyProblem::Interposed {
        host: "127.0.0.1".to_owned(),
        status,
        leads_to: None,
    };
    for (status, body, problem) in [
        (200, "<html>", interposed(200)),
        (200, "", PagerDutyProblem::Unreadable),
        (200, r#"{"access_token":"#, PagerDutyProblem::Unreadable),
        (200, r#"{"access_token":7}"#, PagerDutyProblem::Unreadable),
        (200, r#"{"access_token":""}"#, PagerDutyProblem::Unreadable),
        (302, "", interposed(302)),
        (400, "<html>", unavailable(400)),
        (401, "<html>", interposed(401)),
        (401, "", PagerDutyProblem::ClientEnded),
        (402, "", unavailable(402)),
        (403, "<html>", interposed(403)),
        (403, "", unavailable(403)),
        (404, "", unavailable(404)),
        (500, "<html>", unavailable(500)),
        (503, r#"{"error":"invalid_grant"}"#, unavailable(503)),
    ] {
        let stub = Stub::always(status, body).await;
        let outcome = refresh(&stub).await.unwrap_err();
        assert_eq!(outcome, problem.into(), "{status} {body}");
    }
}

#[tokio::test]
async fn an_answer_with_tokens_is_no_refusal_whatever_it_says_beside() {
    for error in [json!(""), json!("none"), json!(null)] {
        let answer = json!({"access_token": "a", "refresh_token": "b", "error": error});
        let stub = Stub::start(move |_| answer.to_string()).await;
        refresh(&stub).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_that_no_request_can_carry_is_none() {
    for token in ["a".repeat(4_097), "a\nb".to_owned()] {
        let answer = json!({"access_token": token, "refresh_token": "b"});
        let stub = Stub::start(move |_| answer.to_string()).await;
        let outcome = refresh(&stub).await.unwrap_err();
        assert_eq!(outcome, PagerDutyProblem::Unreadable.into());
    }
}

#[tokio::test]
async fn a_limited_login_says_how_long_to_wait() {
    let stub = Stub::start(|_| (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")])).await;
    let limited = PagerDutyProblem::RateLimited {
        retry_after_seconds: 7,
    };
    assert_eq!(exchange(&stub).await.unwrap_err(), limited.into());
}

#[tokio::test]
async fn silence_ends_with_the_limit_and_a_closed_door_at_once() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let stub = Stub::start(|_| streaming("{", futures::stream::pending())).await;
    let endpoints = client(&stub.url).endpoints;
    let http = Client::builder()
        .timeout(Duration::from_millis(300))
        .build()
        .expect("a client");
    let impatient = IdentityClient {
        answer_limit_seconds: 1,
        patient_http: http.clone(),
        http,
        endpoints,
    };
    let token = SecretString::from("r");
    let silence = impatient.refresh(&app(), &token).await.unwrap_err();
    assert!(matches!(
        silence,
        TokenProblem::PagerDuty(PagerDutyProblem::TimedOut { .. })
    ));
    let nobody = Url::parse("http://127.0.0.1:9").expect("an address");
    let closed = client(&nobody).refresh(&app(), &token).await.unwrap_err();
    assert_eq!(closed, PagerDutyProblem::Unreachable.into());
}

#[tokio::test]
async fn nothing_of_the_answer_is_printed() {
    let stub = Stub::always(200, TOKENS).await;
    let grant = exchange(&stub).await.expect("tokens");
    let printed = format!("{grant:?} {:?}", app());
    for secret in ["pdus", "Sx+"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn an_answer_comes_from_pagerduty_as_documented_or_from_where_it_was_asked() {
    let url = Url::parse("http://127.0.0.1:3900").unwrap();
    let client = client(&url);
    for issuer in [
        "https://identity.pagerduty.com/global/oauth/anonymous",
        "https://app.pagerduty.com/global/oauth/anonymous/",
        "https://app.eu.pagerduty.com",
        "http://127.0.0.1:3900/identity",
        "http://127.0.0.1:3900/identity/global/oauth/anonymous",
    ] {
        assert!(client.is_issuer(issuer), "{issuer}");
    }
    for issuer in [
        "",
        "https://identity.pagerduty.com.evil.example/global/oauth/anonymous",
        "http://127.0.0.1:3900/identity.evil",
        "http://127.0.0.1:3900",
        "https://evil.example",
        "https://evilpagerduty.com",
        "http://app.pagerduty.com",
    ] {
        assert!(!client.is_issuer(issuer), "{issuer}");
    }
}
