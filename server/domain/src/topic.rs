//! What the topic of a channel says of a rotation, and whether it is ours to set.

use crate::{
    rota::Zone,
    template::{Naming, Template, Token, Turn, until},
};
use types::{Outlook, RotationDetails, Timestamp};

/// The most characters that Slack takes, as they are sent.
const TOPIC_MAX_CHARS: usize = 250;

/// What a template is filled in with.
#[derive(Clone, Copy, Debug)]
pub struct TopicFacts<'a> {
    pub details: &'a RotationDetails,
    pub outlook: &'a Outlook,
    /// The handle of the rotation's group, without the `@`.
    pub group: Option<&'a str>,
    /// The zone in which times are told; UTC where it is none.
    pub zone: Option<&'a str>,
}

/// What is to be done about a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicStep {
    /// It is as it should be.
    Nothing,
    Write,
    /// Somebody else has set another one since it was ours.
    WriteOver,
}

/// The topic that a template makes, as Slack is sent it. Topics show no mentions, and one time to
/// everybody.
pub fn topic(template: &Template, facts: &TopicFacts<'_>) -> String {
    cut(&template.render(|token| value(token, facts)))
}

fn value(token: Token, facts: &TopicFacts<'_>) -> Option<String> {
    let TopicFacts {
        details,
        outlook,
        group,
        zone,
    } = facts;
    match token {
        Token::Name => Some(details.name.clone()),
        Token::Code => details.code.clone(),
        Token::Description => Some(details.description.clone()),
        Token::DutySize => Some(details.duty_size.to_string()),
        Token::RotationNotes => Some(details.notes.clone()),
        Token::DutyHandle => group.map(|handle| format!("@{handle}")),
        Token::Until => Some(moment(until(outlook)?, *zone)),
        Token::UntilUtc => Some(moment(until(outlook)?, None)),
        Token::People(naming, turn) => match token.instead(outlook) {
            Some(instead) => Some(instead.to_owned()),
            None => people(naming, turn, outlook),
        },
    }
}

fn people(naming: Naming, turn: Turn, outlook: &Outlook) -> Option<String> {
    let holders = turn.holders(outlook)?;
    let called = holders.into_iter().filter_map(|holder| match naming {
        Naming::Id => Some(holder.key.person()?.to_string()),
        Naming::Handle => Some(format!("@{}", holder.name)),
        Naming::User | Naming::HandleText => Some(holder.name),
    });
    Some(called.collect::<Vec<_>>().join(", "))
}

fn moment(at: Timestamp, zone: Option<&str>) -> String {
    let zone = zone.and_then(Zone::named).unwrap_or(Zone::UTC);
    format!("{} {}", zone.in_words(at, "%a %-d %b %H:%M"), zone.name())
}

/// As it is sent, so short that Slack takes it.
fn cut(text: &str) -> String {
    let whole = escaped(text);
    if whole.chars().count() <= TOPIC_MAX_CHARS {
        return whole;
    }
    let mut sent = String::new();
    for char in text.chars() {
        let next = escaped(char.encode_utf8(&mut [0; 4]));
        if sent.chars().count() + next.chars().count() >= TOPIC_MAX_CHARS {
            break;
        }
        sent += &next;
    }
    sent + "…"
}

/// So that no name becomes a mention or a link.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// As people read it in Slack: the inverse of what it is sent as.
pub fn topic_as_read(sent: &str) -> String {
    sent.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// What is known of our last write.
#[derive(Clone, Copy, Debug, Default)]
pub struct LastTopic<'a> {
    /// Absent until there was one.
    pub written: Option<&'a str>,
    /// What Slack handed back afterwards, if it did: it may make something else of a topic.
    pub shown: Option<&'a str>,
    /// What was sent last, as long as it is not known what Slack made of it, or whether it was
    /// written at all.
    pub sent: Option<&'a str>,
}

impl LastTopic<'_> {
    fn was_written(&self, compared: &str) -> bool {
        self.written
            .is_some_and(|written| as_compared(written) == compared)
    }

    fn was_shown(&self, compared: &str) -> bool {
        self.shown
            .is_some_and(|shown| as_compared(shown) == compared)
    }

    /// Whether Slack may have made this of what was sent last, and not of anything before.
    fn may_be_sent(&self, compared: &str) -> bool {
        let is_alike = self.sent.is_some_and(|sent| {
            let [sent, compared] = [&as_compared(sent), compared].map(without_pictures);
            sent == compared
        });
        is_alike && !self.was_written(compared) && !self.was_shown(compared)
    }
}

