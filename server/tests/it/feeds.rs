//! Calendar feeds, as calendar programs read them: by an address and nothing else.

use crate::{
    http::browser::{Answer, Browser},
    support::{
        NOWHERE, bound::Bound, caller, create, databases, directory_read, services, sqlite,
        workspace,
    },
};
use app::{
    AppError,
    backend::{Caller, Feeds, Rotations},
};
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use domain::Person;
use serde_json::json;
use server::{Services, backend::RoundRobin, clock, store::Feed};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::collections::BTreeMap;
use types::{
    FeedSubject, MemberKey, Outcome, PersonId, Role, RotationId, RotationInput, Visibility,
};

const SCHEDULE: &str = "PPLATP1";
const OVERRIDES: &str = "schedules/PPLATP1/overrides";

fn bob() -> Caller {
    Caller {
        person: PersonId::new("U2"),
        name: "Bob".to_owned(),
        role: Role::Member,
        session: "bobs".to_owned(),
        ..caller()
    }
}

/// Makes a feed and gives the path of its address.
pub(crate) async fn made(services: &Services, who: &Caller, subject: FeedSubject) -> String {
    let backend = RoundRobin::new(services.clone());
    backend.make_feed(who, subject.clone()).await.unwrap();
    let feeds = backend.feeds(who).await.unwrap();
    let feed = feeds.into_iter().find(|feed| feed.subject == subject);
    let address = feed.unwrap().address.expect("the address can be copied");
    let (_, path) = address.split_once("3000").unwrap();
    path.to_owned()
}

pub(crate) async fn read(services: &Services, path: &str) -> Answer {
    Browser::new(services).send(asking(path)).await
}

fn asking(path: &str) -> Request<Body> {
    // As calendar services do: no cookie, no page that it comes from.
    Request::get(path)
        .header("host", "127.0.0.1:3000")
        .body(Body::empty())
        .unwrap()
}

/// The events by their ids, each with its properties.
pub(crate) fn events(feed: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let unfolded = feed.replace("\r\n ", "");
    let events = unfolded.split("BEGIN:VEVENT\r\n").skip(1);
    events
        .map(|event| {
            let lines = event.lines().take_while(|line| *line != "END:VEVENT");
            let properties: BTreeMap<_, _> = lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            (properties["UID"].clone(), properties)
        })
        .collect()
}

fn with(name: &str) -> RotationInput {
    RotationInput {
        name: name.to_owned(),
        ..RotationInput::default()
    }
}

#[tokio::test]
async fn a_feed_stays_the_same_bytes_until_something_changes() {
    for database in databases().await {
        let bound = Bound::to(database, &[SCHEDULE]).await;
        let (_, id) = &bound.rotations[0];
        let services = &bound.services;
        let path = made(services, &caller(), FeedSubject::Rotation(id.clone())).await;
        let first = read(services, &path).await;
        assert_eq!(first.status, StatusCode::OK);
        assert_eq!(first.header("content-type"), "text/calendar; charset=utf-8");
        assert_eq!(first.header("cache-control"), "private, no-cache");
        assert_eq!(first.header("x-robots-tag"), "noindex");
        assert!(!events(&first.body).is_empty());
        bound.sync().await.unwrap();
        let again = read(services, &path).await;
        assert_eq!(first.body, again.body);
        let mut known = asking(&path);
        let tag = first.headers["etag"].clone();
        known.headers_mut().insert("if-none-match", tag);
        let unchanged = Browser::new(services).send(known).await;
        assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED);
        assert_eq!(unchanged.body, "");

        // A rename changes each event, and makes none.
        let backend = bound.backend();
        let renamed = backend
            .edit_rotation(&caller(), id.clone(), with("Renamed"))
            .await;
        assert_eq!(renamed.unwrap(), Outcome::Done(()));
        let (before, after) = (
            events(&first.body),
            events(&read(services, &path).await.body),
        );
        assert!(before.keys().eq(after.keys()));
        for (uid, event) in &after {
            assert!(event["SUMMARY"].starts_with("Renamed: "), "{event:?}");
            assert_eq!(event["SEQUENCE"], "1", "{event:?}");
            assert!(event["LAST-MODIFIED"] >= before[uid]["LAST-MODIFIED"]);
        }
    }
}

