//! Whoever mentions the app with a rotation's code has whoever is on duty there called, in the
//! thread, who take it or pass it on by a button. Of a private rotation only the one who asks is told
//! anything, and of one that they may not see nobody. What is answered goes through the outbox.

use super::{actor, found, presses::to_update, reply::Reply};
use crate::{
    Services,
    actions::{Failure, rotations, zones},
    crypto::token_key,
    outbox::{Attempt, Consumer, Posting},
    slack::{
        self, AskError, CALL, Installed, MENTION, Mention, Message, admits,
        message::{Asked, Writing, called, called_next, what_became_of, with_buttons},
        post_message, update_message, whisper,
    },
    slack_output::{FAILED, GONE, NOT_INSTALLED, attempt_to_write, failed, refused},
    store::{
        CallMessage, Delivery, MentionChange, MentionNotice, NewMention, StoreError, StoredMention,
        Subject,
    },
};
use async_trait::async_trait;
use domain::{Actor, Call, Calling};
use std::time::Duration;
use types::{DaysWanted, PersonId, RotationId, Visibility};

/// Whoever asked so long ago has found somebody, or asks again: nobody is called any more.
const OF_USE: Duration = Duration::from_secs(4 * 3600);
const TOO_LATE: &str = "too_late";

/// That the call of this number is to be made.
pub(super) const fn to_call(number: usize) -> MentionNotice {
    MentionNotice {
        kind: MENTION,
        number,
        expires_in: Some(OF_USE),
        is_apart: false,
    }
}

/// Keeps a mention, to be answered after a while, once: Slack may tell of the same one several
/// times, also as if it were another one.
pub async fn take(
    services: &Services,
    mention: &Mention,
    wait: Duration,
) -> Result<(), StoreError> {
    let Mention {
        workspace,
        person,
        channel,
        ts,
        thread,
        code,
        event,
    } = mention;
    let names = [
        format!("slack event {workspace} {event}"),
        format!("slack mention {workspace} {channel} {ts}"),
    ];
    let names = names.map(|name| token_key(&name));
    let asked = NewMention {
        workspace: workspace.clone(),
        person: person.clone(),
        channel: channel.clone(),
        thread: thread.clone(),
        code: code.clone(),
    };
    let taking = services
        .store
        .take_mention(&asked, &names, (to_call(0), wait));
    taking.await?;
    Ok(())
}

/// Answers mentions, and calls the next one where all who were called have passed it on: the
/// consumer of the outbox's `slack_mention`.
pub struct Mentions(pub Services);

/// What is answered.
enum Answer {
    /// To all in the thread, with buttons for these.
    Call {
        rotation: RotationId,
        text: String,
        people: Vec<PersonId>,
    },
    InThread(String),
    /// To the one who asked.
    Alone(String),
    /// Somebody sees to it already.
    Nothing,
}

#[async_trait]
impl Consumer for Mentions {
    fn kind(&self) -> &str {
        MENTION
    }

    /// Slack takes every message for a new one.
    fn is_repeatable(&self) -> bool {
        false
    }

    /// Whoever asks for help does not wait until all that is announced was written.
    fn lane(&self) -> &str {
        MENTION
    }

    async fn deliver(&self, delivery: &Delivery, posting: &Posting) -> Attempt {
        let answering = self.answer(delivery, posting).await;
        answering.unwrap_or_else(|error| {
            // Whatever has failed came before the message.
            tracing::error!(?error, "a mention could not be answered");
            failed(FAILED)
        })
    }
}

