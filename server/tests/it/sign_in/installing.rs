//! What Slack may say to a sign-in and to an installation, and where that leads.

use super::*;
use server::store::group_writer_row;
use types::{LendProblem, SignInProblem};

/// What a page says, without its elements.
fn words(html: &str) -> String {
    let pieces = html.split('<').map(|piece| piece.split_once('>'));
    pieces.flatten().map(|(_, text)| text).collect()
}

/// Ann comes back from the installation: where that leads.
async fn installing(services: &Services, slack: &Slack) -> String {
    let mut browser = Browser::new(services);
    let back = identified(&mut browser, slack, "T1", "U1").await;
    let asked = browser.open(&back).await;
    let back = allowed(slack, asked.location(), "U1");
    browser.open(&back).await.location().to_owned()
}

#[tokio::test]
async fn tokens_that_rotate_and_whole_organisations_are_refused_with_the_reason() {
    for (answer, problem) in [
        (
            json!({"refresh_token": "xoxe-1", "expires_in": 43200}),
            SignInProblem::TokenRotation,
        ),
        (json!({"expires_in": 43200}), SignInProblem::TokenRotation),
        (
            json!({"team": null, "is_enterprise_install": true, "enterprise": {"id": "E1"}}),
            SignInProblem::OrganisationWide,
        ),
        (
            json!({"team": null, "is_enterprise_install": null, "enterprise": {"id": "E1"}}),
            SignInProblem::OrganisationWide,
        ),
    ] {
        let (services, slack, _database) = started().await;
        slack.change(|world| world.installation = answer);
        assert_eq!(
            installing(&services, &slack).await,
            format!("/sign-in?problem={}&return_to=%2Fsettings", problem.code())
        );
        assert!(!problem.to_string().contains("in a minute"));
        let saved = services.store.workspaces().await.unwrap();
        assert!(saved.is_empty());
    }
}

#[tokio::test]
async fn one_odd_field_does_not_stop_an_installation() {
    for answer in [
        json!({"authed_user": null}),
        json!({"authed_user": "U1"}),
        json!({"team": {"id": "T1"}}),
        json!({"team": {"id": "T1", "name": 7}}),
        json!({"enterprise": "none"}),
        json!({"is_enterprise_install": "no"}),
        json!({"scope": null}),
    ] {
        let (services, slack, _database) = started().await;
        slack.change(|world| world.installation = answer.clone());
        assert_eq!(installing(&services, &slack).await, "/settings", "{answer}");
        let stored = stored_workspace(&services).await;
        let installation = stored.installation.unwrap();
        assert_eq!(installation.scopes.len(), 3);
        assert_eq!(installation.installed_by, PersonId::new("U1"));
    }
}

#[tokio::test]
async fn slack_is_asked_for_the_workspace_when_only_one_is_served() {
    let (services, slack, _database) = started().await;
    let asked = Browser::new(&services).open(LOGIN).await;
    assert!(!asked.location().contains("team="));
    installed_by_ann(&services, &slack).await;
    let asked = Browser::new(&services).open(LOGIN).await;
    assert_eq!(parameter(asked.location(), "team"), "T1");
}

#[tokio::test]
async fn with_several_workspaces_the_page_says_how_to_choose_the_right_one() {
    let (services, slack, _database) = started_on(sqlite(), &["--slack-workspaces", "T1,T2"]).await;
    let asked = Browser::new(&services).open(LOGIN).await;
    assert!(!asked.location().contains("team="));
    let mut browser = Browser::new(&services);
    let back = identified(&mut browser, &slack, "T3", "U9").await;
    let page = browser.open(&back).await.location().to_owned();
    let page = browser.open(&page).await.body;
    assert!(page.contains("choose the right workspace at the top of the page"));
}

#[tokio::test]
async fn lasting_words_are_told_with_what_to_do() {
    let (services, _slack, _database) = started().await;
    for word in [
        "invalid_team_for_non_distributed_app",
        "org_login_required",
        "a_word_of_tomorrow",
    ] {
        let mut browser = Browser::new(&services);
        let asked = browser.open(LOGIN).await;
        let back = refused(asked.location(), word);
        let problem = browser.open(&back).await.location().to_owned();
        assert_eq!(
            problem,
            format!("/sign-in?problem=refused&word={word}&return_to=%2Fsettings")
        );
        let page = browser.open(&problem).await.body;
        assert!(page.contains(&format!("Slack refused: {word}.")));
        assert!(!page.contains("in a minute"));
    }
}

