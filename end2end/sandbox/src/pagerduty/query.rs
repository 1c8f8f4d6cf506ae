//! Query strings, read strictly: booleans in lower case, times with an offset, ranges in order, pages
//! within PagerDuty's limits.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::gate::Problem;
use crate::{rendering::Window, zones};

const DEFAULT_LIMIT: usize = 25;
const MAX_LIMIT: usize = 100;
/// Nobody can page beyond this many.
const MAX_REACH: usize = 10_000;
const TWO_WEEKS: SignedDuration = SignedDuration::from_hours(14 * 24);
const LONGEST_RANGE: SignedDuration = SignedDuration::from_hours(93 * 24);

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
            Some(_) => Err(Problem::invalid(&format!("{name} must be true or false"))),
        }
    }

    pub fn zone(&self) -> Result<Option<TimeZone>, Problem> {
        self.one("time_zone")
            .map(|name| {
                zones::find(name)
                    .ok_or_else(|| Problem::invalid("time_zone is not a known time zone"))
            })
            .transpose()
    }

    pub fn instant(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        self.one(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    Problem::invalid(&format!("{name} must be an ISO 8601 time with an offset"))
                })
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

    pub fn page(&self) -> Result<Page, Problem> {
        let limit = self
            .number("limit")?
            .unwrap_or(DEFAULT_LIMIT)
            .min(MAX_LIMIT);
        if limit == 0 {
            return Err(Problem::invalid("limit must be at least 1"));
        }
        let offset = self.number("offset")?.unwrap_or(0);
        if offset.saturating_add(limit) > MAX_REACH {
            return Err(Problem::invalid(
                "offset and limit together must not exceed 10000",
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
                    .map_err(|_| Problem::invalid(&format!("{name} must be a number")))
            })
            .transpose()
    }
}

pub fn checked(window: Window, longest: SignedDuration) -> Result<Window, Problem> {
    if window.until < window.since {
        return Err(Problem::time_range(2004, "until must not be before since"));
    }
    if window.until.duration_since(window.since) > longest {
        return Err(Problem::time_range(
            2005,
            "since and until are too far apart",
        ));
    }
    Ok(window)
}

pub struct Page {
    limit: usize,
    offset: usize,
    with_total: bool,
}

impl Page {
    /// The page of a list under its name, with what a client needs to ask for the next.
    pub fn of(&self, name: &str, rows: Vec<Value>) -> Value {
        let total = rows.len();
        let shown: Vec<Value> = rows
            .into_iter()
            .skip(self.offset)
            .take(self.limit)
            .collect();
        json!({
            name: shown,
            "limit": self.limit,
            "offset": self.offset,
            "more": self.offset.saturating_add(self.limit) < total,
            "total": if self.with_total { json!(total) } else { Value::Null },
        })
    }
}
