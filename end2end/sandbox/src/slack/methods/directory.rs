//! The methods that read the directory, and those about the token itself. What a token may see depends on
//! its scopes, and an address without `users:read.email` is simply absent.

use serde_json::{Value, json};

use crate::{
    clock::Clock,
    slack::{
        BOT_ID, Person, Role, Workspace, bot_user,
        call::{Call, Method, Outcome},
        caller::Caller,
        limits::Tier,
        paging::{LONGEST_PAGE, page},
    },
    zones,
};

const PEOPLE: &[&str] = &["users:read"];

pub const METHODS: [Method; 5] = [
    Method {
        name: "auth.test",
        scopes: &[],
        tier: Tier::Special,
        reads_json: false,
        run: auth_test,
    },
    Method {
        name: "auth.revoke",
        scopes: &[],
        tier: Tier::Three,
        reads_json: false,
        run: auth_revoke,
    },
    Method {
        name: "team.info",
        scopes: &["team:read"],
        tier: Tier::Three,
        reads_json: false,
        run: team_info,
    },
    Method {
        name: "users.info",
        scopes: PEOPLE,
        tier: Tier::Four,
        reads_json: false,
        run: users_info,
    },
    Method {
        name: "users.list",
        scopes: PEOPLE,
        tier: Tier::Two,
        reads_json: false,
        run: users_list,
    },
];

fn auth_test(call: &mut Call<'_>) -> Outcome {
    let (workspace, caller) = (&call.workspace, call.caller);
    let person = workspace.people.iter().find(|one| one.id == caller.user);
    let mut told = json!({
        "url": format!("https://{}.slack.com/", workspace.domain),
        "team": workspace.name,
        "user": person.map_or_else(|| bot_user().user_name(), Person::user_name),
        "team_id": workspace.id,
        "user_id": caller.user,
        "is_enterprise_install": false,
    });
    if caller.is_bot {
        told["bot_id"] = json!(BOT_ID);
    }
    Ok(told)
}

fn auth_revoke(call: &mut Call<'_>) -> Outcome {
    call.ends_token = !call.params.is_set("test");
    Ok(json!({"revoked": call.ends_token}))
}

fn team_info(call: &mut Call<'_>) -> Outcome {
    let workspace = &call.workspace;
    Ok(json!({"team": {
        "id": workspace.id,
        "name": workspace.name,
        "domain": workspace.domain,
        "email_domain": "",
        "icon": {"image_default": true},
    }}))
}

fn users_info(call: &mut Call<'_>) -> Outcome {
    let wanted = call.params.get("user").unwrap_or_default();
    everyone(call.workspace, call.caller, call.base_url)
        .into_iter()
        .find(|user| user["id"] == wanted || user["enterprise_user"]["id"] == wanted)
        .map(|user| json!({"user": user}))
        .ok_or_else(|| "user_not_found".into())
}

fn users_list(call: &mut Call<'_>) -> Outcome {
    let mut everyone = everyone(call.workspace, call.caller, call.base_url);
    let unlisted = |id: &Value| {
        let people = &call.workspace.people;
        people
            .iter()
            .any(|person| person.unlisted && *id == person.id)
    };
    everyone.retain(|user| !unlisted(&user["id"]));
    let (members, next_cursor) = page(everyone, call.params, "user", LONGEST_PAGE)?;
    Ok(json!({
        "members": members,
        "cache_ts": Clock::machine().as_second(),
        "response_metadata": {"next_cursor": next_cursor},
    }))
}

/// The people, deactivated ones too, the app's bot, and Slackbot, who claims not to be one.
fn everyone(workspace: &Workspace, caller: &Caller, base_url: &str) -> Vec<Value> {
    let with_email = caller.has("users:read.email");
    let mut users: Vec<Value> = workspace
        .people
        .iter()
        .map(|person| {
            let mut user = shown(workspace, person, base_url);
            if with_email {
                user["profile"]["email"] = json!(person.email);
            }
            for (field, value) in &person.shown_as {
                user[field] = value.clone();
            }
            user
        })
        .collect();
    let mut bot = shown(workspace, &bot_user(), base_url);
    bot["is_bot"] = json!(true);
    let slackbot = Person::new("USLACKBOT", "Slackbot", "", Role::Member, "UTC");
    users.push(bot);
    users.push(shown(workspace, &slackbot, base_url));
    users
}

fn shown(workspace: &Workspace, person: &Person, base_url: &str) -> Value {
    let first_name = person.name.split(' ').next().unwrap_or_default();
    let mut user = json!({
        "id": person.id,
        "team_id": workspace.id,
        "name": person.user_name(),
        "deleted": person.deactivated,
        "profile": {
            "real_name": person.name,
            "real_name_normalized": person.name,
            "display_name": first_name,
            "display_name_normalized": first_name,
            "image_48": picture(base_url, person),
            "image_72": picture(base_url, person),
            "image_192": picture(base_url, person),
            "team": workspace.id,
        },
        "is_bot": false,
        "is_app_user": person.is_app_user,
        "updated": 1_780_000_000,
    });
    // Slack says nothing about the role of somebody who was deactivated.
    if !person.deactivated {
        user["real_name"] = json!(person.name);
        user["tz"] = json!(person.time_zone);
        user["tz_offset"] = json!(offset_now(&person.time_zone));
        user["is_admin"] = json!(person.role.is_admin());
        user["is_owner"] = json!(person.role.is_owner());
        user["is_primary_owner"] = json!(person.role == Role::PrimaryOwner);
        user["is_restricted"] = json!(person.role == Role::Guest);
        user["is_ultra_restricted"] = json!(false);
    }
    user
}

fn offset_now(zone: &str) -> i32 {
    zones::find(zone).map_or(0, |zone| zone.to_offset(Clock::machine()).seconds())
}

pub fn picture(base_url: &str, person: &Person) -> String {
    format!("{base_url}/avatars/{}", person.id)
}
