//! How things look on PagerDuty's wire. Written out field by field and apart from the product's own types,
//! so that a misunderstanding there cannot hide here.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::{
    account::{Account, Kind, Policy, Schedule, Team, User},
    rendering::{self, Entry, Layer, Restriction, Strategy, Window},
    zones::stamp,
};

/// The five fields of which every reference consists.
fn reference(account: &Account, kind: &str, path: &str, id: &str, summary: &str) -> Value {
    json!({
        "id": id,
        "type": kind,
        "summary": summary,
        "self": format!("{}/{path}/{id}", account.region.api_url()),
        "html_url": format!("{}/{path}/{id}", account.web_url()),
    })
}

/// A deleted user has no page in the API any more, and says when that happened.
pub fn user_reference(account: &Account, id: &str) -> Value {
    match account.user(id) {
        Some(user) => reference_to(account, user),
        None => {
            json!({"id": id, "type": "user_reference", "summary": null, "self": null, "html_url": null})
        }
    }
}

fn reference_to(account: &Account, user: &User) -> Value {
    let mut shown = reference(account, "user_reference", "users", &user.id, &user.name);
    if let Some(deleted_at) = user.deleted_at {
        shown["self"] = Value::Null;
        shown["deleted_at"] = json!(stamp(deleted_at, &TimeZone::UTC));
    }
    shown
}

pub fn team_reference(account: &Account, team: &Team) -> Value {
    reference(account, "team_reference", "teams", &team.id, &team.name)
}

pub fn schedule_reference(account: &Account, schedule: &Schedule) -> Value {
    let (id, name) = (&schedule.id, &schedule.name);
    match schedule.kind {
        Kind::LayerBased => reference(account, "schedule_reference", "schedules", id, name),
        Kind::ShiftBased => {
            let mut shown = reference(account, "schedule_v3_reference", "schedules", id, name);
            shown["self"] = json!(format!("{}/v3/schedules/{id}", account.region.api_url()));
            shown
        }
    }
}

pub fn policy_reference(account: &Account, policy: &Policy) -> Value {
    reference(
        account,
        "escalation_policy_reference",
        "escalation_policies",
        &policy.id,
        &policy.name,
    )
}

pub fn team(account: &Account, team: &Team) -> Value {
    let mut shown = team_reference(account, team);
    shown["type"] = json!("team");
    shown["name"] = json!(team.name);
    shown["description"] = json!(team.description);
    shown["default_role"] = json!("manager");
    shown["parent"] = Value::Null;
    shown
}

pub fn user(account: &Account, user: &User, base_url: &str, with_teams: bool) -> Value {
    let mut shown = reference_to(account, user);
    shown["type"] = json!("user");
    shown["name"] = json!(user.name);
    shown["email"] = json!(user.email);
    shown["time_zone"] = json!(user.time_zone);
    shown["color"] = json!("teal");
    shown["role"] = json!(user.role);
    shown["avatar_url"] = json!(format!("{base_url}/avatars/{}", user.id));
    shown["description"] = Value::Null;
    shown["job_title"] = json!(user.job_title);
    shown["invitation_sent"] = json!(false);
    shown["created_via_sso"] = json!(false);
    shown["teams"] = teams(account, &user.teams, with_teams);
    shown["contact_methods"] = json!([]);
    shown["notification_rules"] = json!([]);
    shown
}

fn teams(account: &Account, ids: &[String], whole: bool) -> Value {
    account
        .teams
        .iter()
        .filter(|one| ids.contains(&one.id))
        .map(|one| {
            if whole {
                team(account, one)
            } else {
                team_reference(account, one)
            }
        })
        .collect()
}

/// What both kinds of schedule have.
fn described(account: &Account, schedule: &Schedule, kind: &str) -> Value {
    let mut shown = schedule_reference(account, schedule);
    shown["type"] = json!(kind);
    shown["name"] = json!(schedule.name);
    shown["description"] = json!(schedule.description);
    shown["time_zone"] = json!(schedule.time_zone);
    shown["teams"] = teams(account, &schedule.teams, false);
    shown["escalation_policies"] = account
        .policies
        .iter()
        .filter(|policy| policy.calls(&schedule.id))
        .map(|policy| policy_reference(account, policy))
        .collect();
    shown
}

/// The layer-based schedule without its layers, as lists show it.
pub fn schedule(account: &Account, schedule: &Schedule) -> Value {
    let mut shown = described(account, schedule, "schedule");
    shown["users"] = schedule
        .roster()
        .into_iter()
        .map(|id| user_reference(account, id))
        .collect();
    shown
}

/// The shift-based schedule without what its shifts come to.
pub fn shift_based(account: &Account, schedule: &Schedule) -> Value {
    let mut shown = described(account, schedule, "schedule_v3");
    shown["rotations"] = schedule
        .rotations
        .iter()
        .map(|rotation| {
            json!({
                "id": rotation.id,
                "type": "schedule_rotation",
                "events": rotation.layers.iter().map(event).collect::<Vec<_>>(),
            })
        })
        .collect();
    shown
}

