//! User groups as the app sees them. They need a paid plan, and whether the app may change them is the
//! workspace's own setting; members are written as a whole list.

use serde_json::{Value, json};

use crate::{
    clock::Clock,
    minting,
    slack::{
        Role, Workspace,
        call::{Call, Method, Outcome},
        caller::{Caller, Refusal},
        group::UserGroup,
        limits::Tier,
        settings::{Emptying, GroupEditors, Plan},
    },
};

const READING: &[&str] = &["usergroups:read"];
const WRITING: &[&str] = &["usergroups:write"];

pub const METHODS: [Method; 7] = [
    reading("usergroups.list", list),
    reading("usergroups.users.list", users),
    writing("usergroups.create", create),
    writing("usergroups.update", update),
    writing("usergroups.enable", enable),
    writing("usergroups.disable", disable),
    writing("usergroups.users.update", update_users),
];

const fn reading(name: &'static str, run: fn(&mut Call<'_>) -> Outcome) -> Method {
    Method {
        name,
        scopes: READING,
        tier: Tier::Two,
        reads_json: false,
        run,
    }
}

const fn writing(name: &'static str, run: fn(&mut Call<'_>) -> Outcome) -> Method {
    Method {
        name,
        scopes: WRITING,
        tier: Tier::Two,
        reads_json: true,
        run,
    }
}

/// Whether the workspace has groups at all.
fn check_plan(workspace: &Workspace) -> Result<(), Refusal> {
    match workspace.settings.plan {
        Plan::Paid => Ok(()),
        Plan::Free => Err(workspace.settings.plan_refusal.word().into()),
    }
}

fn check_editor(workspace: &Workspace, caller: &Caller) -> Result<(), Refusal> {
    check_plan(workspace)?;
    let role = workspace
        .people
        .iter()
        .find(|person| person.id == caller.user)
        .map(|person| person.role);
    let may = match workspace.settings.group_editors {
        GroupEditors::Everyone => role != Some(Role::Guest),
        GroupEditors::Admins => role.is_some_and(Role::is_admin),
    };
    may.then_some(()).ok_or_else(|| "permission_denied".into())
}

/// The group that the parameters name, which the caller may change.
fn editable(call: &Call<'_>) -> Result<UserGroup, Refusal> {
    check_editor(call.workspace, call.caller)?;
    let id = call.wanted("usergroup")?;
    let group = call.workspace.group(id).ok_or("no_such_subteam")?;
    if group.external {
        return Err("permission_denied".into());
    }
    Ok(group.clone())
}

fn list(call: &mut Call<'_>) -> Outcome {
    check_plan(call.workspace)?;
    let with_disabled = call.params.is_set("include_disabled");
    let groups: Vec<Value> = call
        .workspace
        .groups
        .iter()
        .filter(|group| with_disabled || group.deleted == 0)
        .map(|group| {
            let mut row = shown(call.workspace, group, call.params.is_set("include_users"));
            if !call.params.is_set("include_count")
                && let Some(fields) = row.as_object_mut()
            {
                fields.remove("user_count");
            }
            row
        })
        .collect();
    Ok(json!({"usergroups": groups}))
}

fn users(call: &mut Call<'_>) -> Outcome {
    check_plan(call.workspace)?;
    let with_disabled = call.params.is_set("include_disabled");
    let group = call
        .workspace
        .group(call.wanted("usergroup")?)
        .filter(|group| with_disabled || group.deleted == 0)
        .ok_or("no_such_subteam")?;
    Ok(json!({"users": group.users}))
}

fn create(call: &mut Call<'_>) -> Outcome {
    check_editor(call.workspace, call.caller)?;
    let name = call.wanted("name")?.to_owned();
    let handle = match call.params.given("handle") {
        Some(handle) => handle.to_owned(),
        None => name.to_lowercase().replace(' ', "-"),
    };
    call.workspace.check_group_name(&name, None)?;
    call.workspace.check_handle(&handle, None)?;
    let now = Clock::machine().as_second();
    let id = format!("S{}", minting::hex(5).to_uppercase());
    let mut group = UserGroup {
        created: now,
        updated: now,
        channels: channels(call)?.unwrap_or_default(),
        ..UserGroup::new(&id, &handle, &name, &call.caller.user, &[])
    };
    group.description = call
        .params
        .get("description")
        .unwrap_or_default()
        .to_owned();
    let answer = json!({"usergroup": shown(call.workspace, &group, true)});
    call.workspace.groups.push(group);
    call.workspace.tell_group(&id, "created");
    Ok(answer)
}

