//! Whom Slack does not take into a user group. It refuses the whole list and does not say whom of it
//! it means, so it is asked about each, in as many attempts to write the group as that takes: nobody
//! is kept out because somebody else is among hundreds.

use crate::{
    Services,
    slack::{
        Installed, SlackError,
        directory::{self, DirectoryError, LookedUp},
    },
    store::{GroupAnswers, StoreError},
};
use futures::future::try_join_all;
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{self, Instant};
use types::{PersonId, Role, SlackGroupId};

const ASKED_AT_ONCE: usize = 8;
/// A list that Slack refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct RefusedList<'a> {
    pub group: &'a SlackGroupId,
    pub people: &'a BTreeSet<PersonId>,
    /// Whom Slack did not take once, and who are asked about first.
    pub doubted: &'a BTreeSet<PersonId>,
}

/// What came of asking whom Slack means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// These, beside those of whom it is known by now that they are deactivated.
    These(BTreeSet<PersonId>),
    /// Nobody, as far as Slack tells.
    Nobody,
    /// Not everybody has been asked about, and Slack may want to be left alone for so long.
    NotYetKnown { wait: Option<Duration> },
}

/// What Slack's answer about one person says of a list that it refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// It does not know them.
    Stranger,
    /// The rules leave them out from now on.
    Deactivated,
    /// A guest, or somebody of whom it does not tell.
    Doubtful,
    Able,
    /// It did not answer, and may want to be left alone for so long.
    Nothing {
        wait: Option<Duration>,
    },
}

/// Asks whom of a list Slack means, until then or until somebody is found, and keeps what it told,
/// beside what it had told before: whoever asks on, after a start or on another server, goes on there.
pub(super) async fn whom(
    services: &Services,
    installed: &Installed,
    list: RefusedList<'_>,
    answers: &mut GroupAnswers,
    until: Instant,
) -> Result<Meant, StoreError> {
    let told_of = |person: &PersonId| told_of(services, installed, person.clone());
    let meant = ask(list, answers, until, told_of).await?;
    let kept = match meant {
        // Whatever it is, it is looked for anew.
        Meant::Nobody => None,
        Meant::These(_) | Meant::NotYetKnown { .. } => Some(&*answers),
    };
    let workspace = &installed.workspace.id;
    let noting = services.store.note_asked(workspace, list.group, kept);
    noting.await?;
    Ok(meant)
}

/// What Slack tells of somebody now.
async fn told_of(
    services: &Services,
    installed: &Installed,
    person: PersonId,
) -> Result<Told, StoreError> {
    let Installed { workspace, token } = installed;
    let asking = directory::look_up(&services.slack, workspace, token, &person);
    Ok(match asking.await {
        Ok(LookedUp { member, .. }) => match member {
            None => Told::Stranger,
            Some(member) if member.deactivated => Told::Deactivated,
            Some(member) if member.role == Role::Guest => Told::Doubtful,
            Some(_) => Told::Able,
        },
        Err(DirectoryError::Store(error)) => return Err(error),
        Err(DirectoryError::Slack(error)) => {
            tracing::warn!(%person, %error, "Slack does not say what is the matter with somebody whom it may have refused");
            match error {
                SlackError::Refused { .. } => Told::Doubtful,
                SlackError::RateLimited { retry_after } => Told::Nothing {
                    wait: Some(retry_after),
                },
                _ => Told::Nothing { wait: None },
            }
        }
    })
}

