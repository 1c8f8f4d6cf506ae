//! Which ways there are to spoil a JSON answer, found by walking it, and the spoilt
//! answer. Pure: neither knows of PagerDuty, of Slack or of what the product reads.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, fmt};

/// Longer than any text that either service sends, in bytes.
const HUGE_TEXT: usize = 1024 * 1024;
/// More elements than any page has.
const HUGE_LIST: usize = 2_000;
/// What no service has a meaning for.
pub const UNKNOWN_WORD: &str = "unknown-word";
/// Ends a name that is there twice until the text is written: JSON text can say
/// what a map cannot hold.
const SECOND: char = '\u{1}';

/// One step down into an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Key(String),
    /// Whichever element of a list.
    Element,
    /// Into the claims of a JWT.
    Claims,
}

/// Where in answers of one endpoint something is, in whichever element of lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(Vec<Step>);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("/");
        }
        self.0.iter().try_for_each(|step| match step {
            Step::Key(key) => write!(f, "/{key}"),
            Step::Element => f.write_str("/*"),
            Step::Claims => f.write_str("/{claims}"),
        })
    }
}

impl Path {
    fn and(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// Whether it ends in these names, elements of lists passed over.
    pub fn ends_in(&self, names: &[&str]) -> bool {
        self.names().ends_with(names)
    }

    /// Whether it leads through this name.
    pub fn is_under(&self, name: &str) -> bool {
        let is_name = |step: &Step| matches!(step, Step::Key(key) if key == name);
        self.0.iter().any(is_name)
    }

    /// The names on the way, elements of lists passed over.
    pub fn names(&self) -> Vec<&str> {
        let names = self.0.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Element | Step::Claims => None,
        });
        names.collect()
    }

    /// Whether it is the answer as a whole.
    pub const fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there may be several.
    pub fn is_in_a_list(&self) -> bool {
        self.0.contains(&Step::Element)
    }
}

/// Which of several elements is spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    First,
    Last,
    /// The first one where a flag is set.
    Set,
}

/// How something is spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Missing,
    Null,
    AnotherType,
    Empty,
    Huge,
    UnknownWord,
    /// The name is there twice.
    Duplicated,
    /// The second half of a list is missing.
    Short,
    /// Each element is there twice.
    Doubled,
    /// One more element, which is odd.
    WithOdd(Odd),
}

/// What stands in a list and does not belong there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    Null,
    Number,
    Text,
    Object,
    List,
}

impl Odd {
    const ALL: [Self; 5] = [
        Self::Null,
        Self::Number,
        Self::Text,
        Self::Object,
        Self::List,
    ];

    fn value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Number => json!(7),
            Self::Text => json!(UNKNOWN_WORD),
            Self::Object => json!({}),
            Self::List => json!([]),
        }
    }
}

/// One way to spoil one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoil {
    pub path: Path,
    pub pick: Pick,
    pub kind: Kind,
}

impl fmt::Display for Spoil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.path, self.kind)?;
        match self.pick {
            Pick::First if self.path.is_in_a_list() => f.write_str(" (first)"),
            Pick::First => Ok(()),
            Pick::Last => f.write_str(" (last)"),
            Pick::Set => f.write_str(" (where it is set)"),
        }
    }
}

/// A field or a list of an answer, and the ways to spoil it.
#[derive(Clone, Debug)]
pub struct Place {
    pub path: Path,
    pub picks: Vec<Pick>,
    /// As a field, whatever it holds.
    pub kinds: Vec<Kind>,
    /// As a list, when it is one.
    pub list_kinds: Vec<Kind>,
}

/// Every field and list of `answer`, those in the claims of ID tokens too, in a
/// fixed order. Elements of one list are one place: they are alike.
pub fn places(answer: &Value) -> Vec<Place> {
    let mut found = BTreeMap::new();
    walk(answer, &Path::default(), &mut found);
    found
        .into_iter()
        .map(|(path, values)| place(path, &values))
        .collect()
}

