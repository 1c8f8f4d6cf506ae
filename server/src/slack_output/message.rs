//! What a channel is told of a change of duty, in Slack's way of writing. Pure: the directory is a
//! parameter.

use domain::Directory;
use jiff::tz::TimeZone;
use types::{Holder, Outlook, Timestamp};

/// Whoever reads more names than this reads none of them.
const NAMED: usize = 20;

/// Who is on duty in a rotation of this name, until when, and who is next.
pub fn announcement(rotation: &str, outlook: &Outlook, directory: &Directory) -> String {
    let rotation = name(rotation);
    let duties = outlook.on_duty.iter().map(|duty| {
        let who = mention(&duty.holder, directory);
        match duty.until {
            Some(until) if !duty.or_later => format!("{who} until {}", moment(until)),
            Some(until) => format!("{who} until {} or later", moment(until)),
            None => who,
        }
    });
    let duties: Vec<_> = duties.collect();
    let now = match duties.as_slice() {
        [] => format!("Nobody is on duty for {rotation}."),
        duties => format!("On duty for {rotation}: {}.", listed(duties)),
    };
    let next = outlook.next.as_ref().map(|next| {
        let names: Vec<_> = next.names.iter().map(|next| name(next)).collect();
        match next.starts_at {
            Some(at) => format!(" Next: {}, from {}.", listed(&names), moment(at)),
            None => format!(" Next: {}.", listed(&names)),
        }
    });
    now + &next.unwrap_or_default()
}

/// Whom Slack knows is told; anybody else is called by their name.
fn mention(holder: &Holder, directory: &Directory) -> String {
    let person = holder.key.person();
    let known = person.as_ref().and_then(|person| directory.person(person));
    match known.filter(|known| !known.deactivated) {
        Some(known) => format!("<@{}>", escaped(known.id.as_str())),
        None => name(&holder.name),
    }
}

/// A name that may be of another writing direction than what stands around it.
fn name(name: &str) -> String {
    format!("\u{2068}{}\u{2069}", escaped(name))
}

/// So that no name becomes a mention, a link or `<!channel>`.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Slack shows it in each reader's own time zone.
fn moment(at: Timestamp) -> String {
    let seconds = at.as_millis().div_euclid(1000);
    let utc = jiff::Timestamp::from_second(seconds)
        .map(|at| {
            at.to_zoned(TimeZone::UTC)
                .strftime("%Y-%m-%d %H:%M UTC")
                .to_string()
        })
        .unwrap_or_default();
    format!("<!date^{seconds}^{{date_short_pretty}} {{time}}|{utc}>")
}

fn listed(names: &[String]) -> String {
    match names.len().checked_sub(NAMED) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..NAMED].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Links, Person};
    use types::{MemberKey, NextOnDuty, OnDuty, PersonId, Role};

    const AT: Timestamp = Timestamp::from_millis(1_750_000_000_000);
    const DATE: &str = "<!date^1750000000^{date_short_pretty} {time}|2025-06-15 15:06 UTC>";

    fn directory() -> Directory {
        let person = |id: &str, deactivated| Person {
            id: PersonId::new(id),
            name: id.to_owned(),
            email: None,
            role: Role::Member,
            deactivated,
        };
        let people = vec![person("UANN", false), person("UGONE", true)];
        Directory::new(people, Links::new())
    }

    fn on_duty(key: &str, name: &str, until: Option<Timestamp>) -> OnDuty {
        OnDuty {
            holder: Holder {
                key: MemberKey::new(key),
                name: name.to_owned(),
            },
            since: AT,
            followed_from: None,
            until,
            or_later: false,
            by_override: None,
        }
    }

    fn told(rotation: &str, on_duty: Vec<OnDuty>, next: Option<NextOnDuty>) -> String {
        let outlook = Outlook {
            on_duty,
            next,
            gap: None,
        };
        let text = announcement(rotation, &outlook, &directory());
        text.replace(['\u{2068}', '\u{2069}'], "")
    }

    #[test]
    fn who_is_on_until_when_and_who_is_next() {
        let next = NextOnDuty {
            names: vec!["Bob".to_owned()],
            starts_at: Some(AT),
        };
        let ann = on_duty("slack:UANN", "Ann", Some(AT));
        let expected = format!("On duty for Ops: <@UANN> until {DATE}. Next: Bob, from {DATE}.");
        assert_eq!(told("Ops", vec![ann], Some(next)), expected);
        let by_hand = on_duty("slack:UANN", "Ann", None);
        assert_eq!(
            told("Ops", vec![by_hand], None),
            "On duty for Ops: <@UANN>."
        );
        assert_eq!(told("Ops", Vec::new(), None), "Nobody is on duty for Ops.");
    }

    #[test]
    fn only_whom_slack_knows_is_mentioned() {
        for key in ["slack:UGONE", "slack:UNKNOWN", "pagerduty:UANN"] {
            let text = told("Ops", vec![on_duty(key, "Gwen", None)], None);
            assert_eq!(text, "On duty for Ops: Gwen.", "{key}");
        }
    }

    #[test]
    fn nobody_smuggles_a_mention_in() {
        let odd = on_duty("pagerduty:P1", "<!channel> & <@UANN>", None);
        assert_eq!(
            told("<!here>", vec![odd], None),
            "On duty for &lt;!here&gt;: &lt;!channel&gt; &amp; &lt;@UANN&gt;."
        );
    }

    #[test]
    fn names_of_another_direction_leave_the_rest_in_its_place() {
        let outlook = Outlook::default();
        let text = announcement("ليلى", &outlook, &directory());
        assert_eq!(text, "Nobody is on duty for \u{2068}ليلى\u{2069}.");
    }

    #[test]
    fn of_very_many_some_are_named() {
        let many = (0..50).map(|number| on_duty("pagerduty:P", &format!("n{number}"), None));
        let text = told("Ops", many.collect(), None);
        assert!(text.ends_with("n19 and 30 more."), "{text}");
    }
}
