//! Ports for programs that take one by number and cannot be handed a listener. They lie below
//! those that the system gives to every connection that is made meanwhile: one of these may
//! be gone before the program has started.

use std::{
    net::TcpListener,
    ops::Range,
    process,
    sync::atomic::{AtomicU16, Ordering},
};

const PORTS: Range<u16> = 20_000..30_000;

/// A port of 127.0.0.1 that nobody listens at, another one each time.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let length = PORTS.end - PORTS.start;
    // Not where another run of the tests begins.
    let first = u16::try_from(process::id() % u32::from(length)).unwrap();
    loop {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed) % length;
        let port = PORTS.start + (first + given) % length;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
