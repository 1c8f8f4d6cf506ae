//! Finds out who asks: from the cookie to the session, the person and their
//! role, as Slack last told it. Whoever is deactivated or whose workspace is
//! not served or installed any more has no session; for some hours after the
//! installation has ended, there is nothing but reading.

use super::{
    cookies::OurCookie, events, flash::PendingFlash, refusals::Reader, sign_out, takeover, theme,
    zone,
};
use crate::{
    Services,
    backend::CALLBACK_PATH as PAGERDUTY_CALLBACK_PATH,
    crypto::token_key,
    http::{Site, request_id::request_id},
    slack::{admits, sign_in::IDLE_SECONDS},
    store::{Result, Session},
};
use app::{AppError, backend::Caller, server_fns::CheckSession};
use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use domain::{Admission, Standing, readable_until};
use leptos::server_fn::ServerFn;
use secrecy::ExposeSecret;
use std::time::Instant;
use types::{Denial, EndedInstallation, SessionView};

/// However busy, a session ends after this long, in seconds.
pub const LONGEST_SECONDS: i64 = 30 * 24 * 3600;
/// How often it is noted that a session is in use, in seconds.
const TOUCH_SECONDS: i64 = 60;

/// Puts the [`Caller`], the [`SessionView`] and the version that open pages of the
/// workspace have heard of into the request's extensions, when somebody is signed in, and
/// a [`PendingFlash`] and an [`EndedInstallation`] when there is one.
pub async fn identify(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let request_id = request_id(&request);
    let key = OurCookie::Session
        .read(&site, request.headers())
        .map(|value| token_key(value.expose_secret()));
    let session = match key {
        Some(key) => current(&site.services, &key).await,
        None => Ok(None),
    };
    match session {
        Ok(Some(session)) => {
            if session.admission.standing.ended_at().is_some()
                && !only_reads(request.method(), request.uri().path())
            {
                let reader = Reader::of(&site, request.headers());
                return reader.refuse(&AppError::Forbidden(Denial::InstallationEnded));
            }
            // An open page asks for these by itself, whoever is there.
            if ![events::PATH, CheckSession::PATH].contains(&request.uri().path()) {
                note_use(&site.services, &session).await;
            }
            // Read before anything else is: what changes meanwhile is news to the page.
            let version = match tells_version(request.method(), request.uri().path()) {
                true => Some(events::version(&site.services, &session).await),
                false => None,
            };
            let reads = only_reads(request.method(), request.uri().path());
            let admitted_at = reads.then_some(session.read_at);
            let extensions = request.extensions_mut();
            if let Some(version) = version {
                extensions.insert(events::only_version(version));
            }
            extensions.insert(caller(&session, request_id, admitted_at));
            if let Some(flash) = &session.flash {
                extensions.insert(PendingFlash(flash.clone()));
            }
            if let Some(ended) = ended(&session.admission.standing) {
                extensions.insert(ended);
            }
            extensions.insert(view(session));
        }
        Ok(None) => {}
        Err(error) => {
            tracing::error!(%error, "the session could not be read");
            let reader = Reader::of(&site, request.headers());
            return reader.refuse(&AppError::Internal { request_id });
        }
    }
    next.run(request).await
}

/// The session with this key, if it counts at present. Looking does not count
/// as using it.
pub async fn current(services: &Services, key: &str) -> Result<Option<Session>> {
    let served = &services.config.slack.workspaces;
    let session = services.store.session(key).await?;
    Ok(session.filter(|session| is_alive(session) && admits(served, &session.admission)))
}

/// Notes now and then that the session is in use. It counts for days, so a note
/// that fails is no reason to refuse anything.
async fn note_use(services: &Services, session: &Session) {
    if session.admission.as_of.seconds_since(session.last_seen_at) < TOUCH_SECONDS {
        return;
    }
    if let Err(error) = services.store.touch_session(&session.key).await {
        tracing::warn!(%error, "it could not be noted that a session is in use");
    }
}