fn walk(value: &Value, path: &Path, found: &mut BTreeMap<Path, Vec<Value>>) {
    if path.0.last() != Some(&Step::Element) && path.0.last() != Some(&Step::Claims) {
        found.entry(path.clone()).or_default().push(value.clone());
    }
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                walk(field, &path.and(Step::Key(key.clone())), found);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                walk(element, &path.and(Step::Element), found);
            }
        }
        Value::String(text) => {
            if let Some(claims) = claims(text) {
                walk(&claims, &path.and(Step::Claims), found);
            }
        }
        _ => {}
    }
}

fn place(path: Path, values: &[Value]) -> Place {
    let mut picks = vec![Pick::First];
    if path.is_in_a_list() && values.len() > 1 {
        picks.push(Pick::Last);
    }
    if values.len() > 1
        && values[0] == json!(false)
        && values.last() == Some(&json!(false))
        && values.contains(&json!(true))
    {
        picks.push(Pick::Set);
    }
    // What the first element leaves open, another may hold.
    let telling = values.iter().find(|value| !value.is_null());
    let sample = telling.unwrap_or(&values[0]);
    let is_field = !path.0.is_empty();
    let mut kinds = vec![Kind::Null, Kind::AnotherType];
    if is_field {
        kinds.insert(0, Kind::Missing);
        kinds.push(Kind::Duplicated);
    }
    let mut list_kinds = Vec::new();
    match sample {
        Value::String(text) => {
            kinds.extend([Kind::Huge, Kind::UnknownWord]);
            kinds.extend((!text.is_empty()).then_some(Kind::Empty));
        }
        Value::Number(_) => kinds.extend([Kind::Huge, Kind::Empty]),
        Value::Object(_) => kinds.extend([Kind::Huge, Kind::Empty]),
        Value::Array(elements) if !elements.is_empty() => {
            kinds.push(Kind::Huge);
            list_kinds.extend([Kind::Empty, Kind::Short, Kind::Doubled]);
            list_kinds.extend(Odd::ALL.map(Kind::WithOdd));
        }
        Value::Array(_) => list_kinds.extend(Odd::ALL.map(Kind::WithOdd)),
        Value::Bool(_) => kinds.push(Kind::UnknownWord),
        Value::Null => kinds = vec![Kind::Missing, Kind::AnotherType, Kind::UnknownWord],
    }
    Place {
        path,
        picks,
        kinds,
        list_kinds,
    }
}

/// The text of `answer`, spoilt; `None` when it has no such place.
pub fn spoilt(answer: &Value, spoil: &Spoil) -> Option<String> {
    let mut concrete = Vec::new();
    resolve(answer, &spoil.path.0, &mut Vec::new(), &mut concrete);
    let chosen = match spoil.pick {
        Pick::First => concrete.first(),
        Pick::Last => concrete.last(),
        Pick::Set => concrete
            .iter()
            .find(|steps| at(answer, steps) == Some(json!(true))),
    }?;
    let spoilt = rewritten(answer, chosen, spoil.kind)?;
    Some(written(&spoilt))
}

#[derive(Clone, Debug)]
enum Exact {
    Key(String),
    Index(usize),
    Claims,
}

fn resolve(value: &Value, path: &[Step], so_far: &mut Vec<Exact>, found: &mut Vec<Vec<Exact>>) {
    let Some((step, rest)) = path.split_first() else {
        found.push(so_far.clone());
        return;
    };
    let mut down = |exact: Exact, inner: &Value| {
        so_far.push(exact);
        resolve(inner, rest, so_far, found);
        so_far.pop();
    };
    match (step, value) {
        (Step::Key(key), Value::Object(fields)) => {
            if let Some(field) = fields.get(key) {
                down(Exact::Key(key.clone()), field);
            }
        }
        (Step::Element, Value::Array(elements)) => {
            for (index, element) in elements.iter().enumerate() {
                down(Exact::Index(index), element);
            }
        }
        (Step::Claims, Value::String(text)) => {
            if let Some(claims) = claims(text) {
                down(Exact::Claims, &claims);
            }
        }
        _ => {}
    }
}

