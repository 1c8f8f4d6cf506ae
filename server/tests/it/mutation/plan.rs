//! Which answers are spoilt and how. Nothing is listed by hand: the answers
//! themselves say which fields there are, so one that is new is covered by itself.

use super::{
    answers::{Place, Spoil, places},
    deeds::Deed,
    invariants::Case,
    proxy::{Instead, Oddity, Question},
};
use serde_json::Value;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Each field and each status once, in turns of the ways to spoil it. The
    /// number says with which way the turns begin.
    EachOnce(usize),
    Everything,
}

/// Statuses that services and what stands before them really send, and a page
/// that is sent as a success.
const USUAL_STATUSES: [u16; 14] = [
    200, 400, 401, 402, 403, 404, 408, 409, 429, 500, 502, 503, 504, 599,
];

/// Words with which Slack refuses, and one that it does not have.
const WORDS: [&str; 14] = [
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "missing_scope",
    "team_access_not_granted",
    "org_login_required",
    "invalid_team_for_non_distributed_app",
    "ratelimited",
    "fatal_error",
    "internal_error",
    "service_unavailable",
    "unknown-word",
];

/// Every case of a deed's question, whose true answer was `answer`.
pub fn cases(deed: Deed, question: Question, answer: &Value, extent: Extent) -> Vec<Case> {
    let spoilt = spoils(answer, extent).into_iter().map(Oddity::Spoilt);
    let statuses = statuses(extent);
    let words = WORDS.into_iter().filter(|_| question.is_of_slack());
    let words = words.map(Oddity::Refused);
    let oddities = spoilt.chain(statuses).chain(words);
    oddities
        .map(|oddity| Case {
            deed,
            question,
            oddity,
        })
        .collect()
}

fn statuses(extent: Extent) -> Vec<Oddity> {
    let all = |status| Instead::ALL.map(|instead| Oddity::Status(status, instead));
    match extent {
        Extent::EachOnce(turn) => {
            let numbered = USUAL_STATUSES.into_iter().enumerate();
            let bodies = Instead::ALL.len();
            numbered
                .map(|(number, status)| all(status)[(turn + number) % bodies].clone())
                .collect()
        }
        Extent::Everything => std::iter::once(200)
            .chain(400..=599)
            .flat_map(all)
            .collect(),
    }
}

fn spoils(answer: &Value, extent: Extent) -> Vec<Spoil> {
    let places = places(answer);
    let spoil = |place: &Place, pick, kind| Spoil {
        path: place.path.clone(),
        pick,
        kind,
    };
    match extent {
        Extent::Everything => places
            .iter()
            .flat_map(|place| {
                let kinds = place.kinds.iter().chain(&place.list_kinds);
                let picks = place.picks.iter();
                picks
                    .flat_map(move |pick| kinds.clone().map(move |kind| spoil(place, *pick, *kind)))
            })
            .collect(),
        Extent::EachOnce(turn) => {
            let numbered = places.iter().zip(turn..);
            numbered
                .flat_map(|(place, number)| {
                    let kind = place.kinds[number % place.kinds.len()];
                    let pick = |number: usize| place.picks[number % place.picks.len()];
                    let lists = place.list_kinds.iter().zip(number..);
                    let lists = lists.map(move |(kind, number)| spoil(place, pick(number), *kind));
                    let turns = number / place.kinds.len() + number;
                    std::iter::once(spoil(place, pick(turns), kind)).chain(lists)
                })
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn each_field_comes_once_each_list_in_every_way_and_each_status_once() {
        let answer = json!({"a": "text", "b": [{"c": 1}, {"c": 2}], "d": true});
        let cases = cases(Deed::Sync, Question::Users, &answer, Extent::EachOnce(0));
        let shown: BTreeSet<String> = cases.iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), cases.len(), "none comes twice");
        let of = |path: &str| {
            let is_path = |case: &&Case| matches!(&case.oddity, Oddity::Spoilt(spoil) if spoil.path.to_string() == path);
            cases.iter().filter(is_path).count()
        };
        assert_eq!([of("/"), of("/a"), of("/b/*/c"), of("/d")], [1; 4]);
        assert_eq!(of("/b"), 1 + 8);
        let statuses = cases
            .iter()
            .filter(|case| matches!(case.oddity, Oddity::Status(..)));
        assert_eq!(statuses.count(), USUAL_STATUSES.len());
    }

    #[test]
    fn the_turns_reach_every_way_to_spoil_a_field() {
        let fields: serde_json::Map<String, Value> = (0..40)
            .map(|number| (format!("f{number}"), json!("text")))
            .collect();
        let spoils = spoils(&Value::Object(fields), Extent::EachOnce(0));
        let kinds: BTreeSet<String> = spoils
            .iter()
            .map(|spoil| format!("{:?}", spoil.kind))
            .collect();
        let all = [
            "AnotherType",
            "Duplicated",
            "Empty",
            "Huge",
            "Missing",
            "Null",
            "UnknownWord",
        ];
        assert_eq!(kinds, all.map(str::to_owned).into());
    }

    #[test]
    fn everything_is_more_than_each_once() {
        let answer = json!({"a": "text", "b": [{"c": 1}, {"c": 2}]});
        let count = |extent| cases(Deed::Sync, Question::Users, &answer, extent).len();
        assert!(count(Extent::Everything) >= 201 * 3 + count(Extent::EachOnce(0)) - 14);
    }
}
