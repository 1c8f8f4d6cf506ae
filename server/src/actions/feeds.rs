//! Calendar feeds: making and revoking their addresses, and telling what whoever knows an address
//! may read. A feed sees what its maker sees, and ends with them.

use super::{
    Failure,
    coverage::calendar,
    rotations::{covered, is_seen, visible},
};
use crate::{
    Services,
    audit::entry,
    crypto::{random_token, token_key},
    slack::admits,
    store::{Feed, FoundFeed, NewFeedAddress, PastReach, Revision, feed_address_row},
};
use domain::{
    Actor, Admission, FEED_AHEAD_SECONDS, FEED_PAST_SECONDS, FeedEvent, FeedRotation, Principal,
    Through,
};
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use types::{
    AuditAction, FEED_ADDRESS_SHOWN_SECONDS, FeedSubject, FeedView, MemberKey, Span, Timestamp,
};

/// How far ahead the feed of all rotations reaches, in seconds: schedules of one's own could be
/// told for ever, and each is reckoned anew for it.
const EVERYTHING_AHEAD_SECONDS: i64 = 92 * 24 * 3600;
/// How often it is noted that a calendar reads, in seconds.
const NOTED_EVERY_SECONDS: i64 = 60;
const MINE: &str = "My shifts";
const EVERYTHING: &str = "Who is on duty";

/// The path of the feed that this token finds.
pub fn feed_path(token: &str) -> String {
    format!("/ical/{token}.ics")
}

/// What a feed tells at present.
pub struct ToldFeed {
    pub name: String,
    /// Each with how often it has changed; by start.
    pub events: Vec<(FeedEvent, Revision)>,
}

/// Gives the actor's feed of this subject an address, for `session` to copy. One that it had
/// leads nowhere from then on.
pub async fn make(
    services: &Services,
    actor: &Actor,
    session: &str,
    subject: &FeedSubject,
) -> Result<(), Failure> {
    let person = actor.person().ok_or(Failure::SignedOut)?;
    let target = match subject {
        FeedSubject::Mine => MINE.to_owned(),
        FeedSubject::Everything => EVERYTHING.to_owned(),
        FeedSubject::Rotation(id) => visible(services, actor, id).await?.details.name,
    };
    let token = random_token();
    let token_key = token_key(token.expose_secret());
    let address = services
        .config
        .public_url
        .join(&feed_path(token.expose_secret()));
    let sealed = services
        .keys
        .seal(&SecretString::from(address), &feed_address_row(&token_key));
    let now = services.store.now().await?;
    let address = NewFeedAddress {
        subject,
        token_key: &token_key,
        sealed: &sealed,
        session,
        until: now.plus_seconds(FEED_ADDRESS_SHOWN_SECONDS),
    };
    let entry = entry(actor, AuditAction::MadeFeed, Some(&target));
    Ok(services.store.make_feed(person, &address, &entry).await?)
}

/// Ends the actor's feed of this subject.
pub async fn revoke(
    services: &Services,
    actor: &Actor,
    subject: &FeedSubject,
) -> Result<(), Failure> {
    let person = actor.person().ok_or(Failure::SignedOut)?;
    let entry = entry(actor, AuditAction::RevokedFeed, Some(subject.code()));
    match services.store.revoke_feed(person, subject, &entry).await? {
        true => Ok(()),
        false => Err(Failure::NotFound),
    }
}

/// The actor's feeds, with the addresses that `session` may copy.
pub async fn list(
    services: &Services,
    actor: &Actor,
    session: &str,
) -> Result<Vec<FeedView>, Failure> {
    let person = actor.person().ok_or(Failure::SignedOut)?;
    let workspace = &actor.workspace;
    let feeds = services.store.feeds(workspace, person, session).await?;
    let overview = services.store.rotation_overview(workspace).await?;
    let seen = overview.rotations.iter();
    let seen = seen.filter(|rotation| is_seen(rotation, actor));
    let names: HashMap<_, _> = seen
        .map(|rotation| (&rotation.id, &rotation.details.name))
        .collect();
    let view = |feed: Feed| {
        let rotation = match &feed.subject {
            FeedSubject::Rotation(id) => names.get(id).map(|name| (*name).clone()),
            FeedSubject::Mine | FeedSubject::Everything => None,
        };
        // Sealed with a key that is no more, it can be made anew.
        let row = feed_address_row(&feed.token_key);
        let address = feed
            .address_sealed
            .and_then(|sealed| services.keys.open(&sealed, &row).ok());
        FeedView {
            subject: feed.subject,
            rotation,
            made_at: feed.made_at,
            read_at: feed.read_at,
            address: address.map(|address| address.expose_secret().to_owned()),
        }
    };
    Ok(feeds.into_iter().map(view).collect())
}

