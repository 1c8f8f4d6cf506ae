//! Lighthouse Books, the company that everybody tries the product with, and two small neighbours. Its
//! awkward corners are on purpose: each is something that a real account has and that breaks careless code.

use jiff::{
    SignedDuration, Timestamp,
    civil::{self, DateTime, Weekday},
    tz::TimeZone,
};

use crate::{
    account::{
        Account, ApiKey, Holder, Kind, Policy, Presence, Region, Schedule, Target, Team, User,
    },
    clock::whole_second,
    gathering,
    rendering::{Layer, Override, Restriction, Rotation, Strategy},
    slack::{Person, Role, Workspace},
    zones,
};

pub const API_KEY: &str = "u+LighthouseKey_K7Qa";
pub const EU_API_KEY: &str = "e+LighthouseKey_E5Tz";
pub const PERSONAL_API_KEY: &str = "p+LighthouseKey_P9Wm";
pub const NO_API_ACCESS_KEY: &str = "n+LighthouseKey_N402";
pub const FORBIDDEN_KEY: &str = "f+LighthouseKey_F403";

/// The workspace that the product is meant to be installed in.
pub const PRIMARY_TEAM: &str = "T01LIGHTHSE";
/// A neighbour, who shares a channel with it.
pub const SECOND_TEAM: &str = "T02HARBOURC";

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;
/// Stands in lists of people for a turn that nobody has.
const EMPTY_SLOT: &str = "";
/// How many full rounds lie behind us, so that the past can be rendered too.
const ROUNDS_BEHIND: i64 = 6;

/// Someone of the company, as far as both services know them.
struct Colleague {
    slack_id: &'static str,
    pagerduty_id: Option<&'static str>,
    name: &'static str,
    mailbox: &'static str,
    role: Role,
    time_zone: &'static str,
    job: &'static str,
}

const fn colleague(
    (slack_id, pagerduty_id): (&'static str, &'static str),
    (name, mailbox): (&'static str, &'static str),
    role: Role,
    time_zone: &'static str,
    job: &'static str,
) -> Colleague {
    Colleague {
        slack_id,
        pagerduty_id: Some(pagerduty_id),
        name,
        mailbox,
        role,
        time_zone,
        job,
    }
}

#[rustfmt::skip]
const COLLEAGUES: [Colleague; 15] = [
    colleague(("U01ADAOKAF", "PADAOK1"), ("Ada Okafor", "ada.okafor"), Role::PrimaryOwner, "Europe/London", "Head of Engineering"),
    colleague(("U02HENRIKL", "PHENRI2"), ("Henrik Lindqvist", "henrik.lindqvist"), Role::Owner, "Europe/Stockholm", "Engineering Manager"),
    colleague(("U03PRIYARA", "PPRIYA3"), ("Priya Raman", "priya.raman"), Role::Admin, "Asia/Kolkata", "Site Reliability Engineer"),
    colleague(("U04MARTAKO", "PMARTA4"), ("Marta Kowalczyk", "marta.kowalczyk"), Role::Admin, "Europe/Warsaw", "Platform Engineer"),
    colleague(("U05TOMASHE", "PTOMAS5"), ("Tomás Herrera", "tomas.herrera"), Role::Member, "Europe/Madrid", "Platform Engineer"),
    colleague(("U06NOABEND", "PNOABD6"), ("נועה בן־דוד", "noa.bendavid"), Role::Member, "Asia/Jerusalem", "Data Engineer"),
    colleague(("U07WEIZHAN", "PWEIZH7"), ("Wei Zhang", "wei.zhang"), Role::Member, "Asia/Singapore", "Mobile Engineer"),
    colleague(("U08JUERGEN", "PJUERG8"), ("Jürgen Weiß", "juergen.weiss"), Role::Member, "Europe/Berlin", "Platform Engineer"),
    colleague(("U09OLIVIAB", "POLIVI9"), ("Olivia Bennett", "olivia.bennett"), Role::Member, "America/New_York", "Payments Engineer"),
    colleague(("U10DIEGOFU", "PDIEGOA"), ("Diego Fuentes", "diego.fuentes"), Role::Member, "America/Los_Angeles", "Web Engineer"),
    colleague(("U11SIOBHAN", "PSIOBHB"), ("Siobhán O'Neill", "siobhan.oneill"), Role::Member, "Europe/Dublin", "Payments Engineer"),
    colleague(("U12KENJISA", "PKENJIC"), ("Kenji Sato", "kenji.sato"), Role::Member, "Asia/Tokyo", "Mobile Engineer"),
    Colleague { slack_id: "U13LEILAHA", pagerduty_id: None, name: "Leila Haddad", mailbox: "leila.haddad", role: Role::Member, time_zone: "Europe/Paris", job: "Product Manager" },
    colleague(("U14SAMCART", "PSAMCAE"), ("Sam Carter", "sam.carter"), Role::Guest, "America/Chicago", "Contractor"),
    colleague((DEACTIVATED, "PBRUNOF"), ("Bruno Costa", "bruno.costa"), Role::Member, "America/Sao_Paulo", "Warehouse Systems"),
];

