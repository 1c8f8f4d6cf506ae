//! When people are away, and who is on duty meanwhile.

use crate::{
    overrides::{id_of, span, team},
    rotas::Team,
    support::{caller, databases},
};
use app::backend::{Absences, Caller, Rotations};
use server::clock;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use types::{
    AbsenceField, AbsenceInput, AbsenceProblem, AbsenceRefusal, AbsencesView, Outcome, PersonId,
    Role, SpanField, SpanInput, SpanProblem,
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
        assert!(team.page().await.outlook.on_duty.is_empty());
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
