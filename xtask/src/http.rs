//! Plain requests to servers on this machine, which is all that the commands
//! need and not worth a dependency.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

/// How long each part of an answer may take.
const LIMIT: Duration = Duration::from_secs(30);

pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a str,
}

impl<'a> Request<'a> {
    pub fn get(path: &'a str, headers: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            method: "GET",
            path,
            headers,
            body: "",
        }
    }
}

pub struct Response {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    /// Every value of a header.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let wanted = move |(header, _): &&(String, String)| header.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .filter(wanted)
            .map(|(_, value)| value.as_str())
    }
}

pub fn get(port: u16, path: &str) -> Result<Response> {
    send(port, &Request::get(path, &[]))
}

pub fn send(port: u16, request: &Request<'_>) -> Result<Response> {
    let (mut response, mut rest) = open(port, request)?;
    rest.read_to_string(&mut response.body)?;
    Ok(response)
}

/// The body of an answer that need not be text, such as a compressed one.
pub fn bytes(port: u16, request: &Request<'_>) -> Result<(Response, Vec<u8>)> {
    let (response, mut rest) = open(port, request)?;
    let mut body = Vec::new();
    rest.read_to_end(&mut body)?;
    Ok((response, body))
}

/// Sends a request and reads the answer up to its body, which the caller reads.
pub fn open(port: u16, request: &Request<'_>) -> Result<(Response, BufReader<TcpStream>)> {
    let Request {
        method, path, body, ..
    } = request;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    // HTTP 1.0: the answer ends with the connection and is never chunked.
    let mut text = format!("{method} {path} HTTP/1.0\r\nHost: {address}\r\n");
    for (name, value) in request.headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    write!(stream, "{text}\r\n{body}")?;
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let response =
        parse(&head).with_context(|| format!("http://{address}{path} did not answer with HTTP"))?;
    Ok((response, reader))
}

/// A head without its body.
fn parse(head: &[String]) -> Option<Response> {
    let (status, headers) = head.split_first()?;
    let status = status
        .strip_prefix("HTTP/1.")?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()?;
    let headers = headers
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Some(Response {
        status,
        headers,
        body: String::new(),
    })
}

pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(head: &str) -> Option<Response> {
        parse(&head.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_head_is_split_into_status_and_headers() {
        let head = "HTTP/1.0 503 Service Unavailable\nSet-Cookie: a=b\nset-cookie: c=d";
        let response = parsed(head).unwrap();
        assert_eq!(response.status, 503);
        assert_eq!(
            response.all("set-cookie").collect::<Vec<_>>(),
            ["a=b", "c=d"]
        );
    }

    #[test]
    fn what_is_not_http_is_no_answer() {
        assert!(parsed("220 mail ready").is_none());
        assert!(parsed("").is_none());
    }
}
