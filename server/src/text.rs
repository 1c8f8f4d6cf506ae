//! Makes texts fit to be stored, shown and searched for: Postgres refuses one
//! with a NUL in it, and a text that turns the direction of writing round turns what
//! stands beside it.

use types::is_invisible;

/// `text` without control characters and the blanks around it; `None` when
/// nothing is left that can be seen.
pub fn plain(text: &str) -> Option<String> {
    let printable: String = text.chars().filter(|one| !is_control(*one)).collect();
    let trimmed = printable.trim();
    (!trimmed.chars().all(is_invisible)).then(|| trimmed.to_owned())
}

/// Of the controls of direction, those that reach beyond the text they are in.
fn is_control(one: char) -> bool {
    one.is_control() || matches!(one, '\u{202a}'..='\u{202e}')
}

/// The first `max` characters of the [`plain`] text.
pub fn plain_up_to(max: usize, text: &str) -> Option<String> {
    let cut: String = plain(text)?.chars().take(max).collect();
    Some(cut.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_text_has_no_control_characters_and_no_blanks_around() {
        let cases = [
            ("Ada", Some("Ada")),
            (" \u{0}Ad\u{0}a \r\n", Some("Ada")),
            ("Ada  Léa", Some("Ada  Léa")),
            ("Ad\u{202e}a\u{202c}", Some("Ada")),
            (
                "👩\u{200d}🚒 \u{2067}א\u{2069}",
                Some("👩\u{200d}🚒 \u{2067}א\u{2069}"),
            ),
            ("\u{0} \t", None),
            ("\u{200b}\u{feff} \u{3164}\u{202e}", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_text_is_cut_between_characters_and_ends_with_no_blank() {
        assert_eq!(plain_up_to(3, "éééé").as_deref(), Some("ééé"));
        assert_eq!(plain_up_to(4, "Ada Lea").as_deref(), Some("Ada"));
        assert_eq!(plain_up_to(3, "\0 Lea").as_deref(), Some("Lea"));
        assert_eq!(plain_up_to(3, " \0"), None);
    }
}
