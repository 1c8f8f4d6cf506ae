//! Holidays of the workspace, from the form to who is on duty.

use crate::{
    overrides::id_of,
    rotas::Team,
    support::{Database, caller, create, databases, entry, rotation, workspace},
};
use app::backend::{Answer, Audit, Caller, Holidays, Rotations, Schedules, Zones};
use domain::rota::{HolidayWrite, OwnDay, OwnHoliday, Region, Zone};
use jiff::{ToSpan, civil::Date};
use server::{backend::RoundRobin, clock, hand_offs::Due};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};
use std::{convert::Infallible, time::Duration};
use types::{
    AuditAction, DayOff, Denial, HolidayField, HolidayInput, HolidayKind, HolidayPreview,
    HolidayProblem, HolidayRefusal, HolidaysView, Outcome, PersonId, Role, RotaInput, RotaKind,
    ScheduleChoice, Stretch,
};

/// A zone in which it is about noon, so that no day ends meanwhile.
fn zone() -> Zone {
    let ahead = 12 - i64::from(Zone::UTC.civil(clock::now()).hour());
    let name = match ahead {
        0 => "Etc/GMT".to_owned(),
        _ => format!("Etc/GMT{:+}", -ahead),
    };
    Zone::named(&name).unwrap()
}

fn today() -> Date {
    zone().civil(clock::now()).date()
}

fn in_days(days: i64) -> String {
    (today() + days.days()).to_string()
}

/// One that has no holiday these days, and another one, so that the tests hold on every day.
fn countries() -> [Region; 2] {
    let days = |country: &Region| country.days().holidays;
    let is_plain = |country: &Region| {
        let off = days(country);
        (0..7).all(|day| !off.contains(&(today() + day.days())))
    };
    let all = ["FR", "DE-BY", "JP", "BR", "NZ", "ZA"].map(|code| Region::named(code).unwrap());
    let mut plain = all.into_iter().filter(is_plain);
    [plain.next().unwrap(), plain.next().unwrap()]
}

fn country() -> &'static str {
    countries()[0].code
}

/// Every day from midnight on, and nobody on holidays of the country.
fn daily() -> RotaInput {
    RotaInput {
        kind: RotaKind::Daily,
        times: "00:00".to_owned(),
        zone: zone().name().to_owned(),
        starts_on: "2026-01-01".to_owned(),
        holidays: country().to_owned(),
        on_days_off: DayOff::Nobody,
        ..RotaInput::default()
    }
}

/// Ann and Bob, in a workspace where it is noon.
async fn unplanned(database: Database) -> Team {
    let team = Team::of_two(database).await;
    let chosen = team
        .backend
        .set_workspace_zone(&caller(), zone().name().to_owned())
        .await;
    assert_eq!(chosen.unwrap(), Outcome::Done(()));
    team
}

/// The same, who take turns so.
async fn team(database: Database) -> Team {
    let team = unplanned(database).await;
    team.schedule(daily()).await;
    team.asleep().await;
    team.hand_over().await;
    team
}

fn add(date: &str, region: &str) -> HolidayInput {
    HolidayInput {
        what: HolidayKind::Add,
        date: date.to_owned(),
        region: region.to_owned(),
        name: "Company day".to_owned(),
        listed: false,
    }
}

fn remove(date: &str, region: &str) -> HolidayInput {
    HolidayInput {
        what: HolidayKind::Remove,
        ..add(date, region)
    }
}

async fn change(team: &Team, input: HolidayInput) -> Outcome<(), HolidayRefusal> {
    let changed: Answer<_, _> = team.backend.change_holidays(&caller(), input).await;
    changed.unwrap()
}

async fn preview(team: &Team, input: HolidayInput) -> HolidayPreview {
    match team.backend.preview_holiday(&caller(), input).await {
        Ok(Outcome::Done(preview)) => preview,
        other => panic!("{other:?}"),
    }
}

async fn shown(team: &Team, year: &str) -> HolidaysView {
    let shown = team.backend.holidays(&caller(), year.to_owned()).await;
    shown.unwrap()
}

