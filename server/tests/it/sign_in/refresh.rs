//! The directory: what a refresh takes over from Slack, and when a role is asked
//! for again.

use super::{slack::BOT_TOKEN, token::execute, *};
use crate::support::create;
use domain::{GroupRules, KnownPerson, Member, PersonChange};
use server::slack::{DUTY_GROUP, SlackError, directory::DirectoryError};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::sleep};
use types::{MemberKey, NobodyOnDuty, RotationId, SlackGroupId, SlackProblem};

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
    directory_read(store, &people, NOW).await;
    (services, slack, database)
}

async fn refreshed(services: &Services) -> Result<(), DirectoryError> {
    let stored = services.store.workspace(&workspace()).await.unwrap();
    directory::refresh(&services.slack, &stored.unwrap()).await
}

async fn confirmed(services: &Services, id: &str) -> Option<Role> {
    directory::confirm_role(&services.slack, &workspace(), &PersonId::new(id))
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
    let version = services.live.version(&workspace(), |_| true);
    assert_eq!(confirmed(&services, "U1").await, Some(Role::Member));
    assert_eq!(stored(&services.store, "U1").await.role, Role::Member);
    assert!(services.live.version(&workspace(), |_| true) > version);

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
    let version = services.live.version(&workspace(), |_| true);
    refreshed(&services).await.unwrap();
    assert_eq!(services.live.version(&workspace(), |_| true), version);
    slack.change(|world| world.people[1]["profile"]["real_name"] = json!("Robert"));
    refreshed(&services).await.unwrap();
    assert_eq!(services.live.version(&workspace(), |_| true), version + 1);
}

#[tokio::test]
async fn one_member_who_is_odd_leaves_all_others_as_they_are() {
    let (services, slack, _database) = read_long_ago().await;
    slack.change(|world| {
        world.people[0]["is_admin"] = json!("yes");
        world.people[0]["profile"]["real_name"] = json!("Anna");
        world.people[1]["is_admin"] = json!("yes");
        world.people.insert(0, json!({"id": 7}));
        world.people.insert(0, json!(null));
    });
    refreshed(&services).await.unwrap();
    let ann = stored(&services.store, "U1").await;
    assert_eq!((ann.name.as_str(), ann.role), ("Anna", Role::Admin));
    assert_eq!(stored(&services.store, "U2").await.role, Role::Member);
}

#[tokio::test]
async fn who_is_confirmed_stays_although_the_list_leaves_them_out() {
    let (services, slack, _database) = read_long_ago().await;
    slack.change(|world| world.unlisted = vec!["U2"]);
    refreshed(&services).await.unwrap();
    assert!(!stored(&services.store, "U2").await.deactivated);
    let workspace = stored_workspace(&services).await;
    assert!(workspace.directory_synced_at > Some(NOW));
    assert_eq!(workspace.directory_problem, None);
}

#[tokio::test]
async fn who_is_on_no_list_is_gone_when_slack_says_so_of_them() {
    for gone in [true, false] {
        let (services, slack, _database) = read_long_ago().await;
        slack.change(|world| {
            world.unlisted = vec!["U2"];
            if gone {
                world.people.remove(1);
                world.unlisted.clear();
            } else {
                world.people[1]["deleted"] = json!(true);
            }
        });
        refreshed(&services).await.unwrap();
        assert!(stored(&services.store, "U2").await.deactivated);
    }
}

#[tokio::test]
async fn a_list_that_is_short_once_deactivates_nobody_and_is_no_complete_one() {
    let (services, slack, _database) = read_long_ago().await;
    let many: Vec<Person> = (0..50)
        .map(|number| person(&format!("U1{number:02}"), "Somebody", Role::Member))
        .collect();
    directory_read(&services.store, &many, NOW).await;
    slack.change(|world| world.refusals = vec![("users.info", "internal_error"); 20]);
    refreshed(&services).await.unwrap();
    let directory = services.store.directory(&workspace()).await.unwrap();
    let people = directory.people();
    let left = |person: &&Person| person.deactivated && person.name == "Somebody";
    assert_eq!(people.iter().filter(left).count(), 0);
    assert_eq!(slack.calls_of("users.info"), 20, "no more at once");
    let workspace = stored_workspace(&services).await;
    assert_eq!(workspace.directory_synced_at, Some(NOW));
    assert_eq!(
        workspace.directory_problem,
        Some(SlackProblem::ShortList { people: 50 })
    );
}

