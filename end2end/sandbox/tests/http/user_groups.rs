//! User groups: who may change them, what a whole list does to them, and what is uncertain about them.

use serde_json::{Value, json};

use crate::client::Client;

const SCOPES: &str = "usergroups:read,usergroups:write,channels:read";
const WRITE: &str = "usergroups.users.update";

fn members(users: &str) -> [(&str, &str); 2] {
    [("usergroup", "S02PAYMENTS"), ("users", users)]
}

async fn users(client: &Client) -> Value {
    client.told("/slack/groups/S02PAYMENTS").await["users"].clone()
}

#[tokio::test]
async fn a_whole_list_takes_the_place_of_the_members() {
    let client = Client::new();
    let token = client.bot(SCOPES).await;
    let written = members("U09OLIVIAB,U10DIEGOFU,U09OLIVIAB");
    let answer = client.done(&token, WRITE, &written).await;
    assert_eq!(answer["usergroup"]["user_count"], 2);
    let read = client
        .done(&token, "usergroups.users.list", &written[..1])
        .await;
    assert_eq!(read["users"], json!(["U09OLIVIAB", "U10DIEGOFU"]));
    for (params, word) in [
        (members("U09OLIVIAB,UNOBODY"), "invalid_users"),
        (members("U15BRUNOCO"), "invalid_users"),
        (members("U14SAMCART"), "invalid_users"),
        (members(""), "no_users_provided"),
        (
            [("usergroup", "S00"), ("users", "U09OLIVIAB")],
            "no_such_subteam",
        ),
    ] {
        assert_eq!(client.refusal(&token, WRITE, &params).await, word);
    }
    client
        .control("/slack/settings", json!({"group_size": 1}))
        .await;
    assert_eq!(
        client.refusal(&token, WRITE, &written).await,
        "subteam_max_users_exceeded"
    );
    assert_eq!(users(&client).await, json!(["U09OLIVIAB", "U10DIEGOFU"]));
}

#[tokio::test]
async fn half_of_a_write_may_be_done() {
    let client = Client::new();
    let token = client.bot(SCOPES).await;
    client
        .control("/slack/groups/S02PAYMENTS/half-fail", json!({}))
        .await;
    let written = members("U01ADAOKAF,U02HENRIKL,U03PRIYARA");
    assert_eq!(
        client.refusal(&token, WRITE, &written).await,
        "failed_for_some_users"
    );
    assert_eq!(users(&client).await, json!(["U01ADAOKAF"]));
    client.done(&token, WRITE, &written).await;
    assert_eq!(
        users(&client).await,
        json!(["U01ADAOKAF", "U02HENRIKL", "U03PRIYARA"])
    );
}

#[tokio::test]
async fn emptying_a_group_goes_as_the_switch_says() {
    for (mode, written, word, left) in [
        ("refused", "[]", Some("no_users_provided"), 1),
        ("by_brackets", "", Some("no_users_provided"), 1),
        ("by_brackets", "[]", None, 0),
        ("done_with_error", "", Some("no_users_provided"), 0),
    ] {
        let client = Client::new();
        let token = client.bot(SCOPES).await;
        client
            .control("/slack/settings", json!({"emptying_groups": mode}))
            .await;
        let answer = client.slack(&token, WRITE, &members(written)).await.json();
        assert_eq!(answer["error"].as_str(), word, "{mode} {written}");
        let left_in_it = users(&client).await.as_array().map(Vec::len);
        assert_eq!(left_in_it, Some(left), "{mode} {written}");
    }
}

#[tokio::test]
async fn who_may_change_groups_is_the_workspaces_setting() {
    let client = Client::new();
    let bot = client.bot(SCOPES).await;
    let (admin, member) = (
        client.user_token("U03PRIYARA").await,
        client.user_token("U05TOMASHE").await,
    );
    let params = members("U09OLIVIAB");
    client
        .control("/slack/settings", json!({"group_editors": "admins"}))
        .await;
    for (token, word) in [
        (&bot, Some("permission_denied")),
        (&admin, None),
        (&member, Some("permission_denied")),
    ] {
        let answer = client.slack(token, WRITE, &params).await.json();
        assert_eq!(answer["error"].as_str(), word);
    }
    let group = client.told("/slack/groups/S02PAYMENTS").await;
    assert_eq!(group["updated_by"], "U03PRIYARA");
    client.done(&bot, "usergroups.list", &[]).await;

    let whose = json!({"person": "U03PRIYARA"});
    client.control("/slack/user-tokens/revoke", whose).await;
    assert_eq!(
        client.refusal(&admin, WRITE, &params).await,
        "token_revoked"
    );
    client
        .control("/slack/settings", json!({"group_editors": "everyone"}))
        .await;
    client.done(&bot, WRITE, &params).await;
    client.done(&member, WRITE, &params).await;
    client.done(&member, "auth.revoke", &[]).await;
    assert_eq!(
        client.refusal(&member, "auth.test", &[]).await,
        "token_revoked"
    );
}

