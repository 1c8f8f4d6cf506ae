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
    /// It is the end of an override that has not begun.
    pub to_come: bool,
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
    let mut to_come = false;
    let preview = match proposal {
        Proposal::Add(people) => {
            let directory = directory(services, actor).await?;
            let rule = |rotation: &mut Rotation| members::add_all(rotation, people, &directory);
            members::preview(services, &rotation, rule).await
        }
        Proposal::Remove(member) => {
            let rule = |rotation: &mut Rotation| {
                let name = domain::remove_member(rotation, member)?;
                Ok(("Removed", vec![name]))
            };
            members::preview(services, &rotation, rule).await
        }
        Proposal::Move(member, direction) => {
            let rule = |rotation: &mut Rotation| {
                let name = domain::move_member(rotation, member, *direction)?;
                let words = match direction {
                    MoveDirection::Up => "Moved up",
                    MoveDirection::Down => "Moved down",
                };
                Ok((words, vec![name]))
            };
            members::preview(services, &rotation, rule).await
        }
        Proposal::End(one) => {
            let ended = overrides::preview_end(services, actor, &rotation, one).await;
            ended.map(|(preview, is_to_come)| {
                to_come = is_to_come;
                preview
            })
        }
        Proposal::Take(one) => overrides::preview_taking(services, actor, &rotation, one).await,
        Proposal::MakeManual => Ok(schedules::preview_manual(services, &rotation)),
    };
    Ok(Proposed {
        preview: preview?,
        rotation,
        to_come,
    })
}
