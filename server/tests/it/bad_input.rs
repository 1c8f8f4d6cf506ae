//! What makes no sense, sent from the pages without scripts: each is answered with a sentence at the
//! field that it is about, and what was typed is there still.

use crate::{
    http::browser::{Browser, ORIGIN},
    overrides::{self, civil, id_of, key, span},
    rotas::Team,
    support::{caller, cookie, create, databases},
};
use app::backend::{Absences, Caller, Rotations};
use domain::rota::Zone;
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};
use server::clock;
use types::{
    AbsenceInput, DaysWanted, OVERRIDES_MAX, Outcome, PersonId, Role, RotaInput, RotationId,
};

const HOUR: i64 = 3600;

/// Ann, with a browser.
struct Ann<'a> {
    team: &'a Team,
    browser: Browser,
    sent: u32,
}

impl<'a> Ann<'a> {
    async fn at(team: &'a Team) -> Self {
        let session = cookie(&team.services.store).await;
        let (name, value) = session.split_once('=').unwrap();
        Self {
            team,
            browser: Browser::new(&team.services).with_cookie(name, value),
            sent: 0,
        }
    }

    async fn open(&mut self, page: &str) -> String {
        let answer = self.browser.open(page).await;
        assert!(answer.status.is_success(), "{page}: {}", answer.body);
        answer.body
    }

    /// Sends a form of a page, and reads the page that follows.
    async fn send(&mut self, page: &str, function: &str, fields: &str) -> String {
        self.sent += 1;
        let form = format!("change=c{}&{fields}", self.sent);
        let path = format!("/rpc/{function}");
        let answer = self.browser.submit(&path, &form, page).await;
        assert!(answer.status.is_redirection(), "{path}: {}", answer.body);
        let next = answer
            .header("location")
            .trim_start_matches(ORIGIN)
            .to_owned();
        self.open(&next).await
    }

    /// The same of a form that is about the rotation.
    async fn of_rotation(&mut self, page: &str, function: &str, fields: &str) -> String {
        let id = self.team.id.clone();
        let fields = format!("id={id}&rotation={id}&{fields}");
        let page = format!("/rotations/{id}{page}");
        self.send(&page, function, &fields).await
    }
}

/// The sentence stands at the field with this id, which has still what was typed.
fn is_told_at(page: &str, field: &str, sentence: &str, typed: &str) {
    let id = format!("id=\"{field}-problem\"");
    let at = page.find(&id).unwrap_or_else(|| panic!("no {id}: {page}"));
    let problem = &page[at..page[at..].find("</p>").map_or(page.len(), |end| at + end)];
    assert!(problem.contains(sentence), "{field} says: {problem}");
    assert!(
        page.contains(&format!("value=\"{typed}\"")),
        "{typed} is lost: {page}"
    );
}

/// The last Sunday of a month of next year, when clocks are changed in Berlin.
fn last_sunday(month: i8) -> Date {
    let year = Zone::UTC.civil(clock::now()).year() + 1;
    let first = Date::new(year, month, 1).unwrap();
    first.nth_weekday_of_month(-1, Weekday::Sunday).unwrap()
}

#[tokio::test]
async fn odd_times_of_an_override_are_told_at_their_field_and_stay_in_the_form() {
    for database in databases().await {
        let team = overrides::team(database).await;
        team.schedule(RotaInput {
            zone: "Europe/Berlin".to_owned(),
            times: "09:00".to_owned(),
            starts_on: "2026-01-01".to_owned(),
            ..RotaInput::default()
        })
        .await;
        let mut ann = Ann::at(&team).await;
        let (march, october) = (last_sunday(3), last_sunday(10));
        let years = Zone::UTC.civil(clock::now()).date() + 10.years();
        for (from, until, sentence) in [
            (
                format!("{march}T00:00"),
                format!("{march}T02:30"),
                "Clocks jump over this time on that day. The nearest that there are",
            ),
            (
                format!("{october}T00:00"),
                format!("{october}T02:30"),
                "Clocks show this time twice on that day",
            ),
            (
                format!("{october}T12:00"),
                format!("{october}T11:00"),
                "It ends before it begins.",
            ),
            (
                String::new(),
                format!("{years}T12:00"),
                "This is longer than 366 days. Choose a nearer end.",
            ),
        ] {
            let fields = format!(
                "kind=replace&of={}&person=U3&span[from]={from}&span[until]={until}",
                key("U1")
            );
            let page = ann.of_rotation("/override", "make_override", &fields).await;
            is_told_at(&page, "until", sentence, &until);
            assert!(page.contains(&format!("value=\"{from}\"")) || from.is_empty());
            assert_eq!(
                page.contains("Which of the two"),
                sentence.contains("twice")
            );
        }
        assert_eq!(team.page().await.overrides, []);
    }
}

#[tokio::test]
async fn who_is_left_out_of_an_addition_that_was_shown_is_told_by_the_rotation() {
    for database in databases().await {
        let team = overrides::team(database).await;
        let mut ann = Ann::at(&team).await;
        let fields = "people[]=U2&people[]=U3&shown=true";
        let page = ann.of_rotation("/change", "add_members", fields).await;
        assert!(page.contains("id=\"members-heading\""), "{page}");
        assert!(page.contains("Bob</bdi> was not added."), "{page}");
        assert_eq!(team.page().await.members.len(), 3);
    }
}

