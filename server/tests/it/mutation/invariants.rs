//! What must hold whatever one answer says, and what an answer may change after
//! all because it says so in as many words.

use super::{
    answers::{Kind, Pick},
    deeds::{Deed, End},
    proxy::{Instead, Oddity, Question},
    tenant::{INTERVAL_SECONDS, PEOPLE, SPOILT, Tenant, UNLISTED},
};
use app::backend::Connections as _;
use axum::http::{Method, StatusCode};
use std::collections::{BTreeMap, BTreeSet};
use types::{ConnectionHealth, LinkState, PagerDutyProblem, Role};

/// One answer that was odd.
#[derive(Clone, Debug)]
pub struct Case {
    pub deed: Deed,
    pub question: Question,
    pub oddity: Oddity,
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}): {}", self.question, self.deed, self.oddity)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberFacts {
    name: String,
    email: Option<String>,
    person: Option<String>,
    link: LinkState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonFacts {
    name: String,
    email: Option<String>,
    role: Role,
    deactivated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotationFacts {
    owners: Vec<String>,
    /// By their ids in PagerDuty.
    members: BTreeMap<String, MemberFacts>,
    on_duty: BTreeSet<String>,
}

/// What is so in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    rotations: BTreeMap<&'static str, RotationFacts>,
    /// By their ids in Slack.
    people: BTreeMap<String, PersonFacts>,
}

impl Facts {
    pub async fn of(tenant: &Tenant<'_>) -> Self {
        let store = &tenant.world().services.store;
        let mut rotations = BTreeMap::new();
        for (schedule, id) in &tenant.rotations {
            let rotation = store.rotation(tenant.workspace(), id).await.unwrap();
            let rotation = rotation.expect("rotations stay");
            let id_of = |member: &domain::Member| {
                let user = member.pagerduty_user.as_ref();
                user.map_or_else(|| member.key.to_string(), ToString::to_string)
            };
            let on_duty = rotation.crew.members.iter();
            let on_duty = on_duty.filter(|member| rotation.crew.is_on_duty(&member.key));
            let facts = RotationFacts {
                owners: rotation.owners.iter().map(ToString::to_string).collect(),
                on_duty: on_duty.map(id_of).collect(),
                members: rotation
                    .crew
                    .members
                    .iter()
                    .map(|member| {
                        let facts = MemberFacts {
                            name: member.name.clone(),
                            email: member.email.clone(),
                            person: member.person.as_ref().map(ToString::to_string),
                            link: member.link,
                        };
                        (id_of(member), facts)
                    })
                    .collect(),
            };
            rotations.insert(*schedule, facts);
        }
        let directory = store.directory(tenant.workspace()).await.unwrap();
        let people = directory.people().iter().cloned().map(|person| {
            let facts = PersonFacts {
                name: person.name,
                email: person.email,
                role: person.role,
                deactivated: person.deactivated,
            };
            (person.id.to_string(), facts)
        });
        Self {
            rotations,
            people: people.collect(),
        }
    }
}

/// What an odd answer may change, since it says so.
#[derive(Clone, Copy, Debug, Default)]
struct Licence {
    /// One person's e-mail, and so whom they are linked to.
    email: bool,
    /// One person's name.
    name: bool,
    /// That nobody, or somebody less, is on duty by the spoilt schedule now.
    off_duty: bool,
    /// Somebody unheard of is named.
    newcomer: bool,
    /// PagerDuty refuses what the answer has given as a token.
    token: bool,
    /// It is not known who somebody is.
    unknown: bool,
}

