//! Keeps each session to its share of what costs: what asks PagerDuty something, or has
//! it try a credential, is known by its path.

use super::refusals::Reader;
use crate::{http::Site, limits::Costly};
use app::{
    backend::Caller,
    server_fns::{
        ConnectWithApiKey, ConnectWithOauth, EditApiKey, PreviewSchedule, RebindFormer,
        ReconnectOauth, SearchSchedules, SetSchedule, SlackChannels, SwitchToOauth, SyncNow,
    },
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use leptos::server_fn::ServerFn;

/// Whoever is not signed in is refused further on, which costs nothing.
pub async fn keep(State(site): State<Site>, request: Request, next: Next) -> Response {
    if let Some(costly) = costly(request.uri().path())
        && let Some(caller) = request.extensions().get::<Caller>()
        && let Err(too_often) = site.services.limits.take(costly, &caller.session)
    {
        return Reader::of(&site, request.headers()).refuse(&too_often.into());
    }
    next.run(request).await
}

fn costly(path: &str) -> Option<Costly> {
    let is = |paths: &[&str]| paths.contains(&path);
    if is(&[SyncNow::PATH]) {
        Some(Costly::Sync)
    } else if is(&[
        ConnectWithApiKey::PATH,
        EditApiKey::PATH,
        ConnectWithOauth::PATH,
        SwitchToOauth::PATH,
        ReconnectOauth::PATH,
    ]) {
        Some(Costly::Credential)
    } else if is(&[SearchSchedules::PATH, SlackChannels::PATH]) {
        Some(Costly::Search)
    } else if is(&[PreviewSchedule::PATH, SetSchedule::PATH, RebindFormer::PATH]) || is_editor(path)
    {
        Some(Costly::Preview)
    } else {
        None
    }
}

/// The page that searches and previews while the server draws it.
fn is_editor(path: &str) -> bool {
    let id = path
        .strip_prefix("/rotations/")
        .and_then(|rest| rest.strip_suffix("/schedule"));
    id.is_some_and(|id| !id.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_is_known_by_its_path() {
        for (path, expected) in [
            ("/rpc/sync_now", Some(Costly::Sync)),
            ("/rpc/edit_api_key", Some(Costly::Credential)),
            ("/rpc/search_schedules", Some(Costly::Search)),
            ("/rpc/preview_schedule", Some(Costly::Preview)),
            ("/rpc/set_schedule", Some(Costly::Preview)),
            ("/rpc/rebind_former", Some(Costly::Preview)),
            ("/rotations/0191/schedule", Some(Costly::Preview)),
            ("/rotations/0191", None),
            ("/rotations/a/b/schedule", None),
            ("/rpc/rotations", None),
        ] {
            assert_eq!(costly(path), expected, "{path}");
        }
    }
}
