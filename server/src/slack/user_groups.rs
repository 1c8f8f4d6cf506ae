//! The user groups of workspaces. Slack tells of all groups in one answer, so whoever wants to
//! know of one shares that answer with the others.

use super::{
    AskError, DUTY_GROUP, Installed, SlackError, SlackServices,
    client::Granted,
    error::LentTrouble,
    group_writer::{self, Lending, Refusal},
    shapes::{person_id, storable},
};
use domain::{Directory, GroupState, GroupWrite};
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync, time};
use types::{PersonId, SlackGroupId, WorkspaceId};

/// How old an answer may be that tells how a group is before it is written.
pub const FRESH: Duration = Duration::from_secs(5);
/// How old an answer may be in which somebody searches.
pub const SEARCHED: Duration = Duration::from_secs(60);
/// How long Slack is asked at most who is in groups of which its list does not tell that. Whoever
/// writes a group waits for it before and after, and is to come to an end in less than 20 seconds.
const MEMBERS_LIMIT: Duration = Duration::from_secs(5);

const LIST: &str = "usergroups.list";
const LIST_USERS: &str = "usergroups.users.list";
const CREATE: &str = "usergroups.create";
const ENABLE: &str = "usergroups.enable";
const DISABLE: &str = "usergroups.disable";
const UPDATE_USERS: &str = "usergroups.users.update";

/// A user group as Slack tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserGroup {
    pub id: SlackGroupId,
    /// Without the `@`.
    pub handle: String,
    pub name: String,
    /// Absent where Slack does not tell all of it: a part of a list must not be taken for the
    /// whole.
    pub state: Option<GroupState>,
    /// Where it is not known who is in it: whether it is disabled, if Slack tells that.
    disabled: Option<bool>,
    /// It belongs to another organisation.
    pub external: bool,
    /// Its members are made to join channels.
    pub joins_channels: bool,
    /// Who changed it last, if it was a person or an app that Slack names.
    pub updated_by: Option<PersonId>,
}

impl UserGroup {
    /// `None` when it is not even clear which group it is.
    fn read(group: &Value) -> Option<Self> {
        let id = group["id"].as_str().and_then(SlackGroupId::parse)?;
        let handle = group["handle"].as_str().unwrap_or(id.as_str());
        Some(Self {
            handle: storable(handle),
            name: storable(group["name"].as_str().unwrap_or_default()),
            state: state(group),
            disabled: disabled(group),
            id,
            external: group["is_external"] == true,
            joins_channels: [&group["prefs"]["channels"], &group["prefs"]["groups"]]
                .iter()
                .any(|channels| channels.as_array().is_some_and(|list| !list.is_empty())),
            updated_by: person_id(&group["updated_by"]),
        })
    }

    /// The same, with people by the ids by which they are known here.
    fn as_known(&self, directory: &Directory) -> Self {
        let (state, by) = (self.state.as_ref(), self.updated_by.as_ref());
        Self {
            state: state.map(|state| state.as_known(directory)),
            updated_by: by.map(|person| directory.known_id(person)),
            ..self.clone()
        }
    }
}

fn state(group: &Value) -> Option<GroupState> {
    let count = &group["user_count"];
    let is_empty = count.as_i64() == Some(0) || count.as_str() == Some("0");
    let members = match &group["users"] {
        // As Slack tells of a group in which nobody is.
        Value::Null if is_empty => BTreeSet::new(),
        users => {
            let users = users.as_array()?.iter();
            users.map(person_id).collect::<Option<_>>()?
        }
    };
    let disabled = disabled(group)?;
    Some(GroupState { members, disabled })
}

fn disabled(group: &Value) -> Option<bool> {
    match &group["date_delete"] {
        Value::Null => Some(false),
        at => Some(at.as_i64()? != 0),
    }
}

/// Who is in a group, where Slack tells of it alone; absent where one of them cannot be read.
pub(super) fn read_users(answer: &Value) -> Option<BTreeSet<PersonId>> {
    answer["users"].as_array()?.iter().map(person_id).collect()
}

/// All groups of a workspace.
pub type Groups = Arc<Vec<UserGroup>>;

/// What Slack last told of the groups of each workspace. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct UserGroups(Arc<Mutex<HashMap<WorkspaceId, Slot>>>);

/// Whoever reads holds it, so that others wait for the same answer.
type Slot = Arc<sync::Mutex<Option<Told>>>;

#[derive(Clone, Debug)]
struct Told {
    /// When Slack was asked.
    at: Instant,
    groups: Groups,
}

