//! Commands that people type in Slack, as Slack sends them.

use crate::database::keep_locked;
use crate::http::browser::{Answer, Browser};
use crate::overrides::team;
use crate::support::{
    Database, NOWHERE, caller, create, databases, entry, services, slack_output::answering_late,
    sqlite, told as told_of, workspace,
};
use app::backend::{Audit, Rotations, Schedules};
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use domain::{Crew, Duty, Member, Person};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::SecretString;
use serde_json::Value;
use server::{
    Services,
    backend::RoundRobin,
    clock,
    config::SlackApp,
    slack::{self, Invocation, ReplyAddress},
    slack_input::{self, Late, late_answer},
    store::{ChangeState, LateAnswer},
};
use sha2::Sha256;
use std::{
    convert::Infallible,
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};
use types::{
    AuditAction, AuditActor, LinkState, MemberKey, Outcome, PersonId, Role, RotationId,
    ScheduleChoice, Timestamp, Visibility, WorkspaceId,
};

const PATH: &str = "/api/slack/commands";
pub const SECRET: &str = "the signing secret";
pub const ANN: &str = "U1";
const BOB: &str = "U2";

/// The server's parts with a Slack app that signs what it sends.
async fn with_secret(database: &Database) -> Services {
    signing(services(database, NOWHERE).await)
}

/// The same, with the secret of an app that signs what it sends.
pub fn signing(mut services: Services) -> Services {
    let mut config = (*services.config).clone();
    config.slack.app = Some(SlackApp {
        client_id: "1.2".to_owned(),
        client_secret: SecretString::from("secret"),
        signing_secret: Some(SecretString::from(SECRET)),
    });
    services.config = Arc::new(config);
    services
}

/// What was answered late, in its order.
pub type Said = Arc<Mutex<Vec<Value>>>;

/// The same with a Slack that takes answers that come late, and where it does.
pub async fn replying(services: Services) -> (Services, String, Said) {
    replying_after(services, &[]).await
}

/// The same with a Slack that first answers with these statuses.
async fn replying_after(
    mut services: Services,
    refusals: &[StatusCode],
) -> (Services, String, Said) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let slack = format!("http://{}", listener.local_addr().unwrap());
    let said = taking_replies(listener, refusals);
    let mut config = (*services.config).clone();
    config.slack.url = slack.parse().unwrap();
    services.config = Arc::new(config);
    (services, format!("{slack}/replies"), said)
}

