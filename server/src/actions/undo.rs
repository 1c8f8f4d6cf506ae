//! Taking back what the actor changed by hand. It is a change like any other: whether they may
//! make it is asked anew, and it is written down.

use super::{Failure, Stop, editing::change, schedules::directory, turns::names_on_duty};
use crate::Services;
use domain::{Actor, Directory, Member};
use types::{AuditAction, Change, Changed, LinkState, PersonView, RotationRefusal, UndoId};

pub async fn undo(
    services: &Services,
    actor: &Actor,
    id: &UndoId,
) -> Result<Changed, Stop<RotationRefusal>> {
    let person = actor.person().ok_or(Failure::SignedOut)?;
    let kept = services.store.undo(&actor.workspace, person, id).await?;
    let (rotation, mut kept) = kept.ok_or(RotationRefusal::UndoGone)?;
    let directory = directory(services, actor).await?;
    for member in &mut kept.before.members {
        bring_up_to_date(member, &directory);
    }
    let (mut back, mut on_duty) = (Vec::new(), Vec::new());
    let action = AuditAction::UndidChange;
    change(services, actor, &rotation, action, |rotation, entry| {
        let before = rotation.crew.clone();
        domain::undo(rotation, &kept, entry.at)?;
        entry.after = Some(domain::difference(&before, &rotation.crew));
        back = domain::left_out(&rotation.crew.members, &before.members);
        on_duty = names_on_duty(rotation);
        Ok(())
    })
    .await?;
    Ok(Changed {
        what: Change::Undone { back, on_duty },
        undo: None,
    })
}

/// Somebody may have been renamed, or have left Slack, while they were not in the rotation.
fn bring_up_to_date(member: &mut Member, directory: &Directory) {
    let person = member.person.as_ref();
    if let Some(known) = person.and_then(|person| directory.person(person)) {
        let known = PersonView::from(known.clone());
        member.name = known.name;
        member.email = known.email.or(member.email.take());
        if known.deactivated {
            member.link = LinkState::Deactivated;
        }
    }
}