impl Licence {
    fn of(case: &Case) -> Self {
        // Asked to wait, nobody is asked for either.
        let waits = matches!(case.oddity, Oddity::Status(429, _));
        let unknown =
            case.question == Question::User || (case.question == Question::Users && waits);
        let Oddity::Spoilt(spoil) = &case.oddity else {
            return Self {
                unknown,
                ..Self::default()
            };
        };
        let (path, kind) = (&spoil.path, spoil.kind);
        let another_text = matches!(kind, Kind::UnknownWord | Kind::Huge);
        let none = matches!(kind, Kind::Empty | Kind::Null)
            // Slack leaves an e-mail out where there is none.
            || (kind == Kind::Missing && case.question.is_of_slack());
        let shifts = ["rendered_schedule_entries", "computed_shift_assignments"];
        let of_now = spoil.pick == Pick::First && kind != Kind::Duplicated;
        let name = ["name", "real_name", "display_name", "summary"];
        Self {
            email: path.ends_in(&["email"]) && (another_text || none),
            name: name.iter().any(|name| path.ends_in(&[name])) && kind != Kind::Duplicated
                || case.question.is_of_slack() && path.ends_in(&["profile"]),
            off_duty: path.is_under("final_schedule")
                && (shifts.iter().any(|list| path.ends_in(&[list])) && kind == Kind::Empty
                    || shifts
                        .iter()
                        .any(|list| path.is_under(list) && !path.ends_in(&[list]))
                        && of_now),
            newcomer: path.ends_in(&["id"]) || path.ends_in(&["user_id"]),
            token: case.question == Question::Tokens
                && (path.ends_in(&["access_token"]) || path.ends_in(&["refresh_token"])),
            unknown,
        }
    }
}

/// Whether the answer has put what PagerDuty does not know in the place of the one
/// refresh token. Somebody has to log in again then.
pub fn ends_the_login(case: &Case) -> bool {
    matches!(&case.oddity, Oddity::Spoilt(spoil) if case.question == Question::Tokens
        && spoil.path.ends_in(&["refresh_token"])
        && matches!(spoil.kind, Kind::UnknownWord | Kind::Huge))
}

/// What is wrong in a workspace while answers are odd, measured by what was so
/// `before`.
pub async fn during(
    tenant: &mut Tenant<'_>,
    before: &Facts,
    case: &Case,
    end: &End,
) -> Vec<String> {
    let licence = Licence::of(case);
    let mut wrongs = end.wrong.clone();
    if licence.token {
        wrongs.retain(|wrong| !wrong.contains("not confirmed"));
    }
    let now = Facts::of(tenant).await;
    compare(before, &now, licence, &mut wrongs);
    wrongs.extend(end.said.iter().filter_map(|said| untrue(said, case)));
    connection(tenant, case, licence, &mut wrongs).await;
    if case.deed == Deed::Search {
        wrongs.extend(not_found(tenant, case, end));
    } else if leaves_enough(case) && !is_done(case, end) {
        let said = &end.said;
        wrongs.push(format!("what can be read is not read: {said:?}"));
    }
    sessions(tenant, &mut wrongs).await;
    page(tenant, case, &mut wrongs).await;
    wrongs
}

/// Without which of its parts an answer says nothing that could be used.
const fn indispensable(question: Question) -> &'static [&'static [&'static str]] {
    match question {
        Question::Schedule => &[
            &["schedule"],
            &["schedule", "id"],
            &["schedule", "final_schedule"],
            &["schedule", "final_schedule", "rendered_schedule_entries"],
        ],
        Question::ShiftBasedSchedule => &[
            &["schedule"],
            &["schedule", "id"],
            &["schedule", "final_schedule"],
            &["schedule", "final_schedule", "computed_shift_assignments"],
        ],
        Question::Schedules | Question::ShiftBasedSchedules => &[&["schedules"]],
        Question::Users => &[&["users"]],
        Question::User => &[&["user"], &["user", "id"]],
        Question::Tokens => &[
            &["access_token"],
            &["refresh_token"],
            &["scope"],
            // Another account is asked about first.
            &["id_token", "account_id"],
        ],
        Question::Members => &[&["ok"], &["members"], &["response_metadata"]],
        Question::Member => &[],
        Question::TokenTest => &[&["ok"]],
        Question::Identity => &[
            &["ok"],
            &["id_token"],
            &["id_token", "iss"],
            &["id_token", "aud"],
            &["id_token", "exp"],
            &["id_token", "nonce"],
            &["id_token", "https://slack.com/team_id"],
            &["id_token", "https://slack.com/user_id"],
        ],
        Question::Installation => &[
            &["ok"],
            &["access_token"],
            &["scope"],
            &["team"],
            &["team", "id"],
            &["authed_user"],
            &["authed_user", "id"],
            &["is_enterprise_install"],
        ],
    }
}