/// The part of what is planned that begins on a date.
async fn on(team: &Team, date: &str) -> Vec<String> {
    let plan = team.page().await.plan;
    let begins = |stretch: &&Stretch| zone().civil(stretch.starts_at).date().to_string() == date;
    let names = plan.iter().filter(begins).filter_map(|one| {
        let holder = one.holder.as_ref()?;
        Some(holder.name.clone())
    });
    names.collect()
}

#[tokio::test]
async fn a_holiday_of_the_workspace_holds_at_once_and_ends_so() {
    for database in databases().await {
        let team = team(database).await;
        let first = team.stored_on_duty().await;
        assert_eq!(first.len(), 1);
        let before = team.page().await.history;
        let today = today().to_string();
        assert_eq!(change(&team, add(&today, "")).await, Outcome::Done(()));
        assert!(team.stored_on_duty().await.is_empty());
        let page = team.page().await;
        assert!(page.outlook.on_duty.is_empty());
        // What has been stays as it was, but for its end.
        assert_eq!(page.history.len(), before.len());
        assert_eq!(page.history[0].starts_at, before[0].starts_at);
        let own = shown(&team, "").await.added;
        assert_eq!(
            (own[0].name.as_str(), own[0].country.as_deref()),
            ("Company day", None)
        );
        assert_eq!(change(&team, remove(&today, "")).await, Outcome::Done(()));
        // The turn went on meanwhile: nobody else's began.
        assert_eq!(team.stored_on_duty().await, first);
        assert_eq!(shown(&team, "").await.added, []);
    }
}

#[tokio::test]
async fn what_the_preview_says_is_what_then_happens() {
    for database in databases().await {
        let team = team(database).await;
        let day = in_days(3);
        team.remind().await;
        let was = on(&team, &day).await;
        let stored = rotation(&team.services.store, &team.id).await;
        let preview = preview(&team, add(&day, country())).await;
        assert_eq!(rotation(&team.services.store, &team.id).await, stored);
        assert_eq!(preview.rotations, 1);
        let effect = &preview.effects[0];
        assert_eq!(effect.name, "Ops");
        assert_eq!(
            preview.shifts as usize,
            effect.lost.len().max(effect.gained.len())
        );
        let lost = &effect.lost[0];
        assert_eq!(lost.holder.as_ref().unwrap().name, was[0]);
        assert_eq!(zone().civil(lost.starts_at).date().to_string(), day);
        assert_eq!(effect.nobody[0].starts_at, lost.starts_at);
        assert_eq!(
            change(&team, preview.input.clone()).await,
            Outcome::Done(())
        );
        assert_eq!(on(&team, &day).await, [""; 0]);
        // The turn that begins that day is somebody's of the day after.
        assert_eq!(on(&team, &in_days(4)).await.len(), 1);
        let plan = team.page().await.plan;
        for gained in &effect.gained {
            let has = |one: &Stretch| {
                one.holder == gained.holder
                    && one.starts_at <= gained.starts_at
                    && (one.ends_at.is_none() || gained.ends_at <= one.ends_at)
            };
            assert!(plan.iter().any(has) || gained.starts_at > plan.last().unwrap().starts_at);
        }
        // Who is told before shifts is told of the new ones.
        assert_eq!(team.told_ahead().await.len(), 2);
    }
}

