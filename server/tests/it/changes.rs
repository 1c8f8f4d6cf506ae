//! A change is done once, however often its form is sent, and answered alike each time.

use crate::{
    http::{
        COOKIE,
        browser::{Answer, Browser, fetch},
        signed_in_with,
    },
    support::{
        Database, NOWHERE, create, databases, entry, member, on_call, rotation, services, sqlite,
        workspace,
    },
};
use app::AppError;
use axum::http::{Method, StatusCode};
use domain::Rotation;
use server::{Services, clock, housekeeping};
use std::convert::Infallible;
use types::{AuditAction, MemberKey, PersonId, RotationId};

const ANN: &str = "the-secret-of-ann";
const BOB: &str = "the-secret-of-bob";

/// A rotation of Ann's and Bob's in which three people take turns, and a browser of Ann's.
struct Turns {
    services: Services,
    id: RotationId,
    ann: Browser,
}

impl Turns {
    async fn over(database: &Database) -> Self {
        let services = services(database, NOWHERE).await;
        let id = create(&services.store, "Ops").await;
        change(&services, &id, |rotation| {
            rotation.owners.push(PersonId::new("U2"));
            rotation.crew.members = ["A", "B", "C"].map(member).to_vec();
        })
        .await;
        let ann = signed_in_with(ANN, &services, "U1", clock::now()).await;
        Self { services, id, ann }
    }

    async fn on_duty(&self) -> Vec<String> {
        on_call(&rotation(&self.services.store, &self.id).await)
    }

    fn rotate_form(&self, change: &str) -> String {
        format!("id={}&change={change}", self.id)
    }

    async fn rotate(&mut self, change: &str) -> Answer {
        let form = self.rotate_form(change);
        send(&mut self.ann, "/rpc/rotate", form).await
    }

    /// How often somebody rotated, by the audit log.
    async fn rotated(&self) -> usize {
        let page = self.services.store.audit_page(&workspace(), None).await;
        let entries = page.unwrap().entries.into_iter();
        entries
            .filter(|entry| entry.action == AuditAction::Rotated)
            .count()
    }
}

async fn change(services: &Services, id: &RotationId, rule: impl FnOnce(&mut Rotation) + Send) {
    let workspace = workspace();
    let changed = services.store.change_rotation(&workspace, id, |rotation| {
        rule(rotation);
        Ok::<_, Infallible>(entry(AuditAction::EditedRotation))
    });
    assert_eq!(changed.await.unwrap(), Some(Ok(true)));
}

async fn send(browser: &mut Browser, path: &str, form: String) -> Answer {
    browser.send(fetch(Method::POST, path, form)).await
}