/// Whether what was asked for can be done all the same.
fn leaves_enough(case: &Case) -> bool {
    // What Slack last said of somebody is good for some time.
    if case.question == Question::Member {
        return true;
    }
    // The list of people was refused, whatever the test of the token says.
    if case.question == Question::TokenTest {
        return false;
    }
    let Oddity::Spoilt(spoil) = &case.oddity else {
        return false;
    };
    let sound = matches!(
        spoil.kind,
        Kind::Duplicated | Kind::Doubled | Kind::WithOdd(_)
    );
    let names = spoil.path.names();
    let is_one = |part: &&[&str]| *part == names;
    let dispensable = !spoil.path.is_whole() && !indispensable(case.question).iter().any(is_one);
    let further = names == ["response_metadata", "next_cursor"];
    sound || dispensable && !further
}

fn is_done(case: &Case, end: &End) -> bool {
    match (case.deed, case.question) {
        (Deed::Sync, Question::Schedule) => end.confirmed.contains(SPOILT[0]),
        (Deed::Sync, Question::ShiftBasedSchedule) => end.confirmed.contains(SPOILT[1]),
        (Deed::Sync, Question::Users) => end.people_read,
        (Deed::Sync, _) => true,
        _ => end.done,
    }
}

/// What the search does not show although an answer had it.
fn not_found(tenant: &Tenant<'_>, case: &Case, end: &End) -> Vec<String> {
    let Some(found) = &end.found else {
        return vec![format!("the search shows nothing: {:?}", end.said)];
    };
    let listed = |question| -> Vec<String> {
        let told = tenant.world().proxy.told(tenant.visitor.line, question);
        let told = told.expect("it was asked for when all was well");
        let rows = told["schedules"].as_array().expect("a list").clone();
        let ids = rows.iter().map(|row| row["id"].as_str().expect("an id"));
        ids.map(str::to_owned).collect()
    };
    let missing = |question| {
        listed(question)
            .into_iter()
            .filter(|id| !found.contains(id))
    };
    let other = match case.question {
        Question::Schedules => Question::ShiftBasedSchedules,
        _ => Question::Schedules,
    };
    let mut wrongs: Vec<String> = missing(other)
        .map(|id| format!("the search leaves out {id}, of the other list"))
        .collect();
    let one_row = match &case.oddity {
        Oddity::Spoilt(spoil) => {
            spoil.path.is_in_a_list()
                || matches!(
                    spoil.kind,
                    Kind::WithOdd(_) | Kind::Doubled | Kind::Duplicated
                )
                || !spoil.path.is_under("schedules")
        }
        Oddity::Status(..) | Oddity::Refused(_) => false,
    };
    let whole = matches!(&case.oddity, Oddity::Spoilt(spoil) if spoil.path.is_whole());
    let left_out: Vec<String> = missing(case.question).collect();
    if one_row && !whole && left_out.len() > 1 {
        wrongs.push(format!("the search leaves out {left_out:?}"));
    }
    let said_so = matches!(&case.oddity, Oddity::Spoilt(spoil)
        if matches!(spoil.kind, Kind::Empty | Kind::Short));
    if left_out.len() > 1 && !end.owns_up && !said_so {
        wrongs.push("the search does not say that a list is missing".to_owned());
    }
    wrongs
}

/// What is not as it was `before` although all answers are true again.
pub async fn after(tenant: &mut Tenant<'_>, before: &Facts, end: &End) -> Vec<String> {
    let mut wrongs = end.wrong.clone();
    if !end.done {
        wrongs.push(format!("it is not done: {:?}", end.said));
    }
    let now = Facts::of(tenant).await;
    compare(before, &now, Licence::default(), &mut wrongs);
    let card = tenant.backend.integrations(&tenant.caller).await;
    match card.map(|panel| panel.pagerduty.map(|card| card.health)) {
        Ok(Some(ConnectionHealth::Healthy)) => {}
        other => wrongs.push(format!("the connection is not healthy: {other:?}")),
    }
    sessions(tenant, &mut wrongs).await;
    for wrong in &mut wrongs {
        wrong.insert_str(0, "afterwards: ");
    }
    wrongs
}

