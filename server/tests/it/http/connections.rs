//! Connections that say half of what they want, nothing, or are too many, over real
//! sockets.

use super::{browser::ORIGIN, started};
use crate::support::{Database, cookie};
use server::{Services, backend::RoundRobin, config::ConnectionsConfig, http};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

/// Much longer than anything here may take, also on a machine with other things to do.
const LONG: Duration = Duration::from_secs(60);
const HOST: &str = "127.0.0.1:3000";

struct Running {
    services: Services,
    address: SocketAddr,
    serving: JoinHandle<()>,
    _database: Database,
}

async fn serving(most: usize, head: Duration, body: Duration) -> Running {
    let (services, database) = started().await;
    let mut config = services.config.as_ref().clone();
    config.connections = ConnectionsConfig { most, head, body };
    let connections = config.connections;
    let services = Services {
        config: config.into(),
        ..services
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let backend = Arc::new(RoundRobin::new(services.clone()));
    let router = http::router(services.clone(), backend);
    let stop = services.shutdown.clone();
    Running {
        services,
        address,
        serving: tokio::spawn(http::serve(listener, router, connections, stop)),
        _database: database,
    }
}

impl Running {
    async fn connect(&self, said: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        stream
    }
}

/// Everything until the server closes.
async fn to_the_end(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    let read = timeout(LONG, stream.read_to_end(&mut said)).await;
    // Closing with something unread may end in a reset instead.
    let _ = read.expect("the connection was never closed");
    String::from_utf8(said).unwrap()
}

/// Reads until this comes.
async fn until(stream: &mut TcpStream, awaited: &str) -> String {
    let mut said = String::new();
    let mut part = [0; 4096];
    while !said.contains(awaited) {
        let read = timeout(LONG, stream.read(&mut part)).await;
        let read = read
            .unwrap_or_else(|_| panic!("only this came: {said}"))
            .unwrap();
        assert!(read > 0, "only this came: {said}");
        said.push_str(std::str::from_utf8(&part[..read]).unwrap());
    }
    said
}

fn get(path: &str, cookie: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookie}\r\n\r\n")
}

#[tokio::test]
async fn connections_with_half_a_head_are_closed() {
    let server = serving(500, Duration::from_millis(200), LONG).await;
    let mut half_open = Vec::new();
    for said in [
        "",
        "GET ",
        "GET /healthz HTTP/1.1\r\nHost: a",
        "GET / HTTP/1.1\r\n",
    ] {
        for _ in 0..25 {
            half_open.push(server.connect(said).await);
        }
    }
    for stream in half_open {
        to_the_end(stream).await;
    }
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_has_no_more_time_than_another() {
    let server = serving(500, Duration::from_millis(300), LONG).await;
    let mut stream = server.connect("GET /healthz HTTP/1.1\r\nHost: ").await;
    let dripping = async {
        while stream.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LONG, dripping)
        .await
        .expect("the connection stayed open as long as something came");
}

#[tokio::test]
async fn a_connection_that_asks_nothing_more_is_closed() {
    let server = serving(500, Duration::from_millis(300), LONG).await;
    let mut stream = server.connect(&get("/healthz", "")).await;
    assert!(until(&mut stream, "ok").await.starts_with("HTTP/1.1 200"));
    assert_eq!(to_the_end(stream).await, "");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused_and_the_connection_closed() {
    let server = serving(500, LONG, Duration::from_millis(200)).await;
    let cookie = cookie(&server.services.store).await;
    for length in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let stream = server
            .connect(&format!(
                "POST /rpc/sync_now HTTP/1.1\r\nHost: {HOST}\r\nOrigin: {ORIGIN}\r\nCookie: {cookie}\r\n\
                 {length}\r\n\r\n"
            ))
            .await;
        let answer = to_the_end(stream).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains("did not arrive whole in time"), "{answer}");
    }
}

#[tokio::test]
async fn beyond_the_bound_everybody_is_told_so_until_somebody_leaves() {
    let server = serving(2, LONG, LONG).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = server.connect(&get("/healthz", "")).await;
        until(&mut stream, "ok").await;
        open.push(stream);
    }
    for _ in 0..5 {
        let answer = to_the_end(server.connect(&get("/healthz", "")).await).await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("retry-after: 5"), "{answer}");
        assert!(answer.contains("Too many connections"), "{answer}");
    }
    drop(open.pop());
    let served = async {
        loop {
            let closing = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
            let answer = to_the_end(server.connect(closing).await).await;
            if answer.starts_with("HTTP/1.1 200") {
                return;
            }
        }
    };
    timeout(LONG, served).await.expect("the place stayed taken");
}

#[tokio::test]
async fn a_stop_ends_event_streams_and_waits_for_answers_that_are_under_way() {
    let server = serving(500, LONG, LONG).await;
    let cookie = cookie(&server.services.store).await;
    let mut events = server.connect(&get("/api/events", &cookie)).await;
    let first = until(&mut events, "data: ").await;
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    let mut idle = server.connect(&get("/healthz", "")).await;
    until(&mut idle, "ok").await;
    let silent = server.connect("").await;
    let _half_open = server.connect("GET /healthz HTTP/1.1\r\n").await;
    server.services.shutdown.cancel();
    // The half-open one has its time for a head yet.
    timeout(LONG / 2, server.serving)
        .await
        .expect("serving goes on after the stop")
        .unwrap();
    for stream in [events, idle, silent] {
        to_the_end(stream).await;
    }
    assert!(TcpStream::connect(server.address).await.is_err());
}