impl Mentions {
    async fn answer(&self, delivery: &Delivery, posting: &Posting) -> Result<Attempt, Failure> {
        let Self(services) = self;
        // Also what a version left behind that let nothing expire.
        if delivery.late >= OF_USE {
            return Ok(refused(TOO_LATE));
        }
        let Some(mention) = of_delivery(services, delivery).await? else {
            return Ok(refused(GONE));
        };
        let workspace = &mention.asked.workspace;
        let Some(installed) = slack::installed(&services.slack, workspace).await? else {
            return Ok(refused(NOT_INSTALLED));
        };
        let number = delivery.occurrence.moment().as_millis();
        let number = usize::try_from(number).unwrap_or_default();
        let replies = Reply::new(|path| services.config.public_url.join(path));
        let answer = asked(services, &mention, number, &replies).await;
        let answer = match answer {
            Err(failure @ Failure::Store(_)) => return Err(failure),
            answer => answer.unwrap_or_else(|failure| Answer::Alone(replies.failure(&failure))),
        };
        let NewMention {
            channel, thread, ..
        } = &mention.asked;
        let message = |text| Message {
            thread: Some(thread),
            ..Message::new(channel, text)
        };
        if matches!(answer, Answer::Nothing) {
            return Ok(Attempt::Delivered);
        }
        if let Answer::Call {
            rotation,
            text,
            people,
        } = &answer
        {
            let call = (number, people.as_slice(), text.as_str());
            // Who counts as gone must not keep a call in the place of another one's. It is kept before
            // the writing begins, since who ends in between leaves nothing in doubt.
            let counts = posting.counts().await?;
            if !counts || !keep_call(services, &mention, rotation, call).await? {
                return Ok(failed(FAILED));
            }
        }
        if !posting.begins().await? {
            return Ok(failed(FAILED));
        }
        let written = match &answer {
            Answer::Nothing => Ok(()),
            Answer::Alone(text) => {
                let person = &mention.asked.person;
                whisper(&services.slack, &installed, message(text), person).await
            }
            Answer::InThread(text) => {
                let posting = post_message(&services.slack, &installed, message(text));
                posting.await.map(drop)
            }
            Answer::Call { text, .. } => {
                let message = message(text);
                post_call(services, &installed, (&mention, number), message).await
            }
        };
        Ok(written.map_or_else(attempt_to_write, |()| Attempt::Delivered))
    }
}

/// Has what was written say what has become of it: the consumer of the outbox's `slack_call`.
pub struct Calls(pub Services);

#[async_trait]
impl Consumer for Calls {
    fn kind(&self) -> &str {
        CALL
    }

    /// A message that says so already says the same afterwards.
    fn is_repeatable(&self) -> bool {
        true
    }

    async fn deliver(&self, delivery: &Delivery, _posting: &Posting) -> Attempt {
        self.update(delivery).await.unwrap_or_else(|error| {
            tracing::error!(?error, "what became of a mention could not be told");
            failed(FAILED)
        })
    }
}

impl Calls {
    async fn update(&self, delivery: &Delivery) -> Result<Attempt, Failure> {
        let Self(services) = self;
        let Some(mention) = of_delivery(services, delivery).await? else {
            return Ok(refused(GONE));
        };
        let asked = &mention.asked;
        let Some(installed) = slack::installed(&services.slack, &asked.workspace).await? else {
            return Ok(refused(NOT_INSTALLED));
        };
        let calling = &mention.calling;
        let (mut told, mut again) = (Vec::new(), None);
        let calls = calling.calls.iter().zip(&mention.messages).enumerate();
        for (number, (call, written)) in calls {
            let became = changes_of(calling, call);
            let Some(ts) = written.ts.as_ref().filter(|_| became != written.told) else {
                continue;
            };
            let taken_by = calling.taken_by.as_ref();
            let text = what_became_of(&written.text, call, taken_by);
            let is_open = call.is_open() && taken_by.is_none();
            let blocks = with_buttons(&text, is_open.then_some((mention.id.as_str(), number)));
            let message = Message {
                thread: Some(&asked.thread),
                blocks: Some(&blocks),
                ..Message::new(&asked.channel, &text)
            };
            let updating = update_message(&services.slack, &installed, ts, message);
            // One message that Slack refuses for good holds up no other.
            let attempt = updating
                .await
                .map_or_else(attempt_to_write, |()| Attempt::Delivered);
            match attempt {
                Attempt::Delivered => told.push((number, became)),
                Attempt::Refused { problem } => {
                    tracing::warn!(
                        problem,
                        mention = mention.id,
                        "a message cannot say what became of it"
                    );
                    told.push((number, became));
                }
                attempt => again = again.or(Some(attempt)),
            }
        }
        keep_told(services, &mention, &told).await?;
        Ok(again.unwrap_or(Attempt::Delivered))
    }
}

