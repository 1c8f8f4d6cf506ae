//! What people do in Slack and want an answer to: commands, mentions of the app, and the buttons under
//! what that says. Whoever does it is an actor like the reader of a page, and the same actions decide
//! what they may.

mod covers;
mod late;
mod mentions;
mod presses;
mod reply;

pub use late::{Late, LateAnswers};
pub use mentions::{Calls, Mentions, take as take_mention};
pub use presses::answer as answer_press;

use crate::{
    Services,
    actions::{Failure, Stop, rotations, turns, zones},
    crypto::token_key,
    slack::{Command, Invocation, ReplyAddress, admits},
    store::ChangeState,
};
use domain::{Actor, Admission, Principal, Through, rota::Zone};
use reply::{Listed, Reply};
use types::{
    Change, Changed, DaysWanted, MemberKey, PersonId, RotationFilter, RotationId, RotationRefusal,
};

/// Answers a command, for whoever gave it alone. One that changes something is done once, however
/// often Slack sends it.
pub async fn answer(services: &Services, invocation: &Invocation, request_id: &str) -> String {
    let replies = Reply::new(|path| services.config.public_url.join(path));
    let answered = admit_and_answer(services, invocation, request_id, &replies).await;
    answered.unwrap_or_else(|failure| {
        let (workspace, person, code) = (&invocation.workspace, &invocation.person, failure.code());
        if let Failure::Store(error) = &failure {
            tracing::error!(%workspace, %person, %error, "a command failed");
        } else {
            tracing::info!(%workspace, %person, code, "not done");
        }
        replies.failure(&failure)
    })
}

async fn admit_and_answer(
    services: &Services,
    invocation: &Invocation,
    request_id: &str,
    replies: &Reply<'_>,
) -> Result<String, Failure> {
    let (workspace, person) = (&invocation.workspace, &invocation.person);
    let Some(admission) = services.store.admission(workspace, person).await? else {
        return Ok(replies.stranger());
    };
    let by = (admission, request_id);
    match invocation.command.changes() {
        true => once(services, invocation, by, replies).await,
        false => run(services, &invocation.command, by, replies).await,
    }
}

/// Under which it is known what came of a command, whichever server ran it.
fn change_key(invocation: &Invocation) -> String {
    let Invocation {
        workspace,
        person,
        trigger,
        ..
    } = invocation;
    token_key(&format!("slack command {workspace} {person} {trigger}"))
}

/// The answer to a command, which may come late, at this address.
pub fn late_answer(services: &Services, invocation: &Invocation, address: ReplyAddress) -> Late {
    let changes = invocation.command.changes();
    let change = changes.then(|| change_key(invocation));
    Late::new(services, &invocation.workspace, address, (None, change))
}

/// Runs a command that was not run before, and answers with what came of it then otherwise.
async fn once(
    services: &Services,
    invocation: &Invocation,
    by: (Admission, &str),
    replies: &Reply<'_>,
) -> Result<String, Failure> {
    let (store, key) = (&services.store, change_key(invocation));
    match store.begin_change(&invocation.workspace, &key).await? {
        ChangeState::New => {}
        ChangeState::Done(text) => return Ok(text),
        ChangeState::UnderWay(_) => return Ok(replies.under_way()),
        ChangeState::BrokenOff => return Ok(replies.broken_off()),
    }
    let answered = run(services, &invocation.command, by, replies).await;
    let text = answered.as_ref().ok().map(String::as_str);
    if let Err(error) = store.end_change(&key, text).await {
        tracing::error!(%error, "how a command ended could not be kept");
    }
    answered
}

async fn run(
    services: &Services,
    command: &Command,
    (admission, request_id): (Admission, &str),
    replies: &Reply<'_>,
) -> Result<String, Failure> {
    if !admits(&services.config.slack.workspaces, &admission) {
        return Ok(replies.not_admitted());
    }
    if command.changes() && admission.standing.ended_at().is_some() {
        return Ok(replies.installation_ended());
    }
    let me = MemberKey::of_person(&admission.person.id);
    let actor = actor(admission, request_id);
    match command {
        Command::Help => Ok(replies.help()),
        Command::Unknown => Ok(replies.unknown()),
        Command::Whom(code) => Ok(replies.whom(code)),
        Command::When(code) => Ok(replies.when(code)),
        Command::Cover(code, wish) => covers::ask(services, &actor, (code, wish), replies).await,
        Command::Take(code, which) => {
            let which = which.as_deref();
            covers::take(services, &actor, (code, which), replies).await
        }
        Command::List => list(services, &actor, replies).await,
        Command::Show(code) => match found(services, &actor, code).await? {
            Some(id) => show(services, &actor, &id, replies).await,
            None => Ok(replies.no_rotation(code)),
        },
        Command::Rotate(code) => match found(services, &actor, code).await? {
            Some(id) => {
                let rotated = turns::rotate(services, &actor, &id).await;
                changed(services, &actor, (&id, rotated), replies).await
            }
            None => Ok(replies.no_rotation(code)),
        },
        Command::Me(code) => put(services, &actor, (code, &me), replies).await,
        Command::Set(code, person) => {
            let member = member(services, &actor, person).await?;
            put(services, &actor, (code, &member), replies).await
        }
    }
}

