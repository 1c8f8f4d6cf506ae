//! The stand-in as a program: one address to listen on, and an end when asked.

use std::{io::ErrorKind, net::SocketAddr, process::ExitCode};

use anyhow::anyhow;
use clap::Parser;
use jiff::Timestamp;
use sandbox::Sandbox;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// A stand-in for PagerDuty and Slack, for trying Round Robin and for its tests
#[derive(Parser)]
struct Options {
    /// Address to listen on; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:3900")]
    listen: SocketAddr,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Options::parse().listen).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(listen: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("The address {listen} is taken by another program; choose another one with --listen.")
        }
        _ => anyhow!("The sandbox cannot listen on {listen}: {error}."),
    })?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let router = sandbox::router(Sandbox::new(&base_url, Timestamp::now()));
    let mut terminate = signal(SignalKind::terminate())?;
    println!("Sandbox listening on {base_url}");
    // Nothing here is worth draining: an answer that is delayed on request must not hold up the end.
    tokio::select! {
        served = async { axum::serve(listener, router).await } => served?,
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
