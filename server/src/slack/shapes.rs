//! Slack's JSON, as far as it is read, and what it means here. Each field stands
//! for itself: one that is missing or odd is not told, and leaves the others alone.

use crate::text::plain;
use domain::Person;
use serde_json::Value;
use types::{PersonId, Role, WorkspaceId};

/// Slackbot claims to be a person; its id gives it away.
const SLACKBOT: &str = "USLACKBOT";
/// Longer than any name or address; what is longer is neither.
const LONGEST_TEXT: usize = 512;

/// What stands behind an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Person,
    /// A bot. Slack's `is_app_user` is no sign of that: it marks who authorised the
    /// app.
    Program,
    /// Somebody of another workspace, met in a shared channel.
    Stranger,
}

/// What Slack tells of one account.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: PersonId,
    /// The same person's id in the whole company, or in the workspace.
    pub other_id: Option<PersonId>,
    pub kind: Kind,
    names: [Option<Text>; 3],
    email: Option<String>,
    time_zone: Option<String>,
    deleted: Option<bool>,
    flags: Flags,
}

/// A text that Slack told; empty where it means nothing.
#[derive(Clone, Debug)]
struct Text(String);

/// What Slack tells of somebody's role. Its flags include one another: a primary
/// owner is an owner, and an owner is an admin.
#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    primary_owner: Option<bool>,
    owner: Option<bool>,
    admin: Option<bool>,
    restricted: Option<bool>,
    ultra_restricted: Option<bool>,
    /// Something was said of restrictions that cannot be understood.
    restriction_unclear: bool,
}

impl Account {
    /// The account of a user that the bot of `workspace` was told of; `None` when
    /// it is not even clear whose it is.
    pub fn read(user: &Value, workspace: &WorkspaceId) -> Option<Self> {
        let id = person_id(&user["id"])?;
        let other_id = person_id(&user["enterprise_user"]["id"]).filter(|other| *other != id);
        let profile = &user["profile"];
        let real_name = text(&profile["real_name"]).or_else(|| text(&user["real_name"]));
        Some(Self {
            kind: kind(user, &id, workspace),
            id,
            other_id,
            names: [
                real_name,
                text(&profile["display_name"]),
                text(&user["name"]),
            ],
            email: text(&profile["email"])
                .map(|Text(email)| email)
                .filter(|email| email.contains('@')),
            time_zone: text(&user["tz"]).map(|Text(zone)| zone),
            deleted: user["deleted"].as_bool(),
            flags: Flags {
                primary_owner: user["is_primary_owner"].as_bool(),
                owner: user["is_owner"].as_bool(),
                admin: user["is_admin"].as_bool(),
                restricted: user["is_restricted"].as_bool(),
                ultra_restricted: user["is_ultra_restricted"].as_bool(),
                restriction_unclear: [&user["is_restricted"], &user["is_ultra_restricted"]]
                    .iter()
                    .any(|flag| !flag.is_null() && !flag.is_boolean()),
            },
        })
    }

    /// Whether the account is that of who goes by `id`.
    pub fn belongs_to(&self, id: &PersonId) -> bool {
        self.id == *id || self.other_id.as_ref() == Some(id)
    }

    /// The address, if Slack tells one.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// The name of the time zone, if Slack tells one.
    pub fn time_zone(&self) -> Option<&str> {
        self.time_zone.as_deref().filter(|zone| !zone.is_empty())
    }

    /// Slack says outright that the account is deactivated.
    pub fn is_deleted(&self) -> bool {
        self.deleted == Some(true)
    }

    /// The person, as far as Slack tells; the rest is as it was known.
    pub fn person(&self, known: Option<&Person>) -> Person {
        Person {
            id: known.map_or_else(|| self.id.clone(), |known| known.id.clone()),
            name: self.name(known),
            email: self
                .email
                .clone()
                .or_else(|| known.and_then(|known| known.email.clone())),
            role: self.flags.role(known.map(|known| known.role)),
            deactivated: self
                .deleted
                .unwrap_or_else(|| known.is_some_and(|known| known.deactivated)),
        }
    }

    /// The fullest name that Slack tells. Where it does not tell the fullest one at
    /// all, a name that is known stays.
    fn name(&self, known: Option<&Person>) -> String {
        if self.names[0].is_none()
            && let Some(known) = known
        {
            return known.name.clone();
        }
        let told = self.names.iter().flatten();
        told.filter_map(|Text(name)| plain(name))
            .next()
            .unwrap_or_else(|| self.id.to_string())
    }
}

