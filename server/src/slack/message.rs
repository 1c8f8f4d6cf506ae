//! What a channel is told of a change of duty, and people of their own, in Slack's way of writing.
//! Pure: the directory is a parameter.

use super::press::{Action, block_of_call};
use domain::{
    Call, Directory, Template,
    rota::Zone,
    template::{Naming, Token, until},
    topic_as_read,
};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use types::{
    Holder, OnDuty, Outlook, PersonId, RotationDetails, SlackGroupId, Span, Stretch,
    TemplateProblem, Timestamp,
};

/// Whoever reads more names than this reads none of them.
const NAMED: usize = 20;
/// Slack takes longer ones than anybody reads.
const MESSAGE_MAX_CHARS: usize = 8_000;
/// Why it is not known who is on duty.
const ODD_SHIFTS: &str =
    "shifts of its schedule make no sense here. Look at the schedule in PagerDuty.";
/// Slack takes no longer ones in a section.
const SECTION_MAX_CHARS: usize = 3_000;

/// By what a message is written.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    /// Who of those whom it names is in Slack.
    directory: &'a Directory,
    /// By which clocks duty goes, where that is known.
    zone: Option<&'a Zone>,
    /// Until when it is known who has which shift.
    known_until: Option<Timestamp>,
}

impl<'a> Writing<'a> {
    pub const fn new(directory: &'a Directory, zone: Option<&'a Zone>) -> Self {
        Self {
            directory,
            zone,
            known_until: None,
        }
    }

    /// For shifts, of which those that last until then may go on.
    pub const fn of_shifts(self, known_until: Option<Timestamp>) -> Self {
        Self {
            known_until,
            ..self
        }
    }

    /// Slack shows it in each reader's own time zone, and two moments alike that clocks show alike. Where
    /// those by which duty goes do, it is told behind it which one is meant.
    fn moment(self, at: Timestamp) -> String {
        let (seconds, utc) = (at.as_millis().div_euclid(1000), in_utc(at));
        let zone = self.zone.filter(|zone| zone.shows_twice(at));
        let which = zone.map(|zone| format!(" ({} {})", zone.in_words(at, "%H:%M"), zone.name()));
        let which = which.unwrap_or_default();
        format!("<!date^{seconds}^{{date_short_pretty}} {{time}}|{utc}>{which}")
    }

    /// From when until when something is.
    pub fn during(self, Span { from, until }: Span) -> String {
        format!("{}, until {}", self.moment(from), self.moment(until))
    }

    fn shift_in_words(self, shift: &Stretch) -> String {
        let from = shift.starts_at;
        match shift.ends_at {
            Some(until) if shift.may_go_on(self.known_until) => {
                format!("{} or later", self.during(Span { from, until }))
            }
            Some(until) => self.during(Span { from, until }),
            None => self.moment(from),
        }
    }

    fn until(self, duty: &OnDuty) -> String {
        match duty.until {
            Some(until) if !duty.or_later => format!(" until {}", self.moment(until)),
            Some(until) => format!(" until {} or later", self.moment(until)),
            None => String::new(),
        }
    }
}

/// That a rotation of this name is paused, where it is and nobody is on duty all the same: then that is
/// all that is said of it.
pub fn pause(rotation: &str, is_paused: bool, outlook: &Outlook) -> Option<String> {
    let rotation = name(rotation);
    let said = format!("{rotation} is paused: nobody is on duty until somebody lets it go on.");
    (is_paused && outlook.on_duty.is_empty()).then_some(said)
}

/// Who is on duty in a rotation of this name, until when, and who is next.
pub fn announcement(rotation: &str, outlook: &Outlook, writing: Writing<'_>) -> String {
    let rotation = name(rotation);
    let now = match on_duty(outlook, writing) {
        None => nobody_for(&rotation, outlook, writing),
        Some(duties) => format!("On duty for {rotation}: {duties}."),
    };
    let next = outlook.next.as_ref().map(|next| {
        let names: Vec<_> = next.names.iter().map(|next| name(next)).collect();
        match next.starts_at {
            Some(at) => format!(" Next: {}, from {}.", listed(&names), writing.moment(at)),
            None => format!(" Next: {}.", listed(&names)),
        }
    });
    now + &next.unwrap_or_default()
}

