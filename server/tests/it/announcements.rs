//! Changes of duty in a Slack channel, from the choice of the channel to what is written there.

use crate::http::browser::Browser;
use crate::support::{
    Database, NOW, Setup, bound_to, caller, create, databases, entry, in_background, keys,
    open_services, sandbox::Sandbox, with_people, workspace,
};
use app::backend::{Caller, Channels, Rotations};
use axum::http::StatusCode;
use domain::{Crew, Duty, Member};
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{
    Services,
    announcements::Announcements,
    backend::RoundRobin,
    outbox,
    store::{Installation, bot_token_row},
    sync,
};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time};
use types::{
    AuditAction, ChannelRefusal, ChannelView, LinkState, MemberKey, Outcome, PersonId, Role,
    RotationId,
};

const CHANNEL: &str = "C02PLATFORM";
const PRIVATE: &str = "C05PAYLEADS";
const ARCHIVED: &str = "C06WAREHOU";
const BASE: [&str; 2] = ["users:read", "team:read"];
/// What a busy machine takes.
const SETTLING: Duration = Duration::from_secs(20);

/// A server that announces, and its Slack.
struct Announcing {
    services: Services,
    sandbox: Sandbox,
    backend: RoundRobin,
    tasks: JoinHandle<()>,
}

impl Announcing {
    async fn new(database: &Database, scopes: &[&str]) -> Self {
        let sandbox = Sandbox::start().await;
        let slack = format!("{}/slack", sandbox.url);
        let setup = Setup {
            slack: &slack,
            ..Setup::at(&sandbox.url)
        };
        let services = open_services(&database.url, &setup).await;
        with_people(&services.store).await;
        install(&services, &sandbox, scopes).await;
        let consumers: Vec<Arc<dyn outbox::Consumer>> =
            vec![Arc::new(Announcements(services.clone()))];
        let kept = (&services.tasks, &services.background);
        let tasks = Vec::from_iter(outbox::task(&services.store, kept, consumers));
        let running = services.clone();
        Self {
            backend: RoundRobin::new(services.clone()),
            tasks: tokio::spawn(async move { in_background(&running, tasks).await }),
            services,
            sandbox,
        }
    }

    async fn choose(&self, id: &RotationId, channel: &str) -> Outcome<(), ChannelRefusal> {
        let (caller, channel) = (caller(), channel.to_owned());
        let choosing = self.backend.set_slack_channel(&caller, id.clone(), channel);
        choosing.await.unwrap()
    }

    async fn view(&self, id: &RotationId) -> ChannelView {
        let view = self.backend.slack_channel(&caller(), id.clone()).await;
        view.unwrap()
    }

    /// What was written into the channel so far, without what isolates names.
    async fn written(&self) -> Vec<String> {
        let told = self.sandbox.ask(&format!("slack/channels/{CHANNEL}")).await;
        let messages = told["messages"].as_array().unwrap().iter();
        let text = |message: &Value| message["text"].as_str().unwrap().to_owned();
        messages
            .map(|message| text(message).replace(['\u{2068}', '\u{2069}'], ""))
            .collect()
    }

    async fn until_written(&self, count: usize) -> Vec<String> {
        let writing = async {
            loop {
                let written = self.written().await;
                if written.len() >= count {
                    return written;
                }
                time::sleep(Duration::from_millis(20)).await;
            }
        };
        let written = time::timeout(SETTLING, writing).await;
        written.unwrap_or_else(|_| panic!("{count} messages should be written"))
    }

    async fn until_trouble(&self, id: &RotationId, words: &str) {
        let telling = async {
            loop {
                let trouble = self.view(id).await.trouble.unwrap_or_default();
                if trouble.contains(words) {
                    return;
                }
                time::sleep(Duration::from_millis(20)).await;
            }
        };
        let told = time::timeout(SETTLING, telling).await;
        assert!(
            told.is_ok(),
            "{words:?} is not said, but {:?}",
            self.view(id).await
        );
    }

    async fn end(self) {
        self.services.shutdown.cancel();
        self.tasks.await.unwrap();
    }
}

/// Gives the workspace a bot token of the sandbox's Slack.
async fn install(services: &Services, sandbox: &Sandbox, scopes: &[&str]) {
    let given = sandbox
        .control("slack/install", json!({"scopes": scopes}))
        .await;
    let token = SecretString::from(given["bot_token"].as_str().unwrap());
    let installation = Installation {
        bot_token_sealed: keys().seal(&token, &bot_token_row(&workspace())),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        installed_at: NOW,
        installed_by: caller().person,
    };
    let entry = entry(AuditAction::InstalledInSlack);
    let (store, workspace) = (&services.store, workspace());
    let saving = store.save_installation(&workspace, "Acme", &installation, false, &entry);
    assert!(saving.await.unwrap());
}

