//! Home and the list of rotations: of private ones nobody else learns, not even by their number,
//! and what is said of duty is what the rotations' own pages say.

use crate::support::{
    NOWHERE, bound::Bound, caller, create, databases, entry, member, services, sqlite, workspace,
};
use app::backend::{Caller, Links, Rotations};
use domain::{Duty, Member};
use server::{backend::RoundRobin, store::Store};
use std::convert::Infallible;
use types::{
    AuditAction, DaysWanted, HomeView, LinkState, MemberKey, Outcome, PagerDutyUserId, PersonId,
    Role, RotationFilter, RotationId, RotationList, RotationNeed, Selection, SortBy, Timestamp,
    Visibility,
};

fn bob() -> Caller {
    Caller {
        person: PersonId::new("U2"),
        name: "Bob".to_owned(),
        role: Role::Member,
        ..caller()
    }
}

async fn home(backend: &RoundRobin, caller: &Caller) -> HomeView {
    backend.home(caller).await.unwrap()
}

async fn list(backend: &RoundRobin, caller: &Caller, filter: RotationFilter) -> RotationList {
    backend.rotations(caller, filter).await.unwrap()
}

fn names(list: &RotationList) -> Vec<&str> {
    list.cards.iter().map(|card| card.name.as_str()).collect()
}

fn person(id: &str, name: &str) -> Member {
    let id = PersonId::new(id);
    Member {
        key: MemberKey::of_person(&id),
        person: Some(id),
        link: LinkState::Linked,
        ..member(name)
    }
}

/// Changes a rotation by hand: whether it is private, its members, and who of them is on duty.
async fn arrange(
    store: &Store,
    id: &RotationId,
    visibility: Visibility,
    members: &[Member],
    on_duty: &[Member],
) {
    let changed = store
        .change_rotation(&workspace(), id, |rotation| {
            rotation.details.visibility = visibility;
            rotation.crew.members = members.to_vec();
            rotation.crew.duties = on_duty
                .iter()
                .map(|member| Duty {
                    holder: member.holder(),
                    since: Timestamp::from_millis(1_000),
                    until: None,
                })
                .collect();
            Ok::<_, Infallible>(entry(AuditAction::EditedRotation))
        })
        .await;
    assert_eq!(changed.unwrap(), Some(Ok(true)));
}

#[tokio::test]
async fn a_private_rotation_is_neither_seen_nor_counted() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let (store, backend) = (&services.store, RoundRobin::new(services.clone()));
        let private = create(store, "Secret").await;
        arrange(store, &private, Visibility::Private, &[], &[]).await;
        let ann = person("U1", "Ann");
        let open = create(store, "Open").await;
        arrange(
            store,
            &open,
            Visibility::Public,
            std::slice::from_ref(&ann),
            std::slice::from_ref(&ann),
        )
        .await;

        let seen = home(&backend, &bob()).await;
        assert_eq!((seen.rotations, seen.needs.all), (1, 0));
        let listed = list(&backend, &bob(), RotationFilter::default()).await;
        assert_eq!(names(&listed), ["Open"]);
        for (selection, number) in [
            (Selection::All, 1),
            (Selection::Nobody, 0),
            (Selection::Attention, 0),
        ] {
            assert_eq!(listed.counts.of(selection), number, "{selection:?}");
        }
        let search = RotationFilter {
            search: "secret".to_owned(),
            ..RotationFilter::default()
        };
        assert_eq!(
            list(&backend, &bob(), search)
                .await
                .counts
                .of(Selection::All),
            0
        );

        // Ann is an admin, and nobody is on duty in the private one.
        let seen = home(&backend, &caller()).await;
        assert_eq!((seen.rotations, seen.needs.all, seen.owned.all), (2, 1, 2));
        assert_eq!(seen.needs.items[0].card.needs, [RotationNeed::Nobody]);
    }
}

#[tokio::test]
async fn whoever_is_on_duty_or_next_by_hand_is_told_so() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let (store, backend) = (&services.store, RoundRobin::new(services.clone()));
        let id = create(store, "Coffee").await;
        let members = [person("U1", "Ann"), person("U2", "Bob")];
        arrange(store, &id, Visibility::Public, &members, &members[..1]).await;

        let anns = home(&backend, &caller()).await;
        assert_eq!((anns.on_duty.all, anns.in_turn.all, anns.mine), (1, 0, 1));
        let bobs = home(&backend, &bob()).await;
        assert_eq!((bobs.on_duty.all, bobs.in_turn.all, bobs.mine), (0, 1, 1));
        assert_eq!(bobs.in_turn.items[0].name, "Coffee");
        assert_eq!(bobs.owned.all, 0);
        let on_duty = RotationFilter {
            selection: Selection::OnDuty,
            ..RotationFilter::default()
        };
        let listed = list(&backend, &caller(), on_duty.clone()).await;
        assert_eq!(names(&listed), ["Coffee"]);
        assert!(list(&backend, &bob(), on_duty).await.cards.is_empty());
    }
}

