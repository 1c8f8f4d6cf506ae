//! Slack's pages, by which somebody who tries the product sees what it did.

use axum::http::StatusCode;
use serde_json::json;

use crate::client::{Answer, Client};

const OLIVIA: [(&str, &str); 1] = [("cookie", "sandbox_person=U09OLIVIAB")];
const CHANNEL: &str = "/slack/client/T01LIGHTHSE/C03PAYMENTS";

async fn seen(client: &Client, path: &str) -> Answer {
    client.send("GET", path, &OLIVIA, "").await
}

#[tokio::test]
async fn whoever_signs_in_sees_their_channels() {
    let client = Client::new();
    let choice = client.send("GET", "/slack/client", &[], "").await;
    assert!(choice.text().contains("<bdi>Olivia Bennett</bdi>"));
    let stranger = client.send("GET", CHANNEL, &[], "").await;
    assert_eq!(stranger.header("location"), "/slack/client");
    let chosen = client
        .form("/slack/client", &[], &[("person", "U09OLIVIAB")])
        .await;
    assert_eq!(
        chosen.header("location"),
        "/slack/client/T01LIGHTHSE/C01GENERAL1"
    );
    let page = seen(&client, chosen.header("location")).await;
    assert!(
        page.text().contains("#payments-leads (private)"),
        "she is in it"
    );
    let wei = [("cookie", "sandbox_person=U07WEIZHAN")];
    let page = client
        .send("GET", chosen.header("location"), &wei, "")
        .await;
    assert!(!page.text().contains("payments-leads"));
    let private = "/slack/client/T01LIGHTHSE/C05PAYLEADS";
    assert_eq!(
        client.send("GET", private, &wei, "").await.status,
        StatusCode::NOT_FOUND
    );
    let calls = &client.told("/counters").await["slack"]["total"];
    assert_eq!(*calls, 0, "looking on is no call");
}

#[tokio::test]
async fn a_channel_shows_topic_and_messages() {
    let client = Client::new();
    let token = client.bot("chat:write,chat:write.public").await;
    let topic = json!({"topic": "On duty: <b>Ada</b>"});
    client
        .control("/slack/channels/C03PAYMENTS/topic", topic)
        .await;
    let blocks = json!([
        {"type": "section", "text": {"type": "mrkdwn", "text": "*<@U09OLIVIAB>* is on duty"}},
        {"type": "actions", "block_id": "b", "elements": [
            {"type": "button", "action_id": "ack", "text": {"type": "plain_text", "text": "ACK & go"}},
        ]},
    ]);
    let blocks = blocks.to_string();
    let params = [
        ("channel", "C03PAYMENTS"),
        ("text", "x"),
        ("blocks", blocks.as_str()),
    ];
    client.done(&token, "chat.postMessage", &params).await;
    let alone = [
        ("channel", "C03PAYMENTS"),
        ("user", "U01ADAOKAF"),
        ("text", "for Ada alone"),
    ];
    client.done(&token, "chat.postEphemeral", &alone).await;
    let page = seen(&client, CHANNEL).await;
    for text in [
        "<span id=\"topic\">On duty: &lt;b&gt;Ada&lt;/b&gt;</span>",
        "<strong><b class=\"mention\"><bdi>@Olivia Bennett</bdi></b></strong> is on duty",
        "<button class=\"\" name=\"use\" value=\"b|ack\">ACK &amp; go</button>",
    ] {
        assert!(page.text().contains(text), "{text}\n{}", page.text());
    }
    assert!(!page.text().contains("for Ada alone"));
}

#[tokio::test]
async fn a_line_is_posted_and_a_press_wants_an_app() {
    let client = Client::new();
    let sent = client
        .form(CHANNEL, &OLIVIA, &[("line", "hello <b>")])
        .await;
    assert_eq!(sent.header("location"), CHANNEL);
    assert!(
        seen(&client, CHANNEL)
            .await
            .text()
            .contains("<p>hello &lt;b&gt;</p>")
    );
    let command = client.form(CHANNEL, &OLIVIA, &[("line", "/rr")]).await;
    assert_eq!(command.status, StatusCode::BAD_REQUEST);
    assert!(command.text().contains("register its manifest"));
}

#[tokio::test]
async fn user_groups_are_shown_with_their_members() {
    let client = Client::new();
    let page = seen(&client, "/slack/client/T01LIGHTHSE/groups").await;
    assert!(page.text().contains("<th>@payments-oncall</th>"));
    assert!(page.text().contains("<bdi>Siobhán O&#39;Neill</bdi>"));
}

#[tokio::test]
async fn a_manifest_is_taken_on_a_page() {
    let client = Client::new();
    let manifest = json!({"display_information": {"name": "Round Robin"}}).to_string();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("new_app", "1")
        .append_pair("manifest_json", &manifest)
        .finish();
    let page = client
        .send("GET", &format!("/slack/apps?{query}"), &[], "")
        .await;
    assert!(page.text().contains("display_information"));
    let made = client
        .form("/slack/apps", &[], &[("manifest_json", &manifest)])
        .await;
    assert!(made.text().contains("is registered"));
    let odd = client
        .form("/slack/apps", &[], &[("manifest_json", "{}")])
        .await;
    assert!(odd.text().contains("display_information.name"));
}

#[tokio::test]
async fn what_is_uncertain_about_slack_is_chosen_on_a_page() {
    let client = Client::new();
    let address = "/slack/client/T01LIGHTHSE/settings";
    let page = seen(&client, CHANNEL).await;
    assert!(page.text().contains(address), "it is found from a channel");
    let page = seen(&client, address).await;
    assert!(page.text().contains("value=\"refused\" selected"));
    let chosen = [
        ("emptying_groups", "done_with_error"),
        ("equal_topic_posts", "false"),
    ];
    let saved = client.form(address, &OLIVIA, &chosen).await;
    assert_eq!(saved.header("location"), address);
    let page = seen(&client, address).await;
    assert!(page.text().contains("value=\"done_with_error\" selected"));
    let told = client.told("/slack/settings").await;
    assert_eq!(told["emptying_groups"], "done_with_error");
    assert_eq!(told["equal_topic_posts"], false);
    assert_eq!(told["plan"], "paid", "what was not chosen stays");
    let odd = client
        .form(address, &OLIVIA, &[("plan", "of tomorrow")])
        .await;
    assert!(odd.text().contains("of tomorrow"));
    let stranger = client.form(address, &[], &chosen).await;
    assert_eq!(stranger.header("location"), "/slack/client");
}
