//! A change by hand is taken back by whoever made it, for an hour, and only while nothing else
//! has changed since, on both engines.

use crate::support::{
    Database, NOW, NOWHERE, ann, caller, create, databases, entry, rotation, services, told,
    workspace,
};
use app::{
    AppError,
    backend::{Audit, Caller, Rotations, Schedules},
};
use domain::Person;
use server::{Services, backend::RoundRobin, housekeeping};
use std::convert::Infallible;
use types::{
    AuditAction, Change, Changed, DaysWanted, Denial, MemberKey, MoveDirection, Outcome, PersonId,
    Role, RotaInput, RotaKind, RotationId, RotationRefusal, ScheduleChoice, UndoId,
};

fn bob() -> PersonId {
    PersonId::new("U2")
}

fn bobs() -> Caller {
    Caller {
        person: bob(),
        name: "Bob".to_owned(),
        role: Role::Member,
        ..caller()
    }
}

/// A rotation that Ann and Bob own, and in which they take turns.
struct Turns {
    services: Services,
    backend: RoundRobin,
    id: RotationId,
}

impl Turns {
    async fn over(database: &Database) -> Self {
        let services = services(database, NOWHERE).await;
        let id = create(&services.store, "Ops").await;
        let backend = RoundRobin::new(services.clone());
        let people = vec![ann(), bob()];
        let added = backend.add_members(&caller(), id.clone(), people).await;
        assert!(added.unwrap().done().is_some());
        let turns = Self {
            services,
            backend,
            id,
        };
        turns.own(vec![ann(), bob()]).await;
        turns
    }

    async fn own(&self, owners: Vec<PersonId>) {
        let (store, workspace) = (&self.services.store, workspace());
        let changed = store.change_rotation(&workspace, &self.id, |rotation| {
            rotation.owners = owners;
            Ok::<_, Infallible>(entry(AuditAction::EditedRotation))
        });
        changed.await.unwrap();
    }

    /// Who takes turns, and who is on duty.
    async fn people(&self) -> (Vec<String>, Vec<String>) {
        let rotation = rotation(&self.services.store, &self.id).await;
        let members = rotation.crew.members.iter();
        let on_duty = rotation.crew.names_on_duty().into_iter();
        (
            members.map(|member| member.name.clone()).collect(),
            on_duty.map(str::to_owned).collect(),
        )
    }

    async fn rotate(&self, caller: &Caller) -> Changed {
        done(self.backend.rotate(caller, self.id.clone()).await)
    }

    async fn remove(&self, person: &PersonId) -> Changed {
        let (caller, member) = (caller(), MemberKey::of_person(person));
        let removed = self.backend.remove_member(&caller, self.id.clone(), member);
        done(removed.await)
    }

    async fn undo(&self, caller: &Caller, changed: &Changed) -> Outcome<Changed, RotationRefusal> {
        let undone = self.backend.undo(caller, undo_of(changed)).await;
        undone.unwrap()
    }
}

fn done(answer: Result<Outcome<Changed, RotationRefusal>, AppError>) -> Changed {
    answer.unwrap().done().expect("it is done").clone()
}

