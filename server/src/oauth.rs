//! What logging in at Slack and at PagerDuty share: the OAuth library's client in
//! the form in which both want it, with the app's id and secret in the body and
//! fields of their own in the answer, and the reading of ID tokens.

use crate::foreign_json;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderValue;
use oauth2::{
    AuthType, Client, ClientId, ClientSecret, EndpointNotSet, EndpointSet, ExtraTokenFields,
    StandardRevocableToken, StandardTokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
        BasicTokenType,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

/// Whether an answer's `error` is one of the two with which OAuth says that the login page
/// itself is ill for the moment (RFC 6749, 4.1.2.1).
pub fn says_later(word: &str) -> bool {
    matches!(word, "server_error" | "temporarily_unavailable")
}

/// A token endpoint's answer, with what it holds beyond the standard.
pub type Tokens<Fields> = StandardTokenResponse<Fields, BasicTokenType>;

/// A client that knows its token endpoint.
pub type TokenClient<Fields> = Client<
    BasicErrorResponse,
    Tokens<Fields>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// A client for the app with this id and secret.
pub fn token_client<Fields: ExtraTokenFields>(
    client_id: &str,
    client_secret: &SecretString,
    endpoint: Url,
) -> TokenClient<Fields> {
    Client::new(ClientId::new(client_id.to_owned()))
        .set_client_secret(ClientSecret::new(client_secret.expose_secret().to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_token_uri(TokenUrl::from_url(endpoint))
}

/// Servers refuse heads in which there are longer tokens.
const TOKEN_MAX_BYTES: usize = 4_096;

/// Whether a request can carry this token. One that none can carry would be refused
/// with each, and never be renewed.
pub fn is_sendable(token: &str) -> bool {
    (1..=TOKEN_MAX_BYTES).contains(&token.len()) && HeaderValue::from_str(token).is_ok()
}

/// The address of `path` below a base address, whose own path is kept.
pub fn address(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

/// The claims of an ID token, whose signature is not looked at: it adds nothing to
/// a token that came straight from the token endpoint over TLS. `None` when it is
/// no JWT with these claims.
pub fn claims<T: DeserializeOwned>(id_token: &str) -> Option<T> {
    let mut parts = id_token.split('.');
    let (_header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    // Not at once as `T`: a claim that is there twice would hide all of them.
    let claims: Value = foreign_json::read(&claims).ok()?;
    serde_json::from_value(claims).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn a_claim_that_is_there_twice_hides_no_other() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"sub":"U1","aud":"a","aud":"a"}"#);
        let read: Option<HashMap<String, String>> = claims(&format!("e30.{payload}.c2ln"));
        assert_eq!(read.expect("the claims")["sub"], "U1");
    }
}