#[tokio::test]
async fn a_countrys_day_is_removed_and_put_back() {
    for database in databases().await {
        let team = team(database).await;
        let next_year = (today().year() + 1).to_string();
        let view = shown(&team, &next_year).await;
        let [country, _] = countries();
        let words = country.in_words();
        let offered = (country.code.to_owned(), words.clone());
        assert!(view.regions.contains(&offered), "{:?}", view.regions);
        let day = view.known[0].clone();
        assert_eq!(day.country.as_deref(), Some(words.as_str()));
        assert_eq!(
            change(&team, remove(&day.date, &day.region)).await,
            Outcome::Done(())
        );
        let view = shown(&team, &next_year).await;
        assert!(!view.known.contains(&day));
        assert_eq!(view.removed, std::slice::from_ref(&day));
        let again = change(&team, remove(&day.date, &day.region)).await;
        assert_eq!(again, Outcome::Refused(HolidayRefusal::Gone));
        let works = Date::strptime("%Y-%m-%d", &day.date).unwrap();
        let stored = rotation(&team.services.store, &team.id).await;
        let off = &stored.plan.rota().unwrap().terms.cadence.off;
        assert!(!off.includes(works));
        assert_eq!(
            change(&team, add(&day.date, &day.region)).await,
            Outcome::Done(())
        );
        let view = shown(&team, &next_year).await;
        assert!(view.known.contains(&day) && view.removed.is_empty());
        let log = team.backend.audit(&caller(), None).await.unwrap();
        let done: Vec<_> = log.entries.iter().take(2).collect();
        let actions = [done[0].action, done[1].action];
        assert_eq!(
            actions,
            [AuditAction::AddedHoliday, AuditAction::RemovedHoliday]
        );
        let target = format!("{}, in {words}", day.day);
        assert_eq!(done[1].target.as_deref(), Some(target.as_str()));
    }
}

#[tokio::test]
async fn other_schedules_stay_as_they_are_and_new_ones_know_the_days() {
    for database in databases().await {
        let team = team(database).await;
        let today = today().to_string();
        let input = RotaInput {
            holidays: countries()[1].code.to_owned(),
            ..daily()
        };
        team.schedule(input).await;
        let first = team.stored_on_duty().await;
        assert_eq!(
            change(&team, add(&today, country())).await,
            Outcome::Done(())
        );
        assert_eq!(team.stored_on_duty().await, first);
        // One that skips no holidays is not concerned by a day for all.
        let none = RotaInput {
            holidays: String::new(),
            ..daily()
        };
        team.schedule(none).await;
        assert_eq!(change(&team, add(&in_days(1), "")).await, Outcome::Done(()));
        assert_eq!(on(&team, &in_days(1)).await.len(), 1);
        let backend = &team.backend;
        let previewed = backend
            .preview_rota(&caller(), team.id.clone(), daily())
            .await;
        let Ok(Outcome::Done(previewed)) = previewed else {
            panic!("{previewed:?}");
        };
        assert_eq!(previewed.plan[0].holder, None);
        team.schedule(daily()).await;
        assert!(team.stored_on_duty().await.is_empty());
        // Saving the same again changes nothing.
        let stored = rotation(&team.services.store, &team.id).await;
        team.schedule(daily()).await;
        assert_eq!(rotation(&team.services.store, &team.id).await, stored);
    }
}

#[tokio::test]
async fn days_that_make_no_sense_and_people_who_may_not_are_refused() {
    for database in databases().await {
        let team = team(database).await;
        let problem = async |input| match change(&team, input).await {
            Outcome::Refused(HolidayRefusal::Fields(problems)) => problems,
            other => panic!("{other:?}"),
        };
        for (date, expected) in [
            ("2026-02-30", HolidayProblem::Date),
            (in_days(-1).as_str(), HolidayProblem::Over),
        ] {
            let problems = problem(add(date, "")).await;
            assert_eq!(problems, [(HolidayField::Date, expected)]);
        }
        let nowhere = HolidayProblem::Region("Atlantis".to_owned());
        let problems = problem(add(&in_days(1), "Atlantis")).await;
        assert_eq!(problems, [(HolidayField::Region, nowhere)]);
        assert_eq!(change(&team, add(&in_days(1), "")).await, Outcome::Done(()));
        for region in ["", country()] {
            let problems = problem(add(&in_days(1), region)).await;
            assert_eq!(problems, [(HolidayField::Date, HolidayProblem::Already)]);
        }
        let bob = Caller {
            person: PersonId::new(id_of("Bob")),
            role: Role::Member,
            ..caller()
        };
        let denied = app::AppError::Forbidden(Denial::ManageWorkspace);
        let backend: &RoundRobin = &team.backend;
        let refused = backend.holidays(&bob, String::new()).await;
        assert_eq!(refused.unwrap_err(), denied);
        let refused = backend.change_holidays(&bob, add(&in_days(2), "")).await;
        assert_eq!(refused.unwrap_err(), denied);
        let refused = backend.preview_holiday(&bob, add(&in_days(2), "")).await;
        assert_eq!(refused.unwrap_err(), denied);
    }
}