fn undo_of(changed: &Changed) -> UndoId {
    changed.undo.clone().expect("it can be undone")
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn whoever_was_relieved_is_on_duty_again_and_the_log_and_the_history_have_both() {
    for database in databases().await {
        let turns = Turns::over(&database).await;
        turns.rotate(&caller()).await;
        let rotated = turns.rotate(&caller()).await;
        assert_eq!(rotated.what, Change::OnDuty(names(&["Bob"])));
        let undone = Changed {
            what: Change::Undone {
                back: Vec::new(),
                on_duty: names(&["Ann"]),
            },
            undo: None,
        };
        assert_eq!(turns.undo(&caller(), &rotated).await, Outcome::Done(undone));
        assert_eq!(turns.people().await.1, ["Ann"]);
        let page = turns
            .backend
            .rotation(&caller(), turns.id.clone(), DaysWanted::default())
            .await;
        let history = page.unwrap().history.into_iter();
        let history: Vec<_> = history.map(|past| past.holder.unwrap().name).collect();
        assert_eq!(history, ["Ann", "Bob", "Ann"]);
        let log = turns.backend.audit(&caller(), None).await.unwrap().entries;
        assert_eq!(log[0].action, AuditAction::UndidChange);
        assert_eq!(log[0].after.as_deref(), Some("On duty: Bob → Ann"));
        assert_eq!(log[1].action, AuditAction::Rotated);
    }
}

#[tokio::test]
async fn a_member_who_was_taken_out_comes_back_where_a_schedule_of_its_own_goes_on() {
    for database in databases().await {
        let turns = Turns::over(&database).await;
        let choice = ScheduleChoice::Scheduled(Box::new(RotaInput {
            kind: RotaKind::Daily,
            times: "09:00".to_owned(),
            zone: "UTC".to_owned(),
            starts_on: "2026-01-01".to_owned(),
            ..RotaInput::default()
        }));
        let (backend, id) = (&turns.backend, turns.id.clone());
        let set = backend.set_schedule(&caller(), id, choice.into()).await;
        assert_eq!(set.unwrap(), Outcome::Done(()));
        let before = turns.people().await;
        let off_duty = match before.1 == ["Ann"] {
            true => bob(),
            false => ann(),
        };
        let removed = turns.remove(&off_duty).await;
        let undone = turns.undo(&caller(), &removed).await;
        assert!(matches!(undone, Outcome::Done(_)), "{undone:?}");
        assert_eq!(turns.people().await, before);

        // Not once somebody else has come or gone.
        let removed = turns.remove(&off_duty).await;
        let back = vec![off_duty];
        let (backend, id) = (&turns.backend, turns.id.clone());
        let added = backend.add_members(&caller(), id, back).await;
        added.unwrap();
        let undone = turns.undo(&caller(), &removed).await;
        assert_eq!(undone, Outcome::Refused(RotationRefusal::ChangedSince));
    }
}

#[tokio::test]
async fn a_member_who_was_taken_out_comes_back_to_their_place_and_on_duty() {
    for database in databases().await {
        let turns = Turns::over(&database).await;
        turns.rotate(&caller()).await;
        let removed = turns.remove(&ann()).await;
        let what = Change::Removed {
            name: "Ann".to_owned(),
            left_duty: true,
        };
        assert_eq!(removed.what, what);
        assert_eq!(turns.people().await, (names(&["Bob"]), names(&[])));
        let undone = turns.undo(&caller(), &removed).await;
        let what = Change::Undone {
            back: names(&["Ann"]),
            on_duty: names(&["Ann"]),
        };
        assert_eq!(undone.done().unwrap().what, what);
        assert_eq!(
            turns.people().await,
            (names(&["Ann", "Bob"]), names(&["Ann"]))
        );
    }
}

#[tokio::test]
async fn nothing_is_undone_once_somebody_has_changed_something_else() {
    for database in databases().await {
        let turns = Turns::over(&database).await;
        turns.rotate(&caller()).await;
        let rotated = turns.rotate(&caller()).await;
        let bob = MemberKey::of_person(&bob());
        let moved = turns
            .backend
            .move_member(&bobs(), turns.id.clone(), bob, MoveDirection::Up)
            .await;
        assert!(moved.unwrap().done().is_some());
        let before = turns.people().await;
        assert_eq!(
            turns.undo(&caller(), &rotated).await,
            Outcome::Refused(RotationRefusal::ChangedSince)
        );
        assert_eq!(turns.people().await, before);
    }
}

#[tokio::test]
async fn of_several_who_undo_the_same_at_once_one_does() {
    for database in databases().await {
        let turns = Turns::over(&database).await;
        turns.rotate(&caller()).await;
        let rotated = turns.rotate(&caller()).await;
        let me = caller();
        let undo = || turns.undo(&me, &rotated);
        let undone = tokio::join!(undo(), undo(), undo());
        let undone = [undone.0, undone.1, undone.2];
        let done = undone.iter().filter(|outcome| outcome.done().is_some());
        assert_eq!(done.count(), 1, "{undone:?}");
        assert_eq!(turns.people().await.1, ["Ann"]);
    }
}

#[tokio::test]
async fn only_whoever_made_a_change_undoes_it_and_only_as_long_as_they_may_edit() {
    for database in databases().await {
        let turns = Turns::over(&database).await;
        let rotated = turns.rotate(&bobs()).await;
        assert_eq!(
            turns.undo(&caller(), &rotated).await,
            Outcome::Refused(RotationRefusal::UndoGone)
        );
        turns.own(vec![ann()]).await;
        let denied = turns.backend.undo(&bobs(), undo_of(&rotated)).await;
        assert_eq!(denied, Err(AppError::Forbidden(Denial::EditRotation)));
        assert_eq!(turns.people().await.1, ["Ann"]);
        turns.own(vec![ann(), bob()]).await;
        assert!(turns.undo(&bobs(), &rotated).await.done().is_some());
        assert_eq!(turns.people().await.1, [""; 0]);
    }
}

#[tokio::test]
async fn a_change_can_be_undone_for_an_hour_and_is_forgotten_then() {
    for database in databases().await {
        let turns = Turns::over(&database).await;
        let rotated = turns.rotate(&caller()).await;
        housekeeping::clean_up(&turns.services.store).await.unwrap();
        let later = "update undos set made_at = made_at - 3600001";
        database.execute(later).await;
        let gone = Outcome::Refused(RotationRefusal::UndoGone);
        assert_eq!(turns.undo(&caller(), &rotated).await, gone);
        housekeeping::clean_up(&turns.services.store).await.unwrap();
        assert!(database.contents(&[]).await["undos"].is_empty());
        let other = UndoId::new("none");
        let unknown = turns.backend.undo(&caller(), other).await;
        assert_eq!(unknown.unwrap(), gone);
    }
}

#[tokio::test]
async fn what_changed_nothing_cannot_be_undone_and_a_deleted_rotation_leaves_nothing() {
    for database in databases().await {
        let turns = Turns::over(&database).await;
        let (caller, ann) = (caller(), MemberKey::of_person(&ann()));
        let rotated = turns.rotate(&caller).await;
        let set = turns.backend.set_on_duty(&caller, turns.id.clone(), ann);
        assert_eq!(done(set.await).undo, None);
        let deleted = turns.backend.delete_rotation(&caller, turns.id.clone());
        deleted.await.unwrap();
        assert_eq!(
            turns.undo(&caller, &rotated).await,
            Outcome::Refused(RotationRefusal::UndoGone)
        );
    }
}

#[tokio::test]
async fn those_who_can_be_added_are_and_the_others_are_named() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let id = create(&services.store, "Ops").await;
        let person = |id: &str, name: &str, deactivated| Person {
            id: PersonId::new(id),
            name: name.to_owned(),
            email: None,
            role: Role::Member,
            deactivated,
        };
        for person in [person("U3", "Cem", false), person("U4", "Dan", true)] {
            let told = [told(&person, NOW)];
            services.store.save_told(&workspace(), &told).await.unwrap();
        }
        let backend = RoundRobin::new(services.clone());
        let add = async |ids: &[&str]| {
            let people = ids.iter().map(|id| PersonId::new(*id)).collect();
            backend
                .add_members(&caller(), id.clone(), people)
                .await
                .unwrap()
        };
        assert_eq!(
            add(&[]).await,
            Outcome::Refused(RotationRefusal::NobodyChosen)
        );
        assert!(add(&["U1"]).await.done().is_some());
        let added = add(&["U1", "U3", "U4", "U3", "U9", "U2"]).await;
        let left_out = vec![
            ("Ann".to_owned(), RotationRefusal::AlreadyAMember),
            ("Dan".to_owned(), RotationRefusal::Deactivated),
            ("U9".to_owned(), RotationRefusal::NobodyChosen),
        ];
        let what = Change::Added {
            names: names(&["Cem", "Bob"]),
            left_out,
        };
        assert_eq!(added, Outcome::Done(Changed { what, undo: None }));
        let log = backend.audit(&caller(), None).await.unwrap().entries;
        assert_eq!(log[0].after.as_deref(), Some("Cem, Bob"));
        assert_eq!(log[1].after.as_deref(), Some("Ann"));
    }
}

