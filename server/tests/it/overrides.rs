//! Overrides of rotations' own schedules, from the form to who is on duty.

use crate::{
    rotas::Team,
    support::{Database, bound::Bound, caller, create, databases, rotation, told, workspace},
};
use app::backend::{Absences, Audit, Caller, Overrides, Rotations, Schedules, Weeks};
use domain::{Person, rota::Zone};
use server::{backend::RoundRobin, clock, hand_offs::Due};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use std::time::Duration;
use types::{
    AbsenceInput, DaysWanted, Denial, MemberKey, OVERRIDES_KEPT_MAX, OVERRIDES_MAX, Outcome,
    OverrideChoice, OverrideField, OverrideInput, OverrideProblem, OverrideRefusal, OverrideView,
    PersonId, RemarkKind, Role, RotaInput, RotationFilter, RotationInput, ScheduleChoice,
    Selection, SpanField, SpanInput, SpanProblem, Stretch, Timestamp, Visibility, WeekFilter,
    WhichOne,
};

const ANN: &str = "U1";
const BOB: &str = "U2";
const CY: &str = "U3";
const GUS: &str = "U4";
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

/// What clocks of the schedule show so many seconds from now.
pub fn civil(seconds: i64) -> String {
    let zone = Zone::named("UTC").unwrap();
    let at = zone.civil(clock::now().plus_seconds(seconds));
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}

pub fn span(from: i64, until: i64) -> SpanInput {
    SpanInput {
        from: civil(from),
        until: civil(until),
        ..SpanInput::default()
    }
}

/// Ann and Bob, who take turns once a day, and far from now; and Cy, who is in no rotation.
pub async fn team(database: Database) -> Team {
    let team = Team::of_two(database).await;
    let cy = person(CY, "Cy", false);
    let store = &team.services.store;
    let known = [told(&cy, clock::now())];
    store.save_told(&workspace(), &known).await.unwrap();
    team.schedule(RotaInput {
        times: civil(12 * HOUR)[11..].to_owned(),
        zone: "UTC".to_owned(),
        starts_on: "2026-01-01".to_owned(),
        ..RotaInput::default()
    })
    .await;
    team.asleep().await;
    team.hand_over().await;
    team
}

fn person(id: &str, name: &str, deactivated: bool) -> Person {
    Person {
        id: PersonId::new(id),
        name: name.to_owned(),
        email: None,
        role: Role::Member,
        deactivated,
    }
}

pub fn id_of(name: &str) -> &'static str {
    match name {
        "Ann" => ANN,
        "Bob" => BOB,
        _ => CY,
    }
}

pub fn key(id: &str) -> String {
    MemberKey::of_person(&PersonId::new(id)).to_string()
}

fn replace(of: &str, person: &str, span: SpanInput) -> OverrideInput {
    OverrideInput {
        kind: OverrideChoice::Replace,
        of: key(of),
        person: person.to_owned(),
        span,
    }
}

async fn make(team: &Team, input: OverrideInput) -> Outcome<(), OverrideRefusal> {
    let id = team.id.clone();
    let made = team.backend.make_override(&caller(), id, input).await;
    made.unwrap()
}

async fn made(team: &Team, input: OverrideInput) {
    assert_eq!(make(team, input).await, Outcome::Done(()));
}

async fn end(team: &Team, one: &OverrideView) -> Outcome<(), OverrideRefusal> {
    let (id, one) = (team.id.clone(), one.id.clone());
    let ended = team.backend.end_override(&caller(), id, one).await;
    ended.unwrap()
}

/// The one who is on duty, on the page, on the card and as it is stored.
async fn on_duty(team: &Team) -> String {
    let page = team.page().await.outlook.on_duty;
    let names: Vec<_> = page.into_iter().map(|duty| duty.holder.name).collect();
    assert_eq!(names, team.stored_on_duty().await);
    let cards = team.backend.rotations(&caller(), Default::default()).await;
    let card = cards.unwrap().cards.pop().unwrap().outlook.on_duty;
    assert_eq!(names.len(), card.len());
    names.join("+")
}

/// Who has a shift, and until when. The first one has begun before it was planned.
fn ends(plan: &[Stretch]) -> Vec<(Option<&str>, Option<Timestamp>)> {
    let shifts = plan.iter().map(|stretch| {
        let holder = stretch.holder.as_ref();
        (holder.map(|holder| holder.name.as_str()), stretch.ends_at)
    });
    shifts.collect()
}

/// As if time had passed until the overrides end.
async fn let_them_end(team: &Team) {
    let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
    let now = clock::now().as_millis();
    for statement in [
        format!("update overrides set ends_at = {now}"),
        "update rotations set next_change_at = 0".to_owned(),
    ] {
        let statement = sqlx::query(AssertSqlSafe(statement));
        statement.execute(&mut other).await.unwrap();
    }
    other.close().await.unwrap();
}

