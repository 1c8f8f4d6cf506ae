//! Calendar feeds: addresses that a calendar program reads again and again. Whoever knows an
//! address reads what it tells, so it is shown to nobody but whoever made it, and for a while.

use crate::{RotationId, Timestamp};
use serde::{Deserialize, Serialize};

/// For how long whoever made an address can copy it, in seconds.
pub const FEED_ADDRESS_SHOWN_SECONDS: i64 = 10 * 60;

/// What a feed tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FeedSubject {
    /// The shifts of whoever made it, in all rotations.
    Mine,
    /// All rotations that whoever made it may see.
    Everything,
    Rotation(RotationId),
}

impl FeedSubject {
    /// The name under which it is stored and sent in forms.
    pub fn code(&self) -> &str {
        match self {
            Self::Mine => "mine",
            Self::Everything => "all",
            Self::Rotation(id) => id.as_str(),
        }
    }

    /// The inverse of [`FeedSubject::code`].
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "mine" => Some(Self::Mine),
            "all" => Some(Self::Everything),
            id => RotationId::parse(id).map(Self::Rotation),
        }
    }
}

/// A feed as its maker sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedView {
    pub subject: FeedSubject,
    /// The name of the rotation that it tells of, where it is one that they may still see.
    pub rotation: Option<String>,
    /// When its present address was made.
    pub made_at: Timestamp,
    /// When a calendar last read it.
    pub read_at: Option<Timestamp>,
    /// The address, for [`FEED_ADDRESS_SHOWN_SECONDS`] in the session that made it.
    pub address: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_feed_tells_is_found_by_its_code() {
        let rotation = FeedSubject::Rotation(RotationId::new("019368a47c00"));
        for subject in [FeedSubject::Mine, FeedSubject::Everything, rotation] {
            assert_eq!(FeedSubject::from_code(subject.code()), Some(subject));
        }
        assert_eq!(FeedSubject::from_code(""), None);
    }
}
