//! The directory: what a refresh takes over from Slack, and when a role is asked
//! for again.

use super::{slack::BOT_TOKEN, *};
use server::slack::{SlackError, directory::DirectoryError};

fn person(id: &str, name: &str, role: Role) -> Person {
    Person {
        id: PersonId::new(id),
        name: name.to_owned(),
        email: None,
        role,
        deactivated: false,
    }
}

/// A workspace that was installed and read long ago.
async fn read_long_ago() -> (Services, Slack, Database) {
    let (services, slack, database) = started().await;
    let token = SecretString::from(BOT_TOKEN);
    let token = keys().seal(&token, &bot_token_row(&workspace()));
    let entry = entry(AuditAction::InstalledInSlack);
    let store = &services.store;
    store
        .save_installation(&workspace(), "Acme", &installation(&token), true, &entry)
        .await
        .unwrap();
    let people = [
        person("U1", "Ann", Role::Admin),
        person("U2", "Bob", Role::Member),
    ];
    store
        .replace_directory(&workspace(), &people, NOW)
        .await
        .unwrap();
    (services, slack, database)
}

async fn refreshed(services: &Services) -> Result<(), DirectoryError> {
    let stored = services.store.workspace(&workspace()).await.unwrap();
    directory::refresh(services, &stored.unwrap()).await
}

async fn confirmed(services: &Services, id: &str) -> Option<Role> {
    directory::confirm_role(services, &workspace(), &PersonId::new(id))
        .await
        .unwrap()
}

async fn stored(store: &Store, id: &str) -> Person {
    let person = store.person(&workspace(), &PersonId::new(id)).await;
    person.unwrap().unwrap()
}

#[tokio::test]
async fn a_role_that_has_become_old_is_asked_for_again_and_kept() {
    let (services, slack, _database) = read_long_ago().await;
    slack.change(|world| world.people[0]["is_admin"] = json!(false));
    let version = services.live.version(&workspace());
    assert_eq!(confirmed(&services, "U1").await, Some(Role::Member));
    assert_eq!(stored(&services.store, "U1").await.role, Role::Member);
    assert_eq!(services.live.version(&workspace()), version + 1);

    slack.change(|world| world.people[0]["is_admin"] = json!(true));
    assert_eq!(
        confirmed(&services, "U1").await,
        Some(Role::Member),
        "for some minutes it is trusted"
    );
}

#[tokio::test]
async fn a_role_that_a_refresh_brought_is_not_asked_for_again() {
    let (services, slack, _database) = read_long_ago().await;
    refreshed(&services).await.unwrap();
    slack.change(|world| world.people[0]["is_admin"] = json!(false));
    assert_eq!(confirmed(&services, "U1").await, Some(Role::Admin));
}

#[tokio::test]
async fn a_stored_role_stands_while_slack_is_down() {
    let (services, slack, _database) = read_long_ago().await;
    slack.change(|world| world.down = Some(503));
    assert_eq!(confirmed(&services, "U1").await, Some(Role::Admin));
}

#[tokio::test]
async fn who_is_deactivated_or_unknown_has_no_role() {
    let (services, slack, _database) = read_long_ago().await;
    slack.change(|world| world.people[0]["deleted"] = json!(true));
    assert_eq!(confirmed(&services, "U1").await, None);
    assert_eq!(confirmed(&services, "U9").await, None);
}

#[tokio::test]
async fn open_pages_hear_of_a_refresh_that_changed_something() {
    let (services, slack, _database) = read_long_ago().await;
    refreshed(&services).await.unwrap();
    let version = services.live.version(&workspace());
    refreshed(&services).await.unwrap();
    assert_eq!(services.live.version(&workspace()), version);
    slack.change(|world| world.people[1]["profile"]["real_name"] = json!("Robert"));
    refreshed(&services).await.unwrap();
    assert_eq!(services.live.version(&workspace()), version + 1);
}

#[tokio::test]
async fn a_member_who_cannot_be_read_makes_nobody_count_as_gone() {
    let (services, slack, _database) = read_long_ago().await;
    slack.change(|world| {
        world.people.remove(1);
        world.people[0]["profile"]["real_name"] = json!("Anna");
        world.people.push(json!({"id": "U5", "is_admin": "yes"}));
    });
    refreshed(&services).await.unwrap();
    assert_eq!(stored(&services.store, "U1").await.name, "Anna");
    assert!(!stored(&services.store, "U2").await.deactivated);
    let workspace = services.store.workspace(&workspace()).await.unwrap();
    assert_eq!(workspace.unwrap().directory_synced_at, Some(NOW));

    slack.change(|world| world.people.truncate(1));
    refreshed(&services).await.unwrap();
    assert!(stored(&services.store, "U2").await.deactivated);
}

#[tokio::test]
async fn a_refresh_waits_as_often_as_slack_asks_and_then_takes_large_pages() {
    let (services, slack, _database) = read_long_ago().await;
    slack.change(|world| world.rate_limits = vec![1, 0]);
    refreshed(&services).await.unwrap();
    slack.change(|world| assert_eq!(world.page_sizes, ["200", "900"]));

    slack.change(|world| world.rate_limits = vec![3600]);
    assert!(matches!(
        refreshed(&services).await,
        Err(DirectoryError::Slack(SlackError::RateLimited { .. }))
    ));
}

#[tokio::test]
async fn who_installs_gets_in_although_the_directory_cannot_be_read_yet() {
    let (services, slack, _database) = started().await;
    slack.change(|world| world.rate_limits = vec![3600]);
    let mut ann = installed_by_ann(&services, &slack).await;
    assert_eq!(ann.open("/settings/audit").await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_was_asked_for_after_a_list_began_is_left_alone_by_it() {
    on_each_engine(async |store| {
        let [began, asked] = [1, 2].map(|seconds| NOW.plus_seconds(seconds));
        let admitted = person("U3", "Cem", Role::Admin);
        let demoted = person("U1", "Ann", Role::Member);
        for person in [&admitted, &demoted] {
            store
                .save_person(&workspace(), person, asked)
                .await
                .unwrap();
        }
        let listed = [person("U1", "Ann", Role::Admin)];
        store
            .replace_directory(&workspace(), &listed, began)
            .await
            .unwrap();
        assert_eq!(stored(&store, "U3").await, admitted);
        assert_eq!(stored(&store, "U1").await, demoted);
        assert!(stored(&store, "U2").await.deactivated);

        store
            .save_person(&workspace(), &listed[0], began)
            .await
            .unwrap();
        assert_eq!(
            stored(&store, "U1").await,
            demoted,
            "an answer that comes late"
        );
    })
    .await;
}

#[tokio::test]
async fn a_list_that_began_before_the_last_one_comes_too_late() {
    on_each_engine(async |store| {
        let people = [person("U1", "Anna", Role::Guest)];
        let before = NOW.plus_seconds(-1);
        let changed = store
            .replace_directory(&workspace(), &people, before)
            .await
            .unwrap();
        assert!(!changed);
        assert_eq!(stored(&store, "U1").await.name, "Ann");
    })
    .await;
}