/// How long until everything is asked for again is no longer than an interval,
/// unless PagerDuty itself has asked for more, or was asked in vain more than once.
pub async fn asks_again_in_time(tenant: &Tenant<'_>, case: &Case) -> Vec<String> {
    let connection = tenant.connection().await;
    let store = &tenant.world().services.store;
    let schedules = store.bound_schedules(tenant.workspace()).await.unwrap();
    let polls = schedules
        .into_iter()
        .map(|schedule| (schedule.poll_at, schedule.failures));
    let failures = connection.failures;
    let of_all = [connection.next_sync_at, connection.ask_after].map(|at| (at, failures));
    polls
        .chain(of_all)
        .map(|(at, failures)| (at.seconds_since(connection.as_of), failures))
        .filter(|(wait, failures)| *wait > longest_wait(*failures))
        .map(|(wait, _)| format!("is asked again only in {wait} s after {}", case.oddity))
        .collect()
}

/// In seconds, with what a run comes early by or takes.
fn longest_wait(failures: u32) -> i64 {
    INTERVAL_SECONDS * 2_i64.pow(failures.saturating_sub(1).min(3)) + 10
}

fn compare(before: &Facts, now: &Facts, licence: Licence, wrongs: &mut Vec<String>) {
    for (schedule, was) in &before.rotations {
        let is = &now.rotations[schedule];
        let may_lose = licence.off_duty && SPOILT.contains(schedule);
        let lost: Vec<_> = was.on_duty.difference(&is.on_duty).collect();
        if !lost.is_empty() && !may_lose {
            wrongs.push(format!("{schedule}: off duty: {lost:?}"));
        }
        let odd = |id: &String| licence.newcomer && !was.members.contains_key(id);
        let new: Vec<_> = is.on_duty.difference(&was.on_duty).collect();
        if new.iter().any(|id| !odd(id)) {
            wrongs.push(format!(
                "{schedule}: on duty without a shift: {}",
                short(&new)
            ));
        }
        for id in was
            .members
            .keys()
            .filter(|id| !is.members.contains_key(*id))
        {
            wrongs.push(format!("{schedule}: {id} is no member any more"));
        }
        for id in is
            .members
            .keys()
            .filter(|id| !was.members.contains_key(*id))
        {
            if !odd(id) {
                wrongs.push(format!("{schedule}: {} has become a member", short(&id)));
            }
        }
        if was.owners != is.owners {
            wrongs.push(format!("{schedule}: owners: {:?}", is.owners));
        }
    }
    let members = |facts: &Facts| -> BTreeMap<String, MemberFacts> {
        let rotations = facts.rotations.values();
        let members = rotations.flat_map(|rotation| rotation.members.clone());
        members.collect()
    };
    let (was, is) = (members(before), members(now));
    let mut changed = Vec::new();
    for (id, was) in &was {
        let Some(is) = is.get(id) else { continue };
        // Had to be asked for, which is not answered.
        if licence.unknown && id == UNLISTED && is.link == LinkState::NotYetKnown {
            continue;
        }
        let named = was.name == is.name || licence.name || licence.email;
        let linked = (&was.email, &was.person, was.link) == (&is.email, &is.person, is.link);
        if !named {
            wrongs.push(format!("{id} is called {}", short(&is.name)));
        }
        if !linked {
            changed.push(format!(
                "{id}: {:?} became {:?} {}",
                was.link,
                is.link,
                short(&is.email)
            ));
        }
    }
    if !licence.email || changed.len() > 1 {
        wrongs.extend(changed);
    }
    people(before, now, licence, wrongs);
}

fn people(before: &Facts, now: &Facts, licence: Licence, wrongs: &mut Vec<String>) {
    for (id, was) in &before.people {
        let Some(is) = now.people.get(id) else {
            wrongs.push(format!("{id} has left the directory"));
            continue;
        };
        if was.role != is.role {
            wrongs.push(format!("{id}: {:?} became {:?}", was.role, is.role));
        }
        if was.deactivated != is.deactivated {
            wrongs.push(format!("{id}: deactivated: {}", is.deactivated));
        }
        if was.name != is.name && !licence.name {
            wrongs.push(format!("{id} is called {}", short(&is.name)));
        }
        if was.email != is.email && !licence.email {
            wrongs.push(format!("{id} has the e-mail {}", short(&is.email)));
        }
    }
}

