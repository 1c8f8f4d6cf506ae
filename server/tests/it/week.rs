//! The week over all rotations, on both engines: what the history tells and what is planned, as
//! those see it who may.

use crate::support::{
    NOWHERE, asked, caller, create, databases, entry, new_credential, services, snapshot, workspace,
};
use app::backend::{Caller, Rotations as _, Weeks as _};
use domain::{Cause, Directory, Rotation, ScheduleSnapshot, Shift};
use server::{
    Services,
    backend::RoundRobin,
    clock,
    store::{BindEnd, Connection, Rule},
};
use std::{convert::Infallible, time::Duration};
use types::{
    AuditAction, DaysProblem, DaysWanted, PagerDutyUserId, PersonId, ROWS_PER_PAGE, Role,
    RotationId, Timestamp, Visibility, WeekFilter, WeekRow, WeekView,
};

const HOUR: i64 = 3600;

/// Midnight of the present day in UTC, from which the tests count.
fn today() -> Timestamp {
    let day_millis = 24 * HOUR * 1000;
    Timestamp::from_millis(clock::now().as_millis() / day_millis * day_millis)
}

fn wanted(days: DaysWanted) -> WeekFilter {
    WeekFilter {
        days,
        ..WeekFilter::default()
    }
}

/// The four weeks from the Monday before last on, in UTC.
fn four_weeks() -> WeekFilter {
    let from = jiff::Timestamp::from_millisecond(today().plus_seconds(-14 * 24 * HOUR).as_millis());
    wanted(DaysWanted {
        from: from.unwrap().to_string()[..10].to_owned(),
        weeks: "4".to_owned(),
        zone: "UTC".to_owned(),
    })
}

async fn week(services: &Services, caller: &Caller, filter: WeekFilter) -> WeekView {
    let backend = RoundRobin::new(services.clone());
    backend.week(caller, filter).await.unwrap()
}

fn bob() -> Caller {
    Caller {
        person: PersonId::new("U2"),
        name: "Bob".to_owned(),
        role: Role::Member,
        ..caller()
    }
}

async fn connected(services: &Services) -> Connection {
    let store = &services.store;
    let entry = entry(AuditAction::ConnectedPagerDuty);
    let credential = new_credential("sealed");
    assert!(store.connect(&credential, &entry).await.unwrap());
    store.connection(&workspace()).await.unwrap().unwrap()
}

/// Binds a rotation to a schedule with these shifts, in hours from today's midnight, as read `at`.
async fn follow(
    services: &Services,
    connection: &Connection,
    schedule: &str,
    shifts: &[(&str, i64, i64)],
    at: Timestamp,
) -> RotationId {
    let names: Vec<_> = shifts.iter().map(|(name, ..)| *name).collect();
    let mut people = names.clone();
    people.sort_unstable();
    people.dedup();
    let shifts = shifts.iter().map(|(name, from, until)| Shift {
        user: PagerDutyUserId::new(*name),
        starts_at: today().plus_seconds(from * HOUR),
        ends_at: today().plus_seconds(until * HOUR),
        cause: Cause::Turn,
    });
    let schedule = ScheduleSnapshot {
        shifts: shifts.collect(),
        ..snapshot(schedule, &people)
    };
    let store = &services.store;
    let id = create(store, &format!("Follows {}", schedule.id)).await;
    let directory = Directory::default();
    let rule = Rule {
        now: &|| at,
        directory: &directory,
    };
    let allow = |_: &Rotation| Ok::<_, ()>(entry(AuditAction::BoundSchedule));
    let reading = (&schedule, asked(at), Duration::from_secs(60));
    let bound = store.bind(connection, &id, reading, rule, allow).await;
    assert_eq!(bound.unwrap(), BindEnd::Bound);
    id
}

/// `ann -20-10, nobody 10-20`, in hours from today's midnight.
fn told(row: &WeekRow) -> Vec<String> {
    let hours = |at: Timestamp| at.seconds_since(today()) / HOUR;
    let stretches = row.coverage.stretches.iter().map(|stretch| {
        let holder = stretch.holder.as_ref();
        let name = holder.map_or("nobody", |holder| holder.name.as_str());
        let end = stretch.ends_at.map(|end| hours(end).to_string());
        let end = end.unwrap_or_default();
        format!("{name} {}-{end}", hours(stretch.starts_at))
    });
    stretches.collect()
}

