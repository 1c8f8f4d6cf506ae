//! Slack's side: signing in, installing with consent, and a directory that depends on the scopes.

use axum::http::StatusCode;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use url::Url;

use crate::client::{Answer, Client};

const CLIENT_ID: &str = "2150112233.4860112233";
const CLIENT_SECRET: &str = "5a11b0a7c0ffee5a11b0a7c0ffee5a11";
const CALLBACK: &str = "http://127.0.0.1:3000/api/auth/slack/callback";
const SIGN_IN: &str = "/slack/openid/connect/authorize";
const INSTALL: &str = "/slack/oauth/v2/authorize";

fn sign_in_ask() -> Vec<(&'static str, &'static str)> {
    vec![
        ("client_id", CLIENT_ID),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("redirect_uri", CALLBACK),
        ("state", "the state"),
        ("nonce", "the nonce"),
    ]
}

fn install_ask(scope: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("client_id", CLIENT_ID),
        ("scope", scope),
        ("redirect_uri", CALLBACK),
        ("state", "s2"),
    ]
}

fn address(path: &str, ask: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(ask)
        .finish();
    format!("{path}?{query}")
}

/// A parameter of the address that the browser is sent to.
fn sent_back(answer: &Answer, name: &str) -> Option<String> {
    assert_eq!(answer.status, StatusCode::FOUND);
    let target = Url::parse(answer.header("location")).expect("an address");
    target
        .query_pairs()
        .find(|(of, _)| of == name)
        .map(|(_, value)| value.into_owned())
}

async fn signed_in(client: &Client, person: &'static str) -> String {
    let mut fields = sign_in_ask();
    fields.push(("person", person));
    let answer = client.form(SIGN_IN, &[], &fields).await;
    assert_eq!(sent_back(&answer, "state").as_deref(), Some("the state"));
    sent_back(&answer, "code").expect("a code")
}

async fn exchanged(client: &Client, method: &str, code: &str) -> Value {
    let fields = [
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("grant_type", "authorization_code"),
    ];
    let answer = client
        .form(&format!("/slack/api/{method}"), &[], &fields)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()
}

async fn installed(client: &Client, person: &str, scope: &'static str) -> Value {
    let mut fields = install_ask(scope);
    fields.push(("decision", "allow"));
    let cookie = format!("other=1; sandbox_person={person}");
    let answer = client.form(INSTALL, &[("cookie", &cookie)], &fields).await;
    exchanged(
        client,
        "oauth.v2.access",
        &sent_back(&answer, "code").expect("a code"),
    )
    .await
}

async fn called(client: &Client, token: &str, call: &str) -> Answer {
    let token = format!("Bearer {token}");
    client
        .send(
            "GET",
            &format!("/slack/api/{call}"),
            &[("authorization", &token)],
            "",
        )
        .await
}

fn claims(id_token: &Value) -> Value {
    let payload = id_token
        .as_str()
        .and_then(|token| token.split('.').nth(1))
        .expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("JSON")
}

#[tokio::test]
async fn the_sign_in_page_has_a_button_for_everyone_active() {
    let client = Client::new();
    let page = client
        .send("GET", &address(SIGN_IN, &sign_in_ask()), &[], "")
        .await;
    assert_eq!(page.status, StatusCode::OK);
    for name in [
        "<bdi>Ada Okafor</bdi> – Primary Owner</button>",
        "<bdi>Siobhán O&#39;Neill</bdi> – Member</button>",
        "<bdi>Sam Carter</bdi> – Guest</button>",
        "<bdi>Paul Dubois</bdi> – Member of Harbour Coffee</button>",
    ] {
        assert!(page.text().contains(name), "{name}");
    }
    assert!(!page.text().contains("Bruno Costa"));
}