impl Flags {
    fn role(self, known: Option<Role>) -> Role {
        let restricted = match (self.restricted, self.ultra_restricted) {
            (Some(true), _) | (_, Some(true)) => true,
            (Some(false), _) => false,
            _ => known.map_or(self.restriction_unclear, |known| known == Role::Guest),
        };
        if restricted {
            return Role::Guest;
        }
        let was = |roles: &[Role]| known.is_some_and(|known| roles.contains(&known));
        let admin = self
            .admin
            .unwrap_or_else(|| was(&[Role::PrimaryOwner, Role::Owner, Role::Admin]));
        // Slack says of nobody that they are an owner and no admin.
        let owner = self.owner.unwrap_or_else(|| {
            self.admin != Some(false) && was(&[Role::PrimaryOwner, Role::Owner])
        });
        let primary_owner = self.primary_owner.unwrap_or_else(|| {
            self.owner != Some(false) && self.admin != Some(false) && was(&[Role::PrimaryOwner])
        });
        if primary_owner {
            Role::PrimaryOwner
        } else if owner {
            Role::Owner
        } else if admin {
            Role::Admin
        } else {
            Role::Member
        }
    }
}

fn kind(user: &Value, id: &PersonId, workspace: &WorkspaceId) -> Kind {
    if id.as_str() == SLACKBOT || user["is_bot"] == true {
        return Kind::Program;
    }
    if user["is_stranger"] == true {
        return Kind::Stranger;
    }
    let company = &user["enterprise_user"];
    let ours = |team: &str| {
        team == workspace.as_str()
            || company["enterprise_id"] == team
            || company["teams"]
                .as_array()
                .is_some_and(|teams| teams.iter().any(|team| team == workspace.as_str()))
    };
    match user["team_id"].as_str() {
        Some(team) if is_id(team, &['T', 'E']) && !ours(team) => Kind::Stranger,
        _ => Kind::Person,
    }
}

/// An id as Slack makes them for people.
pub(super) fn person_id(value: &Value) -> Option<PersonId> {
    let id = value.as_str()?;
    is_id(id, &['U', 'W'])
        .then(|| PersonId::parse(id))
        .flatten()
}

pub(super) fn is_id(text: &str, kinds: &[char]) -> bool {
    text.starts_with(kinds)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// A text that can be one; absent when it is missing or odd.
fn text(value: &Value) -> Option<Text> {
    let text = value.as_str()?;
    (text.len() <= LONGEST_TEXT).then(|| Text(storable(text)))
}

/// The text without the one character that Postgres cannot store.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "")
}

/// The users on a page of the list; `None` when there is no list.
pub(super) fn members(page: &Value) -> Option<&Vec<Value>> {
    page["members"].as_array()
}

/// How a page of the list ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageEnd {
    Last,
    /// The cursor at which the next page begins.
    Next(String),
    /// It is not clear whether there is another page.
    Unclear,
}

