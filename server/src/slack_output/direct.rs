//! Tells people of their own duty by direct messages: the consumers of the outbox's kinds of
//! [`PersonalNotice`]. Of several rotations somebody is told in one message.

use super::{FAILED, NOT_INSTALLED, attempt, failed, post, refused};
use crate::{
    Services,
    actions::{
        Failure,
        notifications::{QUIET_HOURS, quiet_until},
        rotations::{self, RotationState},
        zones,
    },
    outbox::{Attempt, Consumer, Posting},
    slack::{
        self, AskError, DUTY_GROUP, Message, TOPIC,
        message::{Personal, Writing, direct_message, personal_line, reconnect_line},
        open_direct,
    },
    store::{Beside, Delivery, Subject},
};
use async_trait::async_trait;
use domain::{Actor, Occurrence, Person, PersonalNotice, Relation, bar_to_covering, rota::Zone};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use types::{CoverId, DaysWanted, Holder, MemberKey, PersonId, RotationId, Span, WorkspaceId};

/// Where people choose what they are told.
const CHOICES: &str = "/settings/notifications";
/// Where admins reconnect PagerDuty.
const INTEGRATIONS: &str = "/settings/integrations";

/// Tells people of one kind.
pub struct DirectMessages {
    services: Services,
    notice: PersonalNotice,
}

impl DirectMessages {
    /// One for each kind.
    pub fn all(services: &Services) -> impl Iterator<Item = Arc<dyn Consumer>> {
        PersonalNotice::all().map(|notice| {
            let services = services.clone();
            Arc::new(Self { services, notice }) as Arc<dyn Consumer>
        })
    }
}

/// What there is to say of one rotation.
struct Line {
    text: String,
    rotation: String,
}

#[async_trait]
impl Consumer for DirectMessages {
    fn kind(&self) -> &str {
        self.notice.kind()
    }

    /// Slack takes every message for a new one.
    fn is_repeatable(&self) -> bool {
        false
    }

    /// Others reach whoever is on duty by the group and by what the topic says.
    fn goes_after(&self) -> &[&str] {
        match self.notice {
            PersonalNotice::Starts | PersonalNotice::Ends => &[DUTY_GROUP, TOPIC],
            PersonalNotice::Moves
            | PersonalNotice::Rearranged
            | PersonalNotice::CoverWanted
            | PersonalNotice::CoverTaken
            | PersonalNotice::CoverGone
            | PersonalNotice::Reconnect
            | PersonalNotice::Before(_) => &[],
        }
    }

    fn tells_everything(&self) -> bool {
        true
    }

    async fn deliver(&self, delivery: &Delivery, posting: &Posting) -> Attempt {
        self.deliver_with(delivery, &[], posting).await
    }

    async fn deliver_with(
        &self,
        delivery: &Delivery,
        beside: &[Beside],
        posting: &Posting,
    ) -> Attempt {
        let Some(person) = MemberKey::new(&delivery.target).person() else {
            return Attempt::Delivered;
        };
        let telling = self.tell((delivery, posting), beside, &person).await;
        telling.unwrap_or_else(|error| {
            // Whatever has failed came before the message.
            tracing::error!(?error, %person, "somebody could not be told of their duty");
            failed(FAILED)
        })
    }
}

impl DirectMessages {
    async fn tell(
        &self,
        (delivery, posting): (&Delivery, &Posting),
        beside: &[Beside],
        person: &PersonId,
    ) -> Result<Attempt, Failure> {
        let Self { services, notice } = self;
        let (store, workspace) = (&services.store, &delivery.workspace);
        let known = store.notifications(workspace, person).await?;
        let reader = store.person(workspace, person).await?;
        let Some(reader) = reader.filter(|reader| !reader.deactivated) else {
            return Ok(Attempt::Delivered);
        };
        if !notice.is_wanted(&known.choices) {
            return Ok(Attempt::Delivered);
        }
        let mut about = BTreeMap::from([(&delivery.subject, vec![delivery.occurrence])]);
        for other in beside {
            let occurrences = about.entry(&other.subject).or_default();
            occurrences.push(other.occurrence());
        }
        let mut lines = Vec::new();
        for (subject, occurrences) in about {
            lines.extend(match subject {
                Subject::Rotation(rotation) => {
                    let of_one = self.lines(delivery, &reader, rotation, &occurrences);
                    of_one.await?
                }
                Subject::Cover(cover) => self.of_cover(delivery, &reader, cover).await?,
                Subject::Workspace(workspace) => self.of_workspace(workspace, &reader).await?,
                Subject::Mention(_) | Subject::Answer(_) => Vec::new(),
            });
        }
        if lines.is_empty() {
            return Ok(Attempt::Delivered);
        }
        let now = store.now().await?;
        // What waited for something else may have come to be told within quiet hours.
        let due = now.plus_seconds(-i64::try_from(delivery.late.as_secs()).unwrap_or_default());
        if !notice.outlasts_quiet_hours() && quiet_until(&known, due).is_some() {
            return Ok(Attempt::Delivered);
        }
        if let Some(end) = quiet_until(&known, now) {
            let left = end.as_millis().saturating_sub(now.as_millis());
            return Ok(match notice.outlasts_quiet_hours() {
                true => Attempt::Later {
                    reason: QUIET_HOURS.to_owned(),
                    wait: Duration::from_millis(left.max(0).unsigned_abs()),
                },
                false => Attempt::Delivered,
            });
        }
        let attempt = self.send((delivery, posting), person, &lines).await?;
        if attempt == Attempt::Delivered {
            let mut names: Vec<_> = lines.iter().map(|line| line.rotation.as_str()).collect();
            names.dedup();
            let about = format!("{}: {}", in_words(*notice), names.join(", "));
            let noting = store.note_told_directly(workspace, person, &about).await;
            if let Err(error) = noting {
                tracing::warn!(%error, "what somebody was told last is not kept");
            }
        }
        Ok(attempt)
    }

