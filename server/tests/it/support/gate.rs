//! Lets a stub's answers hang until a test opens the gate, and tells when one does.

use std::sync::Arc;
use tokio::sync::watch;

/// The test's side.
pub struct Gate {
    open: watch::Sender<bool>,
    waiting: watch::Receiver<u32>,
}

/// The stub's side.
#[derive(Clone)]
pub struct Passage {
    open: watch::Receiver<bool>,
    waiting: Arc<watch::Sender<u32>>,
}

/// An open gate.
pub fn gate() -> (Gate, Passage) {
    let (open, passage) = watch::channel(true);
    let (waiting_sender, waiting) = watch::channel(0);
    let passage = Passage {
        open: passage,
        waiting: Arc::new(waiting_sender),
    };
    (Gate { open, waiting }, passage)
}

impl Gate {
    pub fn close(&self) {
        self.open.send_replace(false);
    }

    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Returns as soon as an answer hangs.
    pub async fn somebody_waits(&mut self) {
        self.waiting.wait_for(|&count| count > 0).await.unwrap();
    }
}

impl Passage {
    /// Waits while the gate is closed.
    pub async fn pass(&self) {
        self.waiting.send_modify(|count| *count += 1);
        self.open.clone().wait_for(|&open| open).await.unwrap();
        self.waiting.send_modify(|count| *count -= 1);
    }
}
