//! On-calls as escalation policies see them: schedules on no policy are absent, and a schedule on two
//! levels appears twice. Whoever takes this list for the truth about schedules gets it wrong here too.

use std::collections::HashSet;

use jiff::{SignedDuration, tz::TimeZone};
use serde_json::{Value, json};

use super::{Call, gate::Problem, query::checked, shapes};
use crate::{
    account::{Kind, Policy, Schedule, Target},
    rendering::{self, Entry, Window},
    zones::stamp,
};

const LONGEST_RANGE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// One person on one level of one policy; without a schedule they are on it for ever.
struct Oncall<'a> {
    policy: &'a Policy,
    level: usize,
    user: String,
    shift: Option<(&'a Schedule, Entry)>,
}

pub fn list(call: &Call<'_>) -> Result<Value, Problem> {
    let page = call.query.page()?;
    let zone = call.query.zone()?.unwrap_or(TimeZone::UTC);
    let earliest = call.query.flag("earliest")?;
    let window = Window {
        since: call.query.instant("since")?.unwrap_or(call.now),
        until: call.query.instant("until")?.unwrap_or(call.now),
    };
    let window = checked(window, LONGEST_RANGE)?;
    let mut seen = HashSet::new();
    let oncalls = call
        .account
        .policies
        .iter()
        .flat_map(|policy| of_policy(call, policy, window))
        .filter(|oncall| wanted(call, oncall))
        .filter(|oncall| {
            !earliest || seen.insert((oncall.policy.id.clone(), oncall.level, oncall.user.clone()))
        });
    Ok(page.of("oncalls", oncalls, |oncall| shown(call, &oncall, &zone)))
}

fn of_policy<'a>(call: &Call<'a>, policy: &'a Policy, window: Window) -> Vec<Oncall<'a>> {
    let mut oncalls = Vec::new();
    for (level, targets) in (1..).zip(&policy.levels) {
        for target in targets {
            match target {
                Target::User(id) => oncalls.push(Oncall {
                    policy,
                    level,
                    user: id.clone(),
                    shift: None,
                }),
                Target::Schedule(id) => {
                    let Some(schedule) = call.account.visible_schedule(id) else {
                        continue;
                    };
                    for entry in rendering::final_entries(&schedule.plan(), window) {
                        oncalls.push(Oncall {
                            policy,
                            level,
                            user: entry.user.clone(),
                            shift: Some((schedule, entry)),
                        });
                    }
                }
            }
        }
    }
    oncalls
}

fn wanted(call: &Call<'_>, oncall: &Oncall<'_>) -> bool {
    let schedule = oncall
        .shift
        .as_ref()
        .map_or("null", |(schedule, _)| &schedule.id);
    call.query.admits("user_ids[]", &[&oncall.user])
        && call
            .query
            .admits("escalation_policy_ids[]", &[&oncall.policy.id])
        && call.query.admits("schedule_ids[]", &[schedule])
}

fn shown(call: &Call<'_>, oncall: &Oncall<'_>, zone: &TimeZone) -> Value {
    let account = call.account;
    let user = match account.employee(&oncall.user) {
        Some(user) if call.query.includes("users") => {
            shapes::user(account, user, call.base_url, false)
        }
        _ => shapes::user_reference(account, &oncall.user),
    };
    let schedule = oncall.shift.as_ref().map(|(schedule, _)| {
        match (call.query.includes("schedules"), schedule.kind) {
            (false, _) => shapes::schedule_reference(account, schedule),
            (true, Kind::LayerBased) => shapes::schedule(account, schedule),
            (true, Kind::ShiftBased) => shapes::shift_based(account, schedule),
        }
    });
    json!({
        "user": user,
        "schedule": schedule,
        "escalation_policy": shapes::policy_reference(account, oncall.policy),
        "escalation_level": oncall.level,
        "start": oncall.shift.as_ref().map(|(_, entry)| stamp(entry.start, zone)),
        "end": oncall.shift.as_ref().map(|(_, entry)| stamp(entry.end, zone)),
    })
}
