//! Rotations that move by themselves, from the form to the clock.

use crate::{
    feeds, overrides,
    support::{
        Database, NOWHERE, bound::Bound, caller, create, databases, in_background, postgres,
        rotation, services, workspace,
    },
};
use app::backend::{Caller, Connections, Notifications, Rotations, Schedules, Weeks};
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
    BindRefusal, Change, DayOff, DaysWanted, FeedSubject, MemberKey, NotificationInput, Outcome,
    PersonId, RotaField, RotaInput, RotaKind, RotaProblem, RotationId, RotationMode, RotationPage,
    RotationRefusal, ScheduleChoice, Stretch, Timestamp, WeekFilter,
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
        // What was missed is noted as it was planned.
        let history = page.history;
        let names: Vec<_> = history
            .iter()
            .filter_map(|one| Some(one.holder.as_ref()?.name.as_str()))
            .collect();
        assert_eq!(names[..3], [&*on_duty, &*next, &*on_duty]);
        assert_eq!(history[1].ends_at, Some(history[0].starts_at));
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
        // They can be brought back, and the schedule says whose turn it is then.
        assert!(changed.undo.is_some());
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
            assert!(told.unwrap());
            assert_eq!(team.hand_over().await, Due::In(Duration::MAX));
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
            // A server of such a version may set them while this one runs.
            assert_eq!(store.next_hand_offs(soon).await.unwrap().len(), 1);
            team.hand_over().await;
            assert_eq!(store.next_hand_offs(soon).await.unwrap(), []);
        }
        // By newer data they are good, unless this version is all there is.
        let newer = "update rotas set zones = '9999z'";
        other.execute(newer).await.unwrap();
        assert_eq!(store.next_hand_offs(soon).await.unwrap(), []);
        store.reckon_rotas_anew().await.unwrap();
        assert_eq!(store.next_hand_offs(soon).await.unwrap().len(), 1);
        team.hand_over().await;
        assert_eq!(store.next_hand_offs(soon).await.unwrap(), []);
    }
}

