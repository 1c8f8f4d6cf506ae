//! What somebody typed after `/rr`, as Slack sends it. Pure.

use super::shapes::person_id;
use std::collections::HashMap;
use types::{PersonId, WorkspaceId};

/// A command, and who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    pub workspace: WorkspaceId,
    pub person: PersonId,
    pub command: Command,
    /// What Slack calls this one alone.
    pub trigger: String,
    /// Where an answer is taken that comes late, as Slack names it.
    pub reply_to: Option<String>,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Who is on duty, in all rotations.
    List,
    Help,
    /// Who is on duty in the rotation of this code.
    Show(String),
    Rotate(String),
    /// Puts this person on duty.
    Set(String, PersonId),
    /// Puts whoever asks on duty.
    Me(String),
    /// Asks others to take a shift of whoever gives the command.
    Cover(String, CoverWish),
    /// Takes what somebody wants cover for; of several, the one with this number.
    Take(String, Option<String>),
    /// Somebody is meant, and Slack did not say who.
    Whom(String),
    /// A time is meant, and it is not clear which.
    When(String),
    /// No command is called that.
    Unknown,
}

/// For when somebody wants to be covered, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoverWish {
    /// Anybody where there is none.
    pub by: Option<PersonId>,
    /// From when until when, as it was typed; the next shift where there is none.
    pub times: Option<(String, String)>,
}

/// What a request from Slack is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Command(Invocation),
    /// Slack looks whether somebody is there.
    Probe,
    /// The app is installed for a whole organisation, and no workspace is named.
    Organisation,
    /// Nobody knows what it is.
    Odd,
}

impl Request {
    /// From the fields of a form.
    pub fn read(body: &[u8]) -> Self {
        let fields: HashMap<_, _> = url::form_urlencoded::parse(body).into_owned().collect();
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        if field("ssl_check") == "1" {
            return Self::Probe;
        }
        let person = person_id(&field("user_id").into());
        let command = Command::parse(field("text"));
        match (WorkspaceId::parse(field("team_id")), person) {
            // Nobody could tell this one from others, so that it might be done twice.
            (Some(_), Some(_)) if command.changes() && field("trigger_id").trim().is_empty() => {
                Self::Odd
            }
            (Some(workspace), Some(person)) => Self::Command(Invocation {
                workspace,
                person,
                command,
                trigger: field("trigger_id").to_owned(),
                reply_to: fields.get("response_url").cloned(),
            }),
            (None, Some(_)) => Self::Organisation,
            _ => Self::Odd,
        }
    }
}

impl Command {
    /// What was typed after the name of the command.
    pub fn parse(text: &str) -> Self {
        let words: Vec<_> = text.split_whitespace().collect();
        let code = |code: &str| code.to_uppercase();
        match words.as_slice() {
            [] => Self::List,
            [one] if one.eq_ignore_ascii_case("help") => Self::Help,
            [one] if one.eq_ignore_ascii_case("list") => Self::List,
            [one] => Self::Show(code(one)),
            [one, deed] if deed.eq_ignore_ascii_case("rotate") => Self::Rotate(code(one)),
            [one, deed] if deed.eq_ignore_ascii_case("me") => Self::Me(code(one)),
            [one, deed, whom @ ..] if deed.eq_ignore_ascii_case("set") => match whom {
                [whom] => match mentioned(whom) {
                    Some(person) => Self::Set(code(one), person),
                    None => Self::Whom(code(one)),
                },
                _ => Self::Whom(code(one)),
            },
            [one, deed, wish @ ..] if deed.eq_ignore_ascii_case("cover") => {
                Self::cover(code(one), wish)
            }
            [one, deed] if deed.eq_ignore_ascii_case("take") => Self::Take(code(one), None),
            [one, deed, which] if deed.eq_ignore_ascii_case("take") => {
                Self::Take(code(one), Some(which.to_lowercase()))
            }
            _ => Self::Unknown,
        }
    }