#[tokio::test]
async fn beyond_so_many_overrides_it_is_said_what_to_do_and_the_form_stays() {
    for database in databases().await {
        let team = overrides::team(database).await;
        overrides::many(&team, OVERRIDES_MAX, (HOUR, 2 * HOUR)).await;
        let mut ann = Ann::at(&team).await;
        let until = civil(3 * HOUR);
        let fields = format!("kind=add&person=U3&span[until]={until}");
        let page = ann.of_rotation("/override", "make_override", &fields).await;
        assert!(page.contains(&OVERRIDES_MAX.to_string()), "{page}");
        assert!(page.contains(&format!("value=\"{until}\"")), "{page}");
        assert_eq!(team.page().await.overrides.len(), OVERRIDES_MAX);
    }
}

#[tokio::test]
async fn a_zone_and_a_country_that_do_not_exist_are_named_at_their_fields() {
    for database in databases().await {
        let team = overrides::team(database).await;
        let before = team.page().await.rota.unwrap().words;
        let mut ann = Ann::at(&team).await;
        let fields = "mode=scheduled&rota[kind]=daily&rota[times]=09:00\
                      &rota[zone]=Europe/Atlantis&rota[holidays]=France,+Atlantis";
        let page = ann.of_rotation("/schedule", "set_schedule", fields).await;
        is_told_at(&page, "rota-zone", "time zone", "Europe/Atlantis");
        let sentence = "No holidays are known of “Atlantis”.";
        is_told_at(&page, "rota-holidays", sentence, "France, Atlantis");
        assert_eq!(team.page().await.rota.unwrap().words, before);
    }
}

#[tokio::test]
async fn of_two_who_edit_name_and_description_at_once_the_later_is_told_and_loses_nothing() {
    for database in databases().await {
        let team = overrides::team(database).await;
        let mut ann = Ann::at(&team).await;
        let version = team.page().await.version;
        let save = |name: &str, description: &str, version: &str| {
            format!(
                "input[name]={name}&input[description]={description}&input[duty_size]=1\
                 &input[visibility]=public&input[version]={version}"
            )
        };
        let first = save("First", "By+the+first", &version);
        ann.of_rotation("/edit", "edit_rotation", &first).await;
        let second = save("Second", "By+the+second", &version);
        let page = ann.of_rotation("/edit", "edit_rotation", &second).await;
        for words in [
            "Ann has changed this rotation while you were at it.",
            "value=\"Second\"",
            "By the second",
        ] {
            assert!(page.contains(words), "no {words}: {page}");
        }
        let details = team.page().await.details;
        let kept = (details.name.as_str(), details.description.as_str());
        assert_eq!(kept, ("First", "By the first"));
        // The form has the version of what it was told, so that saving again is meant.
        let name = "name=\"input[version]\" value=\"";
        let at = page.find(name).expect("the form tells its version") + name.len();
        let told = page[at..].split('"').next().unwrap();
        assert_ne!(told, version);
        let again = save("Second", "By+the+second", told);
        ann.of_rotation("/edit", "edit_rotation", &again).await;
        let details = team.page().await.details;
        assert_eq!(details.name, "Second");
        assert_eq!(details.description, "By the second");
    }
}

#[tokio::test]
async fn who_is_a_member_already_and_a_rotation_with_nobody_are_told_on_the_page() {
    for database in databases().await {
        let team = overrides::team(database).await;
        let mut ann = Ann::at(&team).await;
        let again = "people[0]=U1&people[1]=U3";
        let page = ann.of_rotation("", "add_members", again).await;
        assert!(
            page.contains("This person is already in the rotation."),
            "{page}"
        );
        assert_eq!(
            team.page().await.members.len(),
            3,
            "Cy was added all the same"
        );
        let empty = create(&team.services.store, "Empty").await;
        let page = ann.open(&format!("/rotations/{empty}")).await;
        assert!(page.contains("Nobody is in this rotation yet."), "{page}");
        assert!(page.contains("Nobody is on duty"), "{page}");
    }
}

#[tokio::test]
async fn that_everybody_is_away_is_said_before_it_is_saved_and_wherever_somebody_looks() {
    for database in databases().await {
        let team = overrides::team(database).await;
        let bob = Caller {
            person: PersonId::new(id_of("Bob")),
            name: "Bob".to_owned(),
            role: Role::Member,
            ..caller()
        };
        let away = AbsenceInput {
            zone: "UTC".to_owned(),
            span: span(0, 2 * HOUR),
            ..AbsenceInput::default()
        };
        let noted = team.backend.note_absence(&bob, away).await;
        assert_eq!(noted.unwrap(), Outcome::Done(()));
        let mut ann = Ann::at(&team).await;
        let until = civil(2 * HOUR);
        let absence = format!("zone=UTC&span[until]={until}");
        let preview = format!("{absence}&preview=true");
        let page = ann
            .send("/settings/absences", "note_absence", &preview)
            .await;
        assert!(page.contains("When nobody is on duty"), "{page}");
        ann.send("/settings/absences", "note_absence", &absence)
            .await;
        assert!(on_duty(&team, &team.id).await.is_empty());
        let own = format!("/rotations/{}", team.id);
        for (address, words) in [
            (own.as_str(), &["Nobody is on duty", "is away"][..]),
            ("/", &["Nobody"]),
            ("/rotations", &["Nobody"]),
            ("/week", &["Nobody"]),
        ] {
            let page = ann.open(address).await;
            for words in words {
                assert!(page.contains(words), "{address} lacks {words}: {page}");
            }
        }
    }
}

async fn on_duty(team: &Team, id: &RotationId) -> Vec<String> {
    let page = team
        .backend
        .rotation(&caller(), id.clone(), DaysWanted::default())
        .await;
    let on_duty = page.unwrap().outlook.on_duty.into_iter();
    on_duty.map(|duty| duty.holder.name).collect()
}
