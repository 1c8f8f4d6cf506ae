//! What makes the product ask, done as it is done in earnest, and what came of it.

use super::{
    proxy::{Oddity, Question},
    tenant::{OTHERS, PEOPLE, SPOILT, SignIn, Tenant, UNLISTED},
};
use crate::http::browser::Browser;
use app::backend::Schedules;
use server::{
    Services,
    slack::directory,
    store::{Connection, StoredMethod},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};
use tokio::time;
use types::{
    OauthStep, Outcome, Replaced, SlackProblem, SyncRun, SyncRunState, Timestamp, WorkspaceId,
};

/// Longer than any answer is waited for.
const PATIENCE: Duration = Duration::from_secs(90);
/// Longer than a run that is due takes to begin, also on a busy machine: another one would meet the
/// odd answer once more, and three in a row are no passing trouble.
const BEGINNING: Duration = Duration::from_secs(5);
/// How often to look where nobody tells when something is over.
const GLANCE: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// The sync reads schedules and people.
    Sync,
    /// Somebody searches for a schedule.
    Search,
    /// Somebody looks at what a schedule would bring.
    Preview,
    /// Somebody enters a key.
    EnterKey,
    /// Somebody logs in at PagerDuty.
    LogIn,
    /// The tokens of a login are renewed.
    Renew,
    /// The people of the workspace are read.
    ReadDirectory,
    /// The bot token is tested, since reading the people was refused.
    TestToken,
    /// A role that has become old is asked for.
    ConfirmRole,
    /// Somebody signs in.
    SignIn,
    /// Somebody of a workspace that is new here signs in, and installs on the way.
    Install,
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sync => "sync",
            Self::Search => "search",
            Self::Preview => "preview",
            Self::EnterKey => "entering a key",
            Self::LogIn => "login",
            Self::Renew => "renewal",
            Self::ReadDirectory => "directory",
            Self::TestToken => "refused directory",
            Self::ConfirmRole => "role",
            Self::SignIn => "sign-in",
            Self::Install => "installation",
        })
    }
}

impl Deed {
    pub const ALL: [Self; 11] = [
        Self::Sync,
        Self::Search,
        Self::Preview,
        Self::EnterKey,
        Self::LogIn,
        Self::Renew,
        Self::ReadDirectory,
        Self::TestToken,
        Self::ConfirmRole,
        Self::SignIn,
        Self::Install,
    ];

    /// What is asked for by it.
    pub const fn questions(self) -> &'static [Question] {
        match self {
            Self::Sync => &[
                Question::Schedule,
                Question::ShiftBasedSchedule,
                Question::Users,
                Question::User,
            ],
            Self::Search => &[Question::Schedules, Question::ShiftBasedSchedules],
            Self::Preview => &[Question::Schedule, Question::ShiftBasedSchedule],
            Self::EnterKey => &[Question::Schedules, Question::Users],
            Self::LogIn => &[Question::Tokens, Question::User],
            Self::Renew => &[Question::Tokens],
            Self::ReadDirectory => &[Question::Members],
            Self::TestToken => &[Question::TokenTest],
            Self::ConfirmRole => &[Question::Member],
            Self::SignIn => &[Question::Identity, Question::Member],
            Self::Install => &[Question::Installation, Question::Members],
        }
    }

    /// What is odd beside the case, without which the question is not asked.
    pub const fn besides(self) -> Option<(Question, Oddity)> {
        match self {
            Self::TestToken => Some((Question::Members, Oddity::Refused("invalid_auth"))),
            _ => None,
        }
    }

    /// Whether it takes a workspace that is connected by a login.
    pub const fn needs_login(self) -> bool {
        matches!(self, Self::LogIn | Self::Renew)
    }
}

/// What a deed came to, as far as it can be wrong.
#[derive(Clone, Debug, Default)]
pub struct End {
    /// What people are told in so many words.
    pub said: Vec<String>,
    /// It was done, as it is when all is well.
    pub done: bool,
    /// The schedules that were found, by a search that was not refused.
    pub found: Option<BTreeSet<String>>,
    /// The search says that it could not list everything.
    pub owns_up: bool,
    /// The schedules that a sync confirmed.
    pub confirmed: BTreeSet<&'static str>,
    /// A sync has read the list of PagerDuty's people.
    pub people_read: bool,
    /// Something that never may be.
    pub wrong: Vec<String>,
}

