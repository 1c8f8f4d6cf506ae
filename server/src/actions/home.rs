//! Home: what one reader has to know first, of all rotations that they may see and of what
//! these depend on. However many rotations there are, it takes the same statements.

use super::{
    Failure,
    rotations::{Listed, Present},
    slack_needs::SlackNeeds,
    workspace,
};
use crate::{Services, clock, store::ListedRotation, sync};
use domain::{Actor, Home, Relation, SeenRotation};
use std::time::Duration;
use types::{ConnectionHealth, Outlook, PagerDutyNeed, RotationNeed, SlackNeed};

/// What Home tells, and the rotations that it tells of.
pub struct HomeState {
    present: Present,
    seen: Vec<SeenByReader>,
    /// By places in what was seen.
    pub home: Home<usize>,
    pub pagerduty: Option<PagerDutyNeed>,
    pub slack: Option<SlackNeed>,
}

struct SeenByReader {
    listed: Listed,
    relation: Relation,
    may_edit: bool,
}

/// A rotation that Home tells of.
pub struct Told<'a> {
    pub rotation: &'a ListedRotation,
    pub outlook: &'a Outlook,
    pub needs: &'a [RotationNeed],
    /// The reader may change it.
    pub may_edit: bool,
}

impl HomeState {
    /// The rotation at a place that [`Self::home`] names.
    pub fn told(&self, place: usize) -> Told<'_> {
        let SeenByReader {
            listed, may_edit, ..
        } = &self.seen[place];
        Told {
            rotation: &self.present.overview.rotations[listed.place],
            outlook: &listed.outlook,
            needs: &listed.needs,
            may_edit: *may_edit,
        }
    }
}

/// Home of the person who acts.
pub async fn state(services: &Services, actor: &Actor) -> Result<HomeState, Failure> {
    let reader = actor.person().ok_or(Failure::NotFound)?;
    let present = Present::read_for(services, actor).await?;
    let workspace = workspace::state(services, actor).await?;
    let slack = domain::slack_need(
        &workspace.standing,
        workspace.directory_problem.as_ref(),
        workspace.directory_synced_at,
        clock::now(),
    );
    let needs = SlackNeeds::read(services, actor).await?;
    let seen = present.seen_by(actor).map(|(place, rotation)| {
        let mut listed = present.listed(place, rotation);
        needs.add(actor, rotation, &mut listed);
        SeenByReader {
            listed,
            relation: rotation.relation_to(reader),
            may_edit: actor.may_edit(|person| rotation.relation_to(person)),
        }
    });
    let seen: Vec<_> = seen.collect();
    let interval = services.config.pagerduty.poll_interval;
    let mut pagerduty = pagerduty_need(&present, interval);
    let rotations: Vec<_> = seen
        .iter()
        .enumerate()
        .map(|(place, one)| {
            let rotation = &present.overview.rotations[one.listed.place];
            SeenRotation {
                rotation: place,
                relation: one.relation,
                crew: &rotation.crew,
                foresight: present.foresight(rotation),
                outlook: &one.listed.outlook,
                needs: &one.listed.needs,
                now: present.time_of(rotation),
            }
        })
        .collect();
    let home = domain::home(&rotations, reader, pagerduty.is_some());
    if let Some(need) = &mut pagerduty {
        need.rotations = home.unconfirmed;
    }
    Ok(HomeState {
        present,
        seen,
        home,
        pagerduty,
        slack,
    })
}

/// What the connection as a whole needs somebody for. What ails single schedules is a need of
/// the rotations that follow them.
fn pagerduty_need(present: &Present, interval: Duration) -> Option<PagerDutyNeed> {
    let connection = present.connection.as_ref()?;
    let has_synced = connection.last_synced_at.is_some();
    let schedules = std::iter::empty();
    let health = sync::connection_health(
        connection.into(),
        has_synced,
        schedules,
        present.now,
        interval,
    );
    let (problem, needs_reconnection) = match health {
        ConnectionHealth::NeedsReconnection(problem) => (Some(problem), true),
        ConnectionHealth::NeedsAttention(problem) => (problem, false),
        ConnectionHealth::AwaitingFirstSync
        | ConnectionHealth::Healthy
        | ConnectionHealth::AskingAgain(_)
        | ConnectionHealth::Stale => return None,
    };
    Some(PagerDutyNeed {
        problem,
        needs_reconnection,
        rotations: 0,
    })
}