#[tokio::test]
async fn whoever_s_shifts_move_by_other_time_zone_data_is_told_once() {
    for database in databases().await {
        let team = overrides::team(database).await;
        for person in ["U1", "U2"] {
            let who = Caller {
                person: PersonId::new(person),
                ..caller()
            };
            let choices = NotificationInput {
                moves: true,
                ..NotificationInput::default()
            };
            let chosen = team.backend.save_notifications(&who, choices).await;
            assert_eq!(chosen.unwrap(), Outcome::Done(()));
        }
        let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
        let may_write = "update workspaces set bot_scopes = 'chat:write,im:write'";
        other.execute(may_write).await.unwrap();
        let told = async || {
            let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
            let told = "select target, kind from outbox
                 where kind in ('slack_dm_moves', 'slack_dm_rearranged') order by target, kind";
            let told: Vec<(String, String)> =
                sqlx::query_as(told).fetch_all(&mut other).await.unwrap();
            let mut told: Vec<_> = told
                .into_iter()
                .map(|(who, kind)| who + " " + &kind)
                .collect();
            told.dedup();
            told
        };
        let store = &team.services.store;
        // The same by the same data is the same.
        let older = "update rotas set zones = '1999z'";
        other.execute(older).await.unwrap();
        store.reckon_rotas_anew().await.unwrap();
        team.hand_over().await;
        assert_eq!(told().await, [""; 0]);
        // By older data clocks were half an hour behind.
        let (plan,): (String,) = sqlx::query_as("select planned from rotas")
            .fetch_one(&mut other)
            .await
            .unwrap();
        type Shift = (String, String, i64, Option<i64>);
        let (until, mut shifts): (i64, Vec<Shift>) = serde_json::from_str(&plan).unwrap();
        assert!(shifts.len() > 40, "{plan}");
        for (_, _, starts_at, ends_at) in &mut shifts {
            *starts_at += 1_800_000;
            *ends_at = ends_at.map(|end| end + 1_800_000);
        }
        sqlx::query("update rotas set zones = '1999z', planned = $1")
            .bind(serde_json::to_string(&(until, shifts)).unwrap())
            .execute(&mut other)
            .await
            .unwrap();
        store.reckon_rotas_anew().await.unwrap();
        team.hand_over().await;
        let expected = ["slack:U1 slack_dm_moves", "slack:U2 slack_dm_moves"];
        assert_eq!(told().await, expected);
        let count = "select count(*) from outbox where kind = 'slack_dm_moves'";
        let (first,): (i64,) = sqlx::query_as(count).fetch_one(&mut other).await.unwrap();
        store.reckon_rotas_anew().await.unwrap();
        team.hand_over().await;
        let (again,): (i64,) = sqlx::query_as(count).fetch_one(&mut other).await.unwrap();
        assert_eq!(again, first);
        // A version before writes a turn without its plan, and what was planned earlier counts no more.
        let stale = "update rotas set zones = '1999z', planned_as_of = 1, planned = '[9,[]]'";
        other.execute(stale).await.unwrap();
        team.hand_over().await;
        let (again,): (i64,) = sqlx::query_as(count).fetch_one(&mut other).await.unwrap();
        assert_eq!(again, first);
        other.close().await.unwrap();
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
        assert!(!preview.compared, "nothing was planned before");
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
        assert!(preview.compared && !preview.gained.is_empty());
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
        let outlook = team.page().await.outlook;
        assert!(outlook.on_duty.is_empty());
        assert!(outlook.paused, "and the page says so");
        let home = team.backend.home(&caller()).await.unwrap();
        let owned = &home.owned.items[0].outlook;
        assert!(owned.paused);
        let cards = team.backend.rotations(&caller(), Default::default()).await;
        assert!(cards.unwrap().cards[0].outlook.paused);
        assert_eq!(team.hand_over().await, Due::In(Duration::MAX));
        team.schedule(daily()).await;
        assert!(!team.page().await.outlook.paused);
        assert_eq!(team.stored_on_duty().await, on_duty);
    }
}

#[tokio::test]
async fn outside_its_hours_it_is_said_from_when_on_somebody_is_planned() {
    for database in databases().await {
        let team = Team::handed_over(database).await;
        assert_eq!(team.page().await.outlook.planned_from, None);
        let zone = Zone::named("UTC").unwrap();
        let civil = |hours: i64| {
            let at = zone.civil(clock::now().plus_seconds(hours * 3600));
            at.strftime("%H:%M").to_string()
        };
        let closed = RotaInput {
            zone: "UTC".to_owned(),
            from: civil(3),
            until: civil(9),
            ..daily()
        };
        team.schedule(closed).await;
        let outlook = team.page().await.outlook;
        assert!(outlook.on_duty.is_empty());
        let from = outlook.planned_from.unwrap().seconds_since(clock::now());
        assert!((3 * 3600 - 120..=3 * 3600).contains(&from), "{from}");
        assert_eq!(outlook.planned_from, outlook.next.unwrap().starts_at);
        let cards = team.backend.rotations(&caller(), Default::default()).await;
        let card = cards.unwrap().cards.pop().unwrap().outlook;
        assert_eq!(card.planned_from, outlook.planned_from);
    }
}

/// Who had the duty when of what is over, and by an override or not, as the page tells of the last week.
async fn past(team: &Team, until: Timestamp) -> Vec<(String, Timestamp, Timestamp, usize)> {
    let from = clock::now().plus_seconds(-6 * 24 * 3600).as_millis();
    let from = jiff::Timestamp::from_millisecond(from).unwrap().to_string()[..10].to_owned();
    let days = DaysWanted {
        from,
        ..DaysWanted::default()
    };
    let by = caller();
    let page = team.backend.rotation(&by, team.id.clone(), days);
    let stretches = page.await.unwrap().coverage.stretches.into_iter();
    let over = stretches.filter(|one| one.ends_at.is_some_and(|end| end < until));
    let over = over.filter_map(|one| {
        let name = one.holder?.name;
        Some((name, one.starts_at, one.ends_at?, one.overrides.len()))
    });
    over.collect()
}