fn error_of(answer: &Answer) -> AppError {
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn the_same_change_sent_again_is_done_once_and_a_new_one_is_done() {
    for database in databases().await {
        let mut turns = Turns::over(&database).await;
        let first = turns.rotate("a").await;
        assert_eq!(first.status, StatusCode::OK);
        assert_eq!(turns.on_duty().await, ["A"]);
        let again = turns.rotate("a").await;
        assert_eq!((again.status, again.body), (first.status, first.body));
        assert_eq!(turns.on_duty().await, ["A"]);
        turns.rotate("b").await;
        assert_eq!(turns.on_duty().await, ["B"]);
        assert_eq!(turns.rotated().await, 2);
    }
}

#[tokio::test]
async fn a_form_without_an_id_is_done_each_time() {
    let database = sqlite();
    let mut turns = Turns::over(&database).await;
    for on_duty in ["A", "B"] {
        turns.rotate("").await;
        assert_eq!(turns.on_duty().await, [on_duty]);
    }
}

#[tokio::test]
async fn the_same_change_sent_by_several_at_once_is_done_once_and_answered_alike() {
    for database in databases().await {
        let turns = Turns::over(&database).await;
        // Each over a server of its own.
        let other = services(&database, NOWHERE).await;
        let browsers = [&turns.services, &other, &turns.services, &other]
            .map(|services| Browser::new(services).with_cookie(COOKIE, ANN));
        let sending = browsers.map(async |mut browser| {
            let form = turns.rotate_form("a");
            send(&mut browser, "/rpc/rotate", form).await
        });
        let answers = futures::future::join_all(sending).await;
        for answer in &answers {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            assert_eq!(answer.body, answers[0].body);
        }
        assert_eq!(turns.rotated().await, 1);
    }
}

#[tokio::test]
async fn a_change_is_known_again_by_another_server_and_after_a_restart() {
    for database in databases().await {
        let mut turns = Turns::over(&database).await;
        let first = turns.rotate("a").await;
        turns.services.store.close().await;
        let restarted = services(&database, NOWHERE).await;
        turns.ann = Browser::new(&restarted).with_cookie(COOKIE, ANN);
        turns.services = restarted;
        let again = turns.rotate("a").await;
        assert_eq!((again.status, again.body), (first.status, first.body));
        assert_eq!(turns.rotated().await, 1);
    }
}

#[tokio::test]
async fn the_same_id_of_another_person_function_or_form_is_another_change() {
    for database in databases().await {
        let mut turns = Turns::over(&database).await;
        turns.rotate("a").await;
        let mut bob = signed_in_with(BOB, &turns.services, "U2", clock::now()).await;
        send(&mut bob, "/rpc/rotate", turns.rotate_form("a")).await;
        assert_eq!(turns.on_duty().await, ["B"]);
        for chosen in ["A", "C"] {
            let member = MemberKey::new(format!("pagerduty:{chosen}"));
            let form = format!("id={}&member={member}&change=a", turns.id);
            send(&mut turns.ann, "/rpc/set_on_duty", form).await;
            assert_eq!(turns.on_duty().await, [chosen]);
        }
    }
}

#[tokio::test]
async fn a_form_without_javascript_leads_to_the_same_page_and_outcome_each_time() {
    let database = sqlite();
    let mut turns = Turns::over(&database).await;
    let form = "input[name]=Tea&input[visibility]=public&input[duty_size]=1&change=a";
    let from = "/rotations/new";
    let mut submit = async || turns.ann.submit("/rpc/create_rotation", form, from).await;
    let first = submit().await;
    let again = submit().await;
    assert!(first.status.is_redirection(), "{}", first.body);
    let place = first.header("location");
    assert!(place.starts_with("/rotations/"), "{place}");
    assert_eq!(again.header("location"), place);

    let id = turns.id.clone();
    let page = format!("/rotations/{id}");
    for _ in 0..2 {
        let form = format!("id={id}&change=b");
        turns.ann.submit("/rpc/add_members", &form, &page).await;
        let shown = turns.ann.open(&page).await.body;
        assert!(shown.contains("role=\"alert\""), "{shown}");
    }
}

#[tokio::test]
async fn what_was_refused_for_want_of_rights_may_be_asked_again() {
    let database = sqlite();
    let mut turns = Turns::over(&database).await;
    let mut bob = signed_in_with(BOB, &turns.services, "U2", clock::now()).await;
    change(&turns.services, &turns.id, |rotation| {
        rotation.owners.retain(|owner| owner.as_str() != "U2");
    })
    .await;
    let form = turns.rotate_form("a");
    let refused = send(&mut bob, "/rpc/rotate", form.clone()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    change(&turns.services, &turns.id, |rotation| {
        rotation.owners.push(PersonId::new("U2"));
    })
    .await;
    let allowed = send(&mut bob, "/rpc/rotate", form).await;
    assert_eq!(allowed.status, StatusCode::OK);
    turns.rotate("a").await;
    assert_eq!(turns.rotated().await, 2);
}

#[tokio::test]
async fn a_change_whose_server_died_in_the_middle_may_have_been_done_and_is_not_done_again() {
    for database in databases().await {
        let mut turns = Turns::over(&database).await;
        turns.rotate("a").await;
        // As if it had died before it wrote down how the change ended.
        database
            .execute("update changes set outcome = null, ended = 0, begun_at = begun_at - 600000")
            .await;
        let again = turns.rotate("a").await;
        assert_eq!(again.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(error_of(&again), AppError::Unfinished);
        assert_eq!(turns.rotated().await, 1);
        turns.rotate("b").await;
        assert_eq!(turns.rotated().await, 2);
    }
}

#[tokio::test]
async fn a_change_that_failed_in_the_middle_is_not_done_again_at_once() {
    let database = sqlite();
    let mut turns = Turns::over(&database).await;
    database
        .execute(
            "create trigger failing before insert on audit begin select raise(fail, 'no'); end",
        )
        .await;
    let failed = turns.rotate("a").await;
    assert!(matches!(error_of(&failed), AppError::Internal { .. }));
    database.execute("drop trigger failing").await;
    assert_eq!(error_of(&turns.rotate("a").await), AppError::Unfinished);
    assert_eq!(turns.rotate("b").await.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_sends_a_change_that_is_being_done_waits_for_what_comes_of_it() {
    for database in databases().await {
        let mut turns = Turns::over(&database).await;
        let first = turns.rotate("a").await;
        database
            .execute("update changes set outcome = null, ended = 0")
            .await;
        let mut browser = Browser::new(&turns.services).with_cookie(COOKIE, ANN);
        let form = turns.rotate_form("a");
        let waiting = send(&mut browser, "/rpc/rotate", form);
        let finished = format!("update changes set outcome = '{}', ended = 1", first.body);
        let finishing = database.execute(&finished);
        let (answer, ()) = tokio::join!(waiting, finishing);
        assert_eq!(answer.body, first.body);
        assert_eq!(turns.rotated().await, 1);
    }
}

#[tokio::test]
async fn whoever_waits_for_a_change_for_too_long_is_told_that_it_may_have_been_done() {
    let database = sqlite();
    let mut turns = Turns::over(&database).await;
    turns.rotate("a").await;
    database
        .execute("update changes set outcome = null, ended = 0")
        .await;
    let answer = turns.rotate("a").await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(error_of(&answer), AppError::Unanswered);
    assert!(
        AppError::Unanswered
            .to_string()
            .contains("may have been done")
    );
    assert_eq!(turns.rotated().await, 1);
}

#[tokio::test]
async fn what_is_kept_of_a_change_holds_no_secret_and_goes_after_a_day() {
    for database in databases().await {
        let mut turns = Turns::over(&database).await;
        let form = "api_key=u%2BVerySecretKey_0001&change=an-id-that-salts".to_owned();
        let answer = send(&mut turns.ann, "/rpc/connect_with_api_key", form).await;
        assert_eq!(answer.status, StatusCode::OK);
        let form = "client_id=AClient&client_secret=VerySecretSecret&change=another".to_owned();
        let answer = send(&mut turns.ann, "/rpc/connect_with_oauth", form).await;
        let (_, address) = answer
            .body
            .split_once("state=")
            .expect("it leads to PagerDuty");
        let (state, _) = address.split_once('&').unwrap();
        let kept = database.contents(&[]).await;
        assert_eq!(kept["changes"].len(), 1, "a login is begun anew");
        let kept = format!("{kept:?}");
        for secret in ["VerySecret", "an-id-that-salts", state] {
            assert!(!kept.contains(secret), "{secret}");
        }

        let rows = async || database.contents(&[]).await["changes"].len();
        database
            .execute("update changes set begun_at = begun_at - 86000000")
            .await;
        housekeeping::clean_up(&turns.services.store).await.unwrap();
        assert_eq!(rows().await, 1);
        database
            .execute("update changes set begun_at = begun_at - 500000")
            .await;
        housekeeping::clean_up(&turns.services.store).await.unwrap();
        assert_eq!(rows().await, 0);
    }
}