#[tokio::test]
async fn an_override_relieves_at_once_and_whoever_was_on_duty_comes_back_at_its_end() {
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        made(&team, replace(id_of(&first), CY, span(-5 * MINUTE, HOUR))).await;
        assert_eq!(on_duty(&team).await, "Cy");
        let page = team.page().await;
        let duty = &page.outlook.on_duty[0];
        let by_override = duty.by_override.as_ref().expect("it is marked as one");
        assert_eq!(by_override.instead_of, [first.as_str()]);
        let [one] = page.overrides.as_slice() else {
            panic!("{:?}", page.overrides);
        };
        assert!(one.runs && one.may_end && !one.has_left);
        assert_eq!(one.by.as_ref().unwrap().name, "Cy");
        assert_eq!(one.of.as_ref(), Some(&first));
        assert_eq!(one.made_by.as_deref(), Some("Ann"));
        assert_eq!(duty.until, Some(one.ends_at));
        // What has been stays as it was.
        let history = &page.history;
        assert_eq!(history[0].holder.as_ref().unwrap().name, "Cy");
        assert_eq!(history[1].holder.as_ref().unwrap().name, first);
        assert_eq!(history[1].ends_at, Some(history[0].starts_at));
        let store = &team.services.store;
        let hours = Duration::from_secs(7200);
        let next = store.next_hand_offs(hours).await.unwrap();
        assert_eq!(next.len(), 1, "the clock looks at its end");
        let_them_end(&team).await;
        assert_eq!(team.hand_over().await, Due::Now);
        assert_eq!(on_duty(&team).await, first);
        assert_eq!(team.page().await.overrides, []);
    }
}

#[tokio::test]
async fn the_later_made_wins_and_ending_it_brings_back_the_one_below() {
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        let other = if first == "Ann" { "Bob" } else { "Ann" };
        made(&team, replace(id_of(&first), CY, span(0, 3 * HOUR))).await;
        made(&team, replace(CY, id_of(other), span(0, HOUR))).await;
        assert_eq!(on_duty(&team).await, other);
        let page = team.page().await;
        let marked = page.outlook.on_duty[0].by_override.clone().unwrap();
        assert_eq!(marked.instead_of, ["Cy"]);
        let over = page
            .overrides
            .iter()
            .find(|one| one.of.as_deref() == Some("Cy"));
        assert_eq!(end(&team, over.unwrap()).await, Outcome::Done(()));
        assert_eq!(on_duty(&team).await, "Cy");
        let again = end(&team, over.unwrap()).await;
        assert_eq!(again, Outcome::Refused(OverrideRefusal::Gone));
        let below = &team.page().await.overrides[0];
        assert_eq!(end(&team, below).await, Outcome::Done(()));
        assert_eq!(on_duty(&team).await, first);
    }
}

#[tokio::test]
async fn a_place_is_left_empty_and_somebody_comes_in_addition() {
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        let empty = OverrideInput {
            kind: OverrideChoice::Empty,
            of: key(id_of(&first)),
            span: span(0, HOUR),
            ..OverrideInput::default()
        };
        made(&team, empty).await;
        assert_eq!(on_duty(&team).await, "");
        let add = OverrideInput {
            kind: OverrideChoice::Add,
            person: CY.to_owned(),
            span: span(0, HOUR),
            ..OverrideInput::default()
        };
        made(&team, add).await;
        assert_eq!(on_duty(&team).await, "Cy");
        let empty = team.page().await.overrides;
        let empty = empty.iter().find(|one| one.kind == OverrideChoice::Empty);
        assert_eq!(end(&team, empty.unwrap()).await, Outcome::Done(()));
        assert_eq!(on_duty(&team).await, format!("{first}+Cy"));
    }
}

#[tokio::test]
async fn a_coming_one_moves_the_clock_and_is_removed_without_a_trace() {
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        let store = &team.services.store;
        let hours = Duration::from_secs(2 * 3600);
        assert_eq!(store.next_hand_offs(hours).await.unwrap(), []);
        let plan = team.page().await.plan;
        made(&team, replace(id_of(&first), CY, span(HOUR, 2 * HOUR))).await;
        assert_eq!(store.next_hand_offs(hours).await.unwrap().len(), 1);
        assert_eq!(on_duty(&team).await, first);
        let page = team.page().await;
        assert!(!page.overrides[0].runs);
        assert_ne!(ends(&page.plan), ends(&plan));
        assert_eq!(page.outlook.next.unwrap().names, ["Cy"]);
        assert_eq!(end(&team, &page.overrides[0]).await, Outcome::Done(()));
        assert_eq!(store.next_hand_offs(hours).await.unwrap(), []);
        assert_eq!(ends(&team.page().await.plan), ends(&plan));
    }
}

#[tokio::test]
async fn a_preview_says_who_loses_and_gains_what_and_saves_nothing() {
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        let input = replace(id_of(&first), CY, span(HOUR, 2 * HOUR));
        let (id, backend) = (team.id.clone(), &team.backend);
        let previewed = backend.preview_override(&caller(), id, input.clone()).await;
        let Outcome::Done(preview) = previewed.unwrap() else {
            panic!("no preview");
        };
        let expected = format!("Cy instead of {first}, ");
        assert!(preview.words.starts_with(&expected), "{}", preview.words);
        let gained = &preview.gained;
        let by_cy = |stretch: &&Stretch| {
            let holder = stretch.holder.as_ref();
            holder.is_some_and(|holder| holder.name == "Cy")
        };
        assert_eq!(gained.iter().filter(by_cy).count(), 1, "{gained:?}");
        assert_eq!(team.page().await.overrides, []);
        made(&team, input).await;
        let page = team.page().await;
        assert_eq!(ends(&page.plan)[..4], ends(&preview.plan)[..4]);
    }
}

