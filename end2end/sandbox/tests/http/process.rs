//! The program itself: a tester's first contact is its first line, or the sentence it fails with.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

/// Ends with the test, also when an assertion fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn started(listen: &str) -> Running {
    let child = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["--listen", listen])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    Running(child.expect("the sandbox starts"))
}

fn address_of(running: &mut Running) -> String {
    let mut line = String::new();
    let output = running.0.stdout.as_mut().expect("its output");
    BufReader::new(output).read_line(&mut line).expect("a line");
    let address = line.trim_end().strip_prefix("Sandbox listening on http://");
    address.expect("the address").to_owned()
}

#[test]
fn it_listens_where_it_says_and_ends_when_asked() {
    let mut running = started("127.0.0.1:0");
    let address = address_of(&mut running);
    let mut stream = TcpStream::connect(&address).expect("a connection");
    write!(
        stream,
        "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .expect("sent");
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("an answer");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("Round Robin sandbox"));
    assert!(page.contains("u+LighthouseKey_K7Qa"));

    let id = running.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill")
            .success()
    );
    assert!(running.0.wait().expect("an end").success());
}

#[test]
fn a_taken_port_is_one_sentence() {
    let mut first = started("127.0.0.1:0");
    let address = address_of(&mut first);
    let mut second = started(&address);
    assert_eq!(second.0.wait().expect("an end").code(), Some(1));
    let mut said = String::new();
    second
        .0
        .stderr
        .as_mut()
        .expect("its errors")
        .read_to_string(&mut said)
        .expect("text");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(&address), "{said}");
}

#[test]
fn a_connection_that_is_reset_says_nothing() {
    let mut running = started("127.0.0.1:0");
    let address = address_of(&mut running);
    let said = |method: &str, path: &str, body: &str| {
        let mut stream = TcpStream::connect(&address).expect("a connection");
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .expect("sent");
        let mut answer = Vec::new();
        // However the end comes, what counts is what came before it.
        let _ = stream.read_to_end(&mut answer);
        answer
    };
    let set = said(
        "POST",
        "/_control/faults",
        r#"{"side":"pagerduty","body":"reset","times":1}"#,
    );
    assert!(set.starts_with(b"HTTP/1.1 200"));
    assert_eq!(said("GET", "/users", ""), b"");
    assert!(said("GET", "/users", "").starts_with(b"HTTP/1.1 401"));
}