/// Left Slack, and is still in a schedule of PagerDuty.
const DEACTIVATED: &str = "U15BRUNOCO";
/// Writes his address differently in PagerDuty than in Slack.
const SHOUTING: &str = "PJUERG8";

fn address(mailbox: &str) -> String {
    format!("{mailbox}@lighthouse-books.example")
}

pub fn workspaces() -> Vec<Workspace> {
    let lighthouse = COLLEAGUES
        .iter()
        .map(|one| Person {
            deactivated: one.slack_id == DEACTIVATED,
            ..Person::new(
                one.slack_id,
                one.name,
                &address(one.mailbox),
                one.role,
                one.time_zone,
            )
        })
        .collect();
    let harbour = vec![
        Person::new(
            "U51YUKIMOR",
            "Yuki Mori",
            "yuki.mori@harbour-coffee.example",
            Role::PrimaryOwner,
            "Asia/Tokyo",
        ),
        Person::new(
            "U52PAULDUB",
            "Paul Dubois",
            "paul.dubois@harbour-coffee.example",
            Role::Member,
            "Europe/Paris",
        ),
    ];
    let mut workspaces = vec![
        Workspace::new(
            PRIMARY_TEAM,
            "Lighthouse Books",
            "lighthouse-books",
            lighthouse,
        ),
        Workspace::new(SECOND_TEAM, "Harbour Coffee", "harbour-coffee", harbour),
    ];
    gathering::settle(&mut workspaces);
    workspaces
}

pub fn american_account(now: Timestamp) -> Account {
    Account {
        region: Region::Us,
        account_id: "PLHBKUS".to_owned(),
        subdomain: "lighthouse-books".to_owned(),
        users: american_users(now),
        teams: vec![
            team("PTEAMPL", "Platform", "Keeps the lights on"),
            team("PTEAMPA", "Payments", "Money in, money back"),
            team("PTEAMMO", "Mobile", "The reading apps"),
        ],
        schedules: american_schedules(now),
        policies: american_policies(),
        keys: vec![
            key(API_KEY, Holder::Account),
            key(PERSONAL_API_KEY, Holder::Person("PADAOK1".to_owned())),
            key(NO_API_ACCESS_KEY, Holder::PlanWithoutApi),
            key(FORBIDDEN_KEY, Holder::NoPermission),
        ],
        overrides_made: 0,
    }
}

pub fn european_account(now: Timestamp) -> Account {
    let users = ["PMARTA4", "PJUERG8", "PSIOBHB"]
        .into_iter()
        .zip(["PEUMART", "PEUJUER", "PEUSIOB"])
        .filter_map(|(id, european_id)| {
            let user = american_users(now).into_iter().find(|user| user.id == id)?;
            Some(User {
                id: european_id.to_owned(),
                role: if id == "PMARTA4" { "owner" } else { user.role },
                teams: Vec::new(),
                ..user
            })
        })
        .collect();
    Account {
        region: Region::Eu,
        account_id: "PLHBKEU".to_owned(),
        subdomain: "lighthouse-books-eu".to_owned(),
        users,
        teams: Vec::new(),
        schedules: vec![
            schedule("PEUSUP1", "Support EU", "Europe/Dublin", |zone| {
                let nine = recent_nine(now, zone, 3);
                vec![weekly("PEULAY1", zone, nine, &["PEUSIOB", "PEUMART"])]
            }),
            schedule("PEUFUL2", "Fulfilment EU", "Berlin", |zone| {
                vec![daily("PEULAY2", zone, now, &["PEUJUER", "PEUMART"])]
            }),
        ],
        policies: Vec::new(),
        keys: vec![key(EU_API_KEY, Holder::Account)],
        overrides_made: 0,
    }
}

