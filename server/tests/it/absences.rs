//! When people are away, and who is on duty meanwhile.

use crate::{
    overrides::{id_of, span, team},
    rotas::Team,
    support::{caller, databases, postgres, rotation, workspace},
};
use app::backend::{Absences, Caller, Rotations};
use server::{backend::RoundRobin, clock};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use std::{collections::BTreeSet, time::Duration};
use tokio::time;
use types::{
    ABSENCES_KEPT_MAX, ABSENCES_MAX, AbsenceField, AbsenceInput, AbsenceProblem, AbsenceRefusal,
    AbsencesView, DaysWanted, MemberAbsence, Outcome, PersonId, Role, SpanField, SpanInput,
    SpanProblem, Stretch,
};

const HOUR: i64 = 3600;

fn by(name: &str) -> Caller {
    Caller {
        person: PersonId::new(id_of(name)),
        name: name.to_owned(),
        role: Role::Member,
        ..caller()
    }
}

fn away(span: SpanInput) -> AbsenceInput {
    AbsenceInput {
        zone: "UTC".to_owned(),
        span,
        ..AbsenceInput::default()
    }
}

async fn note(team: &Team, name: &str, input: AbsenceInput) -> Outcome<(), AbsenceRefusal> {
    team.backend.note_absence(&by(name), input).await.unwrap()
}

async fn noted(team: &Team, name: &str) -> AbsencesView {
    team.backend.absences(&by(name)).await.unwrap()
}

/// Who is on duty, and who is not.
async fn turns(team: &Team) -> (String, String) {
    let first = team.stored_on_duty().await.remove(0);
    let other = if first == "Ann" { "Bob" } else { "Ann" };
    (first, other.to_owned())
}

#[tokio::test]
async fn whoever_is_away_is_passed_over_at_once_and_comes_back() {
    for database in databases().await {
        let team = team(database).await;
        let (first, other) = turns(&team).await;
        let input = AbsenceInput {
            note: "At the dentist’s".to_owned(),
            ..away(span(0, HOUR))
        };
        assert_eq!(note(&team, &first, input).await, Outcome::Done(()));
        assert_eq!(team.stored_on_duty().await, [other.as_str()]);
        assert_eq!(team.told().await, (vec![other], vec![first.clone()]));
        let page = team.page().await;
        assert_eq!(page.absences[0].name, first);
        assert_eq!(page.absences[0].note, "At the dentist’s");
        let own = noted(&team, &first).await;
        assert!(own.absences[0].runs && own.absences[0].everywhere);
        assert_eq!(own.rotations.len(), 1);
        let id = own.absences[0].id.clone();
        let removed = team.backend.remove_absence(&by(&first), id.clone()).await;
        assert_eq!(removed.unwrap(), Outcome::Done(()));
        assert_eq!(team.stored_on_duty().await, [first.as_str()]);
        let again = team.backend.remove_absence(&by(&first), id).await;
        assert_eq!(again.unwrap(), Outcome::Refused(AbsenceRefusal::Gone));
        assert_eq!(noted(&team, &first).await.absences, []);
    }
}

#[tokio::test]
async fn an_absence_that_ends_brings_back_whoever_has_the_turn() {
    for database in databases().await {
        let team = team(database).await;
        let (first, other) = turns(&team).await;
        assert_eq!(
            note(&team, &first, away(span(0, HOUR))).await,
            Outcome::Done(())
        );
        assert_eq!(team.stored_on_duty().await, [other]);
        let mut db = AnyConnection::connect(&team.database.url).await.unwrap();
        let now = clock::now().as_millis();
        let over = AssertSqlSafe(format!("update absences set ends_at = {now}"));
        sqlx::query(over).execute(&mut db).await.unwrap();
        let due = "update rotations set next_change_at = 0";
        db.execute(due).await.unwrap();
        team.hand_over().await;
        assert_eq!(team.stored_on_duty().await, [first]);
    }
}