fn event(layer: &Layer) -> Value {
    let strategy = match layer.strategy {
        Strategy::TakingTurns => "rotating_member_assignment_strategy",
        Strategy::AllAtOnce => "every_member_assignment_strategy",
    };
    let members: Vec<Value> = layer
        .members
        .iter()
        .map(|slot| member(slot.as_deref()))
        .collect();
    json!({
        "id": layer.id,
        "type": "schedule_event",
        "assignment_strategy": {"type": strategy, "members": members},
    })
}

fn member(user: Option<&str>) -> Value {
    match user {
        Some(id) => json!({"type": "user_member", "user_id": id}),
        None => json!({"type": "empty_member"}),
    }
}

/// What the shifts come to, empty slots included; they cover nothing.
pub fn computed_shifts(schedule: &Schedule, frame: &Frame) -> Value {
    let Some(window) = frame.window else {
        return json!({
            "type": "final_schedule",
            "rendered_coverage_percentage": null,
            "computed_shift_assignments": [],
        });
    };
    let plan = schedule.plan();
    let assignments = rendering::assignments(&plan, window);
    let shown: Vec<Value> = assignments
        .iter()
        .map(|one| {
            let (start, end) = if frame.overflow {
                (one.start, one.end)
            } else {
                window.cut(one.start, one.end)
            };
            let source = if one.by_override {
                "schedule_rotation_override"
            } else {
                "schedule_rotation"
            };
            json!({
                "type": "computed_shift_assignment",
                "start_time": stamp(start, &frame.zone),
                "end_time": stamp(end, &frame.zone),
                "member": member(one.user),
                "source": {"type": source},
            })
        })
        .collect();
    let people = rendering::people_of(assignments);
    json!({
        "type": "final_schedule",
        "rendered_coverage_percentage": rendering::coverage(&people, window),
        "computed_shift_assignments": shown,
    })
}

/// How rendered entries are wanted: in which range and zone, and whether cut at the range's ends.
pub struct Frame {
    pub window: Option<Window>,
    pub zone: TimeZone,
    pub overflow: bool,
}

impl Frame {
    /// Entries exist only when a range was asked for.
    fn entries(
        &self,
        account: &Account,
        render: impl FnOnce(Window) -> Vec<Entry>,
    ) -> (Value, Value) {
        let Some(window) = self.window else {
            return (json!([]), Value::Null);
        };
        let whole = render(window);
        let coverage = json!(rendering::coverage(&whole, window));
        let cut = if self.overflow {
            whole
        } else {
            rendering::clipped(whole, window)
        };
        // A handful of people have all entries, and each is one of thousands of users.
        let mut people: HashMap<&str, Value> = HashMap::new();
        let shown = cut
            .iter()
            .map(|entry| {
                let user = people
                    .entry(&entry.user)
                    .or_insert_with(|| user_reference(account, &entry.user));
                json!({
                    "start": stamp(entry.start, &self.zone),
                    "end": stamp(entry.end, &self.zone),
                    "user": user,
                })
            })
            .collect();
        (shown, coverage)
    }
}

pub fn layers(account: &Account, schedule: &Schedule, frame: &Frame) -> Value {
    schedule
        .layers()
        .map(|one| layer(account, schedule, one, frame))
        .collect()
}

fn layer(account: &Account, schedule: &Schedule, layer: &Layer, frame: &Frame) -> Value {
    let (entries, coverage) = frame.entries(account, |window| {
        rendering::layer_entries(layer, &schedule.zone, window)
    });
    let users: Vec<Value> = layer
        .users()
        .map(|id| json!({"user": user_reference(account, id)}))
        .collect();
    json!({
        "id": layer.id,
        "name": layer.name,
        "start": stamp(layer.start, &frame.zone),
        "end": layer.end.map(|end| stamp(end, &frame.zone)),
        "rotation_virtual_start": stamp(layer.rotation_virtual_start, &frame.zone),
        "rotation_turn_length_seconds": layer.turn_length_seconds,
        "users": users,
        "restrictions": layer.restrictions.iter().map(restriction).collect::<Vec<_>>(),
        "rendered_schedule_entries": entries,
        "rendered_coverage_percentage": coverage,
    })
}

fn restriction(restriction: &Restriction) -> Value {
    let mut shown = json!({
        "type": if restriction.weekday.is_some() { "weekly_restriction" } else { "daily_restriction" },
        "start_time_of_day": restriction.start.strftime("%H:%M:%S").to_string(),
        "duration_seconds": restriction.duration_seconds,
    });
    if let Some(weekday) = restriction.weekday {
        shown["start_day_of_week"] = json!(weekday.to_monday_one_offset());
    }
    shown
}

/// The schedule with everything that `GET /schedules/{id}` shows.
pub fn whole_schedule(account: &Account, one: &Schedule, frame: &Frame) -> Value {
    let mut shown = schedule(account, one);
    shown["schedule_layers"] = layers(account, one, frame);
    let (entries, _) = frame.entries(account, |window| {
        rendering::override_entries(&one.overrides, window)
    });
    shown["overrides_subschedule"] = json!({
        "name": "Overrides",
        "rendered_schedule_entries": entries,
        "rendered_coverage_percentage": null,
    });
    let (entries, coverage) = frame.entries(account, |window| {
        rendering::final_entries(&one.plan(), window)
    });
    shown["final_schedule"] = json!({
        "name": "Final Schedule",
        "rendered_schedule_entries": entries,
        "rendered_coverage_percentage": coverage,
    });
    shown
}