/// That of a rotation of this name nobody is known to be on duty.
fn nobody_for(rotation: &str, outlook: &Outlook, writing: Writing<'_>) -> String {
    match outlook.is_unknown {
        true => format!("It is not known who is on duty for {rotation}: {ODD_SHIFTS}"),
        false => format!(
            "Nobody is on duty for {rotation}{}.",
            everybody_away(outlook, writing)
        ),
    }
}

/// The same of one that is named beside it.
pub fn nobody(outlook: &Outlook, writing: Writing<'_>) -> String {
    match outlook.is_unknown {
        true => format!("it is not known who is on duty: {ODD_SHIFTS}"),
        false => format!("nobody is on duty{}", everybody_away(outlook, writing)),
    }
}

/// What stands behind *nobody is on duty* where everybody is away.
fn everybody_away(outlook: &Outlook, writing: Writing<'_>) -> String {
    let until = outlook.away_until.map(|at| writing.moment(at));
    let said = until.map(|until| format!(": everybody is away until {until}"));
    said.unwrap_or_default()
}

/// That somebody asks for whoever is on duty in a rotation of this name.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub rotation: &'a str,
    pub by: &'a PersonId,
}

/// Calls whoever is on duty, because somebody has asked for them, and says who of them is in Slack.
pub fn called(
    Asked { rotation, by }: Asked<'_>,
    outlook: &Outlook,
    writing: Writing<'_>,
) -> (String, Vec<PersonId>) {
    let directory = writing.directory;
    let (rotation, asker) = (name(rotation), escaped(by.as_str()));
    let holders = || outlook.on_duty.iter().map(|duty| &duty.holder);
    let called: Vec<_> = holders().map(|holder| mention(holder, directory)).collect();
    let text = match called.as_slice() {
        [] => nobody_for(&rotation, outlook, writing),
        called => format!(
            "{}: <@{asker}> asks for whoever is on duty for {rotation}.",
            listed(called)
        ),
    };
    // Those alone whom the text names: nobody else hears of it, and could pass it on.
    let people = holders()
        .take(NAMED)
        .filter_map(|holder| in_slack(holder, directory));
    (text, people.cloned().collect())
}

/// Calls somebody in the place of those who have passed it on.
pub fn called_next(Asked { rotation, by }: Asked<'_>, person: &PersonId) -> String {
    let (rotation, asker) = (name(rotation), escaped(by.as_str()));
    let person = escaped(person.as_str());
    format!(
        "<@{person}>: <@{asker}> asks for somebody for {rotation}. Whoever was called before has passed it on to you."
    )
}

/// What was written to those who are called, with what has become of it since.
pub fn what_became_of(text: &str, call: &Call, taken_by: Option<&PersonId>) -> String {
    let passed = call.passed.iter();
    let passed = passed.map(|person| format!("\n<@{}> passed it on.", escaped(person.as_str())));
    let taken = taken_by.map(|person| format!("\n<@{}> sees to it.", escaped(person.as_str())));
    text.to_owned() + &passed.chain(taken).collect::<String>()
}

/// The same as blocks, with the buttons that stand for what has this id.
pub fn with_buttons(text: &str, call: Option<(&str, usize)>) -> Value {
    let text = shortened(text, SECTION_MAX_CHARS);
    let words = json!({"type": "section", "text": {"type": "mrkdwn", "text": text}});
    let button = |action: Action, label: &str, id: &str| {
        json!({
            "type": "button", "action_id": action.id(), "value": id,
            "text": {"type": "plain_text", "text": label},
        })
    };
    let buttons = |(id, number)| {
        let buttons = [
            button(Action::Acknowledge, "ACK", id),
            button(Action::Pass, "PASS", id),
        ];
        json!({"type": "actions", "block_id": block_of_call(number), "elements": buttons})
    };
    match call {
        Some(call) => json!([words, buttons(call)]),
        None => json!([words]),
    }
}

/// What a template is filled in with.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub details: &'a RotationDetails,
    pub outlook: &'a Outlook,
    pub writing: Writing<'a>,
    /// The rotation's group, and its handle without the `@`.
    pub group: Option<(&'a SlackGroupId, &'a str)>,
}