#[tokio::test]
async fn shifts_are_told_once_somebody_is_linked() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        let backend = bound.backend();
        let before = home(&backend, &bob()).await;
        assert_eq!((before.on_duty.all, before.coming.all), (0, 0));
        assert_eq!(before.unlinked_on_duty, 1);
        let unlinked = |home: &HomeView| {
            let needs = &home.needs.items.first()?.card.needs;
            needs.iter().find_map(|need| match need {
                RotationNeed::Unlinked { people } => Some(*people),
                _ => None,
            })
        };
        let members = bound.rotation("PPLATP1").await.crew.members;
        let linked = members.iter().filter(|member| member.link.is_linked());
        let expected = u32::try_from(members.len() - linked.count()).unwrap();
        assert_eq!(unlinked(&before), Some(expected));

        let user = PagerDutyUserId::new("PTOMAS5");
        let done = backend.link_person(&caller(), user, bob().person).await;
        assert_eq!(done.unwrap(), Outcome::Done(()));
        let after = home(&backend, &bob()).await;
        assert_eq!((after.on_duty.all, after.mine), (1, 1));
        assert_eq!(after.unlinked_on_duty, 0);
        assert_eq!(unlinked(&after), Some(expected - 1));
        let page = backend
            .rotation(&bob(), bound.rotations[0].1.clone(), DaysWanted::default())
            .await;
        assert_eq!(after.on_duty.items[0].outlook.on_duty.len(), 1);
        let until = page.unwrap().outlook.on_duty[0].until;
        assert_eq!(after.on_duty.items[0].outlook.on_duty[0].until, until);
        // What comes is by its start, and none of it has begun.
        let starts: Vec<_> = after
            .coming
            .items
            .iter()
            .map(|shift| shift.starts_at)
            .collect();
        assert!(starts.is_sorted() && !starts.is_empty());
        assert!(starts.iter().all(|start| Some(*start) >= until));
    }
}

#[tokio::test]
async fn the_list_is_by_name_as_people_count_and_found_by_who_is_on_duty() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let (store, backend) = (&services.store, RoundRobin::new(services.clone()));
        for name in ["Team 10", "team 2", "Team 1", "Überwachung", "Alpha"] {
            create(store, name).await;
        }
        let id = create(store, "Kitchen").await;
        let bob = person("U2", "Bob");
        arrange(
            store,
            &id,
            Visibility::Public,
            std::slice::from_ref(&bob),
            std::slice::from_ref(&bob),
        )
        .await;
        let all = list(&backend, &caller(), RotationFilter::default()).await;
        let expected = [
            "Alpha",
            "Kitchen",
            "Team 1",
            "team 2",
            "Team 10",
            "Überwachung",
        ];
        assert_eq!(names(&all), expected);
        let by_person = RotationFilter {
            search: "BOB".to_owned(),
            ..RotationFilter::default()
        };
        assert_eq!(
            names(&list(&backend, &caller(), by_person).await),
            ["Kitchen"]
        );
    }
}

#[tokio::test]
async fn rotations_are_found_by_the_name_of_their_schedule() {
    let bound = Bound::to(sqlite(), &["PPLATP1", "PPAYMN3"]).await;
    let filter = RotationFilter {
        search: "platform primary".to_owned(),
        sort: SortBy::Change,
        ..RotationFilter::default()
    };
    let found = list(&bound.backend(), &caller(), filter).await;
    assert_eq!(names(&found), ["Bound to PPLATP1"]);
    assert_eq!(found.counts.of(Selection::All), 1);
}

/// Hundreds of rotations in one statement.
const MANY: &str = "insert into rotations
        (id, workspace_id, name, description, duty_size, visibility, mode, created_at)
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 250)
    select 'many' || n, 'T1', 'Team ' || n, '', 1, 'public', 'manual', 0 from numbers";

#[tokio::test]
async fn a_long_list_comes_in_parts_and_is_counted_as_a_whole() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let backend = RoundRobin::new(services.clone());
        database.execute(MANY).await;
        let page = async |page| {
            let filter = RotationFilter {
                page,
                ..RotationFilter::default()
            };
            list(&backend, &caller(), filter).await
        };
        for (asked, shown, first, number) in [
            (0, 1, "Team 1", 100),
            (3, 3, "Team 201", 50),
            (9, 3, "Team 201", 50),
        ] {
            let list = page(asked).await;
            assert_eq!((list.page, list.pages), (shown, 3));
            assert_eq!(
                (list.cards[0].name.as_str(), list.cards.len()),
                (first, number)
            );
            assert_eq!(list.counts.of(Selection::All), 250);
        }
        let home = home(&backend, &caller()).await;
        assert_eq!((home.rotations, home.needs.all), (250, 250));
        assert!(home.needs.items.len() < 10);
    }
}