#[tokio::test]
async fn the_past_is_as_it_was_recorded_and_the_rest_as_it_is_planned() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let connection = connected(&services).await;
        let shifts = [
            ("ann", -30, 40),
            ("bob", 40, 44),
            ("ann", 44, 60),
            ("cy", 84, 100),
            ("dan", 84, 110),
            ("eve", 90, 100),
        ];
        // Read at midnight, which has been at whatever time this runs.
        let now = today();
        let id = follow(&services, &connection, "S1", &shifts, now).await;
        let created_at = today().plus_seconds(-200 * HOUR).as_millis();
        let statement = format!("update rotations set created_at = {created_at}");
        database.execute(&statement).await;
        let earlier = [("zed", -190, -180), ("bob", -180, -100)];
        for (name, from, until) in earlier {
            let (from, until) = (from * HOUR, until * HOUR);
            let statement = format!(
                "insert into duty_history (rotation_id, workspace_id, person, shift_starts_at,
                     starts_at, name, ends_at)
                 values ('{id}', 'T1', '{name}', {0}, {0}, '{name} as was', {1})",
                today().plus_seconds(from).as_millis(),
                today().plus_seconds(until).as_millis(),
            );
            database.execute(&statement).await;
        }
        let week = week(&services, &caller(), four_weeks()).await;
        let row = &week.rows[0];
        assert_eq!(
            told(row),
            [
                "nobody -200--190",
                // Who is no member any more is called as they were; who is, as they are.
                "zed as was -190--180",
                "bob -180--100",
                "nobody -100--30",
                "ann -30-40",
                "bob 40-44",
                "ann 44-60",
                "nobody 60-84",
                "cy 84-100",
                "dan 84-110",
                "eve 90-100",
                &format!("nobody 110-{}", 35 * 24),
            ]
        );
        assert_eq!(row.coverage.known_from, today().plus_seconds(-200 * HOUR));
        let known_until = row.coverage.known_until.unwrap();
        assert_eq!(known_until, now.plus_seconds(35 * 24 * HOUR));
        // The rotation's own page reads the same.
        let backend = RoundRobin::new(services.clone());
        let page = backend.rotation(&caller(), id, four_weeks().days).await;
        let page = page.unwrap();
        assert_eq!(page.coverage, row.coverage);
        assert_eq!(page.days, week.days);
        // A week between two records has what reaches into it.
        let between = wanted(DaysWanted {
            weeks: "1".to_owned(),
            ..four_weeks().days
        });
        let between = self::week(&services, &caller(), between).await;
        let span = between.days.span();
        let whole = row.coverage.stretches.iter();
        let expected: Vec<_> = whole.filter(|one| span.shows(one)).cloned().collect();
        assert_eq!(between.rows[0].coverage.stretches, expected);
        services.store.close().await;
    }
}

#[tokio::test]
async fn a_rotation_by_hand_stays_as_it_is() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let id = create(&services.store, "Coffee").await;
        let week = week(&services, &caller(), four_weeks()).await;
        let row = &week.rows[0];
        assert_eq!((row.id.clone(), row.coverage.known_until), (id, None));
        let [nobody] = &row.coverage.stretches[..] else {
            panic!("{row:?}");
        };
        assert_eq!((&nobody.holder, nobody.ends_at), (&None, None));
        services.store.close().await;
    }
}

