//! Messages: where they may go, what Slack refuses about them, and what a reader sees.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::client::Client;

const POST: &str = "chat.postMessage";

/// Tests post faster than Slack lets anybody.
async fn unhurried(client: &Client) {
    let unlimited = json!({"enforced": false});
    client.control("/slack/limits", unlimited).await;
}

#[tokio::test]
async fn where_the_bot_may_post_depends_on_scope_and_channel() {
    let client = Client::new();
    unhurried(&client).await;
    let inside = client.bot("chat:write").await;
    let public = client.bot("chat:write,chat:write.public").await;
    for (token, channel, word) in [
        (&inside, "C03PAYMENTS", Some("not_in_channel")),
        (&public, "C03PAYMENTS", None),
        (&public, "C05PAYLEADS", Some("channel_not_found")),
        (&public, "C06WAREHOU", Some("is_archived")),
        (&public, "C08ANNOUNC", Some("restricted_action")),
        (&public, "C00NOWHERE", Some("channel_not_found")),
    ] {
        let params = [("channel", channel), ("text", "Ada is on duty")];
        let answer = client.slack(token, POST, &params).await.json();
        assert_eq!(answer["error"].as_str(), word, "{channel}");
    }
}

#[tokio::test]
async fn direct_messages_want_their_tab() {
    let client = Client::new();
    unhurried(&client).await;
    let token = client.bot("chat:write,im:write").await;
    let opened = client
        .done(&token, "conversations.open", &[("users", "U05TOMASHE")])
        .await;
    let channel = opened["channel"]["id"].as_str().expect("an id");
    let params = [("channel", channel), ("text", "You are on duty")];
    client.done(&token, POST, &params).await;
    let closed = json!({"messages_tab": false});
    client.control("/slack/app", closed).await;
    assert_eq!(
        client.refusal(&token, POST, &params).await,
        "messages_tab_disabled"
    );
}

#[tokio::test]
async fn what_slack_does_not_take_is_refused_by_name() {
    let client = Client::new();
    unhurried(&client).await;
    let token = client.bot("chat:write,chat:write.public").await;
    let section = |length: usize| json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(length)}});
    let many = json!(vec![section(1); 51]).to_string();
    let long = json!(vec![section(2900); 5]).to_string();
    let odd = json!([{"type": "marquee"}]).to_string();
    let text = "x".repeat(40_001);
    for (field, value, word) in [
        ("text", "", "no_text"),
        ("text", text.as_str(), "msg_too_long"),
        ("blocks", "no JSON", "invalid_blocks_format"),
        ("blocks", many.as_str(), "invalid_blocks"),
        ("blocks", odd.as_str(), "invalid_blocks"),
        ("blocks", long.as_str(), "msg_blocks_too_long"),
    ] {
        let params = [("channel", "C03PAYMENTS"), (field, value)];
        assert_eq!(
            client.refusal(&token, POST, &params).await,
            word,
            "{value:.20}"
        );
    }
    let thread = [
        ("channel", "C03PAYMENTS"),
        ("text", "x"),
        ("thread_ts", "1.000000"),
    ];
    assert_eq!(
        client.refusal(&token, POST, &thread).await,
        "thread_not_found"
    );
}

#[tokio::test]
async fn a_reader_sees_names_and_their_own_time() {
    let client = Client::new();
    let token = client.bot("chat:write,chat:write.public").await;
    let blocks = json!([
        {"type": "header", "text": {"type": "plain_text", "text": "Payments & co"}},
        {"type": "section", "text": {"type": "mrkdwn", "text":
            "*<@U09OLIVIAB>* until <!date^1772438400^{date_num} {time}|soon>, <!subteam^S02PAYMENTS>"}},
    ]);
    let blocks = blocks.to_string();
    let params = [
        ("channel", "C03PAYMENTS"),
        ("text", "&lt;!channel&gt; Olivia"),
        ("blocks", blocks.as_str()),
    ];
    let posted = client.done(&token, POST, &params).await;
    assert!(posted["message"]["blocks"][0]["block_id"].is_string());
    for (zone, time) in [("Europe/Berlin", "9:00 AM"), ("Asia/Tokyo", "5:00 PM")] {
        let channel = client
            .told(&format!("/slack/channels/C03PAYMENTS?zone={zone}"))
            .await;
        let message = &channel["messages"][0];
        assert_eq!(
            message["shown"],
            format!("Payments & co\n@Olivia Bennett until 2026-03-02 {time}, @payments-oncall")
        );
        assert_eq!(message["mentions"], json!(["S02PAYMENTS", "U09OLIVIAB"]));
    }
}

#[tokio::test]
async fn somebody_smuggled_in_is_noticed() {
    let client = Client::new();
    let token = client.bot("chat:write,chat:write.public").await;
    let params = [
        ("channel", "C03PAYMENTS"),
        ("text", "<!channel> is on duty"),
    ];
    client.done(&token, POST, &params).await;
    let channel = client.told("/slack/channels/C03PAYMENTS").await;
    assert_eq!(channel["messages"][0]["mentions"], json!(["channel"]));
}