#[tokio::test]
async fn a_day_for_all_is_worked_in_a_country_and_off_there_again() {
    for database in databases().await {
        let team = team(database).await;
        let first = team.stored_on_duty().await;
        let (today, listed) = (today().to_string(), remove(&in_days(2), country()));
        let listed = HolidayInput {
            listed: true,
            ..listed
        };
        assert_eq!(
            change(&team, listed).await,
            Outcome::Refused(HolidayRefusal::Gone)
        );
        assert_eq!(change(&team, add(&today, "")).await, Outcome::Done(()));
        assert!(team.stored_on_duty().await.is_empty());
        let removed = change(&team, remove(&today, country())).await;
        assert_eq!(removed, Outcome::Done(()));
        assert_eq!(team.stored_on_duty().await, first);
        let view = shown(&team, "").await;
        assert_eq!((view.added.len(), view.removed.len()), (1, 1));
        let back = change(&team, add(&today, country())).await;
        assert_eq!(back, Outcome::Done(()));
        assert!(team.stored_on_duty().await.is_empty());
    }
}

#[tokio::test]
async fn a_hand_off_that_a_holiday_held_back_comes_when_it_is_taken_back() {
    for database in databases().await {
        let team = unplanned(database).await;
        team.schedule(daily()).await;
        let today = today().to_string();
        assert_eq!(change(&team, add(&today, "")).await, Outcome::Done(()));
        // The last hand-off was yesterday's.
        team.asleep().await;
        team.hand_over().await;
        assert!(team.stored_on_duty().await.is_empty());
        let stored = rotation(&team.services.store, &team.id).await;
        let was = stored.plan.rota().unwrap().turn.clone();
        let input = remove(&today, "");
        let preview = preview(&team, input.clone()).await;
        let gained = &preview.effects[0].gained[0];
        assert_eq!(change(&team, input).await, Outcome::Done(()));
        let on_duty = team.stored_on_duty().await;
        assert_ne!(on_duty, [was.holders[0].name.clone()]);
        assert_eq!(on_duty, [gained.holder.as_ref().unwrap().name.clone()]);
    }
}

#[tokio::test]
async fn a_hand_off_that_is_due_goes_by_the_days_until_then() {
    for database in databases().await {
        let team = team(database).await;
        let was = team.stored_on_duty().await;
        let stays_on = RotaInput {
            on_days_off: DayOff::StaysOn,
            ..daily()
        };
        team.schedule(stays_on).await;
        team.asleep().await;
        // With this day off, whoever was on duty yesterday would be so today.
        let today = today().to_string();
        assert_eq!(change(&team, add(&today, "")).await, Outcome::Done(()));
        team.hand_over().await;
        assert_eq!(team.stored_on_duty().await, was);
    }
}

#[tokio::test]
async fn a_day_too_far_ahead_to_be_planned_is_told_as_such() {
    for database in databases().await {
        let team = team(database).await;
        let far = preview(&team, add(&in_days(1000), "")).await;
        assert!(!far.looked && far.rotations == 0, "{far:?}");
        let near = preview(&team, add(&in_days(300), "")).await;
        assert!(near.looked && near.rotations == 1, "{near:?}");
        let view = shown(&team, "").await;
        assert_eq!(view.known_until, *Region::years().end());
    }
}