#[tokio::test]
async fn owners_are_added_several_at_once_and_of_two_who_add_the_same_one_is_told() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let id = create(&services.store, "Ops").await;
        let dan = Person {
            id: PersonId::new("U4"),
            name: "Dan".to_owned(),
            email: None,
            role: Role::Member,
            deactivated: true,
        };
        let told = [told(&dan, NOW)];
        services.store.save_told(&workspace(), &told).await.unwrap();
        let backend = RoundRobin::new(services.clone());
        let add = async |by: Caller, ids: &[&str]| {
            let people = ids.iter().map(|id| PersonId::new(*id)).collect();
            let added = backend.add_owners(&by, id.clone(), people).await;
            added.unwrap()
        };
        let none = add(caller(), &[]).await;
        assert_eq!(none, Outcome::Refused(RotationRefusal::NobodyChosen));
        let by_bob = backend.add_owners(&bobs(), id.clone(), vec![bob()]).await;
        assert!(by_bob.is_err(), "who does not own it makes nobody an owner");
        let (one, other) = tokio::join!(
            add(caller(), &["U2", "U4", "U1"]),
            add(caller(), &["U1", "U2", "U2"]),
        );
        let sides = [one, other].map(|answer| answer.done().unwrap().what.clone());
        let added = sides.iter().map(|what| match what {
            Change::Added { names, left_out } => (names.clone(), left_out.clone()),
            other => panic!("{other:?}"),
        });
        let (mut added, left_out): (Vec<_>, Vec<_>) = added.unzip();
        added.sort_by_key(Vec::len);
        // Ann has made the rotation.
        assert_eq!(added, [names(&[]), names(&["Bob"])]);
        let left_out: Vec<_> = left_out.into_iter().flatten().collect();
        let gone = ("Dan".to_owned(), RotationRefusal::Deactivated);
        assert!(left_out.contains(&gone), "{left_out:?}");
        let twice = |name: &str| (name.to_owned(), RotationRefusal::AlreadyAnOwner);
        assert!(left_out.contains(&twice("Ann")) && left_out.contains(&twice("Bob")));
        let mut owners = rotation(&services.store, &id).await.owners;
        owners.sort();
        assert_eq!(owners, [ann(), bob()]);
        let log = backend.audit(&caller(), None).await.unwrap().entries;
        let entries = log
            .iter()
            .filter(|entry| entry.action == AuditAction::AddedOwner);
        let entries: Vec<_> = entries.map(|entry| entry.after.clone()).collect();
        assert_eq!(entries, [Some(added[1].join(", "))], "one entry for all");
        assert!(
            add(bobs(), &["U2"]).await.done().is_some(),
            "an owner may add"
        );
    }
}
