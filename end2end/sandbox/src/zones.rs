//! Time zones by the names PagerDuty uses: IANA names, and the names of Rails' ActiveSupport, under which
//! accounts made in its web interface keep them.

use jiff::{Timestamp, tz::TimeZone};

const RAILS_NAMES: [(&str, &str); 12] = [
    ("Pacific Time (US & Canada)", "America/Los_Angeles"),
    ("Mountain Time (US & Canada)", "America/Denver"),
    ("Central Time (US & Canada)", "America/Chicago"),
    ("Eastern Time (US & Canada)", "America/New_York"),
    ("London", "Europe/London"),
    ("Berlin", "Europe/Berlin"),
    ("Madrid", "Europe/Madrid"),
    ("Stockholm", "Europe/Stockholm"),
    ("Jerusalem", "Asia/Jerusalem"),
    ("New Delhi", "Asia/Kolkata"),
    ("Tokyo", "Asia/Tokyo"),
    ("Sydney", "Australia/Sydney"),
];

pub fn find(name: &str) -> Option<TimeZone> {
    if matches!(name, "UTC" | "Etc/UTC") {
        return Some(TimeZone::UTC);
    }
    let iana = RAILS_NAMES
        .iter()
        .find(|(rails, _)| *rails == name)
        .map_or(name, |(_, iana)| iana);
    TimeZone::get(iana).ok()
}

/// ISO 8601 to the second with the zone's offset; UTC is written as `Z`.
pub fn stamp(instant: Timestamp, zone: &TimeZone) -> String {
    let format = if *zone == TimeZone::UTC {
        "%Y-%m-%dT%H:%M:%SZ"
    } else {
        "%Y-%m-%dT%H:%M:%S%:z"
    };
    instant.to_zoned(zone.clone()).strftime(format).to_string()
}
