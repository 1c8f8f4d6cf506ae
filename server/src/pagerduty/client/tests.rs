//! The client against a stand-in on this machine: what it sends, and what it makes
//! of every kind of answer and of none.

use super::*;
use crate::pagerduty::{
    roster::Reading,
    stub::{Stub, breaking_off, streaming},
};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http::{Method, StatusCode, header};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{net::TcpListener, time::Duration};
use types::ShiftOddity;
use url::Url;

const KEY: &str = "u+Ab_cd-efghijklmnop";

fn credential() -> Credential {
    Credential::ApiKey(SecretString::from(KEY))
}

fn account() -> Account {
    Account {
        region: Region::Us,
        credential: credential(),
    }
}

fn endpoints(us: &Url, eu: &Url) -> Endpoints {
    // Whichever test comes first installs it; the others are told so.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Endpoints {
        us: us.clone(),
        eu: eu.clone(),
        identity: us.clone(),
    }
}

fn client(us: &Url, eu: &Url) -> PagerDuty {
    PagerDuty::new(endpoints(us, eu), Metrics::default())
}

/// One with a limit short enough to be waited for.
fn impatient_client(us: &Url, eu: &Url) -> PagerDuty {
    PagerDuty {
        transport: Transport::with_limit(endpoints(us, eu), Metrics::default(), 1),
    }
}

/// The region in which the client finds the credential's account.
async fn region_of(client: PagerDuty) -> Result<Region, PagerDutyProblem> {
    let opened = client.find_account(&credential()).await?;
    Ok(opened.region)
}

/// What asking for a user comes to, which takes one request and no more.
async fn ask_with(client: PagerDuty) -> Result<Option<User>, PagerDutyProblem> {
    client.user(&account(), &PagerDutyUserId::new("PA")).await
}

async fn ask(url: &Url) -> Result<Option<User>, PagerDutyProblem> {
    ask_with(client(url, url)).await
}

fn json_body(value: &Value) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        value.to_string(),
    )
        .into_response()
}

/// Enough for [`PagerDuty::find_account`]: both lists are there, and empty.
fn empty_lists(_: &str) -> Response {
    json_body(&json!({"schedules": [], "users": [], "more": false}))
}

/// What [`PagerDuty::find_account`] asks each region for, in any order, where there
/// are no layer-based schedules.
const CHECKED: [&str; 3] = [
    "/schedules?limit=1",
    "/users?limit=1",
    "/v3/schedules?limit=1",
];

fn sorted(mut targets: Vec<String>) -> Vec<String> {
    targets.sort();
    targets
}

/// The second of two questions may not have been sent when the first one is refused.
fn asked_no_question_twice(stub: &Stub) -> bool {
    let targets = sorted(stub.targets());
    targets == CHECKED[..2] || targets.len() == 1
}

fn with_status(status: u16, body: &'static str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, body).into_response()
}

const ADA: &str = r#"{"user":{"id":"PA","type":"user","name":"Ada","email":"ada@acme.example"}}"#;

#[tokio::test]
async fn every_question_is_a_get_with_exactly_the_headers_that_pagerduty_wants() {
    let stub = Stub::start(|target| {
        let user = json!({"id": "PA", "name": "Ada"});
        let schedule = json!({"id": "PS", "final_schedule": {"rendered_schedule_entries": []}});
        json_body(&json!({"users": [], "schedules": [], "more": false, "user": user, "schedule": schedule, "for": target}))
    })
    .await;
    let client = client(&stub.url, &stub.url);
    let (account, start) = (account(), Timestamp::from_millis(0));
    client
        .find_account(&credential())
        .await
        .expect("an account");
    client
        .search_schedules(&account, "x")
        .await
        .expect("a list");
    let mut roster = Roster::from(NextPage::default());
    client
        .next_users(&account, &mut roster)
        .await
        .expect("a page");
    let user = client.user(&account, &PagerDutyUserId::new("PA")).await;
    assert!(user.is_ok_and(|user| user.is_some()));
    let schedule = client
        .schedule(
            &account,
            &ScheduleId::new("PS"),
            ScheduleVersion::V2,
            start,
            start,
        )
        .await;
    assert!(schedule.is_ok());

    let asked = stub.asked();
    assert_eq!(asked.len(), 8);
    for asked in asked {
        assert_eq!(asked.method, Method::GET);
        let sent = |name: &str| {
            asked
                .headers
                .get(name)
                .map(|value| value.to_str().expect("text"))
        };
        let authorization = format!("Token token={KEY}");
        assert_eq!(sent("authorization"), Some(authorization.as_str()));
        assert_eq!(
            sent("accept"),
            Some("application/vnd.pagerduty+json;version=2")
        );
        let agent = concat!("RoundRobin/", env!("CARGO_PKG_VERSION"));
        assert_eq!(sent("user-agent"), Some(agent));
        assert_eq!(sent("cookie"), None);
    }
}