#[tokio::test]
async fn when_everybody_is_away_nobody_is_on_duty() {
    for database in databases().await {
        let team = team(database).await;
        for name in ["Ann", "Bob"] {
            assert_eq!(
                note(&team, name, away(span(0, HOUR))).await,
                Outcome::Done(())
            );
        }
        assert!(team.stored_on_duty().await.is_empty());
        let outlook = team.page().await.outlook;
        assert!(outlook.on_duty.is_empty());
        // Ann's ends first, to the minute.
        let left = outlook.away_until.unwrap().seconds_since(clock::now());
        assert!((HOUR - 120..=HOUR).contains(&left), "{left}");
        let home = team.backend.home(&caller()).await.unwrap();
        let needs = &home.needs.items[0];
        assert_eq!(needs.card.outlook.away_until, outlook.away_until);
    }
}

#[tokio::test]
async fn an_absence_for_one_rotation_leaves_others_as_they_are() {
    for database in databases().await {
        let team = team(database).await;
        let (first, other) = turns(&team).await;
        let elsewhere = AbsenceInput {
            rotations: vec!["0190".to_owned()],
            ..away(span(0, HOUR))
        };
        let refused = note(&team, &first, elsewhere).await;
        assert_eq!(refused, Outcome::Refused(AbsenceRefusal::NotYourRotation));
        assert_eq!(team.stored_on_duty().await, [first.as_str()]);
        let here = AbsenceInput {
            rotations: vec![team.id.to_string()],
            ..away(span(0, HOUR))
        };
        assert_eq!(note(&team, &first, here).await, Outcome::Done(()));
        assert_eq!(team.stored_on_duty().await, [other]);
        let own = noted(&team, &first).await.absences;
        assert!(own.iter().any(|absence| absence.rotations == ["Ops"]));
    }
}

#[tokio::test]
async fn whoever_joins_while_away_is_known_to_be() {
    for database in databases().await {
        let team = team(database).await;
        assert_eq!(
            note(&team, "Cy", away(span(0, HOUR))).await,
            Outcome::Done(())
        );
        let cy = vec![PersonId::new(id_of("Cy"))];
        let backend = &team.backend;
        let added = backend.add_members(&caller(), team.id.clone(), cy).await;
        assert!(matches!(added, Ok(Outcome::Done(_))));
        for name in ["Ann", "Bob"] {
            assert_eq!(
                note(&team, name, away(span(0, HOUR))).await,
                Outcome::Done(())
            );
        }
        assert!(team.stored_on_duty().await.is_empty());
    }
}

#[tokio::test]
async fn absences_that_make_no_sense_are_refused_by_field() {
    for database in databases().await {
        let team = team(database).await;
        let refused = async |input| match note(&team, "Bob", input).await {
            Outcome::Refused(AbsenceRefusal::Fields(problems)) => problems,
            other => panic!("{other:?}"),
        };
        for (span, problem) in [
            (span(HOUR, 0), SpanProblem::EndsBeforeStart),
            (span(-3 * HOUR, -HOUR), SpanProblem::IsOver),
            (span(0, 10 * 365 * 24 * HOUR), SpanProblem::TooLong),
        ] {
            let field = AbsenceField::Span(SpanField::Until);
            assert_eq!(refused(away(span)).await, [(field, problem.into())]);
        }
        let nowhere = AbsenceInput {
            zone: "Mars/Olympus".to_owned(),
            note: "x".repeat(201),
            ..away(span(0, HOUR))
        };
        let expected = [
            (AbsenceField::Note, AbsenceProblem::NoteTooLong),
            (AbsenceField::Zone, AbsenceProblem::Zone),
        ];
        assert_eq!(refused(nowhere).await, expected);
    }
}

/// The absences of the team, as the page has them for somebody.
async fn seen(team: &Team, by: &Caller) -> Vec<MemberAbsence> {
    let (id, days) = (team.id.clone(), DaysWanted::default());
    team.backend.rotation(by, id, days).await.unwrap().absences
}

