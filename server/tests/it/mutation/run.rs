//! Tries the cases, several at once, each in a workspace of its own of one server.

use super::{
    deeds::{Deed, read_directory, signed_in},
    invariants::{self, Case, Facts},
    plan::{self, Extent},
    tenant::{Method, PEOPLE, Tenant, Visitor, World},
};
use crate::{http::browser::Browser, support::Database};
use futures::future::join_all;
use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    iter::Sum,
    sync::Mutex,
    time::{Duration, Instant},
};
use types::PersonId;

/// Workspaces at once that are connected by a key, and by a login.
const BY_KEY: usize = 14;
const BY_LOGIN: usize = 4;
/// It is told after so many cases how many are left.
const PROGRESS: usize = 500;

/// What came of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// Cases by the question and the deed.
    pub tried: BTreeMap<String, usize>,
    /// Each case that violated an invariant, with how.
    pub wrongs: Vec<(String, Vec<String>)>,
    pub took: Duration,
}

impl Sum for Report {
    fn sum<I: Iterator<Item = Self>>(reports: I) -> Self {
        reports.fold(Self::default(), |mut all, report| {
            for (name, count) in report.tried {
                *all.tried.entry(name).or_default() += count;
            }
            all.wrongs.extend(report.wrongs);
            all.took = all.took.max(report.took);
            all
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tried: usize = self.tried.values().sum();
        let (failed, took) = (self.wrongs.len(), self.took);
        writeln!(
            f,
            "{tried} odd answers in {took:.0?}, {failed} with violations"
        )?;
        for (name, count) in &self.tried {
            let of_this = |(case, _): &&(String, Vec<String>)| case.starts_with(name);
            let failed = self.wrongs.iter().filter(of_this).count();
            writeln!(f, "  {name}: {count}, {failed} with violations")?;
        }
        for (case, wrongs) in &self.wrongs {
            writeln!(f, "{case}")?;
            for wrong in wrongs {
                writeln!(f, "    {wrong}")?;
            }
        }
        Ok(())
    }
}

/// Tries everything of this extent on one engine.
pub async fn on(database: Database, extent: Extent) -> Report {
    let started = Instant::now();
    let engine = database
        .url
        .split(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    let world = World::start(database).await;
    let (by_key, by_login) = queues(&world, extent).await;
    let queue = |method| match method {
        Method::ApiKey => &by_key,
        Method::Login => &by_login,
    };
    let methods = [
        [Method::ApiKey].repeat(BY_KEY),
        [Method::Login].repeat(BY_LOGIN),
    ]
    .concat();
    let workers = methods
        .into_iter()
        .map(|method| work(&world, method, queue(method)));
    let mut report: Report = join_all(workers).await.into_iter().sum();
    for (case, _) in &mut report.wrongs {
        case.push_str(&format!(" [{engine}]"));
    }
    world.stop().await;
    report.took = started.elapsed();
    report
}

type Queue = Mutex<VecDeque<Case>>;

/// The cases, by how the workspace has to be connected. The answers are those that
/// come when all is well.
async fn queues(world: &World, extent: Extent) -> (Queue, Queue) {
    let (by_key, by_login) = (Queue::default(), Queue::default());
    let tenants = [
        world.tenant(Method::ApiKey).await,
        world.tenant(Method::Login).await,
    ];
    let newcomer = world.newcomer();
    for deed in Deed::ALL {
        let (tenant, queue) = if deed.needs_login() {
            (&tenants[1], &by_login)
        } else {
            (&tenants[0], &by_key)
        };
        let (end, line) = if deed == Deed::Install {
            (install(world, &newcomer).await, newcomer.line)
        } else if let Some((question, oddity)) = deed.besides() {
            let line = tenant.visitor.line;
            world.proxy.spoil(line, question, oddity);
            let _ = tenant.act(deed).await;
            world.proxy.tell_the_truth(line);
            (tenant.act(deed).await, line)
        } else {
            (tenant.act(deed).await, tenant.visitor.line)
        };
        assert!(
            end.done && end.wrong.is_empty(),
            "{deed} when all is well: {end:?}"
        );
        for &question in deed.questions() {
            let Some(answer) = world.proxy.told(line, question) else {
                assert!(deed.besides().is_some(), "{deed} asks for {question}");
                continue;
            };
            let cases = plan::cases(deed, question, &answer, extent);
            queue.lock().unwrap().extend(cases);
        }
    }
    (by_key, by_login)
}

async fn install(world: &World, newcomer: &Visitor<'_>) -> super::deeds::End {
    let mut browser = Browser::new(&world.services);
    signed_in(newcomer.sign_in(&mut browser, PEOPLE[0].0).await)
}

/// Takes cases from the queue until there are no more.
async fn work(world: &World, method: Method, queue: &Queue) -> Report {
    let mut report = Report::default();
    let mut tenant = world.tenant(method).await;
    let _ = tenant.act(Deed::Sync).await;
    let mut before = Facts::of(&tenant).await;
    loop {
        let (case, left) = {
            let mut queue = queue.lock().unwrap();
            let Some(case) = queue.pop_front() else {
                return report;
            };
            (case, queue.len())
        };
        let name = format!("{} ({})", case.question, case.deed);
        *report.tried.entry(name).or_default() += 1;
        let (wrongs, is_well) = attempt(&mut tenant, &before, &case).await;
        if !wrongs.is_empty() {
            // Said at once as well: the whole matrix takes long, and may be broken off.
            println!("{case}: {wrongs:?}");
            report.wrongs.push((case.to_string(), wrongs));
        }
        if left % PROGRESS == 0 {
            println!("{left} odd answers are left");
        }
        if !is_well {
            tenant = world.tenant(method).await;
            let _ = tenant.act(Deed::Sync).await;
            before = Facts::of(&tenant).await;
        }
    }
}

/// What is wrong during and after one odd answer, and whether the workspace serves
/// for another.
async fn attempt(tenant: &mut Tenant<'_>, before: &Facts, case: &Case) -> (Vec<String>, bool) {
    let proxy = tenant.world().proxy.clone();
    if case.deed == Deed::Install {
        return (attempt_installation(tenant, before, case).await, true);
    }
    let line = tenant.visitor.line;
    if let Some((question, oddity)) = case.deed.besides() {
        proxy.spoil(line, question, oddity);
    }
    proxy.spoil(line, case.question, case.oddity.clone());
    let end = tenant.act(case.deed).await;
    let mut wrongs = invariants::during(tenant, before, case, &end).await;
    if proxy.tell_the_truth(line) == 0 {
        wrongs.push("the test is wrong: nobody asked".to_owned());
    }
    wrongs.extend(invariants::asks_again_in_time(tenant, case).await);
    if invariants::ends_the_login(case) {
        let _ = tenant.act(Deed::LogIn).await;
    }
    let mut end = tenant.act(case.deed).await;
    if !matches!(case.deed, Deed::Sync | Deed::Renew) {
        let synced = tenant.act(Deed::Sync).await;
        end.done &= synced.done;
        end.said.extend(synced.said);
        end.wrong.extend(synced.wrong);
    }
    let mut after = invariants::after(tenant, before, &end).await;
    if !after.is_empty() {
        // The run of the next interval: a machine under load may not ask for everybody in time.
        let end = tenant.act(Deed::Sync).await;
        after = invariants::after(tenant, before, &end).await;
    }
    let is_well = after.is_empty();
    wrongs.extend(after);
    (wrongs, is_well)
}

/// The same for a workspace that installs for the first time. The others feel
/// nothing of it.
async fn attempt_installation(tenant: &mut Tenant<'_>, before: &Facts, case: &Case) -> Vec<String> {
    let world = tenant.world();
    let newcomer = world.newcomer();
    world
        .proxy
        .spoil(newcomer.line, case.question, case.oddity.clone());
    let end = install(world, &newcomer).await;
    let mut wrongs = invariants::during(tenant, before, case, &end).await;
    if world.proxy.tell_the_truth(newcomer.line) == 0 {
        wrongs.push("the test is wrong: nobody asked".to_owned());
    }
    let end = install(world, &newcomer).await;
    if !end.done {
        wrongs.push(format!("afterwards: nobody can install: {end:?}"));
    }
    // As it is done every few minutes.
    read_directory(&world.services, &newcomer.workspace).await;
    let directory = world.services.store.directory(&newcomer.workspace).await;
    let directory = directory.unwrap();
    for (id, role) in PEOPLE {
        let known = directory.person(&PersonId::new(id));
        if known.map(|person| person.role) != Some(role) {
            wrongs.push(format!("afterwards: {id} is not known as {role:?}"));
        }
    }
    wrongs
}