#[tokio::test]
async fn a_key_that_the_us_knows_is_never_shown_to_the_eu() {
    let us = Stub::start(empty_lists).await;
    let eu = Stub::start(empty_lists).await;
    let region = region_of(client(&us.url, &eu.url)).await;
    assert_eq!(region, Ok(Region::Us));
    assert_eq!(sorted(us.targets()), CHECKED);
    assert!(eu.targets().is_empty());
}

#[tokio::test]
async fn a_key_that_the_us_does_not_know_is_tried_in_the_eu() {
    let us = Stub::always(401, "<html>no</html>").await;
    let eu = Stub::start(empty_lists).await;
    let region = region_of(client(&us.url, &eu.url)).await;
    assert_eq!(region, Ok(Region::Eu));
    assert!(!us.targets().is_empty());
    assert_eq!(sorted(eu.targets()), CHECKED);
}

#[tokio::test]
async fn a_key_that_no_region_knows_is_unauthorized_after_one_try_each() {
    let us = Stub::always(401, "").await;
    let eu = Stub::always(401, "").await;
    let region = region_of(client(&us.url, &eu.url)).await;
    assert_eq!(region, Err(PagerDutyProblem::Unauthorized));
    for stub in [us, eu] {
        assert!(asked_no_question_twice(&stub));
    }
}

#[tokio::test]
async fn one_address_for_both_regions_is_asked_once() {
    let stub = Stub::always(401, "").await;
    let region = region_of(client(&stub.url, &stub.url)).await;
    assert_eq!(region, Err(PagerDutyProblem::Unauthorized));
    assert!(asked_no_question_twice(&stub));
}

#[tokio::test]
async fn only_an_unknown_key_sends_us_to_the_other_region() {
    for status in [402, 403, 404, 429, 500] {
        let us = Stub::always(status, "").await;
        let eu = Stub::start(empty_lists).await;
        let region = region_of(client(&us.url, &eu.url)).await;
        assert!(region.is_err(), "{status}");
        assert!(eu.targets().is_empty(), "{status}");
    }
}

#[tokio::test]
async fn an_eu_that_does_not_answer_leaves_the_word_of_the_us() {
    let unauthorized = Err(PagerDutyProblem::Unauthorized);
    let us = Stub::always(401, "").await;
    let eu = Stub::always(503, "").await;
    let region = region_of(client(&us.url, &eu.url)).await;
    assert_eq!(region, unauthorized);

    let unreachable = Url::parse("http://nowhere.invalid").expect("an address");
    let region = region_of(client(&us.url, &unreachable)).await;
    assert_eq!(region, unauthorized);

    let eu = Stub::start(|_| streaming("{", futures::stream::pending())).await;
    let region = region_of(impatient_client(&us.url, &eu.url)).await;
    assert_eq!(region, unauthorized);
}

#[tokio::test]
async fn an_eu_that_knows_the_key_and_refuses_it_says_why() {
    let us = Stub::always(401, "").await;
    let eu = Stub::always(402, "").await;
    let region = region_of(client(&us.url, &eu.url)).await;
    assert_eq!(region, Err(PagerDutyProblem::NoApiAccess));
}

#[tokio::test]
async fn both_questions_of_the_check_are_asked_at_once() {
    let meeting = std::sync::Arc::new(tokio::sync::Barrier::new(2));
    let stub = Stub::start(move |target| {
        let (meeting, target) = (meeting.clone(), target.to_owned());
        // Neither is answered before the other one has arrived.
        let body = futures::stream::once(async move {
            meeting.wait().await;
            Ok(match target.as_str() {
                "/schedules?limit=1" => r#"{"schedules":[]}"#,
                _ => r#"{"users":[]}"#,
            })
        });
        streaming("", body)
    })
    .await;
    let region = region_of(client(&stub.url, &stub.url)).await;
    assert_eq!(region, Ok(Region::Us));
}

#[tokio::test]
async fn a_check_is_not_put_off_by_fields_that_it_does_not_read() {
    let stub = Stub::start(|_| {
        json_body(&json!({
            "schedules": [{"id": "PS", "users": 7, "html_url": [], "final_schedule": []}],
            "users": [{"id": "PA", "teams": "none", "html_url": 1}], "more": "maybe", "limit": "1",
        }))
    })
    .await;
    let region = region_of(client(&stub.url, &stub.url)).await;
    assert_eq!(region, Ok(Region::Us));
}

