//! The stand-in for PagerDuty, on a port of its own in this process. It is told
//! what to do over HTTP as by anybody else.

use super::gate::{Gate, Passage, gate};
use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use jiff::Timestamp as Instant;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

/// A running stand-in; it ends with the test's runtime.
#[derive(Clone)]
pub struct Sandbox {
    pub url: String,
    router: Router,
    http: Client,
}

/// Another address of a stand-in, at which requests can be held.
pub struct Door {
    pub url: String,
    gate: Gate,
}

impl Door {
    /// Lets every request hang from now on.
    pub fn close(&self) {
        self.gate.close();
    }

    pub fn open(&self) {
        self.gate.open();
    }

    /// Returns as soon as a request hangs.
    pub async fn somebody_waits(&mut self) {
        self.gate.somebody_waits().await;
    }
}

async fn pass(State(passage): State<Passage>, request: Request, next: Next) -> Response {
    passage.pass().await;
    next.run(request).await
}

/// Serves a router until the runtime ends.
async fn serve(listener: TcpListener, router: Router) {
    axum::serve(listener, router).await.unwrap();
}

impl Sandbox {
    pub async fn start() -> Self {
        Self::of_company(Instant::now(), |_| ()).await
    }

    /// The company as it is at a moment, changed before anybody asks.
    pub async fn of_company(at: Instant, change: impl FnOnce(&sandbox::Sandbox)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let company = sandbox::Sandbox::new(&url, at);
        change(&company);
        let router = sandbox::router(company);
        tokio::spawn(serve(listener, router.clone()));
        Self {
            url,
            router,
            http: Client::new(),
        }
    }

    /// An address for one server alone, to tell it from the others.
    pub async fn door(&self) -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (gate, passage) = gate();
        let router = self.router.clone();
        tokio::spawn(serve(
            listener,
            router.layer(from_fn_with_state(passage, pass)),
        ));
        Door { url, gate }
    }

    /// What it answers, without a way over the network.
    pub async fn answer(&self, request: Request) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Tells it to do something, which it must accept; see its API.md.
    pub async fn control(&self, path: &str, body: Value) -> Value {
        let done = self.attempt(path, body).await;
        done.unwrap_or_else(|| panic!("{path}: not as things are"))
    }

    /// Tells it to do something; `None` when that is impossible as things are.
    pub async fn attempt(&self, path: &str, body: Value) -> Option<Value> {
        let url = format!("{}/_control/{path}", self.url);
        let answer = self.http.post(&url).json(&body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        if status == StatusCode::CONFLICT {
            return None;
        }
        assert!(status.is_success(), "{path}: {status} {text}");
        Some(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Asks it something.
    pub async fn ask(&self, path: &str) -> Value {
        let url = format!("{}/_control/{path}", self.url);
        self.http
            .get(&url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// The key that opens its US account.
    pub async fn api_key(&self) -> String {
        let credentials = self.ask("credentials").await;
        credentials["pagerduty"]["api_key"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Has it answer wrongly; see faults in its API.md. Returns the fault's id.
    pub async fn fault(&self, fault: Value) -> Value {
        self.control("faults", fault).await["id"].clone()
    }

    pub async fn clear_faults(&self) {
        self.control("faults/clear", json!({})).await;
    }

    /// The PagerDuty ids of everybody whom it has on call for a schedule now, in
    /// order.
    pub async fn on_call(&self, schedule: &str) -> Vec<String> {
        let truth = self.ask(&format!("truth/{schedule}")).await;
        let on_call = truth["schedule"]["on_call"].as_array();
        let on_call = on_call.or_else(|| truth["on_call"].as_array()).unwrap();
        let mut ids: Vec<String> = on_call
            .iter()
            .map(|person| person["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    }
}