#[tokio::test]
async fn whoever_leaves_slack_does_not_go_on_duty_by_an_override() {
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        made(&team, replace(id_of(&first), CY, span(0, HOUR))).await;
        assert_eq!(on_duty(&team).await, "Cy");
        let store = &team.services.store;
        let left = [told(&person(CY, "Cy", true), clock::now())];
        store.save_told(&workspace(), &left).await.unwrap();
        team.hand_over().await;
        assert_eq!(on_duty(&team).await, first);
        let page = team.page().await;
        assert!(page.overrides[0].has_left, "the page says why");
        let again = make(&team, replace(id_of(&first), CY, span(0, HOUR))).await;
        let problem = (OverrideField::Person, OverrideProblem::Deactivated);
        let refused = OverrideRefusal::Fields(vec![problem]);
        assert_eq!(again, Outcome::Refused(refused));
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_field() {
    for database in databases().await {
        let team = team(database).await;
        let refused = async |input: OverrideInput| match make(&team, input).await {
            Outcome::Refused(OverrideRefusal::Fields(problems)) => problems,
            other => panic!("{other:?}"),
        };
        let until = |problem| {
            vec![(
                OverrideField::Span(SpanField::Until),
                OverrideProblem::Span(problem),
            )]
        };
        let cases = [
            (span(HOUR, 0), SpanProblem::EndsBeforeStart),
            (span(-3 * HOUR, -HOUR), SpanProblem::IsOver),
            (span(0, 367 * 24 * HOUR), SpanProblem::TooLong),
        ];
        for (span, problem) in cases {
            assert_eq!(refused(replace(ANN, CY, span)).await, until(problem));
        }
        let nobody = refused(OverrideInput::default()).await;
        assert_eq!(nobody.len(), 3, "{nobody:?}");
        let problems = refused(replace(CY, "U9", span(0, HOUR))).await;
        let expected = vec![
            (OverrideField::Of, OverrideProblem::NotAMember),
            (OverrideField::Person, OverrideProblem::NotKnown),
        ];
        assert_eq!(problems, expected);
        let problems = refused(replace(ANN, ANN, span(0, HOUR))).await;
        let expected = vec![(OverrideField::Person, OverrideProblem::Oneself)];
        assert_eq!(problems, expected);
        assert_eq!(team.page().await.overrides, []);
    }
}

#[tokio::test]
async fn a_time_in_a_gap_is_refused_and_one_in_a_fold_asks_which() {
    for database in databases().await {
        let team = team(database).await;
        team.schedule(RotaInput {
            zone: "Europe/Berlin".to_owned(),
            times: "09:00".to_owned(),
            starts_on: "2026-01-01".to_owned(),
            ..RotaInput::default()
        })
        .await;
        let night = |from: &str, until: &str, until_which| SpanInput {
            from: from.to_owned(),
            until: until.to_owned(),
            until_which,
            ..SpanInput::default()
        };
        let gap = night("2027-03-28T02:30", "2027-03-28T08:00", WhichOne::Unasked);
        let gap = make(&team, replace(ANN, CY, gap)).await;
        let missing = SpanProblem::Missing {
            before: "2027-03-28 01:59".to_owned(),
            after: "2027-03-28 03:00".to_owned(),
        };
        let field = OverrideField::Span(SpanField::From);
        let expected = OverrideRefusal::Fields(vec![(field, missing.into())]);
        assert_eq!(gap, Outcome::Refused(expected));
        let fold = |which| night("2027-10-30T20:00", "2027-10-31T02:30", which);
        let asked = make(&team, replace(ANN, CY, fold(WhichOne::Unasked))).await;
        assert!(matches!(asked, Outcome::Refused(_)));
        for (which, read) in [
            (WhichOne::First, "2027-10-31 02:30 UTC+02:00, "),
            (WhichOne::Second, "2027-10-31 02:30 UTC+01:00, "),
        ] {
            let input = replace(ANN, CY, fold(which));
            let (id, backend) = (team.id.clone(), &team.backend);
            let preview = backend.preview_override(&caller(), id, input.clone()).await;
            let Outcome::Done(preview) = preview.unwrap() else {
                panic!("no preview");
            };
            assert!(preview.words.contains(read), "{}", preview.words);
            made(&team, input).await;
            let log = team.backend.audit(&caller(), None).await.unwrap();
            let newest = log.entries[0].after.clone().unwrap_or_default();
            assert!(newest.contains(read), "{newest}");
        }
        let ends: Vec<Timestamp> = team
            .page()
            .await
            .overrides
            .iter()
            .map(|one| one.ends_at)
            .collect();
        assert_eq!(ends[1].seconds_since(ends[0]), HOUR);
    }
}

#[tokio::test]
async fn a_member_takes_over_themselves_and_others_decide_for_anybody() {
    for database in databases().await {
        let team = team(database).await;
        let bob = Caller {
            person: PersonId::new(BOB),
            name: "Bob".to_owned(),
            role: Role::Member,
            ..caller()
        };
        let asked = async |caller: &Caller, input| {
            team.backend
                .make_override(caller, team.id.clone(), input)
                .await
        };
        let for_cy = asked(&bob, replace(ANN, CY, span(HOUR, 2 * HOUR))).await;
        let refused = Outcome::Refused(OverrideRefusal::OnlyYourself);
        assert_eq!(for_cy.unwrap(), refused);
        let himself = asked(&bob, replace(ANN, BOB, span(HOUR, 2 * HOUR))).await;
        assert_eq!(himself.unwrap(), Outcome::Done(()));
        let cy = Caller {
            person: PersonId::new(CY),
            name: "Cy".to_owned(),
            ..bob.clone()
        };
        let stranger = asked(&cy, replace(ANN, CY, span(HOUR, 2 * HOUR))).await;
        assert_eq!(
            stranger,
            Err(app::AppError::Forbidden(Denial::EditRotation))
        );
        let one = team.page().await.overrides[0].id.clone();
        let ended = team
            .backend
            .end_override(&cy, team.id.clone(), one.clone())
            .await;
        assert_eq!(ended.unwrap(), refused);
        let ended = team.backend.end_override(&bob, team.id.clone(), one).await;
        assert_eq!(ended.unwrap(), Outcome::Done(()));
    }
}

#[tokio::test]
async fn where_pagerduty_or_people_decide_there_is_nothing_to_override() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        let (_, id) = bound.rotations[0].clone();
        let made = bound
            .backend()
            .make_override(&caller(), id, replace(ANN, BOB, span(0, HOUR)))
            .await;
        let refused = Outcome::Refused(OverrideRefusal::Bound);
        assert_eq!(made.unwrap(), refused);
        let by_hand = create(&bound.services.store, "By hand").await;
        let backend = RoundRobin::new(bound.services.clone());
        let made = backend
            .make_override(&caller(), by_hand.clone(), replace(ANN, BOB, span(0, HOUR)))
            .await;
        assert_eq!(made.unwrap(), Outcome::Refused(OverrideRefusal::ByHand));
        let unchanged = rotation(&bound.services.store, &by_hand).await;
        assert!(unchanged.crew.duties.is_empty());
    }
}