#[tokio::test]
async fn the_account_is_told_by_the_address_of_a_schedule_or_else_of_a_user() {
    for (schedule, user, expected) in [
        (
            json!("https://acme.pagerduty.com/schedules#PS"),
            json!(null),
            Some("acme"),
        ),
        (
            json!(null),
            json!("https://acme.eu.pagerduty.com/users/PA"),
            Some("acme"),
        ),
        (json!(null), json!(null), None),
    ] {
        let stub = Stub::start(move |_| {
            json_body(&json!({
                "schedules": [{"id": "PS", "html_url": schedule}],
                "users": [{"id": "PA", "html_url": user}],
            }))
        })
        .await;
        let opened = client(&stub.url, &stub.url)
            .find_account(&credential())
            .await;
        let account = opened.expect("an account").account;
        assert_eq!(account.subdomain.as_deref(), expected);
        assert_eq!(account.account_id, None);
    }
}

#[tokio::test]
async fn a_key_that_may_not_read_users_is_not_accepted_for_want_of_them_alone() {
    let stub = Stub::start(|target| match target {
        "/schedules?limit=1" => empty_lists(target),
        _ => with_status(
            403,
            r#"{"error":{"message":"No","required_scopes":"users.read"}}"#,
        ),
    })
    .await;
    let region = region_of(client(&stub.url, &stub.url)).await;
    let missing_scopes = Some("users.read".to_owned());
    assert_eq!(
        region,
        Err(PagerDutyProblem::PeopleDenied { missing_scopes })
    );
}

#[tokio::test]
async fn the_account_of_the_eu_is_asked_in_the_eu_below_its_path() {
    let us = Stub::start(empty_lists).await;
    let eu = Stub::always(200, ADA).await;
    let base = eu.url.join("/eu").expect("an address");
    let account = Account {
        region: Region::Eu,
        credential: credential(),
    };
    let id = PagerDutyUserId::new("PA");
    let user = client(&us.url, &base).user(&account, &id).await;
    assert!(user.is_ok());
    assert_eq!(eu.targets(), ["/eu/users/PA"]);
    assert!(us.targets().is_empty());
}

#[tokio::test]
async fn a_schedule_takes_one_request_for_whole_seconds_in_utc() {
    let body = r#"{"schedule":{"id":"PS","name":"Primary","final_schedule":{"rendered_schedule_entries":[]}}}"#;
    let stub = Stub::always(200, body).await;
    let from = Timestamp::from_millis(1_767_225_599_999);
    let until = from.plus_seconds(86_401);
    let id = ScheduleId::new("PS");
    let read = client(&stub.url, &stub.url)
        .schedule(&account(), &id, ScheduleVersion::V2, from, until)
        .await
        .expect("a schedule");
    assert_eq!(read.name, "Primary");
    assert_eq!(
        stub.targets(),
        [
            "/schedules/PS?since=2025-12-31T23%3A59%3A59Z&until=2026-01-02T00%3A00%3A00Z&time_zone=UTC&overflow=true"
        ]
    );
}

#[test]
fn instants_beyond_the_calendar_become_its_ends() {
    assert_eq!(
        whole_seconds(Timestamp::from_millis(-1)),
        "1969-12-31T23:59:59Z"
    );
    assert!(whole_seconds(Timestamp::from_millis(i64::MAX)).starts_with("9999-12-30T"));
    assert!(whole_seconds(Timestamp::from_millis(i64::MIN)).starts_with("-009999-01-02T"));
}

#[tokio::test]
async fn a_schedule_that_was_not_rendered_is_unreadable() {
    let (id, at) = (ScheduleId::new("PS"), Timestamp::from_millis(0));
    for body in [
        r#"{"schedule":{"id":"PS"}}"#,
        r#"{"schedule":{"id":"PS","final_schedule":null}}"#,
        r#"{"schedule":{"id":"PS","final_schedule":{"name":"Final Schedule"}}}"#,
    ] {
        let stub = Stub::always(200, body).await;
        let read = client(&stub.url, &stub.url)
            .schedule(&account(), &id, ScheduleVersion::V2, at, at)
            .await;
        assert_eq!(read, Err(PagerDutyProblem::Unreadable), "{body}");
    }
}

/// The pages of layer-based schedules that were asked for.
fn v2_pages(stub: &Stub) -> Vec<String> {
    let mut targets = stub.targets();
    targets.retain(|target| target.starts_with("/schedules"));
    targets
}

/// The names that a search finds.
async fn found(stub: &Stub, search: &str) -> Result<Vec<String>, PagerDutyProblem> {
    let found = client(&stub.url, &stub.url)
        .search_schedules(&account(), search)
        .await?;
    Ok(names(found))
}

fn names(found: FoundSchedules) -> Vec<String> {
    let schedules = found.schedules.into_iter();
    schedules.map(|schedule| schedule.name).collect()
}

