//! A server that tells Slack what becomes of duty, and its Slack.

use super::{
    Database, NOW, Setup, caller, create, directory_read, entry, in_background, keys,
    open_services, sandbox::Sandbox, with_people, workspace,
};
use app::backend::{Caller, Rotations};
use domain::{Crew, Duty, Member, Person};
use secrecy::SecretString;
use serde_json::json;
use server::{
    Services,
    backend::RoundRobin,
    clock, outbox,
    slack::{ANNOUNCEMENT, TOPIC},
    slack_input::{Calls, LateAnswers, Mentions},
    slack_output::{
        announcements::Announcements, direct::DirectMessages, groups::DutyGroups, topics::Topics,
    },
    store::{Installation, bot_token_row},
};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time};
use types::{
    AuditAction, GroupChoice, GroupHolds, LinkState, MemberKey, NobodyOnDuty, PersonId, Role,
    RotationId, SlackGroupId,
};

/// What a busy machine takes.
const SETTLING: Duration = Duration::from_secs(20);

/// Has what comes late answered from now on, until the server ends.
pub fn answering_late(services: &Services) -> JoinHandle<()> {
    delivering(services, vec![Arc::new(LateAnswers(services.clone()))])
}

/// The same of all that there is to tell.
fn telling_of(services: &Services) -> JoinHandle<()> {
    let mut consumers: Vec<Arc<dyn outbox::Consumer>> = vec![
        Arc::new(DutyGroups::new(services)),
        Arc::new(Topics(services.clone())),
        Arc::new(Announcements(services.clone())),
        Arc::new(Mentions(services.clone())),
        Arc::new(Calls(services.clone())),
        Arc::new(LateAnswers(services.clone())),
    ];
    consumers.extend(DirectMessages::all(services));
    delivering(services, consumers)
}

fn delivering(services: &Services, consumers: Vec<Arc<dyn outbox::Consumer>>) -> JoinHandle<()> {
    let kept = (&services.tasks, &services.background);
    let tasks = Vec::from_iter(outbox::task(&services.store, kept, consumers));
    let services = services.clone();
    tokio::spawn(async move { in_background(&services, tasks).await })
}

/// What Slack has to grant for all that a rotation tells in channels and keeps in groups.
pub const CHANNELS_AND_GROUPS: [&str; 7] = [
    "chat:write",
    "chat:write.public",
    "channels:read",
    "channels:join",
    "channels:write.topic",
    "usergroups:read",
    "usergroups:write",
];

/// That a group holds whoever is on duty, and whoever was in it last stays while nobody is.
pub fn holding_those_on_duty(group: SlackGroupId) -> GroupChoice {
    GroupChoice {
        group,
        holds: GroupHolds::OnDuty,
        when_nobody: NobodyOnDuty::Keep,
    }
}

/// A member of Slack's with this id and name.
pub fn person_named((id, name): (&str, &str)) -> Person {
    Person {
        id: PersonId::new(id),
        name: name.to_owned(),
        email: None,
        role: Role::Member,
        deactivated: false,
    }
}

pub struct Output {
    pub services: Services,
    pub sandbox: Sandbox,
    pub backend: RoundRobin,
    /// Ann, an admin.
    pub caller: Caller,
    tasks: JoinHandle<()>,
}

impl Output {
    /// Its bot token has these scopes.
    pub async fn new(database: &Database, scopes: &[&str]) -> Self {
        Self::silent(database, scopes).await.telling()
    }

    /// Has the outbox told from now on.
    pub fn telling(mut self) -> Self {
        self.tasks = telling_of(&self.services);
        self
    }

    /// Another server over the same database and Slack, which tells as well.
    pub async fn beside(&self, database: &Database) -> (Services, JoinHandle<()>) {
        let slack = format!("{}/slack", self.sandbox.url);
        let setup = Setup {
            slack: &slack,
            ..Setup::at(&self.sandbox.url)
        };
        let services = open_services(&database.url, &setup).await;
        let tasks = telling_of(&services);
        (services, tasks)
    }

