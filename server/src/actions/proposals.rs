//! What a change of a rotation with a schedule of its own would bring, by the rules that make it.

use super::{
    Stop, members, overrides,
    rights::editable,
    rotations::visible,
    schedules::{self, directory},
};
use crate::Services;
use domain::{Actor, Rotation};
use types::{MoveDirection, OverrideRefusal, Proposal, RotaPreview, RotationId};

/// What a change would bring a rotation as it is now.
pub struct Proposed {
    pub rotation: Rotation,
    pub preview: RotaPreview,
}

pub async fn preview(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    proposal: &Proposal,
) -> Result<Proposed, Stop<OverrideRefusal>> {
    let rotation = match proposal {
        Proposal::End(_) | Proposal::Take(_) => visible(services, actor, id).await?,
        Proposal::Add(_) | Proposal::Remove(_) | Proposal::Move(..) | Proposal::MakeManual => {
            editable(services, actor, id).await?
        }
    };
    let preview = match proposal {
        Proposal::Add(people) => {
            let directory = directory(services, actor).await?;
            let rule = |rotation: &mut Rotation| members::add_all(rotation, people, &directory);
            members::preview(services, &rotation, rule).await
        }
        Proposal::Remove(member) => {
            let rule = |rotation: &mut Rotation| {
                let name = domain::remove_member(rotation, member)?;
                Ok(format!("Removed: {name}"))
            };
            members::preview(services, &rotation, rule).await
        }
        Proposal::Move(member, direction) => {
            let rule = |rotation: &mut Rotation| {
                let name = domain::move_member(rotation, member, *direction)?;
                Ok(match direction {
                    MoveDirection::Up => format!("Moved up: {name}"),
                    MoveDirection::Down => format!("Moved down: {name}"),
                })
            };
            members::preview(services, &rotation, rule).await
        }
        Proposal::End(one) => overrides::preview_end(services, actor, &rotation, one).await,
        Proposal::Take(one) => overrides::preview_taking(services, actor, &rotation, one).await,
        Proposal::MakeManual => Ok(schedules::preview_manual(services, &rotation)),
    };
    Ok(Proposed {
        preview: preview?,
        rotation,
    })
}
