//! Slack's JSON, as far as it is read, and what it means here. Everything that
//! Slack may leave out is optional.

use crate::store::Person;
use serde::Deserialize;
use types::{PersonId, Role};

/// Slackbot claims to be a person; its id gives it away.
const SLACKBOT: &str = "USLACKBOT";

/// What every answer of the Web API begins with.
#[derive(Deserialize)]
pub(super) struct Envelope {
    pub ok: bool,
    pub error: Option<String>,
    /// With `missing_scope`: what the token may do, separated by commas.
    pub provided: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct UsersPage {
    pub members: Vec<User>,
    pub response_metadata: Option<PageEnd>,
}

#[derive(Deserialize)]
pub(super) struct PageEnd {
    pub next_cursor: Option<String>,
}

impl UsersPage {
    /// Where the next page begins, when there is one.
    pub fn next_cursor(&self) -> Option<String> {
        let cursor = self.response_metadata.as_ref()?.next_cursor.clone()?;
        (!cursor.is_empty()).then_some(cursor)
    }
}

#[derive(Deserialize)]
pub(super) struct UserAnswer {
    pub user: User,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct User {
    id: String,
    name: String,
    deleted: bool,
    is_bot: bool,
    is_app_user: bool,
    is_primary_owner: bool,
    is_owner: bool,
    is_admin: bool,
    is_restricted: bool,
    is_ultra_restricted: bool,
    profile: Profile,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Profile {
    real_name: Option<String>,
    display_name: Option<String>,
    email: Option<String>,
}

impl User {
    /// The person, unless a program stands behind the account.
    pub fn person(self) -> Option<Person> {
        if self.id.is_empty() || self.id == SLACKBOT || self.is_bot || self.is_app_user {
            return None;
        }
        let role = self.role();
        let profile = self.profile;
        let name = [profile.real_name, profile.display_name]
            .into_iter()
            .filter_map(given)
            .next()
            .unwrap_or(self.name);
        Some(Person {
            id: PersonId::new(self.id),
            name,
            email: given(profile.email),
            role,
            deactivated: self.deleted,
        })
    }

    /// Slack's flags include one another: a primary owner is an owner, and an
    /// owner is an admin.
    const fn role(&self) -> Role {
        if self.is_primary_owner {
            Role::PrimaryOwner
        } else if self.is_owner {
            Role::Owner
        } else if self.is_admin {
            Role::Admin
        } else if self.is_restricted || self.is_ultra_restricted {
            Role::Guest
        } else {
            Role::Member
        }
    }
}

/// Slack writes an empty text where it means nothing.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn person(user: Value) -> Option<Person> {
        serde_json::from_value::<User>(user).unwrap().person()
    }

    #[test]
    fn the_highest_flag_is_the_role() {
        for (flags, role) in [
            (
                json!({"is_primary_owner": true, "is_owner": true, "is_admin": true}),
                Role::PrimaryOwner,
            ),
            (json!({"is_owner": true, "is_admin": true}), Role::Owner),
            (json!({"is_admin": true}), Role::Admin),
            (json!({}), Role::Member),
            (json!({"is_restricted": true}), Role::Guest),
            (
                json!({"is_restricted": true, "is_ultra_restricted": true}),
                Role::Guest,
            ),
        ] {
            let mut user = flags;
            user["id"] = json!("U1");
            assert_eq!(person(user).unwrap().role, role);
        }
    }

    #[test]
    fn programs_are_not_people() {
        for user in [
            json!({"id": "U1", "is_bot": true}),
            json!({"id": "U1", "is_app_user": true}),
            json!({"id": "USLACKBOT", "is_bot": false}),
        ] {
            assert_eq!(person(user), None);
        }
    }

    #[test]
    fn the_name_is_the_fullest_that_slack_tells() {
        for (profile, name) in [
            (
                json!({"real_name": "Ana Lima", "display_name": "ana"}),
                "Ana Lima",
            ),
            (json!({"real_name": "", "display_name": "ana"}), "ana"),
            (json!({}), "ana.lima"),
        ] {
            let user = json!({"id": "U1", "name": "ana.lima", "profile": profile});
            assert_eq!(person(user).unwrap().name, name);
        }
    }

    #[test]
    fn an_e_mail_that_is_missing_or_empty_is_none() {
        for profile in [json!({}), json!({"email": ""}), json!({"email": null})] {
            assert_eq!(
                person(json!({"id": "U1", "profile": profile}))
                    .unwrap()
                    .email,
                None
            );
        }
    }

    #[test]
    fn a_page_without_a_cursor_is_the_last() {
        for end in [json!({"next_cursor": ""}), json!({}), Value::Null] {
            let page = json!({"members": [], "response_metadata": end});
            let page: UsersPage = serde_json::from_value(page).unwrap();
            assert_eq!(page.next_cursor(), None);
        }
    }
}