/// What is said of the connection without reason.
async fn connection(tenant: &Tenant<'_>, case: &Case, licence: Licence, wrongs: &mut Vec<String>) {
    let panel = tenant.backend.integrations(&tenant.caller).await;
    let card = match panel.map(|panel| panel.pagerduty) {
        Ok(Some(card)) => card,
        other => {
            wrongs.push(format!("the panel shows {other:?}"));
            return;
        }
    };
    match &card.health {
        ConnectionHealth::NeedsReconnection(problem) if !licence.token => {
            wrongs.push(format!("needs reconnection: {problem:?}"));
        }
        ConnectionHealth::NeedsAttention(problem) if !licence.token => {
            wrongs.push(format!("needs attention at once: {problem:?}"));
        }
        ConnectionHealth::AskingAgain(Some(problem)) => {
            wrongs.extend(untrue(&problem.to_string(), case));
        }
        _ => {}
    }
    for schedule in &card.unreadable {
        wrongs.extend(untrue(&schedule.problem.to_string(), case));
        if !SPOILT.contains(&schedule.schedule.as_str()) {
            wrongs.push(format!("{} counts as unreadable", schedule.schedule));
        }
    }
}

/// What is said without any answer having said it.
fn untrue(said: &str, case: &Case) -> Option<String> {
    let json = matches!(case.oddity, Oddity::Spoilt(_) | Oddity::Refused(_));
    if json && said.contains("proxy") {
        return Some(format!("a proxy is blamed: {said}"));
    }
    let html = matches!(case.oddity, Oddity::Status(_, Instead::Html));
    let of_key = [
        PagerDutyProblem::Unauthorized,
        PagerDutyProblem::KeyEnded,
        PagerDutyProblem::LoginEnded,
        PagerDutyProblem::ClientEnded,
        PagerDutyProblem::NoApiAccess,
        PagerDutyProblem::NotFound,
        PagerDutyProblem::Forbidden {
            missing_scopes: None,
        },
    ];
    let blamed = of_key.iter().any(|problem| problem.to_string() == said);
    if html && blamed {
        return Some(format!(
            "a page of HTML is taken for PagerDuty's word: {said}"
        ));
    }
    let knows_nobody = said.contains("problem=deactivated");
    let named = match &case.oddity {
        Oddity::Spoilt(spoil) => spoil.path.ends_in(&["https://slack.com/user_id"]),
        _ => false,
    };
    (knows_nobody && !named).then(|| format!("somebody is called deactivated: {said}"))
}

async fn sessions(tenant: &mut Tenant<'_>, wrongs: &mut Vec<String>) {
    for (browser, (person, role)) in tenant.sessions.iter_mut().zip(PEOPLE) {
        let asked = crate::http::browser::fetch(Method::GET, "/rpc/session", "");
        let answer = browser.send(asked).await;
        if answer.status != StatusCode::OK {
            let status = answer.status;
            wrongs.push(format!("{person} ({role:?}) is signed out: {status}"));
        }
    }
}

/// One of the pages on which something about the case is shown.
async fn page(tenant: &mut Tenant<'_>, case: &Case, wrongs: &mut Vec<String>) {
    let rotation = &tenant.rotations[0].1;
    let pages = [
        "/".to_owned(),
        "/rotations".to_owned(),
        format!("/rotations/{rotation}"),
        "/settings/integrations".to_owned(),
    ];
    let turn = case.to_string().len() % pages.len();
    let mut answer = tenant.sessions[0].open(&pages[turn]).await;
    // A database that many use at once may be late, and not twice.
    if answer.status.is_server_error() {
        answer = tenant.sessions[0].open(&pages[turn]).await;
    }
    if answer.status != StatusCode::OK {
        wrongs.push(format!("{} answers {}", pages[turn], answer.status));
    }
}

/// What may have been sent as a text of a megabyte.
fn short(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    text.chars().take(80).collect()
}
