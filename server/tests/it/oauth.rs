//! Logins that renew themselves: once, in time, whoever asks, and without ever
//! pretending.

use crate::support::{
    Database, caller, cookie, databases, entry, login::LoginStub, on_each_engine, postgres,
    process::ServerProcess, reconcile, services, soaking, sqlite, with_keys, workspace,
};
use app::{
    AppError,
    backend::{Connections, Schedules},
};
use futures::future::join_all;
use server::{
    Services,
    backend::RoundRobin,
    clock,
    store::{
        AuthorisationPurpose, Connection, PendingAuthorisation, PendingSwitch, SyncEnd, TokenTerm,
    },
    sync,
};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::time::{Duration, Instant};
use types::{AuditAction, BindRefusal, Outcome, PagerDutyProblem, ScheduleChoice, ScheduleId};

const A_DAY: Duration = Duration::from_secs(86_400);
const AT_ONCE: usize = 200;

async fn connection(services: &Services) -> Connection {
    let connection = services.store.connection(&workspace()).await.unwrap();
    connection.expect("it is connected")
}

/// A workspace that is connected by a login, with a rotation bound.
async fn logged_in(database: &Database, stub: &LoginStub) -> Services {
    let services = services(database, &stub.url).await;
    stub.connect(&services).await;
    let id = crate::support::create(&services.store, "Ops").await;
    let choice = ScheduleChoice::PagerDuty(ScheduleId::new("S1"));
    let bound = RoundRobin::new(services.clone())
        .set_schedule(&caller(), id, choice.into())
        .await
        .unwrap();
    assert_eq!(bound, Outcome::Done(()));
    services
}

async fn sync_problem(services: &Services) -> Option<PagerDutyProblem> {
    sync::sync_now(&services.sync, &workspace(), None)
        .await
        .unwrap()
        .err()
        .map(|refusal| match refusal {
            types::ConnectRefusal::PagerDuty(problem) => problem,
            other => panic!("{other:?}"),
        })
}

async fn search(services: &Services) -> Outcome<usize, BindRefusal> {
    let found = RoundRobin::new(services.clone())
        .search_schedules(&caller(), String::new())
        .await
        .unwrap();
    match found {
        Outcome::Done(found) => Outcome::Done(found.schedules.len()),
        Outcome::Refused(refusal) => Outcome::Refused(refusal),
    }
}

