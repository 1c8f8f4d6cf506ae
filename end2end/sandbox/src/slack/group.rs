//! User groups, which Slack calls subteams on the wire: a handle, and those whom it reaches.

use super::{Workspace, conversation::Conversation};

const LONGEST_HANDLE: usize = 21;
/// Handles that reach everybody, and are Slack's own.
const RESERVED: [&str; 3] = ["channel", "everyone", "here"];

#[derive(Clone, Debug)]
pub struct UserGroup {
    pub id: String,
    /// Without `@`.
    pub handle: String,
    pub name: String,
    pub description: String,
    pub users: Vec<String>,
    /// Channels that every member is made to join.
    pub channels: Vec<String>,
    /// Belongs to another organisation.
    pub external: bool,
    pub created: i64,
    pub updated: i64,
    /// When it was disabled; 0 while it is not.
    pub deleted: i64,
    pub created_by: String,
    pub updated_by: String,
    /// How many writes of members from now on do only half of what they should.
    pub half_fails: u32,
}

impl UserGroup {
    pub fn new(id: &str, handle: &str, name: &str, creator: &str, users: &[&str]) -> Self {
        Self {
            id: id.to_owned(),
            handle: handle.to_owned(),
            name: name.to_owned(),
            description: String::new(),
            users: users.iter().map(|one| (*one).to_owned()).collect(),
            channels: Vec::new(),
            external: false,
            created: 1_700_000_000,
            updated: 1_700_000_000,
            deleted: 0,
            created_by: creator.to_owned(),
            updated_by: creator.to_owned(),
            half_fails: 0,
        }
    }
}

impl Workspace {
    pub fn group(&self, id: &str) -> Option<&UserGroup> {
        self.groups.iter().find(|group| group.id == id)
    }

    pub fn group_mut(&mut self, id: &str) -> Option<&mut UserGroup> {
        self.groups.iter_mut().find(|group| group.id == id)
    }

    /// Handles are shared with names of channels and of people.
    pub fn check_handle(&self, handle: &str, of: Option<&str>) -> Result<(), &'static str> {
        let is_plain = handle
            .chars()
            .all(|one| (one.is_alphanumeric() && !one.is_uppercase()) || "-_.".contains(one));
        if !is_plain
            || handle.chars().count() > LONGEST_HANDLE
            || !handle.chars().any(char::is_alphabetic)
            || RESERVED.contains(&handle)
        {
            return Err("bad_handle");
        }
        let is_groups = |group: &UserGroup| group.handle == handle && Some(group.id.as_str()) != of;
        let is_channels = |one: &Conversation| one.name == handle;
        if self.groups.iter().any(is_groups)
            || self.conversations.iter().any(is_channels)
            || self.people.iter().any(|one| one.user_name() == handle)
        {
            return Err("handle_already_exists");
        }
        Ok(())
    }

    pub fn check_group_name(&self, name: &str, of: Option<&str>) -> Result<(), &'static str> {
        let is_same = |group: &UserGroup| {
            group.name.eq_ignore_ascii_case(name) && Some(group.id.as_str()) != of
        };
        if self.groups.iter().any(is_same) {
            return Err("name_already_exists");
        }
        Ok(())
    }
}