/// What somebody's template makes of a rotation. It mentions whom its tokens mention, and nobody
/// else.
pub fn filled_in(template: &str, facts: &Facts<'_>) -> Result<String, TemplateProblem> {
    let template = Template::parse(&escaped(template))?;
    let text = template.render(|token| value(token, facts));
    Ok(shortened(&text, MESSAGE_MAX_CHARS))
}

/// The first `most` characters of a text, or fewer, that Slack and [`as_read`] read as the whole.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let begin: String = text.chars().take(most - 1).collect();
    // A mention, and what stands for one of the characters that begin or end one, goes whole.
    let whole = before_open(before_open(&begin, '<', '>'), '&', ';');
    format!("{whole}…")
}

/// A text before what begins last in it, unless that has ended.
fn before_open(text: &str, begins: char, ends: char) -> &str {
    match text.rfind(begins) {
        Some(begin) if !text[begin..].contains(ends) => &text[..begin],
        _ => text,
    }
}

fn value(token: Token, facts: &Facts<'_>) -> Option<String> {
    let Facts {
        details,
        outlook,
        writing,
        group,
    } = facts;
    let directory = writing.directory;
    match token {
        Token::Name => Some(name(&details.name)),
        Token::Code => details.code.as_deref().map(escaped),
        Token::Description => Some(escaped(&details.description)),
        Token::DutySize => Some(details.duty_size.to_string()),
        Token::RotationNotes => Some(escaped(&details.notes)),
        Token::DutyHandle => {
            group.map(|(id, handle)| format!("<!subteam^{id}|@{}>", escaped(handle)))
        }
        Token::Until => Some(writing.moment(until(outlook)?)),
        Token::UntilUtc => Some(in_utc(until(outlook)?)),
        Token::People(naming, turn) => {
            if let Some(instead) = token.instead(outlook) {
                return Some(instead.to_owned());
            }
            let holders = turn.holders(outlook)?;
            let holders = holders.iter();
            let called: Vec<_> = match naming {
                Naming::User => holders.map(|holder| mention(holder, directory)).collect(),
                Naming::Id => {
                    let people = holders.filter_map(|holder| holder.key.person());
                    people.map(|person| escaped(person.as_str())).collect()
                }
                Naming::Handle => holders
                    .map(|holder| format!("@{}", name(&holder.name)))
                    .collect(),
                Naming::HandleText => holders.map(|holder| name(&holder.name)).collect(),
            };
            Some(listed(&called))
        }
    }
}

/// A message as people read it, in words: what Slack makes of mentions and times.
pub fn as_read(message: &str, directory: &Directory) -> String {
    let (mut read, mut rest) = (String::new(), message);
    while let Some((before, after)) = rest.split_once('<') {
        read += before;
        let Some((within, behind)) = after.split_once('>') else {
            rest = after;
            continue;
        };
        let (what, label) = within.split_once('|').unwrap_or((within, ""));
        let named = what.strip_prefix('@').map(|id| {
            let known = directory.person(&PersonId::new(id));
            format!("@{}", known.map_or(id, |person| &person.name))
        });
        read += named.as_deref().unwrap_or(label);
        rest = behind;
    }
    topic_as_read(&(read + rest))
}

/// Who is on duty, until when; `None` where nobody is.
pub fn on_duty(outlook: &Outlook, writing: Writing<'_>) -> Option<String> {
    let duties = outlook.on_duty.iter();
    let duties = duties.map(|duty| mention(&duty.holder, writing.directory) + &writing.until(duty));
    let duties: Vec<_> = duties.collect();
    (!duties.is_empty()).then(|| listed(&duties))
}

/// How many of somebody's shifts to come are told at once.
const SHIFTS_TOLD: usize = 3;