#[tokio::test]
async fn an_override_makes_no_duplicates() {
    for database in databases().await {
        let bound = Bound::to(database, &[SCHEDULE]).await;
        let (_, id) = &bound.rotations[0];
        let services = &bound.services;
        let path = made(services, &caller(), FeedSubject::Rotation(id.clone())).await;
        let before = events(&read(services, &path).await.body);
        let ada = json!({"user": "PADAOK1", "seconds": 3600});
        bound.sandbox.control(OVERRIDES, ada).await;
        bound.sync().await.unwrap();
        let after = events(&read(services, &path).await.body);
        let mut spans: Vec<_> = after
            .values()
            .map(|event| (event["DTSTART"].clone(), event["DTEND"].clone()))
            .collect();
        spans.sort();
        for pair in spans.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "they overlap: {pair:?}");
        }
        // The shift that was cut is the same event, with another end.
        let cut = before.keys().filter(|uid| {
            after
                .get(*uid)
                .is_some_and(|event| event["SEQUENCE"] == "1")
        });
        assert_eq!(cut.count(), 1);
    }
}

#[tokio::test]
async fn a_feed_tells_what_its_maker_may_see_as_long_as_they_may() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let backend = RoundRobin::new(services.clone());
        let open = create(&services.store, "Open").await;
        let secret = create(&services.store, "Secret").await;
        for id in [&open, &secret] {
            put_on_duty(&backend, id, "U1").await;
        }
        let everything = made(&services, &bob(), FeedSubject::Everything).await;
        let secret_of_bob = made(&services, &bob(), FeedSubject::Rotation(secret.clone())).await;
        assert!(
            read(&services, &everything)
                .await
                .body
                .contains("Secret: Ann")
        );
        let private = RotationInput {
            visibility: Visibility::Private,
            ..with("Secret")
        };
        backend
            .edit_rotation(&caller(), secret.clone(), private)
            .await
            .unwrap();
        let told = read(&services, &everything).await.body;
        assert!(
            told.contains("Open: Ann") && !told.contains("Secret"),
            "{told}"
        );
        assert_eq!(
            read(&services, &secret_of_bob).await.status,
            StatusCode::NOT_FOUND
        );
        let refused = backend
            .make_feed(&bob(), FeedSubject::Rotation(secret))
            .await;
        assert_eq!(refused, Err(AppError::NotFound));
        let feeds = backend.feeds(&bob()).await.unwrap();
        assert!(
            feeds.iter().all(|feed| feed.rotation.is_none()),
            "{feeds:?}"
        );

        let gone = |deactivated| Person {
            id: PersonId::new("U2"),
            name: "Bob".to_owned(),
            email: None,
            role: Role::Member,
            deactivated,
        };
        directory_read(&services.store, &[gone(true)], clock::now()).await;
        assert_eq!(
            read(&services, &everything).await.status,
            StatusCode::NOT_FOUND
        );
        services.store.close().await;
    }
}

async fn put_on_duty(backend: &RoundRobin, id: &RotationId, person: &str) {
    let person = PersonId::new(person);
    let added = backend
        .add_members(&caller(), id.clone(), vec![person.clone()])
        .await;
    assert!(added.unwrap().done().is_some());
    let key = MemberKey::of_person(&person);
    let set = backend.set_on_duty(&caller(), id.clone(), key).await;
    assert!(set.unwrap().done().is_some());
}

#[tokio::test]
async fn somebody_reads_their_own_shifts_of_all_rotations() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let backend = RoundRobin::new(services.clone());
        for (name, person) in [("One", "U2"), ("Two", "U1"), ("Three", "U2")] {
            let id = create(&services.store, name).await;
            put_on_duty(&backend, &id, person).await;
        }
        let path = made(&services, &bob(), FeedSubject::Mine).await;
        let feed = read(&services, &path).await.body;
        let titles: Vec<_> = events(&feed)
            .into_values()
            .map(|event| event["SUMMARY"].clone())
            .collect();
        assert_eq!(titles.len(), 2, "{feed}");
        assert!(titles.contains(&"On duty: One".to_owned()));
        assert!(titles.contains(&"On duty: Three".to_owned()));
        assert!(feed.contains("X-WR-CALNAME:My shifts"));
        services.store.close().await;
    }
}

