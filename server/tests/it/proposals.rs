//! Changes without a form of their own: what is shown of them before, and what then happens.

use crate::{
    overrides::{id_of, key, span, team},
    rotas::Team,
    support::{caller, databases},
};
use app::backend::{Absences, Caller, Overrides, Rotations, Schedules};
use std::collections::BTreeSet;
use types::{
    AbsenceInput, CoverId, Denial, MemberKey, Outcome, OverrideChoice, OverrideId, OverrideInput,
    OverrideRefusal, PersonId, Proposal, ProposalView, Role, RotationMode, RotationRefusal,
    ScheduleChoice, ShiftEffect, Stretch,
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

async fn answer(
    team: &Team,
    who: &Caller,
    proposal: Proposal,
) -> Outcome<ProposalView, OverrideRefusal> {
    let id = team.id.clone();
    let shown = team.backend.preview_proposal(who, id, proposal).await;
    shown.unwrap()
}

async fn shown(team: &Team, who: &Caller, proposal: Proposal) -> ProposalView {
    match answer(team, who, proposal).await {
        Outcome::Done(shown) => shown,
        Outcome::Refused(refusal) => panic!("{refusal}"),
    }
}

/// Who has which of the first shifts, and until when.
fn plan(stretches: &[Stretch]) -> Vec<(String, Option<types::Timestamp>)> {
    let shifts = stretches.iter().map(|one| {
        let holder = one.holder.as_ref().map(|holder| holder.name.clone());
        (holder.unwrap_or_default(), one.ends_at)
    });
    shifts.take(6).collect()
}

fn names(stretches: &[Stretch]) -> BTreeSet<String> {
    let holders = stretches.iter().filter_map(|one| one.holder.as_ref());
    holders.map(|holder| holder.name.clone()).collect()
}

/// Who is on duty, and who is not.
async fn turns(team: &Team) -> (String, String) {
    let first = team.stored_on_duty().await.remove(0);
    let other = if first == "Ann" { "Bob" } else { "Ann" };
    (first, other.to_owned())
}

fn member(name: &str) -> MemberKey {
    MemberKey::of_person(&PersonId::new(id_of(name)))
}

#[tokio::test]
async fn what_is_shown_of_adding_moving_and_removing_members_is_what_then_happens() {
    for database in databases().await {
        let team = team(database).await;
        let (backend, caller) = (&team.backend, caller());
        let (first, _) = turns(&team).await;
        let before = plan(&team.page().await.plan);

        let cy = vec![PersonId::new(id_of("Cy"))];
        let added = shown(&team, &caller, Proposal::Add(cy.clone())).await;
        assert_eq!(added.name, "Ops");
        assert_eq!(added.preview.words, "Added to the end of the order");
        assert_eq!(added.preview.names, ["Cy"]);
        assert!(names(&added.preview.gained).contains("Cy"));
        assert_eq!(plan(&team.page().await.plan), before, "nothing is saved");
        let done = backend.add_members(&caller, team.id.clone(), cy).await;
        assert!(matches!(done, Ok(Outcome::Done(_))), "{done:?}");
        assert_eq!(plan(&team.page().await.plan), plan(&added.preview.plan));

        let up = Proposal::Move(member("Cy"), types::MoveDirection::Up);
        let moved = shown(&team, &caller, up).await;
        assert_eq!(moved.preview.words, "Moved up");
        assert_eq!(moved.preview.names, ["Cy"]);
        let direction = types::MoveDirection::Up;
        let done = backend
            .move_member(&caller, team.id.clone(), member("Cy"), direction)
            .await;
        assert!(matches!(done, Ok(Outcome::Done(()))), "{done:?}");
        assert_eq!(plan(&team.page().await.plan), plan(&moved.preview.plan));

        let removed = shown(&team, &caller, Proposal::Remove(member(&first))).await;
        assert!(names(&removed.preview.lost).contains(&first));
        assert!(!names(&removed.preview.plan).contains(&first));
        let done = backend
            .remove_member(&caller, team.id.clone(), member(&first))
            .await;
        assert!(matches!(done, Ok(Outcome::Done(_))), "{done:?}");
        assert_eq!(plan(&team.page().await.plan), plan(&removed.preview.plan));

        let again = answer(&team, &caller, Proposal::Remove(member(&first))).await;
        let gone = OverrideRefusal::from(RotationRefusal::NotAMember);
        assert_eq!(again, Outcome::Refused(gone));
        let nobody = answer(&team, &caller, Proposal::Add(Vec::new())).await;
        let nobody_chosen = OverrideRefusal::from(RotationRefusal::NobodyChosen);
        assert_eq!(nobody, Outcome::Refused(nobody_chosen));
    }
}

#[tokio::test]
async fn what_is_shown_of_a_cover_and_of_its_end_is_what_then_happens() {
    for database in databases().await {
        let team = team(database).await;
        let backend = &team.backend;
        let (first, other) = turns(&team).await;
        let asking = OverrideInput {
            kind: OverrideChoice::Cover,
            of: key(id_of(&first)),
            span: span(0, 2 * HOUR),
            ..OverrideInput::default()
        };
        let id = team.id.clone();
        let asked = backend.ask_for_cover(&by(&first), id, asking).await;
        assert_eq!(asked.unwrap(), Outcome::Done(()));
        let cover = team.page().await.covers[0].id.clone();

        let taking = Proposal::Take(cover.clone());
        let own = answer(&team, &by(&first), taking.clone()).await;
        assert_eq!(own, Outcome::Refused(OverrideRefusal::OwnRequest));
        let taken = shown(&team, &by(&other), taking).await.preview;
        assert_eq!(names(&taken.lost), BTreeSet::from([first.clone()]));
        assert_eq!(names(&taken.gained), BTreeSet::from([other.clone()]));
        assert_eq!(team.stored_on_duty().await, [first.as_str()]);
        let done = backend
            .take_cover(&by(&other), team.id.clone(), cover)
            .await;
        assert_eq!(done.unwrap(), Outcome::Done(()));
        assert_eq!(plan(&team.page().await.plan), plan(&taken.plan));

        let one = team.page().await.overrides[0].id.clone();
        let ended = shown(&team, &by(&other), Proposal::End(one.clone())).await;
        assert!(!ended.to_come);
        let ended = ended.preview;
        assert!(ended.words.starts_with("No longer: "), "{}", ended.words);
        assert_eq!(names(&ended.lost), BTreeSet::from([other.clone()]));
        assert_eq!(names(&ended.gained), BTreeSet::from([first.clone()]));
        assert_eq!(team.stored_on_duty().await, [other.as_str()]);
        let done = backend
            .end_override(&by(&other), team.id.clone(), one)
            .await;
        assert_eq!(done.unwrap(), Outcome::Done(()));
        assert_eq!(plan(&team.page().await.plan), plan(&ended.plan));
    }
}

#[tokio::test]
async fn what_is_shown_of_manual_is_that_nobody_takes_over() {
    for database in databases().await {
        let team = team(database).await;
        let (first, other) = turns(&team).await;
        let manual = shown(&team, &caller(), Proposal::MakeManual).await;
        let preview = &manual.preview;
        assert_eq!(plan(&preview.plan), [(first.clone(), None)]);
        assert!(preview.compared);
        assert_eq!(names(&preview.lost), BTreeSet::from([other.clone()]));
        assert_eq!(names(&preview.gained), BTreeSet::from([first.clone()]));
        let page = team.page().await;
        assert_eq!(page.mode, RotationMode::Scheduled);
        assert_eq!(page.version, manual.version);
        let id = team.id.clone();
        let set = team
            .backend
            .set_schedule(&caller(), id, ScheduleChoice::Manual.into())
            .await;
        assert_eq!(set.unwrap(), Outcome::Done(()));
        assert_eq!(team.stored_on_duty().await, [first.as_str()]);
        // By hand there are no shifts that somebody could lose.
        let removed = shown(&team, &caller(), Proposal::Remove(member(&other))).await;
        assert_eq!(removed.preview.lost, []);
        assert_eq!(removed.preview.gained, []);
        assert!(!removed.preview.compared);
    }
}

#[tokio::test]
async fn what_is_shown_of_the_end_of_an_absence_is_what_then_happens() {
    for database in databases().await {
        let team = team(database).await;
        let backend = &team.backend;
        let (first, other) = turns(&team).await;
        let away = AbsenceInput {
            zone: "UTC".to_owned(),
            span: span(0, 30 * 24 * HOUR),
            ..AbsenceInput::default()
        };
        let noted = backend.note_absence(&by(&first), away).await;
        assert_eq!(noted.unwrap(), Outcome::Done(()));
        assert_eq!(team.stored_on_duty().await, [other.as_str()]);
        let absences = backend.absences(&by(&first)).await.unwrap().absences;
        let id = absences[0].id.clone();
        let shown = backend.preview_removal(&by(&first), id.clone()).await;
        let Ok(Outcome::Done(effects)) = shown else {
            panic!("{shown:?}");
        };
        let [
            ShiftEffect {
                name,
                gained,
                lost,
                nobody,
            },
        ] = effects.as_slice()
        else {
            panic!("{effects:?}");
        };
        assert_eq!(name, "Ops");
        assert!(names(gained).contains(&first), "{gained:?}");
        assert!(names(lost).contains(&other), "{lost:?}");
        assert_eq!(nobody, &[]);
        assert_eq!(team.stored_on_duty().await, [other.as_str()]);
        let removed = backend.remove_absence(&by(&first), id.clone()).await;
        assert_eq!(removed.unwrap(), Outcome::Done(()));
        assert_eq!(team.stored_on_duty().await, [first.as_str()]);
        let again = backend.preview_removal(&by(&first), id).await.unwrap();
        assert_eq!(again, Outcome::Refused(types::AbsenceRefusal::Gone));
    }
}

#[tokio::test]
async fn whoever_may_not_make_a_change_is_shown_nothing_of_it() {
    for database in databases().await {
        let team = team(database).await;
        let (first, other) = turns(&team).await;
        let id = team.id.clone();
        let refused = team
            .backend
            .preview_proposal(&by("Cy"), id, Proposal::Remove(member(&first)))
            .await;
        assert!(matches!(
            refused,
            Err(app::AppError::Forbidden(Denial::EditRotation))
        ));
        let input = OverrideInput {
            kind: OverrideChoice::Replace,
            of: key(id_of(&first)),
            person: id_of(&other).to_owned(),
            span: span(HOUR, 2 * HOUR),
        };
        let made = team
            .backend
            .make_override(&caller(), team.id.clone(), input)
            .await;
        assert_eq!(made.unwrap(), Outcome::Done(()));
        let one = team.page().await.overrides[0].id.clone();
        let others = answer(&team, &by("Cy"), Proposal::End(one.clone())).await;
        assert_eq!(others, Outcome::Refused(OverrideRefusal::OnlyYourself));
        assert!(shown(&team, &caller(), Proposal::End(one)).await.to_come);
        let none = Proposal::End(OverrideId::new("none"));
        let gone = answer(&team, &caller(), none).await;
        assert_eq!(gone, Outcome::Refused(OverrideRefusal::Gone));
        let none = Proposal::Take(CoverId::new("none"));
        let gone = answer(&team, &caller(), none).await;
        assert_eq!(gone, Outcome::Refused(OverrideRefusal::RequestGone));
    }
}