impl End {
    fn of<T: fmt::Debug, R: fmt::Display>(outcome: &Outcome<T, R>) -> Self {
        Self {
            said: outcome
                .refused()
                .map(ToString::to_string)
                .into_iter()
                .collect(),
            done: outcome.refused().is_none(),
            ..Self::default()
        }
    }
}

impl Tenant<'_> {
    pub async fn act(&self, deed: Deed) -> End {
        let acting = self.act_unbounded(deed);
        time::timeout(PATIENCE, acting)
            .await
            .unwrap_or_else(|_| End {
                wrong: vec![format!("nothing came of it in {PATIENCE:?}")],
                ..End::default()
            })
    }

    async fn act_unbounded(&self, deed: Deed) -> End {
        match deed {
            Deed::Sync => self.sync().await,
            Deed::Search => self.search().await,
            Deed::Preview => self.preview().await,
            Deed::EnterKey => {
                let entered = self.enter_key_again().await;
                let mut end = End::of(&entered);
                end.done = entered == Outcome::Done(Replaced::InUse);
                end
            }
            Deed::LogIn => {
                let logged_in = self.log_in_again().await;
                let mut end = End::of(&logged_in);
                end.done = logged_in == Outcome::Done(OauthStep::Connected);
                end
            }
            Deed::Renew => self.renew().await,
            Deed::ReadDirectory | Deed::TestToken => {
                read_directory(&self.world().services, self.workspace()).await
            }
            Deed::ConfirmRole => self.confirm_role().await,
            Deed::SignIn => {
                let mut browser = Browser::new(&self.world().services);
                let (admin, _) = PEOPLE[2];
                signed_in(self.visitor.sign_in(&mut browser, admin).await)
            }
            Deed::Install => unreachable!("it takes a workspace that is new"),
        }
    }

    /// Has all schedules and people be due, and returns when the run has ended.
    async fn sync(&self) -> End {
        let services = &self.world().services;
        let (_, mut events) = services.live.subscribe(self.workspace(), |_| true);
        let before = self.confirmed_at().await;
        let mut asked_at = self.have_all_due().await;
        let run = loop {
            let run = self.last_run().await;
            if let Some(run) = run.filter(|run| run.started_at >= asked_at)
                && run.state == SyncRunState::Ended
            {
                break run;
            }
            let told = time::timeout(BEGINNING, events.recv()).await;
            if told.is_err() && self.connection().await.lease.is_none() {
                // A run that was on its way has planned the next one anew.
                asked_at = self.have_all_due().await;
            }
        };
        let mut end = End {
            done: run.problem.is_none() && run.unreadable == 0,
            said: run.problem.iter().map(ToString::to_string).collect(),
            ..End::default()
        };
        let unreadable = run.unreadable_schedules.iter();
        end.said
            .extend(unreadable.map(|schedule| schedule.problem.to_string()));
        for (schedule, now) in self.confirmed_at().await {
            if now > before[schedule] {
                end.confirmed.insert(schedule);
            } else if OTHERS.contains(&schedule) {
                let problem = run.problem.as_ref().map(ToString::to_string);
                end.wrong
                    .push(format!("{schedule} was not confirmed ({problem:?})"));
            }
        }
        let read_at = self.connection().await.roster_read_at;
        end.people_read = read_at.is_some_and(|at| at.as_millis() > 0);
        end
    }

    /// Has the reconciler ask for everything now; since when, by the database's clock.
    async fn have_all_due(&self) -> Timestamp {
        // The connection comes last: with it a run may begin.
        for statement in [
            &format!(
                "update pagerduty_users set asked_for = 0
                 where workspace_id = $1 and id = '{UNLISTED}'"
            ),
            "update pagerduty_schedules set poll_at = 0 where workspace_id = $1",
            "update pagerduty_connections set next_sync_at = 0, ask_after = 0, roster_read_at = 0
             where workspace_id = $1",
        ] {
            self.execute(statement).await;
        }
        let services = &self.world().services;
        let asked_at = services.store.now().await.unwrap();
        services.sync.wake();
        asked_at
    }

    /// Has the tokens be due for their renewal, long before their end, and syncs
    /// while that goes on.
    async fn renew(&self) -> End {
        self.execute("update pagerduty_connections set refresh_at = 0 where workspace_id = $1")
            .await;
        let end = self.sync().await;
        while self.is_due_for_renewal().await {
            time::sleep(GLANCE).await;
        }
        end
    }

    async fn is_due_for_renewal(&self) -> bool {
        let connection = self.connection().await;
        let StoredMethod::Oauth(login) = &connection.credential.method else {
            panic!("it is connected by a login")
        };
        let due = login.term.refresh_at.map(Timestamp::as_millis) == Some(0);
        due && !connection.login_ended
    }

    async fn last_run(&self) -> Option<SyncRun> {
        let runs = self.world().services.store.runs(self.workspace()).await;
        runs.unwrap().into_iter().next()
    }

    async fn confirmed_at(&self) -> BTreeMap<&'static str, Option<Timestamp>> {
        let store = &self.world().services.store;
        let known = store.bound_schedules(self.workspace()).await.unwrap();
        let at = |id: &str| {
            let mut known = known.iter();
            known.find(|known| known.id.as_str() == id)?.confirmed_at
        };
        let bound = self.rotations.iter();
        bound.map(|(id, _)| (*id, at(id))).collect()
    }

    async fn search(&self) -> End {
        let found = self.backend.search_schedules(&self.caller, String::new());
        let found = match found.await {
            Ok(found) => found,
            Err(error) => {
                return End {
                    wrong: vec![format!("the search fails: {error}")],
                    ..End::default()
                };
            }
        };
        let mut end = End::of(&found);
        if let Outcome::Done(found) = found {
            end.owns_up = !found.missing.is_empty();
            let found = found.schedules.into_iter();
            end.found = Some(found.map(|one| one.id.to_string()).collect());
        }
        end
    }

    async fn preview(&self) -> End {
        let mut end = End {
            done: true,
            ..End::default()
        };
        for schedule in SPOILT {
            let (_, rotation) = &self.rotations[2];
            let schedule = types::ScheduleId::new(schedule);
            let shown = self
                .backend
                .preview_schedule(&self.caller, rotation.clone(), schedule);
            match shown.await {
                Ok(shown) => {
                    end.done &= shown.refused().is_none();
                    end.said.extend(shown.refused().map(ToString::to_string));
                }
                Err(error) => end.wrong.push(format!("the preview fails: {error}")),
            }
        }
        end
    }

    async fn confirm_role(&self) -> End {
        for statement in [
            "update people set read_at = 0 where workspace_id = $1",
            "update workspaces set directory_synced_at = 0 where id = $1",
        ] {
            self.execute(statement).await;
        }
        let services = &self.world().services;
        let (admin, role) = PEOPLE[2];
        let admin = types::PersonId::new(admin);
        let told = directory::confirm_role(&services.slack, self.workspace(), &admin).await;
        let told = told.unwrap();
        let mut end = End {
            done: told == Some(role),
            ..End::default()
        };
        if told != Some(role) {
            end.wrong.push(format!("the admin's role is {told:?}"));
        }
        end
    }

    pub async fn connection(&self) -> Connection {
        let connection = self.world().services.store.connection(self.workspace());
        connection.await.unwrap().expect("it stays connected")
    }
}

