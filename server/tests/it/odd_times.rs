//! Times of day that clocks show twice, and days without a midnight: whichever page tells them says
//! which one is meant, and no page stumbles over them.

use crate::{
    feeds,
    http::browser::Browser,
    rotas::Team,
    support::{Database, caller, cookie, databases},
};
use app::backend::{Absences, Overrides, Rotations};
use domain::rota::Zone;
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};
use server::clock;
use types::{
    AbsenceInput, FeedSubject, MemberKey, Outcome, OverrideChoice, OverrideInput, PersonId,
    RotaInput, RotaKind, SpanInput, WhichOne,
};

const NEW_YORK: &str = "America/New_York";
const SANTIAGO: &str = "America/Santiago";

/// The next Sunday that is the first one of its month on or after this day.
fn sunday(month: i8, day: i8) -> Date {
    let today = Zone::UTC.civil(clock::now()).date();
    let years = today.year()..today.year() + 2;
    let mut sundays = years.map(|year| {
        let eve = Date::new(year, month, day).unwrap() - 1.days();
        eve.nth_weekday(1, Weekday::Sunday).unwrap()
    });
    sundays.find(|sunday| *sunday > today + 1.days()).unwrap()
}

/// Ann, who is on duty until the first hand-off, and Bob.
async fn team(database: Database, input: RotaInput) -> Team {
    let team = Team::of_two(database).await;
    let rotated = team.backend.rotate(&caller(), team.id.clone()).await;
    assert!(rotated.unwrap().done().is_some());
    team.schedule(input).await;
    team
}

/// Pages without scripts, as Ann reads them.
struct Pages<'a> {
    team: &'a Team,
    session: String,
}

impl<'a> Pages<'a> {
    async fn of(team: &'a Team) -> Self {
        let session = cookie(&team.services.store).await;
        Self { team, session }
    }

    /// In a browser that reads times in a zone.
    async fn read(&self, zone: &str, address: &str) -> String {
        let (name, value) = self.session.split_once('=').unwrap();
        let browser = Browser::new(&self.team.services).with_cookie(name, value);
        let mut browser = browser.with_cookie("roundrobin_zone", zone);
        let page = browser.open(address).await;
        assert!(page.status.is_success(), "{address}: {}", page.body);
        page.body
    }
}

/// What is written between the tags of a page, from its main part on.
fn texts(page: &str) -> Vec<&str> {
    let main = page.find("<main").map_or(page, |at| &page[at..]);
    let texts = main.split('>').filter_map(|part| part.split('<').next());
    texts.filter(|text| !text.trim().is_empty()).collect()
}

