//! Makes texts fit to be stored, shown and searched for: Postgres refuses one
//! with a NUL in it.

/// `text` without control characters and the blanks around it; `None` when
/// nothing is left.
pub fn plain(text: &str) -> Option<String> {
    let printable: String = text.chars().filter(|one| !one.is_control()).collect();
    let trimmed = printable.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
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
            ("\u{0} \t", None),
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