#[tokio::test]
async fn a_free_plan_has_no_groups() {
    let client = Client::new();
    let token = client.bot(SCOPES).await;
    for (settings, word) in [
        (json!({"plan": "free"}), "plan_upgrade_required"),
        (
            json!({"plan_refusal": "paid_teams_only"}),
            "paid_teams_only",
        ),
    ] {
        client.control("/slack/settings", settings).await;
        for (method, params) in [
            ("usergroups.list", &[][..]),
            ("usergroups.create", &[("name", "x")][..]),
            (WRITE, &members("U09OLIVIAB")[..]),
        ] {
            assert_eq!(client.refusal(&token, method, params).await, word);
        }
    }
}

#[tokio::test]
async fn groups_are_made_changed_and_disabled() {
    let client = Client::new();
    let token = client.bot(SCOPES).await;
    for (name, handle, word) in [
        ("Payments on call", "other", "name_already_exists"),
        ("Other", "payments-oncall", "handle_already_exists"),
        ("Other", "payments", "handle_already_exists"),
        ("Other", "wei.zhang", "handle_already_exists"),
        ("Other", "Other!", "bad_handle"),
        ("Other", "everyone", "bad_handle"),
        ("Other", "a-handle-of-22-letters", "bad_handle"),
    ] {
        let params = [("name", name), ("handle", handle)];
        assert_eq!(
            client.refusal(&token, "usergroups.create", &params).await,
            word,
            "{handle}"
        );
    }
    let params = [
        ("name", "Desk"),
        ("handle", "desk"),
        ("description", "Books"),
    ];
    let made = client.done(&token, "usergroups.create", &params).await;
    let id = (
        "usergroup",
        made["usergroup"]["id"].as_str().expect("an id"),
    );
    let renamed = [id, ("handle", "front-desk")];
    let changed = client.done(&token, "usergroups.update", &renamed).await;
    assert_eq!(
        (
            &changed["usergroup"]["handle"],
            &changed["usergroup"]["name"]
        ),
        (&json!("front-desk"), &json!("Desk"))
    );
    let disabled = client.done(&token, "usergroups.disable", &[id]).await;
    assert_ne!(disabled["usergroup"]["date_delete"], 0);
    let handles = |list: Value| -> Vec<String> {
        let rows = list["usergroups"].as_array().expect("groups").clone();
        rows.iter()
            .map(|row| row["handle"].as_str().expect("a handle").to_owned())
            .collect()
    };
    let shown = client.done(&token, "usergroups.list", &[]).await;
    assert_eq!(shown["usergroups"][0].get("users"), None);
    assert_eq!(handles(shown), ["platform-oncall", "payments-oncall"]);
    let all = [("include_disabled", "true"), ("include_users", "true")];
    let all = client.done(&token, "usergroups.list", &all).await;
    assert_eq!(all["usergroups"][1]["users"], json!(["U11SIOBHAN"]));
    assert_eq!(
        handles(all),
        ["platform-oncall", "payments-oncall", "front-desk"]
    );
    let enabled = client.done(&token, "usergroups.enable", &[id]).await;
    assert_eq!(enabled["usergroup"]["date_delete"], 0);
}

#[tokio::test]
async fn groups_of_others_and_with_channels_are_as_at_slack() {
    let client = Client::new();
    let token = client.bot(SCOPES).await;
    let external = json!({"id": "S03COFFEE", "handle": "coffee", "external": true});
    client.control("/slack/groups", external).await;
    let params = [("usergroup", "S03COFFEE"), ("users", "U09OLIVIAB")];
    assert_eq!(
        client.refusal(&token, WRITE, &params).await,
        "permission_denied"
    );
    let with_channel = json!({"id": "S04DESK", "handle": "desk", "channels": ["C04INCIDENT"]});
    client.control("/slack/groups", with_channel).await;
    let params = [("usergroup", "S04DESK"), ("users", "U12KENJISA")];
    client.done(&token, WRITE, &params).await;
    let channel = client.told("/slack/channels/C04INCIDENT").await;
    let is_in = |members: &Value| {
        members
            .as_array()
            .expect("members")
            .contains(&json!("U12KENJISA"))
    };
    assert!(is_in(&channel["members"]));
}

#[tokio::test]
async fn scopes_come_and_go_and_an_installation_returns() {
    let client = Client::new();
    let token = client.bot("usergroups:read").await;
    let params = members("U09OLIVIAB");
    assert_eq!(
        client.refusal(&token, WRITE, &params).await,
        "missing_scope"
    );
    let scope = json!({"scope": "usergroups:write"});
    client.control("/slack/token/add-scope", scope).await;
    client.done(&token, WRITE, &params).await;
    client.control("/slack/token/expire", json!({})).await;
    assert_eq!(
        client.refusal(&token, WRITE, &params).await,
        "token_expired"
    );
    client.control("/slack/token/restore", json!({})).await;
    client.done(&token, WRITE, &params).await;
}