async fn ask<Telling>(
    list: RefusedList<'_>,
    answers: &mut GroupAnswers,
    until: Instant,
    told_of: impl Fn(&PersonId) -> Telling,
) -> Result<Meant, StoreError>
where
    Telling: Future<Output = Result<Told, StoreError>>,
{
    // However often the list changes, no more is kept than it has.
    answers.able.retain(|person| list.people.contains(person));
    answers
        .doubtful
        .retain(|person| list.people.contains(person));
    let is_told =
        |person: &PersonId| answers.able.contains(person) || answers.doubtful.contains(person);
    let unasked = list.people.iter().filter(|person| !is_told(person));
    let (first, others): (Vec<_>, Vec<_>) = unasked
        .cloned()
        .partition(|person| list.doubted.contains(person));
    let (mut meant, mut is_found) = (BTreeSet::new(), false);
    let (mut is_whole, mut wait) = (true, None);
    for people in [first, others] {
        for some in people.chunks(ASKED_AT_ONCE) {
            let asking = try_join_all(some.iter().map(&told_of));
            let Ok(told) = time::timeout_at(until, asking).await else {
                is_whole = false;
                break;
            };
            for (person, told) in some.iter().zip(told?) {
                match told {
                    Told::Stranger => {
                        meant.insert(person.clone());
                        is_found = true;
                    }
                    // As they were before, they are not taken now either.
                    Told::Doubtful if list.doubted.contains(person) => {
                        meant.insert(person.clone());
                        is_found = true;
                    }
                    Told::Deactivated => is_found = true,
                    Told::Doubtful => {
                        answers.doubtful.insert(person.clone());
                    }
                    Told::Able => {
                        answers.able.insert(person.clone());
                    }
                    Told::Nothing { wait: asked } => {
                        is_whole = false;
                        wait = wait.max(asked);
                    }
                }
            }
            if wait.is_some() {
                break;
            }
        }
        // Slack may well take the list without them.
        if is_found {
            return Ok(Meant::These(meant));
        }
        if !is_whole {
            return Ok(Meant::NotYetKnown { wait });
        }
    }
    Ok(match answers.doubtful.is_empty() {
        true => Meant::Nobody,
        false => Meant::These(answers.doubtful.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn person(number: usize) -> PersonId {
        PersonId::new(format!("U{number:03}"))
    }

    fn people(numbers: impl IntoIterator<Item = usize>) -> BTreeSet<PersonId> {
        numbers.into_iter().map(person).collect()
    }

    /// Asks for so long about a list of so many, of whom Slack tells this, and how many it was asked
    /// about.
    async fn asked_for(
        limit: Duration,
        (count, doubted): (usize, &[usize]),
        answers: &mut GroupAnswers,
        told: impl Fn(usize) -> Told,
    ) -> (Meant, usize) {
        let group = SlackGroupId::new("S1");
        let (on_it, doubted) = (people(0..count), people(doubted.iter().copied()));
        let list = RefusedList {
            group: &group,
            people: &on_it,
            doubted: &doubted,
        };
        let asked = Mutex::new(0);
        let told_of = |person: &PersonId| {
            *asked.lock().unwrap() += 1;
            let number = person.as_str().trim_start_matches('U').parse().unwrap();
            let told = told(number);
            async move {
                time::sleep(Duration::from_millis(2)).await;
                Ok(told)
            }
        };
        let until = Instant::now() + limit;
        let meant = ask(list, answers, until, told_of).await.unwrap();
        (meant, asked.into_inner().unwrap())
    }

    async fn asked_again(
        list: (usize, &[usize]),
        answers: &mut GroupAnswers,
        told: impl Fn(usize) -> Told,
    ) -> (Meant, usize) {
        asked_for(Duration::from_secs(60), list, answers, told).await
    }

    #[tokio::test]
    async fn of_five_hundred_the_last_one_is_found_and_nobody_is_asked_about_twice() {
        let mut answers = GroupAnswers::default();
        let told = |number| match number {
            499 => Told::Stranger,
            _ => Told::Able,
        };
        let (mut attempts, mut asked) = (0, 0);
        let limit = Duration::from_millis(50);
        let meant = loop {
            let (meant, questions) = asked_for(limit, (500, &[]), &mut answers, told).await;
            (attempts, asked) = (attempts + 1, asked + questions);
            if meant != (Meant::NotYetKnown { wait: None }) {
                break meant;
            }
        };
        assert_eq!(meant, Meant::These(people([499])));
        // What was being asked as the time was up is asked again.
        let most = 500 + ASKED_AT_ONCE * (attempts - 1);
        assert!(attempts > 1 && (500..=most).contains(&asked), "{asked}");
    }

    #[tokio::test]
    async fn guests_are_meant_only_where_nobody_else_is() {
        let told = |stranger: usize| {
            move |number| match number {
                3 => Told::Doubtful,
                number if number == stranger => Told::Stranger,
                _ => Told::Able,
            }
        };
        let mut answers = GroupAnswers::default();
        let (meant, _) = asked_again((60, &[]), &mut answers, told(59)).await;
        assert_eq!(meant, Meant::These(people([59])));
        // Without that one, Slack refuses it still.
        let (meant, asked) = asked_again((59, &[]), &mut answers, told(59)).await;
        assert_eq!((meant, asked), (Meant::These(people([3])), 0));
        let mut answers = GroupAnswers::default();
        let (meant, _) = asked_again((3, &[]), &mut answers, told(59)).await;
        assert_eq!(meant, Meant::Nobody);
    }

    #[tokio::test]
    async fn whom_slack_did_not_take_before_is_asked_about_first() {
        let told = |number| match number {
            40 => Told::Doubtful,
            50 => Told::Deactivated,
            _ => Told::Able,
        };
        let mut answers = GroupAnswers::default();
        let (meant, asked) = asked_again((60, &[40, 41]), &mut answers, told).await;
        assert_eq!((meant, asked), (Meant::These(people([40])), 2));
        // Whoever is deactivated is left out by the rules.
        let (meant, asked) = asked_again((60, &[41]), &mut answers, told).await;
        assert_eq!(meant, Meant::These(people([])));
        assert_eq!(asked, 59);
    }

    #[tokio::test]
    async fn where_slack_asks_to_wait_the_rest_is_asked_about_after_that() {
        let retry_after = Some(Duration::from_secs(30));
        let mut answers = GroupAnswers::default();
        let busy = |number| match number {
            20.. => Told::Nothing { wait: retry_after },
            _ => Told::Able,
        };
        let (meant, asked) = asked_again((60, &[]), &mut answers, busy).await;
        let waiting = Meant::NotYetKnown { wait: retry_after };
        assert_eq!((meant, asked), (waiting, 24));
        let able = |_| Told::Able;
        let (meant, asked) = asked_again((60, &[]), &mut answers, able).await;
        assert_eq!((meant, asked), (Meant::Nobody, 40));
    }
}