#[tokio::test]
async fn a_note_for_all_rotations_is_for_admins_and_one_for_a_rotation_for_its_owners() {
    for database in databases().await {
        let team = team(database).await;
        let owner = PersonId::new(id_of("Bob"));
        let added = team
            .backend
            .add_owners(&caller(), team.id.clone(), vec![owner])
            .await;
        assert!(added.unwrap().done().is_some());
        let noted = |note: &str, from: i64, rotations: Vec<String>| AbsenceInput {
            note: note.to_owned(),
            rotations,
            ..away(span(from, from + HOUR))
        };
        let here = vec![team.id.to_string()];
        for input in [
            noted("Surgery", HOUR, Vec::new()),
            noted("Training", 3 * HOUR, here),
        ] {
            assert_eq!(note(&team, "Ann", input).await, Outcome::Done(()));
        }
        let notes = async |by: &Caller| {
            let seen = seen(&team, by).await;
            seen.into_iter()
                .map(|absence| absence.note)
                .collect::<Vec<_>>()
        };
        assert_eq!(notes(&by("Bob")).await, ["", "Training"]);
        let admin = Caller {
            role: Role::Admin,
            ..by("Cy")
        };
        assert_eq!(notes(&admin).await, ["Surgery", "Training"]);
    }
}

#[tokio::test]
async fn the_same_absence_again_is_refused_and_another_one_beside_it_is_not() {
    for database in databases().await {
        let team = team(database).await;
        let refused = Outcome::Refused(AbsenceRefusal::NotedAlready);
        let since_now = SpanInput {
            from: String::new(),
            ..span(0, HOUR)
        };
        for span in [since_now, span(2 * HOUR, 3 * HOUR)] {
            assert_eq!(
                note(&team, "Ann", away(span.clone())).await,
                Outcome::Done(())
            );
            let again = AbsenceInput {
                note: "Pressed twice".to_owned(),
                ..away(span)
            };
            assert_eq!(note(&team, "Ann", again).await, refused.clone());
        }
        let longer = away(span(2 * HOUR, 4 * HOUR));
        assert_eq!(note(&team, "Ann", longer).await, Outcome::Done(()));
        let here = AbsenceInput {
            rotations: vec![team.id.to_string()],
            ..away(span(2 * HOUR, 3 * HOUR))
        };
        assert_eq!(note(&team, "Ann", here).await, Outcome::Done(()));
        assert_eq!(noted(&team, "Ann").await.absences.len(), 4);
    }
}

#[tokio::test]
async fn a_preview_says_whose_shifts_change_and_saves_nothing() {
    for database in databases().await {
        let team = team(database).await;
        let (first, other) = turns(&team).await;
        let preview = async |name: &str, input: AbsenceInput| {
            let preview = team.backend.preview_absence(&by(name), input).await;
            preview.unwrap()
        };
        let input = away(span(0, 30 * 24 * HOUR));
        let Outcome::Done(effects) = preview(&first, input.clone()).await else {
            panic!("no preview");
        };
        let [effect] = effects.as_slice() else {
            panic!("{effects:?}");
        };
        assert_eq!(effect.name, "Ops");
        let names = |stretches: &[Stretch]| -> BTreeSet<String> {
            let holders = stretches.iter().filter_map(|one| one.holder.clone());
            holders.map(|holder| holder.name).collect()
        };
        assert!(names(&effect.lost).contains(&first), "{effect:?}");
        assert!(names(&effect.gained).contains(&other), "{effect:?}");
        assert_eq!(effect.nobody, []);
        assert_eq!(noted(&team, &first).await.absences, []);
        assert_eq!(team.stored_on_duty().await, [first.as_str()]);
        // It is what then happens.
        assert_eq!(note(&team, &first, input).await, Outcome::Done(()));
        assert_eq!(team.stored_on_duty().await, [other.as_str()]);
        let plan = team.page().await.plan;
        let until = effect.lost[0].ends_at;
        let has_it = |shift: &Stretch| {
            let holder = shift.holder.as_ref();
            holder.is_some_and(|holder| holder.name == first)
        };
        let before = plan.iter().filter(|shift| Some(shift.starts_at) < until);
        assert!(!before.clone().any(has_it), "{plan:?}");
        // Once both are away, nobody is left.
        let Outcome::Done(effects) = preview(&other, away(span(HOUR, 2 * HOUR))).await else {
            panic!("no preview");
        };
        assert_eq!(effects[0].nobody.len(), 1, "{effects:?}");
        // And somebody in no rotation changes nothing.
        let nothing = preview("Cy", away(span(0, HOUR))).await;
        assert_eq!(nothing, Outcome::Done(Vec::new()));
        let odd = preview(&first, away(span(HOUR, 0))).await;
        assert!(matches!(odd, Outcome::Refused(AbsenceRefusal::Fields(_))));
    }
}