/// What a search may have missed.
async fn missing(stub: &Stub) -> Vec<MissingSchedules> {
    let client = client(&stub.url, &stub.url);
    let found = client.search_schedules(&account(), "").await;
    found.expect("a part").missing
}

#[tokio::test]
async fn a_search_sends_the_words_within_bounds_and_no_blank_ones() {
    let stub = Stub::always(200, r#"{"schedules":[]}"#).await;
    let endless = "é".repeat(300);
    for search in [" a&b\0 ", " \0 ", endless.as_str()] {
        assert_eq!(found(&stub, search).await, Ok(Vec::new()));
    }
    let expected = [
        "/schedules?limit=100&offset=0&query=a%26b".to_owned(),
        "/schedules?limit=100&offset=0".to_owned(),
        format!(
            "/schedules?limit=100&offset=0&query={}",
            "%C3%A9".repeat(200)
        ),
    ];
    assert_eq!(v2_pages(&stub), expected);
}

#[tokio::test]
async fn what_pagerduty_finds_is_listed_by_name_whatever_was_searched_for() {
    let body = r#"{"schedules":[
        {"id":"P1","name":"Production database"},{"id":"P2","name":"E\u0301quipe"},{"id":"P3","name":"Straße"},
        null,{"id":4,"summary":"prod-db"},{"id":"P5","name":"ops","users":7}
    ],"more":"true","limit":"x","total":[]}"#;
    let stub = Stub::always(200, body).await;
    let all = [
        "E\u{301}quipe",
        "ops",
        "prod-db",
        "Production database",
        "Straße",
    ];
    for search in ["prod db", "équipe", "STRASSE", ""] {
        assert_eq!(
            found(&stub, search).await,
            Ok(all.map(str::to_owned).to_vec())
        );
    }
    assert_eq!(v2_pages(&stub).len(), 4, "only a true `more` means more");
}

#[tokio::test]
async fn a_search_reads_on_from_the_rows_received_and_lists_each_schedule_once() {
    let stub = Stub::start(|target| {
        json_body(&match target {
            "/schedules?limit=100&offset=0" => {
                json!({"schedules": [{"id": "PB", "name": "B"}, null], "more": true})
            }
            _ => json!({"schedules": [{"id": "PB", "name": "B"}, {"id": "PA", "name": "A"}]}),
        })
    })
    .await;
    assert_eq!(
        found(&stub, "").await,
        Ok(vec!["A".to_owned(), "B".to_owned()])
    );
    let expected = [
        "/schedules?limit=100&offset=0",
        "/schedules?limit=100&offset=2",
    ];
    assert_eq!(v2_pages(&stub), expected);
}

