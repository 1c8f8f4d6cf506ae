//! Slack's JSON, as far as it is read, and what it means here. Everything that
//! Slack may leave out is optional.

use super::error::SlackError;
use crate::store::Person;
use serde::{Deserialize, de::IgnoredAny};
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
    pub members: Vec<Member>,
    pub response_metadata: Option<PageEnd>,
}

/// One account that is not as Slack documents it must not hide the others.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Member {
    Readable(User),
    Unreadable(IgnoredAny),
}

impl Member {
    /// As [`User::person`].
    pub fn person(self) -> Result<Option<Person>, SlackError> {
        match self {
            Self::Readable(user) => user.person(),
            Self::Unreadable(_) => Err(SlackError::Unreadable),
        }
    }
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

/// What is absent or `null` is not so: a flag is not set, a text is not known.
#[derive(Deserialize)]
pub(super) struct User {
    id: Option<String>,
    name: Option<String>,
    deleted: Option<bool>,
    is_bot: Option<bool>,
    is_primary_owner: Option<bool>,
    is_owner: Option<bool>,
    is_admin: Option<bool>,
    is_restricted: Option<bool>,
    is_ultra_restricted: Option<bool>,
    profile: Option<Profile>,
}

#[derive(Default, Deserialize)]
struct Profile {
    real_name: Option<String>,
    display_name: Option<String>,
    email: Option<String>,
}

impl User {
    /// The person; `None` when a program stands behind the account. Slack's
    /// `is_app_user` is no sign of that: it marks who authorised the app.
    pub fn person(self) -> Result<Option<Person>, SlackError> {
        let role = self.role();
        let id = self.id.as_deref().and_then(PersonId::parse);
        let id = id.ok_or(SlackError::Unreadable)?;
        if id.as_str() == SLACKBOT || is(self.is_bot) {
            return Ok(None);
        }
        let profile = self.profile.unwrap_or_default();
        let name = [profile.real_name, profile.display_name, self.name]
            .into_iter()
            .find_map(given)
            .unwrap_or_else(|| id.to_string());
        Ok(Some(Person {
            id,
            name,
            email: given(profile.email),
            role,
            deactivated: is(self.deleted),
        }))
    }

    /// Slack's flags include one another: a primary owner is an owner, and an
    /// owner is an admin.
    fn role(&self) -> Role {
        if is(self.is_primary_owner) {
            Role::PrimaryOwner
        } else if is(self.is_owner) {
            Role::Owner
        } else if is(self.is_admin) {
            Role::Admin
        } else if is(self.is_restricted) || is(self.is_ultra_restricted) {
            Role::Guest
        } else {
            Role::Member
        }
    }
}

fn is(flag: Option<bool>) -> bool {
    flag.unwrap_or(false)
}

/// Slack writes an empty text where it means nothing.
fn given(text: Option<String>) -> Option<String> {
    text.map(storable).filter(|text| !text.trim().is_empty())
}

/// The text without the one character that Postgres cannot store.
pub(super) fn storable(text: String) -> String {
    text.replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn person(user: Value) -> Option<Person> {
        let user: User = serde_json::from_value(user).unwrap();
        user.person().unwrap()
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
            json!({"id": "USLACKBOT", "is_bot": false}),
        ] {
            assert_eq!(person(user), None);
        }
    }

    #[test]
    fn who_authorised_the_app_is_a_person() {
        assert!(person(json!({"id": "U1", "is_app_user": true})).is_some());
    }

    #[test]
    fn null_is_as_good_as_nothing() {
        let nulls = json!({
            "id": "U1", "name": null, "deleted": null, "is_bot": null, "is_admin": null,
            "is_owner": null, "is_restricted": null, "profile": null,
        });
        let expected = Person {
            id: PersonId::new("U1"),
            name: "U1".to_owned(),
            email: None,
            role: Role::Member,
            deactivated: false,
        };
        assert_eq!(person(nulls).unwrap(), expected);
    }

    #[test]
    fn a_member_that_cannot_be_read_leaves_the_others_readable() {
        let page = json!({"members": [
            {"id": "U1"}, {"id": 7}, {"id": "U3", "is_admin": "yes"}, null, {"name": "nobody"},
            {"id": "U2"},
        ]});
        let page: UsersPage = serde_json::from_value(page).unwrap();
        let readable: Vec<_> = page
            .members
            .into_iter()
            .map(|member| member.person().is_ok())
            .collect();
        assert_eq!(readable, [true, false, false, false, false, true]);
    }

    #[test]
    fn what_postgres_cannot_store_is_left_out() {
        let profile = json!({"real_name": "A\u{0}na", "email": "\u{0}ana@example.com"});
        let person = person(json!({"id": "U1", "profile": profile})).unwrap();
        assert_eq!(person.name, "Ana");
        assert_eq!(person.email.as_deref(), Some("ana@example.com"));
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
