//! Signing in with Slack from the first click to the session, and what becomes
//! of sessions when Slack's word changes.

mod browsers;
mod installing;
mod refresh;
mod slack;
mod token;

use crate::{
    http::browser::Browser,
    support::{
        Database, NOW, actor, ann, databases, directory_read, entry, keys, on_each_engine, sqlite,
        told, workspace,
    },
};
use axum::http::StatusCode;
use clap::Parser;
use domain::{Actor, Person, Standing};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use server::{
    Services,
    config::Settings,
    slack::directory,
    storage::Storage,
    store::{Expect, Installation, NewAuditEntry, Store, Workspace, bot_token_row},
};
use slack::{ALL_SCOPES, BOT_TOKEN, CLIENT_ID, CLIENT_SECRET, Code, Slack};
use types::{AuditAction, AuditActor, PersonId, Role, SlackWord, WorkspaceId};
use url::Url;

const LOGIN: &str = "/api/auth/slack/login?return_to=/settings";
const COOKIE: &str = "roundrobin_session_3000";

/// A server that nobody has installed yet, and its Slack.
const DIRECTORY_SECONDS: &str = "--slack-directory-seconds";

async fn started() -> (Services, Slack, Database) {
    started_on(sqlite(), &[]).await
}

/// The same on a database, with more settings.
async fn started_on(database: Database, more: &[&str]) -> (Services, Slack, Database) {
    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        settings: Settings,
    }
    let slack = Slack::start(people()).await;
    let mut arguments = vec![
        "roundrobin",
        "--slack-url",
        &slack.url,
        "--slack-client-id",
        CLIENT_ID,
        "--slack-client-secret",
        CLIENT_SECRET,
    ];
    if !more.contains(&DIRECTORY_SECONDS) {
        // So that two questions about a token are apart after a second.
        arguments.extend([DIRECTORY_SECONDS, "1"]);
    }
    arguments.extend(more);
    let command = Command::parse_from(arguments);
    let storage = Storage {
        database_url: database.url.as_str().into(),
        keys: keys(),
        new_key_file: None,
        expect: Expect::Anything,
    };
    let services = Services::open(command.settings.checked().unwrap(), storage)
        .await
        .unwrap();
    (services, slack, database)
}

fn people() -> Vec<Value> {
    let person = |id: &str, name: &str| {
        json!({
            "id": id, "name": id, "deleted": false,
            "profile": {"real_name": name, "email": format!("{name}@Example.com")},
        })
    };
    let mut people = vec![
        person("U1", "Ann"),
        person("U2", "Bob"),
        person("U3", "Gone"),
        person("U4", "Robot"),
    ];
    people[0]["is_admin"] = json!(true);
    people[2]["deleted"] = json!(true);
    people[3]["is_bot"] = json!(true);
    people
}

/// A parameter of the address that a redirect leads to.
fn parameter(address: &str, name: &str) -> String {
    let url = Url::parse(address).unwrap();
    let (_, value) = url.query_pairs().find(|(key, _)| key == name).unwrap();
    value.into_owned()
}

/// Clicks *Sign in with Slack* as somebody: the address to come back with.
async fn identified(
    browser: &mut Browser,
    slack: &Slack,
    team: &'static str,
    person: &'static str,
) -> String {
    let asked = browser.open(LOGIN).await;
    let address = asked.location();
    assert!(address.starts_with(&format!("{}/openid/connect/authorize?", slack.url)));
    let code = slack.code(Code::Identity {
        team,
        person,
        nonce: parameter(address, "nonce"),
    });
    callback(&code, &parameter(address, "state"))
}

/// Allows the installation that Slack is asked for at `address`.
fn allowed(slack: &Slack, address: &str, person: &'static str) -> String {
    assert!(address.starts_with(&format!("{}/oauth/v2/authorize?", slack.url)));
    assert_eq!(parameter(address, "scope"), ALL_SCOPES);
    assert_eq!(parameter(address, "team"), "T1");
    let code = slack.code(Code::Installation { team: "T1", person });
    callback(&code, &parameter(address, "state"))
}

fn callback(code: &str, state: &str) -> String {
    format!("/api/auth/slack/callback?code={code}&state={state}")
}

/// The address to come back with when Slack answers what was asked at `address`
/// with an error.
fn refused(address: &str, word: &str) -> String {
    let state = parameter(address, "state");
    format!("/api/auth/slack/callback?error={word}&state={state}")
}

/// Ann signs in and installs on the way.
async fn installed_by_ann(services: &Services, slack: &Slack) -> Browser {
    let mut browser = Browser::new(services);
    let back = identified(&mut browser, slack, "T1", "U1").await;
    let asked = browser.open(&back).await;
    let back = allowed(slack, asked.location(), "U1");
    assert_eq!(browser.open(&back).await.location(), "/settings");
    browser
}

