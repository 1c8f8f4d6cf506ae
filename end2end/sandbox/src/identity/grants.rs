//! Codes and tokens that were given out. Each exchanged code starts a family of tokens; refreshing replaces
//! the family's refresh token, and an old one that turns up again ends all of the family, since nobody can
//! tell then which of the two who hold it is the thief.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::pkce;
use crate::{account::Region, minting};

pub type Seconds = u32;

/// Applied when something is issued; what is out already keeps its own.
pub struct Lifetimes {
    pub access: Seconds,
    pub refresh: Seconds,
    pub code: Seconds,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access: 86_400,
            refresh: 30 * 86_400,
            code: 30,
        }
    }
}

/// Who let the app in, where, to do what, and when.
#[derive(Clone)]
pub struct Login {
    pub user: String,
    pub region: Region,
    pub scopes: Vec<String>,
    pub at: Timestamp,
}

struct Code {
    login: Login,
    redirect_uri: String,
    challenge: String,
    expires: Timestamp,
    used: bool,
    /// The tokens that it was exchanged for.
    family: Option<usize>,
}

struct Family {
    login: Login,
    revoked: bool,
    refreshes: u32,
    reused: u32,
}

struct AccessToken {
    family: usize,
    expires: Timestamp,
}

struct RefreshToken {
    family: usize,
    expires: Timestamp,
    used: bool,
}

/// What a successful exchange gives.
pub struct Pair {
    pub access_token: String,
    pub refresh_token: String,
    pub expires_in: Seconds,
    pub login: Login,
}

/// A sentence on why a code or a refresh token is worth nothing.
type Worthless = &'static str;

#[derive(Default)]
pub struct Grants {
    pub lifetimes: Lifetimes,
    codes: HashMap<String, Code>,
    families: Vec<Family>,
    access_tokens: HashMap<String, AccessToken>,
    refresh_tokens: HashMap<String, RefreshToken>,
    issued: Vec<String>,
}

impl Grants {
    pub fn issue_code(&mut self, login: Login, redirect_uri: &str, challenge: &str) -> String {
        let name = minting::hex(24);
        self.codes.insert(
            name.clone(),
            Code {
                redirect_uri: redirect_uri.to_owned(),
                challenge: challenge.to_owned(),
                expires: later(login.at, self.lifetimes.code),
                login,
                used: false,
                family: None,
            },
        );
        name
    }

    /// Any attempt uses the code up, and a second one ends what the first one got.
    pub fn exchange(
        &mut self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
        now: Timestamp,
    ) -> Result<Pair, Worthless> {
        let code = self
            .codes
            .get_mut(code)
            .ok_or("The code was never issued")?;
        if code.used {
            if let Some(family) = code.family {
                self.families[family].revoked = true;
            }
            return Err("The code was used before");
        }
        code.used = true;
        if code.expires <= now {
            return Err("The code has expired");
        }
        if code.redirect_uri != redirect_uri {
            return Err("The redirect_uri is not the one that the code was sent to");
        }
        pkce::verify(verifier, &code.challenge)?;
        let family = self.families.len();
        code.family = Some(family);
        self.families.push(Family {
            login: code.login.clone(),
            revoked: false,
            refreshes: 0,
            reused: 0,
        });
        Ok(self.issue_pair(family, now))
    }

    pub fn refresh(&mut self, token: &str, now: Timestamp) -> Result<Pair, Worthless> {
        let token = self
            .refresh_tokens
            .get_mut(token)
            .ok_or("The refresh token was never issued")?;
        let number = token.family;
        let family = &mut self.families[number];
        if token.used {
            family.revoked = true;
            family.reused += 1;
            return Err(
                "The refresh token was used before, so all tokens of its login are revoked",
            );
        }
        if family.revoked {
            return Err("The refresh token is revoked");
        }
        if token.expires <= now {
            return Err("The refresh token has expired");
        }
        token.used = true;
        family.refreshes += 1;
        Ok(self.issue_pair(number, now))
    }

    fn issue_pair(&mut self, family: usize, now: Timestamp) -> Pair {
        // The plus sign is what a client forgets to encode in a form.
        let access_token = format!("pdus+_0XBPWQQ_{}", minting::uuid());
        let refresh_token = format!("pdus+_1XBPWQQ_{}", minting::uuid());
        self.issued
            .extend([access_token.clone(), refresh_token.clone()]);
        self.access_tokens.insert(
            access_token.clone(),
            AccessToken {
                family,
                expires: later(now, self.lifetimes.access),
            },
        );
        self.refresh_tokens.insert(
            refresh_token.clone(),
            RefreshToken {
                family,
                expires: later(now, self.lifetimes.refresh),
                used: false,
            },
        );
        Pair {
            access_token,
            refresh_token,
            expires_in: self.lifetimes.access,
            login: self.families[family].login.clone(),
        }
    }

    /// Whose token it is, as long as it works.
    pub fn opened_by(&self, access_token: &str, now: Timestamp) -> Option<&Login> {
        let token = self.access_tokens.get(access_token)?;
        let family = &self.families[token.family];
        (now < token.expires && !family.revoked).then_some(&family.login)
    }

    /// Whose token it is, even if it does not work any more.
    pub fn person_behind(&self, access_token: &str) -> Option<&str> {
        let token = self.access_tokens.get(access_token)?;
        Some(&self.families[token.family].login.user)
    }

