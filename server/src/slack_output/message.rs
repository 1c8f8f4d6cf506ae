//! What a channel is told of a change of duty, and people of their own, in Slack's way of writing.
//! Pure: the directory is a parameter.

use domain::Directory;
use jiff::tz::TimeZone;
use types::{Holder, OnDuty, Outlook, Stretch, Timestamp};

/// Whoever reads more names than this reads none of them.
const NAMED: usize = 20;

/// Who is on duty in a rotation of this name, until when, and who is next.
pub fn announcement(rotation: &str, outlook: &Outlook, directory: &Directory) -> String {
    let rotation = name(rotation);
    let now = match on_duty(outlook, directory) {
        None => format!("Nobody is on duty for {rotation}."),
        Some(duties) => format!("On duty for {rotation}: {duties}."),
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

/// Who is on duty, until when; `None` where nobody is.
pub fn on_duty(outlook: &Outlook, directory: &Directory) -> Option<String> {
    let duties = outlook.on_duty.iter();
    let duties = duties.map(|duty| mention(&duty.holder, directory) + &until(duty));
    let duties: Vec<_> = duties.collect();
    (!duties.is_empty()).then(|| listed(&duties))
}

/// What somebody is told of their own duty in a rotation.
#[derive(Clone, Copy, Debug)]
pub enum Personal<'a> {
    Started(&'a OnDuty),
    /// With those who are on duty now.
    Ended(&'a [OnDuty]),
    Coming(&'a Stretch),
    /// With how many later ones have moved.
    Moved(&'a Stretch, usize),
}

/// What somebody is told of a rotation of this name, whose page is at `address`.
pub fn personal_line(
    (rotation, address): (&str, &str),
    told: Personal<'_>,
    directory: &Directory,
) -> String {
    let rotation = format!("<{address}|{}>", name(rotation));
    match told {
        Personal::Started(duty) => format!("You are on duty for {rotation}{}.", until(duty)),
        Personal::Ended(on_duty) => {
            let others = on_duty.iter().map(|duty| mention(&duty.holder, directory));
            let others: Vec<_> = others.collect();
            let now = match others.as_slice() {
                [] => "Nobody is on duty now.".to_owned(),
                others => format!("On duty now: {}.", listed(others)),
            };
            format!("Your duty for {rotation} has ended. {now}")
        }
        Personal::Coming(shift) => {
            format!("Your shift for {rotation} begins {}.", from_until(shift))
        }
        Personal::Moved(shift, later) => {
            let later = match later {
                0 => "",
                1 => " So does a later one.",
                _ => " So do later ones.",
            };
            let shift = from_until(shift);
            format!("Your shift for {rotation} begins at another time now: {shift}.{later}")
        }
    }
}

/// A whole direct message, which ends with where to choose what one is told.
pub fn direct_message(lines: &[String], choices: &str) -> String {
    let choice = format!("_<{choices}|Choose what you are told>_");
    let (told, left) = lines.split_at(lines.len().min(NAMED));
    let more = match left.len() {
        0 => String::new(),
        more => format!("\nAnd {more} more."),
    };
    format!("{}{more}\n{choice}", told.join("\n"))
}

fn until(duty: &OnDuty) -> String {
    match duty.until {
        Some(until) if !duty.or_later => format!(" until {}", moment(until)),
        Some(until) => format!(" until {} or later", moment(until)),
        None => String::new(),
    }
}

fn from_until(shift: &Stretch) -> String {
    let from = moment(shift.starts_at);
    match shift.ends_at {
        Some(until) => format!("{from}, until {}", moment(until)),
        None => from,
    }
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
pub fn name(name: &str) -> String {
    format!("\u{2068}{}\u{2069}", escaped(name))
}

/// So that no name becomes a mention, a link or `<!channel>`.
pub fn escaped(text: &str) -> String {
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

    fn duty(key: &str, name: &str, until: Option<Timestamp>) -> OnDuty {
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
        let ann = duty("slack:UANN", "Ann", Some(AT));
        let expected = format!("On duty for Ops: <@UANN> until {DATE}. Next: Bob, from {DATE}.");
        assert_eq!(told("Ops", vec![ann], Some(next)), expected);
        let by_hand = duty("slack:UANN", "Ann", None);
        assert_eq!(
            told("Ops", vec![by_hand], None),
            "On duty for Ops: <@UANN>."
        );
        assert_eq!(told("Ops", Vec::new(), None), "Nobody is on duty for Ops.");
    }

    #[test]
    fn only_whom_slack_knows_is_mentioned() {
        for key in ["slack:UGONE", "slack:UNKNOWN", "pagerduty:UANN"] {
            let text = told("Ops", vec![duty(key, "Gwen", None)], None);
            assert_eq!(text, "On duty for Ops: Gwen.", "{key}");
        }
    }

    #[test]
    fn nobody_smuggles_a_mention_in() {
        let odd = duty("pagerduty:P1", "<!channel> & <@UANN>", None);
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
    fn people_are_told_of_their_own_duty() {
        let rotation = ("<!here>", "https://rr/rotations/1");
        let link = "<https://rr/rotations/1|\u{2068}&lt;!here&gt;\u{2069}>";
        let ann = duty("slack:UANN", "Ann", Some(AT));
        let shift = Stretch {
            holder: Some(ann.holder.clone()),
            starts_at: AT,
            ends_at: None,
            overrides: Vec::new(),
        };
        for (told, expected) in [
            (
                Personal::Started(&ann),
                format!("You are on duty for {link} until {DATE}."),
            ),
            (
                Personal::Ended(std::slice::from_ref(&ann)),
                format!("Your duty for {link} has ended. On duty now: <@UANN>."),
            ),
            (
                Personal::Ended(&[]),
                format!("Your duty for {link} has ended. Nobody is on duty now."),
            ),
            (
                Personal::Coming(&shift),
                format!("Your shift for {link} begins {DATE}."),
            ),
            (
                Personal::Moved(&shift, 1),
                format!(
                    "Your shift for {link} begins at another time now: {DATE}. So does a later one."
                ),
            ),
        ] {
            assert_eq!(personal_line(rotation, told, &directory()), expected);
        }
    }

    #[test]
    fn of_very_many_lines_some_are_told() {
        let lines: Vec<_> = (0..22).map(|number| format!("line {number}")).collect();
        let message = direct_message(&lines, "https://rr/settings");
        let end = "line 19\nAnd 2 more.\n_<https://rr/settings|Choose what you are told>_";
        assert!(message.ends_with(end), "{message}");
    }

    #[test]
    fn of_very_many_some_are_named() {
        let many = (0..50).map(|number| duty("pagerduty:P", &format!("n{number}"), None));
        let text = told("Ops", many.collect(), None);
        assert!(text.ends_with("n19 and 30 more."), "{text}");
    }
}
