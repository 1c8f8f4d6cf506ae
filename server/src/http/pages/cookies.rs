//! The cookies: the session's, those that tie a sign-in to the browser that began it,
//! and those that keep what a browser chose, and what its own time zone is. Scripts see none of
//! them but the last, which a script writes. Under https their names carry the prefix with which
//! browsers refuse what another subdomain plants.

use crate::{config::PublicUrl, http::Site};
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use cookie::{Cookie, SameSite, time::Duration};
use secrecy::{ExposeSecret, SecretString};

/// One of our cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OurCookie {
    Session,
    /// What has to be known when the browser comes back from Slack with the state of
    /// this id. Each sign-in has its own, so that two at once do not meet.
    SignIn {
        id: String,
    },
    Theme,
    /// The time zone that somebody chose.
    Zone,
    /// The browser's own.
    OwnZone,
}

const ONE_YEAR_SECONDS: i64 = 365 * 24 * 3600;

/// So many sign-ins on their way are kept in one browser.
const SIGN_INS_KEPT: usize = 4;

impl OurCookie {
    /// Browsers tell hosts apart by cookies, and not ports: servers of one host would
    /// take each other's without the port in the name.
    fn name(&self, url: &PublicUrl) -> String {
        let port = url.port().map(|port| format!("_{port}"));
        self.named(url, &port.unwrap_or_default())
    }

    /// The name before ports were part of it, under which it may still be kept.
    fn former_name(&self, url: &PublicUrl) -> Option<String> {
        let long_lived = !matches!(self, Self::SignIn { .. });
        (url.port().is_some() && long_lived).then(|| self.named(url, ""))
    }

    fn named(&self, url: &PublicUrl, port: &str) -> String {
        let prefix = if url.is_https() { "__Host-" } else { "" };
        match self {
            Self::Session => format!("{prefix}roundrobin_session{port}"),
            Self::SignIn { id } => format!("{prefix}roundrobin_sign_in{port}_{id}"),
            Self::Theme => format!("{prefix}roundrobin_theme{port}"),
            Self::Zone => format!("{prefix}roundrobin_zone{port}"),
            Self::OwnZone => format!("{prefix}roundrobin_own_zone{port}"),
        }
    }

    /// What the browser sent of it.
    pub fn read(&self, site: &Site, headers: &HeaderMap) -> Option<SecretString> {
        let url = &site.services.config.public_url;
        read(&self.name(url), headers).or_else(|| read(&self.former_name(url)?, headers))
    }

    /// The header that sets it for so many seconds.
    pub fn set(&self, site: &Site, value: &SecretString, seconds: i64) -> HeaderValue {
        let url = &site.services.config.public_url;
        header_of(
            &self.name(url),
            value.expose_secret(),
            url,
            Duration::seconds(seconds),
        )
    }

    /// Keeps what the browser chose, or that it chose nothing, and goes on at an address.
    pub fn choose(&self, site: &Site, choice: Option<&str>, address: &str) -> Response {
        let cookies = match choice {
            Some(choice) => vec![self.set(site, &SecretString::from(choice), ONE_YEAR_SECONDS)],
            None => self.clear(site),
        };
        redirect(address, cookies)
    }

    /// A script that has the browser keep the value of an expression of JavaScript, if there is
    /// one.
    pub fn written_by_script(&self, site: &Site, expression: &str) -> String {
        let url = &site.services.config.public_url;
        let secure = if url.is_https() { ";secure" } else { "" };
        format!(
            "try{{document.cookie='{}='+{expression}\
             +';path=/;max-age={ONE_YEAR_SECONDS};samesite=lax{secure}'}}catch{{}}",
            self.name(url)
        )
    }

    /// The headers that remove it, under whichever name it is kept.
    pub fn clear(&self, site: &Site) -> Vec<HeaderValue> {
        let url = &site.services.config.public_url;
        let names = [Some(self.name(url)), self.former_name(url)];
        let cleared = |name: String| header_of(&name, "", url, Duration::ZERO);
        names.into_iter().flatten().map(cleared).collect()
    }
}

