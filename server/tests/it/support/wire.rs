//! A wire to Postgres that goes dead without a word, as when a firewall forgets a
//! connection or the machine behind it vanishes: nothing comes through, and nobody
//! closes anything.

use super::Database;
use std::{
    future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
    task::JoinSet,
};

/// Leads to the server of a database.
pub struct Wire {
    /// The same database, through the wire.
    pub database: Database,
    /// Connections with a number up to this one are dead.
    dead: Arc<AtomicU64>,
    made: Arc<AtomicU64>,
    round_trips: Arc<AtomicU64>,
    /// Whether there is anybody at the other end.
    server_is_there: watch::Sender<bool>,
}

impl Wire {
    pub async fn to(database: &Database) -> Self {
        let url = url::Url::parse(&database.url).unwrap();
        let server = (
            url.host_str().unwrap().to_owned(),
            url.port().unwrap_or(5432),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut through = url.clone();
        through.set_host(Some("127.0.0.1")).unwrap();
        let port = listener.local_addr().unwrap().port();
        through.set_port(Some(port)).unwrap();
        let (dead, made) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let (server_is_there, there) = watch::channel(true);
        let round_trips = Arc::<AtomicU64>::default();
        let counts = [&dead, &made, &round_trips].map(Arc::clone);
        tokio::spawn(serve(listener, server, counts, there));
        Self {
            database: Database::at(through.to_string()),
            dead,
            made,
            round_trips,
            server_is_there,
        }
    }

    /// How often somebody has asked and was answered.
    pub fn round_trips(&self) -> u64 {
        self.round_trips.load(Ordering::SeqCst)
    }

    /// Ends all connections and takes no new ones, as a server that was killed.
    pub fn kill_server(&self) {
        self.server_is_there.send_replace(false);
    }

    pub fn restart_server(&self) {
        self.server_is_there.send_replace(true);
    }

    /// Lets nothing through on the connections that there are. New ones are sound.
    pub fn go_dead(&self) {
        let made = self.made.load(Ordering::SeqCst);
        self.dead.store(made, Ordering::SeqCst);
    }
}

async fn serve(
    listener: TcpListener,
    server: (String, u16),
    [dead, made, round_trips]: [Arc<AtomicU64>; 3],
    mut there: watch::Receiver<bool>,
) {
    let mut wires = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (near, _) = accepted.unwrap();
                if !*there.borrow() {
                    continue;
                }
                let far = TcpStream::connect(server.clone()).await.unwrap();
                let number = made.fetch_add(1, Ordering::SeqCst) + 1;
                let (near_in, near_out) = near.into_split();
                let (far_in, far_out) = far.into_split();
                let asked = Arc::<AtomicBool>::default();
                let [asks, answers] = [true, false].map(|asks| End {
                    number,
                    dead: Arc::clone(&dead),
                    asks,
                    asked: Arc::clone(&asked),
                    round_trips: Arc::clone(&round_trips),
                });
                wires.spawn(asks.pass(near_in, far_out));
                wires.spawn(answers.pass(far_in, near_out));
            }
            changed = there.changed() => match changed {
                Ok(()) if !*there.borrow() => wires.shutdown().await,
                Ok(()) => {}
                // The test is over.
                Err(_) => return,
            },
        }
    }
}

/// One direction of a connection.
struct End {
    number: u64,
    dead: Arc<AtomicU64>,
    asks: bool,
    /// Whether what was asked last is not answered yet.
    asked: Arc<AtomicBool>,
    round_trips: Arc<AtomicU64>,
}

impl End {
    async fn pass(self, mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf) {
        let mut bytes = vec![0; 64 << 10];
        let is_dead = || self.number <= self.dead.load(Ordering::SeqCst);
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            if is_dead() {
                // Read, so that whoever sends notices nothing.
                continue;
            }
            let asked_before = self.asked.swap(self.asks, Ordering::SeqCst);
            if asked_before && !self.asks {
                self.round_trips.fetch_add(1, Ordering::SeqCst);
            }
            if to.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
        if is_dead() {
            // That one end has gone does not get through to the other either.
            future::pending::<()>().await;
        }
    }
}
