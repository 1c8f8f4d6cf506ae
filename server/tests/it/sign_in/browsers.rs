//! What browsers do beside signing in: several tabs at once, looking ahead, keeping no
//! cookies. None of it may cost anybody their sign-in or lead in circles.

use super::{LOGIN, callback, identified, installed_by_ann, parameter, slack::Code, started};
use crate::http::browser::{Browser, page};
use axum::http::{Method, StatusCode};
use types::SignInProblem;

#[tokio::test]
async fn two_sign_ins_at_once_each_lead_where_they_were_begun() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    let mut browser = Browser::new(&services);
    let mut begun = Vec::new();
    for place in ["/settings", "/rotations?mode=manual"] {
        let asked = browser
            .open(&format!("/api/auth/slack/login?return_to={place}"))
            .await;
        let code = slack.code(Code::Identity {
            team: "T1",
            person: "U2",
            nonce: parameter(asked.location(), "nonce"),
        });
        begun.push((
            place,
            callback(&code, &parameter(asked.location(), "state")),
        ));
    }
    for (place, back) in begun {
        assert_eq!(browser.open(&back).await.location(), place);
    }
}

#[tokio::test]
async fn however_often_somebody_begins_the_browser_keeps_few_sign_ins() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    let mut browser = Browser::new(&services);
    for _ in 0..12 {
        browser.open(LOGIN).await;
    }
    assert_eq!(browser.cookies_named("roundrobin_sign_in_").count(), 4);
    let back = identified(&mut browser, &slack, "T1", "U2").await;
    assert_eq!(browser.open(&back).await.location(), "/settings");
}

#[tokio::test]
async fn looking_ahead_uses_nothing_up() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    let mut browser = Browser::new(&services);
    let back = identified(&mut browser, &slack, "T1", "U2").await;
    for address in [
        back.as_str(),
        "/api/integrations/pagerduty/login/callback?state=s&code=c",
    ] {
        let mut head = page(address);
        *head.method_mut() = Method::HEAD;
        let answer = browser.send(head).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{address}");
        assert_eq!(answer.header("allow"), "GET");
    }
    for (name, value) in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
    ] {
        let mut ahead = page(&back);
        ahead.headers_mut().insert(name, value.parse().unwrap());
        let answer = browser.send(ahead).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{name}");
    }
    assert_eq!(browser.open(&back).await.location(), "/settings");
}

#[tokio::test]
async fn who_keeps_no_cookies_is_told_so() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    let mut browser = Browser::new(&services);
    let back = identified(&mut browser, &slack, "T1", "U2").await;
    let mut forgetful = Browser::new(&services);
    let answer = forgetful.open(&back).await;
    assert_eq!(answer.location(), "/sign-in?problem=no-cookies");
    let told = forgetful.open(answer.location()).await.body;
    assert!(told.contains("keeps no cookies"), "{told}");
    assert!(told.contains(&SignInProblem::NoCookies.to_string()));
}

#[tokio::test]
async fn beginning_to_sign_in_writes_nothing() {
    let (services, _slack, database) = started().await;
    let before = database.contents(&[]).await;
    let mut browser = Browser::new(&services);
    for _ in 0..20 {
        assert_eq!(browser.open(LOGIN).await.status, StatusCode::SEE_OTHER);
    }
    let after = database.contents(&[]).await;
    assert_eq!(before, after);
}