fn american_users(now: Timestamp) -> Vec<User> {
    let mut users: Vec<User> = COLLEAGUES
        .iter()
        .filter_map(|one| {
            let id = one.pagerduty_id?;
            let email = address(one.mailbox);
            Some(User {
                role: if one.role == Role::PrimaryOwner {
                    "owner"
                } else {
                    "limited_user"
                },
                ..user(id, one.name, &email, one.time_zone, one.job)
            })
        })
        .collect();
    for shouting in users.iter_mut().filter(|user| user.id == SHOUTING) {
        shouting.email = Some("Juergen.Weiss@Lighthouse-Books.example".to_owned());
    }
    users.push(user(
        "PROBING",
        "Robin Ashworth",
        &address("robin.ashworth"),
        "Europe/London",
        "Consultant",
    ));
    users.push(User {
        deleted_at: Some(days_from(now, -40)),
        ..user(
            "PFATIMH",
            "Fatima Zahra",
            &address("fatima.zahra"),
            "Africa/Casablanca",
            "Payments Engineer",
        )
    });
    for (team, members) in [
        (
            "PTEAMPL",
            &["PTOMAS5", "PJUERG8", "PADAOK1", "PPRIYA3", "PMARTA4"][..],
        ),
        ("PTEAMPA", &["POLIVI9", "PSIOBHB"][..]),
        ("PTEAMMO", &["PWEIZH7", "PKENJIC"][..]),
    ] {
        for member in users
            .iter_mut()
            .filter(|user| members.contains(&user.id.as_str()))
        {
            member.teams.push(team.to_owned());
        }
    }
    users
}

fn american_schedules(now: Timestamp) -> Vec<Schedule> {
    let platform = ["PTOMAS5", "PJUERG8", "PADAOK1", "PPRIYA3"];
    let secondary = ["PROBING", "PMARTA4", "PHENRI2"];
    let payments = ["POLIVI9", "PFATIMH", "PSIOBHB"];
    let storefront = ["PDIEGOA", "PSAMCAE", "POLIVI9"];
    vec![
        schedule("PPLATP1", "Platform Primary", "Europe/Berlin", |zone| {
            vec![weekly(
                "PLAYER1",
                zone,
                recent_nine(now, zone, 3),
                &platform,
            )]
        })
        .of("PTEAMPL", "First to be called"),
        schedule("PPLATS2", "Platform Secondary", "Europe/London", |zone| {
            vec![daily("PLAYER2", zone, now, &secondary)]
        })
        .of("PTEAMPL", "When the first does not answer"),
        schedule("PPAYMN3", "Payments", "America/New_York", |zone| {
            vec![weekly(
                "PLAYER3",
                zone,
                recent_nine(now, zone, 2),
                &payments,
            )]
        })
        .of("PTEAMPA", "Checkout and refunds"),
        schedule("Q1MOBILEEU2026", "Mobile EU", "Europe/Berlin", |zone| {
            mobile_layers(now, zone)
        })
        .of("PTEAMMO", "Apps in Europe: nights, office hours, weekends"),
        schedule(
            "PSTORE5",
            "Storefront",
            "Pacific Time (US & Canada)",
            |zone| {
                vec![weekly(
                    "PLAYER5",
                    zone,
                    recent_nine(now, zone, 3),
                    &storefront,
                )]
            },
        ),
        schedule("PWAREH6", "Warehouse Asia", "Asia/Kolkata", |zone| {
            warehouse_layers(now, zone)
        }),
        covered_for_a_holiday(
            now,
            schedule("PDATAI7", "Data Insights", "Asia/Tokyo", |zone| {
                vec![weekly(
                    "PLAYER7",
                    zone,
                    recent_nine(now, zone, 3),
                    &["PNOABD6", "PKENJIC"],
                )]
            }),
        ),
        schedule("PRELDE8", "Release Desk", "UTC", |_| Vec::new()),
        schedule(
            "Q3INCIDENTCMD1",
            "Incident Command",
            "Europe/Berlin",
            |zone| {
                let nine = recent_nine(now, zone, 3);
                vec![Layer {
                    strategy: Strategy::AllAtOnce,
                    ..weekly("QEVENTCMD00001", zone, nine, &["PADAOK1", "PHENRI2"])
                }]
            },
        )
        .in_shifts(),
        schedule("Q3NIGHTWATCH02", "Night Watch", "UTC", |zone| {
            vec![daily(
                "QEVENTNIGHT001",
                zone,
                now,
                &["PWEIZH7", EMPTY_SLOT, "PKENJIC"],
            )]
        })
        .in_shifts(),
    ]
}