#[tokio::test]
async fn days_that_nothing_counts_any_more_are_forgotten() {
    for database in databases().await {
        let team = team(database).await;
        let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
        for day in ["2019-05-02", &in_days(-100)] {
            let statement = format!(
                "insert into workspace_holidays (workspace_id, day, region, is_off, name)
                 select workspace_id, '{day}', '', 1, 'Old' from rotas"
            );
            other.execute(AssertSqlSafe(statement)).await.unwrap();
        }
        let own = async || {
            let own = team.services.store.own_holidays(&workspace()).await;
            own.unwrap().len()
        };
        let working = RotaInput {
            kind: RotaKind::Working,
            starts_on: "2019-01-01".to_owned(),
            ..daily()
        };
        team.schedule(working).await;
        assert_eq!(change(&team, add(&in_days(2), "")).await, Outcome::Done(()));
        assert_eq!(own().await, 3);
        team.schedule(daily()).await;
        assert_eq!(change(&team, add(&in_days(3), "")).await, Outcome::Done(()));
        assert_eq!(own().await, 3);
    }
}

/// So many rotations that they are not planned anew in one go.
const MANY: usize = 60;

/// Ann and Bob in many rotations, in a workspace where it is noon.
async fn many(database: Database) -> Team {
    let (team, by) = (team(database).await, caller());
    for number in 1..MANY {
        let id = create(&team.services.store, &format!("Ops {number}")).await;
        let people = ["U1", "U2"].map(PersonId::new).to_vec();
        let added = team.backend.add_members(&by, id.clone(), people);
        assert!(added.await.unwrap().done().is_some());
        let choice = ScheduleChoice::Scheduled(Box::new(daily()));
        let set = team
            .backend
            .set_schedule(&caller(), id, choice.into())
            .await;
        assert_eq!(set.unwrap(), Outcome::Done(()));
    }
    team
}

/// Writes what is decided about a day, as a server does that ends right after it.
async fn decide(team: &Team, write: HolidayWrite) {
    let decide =
        |_: &[OwnHoliday], _| Ok::<_, Infallible>((write, entry(AuditAction::AddedHoliday)));
    let store = &team.services.store;
    let workspace = workspace();
    let decided = store.change_holidays(&workspace, decide);
    assert_eq!(decided.await.unwrap(), Ok(()));
}

/// How many rotations have a day off.
async fn having_off(team: &Team, date: Date) -> usize {
    let rotations = team.services.store.rotations(&workspace()).await.unwrap();
    let off = rotations.iter().filter(|rotation| {
        let cadence = &rotation.plan.rota().unwrap().terms.cadence;
        cadence.off.includes(date)
    });
    off.count()
}

/// How many rotations have still to be planned anew.
async fn unplanned_rotations(team: &Team) -> i64 {
    let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
    let count = "select count(*) from holidays_unplanned";
    let (left,): (i64,) = sqlx::query_as(count).fetch_one(&mut other).await.unwrap();
    other.close().await.unwrap();
    left
}

/// What is to be told: of which shift, and to whom.
async fn notices(team: &Team) -> Vec<(i64, String, String)> {
    let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
    let notices = "select occurrence, target, state from outbox order by occurrence, target, state";
    let notices = sqlx::query_as(notices).fetch_all(&mut other).await.unwrap();
    other.close().await.unwrap();
    notices
}