#[tokio::test]
async fn a_code_whose_exchange_failed_in_passing_is_exchanged_once_more() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    for word in ["internal_error", "service_unavailable"] {
        slack.change(|world| world.refusals = vec![("openid.connect.token", word)]);
        let mut bob = Browser::new(&services);
        let back = identified(&mut bob, &slack, "T1", "U2").await;
        assert_eq!(bob.open(&back).await.location(), "/settings");
    }
}

#[tokio::test]
async fn nobody_is_asked_to_install_again_because_a_token_that_served_is_refused_once() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    slack.change(|world| world.token_refused = Some("invalid_auth"));
    let mut eve = Browser::new(&services);
    let back = identified(&mut eve, &slack, "T1", "U77").await;
    let problem = eve.open(&back).await.location().to_owned();
    assert!(
        problem.starts_with("/sign-in?problem=slack-unavailable"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_token_that_never_served_is_replaced_at_the_next_sign_in() {
    let (services, slack, _database) = started().await;
    slack.change(|world| world.installation = json!({"access_token": "unknown-word"}));
    let mut ann = Browser::new(&services);
    let back = identified(&mut ann, &slack, "T1", "U1").await;
    let asked = ann.open(&back).await;
    let back = allowed(&slack, asked.location(), "U1");
    let problem = ann.open(&back).await.location().to_owned();
    assert!(
        problem.starts_with("/sign-in?problem=slack-unavailable"),
        "{problem}"
    );
    slack.change(|world| world.installation = json!({}));
    installed_by_ann(&services, &slack).await;
}

#[tokio::test]
async fn where_slack_asks_to_wait_it_is_said_for_how_long() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    slack.change(|world| world.refusals = vec![("openid.connect.token", "ratelimited")]);
    let mut bob = Browser::new(&services);
    let back = identified(&mut bob, &slack, "T1", "U2").await;
    let problem = bob.open(&back).await.location().to_owned();
    assert!(
        problem.starts_with("/sign-in?problem=slack-busy&word=5&"),
        "{problem}"
    );
    let page = bob.open(&problem).await.body;
    assert!(page.contains("try again in 5 seconds"), "{page}");
}

#[tokio::test]
async fn who_lacks_the_right_to_add_a_scope_signs_in_without_it() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    slack.change(|world| world.scopes = "users:read,team:read");
    let mut bob = Browser::new(&services);
    let back = identified(&mut bob, &slack, "T1", "U2").await;
    assert_eq!(bob.open(&back).await.location(), "/settings");
    let panel = words(&bob.open("/settings/integrations").await.body);
    assert!(panel.contains("users:read.email is not granted"), "{panel}");
}

#[tokio::test]
async fn an_admin_who_does_not_allow_a_new_scope_signs_in_all_the_same() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    slack.change(|world| world.scopes = "users:read,team:read");
    let mut ann = Browser::new(&services);
    let back = identified(&mut ann, &slack, "T1", "U1").await;
    let asked = ann.open(&back).await;
    let denied = refused(asked.location(), "access_denied");
    assert_eq!(ann.open(&denied).await.location(), "/settings");
}

#[tokio::test]
async fn the_panel_names_the_scopes_the_e_mail_scope_first() {
    let (services, slack, _database) = started().await;
    let mut ann = installed_by_ann(&services, &slack).await;
    let panel = words(&ann.open("/settings/integrations").await.body);
    let place = |scope: &str| panel.find(&format!("{scope} is granted")).unwrap();
    assert!(place("users:read.email") < place("users:read"));
    assert!(place("users:read.email") < place("team:read"));
}

#[tokio::test]
async fn who_is_no_member_is_told_so_and_a_known_member_gets_in() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    let mut stranger = Browser::new(&services);
    let back = identified(&mut stranger, &slack, "T1", "U9").await;
    assert_eq!(
        stranger.open(&back).await.location(),
        "/sign-in?problem=no-member&return_to=%2Fsettings"
    );
    slack.change(|world| world.refusals = vec![("users.info", "user_not_found")]);
    let mut bob = Browser::new(&services);
    let back = identified(&mut bob, &slack, "T1", "U2").await;
    assert_eq!(bob.open(&back).await.location(), "/settings");
}

/// Begins to lend one's own permission to edit user groups: where that leads once it is known who
/// it is.
async fn asked_to_lend(browser: &mut Browser, slack: &Slack, person: &'static str) -> String {
    let lending = "/api/auth/slack/login?allow=own_group_writes&return_to=/settings/slack";
    let asked = browser.open(lending).await;
    let code = slack.code(Code::Identity {
        team: "T1",
        person,
        nonce: parameter(asked.location(), "nonce"),
    });
    let back = callback(&code, &parameter(asked.location(), "state"));
    browser.open(&back).await.location().to_owned()
}