#[tokio::test]
async fn a_new_workspace_is_installed_on_the_way_and_its_people_are_read() {
    let (services, slack, _database) = started().await;
    let mut browser = installed_by_ann(&services, &slack).await;
    assert_eq!(browser.open("/settings").await.status, StatusCode::OK);

    let directory = services.store.directory(&workspace()).await.unwrap();
    let known: Vec<_> = directory
        .people()
        .iter()
        .map(|person| (person.name.as_str(), person.role, person.deactivated))
        .collect();
    assert_eq!(
        known,
        [
            ("Ann", Role::Admin, false),
            ("Bob", Role::Member, false),
            ("Gone", Role::Member, true)
        ]
    );
    let audit = services.store.audit_page(&workspace(), None).await.unwrap();
    let actions: Vec<_> = audit
        .entries
        .iter()
        .map(|entry| (entry.action, entry.actor.clone()))
        .collect();
    let ann = AuditActor::Session("Ann".to_owned());
    assert_eq!(
        actions,
        [
            (AuditAction::SignedIn, ann.clone()),
            (AuditAction::InstalledInSlack, ann)
        ]
    );
}

#[tokio::test]
async fn the_bot_token_is_stored_sealed() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    let stored = services
        .store
        .workspace(&workspace())
        .await
        .unwrap()
        .unwrap();
    let sealed = stored.installation.unwrap().bot_token_sealed;
    assert!(!sealed.contains(BOT_TOKEN));
    let opened = keys().open(&sealed, &bot_token_row(&workspace())).unwrap();
    assert_eq!(opened.expose_secret(), BOT_TOKEN);
}

#[tokio::test]
async fn who_comes_after_the_installation_is_asked_once() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    let mut bob = Browser::new(&services);
    let back = identified(&mut bob, &slack, "T1", "U2").await;
    assert_eq!(bob.open(&back).await.location(), "/settings");
    assert_eq!(bob.open("/rotations").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_that_lacks_a_scope_is_replaced_when_an_admin_signs_in() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    slack.change(|world| world.scopes = "users:read,team:read");
    let mut browser = Browser::new(&services);
    let back = identified(&mut browser, &slack, "T1", "U1").await;
    let asked = browser.open(&back).await;
    slack.change(|world| world.scopes = ALL_SCOPES);
    let back = allowed(&slack, asked.location(), "U1");
    assert_eq!(browser.open(&back).await.location(), "/settings");
}

#[tokio::test]
async fn who_administers_is_asked_to_allow_messages_when_somebody_wants_that_and_nobody_has_to() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    let wish = "/api/auth/slack/login?allow=messages&return_to=/settings";
    let come_back = async |person: &'static str| {
        let mut browser = Browser::new(&services);
        let asked = browser.open(wish).await;
        let code = slack.code(Code::Identity {
            team: "T1",
            person,
            nonce: parameter(asked.location(), "nonce"),
        });
        let back = callback(&code, &parameter(asked.location(), "state"));
        (browser.open(&back).await, browser)
    };
    let (bob, _) = come_back("U2").await;
    assert_eq!(bob.location(), "/settings");
    let (asked, mut ann) = come_back("U1").await;
    let scopes = format!("{ALL_SCOPES},chat:write,chat:write.public");
    assert_eq!(parameter(asked.location(), "scope"), scopes);
    // She may think better of it.
    let back = ann.open(&refused(asked.location(), "access_denied")).await;
    assert_eq!(back.location(), "/settings");
}

#[tokio::test]
async fn an_admin_who_cannot_renew_the_installation_signs_in_all_the_same() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    slack.change(|world| world.scopes = "users:read,team:read");
    let asked = async || {
        let mut browser = Browser::new(&services);
        let back = identified(&mut browser, &slack, "T1", "U1").await;
        let asked = browser.open(&back).await;
        (browser, asked.location().to_owned())
    };
    for word in ["invalid_scope", "access_denied", "another-word"] {
        let (mut browser, address) = asked().await;
        let back = refused(&address, word);
        assert_eq!(browser.open(&back).await.location(), "/settings", "{word}");
    }
    for (installation, refusals) in [
        (json!({"refresh_token": "xoxe-1"}), Vec::new()),
        (json!({}), vec![("oauth.v2.access", "fatal_error")]),
    ] {
        slack.change(|world| {
            (world.installation, world.refusals) = (installation, refusals);
        });
        let (mut browser, address) = asked().await;
        let back = allowed(&slack, &address, "U1");
        assert_eq!(browser.open(&back).await.location(), "/settings");
    }
}

