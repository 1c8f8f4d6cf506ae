//! What did not work leaves a trace too, and never more than a few lines of it.

use crate::support::{
    actor, bound::Bound, caller, databases, entry, on_each_database, on_each_engine,
    sandbox::Sandbox, services, sqlite, workspace,
};
use app::backend::{Audit as _, Authorisations, Caller, Connections};
use secrecy::SecretString;
use server::{
    Services,
    backend::{LoginAnswer, RoundRobin},
    clock,
    store::{NewAuditEntry, Store},
};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use types::{
    ApiKeyInput, AuditAction, AuditActor, AuditEntry, AuthorisationProblem, ClientSecretInput,
    ConnectRefusal, OauthStep, Outcome, Role,
};
use url::Url;

const WRONG_KEY: &str = "wrongwrongwrongwrong";

async fn log(store: &Store) -> Vec<AuditEntry> {
    let mut entries = Vec::new();
    let mut older_than = None;
    loop {
        let page = store.audit_page(&workspace(), older_than.as_ref()).await;
        let page = page.unwrap();
        entries.extend(page.entries);
        older_than = page.older_than;
        if older_than.is_none() {
            return entries;
        }
    }
}

async fn refusals(store: &Store) -> Vec<AuditEntry> {
    let log = log(store).await;
    log.into_iter().filter(|entry| entry.refused).collect()
}

async fn beside_pagerduty() -> (Services, Sandbox, crate::support::Database) {
    let (sandbox, database) = (Sandbox::start().await, sqlite());
    let services = services(&database, &sandbox.url).await;
    (services, sandbox, database)
}

#[tokio::test]
async fn of_one_persons_refusals_twenty_an_hour_are_written() {
    on_each_engine(async |store| {
        let refused_at = |at| NewAuditEntry {
            at,
            ..entry(AuditAction::ReplacedApiKey)
        };
        let now = clock::now();
        let attempts = (0..60).map(|_| {
            let (store, refused) = (store.clone(), refused_at(now));
            async move { store.record_refusal(&refused).await.unwrap() }
        });
        futures::future::join_all(attempts).await;
        assert_eq!(refusals(&store).await.len(), 20);

        let of_bob = NewAuditEntry {
            actor: actor(types::PersonId::new("U2"), "Bob"),
            ..refused_at(now)
        };
        store.record_refusal(&of_bob).await.unwrap();
        assert_eq!(
            refusals(&store).await.len(),
            21,
            "another one has their own"
        );
        let later = refused_at(now.plus_seconds(3_700));
        store.record_refusal(&later).await.unwrap();
        assert_eq!(refusals(&store).await.len(), 22, "the next hour is another");
    })
    .await;
}

#[tokio::test]
async fn the_log_is_read_page_by_page_and_each_entry_once() {
    on_each_engine(async |store| {
        let write = async |number: i32| {
            let written = NewAuditEntry {
                target: Some(number.to_string()),
                ..entry(AuditAction::EditedRotation)
            };
            store.record(&written).await.unwrap();
        };
        for number in 0..120 {
            write(number).await;
        }
        let mut pages = Vec::new();
        let mut older_than = None;
        loop {
            let page = store.audit_page(&workspace(), older_than.as_ref()).await;
            let page = page.unwrap();
            let targets = page.entries.iter().map(|entry| entry.target.clone());
            pages.push(targets.collect::<Vec<_>>());
            older_than = page.older_than;
            if older_than.is_none() {
                break;
            }
            // What is written meanwhile moves nothing to another page.
            write(1_000).await;
        }
        // The oldest entry is of the first sign-in.
        let sizes: Vec<_> = pages.iter().map(Vec::len).collect();
        assert_eq!(sizes, [50, 50, 21]);
        let expected: Vec<_> = (0..120).rev().map(|n| Some(n.to_string())).collect();
        assert_eq!(pages.concat()[..120], expected);
    })
    .await;
}

