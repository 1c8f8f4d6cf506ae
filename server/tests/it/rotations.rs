//! Rotations and the audit log in the store, on both engines.

use crate::http::browser::Browser;
use crate::support::{
    NOWHERE, caller, cookie, create, databases, entry, member, on_each_engine, rotation, services,
    workspace,
};
use app::{
    AppError,
    backend::{Caller, Rotations as _, Schedules as _},
};
use server::{
    backend::RoundRobin,
    store::{NewAuditEntry, StoreError},
};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::convert::Infallible;
use types::{
    AuditAction, BindRefusal, DaysWanted, FoundPeople, Outcome, PersonId, Role, RotaInput,
    RotationId, RotationInput, RotationMode, RotationRefusal, ScheduleChoice, ScheduleWish,
};

#[tokio::test]
async fn a_guest_is_shown_nobody_while_it_cannot_be_checked_whether_they_may() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let backend = RoundRobin::new(services.clone());
        // One that keeps nothing yet.
        let other = self::services(&database, NOWHERE).await;
        let guest = Caller {
            person: PersonId::new("U2"),
            role: Role::Guest,
            ..caller()
        };
        assert_eq!(
            backend.people(&guest, String::new(), Vec::new()).await,
            Ok(FoundPeople::default())
        );
        let mut connection = AnyConnection::connect(&database.url).await.unwrap();
        let away = "alter table rotations rename to rotations_away";
        connection.execute(away).await.unwrap();
        let other = RoundRobin::new(other);
        let answer = other.people(&guest, String::new(), Vec::new()).await;
        assert!(
            matches!(answer, Err(AppError::Internal { .. })),
            "{answer:?}"
        );
        services.store.close().await;
    }
}

fn edited() -> NewAuditEntry {
    entry(AuditAction::EditedRotation)
}