fn covered_for_a_holiday(now: Timestamp, mut schedule: Schedule) -> Schedule {
    schedule.overrides.push(Override {
        id: "QOVRHOLIDAY001".to_owned(),
        start: days_from(now, -1),
        end: days_from(now, 5),
        users: vec!["PHENRI2".to_owned()],
    });
    schedule
}

fn mobile_layers(now: Timestamp, zone: &TimeZone) -> Vec<Layer> {
    let nine = recent_nine(now, zone, 3);
    let always = weekly("PLAY4AL", zone, nine, &["PWEIZH7", "PKENJIC"]);
    let mut office = daily("PLAY4OF", zone, now, &["PNOABD6", "PJUERG8", "PSIOBHB"]);
    office.restrictions = vec![Restriction {
        weekday: None,
        start: civil::time(9, 0, 0, 0),
        duration_seconds: 8 * 3600,
    }];
    let mut weekend = weekly("PLAY4WE", zone, nine, &["PMARTA4", "PTOMAS5"]);
    weekend.restrictions = vec![Restriction {
        weekday: Some(Weekday::Saturday),
        start: civil::time(0, 0, 0, 0),
        duration_seconds: 2 * DAY,
    }];
    vec![always, office, weekend]
}

/// Nobody from yesterday until a week from now.
fn warehouse_layers(now: Timestamp, zone: &TimeZone) -> Vec<Layer> {
    let mut before = weekly(
        "PLAY6BE",
        zone,
        recent_nine(now, zone, 6),
        &["PPRIYA3", "PWEIZH7"],
    );
    before.end = Some(local(zone, recent_nine(now, zone, 1)));
    let reopening = recent_nine(now, zone, -7);
    let mut after = weekly("PLAY6AF", zone, reopening, &["PKENJIC", "PBRUNOF"]);
    after.start = local(zone, reopening);
    vec![before, after]
}

fn american_policies() -> Vec<Policy> {
    let schedule = |id: &str| vec![Target::Schedule(id.to_owned())];
    vec![
        Policy {
            id: "PPOLPLA".to_owned(),
            name: "Platform".to_owned(),
            levels: vec![schedule("PPLATP1"), schedule("PPLATS2")],
        },
        Policy {
            id: "PPOLPAY".to_owned(),
            name: "Payments".to_owned(),
            levels: vec![
                schedule("PPAYMN3"),
                schedule("PPLATS2"),
                vec![Target::User("PADAOK1".to_owned())],
            ],
        },
        Policy {
            id: "PPOLMOB".to_owned(),
            name: "Mobile and web".to_owned(),
            levels: vec![schedule("Q1MOBILEEU2026"), schedule("PSTORE5")],
        },
    ]
}

fn key(key: &str, holder: Holder) -> ApiKey {
    ApiKey {
        key: key.to_owned(),
        holder,
    }
}

fn team(id: &str, name: &str, description: &str) -> Team {
    Team {
        id: id.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
    }
}

fn user(id: &str, name: &str, email: &str, time_zone: &str, job: &str) -> User {
    User {
        id: id.to_owned(),
        name: name.to_owned(),
        email: Some(email.to_owned()),
        time_zone: time_zone.to_owned(),
        role: "limited_user",
        job_title: job.to_owned(),
        teams: Vec::new(),
        deleted_at: None,
    }
}

fn schedule(
    id: &str,
    name: &str,
    time_zone: &str,
    layers: impl FnOnce(&TimeZone) -> Vec<Layer>,
) -> Schedule {
    let zone = zones::find(time_zone).expect("the company uses known time zones");
    Schedule {
        id: id.to_owned(),
        name: name.to_owned(),
        description: String::new(),
        time_zone: time_zone.to_owned(),
        kind: Kind::LayerBased,
        rotations: vec![Rotation::first_of(id, layers(&zone))],
        zone,
        teams: Vec::new(),
        overrides: Vec::new(),
        presence: Presence::Shown,
    }
}

impl Schedule {
    fn in_shifts(self) -> Self {
        Self {
            kind: Kind::ShiftBased,
            ..self
        }
    }

    fn of(mut self, team: &str, description: &str) -> Self {
        self.teams.push(team.to_owned());
        description.clone_into(&mut self.description);
        self
    }
}

