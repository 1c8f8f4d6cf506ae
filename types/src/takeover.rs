//! Why a page in a browser is not live, as the script in it says on screen and reports to
//! the server.

/// The worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TakeoverFailure {
    /// Its code broke off, as when the document is not the one that was sent.
    #[error(
        "This page is not live: what it shows may be old. Its code stopped working, as it does when a translation, an extension or a proxy has changed the page. Links and buttons work all the same, and it loads itself anew now and then, unless something is typed or a dialog is open."
    )]
    Broken,
    #[error(
        "This page is not live: what it shows may be old. Its code could not be loaded. Links and buttons work all the same, and it loads itself anew now and then, unless something is typed or a dialog is open."
    )]
    Missing,
    #[error(
        "This page is not live: what it shows may be old. Its code has not arrived yet. Links and buttons work all the same, and it loads itself anew now and then, unless something is typed or a dialog is open."
    )]
    Late,
}

impl TakeoverFailure {
    pub const ALL: [Self; 3] = [Self::Broken, Self::Missing, Self::Late];

    /// As it stands in the report.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Missing => "missing",
            Self::Late => "late",
        }
    }

    pub fn from_code(code: &[u8]) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|failure| failure.code().as_bytes() == code)
    }
}
