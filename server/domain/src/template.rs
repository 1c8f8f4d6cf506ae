//! Templates of what Slack is told: text with tokens between percent signs, and no logic.

use types::{Holder, Outlook, TEMPLATE_MAX_CHARS, TemplateProblem, Timestamp};

/// Something that a template stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    Name,
    Code,
    Description,
    DutySize,
    RotationNotes,
    /// The handle of the group that holds those on duty.
    DutyHandle,
    Until,
    UntilUtc,
    People(Naming, Turn),
}

/// How people are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// As a mention, where there are such.
    User,
    Id,
    Handle,
    /// Without the `@`.
    HandleText,
}

/// Whose turn is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Present,
    Next,
}

impl Turn {
    /// Whose turn it is; absent where nobody comes next.
    pub fn holders(self, outlook: &Outlook) -> Option<Vec<Holder>> {
        Some(match self {
            Self::Present => {
                let on_duty = outlook.on_duty.iter();
                on_duty.map(|duty| duty.holder.clone()).collect()
            }
            Self::Next => outlook.next.as_ref()?.holders().collect(),
        })
    }
}

/// Until when duty is as it is: somebody's ends, or, where everybody is away, somebody is back.
pub fn until(outlook: &Outlook) -> Option<Timestamp> {
    let ends = outlook.on_duty.iter().filter_map(|duty| duty.until);
    ends.min().or(outlook.away_until)
}

impl Token {
    /// What stands in the place of those on duty, where there is a reason for nobody being known.
    pub fn instead(self, outlook: &Outlook) -> Option<&'static str> {
        let is_named = matches!(self, Self::People(naming, Turn::Present) if naming != Naming::Id);
        match (outlook.is_unknown, outlook.away_until) {
            _ if !is_named => None,
            (true, _) => Some("not known"),
            (false, Some(_)) => Some("nobody (everybody is away)"),
            (false, None) => None,
        }
    }

    fn named(name: &str) -> Option<Self> {
        let (turn, people) = match name.strip_prefix("NEXT_") {
            Some(people) => (Turn::Next, people),
            None => (Turn::Present, name),
        };
        let naming = match people {
            "USER" => Some(Naming::User),
            "USERID" => Some(Naming::Id),
            "USERHANDLE" => Some(Naming::Handle),
            "USERHANDLE_TEXTONLY" => Some(Naming::HandleText),
            _ => None,
        };
        if let Some(naming) = naming {
            return Some(Self::People(naming, turn));
        }
        Some(match name {
            "NAME" => Self::Name,
            "CODE" => Self::Code,
            "DESCRIPTION" => Self::Description,
            "DUTY_SIZE" => Self::DutySize,
            "ROTATION_NOTES" => Self::RotationNotes,
            "DUTYHANDLE" => Self::DutyHandle,
            "UNTIL" => Self::Until,
            "UNTIL_UTC" => Self::UntilUtc,
            _ => return None,
        })
    }
}

/// A template whose tokens are all known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Token(Token),
}

impl Template {
    /// The template that somebody typed, which may not be longer than is kept. What was meant for
    /// a token and is none is a problem as well.
    pub fn typed(text: &str) -> Result<Self, TemplateProblem> {
        match text.chars().count() > TEMPLATE_MAX_CHARS {
            true => Err(TemplateProblem::TooLong),
            false => Self::read(text, is_meant_for_name),
        }
    }

    /// The template that is kept. A percent sign that begins no token stands for itself.
    pub fn parse(text: &str) -> Result<Self, TemplateProblem> {
        Self::read(text, is_name)
    }

    fn read(text: &str, is_name: impl Fn(&str) -> bool) -> Result<Self, TemplateProblem> {
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some((before, after)) = rest.split_once('%') {
            plain += before;
            let token = after.split_once('%').filter(|(name, _)| is_name(name));
            let Some((name, behind)) = token else {
                plain.push('%');
                rest = after;
                continue;
            };
            let token = Token::named(name);
            let token = token.ok_or_else(|| TemplateProblem::UnknownToken(name.to_owned()))?;
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Token(token));
            rest = behind;
        }
        pieces.push(Piece::Text(plain + rest));
        Ok(Self(pieces))
    }

    /// The text, with what each token stands for; `N/A` where that is nothing.
    pub fn render(&self, value: impl Fn(Token) -> Option<String>) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Token(token) => {
                let value = value(*token).filter(|value| !value.is_empty());
                value.unwrap_or_else(|| "N/A".to_owned())
            }
        });
        pieces.collect()
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// Whether somebody who types this between two percent signs means a token: a letter follows the
/// first of them, as after no *50 %*, and up to the second there is one word, or what would be the
/// name of a token if it were spelt like one.
fn is_meant_for_name(between: &str) -> bool {
    let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    let begins = |char: char| char.is_ascii_alphabetic() || char == '_';
    let word = between.trim_end();
    word.starts_with(begins) && (word.chars().all(is_part) || is_nearly_name(word))
}

