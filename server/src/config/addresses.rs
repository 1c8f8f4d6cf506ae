//! Addresses of others: of the services that are asked, and of the proxies that are believed.

use super::ConfigError;
use ipnet::IpNet;
use std::net::IpAddr;
use url::Url;

/// The address of another service that is reached over HTTP.
pub(super) fn web_address(name: &'static str, url: &Url) -> Result<Url, ConfigError> {
    match is_web_address(url) {
        true => Ok(url.clone()),
        false => {
            let url = url.to_string();
            Err(ConfigError::BaseUrl { name, url })
        }
    }
}

pub(super) fn is_web_address(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.host().is_some()
}

/// The proxies of a list that is separated by commas.
pub(super) fn trusted_proxies(text: &str) -> Result<Vec<IpNet>, ConfigError> {
    text.split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| {
            text.parse::<IpNet>()
                .or_else(|_| {
                    text.parse()
                        .map(|address: IpAddr| address.to_canonical().into())
                })
                .map_err(|_| ConfigError::TrustedProxy {
                    text: text.to_owned(),
                })
        })
        .collect()
}