/// The feed with this token, if whoever made it may read here at present.
pub async fn find(services: &Services, token: &str) -> Result<Option<FoundFeed>, Failure> {
    let found = services.store.feed_by_token(&token_key(token)).await?;
    let served = &services.config.slack.workspaces;
    Ok(found.filter(|feed| admits(served, &feed.admission)))
}

/// What the feed tells now whoever has its address.
pub async fn tell(services: &Services, feed: &FoundFeed) -> Result<ToldFeed, Failure> {
    let Admission {
        workspace, person, ..
    } = &feed.admission;
    let actor = Actor {
        workspace: workspace.clone(),
        principal: Principal::Person {
            person: person.id.clone(),
            name: person.name.clone(),
            role: person.role,
            through: Through::Feed,
        },
        request_id: None,
        admitted_at: None,
    };
    let me = MemberKey::of_person(&person.id);
    let (name, events) = events(services, &actor, &feed.subject, &me).await?;
    let events = revised(services, &feed.id, events).await?;
    note_reading(services, feed).await;
    Ok(ToldFeed { name, events })
}

/// Notes now and then that a calendar reads the feed. A note that fails is no reason to tell it
/// nothing.
async fn note_reading(services: &Services, feed: &FoundFeed) {
    let now = feed.admission.as_of;
    let noted = |at: Timestamp| now.seconds_since(at) < NOTED_EVERY_SECONDS;
    if feed.read_at.is_some_and(noted) {
        return;
    }
    if let Err(error) = services.store.note_feed_read(&feed.id).await {
        tracing::warn!(%error, "it could not be noted that a calendar has read a feed");
    }
}

/// The feed's name, and its events by start.
async fn events(
    services: &Services,
    actor: &Actor,
    subject: &FeedSubject,
    me: &MemberKey,
) -> Result<(String, Vec<FeedEvent>), Failure> {
    let now = services.store.time();
    let from = now.plus_seconds(-FEED_PAST_SECONDS);
    let ahead = match subject {
        FeedSubject::Everything => EVERYTHING_AHEAD_SECONDS,
        FeedSubject::Mine | FeedSubject::Rotation(_) => FEED_AHEAD_SECONDS,
    };
    let span = Span {
        from,
        until: now.plus_seconds(ahead),
    };
    let (name, mut events) = match subject {
        FeedSubject::Rotation(id) => {
            let (rotation, coverage) =
                covered(services, actor, id, span, PastReach::Overlapping).await?;
            let name = format!("{} on duty", rotation.details.name);
            let rotation = FeedRotation {
                id,
                name: &rotation.details.name,
                coverage: &coverage,
                now,
            };
            (name, rotation.shifts(from))
        }
        FeedSubject::Mine | FeedSubject::Everything => {
            let everything = 0..usize::MAX;
            let together = (span, PastReach::Overlapping);
            let calendar = calendar(services, actor, together, everything, |_, _, _| true).await?;
            let rotations = calendar.rows().map(|row| FeedRotation {
                id: &row.rotation.id,
                name: &row.rotation.details.name,
                coverage: row.coverage,
                now,
            });
            match subject {
                FeedSubject::Mine => {
                    let mine = rotations.flat_map(|rotation| rotation.shifts_of(me, from));
                    (MINE.to_owned(), mine.collect())
                }
                _ => {
                    let all = rotations.flat_map(|rotation| rotation.shifts(from));
                    (EVERYTHING.to_owned(), all.collect())
                }
            }
        }
    };
    events.sort_by(|one, other| {
        let place = |event: &FeedEvent| (event.starts_at, event.uid.clone());
        place(one).cmp(&place(other))
    });
    Ok((name, domain::bounded(events, now, ahead)))
}

/// The events, each with its revision. Nothing is written while all are as they were told.
async fn revised(
    services: &Services,
    feed: &str,
    events: Vec<FeedEvent>,
) -> Result<Vec<(FeedEvent, Revision)>, Failure> {
    let store = &services.store;
    let mut revisions = store.feed_revisions(feed).await?;
    let is_told = |event: &FeedEvent| {
        let revision = revisions.get(&event.uid);
        revision.is_some_and(|revision| revision.content == event.content())
    };
    if revisions.len() != events.len() || !events.iter().all(is_told) {
        store.revise_feed(feed, &events).await?;
        revisions = store.feed_revisions(feed).await?;
    }
    let revision_of = |event: FeedEvent| {
        // Another server has written what it saw a moment before or after: it is told next time.
        let revision = revisions.remove(&event.uid)?;
        Some((event, revision))
    };
    Ok(events.into_iter().filter_map(revision_of).collect())
}