#[tokio::test]
async fn the_past_never_changes_over_an_outage_whoever_looks_first_after_it() {
    for by_hand in [false, true] {
        for database in databases().await {
            let team = Team::scheduled(database).await;
            team.asleep().await;
            let now = clock::now();
            let hours = |hours: i64| now.plus_seconds(hours * 3600).as_millis();
            let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
            // Gus stood in for three hours while no server ran.
            sqlx::query(
                "insert into overrides (id, workspace_id, rotation_id, place, starts_at, ends_at,
                     kind, person_id, person_name, made_by, made_at)
                 values ('o1', 'T1', $1, 1, $2, $3, 'add', 'U9', 'Gus', 'U1', $2)",
            )
            .bind(team.id.as_str())
            .bind(hours(-60))
            .bind(hours(-57))
            .execute(&mut other)
            .await
            .unwrap();
            let planned = past(&team, now).await;
            let gus = planned.iter().filter(|one| one.0 == "Gus");
            assert_eq!(gus.map(|one| one.3).collect::<Vec<_>>(), [1]);
            assert!(planned.len() > 5, "{planned:?}");
            match by_hand {
                false => assert_eq!(team.hand_over().await, Due::Now),
                true => {
                    team.schedule(RotaInput {
                        times: "12:00".to_owned(),
                        ..daily()
                    })
                    .await;
                }
            }
            assert_eq!(past(&team, now).await, planned);
            let records: (i64,) =
                sqlx::query_as("select count(*) from duty_history where person = 'slack:U9'")
                    .fetch_one(&mut other)
                    .await
                    .unwrap();
            assert_eq!(records.0, 1);
            // None of it was told, but who is on duty now.
            let told: (i64,) = sqlx::query_as(
                "select count(*) from outbox where kind <> 'reminder' and occurrence < $1",
            )
            .bind(hours(-24))
            .fetch_one(&mut other)
            .await
            .unwrap();
            assert_eq!(told.0, 0);
        }
    }
}

#[tokio::test]
async fn whoever_s_shifts_move_since_somebody_left_slack_is_told_once() {
    for database in databases().await {
        let team = overrides::team(database).await;
        let cy = vec![PersonId::new("U3")];
        let by = caller();
        let added = team.backend.add_members(&by, team.id.clone(), cy);
        assert!(matches!(added.await, Ok(Outcome::Done(_))));
        for person in ["U1", "U2", "U3"] {
            let who = Caller {
                person: PersonId::new(person),
                ..caller()
            };
            let choices = NotificationInput {
                moves: true,
                ..NotificationInput::default()
            };
            let chosen = team.backend.save_notifications(&who, choices).await;
            assert_eq!(chosen.unwrap(), Outcome::Done(()));
        }
        let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
        let may_write = "update workspaces set bot_scopes = 'chat:write,im:write'";
        other.execute(may_write).await.unwrap();
        let store = &team.services.store;
        let told = async || {
            let mut other = AnyConnection::connect(&team.database.url).await.unwrap();
            let told = "select target from outbox where kind = 'slack_dm_rearranged'
                 order by target";
            let told: Vec<(String,)> = sqlx::query_as(told).fetch_all(&mut other).await.unwrap();
            told.into_iter().map(|(one,)| one).collect::<Vec<_>>()
        };
        assert_eq!(told().await, [""; 0]);
        let page = team.page().await.outlook;
        let (on_duty, next) = (page.on_duty[0].holder.key.clone(), page.next.unwrap());
        let who = ["U1", "U2"].map(PersonId::new).into_iter();
        let mut who = who.filter(|id| MemberKey::of_person(id) != on_duty);
        let leaver = who.next().unwrap();
        let told_at = clock::now();
        let tenant = workspace();
        let left = store.confirm_person(&tenant, &leaver, false, told_at);
        assert!(left.await.unwrap());
        let after = told().await;
        assert!(after.contains(&"slack:U3".to_owned()), "{next:?} {after:?}");
        team.hand_over().await;
        let again = store.confirm_person(&tenant, &leaver, false, told_at);
        assert!(!again.await.unwrap());
        assert_eq!(told().await, after, "once");
    }
}