#[tokio::test]
async fn whom_a_list_lacks_is_not_confirmed_by_it() {
    let (services, slack, _database) = read_long_ago().await;
    let store = &services.store;
    let now = store.now().await.unwrap();
    let minutes_ago = |minutes: i64| now.plus_seconds(-60 * minutes);
    let ids: Vec<&'static str> = (0..30)
        .map(|number| &*format!("U1{number:02}").leak())
        .collect();
    // Nobody asks for the last, of whom Slack told last.
    let (demoted, others) = ids.split_last().unwrap();
    let admin = |id: &str| person(id, id, Role::Admin);
    let mut known: Vec<_> = others
        .iter()
        .map(|id| told(&admin(id), minutes_ago(20)))
        .collect();
    known.push(told(&admin(demoted), minutes_ago(10)));
    store.save_told(&workspace(), &known).await.unwrap();
    slack.change(|world| {
        let as_listed = |id: &&str| {
            json!({
                "id": id, "is_admin": id != demoted, "profile": {"real_name": id},
            })
        };
        world.people.extend(ids.iter().map(as_listed));
        world.unlisted.clone_from(&ids);
    });
    refreshed(&services).await.unwrap();
    let read = stored_workspace(&services).await;
    assert_eq!(read.directory_problem, None);
    assert_eq!(read.directory_synced_at, Some(minutes_ago(20)));
    assert_eq!(confirmed(&services, demoted).await, Some(Role::Member));
}

#[tokio::test]
async fn people_of_another_workspace_are_never_members() {
    let (services, slack, _database) = read_long_ago().await;
    slack.change(|world| {
        let mut stranger = world.people[0].clone();
        stranger["id"] = json!("U7");
        stranger["team_id"] = json!("T2");
        world.people.push(stranger.clone());
        stranger["id"] = json!("U8");
        stranger["team_id"] = json!("T1");
        stranger["is_stranger"] = json!(true);
        world.people.push(stranger);
    });
    refreshed(&services).await.unwrap();
    for stranger in ["U7", "U8"] {
        let known = services
            .store
            .person(&workspace(), &PersonId::new(stranger))
            .await;
        assert_eq!(known.unwrap(), None);
    }
}

#[tokio::test]
async fn two_ids_of_one_person_are_one_member_owner_and_session() {
    on_each_engine(async |store| {
        // Ann was met as U1 and, with the same address, as W1.
        let ann = stored(&store, "U1").await;
        let twin = Person {
            id: PersonId::new("W1"),
            ..ann.clone()
        };
        store
            .save_told(&workspace(), &[told(&twin, NOW)])
            .await
            .unwrap();
        let rotation = create(&store, "Ops").await;
        change_to(&store, &rotation, &["W1", "U1"], &[member_of("W1")]).await;
        let other = create(&store, "Dev").await;
        change_to(&store, &other, &["W1"], &[member_of("W1"), member_of("U1")]).await;

        let group = kept_group(&store, &other).await;
        let standing = |rules: &mut GroupRules| {
            rules.permanent.insert(PersonId::new("W1"));
            rules.fallback.extend(["W1", "U1"].map(PersonId::new));
        };
        let entry = entry(AuditAction::ChangedDutyGroup);
        assert!(store.change_group(&group, standing, &entry).await.unwrap());

        let one = PersonChange {
            person: KnownPerson {
                person: ann.clone(),
                other_id: Some(PersonId::new("W1")),
                time_zone: None,
                read_at: NOW,
            },
            absorbs: Some(PersonId::new("W1")),
        };
        store.save_told(&workspace(), &[one]).await.unwrap();

        assert_eq!(stored(&store, "W1").await, ann);
        let directory = store.directory(&workspace()).await.unwrap();
        assert_eq!(directory.people().len(), 2);
        let group = store.duty_group(&workspace(), DUTY_GROUP, &group).await;
        let rules = group.unwrap().unwrap().rules;
        let ann = BTreeSet::from([PersonId::new("U1")]);
        assert_eq!([rules.permanent, rules.fallback], [ann.clone(), ann]);
        for rotation in [rotation, other] {
            let rotation = crate::support::rotation(&store, &rotation).await;
            assert_eq!(rotation.owners, [PersonId::new("U1")]);
            let members: Vec<_> = rotation
                .crew
                .members
                .iter()
                .map(|member| &member.person)
                .collect();
            assert_eq!(members, [&Some(PersonId::new("U1"))]);
            assert_eq!(rotation.crew.members[0].key.as_str(), "slack:U1");
        }
    })
    .await;
}

