//! Channels: what the app sees of them, joining, topics, direct messages, and what people do meanwhile.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::client::Client;

const ALL: &str =
    "channels:read,groups:read,im:read,channels:join,channels:manage,groups:write,im:write";

fn names(answer: &Value) -> Vec<&str> {
    let rows = answer["channels"].as_array().expect("channels");
    rows.iter()
        .map(|row| row["name"].as_str().expect("a name"))
        .collect()
}

#[tokio::test]
async fn a_private_channel_is_there_only_for_whom_it_has() {
    let client = Client::new();
    let token = client.bot(ALL).await;
    let private = [("types", "public_channel,private_channel")];
    let info = [("channel", "C05PAYLEADS")];
    let list = client.done(&token, "conversations.list", &private).await;
    assert!(names(&list).contains(&"payments") && !names(&list).contains(&"payments-leads"));
    assert_eq!(
        client.refusal(&token, "conversations.info", &info).await,
        "channel_not_found"
    );
    let invited = json!({"add": ["U0RRBOT001"]});
    client
        .control("/slack/channels/C05PAYLEADS/members", invited)
        .await;
    let list = client.done(&token, "conversations.list", &private).await;
    assert!(names(&list).contains(&"payments-leads"));
    let channel = &client.done(&token, "conversations.info", &info).await["channel"];
    assert_eq!(
        (&channel["is_private"], &channel["is_member"]),
        (&json!(true), &json!(true))
    );
}

#[tokio::test]
async fn the_list_is_filtered_and_paged() {
    let client = Client::new();
    let token = client.bot("channels:read").await;
    let open = [("exclude_archived", "true"), ("limit", "3")];
    let first = client.done(&token, "conversations.list", &open).await;
    assert_eq!(names(&first), ["general", "platform", "payments"]);
    let cursor = first["response_metadata"]["next_cursor"].as_str();
    let next = [open[0], ("cursor", cursor.expect("a cursor"))];
    let rest = client.done(&token, "conversations.list", &next).await;
    assert_eq!(names(&rest), ["incidents", "book-café", "announcements"]);
    assert_eq!(rest["response_metadata"]["next_cursor"], "");
    for (params, word) in [
        ([("types", "secret_channel")], "invalid_types"),
        ([("cursor", "dXNlcjoy")], "invalid_cursor"),
        ([("types", "private_channel")], "missing_scope"),
    ] {
        assert_eq!(
            client.refusal(&token, "conversations.list", &params).await,
            word
        );
    }
    let shared = client
        .done(&token, "conversations.info", &[("channel", "C07BOOKCAFE")])
        .await;
    assert_eq!(shared["channel"]["is_ext_shared"], true);
}

#[tokio::test]
async fn reading_methods_do_not_understand_json() {
    let client = Client::new();
    let token = format!("Bearer {}", client.bot(ALL).await);
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json; charset=utf-8"),
    ];
    let body = json!({"channel": "C03PAYMENTS", "topic": "Books"}).to_string();
    let asked = |method: &'static str| client.send("POST", method, &headers, &body);
    let read = asked("/slack/api/conversations.info").await.json();
    assert_eq!(read["error"], "invalid_arguments");
    let written = asked("/slack/api/conversations.setTopic").await.json();
    assert_eq!(written["error"], "not_in_channel");
}

#[tokio::test]
async fn only_public_channels_can_be_joined() {
    let client = Client::new();
    let token = client.bot(ALL).await;
    let member = json!({"add": ["U0RRBOT001"]});
    client
        .control("/slack/channels/C05PAYLEADS/members", member)
        .await;
    for (channel, word) in [
        ("C05PAYLEADS", "method_not_supported_for_channel_type"),
        ("C06WAREHOU", "is_archived"),
        ("C00NOWHERE", "channel_not_found"),
    ] {
        let params = [("channel", channel)];
        assert_eq!(
            client.refusal(&token, "conversations.join", &params).await,
            word
        );
    }
    let params = [("channel", "C03PAYMENTS")];
    let joined = client.done(&token, "conversations.join", &params).await;
    assert_eq!(
        (&joined["channel"]["is_member"], &joined["warning"]),
        (&json!(true), &Value::Null)
    );
    let again = client.done(&token, "conversations.join", &params).await;
    assert_eq!(again["warning"], "already_in_channel");
}

