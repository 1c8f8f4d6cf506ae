//! The week over all rotations against the stand-in's company: read as the product reads it, and
//! compared with hours that were reckoned by hand from the company's table in its API.md.

use crate::support::{NOWHERE, Setup, sandbox::Sandbox, services_with, sqlite};
use domain::{Crew, Directory, Foresight, Past, SchedulePerson, ScheduleVersion, planned};
use secrecy::SecretString;
use server::pagerduty::{Account, Credential};
use std::collections::BTreeMap;
use types::{Coverage, DaysWanted, ScheduleId, Span, Timestamp};

/// A Wednesday, eleven in Berlin, whose clocks are put forward on the Sunday after it.
const NOW: &str = "2026-03-25T10:00:00Z";
/// In this week, from Monday to Sunday in Berlin, there are so many minutes.
const WEEK: i64 = (7 * 24 - 1) * 60;

/// Who has so many hours.
type Hours = &'static [(&'static str, f64)];

fn at(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// Minutes that each has in the span; nobody's are a dash's.
fn minutes(coverage: &Coverage, span: Span) -> BTreeMap<String, i64> {
    let mut minutes = BTreeMap::new();
    for stretch in &coverage.stretches {
        let end = stretch.ends_at.unwrap_or(span.until).min(span.until);
        let seconds = end.seconds_since(stretch.starts_at.max(span.from));
        let holder = stretch.holder.as_ref();
        let name = holder.map_or("-", |holder| holder.name.as_str());
        *minutes.entry(name.to_owned()).or_default() += seconds / 60;
    }
    minutes
}

#[tokio::test]
async fn a_week_of_the_company_adds_up_with_a_change_of_clocks_a_gap_an_override_and_three_at_once()
{
    let sandbox = Sandbox::of_company(NOW.parse().unwrap(), |company| {
        let mut world = company.world();
        let command = world.schedule_mut("Q3INCIDENTCMD1").unwrap();
        let everybody = &mut command.rotations[0].layers[0].members;
        everybody.push(Some("PMARTA4".to_owned()));
    });
    let sandbox = sandbox.await;
    let setup = Setup {
        eu: NOWHERE,
        ..Setup::at(&sandbox.url)
    };
    let services = services_with(&sqlite(), &setup).await;
    let credential = Credential::ApiKey(SecretString::from(sandbox.api_key().await));
    let opened = services.pagerduty.find_account(&credential).await.unwrap();
    let account = Account {
        region: opened.region,
        credential,
    };
    let now = at(NOW);
    let zone = "Europe/Berlin".to_owned();
    let wanted = DaysWanted {
        zone,
        ..DaysWanted::default()
    };
    let span = domain::days(&wanted, 1, now).span();
    assert_eq!(span.from, at("2026-03-22T23:00:00Z"));
    assert_eq!(span.until.seconds_since(span.from), WEEK * 60);

    // In hours, of which there are 167.
    let expected: [(&str, ScheduleVersion, Hours); 7] = [
        // Weekly since Sunday at nine; the next Sunday's nine comes an hour early.
        (
            "PPLATP1",
            ScheduleVersion::V2,
            &[
                ("Tomás Herrera", 6.0 * 24.0 + 8.0),
                ("Jürgen Weiß", 24.0 - 9.0),
            ],
        ),
        // Three at once, the whole week.
        (
            "Q3INCIDENTCMD1",
            ScheduleVersion::V3,
            &[
                ("Ada Okafor", 167.0),
                ("Henrik Lindqvist", 167.0),
                ("Marta Kowalczyk", 167.0),
            ],
        ),
        // Until Tuesday at nine in Kolkata, which is 4:30 in Berlin; then nobody until 1 April.
        (
            "PWAREH6",
            ScheduleVersion::V2,
            &[("Priya Raman", 24.0 + 4.5), ("-", 167.0 - 28.5)],
        ),
        // Henrik's override runs from Tuesday at eleven until after the week.
        (
            "PDATAI7",
            ScheduleVersion::V2,
            &[
                ("נועה בן־דוד", 24.0 + 11.0),
                ("Henrik Lindqvist", 167.0 - 35.0),
            ],
        ),
        // Wei, nobody, Kenji, from nine to nine in UTC, which is ten in Berlin: Wei has the end of
        // Sunday's day, Wednesday and Saturday, nobody Monday, Thursday, and Sunday to its end.
        (
            "Q3NIGHTWATCH02",
            ScheduleVersion::V3,
            &[
                ("Wei Zhang", 10.0 + 24.0 + 24.0),
                ("Kenji Sato", 24.0 + 24.0),
                ("-", 24.0 + 24.0 + 13.0),
            ],
        ),
        // Weekly since Monday at nine in New York, whose clocks are ahead already: 14:00 in Berlin.
        (
            "PPAYMN3",
            ScheduleVersion::V2,
            &[("Siobhán O'Neill", 14.0), ("Olivia Bennett", 167.0 - 14.0)],
        ),
        // Office hours of five days in turns, over Wei; the weekend over all, whose turns change on
        // Sunday at nine of summer time.
        (
            "Q1MOBILEEU2026",
            ScheduleVersion::V2,
            &[
                ("Jürgen Weiß", 8.0 + 8.0),
                ("Siobhán O'Neill", 8.0 + 8.0),
                ("נועה בן־דוד", 8.0),
                ("Wei Zhang", 5.0 * 16.0),
                ("Marta Kowalczyk", 24.0 + 8.0),
                ("Tomás Herrera", 24.0 - 9.0),
            ],
        ),
    ];
    for (id, version, hours) in expected {
        let (from, until) = (at("2026-03-16T00:00:00Z"), at("2026-04-20T00:00:00Z"));
        let id = ScheduleId::new(id);
        let read = &services.pagerduty;
        let read = read.schedule(&account, &id, version, from, until);
        let schedule = read.await.unwrap();
        let mut people = Vec::new();
        for person in schedule.people {
            // Shift-based schedules name people by their ids alone.
            let known = services.pagerduty.user(&account, &person.id).await.unwrap();
            people.push(SchedulePerson {
                name: known.map_or(person.name, |known| known.name),
                id: person.id,
                email: None,
                deleted: person.deleted,
                asked_for: true,
            });
        }
        let stretches = planned(&people, &schedule.shifts, &Directory::default());
        let foresight = Foresight::Shifts {
            stretches: &stretches,
            known_until: until,
        };
        let past = Past {
            begins_at: from,
            records: Vec::new(),
        };
        let week = foresight.coverage(&Crew::default(), &past, span, now);
        #[expect(clippy::cast_possible_truncation, reason = "hours of one week")]
        let hours = hours
            .iter()
            .map(|(name, hours)| ((*name).to_owned(), (hours * 60.0) as i64));
        assert_eq!(minutes(&week, span), hours.collect(), "{}", schedule.name);
        let marked = |stretch: &types::Stretch| !stretch.overrides.is_empty();
        let overridden = week.stretches.iter().any(marked);
        assert_eq!(
            overridden,
            schedule.name == "Data Insights",
            "{}",
            schedule.name
        );
    }
}