#[tokio::test]
async fn cover_is_asked_for_and_of_two_who_take_it_the_second_is_told_who_was_quicker() {
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        let other = if first == "Ann" { "Bob" } else { "Ann" };
        let by = |name: &str| Caller {
            person: PersonId::new(id_of(name)),
            name: name.to_owned(),
            role: Role::Member,
            ..caller()
        };
        let (id, backend) = (&team.id, &team.backend);
        let ask = async |name: &str, of: &str| {
            let input = OverrideInput {
                kind: OverrideChoice::Cover,
                of: of.to_owned(),
                span: span(0, HOUR),
                ..OverrideInput::default()
            };
            let asked = backend.ask_for_cover(&by(name), id.clone(), input).await;
            asked.unwrap()
        };
        let refused = Outcome::Refused(OverrideRefusal::NotYourShift);
        assert_eq!(ask("Bob", &key(ANN)).await, refused.clone());
        let preview = OverrideInput {
            kind: OverrideChoice::Cover,
            span: span(0, HOUR),
            ..OverrideInput::default()
        };
        let asker = by(&first);
        let preview = backend.preview_override(&asker, id.clone(), preview).await;
        let nothing = Outcome::Refused(OverrideRefusal::NothingToPreview);
        assert_eq!(preview.unwrap(), nothing);
        assert_eq!(ask(&first, "").await, Outcome::Done(()));
        let page = team.page().await;
        assert_eq!(page.covers[0].asked_by, first);
        assert_eq!(on_duty(&team).await, first, "nothing changes by asking");
        let cover = page.covers[0].id.clone();
        let take = async |name: &str| {
            let by = by(name);
            let taken = backend.take_cover(&by, id.clone(), cover.clone()).await;
            taken.unwrap()
        };
        let own = Outcome::Refused(OverrideRefusal::OwnRequest);
        assert_eq!(take(&first).await, own);
        let (cy, late) = tokio::join!(take("Cy"), take(other));
        let (taker, loser) = match cy {
            Outcome::Done(()) => ("Cy", late),
            cy => (other, cy),
        };
        let told = OverrideRefusal::Taken(taker.to_owned());
        assert_eq!(loser, Outcome::Refused(told));
        assert_eq!(on_duty(&team).await, taker);
        assert_eq!(team.page().await.covers, []);
        // Whoever backs out leaves it to others.
        let made = team.page().await.overrides[0].id.clone();
        let ended = backend.end_override(&by(taker), id.clone(), made).await;
        assert_eq!(ended.unwrap(), Outcome::Done(()));
        assert_eq!(on_duty(&team).await, first);
        assert_eq!(team.page().await.covers[0].id, cover);
        let other_one = if taker == "Cy" { other } else { "Cy" };
        assert_eq!(take(other_one).await, Outcome::Done(()));
        assert_eq!(on_duty(&team).await, other_one);
        // One that is withdrawn is nobody's any more.
        let again = OverrideRefusal::AskedAlready;
        assert_eq!(ask(&first, "").await, Outcome::Refused(again));
        let made = team.page().await.overrides[0].id.clone();
        let ended = backend.end_override(&by(other_one), id.clone(), made).await;
        assert_eq!(ended.unwrap(), Outcome::Done(()));
        let open = team.page().await.covers[0].id.clone();
        let withdraw = async |name: &str| {
            let by = by(name);
            let gone = backend.withdraw_cover(&by, id.clone(), open.clone()).await;
            gone.unwrap()
        };
        assert_eq!(withdraw("Cy").await, refused);
        assert_eq!(withdraw(&first).await, Outcome::Done(()));
        let gone = Outcome::Refused(OverrideRefusal::RequestGone);
        assert_eq!(withdraw(&first).await, gone);
        // Where people hand over by hand by now, there is nothing to take.
        assert_eq!(ask(&first, "").await, Outcome::Done(()));
        let open = team.page().await.covers[0].id.clone();
        let manual = ScheduleChoice::Manual;
        let set = backend
            .set_schedule(&caller(), id.clone(), manual.into())
            .await;
        assert_eq!(set.unwrap(), Outcome::Done(()));
        let taken = backend.take_cover(&by("Cy"), id.clone(), open).await;
        assert_eq!(taken.unwrap(), Outcome::Refused(OverrideRefusal::ByHand));
    }
}