/// The default channels, if they are given.
fn channels(call: &Call<'_>) -> Result<Option<Vec<String>>, Refusal> {
    if call.params.get("channels").is_none() {
        return Ok(None);
    }
    let channels = call.params.list("channels");
    let known = |id: &String| {
        call.workspace
            .conversation(id)
            .is_some_and(|one| one.is_seen_by(&call.caller.user) && !one.is_direct())
    };
    if !channels.iter().all(known) {
        return Err("channel_not_found".into());
    }
    Ok(Some(channels))
}

fn update(call: &mut Call<'_>) -> Outcome {
    let group = editable(call)?;
    let params = call.params;
    if let Some(name) = params.given("name") {
        call.workspace.check_group_name(name, Some(&group.id))?;
    }
    if let Some(handle) = params.given("handle") {
        call.workspace.check_handle(handle, Some(&group.id))?;
    }
    let channels = channels(call)?;
    changed(call, &group.id, |group| {
        if let Some(name) = params.given("name") {
            group.name = name.to_owned();
        }
        if let Some(handle) = params.given("handle") {
            group.handle = handle.to_owned();
        }
        if let Some(description) = params.get("description") {
            group.description = description.to_owned();
        }
        if let Some(channels) = channels {
            group.channels = channels;
        }
    })
}

fn enable(call: &mut Call<'_>) -> Outcome {
    let group = editable(call)?;
    changed(call, &group.id, |group| group.deleted = 0)
}

fn disable(call: &mut Call<'_>) -> Outcome {
    let group = editable(call)?;
    changed(call, &group.id, |group| {
        group.deleted = Clock::machine().as_second()
    })
}

/// Changes the group in the caller's name and shows it.
fn changed(call: &mut Call<'_>, id: &str, change: impl FnOnce(&mut UserGroup)) -> Outcome {
    if let Some(group) = call.workspace.group_mut(id) {
        change(group);
        group.updated = Clock::machine().as_second();
        group.updated_by = call.caller.user.clone();
    }
    call.workspace.tell_group(id, "updated");
    told(call, id)
}

fn told(call: &Call<'_>, id: &str) -> Outcome {
    let group = call.workspace.group(id).ok_or("no_such_subteam")?;
    Ok(json!({"usergroup": shown(call.workspace, group, true)}))
}

fn update_users(call: &mut Call<'_>) -> Outcome {
    let group = editable(call)?;
    let written = call.params.get("users").unwrap_or_default().trim();
    let by = &call.caller.user;
    if matches!(written, "" | "[]") {
        return match call.workspace.settings.emptying_groups {
            Emptying::ByBrackets if written == "[]" => {
                call.workspace.set_group_users(&group.id, Vec::new(), by);
                told(call, &group.id)
            }
            Emptying::DoneWithError => {
                call.workspace.set_group_users(&group.id, Vec::new(), by);
                Err("no_users_provided".into())
            }
            Emptying::Refused | Emptying::ByBrackets => Err("no_users_provided".into()),
        };
    }
    let mut users: Vec<String> = Vec::new();
    for user in call.params.list("users") {
        let fits = |id: &str| {
            let person = call.workspace.people.iter().find(|one| one.id == id);
            person.is_some_and(|one| !one.deactivated && one.role != Role::Guest)
        };
        if !fits(&user) {
            return Err("invalid_users".into());
        }
        if !users.contains(&user) {
            users.push(user);
        }
    }
    if users.len() > call.workspace.settings.group_size {
        return Err("subteam_max_users_exceeded".into());
    }
    if group.half_fails > 0 {
        if let Some(group) = call.workspace.group_mut(&group.id) {
            group.half_fails -= 1;
        }
        let done = users.len() / 2;
        if done > 0 {
            users.truncate(done);
            call.workspace.set_group_users(&group.id, users, by);
        }
        return Err("failed_for_some_users".into());
    }
    call.workspace.set_group_users(&group.id, users, by);
    told(call, &group.id)
}

pub fn shown(workspace: &Workspace, group: &UserGroup, with_users: bool) -> Value {
    let mut row = json!({
        "id": group.id,
        "team_id": workspace.id,
        "is_usergroup": true,
        "is_subteam": true,
        "name": group.name,
        "description": group.description,
        "handle": group.handle,
        "is_external": group.external,
        "date_create": group.created,
        "date_update": group.updated,
        "date_delete": group.deleted,
        "auto_type": null,
        "auto_provision": false,
        "created_by": group.created_by,
        "updated_by": group.updated_by,
        "deleted_by": null,
        "prefs": {"channels": group.channels, "groups": []},
        "user_count": group.users.len(),
    });
    if with_users {
        row["users"] = json!(group.users);
    }
    row
}
