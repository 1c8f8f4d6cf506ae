//! Feeds as calendar programs read them: iCalendar (RFC 5545), with the properties by which the
//! common programs learn the calendar's name and how often to ask (RFC 7986 and before it).

use crate::store::Revision;
use domain::FeedEvent;
use icalendar::{Calendar, Component, Event, Property};
use types::Timestamp;

const PRODUCT: &str = "-//Round Robin//Duty//EN";
/// How often a calendar should ask anew.
const REFRESH: &str = "PT1H";

/// A feed as a whole.
pub struct Feed<'a> {
    pub name: &'a str,
    pub description: &'a str,
    /// Makes the events' ids unique in the world.
    pub host: &'a str,
    /// Each with what was told of it last.
    pub events: &'a [(FeedEvent, Revision)],
}

impl Feed<'_> {
    /// The feed in iCalendar. The same feed is the same bytes.
    pub fn written(&self) -> String {
        let text = |name: &str, value: &str| {
            let mut property = Property::new(name, value);
            property.add_parameter("VALUE", "TEXT");
            property
        };
        let mut refresh = Property::new("REFRESH-INTERVAL", REFRESH);
        refresh.add_parameter("VALUE", "DURATION");
        let mut calendar = Calendar {
            properties: vec![
                Property::new("VERSION", "2.0"),
                Property::new("PRODID", PRODUCT),
                Property::new("CALSCALE", "GREGORIAN"),
                Property::new("METHOD", "PUBLISH"),
                text("NAME", self.name),
                Property::new("X-WR-CALNAME", self.name),
                Property::new("DESCRIPTION", self.description),
                Property::new("X-WR-CALDESC", self.description),
                refresh,
                Property::new("X-PUBLISHED-TTL", REFRESH),
            ],
            ..Calendar::default()
        };
        for (event, revision) in self.events {
            calendar.push(self.event(event, revision));
        }
        calendar.to_string()
    }

    fn event(&self, event: &FeedEvent, revision: &Revision) -> Event {
        let modified = utc(revision.modified_at);
        let mut written = Event::new();
        written
            .add_property("UID", format!("{}@{}", event.uid, self.host))
            .add_property("SEQUENCE", revision.sequence.to_string())
            .add_property("DTSTAMP", &modified)
            .add_property("LAST-MODIFIED", modified)
            .add_property("DTSTART", utc(event.starts_at))
            .add_property("DTEND", utc(event.ends_at))
            .add_property("SUMMARY", &event.title)
            // Being on duty does not keep anybody from other appointments.
            .add_property("TRANSP", "TRANSPARENT");
        if !event.description.is_empty() {
            written.add_property("DESCRIPTION", &event.description);
        }
        written.done()
    }
}

/// `20261123T170509Z`.
fn utc(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(title: &str) -> FeedEvent {
        FeedEvent {
            uid: "r-1795453509000-all".to_owned(),
            starts_at: Timestamp::from_millis(1_795_453_509_000),
            ends_at: Timestamp::from_millis(1_795_457_109_000),
            title: title.to_owned(),
            description: "On duty:\nAda".to_owned(),
        }
    }

    fn written(event: FeedEvent) -> String {
        let revision = Revision {
            content: String::new(),
            sequence: 2,
            modified_at: Timestamp::from_millis(1_795_453_500_000),
        };
        Feed {
            name: "Payments; on, call",
            description: "Who is on duty",
            host: "duty.example",
            events: &[(event, revision)],
        }
        .written()
    }

    #[test]
    fn a_feed_is_written_as_calendars_read_it() {
        let expected = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Round Robin//Duty//EN",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            "NAME;VALUE=TEXT:Payments\\; on\\, call",
            "X-WR-CALNAME:Payments\\; on\\, call",
            "DESCRIPTION:Who is on duty",
            "X-WR-CALDESC:Who is on duty",
            "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
            "X-PUBLISHED-TTL:PT1H",
            "BEGIN:VEVENT",
            "DESCRIPTION:On duty:\\nAda",
            "DTEND:20261123T180509Z",
            "DTSTAMP:20261123T170500Z",
            "DTSTART:20261123T170509Z",
            "LAST-MODIFIED:20261123T170500Z",
            "SEQUENCE:2",
            "SUMMARY:Payments: Ada",
            "TRANSP:TRANSPARENT",
            "UID:r-1795453509000-all@duty.example",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ];
        assert_eq!(written(event("Payments: Ada")), expected.join("\r\n"));
    }

    #[test]
    fn whatever_somebody_is_called_stays_one_line_that_fits() {
        let name = "Łucja; \\, \"x\" ñandú 🦙 ".repeat(20);
        let feed = written(event(&name));
        assert!(feed.split("\r\n").all(|line| line.len() <= 75));
        assert!(!feed.replace("\r\n", "").contains(['\r', '\n']));
        let unfolded = feed.replace("\r\n ", "");
        assert!(unfolded.contains("SUMMARY:Łucja\\; \\\\\\, \"x\" ñandú 🦙 Łucja"));
    }
}