/// Reads the people of a workspace, once nobody else does. A reading that waits because
/// Slack asked for it goes on by itself.
pub async fn read_directory(services: &Services, id: &WorkspaceId) -> End {
    let store = &services.store;
    let nobody_reads = || store.reserve_directory(id, "nobody", Duration::ZERO);
    while !nobody_reads().await.unwrap() {
        time::sleep(GLANCE).await;
    }
    let workspace = store.workspace(id).await.unwrap().unwrap();
    let reader = services.clone();
    let mut reading =
        tokio::spawn(async move { directory::refresh(&reader.slack, &workspace).await });
    loop {
        if let Ok(read) = time::timeout(GLANCE, &mut reading).await {
            return End {
                done: read.unwrap().is_ok(),
                ..End::default()
            };
        }
        let workspace = store.workspace(id).await.unwrap().unwrap();
        if let Some(problem @ SlackProblem::RateLimited { .. }) = workspace.directory_problem {
            return End {
                said: vec![problem.to_string()],
                ..End::default()
            };
        }
    }
}

/// What a sign-in may come to, however odd Slack's answer is.
pub fn signed_in(sign_in: SignIn) -> End {
    match sign_in {
        SignIn::Done => End {
            done: true,
            ..End::default()
        },
        SignIn::Refused(address) => End {
            said: vec![address],
            ..End::default()
        },
        SignIn::Lost(how) => End {
            wrong: vec![format!("the sign-in is lost: {how}")],
            ..End::default()
        },
    }
}