/// The same for a task of its own.
fn search_in_background(
    services: &Services,
) -> impl Future<Output = Outcome<usize, BindRefusal>> + use<> {
    let services = services.clone();
    async move { search(&services).await }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_who_meet_an_expired_token_renew_it_once() {
    for database in databases().await {
        let stub = LoginStub::start(A_DAY).await;
        let services = logged_in(&database, &stub).await;
        for round in 1..=3 {
            stub.book(|book| book.expire());
            let outcomes = join_all((0..AT_ONCE).map(|_| search(&services))).await;
            assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done(1)));
            let (refreshes, reused) = stub.book(|book| (book.refreshes, book.reused));
            assert_eq!((refreshes, reused), (round, 0));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_who_know_that_the_token_has_ended_renew_it_once() {
    for database in databases().await {
        let stub = LoginStub::start(Duration::ZERO).await;
        let services = services(&database, &stub.url).await;
        stub.connect(&services).await;
        stub.book(|book| book.life = A_DAY);
        let outcomes = join_all((0..AT_ONCE).map(|_| search(&services))).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done(1)));
        let counted = stub.book(|book| (book.refreshes, book.reused, book.rejected));
        assert_eq!(counted, (1, 0, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_over_one_database_renew_an_expired_token_once() {
    let Some(database) = postgres().await else {
        return;
    };
    let stub = LoginStub::start(A_DAY).await;
    let services = logged_in(&database, &stub).await;
    let cookie = cookie(&services.store).await;
    let servers = [
        ServerProcess::start(&database, &stub.url).await,
        ServerProcess::start(&database, &stub.url).await,
    ];
    let client = reqwest::Client::new();
    for round in 1..=3 {
        stub.book(|book| book.expire());
        let answers = (0..AT_ONCE).map(|number| {
            let url = format!("{}/rpc/search_schedules?search=", servers[number % 2].url);
            let request = client.get(url).header("cookie", &cookie);
            async move { request.send().await.unwrap().text().await.unwrap() }
        });
        for answer in join_all(answers).await {
            assert!(
                answer.contains("\"Done\"") && answer.contains("\"S1\""),
                "{answer}"
            );
        }
        let (refreshes, reused) = stub.book(|book| (book.refreshes, book.reused));
        assert_eq!((refreshes, reused), (round, 0));
    }
}

/// How long the long test runs: ten minutes under `cargo xtask soak`.
fn soak_time() -> Duration {
    Duration::from_secs(if soaking() { 600 } else { 60 })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_tokens_of_five_seconds_no_sync_is_lost_and_no_refresh_token_used_twice() {
    let stub = LoginStub::start(Duration::from_secs(5)).await;
    let database = sqlite();
    let services = logged_in(&database, &stub).await;
    let reconciler = tokio::spawn(reconcile(services.clone()));
    let (began, mut lost) = (Instant::now(), Vec::new());
    while began.elapsed() < soak_time() {
        let connection = connection(&services).await;
        lost.extend(connection.problem);
        // Between two looks at what the reconciler has written.
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    services.shutdown.cancel();
    reconciler.await.unwrap();

    assert_eq!(lost, []);
    let seconds = u32::try_from(soak_time().as_secs()).unwrap();
    let (read, refreshes, reused, rejected) = stub.book(|book| {
        (
            book.schedules_read,
            book.refreshes,
            book.reused,
            book.rejected,
        )
    });
    println!(
        "{seconds} s: {read} syncs, {refreshes} renewals, {reused} reused, {rejected} rejected"
    );
    assert!(read >= seconds * 8 / 10, "{read} syncs in {seconds} s");
    assert!(
        refreshes >= seconds / 6,
        "{refreshes} renewals in {seconds} s"
    );
    assert_eq!((reused, rejected), (0, 0));
}

#[tokio::test]
async fn a_login_that_pagerduty_ended_needs_reconnection_and_is_not_tried_again() {
    for database in databases().await {
        let stub = LoginStub::start(A_DAY).await;
        let services = logged_in(&database, &stub).await;
        stub.book(|book| book.revoke());
        for _ in 0..3 {
            let problem = sync_problem(&services).await;
            assert_eq!(problem, Some(PagerDutyProblem::LoginEnded));
            let refused = BindRefusal::PagerDuty(PagerDutyProblem::LoginEnded);
            assert_eq!(search(&services).await, Outcome::Refused(refused));
        }
        assert_eq!(stub.book(|book| book.asked), 1, "requests for tokens");
        let connection = connection(&services).await;
        assert!(connection.login_ended);
        assert_eq!(connection.problem, Some(PagerDutyProblem::LoginEnded));
        let alert = RoundRobin::new(services.clone())
            .pagerduty_alert(&caller())
            .await
            .unwrap();
        assert!(alert.is_some());
        assert_eq!(
            services.store.bindings(&workspace()).await.unwrap().len(),
            1
        );
    }
}

#[tokio::test]
async fn a_login_that_ends_while_a_sync_goes_on_stays_ended() {
    for database in databases().await {
        let stub = LoginStub::start(A_DAY).await;
        let services = logged_in(&database, &stub).await;
        let leased = services
            .store
            .take_lease(&workspace(), Duration::from_secs(10))
            .await
            .unwrap()
            .unwrap();
        stub.book(|book| book.revoke());
        let refused = BindRefusal::PagerDuty(PagerDutyProblem::LoginEnded);
        assert_eq!(search(&services).await, Outcome::Refused(refused));

        let end = SyncEnd {
            asked: true,
            reached: true,
            on_request: false,
            problem: None,
            next_in: Duration::from_secs(60),
            ask_in: Duration::ZERO,
            postponed: 0,
            clock_ahead_millis: 0,
        };
        assert!(services.store.end_sync(&leased, &end).await.unwrap());
        let problem = connection(&services).await.problem;
        assert_eq!(problem, Some(PagerDutyProblem::LoginEnded));
    }
}

#[tokio::test]
async fn a_client_secret_that_was_replaced_is_named_as_the_reason() {
    let stub = LoginStub::start(A_DAY).await;
    let database = sqlite();
    let services = logged_in(&database, &stub).await;
    stub.book(|book| {
        book.expire();
        book.token_status = 401;
    });
    // Without the standard's form it may be anybody's word, so it is asked again.
    assert_eq!(
        sync_problem(&services).await,
        Some(PagerDutyProblem::ClientEnded)
    );
    assert!(!connection(&services).await.login_ended);
    stub.book(|book| book.token_status = 200);
    assert_eq!(sync_problem(&services).await, None);
}

#[tokio::test]
async fn while_the_login_pages_are_down_the_old_token_serves_to_its_end() {
    let stub = LoginStub::start(Duration::from_secs(10)).await;
    let database = sqlite();
    let services = logged_in(&database, &stub).await;
    stub.book(|book| book.token_status = 503);
    let early = connection(&services).await.credential;
    let server::store::StoredMethod::Oauth(login) = early.method else {
        panic!("a login")
    };
    let renew_at = login.term.refresh_at.unwrap();
    while clock::now() < renew_at {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(sync_problem(&services).await, None);
    assert!(stub.book(|book| book.asked) >= 1);

    stub.book(|book| book.expire());
    let unavailable = PagerDutyProblem::Unavailable { status: 503 };
    assert_eq!(sync_problem(&services).await, Some(unavailable));
    stub.book(|book| book.token_status = 200);
    assert_eq!(sync_problem(&services).await, None);
}

/// Makes the token due for its early renewal, long before its end.
async fn make_due(services: &Services, database: &Database) {
    server::store::install_drivers();
    let mut raw = AnyConnection::connect(&database.url).await.unwrap();
    raw.execute("update pagerduty_connections set refresh_at = 0")
        .await
        .unwrap();
    let server::store::StoredMethod::Oauth(login) = connection(services).await.credential.method
    else {
        panic!("a login")
    };
    assert!(login.term.expires_at.unwrap() > clock::now().plus_seconds(3600));
}

#[tokio::test]
async fn nobody_waits_for_an_early_renewal() {
    for database in databases().await {
        let mut stub = LoginStub::start(A_DAY).await;
        let services = logged_in(&database, &stub).await;
        make_due(&services, &database).await;
        stub.hold_tokens();
        assert_eq!(search(&services).await, Outcome::Done(1));
        stub.tokens_wait().await;
        assert_eq!(sync_problem(&services).await, None);
        stub.answer();
        while connection(&services).await.token_version == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(search(&services).await, Outcome::Done(1));
        let counted = stub.book(|book| (book.refreshes, book.reused, book.rejected));
        assert_eq!(counted, (1, 0, 0));
    }
}

#[tokio::test]
async fn an_early_renewal_that_brought_nothing_is_not_tried_at_every_request() {
    let stub = LoginStub::start(A_DAY).await;
    let database = sqlite();
    let services = logged_in(&database, &stub).await;
    stub.book(|book| book.token_status = 503);
    make_due(&services, &database).await;
    for _ in 0..5 {
        assert_eq!(search(&services).await, Outcome::Done(1));
        services.tasks.close();
        services.tasks.wait().await;
        services.tasks.reopen();
    }
    assert_eq!(stub.book(|book| book.asked), 1);
}

#[tokio::test]
async fn a_server_without_the_key_does_not_end_the_login_for_the_others() {
    for database in databases().await {
        let stub = LoginStub::start(A_DAY).await;
        let services = logged_in(&database, &stub).await;
        let other = with_keys(
            services.clone(),
            "k9:HxwdGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAAA=",
        );
        stub.book(|book| book.expire());
        assert_eq!(sync_problem(&other).await, Some(PagerDutyProblem::Sealed));
        assert!(!connection(&services).await.login_ended);
        assert_eq!(sync_problem(&services).await, None);
        assert_eq!(stub.book(|book| (book.refreshes, book.reused)), (1, 0));
    }
}

#[tokio::test]
async fn a_pair_that_comes_late_is_saved_over_the_word_of_who_tried_the_old_one() {
    for database in databases().await {
        let stub = LoginStub::start(A_DAY).await;
        let services = logged_in(&database, &stub).await;
        let store = &services.store;
        let before = connection(&services).await;
        let slow = store.take_token_lease(&before).await.unwrap().unwrap();
        assert!(store.take_token_lease(&before).await.unwrap().is_none());
        release_lease(&database).await;
        let quick = store.take_token_lease(&before).await.unwrap().unwrap();
        let ended = PagerDutyProblem::LoginEnded;
        assert!(store.end_login(&quick, &ended).await.unwrap());

        let term = TokenTerm::default();
        assert!(store.save_tokens(&slow, "newer", term).await.unwrap());
        assert!(!store.save_tokens(&quick, "older", term).await.unwrap());
        let after = connection(&services).await;
        assert!(!after.login_ended);
        assert_eq!(after.credential.sealed, "newer");
    }
}

#[tokio::test]
async fn a_disconnect_while_the_login_is_renewed_wins() {
    for database in databases().await {
        let mut stub = LoginStub::start(A_DAY).await;
        let services = logged_in(&database, &stub).await;
        stub.book(|book| book.expire());
        stub.hold_tokens();
        let searching = tokio::spawn(search_in_background(&services));
        stub.tokens_wait().await;
        let ended = RoundRobin::new(services.clone())
            .disconnect_pagerduty(&caller())
            .await
            .unwrap();
        assert_eq!(ended.done().unwrap().reverted, 1);
        stub.answer();
        let refused = Outcome::Refused(BindRefusal::NotConnected);
        assert_eq!(searching.await.unwrap(), refused);
        let connection = services.store.connection(&workspace()).await.unwrap();
        assert!(connection.is_none());
    }
}

#[tokio::test]
async fn somebody_who_leaves_does_not_take_the_new_tokens_along() {
    let mut stub = LoginStub::start(A_DAY).await;
    let database = sqlite();
    let services = logged_in(&database, &stub).await;
    stub.book(|book| book.expire());
    stub.hold_tokens();
    let leaving = tokio::spawn(search_in_background(&services));
    stub.tokens_wait().await;
    leaving.abort();
    stub.answer();
    assert_eq!(search(&services).await, Outcome::Done(1));
    assert_eq!(stub.book(|book| (book.refreshes, book.reused)), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_receiving_and_saving_a_pair_needs_reconnection_at_worst() {
    for database in databases().await {
        let mut stub = LoginStub::start(A_DAY).await;
        let services = logged_in(&database, &stub).await;
        stub.book(|book| book.expire());
        stub.hold_tokens();
        let server = ServerProcess::start(&database, &stub.url).await;
        stub.tokens_wait().await;
        server.kill();
        stub.answer();
        assert_eq!(stub.book(|book| book.refreshes), 1);

        // The next one waits until the dead one's right to renew has ended.
        let _server = ServerProcess::start(&database, &stub.url).await;
        let deadline = Instant::now() + Duration::from_secs(150);
        while !connection(&services).await.login_ended {
            assert!(Instant::now() < deadline, "it goes on as if connected");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let problem = connection(&services).await.problem;
        assert_eq!(problem, Some(PagerDutyProblem::LoginEnded));
        assert_eq!(
            services.store.bindings(&workspace()).await.unwrap().len(),
            1
        );
    }
}

#[tokio::test]
async fn a_server_that_stops_waits_until_the_pair_that_it_asked_for_is_saved() {
    join_all(databases().await.into_iter().map(stopped_while_renewing)).await;
}

async fn stopped_while_renewing(database: Database) {
    let mut stub = LoginStub::start(A_DAY).await;
    let services = logged_in(&database, &stub).await;
    let before = connection(&services).await.token_version;
    stub.book(|book| book.expire());
    stub.hold_tokens();
    let mut server = ServerProcess::start(&database, &stub.url).await;
    stub.tokens_wait().await;
    server.terminate();
    // Longer than other work may take.
    let stopping = Instant::now();
    while stopping.elapsed() < Duration::from_secs(12) {
        assert!(!server.has_ended(), "it has spent the refresh token");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stub.answer();
    while !server.has_ended() {
        assert!(stopping.elapsed() < Duration::from_secs(40));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let after = connection(&services).await;
    assert_eq!(
        (after.token_version, after.login_ended),
        (before + 1, false)
    );
    assert_eq!(sync_problem(&services).await, None);
    let counted = stub.book(|book| (book.refreshes, book.reused));
    assert_eq!(counted, (1, 0));
}

#[tokio::test]
async fn a_server_that_is_stopping_begins_no_renewal() {
    for database in databases().await {
        let stub = LoginStub::start(A_DAY).await;
        let services = logged_in(&database, &stub).await;
        stub.book(|book| book.expire());
        services.shutdown.cancel();
        let backend = RoundRobin::new(services.clone());
        let found = backend.search_schedules(&caller(), String::new()).await;
        assert_eq!(found, Err(AppError::Offline));
        assert_eq!(stub.book(|book| book.refreshes), 0);
        assert!(!connection(&services).await.login_ended);
    }
}

/// Lets SQLite refuse to save tokens, as a full disk would.
async fn refuse_tokens(database: &Database, refuse: bool) {
    let statement = if refuse {
        "create trigger full before update of token_version on pagerduty_connections
         begin select raise(abort, 'full'); end"
    } else {
        "drop trigger full"
    };
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    connection.execute(statement).await.unwrap();
}

#[tokio::test]
async fn a_pair_that_cannot_be_saved_at_first_is_saved_when_it_can() {
    let database = sqlite();
    let mut stub = LoginStub::start(A_DAY).await;
    let services = logged_in(&database, &stub).await;
    stub.book(|book| book.expire());
    stub.hold_tokens();
    let searching = tokio::spawn(search_in_background(&services));
    stub.tokens_wait().await;
    refuse_tokens(&database, true).await;
    stub.answer();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!searching.is_finished());
    refuse_tokens(&database, false).await;
    assert_eq!(searching.await.unwrap(), Outcome::Done(1));
    assert_eq!(stub.book(|book| (book.refreshes, book.reused)), (1, 0));
}

#[tokio::test]
async fn a_pair_that_can_never_be_saved_is_a_login_that_has_ended() {
    let database = sqlite();
    let stub = LoginStub::start(A_DAY).await;
    let services = logged_in(&database, &stub).await;
    stub.book(|book| book.expire());
    refuse_tokens(&database, true).await;
    let searched = RoundRobin::new(services.clone())
        .search_schedules(&caller(), String::new())
        .await;
    assert!(searched.is_err());
    refuse_tokens(&database, false).await;
    release_lease(&database).await;
    let problem = sync_problem(&services).await;
    assert_eq!(problem, Some(PagerDutyProblem::LoginEnded));
}

/// As the passing of half a minute would.
async fn release_lease(database: &Database) {
    server::store::install_drivers();
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    connection
        .execute("update pagerduty_connections set token_lease_until = 0")
        .await
        .unwrap();
}

fn pending(expires_in: i64) -> PendingAuthorisation {
    PendingAuthorisation {
        workspace: workspace(),
        purpose: AuthorisationPurpose::Connect,
        replaces: None,
        client_id: "client-1".to_owned(),
        secrets_sealed: "sealed".to_owned(),
        expires_at: crate::support::NOW.plus_seconds(expires_in),
    }
}

#[tokio::test]
async fn a_login_on_its_way_is_finished_once_by_its_session_and_in_time() {
    on_each_engine(async |store| {
        let now = crate::support::NOW;
        let login = pending(600);
        let begun = store.begin_authorisation("state", "session", &login).await;
        assert!(begun.unwrap());
        let take =
            async |state, session, at| store.take_authorisation(state, session, at).await.unwrap();
        assert_eq!(take("other", "session", now).await, None);
        assert_eq!(take("state", "somebody else's", now).await, None);
        assert_eq!(take("state", "session", now.plus_seconds(600)).await, None);
        let found = take("state", "session", now.plus_seconds(599)).await;
        assert_eq!(found, Some(pending(600)));
        assert_eq!(take("state", "session", now).await, None);
    })
    .await;
}

#[tokio::test]
async fn what_nobody_came_back_for_is_deleted_and_so_is_all_of_it_by_a_disconnect() {
    on_each_engine(async |store| {
        let now = crate::support::NOW;
        let begin = async |state: &str, expires_in| {
            let pending = pending(expires_in);
            let begun = store.begin_authorisation(state, "session", &pending).await;
            assert!(begun.unwrap());
        };
        begin("short", 10).await;
        begin("long", 600).await;
        store
            .purge_authorisations(now.plus_seconds(10))
            .await
            .unwrap();
        let short = store.take_authorisation("short", "session", now).await;
        assert_eq!(short.unwrap(), None);

        let credential = crate::support::new_credential("sealed");
        let connected = entry(AuditAction::ConnectedPagerDuty);
        assert!(store.connect(&credential, &connected).await.unwrap());
        let present = store.connection(&workspace()).await.unwrap().unwrap();
        let question = PendingSwitch {
            workspace: workspace(),
            replaces: present.generation.clone(),
            action: AuditAction::SwitchedToOauth,
            credential,
            expires_at: now.plus_seconds(600),
        };
        for _ in 0..2 {
            assert!(store.ask_about_switch("session", &question).await.unwrap());
        }
        let asked = store.pending_switch("session", now).await.unwrap();
        assert_eq!(asked.as_ref(), Some(&question));
        let entry = entry(AuditAction::DisconnectedPagerDuty);
        assert!(store.disconnect(&entry).await.unwrap().is_some());
        let long = store.take_authorisation("long", "session", now).await;
        assert_eq!(long.unwrap(), None);
        assert_eq!(store.take_switch("session", now).await.unwrap(), None);

        // What was begun before and comes after it leaves nothing behind.
        assert!(!store.ask_about_switch("session", &question).await.unwrap());
        let late = PendingAuthorisation {
            replaces: Some(present.generation),
            ..pending(600)
        };
        let begun = store.begin_authorisation("late", "session", &late).await;
        assert!(!begun.unwrap());
        assert_eq!(store.take_switch("session", now).await.unwrap(), None);
        let late = store.take_authorisation("late", "session", now).await;
        assert_eq!(late.unwrap(), None);
    })
    .await;
}