fn is_nearly_name(text: &str) -> bool {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    Token::named(&words.join("_").to_ascii_uppercase()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*, sample::select};

    fn rendered(text: &str) -> String {
        let template = Template::parse(text).unwrap();
        template.render(|token| match token {
            Token::Name => Some("Ops".to_owned()),
            Token::Description => Some(String::new()),
            Token::People(Naming::User, Turn::Present) => Some("%NAME%".to_owned()),
            Token::People(Naming::HandleText, Turn::Next) => Some("bob".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn tokens_become_what_they_stand_for_and_that_once() {
        assert_eq!(
            rendered("%NAME%: %USER%, then %NEXT_USERHANDLE_TEXTONLY%%NAME%"),
            "Ops: %NAME%, then bobOps"
        );
        assert_eq!(rendered("%DESCRIPTION% %CODE%"), "N/A N/A");
    }

    #[test]
    fn a_percent_sign_that_begins_no_token_stands_for_itself() {
        for text in [
            "",
            "100%",
            "100% of %",
            "5 % or 6 %",
            "5%-10%",
            "50 % of us until 60 %",
            "20%off and 30%off",
            "%%",
            "%A b%",
        ] {
            assert_eq!(rendered(text), text);
            assert!(Template::typed(text).is_ok(), "{text}");
        }
        assert_eq!(rendered("100%%NAME%"), "100%Ops");
        assert!(Template::typed("We are at 50 % until %UNTIL%").is_ok());
        // It was kept when it was taken for text.
        assert_eq!(rendered("%name%"), "%name%");
    }

    #[test]
    fn what_is_meant_for_a_token_and_is_none_is_not_taken_for_text() {
        for name in [
            "user",
            "User",
            "USER2",
            "NEXT-USER",
            "NEXT USER",
            "USER ",
            "next_user",
            "rotation notes",
            "_USER",
            "Usr",
        ] {
            let typed = Template::typed(&format!("On duty: %{name}%"));
            let problem = TemplateProblem::UnknownToken(name.to_owned());
            assert_eq!(typed, Err(problem));
        }
    }

    const NAMES: [&str; 16] = [
        "NAME",
        "CODE",
        "DESCRIPTION",
        "DUTY_SIZE",
        "ROTATION_NOTES",
        "DUTYHANDLE",
        "UNTIL",
        "UNTIL_UTC",
        "USER",
        "USERID",
        "USERHANDLE",
        "USERHANDLE_TEXTONLY",
        "NEXT_USER",
        "NEXT_USERID",
        "NEXT_USERHANDLE",
        "NEXT_USERHANDLE_TEXTONLY",
    ];

    proptest! {
        #[test]
        fn percent_signs_before_no_letter_are_text(
            text in "([^%]{0,6}%[ 0-9.,;:!?()/–-]){0,6}[^%]{0,6}%?"
        ) {
            prop_assert_eq!(Template::typed(&text), Ok(Template(vec![Piece::Text(text)])));
        }

        #[test]
        fn tokens_are_found_in_whatever_text_without_percent_signs(
            before in "[^%]{0,12}", name in select(&NAMES[..]), after in "[^%]{0,12}"
        ) {
            let template = Template::typed(&format!("{before}%{name}%{after}"));
            let token = Piece::Token(Token::named(name).unwrap());
            let pieces = vec![Piece::Text(before), token, Piece::Text(after)];
            prop_assert_eq!(template, Ok(Template(pieces)));
        }

        #[test]
        fn whichever_way_the_name_of_a_token_is_written_wrong_it_is_said(
            name in select(&NAMES[..]),
            lower in vec(any::<bool>(), 24),
            separator in select(&["_", "-", " "][..]),
            end in select(&["", " ", "2", "s"][..]),
        ) {
            let letters = name.chars().zip(lower);
            let written: String = letters
                .map(|(letter, lower)| match lower {
                    true => letter.to_ascii_lowercase(),
                    false => letter,
                })
                .collect();
            let written = written.replace('_', separator) + end;
            // With a number behind it, several words are text.
            prop_assume!(written != name && !(written.contains(' ') && matches!(end, "2" | "s")));
            let typed = Template::typed(&format!("a %{written}% b"));
            prop_assert_eq!(typed, Err(TemplateProblem::UnknownToken(written)));
        }

        #[test]
        fn what_may_be_typed_says_the_same_once_it_is_kept(text in "([A-Za-z_ 0-9-]{0,8}%?){0,8}") {
            if let Ok(typed) = Template::typed(&text) {
                prop_assert_eq!(Template::parse(&text), Ok(typed));
            }
        }
    }

    #[test]
    fn an_unknown_token_is_named() {
        for (text, name) in [("%USR%", "USR"), ("a %NEXT_NAME% b", "NEXT_NAME")] {
            let problem = TemplateProblem::UnknownToken(name.to_owned());
            assert_eq!(Template::parse(text), Err(problem));
        }
    }
}
