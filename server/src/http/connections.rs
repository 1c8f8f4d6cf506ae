//! Connections of browsers and proxies: how many there may be, how long each may take
//! until it has said what it wants, and what it costs meanwhile. HTTP/1.1, as proxies
//! speak it to what is behind them.

use super::client_address::Peer;
use crate::config::ConnectionsConfig;
use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service as _;

/// No head of a request is longer, in bytes. It also bounds what is kept of a request
/// and of an answer while they are on their way.
const LONGEST_HEAD: usize = 64 * 1024;
/// How long what was sent may stay unread at the other end before we give up on it.
const UNREAD: Duration = Duration::from_secs(60);
/// So many of those for whom there is no place are told so at once.
const TOLD_AT_ONCE: usize = 64;
/// How long that may take each.
const TELLING: Duration = Duration::from_secs(2);
/// How often the log says that there are too many.
const SAID_EVERY: Duration = Duration::from_secs(10);
/// How long answers may take to reach the other side after the last one was made.
const LEAVING: Duration = Duration::from_secs(2);
/// How long accepting rests after the system could give no connection.
const ACCEPT_REST: Duration = Duration::from_millis(500);

const NO_PLACE: &str = "HTTP/1.1 503 Service Unavailable\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    cache-control: no-store\r\n\
    retry-after: 5\r\n\
    connection: close\r\n\
    content-length: 79\r\n\
    \r\n\
    Too many connections are open here. Wait some seconds, then load the page anew.";

/// Serves `router` until `stop`, then until every request that is under way has been
/// answered.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: ConnectionsConfig,
    stop: CancellationToken,
) {
    let mut http = http1::Builder::new();
    // The time for a head also runs while a connection waits for its next request.
    http.timer(TokioTimer::new())
        .header_read_timeout(config.head)
        .max_buf_size(LONGEST_HEAD);
    let places = Arc::new(Semaphore::new(config.most));
    let mut crowd = Crowd::new(config.most);
    let graceful = GracefulShutdown::new();
    let requests = TaskTracker::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener) => accepted,
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            crowd.turn_away(stream);
            continue;
        };
        if let Err(error) = prepare(&stream) {
            tracing::debug!(%error, "a connection was gone before it was served");
            continue;
        }
        // One router for all: it holds every route, and a copy for each connection
        // would cost more than everything else about it.
        let (router, requests) = (router.clone(), requests.clone());
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer.ip()));
            requests.track_future(router.clone().call(request))
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // How a connection ends is the other side's business.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    requests.close();
    // Whoever has not said what they want by now is not waited for.
    let answered = async {
        requests.wait().await;
        sleep(LEAVING).await;
    };
    tokio::select! {
        () = graceful.shutdown() => {}
        () = answered => {}
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // Given up before it was accepted.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::ConnectionReset
                        | io::ErrorKind::ConnectionRefused
                ) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted at the moment");
                sleep(ACCEPT_REST).await;
            }
        }
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    {
        let millis = u32::try_from(UNREAD.as_millis()).unwrap_or(u32::MAX);
        rustix::net::sockopt::set_tcp_user_timeout(stream, millis)?;
    }
    Ok(())
}

/// Those for whom there is no place.
struct Crowd {
    most: usize,
    being_told: Arc<Semaphore>,
    last_said: Option<Instant>,
}

impl Crowd {
    fn new(most: usize) -> Self {
        Self {
            most,
            being_told: Arc::new(Semaphore::new(TOLD_AT_ONCE)),
            last_said: None,
        }
    }

    /// Says so to whoever is there, as far as that costs little, and closes.
    fn turn_away(&mut self, stream: TcpStream) {
        let said_lately = self
            .last_said
            .is_some_and(|said| said.elapsed() < SAID_EVERY);
        if !said_lately {
            tracing::warn!(
                most = self.most,
                "connections are turned away, since so many are open; see ROUNDROBIN_MAX_CONNECTIONS"
            );
            self.last_said = Some(Instant::now());
        }
        if let Ok(turn) = Arc::clone(&self.being_told).try_acquire_owned() {
            tokio::spawn(tell(stream, turn));
        }
    }
}

/// Reads what the other side sends until it has read the answer: closing with something
/// unread would take the answer away from it.
async fn tell(mut stream: TcpStream, turn: OwnedSemaphorePermit) {
    let telling = async {
        stream.write_all(NO_PLACE.as_bytes()).await?;
        stream.shutdown().await?;
        let mut unread = [0; 1024];
        while stream.read(&mut unread).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = timeout(TELLING, telling).await;
    drop(turn);
}

/// How many connections there may be when so many are wanted: every one is an open file,
/// and the database and PagerDuty need some as well. Raises what the system grants this
/// process as far as it may.
pub fn as_many_as_possible(wanted: usize) -> usize {
    let granted = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: granted.maximum,
        maximum: granted.maximum,
    };
    let open_files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => granted.maximum,
        Err(_) => granted.current,
    };
    let possible = beside_other_files(wanted, open_files);
    if possible < wanted {
        tracing::warn!(
            wanted,
            possible,
            "the system grants this process too few open files for so many connections"
        );
    }
    possible
}

/// A quarter of the files is for everything else. `None` is no limit.
fn beside_other_files(wanted: usize, open_files: Option<u64>) -> usize {
    let possible = open_files.map_or(usize::MAX, |files| {
        usize::try_from(files / 4 * 3).unwrap_or(usize::MAX)
    });
    wanted.min(possible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_those_without_a_place_is_as_long_as_it_says() {
        let (head, body) = NO_PLACE.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())));
    }

    #[test]
    fn connections_leave_files_for_everything_else() {
        assert_eq!(beside_other_files(5_000, Some(1_024)), 768);
        assert_eq!(beside_other_files(5_000, Some(1_048_576)), 5_000);
        assert_eq!(beside_other_files(5_000, None), 5_000);
    }
}