#[tokio::test]
async fn an_address_is_shown_to_the_session_that_made_it_and_leads_nowhere_once_replaced() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let backend = RoundRobin::new(services.clone());
        let first = made(&services, &bob(), FeedSubject::Mine).await;
        let elsewhere = Caller {
            session: "another".to_owned(),
            ..bob()
        };
        let address = |feeds: Vec<types::FeedView>| feeds[0].address.clone();
        assert_eq!(address(backend.feeds(&elsewhere).await.unwrap()), None);
        assert_eq!(
            backend.feeds(&caller()).await.unwrap(),
            [],
            "others have their own"
        );
        let second = made(&services, &bob(), FeedSubject::Mine).await;
        assert_ne!(first, second);
        assert_eq!(read(&services, &first).await.status, StatusCode::NOT_FOUND);
        assert_eq!(read(&services, &second).await.status, StatusCode::OK);
        let feeds = backend.feeds(&bob()).await.unwrap();
        assert!(feeds[0].read_at.is_some());

        // Once its time is over, nothing of it is left to be opened.
        let later = services.store.now().await.unwrap().plus_seconds(601);
        services.store.purge_feed_addresses(later).await.unwrap();
        let feeds: Vec<Feed> = services
            .store
            .feeds(&workspace(), &bob().person, "bobs")
            .await
            .unwrap();
        assert_eq!(feeds[0].address_sealed, None);
        assert_eq!(read(&services, &second).await.status, StatusCode::OK);

        backend
            .revoke_feed(&bob(), FeedSubject::Mine)
            .await
            .unwrap();
        assert_eq!(read(&services, &second).await.status, StatusCode::NOT_FOUND);
        let again = backend.revoke_feed(&bob(), FeedSubject::Mine).await;
        assert_eq!(again, Err(AppError::NotFound));
        services.store.close().await;
    }
}

#[tokio::test]
async fn nothing_of_an_address_is_in_the_database_but_its_hash_and_what_is_sealed() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let path = made(&services, &bob(), FeedSubject::Everything).await;
        let token = path
            .strip_prefix("/ical/")
            .unwrap()
            .strip_suffix(".ics")
            .unwrap();
        let contents = database.contents(&[]).await;
        assert!(!format!("{contents:?}").contains(token));
        services.store.close().await;
    }
}

#[tokio::test]
async fn whoever_guesses_is_told_nothing_and_not_for_long() {
    let database = sqlite();
    let services = services(&database, NOWHERE).await;
    let path = made(&services, &bob(), FeedSubject::Mine).await;
    let guess = format!("/ical/{}.ics", "0".repeat(64));
    let answers = futures::future::join_all((0..25).map(|_| read(&services, &guess))).await;
    let refused = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.count(), 5);
    for odd in ["/ical/", "/ical/x.ics", "/ical/..%2f.ics"] {
        let answer = read(&services, odd).await;
        assert_ne!(answer.status, StatusCode::OK, "{odd}");
    }
    // A calendar that knows its address is not kept waiting by that.
    assert_eq!(read(&services, &path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_one_cannot_read_of_a_stored_feed_concerns_that_feed_alone() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let path = made(&services, &bob(), FeedSubject::Mine).await;
        let other = made(&services, &bob(), FeedSubject::Everything).await;
        let mut connection = AnyConnection::connect(&database.url).await.unwrap();
        let odd = "update feeds set subject = '' where subject = 'all'";
        connection.execute(odd).await.unwrap();
        assert_eq!(read(&services, &other).await.status, StatusCode::NOT_FOUND);
        assert_eq!(read(&services, &path).await.status, StatusCode::OK);
        let backend = RoundRobin::new(services.clone());
        assert_eq!(backend.feeds(&bob()).await.unwrap().len(), 1);
        services.store.close().await;
    }
}
