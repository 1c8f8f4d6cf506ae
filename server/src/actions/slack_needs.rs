//! What rotations need somebody for since Slack does not take what they tell there, for those who may
//! change that.

use super::{Failure, rotations::Listed};
use crate::{
    Services,
    slack::{ANNOUNCEMENT, CHANNEL_LEFT, DUTY_GROUP, TOPIC},
    store::{ListedRotation, SlackTrouble},
};
use domain::Actor;
use std::collections::HashMap;
use types::{RotationId, RotationNeed};

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