#[tokio::test]
async fn many_rotations_go_by_a_holiday_some_at_a_time_and_each_by_what_held_before_until_then() {
    for database in databases().await {
        let team = many(database).await;
        let date = today() + 3.days();
        let was = on(&team, &in_days(3)).await;
        let day = OwnDay {
            date,
            region: None,
            off: true,
        };
        let holiday = OwnHoliday {
            day,
            name: "Company day".to_owned(),
        };
        decide(&team, HolidayWrite::Put(holiday)).await;
        assert_eq!(shown(&team, "").await.added.len(), 1, "it is decided");
        assert_eq!(having_off(&team, date).await, 0);
        assert_eq!(on(&team, &in_days(3)).await, was, "nothing is half there");
        // Others go on meanwhile, and what is set now goes by it at once.
        team.schedule(RotaInput {
            times: "01:00".to_owned(),
            ..daily()
        })
        .await;
        assert_eq!(on(&team, &in_days(3)).await, [""; 0]);
        assert_eq!(having_off(&team, date).await, 1);
        // The clock of whichever server takes it up, some at a time.
        let store = &team.services.store;
        let next = store.next_hand_offs(Duration::from_secs(1)).await.unwrap();
        assert!(next.iter().any(|next| next.due_in.is_zero()), "{next:?}");
        assert_eq!(team.hand_over().await, Due::Now);
        let some = having_off(&team, date).await;
        assert!(1 < some && some < MANY, "{some}");
        // Two who do it at once do each once.
        let all = async || {
            let mut all = Vec::new();
            while let Some(some) = store.plan_by_holidays(&workspace()).await.unwrap() {
                all.extend(some);
            }
            all
        };
        let (one, other) = tokio::join!(all(), all());
        assert_eq!(one.len() + other.len(), MANY - some);
        assert_eq!(having_off(&team, date).await, MANY);
        assert_eq!(unplanned_rotations(&team).await, 0);
        let next = store.next_hand_offs(Duration::from_secs(1)).await.unwrap();
        assert!(next.iter().all(|next| !next.due_in.is_zero()), "{next:?}");
        // What is decided and taken back before anybody planned by it changes nothing.
        let day = OwnDay {
            date: today() + 4.days(),
            ..day
        };
        // But for how long ago the first began, which is reckoned.
        let plan = async || team.page().await.plan.split_off(1);
        let was = plan().await;
        let holiday = OwnHoliday {
            day,
            name: "Company day".to_owned(),
        };
        decide(&team, HolidayWrite::Put(holiday)).await;
        decide(&team, HolidayWrite::Drop(day)).await;
        while team.hand_over().await == Due::Now {}
        assert_eq!(having_off(&team, day.date).await, 0);
        assert_eq!(plan().await, was);
        assert_eq!(unplanned_rotations(&team).await, 0);
    }
}

#[tokio::test]
async fn a_hand_off_that_a_holiday_holds_back_is_told_once_however_often_it_is_taken_up() {
    for database in databases().await {
        let team = team(database).await;
        team.remind().await;
        let told = notices(&team).await;
        let day = OwnDay {
            date: today() + 1.days(),
            region: None,
            off: true,
        };
        let holiday = OwnHoliday {
            day,
            name: "Company day".to_owned(),
        };
        decide(&team, HolidayWrite::Put(holiday)).await;
        assert_eq!(notices(&team).await, told, "nobody goes by it yet");
        let store = &team.services.store;
        let workspace = workspace();
        let plan = || store.plan_by_holidays(&workspace);
        let (one, other) = tokio::join!(plan(), plan());
        let done = [one.unwrap(), other.unwrap()]
            .into_iter()
            .flatten()
            .flatten();
        assert_eq!(done.count(), 1);
        let moved = notices(&team).await;
        assert_ne!(moved, told);
        while team.hand_over().await == Due::Now {}
        assert_eq!(notices(&team).await, moved);
    }
}

#[tokio::test]
async fn a_day_that_is_dropped_for_all_is_said_to_stay_where_a_country_has_it() {
    for database in databases().await {
        let team = team(database).await;
        let next_year = (today().year() + 1).to_string();
        let known = shown(&team, &next_year).await.known.remove(0);
        // One that the country has, and that the workspace has decided for all before it was one there.
        let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
        let statement = format!(
            "insert into workspace_holidays (workspace_id, day, region, is_off, name)
             select workspace_id, '{}', '', 1, 'Ours' from rotas",
            known.date
        );
        other.execute(AssertSqlSafe(statement)).await.unwrap();
        other.close().await.unwrap();
        let words = preview(&team, remove(&known.date, "")).await.words;
        let place = countries()[0].in_words();
        let expected = format!(
            "No holiday: {}, everywhere but in {place}, where it stays one",
            known.day
        );
        assert_eq!(words, expected);
    }
}
