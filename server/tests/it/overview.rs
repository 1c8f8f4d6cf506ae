//! The list of rotations as the store keeps it between two looks, on both engines.

use crate::support::{NOW, create, databases, sqlite, with_people, workspace};
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
    for database in databases().await {
        let store = Store::open(&database.url).await.unwrap();
        let other = Store::open(&database.url).await.unwrap();
        with_people(&store).await;
        assert!(names(&store).await.is_empty());
        let mut expected = Vec::new();
        for (number, writer) in [&store, &other, &other, &store].into_iter().enumerate() {
            let name = format!("Rotation {number}");
            create(writer, &name).await;
            expected.push(name);
            assert_eq!(names(&store).await, expected);
            assert_eq!(names(&other).await, expected);
        }
    }
}

#[tokio::test]
async fn what_another_program_writes_is_seen_at_once() {
    for database in databases().await {
        let store = Store::open(&database.url).await.unwrap();
        with_people(&store).await;
        create(&store, "Before").await;
        assert_eq!(names(&store).await, ["Before"]);
        let mut connection = AnyConnection::connect(&database.url).await.unwrap();
        for name in ["After", "Later"] {
            sqlx::query("update rotations set name = $1")
                .bind(name)
                .execute(&mut connection)
                .await
                .unwrap();
            assert_eq!(names(&store).await, [name]);
        }
    }
}

#[tokio::test]
async fn a_transaction_counts_when_it_is_committed() {
    for database in databases().await {
        let store = Store::open(&database.url).await.unwrap();
        with_people(&store).await;
        create(&store, "Before").await;
        let mut connection = AnyConnection::connect(&database.url).await.unwrap();
        let mut transaction = connection.begin().await.unwrap();
        sqlx::query("update rotations set name = 'After'")
            .execute(&mut *transaction)
            .await
            .unwrap();
        assert_eq!(names(&store).await, ["Before"]);
        transaction.commit().await.unwrap();
        assert_eq!(names(&store).await, ["After"]);
    }
}

/// On SQLite, where no test beside this one writes to the same server.
#[tokio::test]
async fn what_nobody_changed_is_not_read_again() {
    let store = Store::open(&sqlite().url).await.unwrap();
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