/// A rotation in which Ann and Bob take turns, by hand.
async fn by_hand(services: &Services) -> RotationId {
    let id = create(&services.store, "Ops & <!channel>").await;
    let workspace = workspace();
    let changing = services.store.change_rotation(&workspace, &id, |rotation| {
        let members = [("U1", "Ann"), ("U2", "Bob")].map(|(id, name)| Member {
            key: MemberKey::of_person(&PersonId::new(id)),
            person: Some(PersonId::new(id)),
            pagerduty_user: None,
            name: name.to_owned(),
            email: None,
            link: LinkState::Linked,
        });
        let duty = Duty {
            holder: members[0].holder(),
            since: NOW,
            until: None,
        };
        rotation.crew = Crew::new(members.to_vec(), vec![duty]);
        Ok::<_, Infallible>(entry(AuditAction::AddedMember))
    });
    assert_eq!(changing.await.unwrap(), Some(Ok(true)));
    id
}

#[tokio::test]
async fn each_change_is_written_once_into_the_channel_and_nobody_smuggles_a_mention_in() {
    for database in databases().await {
        let all = ["chat:write", "chat:write.public"];
        let announcing = Announcing::new(&database, &all).await;
        let id = by_hand(&announcing.services).await;
        assert_eq!(announcing.choose(&id, CHANNEL).await, Outcome::Done(()));
        assert!(
            announcing.written().await.is_empty(),
            "only changes are announced"
        );
        let rotate = async || {
            let rotated = announcing.backend.rotate(&caller(), id.clone()).await;
            assert!(rotated.unwrap().done().is_some());
        };
        rotate().await;
        let expected = "On duty for Ops &amp; &lt;!channel&gt;: <@U2>. Next: Ann.";
        assert_eq!(announcing.until_written(1).await, [expected]);
        rotate().await;
        let written = announcing.until_written(2).await;
        assert!(written[1].contains("<@U1>. Next: Bob."), "{written:?}");
        let channel = announcing.view(&id).await;
        assert_eq!(channel.channel.unwrap().as_str(), CHANNEL);
        assert_eq!((channel.may_write, channel.trouble), (true, None));

        // Given up, nothing is written any more.
        assert_eq!(announcing.choose(&id, " ").await, Outcome::Done(()));
        rotate().await;
        assert_eq!(announcing.view(&id).await.channel, None);
        assert_eq!(announcing.written().await.len(), 2);
        announcing.end().await;
    }
}

#[tokio::test]
async fn the_end_of_a_shift_is_announced_with_who_is_on_until_when() {
    for database in databases().await {
        let all = ["chat:write", "chat:write.public"];
        let announcing = Announcing::new(&database, &all).await;
        let (services, sandbox) = (&announcing.services, &announcing.sandbox);
        let id = bound_to(services, sandbox, "PPLATP1").await;
        let reconciler = tokio::spawn(crate::support::reconcile(services.clone()));
        assert_eq!(announcing.choose(&id, CHANNEL).await, Outcome::Done(()));
        let order = json!({"seconds": 2, "next": "PADAOK1"});
        sandbox.control("schedules/PPLATP1/end-shift", order).await;
        let synced = sync::sync_now(&services.sync, &workspace(), None).await;
        assert!(synced.unwrap().is_ok());
        let written = announcing.until_written(1).await;
        assert!(
            written[0].contains("Ada Okafor until <!date^"),
            "{written:?}"
        );
        announcing.end().await;
        reconciler.await.unwrap();
    }
}

#[tokio::test]
async fn what_slack_refuses_is_said_with_the_way_out_and_the_next_change_is_announced() {
    for database in databases().await {
        let announcing = Announcing::new(&database, &BASE).await;
        let id = by_hand(&announcing.services).await;
        let rotate = async || {
            let rotated = announcing.backend.rotate(&caller(), id.clone()).await;
            assert!(rotated.unwrap().done().is_some());
        };
        announcing.choose(&id, CHANNEL).await;
        assert!(!announcing.view(&id).await.may_write);
        rotate().await;
        let store = &announcing.services.store;
        let given_up = async {
            loop {
                let latest = store.latest_notice(&id, "slack_announcement", CHANNEL);
                let latest = latest.await.unwrap().unwrap();
                if latest.state == "given_up" {
                    return latest.problem;
                }
                time::sleep(Duration::from_millis(20)).await;
            }
        };
        let problem = time::timeout(SETTLING, given_up).await.unwrap();
        assert_eq!(problem.as_deref(), Some("missing_scope"));
        let view = announcing.view(&id).await;
        assert_eq!((view.may_write, view.trouble), (false, None), "said once");

        install(&announcing.services, &announcing.sandbox, &["chat:write"]).await;
        for (channel, words) in [
            (CHANNEL, "/invite"),
            (PRIVATE, "/invite"),
            (ARCHIVED, "archived"),
            ("C0NOSUCHCHANNEL", "does not know this channel"),
        ] {
            announcing.choose(&id, channel).await;
            rotate().await;
            announcing.until_trouble(&id, words).await;
        }
        assert!(announcing.written().await.is_empty());
        install(
            &announcing.services,
            &announcing.sandbox,
            &["chat:write", "chat:write.public"],
        )
        .await;
        announcing.choose(&id, CHANNEL).await;
        rotate().await;
        announcing.until_written(1).await;
        announcing.end().await;
    }
}