#[tokio::test]
async fn private_rotations_are_seen_by_whom_they_concern_and_mine_are_those_i_am_in() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let store = &services.store;
        create(store, "Public").await;
        let private = create(store, "Secret").await;
        let (workspace, ann, bob) = (workspace(), caller(), bob());
        let hidden = store.change_rotation(&workspace, &private, |rotation| {
            rotation.details.visibility = Visibility::Private;
            Ok::<_, Infallible>(entry(AuditAction::EditedRotation))
        });
        hidden.await.unwrap();
        let names = async |caller: &Caller, mine| {
            let filter = WeekFilter {
                mine,
                ..four_weeks()
            };
            let week = week(&services, caller, filter).await;
            let names = week.rows.iter().map(|row| row.name.clone());
            (names.collect::<Vec<_>>(), week.found)
        };
        let list = |names: &[&str]| {
            let count = u32::try_from(names.len()).unwrap();
            (names.iter().map(ToString::to_string).collect(), count)
        };
        // Ann administers, and owns both.
        assert_eq!(names(&ann, false).await, list(&["Public", "Secret"]));
        assert_eq!(names(&ann, true).await, list(&["Public", "Secret"]));
        assert_eq!(names(&bob, false).await, list(&["Public"]));
        assert_eq!(names(&bob, true).await, list(&[]));
        let backend = RoundRobin::new(services.clone());
        let added = backend.add_members(&ann, private.clone(), vec![bob.person.clone()]);
        assert!(added.await.unwrap().done().is_some());
        assert_eq!(names(&bob, false).await, list(&["Public", "Secret"]));
        assert_eq!(names(&bob, true).await, list(&["Secret"]));
        services.store.close().await;
    }
}

#[tokio::test]
async fn what_stands_in_an_address_is_never_a_failure() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        create(&services.store, "Coffee").await;
        for (from, problem) in [
            ("banana", Some(DaysProblem::NotADate)),
            ("0001-01-01", Some(DaysProblem::TooFar)),
            ("9999-12-31", Some(DaysProblem::TooFar)),
            ("", None),
        ] {
            let filter = WeekFilter {
                days: DaysWanted {
                    from: from.to_owned(),
                    ..DaysWanted::default()
                },
                mine: false,
                search: String::new(),
                page: u32::MAX,
            };
            let week = week(&services, &caller(), filter).await;
            assert_eq!((week.rows.len(), week.page), (1, 0), "{from}");
            assert_eq!(week.days.problem, problem);
            assert_eq!(week.days.zone, "UTC");
        }
        services.store.close().await;
    }
}

#[tokio::test]
async fn many_rotations_are_shown_page_by_page() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let all = ROWS_PER_PAGE * 2 + 1;
        for number in 0..all {
            create(&services.store, &format!("Rotation {number:03}")).await;
        }
        for (asked, page, first, count) in [
            (0, 0, "Rotation 000", ROWS_PER_PAGE),
            (1, 1, "Rotation 050", ROWS_PER_PAGE),
            (2, 2, "Rotation 100", 1),
            (7, 2, "Rotation 100", 1),
        ] {
            let filter = WeekFilter {
                page: asked,
                ..four_weeks()
            };
            let week = week(&services, &caller(), filter).await;
            let rows = u32::try_from(week.rows.len()).unwrap();
            assert_eq!((week.page, rows, week.found), (page, count, all));
            assert_eq!(week.rows[0].name, first);
        }
        services.store.close().await;
    }
}

#[tokio::test]
async fn of_many_those_are_shown_that_are_searched_for() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let coffee = create(&services.store, "Coffee").await;
        let tea = create(&services.store, "Tea").await;
        let backend = RoundRobin::new(services.clone());
        let ann = vec![PersonId::new("U1")];
        let added = backend.add_members(&caller(), tea.clone(), ann).await;
        assert!(added.unwrap().done().is_some());
        for (search, found) in [
            ("coff", vec![coffee.clone()]),
            ("ANN", vec![tea.clone()]),
            ("tea ann", vec![tea.clone()]),
            ("coffee ann", Vec::new()),
            ("  ", vec![coffee, tea]),
        ] {
            let filter = WeekFilter {
                search: search.to_owned(),
                ..four_weeks()
            };
            let week = week(&services, &caller(), filter).await;
            assert_eq!(week.found as usize, found.len(), "{search}");
            let rows = week.rows.into_iter().map(|row| row.id);
            assert_eq!(rows.collect::<Vec<_>>(), found, "{search}");
        }
    }
}
