//! Who asks: the network that a request came from, and whether this browser is one that its account has signed in with before.
//!
//! What must hold: what a header says is believed of trusted proxies only; a network that is not known for sure is none, so that nobody
//! is locked out for what others did behind the same proxy; a device's cookie is worth nothing for another account.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ipnet::IpNet;
use secrecy::SecretString;
use socialhook_core::id::{AccountId, TenantId};
use socialhook_relay::destination::is_public;
use socialhook_store::seal::Place;
use tower_sessions::cookie::{Cookie, SameSite};

use crate::error::Error;
use crate::layers::is_secure;
use crate::state::App;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// How long a browser is known.
const DEVICE_DAYS: i64 = 365;

pub struct Client {
    /// An IPv4 address, or the /64 of an IPv6 one. None: it is not known for sure, or no public one.
    pub network: Option<String>,
    /// Its name and system, as far as it tells them.
    pub browser: String,
    device: Option<String>,
}

impl<S> FromRequestParts<S> for Client
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&App::from_ref(state), parts))
    }
}

impl Client {
    pub fn of(app: &App, parts: &Parts) -> Self {
        Self::from(app, &parts.headers, &parts.extensions)
    }

    /// Of a request that is not taken apart yet.
    pub fn of_headers(app: &App, request: &Request) -> Self {
        Self::from(app, request.headers(), request.extensions())
    }

    fn from(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
        let address = peer.and_then(|peer| address(peer, headers, &app.trusted_proxies));
        Self {
            network: address.and_then(network),
            browser: browser(headers),
            device: cookie(headers, device_name(app)),
        }
    }

    /// What tells the device from others, if this browser has signed in to the account before. Of the bytes: text may be written in many ways.
    pub fn device_of(&self, app: &App, account_id: AccountId) -> Option<Vec<u8>> {
        let device = BASE64_URL_SAFE_NO_PAD.decode(self.device.as_deref()?).ok()?;
        app.sealer.open(place(account_id), &device).ok()?;
        Some(device)
    }
}

/// Where a request really came from: the last address in the list that no trusted proxy has.
fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let peer = peer.to_canonical();
    if !is_trusted(peer) {
        return Some(peer);
    }
    let lists: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|list| list.to_str().ok()).collect();
    let said = lists.iter().rev().flat_map(|list| list.rsplit(',')).map(|one| one.trim().parse::<IpAddr>());
    for address in said {
        // What follows was written by who knows whom.
        let address = address.ok()?.to_canonical();
        if !is_trusted(address) {
            return Some(address);
        }
    }
    None
}

fn network(address: IpAddr) -> Option<String> {
    if !is_public(address) {
        return None;
    }
    Some(match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    })
}

/// Words of a `User-Agent` and what they mean, the telling ones first: browsers claim to be each other.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

fn browser(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let find =
        |known: &[(&str, &'static str)]| known.iter().find(|(word, _)| agent.contains(word)).map(|(_, name)| *name);
    match (find(BROWSERS), find(SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

fn device_name(app: &App) -> &'static str {
    if is_secure(&app.public_url) { "__Host-device" } else { "device" }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = cookies.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// It stands in no row, and is bound to the account as if it did.
fn place(account_id: AccountId) -> Place {
    Place { column: "cookie.device", tenant_id: TenantId::OPERATOR, row_id: account_id.0 }
}

/// The cookie by which this browser is known again as the account's.
pub fn device_cookie(app: &App, account_id: AccountId) -> Result<HeaderValue, Error> {
    let since = SecretString::from(app.clock.now().timestamp().to_string());
    let value = BASE64_URL_SAFE_NO_PAD.encode(app.sealer.seal(place(account_id), &since)?);
    let cookie = Cookie::build((device_name(app), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_secure(&app.public_url))
        .max_age(time::Duration::days(DEVICE_DAYS));
    cookie.build().to_string().try_into().map_err(|_| Error::Unexpected("the device's cookie is no header"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_believed_if_they_are_trusted() {
        let trusted: Vec<IpNet> = ["127.0.0.0/8", "10.0.0.0/8"].map(|net| net.parse().expect("a network")).to_vec();
        for (peer, list, expected) in [
            ("9.9.9.9", "", Some("9.9.9.9")),
            ("9.9.9.9", "1.1.1.1", Some("9.9.9.9")),
            ("127.0.0.1", "", None),
            ("127.0.0.1", "1.1.1.1", Some("1.1.1.1")),
            ("::ffff:127.0.0.1", "1.1.1.1", Some("1.1.1.1")),
            ("127.0.0.1", "8.8.8.8, 1.1.1.1", Some("1.1.1.1")),
            ("127.0.0.1", "8.8.8.8, 1.1.1.1, 10.0.0.7", Some("1.1.1.1")),
            ("127.0.0.1", "8.8.8.8, nonsense", None),
            ("127.0.0.1", "10.0.0.7", None),
            ("127.0.0.1", "2606:4700:1:2:3:4:5:6", Some("2606:4700:1:2::/64")),
            ("127.0.0.1", "192.168.1.1", None),
        ] {
            let mut headers = HeaderMap::new();
            if !list.is_empty() {
                headers.insert(FORWARDED_FOR, list.parse().expect("a header"));
            }
            let found = address(peer.parse().expect("an address"), &headers, &trusted).and_then(network);
            assert_eq!(found.as_deref(), expected, "{peer} {list}");
        }
    }

    #[test]
    fn browsers_by_their_names() {
        for (agent, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8", "Unknown browser"),
        ] {
            let headers = [(header::USER_AGENT, agent.parse().expect("a header"))].into_iter().collect();
            assert_eq!(browser(&headers), expected);
        }
    }
}