#[tokio::test]
async fn own_messages_are_changed_for_a_while_and_deleted() {
    let client = Client::new();
    unhurried(&client).await;
    let token = client.bot("chat:write,chat:write.public").await;
    let blocks = json!([{"type": "divider"}]).to_string();
    let channel = ("channel", "C03PAYMENTS");
    let params = [channel, ("text", "one"), ("blocks", blocks.as_str())];
    let posted = client.done(&token, POST, &params).await;
    let ts = ("ts", posted["ts"].as_str().expect("a time"));
    let update = [channel, ts, ("text", "two")];
    let changed = client.done(&token, "chat.update", &update).await;
    assert_eq!(
        (&changed["text"], &changed["message"]["blocks"][0]["type"]),
        (&json!("two"), &json!("divider")),
        "blocks stay that are not sent"
    );
    let line = json!({"person": "U09OLIVIAB", "channel": "C03PAYMENTS", "line": "hello"});
    client.control("/slack/lines", line).await;
    let told = client.told("/slack/channels/C03PAYMENTS").await;
    let foreign = ("ts", told["messages"][1]["ts"].as_str().expect("a time"));
    for (method, ts, word) in [
        ("chat.update", foreign, "cant_update_message"),
        ("chat.delete", foreign, "cant_delete_message"),
        ("chat.update", ("ts", "1.000000"), "message_not_found"),
        ("chat.delete", ("ts", "1.000000"), "message_not_found"),
    ] {
        let params = [channel, ts, ("text", "three")];
        assert_eq!(client.refusal(&token, method, &params).await, word);
    }
    let window = json!({"edit_window_seconds": 0});
    client.control("/slack/settings", window).await;
    assert_eq!(
        client.refusal(&token, "chat.update", &update).await,
        "edit_window_closed"
    );
    client.done(&token, "chat.delete", &[channel, ts]).await;
    let told = client.told("/slack/channels/C03PAYMENTS").await;
    assert_eq!(told["message_count"], 1);
}

#[tokio::test]
async fn one_message_a_second_goes_into_a_channel() {
    let client = Client::new();
    let token = client.bot("chat:write,chat:write.public").await;
    let params = |channel| [("channel", channel), ("text", "x")];
    client.done(&token, POST, &params("C03PAYMENTS")).await;
    let refused = client.slack(&token, POST, &params("C03PAYMENTS")).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("retry-after"), "1");
    client.done(&token, POST, &params("C04INCIDENT")).await;
}

#[tokio::test]
async fn what_is_for_one_person_is_for_that_person() {
    let client = Client::new();
    let token = client.bot("chat:write,chat:write.public").await;
    let params = [
        ("channel", "C03PAYMENTS"),
        ("user", "U09OLIVIAB"),
        ("text", "only you"),
    ];
    client.done(&token, "chat.postEphemeral", &params).await;
    let told = client.told("/slack/channels/C03PAYMENTS").await;
    assert_eq!(told["messages"][0]["only_for"], "U09OLIVIAB");
    let elsewhere = [params[0], ("user", "U07WEIZHAN"), params[2]];
    assert_eq!(
        client
            .refusal(&token, "chat.postEphemeral", &elsewhere)
            .await,
        "user_not_in_channel"
    );
}

/// What a product meets when it cannot know whether something was done.
#[tokio::test]
async fn faults_refuse_without_doing_and_lose_answers_after_doing() {
    let client = Client::new();
    unhurried(&client).await;
    let token = client.bot("chat:write,chat:write.public").await;
    let params = |channel| [("channel", channel), ("text", "x")];
    let refuse = json!({
        "side": "slack", "path": "/api/chat.postMessage", "params": {"channel": "C03PAYMENTS"},
        "status": 200, "fields": {"error": "fatal_error"}, "times": 1,
    });
    client.control("/faults", refuse).await;
    client.done(&token, POST, &params("C04INCIDENT")).await;
    let word = client.refusal(&token, POST, &params("C03PAYMENTS")).await;
    assert_eq!(word, "fatal_error");
    let count = |told: Value| told["message_count"].clone();
    let payments = "/slack/channels/C03PAYMENTS";
    assert_eq!(count(client.told(payments).await), 0);

    let lose = json!({"side": "slack", "path": "/api/chat.", "body": "reset", "times": 1});
    client.control("/faults", lose).await;
    let lost = client.slack(&token, POST, &params("C03PAYMENTS")).await;
    assert!(lost.body.is_err());
    assert_eq!(count(client.told(payments).await), 1);

    let limit = json!({"side": "slack", "path": "/api/chat.", "status": 429, "seconds": 60});
    client.control("/faults", limit).await;
    let limited = client.slack(&token, POST, &params("C03PAYMENTS")).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limited.header("retry-after"), "60");

    let calls = client.told("/slack/calls?method=chat").await;
    let calls = calls["calls"].as_array().expect("calls");
    let channels: Vec<&Value> = calls
        .iter()
        .map(|call| &call["params"]["channel"])
        .collect();
    assert_eq!(
        channels,
        ["C04INCIDENT", "C03PAYMENTS"],
        "those that were done"
    );
    assert!(
        calls
            .iter()
            .all(|call| call["params"].get("token").is_none())
    );
    let times: BTreeSet<&str> = calls
        .iter()
        .filter_map(|call| call["at"].as_str())
        .collect();
    assert_eq!(times.len(), 2);
}