#[tokio::test]
async fn a_wrong_ask_stays_on_an_error_page() {
    let client = Client::new();
    for (name, value) in [
        ("client_id", "somebody.else"),
        ("response_type", "token"),
        ("scope", "profile email"),
        (
            "redirect_uri",
            "https://evil.example/api/auth/slack/callback",
        ),
        ("redirect_uri", "http://127.0.0.1:3000/elsewhere"),
        ("state", ""),
    ] {
        let mut ask = sign_in_ask();
        ask.iter_mut()
            .filter(|field| field.0 == name)
            .for_each(|field| field.1 = value);
        let page = client.send("GET", &address(SIGN_IN, &ask), &[], "").await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{name}={value}");
        assert!(page.text().contains("role=\"alert\""));
    }
}

#[tokio::test]
async fn cancelling_tells_the_app() {
    let client = Client::new();
    let mut fields = sign_in_ask();
    fields.push(("decision", "cancel"));
    let answer = client.form(SIGN_IN, &[], &fields).await;
    assert_eq!(
        sent_back(&answer, "error").as_deref(),
        Some("access_denied")
    );
    assert_eq!(sent_back(&answer, "state").as_deref(), Some("the state"));
}

#[tokio::test]
async fn a_code_gives_one_id_token() {
    let client = Client::new();
    let code = signed_in(&client, "U08JUERGEN").await;
    let tokens = exchanged(&client, "openid.connect.token", &code).await;
    assert_eq!(
        (&tokens["ok"], &tokens["token_type"]),
        (&json!(true), &json!("Bearer"))
    );
    let claims = claims(&tokens["id_token"]);
    for (name, value) in [
        ("iss", json!("https://slack.com")),
        ("aud", json!(CLIENT_ID)),
        ("nonce", json!("the nonce")),
        ("sub", json!("U08JUERGEN")),
        ("https://slack.com/team_id", json!("T01LIGHTHSE")),
        ("https://slack.com/user_id", json!("U08JUERGEN")),
        ("email", json!("juergen.weiss@lighthouse-books.example")),
        ("name", json!("Jürgen Weiß")),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_eq!(
        exchanged(&client, "openid.connect.token", &code).await,
        json!({"ok": false, "error": "invalid_code"})
    );

    let token = tokens["access_token"].as_str().expect("a token");
    let info = called(&client, token, "openid.connect.userInfo")
        .await
        .json();
    assert_eq!(
        (&info["ok"], &info["https://slack.com/team_name"]),
        (&json!(true), &json!("Lighthouse Books"))
    );
}

#[tokio::test]
async fn an_exchange_is_refused_by_name() {
    let client = Client::new();
    let code = signed_in(&client, "U01ADAOKAF").await;
    for (id, secret, redirect, error) in [
        ("other", CLIENT_SECRET, CALLBACK, "invalid_client_id"),
        (CLIENT_ID, "wrong", CALLBACK, "bad_client_secret"),
        (
            CLIENT_ID,
            CLIENT_SECRET,
            "http://localhost/api/auth/slack/callback",
            "bad_redirect_uri",
        ),
        // The wrong address used the code up.
        (CLIENT_ID, CLIENT_SECRET, CALLBACK, "invalid_code"),
    ] {
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let fields = [("code", code.as_str()), ("redirect_uri", redirect)];
        let answer = client
            .form(
                "/slack/api/openid.connect.token",
                &[("authorization", &basic)],
                &fields,
            )
            .await;
        assert_eq!(answer.json(), json!({"ok": false, "error": error}));
    }
    let for_sign_in = signed_in(&client, "U01ADAOKAF").await;
    assert_eq!(
        exchanged(&client, "oauth.v2.access", &for_sign_in).await["error"],
        "invalid_code"
    );
}

#[tokio::test]
async fn installing_asks_who_you_are_and_then_for_consent() {
    let client = Client::new();
    let ask = install_ask("users:read,team:read");
    let question = address(INSTALL, &ask);
    let choice = client.send("GET", &question, &[], "").await;
    assert!(
        choice
            .text()
            .contains("<bdi>Ada Okafor</bdi> – Primary Owner</button>")
    );

    let mut chosen = ask.clone();
    chosen.push(("person", "U03PRIYARA"));
    let back = client.form(INSTALL, &[], &chosen).await;
    assert_eq!(back.status, StatusCode::FOUND);
    let cookie = back
        .header("set-cookie")
        .split(';')
        .next()
        .expect("a cookie")
        .to_owned();
    let consent = client
        .send("GET", back.header("location"), &[("cookie", &cookie)], "")
        .await;
    for text in [
        ">Allow</button>",
        ">Cancel</button>",
        "<code>users:read</code>",
        "Priya Raman",
    ] {
        assert!(consent.text().contains(text), "{text}");
    }

    let as_member = [("cookie", "sandbox_person=U05TOMASHE")];
    let page = client.send("GET", &question, &as_member, "").await;
    assert!(page.text().contains("You may not install") && !page.text().contains(">Allow<"));
    let mut forced = ask.clone();
    forced.push(("decision", "allow"));
    assert_eq!(
        client.form(INSTALL, &as_member, &forced).await.status,
        StatusCode::BAD_REQUEST
    );
    let elsewhere = client
        .send("GET", &address(INSTALL, &install_ask("admin")), &[], "")
        .await;
    assert_eq!(elsewhere.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn addresses_are_only_told_with_their_scope() {
    let client = Client::new();
    let without = installed(&client, "U01ADAOKAF", "users:read").await;
    let with = installed(
        &client,
        "U01ADAOKAF",
        "users:read,users:read.email,team:read",
    )
    .await;
    assert_eq!(without["scope"], "users:read");
    assert_eq!(
        with["team"],
        json!({"id": "T01LIGHTHSE", "name": "Lighthouse Books"})
    );
    assert_eq!(
        (&with["token_type"], &with["authed_user"]["id"]),
        (&json!("bot"), &json!("U01ADAOKAF"))
    );
    assert_ne!(without["access_token"], with["access_token"]);

    for (token, email) in [
        (&without, Value::Null),
        (&with, json!("ada.okafor@lighthouse-books.example")),
    ] {
        let token = token["access_token"].as_str().expect("a token");
        let list = called(&client, token, "users.list").await;
        assert!(list.header("x-oauth-scopes").starts_with("users:read"));
        let ada = &list.json()["members"][0];
        assert_eq!(ada["profile"]["email"], email);
        assert_eq!(
            (&ada["is_primary_owner"], &ada["is_owner"], &ada["is_admin"]),
            (&json!(true), &json!(true), &json!(true))
        );
        let one = called(&client, token, "users.info?user=U01ADAOKAF")
            .await
            .json();
        assert_eq!(one["user"]["profile"]["email"], email);
    }
}

#[tokio::test]
async fn people_and_answers_can_be_made_odd() {
    let client = Client::new();
    let token = installed(&client, "U01ADAOKAF", "users:read").await["access_token"].clone();
    let token = token.as_str().expect("a token");
    let control = "/slack/people/U05TOMASHE";
    client
        .control(&format!("{control}/list"), json!({"listed": false}))
        .await;
    let shown = json!({"team_id": "T02HARBOURC", "enterprise_user": {"id": "W05"}});
    client.control(&format!("{control}/show-as"), shown).await;
    let list = called(&client, token, "users.list").await.json();
    let listed = |user: &Value| user["id"] == "U05TOMASHE";
    assert!(
        !list["members"]
            .as_array()
            .expect("a list")
            .iter()
            .any(listed)
    );
    let user = called(&client, token, "users.info?user=W05").await.json()["user"].clone();
    assert_eq!(
        (&user["id"], &user["team_id"]),
        (&json!("U05TOMASHE"), &json!("T02HARBOURC"))
    );

    let fields = json!({"ok": false, "error": "invalid_auth"});
    let fault = json!({"side": "slack", "path": "/api/auth.test", "fields": fields, "times": 1});
    client.control("/faults", fault).await;
    for expected in [json!("invalid_auth"), Value::Null] {
        assert_eq!(
            called(&client, token, "auth.test").await.json()["error"],
            expected
        );
    }
}

#[tokio::test]
async fn what_a_token_may_not_is_refused_by_name() {
    let client = Client::new();
    let token = installed(&client, "U01ADAOKAF", "users:read").await["access_token"].clone();
    let token = token.as_str().expect("a token");
    let refused = called(&client, token, "team.info").await.json();
    assert_eq!(
        refused,
        json!({"ok": false, "error": "missing_scope", "needed": "team:read", "provided": "users:read"})
    );
    assert_eq!(
        called(&client, token, "users.info?user=UNOBODY")
            .await
            .json()["error"],
        "user_not_found"
    );
    assert_eq!(
        called(&client, "xoxb-wrong", "auth.test").await.json()["error"],
        "invalid_auth"
    );
    assert_eq!(
        client
            .send("POST", "/slack/api/auth.test", &[], "")
            .await
            .json()["error"],
        "not_authed"
    );
}

#[tokio::test]
async fn who_has_signed_in_is_a_user_of_the_app() {
    let client = Client::new();
    let token = installed(&client, "U01ADAOKAF", "users:read").await["access_token"].clone();
    let token = token.as_str().expect("a token");
    for expected in [false, true] {
        let ada = called(&client, token, "users.info?user=U01ADAOKAF").await;
        assert_eq!(ada.json()["user"]["is_app_user"], expected);
        let code = signed_in(&client, "U01ADAOKAF").await;
        exchanged(&client, "openid.connect.token", &code).await;
    }
}

#[tokio::test]
async fn the_directory_is_paged_to_its_end() {
    let client = Client::new();
    let token = installed(&client, "U02HENRIKL", "users:read").await["access_token"].clone();
    let token = token.as_str().expect("a token");
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("limit", "5"), ("cursor", &cursor)])
            .finish();
        let page = called(&client, token, &format!("users.list?{query}"))
            .await
            .json();
        let members = page["members"].as_array().expect("members").clone();
        assert!(members.len() <= 5);
        names.extend(
            members
                .into_iter()
                .map(|member| member["id"].as_str().expect("an id").to_owned()),
        );
        cursor = page["response_metadata"]["next_cursor"]
            .as_str()
            .expect("a cursor")
            .to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(names.len(), 17);
    assert!(names.contains(&"USLACKBOT".to_owned()) && names.contains(&"U15BRUNOCO".to_owned()));
    assert_eq!(
        called(&client, token, "users.list?cursor=nonsense")
            .await
            .json()["error"],
        "invalid_cursor"
    );
}

#[tokio::test]
async fn tokens_end_in_their_own_ways() {
    let client = Client::new();
    let token =
        installed(&client, "U01ADAOKAF", "users:read,users:read.email").await["access_token"]
            .clone();
    let token = token.as_str().expect("a token");
    assert_eq!(
        client.told("/credentials").await["slack"]["bot_token"],
        token
    );
    client
        .control(
            "/slack/token/drop-scope",
            json!({"scope": "users:read.email"}),
        )
        .await;
    let list = called(&client, token, "users.list").await;
    assert_eq!(list.json()["members"][0]["profile"].get("email"), None);
    client.control("/slack/token/revoke", json!({})).await;
    assert_eq!(
        called(&client, token, "auth.test").await.json()["error"],
        "token_revoked"
    );
    assert_eq!(
        client.told("/credentials").await["slack"]["bot_token"],
        Value::Null
    );
    let again = installed(&client, "U01ADAOKAF", "users:read").await["access_token"].clone();
    client.control("/slack/uninstall", json!({})).await;
    let ended = called(&client, again.as_str().expect("a token"), "auth.test")
        .await
        .json();
    assert_eq!(ended["error"], "account_inactive");
}
