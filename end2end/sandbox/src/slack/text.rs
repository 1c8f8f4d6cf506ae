//! How Slack writes text down: what it makes of a topic, and of mentions that a person types.

use super::Workspace;

/// A topic as Slack hands it back: three characters as entities, addresses between brackets. What is one
/// of Slack's own references already stays as it is.
pub fn as_read_back(topic: &str) -> String {
    let mut told = String::with_capacity(topic.len());
    let mut rest = topic;
    while let Some(first) = rest.chars().next() {
        let taken = if let Some(length) = reference(rest).or_else(|| entity(rest)) {
            told.push_str(&rest[..length]);
            length
        } else if let Some(length) = address(rest) {
            told.push_str(&format!("<{}>", escape(&unescape(&rest[..length]))));
            length
        } else {
            told.push_str(&escape(&rest[..first.len_utf8()]));
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    told
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

pub fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// How long the reference is that the text begins with, brackets included.
fn reference(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('<')?;
    let known = ["@", "#", "!", "http://", "https://", "mailto:"];
    known
        .iter()
        .any(|beginning| inside.starts_with(beginning))
        .then(|| text.find('>').map(|end| end + 1))
        .flatten()
}

fn entity(text: &str) -> Option<usize> {
    ["&amp;", "&lt;", "&gt;"]
        .into_iter()
        .find(|entity| text.starts_with(entity))
        .map(str::len)
}

fn address(text: &str) -> Option<usize> {
    let is_one = ["http://", "https://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    is_one.then(|| {
        text.find(|one: char| one.is_whitespace() || "<>|".contains(one))
            .unwrap_or(text.len())
    })
}

/// What a person typed, with `@name`, `@handle` and `#channel` as references, as Slack's input line and a
/// slash command with `should_escape` have it.
pub fn with_references(workspace: &Workspace, typed: &str) -> String {
    let mut written = String::with_capacity(typed.len());
    let mut before = ' ';
    let mut rest = typed;
    while let Some(first) = rest.chars().next() {
        let found = (!before.is_alphanumeric())
            .then(|| reference_to(workspace, rest))
            .flatten();
        let taken = match found {
            Some((reference, taken)) => {
                written.push_str(&reference);
                taken
            }
            None => {
                written.push_str(&escape(&rest[..first.len_utf8()]));
                first.len_utf8()
            }
        };
        before = rest[..taken].chars().next_back().unwrap_or(' ');
        rest = &rest[taken..];
    }
    written
}

/// The reference that the text begins with, and how much of the text it stands for.
fn reference_to(workspace: &Workspace, text: &str) -> Option<(String, usize)> {
    let begins_with = |sign: char, name: &str| -> Option<usize> {
        let after = text.strip_prefix(sign)?.strip_prefix(name)?;
        let goes_on = after
            .chars()
            .next()
            .is_some_and(|one| one.is_alphanumeric() || "-_".contains(one));
        (!name.is_empty() && !goes_on).then(|| sign.len_utf8() + name.len())
    };
    for word in ["here", "channel", "everyone"] {
        if let Some(taken) = begins_with('@', word) {
            return Some((format!("<!{word}>"), taken));
        }
    }
    let bot = super::bot_user();
    for person in workspace.people.iter().chain([&bot]) {
        for name in [person.name.as_str(), &person.user_name()] {
            if let Some(taken) = begins_with('@', name) {
                return Some((format!("<@{}|{}>", person.id, person.user_name()), taken));
            }
        }
    }
    for group in &workspace.groups {
        if let Some(taken) = begins_with('@', &group.handle) {
            return Some((format!("<!subteam^{}|@{}>", group.id, group.handle), taken));
        }
    }
    workspace.conversations.iter().find_map(|one| {
        let taken = begins_with('#', &one.name)?;
        Some((format!("<#{}|{}>", one.id, one.name), taken))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company;

    #[test]
    fn a_topic_comes_back_encoded() {
        for (set, told) in [
            ("Ada & Tomás", "Ada &amp; Tomás"),
            ("a < b > c", "a &lt; b &gt; c"),
            ("Ada &amp; Tomás", "Ada &amp; Tomás"),
            (
                "see https://rr.example/r?a=1&b=2 now",
                "see <https://rr.example/r?a=1&amp;b=2> now",
            ),
            ("<@U01ADAOKAF> is on duty", "<@U01ADAOKAF> is on duty"),
            ("<b>", "&lt;b&gt;"),
        ] {
            assert_eq!(as_read_back(set), told);
            assert_eq!(as_read_back(&as_read_back(set)), told, "a second time");
        }
    }

    #[test]
    fn what_is_typed_becomes_references() {
        let workspaces = company::workspaces();
        for (typed, written) in [
            (
                "hand over to @Tomás Herrera, please",
                "hand over to <@U05TOMASHE|tomas.herrera>, please",
            ),
            ("@tomas.herrera", "<@U05TOMASHE|tomas.herrera>"),
            ("@Round Robin PAY", "<@U0RRBOT001|round_robin> PAY"),
            ("a@payments <b>", "a@payments &lt;b&gt;"),
            (
                "@payments-oncall",
                "<!subteam^S02PAYMENTS|@payments-oncall>",
            ),
            ("in #payments", "in <#C03PAYMENTS|payments>"),
            ("@here!", "<!here>!"),
        ] {
            assert_eq!(with_references(&workspaces[0], typed), written);
        }
    }
}
