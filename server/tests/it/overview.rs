//! The list of rotations as the store keeps it between two looks, on both engines.

use crate::support::{NOW, create, on_each_database, sqlite, with_people, workspace};
use server::store::Store;
use sqlx::{AnyConnection, Connection as _};
use std::sync::Arc;

async fn names(store: &Store) -> Vec<String> {
    let rotations = store.rotation_overview(&workspace(), NOW).await.unwrap();
    rotations
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

#[tokio::test]
async fn what_another_program_writes_is_seen_once_it_is_committed() {
    on_each_database(async |store, url| {
        create(&store, "Before").await;
        assert_eq!(names(&store).await, ["Before"]);
        let mut connection = AnyConnection::connect(url).await.unwrap();
        let mut known = "Before";
        for name in ["After", "Later"] {
            let mut transaction = connection.begin().await.unwrap();
            sqlx::query("update rotations set name = $1")
                .bind(name)
                .execute(&mut *transaction)
                .await
                .unwrap();
            assert_eq!(names(&store).await, [known]);
            transaction.commit().await.unwrap();
            assert_eq!(names(&store).await, [name]);
            known = name;
        }
    })
    .await;
}

/// On SQLite, where no test beside this one writes to the same server.
#[tokio::test]
async fn what_nobody_changed_is_not_read_again() {
    let database = sqlite();
    let store = Store::open(&database.url).await.unwrap();
    with_people(&store).await;
    create(&store, "Ops").await;
    let first = store.rotation_overview(&workspace(), NOW).await.unwrap();
    let later = NOW.plus_seconds(60);
    let second = store.rotation_overview(&workspace(), later).await.unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    // A clock that was put back may have shifts ahead that were not chosen.
    let earlier = NOW.plus_seconds(-60);
    let third = store
        .rotation_overview(&workspace(), earlier)
        .await
        .unwrap();
    assert!(!Arc::ptr_eq(&first, &third));
}