#[tokio::test]
async fn what_slack_may_have_written_is_not_written_again() {
    for database in databases().await {
        let all = ["chat:write", "chat:write.public"];
        let announcing = Announcing::new(&database, &all).await;
        let id = by_hand(&announcing.services).await;
        announcing.choose(&id, CHANNEL).await;
        let path = "/api/chat.postMessage";
        let odd = json!({"side": "slack", "path": path, "status": 502, "times": 1});
        announcing.sandbox.control("faults", odd).await;
        let rotated = announcing.backend.rotate(&caller(), id.clone()).await;
        assert!(rotated.unwrap().done().is_some());
        announcing.until_trouble(&id, "did not say clearly").await;
        assert!(announcing.written().await.is_empty());

        // It asks to wait, and is asked again.
        let busy = json!({
            "side": "slack", "path": path, "status": 429, "times": 1,
            "headers": {"retry-after": "1"},
        });
        announcing.sandbox.control("faults", busy).await;
        let rotated = announcing.backend.rotate(&caller(), id.clone()).await;
        assert!(rotated.unwrap().done().is_some());
        announcing.until_written(1).await;
        assert_eq!(announcing.view(&id).await.trouble, None);
        announcing.end().await;
    }
}

#[tokio::test]
async fn a_channel_is_chosen_without_javascript_and_the_page_says_what_is_wrong() {
    let database = crate::support::sqlite();
    let announcing = Announcing::new(&database, &BASE).await;
    let id = by_hand(&announcing.services).await;
    let cookie = crate::support::cookie(&announcing.services.store).await;
    let (name, value) = cookie.split_once('=').unwrap();
    let mut ann = Browser::new(&announcing.services).with_cookie(name, value);
    let page = format!("/rotations/{id}/edit");
    let sees = async |ann: &mut Browser, words: &[&str]| {
        let answer = ann.open(&page).await;
        assert_eq!(answer.status, StatusCode::OK);
        for words in words {
            assert!(answer.body.contains(words), "{words:?} in {}", answer.body);
        }
    };
    sees(&mut ann, &["Announcements in Slack", "Channel ID"]).await;
    let choose = async |ann: &mut Browser, change: &str, channel: &str| {
        let form = format!("rotation={id}&change={change}&channel={channel}");
        let answer = ann.submit("/rpc/set_slack_channel", &form, &page).await;
        assert!(answer.status.is_redirection(), "{}", answer.body);
    };
    choose(&mut ann, "a", "%23on-call").await;
    sees(&mut ann, &["no channel's ID", "value=\"#on-call\""]).await;
    choose(&mut ann, "b", CHANNEL).await;
    let allow = format!("writes=true&amp;return_to=%2Frotations%2F{id}%2Fedit");
    let value = format!("value=\"{CHANNEL}\"");
    sees(&mut ann, &[&value, "let Round Robin write", &allow]).await;
    announcing.end().await;
}

#[tokio::test]
async fn a_channel_is_chosen_by_those_who_may_edit_and_only_an_id_is_one() {
    for database in databases().await {
        let announcing = Announcing::new(&database, &BASE).await;
        let id = by_hand(&announcing.services).await;
        let refused = announcing.choose(&id, "#on-call").await;
        assert_eq!(refused, Outcome::Refused(ChannelRefusal::NoId));
        let bob = Caller {
            person: PersonId::new("U2"),
            name: "Bob".to_owned(),
            role: Role::Member,
            ..caller()
        };
        let backend = &announcing.backend;
        let set = backend.set_slack_channel(&bob, id.clone(), CHANNEL.to_owned());
        assert!(set.await.is_err());
        assert!(backend.slack_channel(&bob, id.clone()).await.is_err());
        assert_eq!(announcing.view(&id).await.channel, None);
        let link = format!("https://acme.slack.com/archives/{CHANNEL}");
        assert_eq!(announcing.choose(&id, &link).await, Outcome::Done(()));
        let channel = announcing.view(&id).await.channel;
        assert_eq!(channel.unwrap().as_str(), CHANNEL);
        announcing.end().await;
    }
}
