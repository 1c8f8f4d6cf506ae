//! A bot token that Slack refuses: once, for a while, or for good. Sessions, roles
//! and members have to outlast the first two, and reading the third.

use super::*;
use crate::support::on_each_database;
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use types::SlackProblem;

/// The words that say that the token is not good.
const WORDS: [&str; 5] = [
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "app_uninstalled",
];

/// Runs a test with a server that Ann has installed and is signed in to, on each
/// engine.
async fn with_ann(test: impl AsyncFn(&Services, &Slack, Browser, &Database)) {
    with_ann_and(&[], test).await;
}

/// The same with more settings.
async fn with_ann_and(
    settings: &[&str],
    test: impl AsyncFn(&Services, &Slack, Browser, &Database),
) {
    for database in databases().await {
        eprintln!("on {}", database.url);
        let (services, slack, database) = started_on(database, settings).await;
        let ann = installed_by_ann(&services, &slack).await;
        test(&services, &slack, ann, &database).await;
        services.store.close().await;
    }
}

async fn refreshed(services: &Services) -> bool {
    let stored = stored_workspace(services).await;
    directory::refresh(&services.slack, &stored).await.is_ok()
}

/// Refreshes until Slack has denied the token often enough.
async fn ended(services: &Services, slack: &Slack, word: &'static str) {
    slack.change(|world| world.token_refused = Some(word));
    let ending = async {
        while stored_workspace(services)
            .await
            .standing
            .ended_at()
            .is_none()
        {
            assert!(!refreshed(services).await);
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(30), ending).await.unwrap();
}

async fn readyz(services: &Services) -> Value {
    let answer = Browser::new(services).open("/readyz").await;
    serde_json::from_str(&answer.body).unwrap()
}

/// Signs somebody in: where that leads.
async fn signed_in(services: &Services, slack: &Slack, person: &'static str) -> String {
    let mut browser = Browser::new(services);
    let back = identified(&mut browser, slack, "T1", person).await;
    browser.open(&back).await.location().to_owned()
}

pub async fn execute(database: &Database, statement: &'static str) {
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    connection.execute(statement).await.unwrap();
}

#[tokio::test]
async fn one_refusal_while_people_are_read_is_asked_about_and_forgotten() {
    with_ann(async |services, slack, mut ann, _| {
        for word in WORDS {
            slack.change(|world| world.refusals = vec![("users.list", word)]);
            assert!(refreshed(services).await, "{word}");
            assert!(stored_workspace(services).await.standing.is_sound());
            assert_eq!(ann.open("/rotations").await.status, StatusCode::OK);
        }
        assert_eq!(slack.calls_of("auth.test"), WORDS.len());
    })
    .await;
}

#[tokio::test]
async fn one_refusal_while_somebody_signs_in_stops_nobody() {
    with_ann(async |services, slack, mut ann, _| {
        for word in WORDS {
            for person in ["U1", "U2"] {
                slack.change(|world| world.refusals = vec![("users.info", word)]);
                assert_eq!(signed_in(services, slack, person).await, "/settings");
            }
        }
        assert!(stored_workspace(services).await.standing.is_sound());
        assert_eq!(ann.open("/rotations").await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn while_the_token_is_doubted_everything_goes_on_and_panel_and_readyz_say_it() {
    // However long the test takes, no second denial ends the doubt.
    let seldom = [DIRECTORY_SECONDS, "3600"];
    with_ann_and(&seldom, async |services, slack, mut ann, _| {
        slack.change(|world| world.token_refused = Some("invalid_auth"));
        assert!(!refreshed(services).await);
        assert_eq!(ann.open("/settings/audit").await.status, StatusCode::OK);
        let panel = ann.open("/settings/integrations").await.body;
        assert!(panel.contains("Being checked") && panel.contains("invalid_auth"));
        assert_eq!(stored_workspace(services).await.directory_problem, None);
        assert_eq!(readyz(services).await["slack"], "doubted");
        assert_eq!(signed_in(services, slack, "U2").await, "/settings");

        slack.change(|world| world.token_refused = None);
        assert!(refreshed(services).await);
        assert_eq!(readyz(services).await["slack"], "ok");
        let panel = ann.open("/settings/integrations").await.body;
        assert!(panel.contains("Installed") && !panel.contains("Being checked"));
    })
    .await;
}

#[tokio::test]
async fn two_denials_at_once_do_not_end_an_installation() {
    with_ann(async |services, slack, _ann, _| {
        slack.change(|world| world.token_refused = Some("token_revoked"));
        tokio::join!(refreshed(services), refreshed(services));
        assert_eq!(stored_workspace(services).await.standing.ended_at(), None);
    })
    .await;
}

#[tokio::test]
async fn after_the_end_people_read_on_change_nothing_and_are_told_what_to_do() {
    with_ann(async |services, slack, mut ann, _| {
        ended(services, slack, "token_revoked").await;
        let page = ann.open("/rotations").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("not installed in Slack any more"));
        assert!(page.body.contains("token_revoked"));
        assert!(page.body.contains("Sign in again and add Round Robin"));
        assert_eq!(readyz(services).await["slack"], "ended");

        let form = "input[name]=Ops&input[description]=&input[code]=&input[duty_size]=1&input[visibility]=Public";
        let answer = ann.submit("/rpc/create_rotation", form, "/rotations/new").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.body.contains("nothing can be changed"));
        let rotations = services.store.rotations(&workspace()).await.unwrap();
        assert!(rotations.is_empty());
        let login = ann.open("/api/integrations/pagerduty/login/callback").await;
        assert_eq!(login.status, StatusCode::FORBIDDEN);
    })
    .await;
}

#[tokio::test]
async fn twelve_hours_after_the_end_nobody_is_signed_in() {
    with_ann(async |services, slack, mut ann, database| {
        ended(services, slack, "account_inactive").await;
        execute(
            database,
            "update workspaces set installation_ended_at = installation_ended_at - 43199000",
        )
        .await;
        assert_eq!(ann.open("/rotations").await.status, StatusCode::OK);
        execute(
            database,
            "update workspaces set installation_ended_at = installation_ended_at - 2000",
        )
        .await;
        let away = ann.open("/rotations").await;
        assert!(away.location().starts_with("/sign-in"));
        server::housekeeping::clean_up(&services.store)
            .await
            .unwrap();
        assert_eq!(stored_workspace(services).await.installation, None);
    })
    .await;
}

#[tokio::test]
async fn an_end_that_slack_takes_back_is_none() {
    with_ann(async |services, slack, mut ann, _| {
        ended(services, slack, "invalid_auth").await;
        slack.change(|world| world.token_refused = None);
        assert!(refreshed(services).await);
        assert!(stored_workspace(services).await.standing.is_sound());
        let page = ann.open("/rotations").await;
        assert!(!page.body.contains("not installed in Slack any more"));
    })
    .await;
}

#[tokio::test]
async fn after_the_end_signing_in_leads_to_the_installation_and_mends_it() {
    with_ann(async |services, slack, _ann, _| {
        ended(services, slack, "token_revoked").await;
        let mut browser = Browser::new(services);
        let back = identified(&mut browser, slack, "T1", "U1").await;
        let asked = browser.open(&back).await;
        slack.change(|world| world.token_refused = None);
        let back = allowed(slack, asked.location(), "U1");
        assert_eq!(browser.open(&back).await.location(), "/settings");
        assert!(stored_workspace(services).await.standing.is_sound());
    })
    .await;
}

#[tokio::test]
async fn an_admin_who_does_not_mend_it_is_told_so_and_not_to_ask_another() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    ended(&services, &slack, "token_revoked").await;
    let mut browser = Browser::new(&services);
    let back = identified(&mut browser, &slack, "T1", "U1").await;
    let asked = browser.open(&back).await;
    let denied = refused(asked.location(), "access_denied");
    assert_eq!(
        browser.open(&denied).await.location(),
        "/sign-in?problem=installation-cancelled&return_to=%2Fsettings"
    );
}

#[tokio::test]
async fn what_slack_refuses_for_good_is_on_the_panel_with_its_word() {
    with_ann(async |services, slack, mut ann, _| {
        slack.change(|world| world.refusals = vec![("users.list", "team_access_not_granted")]);
        assert!(!refreshed(services).await);
        let problem = stored_workspace(services).await.directory_problem;
        assert!(matches!(problem, Some(SlackProblem::Refused(_))));
        let panel = ann.open("/settings/integrations").await.body;
        assert!(panel.contains("Slack refused: team_access_not_granted."));
        assert!(panel.contains("An admin of the organisation"));
        assert!(refreshed(services).await);
        assert_eq!(stored_workspace(services).await.directory_problem, None);
    })
    .await;
}

#[tokio::test]
async fn a_token_that_is_good_and_refused_for_people_alone_is_told_of() {
    with_ann(async |services, slack, mut ann, _| {
        for method in ["users.list", "users.info"] {
            slack.change(|world| {
                world.refusals = vec![(method, "not_authed"); 2];
                // One more question, if the list is to be followed by any.
                world.unlisted = vec!["U2"];
            });
            let asked = slack.calls_of(method);
            assert!(!refreshed(services).await);
            assert_eq!(slack.calls_of(method), asked + 2);
            let stored = stored_workspace(services).await;
            assert!(stored.standing.is_sound());
            let word = SlackWord::parse("not_authed").unwrap();
            let problem = Some(SlackProblem::TokenRefused(word));
            assert_eq!(stored.directory_problem, problem);
            let panel = ann.open("/settings/integrations").await.body;
            assert!(panel.contains("when asked for people (not_authed)"));
            assert_eq!(readyz(services).await["slack"], "doubted");
            assert!(refreshed(services).await);
            assert_eq!(stored_workspace(services).await.directory_problem, None);
            assert_eq!(readyz(services).await["slack"], "ok");
        }
    })
    .await;
}

#[tokio::test]
async fn how_sure_a_token_is_survives_a_restart() {
    on_each_database(async |store, url| {
        let sealed = store.workspace(&workspace()).await.unwrap().unwrap();
        let sealed = sealed.installation.unwrap().bot_token_sealed;
        let word = SlackWord::parse("not_authed").unwrap();
        let rules: [&dyn Fn(Standing, types::Timestamp) -> Standing; 3] = [
            &|standing, now| standing.refused(word.clone(), now),
            &|standing, now| standing.denied(word.clone(), now, Duration::ZERO),
            &|standing, now| standing.denied(word.clone(), now, Duration::ZERO),
        ];
        let mut ended = Vec::new();
        for rule in rules {
            let changed = store.change_standing(&workspace(), &sealed, rule).await;
            let (_, after) = changed.unwrap().unwrap();
            let other = Store::open(url).await.unwrap();
            let read = other.workspace(&workspace()).await.unwrap().unwrap();
            assert_eq!(read.standing, after);
            other.close().await;
            ended.push(after.ended_at().is_some());
        }
        assert_eq!(ended, [false, false, true]);
    })
    .await;
}