#[tokio::test]
async fn an_admin_lends_the_permission_to_edit_user_groups_and_nobody_else_is_asked_for_it() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    let mut bob = Browser::new(&services);
    let led = asked_to_lend(&mut bob, &slack, "U2").await;
    assert_eq!(led, "/settings/slack");

    let given = |id: &str, scope: &str| {
        json!({"access_token": null, "scope": null, "authed_user": {
            "id": id, "scope": scope, "access_token": "xoxp-lent", "token_type": "user",
        }})
    };
    let odd = |part: &str, value: &Value| {
        let mut answer = given("U1", "usergroups:write");
        answer[part] = value.clone();
        answer
    };
    for (answer, problem) in [
        (
            given("U2", "usergroups:write"),
            Some(LendProblem::SomebodyElse),
        ),
        (given("U1", "users:read"), Some(LendProblem::NoScope)),
        (
            json!({"authed_user": {
                "id": "U1", "access_token": "xoxp-lent", "refresh_token": "xoxe-1",
            }}),
            Some(LendProblem::TokenRotation),
        ),
        (
            json!({"authed_user": {"id": "U1"}}),
            Some(LendProblem::Failed),
        ),
        // A part of the answer cannot be read, and the token in it can.
        (odd("team", &json!({"id": 7})), Some(LendProblem::Failed)),
        (
            odd(
                "authed_user",
                &json!({"id": 7, "access_token": "xoxp-lent"}),
            ),
            Some(LendProblem::Failed),
        ),
        (Value::Null, Some(LendProblem::Cancelled)),
        (given("U1", "usergroups:write"), None),
    ] {
        let mut ann = Browser::new(&services);
        let asked = asked_to_lend(&mut ann, &slack, "U1").await;
        assert_eq!(parameter(&asked, "user_scope"), "usergroups:write");
        assert!(!asked.contains("&scope="), "{asked}");
        let back = if answer.is_null() {
            refused(&asked, "access_denied")
        } else {
            slack.change(|world| world.installation = answer.clone());
            let (team, person) = ("T1", "U1");
            let code = slack.code(Code::Installation { team, person });
            callback(&code, &parameter(&asked, "state"))
        };
        // Signed in either way, and told what came of it.
        let led = ann.open(&back).await.location().to_owned();
        match problem {
            None => assert_eq!(led, "/settings/slack"),
            Some(problem) => {
                let code = problem.code();
                assert_eq!(led, format!("/settings/slack?not_lent={code}"));
                let page = ann.open(&led).await;
                let said = problem.to_string();
                assert!(page.body.contains(&said), "{said:?} in {}", page.body);
            }
        }
        let writer = services.store.group_writer(&workspace()).await.unwrap();
        assert_eq!(writer.is_some(), problem.is_none(), "{answer}");
        if let Some(writer) = writer {
            let (sealed, row) = (writer.token_sealed.unwrap(), group_writer_row(&workspace()));
            let opened = keys().open(&sealed, &row).unwrap();
            assert_eq!(opened.expose_secret(), "xoxp-lent");
        }
    }
    // What was not kept was given back.
    assert_eq!(slack.calls_of("auth.revoke"), 5);
    // Another one takes the place of the first, which is given back; the same one again is not.
    for (token, revoked) in [("xoxp-other", 6), ("xoxp-other", 6)] {
        let mut ann = Browser::new(&services);
        let asked = asked_to_lend(&mut ann, &slack, "U1").await;
        let mut answer = given("U1", "usergroups:write");
        answer["authed_user"]["access_token"] = json!(token);
        slack.change(|world| world.installation = answer);
        let (team, person) = ("T1", "U1");
        let code = slack.code(Code::Installation { team, person });
        let back = callback(&code, &parameter(&asked, "state"));
        assert_eq!(ann.open(&back).await.location(), "/settings/slack");
        assert_eq!(slack.calls_of("auth.revoke"), revoked);
    }
    // The bot's token is what it was.
    let installation = stored_workspace(&services).await.installation.unwrap();
    let row = bot_token_row(&workspace());
    let opened = keys().open(&installation.bot_token_sealed, &row).unwrap();
    assert_eq!(opened.expose_secret(), BOT_TOKEN);
}
