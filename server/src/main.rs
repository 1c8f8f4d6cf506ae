//! The binary `roundrobin`: settings in, a server or a command out.

// The views of the pages are deeply nested types.
#![recursion_limit = "512"]

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use mimalloc::MiMalloc;
use secrecy::ExposeSecret;
use server::{
    Services,
    backend::RoundRobin,
    background, check, clock,
    config::{Config, ConnectionsConfig, Settings, StorageSettings},
    hand_offs, housekeeping, http, outbox, reencrypt, replicas,
    rotas::Rotas,
    slack,
    slack_input::{Calls, LateAnswers, Mentions},
    slack_output::{
        self, announcements::Announcements, direct::DirectMessages, groups::DutyGroups,
        topics::Topics,
    },
    storage::Storage,
    store::{self, ServingLock},
    sync,
};
use std::{
    cell::Cell,
    hint::black_box,
    io::IsTerminal,
    iter,
    net::SocketAddr,
    path::PathBuf,
    pin::pin,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time,
};
use tracing_subscriber::EnvFilter;

/// How long running work may take after SIGTERM.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);
/// How much longer the renewal of a login may take that is under way then: as long as
/// PagerDuty is waited for and the new tokens are tried to be saved.
const RENEWAL_LIMIT: Duration = Duration::from_secs(45);

/// Whoever reads the metrics needs few connections.
const METRICS_CONNECTIONS: usize = 64;

/// Rotations beside Slack, bound to PagerDuty where you like.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Command {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Action {
    /// Serve the dashboard and keep bound rotations in sync (the default).
    Serve(Box<Settings>),
    /// Bring the database to this version's schema and end.
    Migrate(StorageSettings),
    /// Seal every secret in the database with the first encryption key and end.
    Reencrypt(StorageSettings),
    /// Copy a SQLite database into a new file, also while it is being served, and end.
    Backup(Copying),
    /// Put a backup in the place of a SQLite database that is not being served, keep
    /// that one beside it, and end.
    Restore(Copying),
    /// Say of the settings, the database, the keys and Slack whether they are well and
    /// what to do, change nothing, and end; with failure when something is ill.
    Check(Box<Settings>),
}

#[derive(Args)]
struct Copying {
    /// The backup.
    file: PathBuf,
    #[command(flatten)]
    storage: StorageSettings,
}

/// Pages are made of many short-lived pieces on several threads: with the system's
/// allocator, a third of the time of a page goes into memory and waiting for it. Without
/// huge pages (`no_thp`), which would nearly double the memory of a server at rest.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// mimalloc looks through all that a thread holds at each 10,000th piece beyond a kilobyte
/// that the thread asks for.
const PIECES: usize = 10_100;
const PIECE_BYTES: usize = 2048;
const GIVEN_BACK_EVERY: Duration = Duration::from_secs(1);

/// What one thread frees of another's memory goes back to the system when the other looks
/// through what it holds, and a thread at rest never does: after two thousand connections
/// had gone, most of what they took stayed. So a thread that comes to rest asks for memory
/// until it has looked, which takes less than a millisecond.
fn give_memory_back() {
    thread_local! {
        static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
    }
    if LAST
        .get()
        .is_some_and(|last| last.elapsed() < GIVEN_BACK_EVERY)
    {
        return;
    }
    LAST.set(Some(Instant::now()));
    for _ in 0..PIECES {
        drop(black_box(Vec::<u8>::with_capacity(PIECE_BYTES)));
    }
}

/// Rendering a page walks through its nested view on one stack, which in a
/// debug build is more than tokio's usual 2 MiB.
const STACK_BYTES: usize = 8 << 20;