/// How much has become of a call, which grows.
fn changes_of(calling: &Calling, call: &Call) -> usize {
    call.passed.len() + usize::from(calling.taken_by.is_some())
}

/// Keeps what the messages of these calls say by now.
async fn keep_told(
    services: &Services,
    mention: &StoredMention,
    told: &[(usize, usize)],
) -> Result<(), StoreError> {
    if told.is_empty() {
        return Ok(());
    }
    let changing = services.store.change_mention(&mention.id, None, |mention| {
        for (number, changes) in told {
            if let Some(written) = mention.messages.get_mut(*number) {
                written.told = written.told.max(*changes);
            }
        }
        Ok::<_, ()>(Vec::new())
    });
    changing.await?;
    Ok(())
}

async fn of_delivery(
    services: &Services,
    delivery: &Delivery,
) -> Result<Option<StoredMention>, StoreError> {
    match &delivery.subject {
        Subject::Mention(id) => services.store.mention(id).await,
        Subject::Rotation(_) | Subject::Cover(_) | Subject::Workspace(_) | Subject::Answer(_) => {
            Ok(None)
        }
    }
}

/// What is answered to a mention, or by the later call of this number, as things are now.
async fn asked(
    services: &Services,
    mention: &StoredMention,
    number: usize,
    replies: &Reply<'_>,
) -> Result<Answer, Failure> {
    let (store, asked) = (&services.store, &mention.asked);
    if mention.calling.taken_by.is_some() {
        return Ok(Answer::Nothing);
    }
    let admission = store.admission(&asked.workspace, &asked.person).await?;
    let Some(admission) = admission else {
        return Ok(Answer::Alone(replies.stranger()));
    };
    if !admits(&services.config.slack.workspaces, &admission) {
        return Ok(Answer::Alone(replies.not_admitted()));
    }
    let actor = actor(admission, &mention.id);
    if number > 0 {
        return match &mention.rotation {
            Some(id) => call_next(services, &actor, id, (mention, number), replies).await,
            None => Ok(Answer::Nothing),
        };
    }
    let Some(code) = &asked.code else {
        return Ok(Answer::Alone(replies.how_to_mention()));
    };
    match found(services, &actor, code).await? {
        Some(id) => call(services, &actor, &id, (mention, replies)).await,
        None => Ok(Answer::Alone(replies.no_rotation(code))),
    }
}

