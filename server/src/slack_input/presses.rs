//! Buttons under what was answered to a mention: whoever was called takes it, or passes it on. What is
//! no longer so is said to the one who pressed alone; what comes of it, to all in the thread.

use super::{actor, late::Late, mentions::to_call, reply::Reply};
use crate::{
    Services,
    actions::{Failure, rotations},
    crypto::token_key,
    slack::{Action, CALL, Press, Pressed, ReplyAddress, admits},
    store::{MentionChange, MentionNotice, StoredMention},
};
use types::DaysWanted;

/// Does what somebody pressed a button for, once, and tells them where it came to nothing.
pub async fn answer(services: &Services, press: &Press, request_id: &str) {
    let replies = Reply::new(|path| services.config.public_url.join(path));
    let answered = pressed(services, press, request_id, &replies).await;
    let (thread, said) = answered.unwrap_or_else(|failure| {
        let (workspace, person, code) = (&press.workspace, &press.person, failure.code());
        if let Failure::Store(error) = &failure {
            tracing::error!(%workspace, %person, %error, "what a button is for was not done");
        } else {
            tracing::info!(%workspace, %person, code, "not done");
        }
        (None, Some(replies.failure(&failure)))
    });
    if let Some(said) = said {
        let named = press.reply_to.as_deref().unwrap_or_default();
        match ReplyAddress::read(named, &services.config.slack.url) {
            Some(address) => {
                let late = Late::new(services, &press.workspace, address, (thread, None));
                late.give(&said).await;
            }
            None => tracing::warn!("Slack named no address of its own for an answer"),
        }
    }
}

/// In which thread something is to be said, and what.
type Said = (Option<String>, Option<String>);

async fn pressed(
    services: &Services,
    press: &Press,
    request_id: &str,
    replies: &Reply<'_>,
) -> Result<Said, Failure> {
    let (store, workspace) = (&services.store, &press.workspace);
    let say = |text| Ok((None, Some(text)));
    let Some(admission) = store.admission(workspace, &press.person).await? else {
        return say(replies.stranger());
    };
    if !admits(&services.config.slack.workspaces, &admission) {
        return say(replies.not_admitted());
    }
    if admission.standing.ended_at().is_some() {
        return say(replies.installation_ended());
    }
    let mention = store.mention(&press.value).await?;
    let mention = mention.filter(|mention| mention.asked.workspace == *workspace);
    let called = mention.and_then(|mention| Some((mention.rotation.clone()?, mention)));
    let Some((rotation, mention)) = called else {
        return say(replies.call_over());
    };
    let thread = Some(mention.asked.thread.clone());
    let me = admission.person.id.clone();
    let actor = actor(admission, request_id);
    match rotations::state(services, &actor, &rotation, &DaysWanted::default()).await {
        Ok(_) => {}
        Err(failure @ Failure::NotFound) => return Ok((thread, Some(replies.failure(&failure)))),
        Err(failure) => return Err(failure),
    }
    let trigger = &press.trigger;
    let name = token_key(&format!("slack press {workspace} {me} {trigger}"));
    let changing = store.change_mention(&mention.id, Some(&name), |mention| {
        let calling = &mut mention.calling;
        let is_next_called = match press.action {
            Action::Acknowledge => calling.acknowledge(&me).map(|()| false),
            Action::Pass => calling.pass(&me),
        }?;
        if let Some(under) = &press.under {
            fill_in(mention, under);
        }
        let next = is_next_called.then(|| to_call(mention.calling.calls.len()));
        Ok(Vec::from_iter([to_update(mention)].into_iter().chain(next)))
    });
    let changed = changing.await?;
    if let (MentionChange::Refused(_), Some(under)) = (&changed, &press.under) {
        // The message can be told what has become of the call from now on, as it may have missed.
        let filling_in =
            store.change_mention(&mention.id, None, |mention| match fill_in(mention, under) {
                true => Ok(vec![to_update(mention)]),
                false => Err(()),
            });
        filling_in.await?;
    }
    let said = match changed {
        MentionChange::Done | MentionChange::Repeated => None,
        MentionChange::Gone => Some(replies.call_over()),
        MentionChange::Refused(refusal) => Some(replies.not_taken(&refusal, &me)),
    };
    Ok((thread, said))
}

/// That the messages of a mention are to say what has become of it.
pub(super) fn to_update(mention: &StoredMention) -> MentionNotice {
    MentionNotice {
        kind: CALL,
        number: mention.progress(),
        expires_in: None,
        is_apart: true,
    }
}

/// Keeps by what Slack knows the message of a call, where a server ended before it could. False
/// where that is known.
fn fill_in(mention: &mut StoredMention, under: &Pressed) -> bool {
    if under.channel != mention.asked.channel {
        return false;
    }
    let written = mention.messages.get_mut(under.call);
    let Some(written) = written.filter(|written| written.ts.is_none()) else {
        return false;
    };
    written.ts = Some(under.ts.clone());
    true
}
