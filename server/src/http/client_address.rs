//! Which address a request comes from. Proxies name it in `X-Forwarded-For`, and so
//! does anybody who wants to be taken for somebody else: what it says counts only as
//! far as each address on the way is one of our own proxies'.

use super::Site;
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName},
};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address at the other end of the connection, in the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The address of whoever sent `request`: the nearest one that is no trusted proxy's.
pub fn of_request(site: &Site, request: &Request) -> IpAddr {
    let unknown = Peer(Ipv4Addr::UNSPECIFIED.into());
    let Peer(peer) = request
        .extensions()
        .get::<Peer>()
        .copied()
        .unwrap_or(unknown);
    nearest_untrusted(
        peer,
        request.headers(),
        &site.services.config.trusted_proxies,
    )
}

fn nearest_untrusted(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let lines = headers.get_all(FORWARDED_FOR);
    let mut told = lines
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .rev();
    let mut nearest = peer.to_canonical();
    while is_trusted(nearest) {
        // Whatever a trusted proxy could not name is as near as it gets.
        match told.next().and_then(address) {
            Some(address) => nearest = address,
            None => break,
        }
    }
    nearest
}

/// With or without a port, as proxies differ.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    bare.unwrap_or(text)
        .parse()
        .or_else(|_| text.parse().map(|with_port: SocketAddr| with_port.ip()))
        .ok()
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(peer: &str, lines: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        nearest_untrusted(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn without_trusted_proxies_nobody_is_believed() {
        assert_eq!(nearest("192.0.2.1", &["198.51.100.7"], &[]), "192.0.2.1");
    }

    #[test]
    fn the_right_most_address_that_is_no_proxy_of_ours_counts() {
        let trusted = ["10.0.0.0/8", "fd00::/8"];
        for (peer, lines, expected) in [
            (
                "10.0.0.1",
                &["203.0.113.9, 198.51.100.7"][..],
                "198.51.100.7",
            ),
            ("10.0.0.1", &["198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
            ("::ffff:10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7"),
            ("fd00::1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("fd00::1", &["[2001:db8::1]"], "2001:db8::1"),
            ("192.0.2.1", &["198.51.100.7"], "192.0.2.1"),
        ] {
            assert_eq!(nearest(peer, lines, &trusted), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn what_is_no_address_ends_the_way_at_the_last_proxy() {
        let trusted = ["10.0.0.0/8"];
        for lines in [&[][..], &[""], &["unknown"], &["198.51.100.7, _hidden"]] {
            assert_eq!(nearest("10.0.0.1", lines, &trusted), "10.0.0.1");
        }
    }
}