/// For all who connect from now on the database is ten minutes behind this server.
async fn set_back(database: &Database) {
    let mut admin = AnyConnection::connect(&database.url).await.unwrap();
    let (_, name) = database.url.rsplit_once('/').unwrap();
    let path = format!("alter database {name} set search_path = public, behind, pg_catalog");
    for statement in [
        "create schema behind",
        "create function behind.clock_timestamp() returns timestamptz language sql volatile
             as 'select pg_catalog.clock_timestamp() - interval ''10 minutes'' '",
        &path,
    ] {
        let statement = AssertSqlSafe(statement.to_owned());
        sqlx::query(statement).execute(&mut admin).await.unwrap();
    }
}

#[tokio::test]
async fn who_rotates_by_hand_at_a_server_whose_clock_is_ahead_is_on_duty_as_of_the_databases_time()
{
    let Some(database) = postgres().await else {
        return;
    };
    set_back(&database).await;
    let team = Team::of_two(database).await;
    let ours = clock::now();
    let by = caller();
    let rotated = team.backend.rotate(&by, team.id.clone()).await.unwrap();
    assert!(rotated.done().is_some());
    let outlook = team.page().await.outlook;
    assert_eq!(outlook.on_duty.len(), 1);
    let since = outlook.on_duty[0].since;
    assert!(since < ours.plus_seconds(-9 * 60), "{since:?}");
    let history = team.services.store.duty_history(&team.id).await.unwrap();
    assert_eq!(history.records[0].starts_at, since);
}

#[tokio::test]
async fn a_server_whose_clock_is_ahead_hands_over_nothing_before_it_is_time_at_the_database() {
    let Some(database) = postgres().await else {
        return;
    };
    set_back(&database).await;
    let team = Team::of_two(database).await;
    let store = &team.services.store;
    let ours = clock::now();
    let now = store.now().await.unwrap();
    assert!(now < ours.plus_seconds(-9 * 60), "the database is behind");
    assert!(store.time() < ours.plus_seconds(-9 * 60), "and pages know");
    // In a minute or two by its clock, and long ago by ours.
    let soon = Zone::UTC.civil(now.plus_seconds(120));
    let starts = RotaInput {
        times: soon.strftime("%H:%M").to_string(),
        zone: "UTC".to_owned(),
        starts_on: soon.date().to_string(),
        ..daily()
    };
    team.schedule(starts).await;
    let as_of = async || {
        let rotation = rotation(store, &team.id).await;
        rotation.plan.rota().unwrap().turn.as_of
    };
    let before = as_of().await;
    assert!(before < ours.plus_seconds(-9 * 60), "it is the database's");
    assert_eq!(team.hand_over().await, Due::In(Duration::MAX));
    assert_eq!(as_of().await, before);
    assert!(team.stored_on_duty().await.is_empty());
    assert!(team.page().await.outlook.on_duty.is_empty());
    // An edit by somebody here puts nobody on duty before it is time either.
    let (by, added) = (caller(), vec![PersonId::new("U1")]);
    let removed = team
        .backend
        .remove_member(&by, team.id.clone(), MemberKey::of_person(&added[0]));
    removed.await.unwrap();
    let added = team.backend.add_members(&by, team.id.clone(), added);
    added.await.unwrap();
    assert!(as_of().await < ours.plus_seconds(-9 * 60));
    assert!(team.stored_on_duty().await.is_empty());
}