    async fn send(
        &self,
        (delivery, posting): (&Delivery, &Posting),
        person: &PersonId,
        lines: &[Line],
    ) -> Result<Attempt, Failure> {
        let services = &self.services;
        let Some(installed) = slack::installed(&services.slack, &delivery.workspace).await? else {
            return Ok(refused(NOT_INSTALLED));
        };
        let channel = match open_direct(&services.slack, &installed, person).await {
            Ok(channel) => channel,
            Err(AskError::Store(error)) => return Err(error.into()),
            // Nothing was written yet, whatever became of that.
            Err(AskError::Slack(error)) => {
                return Ok(match attempt(&error) {
                    Attempt::Unclear { problem } => failed(&problem),
                    attempt => attempt,
                });
            }
        };
        let lines: Vec<_> = lines.iter().map(|line| line.text.clone()).collect();
        let choices = services.config.public_url.join(CHOICES);
        let text = direct_message(&lines, &choices);
        let message = Message::new(&channel, &text);
        Ok(post(services, &installed, message, posting).await?)
    }

    /// What there is to say now of a rotation, as far as it is still of use.
    async fn lines(
        &self,
        delivery: &Delivery,
        reader: &Person,
        rotation: &RotationId,
        occurrences: &[Occurrence],
    ) -> Result<Vec<Line>, Failure> {
        let Self { services, notice } = self;
        let state = seen(services, (delivery, reader), rotation).await?;
        let Some(state) = state else {
            return Ok(Vec::new());
        };
        let me = MemberKey::new(&delivery.target);
        let mine = state.outlook.of(&me);
        let is_mine = |holder: &Holder| holder.key == me;
        let theirs = state.plan.iter().filter(|shift| {
            shift.starts_at > state.now && shift.holder.as_ref().is_some_and(is_mine)
        });
        let theirs: Vec<_> = theirs.collect();
        let shifts = theirs.iter().copied();
        let shifts = shifts.filter(|shift| occurrences.contains(&Occurrence::at(shift.starts_at)));
        let told = match notice {
            PersonalNotice::Starts => Vec::from_iter(mine.map(Personal::Started)),
            PersonalNotice::Ends if mine.is_some() => Vec::new(),
            PersonalNotice::Ends => vec![Personal::Ended(&state.outlook)],
            PersonalNotice::Moves => {
                // Where a whole schedule moves, the next shift stands for all.
                let shifts: Vec<_> = shifts.collect();
                let first = shifts.first();
                Vec::from_iter(first.map(|first| Personal::Moved(first, shifts.len() - 1)))
            }
            PersonalNotice::Rearranged => vec![Personal::Rearranged(&theirs)],
            PersonalNotice::Before(_) => shifts.map(Personal::Coming).collect(),
            // These are not about a rotation.
            PersonalNotice::CoverWanted
            | PersonalNotice::CoverTaken
            | PersonalNotice::CoverGone
            | PersonalNotice::Reconnect => Vec::new(),
        };
        if told.is_empty() {
            return Ok(Vec::new());
        }
        let zone = zones::of_duty(services, &state).await?;
        let told = told.into_iter();
        let lines = told.map(|told| line(services, (&state, zone.as_ref()), told));
        Ok(lines.collect())
    }