#[tokio::test]
async fn a_sign_in_serves_once_and_only_the_browser_that_began_it() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    let mut browser = Browser::new(&services);
    let back = identified(&mut browser, &slack, "T1", "U2").await;

    let mut other = Browser::new(&services);
    other.open(LOGIN).await;
    assert_eq!(other.open(&back).await.location(), "/sign-in?problem=stale");

    assert_eq!(browser.open(&back).await.location(), "/settings");
    assert_eq!(
        browser.open(&back).await.location(),
        "/sign-in?problem=stale"
    );
}

#[tokio::test]
async fn an_id_token_of_another_sign_in_is_refused() {
    let (services, slack, _database) = started().await;
    let mut browser = Browser::new(&services);
    let asked = browser.open(LOGIN).await;
    let code = slack.code(Code::Identity {
        team: "T1",
        person: "U1",
        nonce: "of-another-sign-in".to_owned(),
    });
    let back = callback(&code, &parameter(asked.location(), "state"));
    assert_eq!(
        browser.open(&back).await.location(),
        "/sign-in?problem=stale&return_to=%2Fsettings"
    );
}

#[tokio::test]
async fn another_workspace_is_refused_once_one_owns_the_deployment() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    let mut stranger = Browser::new(&services);
    let back = identified(&mut stranger, &slack, "T2", "U9").await;
    assert_eq!(
        stranger.open(&back).await.location(),
        "/sign-in?problem=workspace-not-served&return_to=%2Fsettings"
    );
    assert_eq!(stranger.cookie(COOKIE), None);
}

#[tokio::test]
async fn cancelling_and_not_being_allowed_to_install_are_told_apart() {
    let (services, slack, _database) = started().await;
    let mut browser = Browser::new(&services);
    let asked = browser.open(LOGIN).await;
    let denied = refused(asked.location(), "access_denied");
    assert_eq!(
        browser.open(&denied).await.location(),
        "/sign-in?problem=cancelled&return_to=%2Fsettings"
    );

    let back = identified(&mut browser, &slack, "T1", "U2").await;
    let asked = browser.open(&back).await;
    let denied = refused(asked.location(), "access_denied");
    assert_eq!(
        browser.open(&denied).await.location(),
        "/sign-in?problem=not-installed&return_to=%2Fsettings"
    );
}

/// The workspace as it is stored.
async fn stored_workspace(services: &Services) -> Workspace {
    let stored = services.store.workspace(&workspace()).await;
    stored.unwrap().unwrap()
}

#[tokio::test]
async fn nonsense_at_the_callback_leads_back_to_the_sign_in_page() {
    let (services, _slack, _database) = started().await;
    let mut browser = Browser::new(&services);
    for query in [
        String::new(),
        "?code=x".to_owned(),
        "?state=x&state=y&code=%00".to_owned(),
        format!("?state=x&code={}", "x".repeat(10_000)),
    ] {
        let answer = browser
            .open(&format!("/api/auth/slack/callback{query}"))
            .await;
        assert_eq!(answer.location(), "/sign-in?problem=stale");
    }
}