    fn cover(code: String, wish: &[&str]) -> Self {
        let (by, times) = match wish {
            [whom, times @ ..] if whom.starts_with(['@', '<']) => match mentioned(whom) {
                Some(person) => (Some(person), times),
                None => return Self::Whom(code),
            },
            times => (None, times),
        };
        let times = match times {
            [] => None,
            [day, time, between, until @ ..] if matches!(*between, "to" | "until" | "-" | "–") => {
                let until = match until {
                    [time] => format!("{day} {time}"),
                    [day, time] => format!("{day} {time}"),
                    _ => return Self::When(code),
                };
                Some((format!("{day} {time}"), until))
            }
            _ => return Self::When(code),
        };
        Self::Cover(code, CoverWish { by, times })
    }

    /// Whether it changes something.
    pub const fn changes(&self) -> bool {
        matches!(
            self,
            Self::Rotate(_) | Self::Set(..) | Self::Me(_) | Self::Cover(..) | Self::Take(..)
        )
    }
}

/// The person of `<@U…|name>`, as Slack writes a mention.
fn mentioned(word: &str) -> Option<PersonId> {
    let within = word.strip_prefix("<@")?.strip_suffix('>')?;
    let id = within.split('|').next()?;
    person_id(&id.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> PersonId {
        PersonId::new("U0ANN")
    }

    #[test]
    fn commands_are_read_in_any_case_and_with_any_space() {
        let ops = || "OPS".to_owned();
        let cover = |by, times: Option<(&str, &str)>| {
            let times = times.map(|(from, until)| (from.to_owned(), until.to_owned()));
            Command::Cover(ops(), CoverWish { by, times })
        };
        for (text, command) in [
            ("", Command::List),
            ("  ", Command::List),
            ("HELP", Command::Help),
            ("ops", Command::Show(ops())),
            (" Ops  Rotate ", Command::Rotate(ops())),
            ("ops me", Command::Me(ops())),
            ("ops set <@U0ANN|ann>", Command::Set(ops(), ann())),
            ("ops SET <@U0ANN>", Command::Set(ops(), ann())),
            ("ops set @ann", Command::Whom(ops())),
            ("ops set", Command::Whom(ops())),
            ("ops set <@U0ANN> <@U0BOB>", Command::Whom(ops())),
            ("ops set <@u0ann>", Command::Whom(ops())),
            ("ops cover", cover(None, None)),
            ("ops Cover <@U0ANN>", cover(Some(ann()), None)),
            (
                "ops cover 2026-12-24 09:00 to 17:00",
                cover(None, Some(("2026-12-24 09:00", "2026-12-24 17:00"))),
            ),
            (
                "ops cover <@U0ANN> 2026-12-24 21:00 until 2026-12-25 09:00",
                cover(Some(ann()), Some(("2026-12-24 21:00", "2026-12-25 09:00"))),
            ),
            ("ops cover @ann", Command::Whom(ops())),
            ("ops cover tomorrow", Command::When(ops())),
            ("ops cover 2026-12-24 09:00 to", Command::When(ops())),
            ("ops take", Command::Take(ops(), None)),
            (
                "ops take 3F9A",
                Command::Take(ops(), Some("3f9a".to_owned())),
            ),
            ("ops take 1 2", Command::Unknown),
            ("ops dance", Command::Unknown),
            ("ops rotate now", Command::Unknown),
        ] {
            assert_eq!(Command::parse(text), command, "{text:?}");
        }
    }

    #[test]
    fn who_asks_in_which_workspace_is_in_the_form() {
        let body = b"team_id=T1&user_id=U0ANN&text=ops+me&trigger_id=1.2";
        let invocation = Invocation {
            workspace: WorkspaceId::new("T1"),
            person: ann(),
            command: Command::Me("OPS".to_owned()),
            trigger: "1.2".to_owned(),
            reply_to: None,
        };
        assert_eq!(Request::read(body), Request::Command(invocation));
        assert_eq!(Request::read(b"ssl_check=1&token=x"), Request::Probe);
        assert_eq!(Request::read(b"user_id=U0ANN"), Request::Organisation);
        for odd in [
            &b""[..],
            b"team_id=T1",
            b"\xff=\xfe",
            b"team_id=T1&user_id=bob",
        ] {
            assert_eq!(Request::read(odd), Request::Odd);
        }
    }
}