#[tokio::test]
async fn cover_is_asked_of_nobody_who_could_not_take_it() {
    for database in databases().await {
        let team = team(database).await;
        let gus = Person {
            role: Role::Guest,
            ..person(GUS, "Gus", false)
        };
        let store = &team.services.store;
        let known = [told(&gus, clock::now())];
        store.save_told(&workspace(), &known).await.unwrap();
        let (id, backend) = (&team.id, &team.backend);
        let (whose, other) = match on_duty(&team).await.as_str() {
            "Ann" => (ANN, BOB),
            _ => (BOB, ANN),
        };
        let ask = async |asked: &str, hour: i64| {
            let input = OverrideInput {
                kind: OverrideChoice::Cover,
                ..replace(whose, asked, span(hour * HOUR, (hour + 1) * HOUR))
            };
            let asked = backend.ask_for_cover(&caller(), id.clone(), input).await;
            asked.unwrap()
        };
        let because = |problem| {
            let problems = vec![(OverrideField::Person, problem)];
            Outcome::Refused(OverrideRefusal::Fields(problems))
        };
        assert_eq!(ask(GUS, 0).await, because(OverrideProblem::Guest));
        // Where anybody is asked, a guest who is not in it is told why it is not for them.
        assert_eq!(ask("", 0).await, Outcome::Done(()));
        // Two who take the same would put each other out.
        let again = Outcome::Refused(OverrideRefusal::AskedAlready);
        assert_eq!(ask("", 0).await, again);
        let as_gus = Caller {
            person: PersonId::new(GUS),
            name: "Gus".to_owned(),
            role: Role::Guest,
            ..caller()
        };
        let days = DaysWanted::default();
        let page = backend.rotation(&as_gus, id.clone(), days.clone()).await;
        let cover = page.unwrap().covers.remove(0);
        assert!(!cover.may_take);
        let taken = backend
            .take_cover(&as_gus, id.clone(), cover.id.clone())
            .await;
        assert_eq!(taken.unwrap(), Outcome::Refused(OverrideRefusal::Guest));
        // In a private rotation, whoever is not in it would not see the request.
        let private = RotationInput {
            visibility: Visibility::Private,
            ..RotationInput::from(&team.page().await.details)
        };
        let edited = backend.edit_rotation(&caller(), id.clone(), private).await;
        assert_eq!(edited.unwrap(), Outcome::Done(()));
        assert_eq!(ask(CY, 1).await, because(OverrideProblem::CannotSee));
        assert_eq!(ask(other, 1).await, Outcome::Done(()));
        // Where they have no shift, there is nothing to cover.
        let far = 12 * 24;
        let nothing = Outcome::Refused(OverrideRefusal::NoShiftThen);
        let free: Vec<_> = [ask("", far).await, ask("", far + 24).await].into();
        assert!(
            free.contains(&nothing) && free.contains(&Outcome::Done(())),
            "{free:?}"
        );
        // A guest who takes turns in it covers like anybody.
        let added = vec![PersonId::new(GUS)];
        let added = backend.add_members(&caller(), id.clone(), added).await;
        assert!(matches!(added, Ok(Outcome::Done(_))));
        let page = backend.rotation(&as_gus, id.clone(), days).await.unwrap();
        let mut covers = page.covers.iter();
        assert!(covers.any(|open| open.id == cover.id && open.may_take));
        let taken = backend.take_cover(&as_gus, id.clone(), cover.id).await;
        assert_eq!(taken.unwrap(), Outcome::Done(()));
    }
}