#[tokio::test]
async fn what_is_older_than_the_log_is_kept_goes_however_much_it_is() {
    on_each_engine(async |store| {
        // More than is deleted at once.
        for _ in 0..1_100 {
            store.record(&entry(AuditAction::Rotated)).await.unwrap();
        }
        let written_by = clock::now();
        while clock::now() <= written_by {
            tokio::task::yield_now().await;
        }
        let between = clock::now();
        store.record(&entry(AuditAction::SignedIn)).await.unwrap();

        store
            .purge_audit(between.plus_seconds(-3_600))
            .await
            .unwrap();
        let all = log(&store).await.len();
        assert!(all > 1_100, "none is that old, but there are {all}");
        store.purge_audit(between).await.unwrap();
        let left = log(&store).await;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].action, AuditAction::SignedIn);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_pagerduty_does_not_accept_leaves_a_trace_without_the_key() {
    let (services, sandbox, _database) = beside_pagerduty().await;
    let backend = RoundRobin::new(services.clone());
    let wrong = ApiKeyInput::new(WRONG_KEY);
    let outcome = backend.connect_with_api_key(&caller(), wrong.clone()).await;
    let reason = outcome.unwrap().refused().unwrap().to_string();
    let right = ApiKeyInput::new(sandbox.api_key().await);
    let connected = backend
        .connect_with_api_key(&caller(), right)
        .await
        .unwrap();
    assert_eq!(connected, Outcome::Done(()));
    let outcome = backend.edit_api_key(&caller(), wrong).await.unwrap();
    assert!(outcome.refused().is_some());

    let refusals = refusals(&services.store).await;
    let told: Vec<_> = refusals
        .iter()
        .map(|entry| (entry.action, entry.after.as_deref()))
        .collect();
    let reason = Some(reason.as_str());
    assert_eq!(
        told,
        [
            (AuditAction::TriedApiKey, reason),
            (AuditAction::TriedApiKey, reason)
        ]
    );
    assert!(!format!("{refusals:?}").contains(WRONG_KEY));
}

/// Begins a login: the state to come back with.
fn begun(outcome: Outcome<OauthStep, ConnectRefusal>) -> SecretString {
    let Some(OauthStep::AtPagerDuty { address }) = outcome.done() else {
        panic!("{outcome:?}")
    };
    let address = Url::parse(address).unwrap();
    let (_, state) = address
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap();
    SecretString::from(state.into_owned())
}

#[tokio::test]
async fn a_login_that_is_refused_is_audited_as_tried_and_not_as_connected() {
    let (services, sandbox, _database) = beside_pagerduty().await;
    let backend = RoundRobin::new(services.clone());
    let key = ApiKeyInput::new(sandbox.api_key().await);
    backend.connect_with_api_key(&caller(), key).await.unwrap();
    let secret = || ClientSecretInput::new("secret");
    let answer = |state: SecretString| LoginAnswer {
        state: Some(state),
        error: Some("access_denied".to_owned()),
        ..LoginAnswer::default()
    };
    let switch = async || {
        let id = "client-1".to_owned();
        let outcome = backend.switch_to_oauth(&caller(), id, secret()).await;
        begun(outcome.unwrap())
    };
    backend
        .finish_login(&caller(), &answer(switch().await))
        .await
        .unwrap();
    let demoted = Caller {
        role: Role::Member,
        person: types::PersonId::new("U2"),
        ..caller()
    };
    let denied = backend
        .finish_login(&demoted, &answer(switch().await))
        .await;
    assert!(denied.is_err());

    let refusals = refusals(&services.store).await;
    assert_eq!(refusals.len(), 2, "{refusals:?}");
    for refusal in &refusals {
        assert_eq!(refusal.action, AuditAction::TriedLogin, "{refusal:?}");
    }
    let denied = AuthorisationProblem::Denied.to_string();
    assert_eq!(refusals[1].after, Some(denied));
}

#[tokio::test]
async fn an_answer_that_names_another_issuer_is_not_used() {
    let (services, _sandbox, _database) = beside_pagerduty().await;
    let backend = RoundRobin::new(services.clone());
    let end = async |issuer: &str| {
        let secret = ClientSecretInput::new("secret");
        let outcome = backend
            .connect_with_oauth(&caller(), "client-1".to_owned(), secret)
            .await;
        let answer = LoginAnswer {
            state: Some(begun(outcome.unwrap())),
            code: Some("code".into()),
            error: None,
            issuer: Some(issuer.to_owned()),
        };
        let end = backend.finish_login(&caller(), &answer).await.unwrap();
        end.outcome.refused().cloned().unwrap()
    };
    let foreign = ConnectRefusal::from(AuthorisationProblem::ForeignIssuer {
        issuer: "https://evil.example".to_owned(),
    });
    assert_eq!(end("https://evil.example").await, foreign);
    // PagerDuty is asked, and does not know this code.
    let known = end("https://app.pagerduty.com/global/oauth/anonymous").await;
    assert_ne!(known, foreign);
}

#[tokio::test]
async fn what_follows_a_deed_is_the_systems_and_of_the_same_request() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        let backend = bound.backend();
        backend.disconnect_pagerduty(&caller()).await.unwrap();
        let page = backend.audit(&caller(), None).await.unwrap();
        let told: Vec<_> = page.entries[..2]
            .iter()
            .map(|entry| (entry.action, &entry.actor, entry.request_id.as_deref()))
            .collect();
        let request = Some(&*caller().request_id);
        let ann = AuditActor::Session("Ann".to_owned());
        assert_eq!(
            told,
            [
                (AuditAction::RevertedToManual, &AuditActor::System, request),
                (AuditAction::DisconnectedPagerDuty, &ann, request),
            ]
        );
    }
}

#[tokio::test]
async fn an_entry_of_another_version_is_a_persons_or_shown_as_not_known() {
    on_each_database(async |store, url| {
        store.record(&entry(AuditAction::Rotated)).await.unwrap();
        let mut other = AnyConnection::connect(url).await.unwrap();
        let before =
            "insert into audit (id, workspace_id, at, actor_id, actor_name, action, refused)
             values ('fffffffe', 'T1', 1, 'U1', 'Ann', 'rotated', 0)";
        let after = "insert into audit (id, workspace_id, at, actor_id, actor_name, actor_kind,
                 action, refused)
             values ('ffffffff', 'T1', 1, 'U1', 'Ann', 'telepathy', 'rotated', 0)";
        for statement in [before, after] {
            other.execute(statement).await.unwrap();
        }
        let actors: Vec<_> = log(&store)
            .await
            .into_iter()
            .map(|entry| entry.actor)
            .collect();
        let ann = || "Ann".to_owned();
        assert_eq!(
            actors[..3],
            [
                AuditActor::Unknown(ann()),
                AuditActor::Session(ann()),
                AuditActor::Session(ann())
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn leaving_rotations_manual_is_written_down_once() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        let backend = bound.backend();
        backend.disconnect_pagerduty(&caller()).await.unwrap();
        for count in [1, 0] {
            let left = backend.forget_former(&caller()).await.unwrap();
            assert_eq!(left.done().map(Vec::len), Some(count));
        }
        let log = log(&bound.services.store).await;
        let left = log
            .iter()
            .filter(|entry| entry.action == AuditAction::LeftManual && !entry.refused);
        assert_eq!(left.count(), 1);
    }
}