#[tokio::test]
async fn a_search_that_ends_early_says_so() {
    let full: Vec<Value> = (0..100)
        .map(|number| json!({"id": format!("P{number}")}))
        .collect();
    let endless = Stub::start(move |_| json_body(&json!({"schedules": full, "more": true}))).await;
    assert_eq!(missing(&endless).await, [MissingSchedules::Cut]);
    assert_eq!(v2_pages(&endless).len(), 5);

    let trickle = Stub::always(200, r#"{"schedules":[{"id":"PA"}],"more":true}"#).await;
    assert_eq!(missing(&trickle).await, [MissingSchedules::Cut]);
    assert_eq!(v2_pages(&trickle).len(), SEARCH_PAGES_MAX);

    let empty = Stub::always(200, r#"{"schedules":[],"more":true}"#).await;
    assert_eq!(missing(&empty).await, [MissingSchedules::Cut]);
    assert_eq!(v2_pages(&empty).len(), 1);

    let whole = Stub::always(200, r#"{"schedules":[{"id":"PA"}],"more":false}"#).await;
    assert_eq!(missing(&whole).await, []);
}

#[tokio::test]
async fn a_page_of_the_search_that_fails_leaves_those_read_before() {
    let stub = Stub::start(|target| match target {
        "/schedules?limit=100&offset=0" => {
            json_body(&json!({"schedules": [{"id": "PA"}], "more": true}))
        }
        target if target.starts_with("/v3/") => json_body(&json!({"schedules": []})),
        _ => with_status(503, ""),
    })
    .await;
    assert_eq!(found(&stub, "").await, Ok(vec!["PA".to_owned()]));
    let failed = MissingSchedules::Failed {
        kind: ScheduleKind::LayerBased,
        problem: PagerDutyProblem::Unavailable { status: 503 },
    };
    assert_eq!(missing(&stub).await, [failed]);
}

#[tokio::test]
async fn a_page_that_does_not_come_is_asked_for_again_with_less_on_it_and_more_patience() {
    let stub = Stub::start(|target: &str| {
        let rows = if target.contains("limit=100") {
            100
        } else {
            25
        };
        let body = stream::once(async move {
            // More than the limit for a whole page, which is a second here.
            tokio::time::sleep(Duration::from_millis(if rows == 100 {
                3_000
            } else {
                1_200
            }))
            .await;
            Ok(r#"{"schedules":[{"id":"PA","name":"A"}]}"#)
        });
        streaming("", body)
    })
    .await;
    let client = impatient_client(&stub.url, &stub.url);
    let found = client
        .search_schedules(&account(), "")
        .await
        .expect("a list");
    assert_eq!(found.missing, []);
    assert_eq!(names(found), ["A"]);
    let asked = [
        "/schedules?limit=100&offset=0",
        "/schedules?limit=25&offset=0",
    ];
    assert_eq!(v2_pages(&stub), asked);
}

#[tokio::test]
async fn the_roster_is_read_on_from_the_rows_received() {
    let stub = Stub::start(|target| {
        let ada = json!({"id": "PA", "name": "Ada", "email": "ada@acme.example"});
        let bo = json!({"id": "PB", "name": "Bo", "email": null});
        json_body(&match target {
            "/users?limit=100&offset=0" => json!({"users": [ada], "more": true}),
            _ => json!({"users": [bo], "more": false}),
        })
    })
    .await;
    let (client, mut roster) = (
        client(&stub.url, &stub.url),
        Roster::from(NextPage::default()),
    );
    let mut names = Vec::new();
    while roster.reading() == Reading::UnderWay {
        let users = client.next_users(&account(), &mut roster).await;
        names.extend(users.expect("a page").into_iter().map(|user| user.name));
    }
    assert_eq!(names, ["Ada", "Bo"]);
    let expected = ["/users?limit=100&offset=0", "/users?limit=100&offset=1"];
    assert_eq!(stub.targets(), expected);
}

#[tokio::test]
async fn a_page_of_the_roster_that_fails_takes_no_other_along() {
    let stub = Stub::start(|target| match target {
        "/users?limit=100&offset=0" => json_body(&json!({"users": [{"id": "PA"}], "more": true})),
        _ => with_status(503, ""),
    })
    .await;
    let (client, mut roster) = (
        client(&stub.url, &stub.url),
        Roster::from(NextPage::default()),
    );
    let users = client.next_users(&account(), &mut roster).await;
    assert_eq!(users.expect("a page").len(), 1);
    let users = client.next_users(&account(), &mut roster).await;
    assert_eq!(users, Err(PagerDutyProblem::Unavailable { status: 503 }));
    let again = NextPage {
        offset: 1,
        limit: 100,
    };
    assert_eq!(roster.next_page(), Some(again));
}

/// How PagerDuty says that there is none.
const NOT_FOUND: &str = r#"{"error":{"message":"Not Found","code":2100}}"#;

#[tokio::test]
async fn a_user_whom_pagerduty_does_not_know_is_nobody() {
    let stub = Stub::always(404, NOT_FOUND).await;
    assert_eq!(ask(&stub.url).await, Ok(None));
    let mute = Stub::always(404, "").await;
    let unknown = PagerDutyProblem::Unavailable { status: 404 };
    assert_eq!(ask(&mute.url).await, Err(unknown));
}

#[tokio::test]
async fn a_schedule_that_pagerduty_does_not_know_is_not_found() {
    let stub = Stub::always(404, NOT_FOUND).await;
    let (id, at) = (ScheduleId::new("PS"), Timestamp::from_millis(0));
    let read = client(&stub.url, &stub.url)
        .schedule(&account(), &id, ScheduleVersion::V2, at, at)
        .await;
    assert_eq!(read, Err(PagerDutyProblem::NotFound));
}

#[tokio::test]
async fn what_cannot_be_an_id_is_not_found_without_being_asked_for() {
    let stub = Stub::always(200, ADA).await;
    let client = client(&stub.url, &stub.url);
    let at = Timestamp::from_millis(0);
    for id in ["P".repeat(129), "P\0".to_owned(), "..".to_owned()] {
        let schedule = client
            .schedule(
                &account(),
                &ScheduleId::new(id.as_str()),
                ScheduleVersion::V2,
                at,
                at,
            )
            .await;
        assert_eq!(schedule, Err(PagerDutyProblem::NotFound), "{id:?}");
        let user = client.user(&account(), &PagerDutyUserId::new(id)).await;
        assert_eq!(user, Ok(None));
    }
    assert!(stub.targets().is_empty());
}

#[tokio::test]
async fn each_refusal_becomes_its_own_problem() {
    let cases = [
        (401, PagerDutyProblem::Unauthorized),
        (402, PagerDutyProblem::NoApiAccess),
        (408, PagerDutyProblem::Unavailable { status: 408 }),
        (500, PagerDutyProblem::Unavailable { status: 500 }),
    ];
    for (status, problem) in cases {
        let stub = Stub::always(status, "{}").await;
        assert_eq!(ask(&stub.url).await, Err(problem));
    }
    let stub = Stub::start(|_| (StatusCode::TOO_MANY_REQUESTS, [("ratelimit-reset", "17")])).await;
    let problem = PagerDutyProblem::RateLimited {
        retry_after_seconds: 17,
    };
    assert_eq!(ask(&stub.url).await, Err(problem));
}

#[tokio::test]
async fn a_refusal_stands_even_when_its_body_breaks_off() {
    let stub = Stub::start(|_| {
        (
            StatusCode::UNAUTHORIZED,
            streaming("{\"err", breaking_off()),
        )
    })
    .await;
    assert_eq!(ask(&stub.url).await, Err(PagerDutyProblem::Unauthorized));
}

#[tokio::test]
async fn a_success_that_is_not_the_json_asked_for_is_unreadable() {
    let bodies = [
        "",
        &ADA[..ADA.len() / 2],
        r#"{"users":[]}"#,
        r#"{"user":null}"#,
        r#"{"user":{"id":""}}"#,
        "[]",
    ];
    for body in bodies {
        let stub = Stub::always(200, body).await;
        let outcome = ask(&stub.url).await;
        assert_eq!(outcome, Err(PagerDutyProblem::Unreadable), "{body}");
    }
}

#[tokio::test]
async fn a_web_page_where_data_should_be_names_the_host_and_the_status() {
    for status in [200, 401, 403, 404] {
        let stub = Stub::always(status, "<!doctype html><title>Sign in</title>").await;
        let interposed = PagerDutyProblem::Interposed {
            host: "127.0.0.1".to_owned(),
            status,
            leads_to: None,
        };
        assert_eq!(ask(&stub.url).await, Err(interposed));
    }
}

#[tokio::test]
async fn an_answer_that_never_gets_done_growing_is_unreadable() {
    let stub = Stub::start(|_| {
        let blanks: &'static str = Box::leak(" ".repeat(1024 * 1024).into_boxed_str());
        streaming("", futures::stream::repeat_with(move || Ok(blanks)))
    })
    .await;
    assert_eq!(ask(&stub.url).await, Err(PagerDutyProblem::Unreadable));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Stub::always(200, ADA).await;
    let location = elsewhere.url.to_string();
    let stub = Stub::start(move |_| {
        let headers = [(header::LOCATION, location.clone())];
        (StatusCode::TEMPORARY_REDIRECT, headers, ADA)
    })
    .await;
    let interposed = PagerDutyProblem::Interposed {
        host: "127.0.0.1".to_owned(),
        status: 307,
        leads_to: Some("127.0.0.1".to_owned()),
    };
    assert_eq!(ask(&stub.url).await, Err(interposed));
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_refused_connection_and_an_unknown_host_are_unreachable() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("its address");
    drop(free);
    for url in [
        format!("http://{address}"),
        "http://nowhere.invalid".to_owned(),
    ] {
        let url = Url::parse(&url).expect("an address");
        assert_eq!(ask(&url).await, Err(PagerDutyProblem::Unreachable), "{url}");
    }
}

#[tokio::test]
async fn a_connection_that_is_hung_up_before_the_answer_has_broken_off() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let rude = std::thread::spawn(move || drop(listener.accept()));
    let url = Url::parse(&format!("http://{address}")).expect("an address");
    assert_eq!(ask(&url).await, Err(PagerDutyProblem::BrokenOff));
    rude.join().expect("hung up");
}

#[tokio::test]
async fn a_connection_lost_in_the_middle_of_the_answer_has_broken_off() {
    let stub = Stub::start(|_| streaming(ADA, breaking_off())).await;
    assert_eq!(ask(&stub.url).await, Err(PagerDutyProblem::BrokenOff));
}

#[tokio::test]
async fn silence_before_or_within_the_answer_times_out() {
    let timed_out = Err(PagerDutyProblem::TimedOut { limit_seconds: 1 });
    // The system accepts the connection for a listener that never looks at it.
    let mute = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = mute.local_addr().expect("its address");
    let url = Url::parse(&format!("http://{address}")).expect("an address");
    assert_eq!(ask_with(impatient_client(&url, &url)).await, timed_out);

    let stub = Stub::start(|_| streaming("{\"user\"", futures::stream::pending())).await;
    assert_eq!(
        ask_with(impatient_client(&stub.url, &stub.url)).await,
        timed_out
    );
}

/// A stand-in that knows one schedule of each kind, and answers for it as `v2`
/// and `v3` say.
async fn both_kinds(v2: fn() -> Response, v3: fn() -> Response) -> Stub {
    Stub::start(move |target: &str| {
        if target.starts_with("/v3/") {
            v3()
        } else {
            v2()
        }
    })
    .await
}

fn layer_based() -> Response {
    json_body(&json!({"schedule": {"id": "PS", "name": "Layers",
        "final_schedule": {"rendered_schedule_entries": []}}}))
}

fn shift_based() -> Response {
    let user = |id: &str| json!({"type": "user_member", "user_id": id});
    let shift = |member: Value, from: u32, until: u32| {
        json!({"start_time": format!("2026-05-01T{from:02}:00:00+02:00"),
            "end_time": format!("2026-05-01T{until:02}:00:00+02:00"),
            "member": member, "source": {"type": "rotation"}})
    };
    json_body(
        &json!({"schedule": {"id": "PS", "type": "schedule_v3", "name": "Shifts",
        "rotations": [{"events": [{"assignment_strategy": {
            "type": "rotating_member_assignment_strategy",
            "members": [user("PA"), {"type": "empty_member"}, user("PB")]}}]}],
        "final_schedule": {"computed_shift_assignments": [
            shift(user("PC"), 8, 9), shift(user("PA"), 8, 10), shift(user("PA"), 8, 12),
            shift(json!({"type": "empty_member"}), 12, 14)]}}}),
    )
}

fn wrong_kind() -> Response {
    with_status(
        400,
        r#"{"error":{"message":"Use the other API","errors":{"id":["no"]}}}"#,
    )
}

fn read_as(
    url: &Url,
    version: ScheduleVersion,
) -> impl Future<Output = Result<Schedule, PagerDutyProblem>> {
    let client = client(url, url);
    async move {
        let at = Timestamp::from_millis(0);
        client
            .schedule(&account(), &ScheduleId::new("PS"), version, at, at)
            .await
    }
}

#[tokio::test]
async fn a_shift_based_schedule_has_several_on_call_empty_slots_and_people_by_id() {
    let stub = both_kinds(wrong_kind, shift_based).await;
    let schedule = read_as(&stub.url, ScheduleVersion::V3).await.unwrap();
    assert_eq!(stub.targets().len(), 1);
    assert!(stub.targets()[0].contains("include%5B%5D=final_schedule"));
    let people: Vec<_> = schedule.people.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(people, ["PA", "PB", "PC"]);
    let hours: Vec<_> = schedule
        .shifts
        .iter()
        .map(|shift| {
            let millis = shift.ends_at.as_millis() - shift.starts_at.as_millis();
            (shift.user.as_str(), millis / 3_600_000)
        })
        .collect();
    assert_eq!(hours, [("PC", 1), ("PA", 4)]);
}

#[tokio::test]
async fn a_schedule_that_was_upgraded_is_asked_for_once_more_as_the_other_kind() {
    for refusal in [
        wrong_kind,
        || with_status(404, NOT_FOUND),
        || with_status(404, ""),
    ] {
        let upgraded = both_kinds(refusal, shift_based).await;
        let read = read_as(&upgraded.url, ScheduleVersion::V2).await.unwrap();
        assert_eq!(
            (read.version, read.name.as_str()),
            (ScheduleVersion::V3, "Shifts")
        );
        assert_eq!(upgraded.targets().len(), 2);
        let back = both_kinds(layer_based, refusal).await;
        let read = read_as(&back.url, ScheduleVersion::V3).await.unwrap();
        assert_eq!(read.version, ScheduleVersion::V2);
    }
}

#[tokio::test]
async fn what_neither_version_knows_is_told_as_the_expected_one_told_it() {
    let gone = both_kinds(|| with_status(404, NOT_FOUND), wrong_kind).await;
    let read = read_as(&gone.url, ScheduleVersion::V2).await;
    assert_eq!(read, Err(PagerDutyProblem::NotFound));
    let half_mute = both_kinds(|| with_status(404, ""), || with_status(404, NOT_FOUND)).await;
    let read = read_as(&half_mute.url, ScheduleVersion::V2).await;
    assert_eq!(read, Err(PagerDutyProblem::NotFound));
    let ill = both_kinds(wrong_kind, || with_status(503, "")).await;
    let read = read_as(&ill.url, ScheduleVersion::V2).await;
    assert_eq!(read, Err(PagerDutyProblem::Unavailable { status: 503 }));
}

#[tokio::test]
async fn an_odd_member_is_left_out_of_a_shift_based_schedule() {
    for (member, first) in [
        (
            json!({"type": "team_member", "team_id": "T"}),
            ShiftOddity::UnknownKind,
        ),
        (json!({"type": "user_member"}), ShiftOddity::UnknownKind),
        (json!({"user_id": "PB"}), ShiftOddity::UnknownKind),
        (Value::Null, ShiftOddity::NobodyNamed),
    ] {
        let shift = |member: &Value| {
            json!({"start_time": "2026-05-01T08:00:00Z", "end_time": "2026-05-01T09:00:00Z",
                "member": member})
        };
        let sound = json!({"type": "user_member", "user_id": "PA"});
        let body = json!({"schedule": {"id": "PS", "rotations": [{"events": [{"assignment_strategy":
            {"members": [member, sound]}}]}, 7],
            "final_schedule": {"computed_shift_assignments": [shift(&member), shift(&sound)]}}});
        let stub = Stub::start(move |_: &str| json_body(&body)).await;
        let read = read_as(&stub.url, ScheduleVersion::V3).await.unwrap();
        assert_eq!(read.shifts.len(), 1, "{member}");
        assert_eq!(read.people.len(), 1, "{member}");
        assert_eq!(read.left_out.map(|left_out| left_out.first), Some(first));
    }
}

#[tokio::test]
async fn a_search_lists_both_kinds_and_says_which_one_it_could_not_list() {
    let both = Stub::start(|target: &str| {
        json_body(&if target.starts_with("/v3/") {
            json!({"schedules": [{"id": "PC", "summary": "C"}, {"id": "PB", "summary": "B"}]})
        } else {
            json!({"schedules": [{"id": "PB", "name": "B"}, {"id": "PA", "name": "A"}]})
        })
    })
    .await;
    let names = ["A", "B", "C"].map(str::to_owned).to_vec();
    assert_eq!(found(&both, "").await, Ok(names));
    let unavailable = |status| PagerDutyProblem::Unavailable { status };
    let page = PagerDutyProblem::Interposed {
        host: "127.0.0.1".to_owned(),
        status: 200,
        leads_to: None,
    };
    for (status, body, problem) in [
        (400, "", unavailable(400)),
        (404, "", unavailable(404)),
        (503, "", unavailable(503)),
        (
            403,
            "",
            PagerDutyProblem::Forbidden {
                missing_scopes: None,
            },
        ),
        (401, "", PagerDutyProblem::Unauthorized),
        (200, "<html>", page),
        (200, "{}", PagerDutyProblem::Unreadable),
    ] {
        for (ill, kind) in [
            ("/v3/", ScheduleKind::ShiftBased),
            ("/schedules", ScheduleKind::LayerBased),
        ] {
            let stub = Stub::start(move |target: &str| {
                if target.starts_with(ill) {
                    with_status(status, body)
                } else {
                    json_body(&json!({"schedules": [{"id": "PA", "name": "A"}]}))
                }
            })
            .await;
            assert_eq!(found(&stub, "").await, Ok(vec!["A".to_owned()]), "{status}");
            let problem = problem.clone();
            assert_eq!(
                missing(&stub).await,
                [MissingSchedules::Failed { kind, problem }]
            );
        }
    }
    let ill = Stub::always(503, "").await;
    assert_eq!(found(&ill, "").await, Err(unavailable(503)));
}

#[tokio::test]
async fn a_credential_that_shows_no_schedule_of_either_kind_is_noticed() {
    for (v3, sees) in [
        (r#"{"schedules":[]}"#, Some(false)),
        (r#"{"schedules":[{"id":"PA"}]}"#, Some(true)),
        ("{}", None),
    ] {
        let stub = Stub::start(move |target: &str| {
            if target.starts_with("/v3/") {
                with_status(200, v3)
            } else {
                empty_lists(target)
            }
        })
        .await;
        let opened = client(&stub.url, &stub.url)
            .find_account(&credential())
            .await;
        assert_eq!(opened.expect("an account").sees_schedules, sees, "{v3}");
    }
}

#[tokio::test]
async fn the_sync_counts_its_own_requests_and_all_share_a_clock() {
    let stub = Stub::start(|_: &str| {
        let date = [(header::DATE, "Thu, 01 Jan 2026 00:00:00 GMT")];
        (date, ADA).into_response()
    })
    .await;
    let client = client(&stub.url, &stub.url);
    let routine = client.for_routine();
    client
        .user(&account(), &PagerDutyUserId::new("PA"))
        .await
        .unwrap();
    routine
        .user(&account(), &PagerDutyUserId::new("PA"))
        .await
        .unwrap();
    assert_eq!(routine.requests(), 1);
    // More than a day off, that is no clock to go by.
    assert_eq!(routine.clock(Region::Us).ahead_millis(), None);
}
