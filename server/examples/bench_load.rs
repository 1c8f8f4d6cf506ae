//! Asks one page over and over for `cargo xtask bench page`, over connections that
//! stay open, and prints how many answers came and how long they took. It is a
//! program of its own so that it can be optimised: it shares the processors with
//! the server that it measures, so what it takes is missing there.

use anyhow::{Context, ensure};
use clap::Parser;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, task::JoinSet};

#[derive(Clone, Parser)]
struct Command {
    #[arg(long)]
    address: SocketAddr,
    #[arg(long)]
    path: String,
    #[arg(long, default_value = "")]
    cookie: String,
    /// How many ask at once.
    #[arg(long)]
    connections: usize,
    #[arg(long)]
    seconds: u64,
}

/// On one thread: more would take both of a small machine's processors.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let command = Command::parse();
    let start = Instant::now();
    let end = start + Duration::from_secs(command.seconds);
    let mut visitors = JoinSet::new();
    for _ in 0..command.connections {
        visitors.spawn(ask_until(end, command.clone()));
    }
    let mut times = Vec::new();
    while let Some(visited) = visitors.join_next().await {
        times.extend(visited??);
    }
    let seconds = start.elapsed().as_secs_f64();
    ensure!(!times.is_empty(), "nothing was answered in time");
    times.sort_unstable();
    let millis = |share: f64| {
        let place = (share * times.len() as f64).ceil() as usize;
        times[place.clamp(1, times.len()) - 1].as_secs_f64() * 1000.0
    };
    let report = json!({
        "answers": times.len(),
        "per_second": times.len() as f64 / seconds,
        "median_ms": millis(0.5),
        "p99_ms": millis(0.99),
    });
    println!("{report}");
    Ok(())
}

/// The times from each question to the end of its answer.
async fn ask_until(end: Instant, command: Command) -> anyhow::Result<Vec<Duration>> {
    let stream = TcpStream::connect(command.address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut times = Vec::new();
    loop {
        let asked = Instant::now();
        if asked > end {
            return Ok(times);
        }
        let request = Request::get(&command.path)
            .header(header::HOST, command.address.to_string())
            .header(header::ACCEPT_ENCODING, "br")
            .header(header::COOKIE, &command.cookie)
            .body(Empty::<Bytes>::new())?;
        let mut response = sender.send_request(request).await?;
        // An answer of another kind would be quick and wrong.
        ensure!(response.status() == StatusCode::OK, "{}", response.status());
        let encoding = response.headers().get(header::CONTENT_ENCODING);
        ensure!(
            encoding.is_some_and(|encoding| encoding == "br"),
            "an answer was not compressed"
        );
        while let Some(frame) = response.body_mut().frame().await {
            frame.context("an answer broke off")?;
        }
        times.push(asked.elapsed());
    }
}