impl UserGroups {
    /// All groups as Slack told of them since then.
    pub async fn told_since(
        &self,
        services: &SlackServices,
        installed: &Installed,
        since: Option<Instant>,
    ) -> Result<Groups, AskError> {
        let slot = self.slot(installed);
        let mut told = slot.lock().await;
        if let Some(Told { at, groups }) = told.as_ref()
            && since.is_some_and(|since| *at >= since)
        {
            return Ok(Arc::clone(groups));
        }
        let at = Instant::now();
        let question = || services.client.user_groups(&installed.token);
        let mut groups = installed.ask(services, LIST, question).await?;
        ask_for_members(services, installed, &mut groups).await?;
        let directory = services.store.directory(&installed.workspace.id).await?;
        let groups = groups.iter().map(|group| group.as_known(&directory));
        let groups: Groups = Arc::new(groups.collect());
        *told = Some(Told {
            at,
            groups: Arc::clone(&groups),
        });
        Ok(groups)
    }

    /// The same as of late, where `age` is how late.
    pub async fn of_late(
        &self,
        services: &SlackServices,
        installed: &Installed,
        age: Duration,
    ) -> Result<Groups, AskError> {
        let since = Instant::now().checked_sub(age);
        self.told_since(services, installed, since).await
    }

    /// Writes into a group, and tells how Slack says that the group is now. Where Slack does not,
    /// or may have written something and refused the rest, it is asked anew next time.
    pub async fn write(
        &self,
        services: &SlackServices,
        installed: &Installed,
        id: &SlackGroupId,
        write: &GroupWrite,
    ) -> Result<Option<GroupState>, AskError> {
        let (method, body) = match write {
            GroupWrite::Members(members) => {
                let members: Vec<_> = members.iter().map(PersonId::as_str).collect();
                let body = json!({"usergroup": id, "users": members.join(",")});
                (UPDATE_USERS, body)
            }
            GroupWrite::Enable => (ENABLE, json!({"usergroup": id})),
            GroupWrite::Disable => (DISABLE, json!({"usergroup": id})),
        };
        let directory = services.store.directory(&installed.workspace.id).await?;
        let answer = put(services, installed, method, &body).await;
        let written = answer.as_ref().ok().and_then(Option::as_ref);
        let written = written.filter(|group| group.id == *id && group.state.is_some());
        let written = written.map(|group| group.as_known(&directory));
        self.note(installed, written.as_ref()).await;
        answer.map(|_| written.and_then(|group| group.state))
    }

    /// Makes a group without anybody in it.
    pub async fn create(
        &self,
        services: &SlackServices,
        installed: &Installed,
        handle: &str,
    ) -> Result<UserGroup, AskError> {
        let body = json!({"name": handle, "handle": handle});
        let made = put(services, installed, CREATE, &body).await;
        self.note(installed, None).await;
        Ok(made?.ok_or(SlackError::Unreadable)?)
    }

    /// Keeps how a group is now, or that what is known of the groups has become old.
    async fn note(&self, installed: &Installed, written: Option<&UserGroup>) {
        let slot = self.slot(installed);
        let mut told = slot.lock().await;
        let Some(written) = written else {
            *told = None;
            return;
        };
        if let Some(told) = told.as_mut() {
            let groups = told
                .groups
                .iter()
                .map(|group| match group.id == written.id {
                    true => written.clone(),
                    false => group.clone(),
                });
            told.groups = Arc::new(groups.collect());
        }
    }

    fn slot(&self, installed: &Installed) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(installed.workspace.id.clone()).or_default();
        Arc::clone(slot)
    }
}