/// As if so many overrides had been made, one after the other, that run from and until these seconds.
pub async fn many(team: &Team, count: usize, (from, until): (i64, i64)) {
    let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
    let [from, until] = [from, until].map(|at| clock::now().plus_seconds(at).as_millis());
    let insert = format!(
        "insert into overrides (id, workspace_id, rotation_id, place, starts_at, ends_at, kind,
             person_id, person_name, made_at)
         with recursive numbers(number) as
             (select 1 union all select number + 1 from numbers where number < {count})
         select 'many-' || cast(number as text), '{}', '{}', number, {from} + number,
             {until} + number, 'add', '{CY}', 'Cy', 0 from numbers",
        workspace(),
        team.id
    );
    let insert = sqlx::query(AssertSqlSafe(insert));
    insert.execute(&mut other).await.unwrap();
    other.close().await.unwrap();
}

#[tokio::test]
async fn what_is_over_is_not_read_and_not_made_without_end() {
    for database in databases().await {
        let team = team(database).await;
        many(&team, OVERRIDES_KEPT_MAX, (-3 * HOUR, -2 * HOUR)).await;
        let stored = rotation(&team.services.store, &team.id).await;
        assert_eq!(stored.plan.rota().unwrap().overrides, []);
        assert_eq!(team.page().await.overrides, []);
        let one_more = make(&team, replace(ANN, CY, span(0, HOUR))).await;
        let refused = OverrideRefusal::TooManyLately;
        assert_eq!(one_more, Outcome::Refused(refused));
    }
}

#[tokio::test]
async fn of_a_thousand_overrides_as_many_are_made_as_fit_and_the_next_is_told_why() {
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        many(&team, OVERRIDES_MAX - 1, (HOUR, 2 * HOUR)).await;
        made(&team, replace(id_of(&first), CY, span(0, HOUR))).await;
        let one_more = replace(id_of(&first), CY, span(HOUR, 2 * HOUR));
        let refused = Outcome::Refused(OverrideRefusal::TooMany);
        assert_eq!(make(&team, one_more).await, refused);
        // All of them are on the page, and only the last one is ended.
        let page = team.page().await;
        assert_eq!(page.overrides.len(), OVERRIDES_MAX);
        assert_eq!(on_duty(&team).await, "Cy");
        let running = page.overrides.iter().find(|one| one.runs).unwrap();
        assert_eq!(end(&team, running).await, Outcome::Done(()));
        assert_eq!(on_duty(&team).await, first);
        assert_eq!(team.page().await.overrides.len(), OVERRIDES_MAX - 1);
    }
}

#[tokio::test]
async fn an_override_made_while_duty_changes_hands_is_lost_by_neither() {
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        team.asleep().await;
        let input = replace(id_of(&first), CY, span(0, HOUR));
        let (made, _) = tokio::join!(make(&team, input), team.hand_over());
        assert_eq!(made, Outcome::Done(()));
        team.hand_over().await;
        assert_eq!(on_duty(&team).await, "Cy");
        let ended = team.page().await.overrides.remove(0);
        assert_eq!(end(&team, &ended).await, Outcome::Done(()));
        assert_eq!(on_duty(&team).await, first);
    }
}

#[tokio::test]
async fn history_tells_who_stood_in_for_whom_and_who_made_it() {
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        made(&team, replace(id_of(&first), CY, span(0, 3 * HOUR))).await;
        // Nothing of it changes when another thing is decided meanwhile.
        let later = replace(id_of(&first), CY, span(5 * HOUR, 6 * HOUR));
        made(&team, later).await;
        let told = |stretch: &Stretch| {
            let name = stretch.holder.as_ref().map(|holder| holder.name.clone());
            let overrides = stretch.overrides.iter();
            let overrides = overrides.map(|one| (one.instead_of.join("+"), one.made_by.clone()));
            (name, overrides.collect::<Vec<_>>())
        };
        let by_cy = (
            Some("Cy".to_owned()),
            vec![(first.clone(), Some("Ann".to_owned()))],
        );
        let page = team.page().await;
        assert_eq!(told(&page.history[0]), by_cy);
        assert_eq!(told(&page.history[1]), (Some(first.clone()), Vec::new()));
        // The timeline tells it once, with what is still to come of it.
        let drawn = page.coverage.stretches.iter().map(told);
        let drawn = drawn.filter(|(_, overrides)| !overrides.is_empty());
        assert_eq!(drawn.collect::<Vec<_>>()[0], by_cy);
        let running = page.overrides.iter().find(|one| one.runs).unwrap();
        assert_eq!(end(&team, running).await, Outcome::Done(()));
        let page = team.page().await;
        assert_eq!(told(&page.history[1]), by_cy);
        let over = &page.history[1];
        assert_eq!(Some(over.overrides[0].ends_at), over.ends_at);
        assert_eq!(told(&page.history[0]), (Some(first), Vec::new()));
        // What never began is in no history.
        let coming = page.overrides.iter().find(|one| !one.runs).unwrap();
        assert_eq!(end(&team, coming).await, Outcome::Done(()));
        let history = team.page().await.history;
        let parts: usize = history.iter().map(|one| one.overrides.len()).sum();
        assert_eq!(parts, 1, "{history:?}");
    }
}

