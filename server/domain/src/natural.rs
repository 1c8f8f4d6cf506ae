//! The order of names as people count: *Team 2* comes before *Team 10*, and letters of either
//! case stand together.

/// What a name is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NaturalKey(Vec<Part>);

/// Numbers come before letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Without zeros in front, so that the longer one is the greater. Of any length: a name may
    /// hold more digits than a number has room for.
    Number {
        length: usize,
        digits: String,
    },
    Text(String),
}

impl NaturalKey {
    pub fn of(name: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = name.trim();
        while let Some(first) = rest.chars().next() {
            let is_number = first.is_ascii_digit();
            let other = |character: char| character.is_ascii_digit() != is_number;
            let (part, after) = rest.split_at(rest.find(other).unwrap_or(rest.len()));
            parts.push(if is_number {
                let digits = part.trim_start_matches('0');
                Part::Number {
                    length: digits.len(),
                    digits: digits.to_owned(),
                }
            } else {
                Part::Text(part.to_lowercase())
            });
            rest = after;
        }
        Self(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::NaturalKey;

    #[test]
    fn names_are_sorted_as_people_count() {
        let sorted = [
            "",
            "2 Köche",
            "10 Köche",
            "Team",
            "team 2",
            "Team 2 night",
            "TEAM 10",
            "Team 10 night",
            "Team 99999999999999999999999",
            "Team 100000000000000000000000",
            "Team A",
            "Überwachung",
            "כוננות 2",
            "כוננות 10",
        ];
        for pair in sorted.windows(2) {
            let (one, other) = (NaturalKey::of(pair[0]), NaturalKey::of(pair[1]));
            assert!(one < other, "{pair:?}");
        }
    }

    #[test]
    fn zeros_in_front_blanks_around_and_case_make_no_difference() {
        for (one, other) in [("Team 007", "team 7"), (" Ops", "OPS "), ("v0", "V000")] {
            assert_eq!(
                NaturalKey::of(one),
                NaturalKey::of(other),
                "{one:?} {other:?}"
            );
        }
    }
}