/// Where the next page begins, when there is one.
pub(super) fn page_end(page: &Value) -> PageEnd {
    match &page["response_metadata"]["next_cursor"] {
        Value::Null => PageEnd::Last,
        Value::String(cursor) if cursor.is_empty() => PageEnd::Last,
        Value::String(cursor) => PageEnd::Next(cursor.clone()),
        _ => PageEnd::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn account(user: &Value) -> Account {
        Account::read(user, &WorkspaceId::new("T1")).unwrap()
    }

    fn person(user: &Value) -> Person {
        account(user).person(None)
    }

    fn ana(role: Role) -> Person {
        Person {
            id: PersonId::new("U1"),
            name: "Ana Lima".to_owned(),
            email: Some("ana@example.com".to_owned()),
            role,
            deactivated: false,
        }
    }

    /// Ana as Slack tells of her in full.
    fn told(role: Role) -> Value {
        let (primary, owner) = (role == Role::PrimaryOwner, role == Role::Owner);
        json!({
            "id": "U1", "team_id": "T1", "name": "ana.lima", "deleted": false, "is_bot": false,
            "is_primary_owner": primary, "is_owner": primary || owner,
            "is_admin": role.administers(), "is_restricted": role == Role::Guest,
            "is_ultra_restricted": false, "is_stranger": false,
            "profile": {
                "real_name": "Ana Lima", "display_name": "ana", "email": "ana@example.com",
            },
        })
    }

    #[test]
    fn the_highest_flag_is_the_role() {
        for role in Role::ALL {
            assert_eq!(person(&told(role)), ana(role));
        }
        let ultra = json!({"id": "U1", "is_ultra_restricted": true});
        assert_eq!(person(&ultra).role, Role::Guest);
    }

    #[test]
    fn whichever_field_is_missing_or_odd_the_rest_stands_and_what_was_known_stays() {
        let odd = [
            Value::Null,
            json!("yes"),
            json!(7),
            json!([]),
            json!({}),
            json!("x".repeat(100_000)),
        ];
        for role in Role::ALL {
            let known = ana(role);
            for field in told(role).as_object().unwrap().keys() {
                if field == "id" {
                    continue;
                }
                let mut missing = told(role);
                missing.as_object_mut().unwrap().remove(field);
                let read = account(&missing);
                assert_eq!(
                    (read.person(Some(&known)), read.kind),
                    (known.clone(), Kind::Person)
                );
                for value in &odd {
                    let mut user = told(role);
                    user[field] = value.clone();
                    let read = account(&user);
                    assert_eq!(
                        (read.person(Some(&known)), read.kind),
                        (known.clone(), Kind::Person),
                        "{field}: {value}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_slack_says_outright_counts_whatever_was_known() {
        let demoted = account(&told(Role::Member)).person(Some(&ana(Role::PrimaryOwner)));
        assert_eq!(demoted.role, Role::Member);
        let mut guest = told(Role::Guest);
        guest.as_object_mut().unwrap().remove("is_admin");
        let guest = account(&guest).person(Some(&ana(Role::Admin)));
        assert_eq!(guest.role, Role::Guest);
    }

    #[test]
    fn nobody_rises_by_a_flag_that_is_not_true() {
        for value in [json!("yes"), json!(1), json!("true"), json!([true])] {
            for flag in ["is_admin", "is_owner", "is_primary_owner"] {
                let mut user = told(Role::Member);
                user[flag] = value.clone();
                assert_eq!(person(&user).role, Role::Member);
                assert_eq!(
                    account(&user).person(Some(&ana(Role::Member))).role,
                    Role::Member
                );
            }
        }
    }

    #[test]
    fn who_may_be_a_guest_and_was_never_met_is_one() {
        let mut user = told(Role::Guest);
        user["is_restricted"] = json!("yes");
        user.as_object_mut().unwrap().remove("is_ultra_restricted");
        assert_eq!(person(&user).role, Role::Guest);
    }

    #[test]
    fn programs_are_not_people() {
        for user in [
            json!({"id": "U1", "is_bot": true}),
            json!({"id": "USLACKBOT", "is_bot": false}),
        ] {
            assert_eq!(account(&user).kind, Kind::Program);
        }
        let authorised = json!({"id": "U1", "is_app_user": true});
        assert_eq!(account(&authorised).kind, Kind::Person);
    }

    #[test]
    fn people_of_another_workspace_are_strangers() {
        for user in [
            json!({"id": "U1", "team_id": "T2"}),
            json!({"id": "U1", "team_id": "T1", "is_stranger": true}),
            json!({"id": "U1", "team_id": "T2", "enterprise_user": {"teams": ["T3"]}}),
        ] {
            assert_eq!(account(&user).kind, Kind::Stranger, "{user}");
        }
        for user in [
            json!({"id": "U1"}),
            json!({"id": "U1", "team_id": "T1", "is_stranger": false}),
            json!({"id": "U1", "team_id": "T2", "enterprise_user": {"teams": ["T3", "T1"]}}),
            json!({"id": "U1", "team_id": "E9", "enterprise_user": {"enterprise_id": "E9"}}),
            json!({"id": "U1", "team_id": "somewhere"}),
        ] {
            assert_eq!(account(&user).kind, Kind::Person, "{user}");
        }
    }

    #[test]
    fn the_other_id_of_a_person_is_read() {
        let user = json!({"id": "U1", "enterprise_user": {"id": "W1"}});
        assert_eq!(account(&user).other_id, Some(PersonId::new("W1")));
        for other in [json!("U1"), json!("nobody"), json!(7), Value::Null] {
            let user = json!({"id": "U1", "enterprise_user": {"id": other}});
            assert_eq!(account(&user).other_id, None);
        }
    }

    #[test]
    fn an_account_without_an_id_is_nobodys() {
        for user in [
            Value::Null,
            json!([]),
            json!({"name": "nobody"}),
            json!({"id": 7}),
            json!({"id": ""}),
            json!({"id": "unknown"}),
        ] {
            assert!(Account::read(&user, &WorkspaceId::new("T1")).is_none());
        }
    }

    #[test]
    fn what_postgres_cannot_store_is_left_out() {
        let profile = json!({"real_name": "A\u{0}na", "email": "\u{0}ana@example.com"});
        let person = person(&json!({"id": "U1", "profile": profile}));
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
            (
                json!({"real_name": "\u{200b}\u{3164}", "display_name": "ana"}),
                "ana",
            ),
            (json!({"real_name": "\u{202e}Ana\u{0} Lima "}), "Ana Lima"),
        ] {
            let user = json!({"id": "U1", "name": "ana.lima", "profile": profile});
            assert_eq!(person(&user).name, name);
        }
    }

    #[test]
    fn who_is_not_known_and_has_no_e_mail_has_none() {
        for profile in [json!({}), json!({"email": ""}), json!({"email": "unknown"})] {
            assert_eq!(person(&json!({"id": "U1", "profile": profile})).email, None);
        }
    }

    #[test]
    fn a_page_ends_where_it_says() {
        for (end, expected) in [
            (json!({"next_cursor": ""}), PageEnd::Last),
            (json!({}), PageEnd::Last),
            (Value::Null, PageEnd::Last),
            (json!({"next_cursor": "c"}), PageEnd::Next("c".to_owned())),
            (json!({"next_cursor": 7}), PageEnd::Unclear),
        ] {
            let page = json!({"members": [], "response_metadata": end});
            assert_eq!(page_end(&page), expected);
        }
    }
}