fn main() -> ExitCode {
    let command = Command::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
        )
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        // A line that cannot be written, as on a full disk, is lost, and not whoever writes it as well.
        .log_internal_errors(false)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .on_thread_park(give_memory_back)
        .build()
        .expect("the operating system gives threads");
    let result = runtime.block_on(run(command));
    // What is still running after the drain must not keep the process.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("roundrobin: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command.action {
        None => serve(&command.settings).await,
        Some(Action::Serve(settings)) => serve(&settings).await,
        Some(Action::Migrate(settings)) => migrate(&settings).await,
        Some(Action::Reencrypt(settings)) => reencrypt(&settings).await,
        Some(Action::Backup(copying)) => back_up(&copying).await,
        Some(Action::Restore(copying)) => restore(&copying).await,
        Some(Action::Check(settings)) => check(&settings).await,
    }
}

async fn back_up(Copying { file, storage }: &Copying) -> anyhow::Result<()> {
    let url = storage.database_url()?;
    let copied = store::back_up(url.expose_secret(), file).await?;
    println!(
        "Copied {} rows of {} tables into {}, and found the copy whole. Its secrets open only with the encryption keys of the database: keep a copy of those too, apart from it.",
        copied.rows,
        copied.tables,
        file.display()
    );
    Ok(())
}

async fn restore(Copying { file, storage }: &Copying) -> anyhow::Result<()> {
    let url = storage.database_url()?;
    let moment = clock::now().as_millis().to_string();
    let restored = store::restore(url.expose_secret(), file, &moment).await?;
    println!(
        "Put {} rows of {} tables back.",
        restored.copied.rows, restored.copied.tables
    );
    for kept in restored.kept {
        println!("What was there before is kept at {}.", kept.display());
    }
    println!("See whether the encryption keys fit with: roundrobin check");
    Ok(())
}

async fn check(settings: &Settings) -> anyhow::Result<()> {
    let report = check::check(settings).await;
    print!("{report}");
    anyhow::ensure!(
        report.is_well(),
        "something is ill; what to do is said above"
    );
    Ok(())
}

async fn migrate(settings: &StorageSettings) -> anyhow::Result<()> {
    let storage = Storage::prepare(&settings.checked()?)?;
    let _lock = ServingLock::take(storage.database_url.expose_secret())?;
    let store = storage.open().await?;
    // Closing takes the mark away, also one that a crash has left.
    store.mark_served().await?;
    store.close().await;
    println!("The database is at this version's schema.");
    Ok(())
}

async fn reencrypt(settings: &StorageSettings) -> anyhow::Result<()> {
    let storage = Storage::prepare(&settings.checked()?)?;
    let store = storage.open().await?;
    let resealed = reencrypt::reencrypt(&store, &storage.keys).await?;
    store.close().await;
    println!("Sealed {resealed} secrets with the first encryption key.");
    Ok(())
}