#[tokio::test]
async fn of_a_hundred_absences_as_many_are_noted_as_fit_and_what_is_over_counts_for_a_month() {
    for database in databases().await {
        let team = team(database).await;
        let many = async |prefix: &str, count: usize, (from, until): (i64, i64)| {
            let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
            let [from, until] = [from, until].map(|at| clock::now().plus_seconds(at).as_millis());
            let insert = format!(
                "insert into absences (id, workspace_id, person_id, starts_at, ends_at,
                     everywhere, note)
                 with recursive numbers(number) as
                     (select 1 union all select number + 1 from numbers where number < {count})
                 select '{prefix}' || cast(number as text), '{}', '{}', {from} + number,
                     {until} + number, 1, '' from numbers",
                workspace(),
                id_of("Ann")
            );
            let insert = sqlx::query(AssertSqlSafe(insert));
            insert.execute(&mut other).await.unwrap();
            other.close().await.unwrap();
        };
        many("coming-", ABSENCES_MAX - 1, (24 * HOUR, 25 * HOUR)).await;
        let fits = note(&team, "Ann", away(span(HOUR, 2 * HOUR))).await;
        assert_eq!(fits, Outcome::Done(()));
        let refused = Outcome::Refused(AbsenceRefusal::TooMany);
        let one_more = away(span(3 * HOUR, 4 * HOUR));
        assert_eq!(note(&team, "Ann", one_more.clone()).await, refused);
        let own = noted(&team, "Ann").await.absences;
        assert_eq!(own.len(), ABSENCES_MAX);
        let first = own[0].id.clone();
        let removed = team.backend.remove_absence(&by("Ann"), first).await;
        assert_eq!(removed.unwrap(), Outcome::Done(()));
        many("over-", ABSENCES_KEPT_MAX, (-3 * HOUR, -2 * HOUR)).await;
        let refused = Outcome::Refused(AbsenceRefusal::TooManyLately);
        assert_eq!(note(&team, "Ann", one_more).await, refused);
        let stored = rotation(&team.services.store, &team.id).await;
        let read = stored.plan.rota().unwrap().absences.len();
        assert_eq!(read, ABSENCES_MAX - 1, "what is over is not read");
    }
}

/// A transaction of another server on this database, as far as these statements bring it.
async fn held(team: &Team, statements: &[String]) -> AnyConnection {
    let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
    other.execute("begin").await.unwrap();
    for statement in statements {
        let statement = AssertSqlSafe(statement.clone());
        other.execute(statement).await.unwrap();
    }
    other
}

const CY_IS_HELD: &str = "select id from people where id = 'U3' for update";
/// How long a statement certainly waits for another one that is not there.
const WAITING: Duration = Duration::from_millis(700);