/// Takes answers that come late, after these statuses.
pub fn taking_replies(listener: TcpListener, refusals: &[StatusCode]) -> Said {
    let said = Said::default();
    let refusals = Arc::new(Mutex::new(refusals.to_vec()));
    let router = Router::new().route("/replies", {
        let said = Arc::clone(&said);
        axum::routing::post(async move |axum::Json(answer): axum::Json<Value>| {
            let refusal = refusals.lock().unwrap().pop();
            if refusal.is_none() {
                said.lock().unwrap().push(answer);
            }
            (
                refusal.unwrap_or(StatusCode::OK),
                [(header::RETRY_AFTER, "1")],
            )
        })
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    said
}

/// The next answer that comes late, for whoever asked alone.
pub async fn replied(said: &Said) -> String {
    let waiting = async {
        loop {
            let next = {
                let mut answers = said.lock().unwrap();
                (!answers.is_empty()).then(|| answers.remove(0))
            };
            if let Some(next) = next {
                return next;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let answer = timeout(Duration::from_secs(20), waiting).await.unwrap();
    assert_eq!(answer["response_type"], "ephemeral");
    let text = answer["text"].as_str().unwrap();
    text.replace(['\u{2068}', '\u{2069}'], "")
}

/// Ann is on duty, and Bob is next.
pub async fn ops(services: &Services, visibility: Visibility) -> RotationId {
    let store = &services.store;
    let id = create(store, "Ops & <!here>").await;
    let workspace = workspace();
    let changing = store.change_rotation(&workspace, &id, |rotation| {
        let members = [(ANN, "Ann"), (BOB, "Bob")].map(|(id, name)| Member {
            key: MemberKey::of_person(&PersonId::new(id)),
            person: Some(PersonId::new(id)),
            pagerduty_user: None,
            name: name.to_owned(),
            email: None,
            link: LinkState::Linked,
        });
        let first = Duty {
            holder: members[0].holder(),
            since: Timestamp::from_millis(0),
            until: None,
        };
        rotation.crew = Crew::new(members.to_vec(), vec![first]);
        rotation.details.code = Some("OPS".to_owned());
        rotation.details.visibility = visibility;
        Ok::<_, Infallible>(entry(AuditAction::AddedMember))
    });
    assert_eq!(changing.await.unwrap(), Some(Ok(true)));
    id
}

pub fn form(person: &str, text: &str, trigger: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("team_id", "T1"),
            ("user_id", person),
            ("command", "/rr"),
            ("text", text),
            ("trigger_id", trigger),
        ])
        .finish()
}

pub fn signature(secret: &str, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("v0:{seconds}:{body}").as_bytes());
    let mut text = "v0=".to_owned();
    for byte in mac.finalize().into_bytes() {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

async fn send(services: &Services, body: &str, signed: Option<(i64, String)>) -> Answer {
    let mut request = Request::post(PATH)
        .header(header::HOST, "127.0.0.1:3000")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some((seconds, signature)) = signed {
        request = request
            .header("x-slack-request-timestamp", seconds)
            .header("x-slack-signature", signature);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    Browser::new(services).send(request).await
}

pub fn seconds_now() -> i64 {
    clock::now().as_millis() / 1000
}

/// What is answered to a command, for whoever gave it alone, without what isolates names.
async fn told(services: &Services, body: &str) -> String {
    let seconds = seconds_now();
    let signed = Some((seconds, signature(SECRET, seconds, body)));
    let answer = send(services, body, signed).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer["response_type"], "ephemeral");
    let text = answer["text"].as_str().unwrap();
    text.replace(['\u{2068}', '\u{2069}'], "")
}

async fn says(services: &Services, person: &str, text: &str, words: &[&str]) {
    let trigger = uuid::Uuid::now_v7().to_string();
    let told = told(services, &form(person, text, &trigger)).await;
    for words in words {
        assert!(told.contains(words), "{words:?} in {told:?} to {text:?}");
    }
}

async fn on_duty(services: &Services, id: &RotationId) -> Vec<String> {
    let backend = RoundRobin::new(services.clone());
    let caller = caller();
    let page = backend.rotation(&caller, id.clone(), types::DaysWanted::default());
    let outlook = page.await.unwrap().outlook;
    let duties = outlook.on_duty.into_iter();
    duties.map(|duty| duty.holder.name).collect()
}

#[tokio::test]
async fn people_read_and_change_who_is_on_duty_with_the_rights_that_they_have_on_pages() {
    for database in databases().await {
        let services = with_secret(&database).await;
        says(&services, ANN, "", &["no rotation that you may see yet"]).await;
        let id = ops(&services, Visibility::Public).await;
        let link = format!("/rotations/{id}|Ops &amp; &lt;!here&gt;> `OPS`");
        says(&services, BOB, "", &[&link, "<@U1>"]).await;
        says(
            &services,
            BOB,
            "ops",
            &["On duty for Ops &amp; &lt;!here&gt;: <@U1>. Next: Bob."],
        )
        .await;
        says(&services, BOB, "help", &["/rr CODE rotate"]).await;
        says(
            &services,
            BOB,
            "ops dance",
            &["no such command", "/rr CODE rotate"],
        )
        .await;
        says(
            &services,
            BOB,
            "nosuch",
            &["no rotation with the code `NOSUCH`"],
        )
        .await;
        // Bob owns nothing.
        for text in ["ops rotate", "ops me", "ops set <@U2|bob>"] {
            says(&services, BOB, text, &["owners and workspace admins"]).await;
        }
        assert_eq!(on_duty(&services, &id).await, ["Ann"]);
        says(
            &services,
            ANN,
            "OPS Rotate",
            &["Done. On duty for Ops", "<@U2>"],
        )
        .await;
        assert_eq!(on_duty(&services, &id).await, ["Bob"]);
        says(&services, ANN, "ops me", &["Done.", "<@U1>"]).await;
        says(&services, ANN, "ops set <@U2|bob>", &["Done.", "<@U2>"]).await;
        assert_eq!(on_duty(&services, &id).await, ["Bob"]);
        says(&services, ANN, "ops set <@U9|eve>", &["not a member"]).await;
        says(
            &services,
            ANN,
            "ops set @bob",
            &["choose one person from the list"],
        )
        .await;
        let (backend, caller) = (RoundRobin::new(services.clone()), caller());
        let entries = backend.audit(&caller, None).await.unwrap().entries;
        let ann = AuditActor::Command("Ann".to_owned());
        assert_eq!(
            (entries[0].action, &entries[0].actor),
            (AuditAction::SetOnDuty, &ann)
        );
    }
}

#[tokio::test]
async fn a_private_rotation_is_told_of_to_those_alone_who_may_see_it() {
    for database in databases().await {
        let services = with_secret(&database).await;
        let id = ops(&services, Visibility::Private).await;
        says(&services, ANN, "", &["`OPS`"]).await;
        let workspace = workspace();
        let leave = services.store.change_rotation(&workspace, &id, |rotation| {
            rotation.crew.members.truncate(1);
            Ok::<_, Infallible>(entry(AuditAction::RemovedMember))
        });
        leave.await.unwrap().unwrap().unwrap();
        says(&services, BOB, "", &["no rotation that you may see"]).await;
        for text in ["ops", "ops rotate", "ops me"] {
            says(&services, BOB, text, &["no rotation with the code `OPS`"]).await;
        }
    }
}

#[tokio::test]
async fn a_command_that_comes_again_is_answered_and_not_done_again() {
    for database in databases().await {
        let services = with_secret(&database).await;
        let id = ops(&services, Visibility::Public).await;
        let body = form(ANN, "ops rotate", "13.37.abc");
        let first = told(&services, &body).await;
        assert!(first.starts_with("Done."), "{first}");
        assert_eq!(told(&services, &body).await, first);
        assert_eq!(on_duty(&services, &id).await, ["Bob"]);
        // At once, too.
        let body = form(ANN, "ops rotate", "13.38.abc");
        let (one, other) = tokio::join!(told(&services, &body), told(&services, &body));
        assert!(
            one.starts_with("Done.") || other.starts_with("Done."),
            "{one} {other}"
        );
        assert_eq!(on_duty(&services, &id).await, ["Ann"]);
    }
}

#[tokio::test]
async fn what_slack_has_not_signed_is_not_even_read() {
    let database = sqlite();
    let services = with_secret(&database).await;
    let id = ops(&services, Visibility::Public).await;
    let body = form(ANN, "ops rotate", "1");
    let now = seconds_now();
    for (signed, why) in [
        (None, "no signature"),
        (Some((now, "v0=00".to_owned())), "wrong"),
        (Some((now, signature("another", now, &body))), "wrong"),
        (Some((now, signature(SECRET, now, "text=ops"))), "wrong"),
        (
            Some((now - 301, signature(SECRET, now - 301, &body))),
            "five minutes",
        ),
        (
            Some((now + 400, signature(SECRET, now + 400, &body))),
            "five minutes",
        ),
    ] {
        let answer = send(&services, &body, signed).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.body.contains(why), "{why:?} in {}", answer.body);
    }
    assert_eq!(on_duty(&services, &id).await, ["Ann"]);
    let long = "x".repeat(300_000);
    let answer = send(&services, &long, Some((now, signature(SECRET, now, &long)))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    // Of several without a trigger nobody could tell which was done.
    let nameless = form(ANN, "ops rotate", "");
    let signed = signature(SECRET, now, &nameless);
    let answer = send(&services, &nameless, Some((now, signed))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(on_duty(&services, &id).await, ["Ann"]);
    let odd = "team_id=T1";
    let answer = send(&services, odd, Some((now, signature(SECRET, now, odd)))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let probe = "ssl_check=1&token=x";
    let answer = send(&services, probe, Some((now, signature(SECRET, now, probe)))).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn without_a_signing_secret_it_is_said_that_commands_are_not_set_up() {
    let database = sqlite();
    let services = services(&database, NOWHERE).await;
    let answer = send(&services, &form(ANN, "", "1"), None).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.body.contains("ROUNDROBIN_SLACK_SIGNING_SECRET"));
}

#[tokio::test]
async fn whoever_is_not_known_or_left_is_told_so() {
    for database in databases().await {
        let services = with_secret(&database).await;
        ops(&services, Visibility::Public).await;
        says(&services, "U404", "", &["does not know you yet"]).await;
        let elsewhere = form(ANN, "", "1").replace("team_id=T1", "team_id=T404");
        let answer = told(&services, &elsewhere).await;
        assert!(answer.contains("does not know you yet"), "{answer}");
        database
            .execute("update people set deactivated = 1 where id = 'U2'")
            .await;
        says(&services, BOB, "", &["your account is deactivated"]).await;
    }
}

#[tokio::test]
async fn one_who_asks_too_often_is_asked_to_wait() {
    let database = sqlite();
    let services = with_secret(&database).await;
    for _ in 0..20 {
        says(&services, ANN, "help", &["/rr"]).await;
    }
    says(&services, ANN, "help", &["too often"]).await;
    says(&services, BOB, "help", &["What you can type"]).await;
}

/// Waits until nobody is to be answered late any more, and nothing of it is kept.
pub async fn until_all_are_answered(database: &Database) {
    let waiting = async {
        while !database
            .texts("select id from late_answers")
            .await
            .is_empty()
        {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), waiting).await.unwrap();
}

#[tokio::test]
async fn what_takes_long_is_answered_afterwards() {
    for database in databases().await {
        let busy = [
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        let (services, reply_to, said) = replying_after(with_secret(&database).await, &busy).await;
        let answering = answering_late(&services);
        ops(&services, Visibility::Public).await;
        let lock = keep_locked(&database, "changes").await;
        let unlocking = tokio::spawn(async move {
            sleep(Duration::from_millis(3_500)).await;
            drop(lock);
        });
        let late = format!("{}&response_url={reply_to}", form(ANN, "ops rotate", "1"));
        let first = told(&services, &late).await;
        assert!(first.contains("The answer follows here"), "{first}");
        let answer = replied(&said).await;
        assert!(answer.contains("Done. On duty for Ops"), "{answer}");
        unlocking.await.unwrap();
        until_all_are_answered(&database).await;

        // Nothing is sent to what is not Slack's.
        let lock = keep_locked(&database, "changes").await;
        let elsewhere = "http://127.0.0.1:9/replies";
        let late = format!("{}&response_url={elsewhere}", form(ANN, "ops rotate", "2"));
        let first = told(&services, &late).await;
        assert!(first.contains("Look at its pages"), "{first}");
        drop(lock);
        services.shutdown.cancel();
        answering.await.unwrap();
    }
}

/// A command of Ann's whose answer is to come late, and that command.
fn late(services: &Services, text: &str, (reply_to, trigger): (&str, &str)) -> (Invocation, Late) {
    let body = form(ANN, text, trigger);
    let slack::Request::Command(invocation) = slack::Request::read(body.as_bytes()) else {
        panic!("it is a command");
    };
    let address = ReplyAddress::read(reply_to, &services.config.slack.url).unwrap();
    let late = late_answer(services, &invocation, address);
    (invocation, late)
}

/// As if those who were to answer had been gone for so long that somebody looks after it.
pub const LONG_AGO: [&str; 2] = [
    "update outbox set not_before = 0, retry_at = 0 where kind = 'slack_answer'",
    "update changes set begun_at = begun_at - 100000",
];

#[tokio::test]
async fn whoever_asked_a_server_that_is_gone_is_told_what_is_known_of_it() {
    /// How far that server came.
    enum Came {
        NotToIt,
        IntoIt,
        ToItsEnd,
    }
    for database in databases().await {
        let (services, reply_to, said) = replying(with_secret(&database).await).await;
        let id = ops(&services, Visibility::Public).await;
        let store = &services.store;
        for (trigger, text, came, expected) in [
            ("1", "ops", Came::NotToIt, "nothing was changed"),
            ("2", "ops rotate", Came::NotToIt, "nothing was changed"),
            ("3", "ops rotate", Came::IntoIt, "may have been done"),
            ("4", "ops rotate", Came::ToItsEnd, "Done. It is Bob"),
        ] {
            let (invocation, late) = late(&services, text, (&reply_to, trigger));
            late.expect().await;
            if !matches!(came, Came::NotToIt) {
                let key = database.texts("select change_key from late_answers").await;
                let begun = store.begin_change(&workspace(), &key[0]).await;
                assert_eq!(begun.unwrap(), ChangeState::New);
                if matches!(came, Came::ToItsEnd) {
                    let ended = store.end_change(&key[0], Some("Done. It is Bob."));
                    ended.await.unwrap();
                }
            }
            for statement in LONG_AGO {
                database.execute(statement).await;
            }
            let another = Services {
                shutdown: Default::default(),
                ..services.clone()
            };
            let answering = answering_late(&another);
            let answer = replied(&said).await;
            assert!(answer.contains(expected), "{answer}");
            until_all_are_answered(&database).await;
            another.shutdown.cancel();
            answering.await.unwrap();
            // Who comes to it all the same does nothing any more.
            if invocation.command.changes() {
                slack_input::answer(&services, &invocation, "late").await;
            }
            assert_eq!(on_duty(&services, &id).await, ["Ann"]);
        }
        assert!(said.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_is_answered_in_time_is_not_answered_again() {
    for database in databases().await {
        let (services, reply_to, said) = replying(with_secret(&database).await).await;
        ops(&services, Visibility::Public).await;
        let (_, late) = late(&services, "ops", (&reply_to, "1"));
        late.expect().await;
        late.is_given().await;
        until_all_are_answered(&database).await;
        let waiting = database.texts("select id from outbox where kind = 'slack_answer'");
        assert_eq!(waiting.await, [""; 0]);
        assert!(said.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn cover_is_asked_for_and_taken_by_commands() {
    for database in databases().await {
        let mut team = team(database).await;
        team.services = signing(team.services.clone());
        let (services, id) = (&team.services, team.id.clone());
        let tenant = workspace();
        let changing = services.store.change_rotation(&tenant, &id, |rotation| {
            rotation.details.code = Some("OPS".to_owned());
            Ok::<_, Infallible>(entry(AuditAction::EditedRotation))
        });
        changing.await.unwrap().unwrap().unwrap();
        let first = on_duty(services, &id).await.remove(0);
        let (asker, other) = match first.as_str() {
            "Ann" => (ANN, BOB),
            _ => (BOB, ANN),
        };
        says(services, asker, "ops take", &["Nobody asks for cover"]).await;
        says(services, "U3", "ops cover", &["You have no shift there"]).await;
        says(services, asker, "ops cover soon", &["It is not clear"]).await;
        let over = "ops cover 2020-01-01 09:00 to 17:00";
        says(
            services,
            asker,
            over,
            &["over already", "Times are those of UTC"],
        )
        .await;
        says(services, asker, "ops cover", &["Nothing changes until"]).await;
        assert_eq!(on_duty(services, &id).await, [first.as_str()]);
        says(
            services,
            asker,
            "ops take",
            &["Nobody asks for cover there that you"],
        )
        .await;
        let cover = services
            .store
            .covers(&[&id], clock::now())
            .await
            .unwrap()
            .remove(&id)
            .unwrap()
            .remove(0);
        let short = &cover.id.as_str()[cover.id.as_str().len() - 5..];
        let again = format!("ops take {short}");
        says(services, asker, &again, &["cannot cover yourself"]).await;
        says(services, other, "ops take", &["You stand in for", &first]).await;
        assert_ne!(on_duty(services, &id).await, [first.as_str()]);
        says(services, "U3", &again, &["was quicker"]).await;
        says(
            services,
            "U3",
            "ops take 00000",
            &["There is no request for cover"],
        )
        .await;

        // Two at once, and one of them is asked for by name. In two days everybody has a shift,
        // whenever they hand over.
        for days in ["01 10:00 to 2027-06-03", "04 10:00 to 2027-06-06"] {
            let text = format!("ops cover 2027-06-{days} 10:00");
            says(services, ANN, &text, &["Cover is asked for"]).await;
        }
        says(services, BOB, "ops take", &["Choose one:", "/rr OPS take "]).await;

        // Whoever is asked by their other id is asked as who they are known here.
        let bob = Person {
            id: PersonId::new(BOB),
            name: "Bob".to_owned(),
            email: None,
            role: Role::Member,
            deactivated: false,
        };
        let mut known = told_of(&bob, clock::now());
        known.person.other_id = Some(PersonId::new("W2"));
        let store = &services.store;
        store.save_told(&tenant, &[known]).await.unwrap();
        let text = "ops cover <@W2|bob> 2027-06-07 10:00 to 2027-06-09 10:00";
        says(services, ANN, text, &["Cover is asked for"]).await;
        let covers = store.covers(&[&id], clock::now()).await.unwrap();
        let mut asked = covers[&id].iter().map(|cover| &cover.request.asked);
        let bob = Some(MemberKey::of_person(&bob.id));
        assert!(asked.any(|asked| *asked == bob));

        // Who has the duty of a Manual rotation is decided when the time comes.
        let manual = ScheduleChoice::Manual;
        let backend = RoundRobin::new(services.clone());
        let set = backend
            .set_schedule(&caller(), id.clone(), manual.into())
            .await;
        assert_eq!(set.unwrap(), Outcome::Done(()));
        says(
            services,
            asker,
            "ops cover",
            &["In a Manual rotation nothing"],
        )
        .await;
    }
}

#[tokio::test]
async fn for_a_workspace_that_nobody_knows_no_answer_is_kept() {
    for database in databases().await {
        let services = services(&database, NOWHERE).await;
        let answer = LateAnswer {
            id: "a1".to_owned(),
            workspace: WorkspaceId::new("T0STRANGER"),
            address_sealed: "sealed".to_owned(),
            thread: None,
            text: Some("You are not known here.".to_owned()),
            change: None,
        };
        let waits = (Duration::ZERO, Duration::from_secs(60));
        let store = &services.store;
        let kept = store.keep_late_answer(&answer, slack::ANSWER, waits).await;
        assert!(!kept.unwrap());
        assert!(store.late_answer("a1").await.unwrap().is_none());
    }
}