    pub fn expire_access(&mut self, now: Timestamp) {
        for token in self.access_tokens.values_mut() {
            token.expires = token.expires.min(now);
        }
    }

    pub fn revoke_all(&mut self) {
        for family in &mut self.families {
            family.revoked = true;
        }
    }

    /// A person who leaves takes along everything that they allowed.
    pub fn end_with(&mut self, user: &str) {
        self.codes.retain(|_, code| code.login.user != user);
        for family in &mut self.families {
            family.revoked |= family.login.user == user;
        }
    }

    /// Every token that was ever given out.
    pub fn issued(&self) -> &[String] {
        &self.issued
    }

    pub fn refreshes(&self) -> u32 {
        self.families.iter().map(|family| family.refreshes).sum()
    }

    /// How often a refresh token was presented again after its use.
    pub fn reused(&self) -> u32 {
        self.families.iter().map(|family| family.reused).sum()
    }

    /// The families in the order of their logins, without any token.
    pub fn families(&self, now: Timestamp) -> Vec<Value> {
        let mut live = vec![0; self.families.len()];
        for token in self.access_tokens.values() {
            if now < token.expires && !self.families[token.family].revoked {
                live[token.family] += 1;
            }
        }
        self.families
            .iter()
            .zip(live)
            .map(|(family, live)| {
                json!({
                    "user": family.login.user,
                    "scope": family.login.scopes.join(" "),
                    "revoked": family.revoked,
                    "access_tokens": live,
                    "refreshes": family.refreshes,
                })
            })
            .collect()
    }
}

fn later(now: Timestamp, seconds: Seconds) -> Timestamp {
    now + SignedDuration::from_secs(seconds.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACK: &str = "http://localhost/back";
    /// The pair that RFC 7636 gives in its appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn start() -> Timestamp {
        "2026-06-01T09:00:00Z".parse().expect("a literal")
    }

    fn code(grants: &mut Grants) -> String {
        let login = Login {
            user: "PADAOK1".to_owned(),
            region: Region::Us,
            scopes: vec!["openid".to_owned()],
            at: start(),
        };
        grants.issue_code(login, BACK, CHALLENGE)
    }

    fn pair(grants: &mut Grants) -> Pair {
        let code = code(grants);
        grants
            .exchange(&code, BACK, VERIFIER, start())
            .unwrap_or_else(|why| panic!("{why}"))
    }

    #[test]
    fn a_code_lives_half_a_minute() {
        for (seconds, works) in [(29, true), (30, false)] {
            let mut grants = Grants::default();
            let code = code(&mut grants);
            let outcome = grants.exchange(&code, BACK, VERIFIER, later(start(), seconds));
            assert_eq!(outcome.is_ok(), works, "{seconds}");
        }
    }

    #[test]
    fn any_attempt_uses_the_code_up() {
        let mut grants = Grants::default();
        for (back, verifier) in [("http://localhost/back/", VERIFIER), (BACK, CHALLENGE)] {
            let code = code(&mut grants);
            assert!(grants.exchange(&code, back, verifier, start()).is_err());
            assert!(grants.exchange(&code, BACK, VERIFIER, start()).is_err());
        }
        assert!(grants.issued().is_empty());
    }

    #[test]
    fn tokens_live_a_day_and_thirty_days() {
        let mut grants = Grants::default();
        let first = pair(&mut grants);
        let day = later(start(), 86_400);
        assert!(
            grants
                .opened_by(&first.access_token, later(start(), 86_399))
                .is_some()
        );
        assert!(grants.opened_by(&first.access_token, day).is_none());
        assert_eq!(grants.person_behind(&first.access_token), Some("PADAOK1"));
        assert!(
            grants
                .refresh(&first.refresh_token, later(start(), 30 * 86_400))
                .is_err()
        );
        let second = grants
            .refresh(&first.refresh_token, day)
            .unwrap_or_else(|why| panic!("{why}"));
        // Every refresh token has its own thirty days.
        assert!(
            grants
                .refresh(&second.refresh_token, later(start(), 31 * 86_400 - 1))
                .is_ok()
        );
    }

    #[test]
    fn refreshing_leaves_the_older_access_token_alone() {
        let mut grants = Grants::default();
        let first = pair(&mut grants);
        let second = grants
            .refresh(&first.refresh_token, start())
            .unwrap_or_else(|why| panic!("{why}"));
        assert_ne!(first.access_token, second.access_token);
        for token in [&first.access_token, &second.access_token] {
            assert!(grants.opened_by(token, start()).is_some());
        }
        assert_eq!(grants.families(start())[0]["access_tokens"], 2);
    }

    #[test]
    fn a_used_refresh_token_ends_its_own_family_only() {
        let mut grants = Grants::default();
        let (stolen, spared) = (pair(&mut grants), pair(&mut grants));
        let renewed = grants
            .refresh(&stolen.refresh_token, start())
            .unwrap_or_else(|why| panic!("{why}"));
        assert!(grants.refresh(&stolen.refresh_token, start()).is_err());
        for token in [&stolen.access_token, &renewed.access_token] {
            assert!(grants.opened_by(token, start()).is_none());
        }
        assert!(grants.refresh(&renewed.refresh_token, start()).is_err());
        assert_eq!((grants.refreshes(), grants.reused()), (1, 1));
        assert!(grants.opened_by(&spared.access_token, start()).is_some());
        assert!(grants.refresh(&spared.refresh_token, start()).is_ok());
    }
}