/// Whether it has not been left, nor lasted, too long.
fn is_alive(session: &Session) -> bool {
    let now = session.admission.as_of;
    now.seconds_since(session.last_seen_at) < IDLE_SECONDS
        && now.seconds_since(session.created_at) < LONGEST_SECONDS
}

/// Whether a request changes nothing that others see: everything that does is a
/// POST, but for the end of a login at PagerDuty.
fn only_reads(method: &Method, path: &str) -> bool {
    let own_affair = [sign_out::PATH, theme::PATH, zone::PATH, takeover::PATH].contains(&path);
    own_affair || (method.is_safe() && path != PAGERDUTY_CALLBACK_PATH)
}

/// Whether an answer says how far the page knows what happened: pages do, and the question
/// that an open page asks by itself.
fn tells_version(method: &Method, path: &str) -> bool {
    path == CheckSession::PATH
        || (method == Method::GET && path != events::PATH && !path.starts_with("/rpc/"))
}

fn caller(session: &Session, request_id: String, admitted_at: Option<Instant>) -> Caller {
    let Admission {
        workspace, person, ..
    } = &session.admission;
    Caller {
        workspace: workspace.clone(),
        person: person.id.clone(),
        name: person.name.clone(),
        role: person.role,
        session: session.key.clone(),
        request_id,
        admitted_at,
    }
}

/// What the pages of a session say whose installation has ended.
fn ended(standing: &Standing) -> Option<EndedInstallation> {
    match standing {
        Standing::Ended { word, at } => Some(EndedInstallation {
            word: word.clone(),
            readable_until: readable_until(*at),
        }),
        Standing::Sound | Standing::Doubted(_) => None,
    }
}

fn view(session: Session) -> SessionView {
    SessionView {
        workspace: session.admission.workspace,
        workspace_name: session.workspace_name,
        person: session.admission.person.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Person;
    use types::{PersonId, Role, Timestamp, WorkspaceId};

    const START: Timestamp = Timestamp::from_millis(0);

    fn session() -> Session {
        Session {
            key: "k".to_owned(),
            admission: Admission {
                workspace: WorkspaceId::new("T1"),
                installed: true,
                standing: Standing::Sound,
                first_workspace: Some(WorkspaceId::new("T1")),
                person: Person {
                    id: PersonId::new("U1"),
                    name: "Ana".to_owned(),
                    email: None,
                    role: Role::Member,
                    deactivated: false,
                },
                as_of: START,
            },
            workspace_name: "Acme".to_owned(),
            created_at: START,
            last_seen_at: START,
            flash: None,
            read_at: Instant::now(),
        }
    }

    fn at(session: &Session, seconds: i64) -> Session {
        let mut later = session.clone();
        later.admission.as_of = START.plus_seconds(seconds);
        later
    }

    #[test]
    fn a_session_ends_when_it_is_idle_for_a_week() {
        let session = session();
        assert!(is_alive(&at(&session, IDLE_SECONDS - 1)));
        assert!(!is_alive(&at(&session, IDLE_SECONDS)));
    }

    #[test]
    fn a_busy_session_ends_after_thirty_days_all_the_same() {
        let last_seen_at = START.plus_seconds(LONGEST_SECONDS - 1);
        let busy = Session {
            last_seen_at,
            ..session()
        };
        assert!(is_alive(&at(&busy, LONGEST_SECONDS - 1)));
        assert!(!is_alive(&at(&busy, LONGEST_SECONDS)));
    }

    #[test]
    fn reading_is_everything_that_others_do_not_notice() {
        for (method, path) in [
            (Method::GET, "/rotations"),
            (Method::GET, "/rpc/integrations"),
            (Method::HEAD, "/settings"),
            (Method::POST, sign_out::PATH),
            (Method::POST, theme::PATH),
            (Method::POST, zone::PATH),
            (Method::POST, takeover::PATH),
        ] {
            assert!(only_reads(&method, path), "{method} {path}");
        }
        for (method, path) in [
            (Method::POST, "/rpc/rotate"),
            (Method::POST, "/rpc/integrations"),
            (Method::GET, PAGERDUTY_CALLBACK_PATH),
        ] {
            assert!(!only_reads(&method, path), "{method} {path}");
        }
    }
}