/// The headers that remove the oldest sign-ins, so that one more does not make the
/// browser send more than it may.
pub fn make_room_for_sign_in(site: &Site, headers: &HeaderMap) -> Vec<HeaderValue> {
    let url = &site.services.config.public_url;
    let id = String::new();
    let prefix = OurCookie::SignIn { id }.name(url);
    // Browsers name those that they got first before the others.
    let kept: Vec<String> = all(headers)
        .map(|cookie| cookie.name().to_owned())
        .filter(|name| name.starts_with(&prefix))
        .collect();
    let too_many = (kept.len() + 1).saturating_sub(SIGN_INS_KEPT);
    kept.iter()
        .take(too_many)
        .map(|name| header_of(name, "", url, Duration::ZERO))
        .collect()
}

/// Whether the browser sent any cookie of ours. One of another server of the host does not
/// count: it may be older than the browser's mind.
pub fn any(site: &Site, headers: &HeaderMap) -> bool {
    let url = &site.services.config.public_url;
    all(headers).any(|cookie| is_ours(cookie.name(), url))
}

fn is_ours(name: &str, url: &PublicUrl) -> bool {
    let id = String::new();
    let whole = [OurCookie::Session, OurCookie::Theme];
    whole.iter().any(|cookie| cookie.name(url) == name)
        || name.starts_with(&OurCookie::SignIn { id }.name(url))
}

/// `Lax` lets the cookie come along when Slack sends the browser back here, and with no
/// request that another site makes by itself.
fn header_of(name: &str, value: &str, url: &PublicUrl, max_age: Duration) -> HeaderValue {
    let cookie = Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(url.is_https())
        .max_age(max_age)
        .build();
    HeaderValue::from_str(&cookie.to_string())
        .expect("our names, tokens and sealed values are visible ASCII")
}

fn all(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
}

fn read(name: &str, headers: &HeaderMap) -> Option<SecretString> {
    all(headers)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| SecretString::from(cookie.value()))
}

/// Goes on at another address, with these cookies.
pub fn redirect(address: &str, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    let mut response = Redirect::to(address).into_response();
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PublicUrl {
        PublicUrl::checked(Some(text), "127.0.0.1:3000".parse().unwrap()).unwrap()
    }

    fn sign_in() -> OurCookie {
        OurCookie::SignIn {
            id: "a1".to_owned(),
        }
    }

    #[test]
    fn under_https_all_are_bound_to_the_host() {
        let url = url("https://rr.example.com");
        for (cookie, name) in [
            (OurCookie::Session, "__Host-roundrobin_session"),
            (sign_in(), "__Host-roundrobin_sign_in_a1"),
            (OurCookie::Theme, "__Host-roundrobin_theme"),
        ] {
            assert_eq!(cookie.name(&url), name);
            assert_eq!(
                header_of(name, "abc", &url, Duration::seconds(60)),
                format!("{name}=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60")
            );
        }
    }

    #[test]
    fn servers_of_one_host_have_cookies_of_their_own() {
        let (one, other) = (url("http://127.0.0.1:3000"), url("http://127.0.0.1:3001"));
        assert_eq!(OurCookie::Session.name(&one), "roundrobin_session_3000");
        assert_eq!(OurCookie::Session.name(&other), "roundrobin_session_3001");
        assert_eq!(sign_in().name(&one), "roundrobin_sign_in_3000_a1");
        for name in ["roundrobin_session_3000", "roundrobin_sign_in_3000_a1"] {
            assert!(is_ours(name, &one) && !is_ours(name, &other), "{name}");
        }
        let without = url("http://rr.example.com");
        assert_eq!(OurCookie::Session.name(&without), "roundrobin_session");
        assert_eq!(OurCookie::Session.former_name(&without), None);
    }

    #[test]
    fn under_http_it_works_without_the_prefix() {
        let url = url("http://127.0.0.1:3000");
        let header = header_of("x", "", &url, Duration::ZERO);
        assert_eq!(header, "x=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("a=1; roundrobin_session=s3; b=2"),
        );
        let found = read("roundrobin_session", &headers).unwrap();
        assert_eq!(found.expose_secret(), "s3");
        assert!(read("__Host-roundrobin_session", &headers).is_none());
    }
}