#[tokio::test]
async fn while_slack_is_down_nobody_signs_in_and_nobody_is_signed_out() {
    let (services, slack, _database) = started().await;
    let mut ann = installed_by_ann(&services, &slack).await;
    let mut bob = Browser::new(&services);
    let back = identified(&mut bob, &slack, "T1", "U2").await;
    slack.change(|world| world.down = Some(503));
    assert_eq!(
        bob.open(&back).await.location(),
        "/sign-in?problem=slack-unavailable&return_to=%2Fsettings"
    );
    let stored = services
        .store
        .workspace(&workspace())
        .await
        .unwrap()
        .unwrap();
    assert!(directory::refresh(&services.slack, &stored).await.is_err());
    assert_eq!(ann.open("/rotations").await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_is_deactivated_cannot_sign_in_and_loses_their_session() {
    let (services, slack, _database) = started().await;
    let mut ann = installed_by_ann(&services, &slack).await;
    slack.change(|world| world.people[0]["deleted"] = json!(true));
    let stored = services
        .store
        .workspace(&workspace())
        .await
        .unwrap()
        .unwrap();
    directory::refresh(&services.slack, &stored).await.unwrap();
    assert!(
        ann.open("/rotations")
            .await
            .location()
            .starts_with("/sign-in")
    );
    let back = identified(&mut ann, &slack, "T1", "U1").await;
    assert_eq!(
        ann.open(&back).await.location(),
        "/sign-in?problem=deactivated&return_to=%2Fsettings"
    );
}

#[tokio::test]
async fn a_demoted_admin_loses_the_right_with_the_next_refresh() {
    let (services, slack, _database) = started().await;
    let mut ann = installed_by_ann(&services, &slack).await;
    assert_eq!(ann.open("/settings/audit").await.status, StatusCode::OK);
    slack.change(|world| world.people[0]["is_admin"] = json!(false));
    let stored = services
        .store
        .workspace(&workspace())
        .await
        .unwrap()
        .unwrap();
    directory::refresh(&services.slack, &stored).await.unwrap();
    assert_eq!(
        ann.open("/settings/audit").await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn signing_in_again_ends_the_browsers_earlier_session() {
    let (services, slack, _database) = started().await;
    let mut browser = installed_by_ann(&services, &slack).await;
    let earlier = browser.cookie(COOKIE).unwrap().to_owned();
    let back = identified(&mut browser, &slack, "T1", "U1").await;
    browser.open(&back).await;
    assert_ne!(browser.cookie(COOKIE).unwrap(), earlier);
    let mut thief = Browser::new(&services).with_cookie(COOKIE, &earlier);
    assert!(
        thief
            .open("/rotations")
            .await
            .location()
            .starts_with("/sign-in")
    );
}

#[tokio::test]
async fn of_two_workspaces_that_install_at_once_one_owns_the_deployment() {
    for database in databases().await {
        let store = Store::open(&database.url).await.unwrap();
        let (first, second) = tokio::join!(install(&store, "T1"), install(&store, "T2"));
        assert!(first != second, "exactly one of them is saved");
        let saved = store.workspaces().await.unwrap();
        assert_eq!(saved.len(), 1);
        assert_eq!(
            store.first_workspace().await.unwrap().as_ref(),
            Some(&saved[0].id)
        );
        store.close().await;
    }
}

async fn install(store: &Store, id: &str) -> bool {
    let id = WorkspaceId::new(id);
    let entry = NewAuditEntry {
        actor: Actor {
            workspace: id.clone(),
            ..actor(ann(), "Ann")
        },
        ..entry(AuditAction::InstalledInSlack)
    };
    let installation = installation("sealed");
    store
        .save_installation(&id, "Acme", &installation, true, &entry)
        .await
        .unwrap()
}

fn installation(sealed: &str) -> Installation {
    Installation {
        bot_token_sealed: sealed.to_owned(),
        scopes: vec!["users:read".to_owned(), "team:read".to_owned()],
        installed_at: NOW,
        installed_by: PersonId::new("U1"),
    }
}

#[tokio::test]
async fn a_token_that_was_replaced_is_not_doubted_with_the_old_one() {
    on_each_engine(async |store| {
        let entry = entry(AuditAction::InstalledInSlack);
        store
            .save_installation(&workspace(), "Acme", &installation("new"), true, &entry)
            .await
            .unwrap();
        let scopes = ["team:read".to_owned()];
        store
            .set_bot_scopes(&workspace(), "old", &scopes)
            .await
            .unwrap();
        let word = SlackWord::parse("token_revoked").unwrap();
        let refuse = |standing: Standing, now| standing.refused(word.clone(), now);
        let changed = store.change_standing(&workspace(), "old", refuse).await;
        assert_eq!(changed.unwrap(), None);
        let stored = store.workspace(&workspace()).await.unwrap().unwrap();
        assert_eq!(stored.installation, Some(installation("new")));
        assert_eq!(stored.standing, Standing::Sound);
    })
    .await;
}

#[tokio::test]
async fn the_directory_follows_slack_and_keeps_who_left_as_deactivated() {
    on_each_engine(async |store| {
        let bob = Person {
            id: PersonId::new("U2"),
            name: "Robert".to_owned(),
            email: None,
            role: Role::Guest,
            deactivated: false,
        };
        store
            .save_told(&workspace(), &[told(&bob, NOW)])
            .await
            .unwrap();
        store
            .confirm_person(&workspace(), &PersonId::new("U1"), false, NOW)
            .await
            .unwrap();
        let directory = store.directory(&workspace()).await.unwrap();
        let people = directory.people();
        assert_eq!(people.len(), 2);
        assert_eq!(
            (people[0].name.as_str(), people[0].deactivated),
            ("Ann", true)
        );
        assert_eq!(people[1], bob);
    })
    .await;
}

#[tokio::test]
async fn a_sealed_token_is_replaced_only_where_it_still_stands() {
    on_each_engine(async |store| {
        let sealed = keys().seal(&SecretString::from("x"), &bot_token_row(&workspace()));
        let replaced = store
            .replace_bot_token_sealed(&workspace(), "not this one", &sealed)
            .await
            .unwrap();
        assert!(!replaced);
    })
    .await;
}
