//! Where events may be sent: public addresses only, unless the operator says otherwise.
//!
//! Checked for a literal address before each request (a resolver is never asked about those), and for every address that a
//! name resolves to, in the resolver that the connection itself uses: what was checked is what is connected to. Redirects
//! and proxies are off. A blocked address is a typed error, found in the chain, never by its text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Which destinations are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    #[default]
    PublicOnly,
    /// Private and loopback addresses too: for development, and for networks whose operator wants that.
    AllowPrivate,
}

/// The address is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is a private or reserved address, and only public ones are delivered to")]
pub struct Blocked(pub IpAddr);

/// Why a URL cannot be a destination, as a sentence for the person who gave it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("This is not a full URL. It should look like https://example.com/webhooks.")]
    NotAUrl,
    #[error("Only http:// and https:// URLs can be delivered to.")]
    Scheme,
    #[error("Leave user name and password out of the URL: deliveries are signed instead.")]
    Credentials,
    #[error("The URL is longer than {URL_MAX} characters.")]
    TooLong,
    #[error(
        "Port {0} belongs to another kind of service. Use 443, 80, or a port above 1023 that your web server listens on."
    )]
    Port(u16),
    #[error("This leads to a private or reserved address. Only public addresses can be delivered to.")]
    Blocked,
}

/// Characters of a URL.
pub const URL_MAX: usize = 2048;

/// Checks what can be told from the URL alone; the rest is checked when its name is resolved.
pub fn check(text: &str, policy: Policy) -> Result<Url, Unusable> {
    if text.len() > URL_MAX {
        return Err(Unusable::TooLong);
    }
    let url = Url::parse(text.trim()).map_err(|_| Unusable::NotAUrl)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Unusable::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Unusable::Credentials);
    }
    let host = url.host().ok_or(Unusable::NotAUrl)?;
    let blocked = match host {
        Host::Domain(name) => is_local_name(name),
        Host::Ipv4(_) | Host::Ipv6(_) => check_literal(&url, policy).is_err(),
    };
    match url.port() {
        _ if policy == Policy::AllowPrivate => Ok(url),
        _ if blocked => Err(Unusable::Blocked),
        Some(port) if is_odd_port(port) => Err(Unusable::Port(port)),
        _ => Ok(url),
    }
}

/// Those of other services, which might take a request for something else: all that are well known but those of the web, and what
/// browsers refuse above them (the WHATWG's list of bad ports), with databases beside.
fn is_odd_port(port: u16) -> bool {
    let web = [80, 443];
    let others = [
        1080, 1433, 1521, 1719, 1720, 1723, 2049, 2375, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5672, 6000,
        6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 9200, 10080, 11211, 27017,
    ];
    (port < 1024 && !web.contains(&port)) || others.contains(&port)
}

/// Names that never lead anywhere public (RFC 6761, RFC 8375).
fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || [".localhost", ".local", ".internal", ".home.arpa"].iter().any(|end| name.ends_with(end))
}

/// Refuses a literal address that is not public.
pub fn check_literal(url: &Url, policy: Policy) -> Result<(), Blocked> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    if policy == Policy::AllowPrivate || is_public(address) { Ok(()) } else { Err(Blocked(address)) }
}

/// True for addresses of the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The special-purpose registry of IANA (RFC 6890 and its successors).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

/// Global unicast is `2000::/3`; within it some blocks are special, or carry an IPv4 address that we could not judge.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let [a, b, ..] = address.segments();
    let global = a & 0xe000 == 0x2000;
    let protocol_assignments = a == 0x2001 && b < 0x0200; // Teredo, ORCHID, benchmarking
    let documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    let six_to_four = a == 0x2002;
    global && !protocol_assignments && !documentation && !six_to_four
}

/// Resolves names with the system's resolver and refuses the name if any of its addresses is not public: one that leads to
/// both is not trusted to lead to the right one next time.
#[derive(Clone)]
pub(crate) struct Resolver {
    policy: Policy,
    lookup: Lookup,
}

type Found = Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>>;
type Lookup = Arc<dyn Fn(String) -> Found + Send + Sync>;

impl Resolver {
    /// With the system's resolver.
    pub(crate) fn new(policy: Policy) -> Self {
        let lookup = |name: String| -> Found {
            Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
        };
        Self { policy, lookup: Arc::new(lookup) }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, found) = (self.policy, (self.lookup)(name.as_str().to_owned()));
        Box::pin(async move {
            let found = found.await.map_err(Unresolved)?;
            if policy == Policy::PublicOnly
                && let Some(address) = found.iter().map(SocketAddr::ip).find(|address| !is_public(*address))
            {
                return Err(Blocked(address).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The name could not be resolved.
#[derive(Debug, thiserror::Error)]
#[error("the name could not be resolved")]
pub(crate) struct Unresolved(#[source] std::io::Error);

#[cfg(test)]
mod tests;
