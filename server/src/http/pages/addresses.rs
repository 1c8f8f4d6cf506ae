//! Addresses that travel inside other addresses. Where a sign-in leads to comes
//! from outside, so it is checked before anybody is sent there.

use types::SignInProblem;
use url::{Url, form_urlencoded};

pub const SIGN_IN: &str = "/sign-in";
/// Where somebody goes who wanted nothing in particular.
pub const HOME: &str = "/";
const LONGEST: usize = 2_048;

/// A path of this site, with its query: never another host, whatever browsers
/// make of odd slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath(String);

impl ReturnPath {
    pub fn checked(text: &str) -> Option<Self> {
        let ours = text.starts_with('/')
            && !text.starts_with("//")
            && text.len() <= LONGEST
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        ours.then(|| Self(text.to_owned()))
    }

    /// The path of a page of ours that a `Referer` names.
    pub fn of_referer(referer: &str, origin: &str) -> Option<Self> {
        let url = Url::parse(referer).ok()?;
        if url.origin().ascii_serialization() != origin {
            return None;
        }
        Self::checked(&url[url::Position::BeforePath..url::Position::AfterQuery])
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The sign-in page, with what went wrong and where to go afterwards.
pub fn sign_in(problem: Option<&SignInProblem>, return_to: Option<&ReturnPath>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(problem) = problem {
        query.append_pair("problem", problem.code());
        if let Some(word) = problem.word() {
            query.append_pair("word", &word);
        }
    }
    if let Some(path) = return_to {
        query.append_pair("return_to", path.as_str());
    }
    match query.finish() {
        query if query.is_empty() => SIGN_IN.to_owned(),
        query => format!("{SIGN_IN}?{query}"),
    }
}

/// The first parameter of that name, decoded. Parameters that nobody expects
/// are ignored, as Slack and proxies add some.
pub fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// The address without this parameter, and else as it was.
pub fn without_parameter(address: &str, name: &str) -> String {
    let Some((path, query)) = address.split_once('?') else {
        return address.to_owned();
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| pair.split('=').next() != Some(name))
        .collect();
    if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_returned_to() {
        for good in ["/", "/rotations?mode=manual", "/rotations/1#top"] {
            assert!(ReturnPath::checked(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "rotations",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "/a\r\nset-cookie: x=y",
            "/a b",
            "/ä",
        ] {
            assert!(ReturnPath::checked(bad).is_none(), "{bad}");
        }
        assert!(ReturnPath::checked(&format!("/{}", "x".repeat(LONGEST))).is_none());
    }

    #[test]
    fn a_referer_counts_only_when_it_is_ours() {
        let origin = "http://127.0.0.1:3000";
        assert_eq!(
            ReturnPath::of_referer("http://127.0.0.1:3000/settings?tab=1#x", origin)
                .unwrap()
                .as_str(),
            "/settings?tab=1"
        );
        for other in [
            "http://127.0.0.1:4000/",
            "https://evil.example/",
            "nonsense",
        ] {
            assert_eq!(ReturnPath::of_referer(other, origin), None);
        }
    }

    #[test]
    fn the_sign_in_address_carries_the_problem_and_the_way_back() {
        assert_eq!(sign_in(None, None), "/sign-in");
        let back = ReturnPath::checked("/rotations?mode=manual&x=1").unwrap();
        assert_eq!(
            sign_in(Some(&SignInProblem::SessionEnded), Some(&back)),
            "/sign-in?problem=session-ended&return_to=%2Frotations%3Fmode%3Dmanual%26x%3D1"
        );
    }

    #[test]
    fn the_word_of_a_refusal_travels_beside_the_problem() {
        let problem = SignInProblem::from_code("refused", "org_login_required");
        assert_eq!(
            sign_in(problem.as_ref(), None),
            "/sign-in?problem=refused&word=org_login_required"
        );
    }

    #[test]
    fn a_parameter_is_left_out_and_the_rest_stays_as_it_was() {
        for (address, left) in [
            ("/a", "/a"),
            ("/a?", "/a?"),
            ("/a?dialog=b", "/a"),
            ("/a?dialog", "/a"),
            (
                "http://b:1/a?x=%20&dialog=b&dialog=c&y",
                "http://b:1/a?x=%20&y",
            ),
            ("/a?my-dialog=dialog", "/a?my-dialog=dialog"),
        ] {
            assert_eq!(without_parameter(address, "dialog"), left, "{address}");
        }
    }

    #[test]
    fn the_first_of_several_parameters_counts() {
        assert_eq!(parameter(Some("a=1&b=2&a=3"), "a").as_deref(), Some("1"));
        assert_eq!(parameter(Some("a=1"), "b"), None);
        assert_eq!(parameter(None, "a"), None);
    }
}