#[tokio::test]
async fn the_hour_that_clocks_show_twice_is_told_apart_on_every_page() {
    for database in databases().await {
        let date = sunday(11, 1);
        let monthly = RotaInput {
            kind: RotaKind::Monthly,
            day: date.day().to_string(),
            every: "1".to_owned(),
            times: "01:30".to_owned(),
            zone: NEW_YORK.to_owned(),
            starts_on: date.to_string(),
            starts_which: WhichOne::First,
            ..RotaInput::default()
        };
        let team = team(database, monthly).await;
        let pages = Pages::of(&team).await;
        // From the one half past one to the other: for an hour.
        let time = format!("{date}T01:30");
        let span = SpanInput {
            from: time.clone(),
            from_which: WhichOne::First,
            until: time,
            until_which: WhichOne::Second,
        };
        let made = OverrideInput {
            kind: OverrideChoice::Replace,
            of: MemberKey::of_person(&PersonId::new("U1")).to_string(),
            person: "U2".to_owned(),
            span: span.clone(),
        };
        let made = team
            .backend
            .make_override(&caller(), team.id.clone(), made)
            .await;
        assert_eq!(made.unwrap(), Outcome::Done(()));
        let away = AbsenceInput {
            zone: NEW_YORK.to_owned(),
            span,
            ..AbsenceInput::default()
        };
        let noted = team.backend.note_absence(&caller(), away).await;
        assert_eq!(noted.unwrap(), Outcome::Done(()));

        let own = format!("/rotations/{}", team.id);
        let monday = date - 6.days();
        let (first, second) = ("01:30 (UTC-4)", "01:30 (UTC-5)");
        for (address, told) in [
            ("/".to_owned(), &[first][..]),
            ("/rotations".to_owned(), &[first]),
            (own.clone(), &[first, second]),
            (format!("{own}?from={monday}"), &[first, second]),
            (format!("/week?from={monday}&weeks=1"), &[first]),
            (format!("/week?from={monday}&weeks=1&view=list"), &[first]),
            ("/settings/absences".to_owned(), &[first, second]),
        ] {
            let page = pages.read(NEW_YORK, &address).await;
            for told in told {
                assert!(
                    page.contains(told),
                    "{address} lacks {told}: {}",
                    texts(&page).join("|")
                );
            }
            // But for what the schedule says, which is no moment.
            for text in texts(&page) {
                let tells = text.contains("01:30") && !text.contains(" at 01:30");
                assert!(!tells || text.contains("01:30 (UTC"), "{address}: {text}");
            }
        }
        // Who reads in another zone has no such hour there.
        let elsewhere = pages.read("Europe/Berlin", &own).await;
        assert!(elsewhere.contains("06:30") && !elsewhere.contains("(UTC"));
        // Calendar programs are told moments.
        let (services, whose) = (&team.services, caller());
        let subject = FeedSubject::Rotation(team.id.clone());
        let feed = feeds::made(services, &whose, subject).await;
        let feed = feeds::read(services, &feed).await.body;
        let times = feed
            .lines()
            .filter(|line| line.starts_with("DTSTART") || line.starts_with("DTEND"));
        let times: Vec<_> = times.collect();
        assert!(
            !times.is_empty() && times.iter().all(|time| time.ends_with('Z')),
            "{feed}"
        );
    }
}

#[tokio::test]
async fn a_day_without_a_midnight_begins_an_hour_later_on_every_page() {
    for database in databases().await {
        // Clocks there jump from midnight to one on the first Sunday after the first of September.
        let date = sunday(9, 2);
        let zone = Zone::named(SANTIAGO).unwrap();
        let begins = zone.planned(date.at(0, 0, 0, 0));
        assert_eq!(zone.civil(begins), date.at(1, 0, 0, 0), "it is such a day");
        let weekly = RotaInput {
            kind: RotaKind::Weekly,
            weekday: types::Weekday::Sunday,
            every: "1".to_owned(),
            times: "00:00".to_owned(),
            zone: SANTIAGO.to_owned(),
            starts_on: "2026-01-04".to_owned(),
            ..RotaInput::default()
        };
        let team = team(database, weekly).await;
        let pages = Pages::of(&team).await;
        let own = format!("/rotations/{}", team.id);
        let monday = date - 6.days();
        // Days more than half a year away tell their year.
        let told = match begins.seconds_since(clock::now()) > 183 * 24 * 3600 {
            true => format!("{}, 01:00", date.strftime("%a %-d %b %Y")),
            false => format!("{}, 01:00", date.strftime("%a %-d %b")),
        };
        for address in [
            format!("{own}?from={monday}"),
            format!("/week?from={monday}&weeks=1"),
        ] {
            let page = pages.read(SANTIAGO, &address).await;
            let texts = texts(&page).join("|");
            assert!(texts.contains(&told), "{address} lacks {told}: {texts}");
        }
        // The days of that week are seven, each once, and the hand-off is at the seam of two.
        let address = format!("/week?from={monday}&weeks=1&view=list");
        let list = pages.read(SANTIAGO, &address).await;
        for place in 0..7 {
            let day = (monday + i64::from(place).days())
                .strftime("%a %-d %b")
                .to_string();
            let told = texts(&list);
            let days = told.iter().filter(|text| **text == day).count();
            assert_eq!(days, 1, "{day}: {}", told.join("|"));
        }
    }
}