/// The first of the people has the week that begins at `turn`.
fn weekly(id: &str, zone: &TimeZone, turn: DateTime, people: &[&str]) -> Layer {
    layer(id, zone, turn, WEEK, people)
}

/// The first of the people has the day that is running.
fn daily(id: &str, zone: &TimeZone, now: Timestamp, people: &[&str]) -> Layer {
    layer(id, zone, latest_nine(now, zone), DAY, people)
}

fn layer(
    id: &str,
    zone: &TimeZone,
    turn: DateTime,
    turn_length_seconds: i64,
    people: &[&str],
) -> Layer {
    let round = turn_length_seconds * i64::try_from(people.len()).unwrap_or(1);
    let start = local(
        zone,
        turn.saturating_sub(SignedDuration::from_secs(ROUNDS_BEHIND * round)),
    );
    Layer {
        id: id.to_owned(),
        name: format!("Layer {id}"),
        start,
        end: None,
        rotation_virtual_start: start,
        turn_length_seconds,
        members: people
            .iter()
            .map(|id| (*id != EMPTY_SLOT).then(|| (*id).to_owned()))
            .collect(),
        strategy: Strategy::TakingTurns,
        restrictions: Vec::new(),
    }
}

/// Nine o'clock some days ago: a weekly turn that began three days ago cannot end while a test is running.
fn recent_nine(now: Timestamp, zone: &TimeZone, days_ago: i64) -> DateTime {
    let day = zone
        .to_datetime(now)
        .date()
        .saturating_sub(SignedDuration::from_hours(24 * days_ago));
    day.at(9, 0, 0, 0)
}

/// The last nine o'clock that has been.
fn latest_nine(now: Timestamp, zone: &TimeZone) -> DateTime {
    let today = recent_nine(now, zone, 0);
    if today <= zone.to_datetime(now) {
        today
    } else {
        recent_nine(now, zone, 1)
    }
}

fn local(zone: &TimeZone, time: DateTime) -> Timestamp {
    zone.to_ambiguous_timestamp(time)
        .compatible()
        .unwrap_or(Timestamp::MAX)
}

fn days_from(now: Timestamp, days: i64) -> Timestamp {
    let whole = whole_second(now);
    whole
        .saturating_add(SignedDuration::from_hours(24 * days))
        .unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::on_call_at;

    /// Many starting moments, over a year with both clock changes: what the company promises must not
    /// depend on the day on which it is tried.
    fn moments() -> impl Iterator<Item = Timestamp> {
        let first: Timestamp = "2026-01-01T00:30:00Z".parse().expect("a literal");
        (0..800).map(move |step| first + SignedDuration::from_hours(11 * step))
    }

    fn on_call(account: &Account, id: &str, at: Timestamp) -> Vec<String> {
        let schedule = account
            .visible_schedule(id)
            .expect("a schedule of the company");
        on_call_at(&schedule.plan(), at)
            .into_iter()
            .map(|entry| entry.user)
            .collect()
    }

    #[test]
    fn the_same_people_are_on_call_whenever_it_starts() {
        for now in moments() {
            let account = american_account(now);
            let three_days_on = days_from(now, 3);
            for (schedule, people) in [
                ("PPLATP1", &["PTOMAS5"][..]),
                ("PPAYMN3", &["POLIVI9"]),
                ("PSTORE5", &["PDIEGOA"]),
                ("PWAREH6", &[]),
                ("PDATAI7", &["PHENRI2"]),
                ("PRELDE8", &[]),
                ("Q3INCIDENTCMD1", &["PADAOK1", "PHENRI2"]),
            ] {
                assert_eq!(
                    on_call(&account, schedule, now),
                    people,
                    "{schedule} at {now}"
                );
                assert_eq!(
                    on_call(&account, schedule, three_days_on),
                    people,
                    "{schedule} later than {now}"
                );
            }
            assert_eq!(on_call(&account, "PPLATS2", now), ["PROBING"]);
            assert_eq!(on_call(&account, "Q3NIGHTWATCH02", now), ["PWEIZH7"]);
            assert_eq!(on_call(&account, "Q1MOBILEEU2026", now).len(), 1);
        }
    }

    #[test]
    fn everyone_named_in_a_schedule_exists() {
        let now = Timestamp::now();
        for account in [american_account(now), european_account(now)] {
            for schedule in &account.schedules {
                for person in schedule.roster() {
                    assert!(
                        account.user(person).is_some(),
                        "{person} in {}",
                        schedule.name
                    );
                }
            }
        }
    }
}
