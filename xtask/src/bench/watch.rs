//! An open page for each rotation that somebody waits for: it hears the live event
//! and reads the rotation anew, as a browser does. What counts as seen is that the
//! rotation's data name the person on duty.

use std::collections::HashMap;
use std::io::BufReader;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, anyhow, bail};

use crate::bench::events::changes;
use crate::bench::visitor::Visitor;
use crate::processes;

type Sight = Result<(String, SystemTime)>;

pub struct Watch {
    wanted: Wanted,
    sights: mpsc::Receiver<Sight>,
    /// How many were not seen yet.
    awaited: usize,
    seen: HashMap<String, SystemTime>,
}

/// Whom each rotation is to show, by PagerDuty's id.
#[derive(Clone, Default)]
struct Wanted(Arc<Mutex<HashMap<String, String>>>);

impl Wanted {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    pub fn open(visitor: &Visitor) -> Result<Self> {
        let stream = visitor.events()?;
        let (sender, sights) = mpsc::channel();
        let (visitor, wanted) = (visitor.clone(), Wanted::default());
        thread::spawn({
            let wanted = wanted.clone();
            move || {
                let ended = listen(stream, &visitor, &wanted, &sender);
                // Nobody listens when the measurement is over.
                let _ = sender.send(Err(ended));
            }
        });
        Ok(Self {
            wanted,
            sights,
            awaited: 0,
            seen: HashMap::new(),
        })
    }

    /// Waits from now on for `rotation` to show `person` on duty; once for each.
    pub fn expect(&mut self, rotation: &str, person: &str) {
        self.awaited += 1;
        self.wanted
            .lock()
            .insert(rotation.to_owned(), person.to_owned());
    }

    /// Takes in what was seen, and says whether that is everything.
    pub fn has_seen_all(&mut self) -> Result<bool> {
        for sight in self.sights.try_iter() {
            let (rotation, at) = sight?;
            self.seen.insert(rotation, at);
            self.awaited -= 1;
        }
        Ok(self.awaited == 0)
    }

    pub fn wait_for_all(&mut self, limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        while !self.has_seen_all()? {
            if Instant::now() > deadline {
                let missing = self.awaited;
                bail!(
                    "{missing} rotations did not change within {} s",
                    limit.as_secs()
                );
            }
            processes::pause()?;
        }
        Ok(())
    }

    /// How many seconds after `start` a rotation showed whom it was to show.
    pub fn seconds_since(&self, rotation: &str, start: SystemTime) -> Result<f64> {
        let seen = self
            .seen
            .get(rotation)
            .context("a rotation was not seen to change")?;
        // Too early is as wrong as too late, and must not pass for quick.
        Ok(seen
            .duration_since(start)
            .context("a rotation changed too early")?
            .as_secs_f64())
    }
}

/// Reads the stream to its end and says why it ended.
fn listen(
    stream: BufReader<TcpStream>,
    visitor: &Visitor,
    wanted: &Wanted,
    sights: &mpsc::Sender<Sight>,
) -> anyhow::Error {
    for change in changes(stream) {
        let change = match change {
            Ok(change) => change,
            Err(error) => return error,
        };
        let rotations: Vec<_> = wanted
            .lock()
            .keys()
            .filter(|id| change.concerns(id))
            .cloned()
            .collect();
        for rotation in rotations {
            let (visitor, wanted, sights) = (visitor.clone(), wanted.clone(), sights.clone());
            // Each page is in a browser of its own.
            thread::spawn(move || {
                if let Some(sight) = look(&visitor, &wanted, rotation).transpose() {
                    let _ = sights.send(sight);
                }
            });
        }
    }
    anyhow!("the server ended the stream of events")
}

fn look(
    visitor: &Visitor,
    wanted: &Wanted,
    rotation: String,
) -> Result<Option<(String, SystemTime)>> {
    let page = visitor.ask("rotation", &[("id", &rotation)])?;
    let now = SystemTime::now();
    let on_duty = page["outlook"]["on_duty"].as_array().into_iter().flatten();
    let on_duty: Vec<_> = on_duty.map(|duty| &duty["holder"]["key"]).collect();
    let members = page["members"].as_array().into_iter().flatten();
    let on_duty: Vec<_> = members
        .filter(|member| on_duty.contains(&&member["key"]))
        .filter_map(|member| member["pagerduty_user"].as_str())
        .collect();
    let mut wanted = wanted.lock();
    let expected = wanted
        .get(&rotation)
        .is_some_and(|person| on_duty == [person.as_str()]);
    if expected {
        wanted.remove(&rotation);
    }
    Ok(expected.then_some((rotation, now)))
}
