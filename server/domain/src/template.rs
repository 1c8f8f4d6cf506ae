//! Templates of what Slack is told: text with tokens between percent signs, and no logic.

use types::{TEMPLATE_MAX_CHARS, TemplateProblem};

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

impl Token {
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
    /// The template that somebody typed, which may not be longer than is kept.
    pub fn typed(text: &str) -> Result<Self, TemplateProblem> {
        match text.chars().count() > TEMPLATE_MAX_CHARS {
            true => Err(TemplateProblem::TooLong),
            false => Self::parse(text),
        }
    }

    /// A percent sign that begins no token stands for itself.
    pub fn parse(text: &str) -> Result<Self, TemplateProblem> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
            "%%",
            "%name%",
            "%A b%",
        ] {
            assert_eq!(rendered(text), text);
        }
        assert_eq!(rendered("100%%NAME%"), "100%Ops");
    }

    #[test]
    fn an_unknown_token_is_named() {
        for (text, name) in [("%USR%", "USR"), ("a %NEXT_NAME% b", "NEXT_NAME")] {
            let problem = TemplateProblem::UnknownToken(name.to_owned());
            assert_eq!(Template::parse(text), Err(problem));
        }
    }
}
