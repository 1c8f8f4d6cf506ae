//! Somebody with a browser: signs in through the sandbox's Slack, calls the
//! server's functions, and listens to its live events.

use std::io::BufReader;
use std::net::TcpStream;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::bench::sandbox::Sandbox;
use crate::http::{self, Request};

const HOME: &str = "/rotations";

#[derive(Clone)]
pub struct Visitor {
    port: u16,
    /// Who they are in Slack.
    owner: String,
    cookies: Vec<(String, String)>,
}

impl Visitor {
    /// Signs in as the owner of the sandbox's workspace, who also installs the app.
    pub fn sign_in(port: u16, sandbox: &Sandbox) -> Result<Self> {
        let people = sandbox.ask("people")?;
        let people = people["people"].as_array().into_iter().flatten();
        let owner = people
            .filter(|person| person["role"] == "Primary Owner")
            .find_map(|person| person["id"].as_str())
            .context("the sandbox names no Primary Owner")?
            .to_owned();
        let mut visitor = Self {
            port,
            owner,
            cookies: Vec::new(),
        };
        visitor.pass_slack("")?;
        Ok(visitor)
    }

    /// Lets Round Robin do something in Slack, by the code of what that is.
    pub fn allow(&mut self, what: &str) -> Result<()> {
        self.pass_slack(&format!("&allow={what}"))
    }

    fn pass_slack(&mut self, query: &str) -> Result<()> {
        let port = self.port;
        let mut address =
            format!("http://127.0.0.1:{port}/api/auth/slack/login?return_to={HOME}{query}");
        while address != HOME {
            address = self.follow(&address)?;
        }
        Ok(())
    }

    /// Opens an address, presses what there is to press, and says where that leads.
    fn follow(&mut self, address: &str) -> Result<String> {
        let (port, path) = split(address).with_context(|| {
            format!("signing in led to {address}, which is not on this machine")
        })?;
        let (page, query) = path.split_once('?').unwrap_or((path, ""));
        let answer = if port == self.port {
            self.send(port, "GET", path, "")?
        } else if page.contains("openid") {
            self.send(
                port,
                "POST",
                page,
                &format!("{query}&person={}", self.owner),
            )?
        } else {
            self.send(port, "POST", page, &format!("{query}&decision=allow"))?
        };
        for cookie in answer.all("set-cookie") {
            if let Some((name, value)) =
                cookie.split(';').next().and_then(|set| set.split_once('='))
            {
                self.cookies.retain(|(known, _)| known != name);
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let location = answer.all("location").next();
        let location = location.with_context(|| {
            format!(
                "signing in ended at {page} with {}: {}",
                answer.status, answer.body
            )
        })?;
        Ok(location.to_owned())
    }

    /// Reads with a server function.
    pub fn ask(&self, function: &str, input: &[(&str, &str)]) -> Result<Value> {
        let path = format!("/rpc/{function}?{}", form(input));
        understood(function, &self.send(self.port, "GET", &path, "")?)
    }

    /// Changes something with a server function, which must do it.
    pub fn call(&self, function: &str, input: &[(&str, &str)]) -> Result<Value> {
        let path = format!("/rpc/{function}");
        let answer = self.send(self.port, "POST", &path, &form(input))?;
        let mut outcome = understood(function, &answer)?;
        match outcome.get_mut("Done") {
            Some(done) => Ok(done.take()),
            None => bail!("{function} was refused: {outcome}"),
        }
    }

    /// The stream of live events.
    pub fn events(&self) -> Result<BufReader<TcpStream>> {
        let cookies = self.cookie_header();
        let headers = [("Cookie", cookies.as_str())];
        let (answer, stream) = http::open(self.port, &Request::get("/api/events", &headers))?;
        ensure!(
            answer.status == 200,
            "the stream of events answered {}",
            answer.status
        );
        Ok(stream)
    }

    fn send(&self, port: u16, method: &str, path: &str, body: &str) -> Result<http::Response> {
        let (origin, cookies) = (
            format!("http://127.0.0.1:{}", self.port),
            self.cookie_header(),
        );
        let headers = [
            ("Accept", "application/json"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Origin", &origin),
            ("Cookie", &cookies),
        ];
        let request = Request {
            method,
            path,
            headers: &headers,
            body,
        };
        http::send(port, &request)
    }

    /// The cookies, as the header that carries them.
    pub fn cookie_header(&self) -> String {
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }
}

fn understood(function: &str, answer: &http::Response) -> Result<Value> {
    let (status, body) = (answer.status, &answer.body);
    ensure!(status == 200, "{function} answered {status}: {body}");
    serde_json::from_str(body).with_context(|| format!("{function} answered with {body}"))
}

/// The port and the path of an address on this machine.
fn split(address: &str) -> Option<(u16, &str)> {
    let rest = address.strip_prefix("http://127.0.0.1:")?;
    let (port, _) = rest.split_once('/')?;
    Some((port.parse().ok()?, &rest[port.len()..]))
}

/// Names are ours, values can be anything.
fn form(input: &[(&str, &str)]) -> String {
    let fields: Vec<_> = input
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    fields.join("&")
}

fn encoded(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_on_this_machine_is_split_into_port_and_path() {
        assert_eq!(
            split("http://127.0.0.1:3900/slack?a=b"),
            Some((3900, "/slack?a=b"))
        );
        assert_eq!(split("https://slack.com/"), None);
    }

    #[test]
    fn values_of_a_form_may_hold_anything() {
        assert_eq!(
            form(&[("key", "u+a b"), ("id", "P1")]),
            "key=u%2Ba%20b&id=P1"
        );
    }
}
