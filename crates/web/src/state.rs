//! What every handler can reach.

use std::sync::Arc;

use ipnet::IpNet;
use socialhook_core::clock::Clock;
use socialhook_relay::Relay;
use socialhook_store::Pools;
use socialhook_store::seal::Sealer;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Shared by all handlers; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub pools: Pools,
    pub sealer: Arc<Sealer>,
    pub clock: Clock,
    pub relay: Relay,
    /// Where browsers and Meta reach this service, without a path.
    pub public_url: Url,
    /// Proxies in front of us, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Arc<[IpNet]>,
    /// Cancelled when the process is about to stop: it is not ready any more, but still answers.
    pub draining: CancellationToken,
    /// Cancelled when the process stops: what streams without end must end then.
    pub stopping: CancellationToken,
}
