//! The cookies: the session's, the one that ties a sign-in to the browser that began
//! it, and the one that keeps the chosen colours. Scripts see none of them. Under https
//! their names carry the prefix with which browsers refuse what another subdomain plants.

use super::Site;
use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite, time::Duration};
use secrecy::{ExposeSecret, SecretString};

/// One of our cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OurCookie {
    Session,
    SignIn,
    Theme,
}

impl OurCookie {
    const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-roundrobin_session",
            (Self::Session, false) => "roundrobin_session",
            (Self::SignIn, true) => "__Host-roundrobin_sign_in",
            (Self::SignIn, false) => "roundrobin_sign_in",
            (Self::Theme, true) => "__Host-roundrobin_theme",
            (Self::Theme, false) => "roundrobin_theme",
        }
    }

    /// What the browser sent of it.
    pub fn read(self, site: &Site, headers: &HeaderMap) -> Option<SecretString> {
        read(
            self.name(site.services.config.public_url.is_https()),
            headers,
        )
    }

    /// The header that sets it for so many seconds.
    pub fn set(self, site: &Site, value: &SecretString, seconds: i64) -> HeaderValue {
        let https = site.services.config.public_url.is_https();
        self.header(value.expose_secret(), https, Duration::seconds(seconds))
    }

    /// The header that removes it.
    pub fn clear(self, site: &Site) -> HeaderValue {
        let https = site.services.config.public_url.is_https();
        self.header("", https, Duration::ZERO)
    }

    /// `Lax` lets the cookie come along when Slack sends the browser back here,
    /// and with no request that another site makes by itself.
    fn header(self, value: &str, https: bool, max_age: Duration) -> HeaderValue {
        let cookie = Cookie::build((self.name(https), value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(https)
            .max_age(max_age)
            .build();
        HeaderValue::from_str(&cookie.to_string())
            .expect("our names and hexadecimal values are ASCII")
    }
}

fn read(name: &str, headers: &HeaderMap) -> Option<SecretString> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| SecretString::from(cookie.value()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn under_https_all_are_bound_to_the_host() {
        for (cookie, name) in [
            (OurCookie::Session, "__Host-roundrobin_session"),
            (OurCookie::SignIn, "__Host-roundrobin_sign_in"),
            (OurCookie::Theme, "__Host-roundrobin_theme"),
        ] {
            assert_eq!(
                cookie.header("abc", true, Duration::seconds(60)),
                format!("{name}=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60")
            );
        }
    }

    #[test]
    fn under_http_it_works_without_the_prefix() {
        let header = OurCookie::SignIn.header("", false, Duration::ZERO);
        assert_eq!(
            header,
            "roundrobin_sign_in=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
        );
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
