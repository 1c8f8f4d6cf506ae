//! Server functions. Leptos answers every failure with 500 and, to a form
//! without JavaScript, with a redirect that carries the error in the address;
//! here a failure gets its own status and its own page. A form that leads to
//! another site gets a page that goes there, since browsers apply `form-action`
//! to every redirect of a form, also to those that the other site adds.

use super::{addresses, bodies::LONGEST_BODY, refusals::Reader};
use crate::{
    crypto::token_key,
    http::{Site, request_id::request_id},
};
use app::{
    AppError, CHANGE_FIELD, DIALOG_PARAMETER, backend::SentChange, server_fns::REFUSED_HEADER,
};
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode, header, response::Parts},
    response::{IntoResponse, Response},
};
use leptos::{
    context::provide_context,
    server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER},
};
use url::{Url, form_urlencoded};

/// No error is longer.
const LONGEST_ERROR: usize = 64 * 1024;

/// Runs a server function to its end, in a task of its own: a browser that
/// leaves in the middle must not leave half of the work behind.
pub async fn call(State(site): State<Site>, request: Request) -> Response {
    let reader = Reader::of(&site, request.headers());
    let request_id = request_id(&request);
    let Some(request) = noting_change(request).await else {
        return reader.refuse(&AppError::BadRequest);
    };
    let backend = site.backend.clone();
    let context = move || provide_context(backend.clone());
    let function = site.services.tasks.spawn(async move {
        leptos_axum::handle_server_fns_with_context(context, request)
            .await
            .into_response()
    });
    match function.await {
        Ok(response) => {
            let origin = site.services.config.public_url.origin();
            settled(response, &reader, origin).await
        }
        Err(error) => {
            tracing::error!(%request_id, %error, "a server function broke off");
            reader.refuse(&AppError::Internal { request_id })
        }
    }
}

/// Leaves the change that a form makes in the request's extensions. Nothing if the form
/// cannot be read to its end.
async fn noting_change(request: Request) -> Option<Request> {
    if *request.method() != Method::POST {
        return Some(request);
    }
    let (mut parts, body) = request.into_parts();
    let form = to_bytes(body, LONGEST_BODY).await.ok()?;
    if let Some(change) = sent_change(&form) {
        parts.extensions.insert(change);
    }
    Some(Request::from_parts(parts, Body::from(form)))
}

/// The change that a form with these fields makes, if it has an id. Forms may hold
/// secrets, of which nothing can be found out from the hash without knowing the id.
fn sent_change(form: &[u8]) -> Option<SentChange> {
    let fields: Vec<_> = form_urlencoded::parse(form).collect();
    fields
        .iter()
        .find(|(name, id)| name == CHANGE_FIELD && !id.is_empty())?;
    let mut written = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &fields {
        // Browsers break lines differently in forms that they send by themselves.
        written.append_pair(name, &value.replace("\r\n", "\n"));
    }
    Some(SentChange(token_key(&written.finish())))
}

/// Where a redirect leads, if not to a page of ours.
fn foreign_address(answer: &Parts, origin: &str) -> Option<Url> {
    let location = answer.headers.get(header::LOCATION)?.to_str().ok()?;
    let is_foreign = |url: &Url| url.origin().ascii_serialization() != origin;
    Url::parse(location)
        .ok()
        .filter(|url| answer.status.is_redirection() && is_foreign(url))
}

/// Whoever sent a form from a page that came with its dialog open has answered that
/// dialog; if it has something to say, it opens for that.
fn leave_dialog(answer: &mut Parts) {
    if let Some(location) = answer.headers.get_mut(header::LOCATION)
        && let Ok(address) = location.to_str()
        && let Ok(left) = addresses::without_parameter(address, DIALOG_PARAMETER).parse()
    {
        *location = left;
    }
}

async fn settled(response: Response, reader: &Reader, origin: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(REFUSED_HEADER);
    // Leptos explains to developers how to register an unknown function.
    if parts.status == StatusCode::BAD_REQUEST {
        return reader.refuse(&AppError::NotFound);
    }
    if !parts.headers.contains_key(SERVER_FN_ERROR_HEADER) {
        return match foreign_address(&parts, origin) {
            Some(address) => reader.lead_to(&address),
            None => {
                leave_dialog(&mut parts);
                Response::from_parts(parts, body)
            }
        };
    }
    let error = match to_bytes(body, LONGEST_ERROR).await {
        Ok(body) => AppError::de(body),
        Err(_) => AppError::BadRequest,
    };
    reader.refuse(&error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(form: &str) -> Option<String> {
        sent_change(form.as_bytes()).map(|change| change.0)
    }

    #[test]
    fn a_change_is_told_from_others_by_all_that_its_form_says() {
        let change = hash("change=a1&id=r&text=x%0D%0Ay").unwrap();
        assert_eq!(hash("change=a1&id=r&text=x%0Ay"), Some(change.clone()));
        for other in [
            "change=a2&id=r&text=x%0Ay",
            "change=a1&id=s&text=x%0Ay",
            "change=a1&id=r&text=x",
            "change=a1&id=r",
        ] {
            assert_ne!(hash(other), Some(change.clone()), "{other}");
        }
    }

    #[test]
    fn a_form_without_an_id_is_a_change_of_its_own_each_time() {
        for form in ["", "id=r", "change=&id=r", "%FF%FE"] {
            assert_eq!(hash(form), None, "{form}");
        }
    }
}