fn at(value: &Value, steps: &[Exact]) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(value.clone());
    };
    match step {
        Exact::Key(key) => at(value.get(key)?, rest),
        Exact::Index(index) => at(value.get(index)?, rest),
        Exact::Claims => at(&claims(value.as_str()?)?, rest),
    }
}

/// `value` with what `steps` leads to spoilt.
fn rewritten(value: &Value, steps: &[Exact], kind: Kind) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else {
        return changed(value, kind);
    };
    let mut value = value.clone();
    match (step, &mut value) {
        (Exact::Key(key), Value::Object(fields)) => {
            let field = fields.get(key)?.clone();
            if rest.is_empty() && kind == Kind::Missing {
                fields.remove(key);
            } else if rest.is_empty() && kind == Kind::Duplicated {
                fields.insert(format!("{key}{SECOND}"), field);
            } else {
                fields.insert(key.clone(), rewritten(&field, rest, kind)?);
            }
        }
        (Exact::Index(index), Value::Array(elements)) => {
            elements[*index] = rewritten(elements.get(*index)?, rest, kind)?;
        }
        (Exact::Claims, Value::String(text)) => {
            let spoilt = rewritten(&claims(text)?, rest, kind)?;
            *text = with_payload(text, &written(&spoilt))?;
        }
        _ => return None,
    }
    Some(value)
}

fn changed(value: &Value, kind: Kind) -> Option<Value> {
    Some(match (kind, value) {
        (Kind::Missing | Kind::Duplicated, _) => return None,
        (Kind::Null, _) => Value::Null,
        (Kind::AnotherType, Value::String(_) | Value::Null) => json!(7),
        (Kind::AnotherType, Value::Array(_)) => json!({}),
        (Kind::AnotherType, Value::Object(_)) => json!([]),
        (Kind::AnotherType, Value::Number(_) | Value::Bool(_)) => json!([UNKNOWN_WORD]),
        (Kind::UnknownWord, _) => json!(UNKNOWN_WORD),
        (Kind::Empty, Value::String(_)) => json!(""),
        (Kind::Empty, Value::Number(_)) => json!(0),
        (Kind::Empty, Value::Object(_)) => json!({}),
        (Kind::Empty, Value::Array(_)) => json!([]),
        (Kind::Huge, Value::Number(_)) => json!(u64::MAX),
        (Kind::Huge, Value::Object(fields)) => {
            let mut fields: Map<String, Value> = fields.clone();
            fields.insert("padding".to_owned(), json!("x".repeat(HUGE_TEXT)));
            Value::Object(fields)
        }
        (Kind::Huge, Value::Array(elements)) => {
            let all = elements.iter().cycle().take(HUGE_LIST);
            Value::Array(all.cloned().collect())
        }
        (Kind::Huge, _) => json!("x".repeat(HUGE_TEXT)),
        (Kind::Short, Value::Array(elements)) => {
            Value::Array(elements[..elements.len().div_ceil(2)].to_vec())
        }
        (Kind::Doubled, Value::Array(elements)) => {
            let twice = elements.iter().flat_map(|element| [element, element]);
            Value::Array(twice.cloned().collect())
        }
        (Kind::WithOdd(odd), Value::Array(elements)) => {
            let mut elements = elements.clone();
            elements.push(odd.value());
            Value::Array(elements)
        }
        (Kind::Empty | Kind::Short | Kind::Doubled | Kind::WithOdd(_), _) => return None,
    })
}

/// JSON text in which a name may be there twice.
fn written(value: &Value) -> String {
    let marked = format!("\\u{:04x}\":", u32::from(SECOND));
    value.to_string().replace(&marked, "\":")
}

/// The claims of what looks like a JWT.
fn claims(text: &str) -> Option<Value> {
    let parts: Vec<&str> = text.split('.').collect();
    let [_, claims, _] = parts.as_slice() else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims.is_object().then_some(claims)
}

/// Changes the claims of what looks like a JWT.
pub fn with_claims(token: &mut String, change: impl FnOnce(Value) -> Value) {
    let changed = claims(token).and_then(|claims| with_payload(token, &change(claims).to_string()));
    if let Some(changed) = changed {
        *token = changed;
    }
}