#[tokio::test]
async fn whoever_joins_while_their_absence_is_being_noted_is_known_to_be_away() {
    let Some(database) = postgres().await else {
        return;
    };
    let team = team(database).await;
    for name in ["Ann", "Bob"] {
        let both = note(&team, name, away(span(0, HOUR))).await;
        assert_eq!(both, Outcome::Done(()));
    }
    let now = clock::now().as_millis();
    let noting = format!(
        "insert into absences (id, workspace_id, person_id, starts_at, ends_at, everywhere, note)
         values ('held', '{}', 'U3', {now}, {now} + 3600000, 1, '')",
        workspace()
    );
    let mut other = held(&team, &[CY_IS_HELD.to_owned(), noting]).await;
    let (backend, id) = (RoundRobin::new(team.services.clone()), team.id.clone());
    let joining = tokio::spawn(async move {
        let cy = vec![PersonId::new("U3")];
        backend.add_members(&caller(), id, cy).await
    });
    time::sleep(WAITING).await;
    assert!(
        !joining.is_finished(),
        "nobody knows yet whether Cy is away"
    );
    other.execute("commit").await.unwrap();
    let joined = joining.await.unwrap();
    assert!(matches!(joined, Ok(Outcome::Done(_))), "{joined:?}");
    assert!(team.stored_on_duty().await.is_empty());
}

#[tokio::test]
async fn whoever_notes_an_absence_while_being_added_to_a_rotation_is_passed_over_there() {
    let Some(database) = postgres().await else {
        return;
    };
    let team = team(database).await;
    let joining = [
        format!("update rotations set mode = mode where id = '{}'", team.id),
        CY_IS_HELD.to_owned(),
        format!(
            "insert into rotation_members (rotation_id, workspace_id, key, position, person_id, name)
             values ('{}', '{}', 'slack:U3', 2, 'U3', 'Cy')",
            team.id,
            workspace()
        ),
    ];
    let as_of = async || {
        let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
        let (as_of,): (i64,) = sqlx::query_as("select as_of from rotas")
            .fetch_one(&mut other)
            .await
            .unwrap();
        as_of
    };
    let before = as_of().await;
    let mut other = held(&team, &joining).await;
    let backend = RoundRobin::new(team.services.clone());
    let noting = tokio::spawn(async move {
        let input = away(span(0, HOUR));
        backend.note_absence(&by("Cy"), input).await
    });
    time::sleep(WAITING).await;
    assert!(
        !noting.is_finished(),
        "nobody knows yet where Cy takes turns"
    );
    other.execute("commit").await.unwrap();
    assert_eq!(noting.await.unwrap().unwrap(), Outcome::Done(()));
    assert!(as_of().await > before, "the rotation was reckoned anew");
    let stored = rotation(&team.services.store, &team.id).await;
    assert_eq!(stored.plan.rota().unwrap().absences.len(), 1);
}

#[tokio::test]
async fn those_whose_shifts_change_by_an_absence_are_told_ahead_of_those_they_have_then() {
    for database in databases().await {
        let team = team(database).await;
        let (first, other) = turns(&team).await;
        team.remind().await;
        let targets = [&first, &other].map(|name| format!("slack:{}", id_of(name)));
        let told = team.told_ahead().await;
        assert!(
            targets.iter().all(|target| told.contains(target)),
            "{told:?}"
        );
        // Longer than anything is planned: whoever stays is on duty all the time.
        let ten_weeks = away(span(0, 10 * 7 * 24 * HOUR));
        assert_eq!(note(&team, &first, ten_weeks).await, Outcome::Done(()));
        assert!(!team.told_ahead().await.contains(&targets[0]));
        let own = noted(&team, &first).await.absences.remove(0).id;
        let removed = team.backend.remove_absence(&by(&first), own).await;
        assert_eq!(removed.unwrap(), Outcome::Done(()));
        let told = team.told_ahead().await;
        assert!(
            targets.iter().all(|target| told.contains(target)),
            "{told:?}"
        );
    }
}
