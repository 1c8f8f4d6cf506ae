//! Rotations that move by themselves, from the form to the clock.

use crate::{
    feeds, overrides,
    support::{
        Database, NOWHERE, bound::Bound, caller, create, databases, in_background, rotation,
        services, workspace,
    },
};
use app::backend::{Connections, Rotations, Schedules, Weeks};
use domain::{Addressee, Directory, Occasion, Subscription, rota::Zone};
use server::{
    Services,
    backend::RoundRobin,
    clock,
    hand_offs::{self, ClockSignal, Due, Source},
    rotas::Rotas,
    store::Rule,
};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use std::{sync::Arc, time::Duration};
use tokio::time;
use types::{
    BindRefusal, Change, DayOff, DaysWanted, FeedSubject, MemberKey, Outcome, PersonId, RotaField,
    RotaInput, RotaKind, RotaProblem, RotationId, RotationMode, RotationPage, RotationRefusal,
    ScheduleChoice, Stretch, WeekFilter,
};

/// What a busy machine takes.
const SETTLING: Duration = Duration::from_secs(20);

/// Once a day at midnight, since years ago.
fn daily() -> RotaInput {
    RotaInput {
        kind: RotaKind::Daily,
        times: "00:00".to_owned(),
        zone: "Pacific/Auckland".to_owned(),
        starts_on: "2026-01-01".to_owned(),
        ..RotaInput::default()
    }
}

pub struct Team {
    pub services: Services,
    pub backend: RoundRobin,
    pub database: Database,
    pub id: RotationId,
}

impl Team {
    /// Ann and Bob, in a rotation by hand.
    pub async fn of_two(database: Database) -> Self {
        let services = services(&database, NOWHERE).await;
        let id = create(&services.store, "Ops").await;
        let backend = RoundRobin::new(services.clone());
        let people = ["U1", "U2"].map(PersonId::new).to_vec();
        let added = backend.add_members(&caller(), id.clone(), people).await;
        assert!(matches!(added, Ok(Outcome::Done(_))), "{added:?}");
        Self {
            services,
            backend,
            database,
            id,
        }
    }

    /// The same, moving on once a day.
    async fn scheduled(database: Database) -> Self {
        let team = Self::of_two(database).await;
        team.schedule(daily()).await;
        team
    }

    /// The same, after a hand-off that was missed.
    async fn handed_over(database: Database) -> Self {
        let team = Self::scheduled(database).await;
        team.asleep().await;
        team.hand_over().await;
        team
    }

    async fn set(&self, choice: ScheduleChoice) -> Outcome<(), BindRefusal> {
        let id = self.id.clone();
        let set = self
            .backend
            .set_schedule(&caller(), id, choice.into())
            .await;
        set.unwrap()
    }

    pub async fn schedule(&self, input: RotaInput) {
        let set = self.set(ScheduleChoice::Scheduled(Box::new(input))).await;
        assert_eq!(set, Outcome::Done(()));
    }

    pub async fn page(&self) -> RotationPage {
        let (id, days) = (self.id.clone(), DaysWanted::default());
        self.backend.rotation(&caller(), id, days).await.unwrap()
    }

    /// What the page and the card say alike: who is on duty, and who is next.
    pub async fn told(&self) -> (Vec<String>, Vec<String>) {
        let page = self.page().await.outlook;
        let cards = self.backend.rotations(&caller(), Default::default()).await;
        let card = cards.unwrap().cards.pop().unwrap().outlook;
        assert_eq!(page.on_duty, card.on_duty);
        assert_eq!(page.next, card.next);
        let on_duty = page.on_duty.into_iter().map(|duty| duty.holder.name);
        (on_duty.collect(), page.next.unwrap().names)
    }

    /// As if the rota had been made at the beginning of the year and nobody had looked since.
    pub async fn asleep(&self) {
        let mut other = AnyConnection::connect(&self.database.url).await.unwrap();
        for statement in [
            r#"update rotas set turn =
                '{"holders":[],"last":null,"owed":[],"began":null,"as_of":1767225600000}'"#,
            "update rotas set as_of = null",
            "update rotations set next_change_at = 0",
        ] {
            other.execute(statement).await.unwrap();
        }
        other.close().await.unwrap();
    }