/// What somebody is told of their own duty in a rotation.
#[derive(Clone, Copy, Debug)]
pub enum Personal<'a> {
    Started(&'a OnDuty),
    /// With who is on duty now.
    Ended(&'a Outlook),
    Coming(&'a Stretch),
    /// With how many later ones have moved.
    Moved(&'a Stretch, usize),
    /// All shifts to come are these now, and were others.
    Rearranged(&'a [&'a Stretch]),
    /// Somebody wants to be covered for that long.
    CoverWanted(&'a Holder, Span),
    /// Somebody covers them for that long.
    CoverTaken(&'a Holder, Span),
    /// Whoever covered them for that long does so no more, and whether anybody else is asked.
    CoverGone(Span, bool),
}

/// What somebody is told of a rotation of this name, whose page is at `address`.
pub fn personal_line(
    (rotation, address): (&str, &str),
    told: Personal<'_>,
    writing: Writing<'_>,
) -> String {
    let directory = writing.directory;
    let rotation = format!("<{address}|{}>", name(rotation));
    match told {
        Personal::Started(duty) => {
            format!("You are on duty for {rotation}{}.", writing.until(duty))
        }
        Personal::Ended(outlook) => {
            let others = outlook
                .on_duty
                .iter()
                .map(|duty| mention(&duty.holder, directory));
            let others: Vec<_> = others.collect();
            let now = match others.as_slice() {
                [] if outlook.is_unknown => {
                    format!("It is not known who is on duty now: {ODD_SHIFTS}")
                }
                [] => format!("Nobody is on duty now{}.", everybody_away(outlook, writing)),
                others => format!("On duty now: {}.", listed(others)),
            };
            format!("Your duty for {rotation} has ended. {now}")
        }
        Personal::Coming(shift) => {
            format!(
                "Your shift for {rotation} begins {}.",
                writing.shift_in_words(shift)
            )
        }
        Personal::Moved(shift, later) => {
            let later = match later {
                0 => "",
                1 => " So does a later one.",
                _ => " So do later ones.",
            };
            let shift = writing.shift_in_words(shift);
            format!("Your shift for {rotation} begins at another time now: {shift}.{later}")
        }
        Personal::Rearranged(shifts) => {
            let (first, later) = shifts.split_at(shifts.len().min(SHIFTS_TOLD));
            let first = first.iter().map(|shift| writing.shift_in_words(shift));
            let first: Vec<_> = first.collect();
            let now = match (first.is_empty(), later.len()) {
                (true, _) => "You have none, as far as the days ahead are known".to_owned(),
                (false, 0) => format!("They begin {}", first.join("; ")),
                (false, 1) => format!("They begin {}; and a later one", first.join("; ")),
                (false, more) => format!("They begin {}; and {more} later ones", first.join("; ")),
            };
            format!("Your shifts to come for {rotation} have changed. {now}.")
        }
        Personal::CoverWanted(asker, span) => {
            let (asker, span) = (mention(asker, directory), writing.during(span));
            format!(
                "{asker} asks for cover for {rotation}: {span}. Take it on its page if you can."
            )
        }
        Personal::CoverTaken(by, span) => {
            let (by, span) = (mention(by, directory), writing.during(span));
            format!("{by} covers you for {rotation}: {span}.")
        }
        Personal::CoverGone(span, asks_others) => {
            let span = writing.during(span);
            let asked = match asks_others {
                true => "others are still asked for cover",
                false => "nobody else is asked: ask again on its page",
            };
            format!(
                "Nobody covers you for {rotation} any more: {span}. The shift is yours again, and {asked}."
            )
        }
    }
}

/// That PagerDuty needs to be reconnected, for what `problem` says, on the page at `address`.
pub fn reconnect_line(problem: &str, address: &str) -> String {
    let problem = escaped(problem);
    format!(
        "PagerDuty needs to be reconnected. {problem} Until then rotations that follow PagerDuty go by the shifts that are known. <{address}|Reconnect it>"
    )
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

/// Whom Slack knows is told; anybody else is called by their name.
fn mention(holder: &Holder, directory: &Directory) -> String {
    match in_slack(holder, directory) {
        Some(person) => format!("<@{}>", escaped(person.as_str())),
        None => name(&holder.name),
    }
}

/// Who somebody is in Slack, while they are there.
fn in_slack<'a>(holder: &Holder, directory: &'a Directory) -> Option<&'a PersonId> {
    let known = directory.person(&holder.key.person()?)?;
    (!known.deactivated).then_some(&known.id)
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

fn in_utc(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_second(at.as_millis().div_euclid(1000));
    let written = at.map(|at| {
        let at = at.to_zoned(TimeZone::UTC);
        at.strftime("%Y-%m-%d %H:%M UTC").to_string()
    });
    written.unwrap_or_default()
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
    use types::{MemberKey, NextOnDuty, OnDuty, Role, Visibility};

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
        let people = [("UANN", false), ("UBOB", false), ("UGONE", true)];
        let people = people
            .map(|(id, deactivated)| person(id, deactivated))
            .to_vec();
        Directory::new(people, Links::new())
    }

    fn writing(directory: &Directory) -> Writing<'_> {
        Writing::new(directory, None)
    }

    fn holder(key: &str, name: &str) -> Holder {
        Holder {
            key: MemberKey::new(key),
            name: name.to_owned(),
        }
    }

    fn duty(key: &str, name: &str, until: Option<Timestamp>) -> OnDuty {
        OnDuty {
            holder: holder(key, name),
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
            ..Outlook::default()
        };
        let text = announcement(rotation, &outlook, writing(&directory()));
        text.replace(['\u{2068}', '\u{2069}'], "")
    }

    #[test]
    fn who_is_on_until_when_and_who_is_next() {
        let next = NextOnDuty::new([&holder("slack:UBOB", "Bob")], Some(AT));
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
    fn of_a_time_that_clocks_show_twice_it_is_told_which_one() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        for (seconds, expected) in [
            (
                1_792_888_200,
                "2026-10-25 00:30 UTC (02:30 UTC+02:00 Europe/Berlin)",
            ),
            (
                1_792_891_800,
                "2026-10-25 01:30 UTC (02:30 UTC+01:00 Europe/Berlin)",
            ),
            (1_792_895_400, "2026-10-25 02:30 UTC"),
        ] {
            let outlook = Outlook {
                on_duty: vec![duty(
                    "slack:UANN",
                    "Ann",
                    Some(Timestamp::from_millis(seconds * 1000)),
                )],
                ..Outlook::default()
            };
            let directory = directory();
            let by = Writing::new(&directory, Some(&berlin));
            let read = as_read(&announcement("Ops", &outlook, by), &directory);
            assert!(read.ends_with(&format!(" until {expected}.")), "{read}");
        }
    }

    #[test]
    fn where_everybody_is_away_it_is_said_until_when() {
        let outlook = Outlook {
            away_until: Some(AT),
            ..Outlook::default()
        };
        let (directory, asker) = (directory(), PersonId::new("UBOB"));
        let by = writing(&directory);
        let asked = Asked {
            rotation: "Ops",
            by: &asker,
        };
        let link = ("Ops", "https://rr/rotations/1");
        for told in [
            announcement("Ops", &outlook, by),
            called(asked, &outlook, by).0,
            personal_line(link, Personal::Ended(&outlook), by),
        ] {
            let end = format!(": everybody is away until {DATE}.");
            assert!(told.contains("Nobody is on duty"), "{told}");
            assert!(told.ends_with(&end), "{told}");
        }
    }

    #[test]
    fn who_is_covered_no_more_is_told_whether_others_are_asked() {
        let directory = directory();
        let span = Span {
            from: AT,
            until: AT.plus_seconds(3600),
        };
        for (asks_others, expected) in [
            (true, "and others are still asked for cover."),
            (false, "and nobody else is asked: ask again on its page."),
        ] {
            let gone = Personal::CoverGone(span, asks_others);
            let link = ("Ops", "https://rr/rotations/1");
            let told = personal_line(link, gone, writing(&directory));
            assert!(told.starts_with("Nobody covers you for"), "{told}");
            assert!(told.ends_with(expected), "{told}");
        }
    }

    #[test]
    fn where_it_is_not_known_who_is_on_duty_nobody_says_that_nobody_is() {
        let outlook = Outlook {
            is_unknown: true,
            ..Outlook::default()
        };
        let (directory, asker) = (directory(), PersonId::new("UBOB"));
        let by = writing(&directory);
        let asked = Asked {
            rotation: "Ops",
            by: &asker,
        };
        let link = ("Ops", "https://rr/rotations/1");
        for told in [
            announcement("Ops", &outlook, by),
            called(asked, &outlook, by).0,
            personal_line(link, Personal::Ended(&outlook), by),
            nobody(&outlook, by),
        ] {
            let told = told.to_lowercase();
            assert!(told.contains("it is not known who is on duty"), "{told}");
            assert!(!told.contains("nobody"), "{told}");
        }
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
        let text = announcement("ليلى", &outlook, writing(&directory()));
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
        let anns = Outlook {
            on_duty: vec![ann.clone()],
            ..Outlook::default()
        };
        for (told, expected) in [
            (
                Personal::Started(&ann),
                format!("You are on duty for {link} until {DATE}."),
            ),
            (
                Personal::Ended(&anns),
                format!("Your duty for {link} has ended. On duty now: <@UANN>."),
            ),
            (
                Personal::Ended(&Outlook::default()),
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
            assert_eq!(
                personal_line(rotation, told, writing(&directory())),
                expected
            );
        }
    }

    #[test]
    fn a_shift_that_may_go_on_is_told_as_such() {
        let shift = Stretch {
            holder: None,
            starts_at: AT,
            ends_at: Some(AT),
            overrides: Vec::new(),
        };
        let told = |known_until| {
            let directory = directory();
            let writing = writing(&directory).of_shifts(Some(known_until));
            personal_line(("Ops", "https://rr"), Personal::Coming(&shift), writing)
        };
        assert!(told(AT).ends_with(&format!("until {DATE} or later.")));
        assert!(told(AT.plus_seconds(1)).ends_with(&format!("until {DATE}.")));
    }

    #[test]
    fn of_very_many_lines_some_are_told() {
        let lines: Vec<_> = (0..22).map(|number| format!("line {number}")).collect();
        let message = direct_message(&lines, "https://rr/settings");
        let end = "line 19\nAnd 2 more.\n_<https://rr/settings|Choose what you are told>_";
        assert!(message.ends_with(end), "{message}");
    }

    fn details() -> RotationDetails {
        RotationDetails {
            name: "<!here>".to_owned(),
            description: "_all_ & sundry".to_owned(),
            notes: "see <!here> & there".to_owned(),
            code: None,
            duty_size: 1,
            visibility: Visibility::Public,
        }
    }

    fn made(template: &str) -> Result<String, TemplateProblem> {
        let outlook = Outlook {
            on_duty: vec![duty("slack:UANN", "Ann", Some(AT))],
            next: Some(NextOnDuty::new(
                &[
                    holder("slack:UBOB", "Bob"),
                    holder("slack:UGONE", "Gone"),
                    holder("pagerduty:P1", "Pat"),
                ],
                None,
            )),
            ..Outlook::default()
        };
        let (details, group) = (details(), SlackGroupId::new("S1"));
        let directory = directory();
        let facts = Facts {
            details: &details,
            outlook: &outlook,
            writing: writing(&directory),
            group: Some((&group, "ops")),
        };
        let made = filled_in(template, &facts)?;
        Ok(made.replace(['\u{2068}', '\u{2069}'], ""))
    }

    #[test]
    fn a_template_mentions_people_and_the_group_and_nobody_smuggles_more_in() {
        for (template, expected) in [
            ("%USER% <!channel>", "<@UANN> &lt;!channel&gt;"),
            ("%USERHANDLE%, %NEXT_USER%", "@Ann, <@UBOB>, Gone, Pat"),
            ("%USERID%: %NEXT_USERID%", "UANN: UBOB, UGONE"),
            (
                "%NEXT_USERHANDLE% %NEXT_USERHANDLE_TEXTONLY%",
                "@Bob, @Gone, @Pat Bob, Gone, Pat",
            ),
            (
                "%NAME% %CODE% %DESCRIPTION%",
                "&lt;!here&gt; N/A _all_ &amp; sundry",
            ),
            ("%ROTATION_NOTES%", "see &lt;!here&gt; &amp; there"),
            (
                "%DUTYHANDLE% %UNTIL_UTC%",
                "<!subteam^S1|@ops> 2025-06-15 15:06 UTC",
            ),
        ] {
            assert_eq!(made(template).as_deref(), Ok(expected), "{template}");
        }
        assert_eq!(made("%UNTIL%"), Ok(DATE.to_owned()));
        let unknown = TemplateProblem::UnknownToken("USR".to_owned());
        assert_eq!(made("%USR%"), Err(unknown));
    }

    #[test]
    fn the_longest_template_goes_out_and_ends_with_no_half_mention() {
        let made = made(&"%USER% ".repeat(2_000)).unwrap();
        assert!(made.chars().count() <= MESSAGE_MAX_CHARS);
        assert!(made.ends_with("<@UANN>…"), "{}", &made[made.len() - 20..]);
    }

    #[test]
    fn a_text_is_cut_where_slack_takes_no_more_and_not_at_its_last_mention() {
        let long = "x".repeat(100);
        for (text, expected) in [
            (format!("<@UANN> {long}"), "<@UANN> xxx…"),
            (format!("1234567<@UANN>{long}"), "1234567…"),
            (format!("1234<@UANN>{long}"), "1234<@UANN>…"),
            (format!("12345678&amp;{long}"), "12345678…"),
            (format!("123456&amp;{long}"), "123456&amp;…"),
            (format!("<@UANN> &lt;{long}"), "<@UANN> …"),
            (format!("<!subteam^S1|@a&amp;b> {long}"), "…"),
        ] {
            assert_eq!(shortened(&text, 12), expected, "{text}");
        }
        assert_eq!(shortened("<@UANN> 1234", 12), "<@UANN> 1234");
    }

    #[test]
    fn whoever_is_on_duty_is_called() {
        let asker = PersonId::new("UBOB");
        let told = |on_duty| {
            let outlook = Outlook {
                on_duty,
                ..Outlook::default()
            };
            let asked = Asked {
                rotation: "<Ops>",
                by: &asker,
            };
            let (told, people) = called(asked, &outlook, writing(&directory()));
            (told.replace(['\u{2068}', '\u{2069}'], ""), people.len())
        };
        let ann = duty("slack:UANN", "Ann", None);
        let expected = "<@UANN>: <@UBOB> asks for whoever is on duty for &lt;Ops&gt;.";
        assert_eq!(told(vec![ann]), (expected.to_owned(), 1));
        let gone = duty("slack:UGONE", "Gone", None);
        assert_eq!(told(vec![gone]).1, 0);
        let nobody = "Nobody is on duty for &lt;Ops&gt;.".to_owned();
        assert_eq!(told(Vec::new()), (nobody, 0));
    }

    #[test]
    fn what_becomes_of_a_call_is_said_below_it_and_buttons_go_with_it() {
        let call = Call {
            people: vec![PersonId::new("UANN"), PersonId::new("UBOB")],
            passed: vec![PersonId::new("UANN")],
        };
        let bob = PersonId::new("UBOB");
        let text = what_became_of("Help!", &call, Some(&bob));
        assert_eq!(text, "Help!\n<@UANN> passed it on.\n<@UBOB> sees to it.");
        let blocks = with_buttons(&text, None);
        assert_eq!(blocks.as_array().unwrap().len(), 1);
        let blocks = with_buttons(&"<@UANN> ".repeat(1_000), Some(("m1", 1)));
        let words = blocks[0]["text"]["text"].as_str().unwrap();
        assert!(words.chars().count() <= SECTION_MAX_CHARS);
        assert_eq!(blocks[1]["elements"][1]["value"], "m1");
    }

    #[test]
    fn a_message_is_read_in_words() {
        let message = format!("<@UANN> <@UX> {DATE} <!subteam^S1|@ops> &lt;3 <broken");
        let read = as_read(&message, &directory());
        assert_eq!(read, "@UANN @UX 2025-06-15 15:06 UTC @ops <3 broken");
    }

    #[test]
    fn of_very_many_some_are_named() {
        let many = (0..50).map(|number| duty("pagerduty:P", &format!("n{number}"), None));
        let text = told("Ops", many.collect(), None);
        assert!(text.ends_with("n19 and 30 more."), "{text}");
    }
}