/// What to do where a topic is `present` and should be `wanted`. Whoever had it written for the
/// first time knew that it takes the place of another one; an empty one is nobody's, and so is what
/// Slack may have made of what was sent last, as long as that is not known.
pub fn topic_step(wanted: &str, present: &str, last: LastTopic<'_>) -> TopicStep {
    let [wanted, present] = [wanted, present].map(as_compared);
    // Writing the same again would bring the same again, and a line in the channel.
    let is_made_of_it = last.was_written(&wanted) && last.was_shown(&present);
    let is_sent = last.sent.is_some_and(|sent| as_compared(sent) == wanted);
    if wanted == present || is_made_of_it || (is_sent && last.may_be_sent(&present)) {
        return TopicStep::Nothing;
    }
    let is_ours = last.written.is_none()
        || last.may_be_sent(&present)
        || last.was_written(&present)
        || last.was_shown(&present);
    match is_ours || present.is_empty() {
        true => TopicStep::Write,
        false => TopicStep::WriteOver,
    }
}

/// Whether a topic that is not to be set any more is ours to clear, as it is `present`.
pub fn is_ours_to_clear(present: &str, last: LastTopic<'_>) -> bool {
    let present = as_compared(present);
    let is_ours = last.was_written(&present) || last.was_shown(&present);
    !present.is_empty() && (is_ours || last.may_be_sent(&present))
}

/// A topic without what Slack makes of it: it encodes three characters, puts addresses into
/// brackets, and is free with spaces.
fn as_compared(topic: &str) -> String {
    let (mut plain, mut rest) = (String::new(), topic);
    while let Some((before, after)) = rest.split_once('<') {
        plain += before;
        let Some((link, behind)) = after.split_once('>') else {
            plain.push('<');
            rest = after;
            continue;
        };
        plain += link.split_once('|').map_or(link, |(_, label)| label);
        rest = behind;
    }
    plain += rest;
    let plain = topic_as_read(&plain);
    let words: Vec<_> = plain.split_whitespace().collect();
    words.join(" ")
}

