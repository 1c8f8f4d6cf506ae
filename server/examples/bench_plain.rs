//! Answers every request with the bytes of a file for `cargo xtask bench page`:
//! what the machine and the HTTP library can do at most, without a product.

use axum::{
    Router,
    body::Bytes,
    http::{HeaderValue, header},
};
use clap::Parser;
use std::{fs, net::SocketAddr, path::PathBuf};
use tokio::net::TcpListener;

#[derive(Parser)]
struct Command {
    #[arg(long)]
    listen: SocketAddr,
    /// A page, compressed with Brotli.
    file: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let command = Command::parse();
    let page = Bytes::from(fs::read(&command.file)?);
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CONTENT_ENCODING, HeaderValue::from_static("br")),
    ];
    let router = Router::new().fallback(async move || (headers, page));
    axum::serve(TcpListener::bind(command.listen).await?, router).await?;
    Ok(())
}