fn with_payload(token: &str, payload: &str) -> Option<String> {
    let mut parts = token.split('.');
    let (header, _, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let payload = URL_SAFE_NO_PAD.encode(payload);
    Some(format!("{header}.{payload}.{signature}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(answer: &Value, shown: &str) -> Place {
        let found = places(answer).into_iter();
        let mut found = found.filter(|place| place.path.to_string() == shown);
        found.next().unwrap_or_else(|| panic!("{shown} is there"))
    }

    fn spoilt_at(answer: &Value, shown: &str, pick: Pick, kind: Kind) -> String {
        let path = path(answer, shown).path;
        spoilt(answer, &Spoil { path, pick, kind }).unwrap()
    }

    #[test]
    fn every_field_and_list_is_found_once_however_many_elements_there_are() {
        let answer = json!({"users": [{"id": "A"}, {"id": "B", "tags": []}], "more": false});
        let found: Vec<String> = places(&answer)
            .iter()
            .map(|place| place.path.to_string())
            .collect();
        assert_eq!(
            found,
            ["/", "/more", "/users", "/users/*/id", "/users/*/tags"]
        );
    }

    #[test]
    fn each_way_of_spoiling_does_what_its_name_says_and_nothing_else() {
        let answer = json!({"users": [{"id": "A"}, {"id": "B"}, {"id": "C"}], "more": true});
        let of_users = |kind| spoilt_at(&answer, "/users", Pick::First, kind);
        let of_last = |kind| spoilt_at(&answer, "/users/*/id", Pick::Last, kind);
        for (spoilt, expected) in [
            (
                of_last(Kind::Missing),
                json!([{"id": "A"}, {"id": "B"}, {}]),
            ),
            (
                of_last(Kind::Null),
                json!([{"id": "A"}, {"id": "B"}, {"id": null}]),
            ),
            (
                of_last(Kind::Empty),
                json!([{"id": "A"}, {"id": "B"}, {"id": ""}]),
            ),
            (of_users(Kind::Short), json!([{"id": "A"}, {"id": "B"}])),
            (of_users(Kind::Empty), json!([])),
            (
                of_users(Kind::WithOdd(Odd::Number)),
                json!([{"id": "A"}, {"id": "B"}, {"id": "C"}, 7]),
            ),
            (
                of_users(Kind::Doubled),
                json!([{"id": "A"}, {"id": "A"}, {"id": "B"}, {"id": "B"}, {"id": "C"}, {"id": "C"}]),
            ),
        ] {
            let spoilt: Value = serde_json::from_str(&spoilt).unwrap();
            assert_eq!(spoilt, json!({"users": expected, "more": true}));
        }
    }

    #[test]
    fn a_name_can_be_there_twice() {
        let answer = json!({"user": {"id": "A", "name": "Ada"}});
        let text = spoilt_at(&answer, "/user/id", Pick::First, Kind::Duplicated);
        assert_eq!(text, r#"{"user":{"id":"A","id":"A","name":"Ada"}}"#);
    }

    #[test]
    fn the_claims_of_an_id_token_are_fields_too() {
        let claims = URL_SAFE_NO_PAD.encode(json!({"aud": ["a"]}).to_string());
        let answer = json!({"id_token": format!("e30.{claims}.c2ln")});
        let text = spoilt_at(&answer, "/id_token/{claims}/aud", Pick::First, Kind::Null);
        let spoilt: Value = serde_json::from_str(&text).unwrap();
        let spoilt = super::claims(spoilt["id_token"].as_str().unwrap());
        assert_eq!(spoilt, Some(json!({"aud": null})));
    }

    #[test]
    fn a_flag_that_few_have_is_spoilt_where_it_is_set() {
        let answer = json!({"members": [{"bot": false}, {"bot": true}, {"bot": false}]});
        assert_eq!(
            path(&answer, "/members/*/bot").picks,
            [Pick::First, Pick::Last, Pick::Set]
        );
        let text = spoilt_at(&answer, "/members/*/bot", Pick::Set, Kind::Missing);
        assert_eq!(text, r#"{"members":[{"bot":false},{},{"bot":false}]}"#);
    }
}