/// Calls whoever is on duty.
async fn call(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (mention, replies): (&StoredMention, &Reply<'_>),
) -> Result<Answer, Failure> {
    let state = rotations::state(services, actor, id, &DaysWanted::default()).await?;
    let details = &state.rotation.details;
    let asked = Asked {
        rotation: &details.name,
        by: asker(actor, mention),
    };
    let zone = zones::of_duty(services, &state).await?;
    let writing = Writing::new(&state.directory, zone.as_ref());
    let (text, people) = called(asked, &state.outlook, writing);
    Ok(match details.visibility {
        Visibility::Private => Answer::Alone(replies.private(&text)),
        // Nobody could press a button.
        Visibility::Public if people.is_empty() => Answer::InThread(text),
        Visibility::Public => Answer::Call {
            rotation: id.clone(),
            text,
            people,
        },
    })
}

/// Calls the next one, where all who were called have passed it on.
async fn call_next(
    services: &Services,
    actor: &Actor,
    id: &RotationId,
    (mention, number): (&StoredMention, usize),
    replies: &Reply<'_>,
) -> Result<Answer, Failure> {
    let state = rotations::state(services, actor, id, &DaysWanted::default()).await?;
    let details = &state.rotation.details;
    if details.visibility == Visibility::Private {
        return Ok(Answer::Alone(replies.private_by_now()));
    }
    let asked = Asked {
        rotation: &details.name,
        by: asker(actor, mention),
    };
    let directory = &state.directory;
    let members = state.rotation.crew.members.iter();
    // Whoever left Slack since cannot be called.
    let members = members.filter(|member| {
        let person = member.person.as_ref();
        let known = person.and_then(|person| directory.person(person));
        known.is_some_and(|known| !known.deactivated)
    });
    let members: Vec<_> = members.cloned().collect();
    // A call that could not be written is made anew.
    let mut before = mention.calling.clone();
    before.calls.truncate(number);
    Ok(match before.next(&members, asked.by) {
        Some(person) => Answer::Call {
            rotation: id.clone(),
            text: called_next(asked, &person),
            people: vec![person],
        },
        None => Answer::InThread(replies.nobody_left(asked)),
    })
}

/// Who asks, by the id by which members are known: Slack may have told of them by their other one.
fn asker<'a>(actor: &'a Actor, mention: &'a StoredMention) -> &'a PersonId {
    actor.person().unwrap_or(&mention.asked.person)
}

/// Keeps who is called, before anybody can press anything. False where that call has been written.
async fn keep_call(
    services: &Services,
    mention: &StoredMention,
    rotation: &RotationId,
    (number, people, text): (usize, &[PersonId], &str),
) -> Result<bool, StoreError> {
    let changing = services.store.change_mention(&mention.id, None, |mention| {
        let present = mention.messages.get(number);
        if present.is_some_and(|present| present.ts.is_some()) {
            return Err(());
        }
        // What could not be written is tried again, perhaps with others.
        mention.calling.calls.truncate(number);
        mention.messages.truncate(number);
        mention.rotation = Some(rotation.clone());
        mention.calling.calls.push(Call {
            people: people.to_vec(),
            passed: Vec::new(),
        });
        mention.messages.push(CallMessage {
            text: text.to_owned(),
            ..CallMessage::default()
        });
        Ok(Vec::new())
    });
    Ok(matches!(changing.await?, MentionChange::Done))
}

/// Writes a call with its buttons, and keeps by what Slack knows it.
async fn post_call(
    services: &Services,
    installed: &Installed,
    (mention, number): (&StoredMention, usize),
    message: Message<'_>,
) -> Result<(), AskError> {
    let blocks = with_buttons(message.text, Some((mention.id.as_str(), number)));
    let message = Message {
        blocks: Some(&blocks),
        ..message
    };
    let ts = post_message(&services.slack, installed, message).await?;
    let changing = services.store.change_mention(&mention.id, None, |mention| {
        Ok::<_, ()>(known_as(mention, number, ts))
    });
    if let Err(error) = changing.await {
        tracing::warn!(%error, "a message will not say what becomes of it");
    }
    Ok(())
}

/// Keeps by what Slack knows the message of a call. What has become of the call while it was written
/// could not be told by it, and is now.
fn known_as(mention: &mut StoredMention, number: usize, ts: Option<String>) -> Vec<MentionNotice> {
    let mut calls = mention.calling.calls.iter().zip(&mut mention.messages);
    let Some((call, written)) = calls.nth(number) else {
        return Vec::new();
    };
    // Whoever pressed a button has told meanwhile what Slack did not.
    written.ts = ts.or(written.ts.take());
    let is_behind = changes_of(&mention.calling, call) != written.told;
    Vec::from_iter(is_behind.then(|| to_update(mention)))
}