    /// The same, telling Slack nothing itself.
    pub async fn silent(database: &Database, scopes: &[&str]) -> Self {
        let sandbox = Sandbox::start().await;
        let slack = format!("{}/slack", sandbox.url);
        let setup = Setup {
            slack: &slack,
            ..Setup::at(&sandbox.url)
        };
        let services = open_services(&database.url, &setup).await;
        with_people(&services.store).await;
        let output = Self {
            backend: RoundRobin::new(services.clone()),
            caller: caller(),
            tasks: tokio::spawn(async {}),
            services,
            sandbox,
        };
        output.install(scopes).await;
        output
    }

    /// Gives the workspace a bot token of the sandbox's Slack.
    pub async fn install(&self, scopes: &[&str]) {
        let wanted = json!({"scopes": scopes});
        let given = self.sandbox.control("slack/install", wanted).await;
        let token = SecretString::from(given["bot_token"].as_str().unwrap());
        let installation = Installation {
            bot_token_sealed: keys().seal(&token, &bot_token_row(&workspace())),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            installed_at: NOW,
            installed_by: caller().person,
        };
        let entry = entry(AuditAction::InstalledInSlack);
        let (store, workspace) = (&self.services.store, workspace());
        let saving = store.save_installation(&workspace, "Acme", &installation, false, &entry);
        assert!(saving.await.unwrap());
    }

    /// Has these people of the sandbox known.
    pub async fn meet(&self, people: &[(&str, &str)]) {
        let people: Vec<_> = people.iter().copied().map(person_named).collect();
        directory_read(&self.services.store, &people, clock::now()).await;
    }

    /// A rotation in which these people take turns by hand. The first of them is on duty.
    pub async fn by_hand(&self, name: &str, people: &[(&str, &str)]) -> RotationId {
        let store = &self.services.store;
        let id = create(store, name).await;
        let workspace = workspace();
        let changing = store.change_rotation(&workspace, &id, |rotation| {
            let members = people.iter().map(|(id, name)| Member {
                key: MemberKey::of_person(&PersonId::new(*id)),
                person: Some(PersonId::new(*id)),
                pagerduty_user: None,
                name: (*name).to_owned(),
                email: None,
                link: LinkState::Linked,
            });
            let members: Vec<_> = members.collect();
            let first = members.first().map(|first| Duty {
                holder: first.holder(),
                since: NOW,
                until: None,
            });
            rotation.crew = Crew::new(members, Vec::from_iter(first));
            Ok::<_, Infallible>(entry(AuditAction::AddedMember))
        });
        assert_eq!(changing.await.unwrap(), Some(Ok(true)));
        id
    }

    /// Has the next in turn be on duty.
    pub async fn rotate(&self, id: &RotationId) {
        let rotated = self.backend.rotate(&self.caller, id.clone()).await;
        assert!(rotated.unwrap().done().is_some());
    }

    /// Waits until `question` is answered.
    pub async fn until<T>(&self, what: &str, question: impl AsyncFn() -> Option<T>) -> T {
        let asking = async {
            loop {
                if let Some(answer) = question().await {
                    return answer;
                }
                time::sleep(Duration::from_millis(20)).await;
            }
        };
        let answer = time::timeout(SETTLING, asking).await;
        answer.unwrap_or_else(|_| panic!("{what}"))
    }

    /// Waits until this is the topic of a channel.
    pub async fn until_topic(&self, channel: &str, topic: &str) {
        let what = format!("{topic:?} should be the topic of {channel}");
        self.until(&what, async || {
            let told = self.sandbox.ask(&format!("slack/channels/{channel}")).await;
            (told["topic"] == topic).then_some(())
        })
        .await;
    }

    /// Waits until nothing is left to be told.
    pub async fn until_settled(&self) {
        self.until("all should be told", async || {
            let due = self.services.store.due_notices(&[ANNOUNCEMENT, TOPIC]);
            let due = due.await.unwrap();
            (!due.any && due.next_in.is_none()).then_some(())
        })
        .await;
    }

    pub async fn end(self) {
        self.services.shutdown.cancel();
        self.tasks.await.unwrap();
    }
}