    fn source(&self) -> Rotas {
        Rotas {
            store: self.services.store.clone(),
            live: self.services.live.clone(),
        }
    }

    pub async fn hand_over(&self) -> Due {
        self.source().hand_over(&workspace()).await.unwrap()
    }

    /// Has everybody told a minute before shifts of theirs.
    pub async fn remind(&self) {
        let subscription = Subscription {
            rotation: self.id.clone(),
            kind: "reminder".to_owned(),
            addressee: Addressee::Holder,
            occasion: Occasion::BeforeShift(Duration::from_secs(60)),
        };
        let rule = Rule {
            now: &|| clock::now(),
            directory: &Directory::default(),
        };
        let store = &self.services.store;
        let subscribed = store.subscribe(&workspace(), &subscription, rule).await;
        assert!(subscribed.unwrap());
    }

    /// Who is to be told before shifts of theirs.
    pub async fn told_ahead(&self) -> Vec<String> {
        let mut other = AnyConnection::connect(&self.database.url).await.unwrap();
        let targets: Vec<(String,)> =
            sqlx::query_as("select distinct target from outbox where state = 'waiting'")
                .fetch_all(&mut other)
                .await
                .unwrap();
        targets.into_iter().map(|(target,)| target).collect()
    }

    pub async fn stored_on_duty(&self) -> Vec<String> {
        let rotation = rotation(&self.services.store, &self.id).await;
        let names = rotation.crew.names_on_duty();
        names.into_iter().map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn a_schedule_of_its_own_moves_a_rotation_on() {
    for database in databases().await {
        let team = Team::scheduled(database).await;
        let page = team.page().await;
        assert_eq!(page.mode, RotationMode::Scheduled);
        let rota = page.rota.unwrap();
        assert_eq!(rota.words, "Every day at 00:00, Pacific/Auckland");
        let input: RotaInput = serde_json::from_str(&rota.input).unwrap();
        assert_eq!(input.starts_on, "2026-01-01");
        // It begins with its next hand-off, and Ann is the first.
        assert!(page.outlook.on_duty.is_empty());
        assert_eq!(page.outlook.next.unwrap().names, ["Ann"]);
        let rotated = team.backend.rotate(&caller(), team.id.clone()).await;
        let refused = Outcome::Refused(RotationRefusal::Scheduled);
        assert_eq!(rotated.unwrap(), refused);

        team.asleep().await;
        let planned = team.told().await;
        assert_eq!(team.hand_over().await, Due::Now);
        assert_eq!(team.stored_on_duty().await, planned.0);
        assert_eq!(
            team.told().await,
            planned,
            "planned and stored are the same"
        );
        let [on_duty, next] = [&planned.0, &planned.1].map(|names| names.join("+"));
        assert!(matches!(
            (&*on_duty, &*next),
            ("Ann", "Bob") | ("Bob", "Ann")
        ));
        assert_eq!(team.hand_over().await, Due::In(Duration::MAX));

        let page = team.page().await;
        let [first, second, ..] = page.plan.as_slice() else {
            panic!("{:?}", page.plan);
        };
        assert_eq!(first.ends_at, Some(second.starts_at));
        assert_eq!(first.ends_at, page.outlook.on_duty[0].until);
        let history = page.history;
        assert_eq!(
            history.len(),
            1,
            "what was missed is not made up: {history:?}"
        );
    }
}

#[tokio::test]
async fn the_clock_hands_over_what_was_missed_at_once() {
    for database in databases().await {
        let team = Team::scheduled(database).await;
        team.asleep().await;
        let (services, source) = (team.services.clone(), Arc::new(team.source()));
        let signal = ClockSignal::default();
        let tasks = (&services.tasks, &services.background);
        let task = hand_offs::task(&services.store, &signal, tasks, vec![source]);
        let clock = tokio::spawn({
            let services = services.clone();
            async move { in_background(&services, vec![task]).await }
        });
        let handed_over = async {
            while team.stored_on_duty().await.is_empty() {
                time::sleep(Duration::from_millis(20)).await;
            }
        };
        time::timeout(SETTLING, handed_over).await.unwrap();
        services.shutdown.cancel();
        clock.await.unwrap();
    }
}

#[tokio::test]
async fn whoever_is_removed_while_on_duty_hands_over_to_the_next_at_once() {
    for database in databases().await {
        let team = Team::handed_over(database).await;
        let (on_duty, next) = team.told().await;
        let removed = match &*on_duty[0] {
            "Ann" => "U1",
            _ => "U2",
        };
        let key = MemberKey::of_person(&PersonId::new(removed));
        let id = team.id.clone();
        let removed = team.backend.remove_member(&caller(), id, key).await;
        let Outcome::Done(changed) = removed.unwrap() else {
            panic!("not removed");
        };
        // It could not put them back on duty.
        assert_eq!(changed.undo, None);
        assert_eq!(team.stored_on_duty().await, next);
        let page = team.page().await.outlook;
        assert_eq!(page.on_duty[0].holder.name, next[0]);
    }
}

#[tokio::test]
async fn back_in_manual_whoever_is_on_duty_stays_so() {
    for database in databases().await {
        let team = Team::handed_over(database).await;
        let (on_duty, _) = team.told().await;
        assert_eq!(team.set(ScheduleChoice::Manual).await, Outcome::Done(()));
        let page = team.page().await;
        assert_eq!((page.mode, page.rota), (RotationMode::Manual, None));
        assert_eq!(page.outlook.on_duty[0].holder.name, on_duty[0]);
        assert_eq!(page.outlook.on_duty[0].until, None);
        assert_eq!(page.history[0].ends_at, None);
        assert_eq!(team.hand_over().await, Due::In(Duration::MAX));
        // And whoever is then on duty stays so until the next one begins.
        team.schedule(daily()).await;
        assert_eq!(team.stored_on_duty().await, on_duty);
        assert_eq!(team.told().await.0, on_duty);
    }
}

#[tokio::test]
async fn the_same_schedule_again_is_no_change() {
    for database in databases().await {
        let team = Team::scheduled(database).await;
        let store = &team.services.store;
        let before = rotation(store, &team.id).await;
        team.schedule(RotaInput {
            times: " 0:00 ".to_owned(),
            ..daily()
        })
        .await;
        assert_eq!(rotation(store, &team.id).await, before);
        team.schedule(RotaInput {
            zone: "UTC".to_owned(),
            ..daily()
        })
        .await;
        assert_ne!(rotation(store, &team.id).await.plan, before.plan);
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_field() {
    for database in databases().await {
        let team = Team::of_two(database).await;
        let odd = RotaInput {
            zone: "Mars/Olympus".to_owned(),
            times: "soon".to_owned(),
            ..daily()
        };
        let refused = team.set(ScheduleChoice::Scheduled(Box::new(odd))).await;
        let problems = vec![
            (RotaField::Times, RotaProblem::Times),
            (RotaField::Zone, RotaProblem::Zone),
        ];
        assert_eq!(refused, Outcome::Refused(BindRefusal::Rota(problems)));
        assert_eq!(team.page().await.mode, RotationMode::Manual);
    }
}

#[tokio::test]
async fn a_country_without_data_is_named_at_the_field_and_nothing_is_saved() {
    for database in databases().await {
        let team = Team::of_two(database).await;
        let odd = RotaInput {
            holidays: "France, Atlantis".to_owned(),
            ..daily()
        };
        let refused = team.set(ScheduleChoice::Scheduled(Box::new(odd))).await;
        let problem = RotaProblem::NoHolidays("Atlantis".to_owned());
        let problems = vec![(RotaField::Holidays, problem)];
        assert_eq!(refused, Outcome::Refused(BindRefusal::Rota(problems)));
        assert_eq!(team.page().await.mode, RotationMode::Manual);
    }
}

#[tokio::test]
async fn a_rotation_with_nobody_has_nobody_on_duty_until_somebody_joins() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let id = create(&services.store, "Ops").await;
        let backend = RoundRobin::new(services.clone());
        let team = Team {
            services,
            backend,
            database,
            id,
        };
        let id = team.id.clone();
        let preview = team.backend.preview_rota(&caller(), id, daily()).await;
        let Ok(Outcome::Done(preview)) = preview else {
            panic!("{preview:?}");
        };
        assert!(preview.plan.iter().all(|one| one.holder.is_none()));
        team.schedule(daily()).await;
        assert_eq!(team.hand_over().await, Due::In(Duration::MAX));
        team.asleep().await;
        team.hand_over().await;
        let page = team.page().await;
        assert!(page.outlook.on_duty.is_empty() && page.outlook.next.is_none());
        assert!(page.plan.iter().all(|one| one.holder.is_none()));
        let (id, ann) = (team.id.clone(), vec![PersonId::new("U1")]);
        let added = team.backend.add_members(&caller(), id, ann).await;
        assert!(matches!(added, Ok(Outcome::Done(_))), "{added:?}");
        assert_eq!(team.stored_on_duty().await, ["Ann"]);
    }
}

#[tokio::test]
async fn a_schedule_changed_while_duty_changes_hands_is_lost_by_neither() {
    for database in databases().await {
        let team = Team::scheduled(database).await;
        team.asleep().await;
        let paused = RotaInput {
            paused: true,
            ..daily()
        };
        let choice = ScheduleChoice::Scheduled(Box::new(paused));
        let (set, _) = tokio::join!(team.set(choice), team.hand_over());
        assert_eq!(set, Outcome::Done(()));
        team.hand_over().await;
        // Whoever came last, the schedule is the new one, and what it says is what is stored.
        assert!(team.stored_on_duty().await.is_empty());
        let page = team.page().await;
        assert!(page.rota.unwrap().words.starts_with("Paused"));
        team.schedule(daily()).await;
        assert_eq!(team.stored_on_duty().await, team.told().await.0);
        assert_eq!(team.stored_on_duty().await.len(), 1);
    }
}

#[tokio::test]
async fn nobody_is_a_member_twice_and_who_is_added_twice_has_one_turn() {
    for database in databases().await {
        let team = overrides::team(database).await;
        let add = async |people: &[&str]| {
            let people = people.iter().copied().map(PersonId::new).collect();
            let id = team.id.clone();
            let added = team.backend.add_members(&caller(), id, people).await;
            added.unwrap()
        };
        let Outcome::Done(again) = add(&["U2"]).await else {
            panic!("who is a member is left out, and said to be");
        };
        let left_out = vec![("Bob".to_owned(), RotationRefusal::AlreadyAMember)];
        let names = Vec::new();
        assert_eq!(again.what, Change::Added { names, left_out });
        assert_eq!(team.page().await.members.len(), 2);
        let Outcome::Done(_) = add(&["U3", "U3"]).await else {
            panic!("Cy was not added");
        };
        let names: Vec<_> = team.page().await.members;
        assert_eq!(names.len(), 3, "{names:?}");
        let plan = team.page().await.plan;
        let shifts = plan.iter().filter_map(|shift| shift.holder.as_ref());
        let keys: Vec<_> = shifts.map(|holder| holder.key.as_str()).take(6).collect();
        assert_eq!(keys[..3], keys[3..], "each has one turn of three");
    }
}

#[tokio::test]
async fn a_schedule_that_only_another_version_can_read_is_left_alone() {
    for database in databases().await {
        let team = Team::scheduled(database).await;
        team.asleep().await;
        let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
        let odd = "update rotas set terms = '{\"kind\":\"lunar\"}'";
        other.execute(odd).await.unwrap();
        assert_eq!(team.hand_over().await, Due::In(Duration::MAX));
        // Whoever can read it finds it due.
        let due: (Option<i64>,) = sqlx::query_as("select next_change_at from rotations")
            .fetch_one(&mut other)
            .await
            .unwrap();
        assert_eq!(due, (Some(0),));
        let page = team.page().await;
        assert_eq!(page.mode, RotationMode::Unknown);
        let set = team.set(ScheduleChoice::Scheduled(Box::new(daily()))).await;
        let refused = BindRefusal::Rotation(RotationRefusal::UnknownMode);
        assert_eq!(set, Outcome::Refused(refused));
    }
}

#[tokio::test]
async fn a_rotation_that_followed_pagerduty_keeps_its_people_and_follows_it_no_more() {
    for database in databases().await {
        let bound = Bound::to(database, &["PPLATP1"]).await;
        let (_, id) = bound.rotations[0].clone();
        let store = &bound.services.store;
        let before = rotation(store, &id).await;
        let choice = ScheduleChoice::Scheduled(Box::new(daily()));
        let backend = bound.backend();
        let set = backend
            .set_schedule(&caller(), id.clone(), choice.into())
            .await;
        assert_eq!(set.unwrap(), Outcome::Done(()));
        let after = rotation(store, &id).await;
        assert_eq!(after.plan.mode(), RotationMode::Scheduled);
        assert_eq!(after.crew.members, before.crew.members);
        assert_eq!(after.crew.names_on_duty(), before.crew.names_on_duty());
        let ended = bound.backend().disconnect_pagerduty(&caller()).await;
        assert_eq!(ended.unwrap().done().unwrap().reverted, 0);
        assert_eq!(rotation(store, &id).await, after);
    }
}

#[tokio::test]
async fn shifts_are_told_ahead_as_they_are_planned_and_no_more_once_nothing_is() {
    for database in databases().await {
        let team = Team::scheduled(database).await;
        team.remind().await;
        let told = team.told_ahead().await;
        assert!(told.contains(&MemberKey::of_person(&PersonId::new("U2")).to_string()));
        // Bob is in no shift any more.
        let bob = MemberKey::of_person(&PersonId::new("U2"));
        let removed = team
            .backend
            .remove_member(&caller(), team.id.clone(), bob)
            .await;
        assert!(matches!(removed, Ok(Outcome::Done(_))));
        let told = team.told_ahead().await;
        assert_eq!(told, ["slack:U1"], "Ann has one shift, which goes on");
        let added = vec![PersonId::new("U2")];
        let added = team
            .backend
            .add_members(&caller(), team.id.clone(), added)
            .await;
        assert!(matches!(added, Ok(Outcome::Done(_))));
        assert_eq!(team.told_ahead().await.len(), 2);
        assert_eq!(team.set(ScheduleChoice::Manual).await, Outcome::Done(()));
        assert!(team.told_ahead().await.is_empty());
    }
}

#[tokio::test]
async fn week_and_feed_have_the_shifts_of_a_year() {
    for database in databases().await {
        let team = Team::scheduled(database).await;
        let day = |days: i64| {
            let at = clock::now().plus_seconds(days * 24 * 3600).as_millis();
            jiff::Timestamp::from_millisecond(at).unwrap().to_string()[..10].to_owned()
        };
        let filter = WeekFilter {
            days: DaysWanted {
                from: day(300),
                ..DaysWanted::default()
            },
            ..WeekFilter::default()
        };
        let week = team.backend.week(&caller(), filter).await.unwrap();
        let coverage = &week.rows[0].coverage;
        let names = coverage.stretches.iter().map(|stretch| &stretch.holder);
        assert_eq!(names.clone().count(), 8, "{coverage:?}");
        assert!(names.flatten().count() == 8, "{coverage:?}");
        let subject = FeedSubject::Rotation(team.id.clone());
        let path = feeds::made(&team.services, &caller(), subject).await;
        let feed = feeds::read(&team.services, &path).await;
        let events = feeds::events(&feed.body).len();
        assert!(events > 360, "{events}");
    }
}

#[tokio::test]
async fn whoever_leaves_slack_is_relieved_and_comes_back_with_slack() {
    for database in databases().await {
        let team = Team::handed_over(database).await;
        let (on_duty, next) = team.told().await;
        let who = PersonId::new(if on_duty == ["Ann"] { "U1" } else { "U2" });
        let store = &team.services.store;
        for (is_member, expected) in [(false, &next), (true, &on_duty)] {
            let read_at = clock::now();
            let told = store
                .confirm_person(&workspace(), &who, is_member, read_at)
                .await;
            told.unwrap();
            assert_eq!(team.hand_over().await, Due::Now);
            assert_eq!(&team.stored_on_duty().await, expected);
            let shown = team.page().await.outlook.on_duty;
            let names = shown.into_iter().map(|duty| duty.holder.name);
            assert_eq!(&names.collect::<Vec<_>>(), expected);
        }
    }
}

#[tokio::test]
async fn clocks_set_by_other_time_zone_data_or_holidays_are_looked_at_again() {
    for database in databases().await {
        let team = Team::scheduled(database).await;
        let store = &team.services.store;
        store.reckon_rotas_anew().await.unwrap();
        let soon = Duration::from_secs(1);
        assert_eq!(store.next_hand_offs(soon).await.unwrap(), []);
        let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
        let older = format!("update rotas set zones = '{}'", Zone::data_version());
        // A version that knows no holidays writes that of the time zones alone.
        for statement in ["update rotas set zones = '1999z'".to_owned(), older] {
            other.execute(AssertSqlSafe(statement)).await.unwrap();
            store.reckon_rotas_anew().await.unwrap();
            assert_eq!(store.next_hand_offs(soon).await.unwrap().len(), 1);
            team.hand_over().await;
            store.reckon_rotas_anew().await.unwrap();
            assert_eq!(store.next_hand_offs(soon).await.unwrap(), []);
        }
    }
}

#[tokio::test]
async fn a_preview_is_what_then_happens_and_saves_nothing() {
    for database in databases().await {
        let team = Team::of_two(database).await;
        let input = RotaInput {
            kind: RotaKind::Working,
            holidays: "fr".to_owned(),
            from: "08:00".to_owned(),
            until: "18:00".to_owned(),
            on_days_off: DayOff::Nobody,
            duty_size: "1".to_owned(),
            ..daily()
        };
        let (id, backend) = (team.id.clone(), &team.backend);
        let previewed = backend
            .preview_rota(&caller(), id.clone(), input.clone())
            .await;
        let Outcome::Done(preview) = previewed.unwrap() else {
            panic!("no preview");
        };
        assert!(preview.words.contains("France (FR)"), "{}", preview.words);
        assert_eq!((preview.gained.len(), preview.lost.len()), (0, 0));
        assert_eq!(team.page().await.mode, RotationMode::Manual);
        team.schedule(input.clone()).await;
        let page = team.page().await;
        assert_eq!(page.rota.as_ref().unwrap().words, preview.words);
        let shifts = |plan: &[Stretch]| -> Vec<_> {
            let shifts = plan.iter().filter(|stretch| stretch.holder.is_some());
            shifts.take(5).cloned().collect()
        };
        assert_eq!(shifts(&page.plan), shifts(&preview.plan));
        // With two at once, whoever had no turn has one more.
        let both = RotaInput {
            duty_size: "2".to_owned(),
            ..input
        };
        let previewed = backend.preview_rota(&caller(), id, both.clone()).await;
        let Outcome::Done(preview) = previewed.unwrap() else {
            panic!("no preview");
        };
        assert!(!preview.gained.is_empty());
        assert_eq!(team.page().await.details.duty_size, 1);
        team.schedule(both).await;
        assert_eq!(team.page().await.details.duty_size, 2);
    }
}

#[tokio::test]
async fn while_it_is_paused_nobody_is_on_duty_and_the_turn_stays() {
    for database in databases().await {
        let team = Team::handed_over(database).await;
        let (on_duty, _) = team.told().await;
        let paused = RotaInput {
            paused: true,
            ..daily()
        };
        team.schedule(paused).await;
        assert!(team.stored_on_duty().await.is_empty());
        assert!(team.page().await.outlook.on_duty.is_empty());
        assert_eq!(team.hand_over().await, Due::In(Duration::MAX));
        team.schedule(daily()).await;
        assert_eq!(team.stored_on_duty().await, on_duty);
    }
}