    /// What there is to say now of the workspace's PagerDuty, to whoever may see to it.
    async fn of_workspace(
        &self,
        workspace: &WorkspaceId,
        reader: &Person,
    ) -> Result<Vec<Line>, Failure> {
        let Self { services, notice } = self;
        let connection = services.store.connection(workspace).await?;
        let problem = connection.and_then(|connection| connection.problem);
        // It may have been seen to meanwhile.
        let problem = problem.filter(|problem| {
            let is_theirs = *notice == PersonalNotice::Reconnect && reader.role.administers();
            is_theirs && problem.needs_reconnection()
        });
        let line = problem.map(|problem| Line {
            text: reconnect_line(
                &problem.to_string(),
                &services.config.public_url.join(INTEGRATIONS),
            ),
            rotation: "PagerDuty".to_owned(),
        });
        Ok(Vec::from_iter(line))
    }

    /// What there is to say now of a request for cover: that the reader could take it, that somebody
    /// has, or that whoever had does so no more.
    async fn of_cover(
        &self,
        delivery: &Delivery,
        reader: &Person,
        id: &CoverId,
    ) -> Result<Vec<Line>, Failure> {
        let Self { services, notice } = self;
        // It was withdrawn meanwhile.
        let Some((rotation, cover)) = services.store.cover(&delivery.workspace, id).await? else {
            return Ok(Vec::new());
        };
        let Some(state) = seen(services, (delivery, reader), &rotation).await? else {
            return Ok(Vec::new());
        };
        // It has been taken from its schedule meanwhile, and with it what is wanted.
        if state.rotation.plan.rota().is_none() {
            return Ok(Vec::new());
        }
        let me = Holder {
            key: MemberKey::new(&delivery.target),
            name: reader.name.clone(),
        };
        let asker = Holder {
            key: cover.request.asked_by.clone(),
            name: cover.asked_by_name.clone(),
        };
        let span = cover.request.span;
        // What has been of it is over.
        let open = Span {
            from: span.from.max(state.now),
            ..span
        };
        let told = match (notice, &cover.request.taken_by) {
            (PersonalNotice::CoverWanted, None) => {
                let bar = bar_to_covering(&state.rotation, &reader.id, reader.role);
                let taking = cover.request.clone().take(me, state.now);
                (bar.is_none() && taking.is_ok()).then_some(Personal::CoverWanted(&asker, open))
            }
            (PersonalNotice::CoverTaken, Some(by)) if me.key == asker.key => {
                Some(Personal::CoverTaken(by, span))
            }
            (PersonalNotice::CoverGone, None) if me.key == asker.key => {
                let asks_others = cover.request.asked.is_none();
                (open.from < open.until).then_some(Personal::CoverGone(open, asks_others))
            }
            _ => None,
        };
        let zone = zones::of_duty(services, &state).await?;
        let line = told.map(|told| line(services, (&state, zone.as_ref()), told));
        Ok(Vec::from_iter(line))
    }
}

/// A rotation as it is now, where it is there and somebody sees it. Whoever was taken out of a
/// private one does no more.
async fn seen(
    services: &Services,
    (delivery, reader): (&Delivery, &Person),
    rotation: &RotationId,
) -> Result<Option<RotationState>, Failure> {
    let everything = Actor::system(&delivery.workspace);
    let days = DaysWanted::default();
    let state = match rotations::state(services, &everything, rotation, &days).await {
        Ok(state) => state,
        Err(Failure::NotFound) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let visibility = state.rotation.details.visibility;
    let may_see = Relation::of(&reader.id, &state.rotation).may_see(visibility, reader.role);
    Ok(may_see.then_some(state))
}

fn line(
    services: &Services,
    (state, zone): (&RotationState, Option<&Zone>),
    told: Personal<'_>,
) -> Line {
    let rotation = &state.rotation;
    let page = format!("/rotations/{}", rotation.id);
    let address = services.config.public_url.join(&page);
    let name = &rotation.details.name;
    let known_until = state.coverage.known_until;
    let writing = Writing::new(&state.directory, zone).of_shifts(known_until);
    Line {
        text: personal_line((name, &address), told, writing),
        rotation: name.clone(),
    }
}

const fn in_words(notice: PersonalNotice) -> &'static str {
    match notice {
        PersonalNotice::Starts => "On duty",
        PersonalNotice::Ends => "Duty ended",
        PersonalNotice::Moves => "A shift moved",
        PersonalNotice::Rearranged => "Shifts changed hands",
        PersonalNotice::CoverWanted => "Cover is wanted",
        PersonalNotice::CoverTaken => "Cover is given",
        PersonalNotice::CoverGone => "Cover is gone",
        PersonalNotice::Reconnect => "Needs to be reconnected",
        PersonalNotice::Before(_) => "A shift begins",
    }
}