#[tokio::test]
async fn a_topic_is_told_encoded_and_posts_a_line_each_time() {
    let client = Client::new();
    let token = client.bot(ALL).await;
    let topic = [
        ("channel", "C03PAYMENTS"),
        ("topic", "On duty: Ada & Tomás"),
    ];
    let set = |params| client.refusal(&token, "conversations.setTopic", params);
    assert_eq!(set(&topic).await, "not_in_channel");
    client.done(&token, "conversations.join", &topic[..1]).await;
    let long = "x".repeat(251);
    let too_long = [topic[0], ("topic", long.as_str())];
    assert_eq!(set(&too_long).await, "too_long");

    let lines = || async {
        let channel = client.told("/slack/channels/C03PAYMENTS").await;
        let messages = channel["messages"].as_array().expect("messages").clone();
        let is_line = |message: &&Value| message["subtype"] == "channel_topic";
        messages.iter().filter(is_line).count()
    };
    for expected in [1, 2] {
        let answer = client.done(&token, "conversations.setTopic", &topic).await;
        let told = "On duty: Ada &amp; Tomás";
        assert_eq!(answer["channel"]["topic"]["value"], told);
        assert_eq!(lines().await, expected);
    }
    let quiet = json!({"equal_topic_posts": false});
    client.control("/slack/settings", quiet).await;
    client.done(&token, "conversations.setTopic", &topic).await;
    assert_eq!(lines().await, 2);

    let refused = json!({"topics": true});
    client
        .control("/slack/channels/C03PAYMENTS/refuse", refused)
        .await;
    assert_eq!(set(&topic).await, "user_is_restricted");
    client
        .control("/slack/channels/C03PAYMENTS/archive", json!({}))
        .await;
    assert_eq!(set(&topic).await, "is_archived");
}

#[tokio::test]
async fn private_channels_have_scopes_of_their_own() {
    let client = Client::new();
    let token = client
        .bot("channels:read,channels:write.topic,channels:join")
        .await;
    let params = [("channel", "C03PAYMENTS"), ("topic", "Books")];
    client
        .done(&token, "conversations.join", &params[..1])
        .await;
    client.done(&token, "conversations.setTopic", &params).await;
    client
        .control("/slack/channels/C03PAYMENTS/make-private", json!({}))
        .await;
    let refused = client
        .slack(&token, "conversations.setTopic", &params)
        .await;
    assert_eq!(
        (&refused.json()["error"], &refused.json()["needed"]),
        (
            &json!("missing_scope"),
            &json!("groups:write,groups:write.topic")
        )
    );
    let info = client.slack(&token, "conversations.info", &params[..1]);
    assert_eq!(info.await.json()["needed"], "groups:read");
}

#[tokio::test]
async fn a_renamed_channel_keeps_its_id() {
    let client = Client::new();
    let token = client.bot("channels:read").await;
    let name = json!({"name": "pay"});
    client
        .control("/slack/channels/C03PAYMENTS/rename", name)
        .await;
    let params = [("channel", "C03PAYMENTS")];
    let channel = client.done(&token, "conversations.info", &params).await["channel"].clone();
    assert_eq!(channel["name"], "pay");
    assert_eq!(channel["previous_names"], json!(["payments"]));
}

#[tokio::test]
async fn direct_messages_are_opened_once() {
    let client = Client::new();
    let token = client.bot(ALL).await;
    let hidden = json!({"hidden": true});
    client
        .control("/slack/people/U08JUERGEN/hide", hidden)
        .await;
    for (users, word) in [
        ("UNOBODY", "user_not_found"),
        ("U15BRUNOCO", "user_disabled"),
        ("U08JUERGEN", "user_not_visible"),
        ("U0RRBOT001", "cannot_dm_bot"),
        ("", "users_list_not_supplied"),
        ("U01ADAOKAF,U02HENRIKL", "missing_scope"),
    ] {
        let params = [("users", users)];
        assert_eq!(
            client.refusal(&token, "conversations.open", &params).await,
            word
        );
    }
    let params = [("users", "U05TOMASHE")];
    let first = client.done(&token, "conversations.open", &params).await;
    let again = client.done(&token, "conversations.open", &params).await;
    assert_eq!(first["channel"]["id"], again["channel"]["id"]);
    assert_eq!(
        (&first["already_open"], &again["already_open"]),
        (&Value::Null, &json!(true))
    );
}

#[tokio::test]
async fn each_method_has_its_own_limit_in_each_workspace() {
    let client = Client::new();
    let token = client.bot(ALL).await;
    let params = [("channel", "C03PAYMENTS")];
    for _ in 0..20 {
        client.done(&token, "conversations.list", &[]).await;
    }
    let refused = client.slack(&token, "conversations.list", &[]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.json(), json!({"ok": false, "error": "ratelimited"}));
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    client.done(&token, "conversations.info", &params).await;

    client
        .control("/slack/limits", json!({"enforced": false}))
        .await;
    client.done(&token, "conversations.list", &[]).await;
}

#[tokio::test]
async fn of_private_channels_those_are_told_that_both_are_in() {
    let client = Client::new();
    let token = client.bot("channels:read,groups:read").await;
    let of = async |user: &str| {
        let params = [("user", user), ("types", "private_channel")];
        let told = client.done(&token, "users.conversations", &params).await;
        let channels = told["channels"].as_array().unwrap().iter();
        let ids = channels.map(|one| one["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(of("U01ADAOKAF").await, [""; 0], "the app is in none");
    let invited = json!({"add": ["U0RRBOT001"]});
    client
        .control("/slack/channels/C05PAYLEADS/members", invited)
        .await;
    assert_eq!(of("U01ADAOKAF").await, ["C05PAYLEADS"]);
    assert_eq!(of("U05TOMASHE").await, [""; 0]);
    let nobody = [("user", "U0NOBODY00")];
    let refused = client.refusal(&token, "users.conversations", &nobody).await;
    assert_eq!(refused, "user_not_found");
}