/// Whoever gives a command.
fn actor(admission: Admission, request_id: &str) -> Actor {
    let person = admission.person;
    Actor {
        workspace: admission.workspace,
        principal: Principal::Person {
            person: person.id,
            name: person.name,
            role: person.role,
            through: Through::Command,
        },
        request_id: Some(request_id.to_owned()),
        admitted_at: None,
    }
}

/// The rotation of this code, if there is one that the actor may see.
async fn found(
    services: &Services,
    actor: &Actor,
    code: &str,
) -> Result<Option<RotationId>, Failure> {
    match rotations::with_code(services, actor, code).await {
        Ok(id) => Ok(Some(id)),
        Err(Failure::NotFound) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Somebody as a member, by either of the ids that Slack has of them.
async fn member(
    services: &Services,
    actor: &Actor,
    person: &PersonId,
) -> Result<MemberKey, Failure> {
    let person = known_as(services, actor, person).await?;
    Ok(MemberKey::of_person(&person))
}

/// Somebody by the id under which they are known here.
async fn known_as(
    services: &Services,
    actor: &Actor,
    person: &PersonId,
) -> Result<PersonId, Failure> {
    let known = services.store.person(&actor.workspace, person).await?;
    Ok(known.map_or_else(|| person.clone(), |known| known.id))
}

async fn put(
    services: &Services,
    actor: &Actor,
    (code, member): (&str, &MemberKey),
    replies: &Reply<'_>,
) -> Result<String, Failure> {
    let Some(id) = found(services, actor, code).await? else {
        return Ok(replies.no_rotation(code));
    };
    let set = turns::set_on_duty(services, actor, &id, member).await;
    changed(services, actor, (&id, set), replies).await
}

/// What is said of a change: who is on duty by it, or why it was refused.
async fn changed(
    services: &Services,
    actor: &Actor,
    (id, changed): (&RotationId, Result<Changed, Stop<RotationRefusal>>),
    replies: &Reply<'_>,
) -> Result<String, Failure> {
    match changed {
        Ok(Changed {
            what: Change::OnDuty(_),
            ..
        }) => {
            let shown = show(services, actor, id, replies).await?;
            Ok(replies.done(&shown))
        }
        Ok(_) => show(services, actor, id, replies).await,
        Err(Stop::Refused(refusal)) => Ok(replies.refused(&refusal)),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

async fn list(services: &Services, actor: &Actor, replies: &Reply<'_>) -> Result<String, Failure> {
    let directory = services.store.directory(&actor.workspace).await?;
    let shared = zones::of_workspace(services, &actor.workspace).await?;
    let listing = rotations::list(services, actor, &RotationFilter::default()).await?;
    let listing = listing.in_zones(|rotation, outlook, zone| Listed {
        id: rotation.id.clone(),
        name: rotation.details.name.clone(),
        code: rotation.details.code.clone(),
        outlook,
        is_paused: rotation.plan.is_paused(),
        zone: zone.and_then(Zone::named).or_else(|| shared.clone()),
    });
    Ok(replies.list(&listing, &directory))
}

async fn show(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    replies: &Reply<'_>,
) -> Result<String, Failure> {
    let state = rotations::state(services, actor, id, &DaysWanted::default()).await?;
    let details = &state.rotation.details;
    let zone = zones::of_duty(services, &state).await?;
    let listed = Listed {
        id: id.clone(),
        name: details.name.clone(),
        code: details.code.clone(),
        outlook: state.outlook,
        is_paused: state.rotation.plan.is_paused(),
        zone,
    };
    Ok(replies.shown(&listed, &state.directory))
}