#[tokio::test]
async fn changes_at_once_come_one_after_the_other() {
    on_each_engine(async |store| {
        let id = create(&store, "Ops").await;
        let add = async |name: &'static str| {
            store
                .change_rotation(&workspace(), &id, |rotation| {
                    rotation.crew.members.push(member(name));
                    Ok::<_, Infallible>(edited())
                })
                .await
                .unwrap()
        };
        tokio::join!(add("a"), add("b"), add("c"), add("d"));
        assert_eq!(rotation(&store, &id).await.crew.members.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_changes_nothing_and_is_not_logged() {
    on_each_engine(async |store| {
        let id = create(&store, "Ops").await;
        let before = store.audit_page(&workspace(), None).await.unwrap();
        let refused = store
            .change_rotation(&workspace(), &id, |rotation| {
                rotation.details.name = "Changed".to_owned();
                Err::<NewAuditEntry, _>("no")
            })
            .await
            .unwrap();
        assert_eq!(refused, Some(Err("no")));
        assert_eq!(rotation(&store, &id).await.details.name, "Ops");
        let after = store.audit_page(&workspace(), None).await.unwrap();
        assert_eq!(before, after);
    })
    .await;
}

#[tokio::test]
async fn what_changes_nothing_is_not_logged() {
    on_each_engine(async |store| {
        let id = create(&store, "Ops").await;
        let before = store.audit_page(&workspace(), None).await.unwrap();
        for (name, changes) in [("Ops", false), ("Night", true)] {
            let changed = store
                .change_rotation(&workspace(), &id, |rotation| {
                    name.clone_into(&mut rotation.details.name);
                    Ok::<_, Infallible>(edited())
                })
                .await;
            assert_eq!(changed.unwrap(), Some(Ok(changes)));
            let after = store.audit_page(&workspace(), None).await.unwrap();
            assert_eq!(before != after, changes);
        }
    })
    .await;
}

#[tokio::test]
async fn a_code_belongs_to_one_rotation_and_many_may_have_none() {
    on_each_engine(async |store| {
        let (one, other) = (create(&store, "One").await, create(&store, "Other").await);
        let name = async |id: &RotationId| {
            store
                .change_rotation(&workspace(), id, |rotation| {
                    rotation.details.code = Some("OPS".to_owned());
                    Ok::<_, Infallible>(edited())
                })
                .await
        };
        assert!(name(&one).await.is_ok());
        assert!(matches!(name(&other).await, Err(StoreError::CodeTaken)));
        assert_eq!(rotation(&store, &other).await.details.code, None);
    })
    .await;
}

#[tokio::test]
async fn members_keep_their_order_and_names_of_any_script() {
    on_each_engine(async |store| {
        let id = create(&store, "כוננות <b>&amp;</b>").await;
        store
            .change_rotation(&workspace(), &id, |rotation| {
                rotation.crew.members = ["z", "נועה", "a"].map(member).to_vec();
                Ok::<_, Infallible>(edited())
            })
            .await
            .unwrap();
        let stored = rotation(&store, &id).await;
        assert_eq!(stored.details.name, "כוננות <b>&amp;</b>");
        let names: Vec<_> = stored
            .crew
            .members
            .iter()
            .map(|m| m.name.as_str())
            .collect();
        assert_eq!(names, ["z", "נועה", "a"]);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_rotation_takes_its_members_along() {
    on_each_engine(async |store| {
        let id = create(&store, "Ops").await;
        let deleted = store
            .delete_rotation(&workspace(), &id, &[], |_| {
                Ok::<_, Infallible>(entry(AuditAction::DeletedRotation))
            })
            .await
            .unwrap();
        assert_eq!(deleted, Some(Ok(())));
        assert!(store.rotations(&workspace()).await.unwrap().is_empty());
        let again = store
            .delete_rotation(&workspace(), &id, &[], |_| Ok::<_, Infallible>(edited()))
            .await
            .unwrap();
        assert_eq!(again, None);
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_pages_backwards_without_gaps() {
    on_each_engine(async |store| {
        for number in 0..120 {
            let entry = NewAuditEntry {
                target: Some(number.to_string()),
                ..edited()
            };
            store.record(&entry).await.unwrap();
        }
        let mut seen = Vec::new();
        let mut older_than = None;
        loop {
            let page = store
                .audit_page(&workspace(), older_than.as_ref())
                .await
                .unwrap();
            seen.extend(page.entries.into_iter().filter_map(|entry| entry.target));
            older_than = page.older_than;
            if older_than.is_none() {
                break;
            }
        }
        let expected: Vec<String> = (0..120).rev().map(|number| number.to_string()).collect();
        assert_eq!(seen, expected);
    })
    .await;
}

#[tokio::test]
async fn a_form_without_notes_leaves_them_and_an_empty_field_takes_them_away() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let id = create(&services.store, "Ops").await;
        let cookie = cookie(&services.store).await;
        let (name, value) = cookie.split_once('=').unwrap();
        let mut ann = Browser::new(&services).with_cookie(name, value);
        let backend = RoundRobin::new(services);
        let mut saved = Vec::new();
        for (change, notes) in [
            ("a", "&input[notes]=runbook"),
            ("b", ""),
            ("c", "&input[notes]="),
        ] {
            let form = format!(
                "change={change}&id={id}&input[name]=Ops+{change}&input[duty_size]=1&input[visibility]=public{notes}"
            );
            let page = format!("/rotations/{id}/edit");
            let answer = ann.submit("/rpc/edit_rotation", &form, &page).await;
            assert!(answer.status.is_redirection(), "{}", answer.body);
            let days = DaysWanted::default();
            let shown = backend.rotation(&caller(), id.clone(), days).await;
            let details = shown.unwrap().details;
            assert_eq!(details.name, format!("Ops {change}"));
            saved.push(details.notes);
        }
        assert_eq!(saved, ["runbook", "runbook", ""]);
    }
}

#[tokio::test]
async fn of_two_who_edit_at_once_the_later_one_is_told_and_may_insist() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let id = create(&services.store, "Ops").await;
        let backend = RoundRobin::new(services);
        let shown = async || {
            let days = DaysWanted::default();
            let page = backend.rotation(&caller(), id.clone(), days).await;
            page.unwrap()
        };
        let save = async |name: &str, version: &str| {
            let input = RotationInput {
                name: name.to_owned(),
                version: version.to_owned(),
                ..RotationInput::default()
            };
            let saved = backend.edit_rotation(&caller(), id.clone(), input).await;
            saved.unwrap()
        };
        let began = shown().await.version;
        assert_eq!(save("First", &began).await, Outcome::Done(()));
        let refused = match save("Second", &began).await {
            Outcome::Refused(RotationRefusal::EditedMeanwhile { version, by, what }) => {
                assert_eq!(by, "Ann");
                assert!(what.starts_with("First"), "{what}");
                version.to_string()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(shown().await.details.name, "First");
        assert_eq!(save("Second", &refused).await, Outcome::Done(()));
        let rota = RotaInput {
            times: "09:00".to_owned(),
            zone: "UTC".to_owned(),
            version: refused,
            ..RotaInput::default()
        };
        let set = async |input: RotaInput| {
            let choice = ScheduleChoice::Scheduled(Box::new(input));
            let set = backend
                .set_schedule(&caller(), id.clone(), choice.into())
                .await;
            set.unwrap()
        };
        let late = set(rota.clone()).await;
        assert!(
            matches!(
                late,
                Outcome::Refused(BindRefusal::Rotation(
                    RotationRefusal::EditedMeanwhile { .. }
                ))
            ),
            "{late:?}"
        );
        let seen = shown().await.version;
        let again = RotaInput {
            version: seen.clone(),
            ..rota
        };
        assert_eq!(set(again).await, Outcome::Done(()));
        // So is whoever chose Manual meanwhile.
        let by_hand = async |version: String| {
            let wish = ScheduleWish {
                choice: ScheduleChoice::Manual,
                version,
            };
            let set = backend.set_schedule(&caller(), id.clone(), wish).await;
            set.unwrap()
        };
        let late = by_hand(seen).await;
        let told = match late {
            Outcome::Refused(BindRefusal::Rotation(refusal)) => refusal,
            other => panic!("{other:?}"),
        };
        let RotationRefusal::EditedMeanwhile { version, by, what } = told else {
            panic!("{told:?}");
        };
        assert_eq!(by, "Ann");
        assert_eq!(what, "Every day at 09:00, UTC");
        assert_eq!(shown().await.mode, RotationMode::Scheduled);
        assert_eq!(by_hand(version.to_string()).await, Outcome::Done(()));
        assert_eq!(shown().await.mode, RotationMode::Manual);
    }
}
