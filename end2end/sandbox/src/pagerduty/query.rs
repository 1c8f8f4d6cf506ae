//! Query strings, read strictly: booleans in lower case, times with an offset, ranges in order, pages
//! within PagerDuty's limits.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::gate::Problem;
use crate::{rendering::Window, zones};

const TWO: Paging = Paging {
    usual: 25,
    most: 100,
    reach: 10_000,
};
const THREE: Paging = Paging {
    usual: 100,
    most: 1000,
    reach: usize::MAX,
};
const TWO_WEEKS: SignedDuration = SignedDuration::from_hours(14 * 24);
const LONGEST_RANGE: SignedDuration = SignedDuration::from_hours(93 * 24);

/// How a version of the API pages.
struct Paging {
    usual: usize,
    most: usize,
    /// Nobody can page beyond this many.
    reach: usize,
}

pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn of(text: &str) -> Self {
        Self(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub fn one(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(of, _)| of == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(of, _)| of == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a list parameter such as `team_ids[]` is absent or names one of the values.
    pub fn admits(&self, name: &str, values: &[&str]) -> bool {
        let mut wanted = self.all(name).peekable();
        wanted.peek().is_none() || wanted.any(|one| values.contains(&one))
    }

    pub fn includes(&self, what: &str) -> bool {
        self.all("include[]").any(|one| one == what)
    }

    pub fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.one(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::invalid(name, "must be true or false")),
        }
    }

    pub fn zone(&self) -> Result<Option<TimeZone>, Problem> {
        self.one("time_zone")
            .map(|name| {
                zones::find(name)
                    .ok_or_else(|| Problem::invalid("time_zone", "is not a known time zone"))
            })
            .transpose()
    }

    pub fn instant(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        self.one(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| Problem::invalid(name, "must be an ISO 8601 time with an offset"))
            })
            .transpose()
    }

    /// `None` when neither end is given; one alone means two weeks.
    pub fn range(&self) -> Result<Option<Window>, Problem> {
        let window = match (self.instant("since")?, self.instant("until")?) {
            (None, None) => return Ok(None),
            (Some(since), Some(until)) => Window { since, until },
            (Some(since), None) => Window {
                since,
                until: since.saturating_add(TWO_WEEKS).unwrap_or(since),
            },
            (None, Some(until)) => Window {
                since: until.saturating_sub(TWO_WEEKS).unwrap_or(until),
                until,
            },
        };
        checked(window, LONGEST_RANGE).map(Some)
    }

    /// A larger limit is taken as the largest.
    pub fn page(&self) -> Result<Page, Problem> {
        let limit = self.number("limit")?.unwrap_or(TWO.usual).min(TWO.most);
        self.page_of(limit, &TWO)
    }

    /// A larger limit is refused.
    pub fn page_of_version_3(&self) -> Result<Page, Problem> {
        let limit = self.number("limit")?.unwrap_or(THREE.usual);
        if limit > THREE.most {
            return Err(Problem::invalid("limit", "must be at most 1000"));
        }
        self.page_of(limit, &THREE)
    }

    fn page_of(&self, limit: usize, paging: &Paging) -> Result<Page, Problem> {
        if limit == 0 {
            return Err(Problem::invalid("limit", "must be at least 1"));
        }
        let offset = self.number("offset")?.unwrap_or(0);
        if offset.saturating_add(limit) > paging.reach {
            return Err(Problem::invalid(
                "offset",
                "must not exceed 10000 together with limit",
            ));
        }
        Ok(Page {
            limit,
            offset,
            with_total: self.flag("total")?,
        })
    }

    fn number(&self, name: &str) -> Result<Option<usize>, Problem> {
        self.one(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| Problem::invalid(name, "must be a number"))
            })
            .transpose()
    }
}

pub fn checked(window: Window, longest: SignedDuration) -> Result<Window, Problem> {
    if window.until < window.since {
        return Err(Problem::time_range(2004, "must not be before since"));
    }
    if window.until.duration_since(window.since) > longest {
        return Err(Problem::time_range(2005, "must not be so far from since"));
    }
    Ok(window)
}

pub struct Page {
    limit: usize,
    offset: usize,
    with_total: bool,
}

impl Page {
    /// The page of a list under its name, with what a client needs to ask for the next. Only what is on
    /// the page is drawn up.
    pub fn of<T>(
        &self,
        name: &str,
        mut items: impl Iterator<Item = T>,
        shown: impl FnMut(T) -> Value,
    ) -> Value {
        let before = items.by_ref().take(self.offset).count();
        let rows: Vec<Value> = items.by_ref().take(self.limit).map(shown).collect();
        let after = items.count();
        json!({
            "limit": self.limit,
            "offset": self.offset,
            "more": after > 0,
            "total": self.with_total.then_some(before + rows.len() + after),
            name: rows,
        })
    }
}