async fn serve(settings: &Settings) -> anyhow::Result<()> {
    let config = settings.checked()?;
    let storage = Storage::prepare(&settings.storage()?)?;
    announce(&config, &storage);
    let listen = config.listen;
    let database_url = storage.database_url.clone();
    let _lock = ServingLock::take(database_url.expose_secret())?;
    let services = Services::open(config, storage).await?;
    reencrypt::check_keys(&services.store, &services.keys).await?;
    let listener = bind(listen).await?;
    if let Err(error) = services.store.mark_served().await {
        // Pages can be read all the same, and readiness says what is the matter.
        tracing::warn!(%error, "nothing can be written to the database");
    }
    if let Err(error) = services.store.reckon_rotas_anew().await {
        tracing::warn!(%error, "rotations go on by the time-zone data that they were planned with");
    }
    let metrics = match services.config.metrics.listen {
        Some(listen) => Some(bind(listen).await?),
        None => None,
    };

    let mut tasks = vec![
        hand_offs::task(
            &services.store,
            &services.sync.signals.clock,
            (&services.tasks, &services.background),
            vec![
                Arc::new(sync::Schedules(services.sync.clone())),
                Arc::new(Rotas {
                    store: services.store.clone(),
                    live: services.live.clone(),
                }),
            ],
        ),
        sync::task(&services.sync),
        slack::directory::task(&services.slack),
        housekeeping::task(&services.store),
        slack_output::group_watch(&services),
        slack_output::topic_watch(&services),
        slack_output::outage_watch(&services),
    ];
    let mut consumers: Vec<Arc<dyn outbox::Consumer>> = vec![
        Arc::new(DutyGroups::new(&services)),
        Arc::new(Topics(services.clone())),
        Arc::new(Announcements(services.clone())),
        Arc::new(Mentions(services.clone())),
        Arc::new(Calls(services.clone())),
        Arc::new(LateAnswers(services.clone())),
    ];
    consumers.extend(DirectMessages::all(&services));
    tasks.extend(outbox::task(
        &services.store,
        (&services.tasks, &services.background),
        consumers,
    ));
    tasks.extend(replicas::task(
        &services.store,
        &services.live,
        database_url,
    ));
    let (kept, stop) = (services.background.clone(), services.shutdown.clone());
    let mut driver = tokio::spawn(background::run(kept, stop, tasks));
    let metrics = metrics.map(|listener| tokio::spawn(serve_metrics(services.clone(), listener)));
    let router = http::router(
        services.clone(),
        Arc::new(RoundRobin::new(services.clone())),
    );
    tracing::info!(url = services.config.public_url.origin(), "serving");
    let connections = ConnectionsConfig {
        most: http::as_many_as_possible(services.config.connections.most),
        ..services.config.connections
    };
    let stop = services.shutdown.clone();
    let mut serving = tokio::spawn(http::serve(listener, router, connections, stop));

    tokio::select! {
        stopped = stop_signal() => stopped?,
        ended = &mut serving => {
            ended?;
            anyhow::bail!("the server stopped by itself");
        }
        ended = &mut driver => {
            ended?;
            anyhow::bail!("the background work stopped by itself");
        }
    }
    tracing::info!("stopping");
    let background = iter::once(driver).chain(metrics).collect();
    drain(&services, serving, background).await;
    Ok(())
}

async fn bind(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}; is another server running there?"))
}

async fn serve_metrics(services: Services, listener: TcpListener) {
    let connections = ConnectionsConfig {
        most: METRICS_CONNECTIONS,
        ..services.config.connections
    };
    let stop = services.shutdown.clone();
    http::serve(listener, http::metrics::router(services), connections, stop).await;
}

fn announce(config: &Config, storage: &Storage) {
    if !config.public_url.is_https() && config.slack.url.scheme() == "https" {
        tracing::warn!(
            "browsers reach this server over plain http, where sessions can be read on the way; put it behind https and set ROUNDROBIN_PUBLIC_URL"
        );
    }
    if config.slack.app.is_none() {
        tracing::warn!(
            "nobody can sign in until ROUNDROBIN_SLACK_CLIENT_ID and ROUNDROBIN_SLACK_CLIENT_SECRET are set"
        );
    }
    if let Some(file) = &storage.new_key_file {
        tracing::warn!(
            file = %file.display(),
            "made a new encryption key; keep a copy apart from the database, since secrets cannot be read without it"
        );
    }
}

async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Ends event streams, lets requests and running work finish, and gives up after
/// [`DRAIN_LIMIT`], but for renewals of logins: an answer that was not saved would have
/// spent the refresh token.
async fn drain(
    services: &Services,
    serving: tokio::task::JoinHandle<()>,
    background: Vec<tokio::task::JoinHandle<()>>,
) {
    services.shutdown.cancel();
    services.tasks.close();
    let mut finish = pin!(async {
        let _ = serving.await;
        for task in background {
            let _ = task.await;
        }
        services.tasks.wait().await;
        services.store.close().await;
    });
    if time::timeout(DRAIN_LIMIT, finish.as_mut()).await.is_err() {
        let renewed = time::timeout(RENEWAL_LIMIT, services.integrations.renewals.finished()).await;
        if renewed.is_err() {
            tracing::error!("the renewal of a login did not finish in time; its end is lost");
        }
        tracing::warn!("some work did not finish in time; what it had not written is undone");
    }
}
