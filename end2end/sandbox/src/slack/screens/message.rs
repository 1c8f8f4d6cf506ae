//! One message as its reader sees it.

use jiff::Timestamp;

use super::CLIENT;
use crate::{
    html::{escape, hidden_field},
    slack::{
        blocks::{Reader, as_html, elements, text_as_html},
        conversation::{Conversation, Message},
    },
};

pub fn drawn(conversation: &Conversation, message: &Message, reader: &Reader<'_>) -> String {
    let moment = clock_time(message.posted(), reader);
    let body = if message.blocks.as_array().is_none_or(Vec::is_empty) {
        format!("<p>{}</p>", text_as_html(&message.text, reader))
    } else {
        as_html(&message.blocks, reader)
    };
    // The line says by itself who did it.
    if message.subtype.is_some() {
        return format!("<li class=\"line\">{body} <small>{moment}</small></li>\n");
    }
    let author = reader
        .person(&message.author)
        .unwrap_or_else(|| "Slackbot".to_owned());
    let app = if message.is_by_bot() {
        " <small class=\"app\">APP</small>"
    } else {
        ""
    };
    let mut notes = Vec::new();
    if message.edited {
        notes.push("edited");
    }
    if message.only_for.is_some() {
        notes.push("only visible to you");
    }
    let notes = match notes.is_empty() {
        true => String::new(),
        false => format!(" <small>({})</small>", notes.join(", ")),
    };
    let class = if message.thread_ts.is_some() {
        "reply"
    } else {
        "message"
    };
    let body = with_form(conversation, message, &body, reader);
    format!(
        "<li class=\"{class}\" id=\"m{}\"><b><bdi>{}</bdi></b>{app} <small>{moment}</small>{notes}\n{body}</li>\n",
        message.ts,
        escape(&author),
    )
}

/// What can be pressed needs a form around it.
fn with_form(
    conversation: &Conversation,
    message: &Message,
    body: &str,
    reader: &Reader<'_>,
) -> String {
    if elements(&message.blocks).next().is_none() {
        return body.to_owned();
    }
    format!(
        "<form method=\"post\" action=\"{CLIENT}/{}/act\">\n{}{}{body}</form>\n",
        escape(&reader.workspace.id),
        hidden_field("channel", &conversation.id),
        hidden_field("ts", &message.ts),
    )
}

fn clock_time(moment: Timestamp, reader: &Reader<'_>) -> String {
    moment
        .to_zoned(reader.zone.clone())
        .strftime("%a %H:%M:%S")
        .to_string()
}