/// A user group that a rotation feeds.
async fn kept_group(store: &Store, rotation: &RotationId) -> SlackGroupId {
    let (group, workspace) = (SlackGroupId::new("S1"), workspace());
    let named = (&group, "ops");
    let begun = store.begin_group(&workspace, named, NobodyOnDuty::default());
    begun.await.unwrap();
    let fed = (group.as_str(), domain::Occasion::ChangeOfDuty);
    let target = (DUTY_GROUP, Some(fed));
    let set = store.set_target(&workspace, rotation, target, |_, _| {
        Ok::<_, ()>(entry(AuditAction::SetDutyGroup))
    });
    assert_eq!(set.await.unwrap(), Some(Ok(true)));
    group
}

/// A member of Slack.
fn member_of(id: &str) -> Member {
    Member {
        key: MemberKey::of_person(&PersonId::new(id)),
        person: Some(PersonId::new(id)),
        pagerduty_user: None,
        ..crate::support::member(id)
    }
}

/// Gives a rotation these owners and members.
async fn change_to(store: &Store, id: &RotationId, owners: &[&str], members: &[Member]) {
    let changed = store
        .change_rotation(&workspace(), id, |rotation| {
            rotation.owners = owners.iter().map(|owner| PersonId::new(*owner)).collect();
            rotation.crew.members = members.to_vec();
            Ok::<_, ()>(entry(AuditAction::CreatedRotation))
        })
        .await;
    changed.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn who_signs_in_by_their_other_id_is_the_same_person() {
    let (services, slack, _database) = started().await;
    slack.change(|world| world.people[0]["enterprise_user"] = json!({"id": "W1"}));
    installed_by_ann(&services, &slack).await;
    let mut browser = Browser::new(&services);
    let back = identified(&mut browser, &slack, "T1", "W1").await;
    assert_eq!(browser.open(&back).await.location(), "/settings");
    assert_eq!(
        browser.open("/settings/audit").await.status,
        StatusCode::OK,
        "an admin by either id"
    );
    let directory = services.store.directory(&workspace()).await.unwrap();
    assert_eq!(
        directory
            .people()
            .iter()
            .filter(|person| person.name == "Ann")
            .count(),
        1
    );
}

#[tokio::test]
async fn nobody_signs_in_as_another_by_one_odd_second_id() {
    let (services, slack, _database) = started().await;
    installed_by_ann(&services, &slack).await;
    let new = json!({
        "id": "U9", "profile": {"real_name": "Eve", "email": "eve@example.com"},
        "enterprise_user": {"id": "U1"},
    });
    slack.change(|world| world.people.insert(0, new));
    refreshed(&services).await.unwrap();
    // Asked for Ann, Slack now tells of Eve, as it does of both by that id.
    let mut ann = Browser::new(&services);
    let back = identified(&mut ann, &slack, "T1", "U1").await;
    assert_eq!(ann.open(&back).await.location(), "/settings");
    assert_eq!(ann.open("/settings/audit").await.status, StatusCode::OK);
    let mut eve = Browser::new(&services);
    let back = identified(&mut eve, &slack, "T1", "U9").await;
    assert_eq!(eve.open(&back).await.location(), "/settings");
    let refused = eve.open("/settings/audit").await.status;
    assert_eq!(refused, StatusCode::FORBIDDEN);
    for (id, name) in [("U1", "Ann"), ("U9", "Eve")] {
        assert_eq!(stored(&services.store, id).await.name, name);
    }
}

#[tokio::test]
async fn what_was_read_before_slack_asked_to_wait_is_kept_and_the_rest_is_read_later() {
    let (services, slack, _database) = read_long_ago().await;
    slack.change(|world| {
        world.people[0]["profile"]["real_name"] = json!("Anna");
        world.people[1]["profile"]["real_name"] = json!("Robert");
        // The first page is answered, the second is not.
        world.rate_limits = vec![3600];
        world.unlimited_pages = 1;
    });
    assert!(matches!(
        refreshed(&services).await,
        Err(DirectoryError::Slack(SlackError::RateLimited { .. }))
    ));
    assert_eq!(stored(&services.store, "U1").await.name, "Anna");
    let workspace = stored_workspace(&services).await;
    assert_eq!(
        workspace.directory_synced_at,
        Some(NOW),
        "its age is that of the last whole list"
    );
    assert_eq!(
        workspace.directory_problem,
        Some(SlackProblem::RateLimited { seconds: 3600 })
    );

    // Until then Slack is left alone, whoever looks.
    let asked = slack.calls_of("users.list");
    refreshed(&services).await.unwrap();
    assert_eq!(slack.calls_of("users.list"), asked);
}

#[tokio::test]
async fn who_asks_for_those_left_out_stops_when_slack_asks_to_wait() {
    let (services, slack, _database) = read_long_ago().await;
    slack.change(|world| {
        world.unlisted = vec!["U1", "U2"];
        world.refusals = vec![("users.info", "ratelimited")];
    });
    assert!(matches!(
        refreshed(&services).await,
        Err(DirectoryError::Slack(SlackError::RateLimited { .. }))
    ));
    assert_eq!(slack.calls_of("users.info"), 1);
    let problem = stored_workspace(&services).await.directory_problem;
    assert_eq!(problem, Some(SlackProblem::RateLimited { seconds: 5 }));
    assert!(!is_free(&services).await, "Slack is left alone meanwhile");
}

#[tokio::test]
async fn nobody_else_begins_to_read_while_those_left_out_are_asked_for() {
    let (services, slack, database) = read_long_ago().await;
    let held = Arc::new(Semaphore::new(0));
    slack.change(|world| {
        world.unlisted = vec!["U1", "U2"];
        world.held = Some(held.clone());
    });
    let hangs = async |question: usize| {
        while slack.calls_of("users.info") < question {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let reader = services.clone();
    let reading = tokio::spawn(async move { refreshed(&reader).await });
    hangs(1).await;
    // So long did Slack take.
    execute(
        &database,
        "update workspaces set directory_reserved_until = 0",
    )
    .await;
    held.add_permits(1);
    hangs(2).await;
    assert!(!is_free(&services).await);
    held.add_permits(1);
    reading.await.unwrap().unwrap();
    assert!(is_free(&services).await);
}

/// Whether another server could begin to read the directory.
async fn is_free(services: &Services) -> bool {
    let workspace = workspace();
    let reserved = services
        .store
        .reserve_directory(&workspace, "another", Duration::ZERO);
    reserved.await.unwrap()
}

#[tokio::test]
async fn a_cursor_that_has_expired_begins_the_reading_again() {
    let (services, slack, _database) = read_long_ago().await;
    slack.change(|world| {
        world.refusals = vec![("users.list", "invalid_cursor")];
        world.accepted_first = 1;
    });
    refreshed(&services).await.unwrap();
    assert!(stored_workspace(&services).await.directory_synced_at > Some(NOW));
}

#[tokio::test]
async fn a_refresh_waits_as_often_as_slack_asks_and_then_takes_large_pages() {
    let (services, slack, _database) = read_long_ago().await;
    slack.change(|world| world.rate_limits = vec![1, 0]);
    refreshed(&services).await.unwrap();
    slack.change(|world| assert_eq!(world.page_sizes, ["200", "900"]));
}

#[tokio::test]
async fn a_page_that_fails_is_asked_for_again_and_smaller() {
    let (services, slack, _database) = read_long_ago().await;
    slack.change(|world| world.refusals = vec![("users.list", "internal_error"); 2]);
    refreshed(&services).await.unwrap();
    slack.change(|world| assert_eq!(world.page_sizes[..3], ["200", "200", "50"]));
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
        let later = [told(&admitted, asked), told(&demoted, asked)];
        store.save_told(&workspace(), &later).await.unwrap();
        directory_read(&store, &[person("U1", "Ann", Role::Admin)], began).await;
        store
            .confirm_person(&workspace(), &admitted.id, false, began)
            .await
            .unwrap();
        assert_eq!(stored(&store, "U3").await, admitted);
        assert_eq!(stored(&store, "U1").await, demoted);
    })
    .await;
}

#[tokio::test]
async fn the_directory_is_read_by_one_at_a_time_and_a_reader_who_died_is_replaced() {
    on_each_engine(async |store| {
        let id = workspace();
        let (an_hour, no_time) = (Duration::from_secs(3600), Duration::ZERO);
        assert!(store.reserve_directory(&id, "one", an_hour).await.unwrap());
        assert!(!store.reserve_directory(&id, "two", an_hour).await.unwrap());
        assert!(store.reserve_directory(&id, "one", no_time).await.unwrap());
        assert!(store.reserve_directory(&id, "two", an_hour).await.unwrap());
        store
            .end_reading(&id, "one", Some(NOW.plus_seconds(9)), None, no_time)
            .await
            .unwrap();
        let stored = store.workspace(&id).await.unwrap().unwrap();
        assert_eq!(
            stored.directory_synced_at,
            Some(NOW),
            "it was not its turn any more"
        );
    })
    .await;
}