/// A topic without pictures, for which Slack hands back their names between colons.
fn without_pictures(compared: &str) -> String {
    let is_of_name =
        |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || "_-+'".contains(char);
    let (mut plain, mut rest) = (String::new(), compared);
    while let Some((before, after)) = rest.split_once(':') {
        plain += before;
        match after.split_once(':') {
            Some((name, behind)) if !name.is_empty() && name.chars().all(is_of_name) => {
                rest = behind;
            }
            _ => {
                plain.push(':');
                rest = after;
            }
        }
    }
    plain += rest;
    plain.retain(|char| char.is_ascii() || char.is_alphanumeric());
    let words: Vec<_> = plain.split_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crew::examples::member, rotation::examples::rotation, shifts::examples::at};
    use types::{NextOnDuty, OnDuty};

    fn outlook(names: &[&str], until: Option<i64>) -> Outlook {
        let on_duty = names.iter().map(|name| OnDuty {
            holder: member(name).holder(),
            since: at(0),
            followed_from: None,
            until: until.map(at),
            or_later: false,
            by_override: None,
        });
        Outlook {
            on_duty: on_duty.collect(),
            next: Some(NextOnDuty::new([&member("bob").holder()], None)),
            ..Outlook::default()
        }
    }

    fn told(template: &str, outlook: &Outlook) -> String {
        let mut details = rotation(&[]).details;
        details.description = "<!channel> & more".to_owned();
        let facts = TopicFacts {
            details: &details,
            outlook,
            group: Some("ops-oncall"),
            zone: Some("Europe/Berlin"),
        };
        topic(&Template::parse(template).unwrap(), &facts)
    }

    #[test]
    fn people_are_named_and_times_are_told_in_a_named_zone() {
        let two = outlook(&["ann", "cy"], Some(1_764_493_200));
        for (template, expected) in [
            (
                "%NAME%: %USER% until %UNTIL%",
                "Ops: ann, cy until Sun 30 Nov 10:00 Europe/Berlin",
            ),
            ("%UNTIL_UTC%", "Sun 30 Nov 09:00 UTC"),
            ("%USERHANDLE% %USERID%", "@ann, @cy UANN, UCY"),
            (
                "%NEXT_USER% %NEXT_USERID% %DUTYHANDLE%",
                "bob UBOB @ops-oncall",
            ),
        ] {
            assert_eq!(told(template, &two), expected);
        }
        assert_eq!(told("%USER% %UNTIL%", &outlook(&[], None)), "N/A N/A");
    }

    #[test]
    fn why_nobody_is_named_is_said() {
        let unknown = Outlook {
            is_unknown: true,
            ..outlook(&[], None)
        };
        let away = Outlook {
            away_until: Some(at(1_764_493_200)),
            ..outlook(&[], None)
        };
        for (outlook, expected) in [
            (&unknown, "not known until N/A, N/A, then bob"),
            (
                &away,
                "nobody (everybody is away) until Sun 30 Nov 10:00 Europe/Berlin, N/A, then bob",
            ),
        ] {
            let template = "%USER% until %UNTIL%, %USERID%, then %NEXT_USER%";
            assert_eq!(told(template, outlook), expected);
        }
    }

    #[test]
    fn of_a_time_that_clocks_show_twice_it_is_told_which_one() {
        for (until, expected) in [
            (1_792_888_200, "Sun 25 Oct 02:30 UTC+02:00 Europe/Berlin"),
            (1_792_891_800, "Sun 25 Oct 02:30 UTC+01:00 Europe/Berlin"),
        ] {
            assert_eq!(told("%UNTIL%", &outlook(&["ann"], Some(until))), expected);
        }
    }

    #[test]
    fn nobody_smuggles_a_mention_in_and_long_topics_are_cut() {
        let nobody = outlook(&[], None);
        assert_eq!(
            told("%DESCRIPTION%", &nobody),
            "&lt;!channel&gt; &amp; more"
        );
        for long in ["x".repeat(300), "&".repeat(300), "é".repeat(251)] {
            let sent = told(&long, &nobody);
            assert!(
                sent.chars().count() <= TOPIC_MAX_CHARS && sent.ends_with('…'),
                "{sent}"
            );
            assert!(!sent.contains("&am…"));
        }
        assert_eq!(told(&"x".repeat(250), &nobody).len(), 250);
    }

    #[test]
    fn what_slack_makes_of_a_topic_is_no_other_topic() {
        for (sent, told) in [
            ("a &amp; b &lt;c&gt;", "a &amp; b &lt;c&gt;"),
            ("see https://a.example/x", "see <https://a.example/x>"),
            ("see a.example", "see <http://a.example|a.example>"),
            ("two  words ", "two words"),
        ] {
            let last = LastTopic::default();
            assert_eq!(topic_step(sent, told, last), TopicStep::Nothing, "{told}");
        }
    }

    #[test]
    fn what_somebody_else_has_set_is_told_from_what_is_ours_or_nobodys() {
        let [ours, new, foreign] = ["ours", "new", "foreign"];
        assert_eq!(topic_step(new, ours, written(ours)), TopicStep::Write);
        assert_eq!(
            topic_step(new, foreign, written(ours)),
            TopicStep::WriteOver
        );
        assert_eq!(topic_step(new, "", written(ours)), TopicStep::Write);
        let never = LastTopic::default();
        assert_eq!(topic_step(new, foreign, never), TopicStep::Write);
    }

    #[test]
    fn what_slack_has_made_of_it_is_ours_and_not_written_again() {
        let last = LastTopic {
            written: Some("fire 🔥"),
            shown: Some("fire :fire:"),
            sent: None,
        };
        let made = "fire :fire:";
        assert_eq!(topic_step("fire 🔥", made, last), TopicStep::Nothing);
        assert_eq!(topic_step("calm", made, last), TopicStep::Write);
        assert_eq!(topic_step("fire 🔥", "lunch", last), TopicStep::WriteOver);
        assert!(is_ours_to_clear(made, last));
    }

    fn written(topic: &str) -> LastTopic<'_> {
        LastTopic {
            written: Some(topic),
            ..LastTopic::default()
        }
    }

    #[test]
    fn what_slack_may_have_made_of_what_was_sent_is_nobodys_elses() {
        let last = LastTopic {
            sent: Some("🔥 Ann &amp; Bob, 9:30"),
            ..written("🌊 Cy")
        };
        let sent = "🔥 Ann &amp; Bob, 9:30";
        for made in [":fire: Ann &amp; Bob, 9:30", "Ann &amp; Bob, 9:30", sent] {
            assert_eq!(topic_step(sent, made, last), TopicStep::Nothing, "{made}");
            assert_eq!(topic_step("new", made, last), TopicStep::Write, "{made}");
            assert!(is_ours_to_clear(made, last), "{made}");
        }
        // It was not written, or somebody has set another one since then.
        for (present, step) in [
            ("🌊 Cy", TopicStep::Write),
            ("Lunch at noon", TopicStep::WriteOver),
        ] {
            assert_eq!(topic_step(sent, present, last), step, "{present}");
        }
        assert!(!is_ours_to_clear("Lunch at noon", last));
        // The former one differs by pictures alone, and is known.
        let last = LastTopic {
            sent: Some("🔥 Ann"),
            shown: Some(":ocean: Ann"),
            ..written("🌊 Ann")
        };
        assert_eq!(topic_step("🔥 Ann", ":ocean: Ann", last), TopicStep::Write);
        let made = topic_step("🔥 Ann", ":fire: Ann", last);
        assert_eq!(made, TopicStep::Nothing);
        // Of the first that was ever sent.
        let first = LastTopic {
            sent: Some("🔥 Ann"),
            ..LastTopic::default()
        };
        assert!(is_ours_to_clear(":fire: Ann", first));
        assert!(!is_ours_to_clear("Lunch at noon", first));
    }

    #[test]
    fn only_a_topic_that_is_ours_is_cleared() {
        let [ours, foreign] = ["ours & more", "foreign"];
        assert!(is_ours_to_clear("ours &amp; more", written(ours)));
        assert!(!is_ours_to_clear(foreign, written(ours)));
        assert!(!is_ours_to_clear("", written("")));
        // It was never set, whoever has set what is there.
        assert!(!is_ours_to_clear(foreign, LastTopic::default()));
    }
}