#[tokio::test]
async fn a_cover_that_was_taken_is_told_as_one_everywhere_and_what_was_made_before_as_an_override()
{
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        let (id, backend) = (&team.id, &team.backend);
        let ask = async |from: i64, until: i64| {
            let input = OverrideInput {
                kind: OverrideChoice::Cover,
                of: key(id_of(&first)),
                span: span(from, until),
                ..OverrideInput::default()
            };
            let asked = backend.ask_for_cover(&caller(), id.clone(), input).await;
            assert_eq!(asked.unwrap(), Outcome::Done(()));
            let cover = team.page().await.covers.remove(0).id;
            let cy = Caller {
                person: PersonId::new(CY),
                name: "Cy".to_owned(),
                role: Role::Member,
                ..caller()
            };
            let taken = backend.take_cover(&cy, id.clone(), cover).await;
            assert_eq!(taken.unwrap(), Outcome::Done(()));
        };
        ask(0, 2 * HOUR).await;
        // The lead decides the same for the hours after it: that is an override.
        made(&team, replace(id_of(&first), CY, span(2 * HOUR, 4 * HOUR))).await;
        let page = team.page().await;
        assert!(
            page.outlook.on_duty[0]
                .by_override
                .as_ref()
                .unwrap()
                .is_cover
        );
        let kinds = page.overrides.iter().map(|one| one.kind);
        let kinds: Vec<_> = kinds.collect();
        assert_eq!(kinds, [OverrideChoice::Cover, OverrideChoice::Replace]);
        let marks = |stretches: &[Stretch]| {
            let overrides = stretches.iter().flat_map(|one| &one.overrides);
            let marks = overrides.map(|one| (one.instead_of.join("+"), one.is_cover));
            marks.collect::<Vec<_>>()
        };
        let [cover, by_the_lead] = [(first.clone(), true), (first.clone(), false)];
        assert_eq!(marks(&page.history), std::slice::from_ref(&cover));
        let drawn = [cover.clone(), by_the_lead.clone()];
        assert!(drawn.starts_with(&marks(&page.coverage.stretches)));
        let week = backend.week(&caller(), WeekFilter::default()).await;
        let week = week.unwrap().rows.remove(0).coverage;
        assert!(drawn.starts_with(&marks(&week.stretches)));
        // It stays one when it is over, and a hand-off looks at the plan again.
        let running = page.overrides.iter().find(|one| one.runs).unwrap();
        assert_eq!(end(&team, running).await, Outcome::Done(()));
        team.hand_over().await;
        assert_eq!(marks(&team.page().await.history), [cover]);
        // The version before tells neither, and neither do the rows that it has written.
        let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
        for table in ["overrides", "past_overrides"] {
            let forgotten = format!("update {table} set is_cover = 0");
            let forgotten = sqlx::query(AssertSqlSafe(forgotten));
            forgotten.execute(&mut other).await.unwrap();
        }
        other.close().await.unwrap();
        assert_eq!(marks(&team.page().await.history), [by_the_lead]);
    }
}

#[tokio::test]
async fn an_override_ends_in_history_where_the_schedule_does() {
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        made(&team, replace(id_of(&first), CY, span(0, 3 * HOUR))).await;
        let manual = ScheduleChoice::Manual.into();
        let by = caller();
        let set = team.backend.set_schedule(&by, team.id.clone(), manual);
        assert_eq!(set.await.unwrap(), Outcome::Done(()));
        let history = team.page().await.history;
        let parts = history.iter().flat_map(|one| &one.overrides);
        let ends: Vec<_> = parts.map(|part| part.ends_at).collect();
        let [end] = ends.as_slice() else {
            panic!("{history:?}");
        };
        assert!(*end <= clock::now(), "{history:?}");
    }
}

#[tokio::test]
async fn open_requests_are_drawn_for_all_and_absences_for_those_who_look_after_it() {
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        let (id, backend) = (&team.id, &team.backend);
        let ask = OverrideInput {
            kind: OverrideChoice::Cover,
            of: key(id_of(&first)),
            span: span(HOUR, 2 * HOUR),
            ..OverrideInput::default()
        };
        let asked = backend.ask_for_cover(&caller(), id.clone(), ask).await;
        assert_eq!(asked.unwrap(), Outcome::Done(()));
        let bob = Caller {
            person: PersonId::new(BOB),
            name: "Bob".to_owned(),
            role: Role::Member,
            ..caller()
        };
        let absence = AbsenceInput {
            zone: "UTC".to_owned(),
            span: span(3 * HOUR, 4 * HOUR),
            ..AbsenceInput::default()
        };
        let noted = backend.note_absence(&bob, absence).await;
        assert_eq!(noted.unwrap(), Outcome::Done(()));
        let wanted = (RemarkKind::CoverWanted, first.clone());
        let away = (RemarkKind::Away, "Bob".to_owned());
        for (who, expected) in [
            (&caller(), vec![wanted.clone(), away]),
            (&bob, vec![wanted]),
        ] {
            let page = backend
                .rotation(who, id.clone(), DaysWanted::default())
                .await;
            let week = backend.week(who, WeekFilter::default()).await.unwrap();
            for coverage in [&page.unwrap().coverage, &week.rows[0].coverage] {
                let remarks = coverage.remarks.iter();
                let remarks = remarks.map(|remark| (remark.kind, remark.name.clone()));
                // On a Sunday evening, some of it is next week's.
                let remarks: Vec<_> = remarks.collect();
                assert!(expected.starts_with(&remarks), "{remarks:?}");
            }
        }
        assert_eq!(team.page().await.coverage.remarks.len(), 2);
        let cover = team.page().await.covers.remove(0).id;
        let cy = Caller {
            person: PersonId::new(CY),
            name: "Cy".to_owned(),
            ..bob
        };
        let taken = backend.take_cover(&cy, id.clone(), cover).await;
        assert_eq!(taken.unwrap(), Outcome::Done(()));
        assert_eq!(team.page().await.coverage.remarks.len(), 1);
    }
}

