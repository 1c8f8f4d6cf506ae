//! Scripts of what may happen to a connection, drawn at random from a seed: what
//! goes on at PagerDuty, what people do here, and servers that crash.

use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, prop_oneof},
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};
use std::time::Duration;

/// Layer-based ones and shift-based ones, with one and with several on call.
pub const SCHEDULES: [&str; 4] = ["PPLATP1", "PPLATS2", "PDATAI7", "Q3INCIDENTCMD1"];
/// How many rotations there are.
pub const ROTATIONS: usize = 3;
/// Who takes over by overrides.
const SUBSTITUTES: [&str; 4] = ["PADAOK1", "PTOMAS5", "PWEIZH7", "PHENRI2"];
/// PagerDuty users and the only person of Slack that each is ever linked to, so
/// that two never become one member.
pub const LINKS: [(&str, &str); 2] = [("PTOMAS5", "U1"), ("PADAOK1", "U2")];

#[derive(Clone, Debug)]
pub struct Script {
    pub replicas: usize,
    /// Whether somebody presses *Sync now* in the end, or all wait for the back-off.
    pub impatient: bool,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub what: What,
    /// The replica at which it happens, of those that there are.
    pub replica: usize,
    /// The time until the next one.
    pub pause: Duration,
}

#[derive(Clone, Debug)]
pub enum What {
    /// An order to the stand-in that may be impossible as things are.
    AtPagerDuty(String, Value),
    /// PagerDuty takes the key away and gives another.
    NewKey,
    Click(Click),
    /// Somebody disconnects while somebody else does something.
    DisconnectDuring(Click),
    /// A server dies in the middle of a run, if there is one, and comes back.
    Crash,
}

/// What a person does; numbers say which rotation, schedule or link.
#[derive(Clone, Copy, Debug)]
pub enum Click {
    Connect,
    EnterKey,
    OfferOtherAccount,
    BeginLogin,
    Disconnect,
    Bind(usize, usize),
    Unbind(usize),
    Rebind,
    Link(usize),
    Unlink(usize),
    SyncNow,
}

impl Script {
    /// The script that a seed stands for.
    pub fn of(seed: u64, most_replicas: usize) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(Config::default(), random);
        let script = scripts(most_replicas).new_tree(&mut runner);
        script.expect("nothing is filtered out").current()
    }

    pub fn has_crash(&self) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|step| matches!(step.what, What::Crash))
    }
}

fn scripts(most_replicas: usize) -> impl Strategy<Value = Script> {
    let parts = (1..=most_replicas, proptest::bool::ANY, vec(steps(), 10..16));
    parts.prop_map(|(replicas, impatient, steps)| Script {
        replicas,
        impatient,
        steps,
    })
}

fn steps() -> impl Strategy<Value = Step> {
    let what = prop_oneof![
        12 => plans(),
        6 => faults(),
        3 => Just(order("faults/clear", json!({}))),
        2 => Just(What::NewKey),
        12 => clicks().prop_map(What::Click),
        2 => clicks().prop_map(What::DisconnectDuring),
        1 => Just(What::Crash),
    ];
    (what, 0..6usize, 0..700u64).prop_map(|(what, replica, pause)| Step {
        what,
        replica,
        pause: Duration::from_millis(pause),
    })
}

fn order(path: &str, body: Value) -> What {
    What::AtPagerDuty(path.to_owned(), body)
}

/// What people change in a schedule at PagerDuty.
fn plans() -> impl Strategy<Value = What> {
    let change = prop_oneof![
        4 => (select(&SUBSTITUTES[..]), 2..60u32).prop_map(|(user, seconds)| {
            ("overrides", json!({"user": user, "seconds": seconds}))
        }),
        2 => Just(("overrides/clear", json!({}))),
        4 => (1..4u32).prop_map(|seconds| ("end-shift", json!({"seconds": seconds}))),
        1 => Just(("upgrade", json!({}))),
        1 => Just(("hide", json!({"hidden": true}))),
        1 => Just(("hide", json!({"hidden": false}))),
        1 => (0..100u32).prop_map(|number| ("rename", json!({"name": format!("Desk {number}")}))),
    ];
    (select(&SCHEDULES[..]), change)
        .prop_map(|(schedule, (what, body))| order(&format!("schedules/{schedule}/{what}"), body))
}

fn faults() -> impl Strategy<Value = What> {
    let how = prop_oneof![
        select(&[500, 503, 404, 401, 403][..]).prop_map(|status| json!({"status": status})),
        // Longer than a script nobody is kept waiting.
        Just(json!({"status": 429, "headers": {"ratelimit-reset": "1", "retry-after": "1"}})),
        select(
            &[
                "html",
                "empty",
                "truncated",
                "cut_off",
                "reset",
                "wrong_types"
            ][..]
        )
        .prop_map(|body| json!({"body": body})),
        (100..900u32).prop_map(|millis| json!({"delay_ms": millis})),
    ];
    let path = select(&["/schedules", "/users", "/"][..]);
    (how, path, option::of(1..6u32)).prop_map(|(mut fault, path, times)| {
        fault["side"] = json!("pagerduty");
        fault["path"] = json!(path);
        if let Some(times) = times {
            fault["times"] = json!(times);
        }
        order("faults", fault)
    })
}

fn clicks() -> impl Strategy<Value = Click> {
    prop_oneof![
        2 => Just(Click::Connect),
        2 => Just(Click::EnterKey),
        1 => Just(Click::OfferOtherAccount),
        1 => Just(Click::BeginLogin),
        1 => Just(Click::Disconnect),
        5 => (0..ROTATIONS, 0..SCHEDULES.len())
            .prop_map(|(rotation, schedule)| Click::Bind(rotation, schedule)),
        1 => (0..ROTATIONS).prop_map(Click::Unbind),
        2 => Just(Click::Rebind),
        2 => (0..LINKS.len()).prop_map(Click::Link),
        1 => (0..LINKS.len()).prop_map(Click::Unlink),
        2 => Just(Click::SyncNow),
    ]
}
