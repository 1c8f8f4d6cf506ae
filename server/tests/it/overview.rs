//! What is kept of a workspace between two looks: it holds until something is written that it
//! shows, by whichever server, on both engines.

use crate::support::{
    NOW, bound::Bound, caller, create, databases, entry, on_each_database, sqlite, told,
    with_people, workspace,
};
use app::backend::{Connections, Links, Rotations, Schedules};
use domain::Person;
use server::store::Store;
use std::sync::Arc;
use types::{
    AuditAction, MemberKey, MoveDirection, PagerDutyUserId, PersonId, Role, RotationInput,
    ScheduleChoice,
};

fn bob() -> PersonId {
    PersonId::new("U2")
}

async fn names(store: &Store) -> Vec<String> {
    let overview = store.rotation_overview(&workspace()).await.unwrap();
    overview
        .rotations
        .iter()
        .map(|rotation| rotation.details.name.clone())
        .collect()
}

#[tokio::test]
async fn what_another_server_writes_is_seen_at_once() {
    on_each_database(async |store, url| {
        let other = Store::open(url).await.unwrap();
        assert!(names(&store).await.is_empty());
        let mut expected = Vec::new();
        for (number, writer) in [&store, &other, &other, &store].into_iter().enumerate() {
            let name = format!("Rotation {number}");
            create(writer, &name).await;
            expected.push(name);
            assert_eq!(names(&store).await, expected);
            assert_eq!(names(&other).await, expected);
        }
        other.close().await;
    })
    .await;
}

/// Everything that is kept, as `store` has it.
async fn kept(store: &Store) -> (String, String) {
    let overview = store.rotation_overview(&workspace()).await.unwrap();
    let directory = store.directory(&workspace()).await.unwrap();
    let mut plans: Vec<_> = overview.plans.iter().collect();
    plans.sort_by_key(|(schedule, _)| schedule.as_str());
    let people = directory.people();
    let user = PagerDutyUserId::new("PTOMAS5");
    let linked = directory.linked_by_hand(&user);
    (
        format!("{:?} {plans:?}", overview.rotations),
        format!("{people:?} {linked:?}"),
    )
}

/// Whether what `bound` keeps is what somebody reads who has kept nothing; each time it has to
/// be something else than `before`.
async fn holds(bound: &Bound, before: &mut (String, String), deed: &str) {
    let fresh = Store::open(&bound.database.url).await.unwrap();
    let kept = kept(&bound.services.store).await;
    assert_eq!(kept, self::kept(&fresh).await, "{deed}");
    assert_ne!(kept, *before, "{deed}");
    *before = kept;
    fresh.close().await;
}

#[tokio::test]
async fn whatever_is_written_that_pages_show_is_seen_at_once() {
    for database in databases().await {
        let mut bound = Bound::to(database, &["PPLATP1"]).await;
        let (backend, caller, workspace) = (bound.backend(), caller(), workspace());
        let store = bound.services.store.clone();
        let mut before = kept(&store).await;

        let id = create(&store, "By hand").await;
        holds(&bound, &mut before, "create").await;
        let input = RotationInput {
            name: "By hands".to_owned(),
            ..RotationInput::default()
        };
        let edited = backend.edit_rotation(&caller, id.clone(), input).await;
        assert!(edited.unwrap().done().is_some());
        holds(&bound, &mut before, "edit").await;
        let member = |person: &PersonId| MemberKey::of_person(person);
        for person in [bob(), PersonId::new("U1")] {
            let added = backend.add_members(&caller, id.clone(), vec![person]).await;
            assert!(added.unwrap().done().is_some());
            holds(&bound, &mut before, "add").await;
        }
        let rotated = backend.rotate(&caller, id.clone()).await;
        assert!(rotated.unwrap().done().is_some());
        holds(&bound, &mut before, "rotate").await;
        let moved = backend.move_member(&caller, id.clone(), member(&bob()), MoveDirection::Down);
        assert!(moved.await.unwrap().done().is_some());
        holds(&bound, &mut before, "move").await;
        let removed = backend.remove_member(&caller, id.clone(), member(&bob()));
        assert!(removed.await.unwrap().done().is_some());
        holds(&bound, &mut before, "remove").await;
        backend.delete_rotation(&caller, id).await.unwrap();
        holds(&bound, &mut before, "delete").await;

        let newcomer = Person {
            id: PersonId::new("U9"),
            name: "Zoe".to_owned(),
            email: None,
            role: Role::Member,
            deactivated: false,
        };
        let told = [told(&newcomer, NOW)];
        store.save_told(&workspace, &told).await.unwrap();
        holds(&bound, &mut before, "people").await;
        let left = store.confirm_person(&workspace, &newcomer.id, false, NOW);
        left.await.unwrap();
        holds(&bound, &mut before, "left").await;
        let tomas = PagerDutyUserId::new("PTOMAS5");
        let linked = backend.link_person(&caller, tomas.clone(), bob()).await;
        assert!(linked.unwrap().done().is_some());
        holds(&bound, &mut before, "link").await;
        let unlinked = backend.unlink_person(&caller, tomas).await;
        assert!(unlinked.unwrap().done().is_some());
        holds(&bound, &mut before, "unlink").await;

        let ada = serde_json::json!({"user": "PADAOK1", "seconds": 3600});
        bound
            .sandbox
            .control("schedules/PPLATP1/overrides", ada)
            .await;
        bound.sync().await.unwrap();
        holds(&bound, &mut before, "override").await;
        bound.bind("PPAYMN3").await;
        holds(&bound, &mut before, "bind").await;
        let (_, id) = bound.rotations[1].clone();
        let manual = backend.set_schedule(&caller, id, ScheduleChoice::Manual.into());
        assert!(manual.await.unwrap().done().is_some());
        holds(&bound, &mut before, "unbind").await;
        let disconnected = backend.disconnect_pagerduty(&caller).await;
        assert!(disconnected.unwrap().done().is_some());
        holds(&bound, &mut before, "disconnect").await;
    }
}

/// On SQLite, where no test beside this one writes to the same server.
#[tokio::test]
async fn what_nobody_changed_is_not_read_again() {
    let database = sqlite();
    let store = Store::open(&database.url).await.unwrap();
    with_people(&store).await;
    create(&store, "Ops").await;
    let first = store.rotation_overview(&workspace()).await.unwrap();
    let directory = store.directory(&workspace()).await.unwrap();
    // What is written elsewhere, and what no page of rotations shows.
    store
        .record(&entry(AuditAction::EditedRotation))
        .await
        .unwrap();
    let second = store.rotation_overview(&workspace()).await.unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    create(&store, "Night").await;
    let third = store.rotation_overview(&workspace()).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &third));
    assert!(Arc::ptr_eq(
        &directory,
        &store.directory(&workspace()).await.unwrap()
    ));
}
