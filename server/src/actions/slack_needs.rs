//! What rotations need somebody for since Slack does not take what they tell there, for those who may
//! change that.

use super::{
    Failure, reads_since,
    rotations::{Listed, is_seen},
};
use crate::{
    Services,
    slack::{ANNOUNCEMENT, CHANNEL_LEFT, DUTY_GROUP, TOPIC},
    store::{ListedRotation, SlackTrouble},
};
use domain::Actor;
use std::collections::HashMap;
use types::{First, RefusedBySlack, RotationId, RotationNeed};

/// What Slack does not take at present, by rotation.
pub(super) struct SlackNeeds(HashMap<RotationId, Vec<RotationNeed>>);

impl SlackNeeds {
    pub(super) async fn read(services: &Services, actor: &Actor) -> Result<Self, Failure> {
        let kinds = [ANNOUNCEMENT, DUTY_GROUP, TOPIC];
        let troubles = services.store.slack_troubles(&actor.workspace, kinds);
        let mut needs: HashMap<_, Vec<_>> = HashMap::new();
        for trouble in troubles.await? {
            let SlackTrouble {
                rotation,
                part,
                name,
                word,
            } = trouble;
            // Of a channel that was chosen again since then nothing is known yet.
            if word != CHANNEL_LEFT
                && let Some(cause) = part.trouble(&word)
            {
                let need = RotationNeed::Slack { part, name, cause };
                needs.entry(rotation).or_default().push(need);
            }
        }
        Ok(Self(needs))
    }

    /// Adds what a rotation needs, where the actor may change it.
    pub(super) fn add(&self, actor: &Actor, rotation: &ListedRotation, listed: &mut Listed) {
        if let Some(needs) = self.0.get(&rotation.id)
            && actor.may_edit(|person| rotation.relation_to(person))
        {
            listed.needs.extend(needs.iter().cloned());
            listed.needs.sort_by_key(domain::urgency);
        }
    }
}

/// How much of it is told at once where it is told by itself.
const TOLD: usize = 6;

/// What Slack does not take of the rotations that the actor may change, by their names.
pub async fn refused(services: &Services, actor: &Actor) -> Result<First<RefusedBySlack>, Failure> {
    let SlackNeeds(mut needs) = SlackNeeds::read(services, actor).await?;
    if needs.is_empty() {
        return Ok(First::of(Vec::new(), TOLD));
    }
    let store = &services.store;
    let overview = store.rotation_overview_since(&actor.workspace, reads_since(actor));
    let overview = overview.await?;
    let rotations = overview.rotations.iter().filter(|rotation| {
        is_seen(rotation, actor) && actor.may_edit(|person| rotation.relation_to(person))
    });
    let mut refused = Vec::new();
    for rotation in rotations {
        for need in needs.remove(&rotation.id).unwrap_or_default() {
            if let RotationNeed::Slack { part, name, cause } = need {
                refused.push(RefusedBySlack {
                    rotation: rotation.id.clone(),
                    rotation_name: rotation.details.name.clone(),
                    part,
                    name,
                    cause,
                });
            }
        }
    }
    Ok(First::of(refused, TOLD))
}
