//! A server as it is from further away: a proxy that hands on what clients send a while
//! later. Every round trip takes that much longer, and nothing else is changed: what is
//! on its way does not wait for what was sent before it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

const CHUNK_BYTES: usize = 64 << 10;

/// Leads to a port of this machine until the command ends; gives the port that does.
pub fn lead_to(port: u16, delay: Duration) -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let near = listener.local_addr()?.port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // Where nobody answers, the client sees its connection end.
            let _ = connect(client, port, delay);
        }
    });
    Ok(near)
}

fn connect(client: TcpStream, port: u16, delay: Duration) -> io::Result<()> {
    let server = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    for stream in [&client, &server] {
        // Small messages would otherwise wait for each other, which is a delay of another kind.
        stream.set_nodelay(true)?;
    }
    let (sender, sent) = mpsc::channel();
    let (from_client, from_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || receive(from_client, delay, &sender));
    thread::spawn(move || hand_on(&sent, server));
    thread::spawn(move || {
        let (mut from, mut to) = (from_server, client);
        // However it ended, there is nothing more to come.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    Ok(())
}

/// When something is to arrive, and what.
type Due = (Instant, Vec<u8>);

fn receive(mut from: TcpStream, delay: Duration, sender: &mpsc::Sender<Due>) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        let due = (Instant::now() + delay, chunk[..count].to_vec());
        if sender.send(due).is_err() {
            return;
        }
    }
}

fn hand_on(sent: &mpsc::Receiver<Due>, mut to: TcpStream) {
    for (due, chunk) in sent {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&chunk).is_err() {
            break;
        }
    }
    // The server may have gone, or is told that the client has.
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends back what it gets, one connection after the other.
    fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut from = stream.try_clone().unwrap();
                io::copy(&mut from, &mut stream).unwrap();
            }
        });
        port
    }

    fn connected(port: u16) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    #[test]
    fn each_round_trip_takes_so_much_longer() {
        let delay = Duration::from_millis(20);
        let mut stream = connected(lead_to(echo(), delay).unwrap());
        for _ in 0..3 {
            let start = Instant::now();
            stream.write_all(b"question").unwrap();
            let mut answer = [0; 8];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"question");
            assert!(start.elapsed() >= delay, "{:?}", start.elapsed());
        }
    }

    #[test]
    fn what_is_sent_does_not_wait_for_what_was_sent_before() {
        let delay = Duration::from_millis(500);
        let mut stream = connected(lead_to(echo(), delay).unwrap());
        let start = Instant::now();
        for chunk in 0..20 {
            stream.write_all(&[chunk; 100]).unwrap();
            // Apart, so that they are chunks of their own.
            thread::sleep(Duration::from_millis(5));
        }
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer.len(), 20 * 100);
        assert!(answer.is_sorted(), "the order is kept");
        assert!(start.elapsed() < delay * 10, "{:?}", start.elapsed());
    }
}