/// Asks who is in each of the groups that rotations feed and of which the list does not tell that.
/// What Slack does not tell of one alone either, or not in time, is not known.
async fn ask_for_members(
    services: &SlackServices,
    installed: &Installed,
    groups: &mut [UserGroup],
) -> Result<(), AskError> {
    let untold = |group: &UserGroup| group.state.is_none() && !group.external;
    if !groups.iter().any(untold) {
        return Ok(());
    }
    let kept = services
        .store
        .duty_groups(&installed.workspace.id, DUTY_GROUP);
    let kept = kept.await?;
    let is_kept = |group: &&mut UserGroup| kept.iter().any(|kept| kept.id == group.id);
    let until = time::Instant::now() + MEMBERS_LIMIT;
    for group in groups
        .iter_mut()
        .filter(|group| untold(group))
        .filter(is_kept)
    {
        let Some(disabled) = group.disabled else {
            continue;
        };
        let question = || services.client.group_users(&installed.token, &group.id);
        let asking = installed.ask(services, LIST_USERS, question);
        let Ok(answer) = time::timeout_at(until, asking).await else {
            tracing::info!(group = %group.id, "Slack did not tell in time who is in a user group");
            break;
        };
        match answer {
            Ok(members) => group.state = Some(GroupState { members, disabled }),
            Err(AskError::Slack(error)) => {
                tracing::info!(group = %group.id, %error, "Slack does not tell who is in a user group");
                if error.ails_all() {
                    break;
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Changes something about groups: by the permission that an admin has lent, and where nobody has, or
/// that does not serve, by the bot's.
async fn put(
    services: &SlackServices,
    installed: &Installed,
    method: &'static str,
    body: &Value,
) -> Result<Option<UserGroup>, AskError> {
    let (client, workspace) = (&services.client, &installed.workspace.id);
    let trouble = match group_writer::lent(services, workspace).await? {
        Lending::Nothing => None,
        Lending::NotToUse => Some(LentTrouble::NoAdmin),
        Lending::Lent(lent) => {
            let writing = client.write_group(&lent.token, method, body);
            match services.holds.kept(workspace, method.into(), writing).await {
                Ok(written) => {
                    // What is written is written, whatever can be noted of the permission.
                    if let Err(error) = lent.accepted(services).await {
                        tracing::warn!(%workspace, %error, "it could not be noted that Slack takes a lent permission again");
                    }
                    return Ok(written.value);
                }
                Err(error) => match lent.trouble(services, &error).await? {
                    Refusal::Other => return Err(error.into()),
                    Refusal::Ended => None,
                    Refusal::Trouble(trouble) => Some(trouble),
                },
            }
        }
    };
    let question = || client.write_group(&installed.token, method, body);
    match (installed.ask(services, method, question).await, trouble) {
        // The bot may not either, as was to be expected where somebody had to lend theirs.
        (Err(AskError::Slack(error)), Some(trouble)) if is_barred(&error) => {
            Err(SlackError::Lent(trouble).into())
        }
        (answer, _) => answer,
    }
}

/// Whether the bot may not edit groups at all.
fn is_barred(error: &SlackError) -> bool {
    match error {
        SlackError::Refused { word } => word.as_str() == "permission_denied",
        SlackError::MissingScope { .. } => true,
        _ => false,
    }
}

/// The groups of an answer that lists them, without those that cannot be read.
pub(super) fn read_groups(answer: &Value) -> Option<Vec<UserGroup>> {
    let groups = answer["usergroups"].as_array()?;
    Some(groups.iter().filter_map(UserGroup::read).collect())
}

/// The group of an answer to a write. One that is not told whole is not told.
pub(super) fn read_group(answer: &Granted<Value>) -> Option<UserGroup> {
    UserGroup::read(&answer.value["usergroup"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Value {
        json!({
            "id": "S1", "handle": "on-call", "name": "On call", "is_external": false,
            "date_delete": 0, "updated_by": "U3", "users": ["U1", "U2"],
            "prefs": {"channels": ["C1"], "groups": []},
        })
    }

    fn read(group: &Value) -> UserGroup {
        UserGroup::read(group).unwrap()
    }

    #[test]
    fn a_group_is_read_whole() {
        let group = read(&told());
        let state = group.state.unwrap();
        assert_eq!(state.members, ["U1", "U2"].map(PersonId::new).into());
        assert!(!state.disabled && group.joins_channels && !group.external);
        let mut disabled = told();
        disabled["date_delete"] = json!(1_700_000_000);
        assert!(read(&disabled).state.unwrap().disabled);
    }

    #[test]
    fn whichever_field_is_odd_the_group_is_known_and_what_is_not_told_is_not_known() {
        for odd in [
            Value::Null,
            json!("yes"),
            json!([null]),
            json!({}),
            json!(1.5),
        ] {
            for field in told().as_object().unwrap().keys() {
                if field == "id" {
                    continue;
                }
                let mut group = told();
                group[field] = odd.clone();
                let is_known = match field.as_str() {
                    "users" => false,
                    // One of which that is not told was not disabled.
                    "date_delete" => odd.is_null(),
                    _ => true,
                };
                let state = read(&group).state;
                assert_eq!(state.is_some(), is_known, "{field}: {odd}");
            }
        }
        // Slack does not list the people of a group in which nobody is.
        for count in [json!(0), json!("0")] {
            let mut empty = told();
            empty["user_count"] = count;
            empty["users"] = Value::Null;
            assert_eq!(read(&empty).state.unwrap().members, BTreeSet::new());
        }
        let answer = json!({"usergroups": [null, {}, {"id": 7}, told()]});
        assert_eq!(read_groups(&answer).unwrap().len(), 1);
        assert_eq!(read_groups(&json!({"usergroups": null})), None);
    }
}