#[tokio::test]
async fn whoever_will_be_on_duty_by_an_override_finds_the_rotation_among_theirs() {
    for database in databases().await {
        let team = team(database).await;
        let cy = Caller {
            person: PersonId::new(CY),
            name: "Cy".to_owned(),
            role: Role::Member,
            ..caller()
        };
        let mine = async || {
            let listed = RotationFilter {
                selection: Selection::Mine,
                ..RotationFilter::default()
            };
            let week = WeekFilter {
                mine: true,
                ..WeekFilter::default()
            };
            let listed = team.backend.rotations(&cy, listed).await.unwrap();
            let rows = team.backend.week(&cy, week).await.unwrap().rows;
            let home = team.backend.home(&cy).await.unwrap();
            assert_eq!(listed.counts.of(Selection::Mine), home.mine);
            (listed.cards.len(), rows.len())
        };
        assert_eq!(mine().await, (0, 0));
        let add = OverrideInput {
            kind: OverrideChoice::Add,
            person: CY.to_owned(),
            span: span(HOUR, 2 * HOUR),
            ..OverrideInput::default()
        };
        made(&team, add).await;
        assert_eq!(mine().await, (1, 1));
        // It gives no rights.
        let edited = team
            .backend
            .remove_member(
                &cy,
                team.id.clone(),
                MemberKey::of_person(&PersonId::new(ANN)),
            )
            .await;
        assert_eq!(edited, Err(app::AppError::Forbidden(Denial::EditRotation)));
    }
}

#[tokio::test]
async fn one_that_runs_for_somebody_who_is_not_on_duty_is_told_to_change_nothing() {
    for database in databases().await {
        let team = team(database).await;
        let on = on_duty(&team).await;
        let (on, off) = match on.as_str() {
            "Ann" => (ANN, BOB),
            _ => (BOB, ANN),
        };
        let idle = async || {
            let told = team.page().await.overrides;
            assert!(told.iter().all(|one| one.runs), "{told:?}");
            told.iter().filter(|one| one.is_idle).count()
        };
        let empty = OverrideInput {
            kind: OverrideChoice::Empty,
            of: key(off),
            span: span(-HOUR, HOUR),
            ..OverrideInput::default()
        };
        made(&team, empty).await;
        assert_eq!(idle().await, 1);
        made(&team, replace(off, CY, span(-HOUR, HOUR))).await;
        assert_eq!(idle().await, 2);
        made(&team, replace(on, off, span(-HOUR, HOUR))).await;
        assert_eq!(idle().await, 2);
        // Neither is one idle over which another one was made.
        made(&team, replace(off, CY, span(-HOUR, HOUR))).await;
        assert_eq!(idle().await, 2);
    }
}

#[tokio::test]
async fn whoever_is_on_duty_by_an_override_and_takes_no_turns_may_ask_for_cover_as_a_member_may() {
    for database in databases().await {
        let team = team(database).await;
        let first = on_duty(&team).await;
        let cy = Caller {
            person: PersonId::new(CY),
            name: "Cy".to_owned(),
            role: Role::Member,
            ..caller()
        };
        let may = async |who: &Caller| {
            let (id, days) = (team.id.clone(), DaysWanted::default());
            let page = team.backend.rotation(who, id, days).await.unwrap();
            (page.may_take_over, page.may_ask_for_cover)
        };
        let input = OverrideInput {
            kind: OverrideChoice::Cover,
            span: span(0, HOUR),
            ..OverrideInput::default()
        };
        let ask = async || {
            let (id, input) = (team.id.clone(), input.clone());
            let asked = team.backend.ask_for_cover(&cy, id, input).await;
            asked.unwrap()
        };
        assert_eq!(may(&cy).await, (false, false));
        let problem = (OverrideField::Of, OverrideProblem::NotAMember);
        let refused = OverrideRefusal::Fields(vec![problem]);
        assert_eq!(ask().await, Outcome::Refused(refused));
        made(&team, replace(id_of(&first), CY, span(0, 2 * HOUR))).await;
        assert_eq!(may(&cy).await, (false, true));
        assert_eq!(ask().await, Outcome::Done(()));
        assert_eq!(team.page().await.covers[0].asked_by, "Cy");
        let_them_end(&team).await;
        assert_eq!(may(&cy).await, (false, false));
    }
}
